"""Writing a store in the spelling of each published writer."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from conformance.protocol.keystore.records import BINARIES, NAMESPACE, TEXTS, Credential, Store


@dataclass(frozen=True)
class Style:
    """How a writer spells a store.  All styles say the same; a reader must take every one."""

    declaration: str
    """The XML declaration."""
    attributes: tuple[str, ...]
    """The attributes of a credential, in their order."""
    line_end: str = "\n"
    empty: str = "/>"
    """How an empty element ends."""
    namespaces: str = ""
    """Declarations on the root besides the store's own, each with a blank before it."""


_BINDING_ORDER: Final = ("integrityValue", "credentialType", "id", "credentialSalt")
_SERIALIZER_ORDER: Final = ("id", "credentialType", "credentialSalt", "integrityValue")
_ALPHABETICAL: Final = ("credentialSalt", "credentialType", "id", "integrityValue")
_STANDALONE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NOT_STANDALONE: Final = '<?xml version="1.0" encoding="UTF-8" standalone="no"?>'
_SCHEMA_NAMESPACES: Final = (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)

STYLES: Final = {
    "jaxb-2019": Style(_STANDALONE, _BINDING_ORDER, line_end="\r\n"),
    "jaxb-2021": Style(_STANDALONE, _BINDING_ORDER),
    "dotnet-2020": Style(
        '<?xml version="1.0"?>',
        _SERIALIZER_ORDER,
        line_end="\r\n",
        empty=" />",
        namespaces=_SCHEMA_NAMESPACES,
    ),
    "dom-2025": Style(_NOT_STANDALONE, _ALPHABETICAL),
}
"""The published writers by generation."""

_ESCAPES: Final = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)


def write(store: Store, style: str | Style = "dom-2025") -> bytes:
    """Write a store, in UTF-8.  `read` returns what was written.

    Args:
        store: written as it stands; integrity values are not recomputed.
        style: a name in `STYLES`, or a style.

    Raises:
        ValueError: there is no style of that name.
    """
    if isinstance(style, str):
        if style not in STYLES:
            raise ValueError(f"no style is called {style!r}; there are {', '.join(STYLES)}")
        style = STYLES[style]
    return style.line_end.join((style.declaration, *_lines(store, style), "")).encode()


def _lines(store: Store, style: Style) -> Iterator[str]:
    yield f'<credentialStore{style.namespaces} xmlns="{NAMESPACE}">'
    yield _line(1, "salt", _encode(store.salt), style)
    if store.check_value is not None:
        yield _line(1, "checkValue", _encode(store.check_value), style)
    if store.credentials:
        yield "  <credentials>"
        for credential in store.credentials:
            yield from _credential_lines(credential, style)
        yield "  </credentials>"
    else:
        yield _line(1, "credentials", "", style)
    if store.extensions:
        yield store.extensions.decode()
    yield "</credentialStore>"


def _credential_lines(credential: Credential, style: Style) -> Iterator[str]:
    values = {
        "id": credential.id,
        "credentialType": credential.credential_type,
        "credentialSalt": None if credential.salt is None else _encode(credential.salt),
        "integrityValue": None if credential.integrity_value is None else _encode(credential.integrity_value),
    }
    attributes = ((name, values[name]) for name in style.attributes)
    written = (f'{name}="{value.translate(_ESCAPES)}"' for name, value in attributes if value is not None)
    yield f"    <credential {' '.join(written)}>"
    for name, attribute in TEXTS.items():
        yield _line(3, name, getattr(credential, attribute), style)
    for name, attribute in BINARIES.items():
        yield _line(3, name, _encode(getattr(credential, attribute)), style)
    if credential.extensions:
        yield credential.extensions.decode()
    yield "    </credential>"


def _line(depth: int, name: str, text: str, style: Style) -> str:
    indent = "  " * depth
    return f"{indent}<{name}>{text.translate(_ESCAPES)}</{name}>" if text else f"{indent}<{name}{style.empty}"


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
