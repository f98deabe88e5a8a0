"""What lies in encoded bytes: an outline of ASN.1 elements, and fields that are joined without separators."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import parser
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conformance.pictures.canvas import (
    BLUE,
    COLOURS,
    INK,
    MUTED,
    ORANGE,
    PALE,
    RULE,
    STYLE,
    Picture,
    blank,
    wrapped,
)

_ROW: Final = 0.29
_INDENT: Final = 0.3
_OFFSET: Final = 0.62
"""Width of the column of offsets."""
_BYTES: Final[dict[str, Any]] = {"family": "DejaVu Sans Mono", "size": 8.5, "va": "center_baseline"}
_TYPES: Final = {
    2: "INTEGER",
    3: "BIT STRING",
    4: "OCTET STRING",
    5: "NULL",
    6: "OBJECT IDENTIFIER",
    12: "UTF8String",
    16: "SEQUENCE",
    17: "SET",
    19: "PrintableString",
    23: "UTCTime",
}
_END: Final = b"\0\0"


@dataclass(frozen=True, slots=True)
class _Element:
    """One element of an encoding."""

    path: str
    """Places among siblings from the outside inwards: `1.0.3`; empty for the whole."""
    offset: int
    header: bytes
    """Tag and length, as they stand."""
    content: bytes
    name: str
    """Its type in words."""
    open: bool
    """Whether its length is left open (X.690, 8.1.3.6) and two zero bytes end it."""

    @property
    def depth(self) -> int:
        return len(self.path.split(".")) if self.path else 0

    @property
    def last(self) -> int:
        """Offset of the two zero bytes that end it, where they do."""
        return self.offset + len(self.header) + len(self.content)


@rc_context(STYLE)
def outline(data: bytes, meanings: Mapping[str, str], *, alt: str, width: float = 9.6) -> Picture:
    """Draw elements of an ASN.1 encoding as boxes within boxes; dashed are those whose length is left open.

    Args:
        data: one element in BER or DER.
        meanings: which elements are shown, and what each means: by its path, the places among siblings from
            the outside inwards, counted from 0: `""` is the whole, `"1.0"` the first child of its second.
        alt: the words for the picture.
        width: of the picture, in inches.

    Raises:
        ValueError: `data` is not one element, or has no element at a path.
    """
    shown = [element for element in _walk(data, "", 0) if element.path in meanings]
    if unknown := set(meanings) - {element.path for element in shown}:
        raise ValueError(f"there is no element at {', '.join(sorted(unknown))}")
    lines = _lines(shown)
    figure, axes = blank(width, 0.3 + _ROW * (len(lines) + 0.5))
    axes.text(_OFFSET - 0.12, 0.16, "byte", ha="right", va="center", size=8.5, color=MUTED)
    axes.text(_OFFSET + 0.1, 0.16, "tag and length", va="center", size=8.5, color=MUTED)
    axes.text(width * 0.34, 0.16, "what it is", va="center", size=8.5, color=MUTED)
    for element in shown:
        inside = [place for place, (other, _) in enumerate(lines) if _within(other.path, element.path)]
        _draw_frame(axes, element, min(inside), max(inside), width)
    for place, (element, ends) in enumerate(lines):
        level = 0.3 + _ROW * (place + 0.5)
        offset = element.last if ends else element.offset
        axes.text(_OFFSET - 0.12, level, str(offset), ha="right", color=MUTED, **_BYTES)
        written = (_END if ends else element.header).hex(" ")
        axes.text(_OFFSET + 0.1 + _INDENT * element.depth, level, written, weight="bold", **_BYTES)
        words = f"ends the {element.name} of byte {element.offset}" if ends else _words(element, meanings)
        axes.text(width * 0.34, level, words, va="center_baseline", size=8.5, color=MUTED if ends else INK)
    return Picture(figure, alt)


def _walk(data: bytes, path: str, offset: int) -> Iterator[_Element]:
    """Yield an element and all below it, in the order of the bytes."""
    class_, constructed, tag, header, content, trailer = parser.parse(data, strict=True)
    name = _TYPES.get(tag, f"type {tag}") if class_ == 0 else f"[{tag}]"
    yield _Element(path, offset, header, content, name, open=bool(trailer))
    start, place = 0, 0
    while constructed and start < len(content):
        size = sum(map(len, parser.parse(content[start:])[3:]))
        inner = f"{path}.{place}".lstrip(".")
        yield from _walk(content[start : start + size], inner, offset + len(header) + start)
        start, place = start + size, place + 1


def _lines(shown: Sequence[_Element]) -> list[tuple[_Element, bool]]:
    """Return what stands on each line: an element's beginning (False) or its two zero bytes (True)."""
    lines: list[tuple[_Element, bool]] = []
    unfinished: list[_Element] = []
    for element in shown:
        while unfinished and not _within(element.path, unfinished[-1].path):
            lines.append((unfinished.pop(), True))
        lines.append((element, False))
        if element.open:
            unfinished.append(element)
    return lines + [(element, True) for element in reversed(unfinished)]


def _within(path: str, outer: str) -> bool:
    return not outer or path == outer or path.startswith(f"{outer}.")


def _words(element: _Element, meanings: Mapping[str, str]) -> str:
    size = len(element.content)
    length = "length left open" if element.open else "1 byte" if size == 1 else f"{size} bytes"
    return "  ·  ".join(filter(None, (f"{element.name}, {length}", meanings[element.path])))


def _draw_frame(axes: Axes, element: _Element, first: int, last: int, width: float) -> None:
    colour = ORANGE if element.open else BLUE
    left = _OFFSET + _INDENT * element.depth
    margin = 0.07 * element.depth
    axes.add_patch(
        Rectangle(
            (left, 0.3 + _ROW * first + 0.02),
            width - left - 0.06 - margin,
            _ROW * (last - first + 1) - 0.04,
            facecolor=PALE[colour] if element.depth % 2 == 0 else "white",
            edgecolor=colour,
            linewidth=1.0,
            linestyle="--" if element.open else "-",
        )
    )


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parts that are joined."""

    name: str
    text: str
    """What is shown of it; may be shorter than what it holds."""
    size: int
    """Bytes that it holds."""


@rc_context(STYLE)
def joined(rows: Mapping[str, Sequence[Part]], *, alt: str, width: float = 11.0) -> Picture:
    """Draw parts that follow each other with nothing between them, one strip for each row.

    Args:
        rows: title of each strip, and its parts from left to right.
        alt: the words for the picture.
        width: of the picture, in inches.
    """
    each = 1.0
    figure, axes = blank(width, 0.1 + each * len(rows))
    for row, (title, parts) in enumerate(rows.items()):
        top = 0.1 + row * each
        axes.text(0.1, top + 0.12, title, size=9, weight="bold", va="center")
        widths = [max(0.34, 0.16 + 0.088 * max(len(part.text), len(part.name) * 0.82)) for part in parts]
        scale = min(1.0, (width - 0.2) / sum(widths))
        left = 0.1
        for place, (part, natural) in enumerate(zip(parts, widths, strict=True)):
            colour = COLOURS[place % len(COLOURS)]
            size = natural * scale
            axes.add_patch(Rectangle((left, top + 0.26), size, 0.34, facecolor=PALE[colour], edgecolor=RULE))
            middle = left + size / 2
            axes.text(middle, top + 0.43, part.text, ha="center", **_BYTES)
            below = wrapped(f"{part.name}\n{part.size}", max(size, 0.5), 7.5)
            axes.text(middle, top + 0.64, below, ha="center", va="top", size=7.5, color=MUTED)
            left += size
    return Picture(figure, alt)
