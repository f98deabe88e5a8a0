"""The file of attestations is read strictly, and what is written can be read again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.catalogue import questions
from conformance.errors import OperatorError
from conformance.model import Attestation, Attested
from conformance.plan import attestations

TODAY = date(2026, 11, 22)
DIGEST = "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # of the bytes `abc`
WHOLE = f"""\
[[attestation]]
question = "ATT-RNW-01"
answer = "yes"
name = "Jo Citizen"
date = "2026-11-22"
note = "in RAM, two months before the end"
attachment = "plan.pdf"
attachment_sha256 = "{DIGEST}"

[[attestation]]
question = "ATT-DOC-01"
answer = "does not apply"
name = "Jo Citizen"
date = 2026-11-20
note = "verifies only"
"""
JO = Attestation(
    question="ATT-RNW-01",
    answer=Attested.YES,
    name="Jo Citizen",
    date="2026-11-22",
    note="in RAM, two months before the end",
    attachment="plan.pdf",
    attachment_sha256=DIGEST,
)
SAM = Attestation(
    question="ATT-DOC-01",
    answer=Attested.DOES_NOT_APPLY,
    name="Jo Citizen",
    date="2026-11-20",
    note="verifies only",
)


@pytest.fixture
def file(tmp_path):
    """A function that writes a text and returns its path."""

    def written(text):
        path = tmp_path / "attestations.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return written


def refused(path):
    """What the refusal says."""
    with pytest.raises(OperatorError) as caught:
        attestations.read(path, today=TODAY)
    return str(caught.value)


def test_reads_what_stands_there(file):
    """Every field, in the order of the file; a date may be TOML's own."""
    assert attestations.read(file(WHOLE), today=TODAY) == (JO, SAM)


def test_a_file_without_a_table_has_no_answers(file):
    """Nobody has answered yet."""
    assert attestations.read(file("# nothing yet\n"), today=TODAY) == ()


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("question", "questoin", 2, "did you mean question?"),
        ("ATT-RNW-01", "ATT-RNW-1", 2, "ATT-RNW-01"),
        ('question = "ATT-RNW-01"\n', "", 1, "question is missing"),
        ('answer = "yes"', 'answer = "maybe"', 3, "yes, no, does not apply"),
        ('answer = "yes"\n', "", 1, "ATT-RNW-01 has no answer"),
        ('answer = "yes"', 'answer = ""', 3, "ATT-RNW-01 has no answer"),
        ('answer = "yes"', "answer = true", 3, "answer must be a text in quotes"),
        ('"yes"', '"does not apply"', 3, "ATT-RNW-01 applies to everybody: answer yes or no"),
        ('name = "Jo Citizen"', 'name = "FILL IN"', 4, "takes the name of whoever stands for it"),
        ('name = "Jo Citizen"', 'name = "..."', 4, "takes the name of whoever stands for it"),
        ('name = "Jo Citizen"\n', "", 1, "takes the name of whoever stands for it"),
        ("2026-11-22", "2026-11-24", 5, "a day that is still to come"),
        ("2026-11-22", "2026-02-30", 5, "date must be a date"),
        ('date = "2026-11-22"', "date = 2026-11-22T10:00:00Z", 5, "date must be a date"),
        ("two months", "password=hunter2", 6, "what looks like a secret"),
        ("plan.pdf", "plans/plan.pdf", 7, "named without its folder"),
        (f'attachment_sha256 = "{DIGEST}"', "", 1, "an attachment takes both its name and its digest"),
        ('attachment = "plan.pdf"\n', "", 1, "an attachment takes both its name and its digest"),
        (DIGEST, DIGEST.upper(), 8, "64 small hexadecimal digits"),
        ('note = "verifies only"', "", 10, "takes a reason in the note"),
        (
            '"ATT-DOC-01"\nanswer = "does not apply"',
            '"ATT-RNW-01"\nanswer = "no"',
            11,
            "answered twice",
        ),
        ("[[attestation]]\nquestion", "[attestations]\nquestion", 1, "did you mean attestation?"),
    ],
)
def test_a_mistake_is_told_with_its_line(file, old, new, line, told):
    """Each is refused with file, line and what to write instead."""
    text = WHOLE.replace(old, new) if old.startswith("[[") else WHOLE.replace(old, new, 1)
    if old.startswith("[["):
        text = text.partition("\n\n")[0]
    said = refused(file(text))
    assert told in said
    assert f"attestations.toml, line {line}\n" in said + "\n"
    assert "hunter2" not in said


