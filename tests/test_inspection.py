"""`evte inspect`: messages that the kit makes itself, as XML, as HTTP captures and as transcripts."""

import gzip
import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

import msgspec
import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance import inspection
from conformance.adapters import product_form
from conformance.cli import main
from conformance.errors import OperatorError
from conformance.model import Evidence, Message, Severity
from conformance.protocol import markup, names, operations, security, soap, token, trust
from conformance.protocol.operations import OPERATIONS, V5
from conformance.simulators.authority import Authority
from conformance.simulators.stores import make_store
from conformance.simulators.transcript import redact

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
AT = "2026-11-21T10:42:00Z"
STS = "https://localhost:8443/R3.0/S007v1.3/service.svc"
REGISTRY = "https://localhost:8444/service/v5/usiservice.svc"
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
ASSERTION_ID = "_0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PROOF_KEY = bytes(range(32, 64))
PROOF_TEXT = b64encode(PROOF_KEY).decode()
ASKED = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}


@dataclass(frozen=True)
class Kit:
    """What is needed to make messages of both hops."""

    authority: Authority
    credential: object
    other: object

    def request(self, *, to=STS, change=None, **options):
        """A signed request for a token; `change` is made before signing."""
        body = trust.build_request(
            applies_to=AUDIENCE, created=MOMENT, expires=MOMENT + timedelta(minutes=30), **options
        )
        envelope = soap.build(
            body,
            action=names.ISSUE_ACTION,
            message_id="urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11",
            to=to,
        )
        return self.sign(envelope)

    def sign(self, envelope, *, key=None, suite=security.S007_V13):
        security.sign_request(
            envelope,
            key=(key or self.credential).key,
            certificate=self.credential.certificate,
            now=MOMENT,
            suite=suite,
        )
        return envelope

    def token(self):
        signer, key = self.authority.service("sts-signing")
        return token.issue(
            assertion_id=ASSERTION_ID,
            issuer="urn:test",
            key=key,
            certificate=signer,
            recipient=self.authority.service("registry")[0],
            audience=AUDIENCE,
            proof_key=PROOF_KEY,
            claims={names.CLAIM_ABN: "11000002568"},
            subject="KITTEST1",
            now=MOMENT,
            not_before=MOMENT,
            not_on_or_after=MOMENT + timedelta(minutes=30),
        )

    def answer(self, **options):
        """An answer that hands a token over."""
        options = {
            "token": self.token(),
            "assertion_id": ASSERTION_ID,
            "token_type": names.SAML_2_TOKEN,
            "applies_to": AUDIENCE,
            "proof_mode": trust.ProofMode.BINARY_SECRET,
            "secret": PROOF_KEY,
            "created": MOMENT,
            "expires": MOMENT + timedelta(minutes=30),
            **options,
        }
        return reply(trust.build_response(**options), names.ISSUE_FINAL_ACTION)

    def call(self, *, key=PROOF_KEY, reference=ASSERTION_ID, **values):
        """An endorsed VerifyUSI, of the published test person with some values changed."""
        return self.ask("VerifyUSI", {**ASKED, **values}, key=key, reference=reference)

    def ask(self, name, values, *, key=PROOF_KEY, reference=ASSERTION_ID):
        """An endorsed request to the registry."""
        operation = OPERATIONS[name]
        envelope = soap.build(
            operations.request_element(operation, values),
            action=V5.action(operation),
            message_id="urn:uuid:7c1e4b1c-94b5-4f0e-8f4e-2f5a0e6d8c22",
            to=REGISTRY,
        )
        security.endorse(
            envelope,
            token=self.token()[0],
            reference=security.key_identifier(reference),
            proof_key=key,
            now=MOMENT,
        )
        return envelope


def reply(body, action):
    envelope = soap.build(
        body, action=action, relates_to="urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11", prefix="soap"
    )
    security.add_timestamp(envelope, now=MOMENT)
    return envelope


@pytest.fixture(scope="module")
def kit():
    authority = Authority(MOMENT)
    return Kit(
        authority,
        authority.machine_credential(abn="11000002568", name="KITTEST1", key="machine-2"),
        authority.machine_credential(abn="27809366375", name="KITTEST2", key="machine-1"),
    )


def look(envelope, **options):
    """Inspect one message, an element or bytes."""
    data = envelope if isinstance(envelope, bytes) else markup.serialize(envelope)
    return inspection.inspect(data, **{"now": MOMENT, "name": "message", **options}).messages[0]


