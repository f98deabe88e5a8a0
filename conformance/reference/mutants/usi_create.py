"""Clients of the registry that create USIs, one by one or in batches, and get one thing wrong each."""

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import Concluded, Record, State, UsiClient

_V5 = "http://usi.gov.au/2022/ws"


def _of_application(response):
    """Return the part of an answer to CreateUSI that is about the application."""
    return response["Application"]


_WITH_EVERY_APPLICATION = (
    "USI-DVS-01",
    "USI-DVS-02",
    "USI-DVS-03",
    "USI-DVS-04",
    "USI-DVS-05",
    "USI-DVS-06",
    "USI-DVS-07",
)
"""What necessarily fails as well where no application is valid."""


# --- what is sent ---------------------------------------------------------------------------------


@mutant(
    kills="USI-CRE-01C",
    subcode="wrong_value",
    seen_in="screens with one line for the street, and a second one that nobody maps",
    mend="Send every line of the address in its own element.",
    also=("USI-WIRE-14",),
)
class LosesTheSecondAddressLine(Correct):
    """Leaves Address2 of an application out."""

    class Registry(UsiClient):
        def complete_application(self, application, stem, place):
            application["ContactDetails"].get("NationalAddress", {}).pop("Address2", None)
            return super().complete_application(application, stem, place)


@mutant(
    kills="USI-CRE-01C",
    subcode="wrong_value",
    seen_in="public templates, half of which are not valid as they are published",
    mend="Write elements in the order of the schema; generate the request from the WSDL.",
    also=(*_WITH_EVERY_APPLICATION, "USI-WIRE-01"),
)
class WritesElementsInAnotherOrder(Correct):
    """Writes PersonalDetails before ContactDetails."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for application in envelope.iterfind(f"{{*}}Body/{{{_V5}}}CreateUSI/{{{_V5}}}Application"):
                contact = application.find(f"{{{_V5}}}ContactDetails")
                application.find(f"{{{_V5}}}PersonalDetails").addnext(contact)
            super().seal(envelope, token)


@mutant(
    kills="USI-CRE-01C",
    subcode="wrong_value",
    seen_in="public templates that hold every element of the contract, the unused ones empty",
    mend="Write one form of the name, and leave the other out altogether.",
    also=(*_WITH_EVERY_APPLICATION, "USI-WIRE-01", "USI-WIRE-04"),
)
class FillsBothFormsOfTheName(Correct):
    """Adds an empty SingleName to first and family name of an applicant."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for asked in envelope.iterfind(f"{{*}}Body/{{{_V5}}}CreateUSI"):
                for family in asked.iter(f"{{{_V5}}}FamilyName"):
                    family.addnext(etree.Element(f"{{{_V5}}}SingleName"))
            super().seal(envelope, token)


class _Unchecked(UsiClient):
    """Passes on what is handed over, whatever it is."""

    def fill(self, structure, values, where):
        return dict(values)

    def check_person(self, person):
        pass

    def check_contact(self, contact):
        pass

    def check_means(self, contact):
        pass

    def check_names(self, person):
        pass

    def check_birth(self, born):
        pass

    def check_country(self, code):
        pass

    def check_documents(self, request):
        pass

    def check_located(self, person):
        pass

    def check_proof(self, request):
        pass

    def prepare_personal_update(self, request):
        return {"UserReference": self.user_reference, **request}


@mutant(
    kills="USI-CRE-01D",
    subcode="wrong_value",
    seen_in="clients that leave every check to the registry",
    mend="Check lengths, patterns and choices before anything is sent.",
    also=(
        "USI-DVS-01B",
        "USI-DVS-02B",
        "USI-DVS-03",
        "USI-DVS-03B",
        "USI-DVS-04B",
        "USI-DVS-05B",
        "USI-DVS-06B",
        "USI-DVS-07",
        "USI-LOC-01C",
        "USI-UPD-01D",
        "USI-WIRE-10",
        "USI-WIRE-15",
    ),
)
class SendsWhateverIsHandedOver(Correct):
    """Looks at nothing that is handed over for applications, updates and look-ups."""

    class Registry(_Unchecked):
        """As the class around it says."""


