"""What is in a message: boxes within boxes, with what points at what; and where two byte strings differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conformance.pictures.canvas import (
    COLOURS,
    INK,
    MUTED,
    PALE,
    STYLE,
    VERMILION,
    Picture,
    arrow,
    blank,
)

_ROW: Final = 0.29
_GAP: Final = 0.055
"""Between a box and the next one, and below the last one in a box."""
_INDENT: Final = 0.26
_LANE: Final = 0.24
"""Width of the lane of one arrow, right of the boxes."""
_CHARACTER: Final = 11 / 160
"""Inches that one character of `_BYTES` takes: whole dots, else frames and text drift apart."""
_BYTES: Final[dict[str, Any]] = {
    "family": "DejaVu Sans Mono",
    "size": _CHARACTER * 72 * 2048 / 1233,  # in this type all characters have 1233 of 2048 parts of its size
    "va": "center_baseline",
}
_LABEL: Final = 1.5
_COMPARED: Final = 1.18
"""Height of one comparison."""


@dataclass(frozen=True, slots=True)
class Box:
    """One part of a message; whatever follows it and is deeper lies within it."""

    name: str
    note: str = ""
    """What is worth knowing of it, behind the name in lighter type."""
    depth: int = 0
    """How many boxes it lies in."""
    kind: str = ""
    """A word or two that stand at its right end, such as `signed`; boxes of one kind have one colour."""
    points_to: tuple[str, ...] = ()
    """Names of boxes that it refers to."""


@rc_context(STYLE)
def message(
    boxes: Sequence[Box], *, kinds: Sequence[str] = (), alt: str, width: float = 10.0, title: str = ""
) -> Picture:
    """Draw the parts of a message as boxes within boxes, with arrows at the right from a part to another.

    Args:
        boxes: the parts in the order of the message.
        kinds: of boxes, so that each looks the same in several pictures; by first mention when left out.
        alt: the words for the picture.
        width: of the picture, in inches.
        title: stands above the boxes.

    Raises:
        ValueError: a box points to a name that no box has.
    """
    places = {box.name: place for place, box in enumerate(boxes)}
    if unknown := {target for box in boxes for target in box.points_to} - set(places):
        raise ValueError(f"there is no box named {', '.join(sorted(unknown))}")
    arrows = [(place, places[target]) for place, box in enumerate(boxes) for target in box.points_to]
    ordered = [*dict.fromkeys((*kinds, *(box.kind for box in boxes if box.kind)))]
    colours = {"": MUTED} | {kind: COLOURS[place % 5] for place, kind in enumerate(ordered)}
    top = 0.36 if title else 0.08
    edges, bottom = _edges(boxes, top)
    figure, axes = blank(width, bottom + 0.03)
    axes.text(0.08, 0.18, title, size=10.5, weight="bold", va="center")
    right = width - 0.1 - _LANE * len(arrows)
    for box, edge in zip(boxes, edges, strict=True):
        _draw_box(axes, box, *edge, right, colours[box.kind])
    for lane, (start, end) in enumerate(arrows):
        beside = right + _LANE * (lane + 0.6)
        first, last = (edges[place][0] + _ROW / 2 for place in (start, end))
        from_, to = (right - 0.07 * boxes[place].depth for place in (start, end))
        axes.plot([from_, beside, beside], [first, first, last], color=INK, linewidth=1.1)
        arrow(axes, (beside, last), (to, last))
    return Picture(figure, alt)


def _edges(boxes: Sequence[Box], top: float) -> tuple[list[tuple[float, float]], float]:
    """Return the upper and lower edge of every box, and where the picture ends; inches from above."""
    uppers: list[float] = []
    lowers = [0.0] * len(boxes)
    unfinished: list[int] = []
    level = top
    for place, depth in enumerate((*(box.depth for box in boxes), 0)):
        while unfinished and boxes[unfinished[-1]].depth >= depth:
            lowers[unfinished.pop()] = level
            level += _GAP
        if place < len(boxes):
            uppers.append(level)
            unfinished.append(place)
            level += _ROW
    return list(zip(uppers, lowers, strict=True)), level


def _draw_box(axes: Axes, box: Box, top: float, bottom: float, right: float, colour: str) -> None:
    left, margin = 0.08 + _INDENT * box.depth, 0.07 * box.depth
    axes.add_patch(
        Rectangle(
            (left, top),
            right - left - margin,
            bottom - top,
            facecolor=PALE[colour] if box.kind else "white",
            edgecolor=colour,
            linewidth=1.7 if box.kind else 0.9,
        )
    )
    level = top + _ROW / 2
    name = axes.text(left + 0.1, level, box.name, weight="bold", size=9, va="center_baseline")
    after = name.get_window_extent().width / axes.figure.dpi
    axes.text(left + 0.24 + after, level, box.note, size=8.5, color=INK, va="center_baseline")
    axes.text(
        right - margin - 0.1, level, box.kind,
        size=8.5, weight="bold", color=colour, ha="right", va="center_baseline",
    )  # fmt: skip


@rc_context(STYLE)
def difference(
    pairs: Mapping[str, tuple[bytes, bytes]],
    *,
    names: tuple[str, str],
    before: int = 24,
    alt: str,
    width: float = 11.0,
) -> Picture:
    """Draw byte strings below each other around the first byte in which they differ; framed is what differs.

    Args:
        pairs: title of each comparison, and the two byte strings; they must differ.
        names: what the two are.
        before: bytes shown before the first difference.
        alt: the words for the picture.
        width: of the picture, in inches.

    Raises:
        ValueError: two byte strings are the same.
    """
    figure, axes = blank(width, 0.06 + _COMPARED * len(pairs))
    shown = int((width - _LABEL - 0.2) / _CHARACTER)
    for place, (title, (one, other)) in enumerate(pairs.items()):
        if one == other:
            raise ValueError(f"{title}: the two are the same")
        top = 0.06 + _COMPARED * place
        at, ends = _unlike(one, other)
        start = max(0, at - before)
        axes.text(0.08, top + 0.12, title, size=9.5, weight="bold", va="center")
        for row, (name, data, end) in enumerate(zip(names, (one, other), ends, strict=True)):
            level = top + 0.42 + 0.27 * row
            axes.text(_LABEL - 0.14, level, name, size=8.5, color=MUTED, ha="right", va="center_baseline")
            last = min(end, start + shown)
            axes.add_patch(
                Rectangle(
                    (_LABEL + _CHARACTER * (at - start), level - 0.13),
                    max(_CHARACTER * (last - at), 0.02),
                    0.235,
                    facecolor=PALE[VERMILION],
                    edgecolor=VERMILION,
                    linewidth=1.2,
                )
            )
            axes.text(
                _LABEL, level, _printable(data[start : start + shown], at - start, last - start), **_BYTES
            )
        place_of = _LABEL + _CHARACTER * (at - start + 0.5 * (max(ends) > at))
        axes.text(
            place_of, top + 0.99, f"\N{BLACK UP-POINTING TRIANGLE} byte {at}", size=8.5, weight="bold",
            color=VERMILION, va="center_baseline",
        )  # fmt: skip
    return Picture(figure, alt)


def _unlike(one: bytes, other: bytes) -> tuple[int, tuple[int, int]]:
    """Return where the two begin to differ, and where in each of them what differs ends."""
    shorter = min(len(one), len(other))
    at = next((place for place in range(shorter) if one[place] != other[place]), shorter)
    same = 0
    while same < shorter - at and one[-1 - same] == other[-1 - same]:
        same += 1
    return at, (len(one) - same, len(other) - same)


def _printable(data: bytes, first: int, last: int) -> str:
    """Return bytes as text of the same length: line ends as signs, and blanks too where they count."""
    made = []
    for place, byte in enumerate(data):
        sign = (
            chr(byte)
            if 32 <= byte < 127
            else "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
            if byte == 10
            else "·"
        )
        made.append("·" if sign == " " and first <= place < last else sign)
    return "".join(made)
