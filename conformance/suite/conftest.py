"""The scenarios: each is carried out once, recorded, and read by many checks.

A scenario that yields no message is not testable for every check that wanted to read it; what the
implementation answered instead is in the finding.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest

from conformance.errors import NotTestable
from conformance.model import Evidence, Profile
from conformance.suite import Case
from conformance.suite.answers import VARIED_ANSWERS
from conformance.suite.calls import asked as ask_of_vector
from conformance.suite.calls import must_have_verified, not_understood
from conformance.suite.drawn import TryOut, tried_out
from conformance.suite.flows import (
    COMES_FIRST,
    PERSON,
    REQUESTS,
    Begin,
    CarryOutTogether,
    Flow,
    Step,
    begun,
    carried_out,
)
from conformance.suite.iut import Iut, Observed, Reply
from conformance.suite.stores import Stores

if TYPE_CHECKING:
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Exchange, Recording

KNOWN_PERSON: Final = PERSON

LONGEST_WAIT_S: Final = 3.0
"""Seconds that a scenario waits at most for the end of a token, whatever end it was told."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """One exchange that was carried out: what the product answered and what crossed the wire."""

    reply: Reply
    recording: "Recording"
    evidence: str
    """Id of the redacted transcript."""
    iut: Iut

    def token_request(self) -> Observed:
        """Return the first request to the token service.

        Raises:
            NotTestable: there was none.
        """
        return self._observed(self.recording.sts, "the token service")

    def registry_request(self) -> Observed:
        """Return the first request to the registry.

        Raises:
            NotTestable: there was none.
        """
        return self._observed(self.recording.registry, "the registry")

    def request_of(self, operation: str) -> Observed:
        """Return the first request of an operation; where there is none, the last one of whatever it was.

        A product may ask for something else before, such as the list of countries.

        Raises:
            NotTestable: the registry was asked for nothing.
        """
        found = [each for each in self.registry_requests if each.facts.request.name == operation]
        return self._observed(found or self.registry_requests[-1:], "the registry")

    @property
    def token_requests(self) -> "list[Exchange]":
        """The requests for a token in their order; nothing else that the token service was asked."""
        return _messages(self.recording.sts)

    @property
    def registry_requests(self) -> "list[Exchange]":
        """The requests to the registry in their order; nothing else that it was asked."""
        return _messages(self.recording.registry)

    def cite(self) -> "Scenario":
        """Note the transcript as evidence of the running check, and return the scenario."""
        self.iut.ledger.cite(self.evidence)
        return self

    def _observed(self, exchanges: "list[Exchange]", peer: str) -> Observed:
        asked = _messages(exchanges)
        if not asked:
            self.cite()
            raise NotTestable(
                f"the implementation sent no request to {peer}",
                expected="one request",
                found=self.reply.described(),
                advice="see what the harness reports as the cause; run `evte doctor`",
            )
        return Observed(asked[0].judgement, asked[0].facts, asked[0], self.evidence, self.iut)


def _messages(exchanges: "list[Exchange]") -> "list[Exchange]":
    """Return the messages among the exchanges: a WSDL that was fetched, or metadata asked for, is none."""
    return [
        exchange
        for exchange in exchanges
        if exchange.request.method == "POST" and not exchange.request.path.lower().endswith("/mex")
    ]


CarryOut = Callable[..., Scenario]


@pytest.fixture(scope="session")
def calls_the_registry(profile: Profile) -> bool:
    """Whether the profile demands anything of the registry; otherwise only tokens are obtained."""
    return any(identifier.startswith("USI-") for identifier in profile.requirements)


@pytest.fixture(scope="session")
def ask(iut: Iut, bench: "Bench", calls_the_registry: bool) -> Callable[..., Reply]:
    """Have the implementation make one `usi.call`, or `token.obtain` where nothing else is demanded."""

    def perform(
        *,
        request: dict[str, Any] | None = None,
        operation: str = "VerifyUSI",
        fresh: bool = True,
        only_token: bool = False,
        **overrides: Any,  # noqa: ANN401 - parameters of the contract
    ) -> Reply:
        if fresh:
            iut.session_reset()
        if not calls_the_registry or only_token:
            return iut.token_obtain(**{**bench.token_parameters(), **overrides})
        asked = KNOWN_PERSON if request is None else request
        return iut.usi_call(**{**bench.parameters(), **overrides}, operation=operation, request=asked)

    return perform


@pytest.fixture(scope="session")
def carry_out(
    iut: Iut, bench: "Bench", ask: Callable[..., Reply], keep_evidence: Callable[[Evidence], str]
) -> CarryOut:
    """Carry out one `usi.call` against the simulators and record it.

    The implementation's caches are forgotten first unless `fresh` is false, so that every scenario
    sees its own token exchange.  A profile that demands nothing of the registry has only the token asked for,
    and so has a scenario with `only_token`.
    """

    def perform(
        name: str,
        *,
        faults: tuple[str, ...] = (),
        **asked: Any,  # noqa: ANN401 - as of `ask`
    ) -> Scenario:
        with bench.scenario(name, faults=faults) as recording:
            reply = ask(**asked)
        return Scenario(reply, recording, keep_evidence(recording.evidence()), iut)

    return perform


@pytest.fixture(scope="session")
def begin(iut: Iut, bench: "Bench", keep_evidence: Callable[[Evidence], str]) -> Begin:
    """Let a flow of several calls go on while a block runs; see `conformance.suite.flows`."""

    def perform(name: str, **asked: Any) -> AbstractContextManager[Flow]:  # noqa: ANN401 - as of `begun`
        def keep(recording: "Recording") -> None:
            keep_evidence(recording.evidence())

        return begun(name, iut, bench, Scenario, keep, **asked)

    return perform


@pytest.fixture(scope="session")
def carry_out_together(begin: Begin) -> CarryOutTogether:
    """Carry out several calls in one scenario; one `Scenario` comes back for each, with its own exchanges."""

    def perform(name: str, steps: Sequence[Step], *, faults: tuple[str, ...] = ()) -> list[Scenario]:
        return carried_out(begin, name, steps, faults)

    return perform


@pytest.fixture(scope="session")
def try_out(iut: Iut, bench: "Bench", keep_evidence: Callable[[Evidence], str]) -> TryOut:
    """Let a flow go on for one drawn example, kept only if it fails; see `conformance.suite.drawn`."""

    def perform(
        name: str, example: object = "", *, faults: tuple[str, ...] = (), fresh: bool = False
    ) -> AbstractContextManager[Flow]:
        return tried_out(name, example, iut, bench, Scenario, keep_evidence, faults=faults, fresh=fresh)

    return perform


@pytest.fixture(scope="session")
def right_call(healthy: Scenario, carry_out_together: CarryOutTogether) -> Callable[[str], Scenario]:
    """Carry out the right request of an operation, once per operation; `healthy` is that of VerifyUSI."""
    done = {"VerifyUSI": healthy}

    def perform(operation: str) -> Scenario:
        healthy.registry_request()
        if operation not in done:
            names = [name for name in (COMES_FIRST.get(operation), operation) if name]
            steps = [Step(name, REQUESTS[name]) for name in names]
            done[operation] = carry_out_together(f"right-call-of-{operation}", steps)[-1]
        return done[operation].cite()

    return perform


@pytest.fixture(scope="session")
def varied_answers(
    iut: Iut, bench: "Bench", ask: Callable[..., Reply], keep_evidence: Callable[[Evidence], str]
) -> list[Scenario]:
    """The same again and again, each time with the next variation of the token service's answer."""
    done = []
    with bench.scenario("varied-answers", faults=("sts.varied",)) as recording:
        for _ in range(VARIED_ANSWERS):
            before = len(recording.exchanges)
            reply = ask()
            done.append((reply, replace(recording, exchanges=recording.exchanges[before:])))
    transcript = recording.evidence()
    drawn = f"Variations 0 to {VARIED_ANSWERS - 1} of the seed {iut.budget.seed}, in this order."
    kept = keep_evidence(msgspec.structs.replace(transcript, note=f"{transcript.note}\n{drawn}"))
    return [Scenario(reply, part, kept, iut) for reply, part in done]


