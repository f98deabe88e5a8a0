"""A second reader of credential stores, on its own code from XML to key.

It shares nothing with `conformance.protocol`: standard-library XML, a small BER walker, cryptography's own
decryption.  So it serves twice: the kit's tests hold it against the reference on every vector, lest a shared
mistake cancel out, and most mutants of the keystore are this reader with one step gone wrong.
"""

import base64
import contextlib
import hashlib
import hmac
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, load_der_private_key
from cryptography.x509.oid import NameOID

from conformance.reference.correct import Correct, Result
from conformance.reference.refusal import Refusal

SPACE: Final = "{http://auth.abr.gov.au/credential/xsd/SBRCredentialStore}"
TEXTS: Final = (
    "name1",
    "name2",
    "abn",
    "legalName",
    "personId",
    "serialNumber",
    "creationDate",
    "notBefore",
    "notAfter",
)
BINARIES: Final = ("sha1fingerprint", "publicCertificate", "protectedPrivateKey")
COVERED: Final = TEXTS[:6]
"""Texts that the integrity value covers."""

RENEWAL: Final = timedelta(days=426)
"""About fourteen months."""


@dataclass
class Entry:
    """One credential element, decoded."""

    attributes: dict[str, str]
    texts: dict[str, str] = field(default_factory=dict)
    binaries: dict[str, bytes] = field(default_factory=dict)
    salt: bytes = b""

    @property
    def id(self) -> str:
        """The alias."""
        return self.attributes["id"]


class StrictBuilder(ET.TreeBuilder):
    """Builds a tree, comments left out, and refuses document types."""

    def doctype(self, name: str, public: str | None, system: str | None) -> None:
        """Refuse."""
        raise Refusal("keystore.not_a_keystore", text="A store has no document type.")


