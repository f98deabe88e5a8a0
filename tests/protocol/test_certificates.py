"""Bundles are read in every published form; a leaf says what it says; its dates decide."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import certificates, der
from conformance.protocol.certificates import BundleForm, CertificateError, DigestAlgorithms, Validity
from conformance.simulators.authority import NO_SIGNING, OFFLINE, PERSONAL, Authority

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def credential():
    """A machine credential that was made at MOMENT."""
    return Authority(MOMENT).machine_credential(abn="11000002568", name="EVTECampus153", moment=MOMENT)


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("digest", list(DigestAlgorithms))
@pytest.mark.parametrize("form", [BundleForm.BER, BundleForm.DER])
def test_a_bundle_is_read_as_it_was_written(credential, form, digest, signed):
    """Every form, same certificates, same order."""
    signer = credential.signer if signed else None
    data = certificates.write_bundle(credential.chain, form=form, digest_algorithms=digest, signer=signer)
    assert certificates.read_bundle(data) == credential.chain
    assert data.startswith(b"\x30\x80" if form is BundleForm.BER else b"\x30\x82")


def test_the_order_is_kept(credential):
    """No sorting of the set: a CA may stand before the leaf, and then does so when read."""
    backwards = credential.chain[::-1]
    assert certificates.read_bundle(certificates.write_bundle(backwards, form=BundleForm.DER)) == backwards


def test_a_bare_certificate_is_a_bundle_of_one(credential):
    """Some writers put the leaf alone."""
    data = certificates.write_bundle(credential.chain, form=BundleForm.BARE)
    assert certificates.read_bundle(data) == (credential.certificate,)


@pytest.mark.parametrize("form", [BundleForm.BER, BundleForm.DER])
def test_openssl_reads_and_verifies_a_bundle(credential, form, tmp_path):
    """OpenSSL lists the three certificates and accepts the sub CA's signature over the empty content."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path / "bundle"
    path.write_bytes(certificates.write_bundle(credential.chain, form=form, signer=credential.signer))
    listed = subprocess.run(
        ["openssl", "pkcs7", "-inform", "DER", "-in", path, "-print_certs"], capture_output=True, check=True
    )
    assert listed.stdout.count(b"BEGIN CERTIFICATE") == 3
    if form is BundleForm.DER:
        return  # without content there is nothing that OpenSSL would verify
    command = ["openssl", "cms", "-verify", "-noverify", "-inform", "DER", "-in", path]
    verified = subprocess.run(command, capture_output=True, check=False)
    assert b"erification successful" in verified.stderr


def _signed_data(*parts):
    return der.element(
        der.SEQUENCE,
        der.object_identifier("1.2.840.113549.1.7.2"),
        der.element(der.CONTEXT_0, der.element(der.SEQUENCE, *parts)),
    )


BROKEN = {
    "empty": b"",
    "text": b"not a certificate",
    "zeros": bytes(20),
    "sequence-of-nothing": b"\x30\x00",
    "data-instead-of-signed-data": der.element(der.SEQUENCE, der.object_identifier("1.2.840.113549.1.7.1")),
    "signed-data-of-nothing": _signed_data(),
    "no-certificates": certificates.write_bundle(()),
    "endless": b"\x30\x80" * 200,
    "too-long": bytes(certificates.MAX_BUNDLE + 1),
}


@pytest.mark.parametrize("data", BROKEN.values(), ids=BROKEN)
def test_what_is_no_bundle_is_refused(data):
    """One kind of error, whatever is wrong."""
    with pytest.raises(CertificateError):
        certificates.read_bundle(data)


def test_something_behind_a_bundle_is_refused(credential):
    """A bundle ends where its encoding ends."""
    for form in BundleForm:
        data = certificates.write_bundle(credential.chain, form=form)
        with pytest.raises(CertificateError):
            certificates.read_bundle(data + b"\0")


def test_too_many_certificates_are_refused(credential):
    """The number is bounded."""
    with pytest.raises(CertificateError, match="number of certificates"):
        certificates.read_bundle(certificates.write_bundle([credential.certificate] * 33))


@given(st.data())
def test_any_bytes_end_in_certificates_or_in_the_error(credential, data):
    """A changed bundle raises nothing but the module's own error."""
    bundle = bytearray(certificates.write_bundle(credential.chain, signer=credential.signer))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, 80) | st.integers(0, len(bundle) - 1))
        bundle[place] = data.draw(st.integers(0, 255))
    try:
        found = certificates.read_bundle(bytes(bundle))
        facts = [certificates.leaf_facts(each) for each in found]
    except CertificateError:
        return
    assert len(facts) == len(found)


def test_a_leaf_tells_who_holds_it(credential):
    """ABN in O, name in CN, the mark of machine credentials, its policy."""
    facts = certificates.leaf_facts(credential.certificate)
    assert (facts.abn, facts.name, facts.dn_qualifier) == ("11000002568", "EVTECampus153", "ABR")
    assert facts.policies == ("1.2.36.1.9001.101.1.8.1",)
    assert (facts.is_authority, facts.may_sign) == (False, True)
    assert (facts.rsa_bits, facts.signature_hash) == (2048, "sha256")
    assert len(facts.sha1) == 20