@pytest.fixture(scope="session")
def healthy(carry_out: CarryOut) -> Scenario:
    """VerifyUSI for a person whose every particular is right: token, call, answer."""
    return carry_out("verify-a-known-person")


@pytest.fixture(scope="session")
def healthy_again(carry_out: CarryOut) -> Scenario:
    """The same once more, with nothing remembered."""
    return carry_out("verify-a-known-person-again")


@pytest.fixture(scope="session")
def in_a_row(healthy: Scenario, carry_out: CarryOut) -> tuple[Observed, Observed]:
    """Two requests to the registry, the second with everything remembered: the token may be reused."""
    healthy.registry_request()
    first = carry_out("verify-with-nothing-remembered")
    return first.registry_request(), carry_out(
        "verify-with-what-is-remembered", fresh=False
    ).registry_request()


@pytest.fixture(scope="session")
def after_the_token_ended(healthy: Scenario, carry_out: CarryOut) -> Scenario:
    """A call with a token of a short life, and one more with everything remembered once that is over."""
    healthy.token_request()
    first = carry_out("with-a-token-of-a-short-life", faults=("sts.short_life",))
    granted = first.token_request().facts
    if granted is None or granted.expires is None:
        raise NotTestable("no token was issued, so that none could be kept too long")
    left = (granted.expires - datetime.now(UTC)).total_seconds() + 0.01
    time.sleep(min(max(left, 0), LONGEST_WAIT_S))
    return carry_out("after-the-token-has-ended", fresh=False)


