"""Lives of a machine credential and a cloud notification: what people and time do to them, in any order."""

from dataclasses import dataclass
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

DEEDS: Final = (
    "revoke",
    "replace",
    "remove the holder",
    "claim",
    "remove the notification",
    "request a notification",
    "accept the notification",
)
"""What somebody does in RAM.  Not every deed is possible at every moment; then RAM refuses it."""

# Both sides of the reminders, of the sixtieth day and of the two years.
_DAYS: Final = (1, 29, 30, 53, 59, 60, 61, 729, 731)


@dataclass(frozen=True, slots=True)
class LifeEvent:
    """One thing that happens."""

    deed: str = ""
    """One of `DEEDS`; empty when only time passes."""
    days: int = 0
    """Days that pass before it."""

    def __str__(self) -> str:
        waited = f"{self.days} days pass" if self.days else ""
        return ", ".join(part for part in (waited, self.deed) if part) or "nothing"


def life_events() -> SearchStrategy[LifeEvent]:
    """Single events: a deed at once, or days that pass."""
    return st.one_of(
        st.sampled_from(DEEDS).map(LifeEvent),
        st.sampled_from(_DAYS).map(lambda days: LifeEvent(days=days)),
    )


def credential_lives(*, longest: int = 5) -> SearchStrategy[list[LifeEvent]]:
    """Courses of events from a healthy beginning on, at least one event long.

    Args:
        longest: most events, at least 1.

    Raises:
        ValueError: `longest` is less than 1.
    """
    if longest < 1:
        raise ValueError(f"a life has at least one event, not {longest}")
    return st.lists(life_events(), min_size=1, max_size=longest)
