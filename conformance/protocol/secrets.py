"""Finding secrets in bytes, in whatever form they were left there.

Pure: a secret and a haystack go in, the place of the first find comes out.  A haystack is looked at in a few
views (as it is, percent-decoded, letters and digits only, hexadecimal digits only), so that line wraps,
separators and PEM armour need no form of their own.  Every form is long enough that chance does not produce
it: a form that would be short is not looked for, and an accusation is never a guess.
"""

import base64
import html
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, quote_plus

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

Secret = str | bytes | int
"""A password, bytes (of a key, for instance), or one of the numbers of a key."""

SECRET_LEAVES: Final = (
    "BinarySecret",
    "CipherValue",
    "Password",
    "PrivateKey",
    "ProtectedPrivateKey",
    "Nonce",
)
"""Local names of elements whose text is secret, in any namespace and any case."""
SECRET_TREES: Final = ("Assertion", "DVSDocument")
"""Local names of elements whose whole content is secret, in any namespace and any case."""

LEAST_COMPACT: Final = 12
"""Letters and digits of the shortest form that is looked for in a view without separators: 71 random bits."""
LEAST_HEX: Final = 16
"""Digits of the shortest hexadecimal form: 64 bits."""
LEAST_HALF: Final = 8
"""Characters of the shortest half of a split secret; the other half must stand near it."""
NEAR: Final = 256
"""Bytes within which the two halves of a secret belong together."""
SAMPLE: Final = 32
"""Bytes of a key's number whose appearance gives the number away."""

_BLOCK: Final = 8
"""Bytes of a block by which long forms are looked up, so that thousands cost hardly more than a few; it is a
machine word, and kept as a number."""
_TRIES: Final = 1000
"""Places of a first half that are looked at."""
_ALNUM: Final = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
_NOT_ALNUM: Final = bytes(sorted(set(range(256)) - _ALNUM))
_NOT_HEX: Final = bytes(sorted(set(range(256)) - frozenset(b"0123456789abcdef")))
# Every alternative begins with a letter of its own: only then does the engine skip what cannot match.
_BREAKS: Final = re.compile(rb"\\\\*[nrt]|\\\\*u000[9aAdD]|&#(?:x[9aAdD]|9|10|13);|%0[9aAdD]")
"""White space as JSON, XML and URLs write it: its letters must not stay behind when separators go."""
_ESCAPED: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_HEX_MARKS: Final = re.compile(rb"\\\\*[xX]|0[xX]|&#[xX]|%")


@dataclass(frozen=True, slots=True)
class Find:
    """A secret that was found."""

    what: str
    """The name of the secret; never the secret itself."""
    form: str
    """How it stood there, in words."""


@dataclass(frozen=True, slots=True)
class _Form:
    """One form of one secret and the view in which it is looked for."""

    what: str
    form: str
    view: str
    needle: bytes


