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
from typing import Any, Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPrivateNumbers
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

MACHINES: Final = "1.2.36.1.9001.101.1.8.1"
"""Policy of machine credentials."""
PBE_SHA1_3DES: Final = bytes.fromhex("2a864886f70d010c0103")
"""1.2.840.113549.1.12.1.3, as it is encoded."""
MOST_ITERATIONS: Final = 100_000
LONGEST_SALT: Final = 64
"""Bytes; real salts have 8 or 20."""

E = TypeVar("E", bound=x509.ExtensionType)

SEQUENCE: Final = 0x30
ENCRYPTIONS: Final = (
    bytes.fromhex("060a2a864886f70d010c0103"),  # pbeWithSHAAnd3-KeyTripleDES-CBC
    bytes.fromhex("06092a864886f70d01050d"),  # PBES2
)
"""Algorithms under which a key may be, in DER."""

PIECE: Final = 512
"""Bytes that the parser gets at a time."""

MOST_BYTES: Final = 20_000_000
"""Bytes of the largest file that is read."""

UNREADABLE: Final = (
    *(ValueError, UnsupportedAlgorithm),
    *(x509.DuplicateExtension, x509.InvalidVersion, x509.UnsupportedGeneralNameType),
)
"""What the certificate library throws at what it cannot read; much of that it reads only when asked."""

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

    now: datetime
    """The moment of the call that is being answered."""

    def keystore_open(self, path: str, alias: str, password: str, now: str | None = None) -> Result:
        """Open one credential."""
        try:
            return self.ok(self.opened(path, alias, password, self.moment(now)))
        except Refusal as refusal:
            return self.refusal(refusal)
        except UNREADABLE as problem:
            return self.refused(
                "keystore.damaged", text=f"The credential is damaged: {type(problem).__name__}."
            )

    def opened(self, path: str, alias: str, password: str, now: datetime) -> dict[str, Any]:
        """Return the value of `keystore.open`.

        Raises:
            Refusal: `keystore.…`, from any of the steps below.
        """
        entry, leaf, _ = self.ready(path, alias, password, now)
        return self.value(entry, leaf)

    def ready(
        self, path: str, alias: str, password: str, now: datetime
    ) -> tuple[Entry, x509.Certificate, PrivateKeyTypes | None]:
        """Return a credential that may be used, its leaf and its key.

        Raises:
            Refusal: `keystore.…`, from any of the steps below.
        """
        self.now = now
        entry = self.choose(self.entries(self.tree(self.file(path))), alias)
        self.check_integrity(entry)
        self.check_type(entry)
        certificates = [x509.load_der_x509_certificate(each) for each in self.bundle(entry)]
        leaf = self.leaf(entry, certificates)
        self.check_abn(entry, leaf)
        self.check_name(entry, leaf)
        self.check_kind(leaf)
        self.check_usage(leaf)
        self.check_strength(leaf)
        self.check_issuers(leaf, certificates)
        self.check_time(entry, leaf, now)
        key = self.key(entry, password)
        self.check_match(key, leaf)
        return entry, leaf, key

    def file(self, path: str) -> bytes:
        """Return the bytes of the store."""
        try:
            with Path(path).open("rb") as file:
                data = file.read(MOST_BYTES + 1)
        except OSError as problem:
            raise Refusal("keystore.missing_file", text="There is no such file.") from problem
        if len(data) > MOST_BYTES:
            raise Refusal("keystore.not_a_keystore", text="No store is so large.")
        return data

    def builder(self) -> ET.TreeBuilder:
        """Return what the parser builds the tree with."""
        return StrictBuilder()

    def tree(self, data: bytes) -> ET.Element:
        """Return the root element."""
        try:
            parser = ET.XMLParser(target=self.builder())  # noqa: S314 - see the import
            # In pieces, so that a document type is refused before what it declares is expanded; in ever
            # greater ones, because the parser begins a token that is not over yet anew with each.
            start, size = 0, PIECE
            while start < len(data):
                parser.feed(data[start : start + size])
                start, size = start + size, 2 * size
            root: ET.Element = parser.close()
        except (ET.ParseError, ValueError, LookupError) as problem:
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
        found = [self.entry(element, salt) for element in self.credentials(root)]
        if len({entry.id for entry in found}) < len(found):
            self.met_same_id()
        return found

    def credentials(self, root: ET.Element) -> list[ET.Element]:
        """Return the credential elements; an extension may hold what looks like one."""
        holder = root.find(f"{SPACE}credentials")
        if holder is None or root.find(f"{SPACE}salt") is None:
            raise Refusal("keystore.damaged", text="The store lacks a part.")
        return holder.findall(f"{SPACE}credential")

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
        if len(entry.salt) > LONGEST_SALT:
            raise Refusal("keystore.damaged", text="A salt is far too long.")
        return entry

    def check_parts(self, entry: Entry) -> None:
        """Refuse an entry without id, type, fingerprint, certificate or key."""
        if not all(entry.binaries.values()) or not {"id", "credentialType"} <= entry.attributes.keys():
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

    def check_type(self, entry: Entry) -> None:
        """Refuse what is not the credential of a machine."""
        if entry.attributes["credentialType"] != "D":
            raise Refusal("keystore.unsuitable", text="This is not the credential of a machine.")

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
        """Refuse a leaf that issued itself, and a certificate that its issuer in the bundle did not sign."""
        if leaf.issuer == leaf.subject:
            raise Refusal("keystore.unsuitable", text="The certificate is its own issuer.")
        issuer = next((each for each in certificates if each.subject == leaf.issuer), None)
        while issuer is not None:
            self.check_link(leaf, issuer)
            above = (each for each in certificates if each.subject == issuer.issuer)
            leaf, issuer = issuer, None if issuer.issuer == issuer.subject else next(above, None)

    def check_link(self, issued: x509.Certificate, issuer: x509.Certificate) -> None:
        """Refuse a certificate that this issuer did not sign."""
        try:
            issued.verify_directly_issued_by(issuer)
        except (InvalidSignature, ValueError) as problem:
            raise Refusal("keystore.damaged", text="The issuer did not sign this.") from problem

    def check_kind(self, leaf: x509.Certificate) -> None:
        """Refuse a certificate that is not a machine's: by the mark in its subject, and by its policy."""
        marks = [part.value for part in leaf.subject.get_attributes_for_oid(NameOID.DN_QUALIFIER)]
        policies = self.extension(leaf, x509.CertificatePolicies) or ()
        if marks != ["ABR"] or MACHINES not in [each.policy_identifier.dotted_string for each in policies]:
            raise Refusal("keystore.unsuitable", text="The certificate is not that of a machine.")

    def check_usage(self, leaf: x509.Certificate) -> None:
        """Refuse a certificate whose key may not sign."""
        usage = self.extension(leaf, x509.KeyUsage)
        if usage is not None and not usage.digital_signature:
            raise Refusal("keystore.unsuitable", text="The certificate is not for signatures.")

    def check_strength(self, leaf: x509.Certificate) -> None:
        """Refuse a short key, and an old digest under the issuer's signature."""
        self.check_size(getattr(leaf.public_key(), "key_size", 0))
        digest = leaf.signature_hash_algorithm
        self.check_digest(digest.name if digest else "")

    def check_size(self, bits: int) -> None:
        """Refuse a key of so many bits if they are too few."""
        if bits < 2048:
            raise Refusal("keystore.unsuitable", text="The key is too short.")

    def check_digest(self, name: str) -> None:
        """Refuse a digest under the issuer's signature."""
        if name not in ("sha256", "sha384", "sha512"):
            raise Refusal("keystore.unsuitable", text="The certificate is signed weakly.")

    def extension(self, leaf: x509.Certificate, kind: type[E]) -> E | None:
        """Return an extension, or None."""
        try:
            return leaf.extensions.get_extension_for_class(kind).value
        except x509.ExtensionNotFound:
            return None

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

    def check_name(self, entry: Entry, leaf: x509.Certificate) -> None:
        """Refuse a name that is not the certificate's."""
        if entry.texts["name1"] != leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value:
            raise Refusal("keystore.damaged", text="The name is not that of the certificate.")

    def check_time(self, entry: Entry, leaf: x509.Certificate, now: datetime) -> None:
        """Refuse a certificate before its time and after it."""
        if now < leaf.not_valid_before_utc:
            raise Refusal("keystore.not_yet_valid", text="The certificate is not yet valid.")
        if now > leaf.not_valid_after_utc:
            raise Refusal("keystore.expired", text="The certificate has expired.")

    def key(self, entry: Entry, password: str) -> PrivateKeyTypes | None:
        """Return the private key."""
        data = entry.binaries["protectedPrivateKey"]
        self.check_encryption(data)
        self.check_work(data)
        try:
            key = load_der_private_key(data, password.encode(), unsafe_skip_rsa_key_validation=True)
        except UnsupportedAlgorithm as problem:
            raise Refusal("keystore.unsupported_algorithm", text="The key is of another kind.") from problem
        except (ValueError, TypeError) as problem:
            raise Refusal("keystore.wrong_password", text="The password is wrong.") from problem
        self.check_numbers(key)
        return key

    def check_encryption(self, data: bytes) -> None:
        """Refuse a key under another algorithm; the library takes that for a wrong password."""
        with contextlib.suppress(IndexError, StopIteration, RecursionError):
            tag, algorithm, _ = next(elements(next(elements(data))[1]))
            if tag == SEQUENCE and next(elements(algorithm))[2] not in ENCRYPTIONS:
                raise Refusal("keystore.unsupported_algorithm", text="The key is of another kind.")

    def check_work(self, data: bytes) -> None:
        """Refuse an encrypted key whose derivation would take for ever."""
        asked = iterations(data)
        if asked is not None and not 1 <= asked <= MOST_ITERATIONS:
            raise Refusal("keystore.unsupported_algorithm", text="The key asks for too much work.")

    def check_numbers(self, key: PrivateKeyTypes) -> None:
        """Refuse a key that is not RSA, and one whose numbers do not belong together."""
        if not isinstance(key, RSAPrivateKey):
            raise Refusal("keystore.unsupported_algorithm", text="The key is not an RSA key.")
        if not agree(key.private_numbers()):
            raise Refusal("keystore.damaged", text="The numbers of the key contradict each other.")

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
            "renewal_due": leaf.not_valid_after_utc - self.now < RENEWAL,
        }


