"""What the client signs: the request for certification, and the envelope around it."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from conformance.protocol import der
from conformance.protocol.renewal.records import ABN_EXTENSION

_IA5_STRING: Final = 0x16
_DATA: Final = der.object_identifier("1.2.840.113549.1.7.1")
_SIGNED_DATA: Final = der.object_identifier("1.2.840.113549.1.7.2")
_CONTENT_TYPE: Final = der.object_identifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST: Final = der.object_identifier("1.2.840.113549.1.9.4")
_SIGNING_TIME: Final = der.object_identifier("1.2.840.113549.1.9.5")
_RSA_SHA256: Final = der.element(der.SEQUENCE, der.object_identifier("1.2.840.113549.1.1.11"), der.NULL)
_SHA256: Final = der.element(der.SEQUENCE, der.object_identifier("2.16.840.1.101.3.4.2.1"))


def certification_request(key: RSAPrivateKey, *, abn: str, name: str) -> bytes:
    """Return a PKCS#10 request (RFC 2986), DER, for a machine credential; the same arguments, the same bytes.

    Args:
        key: the new key pair; it signs, with SHA-256.
        abn: of the holder; O of the subject, and the extension `ABN_EXTENSION`.
        name: of the credential; CN of the subject.
    """
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, name),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, abn),
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AU"),
        ]
    )
    extension = x509.UnrecognizedExtension(
        x509.ObjectIdentifier(ABN_EXTENSION), der.element(_IA5_STRING, abn.encode("ascii"))
    )
    builder = x509.CertificateSigningRequestBuilder(subject).add_extension(extension, critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def sign(content: bytes, *, key: RSAPrivateKey, chain: Sequence[x509.Certificate], now: datetime) -> bytes:
    """Return CMS SignedData (RFC 5652, section 5), DER, with `content` in it.

    Args:
        content: what is signed.
        key: of the first certificate.
        chain: leaf first; all of it goes along.
        now: the signing time, aware, before 2050.
    """
    when = f"{now.astimezone(UTC):%y%m%d%H%M%SZ}".encode()
    attributes = sorted(
        (
            _attribute(_CONTENT_TYPE, _DATA),
            _attribute(_SIGNING_TIME, der.element(der.UTC_TIME, when)),
            _attribute(_MESSAGE_DIGEST, der.element(der.OCTET_STRING, hashlib.sha256(content).digest())),
        )
    )
    # Signed as a SET, though written under a context tag (RFC 5652, 5.4).
    signature = key.sign(der.element(der.SET, *attributes), PKCS1v15(), hashes.SHA256())
    leaf = chain[0]
    signer = der.element(
        der.SEQUENCE,
        der.integer(1),
        der.element(der.SEQUENCE, leaf.issuer.public_bytes(), der.integer(leaf.serial_number)),
        _SHA256,
        der.element(der.CONTEXT_0, *attributes),
        _RSA_SHA256,
        der.element(der.OCTET_STRING, signature),
    )
    certificates = (certificate.public_bytes(Encoding.DER) for certificate in chain)
    signed = der.element(
        der.SEQUENCE,
        der.integer(1),
        der.element(der.SET, _SHA256),
        der.element(der.SEQUENCE, _DATA, der.element(der.CONTEXT_0, der.element(der.OCTET_STRING, content))),
        der.element(der.CONTEXT_0, *certificates),
        der.element(der.SET, signer),
    )
    return der.element(der.SEQUENCE, _SIGNED_DATA, der.element(der.CONTEXT_0, signed))


def _attribute(kind: bytes, value: bytes) -> bytes:
    return der.element(der.SEQUENCE, kind, der.element(der.SET, value))
