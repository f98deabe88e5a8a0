"""The few ASN.1 encodings that the kit writes itself.

Definite lengths make DER; `indefinite` makes the BER form in which the real authority writes its
certificate bundles.  Reading is asn1crypto's and cryptography's business.
"""

from typing import Final

INTEGER: Final = 0x02
BIT_STRING: Final = 0x03
OCTET_STRING: Final = 0x04
NULL: Final = b"\x05\x00"
OBJECT_IDENTIFIER: Final = 0x06
UTC_TIME: Final = 0x17
SEQUENCE: Final = 0x30
SET: Final = 0x31
CONTEXT_0: Final = 0xA0
"""Context-specific tag 0, constructed: `[0]` in ASN.1 modules."""
CONTEXT_1: Final = 0xA1

_END_OF_CONTENTS: Final = b"\x00\x00"


def element(tag: int, *contents: bytes) -> bytes:
    """Return one element with a definite length (X.690, 8.1.3.3 to 8.1.3.5)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(length))) + length + content


def indefinite(tag: int, *contents: bytes) -> bytes:
    """Return one constructed element with an indefinite length (X.690, 8.1.3.6); BER, never DER."""
    return bytes((tag, 0x80)) + b"".join(contents) + _END_OF_CONTENTS


def integer(value: int) -> bytes:
    """Return a non-negative INTEGER."""
    return element(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def object_identifier(dotted: str) -> bytes:
    """Return an OBJECT IDENTIFIER, for instance of `1.2.840.113549.1.7.2`."""
    first, second, *others = map(int, dotted.split("."))
    return element(OBJECT_IDENTIFIER, *(_base_128(arc) for arc in (40 * first + second, *others)))


def _base_128(arc: int) -> bytes:
    digits = [arc & 0x7F]
    while arc := arc >> 7:
        digits.append(arc & 0x7F | 0x80)
    return bytes(reversed(digits))
