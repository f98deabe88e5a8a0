"""Mistakes with the credential store.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import base64
import contextlib
import hashlib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key
from cryptography.x509.oid import NameOID

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SPACE, SecondReader, StrictBuilder, elements


def _decrypted(entry, password):
    """Return what comes out of the key's decryption, padding and all; its own PKCS#12 derivation."""
    info = entry.binaries["protectedPrivateKey"]
    encrypted = list(elements(next(elements(info))[1]))[1][1]
    typed = password.encode("utf-16-be") + b"\0\0"
    blocks = (entry.salt * 64)[:64] + (typed * 64)[: -(-len(typed) // 64) * 64]

    def derived(purpose, data):
        data = hashlib.sha1(bytes([purpose]) * 64 + data).digest()
        for _ in range(1023):
            data = hashlib.sha1(data).digest()
        return data

    first = derived(1, blocks)
    addend = int.from_bytes((first * 4)[:64]) + 1
    pieces = [blocks[at : at + 64] for at in range(0, len(blocks), 64)]
    moved = b"".join(((int.from_bytes(piece) + addend) % (1 << 512)).to_bytes(64) for piece in pieces)
    key = (first + derived(1, moved))[:24]
    decryptor = Cipher(TripleDES(key), modes.CBC(derived(2, blocks)[:8])).decryptor()
    return decryptor.update(encrypted) + decryptor.finalize()


def _label(entry, name):
    """Return a date of the XML, believed as it stands."""
    return datetime.fromisoformat(entry.texts[name]).astimezone(UTC)


# --- the file -------------------------------------------------------------------------------------


@mutant(
    kills="KS-P01",
    subcode="rejected_valid",
    seen_in="likely: readers that were written against one sample",
    mend="Select attributes by name; their order means nothing.",
)
class ExpectsOneAttributeOrder(SecondReader):
    """Takes attributes in alphabetical order only, as its sample had them."""

    def entry(self, element, salt):
        if list(element.attrib) != sorted(element.attrib):
            raise Refusal("keystore.damaged", text="Unexpected attribute.")
        return super().entry(element, salt)


@mutant(
    kills="KS-P02",
    subcode="rejected_valid",
    seen_in="likely: readers that cut values out by regular expression",
    mend="Use an XML parser.",
)
class WantsDoubleQuotes(SecondReader):
    """Looks for `id="` in the file before it parses it."""

    def tree(self, data):
        root = super().tree(data)
        if b"id='" in data:
            raise Refusal("keystore.damaged", text="The credential has no id.")
        return root


@mutant(
    kills="KS-P03",
    subcode="rejected_valid",
    seen_in="public: readers in three languages that select text() and take the first node",
    mend="Take the whole text content of the element.",
)
class ReadsFirstTextNode(SecondReader):
    """Stops reading a value at the first comment."""

    def builder(self):
        return StrictBuilder(insert_comments=True)


@mutant(
    kills="KS-P05",
    subcode="crash",
    seen_in="public: clients that do not catch the parser's exception",
    mend="Catch it where the file is read, and say that this is not a credential store.",
)
class CrashesOnWhatIsNoXml(SecondReader):
    """Lets the parser's exception through."""

    def keystore_open(self, path, alias, password, now=None):
        with contextlib.suppress(OSError):
            try:
                ET.fromstring(Path(path).read_bytes())
            except ET.ParseError as problem:
                return {"status": "error", "message": f"ParseError: {problem}"}
        return super().keystore_open(path, alias, password, now)


@mutant(
    kills="KS-P05",
    subcode="wrong_reason",
    seen_in="likely: readers that search for credential elements and never look at the root",
    mend="Check root element and namespace first.",
)
class SearchesAnyDocument(SecondReader):
    """Finds no credential in a document that is no store, and says just that."""

    def check_root(self, root):
        pass


@mutant(
    kills="KS-P06",
    subcode="accepted_invalid",
    seen_in="public: readers that pick out certificate and key and look at nothing else",
    mend="Check that every required part is there.",
)
class TakesMissingForEmpty(SecondReader):
    """Reads a part that is missing as an empty text."""

    def part(self, element, name):
        child = element.find(SPACE + name)
        return "" if child is None else child.text or ""

    def check_parts(self, entry):
        pass

    def leaf(self, entry, certificates):
        if not entry.binaries["sha1fingerprint"]:
            return certificates[0]
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-P06",
    subcode="crash",
    seen_in="public: readers that take the first certificate of what they decoded without looking",
    mend="Check that every required part is there and has something in it.",
)
class ChokesOnAnEmptyCertificate(SecondReader):
    """Takes the first certificate where there is none."""

    def check_parts(self, entry):
        if not entry.binaries["publicCertificate"]:
            raise IndexError("list index out of range")
        super().check_parts(entry)

    def keystore_open(self, path, alias, password, now=None):
        try:
            return super().keystore_open(path, alias, password, now)
        except IndexError as problem:
            return {"status": "error", "message": f"IndexError: {problem}"}


@mutant(
    kills="KS-P09",
    subcode="accepted_invalid",
    seen_in="public: readers that fill a map by id",
    mend="Refuse the store when an id comes up a second time.",
)
class FirstOfTwoWins(SecondReader):
    """Takes the first of two credentials of one id without noticing the second."""

    def met_same_id(self):
        pass


@mutant(
    kills="KS-P10",
    subcode="accepted_invalid",
    seen_in="likely: base64 functions that are lenient unless told otherwise",
    mend="Decode strictly.",
)
class DecodesLeniently(SecondReader):
    """Skips what base64 does not know and completes missing padding."""

    def decoded(self, text):
        return base64.b64decode(text + "===")


@mutant(
    kills="KS-X04",
    subcode="accepted_invalid",
    seen_in="public: readers that rely on their parser's defaults",
    mend="Have the parser refuse document type declarations.",
)
class AllowsDoctypes(SecondReader):
    """Parses document type declarations and expands what they declare."""

    def builder(self):
        return ET.TreeBuilder()


@mutant(
    kills="KS-X07",
    subcode="accepted_invalid",
    seen_in="public: readers in four languages that put the id into an XPath expression",
    mend="Compare ids in code.",
)
class SplicesTheIdIntoXpath(SecondReader):
    """Selects the credential by an expression with the id inside."""

    quote = "'"

    def choose(self, entries, alias):
        from lxml import etree

        root = etree.Element("root")
        for entry in entries:
            etree.SubElement(root, "credential", id=entry.id)
        try:
            found = root.xpath(f"/root/credential[@id={self.quote}{alias}{self.quote}]")
        except (etree.XPathError, ValueError) as problem:
            raise Refusal("keystore.unknown_alias", text="Invalid expression.") from problem
        if not found:
            raise Refusal("keystore.unknown_alias", text="No credential has this id.")
        return entries[root.index(found[0]) if found[0].tag == "credential" else 0]


@mutant(
    kills="KS-X07",
    subcode="accepted_invalid",
    seen_in="public: the same with the other kind of quotes",
    mend="Compare ids in code.",
)
class SplicesTheIdIntoDoubleQuotes(SplicesTheIdIntoXpath):
    """Selects the credential by an expression with the id inside, in double quotes."""

    quote = '"'


@mutant(
    kills="KS-F01",
    subcode="state_leak",
    seen_in="likely: store libraries that save when they are closed",
    mend="Open the file for reading only.",
)
class SavesTheStoreOnOpening(SecondReader):
    """Writes the file back after reading it, the line ends made its own."""

    def file(self, path):
        data = super().file(path)
        if data.startswith(b"<?xml"):
            Path(path).write_bytes(data + b"\n")
        return data


@mutant(
    kills="KS-F05",
    subcode="wrong_reason",
    seen_in="likely: readers that begin with an empty store when there is no file",
    mend="Say that there is no file, with its path.",
)
class MissingFileIsAnEmptyStore(SecondReader):
    """Finds no credential in a file that is not there."""

    def file(self, path):
        if not Path(path).exists():
            raise Refusal("keystore.unknown_alias", text="No credential has this id.")
        return super().file(path)


# --- which credential -----------------------------------------------------------------------------


@mutant(
    kills="KS-C01",
    subcode="wrong_value",
    seen_in="public: a client that always uses the first credential",
    mend="Select by the whole id.",
    also=("KS-C02", "KS-C03", "KS-C04", "KS-X07", "KS-K01"),
)
class TakesTheFirstCredential(SecondReader):
    """Does not look at the id at all."""

    def choose(self, entries, alias):
        return entries[0]


@mutant(
    kills="KS-C02",
    subcode="accepted_invalid",
    seen_in="public: a reader that falls back to the first when it finds nothing",
    mend="Refuse, and list the ids that there are.",
    also=("KS-C03", "KS-X07"),
)
class FallsBackToTheOnlyCredential(SecondReader):
    """Takes the only credential of a store, whatever the id."""

    def choose(self, entries, alias):
        return entries[0] if len(entries) == 1 else super().choose(entries, alias)


@mutant(
    kills="KS-C03",
    subcode="accepted_invalid",
    seen_in="likely: look-ups in maps that ignore case",
    mend="Compare the texts as they are.",
)
class FoldsTheCaseOfIds(SecondReader):
    """Compares ids without regard to case."""

    def choose(self, entries, alias):
        folded = next((entry.id for entry in entries if entry.id.upper() == alias.upper()), alias)
        return super().choose(entries, folded)


@mutant(
    kills="KS-C04",
    subcode="wrong_value",
    seen_in="public: a script that selects by the credential's name alone",
    mend="Select by the whole id, ABN included.",
    also=("KS-C03",),
)
class SelectsByName(SecondReader):
    """Takes the first credential whose name is that in the id."""

    def choose(self, entries, alias):
        name = alias.partition("_")[2]
        return super().choose(entries, next((e.id for e in entries if e.texts["name1"] == name), alias))


@mutant(
    kills="KS-C09",
    subcode="accepted_invalid",
    seen_in="likely: products that ask for eleven digits and nothing more",
    mend="Check the ABN modulo 89.",
)
class TakesElevenDigitsForAnAbn(SecondReader):
    """Does not check the check digits."""

    def check_abn(self, entry, leaf):
        if entry.texts["abn"] != leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value:
            raise Refusal("keystore.damaged", text="The ABN is not that of the certificate.")


@mutant(
    kills="KS-C13",
    subcode="wrong_value",
    seen_in="likely: readers that look for one credential element",
    mend="List every credential element.",
)
class ListsOneCredential(Correct):
    """Lists the first credential of a store and leaves the others out."""

    def keystore_list(self, path):
        answer = super().keystore_list(path)
        if answer["status"] == "ok":
            del answer["value"]["aliases"][1:]
        return answer


# --- integrity and certificates -------------------------------------------------------------------


@mutant(
    kills="KS-I02",
    subcode="accepted_invalid",
    seen_in="likely: comparisons of a prefix, or of texts cut to a column's width",
    mend="Compare all 20 bytes.",
)
class ComparesHalfTheIntegrityValue(SecondReader):
    """Compares the first ten bytes."""

    def check_integrity(self, entry):
        stated = self.decoded(entry.attributes.get("integrityValue", ""))
        if stated[:10] != self.expected_integrity(entry)[:10]:
            raise Refusal("keystore.damaged", text="The integrity value is wrong.")


@mutant(
    kills="KS-I03",
    subcode="accepted_invalid",
    seen_in="public: every reader that takes certificate and key and nothing else",
    mend="Compute the integrity value and compare it.",
    also=("KS-I02",),
)
class IgnoresTheIntegrityValue(SecondReader):
    """Does not look at the integrity value."""

    def check_integrity(self, entry):
        pass


@mutant(
    kills="KS-I09",
    subcode="accepted_invalid",
    seen_in="public: readers that trust whatever certificate stands in the entry",
    mend="Check the integrity value, and that the key is that of the certificate.",
    also=("KS-I02", "KS-I03", "KS-T06"),
)
class TakesAnyCertificate(SecondReader):
    """Takes the first certificate of the entry without asking where it comes from."""

    def check_integrity(self, entry):
        pass

    def leaf(self, entry, certificates):
        return certificates[0]

    def check_issuers(self, leaf, certificates):
        pass

    def check_match(self, key, leaf):
        pass


@mutant(
    kills="KS-T01",
    subcode="rejected_valid",
    seen_in="likely: readers that were measured out on one file, because their ASN.1 library refuses BER",
    mend="Use a reader that takes BER.",
    also=("KS-P01",),
)
class KnowsOneShapeOfBer(SecondReader):
    """Reads DER, and of BER the one shape of its sample: certificates from byte 58 on, and a signer."""

    def bundle(self, entry):
        data = entry.binaries["publicCertificate"]
        if data[1] != 0x80:
            return super().bundle(entry)
        if data[56:59] != b"\xa0\x80\x30" or b"\0\0\x31\x82" not in data:
            raise Refusal("keystore.damaged", text="The certificates cannot be read.")
        return [whole for _, _, whole in elements(data, 58)]


@mutant(
    kills="KS-T02",
    subcode="rejected_valid",
    seen_in="likely: readers that look for the bytes with which their sample begins",
    mend="Use a reader that takes BER and DER.",
    also=("KS-P01",),
)
class ReadsBerOnly(SecondReader):
    """Wants indefinite lengths."""

    def bundle(self, entry):
        if not entry.binaries["publicCertificate"].startswith(b"\x30\x80"):
            raise Refusal("keystore.damaged", text="The certificates cannot be read.")
        return super().bundle(entry)


@mutant(
    kills="KS-T06",
    subcode="accepted_invalid",
    seen_in="public: readers in four languages; the mismatch shows as a signature fault at the service",
    mend="Compare the public keys when the credential is opened.",
)
class NeverMatchesKeyAndCertificate(SecondReader):
    """Believes that what stands in one entry belongs together."""

    def check_match(self, key, leaf):
        pass


# --- time -----------------------------------------------------------------------------------------


@mutant(
    kills="KS-D01",
    subcode="accepted_invalid",
    seen_in="likely: a grace against wrong clocks, taken over from time stamps of messages",
    mend="Certificates have no grace; mend the clock.",
)
class GrantsAMinute(SecondReader):
    """Takes a certificate for valid a minute before it is and a minute after it was."""

    def check_time(self, entry, leaf, now):
        minute = timedelta(minutes=1)
        near = (leaf.not_valid_before_utc - minute, leaf.not_valid_after_utc + minute)
        super().check_time(entry, leaf, leaf.not_valid_after_utc if near[0] <= now <= near[1] else now)


@mutant(
    kills="KS-D02",
    subcode="accepted_invalid",
    seen_in="public: readers that take validity from the XML",
    mend="Take the dates from the certificate.",
    also=("KS-D03",),
)
class TrustsTheDatesInTheXml(SecondReader):
    """Decides validity by the dates in the XML, zone and all."""

    def check_time(self, entry, leaf, now):
        if now < _label(entry, "notBefore"):
            raise Refusal("keystore.not_yet_valid", text="The credential is not yet valid.")
        if now > _label(entry, "notAfter"):
            raise Refusal("keystore.expired", text="The credential has expired.")


@mutant(
    kills="KS-D03",
    subcode="rejected_valid",
    seen_in="public: a client that compares notAfter of the XML with the present before it opens anything",
    mend="Ask the certificate only.",
)
class StopsTenHoursEarly(SecondReader):
    """Checks the certificate's dates, and the label's end as well."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, now)
        if now > _label(entry, "notAfter"):
            raise Refusal("keystore.expired", text="The credential has expired.")


@mutant(
    kills="KS-D08",
    subcode="accepted_invalid",
    seen_in="likely: products that think of the end only",
    mend="Check notBefore as well.",
    also=("KS-D01",),
)
class ForgetsTheBeginning(SecondReader):
    """Does not look at notBefore."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, max(now, leaf.not_valid_before_utc))


@mutant(
    kills="KS-D10",
    subcode="accepted_invalid",
    seen_in="public: clients that leave it to the token service",
    mend="Check notAfter when the credential is opened.",
    also=("KS-D01", "KS-D02"),
)
class ForgetsTheEnd(SecondReader):
    """Does not look at notAfter."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, min(now, leaf.not_valid_after_utc))


@mutant(
    kills="KS-I05",
    subcode="wrong_value",
    seen_in="public: displays and reminders that pass the XML's text on",
    mend="Format the certificate's notAfter in UTC.",
)
class TellsTheDateInTheXml(SecondReader):
    """Tells the end of validity as the XML states it."""

    def value(self, entry, leaf):
        return {**super().value(entry, leaf), "not_after": entry.texts["notAfter"]}


# --- password and key -----------------------------------------------------------------------------


@mutant(
    kills="KS-K01",
    subcode="rejected_valid",
    seen_in="likely: key derivations written by hand that fill the password to one block",
    mend="Fill password and salt to the next multiple of 64 bytes, or leave it to the library.",
)
class CutsPasswordsAtOneBlock(SecondReader):
    """Takes the first 64 bytes of the password, in UTF-16 with its terminator."""

    def key(self, entry, password):
        typed = password.encode("utf-16-be") + b"\0\0"
        if len(typed) > 64:
            raise Refusal("keystore.wrong_password", text="The password is wrong.")
        return super().key(entry, password)


@mutant(
    kills="KS-K02",
    subcode="accepted_invalid",
    seen_in="public: a client that only reads the certificate when the store is uploaded",
    mend="Decrypt the key when the credential is opened.",
    also=("KS-K03", "KS-T06"),
)
class NeverTriesThePassword(SecondReader):
    """Opens by the certificate alone."""

    def key(self, entry, password):
        return None

    def check_match(self, key, leaf):
        pass


@mutant(
    kills="KS-K03",
    subcode="crash",
    seen_in="public: messages of four runtimes (wrong tag, header too long, could not deserialize)",
    mend="Take every failure between decryption and key for a wrong password.",
)
class TakesPaddingForProof(SecondReader):
    """Fails in an unforeseen way when the padding is right and what it pads is no key."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer.get("reason") == "keystore.wrong_password":
            plain = _decrypted(self.choose(self.entries(self.tree(self.file(path))), alias), password)
            if 1 <= plain[-1] <= 8 and plain.endswith(bytes([plain[-1]]) * plain[-1]):
                return {"status": "error", "message": "asn1 encoding routines: header too long"}
        return answer


@mutant(
    kills="KS-G01",
    subcode="secret_leak",
    seen_in="public: a product that logs all arguments of the call that failed",
    mend="Name the file and the id, never the password.",
)
class TellsWhatWasTyped(Correct):
    """Puts the arguments of a failed call into its error text."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "rejected":
            answer["native"]["text"] += f" open({path!r}, {alias!r}, {password!r})"
        return answer


@mutant(
    kills="KS-G01",
    subcode="secret_leak",
    seen_in="likely: one error handler that is careful, and another one that was forgotten",
    mend="Name the file and the id, never the password, wherever a credential is used.",
)
class TellsThePasswordOnSigning(Correct):
    """Keeps the password out of its errors, but for those of signing."""

    def keystore_sign(self, path, alias, password, data, algorithm, now=None):
        answer = super().keystore_sign(path, alias, password, data, algorithm, now)
        if answer["status"] == "rejected":
            answer["native"]["text"] += f" sign({alias!r}, {password!r})"
        return answer


@mutant(
    kills="KS-G01",
    subcode="secret_leak",
    seen_in="likely: error reports to which the whole configuration of the call is attached",
    mend="Leave the password out of what describes a call.",
)
class TellsThePasswordOfACall(Correct):
    """Adds the settings of a call to the text of its failure."""

    def usi_call(self, **settings):
        answer = super().usi_call(**settings)
        if answer["status"] == "rejected":
            answer["native"]["text"] += f" {settings}"
        return answer


@mutant(
    kills="KS-S01",
    subcode="wrong_value",
    seen_in="likely: adapters that hand the text of a message on as they got it",
    mend="Decode the data before signing it.",
)
class SignsTheBase64(Correct):
    """Signs the base64 text instead of the bytes it stands for."""

    def sign(self, key, data, algorithm):
        return key.sign(data.encode(), padding.PKCS1v15(), hashes.SHA256())


@mutant(
    kills="KS-S01",
    subcode="wrong_value",
    seen_in="likely: stores that were only ever tried with one credential in them",
    mend="Select the key by the id that was asked for, as for opening.",
)
class SignsWithTheFirstKey(Correct):
    """Opens the credential that was asked for, and signs with the key of the first one."""

    def keystore_sign(self, path, alias, password, data, algorithm, now=None):
        try:
            first = self.read_store(path).credentials[0].id
        except Refusal as refusal:
            return self.refusal(refusal)
        return super().keystore_sign(path, first, password, data, algorithm, now)


@mutant(
    kills="KS-B01",
    subcode="slow",
    seen_in="likely: products that load the whole store into memory, keys included",
    mend="Decrypt the one key that was asked for.",
)
class OpensEveryKey(SecondReader):
    """Decrypts and validates the key of every credential in the store."""

    def opened(self, path, alias, password, now):
        for entry in self.entries(self.tree(self.file(path))):
            with contextlib.suppress(ValueError, TypeError):
                load_der_private_key(entry.binaries["protectedPrivateKey"], password.encode())
        return super().opened(path, alias, password, now)
