"""What `evte run` prints when it is over: the verdict, what it rests on, and what to do next."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from conformance.model import DoctorFinding, Report, Result
    from conformance.runner import Outcome
    from conformance.verdict import Gate

_SHOWN: Final = 10
"""Lines of each kind that are printed; the report has them all."""


def print_doctor(findings: "Iterable[DoctorFinding]") -> None:
    """Print what the pre-flight examination found amiss, on standard error."""
    from conformance.report.text import one_line

    for finding in findings:
        if not finding.ok:
            advice = f"; try: {one_line(finding.advice)}" if finding.advice else ""
            told = f"doctor: {finding.check}: {one_line(finding.sentence)} [{finding.owner}]{advice}"
            click.echo(told, err=True)


def print_outcome(outcome: "Outcome", out: Path, *, gate: "Gate", code: int) -> None:
    """Print the verdict of a run and what belongs to it, the report's place last.

    Args:
        outcome: of the run.
        out: the folder that the report was written to.
        gate: what exit code 0 took.
        code: the exit code.
    """
    from conformance.report.text import one_line

    report = outcome.report
    verdict = report.verdict
    colour = {"READY": "green", "READY WITH CONDITIONS": "yellow"}.get(verdict.readiness, "red")
    click.secho(verdict.readiness, fg=colour, bold=True)
    click.echo(verdict.sentence)
    if report.run.harness_failure:
        click.echo(report.run.harness_failure)
    click.echo(", ".join(f"{count} {status.replace('_', ' ')}" for status, count in verdict.counts.items()))
    for title, lines, most in (
        ("fails", _missed(report, "fail"), _SHOWN),
        ("not testable", _missed(report, "not_testable"), _SHOWN),
        ("open", _still_open(report), _SHOWN),
        ("condition", list(verdict.conditions), _SHOWN),
        ("attestation open", _questions(report), None),
        ("waiver", [_of_waiver(each) for each in verdict.waiver_errors], None),
        ("waiver ends soon", [_of_waiver(each) for each in verdict.waiver_notices], None),
    ):
        for line in lines[:most]:
            click.echo(f"  {title}: {one_line(line)}")
        if most is not None and len(lines) > most:
            click.echo(f"  {title}: {len(lines) - most} more in the report")
    for line in (*_changes(report), *_passing(report, gate, code), *_to_waive(report, out)):
        click.echo(line)
    click.echo(f"report: {(out / 'report.html').resolve()}")


def _missed(report: "Report", status: str) -> list[str]:
    """Return the first blocking result of that status of every requirement, as the verdict names it."""
    from conformance.verdict import label

    blocking = frozenset(report.verdict.blocking)
    first: dict[str, Result] = {}
    for result in report.run.results:
        if result.status.value == status:
            first.setdefault(result.requirement, result)
    lines = [(label(each), each.message) for each in first.values()]
    return [f"{name}: {message}" for name, message in lines if name in blocking]


def _still_open(report: "Report") -> list[str]:
    """Return what stayed open; what was left out on purpose is counted and not named."""
    from conformance.verdict import label

    run = report.run
    left_out = {label(result) for result in run.results if result.status.value == "skip"}
    still_open = [name for name in report.verdict.missing if name not in left_out]
    if run.harness_failure or run.interrupted:
        return [f"{len(still_open)} points that the run did not come to"]
    # A part of a run leaves open what the other parts look at.
    return [] if run.shard else still_open


def _questions(report: "Report") -> list[str]:
    texts = {question.id: question.text for question in report.questions}
    return [f"{name}: {texts.get(name, '')}".rstrip(": ") for name in report.verdict.open_questions]


def _of_waiver(told: str) -> str:
    """Return what the verdict says of a waiver, without the words that the line begins with."""
    return told.removeprefix("waiver for ")


def _changes(report: "Report") -> Iterator[str]:
    """Say in one line what is otherwise than in the baseline."""
    if report.changes is None:
        return
    from conformance.report.comparison import tally

    numbers = tally(report.changes.changes)
    told = ", ".join(f"{number} {kind}" for kind, number in numbers.items()) or "nothing changed"
    yield f"since the baseline of {report.changes.baseline.started}: {told}"


def _passing(report: "Report", gate: "Gate", code: int) -> Iterator[str]:
    """Say why a run passes whose verdict alone would not let it."""
    if report.verdict.readiness == "NOT READY" and code != 1:
        yield f"gate {gate}: passed; whatever fails failed in the baseline too. The product is not ready."


def _to_waive(report: "Report", out: Path) -> Iterator[str]:
    """Yield the entry of the first failure that could be admitted, and where the others' are."""
    from conformance.adapters.command import join_words
    from conformance.cli.waivers import first_and_number
    from conformance.verdict import new_failures

    if report.verdict.readiness != "NOT READY":
        return
    entry, number = first_and_number(report, datetime.now(UTC).date())
    if not entry:
        return
    elsewhere = join_words(["evte", "waivers", str(out)])
    if not new_failures(report.verdict, report.changes):
        yield f"to admit what fails until it is mended: {elsewhere}"
        return
    yield "to admit the first failure until it is mended, fill this in and put it into your file of waivers:"
    yield ""
    yield entry
    if number > 1:
        yield f"the entries of the other {number - 1}: {elsewhere}"