def only(message):
    """The one finding of a message."""
    assert not message.accepted
    assert len(message.findings) == 1, message.findings
    return message.findings[0]


def first(root, name):
    return next(root.iter(names.tag(name)))


# --- requests for a token -------------------------------------------------------------------------------


def test_a_healthy_request_is_accepted(kit):
    """Nothing is found, and what a capture cannot tell is named."""
    message = look(kit.request())
    assert (message.kind, message.accepted, message.findings) == ("request for a token", True, ())
    assert message.facts["endpoint"] == "S007v1.3"
    assert message.facts["ABN of the certificate"] == "11000002568"
    assert [compared.holds for compared in message.compared] == [True, True, True]
    assert len(message.not_examined) == 3


def inclusive(kit):
    """Digests over the inclusive form."""
    root = kit.request()
    ids = {element.get(names.tag("u:Id")): element for element in root.iter(etree.Element)}
    for reference in root.iter(names.tag("ds:Reference")):
        digest = hashlib.sha256(markup.inclusive_canonical(ids[reference.get("URI")[1:]])).digest()
        first(reference, "ds:DigestValue").text = b64encode(digest).decode()
    data = markup.canonical(first(root, "ds:SignedInfo"))
    value = kit.credential.key.sign(data, padding.PKCS1v15(), SHA256())
    first(root, "ds:SignatureValue").text = b64encode(value).decode()
    return root


def indented(kit):
    root = kit.request()
    etree.indent(root)
    return root


def attribute_added(kit):
    root = kit.request()
    first(root, "a:To").set(names.tag("s:role"), "urn:x")
    return root


def to_rewritten(kit):
    root = kit.request(to="https://softwareauthorisations.evte.ato.gov.au/R3.0/S007v1.3/service.svc")
    first(root, "a:To").text = STS
    return root


def wrong_key(kit):
    root = kit.request()
    for name in ("o:Security",):
        first(root, "s:Header").remove(first(root, name))
    return kit.sign(root, key=kit.other)


def base64_key(kit):
    return kit.call(key=PROOF_TEXT.encode())


MISTAKES = {
    "inclusive": (inclusive, "security.digest_mismatch", "inclusive canonicalisation was used"),
    "indented": (indented, "security.signature_wrong", "indented or pretty-printed after it was signed"),
    "attribute": (attribute_added, "security.digest_mismatch", "the attribute role was added"),
    "rewritten": (
        to_rewritten,
        "security.digest_mismatch",
        "To was rewritten after signing: it was https://softwareauthorisations.evte.ato.gov.au/",
    ),
    "wrong-key": (wrong_key, "security.signature_wrong", "another private key made it"),
    "base64-key": (base64_key, "security.signature_wrong", "the base64 text of the proof key was used"),
}


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_each_of_the_six_mistakes_is_told_with_its_cause(kit, name):
    """Refused, with the cause, and the bytes around the first difference where they are known."""
    make, code, cause = MISTAKES[name]
    data = markup.serialize(make(kit))
    found = inspection.inspect(data, now=MOMENT, name="message", proof_key=PROOF_KEY)
    assert found.exit_code == 1
    causes = {finding.code: finding.hint for finding in found.messages[0].findings}
    assert cause in causes[code]
    text = inspection.tell(found)
    assert f"cause: {causes[code]}" in text
    assert ("first difference at byte" in text) == (name not in ("wrong-key", "base64-key"))
    assert PROOF_TEXT not in text


def test_the_first_difference_is_shown_in_text_and_hexadecimal(kit):
    """Twenty-four bytes before it and after it."""
    compared = look(attribute_added(kit)).compared[1]
    assert (compared.holds, compared.what) == (False, "#_1 at s:Envelope/s:Header/a:To")
    at = compared.canonical.index(' s:role="urn:x"')
    assert compared.differs_at == at
    assert compared.expected_text[24:].startswith(' s:role="')
    assert bytes.fromhex(compared.expected_hex)[24:31] == b" s:role"
    assert compared.hashed_text[24:].startswith(">https://localhost")
    assert compared.hashed_text[:24] == compared.expected_text[:24]


def test_an_unsigned_request_is_refused(kit):
    """Every finding is there, not the first one only."""
    root = kit.request()
    first(root, "o:Security").remove(first(root, "ds:Signature"))
    assert only(look(root)).code == "security.signature_missing"


