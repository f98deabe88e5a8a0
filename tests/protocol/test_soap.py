"""SOAP 1.2 envelopes, addressing, faults, media types."""

import pytest

from conformance.protocol import markup, names, soap

ADDRESS = "https://localhost:8443/R3.0/S007v1.3/service.svc"
MEDIA_TYPE = "application/soap+xml; charset=utf-8"


def built(**options):
    options = {
        "action": names.ISSUE_ACTION,
        "message_id": "urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11",
        "to": ADDRESS,
        **options,
    }
    return soap.build(markup.element("t:RequestSecurityToken"), **options)


def judged(envelope, **options):
    options = {"media_type": MEDIA_TYPE, "address": ADDRESS, "action": names.ISSUE_ACTION, **options}
    data = envelope if isinstance(envelope, bytes) else markup.serialize(envelope)
    judgement, found = soap.judge_message(data, **options)
    return [finding.code for finding in judgement.findings], judgement, found


def test_what_is_built_is_read():
    """Every header comes back, whatever the prefix."""
    envelope = soap.read(markup.serialize(built(prefix="soap", relates_to="urn:uuid:1", reply_to=True)))
    assert (envelope.action, envelope.to) == (names.ISSUE_ACTION, ADDRESS)
    assert (envelope.message_id, envelope.relates_to) == (
        "urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11",
        "urn:uuid:1",
    )
    assert envelope.payload.tag == names.tag("t:RequestSecurityToken")
    assert envelope.security is None


def test_a_healthy_message_has_no_findings():
    """And every rule was looked at."""
    codes, judgement, envelope = judged(built())
    assert codes == []
    assert set(judgement.examined) == set(soap.RULES)
    assert envelope is not None


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "soap.unreadable"),
        (b"<html><body>502</html>", "soap.unreadable"),
        (b"<!DOCTYPE a><a/>", "soap.document_type"),
        (b"<html/>", "soap.not_an_envelope"),
        (
            b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body/></s:Envelope>',
            "soap.not_an_envelope",
        ),
        (b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"/>', "soap.not_an_envelope"),
    ],
)
def test_what_is_no_envelope_is_one_finding(data, code):
    """Nothing is raised, and nothing beyond it is claimed to have been examined."""
    codes, judgement, envelope = judged(data)
    assert codes == [code]
    assert envelope is None
    assert "addressing.to_wrong" not in judgement.examined


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"action": names.ISSUE}, "addressing.action_wrong"),
        ({"action": ""}, "addressing.action_wrong"),
        ({"to": ADDRESS.replace("service.svc", "Service.svc")}, "addressing.to_wrong"),
        ({"to": ADDRESS + "/"}, "addressing.to_wrong"),
        ({"to": ""}, "addressing.to_wrong"),
        ({"message_id": ""}, "addressing.message_id_missing"),
    ],
)
def test_each_wrong_header_is_found(options, code):
    """One deviation, one finding."""
    assert judged(built(**options))[0] == [code]


def test_case_of_the_address_is_named_as_the_cause():
    """The commonest mistake with To deserves its own words."""
    _, judgement, _ = judged(built(to=ADDRESS.replace("service.svc", "Service.svc")))
    assert judgement.findings[0].hint.startswith("the two differ in case only")


def test_a_message_id_of_an_earlier_message_is_found():
    """Reuse shows only against what was seen before."""
    seen = {"urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11"}
    assert judged(built(), seen=seen)[0] == ["addressing.message_id_reused"]


def test_metros_message_id_is_remarked_on():
    """uuid: instead of urn:uuid: is accepted."""
    codes, judgement, _ = judged(built(message_id="uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11"))
    assert codes == ["addressing.message_id_form"]
    assert judgement.accepted


def test_a_second_addressing_header_is_found():
    """Two To headers are how one of them escapes the signature."""
    envelope = built()
    markup.add(envelope[0], "a:To", ADDRESS)
    assert judged(envelope)[0] == ["addressing.header_repeated"]


def test_unknown_headers_are_ignored_unless_they_must_be_understood():
    """A WCF client sends an ActivityId."""
    envelope = built()
    header = markup.add(envelope[0], "sim:ActivityId", "1")
    codes, judgement, _ = judged(envelope)
    assert (codes, judgement.accepted) == (["soap.header_ignored"], True)
    header.set(names.tag("s:mustUnderstand"), "true")
    assert judged(envelope)[0] == ["soap.header_not_understood"]


