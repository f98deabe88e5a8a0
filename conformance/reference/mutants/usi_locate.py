"""Clients of the registry that look up, change records or fetch lists, and get one thing wrong each."""

import dataclasses
import unicodedata

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import first
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import UsiClient

_V5 = "http://usi.gov.au/2022/ws"


def _asked(envelope, operation):
    """Return the request of that operation in a message, or None."""
    return envelope.find(f"{{*}}Body/{{{_V5}}}{operation}")


# --- look-ups -------------------------------------------------------------------------------------


@mutant(
    kills="USI-LOC-01",
    subcode="wrong_value",
    seen_in="serialisers that leave out what is empty",
    mend="Write ContactDetails always: the schema demands it though nothing need be in it.",
    also=("USI-LOC-01B", "USI-WIRE-01"),
)
class LeavesOutEmptyContactDetails(Correct):
    """Sends no ContactDetails where there are none."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            asked = _asked(envelope, "LocateUSI")
            contact = None if asked is None else asked.find(f"{{{_V5}}}ContactDetails")
            if contact is not None and not len(contact):
                asked.remove(contact)
            super().seal(envelope, token)


@mutant(
    kills="USI-LOC-01B",
    subcode="wrong_value",
    seen_in="a public template of LocateUSI, which is not valid as it is published",
    mend="Write elements in the order of the schema; generate the request from the WSDL.",
    also=("USI-WIRE-01",),
)
class WritesLookUpsLikeATemplate(Correct):
    """Writes the date of birth of a look-up before the names."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            asked = _asked(envelope, "LocateUSI")
            if asked is not None:
                details = first(asked, "PersonalDetails")
                details.insert(0, first(details, "DateOfBirth"))
            super().seal(envelope, token)


@mutant(
    kills="USI-LOC-01C",
    subcode="wrong_value",
    seen_in="search forms of which no field is required",
    mend="Ask for a name in one of its forms.",
)
class LooksUpWithoutAName(Correct):
    """Sends look-ups without a name, or with both forms of it."""

    class Registry(UsiClient):
        def check_located(self, person):
            pass


@mutant(
    kills="USI-LOC-02",
    subcode="wrong_value",
    seen_in="clients that take any answer which holds a USI",
    mend="Take a USI over after Exact only.",
)
class AcceptsAMatchWithoutContact(Correct):
    """Concludes `located` from SingleNoContactMatch."""

    class Registry(UsiClient):
        def conclude_location(self, response):
            if response.get("Result") == "SingleNoContactMatch":
                response = {**response, "Result": "Exact"}
            return super().conclude_location(response)


@mutant(
    kills="USI-LOC-02B",
    subcode="wrong_value",
    seen_in="a switch whose default branch is success",
    mend="Ask for Exact; do not exclude the other results.",
)
class TakesUnknownResultsForAMatch(Correct):
    """Concludes `located` from a Result that it does not know."""

    class Registry(UsiClient):
        def conclude_location(self, response):
            known = response.get("Result", "").endswith(("Match", "Partial", "Exact"))
            return super().conclude_location(response if known else {**response, "Result": "Exact"})


@mutant(
    kills="USI-LOC-02B",
    subcode="wrong_value",
    seen_in="clients that take whatever is not Failure for success",
    mend="Ask for Success; do not exclude Failure.",
)
class TakesUnknownResultsForAChange(Correct):
    """Concludes `updated` from every Result but Failure."""

    class Registry(UsiClient):
        def conclude_update(self, response):
            failed = response.get("Result") == "Failure"
            return super().conclude_update(response if failed else {**response, "Result": "Success"})


@mutant(
    kills="USI-LOC-03",
    subcode="rejected_valid",
    seen_in="clients that hold every answer against the schema",
    mend="Read the Result first, and tolerate an answer without USI.",
    also=("USI-LOC-03B",),
)
class DemandsAUsiOfNobody(Correct):
    """Takes NoMatch without a USI for an answer that is not valid."""

    class Registry(UsiClient):
        def read(self, call, body, problem=None):
            found = super().read(call, body, problem)
            if found.get("Result") == "NoMatch" and not found.get("USI"):
                raise Refusal("service.malformed_answer", text="The answer is not valid: USI")
            return found


