"""Mistakes with one credential: its certificates and its time.  Those with its key are in `keystore_key`.

`seen_in` begins with "public:" where the mistake was met in published code, and with "likely:" where it
is only a short slip away.  Most are `SecondReader`, which shares no code with `protocol/`, with one step gone
wrong.
"""

import base64
import contextlib
import socket
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import first
from conformance.reference.mutants.unforeseen import ThrowsUp, Unforeseen
from conformance.reference.refusal import Refusal
from conformance.reference.second_reader import SecondReader, elements
from conformance.reference.sts_client import TokenClient


def _label(entry, name):
    """Return a date of the XML, believed as it stands; without a zone it is taken for UTC."""
    try:
        found = datetime.fromisoformat(entry.texts[name])
    except ValueError as problem:
        raise Refusal("keystore.damaged", text=f"{name} is no date.") from problem
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)


@mutant(
    kills="KS-T01",
    subcode="rejected_valid",
    seen_in="likely: readers that were measured out on one file, because their ASN.1 library refuses BER",
    mend="Use a reader that takes BER.",
    also=("KS-P01", "KS-T03"),
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
    also=("KS-P01", "KS-T03", "KS-T04"),
)
class ReadsBerOnly(SecondReader):
    """Wants indefinite lengths."""

    def bundle(self, entry):
        if not entry.binaries["publicCertificate"].startswith(b"\x30\x80"):
            raise Refusal("keystore.damaged", text="The certificates cannot be read.")
        return super().bundle(entry)


@mutant(
    kills="KS-T03",
    subcode="rejected_valid",
    seen_in="likely: parsers written from one sample, down to the algorithm's parameters",
    mend="Take the certificates out of the bundle and leave the rest alone.",
    also=("KS-P01",),
)
class WantsADigestWithoutParameters(SecondReader):
    """Wants SHA-256 without a NULL as the bundle's digest algorithm."""

    def bundle(self, entry):
        plain = bytes.fromhex("310d300b0609608648016503040201")
        if plain not in entry.binaries["publicCertificate"][:80]:
            raise Refusal("keystore.damaged", text="The certificates cannot be read.")
        return super().bundle(entry)


@mutant(
    kills="KS-T04",
    subcode="rejected_valid",
    seen_in="public: readers in two languages that take the certificate at index 0",
    mend="Find the leaf by its serial number and fingerprint.",
)
class TakesTheFirstCertificate(SecondReader):
    """Looks for the leaf at the first place and nowhere else."""

    def leaf(self, entry, certificates):
        return super().leaf(entry, certificates[:1])


class LooksNoFurther(SecondReader):
    """What two mistakes have in common: a certificate that was fallen back to is not looked at."""

    fallen = False

    def check_abn(self, entry, leaf):
        if not self.fallen:
            super().check_abn(entry, leaf)

    def check_name(self, entry, leaf):
        if not self.fallen:
            super().check_name(entry, leaf)

    def check_kind(self, leaf):
        if not self.fallen:
            super().check_kind(leaf)

    def check_usage(self, leaf):
        if not self.fallen:
            super().check_usage(leaf)

    def check_match(self, key, leaf):
        if not self.fallen:
            super().check_match(key, leaf)


@mutant(
    kills="KS-T05",
    subcode="accepted_invalid",
    seen_in="public: a reader that falls back to the first certificate when the serial number fits none",
    mend="Refuse when no certificate is the one that the entry names.",
)
class FallsBackToAnAuthority(LooksNoFurther):
    """Where there are only authorities, takes the first of them and looks no further."""

    def leaf(self, entry, certificates):
        constraints = [self.extension(each, x509.BasicConstraints) for each in certificates]
        self.fallen = all(each is not None and each.ca for each in constraints)
        return certificates[0] if self.fallen else super().leaf(entry, certificates)


