"""The registry's default answers are valid under the published schema, but for the two gaps of that schema.

The published WSDL is not part of the kit: where it is absent, the tests that need it are skipped.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from conformance.protocol import soap
from conformance.protocol.operations import OPERATIONS, V5, read_errors, request_element
from conformance.simulators.registry.settings import NoMatchAnswer, PendingAnswer, UnverifiedAnswer

PUBLISHED = Path(__file__).parents[3] / ".." / "shared" / "data" / "usi" / "UsiService-v5-3pt.wsdl"
XSD = "http://www.w3.org/2001/XMLSchema"
ORG = {"OrgCode": "VA1803"}
MARYAM = {"FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
HOME = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "ada@example.org",
    "Phone": {"Mobile": "0491570006"},
}
ADA = {"Gender": "F", "FirstName": "Ada", "FamilyName": "Testperson", "DateOfBirth": "1990-02-28"}
BIRTHPLACE = {"CountryOfBirthCode": "1101", "TownCityOfBirth": "Dubbo", "IsPreferredName": False}
APPLICATION = {
    "ApplicationId": "1",
    "DVSCheckRequired": False,
    "UserReference": "kit",
    "ContactDetails": HOME,
    "PersonalDetails": {**ADA, **BIRTHPLACE},
    "NonDvsDocumentTypeId": 5,
}
UNVERIFIABLE = {
    **{name: value for name, value in APPLICATION.items() if name != "NonDvsDocumentTypeId"},
    "DVSCheckRequired": True,
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "PA7654321"},
}
"""A document with a number that is none of the published ones."""


def create(number, application=APPLICATION):
    """A request to create Ada."""
    return "CreateUSI", {"RequestId": number, **ORG, "Application": application}


def locate(person, contact=HOME):
    """A request to look somebody up."""
    return "LocateUSI", {
        **ORG,
        "UserReference": "kit",
        "PersonalDetails": person,
        "ContactDetails": contact,
    }


NOBODY = {**ADA, "FirstName": "Nobody", "FamilyName": "Unheardof", "DateOfBirth": "1977-07-07"}
VERIFICATION = {"USI": "BNGH7C75FN", **MARYAM}
UPDATE = {
    **ORG,
    "USI": "BNGH7C75FN",
    "UserReference": "kit",
    "DVSCheckRequired": False,
    "NonDvsDocumentTypeId": 5,
    "PersonalDetailsModifier": "Gender",
    "PersonalDetailsUpdate": {"Gender": "X"},
}

ANSWERED = {
    "verified": [("VerifyUSI", {**ORG, **VERIFICATION})],
    "invalid": [("VerifyUSI", {**ORG, **VERIFICATION, "USI": "2222222222"})],
    "deactivated": [
        (
            "VerifyUSI",
            {**ORG, "USI": "R5HQLSWS9Y", "SingleName": "Testdeactivated", "DateOfBirth": "1963-12-10"},
        )
    ],
    "verified in bulk": [
        (
            "BulkVerifyUSI",
            {
                **ORG,
                "NoOfVerifications": 2,
                "Verifications": {
                    "Verification": [
                        {"RecordId": 1, **VERIFICATION},
                        {"RecordId": -5, **VERIFICATION, "USI": "2222222222"},
                    ]
                },
            },
        )
    ],
    "created": [create("R1")],
    "match found": [create("R1"), create("R2")],
    "uploaded": [
        (
            "BulkUpload",
            {**ORG, "RequestId": "R1", "NoOfApplications": 1, "Applications": {"Application": [APPLICATION]}},
        )
    ],
    "located": [create("R1"), locate(ADA)],
    "details updated": [("UpdateUSIPersonalDetails", UPDATE)],
    "update of an unknown USI": [("UpdateUSIPersonalDetails", {**UPDATE, "USI": "2222222222"})],
    "contact updated": [
        (
            "UpdateUSIContactDetails",
            {**ORG, "USI": "BNGH7C75FN", "UserReference": "kit", "ContactDetailsUpdate": HOME},
        )
    ],
    "countries": [("GetCountries", ORG)],
    "document types": [("GetNonDvsDocumentTypes", ORG)],
}
"""Requests, of which the last one's answer is looked at."""

