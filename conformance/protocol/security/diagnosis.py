"""Why a digest or a signature does not fit: the likely mistake, found by making it again.

A verifier can only say that two digests differ.  Here each mistake that is common among clients of these
services is repeated on the message; when the digest that results is the stated one, the mistake is known,
not guessed.  Nothing here decides anything: a message is refused before anybody asks why.
"""

import copy
import hmac
import itertools
import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from conformance.protocol import markup
from conformance.protocol.security.algorithms import DIGEST_HASHES, SIGNATURE_HASHES, hash_of

_DIGEST_INFO: Final = {
    "sha1": bytes.fromhex("3021300906052b0e03021a05000414"),
    "sha256": bytes.fromhex("3031300d060960864801650304020105000420"),
}
"""DER of DigestInfo up to the digest itself (RFC 8017, section 9.2, note 1)."""

_SHOWN: Final = {"sha1": "SHA-1", "sha256": "SHA-256"}
_BETWEEN_TAGS: Final = re.compile(r"\s+")

MAX_ELEMENT: Final = 64 * 1024
"""Bytes in canonical form of the largest element that is tried in many ways; real ones have about 1,000."""

_INCLUSIVE: Final = "inclusive canonicalisation was used instead of the exclusive one"
_INDENTED: Final = "the message was indented or pretty-printed after it was signed"
_NO_PREFIX_LIST: Final = "the PrefixList of InclusiveNamespaces was left out of account when signing"
_PLAIN: Final = "the text of the element was hashed as it stands, without canonicalisation"
_TWICE: Final = "is written in base64 twice"


@dataclass(frozen=True, slots=True)
class Explanation:
    """What explains a digest or a signature that does not fit; empty where nothing of ours does."""

    cause: str = ""
    """The mistake, in one sentence."""
    hashed: bytes = b""
    """The bytes that the sender hashed, when repeating the mistake brought them to light."""


def digest_cause(
    element: etree._Element,
    stated: bytes,
    *,
    algorithm: str,
    prefixes: tuple[str, ...] = (),
    neighbours: Iterable[etree._Element] = (),
    addresses: Iterable[str] = (),
) -> Explanation:
    """Return the mistake that explains a digest, and the bytes that were hashed.

    Args:
        element: what the reference points at, as it arrived.
        stated: the digest that the message states, decoded.
        algorithm: URI of the digest algorithm that the message names.
        prefixes: its InclusiveNamespaces PrefixList.
        neighbours: elements that may have been hashed by mistake.
        addresses: further addresses that an element with an address may have held when it was hashed.
    """
    named = DIGEST_HASHES.get(algorithm, "sha256")
    for variant, cause in _variants(element, prefixes, neighbours, addresses):
        if hash_of(named, variant) == stated:
            return Explanation(cause, variant)
    for other in DIGEST_HASHES.values():
        for variant, cause in _variants(element, prefixes, ()):
            digest = hash_of(other, variant)
            if digest == stated:
                found = (
                    f"the digest was made with {_SHOWN[other]}, not with the algorithm that the message names"
                )
                return Explanation(f"{found}; and {cause}" if cause else found, variant)
            if stated in (digest.hex().encode(), digest.hex().upper().encode()):
                cause = "the digest is the hexadecimal text of the hash instead of its bytes"
                return Explanation(cause, variant)
            if stated == b64encode(digest):
                return Explanation(f"the digest {_TWICE}", variant)
    return Explanation()


def signature_cause(
    signed_info: etree._Element,
    value: bytes,
    *,
    algorithm: str,
    prefixes: tuple[str, ...],
    key: RSAPublicKey,
    suspects: Mapping[str, RSAPublicKey] = {},
) -> Explanation:
    """Return the mistake that explains an RSA signature that does not verify.

    The signature is opened with the public key, which gives back the digest that was signed; if it does
    not open, another key made it.

    Args:
        signed_info: the SignedInfo as it arrived.
        value: the signature, decoded.
        algorithm: URI of the signature algorithm that the message names.
        prefixes: PrefixList of its canonicalisation.
        key: public key of the certificate that the message refers to.
        suspects: further keys that may have been used, by the mistake that would explain it.
    """
    length = (key.key_size + 7) // 8
    inner = markup.decode(value.decode("latin-1"))
    if inner is not None and len(inner) == length and _opened(inner, key):
        return Explanation(f"the signature {_TWICE}")
    opened = _opened(value, key)
    if not opened:
        for cause, suspect in suspects.items():
            if _opened(value, suspect):
                return Explanation(cause)
        if len(value) != length:
            return Explanation(f"the signature has {len(value)} bytes; one by this key has {length}")
        return Explanation("another private key made it than the one that belongs to this certificate")
    for name, head in _DIGEST_INFO.items():
        if not opened.startswith(head):
            continue
        wrong_hash = name != SIGNATURE_HASHES.get(algorithm)
        found = f"the right key signed with {_SHOWN[name]}, not with the algorithm that the message names"
        for variant, cause in _variants(signed_info, prefixes, ()):
            if hash_of(name, variant) == opened[len(head) :]:
                return Explanation("; and ".join(filter(None, (found if wrong_hash else "", cause))), variant)
        return Explanation(
            "the right key made it, but over other bytes: SignedInfo was changed after it was signed"
        )
    return Explanation("the right key made it, but not over a digest as PKCS #1 v1.5 asks")


