"""What is handed over is sent in its form, or refused before anything is sent."""

import pytest

PERSON = "PersonalDetails"
CONTACT = "ContactDetails"
NATIONAL = {"Address1": "1 High St", "SuburbTownCity": "Hobart", "State": "TAS", "PostCode": "7000"}


def changed(application, outer, changes):
    """The application with other elements in a part of it; what becomes ... is left out."""
    part = {**application[outer], **changes}
    return {**application, outer: {name: value for name, value in part.items() if value is not ...}}


@pytest.mark.parametrize(
    ("outer", "changes"),
    [
        (PERSON, {"Gender": "F "}),
        (PERSON, {"FirstName": " Anne "}),
        (PERSON, {"FirstName": ..., "FamilyName": ..., "SingleName": "Amy"}),
        (PERSON, {"FirstName": "", "FamilyName": " ", "SingleName": "Amy"}),
        (PERSON, {"MiddleName": "x" * 80}),
        (PERSON, {"FamilyName": "x" * 40}),
        (PERSON, {"FirstName": "d'Arcy-Jane & <Co>"}),
        (PERSON, {"DateOfBirth": "2000-02-29"}),
        (PERSON, {"PreferredFirstName": "Annie", "IsPreferredName": True}),
        (PERSON, {"TownCityOfBirth": "x" * 50}),
        (CONTACT, {"Phone": {"Home": "03 6234 5678", "Mobile": "+61491570006"}}),
        (CONTACT, {"NationalAddress": NATIONAL}),
        (CONTACT, {"NationalAddress": {**NATIONAL, "Address2": ""}}),
        (CONTACT, {"InternationalAddress": "x" * 250}),
    ],
)
def test_what_is_right_is_sent(registry, said, answered, application, outer, changes):
    """The registry's schema passes each of these; blanks at the ends and what is empty are left out."""
    client = registry(
        lambda sent: said("CreateUSI", {"Application": answered(sent["Application"]["ApplicationId"])})
    )
    client.do("CreateUSI", {"Application": changed(application, outer, changes)})
    sent = client.sent[0]["Application"][outer]
    for name, value in changes.items():
        if value is ... or (isinstance(value, str) and not value.strip()):
            assert name not in sent
        elif isinstance(value, str):
            assert sent[name] == value.strip()
    assert "Address2" not in sent.get("NationalAddress", {})


@pytest.mark.parametrize(
    ("outer", "changes"),
    [
        (PERSON, {"Gender": "Female"}),
        (PERSON, {"Gender": ""}),
        (PERSON, {"Gender": ...}),
        (PERSON, {"FirstName": ...}),
        (PERSON, {"FirstName": ""}),
        (PERSON, {"FirstName": ..., "FamilyName": ...}),
        (PERSON, {"SingleName": "Amy"}),
        (PERSON, {"FamilyName": "x" * 41}),
        (PERSON, {"MiddleName": "x" * 81}),
        (PERSON, {"FamilyName": "O\u0000Hara"}),
        (PERSON, {"FamilyName": "O\nHara"}),
        (PERSON, {"FamilyName": 7}),
        (PERSON, {"FamilyName": "What?"}),
        (PERSON, {"MiddleName": "a/b"}),
        (PERSON, {"PreferredSingleName": "~"}),
        (PERSON, {"PreferredFirstName": "x" * 41}),
        (PERSON, {"DateOfBirth": "2001-02-29"}),
        (PERSON, {"DateOfBirth": "1990-07-14T00:00:00"}),
        (PERSON, {"DateOfBirth": "1990-07-14Z"}),
        (PERSON, {"DateOfBirth": "14/07/1990"}),
        (PERSON, {"DateOfBirth": "2026-11-23"}),
        (PERSON, {"CountryOfBirthCode": ""}),
        (PERSON, {"CountryOfBirthCode": "11010"}),
        (PERSON, {"TownCityOfBirth": "x" * 51}),
        (PERSON, {"IsPreferredName": ...}),
        (PERSON, {"IsPreferredName": "true"}),
        (PERSON, {"IsPreferredName": 1}),
        (PERSON, {"Nickname": "Annie"}),
        (CONTACT, {"CountryOfResidenceCode": ""}),
        (CONTACT, {"CountryOfResidenceCode": ...}),
        (CONTACT, {"EmailAddress": "anne.example.org"}),
        (CONTACT, {"EmailAddress": f"{'x' * 243}@example.org"}),
        (CONTACT, {"EmailAddress": ...}),
        (CONTACT, {"Phone": {}}),
        (CONTACT, {"Phone": {"Mobile": " "}}),
        (CONTACT, {"Phone": {"Mobile": "0491570"}}),
        (CONTACT, {"Phone": {"Mobile": "0491570006 (Anne)"}}),
        (CONTACT, {"Phone": {"Mobile": "0" * 21}}),
        (CONTACT, {"Phone": "0491570006"}),
        (CONTACT, {"NationalAddress": NATIONAL, "InternationalAddress": "Rome"}),
        (CONTACT, {"NationalAddress": {**NATIONAL, "PostCode": "700"}}),
        (CONTACT, {"NationalAddress": {**NATIONAL, "PostCode": "70OO"}}),
        (CONTACT, {"NationalAddress": {**NATIONAL, "State": "Tasmania"}}),
        (CONTACT, {"NationalAddress": {**NATIONAL, "Address1": "x" * 51}}),
        (CONTACT, {"InternationalAddress": "x" * 251}),
    ],
)
def test_what_is_wrong_is_not_sent(registry, application, outer, changes):
    """The schema lets half of these pass; the product does not."""
    reason, _ = registry().refuses("CreateUSI", {"Application": changed(application, outer, changes)})
    assert reason == "request.invalid"


def test_nobody_is_quoted(registry, application):
    """What a refusal says may be logged, so that it holds nothing of what was handed over."""
    for outer, changes in (
        (PERSON, {"FamilyName": "Confidential?"}),
        (PERSON, {"DateOfBirth": "Confidential"}),
        (CONTACT, {"EmailAddress": "Confidential"}),
        ("DVSDocument", {"DocumentNumber": "Confidential"}),
        ("DVSDocument", {"xsi:type": "Confidential"}),
        ("DVSDocument", {"Confidential": "x"}),
    ):
        _, text = registry().refuses("CreateUSI", {"Application": changed(application, outer, changes)})
        assert "Confidential" not in text


def test_a_birthday_is_not_yet_in_the_future_where_the_sun_rises_first(registry, said, answered, application):
    """It is the 22nd in Sydney while it is still the 21st in UTC."""
    client = registry(
        lambda sent: said("CreateUSI", {"Application": answered(sent["Application"]["ApplicationId"])})
    )
    born = changed(application, PERSON, {"DateOfBirth": "2026-11-22"})
    assert client.do("CreateUSI", {"Application": born}).conclusion == "created"


def test_several_things_are_said_of_a_choice(registry, application):
    """Who gives both forms of a name reads which there are."""
    both = changed(application, PERSON, {"SingleName": "Amy"})
    assert registry().refuses("CreateUSI", {"Application": both})[1] == (
        "PersonalDetails takes FirstName and FamilyName or SingleName, and not both."
    )
