"""The steps from a healthy store to one that deviates: whom it concerns, what is changed, and when."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from conformance.errors import KitError
from conformance.protocol.keystore import Credential, Store
from conformance.simulators.authority import Authority, MachineCredential
from conformance.simulators.stores import Generation

HOUR: Final = 3600
DAY: Final = 24 * HOUR
HEAD: Final = r"(<\?xml[^>]*\?>\n)"
FUTURE: Final = "2099-12-31T00:00:00Z"
PAST: Final = "2001-01-01T00:00:00Z"


@dataclass(frozen=True)
class Making:
    """What is at hand while a store is made."""

    authority: Authority
    moment: datetime
    writer: Generation
    issued: MachineCredential
    """The credential of `MACHINE_1`."""
    password: str


@dataclass(frozen=True)
class Deviation:
    """One way in which a store is not healthy.  Every step left out does nothing."""

    issue: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `Authority.machine_credential`; dates as seconds from the moment."""
    enter: Callable[[Credential, Making], Credential] | None = None
    """Changes the entry before its integrity value is computed, so that this value is right."""
    tamper: Callable[[Credential, Making], Credential] | None = None
    """Changes the entry afterwards, so that the integrity value is stale."""
    arrange: Callable[[Store], Store] | None = None
    """Changes the store around the entries."""
    spell: Callable[[bytes], bytes] | None = None
    """Changes the bytes of the file."""


def changed(**fields: object) -> Callable[[Credential, Making], Credential]:
    """Return the step that gives fields of the entry other values."""
    values: dict[str, Any] = fields
    return lambda entry, _: replace(entry, **values)


def flipped(name: str, place: int) -> Callable[[Credential, Making], Credential]:
    """Return the step that changes one bit of a binary field, in the byte at `place`."""

    def flip(entry: Credential, _: Making) -> Credential:
        value = bytearray(getattr(entry, name))
        value[place] ^= 1
        changed: dict[str, Any] = {name: bytes(value)}
        return replace(entry, **changed)

    return flip


def replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return the step that rewrites the text of the file by a regular expression, once, and insists on it."""

    def spell(data: bytes) -> bytes:
        text, count = re.subn(old, new, data.decode(), count=1)
        if count != 1:
            raise KitError("a deviation does not fit the file that it is made for", found=old)
        return text.encode()

    return spell


def everywhere(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return the step that rewrites every match of a regular expression."""
    return lambda data: re.sub(old, new, data.decode()).encode()


def lacking(element: str, **fields: object) -> Deviation:
    """Return the deviation that a child is missing, the integrity value being right for its absence."""
    return Deviation(
        enter=changed(**fields) if fields else None,
        spell=replaced(rf" *<{element}(/>|>[^<]*</{element}>)\n", ""),
    )


def constant(data: bytes) -> Deviation:
    """Return the deviation that the file holds something else altogether."""
    return Deviation(spell=lambda _: data)
