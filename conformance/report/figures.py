"""Dates, spans, sizes, digests and names in the form in which a report shows them."""

from datetime import datetime
from typing import Final

from conformance.model import Run

_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def moment(text: str) -> str:
    """Return an RFC 3339 text as `21 Nov 2026, 10:42 UTC`, a date as `21 Nov 2026`, others as they are."""
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        return text
    day = f"{when.day} {_MONTHS[when.month - 1]} {when.year}"
    if len(text) <= len("2026-11-21"):
        return day
    offset = when.utcoffset()
    zone = "" if offset is None else " UTC" if not offset else f" {when:%z}"
    return f"{day}, {when:%H:%M}{zone}"


def span(started: str, finished: str) -> str:
    """Return the time between two RFC 3339 texts as `48 s` or `3 min 5 s`; empty when it cannot be told."""
    try:
        seconds = (datetime.fromisoformat(finished) - datetime.fromisoformat(started)).total_seconds()
    except (ValueError, TypeError):
        return ""
    if seconds < 0:
        return ""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def milliseconds(value: float) -> str:
    """Return a span in milliseconds as `0.4 ms`, `14 ms`, `2.35 s` or `1 min 20 s`."""
    if value < 1:
        return f"{value:.1f} ms"
    if value < 1_000:
        return f"{value:.0f} ms"
    if value < 60_000:
        return f"{value / 1_000:.2f} s"
    minutes, rest = divmod(round(value / 1_000), 60)
    return f"{minutes} min {rest} s"


def size(octets: int) -> str:
    """Return a number of bytes as `812 B`, `4.1 kB` or `1.2 MB`."""
    if octets < 1_000:
        return f"{octets} B"
    if octets < 1_000_000:
        return f"{octets / 1_000:.1f} kB"
    return f"{octets / 1_000_000:.1f} MB"


def digest(text: str) -> str:
    """Return a digest short enough for one line, `sha256:9c41d07b…02f1e07b`; shorter texts as they are."""
    scheme, colon, value = text.rpartition(":")
    return f"{scheme}{colon}{value[:8]}…{value[-8:]}" if len(value) > 20 else text


def product(run: Run, otherwise: str = "unnamed implementation") -> str:
    """Return name and version of the implementation of a run, or ``otherwise`` if it did not say them."""
    who = run.implementation
    return f"{who.name} {who.version}".strip() if who else otherwise


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 case`, `3 cases`: the number and the word in agreement.

    Args:
        number: how many.
        one: the word for one.
        many: the word for all other numbers; ``one`` and an s when empty.
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}".replace(",", " ")
