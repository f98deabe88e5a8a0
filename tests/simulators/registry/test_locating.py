"""LocateUSI by itself."""

import pytest

from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.simulators.population import State
from conformance.simulators.registry.locating import have_contact, locate
from conformance.simulators.registry.settings import NoMatchAnswer

NIAMH = {"Gender": "F", "FirstName": "Niamh", "FamilyName": "O'Brien", "DateOfBirth": "1998-01-15"}
ALEX = {"Gender": "X", "FirstName": "Alex", "FamilyName": "Double", "DateOfBirth": "1999-09-09"}
MARYAM = {"Gender": "F", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
MOBILE = {"Phone": {"Mobile": "0491 571 266"}}


@pytest.fixture
def ask(carry_out):
    """Ask LocateUSI of a person."""

    def asked(personal, contact=None, **options):
        values = {
            "OrgCode": "VA1803",
            "UserReference": "test",
            "PersonalDetails": personal,
            "ContactDetails": contact or {},
        }
        return carry_out(locate, "LocateUSI", values, **options)

    return asked


@pytest.mark.parametrize(
    ("personal", "contact", "result", "usi"),
    [
        (NIAMH, MOBILE, "Exact", "SYNTHET2DW"),
        (NIAMH, {"EmailAddress": "SYNTHET2DW@example.org"}, "Exact", "SYNTHET2DW"),
        (NIAMH, {"EmailAddress": "other@example.org", **MOBILE}, "Exact", "SYNTHET2DW"),
        ({**NIAMH, "TownCityOfBirth": "CANBERRA"}, MOBILE, "Exact", "SYNTHET2DW"),
        ({**NIAMH, "MiddleName": "Ann"}, MOBILE, "Exact", "SYNTHET2DW"),
        (NIAMH, {"EmailAddress": "other@example.org"}, "SingleNoContactMatch", ""),
        (NIAMH, {}, "SingleNoContactMatch", ""),
        ({**NIAMH, "TownCityOfBirth": "Perth"}, MOBILE, "NoIdenticalStrongPartial", ""),
        ({**NIAMH, "Gender": "M"}, MOBILE, "NoIdenticalStrongPartial", ""),
        ({**NIAMH, "DateOfBirth": "1998-01-16"}, MOBILE, "NoIdenticalStrongPartial", ""),
        ({**NIAMH, "FirstName": "Neve"}, MOBILE, "NoIdenticalStrongPartial", ""),
        ({**NIAMH, "FamilyName": "OBrien", "FirstName": "Neve"}, MOBILE, "NoMatch", ""),
        ({**NIAMH, "DateOfBirth": "1998-01-16", "FirstName": "Neve"}, MOBILE, "NoMatch", ""),
        (ALEX, {"EmailAddress": "alex.double@example.org"}, "MultipleExact", ""),
        (ALEX, {"EmailAddress": "other@example.org"}, "MultipleNoContactMatch", ""),
        (MARYAM, {"EmailAddress": "maryam@example.org"}, "SingleNoContactMatch", ""),
        (
            {"Gender": "F", "SingleName": "Þórunn", "DateOfBirth": "1996-10-11"},
            {"EmailAddress": "synthet296@example.org"},
            "Exact",
            "SYNTHET296",
        ),
        (
            {"Gender": "F", "FamilyName": "O'Brien", "DateOfBirth": "1998-01-15"},
            MOBILE,
            "Exact",
            "SYNTHET2DW",
        ),
    ],
)
def test_each_result_comes_of_its_circumstance(ask, personal, contact, result, usi):
    """Personal details decide first, then contact details; a USI is told for an exact match only."""
    answer = ask(personal, contact)
    assert (answer["Result"], answer["USI"]) == (result, usi)
    assert "ContactDetailsMessage" in answer


def test_one_of_several_is_told_apart_by_contact_details(ask, store):
    """Two with the same personal details, of whom one has this address."""
    store.change("SYNTHET2FS", contact={"EmailAddress": "second@example.org"})
    assert ask(ALEX, {"EmailAddress": "second@example.org"})["USI"] == "SYNTHET2FS"


def test_nobody_is_told_of_a_deactivated_record(ask, store):
    """Whoever had it was given another one."""
    store.change("SYNTHET2DW", state=State.DEACTIVATED)
    assert ask(NIAMH, MOBILE)["Result"] == "NoMatch"


@pytest.mark.parametrize("state", [State.SUSPENDED, State.NOT_ACTIVATED])
def test_other_states_do_not_matter(ask, store, state):
    """The service does not tell them."""
    store.change("SYNTHET2DW", state=state)
    assert ask(NIAMH, MOBILE)["Result"] == "Exact"


def test_the_setting_chooses_what_stands_for_no_usi(ask):
    """An empty element or none; the schema allows neither."""
    person = {**NIAMH, "FamilyName": "Nobody", "DateOfBirth": "1901-01-01"}
    empty = ask(person)
    omitted = ask(person, no_match_answer=NoMatchAnswer.OMITTED)
    assert empty == {"Result": "NoMatch", "USI": "", "ContactDetailsMessage": ""}
    assert omitted == {"Result": "NoMatch", "ContactDetailsMessage": ""}
    for answer in (empty, omitted):
        assert validator().errors(answer_element(OPERATIONS["LocateUSI"], answer)) != ()


def test_an_exact_match_is_valid(ask):
    """Only the answers without a USI are not."""
    answer = ask(NIAMH, MOBILE)
    assert validator().errors(answer_element(OPERATIONS["LocateUSI"], answer)) == ()
    assert answer["ContactDetailsMessage"] == "The contact details match those of the record."


HOME = {"Address1": "1 Test Street", "SuburbTownCity": "Hobart", "State": "TAS", "PostCode": "7000"}


@pytest.mark.parametrize(
    ("held", "given", "same"),
    [
        ({"Phone": {"Home": "(03) 5550 1234"}}, {"Phone": {"Mobile": "0355501234"}}, True),
        ({"Phone": {"Home": "0355501234"}}, {"Phone": {"Home": "0355501235"}}, False),
        ({"NationalAddress": HOME}, {"NationalAddress": {**HOME, "Address1": "1  TEST street"}}, True),
        ({"NationalAddress": HOME}, {"NationalAddress": {**HOME, "PostCode": "7001"}}, False),
        ({"InternationalAddress": "1 Rue Test, Paris"}, {"InternationalAddress": "1 rue Test, Paris"}, True),
        ({"CountryOfResidenceCode": "1101"}, {"CountryOfResidenceCode": "1101"}, False),
        ({"EmailAddress": ""}, {"EmailAddress": ""}, False),
        ({}, {}, False),
    ],
)
def test_one_means_of_contact_is_enough(held, given, same):
    """Written differently is the same; the country is no means of contact."""
    assert have_contact(held, given) is same
