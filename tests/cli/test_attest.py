"""`evte attest` asks, records who answered and when, and leaves the attachment where it is."""

import hashlib
import tomllib

import click
import pytest
from click.testing import CliRunner

from conformance.cli import main
from conformance.plan import attestations

JO = ("--name", "Jo Citizen", "--date", "2026-11-22")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    """Work in an empty folder, so that the default file is the test's own."""
    monkeypatch.chdir(tmp_path)


def attest(*arguments, lines=None):
    """Run the command; `lines` are typed one after another."""
    typed = None if lines is None else "".join(f"{line}\n" for line in lines)
    return CliRunner().invoke(main, ["attest", *map(str, arguments)], input=typed)


def recorded(path):
    """The tables of a file."""
    return tomllib.loads(path.read_text(encoding="utf-8"))["attestation"]


def test_an_answer_is_recorded_without_a_question_asked(tmp_path):
    """ID, answer, name and date are enough; the open ones are named."""
    result = attest("ATT-REG-01", "--answer", "yes", *JO)
    assert result.exit_code == 0, result.output
    assert recorded(tmp_path / "attestations.toml") == [
        {
            "question": "ATT-REG-01",
            "answer": "yes",
            "name": "Jo Citizen",
            "date": "2026-11-22",
            "note": "",
        }
    ]
    assert "open: ATT-REG-02" in result.output


def test_a_later_answer_takes_the_place_of_the_earlier(tmp_path):
    """One answer per question; the others stay as they are."""
    attest("ATT-REG-01", "--answer", "no", "--note", "not yet", *JO)
    attest("ATT-REG-02", "--answer", "yes", *JO)
    attest("ATT-REG-01", "--answer", "yes", "--note", "done", *JO)
    told = [
        (each["question"], each["answer"], each["note"]) for each in recorded(tmp_path / "attestations.toml")
    ]
    assert told == [("ATT-REG-01", "yes", "done"), ("ATT-REG-02", "yes", "")]


def test_of_an_attachment_only_name_and_digest_are_kept(tmp_path):
    """The file stays where it is, and none of its bytes are copied."""
    (tmp_path / "office").mkdir()
    plan = tmp_path / "office" / "renewal plan.pdf"
    plan.write_bytes(b"the plan of all plans")
    attest("ATT-RNW-01", "--answer", "yes", "--attachment", plan, *JO)
    (table,) = recorded(tmp_path / "attestations.toml")
    assert table["attachment"] == "renewal plan.pdf"
    assert table["attachment_sha256"] == "sha256:" + hashlib.sha256(b"the plan of all plans").hexdigest()
    assert plan.read_bytes() == b"the plan of all plans"
    assert b"of all plans" not in (tmp_path / "attestations.toml").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("ATT-REG-1", "--answer", "yes", *JO), "ATT-REG-01"),
        (("--answer", "yes", *JO), "one question at a time"),
        (("ATT-REG-01", "ATT-REG-02", "--answer", "yes", *JO), "one question at a time"),
        (("ATT-REG-01", "--answer", "perhaps", *JO), "yes, no or does-not-apply"),
        (("ATT-REG-01", "--answer", "yes"), "the name of whoever stands for it"),
        (("ATT-REG-01", "--answer", "yes", "--name", "TODO"), "the name of whoever stands for it"),
        (("ATT-REG-01", "--answer", "no", *JO), "takes a reason in the note"),
        (("ATT-REG-01", "--answer", "does-not-apply", "--note", "x", *JO), "applies to everybody"),
        (("ATT-DOC-01", "--answer", "does-not-apply", *JO), "takes a reason in the note"),
        (("ATT-REG-01", "--answer", "yes", *JO, "--date", "22.11.2026"), "--date 2026-11-22"),
        (("ATT-REG-01", "--answer", "yes", *JO, "--attachment", "none.pdf"), "none.pdf"),
        (("ATT-REG-01", "--answer", "yes", *JO, "--note", "token=abc"), "a password beside its name"),
        (("ATT-REG-01", "--answer", "yes", *JO, "--note", "red \x1b[31m"), "a character that nobody sees"),
        (("--profile", "usi-locale", "--list"), "usi-local"),
        (("--plan", "none.toml", "--list"), "none.toml"),
    ],
)
def test_what_cannot_be_recorded_is_refused_with_what_to_try(tmp_path, arguments, told):
    """Exit 2, one clear message, nothing written."""
    result = attest(*arguments)
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "attestations.toml").exists()


def test_what_does_not_apply_takes_a_reason(tmp_path):
    """With one it is recorded, in the word of the file."""
    attest("ATT-DOC-01", "--answer", "does-not-apply", "--note", "verifies only", *JO)
    assert recorded(tmp_path / "attestations.toml")[0]["answer"] == "does not apply"


