"""Clients of the registry that lose their head in one way each when it, or the network, does not answer."""

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import Concluded, UsiClient

_V4 = "http://usi.gov.au/2020/ws"


@mutant(
    kills="USI-FLT-01",
    subcode="wrong_reason",
    seen_in="clients that know the code 1002 and take every other one for it",
    mend="Tell the codes apart: an outdated version needs an upgrade, not other data.",
    also=("USI-VER5-02",),
)
class TakesAnOutdatedVersionForBadData(Correct):
    """Blames the data when the registry says that the version is outdated."""

    class Registry(UsiClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            if refusal.code == "3458":
                return Refusal("service.validation", code=refusal.code, text=refusal.text)
            return refusal


@mutant(
    kills="USI-FLT-04",
    subcode="wrong_value",
    seen_in="retry loops without an end",
    mend="Ask a few times with growing pauses, then tell the user to try later.",
    also=("USI-FLT-04B",),
)
class KeepsAskingDuringAnOutage(Correct):
    """Asks twenty times while the registry is not available."""

    class Registry(UsiClient):
        pauses = (0.01,) * 19


@mutant(
    kills="USI-FLT-03",
    subcode="wrong_reason",
    seen_in="HTTP libraries that raise on 500, and clients that look no further",
    mend="Read the body of a 500: the fault is in it.",
    also=("STS-P11B",),
)
class TakesEveryFaultForAnOutage(Correct):
    """Takes HTTP 500 for a service that is not there."""

    class Registry(UsiClient):
        def explain(self, fault):
            return Refusal("service.unavailable", code="HTTP 500", text="Internal Server Error")


@mutant(
    kills="USI-VER5-03",
    subcode="wrong_reason",
    seen_in="clients that look for ErrorInfo in the namespace of version 5",
    mend="Read the fault's detail in http://usi.gov.au/2020/ws: version 5 kept it.",
)
class LooksForFaultsInVersionFive(Correct):
    """Finds no ErrorInfo, because it looks in the namespace of 2022."""

    class Registry(UsiClient):
        def errors(self, detail):
            return []


@mutant(
    kills="USI-FLT-01",
    subcode="wrong_value",
    seen_in="clients that show every failure as one sentence",
    mend="Tell what failed: code and message of the fault, and who can mend it.",
    also=(
        "USI-FLT-03",
        "USI-FLT-04",
        "USI-FLT-09",
        "USI-VER5-03",
        "USI-FLT-02",
        "USI-FLT-02B",
        "USI-FLT-03B",
        "USI-VER5-02",
        "USI-VER5-04",
    ),
)
class CallsEveryFaultAFailure(Correct):
    """Concludes `failed` from every fault and tells nothing else."""

    def usi_call(self, **exchange):
        answer = super().usi_call(**exchange)
        if answer["status"] == "rejected" and answer["reason"].startswith("service."):
            return self.ok({"response": {}, "conclusion": "failed"})
        return answer


@mutant(
    kills="USI-FLT-05",
    subcode="wrong_value",
    seen_in="retry policies that wrap every call",
    mend="Ask again after 1001 only.",
    also=("USI-VER5-02", "USI-FLT-07"),
)
class RepeatsRefusedRequests(Correct):
    """Asks again after any fault of the registry."""

    class Registry(UsiClient):
        def worth_another_try(self, refusal):
            return refusal.reason.startswith("service.")


@mutant(
    kills="USI-FLT-09",
    subcode="wrong_value",
    seen_in="clients that show every failure as one sentence",
    mend="Show title, code and message as the registry gave them.",
    # It reads the code off what it shows, so that a refused token is not replaced either.
    also=("STS-P11B", "USI-FLT-02", "USI-FLT-02B", "USI-VER5-02"),
)
class HidesTheCode(Correct):
    """Tells its user of any fault that something went wrong."""

    class Registry(UsiClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            return Refusal(refusal.reason, code="ERROR", text="Something went wrong.")


@mutant(
    kills="USI-FLT-02",
    subcode="wrong_value",
    seen_in="clients that were tried with one kind of fault only",
    mend="Look for ErrorInfo anywhere in the detail: it may stand in an array.",
    also=("USI-FLT-02B", "USI-VER5-04"),
)
class FindsNoErrorsInArrays(Correct):
    """Looks for ErrorInfo right below the detail."""

    class Registry(UsiClient):
        def errors(self, detail):
            alone = detail is not None and detail.find(f"{{{_V4}}}ErrorInfo") is not None
            return super().errors(detail) if alone else []


@mutant(
    kills="USI-FLT-02B",
    subcode="wrong_value",
    seen_in="clients that take the first element of an array",
    mend="Show every ErrorInfo; the user can mend all of them at once.",
)
class ShowsTheFirstErrorOnly(Correct):
    """Tells one error of several."""

    class Registry(UsiClient):
        def errors(self, detail):
            return super().errors(detail)[:1]


@mutant(
    kills="USI-FLT-03B",
    subcode="wrong_reason",
    seen_in="clients that look for a fault under 500 only",
    mend="Look for Fault in the Body whatever the status is.",
)
class LooksForFaultsUnder500Only(Correct):
    """Reads whatever comes with 200 as an answer of the operation, and finds no status in it."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            answer = super().post(order, address, message, headers)
            if answer.status == 200 and b":Fault>" in answer.body:
                raise Refusal("service.malformed_answer", text="The answer has no status.")
            return answer


@mutant(
    kills="USI-FLT-04B",
    subcode="wrong_value",
    seen_in="retry policies whose pause is left at zero",
    mend="Pause before you ask again, and longer each time.",
)
class AsksTheRegistryAgainAtOnce(Correct):
    """Asks again after 1001 without a pause."""

    class Registry(UsiClient):
        pauses = (0.0, 0.0)


@mutant(
    kills="USI-FLT-05",
    subcode="wrong_value",
    seen_in="likely: a list of codes that pass by themselves, made by guessing",
    mend="Ask again after 1001 only: what could not be verified will not be verified next time.",
)
class AsksAgainAfterUnverifiedIdentity(Correct):
    """Takes 2004 for something that passes."""

    class Registry(UsiClient):
        def worth_another_try(self, refusal):
            return refusal.code == "2004" or super().worth_another_try(refusal)


@mutant(
    kills="USI-FLT-06",
    subcode="crash",
    seen_in="clients that read the detail without looking whether there is one",
    mend="Treat the detail as optional.",
    also=("STS-P11", "STS-P11B", "USI-FLT-07"),
)
class FallsOverAFaultWithoutDetail(Correct):
    """Reads the first child of every detail."""

    class Registry(UsiClient):
        def explain(self, fault):
            assert fault.detail[0] is not None
            return super().explain(fault)


@mutant(
    kills="USI-FLT-08",
    subcode="crash",
    seen_in="clients that parse whatever comes with 200",
    mend="Catch what the parser raises, and say that the answer is not that of the registry.",
)
class FallsOverWhatIsNoXml(Correct):
    """Lets the error of its parser out when a page or nothing comes under 200."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            answer = super().post(order, address, message, headers)
            if answer.status == 200 and b"<!DOCTYPE kit" not in answer.body:
                etree.fromstring(answer.body)
            return answer


@mutant(
    kills="USI-FLT-08",
    subcode="wrong_value",
    seen_in="nightly jobs that store `not verified` for whatever is no Valid",
    mend="An answer that cannot be read says nothing about the USI.",
)
class TakesAPageForNoMatch(Correct):
    """Concludes `not_verified` from an answer that it cannot read."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                if refusal.reason != "service.malformed_answer" or call.operation != "VerifyUSI":
                    raise
                return {"USIStatus": "Invalid"}


@mutant(
    kills="USI-VER5-02",
    subcode="wrong_value",
    seen_in="retry policies that know a list of codes for which they give up, and 3458 is not on it",
    mend="After 3458 only an upgrade helps: say so, and do not ask again.",
    also=("USI-FLT-05",),
)
class AsksAgainAtAnOutdatedVersion(Correct):
    """Takes 3458 for something that passes."""

    class Registry(UsiClient):
        def worth_another_try(self, refusal):
            return refusal.code == "3458" or super().worth_another_try(refusal)


@mutant(
    kills="USI-VER5-04",
    subcode="wrong_reason",
    seen_in="clients generated from the WSDL, which names one namespace of faults",
    mend="Accept ErrorInfo in the namespace of 2022 as well.",
)
class LooksForFaultsInVersionFourOnly(Correct):
    """Finds ErrorInfo in the namespace of 2020 only."""

    class Registry(UsiClient):
        def errors(self, detail):
            known = detail is not None and any(True for _ in detail.iter(f"{{{_V4}}}ErrorInfo"))
            return super().errors(detail) if known else []


@mutant(
    kills="USI-FLT-07",
    subcode="wrong_value",
    seen_in="likely: a retry policy around the token cache, which one operation was taken out of",
    mend="Renew the token once, and call once more.",
)
class RenewsTheTokenAgainAndAgain(Correct):
    """Renews the token five times where it may not ask again after an outage."""

    class Registry(UsiClient):
        def carry_out(self, order, call, request):
            for _ in range(4):
                try:
                    return super().carry_out(order, call, request)
                except Refusal as refusal:
                    if refusal.code != "InvalidSecurity" or call.operation == "VerifyUSI":
                        raise
                    self.tokens.forget(order)
            return super().carry_out(order, call, request)


@mutant(
    kills="USI-FLT-08",
    subcode="wrong_value",
    seen_in="likely: lists that are filled with whatever the parser found, which may be nothing",
    mend="An answer that cannot be read is no empty list: say that it failed.",
)
class TakesAPageForAnEmptyList(Correct):
    """Tells an empty list where the answer to the request for one cannot be read."""

    class Registry(UsiClient):
        def list_of(self, order, call):
            try:
                return super().list_of(order, call)
            except Refusal as refusal:
                if refusal.reason != "service.malformed_answer":
                    raise
                return Concluded({}, "listed")


@mutant(
    kills="USI-FLT-10",
    subcode="wrong_value",
    seen_in="likely: one table for both kinds of codes, keyed by their digits",
    mend="Keep both as they came: the text E012, the number 1002.",
)
class KnowsNumbersOnly(Correct):
    """Keeps the digits of the code of an error."""

    def usi_call(self, **exchange):
        return _with_digits(super().usi_call(**exchange))


def _with_digits(answer):
    """Return an answer in which the codes of errors have lost their first letter."""
    if isinstance(answer, list):
        return [_with_digits(each) for each in answer]
    if not isinstance(answer, dict):
        return answer
    return {
        name: value[1:] if name == "Code" and isinstance(value, str) else _with_digits(value)
        for name, value in answer.items()
    }


@mutant(
    kills="USI-FLT-11",
    subcode="hang",
    seen_in="HTTP libraries that wait for ever unless they are told otherwise",
    mend="Give every connection a time-out for reading.",
)
class WaitsForEver(Correct):
    """Has no time-out for the registry's answer."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            return self.tokens.connection(order.ca_file).post(address, message, headers, patience=None)