@pytest.mark.parametrize(
    ("to", "suite", "endpoint", "accepted"),
    [
        (STS, security.S007_V12, "", False),
        (STS.replace("v1.3", "v1.2"), security.S007_V12, "", True),
        ("https://localhost/sts", security.S007_V12, "", True),
        ("https://localhost/sts", security.S007_V13, "", True),
        ("https://localhost/sts", security.S007_V12, "S007v1.3", False),
    ],
)
def test_the_endpoint_is_told_by_address_or_else_by_algorithms(kit, to, suite, endpoint, accepted):
    """The operator's word comes first."""
    envelope = kit.request(to=to)
    first(envelope, "s:Header").remove(first(envelope, "o:Security"))
    assert look(kit.sign(envelope, suite=suite), endpoint=endpoint).accepted is accepted


def test_an_endpoint_that_nothing_tells_is_named(kit):
    """Mixed algorithms are refused by either version."""
    envelope = kit.request(to="https://localhost/sts")
    first(envelope, "ds:SignatureMethod").set("Algorithm", names.RSA_SHA1)
    message = look(envelope)
    assert not message.accepted
    assert "endpoint: neither address nor algorithms tell it; --endpoint does" in message.not_examined


def test_the_certificate_is_judged_by_what_is_given(kit):
    """Trusted authorities, and the keystore that should hold it."""
    anchors = (kit.authority.root, kit.authority.sub)
    from conformance.protocol import keystore

    own, others = (keystore.read(make_store([each])) for each in (kit.credential, kit.other))
    message = look(kit.request(), trusted=anchors, store=own)
    assert message.findings == ()
    assert message.facts["credential in the keystore"].startswith("ABRD:11000002568_")
    assert only(look(kit.request(), store=others)).code == "inspect.credential"
    # The keystore has the certificates between the signer's and the root.
    assert look(kit.request(), trusted=(kit.authority.root,), store=own).accepted
    assert only(look(kit.request(), trusted=(kit.other.certificate,))).code == "inspect.untrusted"


def test_the_key_of_another_credential_in_the_store_is_named(kit):
    """The keystore tells whose key signed."""
    from conformance.protocol import keystore

    store = keystore.read(make_store([kit.credential, kit.other]))
    hint = only(look(wrong_key(kit), store=store)).hint
    assert hint.startswith("the key of ABRD:27809366375_")


# --- the other kinds ------------------------------------------------------------------------------------


def test_a_healthy_call_is_accepted(kit):
    """With the proof key its signature is verified; without it that is said."""
    message = look(kit.call(), proof_key=PROOF_KEY)
    assert (message.kind, message.findings) == ("request to the registry", ())
    assert message.facts["operation"] == "VerifyUSI"
    assert [compared.holds for compared in message.compared] == [True, True]
    message = look(kit.call())
    assert message.accepted
    assert message.compared[1].holds is None
    assert any("--proof-key" in text for text in message.not_examined)


def test_content_is_judged_too(kit):
    """A USI with a slip is found without the registry."""
    assert only(look(kit.call(USI="BNGH7C75FM"))).code == "usi.check_character"


def test_an_answer_is_accepted_and_its_key_is_not_shown(kit):
    """What a client keeps is told, without the proof key."""
    found = inspection.inspect(markup.serialize(kit.answer()), now=MOMENT, name="x")
    message = found.messages[0]
    assert (message.kind, message.findings) == ("answer of the token service", ())
    assert message.facts["proof key"] == "32 bytes in the answer"
    assert message.facts["life"] == "2026-11-21T10:42:00.000Z to 2026-11-21T11:12:00.000Z"
    assert PROOF_TEXT not in inspection.tell(found)
    assert PROOF_TEXT not in msgspec.json.encode(found).decode()


@pytest.mark.parametrize(
    ("options", "key", "remark"),
    [
        ({"proof_mode": trust.ProofMode.COMPUTED}, "computed from both sides' entropy", ""),
        (
            {"proof_mode": trust.ProofMode.CLIENT_ENTROPY},
            "the client's own entropy",
            "answer.no_proof_key",
        ),
    ],
)
def test_every_way_of_a_proof_key_is_recognised(kit, options, key, remark):
    """An answer alone cannot tell whether the request carried entropy."""
    message = look(kit.answer(**options))
    assert message.accepted
    assert message.facts["proof key"] == key
    assert [finding.code for finding in message.findings] == [remark] * bool(remark)


