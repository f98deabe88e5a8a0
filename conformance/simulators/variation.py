"""Variations of an answer: everything that a correct reader must not depend on, drawn from one printed seed.

Prefixes and where they are declared, ids, order and presence of optional children, order of attributes,
indentation, digits of a second's fraction.  The same seed and number give the same variation, and eight
numbers in a row have every number of digits that xs:dateTime in these services may have.
"""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from lxml import etree

from conformance.protocol import markup, names, trust

_TOOLKIT: Final = {
    names.SOAP: "soap",
    names.ADDRESSING: "wsa",
    names.SECURITY: "wsse",
    names.SECURITY_11: "wsse11",
    names.UTILITY: "wsu",
    names.SIGNATURE: "ds",
    names.ENCRYPTION: "xenc",
    names.TRUST: "wst",
    names.POLICY: "wsp",
    names.SAML_2: "saml2",
    names.SIMULATED: "ns2",
}
"""Prefixes of a Java toolkit."""

_FRAMEWORK: Final = {
    **_TOOLKIT,
    names.SOAP: "s",
    names.ADDRESSING: "a",
    names.SECURITY: "o",
    names.SECURITY_11: "k",
    names.UTILITY: "u",
    names.ENCRYPTION: "e",
    names.TRUST: "trust",
    names.SAML_2: "saml",
}
"""Prefixes of another framework."""

_NUMBERED: Final = {namespace: f"ns{number}" for number, namespace in enumerate(reversed(_TOOLKIT), 1)}
_ODD: Final = {
    namespace: f"_{prefix}.\N{LATIN SMALL LETTER E WITH ACUTE}-{len(prefix)}"
    for namespace, prefix in _TOOLKIT.items()
}
_SWAPPED: Final = {
    **_TOOLKIT,
    names.SIGNATURE: "xenc",
    names.ENCRYPTION: "ds",
    names.TRUST: "saml2",
    names.SAML_2: "wst",
}
"""Each a prefix that usually means another namespace."""

PREFIXES: Final = {
    "of a toolkit": _TOOLKIT,
    "of a framework": _FRAMEWORK,
    "numbered": _NUMBERED,
    "with unusual characters": _ODD,
    "that usually mean something else": _SWAPPED,
    "none, by default namespaces": _TOOLKIT,
}
"""Style -> prefix of each namespace.  The last style uses prefixes for attributes only."""

_UNPREFIXED: Final = "none, by default namespaces"

_OPTIONAL: Final = ("t:TokenType", "t:RequestedUnattachedReference", "wsp:AppliesTo", "t:KeySize")
"""Children that an answer may lack (WS-Trust 1.3, section 4.4.2)."""

