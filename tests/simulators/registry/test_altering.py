"""What faults make of answers, by the forms that the operations answer in."""

import copy

import pytest
from lxml import etree

from conformance.protocol import checksum
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.simulators.faults import FAULTS
from conformance.simulators.registry.altering import CHANGES, altered, rewritten

NAMESPACE = "http://usi.gov.au/2022/ws"
FAILURE = {"Error": [{"Code": "E999", "Message": "The kit was asked to answer with a failure."}]}


def verification(record_id, usi="BNGH7C75FN", status="Valid", word="Match"):
    """Return one record of a bulk verification."""
    return {
        "USIStatus": status,
        "FirstName": word,
        "FamilyName": word,
        "DateOfBirth": word,
        "USI": usi,
        "RecordId": record_id,
    }


def application(application_id, result="Success", **further):
    """Return the answer of one application."""
    return {
        "ProcessedDate": "2026-11-21T10:42:00Z",
        "ApplicationId": application_id,
        "Result": result,
        "IdentityDocumentVerified": "True",
        **further,
    }


VERIFY = {"USIStatus": "Valid", "FirstName": "Match", "FamilyName": "NoMatch", "DateOfBirth": "Match"}
ONE, TWO, THREE = verification(1), verification(2, "BP6LKB3C7X", word="NoMatch"), verification(3)
BULK = {"VerificationResponses": {"VerificationResponse": [ONE, TWO, THREE]}}
A = application("a", USI="BNGH7C75FN")
B = application("b", "Failure", Errors=FAILURE)
CREATED = {"Application": A}
BATCH = {
    "RequestId": "1",
    "NoOfApplications": 2,
    "NoOfApplicationsFailed": 1,
    "Applications": {"Application": [A, B]},
}
LOCATED = {"Result": "Exact", "USI": "BNGH7C75FN", "ContactDetailsMessage": "told"}
NOBODY = {"Result": "NoMatch", "USI": "", "ContactDetailsMessage": ""}
UPDATED = {"Result": "Success", "IdentityDocumentVerified": "True"}
CONTACT_UPDATED = {"Result": "Success"}
LISTED = {"Countries": {"CountryDetails": [{"CountryCode": "1101", "Name": "Australia", "IsCurrent": True}]}}
ANSWERS = {
    "VerifyUSI": VERIFY,
    "BulkVerifyUSI": BULK,
    "CreateUSI": CREATED,
    "BulkUpload": {"ReceiptNumber": "00000000-0000-4000-8000-000000000000"},
    "BulkUploadRetrieve": BATCH,
    "LocateUSI": LOCATED,
    "UpdateUSIPersonalDetails": UPDATED,
    "UpdateUSIContactDetails": CONTACT_UPDATED,
    "GetCountries": LISTED,
    "GetNonDvsDocumentTypes": {"NonDvsDocumentTypes": {"NonDvsDocumentType": []}},
}


APPLICATION = {
    "ApplicationId": "1",
    "DVSCheckRequired": False,
    "UserReference": "somebody",
    "ContactDetails": {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": "amy@example.invalid",
        "Phone": {"Mobile": "0491570006"},
    },
    "PersonalDetails": {
        "Gender": "F",
        "SingleName": "Amyquokka",
        "DateOfBirth": "1990-01-01",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Perth",
        "IsPreferredName": False,
    },
    "NonDvsDocumentTypeId": 5,
}


@pytest.fixture
def change(carry_out):
    """Change the answer of an operation as a fault wants it."""

    def change(fault, name, answer):
        before = copy.deepcopy(answer)
        after = carry_out(lambda asked: altered(answer, asked), name, {}, faults=[fault])
        assert answer == before
        return after

    return change


def bulk(*records):
    """Return the answer of a bulk verification with these records."""
    return {"VerificationResponses": {"VerificationResponse": list(records)}}


def batch(*records, failed=1, announced=2):
    """Return the answer of a retrieval with these records."""
    return {
        "RequestId": "1",
        "NoOfApplications": announced,
        "NoOfApplicationsFailed": failed,
        "Applications": {"Application": list(records)},
    }


@pytest.mark.parametrize("fault", sorted(CHANGES))
def test_every_change_can_be_asked_for(fault):
    """By a name of the table of faults."""
    assert f"registry.{fault}" in FAULTS


@pytest.mark.parametrize("fault", sorted(CHANGES))
def test_a_change_that_does_not_fit_is_passed_over(change, fault):
    """Whatever was asked for, the answer still has the form of its operation."""
    for name, operation in OPERATIONS.items():
        answer_element(operation, change(fault, name, ANSWERS[name]))