def test_mistakes_in_answers_are_found(kit):
    """A stale one, an expired token, no token, another action, no relation."""
    codes = {finding.code for finding in look(kit.answer(), now=MOMENT + timedelta(hours=1)).findings}
    assert codes == {"security.timestamp_window", "answer.lifetime"}
    envelope = kit.answer()
    first(envelope, "t:RequestedSecurityToken").clear()
    first(envelope, "a:Action").text = "urn:x"
    header = first(envelope, "s:Header")
    header.remove(first(envelope, "a:RelatesTo"))
    header.remove(first(envelope, "o:Security"))
    assert {finding.code for finding in look(envelope).findings} == {
        "answer.action",
        "answer.relates_to",
        "answer.token",
        "security.header_missing",
    }


def test_an_answer_of_the_registry_is_held_to_its_schema():
    """Valid, and with an element that is none."""
    operation = OPERATIONS["VerifyUSI"]
    body = operations.answer_element(operation, {"USIStatus": "Valid"})
    message = look(reply(body, V5.answer_action(operation)))
    assert (message.kind, message.findings) == ("answer of the registry", ())
    assert message.facts["answered"] == "Valid"
    body = operations.answer_element(operation, {"USIStatus": "Perhaps"})
    assert {finding.code for finding in look(reply(body, V5.answer_action(operation))).findings} == {
        "answer.schema"
    }


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_recognised(kit, name):
    """Request and answer of each: accepted, and told by name, by what they ask and by what they answer."""
    operation = OPERATIONS[name]
    request = look(kit.ask(name, product_form.whole_request(operation)), proof_key=PROOF_KEY)
    assert (request.kind, request.facts["operation"]) == ("request to the registry", name)
    assert [found.code for found in request.findings if found.severity is Severity.ERROR] == []
    asked = {
        "BulkVerifyUSI": "1 record",
        "CreateUSI": "RequestId R-20260115-000001",
        "BulkUpload": "RequestId R-20260115-000001, 1 record",
        "BulkUploadRetrieve": "ReceiptNumber 00000000-0000-4000-8000-000000000001",
        "UpdateUSIPersonalDetails": "PersonalDetailsModifier FirstName",
    }
    assert request.facts.get("asked") == asked.get(name)
    body = operations.answer_element(operation, product_form.example_answer(operation)["response"])
    answer = look(reply(body, V5.answer_action(operation)))
    assert (answer.kind, answer.findings, answer.facts["operation"]) == ("answer of the registry", (), name)
    assert (
        answer.facts["answered"]
        == {
            "VerifyUSI": "Valid",
            "BulkVerifyUSI": "1 Valid",
            "CreateUSI": "Success",
            "BulkUpload": "receipt 00000000-0000-4000-8000-000000000001",
            "BulkUploadRetrieve": "1 Success",
            "LocateUSI": "Exact",
            "UpdateUSIContactDetails": "Success",
            "UpdateUSIPersonalDetails": "Success",
            "GetCountries": "1 entry",
            "GetNonDvsDocumentTypes": "1 entry",
        }[name]
    )


def test_errors_inside_an_answer_are_told():
    """With their codes, which are none of a fault's."""
    operation = OPERATIONS["UpdateUSIContactDetails"]
    errors = {"Error": [{"Code": "E001", "Message": "No."}, {"Code": "E002", "Message": "Nor so."}]}
    body = operations.answer_element(operation, {"Result": "Failure", "Errors": errors})
    message = look(reply(body, V5.answer_action(operation)))
    assert message.facts["answered"] == "Failure (E001: No.; E002: Nor so.)"


def test_faults_are_read_and_accepted():
    """A fault is a sound message; what it says is told."""
    event = trust.Event(code="E2003", description="Unknown relying party", advice="Check AppliesTo")
    body = soap.fault(
        code="Sender",
        reason=trust.event_reason(event),
        subcode=names.INVALID_SECURITY,
        detail=trust.event_detail(event),
        prefix="soap",
    )
    message = look(reply(body, names.SOAP_FAULT))
    assert (message.kind, message.accepted) == ("fault of the token service", True)
    assert (message.facts["event code"], message.facts["user advice"]) == ("E2003", "Check AppliesTo")
    detail = operations.error_detail([{"Code": 2002, "Title": "Refused", "Message": "No access."}])
    body = soap.fault(code="Receiver", reason="See the detail.", detail=detail, prefix="soap")
    message = look(reply(body, names.SOAP_FAULT))
    assert (message.kind, message.accepted) == ("fault of the registry", True)
    assert message.facts["error 2002"] == "Refused: No access."
    body = soap.fault(code="Sender", reason="No.", prefix="soap")
    assert look(reply(body, names.SOAP_FAULT)).kind == "fault"


