"""CreateUSI, BulkUpload and BulkUploadRetrieve by themselves."""

from datetime import UTC, datetime

import pytest

from conformance.protocol import checksum
from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.simulators.population import State
from conformance.simulators.registry import applying
from conformance.simulators.registry.asking import Refused
from conformance.simulators.registry.settings import PendingAnswer, RepeatedRequest, UnverifiedAnswer

PASSPORT = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"}
FORGED = {"xsi:type": "PassportDocumentType", "DocumentNumber": "X7654321"}
UNVERIFIED = "The identity document could not be verified against the personal details."


def application(number="1", *, first="Juniper", family="Quokka", born="1990-02-03", **changes):
    """Return an application for a person whom nobody knows."""
    values = {
        "ApplicationId": number,
        "DVSCheckRequired": True,
        "UserReference": "somebody",
        "ContactDetails": {
            "CountryOfResidenceCode": "1101",
            "EmailAddress": "juniper@example.invalid",
            "Phone": {"Mobile": "0491570006"},
        },
        "PersonalDetails": {
            "Gender": "F",
            "FirstName": first,
            "MiddleName": "Rose",
            "FamilyName": family,
            "DateOfBirth": born,
            "CountryOfBirthCode": "1101",
            "TownCityOfBirth": "Perth",
            "IsPreferredName": False,
        },
        "DVSDocument": PASSPORT,
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


@pytest.fixture
def create(carry_out):
    """Create a USI under a RequestId of its own and return the answer of the application."""
    numbers = iter(range(1000))

    def create(asked=None, *, request_id=None, **options):
        values = {
            "RequestId": request_id or f"new-{next(numbers)}",
            "OrgCode": "VA1803",
            "Application": asked or application(),
        }
        answer = carry_out(applying.create, "CreateUSI", values, **options)
        assert validator().errors(answer_element(OPERATIONS["CreateUSI"], answer)) == ()
        return answer["Application"]

    return create


@pytest.fixture
def upload(carry_out):
    """Upload applications and return the receipt."""

    def upload(*applications, request_id="batch-1", **options):
        values = {
            "OrgCode": "VA1803",
            "RequestId": request_id,
            "NoOfApplications": len(applications),
            "Applications": {"Application": list(applications)},
        }
        return carry_out(applying.upload, "BulkUpload", values, **options)["ReceiptNumber"]

    return upload


@pytest.fixture
def retrieve(carry_out):
    """Ask for the results of a batch."""

    def retrieve(receipt, **options):
        return carry_out(applying.retrieve, "BulkUploadRetrieve", {"ReceiptNumber": receipt}, **options)

    return retrieve


def test_a_new_person_gets_a_usi(create, store):
    """Everything that was told is held, and the account waits to be activated by the person."""
    answer = create()
    usi = answer.pop("USI")
    assert answer == {
        "ProcessedDate": "2026-11-21T10:42:00Z",
        "ApplicationId": "1",
        "Result": "Success",
        "IdentityDocumentVerified": "True",
    }
    assert checksum.is_valid(usi)
    account = store.person(usi)
    assert (account.first, account.middle, account.family) == ("Juniper", "Rose", "Quokka")
    assert account.born.isoformat() == "1990-02-03"
    assert (account.gender, account.country_of_birth, account.town_of_birth) == ("F", "1101", "Perth")
    assert account.contact["EmailAddress"] == "juniper@example.invalid"
    assert (account.state, account.origin) == (State.NOT_ACTIVATED, "created")


def test_who_has_a_usi_is_matched(create):
    """The second application tells the USI of the first; case does not count, and middle names neither."""
    usi = create()["USI"]
    again = create(application("2", first="JUNIPER", family="quokka"))
    assert (again["Result"], again["USI"], again["ApplicationId"]) == ("MatchFound", usi, "2")


@pytest.mark.parametrize(
    "changes", [{"first": "June"}, {"family": "Quokka-Bell"}, {"born": "1990-02-04"}], ids=str
)
def test_who_differs_in_anything_is_somebody_else(create, changes):
    """Names and date of birth all have to agree."""
    usi = create()["USI"]
    other = create(application("2", **changes))
    assert other["Result"] == "Success"
    assert other["USI"] != usi


def test_case_counts_where_it_is_set_to(create):
    """A setting, as the real registry's comparison is not public."""
    create()
    assert create(application("2", first="JUNIPER"), case_folded=False)["Result"] == "Success"


def test_a_published_person_is_matched(create):
    """The published people are there like any other."""
    answer = create(application(first="Maryam", family="Fredrick", born="1966-05-25"))
    assert (answer["Result"], answer["USI"]) == ("MatchFound", "BNGH7C75FN")


def test_of_several_records_nobody_can_say_which(create, store):
    """The application fails, with an error and without a USI."""
    usi = create()["USI"]
    store.change(
        store.person("BNGH7C75FN").usi, first="Juniper", family="Quokka", born=store.person(usi).born
    )
    answer = create(application("2"))
    assert answer["Result"] == "Failure"
    assert "USI" not in answer
    text = "Several records match these personal details. The person has to contact the registry."
    assert answer["Errors"] == {"Error": [{"Code": "E999", "Message": text}]}


def test_a_deactivated_record_is_matched_by_nobody(create):
    """It was given up: the person gets a new one.  Assumed."""
    answer = create(application(first="Asfaha", family="Loflin", born="1982-12-23"))
    assert answer["Result"] == "Success"


def test_a_single_name_is_a_person_too(create):
    """Without first and family name."""
    details = {
        "Gender": "X",
        "SingleName": "Quokkasingle",
        "DateOfBirth": "1990-02-03",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Perth",
        "IsPreferredName": False,
    }
    usi = create(application(PersonalDetails=details))["USI"]
    assert create(application("2", PersonalDetails=details))["USI"] == usi


def test_without_a_check_none_is_required(create):
    """Another document was seen by the organisation."""
    asked = application(DVSCheckRequired=False, DVSDocument=None, NonDvsDocumentTypeId=5)
    answer = create(asked)
    assert (answer["Result"], answer["IdentityDocumentVerified"]) == ("Success", "NotRequired")


def test_a_document_that_is_not_in_the_list_is_no_document(create):
    """GetNonDvsDocumentTypes says which ids there are."""
    asked = application(DVSCheckRequired=False, DVSDocument=None, NonDvsDocumentTypeId=4711)
    assert create(asked)["Result"] == "Failure"


def test_an_unverified_document_is_a_fault(create, store):
    """Nobody is created, and the RequestId has been used."""
    with pytest.raises(Refused, match=UNVERIFIED) as refused:
        create(application(DVSDocument=FORGED), request_id="R1")
    assert refused.value.code == 2004
    assert store.namesakes(family="Quokka") == []
    with pytest.raises(Refused) as refused:
        create(request_id="R1")
    assert refused.value.code == 1002


@pytest.mark.parametrize(
    "options",
    [{"unverified_answer": UnverifiedAnswer.RESULT}, {"faults": ["unverified_result"]}],
    ids=["set", "asked for"],
)
def test_an_unverified_document_may_be_a_result_instead(create, options):
    """Both are possible by the schema."""
    answer = create(application(DVSDocument=FORGED), **options)
    assert (answer["Result"], answer["IdentityDocumentVerified"]) == ("Failure", "False")
    assert answer["Errors"] == {"Error": [{"Code": "E999", "Message": UNVERIFIED}]}


@pytest.mark.parametrize(
    ("born", "result"),
    [
        ("2016-11-21", "Success"),  # ten years old today
        ("2016-11-22", "Failure"),
        ("1916-11-21", "Success"),  # 110 years
        ("1915-11-22", "Success"),
        ("1915-11-21", "Failure"),
        ("2026-11-22", "Failure"),
    ],
)
def test_the_age_is_between_ten_and_a_hundred_and_ten(create, born, result):
    """On the day in UTC; other figures can be set."""
    assert create(application(born=born))["Result"] == result


def test_the_age_can_be_set(create):
    """Another source says eleven."""
    assert create(application(born="2016-11-21"), least_age=11)["Result"] == "Failure"
    assert create(application(born="2016-11-22"), least_age=0)["Result"] == "Success"


@pytest.mark.parametrize(
    ("number", "result"),
    [
        ("08 9999 9999", "Success"),
        ("09 9999 9999", "Failure"),
        ("+61 8 9999 9999", "Success"),
        ("0491 570 006", "Success"),
    ],
)
def test_area_codes_are_looked_at_where_it_is_set(create, number, result):
    """A change in the official sample suggests that the real registry does."""
    asked = application()
    asked["ContactDetails"] = {**asked["ContactDetails"], "Phone": {"Home": number}}
    assert create(asked, area_codes_checked=True)["Result"] == result


def test_nobody_minds_area_codes_otherwise(create):
    """It is off unless set."""
    asked = application()
    asked["ContactDetails"] = {**asked["ContactDetails"], "Phone": {"Home": "09 9999 9999"}}
    assert create(asked)["Result"] == "Success"


def test_a_request_id_is_used_once(create, store):
    """The second use is refused and does nothing."""
    create(request_id="R1")
    with pytest.raises(Refused, match="has been used before") as refused:
        create(application(first="June"), request_id="R1")
    assert refused.value.code == 1002
    assert [account.first for account in store.namesakes(family="Quokka")] == ["Juniper"]


@pytest.mark.parametrize(
    "options",
    [{"repeated_request": RepeatedRequest.STORED_ANSWER}, {"faults": ["stored_answer"]}],
    ids=["set", "asked for"],
)
def test_a_repetition_may_be_given_the_stored_answer(create, store, options):
    """The same bytes again, whatever is asked this time."""
    first = create(request_id="R1")
    assert create(application(first="June"), request_id="R1", **options) == first
    assert len(store.namesakes(family="Quokka")) == 1


def test_a_stored_answer_is_for_the_same_operation(create, upload):
    """A RequestId of BulkUpload has no answer to give to CreateUSI."""
    upload(application(), request_id="R1")
    with pytest.raises(Refused):
        create(request_id="R1", faults=["stored_answer"])


def test_a_batch_is_answered_with_a_receipt_and_then_with_results(upload, retrieve):
    """Pending the first time, then each application in the order of the request, the same every time."""
    receipt = upload(
        application("a"),
        application("b", first="Maryam", family="Fredrick", born="1966-05-25"),
        application("c", first="June", DVSDocument=FORGED),
        application("d", first="Ju~ne"),
        application("e"),
    )
    assert len(receipt) == 36
    with pytest.raises(Refused, match="still being processed") as refused:
        retrieve(receipt)
    assert refused.value.code == 1002
    answer = retrieve(receipt)
    assert validator().errors(answer_element(OPERATIONS["BulkUploadRetrieve"], answer)) == ()
    assert (answer["RequestId"], answer["NoOfApplications"]) == ("batch-1", 5)
    assert answer["NoOfApplicationsFailed"] == 2
    records = answer["Applications"]["Application"]
    assert [(each["ApplicationId"], each["Result"]) for each in records] == [
        ("a", "Success"),
        ("b", "MatchFound"),
        ("c", "Failure"),
        ("d", "Failure"),
        ("e", "MatchFound"),  # the person of the first one
    ]
    assert records[0]["USI"] == records[4]["USI"]
    assert records[1]["USI"] == "BNGH7C75FN"
    assert records[2]["Errors"] == {"Error": [{"Code": "E999", "Message": UNVERIFIED}]}
    assert retrieve(receipt) == answer


def test_who_loses_the_receipt_finds_the_people_there(upload, create):
    """The batch was carried out, whether or not anybody asks for its results."""
    upload(application())
    assert create(application("2"))["Result"] == "MatchFound"


@pytest.mark.parametrize(
    ("options", "polls"),
    [({"pending_polls": 0}, 0), ({}, 1), ({"pending_polls": 3}, 3)],
    ids=["at once", "default", "thrice"],
)
def test_how_long_a_batch_takes_is_a_setting(upload, retrieve, options, polls):
    """Counted in questions."""
    receipt = upload(application())
    for _ in range(polls):
        with pytest.raises(Refused):
            retrieve(receipt, **options)
    assert retrieve(receipt, **options)["NoOfApplicationsFailed"] == 0


@pytest.mark.parametrize(
    "options",
    [{"pending_answer": PendingAnswer.EMPTY_LIST}, {"faults": ["pending_empty"]}],
    ids=["set", "asked for"],
)
def test_pending_may_be_an_empty_list(upload, retrieve, options):
    """The schema has no room for it."""
    assert retrieve(upload(application()), **options) == {
        "RequestId": "batch-1",
        "NoOfApplications": 1,
        "NoOfApplicationsFailed": 0,
        "Applications": {"Application": []},
    }


def test_a_batch_can_be_kept_pending(upload, retrieve):
    """For as long as the fault is asked for."""
    receipt = upload(application())
    for _ in range(4):
        with pytest.raises(Refused):
            retrieve(receipt, faults=["pending"])
    assert retrieve(receipt)["NoOfApplications"] == 1


def test_a_repeated_batch_is_not_taken_twice(upload, store):
    """It is refused, or its receipt is told again."""
    receipt = upload(application())
    with pytest.raises(Refused):
        upload(application("2", first="June"))
    assert upload(application("2", first="June"), faults=["stored_answer"]) == receipt
    assert len(store.namesakes(family="Quokka")) == 1


def test_a_receipt_is_for_its_own_organisation(upload, retrieve, store):
    """What is somebody else's is answered as what is nobody's."""
    with pytest.raises(Refused) as unknown:
        retrieve("00000000-0000-4000-8000-000000000000")
    batch = store.take_batch("VA1802", "1", [application()], datetime(2026, 11, 21, tzinfo=UTC))
    with pytest.raises(Refused) as foreign:
        retrieve(batch.receipt)
    assert (foreign.value.code, foreign.value.text) == (unknown.value.code, unknown.value.text)
    assert foreign.value.code == 1002


def test_settings_excuse_what_they_do_without(upload, retrieve):
    """The licence of a state whose card has a number, without that number."""
    licence = {"xsi:type": "DriversLicenceDocumentType", "LicenceNumber": "111111", "State": "NSW"}
    refused = upload(application(DVSDocument=licence), request_id="1")
    passed = upload(application(DVSDocument=licence), request_id="2", card_number_required=False)
    results = [
        retrieve(receipt, pending_polls=0)["Applications"]["Application"][0]["Result"]
        for receipt in (refused, passed)
    ]
    assert results == ["Failure", "Success"]
