"""Signs the manifest of a report, and judges such a signature."""

from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signs the manifest."""

    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    origin: str = ""
    """In words, for the reader: `the machine credential ABRD:…`, `signing.pem`."""
