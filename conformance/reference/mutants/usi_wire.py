"""Clients of the registry that send in one way each what they should not: message, token, signature."""

import base64
import copy
import dataclasses
import unicodedata

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import endorse_again, first
from conformance.reference.sts_client import TokenClient
from conformance.reference.usi_client import UsiClient

_V4 = "http://usi.gov.au/2020/ws"
_V5 = "http://usi.gov.au/2022/ws"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"


def _verification(envelope):
    """Return the VerifyUSI request of a message; an element without any where it asks for something else."""
    return next(envelope.iter("{*}VerifyUSI"), etree.Element("nothing"))


@mutant(
    kills="STS-U01",
    subcode="wrong_value",
    seen_in="libraries that insert the signature at the top of the header",
    mend="Put Timestamp, token and Signature in this order.",
)
class EndorsesBeforeTheToken(Correct):
    """Puts the Signature before the token whose key made it."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            header = first(envelope, "Security")
            header.insert(1, header[-1])


@mutant(
    kills="STS-U02",
    subcode="wrong_value",
    seen_in="a Moodle plugin that took the message's Timestamp for the token's lifetime",
    mend="Make a Timestamp of five minutes for every message, when you send it.",
)
class EndorsesTheTokensLifetime(Correct):
    """Stamps the request with the begin and the end of the token's life."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            for part, moment in zip(
                first(envelope, "Timestamp"), (token.created, token.expires), strict=True
            ):
                part.text = f"{moment:%Y-%m-%dT%H:%M:%S}.000Z"
            endorse_again(envelope, token.proof_key)


@mutant(
    kills="STS-U03",
    subcode="wrong_value",
    seen_in="clients that read BinarySecret as text",
    mend="Decode the BinarySecret from base64: the key is 32 bytes.",
)
class UsesTheProofKeyAsText(Correct):
    """Takes the base64 text of the proof key for the key."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            text = base64.b64encode(token.proof_key)
            super().endorse(envelope, dataclasses.replace(token, proof_key=text))


@mutant(
    kills="STS-U03",
    subcode="wrong_value",
    seen_in="clients that take the token for a bearer token",
    mend="Sign the Timestamp with the proof key: the token alone proves nothing.",
)
class SendsTheTokenUnsigned(Correct):
    """Sends the token without a signature."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            header = first(envelope, "Security")
            header.remove(header[-1])


@mutant(
    kills="STS-U05",
    subcode="wrong_value",
    seen_in="clients that build the reference from the id they can see",
    mend="Put in the RequestedAttachedReference as it came; the id that it holds is inside the encryption.",
)
class GuessesTheReference(Correct):
    """Refers to the token by an id of its own making."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            header = first(envelope, "Security")
            first(header[-1], "KeyIdentifier").text = "_" + "0" * 32


@mutant(
    kills="STS-P05",
    subcode="wrong_value",
    seen_in="clients that pretty-print the token before they keep it",
    mend="Keep the token's bytes as they came and put them in unchanged.",
)
class IndentsTheToken(Correct):
    """Writes the token with line breaks and indentation."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            etree.indent(first(envelope, "EncryptedData"))


@mutant(
    kills="STS-P06",
    subcode="wrong_value",
    seen_in="clients that keep the assertion's id and write the reference themselves",
    mend="Put in the RequestedAttachedReference as it came, attributes and all.",
)
class RebuildsTheReference(Correct):
    """Writes the reference anew and leaves out its TokenType."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            first(first(envelope, "Security")[-1], "SecurityTokenReference").attrib.clear()


@mutant(
    kills="STS-U06",
    subcode="wrong_value",
    seen_in="clients that put the token in both as they found it and as a sample shows it",
    mend="Send the EncryptedData once.",
)
class SendsTheTokenTwice(Correct):
    """Sends the EncryptedAssertion beside the EncryptedData."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            first(envelope, "EncryptedData").addnext(copy.deepcopy(token.token))


@mutant(
    kills="STS-U08",
    subcode="wrong_value",
    seen_in="likely: products that keep a prepared header together with the token",
    mend="Make the MessageID where the message is made.",
)
class KeepsTheMessageIdWithTheToken(Correct):
    """Makes one MessageID per token and sends it with every request that uses the token."""

    class Registry(UsiClient):
        kept = None

        def message_id(self):
            self.kept = self.kept or super().message_id()
            return self.kept


