"""Clients of the token service whose request is wrong in one way each."""

import base64
import dataclasses
import hashlib
from datetime import timedelta, timezone

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import ALGORITHMS, first, seal_again, sign_again
from conformance.reference.sts_client import ActAs, TokenClient

_ISSUE = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue"
_TRUST = "http://docs.oasis-open.org/ws-sx/ws-trust/200512"
_UTILITY = "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}"
_CLAIMS = "http://vanguard.ebusiness.gov.au/2008/06/identity/claims/"


# --- the message ------------------------------------------------------------------------------------


@mutant(
    kills="STS-R01",
    subcode="wrong_value",
    seen_in="clients written for SOAP 1.1",
    mend="Send application/soap+xml; text/xml is the media type of SOAP 1.1.",
)
class SendsTextXml(Correct):
    """Labels the SOAP 1.2 request as text/xml."""

    class Tokens(TokenClient):
        def headers(self):
            return {"Content-Type": "text/xml; charset=utf-8"}


@mutant(
    kills="STS-R02",
    subcode="wrong_value",
    seen_in="a client that took the action from another service's WSDL",
    mend="The Action is http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue.",
)
class NamesTheActionAfterTheRequestType(Correct):
    """Puts the RequestType's URI into the Action header."""

    class Tokens(TokenClient):
        def envelope(self, order, attempt):
            envelope = super().envelope(order, attempt)
            first(envelope, "Action").text = _ISSUE
            return envelope


@mutant(
    kills="STS-R03",
    subcode="wrong_value",
    seen_in="samples that spell the address Service.svc in one place and service.svc in another",
    mend="Put the very text that you post to into the To header.",
)
class SpellsToInAnotherCase(Correct):
    """Addresses the request to .../Service.svc while it posts to .../service.svc."""

    class Tokens(TokenClient):
        def envelope(self, order, attempt):
            envelope = super().envelope(order, attempt)
            first(envelope, "To").text = order.sts_address.replace("/service.svc", "/Service.svc")
            return envelope


@mutant(
    kills="STS-R04",
    subcode="wrong_value",
    seen_in="a PHP client that makes its ids once, in its constructor",
    mend="Make a new UUID for every message that you send.",
)
class ReusesTheMessageId(Correct):
    """Makes one MessageID and sends it with every request."""

    class Tokens(TokenClient):
        def message_id(self):
            return "urn:uuid:3f0c5a52-9f0e-4f33-8f2b-0d5d6f1f7a11"


@mutant(
    kills="STS-R05",
    subcode="wrong_value",
    seen_in="hand-written envelopes",
    mend='Mark the Security header with mustUnderstand="1" of the SOAP 1.2 namespace.',
)
class LeavesSecurityOptional(Correct):
    """Does not mark the Security header as one that must be understood."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            header = first(envelope, "Security")
            del header.attrib["{http://www.w3.org/2003/05/soap-envelope}mustUnderstand"]


# --- Timestamp, certificate, signature --------------------------------------------------------------


@mutant(
    kills="STS-R06",
    subcode="wrong_value",
    seen_in="a Moodle plugin that took the message's Timestamp for the token's lifetime",
    mend="Let Expires be five minutes after Created; the token's lifetime stands in the Body.",
)
class StampsForHalfAnHour(Correct):
    """Gives the message thirty minutes to live."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            expires = self.clock() + timedelta(minutes=30)
            first(first(envelope, "Timestamp"), "Expires").text = f"{expires:%Y-%m-%dT%H:%M:%S}.000Z"
            sign_again(envelope, order.credential.key)


@mutant(
    kills="STS-R06",
    subcode="wrong_value",
    seen_in="date functions that write the server's own zone",
    mend="Write UTC with a Z behind it.",
)
class StampsInLocalTime(Correct):
    """Writes the Timestamp in Brisbane's time, with its offset."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            zone = timezone(timedelta(hours=10))
            for name, life in (("Created", 0), ("Expires", 5)):
                moment = (self.clock() + timedelta(minutes=life)).astimezone(zone)
                first(first(envelope, "Timestamp"), name).text = moment.isoformat(timespec="milliseconds")
            sign_again(envelope, order.credential.key)


@mutant(
    kills="STS-R07",
    subcode="wrong_value",
    seen_in="clients that take the last certificate of the store's bundle",
    mend="Send the leaf: the certificate that belongs to the private key.",
    also=("STS-R09", "KS-T11"),
)
class SendsTheRootCertificate(Correct):
    """Puts the issuer's certificate into the BinarySecurityToken."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            root = order.credential.chain[-1].public_bytes(Encoding.DER)
            first(envelope, "BinarySecurityToken").text = base64.b64encode(root)


