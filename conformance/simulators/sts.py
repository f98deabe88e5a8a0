"""The simulated token service (MAS-ST, S007v1.3 and v1.2): it judges each request completely and answers.

This is the wire and the routes; what the service knows and decides is `conformance.simulators.office`'s, how
its answers look `conformance.simulators.answers`'.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

from cryptography import x509

from conformance.model import Judgement, Severity
from conformance.protocol import certificates, names, security, soap, trust, trust_interface
from conformance.protocol.judging import together
from conformance.protocol.security import AlgorithmSuite, SignerFacts
from conformance.simulators.answers import Terms, TokenFacts, Writer, obeyed
from conformance.simulators.authority import Authority
from conformance.simulators.faults import Script
from conformance.simulators.http import Request, Response, plain
from conformance.simulators.office import RULES, Office
from conformance.simulators.ram import Ram
from conformance.simulators.refusals import Refused, event_refusal
from conformance.simulators.settings import NotificationCheck, Settings
from conformance.simulators.transcript import Exchange
from conformance.simulators.variation import Variation

__all__ = ["RULES", "Settings", "TokenFacts", "TokenService", "address_of"]

SUITES: Final = {
    "/r3.0/s007v1.3/service.svc": security.S007_V13,
    "/r3.0/s007v1.2/service.svc": security.S007_V12,
}
"""Path in lower case -> the algorithms of that endpoint.  Samples spell the paths in several ways."""

_DEFAULT_SETTINGS: Final = Settings()


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
        seed: of the variations of answers; see `conformance.simulators.variation`.
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
        seed: int = 0,
    ) -> None:
        self._clock = clock
        certificate, key = authority.service("sts-signing")
        self._writer = Writer(
            certificate=certificate,
            key=key,
            recipient=authority.service("registry")[0],
            relying_parties=frozenset(relying_parties),
            random=random,
        )
        self._lock = threading.Lock()
        self._varied = 0
        self.seed = seed
        self.office = Office((authority.root, authority.sub), relying_parties, ram)
        self.settings = settings
        self._script = Script("sts", faults)
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
        return self._writer.certificate

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of the faults.

        From their assignment on, answers to requests for a token are counted, and variations begin anew.
        """
        return self._script.names

    @faults.setter
    def faults(self, names: tuple[str, ...]) -> None:
        self._script.tell(names)
        with self._lock:
            self._varied = 0

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request and record the exchange."""
        path = request.path.lower()
        suite = SUITES.get(path.rstrip("/"))
        if suite is security.S007_V12 and not self.settings.older_endpoint:
            suite = None
        if path.endswith("/mex"):
            return self._record(request, plain(404, "This service has no metadata exchange.\n"), "MEX")
        if suite is None:
            known = " and ".join(SUITES)
            return self._record(request, plain(404, f"There is nothing here; the service is at {known}.\n"))
        if request.method == "POST":
            return self._issue(request, suite)
        if request.method not in ("GET", "HEAD"):
            return self._record(request, plain(405, "Send a GET for the WSDL, or a POST.\n"))
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
        faults = self._script.next()
        settings = obeyed(self.settings, faults)
        terms = Terms(
            settings=settings,
            now=self._clock() + settings.clock_offset,
            faults=frozenset(fault.name for fault in faults),
            variation=self._variation() if settings.varied else None,
        )
        obeyed_faults = tuple(fault.asked for fault in faults)
        judgement, facts = self._judge(request, suite, settings, terms.now, obeyed_faults)
        wrong = {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR}
        if facts.envelope is None:
            # Below SOAP there is no fault to answer with.
            response = plain(400, "The message is not a SOAP 1.2 envelope.\n")
            outcome = "400"
        elif "soap.media_type" in wrong - settings.tolerated:
            response = plain(415, "The Content-Type is not that of SOAP 1.2.\n")
            outcome = "415"
        else:
            signer = facts.signer or SignerFacts()
            refusing = next((fault.code for fault in faults if fault.code), "")
            decision = (
                event_refusal(refusing)
                if refusing
                else self.office.decide(judgement, signer, facts.request, settings, terms.now)
            )
            if isinstance(decision, Refused):
                response = self._writer.refuse(decision, facts.envelope, terms)
                facts = replace(facts, event_code=decision.event.code if decision.event else "")
                outcome = f"fault {decision.label}"
            else:
                response, facts, issued = self._writer.grant(decision, facts, terms)
                outcome = "token issued"
                self._keep(issued, settings, unnotified="sts.relationship_unknown" in wrong)
            if terms.variation is not None:
                facts = replace(facts, variation=terms.variation)
                outcome += f", variation {terms.variation.number} of seed {self.seed}"
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

    def _variation(self) -> Variation:
        with self._lock:
            number = self._varied
            self._varied += 1
        return Variation.drawn(self.seed, number)

    def _keep(self, issued: Mapping[str, bytes], settings: Settings, *, unnotified: bool) -> None:
        with self._lock:
            self.issued.update(issued)
            if unnotified and settings.notification_checked_by is NotificationCheck.REGISTRY:
                self.unnotified.update(issued)

    def _judge(
        self,
        request: Request,
        suite: AlgorithmSuite,
        settings: Settings,
        now: datetime,
        faults: tuple[str, ...],
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
            return message, TokenFacts(faults=faults)
        with self._lock:
            self.message_ids.add(envelope.message_id)
        signed, signer = security.judge_signed(
            envelope, now=now, suite=suite, skew=settings.skew, credential=settings.credential
        )
        abn = certificates.leaf_facts(signer.certificate).abn if signer.certificate is not None else ""
        asked, content = trust.judge_request(
            envelope, now=now, certificate_abn=abn, act_as=settings.act_as, skew=settings.skew
        )
        known = self.office.judge(signer, content, settings)
        facts = TokenFacts(envelope=envelope, signer=signer, request=content, faults=faults)
        return together((message, signed, asked, known)), facts


def address_of(request: Request) -> str:
    """Return the URL that a request was sent to, as its sender wrote it."""
    return f"https://{request.header('host')}{request.path}"
