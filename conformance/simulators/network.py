"""What lies between a service and its clients: it takes the answers of a healthy service and may break them.

No service knows of this.  A fault of `conformance.simulators.faults.NETWORK` changes the answer on its way;
the record of the exchange then shows what left, and what the service had meant to say.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final, Protocol

from conformance.model import Judgement
from conformance.simulators.faults import NETWORK, Script
from conformance.simulators.http import Cut, Delivery, Request, Response, Step, plain
from conformance.simulators.transcript import Exchange

DELAY: Final = 0.6
"""Seconds that the fault `delay` costs: more than a healthy answer takes, less than anybody's time-out."""
SENT_BEFORE_RESET: Final = 200
"""Bytes of the body that leave before the reset of `reset_after`."""
RETRY_AFTER: Final = 1
"""Seconds after which `unavailable` tells clients to ask again."""

_HTML: Final = (("Content-Type", "text/html; charset=utf-8"),)
_PAGE: Final = b"""<!DOCTYPE html>
<html lang="en-AU"><head><title>Gateway</title></head>
<body><h1>Gateway</h1><p>The page that you asked for cannot be shown at the moment.</p></body></html>
"""


class Service(Protocol):
    """What a simulator is to those who put it on the network."""

    exchanges: list[Exchange]
    """Every exchange that nobody has taken yet."""

    def handle(self, request: Request) -> Response:
        """Answer a request, and append the exchange."""
        ...


@dataclass(frozen=True, slots=True)
class _Arrival:
    """An answer after its way through the network."""

    sent: Response
    seen: Response
    """As a transcript shows it: with the bytes that left, and status 0 when none did."""
    told: str = ""
    """What happened, if anything did; `{}` stands for the outcome that the service had meant."""
    delay_s: float = 0.0


class Network:
    """The way to one service.  `handle` may be called from several threads.

    Args:
        service: answers the requests.
        peer: `sts` or `registry`: whose faults count; no others have any.
        elsewhere: gives the address, without path, that `redirect` points to.
    """

    def __init__(self, service: Service, peer: str, *, elsewhere: Callable[[], str]) -> None:
        self._service = service
        self._elsewhere = elsewhere
        self._script = Script(peer)
        self._lock = threading.Lock()

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of faults; those of the service itself, and of other peers, are passed over.

        Answers are counted from the assignment on, as the service counts them.
        """
        return self._script.names

    @faults.setter
    def faults(self, names: tuple[str, ...]) -> None:
        self._script.tell(names)

    def handle(self, request: Request) -> tuple[Response, Exchange | None]:
        """Return what is to be sent, and the record of the exchange, its duration included.

        What is asked by GET is never broken: whoever reads the WSDL first would come no further.
        """
        began = time.monotonic()
        response = self._service.handle(request)
        with self._lock:
            exchange = _taken(self._service.exchanges, request)
        arrival = _Arrival(response, response)
        if request.method == "POST" and response.status not in (404, 405):
            kinds = [fault.name.partition(".")[2] for fault in self._script.next()]
            kind = next((kind for kind in kinds if kind in NETWORK), "")
            if kind == "redirect":
                arrival = _redirected(f"{self._elsewhere()}{request.path}")
            elif kind:
                arrival = _BROKEN[kind](response)
        if exchange is not None:
            meant = exchange.outcome or f"HTTP {response.status}"
            exchange = replace(
                exchange,
                response=arrival.seen,
                outcome=arrival.told.replace("{}", meant) if arrival.told else exchange.outcome,
                took_ms=(time.monotonic() - began + arrival.delay_s) * 1000,
            )
        return arrival.sent, exchange


def elsewhere(request: Request) -> tuple[Response, Exchange]:
    """Answer as the host that `redirect` points to: it has nothing, and its visitors are on record."""
    response = plain(404, "There is nothing here; a redirect pointed to this host.\n")
    exchange = Exchange(
        service="elsewhere",
        request=request,
        response=response,
        received=request.received,
        judgement=Judgement(),
        summary=f"{request.method} {request.path}",
        outcome="404, for whoever follows a redirect to another host",
    )
    return response, exchange


def _taken(exchanges: list[Exchange], request: Request) -> Exchange | None:
    """Take the exchange of a request out of a service's list, to which other threads append meanwhile."""
    for index in reversed(range(len(exchanges))):
        if exchanges[index].request is request:
            return exchanges.pop(index)
    return None


