"""Drawn requests are in the form in which a product is asked, and right by every rule of the registry."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from conformance import strategies
from conformance.protocol.operations import OPERATIONS, request_element
from conformance.protocol.request_rules import judge_request
from conformance.strategies.applications import WITH_INPUT

SEARCH = settings(database=None, phases=(Phase.generate,), max_examples=500)

MODIFIERS = {"CountryOfBirthCode": "CountryOfBirth"}


def completed(operation, request):
    """The request with what a product makes up by itself, counted from 1."""
    made = dict(request)
    if operation != "BulkUploadRetrieve":
        made["OrgCode"] = "VA1803"
    if operation in ("CreateUSI", "BulkUpload"):
        made["RequestId"] = "R1"
    if operation == "CreateUSI":
        made["Application"] = {"ApplicationId": "1", "UserReference": "kit", **request["Application"]}
    if operation == "BulkUpload":
        drawn = request["Applications"]["Application"]
        made["NoOfApplications"] = len(drawn)
        made["Applications"] = {
            "Application": [
                {"ApplicationId": str(number), "UserReference": "kit", **each}
                for number, each in enumerate(drawn)
            ]
        }
    if operation == "BulkVerifyUSI":
        drawn = request["Verifications"]["Verification"]
        made["NoOfVerifications"] = len(drawn)
        made["Verifications"] = {
            "Verification": [{"RecordId": number, **each} for number, each in enumerate(drawn)]
        }
    if operation in ("LocateUSI", "UpdateUSIContactDetails", "UpdateUSIPersonalDetails"):
        made["UserReference"] = "kit"
    if operation == "LocateUSI":
        made.setdefault("ContactDetails", {})
    if operation == "UpdateUSIPersonalDetails":
        (name,) = request["PersonalDetailsUpdate"]
        made["PersonalDetailsModifier"] = MODIFIERS.get(name, name)
    return made


@pytest.mark.parametrize("operation", WITH_INPUT)
@settings(max_examples=15)
@given(data=st.data())
def test_what_is_drawn_is_right(operation, data):
    """Once a product has added what is its own, the judge of requests finds nothing wrong."""
    request = data.draw(strategies.product_requests(operation))
    element = request_element(OPERATIONS[operation], completed(operation, request))
    judgement, _ = judge_request(element)
    assert [(finding.code, finding.message) for finding in judgement.findings] == []


@pytest.mark.parametrize("operation", WITH_INPUT)
@settings(max_examples=15)
@given(data=st.data())
def test_slips_are_told(operation, data):
    """A request without slips is a right one; whatever was changed is said, and is what was changed."""
    typed = data.draw(strategies.typed_requests(operation, most=3))
    assert len(typed.slips) <= 3
    assert all(slip in repr(typed) for slip in typed.slips)
    assert all(": " in slip for slip in typed.slips)


@pytest.mark.parametrize("slips", [0, 1, 2])
def test_right_and_wrong_requests_come_up(slips):
    """As many without a slip as with some."""
    found = find(
        strategies.typed_requests("CreateUSI"), lambda typed: len(typed.slips) == slips, settings=SEARCH
    )
    assert len(found.slips) == slips


@pytest.mark.parametrize(
    "kind",
    [
        "BirthCertificateDocumentType",
        "DriversLicenceDocumentType",
        "ImmiCardDocumentType",
        "MedicareDocumentType",
        "CentrelinkCardType",
        "PassportDocumentType",
        "VisaDocumentType",
        "CitizenshipCertificateDocumentType",
        "CertificateOfRegistrationByDescentDocumentType",
    ],
)
def test_every_kind_of_document_comes_up(kind):
    """All nine."""
    assert find(strategies.documents(), lambda document: document["xsi:type"] == kind, settings=SEARCH)


def test_a_wrong_argument_raises_at_once():
    """An operation without input, none at all, and a number of slips that leaves none."""
    with pytest.raises(ValueError, match="GetCountries"):
        strategies.product_requests("GetCountries")
    with pytest.raises(ValueError, match="VerifyYou"):
        strategies.typed_requests("VerifyYou")
    with pytest.raises(ValueError, match="0 slips"):
        strategies.typed_requests("VerifyUSI", most=0)
