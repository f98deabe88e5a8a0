"""All ten operations over SOAP, one after the other, and what the registry remembers of them."""

from dataclasses import replace

import pytest

from conformance.protocol import markup, names, security, soap
from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, V5, request_element
from conformance.simulators.population import Organisation, OrganisationType, bundled
from conformance.simulators.registry import Registry
from conformance.simulators.registry.settings import (
    FunctionMatrix,
    NoMatchAnswer,
    PendingAnswer,
    RepeatedRequest,
)
from conformance.simulators.registry.store import Store
from conformance.simulators.services import stream

PERSON = {
    "Gender": "F",
    "FirstName": "Zoë",
    "FamilyName": "Test-O'Neill",
    "DateOfBirth": "2001-02-03",
    "CountryOfBirthCode": "1101",
    "TownCityOfBirth": "Hobart",
    "IsPreferredName": False,
}
CONTACT = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "zoe@example.org",
    "Phone": {"Mobile": "0491570006"},
}
PASSPORT = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
APPLICATION = {
    "ApplicationId": "A1",
    "DVSCheckRequired": True,
    "UserReference": "test",
    "ContactDetails": CONTACT,
    "PersonalDetails": PERSON,
    "DVSDocument": PASSPORT,
}
CREATE = {"RequestId": "R1", "OrgCode": "VA1803", "Application": APPLICATION}
UPLOAD = {
    "OrgCode": "VA1803",
    "RequestId": "R2",
    "NoOfApplications": 1,
    "Applications": {"Application": [APPLICATION]},
}
UPDATE = {
    "OrgCode": "VA1803",
    "DVSCheckRequired": True,
    "UserReference": "test",
    "PersonalDetailsModifier": "FamilyName",
    "PersonalDetailsUpdate": {"FamilyName": "Newname"},
    "DVSDocument": PASSPORT,
}
LOCATE = {
    "OrgCode": "VA1803",
    "UserReference": "test",
    "PersonalDetails": {name: PERSON[name] for name in ("Gender", "FirstName", "FamilyName", "DateOfBirth")},
    "ContactDetails": {"EmailAddress": "zoe@example.org"},
}


def settle(registry, **settings):
    registry.settings = replace(registry.settings, **settings)


@pytest.fixture
def ask(registry, client):
    """Send a request and return the JSON form of the answer, or the codes of the fault."""
    return lambda name, values: client.ask(registry, name, values)


def test_a_person_is_created_found_changed_and_located(registry, ask):
    """Each operation sees what the ones before it did."""
    created = ask("CreateUSI", CREATE)["Application"]
    usi = created["USI"]
    assert (created["Result"], created["ApplicationId"]) == ("Success", "A1")
    again = ask("CreateUSI", {**CREATE, "RequestId": "R2"})["Application"]
    assert (again["Result"], again["USI"]) == ("MatchFound", usi)
    asked = {
        "OrgCode": "VA1803",
        "USI": usi,
        "FirstName": "Zoë",
        "FamilyName": "Test-O'Neill",
        "DateOfBirth": "2001-02-03",
    }
    assert set(ask("VerifyUSI", asked).values()) == {"Valid", "Match"}
    located = ask("LocateUSI", LOCATE)
    assert (located["Result"], located["USI"]) == ("Exact", usi)
    assert ask("UpdateUSIPersonalDetails", {**UPDATE, "USI": usi})["Result"] == "Success"
    assert ask("VerifyUSI", asked)["FamilyName"] == "NoMatch"
    assert ask("LocateUSI", LOCATE)["Result"] == "NoIdenticalStrongPartial"
    contact = {
        "OrgCode": "VA1803",
        "USI": usi,
        "UserReference": "test",
        "ContactDetailsUpdate": {"EmailAddress": "new@example.org"},
    }
    assert ask("UpdateUSIContactDetails", contact) == {"Result": "Success"}
    assert registry.store.person(usi).contact["EmailAddress"] == "new@example.org"
    assert [each.summary for each in registry.exchanges] == [
        "CreateUSI",
        "CreateUSI",
        "VerifyUSI",
        "LocateUSI",
        "UpdateUSIPersonalDetails",
        "VerifyUSI",
        "LocateUSI",
        "UpdateUSIContactDetails",
    ]


def test_a_batch_is_told_with_its_receipt(ask):
    """First pending, then the same each time; the person exists since the upload."""
    receipt = ask("BulkUpload", UPLOAD)
    assert ask("BulkUploadRetrieve", receipt) == [1002]
    told = ask("BulkUploadRetrieve", receipt)
    assert (told["RequestId"], told["NoOfApplications"], told["NoOfApplicationsFailed"]) == ("R2", 1, 0)
    assert [each["Result"] for each in told["Applications"]["Application"]] == ["Success"]
    assert ask("BulkUploadRetrieve", receipt) == told