@mutant(
    kills="USI-CRE-01D",
    subcode="accepted_invalid",
    seen_in="databases whose columns cut what is too long",
    mend="Refuse a name that is too long; half of it is another name.",
    also=("USI-LOC-01C", "USI-UPD-01D"),
)
class CutsLongNames(Correct):
    """Cuts names of applicants to what their elements take."""

    class Registry(UsiClient):
        def name_of(self, typed, most):
            return super().name_of(typed[:most] if isinstance(typed, str) else typed, most)


@mutant(
    kills="USI-CRE-03B",
    subcode="crash",
    seen_in="libraries for dates that know no year before 1900",
    mend="Keep a date of birth as the text that it is.",
)
class FallsOverOldDates(Correct):
    """Falls over a date of birth before 1900."""

    class Registry(UsiClient):
        def check_birth(self, born):
            super().check_birth(born)
            assert born is None or born >= "1900"


# --- what is concluded of one application -----------------------------------------------------------


@mutant(
    kills="USI-CRE-01",
    subcode="wrong_value",
    seen_in="clients that read IdentityDocumentVerified as a boolean",
    mend="There are three texts: True, False and NotRequired.",
)
class WantsEveryDocumentVerified(Correct):
    """Takes NotRequired for a document that was not verified."""

    class Registry(UsiClient):
        def unverified(self, answer):
            return answer.get("IdentityDocumentVerified") != "True"


@mutant(
    kills="USI-CRE-01B",
    subcode="wrong_value",
    seen_in="clients that check what people type, and nothing that a service sends",
    mend="Check every USI before it is stored, wherever it comes from.",
)
class BelievesEveryUsi(Correct):
    """Stores the USI of an answer without a look at its check character."""

    class Registry(UsiClient):
        def believable(self, usi):
            return bool(usi)


@mutant(
    kills="USI-CRE-01E",
    subcode="wrong_value",
    seen_in="deserialisers that are told to fail on unknown elements",
    mend="Pass over elements that you do not know.",
)
class RefusesUnknownElements(Correct):
    """Takes an answer to CreateUSI with an element that it does not know for none."""

    class Registry(UsiClient):
        def read(self, call, body, problem=None):
            if call.operation == "CreateUSI" and problem is not None:
                raise Refusal("service.malformed_answer", text=f"The answer cannot be read: {problem}")
            return super().read(call, body, problem)


@mutant(
    kills="USI-CRE-02",
    subcode="wrong_value",
    seen_in="clients that know Success and Failure only",
    mend="Take the USI of MatchFound over, and say that it existed before.",
    also=("USI-CRE-07B", "USI-BLK-03"),
)
class TakesAMatchForAFailure(Correct):
    """Concludes `failed` from MatchFound."""

    class Registry(UsiClient):
        def conclude_application(self, answer):
            return "failed" if answer.get("Result") == "MatchFound" else super().conclude_application(answer)


@mutant(
    kills="USI-CRE-02",
    subcode="wrong_value",
    seen_in="clients that look for a USI in the answer and not at the Result",
    mend="Tell a new USI from one that existed.",
    also=("USI-CRE-07B", "USI-BLK-03"),
)
class TellsAnExistingUsiAsNew(Correct):
    """Concludes `created` from every answer that holds a USI."""

    class Registry(UsiClient):
        def conclude_application(self, answer):
            concluded = super().conclude_application(answer)
            return "created" if concluded == "existing" else concluded


@mutant(
    kills="USI-CRE-03",
    subcode="wrong_value",
    seen_in="clients with one sentence for every failure",
    mend="Show code and message of every Error.",
    also=("USI-CRE-06B",),
)
class HidesErrorsOfApplications(Correct):
    """Tells of a failed application that it failed, and not why."""

    class Registry(UsiClient):
        def create(self, order, call):
            concluded = super().create(order, call)
            concluded.response.get("Application", {}).pop("Errors", None)
            return concluded


