"""Identity documents: complete ones are sent under their type, others are not sent at all."""

import pytest

BIRTH = {"xsi:type": "BirthCertificateDocumentType", "RegistrationNumber": "1111111"}
LICENCE = {"xsi:type": "DriversLicenceDocumentType", "LicenceNumber": "111111"}
MEDICARE = {
    "xsi:type": "MedicareDocumentType",
    "MedicareCardNumber": "1111111111",
    "IndividualRefNumber": "1",
    "ExpiryDate": "2030-01",
    "CardColour": "Green",
    "NameLine1": "ANNE O'HARA",
}
CENTRELINK = {
    "xsi:type": "CentrelinkCardType",
    "CRN": "111111111X",
    "Name": "ANNE O'HARA-SMITH",
    "ExpiryDate": "2030-01-31",
    "Type": "SHC",
}


@pytest.mark.parametrize(
    "document",
    [
        {**BIRTH, "RegistrationState": "NSW"},
        {**BIRTH, "RegistrationState": "ACT", "DatePrinted": "2001-01-01"},
        {
            "xsi:type": "BirthCertificateDocumentType",
            "RegistrationState": "QLD",
            "RegistrationDate": "1990-08-01",
        },
        {
            "xsi:type": "BirthCertificateDocumentType",
            "RegistrationState": "TAS",
            "CertificateNumber": "1111111",
        },
        {**LICENCE, "State": "NSW", "CardNumber": "A001234567"},
        {**LICENCE, "State": "VIC"},
        {"xsi:type": "ImmiCardDocumentType", "ImmiCardNumber": "ABC111111"},
        MEDICARE,
        {**MEDICARE, "CardColour": "Blue", "ExpiryDate": "2030-01-31"},
        {**MEDICARE, "NameLine2": "x" * 25, "NameLine3": "x" * 23, "NameLine4": "x" * 21},
        CENTRELINK,
        {"xsi:type": "PassportDocumentType", "DocumentNumber": "PA1111111"},
        {"xsi:type": "VisaDocumentType", "PassportNumber": "111111"},
        {
            "xsi:type": "CitizenshipCertificateDocumentType",
            "StockNumber": "ACC111111",
            "AcquisitionDate": "2010-01-01",
        },
        {
            "xsi:type": "CertificateOfRegistrationByDescentDocumentType",
            "AcquisitionDate": "2013-01-01",
        },
    ],
)
def test_documents_are_sent_under_their_types(registry, said, answered, application, document):
    """The schema resolves each type; nothing is added or lost."""
    client = registry(
        lambda sent: said("CreateUSI", {"Application": answered(sent["Application"]["ApplicationId"])})
    )
    client.do("CreateUSI", {"Application": {**application, "DVSDocument": document}})
    assert client.sent[0]["Application"]["DVSDocument"] == document


@pytest.mark.parametrize(
    "document",
    [
        {"DocumentNumber": "X1111111"},
        {"xsi:type": "DVSDocumentType"},
        {"xsi:type": "PassportDocumentType"},
        {"xsi:type": "PassportDocumentType", "DocumentNumber": "12345678"},
        {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111", "State": "NSW"},
        {**BIRTH, "RegistrationState": "ACT"},
        {**BIRTH, "RegistrationState": "SA"},
        {**BIRTH, "RegistrationState": "QLD"},
        {**BIRTH, "RegistrationState": "NSW", "RegistrationYear": "1990"},
        {
            "xsi:type": "BirthCertificateDocumentType",
            "RegistrationState": "NSW",
            "RegistrationDate": "1990-08-01",
        },
        *({**LICENCE, "State": state} for state in ("ACT", "NSW", "NT", "QLD", "SA", "TAS", "WA")),
        {**LICENCE, "State": "NSW", "CardNumber": "12345678901"},
        {"xsi:type": "ImmiCardDocumentType", "ImmiCardNumber": "ABC11111"},
        {**MEDICARE, "ExpiryDate": "2030-01-31"},
        {**MEDICARE, "CardColour": "Yellow"},
        {**MEDICARE, "ExpiryDate": "01-2030"},
        {**MEDICARE, "ExpiryDate": "2030-13"},
        {**MEDICARE, "IndividualRefNumber": "0"},
        {**MEDICARE, "MedicareCardNumber": "111111111"},
        {**MEDICARE, "NameLine1": "x" * 28},
        {**MEDICARE, "NameLine2": "x" * 26},
        {**MEDICARE, "NameLine3": "x" * 24},
        {**MEDICARE, "NameLine4": "x" * 22},
        {**CENTRELINK, "ExpiryDate": "2030-01"},
        {**CENTRELINK, "xsi:type": "CentrelinkCardDocumentType"},
        {**CENTRELINK, "CRN": "1111111111"},
        {"xsi:type": "VisaDocumentType", "PassportNumber": "x" * 15},
        {
            "xsi:type": "CitizenshipCertificateDocumentType",
            "StockNumber": "ACC",
            "AcquisitionDate": "2010-01-01",
        },
        {
            "xsi:type": "CitizenshipCertificateDocumentType",
            "StockNumber": "ACC111111",
            "AcquisitionDate": "2010-02-30",
        },
    ],
)
def test_documents_that_cannot_be_verified_are_not_sent(registry, application, document):
    """What the DVS would need is missing, or has not the form of its type."""
    refused = registry().refuses("CreateUSI", {"Application": {**application, "DVSDocument": document}})
    assert refused[0] == "request.invalid"


@pytest.mark.parametrize(
    ("checked", "document", "other"),
    [
        (True, False, None),
        (True, True, 5),
        (True, False, 5),
        (False, True, None),
        (False, False, None),
        (False, True, 5),
        (False, False, "5"),
        (False, False, True),
        (False, False, 2**31),
    ],
)
def test_one_kind_of_document_goes_with_an_application(registry, application, checked, document, other):
    """A check by the DVS goes with its document, and none with the number of another."""
    application["DVSCheckRequired"] = checked
    if not document:
        del application["DVSDocument"]
    if other is not None:
        application["NonDvsDocumentTypeId"] = other
    assert registry().refuses("CreateUSI", {"Application": application})[0] == "request.invalid"


def test_other_documents_are_sent_by_number(registry, said, answered, application):
    """Null says that there is nothing to say."""
    del application["DVSDocument"]
    application |= {
        "DVSCheckRequired": False,
        "NonDvsDocumentTypeId": 6,
        "NonDvsDocumentTypeOther": None,
    }
    client = registry(
        lambda sent: said(
            "CreateUSI",
            {
                "Application": answered(
                    sent["Application"]["ApplicationId"], IdentityDocumentVerified="NotRequired"
                )
            },
        )
    )
    assert client.do("CreateUSI", {"Application": application}).conclusion == "created"
    sent = client.sent[0]["Application"]
    assert (sent["DVSCheckRequired"], sent["NonDvsDocumentTypeId"]) == (False, 6)
    assert "NonDvsDocumentTypeOther" not in sent


def test_documents_are_forgotten_when_they_have_been_sent(registry, application, lost):
    """However the call ends, and without touching what the caller still holds."""
    held = []

    class Noting(registry):
        def purge(self, request):
            held.append(request)
            super().purge(request)

    client = Noting(lost)
    assert client.do("CreateUSI", {"Application": application}).conclusion == "unclear"
    assert [sorted(request) for request in held] == [
        ["ApplicationId", "ContactDetails", "DVSCheckRequired", "PersonalDetails", "UserReference"]
    ]
    assert application["DVSDocument"] == {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
