"""The simulated token service (MAS-ST, S007v1.3 and v1.2): it judges each request completely and answers.

Deciding and speaking are kept apart: `Office` knows and decides, without XML or HTTP; `TokenService` has the
wire and the routes.  What the real service does is partly not public; each such point is a field of
`Settings`.

A rule that a request breaks is always found; whether the request is refused for it is another question, and
`Settings.tolerated` answers it.
"""

import threading
from base64 import b16encode
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from lxml import etree

from conformance.model import Finding, Judgement, Severity
from conformance.protocol import certificates, markup, names, security, soap, token, trust, trust_interface
from conformance.protocol.judging import Notes, together
from conformance.protocol.security import AlgorithmSuite, SignerFacts
from conformance.protocol.soap import Envelope
from conformance.protocol.trust import ActAs, Event, ProofMode, RequestFacts
from conformance.simulators.authority import Authority
from conformance.simulators.faults import FAULTS, Fault, named
from conformance.simulators.http import Request, Response
from conformance.simulators.transcript import Exchange

SUITES: Final = {
    "/r3.0/s007v1.3/service.svc": security.S007_V13,
    "/r3.0/s007v1.2/service.svc": security.S007_V12,
}
"""Path in lower case -> the algorithms of that endpoint.  Samples spell the paths in several ways."""

ISSUER: Final = "urn:evte-conformance:simulated:token-service"
"""Name of the issuer in assertions."""

MEDIA_TYPE: Final = "application/soap+xml; charset=utf-8"

RULES: Final = {
    "sts.relying_party_unknown": "AppliesTo is the address of a registered relying party, case included.",
    "sts.credential_untrusted": "The certificate was issued by an authority that the service recognises.",
    "sts.credential_unsuitable": "The certificate is that of a machine credential.",
    "sts.credential_revoked": "The certificate has not been revoked.",
    "sts.claim_unavailable": "Every mandatory claim can be provided for the credential.",
    "sts.relationship_unknown": "The second party has notified the service of this software id.",
    "sts.relationship_id_reused": "The RelationshipToken of every request has an ID of its own.",
}
"""Code -> what must hold; besides the rules of the judges in `conformance.protocol`."""


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
    revoked: frozenset[int] = frozenset()
    """Serial numbers of revoked certificates."""
    relationships: frozenset[tuple[str, str]] | None = None
    """Pairs of second party and software id that are known; None recognises every one."""
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
    """Life of every token whatever was asked; None grants what was asked, as observed."""
    fault_prefix: str = "soap"
    """Prefix of the SOAP namespace in answers; some clients see a fault under `soap` only."""
    fault_status: int = 500
    """HTTP status of faults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """`Exchange.facts` of a request for a token; everything else that is asked has none."""

    envelope: Envelope | None = None
    signer: SignerFacts | None = None
    request: RequestFacts | None = None
    event_code: str = ""
    """Of a refusal that carries one."""
    assertion_id: str = ""
    """Of the token that was issued."""
    created: datetime | None = None
    expires: datetime | None = None
    """End of the life that was granted."""


# --- what it knows and decides ----------------------------------------------------------------------


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
    """

    def __init__(self, anchors: Collection[x509.Certificate], relying_parties: Collection[str]) -> None:
        self._anchors = tuple(anchors)
        self._trusted = {certificate.fingerprint(hashes.SHA256()) for certificate in anchors}
        self._chains: dict[tuple[bytes, tuple[x509.Certificate, ...]], bool] = {}
        self._relationship_ids: set[str] = set()
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
            self._judge_relationship(notes, request.act_as, settings)
        return notes.judgement()

    def _judge_relationship(self, notes: Notes, act_as: ActAs, settings: Settings) -> None:
        seen = act_as.id in self._relationship_ids
        self._relationship_ids.add(act_as.id)
        notes.hold("sts.relationship_id_reused", not seen, actual=act_as.id or "none")
        known = settings.relationships
        notes.hold(
            "sts.relationship_unknown",
            known is None or (act_as.second_party, act_as.ssid) in known,
            expected=", ".join(f"{party} with {ssid}" for party, ssid in sorted(known or ())),
            actual=f"{act_as.second_party} with {act_as.ssid}",
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
        notes.hold(
            "sts.credential_revoked",
            leaf.serial_number not in settings.revoked,
            actual=f"serial number {leaf.serial_number}",
        )

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
        errors: dict[str, Finding] = {}
        for finding in judgement.findings:
            if finding.severity is Severity.ERROR and finding.code not in settings.tolerated:
                errors.setdefault(finding.code, finding)
        if errors:
            return _refusal(errors, signer, settings, now)
        assert signer.certificate is not None and request is not None  # noqa: S101, PT018 - else there were errors
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
            expires=begin + (settings.granted_life or life),
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
    "sts.credential_revoked": "E2014",
    "security.certificate_authority": "E2180",
    "sts.credential_unsuitable": "E2180",
    "sts.relying_party_unknown": "E2003",
    "trust.claim_unknown": "E2183",
    "sts.claim_unavailable": "E2182",
}
"""What is answered with an event code.  Dates and relationships have a choice of codes; see `_refusal`."""

