"""XML as this kit reads and writes it: guarded parsing, exclusive canonical form, small builders.

Whatever arrives may be hostile.  A document type declaration is refused outright, so that neither
entities nor external subsets exist; nothing is fetched; size and depth are bounded.

The canonical form of an element is taken in place, and lxml diverts its children for that moment: a tree
belongs to one thread.
"""

import threading
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Mapping
from typing import Final

from lxml import etree

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.names import PREFIX_OF, PREFIXES, tag

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the largest document that is parsed; the largest real message is about 1.1 MB."""

MAX_DEPTH: Final = 100
"""Levels of the deepest document that is accepted; real messages stay below 30."""

_DEFAULT: Final = "#default"
_DECLARED: Final = {prefix: {prefix: namespace} for prefix, namespace in PREFIXES.items()}
_TOO_DEEP: Final = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")


class _OfThread(threading.local):
    """What each thread has for itself: lxml serialises the use of a shared parser."""

    def __init__(self) -> None:
        self.parser = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=False
        )


_OWN: Final = _OfThread()


class MarkupError(ImplementationError, ValueError):
    """Bytes that are not acceptable XML."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "") -> None:
        super().__init__(message, subcode=Subcode.PROTOCOL_ERROR, expected=expected, found=found, where=where)


class DocumentTypeError(MarkupError):
    """A document type declaration, which no message of these services may have."""


def parse(data: bytes, *, limit: int = MAX_BYTES) -> etree._Element:
    """Return the root element of an XML document.

    Comments and processing instructions stay, because what a signature covers must not be altered.

    Args:
        data: the document, in the encoding that it declares (UTF-8 without a declaration).
        limit: bytes of the longest acceptable document.

    Raises:
        DocumentTypeError: it has a document type declaration.
        MarkupError: too long, too deep, or not well formed.
    """
    if len(data) > limit:
        raise MarkupError(
            "the document is too long", expected=f"at most {limit} bytes", found=f"{len(data)} bytes"
        )
    try:
        root = etree.fromstring(data, _OWN.parser)
    except (etree.XMLSyntaxError, ValueError, LookupError) as error:
        # libxml2 has its own bound on entity expansion, so a "billion laughs" document ends here or below.
        raise MarkupError("not well-formed XML", found=str(error)) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise DocumentTypeError(
            "a document type declaration is not acceptable", expected="XML without <!DOCTYPE"
        )
    if _TOO_DEEP(root):
        raise MarkupError("the document is nested too deeply", expected=f"at most {MAX_DEPTH} levels")
    return root


def canonical(element: etree._Element, *, inclusive_prefixes: Iterable[str] = ()) -> bytes:
    """Return the exclusive canonical form without comments (Exclusive XML Canonicalization 1.0).

    Args:
        element: the apex of the subtree, within the document whose namespaces it inherits.
        inclusive_prefixes: PrefixList of an InclusiveNamespaces parameter; `#default` is the default one.
    """
    prefixes = list(inclusive_prefixes)
    if _DEFAULT in prefixes:
        # lxml passes over listed prefixes that no document of this thread has used as a name, and no XML name
        # begins with #.  An attribute in HTML may, and both parsers share their table of names.
        etree.fromstring(f"<a {_DEFAULT}>", etree.HTMLParser())
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=prefixes or None,
        with_tail=False,
    )


def inclusive_canonical(element: etree._Element) -> bytes:
    """Return the inclusive canonical form without comments (Canonical XML 1.0), to recognise who used it."""
    return etree.tostring(element, method="c14n", exclusive=False, with_comments=False, with_tail=False)


def serialize(root: etree._Element, *, declaration: bool = True) -> bytes:
    """Return a document as UTF-8 without added white space."""
    return etree.tostring(root, encoding="UTF-8", xml_declaration=declaration)


def element(
    name: str,
    text: str | None = None,
    attributes: Mapping[str, str] | None = None,
    *,
    prefixes: Mapping[str, str] | None = None,
) -> etree._Element:
    """Return a new element.

    Args:
        name: with a prefix of `names.PREFIXES`, for instance `t:KeyType`.
        text: its content.
        attributes: by name; a prefix makes it a qualified one.
        prefixes: prefix -> namespace declarations; by default the element's own prefix.
    """
    declared = dict(prefixes) if prefixes else _DECLARED[name.partition(":")[0]]
    return _filled(etree.Element(tag(name), nsmap=declared), text, attributes)


def add(
    parent: etree._Element, name: str, text: str | None = None, attributes: Mapping[str, str] | None = None
) -> etree._Element:
    """Append a new element to `parent` and return it; arguments as of `element`."""
    prefix = name.partition(":")[0]
    # What has the parent's prefix needs no declaration, and lxml takes as long over one as over the element.
    declared = None if parent.prefix == prefix else _DECLARED[prefix]
    return _filled(etree.SubElement(parent, tag(name), nsmap=declared), text, attributes)


def _filled(made: etree._Element, text: str | None, attributes: Mapping[str, str] | None) -> etree._Element:
    if text is not None:
        made.text = text
    if attributes:
        for key, value in attributes.items():
            made.set(tag(key) if ":" in key else key, value)
    return made


def children(parent: etree._Element | None, name: str | None = None) -> list[etree._Element]:
    """Return the child elements, those of one name if given; comments and the like are left out.

    Args:
        parent: None has no children.
        name: with a prefix of `names.PREFIXES`.
    """
    if parent is None:
        return []
    return list(parent.iterchildren(tag(name) if name else etree.Element))


def child(parent: etree._Element | None, *path: str) -> etree._Element | None:
    """Return the first element along a path of prefixed child names, or None."""
    for name in path:
        if parent is None:
            return None
        parent = next(parent.iterchildren(tag(name)), None)
    return parent


def text(element: etree._Element | None) -> str:
    """Return the whole text of an element without white space at its ends; empty for None.

    Text is joined across comments: `.text` of lxml would stop at the first one, which lets a signed
    value be cut short by whoever puts a comment into it.
    """
    return "" if element is None else content(element).strip()


def content(element: etree._Element) -> str:
    """Return the whole text of an element as it stands; joined as of `text`."""
    return "".join(map(str, element.itertext())) if len(element) else element.text or ""


def binary(element: etree._Element | None) -> bytes | None:
    """Return an element's base64 decoded, white space allowed anywhere; None for none or no base64."""
    return None if element is None else decode(text(element))


def decode(encoded: str) -> bytes | None:
    """Return base64 decoded, white space allowed anywhere; None when it is no base64."""
    try:
        return b64decode("".join(encoded.split()), validate=True)
    except (Base64Error, ValueError):
        return None


def local_name(element: etree._Element) -> str:
    """Return the name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def where(element: etree._Element | None) -> str:
    """Return the path of an element in words that a reader can find: `s:Envelope/s:Header/a:To`.

    Prefixes are those of `names.PREFIXES`, whatever the document uses.
    """
    steps: list[str] = []
    while element is not None:
        namespace, _, local = str(element.tag).rpartition("}")
        prefix = PREFIX_OF.get(namespace.lstrip("{"), "")
        steps.append(f"{prefix}:{local}" if prefix else local)
        element = element.getparent()
    return "/".join(reversed(steps))
