"""Healthy credential stores of the kit's own making, in the form of every generation of published ones.

Salts are derived from names, and keys are fixed: the same credentials give the same bytes.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.protocol.certificates import (
    BundleForm,
    BundleSigner,
    DigestAlgorithms,
    leaf_facts,
    write_bundle,
)
from conformance.protocol.keystore import Credential, Store, encrypt_private_key, integrity_value, write
from conformance.simulators.authority import MACHINE, OFFLINE, LeafProfile, MachineCredential

PASSWORD: Final = "Password1!"
"""The password of every store that does not say otherwise; that of the published test stores too."""

# --- the generations of writers -------------------------------------------------------------------


class Labels(Enum):
    """What a writer puts into the date texts."""

    TEN_HOURS_EARLY = "utc clock time labelled +10:00"
    TRUE = "utc labelled +00:00"
    REWRITTEN = "utc with milliseconds and Z"


@dataclass(frozen=True)
class Generation:
    """What one generation of published stores has in it."""

    style: str
    """Spelling: a name in `keystore.STYLES`."""
    salt_size: int = 20
    form: BundleForm = BundleForm.BER
    digest_algorithms: DigestAlgorithms = DigestAlgorithms.SHA256
    signed: bool = True
    """Whether the sub CA signs the bundle."""
    labels: Labels = Labels.TEN_HOURS_EARLY
    creation_in_utc: bool = False
    """Whether `creationDate` is UTC; otherwise it is UTC+10.  It has no zone in either case."""
    profile: LeafProfile = MACHINE

    def stamp(self, moment: datetime) -> str:
        """Return `notBefore` or `notAfter` as this writer spells a moment."""
        utc = moment.astimezone(UTC)
        suffix = {Labels.TEN_HOURS_EARLY: "+10:00", Labels.TRUE: "+00:00", Labels.REWRITTEN: ".000Z"}
        return f"{utc:%Y-%m-%dT%H:%M:%S}{suffix[self.labels]}"

    def creation_stamp(self, moment: datetime) -> str:
        """Return `creationDate` as this writer spells a moment."""
        if self.labels is not Labels.TEN_HOURS_EARLY:
            return self.stamp(moment)
        local = moment.astimezone(UTC) + timedelta(hours=0 if self.creation_in_utc else 10)
        return f"{local:%Y-%m-%dT%H:%M:%S}"


GENERATIONS: Final = {
    "2019": Generation("jaxb-2019", digest_algorithms=DigestAlgorithms.SHA256_NULL, creation_in_utc=True),
    "2020": Generation(
        "dotnet-2020",
        salt_size=8,
        form=BundleForm.DER,
        digest_algorithms=DigestAlgorithms.NONE,
        signed=False,
        labels=Labels.TRUE,
        profile=OFFLINE,
    ),
    "2021": Generation("jaxb-2021", digest_algorithms=DigestAlgorithms.SHA256_NULL, creation_in_utc=True),
    "2022": Generation("jaxb-2021", creation_in_utc=True),
    "2023": Generation("dom-2025"),
    "2025": Generation("dom-2025"),
    "rewritten": Generation("dom-2025", labels=Labels.REWRITTEN),
}
"""By year; `rewritten` is what the official library saves."""


def make_entry(
    credential: MachineCredential,
    *,
    password: str = PASSWORD,
    generation: str | Generation = "2025",
    moment: datetime | None = None,
    salt: bytes | None = None,
) -> Credential:
    """Return a machine credential as an entry of a store, integrity value included.

    Args:
        credential: from the authority.
        password: of its private key.
        generation: of the writer, one of `GENERATIONS`.
        moment: when it came into the store; when it was issued, if not given.
        salt: of the credential; derived from its alias, as long as the writer makes it, if not given.
    """
    writer = GENERATIONS[generation] if isinstance(generation, str) else generation
    if salt is None:
        salt = derived_salt(f"credential {credential.alias}", writer.salt_size)
    return seal(
        Credential(
            id=credential.alias,
            credential_type="D",
            salt=salt,
            integrity_value=None,
            name1=credential.name,
            name2="",
            abn=credential.abn,
            legal_name=credential.name,
            person_id="",
            creation_date=writer.creation_stamp(moment or credential.issued),
            protected_private_key=encrypt_private_key(private_key_info(credential.key), password, salt),
            **certified(credential.chain, writer, credential.signer),
        )
    )


def make_store(
    credentials: Iterable[MachineCredential],
    *,
    password: str = PASSWORD,
    style: str | Generation = "2025",
    moment: datetime | None = None,
) -> bytes:
    """Return a healthy store.

    Args:
        credentials: what it holds, in this order.
        password: of all of them.
        style: the generation of writer, one of `GENERATIONS`.
        moment: when they came into the store; when each was issued, if not given.
    """
    writer = GENERATIONS[style] if isinstance(style, str) else style
    entries = tuple(
        make_entry(each, password=password, generation=writer, moment=moment) for each in credentials
    )
    return write(Store(salt=derived_salt("store", 20), credentials=entries), writer.style)


def make_large_store(credentials: Iterable[MachineCredential]) -> bytes:
    """Return a healthy store with very many credentials, made quickly: under `PASSWORD` and the store's salt.

    The credentials share a salt, no authority signs the bundles, and each test key is encrypted once.

    Args:
        credentials: what it holds, in this order.
    """
    writer = replace(GENERATIONS["2025"], signed=False)
    salt = derived_salt("store", 20)
    keys: dict[RSAPrivateKey, bytes] = {}
    entries = []
    for each in credentials:
        if each.key not in keys:
            keys[each.key] = encrypt_private_key(private_key_info(each.key), PASSWORD, salt)
        entry = Credential(
            id=each.alias,
            credential_type="D",
            salt=salt,
            integrity_value=None,
            name1=each.name,
            name2="",
            abn=each.abn,
            legal_name=each.name,
            person_id="",
            creation_date=writer.creation_stamp(each.issued),
            protected_private_key=keys[each.key],
            **certified(each.chain, writer, None),
        )
        entries.append(seal(entry))
    return write(Store(salt=salt, credentials=tuple(entries)), writer.style)


def seal(credential: Credential, *, store_salt: bytes = b"") -> Credential:
    """Return the credential with its integrity value computed anew, which anyone can do."""
    return replace(credential, integrity_value=integrity_value(credential, store_salt))


def certified(
    chain: tuple[x509.Certificate, ...], writer: Generation, signer: BundleSigner | None
) -> dict[str, Any]:
    """Return the fields of an entry that follow from its leaf, `chain[0]`."""
    leaf = chain[0]
    return {
        "serial_number": str(leaf.serial_number),
        "not_before": writer.stamp(leaf.not_valid_before_utc),
        "not_after": writer.stamp(leaf.not_valid_after_utc),
        "sha1_fingerprint": leaf_facts(leaf).sha1,
        "public_certificate": write_bundle(
            chain,
            form=writer.form,
            digest_algorithms=writer.digest_algorithms,
            signer=signer if writer.signed else None,
        ),
    }


def derived_salt(label: str, size: int) -> bytes:
    """Return a salt that looks random and always is the same for a label."""
    return hashlib.sha256(f"salt of the {label}".encode()).digest()[:size]


def private_key_info(key: RSAPrivateKey) -> bytes:
    """Return a private key as PrivateKeyInfo (PKCS#8, DER), not encrypted."""
    return key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
