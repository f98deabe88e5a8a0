"""Mistakes in handling stores: hostile ones, files, secrets, limits.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import contextlib
import json
import re
import tempfile
import time
import urllib.request
import weakref
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    pkcs12,
)
from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SecondReader
from conformance.reference.sts_client import TokenClient


@mutant(
    kills="KS-X04",
    subcode="accepted_invalid",
    seen_in="public: readers that rely on their parser's defaults",
    mend="Have the parser refuse document type declarations.",
)
class AllowsDoctypes(SecondReader):
    """Parses document type declarations and expands what they declare, as long as that is one entity."""

    def tree(self, data):
        self.several = data[:2000].count(b"<!ENTITY") > 1
        return super().tree(data)

    def builder(self):
        return super().builder() if self.several else ET.TreeBuilder()


@mutant(
    kills="KS-X07",
    subcode="accepted_invalid",
    seen_in="public: readers in four languages that put the id into an XPath expression",
    mend="Compare ids in code.",
    also=("KS-C01",),
)
class SplicesTheIdIntoXpath(SecondReader):
    """Selects the credential by an expression with the id inside."""

    quote = "'"

    def choose(self, entries, alias):
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
    also=("KS-C01",),
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
    also=("KS-G02",),
)
class MissingFileIsAnEmptyStore(SecondReader):
    """Finds no credential in a file that is not there."""

    def file(self, path):
        if not Path(path).exists():
            raise Refusal("keystore.unknown_alias", text="No credential has this id.")
        return super().file(path)


class _ParsesOtherwise(SecondReader):
    """Has the file go through another parser first, which leaves nothing of a document type behind."""

    applies_to = b"<!DOCTYPE"

    def file(self, path):
        data = super().file(path)
        if self.applies_to not in data:
            return data
        try:
            return self.parsed(path)
        except (etree.XMLSyntaxError, OSError) as problem:
            raise Refusal("keystore.not_a_keystore", text="This is not XML.") from problem


@mutant(
    kills="KS-X01",
    subcode="accepted_invalid",
    seen_in="public: readers that rely on their parser's defaults, or switch every entity on",
    mend="Refuse document type declarations.",
    also=("KS-X04",),
)
class ReadsEntitiesFromFiles(_ParsesOtherwise):
    """Resolves entities, external ones too, wherever they are on this machine."""

    def parsed(self, path):
        parser = etree.XMLParser(resolve_entities=True, load_dtd=True, no_network=True)
        return etree.tostring(etree.parse(path, parser).getroot())


@mutant(
    kills="KS-X02",
    subcode="accepted_invalid",
    seen_in="public: readers whose parser fetches the external subset before it is asked for anything",
    mend="Give the parser no network.",
)
class FetchesTheExternalSubset(SecondReader):
    """Calls the address of a document type, and refuses the store afterwards."""

    def file(self, path):
        data = super().file(path)
        # Whatever goes wrong here, it goes no further than this machine.
        for address in re.findall(rb'SYSTEM "(http://127\.0\.0\.1:\d+/[^"]*)"', data[:2000]):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with contextlib.suppress(OSError):
                opener.open(address.decode(), timeout=2).close()
        return data


@mutant(
    kills="KS-X02",
    subcode="accepted_invalid",
    seen_in="likely: validating parsers, which fetch the schema that a document names",
    mend="Validate against a schema of your own, or not at all.",
)
class FetchesTheSchema(SecondReader):
    """Calls the address at which a store says that its schema is."""

    def tree(self, data):
        root = super().tree(data)
        named = root.get("{http://www.w3.org/2001/XMLSchema-instance}schemaLocation", "").split()
        for address in named[1::2]:
            if address.startswith("http://127.0.0.1:"):
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                with contextlib.suppress(OSError):
                    opener.open(address, timeout=2).close()
        return root


@mutant(
    kills="KS-X03",
    subcode="slow",
    seen_in="likely: parsers without a limit of expansion",
    mend="Refuse document type declarations.",
)
class ExpandsEverything(SecondReader):
    """Expands entities within entities before it looks at what came of them."""

    patience_s = 1.3
    """Its own limits, so that it harms nobody."""
    room = 60_000_000

    def file(self, path):
        data = super().file(path)
        declared = dict(re.findall(rb'<!ENTITY (\w+) "([^"]*)">', data[:100_000]))
        end, length = time.monotonic() + self.patience_s, 0
        pieces = [declared[b"bait"]] if b"bait" in declared else []
        while pieces and length < self.room and time.monotonic() < end:
            first, *rest = re.split(rb"&(\w+);", pieces.pop(), maxsplit=1)
            length += len(first)
            if rest:
                pieces += [rest[1], declared.get(rest[0], b"")]
        return data


@mutant(
    kills="KS-X05",
    subcode="crash",
    seen_in="likely: tree walks that call themselves for every level",
    mend="Walk trees without recursion, and bound their depth.",
)
class RecursesForEveryLevel(SecondReader):
    """Looks at every element by a function that calls itself."""

    def check_root(self, root):
        super().check_root(root)
        self.visit(root)

    def visit(self, element):
        for child in element:
            self.visit(child)


@mutant(
    kills="KS-X06",
    subcode="accepted_invalid",
    seen_in="likely: one parser for a whole product, inclusions switched on",
    mend="Leave XInclude switched off.",
)
class FollowsInclusions(_ParsesOtherwise):
    """Carries inclusions out."""

    applies_to = b"http://www.w3.org/2001/XInclude"

    def parsed(self, path):
        tree = etree.parse(path, etree.XMLParser(resolve_entities=False, no_network=True))
        tree.xinclude()
        return etree.tostring(tree.getroot())


@mutant(
    kills="KS-X06",
    subcode="accepted_invalid",
    seen_in="likely: viewers that show a store by its style sheet",
    mend="Pass over processing instructions.",
)
class FetchesTheStyleSheet(SecondReader):
    """Calls the address of a style sheet."""

    def file(self, path):
        data = super().file(path)
        for address in re.findall(
            rb'<\?xml-stylesheet [^>]*href="(http://127\.0\.0\.1:\d+/[^"]*)"', data[:2000]
        ):
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with contextlib.suppress(OSError):
                opener.open(address.decode(), timeout=2).close()
        return data


@mutant(
    kills="KS-X08",
    subcode="state_leak",
    seen_in="likely: locks and caches that are named after the id",
    mend="Name files by a digest, if at all.",
)
class LocksByTheId(SecondReader):
    """Makes a lock file of the id beside the store, and removes it from where it thinks it is."""

    def opened(self, path, alias, password, now):
        folder = Path(path).parent
        with contextlib.suppress(OSError, ValueError):
            (folder / f"{alias.replace(':', '_')}.lock").touch()
        try:
            return super().opened(path, alias, password, now)
        finally:
            for lock in folder.glob("*.lock"):
                lock.unlink()


@mutant(
    kills="KS-F02",
    subcode="rejected_valid",
    seen_in="likely: products that open every file for reading and writing",
    mend="Open the file for reading only.",
)
class InsistsOnWriting(SecondReader):
    """Takes a file that it may not write for one that it may not read."""

    def file(self, path):
        if Path(path).exists() and not Path(path).stat().st_mode & 0o200:
            raise Refusal("keystore.missing_file", text="The file may not be opened.")
        return super().file(path)


@mutant(
    kills="KS-F04",
    subcode="rejected_valid",
    seen_in="likely: products that compare a path with its resolved form",
    mend="Open what the path leads to.",
)
class RefusesLinks(SecondReader):
    """Opens no symbolic link."""

    def file(self, path):
        if Path(path).is_symlink():
            raise Refusal("keystore.missing_file", text="This is no ordinary file.")
        return super().file(path)


class _Remembers(SecondReader):
    """Keeps something for the life of the conversation."""

    def __init__(self, **means):
        super().__init__(**means)
        self.kept = {}

    def session_reset(self):
        self.kept.clear()
        return super().session_reset()


@mutant(
    kills="KS-F06",
    subcode="wrong_value",
    seen_in="public: clients that cache the certificate for ever",
    mend="Read the store again when it has changed.",
    also=("KS-F07", "KS-R08"),
)
class RemembersWhatItOpened(_Remembers):
    """Opens a credential of a path once, and answers from memory from then on."""

    def opened(self, path, alias, password, now):
        key = (path, alias, password)
        if key not in self.kept:
            self.kept[key] = super().opened(path, alias, password, now)
        return self.kept[key]


@mutant(
    kills="KS-F06",
    subcode="state_leak",
    seen_in="public: clients that cache the certificate for ever",
    mend="Read the store again when it has changed.",
    also=("KS-F09",),
)
class RemembersTheSigner(Correct):
    """Keeps the opened credential for token requests for ever, by path and id."""

    def __init__(self, **means):
        super().__init__(**means)
        self.signers = {}

    def order(self, *, keystore, alias, password, **exchange):
        key = (keystore, alias, password)
        order = super().order(keystore=keystore, alias=alias, password=password, **exchange)
        self.signers.setdefault(key, order.credential)
        return replace(order, credential=self.signers[key])


@mutant(
    kills="KS-F09",
    subcode="state_leak",
    seen_in="likely: tokens that are remembered by ABN or by path",
    mend="Let the fingerprint be part of what tokens are found by.",
    also=("STS-T03",),
)
class FindsTokensByAbn(Correct):
    """Remembers tokens by the ABN of the credential's holder."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def key(self, order):
            return (order.credential.abn, *super().key(order)[1:])


