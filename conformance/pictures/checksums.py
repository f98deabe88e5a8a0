"""The check character in pictures: its working as a table, and a map of what it notices."""

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from conformance.pictures.canvas import (
    BLUE,
    GREEN,
    INK,
    MUTED,
    PALE,
    RULE,
    STYLE,
    VERMILION,
    Picture,
    arrow,
    blank,
    box,
    plots,
)
from conformance.protocol.checksum import ALPHABET, STEM_LENGTH, Step, check_character, luhn_steps

_TIMES: Final = "\N{MULTIPLICATION SIGN}"
_CELL: Final = 0.72
_LABEL: Final = 2.35
_ROW: Final = 0.4
_CHARACTER: Final[dict[str, Any]] = {"size": 14, "weight": "bold", "family": "DejaVu Sans Mono"}
_MIDDLE: Final[dict[str, Any]] = {"ha": "center", "va": "center"}


@rc_context(STYLE)
def working(stem: str) -> Picture:
    """Draw the working of a check character as a table: values, factors, products and their digits.

    Args:
        stem: the first nine characters of a USI.

    Raises:
        ValueError: the nine characters are not those of a USI.
    """
    steps = luhn_steps(stem)[::-1]
    found, total = check_character(stem), sum(step.digit_sum for step in steps)
    missing = -total % len(ALPHABET)
    rows = _rows(steps)
    figure, axes = blank(_LABEL + (STEM_LENGTH + 3.1) * _CELL, (len(rows) + 1) * _ROW + 1.0)
    _draw_table(axes, steps, rows)

    end, level = _LABEL + STEM_LENGTH * _CELL, _ROW * 0.55
    arrow(axes, (end, level), (_LABEL + 0.1, level), colour=BLUE)
    order = f"from the right: {_TIMES}2, {_TIMES}1, {_TIMES}2, …"
    axes.text(end + 0.08, level, order, size=8.5, color=BLUE, va="center")
    box(axes, end + 0.3, _ROW * 1.06, _CELL, _ROW * 0.9, colour=GREEN)
    axes.text(end + 0.3 + _CELL / 2, _ROW * 1.5, found, color=GREEN, **_MIDDLE, **_CHARACTER)

    level = _ROW * (len(rows) + 1) + 0.32
    next_multiple = f"{total + missing} = {(total + missing) // 32} {_TIMES} 32"
    axes.text(_LABEL - 0.15, level, "the sum of the last row", ha="right", va="center", color=MUTED)
    terms = " + ".join(str(step.digit_sum) for step in steps)
    axes.text(_LABEL + 0.08, level, f"{terms} = {total}", va="center")
    level += 0.32
    axes.text(_LABEL - 0.15, level, "to the next multiple of 32", ha="right", va="center", color=MUTED)
    sentence = f"{total} + {missing} = {next_multiple},  and {missing} is the value of {found}"
    axes.text(_LABEL + 0.08, level, sentence, va="center", weight="bold")
    return Picture(
        figure,
        f"A table with one column for each character of {stem}: value, factor, product, its two digits in "
        f"base 32 and their sum. The sums add up to {total}; {missing} more make {total + missing}, a "
        f"multiple of 32, and {missing} is the value of the check character {found}.",
    )


def _rows(steps: Sequence[Step]) -> list[tuple[str, list[str]]]:
    return [
        ("character", [step.character for step in steps]),
        ("value in the alphabet", [str(step.value) for step in steps]),
        ("factor", [f"{_TIMES} {step.factor}" for step in steps]),
        ("product", [str(step.product) for step in steps]),
        ("its two digits in base 32", [f"{step.quotient} , {step.remainder}" for step in steps]),
        ("their sum", [str(step.digit_sum) for step in steps]),
    ]


def _draw_table(axes: Axes, steps: Sequence[Step], rows: Sequence[tuple[str, list[str]]]) -> None:
    for column, step in enumerate(steps):
        corner = (_LABEL + column * _CELL, _ROW)
        ground = PALE[BLUE] if step.factor == 2 else "white"
        axes.add_patch(Rectangle(corner, _CELL, len(rows) * _ROW, facecolor=ground, edgecolor=RULE))
    last = len(rows) - 1
    for row, (name, values) in enumerate(rows):
        level = _ROW * (row + 1.5)
        axes.text(_LABEL - 0.15, level, name, ha="right", va="center", color=MUTED if row else INK)
        style = {0: _CHARACTER, last: {"weight": "bold"}}.get(row, {})
        for column, value in enumerate(values):
            axes.text(_LABEL + (column + 0.5) * _CELL, level, value, **_MIDDLE, **style)


@rc_context(STYLE)
def pair_map(
    moves: Mapping[tuple[str, str], int], *, down: str, across: str, measure: str, alt: str
) -> Picture:
    """Draw a map of all pairs of characters of the USI alphabet, with those of measure 0 marked.

    Args:
        moves: for each pair (down, across) a number from 0 to 16; pairs of equals are left grey.
        down: what the rows stand for.
        across: what the columns stand for.
        measure: what the numbers are.
        alt: the words for the picture.
    """
    figure, (axes,) = plots(1, width=7.9, height=6.8)
    field = [[moves[one, other] if one != other else nan for other in ALPHABET] for one in ALPHABET]
    # cividis runs from dark to light alike for every colour vision.
    image = axes.imshow(field, cmap="cividis", vmin=1, vmax=len(ALPHABET) // 2, interpolation="nearest")
    for place, character in enumerate(ALPHABET):
        axes.add_patch(Rectangle((place - 0.5, place - 0.5), 1, 1, facecolor=RULE))
        for column, other in enumerate(ALPHABET):
            if character != other and moves[character, other] == 0:
                axes.add_patch(Rectangle((column - 0.5, place - 0.5), 1, 1, facecolor=VERMILION))
                axes.text(column, place, _TIMES, color="white", size=10, weight="bold", **_MIDDLE)
    _draw_grid(axes)
    axes.set(xlabel=across, ylabel=down)
    bar = figure.colorbar(image, ax=axes, shrink=0.6, aspect=28, pad=0.02, ticks=[1, 4, 8, 12, 16])
    bar.set_label(measure)
    axes.legend(
        handles=[
            Patch(facecolor=VERMILION, label=f"{_TIMES} goes unnoticed"),
            Patch(facecolor=RULE, label="no change at all"),
        ],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        ncols=2,
        borderaxespad=0.2,
    )
    return Picture(figure, alt)


def _draw_grid(axes: Axes) -> None:
    places = range(len(ALPHABET))
    for set_ticks in (axes.set_xticks, axes.set_yticks):
        set_ticks(places, list(ALPHABET), size=7.5)
        set_ticks([place - 0.5 for place in places[1:]], minor=True)
    axes.grid(which="minor", color="white", linewidth=0.5)
    axes.tick_params(length=0, which="both")
    for spine in axes.spines.values():
        spine.set_visible(False)