@pytest.mark.parametrize("fault", sorted(CHANGES))
def test_a_batch_without_results_stays_as_it_is(change, fault):
    """There is no record to change; only the RequestId can be another one."""
    pending = batch(failed=0)
    changed = change(fault, "BulkUploadRetrieve", pending)
    assert changed == (
        {**pending, "RequestId": "NOT-WHAT-WAS-SENT"} if fault == "other_request_id" else pending
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("shuffled", bulk(TWO, THREE, ONE)),
        ("missing_record", bulk(TWO, THREE)),
        ("extra_record", bulk(verification(4, "SYNTHET99X"), ONE, TWO, THREE)),
        ("duplicate_record", bulk(ONE, TWO, THREE, verification(1, status="Invalid", word="NoMatch"))),
        ("other_usi", bulk(verification(1, "SYNTHET99X"), TWO, THREE)),
        ("unknown_status", bulk(verification(1, status="Suspended"), TWO, THREE)),
    ],
)
def test_changes_of_a_bulk_verification(change, fault, expected):
    """Each is one that a client who matches by RecordId notices."""
    assert change(fault, "BulkVerifyUSI", BULK) == expected


def test_the_other_usi_is_a_right_one():
    """Its check character does not give it away."""
    assert checksum.is_valid("SYNTHET99X")
    assert not checksum.is_valid("SYNTHET992")


def test_a_duplicate_says_the_opposite(change):
    """Of a record that was not verified, it says that it was."""
    changed = change("duplicate_record", "BulkVerifyUSI", bulk(TWO))
    assert changed == bulk(TWO, verification(2, "BP6LKB3C7X"))
    assert change("duplicate_record", "BulkUploadRetrieve", BATCH) == batch(
        A, B, application("a", "Failure", Errors=FAILURE)
    )


def test_an_unknown_status_comes_with_match_for_all(change):
    """So that a client which looks at the matches only is found out."""
    assert change("unknown_status", "VerifyUSI", VERIFY) == {
        "USIStatus": "Suspended",
        "FirstName": "Match",
        "FamilyName": "Match",
        "DateOfBirth": "Match",
    }


@pytest.mark.parametrize(
    ("fault", "first"),
    [
        ("other_application_id", application("NOT-WHAT-WAS-SENT", USI="BNGH7C75FN")),
        ("no_usi", application("a")),
        ("wrong_usi", application("a", USI="SYNTHET992")),
        ("match_found", application("a", "MatchFound", USI="BNGH7C75FN")),
        ("create_failure", application("a", "Failure", Errors=FAILURE)),
        ("create_failure_bare", application("a", "Failure")),
        ("document_unverified", {**A, "IdentityDocumentVerified": "False"}),
        ("unknown_result", application("a", "Deferred", USI="BNGH7C75FN")),
    ],
)
def test_changes_of_an_application(change, fault, first):
    """CreateUSI's, and the first one of a batch, whose number of failures goes along."""
    assert change(fault, "CreateUSI", CREATED) == {"Application": first}
    failed = 2 if first["Result"] == "Failure" else 1
    assert change(fault, "BulkUploadRetrieve", BATCH) == batch(first, B, failed=failed)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("shuffled", batch(B, A)),
        ("missing_record", batch(B)),
        ("fewer_records", batch(A)),
        ("failed_records", batch(application("a", "Failure", Errors=FAILURE), B, failed=2)),
        ("other_request_id", {**BATCH, "RequestId": "NOT-WHAT-WAS-SENT"}),
        ("extra_record", batch(application("NOT-WHAT-WAS-SENT", USI="BNGH7C75FN"), A, B)),
    ],
)
def test_changes_of_a_batch(change, fault, expected):
    """What is announced stays as it was, unless the change is of a result."""
    assert change(fault, "BulkUploadRetrieve", BATCH) == expected


def test_a_failed_application_can_be_changed_into_a_good_one(change):
    """Then it has a USI, and no errors."""
    failed = {"Application": B}
    assert change("match_found", "CreateUSI", failed) == {
        "Application": application("b", "MatchFound", USI="SYNTHET99X")
    }


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ("locate_exact", {**LOCATED, "Result": "Exact"}),
        ("locate_multiple_exact", {**LOCATED, "Result": "MultipleExact", "USI": ""}),
        ("locate_single_no_contact_match", {**LOCATED, "Result": "SingleNoContactMatch"}),
        ("locate_multiple_no_contact_match", {**LOCATED, "Result": "MultipleNoContactMatch", "USI": ""}),
        ("locate_no_match", {**LOCATED, "Result": "NoMatch", "USI": ""}),
        ("locate_no_identical_strong_partial", {**LOCATED, "Result": "NoIdenticalStrongPartial", "USI": ""}),
        ("locate_usi_empty", {**LOCATED, "Result": "NoMatch", "USI": ""}),
        ("locate_usi_missing", {"Result": "NoMatch", "ContactDetailsMessage": "told"}),
        ("locate_errors", {**LOCATED, "Result": "NoMatch", "USI": "", "Errors": FAILURE}),
        ("unknown_result", {**LOCATED, "Result": "Deferred"}),
    ],
)
def test_changes_of_a_look_up(change, fault, expected):
    """All six results, two forms of having no USI to tell, and an error."""
    assert change(fault, "LocateUSI", LOCATED) == expected


