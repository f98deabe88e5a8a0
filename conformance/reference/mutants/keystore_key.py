"""Mistakes with the key of a credential: its encryption, its password, its numbers, its signatures.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, or `SecondSigner` where signatures are concerned, which
share no code with `protocol/`, with one step gone wrong.
"""

import hashlib
import time

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.unforeseen import ThrowsUp, Unforeseen
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SecondReader, SecondSigner, elements, iterations


def _decrypted(entry, password):
    """Return what comes out of the key's decryption, padding and all; its own PKCS#12 derivation."""
    info = entry.binaries["protectedPrivateKey"]
    encrypted = list(elements(next(elements(info))[1]))[1][1]
    if len(encrypted) % 8:  # not under triple DES at all
        return bytes(8)
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


# --- passwords ----------------------------------------------------------------------------------------


@mutant(
    kills="KS-K01",
    subcode="rejected_valid",
    seen_in="likely: readers that were measured out on one file",
    mend="Take the length from the encoding.",
)
class KnowsOneSizeOfKey(SecondReader):
    """Wants an encrypted key to have the length of its sample, the salt left out."""

    def key(self, entry, password):
        if len(entry.binaries["protectedPrivateKey"]) - len(entry.salt) < 1254:
            raise Refusal("keystore.damaged", text="The private key has a wrong length.")
        return super().key(entry, password)