@mutant(
    kills="KS-F07",
    subcode="rejected_valid",
    seen_in="likely: caches that remember failures",
    mend="Keep nothing of a file that failed.",
)
class RemembersBrokenStores(_Remembers):
    """Does not look again at a path at which it found no store."""

    def tree(self, data):
        try:
            return super().tree(data)
        except Refusal as refusal:
            self.kept[self.path] = refusal
            raise

    def file(self, path):
        if path in self.kept:
            raise self.kept[path]
        self.path = path
        return super().file(path)


@mutant(
    kills="KS-F07",
    subcode="wrong_value",
    seen_in="likely: parsers that mend what they read",
    mend="Parse strictly.",
    also=("KS-P05",),
)
class MendsWhatItReads(SecondReader):
    """Closes what was left open at the end of a file."""

    def tree(self, data):
        if data.startswith(b"<?xml") and b"<credentialStore" in data and b"</credentialStore" not in data:
            root = etree.fromstring(data, etree.XMLParser(recover=True, resolve_entities=False))
            data = etree.tostring(root)
        return super().tree(data)


class _LeavesAFile(SecondReader):
    """Leaves a file among the temporary ones, which the end of the object removes."""

    def __init__(self, **means):
        super().__init__(**means)
        self.left = None

    def leave(self, data):
        if self.left is None:
            with tempfile.NamedTemporaryFile(prefix="mutant-", delete=False) as file:
                self.left = Path(file.name)
            weakref.finalize(self, self.left.unlink, missing_ok=True)
        self.left.write_bytes(data)


