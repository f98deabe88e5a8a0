"""Text from strangers, made safe to look at: bounded, and with everything unseen made visible.

Much of a report was written by the implementation under test, and some of that is hostile on purpose:
terminal escapes, direction overrides that reverse what a reader sees, a NUL, a megabyte of one letter,
a Cyrillic letter in a USI.  Escaping for HTML, XML or Markdown is the renderers' part and comes
afterwards; here a character that a reader could not see becomes its name in angle brackets,
`⟨ESC⟩` or `⟨U+202E⟩`.
"""

import re
import unicodedata
from typing import Final

from markupsafe import Markup, escape

LIMIT: Final = 2_000
"""Characters of a text that are shown unless a place says otherwise."""

# fmt: off
_C0_NAMES: Final = (
    "NUL", "SOH", "STX", "ETX", "EOT", "ENQ", "ACK", "BEL", "BS", "TAB", "LF", "VT", "FF", "CR", "SO", "SI",
    "DLE", "DC1", "DC2", "DC3", "DC4", "NAK", "SYN", "ETB", "CAN", "EM", "SUB", "ESC", "FS", "GS", "RS", "US",
)
# fmt: on

_UNSEEN_CLASS: Final = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # controls but tab and line feed
    "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000"  # blanks that are not the blank
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"  # joiners, marks, directions, fillers
    "\ud800-\udfff"  # halves of a pair, which no UTF-8 can hold
    "\U0001fffe\U0001ffff\U000e0000-\U000e0fff\U0010fffe\U0010ffff"
)
_UNSEEN: Final = re.compile(f"([{_UNSEEN_CLASS}])\\1*")

_LOOK_ALIKE_CLASS: Final = (
    "\u0370-\u03ff\u0400-\u052f\u13a0-\u13ff\u2100-\u214f\uff01-\uff5e\U0001d400-\U0001d7ff"
)
_REMARKABLE: Final = re.compile(f"([{_UNSEEN_CLASS}])\\1*|([{_LOOK_ALIKE_CLASS}])")

_CODE: Final = re.compile("`([^`<>]+)`")

_CHIPS: Final = 200
"""How many characters of one text are explained in full; the rest is only made visible."""


def bounded(text: str, limit: int = LIMIT) -> str:
    """Return ``text`` if it has at most ``limit`` characters, else its head and tail and the loss between."""
    if len(text) <= limit:
        return text
    tail = limit // 4
    head = limit - tail
    dropped = f"{len(text) - limit:,}".replace(",", " ")
    return f"{text[:head]} … {dropped} more characters … {text[len(text) - tail :]}"


def visible(text: str, limit: int = LIMIT, *, look_alikes: bool = False) -> str:
    """Return ``text`` bounded, with every unseen character as its name in angle brackets.

    Tabs and line feeds stay.  A CRLF counts as a line feed.  A run of one unseen character is named once
    and counted.

    Args:
        text: anything, lone surrogates included.
        limit: characters kept, before names are put in.
        look_alikes: also write the code point behind letters that pass for Latin ones.
    """
    text = bounded(text, limit)
    if _is_plain(text):
        return text
    text = text.replace("\r\n", "\n")
    if look_alikes:
        return _REMARKABLE.sub(lambda found: found[0] + _name(found[2]) if found[2] else _run(found), text)
    return _UNSEEN.sub(_run, text)


def one_line(text: str, limit: int = LIMIT, *, look_alikes: bool = False) -> str:
    """Return ``text`` as `visible` does, on one line: line feeds become `⏎`, other blanks one blank."""
    seen = visible(text, limit, look_alikes=look_alikes)
    if seen.isprintable() and "  " not in seen:
        return seen.strip()
    lines = seen.strip().splitlines()
    return " ⏎ ".join(" ".join(line.split()) for line in lines)


def headline(text: str, limit: int) -> str:
    """Return the beginning of ``text`` on one line of at most ``limit`` characters, cut between words."""
    line = one_line(text[: 2 * limit])
    if len(line) <= limit and len(text) <= 2 * limit:
        return line
    kept = line[: limit - 1]
    return (kept.rpartition(" ")[0] if " " in kept[limit // 2 :] else kept) + "…"


def shown(text: str, limit: int = LIMIT) -> Markup:
    """Return ``text`` for HTML, bounded and escaped, with unseen and look-alike characters explained.

    For the inside of an element only; an attribute takes `visible`.
    """
    text = bounded(text, limit)
    if _is_plain(text):
        return escape(text)
    text = text.replace("\r\n", "\n")
    parts: list[str] = []
    position = 0
    for count, found in enumerate(_REMARKABLE.finditer(text)):
        parts.append(escape(text[position : found.start()]))
        position = found.end()
        face = found[0] + _name(found[2]) if found[2] else _run(found)
        if count < _CHIPS:
            title = escape(_title(found[1] or found[2]))
            face = f'<span class="u" title="{title}">{escape(face)}</span>'
        parts.append(face)
    parts.append(escape(text[position:]))
    return Markup("".join(parts))  # noqa: S704 - every part is escaped above


def worded(text: str, limit: int = LIMIT) -> Markup:
    """Return a sentence of the catalogue for HTML: as `shown`, with what stands in back-quotes as code."""
    escaped = str(shown(text, limit))
    return Markup(_CODE.sub(r"<code>\1</code>", escaped))  # noqa: S704 - escaped in the line above


def _is_plain(text: str) -> bool:
    """Whether there is nothing to explain: ASCII, and of what cannot be printed only tabs and line feeds."""
    return text.isascii() and (text.isprintable() or text.replace("\n", "").replace("\t", "").isprintable())


def _run(found: re.Match[str]) -> str:
    name = _name(found[1])
    return name if len(found[0]) == 1 else f"{name}*{len(found[0])}"


def _name(character: str) -> str:
    code = ord(character)
    if code < len(_C0_NAMES):
        return f"⟨{_C0_NAMES[code]}⟩"
    return f"⟨U+{code:04X}⟩"


def _title(character: str) -> str:
    code = ord(character)
    name = _C0_NAMES[code] if code < len(_C0_NAMES) else unicodedata.name(character, "")
    return f"U+{code:04X} {name}".rstrip()
