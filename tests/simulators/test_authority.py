"""The simulated authority has the shape of the real one, is deterministic, and cannot be mistaken for it."""

import shutil
import socket
import ssl
import subprocess
import threading
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from conformance.simulators import authority as module
from conformance.simulators.authority import OFFLINE, PERSONAL, Authority, published_key

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    """The authority of one moment."""
    return Authority(MOMENT)


@pytest.fixture(scope="module")
def credential(authority):
    """A machine credential."""
    return authority.machine_credential(abn="11000002568", name="EVTECampus153", moment=MOMENT)


def der(certificate):
    """Return a certificate's bytes."""
    return certificate.public_bytes(Encoding.DER)


def extension(certificate, kind):
    """Return one extension."""
    return certificate.extensions.get_extension_for_class(kind)


def test_the_subject_is_in_the_real_order(credential):
    """Country, ABN, name, ABR; with the string types of the real ones."""
    parts = [(part.oid, part.value) for part in credential.certificate.subject]
    assert parts == [
        (NameOID.COUNTRY_NAME, "AU"),
        (NameOID.ORGANIZATION_NAME, "11000002568"),
        (NameOID.COMMON_NAME, "EVTECampus153"),
        (NameOID.DN_QUALIFIER, "ABR"),
    ]
    encoded = credential.certificate.subject.public_bytes()
    assert b"\x13\x02AU" in encoded  # PrintableString
    assert b"\x0c\x0b11000002568" in encoded  # UTF8String
    assert b"\x13\x03ABR" in encoded


def test_the_validity_is_that_of_the_real_ones(credential):
    """Back-dated ten minutes, 730 days less a second."""
    assert credential.certificate.not_valid_before_utc == datetime(2026, 1, 14, 23, 50, tzinfo=UTC)
    assert credential.certificate.not_valid_after_utc == datetime(2028, 1, 14, 23, 49, 59, tzinfo=UTC)


def test_the_extensions_are_those_of_the_real_ones(credential):
    """Same kinds, same order, same criticality."""
    assert [(each.oid, each.critical) for each in credential.certificate.extensions] == [
        (ExtensionOID.BASIC_CONSTRAINTS, True),
        (ExtensionOID.AUTHORITY_KEY_IDENTIFIER, False),
        (ExtensionOID.CERTIFICATE_POLICIES, False),
        (ExtensionOID.EXTENDED_KEY_USAGE, False),
        (ExtensionOID.CRL_DISTRIBUTION_POINTS, False),
        (ExtensionOID.SUBJECT_KEY_IDENTIFIER, False),
        (ExtensionOID.KEY_USAGE, True),
    ]
    usage = extension(credential.certificate, x509.KeyUsage).value
    assert usage.public_bytes() == bytes.fromhex("030204f0")  # as in the real ones: the first four bits


def test_serial_numbers_have_the_length_of_the_real_ones(authority, credential):
    """159 bits, all different."""
    certificates = [*credential.chain, authority.other_root, authority.other_sub, authority.tls_ca]
    numbers = {certificate.serial_number for certificate in certificates}
    assert {number.bit_length() for number in numbers} == {159}
    assert len(numbers) == 6


def test_the_hierarchy_is_root_sub_leaf(credential):
    """RSA 4096 above RSA 2048; path length 0 at the sub CA; every link verifies."""
    leaf, sub, root = credential.chain
    for issued, issuer in ((leaf, sub), (sub, root), (root, root)):
        issued.verify_directly_issued_by(issuer)
    assert [c.public_key().key_size for c in credential.chain] == [2048, 2048, 4096]
    assert extension(sub, x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=0)
    assert extension(root, x509.BasicConstraints).value == x509.BasicConstraints(ca=True, path_length=None)


def test_nothing_can_be_mistaken_for_the_real_authority(authority, credential):
    """Every issuer says that it is simulated, and no address can be reached."""
    for certificate in (
        *credential.chain,
        authority.other_sub,
        authority.tls_ca,
        authority.service("registry")[0],
    ):
        assert "simulated" in certificate.issuer.rfc4514_string()
        encoded = der(certificate)
        assert b"ato.gov.au" not in encoded
        assert b"Taxation" not in encoded
    point = extension(credential.certificate, x509.CRLDistributionPoints).value[0]
    assert ".invalid/" in point.full_name[0].value


def test_the_same_moment_and_seed_give_the_same_bytes(credential):
    """Two authorities agree on every certificate; another seed gives another."""
    again = Authority(MOMENT.replace(microsecond=999_999))
    twin = again.machine_credential(abn="11000002568", name="EVTECampus153", moment=MOMENT)
    assert list(map(der, twin.chain)) == list(map(der, credential.chain))
    assert again.tls_server() == Authority(MOMENT).tls_server()
    other = Authority(MOMENT, seed=1).machine_credential(
        abn="11000002568", name="EVTECampus153", moment=MOMENT
    )
    assert der(other.certificate) != der(credential.certificate)