def _opened(value: bytes, key: RSAPublicKey) -> bytes:
    """Return what a signature was made over, or nothing when this key's owner did not make it."""
    if len(value) != (key.key_size + 7) // 8:
        return b""
    try:
        return key.recover_data_from_signature(value, padding.PKCS1v15(), None)
    except InvalidSignature:
        return b""


def authentication_cause(
    signed_info: etree._Element,
    value: bytes,
    *,
    algorithm: str,
    prefixes: tuple[str, ...],
    key: bytes,
    suspects: Mapping[str, bytes],
) -> Explanation:
    """Return the mistake that explains an HMAC that does not verify.

    Args:
        signed_info: the SignedInfo as it arrived.
        value: the HMAC, decoded.
        algorithm: URI of the signature algorithm that the message names.
        prefixes: PrefixList of its canonicalisation.
        key: the proof key.
        suspects: further keys that may have been used, by the mistake that would explain it.
    """
    named = SIGNATURE_HASHES.get(algorithm, "sha1")
    keys = {
        "": key,
        "the base64 text of the proof key was used as the key instead of its bytes": b64encode(key),
        "the hexadecimal text of the proof key was used as the key instead of its bytes": key.hex().encode(),
        "the proof key was cut to 16 bytes": key[:16],
        "an empty key was used": b"",
        **suspects,
    }
    for key_cause, candidate in keys.items():
        for name in (named, *(other for other in _SHOWN if other != named)):
            hash_cause = "" if name == named else f"the HMAC was made with {_SHOWN[name]}"
            for variant, cause in _variants(signed_info, prefixes, ()):
                if hmac.digest(candidate, variant, name) == value:
                    return Explanation("; and ".join(filter(None, (key_cause, hash_cause, cause))), variant)
    if len(value) > 64:
        return Explanation(
            "the value is as long as an RSA signature: the credential's key signed where the proof key must"
        )
    return Explanation("another key was used, or SignedInfo was changed after it was signed")


def _variants(
    element: etree._Element,
    prefixes: tuple[str, ...],
    neighbours: Iterable[etree._Element],
    addresses: Iterable[str] = (),
) -> Iterator[tuple[bytes, str]]:
    """Yield bytes that may have been hashed, each with the mistake that makes them; the right ones first."""
    right = markup.canonical(element, inclusive_prefixes=prefixes)
    yield right, ""
    if len(right) > MAX_ELEMENT:
        return
    if prefixes:
        yield markup.canonical(element), _NO_PREFIX_LIST
    yield markup.inclusive_canonical(element), _INCLUSIVE
    yield from _without_indentation(element)
    yield from _without_attributes(element)
    yield from _other_texts(element)
    yield from _other_addresses(element, addresses)
    yield etree.tostring(element, with_tail=False), _PLAIN
    for neighbour in neighbours:
        if neighbour is not element:
            yield markup.canonical(neighbour), f"it is the digest of {markup.where(neighbour)}"


def _without_indentation(element: etree._Element) -> Iterator[tuple[bytes, str]]:
    stripped = copy.deepcopy(element)
    changed = False
    for node in stripped.iter():
        if len(node) and node.text and not node.text.strip():
            node.text, changed = None, True
        if node is not stripped and node.tail and not node.tail.strip():
            node.tail, changed = None, True
    if changed:
        yield markup.canonical(stripped), _INDENTED
        yield markup.inclusive_canonical(stripped), f"{_INDENTED}; and {_INCLUSIVE}"


def _without_attributes(element: etree._Element) -> Iterator[tuple[bytes, str]]:
    attributes = [str(name) for name in element.attrib]
    for count in (1, 2):
        for removed in itertools.combinations(attributes[:6], count):
            bare = copy.deepcopy(element)
            for name in removed:
                del bare.attrib[name]
            shown = " and ".join(name.rpartition("}")[2] for name in removed)
            yield markup.canonical(bare), f"the attribute {shown} was added after the digest was made"


def _other_texts(element: etree._Element) -> Iterator[tuple[bytes, str]]:
    if len(element) or not element.text:
        return
    text = element.text
    for other, cause in (
        (text.strip(), "white space was added around the text after the digest was made"),
        (_BETWEEN_TAGS.sub("", text), "white space was added to the text after the digest was made"),
        (text.lower(), "the text was in lower case when the digest was made"),
        (text.rstrip("/"), "a slash was added to the text after the digest was made"),
        (f"{text}/", "a slash was removed from the text after the digest was made"),
        ("", "the text was empty when the digest was made"),
    ):
        if other != text:
            changed = copy.deepcopy(element)
            changed.text = other
            yield markup.canonical(changed), cause


def _other_addresses(element: etree._Element, further: Iterable[str]) -> Iterator[tuple[bytes, str]]:
    """Yield what was hashed if the element held another address then, as when a proxy rewrites it."""
    text = element.text or ""
    if len(element) or not text.startswith(("http://", "https://")):
        return
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        texts = {
            urlunsplit(parts._replace(scheme="http" if parts.scheme == "https" else "https")),
            urlunsplit(parts._replace(netloc=host)),
            urlunsplit(parts._replace(netloc=f"{host}:443")),
            urlunsplit(parts._replace(query="")),
        }
        for address in further:
            other = urlsplit(address)
            # The whole address, and its host alone with the path as it stands.
            texts |= {address, urlunsplit(parts._replace(scheme=other.scheme, netloc=other.netloc))}
    except ValueError:  # a port or host that is none
        return
    for other_text in sorted(texts - {text}):
        changed = copy.deepcopy(element)
        changed.text = other_text
        name = markup.local_name(element)
        yield markup.canonical(changed), f"{name} was rewritten after signing: it was {other_text}"
