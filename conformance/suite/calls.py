"""What the checks of calls to the registry have in common: to ask, and to judge what is concluded."""

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.suite import Case

if TYPE_CHECKING:
    from conformance.adapters.contract import Answer
    from conformance.simulators.transcript import Exchange
    from conformance.suite.conftest import CarryOut, Scenario
    from conformance.suite.iut import Observed

NAMES: Final = ("FirstName", "FamilyName", "SingleName")


def asked(carry_out: "CarryOut", case: Case, faults: tuple[str, ...] = ()) -> "Scenario":
    """Carry out the call of a vector."""
    file = case.file.rpartition("/")[2].removesuffix(".json").replace("_", "-")
    return carry_out(f"{file}-{case.id}", faults=faults, **case.input).cite()


def kept_back(scenario: "Scenario") -> bool:
    """Tell whether the product itself refused to send the request, and did not fail for want of a token."""
    return (
        scenario.reply.answer.outcome is Outcome.REJECTED
        and scenario.reply.answer.reason in ("", "request.invalid")
        and all(exchange.response.status == 200 for exchange in scenario.recording.sts)
        and not scenario.registry_requests
    )


def must_have_sent_well(scenario: "Scenario") -> None:
    """Make sure that a right request reached the registry, so that its answer is what is judged."""
    must_not_be_at_fault(scenario.registry_request().exchange)


def must_not_be_at_fault(exchange: "Exchange") -> None:
    """Make sure that the registry did not refuse a request for what is wrong with it.

    Raises:
        NotTestable: it did.
    """
    if exchange.response.status != 200 and not exchange.judgement.accepted:
        errors = [finding for finding in exchange.judgement.findings if finding.severity == "error"]
        raise NotTestable(
            "the registry refused the request, so that there was no answer to conclude from",
            expected="a right request",
            found="; ".join(dict.fromkeys(finding.message.rstrip(".") for finding in errors[:3])),
            advice="mend the failures on the request first",
        )


def answered(scenario: "Scenario") -> dict[str, Any]:
    """Return what the product concluded from an answer to a right request."""
    must_have_sent_well(scenario)
    value: dict[str, Any] = scenario.reply.must_be_ok()
    return value


def must_have_verified(healthy: "Scenario") -> None:
    """Make sure that the healthy twin was verified: a product that verifies nobody proves nothing."""
    must_have_sent_well(healthy)
    value = healthy.cite().reply.must_be_ok(as_twin=True)
    if value["conclusion"] != "verified":
        raise NotTestable(
            "the healthy twin was not verified, so that nothing can be learned from this case",
            expected="verified",
            found=value["conclusion"],
            advice="mend the failure on the person whose particulars are all right first",
        )


def must_conclude(scenario: "Scenario", case: Case) -> None:
    """Demand the conclusion and the elements of the response that a vector expects."""
    value = case.expect.value
    must_be_concluded(answered(scenario), value["conclusion"], value["response"])


def must_be_concluded(value: dict[str, Any], conclusion: str, response: dict[str, str]) -> None:
    """Demand a conclusion, and a response that holds at least these elements."""
    if value["conclusion"] != conclusion:
        told = ", ".join(f"{name} {text}" for name, text in response.items())
        raise wrong_conclusion(conclusion, value["conclusion"], f"the registry answered {told}")
    found = value["response"] if isinstance(value["response"], dict) else {}
    for name, text in response.items():
        if found.get(name) != text:
            raise ImplementationError(
                f"the response that the product reports has another {name} than the registry gave",
                subcode=Subcode.WRONG_VALUE,
                expected=text,
                found=str(found.get(name, "nothing")),
                where=f"VerifyUSIResponse/{name}",
            )


def wrong_conclusion(expected: str, found: object, because: str) -> ImplementationError:
    """Return the failure of a product that tells its user something else than the answer says."""
    return ImplementationError(
        f"the user is told something else than the answer says: {because}",
        subcode=Subcode.WRONG_VALUE,
        expected=expected,
        found=str(found),
        where="conclusion",
    )


def must_send_the_names(scenario: "Scenario", case: Case) -> None:
    """Demand that the names of a vector are sent as recorded, or kept back where that is right too."""
    if case.expect.status == "either" and kept_back(scenario):
        scenario.reply.must_be_refused(*case.expect.reasons)
        return
    observed = scenario.registry_request()
    observed.must_satisfy("soap.unreadable")
    must_have_sent(observed, names_of(case.input["request"]))