@mutant(
    kills="KS-T05",
    subcode="crash",
    seen_in="public: a client that does not look at what its PKCS#7 function returned",
    mend="Refuse a bundle without certificates.",
    also=("KS-I11",),
)
class CountsOnACertificate(ThrowsUp):
    """Fails in an unforeseen way where the bundle is empty."""

    def bundle(self, entry):
        with contextlib.suppress(Refusal):
            return super().bundle(entry)
        raise Unforeseen("IndexError: list index out of range")


@mutant(
    kills="KS-T05",
    subcode="accepted_invalid",
    seen_in="public: readers that trust that the bundle is that of the entry around it",
    mend="Compare the leaf with the entry, and its key with the private key.",
)
class TakesWhatTheBundleBeginsWith(LooksNoFurther):
    """Where a whole bundle is somebody else's, takes his leaf and asks neither for name nor for key."""

    def leaf(self, entry, certificates):
        parts = {part.oid: part.value for part in certificates[0].subject}
        self.fallen = (
            parts.get(NameOID.DN_QUALIFIER) == "ABR"
            and parts[NameOID.ORGANIZATION_NAME] != entry.texts["abn"]
            and parts[NameOID.COMMON_NAME] != entry.texts["name1"]
        )
        return certificates[0] if self.fallen else super().leaf(entry, certificates)


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
    kills="KS-T07",
    subcode="accepted_invalid",
    seen_in="public: readers that take the certificates as they come",
    mend="Verify each signature in the bundle by the certificate above it.",
)
class NeverVerifiesALink(SecondReader):
    """Looks at the issuers' names and not at their signatures."""

    def check_link(self, issued, issuer):
        pass


@mutant(
    kills="KS-T07",
    subcode="accepted_invalid",
    seen_in="likely: verifications of the leaf that leave the rest to be trusted",
    mend="Go up to the root.",
)
class StopsAtTheFirstLink(SecondReader):
    """Verifies the signature on the leaf and no other."""

    def check_link(self, issued, issuer):
        constraints = self.extension(issued, x509.BasicConstraints)
        if constraints is None or not constraints.ca:
            super().check_link(issued, issuer)


@mutant(
    kills="KS-T07",
    subcode="accepted_invalid",
    seen_in="likely: chains that end wherever issuer and subject are the same",
    mend="Refuse a leaf whose issuer is its subject.",
)
class TakesALeafForItsOwnIssuer(SecondReader):
    """Takes a self-signed leaf for the end of a chain."""

    def check_issuers(self, leaf, certificates):
        if leaf.issuer != leaf.subject:
            super().check_issuers(leaf, certificates)


@mutant(
    kills="KS-T07B",
    subcode="crash",
    seen_in="likely: products that tell their environments apart by the issuer",
    mend="Take an unknown issuer for unknown.",
)
class LooksTheIssuerUp(ThrowsUp):
    """Looks the issuer's name up in a table of environments that has no row for others."""

    def check_issuers(self, leaf, certificates):
        super().check_issuers(leaf, certificates)
        issuer = leaf.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        if issuer != "Simulated Sub Certification Authority":
            raise Unforeseen(f"KeyError: {issuer!r}")


@mutant(
    kills="KS-T08",
    subcode="accepted_invalid",
    seen_in="public: every reader that was looked at",
    mend="Look at dnQualifier and policy.",
)
class TakesAPersonForAMachine(SecondReader):
    """Takes whatever the sub CA has issued."""

    def check_kind(self, leaf):
        pass


@mutant(
    kills="KS-T08",
    subcode="accepted_invalid",
    seen_in="likely: checks of one mark where there are two",
    mend="Look at dnQualifier as well.",
)
class AsksForThePolicyOnly(SecondReader):
    """Knows a machine by the policy alone."""

    def check_kind(self, leaf):
        try:
            super().check_kind(leaf)
        except Refusal:
            if not any(
                each.policy_identifier.dotted_string.endswith(".8.1")
                for each in self.extension(leaf, x509.CertificatePolicies) or ()
            ):
                raise


