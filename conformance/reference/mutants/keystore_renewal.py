"""Mistakes in renewing a credential, and in noticing that it was replaced.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it is
only a short slip away.
"""

import hashlib
import secrets
from contextlib import contextmanager
from datetime import timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.renewal_client import RenewalClient
from conformance.reference.store_file import Files, StoreFile


@mutant(
    kills="KS-R01",
    subcode="wrong_value",
    seen_in="likely: a month taken for thirty days",
    mend="Take calendar months off the date.",
)
class CountsMonthsOfThirtyDays(Correct):
    """Calls renewal due 420 days before the end."""

    def keystore_open(self, path, alias, password, now=None):
        answer = super().keystore_open(path, alias, password, now)
        if answer["status"] == "ok":
            opened = self.open_credential(path, alias, password, self.moment(now))
            left = opened.certificate.not_valid_after_utc - self.moment(now)
            answer["value"]["renewal_due"] = left <= timedelta(days=14 * 30)
        return answer


@mutant(
    kills="KS-R02",
    subcode="wrong_value",
    seen_in="likely: writers that do not know how the value is made",
    mend="Compute the integrity value anew.",
    also=("KS-R03", "KS-R06"),
)
class KeepsTheOldIntegrityValue(Correct):
    """Leaves the integrity value of the old certificate behind."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def seal(self, credential, store_salt):
            return credential.integrity_value


@mutant(
    kills="KS-R02",
    subcode="wrong_value",
    seen_in="likely: products that know of one credential only",
    mend="Change the one entry, and keep the others.",
    also=("KS-R06",),
)
class WritesOnlyWhatItRenewed(Correct):
    """Writes a store in which the other credentials are missing."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def written(self, data, credential):
            from lxml import etree

            root = etree.fromstring(super().written(data, credential))
            for element in list(root.iter("{*}credential")):
                if element.get("id") != credential.id:
                    element.getparent().remove(element)
            return etree.tostring(root)


@mutant(
    kills="KS-R02",
    subcode="wrong_value",
    seen_in="public: a client that keeps the opened credential for as long as it runs",
    mend="Open the store again after it was written.",
)
class TellsTheOldCertificate(Correct):
    """Answers a renewal with the certificate that it still has in memory."""

    def keystore_renew(self, path, alias, password, renewal_address, ca_file):
        old = self.keystore_open(path, alias, password)
        answer = super().keystore_renew(path, alias, password, renewal_address, ca_file)
        if answer["status"] == "ok":
            answer["value"]["certificate"] = old["value"]["certificate"]
        return answer


class _InPlace(Files):
    """Writes into the file that is there."""

    def replace(self, source, target):
        if target.exists() and target.suffix == ".xml":
            target.write_bytes(source.read_bytes())
        else:
            super().replace(source, target)


@mutant(
    kills="KS-R03",
    subcode="wrong_value",
    seen_in="likely: `open(path, 'wb')` and its relatives in every language",
    mend="Write a file beside it and rename it.",
)
class WritesInPlace(Correct):
    """Empties the store and writes the new content into it."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def __init__(self, **given):
            super().__init__(**given, files=_InPlace())


@mutant(
    kills="KS-R03",
    subcode="wrong_value",
    seen_in="public: set-up instructions that rename the old file before there is a new one",
    mend="Touch the old file last.",
)
class MovesTheStoreAwayFirst(Correct):
    """Renames the store before it asks for anything, and back when that fails."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def ask(self, order, message):
            file = self.file(order.path)
            aside = file.path.rename(file.path.with_suffix(".moved"))
            try:
                return super().ask(order, message)
            finally:
                aside.rename(file.path)


class _ForAll(Files):
    """Lets everybody read what it writes."""

    def grant(self, path, like):
        path.chmod(0o644)


@mutant(
    kills="KS-R03",
    subcode="wrong_value",
    seen_in="likely: a new file with the rights that new files have",
    mend="Give the new file the rights of the old one before it has any content.",
)
class LetsEverybodyRead(Correct):
    """Writes the new store with the platform's usual access rights."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def __init__(self, **given):
            super().__init__(**given, files=_ForAll())


@mutant(
    kills="KS-R04",
    subcode="accepted_invalid",
    seen_in="likely: the first certificate of the answer is taken for the one that was asked for",
    mend="Compare the certificate's public key with the one that was sent.",
)
class StoresACertificateOfAnotherKey(Correct):
    """Does not look whether the certificate is for its key."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def chosen(self, renewed, key):
            return renewed.certificates[0]


@mutant(
    kills="KS-R04",
    subcode="accepted_invalid",
    seen_in="likely: a key that fits is taken for enough",
    mend="Compare ABN and name with those of the old certificate.",
)
class StoresSomebodyElsesCertificate(Correct):
    """Does not look for whom the certificate was issued."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def check_holder(self, certificate, old):
            return


@mutant(
    kills="KS-R04",
    subcode="accepted_invalid",
    seen_in="likely: whatever the service sends must be newer",
    mend="Look at the validity of what came.",
)
class StoresWhatHasExpired(Correct):
    """Does not look at the new certificate's life."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def check_life(self, certificate, old):
            return


