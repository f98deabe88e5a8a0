"""Deviations of an entry's fields: whose it says it is, what its integrity value covers, its salt."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol.keystore import Credential, Store, encrypt_private_key, write
from conformance.simulators.recipes.holders import MACHINE_1, MACHINE_2
from conformance.simulators.recipes.steps import (
    Deviation,
    Making,
    changed,
    everywhere,
    flipped,
    replaced,
)
from conformance.simulators.stores import derived_salt, make_entry, private_key_info, seal

_EXTENSIONS: Final = (
    b'<credentialExtensions xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">'
)
_STORE_EXTENSIONS: Final = (
    b'<storeExtensions xmlns="http://auth.abr.gov.au/credential/xsd/SBRCredentialStore">'
)
_FORMER: Final = "EVTEFormerCampus"
"""Name of the credential that stands in an extension and not among the credentials."""

Step = Callable[[Credential, Making], Credential]


def _moved(giver: str, taker: str, count: int, *, to_the_end: bool = False) -> Deviation:
    """Return the deviation that characters went from one text to its neighbour.

    What the integrity value covers stays the same, because nothing separates the fields in it.

    Args:
        giver: field of `Credential` that loses `count` characters.
        taker: field beside it that gains them.
        count: characters.
        to_the_end: the taker stands before the giver, else behind it.
    """

    def enter(entry: Credential, _: Making) -> Credential:
        given, taken = getattr(entry, giver), getattr(entry, taker)
        if to_the_end:
            fields = {giver: given[count:], taker: taken + given[:count]}
        else:
            fields = {giver: given[:-count], taker: given[-count:] + taken}
        return replace(entry, **fields)

    return Deviation(enter=enter)


def _serial(make: Callable[[int, Making], int]) -> Deviation:
    """Return the deviation that the entry states another serial number than its certificate has."""
    return Deviation(
        enter=lambda entry, making: replace(
            entry, serial_number=str(make(making.issued.certificate.serial_number, making))
        )
    )


def _issuer_fingerprint(entry: Credential, making: Making) -> Credential:
    issuer = making.issued.chain[1].public_bytes(Encoding.DER)
    return replace(entry, sha1_fingerprint=hashlib.sha1(issuer, usedforsecurity=False).digest())


def _sha256_fingerprint(entry: Credential, making: Making) -> Credential:
    leaf = making.issued.certificate.public_bytes(Encoding.DER)
    return replace(entry, sha1_fingerprint=hashlib.sha256(leaf).digest())


def _salted(salt: bytes) -> Step:
    """Return the step that gives the entry, and its key, another salt."""

    def enter(entry: Credential, making: Making) -> Credential:
        return replace(entry, salt=salt, protected_private_key=_key_under(salt, making))

    return enter


def _without_salt(entry: Credential, making: Making) -> Credential:
    """Take the salt away: key and integrity value are under that of the store."""
    salt = derived_salt("store", 20)
    return seal(replace(entry, salt=None, protected_private_key=_key_under(salt, making)), store_salt=salt)


def _key_under(salt: bytes, making: Making) -> bytes:
    return encrypt_private_key(private_key_info(making.issued.key), making.password, salt)


def _other_store_salt(store: Store) -> Store:
    return replace(store, salt=derived_salt("other store", 20))


def _with_former(entry: Credential, making: Making) -> Credential:
    """Put a whole and healthy credential into the extensions of the entry."""
    former = make_entry(
        making.authority.machine_credential(abn=MACHINE_1.abn, name=_FORMER, key="machine-3"),
        password=making.password,
        generation=making.writer,
    )
    lines = write(Store(salt=b"", credentials=(former,))).partition(b"<credentials>")[2]
    return replace(
        entry, extensions=_EXTENSIONS + lines.partition(b"</credentials>")[0] + b"</credentialExtensions>"
    )


def _named(text: str) -> Deviation:
    return Deviation(enter=changed(legal_name=text))


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # Changes that the integrity value shows.
    "integrity-value-flipped-at-the-head": Deviation(tamper=flipped("integrity_value", 0)),
    "integrity-value-cut": Deviation(
        tamper=lambda entry, _: replace(entry, integrity_value=(entry.integrity_value or b"")[:10])
    ),
    "integrity-value-zero": Deviation(tamper=changed(integrity_value=bytes(20))),
    "integrity-value-absent": Deviation(tamper=changed(integrity_value=None)),
    "integrity-value-empty": Deviation(tamper=changed(integrity_value=b"")),
    "integrity-value-absent-and-name-changed": Deviation(
        tamper=changed(integrity_value=None, legal_name="EVTE Other Campus")
    ),
    "name2-added": Deviation(tamper=changed(name2="Night")),
    "abn-changed": Deviation(tamper=changed(abn=MACHINE_2.abn)),
    "name1-changed": Deviation(tamper=changed(name1="EVTECampus154")),
    "serial-number-changed": Deviation(tamper=changed(serial_number="424242")),
    "fingerprint-flipped": Deviation(tamper=flipped("sha1_fingerprint", 0)),
    "type-changed": Deviation(tamper=changed(credential_type="U")),
    "salt-flipped": Deviation(tamper=flipped("salt", 0)),
    "store-salt-exchanged": Deviation(tamper=_without_salt, arrange=_other_store_salt),
    # Right integrity values over fields that are often empty, or hard to write.
    "name2-filled": Deviation(enter=changed(name2="Night")),
    "person-id-filled": Deviation(enter=changed(person_id="7000421")),
    "legal-name-with-markup": _named("Smith & Daughters <\"Training\"> 'Tas'"),
    "legal-name-very-long": _named("The Trustee for the Evening Campus Family Trust " * 8 + "No 2"),
    "legal-name-accented": _named("Universit\u00e9 d'\u00c9t\u00e9 \u00d8rsted"),
    "legal-name-combining": _named("Universite\u0301 d'E\u0301te\u0301"),
    "legal-name-chinese": _named("\u5927\u5b66 \u6559\u80b2"),
    "legal-name-beyond-16-bits": _named("\U00020bb7\u91ce \U0001f393 Training"),
    "legal-name-by-references": Deviation(
        enter=changed(legal_name="Universit\u00e9 d'\u00c9t\u00e9"),
        spell=lambda data: everywhere("\u00e9", "&#233;")(everywhere("\u00c9", "&#xC9;")(data)),
    ),
    # Borders between fields, moved so that the integrity value stays right.
    "serial-digits-in-person-id": _moved("serial_number", "person_id", 2, to_the_end=True),
    "serial-digit-in-person-id": _moved("serial_number", "person_id", 1, to_the_end=True),
    "abn-digit-in-legal-name": _moved("abn", "legal_name", 1),
    "name1-letter-in-name2": _moved("name1", "name2", 1),
    # Contradictions between the entry and its certificate, under a right integrity value.
    "abn-of-another": Deviation(enter=changed(abn=MACHINE_2.abn)),
    "certificate-of-another-abn": Deviation(
        issue={"abn": MACHINE_2.abn},
        enter=changed(id=f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}", abn=MACHINE_1.abn),
    ),
    "abn-with-a-digit-less": Deviation(enter=changed(abn=MACHINE_1.abn[:-1])),
    "name-of-another": Deviation(enter=changed(name1=MACHINE_2.name)),
    "name-shortened": Deviation(enter=changed(name1=MACHINE_1.name[:-3])),
    "name-in-capitals": Deviation(enter=changed(name1=MACHINE_1.name.upper())),
    "certificate-of-another-name": Deviation(
        issue={"name": MACHINE_2.name},
        enter=changed(id=f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}", name1=MACHINE_1.name),
    ),
    "serial-of-the-next": _serial(lambda number, _: number + 1),
    "serial-rounded": _serial(lambda number, _: int(float(number))),
    "serial-cut": _serial(lambda number, _: number // 1000),
    "serial-of-the-issuer": _serial(lambda _, making: making.issued.chain[1].serial_number),
    "fingerprint-of-the-issuer": Deviation(enter=_issuer_fingerprint),
    "fingerprint-by-sha256": Deviation(enter=_sha256_fingerprint),
    "fingerprint-zero": Deviation(enter=changed(sha1_fingerprint=bytes(20))),
    "fingerprint-other-by-a-bit": Deviation(enter=flipped("sha1_fingerprint", -1)),
    # Serial numbers that are right and easily got wrong.
    "serial-of-ones": Deviation(issue={"serial_number": (1 << 159) - 1}),
    "serial-with-a-zero-octet": Deviation(issue={"serial_number": (1 << 152) - 1}),
    "serial-of-64-bits": Deviation(issue={"serial_number": (1 << 64) - 1}),
    "serial-after-2-to-the-53": Deviation(issue={"serial_number": (1 << 53) + 1}),
    "serial-power-of-ten": Deviation(issue={"serial_number": 10**46}),
    "serial-that-reads-as-hex": Deviation(
        issue={"serial_number": 0x1234567890123456789012345678901234567890}
    ),
    "serial-with-a-small-first-octet": Deviation(issue={"serial_number": 0x0A0B0C0D0E0F << 104 | 1}),
    # What kind it is, and under which id it stands.
    "type-of-a-person": Deviation(enter=changed(credential_type="U")),
    "type-unknown": Deviation(enter=changed(credential_type="X")),
    "type-in-small": Deviation(enter=changed(credential_type="d")),
    "type-empty": Deviation(enter=changed(credential_type="")),
    "id-of-another-abn": Deviation(enter=changed(id=f"ABRD:{MACHINE_2.abn}_{MACHINE_1.name}")),
    "id-of-another-name": Deviation(enter=changed(id=f"ABRD:{MACHINE_1.abn}_{MACHINE_2.name}")),
    "id-without-prefix": Deviation(enter=changed(id=f"{MACHINE_1.abn}_{MACHINE_1.name}")),
    "id-in-words": Deviation(enter=changed(id="the credential of the campus")),
    # Salts.
    "salt-of-8-bytes": Deviation(enter=_salted(derived_salt("short", 8))),
    "salt-of-20-bytes": Deviation(enter=_salted(derived_salt("long", 20))),
    "salt-with-zero-bytes": Deviation(enter=_salted(b"\0" + derived_salt("zero", 17) + b"\0\0")),
    "salt-of-the-store": Deviation(tamper=_without_salt),
    "other-store-salt": Deviation(arrange=_other_store_salt),
    "empty-store-salt": Deviation(arrange=lambda store: replace(store, salt=b"")),
    "no-store-salt": Deviation(spell=replaced(r" *<salt>[^<]*</salt>\n", "")),
    # Extensions, of which the schema lets anything be content.
    "extension-of-a-credential": Deviation(
        tamper=changed(
            extensions=_EXTENSIONS
            + b'<v:note xmlns:v="urn:evte:vendor" by="me">Kept <v:b>on</v:b></v:note></credentialExtensions>'
        )
    ),
    "extension-with-familiar-names": Deviation(
        tamper=changed(
            extensions=_EXTENSIONS
            + f"<abn>{MACHINE_2.abn}</abn><name1>{MACHINE_2.name}</name1></credentialExtensions>".encode()
        )
    ),
    "extension-of-the-store": Deviation(
        arrange=lambda store: replace(
            store,
            extensions=_STORE_EXTENSIONS + b'<v:seen xmlns:v="urn:evte:vendor">1</v:seen></storeExtensions>',
        )
    ),
    "extension-with-a-credential": Deviation(tamper=_with_former),
    "foreign-child": Deviation(
        spell=replaced("(<legalName>)", r'<v:legalName xmlns:v="urn:evte:vendor">nobody</v:legalName>\1')
    ),
    "foreign-attribute": Deviation(spell=replaced("(<credential )", r'\1remark="imported" ')),
}
