"""Lives on a common axis of time: a bar for each stretch, lines across all of them for moments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes

from conformance.pictures.canvas import COLOURS, INK, PALE, STYLE, VERMILION, Picture, plots

_HATCHES: Final = ("", "////", "....", "xxxx", "\\\\\\\\", "----")
"""A pattern beside each of `COLOURS`, so that a kind of stretch is known without its colour."""
_LANE: Final = 0.56
_HOUR: Final = timedelta(hours=1)
_DAY: Final = timedelta(days=1)
_STEPS: Final = (
    (_HOUR / 2, timedelta(minutes=5)),
    (2 * _HOUR, timedelta(minutes=10)),
    (12 * _HOUR, _HOUR),
    (2 * _DAY, 4 * _HOUR),
    (4 * _DAY, 12 * _HOUR),
)
"""For windows up to a length, the step from one mark of the axis to the next."""
_GROUND: Final[dict[str, Any]] = {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a lane: from one moment to another."""

    begins: datetime
    """Aware."""
    ends: datetime
    text: str
    """Stands in the bar."""
    kind: str = ""
    """Stretches of one kind have one colour and one pattern."""


@rc_context(STYLE)
def timeline(
    lanes: Mapping[str, Sequence[Stretch]],
    *,
    windows: Sequence[tuple[datetime, datetime]],
    moments: Mapping[str, datetime] | None = None,
    day_zero: datetime | None = None,
    kinds: Sequence[str] = (),
    title: str = "",
    alt: str,
    width: float = 11.0,
) -> Picture:
    """Draw stretches of time below each other; the axis shows one window of time, or several side by side.

    Args:
        lanes: title of each lane, and what stands in it, from top to bottom.
        windows: beginnings and ends of what is shown, all equally wide.
        moments: vertical lines across all lanes, with their names, drawn in the windows in which they lie.
        day_zero: from where the axis counts days; dates and hours in UTC when left out.
        kinds: of stretches, so that each looks the same in several pictures; by first mention when left out.
        title: stands above the lanes.
        alt: the words for the picture.
        width: of the picture, in inches.
    """
    mentioned = (stretch.kind for stretches in lanes.values() for stretch in stretches)
    ordered = dict.fromkeys((*kinds, *mentioned))
    styles = {kind: (COLOURS[place % 6], _HATCHES[place % 6]) for place, kind in enumerate(ordered)}
    top = 0.42 if moments else 0.1
    height = 0.62 + top + (0.3 if title else 0) + _LANE * len(lanes)
    figure, panels = plots(len(windows), width=width, height=height)
    for place, (axes, window) in enumerate(zip(panels, windows, strict=True)):
        for level, stretches in enumerate(lanes.values()):
            for stretch in stretches:
                _draw_stretch(axes, level, stretch, window, *styles[stretch.kind])
        for name, moment in (moments or {}).items():
            if window[0] <= moment <= window[1]:
                axes.plot([_number(moment)] * 2, [-0.45, len(lanes) - 0.5], color=VERMILION, linewidth=1.6)
                axes.text(
                    _number(moment), -0.66, name, color=VERMILION, weight="bold", size=8.5,
                    ha=_side(moment, window), va="center",
                )  # fmt: skip
        axes.set_xlim(_number(window[0]), _number(window[1]))
        axes.set_ylim(len(lanes) - 0.5, -0.5 - top / _LANE)
        axes.set_yticks(range(len(lanes)), list(lanes) if place == 0 else [""] * len(lanes))
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_visible(False)
        _draw_ticks(axes, window, day_zero)
    if title:
        panels[0].set_title(title)
    return Picture(figure, alt)


def _number(moment: datetime) -> float:
    """Return a moment as days since 1970, a number that matplotlib need not interpret."""
    return moment.timestamp() / _DAY.total_seconds()


def _side(moment: datetime, window: tuple[datetime, datetime]) -> str:
    """Return on which side of its line a name stands, so that it does not leave the window."""
    share = (moment - window[0]) / (window[1] - window[0])
    return "left" if share < 0.15 else "right" if share > 0.85 else "center"


def _draw_stretch(
    axes: Axes,
    level: int,
    stretch: Stretch,
    window: tuple[datetime, datetime],
    colour: str,
    hatch: str,
) -> None:
    begins, ends = max(stretch.begins, window[0]), min(stretch.ends, window[1])
    if begins >= ends:
        return
    left, right = _number(begins), _number(ends)
    axes.barh(
        level, right - left, left=left, height=0.62,
        color=PALE[colour], edgecolor=colour, hatch=hatch, linewidth=1.1,
    )  # fmt: skip
    # An end that the window cuts off is left open.
    for number, cut in ((left, begins > stretch.begins), (right, ends < stretch.ends)):
        if cut:
            axes.plot([number] * 2, [level - 0.3, level + 0.3], color="white", linewidth=2.2, clip_on=False)
    axes.text(
        (left + right) / 2, level, stretch.text, ha="center", va="center", size=8.5, color=INK,
        bbox=_GROUND if hatch else None,
    )  # fmt: skip


def _draw_ticks(axes: Axes, window: tuple[datetime, datetime], day_zero: datetime | None) -> None:
    begins, ends = (moment.astimezone(UTC) for moment in window)
    length = ends - begins
    if day_zero is not None:
        days = range(0, int((ends - day_zero) / _DAY) + 1, 10 if length <= 150 * _DAY else 60)
        found, texts = [day_zero + day * _DAY for day in days], [f"day {day}" for day in days]
    elif length <= 4 * _DAY:
        step = next(step for longest, step in _STEPS if length <= longest)
        midnight = begins.replace(hour=0, minute=0, second=0, microsecond=0)
        first = midnight + (begins - midnight) // step * step
        found = [first + step * place for place in range(int(length / step) + 2)]
        texts = [f"{m:%H:%M}" if m.hour or m.minute else f"{m:%H:%M}\n{m.day} {m:%b %Y}" for m in found]
    else:
        months = 1 if length <= 200 * _DAY else 3
        month_one = begins.year * 12 + begins.month - 1
        found = [
            datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
            for month in range(month_one, ends.year * 12 + ends.month)
            if month % months == 0
        ]
        found = [moment for moment in found if moment >= begins]
        texts = [f"{m:%b}\n{m.year}" if m.month == 1 or m == found[0] else f"{m:%b}" for m in found]
    kept = [(m, text) for m, text in zip(found, texts, strict=True) if begins <= m <= ends]
    axes.set_xticks([_number(m) for m, _ in kept], [text for _, text in kept], size=8.5)
