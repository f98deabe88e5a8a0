"""Machine-credential certificates: the bundle that a store holds, what a leaf says, when it is valid.

A store holds a leaf and its issuers as PKCS#7 SignedData with empty content (RFC 5652, section 5).  The
real authority writes it in BER with indefinite lengths and has the sub CA sign it; other writers use DER,
leave the signer out, or put the bare leaf.  The order of the certificates is kept: DER's sorting of a SET OF
would move the leaf.

No function here asks for the time, and none decides whom to trust.
"""

import calendar
import functools
import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final, TypeVar

from asn1crypto import cms, parser
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from conformance.errors import OperatorError
from conformance.protocol import der

MACHINE_POLICY: Final = "1.2.36.1.9001.101.1.8.1"
"""Certificate policy of a machine credential, as observed on every published one."""

MACHINE_QUALIFIER: Final = "ABR"
"""The dnQualifier of a machine credential.  People's certificates of the same issuer carry another one."""

RENEWAL_MONTHS: Final = 14
"""Calendar months before notAfter from which the official reader calls a credential due for renewal."""

MAX_BUNDLE: Final = 1 << 20
"""Bytes of the largest bundle that is read; real ones have about 6,000."""

MAX_CERTIFICATES: Final = 32
"""Certificates of the largest bundle that is read; real ones have three."""

_KEPT: Final = 256
"""Certificates whose reading is remembered: a run meets few, each of them in every message."""

_SIGNED_DATA: Final = der.object_identifier("1.2.840.113549.1.7.2")
_DATA: Final = der.object_identifier("1.2.840.113549.1.7.1")
_RSA_SHA256: Final = der.object_identifier("1.2.840.113549.1.1.11")
_SHA256: Final = der.object_identifier("2.16.840.1.101.3.4.2.1")

_UNREADABLE: Final = (
    *(ValueError, TypeError, UnsupportedAlgorithm, Warning),
    *(x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType),
)
"""What the library raises at a certificate that it cannot read; they have no class in common."""

E = TypeVar("E", bound=x509.ExtensionType)


class CertificateError(OperatorError, ValueError):
    """A certificate or a bundle of certificates cannot be used."""


class BundleForm(StrEnum):
    """How SignedData is encoded."""

    BER = "ber"
    """Indefinite lengths and an empty octet string as content: the form of the real authority's files."""
    DER = "der"
    """Definite lengths, no content."""
    BARE = "bare"
    """No SignedData at all: the leaf alone."""


class DigestAlgorithms(StrEnum):
    """What stands in SignedData's set of digest algorithms.  Readers must not care."""

    SHA256 = "sha256"
    """SHA-256 without parameters."""
    SHA256_NULL = "sha256-null"
    """SHA-256 with a NULL as parameters."""
    NONE = "none"


def read_bundle(data: bytes) -> tuple[x509.Certificate, ...]:
    """Return the certificates of a bundle in the order in which they stand.

    Args:
        data: PKCS#7 SignedData in BER or DER, or one bare X.509 certificate in DER.

    Raises:
        CertificateError: neither of these, something behind it, no certificate in it, or too large.
    """
    if len(data) > MAX_BUNDLE:
        raise CertificateError("the certificate bundle is too large", expected=f"at most {MAX_BUNDLE} bytes")
    encoded = _certificates_in(data)
    if not 0 < len(encoded) <= MAX_CERTIFICATES:
        raise CertificateError(
            "the bundle has no usable number of certificates",
            expected=f"1 to {MAX_CERTIFICATES}",
            found=str(len(encoded)),
        )
    return tuple(map(read_certificate, encoded))


@functools.lru_cache(_KEPT)
def read_certificate(data: bytes) -> x509.Certificate:
    """Return one X.509 certificate.

    Args:
        data: DER.

    Raises:
        CertificateError: it is none, or its subject, extensions or key cannot be read.
    """
    try:
        certificate = x509.load_der_x509_certificate(data)
        # These are decoded only when asked for.
        _ = certificate.extensions, certificate.subject, certificate.issuer, certificate.public_key()
        _ = certificate.not_valid_before_utc, certificate.not_valid_after_utc, certificate.serial_number
    except _UNREADABLE as error:
        raise CertificateError("a certificate cannot be read", found=str(error)) from error
    return certificate


def _certificates_in(data: bytes) -> list[bytes]:
    """Return the encoded certificates of SignedData, or `data` itself where it is a bare certificate.

    The only place that knows asn1crypto, which reads BER.  cryptography reads it too but warns that it may
    cease to; the two give the same certificates.
    """
    try:
        content = parser.parse(data, strict=True)[4]
        if content[:1] != bytes((der.OBJECT_IDENTIFIER,)):
            return [data]
        info = cms.ContentInfo.load(data, strict=True)
        if info["content_type"].native != "signed_data":
            raise CertificateError("the bundle is not SignedData", found=str(info["content_type"].native))
        chosen = [choice.chosen for choice in info["content"]["certificates"] if choice.name == "certificate"]
        return [bytes(certificate.dump()) for certificate in chosen]
    except CertificateError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise CertificateError("the certificate bundle is not well encoded", found=str(error)) from error


