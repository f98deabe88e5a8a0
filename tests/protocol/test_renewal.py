"""The renewal exchange: what the judge of a request finds, and what is read of an answer."""

import subprocess
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from shutil import which

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.protocol import renewal
from conformance.protocol.certificates import leaf_facts, write_bundle
from conformance.simulators.authority import Authority, published_key

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AUTHORITY = Authority(NOW)
OLD = AUTHORITY.machine_credential(abn="11000002568", name="EVTECampus153")
KEY = published_key("machine-3")
CSR = renewal.certification_request(KEY, abn=OLD.abn, name=OLD.name)


def message(content=CSR, *, key=OLD.key, chain=OLD.chain, alias=OLD.alias, **more):
    """Return a request, right unless told otherwise."""
    return renewal.build_request(
        alias=alias, signed=renewal.sign(content, key=key, chain=chain, now=NOW), **more
    )


def judged(data, now=NOW, authorities=(AUTHORITY.sub,)):
    """Return judgement, codes of errors and remarks, and facts."""
    judgement, facts = renewal.judge_request(data, now=now, authorities=authorities)
    return judgement, {finding.code.removeprefix("renewal.") for finding in judgement.findings}, facts


def test_a_right_request_is_accepted_whole():
    """Every rule was examined, none was broken, and the facts are those of the request."""
    judgement, codes, facts = judged(message())
    assert codes == set()
    assert set(judgement.examined) == set(renewal.RULES)
    assert (facts.alias, facts.credential_type) == ("ABRD:11000002568_EVTECampus153", "D")
    assert facts.signer == OLD.certificate
    assert facts.public_key == KEY.public_key()


def test_the_same_arguments_give_the_same_bytes():
    """Nothing random is inside."""
    assert message() == message()


WEAK = x509.CertificateSigningRequestBuilder(x509.Name([])).sign(published_key("machine-3"), hashes.SHA256())


@pytest.mark.parametrize(
    ("data", "codes"),
    [
        (b"", {"not_a_request"}),
        (b"<!DOCTYPE a><a/>", {"not_a_request"}),
        (b'<requests xmlns="http://auth.sbr.gov.au/AutoRenew"/>', {"not_a_request"}),
        (message().replace(b"AutoRenew", b"Another"), {"not_a_request"}),
        (message().replace(b"<cmsB64>", b"<cmsB64>!"), {"not_signed"}),
        (message(credential_type="U"), {"credential_type"}),
        (message(alias="ABRD:11000002568_Other"), {"id"}),
        (message(chain=OLD.chain[:1]), {"chain"}),
        (message(key=KEY), {"signature"}),
        (message(b"no request"), {"not_a_csr"}),
        (message(CSR[:-1] + bytes([CSR[-1] ^ 1])), {"proof"}),
        (
            message(renewal.certification_request(OLD.key, abn=OLD.abn, name=OLD.name)),
            {"key_reused"},
        ),
        (message(renewal.certification_request(KEY, abn=OLD.abn, name="Another")), {"subject"}),
        (
            message(renewal.certification_request(KEY, abn="27809366375", name=OLD.name)),
            {"subject", "abn"},
        ),
        (message(WEAK.public_bytes(Encoding.DER)), {"subject", "abn"}),
    ],
)
def test_each_mistake_is_found_and_no_other(data, codes):
    """One thing wrong, one rule broken."""
    assert judged(data)[1] == codes


def test_elements_in_the_default_namespace_are_qualified():
    """The schema leaves local elements unqualified; a default namespace would qualify them."""
    text = b64encode(renewal.sign(CSR, key=OLD.key, chain=OLD.chain, now=NOW)).decode()
    inside = f'<request id="{OLD.alias}" credentialType="D"><cmsB64>{text}</cmsB64></request>'
    data = f'<requests xmlns="{renewal.NAMESPACE}">{inside}</requests>'.encode()
    assert judged(data)[1] == {"qualified"}


def test_a_stranger_and_an_expired_signer_are_found():
    """Who signed must be known, and current."""
    assert judged(message(), authorities=(AUTHORITY.other_sub,))[1] == {"signer_unknown"}
    later = NOW + timedelta(days=800)
    assert judged(message(), now=later)[1] == {"signer_expired", "signing_time"}


