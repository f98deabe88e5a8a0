"""What the two hops may use, and what a judge learned of a message: records and limits."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509

from conformance.protocol import names

SKEW: Final = timedelta(minutes=5)
"""How far the sender's clock may be off, either way; the default of both WCF and Metro."""

TIMESTAMP_LIFE: Final = timedelta(minutes=5)
"""Time from Created to Expires that every working client uses."""

MAX_TIMESTAMP_LIFE: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class AlgorithmSuite:
    """The only algorithms that an endpoint of the token service accepts for a signed request.

    Canonicalisation and transforms are the exclusive ones in every suite.
    """

    name: str
    signature: str
    """URI of the signature method.  Accepting a second one would let a downgrade to SHA-1 pass."""
    digest: str
    """URI of the digest method, for every reference."""


S007_V13: Final = AlgorithmSuite("S007v1.3", names.RSA_SHA256, names.SHA256)
S007_V12: Final = AlgorithmSuite("S007v1.2", names.RSA_SHA1, names.SHA1)

ENDORSING: Final = (names.HMAC_SHA1, names.HMAC_SHA256)
"""What an endorsing signature may use.  The policy says hmac-sha1; WCF takes its suite for sha256."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ids:
    """The wsu:Id values of the parts that a message refers to; they mean nothing beyond it."""

    timestamp: str = "_0"
    to: str = "_1"
    token: str = "_2"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenReference:
    """A SecurityTokenReference, taken apart."""

    kind: str
    """Local name of its child: `Reference`, `KeyIdentifier`, `X509Data`, …; empty when it has none."""
    value: str
    """The URI of a Reference, the text of a KeyIdentifier."""
    value_type: str
    token_type: str
    """The k:TokenType attribute (WS-Security 1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceFacts:
    """What the judge learned of one ds:Reference."""

    uri: str
    where: str
    """Path of the element that it points at; empty when it points at none."""
    algorithm: str
    """URI of the digest method."""
    canonical: bytes
    """The bytes that we hashed: the canonical form of the element as it arrived."""
    stated: bytes
    """The digest that the message states, decoded; empty when it is no base64."""
    actual: bytes
    """The digest of `canonical`; empty when the algorithm is not one that we know."""
    cause: str = ""
    """The likely cause when the two differ."""
    hashed: bytes = b""
    """The bytes that the sender hashed instead, when they came to light; see `first_difference`."""

    @property
    def holds(self) -> bool:
        """Whether the stated digest is that of the element."""
        return bool(self.actual) and self.actual == self.stated


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerFacts:
    """What the judge learned of a request's signature."""

    certificate: x509.Certificate | None = None
    """The certificate in the BinarySecurityToken, if it can be read."""
    created: datetime | None = None
    expires: datetime | None = None
    signature_algorithm: str = ""
    references: tuple[ReferenceFacts, ...] = ()
    signed_info: bytes = b""
    """Canonical form of SignedInfo: the bytes that the signature is over."""
    signed_instead: bytes = b""
    """The bytes that the signature is over instead, when they came to light."""
    verified: bool = False
    """Whether the signature verifies, every reference resolves and holds, and the Timestamp is signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EndorserFacts:
    """What the judge learned of an endorsing signature."""

    created: datetime | None = None
    expires: datetime | None = None
    signature_algorithm: str = ""
    references: tuple[ReferenceFacts, ...] = ()
    signed_info: bytes = b""
    signed_instead: bytes = b""
    """The bytes that the signature is over instead, when they came to light."""
    wrapped: bool = False
    """Whether the token came as EncryptedAssertion instead of its EncryptedData."""
    token_reference: TokenReference | None = None
    verified: bool = False


def first_difference(ours: bytes, theirs: bytes) -> int | None:
    """Return the offset of the first byte in which two canonical forms differ, or None for equal ones."""
    if ours == theirs:
        return None
    pairs = enumerate(zip(ours, theirs, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(ours), len(theirs)))
