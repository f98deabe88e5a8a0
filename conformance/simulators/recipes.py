"""Recipes: the data from which the store of a test vector is made.

A recipe names a base (who is in the store), the generation of its writer, and at most one deviation from
health, all by name.  Dates are relative to the moment that is passed in, because many implementations have
no clock that could be set.  The same recipe, authority and moment give the same bytes.
"""

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conformance.errors import KitError
from conformance.protocol import der
from conformance.protocol.abn import complete
from conformance.protocol.certificates import BundleForm, DigestAlgorithms, read_bundle
from conformance.protocol.keystore import Credential, Store, encrypt_private_key, write
from conformance.simulators.authority import Authority, KeyName, MachineCredential, published_key
from conformance.simulators.stores import (
    GENERATIONS,
    PASSWORD,
    Generation,
    certified,
    derived_salt,
    make_entry,
    private_key_info,
    seal,
)

T = TypeVar("T")

# --- bases ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Holder:
    """Whose credential stands in a base."""

    abn: str
    name: str
    key: KeyName = "machine-1"


MACHINE_1: Final = Holder("11000002568", "EVTECampus153")
MACHINE_2: Final = Holder("27809366375", "EVTEMachine", "machine-2")

BASES: Final = {
    "single": (MACHINE_1,),
    "pair": (MACHINE_1, MACHINE_2),
    "pair-other-way-round": (MACHINE_2, MACHINE_1),
    "namesakes": (Holder(MACHINE_2.abn, MACHINE_1.name, "machine-2"), MACHINE_1),
    "keys": (
        Holder(MACHINE_1.abn, "EVTEKey1", "machine-1"),
        Holder(MACHINE_1.abn, "EVTEKey2", "machine-2"),
        Holder(MACHINE_1.abn, "EVTEKey3", "machine-3"),
        Holder(MACHINE_1.abn, "EVTEKey4", "machine-4"),
    ),
    "sixty": (
        *(Holder(complete(f"{number:09}"), f"EVTECampus{number}", "machine-3") for number in range(1, 60)),
        MACHINE_1,
    ),
}
"""Who is in the store.  Deviations happen to `MACHINE_1`.  Its ABN and that of `MACHINE_2` are those of the
published test stores; the others are made up."""

# --- deviations -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Making:
    """What is at hand while a store is made."""

    authority: Authority
    moment: datetime
    writer: Generation
    issued: MachineCredential
    """The credential of `MACHINE_1`."""
    password: str


@dataclass(frozen=True)
class Deviation:
    """One way in which a store is not healthy.  Every step left out does nothing."""

    issue: Mapping[str, Any] = field(default_factory=dict)
    """Arguments of `Authority.machine_credential`; dates as seconds from the moment."""
    enter: Callable[[Credential, Making], Credential] | None = None
    """Changes the entry before its integrity value is computed, so that this value is right."""
    tamper: Callable[[Credential, Making], Credential] | None = None
    """Changes the entry afterwards, so that the integrity value is stale."""
    arrange: Callable[[Store], Store] | None = None
    """Changes the store around the entries."""
    spell: Callable[[bytes], bytes] | None = None
    """Changes the bytes of the file."""


def _changed(**fields: object) -> Callable[[Credential, Making], Credential]:
    """Return the step that gives fields of the entry other values."""
    values: dict[str, Any] = fields
    return lambda entry, _: replace(entry, **values)


def _flipped(name: str, place: int) -> Callable[[Credential, Making], Credential]:
    """Return the step that changes one bit of a binary field, in the byte at `place`."""

    def flip(entry: Credential, _: Making) -> Credential:
        value = bytearray(getattr(entry, name))
        value[place] ^= 1
        changed: dict[str, Any] = {name: bytes(value)}
        return replace(entry, **changed)

    return flip


def _other_key(entry: Credential, making: Making) -> Credential:
    """Put the private key of another credential into the entry."""
    salt = entry.salt or b""
    return replace(
        entry,
        protected_private_key=encrypt_private_key(
            private_key_info(published_key("machine-3")), making.password, salt
        ),
    )