@mutant(
    kills="STS-U02",
    subcode="wrong_value",
    seen_in="likely: products that keep a prepared header together with the token",
    mend="Keep the token and its proof key; make Timestamp and signature for each request.",
)
class KeepsTheTimestampWithTheToken(Correct):
    """Makes one Timestamp per token and sends it with every request that uses the token."""

    class Registry(UsiClient):
        kept = None

        def endorse(self, envelope, token):
            super().endorse(envelope, token)
            stamp = list(first(envelope, "Timestamp"))
            self.kept = self.kept or [part.text for part in stamp]
            for part, text in zip(stamp, self.kept, strict=True):
                part.text = text
            endorse_again(envelope, token.proof_key)


@mutant(
    kills="STS-U08",
    subcode="wrong_value",
    seen_in="a PHP client that makes one MessageID for both services",
    mend="Make a new UUID for every message.",
)
class CallsWithTheTokensMessageId(Correct):
    """Sends the registry the MessageID of the token request."""

    class Tokens(TokenClient):
        used = ""

        def message_id(self):
            self.used = super().message_id()
            return self.used

    class Registry(UsiClient):
        def message_id(self):
            return self.tokens.used or super().message_id()


@mutant(
    kills="STS-U09",
    subcode="wrong_value",
    seen_in="clients that address the production service while a proxy sends them elsewhere",
    mend="Put the very text that you post to into the To header.",
)
class AddressesThePublishedService(Correct):
    """Names the published address in To, whatever address it posts to."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            first(envelope, "To").text = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-01",
    subcode="wrong_value",
    seen_in="serialisers that write properties in the order of their names",
    mend="Write the elements in the order of the schema.",
    also=("USI-WIRE-15",),
)
class PutsTheFamilyNameFirst(Correct):
    """Writes FamilyName before FirstName."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            request = _verification(envelope)
            if (given := request.find("{*}FirstName")) is not None:
                request.find("{*}FamilyName").addnext(given)
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-02",
    subcode="wrong_value",
    seen_in="clients written for SOAP 1.1",
    mend="Send application/soap+xml with the action of the operation.",
)
class CallsWithTextXml(Correct):
    """Labels the SOAP 1.2 request as text/xml."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            headers = {**headers, "Content-Type": "text/xml; charset=utf-8"}
            return super().post(order, address, message, headers)


@mutant(
    kills="USI-WIRE-04",
    subcode="wrong_value",
    seen_in="published templates that hold every element, filled or not",
    mend="Send FirstName and FamilyName, or SingleName; never both, and none of them empty.",
    also=("USI-WIRE-01", "USI-WIRE-15"),
)
class SendsBothFormsOfAName(Correct):
    """Adds a SingleName beside first and family name."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            request = _verification(envelope)
            family = request.find("{*}FamilyName")
            if family is not None:
                single = etree.Element(f"{{{_V5}}}SingleName")
                single.text = family.text
                family.addnext(single)
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-06",
    subcode="wrong_value",
    seen_in="serialisers of .NET and Java that give a date the zone of the server",
    mend="Write yyyy-mm-dd and nothing behind it.",
)
class GivesTheDateAZone(Correct):
    """Writes the date of birth with +10:00 behind it."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for date in _verification(envelope).iter("{*}DateOfBirth"):
                date.text += "+10:00"
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-08",
    subcode="wrong_value",
    seen_in="clients that fill templates by replacing text",
    mend="Escape &, < and > in every value, or let an XML library write it.",
)
class FillsATemplateUnescaped(Correct):
    """Puts names into the message without escaping them."""

    class Registry(UsiClient):
        def serialize(self, envelope):
            message = super().serialize(envelope)
            return message.replace(b"&amp;", b"&").replace(b"&lt;", b"<").replace(b"&gt;", b">")


@mutant(
    kills="USI-WIRE-09",
    subcode="wrong_value",
    seen_in="templates filled with values from a Latin-1 database",
    mend="Encode the whole message in UTF-8, as its declaration says.",
    also=("USI-WIRE-09B",),
)
class WritesLatin1(Correct):
    """Encodes the message in Latin-1 under a declaration of UTF-8."""

    class Registry(UsiClient):
        def serialize(self, envelope):
            return super().serialize(envelope).decode("utf-8").encode("latin-1", "replace")


@mutant(
    kills="USI-WIRE-09",
    subcode="wrong_value",
    seen_in="export routines that make everything ASCII",
    mend="Send names as they are recorded, with their accents.",
    also=("USI-WIRE-09B",),
)
class DropsAccents(Correct):
    """Takes the accents off names."""

    class Registry(UsiClient):
        def person_name(self, typed):
            name = super().person_name(typed)
            return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii") or name


@mutant(
    kills="USI-WIRE-13",
    subcode="wrong_value",
    seen_in="forms whose fields are sent as typed",
    mend="Trim blanks at the ends of names; those inside belong to the name.",
)
class SendsNamesAsTyped(Correct):
    """Leaves blanks at the ends of names."""

    class Registry(UsiClient):
        def person_name(self, typed):
            super().person_name(typed)
            return typed


@mutant(
    kills="USI-WIRE-13",
    subcode="wrong_value",
    seen_in="likely: rules that were written for first and family name, before anybody had one name only",
    mend="Trim every form of the name.",
)
class TrimsTwoNamesOnly(Correct):
    """Trims first and family name, and sends a single name as it was typed."""

    class Registry(UsiClient):
        def prepare(self, call):
            typed = {name: text for name, text in call.request.items() if name == "SingleName"}
            return super().prepare(call) | typed


@mutant(
    kills="USI-WIRE-13",
    subcode="wrong_value",
    seen_in="routines that tidy names up",
    mend="Leave blanks inside a name as they are recorded.",
)
class CollapsesBlanksInNames(Correct):
    """Makes one blank of several inside a name."""

    class Registry(UsiClient):
        def person_name(self, typed):
            return " ".join(super().person_name(typed).split())


@mutant(
    kills="USI-WIRE-11",
    subcode="wrong_value",
    seen_in="clients that send the person as they would for an application",
    mend="Verify with first and family name only; middle names are no part of it.",
    also=("USI-WIRE-01", "USI-WIRE-15"),
)
class SendsAMiddleName(Correct):
    """Adds a MiddleName between first and family name."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            given = _verification(envelope).find("{*}FirstName")
            if given is not None:
                middle = etree.Element(f"{{{_V5}}}MiddleName")
                middle.text = "Ann"
                given.addnext(middle)
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-04",
    subcode="wrong_value",
    seen_in="forms that demand a family name and leave the first name empty",
    mend="Send SingleName for a person of one name, without FirstName and FamilyName.",
)
class SendsAnEmptyFirstName(Correct):
    """Sends a single name as FamilyName beside an empty FirstName."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            single = _verification(envelope).find("{*}SingleName")
            if single is not None:
                single.tag = f"{{{_V5}}}FamilyName"
                single.addprevious(etree.Element(f"{{{_V5}}}FirstName"))
            super().seal(envelope, token)


@mutant(
    kills="USI-VER5-01",
    subcode="wrong_value",
    seen_in="clients that moved to the new address and kept the old namespace",
    mend="Generate the client from the WSDL of version 5: namespace and actions changed with the address.",
)
class SpeaksVersionFour(Correct):
    """Sends the request of contract version 4."""

    class Registry(UsiClient):
        def serialize(self, envelope):
            return super().serialize(envelope).replace(_V5.encode(), _V4.encode())

        def post(self, order, address, message, headers):
            headers = {name: value.replace(_V5, _V4) for name, value in headers.items()}
            return super().post(order, address, message, headers)


@mutant(
    kills="USI-LIM-07",
    subcode="wrong_value",
    seen_in="data bases laid out for version 3, whose codes had six characters",
    mend="Keep and send organisation codes of up to eight characters.",
)
class CutsOrgCodesToSix(Correct):
    """Sends the first six characters of the organisation code, as version 3 had it."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for code in envelope.iter(f"{{{_V5}}}OrgCode"):
                code.text = code.text[:6]
            super().seal(envelope, token)