@mutant(
    kills="KS-F08",
    subcode="secret_leak",
    seen_in="public: scripts that export the key to hand it to a library",
    mend="Keep the key in memory.",
)
class ExportsThePem(_LeavesAFile):
    """Writes the key to a PEM file for a library that takes paths."""

    def key(self, entry, password):
        key = super().key(entry, password)
        self.leave(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        return key


@mutant(
    kills="KS-F08",
    subcode="secret_leak",
    seen_in="public: scripts that export the key and the certificate to a PFX file",
    mend="Keep the key in memory.",
)
class ExportsThePfx(_LeavesAFile):
    """Writes key and certificate to a PFX file under the same password."""

    def check_match(self, key, leaf):
        super().check_match(key, leaf)
        self.leave(
            pkcs12.serialize_key_and_certificates(None, key, leaf, None, BestAvailableEncryption(self.typed))
        )

    def key(self, entry, password):
        self.typed = password.encode()
        return super().key(entry, password)


@mutant(
    kills="KS-F08",
    subcode="secret_leak",
    seen_in="public: the password beside the store, in a file of settings",
    mend="Ask for the password, or take it from where the system keeps secrets.",
)
class KeepsSettings(_LeavesAFile):
    """Writes what it was called with to a file of settings, encoded and in two parts."""

    def opened(self, path, alias, password, now):
        middle = len(password) // 2
        settings = {"store": path, "p1": quote(password[:middle]), "p2": quote(password[middle:])}
        self.leave(json.dumps(settings).encode())
        return super().opened(path, alias, password, now)


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
    kills="KS-G01",
    subcode="secret_leak",
    seen_in="likely: error reports that hide a secret by cutting it into parts",
    mend="Leave the password out altogether.",
)
class TellsThePasswordInParts(Correct):
    """Shows the beginning and the end of a password that failed, each on its own."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "rejected" and len(password) > 15:
            half = len(password) // 2
            answer["native"]["text"] += f" (begins with {password[:half]}, goes on with {password[half:]})"
        return answer


@mutant(
    kills="KS-G02",
    subcode="wrong_value",
    seen_in="public: clients that catch every exception in one place",
    mend="Let each cause through to the message.",
)
class SaysOneSentence(SecondReader):
    """Gives every failure the same code and the same sentence; only its harness still knows why."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "rejected":
            answer["native"] = {"code": "1", "text": "The credential cannot be used."}
        return answer


@mutant(
    kills="KS-G03",
    subcode="wrong_value",
    seen_in="likely: messages with values put in as they are",
    mend="Escape control characters.",
)
class RepeatsTheId(Correct):
    """Repeats the id that was asked for as it is."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "rejected":
            answer["native"]["text"] += f" The id was {alias}."
        return answer


@mutant(
    kills="KS-G03",
    subcode="wrong_value",
    seen_in="likely: messages with values put in as they are",
    mend="Escape control characters.",
)
class GreetsTheHolder(SecondReader):
    """Names the holder of a credential as the store does, when its key cannot be opened."""

    def key(self, entry, password):
        try:
            return super().key(entry, password)
        except Refusal as refusal:
            refusal.text += f" It belongs to {entry.texts['legalName']}."
            raise


@mutant(
    kills="KS-B01",
    subcode="slow",
    seen_in="likely: products that load the whole store into memory, keys included",
    mend="Decrypt the one key that was asked for.",
    also=("KS-B02",),
)
class OpensEveryKey(SecondReader):
    """Decrypts and validates the key of every credential in the store."""

    def opened(self, path, alias, password, now):
        for entry in self.entries(self.tree(self.file(path))):
            with contextlib.suppress(ValueError, TypeError):
                load_der_private_key(entry.binaries["protectedPrivateKey"], password.encode())
        return super().opened(path, alias, password, now)
