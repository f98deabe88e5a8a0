"""CreateUSI: what the answer comes to, and what is done when there is none."""

import pytest

from conformance.reference.connection import NOT_CONNECTED
from conformance.reference.refusal import Refusal

ERRORS = {"Error": [{"Code": "E101", "Message": "Several records match."}]}


def created(said, answered, **changes):
    """Makes the answer to whatever is sent."""

    def answer(sent):
        identifier = changes.get("ApplicationId", sent["Application"]["ApplicationId"])
        return said(
            "CreateUSI", {"Application": answered(identifier, **{**changes, "ApplicationId": identifier})}
        )

    return answer


@pytest.mark.parametrize(
    ("changes", "conclusion"),
    [
        ({}, "created"),
        ({"IdentityDocumentVerified": "NotRequired"}, "created"),
        ({"IdentityDocumentVerified": "False"}, "unclear"),
        ({"USI": None}, "unclear"),
        ({"USI": "BNGH7C75FP"}, "unclear"),
        ({"ApplicationId": "another"}, "unclear"),
        ({"Result": "MatchFound"}, "existing"),
        ({"Result": "MatchFound", "USI": None}, "unclear"),
        ({"Result": "MatchFound", "USI": "BNGH7C75FP"}, "unclear"),
        ({"Result": "Failure", "USI": None, "Errors": ERRORS}, "failed"),
        ({"Result": "Failure", "USI": None}, "failed"),
        ({"Result": "Failure", "Errors": ERRORS}, "unclear"),
        ({"Result": "Pending"}, "unclear"),
        ({"Result": ""}, "unclear"),
    ],
)
def test_what_an_answer_comes_to(registry, said, answered, application, changes, conclusion):
    """A USI is used when all that comes with it fits; all else is for a person to look at."""
    client = registry(created(said, answered, **changes))
    found = client.do("CreateUSI", {"Application": application})
    assert found.conclusion == conclusion
    assert found.records is None
    for name in ("Result", "USI", "Errors"):
        assert changes.get(name, ...) in (..., found.response["Application"].get(name))


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("transport.failed", text="The connection failed: timed out."),
        Refusal("service.malformed_answer", text="The answer belongs to another request."),
        Refusal("service.unavailable", code="HTTP 504"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_a_lost_answer_is_not_followed_by_another_application(registry, application, refusal):
    """The registry may have made the USI.  The user gets the RequestId, and nobody is created twice."""
    client = registry(refusal)
    found = client.do("CreateUSI", {"Application": application})
    assert (found.conclusion, len(client.sent), client.waited) == ("unclear", 1, [])
    assert found.response["RequestId"] == client.sent[0]["RequestId"]


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal("transport.failed", code=NOT_CONNECTED),
        Refusal("transport.untrusted"),
    ],
    ids=lambda refusal: refusal.code,
)
def test_what_was_never_sent_has_failed(registry, application, refusal):
    """Nobody was there, or not the right one."""
    with pytest.raises(Refusal) as caught:
        registry(refusal).do("CreateUSI", {"Application": application})
    assert caught.value is refusal


@pytest.mark.parametrize("code", [1001, 1002, 2002, 2004, 3458, 9999])
def test_a_fault_ends_the_call(registry, fault, application, code):
    """Unverified identity does not loop, and neither does anything else."""
    client = registry(fault(code))
    with pytest.raises(Refusal) as caught:
        client.do("CreateUSI", {"Application": application})
    assert (caught.value.code, len(client.sent)) == (str(code), 1)


def test_no_two_calls_share_an_id(registry, said, answered, application):
    """RequestId and ApplicationId have 20 characters and are drawn anew."""
    client = registry(*[created(said, answered)] * 3)
    for _ in range(3):
        client.do("CreateUSI", {"Application": application})
    identifiers = [
        identifier
        for sent in client.sent
        for identifier in (sent["RequestId"], sent["Application"]["ApplicationId"])
    ]
    assert len(set(identifiers)) == 6
    assert {len(identifier) for identifier in identifiers} == {20}


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"Application": None},
        {"Application": "Anne"},
        {"Application": {}},
        {"Application": {"DVSCheckRequired": False, "NonDvsDocumentTypeId": 5}},
    ],
)
def test_an_application_is_whole(registry, request_):
    """Nothing is sent of what is not."""
    assert registry().refuses("CreateUSI", request_)[0] == "request.invalid"
