"""The scenarios: each is carried out once, recorded, and read by many checks.

A scenario that yields no message is not testable for every check that wanted to read it; what the
implementation answered instead is in the finding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.errors import NotTestable
from conformance.model import Evidence, Profile
from conformance.suite.iut import Iut, Observed, Reply
from conformance.suite.stores import Stores

if TYPE_CHECKING:
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Exchange, Recording

KNOWN_PERSON: Final = {
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
"""A published person of the third-party testing environment, and what is right for her."""


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

    def cite(self) -> "Scenario":
        """Note the transcript as evidence of the running check, and return the scenario."""
        self.iut.ledger.cite(self.evidence)
        return self

    def _observed(self, exchanges: "list[Exchange]", peer: str) -> Observed:
        asked = [exchange for exchange in exchanges if exchange.request.method == "POST"]
        if not asked:
            self.cite()
            raise NotTestable(
                f"the implementation sent no request to {peer}",
                expected="one request",
                found=self.reply.described(),
                advice="see what the harness reports as the cause; run `evte doctor`",
            )
        return Observed(asked[0].judgement, asked[0].facts, asked[0], self.evidence, self.iut)


CarryOut = Callable[..., Scenario]


@pytest.fixture(scope="session")
def carry_out(
    iut: Iut, bench: "Bench", profile: Profile, keep_evidence: Callable[[Evidence], str]
) -> CarryOut:
    """Carry out one `usi.call` against the simulators and record it.

    The implementation's caches are forgotten first unless `fresh` is false, so that every scenario
    sees its own token exchange.  A profile that demands nothing of the registry has only the token asked for.
    """
    registry = any(identifier.startswith("USI-") for identifier in profile.requirements)

    def perform(
        name: str,
        *,
        request: dict[str, Any] | None = None,
        operation: str = "VerifyUSI",
        faults: tuple[str, ...] = (),
        fresh: bool = True,
        **overrides: Any,  # noqa: ANN401 - parameters of the contract
    ) -> Scenario:
        if fresh:
            iut.session_reset()
        with bench.scenario(name, faults=faults) as recording:
            if registry:
                asked = KNOWN_PERSON if request is None else request
                reply = iut.usi_call(
                    **{**bench.parameters(), **overrides}, operation=operation, request=asked
                )
            else:
                reply = iut.token_obtain(**{**bench.token_parameters(), **overrides})
        return Scenario(reply, recording, keep_evidence(recording.evidence()), iut)

    return perform


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
def stores(iut: Iut, tmp_path_factory: pytest.TempPathFactory) -> Stores:
    """The credential stores of the run."""
    moment = datetime.now(UTC)
    if iut.has_clock:
        # It is told the moment, so that any will do; with that of the day, they are made once a day.
        moment = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return Stores(iut, tmp_path_factory.mktemp("stores"), moment)
