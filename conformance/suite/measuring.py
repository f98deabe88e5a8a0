"""The measuring conversation: how long an implementation takes, and how often it asks for what.

It is held when the checks are over, with the product and with the reference, and yields figures only:
nothing here demands anything, and whatever goes wrong becomes a note.  After one call that is not counted
it makes three short series of calls:

- for a token, with everything forgotten before each call and then with everything remembered;
- of VerifyUSI, with everything remembered from the first call on;
- one call more, while the service that is called last is out of order for one answer.

A profile that demands nothing of the registry has the second and the third made of calls for a token.
Spans run from the question to the harness to its answer, by the kit's monotonic clock.
"""

import math
import time
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Final

from conformance.adapters.contract import Answer, Outcome
from conformance.adapters.session import Session
from conformance.errors import EvteError
from conformance.model import Latency, Measurement
from conformance.suite.flows import PERSON

if TYPE_CHECKING:
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Exchange, Recording

FIRST: Final = "token, first"
"""Calls for a token during which the token service was asked."""
HELD: Final = "token, held"
"""Calls for a token that was answered without asking the token service."""
OPERATION: Final = "VerifyUSI"

FORGETTING: Final = 5
"""Calls for a token with everything forgotten before each."""
REMEMBERING: Final = 10
"""Calls for a token with everything remembered."""
CALLS: Final = 20
"""Calls of VerifyUSI with everything remembered."""
PATIENCE_S: Final = 2.0
"""No series begins another call after so many seconds."""
DEADLINE_S: Final = 10.0
"""Seconds that one call may take."""

_OUT_OF_ORDER: Final = {"registry": "registry.1001@1", "sts": "sts.E1001@1"}
"""Answers once that it is not available now, of each service."""


def measure(session: Session, bench: "Bench", *, subject: str, registry: bool) -> Measurement:
    """Hold the measuring conversation and return its figures.

    Args:
        session: with the implementation, started or not.
        bench: the simulated services.
        subject: `product` or `reference`.
        registry: whether the profile demands anything of the registry.
    """
    conversation = _Conversation(session, bench, registry)
    try:
        conversation.hold()
    except EvteError as problem:
        conversation.notes.append(f"Measuring was given up: {problem.message.rstrip('.')}.")
    return Measurement(
        subject=subject,
        carrier=session.carrier,
        latencies=tuple(latency(name, spans) for name, spans in conversation.spans.items()),
        calls=conversation.calls,
        token_requests=conversation.token_requests,
        retries=conversation.retries,
        note=" ".join(dict.fromkeys(conversation.notes)),
    )


def latency(name: str, spans: list[float]) -> Latency:
    """Return median and 95th percentile (nearest rank) of one spans or more, in milliseconds."""
    ranked = sorted(spans)
    return Latency(
        name=name,
        calls=len(ranked),
        median_ms=round(median(ranked), 3),
        p95_ms=round(ranked[math.ceil(0.95 * len(ranked)) - 1], 3),
    )


class _Conversation:
    """The three series of calls, and what has been learned so far."""

    def __init__(self, session: Session, bench: "Bench", registry: bool) -> None:
        self._session = session
        self._bench = bench
        self._registry = registry
        self.spans: dict[str, list[float]] = defaultdict(list)
        self.calls = self.token_requests = 0
        self.retries: int | None = None
        self.notes: list[str] = []

    def hold(self) -> None:
        """Make the calls, as far as they are answered.

        Raises:
            EvteError: the harness or the kit fell over.
        """
        self._session.start()
        forgets = self._session.supports("session.reset")
        if not forgets:
            self.notes.append("It does not forget on request, so that a token may be held from before.")
        # What is loaded at first use is not what a user waits for; the product has been warm for long.
        self._verify() if self._registry else self._obtain()
        self._tokens(forgets)
        self._reuse(forgets)
        self._retries(forgets)

    # --- the series ---------------------------------------------------------------------------

    def _tokens(self, forgets: bool) -> None:
        """Measure calls for a token; whether it was held is seen at the token service, not believed."""
        if not self._session.supports("token.obtain"):
            self.notes.append("It does not offer token.obtain by itself.")
            return
        for times, forget in ((FORGETTING, forgets), (REMEMBERING, False)):
            with self._bench.scenario(f"measuring-tokens-{'anew' if forget else 'again'}") as recording:
                self._series(times, partial(self._token, recording, forget=forget))

    def _token(self, recording: "Recording", *, forget: bool) -> bool:
        if forget:
            self._forget()
        before = len(_requests(recording.sts))
        answer = self._obtain()
        if self._answered(answer, "token.obtain"):
            asked = len(_requests(recording.sts)) > before
            self.spans[FIRST if asked else HELD].append(answer.duration_ms)
            return True
        return False

    def _reuse(self, forgets: bool) -> None:
        """Count the tokens that calls in a row take, and measure the calls where they are VerifyUSI's."""
        with self._bench.scenario("measuring-calls") as recording:
            if forgets:
                self._forget()
            self._series(CALLS if self._registry else REMEMBERING, self._call)
            self.token_requests = len(_requests(recording.sts))

    def _call(self) -> bool:
        answer = self._verify() if self._registry else self._obtain()
        if not self._answered(answer, "usi.call" if self._registry else "token.obtain"):
            return False
        self.calls += 1
        if self._registry:
            self.spans[OPERATION].append(answer.duration_ms)
        return True

    def _retries(self, forgets: bool) -> None:
        """Count what is asked once more of a service that was out of order for one answer."""
        if not self.calls or not (self._registry or forgets):
            return
        service = "registry" if self._registry else "sts"
        with self._bench.scenario("measuring-repetition", (_OUT_OF_ORDER[service],)) as recording:
            if not self._registry:
                self._forget()
            answer = self._verify() if self._registry else self._obtain()
            asked = len(_requests(recording.registry if self._registry else recording.sts))
        if answer.outcome in (Outcome.OK, Outcome.REJECTED) and asked:
            self.retries = asked - 1
        else:
            self.notes.append("What it repeats could not be measured: it gave no answer to a passing outage.")

    # --- calls --------------------------------------------------------------------------------

    @staticmethod
    def _series(times: int, call: Callable[[], bool]) -> None:
        """Make so many calls, fewer where they take long or one is not answered well."""
        end = time.monotonic() + PATIENCE_S
        for _ in range(times):
            if not call() or time.monotonic() > end:
                return

    def _forget(self) -> None:
        self._session.call("session.reset", {}, DEADLINE_S)

    def _obtain(self) -> Answer:
        return self._session.call("token.obtain", self._bench.token_parameters(), DEADLINE_S)

    def _verify(self) -> Answer:
        order = {**self._bench.parameters(), "operation": OPERATION, "request": PERSON}
        return self._session.call("usi.call", order, DEADLINE_S)

    def _answered(self, answer: Answer, method: str) -> bool:
        """Tell whether a call succeeded; where it did not, nothing can be said of how long it takes."""
        if answer.outcome is Outcome.OK:
            return True
        reason = f" ({answer.reason})" if answer.reason else ""
        self.notes.append(f"A right {method} was answered as {answer.outcome}{reason}; no more were made.")
        return False


def _requests(exchanges: "list[Exchange]") -> "list[Exchange]":
    """Return the messages among the exchanges, without descriptions that were fetched."""
    return [
        exchange
        for exchange in exchanges
        if exchange.request.method == "POST" and not exchange.request.path.lower().endswith("/mex")
    ]