@mutant(
    kills="KS-T09",
    subcode="accepted_invalid",
    seen_in="likely: products that leave lengths to their library",
    mend="Refuse RSA keys below 2048 bits.",
)
class TakesShortKeys(SecondReader):
    """Takes a key of any length."""

    def check_size(self, bits):
        pass


@mutant(
    kills="KS-T09",
    subcode="accepted_invalid",
    seen_in="likely: products that verify with whatever digest is named",
    mend="Refuse certificates signed over SHA-1 or MD5.",
)
class TakesOldDigests(SecondReader):
    """Verifies a signature over SHA-1 or MD5 as it does any other."""

    def check_digest(self, name):
        pass

    def check_link(self, issued, issuer):
        try:
            issuer.public_key().verify(
                issued.signature, issued.tbs_certificate_bytes, PKCS1v15(), issued.signature_hash_algorithm
            )
        except InvalidSignature as problem:
            raise Refusal("keystore.damaged", text="The issuer did not sign this.") from problem


@mutant(
    kills="KS-T09",
    subcode="accepted_invalid",
    seen_in="public: every reader that was looked at",
    mend="Look for digitalSignature in the key usage.",
)
class NeverAsksWhatAKeyIsFor(SecondReader):
    """Does not look at the key usage."""

    def check_usage(self, leaf):
        pass


@mutant(
    kills="KS-T10",
    subcode="rejected_valid",
    seen_in="likely: checks taken over from TLS, where client authentication must be named",
    mend="Where there is no extended key usage, nothing is forbidden.",
    also=("KS-P01",),
)
class DemandsClientAuthentication(SecondReader):
    """Refuses a leaf without extended key usage."""

    def check_usage(self, leaf):
        super().check_usage(leaf)
        if self.extension(leaf, x509.ExtendedKeyUsage) is None:
            raise Refusal("keystore.unsuitable", text="The certificate is not for clients.")


@mutant(
    kills="KS-T11",
    subcode="wrong_value",
    seen_in="public: clients that send publicCertificate of the store as it stands",
    mend="Take the leaf out of the bundle and send its DER form.",
    also=("STS-R07", "STS-R08", "STS-R09"),
)
class SendsTheBundle(Correct):
    """Puts leaf, sub CA and root one after another into the BinarySecurityToken."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            chain = b"".join(each.public_bytes(Encoding.DER) for each in order.credential.chain)
            first(envelope, "BinarySecurityToken").text = base64.b64encode(chain)


@mutant(
    kills="KS-T12",
    subcode="slow",
    seen_in="likely: certificate libraries that check revocation online unless told otherwise",
    mend="Switch online revocation off for the product's own certificate.",
)
class FetchesTheRevocationList(SecondReader):
    """Asks for the revocation list that the leaf names, and goes on without it after a while."""

    def check_usage(self, leaf):
        super().check_usage(leaf)
        points = self.extension(leaf, x509.CRLDistributionPoints) or ()
        for address in (name.value for point in points for name in point.full_name or ()):
            host, _, port = address.split("/")[2].partition(":")
            if host.endswith(".invalid"):  # which no name server knows
                continue
            with (
                contextlib.suppress(OSError),
                socket.create_connection((host, int(port or 80)), 2.5) as connection,
            ):
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                connection.recv(1)


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
    also=("KS-D03", "KS-D07"),
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
    also=("KS-D07",),
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


# --- dates of the XML, and the end that comes near --------------------------------------------------


@mutant(
    kills="KS-D04",
    subcode="crash",
    seen_in="public: programs that compare a date without a zone with one that has it",
    mend="Take no date from the XML; where one is shown, decide what no zone means.",
)
class MixesDatesWithAndWithoutAZone(SecondReader):
    """Compares the beginning in the XML with the present, which has a zone."""

    def keystore_open(self, path, alias, password, now=None):
        try:
            return super().keystore_open(path, alias, password, now)
        except TypeError as problem:
            return {"status": "error", "message": f"TypeError: {problem}"}

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, now)
        try:
            _ = datetime.fromisoformat(entry.texts["notBefore"]) < now
        except ValueError as problem:
            raise Refusal("keystore.damaged", text="notBefore is no date.") from problem


@mutant(
    kills="KS-D04",
    subcode="rejected_valid",
    seen_in="likely: parsers of dates that know six digits of a second, where another platform writes seven",
    mend="Take any number of digits, or do not read the date at all.",
)
class KnowsSixDigitsOfASecond(SecondReader):
    """Refuses a date with more digits behind the second."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, now)
        if any(len(entry.texts[name].partition(".")[2]) > 7 for name in ("notBefore", "notAfter")):
            raise Refusal("keystore.damaged", text="This is no date.")


