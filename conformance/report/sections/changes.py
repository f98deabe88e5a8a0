"""What changed since the baseline, and how the stored runs went."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from conformance.model import Change, ChangeKind, StoredRun
from conformance.report import standing, trend
from conformance.report.comparison import ORDER, reasons, stored
from conformance.report.ledger import Ledger
from conformance.report.section import Section
from conformance.report.standing import Standing, Tone
from conformance.verdict import label, new_failures

ROWS: Final = 100
"""Changes of one kind that are shown; `report.json` has them all."""

TITLES: Final[dict[ChangeKind, tuple[str, Tone, str]]] = {
    ChangeKind.NEWLY_FAILING: (
        "Newly failing",
        Tone.BAD,
        "They stood better in the baseline, or missed in another way.",
    ),
    ChangeKind.MENDED: ("Mended", Tone.OK, "They missed in the baseline and stand better now."),
    ChangeKind.NEWLY_EXECUTED: (
        "Newly executed",
        Tone.NONE,
        "The baseline did not settle them, so nobody knows whether they would have held.",
    ),
    ChangeKind.NO_LONGER_EXECUTED: (
        "No longer executed",
        Tone.WARN,
        "The baseline settled them and this run did not: deselected, not come to, declared absent, or "
        "without a clear outcome.",
    ),
    ChangeKind.KIT: (
        "Changed by kit upgrade",
        Tone.NONE,
        "Another kit asks otherwise, or asks for more or less; nothing says that the product changed here.",
    ),
    ChangeKind.CONFIGURATION: (
        "Changed by configuration",
        Tone.NONE,
        "The run was set up otherwise, and the build does not explain them.",
    ),
    ChangeKind.FLAKY: (
        "Flaky",
        Tone.WARN,
        "The same build, kit and configuration came to another outcome, or one question was answered in two "
        "ways.",
    ),
}
"""How each kind is headed, coloured and explained."""


@dataclass(frozen=True)
class Row:
    """One point that stands otherwise."""

    requirement: str
    known: bool
    """Whether the page has the requirement, so that it can be linked."""
    case: str
    text: str
    """Of the requirement, where the page has it."""
    before: Standing
    after: Standing
    message: str
    new_failure: bool
    """Whether the gate `no-new-failures` would stop here."""


@dataclass(frozen=True)
class Group:
    """All changes of one kind."""

    title: str
    tone: Tone
    told: str
    rows: tuple[Row, ...]
    number: int

    @property
    def unshown(self) -> int:
        """How many are in `report.json` only."""
        return self.number - len(self.rows)


@dataclass(frozen=True)
class View:
    """What the section shows."""

    baseline: StoredRun | None
    groups: tuple[Group, ...]
    number: int
    """Of all changes."""
    new_failures: int
    reasons: tuple[str, ...]
    """What else than the points is another one, in words."""
    trend: trend.Trend | None
    runs: tuple[StoredRun, ...]
    """The latest first, this one among them; empty where no other one is stored."""


def _view(ledger: Ledger) -> View:
    changes, earlier = ledger.report.changes, ledger.report.trend
    runs = (*earlier, stored(ledger.report)) if earlier else ()
    new = frozenset(new_failures(ledger.verdict, changes)) if changes else frozenset()
    return View(
        baseline=changes.baseline if changes else None,
        groups=tuple(_groups(ledger, changes.changes, new)) if changes else (),
        number=len(changes.changes) if changes else 0,
        new_failures=len(new),
        reasons=tuple(reasons(changes, ledger.run)) if changes else (),
        trend=trend.lay_out(runs),
        runs=tuple(reversed(runs)),
    )


def _groups(ledger: Ledger, changes: tuple[Change, ...], new: frozenset[str]) -> Iterable[Group]:
    texts = {entry.requirement.id: entry.requirement.text for entry in ledger.entries}
    # The ledger knows more than the status, for instance that a failure is waived.
    now = {case.label: case.standing for entry in ledger.entries for case in entry.cases if case.result}
    for kind in ORDER:
        found = [change for change in changes if change.kind is kind]
        if not found:
            continue
        rows = [_row(change, texts, now, new) for change in found]
        rows.sort(key=lambda row: (not row.new_failure, row.after.rank))
        title, tone, told = TITLES[kind]
        yield Group(title, tone, told, tuple(rows[:ROWS]), len(rows))


def _row(change: Change, texts: dict[str, str], now: dict[str, Standing], new: frozenset[str]) -> Row:
    name = label(change)
    return Row(
        requirement=change.requirement,
        known=change.requirement in texts,
        case=change.case,
        text=texts.get(change.requirement, ""),
        before=standing.OF_STATUS[change.before] if change.before else standing.NO_RESULT,
        after=now.get(name, standing.NO_RESULT) if change.after else standing.NO_RESULT,
        message=change.message,
        new_failure=name in new,
    )


def _tally(view: View) -> str:
    return str(view.number) if view.baseline else ""


SECTION: Final = Section(
    anchor="changes", title="Changes and trend", template="changes.html", view=_view, tally=_tally
)
