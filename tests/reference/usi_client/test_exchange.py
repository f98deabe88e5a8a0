"""One request and its answer, whatever the operation."""

import pytest

from conformance.protocol.operations import OPERATIONS
from conformance.reference.connection import NOT_CONNECTED, Answer
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import STEPS, UsiClient
from conformance.reference.usi_client.calls import ESSENTIAL, LEFT_OUT, REPEATABLE

VERIFY = {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"}
INVALID_SECURITY = Refusal("service.fault", code="InvalidSecurity", text="Not verified.")
CONTACT_CHANGE = {"USI": "BNGH7C75FN", "ContactDetailsUpdate": {"EmailAddress": "a@example.org"}}
LOCATE = {"PersonalDetails": {"Gender": "F", "FamilyName": "Angle", "DateOfBirth": "1981-09-02"}}


def test_every_operation_of_the_table_has_its_steps():
    """Each has a method that prepares it and one that carries it out, and an element that it must answer."""
    assert set(STEPS) == set(OPERATIONS) == set(ESSENTIAL)
    assert all(hasattr(UsiClient, method) for pair in STEPS.values() for method in pair)
    assert all(OPERATIONS[name].response.element(element) for name, element in ESSENTIAL.items())


def test_what_may_be_asked_twice():
    """Whatever creates, changes or notifies somebody is not among it."""
    assert {
        "VerifyUSI",
        "BulkVerifyUSI",
        "BulkUploadRetrieve",
        "GetCountries",
        "GetNonDvsDocumentTypes",
    } == REPEATABLE


@pytest.mark.parametrize(
    ("operation", "request_"),
    [("LocateUSI", LOCATE), ("UpdateUSIContactDetails", CONTACT_CHANGE)],
)
def test_1001_is_not_asked_again_where_that_may_do_harm(registry, fault, operation, request_):
    """The user is told that the registry is not available, and decides."""
    client = registry(fault(1001))
    with pytest.raises(Refusal) as caught:
        client.do(operation, request_)
    assert (caught.value.reason, caught.value.code) == ("service.unavailable", "1001")
    assert (len(client.sent), client.waited) == (1, [])


def test_1001_is_asked_again_where_it_does_none(registry, fault, said):
    """Three times at most, with growing pauses."""
    found = {"NonDvsDocumentTypes": {"NonDvsDocumentType": []}}
    client = registry(fault(1001), fault(1001), said("GetNonDvsDocumentTypes", found))
    assert client.do("GetNonDvsDocumentTypes", {}).conclusion == "listed"
    assert client.waited == [0.1, 0.4]


def test_another_attempt_has_another_request_id(registry, said, answered, application):
    """A token that was refused is replaced once; the request goes out again under a new RequestId."""
    client = registry(
        INVALID_SECURITY,
        lambda sent: said("CreateUSI", {"Application": answered(sent["Application"]["ApplicationId"])}),
    )
    assert client.do("CreateUSI", {"Application": application}).conclusion == "created"
    first, second = (sent["RequestId"] for sent in client.sent)
    assert first != second
    assert len(client.forgotten) == 1


def test_request_ids_are_20_characters_of_what_is_drawn(registry):
    """100 random bits: none is drawn twice, by this product or after a restart."""
    client = registry(random=lambda size: bytes(range(size)))
    assert client.request_id() == "AAAQEAYEAUDAOCAJBIFQ"


@pytest.mark.parametrize(
    ("reason", "code", "unknown"),
    [
        ("transport.failed", "", True),
        ("transport.failed", NOT_CONNECTED, False),
        ("transport.untrusted", "", False),
        ("service.malformed_answer", "", True),
        ("service.unavailable", "HTTP 502", True),
        ("service.unavailable", "1001", False),
        ("service.validation", "1002", False),
        ("token.unavailable", "HTTP 503", False),
    ],
)
def test_when_nobody_knows_whether_it_was_done(registry, reason, code, unknown):
    """Something was sent to the registry, and nothing of it came back."""
    assert registry().outcome_unknown(Refusal(reason, code=code)) is unknown


def test_an_element_too_many_is_passed_over(registry, said):
    """A later edition of the contract may have more to say."""
    answer = said("VerifyUSI", {"USIStatus": "Valid", "SingleName": "Match"})
    more = Answer(
        200, answer.content_type, answer.body.replace(b"</usi:SingleName>", b"</usi:SingleName><x/>")
    )
    found = registry(more).do("VerifyUSI", VERIFY)
    assert (found.response, found.conclusion) == (
        {"USIStatus": "Valid", "SingleName": "Match", "x": ""},
        "verified",
    )


def test_the_answer_to_another_operation_is_none(registry, said):
    """However well it reads."""
    client = registry(said("LocateUSI", {"Result": "NoMatch", "ContactDetailsMessage": ""}))
    with pytest.raises(Refusal) as caught:
        client.do("VerifyUSI", VERIFY)
    assert caught.value.reason == "service.malformed_answer"


def test_elements_are_left_out_that_nobody_hands_over(registry):
    """Who hands them over is told so: the product makes them up."""
    for name in sorted(LEFT_OUT):
        reason, _ = registry().refuses("LocateUSI", {**LOCATE, name: "1"})
        assert reason == "request.invalid"


@pytest.mark.parametrize("code", ["", "VA18031803", "VA-1803", "VA 1803"])
def test_an_organisations_code_is_looked_at_first(registry, code):
    """One to eight letters and digits."""
    client = registry()
    with pytest.raises(Refusal, match="up to eight letters"):
        client.do("GetCountries", {}, code=code)
    assert client.sent == []


def test_a_request_holds_elements_by_name(registry):
    """A list is none."""
    assert registry().refuses("GetCountries", ["x"])[0] == "request.invalid"
