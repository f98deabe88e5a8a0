"""Deviations of a credential's private key: how it is encrypted, and what is encrypted."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from asn1crypto import keys
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.protocol import der
from conformance.protocol.keystore import ITERATIONS, Credential, Purpose, derive, encrypt_private_key
from conformance.protocol.keystore.protection import PBE_SHA1_3DES
from conformance.simulators.recipes.steps import Deviation, Making
from conformance.simulators.stores import derived_salt, private_key_info

OWN_PASSWORD: Final = "Another-Password9"
"""The password of a credential that has one of its own."""

_RSA: Final = "1.2.840.113549.1.1.1"
_UNKNOWN: Final = "2.999.7"
"""Below the arc that is for examples: an algorithm that nobody has."""
_OTHER_SALT: Final = derived_salt("other key", 20)

Numbers = tuple[int, ...]
"""The integers of an RSAPrivateKey behind its version: n, e, d, p, q, dP, dQ, qInv (RFC 8017, A.1.2)."""


# --- how it is encrypted ------------------------------------------------------------------------------


def _encrypted_info(algorithm: bytes, parameters: bytes, encrypted: bytes) -> bytes:
    """Return EncryptedPrivateKeyInfo (RFC 5958, section 3)."""
    return der.element(
        der.SEQUENCE,
        der.element(der.SEQUENCE, algorithm, parameters),
        der.element(der.OCTET_STRING, encrypted),
    )


def _stating(
    *, salt: bytes | None = None, iterations: bytes = b"", algorithm: str = PBE_SHA1_3DES
) -> Deviation:
    """Return the deviation that the key states other parameters than those it is encrypted with.

    Args:
        salt: to be stated; the real one if not given.
        iterations: the INTEGER to be stated, encoded; the real number if not given.
        algorithm: to be stated, dotted.
    """

    def enter(entry: Credential, _: Making) -> Credential:
        encrypted = keys.EncryptedPrivateKeyInfo.load(entry.protected_private_key)["encrypted_data"].native
        parameters = der.element(
            der.SEQUENCE,
            der.element(der.OCTET_STRING, (entry.salt or b"") if salt is None else salt),
            iterations or der.integer(ITERATIONS),
        )
        info = _encrypted_info(der.object_identifier(algorithm), parameters, encrypted)
        return replace(entry, protected_private_key=info)

    return Deviation(enter=enter)


def _under(*, salt: bytes | None = None, password: str = "") -> Deviation:
    """Return the deviation that the key is under another salt than the entry's, or under another password."""

    def enter(entry: Credential, making: Making) -> Credential:
        encrypted = encrypt_private_key(
            private_key_info(making.issued.key),
            password or making.password,
            (entry.salt or b"") if salt is None else salt,
        )
        return replace(entry, protected_private_key=encrypted)

    return Deviation(enter=enter)


def _both_salted(entry: Credential, making: Making) -> Credential:
    """Give the entry a salt of a million bytes, and encrypt its key under it."""
    salt = bytes(1 << 20)
    encrypted = encrypt_private_key(private_key_info(making.issued.key), making.password, salt)
    return replace(entry, salt=salt, protected_private_key=encrypted)


def _unencrypted(entry: Credential, making: Making) -> Credential:
    return replace(entry, protected_private_key=private_key_info(making.issued.key))


def _unknown_encryption(entry: Credential, making: Making) -> Credential:
    """Encrypt the key with AES under a derived key, and say so by an identifier that nobody knows."""
    salt = entry.salt or b""
    key = derive(making.password, salt, purpose=Purpose.KEY, length=32)
    vector = derive(making.password, salt, purpose=Purpose.IV, length=16)
    parameters = der.element(der.SEQUENCE, der.element(der.OCTET_STRING, salt), der.integer(ITERATIONS))
    encrypted = _aes(key, vector, private_key_info(making.issued.key))
    info = _encrypted_info(der.object_identifier(_UNKNOWN), parameters, encrypted)
    return replace(entry, protected_private_key=info)


def _pbes2(digest: str, identifier: str) -> Deviation:
    """Return the deviation that the key is under PBES2 with AES-256-CBC (RFC 8018, section 6.2).

    Args:
        digest: of PBKDF2's HMAC.
        identifier: that HMAC, dotted; left out where it is the default, as DER wants it.
    """

    def enter(entry: Credential, making: Making) -> Credential:
        salt, vector = entry.salt or b"", derived_salt("vector", 16)
        key = hashlib.pbkdf2_hmac(digest, making.password.encode(), salt, 2048, 32)
        derivation = der.element(
            der.SEQUENCE,
            der.object_identifier("1.2.840.113549.1.5.12"),
            der.element(
                der.SEQUENCE,
                der.element(der.OCTET_STRING, salt),
                der.integer(2048),
                der.element(der.SEQUENCE, der.object_identifier(identifier), der.NULL) if identifier else b"",
            ),
        )
        cipher = der.element(
            der.SEQUENCE,
            der.object_identifier("2.16.840.1.101.3.4.1.42"),
            der.element(der.OCTET_STRING, vector),
        )
        info = _encrypted_info(
            der.object_identifier("1.2.840.113549.1.5.13"),
            der.element(der.SEQUENCE, derivation, cipher),
            _aes(key, vector, private_key_info(making.issued.key)),
        )
        return replace(entry, protected_private_key=info)

    return Deviation(enter=enter)


