"""A life that checks lead a product through: what happens in RAM, what is demanded, what a failure tells."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from conformance.adapters.session import attach
from conformance.errors import ImplementationError, NotTestable
from conformance.reference import Correct
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient
from conformance.simulators.bench import Bench
from conformance.strategies import LifeEvent
from conformance.strategies.lives import DEEDS
from conformance.suite import Budget
from conformance.suite.conftest import Scenario
from conformance.suite.iut import Iut
from conformance.suite.life import UNUSABLE, Lives


class Forgetful(Correct):
    """A product that cannot be told to forget."""

    capabilities = tuple(name for name in Correct.capabilities if name != "session.reset")


class GivesUp(Correct):
    """A product that never asks again after a refusal."""

    class Tokens(TokenClient):
        """As the class around it says."""

        refusal = None

        def obtain(self, order):
            if self.refusal:
                raise self.refusal
            try:
                return super().obtain(order)
            except Refusal as refusal:
                self.refusal = refusal
                raise


@pytest.fixture(params=[False, True], ids=["local", "cloud"])
def lead(request, tmp_path):
    """Lives of a product, by its class."""
    sessions = []
    with Bench(datetime.now(UTC), 7, tmp_path, act_as=request.param) as bench:

        def of(product):
            session = attach("reference", resolve=lambda _: product())
            session.start()
            sessions.append(session)
            iut = Iut(session, Budget())

            def carry_out(name, *, fresh=True, **overrides):
                if fresh:
                    iut.session_reset()
                with bench.scenario(name) as recording:
                    reply = iut.token_obtain(**{**bench.token_parameters(), **overrides})
                return Scenario(reply, recording, "", iut)

            return SimpleNamespace(bench=bench, lives=Lives(bench, carry_out, tmp_path))

        yield of
    for session in sessions:
        session.close()


def test_every_deed_can_be_done(lead):
    """In an order in which RAM allows each; a product that is right follows."""
    led = lead(Correct)
    order = (
        "remove the holder",
        "claim",
        "remove the notification",
        "request a notification",
        "accept the notification",
        "revoke",
        "replace",
    )
    assert set(order) == set(DEEDS)
    with led.lives.begin("every-deed") as life:
        for deed in order:
            life.happen(LifeEvent(deed))
            life.must_be_as_ram_says()
        assert not any(told.startswith("RAM refused") for told in life.told), life.told
        assert life.exchanges == len(order)


def test_a_life_leaves_nothing_behind(lead):
    """RAM, its clock and the switches of the token service are as before."""
    led = lead(Correct)
    before = (led.bench.ram.states(), led.bench.ram.clock.shift, led.bench.token_service.settings)
    with led.lives.begin("undone") as life:
        life.set(unassigned_refused=True)
        life.wait(100)
        life.revoke()
        life.remove_holder()
    assert (led.bench.ram.states(), led.bench.ram.clock.shift, led.bench.token_service.settings) == before


def test_what_ram_refuses_does_not_happen(lead):
    """And the product is asked all the same."""
    led = lead(Correct)
    with led.lives.begin("refused-by-ram") as life:
        for deed in ("claim", "revoke", "revoke"):
            life.happen(LifeEvent(deed))
            life.must_be_as_ram_says()
        assert life.told == ["RAM refused to claim", "the credential was revoked", "RAM refused to revoke"]


def test_a_failure_tells_the_life(lead):
    """What happened before is in the message."""
    led = lead(GivesUp)
    with led.lives.begin("gives-up") as life:
        life.revoke()
        life.must_be_refused(*UNUSABLE)
        life.replace()
        with pytest.raises(ImplementationError) as caught:
            life.must_work(fresh=False)
    assert caught.value.message.endswith(
        "before: the credential was revoked; a credential of the same name took its place in the store"
    )


def test_a_kept_token_proves_nothing(lead):
    """A product that did not ask was not refused."""
    led = lead(Forgetful)
    with led.lives.begin("kept") as life:
        life.must_work()
        life.revoke()
        with pytest.raises(NotTestable, match="still had a token"):
            life.must_be_refused(*UNUSABLE)


def test_a_run_pays_for_so_many_exchanges(lead):
    """A property stops asking once they are spent, and looks on when it has found a failure."""
    led, budget = lead(GivesUp), Budget(examples=10)
    harmless, fatal = [LifeEvent(days=1)], [LifeEvent("revoke"), LifeEvent("replace")]
    with pytest.raises(ImplementationError):
        led.lives.follow("fatal", fatal, budget)
    with pytest.raises(ImplementationError):
        led.lives.follow("fatal", fatal, budget)
    led = lead(Correct)
    for _ in range(3):
        led.lives.follow("harmless", harmless, budget)
    assert led.lives._spent == 2
