"""The credential store: its XML, its integrity value, its encrypted private keys; reading and writing.

The format is the credential store schema 1.3, as six generations of published test stores show it.  Three
things about it surprise:

* The integrity value is keyed with the empty password.  Anyone can compute it, so it shows accidents and
  proves nothing; and it leaves out the dates.
* The dates carry UTC clock time under a `+10:00` label, ten hours too early.  They are kept as texts here,
  and `conformance.protocol.certificates.validity` decides by the certificate alone.
* About one wrong password in 256 leaves valid padding behind, and what comes out is not a key.

`read` and `write` deal with the file, `open_credential` with one credential in it.  All are pure: bytes,
values and the time come in, values or errors go out.  What is refused raises the error class of its reason;
sizes, counts and iterations are bounded.
"""

from conformance.protocol.keystore.errors import (
    Damaged,
    DuplicateAlias,
    Expired,
    KeyMismatch,
    KeystoreError,
    MissingFile,
    NotAKeystore,
    NotYetValid,
    UnknownAlias,
    Unsuitable,
    UnsupportedAlgorithm,
    WrongPassword,
)
from conformance.protocol.keystore.opening import OpenCredential, open_credential
from conformance.protocol.keystore.protection import (
    ITERATIONS,
    Purpose,
    decrypt_private_key,
    derive,
    encrypt_private_key,
    integrity_value,
)
from conformance.protocol.keystore.reading import read
from conformance.protocol.keystore.records import NAMESPACE, Credential, Store
from conformance.protocol.keystore.writing import STYLES, Style, write

__all__ = [
    "ITERATIONS",
    "NAMESPACE",
    "STYLES",
    "Credential",
    "Damaged",
    "DuplicateAlias",
    "Expired",
    "KeyMismatch",
    "KeystoreError",
    "MissingFile",
    "NotAKeystore",
    "NotYetValid",
    "OpenCredential",
    "Purpose",
    "Store",
    "Style",
    "UnknownAlias",
    "Unsuitable",
    "UnsupportedAlgorithm",
    "WrongPassword",
    "decrypt_private_key",
    "derive",
    "encrypt_private_key",
    "integrity_value",
    "open_credential",
    "read",
    "write",
]
