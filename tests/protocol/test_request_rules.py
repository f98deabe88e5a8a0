"""The rules of a request that no schema holds."""

import pytest
from lxml import etree

from conformance.protocol.operations import OPERATIONS, request_element
from conformance.protocol.request_rules import RULES, judge_request

NAMESPACE = "http://usi.gov.au/2022/ws"
VERIFY = OPERATIONS["VerifyUSI"]
MARYAM = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}


def judged(**changes):
    """Judge a request; None leaves a value out."""
    values = {name: value for name, value in {**MARYAM, **changes}.items() if value is not None}
    return judge_request(request_element(VERIFY, values))


def codes(judgement):
    """Return the codes of what was found, each once."""
    return list(dict.fromkeys(finding.code for finding in judgement.findings))


def test_a_right_request_satisfies_every_rule():
    """Nothing is found, every rule was examined, and the request is read."""
    judgement, facts = judged()
    assert judgement.findings == ()
    assert set(judgement.examined) == set(RULES)
    assert (facts.name, facts.values) == ("VerifyUSI", MARYAM)


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"DateOfBirth": "1966-05-25Z"}, ["usi.date_form"]),
        ({"DateOfBirth": "1966-05-25+10:00"}, ["usi.date_form"]),
        ({"DateOfBirth": "1966-05-25T00:00:00"}, ["usi.schema", "usi.date_form"]),
        ({"DateOfBirth": "25/05/1966"}, ["usi.schema", "usi.date_form"]),
        ({"USI": "BNGH7C75FM"}, ["usi.check_character"]),
        ({"USI": "bngh7c75fn"}, ["usi.schema", "usi.check_character"]),
        ({"SingleName": "Amy"}, ["usi.schema", "usi.name_branch"]),
        ({"FamilyName": None}, ["usi.schema", "usi.name_branch"]),
        ({"FirstName": None, "FamilyName": None}, ["usi.schema", "usi.name_branch"]),
        ({"FirstName": " "}, ["usi.empty_name", "usi.untrimmed_name"]),
        ({"FirstName": ""}, ["usi.empty_name"]),
        ({"FamilyName": "Fredrick "}, ["usi.untrimmed_name"]),
        ({"FirstName": None, "FamilyName": None, "SingleName": "Amy"}, []),
    ],
)
def test_each_mistake_is_found_as_what_it_is(changes, found):
    """Every rule has its own code, beside what the schema says."""
    assert codes(judged(**changes)[0]) == found


@pytest.mark.parametrize("name", ["MiddleName", "PreferredFirstName"])
def test_verification_knows_legal_names_only(name):
    """A middle name or a preferred name has no place in it."""
    request = request_element(VERIFY, MARYAM)
    etree.SubElement(request, f"{{{NAMESPACE}}}{name}").text = "Jane"
    judgement, _ = judge_request(request)
    assert codes(judgement) == ["usi.schema", "usi.foreign_name"]


def test_an_earlier_version_is_recognised():
    """A request of version 4 is named as such, and nothing of it is examined further."""
    judgement, facts = judge_request(etree.Element("{http://usi.gov.au/2020/ws}VerifyUSI"))
    assert codes(judgement) == ["usi.outdated_namespace"]
    assert "version 4" in judgement.findings[0].hint
    assert judgement.examined == ("usi.outdated_namespace", "usi.unknown_operation")
    assert facts.operation is None


@pytest.mark.parametrize("payload", [None, etree.Element(f"{{{NAMESPACE}}}Delete"), etree.Element("Delete")])
def test_what_is_no_operation_is_said_to_be_none(payload):
    """An empty body or an unknown element is a finding, not an error."""
    judgement, facts = judge_request(payload)
    assert "usi.unknown_operation" in codes(judgement)
    assert facts.name == ""


def test_many_departures_are_cut_short():
    """A hostile request does not make a judgement of any length."""
    request = etree.Element(f"{{{NAMESPACE}}}VerifyUSI")
    for _ in range(1000):
        etree.SubElement(request, f"{{{NAMESPACE}}}USI").text = "0"
    judgement, _ = judge_request(request)
    assert sum(finding.code == "usi.schema" for finding in judgement.findings) <= 20


APPLICATION = {
    "ApplicationId": "1",
    "DVSCheckRequired": True,
    "UserReference": "somebody",
    "ContactDetails": {"CountryOfResidenceCode": "1101"},
    "PersonalDetails": {
        "Gender": "F",
        "SingleName": "Amy",
        "DateOfBirth": "1966-05-25",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Perth",
        "IsPreferredName": False,
        "PreferredFirstName": "A.",
    },
    "DVSDocument": {
        "xsi:type": "CitizenshipCertificateDocumentType",
        "StockNumber": "ACC1234",
        "AcquisitionDate": "2001-01-01Z",
    },
}


def test_the_dates_of_documents_are_dates_too():
    """The concrete type of a document is looked into."""
    create = OPERATIONS["CreateUSI"]
    request = request_element(create, {"RequestId": "1", "OrgCode": "VA1803", "Application": APPLICATION})
    judgement, _ = judge_request(request)
    assert codes(judgement) == ["usi.date_form"]
    assert judgement.findings[0].where.endswith("DVSDocument/AcquisitionDate")


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({}, []),
        ({"FamilyName": "Fredrick"}, []),
        ({"SingleName": "Amy"}, []),
        ({"FirstName": "Maryam", "SingleName": "Amy"}, ["usi.name_branch"]),
    ],
)
def test_a_look_up_may_name_a_person_in_part(given, found):
    """Only the two forms of a name must not be mixed."""
    values = {
        "OrgCode": "VA1803",
        "UserReference": "somebody",
        "PersonalDetails": {"Gender": "F", **given, "DateOfBirth": "1966-05-25"},
        "ContactDetails": {},
    }
    judgement, _ = judge_request(request_element(OPERATIONS["LocateUSI"], values))
    assert codes(judgement) == found
