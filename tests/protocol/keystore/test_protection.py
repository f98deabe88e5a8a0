"""Derived keys, integrity values and encrypted private keys are those of other implementations."""

import base64
import shutil
import subprocess
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
)
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import der, keystore
from conformance.protocol.keystore import Purpose
from conformance.protocol.keystore.protection import MAX_ITERATIONS
from conformance.simulators.authority import published_key

SALT_8, SALT_20 = bytes(range(8)), bytes(range(20))


def plain_key(name="machine-1"):
    """A published test key as PrivateKeyInfo."""
    return published_key(name).private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    ("password", "salt", "purpose", "length", "iterations", "expected"),
    [
        # Published test vectors of OpenSSL for this method.
        ("smeg", "0a58cf64530d823f", Purpose.KEY, 24, 1, "8aaae6297b6cb04642ab5b077851284eb7128f1a2a7fbca3"),
        ("smeg", "0a58cf64530d823f", Purpose.IV, 8, 1, "79993dfe048d3b76"),
        ("smeg", "3d83c0e4546ac140", Purpose.MAC, 20, 1, "8d967d88f6caa9d714800ab3d48051d63f73a312"),
        (
            "queeg",
            "05dec959acff72f7",
            Purpose.KEY,
            24,
            1000,
            "ed2034e36328830ff09df1e1a07dd357185dac0d4f9eb3d4",
        ),
        ("queeg", "05dec959acff72f7", Purpose.IV, 8, 1000, "11dedad7758d4860"),
        (
            "queeg",
            "1682c0fc5b3f7ec5",
            Purpose.KEY,
            24,
            1000,
            "483dd6e919d7de2e8e648ba8f862f3fbfbdc2bcb2c02957f",
        ),
        ("queeg", "263216fcc2fab31c", Purpose.MAC, 20, 1000, "5ec4c7a80df652294c3925b6489a7ab857c83476"),
    ],
)
def test_derived_keys_are_the_published_ones(password, salt, purpose, length, iterations, expected):
    """The PKCS#12 derivation gives the known answers."""
    derived = keystore.derive(
        password, bytes.fromhex(salt), purpose=purpose, length=length, iterations=iterations
    )
    assert derived.hex() == expected


PASSWORDS = [
    "Password1!",
    "p",
    "x" * 31,  # with its terminator exactly one block
    "x" * 32,  # one more
    "x" * 64,
    "Pässwörd1!",
    "Password\U0001f511",
]


@pytest.mark.parametrize("password", PASSWORDS)
@pytest.mark.parametrize("salt", [SALT_8, SALT_20, bytes(70)])
def test_another_library_decrypts_what_is_encrypted(password, salt):
    """cryptography, which is OpenSSL, opens the key under the same password."""
    data = keystore.encrypt_private_key(plain_key(), password, salt)
    opened = load_der_private_key(data, password.encode(), unsafe_skip_rsa_key_validation=True)
    assert opened.private_numbers() == published_key("machine-1").private_numbers()
    assert keystore.decrypt_private_key(data, password) == plain_key()


def test_openssl_decrypts_what_is_encrypted(tmp_path):
    """The command line of OpenSSL opens the key with its default provider."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path / "key.p8"
    path.write_bytes(keystore.encrypt_private_key(plain_key(), "Password1!", SALT_20))
    command = [
        "openssl",
        "pkcs8",
        "-inform",
        "DER",
        "-in",
        path,
        "-passin",
        "pass:Password1!",
        "-outform",
        "DER",
    ]
    done = subprocess.run(command, capture_output=True, check=True)
    opened = load_der_private_key(done.stdout, None, unsafe_skip_rsa_key_validation=True)
    assert opened.private_numbers() == published_key("machine-1").private_numbers()


def test_openssl_encrypts_what_is_decrypted(tmp_path):
    """And the other way round, with a salt of OpenSSL's own."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    path = tmp_path / "key.der"
    path.write_bytes(plain_key())
    command = ["openssl", "pkcs8", "-topk8", "-inform", "DER", "-in", path, "-outform", "DER"]
    command += ["-v1", "PBE-SHA1-3DES", "-iter", "1024", "-passout", "pass:Password1!"]
    done = subprocess.run(command, capture_output=True, check=True)
    assert keystore.decrypt_private_key(done.stdout, "Password1!") == plain_key()