@mutant(
    kills="KS-K02",
    subcode="accepted_invalid",
    seen_in="public: a client that only reads the certificate when the store is uploaded",
    mend="Decrypt the key when the credential is opened.",
    also=("KS-K03", "KS-K07", "KS-K09", "KS-K12", "KS-K13", "KS-T06"),
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
            padded = 1 <= plain[-1] <= 8 and plain.endswith(bytes([plain[-1]]) * plain[-1])
            if padded and not plain.startswith(b"\x30\x82"):
                return {"status": "error", "message": "asn1 encoding routines: header too long"}
        return answer


@mutant(
    kills="KS-K04",
    subcode="crash",
    seen_in="likely: products that check a password's form, and catch no error of that",
    mend="Say that the password is wrong and may have white space around it.",
)
class ChecksTheFormOfAPassword(ThrowsUp):
    """Throws when a password has white space in it."""

    def key(self, entry, password):
        if any(each.isspace() for each in password):
            raise Unforeseen("AssertionError: a password has no white space in it")
        return super().key(entry, password)


@mutant(
    kills="KS-K05",
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
    kills="KS-K06",
    subcode="crash",
    seen_in="public: a runtime whose key factory throws at the first character beyond ASCII",
    mend="Encode the password as UTF-16BE, or refuse it in words.",
)
class EncodesPasswordsInAscii(ThrowsUp):
    """Encodes the password in ASCII, come what may."""

    def key(self, entry, password):
        if not password.isascii():
            raise Unforeseen("UnicodeEncodeError: ordinal not in range(128)")
        return super().key(entry, password)


@mutant(
    kills="KS-K07",
    subcode="accepted_invalid",
    seen_in="likely: a condition on the password in front of the decryption",
    mend="Refuse an empty password before the key is touched.",
)
class TakesNoPasswordForNoLock(SecondReader):
    """Leaves the key alone when no password is given."""

    def key(self, entry, password):
        return super().key(entry, password) if password else None

    def check_match(self, key, leaf):
        if key is not None:
            super().check_match(key, leaf)


@mutant(
    kills="KS-K12",
    subcode="rejected_valid",
    seen_in="likely: products that unlock the whole store when it is opened",
    mend="Decrypt the key that was asked for and no other.",
)
class TriesOnePasswordOnAll(SecondReader):
    """Refuses a store of which one credential has another password."""

    password = ""

    def opened(self, path, alias, password, now):
        self.password = password
        return super().opened(path, alias, password, now)

    def choose(self, entries, alias):
        chosen = super().choose(entries, alias)
        # A store of many is only looked at in part, or opening would take its time.
        for entry in entries[:2] if len(entries) == 2 else ():
            if entry is not chosen:
                self.key(entry, self.password)
        return chosen


@mutant(
    kills="KS-K12",
    subcode="accepted_invalid",
    seen_in="likely: stores that were only ever tried with one credential in them",
    mend="Try the password on the key that was asked for.",
)
class TriesThePasswordOnTheFirst(SecondReader):
    """Tries the password on the first credential, and opens the others without their keys."""

    first = None

    def choose(self, entries, alias):
        self.first = next(iter(entries), None)
        return super().choose(entries, alias)

    def key(self, entry, password):
        if entry is self.first:
            return super().key(entry, password)
        super().key(self.first, password)
        return None

    def check_match(self, key, leaf):
        if key is not None:
            super().check_match(key, leaf)


# --- the encrypted key --------------------------------------------------------------------------------


@mutant(
    kills="KS-K08",
    subcode="slow",
    seen_in="public: every reader that passes the number of rounds on to its library",
    mend="Refuse more than 100 000 rounds before deriving.",
)
class DerivesAsOftenAsAsked(SecondReader):
    """Obeys up to five million rounds; two and a half seconds of them are enough here."""

    def check_work(self, data):
        asked = iterations(data) or 0
        if 1024 < asked <= 5_000_000:
            digest, ends = b"", time.monotonic() + 2.5
            while time.monotonic() < ends:
                digest = hashlib.sha1(digest).digest()
        super().check_work(data)


@mutant(
    kills="KS-K09",
    subcode="accepted_invalid",
    seen_in="likely: libraries that decode either structure, and callers that drop the password on an error",
    mend="Take nothing but an EncryptedPrivateKeyInfo.",
)
class TakesAnUnencryptedKey(SecondReader):
    """Tries without the password what does not open with it."""

    def key(self, entry, password):
        try:
            return super().key(entry, password)
        except Refusal:
            try:
                return load_der_private_key(entry.binaries["protectedPrivateKey"], None)
            except (ValueError, TypeError):
                pass
            raise


@mutant(
    kills="KS-K10",
    subcode="crash",
    seen_in="likely: decryptions written by hand for the one algorithm of the published stores",
    mend="Look at the algorithm before its parameters.",
)
class ReadsParametersByTheirPlace(ThrowsUp):
    """Takes two parameters for salt and number of rounds, whatever the algorithm."""

    def check_work(self, data):
        tag, algorithm, _ = next(elements(next(elements(data))[1]))
        if tag == 0x30 and [each for each, _, _ in elements(list(elements(algorithm))[1][1])] == [0x30, 0x30]:
            raise Unforeseen("TypeError: the salt is not an octet string")
        super().check_work(data)


@mutant(
    kills="KS-K11",
    subcode="crash",
    seen_in="likely: readers that took the equality of two salts in all samples for a rule",
    mend="Refuse with a sentence that names the two salts, or take that of the key.",
    also=("KS-I11",),
)
class AssertsOneSalt(ThrowsUp):
    """Asserts that the key states the salt of its credential."""

    def key(self, entry, password):
        data = entry.binaries["protectedPrivateKey"]
        if iterations(data) == 1024:
            algorithm = next(elements(next(elements(data))[1]))[1]
            stated = next(elements(list(elements(algorithm))[1][1]))[1]
            # An empty salt, or a huge one, is another matter.
            if len(stated) == len(entry.salt) and stated != entry.salt:
                raise Unforeseen("AssertionError: the salts differ")
        return super().key(entry, password)


@mutant(
    kills="KS-K13",
    subcode="accepted_invalid",
    seen_in="public: readers that load the key without its check, which takes time",
    mend="Have the library check the key, or check it once.",
)
class NeverLooksIntoTheKey(SecondReader):
    """Compares the public numbers of the key with the certificate's, and looks at no other."""

    def check_numbers(self, key):
        pass


@mutant(
    kills="KS-K13",
    subcode="accepted_invalid",
    seen_in="likely: comparisons of the modulus, as the usual advice for web servers has it",
    mend="Compare the whole public key, exponent included.",
)
class ComparesTheModulusOnly(SecondReader):
    """Takes a key whose exponents are 1 when the modulus is right."""

    def is_trivial(self, key):
        return getattr(key, "key_size", 0) == 2048 and key.public_key().public_numbers().e == 1

    def check_numbers(self, key):
        if not self.is_trivial(key):
            super().check_numbers(key)

    def check_match(self, key, leaf):
        same = (
            self.is_trivial(key)
            and key.public_key().public_numbers().n == leaf.public_key().public_numbers().n
        )
        if not same:
            super().check_match(key, leaf)


@mutant(
    kills="KS-K13",
    subcode="crash",
    seen_in="likely: casts of what the library returns to an RSA key",
    mend="Ask for the kind of key before using it as one.",
)
class CountsOnAnRsaKey(ThrowsUp):
    """Takes every private key for an RSA key."""

    def check_numbers(self, key):
        if not isinstance(key, RSAPrivateKey):
            raise Unforeseen(f"ClassCastException: {type(key).__name__}")
        super().check_numbers(key)


# --- signatures ---------------------------------------------------------------------------------------


@mutant(
    kills="KS-S01",
    subcode="wrong_value",
    seen_in="likely: adapters that hand the text of a message on as they got it",
    mend="Decode the data before signing it.",
    also=("KS-S02", "KS-S03", "KS-K13"),
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
    kills="KS-S02",
    subcode="accepted_invalid",
    seen_in="public: services that check a credential when they start and then keep it",
    mend="Ask the certificate's notAfter before every signature.",
    also=("KS-S03",),
)
class SignsAfterTheEnd(SecondSigner):
    """Opens no expired credential, and signs with one."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, min(now, leaf.not_valid_after_utc) if self.signing else now)


@mutant(
    kills="KS-S02",
    subcode="accepted_invalid",
    seen_in="likely: two paths to the same key, of which one is checked",
    mend="Ask the certificate's notBefore before every signature.",
)
class SignsBeforeTheBeginning(SecondSigner):
    """Opens no credential before its time, and signs with it."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, max(now, leaf.not_valid_before_utc) if self.signing else now)


@mutant(
    kills="KS-S02",
    subcode="accepted_invalid",
    seen_in="likely: keys that are kept by the name of their credential",
    mend="Keep a key under its password as well, or try the password every time.",
)
class SignsForAnyPassword(SecondSigner):
    """Keeps the key of a certificate once it was decrypted, and signs for whoever comes next."""

    def key(self, entry, password):
        kept = self.__dict__.setdefault("kept", {})
        name = entry.binaries["protectedPrivateKey"]
        if self.signing and name in kept:
            return kept[name]
        kept[name] = super().key(entry, password)
        return kept[name]


@mutant(
    kills="KS-S03",
    subcode="accepted_invalid",
    seen_in="likely: signatures for which the key is read anew, and alone",
    mend="Compare key and certificate on the way to a signature too.",
)
class SignsWithoutMatching(SecondSigner):
    """Opens no key of another certificate, and signs with it."""

    def check_match(self, key, leaf):
        if not self.signing:
            super().check_match(key, leaf)


@mutant(
    kills="KS-K13",
    subcode="accepted_invalid",
    seen_in="likely: a check of the key where a credential is shown, and none where it is used",
    mend="Use the key that was checked.",
)
class SignsWithAnyKey(SecondSigner):
    """Opens no unsound key, and signs with what it is of the right modulus."""

    def check_numbers(self, key):
        if not self.signing:
            super().check_numbers(key)

    def check_match(self, key, leaf):
        if not self.signing or key.public_key().public_numbers().n != leaf.public_key().public_numbers().n:
            super().check_match(key, leaf)
