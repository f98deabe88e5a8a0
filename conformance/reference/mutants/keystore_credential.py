"""Mistakes with one credential: certificates, time, key, password.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.ciphers import Cipher, modes

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