def test_two_elements_in_the_body_are_found():
    """The operation takes one."""
    envelope = built()
    markup.add(envelope[1], "sim:Extra")
    assert judged(envelope)[0] == ["soap.not_an_envelope"]


@pytest.mark.parametrize(
    ("media_type", "codes"),
    [
        ("application/soap+xml; charset=utf-8", []),
        ('application/soap+xml;charset="UTF-8";action="urn:x"', []),
        ("Application/SOAP+XML", []),
        ('application/soap+xml; charset=utf-8; action=""', ["soap.media_type_action_empty"]),
        ("text/xml; charset=utf-8", ["soap.media_type"]),
        ("application/soap+xml; charset=iso-8859-1", ["soap.media_type"]),
        ("", ["soap.media_type"]),
    ],
)
def test_media_type(media_type, codes):
    """The action parameter means nothing; type and encoding do."""
    assert judged(built(), media_type=media_type)[0] == codes


def test_a_soapaction_header_is_remarked_on():
    """A client family sends one, quoted or bare, with SOAP 1.2."""
    codes, judgement, _ = judged(built(), soapaction='"urn:x"')
    assert (codes, judgement.accepted) == (["soap.soapaction"], True)


@pytest.mark.parametrize(
    ("text", "essence", "parameters"),
    [
        ("a/b", "a/b", {}),
        ('A/B ; Charset="utf-8"; action="urn:a;b"', "a/b", {"charset": "utf-8", "action": "urn:a;b"}),
        (r'a/b; x="q\"q"', "a/b", {"x": 'q"q'}),
        (";;;", "", {}),
        ("multipart/related; boundary", "multipart/related", {}),
    ],
)
def test_media_types_come_apart(text, essence, parameters):
    """Quotes go, case of names goes, nothing is raised."""
    parsed = soap.MediaType.parse(text)
    assert (parsed.essence, parsed.parameters) == (essence, parameters)


@pytest.mark.parametrize(
    "subcode",
    [
        names.INVALID_SECURITY,
        names.MESSAGE_EXPIRED,
        names.DESTINATION_UNREACHABLE,
        names.INVALID_REQUEST,
        "{urn:x}Other",
    ],
)
def test_subcodes_keep_their_namespace(subcode):
    """A name in a text is nothing without the declaration of its prefix."""
    body = soap.fault(code="Sender", reason="No.", subcode=subcode)
    envelope = soap.read(markup.serialize(soap.build(body, action=names.SOAP_FAULT)))
    assert soap.read_fault(envelope).subcodes == (subcode,)


@pytest.mark.parametrize("prefix", ["s", "soap", "env"])
def test_faults_are_built_and_read_under_any_prefix(prefix):
    """Some clients see a fault under one prefix only; ours sees it under every one."""
    detail = markup.element("sim:EventCode", "E2003")
    body = soap.fault(
        code="Sender", reason="No.", subcode=names.INVALID_SECURITY, detail=detail, prefix=prefix
    )
    envelope = soap.read(markup.serialize(soap.build(body, action=names.SOAP_FAULT, prefix=prefix)))
    fault = soap.read_fault(envelope)
    assert (fault.code, fault.subcodes, fault.reason) == ("Sender", (names.INVALID_SECURITY,), "No.")
    assert markup.text(fault.detail[0]) == "E2003"


def test_an_answer_that_is_no_fault_has_none():
    """No fault is not an empty fault."""
    assert soap.read_fault(soap.of(built())) is None


def test_a_subcode_with_an_undeclared_prefix_stays_as_written():
    """Nothing is invented for it."""
    data = (
        b'<e:Envelope xmlns:e="http://www.w3.org/2003/05/soap-envelope"><e:Body><e:Fault><e:Code><e:Value>e:Sender'
        b"</e:Value><e:Subcode><e:Value>x:Nothing</e:Value></e:Subcode></e:Code></e:Fault></e:Body></e:Envelope>"
    )
    assert soap.read_fault(soap.read(data)).subcodes == ("x:Nothing",)