UPLOAD = ANSWERED["uploaded"][0]


@pytest.fixture(scope="module")
def published():
    """Namespace -> the published schema."""
    if not PUBLISHED.is_file():
        pytest.skip(f"the published WSDL is not at {PUBLISHED}")
    return {
        schema.get("targetNamespace"): etree.XMLSchema(schema)
        for schema in etree.parse(PUBLISHED).iter(f"{{{XSD}}}schema")
    }


@pytest.fixture
def answer(registry, client):
    """Ask, and return status and content of the answer's body."""

    def ask(name, values):
        operation = OPERATIONS[name]
        request = client.request(request_element(operation, values), action=V5.action(operation))
        response = registry.handle(request)
        return response.status, soap.read(response.body)

    return ask


def valid(published, envelope):
    """Whether the published schema accepts what an answer holds."""
    return published[V5.namespace].validate(envelope.payload)


@pytest.mark.parametrize("case", ANSWERED)
def test_default_answers_are_valid(published, answer, case):
    """Of every operation, in each of their usual results."""
    *before, (name, values) = ANSWERED[case]
    for earlier, given in before:
        assert answer(earlier, given)[0] == 200
    status, envelope = answer(name, values)
    assert (status, valid(published, envelope)) == (200, True)


def test_results_of_a_batch_are_valid(published, answer):
    """Once they are there; before that the answer is a fault, whose detail is valid in the earlier schema."""
    _, uploaded = answer(*UPLOAD)
    retrieve = ("BulkUploadRetrieve", {"ReceiptNumber": uploaded.payload[0].text})
    status, envelope = answer(*retrieve)
    fault = soap.read_fault(envelope)
    assert (status, [error["Code"] for error in read_errors(fault.detail)]) == (500, [1002])
    detail = next(fault.detail.iter("{http://usi.gov.au/2020/ws}ErrorInfo"))
    assert published["http://usi.gov.au/2020/ws"].validate(detail)
    status, envelope = answer(*retrieve)
    assert (status, valid(published, envelope)) == (200, True)


@pytest.mark.parametrize("form", list(NoMatchAnswer))
def test_no_match_is_the_first_gap(published, registry, answer, form):
    """The schema demands a USI of ten characters where there is none, in either form."""
    registry.settings = replace(registry.settings, no_match_answer=form)
    status, envelope = answer(*locate(NOBODY))
    assert envelope.payload[0].text == "NoMatch"
    assert (status, valid(published, envelope)) == (200, False)


def test_a_pending_list_is_the_second_gap(published, registry, answer):
    """The schema demands an application where there is none yet; the default is a fault for that reason."""
    registry.settings = replace(registry.settings, pending_answer=PendingAnswer.EMPTY_LIST)
    _, uploaded = answer(*UPLOAD)
    status, envelope = answer("BulkUploadRetrieve", {"ReceiptNumber": uploaded.payload[0].text})
    assert (status, valid(published, envelope)) == (200, False)


@pytest.mark.parametrize("form", list(UnverifiedAnswer))
def test_an_unverified_document_is_told_validly(published, registry, answer, form):
    """As a fault or as a result of the record: the schema has room for both."""
    registry.settings = replace(registry.settings, unverified_answer=form)
    status, envelope = answer(*create("R1", UNVERIFIABLE))
    if form is UnverifiedAnswer.RESULT:
        assert (status, valid(published, envelope)) == (200, True)
    else:
        fault = soap.read_fault(envelope)
        assert (status, [error["Code"] for error in read_errors(fault.detail)]) == (500, [2004])