def test_a_table_that_should_be_a_list_is_told(file):
    """One bracket instead of two is a common slip."""
    said = refused(file(WHOLE.partition("\n\n")[0].replace("[[attestation]]", "[attestation]")))
    assert "[[attestation]] above each" in said


def test_tomorrow_is_let_pass_because_australia_is_ahead(file):
    """In Sydney it can be a day later than in UTC, and never two."""
    assert attestations.read(file(WHOLE.replace("2026-11-22", "2026-11-23")), today=TODAY)


def test_a_file_that_is_not_there_names_the_command_that_writes_it(tmp_path):
    """Nobody writes it by hand the first time."""
    path = tmp_path / "none.toml"
    assert f"evte attest --file {path}" in refused(path)


@pytest.mark.parametrize("content", [b"\xff\xfe[\x00", b"[[attestation]\n", b"\x00", b"[" * 5000])
def test_a_file_that_is_no_toml_is_refused(tmp_path, content):
    """One clear error, no traceback."""
    path = tmp_path / "attestations.toml"
    path.write_bytes(content)
    assert "attestations" in refused(path)


def test_writes_what_can_be_read_and_stays_the_same(tmp_path):
    """The same answers give the same bytes, each under its question, and nothing else is left behind."""
    path = tmp_path / "new" / "attestations.toml"
    attestations.write(path, (JO, SAM))
    text = path.read_text(encoding="utf-8")
    assert attestations.read(path, today=TODAY) == (JO, SAM)
    assert (
        "\n# Is there a plan by which the credential is renewed before its two years are over?\n"
        '[[attestation]]\nquestion = "ATT-RNW-01"\nanswer = "yes"\nname = "Jo Citizen"\n'
        'date = "2026-11-22"\nnote = "in RAM, two months before the end"\nattachment = "plan.pdf"\n'
        f'attachment_sha256 = "{DIGEST}"\n'
    ) in text
    attestations.write(path, attestations.read(path, today=TODAY))
    assert path.read_text(encoding="utf-8") == text
    assert [each.name for each in path.parent.iterdir()] == ["attestations.toml"]


def test_a_secret_is_not_written(tmp_path):
    """What was there before stays there."""
    path = tmp_path / "attestations.toml"
    attestations.write(path, (JO,))
    before = path.read_bytes()
    secret = Attestation(
        question="ATT-KEY-01",
        answer=Attested.YES,
        name="Jo",
        date="2026-11-22",
        note="-----BEGIN PRIVATE KEY-----",
    )
    with pytest.raises(OperatorError, match="ATT-KEY-01 holds what looks like a secret"):
        attestations.write(path, (JO, secret))
    assert path.read_bytes() == before


def test_a_file_that_cannot_be_written_is_the_operators_error(tmp_path):
    """A folder in its place, for instance."""
    (tmp_path / "attestations.toml" / "below").mkdir(parents=True)
    with pytest.raises(OperatorError, match="cannot be written"):
        attestations.write(tmp_path / "attestations.toml", (JO,))


def test_a_digest_is_of_the_bytes(tmp_path):
    """SHA-256 of `abc`, the known answer of FIPS 180."""
    (tmp_path / "plan.pdf").write_bytes(b"abc")
    assert attestations.digest(tmp_path / "plan.pdf") == DIGEST
    with pytest.raises(OperatorError, match="the attachment cannot be read"):
        attestations.digest(tmp_path / "none.pdf")


@given(
    question=st.sampled_from(list(questions().values())),
    answer=st.sampled_from(Attested),
    name=st.text(max_size=30),
    note=st.text(max_size=60),
    attachment=st.text(max_size=20),
)
def test_what_is_not_complained_of_survives_the_file(
    tmp_path_factory, question, answer, name, note, attachment
):
    """Whatever the rules let pass is read back as it was; whatever they refuse, reading refuses too."""
    made = Attestation(
        question=question.id,
        answer=answer,
        name=name.strip(),
        date="2026-11-22",
        note=note.strip(),
        attachment=attachment.strip(),
        attachment_sha256=DIGEST if attachment.strip() else "",
    )
    path = tmp_path_factory.mktemp("drawn") / "attestations.toml"
    attestations.write(path, (made,))
    if attestations.complaint(made, question):
        with pytest.raises(OperatorError):
            attestations.read(path, today=TODAY)
    else:
        assert attestations.read(path, today=TODAY) == (made,)
