"""Transcripts, and what is taken out of them before anybody sees them."""

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.model import Finding, Judgement
from conformance.simulators.http import Request, Response
from conformance.simulators.transcript import Exchange, Recording, redact

CANARY = "Q0FOQVJZLUNBTkFSWS1DQU5BUlktQ0FOQVJZLUNBTkE="
"""Base64 of 32 bytes that must never be seen."""
MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)

PROOF = f"<t:BinarySecret xmlns:t='t' Type='x'>{CANARY}</t:BinarySecret>"


@pytest.mark.parametrize(
    "body",
    [
        PROOF,
        f"<a><!-- {CANARY} --><b/></a>",
        f"<a><BinarySecret>\n  {CANARY}\n</BinarySecret></a>",
        f"<a><binarysecret>{CANARY}</binarysecret></a>",
        f"<a><BinarySecret><![CDATA[{CANARY}]]></BinarySecret></a>",
        f"<a><BinarySecret a='>'>{CANARY}</BinarySecret></a>",
        f"<x:CipherData xmlns:x='x'><x:CipherValue>{CANARY}</x:CipherValue></x:CipherData>",
        f"<o:Password xmlns:o='o'>{CANARY}</o:Password>",
        f"<a password='{CANARY}'/>",
        f'<a storePassword = "{CANARY}" b="1"><c/></a>',
        f"<s:Assertion xmlns:s='s' ID='_1'><s:Subject><s:NameID>{CANARY}</s:NameID></s:Subject>"
        "</s:Assertion>",
        f"<DVSDocument xmlns:i='i' i:type='P'><DocumentNumber>{CANARY}</DocumentNumber></DVSDocument>",
        # Not well-formed: cut off, several roots, no root.
        f"<t:BinarySecret xmlns:t='t'>{CANARY}",
        f"<a><DVSDocument><X>{CANARY}</X>",
        f"{PROOF}{PROOF}",
        f"error near <BinarySecret>{CANARY}</BinarySecret> in line 1",
        f"<!DOCTYPE a><a>{PROOF}</a>",
        f"&lt;t:BinarySecret&gt;{CANARY}&lt;/t:BinarySecret&gt;",
        f"<a>&lt;t:CipherValue&gt;{CANARY}&lt;/t:CipherValue&gt;</a>",
        f'{{"BinarySecret": "{CANARY}"}}',
        f"password={CANARY}&user=x",
    ],
)
def test_no_canary_survives(body):
    """Whatever the shape of a message, what is secret in it is gone."""
    assert CANARY not in redact(body.encode())
    assert "[removed: " in redact(body.encode())


def test_a_mark_tells_how_long_the_secret_was():
    """Base64 is counted in the bytes that it stands for, anything else in characters."""
    assert redact(PROOF.encode()) == (
        "<t:BinarySecret xmlns:t='t' Type='x'>[removed: 32 bytes]</t:BinarySecret>"
    )
    assert redact(b"<Password>P\xc3\xa4ss!</Password>") == "<Password>[removed: 5 characters]</Password>"


def test_everything_else_stays_as_it_was_sent():
    """Declaration, quotes, blanks, prefixes and line ends are evidence; the certificate is public."""
    token = "<o:BinarySecurityToken  u:Id='x' xmlns:o='o' xmlns:u='u'>TUlJ</o:BinarySecurityToken>"
    body = f'<?xml version="1.0"?>\r\n<a  b = "1"\n>{token}<c/>&amp;é<BinarySecret/></a >'
    assert redact(body.encode()) == body


def test_two_secrets_side_by_side_leave_what_is_between():
    """Each one is replaced by itself."""
    body = b"<a>1<Password>x</Password>2<CipherValue>y</CipherValue>3</a>"
    assert redact(body) == (
        "<a>1<Password>[removed: 1 characters]</Password>2"
        "<CipherValue>[removed: 1 characters]</CipherValue>3</a>"
    )


def test_a_known_secret_goes_wherever_it_stands():
    """A password that a product echoes in a name is removed too."""
    assert redact(b"<Name>Password1!</Name>", ["Password1!"]) == "<Name>[removed: 10 characters]</Name>"


