"""The parts of a certificate: names, extensions, and a signature over the whole in an old way."""

import ipaddress
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.x509.oid import NameOID

from conformance.errors import KitError
from conformance.protocol import der
from conformance.simulators.authority.profiles import Digest
from conformance.simulators.authority.published import KeyName, published_key

NOTICE: Final = (
    "Test certificate of the EVTE conformance kit. Not issued by, and worthless to, any real authority."
)

Extension = tuple[x509.ExtensionType, bool]
"""An extension, and whether it is critical."""

_KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",  # called nonRepudiation before
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

_RSA_WITH: Final = {
    "sha256": "1.2.840.113549.1.1.11",
    "sha1": "1.2.840.113549.1.1.5",
    "md5": "1.2.840.113549.1.1.4",
}
"""Signature algorithms by digest (RFC 8017, appendix A.2.4)."""
_HASHES: Final = {"sha256": hashes.SHA256(), "sha1": hashes.SHA1(), "md5": hashes.MD5()}  # noqa: S303 - to be refused


def only_for(names: tuple[str, ...]) -> Extension:
    """Return the extension that lets a CA vouch for these host names and for loopback only.

    It is not critical, against RFC 5280 (section 4.2.1.10), so that a client that does not know it can still
    be tested.
    """
    permitted: list[x509.GeneralName] = [x509.DNSName(name) for name in ("localhost", "invalid", *names)]
    permitted += [x509.IPAddress(ipaddress.ip_network(network)) for network in ("127.0.0.0/8", "::1/128")]
    return x509.NameConstraints(permitted_subtrees=permitted, excluded_subtrees=None), False


def sign(key: RSAPrivateKey, data: bytes) -> bytes:
    """Return the RSA PKCS#1 v1.5 signature with SHA-256 over `data`."""
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def signed_with(certificate: x509.Certificate, digest: Digest, key: RSAPrivateKey) -> x509.Certificate:
    """Return a certificate signed with another digest, everything else in it being the same.

    The library refuses to sign with SHA-1 and MD5, and rightly; so the algorithm is exchanged in the part
    that is signed, and the outer shell is put around it anew (RFC 5280, section 4.1.1).

    Args:
        certificate: signed with SHA-256.
        digest: what to sign with instead.
        key: the issuer's.

    Raises:
        KitError: the certificate names no such algorithm.
    """
    algorithm = der.object_identifier(_RSA_WITH[digest])
    before, found, after = certificate.tbs_certificate_bytes.partition(
        der.object_identifier(_RSA_WITH["sha256"])
    )
    if not found:
        raise KitError("a certificate to be signed anew was not signed with SHA-256 before")
    tbs = before + algorithm + after  # all three identifiers have the same length
    signature = key.sign(tbs, padding.PKCS1v15(), _HASHES[digest])
    return x509.load_der_x509_certificate(
        der.element(
            der.SEQUENCE,
            tbs,
            der.element(der.SEQUENCE, algorithm, der.NULL),
            der.element(der.BIT_STRING, b"\0", signature),
        )
    )


def name(
    *, common_name: str, organisation: str, country: str | None = None, unit: str | None = None
) -> x509.Name:
    """Return a name of the parts that are given, in the order of the real authority's."""
    parts = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts if text is not None])


def key_usage(*usages: str) -> x509.KeyUsage:
    """Return the extension that allows these usages and no other."""
    return x509.KeyUsage(**{usage: usage in usages for usage in _KEY_USAGES})


def policies(policy: str) -> x509.CertificatePolicies:
    """Return the extension with one policy and the notice that nothing here is real."""
    notice = x509.UserNotice(notice_reference=None, explicit_text=NOTICE)
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), [notice])])


def distribution_point(address: str) -> x509.CRLDistributionPoints:
    """Return the extension that names where the revocation list is to be had."""
    return x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(address)],
                relative_name=None,
                reasons=None,
                crl_issuer=None,
            )
        ]
    )


def identifier(key: KeyName) -> x509.SubjectKeyIdentifier:
    """Return the identifier of a published key."""
    return x509.SubjectKeyIdentifier.from_public_key(published_key(key).public_key())


def identifier_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    """Return the identifier of the issuer's key as the issued certificate states it."""
    stated = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(stated)


def general_name(text: str) -> x509.GeneralName:
    """Return an IP address or a DNS name, whichever the text is."""
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)
