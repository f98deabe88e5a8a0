"""The simulated renewal service: it judges a request for renewal and issues a certificate, or misbehaves.

ASSUMED: the protocol of the real certificate manager (MAS-CM) is not public, and this exchange stands in for
it, see `conformance.protocol.renewal`.  What the real service refuses, and in which words, is not known
either; numbers and texts of errors are the kit's own.

This service is lenient on purpose: a request whose key is too short is found wanting by its judge, and
answered all the same, so that one mistake of a product does not hide what it does with the answer.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from conformance.model import Judgement, Severity
from conformance.protocol import renewal
from conformance.protocol.certificates import leaf_facts, write_bundle
from conformance.protocol.renewal import MEDIA_TYPE, RequestFacts
from conformance.simulators.authority import PERSONAL, Authority, published_key
from conformance.simulators.faults import Script
from conformance.simulators.http import Cut, Delivery, Request, Response, Step, plain
from conformance.simulators.transcript import Exchange

PATH: Final = "/AutoRenew"
"""Path of the service; the kit's own choice."""

LEGAL_NAME: Final = "EVTE Prüfschule & Söhne Pty Ltd"
"""Legal name that comes with every certificate: one to escape, and not all of it ASCII."""

OTHER_ABN: Final = "96312011219"
"""Whose certificate comes under `renewal.other_abn`: a published test ABN."""

TOLERATED: Final = frozenset(
    {
        "renewal.qualified",
        "renewal.credential_type",
        "renewal.id",
        "renewal.digest",
        "renewal.attributes",
        "renewal.chain",
        "renewal.csr_digest",
        "renewal.key_size",
        "renewal.key_reused",
        "renewal.subject",
        "renewal.abn",
    }
)
"""Rules whose breach is found and answered with a certificate all the same."""

REFUSED: Final = 1
REVOKED: Final = 2
"""Numbers of errors; the real ones are not public."""

_PAGE: Final = b"<!DOCTYPE html><title>Maintenance</title><p>This service is being maintained.</p>\n"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """One certificate that was issued."""

    certificate: x509.Certificate
    replaces: bytes
    """SHA-256 of the certificate whose key signed the request."""