def test_another_encoding_is_read():
    """UTF-16 is redacted like UTF-8."""
    body = f'<?xml version="1.0" encoding="UTF-16"?><a>{PROOF}é</a>'.encode("utf-16")
    text = redact(body)
    assert CANARY not in text
    assert "é</a>" in text


@settings(max_examples=100, deadline=None)
@given(
    before=st.text(max_size=30),
    after=st.binary(max_size=30),
    secret=st.binary(min_size=24, max_size=64),
    name=st.sampled_from(["BinarySecret", "CipherValue", "Password"]),
    closed=st.booleans(),
)
def test_no_surroundings_let_a_secret_through(before, after, secret, name, closed):
    """Random text around an element, well-formed or not, makes no difference."""
    text = base64.b64encode(secret).decode()
    body = (
        f"{before}<q:{name} Type='x'>{text}".encode()
        + (f"</q:{name}>".encode() if closed else b"")
        + b"<"
        + after
    )
    assert text not in redact(body)


def test_hostile_bodies_are_redacted_in_reasonable_time():
    """Megabytes of openings without ends take no more than a moment, because patterns are bounded."""
    redact(b"<BinarySecret " * 100_000)
    redact(b"<Assertion>" * 100_000)
    redact(b"<" * 1_000_000)


def test_evidence_shows_both_directions():
    """A scenario becomes messages in order, with what the judge found and without secrets."""
    request = Request(
        method="POST",
        path="/service",
        query="",
        headers=(("content-type", "application/soap+xml"), ("authorization", "Basic eA==")),
        body=PROOF.encode(),
        tls_version="TLSv1.3",
        client_certificate=False,
        received=MOMENT,
    )
    finding = Finding(code="usi.schema", message="not valid")
    recording = Recording("one-call", MOMENT, faults=("sts.E2003",))
    recording.add(
        Exchange(
            service="sts",
            request=request,
            response=Response(500, (("Content-Type", "text/plain"),), b"no"),
            received=MOMENT,
            judgement=Judgement(findings=(finding,), examined=("usi.schema",)),
            summary="RequestSecurityToken",
            at_ms=2.0,
            took_ms=3.5,
        )
    )
    evidence = recording.evidence()
    asked, answered = evidence.messages
    assert (evidence.id, evidence.title) == ("one-call", "one call")
    assert "E2003" in evidence.note
    assert (asked.sender, asked.receiver, asked.at_ms) == ("implementation", "token service", 2.0)
    assert (asked.summary, asked.size) == ("RequestSecurityToken", len(PROOF))
    assert asked.findings == (finding,)
    assert CANARY not in asked.body
    assert asked.headers[1] == ("authorization", "[removed: 10 characters]")
    assert (answered.sender, answered.at_ms, answered.summary, answered.body) == (
        "token service",
        5.5,
        "HTTP 500",
        "no",
    )
    assert len(recording.sts) == 1
    assert recording.registry == []


def test_the_bytes_of_a_finding_are_redacted_like_its_texts():
    """A password among the bytes that were hashed is overwritten; no byte moves."""
    octets = base64.b64encode(b"<To>https://Password1!@sts</To>").decode()
    recording = Recording("one-call", MOMENT, secrets=("Password1!",))
    finding = Finding(code="security.digest_mismatch", message="differs", octets=octets)
    clean = Finding(code="usi.schema", message="not valid", octets=base64.b64encode(b"<a></a>").decode())
    request = Request(
        method="POST",
        path="/service",
        query="",
        headers=(),
        body=b"<a/>",
        tls_version="TLSv1.3",
        client_certificate=False,
        received=MOMENT,
    )
    recording.add(
        Exchange(
            service="sts",
            request=request,
            response=Response(200),
            received=MOMENT,
            judgement=Judgement(findings=(finding, clean)),
        )
    )
    shown = recording.evidence().messages[0].findings
    assert base64.b64decode(shown[0].octets) == b"<To>https://**********@sts</To>"
    assert shown[1] == clean