def _other_certificate(entry: Credential, making: Making) -> Credential:
    """Put a certificate of the same subject but another key into the entry, and all that follows from it."""
    other = making.authority.machine_credential(
        abn=making.issued.abn, name=making.issued.name, key="machine-3", profile=making.writer.profile
    )
    return replace(entry, **certified(other.chain, making.writer, other.signer))


def _other_bundle(entry: Credential, making: Making) -> Credential:
    """As `_other_certificate`, but serial number, fingerprint and dates stay."""
    return replace(entry, public_certificate=_other_certificate(entry, making).public_certificate)


def _forged_leaf(entry: Credential, making: Making) -> Credential:
    """Change one bit of the issuer's signature on the leaf; everything that names the leaf follows."""
    leaf, *issuers = read_bundle(entry.public_certificate)
    encoded = bytearray(leaf.public_bytes(Encoding.DER))
    encoded[-1] ^= 1
    forged = x509.load_der_x509_certificate(bytes(encoded))
    return replace(entry, **certified((forged, *issuers), making.writer, making.issued.signer))


def _twice(store: Store) -> Store:
    first = store.credentials[0]
    return replace(store, credentials=(first, seal(replace(first, legal_name="EVTE Other Campus"))))


def _replaced(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return the step that rewrites the text of the file by a regular expression, once, and insists on it."""

    def spell(data: bytes) -> bytes:
        text, count = re.subn(old, new, data.decode(), count=1)
        if count != 1:
            raise KitError("a deviation does not fit the file that it is made for", found=old)
        return text.encode()

    return spell


def _everywhere(old: str, new: str) -> Callable[[bytes], bytes]:
    """Return the step that rewrites every match of a regular expression."""
    return lambda data: re.sub(old, new, data.decode()).encode()


def _lacking(element: str, **fields: object) -> Deviation:
    """Return the deviation that a child is missing, the integrity value being right for its absence."""
    return Deviation(
        enter=_changed(**fields) if fields else None,
        spell=_replaced(rf" *<{element}(/>|>[^<]*</{element}>)\n", ""),
    )


def _constant(data: bytes) -> Deviation:
    """Return the deviation that the file holds something else altogether."""
    return Deviation(spell=lambda _: data)


def _wrapped_base64(data: bytes) -> bytes:
    def wrap(match: re.Match[str]) -> str:
        text = match[2]
        lines = (text[start : start + 64] for start in range(0, len(text), 64))
        return "\n".join((match[1], *lines, match[3]))

    pattern = r"(<(?:publicCertificate|protectedPrivateKey)>)([^<]*)(</)"
    return re.sub(pattern, wrap, data.decode()).encode()


def _pkcs12() -> bytes:
    """Return the outline of a PKCS#12 file (RFC 7292, section 4): version 3 and empty contents."""
    data = der.object_identifier("1.2.840.113549.1.7.1")
    nothing = der.element(der.CONTEXT_0, der.element(der.OCTET_STRING, der.element(der.SEQUENCE)))
    return der.element(der.SEQUENCE, der.integer(3), der.element(der.SEQUENCE, data, nothing))


def _pem() -> bytes:
    body = base64.encodebytes(
        published_key("machine-1").public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    )
    return b"-----BEGIN PUBLIC KEY-----\n" + body + b"-----END PUBLIC KEY-----\n"


_HOUR: Final = 3600
_DAY: Final = 24 * _HOUR
_HEAD: Final = r"(<\?xml[^>]*\?>\n)"
_FUTURE: Final = "2099-12-31T00:00:00Z"
_PAST: Final = "2001-01-01T00:00:00Z"

DEVIATIONS: Final = {
    # The certificate's dates.
    "expired": Deviation(issue={"not_before": -732 * _DAY, "not_after": -2 * _DAY}),
    "expired-labelled-valid": Deviation(
        issue={"not_before": -732 * _DAY, "not_after": -2 * _DAY}, enter=_changed(not_after=_FUTURE)
    ),
    "not-yet-valid": Deviation(issue={"not_before": _HOUR}),
    "ends-now": Deviation(issue={"not_before": -600 * _DAY, "not_after": 0}),
    "ended-a-second-ago": Deviation(issue={"not_before": -600 * _DAY, "not_after": -1}),
    "begins-now": Deviation(issue={"not_before": 0}),
    "begins-in-a-second": Deviation(issue={"not_before": 1}),
    # The dates in the XML.
    "ends-in-five-hours": Deviation(issue={"not_before": -600 * _DAY, "not_after": 5 * _HOUR}),
    "labelled-expired": Deviation(enter=_changed(not_after=_PAST)),
    "labelled-for-ever": Deviation(enter=_changed(not_after=_FUTURE)),
    # Who the credential is.
    "wrong-abn-digits": Deviation(issue={"abn": "11000002569"}),
    # Changes that the integrity value shows.
    "integrity-value-flipped": Deviation(tamper=_flipped("integrity_value", -1)),
    "legal-name-changed": Deviation(tamper=_changed(legal_name="EVTE Other Campus")),
    "person-id-added": Deviation(tamper=_changed(person_id="1")),
    "key-byte-flipped": Deviation(tamper=_flipped("protected_private_key", 640)),
    "leaf-forged": Deviation(tamper=_forged_leaf),
    "bundle-exchanged": Deviation(tamper=_other_bundle),
    "certificate-exchanged": Deviation(tamper=_other_certificate),
    # Changes that it does not show, because it was computed anew.
    "key-of-another": Deviation(enter=_other_key),
    "certificate-of-another-key": Deviation(enter=_other_certificate),
    "certificate-empty": Deviation(enter=_changed(public_certificate=b"")),
    "key-empty": Deviation(enter=_changed(protected_private_key=b"")),
    "legal-name-missing": _lacking("legalName", legal_name=""),
    "person-id-missing": _lacking("personId"),
    "not-after-missing": _lacking("notAfter"),
    "fingerprint-missing": _lacking("sha1fingerprint", sha1_fingerprint=b""),
    "id-twice": Deviation(arrange=_twice),
    # Spellings that mean the same.
    "blank-lines": Deviation(spell=_everywhere("\n", "\n\n")),
    "one-line": Deviation(spell=_everywhere(r"\n *", "")),
    "single-quotes": Deviation(spell=_everywhere('"', "'")),
    "no-declaration": Deviation(spell=_replaced(_HEAD, "")),
    "unused-namespaces": Deviation(
        spell=_replaced("<credentialStore ", '<credentialStore xmlns:xs="http://www.w3.org/2001/XMLSchema" ')
    ),
    "prefixes": Deviation(
        spell=lambda data: _everywhere(r"<(/?)(?=[a-zA-Z])", r"<\1cs:")(data).replace(
            b" xmlns=", b" xmlns:cs="
        )
    ),
    "byte-order-mark": Deviation(spell=lambda data: b"\xef\xbb\xbf" + data),
    "utf-16": Deviation(
        spell=lambda data: b"\xff\xfe" + data.decode().replace("UTF-8", "UTF-16").encode("utf-16-le")
    ),
    "cdata": Deviation(spell=_everywhere(r"<(abn|name1)>([^<]*)<", r"<\1><![CDATA[\2]]><")),
    "comments": Deviation(
        spell=_everywhere(r"<(abn|protectedPrivateKey)>(.{5})", r"<\1>\2<!-- a comment -->")
    ),
    "wrapped-base64": Deviation(spell=_wrapped_base64),
    # Things that are no store, or no longer one.
    "empty": _constant(b""),
    "truncated": Deviation(spell=lambda data: data[: len(data) * 2 // 3]),
    "plain-text": _constant(b"This is not the file you are looking for.\n"),
    "pem": Deviation(spell=lambda _: _pem()),
    "pkcs12": Deviation(spell=lambda _: _pkcs12()),
    "other-xml": _constant(
        b'<?xml version="1.0"?>\n<configuration><keystore>none</keystore></configuration>\n'
    ),
    "foreign-character": Deviation(
        spell=_replaced("<protectedPrivateKey>(.{8})", r"<protectedPrivateKey>\1*")
    ),
    "padding-left-out": Deviation(spell=_replaced("=</sha1fingerprint>", "</sha1fingerprint>")),
    "doctype": Deviation(spell=_replaced(_HEAD, r"\1<!DOCTYPE credentialStore>\n")),
    "doctype-entity": Deviation(
        spell=lambda data: _replaced("<legalName>[^<]*<", "<legalName>&name;<")(
            _replaced(_HEAD, rf'\1<!DOCTYPE credentialStore [<!ENTITY name "{MACHINE_1.name}">]>\n')(data)
        )
    ),
}
"""Every deviation by name.  All but those of dates and labels can be met at any moment."""

# --- recipes --------------------------------------------------------------------------------------

BUNDLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "ber-unsigned": {"form": BundleForm.BER, "signed": False},
    "ber-null": {"form": BundleForm.BER, "digest_algorithms": DigestAlgorithms.SHA256_NULL},
    "der": {"form": BundleForm.DER},
    "der-unsigned": {"form": BundleForm.DER, "signed": False},
    "der-no-digest": {"form": BundleForm.DER, "digest_algorithms": DigestAlgorithms.NONE, "signed": False},
}
"""Forms of the certificate bundle, instead of the generation's own."""


_RECIPE: Final = frozenset({"base", "generation", "bundle", "deviation", "password"})


def materialise(recipe: Mapping[str, Any], authority: Authority, moment: datetime) -> bytes:
    """Return the store of a recipe.

    Args:
        recipe: names: `base` (`single` if left out), `generation` (`2025`), `bundle` (the generation's own),
            `deviation` (none); and `password` (`PASSWORD`).
        authority: issues the certificates; its own moment dates the CAs.
        moment: aware; dates of credentials are relative to it, fractions of a second dropped.

    Raises:
        KitError: the recipe names something that does not exist.
    """
    return prepare(recipe, authority, moment).data


@dataclass(frozen=True)
class Prepared:
    """A store that was made from a recipe, and what is known of it."""

    data: bytes
    credentials: Mapping[str, MachineCredential]
    """What was issued, by alias."""


def prepare(recipe: Mapping[str, Any], authority: Authority, moment: datetime) -> Prepared:
    """Return the store of a recipe with the credentials in it; arguments and errors as of `materialise`."""
    if unknown := recipe.keys() - _RECIPE:
        raise KitError("a recipe has fields that mean nothing", found=", ".join(sorted(unknown)))
    moment = moment.replace(microsecond=0)
    holders = _named(BASES, recipe.get("base", "single"), "base")
    writer = _named(GENERATIONS, recipe.get("generation", "2025"), "generation")
    if "bundle" in recipe:
        writer = replace(writer, **_named(BUNDLES, recipe["bundle"], "bundle"))
    deviation = _named(DEVIATIONS, recipe["deviation"], "deviation") if "deviation" in recipe else Deviation()
    password = recipe.get("password", PASSWORD)
    entries, issued = [], {}
    for holder in holders:
        arguments = _dated(deviation.issue, moment) if holder == MACHINE_1 else {}
        credential = authority.machine_credential(
            **{
                "abn": holder.abn,
                "name": holder.name,
                "key": holder.key,
                "profile": writer.profile,
                **arguments,
            }
        )
        entry = make_entry(credential, password=password, generation=writer)
        if holder == MACHINE_1:
            entry = _deviant(entry, deviation, Making(authority, moment, writer, credential, password))
        entries.append(entry)
        issued[credential.alias] = credential
    store = Store(salt=derived_salt("store", 20), credentials=tuple(entries))
    if deviation.arrange is not None:
        store = deviation.arrange(store)
    data = write(store, writer.style)
    return Prepared(deviation.spell(data) if deviation.spell else data, issued)


def _deviant(entry: Credential, deviation: Deviation, making: Making) -> Credential:
    if deviation.enter is not None:
        entry = seal(deviation.enter(entry, making))
    if deviation.tamper is not None:
        entry = deviation.tamper(entry, making)
    return entry


def _dated(arguments: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """Return the arguments with seconds from the moment made into moments."""
    return {
        name: moment + timedelta(seconds=value) if isinstance(value, int) else value
        for name, value in arguments.items()
    }


def _named(table: Mapping[str, T], name: str, kind: str) -> T:
    if name not in table:
        raise KitError(
            f"there is no {kind} {name!r} of stores", expected=f"one of {', '.join(table)}", found=name
        )
    return table[name]