class RenewalService:
    """The simulated renewal service.  `handle` is its interface; it may be called from several threads.

    Args:
        authority: issues; credentials of its sub CA can be renewed.
        clock: now; UTC.
        faults: names of `simulators.faults` that the next answers are; assign to `faults` per scenario.
    """

    def __init__(
        self, authority: Authority, *, clock: Callable[[], datetime], faults: tuple[str, ...] = ()
    ) -> None:
        self.authority = authority
        self._script = Script("renewal", faults)
        self.exchanges: list[Exchange] = []
        """Every exchange, in the order of the answers."""
        self.issued: list[Issued] = []
        """Every certificate, in the order of issue."""
        self.before_answer: Callable[[], None] | None = None
        """Called when a request has come and before it is answered."""
        self.after_answer: Callable[[], None] | None = None
        """Called when the whole answer has been handed to the network."""
        self._clock = clock
        self._lock = threading.Lock()

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of the faults; answers are counted from their assignment on."""
        return self._script.names

    @faults.setter
    def faults(self, names: tuple[str, ...]) -> None:
        self._script.tell(names)

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request and record the exchange."""
        if request.method != "POST" or request.path.rstrip("/") != PATH:
            response = plain(404, f"There is nothing here; send a POST to {PATH}.\n")
            return self._record(request, response, Judgement(), None, str(response.status))
        now = self._clock()
        judgement, facts = renewal.judge_request(request.body, now=now, authorities=(self.authority.sub,))
        if self.before_answer is not None:
            self.before_answer()
        response, outcome = self._answer(judgement, facts, now)
        return self._record(request, response, judgement, facts, outcome)

    def _record(
        self,
        request: Request,
        response: Response,
        judgement: Judgement,
        facts: RequestFacts | None,
        outcome: str,
    ) -> Response:
        exchange = Exchange(
            service="renewal",
            request=request,
            response=response,
            received=request.received,
            judgement=judgement,
            facts=facts,
            summary="renewal" if facts is not None else f"{request.method} {request.path}",
            outcome=outcome,
        )
        with self._lock:
            self.exchanges.append(exchange)
        return response

    def _answer(self, judgement: Judgement, facts: RequestFacts, now: datetime) -> tuple[Response, str]:
        faults = [fault.name.partition(".")[2] for fault in self._script.next()]
        fault = faults[0] if faults else ""
        refusing = [
            finding
            for finding in judgement.findings
            if finding.severity is Severity.ERROR and finding.code not in TOLERATED
        ]
        if refusing or facts.signer is None or facts.public_key is None:
            text = refusing[0].message if refusing else "The new key is not an RSA key."
            return self._error(facts.alias, REFUSED, text)
        if fault == "error_element":
            return self._error(facts.alias, REFUSED, "The credential cannot be renewed at present.")
        if fault == "revoked":
            return self._error(facts.alias, REVOKED, "The credential has been revoked.")
        if fault == "never":
            return self._sent(Response(200, delivery=lambda _: (Cut.CLOSE,)), "the connection was closed")
        if fault == "http_500":
            return self._sent(plain(500, "Internal Server Error\n"), "HTTP 500")
        if fault == "not_xml":
            return self._sent(Response(200, (("Content-Type", "text/html"),), _PAGE), "a page for people")
        if fault == "empty":
            body = f'<ar:responses xmlns:ar="{renewal.NAMESPACE}"/>'.encode()
            return self._sent(_message(body), "an empty answer")
        body = self._renewed(facts, facts.signer, fault, now)
        if fault == "half":
            return self._sent(_message(body, _half), "half an answer")
        return self._sent(_message(body), fault.replace("_", " ") or "certificate issued")

    def _error(self, alias: str, error_id: int, message: str) -> tuple[Response, str]:
        body = renewal.build_error(alias=alias, error_id=error_id, message=message)
        return self._sent(_message(body), f"error {error_id}")

    def _sent(self, response: Response, outcome: str) -> tuple[Response, str]:
        after = self.after_answer
        if after is None or response.delivery is not None:
            return response, outcome

        def delivery(whole: bytes) -> Any:  # noqa: ANN401 - a generator of steps
            yield whole
            after()

        return Response(response.status, response.headers, response.body, delivery), outcome

    def _renewed(self, facts: RequestFacts, old: x509.Certificate, fault: str, now: datetime) -> bytes:
        holder = leaf_facts(old)
        arguments: dict[str, Any] = {"abn": holder.abn, "name": holder.name, "moment": now}
        changes: dict[str, dict[str, Any]] = {
            "other_abn": {"abn": OTHER_ABN},
            "other_name": {"name": f"{holder.name}Other"},
            "personal": {"profile": PERSONAL},
            "expired": {"not_before": now - 731 * _DAY, "not_after": now - _DAY},
            "shorter": {"not_after": old.not_valid_after_utc},
            "wrong_chain": {"trusted": False},
        }
        like = self.authority.machine_credential(**arguments | changes.get(fault, {}))
        key = published_key("machine-4").public_key() if fault == "other_key" else facts.public_key
        assert key is not None  # noqa: S101 - for the type checker; the caller has looked
        chain = self.authority.certify(like, key)
        with self._lock:
            self.issued.append(Issued(chain[0], old.fingerprint(hashes.SHA256())))
        named_for = chain[1] if fault == "wrong_fingerprint" else chain[0]
        return renewal.build_response(
            alias=f"{facts.alias}2" if fault == "other_id" else facts.alias,
            bundle=write_bundle(chain, signer=like.signer),
            legal_name=LEGAL_NAME,
            fingerprint=leaf_facts(named_for).sha1,
        )


def _message(body: bytes, delivery: Delivery | None = None) -> Response:
    return Response(200, (("Content-Type", MEDIA_TYPE),), body, delivery)


def _half(whole: bytes) -> tuple[Step, ...]:
    return whole[: len(whole) // 2], Cut.RESET
