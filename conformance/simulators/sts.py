"""The simulated token service (MAS-ST, S007v1.3 and v1.2): it judges each request completely and answers.

This is the wire and the routes; what the service knows and decides is `conformance.simulators.office`'s.
"""

import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from lxml import etree

from conformance.model import Judgement
from conformance.protocol import certificates, markup, names, security, soap, token, trust, trust_interface
from conformance.protocol.judging import together
from conformance.protocol.security import AlgorithmSuite, SignerFacts
from conformance.protocol.soap import Envelope
from conformance.protocol.trust import ProofMode, RequestFacts
from conformance.simulators.authority import Authority
from conformance.simulators.faults import named
from conformance.simulators.http import Request, Response
from conformance.simulators.office import (
    RULES,
    Granted,
    NotificationCheck,
    Office,
    Refused,
    Settings,
    event_refusal,
)
from conformance.simulators.ram import Ram
from conformance.simulators.transcript import Exchange

__all__ = ["RULES", "Settings", "TokenFacts", "TokenService", "address_of"]

SUITES: Final = {
    "/r3.0/s007v1.3/service.svc": security.S007_V13,
    "/r3.0/s007v1.2/service.svc": security.S007_V12,
}
"""Path in lower case -> the algorithms of that endpoint.  Samples spell the paths in several ways."""

ISSUER: Final = "urn:evte-conformance:simulated:token-service"
"""Name of the issuer in assertions."""

SHORT_LIFE: Final = timedelta(seconds=1)
"""Life of a token under the fault `sts.short_life`."""

MEDIA_TYPE: Final = "application/soap+xml; charset=utf-8"


_DEFAULT_SETTINGS: Final = Settings()


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


class TokenService:
    """The simulated token service.  `handle` is its whole interface; it may be called from several threads.

    Args:
        authority: gives the trusted authorities, and the certificates of this service and of the registry.
        clock: now; UTC.
        random: n -> n bytes; safe from several threads.
        relying_parties: addresses for which tokens are issued, all of them encrypted for the registry.
        faults: names of `simulators.faults` that the next answers are; assign to `faults` per scenario.
        settings: assign to `settings` to change them later.
        ram: asked how credentials and notifications stand; see `Office`.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        relying_parties: Collection[str],
        faults: tuple[str, ...] = (),
        settings: Settings = _DEFAULT_SETTINGS,
        ram: Ram | None = None,
    ) -> None:
        self._clock = clock
        self._random = random
        self._certificate, self._key = authority.service("sts-signing")
        self._recipient = authority.service("registry")[0]
        self._lock = threading.Lock()
        self.office = Office((authority.root, authority.sub), relying_parties, ram)
        self.settings = settings
        self.faults = faults
        self.exchanges: list[Exchange] = []
        """Every exchange, in the order of the answers."""
        self.issued: dict[str, bytes] = {}
        """Assertion id -> canonical form of the EncryptedData issued under it."""
        self.unnotified: set[str] = set()
        """Ids of assertions issued although no notification is in force; the registry may refuse them."""
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
        faults = named(self.faults, "sts")
        refusing = [fault for fault in faults if fault.code]
        if any(fault.name == "sts.short_life" for fault in faults):
            settings = replace(settings, granted_life=SHORT_LIFE)
        judgement, facts = self._judge(request, suite, settings, now)
        if facts.envelope is None:
            # Below SOAP there is no fault to answer with.
            response = _plain(400, "The message is not a SOAP 1.2 envelope.\n")
            outcome = "400"
        else:
            decision: Granted | Refused
            if refusing:
                decision = event_refusal(refusing[0].code)
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
                if settings.notification_checked_by is NotificationCheck.REGISTRY and any(
                    finding.code == "sts.relationship_unknown" for finding in judgement.findings
                ):
                    with self._lock:
                        self.unnotified.add(facts.assertion_id)
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
        assertion_id = f"_{self._random(16).hex()}"
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
