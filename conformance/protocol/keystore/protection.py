"""How a store is protected: keys derived from passwords, the integrity value, the encrypted private key."""

import functools
import hashlib
import hmac
from enum import IntEnum
from typing import Final

from asn1crypto import keys, parser
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.padding import PKCS7

from conformance.protocol import der
from conformance.protocol.keystore.errors import Damaged, KeystoreError, UnsupportedAlgorithm, WrongPassword
from conformance.protocol.keystore.records import MAX_SALT, Credential

PBE_SHA1_3DES: Final = "1.2.840.113549.1.12.1.3"
"""pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292, appendix C)."""

ITERATIONS: Final = 1024
"""Rounds of the key derivation.  The official reader takes no other number, whatever the file says."""

MAX_ITERATIONS: Final = 100_000
"""Most rounds of the key derivation that a file may ask for; about 0.2 s of work."""


class Purpose(IntEnum):
    """What derived bytes are for (RFC 7292, appendix B.3)."""

    KEY = 1
    IV = 2
    MAC = 3


def derive(
    password: str, salt: bytes, *, purpose: Purpose, length: int, iterations: int = ITERATIONS
) -> bytes:
    """Derive bytes from a password by the PKCS#12 method with SHA-1 (RFC 7292, appendix B.2).

    Args:
        password: any text; it enters in UTF-16BE with two zero bytes behind it, so that the empty password is
            two zero bytes.
        salt: of any length.
        purpose: what the bytes are for.
        length: how many are wanted.
        iterations: at least 1.

    Raises:
        ValueError: a lone surrogate in the password, which UTF-16 cannot hold.
    """
    block, size = 64, 20  # of SHA-1: v and u of the RFC, in bytes
    mixed = bytearray(_filled(salt, block) + _filled(password.encode("utf-16-be") + b"\0\0", block))
    result = b""
    while True:
        digest = bytes((purpose,)) * block + bytes(mixed)
        for _ in range(iterations):
            digest = hashlib.sha1(digest, usedforsecurity=False).digest()
        result += digest
        if len(result) >= length:
            return result[:length]
        addend = int.from_bytes((digest * (block // size + 1))[:block]) + 1
        for start in range(0, len(mixed), block):
            total = int.from_bytes(mixed[start : start + block]) + addend
            mixed[start : start + block] = (total % (1 << 8 * block)).to_bytes(block)


def _filled(data: bytes, block: int) -> bytes:
    """Return `data` repeated up to the next multiple of `block`; nothing stays nothing."""
    size = -(-len(data) // block) * block
    return (data * (size // len(data) + 1))[:size] if data else b""


def integrity_value(credential: Credential, store_salt: bytes) -> bytes:
    """Return the integrity value that a credential should carry: HMAC-SHA1, 20 bytes.

    The fields are joined with nothing between them, so that bytes can be moved from one to the next without
    changing it; dates, extensions and the store's salt are not covered.

    Args:
        credential: its own `integrity_value` does not enter.
        store_salt: takes part only where the credential has no salt.
    """
    salt = store_salt if credential.salt is None else credential.salt
    key = _integrity_key(salt)
    texts = (
        credential.credential_type,
        credential.id,
        credential.name1,
        credential.name2,
        credential.abn,
        credential.legal_name,
        credential.person_id,
        credential.serial_number,
    )
    binaries = (credential.sha1_fingerprint, credential.public_certificate, credential.protected_private_key)
    return hmac.digest(key, b"".join((*(text.encode() for text in texts), *binaries)), "sha1")


@functools.lru_cache(maxsize=64)
def _integrity_key(salt: bytes) -> bytes:
    # Kept, because it takes most of the time of looking at a store; the empty password is no secret.
    return derive("", salt, purpose=Purpose.MAC, length=20)


def encrypt_private_key(
    private_key: bytes, password: str, salt: bytes, *, iterations: int = ITERATIONS
) -> bytes:
    """Return EncryptedPrivateKeyInfo (PKCS#8, DER) under PBE-SHA1-3DES.

    Args:
        private_key: PrivateKeyInfo (PKCS#8, DER).
        password: any text.
        salt: equal to the credential's, or one family of readers reports a wrong password.
        iterations: `ITERATIONS`, or as above.
    """
    padder = PKCS7(64).padder()
    encryptor = _cipher(password, salt, iterations).encryptor()
    plain = padder.update(private_key) + padder.finalize()
    parameters = der.element(der.SEQUENCE, der.element(der.OCTET_STRING, salt), der.integer(iterations))
    return der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, der.object_identifier(PBE_SHA1_3DES), parameters),
        der.element(der.OCTET_STRING, encryptor.update(plain) + encryptor.finalize()),
    )


def decrypt_private_key(data: bytes, password: str) -> bytes:
    """Return PrivateKeyInfo (PKCS#8, DER), not looked into further.

    Args:
        data: EncryptedPrivateKeyInfo; salt and iterations are taken from it.
        password: exactly as it was set; blanks at its ends count.

    Raises:
        Damaged: `data` is not that.
        UnsupportedAlgorithm: another encryption, none, or more iterations than `MAX_ITERATIONS`.
        WrongPassword: what comes out is not a key, by its padding or by its first bytes.
    """
    salt, iterations, encrypted = _encrypted_parts(data)
    try:
        cipher = _cipher(password, salt, iterations)
    except UnicodeEncodeError as error:
        raise _wrong_password() from error
    decryptor = cipher.decryptor()
    plain = decryptor.update(encrypted) + decryptor.finalize()
    size = plain[-1]
    # Three things must hold, since padding alone holds for one wrong password in 256.
    if (
        not 1 <= size <= 8
        or plain[-size:] != bytes((size,)) * size
        or not _is_private_key_info(plain[:-size])
    ):
        raise _wrong_password()
    return plain[:-size]


def _wrong_password() -> WrongPassword:
    return WrongPassword(
        "the password does not open the private key",
        advice="check for case and for a blank or line end that came along; a lost one cannot be recovered",
    )


def _encrypted_parts(data: bytes) -> tuple[bytes, int, bytes]:
    """Return salt, iterations and ciphertext of EncryptedPrivateKeyInfo."""
    try:
        content = parser.parse(data, strict=True)[4]
        if content[:1] == bytes((der.INTEGER,)):  # version 0 of PrivateKeyInfo
            raise UnsupportedAlgorithm("the private key is not encrypted", expected="PBE-SHA1-3DES")
        info = keys.EncryptedPrivateKeyInfo.load(data, strict=True)
        algorithm = str(info["encryption_algorithm"]["algorithm"].dotted)
        if algorithm != PBE_SHA1_3DES:
            raise UnsupportedAlgorithm(
                "the private key is encrypted in another way",
                expected=f"PBE-SHA1-3DES ({PBE_SHA1_3DES})",
                found=algorithm,
            )
        parameters = info["encryption_algorithm"]["parameters"]
        salt = bytes(parameters["salt"].native)
        iterations = int(parameters["iterations"].native)
        encrypted = bytes(info["encrypted_data"].native)
    except KeystoreError:
        raise
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise Damaged("the private key is not an EncryptedPrivateKeyInfo", found=str(error)) from error
    if not 1 <= iterations <= MAX_ITERATIONS or len(salt) > MAX_SALT:
        raise UnsupportedAlgorithm(
            "the key derivation asks for too much",
            expected=f"1 to {MAX_ITERATIONS} iterations, at most {MAX_SALT} bytes of salt",
            found=f"{iterations} iterations, {len(salt)} bytes",
        )
    if not encrypted or len(encrypted) % 8:
        raise Damaged("the encrypted key is not a whole number of blocks", found=f"{len(encrypted)} bytes")
    return salt, iterations, encrypted


def _cipher(password: str, salt: bytes, iterations: int) -> Cipher[modes.CBC]:
    key = derive(password, salt, purpose=Purpose.KEY, length=24, iterations=iterations)
    vector = derive(password, salt, purpose=Purpose.IV, length=8, iterations=iterations)
    return Cipher(TripleDES(key), modes.CBC(vector))


def _is_private_key_info(plain: bytes) -> bool:
    """Whether this is one SEQUENCE that begins with version 0 and ends where the bytes end."""
    for size_bytes in (0, 1, 2, 3):
        start = 2 + size_bytes
        if plain[start : start + 3] == b"\x02\x01\x00" and plain == der.element(der.SEQUENCE, plain[start:]):
            return True
    return False