@mutant(
    kills="USI-CRE-04",
    subcode="crash",
    seen_in="public sample code, which reads optional elements without looking whether they are there",
    mend="Treat Errors and USI as optional.",
)
class FallsOverABareFailure(Correct):
    """Reads the first error of every failure."""

    class Registry(UsiClient):
        def conclude_application(self, answer):
            if answer.get("Result") == "Failure":
                assert answer["Errors"]["Error"][0]["Code"]
            return super().conclude_application(answer)


@mutant(
    kills="USI-CRE-04B",
    subcode="wrong_value",
    seen_in="a switch whose default branch is success",
    mend="Ask for Success and MatchFound; do not exclude Failure.",
)
class TakesUnknownResultsForSuccess(Correct):
    """Takes every Result but Failure and MatchFound for success."""

    class Registry(UsiClient):
        def conclude_application(self, answer):
            known = answer.get("Result") in ("Failure", "MatchFound")
            return super().conclude_application(answer if known else {**answer, "Result": "Success"})


@mutant(
    kills="USI-CRE-05",
    subcode="wrong_value",
    seen_in="clients that look at the Result alone",
    mend="Show an answer of Success without USI to a person.",
)
class CreatesWithoutUsi(Correct):
    """Concludes `created` from Success, whether or not there is a USI."""

    class Registry(UsiClient):
        def believable(self, usi):
            return usi is None or super().believable(usi)


@mutant(
    kills="USI-CRE-06",
    subcode="wrong_value",
    seen_in="clients that read IdentityDocumentVerified as the outcome",
    mend="Keep the USI, and show that the document was not verified.",
)
class TakesAnUnverifiedDocumentForAFailure(Correct):
    """Concludes `failed` where the document was not verified, though there is a USI."""

    class Registry(UsiClient):
        def conclude_application(self, answer):
            return "failed" if self.unverified(answer) else super().conclude_application(answer)


@mutant(
    kills="USI-CRE-06B",
    subcode="wrong_value",
    seen_in="likely: clients that were tried with the fault 2004 only",
    mend="Handle the fault 2004 and Failure with IdentityDocumentVerified False alike.",
    also=("USI-CRE-03B",),
)
class WaitsForADocumentToVerify(Correct):
    """Takes Failure with IdentityDocumentVerified False for something that will be settled later."""

    class Registry(UsiClient):
        def create(self, order, call):
            concluded = super().create(order, call)
            if concluded.conclusion == "failed" and self.unverified(_of_application(concluded.response)):
                return concluded._replace(conclusion="pending")
            return concluded


# --- lost answers and repetition ------------------------------------------------------------------


@mutant(
    kills="USI-CRE-07",
    subcode="wrong_value",
    seen_in="HTTP clients that repeat whatever fails on the way",
    mend="Do not repeat CreateUSI blindly; leave it to the user, or make a new RequestId.",
)
class RepeatsALostApplication(Correct):
    """Sends an application once more, as it is, when the connection breaks."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if call.operation != "CreateUSI" or not self.outcome_unknown(refusal):
                    raise
                return super().carry_out(order, call, request)


@mutant(
    kills="USI-CRE-07",
    subcode="wrong_value",
    seen_in="likely: repair jobs that put names into capital letters before they try again",
    mend="Repeat with exactly the same details, so that the registry finds the match.",
)
class RepeatsALostApplicationWithOtherDetails(Correct):
    """Sends an application once more with a new RequestId and without the middle name."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if call.operation != "CreateUSI" or not self.outcome_unknown(refusal):
                    raise
                application = request["Application"]
                details = {k: v for k, v in application["PersonalDetails"].items() if k != "MiddleName"}
                altered = {**application, "PersonalDetails": details}
                return super().carry_out(
                    order, call, {"RequestId": self.request_id(), "Application": altered}
                )


