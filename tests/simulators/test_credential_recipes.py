"""The odd credentials are odd in the one way that they are named for, and the reference says so."""

import base64
import shutil
import subprocess
from datetime import UTC, datetime

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key

from conformance.protocol import keystore
from conformance.protocol.certificates import chain_of, leaf_facts, read_bundle
from conformance.simulators.authority import Authority, published_key
from conformance.simulators.recipes import materialise

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
ALIAS = "ABRD:11000002568_EVTECampus153"
PASSWORD = "Password1!"


def store(deviation, **recipe):
    """Return the store of a deviation."""
    return keystore.read(materialise({"deviation": deviation, **recipe}, Authority(MOMENT), MOMENT))


def entry(deviation):
    """Return its one credential."""
    return store(deviation).credential(ALIAS)


REFUSED = {
    "leaf-missing": (keystore.Damaged, "no certificate has the serial number"),
    "certificates-missing": (keystore.Damaged, "no usable number of certificates"),
    "bundle-of-another": (keystore.Damaged, "no certificate has the serial number"),
    "leaf-forged-and-sealed": (keystore.Damaged, "chain of certificates is broken"),
    "issuer-forged": (keystore.Damaged, "chain of certificates is broken"),
    "issued-by-a-namesake": (keystore.Damaged, "chain of certificates is broken"),
    "self-signed": (keystore.Unsuitable, "no authority but itself"),
    "self-signed-among-issuers": (keystore.Unsuitable, "no authority but itself"),
    "personal": (keystore.Unsuitable, "not that of a machine"),
    "qualifier-of-a-person": (keystore.Unsuitable, "not that of a machine"),
    "qualifier-missing": (keystore.Unsuitable, "not that of a machine"),
    "policy-of-a-person": (keystore.Unsuitable, "another policy"),
    "policy-missing": (keystore.Unsuitable, "another policy"),
    "key-of-1024-bits": (keystore.Unsuitable, "too short"),
    "signed-with-sha1": (keystore.Unsuitable, "signed weakly"),
    "signed-with-md5": (keystore.Unsuitable, "signed weakly"),
    "not-for-signatures": (keystore.Unsuitable, "does not allow signatures"),
    "iterations-five-million": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "iterations-fifty-million": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "iterations-most-of-31-bits": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "iterations-beyond-32-bits": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "iterations-none": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "iterations-negative": (keystore.UnsupportedAlgorithm, "asks for too much"),
    "key-salt-misstated": (keystore.WrongPassword, "does not open"),
    "key-not-encrypted": (keystore.UnsupportedAlgorithm, "not encrypted"),
    "key-under-an-unknown-algorithm": (keystore.UnsupportedAlgorithm, "in another way"),
    "key-under-pbes2-sha256": (keystore.UnsupportedAlgorithm, "in another way"),
    "key-under-pbes2-sha1": (keystore.UnsupportedAlgorithm, "in another way"),
    "password-of-its-own": (keystore.WrongPassword, "does not open"),
    "key-elliptic": (keystore.UnsupportedAlgorithm, "not an RSA key"),
    "key-exponent-one": (keystore.Damaged, "contradict each other"),
    "key-modulus-even": (keystore.Damaged, "contradict each other"),
    "key-private-exponent-other": (keystore.Damaged, "contradict each other"),
    "key-crt-exponent-other": (keystore.Damaged, "contradict each other"),
    "key-crt-coefficient-other": (keystore.Damaged, "contradict each other"),
}


@pytest.mark.parametrize("deviation", REFUSED)
def test_the_reference_says_what_is_odd(deviation):
    """One class of error, one sentence."""
    kind, sentence = REFUSED[deviation]
    with pytest.raises(kind, match=sentence):
        keystore.open_credential(store(deviation), ALIAS, PASSWORD, now=MOMENT)


OPENED = (
    "root-first",
    "leaf-between",
    "leaf-alone",
    "leaf-bare",
    "issued-offline",
    "issued-by-another-authority",
    "key-usage-missing",
    "extended-key-usage-missing",
    "key-salt-of-its-own",
    "key-salt-empty",
)


