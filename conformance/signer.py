"""Loads the key that signs the manifest of a report: the operator's machine credential, or another in PEM."""

from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from conformance.errors import OperatorError
from conformance.plan import OwnKeystore, Signing
from conformance.report.signing import Signer, refuse_unusable
from conformance.simulators.bench import OperatorCredential, password_of

_KEY: Final = "a private RSA key in PEM"
_MOST_BYTES: Final = 1024 * 1024


def load(signing: Signing, keystore: OwnKeystore | None, *, now: datetime) -> Signer:
    """Return the signer that a plan names, opened and found to be usable.

    Args:
        signing: what the plan says of it.
        keystore: the operator's own credential, which signs where `signing` names no key.
        now: the moment at which the certificate must be valid; aware.

    Raises:
        OperatorError: a file cannot be read or is of another kind, the variable with the password is not
            set, the password is wrong, or key and certificate cannot sign.
    """
    signer = _of_credential(keystore, now) if signing.key is None else _of_files(signing, signing.key)
    refuse_unusable(signer, now)
    return signer


def _of_credential(keystore: OwnKeystore | None, now: datetime) -> Signer:
    if keystore is None:
        raise OperatorError(
            "the manifest cannot be signed with a credential that is not given",
            expected="the operator's own keystore",
            advice="name it with --keystore or in [keystore] of the plan, or sign with another key",
        )
    own = OperatorCredential.from_environment(
        keystore=keystore.file, alias=keystore.alias, password_env=keystore.password_env, now=now
    ).opened
    issuers = tuple(each for each in own.chain if each != own.certificate)
    return Signer(own.key, own.certificate, issuers, f"the machine credential {keystore.alias}")


def _of_files(signing: Signing, path: Path) -> Signer:
    key = _private_key(path, signing.password_env)
    source = signing.certificate or path
    certificates = _certificates(source)
    # Files list them in any order; the key says which is its own.
    own = [each for each in certificates if each.public_key() == key.public_key()] or certificates[:1]
    issuers = tuple(each for each in certificates if each not in own)
    return Signer(key, own[0], issuers, path.name)


def _private_key(path: Path, password_env: str) -> RSAPrivateKey:
    content = _content(path, _KEY)
    password = password_of(password_env).encode() if password_env else None
    try:
        key = serialization.load_pem_private_key(content, password)
    except (TypeError, ValueError, UnsupportedAlgorithm) as error:
        raise _no_key(path, content, password is not None) from error
    if not isinstance(key, RSAPrivateKey):
        raise OperatorError(
            "the manifest cannot be signed with this key",
            expected=_KEY,
            found="a key of another kind",
            where=str(path),
            advice="machine credentials have RSA keys; make one with `openssl genrsa 3072`",
        )
    return key


def _no_key(path: Path, content: bytes, has_password: bool) -> OperatorError:
    """Say what is wrong with a file of a key, without quoting anything of it."""
    encrypted = b"ENCRYPTED" in content
    if b"PRIVATE KEY-----" not in content:
        found, advice = "no private key", "a key in DER becomes PEM with `openssl pkey -inform DER -in FILE`"
    elif encrypted and has_password:
        found, advice = "a key that the password does not open", "compare the variable's value"
    elif encrypted:
        found, advice = "a key with a password", "name the variable that holds it in password_env"
    elif has_password:
        found, advice = (
            "a key without a password, or a damaged one",
            "leave password_env out, or compare the file",
        )
    else:
        found, advice = "a damaged key", "compare the file"
    return OperatorError(
        "the key that signs the manifest cannot be read",
        expected=_KEY,
        found=found,
        where=str(path),
        advice=advice,
    )


def _certificates(path: Path) -> list[x509.Certificate]:
    content = _content(path, "certificates in PEM")
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise OperatorError(
            "the key that signs the manifest has no certificate",
            expected="-----BEGIN CERTIFICATE----- and what belongs to it, once or more",
            found="none" if b"BEGIN CERTIFICATE" not in content else "a damaged one",
            where=str(path),
            advice="name its file with --sign-certificate, or as `certificate` in [signing] of the plan",
        ) from error


def _content(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"the file {path} cannot be read",
            expected=what,
            found=getattr(error, "strerror", "") or str(error),
            where=str(path),
            advice="compare the path, and whether this user may read the file",
        ) from error
