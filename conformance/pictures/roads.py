"""A road of stations: a common part, and branches that it parts into."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import pairwise
from typing import Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conformance.pictures.canvas import (
    COLOURS,
    INK,
    MUTED,
    STYLE,
    WASH,
    Picture,
    arrow,
    badge,
    blank,
    box,
    wrapped,
)

_MARGIN: Final = 0.12
_GAP: Final = 0.26
_HEAD: Final = 0.27
_STATION: Final = 1.3  # height of a station
_BAND: Final = 1.52  # height of a row with the ground it stands on
_TITLE: Final = 1.12  # width of the titles of the rows


@dataclass(frozen=True, slots=True)
class Station:
    """One step of a road."""

    number: str
    actor: str
    """Who moves; stands in the head of the box, and each actor has a colour of its own."""
    text: str
    _: KW_ONLY
    row: int = 0
    """0 for the common road, 1 and on for its branches."""
    column: int
    rows: int = 1
    """How many branches the station belongs to, from `row` on."""
    dashed: bool = False
    """Whether the step is of another kind than the others, for instance not asked for by anybody."""

    def on(self, row: int) -> bool:
        """Whether the road of a row leads through this station."""
        return self.row <= row < self.row + self.rows


@dataclass(frozen=True, slots=True)
class _Grid:
    """Where the stations lie; inches from the upper left corner."""

    width: float
    """Of the whole picture."""
    columns: int

    @property
    def each(self) -> float:
        """Width of a station."""
        return (self.width - 2 * _MARGIN - _TITLE - _GAP * self.columns) / self.columns

    def left(self, column: int) -> float:
        return _MARGIN + _TITLE + _GAP + column * (self.each + _GAP)

    def band(self, row: int) -> float:
        """Return the upper edge of a row's ground; below the common road there is room for the fork."""
        return _MARGIN + row * (_BAND + _MARGIN) + (0.3 if row else 0)

    def top(self, row: int) -> float:
        return self.band(row) + (_BAND - _STATION) / 2

    def level(self, row: int) -> float:
        """Return where the arrows of a row run."""
        return self.top(row) + _STATION / 2


@rc_context(STYLE)
def road(
    stations: Sequence[Station], *, rows: Sequence[tuple[str, str]], alt: str, width: float = 12.0
) -> Picture:
    """Draw a common road and, below it, the branches that it parts into.

    Args:
        stations: every step; within a row they follow each other from left to right.
        rows: title of the common road and of each branch, each with a line that explains it.
        alt: the words for the picture.
        width: of the picture, in inches.
    """
    grid = _Grid(width, max(station.column for station in stations) + 1)
    figure, axes = blank(width, grid.band(len(rows) - 1) + _BAND + _MARGIN)
    colours = dict(zip(dict.fromkeys(station.actor for station in stations), COLOURS, strict=False))
    for row, (title, explanation) in enumerate(rows):
        top = grid.band(row)
        axes.add_patch(Rectangle((0, top), width, _BAND, facecolor=WASH, edgecolor="none"))
        axes.text(_MARGIN, top + 0.16, title, weight="bold", va="top", size=11)
        axes.text(_MARGIN, top + 0.42, wrapped(explanation, _TITLE, 8.5), va="top", size=8.5, color=MUTED)
        passed = sorted((s for s in stations if s.on(row)), key=lambda station: station.column)
        for one, other in pairwise(passed):
            start = (grid.left(one.column) + grid.each, grid.level(row))
            arrow(axes, start, (grid.left(other.column), grid.level(row)))
    _draw_fork(axes, stations, grid, len(rows))
    for station in stations:
        _draw_station(axes, station, grid, colours[station.actor])
    return Picture(figure, alt)


def _draw_fork(axes: Axes, stations: Sequence[Station], grid: _Grid, rows: int) -> None:
    """Lead the common road from its last station to the first one of every branch."""
    middle = grid.left(max(s.column for s in stations if s.on(0))) + grid.each / 2
    trunk, gutter = grid.left(0) - _GAP * 0.6, (grid.band(0) + _BAND + grid.band(1)) / 2
    axes.plot(
        [middle, middle, trunk, trunk],
        [grid.top(0) + _STATION, gutter, gutter, grid.level(rows - 1)],
        color=INK,
        linewidth=1.2,
    )
    for row in range(1, rows):
        first = min(s.column for s in stations if s.on(row))
        arrow(axes, (trunk, grid.level(row)), (grid.left(first), grid.level(row)))


def _draw_station(axes: Axes, station: Station, grid: _Grid, colour: str) -> None:
    left, top = grid.left(station.column), grid.top(station.row)
    height = grid.top(station.row + station.rows - 1) + _STATION - top
    box(axes, left, top, grid.each, height, colour=colour, dashed=station.dashed)
    head = top + _HEAD / 2 + 0.04
    badge(axes, left + 0.2, head, station.number, colour=colour)
    axes.text(left + 0.39, head, station.actor, color=colour, weight="bold", size=9, va="center_baseline")
    text = wrapped(station.text, grid.each - 0.2, 8.5)
    axes.text(left + 0.1, top + _HEAD + 0.09, text, size=8.5, va="top", linespacing=1.25)