def test_an_exact_result_has_a_usi_even_where_nobody_was_found(change):
    """One that belongs to nobody."""
    assert change("locate_exact", "LocateUSI", NOBODY) == {
        "Result": "Exact",
        "USI": "SYNTHET99X",
        "ContactDetailsMessage": "",
    }


def test_changes_of_an_update(change):
    """Of either kind."""
    assert change("update_failure", "UpdateUSIPersonalDetails", UPDATED) == {
        "Result": "Failure",
        "IdentityDocumentVerified": "True",
        "Errors": FAILURE,
    }
    assert change("update_failure", "UpdateUSIContactDetails", CONTACT_UPDATED) == {
        "Result": "Failure",
        "Errors": FAILURE,
    }


def test_unknown_elements_stand_at_every_end():
    """In the namespace of the contract wherever elements are, and once in another."""
    body = rewritten(answer_element(OPERATIONS["CreateUSI"], CREATED), {"registry.unknown_element"})
    added = f"{{{NAMESPACE}}}AddedLater"
    assert [element.tag for element in body] == [
        f"{{{NAMESPACE}}}Application",
        added,
        "{urn:evte-conformance:simulated}Extension",
    ]
    assert body[0][-1].tag == added


def test_texts_can_be_decomposed():
    """An accent becomes a code point of its own; nothing else changes."""
    listed = {
        "Countries": {"CountryDetails": [{"CountryCode": "9111", "Name": "C\u00f4te", "IsCurrent": True}]}
    }
    operation = OPERATIONS["GetCountries"]
    body = rewritten(answer_element(operation, listed), {"registry.decomposed"})
    assert body.findtext(f".//{{{NAMESPACE}}}Name") == "Co\u0302te"
    assert body.findtext(f".//{{{NAMESPACE}}}CountryCode") == "9111"


def test_an_answer_is_written_as_it_is_otherwise():
    """Faults that are not of this kind do nothing to it."""
    body = answer_element(OPERATIONS["VerifyUSI"], VERIFY)
    before = etree.tostring(body)
    assert etree.tostring(rewritten(body, {"registry.shuffled"})) == before


def test_an_altered_answer_goes_out_as_it_is(client, registry):
    """The schema is for healthy answers only."""
    record = {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    }
    asked = {
        "OrgCode": "VA1803",
        "NoOfVerifications": 1,
        "Verifications": {"Verification": [{"RecordId": 1, **record}]},
    }
    registry.faults = ("registry.missing_record", "registry.unknown_element")
    answer = client.ask(registry, "BulkVerifyUSI", asked)
    assert answer["VerificationResponses"] == {}
    assert answer["AddedLater"] == "something new"


def test_pending_for_the_first_answers_only(client, registry):
    """A count goes with any of these faults; what they leave alone is answered in between."""
    upload = {
        "OrgCode": "VA1803",
        "RequestId": "1",
        "NoOfApplications": 1,
        "Applications": {"Application": [APPLICATION]},
    }
    receipt = client.ask(registry, "BulkUpload", upload)["ReceiptNumber"]
    registry.faults = ("registry.pending@2",)
    answers = [client.ask(registry, "BulkUploadRetrieve", {"ReceiptNumber": receipt}) for _ in range(3)]
    assert answers[:2] == [[1002], [1002]]
    assert answers[2]["NoOfApplicationsFailed"] == 0


def test_what_is_wrong_with_one_application_is_told_later_in_a_batch(client, registry):
    """By itself it is refused at once."""
    wrong = {**APPLICATION, "PersonalDetails": {**APPLICATION["PersonalDetails"], "SingleName": "Am~y"}}
    create = {"RequestId": "1", "OrgCode": "VA1803", "Application": wrong}
    assert client.ask(registry, "CreateUSI", create) == [1002]
    upload = {
        "OrgCode": "VA1803",
        "RequestId": "2",
        "NoOfApplications": 2,
        "Applications": {"Application": [wrong, {**APPLICATION, "ApplicationId": "2"}]},
    }
    receipt = client.ask(registry, "BulkUpload", upload)["ReceiptNumber"]
    assert client.ask(registry, "BulkUploadRetrieve", {"ReceiptNumber": receipt}) == [1002]
    answer = client.ask(registry, "BulkUploadRetrieve", {"ReceiptNumber": receipt})
    assert [each["Result"] for each in answer["Applications"]["Application"]] == ["Failure", "Success"]
    assert answer["NoOfApplicationsFailed"] == 1