def _aes(key: bytes, vector: bytes, plain: bytes) -> bytes:
    padder = PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(key), modes.CBC(vector)).encryptor()
    return encryptor.update(padder.update(plain) + padder.finalize()) + encryptor.finalize()


# --- what is encrypted --------------------------------------------------------------------------------


def _holding(info: Callable[[Making], bytes]) -> Deviation:
    """Return the deviation that another PrivateKeyInfo is encrypted, as it should be."""

    def enter(entry: Credential, making: Making) -> Credential:
        encrypted = encrypt_private_key(info(making), making.password, entry.salt or b"")
        return replace(entry, protected_private_key=encrypted)

    return Deviation(enter=enter)


def _with_numbers(change: Callable[[RSAPrivateNumbers, Numbers], Numbers]) -> Deviation:
    """Return the deviation that the numbers of the key are others."""

    def info(making: Making) -> bytes:
        known = making.issued.key.private_numbers()
        public = known.public_numbers
        numbers = (public.n, public.e, known.d, known.p, known.q, known.dmp1, known.dmq1, known.iqmp)
        written = der.element(der.SEQUENCE, *map(der.integer, (0, *change(known, numbers))))
        algorithm = der.element(der.SEQUENCE, der.object_identifier(_RSA), der.NULL)
        return der.element(der.SEQUENCE, der.integer(0), algorithm, der.element(der.OCTET_STRING, written))

    return _holding(info)


def _other(place: int) -> Deviation:
    """Return the deviation that one of the numbers is greater by two, which keeps it odd or even."""
    return _with_numbers(
        lambda _, numbers: tuple(number + 2 * (at == place) for at, number in enumerate(numbers))
    )


def _exponent_one(known: RSAPrivateNumbers, numbers: Numbers) -> Numbers:
    """With 1 as both exponents every message is its own signature, and every equation holds."""
    return (numbers[0], 1, 1, known.p, known.q, 1, 1, known.iqmp)


def _even_modulus(known: RSAPrivateNumbers, numbers: Numbers) -> Numbers:
    return (known.p * 2, numbers[1], known.d, known.p, 2, known.dmp1, 1, pow(2, -1, known.p))


def _elliptic(_: Making) -> bytes:
    number = int.from_bytes(hashlib.sha256(b"the key on a curve").digest())
    key = ec.derive_private_key(number, ec.SECP256R1())
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # Parameters of the derivation.  The key is under 1024 rounds, whatever is stated.
    "iterations-five-million": _stating(iterations=der.integer(5_000_000)),
    "iterations-fifty-million": _stating(iterations=der.integer(50_000_000)),
    "iterations-most-of-31-bits": _stating(iterations=der.integer(2**31 - 1)),
    "iterations-beyond-32-bits": _stating(iterations=der.integer(2**32 + ITERATIONS)),
    "iterations-none": _stating(iterations=der.integer(0)),
    "iterations-negative": _stating(iterations=der.element(der.INTEGER, b"\xff")),
    "key-salt-empty": _under(salt=b""),
    "key-salt-huge": _stating(salt=bytes(1 << 20)),
    "both-salts-huge": Deviation(enter=_both_salted),
    "key-salt-of-its-own": _under(salt=_OTHER_SALT),
    "key-salt-misstated": _stating(salt=_OTHER_SALT),
    # Other ways of protection, and none.
    "key-not-encrypted": Deviation(enter=_unencrypted),
    "key-under-an-unknown-algorithm": Deviation(enter=_unknown_encryption),
    "key-under-pbes2-sha256": _pbes2("sha256", "1.2.840.113549.2.9"),
    "key-under-pbes2-sha1": _pbes2("sha1", ""),
    "password-of-its-own": _under(password=OWN_PASSWORD),
    # Keys that are none, or that cannot be right.
    "key-elliptic": _holding(_elliptic),
    "key-exponent-one": _with_numbers(_exponent_one),
    "key-modulus-even": _with_numbers(_even_modulus),
    "key-private-exponent-other": _other(2),
    "key-crt-exponent-other": _other(5),
    "key-crt-coefficient-other": _other(7),
}
