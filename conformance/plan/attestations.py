"""The file of attestations: what a person answered for, with a name, on a date.

TOML, UTF-8, one table per question, written by `evte attest`::

    [[attestation]]
    question = "ATT-RNW-01"
    answer = "yes"
    name = "Jo Citizen"
    date = "2026-11-22"
    note = "in RAM, two months before the end; reminders in the office's calendar"
    attachment = "renewal-plan.pdf"
    attachment_sha256 = "sha256:…"

The attachment itself stays with the vendor: of it the file has a name and a digest.
"""

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from conformance import catalogue
from conformance.errors import OperatorError
from conformance.model import Attestation, Attested, Question
from conformance.plan import document, secret
from conformance.plan.document import Table
from conformance.plan.writing import quoted

NAME: Final = "attestations.toml"
"""How the file is called where nobody names it."""

_WHAT: Final = "a file of attestations"
_TABLE: Final = "attestation"
_KEYS: Final = tuple(Attestation.__struct_fields__)
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}", re.ASCII)
_PLACEHOLDERS: Final = frozenset(
    {"fill in", "fill me in", "to do", "todo", "tbd", "tba", "xxx", "n/a", "name"}
)

LONGEST_NAME: Final = 120
"""Characters of a person's name."""
LONGEST_NOTE: Final = 2000
"""Characters of a note."""

_HEAD: Final = """\
# Attestations: what a person answered for, with a name, on a date.  `evte attest` writes this file anew
# and keeps the answers; comments of your own are lost.  No secret belongs here: it is copied into reports.
"""


def read(path: Path, *, today: date | None = None) -> tuple[Attestation, ...]:
    """Return the attestations of a file, in their order; none if the file has none.

    Args:
        path: of the file.
        today: the date by which an answer of the future is told, UTC; that of the clock when None.  A day
            more is let pass, because Australia is ahead.

    Raises:
        OperatorError: the file is not there, or something in it is wrong: a key or a question that there is
            not, an answer without a name, without a date or without its reason, a question answered
            twice, an attachment without digest, a secret; with file and line.
    """
    if not path.exists():
        raise OperatorError(
            "there is no such file of attestations",
            expected="the answers to the profile's questions",
            where=str(path),
            advice=f"`evte attest --file {path}` asks for them and writes it",
        )
    root = document.read(path, _WHAT).root
    root.refuse_unknown((_TABLE,))
    latest = (today or datetime.now(UTC).date()) + timedelta(days=1)
    found: dict[str, tuple[Attestation, Table]] = {}
    for table in root.tables(_TABLE):
        attestation = _attestation(table, latest)
        if attestation.question in found:
            first = found[attestation.question][1]
            raise table.wrong(
                "question",
                f"{attestation.question} is answered twice",
                expected="one answer to each question",
                found=f"another one at {first.where('question')}",
                advice="keep the one that holds",
            )
        found[attestation.question] = attestation, table
    return tuple(attestation for attestation, _ in found.values())


def write(path: Path, attestations: Iterable[Attestation]) -> None:
    """Write a file of attestations, in one step; what stood there before is replaced.

    The same attestations give the same bytes.  Each is headed by its question, for whoever reads the file.

    Raises:
        OperatorError: the file cannot be written, or a text in it looks like a secret.
    """
    attestations = tuple(attestations)
    for each in attestations:
        if looks_like := _secret_in(each):
            raise OperatorError(
                f"the answer to {each.question} holds what looks like a secret",
                expected="words that everybody may read: attestations are copied into reports",
                found=f"{looks_like}; it is not repeated here",
                where=str(path),
                advice="say where the secret is kept instead; nothing was written",
            )
    text = _HEAD + "".join(_written(each) for each in attestations)
    half = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        half.write_text(text, encoding="utf-8", newline="\n")
        half.replace(path)
    except (OSError, ValueError) as error:
        raise OperatorError(
            "the attestations cannot be written",
            expected="a file that may be written to",
            found=(error.strerror if isinstance(error, OSError) else "") or str(error),
            where=str(path),
            advice="name another file with --file",
        ) from error


def digest(attachment: Path) -> str:
    """Return `sha256:…` of a file that supports an answer.

    Raises:
        OperatorError: it cannot be read.
    """
    try:
        with attachment.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except (OSError, ValueError) as error:
        raise OperatorError(
            "the attachment cannot be read",
            expected="a file that supports the answer",
            found=(error.strerror if isinstance(error, OSError) else "") or str(error),
            where=str(attachment),
            advice="only its name and digest are kept, the file stays where it is",
        ) from error


