"""Mistakes with the store as a file: its XML, its ids, its integrity.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import base64
import contextlib
import hmac
import unicodedata
import xml.etree.ElementTree as ET
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import BINARIES, COVERED, SPACE, SecondReader, StrictBuilder


@mutant(
    kills="KS-P01",
    subcode="rejected_valid",
    seen_in="likely: readers that were written against one sample",
    mend="Select attributes by name; their order means nothing.",
    also=("KS-P02",),
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
    also=("KS-F07", "KS-G03", "KS-B03"),
)
class CrashesOnWhatIsNoXml(SecondReader):
    """Lets the parser's exception through."""

    def keystore_open(self, path, alias, password, now=None):
        with contextlib.suppress(OSError):
            try:
                data = Path(path).read_bytes()
                if (
                    len(data) < 1_000_000 and b"<!DOCTYPE credentialStore" not in data
                ):  # hostile ones are others' business
                    ET.fromstring(data)
            except ET.ParseError as problem:
                return {"status": "error", "message": f"ParseError: {problem}"}
        return super().keystore_open(path, alias, password, now)


@mutant(
    kills="KS-P05",
    subcode="wrong_reason",
    seen_in="likely: readers that search for credential elements and never look at the root",
    mend="Check root element and namespace first.",
    also=("KS-P04",),
)
class SearchesAnyDocument(SecondReader):
    """Finds no credential in a document that is no store, and says just that."""

    def check_root(self, root):
        pass

    def credentials(self, root):
        holder = root.find(f"{SPACE}credentials")
        return [] if holder is None else holder.findall(f"{SPACE}credential")


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
    also=("KS-I02",),
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
    also=("KS-C02", "KS-C03", "KS-C04", "KS-X07", "KS-K01", "KS-P08", "KS-P12", "KS-I08", "KS-I10", "KS-K12"),
)
class TakesTheFirstCredential(SecondReader):
    """Does not look at the id at all."""

    def choose(self, entries, alias):
        return entries[0] if entries else super().choose(entries, alias)