class Search:
    """Looks for a set of secrets, a few or thousands."""

    def __init__(self, secrets: Mapping[str, Secret] = MappingProxyType({})) -> None:
        """Work out every form.

        Args:
            secrets: what each is in words, and the secret.  Empty ones are passed over.
        """
        self._known: set[tuple[str, bytes]] = set()
        self._short: list[_Form] = []
        self._long: dict[str, dict[int, list[_Form]]] = {}
        """View -> block -> forms that have it at one of their first places."""
        self._halves: list[tuple[str, bytes, bytes]] = []
        self.add(secrets)

    def add(self, secrets: Mapping[str, Secret]) -> None:
        """Look for these as well; arguments as of the constructor."""
        for what, secret in secrets.items():
            for form in _forms(what, secret):
                needle = form.needle
                if not needle or (form.view, needle) in self._known:
                    continue
                self._known.add((form.view, needle))
                if len(needle) < 2 * _BLOCK - 1:
                    self._short.append(form)
                    continue
                # Wherever it stands, one of the blocks into which its view falls begins at one of these.
                index = self._long.setdefault(form.view, {})
                for start in range(_BLOCK):
                    block = int.from_bytes(needle[start : start + _BLOCK], sys.byteorder)
                    index.setdefault(block, []).append(form)
            self._halves += _halves(what, secret)

    def first(self, data: bytes | str) -> Find | None:
        """Return a find in a haystack, or None.

        Args:
            data: a text, or the bytes of a file in whatever encoding.
        """
        views = _views(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
        for form in self._short:
            if form.needle in views[form.view]:
                return Find(form.what, form.form)
        for view, index in self._long.items():
            content = views[view]
            for block in index.keys() & _every_block(content):
                for form in index[block]:
                    if form.needle in content:
                        return Find(form.what, form.form)
        for what, first, second in self._halves:
            if any(_stand_near(views[view], first, second) for view in ("text", "unquoted")):
                return Find(what, "in two halves")
        return None


def _every_block(content: bytes) -> set[int]:
    """Return the blocks into which a view falls, whatever is left over at its end not among them."""
    whole = len(content) // _BLOCK * _BLOCK
    return set(memoryview(content)[:whole].cast("Q"))


def of_key(key: RSAPrivateKey) -> dict[str, Secret]:
    """Return what appears only where a private key was told: samples of its numbers, by name.

    The numbers stand as they are in PKCS#1, PKCS#8 and PKCS#12 once decrypted; half a number is enough.
    """
    numbers = key.private_numbers()
    found: dict[str, Secret] = {}
    for name, number in (("d", numbers.d), ("p", numbers.p), ("q", numbers.q)):
        data = number.to_bytes((number.bit_length() + 7) // 8)
        found[f"the private key (beginning of {name})"] = data[:SAMPLE]
        found[f"the private key (end of {name})"] = data[-SAMPLE:]
        found[f"the private key ({name})"] = number
    return found


def _forms(what: str, secret: Secret) -> Iterator[_Form]:
    if isinstance(secret, int):
        yield _Form(what, "in decimal", "compact", _long_enough(str(secret).encode(), LEAST_COMPACT))
        return
    if isinstance(secret, str):
        data = secret.encode("utf-8", "surrogatepass")
        yield from _text_forms(what, secret)
        spellings = {"": data, " of UTF-16": secret.encode("utf-16-le", "surrogatepass")}
    else:
        data = secret
        yield _Form(what, "as it is", "raw", data)
        spellings = {"": data}
    yield _Form(what, "backwards", "raw", data[::-1])
    for of, spelt in spellings.items():
        for backwards, encoded in (("", spelt), (", backwards", spelt[::-1])):
            for form in _base64(encoded):
                yield _Form(what, f"in base64{of}{backwards}", "compact", form)
            digits = encoded.hex().encode()
            yield _Form(what, f"in hex{of}{backwards}", "hex", _long_enough(digits, LEAST_HEX))
    for numbers in (data, [byte - 256 if byte > 127 else byte for byte in data]):
        listed = "".join(str(abs(number)) for number in numbers).encode()
        yield _Form(what, "as a list of numbers", "compact", _long_enough(listed, 2 * LEAST_COMPACT))


def _text_forms(what: str, secret: str) -> Iterator[_Form]:
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        form = "as it is" if encoding == "utf-8" else "in UTF-16"
        yield _Form(what, form, "raw", secret.encode(encoding, "surrogatepass"))
        yield _Form(what, f"{form}, backwards", "raw", secret[::-1].encode(encoding, "surrogatepass"))
    escaped = {
        "URL-encoded": (quote(secret, safe="", errors="replace"), quote_plus(secret, errors="replace")),
        "escaped": (html.escape(secret), json.dumps(secret)[1:-1], json.dumps(secret[::-1])[1:-1]),
    }
    for form, texts in escaped.items():
        for text in texts:
            yield _Form(what, form, "text", text.encode("utf-8", "surrogatepass"))
    yield _Form(what, "URL-encoded", "unquoted", secret.encode("utf-8", "surrogatepass"))
    compact = secret.encode("utf-8", "surrogatepass").translate(None, _NOT_ALNUM)
    if len(compact) >= LEAST_COMPACT:
        yield _Form(what, "with separators in it", "compact", compact)
        yield _Form(what, "backwards, with separators in it", "compact", compact[::-1])


def _base64(data: bytes) -> Iterator[bytes]:
    """Give the letters and digits that base64 of any text with these bytes in it must hold.

    Base64 of the same bytes differs by where they begin, three ways; what the neighbours decide is cut off.
    """
    for offset in range(3):
        padded = bytes(offset) + data + bytes(-(offset + len(data)) % 3)
        encoded = base64.b64encode(padded)
        start = -(-offset * 8 // 6)
        end = (offset + len(data)) * 8 // 6
        yield _long_enough(encoded[start:end].translate(None, _NOT_ALNUM), LEAST_COMPACT)


def _long_enough(needle: bytes, least: int) -> bytes:
    return needle if len(needle) >= least else b""


def _halves(what: str, secret: Secret) -> Iterator[tuple[str, bytes, bytes]]:
    if isinstance(secret, str) and len(secret) >= 2 * LEAST_HALF:
        middle = len(secret) // 2
        first, second = (half.encode("utf-8", "surrogatepass") for half in (secret[:middle], secret[middle:]))
        yield what, first, second


def _stand_near(data: bytes, first: bytes, second: bytes) -> bool:
    for at in _places(data, first):
        around = data[max(0, at - NEAR - len(second)) : at + len(first) + NEAR + len(second)]
        if second in around:
            return True
    return False


def _places(data: bytes, part: bytes) -> Iterable[int]:
    at = -1
    for _ in range(_TRIES):
        at = data.find(part, at + 1)
        if at < 0:
            return
        yield at


def _views(data: bytes) -> dict[str, bytes]:
    """Return the haystack in every view."""
    text = data.replace(b"\0", b"")  # UTF-16 of ASCII without its zeros is ASCII
    return {
        "raw": data,
        "text": text,
        "unquoted": _ESCAPED.sub(lambda match: bytes.fromhex(match[1].decode()), text),
        "compact": _BREAKS.sub(b"", text).translate(None, _NOT_ALNUM),
        "hex": _HEX_MARKS.sub(b"", text).lower().translate(None, _NOT_HEX),
    }
