"""The lives that the strategy draws: short, telling, and within what the simulated RAM understands."""

import pytest
from hypothesis import find, given, settings

from conformance.strategies import LifeEvent, credential_lives, life_events
from conformance.strategies.lives import DEEDS


@given(events=credential_lives(longest=4))
def test_a_life_has_events(events):
    """One at least and four at most, each either a deed or some days."""
    assert 1 <= len(events) <= 4
    for event in events:
        assert bool(event.deed) != bool(event.days)
        assert event.deed in ("", *DEEDS)


def test_the_simplest_event_is_a_revocation():
    """A counter-example begins with what every product meets."""
    assert find(life_events(), lambda _: True, settings=settings(database=None)) == LifeEvent("revoke")


def test_an_event_reads_as_words():
    """Days first, then the deed."""
    assert str(LifeEvent("claim", days=59)) == "59 days pass, claim"
    assert [str(LifeEvent(days=1)), str(LifeEvent())] == ["1 days pass", "nothing"]


def test_a_life_without_events_is_refused():
    """Nothing could be learnt from it."""
    with pytest.raises(ValueError, match="at least one event"):
        credential_lives(longest=0)