@pytest.fixture
def token_request(healthy: Scenario) -> Observed:
    """The request for a token in the healthy scenario."""
    return healthy.token_request()


@pytest.fixture
def second_token_request(healthy_again: Scenario) -> Observed:
    """The request for a token when the scenario is repeated."""
    return healthy_again.token_request()


@pytest.fixture
def registry_request(healthy: Scenario) -> Observed:
    """The request to the registry in the healthy scenario."""
    return healthy.registry_request()


@pytest.fixture
def second_registry_request(healthy_again: Scenario) -> Observed:
    """The request to the registry when the scenario is repeated."""
    return healthy_again.registry_request()


@pytest.fixture(scope="session")
def refused_exchange(healthy: Scenario, carry_out: CarryOut) -> Scenario:
    """The token service answers E2003, relying party unknown; the healthy scenario came first."""
    healthy.token_request()
    return carry_out("token-service-refuses-the-relying-party", faults=("sts.E2003",))


@pytest.fixture(scope="session")
def in_trouble(healthy: Scenario, carry_out: CarryOut) -> Callable[..., Scenario]:
    """Carry out the healthy scenario, which must have ended with a token, under faults; each once."""
    carried_out: dict[tuple[str, ...], Scenario] = {}

    def perform(*faults: str) -> Scenario:
        healthy.token_request()
        if not healthy.registry_requests:
            healthy.cite().reply.must_be_ok(as_twin=True)
        if faults not in carried_out:
            name = "-".join(fault.translate(_AS_WORDS) for fault in faults)
            carried_out[faults] = carry_out(f"trouble-{name}", faults=faults)
        return carried_out[faults].cite()

    return perform


_AS_WORDS: Final = str.maketrans("._@", "---")


@pytest.fixture(scope="session")
def refused_call(carry_out: CarryOut) -> Callable[..., Scenario]:
    """Carry out a call that the registry answers with faults; each set of faults once."""
    done: dict[tuple[str, ...], Scenario] = {}

    def perform(*faults: str) -> Scenario:
        if faults not in done:
            name = "-".join(fault.partition(".")[2].translate(_AS_WORDS) for fault in faults)
            done[faults] = carry_out(f"registry-answers-{name}", faults=faults)
        return done[faults].cite()

    return perform


@pytest.fixture(scope="session")
def call_of(carry_out: CarryOut) -> Callable[[Case], Scenario]:
    """Carry out the call of a vector, once per vector, however many checks look at it."""
    done: dict[tuple[str, str], Scenario] = {}

    def perform(case: Case) -> Scenario:
        key = (case.file, case.id)
        if key not in done:
            done[key] = ask_of_vector(carry_out, case)
        return done[key].cite()

    return perform


@pytest.fixture(scope="session")
def call_under(carry_out: CarryOut) -> Callable[..., Scenario]:
    """Carry out a request of an operation, the right one unless given, under faults; each once."""
    done: dict[tuple[str, ...], Scenario] = {}

    def perform(
        operation: str, *faults: str, request: dict[str, Any] | None = None, title: str = ""
    ) -> Scenario:
        key = (operation, title, *faults)
        if key not in done:
            name = "-".join(
                (operation, *filter(None, [title]), *(fault.partition(".")[2] for fault in faults))
            )
            done[key] = carry_out(
                name.translate(_AS_WORDS),
                operation=operation,
                request=REQUESTS[operation] if request is None else request,
                faults=faults,
            )
        return done[key].cite()

    return perform


@pytest.fixture
def understood(healthy: Scenario, refused_call: Callable[..., Scenario]) -> Callable[[], None]:
    """Make sure that the product finds the code of a fault at all before anything is asked about codes."""

    def demand() -> None:
        must_have_verified(healthy)
        scenario = refused_call("registry.1002")
        if scenario.reply.answer.reason not in ("", "service.validation"):
            raise not_understood(scenario)

    return demand


@pytest.fixture(scope="session")
def stores(iut: Iut, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """The credential stores of the run."""
    moment = datetime.now(UTC)
    if iut.has_clock:
        # It is told the moment, so that any will do; with that of the day, they are made once a day.
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Stores(iut, tmp_path_factory.mktemp("stores"), moment)
