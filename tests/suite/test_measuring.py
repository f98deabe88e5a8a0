"""The measuring conversation yields figures, and a note where it cannot."""

from datetime import UTC, datetime

import pytest

from conformance.adapters.session import attach
from conformance.reference.correct import Correct
from conformance.reference.usi_client import UsiClient
from conformance.simulators.bench import Bench
from conformance.suite.measuring import latency, measure


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The services of a run."""
    with Bench(datetime.now(UTC), 7, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


class Brisk(Correct):
    """The reference, which does not really pause."""

    def __init__(self):
        super().__init__(sleep=lambda seconds: None)


def measured(bench, kind, *, registry=True):
    """What is measured of an implementation in this process."""
    session = attach("reference", resolve=lambda _: kind())
    try:
        return measure(session, bench, subject="product", registry=registry)
    finally:
        session.close()


def numbers(measurement):
    """The kinds of calls with their numbers."""
    return {each.name: each.calls for each in measurement.latencies}


def test_the_reference_holds_its_token(bench):
    """Five tokens are fetched, ten are held, and twenty verifications take one; an outage is retried once."""
    found = measured(bench, Brisk)
    assert numbers(found) == {"token, first": 5, "token, held": 10, "VerifyUSI": 20}
    assert (found.calls, found.token_requests, found.retries, found.note) == (20, 1, 1, "")
    assert (found.subject, found.carrier) == ("product", "in-process")
    assert all(0 < each.median_ms <= each.p95_ms for each in found.latencies)
    first, held, _ = found.latencies
    assert held.median_ms < first.median_ms


def test_without_the_registry_tokens_are_all_there_is(bench):
    """A profile that demands nothing of the registry has calls for a token counted instead."""
    found = measured(bench, Brisk, registry=False)
    assert numbers(found) == {"token, first": 5, "token, held": 10}
    assert (found.calls, found.token_requests, found.retries) == (10, 1, 1)


def test_a_product_that_keeps_no_token_is_seen(bench):
    """Where every call asks the token service, all tokens are first ones and each call takes one."""

    class KeepsNothing(Brisk):
        def usi_call(self, **params):
            self.session_reset()
            return super().usi_call(**params)

        def token_obtain(self, **params):
            self.session_reset()
            return super().token_obtain(**params)

    found = measured(bench, KeepsNothing)
    assert numbers(found) == {"token, first": 15, "VerifyUSI": 20}
    assert (found.calls, found.token_requests) == (20, 20)


def test_a_product_that_never_repeats_is_seen(bench):
    """Who tells the user of an outage at once has asked nothing again; that is an answer too."""

    class GivesUp(Brisk):
        class Registry(UsiClient):
            pauses = ()

    found = measured(bench, GivesUp)
    assert found.retries == 0
    assert found.note == ""


def test_a_refusal_is_a_note(bench):
    """Calls that are refused have no latency, and the note says which were and why."""

    class Refuses(Brisk):
        def usi_call(self, **params):
            return self.refused("service.validation", code="1002", text="no")

    found = measured(bench, Refuses)
    assert numbers(found) == {"token, first": 5, "token, held": 10}
    assert (found.calls, found.retries) == (0, None)
    assert found.note == "A right usi.call was answered as rejected (service.validation); no more were made."


def test_a_crash_is_a_note(bench):
    """An implementation that falls over costs the run nothing but its figures."""

    class Falls(Brisk):
        def token_obtain(self, **params):
            raise RuntimeError("no token today")

    found = measured(bench, Falls)
    assert "A right token.obtain was answered as crash; no more were made." in found.note
    assert "no token today" not in found.note
    assert numbers(found) == {"VerifyUSI": 20}


def test_a_harness_that_breaks_the_contract_is_a_note(bench):
    """No error of the harness leaves the measuring, whatever it does."""

    class Babbles(Brisk):
        def handle(self, method, params):
            return {"status": "fine"} if method == "usi.call" else super().handle(method, params)

    found = measured(bench, Babbles)
    assert found.note.startswith("Measuring was given up: ")
    assert found.latencies == ()


def test_what_cannot_forget_is_told(bench):
    """Without `session.reset` tokens may be held from before: the note says so."""

    class Remembers(Brisk):
        def handle(self, method, params):
            answer = super().handle(method, params)
            if method == "initialize":
                kept = [name for name in answer["value"]["capabilities"] if name != "session.reset"]
                answer["value"]["capabilities"] = kept
            return answer

    found = measured(bench, Remembers)
    assert numbers(found) == {"token, held": 15, "VerifyUSI": 20}
    assert (found.calls, found.token_requests) == (20, 0)
    assert found.note == "It does not forget on request, so that a token may be held from before."


def test_slow_calls_end_a_series(bench, monkeypatch):
    """Once the patience is over no further call of a series begins: a slow product is measured on fewer."""
    monkeypatch.setattr("conformance.suite.measuring.PATIENCE_S", -1.0)
    assert numbers(measured(bench, Brisk)) == {"token, first": 1, "token, held": 1, "VerifyUSI": 1}


@pytest.mark.parametrize(
    ("spans", "middle", "high"),
    [
        ([4.0], 4.0, 4.0),
        ([3.0, 1.0], 2.0, 3.0),
        ([5.0, 1.0, 2.0, 3.0, 4.0], 3.0, 5.0),
        ([*range(1, 20), 1000.0], 10.5, 19.0),
        ([*range(1, 101)], 50.5, 95.0),
    ],
)
def test_percentiles_are_of_the_nearest_rank(spans, middle, high):
    """The 95th percentile is one of the spans: of twenty the second longest, of five the longest."""
    found = latency("VerifyUSI", [float(span) for span in spans])
    assert (found.calls, found.median_ms, found.p95_ms) == (len(spans), middle, high)