@pytest.mark.parametrize("deviation", OPENED)
def test_the_reference_opens_what_is_merely_unusual(deviation):
    """The leaf is that of the holder."""
    opened = keystore.open_credential(store(deviation), ALIAS, PASSWORD, now=MOMENT)
    assert (opened.abn, opened.name) == ("11000002568", "EVTECampus153")


@pytest.mark.parametrize(("deviation", "place"), [("root-first", 2), ("leaf-between", 1), ("leaf-alone", 0)])
def test_the_leaf_stands_where_the_name_says(deviation, place):
    """And the chain is found whatever the order."""
    bundle = read_bundle(entry(deviation).public_certificate)
    assert leaf_facts(bundle[place]).name == "EVTECampus153"
    assert len(chain_of(bundle[place], bundle)) == len(bundle)


@pytest.mark.parametrize(
    ("deviation", "stated"),
    [
        ("iterations-fifty-million", 50_000_000),
        ("iterations-most-of-31-bits", 2_147_483_647),
        ("iterations-beyond-32-bits", 4_294_968_320),
        ("iterations-none", 0),
        ("iterations-negative", -1),
    ],
)
def test_only_the_stated_number_of_rounds_is_another(deviation, stated):
    """A reader that always takes 1024 rounds opens the key."""
    info = keys.EncryptedPrivateKeyInfo.load(entry(deviation).protected_private_key)
    parameters = info["encryption_algorithm"]["parameters"]
    assert parameters["iterations"].native == stated
    parameters["iterations"] = 1024
    assert load_der_private_key(info.dump(force=True), PASSWORD.encode()) is not None


@pytest.mark.parametrize("deviation", ["key-under-pbes2-sha256", "key-under-pbes2-sha1"])
def test_a_library_that_is_not_ours_opens_pbes2(deviation):
    """It is encrypted as it says."""
    key = load_der_private_key(entry(deviation).protected_private_key, PASSWORD.encode())
    assert key.private_numbers() == published_key("machine-1").private_numbers()


def test_openssl_calls_an_unsound_key_unsound(tmp_path):
    """`openssl pkey -check` refuses each, and takes the healthy one."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    verdicts = {}
    for deviation in (
        "labelled-expired",
        *(name for name in REFUSED if name.startswith(("key-crt", "key-pri"))),
    ):
        plain = keystore.decrypt_private_key(entry(deviation).protected_private_key, PASSWORD)
        pem = b"-----BEGIN PRIVATE KEY-----\n" + base64.encodebytes(plain) + b"-----END PRIVATE KEY-----\n"
        (tmp_path / "key.pem").write_bytes(pem)
        command = ["openssl", "pkey", "-in", tmp_path / "key.pem", "-check", "-noout"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        verdicts[deviation] = "Key is valid" in done.stdout
    assert verdicts == {
        "labelled-expired": True,
        "key-private-exponent-other": False,
        "key-crt-exponent-other": False,
        "key-crt-coefficient-other": False,
    }


def test_two_credentials_may_have_two_passwords():
    """Each opens under its own, and the first under no other."""
    pair = store("password-of-its-own", base="pair")
    keystore.open_credential(pair, ALIAS, "Another-Password9", now=MOMENT)
    keystore.open_credential(pair, "ABRD:27809366375_EVTEMachine", PASSWORD, now=MOMENT)
    for alias, password in ((ALIAS, PASSWORD), ("ABRD:27809366375_EVTEMachine", "Another-Password9")):
        with pytest.raises(keystore.WrongPassword):
            keystore.open_credential(pair, alias, password, now=MOMENT)


def test_a_namesake_has_the_issuers_name_and_not_its_key():
    """The names in the bundle fit each other; the signature does not."""
    leaf, sub, _ = read_bundle(entry("issued-by-a-namesake").public_certificate)
    assert leaf.issuer == sub.subject
    assert sub.public_bytes(Encoding.DER) == Authority(MOMENT).sub.public_bytes(Encoding.DER)
