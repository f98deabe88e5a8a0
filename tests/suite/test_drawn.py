"""Which plain cases a drawn request has something in common with, and how much a property may try."""

from types import SimpleNamespace

import pytest
from hypothesis import strategies as st

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.population import bundled
from conformance.suite import Budget, for_all
from conformance.suite.drawn import _PEOPLE, likenesses
from conformance.suite.iut import Ledger

PLAIN = {"USI": "2222222222", "FirstName": "Ada", "FamilyName": "Lovely", "DateOfBirth": "1990-02-28"}


def names(operation, request):
    """What the plain cases have in common with a request."""
    return {name for name, _, _ in likenesses(operation, request)}


@pytest.mark.parametrize(
    ("change", "common"),
    [
        ({}, set()),
        ({"FamilyName": "O'Lovely"}, {"marks"}),
        ({"FamilyName": "Love-ly"}, {"marks"}),
        (
            {"FamilyName": "L\u00f6vely"},
            {"accents", "accents of their own", "characters beyond the first plane"},
        ),
        ({"FamilyName": "Love & Ly"}, {"an ampersand"}),
        ({"FamilyName": "Love<Ly"}, {"angle brackets"}),
        ({"FamilyName": "Love  Ly"}, {"two blanks"}),
        ({"FamilyName": "L" * 30}, {"long names"}),
        ({"SingleName": "Ada"}, {"a single name"}),
        ({"DateOfBirth": "1988-02-29"}, {"a leap day"}),
    ],
)
def test_what_is_special_in_a_name_is_seen(change, common):
    """Besides the operation itself; a date is not taken for a name with hyphens."""
    assert names("VerifyUSI", {**PLAIN, **change}) == {"the operation", *common}


def test_what_is_special_in_an_application_is_seen():
    """The kind of its document, of its address and of its names."""
    application = {
        "DVSCheckRequired": True,
        "DVSDocument": {"xsi:type": "VisaDocumentType", "PassportNumber": "111111"},
        "ContactDetails": {"InternationalAddress": "1 Test Street"},
        "PersonalDetails": {"SingleName": "Ada", "PreferredSingleName": "Ad"},
    }
    assert names("CreateUSI", {"Application": application}) == {
        "the operation",
        "a single name",
        "an applicant of one name",
        "VisaDocumentType",
        "an address elsewhere",
        "a preferred name",
    }
    home = {"Phone": {"Home": "0255501234"}, "NationalAddress": {"Address2": "Rear"}}
    assert names("CreateUSI", {"Application": {"ContactDetails": home}}) == {
        "the operation",
        "two lines",
        "two telephones",
    }
    other = {"Application": [{"NonDvsDocumentTypeId": 6}]}
    assert names("BulkUpload", {"Applications": other}) == {"the operation", "another document", "no address"}


@pytest.mark.parametrize("person", _PEOPLE.values(), ids=_PEOPLE)
def test_the_people_of_plain_cases_are_of_the_population(person):
    """So that they are verified."""
    held = bundled().people[person["USI"]]
    assert str(held.born) == person["DateOfBirth"]
    assert bool(held.single) == ("SingleName" in person)


# --- properties -------------------------------------------------------------------------------------------


def iut(examples):
    """An implementation with a budget and nothing else."""
    return SimpleNamespace(
        budget=Budget(examples=examples), session=SimpleNamespace(fallen=False), ledger=Ledger()
    )


@pytest.mark.parametrize(("cost", "examples", "tried"), [(1, 60, 60), (5, 60, 12), (5, 8, 2), (5, 1, 1)])
def test_an_example_that_costs_more_is_tried_less_often(cost, examples, tried):
    """By its cost, and never less than twice unless the budget is one."""
    seen = []

    @for_all(cost, number=st.integers())
    def check(iut, number):
        seen.append(number)

    check(iut=iut(examples))
    assert len(seen) == tried


def test_the_search_for_a_smaller_example_ends():
    """Six times the usual examples after the first failure; the failure that is told has been seen."""
    seen = []

    @for_all(5, numbers=st.lists(st.integers(0, 2**64), min_size=30, max_size=30))
    def check(iut, numbers):
        seen.append(numbers)
        if sum(numbers) > 1000:
            raise ImplementationError(f"{numbers}", subcode=Subcode.WRONG_VALUE)

    with pytest.raises(ImplementationError) as found:
        check(iut=iut(60))
    assert len(seen) <= 12 + 72
    assert f"{found.value}" in [f"{numbers}" for numbers in seen]


def test_a_strategy_may_depend_on_a_parameter():
    """A function in place of a strategy is given the parameters that it names."""
    seen = set()

    @for_all(word=lambda letters: st.sampled_from(letters))
    def check(iut, letters, word):
        seen.add(word)

    check(iut=iut(50), letters="xy")
    assert seen == {"x", "y"}
