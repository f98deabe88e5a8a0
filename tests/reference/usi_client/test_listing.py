"""Lists are fetched once a day, and what is not in them is not sent."""

from datetime import UTC, datetime, timedelta

import pytest

from conformance.reference.refusal import Refusal

COUNTRIES = {
    "Countries": {
        "CountryDetails": [
            {"CountryCode": "1101", "Name": "Australia", "IsCurrent": True},
            {"CountryCode": "3999", "Name": "Former", "IsCurrent": False},
        ]
    }
}
TYPES = {"NonDvsDocumentTypes": {"NonDvsDocumentType": [{"Id": 5, "DocumentType": "Letter", "SortOrder": 1}]}}


@pytest.fixture
def informed(registry, said):
    """A client that has fetched both lists."""
    client = registry(said("GetCountries", COUNTRIES), said("GetNonDvsDocumentTypes", TYPES))
    assert client.do("GetCountries", {}) == (COUNTRIES, "listed", None)
    assert client.do("GetNonDvsDocumentTypes", {}) == (TYPES, "listed", None)
    client.sent.clear()
    return client


def test_a_list_is_fetched_once(informed):
    """It is the same the second time, and nothing is sent."""
    assert informed.do("GetCountries", {}).response == COUNTRIES
    assert informed.sent == []


def test_a_list_is_fetched_again_after_a_day(registry, said):
    """And from another address at once."""
    now = [datetime(2026, 11, 21, tzinfo=UTC)]
    client = registry(*[said("GetCountries", COUNTRIES)] * 3, clock=lambda: now[0])
    client.do("GetCountries", {})
    client.do("GetCountries", {}, address="https://127.0.0.1:2/")
    now[0] += timedelta(hours=24)
    client.do("GetCountries", {}, address="https://127.0.0.1:2/")
    assert len(client.sent) == 3


def test_an_empty_list_is_one(registry, said):
    """Nothing is refused for want of an entry in it."""
    client = registry(said("GetCountries", {"Countries": {"CountryDetails": []}}))
    assert client.do("GetCountries", {}).conclusion == "listed"
    client.check_country("9999")


def test_a_list_that_cannot_be_fetched_is_none(registry, fault):
    """It is asked for again the next time."""
    client = registry(fault(2002), fault(2002))
    for _ in range(2):
        with pytest.raises(Refusal):
            client.do("GetCountries", {})
    assert len(client.sent) == 2


def test_a_list_is_asked_for_without_particulars(registry):
    """Whatever is handed over is a mistake."""
    assert registry().refuses("GetCountries", {"Name": "Australia"})[0] == "request.invalid"


@pytest.mark.parametrize(
    ("residence", "birth", "sent"),
    [
        ("1101", "1101", True),
        ("1101", "3999", True),
        ("3999", "1101", False),
        ("9999", "1101", False),
        ("1101", "9999", False),
    ],
)
def test_countries_are_compared_with_the_list(informed, said, answered, application, residence, birth, sent):
    """One lives in a country that there is; one may be born in one that is no more."""
    application["ContactDetails"]["CountryOfResidenceCode"] = residence
    application["PersonalDetails"]["CountryOfBirthCode"] = birth
    informed.answers = [
        lambda asked: said("CreateUSI", {"Application": answered(asked["Application"]["ApplicationId"])})
    ]
    if sent:
        assert informed.do("CreateUSI", {"Application": application}).conclusion == "created"
    else:
        assert informed.refuses("CreateUSI", {"Application": application})[0] == "request.invalid"


def test_documents_are_compared_with_the_list(informed, application):
    """A number that is not in it is not sent."""
    del application["DVSDocument"]
    application |= {"DVSCheckRequired": False, "NonDvsDocumentTypeId": 6}
    assert "not in the registry's list" in informed.refuses("CreateUSI", {"Application": application})[1]


def test_changes_are_compared_with_the_lists(informed):
    """As applications are."""
    plain = {"USI": "BNGH7C75FN", "DVSCheckRequired": False}
    for operation, asked in (
        ("UpdateUSIContactDetails", {"ContactDetailsUpdate": {"CountryOfResidenceCode": "3999"}}),
        (
            "UpdateUSIPersonalDetails",
            {"DVSCheckRequired": False, "PersonalDetailsUpdate": {"CountryOfBirthCode": "9999"}},
        ),
        (
            "UpdateUSIPersonalDetails",
            {**plain, "NonDvsDocumentTypeId": 6, "PersonalDetailsUpdate": {"FirstName": "Anna"}},
        ),
    ):
        assert informed.refuses(operation, {"USI": "BNGH7C75FN", **asked})[0] == "request.invalid"