@mutant(
    kills="USI-LOC-03B",
    subcode="wrong_value",
    seen_in="clients that look for faults only",
    mend="Show code and message of every Error in an answer.",
)
class HidesErrorsOfLookUps(Correct):
    """Does not show the errors of a look-up."""

    class Registry(UsiClient):
        def locate(self, order, call):
            concluded = super().locate(order, call)
            concluded.response.pop("Errors", None)
            return concluded


@mutant(
    kills="USI-LOC-04",
    subcode="wrong_value",
    seen_in="products that look a student up whenever a verification fails",
    mend="Call LocateUSI when a person asks for it, with the consent recorded.",
)
class LooksUpWhomItCannotVerify(Correct):
    """Looks a person up after a verification without a match."""

    class Registry(UsiClient):
        def verify(self, order, call):
            concluded = super().verify(order, call)
            if concluded.conclusion == "not_verified":
                person = {name: text for name, text in call.request.items() if name != "USI"}
                request = {"PersonalDetails": {"Gender": "X", **person}}
                try:
                    self.locate(order, dataclasses.replace(call, operation="LocateUSI", request=request))
                except Refusal:
                    return concluded
            return concluded


# --- updates --------------------------------------------------------------------------------------


@mutant(
    kills="USI-UPD-01",
    subcode="wrong_value",
    seen_in="clients that take the name of the element for the modifier",
    mend="The modifier CountryOfBirth goes with the element CountryOfBirthCode.",
)
class NamesTheElementAsModifier(Correct):
    """Names CountryOfBirthCode as the modifier."""

    class Registry(UsiClient):
        def modifier(self, name):
            return name


@mutant(
    kills="USI-UPD-01",
    subcode="wrong_value",
    seen_in="a public template of UpdateUSIPersonalDetails, which is not valid as it is published",
    mend="Write elements in the order of the schema; generate the request from the WSDL.",
    also=("USI-UPD-02", "USI-WIRE-01"),
)
class WritesUpdatesLikeATemplate(Correct):
    """Writes the changed details before the modifier."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            asked = _asked(envelope, "UpdateUSIPersonalDetails")
            if asked is not None:
                first(asked, "PersonalDetailsUpdate").addnext(first(asked, "PersonalDetailsModifier"))
            super().seal(envelope, token)


@mutant(
    kills="USI-UPD-01B",
    subcode="wrong_value",
    seen_in="clients that send every changed field in one message",
    mend="Send one request per change, or say that one change is made at a time.",
)
class SendsAllChangesAtOnce(Correct):
    """Sends one message with all changes and the first modifier."""

    class Registry(UsiClient):
        def change_messages(self, request):
            message = super().change_messages(request)[0]
            return [{**message, "PersonalDetailsUpdate": dict(request["PersonalDetailsUpdate"])}]


@mutant(
    kills="USI-UPD-01C",
    subcode="wrong_value",
    seen_in="a public template of UpdateUSIContactDetails, which is not valid as it is published",
    mend="Write elements in the order of the schema; generate the request from the WSDL.",
    also=("USI-WIRE-15",),
)
class WritesContactChangesLikeATemplate(Correct):
    """Writes the country of residence last."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            asked = _asked(envelope, "UpdateUSIContactDetails")
            country = None if asked is None else next(asked.iter(f"{{{_V5}}}CountryOfResidenceCode"), None)
            if country is not None:
                country.getparent().append(country)
            super().seal(envelope, token)


@mutant(
    kills="USI-UPD-01D",
    subcode="wrong_value",
    seen_in="products that check a USI when a student is entered, and never again",
    mend="Check every USI before it is sent.",
)
class ChecksNoUsiOfUpdates(Correct):
    """Sends the USI of an update as it is stored."""

    class Registry(UsiClient):
        def prepare(self, call):
            self.updating = call.operation.startswith("Update")
            return super().prepare(call)

        def usi(self, typed):
            return str(typed) if self.updating else super().usi(typed)


