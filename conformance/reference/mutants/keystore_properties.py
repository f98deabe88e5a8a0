"""Mistakes that only a search finds: no vector stands where they show.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import base64
import os
import re
import unicodedata
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote
from xml.sax.saxutils import escape

from cryptography import x509

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SecondReader, certificates_in


@mutant(
    kills="KS-P13",
    subcode="rejected_valid",
    seen_in="likely: readers that tell the writer by one mark and count on the rest of the sample",
    mend="Look at the bundle itself; its first bytes say how it is encoded.",
)
class TellsTheWriterByTheSalt(SecondReader):
    """Takes a salt of eight bytes for the mark of a writer whose names were always plain."""

    def check_name(self, entry, leaf):
        super().check_name(entry, leaf)
        if len(entry.salt) == 8 and not entry.texts["name1"].isalnum():
            raise Refusal("keystore.damaged", text="The name does not fit the file.")


@mutant(
    kills="KS-P14",
    subcode="rejected_valid",
    seen_in="likely: tables of the lengths that samples have",
    mend="Take the salt as long as it is.",
)
class KnowsTwoLengthsOfSalt(SecondReader):
    """Refuses a salt that has neither 8 nor 20 bytes."""

    def entry(self, element, salt):
        entry = super().entry(element, salt)
        if len(entry.salt) not in (8, 20):
            raise Refusal("keystore.damaged", text="The salt has a wrong length.")
        return entry


@mutant(
    kills="KS-P03",
    subcode="rejected_valid",
    seen_in="likely: decoders that take out line feeds and nothing else",
    mend="Take out every white space that XML knows before decoding.",
)
class KnowsOneKindOfBlank(SecondReader):
    """Decodes base64 that is wrapped by line feeds, not by tabs."""

    def decoded(self, text):
        if "\t" in text:
            raise Refusal("keystore.damaged", text="A value is not base64.")
        return super().decoded(text)


@mutant(
    kills="KS-K05",
    subcode="rejected_valid",
    seen_in="likely: settings that are read as URLs or templates are, whatever stands in them",
    mend="Take the password as it was typed.",
)
class DecodesPercentSignsInPasswords(SecondReader):
    """Reads %6F in a password as o."""

    def key(self, entry, password):
        return super().key(entry, unquote(password))


@mutant(
    kills="KS-C01",
    subcode="rejected_valid",
    seen_in="likely: ids that are cut out of the file before its parser has resolved entities",
    mend="Compare the attribute's value as the parser gives it.",
)
class ComparesIdsAsTheyAreEscaped(SecondReader):
    """Compares the id that is asked for with the text in the file, `&amp;` and all."""

    def choose(self, entries, alias):
        return next((entry for entry in entries if escape(entry.id) == alias), None) or super().choose(
            [], alias
        )


@mutant(
    kills="KS-C02",
    subcode="accepted_invalid",
    seen_in="likely: comparisons that normalise, as names of files and user accounts are compared",
    mend="Compare the texts as they are.",
)
class FoldsTheWidthOfIds(SecondReader):
    """Takes full-width characters in an id for the usual ones."""

    def choose(self, entries, alias):
        return super().choose(entries, unicodedata.normalize("NFKC", alias))


@mutant(
    kills="KS-P05",
    subcode="crash",
    seen_in="likely: handlers of the parser's own error that know no other",
    mend="Catch also what an unknown or multi-byte encoding raises.",
)
class CrashesOnAnUnknownEncoding(SecondReader):
    """Lets the error through that an encoding which nobody knows gives."""

    def keystore_open(self, path, alias, password, now=None):
        try:
            data = Path(path).read_bytes()
            if len(data) < 1_000_000 and b"<!DOCTYPE" not in data:  # what is hostile is not its mistake
                ET.fromstring(data)
        except (LookupError, ValueError) as problem:
            return {"status": "error", "message": f"{type(problem).__name__}: {problem}"}
        except (ET.ParseError, OSError):
            pass
        return super().keystore_open(path, alias, password, now)


@mutant(
    kills="KS-I11",
    subcode="accepted_invalid",
    seen_in="public: readers that take a right integrity value for a proof",
    mend="Compare fingerprint and serial number with the leaf, and verify its issuer's signature.",
    also=("KS-C07", "KS-C08", "KS-I06", "KS-T04", "KS-T07"),
)
class TrustsWhatIsSealed(SecondReader):
    """Checks the integrity value, and after it nothing of the certificate but its key and its subject."""

    def leaf(self, entry, certificates):
        return certificates[0]

    def check_issuers(self, leaf, certificates):
        pass


@mutant(
    kills="KS-B03",
    subcode="crash",
    seen_in="public: readers that hand certificates to their library without catching what it throws",
    mend="Catch the library's error and say that the store is damaged.",
    also=("KS-I09", "KS-I11"),
)
class CrashesOnABrokenCertificate(SecondReader):
    """Reads the certificates before anything else, and lets the library's error through."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "rejected":
            text = Path(path).read_bytes() if Path(path).is_file() else b""
            for blob in re.findall(rb"<publicCertificate>([A-Za-z0-9+/=]{2000,})<", text):
                try:
                    for each in certificates_in(base64.b64decode(blob)):
                        x509.load_der_x509_certificate(each)
                except ValueError as problem:
                    return {"status": "error", "message": f"ValueError: {problem}"}
        return answer


_ZONES = {"Australia/Sydney": 10, "Australia/Perth": 8, "Pacific/Kiritimati": 14}
"""Hours before UTC, without daylight saving; a table, since not every machine knows the zones."""


@mutant(
    kills="KS-D06",
    subcode="nondeterministic",
    seen_in="public: clients that compare the local clock with the certificate's time without its zone",
    mend="Compare moments in UTC.",
)
class ComparesLocalTimes(SecondReader):
    """Compares the clock on the wall, told by the variable TZ, with the certificate's time."""

    def check_time(self, entry, leaf, now):
        hours = _ZONES.get(os.environ.get("TZ", ""), 0)
        super().check_time(entry, leaf, now + timedelta(hours=hours))


@mutant(
    kills="KS-B02",
    subcode="slow",
    seen_in="likely: a function that looks one credential up, called for each of them",
    mend="Read the file once.",
)
class ReadsTheFileForEachCredential(Correct):
    """Reads the store anew for each credential that it lists."""

    def keystore_list(self, path):
        answer = super().keystore_list(path)
        if answer["status"] == "ok":
            for _ in answer["value"]["aliases"]:
                super().keystore_list(path)
        return answer
