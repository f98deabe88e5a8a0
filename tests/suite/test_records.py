"""Answers of a batch belong to records by RecordId, and what is told of each is held against its own."""

from types import SimpleNamespace

import pytest

from conformance.adapters.contract import Answer, Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.simulators.http import Response
from conformance.suite import Budget
from conformance.suite.iut import Iut, Reply
from conformance.suite.records import Answered, answers_in, right_conclusion, sent_in, told_of

ADA = {"USI": "BNGH7C75FN", "FirstName": "Ada", "FamilyName": "One", "DateOfBirth": "1990-01-01"}
BEN = {"USI": "BP6LKB3C7X", "FirstName": "Ben", "FamilyName": "Two", "DateOfBirth": "1990-01-02"}

ANSWER = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>
<BulkVerifyUSIResponse xmlns="http://usi.gov.au/2022/ws"><VerificationResponses>{}</VerificationResponses>
</BulkVerifyUSIResponse></s:Body></s:Envelope>"""

RECORD = """<VerificationResponse><USIStatus>{status}</USIStatus><FirstName>{match}</FirstName>
<FamilyName>Match</FamilyName><DateOfBirth>Match</DateOfBirth><USI>{usi}</USI><RecordId>{number}</RecordId>
</VerificationResponse>"""


def record(number, usi="BNGH7C75FN", status="Valid", match="Match"):
    """One record of an answer."""
    return RECORD.format(number=number, usi=usi, status=status, match=match)


def exchange(*answers, sent=(ADA, BEN)):
    """A request for these people, with the RecordIds 2, 4 and so on, and its answer."""
    records = [{"RecordId": 2 * number, **person} for number, person in enumerate(sent, 1)]
    values = {"NoOfVerifications": len(records), "Verifications": {"Verification": records}}
    return SimpleNamespace(
        facts=SimpleNamespace(request=SimpleNamespace(name="BulkVerifyUSI", values=values)),
        response=Response(200, (), ANSWER.format("".join(answers)).encode()),
    )


def scenario(asked, *conclusions, outcome=Outcome.OK, reason=""):
    """What a product told of a batch."""
    records = [{"conclusion": each, "response": {}} for each in conclusions]
    value = {"conclusion": "completed", "response": {}, "records": records}
    answer = Answer(outcome=outcome, value=value if outcome is Outcome.OK else None, reason=reason)
    iut = Iut(SimpleNamespace(), Budget())
    return SimpleNamespace(
        reply=Reply(answer, "usi.call", "the operation BulkVerifyUSI", iut),
        registry_requests=[asked],
        cite=lambda: None,
    )


@pytest.mark.parametrize(
    ("answer", "conclusion"),
    [
        ({"USIStatus": "Valid", "FirstName": "Match", "DateOfBirth": "Match"}, "verified"),
        ({"USIStatus": "Valid", "SingleName": "NoMatch", "DateOfBirth": "Match"}, "not_verified"),
        ({"USIStatus": "Deactivated", "FirstName": "Match", "DateOfBirth": "Match"}, "not_verified"),
        ({"USIStatus": "Suspended", "FirstName": "Match"}, "not_verified"),
        ({"USIStatus": "Valid"}, "not_verified"),
        ({"USIStatus": "Invalid"}, "not_verified"),
    ],
)
def test_only_valid_with_every_match_is_verified(answer, conclusion):
    """Status and matches decide together, and a status without matches says nothing of the person."""
    assert right_conclusion(answer) == conclusion


def test_records_are_read_as_they_crossed():
    """Both sides of a message in JSON form, in their own order."""
    asked = exchange(record(4, status="Invalid"), record(2))
    assert [each["RecordId"] for each in sent_in(asked)] == [2, 4]
    assert [(each["RecordId"], each["USIStatus"]) for each in answers_in(asked)] == [
        (4, "Invalid"),
        (2, "Valid"),
    ]


@pytest.mark.parametrize("body", [b"", b"<html/>", b"<html>", ANSWER.replace("Bulk", "").encode()])
def test_what_is_no_answer_holds_no_records(body):
    """A page, nothing, or the answer to something else."""
    asked = exchange()
    asked.response = Response(200, (), body)
    assert answers_in(asked) == []


def test_shuffled_answers_are_followed():
    """The product may hand its records over in any order of RecordIds, and be answered in any other."""
    asked = exchange(record(2), record(4, match="NoMatch"))
    answered = Answered(scenario(asked, "not_verified", "verified"), (BEN, ADA))
    assert (answered.ids, answered.answered_ids) == ([4, 2], [2, 4])
    answered.must_be_told()
    with pytest.raises(ImplementationError, match="record 1 of the batch"):
        Answered(scenario(asked, "verified", "not_verified"), (BEN, ADA)).must_be_told()


def test_a_record_in_trouble_is_left_open():
    """Neither verified nor not: whoever says either has guessed."""
    asked = exchange(record(2), record(2, match="NoMatch"), record(4))
    Answered(scenario(asked, "unclear", "verified"), (ADA, BEN)).must_be_told([2])
    for guess in ("verified", "not_verified"):
        with pytest.raises(ImplementationError) as failure:
            Answered(scenario(asked, guess, "verified"), (ADA, BEN)).must_be_told([2], may_be_right=True)
        assert (failure.value.expected, failure.value.found) == ("failed or unclear", guess)


def test_what_is_unambiguous_may_be_told_or_left_open():
    """Where nothing contradicts the answer, caution and trust are both right."""
    asked = exchange(record(2), record(4), record(6))
    for told in ("verified", "unclear"):
        Answered(scenario(asked, told, told), (ADA, BEN)).must_be_told([2, 4], may_be_right=True)


def test_a_refusal_of_the_whole_answer_believes_nothing_of_it():
    """It is right for the reason that the answer cannot be used, and for no other one."""
    asked = exchange(record(2))
    refused = scenario(asked, outcome=Outcome.REJECTED, reason="service.malformed_answer")
    Answered(refused, (ADA, BEN)).must_be_told([4])
    with pytest.raises(ImplementationError, match="wrong reason"):
        Answered(scenario(asked, outcome=Outcome.REJECTED, reason="usi.length"), (ADA, BEN)).must_be_told([4])


def test_each_record_that_was_handed_over_must_be_told():
    """Results that are left out, or are too many, belong to nobody."""
    asked = exchange(record(2), record(4))
    with pytest.raises(ImplementationError, match="what became of it"):
        told_of(scenario(asked, "verified"), 2)


def test_a_record_that_was_not_sent_cannot_be_followed():
    """Without it there is nothing to hold an answer against."""
    with pytest.raises(NotTestable, match="not in the message"):
        Answered(scenario(exchange(record(2), sent=(ADA,)), "verified", "verified"), (ADA, BEN))
