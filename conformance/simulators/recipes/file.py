"""Deviations of a store as a file: its spelling, its parts, its integrity values; and files that are none."""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.protocol import der
from conformance.protocol.keystore import NAMESPACE, Store
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


def _without_credentials(store: Store) -> Store:
    return replace(store, credentials=())


def _in_namespace(name: str) -> Deviation:
    """Return the deviation that every element is in another namespace."""
    return Deviation(spell=replaced(f'xmlns="{NAMESPACE}"', f'xmlns="{name}"'))


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
    **{
        f"{spoken}-missing": lacking(element, **{field: ""})
        for spoken, element, field in (
            ("name1", "name1", "name1"),
            ("name2", "name2", "name2"),
            ("abn", "abn", "abn"),
            ("serial-number", "serialNumber", "serial_number"),
            ("creation-date", "creationDate", "creation_date"),
            ("not-before", "notBefore", "not_before"),
        )
    },
    "certificate-missing": lacking("publicCertificate", public_certificate=b""),
    "key-missing": lacking("protectedPrivateKey", protected_private_key=b""),
    "id-twice": Deviation(arrange=_twice),
    # Stores without a credential.
    "no-credentials": Deviation(arrange=_without_credentials),
    "no-credentials-spelt-out": Deviation(
        arrange=_without_credentials, spell=replaced("<credentials/>", "<credentials>\n  </credentials>")
    ),
    "no-credentials-but-a-comment": Deviation(
        arrange=_without_credentials,
        spell=replaced("<credentials/>", "<credentials><!-- <credential/> --></credentials>"),
    ),
    # Namespaces that are not the store's.
    "namespace-of-another": _in_namespace("http://auth.sbr.gov.au/AutoRenew"),
    "namespace-in-small": _in_namespace(NAMESPACE.lower()),
    "namespace-with-a-slash": _in_namespace(f"{NAMESPACE}/"),
    "no-namespace": Deviation(spell=replaced(f' xmlns="{NAMESPACE}"', "")),
    "credentials-in-no-namespace": Deviation(spell=replaced("<credentials>", '<credentials xmlns="">')),
    "credential-in-another-namespace": Deviation(
        spell=replaced("<credential ", '<credential xmlns="urn:evte:other" ')
    ),
    # Spellings that mean the same.
    "blank-lines": Deviation(spell=everywhere("\n", "\n\n")),
    "one-line": Deviation(spell=everywhere(r"\n *", "")),
    "single-quotes": Deviation(spell=everywhere('"', "'")),
    "no-declaration": Deviation(spell=replaced(HEAD, "")),
    "unused-namespaces": Deviation(
        spell=replaced("<credentialStore ", '<credentialStore xmlns:xs="http://www.w3.org/2001/XMLSchema" ')
    ),
    "carriage-returns": Deviation(spell=everywhere("\n", "\r\n")),
    "blank-in-empty-elements": Deviation(spell=everywhere("/>", " />")),
    "empty-elements-spelt-out": Deviation(spell=everywhere(r"<(name2|personId)/>", r"<\1></\1>")),
    "no-standalone": Deviation(spell=replaced(' standalone="[a-z]+"', "")),
    "attributes-turned-round": Deviation(
        spell=replaced(r"<credential (\S+) (\S+) (\S+) ([^>]+)>", r"<credential \4 \3 \2 \1>")
    ),
    "attributes-on-lines": Deviation(spell=everywhere(r' (?=[a-zA-Z]+="[^"]*"[ >])', "\n        ")),
    "instruction-before-the-root": Deviation(
        spell=replaced(HEAD, r"\1<?editor keep?>\n<!-- a comment -->\n")
    ),
    "comment-behind-the-root": Deviation(spell=lambda data: data + b"\n<!-- saved -->\n\n"),
    "prefixes": Deviation(
        spell=lambda data: everywhere(r"<(/?)(?=[a-zA-Z])", r"<\1cs:")(data).replace(
            b" xmlns=", b" xmlns:cs="
        )
    ),
    "byte-order-mark": Deviation(spell=lambda data: b"\xef\xbb\xbf" + data),
    "utf-16": Deviation(
        spell=lambda data: b"\xff\xfe" + data.decode().replace("UTF-8", "UTF-16").encode("utf-16-le")
    ),
    "utf-16-big-endian": Deviation(
        spell=lambda data: b"\xfe\xff" + data.decode().replace("UTF-8", "UTF-16").encode("utf-16-be")
    ),
    "cdata-around-base64": Deviation(
        spell=everywhere(r"<(publicCertificate|sha1fingerprint)>([^<]*)<", r"<\1><![CDATA[\2]]><")
    ),
    "character-references": Deviation(spell=everywhere("EVTECampus", "&#69;VTE&#x43;ampus")),
    "blanks-around-base64": Deviation(
        spell=everywhere(r"<(publicCertificate|protectedPrivateKey)>([^<]*)<", r"<\1>\n  \2\n  <")
    ),
    "cdata": Deviation(spell=everywhere(r"<(abn|name1)>([^<]*)<", r"<\1><![CDATA[\2]]><")),
    "comments": Deviation(
        spell=everywhere(r"<(abn|protectedPrivateKey)>(.{5})", r"<\1>\2<!-- a comment -->")
    ),
    "wrapped-base64": Deviation(spell=_wrapped_base64),
    # Things that are no store, or no longer one.
    "empty": constant(b""),
    "truncated": Deviation(spell=lambda data: data[: len(data) * 2 // 3]),
    "cut-in-a-tag": Deviation(spell=lambda data: data[: data.rindex(b"</credentialStore>") + 9]),
    "blanks-only": constant(b" \r\n\r\n"),
    "zero-bytes": constant(bytes(4096)),
    "web-page": constant(
        b"<!DOCTYPE html>\n<html><head><title>Sign in<br></head><body><p>Session ended.</body></html>\n"
    ),
    "json": constant(b'{"credentialStore": {"credentials": []}}\n'),
    "two-roots": Deviation(spell=lambda data: data + b"<credentialStore/>\n"),
    "root-of-another-name": Deviation(spell=everywhere("(</?)credentialStore", r"\1keyStore")),
    "plain-text": constant(b"This is not the file you are looking for.\n"),
    "pem": Deviation(spell=lambda _: _pem()),
    "pkcs12": Deviation(spell=lambda _: _pkcs12()),
    "other-xml": constant(
        b'<?xml version="1.0"?>\n<configuration><keystore>none</keystore></configuration>\n'
    ),
    "foreign-character": Deviation(
        spell=replaced("<protectedPrivateKey>(.{8})", r"<protectedPrivateKey>\1*")
    ),
    "foreign-character-in-the-certificate": Deviation(
        spell=replaced("<publicCertificate>(.{8})", r"<publicCertificate>\1!")
    ),
    "foreign-character-in-the-integrity-value": Deviation(
        spell=replaced('integrityValue="(.{8})', r'integrityValue="\1~')
    ),
    "foreign-character-in-the-salt": Deviation(
        spell=replaced('credentialSalt="(.{8})', r'credentialSalt="\1$')
    ),
    "padding-doubled": Deviation(spell=replaced("=</sha1fingerprint>", "==</sha1fingerprint>")),
    "padding-left-out": Deviation(spell=replaced("=</sha1fingerprint>", "</sha1fingerprint>")),
    "doctype": Deviation(spell=replaced(HEAD, r"\1<!DOCTYPE credentialStore>\n")),
    "doctype-entity": Deviation(
        spell=lambda data: replaced("<legalName>[^<]*<", "<legalName>&name;<")(
            replaced(HEAD, rf'\1<!DOCTYPE credentialStore [<!ENTITY name "{MACHINE_1.name}">]>\n')(data)
        )
    ),
}
