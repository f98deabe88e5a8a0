"""The key that signs a report is loaded from PEM or from the operator's keystore, and refused in words."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import NameOID

from conformance import signer
from conformance.errors import OperatorError
from conformance.plan import OwnKeystore, Signing
from conformance.simulators.authority import Authority
from conformance.simulators.stores import make_store

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
PASSWORD = "Signing-1!"


def certificate_of(key, *, ends=NOW + timedelta(days=30), name="Example Pty Ltd"):
    """A certificate that the key has made for itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(ends)
    return builder.sign(key, SHA256()).public_bytes(Encoding.PEM)


def pem(key, password=None):
    """A private key in PEM."""
    encryption = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


@pytest.fixture(scope="module")
def key():
    """An RSA key, long enough to sign with."""
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Loads a signer from the content of files."""

    def load(content, certificate=None, password=None, now=NOW):
        (tmp_path / "signing.pem").write_bytes(content)
        if certificate is not None:
            (tmp_path / "certificate.pem").write_bytes(certificate)
        if password is not None:
            monkeypatch.setenv("EVTE_S", password)
        chosen = Signing(
            key=tmp_path / "signing.pem",
            certificate=tmp_path / "certificate.pem" if certificate is not None else None,
            password_env="EVTE_S" if password is not None else "",
        )
        return signer.load(chosen, None, now=now)

    return load


def test_key_and_certificate_stand_in_one_file_or_in_two(load, key):
    """The reader is told which file it was."""
    whole = certificate_of(key)
    for found in (load(pem(key) + whole), load(pem(key), whole)):
        assert found.key.private_numbers() == key.private_numbers()
        assert found.certificate == x509.load_pem_x509_certificate(whole)
        assert (found.chain, found.origin) == ((), "signing.pem")


def test_the_certificate_of_the_key_is_found_among_its_issuers(load, key):
    """Whatever the order in the file; the others travel along."""
    other = certificate_of(rsa.generate_private_key(65537, 2048), name="Issuer")
    found = load(pem(key), other + certificate_of(key))
    assert "Example Pty Ltd" in found.certificate.subject.rfc4514_string()
    assert found.chain == (x509.load_pem_x509_certificate(other),)


def test_a_key_with_a_password_takes_it_from_the_variable(load, key):
    """PKCS #8, as openssl writes it."""
    found = load(pem(key, PASSWORD), certificate_of(key), password=PASSWORD)
    assert found.key.key_size == 2048


def test_the_operators_credential_signs_where_no_key_is_named(tmp_path, monkeypatch):
    """The same keystore, alias and variable as for the run; its issuers travel along."""
    authority = Authority(NOW)
    credential = authority.machine_credential(abn="11000002568", name="SIGNER")
    (tmp_path / "keystore.xml").write_bytes(make_store([credential], password=PASSWORD, moment=NOW))
    monkeypatch.setenv("EVTE_P", PASSWORD)
    own = OwnKeystore(file=tmp_path / "keystore.xml", alias=credential.alias, password_env="EVTE_P")
    found = signer.load(Signing(), own, now=NOW)
    assert found.origin == f"the machine credential {credential.alias}"
    assert found.certificate == credential.certificate
    assert found.certificate not in found.chain
    assert len(found.chain) > 0
    with pytest.raises(OperatorError, match="a credential that is not given"):
        signer.load(Signing(), None, now=NOW)


def test_what_cannot_sign_is_refused_in_words(load, key, tmp_path):
    """Each with what was found; nothing of the key or its password is repeated."""
    whole = certificate_of(key)
    curve = ec.generate_private_key(ec.SECP256R1())
    weak = rsa.generate_private_key(65537, 1024)
    damaged = pem(key).replace(b"\nMII", b"\nMIJ")
    for arguments, told in (
        ((b"no key at all", whole), "no private key"),
        ((pem(key, PASSWORD), whole), "a key with a password"),
        ((pem(key, PASSWORD), whole, "wrong"), "a key that the password does not open"),
        ((pem(key), whole, PASSWORD), "a key without a password"),
        ((damaged, whole), "a damaged key"),
        ((pem(curve), certificate_of(curve)), "a key of another kind"),
        ((pem(key),), "has no certificate"),
        ((pem(key), b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "a damaged one"),
        ((pem(key), certificate_of(rsa.generate_private_key(65537, 2048))), "another key"),
        ((pem(weak), certificate_of(weak)), "1024 bits"),
        ((pem(key), certificate_of(key, ends=NOW - timedelta(hours=1))), "not valid now"),
    ):
        with pytest.raises(OperatorError) as error:
            load(*arguments)
        assert told in str(error.value)
        assert PASSWORD not in str(error.value)
        assert pem(key).splitlines()[1].decode() not in str(error.value)


def test_a_missing_file_and_a_missing_variable_are_named(tmp_path, key):
    """Before anything is started."""
    with pytest.raises(OperatorError, match=r"missing\.pem cannot be read"):
        signer.load(Signing(key=tmp_path / "missing.pem"), None, now=NOW)
    (tmp_path / "signing.pem").write_bytes(pem(key))
    with pytest.raises(OperatorError, match="EVTE_NOT_SET"):
        signer.load(Signing(key=tmp_path / "signing.pem", password_env="EVTE_NOT_SET"), None, now=NOW)
