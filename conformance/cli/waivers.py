"""`evte waivers`: the entry of each failure of a report that could be admitted, ready to be filled in."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from datetime import date

    from conformance.model import Report, Result


@click.command()
@click.argument("report", metavar="DIR", type=click.Path(path_type=Path))
def waivers(*, report: Path) -> None:
    """Print a waiver for each failure of a report that no waiver admits yet; DIR is what --out named.

    Owner, reason and issue are left for you, and the file is refused until they are filled in.  What cannot
    be waived is named in a comment.

    Exit: 0 whether or not there is anything to waive, 2 no report.
    """
    from datetime import UTC, datetime

    from conformance.report.history import load

    found = load(report)
    lines = tuple(_entries(found, datetime.now(UTC).date()))
    for line in lines:
        click.echo(line)
    if not lines:
        click.echo("nothing fails that a waiver would have to admit", err=True)


def first_and_number(report: "Report", today: "date") -> tuple[str, int]:
    """Return the entry of the first failure that could be waived, and how many entries there are.

    What is new since the baseline comes first.  The entry is empty if there is none.
    """
    from conformance.plan.waivers import entry

    results = _in_order(report)
    return (entry(results[0], today=today) if results else ""), len(results)


def _in_order(report: "Report") -> "tuple[Result, ...]":
    from conformance.plan.waivers import waivable
    from conformance.verdict import label, new_failures

    new = frozenset(new_failures(report.verdict, report.changes))
    results = waivable(report.run.results, report.verdict)
    return tuple(sorted(results, key=lambda result: label(result) not in new))


def _entries(report: "Report", today: "date") -> Iterator[str]:
    from conformance.plan.waivers import entry
    from conformance.report.text import one_line
    from conformance.verdict import label

    texts = {requirement.id: requirement.text for requirement in report.requirements}
    for result in _in_order(report):
        yield f"# {one_line(label(result), 200)}: {one_line(texts.get(result.requirement, ''), 400)}"
        yield entry(result, today=today)
    for name in report.verdict.unwaivable:
        yield f"# {one_line(name, 200)} cannot be waived: mend it"
