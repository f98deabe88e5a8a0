"""Conditions and gaps: everything that the verdict rests on besides what passed and failed."""

from dataclasses import dataclass
from typing import Final

from conformance.report.ledger import Entry, Ledger, read_label
from conformance.report.section import Section
from conformance.report.sections.mend import Open, absent_points, open_points

ROWS: Final = 200
"""Rows of each list; more than that helps nobody, and `report.json` has them all."""


@dataclass(frozen=True)
class View:
    """What the section shows."""

    conditions: tuple[tuple[str, str], ...]
    """The requirement to link to, if it is known, and the condition or what follows the requirement's id."""
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
        return not (self.conditions or self.unsettled or self.absent or self.unchecked)


def _view(ledger: Ledger) -> View:
    conditions = ledger.verdict.conditions
    known = frozenset(entry.requirement.id for entry in ledger.entries)
    return View(
        conditions=tuple(_condition(each, known) for each in conditions[:ROWS]),
        conditions_unshown=max(0, len(conditions) - ROWS),
        unsettled=open_points(ledger),
        absent=absent_points(ledger),
        unchecked=tuple(entry for entry in ledger.entries if entry.requirement.excluded),
        assumed=tuple(entry for entry in ledger.scoring if entry.assumed),
    )


def _condition(condition: str, known: frozenset[str]) -> tuple[str, str]:
    """Return a condition of the verdict, `ID[case]: why`, parted after its requirement."""
    identifier, _ = read_label(condition.partition(": ")[0])
    if identifier not in known:
        return "", condition
    return identifier, condition.removeprefix(identifier).removeprefix(": ")


SECTION: Final = Section(anchor="gaps", title="Conditions and gaps", template="gaps.html", view=_view)