@mutant(
    kills="KS-R04",
    subcode="accepted_invalid",
    seen_in="likely: TLS is taken for proof of who issued what",
    mend="Verify the chain up to the root of the old certificate.",
)
class StoresWhatAnybodyIssued(Correct):
    """Does not verify the chain."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def check_chain(self, certificate, renewed, old):
            return


@mutant(
    kills="KS-R04",
    subcode="accepted_invalid",
    seen_in="public: a client that swallows the exception of its renewal",
    mend="Tell the operator what failed.",
    also=("KS-R07", "KS-R12"),
)
class TakesEveryEndForSuccess(Correct):
    """Answers a failed renewal with the old certificate, as if all were well."""

    def keystore_renew(self, path, alias, password, renewal_address, ca_file):
        answer = super().keystore_renew(path, alias, password, renewal_address, ca_file)
        if answer["status"] == "ok" or answer["native"]["code"] == "renewal.busy":
            return answer
        opened = self.keystore_open(path, alias, password, "2026-01-01T00:00:00Z")
        return self.ok({"certificate": opened.get("value", {}).get("certificate", "")})


@mutant(
    kills="KS-R05",
    subcode="wrong_value",
    seen_in="public: a library that renews with keys of 1024 bits",
    mend="Make keys of 2048 bits or more.",
    also=("KS-R02", "KS-R03", "KS-R06"),
)
class AsksForAShortKey(Correct):
    """Makes a key of 1024 bits."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def key(self):
            return rsa.generate_private_key(public_exponent=65537, key_size=1024)


@mutant(
    kills="KS-R05",
    subcode="wrong_value",
    seen_in="public: a library that signs its requests with SHA-1",
    mend="Sign with SHA-256.",
)
class SignsTheRequestWithSha1(Correct):
    """Signs the request for certification with SHA-1."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def certification_request(self, old, key):
            whole = super().certification_request(old, key)
            request = x509.load_der_x509_csr(whole).tbs_certrequest_bytes
            signature = key.sign(request, padding.PKCS1v15(), hashes.SHA1())
            algorithm = bytes.fromhex("300d06092a864886f70d0101050500")  # sha1WithRSAEncryption, NULL
            bits = b"\x03\x82" + (len(signature) + 1).to_bytes(2) + b"\0" + signature
            inside = request + algorithm + bits
            return b"\x30\x82" + len(inside).to_bytes(2) + inside


@mutant(
    kills="KS-R05",
    subcode="wrong_value",
    seen_in="likely: a key pair that is made once, because it takes a moment",
    mend="Make a key pair for every renewal.",
)
class MakesOneKeyForAll(Correct):
    """Uses the same new key for every renewal."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        kept = None

        def key(self):
            kind = type(self)
            kind.kept = kind.kept or super().key()
            return kind.kept


@mutant(
    kills="KS-R06",
    subcode="wrong_value",
    seen_in="public: clients that renew whenever a key is wanted",
    mend="Hold a lock from reading the store until the new one is in place.",
)
class RenewsWithoutALock(Correct):
    """Reads the store, asks, and writes what it read with one entry changed."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def file(self, path):
            return _Unguarded(path, files=self.files, clock=self.clock, random=self.random)


class _Unguarded(StoreFile):
    """A store that was read once, at the beginning, by somebody who locks nothing."""

    def __init__(self, path, **given):
        super().__init__(path, **given)
        self.data = self.path.read_bytes()

    @contextmanager
    def locked(self):
        yield

    def read(self):
        return self.data


@mutant(
    kills="KS-R07",
    subcode="crash",
    seen_in="likely: nobody expects it, because renewal was to happen long before",
    mend="Look at the validity first, and say in words that it is too late.",
    also=("KS-R12",),
)
class TripsOverWhatHasExpired(Correct):
    """Fails in a way that it did not foresee when there is nothing to renew any more."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def opened(self, order):
            try:
                return super().opened(order)
            except Refusal as refusal:
                if refusal.reason == "keystore.expired":
                    raise RuntimeError("no credential to renew") from refusal
                raise


