"""The back office of the simulated token service: who is known, and what follows from it for a request.

Neither XML nor HTTP occurs here.  A rule that a request breaks is always found; whether the request is
refused for it is another question, which `Settings` and `conformance.simulators.refusals` answer.  Whether a
credential still works, and whether a client has notified of a provider's software, is asked of RAM
(`conformance.simulators.ram`).
"""

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from conformance.model import Finding, Judgement, Severity
from conformance.protocol import certificates, names
from conformance.protocol.judging import Notes
from conformance.protocol.security import SignerFacts
from conformance.protocol.trust import ActAs, RequestFacts
from conformance.simulators.ram import CredentialState, Ram
from conformance.simulators.refusals import Refused, event_refusal, lifetime_refusal, refusal
from conformance.simulators.settings import BeyondMaximum, NotificationCheck, Settings

__all__ = ["RULES", "BeyondMaximum", "Granted", "NotificationCheck", "Office", "Refused", "Settings"]

RULES: Final = {
    "sts.relying_party_unknown": "AppliesTo is the address of a registered relying party, case included.",
    "sts.relying_party_outdated": "AppliesTo is the registry's address of contract version 5.",
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


EARLIER_RELYING_PARTIES: Final = frozenset(
    {
        "https://3pt.portal.usi.gov.au/service/usiservice.svc",
        # With capitals: a published client was mended by writing exactly this.
        "https://portal.usi.gov.au/Service/UsiService.svc",
    }
)
"""The registry's addresses of contract version 4.  Clients that nobody has touched since ask for them."""


_KEPT: Final = 64
"""Credentials whose claims are remembered: a service meets few, each of them again and again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted:
    """The decision to issue a token."""

    subject: str
    claims: Mapping[str, str]
    created: datetime
    expires: datetime


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
        self._chains: dict[tuple[x509.Certificate, tuple[x509.Certificate, ...]], bool] = {}
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
            outdated = request.applies_to in EARLIER_RELYING_PARTIES - self.relying_parties
            notes.hold(
                "sts.relying_party_outdated",
                not outdated,
                expected=self._registered,
                actual=request.applies_to,
                where="s:Envelope/s:Body/t:RequestSecurityToken/wsp:AppliesTo",
                hint="it is the address of version 4; a token for it is of no use at version 5",
            )
            notes.hold(
                "sts.relying_party_unknown",
                outdated or request.applies_to in self.relying_parties,
                expected=self._registered,
                actual=request.applies_to,
                where="s:Envelope/s:Body/t:RequestSecurityToken/wsp:AppliesTo",
                hint=lambda: self._almost(request.applies_to),
            )
        if signer.certificate is not None:
            wanted = frozenset(request.mandatory_claims) & names.KNOWN_CLAIMS
            known = _claims(signer.certificate, request, settings)
            missing = sorted(wanted - known.keys())
            if settings.claim_values_evaluated:
                missing += [
                    f"{uri} = {asked}" for uri, asked in request.claim_values if known.get(uri) != asked
                ]
            notes.hold("sts.claim_unavailable", not missing, actual=", ".join(missing))
        if request.act_as is not None:
            self._judge_relationship(notes, request.act_as)
        return notes.judgement()

    def _registered(self) -> str:
        return " or ".join(sorted(self.relying_parties))

    def _almost(self, address: str) -> str:
        """Return in what a wrong address differs from a registered one, as a cause."""
        folded = {known.lower() for known in self.relying_parties}
        if address.lower() in folded:
            return "it differs from a registered one in case only; do not take it from a WSDL"
        return "a slash at the end makes another address" if address.rstrip("/").lower() in folded else ""

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
            actual=lambda: f"issued by {certificates.issuer_of(leaf)}",
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
        key = (leaf, extra)
        known = self._chains.get(key)
        if known is None:
            known = self._chains[key] = self._chain_ends_well(leaf, extra)
        return known

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
        if not settings.unsigned_to_refused:
            tolerated |= {"security.to_unsigned"}
        if settings.notification_checked_by is not NotificationCheck.TOKEN_SERVICE:
            tolerated |= {"sts.relationship_unknown"}
        errors: dict[str, Finding] = {}
        for finding in judgement.findings:
            if finding.severity is Severity.ERROR and finding.code not in tolerated:
                errors.setdefault(finding.code, finding)
        to = errors.get("addressing.to_wrong")
        if to is not None and not settings.to_case_matters and to.expected.lower() == to.actual.lower():
            del errors[to.code]
        if "trust.lifetime_span" in errors and _ends_after_it_begins(request):
            # Whether it is too long is not for the judge of the request to say, but for this service.
            del errors["trust.lifetime_span"]
        if errors:
            return refusal(errors, signer, settings, now)
        assert signer.certificate is not None and request is not None  # noqa: S101, PT018 - else there were errors
        serial = signer.certificate.serial_number
        if settings.unrecorded_code and self._ram is not None and self._ram.standing(serial) is None:
            return event_refusal(settings.unrecorded_code)
        begin = request.created or now
        life = (request.expires - begin) if request.expires is not None else settings.default_life
        if life > settings.maximum_life and settings.beyond_maximum is BeyondMaximum.REFUSED:
            return lifetime_refusal("The life asked for is longer than the service grants.", settings)
        if settings.beyond_maximum is BeyondMaximum.CLAMPED:
            life = min(life, settings.maximum_life)
        if self._ram is not None:
            self._ram.used(serial)
        asked = {uri for uri, _ in request.claims} | {settings.ssid_claim}
        known = _claims(signer.certificate, request, settings)
        return Granted(
            subject=certificates.subject_of(signer.certificate),
            claims={uri: value for uri, value in known.items() if uri in asked},
            created=begin,
            # What was asked counts from its own beginning; what the service sets counts from its own clock.
            expires=begin + life if settings.granted_life is None else now + settings.granted_life,
        )


def _ends_after_it_begins(request: RequestFacts | None) -> bool:
    if request is None or request.created is None or request.expires is None:
        return False
    return request.created < request.expires


def _claims(certificate: x509.Certificate, request: RequestFacts, settings: Settings) -> dict[str, str]:
    """Return every claim that can be provided."""
    act_as = request.act_as
    known = dict(_certified(certificate))
    if act_as and not settings.act_as_abn_is_first:
        known[names.CLAIM_ABN] = act_as.second_party
    known |= settings.claim_values
    if act_as and settings.ssid_claim:
        known[settings.ssid_claim] = act_as.ssid
    return known


@functools.lru_cache(_KEPT)
def _certified(certificate: x509.Certificate) -> Mapping[str, str]:
    """Return the claims that a certificate tells by itself."""
    facts = certificates.leaf_facts(certificate)
    return {
        names.CLAIM_ABN: facts.abn,
        names.CLAIM_CREDENTIAL_TYPE: names.DEVICE_CREDENTIAL,
        names.CLAIM_COMMON_NAME: facts.name,
        names.CLAIM_SUBJECT_ID: f"{facts.abn}_{facts.name}",
        names.CLAIM_FINGERPRINT: facts.sha1.hex(),
        f"{names.CLAIM_BASE}subjectdn": certificates.subject_of(certificate),
        f"{names.CLAIM_BASE}issuerdn": certificates.issuer_of(certificate),
        f"{names.CLAIM_BASE}notafterdate": certificate.not_valid_after_utc.isoformat(),
        f"{names.CLAIM_BASE}certificateserialnumber": str(certificate.serial_number),
    }
