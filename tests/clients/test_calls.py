"""Requests to the registry as client stacks write them, with tokens that the simulated service issued."""

import re
from base64 import b64decode
from dataclasses import replace

import pytest

from conformance.model import Severity
from conformance.protocol import names, soap

V4 = "http://usi.gov.au/2020/ws"
USI_PATH = "/service/v5/usiservice.svc"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"


def codes(exchange, severity):
    """Codes of the findings of that severity."""
    return {found.code for found in exchange.judgement.findings if found.severity is severity}


class Caller:
    """A client that asked for a token in one style and now calls in others."""

    def __init__(self, services, calls, style="php-1"):
        self.services, self.calls = services, calls
        posted = calls["styles"][style](services.local, to=services.to())
        response, _ = services.post(posted)
        assert response.status == 200
        self.parts = calls["parts"](response.body)

    def ask(self, **given):
        """Post one call; returns the SOAP fault or None, errors and remarks."""
        given = {
            "to": self.services.to(USI_PATH),
            "token": self.parts["encrypted_data"],
            "proof_key": b64decode(self.parts["secret"]),
            "reference_text": self.parts["attached"],
            **given,
        }
        response, exchange = self.services.post(self.calls["call"](**given))
        fault = soap.read_fault(soap.read(response.body))
        return fault, codes(exchange, Severity.ERROR), codes(exchange, Severity.REMARK)


@pytest.fixture
def caller(services, calls):
    """A client with a token."""
    return Caller(services, calls)


def test_the_token_is_lifted_out_of_its_wrapper(caller):
    """PHP and WCF send the EncryptedData alone; that is the usual form, and nothing is remarked on."""
    assert caller.ask() == (None, set(), set())


def test_saml_1_comes_and_goes_without_a_wrapper(services, calls):
    """Asked for SAML 1.1, the service answers with bare EncryptedData and the older key identifier."""
    caller = Caller(services, calls, "php-2")
    assert caller.parts["as_requested"] == caller.parts["encrypted_data"]
    assert "#SAMLAssertionID" in caller.parts["attached"]
    assert caller.ask() == (None, set(), set())


def test_the_wrapper_may_stay(caller):
    """WCF's federation client puts in what RequestedSecurityToken held."""
    token = caller.parts["as_requested"]
    assert "EncryptedAssertion" in token
    assert caller.ask(token=token) == (None, set(), {"security.token_wrapped"})


def test_a_reference_by_id_without_a_value_type_is_understood(caller):
    """The recorded client of 2021 points at the EncryptedData's own Id and writes no ValueType."""
    text = (
        f'<o:SecurityTokenReference xmlns:o="{WSSE}"><o:Reference URI="#{caller.parts["id"]}"/>'
        "</o:SecurityTokenReference>"
    )
    fault, errors, remarks = caller.ask(reference_text=text)
    assert (fault, errors) == (None, set())
    assert remarks == {"security.reference_direct", "security.reference_untyped"}


def test_a_reference_by_id_to_something_else_is_refused(caller):
    """Only the token itself will do."""
    text = f'<o:SecurityTokenReference xmlns:o="{WSSE}"><o:Reference URI="#_0"/></o:SecurityTokenReference>'
    fault, errors, _ = caller.ask(reference_text=text)
    assert fault.subcodes == (names.INVALID_SECURITY,)
    assert "security.key_reference" in errors


def test_hmac_sha256_is_remarked_on(caller):
    """WCF reads the published suite so; whether the real registry takes it is not known."""
    fault, errors, remarks = caller.ask(
        method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        digest="http://www.w3.org/2001/04/xmlenc#sha256",
    )
    assert (fault, errors, remarks) == (None, set(), {"security.endorsed_sha256"})


def test_the_earlier_namespace_is_refused(caller):
    """A client of version 4 is told to upgrade, and the rule says which namespace it used."""
    fault, errors, _ = caller.ask(namespace=V4)
    assert fault is not None
    assert errors == {"usi.outdated_namespace"}


def test_a_plugin_with_a_wrapper_of_its_own_is_refused(services, caller):
    """Version 4's namespace, an extra element round the request, a token as a bearer's: nothing fits."""
    body = (
        '<ws:VerifyUSI xmlns:ws="{namespace}"><ws:VerifyUSIRequest><ws:OrgCode>VA1803</ws:OrgCode>'
        "<ws:USI>BNGH7C75FN</ws:USI></ws:VerifyUSIRequest></ws:VerifyUSI>"
    )
    posted = caller.calls["call"](
        to=services.to(USI_PATH),
        token=caller.parts["as_requested"],
        proof_key=b"",
        reference_text="",
        namespace=V4,
        body=body,
    )
    unsigned = unsign(posted)
    response, exchange = services.post(unsigned)
    fault = soap.read_fault(soap.read(response.body))
    assert fault.subcodes == (names.INVALID_SECURITY,)
    assert codes(exchange, Severity.ERROR) == {"security.signature_missing", "usi.outdated_namespace"}


def unsign(posted):
    """The same without its Signature."""
    return replace(posted, body=re.sub(rb"<Signature .*?</Signature>", b"", posted.body, flags=re.DOTALL))


def test_the_wrapper_alone_is_refused(caller):
    """In version 5's namespace the schema says what is wrong."""
    body = (
        '<ws:VerifyUSI xmlns:ws="{namespace}"><ws:VerifyUSIRequest><ws:OrgCode>VA1803</ws:OrgCode>'
        "<ws:USI>BNGH7C75FN</ws:USI></ws:VerifyUSIRequest></ws:VerifyUSI>"
    )
    fault, errors, _ = caller.ask(body=body)
    assert fault is not None
    assert "usi.schema" in errors


def test_a_token_for_version_4_is_of_no_use(services, calls):
    """The token service may issue it; version 5 of the registry is not its audience."""
    posted = calls["styles"]["php-1"](
        services.local, to=services.to(), applies_to="https://3pt.portal.usi.gov.au/service/usiservice.svc"
    )
    parts = calls["parts"](services.post(posted)[0].body)
    response, exchange = services.post(
        calls["call"](
            to=services.to(USI_PATH),
            token=parts["encrypted_data"],
            proof_key=b64decode(parts["secret"]),
            reference_text=parts["attached"],
        )
    )
    assert soap.read_fault(soap.read(response.body)).subcodes == (names.INVALID_SECURITY,)
    assert "token.audience" in codes(exchange, Severity.ERROR)
