"""The back office of the simulated token service: who is known, and what follows from it for a request.

Neither XML nor HTTP occurs here.  A rule that a request breaks is always found; whether the request is
refused for it is another question, and `Settings.tolerated` answers it.  Whether a credential still works,
and whether a client has notified of a provider's software, is asked of RAM (`conformance.simulators.ram`).
What the real service does is partly not public; each such point is a field of `Settings`.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from conformance.model import Finding, Judgement, Severity
from conformance.protocol import certificates, names, trust
from conformance.protocol.judging import Notes
from conformance.protocol.security import SignerFacts
from conformance.protocol.trust import ActAs, Event, ProofMode, RequestFacts
from conformance.simulators.faults import FAULTS, Fault
from conformance.simulators.ram import CredentialState, Ram

RULES: Final = {
    "sts.relying_party_unknown": "AppliesTo is the address of a registered relying party, case included.",
    "sts.credential_untrusted": "The certificate was issued by an authority that the service recognises.",
    "sts.credential_unsuitable": "The certificate is that of a machine credential.",
    "sts.credential_revoked": "The credential has not been revoked.",
    "sts.credential_lapsed": "Somebody is responsible for the credential, or was less than 60 days ago.",
    "sts.credential_over": "The credential has not expired by the records of RAM.",
    "sts.claim_unavailable": "Every mandatory claim can be provided for the credential.",
    "sts.relationship_unknown": "The second party has notified the service of this software id.",
    "sts.relationship_id_reused": "The RelationshipToken of every request has an ID of its own.",
}
"""Code -> what must hold; besides the rules of the judges in `conformance.protocol`."""


class NotificationCheck(StrEnum):
    """Who refuses a request on behalf of a client that has not notified of the software."""

    TOKEN_SERVICE = "token service"
    REGISTRY = "registry"
    """The token is issued, and the registry refuses it as not authorised."""
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the real service leaves open, or a scenario changes; to change it, assign a changed copy."""

    proof_mode: ProofMode = ProofMode.BINARY_SECRET
    """How answers hand the proof key over; without entropy in the request always as `BINARY_SECRET`."""
    secret_type: str = names.NONCE
    """Type of the BinarySecret, as observed; clients must not care."""
    expired_code: str = "E2015"
    """Or `E2169`, which the real service was seen to answer in 2026."""
    relationship_code: str = ""
    """Event code for an unknown relationship.  The real one is not public; when empty, none is given."""
    extra_anchors: tuple[x509.Certificate, ...] = ()
    """Trusted besides the authority's own, for a credential that the operator brings."""
    revoked_code: str = "E2014"
    """Of a credential that was revoked.  Known from tables of the time before RAM; assumed to be the same."""
    lapsed_code: str = "E2014"
    """Of a credential that nobody claimed within 60 days.  Assumed: a vendor's help page ties the text of
    this code to an owner whose link to the business has lapsed."""
    unassigned_refused: bool = False
    """Whether a credential is refused as soon as nobody is responsible for it.  RAM's page says that it works
    for 60 days; the same help page can be read as saying that it does not."""
    notification_checked_by: NotificationCheck = NotificationCheck.TOKEN_SERVICE
    """Assumed: no public source says whether the token service looks, or only the registry."""
    credential: bytes | None = None
    """DER of the certificate that the client was given; another one is found, not refused."""
    act_as: bool | None = None
    """Whether the client is hosted software and must say for whom it asks; None leaves that unjudged."""
    tolerated: frozenset[str] = frozenset(
        {
            # A recorded client signs its Timestamp only; whether the real service lets that pass is unknown.
            "security.to_unsigned",
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
        }
    )
    """Codes of rules whose breach is found but not refused."""
    default_life: timedelta = timedelta(minutes=30)
    """Life of a token when the request asks for none."""
    granted_life: timedelta | None = None
    """Life of every token from the answer on, whatever was asked; None grants what was asked, as observed."""
    fault_prefix: str = "soap"
    """Prefix of the SOAP namespace in answers; some clients see a fault under `soap` only."""
    fault_status: int = 500
    """HTTP status of faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The decision to issue a token."""

    subject: str
    claims: Mapping[str, str]
    created: datetime
    expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The decision not to."""

    reason: str
    subcode: str
    """Clark name; the SOAP code is Sender unless `internal`."""
    event: Event | None = None
    internal: bool = False


class Office:
    """Who is known, and what follows from it.  No message format occurs here.

    Args:
        anchors: certificates that a chain may end in or pass through.
        relying_parties: addresses for which tokens are issued, matched by letter and case.
        ram: knows how credentials and notifications stand; None finds nothing against any of them, as RAM
            itself finds nothing against a credential that it has never heard of.
    """

    def __init__(
        self,
        anchors: Collection[x509.Certificate],
        relying_parties: Collection[str],
        ram: Ram | None = None,
    ) -> None:
        self._anchors = tuple(anchors)
        self._trusted = {certificate.fingerprint(hashes.SHA256()) for certificate in anchors}
        self._chains: dict[tuple[bytes, tuple[x509.Certificate, ...]], bool] = {}
        self._relationship_ids: set[str] = set()
        self._ram = ram
        self.relying_parties = frozenset(relying_parties)

    def judge(self, signer: SignerFacts, request: RequestFacts | None, settings: Settings) -> Judgement:
        """Judge what can be known of the credential and of what is asked for."""
        notes = Notes(RULES, {})
        if signer.certificate is not None:
            self._judge_credential(notes, signer.certificate, settings)
        if request is None:
            return notes.judgement()
        if request.applies_to:
            folded = {address.lower() for address in self.relying_parties}
            notes.hold(
                "sts.relying_party_unknown",
                request.applies_to in self.relying_parties,
                expected=" or ".join(sorted(self.relying_parties)),
                actual=request.applies_to,
                where="s:Envelope/s:Body/t:RequestSecurityToken/wsp:AppliesTo",
                hint=(
                    "it differs from a registered one in case only; do not take it from a WSDL"
                    if request.applies_to.lower() in folded
                    else "a slash at the end makes another address"
                    if request.applies_to.rstrip("/").lower() in folded
                    else ""
                ),
            )
        if signer.certificate is not None:
            wanted = frozenset(request.mandatory_claims) & names.KNOWN_CLAIMS
            missing = sorted(wanted - _claims(signer.certificate, request).keys())
            notes.hold("sts.claim_unavailable", not missing, actual=", ".join(missing))
        if request.act_as is not None:
            self._judge_relationship(notes, request.act_as)
        return notes.judgement()

    def _judge_relationship(self, notes: Notes, act_as: ActAs) -> None:
        seen = act_as.id in self._relationship_ids
        self._relationship_ids.add(act_as.id)
        notes.hold("sts.relationship_id_reused", not seen, actual=act_as.id or "none")
        client, provider, ssid = act_as.second_party, act_as.first_party, act_as.ssid
        notes.hold(
            "sts.relationship_unknown",
            self._ram is None or self._ram.notified(client, provider, ssid),
            expected=f"a notification of ABN {client} for software {ssid} of ABN {provider}, in force today",
            actual="none",
        )

    def _judge_credential(self, notes: Notes, leaf: x509.Certificate, settings: Settings) -> None:
        facts = certificates.leaf_facts(leaf)
        notes.hold(
            "sts.credential_untrusted",
            self._is_trusted(leaf, settings.extra_anchors),
            expected="a certificate of this environment",
            actual=f"issued by {leaf.issuer.rfc4514_string()}",
        )
        notes.hold(
            "sts.credential_unsuitable",
            certificates.MACHINE_POLICY in facts.policies and facts.may_sign and not facts.is_authority,
            expected=f"policy {certificates.MACHINE_POLICY}, usable for signatures, no authority",
            actual=f"policies {', '.join(facts.policies) or 'none'}",
        )
        standing = self._ram.standing(leaf.serial_number) if self._ram is not None else None
        standing = standing or CredentialState.ACTIVE
        refused = {CredentialState.LAPSED}
        if settings.unassigned_refused:
            refused.add(CredentialState.UNASSIGNED)
        serial = f"serial number {leaf.serial_number}: {standing.value}"
        notes.hold("sts.credential_revoked", standing is not CredentialState.REVOKED, actual=serial)
        notes.hold("sts.credential_lapsed", standing not in refused, actual=serial)
        notes.hold("sts.credential_over", standing is not CredentialState.EXPIRED, actual=serial)

    def _is_trusted(self, leaf: x509.Certificate, extra: tuple[x509.Certificate, ...]) -> bool:
        key = (leaf.fingerprint(hashes.SHA256()), extra)
        if key not in self._chains:
            self._chains[key] = self._chain_ends_well(leaf, extra)
        return self._chains[key]

    def _chain_ends_well(self, leaf: x509.Certificate, extra: tuple[x509.Certificate, ...]) -> bool:
        trusted = self._trusted | {certificate.fingerprint(hashes.SHA256()) for certificate in extra}
        try:
            chain = certificates.chain_of(leaf, (*self._anchors, *extra))
        except certificates.CertificateError:
            return False
        # Whatever is trusted ends the chain: an operator may give no more than the issuing authority.
        return any(certificate.fingerprint(hashes.SHA256()) in trusted for certificate in chain) and all(
            certificates.leaf_facts(issuer).is_authority for issuer in chain[1:]
        )

    def decide(
        self,
        judgement: Judgement,
        signer: SignerFacts,
        request: RequestFacts | None,
        settings: Settings,
        now: datetime,
    ) -> Granted | Refused:
        """Decide on a request; the first breach, in the order of a service on the same framework, counts."""
        tolerated = settings.tolerated
        if settings.notification_checked_by is not NotificationCheck.TOKEN_SERVICE:
            tolerated |= {"sts.relationship_unknown"}
        errors: dict[str, Finding] = {}
        for finding in judgement.findings:
            if finding.severity is Severity.ERROR and finding.code not in tolerated:
                errors.setdefault(finding.code, finding)
        if errors:
            return _refusal(errors, signer, settings, now)
        assert signer.certificate is not None and request is not None  # noqa: S101, PT018 - else there were errors
        if self._ram is not None:
            self._ram.used(signer.certificate.serial_number)
        begin = request.created or now
        life = (request.expires - begin) if request.expires is not None else settings.default_life
        return Granted(
            subject=signer.certificate.subject.rfc4514_string(),
            claims={
                uri: value
                for uri, value in _claims(signer.certificate, request).items()
                if uri in {asked for asked, _ in request.claims}
            },
            created=begin,
            # What was asked counts from its own beginning; what the service sets counts from its own clock.
            expires=begin + life if settings.granted_life is None else now + settings.granted_life,
        )


def _claims(certificate: x509.Certificate, request: RequestFacts) -> dict[str, str]:
    """Return every claim that can be provided.  For a second party, abn is the second party's."""
    facts = certificates.leaf_facts(certificate)
    return {
        names.CLAIM_ABN: request.act_as.second_party if request.act_as else facts.abn,
        names.CLAIM_CREDENTIAL_TYPE: names.DEVICE_CREDENTIAL,
        names.CLAIM_COMMON_NAME: facts.name,
        names.CLAIM_SUBJECT_ID: f"{facts.abn}_{facts.name}",
        names.CLAIM_FINGERPRINT: facts.sha1.hex(),
        f"{names.CLAIM_BASE}subjectdn": certificate.subject.rfc4514_string(),
        f"{names.CLAIM_BASE}issuerdn": certificate.issuer.rfc4514_string(),
        f"{names.CLAIM_BASE}notafterdate": certificate.not_valid_after_utc.isoformat(),
        f"{names.CLAIM_BASE}certificateserialnumber": str(certificate.serial_number),
    }


