"""Spellings of a store that mean the same: what XML leaves to its writers."""

import re
from dataclasses import dataclass, fields
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol.keystore import STYLES, Store, Style, write

ATTRIBUTES: Final = ("credentialSalt", "credentialType", "id", "integrityValue")
TEXTS: Final = ("salt", "name1", "abn", "legalName", "serialNumber", "notAfter")
BINARIES: Final = ("sha1fingerprint", "publicCertificate", "protectedPrivateKey")
EXTENSION: Final = (
    '<credentialExtensions xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">'
    '<note xmlns="urn:evte:extension" kind="drawn">anything</note></credentialExtensions>'
)
"""An extension element, which the schema allows and nobody need understand."""

_COMMENT: Final = "<!-- drawn -->"


@dataclass(frozen=True)
class Spelling:
    """How a store is spelt.  The defaults are those of the newest published writer."""

    declaration: str = STYLES["dom-2025"].declaration
    attributes: tuple[str, ...] = ATTRIBUTES
    line_end: str = "\n"
    empty: str = "/>"
    """How an empty element ends."""
    quote: str = '"'
    blank_lines: int = 0
    """Empty lines behind each line."""
    indented: bool = True
    namespaces: str = ""
    """Unused declarations on the root, each with a blank before it."""
    remark: bool = False
    """A comment before the root and one between the children of each credential."""
    # Ordinary XML all the same, but no published writer does it.
    prefix: str = ""
    cdata: tuple[str, ...] = ()
    """Elements whose text stands in a CDATA section."""
    comments: tuple[str, ...] = ()
    """Elements whose text is split by a comment."""
    wrap: int = 0
    """Characters of base64 per line; 0 for one line."""
    blank: str = "\n"
    """What stands between the lines of wrapped base64."""
    encoding: str = "utf-8"
    """`utf-8`, `utf-8-sig` (with a byte order mark) or `utf-16`."""

    def write(self, store: Store) -> bytes:
        """Return the bytes of a store, spelt like this."""
        style = Style(self.declaration, self.attributes, self.line_end, self.empty, self.namespaces)
        text = write(store, style).decode()
        if not self.indented:
            text = re.sub(r"\r?\n *(?=<)", "", text)
        if self.remark:
            text = text.replace("<credentialStore", f"{_COMMENT}<credentialStore", 1)
            text = text.replace("<name1>", f"{_COMMENT}<name1>")
        for name in self.cdata:
            text = re.sub(rf"(<{name}>)([^<&\]]+)(</)", r"\1<![CDATA[\2]]>\3", text)
        if self.wrap:
            text = re.sub(rf"(<({'|'.join(BINARIES)})>)([^<]*)(</)", self._wrapped, text)
        for name in self.comments:
            text = re.sub(rf"(<{name}>[^<&]{{2}})([^<]*</)", rf"\1{_COMMENT}\2", text)
        if self.quote == "'":
            # Text holds &quot; in place of the character, so what is left are quotations of attributes.
            text = text.replace("'", "&apos;").replace('"', "'")
        if self.prefix:
            text = re.sub(r"<(/?)(?=[a-zA-Z])(?!note)", rf"<\1{self.prefix}:", text)
            text = text.replace(" xmlns=", f" xmlns:{self.prefix}=").replace(
                f"<note xmlns:{self.prefix}=", "<note xmlns="
            )
        if self.blank_lines:
            text = text.replace(self.line_end, self.line_end * (1 + self.blank_lines))
        if self.encoding == "utf-16":
            # Little-endian on every machine: same draw, same bytes.
            return b"\xff\xfe" + text.replace("UTF-8", "UTF-16").encode("utf-16-le")
        return text.encode(self.encoding)

    def _wrapped(self, match: re.Match[str]) -> str:
        text = match[3]
        lines = (text[start : start + self.wrap] for start in range(0, len(text), self.wrap))
        return self.blank.join((match[1], *lines, match[4]))

    def __repr__(self) -> str:
        """Show what differs from the plain spelling and nothing else."""
        told = (
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if getattr(self, each.name) != each.default
        )
        return f"Spelling({', '.join(told)})"


def spellings(*, ordinary: bool = True, unusual: bool = False) -> SearchStrategy[Spelling]:
    """Spellings that mean the same.

    Args:
        ordinary: vary what published writers and editors vary: declaration, quotes, order of attributes,
            line ends, blank lines, indentation, comments between elements, unused namespaces.
        unusual: vary what XML allows besides: prefixes, byte order mark and UTF-16, CDATA sections and
            comments in values, wrapped base64.

    Raises:
        ValueError: neither is wanted, which leaves one spelling.
    """
    if not (ordinary or unusual):
        raise ValueError("ask for ordinary spellings, unusual ones or both")
    xs = ' xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    choices: dict[str, SearchStrategy[Any]] = {}
    if ordinary:
        choices |= {
            "declaration": st.sampled_from([style.declaration for style in STYLES.values()] + [""]),
            "attributes": st.permutations(ATTRIBUTES).map(tuple),
            "line_end": st.sampled_from(["\n", "\r\n"]),
            "empty": st.sampled_from(["/>", " />"]),
            "quote": st.sampled_from(['"', "'"]),
            "blank_lines": st.integers(0, 3),
            "indented": st.sampled_from([True, False]),
            "namespaces": st.sampled_from(["", xs, STYLES["dotnet-2020"].namespaces]),
            "remark": st.booleans(),
        }
    if unusual:
        choices |= {
            "prefix": st.sampled_from(["cs", "a", "ns0", "_x-1.y"]),
            "cdata": st.lists(st.sampled_from(TEXTS), max_size=3, unique=True).map(tuple),
            "comments": st.lists(st.sampled_from(BINARIES + TEXTS), max_size=3, unique=True).map(tuple),
            "wrapped": st.tuples(
                st.sampled_from([64, 76, 1, 4, 5, 63, 1000]),
                st.sampled_from(["\n", "\r\n", "\n      ", " ", "\t"]),
            ),
            "encoding": st.sampled_from(["utf-8-sig", "utf-16"]),
        }
    # `builds` would draw every one; most spellings differ in a few things, which reads better too.
    return st.fixed_dictionaries({}, optional=choices).map(_spelt)


def _spelt(chosen: dict[str, Any]) -> Spelling:
    wrap, blank = chosen.pop("wrapped", (0, "\n"))
    return Spelling(**chosen, wrap=wrap, blank=blank)
