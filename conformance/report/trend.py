"""The geometry of the trend: one column per run, as high as the number of points that miss.

Pure arithmetic on `model.StoredRun`; `templates/changes.html` turns it into SVG.  What passes is not
drawn: among a thousand points three that fail would not be seen.  A run that came to no verdict has a
column of what it found, and the sign of an incomplete one, since nothing says that it would be the last.
Lengths are the units of the chart's own view box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model import Readiness, Status, StoredRun
from conformance.report import figures, standing
from conformance.report.standing import Tone
from conformance.report.text import headline

WIDTH: Final = 820
HEIGHT: Final = 214
MOST: Final = 24
"""Runs that are drawn, the latest ones; the table has all."""

_LEFT: Final = 44
"""Room for the scale."""
_TOP: Final = 26
_BASE: Final = 150
"""Height of the line on which the columns stand."""
_WIDEST: Final = 46
_NICE: Final = (1, 2, 5)


@dataclass(frozen=True)
class Column:
    """One run on the chart."""

    x: float
    """The middle."""
    width: float
    fail_y: float
    fail_height: float
    warn_y: float
    warn_height: float
    misses: int
    tone: Tone
    """Of the verdict."""
    day: str
    """Empty where there is no room for it."""
    version: str
    """Empty where there is no room, or where it is that of the column before."""
    kit: str
    """The kit's version where it is another one than in the column before, else empty."""
    told: str
    """The whole column in words."""

    @property
    def top(self) -> float:
        """Where the column ends."""
        return min(self.fail_y, self.warn_y)


@dataclass(frozen=True)
class Trend:
    """Everything that is drawn."""

    columns: tuple[Column, ...]
    scale: tuple[tuple[float, int], ...]
    """Lines across: height and number."""
    told: str
    """The whole chart in words."""
    undrawn: int
    """Earlier runs that are in the table only."""
    base: float = _BASE
    left: float = _LEFT


def fails(run: StoredRun) -> int:
    """Return the number of points that failed or could not be tested."""
    return _number(run, Status.FAIL) + _number(run, Status.NOT_TESTABLE)


def warns(run: StoredRun) -> int:
    """Return the number of points that ended with a warning."""
    return _number(run, Status.WARN)


def _number(run: StoredRun, status: Status) -> int:
    """Return how many points have a status; a stored file may say anything, and a column has a height."""
    return max(0, run.counts.get(status.value, 0))


def lay_out(runs: Sequence[StoredRun]) -> Trend | None:
    """Return the chart of ``runs``, which are in the order of time; nothing where there are not two."""
    if len(runs) < 2:
        return None
    drawn = runs[-MOST:]
    steps = _steps(max(fails(run) + warns(run) for run in drawn))
    unit = (_BASE - _TOP) / steps[-1]
    lane = (WIDTH - _LEFT) / len(drawn)
    width = min(_WIDEST, lane * 0.62)
    every = -(-len(drawn) // 10)  # a day's name is as wide as a tenth of the chart
    columns = []
    for number, run in enumerate(drawn):
        before = drawn[number - 1] if number else None
        failed, warned = fails(run) * unit, warns(run) * unit
        last = number == len(drawn) - 1
        room = last or (number % every == 0 and len(drawn) - 1 - number >= every)
        columns.append(
            Column(
                x=_LEFT + lane * (number + 0.5),
                width=width,
                fail_y=_BASE - failed,
                fail_height=failed,
                warn_y=_BASE - failed - warned,
                warn_height=warned,
                misses=fails(run) + warns(run),
                tone=standing.OF_READINESS[run.readiness],
                day=figures.moment(run.started[:10]) if room else "",
                version=headline(run.version, 12) if room else "",
                kit=run.kit_version if before is not None and run.kit_version != before.kit_version else "",
                told=_told(run),
            )
        )
    return Trend(
        columns=tuple(columns),
        scale=tuple((_BASE - step * unit, step) for step in steps),
        told=in_words(runs),
        undrawn=len(runs) - len(drawn),
    )


def in_words(runs: Sequence[StoredRun]) -> str:
    """Return the trend as a sentence or three, for those who do not see the chart."""
    first, last = runs[0], runs[-1]
    days = f"{figures.moment(first.started[:10])} to {figures.moment(last.started[:10])}"
    told = [f"{figures.count(len(runs), 'run')}, {days}."]
    for name, number in (("fail", fails), ("warn", warns)):
        then, now = number(first), number(last)
        if then == now:
            told.append(
                f"{figures.count(now, 'point')} {name}{'s' if now == 1 else ''}, as at the beginning."
            )
        else:
            told.append(f"Points that {name}: from {then} to {now}.")
    if first.readiness is last.readiness:
        same = all(run.readiness is last.readiness for run in runs)
        told.append(f"The verdict is {last.readiness}, as {'in each of them' if same else 'in the first'}.")
    else:
        told.append(f"The verdict went from {first.readiness} to {last.readiness}.")
    return " ".join(told)


def _told(run: StoredRun) -> str:
    settled = "" if run.readiness is not Readiness.INCOMPLETE else ", not all was tested"
    return (
        f"{figures.moment(run.started)}, {headline(run.version, 40) or 'no version'}: {run.readiness}, "
        f"{fails(run)} fail, {warns(run)} warn{settled}"
    )


def _steps(most: int) -> tuple[int, ...]:
    """Return the numbers of the scale, evenly from 0 to one that is not below ``most``."""
    size = 1
    while True:
        for nice in _NICE:
            step = nice * size
            if step * 4 >= most:
                top = max(1, -(-most // step))
                return tuple(step * number for number in range(top + 1))
        size *= 10
