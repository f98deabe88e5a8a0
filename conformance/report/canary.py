"""Keeps secrets out of a report: takes them out of records before they are written, and looks for them after.

A product may put a proof key or its keystore's password into an error text, and the kit quotes error texts.
A text that holds a secret, in any form that `conformance.protocol.secrets` knows, is replaced by a mark that
names the secret and never shows it.  Whatever a finished file still holds is the kit's own mistake.
"""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final, TypeVar

import msgspec

from conformance.model import Record
from conformance.protocol.secrets import Find, Search, Secret

LEAST_TEXT: Final = 6
"""Characters of the shortest password or name that is looked for; shorter ones stand in many words."""
LEAST_BYTES: Final = 12
"""Bytes of the shortest key that is looked for."""
LEAST_VARIETY: Final = 8
"""Different bytes in the plainest key that is looked for: sixteen zeros stand everywhere."""

_SHIPPED: Final = (".py", ".toml", ".html", ".css")
_OWN: Final = frozenset(
    {"requirement", "case", "status", "level", "subcode", "blame", "severity", "code", "id", "schema"}
    | {"started", "finished", "date", "added", "expires", "not_before", "not_after", "valid_until"}
    | {"kit_version", "catalogue_digest", "vectors_digest"}
)
"""Fields whose values are the kit's own, or dates that readers take apart; nothing that a product says."""

R = TypeVar("R", bound=Record)


class Guard:
    """Knows the secrets of a run, and keeps them out of what is written."""

    def __init__(self, secrets: Mapping[str, Secret] = MappingProxyType({})) -> None:
        self.secrets: dict[str, Secret] = {}
        """What is looked for, by what it is in words."""
        self._search = Search()
        self._considered: set[str] = set()
        self.learn(secrets)

    def learn(self, secrets: Mapping[str, Secret]) -> None:
        """Look for these as well, but for what could not be told from other text.

        Passed over is what is too short, too plain, or a word of the kit's own: a password that everybody
        knows from its samples.

        Args:
            secrets: what each is in words, and the secret.
        """
        new = {
            what: secret
            for what, secret in secrets.items()
            if what not in self._considered and _telling(secret) and not _published(secret)
        }
        self._considered.update(secrets)
        self.secrets |= new
        self._search.add(new)

    def find(self, content: bytes | str) -> Find | None:
        """Return a secret that stands in a text or in the bytes of a file, or None."""
        return self._search.first(content) if self.secrets else None

    def cleaned(self, record: R) -> R:
        """Return a record without secrets: the same one where it has none."""
        if not self.secrets or self.find(_json(record)) is None:
            return record
        return msgspec.convert(self._without(msgspec.to_builtins(record)), type(record))

    def _without(self, value: Any) -> Any:  # noqa: ANN401 - any JSON value
        if isinstance(value, str):
            return self._text_without(value)
        if isinstance(value, dict):
            return {key: each if key in _OWN else self._without(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._without(each) for each in value]
        return value

    def _text_without(self, text: str) -> str:
        found = self.find(text)
        tried: set[str] = set()
        while found is not None and found.what not in tried:
            tried.add(found.what)
            for form in _plain(self.secrets[found.what]):
                text = text.replace(form, f"[removed: {found.what}]")
            found = self.find(text)
        # In another form nobody knows where it begins and ends.
        return text if found is None else f"[removed, for it held {found.what} {found.form}]"


def _telling(secret: Secret) -> bool:
    if isinstance(secret, str):
        return len(secret) >= LEAST_TEXT
    if isinstance(secret, bytes):
        return len(secret) >= LEAST_BYTES and len(set(secret)) >= LEAST_VARIETY
    return secret.bit_length() >= 8 * LEAST_BYTES


def _plain(secret: Secret) -> Iterator[str]:
    """Yield the forms in which a secret most often stands in a text."""
    if isinstance(secret, bytes):
        yield b64encode(secret).decode()
        yield secret.hex()
        yield secret.hex().upper()
    else:
        yield str(secret)


def _published(secret: Secret) -> bool:
    """Whether a secret is a text that the kit itself ships."""
    if isinstance(secret, bytes):
        return secret.isascii() and secret.decode().isprintable() and secret in _shipped()
    return isinstance(secret, str) and secret.encode("utf-8", "surrogatepass") in _shipped()


@cache
def _shipped() -> bytes:
    return b"\n".join(_texts_in(files("conformance")))


def _texts_in(folder: Traversable) -> Iterator[bytes]:
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _texts_in(entry)
        elif entry.name.endswith(_SHIPPED):
            yield entry.read_bytes()


def _json(record: Record) -> bytes:
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:  # half of a surrogate pair, out of a harness's own escapes
        return repr(msgspec.to_builtins(record)).encode("ascii", "backslashreplace")
