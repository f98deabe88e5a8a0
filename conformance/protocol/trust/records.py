"""What is asked for, what is given, and the limits of both."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from lxml import etree

from conformance.errors import ImplementationError
from conformance.model import Subcode

MAX_LIFE: Final = timedelta(hours=24)
"""The longest life that may be asked for: the default bound of the framework that the service resembles."""

KEY_SIZES: Final = (256, 512)
"""Bits of the proof keys that clients ask for; 256 when they name none."""

DEFAULT_KEY_SIZE: Final = 256


class TrustError(ImplementationError, ValueError):
    """An answer of a token service that cannot be used."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "") -> None:
        super().__init__(message, subcode=Subcode.PROTOCOL_ERROR, expected=expected, found=found, where=where)


class ProofMode(StrEnum):
    """How an answer hands the proof key over."""

    BINARY_SECRET = "binary_secret"
    """RequestedProofToken holds the key itself; what the real service was seen to do."""
    COMPUTED = "computed"
    """RequestedProofToken names P_SHA1, and Entropy holds the service's half."""
    CLIENT_ENTROPY = "client_entropy"
    """Neither is there: the client's own entropy is the key."""
    CONTRADICTION = "contradiction"
    """A key and a recipe for one at once, which no client may accept and no service should send."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActAs:
    """On whose behalf hosted software asks."""

    ssid: str
    """The client's software id, ten digits."""
    first_party: str
    """ABN of the provider that owns the credential."""
    second_party: str
    """ABN of the client."""
    id: str
    """Any id, new for every request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What a request asks for, as far as it can be read."""

    applies_to: str = ""
    token_type: str = ""
    key_type: str = ""
    key_size: int | None = None
    """Bits; None when the request names none that can be read."""
    claims: tuple[tuple[str, bool], ...] = ()
    """Pairs of a claim's URI and whether it is optional."""
    claim_values: tuple[tuple[str, str], ...] = ()
    """Pairs of a claim's URI and the value that the request gives for it; claims without one are left out."""
    created: datetime | None = None
    expires: datetime | None = None
    entropy: bytes | None = field(default=None, repr=False)
    act_as: ActAs | None = None
    context: str = ""

    @property
    def mandatory_claims(self) -> tuple[str, ...]:
        """URIs of the claims that are not optional."""
        return tuple(uri for uri, optional in self.claims if not optional)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """What a client keeps of an answer.  The elements are roots of documents of their own."""

    token: etree._Element
    """What RequestedSecurityToken holds: EncryptedAssertion, or EncryptedData for SAML 1.1."""
    encrypted_data: etree._Element
    """The EncryptedData in it."""
    attached: etree._Element
    """The SecurityTokenReference to be put into the KeyInfo of an endorsing signature."""
    proof_key: bytes = field(repr=False)
    token_type: str
    applies_to: str
    """Empty when the answer does not say."""
    created: datetime | None
    expires: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What a fault of the token service tells besides its SOAP code."""

    code: str
    """For instance `E2003`."""
    description: str
    advice: str
