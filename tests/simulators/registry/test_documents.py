"""The stand-in for the Document Verification Service."""

import pytest

from conformance.protocol.operations import OPERATIONS, request_element
from conformance.protocol.request_rules import judge_request
from conformance.simulators.registry.documents import PASSING, passes, verified

PASSPORT = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
DETAILS = {
    "Gender": "F",
    "SingleName": "Amy",
    "DateOfBirth": "1990-01-01",
    "CountryOfBirthCode": "1101",
    "TownCityOfBirth": "Perth",
    "IsPreferredName": False,
}
CONTACT = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "amy@example.invalid",
    "Phone": {"Mobile": "0491570006"},
}


@pytest.mark.parametrize("document", PASSING)
def test_the_published_documents_pass(document):
    """As the comments of the official samples say."""
    assert passes(document)


@pytest.mark.parametrize("document", PASSING)
def test_the_published_documents_are_complete(document):
    """They keep the schema and every rule, so that a client may send them as they are."""
    application = {
        "ApplicationId": "1",
        "DVSCheckRequired": True,
        "UserReference": "somebody",
        "ContactDetails": CONTACT,
        "PersonalDetails": DETAILS,
        "DVSDocument": document,
    }
    values = {"RequestId": "1", "OrgCode": "VA1803", "Application": application}
    judgement, _ = judge_request(request_element(OPERATIONS["CreateUSI"], values))
    assert judgement.findings == ()


def test_every_kind_of_document_has_one_that_passes():
    """Nine kinds, of which two have several."""
    assert len({document["xsi:type"] for document in PASSING}) == 9


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"xsi:type": "SomethingElse", "DocumentNumber": "X1111111"},
        {"xsi:type": "PassportDocumentType"},
        {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111112"},
        {"xsi:type": "PassportDocumentType", "DocumentNumber": "X"},
        {"xsi:type": "MedicareDocumentType", "MedicareCardNumber": "2111111111"},
        {"xsi:type": "CentrelinkCardType", "CRN": "111111112X"},
        {"xsi:type": "BirthCertificateDocumentType", "RegistrationDate": "2010-01-01"},
        {
            "xsi:type": "BirthCertificateDocumentType",
            "RegistrationNumber": "1111111",
            "CertificateNumber": "1111112",
        },
        {"xsi:type": "DriversLicenceDocumentType", "LicenceNumber": "111111", "CardNumber": "A001234568"},
        {"xsi:type": "CertificateOfRegistrationByDescentDocumentType", "AcquisitionDate": "2013-01-02"},
    ],
)
def test_nothing_else_passes(document):
    """No value that fails was published, so that every other one does here."""
    assert not passes(document)


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"DVSCheckRequired": True, "DVSDocument": PASSPORT}, "True"),
        ({"DVSCheckRequired": True, "DVSDocument": {**PASSPORT, "DocumentNumber": "X7654321"}}, "False"),
        ({"DVSCheckRequired": True}, "False"),
        ({"DVSCheckRequired": False, "NonDvsDocumentTypeId": 5}, "NotRequired"),
        ({"DVSCheckRequired": False, "DVSDocument": PASSPORT}, "NotRequired"),
    ],
)
def test_the_three_words_of_verification(values, word):
    """Without a check nothing is looked at."""
    assert verified(values) == word