@pytest.mark.parametrize(
    ("profile", "member", "value"),
    [
        (PERSONAL, "dn_qualifier", "3f1c9c1e-5d0e-4f8b-9a59-6f3a2f0d7c11"),
        (PERSONAL, "policies", ("1.2.36.1.9001.101.1.7.1",)),
        (NO_SIGNING, "may_sign", False),
        (OFFLINE, "dn_qualifier", "ABR"),
        (replace(OFFLINE, dn_qualifier=None, policy=None), "dn_qualifier", ""),
        (replace(OFFLINE, dn_qualifier=None, policy=None), "policies", ()),
    ],
)
def test_an_odd_leaf_is_seen_to_be_odd(profile, member, value):
    """What tells a person's certificate from a machine's can be read."""
    odd = Authority(MOMENT).machine_credential(abn="11000002568", name="Odd", profile=profile)
    assert getattr(certificates.leaf_facts(odd.certificate), member) == value


def test_a_certification_authority_is_one():
    """The sub CA is not mistaken for a leaf."""
    assert certificates.leaf_facts(Authority(MOMENT).sub).is_authority


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 1, 14, 23, 49, 59, tzinfo=UTC), Validity.NOT_YET_VALID),
        (datetime(2026, 1, 14, 23, 50, tzinfo=UTC), Validity.CURRENT),
        (datetime(2028, 1, 14, 23, 49, 59, tzinfo=UTC), Validity.CURRENT),
        (datetime(2028, 1, 14, 23, 50, tzinfo=UTC), Validity.EXPIRED),
        # The same instants on other clocks.
        (datetime(2026, 1, 15, 9, 50, tzinfo=timezone(timedelta(hours=10))), Validity.CURRENT),
        (datetime(2028, 1, 15, 13, 50, tzinfo=timezone(timedelta(hours=14))), Validity.EXPIRED),
        (datetime(2028, 1, 14, 18, 49, 59, tzinfo=timezone(timedelta(hours=-5))), Validity.CURRENT),
    ],
)
def test_validity_is_decided_on_the_second(credential, now, expected):
    """Back-dated ten minutes, 730 days less a second long, both ends included, whatever the zone."""
    assert certificates.validity(credential.certificate, now) is expected


def test_a_time_without_a_zone_is_no_moment(credential):
    """Local time is a guess, and the function does not guess."""
    with pytest.raises(ValueError, match="without a zone"):
        certificates.validity(credential.certificate, MOMENT.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("ends", "opens"),
    [
        (datetime(2027, 7, 25, 0, 7, 14, tzinfo=UTC), datetime(2026, 5, 25, 0, 7, 14, tzinfo=UTC)),
        (datetime(2027, 3, 31, 12, tzinfo=UTC), datetime(2026, 1, 31, 12, tzinfo=UTC)),
        (datetime(2027, 4, 30, 12, tzinfo=UTC), datetime(2026, 2, 28, 12, tzinfo=UTC)),
        (datetime(2029, 4, 30, 12, tzinfo=UTC), datetime(2028, 2, 29, 12, tzinfo=UTC)),
        (datetime(2027, 2, 28, 12, tzinfo=UTC), datetime(2025, 12, 28, 12, tzinfo=UTC)),
    ],
)
def test_renewal_opens_fourteen_calendar_months_before_the_end(ends, opens):
    """Months are calendar months; a day that a month lacks becomes its last."""
    made = Authority(MOMENT).machine_credential(
        abn="11000002568", name="Ends", not_before=datetime(2025, 1, 1, tzinfo=UTC), not_after=ends
    )
    assert certificates.renewal_opens(made.certificate) == opens


def test_the_chain_is_found_in_any_order(credential):
    """Leaf, sub CA, root: by name and signature, not by place."""
    for bundle in (credential.chain, credential.chain[::-1]):
        assert certificates.chain_of(credential.certificate, bundle) == credential.chain
    assert certificates.chain_of(credential.certificate, ()) == (credential.certificate,)


def test_an_issuer_by_name_only_breaks_the_chain(credential):
    """Another CA of the same name did not sign."""
    other = Authority(MOMENT).other_sub
    assert other.subject == credential.chain[1].subject
    with pytest.raises(CertificateError, match="broken"):
        certificates.chain_of(credential.certificate, (credential.certificate, other))


def test_a_forged_signature_breaks_the_chain(credential):
    """One bit of the issuer's signature is enough."""
    encoded = bytearray(credential.certificate.public_bytes(Encoding.DER))
    encoded[-1] ^= 1
    forged = x509.load_der_x509_certificate(bytes(encoded))
    with pytest.raises(CertificateError, match="broken"):
        certificates.chain_of(forged, credential.chain)


@pytest.mark.parametrize("version", [3, 5, 31, 127])
def test_a_version_that_does_not_exist_is_the_packages_own_error(credential, version):
    """The library's error for it belongs to none of the usual families."""
    encoded = credential.certificate.public_bytes(Encoding.DER)
    changed = encoded.replace(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01" + bytes((version,)), 1)
    assert changed != encoded
    with pytest.raises(CertificateError, match="cannot be read"):
        certificates.read_certificate(changed)
