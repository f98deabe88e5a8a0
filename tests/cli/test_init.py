"""`evte init` writes a plan that can be run as it stands, and never over what is there."""

import pytest
from click.testing import CliRunner

from conformance import plan
from conformance.cli import main


def evte(*arguments):
    """The outcome of a command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_a_plan_is_written_that_can_be_read(tmp_path, monkeypatch):
    """With the implementation and the profile that were named."""
    monkeypatch.chdir(tmp_path)
    result = evte("init", "--iut", 'cmd:"my harness" --fast', "--profile", "smoke")
    assert result.exit_code == 0, result.output
    assert "evte run --plan evte.toml" in result.output
    found = plan.read(tmp_path / "evte.toml")
    assert (found.iut, found.profile, found.out) == (
        'cmd:"my harness" --fast',
        "smoke",
        tmp_path / "evte-report",
    )
    assert found.registration is not None
    assert b"\r" not in (tmp_path / "evte.toml").read_bytes()


def test_a_file_that_is_there_is_left_alone(tmp_path):
    """Whatever it holds."""
    (tmp_path / "mine.toml").write_text("mine", encoding="utf-8")
    result = evte("init", "--plan", tmp_path / "mine.toml")
    assert result.exit_code == 2, result.output
    assert "the plan is not written over what is there" in result.output
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--profile", "smok"], "did you mean smoke?"),
        (["--iut", "refrence"], "did you mean reference?"),
        (["--iut", "cmd:harness --password hunter2"], "looks like a secret"),
        (["--plan", "no/such/folder/evte.toml"], "the plan cannot be written"),
    ],
)
def test_what_would_be_no_plan_is_not_written(tmp_path, monkeypatch, arguments, told):
    """Exit 2, and no file."""
    monkeypatch.chdir(tmp_path)
    result = evte("init", *arguments)
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert "hunter2" not in result.output
    assert list(tmp_path.iterdir()) == []