def test_an_untrusted_credential_differs_by_its_signature(authority, credential):
    """Same subject, same issuer name, another authority behind it."""
    other = authority.machine_credential(abn="11000002568", name="EVTECampus153", trusted=False)
    assert other.certificate.issuer == credential.certificate.issuer
    with pytest.raises(InvalidSignature):
        other.certificate.verify_directly_issued_by(authority.sub)
    other.certificate.verify_directly_issued_by(authority.other_sub)


def test_odd_profiles_are_odd(authority):
    """The offline kind has dnQualifier first and no extended key usage; a person has another qualifier."""
    offline = authority.machine_credential(abn="11000002568", name="x", profile=OFFLINE).certificate
    assert next(iter(offline.subject)).oid == NameOID.DN_QUALIFIER
    with pytest.raises(x509.ExtensionNotFound):
        extension(offline, x509.ExtendedKeyUsage)
    person = authority.machine_credential(abn="11000002568", name="x", profile=PERSONAL).certificate
    assert person.subject.get_attributes_for_oid(NameOID.DN_QUALIFIER)[0].value != "ABR"


def test_services_have_certificates_of_their_own(authority):
    """Token service and relying party: key and certificate belong together and are valid at the moment."""
    for name in ("sts-signing", "registry"):
        certificate, key = authority.service(name)
        assert certificate.public_key() == key.public_key()
        assert certificate.not_valid_before_utc < MOMENT < certificate.not_valid_after_utc


def test_every_key_file_is_named_in_its_readme():
    """The folder says what each published key is for."""
    text = (module.KEYS / "README.md").read_text(encoding="utf-8")
    names = {path.stem for path in module.KEYS.glob("*.pem")}
    listed = {"machine-2", "machine-3"}  # within "machine-1.pem … machine-4.pem"
    assert {name for name in names if f"`{name}.pem`" not in text} == listed
    assert all(published_key(name).key_size in (2048, 4096) for name in names)


@pytest.fixture
def tls(tmp_path):
    """An authority of the present, since TLS stacks ask the machine's own clock."""
    authority = Authority(datetime.now(UTC))
    certificate, key = authority.tls_server(("localhost", "127.0.0.1", "::1", "registry.test"))
    (tmp_path / "server.pem").write_bytes(certificate + key)
    (tmp_path / "ca.pem").write_bytes(authority.tls_ca_pem)
    return tmp_path


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "registry.test"])
def test_pythons_strict_verification_accepts_the_server(tls, name):
    """With VERIFY_X509_STRICT, by name and by address."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(tls / "server.pem")
    client = ssl.create_default_context(cafile=str(tls / "ca.pem"))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    ours, theirs = socket.socketpair()

    def serve():
        with server.wrap_socket(theirs, server_side=True) as connection:
            connection.sendall(b"hello")

    thread = threading.Thread(target=serve)
    thread.start()
    with client.wrap_socket(ours, server_hostname=name) as connection:
        assert connection.recv(5) == b"hello"
    thread.join()


def test_openssl_accepts_the_chains(tls, authority, credential):
    """`openssl verify -x509_strict` for TLS and for a machine credential."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    (tls / "leaf.pem").write_bytes(credential.certificate.public_bytes(Encoding.PEM))
    (tls / "anchors.pem").write_bytes(authority.trust_anchors_pem)
    moment = str(int((MOMENT + timedelta(days=1)).timestamp()))
    for ca, leaf, more in (
        ("ca.pem", "server.pem", ["-purpose", "sslserver", "-verify_ip", "127.0.0.1"]),
        ("anchors.pem", "leaf.pem", ["-attime", moment]),
    ):
        command = ["openssl", "verify", "-x509_strict", *more, "-CAfile", tls / ca, tls / leaf]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


def test_node_accepts_the_server(tls):
    """Node's X509Certificate finds name, address and issuer right."""
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    script = (
        "const{X509Certificate:X}=require('crypto'),f=require('fs'),d=process.argv[1];"
        "const s=new X(f.readFileSync(d+'/server.pem')),c=new X(f.readFileSync(d+'/ca.pem'));"
        "console.log(s.checkHost('localhost'),s.checkIP('127.0.0.1'),s.checkIssued(c),s.verify(c.publicKey),c.ca)"
    )
    done = subprocess.run(["node", "-e", script, tls], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["localhost", "127.0.0.1", "true", "true", "true"], done.stderr