def complaint(attestation: Attestation, question: Question) -> tuple[str, str] | None:
    """Return the field that is wrong with an answer, and a sentence that says what it takes.

    None if nothing is wrong.  The same rules hold for what is typed and for what is read from a file.
    """
    if attestation.answer is Attested.DOES_NOT_APPLY and not question.may_not_apply:
        return "answer", f"{question.id} applies to everybody: answer yes or no"
    if attestation.answer is not Attested.YES and not attestation.note:
        return "note", f"the answer {attestation.answer.value!r} takes a reason in the note"
    if not _is_name(attestation.name):
        return "name", "an answer takes the name of whoever stands for it"
    if len(attestation.name) > LONGEST_NAME:
        return "name", f"a name has at most {LONGEST_NAME} characters"
    for field in ("name", "note", "attachment"):
        text = getattr(attestation, field)
        if not (text.translate({9: None, 10: None}) if field == "note" else text).isprintable():
            return field, f"the {field} has a character that nobody sees"
    if len(attestation.note) > LONGEST_NOTE:
        return "note", f"a note has at most {LONGEST_NOTE} characters; attach a file instead"
    if set(attestation.attachment) & set("/\\"):
        return "attachment", "an attachment is named without its folder"
    if bool(attestation.attachment) != bool(attestation.attachment_sha256):
        lacks = "attachment_sha256" if attestation.attachment else "attachment"
        return (
            lacks,
            "an attachment takes both its name and its digest; `evte attest --attachment FILE` writes them",
        )
    if looks_like := _secret_in(attestation):
        return "note", f"an answer is copied into reports, and this one holds {looks_like}"
    if attestation.attachment_sha256 and not _DIGEST.fullmatch(attestation.attachment_sha256):
        return "attachment_sha256", "a digest is sha256: and 64 small hexadecimal digits"
    return None


def _is_name(text: str) -> bool:
    bare = text.casefold().strip("<>[](). …")
    return bare not in _PLACEHOLDERS and any(character.isalpha() for character in bare)


def _attestation(table: Table, latest: date) -> Attestation:
    """Return the attestation of one table.

    Raises:
        OperatorError: something in it is wrong.
    """
    table.refuse_unknown(_KEYS)
    question = _question(table)
    answer = table.choice("answer", Attested)
    if answer is None:
        raise table.wrong(
            "answer" if "answer" in table else None,
            f"{question.id} has no answer",
            expected=f"answer = one of {', '.join(repr(each.value) for each in Attested)}",
            advice="leave the whole table out as long as nobody has answered",
        )
    attestation = Attestation(
        question=question.id,
        answer=answer,
        name=table.text("name"),
        date=table.day("date"),
        note=table.text("note", lines=True),
        attachment=table.text("attachment"),
        attachment_sha256=table.text("attachment_sha256"),
    )
    if date.fromisoformat(attestation.date) > latest:
        raise table.wrong(
            "date",
            f"{question.id} is answered on a day that is still to come",
            expected="the day on which it was answered",
            found=attestation.date,
        )
    if wrong := complaint(attestation, question):
        field, sentence = wrong
        raise table.wrong(
            field if field in table else None,
            sentence,
            found=document.shown(table.content.get(field, "nothing")) if field != "name" else "",
            advice=f"`evte attest {question.id}` asks for all that it takes",
        )
    return attestation


def _question(table: Table) -> Question:
    try:
        return catalogue.question(table.text("question", None))
    except OperatorError as error:
        raise table.wrong(
            "question" if "question" in table else None,
            error.message,
            expected=error.expected,
            found=error.found,
            advice=error.advice,
        ) from error


def _written(attestation: Attestation) -> str:
    asked = catalogue.questions().get(attestation.question)
    heading = f"# {asked.text}\n" if asked else ""
    values = {
        **{name: getattr(attestation, name) for name in _KEYS},
        "answer": attestation.answer.value,
    }
    lines = "".join(
        f"{name} = {quoted(value)}\n"
        for name, value in values.items()
        if value or not name.startswith("attachment")
    )
    return f"\n{heading}[[{_TABLE}]]\n{lines}"


def _secret_in(attestation: Attestation) -> str:
    """Say what looks like a secret in an answer; empty when nothing does."""
    texts = {name: getattr(attestation, name) for name in ("name", "note", "attachment")}
    suspects = [looks_like for _, looks_like in secret.find(texts)]
    suspects += [looks_like for text in texts.values() for _, looks_like in secret.find_in_text(text)]
    return suspects[0] if suspects else ""