@mutant(
    kills="USI-UPD-02",
    subcode="wrong_value",
    seen_in="likely: a form whose upload of a document is mapped for new students only",
    mend="Send the document with the change that needs it.",
    also=("USI-WIRE-09B",),
)
class LosesTheDocumentOfAChange(Correct):
    """Sends every change without its document."""

    class Registry(UsiClient):
        def proof(self, request, name):
            return {"DVSCheckRequired": request["DVSCheckRequired"]}


@mutant(
    kills="USI-UPD-03",
    subcode="wrong_value",
    seen_in="clients that take every answer which is no fault for a success",
    mend="Read the Result, and show code and message of every Error.",
)
class TakesEveryAnswerForAChange(Correct):
    """Concludes `updated` from Failure."""

    class Registry(UsiClient):
        def conclude_update(self, response):
            if response.get("Result") == "Failure" and not self.unverified(response):
                return "updated"
            return super().conclude_update(response)


@mutant(
    kills="USI-UPD-03B",
    subcode="wrong_value",
    seen_in="likely: clients that were tried with the fault 2004 only",
    mend="Handle the fault 2004 and Failure with IdentityDocumentVerified False alike.",
)
class WaitsForAChangeToVerify(Correct):
    """Takes Failure with IdentityDocumentVerified False for something that will be settled later."""

    class Registry(UsiClient):
        def conclude_update(self, response):
            if response.get("Result") == "Failure" and self.unverified(response):
                return "pending"
            return super().conclude_update(response)


# --- lists ----------------------------------------------------------------------------------------


@mutant(
    kills="USI-REF-01",
    subcode="wrong_value",
    seen_in="lists that are cleaned up when they are stored",
    mend="Keep the whole list: somebody may have been born in a country that is no more.",
)
class DropsFormerCountries(Correct):
    """Keeps the current countries only."""

    class Registry(UsiClient):
        def list_countries(self, order, call):
            concluded = super().list_countries(order, call)
            whole = concluded.response["Countries"]["CountryDetails"]
            current = {"CountryDetails": [country for country in whole if country["IsCurrent"]]}
            return concluded._replace(response={**concluded.response, "Countries": current})


@mutant(
    kills="USI-REF-01",
    subcode="wrong_value",
    seen_in="clients that pass answers through a character set of one byte",
    mend="Keep texts in Unicode from the wire to the screen.",
)
class LosesCombiningAccents(Correct):
    """Drops every accent that is a character of its own."""

    class Registry(UsiClient):
        def list_document_types(self, order, call):
            concluded = super().list_document_types(order, call)
            whole = concluded.response["NonDvsDocumentTypes"]["NonDvsDocumentType"]
            poorer = [{**each, "DocumentType": _without_marks(each["DocumentType"])} for each in whole]
            told = {"NonDvsDocumentTypes": {"NonDvsDocumentType": poorer}}
            return concluded._replace(response={**concluded.response, **told})


def _without_marks(text):
    return "".join(each for each in text if not unicodedata.combining(each))


@mutant(
    kills="USI-REF-01B",
    subcode="wrong_value",
    seen_in="forms that fetch their lists whenever they are opened",
    mend="Keep each list for a day at least.",
)
class FetchesListsEachTime(Correct):
    """Fetches a list each time that it is asked for."""

    class Registry(UsiClient):
        def kept_list(self, call):
            return None


@mutant(
    kills="USI-REF-02",
    subcode="accepted_invalid",
    seen_in="products that have the list for the screen only",
    mend="Compare the id with the list before the application is sent.",
)
class ChecksNoDocumentIds(Correct):
    """Sends whatever id of a document is handed over."""

    class Registry(UsiClient):
        def check_document_type(self, identifier):
            pass