@dataclass(frozen=True)
class BundleSigner:
    """Who signs a bundle.  In the real authority's files it is the sub CA, over an empty content."""

    certificate: x509.Certificate
    moment: datetime
    """Signing time, UTC; the moment at which the credential was made."""
    sign: Callable[[bytes], bytes]
    """Returns the RSA PKCS#1 v1.5 signature with SHA-256 over its argument."""


def write_bundle(
    certificates: Sequence[x509.Certificate],
    *,
    form: BundleForm = BundleForm.BER,
    digest_algorithms: DigestAlgorithms = DigestAlgorithms.SHA256,
    signer: BundleSigner | None = None,
) -> bytes:
    """Return certificates as a bundle, in the order given.

    Args:
        certificates: at least one; `BundleForm.BARE` writes the first alone.
        form: how SignedData is encoded.
        digest_algorithms: what its set of digest algorithms holds.
        signer: who signs it; without one the set of signers is empty.
    """
    encoded = [certificate.public_bytes(Encoding.DER) for certificate in certificates]
    if form is BundleForm.BARE:
        return encoded[0]
    digest = _digest_algorithm(digest_algorithms)
    wrap = der.indefinite if form is BundleForm.BER else der.element
    content = wrap(der.CONTEXT_0, der.element(der.OCTET_STRING)) if form is BundleForm.BER else b""
    signed = wrap(
        der.SEQUENCE,
        der.integer(1),
        der.element(der.SET, b"" if digest_algorithms is DigestAlgorithms.NONE else digest),
        wrap(der.SEQUENCE, _DATA, content),
        wrap(der.CONTEXT_0, *encoded),
        der.element(der.SET, b"" if signer is None else _signer_info(signer, digest)),
    )
    return wrap(der.SEQUENCE, _SIGNED_DATA, wrap(der.CONTEXT_0, signed))


def _digest_algorithm(kind: DigestAlgorithms) -> bytes:
    parameters = der.NULL if kind is DigestAlgorithms.SHA256_NULL else b""
    return der.element(der.SEQUENCE, _SHA256, parameters)


def _signer_info(signer: BundleSigner, digest: bytes) -> bytes:
    """Return SignerInfo (RFC 5652, 5.3) with the signed attributes of the real files, over no content."""
    when = f"{signer.moment.astimezone(UTC):%y%m%d%H%M%SZ}".encode()
    # RFC 6211: the names of the algorithms come under the signature.
    protection = der.element(der.SEQUENCE, digest, der.element(der.CONTEXT_1, _RSA_SHA256, der.NULL))
    attributes = (
        _attribute_of("1.2.840.113549.1.9.3", _DATA),
        _attribute_of("1.2.840.113549.1.9.5", der.element(der.UTC_TIME, when)),
        _attribute_of("1.2.840.113549.1.9.52", protection),
        _attribute_of("1.2.840.113549.1.9.4", der.element(der.OCTET_STRING, hashlib.sha256().digest())),
    )
    issuer = signer.certificate.issuer.public_bytes()
    serial_number = der.integer(signer.certificate.serial_number)
    return der.element(
        der.SEQUENCE,
        der.integer(1),
        der.element(der.SEQUENCE, issuer, serial_number),
        digest,
        der.element(der.CONTEXT_0, *attributes),
        der.element(der.SEQUENCE, _RSA_SHA256, der.NULL),
        # Signed as a SET, though written under a context tag (RFC 5652, 5.4).
        der.element(der.OCTET_STRING, signer.sign(der.element(der.SET, *attributes))),
    )


def _attribute_of(kind: str, value: bytes) -> bytes:
    return der.element(der.SEQUENCE, der.object_identifier(kind), der.element(der.SET, value))


@dataclass(frozen=True)
class LeafFacts:
    """What a leaf certificate says of its holder and of itself."""

    abn: str
    """Organisation (O) of the subject, eleven digits if all is well; empty unless there is exactly one."""
    name: str
    """Common name (CN) of the subject; empty unless there is exactly one."""
    dn_qualifier: str
    """`ABR` in a machine credential; empty unless there is exactly one."""
    policies: tuple[str, ...]
    """Object identifiers of the certificate policies, dotted."""
    is_authority: bool
    """Whether it may issue certificates."""
    is_self_issued: bool
    """Whether issuer and subject have one name."""
    may_sign: bool
    """Whether the key usage allows digital signatures; where there is none, everything is allowed."""
    rsa_bits: int
    """Length of the RSA modulus; 0 for another kind of key."""
    signature_hash: str
    """Digest of the issuer's signature, for instance `sha256`; empty if it cannot be told."""
    sha1: bytes
    """SHA-1 over the DER certificate: the `sha1fingerprint` of a store."""


