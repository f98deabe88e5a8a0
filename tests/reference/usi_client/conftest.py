"""A client of the registry without a registry: it gets the answers that a test wrote down."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from lxml import etree

from conformance.protocol import soap
from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, V5, answer_element, error_detail, read_request
from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import ActAs, Order
from conformance.reference.usi_client import Call, UsiClient

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
ADDRESS = "https://127.0.0.1:1/service/v5/usiservice.svc"


def order(abn="11000002568"):
    """What a token is asked for with; the token is for this ABN."""
    return Order(
        sts_address="https://127.0.0.1:1/sts",
        ca_file="",
        credential=None,
        applies_to="https://service.test/",
        act_as=ActAs(abn, "0000123400"),
    )


def said(operation, values):
    """An answer of the registry."""
    payload = answer_element(OPERATIONS[operation], values)
    return Answer(200, "application/soap+xml", _enveloped(payload))


def fault(code, title="Title", message="Message"):
    """A fault of the registry with one ErrorInfo."""
    namespace = "http://www.w3.org/2003/05/soap-envelope"
    element = etree.Element(f"{{{namespace}}}Fault", nsmap={"s": namespace})
    code_element = etree.SubElement(element, f"{{{namespace}}}Code")
    etree.SubElement(code_element, f"{{{namespace}}}Value").text = "s:Sender"
    reason = etree.SubElement(element, f"{{{namespace}}}Reason")
    text = etree.SubElement(reason, f"{{{namespace}}}Text")
    text.set("{http://www.w3.org/XML/1998/namespace}lang", "en")
    text.text = "Something is wrong."
    detail = etree.SubElement(element, f"{{{namespace}}}Detail")
    detail.append(error_detail([{"Code": code, "Title": title, "Message": message}]))
    return Answer(500, "application/soap+xml", _enveloped(element))


def _enveloped(payload):
    return (
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header/><s:Body>'
        + etree.tostring(payload)
        + b"</s:Body></s:Envelope>"
    )


class Registry(UsiClient):
    """A client whose registry gives one written answer after the other.

    An answer may be a function of the request's JSON form, or an exception to raise in place of one.
    """

    user_reference = "staff-1"

    def __init__(self, *answers, random=None, clock=lambda: NOW):
        self.waited = []
        self.forgotten = []
        drawn = iter(range(1, 100_000))
        tokens = SimpleNamespace(token=lambda order: None, forget=self.forgotten.append)
        super().__init__(
            tokens=tokens,
            clock=clock,
            random=random or (lambda size: next(drawn).to_bytes(size, "little")),
            sleep=self.waited.append,
        )
        self.answers = list(answers)
        self.sent = []
        """JSON form of every request."""
        self.elements = []
        """Every request as it stood in the Body."""
        self.headers = []

    def endorse(self, envelope, token):
        """Leave the message as it is."""

    def post(self, order, address, message, headers):
        """Note the request and give the next answer."""
        payload = soap.read(message).payload
        operation = OPERATIONS[etree.QName(payload).localname]
        assert [error.message for error in validator(V5).errors(payload)] == []
        self.headers.append(headers)
        self.elements.append(payload)
        self.sent.append(read_request(payload, operation))
        answer = self.answers.pop(0)
        if callable(answer):
            answer = answer(self.sent[-1])
        if isinstance(answer, Exception):
            raise answer
        return answer

    def do(self, operation, request, *, code="VA1802", abn="11000002568", state=None, address=ADDRESS):
        """Carry out an operation."""
        call = Call(
            usi_address=address, org_code=code, operation=operation, request=request, state_file=state
        )
        return self.call(lambda: order(abn), call)

    def refuses(self, operation, request):
        """Return reason and text of the refusal to send a request."""
        with pytest.raises(Refusal) as caught:
            self.do(operation, request)
        assert self.sent == []
        return caught.value.reason, caught.value.text


PERSON = {
    "Gender": "F",
    "FirstName": "Anne",
    "FamilyName": "O'Hara-Smith",
    "DateOfBirth": "1990-07-14",
    "CountryOfBirthCode": "1101",
    "TownCityOfBirth": "Hobart",
    "IsPreferredName": False,
}
CONTACT = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "anne@example.org",
    "Phone": {"Mobile": "0491 570 006"},
}


@pytest.fixture(name="registry")
def _registry():
    """The client, to be made with the answers that it gets."""
    return Registry


@pytest.fixture(name="said")
def _said():
    """Makes an answer of the registry: `said(operation, values)`."""
    return said


@pytest.fixture(name="fault")
def _fault():
    """Makes a fault of the registry: `fault(code)`."""
    return fault


@pytest.fixture
def lost():
    """What happens in place of an answer."""
    return Refusal("transport.failed", text="The connection failed: reset.")


@pytest.fixture
def application():
    """A right application."""
    return {
        "DVSCheckRequired": True,
        "ContactDetails": {**CONTACT, "Phone": dict(CONTACT["Phone"])},
        "PersonalDetails": dict(PERSON),
        "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
    }


@pytest.fixture
def answered():
    """Makes the answer to one application as the registry gives it: `answered(id, **changes)`.

    What is changed to None is left out.
    """

    def answer(identifier, /, **changes):
        whole = {
            "ProcessedDate": "2026-11-21T10:42:00Z",
            "ApplicationId": identifier,
            "Result": "Success",
            "IdentityDocumentVerified": "True",
            "USI": "BNGH7C75FN",
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    return answer
