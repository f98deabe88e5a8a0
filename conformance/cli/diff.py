"""`evte diff`: what changed between two runs, and why."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from conformance.model import Change, Changes, Report

_SHOWN: Final = 10
"""Points of each kind that are printed unless all are asked for."""


@click.command()
@click.argument("old", metavar="OLD", type=click.Path(path_type=Path))
@click.argument("new", metavar="NEW", type=click.Path(path_type=Path))
@click.option("--all", "whole", is_flag=True, help="Print every point instead of the first ones of a kind.")
@click.option("--json", "as_json", is_flag=True, help="The same content for programs, whole.")
def diff(*, old: Path, new: Path, whole: bool, as_json: bool) -> None:
    """Compare two reports point by point, and say what explains each difference.

    OLD and NEW are folders that `evte run` wrote, or their report.json.  A failure is new if it blocks now
    and did not fail in the same way then, whatever explains it.

    Exit: 0 nothing fails newly, 1 something does, 2 no such reports.
    """
    from conformance.report import history
    from conformance.report.comparison import compare
    from conformance.verdict import new_failures

    before, after = history.baseline(old), history.load(new)
    changes = compare(before, after)
    failures = new_failures(after.verdict, changes)
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(changes), indent=2).decode())
    else:
        _print(before, after, changes, failures, None if whole else _SHOWN)
    sys.exit(1 if failures else 0)


def _print(
    before: "Report", after: "Report", changes: "Changes", failures: tuple[str, ...], most: int | None
) -> None:
    from conformance.report.comparison import reasons, tally
    from conformance.report.text import one_line
    from conformance.verdict import label

    for title, report in (("old", before), ("new", after)):
        click.echo(f"{title}: {_of_report(report)}")
    for sentence in reasons(changes, after.run):
        click.echo(f"  {one_line(sentence, 400)}")
    numbers = tally(changes.changes)
    if not numbers:
        click.echo("no point stands otherwise")
    for kind, number in numbers.items():
        click.echo(f"{kind}: {number}")
        found = [change for change in changes.changes if change.kind is kind]
        found.sort(key=lambda change: label(change) not in failures)
        for change in found[:most]:
            click.echo(f"  {_of_change(change)}{'  [new failure]' if label(change) in failures else ''}")
        if most is not None and number > most:
            click.echo(f"  {number - most} more, see --all")
    if failures:
        word = "failure is" if len(failures) == 1 else "failures are"
        click.secho(f"{len(failures)} {word} new and in the way", fg="red", bold=True)


def _of_report(report: "Report") -> str:
    from conformance.report.figures import moment, product
    from conformance.report.text import one_line

    run = report.run
    part = f", part {run.shard}" if run.shard else ""
    return (
        f"{one_line(product(run), 120)}, {run.profile.name}{part}, kit {run.kit_version}, "
        f"{moment(run.started)}: {report.verdict.readiness}"
    )


def _of_change(change: "Change") -> str:
    from conformance.report.text import one_line
    from conformance.verdict import label

    then, now = (
        each.value.replace("_", " ") if each else "no result" for each in (change.before, change.after)
    )
    message = f": {one_line(change.message, 200)}" if change.message else ""
    return f"{one_line(label(change), 200)}  {then} -> {now}{message}"
