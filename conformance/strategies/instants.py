"""Moments around a boundary: on it, a second beside it, and where readers of clocks and labels go wrong."""

from datetime import UTC, datetime, timedelta
from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR

# On the boundary and beside it; graces that products grant themselves; every distance that a wrong zone makes
# (the label +10:00 and daylight saving among them); a date without its time; years as people count them.
_SPECIAL: Final = (
    *(0, 1, 59, 60, 61, 300, 600),
    *(hours * _HOUR for hours in (1, 8, 9, 10, 11, 12, 13, 14)),
    *(10 * _HOUR - 1, 10 * _HOUR + 1, _DAY - 1, _DAY, _DAY + 1, 7 * _DAY, 30 * _DAY, 60 * _DAY, 365 * _DAY),
)


def seconds_beside(*, within: timedelta = timedelta(days=366)) -> SearchStrategy[int]:
    """Distances from a boundary in whole seconds: negative before it, positive behind it.

    Args:
        within: the farthest that is wanted, at least a second.

    Raises:
        ValueError: `within` is less than a second.
    """
    farthest = int(within.total_seconds())
    if farthest < 1:
        raise ValueError(f"within must be at least a second, not {within}")
    special = [seconds for seconds in _SPECIAL if seconds <= farthest]
    return st.one_of(
        st.sampled_from([*special, *(-seconds for seconds in special if seconds)]),
        st.integers(-farthest, farthest),
    )


def instants(*boundaries: datetime, within: timedelta = timedelta(days=366)) -> SearchStrategy[datetime]:
    """Moments around boundaries, for instance the two ends of a certificate's validity; aware, in UTC.

    Args:
        boundaries: aware.
        within: the farthest from its boundary that a moment may lie, at least a second.

    Raises:
        ValueError: there is no boundary, one has no zone, or `within` is less than a second.
    """
    if not boundaries:
        raise ValueError("there must be a boundary to draw moments around")
    if naive := [boundary for boundary in boundaries if boundary.tzinfo is None]:
        raise ValueError(f"a time without a zone is no moment: {naive[0]}")
    ends = st.sampled_from([boundary.astimezone(UTC) for boundary in boundaries])
    return st.builds(lambda end, beside: end + timedelta(seconds=beside), ends, seconds_beside(within=within))
