"""`requirements.csv`: a row per requirement, for whoever works through a report in a spreadsheet.

RFC 4180: commas, CRLF, every cell in quotes.  The file begins with a byte order mark, without which
spreadsheets on Windows take UTF-8 for the machine's own code page; a program reads `report.json` rather,
or this with an encoding such as Python's `utf-8-sig`.

Much of it was written by strangers, and a spreadsheet computes what looks like a formula to it, which can
start programs and send cells away.  No cell that begins so is left as it is; see `cell`.
"""

import re
from collections.abc import Callable
from typing import Final

from conformance.model import Report
from conformance.report import standing
from conformance.report.ledger import Case, Entry, Ledger, open_ledger
from conformance.report.remedy import remedy
from conformance.report.text import one_line

_TEXT: Final = 1_000
"""Characters of one cell; spreadsheets stop at 32 767."""
_LINE_END: Final = "\r\n"

_FORMULA: Final = re.compile("(^|;\\s*)(?=[=+\\-@\uff1d\uff0b\uff0d\uff20])")
"""The beginning of a formula, full-width signs included.  After a semicolon too: where that is the list
separator, a file with commas is cut there, in quotes or not."""


def render(report: Report) -> bytes:
    """Return the table, UTF-8 with a byte order mark, the headings in its first line."""
    ledger = open_ledger(report)
    rows = [list(COLUMNS)]
    rows += [[column(entry, ledger) for column in COLUMNS.values()] for entry in ledger.entries]
    text = "".join(",".join(cell(each) for each in row) + _LINE_END for row in rows)
    return text.encode("utf-8-sig")


def cell(text: str) -> str:
    """Return ``text`` as one cell, quotes included: bounded, on one line, and no formula.

    What a spreadsheet would compute gets an apostrophe before it, which spreadsheets take for the mark of
    a text.
    """
    line = _FORMULA.sub(r"\1'", one_line(text, _TEXT))
    return '"' + line.replace('"', '""') + '"'


def _worst(entry: Entry) -> Case | None:
    """Return the case that the row tells in full: the gravest of those that are not as they should be."""
    poor = [*entry.misses, *entry.missing]
    return min(poor, key=lambda case: (case.standing.rank, case.name)) if poor else None


def _of_result(name: str) -> "Callable[[Entry, Ledger], str]":
    """Return the column of a text field of the gravest case's result."""

    def column(entry: Entry, ledger: Ledger) -> str:
        case = _worst(entry)
        return str(getattr(case.result, name) or "") if case and case.result else ""

    return column


def _of_tally(name: str) -> "Callable[[Entry, Ledger], str]":
    """Return the column of the number of cases in one column of the capability matrix."""
    return lambda entry, ledger: str(entry.tally()[name])


def _case(entry: Entry, ledger: Ledger) -> str:
    case = _worst(entry)
    return case.name if case else ""


def _remediation(entry: Entry, ledger: Ledger) -> str:
    case = _worst(entry)
    if case is None:
        return ""
    who = ledger.run.implementation
    own = case.result.remediation if case.result else ""
    return own or remedy(entry.requirement, who.language if who else "")[0]


def _waiver(entry: Entry, ledger: Ledger) -> str:
    admitted = {
        f"until {case.waiver.expires}, {case.waiver.owner}: {case.waiver.reason} ({case.waiver.issue})": None
        for case in entry.cases
        if case.waiver
    }
    return " / ".join(admitted)


def _changed(entry: Entry, ledger: Ledger) -> str:
    """Return the kinds of change since the baseline, each with the number of cases."""
    if ledger.report.changes is None:
        return ""
    kinds: dict[str, int] = {}
    for change in ledger.report.changes.changes:
        if change.requirement == entry.requirement.id:
            kinds[change.kind.value] = kinds.get(change.kind.value, 0) + 1
    return ", ".join(f"{number} {kind}" for kind, number in kinds.items())


def _yes(answer: bool) -> str:
    return "yes" if answer else "no"


COLUMNS: "Final[dict[str, Callable[[Entry, Ledger], str]]]" = {
    "requirement": lambda entry, ledger: entry.requirement.id,
    "text": lambda entry, ledger: entry.requirement.text,
    "capability": lambda entry, ledger: standing.CAPABILITY[entry.requirement.capability],
    "level": lambda entry, ledger: entry.requirement.level.value,
    "security": lambda entry, ledger: _yes(entry.requirement.security),
    "confidence": lambda entry, ledger: entry.requirement.confidence.value,
    "document": lambda entry, ledger: entry.requirement.source.document,
    "clause": lambda entry, ledger: entry.requirement.source.clause,
    "method": lambda entry, ledger: entry.requirement.method,
    "counts": lambda entry, ledger: _yes(entry.scoring),
    "stands": lambda entry, ledger: entry.standing.word,
    "blocks": lambda entry, ledger: _yes(entry.blocking),
    "cannot be waived": lambda entry, ledger: _yes(entry.unwaivable),
    "cases": lambda entry, ledger: str(len(entry.cases)),
    **{heading: _of_tally(name) for name, (heading, _) in standing.COLUMNS.items()},
    "since the baseline": _changed,
    "case": _case,
    "kind of miss": _of_result("subcode"),
    "whose matter": _of_result("blame"),
    "message": _of_result("message"),
    "we expected": _of_result("expected"),
    "your implementation answered": _of_result("actual"),
    "where": _of_result("where"),
    "to mend it": _remediation,
    "see it again": _of_result("replay"),
    "waiver": _waiver,
    "not checked because": lambda entry, ledger: entry.requirement.excluded,
}
"""Heading and content of every column; from `case` on of the gravest case that is not as it should be."""