def must_have_sent(observed: "Observed", wanted: dict[str, str]) -> None:
    """Demand that the request holds these texts, whatever the normal form of their accents.

    Which form of the name is used is a question of its own: an element that is missing because the other
    form was chosen is nothing that could have been altered.
    """
    if not observed.facts.request.name:
        raise NotTestable(
            "the request is none that could be read",
            advice="mend the failures on the form of the request first",
        )
    broken = {finding.code for finding in observed.judgement.findings}
    for name, text in wanted.items():
        sent = observed.facts.request.values.get(name)
        if sent is None and broken & {"usi.name_branch", "usi.empty_name"}:
            raise NotTestable(
                f"the request has no {name}, because another form of the name was sent",
                advice="mend the form of the name first",
            )
        if not isinstance(sent, str) or _composed(sent) != _composed(text):
            raise ImplementationError(
                f"{name} was not sent as it is recorded",
                subcode=Subcode.WRONG_VALUE,
                expected=repr(text),
                found=repr(sent),
                where=f"{observed.facts.request.name}/{name}",
            )


def names_of(person: dict[str, str]) -> dict[str, str]:
    """Return those elements of a request that are names."""
    return {name: text for name, text in person.items() if name in NAMES}


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def must_report(scenario: "Scenario", *reasons: str) -> None:
    """Demand that a fault is reported as a failure for one of these reasons.

    The conclusion `failed` states no reason, so that the code has to be in what the product shows.
    """
    must_have_sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*reasons)
    elif answer.value["conclusion"] != "failed":
        raise NotTestable(
            "the product took the fault for an answer, so that it cannot be seen what it understood",
            expected="a refusal",
            found=scenario.reply.described(),
            advice="mend the failure of USI-VER-10 first",
        )
    elif (code := scenario.recording.faults[0].rpartition(".")[2]) not in shown_by(answer):
        raise ImplementationError(
            f"the user is told that the call failed, but not with which code: the registry answered {code}",
            subcode=Subcode.WRONG_VALUE,
            expected=f"a refusal: {' or '.join(reasons)}; or the code {code} in the response",
            found=scenario.reply.described(),
            advice="answer `rejected` with the reason, or show code and message as they came",
        )


def shown_by(answer: "Answer") -> str:
    """Return everything that an answer tells the user, as one text."""
    native = answer.native
    told = f"{native.code} {native.text}" if native is not None else ""
    return told if answer.outcome is not Outcome.OK else f"{told} {answer.value['response']}"


def not_understood(scenario: "Scenario") -> NotTestable:
    """Return what is said of codes where a product finds none at all."""
    return NotTestable(
        "the product does not find the code of a fault, so that nothing can be asked about codes",
        expected="service.validation for the code 1002",
        found=scenario.reply.described(),
        advice="mend the failures of USI-FLT-03 and USI-VER5-03 first",
    )


def must_not_ask_more_than(scenario: "Scenario", most: int, fault: str) -> None:
    """Demand that a request was not sent more often than this in one call."""
    found = len(scenario.registry_requests)
    if found > most:
        raise ImplementationError(
            f"after {fault.rpartition('.')[2]} the request was repeated",
            subcode=Subcode.WRONG_VALUE,
            expected=f"at most {most} request{'s' if most > 1 else ''}",
            found=f"{found} requests",
        )


def must_have_failed(scenario: "Scenario", *reasons: str) -> None:
    """Demand that a call which brought no usable answer is told as a failure, and as nothing else.

    Raises:
        ImplementationError: something is concluded about the USI, the reason is another one, or it crashed.
    """
    must_have_sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*reasons)
    elif answer.value["conclusion"] != "failed":
        faults = " and ".join(scenario.recording.faults)
        raise wrong_conclusion(
            "a refusal, or the conclusion failed", answer.value["conclusion"], f"the fault was {faults}"
        )


def must_show(scenario: "Scenario", *codes: str) -> None:
    """Demand that these codes are in what the user is shown.

    Raises:
        ImplementationError: one is not.
    """
    shown = shown_by(scenario.reply.answer)
    if missing := [code for code in codes if code not in shown]:
        raise ImplementationError(
            f"the code of a fault is not shown: {' and '.join(missing)}",
            subcode=Subcode.WRONG_VALUE,
            expected=f"a message with {' and '.join(codes)}",
            found=shown.strip() or "no message",
            advice="show title, code and message of every ErrorInfo as they came",
        )
