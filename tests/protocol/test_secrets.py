"""Secrets are found in every form in which products leave them, and never where there are none."""

import base64
import json
import random
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from conformance.protocol.secrets import Find, Search, of_key
from conformance.simulators.authority import published_key

PASSWORD = "Kq7+vRz2/LmX9_tB4wYd"
KEY = published_key("machine-1")
NUMBERS = KEY.private_numbers()
DER = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
OLD_PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption())
P = NUMBERS.p.to_bytes(128)

PASSWORD_FORMS = {
    "plain": PASSWORD,
    "inside": f"open('keystore.xml', '{PASSWORD}') failed",
    "base64": base64.b64encode(PASSWORD.encode()),
    "base64 after one byte": base64.b64encode(b":" + PASSWORD.encode() + b":"),
    "base64 after two bytes": base64.b64encode(b"u:" + PASSWORD.encode() + b"!!"),
    "base64 for URLs": base64.urlsafe_b64encode(PASSWORD.encode()).rstrip(b"="),
    "base64 in lines": b"\r\n".join(
        base64.b64encode(PASSWORD.encode())[at : at + 5] for at in range(0, 28, 5)
    ),
    "base64 in lines inside JSON": json.dumps(base64.encodebytes(b"x" * 40 + PASSWORD.encode()).decode()),
    "base64 of UTF-16": base64.b64encode(PASSWORD.encode("utf-16-le")),
    "hex": PASSWORD.encode().hex(),
    "hex in capitals": PASSWORD.encode().hex().upper(),
    "hex with colons": PASSWORD.encode().hex(":"),
    "hex as C writes it": ", ".join(f"0x{byte:02X}" for byte in PASSWORD.encode()),
    "hex as Python writes it": "".join(f"\\x{byte:02x}" for byte in PASSWORD.encode()),
    "URL-encoded": quote(PASSWORD, safe=""),
    "URL-encoded in lower case": "".join(f"%{byte:02x}" for byte in PASSWORD.encode()),
    "backwards": PASSWORD[::-1],
    "UTF-16": PASSWORD.encode("utf-16-le"),
    "UTF-16 the other way round": PASSWORD.encode("utf-16-be"),
    "two halves": f"part1={PASSWORD[:10]}; part2={PASSWORD[10:]}",
    "two halves the other way round": f"{PASSWORD[10:]} <- {PASSWORD[:10]}",
    "two halves, URL-encoded": f"a={quote(PASSWORD[:10], safe='')}&b={quote(PASSWORD[10:], safe='')}",
    "letter by letter": " ".join(PASSWORD),
    "list of numbers": str(list(PASSWORD.encode())),
}

KEY_FORMS = {
    "PEM": PEM,
    "older PEM": OLD_PEM,
    "PEM inside JSON": json.dumps(PEM.decode()),
    "PEM after other text": b"key follows:\n" + PEM,
    "PEM in UTF-16": PEM.decode().encode("utf-16-le"),
    "DER": DER,
    "second half of DER": DER[len(DER) // 2 :],
    "a prime in hex": f"{NUMBERS.p:X}",
    "half a prime": P[:64].hex(),
    "a prime in decimal": f"p = {NUMBERS.p}",
    "a prime with its lowest byte first": P[::-1],
    "a prime as signed bytes": str([byte - 256 if byte > 127 else byte for byte in P]),
}


@pytest.mark.parametrize("name", PASSWORD_FORMS)
def test_a_password_is_found_in_every_form(name):
    """Plain, encoded, split, backwards; wherever it stands."""
    search = Search({"the password": PASSWORD})
    for haystack in (PASSWORD_FORMS[name], b"before " + _bytes(PASSWORD_FORMS[name]) + b" after"):
        found = search.first(haystack)
        assert found is not None
        assert found.what == "the password"
        assert PASSWORD not in found.form


@pytest.mark.parametrize("name", KEY_FORMS)
def test_a_key_is_found_in_every_form(name):
    """Files of keys, and their numbers in any base."""
    assert Search(of_key(KEY)).first(KEY_FORMS[name]) is not None


def _bytes(value):
    return value if isinstance(value, bytes) else value.encode()


def test_an_encrypted_key_tells_nothing():
    """A key under a password is not the key."""
    data = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"other"))
    assert Search(of_key(KEY)).first(data) is None


def test_a_public_key_tells_nothing():
    """Modulus and exponent are in every certificate."""
    numbers = KEY.public_key().public_numbers()
    told = f"{numbers.n} {numbers.n:x} {base64.b64encode(numbers.n.to_bytes(256)).decode()} {numbers.e}"
    assert Search(of_key(KEY)).first(told) is None


def test_another_key_is_not_this_one():
    """Keys of one size and kind share their frame."""
    other = published_key("machine-2").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert Search(of_key(KEY)).first(other) is None


def test_chance_finds_nothing():
    """Ten megabytes of random bytes, as they are and in base64, hold no secret."""
    noise = random.Random(7).randbytes(10_000_000)
    search = Search({"the password": PASSWORD, "a short one": "Password1!", **of_key(KEY)})
    assert search.first(noise) is None
    assert search.first(base64.b64encode(noise[:300_000])) is None


@pytest.mark.parametrize(
    "text",
    [
        "The password is wrong. (4400)",
        "Kq7 was tried, and nothing else.",
        f"{PASSWORD[:10]} and a long way further on{'.' * 600}{PASSWORD[10:]}",
        f"only the first half: {PASSWORD[:10]}",
        "passw0rd ord1! Passw",
    ],
)
def test_what_is_no_secret_is_none(text):
    """Words, parts of a secret far apart, half a password."""
    assert Search({"the password": PASSWORD, "a short one": "Password1!"}).first(text) is None


def test_short_secrets_are_not_guessed():
    """A password of four characters is found as it stands; its forms could be chance."""
    search = Search({"the PIN": "a1b2"})
    assert search.first("PIN a1b2") == Find("the PIN", "as it is")
    assert search.first(base64.b64encode(b"a1b2")) is None
    assert search.first("61313262") is None


def test_an_empty_secret_is_nowhere():
    """Nothing is not a secret."""
    assert Search({"the password": ""}).first("anything") is None


@pytest.mark.parametrize("before", range(17))
def test_a_secret_is_found_wherever_it_stands(before):
    """Long forms are looked up by blocks; none of the sixteen ways in which they can lie hides one."""
    draw = random.Random(before)
    secret = draw.randbytes(15)
    search = Search({"a key": secret})
    for form in (secret, base64.b64encode(secret), secret.hex().encode()):
        haystack = b"\n" * before + form + b"\n" * 9
        assert search.first(haystack) is not None
        assert search.first(haystack.replace(form[4:5], b"", 1)) is None


def test_thousands_of_secrets_are_looked_for_at_once():
    """Each is named when it is there, those that were added later too."""
    draw = random.Random(3)
    secrets = {f"key {number}": draw.randbytes(32) for number in range(2000)}
    search = Search(secrets)
    later = draw.randbytes(32)
    assert search.first(draw.randbytes(50_000) + later) is None
    search.add({"the last one": later})
    noise = draw.randbytes(50_000)
    assert search.first(noise + base64.b64encode(secrets["key 1234"]) + noise) == Find(
        "key 1234", "in base64"
    )
    assert search.first(noise + later + noise) == Find("the last one", "as it is")
