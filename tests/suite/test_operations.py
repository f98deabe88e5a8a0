"""Demands on what was sent and on what is told hold against right ones and fall with wrong ones."""

import pytest

from conformance.errors import ImplementationError
from conformance.suite.operations import errors_in, must_carry, must_hold, usi_in

HANDED_OVER = {
    "DVSCheckRequired": True,
    "PersonalDetails": {"FirstName": "Zo\u00eb", "FamilyName": "Test"},
    "ContactDetails": {},
    "Applications": [{"Id": 1}, {"Id": 2}],
}


def sent(**changed):
    """What a right product makes of it, with changes."""
    return {
        "ApplicationId": "A1",
        "DVSCheckRequired": True,
        "PersonalDetails": {"FirstName": "Zoe\u0308", "FamilyName": "Test", "IsPreferredName": False},
        "Applications": [{"Id": 1, "UserReference": "x"}, {"Id": 2}],
        **changed,
    }


def test_what_a_product_adds_does_no_harm():
    """Identifiers, defaults and the normal form of accents are the product's own; empty elements may go."""
    must_carry(sent(), HANDED_OVER, "Request")


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        ({"DVSCheckRequired": "true"}, "Request/DVSCheckRequired"),
        ({"DVSCheckRequired": None}, "Request/DVSCheckRequired"),
        ({"PersonalDetails": {"FirstName": "Zo\u00eb"}}, "Request/PersonalDetails/FamilyName"),
        (
            {"PersonalDetails": {"FirstName": "Zoe", "FamilyName": "Test"}},
            "Request/PersonalDetails/FirstName",
        ),
        ({"PersonalDetails": "Zo\u00eb Test"}, "Request/PersonalDetails"),
        ({"Applications": [{"Id": 1}]}, "Request/Applications"),
        ({"Applications": [{"Id": 2}, {"Id": 1}]}, "Request/Applications[1]/Id"),
    ],
    ids=["text-for-boolean", "nothing", "missing", "altered", "no-structure", "fewer", "turned-round"],
)
def test_what_was_altered_is_named(changed, where):
    """The first element that is missing or was altered is told with its place."""
    with pytest.raises(ImplementationError) as caught:
        must_carry(sent(**changed), HANDED_OVER, "Request")
    assert caught.value.where == where


def test_a_response_may_hold_more_than_is_looked_for():
    """What is wanted is there, at any depth; what is there besides is not looked at."""
    must_hold(
        {"Application": {"Result": "Success", "USI": "BNGH7C75FN"}}, {"Application": {"Result": "Success"}}
    )


@pytest.mark.parametrize(
    "response", [{}, {"Application": None}, {"Application": {"Result": "Failure"}}, None]
)
def test_a_response_that_lacks_something_is_told(response):
    """A missing part and another value are the same miss, and nothing falls over."""
    with pytest.raises(ImplementationError, match="Result"):
        must_hold(response, {"Application": {"Result": "Success"}})


@pytest.mark.parametrize(
    ("answer", "usi"),
    [
        ({"Application": {"USI": "BNGH7C75FN"}}, "BNGH7C75FN"),
        ({"USI": "BP6LKB3C7X"}, "BP6LKB3C7X"),
        ({"Application": {}}, ""),
        ({"USI": None}, ""),
        ({}, ""),
    ],
)
def test_the_usi_of_an_answer_is_found(answer, usi):
    """It stands in the application, or in the answer itself, or nowhere."""
    assert usi_in(answer) == usi


def test_errors_are_found_in_both_places():
    """Code and message of each, from an application or from an answer; none is no error."""
    errors = {"Error": [{"Code": "E001", "Message": "one"}, {"Code": "E002", "Message": "two"}]}
    assert errors_in({"Application": {"Errors": errors}}) == ["E001", "one", "E002", "two"]
    assert errors_in({"Errors": errors}) == ["E001", "one", "E002", "two"]
    assert errors_in({"Result": "Success"}) == []
