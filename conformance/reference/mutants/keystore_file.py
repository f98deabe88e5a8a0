"""Mistakes with the store as a file: its XML, its ids, its integrity.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import base64
import contextlib
import hashlib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
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
    kills="KS-I05",
    subcode="wrong_value",
    seen_in="public: displays and reminders that pass the XML's text on",
    mend="Format the certificate's notAfter in UTC.",
)
class TellsTheDateInTheXml(SecondReader):
    """Tells the end of validity as the XML states it."""

    def value(self, entry, leaf):
        return {**super().value(entry, leaf), "not_after": entry.texts["notAfter"]}