@mutant(
    kills="KS-R12",
    subcode="wrong_value",
    seen_in="public: a product that shows the number of the error and no more",
    mend="Say that a new credential of the same name is to be made in RAM.",
)
class GivesNoAdvice(Correct):
    """Says what failed, and not what helps."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def advice(self):
            return "Contact support."


@mutant(
    kills="KS-R08",
    subcode="wrong_value",
    seen_in="public: clients that keep the certificate for as long as they run",
    mend="Look at the file again when a credential is wanted.",
    also=("KS-F06", "KS-F07"),
)
class NeverLooksAtTheFileAgain(Correct):
    """Keeps every credential that it has opened."""

    def keystore_open(self, path, alias, password, now=None):
        kept = self.__dict__.setdefault("kept", {})
        # By the day: a check that asks at another time is not about the file.
        key = (path, alias, password, str(now)[:10])
        if key not in kept:
            answer = super().keystore_open(path, alias, password, now)
            if answer["status"] == "rejected":
                return answer
            kept[key] = answer
        return kept[key]


@mutant(
    kills="KS-R10",
    subcode="wrong_value",
    seen_in="likely: the subject of the old certificate copied as it is",
    mend="Ask for CN, O and C; the authority adds the qualifier.",
)
class AsksWithTheQualifier(Correct):
    """Puts dnQualifier into the subject that it asks for."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def certification_request(self, old, key):
            extension = x509.UnrecognizedExtension(
                x509.ObjectIdentifier("1.2.36.1.333.1"), b"\x16\x0b" + old.abn.encode()
            )
            builder = x509.CertificateSigningRequestBuilder(old.certificate.subject)
            request = builder.add_extension(extension, critical=False).sign(key, hashes.SHA256())
            return request.public_bytes(Encoding.DER)


@mutant(
    kills="KS-R10",
    subcode="wrong_value",
    seen_in="likely: a request for certification without extensions, as most are",
    mend="Ask for the extension with the ABN.",
)
class LeavesTheAbnOut(Correct):
    """Asks for no extension."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def certification_request(self, old, key):
            names = ((x509.NameOID.COMMON_NAME, old.name), (x509.NameOID.ORGANIZATION_NAME, old.abn))
            parts = [x509.NameAttribute(*each) for each in (*names, (x509.NameOID.COUNTRY_NAME, "AU"))]
            builder = x509.CertificateSigningRequestBuilder(x509.Name(parts))
            return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@mutant(
    kills="KS-R11",
    subcode="wrong_value",
    seen_in="likely: products for which the new credential cannot be bad",
    mend="Keep a copy of the old store beside the new one.",
)
class KeepsNoCopy(Correct):
    """Replaces the store and keeps nothing of the old one."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def file(self, path):
            file = super().file(path)
            file.keep = lambda old: None
            return file


@mutant(
    kills="KS-R13",
    subcode="wrong_value",
    seen_in="likely: writers that know the fields of the published stores and no others",
    mend="Change the document that was read.",
)
class WritesOnlyWhatItKnows(Correct):
    """Leaves extensions out of the store that it writes."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def written(self, data, credential):
            from lxml import etree

            root = etree.fromstring(super().written(data, credential))
            for element in list(root.iter("{*}storeExtensions", "{*}credentialExtensions")):
                element.getparent().remove(element)
            return etree.tostring(root)


def _protected(key, password, salt, rounds):
    """Return the private key under PBE-SHA1-3DES, by its own PKCS#12 derivation."""
    from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
    from cryptography.hazmat.primitives.ciphers import Cipher, modes

    typed = password.encode("utf-16-be") + b"\0\0"
    blocks = (salt * 64)[:64] + (typed * 64)[: -(-len(typed) // 64) * 64]

    def derived(purpose, data):
        data = hashlib.sha1(bytes([purpose]) * 64 + data).digest()
        for _ in range(rounds - 1):
            data = hashlib.sha1(data).digest()
        return data

    first = derived(1, blocks)
    addend = int.from_bytes((first * 4)[:64]) + 1
    pieces = [blocks[at : at + 64] for at in range(0, len(blocks), 64)]
    moved = b"".join(((int.from_bytes(piece) + addend) % (1 << 512)).to_bytes(64) for piece in pieces)
    cipher = Cipher(TripleDES((first + derived(1, moved))[:24]), modes.CBC(derived(2, blocks)[:8]))
    plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    size = 8 - len(plain) % 8
    encryptor = cipher.encryptor()
    encrypted = encryptor.update(plain + bytes([size]) * size) + encryptor.finalize()

    def element(tag, content):
        length = len(content)
        head = bytes([length]) if length < 128 else b"\x82" + length.to_bytes(2)
        return bytes([tag]) + head + content

    parameters = element(0x30, element(4, salt) + element(2, rounds.to_bytes(2)))
    algorithm = element(0x30, bytes.fromhex("060a2a864886f70d010c0103") + parameters)
    return element(0x30, algorithm + element(4, encrypted))


@mutant(
    kills="KS-K14",
    subcode="wrong_value",
    seen_in="likely: a fresh salt for every encryption is what one learns",
    mend="Take the credential's salt.",
)
class EncryptsUnderAnotherSalt(Correct):
    """Encrypts the new key under a salt of its own."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def protected(self, key, password, salt):
            return _protected(key, password, secrets.token_bytes(20), 1024)


@mutant(
    kills="KS-K14",
    subcode="wrong_value",
    seen_in="likely: more rounds are better",
    mend="Take 1024 rounds.",
)
class DerivesInMoreRounds(Correct):
    """Encrypts the new key with 2048 rounds of derivation."""

    class Renewals(RenewalClient):
        """As the class around it says."""

        def protected(self, key, password, salt):
            return _protected(key, password, salt, 2048)
