"""Changes: one message for each, with its modifier and what proves it."""

import pytest

from conformance.protocol.operations.types import MODIFIER, PERSONAL_DETAILS_UPDATE
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import MODIFIER_OF

PASSPORT = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
PROVED = {"USI": "BNGH7C75FN", "DVSCheckRequired": True, "DVSDocument": PASSPORT}
PLAIN = {"USI": "BNGH7C75FN", "DVSCheckRequired": False}


def changed(said, result="Success", verified="NotRequired", **more):
    """An answer to a change of personal details."""
    answer = {"Result": result, "IdentityDocumentVerified": verified, **more}
    return said("UpdateUSIPersonalDetails", answer)


def test_every_element_has_its_modifier():
    """The elements of the schema, and its modifiers, are all there are."""
    assert set(MODIFIER_OF) == set(PERSONAL_DETAILS_UPDATE.by_name)
    assert set(MODIFIER_OF.values()) == set(MODIFIER.values)
    assert MODIFIER_OF["CountryOfBirthCode"] == "CountryOfBirth"


@pytest.mark.parametrize(
    ("name", "value", "modifier"),
    [
        ("FirstName", "Anna", "FirstName"),
        ("MiddleName", "June", "MiddleName"),
        ("FamilyName", "Angle", "FamilyName"),
        ("SingleName", "Amy", "SingleName"),
        ("DateOfBirth", "1981-09-02", "DateOfBirth"),
        ("CountryOfBirthCode", "1101", "CountryOfBirth"),
        ("TownCityOfBirth", "Hobart", "TownCityOfBirth"),
        ("Gender", "X", "Gender"),
        ("PreferredFirstName", "Annie", "PreferredFirstName"),
        ("PreferredFamilyName", "A", "PreferredFamilyName"),
        ("PreferredSingleName", "A", "PreferredSingleName"),
    ],
)
def test_a_change_names_what_it_changes(registry, said, name, value, modifier):
    """Modifier and element, and nothing else in it."""
    client = registry(changed(said, verified="True"))
    assert client.do("UpdateUSIPersonalDetails", {**PROVED, "PersonalDetailsUpdate": {name: value}}) == (
        {"Result": "Success", "IdentityDocumentVerified": "True"},
        "updated",
        None,
    )
    sent = client.sent[0]
    assert (sent["PersonalDetailsModifier"], sent["PersonalDetailsUpdate"]) == (modifier, {name: value})
    assert sent["DVSDocument"] == PASSPORT


def test_several_changes_are_several_messages(registry, said):
    """Each has the document; all are made."""
    client = registry(*[changed(said, verified="True")] * 2)
    asked = {**PROVED, "PersonalDetailsUpdate": {"FirstName": "Anna", "FamilyName": "Angle"}}
    assert client.do("UpdateUSIPersonalDetails", asked).conclusion == "updated"
    assert [sent["PersonalDetailsModifier"] for sent in client.sent] == ["FirstName", "FamilyName"]
    assert [sent["DVSDocument"] for sent in client.sent] == [PASSPORT, PASSPORT]


@pytest.mark.parametrize("second", ["Failure", "fault", "lost"])
def test_half_of_the_changes_is_unclear(registry, said, fault, lost, second):
    """The record is neither the old nor the new one; nothing further is sent."""
    answer = {"Failure": changed(said, "Failure"), "fault": fault(1002), "lost": lost}[second]
    client = registry(changed(said, verified="True"), answer)
    asked = {
        **PROVED,
        "PersonalDetailsUpdate": {"FirstName": "Anna", "FamilyName": "Angle", "DateOfBirth": "1981-09-02"},
    }
    assert client.do("UpdateUSIPersonalDetails", asked).conclusion == "unclear"
    assert len(client.sent) == 2


@pytest.mark.parametrize(
    ("answer", "conclusion"),
    [
        ({}, "updated"),
        ({"verified": "False"}, "unclear"),
        ({"result": "Failure", "Errors": {"Error": [{"Code": "E001", "Message": "No."}]}}, "failed"),
        ({"result": "Failure"}, "failed"),
        ({"result": "Queued"}, "unclear"),
    ],
)
def test_what_an_answer_comes_to(registry, said, answer, conclusion):
    """Code and text of an error are shown as they came."""
    client = registry(changed(said, **answer))
    found = client.do("UpdateUSIPersonalDetails", {**PLAIN, "PersonalDetailsUpdate": {"Gender": "X"}})
    assert found.conclusion == conclusion
    assert found.response.get("Errors") == answer.get("Errors")


