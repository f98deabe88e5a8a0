"""Clients of the token service that misread its answer in one way each."""

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient


@mutant(
    kills="STS-P12",
    subcode="wrong_value",
    seen_in="clients that show every failure as one sentence",
    mend="Show the event code, its description and its advice: they tell the user what to do.",
    also=("KS-L10",),
)
class SwallowsTheEventCode(Correct):
    """Tells its user of any fault that no token could be had."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            return Refusal(refusal.reason, code="ERROR", text="No token could be obtained.")


@mutant(
    kills="STS-P13",
    subcode="wrong_value",
    seen_in="retry policies that wrap every call",
    mend="Ask again only after E1001, E1003, E1004 and E2190; nothing else passes by itself.",
    also=("KS-L01",),
)
class RetriesEveryFault(Correct):
    """Asks again after any fault, whatever its code."""

    class Tokens(TokenClient):
        def worth_another_try(self, refusal):
            return True


@mutant(
    kills="STS-P13",
    subcode="wrong_value",
    seen_in="likely: lists of codes not to repeat, in place of the list of those to repeat",
    mend="Ask again only after E1001, E1003, E1004 and E2190, not after whatever is unknown.",
    also=("KS-L01",),
)
class RetriesUnlessItKnowsBetter(Correct):
    """Knows that E2003 is final and asks again after every other event."""

    class Tokens(TokenClient):
        def worth_another_try(self, refusal):
            return refusal.code.startswith("E") and refusal.code != "E2003"


@mutant(
    kills="STS-P14",
    subcode="wrong_reason",
    seen_in="HTTP libraries that raise on 500, and clients that look no further",
    mend="Read the body of a 500: a SOAP fault comes with it.",
    also=("STS-P12", "KS-L01", "KS-L02", "KS-L03", "KS-L10", "KS-L11", "KS-L12"),
)
class TakesAFaultForAnOutage(Correct):
    """Takes HTTP 500 for a broken connection and never reads the fault."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            if answer.status != 200:
                raise Refusal("transport.failed", code=f"HTTP {answer.status}", text="Please try again.")
            return super().read(order, answer, attempt)
