"""Clients of the registry that conclude the wrong thing from its answer in one way each."""

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import UsiClient

_V5 = "http://usi.gov.au/2022/ws"


@mutant(
    kills="USI-VER-01",
    subcode="wrong_value",
    seen_in="date arithmetic by hand, which makes a 28th of every 29 February",
    mend="Keep a date of birth as the text that it is; it takes part in no arithmetic.",
)
class KnowsNoLeapDays(Correct):
    """Asks for the day before when somebody was born on a 29 February."""

    class Registry(UsiClient):
        def date(self, typed):
            return super().date(typed).replace("-02-29", "-02-28")


@mutant(
    kills="USI-VER-04",
    subcode="wrong_value",
    seen_in="clients that treat everything but Valid as a failure of the call",
    mend="Invalid is an answer: the registry knows no such USI, so it is not verified.",
    also=("USI-VER-05",),
)
class TakesInvalidForAFailure(Correct):
    """Concludes that the call has failed when the status is Invalid."""

    class Registry(UsiClient):
        def conclude(self, response):
            return "failed" if response["USIStatus"] == "Invalid" else super().conclude(response)


@mutant(
    kills="USI-VER-07",
    subcode="wrong_value",
    seen_in="a vendor's help page: put a single name into both fields",
    mend="Send SingleName for a person of one name.",
    also=("USI-WIRE-09", "USI-VER-03"),
)
class RepeatsSingleNames(Correct):
    """Sends a single name as first and as family name."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            request = next(envelope.iter("{*}VerifyUSI"), None)
            single = request.find("{*}SingleName") if request is not None else None
            if single is not None:
                single.tag = f"{{{_V5}}}FamilyName"
                given = etree.Element(f"{{{_V5}}}FirstName")
                given.text = single.text
                single.addprevious(given)
            super().seal(envelope, token)


@mutant(
    kills="USI-VER-02",
    subcode="wrong_value",
    seen_in="clients that stop reading at USIStatus",
    mend="Valid says that the USI exists; verified it is when every returned element is Match.",
    also=("USI-VER-07",),
)
class TakesValidForVerified(Correct):
    """Concludes from USIStatus alone."""

    class Registry(UsiClient):
        def conclude(self, response):
            return "verified" if response.get("USIStatus") == "Valid" else "not_verified"


@mutant(
    kills="USI-VER-03",
    subcode="wrong_value",
    seen_in="clients that look at the matches only",
    mend="A deactivated USI is not verified, whoever it belonged to.",
)
class VerifiesDeactivatedUsis(Correct):
    """Concludes from the matches alone, and so accepts a deactivated USI."""

    class Registry(UsiClient):
        def conclude(self, response):
            return super().conclude(
                {**response, "USIStatus": "Valid"} if response.get("USIStatus") == "Deactivated" else response
            )


@mutant(
    kills="USI-VER-05",
    subcode="crash",
    seen_in="the official sample, which reads the match elements without looking whether they are there",
    mend="An Invalid answer may hold nothing but the status.",
)
class FallsOverMissingFields(Correct):
    """Reads DateOfBirth of every answer."""

    class Registry(UsiClient):
        def conclude(self, response):
            return (
                "verified"
                if response["DateOfBirth"] and super().conclude(response) == "verified"
                else "not_verified"
            )


@mutant(
    kills="USI-VER-06",
    subcode="wrong_value",
    seen_in="a switch whose default branch is success",
    mend="Whatever is not Valid is not verified.",
)
class VerifiesUnknownStatus(Correct):
    """Takes any status but Invalid and Deactivated for a good one."""

    class Registry(UsiClient):
        def conclude(self, response):
            if response.get("USIStatus") not in ("Invalid", "Deactivated"):
                response = {**response, "USIStatus": "Valid"}
            return super().conclude(response)


@mutant(
    kills="USI-VER-10",
    subcode="wrong_value",
    seen_in="nightly jobs that record every failure as a wrong USI",
    mend="A fault says nothing about the USI; keep its state and try again later.",
    also=(
        "USI-FLT-06",
        "USI-FLT-08",
        "USI-VER5-02",
    ),
)
class TakesAFaultForAWrongUsi(Correct):
    """Concludes `not_verified` from a fault."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if not refusal.reason.startswith("service.") or call.operation != "VerifyUSI":
                    raise
                return {"USIStatus": "Invalid"}


@mutant(
    kills="USI-VER-10",
    subcode="wrong_value",
    seen_in="nightly jobs that catch every exception of the call",
    mend="A connection that breaks says nothing about the USI.",
    also=(
        "USI-FLT-08",
        "USI-SEC-01B",
    ),
)
class TakesABrokenConnectionForNoMatch(Correct):
    """Concludes `not_verified` when the connection breaks."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if refusal.reason != "transport.failed" or call.operation != "VerifyUSI":
                    raise
                return {"USIStatus": "Invalid"}


@mutant(
    kills="USI-VER-08",
    subcode="wrong_value",
    seen_in="a flag `verified` beside the USI that no edit touches",
    mend="Forget a verification when name, date of birth or USI change.",
    also=("USI-CRE-11",),
)
class TakesAUsiForAPerson(Correct):
    """Asks no more about a USI that was verified once, whoever it is said to belong to."""

    class Registry(UsiClient):
        verified = None

        def verify(self, order, call):
            self.verified = self.verified or {}
            prepared = self.prepare(call)
            if prepared["USI"] not in self.verified:
                concluded = super().verify(order, call)
                if concluded.conclusion != "verified":
                    return concluded
                self.verified[prepared["USI"]] = concluded
            return self.verified[prepared["USI"]]