@pytest.mark.parametrize(
    "request_",
    [
        {**PLAIN, "PersonalDetailsUpdate": {"FirstName": "Anna"}},
        {**PLAIN, "PersonalDetailsUpdate": {"DateOfBirth": "1981-09-02"}},
        {**PLAIN, "DVSCheckRequired": True, "PersonalDetailsUpdate": {"Gender": "X"}},
        {**PLAIN, "DVSDocument": PASSPORT, "PersonalDetailsUpdate": {"FamilyName": "Angle"}},
        {**PROVED, "NonDvsDocumentTypeId": 5, "PersonalDetailsUpdate": {"FamilyName": "Angle"}},
        {**PROVED, "PersonalDetailsUpdate": {}},
        {**PROVED, "PersonalDetailsUpdate": {"FamilyName": "Angle", "SingleName": "Angle"}},
        {**PROVED, "PersonalDetailsUpdate": {"FamilyName": "Angle?"}},
        {**PROVED, "PersonalDetailsUpdate": {"DateOfBirth": "2999-01-01"}},
        {**PROVED, "PersonalDetailsUpdate": {"CountryOfBirth": "1101"}},
        {**PROVED, "PersonalDetailsModifier": "Gender", "PersonalDetailsUpdate": {"Gender": "X"}},
        {**PROVED, "USI": "ZZZZ9999ZZ", "PersonalDetailsUpdate": {"Gender": "X"}},
        PROVED,
    ],
)
def test_a_change_that_cannot_be_made_is_not_sent(registry, request_):
    """Without proof where it is needed, with two kinds of it, of nothing, or of nobody."""
    assert registry().refuses("UpdateUSIPersonalDetails", request_)[0] in (
        "request.invalid",
        "usi.check_character",
    )


def test_a_name_is_changed_with_a_document_that_was_seen(registry, said):
    """One that the DVS cannot check will do where the organisation may use it."""
    client = registry(changed(said))
    asked = {**PLAIN, "NonDvsDocumentTypeId": 5, "PersonalDetailsUpdate": {"FirstName": "Anna"}}
    assert client.do("UpdateUSIPersonalDetails", asked).conclusion == "updated"
    assert client.sent[0]["NonDvsDocumentTypeId"] == 5


# --- contact details --------------------------------------------------------------------------------


@pytest.mark.parametrize(("result", "conclusion"), [("Success", "updated"), ("Failure", "failed")])
def test_contact_details_are_changed_in_one_message(registry, said, result, conclusion):
    """Whatever is handed over is in it."""
    contact = {"EmailAddress": "new@example.org", "Phone": {"Home": "03 6234 5678"}}
    client = registry(said("UpdateUSIContactDetails", {"Result": result}))
    found = client.do("UpdateUSIContactDetails", {"USI": "bngh7c75fn", "ContactDetailsUpdate": contact})
    assert found.conclusion == conclusion
    assert client.sent == [
        {
            "OrgCode": "VA1802",
            "USI": "BNGH7C75FN",
            "UserReference": "staff-1",
            "ContactDetailsUpdate": contact,
        }
    ]


@pytest.mark.parametrize(
    "contact",
    [{}, {"EmailAddress": " "}, {"EmailAddress": "nobody"}, {"Phone": {"Home": "1234567"}}, {"Fax": "1"}],
)
def test_contact_details_of_nothing_are_not_sent(registry, contact):
    """Something is changed, and to something that can be used."""
    asked = {"USI": "BNGH7C75FN", "ContactDetailsUpdate": contact}
    assert registry().refuses("UpdateUSIContactDetails", asked)[0] == "request.invalid"


def test_a_change_whose_answer_is_lost_is_unclear(registry, lost):
    """It may have been made."""
    client = registry(lost)
    asked = {"USI": "BNGH7C75FN", "ContactDetailsUpdate": {"EmailAddress": "new@example.org"}}
    assert client.do("UpdateUSIContactDetails", asked).conclusion == "unclear"


def test_a_change_that_was_never_sent_has_failed(registry):
    """The server was not the registry."""
    asked = {**PLAIN, "PersonalDetailsUpdate": {"Gender": "X"}}
    with pytest.raises(Refusal) as caught:
        registry(Refusal("transport.untrusted")).do("UpdateUSIPersonalDetails", asked)
    assert caught.value.reason == "transport.untrusted"
