"""Numbers to be seen: bars that are parted by kind, and a field of trials with the rare ones marked."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from conformance.pictures.canvas import COLOURS, MUTED, PALE, STYLE, VERMILION, Picture, plots

_HATCHES: Final = ("", "////", "....", "xxxx", "\\\\\\\\", "----")
"""A pattern beside each of `COLOURS`, so that a part is known without its colour."""
_NUMBER: Final[dict[str, Any]] = {
    "size": 9,
    "weight": "bold",
    "ha": "center",
    "va": "center",
    "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1.0, "alpha": 0.9},
}
_LEAST: Final = 0.022
"""Share of the longest bar below which a part is too narrow for its number."""


@rc_context(STYLE)
def bars(rows: Mapping[str, Mapping[str, int]], *, title: str, alt: str, width: float = 9.6) -> Picture:
    """Draw one bar per row, parted by kind, with a total at its end.

    Args:
        rows: for each row the number per kind; kinds come in the order of their first mention.
        title: stands above the bars.
        alt: the words for the picture.
        width: of the picture, in inches.
    """
    kinds = list(dict.fromkeys(kind for row in rows.values() for kind in row))
    styles = {kind: (COLOURS[place], _HATCHES[place]) for place, kind in enumerate(kinds)}
    most = max(sum(row.values()) for row in rows.values())
    figure, (axes,) = plots(1, width=width, height=1.05 + 0.44 * len(rows))
    for level, row in enumerate(rows.values()):
        start = 0
        for kind in kinds:
            number = row.get(kind, 0)
            _draw_part(axes, level, start, number, *styles[kind], named=number > most * _LEAST)
            start += number
        axes.text(start + most * 0.012, level, str(start), va="center", size=9)
    axes.set_yticks(range(len(rows)), list(rows))
    axes.invert_yaxis()
    axes.set_xlim(0, most * 1.08)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.tick_params(length=0)
    axes.set_title(title)
    axes.legend(
        handles=[
            Patch(facecolor=PALE[colour], edgecolor=colour, hatch=hatch, label=kind)
            for kind, (colour, hatch) in styles.items()
        ],
        loc="upper left",
        bbox_to_anchor=(0, 0),
        ncols=len(kinds),
        handlelength=1.8,
    )
    return Picture(figure, alt)


def _draw_part(
    axes: Axes, level: int, start: int, number: int, colour: str, hatch: str, *, named: bool
) -> None:
    if not number:
        return
    axes.barh(level, number, left=start, height=0.64, color=PALE[colour], edgecolor=colour, hatch=hatch)
    if named:
        axes.text(start + number / 2, level, str(number), **_NUMBER)


@rc_context(STYLE)
def field(hits: Sequence[bool], *, hit: str, miss: str, title: str, alt: str, columns: int = 128) -> Picture:
    """Draw a field of dots, one for each trial, in which those that hit stand out.

    Args:
        hits: how each trial came out, in their order: row by row from the upper left corner.
        hit: what a hit is, in words.
        miss: what the others are.
        title: stands above the field.
        alt: the words for the picture.
        columns: dots in a row.
    """
    rows = -(-len(hits) // columns)
    figure, (axes,) = plots(1, width=0.075 * columns + 0.3, height=0.075 * rows + 0.9)
    places = {kind: [place for place, found in enumerate(hits) if found is kind] for kind in (True, False)}
    for kind, marker, size, colour in ((False, ".", 2.2, MUTED), (True, "X", 7.5, VERMILION)):
        axes.plot(
            [place % columns for place in places[kind]],
            [place // columns for place in places[kind]],
            marker,
            color=colour,
            markersize=size,
            label=f"{len(places[kind])} {hit if kind else miss}",
        )
    axes.set(xlim=(-1.5, columns + 0.5), ylim=(rows + 0.5, -1.5), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_title(title)
    axes.legend(loc="upper left", bbox_to_anchor=(0, 0), ncols=2)
    return Picture(figure, alt)