@mutant(
    kills="USI-CRE-07B",
    subcode="rejected_valid",
    seen_in="likely: a mark `already applied` that is set before the answer is there",
    mend="Let the user apply again with the same details, and expect MatchFound.",
)
class AppliesOnceOnly(Correct):
    """Refuses an application of somebody for whom it has applied before."""

    class Registry(UsiClient):
        def create(self, order, call):
            person = repr(call.request["Application"]["PersonalDetails"])
            known = self.__dict__.setdefault("applied", set())
            if person in known:
                raise Refusal("request.invalid", text="An application for this person was sent before.")
            known.add(person)
            return super().create(order, call)


@mutant(
    kills="USI-CRE-08",
    subcode="wrong_value",
    seen_in="retry policies that take 2004 for an outage of the verification service",
    mend="Stop after 2004, and ask for the data to be corrected.",
)
class TriesUnverifiedDocumentsAgain(Correct):
    """Sends an application again after 2004."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if call.operation != "CreateUSI" or refusal.code != "2004":
                    raise
                return super().carry_out(order, call, {**request, "RequestId": self.request_id()})


@mutant(
    kills="USI-CRE-09",
    subcode="wrong_value",
    seen_in="clients that read the USI and nothing else of the answer",
    mend="Compare the ApplicationId of the answer with the one that was sent.",
)
class TakesAnybodysAnswer(Correct):
    """Takes the answer to CreateUSI for its own, whatever ApplicationId it has."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            response = super().carry_out(order, call, request)
            if call.operation == "CreateUSI":
                _of_application(response)["ApplicationId"] = request["Application"]["ApplicationId"]
            return response


# --- batches --------------------------------------------------------------------------------------


@mutant(
    kills="USI-BLK-01",
    subcode="wrong_value",
    seen_in="products that keep receipts in memory until the results are there",
    mend="Store receipt and organisation durably before anything else is done.",
)
class KeepsReceiptsInMemory(Correct):
    """Forgets every receipt when it ends."""

    class Registry(UsiClient):
        def state(self, call):
            kept = self.__dict__.get("in_memory") or State(None, clock=self.clock, random=self.random)
            self.in_memory = kept
            return kept


@mutant(
    kills="USI-BLK-01B",
    subcode="wrong_value",
    seen_in="likely: an object that is made once and filled anew for each student",
    mend="Make each application by itself.",
)
class SharesContactDetailsInABatch(Correct):
    """Sends the contact details of the first applicant with every application of a batch."""

    class Registry(UsiClient):
        def prepare_upload(self, request):
            prepared = super().prepare_upload(request)
            applications = prepared["Applications"]["Application"]
            for application in applications:
                application["ContactDetails"] = applications[0]["ContactDetails"]
            return prepared


@mutant(
    kills="USI-BLK-02",
    subcode="wrong_value",
    seen_in="loops that end with the results only",
    mend="Ask once or a few times, tell `pending`, and ask again later by schedule.",
)
class PollsWithoutEnd(Correct):
    """Asks for pending results again and again."""

    class Registry(UsiClient):
        pauses = (0.01,) * 30


@mutant(
    kills="USI-BLK-02",
    subcode="wrong_value",
    seen_in="clients that take an empty list for a batch in which nothing failed",
    mend="An answer without any application holds no results.",
)
class TakesAnEmptyListForResults(Correct):
    """Concludes `completed` from a list without results."""

    class Registry(UsiClient):
        def still_processing(self, response):
            return False


@mutant(
    kills="USI-BLK-02B",
    subcode="rejected_valid",
    seen_in="jobs that mark a batch as failed after any answer without results",
    mend="Keep the receipt until the results of every application are stored.",
)
class GivesPendingBatchesUp(Correct):
    """Never asks again for a batch whose results were pending once."""

    class Registry(UsiClient):
        def retrieve(self, order, call):
            given_up = self.__dict__.setdefault("given_up", set())
            receipt = call.request.get("ReceiptNumber", "")
            if receipt in given_up:
                raise Refusal("request.invalid", text="This batch has failed.")
            concluded = super().retrieve(order, call)
            if concluded.conclusion == "pending":
                given_up.add(receipt)
            return concluded


