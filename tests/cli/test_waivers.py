"""`evte waivers` prints an entry for each failure of a report that could be admitted."""

import importlib.util
import sys
import tomllib
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.report import data


@pytest.fixture
def stored(tmp_path):
    """A function that stores a sample report, changed, and returns its folder."""
    location = Path(__file__).parents[1] / "report" / "sample.py"
    spec = importlib.util.spec_from_file_location("evte_sample_reports", location)
    module = sys.modules.setdefault("evte_sample_reports", importlib.util.module_from_spec(spec))
    if not hasattr(module, "failing"):
        spec.loader.exec_module(module)

    def stored(name="failing", **verdict):
        report = module.ALL[name]()
        changed = msgspec.structs.replace(report.verdict, **verdict)
        report = msgspec.structs.replace(report, verdict=changed)
        (tmp_path / "report.json").write_bytes(data.encode(report))
        return report, tmp_path

    return stored


def evte(*arguments):
    """The outcome of a command."""
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_each_failure_that_can_be_admitted_has_its_entry(stored):
    """What is printed is TOML, and what cannot be waived is named in a comment only."""
    report, folder = stored()
    result = evte("waivers", folder)
    assert result.exit_code == 0, result.output
    entries = tomllib.loads(result.stdout).get("waiver", [])
    named = {entry["requirement"] for entry in entries}
    assert named
    labels = {
        name.partition("[")[0] for name in set(report.verdict.blocking) - set(report.verdict.unwaivable)
    }
    assert named <= labels
    for name in report.verdict.unwaivable:
        assert f"# {name} cannot be waived: mend it" in result.stdout


def test_the_file_itself_can_be_named_too(stored):
    """As everywhere where a report is read."""
    _, folder = stored()
    assert evte("waivers", folder / "report.json").stdout == evte("waivers", folder).stdout


def test_hostile_words_stay_within_their_comment_and_their_text(stored):
    """Line ends, quotes and escapes of an implementation never become lines of the file."""
    _, folder = stored("hostile")
    result = evte("waivers", folder)
    assert result.exit_code == 0, result.output
    assert set(tomllib.loads(result.stdout)) <= {"waiver"}
    assert all(line.isprintable() for line in result.stdout.splitlines())


def test_a_report_without_failures_has_no_entry(stored):
    """Nothing on standard output, so that it can be appended to a file."""
    _, folder = stored("ready")
    result = evte("waivers", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert "nothing fails" in result.stderr


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"schema": "report/99"}', b"\xff\xfe"])
def test_what_is_no_report_is_a_usage_error(tmp_path, content):
    """Exit 2 with what was expected."""
    if content is not None:
        (tmp_path / "report.json").write_bytes(content)
    result = evte("waivers", tmp_path)
    assert result.exit_code == 2, result.output
    assert "there is no report that could be read" in result.output