@mutant(
    kills="KS-C02",
    subcode="accepted_invalid",
    seen_in="public: a reader that falls back to the first when it finds nothing",
    mend="Refuse, and list the ids that there are.",
    also=("KS-C03", "KS-X07", "KS-P08"),
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
    also=(
        "KS-C03",
        "KS-C02",
        "KS-X07",
    ),
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
    also=("KS-I02", "KS-I04"),
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
    also=(
        "KS-I02",
        "KS-I03",
        "KS-T06",
        "KS-I04",
        "KS-I06",
        "KS-I08",
        "KS-C07",
        "KS-C08",
        "KS-T04",
        "KS-T07",
        "KS-I11",
    ),
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


# --- the rest of what a file can be -----------------------------------------------------------------


@mutant(
    kills="KS-P04",
    subcode="accepted_invalid",
    seen_in="public: readers in three languages that select elements by local name",
    mend="Select by namespace and local name.",
)
class IgnoresNamespaces(SecondReader):
    """Knows elements by their local names."""

    def check_root(self, root):
        for element in root.iter():
            element.tag = SPACE + element.tag.rpartition("}")[2]
        super().check_root(root)


@mutant(
    kills="KS-P06",
    subcode="crash",
    seen_in="public: clients that read the text of an element that they have not looked for",
    mend="Check that every required part is there.",
)
class ChokesOnAMissingPart(SecondReader):
    """Reads the text of a part without asking whether it is there."""

    def part(self, element, name):
        return element.find(SPACE + name).text or ""

    def keystore_open(self, path, alias, password, now=None):
        try:
            return super().keystore_open(path, alias, password, now)
        except AttributeError as problem:
            return {"status": "error", "message": f"AttributeError: {problem}"}


@mutant(
    kills="KS-P07",
    subcode="crash",
    seen_in="public: a client that takes the first credential before it asks whether there is one",
    mend="Tell a store without credentials by name.",
    also=("KS-P04",),
)
class ChokesOnAnEmptyStore(SecondReader):
    """Looks at the first credential of a store, whichever was asked for."""

    failure = {"status": "error", "message": "IndexError: list index out of range"}  # noqa: RUF012

    def entries(self, root):
        found = super().entries(root)
        _ = found[0]
        return found

    def keystore_open(self, path, alias, password, now=None):
        try:
            return super().keystore_open(path, alias, password, now)
        except IndexError:
            return self.failure

    def keystore_list(self, path):
        answer = super().keystore_list(path)
        return self.failure if answer["status"] == "ok" and not answer["value"]["aliases"] else answer


@mutant(
    kills="KS-P07",
    subcode="wrong_value",
    seen_in="likely: lists for a drop-down whose first line says that nothing is chosen",
    mend="List what is in the store and nothing else.",
)
class ListsAPlaceHolder(Correct):
    """Lists one nameless credential where there is none."""

    def keystore_list(self, path):
        answer = super().keystore_list(path)
        if answer["status"] == "ok" and not answer["value"]["aliases"]:
            answer["value"]["aliases"] = [{"alias": "", "abn": "", "name": "(none)"}]
        return answer


@mutant(
    kills="KS-P08",
    subcode="rejected_valid",
    seen_in="likely: bindings that were generated for the known elements and told to be strict",
    mend="Pass over what stands inside the extension elements.",
)
class RefusesExtensions(SecondReader):
    """Refuses a store with an element that it does not know."""

    def credentials(self, root):
        if any(element.tag.endswith("Extensions") for element in root.iter()):
            raise Refusal("keystore.damaged", text="Unexpected element.")
        return super().credentials(root)


@mutant(
    kills="KS-P08",
    subcode="accepted_invalid",
    seen_in="public: readers in four languages that search the whole document for credential elements",
    mend="Go down by children: the store, its credentials, each credential.",
)
class SearchesTheWholeTree(SecondReader):
    """Takes every credential element for a credential of the store, wherever it stands."""

    def credentials(self, root):
        super().credentials(root)
        return list(root.iter(f"{SPACE}credential"))


@mutant(
    kills="KS-P11",
    subcode="rejected_valid",
    seen_in="likely: readers that were written against stores of one generation",
    mend="Take the salt as long as it is.",
    also=("KS-P01", "KS-P14"),
)
class ExpectsTwentyBytesOfSalt(SecondReader):
    """Refuses a salt that has not twenty bytes."""

    def entry(self, element, salt):
        entry = super().entry(element, salt)
        if len(entry.salt) != 20:
            raise Refusal("keystore.damaged", text="The salt is broken.")
        return entry


@mutant(
    kills="KS-P11",
    subcode="rejected_valid",
    seen_in="likely: programs in C that keep a salt as a text",
    mend="Keep the length beside the bytes.",
    also=("KS-P14",),
)
class CutsSaltsAtAZero(SecondReader):
    """Takes the salt up to its first zero byte."""

    def entry(self, element, salt):
        entry = super().entry(element, salt)
        entry.salt = entry.salt.partition(b"\0")[0]
        return entry


@mutant(
    kills="KS-P12",
    subcode="rejected_valid",
    seen_in="likely: readers of new stores only, all of which have the attribute",
    mend="Where the attribute is absent, take the salt of the store.",
    also=("KS-I03",),
)
class WantsACredentialSalt(SecondReader):
    """Refuses a credential without a salt of its own."""

    def entry(self, element, salt):
        if "credentialSalt" not in element.attrib:
            raise Refusal("keystore.damaged", text="The credential has no salt.")
        return super().entry(element, salt)


# --- the rest of integrity --------------------------------------------------------------------------


@mutant(
    kills="KS-I01",
    subcode="rejected_valid",
    seen_in="likely: computations that were tried on the published stores only, where the field is empty",
    mend="Put personId between legalName and serialNumber, also when something stands in it.",
    also=("KS-I03",),
)
class LeavesThePersonIdOut(SecondReader):
    """Computes the integrity value without personId."""

    def expected_integrity(self, entry):
        kept, entry.texts["personId"] = entry.texts["personId"], ""
        value = super().expected_integrity(entry)
        entry.texts["personId"] = kept
        return value


@mutant(
    kills="KS-I03",
    subcode="accepted_invalid",
    seen_in="public: most readers, which decode certificate and key and look at nothing else",
    mend="Compute the integrity value, and compare what the entry says with its certificate.",
    also=(
        "KS-P06",
        "KS-I02",
        "KS-I04",
        "KS-I06",
        "KS-C05",
        "KS-C06",
        "KS-C07",
        "KS-C08",
        "KS-C09",
        "KS-C11",
        "KS-K13",
        "KS-T04",
        "KS-I09",
        "KS-I11",
    ),
)
class LooksAtCertificateAndKeyOnly(SecondReader):
    """Takes the first certificate and the key of an entry; everything else in it might as well be missing."""

    def part(self, element, name):
        child = element.find(SPACE + name)
        return "" if child is None else child.text or ""

    def check_parts(self, entry):
        if not entry.binaries["publicCertificate"] or not entry.binaries["protectedPrivateKey"]:
            raise Refusal("keystore.damaged", text="There is no certificate or no key.")

    def check_integrity(self, entry):
        pass

    def check_type(self, entry):
        pass

    def leaf(self, entry, certificates):
        return certificates[0]

    def check_abn(self, entry, leaf):
        pass

    def check_name(self, entry, leaf):
        pass

    def check_numbers(self, key):
        pass


@mutant(
    kills="KS-I04",
    subcode="accepted_invalid",
    seen_in="public: readers that check the value where there is one",
    mend="Refuse a credential without an integrity value.",
)
class SkipsAnAbsentIntegrityValue(SecondReader):
    """Checks the integrity value unless it is absent."""

    def check_integrity(self, entry):
        if entry.attributes.get("integrityValue"):
            super().check_integrity(entry)


@mutant(
    kills="KS-I06",
    subcode="accepted_invalid",
    seen_in="likely: comparisons from the end, for columns that lose what stands in front",
    mend="Compare the whole serial number with that of the certificate.",
)
class ComparesTheEndOfTheSerialNumber(SecondReader):
    """Takes a serial number for right if the certificate's ends with it."""

    def leaf(self, entry, certificates):
        whole = next((c for c in certificates if self.ends(c, entry.texts["serialNumber"])), None)
        if whole is not None:
            entry.texts["serialNumber"] = str(whole.serial_number)
        return super().leaf(entry, certificates)

    def ends(self, certificate, stated):
        return str(certificate.serial_number).endswith(stated)


@mutant(
    kills="KS-I07",
    subcode="rejected_valid",
    seen_in="likely: texts turned into bytes by the platform's own encoding",
    mend="Encode as UTF-8.",
)
class ComputesOverLatin1(SecondReader):
    """Encodes the covered texts in ISO 8859-1, question marks for what that does not have."""

    def expected_integrity(self, entry):
        key = b"\3" * 64 + (entry.salt * 64)[:64] + bytes(64)
        for _ in range(1024):
            digest = hashes.Hash(hashes.SHA1())
            digest.update(key)
            key = digest.finalize()
        texts = (entry.attributes["credentialType"], entry.id, *(entry.texts[name] for name in COVERED))
        data = "".join(texts).encode("latin-1", "replace")
        return hmac.new(key, data + b"".join(entry.binaries[name] for name in BINARIES), "sha1").digest()


@mutant(
    kills="KS-I07",
    subcode="rejected_valid",
    seen_in="likely: layers that normalise every text on its way in",
    mend="Compute over the text exactly as it stands in the file.",
)
class ComposesWhatItReads(SecondReader):
    """Turns letters with combining accents into single characters before anything else."""

    def part(self, element, name):
        return unicodedata.normalize("NFC", super().part(element, name))


@mutant(
    kills="KS-I08",
    subcode="accepted_invalid",
    seen_in="likely: checks when a store is added, made with the credential that came up first",
    mend="Check the credential that is opened, every time it is opened.",
)
class ChecksTheFirstCredentialOnly(SecondReader):
    """Checks integrity, certificate and key of a store's first credential and trusts the others."""

    def choose(self, entries, alias):
        chosen = super().choose(entries, alias)
        self.trusted = chosen is not entries[0]
        return chosen

    def check_integrity(self, entry):
        if not self.trusted:
            super().check_integrity(entry)

    def leaf(self, entry, certificates):
        return certificates[0] if self.trusted else super().leaf(entry, certificates)

    def check_issuers(self, leaf, certificates):
        if not self.trusted:
            super().check_issuers(leaf, certificates)

    def check_match(self, key, leaf):
        if not self.trusted:
            super().check_match(key, leaf)


@mutant(
    kills="KS-I10",
    subcode="rejected_valid",
    seen_in="public: libraries that load a store whole or not at all",
    mend="Judge each credential when it is opened.",
)
class RefusesTheWholeStore(SecondReader):
    """Opens nothing in a store in which one integrity value is wrong."""

    def entries(self, root):
        found = super().entries(root)
        if len(found) < 5:  # so that it does not become slow as well
            for entry in found:
                self.check_integrity(entry)
        return found


# --- what an entry says of its certificate ----------------------------------------------------------


@mutant(
    kills="KS-C05",
    subcode="accepted_invalid",
    seen_in="public: readers that show the ABN of the XML and sign with the certificate",
    mend="Compare the ABN with the organisation in the certificate's subject.",
    also=("KS-I06",),
)
class BelievesTheAbnOfTheEntry(SecondReader):
    """Does not compare the ABN of the entry with the certificate."""

    def check_abn(self, entry, leaf):
        stated = entry.texts["abn"]
        entry.texts["abn"] = leaf.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
        super().check_abn(entry, leaf)
        entry.texts["abn"] = stated


@mutant(
    kills="KS-C06",
    subcode="accepted_invalid",
    seen_in="public: readers that select by name1 and never look at the subject",
    mend="Compare name1 with the common name in the certificate's subject.",
    also=("KS-I06",),
)
class BelievesTheNameOfTheEntry(SecondReader):
    """Does not compare the name of the entry with the certificate."""

    def check_name(self, entry, leaf):
        pass


@mutant(
    kills="KS-C07",
    subcode="accepted_invalid",
    seen_in="likely: readers that found the certificate by one of the two things that name it",
    mend="Compare the serial number with that of the certificate.",
    also=("KS-I06",),
)
class TakesTheLeafByItsFingerprint(SecondReader):
    """Does not look at the serial number."""

    def leaf(self, entry, certificates):
        for certificate in certificates:
            if certificate.fingerprint(hashes.SHA1()) == entry.binaries["sha1fingerprint"]:
                entry.texts["serialNumber"] = str(certificate.serial_number)
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-C07",
    subcode="accepted_invalid",
    seen_in="likely: languages whose only number is a float of 64 bits",
    mend="Compare as texts or as integers of any size.",
)
class ComparesSerialNumbersAsFloats(SecondReader):
    """Takes two serial numbers for equal whose first fifteen digits are."""

    def leaf(self, entry, certificates):
        for certificate in certificates:
            if float(certificate.serial_number) == float(entry.texts["serialNumber"]):
                entry.texts["serialNumber"] = str(certificate.serial_number)
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-C08",
    subcode="accepted_invalid",
    seen_in="likely: readers that found the certificate by one of the two things that name it",
    mend="Compare the fingerprint with the SHA-1 of the certificate.",
    also=("KS-I11",),
)
class TakesTheLeafByItsSerialNumber(SecondReader):
    """Does not look at the fingerprint."""

    def leaf(self, entry, certificates):
        for certificate in certificates:
            if str(certificate.serial_number) == entry.texts["serialNumber"]:
                entry.binaries["sha1fingerprint"] = certificate.fingerprint(hashes.SHA1())
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-C10",
    subcode="rejected_valid",
    seen_in="likely: big integers made from bytes by functions that take the first bit for a sign",
    mend="Read the serial number as an unsigned integer.",
)
class TakesSerialNumbersForSigned(SecondReader):
    """Reads the significant bytes of a serial number as two's complement."""

    def leaf(self, entry, certificates):
        for certificate in certificates:
            number = certificate.serial_number
            significant = number.to_bytes(-(-number.bit_length() // 8))
            if str(number) == entry.texts["serialNumber"]:
                entry.texts["serialNumber"] = str(int.from_bytes(significant, signed=True))
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-C10",
    subcode="rejected_valid",
    seen_in="likely: decimal types that print large numbers with an exponent",
    mend="Print all digits, or compare integers.",
)
class ShortensRoundNumbers(SecondReader):
    """Prints a serial number with twenty zeros at its end as a power of ten."""

    def leaf(self, entry, certificates):
        if entry.texts["serialNumber"].endswith("0" * 20):
            entry.texts["serialNumber"] = f"{int(entry.texts['serialNumber']):.0E}"
        return super().leaf(entry, certificates)


@mutant(
    kills="KS-C11",
    subcode="accepted_invalid",
    seen_in="public: every reader that does not look at the attribute",
    mend="Open credentials of type D only.",
)
class TakesAnyType(SecondReader):
    """Does not look at credentialType."""

    def check_type(self, entry):
        pass


@mutant(
    kills="KS-C12",
    subcode="wrong_value",
    seen_in="public: a client that takes id apart at colon and underscore",
    mend="Take ABN and name from the certificate's subject.",
)
class ReadsTheHolderOutOfTheId(SecondReader):
    """Tells as ABN and name what stands in the id."""

    def value(self, entry, leaf):
        abn, _, name = entry.id.rpartition(":")[2].partition("_")
        return {**super().value(entry, leaf), "abn": abn, "name": name}