@mutant(
    kills="KS-D05",
    subcode="crash",
    seen_in="public: readers that parse the dates of the XML and do not catch what the parser throws",
    mend="Take the dates from the certificate, or catch the parser's error and name the field.",
)
class ChokesOnWhatIsNoDate(SecondReader):
    """Parses the dates in the XML, come what may."""

    def entry(self, element, salt):
        entry = super().entry(element, salt)
        for name in ("creationDate", "notAfter"):
            try:
                datetime.fromisoformat(entry.texts[name])
            except ValueError as problem:
                self.problem = f"ValueError: {problem}"
        return entry

    def keystore_open(self, path, alias, password, now=None):
        self.problem = ""
        answer = super().keystore_open(path, alias, password, now)
        return {"status": "error", "message": self.problem} if self.problem else answer


@mutant(
    kills="KS-D07",
    subcode="wrong_value",
    seen_in="likely: reminders of the kind that serves for passwords",
    mend="Begin sixty days before the end at the latest; the official library begins fourteen months before.",
)
class RemindsAMonthAhead(SecondReader):
    """Calls renewal due for the last thirty days."""

    def value(self, entry, leaf):
        near = leaf.not_valid_after_utc - self.now < timedelta(days=30)
        return {**super().value(entry, leaf), "renewal_due": near}


@mutant(
    kills="KS-D07",
    subcode="wrong_value",
    seen_in="likely: calendars that put the end two years behind the beginning",
    mend="Count back from the certificate's notAfter.",
)
class CountsTwoYearsFromTheBeginning(SecondReader):
    """Calls renewal due from sixty days before the second anniversary."""

    def value(self, entry, leaf):
        begins = leaf.not_valid_before_utc
        anniversary = begins.replace(year=begins.year + 2, day=min(begins.day, 28))
        near = anniversary - self.now < timedelta(days=60)
        return {**super().value(entry, leaf), "renewal_due": near}


@mutant(
    kills="KS-D07",
    subcode="wrong_value",
    seen_in="public: reminders that go by notAfter of the XML",
    mend="Count back from the certificate's notAfter.",
)
class RemindsByTheLabel(SecondReader):
    """Calls renewal due by the date in the XML."""

    def value(self, entry, leaf):
        near = _label(entry, "notAfter") - self.now < timedelta(days=426)
        return {**super().value(entry, leaf), "renewal_due": near}


@mutant(
    kills="KS-D07",
    subcode="wrong_value",
    seen_in="likely: a setting for tests that was left on",
    mend="Begin fourteen months before the end, or later.",
)
class RemindsFromTheFirstDay(SecondReader):
    """Calls renewal due always."""

    def value(self, entry, leaf):
        return {**super().value(entry, leaf), "renewal_due": True}


@mutant(
    kills="KS-D09",
    subcode="rejected_valid",
    seen_in="likely: sanity checks that take a date without a zone for UTC",
    mend="Show creationDate if you must, and decide nothing by it.",
    also=("KS-D07",),
)
class RefusesWhatWasMadeInTheFuture(SecondReader):
    """Takes creationDate for UTC and refuses a credential from the future."""

    def check_time(self, entry, leaf, now):
        super().check_time(entry, leaf, now)
        if _label(entry, "creationDate") > now:
            raise Refusal("keystore.not_yet_valid", text="The credential is from the future.")