@functools.lru_cache(_KEPT)
def leaf_facts(certificate: x509.Certificate) -> LeafFacts:
    """Read out of a certificate whatever a reader of stores must know of it."""
    key = certificate.public_key()
    try:
        algorithm = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        algorithm = None
    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    policies = _extension(certificate, x509.CertificatePolicies)
    return LeafFacts(
        abn=_attribute(certificate, NameOID.ORGANIZATION_NAME),
        name=_attribute(certificate, NameOID.COMMON_NAME),
        dn_qualifier=_attribute(certificate, NameOID.DN_QUALIFIER),
        policies=tuple(policy.policy_identifier.dotted_string for policy in policies or ()),
        is_authority=constraints is not None and constraints.ca,
        is_self_issued=certificate.issuer == certificate.subject,
        may_sign=usage is None or usage.digital_signature,
        rsa_bits=key.key_size if isinstance(key, RSAPublicKey) else 0,
        signature_hash=algorithm.name if algorithm else "",
        sha1=certificate.fingerprint(hashes.SHA1()),  # noqa: S303 - the store's format names it
    )


@functools.lru_cache(_KEPT)
def base64_of(certificate: x509.Certificate) -> str:
    """Return the DER of a certificate in base64, on one line, as messages carry it."""
    return b64encode(certificate.public_bytes(Encoding.DER)).decode()


@functools.lru_cache(_KEPT)
def subject_of(certificate: x509.Certificate) -> str:
    """Return whose certificate it is, as RFC 4514 writes names."""
    return certificate.subject.rfc4514_string()


@functools.lru_cache(_KEPT)
def issuer_of(certificate: x509.Certificate) -> str:
    """Return who issued a certificate, as RFC 4514 writes names."""
    return certificate.issuer.rfc4514_string()


def _attribute(certificate: x509.Certificate, kind: x509.ObjectIdentifier) -> str:
    found = certificate.subject.get_attributes_for_oid(kind)
    return str(found[0].value) if len(found) == 1 else ""


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


class Validity(StrEnum):
    """Where a moment lies with respect to a certificate's life."""

    CURRENT = "current"
    EXPIRED = "expired"
    NOT_YET_VALID = "not yet valid"


def validity(certificate: x509.Certificate, now: datetime) -> Validity:
    """Tell whether a certificate is valid at a moment.

    Nothing else decides it, least of all the dates in the XML of a store.  Both ends belong to the period
    (RFC 5280, section 4.1.2.5).

    Args:
        certificate: of any kind.
        now: aware; its zone does not matter.

    Raises:
        ValueError: `now` has no zone, so that it is no moment.
    """
    if now.tzinfo is None:
        raise ValueError("a time without a zone is no moment")
    if now < certificate.not_valid_before_utc:
        return Validity.NOT_YET_VALID
    if now > certificate.not_valid_after_utc:
        return Validity.EXPIRED
    return Validity.CURRENT


def renewal_opens(certificate: x509.Certificate) -> datetime:
    """Return the moment, UTC, from which renewal is due: `RENEWAL_MONTHS` calendar months before notAfter."""
    ends = certificate.not_valid_after_utc
    year, month = divmod(ends.year * 12 + ends.month - 1 - RENEWAL_MONTHS, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return ends.replace(year=year, month=month + 1, day=min(ends.day, last), tzinfo=UTC)


def chain_of(leaf: x509.Certificate, bundle: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    """Return the leaf and those of the bundle that issued it, in order, each signature verified.

    The chain ends at a self-signed certificate, or where the bundle holds no issuer; a leaf alone is a chain.

    Raises:
        CertificateError: a certificate that carries the issuer's name did not sign.
    """
    chain = [leaf]
    while chain[-1].issuer != chain[-1].subject and len(chain) <= len(bundle):
        issuers = [candidate for candidate in bundle if candidate.subject == chain[-1].issuer]
        if not issuers:
            break
        signed_by = [issuer for issuer in issuers if _issued(issuer, chain[-1])]
        if not signed_by:
            raise CertificateError(
                "the chain of certificates is broken",
                expected=f"a certificate signed by {issuers[0].subject.rfc4514_string()}",
                found="a signature that the key of this name did not make",
                where=chain[-1].subject.rfc4514_string(),
            )
        chain.append(signed_by[0])
    return tuple(chain)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError, UnsupportedAlgorithm):
        return False
    return True
