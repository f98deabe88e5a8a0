"""Conditions, waivers and gaps: everything that the verdict rests on besides what passed and failed."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Waiver
from conformance.report.ledger import Entry, Ledger
from conformance.report.section import Section
from conformance.report.sections.mend import Open, absent_points, open_points

ROWS: Final = 200
"""Rows of each list; more than that helps nobody, and `report.json` has them all."""


@dataclass(frozen=True)
class View:
    """What the section shows."""

    waivers: tuple[tuple[Waiver, int], ...]
    """Each waiver with the number of failures that it admits in this run."""
    waiver_errors: tuple[str, ...]
    conditions: tuple[str, ...]
    conditions_unshown: int
    unsettled: tuple[Open, ...]
    absent: tuple[Open, ...]
    """Points that do not apply, by reason."""
    unchecked: tuple[Entry, ...]
    """Requirements that the kit does not check, with its reason."""
    assumed: tuple[Entry, ...]
    """Requirements that count and rest on inferred or assumed behaviour of the real services."""

    @property
    def empty(self) -> bool:
        """Whether there is nothing to list but what is assumed."""
        waived = self.waivers or self.waiver_errors or self.conditions
        return not (waived or self.unsettled or self.absent or self.unchecked)


def _view(ledger: Ledger) -> View:
    admitted = [case.waiver for entry in ledger.entries for case in entry.cases if case.waiver]
    conditions = ledger.verdict.conditions
    return View(
        waivers=tuple((waiver, admitted.count(waiver)) for waiver in ledger.run.waivers),
        waiver_errors=ledger.verdict.waiver_errors,
        conditions=conditions[:ROWS],
        conditions_unshown=max(0, len(conditions) - ROWS),
        unsettled=open_points(ledger),
        absent=absent_points(ledger),
        unchecked=tuple(entry for entry in ledger.entries if entry.requirement.excluded),
        assumed=tuple(entry for entry in ledger.scoring if entry.assumed),
    )


SECTION: Final = Section(
    anchor="gaps", title="Conditions, waivers and gaps", template="gaps.html", view=_view
)
