"""Settings of the simulated token service: what the real one leaves open, or a scenario changes.

What the real service does is partly not public.  Each such point is a field with a note of where its default
comes from, and a report calls what rests on it assumed.  Fields may be set from outside by their names.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from cryptography import x509

from conformance.protocol import names, security, trust
from conformance.protocol.trust import ProofMode


class NotificationCheck(StrEnum):
    """Who refuses a request on behalf of a client that has not notified of the software."""

    TOKEN_SERVICE = "token service"
    REGISTRY = "registry"
    """The token is issued, and the registry refuses it as not authorised."""
    NOBODY = "nobody"


class BeyondMaximum(StrEnum):
    """What becomes of a request for a longer life than the service grants."""

    REFUSED = "refused"
    CLAMPED = "clamped"
    """The token lives as long as the service grants at most."""
    GRANTED = "granted"
    """As asked for, as if there were no maximum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One token service; to change it, assign a changed copy."""

    # --- who is known -------------------------------------------------------------------------------

    extra_anchors: tuple[x509.Certificate, ...] = ()
    """Trusted besides the authority's own, for a credential that the operator brings."""
    credential: bytes | None = None
    """DER of the certificate that the client was given; another one is found, not refused."""
    act_as: bool | None = None
    """Whether the client is hosted software and must say for whom it asks; None leaves that unjudged."""
    unassigned_refused: bool = False
    """Whether a credential is refused as soon as nobody is responsible for it.  RAM's page says that it works
    for 60 days; a vendor's help page can be read as saying that it does not."""
    notification_checked_by: NotificationCheck = NotificationCheck.TOKEN_SERVICE
    """Assumed: no public source says whether the token service looks, or only the registry."""
    older_endpoint: bool = True
    """Whether S007v1.2 is served.  Samples of 2023 use it; when it ends is not public."""

    # --- what is let pass ---------------------------------------------------------------------------

    skew: timedelta = security.SKEW
    """How far a client's clock may be off, either way.  Assumed: the default of two frameworks."""
    unsigned_to_refused: bool = False
    """Whether a request is refused whose signature leaves the To header out.  A recorded client signs its
    Timestamp only; whether the real service lets that pass is not known."""
    to_case_matters: bool = True
    """Whether To must be spelt as the address posted to.  Assumed; samples spell the path in several ways,
    but each one the same in both places."""
    claim_values_evaluated: bool = False
    """Whether a value inside a ClaimType must be the claim's.  Assumed not: a client sent placeholders for
    years, and worked."""
    tolerated: frozenset[str] = frozenset(
        {
            "security.must_understand",
            "security.certificate_other",
            "security.timestamp_span",
            "addressing.message_id_missing",
            "addressing.message_id_reused",
            "trust.lifetime_start",
            "trust.claims_missing",
            "trust.act_as_missing",
            "trust.act_as_unexpected",
            # The official sample sends one ID for ever, and works.
            "sts.relationship_id_reused",
            # The addresses of version 4 are still registered; the registry of version 5 wants no such token.
            "sts.relying_party_outdated",
        }
    )
    """Codes of further rules whose breach is found but not refused; in each case assumed."""

    # --- the token ----------------------------------------------------------------------------------

    token_type: str = ""
    """Type of every token, whatever was asked for; when empty it is the one asked for, as observed."""
    default_token_type: str = names.SAML_2_TOKEN
    """Type of a token when the request names none.  Assumed: what current clients ask for."""
    default_life: timedelta = timedelta(minutes=30)
    """Life of a token when the request asks for none.  Seen in a client's comment only."""
    granted_life: timedelta | None = None
    """Life of every token from the answer on, whatever was asked; None grants what was asked, as observed."""
    maximum_life: timedelta = trust.MAX_LIFE
    """The longest life that is granted.  Assumed: the framework's default of a day; clients ask for one."""
    beyond_maximum: BeyondMaximum = BeyondMaximum.REFUSED
    """Assumed: the framework refuses; nobody is known to have tried."""
    claim_values: Mapping[str, str] = field(default_factory=dict)
    """Value by the claim's URI, instead of what the credential says.  That credentialtype is `ABR_Device`,
    and not the `D` of the keystore, is read from an implementation guide of another platform."""
    act_as_abn_is_first: bool = False
    """Whether the claim abn names the first party in ActAs.  Assumed not: the registry compares it with the
    organisation code of the second party."""
    ssid_claim: str = ""
    """URI of a claim that carries the software id in ActAs; when empty there is none.  Not public."""

    # --- the answer ---------------------------------------------------------------------------------

    proof_mode: ProofMode = ProofMode.BINARY_SECRET
    """How answers hand the proof key over; without entropy in the request always as `BINARY_SECRET`, as
    observed.  Whether the real service honours a client's entropy is unknown; clients must cope with all."""
    secret_type: str = names.NONCE
    """Type of the BinarySecret, none when empty.  The one observed; clients must not care."""
    parts: tuple[str, ...] = trust.OBSERVED_PARTS
    """Children of the answer in their order, as observed."""
    indented: bool = False
    """Whether answers are indented, except beside the token.  Not observed."""
    varied: bool = False
    """Whether every answer has another form; see `conformance.simulators.variation`."""
    clock_offset: timedelta = timedelta()
    """How far the service's clock is ahead."""

    # --- faults -------------------------------------------------------------------------------------

    expired_code: str = "E2015"
    """Or `E2169`, which the real service was seen to answer in 2026."""
    revoked_code: str = "E2014"
    """Of a credential that was revoked.  Known from tables of the time before RAM; assumed to be the same."""
    lapsed_code: str = "E2014"
    """Of a credential that nobody claimed within 60 days.  Assumed: a vendor's help page ties the text of
    this code to an owner whose link to the business has lapsed."""
    untrusted_code: str = "E2020"
    """Of a credential whose chain ends nowhere that the service trusts; or `E2169`, since the real service
    was seen to answer that from its validation of the chain."""
    unrecorded_code: str = ""
    """Of a credential that RAM has never heard of, for instance `E2169`; when empty it is let pass, which is
    assumed."""
    relationship_code: str = ""
    """Event code for an unknown relationship.  The real one is not public; when empty, none is given."""
    signature_code: str = ""
    """Event code for a bad signature.  Not public; assumed: none, since the framework refuses before."""
    signature_subcode: str = names.INVALID_SECURITY
    """Or `names.FAILED_AUTHENTICATION`; which of the two the real service gives is not known."""
    algorithm_code: str = ""
    """Event code for SHA-1 at v1.3 and SHA-256 at v1.2.  Not public; assumed: none."""
    algorithm_subcode: str = names.INVALID_SECURITY
    """Likewise assumed."""
    skew_code: str = ""
    """Event code for a Timestamp outside the skew.  Not public; assumed: none."""
    skew_subcode: str = names.MESSAGE_EXPIRED
    """Assumed: the subcode of the standard; the framework is known to give InvalidSecurity too."""
    lifetime_code: str = ""
    """Event code for a life that cannot be granted.  Not public; assumed: none."""
    lifetime_subcode: str = names.INVALID_TIME_RANGE
    """Assumed: the subcode of the standard."""
    reason_fields: tuple[str, ...] = trust.REASON_FIELDS
    """Fields of a fault's reason in their order.  Their labels were seen, their order was not; without any,
    the reason says that the detail tells."""
    event_in_detail: bool = True
    """Whether a fault has a detail with the event.  A client of 2016 looks for one."""
    detail_names: tuple[str, str, str, str] = trust.DETAIL_NAMES
    """Local names of the detail's element and its children; see `trust.DETAIL_NAMES`."""
    fault_prefix: str = "soap"
    """Prefix of the SOAP namespace in all answers; some clients see a fault under `soap` only."""
    fault_status: int = 500
    """HTTP status of faults.  Assumed: a client relies on it; another one is prepared for 400."""
