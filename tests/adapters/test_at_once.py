"""Calls at the same time: made so where the implementation declares it and the carrier can."""

import threading

import pytest

from conformance.adapters.contract import Outcome
from conformance.adapters.session import attach


class Meeting:
    """An implementation whose `usi.validate` answers only when as many calls as given are under way."""

    def __init__(self, *markers, parties=3):
        self.markers = markers
        self.door = threading.Barrier(parties)
        self.served = []

    def handle(self, method, params):
        if method == "initialize":
            identity = {"name": "Meeting", "version": "1"}
            offered = ["usi.validate", *self.markers]
            return {
                "status": "ok",
                "value": {"protocol": 1, "implementation": identity, "capabilities": offered},
            }
        self.served.append(params["usi"])
        if self.markers:
            self.door.wait(5)
        return {"status": "rejected", "native": {"code": params["usi"]}}


def session_with(made):
    """A session with an object in this process."""
    return attach("mutant:given", resolve=lambda spec: made)


def test_calls_meet_where_they_may():
    """Three calls are under way together, and each gets its own answer."""
    with session_with(Meeting("concurrent")) as session:
        answers = session.call_at_once("usi.validate", [{"usi": text} for text in "abc"], 10)
    assert [(answer.outcome, answer.native.code) for answer in answers] == [
        (Outcome.REJECTED, "a"),
        (Outcome.REJECTED, "b"),
        (Outcome.REJECTED, "c"),
    ]


def test_calls_take_turns_where_they_must():
    """Without the marker they are made one after the other, in their order."""
    made = Meeting()
    with session_with(made) as session:
        answers = session.call_at_once("usi.validate", [{"usi": text} for text in "abc"])
    assert made.served == ["a", "b", "c"]
    assert [answer.native.code for answer in answers] == ["a", "b", "c"]


def test_a_hang_among_them_is_one_outcome():
    """A call that never ends hangs alone, and the implementation is made again for the next one."""
    with session_with(Meeting("concurrent", parties=2)) as session:
        answers = session.call_at_once("usi.validate", [{"usi": text} for text in "abc"], 0.3)
        assert sorted(answer.outcome for answer in answers) == ["hang", "rejected", "rejected"]
        assert session.fallen


@pytest.mark.parametrize("marker", ["concurrent", "clock"])
def test_markers_are_no_methods(marker):
    """A marker is declared beside the methods and cannot be called."""
    with session_with(Meeting(marker)) as session:
        assert session.supports(marker)
        assert marker in session.implementation.capabilities
