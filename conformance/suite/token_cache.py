"""A model of a token cache that is right: whatever is called for whom, in whatever order, nothing crosses.

The model knows who may be served and what was issued; `Tenancy` holds every request against it.  Rules call
for tenants, one or several at once, have the product forget, have a service refuse, and have tokens granted
for a short life.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import hypothesis
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.suite import Budget
from conformance.suite.examples import replayed
from conformance.suite.tenancy import Ask, Tenancy, Tenant

SHORT = timedelta(seconds=1)
"""Life of tokens while the service grants short ones; whatever time calls take is all that passes."""

STEPS = 6
"""Steps of one story at most."""

_CALLS_PER_EXAMPLE = 5
"""A property of pure calls tries this many examples in the time of one exchange."""

_ALL = 1_000_000
"""Exchanges that a stored story may make: as many as it takes."""

_SHRINKING = 6
"""Once a failure is found, this many times the usual calls may be spent on a smaller one."""


class Purse:
    """What the stories of one check may spend, and the first failure, for when it is spent."""

    def __init__(self, budget: Budget) -> None:
        self.left = max(budget.examples // _CALLS_PER_EXAMPLE, 2)
        self.more = self.left * _SHRINKING
        self.failure: ImplementationError | None = None

    def fail(self, failure: ImplementationError) -> None:
        """Note a failure; the first one pays for the search for a smaller story."""
        if self.failure is None:
            self.left = self.more
            self.failure = failure


def must_keep_apart(ask: Ask, tenants: Callable[[Tenancy], list[Tenant]], budget: Budget, seed: int) -> None:
    """Have the product live through stories, and demand that no request of one is another tenant's.

    Args:
        ask: how calls are made.
        tenants: makes the tenants of a story.
        budget: five of its examples pay for one call.
        seed: of the stories.

    Raises:
        ImplementationError: the failure of the smallest story that could be afforded.
    """
    purse = Purse(budget)

    class Story(RuleBasedStateMachine):
        """One conversation, which begins with nothing remembered."""

        def __init__(self) -> None:
            super().__init__()
            ask.iut.ledger.begin_example()
            self.begun = ask.begin("any-order")
            self.tenancy = self.begun.__enter__()
            self.tenants = tenants(self.tenancy)
            self.settings_before = ask.bench.token_service.settings
            self.told = 0

        def teardown(self) -> None:
            ask.bench.token_service.settings = self.settings_before
            purse.left -= self.tenancy.exchanges
            self.begun.__exit__(None, None, None)

        def does(self, deed: Callable[[], None]) -> None:
            if purse.left - self.tenancy.exchanges <= 0:
                if purse.failure is not None:
                    # Nothing smaller can be afforded: every further story ends as the first one did.
                    raise purse.failure
                return
            try:
                deed()
            except ImplementationError as failure:
                ask.iut.ledger.remember(failure)
                purse.fail(failure)
                raise

        @rule(place=st.integers(0, 3))
        def call(self, place: int) -> None:
            self.does(lambda: self.tenancy.must_keep_apart(self.of(place)))

        @rule(places=st.lists(st.integers(0, 3), min_size=2, max_size=3))
        def call_at_once(self, places: list[int]) -> None:
            apart = list(dict.fromkeys(self.of(place) for place in places))
            self.does(lambda: self.tenancy.must_keep_apart(*apart, at_once=True))

        @rule(place=st.integers(0, 3), fault=st.sampled_from(("sts.E2014@1", "registry.invalid_security@1")))
        def is_refused(self, place: int, fault: str) -> None:
            self.does(lambda: self.tenancy.must_not_help_itself(self.of(place), fault))

        @rule()
        def forget(self) -> None:
            self.tenancy.forget()

        @precondition(lambda self: ask.bench.token_service.settings.granted_life is None)
        @rule()
        def grant_short_lives(self) -> None:
            service = ask.bench.token_service
            service.settings = replace(service.settings, granted_life=SHORT)
            self.tenancy.told.append(f"tokens are granted for {SHORT.total_seconds():g} s")

        def of(self, place: int) -> Tenant:
            return self.tenants[place % len(self.tenants)]

    settings = hypothesis.settings(
        max_examples=max(budget.examples // _CALLS_PER_EXAMPLE, 2),
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    tell = partial(run_state_machine_as_test, settings=settings)
    if budget.replaying is not None:
        purse.left = _ALL
        replayed(Story, budget.replaying, carry_out=tell)
        return
    try:
        tell(hypothesis.seed(seed)(Story))
    except Flaky:
        # What crossed once has crossed, even if the same calls, made at once, go well the next time.
        if purse.failure is not None and purse.failure.subcode == Subcode.STATE_LEAK:
            raise purse.failure from None
        raise
