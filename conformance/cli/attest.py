"""`evte attest`: what no machine sees is asked of a person, and recorded with a name and a date."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.frame import FILE

if TYPE_CHECKING:
    from conformance.model import Attestation, Attested, Profile, Question

_PROFILE: Final = "usi-local"
_SKIP: Final = "skip"
_WIDTH: Final = 100
_INTERRUPTED: Final = 130


@click.command()
@click.argument("identifiers", metavar="[ID]...", nargs=-1)
@click.option(
    "--plan", metavar="FILE", type=FILE, help="Plan that names the profile and the file of answers."
)
@click.option(
    "--profile", "profile_name", metavar="NAME", default="", help=f"Whose questions.  [default: {_PROFILE}]"
)
@click.option(
    "--file", "path", metavar="FILE", type=FILE, help="Where the answers go.  [default: attestations.toml]"
)
@click.option("--list", "listing", is_flag=True, help="List the questions and how each stands; ask nothing.")
@click.option("--answer", metavar="WORD", default="", help="yes, no or does-not-apply: asks nothing further.")
@click.option("--name", metavar="NAME", default="", help="Who answers.")
@click.option("--date", "day", metavar="DATE", default="", help="When, 2026-11-22.  [default: today]")
@click.option("--note", metavar="TEXT", default="", help="A reason, where the answer is not yes.")
@click.option(
    "--attachment", metavar="FILE", type=FILE, help="What supports it; only its digest is recorded."
)
def attest(
    *,
    identifiers: tuple[str, ...],
    plan: Path | None,
    profile_name: str,
    path: Path | None,
    listing: bool,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:
    """Answer for what no machine sees: registration, renewal, consent, clocks and the like.

    Asks what the profile leaves open, or the questions of the given IDs anew.  With --answer, one ID and
    --name nothing is asked.  The answers go to a TOML file that `evte run --attestations FILE` and the plan
    read; attachments stay where they are.
    """
    from conformance import catalogue
    from conformance.plan import attestations

    register = _open(plan, profile_name, path)
    if listing:
        _list(register)
        return
    chosen = [catalogue.question(identifier) for identifier in identifiers]
    start = _Answer(given["name"], given["note"], given["attachment"], _day(given["day"]))
    if given["answer"]:
        _record_one(register, chosen, _word(given["answer"]), start)
    else:
        _interview(register, chosen or register.unanswered(), start)
    left = register.unanswered()
    told = ", ".join(question.id for question in left) or "none"
    click.echo(f"open: {told}")
    if plan is not None and register.unnamed:
        click.echo(f'add to {plan}: attestations = "{attestations.NAME}"')


@dataclass
class _Register:
    """The answers of one file, and the profile that asks for them."""

    path: Path
    profile: "Profile"
    unnamed: bool
    """Whether there is a plan that does not name the file."""
    answers: "dict[str, Attestation]" = field(default_factory=dict)

    def unanswered(self) -> "list[Question]":
        """Return the questions of the profile that nobody has answered with yes, or as not applying."""
        from conformance import catalogue
        from conformance.model import Attested

        settled = {name for name, each in self.answers.items() if each.answer is not Attested.NO}
        return [catalogue.question(name) for name in self.profile.questions if name not in settled]

    def record(self, attestation: "Attestation") -> None:
        """Keep an answer in the place of an earlier one, and write all of them down."""
        from conformance.plan import attestations

        kept = self.answers | {attestation.question: attestation}
        attestations.write(self.path, kept.values())
        self.answers = kept
        click.echo(f"recorded: {attestation.question} {attestation.answer.value}, in {self.path}")
        if attestation.question not in self.profile.questions:
            click.echo(f"the profile {self.profile.name} does not ask this question", err=True)


@dataclass(frozen=True)
class _Answer:
    """What was said on the command line, or of the question before."""

    name: str
    note: str
    attachment: Path | None
    day: str


def _open(plan: Path | None, profile_name: str, path: Path | None) -> _Register:
    from conformance import catalogue
    from conformance import plan as plans
    from conformance.plan import attestations

    stated = plans.read(plan) if plan is not None else None
    named = path or (stated.attestations if stated else None)
    folder = stated.path.parent if stated else Path()
    register = _Register(
        path=named or folder / attestations.NAME,
        profile=catalogue.profile(profile_name or (stated.profile if stated else "") or _PROFILE),
        unnamed=stated is not None and stated.attestations is None and path is None,
    )
    if register.path.exists():
        register.answers = {each.question: each for each in attestations.read(register.path)}
    return register


def _day(text: str) -> str:
    """Return the day of an answer.

    Raises:
        OperatorError: the text is no date.
    """
    from conformance.errors import OperatorError

    if not text:
        return datetime.now().astimezone().date().isoformat()
    try:
        return datetime.strptime(text, "%Y-%m-%d").date().isoformat()  # noqa: DTZ007 - a day has no zone
    except ValueError as error:
        raise OperatorError(
            "that is no date", expected="--date 2026-11-22", found=repr(text), where="--date"
        ) from error


def _word(text: str) -> "Attested":
    from conformance.errors import OperatorError
    from conformance.model import Attested

    try:
        return Attested(text.strip().casefold().replace("-", " "))
    except ValueError as error:
        raise OperatorError(
            "that is no answer", expected="yes, no or does-not-apply", found=repr(text), where="--answer"
        ) from error


def _record_one(
    register: _Register, chosen: "Sequence[Question]", answer: "Attested", start: _Answer
) -> None:
    from conformance.errors import OperatorError

    if len(chosen) != 1:
        raise OperatorError(
            "an answer is given to one question at a time",
            expected="evte attest ID --answer yes --name NAME",
            found=", ".join(question.id for question in chosen) or "no ID",
            advice="`evte attest --list` lists the questions",
        )
    (question,) = chosen
    made = _attestation(question, answer, start)
    if wrong := _complaint(made, question):
        where, sentence = wrong
        raise OperatorError(
            sentence,
            where=f"{question.id}, --{where.partition('_')[0]}",
            advice=f"`evte explain {question.id}` tells what the question takes",
        )
    register.record(made)


def _attestation(question: "Question", answer: "Attested", said: _Answer) -> "Attestation":
    from conformance.model import Attestation
    from conformance.plan import attestations

    return Attestation(
        question=question.id,
        answer=answer,
        name=said.name.strip(),
        date=said.day,
        note=said.note.strip(),
        attachment=said.attachment.name if said.attachment else "",
        attachment_sha256=attestations.digest(said.attachment) if said.attachment else "",
    )


def _complaint(attestation: "Attestation", question: "Question") -> tuple[str, str] | None:
    from conformance.plan import attestations

    return attestations.complaint(attestation, question)


def _interview(register: _Register, questions: "Sequence[Question]", start: _Answer) -> None:
    """Ask one question after another; each answer is written down before the next is asked."""
    from conformance.errors import OperatorError

    if not questions:
        click.echo(f"Every question of {register.profile.name} is answered. Name an ID to answer it anew.")
        return
    click.echo(f"{_questions(len(questions))} to answer. Ctrl-C ends it, and keeps what was answered before.")
    said = start
    for number, question in enumerate(questions, 1):
        click.echo()
        print_question(question, f"{number} of {len(questions)}")
        try:
            said = _ask(register, question, said)
        except click.Abort as stop:
            if not isinstance(stop.__context__, EOFError):
                click.echo("\nended; what was answered before is kept", err=True)
                sys.exit(_INTERRUPTED)
            raise OperatorError(
                "nobody answered",
                expected="a person at the terminal",
                found="the end of the input",
                where=question.id,
                advice=f'evte attest {question.id} --answer yes --name "NAME", from a script',
            ) from stop


def _ask(register: _Register, question: "Question", said: _Answer) -> _Answer:
    """Ask one question until the answer is whole; return what the next one starts with."""
    from conformance.errors import OperatorError
    from conformance.model import Attested

    words = ["yes", "no", *(["does not apply"] if question.may_not_apply else []), _SKIP]
    word = click.prompt("answer", type=click.Choice(words, case_sensitive=False), default=_SKIP)
    if word == _SKIP:
        return said
    answer = Attested(word)
    while True:
        name = click.prompt("your name", default=said.name or None)
        said = replace(said, name=name)
        note = click.prompt(
            "note" if answer is Attested.YES else "reason", default=said.note, show_default=bool(said.note)
        )
        attachment = click.prompt(
            "attachment, a file", default=str(said.attachment or ""), show_default=bool(said.attachment)
        )
        try:
            made = _attestation(
                question,
                answer,
                replace(said, note=note, attachment=Path(attachment) if attachment else None),
            )
        except OperatorError as error:  # an attachment that cannot be read
            click.echo(f"{error}\nonce more:")
            continue
        if wrong := _complaint(made, question):
            click.echo(f"{wrong[1]}; once more:")
            continue
        register.record(made)
        return replace(said, note="", attachment=None)


def _list(register: _Register) -> None:
    from conformance import catalogue

    profile, left = register.profile, register.unanswered()
    click.secho(
        f"{profile.name} {profile.edition}: {_questions(len(profile.questions))}, {len(left)} open", bold=True
    )
    outside = [name for name in register.answers if name not in profile.questions]
    for identifier in (*profile.questions, *outside):
        attestation = register.answers.get(identifier)
        word = attestation.answer.value if attestation else "open"
        click.secho(f"{word:<15}", nl=False, fg="yellow" if word in {"open", "no"} else "green")
        click.echo(f"{identifier:<12}{catalogue.question(identifier).text}")
        if attestation:
            told = (attestation.name, attestation.date, attestation.attachment, attestation.note)
            line = ", ".join(" ".join(each.split()) for each in told if each)
            click.echo(click.wrap_text(line, _WIDTH, " " * 27, " " * 27))
        if identifier in outside:
            click.echo(f"{'':27}not asked by this profile")


def print_question(question: "Question", number: str = "") -> None:
    """Print a question with all that its answer takes."""
    click.secho(f"{question.id}  {number}".rstrip(), bold=True)
    click.echo(click.wrap_text(question.text, _WIDTH))
    source = ", ".join(filter(None, (question.source.document, question.source.clause)))
    for title, text in (
        ("why", question.why),
        ("for a yes", question.how),
        ("source", f"{source} ({question.confidence})"),
    ):
        click.echo(click.wrap_text(text, _WIDTH, f"  {title + ':':<11}", " " * 13))


def _questions(number: int) -> str:
    from conformance.report.figures import count

    return count(number, "question")
