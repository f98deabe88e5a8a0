"""A signature of a manifest holds for these bytes only, and no byte of it can be changed unnoticed."""

import random
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from conformance.errors import OperatorError
from conformance.report import signing
from conformance.report.signing import Signer, distrusted, examine, refuse_unusable, sign
from conformance.simulators.authority import Authority

NOW = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
AUTHORITY = Authority(NOW, 0)
CREDENTIAL = AUTHORITY.machine_credential(abn="27809366375", name="Signing", key="machine-1")
ISSUERS = tuple(CREDENTIAL.chain[1:])
SIGNER = Signer(CREDENTIAL.key, CREDENTIAL.certificate, ISSUERS, "the machine credential Signing")
MANIFEST = b'{"schema": "manifest/1"}\n'


@pytest.fixture(scope="module")
def signature():
    """A signature by the machine credential."""
    return sign(MANIFEST, SIGNER)


def self_signed(key, *, begins=NOW - timedelta(days=1), ends=NOW + timedelta(days=30)):
    """A certificate that the key has made for itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Example Pty Ltd")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7)
    return builder.not_valid_before(begins).not_valid_after(ends).sign(key, SHA256())


def test_a_signature_holds_for_its_manifest(signature):
    """It names the signer's certificate, and carries the chain above it."""
    signed = examine(signature, MANIFEST)
    assert signed.problem == ""
    assert signed.certificate == CREDENTIAL.certificate
    assert signed.chain == ISSUERS


def test_the_same_signer_signs_alike(signature):
    """Nothing random and no time is in it."""
    assert sign(MANIFEST, SIGNER) == signature


def test_it_does_not_hold_for_another_manifest(signature):
    """One other byte is another manifest."""
    assert "made for another manifest.json" in examine(signature, MANIFEST + b" ").problem


def test_no_bit_can_be_turned_unnoticed(signature):
    """A drawn bit of every third byte, and of some of each certificate: blanks and value alike."""
    draw = random.Random(42)
    certificates = [found.span(1) for found in re.finditer(rb"<ds:X509Certificate>([^<]+)<", signature)]
    assert len(certificates) == 3
    inside = {place for start, end in certificates for place in range(start, end)}
    outside = [place for place in range(len(signature)) if place not in inside]
    for place in (*outside[::3], *sorted(inside)[::41]):
        changed = bytearray(signature)
        changed[place] ^= 1 << draw.randrange(8)
        assert examine(bytes(changed), MANIFEST).problem, place