@pytest.mark.parametrize("name", ["GetCountries", "GetNonDvsDocumentTypes"])
def test_the_lists_are_answered(ask, name):
    """With the organisation's code only."""
    assert len(next(iter(ask(name, {"OrgCode": "VA1803"}).values()))) == 1


def test_every_default_answer_is_valid_but_for_the_gap(registry, client):
    """One request of each operation; only a LocateUSI without a USI has no valid answer."""
    receipt = client.ask(registry, "BulkUpload", UPLOAD)
    client.ask(registry, "BulkUploadRetrieve", receipt)
    usi = "SYNTHET2DW"
    person = {"USI": usi, "FirstName": "Niamh", "FamilyName": "O'Brien", "DateOfBirth": "1998-01-15"}
    requests = {
        "VerifyUSI": {"OrgCode": "VA1803", **person},
        "BulkVerifyUSI": {
            "OrgCode": "VA1803",
            "NoOfVerifications": 1,
            "Verifications": {"Verification": [{"RecordId": 1, **person}]},
        },
        "CreateUSI": CREATE,
        "BulkUpload": {**UPLOAD, "RequestId": "R3"},
        "BulkUploadRetrieve": receipt,
        "LocateUSI": LOCATE,
        "UpdateUSIContactDetails": {
            "OrgCode": "VA1803",
            "USI": usi,
            "UserReference": "test",
            "ContactDetailsUpdate": {},
        },
        "UpdateUSIPersonalDetails": {**UPDATE, "USI": usi},
        "GetCountries": {"OrgCode": "VA1803"},
        "GetNonDvsDocumentTypes": {"OrgCode": "VA1803"},
    }
    assert set(requests) == set(OPERATIONS)
    for name, values in requests.items():
        operation = OPERATIONS[name]
        request = client.request(request_element(operation, values), action=V5.action(operation))
        reply = soap.read(registry.handle(request).body)
        assert reply.action == f"http://usi.gov.au/2022/ws/{name}Response"
        assert validator().errors(reply.payload) == ()
    nobody = {**LOCATE, "PersonalDetails": {**LOCATE["PersonalDetails"], "DateOfBirth": "1920-01-01"}}
    registry.store.change(registry.store.namesakes(family="Test-O'Neill")[0].usi, family="Other")
    assert client.ask(registry, "LocateUSI", nobody) == {
        "Result": "NoMatch",
        "USI": "",
        "ContactDetailsMessage": "",
    }


def test_settings_choose_the_other_form(registry, ask):
    """Pending as an empty list, NoMatch without a USI, the stored answer for a RequestId used before."""
    settle(
        registry,
        pending_answer=PendingAnswer.EMPTY_LIST,
        pending_polls=2,
        no_match_answer=NoMatchAnswer.OMITTED,
        repeated_request=RepeatedRequest.STORED_ANSWER,
    )
    receipt = ask("BulkUpload", UPLOAD)
    for _ in range(2):
        pending = ask("BulkUploadRetrieve", receipt)
        assert pending["Applications"] == {}
    assert len(ask("BulkUploadRetrieve", receipt)["Applications"]["Application"]) == 1
    assert ask("BulkUpload", UPLOAD) == receipt
    nobody = {**LOCATE, "PersonalDetails": {**LOCATE["PersonalDetails"], "FamilyName": "Nobody"}}
    nobody["PersonalDetails"]["FirstName"] = "Nobody"
    assert ask("LocateUSI", nobody) == {"Result": "NoMatch", "ContactDetailsMessage": ""}


def test_a_setting_may_choose_a_code_of_its_own(registry, ask):
    """The real ones are not public."""
    settle(registry, pending_code=4711, unknown_receipt_code=4712, repeated_request_code=4713)
    receipt = ask("BulkUpload", UPLOAD)
    assert ask("BulkUploadRetrieve", receipt) == [4711]
    assert ask("BulkUploadRetrieve", {"ReceiptNumber": "0" * 36}) == [4712]
    assert ask("BulkUpload", UPLOAD) == [4713]


def test_a_receipt_belongs_to_its_organisation(registry, client):
    """Somebody else's token gets the answer of an unknown receipt, and of an unknown ABN 2002."""
    receipt = client.ask(registry, "BulkUpload", UPLOAD)
    settle(registry, pending_polls=0, unknown_receipt_code=4712)
    assert client.another(abn="96312011219").ask(registry, "BulkUploadRetrieve", receipt) == [4712]
    assert client.another(abn="11000002568").ask(registry, "BulkUploadRetrieve", receipt) == [2002]
    assert "Applications" in client.ask(registry, "BulkUploadRetrieve", receipt)


