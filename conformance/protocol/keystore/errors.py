"""What can be wrong with a store or a credential: one class per reason.

No error holds a password, a key or decrypted bytes.
"""

from typing import ClassVar

from conformance.errors import OperatorError


class KeystoreError(OperatorError, ValueError):
    """A store or a credential cannot be used.  Never raised itself; `reason` is one of the contract's."""

    reason: ClassVar[str] = ""


class MissingFile(KeystoreError):  # noqa: N818 - these are named as the contract names the reasons
    """There is no file.  For callers that read files; nothing here does."""

    reason = "keystore.missing_file"


class NotAKeystore(KeystoreError):  # noqa: N818
    """The bytes are not a credential store at all."""

    reason = "keystore.not_a_keystore"


class Damaged(KeystoreError):  # noqa: N818
    """The store, or the credential, is incomplete or contradicts itself."""

    reason = "keystore.damaged"


class UnknownAlias(KeystoreError):  # noqa: N818
    """No credential has that id."""

    reason = "keystore.unknown_alias"


class DuplicateAlias(KeystoreError):  # noqa: N818
    """Two credentials have the same id."""

    reason = "keystore.duplicate_alias"


class WrongPassword(KeystoreError):  # noqa: N818
    """The password does not open the private key, whether or not the padding came out valid."""

    reason = "keystore.wrong_password"


class Expired(KeystoreError):  # noqa: N818
    """The certificate's validity has ended."""

    reason = "keystore.expired"


class NotYetValid(KeystoreError):  # noqa: N818
    """The certificate's validity has not begun."""

    reason = "keystore.not_yet_valid"


class KeyMismatch(KeystoreError):  # noqa: N818
    """Private key and certificate do not belong together."""

    reason = "keystore.key_mismatch"


class UnsupportedAlgorithm(KeystoreError):  # noqa: N818
    """The private key is not protected by PBE-SHA1-3DES within bounds, or is no RSA key."""

    reason = "keystore.unsupported_algorithm"


class Unsuitable(KeystoreError):  # noqa: N818
    """The certificate is not that of a machine credential, or is too weak to be used."""

    reason = "keystore.unsuitable"