@mutant(
    kills="USI-LIM-07",
    subcode="wrong_value",
    seen_in="likely: columns and settings that make a number of whatever looks like one",
    mend="Keep the organisation code as the text that it is.",
)
class LosesTheZerosOfTheOrgCode(Correct):
    """Sends 12345 for 00012345."""

    class Registry(UsiClient):
        def ask(self, order, call, request, token):
            code = str(int(call.org_code)) if call.org_code.isdigit() else call.org_code
            return super().ask(order, dataclasses.replace(call, org_code=code), request, token)


@mutant(
    kills="USI-WIRE-03",
    subcode="wrong_value",
    seen_in="clients that took the order of BulkUpload for that of CreateUSI",
    mend="Take the order of the elements from the WSDL, for each operation by itself.",
    also=("USI-WIRE-01", "USI-CRE-01C"),
)
class PutsTheOrgCodeFirst(Correct):
    """Writes OrgCode before RequestId in CreateUSI too."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for request in envelope.iter(f"{{{_V5}}}CreateUSI"):
                request.insert(0, request[1])
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-05",
    subcode="wrong_value",
    seen_in="templates in which the type is written without a prefix, and the namespace under one",
    mend="Write the type as prefix:Type, under a prefix that stands for the namespace of version 5.",
    also=("USI-WIRE-01", "USI-CRE-01C", "USI-WIRE-15"),
)
class TypesDocumentsWithoutAPrefix(Correct):
    """Names the type of a document without a prefix, where there is no default namespace."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in envelope.iter(f"{{{_V5}}}DVSDocument"):
                kind = document.get(f"{{{_XSI}}}type")
                document.set(f"{{{_XSI}}}type", kind.rpartition(":")[2])
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-06",
    subcode="wrong_value",
    seen_in="forms whose fields are sent as typed",
    mend="Read what is typed as a date, and write it as yyyy-mm-dd.",
    also=("USI-WIRE-15",),
)
class SendsDatesAsTyped(Correct):
    """Sends whatever stands where a date belongs."""

    class Registry(UsiClient):
        def date(self, typed):
            return typed


