"""Deviations of a store as a file: its spelling, its parts, its integrity values; and files that are none."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.protocol import der
from conformance.protocol.keystore import Store
from conformance.simulators.authority import published_key
from conformance.simulators.recipes.holders import MACHINE_1
from conformance.simulators.recipes.steps import (
    HEAD,
    Deviation,
    changed,
    constant,
    everywhere,
    flipped,
    lacking,
    replaced,
)
from conformance.simulators.stores import seal


def _twice(store: Store) -> Store:
    first = store.credentials[0]
    return replace(store, credentials=(first, seal(replace(first, legal_name="EVTE Other Campus"))))


def _wrapped_base64(data: bytes) -> bytes:
    def wrap(match: re.Match[str]) -> str:
        text = match[2]
        lines = (text[start : start + 64] for start in range(0, len(text), 64))
        return "\n".join((match[1], *lines, match[3]))

    pattern = r"(<(?:publicCertificate|protectedPrivateKey)>)([^<]*)(</)"
    return re.sub(pattern, wrap, data.decode()).encode()


def _pkcs12() -> bytes:
    """Return the outline of a PKCS#12 file (RFC 7292, section 4): version 3 and empty contents."""
    data = der.object_identifier("1.2.840.113549.1.7.1")
    nothing = der.element(der.CONTEXT_0, der.element(der.OCTET_STRING, der.element(der.SEQUENCE)))
    return der.element(der.SEQUENCE, der.integer(3), der.element(der.SEQUENCE, data, nothing))


def _pem() -> bytes:
    body = base64.encodebytes(
        published_key("machine-1").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"-----END PUBLIC KEY-----\n"


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # Changes that the integrity value shows.
    "integrity-value-flipped": Deviation(tamper=flipped("integrity_value", -1)),
    "legal-name-changed": Deviation(tamper=changed(legal_name="EVTE Other Campus")),
    "person-id-added": Deviation(tamper=changed(person_id="1")),
    "key-byte-flipped": Deviation(tamper=flipped("protected_private_key", 640)),
    # Changes that it does not show, because it was computed anew.
    "certificate-empty": Deviation(enter=changed(public_certificate=b"")),
    "key-empty": Deviation(enter=changed(protected_private_key=b"")),
    "legal-name-missing": lacking("legalName", legal_name=""),
    "person-id-missing": lacking("personId"),
    "not-after-missing": lacking("notAfter"),
    "fingerprint-missing": lacking("sha1fingerprint", sha1_fingerprint=b""),
    "id-twice": Deviation(arrange=_twice),
    # Spellings that mean the same.
    "blank-lines": Deviation(spell=everywhere("\n", "\n\n")),
    "one-line": Deviation(spell=everywhere(r"\n *", "")),
    "single-quotes": Deviation(spell=everywhere('"', "'")),
    "no-declaration": Deviation(spell=replaced(HEAD, "")),
    "unused-namespaces": Deviation(
        spell=replaced("<credentialStore ", '<credentialStore xmlns:xs="http://www.w3.org/2001/XMLSchema" ')
    ),
    "prefixes": Deviation(
        spell=lambda data: everywhere(r"<(/?)(?=[a-zA-Z])", r"<\1cs:")(data).replace(
            b" xmlns=", b" xmlns:cs="
        )
    ),
    "byte-order-mark": Deviation(spell=lambda data: b"\xef\xbb\xbf" + data),
    "utf-16": Deviation(
        spell=lambda data: b"\xff\xfe" + data.decode().replace("UTF-8", "UTF-16").encode("utf-16-le")
    ),
    "cdata": Deviation(spell=everywhere(r"<(abn|name1)>([^<]*)<", r"<\1><![CDATA[\2]]><")),
    "comments": Deviation(
        spell=everywhere(r"<(abn|protectedPrivateKey)>(.{5})", r"<\1>\2<!-- a comment -->")
    ),
    "wrapped-base64": Deviation(spell=_wrapped_base64),
    # Things that are no store, or no longer one.
    "empty": constant(b""),
    "truncated": Deviation(spell=lambda data: data[: len(data) * 2 // 3]),
    "plain-text": constant(b"This is not the file you are looking for.\n"),
    "pem": Deviation(spell=lambda _: _pem()),
    "pkcs12": Deviation(spell=lambda _: _pkcs12()),
    "other-xml": constant(
        b'<?xml version="1.0"?>\n<configuration><keystore>none</keystore></configuration>\n'
    ),
    "foreign-character": Deviation(
        spell=replaced("<protectedPrivateKey>(.{8})", r"<protectedPrivateKey>\1*")
    ),
    "padding-left-out": Deviation(spell=replaced("=</sha1fingerprint>", "</sha1fingerprint>")),
    "doctype": Deviation(spell=replaced(HEAD, r"\1<!DOCTYPE credentialStore>\n")),
    "doctype-entity": Deviation(
        spell=lambda data: replaced("<legalName>[^<]*<", "<legalName>&name;<")(
            replaced(HEAD, rf'\1<!DOCTYPE credentialStore [<!ENTITY name "{MACHINE_1.name}">]>\n')(data)
        )
    ),
}
