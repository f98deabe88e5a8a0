"""The requirements, one row each that can be linked to, with their cases folded away."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Capability, Status
from conformance.report import figures, standing
from conformance.report.ledger import Case, Entry, Ledger
from conformance.report.section import Section
from conformance.report.sections import mend

CASES_SHOWN: Final = 40
"""Cases of one requirement that are shown one by one with their message; the rest is in `report.json`."""
NAMES_SHOWN: Final = 300
"""Passed cases of one requirement that are named."""


@dataclass(frozen=True)
class Row:
    """One requirement."""

    entry: Entry
    source: str
    mended_above: bool
    """Whether the section on mending has a place for it."""
    remarkable: tuple[Case, ...]
    """Cases that did not simply pass, at most `CASES_SHOWN`."""
    unshown: int
    passed: tuple[str, ...]
    """Names of the cases that passed, at most `NAMES_SHOWN`."""
    unnamed: int
    summary: str
    """The folded line, for instance `34 cases: 33 pass, 1 fail`."""


@dataclass(frozen=True)
class Table:
    """The requirements of one capability."""

    anchor: str
    name: str
    rows: tuple[Row, ...]


def _view(ledger: Ledger) -> tuple[Table, ...]:
    tables = []
    above = {id(entry) for entry in (*mend.missed(ledger)[: mend.CARDS_SHOWN], *mend.unreached(ledger))}
    for capability in Capability:
        rows = tuple(
            _row(entry, id(entry) in above)
            for entry in ledger.entries
            if entry.requirement.capability is capability
        )
        if rows:
            tables.append(Table(f"requirements-{capability.value}", standing.CAPABILITY[capability], rows))
    return tuple(tables)


def _row(entry: Entry, mended_above: bool) -> Row:
    remarkable = sorted(
        (case for case in entry.cases if case.standing is not standing.PASS),
        key=lambda case: (case.standing.rank, case.name),
    )
    passed = sorted(
        case.name for case in entry.cases if case.result and case.result.status is Status.PASS and case.name
    )
    source = entry.requirement.source
    return Row(
        entry=entry,
        source=", ".join(filter(None, (source.document, source.clause))),
        mended_above=mended_above,
        remarkable=tuple(remarkable[:CASES_SHOWN]),
        unshown=max(0, len(remarkable) - CASES_SHOWN),
        passed=tuple(passed[:NAMES_SHOWN]),
        unnamed=max(0, len(passed) - NAMES_SHOWN),
        summary=_summary(entry),
    )


def _summary(entry: Entry) -> str:
    if not entry.cases:
        return "no case"
    counts: dict[str, int] = {}
    for case in sorted(entry.cases, key=lambda case: case.standing.rank):
        counts[case.standing.word] = counts.get(case.standing.word, 0) + 1
    total = figures.count(len(entry.cases), "case")
    if len(counts) == 1:
        return total
    return f"{total}: " + ", ".join(f"{number} {word}" for word, number in counts.items())


SECTION: Final = Section(
    anchor="requirements",
    title="Requirements",
    template="requirements.html",
    view=_view,
    tally=lambda view: str(sum(len(table.rows) for table in view)),
)
