"""Algorithms of XML signatures by their URIs: hashes, and short names for messages."""

import hashlib
from typing import Final

from cryptography.hazmat.primitives import hashes

from conformance.protocol import names

DIGEST_HASHES: Final = {names.SHA1: "sha1", names.SHA256: "sha256"}
"""Digest method -> name of its hash."""

SIGNATURE_HASHES: Final = {
    names.RSA_SHA1: "sha1",
    names.RSA_SHA256: "sha256",
    names.HMAC_SHA1: "sha1",
    names.HMAC_SHA256: "sha256",
}
"""Signature method -> name of its hash."""

_SHORT: Final = {
    names.RSA_SHA1: "rsa-sha1",
    names.RSA_SHA256: "rsa-sha256",
    names.HMAC_SHA1: "hmac-sha1",
    names.HMAC_SHA256: "hmac-sha256",
    names.SHA1: "sha1",
    names.SHA256: "sha256",
    names.EXCLUSIVE_C14N: "xml-exc-c14n",
    names.INCLUSIVE_C14N: "inclusive xml-c14n",
    names.ENVELOPED: "enveloped-signature",
}


def hash_of(name: str, data: bytes) -> bytes:
    """Return the hash of that name, `sha1` or `sha256`; endpoint v1.2 and the registry ask for SHA-1."""
    return hashlib.new(name, data, usedforsecurity=False).digest()


def digest(method: str, data: bytes) -> bytes:
    """Return the digest by a digest method's URI; empty for one that we do not know."""
    known = DIGEST_HASHES.get(method)
    return hash_of(known, data) if known else b""


def rsa_hash(method: str) -> hashes.HashAlgorithm | None:
    """Return the hash of an RSA signature method, or None for anything else."""
    if method == names.RSA_SHA256:
        return hashes.SHA256()
    if method == names.RSA_SHA1:
        return hashes.SHA1()  # noqa: S303 - what endpoint v1.2 asks for
    return None


def short(uri: str) -> str:
    """Return the last part of an algorithm's name as people say it; an unknown URI as it is."""
    return _SHORT.get(uri, uri)