@pytest.mark.parametrize(
    ("matrix", "codes"),
    [(FunctionMatrix.CURRENT, [2002]), (FunctionMatrix.BETA, [2002]), (FunctionMatrix.OPEN, None)],
)
def test_an_organisation_may_call_what_its_type_may(authority, registry, client, matrix, codes):
    """A regulatory body creates nobody, unless the matrix is open."""
    body = Organisation(code="VA1803", abn="27809366375", type=OrganisationType.VRB)
    registry.store = Store(bundled().with_organisation(body), random=stream(1))
    settle(registry, function_matrix=matrix)
    answer = client.ask(registry, "CreateUSI", CREATE)
    assert answer == codes if codes else answer["Application"]["Result"] == "Success"


def test_hmac_sha256_can_be_refused(registry, client):
    """A setting; HMAC-SHA1, which the policy names, is always accepted."""
    settle(registry, hmac_sha256_accepted=False)
    values = {
        "OrgCode": "VA1803",
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    }
    assert client.ask(registry, "VerifyUSI", values)["USIStatus"] == "Valid"
    element = request_element(OPERATIONS["VerifyUSI"], values)
    envelope = soap.build(
        element,
        action="http://usi.gov.au/2022/ws/VerifyUSI",
        message_id="urn:2",
        to="https://127.0.0.1:8443/service/v5/usiservice.svc",
    )
    security.endorse(
        envelope,
        token=client.token,
        reference=client.reference,
        proof_key=bytes(range(32)),
        now=registry.clock(),
        algorithm=names.HMAC_SHA256,
    )
    response = registry.handle(client.post(markup.serialize(envelope)))
    assert soap.read_fault(soap.read(response.body)).subcodes == (names.INVALID_SECURITY,)
    errors = [each for each in registry.exchanges[-1].judgement.findings if each.severity == "error"]
    assert [each.code for each in errors] == ["usi.endorsing_algorithm"]
    assert errors[0].actual == "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"


@pytest.mark.parametrize(
    ("settings", "licence", "result"),
    [
        ({}, {"LicenceNumber": "111111", "State": "NSW"}, [1002]),
        ({"card_number_required": False}, {"LicenceNumber": "111111", "State": "NSW"}, "Success"),
    ],
)
def test_settings_choose_what_a_document_needs(registry, ask, settings, licence, result):
    """Who refuses a licence without its card number is not known."""
    settle(registry, **settings)
    document = {"xsi:type": "DriversLicenceDocumentType", **licence}
    answer = ask("CreateUSI", {**CREATE, "Application": {**APPLICATION, "DVSDocument": document}})
    assert (answer if isinstance(answer, list) else answer["Application"]["Result"]) == result


def test_a_bad_record_does_not_refuse_a_batch(registry, ask):
    """What is wrong with one application is told in its answer; CreateUSI refuses it at once."""
    settle(registry, pending_polls=0)
    bad = {**APPLICATION, "ApplicationId": "A2", "ContactDetails": {"CountryOfResidenceCode": "1101"}}
    assert ask("CreateUSI", {**CREATE, "Application": bad}) == [1002]
    receipt = ask(
        "BulkUpload",
        {**UPLOAD, "NoOfApplications": 2, "Applications": {"Application": [bad, APPLICATION]}},
    )
    told = ask("BulkUploadRetrieve", receipt)
    assert [each["Result"] for each in told["Applications"]["Application"]] == ["Failure", "Success"]
    assert told["NoOfApplicationsFailed"] == 1


def test_a_registry_that_is_started_again_goes_on_where_it_was(authority, client, tmp_path):
    """With a file: the person, the RequestIds and the receipt of before are all there."""

    def started():
        return Registry(
            key=authority.service("registry")[1],
            issuer=authority.service("sts-signing")[0],
            audiences=("https://3pt.portal.usi.gov.au/service/v5/usiservice.svc",),
            clock=lambda: client.moment,
            store=Store(bundled(), random=stream(1), database=tmp_path / "registry.sqlite"),
        )

    first = started()
    usi = client.ask(first, "CreateUSI", CREATE)["Application"]["USI"]
    receipt = client.ask(first, "BulkUpload", UPLOAD)
    client.ask(first, "BulkUploadRetrieve", receipt)
    first.store.close()
    second = started()
    assert client.ask(second, "CreateUSI", CREATE) == [1002]
    again = client.ask(second, "CreateUSI", {**CREATE, "RequestId": "R9"})["Application"]
    assert (again["Result"], again["USI"]) == ("MatchFound", usi)
    told = client.ask(second, "BulkUploadRetrieve", receipt)["Applications"]["Application"]
    assert [(each["Result"], each["USI"]) for each in told] == [("MatchFound", usi)]
    second.store.close()