_CREDENTIAL_FIRST: Final = (
    "sts.credential_untrusted",
    "security.certificate_dates",
    "sts.credential_revoked",
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
            return _event_refusal(_EVENT_OF[code])
    credential = [code for code in _CREDENTIAL_FIRST if code in errors]
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
            return _event_refusal("E2017" if early else settings.expired_code)
        return _event_refusal(_EVENT_OF[code])
    for code in errors:
        if code in _EVENT_OF:
            return _event_refusal(_EVENT_OF[code])
        if code.startswith(_RELATIONSHIP) and settings.relationship_code:
            return _event_refusal(settings.relationship_code)
    first = next(iter(errors.values()))
    return Refused(reason=first.message, subcode=names.INVALID_REQUEST)


def _event_refusal(code: str) -> Refused:
    """Return the refusal with an event code; a code that is not in the table is given without a text."""
    fault = FAULTS.get(f"sts.{code}", Fault(name=f"sts.{code}", sentence="", code=code))
    event = Event(code=fault.code, description=fault.title, advice=fault.text)
    internal = fault.retry
    subcode = names.REQUEST_FAILED if internal else names.INVALID_REQUEST
    return Refused(reason=trust.event_reason(event), subcode=subcode, event=event, internal=internal)


# --- wire and routes --------------------------------------------------------------------------------


class TokenService:
    """The simulated token service.  `handle` is its whole interface; it may be called from several threads.

    Args:
        authority: gives the trusted authorities, and the certificates of this service and of the registry.
        clock: now; UTC.
        random: n -> n bytes; safe from several threads.
        relying_parties: addresses for which tokens are issued, all of them encrypted for the registry.
        faults: names of `simulators.faults` that the next answers are; assign to `faults` per scenario.
        settings: assign to `settings` to change them later.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        relying_parties: Collection[str],
        faults: tuple[str, ...] = (),
        settings: Settings = Settings(),
    ) -> None:
        self._clock = clock
        self._random = random
        self._certificate, self._key = authority.service("sts-signing")
        self._recipient = authority.service("registry")[0]
        self._lock = threading.Lock()
        self.office = Office((authority.root, authority.sub), relying_parties)
        self.settings = settings
        self.faults = faults
        self.exchanges: list[Exchange] = []
        """Every exchange, in the order of the answers."""
        self.issued: dict[str, bytes] = {}
        """Assertion id -> canonical form of the EncryptedData issued under it."""
        self.message_ids: set[str] = set()
        """MessageIDs seen so far; the registry may share it, to see reuse across both."""

    @property
    def signing_certificate(self) -> x509.Certificate:
        """The certificate that assertions are signed with."""
        return self._certificate

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request and record the exchange."""
        path = request.path.lower()
        suite = SUITES.get(path.rstrip("/"))
        if path.endswith("/mex"):
            return self._record(request, _plain(404, "This service has no metadata exchange.\n"), "MEX")
        if suite is None:
            known = " and ".join(SUITES)
            return self._record(request, _plain(404, f"There is nothing here; the service is at {known}.\n"))
        if request.method == "POST":
            return self._issue(request, suite)
        if request.method not in ("GET", "HEAD"):
            return self._record(request, _plain(405, "Send a GET for the WSDL, or a POST.\n"))
        # Some clients ask for the bare address first; they get the WSDL as well.
        document = trust_interface.wsdl(address_of(request), suite=suite)
        response = Response(200, (("Content-Type", "text/xml; charset=utf-8"),), document)
        return self._record(request, response, "WSDL")

    def _record(self, request: Request, response: Response, summary: str = "") -> Response:
        with self._lock:
            self.exchanges.append(
                Exchange(
                    service="sts",
                    request=request,
                    response=response,
                    received=request.received,
                    judgement=Judgement(),
                    summary=f"{request.method} {summary or request.path}",
                    outcome=str(response.status),
                )
            )
        return response

    def _issue(self, request: Request, suite: AlgorithmSuite) -> Response:
        now = self._clock()
        settings = self.settings
        asked_for = named(self.faults, "sts")
        judgement, facts = self._judge(request, suite, settings, now)
        if facts.envelope is None:
            # Below SOAP there is no fault to answer with.
            response = _plain(400, "The message is not a SOAP 1.2 envelope.\n")
            outcome = "400"
        else:
            decision: Granted | Refused
            if asked_for:
                decision = _event_refusal(asked_for[0].code)
            else:
                signer = facts.signer or SignerFacts()
                decision = self.office.decide(judgement, signer, facts.request, settings, now)
            if isinstance(decision, Refused):
                response = self._refuse(decision, facts.envelope, settings, now)
                facts = replace(facts, event_code=decision.event.code if decision.event else "")
                outcome = f"fault {facts.event_code or decision.subcode.rpartition('}')[2]}"
            else:
                response, facts = self._grant(decision, facts, settings, now)
                outcome = "token issued"
        exchange = Exchange(
            service="sts",
            request=request,
            response=response,
            received=request.received,
            judgement=judgement,
            facts=facts,
            summary="RequestSecurityToken",
            outcome=outcome,
        )
        with self._lock:
            self.exchanges.append(exchange)
        return response

    def _judge(
        self, request: Request, suite: AlgorithmSuite, settings: Settings, now: datetime
    ) -> tuple[Judgement, TokenFacts]:
        message, envelope = soap.judge_message(
            request.body,
            media_type=request.header("content-type"),
            address=address_of(request),
            action=names.ISSUE_ACTION,
            seen=self.message_ids,
            soapaction=request.header("soapaction") or None,
        )
        if envelope is None:
            return message, TokenFacts()
        with self._lock:
            self.message_ids.add(envelope.message_id)
        signed, signer = security.judge_signed(envelope, now=now, suite=suite, credential=settings.credential)
        abn = certificates.leaf_facts(signer.certificate).abn if signer.certificate is not None else ""
        asked, content = trust.judge_request(envelope, now=now, certificate_abn=abn, act_as=settings.act_as)
        known = self.office.judge(signer, content, settings)
        facts = TokenFacts(envelope=envelope, signer=signer, request=content)
        return together((message, signed, asked, known)), facts

    def _grant(
        self, granted: Granted, facts: TokenFacts, settings: Settings, now: datetime
    ) -> tuple[Response, TokenFacts]:
        request, envelope = facts.request, facts.envelope
        assert request is not None and envelope is not None  # noqa: S101, PT018 - nothing else is granted
        size = (request.key_size or trust.DEFAULT_KEY_SIZE) // 8
        mode = settings.proof_mode if request.entropy is not None else ProofMode.BINARY_SECRET
        secret = self._random(size)
        proof_key = secret
        if mode is not ProofMode.BINARY_SECRET and request.entropy is not None:
            computed = mode is ProofMode.COMPUTED
            proof_key = trust.p_sha1(request.entropy, secret, size) if computed else request.entropy
        assertion_id = f"_{b16encode(self._random(16)).decode().lower()}"
        encrypted = token.issue(
            assertion_id=assertion_id,
            issuer=ISSUER,
            key=self._key,
            certificate=self._certificate,
            recipient=self._recipient,
            audience=request.applies_to,
            proof_key=proof_key,
            claims=granted.claims,
            subject=granted.subject,
            now=now,
            not_before=granted.created,
            not_on_or_after=granted.expires,
            random=self._random,
        )
        with self._lock:
            self.issued[assertion_id] = markup.canonical(encrypted[0])
        body = trust.build_response(
            token=encrypted,
            assertion_id=assertion_id,
            token_type=names.SAML_2_TOKEN,
            applies_to=request.applies_to,
            proof_mode=mode,
            secret=secret,
            secret_type=settings.secret_type,
            created=granted.created,
            expires=granted.expires,
            key_size=request.key_size if mode is ProofMode.COMPUTED else None,
            context=request.context,
        )
        response = self._message(200, body, names.ISSUE_FINAL_ACTION, envelope, settings, now)
        return response, replace(
            facts, assertion_id=assertion_id, created=granted.created, expires=granted.expires
        )

    def _refuse(self, refused: Refused, envelope: Envelope, settings: Settings, now: datetime) -> Response:
        body = soap.fault(
            code="Receiver" if refused.internal else "Sender",
            reason=refused.reason,
            subcode=refused.subcode,
            detail=trust.event_detail(refused.event) if refused.event is not None else None,
            prefix=settings.fault_prefix,
        )
        is_addressing = refused.subcode.startswith(f"{{{names.ADDRESSING}}}")
        action = names.ADDRESSING_FAULT if is_addressing else names.SOAP_FAULT
        return self._message(settings.fault_status, body, action, envelope, settings, now)

    def _message(
        self,
        status: int,
        body: etree._Element,
        action: str,
        envelope: Envelope,
        settings: Settings,
        now: datetime,
    ) -> Response:
        # Every answer has a Timestamp, faults too: Metro hides one without it behind an error of its own.
        answer = soap.build(body, action=action, relates_to=envelope.message_id, prefix=settings.fault_prefix)
        security.add_timestamp(answer, now=now)
        return Response(status, (("Content-Type", MEDIA_TYPE),), markup.serialize(answer))


def address_of(request: Request) -> str:
    """Return the URL that a request was sent to, as its sender wrote it."""
    return f"https://{request.header('host')}{request.path}"


def _plain(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())
