"""A run knows what it was entrusted with, and what crossed the wire in confidence."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from conformance.model import Judgement
from conformance.protocol import trust
from conformance.protocol.keystore import records
from conformance.simulators import confided as module
from conformance.simulators.authority import Authority
from conformance.simulators.confided import Confided
from conformance.simulators.http import Request, Response
from conformance.simulators.own_credential import OperatorCredential
from conformance.simulators.stores import make_store
from conformance.simulators.transcript import Exchange

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
ENTROPY, SECRET, TOKEN = bytes(range(32)), bytes(range(32, 64)), bytes(range(256)) * 4


def encoded(name, content):
    return f"<t:{name} Type='x'>\n{base64.b64encode(content).decode()}</t:{name}>".encode()


def exchange(asked, answered, service="sts"):
    request = Request(
        method="POST",
        path="/",
        query="",
        headers=(),
        body=asked,
        tls_version="TLSv1.3",
        client_certificate=False,
        received=NOW,
    )
    return Exchange(
        service=service,
        request=request,
        response=Response(200, (), answered),
        received=NOW,
        judgement=Judgement(),
    )


def test_both_halves_of_a_proof_key_and_what_they_make():
    """The client's entropy, the service's secret, the key computed from both, and a part of the token."""
    confided = Confided()
    confided.exchange(
        exchange(
            encoded("BinarySecret", ENTROPY), encoded("BinarySecret", SECRET) + encoded("CipherValue", TOKEN)
        )
    )
    assert confided.secrets == {
        "the client's entropy": ENTROPY,
        "a secret of the token service": SECRET,
        "a proof key": trust.p_sha1(ENTROPY, SECRET, 32),
        "an issued token": TOKEN[64:112],
    }


def test_the_same_secret_is_kept_once_and_another_gets_its_own_name():
    """Names tell several apart, and never show anything."""
    confided = Confided()
    for secret in (SECRET, SECRET, ENTROPY):
        confided.exchange(exchange(b"", encoded("BinarySecret", secret)))
    assert list(confided.secrets) == ["a secret of the token service", "a secret of the token service (1)"]


def test_other_services_and_broken_messages_tell_nothing():
    """Only the token service hands out keys; what is no base64 is none."""
    confided = Confided()
    confided.exchange(exchange(encoded("BinarySecret", SECRET), b"", service="registry"))
    confided.exchange(exchange(b"<BinarySecret>abcde</BinarySecret>", b"<BinarySecret>"))
    assert confided.secrets == {}


def test_whoever_serves_for_days_does_not_fill_the_memory(monkeypatch):
    """What comes after so many is not kept."""
    monkeypatch.setattr(module, "MOST", 1)
    confided = Confided()
    confided.exchange(exchange(encoded("BinarySecret", ENTROPY), encoded("BinarySecret", SECRET)))
    assert confided.secrets == {"the client's entropy": ENTROPY}


@pytest.fixture
def operators(tmp_path):
    """An operator's credential, in a store that also holds a person's."""
    authority = Authority(NOW, 0)
    own = authority.machine_credential(abn="27809366375", name="Device", key="machine-1")
    other = authority.machine_credential(abn="27809366375", name="PERSON", key="machine-3")
    content = make_store([own, other], password="Confided-1!")
    # The second credential becomes that of a person, whose names no digest covers.
    head, _, tail = content.rpartition(b'credentialType="D"')
    tail = tail.replace(b"<name1>PERSON</name1>", b"<name1>Ada</name1>").replace(
        b"<name2/>", b"<name2>Lovelace</name2>"
    )
    path = tmp_path / "keystore.xml"
    path.write_bytes(head + b'credentialType="U"' + tail)
    return OperatorCredential.open(path, own.alias, "Confided-1!", now=NOW + timedelta(hours=1))


def test_the_operators_password_key_and_people(operators):
    """Whoever else has a credential in the store has a name that belongs in no report."""
    confided = Confided()
    confided.credential(operators)
    assert confided.secrets["the password of the keystore"] == "Confided-1!"
    assert confided.secrets["the private key (d)"] == operators.opened.key.private_numbers().d
    assert confided.secrets[module.A_PERSON] == "Ada Lovelace"
    assert records.DEVICE == "D"
