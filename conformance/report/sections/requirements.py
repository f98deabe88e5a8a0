"""The requirements, one row each that can be linked to, with their cases folded away."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Capability, Confidence, Level, Status
from conformance.report import figures, standing
from conformance.report.ledger import Case, Entry, Ledger
from conformance.report.section import Section
from conformance.report.sections import mend
from conformance.report.standing import Tone

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
    short: str
    """The capability's name in the records."""
    name: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Filter:
    """One thing by which rows can be chosen."""

    anchor: str
    """Beginning of the ids of its choices, which the style sheet knows."""
    name: str
    choices: tuple[tuple[str, str], ...]
    """End of the id and word of each; the first one takes in every row."""


@dataclass(frozen=True)
class View:
    """What the section shows."""

    filters: tuple[Filter, ...]
    """Those that tell rows of this report apart."""
    tables: tuple[Table, ...]


_STANDINGS: Final[tuple[tuple[Tone, str], ...]] = (
    (Tone.BAD, "missed"),
    (Tone.WARN, "conditions"),
    (Tone.NONE, "not tested"),
    (Tone.OK, "passed"),
)


def _view(ledger: Ledger) -> View:
    tables = _tables(ledger)
    entries = [row.entry for table in tables for row in table.rows]
    tones = {entry.standing.tone for entry in entries}
    levels = {entry.requirement.level for entry in entries}
    confidences = {entry.requirement.confidence for entry in entries}
    filters = (
        _filter("f", "Result", [(tone.value, word) for tone, word in _STANDINGS if tone in tones]),
        _filter("l", "Level", [(each.value, each.value) for each in Level if each in levels]),
        _filter("t", "Capability", [(table.short, table.name) for table in tables]),
        _filter("c", "Confidence", [(each.value, each.value) for each in Confidence if each in confidences]),
    )
    return View(tuple(each for each in filters if len(each.choices) > 2), tables)


def _filter(anchor: str, name: str, choices: list[tuple[str, str]]) -> Filter:
    return Filter(anchor, name, (("all", "all"), *choices))


def _tables(ledger: Ledger) -> tuple[Table, ...]:
    tables = []
    above = {id(entry) for entry in (*mend.missed(ledger)[: mend.CARDS_SHOWN], *mend.unreached(ledger))}
    for capability in Capability:
        rows = tuple(
            _row(entry, id(entry) in above)
            for entry in ledger.entries
            if entry.requirement.capability is capability
        )
        if rows:
            name = standing.CAPABILITY[capability]
            tables.append(Table(f"requirements-{capability.value}", capability.value, name, rows))
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
    tally=lambda view: str(sum(len(table.rows) for table in view.tables)),
)