@pytest.mark.parametrize(
    ("pattern", "instead"),
    [
        (rb"\A<\?xml[^>]*\?>\n", b""),
        (rb"\n</ds:Signature>", b"<!-- seen --></ds:Signature>"),
        (rb"\Z", b"\n"),
        (rb'Id="object"', b'Id = "object"'),
        (rb'Algorithm="([^"]*)"', rb"Algorithm='\1'"),
        # The last letter before the padding holds bits that no reader of base64 looks at.
        (rb"(.)==</ds:SignatureValue>", lambda m: bytes((m[1][0] + 1,)) + b"==</ds:SignatureValue>"),
        (rb"<ds:X509Certificate>[^<]*</ds:X509Certificate>\n</ds:X509Data>", b"</ds:X509Data>"),
        (rb"(?s)<ds:KeyInfo>.*</ds:KeyInfo>", b"<ds:KeyInfo></ds:KeyInfo>"),
        (rb"(?s)\A.*\Z", b""),
        (rb"(?s)\A.*\Z", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    ],
    ids=[
        *(
            "no declaration",
            "comment",
            "line feed",
            "blanks",
            "quotes",
            "idle bits",
            "chain",
            "no certificate",
        ),
        *("nothing", "doctype"),
    ],
)
def test_what_a_verifier_passes_over_is_refused_too(signature, pattern, instead):
    """The file is what the kit writes, or it does not hold."""
    changed = re.sub(pattern, instead, signature, count=1)
    assert changed != signature
    assert examine(changed, MANIFEST).problem


def test_another_key_cannot_sign_for_a_certificate(signature):
    """A value by another key, in a file that is otherwise as it should be."""
    other = AUTHORITY.machine_credential(abn="27809366375", name="Other", key="machine-3")
    theirs = sign(MANIFEST, Signer(other.key, other.certificate, ISSUERS))
    value = re.search(rb"<ds:SignatureValue>[^<]*", theirs)[0]
    forged = re.sub(rb"<ds:SignatureValue>[^<]*", lambda _: value, signature)
    assert "does not verify" in examine(forged, MANIFEST).problem


def test_another_implementation_verifies_it(signature, tmp_path):
    """xmlsec1 accepts the signature and the chain to the authority."""
    program = shutil.which("xmlsec1")
    if program is None:
        pytest.skip("xmlsec1 is not installed")
    (tmp_path / "manifest.sig.xml").write_bytes(signature)
    (tmp_path / "root.pem").write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    command = [program, "--verify", "--trusted-pem", "root.pem", "--verification-time", "2026-11-21 10:42:00"]
    done = subprocess.run([*command, "manifest.sig.xml"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_signer_is_trusted_through_the_authority(signature):
    """The root vouches for the certificate, and so does the certificate itself."""
    signed = examine(signature, MANIFEST)
    assert distrusted(signed, [AUTHORITY.root], NOW) == ""
    assert distrusted(signed, [CREDENTIAL.certificate], NOW) == ""


def test_nobody_else_vouches(signature):
    """Another authority does not, and the certificates of the file do not vouch for themselves."""
    signed = examine(signature, MANIFEST)
    assert "not among the trusted ones" in distrusted(signed, [AUTHORITY.other_root], NOW)
    assert "not among the trusted ones" in distrusted(signed, [], NOW)


def test_a_credential_issues_no_certificates():
    """A certificate signed with a machine credential's key leads nowhere, whatever is above that."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Australian Taxation Office")])
    builder = x509.CertificateBuilder(CREDENTIAL.certificate.subject, name, key.public_key(), 7)
    begins, ends = NOW - timedelta(days=1), NOW + timedelta(days=1)
    leaf = builder.not_valid_before(begins).not_valid_after(ends).sign(CREDENTIAL.key, SHA256())
    signed = examine(sign(MANIFEST, Signer(key, leaf, (CREDENTIAL.certificate, *ISSUERS))), MANIFEST)
    assert signed.problem == ""
    assert "is no authority" in distrusted(signed, [AUTHORITY.root], NOW)


def test_the_moment_of_the_run_counts(signature):
    """Certificates that have ended vouch for nothing any more."""
    signed = examine(signature, MANIFEST)
    assert "expired" in distrusted(signed, [AUTHORITY.root], NOW + timedelta(days=1000))


def test_a_usable_signer_is_let_through():
    """The credential at the moment of the run."""
    refuse_unusable(SIGNER, NOW)


@pytest.mark.parametrize(
    ("signer", "now", "said"),
    [
        (Signer(AUTHORITY.machine_credential(abn="27809366375", name="B", key="machine-3").key,
                CREDENTIAL.certificate), NOW, "does not belong to the certificate"),
        (SIGNER, NOW + timedelta(days=1000), "not valid now"),
        (SIGNER, NOW - timedelta(days=1000), "not valid now"),
    ],
    ids=["key of another", "expired", "too early"],
)  # fmt: skip
def test_an_unusable_signer_is_refused(signer, now, said):
    """Before anything is run, with the reason."""
    with pytest.raises(OperatorError, match=said):
        refuse_unusable(signer, now)


def test_a_short_key_is_refused():
    """1 024 bits are no signature any more, neither to make nor to accept."""
    key = rsa.generate_private_key(65537, 1024)
    with pytest.raises(OperatorError, match="too short"):
        refuse_unusable(Signer(key, self_signed(key)), NOW)


def test_a_signer_shows_no_key():
    """Its text form can be printed."""
    assert "key=" not in repr(SIGNER)
    assert signing.FILE == "manifest.sig.xml"
