"""The operator's own credential: a keystore, an alias, and a password that is in an environment variable."""

import os
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from cryptography import x509

from conformance.errors import OperatorError
from conformance.protocol import keystore
from conformance.protocol.keystore import OpenCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCredential:
    """A credential that the operator brought, opened."""

    path: Path
    alias: str
    password: str = field(repr=False)
    opened: OpenCredential
    trust: tuple[x509.Certificate, ...] = ()
    """Trust anchors given along with it."""
    org_code: str = ""
    """Organisation code to use; found by ABN, or invented, when empty."""

    @classmethod
    def from_environment(
        cls,
        *,
        keystore: Path,
        alias: str,
        password_env: str,
        trust: tuple[Path, ...] = (),
        org_code: str = "",
        now: datetime,
    ) -> "OperatorCredential":
        """Open a credential whose password is in an environment variable.

        Args:
            keystore: the store's file.
            alias: id of the credential.
            password_env: name of the variable; the password itself is never given on a command line.
            trust: PEM files of certificates that its chain may end in.
            org_code: organisation code to use; empty to find one.
            now: the moment at which it must be valid; aware.

        Raises:
            OperatorError: a file cannot be read, the variable is not set, or the credential cannot be
                opened: unknown alias, wrong password, damaged, expired.
        """
        content_of(keystore, "a credential store")  # a wrong path is told before a missing variable
        password = password_of(password_env)
        return cls.open(keystore, alias, password, trust=certificates_of(trust), org_code=org_code, now=now)

    @classmethod
    def open(
        cls,
        path: Path,
        alias: str,
        password: str,
        *,
        trust: tuple[x509.Certificate, ...] = (),
        org_code: str = "",
        now: datetime,
    ) -> "OperatorCredential":
        """Open a credential of a store; arguments and errors as of `from_environment`."""
        try:
            store = keystore.read(content_of(path, "a credential store"))
            opened = keystore.open_credential(store, alias, password, now=now)
        except keystore.KeystoreError as error:
            error.where = ", ".join(filter(None, (str(path), error.where)))
            raise
        return cls(
            path=path.resolve(),
            alias=alias,
            password=password,
            opened=opened,
            trust=trust,
            org_code=org_code,
        )


def password_of(variable: str) -> str:
    """Return the password that an environment variable holds.

    Raises:
        OperatorError: it is not set.  What cannot be a variable's name is not repeated: it may be the
            password itself.
    """
    if variable in os.environ:
        return os.environ[variable]
    named = variable if variable.isidentifier() else "(none named)"
    raise OperatorError(
        f"The environment variable {named} is not set.",
        expected="the password of the keystore in an environment variable",
        found="no variable of that name" if named == variable else "no name of a variable",
        advice="set one and name it with --password-env; passwords do not go onto command lines",
    )


def content_of(path: Path, what: str) -> bytes:
    """Return the content of a file of the operator's.

    Raises:
        OperatorError: it cannot be read; says that `what` was expected.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorError(
            f"The file {path} cannot be read.",
            expected=what,
            found=error.strerror or str(error),
            where=str(path),
            advice="check the path and your permission to read it",
        ) from error


def certificates_of(paths: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    """Return the certificates of files in PEM.

    Raises:
        OperatorError: a file cannot be read, or holds none.
    """
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(content_of(path, "certificates in PEM"))
        except ValueError as error:
            raise OperatorError(
                f"The file {path} holds no certificates in PEM.",
                expected="-----BEGIN CERTIFICATE----- and what belongs to it, once or more",
                found=str(error).rpartition(". ")[2],
                where=str(path),
                advice="a certificate in DER becomes PEM with `openssl x509 -inform DER -in FILE`",
            ) from error
    return tuple(found)