# --- one function for each fault ------------------------------------------------------------------


def _delayed(response: Response) -> _Arrival:
    def delivery(whole: bytes) -> Iterable[Step]:
        return DELAY, whole

    # The server closes the connection behind every delivery of this kind, and says so.
    headers = (*response.headers, ("Connection", "close"))
    sent = replace(response, headers=headers, delivery=delivery)
    seen = replace(response, headers=headers)
    return _Arrival(sent, seen, f"{{}}, {DELAY} s late", DELAY)


def _reset_before(response: Response) -> _Arrival:
    sent = replace(response, delivery=lambda _: (Cut.RESET,))
    return _Arrival(sent, Response(0), "connection reset before any byte of: {}")


def _reset_after(response: Response) -> _Arrival:
    # Of a short answer less: a client that has it all may not notice the reset.
    size = min(SENT_BEFORE_RESET, len(response.body) // 2)
    told = f"connection reset after {size} bytes of: {{}}"
    return _Arrival(replace(response, delivery=_part(response, size, Cut.RESET)), _cut(response, size), told)


def _truncated(response: Response) -> _Arrival:
    size = len(response.body) // 2
    told = f"connection ended after {size} of {len(response.body)} bytes of: {{}}"
    return _Arrival(replace(response, delivery=_part(response, size, Cut.CLOSE)), _cut(response, size), told)


def _part(response: Response, size: int, end: Cut) -> Delivery:
    """Return the delivery of the head and of so many bytes of the body."""

    def delivery(whole: bytes) -> Iterable[Step]:
        return whole[: len(whole) - len(response.body) + size], end

    return delivery


def _cut(response: Response, size: int) -> Response:
    headers = (*response.headers, ("Content-Length", str(len(response.body))))
    return Response(response.status, headers, response.body[:size])


def _never(response: Response) -> _Arrival:
    sent = replace(response, delivery=lambda _: (Cut.SILENCE,))
    return _Arrival(sent, Response(0), "no answer, in place of: {}")


def _page(status: int) -> Callable[[Response], _Arrival]:
    answer = Response(status, _HTML, _PAGE)
    return lambda _: _Arrival(answer, answer, f"{status} with an HTML page, in place of: {{}}")


def _empty(_: Response) -> _Arrival:
    answer = Response(200)
    return _Arrival(answer, answer, "200 without a body, in place of: {}")


def _mislabelled(response: Response) -> _Arrival:
    kept = tuple(header for header in response.headers if header[0].lower() != "content-type")
    answer = replace(response, headers=(*_HTML, *kept))
    return _Arrival(answer, answer, "{}, labelled text/html")


def _unavailable(_: Response) -> _Arrival:
    text = "The service is not available at the moment.\n"
    answer = plain(503, text, ("Retry-After", str(RETRY_AFTER)))
    return _Arrival(answer, answer, f"503, retry after {RETRY_AFTER} s, in place of: {{}}")


def _redirected(address: str) -> _Arrival:
    answer = Response(307, (("Location", address),))
    return _Arrival(answer, answer, "307 to another host, in place of: {}")


_BROKEN: Final[dict[str, Callable[[Response], _Arrival]]] = {
    "delay": _delayed,
    "reset_before": _reset_before,
    "reset_after": _reset_after,
    "truncated": _truncated,
    "html": _page(200),
    "html_500": _page(500),
    "empty": _empty,
    "content_type": _mislabelled,
    "unavailable": _unavailable,
    "never": _never,
}
