"""The two updates by themselves."""

from datetime import date

import pytest

from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.protocol.operations.types import MODIFIER
from conformance.simulators.population import State
from conformance.simulators.registry.asking import Refused
from conformance.simulators.registry.settings import UnverifiedAnswer
from conformance.simulators.registry.updating import FIELDS, update_contact_details, update_personal_details

PASSPORT = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
WRONG_PASSPORT = {**PASSPORT, "DocumentNumber": "X1234567"}
SUCCESS = {"Result": "Success", "IdentityDocumentVerified": "True"}


@pytest.fixture
def change(carry_out):
    """Change one of the personal details of a record."""

    def asked(modifier, update, *, usi="BNGH7C75FN", document=PASSPORT, **options):
        values = {
            "OrgCode": "VA1803",
            "USI": usi,
            "DVSCheckRequired": document is not None,
            "UserReference": "test",
            "PersonalDetailsModifier": modifier,
            "PersonalDetailsUpdate": update,
            **({} if document is None else {"DVSDocument": document}),
        }
        answer = carry_out(update_personal_details, "UpdateUSIPersonalDetails", values, **options)
        assert validator().errors(answer_element(OPERATIONS["UpdateUSIPersonalDetails"], answer)) == ()
        return answer

    return asked


@pytest.fixture
def change_contact(carry_out):
    """Change the contact details of a record."""

    def asked(update, *, usi="SYNTHET2DW", **options):
        values = {"OrgCode": "VA1803", "USI": usi, "UserReference": "test", "ContactDetailsUpdate": update}
        answer = carry_out(update_contact_details, "UpdateUSIContactDetails", values, **options)
        assert validator().errors(answer_element(OPERATIONS["UpdateUSIContactDetails"], answer)) == ()
        return answer

    return asked


def test_every_modifier_has_its_field():
    """All eleven of the contract."""
    assert set(FIELDS) == set(MODIFIER.values)


@pytest.mark.parametrize(
    ("modifier", "element", "text", "field"),
    [
        ("FirstName", "FirstName", "Miriam", "first"),
        ("MiddleName", "MiddleName", "Ann", "middle"),
        ("FamilyName", "FamilyName", "Frederick", "family"),
        ("CountryOfBirth", "CountryOfBirthCode", "1201", "country_of_birth"),
        ("TownCityOfBirth", "TownCityOfBirth", "Perth", "town_of_birth"),
        ("Gender", "Gender", "X", "gender"),
        ("PreferredFirstName", "PreferredFirstName", "Mary", "preferred_first"),
        ("PreferredFamilyName", "PreferredFamilyName", "Fred", "preferred_family"),
        ("PreferredSingleName", "PreferredSingleName", "Maz", "preferred_single"),
    ],
)
def test_what_the_modifier_names_is_changed(change, store, modifier, element, text, field):
    """And nothing else."""
    before = store.person("BNGH7C75FN")
    assert change(modifier, {element: text}) == SUCCESS
    after = store.person("BNGH7C75FN")
    assert getattr(after, field) == text
    changed = [name for name in after.__slots__ if getattr(after, name) != getattr(before, name)]
    assert changed == [field]


def test_a_date_of_birth_is_changed(change, store):
    """To a day of the past."""
    assert change("DateOfBirth", {"DateOfBirth": "1966-05-26"}) == SUCCESS
    assert store.person("BNGH7C75FN").born == date(1966, 5, 26)
    answer = change("DateOfBirth", {"DateOfBirth": "2026-11-22"})
    assert (answer["Result"], store.person("BNGH7C75FN").born) == ("Failure", date(1966, 5, 26))


def test_a_further_element_is_not_taken(change, store):
    """The modifier decides; what the real registry does is not known."""
    assert change("FirstName", {"FirstName": "Miriam", "FamilyName": "Other"}) == SUCCESS
    assert store.person("BNGH7C75FN").family == "Fredrick"


