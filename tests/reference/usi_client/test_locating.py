"""LocateUSI: one exact match is the person's USI, and nothing else is."""

import pytest

from conformance.reference.refusal import Refusal

ASKED = {"PersonalDetails": {"Gender": "F", "FamilyName": "Angle", "DateOfBirth": "1981-09-02"}}
ERRORS = {"Error": [{"Code": "E001", "Message": "No."}]}


@pytest.mark.parametrize(
    ("answer", "conclusion"),
    [
        ({"Result": "Exact", "USI": "BNGH7C75FN"}, "located"),
        ({"Result": "Exact", "USI": "BNGH7C75FP"}, "unclear"),
        ({"Result": "Exact", "USI": ""}, "unclear"),
        ({"Result": "Exact"}, "unclear"),
        ({"Result": "Exact", "USI": "BNGH7C75FN", "Errors": ERRORS}, "unclear"),
        ({"Result": "NoMatch"}, "not_located"),
        ({"Result": "NoMatch", "USI": ""}, "not_located"),
        ({"Result": "NoMatch", "Errors": ERRORS}, "unclear"),
        ({"Result": "MultipleExact", "USI": "BNGH7C75FN"}, "unclear"),
        ({"Result": "SingleNoContactMatch", "USI": "BNGH7C75FN"}, "unclear"),
        ({"Result": "MultipleNoContactMatch", "USI": ""}, "unclear"),
        ({"Result": "NoIdenticalStrongPartial"}, "unclear"),
        ({"Result": "Certain", "USI": "BNGH7C75FN"}, "unclear"),
    ],
)
def test_what_a_result_comes_to(registry, said, answer, conclusion):
    """An answer without a USI is read though the schema demands one."""
    client = registry(said("LocateUSI", {"ContactDetailsMessage": "", **answer}))
    found = client.do("LocateUSI", ASKED)
    assert found.conclusion == conclusion
    assert found.response["Result"] == answer["Result"]


def test_contact_details_stand_there_even_when_empty(registry, said):
    """The schema demands the element and nothing in it."""
    client = registry(*[said("LocateUSI", {"Result": "NoMatch", "ContactDetailsMessage": ""})] * 2)
    client.do("LocateUSI", ASKED)
    client.do("LocateUSI", {**ASKED, "ContactDetails": {"Phone": {"Mobile": "0491570006"}}})
    assert [sent["ContactDetails"] for sent in client.sent] == [{}, {"Phone": {"Mobile": "0491570006"}}]


@pytest.mark.parametrize(
    "changes",
    [
        {"FamilyName": ...},
        {"FamilyName": ..., "FirstName": "Annie"},
        {"SingleName": "Angle"},
        {"FamilyName": ..., "SingleName": "Angle", "MiddleName": "x"},
        {"Gender": ...},
        {"DateOfBirth": ...},
        {"DateOfBirth": "1981-09-02T00:00:00"},
        {"CountryOfBirthCode": "1101"},
        {"TownCityOfBirth": "x" * 51},
    ],
)
def test_who_cannot_be_looked_up_is_not(registry, changes):
    """A look-up has one form of the name, gender and date of birth."""
    person = {
        name: value for name, value in {**ASKED["PersonalDetails"], **changes}.items() if value is not ...
    }
    assert registry().refuses("LocateUSI", {"PersonalDetails": person})[0] == "request.invalid"


def test_nobody_is_looked_up_twice_in_one_call(registry, lost):
    """The person is told of each look-up."""
    client = registry(lost)
    with pytest.raises(Refusal):
        client.do("LocateUSI", ASKED)
    assert (len(client.sent), client.waited) == (1, [])
