"""The engine: it finds the row of a table that an event asks for, and says why when there is none."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING

from conformance.simulators.ram.records import ZONE, Credential, Event, Notification, RamError, Role, State

if TYPE_CHECKING:
    from conformance.simulators.ram.tables import Table, Transition


@dataclass(frozen=True, slots=True)
class Objection:
    """Why a condition is not met."""

    found: str
    """What there was instead of what the guard's sentence demands."""
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Everything that the guards of one event can see."""

    now: datetime
    actor: str
    """Name of the person; `RAM` for time."""
    roles: Callable[[str], frozenset[Role]]
    """ABN -> roles that the actor has for that business."""
    subject: Credential | Notification | None = None
    """What the event happens to; None when it is about to be made."""
    entered: Mapping[str, object] = field(default_factory=dict)
    """What was entered in the form, by field."""

    @property
    def today(self) -> date:
        """The day in RAM's zone."""
        return self.now.astimezone(ZONE).date()


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition of a step."""

    sentence: str
    """What must hold, in words."""
    objection: Callable[[Step], Objection | None]
    """Says why it does not hold; None when it does."""


def take(table: "Table", guards: Mapping[str, Guard], state: State, event: Event, step: Step) -> "Transition":
    """Return the row that an event takes.

    Raises:
        RamError: the table has no such step from this state, or a condition is not met; of several rows
            the first one's condition is told.
    """
    rows = [row for row in table.rows if row.before is state and row.event is event]
    what = f"{step.actor} asked to {event.value} ({table.title})"
    if not rows:
        possible = dict.fromkeys(row.event.value for row in table.rows if row.before is state)
        raise RamError(
            "no_step",
            f"{what}, which is no step from the state {state.value}",
            expected=", ".join(possible) or "nothing: the state is final",
            found=event.value,
            advice="do one of these first"
            if possible
            else "make a new one; a credential under exactly the same name keeps its permissions",
        )
    refusals = []
    for row in rows:
        unmet = next(
            ((name, why) for name in row.guards if (why := guards[name].objection(step)) is not None), None
        )
        if unmet is None:
            return row
        refusals.append(unmet)
    name, why = refusals[0]
    raise RamError(
        name,
        f"{what}, and a condition is not met",
        expected=guards[name].sentence,
        found=why.found,
        advice=why.advice,
    )