def test_java_opens_key_and_certificate(made, tmp_path):
    """The JDK's own classes decrypt the key and read the chain of a generated store."""
    if not shutil.which("java"):
        pytest.skip("no JDK is installed")
    credential = made.store().credentials[0]
    (tmp_path / "key").write_bytes(credential.protected_private_key)
    (tmp_path / "bundle").write_bytes(credential.public_certificate)
    source = tmp_path / "Open.java"
    source.write_text(
        """
        import java.nio.file.*;
        import java.security.*;
        import java.security.cert.*;
        import java.security.interfaces.RSAKey;
        import javax.crypto.*;
        import javax.crypto.spec.*;
        public class Open {
            public static void main(String[] folder) throws Exception {
                Path at = Path.of(folder[0]);
                var info = new EncryptedPrivateKeyInfo(Files.readAllBytes(at.resolve("key")));
                var password = new PBEKeySpec("Password1!".toCharArray());
                var secret = SecretKeyFactory.getInstance("PBEWithSHA1AndDESede").generateSecret(password);
                var cipher = Cipher.getInstance("PBEWithSHA1AndDESede");
                cipher.init(Cipher.DECRYPT_MODE, secret, info.getAlgParameters());
                var key = KeyFactory.getInstance("RSA").generatePrivate(info.getKeySpec(cipher));
                try (var in = Files.newInputStream(at.resolve("bundle"))) {
                    var all = CertificateFactory.getInstance("X.509").generateCertificates(in);
                    var leaf = (X509Certificate) all.iterator().next();
                    var other = ((RSAKey) leaf.getPublicKey()).getModulus();
                    var same = ((RSAKey) key).getModulus().equals(other);
                    System.out.print(all.size() + " " + same + " " + leaf.getSubjectX500Principal());
                }
            }
        }
        """
    )
    done = subprocess.run(["java", source, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout.startswith("3 true "), done.stderr
    assert "O=11000002568" in done.stdout


def test_node_opens_the_key(made, tmp_path):
    """Node's crypto decrypts the key of a generated store."""
    if not shutil.which("node"):
        pytest.skip("Node is not installed")
    (tmp_path / "key").write_bytes(made.store().credentials[0].protected_private_key)
    script = (
        "const c=require('crypto'),k=c.createPrivateKey({key:require('fs').readFileSync(process.argv[1]),"
        "format:'der',type:'pkcs8',passphrase:'Password1!'});process.stdout.write(k.asymmetricKeyType+' '"
        "+k.asymmetricKeyDetails.modulusLength)"
    )
    done = subprocess.run(
        ["node", "-e", script, tmp_path / "key"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "rsa 2048", done.stderr


def test_php_opens_key_and_certificate(made, tmp_path):
    """PHP's openssl extension decrypts the key and finds that it is the certificate's."""
    if not shutil.which("php"):
        pytest.skip("PHP is not installed")
    if b"openssl" not in subprocess.run(["php", "-m"], capture_output=True, check=True).stdout:
        pytest.skip("PHP has no openssl extension")
    credential = made.store().credentials[0]
    for name, label, data in (
        ("key", "ENCRYPTED PRIVATE KEY", credential.protected_private_key),
        ("bundle", "PKCS7", credential.public_certificate),
    ):
        body = base64.encodebytes(data).decode()
        (tmp_path / name).write_text(f"-----BEGIN {label}-----\n{body}-----END {label}-----\n")
    script = (
        "$d=$argv[1];$k=openssl_pkey_get_private(file_get_contents(\"$d/key\"),'Password1!');"
        'openssl_pkcs7_read(file_get_contents("$d/bundle"),$c);'
        "echo count($c),' ',openssl_x509_check_private_key($c[0],$k)?'match':'mismatch';"
    )
    done = subprocess.run(["php", "-r", script, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout == "3 match", done.stderr


@given(password=st.text(max_size=80), salt=st.binary(min_size=1, max_size=80), plain=st.binary(max_size=60))
def test_what_is_encrypted_is_decrypted(password, salt, plain):
    """Round trip, whatever the key holds and however long the password is."""
    key = der.element(der.SEQUENCE, b"\x02\x01\x00", plain)
    try:
        data = keystore.encrypt_private_key(key, password, salt, iterations=2)
    except UnicodeEncodeError:
        assert any(0xD800 <= ord(character) < 0xE000 for character in password)
        return
    assert keystore.decrypt_private_key(data, password) == key


@pytest.mark.parametrize(
    "password", ["Password2!", "password1!", "Password1!\n", " Password1!", "", "\ud800", "x" * 1000]
)
def test_another_password_is_a_wrong_one(password):
    """Whatever it is, the error is the same and does not repeat it."""
    data = keystore.encrypt_private_key(plain_key(), "Password1!", SALT_20)
    with pytest.raises(keystore.WrongPassword) as caught:
        keystore.decrypt_private_key(data, password)
    assert not password or repr(password)[1:-1] not in str(caught.value)


@pytest.mark.parametrize("password", ["Password756!", "Password958!", "Password1154!"])
def test_valid_padding_is_no_proof(made, password):
    """These three leave a valid last byte for the key and salt of the vectors, and are wrong all the same."""
    data = made.store().credentials[0].protected_private_key
    with pytest.raises(ValueError, match="deserialize"):  # and not "incorrect password": the trap is real
        load_der_private_key(data, password.encode())
    with pytest.raises(keystore.WrongPassword):
        keystore.decrypt_private_key(data, password)


def test_one_wrong_password_in_256_leaves_valid_padding():
    """The figure that documentation quotes, counted without a key at all."""
    encrypted = keystore.encrypt_private_key(
        der.element(der.SEQUENCE, b"\x02\x01\x00"), "x", b"s", iterations=1
    )
    for number in range(300):
        with pytest.raises(keystore.WrongPassword):
            keystore.decrypt_private_key(encrypted, f"wrong {number}")


def _info(algorithm, *, parameters=None, encrypted=bytes(16)):
    if parameters is None:
        parameters = der.element(der.SEQUENCE, der.element(der.OCTET_STRING, SALT_8), der.integer(1024))
    identifier = der.element(der.SEQUENCE, der.object_identifier(algorithm), parameters)
    return der.element(der.SEQUENCE, identifier, der.element(der.OCTET_STRING, encrypted))


def _counted(iterations):
    count = der.element(der.INTEGER, iterations.to_bytes(6, signed=True))
    return der.element(der.SEQUENCE, der.element(der.OCTET_STRING, SALT_8), count)


TRIPLE_DES = "1.2.840.113549.1.12.1.3"
PROTECTED_OTHERWISE = {
    "not-encrypted": (plain_key(), keystore.UnsupportedAlgorithm),
    "pbes2": (
        published_key("machine-1").private_bytes(
            Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"Password1!")
        ),
        keystore.UnsupportedAlgorithm,
    ),
    "rc2": (_info("1.2.840.113549.1.12.1.5"), keystore.UnsupportedAlgorithm),
    "no-iterations": (_info(TRIPLE_DES, parameters=_counted(0)), keystore.UnsupportedAlgorithm),
    "negative-iterations": (_info(TRIPLE_DES, parameters=_counted(-1)), keystore.UnsupportedAlgorithm),
    "fifty-million-iterations": (
        _info(TRIPLE_DES, parameters=_counted(50_000_000)),
        keystore.UnsupportedAlgorithm,
    ),
    "one-iteration-too-many": (
        _info(TRIPLE_DES, parameters=_counted(MAX_ITERATIONS + 1)),
        keystore.UnsupportedAlgorithm,
    ),
    "no-parameters": (_info(TRIPLE_DES, parameters=der.NULL), keystore.Damaged),
    "nothing-encrypted": (_info(TRIPLE_DES, encrypted=b""), keystore.Damaged),
    "half-a-block": (_info(TRIPLE_DES, encrypted=bytes(12)), keystore.Damaged),
    "text": (b"not a key", keystore.Damaged),
    "nothing": (b"", keystore.Damaged),
    "something-behind": (
        keystore.encrypt_private_key(plain_key(), "Password1!", SALT_8) + b"\0",
        keystore.Damaged,
    ),
}


@pytest.mark.parametrize(("data", "error"), PROTECTED_OTHERWISE.values(), ids=PROTECTED_OTHERWISE)
def test_other_protection_is_refused(data, error):
    """And at once: nobody is kept busy by a number in a file."""
    with pytest.raises(error):
        keystore.decrypt_private_key(data, "Password1!")


@given(st.binary(max_size=100))
def test_any_bytes_end_in_the_error(data):
    """Bytes that are no encrypted key raise the package's own error."""
    with pytest.raises(keystore.KeystoreError):
        keystore.decrypt_private_key(data, "Password1!")


def test_the_integrity_value_covers_what_it_covers(made):
    """Eleven fields change it; dates, the store's salt and extensions do not."""
    credential = made.store().credentials[0]
    right = keystore.integrity_value(credential, b"")
    covered = {
        **dict.fromkeys(
            ("credential_type", "id", "name1", "name2", "abn", "legal_name", "person_id"), "other"
        ),
        "serial_number": "1",
        "sha1_fingerprint": b"other",
        "public_certificate": b"other",
        "protected_private_key": b"other",
        "salt": b"other",
    }
    for name, value in covered.items():
        assert keystore.integrity_value(replace(credential, **{name: value}), b"") != right, name
    for name in ("creation_date", "not_before", "not_after"):
        assert keystore.integrity_value(replace(credential, **{name: "other"}), b"") == right, name
    assert keystore.integrity_value(replace(credential, extensions=b"other"), b"other") == right


def test_the_integrity_value_does_not_see_a_moved_border(made):
    """A digit moved from the serial number into the person id leaves it as it was."""
    credential = made.store().credentials[0]
    number = credential.serial_number
    moved = replace(credential, person_id=number[:2], serial_number=number[2:])
    assert keystore.integrity_value(moved, b"") == keystore.integrity_value(credential, b"")


def test_the_salt_of_the_store_stands_in(made):
    """A credential without a salt of its own is keyed by the store's."""
    credential = made.store().credentials[0]
    without = replace(credential, salt=None)
    assert keystore.integrity_value(without, credential.salt) == keystore.integrity_value(credential, b"any")


def test_names_enter_in_utf_8(made):
    """Known answer for a name beyond ASCII, computed by openssl from the same bytes."""
    credential = replace(made.store().credentials[0], legal_name="Universität Ōtāhuhu 大学")
    texts = ("credential_type", "id", "name1", "name2", "abn", "legal_name", "person_id", "serial_number")
    binaries = ("sha1_fingerprint", "public_certificate", "protected_private_key")
    data = b"".join(getattr(credential, name).encode("utf-8") for name in texts)
    data += b"".join(getattr(credential, name) for name in binaries)
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    key = keystore.derive("", credential.salt, purpose=Purpose.MAC, length=20).hex()
    command = ["openssl", "dgst", "-sha1", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-binary"]
    done = subprocess.run(command, input=data, capture_output=True, check=True)
    assert keystore.integrity_value(credential, b"") == done.stdout


def test_a_key_of_another_kind_is_told_apart(made):
    """An elliptic-curve key under the right password is an unsupported one, not a wrong password."""
    store = made.store()
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.DER, PrivateFormat.PKCS8, NoEncryption()
    )
    with pytest.raises(keystore.UnsupportedAlgorithm):
        _open_with(made, store, key)


def test_a_key_that_makes_no_sense_is_damaged(made):
    """A prime with one digit changed: the password is right, the key is not."""
    numbers = published_key("machine-1").private_numbers()
    wrong = der.element(
        der.SEQUENCE,
        *(
            der.integer(number)
            for number in (
                0,
                numbers.public_numbers.n,
                numbers.public_numbers.e,
                numbers.d,
                numbers.p + 2,
                numbers.q,
                numbers.dmp1,
                numbers.dmq1,
                numbers.iqmp,
            )
        ),
    )
    rsa_encryption = der.element(der.SEQUENCE, der.object_identifier("1.2.840.113549.1.1.1"), der.NULL)
    info = der.element(der.SEQUENCE, der.integer(0), rsa_encryption, der.element(der.OCTET_STRING, wrong))
    with pytest.raises(keystore.Damaged, match="contradict each other"):
        _open_with(made, made.store(), info)
    assert isinstance(published_key("machine-1"), rsa.RSAPrivateKey)


def _open_with(made, store, plain):
    """Open the store's first credential with another plaintext for its key, everything else being right."""
    credential = store.credentials[0]
    protected = keystore.encrypt_private_key(plain, made.password, credential.salt)
    changed = replace(credential, protected_private_key=protected)
    sealed = replace(changed, integrity_value=keystore.integrity_value(changed, store.salt))
    other = replace(store, credentials=(sealed,))
    return keystore.open_credential(other, made.alias, made.password, now=made.moment)