# --- forms of capture -----------------------------------------------------------------------------------


def captured(data, *lines):
    return "\r\n".join((*lines, "", "")).encode() + data


def test_an_http_capture_tells_where_it_went(kit):
    """Request line and Host make the address that To must be."""
    data = markup.serialize(kit.request())
    headers = ("Host: localhost:8443", "Content-Type: application/soap+xml; charset=utf-8")
    message = look(captured(data, "POST /R3.0/S007v1.3/service.svc HTTP/1.1", *headers))
    assert message.findings == ()
    assert len(message.not_examined) == 1
    assert only(look(captured(data, "POST /other HTTP/1.1", *headers))).code == "addressing.to_wrong"
    assert only(look(captured(data, "Content-Type: text/xml"))).code == "soap.media_type"


def test_codings_of_the_transfer_are_undone(kit):
    """Chunks, gzip, and what tools have undone already."""
    data = markup.serialize(kit.request())
    kind = "Content-Type: application/soap+xml"
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (data[:1000], data[1000:], b""))
    chunked = "Transfer-Encoding: chunked"
    for body, *lines in (
        (chunks, chunked),
        (data, chunked),
        (gzip.compress(data), "Content-Encoding: gzip"),
        (data, "Content-Encoding: gzip"),
        (data + b"HTTP/1.1 200 OK", f"Content-Length: {len(data)}"),
    ):
        assert look(captured(body, kind, *lines)).accepted, lines


def test_a_transcript_is_judged_message_by_message(kit):
    """Secrets are gone, later messages are held to earlier ones, and others are passed over."""

    def message(sender, body):
        return Message(
            at_ms=0.0,
            sender=sender,
            receiver="x",
            summary="s",
            size=1,
            body=body,
            headers=(("Content-Type", "application/soap+xml"),),
        )

    bodies = [
        kit.request(entropy=bytes(range(32))),
        kit.answer(),
        kit.call(),
        kit.call(reference="_another"),
    ]
    messages = [message("implementation", redact(markup.serialize(body))) for body in bodies]
    evidence = Evidence(id="e", title="t", messages=(*messages, message("harness", '{"jsonrpc": 1}')))
    data = msgspec.json.format(msgspec.json.encode(evidence), indent=2)
    found = inspection.inspect(data, now=MOMENT)
    assert [each.kind for each in found.messages] == [
        "request for a token",
        "answer of the token service",
        "request to the registry",
        "request to the registry",
        "",
    ]
    assert [each.accepted for each in found.messages] == [True, True, True, False, True]
    codes = {finding.code for finding in found.messages[3].findings}
    assert codes == {"security.key_reference", "addressing.message_id_reused"}
    assert found.exit_code == 1
    assert "not judged" in inspection.tell(found)
    evidence = Evidence(id="e", title="t", messages=(message("harness", "{}"),))
    with pytest.raises(inspection.NotAMessage, match="no request and no answer"):
        inspection.inspect(msgspec.json.encode(evidence), now=MOMENT)


def test_a_reference_is_held_to_the_type_of_its_token(kit):
    """A token of SAML 1.1 is referred to as such; the answer before says what it was."""

    def calling(kind):
        envelope = kit.call()
        *_, identifier = envelope.iter(names.tag("o:SecurityTokenReference"))
        identifier.getparent().replace(identifier, security.key_identifier(ASSERTION_ID, token_type=kind))
        return envelope

    answer = kit.answer(token=kit.token()[0], token_type=names.SAML_1_TOKEN)
    messages = [
        Message(
            at_ms=0.0,
            sender="x",
            receiver="y",
            summary="s",
            size=1,
            body=redact(markup.serialize(body)),
            headers=(("Content-Type", "application/soap+xml"),),
        )
        for body in (answer, calling(names.SAML_1_TOKEN), calling(names.SAML_2_TOKEN))
    ]
    evidence = Evidence(id="e", title="t", messages=tuple(messages))
    found = inspection.inspect(msgspec.json.encode(evidence), now=MOMENT)
    codes = [
        {finding.code for finding in each.findings if finding.severity == "error"} for each in found.messages
    ]
    assert codes[0] == codes[1] == set()
    assert codes[2] == {"security.reference_altered", "addressing.message_id_reused"}


