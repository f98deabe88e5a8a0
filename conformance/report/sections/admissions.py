"""Waivers and attestations: what the vendor admits, and what somebody answers for with a name."""

from collections import Counter
from dataclasses import dataclass
from typing import Final

from conformance.model import Attestation, Attested, Question, Waiver
from conformance.report import data
from conformance.report.ledger import Ledger
from conformance.report.section import Section
from conformance.report.standing import Tone

ROWS: Final = 200
"""Rows of each list; more than that helps nobody, and `report.json` has them all."""

_TONES: Final = {Attested.YES: Tone.OK, Attested.NO: Tone.BAD, Attested.DOES_NOT_APPLY: Tone.NONE}


@dataclass(frozen=True)
class Admission:
    """One waiver, and what came of it in this run."""

    waiver: Waiver
    admits: int
    """Failures of this run that it admits."""
    tone: Tone
    word: str
    """How it stands, in a word or two."""
    messages: tuple[str, ...]
    """What the verdict says of this waiver, beyond the word."""


@dataclass(frozen=True)
class Answer:
    """One question of the profile, and what was answered."""

    question: str
    """Id of the question."""
    anchor: str
    """Names its place on the page: the id itself, unless a requirement has that place."""
    asked: Question | None
    """None if the report does not describe the question."""
    attestation: Attestation | None
    tone: Tone
    word: str


@dataclass(frozen=True)
class View:
    """What the section shows."""

    admissions: tuple[Admission, ...]
    loose: tuple[tuple[Tone, str], ...]
    """What the verdict says of waivers and cannot be told to belong to a single one of the list."""
    waivers_unshown: int
    answers: tuple[Answer, ...]
    """Open questions first."""
    open: int
    stray: tuple[Attestation, ...]
    """Answers to what the profile does not ask."""
    asks: bool
    """Whether the profile asks anything."""


def _view(ledger: Ledger) -> View:
    admissions, loose = _admissions(ledger)
    answers = _answers(ledger)
    asked = frozenset(ledger.run.profile.questions)
    return View(
        admissions=admissions[:ROWS],
        loose=loose[:ROWS],
        waivers_unshown=max(0, len(admissions) - ROWS) + max(0, len(loose) - ROWS),
        answers=answers,
        open=len(ledger.verdict.open_questions),
        stray=tuple(each for each in ledger.run.attestations if each.question not in asked)[:ROWS],
        asks=bool(answers),
    )


def _admissions(ledger: Ledger) -> tuple[tuple[Admission, ...], tuple[tuple[Tone, str], ...]]:
    """Return the waivers, and the messages that belong to none of them alone.

    The verdict begins each message with `waiver for ID: `.  Of two waivers for one requirement a message
    could mean either, so that it stands by itself.
    """
    waivers = ledger.run.waivers
    admitted = Counter(
        id(case.waiver) for entry in ledger.entries for case in entry.cases if case.waiver is not None
    )
    hopeless = frozenset(entry.requirement.id for entry in ledger.entries if entry.unwaivable)
    times = Counter(waiver.requirement for waiver in waivers)
    said: dict[str, list[tuple[Tone, str]]] = {}
    loose: list[tuple[Tone, str]] = []
    for tone, messages in (
        (Tone.BAD, ledger.verdict.waiver_errors),
        (Tone.WARN, ledger.verdict.waiver_notices),
    ):
        for message in messages:
            owner, colon, rest = message.removeprefix("waiver for ").partition(": ")
            if colon and times[owner] == 1 and message.startswith("waiver for "):
                said.setdefault(owner, []).append((tone, rest))
            else:
                loose.append((tone, message))
    return tuple(
        _admission(waiver, admitted[id(waiver)], said.get(waiver.requirement, []), hopeless)
        for waiver in waivers
    ), tuple(loose)


def _admission(
    waiver: Waiver, admits: int, said: list[tuple[Tone, str]], hopeless: frozenset[str]
) -> Admission:
    messages = [text for _, text in said]
    if any(tone is Tone.BAD for tone, _ in said):
        tone, word = Tone.BAD, "does not hold"
    elif not admits:
        tone, word = Tone.BAD, "admits nothing"
        if waiver.requirement in hopeless:
            messages.insert(0, "what fails here cannot be waived")
    elif said:
        tone, word = Tone.WARN, "ends soon"
    else:
        tone, word = Tone.NONE, "in force"
    return Admission(waiver, admits, tone, word, tuple(messages))


def _answers(ledger: Ledger) -> tuple[Answer, ...]:
    described = {question.id: question for question in ledger.report.questions}
    # The last answer to a question is the one that somebody gave after the others.
    given = {attestation.question: attestation for attestation in ledger.run.attestations}
    still_open = frozenset(ledger.verdict.open_questions)
    taken = frozenset(data.anchor(entry.requirement.id) for entry in ledger.entries)
    answers = []
    for identifier in dict.fromkeys((*ledger.run.profile.questions, *ledger.verdict.open_questions)):
        attestation, anchor = given.get(identifier), data.anchor(identifier)
        answers.append(
            Answer(
                question=identifier,
                anchor=f"question-{anchor}" if anchor in taken else anchor,
                asked=described.get(identifier),
                attestation=attestation,
                tone=_TONES[attestation.answer] if attestation else Tone.WARN,
                word=attestation.answer.value if attestation else "open",
            )
        )
    return tuple(sorted(answers, key=lambda each: each.question not in still_open))


def _tally(view: View) -> str:
    return f"{view.open} open" if view.open else ""


SECTION: Final = Section(
    anchor="admissions",
    title="Waivers and attestations",
    template="admissions.html",
    view=_view,
    tally=_tally,
)
