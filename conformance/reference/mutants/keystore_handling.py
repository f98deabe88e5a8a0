"""Mistakes in handling stores: hostile ones, files, secrets, limits.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import contextlib
import hashlib
import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SecondReader, elements


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