# --- hostile input --------------------------------------------------------------------------------------

SOAP = '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>{}</s:Body></s:Envelope>'
GARBAGE = {
    "empty": b"",
    "blank": b" \n",
    "text": b"hello",
    "bytes": bytes(range(256)),
    "utf-16": "hello".encode("utf-16"),
    "cut": b"<s:Envelope",
    "doctype": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
    "html": b"<html><body>no</body></html>",
    "soap-1.1": b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
    "empty-body": SOAP.format("").encode(),
    "foreign": SOAP.format("<x/>").encode(),
    "deep": b"<a>" * 5000,
    "json": b'{"a": 1}',
    "broken-json": b'{"a"',
    "deep-json": b'{"id":' + b"[" * 100_000,
    "headers-only": b"Content-Type: application/soap+xml\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\n\r\nfffffff\r\n<a/>",
    "not-gzip": b"Content-Encoding: gzip\r\n\r\nabc",
    "bomb": b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(bytes(20_000_000)),
}


@pytest.mark.parametrize("name", sorted(GARBAGE))
def test_garbage_gives_one_clear_error(name):
    """It is no message, and the error says so."""
    with pytest.raises(inspection.NotAMessage) as caught:
        inspection.inspect(GARBAGE[name], now=MOMENT, name="x")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "body",
    [
        '<t:RequestSecurityToken xmlns:t="http://docs.oasis-open.org/ws-sx/ws-trust/200512"/>',
        '<RequestSecurityToken xmlns="urn:x"/>',
        '<VerifyUSI xmlns="http://usi.gov.au/2013/ws"/>',
        '<VerifyUSI xmlns="urn:x"/>',
        '<VerifyUSIResponse xmlns="urn:x"/>',
        '<OtherResponse xmlns="http://usi.gov.au/2022/ws"/>',
        "<s:Fault/>",
        '<RequestSecurityTokenResponseCollection xmlns="urn:x"/>',
    ],
)
def test_almost_messages_are_refused_not_raised(body):
    """What looks like one is judged as one."""
    message = look(SOAP.format(body).encode())
    assert message.kind
    assert not message.accepted


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_damage_never_makes_the_inspector_fall_over(kit, data):
    """A message with bytes changed, cut out or put in is judged, or is no message."""
    whole = data.draw(st.sampled_from(_healthy(kit)))
    at = data.draw(st.integers(0, len(whole)))
    gone = data.draw(st.integers(0, 40))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"<a>", b"</a>", b"&amp;", b"\r\n\r\n"]))
    try:
        found = inspection.inspect(whole[:at] + put + whole[at + gone :], now=MOMENT, proof_key=PROOF_KEY)
    except inspection.NotAMessage:
        return
    assert inspection.tell(found)


@cache
def _healthy(kit):
    made = [markup.serialize(each) for each in (kit.request(), kit.answer(), kit.call())]
    kind = "Content-Type: application/soap+xml"
    return [
        *made,
        captured(made[0], "POST /R3.0/S007v1.3/service.svc HTTP/1.1", "Host: localhost:8443", kind),
    ]


def test_a_huge_message_makes_a_small_report(kit):
    """Texts of the message are cut, and masses of equal ids are counted."""
    envelope = kit.request()
    first(envelope, "a:MessageID").text = "x" * 1_000_000
    header = first(envelope, "s:Header")
    for _ in range(20_000):
        etree.SubElement(header, "{urn:x}x").set("Id", "_1")
    found = inspection.inspect(markup.serialize(envelope), now=MOMENT)
    assert len(inspection.tell(found)) < 100_000
    assert "occurs 20001 times" in inspection.tell(found)


def test_nothing_that_a_terminal_obeys_is_printed(kit):
    """Control characters of a message come out as escapes."""
    envelope = kit.request()
    first(envelope, "a:MessageID").text = "urn:\x9b31m\u202ex"
    text = inspection.tell(inspection.inspect(markup.serialize(envelope), now=MOMENT))
    assert "\x9b" not in text
    assert "\u202e" not in text
    assert "urn:\\x9b31m\\u202ex" in text