@mutant(
    kills="USI-WIRE-07",
    subcode="wrong_value",
    seen_in="languages whose booleans print as numbers",
    mend="Write true and false.",
)
class WritesBooleansAsNumbers(Correct):
    """Writes 1 and 0 for true and false."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for name in ("DVSCheckRequired", "IsPreferredName"):
                for element in envelope.iter(f"{{{_V5}}}{name}"):
                    element.text = {"true": "1", "false": "0"}[element.text]
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-09B",
    subcode="wrong_value",
    seen_in="likely: one operation that was mended when a name was damaged, and the others that were not",
    mend="Let one routine write every message.",
    also=("USI-WIRE-14", "USI-CRE-01C"),
)
class DropsAccentsInApplications(Correct):
    """Takes the accents off the names of applicants."""

    class Registry(UsiClient):
        def check_person(self, person):
            super().check_person(person)
            for name in ("FirstName", "MiddleName", "FamilyName", "SingleName"):
                if name in person:
                    plain = unicodedata.normalize("NFKD", person[name]).encode("ascii", "ignore").decode()
                    person[name] = plain or person[name]


@mutant(
    kills="USI-WIRE-10",
    subcode="wrong_value",
    seen_in="published templates that hold every element, filled or not",
    mend="Leave an optional element out where there is no value for it.",
)
class SendsEmptyMiddleNames(Correct):
    """Writes an empty MiddleName where there is none."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for details in envelope.iter(f"{{{_V5}}}PersonalDetails"):
                given = details.find(f"{{{_V5}}}FirstName")
                if given is not None and details.find(f"{{{_V5}}}MiddleName") is None:
                    given.addnext(etree.Element(f"{{{_V5}}}MiddleName"))
            super().seal(envelope, token)


@mutant(
    kills="USI-WIRE-12",
    subcode="wrong_value",
    seen_in="likely: one field for the name on the screen, which holds the preferred one",
    mend="Keep legal and preferred names apart, and verify with the legal ones.",
)
class VerifiesByPreferredNames(Correct):
    """Verifies a person by the preferred first name that an update told it."""

    class Registry(UsiClient):
        preferred = None

        def prepare_personal_update(self, request):
            self.preferred = self.preferred or {}
            told = request.get("PersonalDetailsUpdate", {})
            if "PreferredFirstName" in told:
                self.preferred[request["USI"]] = told["PreferredFirstName"]
            return super().prepare_personal_update(request)

        def prepare_verification(self, request):
            prepared = super().prepare_verification(request)
            name = (self.preferred or {}).get(prepared["USI"])
            return {**prepared, "FirstName": name} if name and "FirstName" in prepared else prepared
