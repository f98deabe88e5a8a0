"""A state machine: boxes for states, arrows for what leads from one to another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from math import hypot
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes

from conformance.pictures.canvas import (
    BLUE,
    GREEN,
    MUTED,
    STYLE,
    VERMILION,
    Picture,
    arrow,
    blank,
    box,
    wrapped,
)

_WIDTH: Final = 1.95
_HEIGHT: Final = 0.92
_COLUMN: Final = 3.3
_ROW: Final = 1.62
_MARGIN: Final = 0.12
_GROUND: Final[dict[str, Any]] = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
_SHARE: Final = 0.3
"""How far along a slanting arrow its text stands: not in the middle, where arrows may cross."""
_COLOUR_OF: Final = {"begins": MUTED, "works": GREEN, "waits": BLUE, "ends": VERMILION}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state stands, and what is said of it."""

    column: float
    row: float
    kind: str
    """`begins`, `works`, `waits` or `ends`; stands in the box in words where there is no remark."""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Move:
    """What leads from a state to another one, or to itself."""

    before: str
    event: str
    after: str
    sure: bool = True
    """Whether it is documented; drawn dashed where it is not."""


@rc_context(STYLE)
def states(places: Mapping[str, Place], moves: Sequence[Move], *, alt: str) -> Picture:
    """Draw a state machine.  What leads from a state to itself is told inside its box.

    Args:
        places: every state by name.
        moves: what leads from one to another; those between the same two share an arrow.
        alt: the words for the picture.

    Raises:
        ValueError: a move begins or ends in a state that has no place.
    """
    for move in moves:
        if not {move.before, move.after} <= set(places):
            raise ValueError(f"no place for {move.before} or {move.after}")
    width = 2 * _MARGIN + _WIDTH + _COLUMN * max(place.column for place in places.values())
    height = 2 * _MARGIN + _HEIGHT + _ROW * max(place.row for place in places.values())
    figure, axes = blank(width, height)
    middles = {
        name: (_MARGIN + _WIDTH / 2 + _COLUMN * p.column, _MARGIN + _HEIGHT / 2 + _ROW * p.row)
        for name, p in places.items()
    }
    pairs = {(move.before, move.after) for move in moves}
    ordered = sorted((m for m in moves if m.before != m.after), key=lambda m: (m.before, m.after))
    for (before, after), group in groupby(ordered, key=lambda move: (move.before, move.after)):
        together = list(group)
        text = "\n".join(dict.fromkeys(move.event for move in together))
        aside = 0.17 if (after, before) in pairs else 0.0
        sure = all(move.sure for move in together)
        _draw_move(axes, middles[before], middles[after], text, aside=aside, sure=sure)
    for name, place in places.items():
        stays = dict.fromkeys(m.event for m in moves if m.before == m.after == name)
        _draw_state(axes, middles[name], name, place, tuple(stays))
    return Picture(figure, alt)


def _draw_state(
    axes: Axes, middle: tuple[float, float], name: str, place: Place, stays: tuple[str, ...]
) -> None:
    left, top = middle[0] - _WIDTH / 2, middle[1] - _HEIGHT / 2
    colour = _COLOUR_OF[place.kind]
    box(axes, left, top, _WIDTH, _HEIGHT, colour=colour, dashed=place.kind == "begins")
    axes.text(middle[0], top + 0.17, name, weight="bold", color=colour, ha="center", va="center")
    lines = [place.remark or place.kind]
    if stays:
        lines.append(f"stays: {', '.join(stays)}")
    text = "\n".join(wrapped(line, _WIDTH - 0.16, 7.5) for line in lines)
    axes.text(middle[0], top + 0.31, text, size=7.5, ha="center", va="top", linespacing=1.15)


def _draw_move(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    text: str,
    *,
    aside: float,
    sure: bool,
) -> None:
    across, down = end[0] - start[0], end[1] - start[1]
    length = hypot(across, down)
    # To the right of the way, so that there and back do not lie on each other.
    shift = (-down / length * aside, across / length * aside)
    ends = []
    for place, direction in ((start, 1), (end, -1)):
        to_side = _WIDTH / 2 / abs(across) if across else 1.0
        to_edge = _HEIGHT / 2 / abs(down) if down else 1.0
        reach = min(to_side, to_edge) + 0.04 / length
        ends.append(
            (
                place[0] + direction * across * reach + shift[0],
                place[1] + direction * down * reach + shift[1],
            )
        )
    arrow(axes, ends[0], ends[1], dashed=not sure)
    level = abs(down) < 0.1
    share = 0.5 if level else _SHARE
    left, top = (one + (other - one) * share for one, other in zip(*ends, strict=True))
    room = abs(ends[1][0] - ends[0][0]) - 0.15 if level else 1.7
    words = wrapped(text, max(room, 0.9), 8)
    if not level:
        axes.text(left + aside / 2, top, words, size=8, ha="center", va="center", bbox=_GROUND)
    elif shift[1] > 0:
        axes.text(left, top + 0.05, words, size=8, ha="center", va="top")
    else:
        axes.text(left, top - 0.05, words, size=8, ha="center", va="bottom")
