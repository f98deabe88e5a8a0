"""The records of the renewal exchange, its names and its limits."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.certificates import Validity, renewal_opens, validity

NAMESPACE: Final = "http://auth.sbr.gov.au/AutoRenew"
"""Of `requests` and `responses`; every element inside them is in no namespace (schema of the exchange)."""

MEDIA_TYPE: Final = "text/xml; charset=utf-8"

ABN_EXTENSION: Final = "1.2.36.1.333.1"
"""Extension with the holder's ABN as IA5String, as the request for certification carries it."""

MAX_BYTES: Final = 1 << 20
"""Bytes of the longest message that is read; real ones have about 15,000."""

LEAST_RSA_BITS: Final = 2048
STRONG_DIGESTS: Final = ("sha256", "sha384", "sha512")
"""SHA-256 or better."""


class AnswerError(ImplementationError, ValueError):
    """The bytes are not an answer of the renewal service."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "") -> None:
        super().__init__(message, subcode=Subcode.PROTOCOL_ERROR, expected=expected, found=found, where=where)


class RefusedError(AnswerError):
    """The service answered with an `error` element.

    Attributes:
        error_id: its positive number.
        error_message: its text, cut to 500 characters.
    """

    def __init__(self, error_id: int, error_message: str) -> None:
        super().__init__("the renewal service answered with an error", found=f"{error_id} {error_message}")
        self.error_id = error_id
        self.error_message = error_message


@dataclass(frozen=True)
class RequestFacts:
    """What a request for renewal says; whatever could not be read is empty or None."""

    alias: str = ""
    """The `id`: alias of the credential in the store."""
    credential_type: str = ""
    signer: x509.Certificate | None = None
    """The old certificate, with whose key the request is signed."""
    chain: tuple[x509.Certificate, ...] = ()
    """Every certificate that came along, as it stood."""
    request: x509.CertificateSigningRequest | None = None
    public_key: RSAPublicKey | None = None
    """The new key."""


@dataclass(frozen=True)
class Renewed:
    """What the service issued."""

    alias: str
    bundle: bytes = field(repr=False)
    """PKCS#7, as it came: fit for `publicCertificate` of a store."""
    certificates: tuple[x509.Certificate, ...]
    """Those in the bundle, in their order."""
    legal_name: str
    fingerprint: bytes
    """SHA-1 over the DER leaf, if the service is right."""


def is_expired(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a credential is too old to be renewed: from then on only a new one helps.

    Args:
        certificate: the leaf.
        now: aware.
    """
    return validity(certificate, now) is Validity.EXPIRED


def is_stale(certificate: x509.Certificate, now: datetime) -> bool:
    """Tell whether a credential is due for renewal or beyond it, see `certificates.renewal_opens`.

    Args:
        certificate: the leaf.
        now: aware.
    """
    return now >= renewal_opens(certificate)
