"""A second session with the same implementation finds other variables, where the kit has a say in them."""

import os
import time

import pytest

from conformance.adapters.session import attach
from conformance.errors import OutOfReach
from conformance.suite import Budget
from conformance.suite.iut import Iut


class TellsTheZone:
    """Answers what the variable TZ says, and how far its clock is from UTC."""

    def handle(self, method, params):
        if method == "initialize":
            value = {"protocol": 1, "implementation": {"name": "z", "version": "1"}, "capabilities": []}
            return {"status": "ok", "value": value}
        return {"status": "ok", "value": [os.environ.get("TZ"), time.localtime(0).tm_hour]}


def told(session):
    """What the implementation says of its zone."""
    return session.call("usi.check_character", {"stem": "222222222"}).value


class TellsTheZoneAsText(TellsTheZone):
    """The same in a text, which is what the method's value is."""

    def handle(self, method, params):
        answer = super().handle(method, params)
        if method != "initialize":
            answer["value"] = " ".join(map(str, answer["value"]))
        return answer


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="a running process cannot change its zone here")
def test_the_zone_is_that_of_the_call_and_then_as_before(monkeypatch):
    """In the same process, for the time of a call; `XYZ-3` is three hours ahead of UTC on every machine."""
    monkeypatch.setenv("TZ", "UTC0")
    time.tzset()
    with attach("reference", resolve=lambda _: TellsTheZoneAsText()) as session:
        there = session.with_environment({"TZ": "XYZ-3"})
        with there:
            assert told(there) == "XYZ-3 3"
            assert told(session) == "UTC0 0"
        assert (os.environ["TZ"], time.localtime(0).tm_hour) == ("UTC0", 0)
    monkeypatch.undo()
    time.tzset()


def test_a_variable_that_was_not_set_is_unset_again(monkeypatch):
    """Nothing of the call stays behind."""
    monkeypatch.delenv("TZ", raising=False)
    with attach("reference", resolve=lambda _: TellsTheZoneAsText(), environment={"TZ": "UTC0"}) as session:
        assert told(session).startswith("UTC0 ")
    assert "TZ" not in os.environ


def test_a_program_finds_the_variables(fake):
    """Beside all of the kit's own."""
    session = fake("environment")
    assert told(session) == "None"
    there = session.with_environment({"EVTE_TEST": "here"})
    with there:
        assert told(there) == "here"


def test_a_harness_of_somebody_else_cannot_be_given_any():
    """It runs already; the check says so instead of judging."""
    session = attach("http://127.0.0.1:9/")
    assert session.with_environment({"TZ": "UTC"}) is None
    with pytest.raises(OutOfReach, match="time zone") as caught, Iut(session, Budget()).in_zone("UTC"):
        pass
    assert "TZ=UTC" in caught.value.advice


def test_a_session_knows_that_it_has_fallen():
    """After a crash, until the next call."""

    class Falls(TellsTheZoneAsText):
        def handle(self, method, params):
            if params.get("stem") == "222222223":
                raise RuntimeError("down")
            return super().handle(method, params)

    with attach("reference", resolve=lambda _: Falls()) as session:
        assert not session.fallen
        session.call("usi.check_character", {"stem": "222222223"})
        assert session.fallen
        told(session)
        assert not session.fallen
