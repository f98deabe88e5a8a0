"""BulkVerifyUSI: each record is told by its own answer, or left unclear."""

import pytest

from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal

USIS = ("BNGH7C75FN", "BP6LKB3C7X", "QFJEGFSBC4")
RECORDS = [{"USI": usi, "SingleName": "Amy", "DateOfBirth": "1985-01-01"} for usi in USIS]


def batch(records):
    """What is handed over."""
    return {"Verifications": {"Verification": records}}


def right(sent, name="Match"):
    """The answer to each record of a request."""
    return [
        {"USIStatus": "Valid", "SingleName": name, "USI": record["USI"], "RecordId": record["RecordId"]}
        for record in sent["Verifications"]["Verification"]
    ]


def whole(answers):
    """An answer that holds these."""
    return {"VerificationResponses": {"VerificationResponse": answers}}


def told(registry, said, alter, records=RECORDS):
    """What is concluded of each record when the answers are altered so."""
    client = registry(lambda sent: said("BulkVerifyUSI", whole(alter(right(sent)))))
    found = client.do("BulkVerifyUSI", batch(records))
    assert found.conclusion == "completed"
    return [record.conclusion for record in found.records]


def test_records_are_numbered_and_counted(registry, said):
    """No two share a RecordId, and the number that is announced is theirs."""
    client = registry(lambda sent: said("BulkVerifyUSI", whole(right(sent))))
    found = client.do("BulkVerifyUSI", batch(RECORDS))
    assert client.sent[0]["NoOfVerifications"] == 3
    assert [record["RecordId"] for record in client.sent[0]["Verifications"]["Verification"]] == [1, 2, 3]
    assert found.response == whole(right(client.sent[0]))
    assert [record.response["USI"] for record in found.records] == list(USIS)


@pytest.mark.parametrize(
    ("alter", "conclusions"),
    [
        (lambda answers: answers, ["verified", "verified", "verified"]),
        (lambda answers: answers[::-1], ["verified", "verified", "verified"]),
        (lambda answers: answers[1:], ["unclear", "verified", "verified"]),
        (lambda answers: [*answers, answers[0]], ["unclear", "verified", "verified"]),
        (lambda answers: [*answers, {**answers[0], "RecordId": 9}], ["verified", "verified", "verified"]),
        (
            lambda answers: [{**answers[0], "USI": "XNY5NV9WG9"}, *answers[1:]],
            ["unclear", "verified", "verified"],
        ),
        (
            lambda answers: [{**answers[0], "USIStatus": "Deactivated"}, *answers[1:]],
            ["not_verified", "verified", "verified"],
        ),
        (
            lambda answers: [{**answers[0], "USIStatus": ""}, *answers[1:]],
            ["unclear", "verified", "verified"],
        ),
        (
            lambda answers: [{**answers[0], "SingleName": "NoMatch"}, *answers[1:]],
            ["not_verified", "verified", "verified"],
        ),
        (
            lambda answers: [{**answers[0], "RecordId": "one"}, *answers[1:]],
            ["unclear", "verified", "verified"],
        ),
        (lambda answers: [], ["unclear", "unclear", "unclear"]),
    ],
)
def test_answers_are_found_by_record_id(registry, said, alter, conclusions):
    """The order means nothing; what is missing, doubled or of another USI is left open."""
    assert told(registry, said, alter) == conclusions


def test_the_same_person_twice_is_two_records(registry, said):
    """Each has an answer of its own."""
    assert told(registry, said, lambda answers: answers[::-1], [RECORDS[0]] * 2) == ["verified", "verified"]


def test_501_records_are_two_messages(registry, said):
    """500 and one, with RecordIds that stand once in both together."""
    client = registry(*[lambda sent: said("BulkVerifyUSI", whole(right(sent)[::-1]))] * 2)
    found = client.do("BulkVerifyUSI", batch(RECORDS * 167))
    assert [sent["NoOfVerifications"] for sent in client.sent] == [500, 1]
    identifiers = [
        record["RecordId"] for sent in client.sent for record in sent["Verifications"]["Verification"]
    ]
    assert identifiers == list(range(1, 502))
    assert [record.conclusion for record in found.records] == ["verified"] * 501
    assert [record.response["RecordId"] for record in found.records] == identifiers


def test_a_message_that_is_refused_does_not_cost_the_other(registry, said, fault):
    """Its records stay unclear, and are told in their places."""
    client = registry(fault(1002), lambda sent: said("BulkVerifyUSI", whole(right(sent))))
    found = client.do("BulkVerifyUSI", batch(RECORDS * 167))
    assert [record.conclusion for record in found.records] == ["unclear"] * 500 + ["verified"]


def test_what_is_refused_altogether_is_refused(registry, fault):
    """A fault says nothing of any USI."""
    with pytest.raises(Refusal) as caught:
        registry(fault(1002)).do("BulkVerifyUSI", batch(RECORDS))
    assert (caught.value.reason, caught.value.code) == ("service.validation", "1002")


def test_the_answer_of_500_records_is_read(registry, said):
    """It has more than 64 KiB."""
    sizes = []

    def answer(sent):
        made = said("BulkVerifyUSI", whole(right(sent)))
        sizes.append(len(made.body))
        return made

    found = registry(answer).do("BulkVerifyUSI", batch(RECORDS[:1] * 500))
    assert sizes[0] > 65536
    assert {record.conclusion for record in found.records} == {"verified"}


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        (batch([]), "request.invalid"),
        ({}, "request.invalid"),
        ({"Verifications": []}, "request.invalid"),
        ({"Verifications": {"Verification": RECORDS[0]}}, "request.invalid"),
        ({**batch(RECORDS), "NoOfVerifications": 3}, "request.invalid"),
        (batch([*RECORDS, "Amy"]), "request.invalid"),
        (batch([*RECORDS, {**RECORDS[0], "RecordId": 4}]), "request.invalid"),
        (batch([*RECORDS, {**RECORDS[0], "USI": "ZZZZ9999ZZ"}]), "usi.check_character"),
        (batch([*RECORDS, {**RECORDS[0], "USI": "INDIV"}]), "usi.not_a_usi"),
    ],
)
def test_nothing_is_sent_of_a_batch_that_is_wrong(registry, request_, reason):
    """Neither an empty one nor one with a record that cannot be verified."""
    assert registry().refuses("BulkVerifyUSI", request_)[0] == reason


def test_a_page_in_place_of_the_answer_is_no_verdict(registry):
    """Nobody is told anything of a person."""
    with pytest.raises(Refusal) as caught:
        registry(Answer(200, "text/html", b"<html>Back soon</html>")).do("BulkVerifyUSI", batch(RECORDS))
    assert caught.value.reason == "service.malformed_answer"
