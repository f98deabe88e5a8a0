"""Reading a store: every published writer's spelling, and nothing that the schema does not allow."""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from conformance.protocol.keystore.errors import Damaged, DuplicateAlias, NotAKeystore
from conformance.protocol.keystore.records import (
    BINARIES,
    MAX_BLOB,
    MAX_BYTES,
    MAX_CREDENTIALS,
    MAX_SALT,
    MAX_TAGS,
    NAMESPACE,
    TEXTS,
    Credential,
    Store,
)
from conformance.protocol.markup import MarkupError, canonical, parse

_DATE: Final = re.compile(
    r"\s*-?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?\s*", re.ASCII
)
_POSITIVE_INTEGER: Final = re.compile(r"\s*\+?0*[1-9]\d{0,60}\s*", re.ASCII)
_SHAPES: Final = {
    "serialNumber": (_POSITIVE_INTEGER, "a positive decimal number"),
    "creationDate": (_DATE, "a date and time"),
    "notBefore": (_DATE, "a date and time"),
    "notAfter": (_DATE, "a date and time"),
}
_ADVICE: Final = "give the XML file of the developer kit as it was delivered, not a .p12, .pfx or .jks"
_XML_SPACE: Final = str.maketrans("", "", " \t\r\n")


def read(data: bytes) -> Store:
    """Read a credential store.

    Attribute order, line ends, prefixes, comments, CDATA, wrapped base64, the order of a credential's
    children and foreign elements make no difference.

    Args:
        data: the bytes of the file: XML in the encoding that it declares.

    Raises:
        NotAKeystore: too large, not XML, a document type declaration, or another root element or namespace.
        Damaged: a part is missing, doubled, empty, or not of its type.
        DuplicateAlias: two credentials have one id.
    """
    if not data.strip():
        raise NotAKeystore(
            "the file is empty", expected="a credential store", found=f"{len(data)} bytes", advice=_ADVICE
        )
    if len(data) <= MAX_BYTES and data.count(b"<") > MAX_TAGS:
        raise Damaged("the file has too many elements", expected=f"at most {MAX_TAGS // 2}", advice=_ADVICE)
    try:
        root = parse(data, limit=MAX_BYTES)
    except MarkupError as error:
        # A store that was cut off is a damaged store; what never was one is not.
        family = Damaged if NAMESPACE.encode() in data[:4096] and b"<!DOCTYPE" not in data else NotAKeystore
        raise family(
            f"the file is not usable XML: {error.message}",
            expected="a credential store",
            found=error.found,
            advice=_ADVICE,
        ) from error
    if root.tag != _name("credentialStore"):
        raise NotAKeystore(
            "the file is not a credential store",
            expected=_name("credentialStore"),
            found=str(root.tag)[:200],
            advice=_ADVICE,
        )
    children = _children(root, "credentialStore")
    elements = list(_required(children, "credentials", "credentialStore").iterchildren(_name("credential")))
    if len(elements) > MAX_CREDENTIALS:
        raise Damaged(
            "the store has too many credentials",
            expected=f"at most {MAX_CREDENTIALS}",
            found=str(len(elements)),
        )
    credentials = tuple(map(_read_credential, elements))
    seen: set[str] = set()
    for credential in credentials:
        if credential.id in seen:
            raise DuplicateAlias("two credentials have the same id", found=repr(credential.id))
        seen.add(credential.id)
    check_value = children.get("checkValue")
    return Store(
        salt=_salt(_text(_required(children, "salt", "credentialStore")), "salt"),
        credentials=credentials,
        check_value=None if check_value is None else _decode(_text(check_value), "checkValue"),
        extensions=_kept(children.get("storeExtensions")),
    )


def _read_credential(element: etree._Element) -> Credential:
    alias = element.get("id")
    kind = element.get("credentialType")
    if not alias or kind is None:
        raise Damaged(
            "a credential lacks its id or its type", expected="the attributes id and credentialType"
        )
    where = f"credential {alias[:200]!r}"
    children = _children(element, where)
    texts = {name: _text(_required(children, name, where)) for name in (*TEXTS, *BINARIES)}
    for name, (shape, description) in _SHAPES.items():
        if not shape.fullmatch(texts[name]):
            raise Damaged(
                f"{name} has no usable value", expected=description, found=repr(texts[name][:40]), where=where
            )
    binaries = {name: _decode(texts[name], f"{name} of {where}") for name in BINARIES}
    for name, value in binaries.items():
        if not value:
            raise Damaged(f"{name} is empty", where=where)
    fields: dict[str, Any] = {attribute: texts[name] for name, attribute in TEXTS.items()}
    fields |= {attribute: binaries[name] for name, attribute in BINARIES.items()}
    salt = element.get("credentialSalt")
    integrity = element.get("integrityValue")
    return Credential(
        id=alias,
        credential_type=kind,
        salt=None if salt is None else _salt(salt, f"credentialSalt of {where}"),
        integrity_value=None if integrity is None else _decode(integrity, f"integrityValue of {where}"),
        **fields,
        extensions=_kept(children.get("credentialExtensions")),
    )


def _children(parent: etree._Element, where: str) -> dict[str, etree._Element]:
    """Return the children in the store's namespace by local name; others are nobody's business."""
    found: dict[str, etree._Element] = {}
    for child in parent.iterchildren(f"{{{NAMESPACE}}}*"):
        name = etree.QName(child).localname
        if name in found:
            raise Damaged(f"{name} stands twice", where=where)
        found[name] = child
    return found


def _required(children: Mapping[str, etree._Element], name: str, where: str) -> etree._Element:
    if name not in children:
        raise Damaged(f"{name} is missing", where=where)
    return children[name]


def _text(element: etree._Element) -> str:
    """Return the text of an element, comments and processing instructions left out (they may split it)."""
    if any(True for _ in element.iterchildren(etree.Element)):
        raise Damaged("an element stands where a text belongs", where=etree.QName(element).localname)
    return "".join((element.text or "", *(child.tail or "" for child in element)))


def _decode(text: str, where: str) -> bytes:
    """Decode base64 strictly: white space may wrap it, and nothing else may be wrong with it."""
    compact = text.translate(_XML_SPACE)
    if len(compact) > MAX_BLOB * 4 // 3:
        raise Damaged("a value is too long", expected=f"at most {MAX_BLOB} bytes", where=where)
    try:
        value = base64.b64decode(compact, validate=True)
    except (ValueError, binascii.Error) as error:
        raise Damaged("a value is not base64", found=str(error), where=where) from error
    if base64.b64encode(value).decode() != compact:
        raise Damaged("a value is not canonical base64", found="bits behind the last byte", where=where)
    return value


def _salt(text: str, where: str) -> bytes:
    salt = _decode(text, where)
    if len(salt) > MAX_SALT:
        raise Damaged(
            "a salt is too long", expected=f"at most {MAX_SALT} bytes", found=f"{len(salt)}", where=where
        )
    return salt


def _kept(element: etree._Element | None) -> bytes:
    return b"" if element is None else canonical(element)


def _name(local: str) -> str:
    return f"{{{NAMESPACE}}}{local}"
