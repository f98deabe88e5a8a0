"""The records of a credential store, as they stand in the file, and the limits within which one is read."""

from dataclasses import dataclass, field
from typing import Final

from conformance.protocol.keystore.errors import UnknownAlias

NAMESPACE: Final = "http://auth.abr.gov.au/credential/xsd/SBRCredentialStore"

DEVICE: Final = "D"
"""`credentialType` of a machine credential; `U` is a person's."""

MAX_BYTES: Final = 16 * 1024 * 1024
"""Bytes of the largest store that is read: some 1,500 credentials."""
MAX_CREDENTIALS: Final = 5_000
MAX_TAGS: Final = 400_000
"""Opening brackets in the largest file that is parsed, since each element costs some hundred bytes of memory.
A store of `MAX_CREDENTIALS` has about 150,000."""
MAX_SALT: Final = 1024
"""Bytes of the longest salt that is read; real ones have 8 or 20."""
MAX_BLOB: Final = 1 << 20
"""Bytes of the longest base64 value that is decoded."""

TEXTS: Final = {
    "name1": "name1",
    "name2": "name2",
    "abn": "abn",
    "legalName": "legal_name",
    "personId": "person_id",
    "serialNumber": "serial_number",
    "creationDate": "creation_date",
    "notBefore": "not_before",
    "notAfter": "not_after",
}
BINARIES: Final = {
    "sha1fingerprint": "sha1_fingerprint",
    "publicCertificate": "public_certificate",
    "protectedPrivateKey": "protected_private_key",
}
"""The children of a credential, in the order of the schema, and the fields of `Credential` they fill."""


@dataclass(frozen=True)
class Credential:
    """One credential as it stands in the file.  Texts are exact; binary values are decoded."""

    id: str
    """The alias, for instance `ABRD:11000002568_INGLETON153`; case matters."""
    credential_type: str
    salt: bytes | None
    """`credentialSalt`; None where the attribute is absent and the store's salt takes its place."""
    integrity_value: bytes | None
    name1: str
    name2: str
    abn: str
    legal_name: str
    person_id: str
    serial_number: str
    """Serial number of the leaf, decimal, as text."""
    creation_date: str
    """When it was made, without a zone: UTC in older files, UTC+10 in newer ones."""
    not_before: str
    not_after: str
    """Not to be trusted: see the head of this package."""
    sha1_fingerprint: bytes
    public_certificate: bytes = field(repr=False)
    """The certificate bundle, see `certificates.read_bundle`."""
    protected_private_key: bytes = field(repr=False)
    """EncryptedPrivateKeyInfo, DER."""
    extensions: bytes = field(default=b"", repr=False)
    """The element `credentialExtensions` in exclusive canonical form; empty if absent."""


@dataclass(frozen=True)
class Store:
    """A credential store."""

    salt: bytes
    credentials: tuple[Credential, ...]
    check_value: bytes | None = None
    """Of no known use; absent in every published store."""
    extensions: bytes = field(default=b"", repr=False)
    """The element `storeExtensions` in exclusive canonical form; empty if absent."""

    def credential(self, alias: str) -> Credential:
        """Return the credential with exactly this id.

        Raises:
            UnknownAlias: there is none.
        """
        for credential in self.credentials:
            if credential.id == alias:
                return credential
        held = ", ".join(repr(credential.id) for credential in self.credentials[:5])
        raise UnknownAlias(
            "the store has no credential of this id",
            expected=f"one of {held}" if held else "a store that holds credentials; this one is empty",
            found=repr(alias[:200]),
            advice="copy the id from the file, prefix and case included",
        )
