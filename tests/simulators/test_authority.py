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
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID, NameOID

from conformance.simulators import authority as module
from conformance.simulators.authority import (
    NO_EXTENDED_KEY_USAGE,
    NO_KEY_USAGE,
    NO_SIGNING,
    OFFLINE,
    OFFLINE_ISSUED,
    PERSONAL,
    SELF_SIGNED,
    SIGNED_WITH_MD5,
    SIGNED_WITH_SHA1,
    Authority,
    published_key,
)

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


def leaf(authority, profile, **arguments):
    """Return the leaf of a profile."""
    return authority.machine_credential(
        abn="11000002568", name="EVTECampus153", profile=profile, **arguments
    ).certificate


@pytest.mark.parametrize(
    ("profile", "digest", "identifier"),
    [
        (SIGNED_WITH_SHA1, "sha1", "1.2.840.113549.1.1.5"),
        (SIGNED_WITH_MD5, "md5", "1.2.840.113549.1.1.4"),
    ],
)
def test_a_weakly_signed_leaf_differs_by_its_signature_only(
    authority, credential, profile, digest, identifier
):
    """Inside and outside name the old algorithm, the signature is right, and nothing else has changed."""
    weak, strong = leaf(authority, profile), leaf(authority, module.MACHINE)
    assert weak.signature_hash_algorithm.name == digest
    assert weak.signature_algorithm_oid.dotted_string == identifier
    authority.sub.public_key().verify(
        weak.signature, weak.tbs_certificate_bytes, PKCS1v15(), weak.signature_hash_algorithm
    )
    assert len(der(weak)) == len(der(strong))
    assert (weak.subject, weak.serial_number) == (strong.subject, strong.serial_number)
    assert list(weak.extensions) == list(strong.extensions)


def test_openssl_sees_what_is_odd(authority, tmp_path):
    """`openssl x509` names the digest and the length that were meant."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    for profile, arguments, words in (
        (SIGNED_WITH_SHA1, {}, "sha1WithRSAEncryption"),
        (SIGNED_WITH_MD5, {}, "md5WithRSAEncryption"),
        (module.MACHINE, {"key": "machine-short"}, "Public-Key: (1024 bit)"),
    ):
        path = tmp_path / "leaf.der"
        path.write_bytes(der(leaf(authority, profile, **arguments)))
        command = ["openssl", "x509", "-inform", "DER", "-in", path, "-noout", "-text"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert words in done.stdout


def test_key_usages_may_be_others_or_none(authority):
    """Without digitalSignature, without the extension, without the extended one."""
    assert not extension(leaf(authority, NO_SIGNING), x509.KeyUsage).value.digital_signature
    for profile, kind in ((NO_KEY_USAGE, x509.KeyUsage), (NO_EXTENDED_KEY_USAGE, x509.ExtendedKeyUsage)):
        with pytest.raises(x509.ExtensionNotFound):
            extension(leaf(authority, profile), kind)


def test_the_offline_authority_counts_from_one(authority):
    """Root 1, sub CA 2, every link right, and none of it from the other authority."""
    offline = authority.machine_credential(abn="11000002568", name="x", profile=OFFLINE_ISSUED)
    certificate, sub, root = offline.chain
    assert (root.serial_number, sub.serial_number) == (1, 2)
    for issued, issuer in ((certificate, sub), (sub, root), (root, root)):
        issued.verify_directly_issued_by(issuer)
    names = [authority.root.subject, authority.sub.subject, root.subject, sub.subject]
    assert len(set(names)) == 4
    assert all("Offline" in name.rfc4514_string() for name in names[2:])


def test_a_self_signed_leaf_is_its_own_issuer(authority):
    """Nobody stands above it, and it signs its bundle itself."""
    alone = authority.machine_credential(abn="11000002568", name="x", profile=SELF_SIGNED)
    (certificate,) = alone.chain
    certificate.verify_directly_issued_by(certificate)
    assert alone.signer.certificate == certificate
    assert not extension(certificate, x509.BasicConstraints).value.ca


def test_the_address_of_the_revocation_list_may_be_another(authority):
    """A test may point it at itself."""
    address = "http://127.0.0.1:49152/sub.crl"
    certificate = leaf(authority, module.MACHINE, revocation_address=address)
    assert extension(certificate, x509.CRLDistributionPoints).value[0].full_name[0].value == address


@pytest.mark.parametrize(
    "profile", [OFFLINE_ISSUED, SELF_SIGNED, SIGNED_WITH_SHA1, SIGNED_WITH_MD5, NO_KEY_USAGE]
)
def test_odd_credentials_are_always_the_same(authority, profile):
    """Byte for byte, from another authority of the same moment."""
    assert der(leaf(authority, profile)) == der(leaf(Authority(MOMENT), profile))


REVOKED = {4711: MOMENT - timedelta(days=2), 815: MOMENT - timedelta(days=1, microseconds=1)}


def test_the_revocation_list_is_that_of_the_sub_ca(authority):
    """Signed by it, for a week, in the order of serial numbers, with a number that grows."""
    found = x509.load_der_x509_crl(authority.revocation_list(REVOKED))
    assert found.issuer == authority.sub.subject
    assert found.is_signature_valid(authority.sub.public_key())
    assert (found.last_update_utc, found.next_update_utc) == (MOMENT, MOMENT + timedelta(days=7))
    assert [each.serial_number for each in found] == [815, 4711]
    assert found.get_revoked_certificate_by_serial_number(4711).revocation_date_utc == MOMENT - timedelta(
        days=2
    )
    later = x509.load_der_x509_crl(authority.revocation_list({}, moment=MOMENT + timedelta(hours=1)))
    assert len(later) == 0
    numbers = [extension(each, x509.CRLNumber).value.crl_number for each in (found, later)]
    assert numbers[1] - numbers[0] == 3600


def test_the_revocation_list_is_always_the_same(authority):
    """Whatever the order of the arguments."""
    turned = dict(reversed(REVOKED.items()))
    assert authority.revocation_list(REVOKED) == Authority(MOMENT).revocation_list(turned)


def test_openssl_accepts_the_revocation_list(authority, credential, tmp_path):
    """`openssl verify -crl_check` lets a credential pass until its serial number is on the list."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    (tmp_path / "leaf.pem").write_bytes(credential.certificate.public_bytes(Encoding.PEM))
    (tmp_path / "anchors.pem").write_bytes(authority.trust_anchors_pem)
    for revoked, words in (
        ({}, "OK"),
        ({credential.certificate.serial_number: MOMENT}, "certificate revoked"),
    ):
        made = x509.load_der_x509_crl(authority.revocation_list(revoked))
        (tmp_path / "list.pem").write_bytes(made.public_bytes(Encoding.PEM))
        command = ["openssl", "verify", "-crl_check", "-attime", str(int(MOMENT.timestamp()) + 60)]
        command += [
            "-CRLfile",
            tmp_path / "list.pem",
            "-CAfile",
            tmp_path / "anchors.pem",
            tmp_path / "leaf.pem",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert words in done.stdout + done.stderr


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
    sizes = {name: published_key(name).key_size for name in names}
    assert {name: size for name, size in sizes.items() if size != 2048} == {
        "root": 4096,
        "machine-short": 1024,
    }


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