def test_a_secret_in_a_wrong_place_is_hidden(kit):
    """A key that a client puts into its MessageID does not get into the output."""
    envelope = kit.answer()
    first(envelope, "a:RelatesTo").text = PROOF_TEXT
    assert look(envelope).facts["RelatesTo"] == "(hidden)"
    call = kit.call()
    first(call, "a:MessageID").text = PROOF_KEY.hex()
    assert look(call, proof_key=PROOF_KEY).facts["MessageID"] == "(hidden)"


def test_keys_and_certificates_are_read_in_every_form(kit):
    """And the text of a key that is none is not repeated."""
    assert inspection.key_of(f" {PROOF_TEXT}\n") == PROOF_KEY
    for text in ("", "not base64!", "Zm9vY", "\u00e9"):
        with pytest.raises(OperatorError) as caught:
            inspection.key_of(text)
        assert not text or text not in str(caught.value)
    certificate = kit.credential.certificate
    for encoding in (Encoding.PEM, Encoding.DER):
        assert inspection.certificates_in(certificate.public_bytes(encoding)) == (certificate,)
    for data in (b"", b"x", b"-----BEGIN CERTIFICATE-----\nx"):
        with pytest.raises(OperatorError, match="no certificates"):
            inspection.certificates_in(data)


# --- the command ----------------------------------------------------------------------------------------


def evte(*arguments):
    return CliRunner().invoke(main, ["inspect", *map(str, arguments)])


def test_the_command_prints_and_leaves_with_the_verdict(kit, tmp_path):
    """0 accepted, 1 refused, 2 no message."""
    good, bad, none = (tmp_path / name for name in ("good.xml", "bad.xml", "none.xml"))
    good.write_bytes(markup.serialize(kit.request()))
    bad.write_bytes(markup.serialize(to_rewritten(kit)))
    none.write_bytes(b"<a/>")
    result = evte(good, "--at", AT)
    assert (result.exit_code, "good.xml: request for a token, accepted" in result.output) == (0, True)
    result = evte(bad, "--at", AT)
    assert (result.exit_code, "REFUSED" in result.output) == (1, True)
    result = evte(bad, "--at", AT, "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert told["messages"][0]["findings"][0]["code"] == "security.digest_mismatch"
    assert told["messages"][0]["compared"][1]["differs_at"] > 0
    for arguments in ((none, "--at", AT), (tmp_path / "missing.xml", "--at", AT), (tmp_path, "--at", AT)):
        result = evte(*arguments)
        assert (result.exit_code, result.output.startswith("evte: ")) == (2, True), result.output
    assert "missing.xml" in evte(tmp_path / "missing.xml", "--at", AT).output


def test_the_command_takes_certificates_a_keystore_and_a_key(kit, tmp_path):
    """And no text of the key gets out, whatever is wrong with it."""
    files = {name: tmp_path / name for name in ("rst.xml", "call.xml", "ca.pem", "keystore.xml")}
    files["rst.xml"].write_bytes(markup.serialize(kit.request()))
    files["call.xml"].write_bytes(markup.serialize(kit.call(key=b"k" * 32)))
    files["ca.pem"].write_bytes(kit.authority.root.public_bytes(Encoding.PEM))
    files["keystore.xml"].write_bytes(make_store([kit.credential]))
    given = ("--trust", files["ca.pem"], "--keystore", files["keystore.xml"])
    result = evte(files["rst.xml"], "--at", AT, *given)
    assert (result.exit_code, "credential in the keystore: ABRD:" in result.output) == (0, True)
    for extra in ((), ("--json",)):
        result = evte(files["call.xml"], "--at", AT, "--proof-key", PROOF_TEXT, *extra)
        assert (result.exit_code, PROOF_TEXT in result.output) == (1, False)
        assert "another key was used" in result.output
    for wrong in (
        ("--proof-key", "no%key%at%all"),
        ("--trust", files["rst.xml"]),
        ("--keystore", files["ca.pem"]),
    ):
        result = evte(files["call.xml"], "--at", AT, *wrong)
        assert (result.exit_code, "no%key" in result.output) == (2, False), result.output
    assert evte(files["rst.xml"], "--at", AT, "--endpoint", "S007v1.2").exit_code == 1
    for at in ("yesterday", "2026-11-21T10:42:00", "2026-11-21T10:42:00+10:00"):
        assert evte(files["rst.xml"], "--at", at).exit_code == 2
    assert evte(files["rst.xml"]).exit_code == 2