def test_sha1_is_weak_and_not_unsigned():
    """A weak digest is one finding; the signature under it still holds."""
    request = x509.load_der_x509_csr(CSR)
    tbs = request.tbs_certrequest_bytes
    signature = KEY.sign(tbs, PKCS1v15(), hashes.SHA1())
    inside = tbs + bytes.fromhex("300d06092a864886f70d0101050500") + b"\x03\x82\x01\x01\x00" + signature
    weak = b"\x30\x82" + len(inside).to_bytes(2) + inside
    assert judged(message(weak))[1] == {"csr_digest"}


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(message()) - 1), with_=st.binary(min_size=0, max_size=3))
def test_no_changed_byte_raises(at, with_):
    """Whatever arrives, the judge answers."""
    data = message()
    judgement, _, _ = judged(data[:at] + with_ + data[at + 1 :])
    assert judgement.examined


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 3000), st.integers(0, 255))
def test_no_changed_byte_of_the_envelope_raises(at, value):
    """The same inside the base64."""
    signed = bytearray(renewal.sign(CSR, key=OLD.key, chain=OLD.chain, now=NOW))
    signed[at % len(signed)] = value
    assert judged(renewal.build_request(alias=OLD.alias, signed=bytes(signed)))[0].examined


def response(**changes):
    """Return an answer, right unless told otherwise."""
    values = {
        "alias": OLD.alias,
        "bundle": write_bundle(OLD.chain),
        "legal_name": "Söhne & Co",
        "fingerprint": leaf_facts(OLD.certificate).sha1,
    }
    return renewal.build_response(**(values | changes))


def test_an_answer_is_read_as_it_was_written():
    """Alias, certificates, legal name and fingerprint come back."""
    read = renewal.read_response(response())
    assert (read.alias, read.legal_name) == (OLD.alias, "Söhne & Co")
    assert read.certificates == OLD.chain
    assert read.fingerprint == leaf_facts(OLD.certificate).sha1


def test_an_error_is_an_error_of_its_own():
    """Number and text of the service are kept."""
    with pytest.raises(renewal.RefusedError) as caught:
        renewal.read_response(renewal.build_error(alias=OLD.alias, error_id=7, message="No."))
    assert (caught.value.error_id, caught.value.error_message) == (7, "No.")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html/>",
        b'<r:responses xmlns:r="http://auth.sbr.gov.au/AutoRenew"/>',
        response().replace(b"p7cB64", b"other"),
        response(bundle=b"no bundle"),
        response(fingerprint=b""),
        message(),
    ],
)
def test_what_is_no_answer_is_refused(data):
    """One class of error, whatever is wrong."""
    with pytest.raises(renewal.AnswerError):
        renewal.read_response(data)


def test_age_is_told_by_the_certificate():
    """Due from fourteen months before the end, expired after it."""
    ends = OLD.certificate.not_valid_after_utc
    assert not renewal.is_stale(OLD.certificate, ends - timedelta(days=430))
    assert renewal.is_stale(OLD.certificate, ends - timedelta(days=420))
    assert not renewal.is_expired(OLD.certificate, ends)
    assert renewal.is_expired(OLD.certificate, ends + timedelta(seconds=1))


@pytest.mark.skipif(which("openssl") is None, reason="openssl is not installed")
def test_openssl_verifies_the_envelope_and_the_request(tmp_path):
    """An implementation that is not ours accepts both signatures."""
    signed, anchors, request = (tmp_path / name for name in ("signed.der", "anchors.pem", "request.der"))
    signed.write_bytes(renewal.sign(CSR, key=OLD.key, chain=OLD.chain, now=NOW))
    anchors.write_bytes(AUTHORITY.trust_anchors_pem)
    moment = str(int(NOW.timestamp()))
    words = ["openssl", "cms", "-verify", "-inform", "DER", "-in", str(signed), "-binary", "-purpose", "any"]
    words += ["-CAfile", str(anchors), "-attime", moment, "-out", str(request)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert request.read_bytes() == CSR
    words = ["openssl", "req", "-inform", "DER", "-in", str(request), "-verify", "-noout", "-subject"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "EVTECampus153" in done.stdout
