"""RAM's clock: any clock, and a distance from it that a test or a reader sets."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta


class Clock:
    """A clock that runs a set distance ahead of, or behind, another one.

    Args:
        base: the other clock, UTC; or a moment, aware, at which time stands still until it is moved on.
    """

    def __init__(self, base: datetime | Callable[[], datetime]) -> None:
        if isinstance(base, datetime):
            moment = base.astimezone(UTC)
            self._base: Callable[[], datetime] = lambda: moment
        else:
            self._base = base
        self.shift = timedelta(0)
        """How far this clock is ahead of the other one."""

    def __call__(self) -> datetime:
        """Return now; UTC."""
        return (self._base() + self.shift).astimezone(UTC)

    def advance(self, *, days: float = 0, hours: float = 0, seconds: float = 0) -> None:
        """Move on, or back for what is negative."""
        self.shift += timedelta(days=days, hours=hours, seconds=seconds)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[None]:
        """Let it be that moment, aware, while the block runs."""
        before = self.shift
        self.shift = moment.astimezone(UTC) - self._base()
        try:
            yield
        finally:
            self.shift = before
