"""BulkUpload and BulkUploadRetrieve: receipts are kept, and results find their applications."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from conformance.reference.refusal import Refusal

RECEIPTS = [f"6a7a5b43-1b09-497e-9752-58946344{number:04}" for number in range(20)]


def batch(application, count=3):
    """What is handed over."""
    return {"Applications": {"Application": [application] * count}}


def taken(said, receipts=RECEIPTS):
    """Answers with one receipt after the other."""
    left = list(receipts)
    return lambda sent: said("BulkUpload", {"ReceiptNumber": left.pop(0)})


@pytest.fixture
def results(said, answered):
    """Makes the answer with the results of an upload: `results(sent, alter)`."""

    def make(sent, alter=lambda answers: answers, **changes):
        applications = alter(
            [answered(each["ApplicationId"]) for each in sent["Applications"]["Application"]]
        )
        whole = {
            "RequestId": sent["RequestId"],
            "NoOfApplications": len(applications),
            "NoOfApplicationsFailed": 0,
            "Applications": {"Application": applications},
        }
        return said("BulkUploadRetrieve", {**whole, **changes})

    return make


def told(found):
    """What is concluded of each record."""
    return [record.conclusion for record in found.records]


def test_an_upload_is_pending_under_its_receipt(registry, said, application):
    """The applications are numbered and counted; nothing is asked yet."""
    client = registry(taken(said))
    found = client.do("BulkUpload", batch(application))
    assert (found.response, found.conclusion) == ({"ReceiptNumber": RECEIPTS[0]}, "pending")
    assert found.records is None
    assert client.sent[0]["NoOfApplications"] == 3
    identifiers = [each["ApplicationId"] for each in client.sent[0]["Applications"]["Application"]]
    assert len(set(identifiers)) == 3


def test_a_receipt_survives(registry, said, application, results, tmp_path):
    """Another process fetches the results; the file names nobody."""
    state = tmp_path / "state.json"
    first = registry(taken(said))
    first.do("BulkUpload", batch(application), state=state)
    second = registry(lambda sent: results(first.sent[0]))
    found = second.do("BulkUploadRetrieve", {}, state=state)
    assert second.sent == [{"ReceiptNumber": RECEIPTS[0]}]
    assert (found.conclusion, told(found)) == ("completed", ["created"] * 3)
    kept = state.read_text("utf-8")
    assert json.loads(kept)["batches"][0]["receipt"] == RECEIPTS[0]
    assert not any(text in kept for text in ("Anne", "O'Hara", "1990", "X1111111", "BNGH7C75FN"))


def test_an_upload_is_remembered_before_it_is_sent(registry, application, tmp_path):
    """Whoever finds the file knows that an upload was begun whose receipt never came."""
    state = tmp_path / "state.json"
    seen = []

    def breaks(sent):
        seen.extend(json.loads(state.read_text("utf-8"))["batches"])
        return Refusal("transport.failed")

    client = registry(breaks)
    found = client.do("BulkUpload", batch(application), state=state)
    assert (found.conclusion, len(client.sent)) == ("unclear", 1)
    assert [(each["request_id"], each["receipt"]) for each in seen] == [(client.sent[0]["RequestId"], "")]
    with pytest.raises(Refusal, match="outstanding"):
        client.do("BulkUploadRetrieve", {}, state=state)


def test_nothing_is_sent_that_cannot_be_remembered(registry, application, tmp_path):
    """A receipt would be lost at once; a file that cannot be read is not written over."""
    for path in (tmp_path / "nowhere" / "state.json", tmp_path / "damaged.json"):
        (tmp_path / "damaged.json").write_text("{")
        client = registry()
        with pytest.raises(Refusal) as caught:
            client.do("BulkUpload", batch(application), state=path)
        assert (caught.value.reason, client.sent) == ("request.invalid", [])
    assert (tmp_path / "damaged.json").read_text() == "{"


def test_another_organisation_does_not_use_a_receipt(registry, said, application, tmp_path):
    """The request names no organisation, so that only the client can see to it."""
    state = tmp_path / "state.json"
    registry(taken(said)).do("BulkUpload", batch(application), state=state)
    for others in ({"code": "VA1803"}, {"abn": "27809366375"}, {"address": "https://127.0.0.1:2/"}):
        client = registry()
        with pytest.raises(Refusal, match="belongs to another"):
            client.do("BulkUploadRetrieve", {"ReceiptNumber": RECEIPTS[0]}, state=state, **others)
        with pytest.raises(Refusal, match="outstanding"):
            client.do("BulkUploadRetrieve", {}, state=state, **others)
        assert client.sent == []


def test_two_organisations_fetch_their_own(registry, said, application, results):
    """Whatever was uploaded last."""
    client = registry(taken(said))
    client.answers *= 2
    for code in ("VA1802", "VA1803"):
        client.do("BulkUpload", batch(application), code=code)
    uploads = list(client.sent)
    client.answers = [lambda sent: results(uploads[0]), lambda sent: results(uploads[1])]
    for code in ("VA1802", "VA1803"):
        assert client.do("BulkUploadRetrieve", {}, code=code).conclusion == "completed"
    assert [sent["ReceiptNumber"] for sent in client.sent[2:]] == RECEIPTS[:2]


@pytest.mark.parametrize("code", [1002, 7777])
def test_a_fault_can_mean_that_results_are_not_there_yet(registry, said, fault, application, results, code):
    """It is asked a few times with growing pauses, and the rest is left for later."""
    client = registry(taken(said), *[fault(code)] * 3)
    client.do("BulkUpload", batch(application))
    assert client.do("BulkUploadRetrieve", {}).conclusion == "pending"
    assert client.waited == [0.1, 0.4]
    client.answers = [fault(code), lambda sent: results(client.sent[0])]
    assert client.do("BulkUploadRetrieve", {}).conclusion == "completed"


def test_an_answer_without_applications_means_the_same(registry, said, application, results):
    """The schema does not allow it, and says nothing better."""
    client = registry(taken(said))
    client.do("BulkUpload", batch(application))
    client.answers = [lambda sent: results(client.sent[0], lambda answers: [])] * 3
    assert client.do("BulkUploadRetrieve", {"ReceiptNumber": RECEIPTS[0]}).conclusion == "pending"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (2002, "service.not_authorised"),
        (3458, "service.outdated_version"),
        (1001, "service.unavailable"),
    ],
)
def test_other_faults_mean_what_they_say(registry, said, fault, application, code, reason):
    """Nothing is pending about them; the receipt is kept."""
    client = registry(taken(said), *[fault(code)] * 3)
    client.do("BulkUpload", batch(application))
    with pytest.raises(Refusal) as caught:
        client.do("BulkUploadRetrieve", {})
    assert caught.value.reason == reason
    client.answers = [fault(1002)] * 3
    assert client.do("BulkUploadRetrieve", {}).conclusion == "pending"


def test_nobody_waits_for_ever(registry, said, fault, application):
    """After two weeks a refusal is one."""
    now = [datetime(2026, 11, 21, tzinfo=UTC)]
    client = registry(taken(said), fault(1002), clock=lambda: now[0])
    client.do("BulkUpload", batch(application))
    now[0] += timedelta(days=14)
    with pytest.raises(Refusal) as caught:
        client.do("BulkUploadRetrieve", {})
    assert caught.value.code == "1002"


@pytest.mark.parametrize(
    ("alter", "conclusions"),
    [
        (lambda answers: answers[::-1], ["created"] * 3),
        (lambda answers: answers[1:], ["unclear", "created", "created"]),
        (lambda answers: [*answers, answers[1]], ["created", "unclear", "created"]),
        (lambda answers: [*answers, {**answers[1], "ApplicationId": "other"}], ["created"] * 3),
        (
            lambda answers: [{**answers[0], "Result": "MatchFound"}, *answers[1:]],
            ["existing", "created", "created"],
        ),
        (
            lambda answers: [
                {name: text for name, text in answers[0].items() if name != "USI"} | {"Result": "Failure"},
                *answers[1:],
            ],
            ["failed", "created", "created"],
        ),
        (
            lambda answers: [{**answers[0], "USI": "BNGH7C75FP"}, *answers[1:]],
            ["unclear", "created", "created"],
        ),
        (
            lambda answers: [{**answers[0], "IdentityDocumentVerified": "False"}, *answers[1:]],
            ["unclear", "created", "created"],
        ),
    ],
)
def test_results_are_found_by_application_id(registry, said, application, results, alter, conclusions):
    """In the order of the upload, whatever the order of the answer."""
    client = registry(taken(said))
    client.do("BulkUpload", batch(application))
    client.answers = [lambda sent: results(client.sent[0], alter)]
    found = client.do("BulkUploadRetrieve", {})
    assert (found.conclusion, told(found)) == ("completed", conclusions)


def test_the_results_of_another_upload_are_not_used(registry, said, application, results):
    """An answer with another RequestId settles nothing, and the upload stays outstanding."""
    client = registry(taken(said))
    client.do("BulkUpload", batch(application))
    client.answers = [
        lambda sent: results(client.sent[0], RequestId="another"),
        lambda sent: results(client.sent[0]),
    ]
    found = client.do("BulkUploadRetrieve", {})
    assert (found.conclusion, told(found)) == ("unclear", ["unclear"] * 3)
    assert client.do("BulkUploadRetrieve", {}).conclusion == "completed"


def test_results_can_be_fetched_twice(registry, said, application, results):
    """By their receipt, and they are the same; nothing is outstanding any more."""
    client = registry(taken(said))
    client.do("BulkUpload", batch(application))
    client.answers = [lambda sent: results(client.sent[0])] * 2
    first = client.do("BulkUploadRetrieve", {})
    assert client.do("BulkUploadRetrieve", {"ReceiptNumber": RECEIPTS[0]}) == first
    with pytest.raises(Refusal, match="No upload of this organisation is outstanding"):
        client.do("BulkUploadRetrieve", {})


def test_a_receipt_from_elsewhere_is_asked_with(registry, results):
    """What came is told in the order of the answer; a fault is a fault."""
    sent = {"RequestId": "x", "Applications": {"Application": [{"ApplicationId": "a"}]}}
    client = registry(results(sent))
    found = client.do("BulkUploadRetrieve", {"ReceiptNumber": RECEIPTS[0]})
    assert (found.conclusion, told(found)) == ("completed", ["created"])


def test_an_unknown_receipt_is_refused_by_the_registry(registry, fault):
    """Nothing says that its results will ever come."""
    with pytest.raises(Refusal) as caught:
        registry(fault(1002)).do("BulkUploadRetrieve", {"ReceiptNumber": RECEIPTS[0]})
    assert caught.value.reason == "service.validation"


@pytest.mark.parametrize("receipt", ["abc", 7, "x" * 37])
def test_what_is_no_receipt_is_not_sent(registry, receipt):
    """It has 36 characters."""
    assert registry().refuses("BulkUploadRetrieve", {"ReceiptNumber": receipt})[0] == "request.invalid"


def test_501_applications_are_two_messages_and_one_upload(registry, said, application, results):
    """Either receipt, or none, fetches them all."""
    client = registry(taken(said))
    client.answers *= 2
    found = client.do("BulkUpload", batch(application, 501))
    assert (found.response, found.conclusion) == ({"ReceiptNumber": RECEIPTS[:2]}, "pending")
    uploads = list(client.sent)
    assert [sent["NoOfApplications"] for sent in uploads] == [500, 1]
    assert uploads[0]["RequestId"] != uploads[1]["RequestId"]
    for asked in ({}, {"ReceiptNumber": RECEIPTS[1]}):
        client.answers = [
            lambda sent: results(uploads[0], lambda answers: answers[::-1]),
            lambda sent: results(uploads[1]),
        ]
        found = client.do("BulkUploadRetrieve", asked)
        assert (found.conclusion, told(found)) == ("completed", ["created"] * 501)
        assert found.response["NoOfApplications"] == 501
        assert [record.response["ApplicationId"] for record in found.records] == [
            each["ApplicationId"] for sent in uploads for each in sent["Applications"]["Application"]
        ]


def test_the_part_of_an_upload_that_was_lost_stays_unclear(registry, said, application, results, lost):
    """The receipt of the first message is kept, the second is not sent again, and the third not at all."""
    client = registry(taken(said), lost)
    found = client.do("BulkUpload", batch(application, 1001))
    assert (found.conclusion, len(client.sent)) == ("unclear", 2)
    assert found.response["ReceiptNumber"] == RECEIPTS[:1]
    client.answers = [lambda sent: results(client.sent[0])]
    found = client.do("BulkUploadRetrieve", {})
    assert told(found) == ["created"] * 500 + ["unclear"] * 501


def test_a_receipt_that_cannot_be_stored_is_told(registry, said, application, tmp_path):
    """The user has it at least, and knows that something is wrong."""
    folder = tmp_path / "state"
    folder.mkdir()

    def removes(sent):
        for path in (folder / "state.json", folder):
            path.unlink() if path.is_file() else path.rmdir()
        return said("BulkUpload", {"ReceiptNumber": RECEIPTS[0]})

    client = registry(removes)
    found = client.do("BulkUpload", batch(application), state=folder / "state.json")
    assert (found.conclusion, found.response["ReceiptNumber"]) == ("unclear", RECEIPTS[:1])


def test_an_upload_that_is_refused_is_not_outstanding(registry, fault, application):
    """Nothing was taken."""
    client = registry(fault(1002))
    with pytest.raises(Refusal) as caught:
        client.do("BulkUpload", batch(application))
    assert caught.value.code == "1002"
    with pytest.raises(Refusal, match="outstanding"):
        client.do("BulkUploadRetrieve", {})


@pytest.mark.parametrize("receipt", ["", "short", "x" * 37])
def test_an_upload_without_a_usable_receipt_is_unclear(registry, said, application, receipt):
    """It was taken, or was it?  It is not sent again."""
    client = registry(said("BulkUpload", {"ReceiptNumber": receipt}))
    assert client.do("BulkUpload", batch(application)).conclusion == "unclear"
    assert len(client.sent) == 1


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_is_uploaded_of_a_batch_that_is_wrong(registry, application, count):
    """Neither an empty one nor one with an application that would not be sent by itself."""
    wrong = [application] * count + [{**application, "PersonalDetails": {}}] * count
    asked = {"Applications": {"Application": wrong}}
    assert registry().refuses("BulkUpload", asked)[0] == "request.invalid"
