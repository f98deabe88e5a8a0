"""The bytes behind a finding, as a hex dump: what was digested, where a digest differs.

The bytes come as base64 in `model.Finding.octets`, bounded by whoever made the finding.
"""

import base64
import binascii
from dataclasses import dataclass
from typing import Final

SHOWN: Final = 1_024
"""Bytes that a dump shows; the evidence file has all that were kept."""

_WIDTH: Final = 16


@dataclass(frozen=True)
class Dump:
    """Bytes as they are shown."""

    text: str
    """A line per sixteen bytes: the place, the bytes in hex, and what of them is printable ASCII."""
    size: int
    """How many bytes there are."""
    unshown: int


def dump(octets: str, limit: int = SHOWN) -> Dump | None:
    """Return the hex dump of ``octets``, or None where they are no base64.

    Args:
        octets: base64 (RFC 4648, section 4), with or without line breaks.
        limit: bytes that are shown.
    """
    try:
        content = base64.b64decode("".join(octets.split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    shown = content[:limit]
    lines = (_line(place, shown[place : place + _WIDTH]) for place in range(0, len(shown), _WIDTH))
    return Dump("\n".join(lines), len(content), len(content) - len(shown))


def _line(place: int, octets: bytes) -> str:
    half = _WIDTH // 2
    left, right = octets[:half].hex(" "), octets[half:].hex(" ")
    seen = "".join(chr(each) if 0x20 <= each < 0x7F else "." for each in octets)
    return f"{place:04x}  {left:<{3 * half - 1}}  {right:<{3 * half - 1}}  {seen}"