def test_asks_every_open_question_in_turn(tmp_path):
    """Name and date go over from one answer to the next; a question that is skipped stays open."""
    attest("ATT-REG-01", "--answer", "yes", *JO)
    asked = ["yes", "Sam Operator", "in the safe", "", "skip", "no", "", "not decided", ""]
    result = attest("ATT-KEY-01", "ATT-RAM-01", "ATT-RNW-01", "--date", "2026-11-22", lines=asked)
    assert result.exit_code == 0, result.output
    for words in ("ATT-KEY-01  1 of 3", "why:", "for a yes:", "source:"):
        assert words in result.output
    told = [tuple(each.values())[:5] for each in recorded(tmp_path / "attestations.toml")]
    assert told[1:] == [
        ("ATT-KEY-01", "yes", "Sam Operator", "2026-11-22", "in the safe"),
        ("ATT-RNW-01", "no", "Sam Operator", "2026-11-22", "not decided"),
    ]
    assert "ATT-RAM-01, ATT-RAM-02, ATT-RNW-01" in result.output.splitlines()[-1]


def test_asks_once_more_for_what_is_missing(tmp_path):
    """A no without a reason, an attachment that is not there: told, and asked again."""
    asked = [
        "no",
        "Sam",
        "",
        "",
        "Sam",
        "the office is closed",
        "none.pdf",
        "Sam",
        "the office is closed",
        "",
    ]
    result = attest("ATT-REG-01", lines=asked)
    assert result.exit_code == 0, result.output
    assert "takes a reason in the note; once more:" in result.output
    assert "none.pdf" in result.output
    assert recorded(tmp_path / "attestations.toml")[0]["note"] == "the office is closed"


def test_without_a_person_it_says_how_a_script_answers(tmp_path):
    """The end of the input is no answer; what was answered before is kept."""
    result = attest("ATT-REG-01", "ATT-REG-02", lines=["yes", "Jo Citizen", "", ""])
    assert result.exit_code == 2, result.output
    assert "nobody answered" in result.output
    assert "evte attest ATT-REG-02 --answer yes --name" in result.output
    assert [each["question"] for each in recorded(tmp_path / "attestations.toml")] == ["ATT-REG-01"]


def test_a_broken_file_is_left_alone(tmp_path):
    """An answer is not added to what cannot be read."""
    path = tmp_path / "attestations.toml"
    path.write_bytes(b'[[attestation]]\nquestion = "ATT-REG-1"\n')
    result = attest("ATT-REG-01", "--answer", "yes", *JO)
    assert result.exit_code == 2
    assert "line 2" in result.output
    assert path.read_bytes() == b'[[attestation]]\nquestion = "ATT-REG-1"\n'


def test_lists_how_each_question_stands():
    """Open, answered by whom and when, and what the profile does not ask."""
    attest("ATT-REG-01", "--answer", "yes", *JO)
    attest("ATT-REG-02", "--answer", "no", "--note", "ordered", *JO)
    other = attest("ATT-CLD-01", "--answer", "yes", *JO)
    assert "the profile usi-local does not ask this question" in other.output
    lines = attest("--list").output.splitlines()
    assert lines[0] == "usi-local 2026.1: 11 questions, 10 open"
    assert lines[1].startswith("yes            ATT-REG-01  Is your organisation registered")
    assert lines[2].split() == ["Jo", "Citizen,", "2026-11-22"]
    assert lines[3].startswith("no             ATT-REG-02  ")
    assert lines[4].split() == ["Jo", "Citizen,", "2026-11-22,", "ordered"]
    assert lines[5].startswith("open           ATT-REG-03  ")
    assert lines[-1].strip() == "not asked by this profile"


def test_smoke_asks_nothing():
    """And says so."""
    assert attest("--profile", "smoke", "--list").output == "smoke 2026.1: 0 questions, 0 open\n"
    assert "Every question of smoke is answered" in attest("--profile", "smoke").output


def test_the_plan_names_profile_and_file(tmp_path):
    """Answers go beside the plan, where the run will look for them."""
    folder = tmp_path / "project"
    folder.mkdir()
    plan = folder / "evte.toml"
    plan.write_text('profile = "usi-cloud"\nattestations = "answers.toml"\n', encoding="utf-8")
    result = attest("ATT-CLD-01", "--plan", plan, "--answer", "yes", *JO)
    assert result.exit_code == 0, result.output
    assert "does not ask" not in result.output
    assert attestations.read(folder / "answers.toml")[0].question == "ATT-CLD-01"


def test_a_plan_that_names_no_file_is_told_the_line_to_add(tmp_path):
    """Or the run would not find the answers."""
    plan = tmp_path / "evte.toml"
    plan.write_text('profile = "sbr-token"\n', encoding="utf-8")
    result = attest("ATT-OSF-01", "--plan", plan, "--answer", "yes", *JO)
    assert 'attestations = "attestations.toml"' in result.output.splitlines()[-1]
    assert (tmp_path / "attestations.toml").is_file()


def test_a_question_is_explained_as_a_requirement_is():
    """`evte explain` knows both."""
    output = CliRunner().invoke(main, ["explain", "ATT-RNW-01"]).output
    for word in ("two years", "why:", "for a yes:", "source:", "documented"):
        assert word in output


def test_ctrl_c_ends_it_and_keeps_what_was_answered(tmp_path, monkeypatch):
    """Exit 130, one line, no traceback."""
    attest("ATT-REG-01", "--answer", "yes", *JO)

    def prompt(*_, **__):
        raise click.Abort

    monkeypatch.setattr(click, "prompt", prompt)
    result = attest("ATT-REG-02")
    assert result.exit_code == 130
    assert "what was answered before is kept" in result.output
    assert len(recorded(tmp_path / "attestations.toml")) == 1