class SecondSigner(SecondReader):
    """Signs by its own code as well; `signing` tells the steps which of the two is under way."""

    signing = False

    def keystore_sign(
        self, path: str, alias: str, password: str, data: str, algorithm: str, now: str | None = None
    ) -> Result:
        """Sign with a credential that was opened for it."""
        self.signing = True
        try:
            _, _, key = self.ready(path, alias, password, self.moment(now))
            return self.ok({"signature": self.signature(key, base64.b64decode(data))})
        except Refusal as refusal:
            return self.refusal(refusal)
        except UNREADABLE as problem:
            return self.refused(
                "keystore.damaged", text=f"The credential is damaged: {type(problem).__name__}."
            )
        finally:
            self.signing = False

    def signature(self, key: PrivateKeyTypes | None, data: bytes) -> str:
        """Return the signature in base64: RSA PKCS#1 v1.5 with SHA-256."""
        if not isinstance(key, RSAPrivateKey):
            raise Refusal("keystore.unsupported_algorithm", text="The key is not an RSA key.")
        return base64.b64encode(key.sign(data, PKCS1v15(), hashes.SHA256())).decode()


def iterations(data: bytes) -> int | None:
    """Return how many rounds a key under PBE-SHA1-3DES asks for; None if it is under anything else."""
    with contextlib.suppress(IndexError, StopIteration, ValueError):
        algorithm = next(elements(next(elements(data))[1]))[1]
        (_, identifier, _), (_, parameters, _) = elements(algorithm)
        if identifier == PBE_SHA1_3DES:
            (_, _, _), (_, rounds, _) = elements(parameters)
            return int.from_bytes(rounds, signed=True)
    return None


def agree(given: RSAPrivateNumbers) -> bool:
    """Whether the numbers of a private key are those of its primes (RFC 8017, section 3.2)."""
    p, q, d, n, e = given.p, given.q, given.d, given.public_numbers.n, given.public_numbers.e
    if min(p, q, e) < 3 or e % 2 == 0 or p == q:
        return False
    made = (p * q, e * d % (p - 1), e * d % (q - 1), d % (p - 1), d % (q - 1), given.iqmp * q % p)
    return made == (n, 1, 1, given.dmp1, given.dmq1, 1)


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
        if info.startswith(b"\x30"):  # no type in front: one bare certificate
            yield data
            return
        signed = next(elements(next(content for tag, content, _ in elements(info) if tag == 0xA0)))[1]
        inside = next(content for tag, content, _ in elements(signed) if tag == 0xA0)
        for _, _, whole in elements(inside):
            yield whole
