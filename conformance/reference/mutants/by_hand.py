"""XML signatures by hand, for mutants: nothing here comes from the kit's own protocol code.

A mutant lets the reference sign, changes what it gets wrong, and signs again with these few lines; so that
the signature is right and only the mistake is left.
"""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

ALGORITHMS = {
    "rsa-sha1": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "rsa-sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "hmac-sha256": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "inclusive": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
}


def first(root: etree._Element, name: str) -> etree._Element:
    """Return the first element of that local name."""
    return next(root.iter(f"{{*}}{name}"))


def sign_again(
    envelope: etree._Element, key: RSAPrivateKey, *, digest: str = "sha256", signature: str = "sha256"
) -> None:
    """Compute all digests and the RSA signature of a message anew, whatever its algorithms claim."""
    _digest_again(envelope, digest)
    seal_again(envelope, key, signature=signature)


def seal_again(envelope: etree._Element, key: RSAPrivateKey, *, signature: str = "sha256") -> None:
    """Compute the RSA signature of a message anew and leave the digests as they are."""
    hash_algorithm: hashes.HashAlgorithm = hashes.SHA1() if signature == "sha1" else hashes.SHA256()
    info = canonical(first(envelope, "SignedInfo"))
    _state(envelope, key.sign(info, padding.PKCS1v15(), hash_algorithm))


def endorse_again(
    envelope: etree._Element, proof_key: bytes, *, digest: str = "sha1", signature: str = "sha1"
) -> None:
    """Compute all digests and the HMAC of a message anew, whatever its algorithms claim."""
    _digest_again(envelope, digest)
    _state(envelope, hmac.digest(proof_key, canonical(first(envelope, "SignedInfo")), signature))


def canonical(element: etree._Element, *, exclusive: bool = True) -> bytes:
    """Return the canonical form of an element without comments."""
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False)


def _digest_again(envelope: etree._Element, digest: str) -> None:
    parts = {
        part.attrib[name]: part
        for part in envelope.iter("*")
        for name in map(str, part.attrib)
        if name.endswith("Id")
    }
    for reference in first(envelope, "SignedInfo").iter("{*}Reference"):
        data = canonical(parts[reference.attrib["URI"][1:]])
        first(reference, "DigestValue").text = base64.b64encode(hashlib.new(digest, data).digest()).decode()


def _state(envelope: etree._Element, value: bytes) -> None:
    first(envelope, "SignatureValue").text = base64.b64encode(value).decode()