@mutant(
    kills="STS-R07",
    subcode="wrong_value",
    seen_in="likely: the id is honoured where a credential is shown, and forgotten where one is used",
    mend="Use the credential whose id was given for the token request too.",
    also=("KS-T11",),
)
class AsksWithTheFirstCredential(Correct):
    """Asks for the token with the first credential of the store, whatever the id."""

    def order(self, *, keystore, alias, **exchange):
        first = self.read_store(keystore).credentials[0].id
        # A wrong id is still noticed.
        self.open_credential(keystore, alias, exchange["password"], self.clock())
        return super().order(keystore=keystore, alias=first, **exchange)


@mutant(
    kills="STS-R08",
    subcode="wrong_value",
    seen_in="clients that send publicCertificate of the store as it stands",
    mend="Take the leaf out of the bundle and send its DER form in base64, on one line.",
    also=("KS-T11",),
)
class SendsTheCertificateAsPem(Correct):
    """Puts the certificate with its PEM lines into the BinarySecurityToken."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            pem = order.credential.certificate.public_bytes(Encoding.PEM)
            first(envelope, "BinarySecurityToken").text = pem.decode("ascii")


@mutant(
    kills="STS-R09",
    subcode="wrong_value",
    seen_in="a client that marks headers after it has signed them",
    mend="Finish the message first, and sign it last.",
)
class ChangesToAfterSigning(Correct):
    """Adds an attribute to the To header when its digest has been made."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            first(envelope, "To").set("{http://www.w3.org/2003/05/soap-envelope}relay", "true")


@mutant(
    kills="STS-R09",
    subcode="wrong_value",
    seen_in="a client that hashed the elements as they stood in its own template",
    mend="Hash the exclusive canonical form of the element in the finished document.",
)
class DigestsTheTextOfTheTimestamp(Correct):
    """Takes the digest of the Timestamp over its text as serialised, not over its canonical form."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            text = etree.tostring(first(envelope, "Timestamp"), encoding="utf-8", with_tail=False)
            digest = base64.b64encode(hashlib.sha256(text + b" ").digest())
            first(envelope, "DigestValue").text = digest
            seal_again(envelope, order.credential.key)


@mutant(
    kills="STS-R09",
    subcode="wrong_value",
    seen_in="stores whose key and certificate were renewed apart from each other",
    mend="Check that key and certificate belong together before you sign.",
)
class SignsWithAnotherKey(Correct):
    """Signs with a key that is not that of the certificate."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            sign_again(envelope, rsa.generate_private_key(public_exponent=65537, key_size=2048))


@mutant(
    kills="STS-R10",
    subcode="wrong_value",
    seen_in="unpatched Metro, whose Basic256Sha256 signs with rsa-sha1; old .NET that knows Basic256 only",
    mend="Sign with rsa-sha256 and digest with sha256 at S007v1.3.",
)
class SignsWithSha1(Correct):
    """Uses rsa-sha1 with sha1, the algorithms of S007v1.2."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            first(envelope, "SignatureMethod").set("Algorithm", ALGORITHMS["rsa-sha1"])
            for method in envelope.iter("{*}DigestMethod"):
                method.set("Algorithm", ALGORITHMS["sha1"])
            sign_again(envelope, order.credential.key, digest="sha1", signature="sha1")


@mutant(
    kills="STS-R10",
    subcode="wrong_value",
    seen_in="Metro without the patch that sets the signature algorithm of the token request",
    mend="Set the signature method as well as the digest method.",
)
class SignsSha256DigestsWithSha1(Correct):
    """Digests with sha256, but signs with rsa-sha1."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            first(envelope, "SignatureMethod").set("Algorithm", ALGORITHMS["rsa-sha1"])
            sign_again(envelope, order.credential.key, signature="sha1")


@mutant(
    kills="STS-R11",
    subcode="wrong_value",
    seen_in="a family of PHP clients",
    mend="Sign To as well as the Timestamp, so that a request cannot be sent on to another service.",
)
class LeavesToUnsigned(Correct):
    """Signs the Timestamp only."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            info = first(envelope, "SignedInfo")
            info.remove(list(info.iter("{*}Reference"))[1])
            sign_again(envelope, order.credential.key)


@mutant(
    kills="STS-R12",
    subcode="wrong_value",
    seen_in="templates in which every part got the same id",
    mend="Give each part that is referred to an id of its own.",
)
class GivesTwoPartsOneId(Correct):
    """Gives the Body the id that the To header has."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            first(envelope, "Body").set(f"{_UTILITY}Id", first(envelope, "To").get(f"{_UTILITY}Id"))


@mutant(
    kills="STS-R13",
    subcode="wrong_value",
    seen_in="templates whose ids were changed in one place",
    mend="Let KeyInfo refer to the id of the BinarySecurityToken.",
)
class RefersToAnotherCertificate(Correct):
    """Has KeyInfo point at an id that no part of the message carries."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            first(first(envelope, "SecurityTokenReference"), "Reference").set("URI", "#X509-1")


@mutant(
    kills="STS-R14",
    subcode="wrong_value",
    seen_in="libraries that insert the signature at the top of the header",
    mend="Put Timestamp, BinarySecurityToken and Signature in this order.",
)
class PutsTheSignatureFirst(Correct):
    """Puts the Signature before the certificate that verifies it."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            header = first(envelope, "Security")
            header.insert(0, first(header, "Signature"))


@mutant(
    kills="STS-R09",
    subcode="wrong_value",
    seen_in="a Moodle plugin that treats the certificate as proof enough",
    mend="Sign; a certificate is public and proves nothing by itself.",
)
class SendsNoSignature(Correct):
    """Sends the certificate and signs nothing."""

    class Tokens(TokenClient):
        def sign(self, envelope, order):
            super().sign(envelope, order)
            header = first(envelope, "Security")
            header.remove(first(header, "Signature"))


# --- what is asked for ------------------------------------------------------------------------------


@mutant(
    kills="STS-R15",
    subcode="wrong_value",
    seen_in="a template of the official sample, which its library happens not to read",
    mend="The RequestType is http://docs.oasis-open.org/ws-sx/ws-trust/200512/Issue.",
)
class MisspellsTheRequestType(Correct):
    """Asks to Issuee."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            first(request, "RequestType").text = _ISSUE + "e"
            return request


@mutant(
    kills="STS-R16",
    subcode="wrong_value",
    seen_in="stacks that derive AppliesTo from the address in the published WSDL",
    mend="Take the relying party's address from your configuration, all in lower case.",
)
class AppliesToWhatTheWsdlSays(Correct):
    """Spells the relying party's path as the WSDL does, with capital letters."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            address = first(first(request, "AppliesTo"), "Address")
            address.text = address.text.replace("/service", "/Service").replace("usiservice", "UsiService")
            return request


@mutant(
    kills="STS-R17",
    subcode="wrong_value",
    seen_in="the default of .NET Core's first federation helper",
    mend="Ask for a SymmetricKey: the registry wants proof that the token is yours.",
)
class AsksForABearerToken(Correct):
    """Asks for a token without a proof key."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            first(request, "KeyType").text = f"{_TRUST}/Bearer"
            return request


@mutant(
    kills="STS-R18",
    subcode="wrong_value",
    seen_in="configurations copied from other federations",
    mend="Ask for SAML 2.0 by the URI of the SAML token profile 1.1.",
)
class AsksForAJsonWebToken(Correct):
    """Asks for a type of token that the service does not issue."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            first(request, "TokenType").text = "urn:ietf:params:oauth:token-type:jwt"
            return request


@mutant(
    kills="STS-R19",
    subcode="wrong_value",
    seen_in="clients that state the size in bytes",
    mend="State 256, in bits, or nothing.",
)
class StatesTheKeySizeInBytes(Correct):
    """Asks for a key of 32 bits and means bytes."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            first(request, "KeySize").text = "32"
            return request


@mutant(
    kills="STS-R20",
    subcode="wrong_value",
    seen_in="clients that ask for what they need themselves",
    mend="Ask for abn and credentialtype, both mandatory; the registry's policy names them.",
)
class AsksForTheAbnOnly(Correct):
    """Leaves out the claim credentialtype."""

    class Tokens(TokenClient):
        def claims(self, applies_to):
            return super().claims(applies_to)[:1]


@mutant(
    kills="STS-R20",
    subcode="wrong_value",
    seen_in="templates that mark every claim as optional, to be on the safe side",
    mend="Leave out Optional, or set it to false.",
)
class AsksForOptionalClaims(Correct):
    """Marks the claims as optional."""

    class Tokens(TokenClient):
        def request(self, order, attempt):
            request = super().request(order, attempt)
            for claim in request.iter("{*}ClaimType"):
                claim.set("Optional", "true")
            return request


@mutant(
    kills="STS-R21",
    subcode="wrong_value",
    seen_in="clients that still ask for the claims of user certificates by other names",
    mend="Ask only for claims that the relying party's policy names.",
)
class AsksForAnUnknownClaim(Correct):
    """Adds a mandatory claim that nobody can provide."""

    class Tokens(TokenClient):
        def claims(self, applies_to):
            return (*super().claims(applies_to), _CLAIMS + "organisationname")


@mutant(
    kills="STS-R22",
    subcode="wrong_value",
    seen_in="clients that want to ask once a week",
    mend="Ask for a day at most, and ask again when it is over.",
)
class AsksForAWeek(Correct):
    """Asks for a token that lasts seven days."""

    class Tokens(TokenClient):
        def lifetime(self, order):
            created, _ = super().lifetime(order)
            return created, created + timedelta(days=7)


@mutant(
    kills="STS-R22",
    subcode="wrong_value",
    seen_in="date functions that write local time with a Z behind it",
    mend="Convert to UTC before you write the Z.",
    also=("STS-U07",),
)
class AsksFromLocalTime(Correct):
    """Lets the token begin ten hours from now, by the clock on the wall in Brisbane."""

    class Tokens(TokenClient):
        def lifetime(self, order):
            created, expires = super().lifetime(order)
            return created + timedelta(hours=10), expires + timedelta(hours=10)


@mutant(
    kills="STS-R23",
    subcode="wrong_value",
    seen_in="clients that take the bits of the KeySize for twice the bytes",
    mend="Send as many bits of entropy as the KeySize says: 32 bytes for 256.",
)
class SendsHalfTheEntropy(Correct):
    """Contributes 16 bytes to a key of 256 bits."""

    class Tokens(TokenClient):
        def entropy(self):
            return self.random(16)


@mutant(
    kills="STS-U07",
    subcode="wrong_value",
    seen_in="a PHP client that takes the time once, in its constructor",
    mend="Take the time when you send, and ask for a new token when the old one has ended.",
    also=("STS-R22",),
)
class AsksForATimeGoneBy(Correct):
    """Asks for a token for half an hour that was over half an hour ago, and uses it."""

    class Tokens(TokenClient):
        def lifetime(self, order):
            created, expires = super().lifetime(order)
            return created - timedelta(hours=1), expires - timedelta(hours=1)


# --- on whose behalf --------------------------------------------------------------------------------


@mutant(
    kills="STS-R24",
    subcode="wrong_value",
    seen_in="configurations that keep the software id as a number",
    mend="Keep the software id as text: ten digits, leading zeros included.",
    also=("KS-A02",),
)
class LosesTheZerosOfTheSsid(Correct):
    """Sends 123400 for 0000123400."""

    class Tokens(TokenClient):
        def relationship(self, order):
            act_as = super().relationship(order)
            return act_as and dataclasses.replace(act_as, ssid=str(int(act_as.ssid)))


@mutant(
    kills="STS-R24",
    subcode="wrong_value",
    seen_in="the two ABNs mixed up",
    mend="The first party is the provider that owns the credential, the second its client.",
    also=("KS-A02",),
)
class SwapsTheParties(Correct):
    """Names the client first and the provider second."""

    class Tokens(TokenClient):
        def relationship(self, order):
            act_as = super().relationship(order)
            return act_as and dataclasses.replace(
                act_as, first_party=act_as.second_party, second_party=act_as.first_party
            )


@mutant(
    kills="STS-R24B",
    subcode="wrong_value",
    seen_in="the official sample, which holds one constant id",
    mend="Make a new id for every request.",
)
class ReusesTheRelationshipId(Correct):
    """Sends every RelationshipToken with the same ID."""

    class Tokens(TokenClient):
        def relationship(self, order):
            act_as = super().relationship(order)
            return act_as and dataclasses.replace(act_as, id="1bff42f2-6c5b-4b4e-8f4a-5c8c1a0f3e11")


@mutant(
    kills="STS-R25",
    subcode="wrong_value",
    seen_in="code shared between hosted and installed editions of one product",
    mend="Send ActAs only where a client has been configured.",
)
class ActsForItself(Correct):
    """Sends ActAs for installed software too, with the example client of the sample."""

    class Tokens(TokenClient):
        def relationship(self, order):
            if order.act_as is None:
                order = dataclasses.replace(order, act_as=ActAs("96312011219", "0000123400"))
            return super().relationship(order)


@mutant(
    kills="STS-R24",
    subcode="wrong_value",
    seen_in="hosted software that forgets its client when it renews a token",
    mend="Send ActAs with every request of hosted software.",
)
class ForgetsWhomItActsFor(Correct):
    """Asks in its own name, though it is hosted software."""

    class Tokens(TokenClient):
        def relationship(self, order):
            return None
