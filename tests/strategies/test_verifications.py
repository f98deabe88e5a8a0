"""Drawn questions come with the answers that are right for them."""

import pytest
from hypothesis import Phase, find, given, settings

from conformance import strategies
from conformance.simulators.population import bundled
from conformance.suite.test_usi_properties import GONE, KNOWN

SEARCH = settings(database=None, phases=(Phase.generate,), max_examples=500)
ADA = {"USI": "2222222222", "FirstName": "Ada", "FamilyName": "Lovely", "DateOfBirth": "1990-02-28"}
BEN = {"USI": "ZZZZZZZZZB", "SingleName": "Ben", "DateOfBirth": "1991-03-01"}


@given(question=strategies.verifications([ADA, BEN]))
def test_right_particulars_are_verified_and_no_others(question):
    """Something is wrong exactly where it says so."""
    assert question.verified == (dict(question.request) in (ADA, BEN))
    assert question.verified == (question.because == "")
    assert question.conclusion == ("verified" if question.verified else "not_verified")


@pytest.mark.parametrize(
    "because", ["", "another name", "another date", "a USI that nobody has", "a deactivated USI"]
)
def test_every_kind_of_question_comes_up(because):
    """The right one and four wrong ones."""
    found = find(
        strategies.verifications([ADA], deactivated=[BEN]),
        lambda question: question.because == because,
        settings=SEARCH,
    )
    assert found.because == because


@given(questions=strategies.verification_batches(KNOWN, deactivated=GONE))
def test_a_batch_asks_about_each_usi_once(questions):
    """Unless repetitions are wanted; there are one to 24 records."""
    usis = [question.request["USI"] for question in questions]
    assert 1 <= len(usis) <= 24
    assert len(set(usis)) == len(usis)


@pytest.mark.parametrize("size", [1, 10, 24])
def test_every_size_comes_up(size):
    """From ten records on, numbers that are sorted as texts fall out of their order."""
    found = find(strategies.verification_batches(KNOWN), lambda batch: len(batch) == size, settings=SEARCH)
    assert len(found) == size


def test_a_usi_may_be_asked_about_twice():
    """Where repetitions are wanted."""
    found = find(
        strategies.verification_batches([ADA, BEN], repeated=True, most=3),
        lambda batch: len({question.request["USI"] for question in batch}) < len(batch),
        settings=SEARCH,
    )
    assert len(found) > 1


def test_nobody_of_the_population_has_the_wrong_particulars():
    """So that they are wrong for everybody."""
    for person in bundled().people.values():
        assert "Somebodyelse" not in (person.family, person.single)
        assert str(person.born) != "1931-03-31"


def test_a_wrong_argument_raises_at_once():
    """Somebody must be known, and a batch has a record."""
    with pytest.raises(ValueError, match="somebody must be known"):
        strategies.verifications([])
    with pytest.raises(ValueError, match="at least one record"):
        strategies.verification_batches([ADA], most=0)
