"""XML Encryption 1.0 as the token uses it: AES-256-CBC, and RSA-OAEP-MGF1P with SHA-1 for the key.

OAEP draws its own randomness, so two encryptions never have the same bytes; compare after decryption.
"""

import os
from base64 import b64encode
from collections.abc import Callable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from lxml import etree

from conformance.errors import KitError
from conformance.protocol import certificates, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.token.rules import REMARKS, RULES

OAEP: Final = padding.OAEP(mgf=padding.MGF1(hashes.SHA1()), algorithm=hashes.SHA1(), label=None)  # noqa: S303
BLOCK: Final = 16


def encrypt(
    content: bytes, *, recipient: x509.Certificate, random: Callable[[int], bytes] = os.urandom
) -> etree._Element:
    """Return an element's bytes as EncryptedData for a recipient.

    Args:
        content: the serialised element.
        recipient: whose RSA key may open it.
        random: n -> n random bytes.
    """
    key, vector = random(32), random(BLOCK)
    filler = BLOCK - len(content) % BLOCK
    # XML Encryption 5.2: only the last byte of the padding counts, the others are arbitrary.
    padded = content + random(filler - 1) + bytes((filler,))
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    data = markup.element(
        "xenc:EncryptedData", None, {"Id": f"ED-{random(16).hex()}", "Type": names.ELEMENT_CONTENT}
    )
    markup.add(data, "xenc:EncryptionMethod", None, {"Algorithm": names.AES256_CBC})
    markup.add(data, "ds:KeyInfo").append(encrypted_key(key, recipient))
    cipher = markup.add(markup.add(data, "xenc:CipherData"), "xenc:CipherValue")
    cipher.text = b64encode(vector + encryptor.update(padded) + encryptor.finalize()).decode()
    return data


def encrypted_key(key: bytes, recipient: x509.Certificate) -> etree._Element:
    """Return a key as EncryptedKey for a recipient."""
    public = recipient.public_key()
    if not isinstance(public, RSAPublicKey):
        raise KitError("a token can only be encrypted for an RSA key")
    element = markup.element("xenc:EncryptedKey")
    method = markup.add(element, "xenc:EncryptionMethod", None, {"Algorithm": names.RSA_OAEP})
    markup.add(method, "ds:DigestMethod", None, {"Algorithm": names.SHA1})
    # Some clients look for the attached reference as the second SecurityTokenReference of the answer;
    # the first is this one.
    reference = markup.add(markup.add(element, "ds:KeyInfo"), "o:SecurityTokenReference")
    serial = markup.add(markup.add(reference, "ds:X509Data"), "ds:X509IssuerSerial")
    markup.add(serial, "ds:X509IssuerName", certificates.issuer_of(recipient))
    markup.add(serial, "ds:X509SerialNumber", str(recipient.serial_number))
    cipher = markup.add(markup.add(element, "xenc:CipherData"), "xenc:CipherValue")
    cipher.text = b64encode(public.encrypt(key, OAEP)).decode()
    return element


def decrypt(data: etree._Element, key: RSAPrivateKey) -> bytes:
    """Return the content of EncryptedData.

    Raises:
        ValueError: it is not of our layout, or the key does not open it.
    """
    notes = Notes(RULES, REMARKS)
    content = decrypted(notes, data, key)
    if content is None:
        raise ValueError("; ".join(finding.message for finding in notes.judgement().findings))
    return content


def decrypted(notes: Notes, data: etree._Element | None, key: RSAPrivateKey) -> bytes | None:
    """Judge the layout of EncryptedData and return its content; None, with a finding, without one."""
    place = "o:Security/xenc:EncryptedData"
    wrapped_key = markup.child(data, "ds:KeyInfo", "xenc:EncryptedKey")
    cipher = cipher_value(data)
    cipher_key = cipher_value(wrapped_key)
    if not notes.hold(
        "token.unreadable",
        cipher is not None and cipher_key is not None,
        "the token is not EncryptedData with an EncryptedKey inside",
        expected="EncryptedData / KeyInfo / EncryptedKey, both with a CipherValue in base64",
        where=place,
    ):
        return None
    assert cipher is not None and cipher_key is not None  # noqa: S101, PT018 - for the type checker; held above
    found = (_method(data), _method(wrapped_key))
    if not notes.hold(
        "token.algorithm",
        found == (names.AES256_CBC, names.RSA_OAEP),
        expected=f"{names.AES256_CBC}, {names.RSA_OAEP}",
        actual=", ".join(found),
        where=place,
    ):
        return None
    content_key = unwrapped(cipher_key, key)
    if not notes.hold(
        "token.not_for_us",
        content_key is not None and len(content_key) == 32,
        "the key of this relying party does not open the token",
        expected="a token encrypted for this relying party",
        where=f"{place}/ds:KeyInfo/xenc:EncryptedKey",
        hint="the EncryptedKey was altered on the way, or the token is for another relying party",
    ):
        return None
    return _unpadded(notes, cipher, content_key or b"", place)


def _unpadded(notes: Notes, cipher: bytes, content_key: bytes, place: str) -> bytes | None:
    whole = len(cipher) >= 2 * BLOCK and len(cipher) % BLOCK == 0
    content = b""
    if whole:
        decryptor = Cipher(algorithms.AES(content_key), modes.CBC(cipher[:BLOCK])).decryptor()
        padded = decryptor.update(cipher[BLOCK:]) + decryptor.finalize()
        whole = 1 <= padded[-1] <= BLOCK
        content = padded[: -padded[-1]]
    if whole:
        return content
    notes.hold("token.damaged", False, "the ciphertext is damaged", where=f"{place}/xenc:CipherData")
    return None


def cipher_value(element: etree._Element | None) -> bytes | None:
    """Return the CipherValue of EncryptedData or EncryptedKey; None for none or no base64."""
    return markup.binary(markup.child(element, "xenc:CipherData", "xenc:CipherValue"))


def _method(element: etree._Element | None) -> str:
    method = markup.child(element, "xenc:EncryptionMethod")
    return "" if method is None else method.get("Algorithm", "")


def unwrapped(cipher: bytes, key: RSAPrivateKey) -> bytes | None:
    """Return the key in an EncryptedKey's cipher value; None when `key` does not open it."""
    try:
        return key.decrypt(cipher, OAEP)
    except ValueError:
        return None