class SecondReader(Correct):
    """Opens credentials by its own code, one overridable step after the other."""

    def keystore_open(self, path: str, alias: str, password: str, now: str | None = None) -> Result:
        """Open one credential."""
        try:
            return self.ok(self.opened(path, alias, password, self.moment(now)))
        except Refusal as refusal:
            return self.refusal(refusal)

    def opened(self, path: str, alias: str, password: str, now: datetime) -> dict[str, Any]:
        """Return the value of `keystore.open`.

        Raises:
            Refusal: `keystore.…`, from any of the steps below.
        """
        entry = self.choose(self.entries(self.tree(self.file(path))), alias)
        self.check_integrity(entry)
        certificates = [x509.load_der_x509_certificate(each) for each in self.bundle(entry)]
        leaf = self.leaf(entry, certificates)
        self.check_issuers(leaf, certificates)
        self.check_abn(entry, leaf)
        self.check_time(entry, leaf, now)
        self.check_match(self.key(entry, password), leaf)
        return self.value(entry, leaf)

    def file(self, path: str) -> bytes:
        """Return the bytes of the store."""
        try:
            return Path(path).read_bytes()
        except OSError as problem:
            raise Refusal("keystore.missing_file", text="There is no such file.") from problem

    def builder(self) -> ET.TreeBuilder:
        """Return what the parser builds the tree with."""
        return StrictBuilder()

    def tree(self, data: bytes) -> ET.Element:
        """Return the root element."""
        try:
            root: ET.Element = ET.fromstring(data, ET.XMLParser(target=self.builder()))  # noqa: S314 - see the import
        except ET.ParseError as problem:
            raise Refusal("keystore.not_a_keystore", text="This is not XML.") from problem
        self.check_root(root)
        return root

    def check_root(self, root: ET.Element) -> None:
        """Refuse another document."""
        if root.tag != f"{SPACE}credentialStore":
            raise Refusal("keystore.not_a_keystore", text="This is not a credential store.")

    def entries(self, root: ET.Element) -> list[Entry]:
        """Return every credential."""
        salt = self.decoded(root.findtext(f"{SPACE}salt") or "")
        found = [self.entry(element, salt) for element in root.iter(f"{SPACE}credential")]
        if len({entry.id for entry in found}) < len(found):
            self.met_same_id()
        return found

    def met_same_id(self) -> None:
        """Two credentials have one id."""
        raise Refusal("keystore.duplicate_alias", text="Two credentials have one id.")

    def entry(self, element: ET.Element, salt: bytes) -> Entry:
        """Return one credential; `salt` is the store's."""
        entry = Entry(dict(element.attrib))
        for name in TEXTS:
            entry.texts[name] = self.part(element, name)
        for name in BINARIES:
            entry.binaries[name] = self.decoded(self.part(element, name))
        self.check_parts(entry)
        entry.salt = self.decoded(entry.attributes.get("credentialSalt", "")) or salt
        return entry

    def check_parts(self, entry: Entry) -> None:
        """Refuse an entry without fingerprint, certificate or key."""
        if not all(entry.binaries.values()):
            raise Refusal("keystore.damaged", text="A part of the credential is empty.")

    def part(self, element: ET.Element, name: str) -> str:
        """Return the text of a child."""
        child = element.find(SPACE + name)
        if child is None:
            raise Refusal("keystore.damaged", text=f"{name} is missing.")
        return child.text or ""

    def decoded(self, text: str) -> bytes:
        """Decode base64; white space may wrap it."""
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except ValueError as problem:
            raise Refusal("keystore.damaged", text="A value is not base64.") from problem

    def choose(self, entries: list[Entry], alias: str) -> Entry:
        """Return the credential of an id."""
        for entry in entries:
            if entry.id == alias:
                return entry
        raise Refusal("keystore.unknown_alias", text="No credential has this id.")

    def expected_integrity(self, entry: Entry) -> bytes:
        """Return the integrity value that the entry should have.

        The empty password is two zero bytes, and its block therefore 64 of them.
        """
        key = b"\3" * 64 + (entry.salt * 64)[:64] + bytes(64)
        for _ in range(1024):
            key = hashlib.sha1(key, usedforsecurity=False).digest()
        texts = (entry.attributes["credentialType"], entry.id, *(entry.texts[name] for name in COVERED))
        data = "".join(texts).encode() + b"".join(entry.binaries[name] for name in BINARIES)
        return hmac.new(key, data, "sha1").digest()

    def check_integrity(self, entry: Entry) -> None:
        """Refuse a wrong integrity value, and none at all."""
        if self.decoded(entry.attributes.get("integrityValue", "")) != self.expected_integrity(entry):
            raise Refusal("keystore.damaged", text="The integrity value is wrong.")

    def bundle(self, entry: Entry) -> list[bytes]:
        """Return the encoded certificates."""
        found = list(certificates_in(entry.binaries["publicCertificate"]))
        if not found:
            raise Refusal("keystore.damaged", text="There is no certificate.")
        return found

    def leaf(self, entry: Entry, certificates: list[x509.Certificate]) -> x509.Certificate:
        """Return the certificate that serial number and fingerprint name."""
        for certificate in certificates:
            sha1 = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - the store's format names it
            named = sha1 == entry.binaries["sha1fingerprint"]
            if named and str(certificate.serial_number) == entry.texts["serialNumber"]:
                return certificate
        raise Refusal("keystore.damaged", text="The credential's certificate is not there.")

    def check_issuers(self, leaf: x509.Certificate, certificates: list[x509.Certificate]) -> None:
        """Refuse a leaf that its issuer in the bundle did not sign."""
        issuer = next((each for each in certificates if each.subject == leaf.issuer), None)
        if issuer is None:
            return
        try:
            leaf.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError) as problem:
            raise Refusal("keystore.damaged", text="The issuer did not sign this.") from problem

    def check_abn(self, entry: Entry, leaf: x509.Certificate) -> None:
        """Refuse an ABN that is not the certificate's or has wrong check digits."""
        certified = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        if entry.texts["abn"] != certified:
            raise Refusal("keystore.damaged", text="The ABN is not that of the certificate.")
        digits = [int(digit) for digit in entry.texts["abn"]]
        digits[0] -= 1
        weights = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
        if sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 89:
            raise Refusal("keystore.unsuitable", text="The ABN has wrong check digits.")

    def check_time(self, entry: Entry, leaf: x509.Certificate, now: datetime) -> None:
        """Refuse a certificate before its time and after it."""
        if now < leaf.not_valid_before_utc:
            raise Refusal("keystore.not_yet_valid", text="The certificate is not yet valid.")
        if now > leaf.not_valid_after_utc:
            raise Refusal("keystore.expired", text="The certificate has expired.")

    def key(self, entry: Entry, password: str) -> PrivateKeyTypes | None:
        """Return the private key."""
        try:
            return load_der_private_key(
                entry.binaries["protectedPrivateKey"], password.encode(), unsafe_skip_rsa_key_validation=True
            )
        except (ValueError, TypeError) as problem:
            raise Refusal("keystore.wrong_password", text="The password is wrong.") from problem

    def check_match(self, key: PrivateKeyTypes | None, leaf: x509.Certificate) -> None:
        """Refuse a key that is not the certificate's."""
        if key is None or key.public_key() != leaf.public_key():
            raise Refusal("keystore.key_mismatch", text="Key and certificate do not belong together.")

    def value(self, entry: Entry, leaf: x509.Certificate) -> dict[str, Any]:
        """Return what is told of an open credential."""
        return {
            "certificate": base64.b64encode(leaf.public_bytes(Encoding.DER)).decode(),
            "abn": entry.texts["abn"],
            "name": entry.texts["name1"],
            "not_after": f"{leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
            "renewal_due": leaf.not_valid_after_utc - self.clock() < RENEWAL,
        }


def elements(data: bytes, start: int = 0) -> Iterator[tuple[int, bytes, bytes]]:
    """Give tag, content and whole encoding of each ASN.1 element from `start` on, definite or indefinite."""
    while start < len(data) and data[start : start + 2] != b"\0\0":
        tag, length, begin = data[start], data[start + 1], start + 2
        if length == 0x80:
            end = begin + sum(len(whole) for _, _, whole in elements(data, begin))
            after = end + 2
        else:
            if length > 0x80:
                size = length & 0x7F
                length = int.from_bytes(data[begin : begin + size])
                begin += size
            end = after = begin + length
        yield tag, data[begin:end], data[start:after]
        start = after


def certificates_in(data: bytes) -> Iterator[bytes]:
    """Give the certificates of a bundle: the `[0]` inside SignedData, which is itself inside a `[0]`."""
    with contextlib.suppress(IndexError, StopIteration, RecursionError):
        info = next(elements(data))[1]
        signed = next(elements(next(content for tag, content, _ in elements(info) if tag == 0xA0)))[1]
        inside = next(content for tag, content, _ in elements(signed) if tag == 0xA0)
        for _, _, whole in elements(inside):
            yield whole
