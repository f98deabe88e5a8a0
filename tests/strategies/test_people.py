"""Drawn people are such as there are, and what clients stumble over comes up."""

import unicodedata
from datetime import date

import pytest
from hypothesis import Phase, find, given, settings

from conformance import strategies

SEARCH = settings(database=None, phases=(Phase.generate,), max_examples=2000)


@given(name=strategies.person_names())
def test_names_fit_however_characters_are_counted(name):
    """Up to 40, in code points, with accents by themselves, in units of UTF-16; no blanks at their ends."""
    apart = unicodedata.normalize("NFD", name)
    assert 1 <= len(name) <= 40
    assert len(apart.encode("utf-16-le")) <= 80
    assert name == name.strip()
    assert name[0].isalpha()


@given(name=strategies.person_names(longest=21))
def test_names_fit_a_shorter_field(name):
    """For instance the fourth line of a Medicare card."""
    assert 1 <= len(name) <= 21


@given(name=strategies.person_names())
def test_names_hold_nothing_that_the_registry_refuses(name):
    """None of the characters that it does not record, and nothing that cannot be printed."""
    assert not set(name) & set("`~?/\\")
    assert name.isprintable()


@pytest.mark.parametrize(
    "condition",
    [
        lambda name: "\u2019" in name,
        lambda name: "  " in name,
        lambda name: len(name) == 40,
        lambda name: any(unicodedata.combining(character) for character in name),
        lambda name: any(ord(character) > 0xFFFF for character in name),
        lambda name: any("CYRILLIC" in unicodedata.name(character) for character in name),
        lambda name: any("CJK" in unicodedata.name(character) for character in name),
        lambda name: len(name) == 1,
        lambda name: len(name.upper()) > len(name),
        lambda name: name == "Null",
    ],
    ids=["apostrophe", "blanks", "long", "combining", "astral", "Cyrillic", "Han", "letter", "grows", "Null"],
)
def test_special_names_come_up(condition):
    """What clients stumble over is found."""
    assert condition(find(strategies.person_names(), condition, settings=SEARCH))


def test_the_simplest_person_is_a_plain_one():
    """So that a counter-example that is not about names reads well."""
    person = find(strategies.people(), lambda person: True, settings=settings(database=None))
    assert person in (
        {"FirstName": "Ng", "FamilyName": "Ng", "DateOfBirth": "1966-05-25"},
        {"SingleName": "Ng", "DateOfBirth": "1966-05-25"},
    )


@given(born=strategies.birth_dates())
def test_nobody_is_too_young_or_too_old(born):
    """From 1925 to 2012: between 10 and 110 for years to come, whatever the day of the run."""
    assert date(1925, 1, 1) <= date.fromisoformat(born) <= date(2012, 12, 31)


@pytest.mark.parametrize("wanted", ["2000-02-29", "1929-12-31", "1969-12-31", "1987-10-25"])
def test_special_dates_come_up(wanted):
    """A leap day, the last year whose two digits are taken for another century, the day before the epoch."""
    assert find(strategies.birth_dates(), lambda born: born == wanted, settings=SEARCH)


@given(person=strategies.people())
def test_a_person_has_one_form_of_name(person):
    """First and family name, or a single one; never an empty one."""
    assert set(person) in ({"FirstName", "FamilyName", "DateOfBirth"}, {"SingleName", "DateOfBirth"})
    assert all(person.values())


@given(details=strategies.personal_details())
def test_preferred_names_go_with_their_mark(details):
    """IsPreferredName is true exactly where there is one, of the form of the legal name."""
    preferred = {name for name in details if name.startswith("Preferred")}
    single = "SingleName" in details
    allowed = {"PreferredSingleName"} if single else {"PreferredFirstName", "PreferredFamilyName"}
    assert preferred == (allowed if details["IsPreferredName"] else set())
    assert not (single and "MiddleName" in details)


@given(contact=strategies.contact_details())
def test_there_are_two_means_of_contact(contact):
    """Of e-mail, home telephone, mobile and address; the address is of the country."""
    means = {"EmailAddress", "NationalAddress", "InternationalAddress"} & set(contact)
    assert len(means) + len(contact.get("Phone", {})) >= 2
    assert not {"NationalAddress", "InternationalAddress"} <= set(contact)
    assert ("NationalAddress" not in contact) or contact["CountryOfResidenceCode"] == "1101"
    assert ("InternationalAddress" not in contact) or contact["CountryOfResidenceCode"] != "1101"


def test_a_post_code_that_is_no_number_comes_up():
    """0800 is the one of Darwin."""
    found = find(
        strategies.contact_details(),
        lambda contact: contact.get("NationalAddress", {}).get("PostCode", "").startswith("0"),
        settings=SEARCH,
    )
    assert len(found["NationalAddress"]["PostCode"]) == 4


def test_a_name_needs_room():
    """A wrong argument raises at once."""
    with pytest.raises(ValueError, match="longest cannot be 0"):
        strategies.person_names(longest=0)
