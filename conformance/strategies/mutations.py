"""Damage to stores: single bytes of a value, and changes of a file that know XML, base64 and ASN.1.

The engine asks a chooser for every decision, so that the same code serves a Hypothesis property, which hands
it a drawn tape, and a long fuzzing run, which hands it a seeded generator.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol.keystore import Credential

Pick = Callable[[int], int]
"""Returns a whole number from 0 up to, and without, its argument."""

FIELDS: Final = ("public_certificate", "protected_private_key", "salt", "integrity_value", "sha1_fingerprint")
"""The binary values of a credential."""


@dataclass(frozen=True)
class ByteChange:
    """One changed byte of one binary value of a credential."""

    field: str
    place: int
    """Counted from 0; beyond the end it begins again."""
    mask: int
    """Bits that are turned over, 1 to 255."""

    def of(self, credential: Credential) -> Credential:
        """Return the credential with the byte changed; its integrity value stays as it stands."""
        value = bytearray(getattr(credential, self.field))
        value[self.place % len(value)] ^= self.mask
        changed: dict[str, Any] = {self.field: bytes(value)}
        return replace(credential, **changed)


def byte_changes(*names: str) -> SearchStrategy[ByteChange]:
    """Changes of a single byte in the named binary values of a credential; one bit comes up most.

    Args:
        names: of `FIELDS`; all of them if none is given.

    Raises:
        ValueError: a name that is not one of them.
    """
    if strange := [name for name in names if name not in FIELDS]:
        raise ValueError(f"{strange[0]!r} is no binary value of a credential; there are {', '.join(FIELDS)}")
    masks = st.sampled_from([1 << bit for bit in range(8)]) | st.integers(1, 255)
    return st.builds(ByteChange, st.sampled_from(names or FIELDS), st.integers(0, 8191), masks)


@dataclass
class Tape:
    """Decisions that were drawn beforehand; after its end every decision is the first choice."""

    decisions: tuple[int, ...]
    at: int = 0

    def __call__(self, count: int) -> int:
        """Return the next decision among `count` choices."""
        number = self.decisions[self.at] if self.at < len(self.decisions) else 0
        self.at += 1
        return number % count


def tapes(*, decisions: int = 24) -> SearchStrategy[tuple[int, ...]]:
    """Tapes of decisions for `mutate_bytes` and `mutate_store`; hand each to `Tape`.

    Args:
        decisions: how many, at least 1.

    Raises:
        ValueError: fewer than one.
    """
    if decisions < 1:
        raise ValueError(f"a tape of {decisions} decisions decides nothing")
    numbers = st.integers(0, 255) | st.integers(0, 1 << 20)
    return st.lists(numbers, min_size=1, max_size=decisions).map(tuple)


# --- the file as bytes and as XML -----------------------------------------------------------------

_INSERTIONS: Final = (
    *(
        b"\0",
        b"<",
        b">",
        b"&",
        b'"',
        b"'",
        b"]]>",
        b"<!--",
        b"-->",
        b"<![CDATA[",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
    ),
    *(
        b"&#0;",
        b"&#x110000;",
        b"&undefined;",
        b"<?xml version='1.0'?>",
        b"<?pi x?>",
        b"\x80",
        b"\xed\xa0\x80",
    ),
    *(b"<!DOCTYPE x>", b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"&a;", b" xmlns='urn:other'", b"\r", b"\x1b"),
    *(b"=", b"====", b"A", b"*", b"9" * 60, b"-1", b"0x1F", b"1e9", b"NaN", b" id='x'", b"<credentials>"),
)
_VALUES: Final = (
    *("", " ", "0", "-1", "9" * 61, "1.5", "true", "\u0661\u0662", "soon", "0000-00-00T00:00:00Z", "AAAA"),
    *("2099-12-31T00:00:00Z", "2024-02-30T00:00:00Z", "10000-01-01T00:00:00Z", "2026-01-15", "A===", "=AAA"),
    *("QQ==", "QR==", "U", "' or '1'='1", "A" * 3000, "\U0001f511"),
)
_HEADS: Final = (
    *(
        "UTF-8",
        "UTF-16",
        "UTF-32",
        "UTF-7",
        "latin-1",
        "IBM037",
        "Shift_JIS",
        "ucs-4",
        "no-such-encoding",
        "",
    ),
)
_ELEMENT: Final = re.compile(rb"<([A-Za-z][A-Za-z0-9]*)(?:\s[^<>]*)?(?:/>|>[^<]*</\1>)")
_VALUE: Final = re.compile(rb'(?<=>)[^<>]+(?=</)|(?<==")[^"<]*(?=")')
_BLOB: Final = re.compile(rb'(?<=[>"])[A-Za-z0-9+/]{24,}={0,2}(?=[<"])')
_NAME: Final = re.compile(rb"(?<=[</])[A-Za-z][A-Za-z0-9]*|[A-Za-z]+(?==\")")


def mutate_bytes(data: bytes, pick: Pick) -> bytes:
    """Return a file with one to three changes made to it.

    Args:
        data: a store, or anything.
        pick: makes every decision.
    """
    for _ in range(1 + pick(3)):
        data = _CHANGES[pick(len(_CHANGES))](data, pick)
    return data


def _flip(data: bytes, pick: Pick) -> bytes:
    changed = bytearray(data or b"\0")
    for _ in range(1 + pick(3)):
        changed[pick(len(changed))] ^= 1 << pick(8)
    return bytes(changed)


def _delete(data: bytes, pick: Pick) -> bytes:
    start = pick(len(data) + 1)
    return data[:start] + data[start + 1 + pick(64) :]


def _double(data: bytes, pick: Pick) -> bytes:
    start = pick(len(data) + 1)
    return data[:start] + data[start : start + 1 + pick(400)] + data[start:]


def _insert(data: bytes, pick: Pick) -> bytes:
    start = pick(len(data) + 1)
    return data[:start] + _INSERTIONS[pick(len(_INSERTIONS))] + data[start:]


def _splice(data: bytes, pick: Pick) -> bytes:
    start, end, target = pick(len(data) + 1), 1 + pick(2000), pick(len(data) + 1)
    return data[:target] + data[start : start + end] + data[target:]


def _cut_off(data: bytes, pick: Pick) -> bytes:
    return data[: pick(len(data) + 1)]


def _element_away(data: bytes, pick: Pick) -> bytes:
    return _at(_ELEMENT, data, pick, lambda _: b"")


def _element_twice(data: bytes, pick: Pick) -> bytes:
    return _at(_ELEMENT, data, pick, lambda found: found * 2)


def _elements_swapped(data: bytes, pick: Pick) -> bytes:
    found = list(_ELEMENT.finditer(data))
    if len(found) < 2:
        return data
    first, second = sorted((found[pick(len(found))], found[pick(len(found))]), key=re.Match.start)
    if first.end() > second.start():
        return data
    middle = data[first.end() : second.start()]
    return data[: first.start()] + second[0] + middle + first[0] + data[second.end() :]


def _renamed(data: bytes, pick: Pick) -> bytes:
    names = (b"credential", b"abn", b"x", b"Credential", b"xml", b"id", b"publicCertificate", b"salt")
    return _at(_NAME, data, pick, lambda _: names[pick(len(names))])


def _other_value(data: bytes, pick: Pick) -> bytes:
    return _at(_VALUE, data, pick, lambda _: _VALUES[pick(len(_VALUES))].encode())


def _other_head(data: bytes, pick: Pick) -> bytes:
    head = f'<?xml version="1.{pick(2)}" encoding="{_HEADS[pick(len(_HEADS))]}"?>'.encode()
    return head + data[data.find(b"?>") + 2 if data.startswith(b"<?xml") else 0 :]


def _nested(data: bytes, pick: Pick) -> bytes:
    depth = 1 + pick(300)
    return _at(_ELEMENT, data, pick, lambda found: b"<e>" * depth + found + b"</e>" * depth)


def _inside_base64(data: bytes, pick: Pick) -> bytes:
    def change(found: bytes) -> bytes:
        try:
            decoded = base64.b64decode(found)
        except ValueError:
            return found
        return base64.b64encode(_inside_value(decoded, pick))

    return _at(_BLOB, data, pick, change)


def _base64_spelt_otherwise(data: bytes, pick: Pick) -> bytes:
    ways: tuple[Callable[[bytes], bytes], ...] = (
        lambda found: found.rstrip(b"="),
        lambda found: found + b"=",
        lambda found: found[:-1],
        lambda found: found.replace(b"+", b"-").replace(b"/", b"_"),
        lambda found: found[:20] + b"\n" + found[20:],
        lambda found: found[:20] + b"!" + found[20:],
        lambda found: found[:20] + b"=" + found[20:],
        lambda found: found.lower(),
    )
    return _at(_BLOB, data, pick, ways[pick(len(ways))])


def _at(shape: re.Pattern[bytes], data: bytes, pick: Pick, change: Callable[[bytes], bytes]) -> bytes:
    """Change one match of a shape; nothing where there is none."""
    found = list(shape.finditer(data))
    if not found:
        return data
    match = found[pick(len(found))]
    return data[: match.start()] + change(match[0]) + data[match.end() :]


_CHANGES: Final[tuple[Callable[[bytes, Pick], bytes], ...]] = (
    _flip,
    _delete,
    _double,
    _insert,
    _splice,
    _cut_off,
    _element_away,
    _element_twice,
    _elements_swapped,
    _renamed,
    _other_value,
    _other_head,
    _nested,
    _inside_base64,
    _base64_spelt_otherwise,
)


# --- the values of a credential -------------------------------------------------------------------


def mutate_store(credential: Credential, pick: Pick) -> Credential:
    """Return a credential with one or two of its values changed; its integrity value stays as it stands.

    Args:
        credential: as it is read.
        pick: makes every decision.
    """
    for _ in range(1 + pick(2)):
        name = FIELDS[pick(len(FIELDS))]
        value = getattr(credential, name)
        if value:
            changed: dict[str, Any] = {name: _inside_value(value, pick) or b"\0"}
            credential = replace(credential, **changed)
    return credential


def _inside_value(value: bytes, pick: Pick) -> bytes:
    return _INSIDE[pick(len(_INSIDE))](value, pick)


def _other_length(value: bytes, pick: Pick) -> bytes:
    """Change a length of an ASN.1 element, or the number of bytes that a length has."""
    places = [
        place for place, tag in enumerate(value[:-1]) if tag in (0x02, 0x03, 0x04, 0x06, 0x30, 0x31, 0xA0)
    ]
    if not places:
        return value
    place = places[pick(len(places))] + 1
    lengths = (0, 1, 0x7F, 0x80, 0x81, 0x82, 0x83, 0x84, 0x88, 0xFE, 0xFF)
    return value[:place] + bytes((lengths[pick(len(lengths))],)) + value[place + 1 :]


def _other_tag(value: bytes, pick: Pick) -> bytes:
    places = [place for place, tag in enumerate(value) if tag in (0x02, 0x03, 0x04, 0x06, 0x30, 0x31, 0xA0)]
    if not places:
        return value
    place = places[pick(len(places))]
    tags = (
        0x00,
        0x01,
        0x02,
        0x03,
        0x04,
        0x05,
        0x06,
        0x0C,
        0x13,
        0x17,
        0x1F,
        0x24,
        0x30,
        0x31,
        0xA0,
        0xBF,
        0xFF,
    )
    return value[:place] + bytes((tags[pick(len(tags))],)) + value[place + 1 :]


def _something_behind(value: bytes, pick: Pick) -> bytes:
    return value + (b"\0", b"\0\0", b"0\0", value)[pick(4)]


def _deep(value: bytes, pick: Pick) -> bytes:
    """Wrap the value into indefinite lengths, or put a staircase of them in its place."""
    depth = 1 + pick(2000)
    return b"\x30\x80" * depth + (value if pick(2) else b"") + b"\0\0" * (depth if pick(2) else 0)


_INSIDE: Final[tuple[Callable[[bytes, Pick], bytes], ...]] = (
    _flip,
    _flip,
    _delete,
    _double,
    _cut_off,
    _other_length,
    _other_tag,
    _something_behind,
    _splice,
    _deep,
)
