"""What the reference makes of answers that no healthy service gives."""

from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conformance.protocol import soap, trust
from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import ActAs, Attempt, Order, TokenClient
from conformance.reference.usi_client import Call, UsiClient

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
CALL = Call(
    usi_address="https://127.0.0.1:1/service/v5/usiservice.svc",
    org_code="VA1803",
    operation="VerifyUSI",
    request={"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
)
ORDER = Order(
    sts_address="https://127.0.0.1:1/sts",
    ca_file="",
    credential=None,
    applies_to="https://service.test/",
)

WSS = (
    'xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"'
    ' xmlns:u="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"'
)


def envelope(body, header=""):
    """A SOAP 1.2 envelope around text."""
    return (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:a="http://www.w3.org/2005/08/addressing">'
        f"<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
    ).encode()


def verified(fields):
    """An answer to VerifyUSI."""
    return f'<VerifyUSIResponse xmlns="http://usi.gov.au/2022/ws">{fields}</VerifyUSIResponse>'


def fault(detail, code="Sender"):
    """A fault with a detail."""
    return (
        f"<s:Fault><s:Code><s:Value>s:{code}</s:Value></s:Code>"
        '<s:Reason><s:Text xml:lang="en">Something is wrong.</s:Text></s:Reason>'
        f"<s:Detail>{detail}</s:Detail></s:Fault>"
    )


def error_info(code, namespace):
    """One ErrorInfo of the registry."""
    return (
        f'<ErrorInfo xmlns="http://usi.gov.au/{namespace}/ws"><Code>{code}</Code><Title>Title</Title>'
        "<Message>Message</Message></ErrorInfo>"
    )


def registry(*answers):
    """A client that gets these answers, whatever it asks, and the list of what it waited and renewed."""
    remaining = list(answers)
    log = []

    class Tokens:
        def token(self, order):
            return None

        def forget(self, order):
            log.append("token forgotten")

    class Canned(UsiClient):
        def endorse(self, envelope, token):
            pass

        def post(self, order, address, message, headers):
            return remaining.pop(0)

    return Canned(tokens=Tokens(), clock=lambda: NOW, random=lambda size: b"\1" * size, sleep=log.append), log


def asked(*answers):
    """What a verification comes to with these answers: response, or reason and code."""
    client, log = registry(*answers)
    try:
        return client.call(lambda: ORDER, CALL)[:2], log
    except Refusal as refusal:
        return (refusal.reason, refusal.code), log


MALFORMED = ("service.malformed_answer", "service.malformed_answer")


@pytest.mark.parametrize(
    ("status", "content_type", "body", "outcome"),
    [
        (200, "application/soap+xml", envelope(""), None),
        (200, "text/html", b"<html>Maintenance</html>", None),
        (200, "text/html", b"<!DOCTYPE html><html>Maintenance<br></html>", None),
        (200, "application/soap+xml", b"", None),
        (202, "application/soap+xml", b"", MALFORMED),
        (200, "application/soap+xml", envelope(verified("<USIStatus>Valid</USIStatus>"))[:-20], None),
        (200, "application/soap+xml", envelope(verified("<DateOfBirth>Match</DateOfBirth>")), None),
        (200, "application/soap+xml", envelope(verified("<Surprise/>")), None),
        (200, "application/soap+xml", envelope("<other/>"), None),
        (
            200,
            "application/soap+xml",
            b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>'
            + envelope(verified("<USIStatus>&e;</USIStatus>")),
            None,
        ),
        (
            200,
            "application/soap+xml",
            envelope(verified("<USIStatus>Valid</USIStatus>"), "<a:RelatesTo>urn:uuid:0</a:RelatesTo>"),
            MALFORMED,
        ),
        (503, "text/html", b"<html><br></html>", ("service.unavailable", "HTTP 503")),
        (502, "text/plain", b"", ("service.unavailable", "HTTP 502")),
        (302, "text/plain", b"", ("service.malformed_answer", "HTTP 302")),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_verdict(status, content_type, body, outcome):
    """Neither verified nor not verified follows from it, and nothing is read but the answer."""
    found, log = asked(Answer(status, content_type, body))
    assert found[0] in ("service.malformed_answer", "service.unavailable")
    assert outcome is None or found == outcome
    assert log == []


def test_a_page_in_place_of_an_answer_while_the_service_is_away():
    """A proxy's well-formed page with 503 is an outage too."""
    found, _ = asked(Answer(503, "application/xhtml+xml", b"<html><p>Back soon</p></html>"))
    assert found == ("service.unavailable", "HTTP 503")


@pytest.mark.parametrize(
    ("fields", "conclusion"),
    [
        (
            "<USIStatus>Valid</USIStatus><SingleName>Match</SingleName><DateOfBirth>Match</DateOfBirth>",
            "verified",
        ),
        ("<USIStatus>Valid</USIStatus><DateOfBirth>Match</DateOfBirth>", "verified"),
        ("<USIStatus>Valid</USIStatus>", "not_verified"),
        ("<USIStatus>Valid</USIStatus><SingleName>NoMatch</SingleName>", "not_verified"),
        ("<USIStatus>Valid</USIStatus><SingleName>match</SingleName>", "not_verified"),
        ("<USIStatus>Invalid</USIStatus>", "not_verified"),
        ("<USIStatus>Deactivated</USIStatus><SingleName>Match</SingleName>", "not_verified"),
        ("<USIStatus>Suspended</USIStatus><SingleName>Match</SingleName>", "not_verified"),
    ],
)
def test_concludes_from_status_and_every_returned_match(fields, conclusion):
    """Valid and at least one match, and nothing but matches, is verified."""
    (_, found), _ = asked(Answer(200, "application/soap+xml", envelope(verified(fields))))
    assert found == conclusion


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("namespace", ["2020", "2022"])
def test_reads_a_fault_in_either_namespace_and_with_either_status(status, namespace):
    """Version 5 kept the fault types of version 4."""
    body = envelope(fault(error_info(" 2002 ", namespace)))
    assert asked(Answer(status, "application/soap+xml", body))[0] == ("service.not_authorised", "2002")


def test_reads_every_error_of_an_array():
    """The first one gives the reason, all are shown."""
    errors = "".join(error_info(code, "2020") for code in (1002, 2004))
    client, _ = registry(
        Answer(
            500,
            "application/soap+xml",
            envelope(
                fault(
                    f'<x:ArrayOfErrorInfo xmlns:x="http://usi.gov.au/2020/ws">{errors}</x:ArrayOfErrorInfo>'
                )
            ),
        )
    )
    with pytest.raises(Refusal) as caught:
        client.call(lambda: ORDER, CALL)
    assert caught.value.reason == "service.validation"
    assert caught.value.text == "Title [1002]: Message; Title [2004]: Message"


def test_an_unknown_code_is_shown_as_it_came():
    """Its reason is the general one."""
    body = envelope(fault(error_info(9999, "2020")))
    assert asked(Answer(500, "application/soap+xml", body))[0] == ("service.fault", "9999")


def test_renews_the_token_once_when_it_is_not_accepted():
    """InvalidSecurity is all that a client learns; a second one is the end of it."""
    invalid = envelope(
        "<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value"
        ' xmlns:o="http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd">'
        "o:InvalidSecurity</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="en">Security could not be verified.</s:Text></s:Reason></s:Fault>'
    )
    found, log = asked(*[Answer(500, "application/soap+xml", invalid)] * 2)
    assert found == ("service.fault", "InvalidSecurity")
    assert log == ["token forgotten"]


def test_tries_again_after_an_outage_and_is_content():
    """1001 passes by itself; the pauses grow."""
    away = Answer(500, "application/soap+xml", envelope(fault(error_info(1001, "2020"), "Receiver")))
    back = envelope(verified("<USIStatus>Valid</USIStatus><SingleName>Match</SingleName>"))
    (_, conclusion), log = asked(away, away, Answer(200, "application/soap+xml", back))
    assert conclusion == "verified"
    assert log == [0.1, 0.4]


# --- the token service ------------------------------------------------------------------------------


def tokens(random=lambda size: b"\1" * size):
    """A client whose clock stands still."""
    return TokenClient(clock=lambda: NOW, random=random, sleep=lambda seconds: None)


@pytest.mark.parametrize(
    ("status", "body", "reason", "code"),
    [
        (200, b"", "token.malformed_answer", "token.malformed_answer"),
        (200, b"<html/>", "token.malformed_answer", "token.malformed_answer"),
        (200, envelope(""), "token.malformed_answer", "token.malformed_answer"),
        (503, b"<html><br>", "token.unavailable", "HTTP 503"),
        (504, b"", "token.unavailable", "HTTP 504"),
        (500, envelope(fault("")), "token.fault", "Sender"),
        (
            500,
            envelope(fault("<x><EventCode>E1003</EventCode><UserAdvice>Wait.</UserAdvice></x>", "Receiver")),
            "token.unavailable",
            "E1003",
        ),
        (
            200,
            envelope("", "<a:RelatesTo>urn:uuid:another</a:RelatesTo>"),
            "token.malformed_answer",
            "token.malformed_answer",
        ),
    ],
)
def test_a_token_is_not_made_of_anything_else(status, body, reason, code):
    """Whatever is no token is a refusal with a reason; the body counts even with 500."""
    with pytest.raises(Refusal) as caught:
        tokens().read(ORDER, Answer(status, "application/soap+xml", body), Attempt("urn:uuid:mine"))
    assert (caught.value.reason, caught.value.code) == (reason, code)


@pytest.mark.parametrize(
    ("created", "expires", "timely"),
    [
        ("2026-11-21T10:42:00Z", "2026-11-21T10:47:00Z", True),
        ("2026-11-21T10:32:01Z", "2026-11-21T10:37:01Z", True),
        ("2026-11-21T10:32:00Z", "2026-11-21T10:37:00Z", False),
        ("2026-11-21T10:47:00Z", "2026-11-21T10:52:00Z", True),
        ("2026-11-21T10:47:01Z", "2026-11-21T10:52:01Z", False),
        ("today", "2026-11-21T10:47:00Z", False),
    ],
)
def test_an_answer_is_of_this_time(created, expires, timely):
    """Five minutes either way; a Timestamp that cannot be read is none that holds, and says so."""
    stamp = f"<u:Timestamp><u:Created>{created}</u:Created><u:Expires>{expires}</u:Expires></u:Timestamp>"
    answer = soap.read(envelope("<x/>", f"<o:Security {WSS}>{stamp}</o:Security>"))
    with (
        nullcontext() if timely else pytest.raises(Refusal, match=r"Timestamp|shows 2026-11-21 10:42:00 UTC")
    ):
        tokens().match(answer, ORDER, Attempt("urn:uuid:mine"))


def test_an_answer_without_timestamp_is_let_pass():
    """TLS protects the answer, and the Timestamp is not signed."""
    tokens().match(soap.read(envelope("<x/>")), ORDER, Attempt("urn:uuid:mine"))


def advised(subcode, act_as=None):
    """What the user reads of a fault with a subcode and without an event."""
    body = (
        f"<s:Fault {WSS}><s:Code><s:Value>s:Sender</s:Value>"
        f"<s:Subcode><s:Value>{subcode}</s:Value></s:Subcode></s:Code>"
        '<s:Reason><s:Text xml:lang="en">Not verified.</s:Text></s:Reason></s:Fault>'
    )
    stamp = "<u:Timestamp><u:Created>2026-11-21T10:48:00Z</u:Created></u:Timestamp>"
    security = f"<o:Security {WSS}>{stamp}</o:Security>"
    order = replace(ORDER, act_as=act_as)
    with pytest.raises(Refusal) as caught:
        tokens().read(order, Answer(500, "", envelope(body, security)), Attempt("urn:uuid:mine"))
    return caught.value.text


def test_a_wrong_clock_is_told_as_such():
    """The service says that security could not be verified; both clocks are shown beside it."""
    assert advised("u:MessageExpired") == (
        "Not verified. The clock of this computer shows 2026-11-21 10:42:00 UTC, "
        "that of the service 10:48:00: set it, and its time zone, right."
    )


def test_hosted_software_is_told_of_the_notification():
    """No public code says that the client has to notify; who acts for nobody need not hear of it."""
    assert "My cloud software services" in advised("o:InvalidSecurity", ActAs("96312011219", "0000123400"))
    assert advised("o:InvalidSecurity") == "Not verified."


class Refusing(TokenClient):
    """A client that is refused again and again, and what it waited."""

    def __init__(self, *refusals):
        self.waited = []
        super().__init__(clock=lambda: NOW, random=lambda size: b"", sleep=self.waited.append)
        self.refusals = list(refusals)

    def issue(self, order):
        """Be refused, or at last get what stands for a token."""
        if self.refusals:
            raise self.refusals.pop(0)
        return "token"


@pytest.mark.parametrize(
    ("refusals", "waited"),
    [
        ([("token.unavailable", "E1001", None)], [0.1]),
        ([("token.unavailable", "E2190", None), ("token.unavailable", "E1004", None)], [0.1, 0.4]),
        ([("token.unavailable", "HTTP 503", 0.0)], [0.1]),
        ([("token.unavailable", "HTTP 503", 0.5)], [0.5]),
    ],
)
def test_what_can_pass_is_asked_again(refusals, waited):
    """The pauses grow, and none is shorter than the server asks for."""
    client = Refusing(*(Refusal(reason, code=code, after=after) for reason, code, after in refusals))
    assert client.obtain(ORDER) == "token"
    assert client.waited == waited


@pytest.mark.parametrize(
    ("code", "after"), [("HTTP 503", 1.0), ("HTTP 503", None), ("E2015", None), ("E9999", None)]
)
def test_what_cannot_pass_soon_is_told(code, after):
    """Nobody waits in front of a screen for what takes longer than half a second."""
    client = Refusing(Refusal("token.unavailable", code=code, after=after))
    with pytest.raises(Refusal):
        client.obtain(ORDER)
    assert client.waited == []


def test_who_is_away_says_until_when():
    """503 with Retry-After is told with its seconds."""
    with pytest.raises(Refusal) as caught:
        tokens().read(ORDER, Answer(503, "text/plain", b"away", 90.0), Attempt("urn:uuid:mine"))
    assert (caught.value.after, caught.value.text[-27:]) == (90.0, "Try again after 90 seconds.")


def kept(expires):
    """A token as far as keeping it goes."""
    return trust.IssuedToken(
        token=None,
        encrypted_data=None,
        attached=None,
        proof_key=b"",
        token_type="",
        applies_to="",
        created=NOW,
        expires=expires,
    )


@pytest.mark.parametrize(
    ("expires", "usable"),
    [
        (NOW + timedelta(minutes=2), True),
        (NOW + timedelta(seconds=31), True),
        (NOW + timedelta(seconds=30), False),
        (NOW - timedelta(seconds=1), False),
        (None, False),
    ],
)
def test_a_kept_token_ends_half_a_minute_early(expires, usable):
    """It must last until it arrives; one without a stated end serves once."""
    assert tokens().usable(kept(expires)) is usable


def test_message_ids_are_version_4_uuids():
    """As every working client sends them."""
    assert (
        tokens(lambda size: bytes(range(size))).message_id()
        == "urn:uuid:00010203-0405-4607-8809-0a0b0c0d0e0f"
    )