DIGITS: Final = 8
"""Numbers of digits that a fraction of a second may have: none to seven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """One form of an answer."""

    number: int
    """From 0; the seed and this are all that it was drawn from."""
    prefixes: str
    """A key of `PREFIXES`."""
    declared_at_root: bool
    """Whether namespaces are declared on the root, or where they are used."""
    parts: tuple[str, ...]
    """Children of the answer in their order, by prefixed names."""
    missing: tuple[str, ...]
    """Optional children that are left out."""
    digits: int
    """Of a second's fraction in every Created and Expires; 0 to 7."""
    indented: bool
    attributes: str
    """Order of attributes: `as usual`, `sorted` or `reversed`."""
    identifier: str
    """Form of the assertion's id; `{}` stands for 32 hexadecimal digits."""
    timestamp_id: str
    """Id of the message's Timestamp; none when empty."""
    declaration: bool
    """Whether the document begins with an XML declaration."""

    @classmethod
    def drawn(cls, seed: int, number: int) -> "Variation":
        """Return the variation of a seed and a number."""
        draw = random.Random(f"variation {seed} {number}")  # noqa: S311 - to be reproduced, not to be secret
        offset = random.Random(f"variations {seed}").randrange(DIGITS * len(PREFIXES))  # noqa: S311
        optional = draw.sample(_OPTIONAL, draw.choice((0, 0, 1, 2, len(_OPTIONAL))))
        missing = tuple(part for part in _OPTIONAL if part in optional)
        order = draw.choice((trust.OBSERVED_PARTS, trust.FRAMEWORK_PARTS, _shuffled(draw)))
        return cls(
            number=number,
            prefixes=list(PREFIXES)[(offset + number) % len(PREFIXES)],
            declared_at_root=draw.random() < 0.5,
            parts=tuple(part for part in order if part not in missing),
            missing=missing,
            digits=(offset + number) % DIGITS,
            indented=draw.random() < 0.5,
            attributes=draw.choice(("as usual", "sorted", "reversed")),
            identifier=draw.choice(_IDENTIFIERS),
            timestamp_id=draw.choice(("_0", "TS-1", "uuid.A-\N{LATIN SMALL LETTER O WITH DIAERESIS}_0", "")),
            declaration=draw.random() < 0.5,
        )

    def moment(self, moment: datetime) -> datetime:
        """Return a moment as far as `digits` can tell it; what is beyond them is dropped."""
        unit = 10 ** (6 - min(self.digits, 6))
        return moment.replace(microsecond=moment.microsecond // unit * unit)

    def applied(self, answer: etree._Element) -> etree._Element:
        """Return an envelope in this form; what it says stays the same."""
        for element in answer.iter(names.tag("u:Created"), names.tag("u:Expires")):
            element.text = _with_digits(element.text or "", self.digits)
        for timestamp in answer.iter(names.tag("u:Timestamp")):
            if self.timestamp_id:
                timestamp.set(names.tag("u:Id"), self.timestamp_id)
            else:
                del timestamp.attrib[names.tag("u:Id")]
        made = self._copy(answer, None)
        if self.indented:
            indent(made)
        return made

    def _copy(self, element: etree._Element, parent: etree._Element | None) -> etree._Element:
        prefix_of = _Prefixes(PREFIXES[self.prefixes])
        own = str(element.tag)
        namespace = own.rpartition("}")[0][1:]
        by_default = self.prefixes == _UNPREFIXED
        # None is the default namespace's, which the stubs of lxml do not know.
        declared: dict[Any, str] = {None if by_default else prefix_of[namespace]: namespace}
        if parent is None and self.declared_at_root and not by_default:
            used = {str(found.tag).rpartition("}")[0][1:] for found in element.iter(etree.Element)}
            declared = {prefix_of[one]: one for one in prefix_of if one in used}
        attributes = self._ordered(element.attrib.items())
        for name, _ in attributes:
            owner = name.rpartition("}")[0][1:]
            if owner and owner != names.XML and prefix_of[owner] not in declared:
                declared[prefix_of[owner]] = owner
        text = element.text
        if own == names.tag("s:Value"):
            # A name in the text: its prefix has to be one that is declared here.
            written, _, local = (text or "").rpartition(":")
            meant = element.nsmap[written or None]
            declared[prefix_of[meant]] = meant
            text = f"{prefix_of[meant]}:{local}"
        made = (
            etree.Element(own, nsmap=declared)
            if parent is None
            else etree.SubElement(parent, own, nsmap=declared)
        )
        for name, value in attributes:
            made.set(name, value)
        made.text = text
        for child in markup.children(element):
            self._copy(child, made)
        return made

    def _ordered(self, attributes: Iterable[tuple[object, object]]) -> list[tuple[str, str]]:
        pairs = [(str(name), str(value)) for name, value in attributes]
        if self.attributes != "as usual":
            pairs.sort(reverse=self.attributes == "reversed")
        return pairs


class _Prefixes(dict[str, str]):
    """Prefix of each namespace; a subcode that an operator chose may be in one that nobody foresaw."""

    def __missing__(self, namespace: str) -> str:
        return "other"


_IDENTIFIERS: Final = (
    "_{}",
    "uuid-{}-1",
    "A.{}_\N{LATIN SMALL LETTER E WITH ACUTE}",
    "_-.{}",
    "\N{LATIN CAPITAL LETTER O WITH STROKE}{}.1",
)


def _shuffled(draw: random.Random) -> tuple[str, ...]:
    """Return the children of an answer in any order that keeps token and references in theirs.

    Some clients look for the attached reference as the second reference of the document: the first is in the
    token, and the unattached one comes after.
    """
    parts = list(dict.fromkeys((*trust.OBSERVED_PARTS, *trust.FRAMEWORK_PARTS)))
    draw.shuffle(parts)
    fixed = ("t:RequestedSecurityToken", "t:RequestedAttachedReference", "t:RequestedUnattachedReference")
    places = iter(fixed)
    return tuple(next(places) if part in fixed else part for part in parts)


def _with_digits(text: str, digits: int) -> str:
    seconds, _, fraction = text.rstrip("Z").partition(".")
    cut = fraction[:digits].ljust(digits, "0")
    return f"{seconds}.{cut}Z" if cut else f"{seconds}Z"


def indent(element: etree._Element, level: int = 0) -> None:
    """Indent a document by two blanks a level, in place; nothing beside the token or in it is touched."""
    inner = markup.children(element)
    if not inner or element.tag == names.tag("t:RequestedSecurityToken"):
        return
    element.text = "\n" + "  " * (level + 1)
    for child in inner:
        indent(child, level + 1)
        child.tail = element.text
    inner[-1].tail = "\n" + "  " * level