@mutant(
    kills="USI-BLK-03",
    subcode="wrong_value",
    seen_in="clients that go through applications and results side by side",
    mend="Match results by ApplicationId.",
    also=("USI-BLK-03C",),
)
class MatchesResultsByPosition(Correct):
    """Gives the first application the first result, and so on."""

    class Registry(UsiClient):
        def match_applications(self, identifiers, answers):
            return [*answers, *[None] * len(identifiers)][: len(identifiers)]


@mutant(
    kills="USI-BLK-03B",
    subcode="wrong_value",
    seen_in="jobs that go through what came back, and not through what was sent",
    mend="Go through the applications that were sent, and flag those without a result.",
)
class CountsWhatCameBack(Correct):
    """Tells nothing of applications for which there is no result."""

    class Registry(UsiClient):
        def conclude_applications(self, identifiers, answers):
            answered = {answer["ApplicationId"] for answer in answers}
            return super().conclude_applications([i for i in identifiers if i in answered], answers)


@mutant(
    kills="USI-BLK-03C",
    subcode="wrong_value",
    seen_in="tables by ApplicationId in which the last result wins",
    mend="Take none of two results of one application, and show them to a person.",
)
class TakesTheFirstOfTwoResults(Correct):
    """Takes the first of two results of one application."""

    class Registry(UsiClient):
        def match_applications(self, identifiers, answers):
            table = {answer["ApplicationId"]: answer for answer in reversed(answers)}
            return [table.get(identifier) for identifier in identifiers]


@mutant(
    kills="USI-BLK-04",
    subcode="wrong_value",
    seen_in="jobs that insert whatever they fetch",
    mend="Store results by ApplicationId, so that fetching them again changes nothing.",
)
class AddsResultsAgain(Correct):
    """Adds the results of a batch to those that it fetched before."""

    class Registry(UsiClient):
        def retrieve(self, order, call):
            concluded = super().retrieve(order, call)
            if concluded.records is None:
                return concluded
            stored = self.__dict__.setdefault("stored", {})
            receipt = call.request.get("ReceiptNumber", "")
            stored[receipt] = [*stored.get(receipt, ()), *concluded.records]
            return Concluded(concluded.response, concluded.conclusion, list(map(_as_record, stored[receipt])))


def _as_record(record):
    return Record(*record)


@mutant(
    kills="USI-BLK-05",
    subcode="wrong_value",
    seen_in="clients that read the applications only",
    mend="Compare the RequestId of the results with that of the upload.",
)
class TakesResultsOfAnyUpload(Correct):
    """Does not look at the RequestId of results."""

    class Registry(UsiClient):
        def same_request(self, batch, response):
            return True


@mutant(
    kills="USI-BLK-06",
    subcode="state_leak",
    seen_in="one list of receipts for all clients",
    mend="Store the organisation with each receipt, and look at it before the receipt is used.",
)
class UsesReceiptsForAnyone(Correct):
    """Fetches results with whatever receipt there is, for whomever."""

    class Registry(UsiClient):
        def wanted(self, state, order, call, request):
            receipt = request.get("ReceiptNumber", "")
            known = [batch for batch in state.batches() if batch.receipt]
            chosen = [b for b in known if (b.receipt == receipt if receipt else not b.done)]
            return [(batch.receipt, batch) for batch in chosen[-1:]] or [(receipt, None)]


@mutant(
    kills="USI-BLK-07",
    subcode="wrong_value",
    seen_in="clients that keep polling whatever the registry says",
    mend="Take a fault for pending only where the receipt is one that you were given.",
)
class WaitsForAnyReceipt(Correct):
    """Takes every fault of a retrieval for results that are not there yet."""

    class Registry(UsiClient):
        def means_pending(self, refusal, batch):
            return refusal.code.isdigit()
