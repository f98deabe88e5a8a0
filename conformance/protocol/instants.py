"""Moments as the two services write them: xs:dateTime in UTC with `Z`, 0 to 7 digits of a second's fraction.

.NET writes seven digits, the official Java sample none, most others three.  `+00:00` means the same as `Z`
but is not what the services are known to accept, so it is told apart from a text that is no moment at all.
"""

import re
from datetime import UTC, datetime
from typing import Final

_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,7})?(Z|[+-]\d\d:\d\d)?", re.ASCII)


class InstantError(ValueError):
    """A text that is not a moment in UTC as these services write it."""


def read(text: str) -> datetime:
    """Return the moment, UTC; a seventh digit of the fraction is dropped, since `datetime` has six.

    Raises:
        InstantError: not an xs:dateTime of this form, an offset instead of `Z`, or no zone at all.
    """
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise InstantError(f"{text[:40]!r} is not a date and time such as 2026-11-21T10:42:00.000Z")
    zone = match[1]
    if zone is None:
        raise InstantError(f"{text} names no time zone")
    if zone != "Z":
        raise InstantError(f"{text} has the offset {zone} instead of Z")
    try:
        return datetime.fromisoformat(text)
    except ValueError as error:
        raise InstantError(f"{text} is not a date and time of the calendar") from error


def write(moment: datetime) -> str:
    """Return a moment with three digits of the fraction: `2026-11-21T10:42:00.000Z`.

    Args:
        moment: aware, any zone; what is beyond milliseconds is dropped.

    Raises:
        ValueError: it is not aware.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a zone cannot be written")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
