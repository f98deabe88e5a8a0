"""A chart of messages: who sends what to whom, from the top to the bottom in the order of time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from conformance.pictures.canvas import COLOURS, INK, MUTED, STYLE, Picture, arrow, blank, box

_HEAD: Final = 0.74
_GROUND: Final[dict[str, Any]] = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}


@dataclass(frozen=True, slots=True)
class Passing:
    """One thing that passes from an actor to another, or that one does alone if both are the same."""

    sender: str
    receiver: str
    text: str
    detail: str = ""
    """What is worth knowing of it, in smaller type below."""
    answer: bool = False
    """Whether it answers an earlier one; drawn dashed."""

    @property
    def height(self) -> float:
        """Inches that it takes in the chart."""
        return 0.66 if self.detail else 0.48


@rc_context(STYLE)
def sequence(
    passings: Sequence[Passing], *, actors: Mapping[str, str], alt: str, width: float = 11.0
) -> Picture:
    """Draw what passes between actors.

    Args:
        passings: what passes, in the order of time.
        actors: every actor by name, from left to right, with a remark that stands below the name.
        alt: the words for the picture.
        width: of the picture, in inches.
    """
    spacing = width / len(actors)
    middle = {name: spacing * (place + 0.5) for place, name in enumerate(actors)}
    bottom = _HEAD + 0.3 + sum(passing.height for passing in passings)
    figure, axes = blank(width, bottom)
    for place, (name, remark) in enumerate(actors.items()):
        colour = COLOURS[place % len(COLOURS)]
        axes.plot([middle[name]] * 2, [_HEAD, bottom - 0.05], color=colour, lw=1.1, ls=(0, (4, 3)))
        box(axes, middle[name] - 1.0, 0.08, 2.0, _HEAD - 0.08, colour=colour)
        axes.text(middle[name], 0.29, name, weight="bold", color=colour, ha="center", va="center")
        axes.text(middle[name], 0.54, remark, size=8, ha="center", va="center")
    level = _HEAD + 0.2
    for passing in passings:
        _draw(axes, passing, middle[passing.sender], middle[passing.receiver], level)
        level += passing.height
    return Picture(figure, alt)


def _draw(axes: Axes, passing: Passing, start: float, end: float, level: float) -> None:
    small: dict[str, Any] = {"va": "center", "size": 8, "color": MUTED, "bbox": _GROUND}
    if start == end:
        axes.add_patch(Circle((start, level + 0.12), 0.055, color=INK, zorder=3))
        axes.text(start + 0.14, level + 0.12, passing.text, va="center", bbox=_GROUND)
        axes.text(start + 0.14, level + 0.31, passing.detail, **small)
        return
    middle = (start + end) / 2
    axes.text(middle, level + 0.09, passing.text, ha="center", va="center", bbox=_GROUND)
    arrow(axes, (start, level + 0.24), (end, level + 0.24), dashed=passing.answer)
    axes.text(middle, level + 0.39, passing.detail, ha="center", **small)
