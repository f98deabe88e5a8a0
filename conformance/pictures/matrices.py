"""What came of each of many cases, side by side: rows of cases, columns of questions, words in every cell."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conformance.pictures.canvas import COLOURS, INK, MUTED, PALE, RULE, STYLE, WASH, Picture, blank, wrapped

_LINE: Final = 0.165
"""Height of a line of type of `_SIZE`."""
_BASE: Final = 0.12
"""From the upper edge of a line to where its letters stand."""
_SIZE: Final = 8.5
_NOTE: Final = 7.5
_SMALLER: Final = 0.92
"""Height of a line of type of `_NOTE` beside that of `_SIZE`."""
_PAD: Final = 0.075
_MARGIN: Final = 0.1


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands where a row and a column meet."""

    text: str
    kind: str = ""
    """Cells of one kind have one colour, and the words for it stand below the matrix."""
    note: str = ""
    """What else is worth knowing, in smaller type below; a cell with a note has a strong frame."""


@rc_context(STYLE)
def matrix(
    rows: Mapping[str, Sequence[Cell]],
    *,
    columns: Mapping[str, float],
    corner: str,
    kinds: Sequence[str] = (),
    title: str = "",
    alt: str,
    width: float = 10.6,
) -> Picture:
    """Draw a matrix with words in every cell; colours only repeat what the words say.

    Args:
        rows: heading of each row, and its cells from left to right.
        columns: headings of the columns, with the share of the width that each has beside the others; the
            headings of the rows have a share of 1.
        corner: what the headings of the rows are.
        kinds: of cells, so that each looks the same in several pictures; by first mention when left out.
        title: stands above the matrix.
        alt: the words for the picture.
        width: of the picture, in inches.

    Raises:
        ValueError: a row has not as many cells as there are columns.
    """
    for heading, cells in rows.items():
        if len(cells) != len(columns):
            raise ValueError(f"{heading}: {len(cells)} cells for {len(columns)} columns")
    shares = (1.0, *columns.values())
    widths = [(width - 2 * _MARGIN) * share / sum(shares) for share in shares]
    ordered = dict.fromkeys((*kinds, *(cell.kind for cells in rows.values() for cell in cells if cell.kind)))
    colours = {kind: COLOURS[place % len(COLOURS)] for place, kind in enumerate(ordered)}
    used = [kind for kind in ordered if any(cell.kind == kind for cells in rows.values() for cell in cells)]
    lines = [
        [Cell(corner), *(Cell(name) for name in columns)],
        *([Cell(heading), *cells] for heading, cells in rows.items()),
    ]
    heights = [_height(line, widths) for line in lines]
    top = 0.38 if title else 0.08
    figure, axes = blank(width, top + sum(heights) + (0.42 if used else 0.08))
    axes.text(_MARGIN, 0.19, title, size=10.5, weight="bold", va="center")
    for place, (line, height) in enumerate(zip(lines, heights, strict=True)):
        left = _MARGIN
        for column, (cell, across) in enumerate(zip(line, widths, strict=True)):
            outer = place == 0 or column == 0
            _draw_cell(axes, cell, (left, top, across, height), colours.get(cell.kind), heading=outer)
            left += across
        top += height
    _draw_frames(axes, lines, widths, heights, 0.38 if title else 0.08)
    _draw_legend(axes, used, colours, top + 0.24)
    return Picture(figure, alt)


def _height(line: Sequence[Cell], widths: Sequence[float]) -> float:
    """Return the height of a row: that of its tallest cell."""
    most = 0.0
    for cell, width in zip(line, widths, strict=True):
        room = width - 2 * _PAD
        size = _LINE * len(_broken(cell.text, room).splitlines())
        if cell.note:
            size += _LINE * _SMALLER * len(wrapped(cell.note, room, _NOTE).splitlines())
        most = max(most, size)
    return most + 2 * _PAD


def _broken(text: str, room: float) -> str:
    # Bold type, which headings have, is a sixth wider.
    return wrapped(text, room / 1.17, _SIZE)


def _draw_cell(
    axes: Axes, cell: Cell, place: tuple[float, float, float, float], colour: str | None, *, heading: bool
) -> None:
    left, top, width, height = place
    ground = PALE[colour] if colour else WASH if heading else "white"
    axes.add_patch(Rectangle((left, top), width, height, facecolor=ground, edgecolor=RULE, linewidth=0.9))
    weight = "bold" if heading or colour else "normal"
    room, level = width - 2 * _PAD, top + _PAD + _BASE
    for line in _broken(cell.text, room).splitlines():
        axes.text(left + _PAD, level, line, size=_SIZE, weight=weight, color=colour or INK, va="baseline")
        level += _LINE
    for line in wrapped(cell.note, room, _NOTE).splitlines():
        axes.text(left + _PAD, level, line, size=_NOTE, color=INK, va="baseline")
        level += _LINE * _SMALLER


def _draw_frames(
    axes: Axes,
    lines: Sequence[Sequence[Cell]],
    widths: Sequence[float],
    heights: Sequence[float],
    top: float,
) -> None:
    """Draw the strong frames last, so that no neighbour covers half of one."""
    for line, height in zip(lines, heights, strict=True):
        left = _MARGIN
        for cell, width in zip(line, widths, strict=True):
            if cell.note:
                inset = 0.015
                axes.add_patch(
                    Rectangle(
                        (left + inset, top + inset),
                        width - 2 * inset,
                        height - 2 * inset,
                        fill=False,
                        edgecolor=INK,
                        linewidth=1.7,
                    )
                )
            left += width
        top += height


def _draw_legend(axes: Axes, kinds: Sequence[str], colours: Mapping[str, str], level: float) -> None:
    left = _MARGIN
    for kind in kinds:
        axes.add_patch(
            Rectangle(
                (left, level - 0.075), 0.2, 0.15,
                facecolor=PALE[colours[kind]], edgecolor=colours[kind], linewidth=1.1,
            )
        )  # fmt: skip
        text = axes.text(left + 0.27, level, kind, size=_SIZE, color=MUTED, va="center_baseline")
        left += 0.27 + text.get_window_extent().width / axes.figure.dpi + 0.3
