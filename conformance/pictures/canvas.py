"""What all pictures share: the palette, the type, the drawing ground, boxes and arrows.

The palette is Okabe and Ito's, darkened so that white text can stand on each colour and each can be text on
white (contrast of at least 4.5 to 1).
"""

import io
import textwrap
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.textpath import text_to_path

INK: Final = "#16202b"
MUTED: Final = "#5a6876"
RULE: Final = "#c3ccd5"
WASH: Final = "#f5f7f9"
BLUE: Final = "#006aa6"
GREEN: Final = "#007a5a"
ORANGE: Final = "#995a00"
VERMILION: Final = "#b53f00"
PURPLE: Final = "#8f4a73"
COLOURS: Final = (BLUE, ORANGE, GREEN, PURPLE, VERMILION, MUTED)
"""For outlines and for the ground of white text, in the order in which pictures use them."""
PALE: Final = {
    BLUE: "#e3eff7",
    ORANGE: "#fbf0dc",
    GREEN: "#e0f1eb",
    PURPLE: "#f5e9f0",
    VERMILION: "#fae8de",
    MUTED: WASH,
}
"""For each of `COLOURS` the ground on which text in `INK` stands."""

STYLE: Final[dict[Any, Any]] = {
    "font.family": "DejaVu Sans",  # travels with matplotlib, hence looks the same everywhere
    "font.size": 9.5,
    "text.color": INK,
    "axes.edgecolor": RULE,
    "axes.labelcolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": INK,
    "ytick.color": INK,
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
}
"""Settings of matplotlib under which every picture is drawn, whatever the reader's own are."""

_DPI: Final = 160
_SHOWN_DPI: Final = 92  # a notebook shows fewer dots than there are: sharp on every screen


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """A drawing, and the words for those who do not see it."""

    figure: Figure
    alt: str
    """What there is to see, in a sentence or two; a notebook stores it beside the picture."""

    def __repr__(self) -> str:
        """Return the words, which is what a terminal and a notebook under comparison show."""
        return textwrap.fill(f"[picture] {self.alt}", 100)

    def png(self) -> bytes:
        """Return the picture as PNG that does not name the program that drew it."""
        target = io.BytesIO()
        with rc_context(STYLE):
            self.figure.savefig(
                target, format="png", dpi=_DPI, facecolor="white", metadata={"Software": None}
            )
        return target.getvalue()

    def save(self, path: Path) -> None:
        """Write the picture to a file, as PNG."""
        path.write_bytes(self.png())

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Give Jupyter the PNG and the words; what to leave out of the two it decides itself."""
        width = round(self.figure.get_figwidth() * _SHOWN_DPI)
        return (
            {"image/png": self.png(), "text/plain": repr(self)},
            {"image/png": {"alt": self.alt, "width": width}},
        )


@rc_context(STYLE)
def plots(columns: int, *, width: float, height: float) -> tuple[Figure, list[Axes]]:
    """Return a figure with plots side by side, in the kit's style, for whatever a notebook plots itself.

    Args:
        columns: number of plots.
        width: of the whole figure, in inches.
        height: of the whole figure, in inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, [figure.add_subplot(1, columns, place + 1) for place in range(columns)]


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure and invisible axes; both measure inches from the upper left corner."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def box(
    axes: Axes, left: float, top: float, width: float, height: float, *, colour: str, dashed: bool = False
) -> None:
    """Draw a box with round corners in one of `COLOURS` on its pale ground; places and sizes in inches."""
    axes.add_patch(
        FancyBboxPatch(
            (left, top),
            width,
            height,
            boxstyle="round,pad=0,rounding_size=0.07",
            linewidth=1.2,
            edgecolor=colour,
            facecolor=PALE[colour],
            linestyle="--" if dashed else "-",
        )
    )


def arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = INK,
    dashed: bool = False,
) -> None:
    """Draw a straight arrow from one place to another."""
    axes.add_patch(
        FancyArrowPatch(
            start,
            end,
            arrowstyle="-|>",
            mutation_scale=11,
            linewidth=1.2,
            color=colour,
            linestyle="--" if dashed else "-",
            shrinkA=0,
            shrinkB=0,
        )
    )


def badge(axes: Axes, left: float, top: float, text: str, *, colour: str) -> None:
    """Draw a number in white on a filled circle whose middle is at the place given."""
    axes.add_patch(Circle((left, top), 0.125, color=colour))
    axes.text(left, top, text, color="white", weight="bold", size=8.5, ha="center", va="center_baseline")


def wrapped(text: str, inches: float, size: float) -> str:
    """Return a text broken into lines that are no wider than `inches` in type of `size` points."""
    type_face = FontProperties(family=STYLE["font.family"], size=size)
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split(" "):
            longer = f"{line} {word}".lstrip()
            width, _, _ = text_to_path.get_text_width_height_descent(longer, type_face, ismath=False)
            if line and width > inches * 72:
                lines.append(line)
                longer = word
            line = longer
        lines.append(line)
    return "\n".join(lines)