def test_a_single_name_stays_single(change, store):
    """It can be changed, and neither form made the other by one change."""
    assert change("SingleName", {"SingleName": "Ann"}, usi="XNY5NV9WG9") == SUCCESS
    assert store.person("XNY5NV9WG9").single == "Ann"
    assert change("FirstName", {"FirstName": "Ann"}, usi="XNY5NV9WG9")["Result"] == "Failure"
    assert change("SingleName", {"SingleName": "Ann"})["Result"] == "Failure"


def test_without_a_check_none_is_reported(change):
    """NotRequired is the third word."""
    answer = change("PreferredFirstName", {"PreferredFirstName": "Mary"}, document=None)
    assert answer == {"Result": "Success", "IdentityDocumentVerified": "NotRequired"}


def test_a_document_that_cannot_be_verified_is_refused(change, store):
    """With fault 2004; nothing has changed."""
    with pytest.raises(Refused) as caught:
        change("FirstName", {"FirstName": "Miriam"}, document=WRONG_PASSPORT)
    assert caught.value.code == 2004
    assert store.person("BNGH7C75FN").first == "Maryam"


@pytest.mark.parametrize(
    "options", [{"unverified_answer": UnverifiedAnswer.RESULT}, {"faults": ["unverified_result"]}]
)
def test_it_may_be_told_in_the_answer_instead(change, store, options):
    """Failure, False, and an error of the record."""
    answer = change("FirstName", {"FirstName": "Miriam"}, document=WRONG_PASSPORT, **options)
    assert answer == {
        "Result": "Failure",
        "IdentityDocumentVerified": "False",
        "Errors": {
            "Error": [
                {
                    "Code": "E999",
                    "Message": "The identity document could not be verified against the personal details.",
                }
            ]
        },
    }
    assert store.person("BNGH7C75FN").first == "Maryam"


@pytest.mark.parametrize("usi", ["2222222222", "DG6K5YHPP3", "ZZZZ9999ZZ"])
def test_a_record_that_is_not_there_fails(change, change_contact, usi):
    """Unknown or deactivated: Failure with an error, in both updates."""
    errors = {"Error": [{"Code": "E999", "Message": "There is no active record with this USI."}]}
    assert change("FirstName", {"FirstName": "Miriam"}, usi=usi) == {
        "Result": "Failure",
        "IdentityDocumentVerified": "True",
        "Errors": errors,
    }
    assert change_contact({"EmailAddress": "a@example.org"}, usi=usi) == {
        "Result": "Failure",
        "Errors": errors,
    }


HOME = {"Address1": "1 Test Street", "SuburbTownCity": "Hobart", "State": "TAS", "PostCode": "7000"}


def test_contact_details_that_are_sent_replace_those_held(change_contact, store):
    """All others stay; of two addresses the new one."""
    assert change_contact({"EmailAddress": "new@example.org"}) == {"Result": "Success"}
    change_contact({"Phone": {"Home": "0255501234"}, "NationalAddress": HOME})
    assert store.person("SYNTHET2DW").contact == {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": "new@example.org",
        "Phone": {"Mobile": "0491571266", "Home": "0255501234"},
        "NationalAddress": HOME,
    }
    change_contact({"CountryOfResidenceCode": "1201", "InternationalAddress": "1 Test Road, Wellington"})
    assert store.person("SYNTHET2DW").contact == {
        "CountryOfResidenceCode": "1201",
        "EmailAddress": "new@example.org",
        "Phone": {"Mobile": "0491571266", "Home": "0255501234"},
        "InternationalAddress": "1 Test Road, Wellington",
    }


def test_nothing_sent_changes_nothing(change_contact, store):
    """An update may be empty, says the schema."""
    before = store.person("SYNTHET2DW")
    assert change_contact({}) == {"Result": "Success"}
    assert store.person("SYNTHET2DW") == before


def test_a_suspended_record_can_be_changed(change_contact, store):
    """As far as is known."""
    assert store.person("SYNTHET2GQ").state is State.SUSPENDED
    assert change_contact({"EmailAddress": "new@example.org"}, usi="SYNTHET2GQ") == {"Result": "Success"}