_EVENT_OF: Final = {
    "security.token_unreadable": "E2029",
    "security.token_chain": "E2029",
    "sts.credential_untrusted": "E2020",
    "security.certificate_authority": "E2180",
    "sts.credential_unsuitable": "E2180",
    "sts.relying_party_unknown": "E2003",
    "trust.claim_unknown": "E2183",
    "sts.claim_unavailable": "E2182",
}
"""What is answered with an event code.  What RAM says, dates and relationships have a choice of codes; see
`_refusal`."""

_CREDENTIAL_FIRST: Final = (
    "sts.credential_untrusted",
    "security.certificate_dates",
    "sts.credential_over",
    "sts.credential_revoked",
    "sts.credential_lapsed",
    "security.certificate_authority",
    "sts.credential_unsuitable",
)
_RELATIONSHIP: Final = ("trust.act_as_", "sts.relationship_unknown")
_ADDRESSING_SUBCODES: Final = {
    "addressing.action_wrong": names.ACTION_NOT_SUPPORTED,
    "addressing.to_wrong": names.DESTINATION_UNREACHABLE,
}


def _refusal(
    errors: Mapping[str, Finding], signer: SignerFacts, settings: Settings, now: datetime
) -> Refused:
    for code, subcode in _ADDRESSING_SUBCODES.items():
        if code in errors:
            return Refused(reason=errors[code].message, subcode=subcode)
    for code in ("security.token_unreadable", "security.token_chain"):
        if code in errors:
            return event_refusal(_EVENT_OF[code])
    credential = [code for code in _CREDENTIAL_FIRST if code in errors]
    chosen = {
        "sts.credential_over": settings.expired_code,
        "sts.credential_revoked": settings.revoked_code,
        "sts.credential_lapsed": settings.lapsed_code,
    }
    for code, finding in errors.items():
        if code.startswith(("soap.", "addressing.", "security.")) and code not in credential:
            expired = code == "security.timestamp_window"
            # The real service says no more than this; the finding says which bytes and why.
            reason = "The security of the message could not be verified."
            subcode = names.MESSAGE_EXPIRED if expired else names.INVALID_SECURITY
            return Refused(
                reason=reason if code.startswith("security.") else finding.message, subcode=subcode
            )
    for code in credential:
        if code == "security.certificate_dates":
            certificate = signer.certificate
            early = certificate is not None and now < certificate.not_valid_before_utc
            return event_refusal("E2017" if early else settings.expired_code)
        return event_refusal(chosen.get(code) or _EVENT_OF[code])
    for code in errors:
        if code in _EVENT_OF:
            return event_refusal(_EVENT_OF[code])
        if code.startswith(_RELATIONSHIP) and settings.relationship_code:
            return event_refusal(settings.relationship_code)
    first = next(iter(errors.values()))
    return Refused(reason=first.message, subcode=names.INVALID_REQUEST)


def event_refusal(code: str) -> Refused:
    """Return the refusal with an event code; a code that is not in the table is given without a text."""
    fault = FAULTS.get(f"sts.{code}", Fault(name=f"sts.{code}", sentence="", code=code))
    event = Event(code=fault.code, description=fault.title, advice=fault.text)
    internal = fault.retry
    subcode = names.REQUEST_FAILED if internal else names.INVALID_REQUEST
    return Refused(reason=trust.event_reason(event), subcode=subcode, event=event, internal=internal)
