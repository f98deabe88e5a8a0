"""XML signatures by hand, for mutants: nothing here comes from the kit's own protocol code.

A mutant lets the reference sign, changes what it gets wrong, and signs again with these few lines; so that
the signature is right and only the mistake is left.
"""

import base64
import hashlib
import hmac

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

ALGORITHMS = {
    "rsa-sha1": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    "rsa-sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "hmac-sha256": "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "inclusive": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
}


def first(root, name):
    """Return the first element of that local name."""
    return next(root.iter(f"{{*}}{name}"))


def sign_again(envelope, key, *, digest="sha256", signature="sha256"):
    """Compute all digests and the RSA signature of a message anew, whatever its algorithms claim."""
    _digest_again(envelope, digest)
    seal_again(envelope, key, signature=signature)


def seal_again(envelope, key, *, signature="sha256"):
    """Compute the RSA signature of a message anew and leave the digests as they are."""
    hash_algorithm = hashes.SHA1() if signature == "sha1" else hashes.SHA256()
    info = canonical(first(envelope, "SignedInfo"))
    _state(envelope, key.sign(info, padding.PKCS1v15(), hash_algorithm))


def endorse_again(envelope, proof_key, *, digest="sha1", signature="sha1"):
    """Compute all digests and the HMAC of a message anew, whatever its algorithms claim."""
    _digest_again(envelope, digest)
    _state(envelope, hmac.digest(proof_key, canonical(first(envelope, "SignedInfo")), signature))


def canonical(element, *, exclusive=True):
    """Return the canonical form of an element without comments."""
    return etree.tostring(element, method="c14n", exclusive=exclusive, with_comments=False, with_tail=False)


def _digest_again(envelope, digest):
    parts = {
        part.get(name): part for part in envelope.iter("*") for name in part.attrib if name.endswith("Id")
    }
    for reference in first(envelope, "SignedInfo").iter("{*}Reference"):
        data = canonical(parts[reference.get("URI")[1:]])
        first(reference, "DigestValue").text = base64.b64encode(hashlib.new(digest, data).digest())


def _state(envelope, value):
    first(envelope, "SignatureValue").text = base64.b64encode(value)
