"""What the checks of the operations beyond verification have in common: what was sent, and what is told.

A call may take several requests: a product may fetch a list before it creates, or look a person up after an
answer was lost.  So every demand is held against the requests of one operation.
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol import checksum
from conformance.suite import Case, cases
from conformance.suite.calls import must_not_be_at_fault, shown_by, wrong_conclusion
from conformance.suite.iut import Iut, Observed, excerpt

if TYPE_CHECKING:
    from conformance.simulators.transcript import Exchange
    from conformance.suite.conftest import Scenario

NO_ANSWER: Final = (
    "transport.failed",
    "service.unavailable",
    "service.malformed_answer",
    "service.fault",
)
"""Reasons where an answer was lost, or is none that can be used."""

REFUSED: Final = ("service.validation", "service.fault")
"""Reasons where the registry refuses what was asked."""


def expecting(name: str, *statuses: str) -> pytest.MarkDecorator:
    """Give a check those vectors of a file that expect one of these; the others may be their twins.

    Args:
        name: path below `vectors/`.
        *statuses: `ok`, `rejected` or `either`.
    """
    chosen = [case for case in cases(name) if case.expect.status in statuses]
    return pytest.mark.parametrize("case", chosen, ids=[case.id for case in chosen])


# --- what was sent --------------------------------------------------------------------------------


def exchanges_of(scenario: "Scenario", operation: str) -> "list[Exchange]":
    """Return the requests for one operation with their answers, in their order."""
    return [
        exchange
        for exchange in scenario.registry_requests
        if exchange.facts is not None and exchange.facts.request.name == operation
    ]


def requests_of(scenario: "Scenario", operation: str) -> list[Observed]:
    """Return the requests for one operation as the registry's judge saw them.

    Raises:
        ImplementationError: there was none, because the product refused to send what is right.
        NotTestable: there was none for another cause.
    """
    scenario.cite()
    found = [
        Observed(exchange.judgement, exchange.facts, exchange, scenario.evidence, scenario.iut)
        for exchange in exchanges_of(scenario, operation)
    ]
    if not found:
        if kept_back(scenario, operation):
            scenario.reply.must_be_ok()
        raise NotTestable(
            f"the implementation sent no request {operation}",
            expected=f"one request {operation}",
            found=scenario.reply.described(),
            advice="see what the harness reports as the cause; run `evte doctor`",
        )
    return found


def kept_back(scenario: "Scenario", operation: str) -> bool:
    """Tell whether the product itself refused to ask, and did not fail for want of a token."""
    return (
        scenario.reply.answer.outcome is Outcome.REJECTED
        and scenario.reply.answer.reason in ("", "request.invalid", *_OF_USIS)
        and all(exchange.response.status == 200 for exchange in scenario.recording.sts)
        and not exchanges_of(scenario, operation)
    )


_OF_USIS: Final = ("usi.alphabet", "usi.length", "usi.format", "usi.check_character", "usi.type")


def must_have_asked_well(scenario: "Scenario", operation: str) -> None:
    """Make sure that a right request of the operation reached the registry, so that its answer is judged.

    Raises:
        NotTestable: the registry refused the request for what is wrong with it.
    """
    for request in requests_of(scenario, operation):
        must_not_be_at_fault(request.exchange)


def must_carry(found: object, wanted: Mapping[str, Any], where: str) -> None:
    """Demand that a request holds everything that was handed over, as it was handed over.

    The normal form of accents is left out of account, and what a product makes up may be there besides.

    Args:
        found: JSON form of what was sent.
        wanted: the form in which the product was given it.
        where: path of the element, for the message.

    Raises:
        ImplementationError: something is missing or was altered.
    """
    if not isinstance(found, Mapping):
        raise _altered(where, wanted, found)
    for name, value in wanted.items():
        sent, place = found.get(name), f"{where}/{name}"
        if isinstance(value, Mapping):
            if value:  # what has nothing in it may be left out
                must_carry(sent, value, place)
        elif isinstance(value, list):
            if not isinstance(sent, list) or len(sent) != len(value):
                raise _altered(place, f"{len(value)} elements", sent)
            for number, (one, other) in enumerate(zip(sent, value, strict=True), 1):
                must_carry(one, other, f"{place}[{number}]")
        elif _plain(sent) != _plain(value):
            raise _altered(place, value, sent)


def _plain(value: object) -> object:
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


def _altered(where: str, expected: object, found: object) -> ImplementationError:
    missing = "is missing" if found is None else "was not sent as it is recorded"
    return ImplementationError(
        f"{where.rpartition('/')[2]} {missing}",
        subcode=Subcode.WRONG_VALUE,
        expected=excerpt(expected),
        found="nothing" if found is None else excerpt(found),
        where=where,
    )


def must_send_it_all(scenario: "Scenario", case: Case, *codes: str) -> Observed:
    """Demand a valid request that breaks none of these rules and holds all that was handed over.

    Args:
        scenario: the call of the vector.
        case: is healthy.
        *codes: rules of the judge, besides the schema, as far as they concern the request.
    """
    operation = case.input["operation"]
    observed = requests_of(scenario, operation)[0]
    observed.must_satisfy("usi.schema")
    must_not_break(observed, *codes)
    must_carry(observed.facts.request.values, case.input["request"], operation)
    return observed


def must_not_break(observed: Observed, *codes: str) -> None:
    """Demand that of these rules of the judge none is broken, where it could be examined at all."""
    observed.must_satisfy(*(code for code in codes if code in observed.judgement.examined))


def must_not_send(scenario: "Scenario", case: Case, *codes: str) -> None:
    """Demand that what a vector calls wrong is refused, and is not sent as it is.

    Where the vector leaves the choice, the registry's refusal is as good as the product's, if it is told.

    Args:
        scenario: the call of the vector.
        case: expects `rejected` or `either`.
        *codes: rules of the judge that hold for whatever is sent, besides the schema.
    """
    operation = case.input["operation"]
    refused = False
    for exchange in exchanges_of(scenario, operation):
        observed = Observed(exchange.judgement, exchange.facts, exchange, scenario.evidence, scenario.iut)
        must_not_break(observed, "usi.schema", *codes)
        refused = bool(exchange.facts.fault) or _result_in(exchange.facts.answer or {}) == "Failure"
    answer = scenario.cite().reply.answer
    if case.expect.status == "rejected" or answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*case.expect.reasons)
    elif refused and answer.value["conclusion"] != "failed":
        raise wrong_conclusion("a refusal, or failed", answer.value["conclusion"], "the registry refused it")


def must_keep_to(iut: Iut, call_of: Callable[[Case], "Scenario"], case: Case, *codes: str) -> None:
    """Demand that a healthy vector is sent whole, and that any other is not sent as it is.

    Args:
        iut: the implementation.
        call_of: carries out the call of a vector.
        case: the vector; its healthy twin comes first.
        *codes: rules of the judge that hold for whatever is sent.
    """
    if case.expect.status == "ok":
        must_send_it_all(call_of(case), case, *codes)
        return
    iut.twin(case, lambda twin: call_of(twin).reply)
    must_not_send(call_of(case), case, *codes)


# --- what is told ---------------------------------------------------------------------------------


def must_be_told(scenario: "Scenario", operation: str, *conclusions: str, because: str) -> dict[str, Any]:
    """Demand one of these conclusions from the answer to a right request, and return the value.

    Raises:
        ImplementationError: another conclusion, a refusal, or a crash.
        NotTestable: the request was not right.
    """
    must_have_asked_well(scenario, operation)
    value: dict[str, Any] = scenario.reply.must_be_ok()
    if value["conclusion"] not in conclusions:
        raise wrong_conclusion(" or ".join(conclusions), value["conclusion"], because)
    return value


def must_not_be_told(
    scenario: "Scenario",
    operation: str,
    *conclusions: str,
    because: str,
    reasons: Collection[str] = NO_ANSWER,
) -> None:
    """Demand any conclusion but these, or a refusal for one of these reasons.

    Raises:
        ImplementationError: one of these conclusions, a refusal for another reason, or a crash.
        NotTestable: the request was not right.
    """
    must_have_asked_well(scenario, operation)
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*reasons)
    elif answer.value["conclusion"] in conclusions:
        raise wrong_conclusion(
            f"anything but {' or '.join(conclusions)}", answer.value["conclusion"], because
        )


def must_be_told_failed(scenario: "Scenario", operation: str, because: str) -> None:
    """Demand that a right request, which the registry did not carry out, is told as a failure.

    Raises:
        ImplementationError: another conclusion, a refusal for another reason, or a crash.
        NotTestable: the request was not right.
    """
    must_have_asked_well(scenario, operation)
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*REFUSED)
    elif answer.value["conclusion"] != "failed":
        raise wrong_conclusion("failed", answer.value["conclusion"], because)


def must_go_well(scenario: "Scenario", operation: str, conclusion: str) -> None:
    """Make sure that the healthy twin ended as it should: who never succeeds proves nothing by a failure.

    Raises:
        NotTestable: it did not.
        Inconclusive: the product crashed or hung on it.
    """
    try:
        must_have_asked_well(scenario, operation)
    except ImplementationError as miss:
        raise _unproven(conclusion, miss.found) from miss
    value = scenario.reply.must_be_ok(as_twin=True)
    if value["conclusion"] != conclusion:
        raise _unproven(conclusion, value["conclusion"])


def _unproven(expected: str, found: str) -> NotTestable:
    return NotTestable(
        "the healthy twin did not end well, so that nothing can be learned from this case",
        expected=expected,
        found=found,
        advice="mend the failure on the twin first",
    )


def must_hold(value: Mapping[str, Any], wanted: Mapping[str, Any], where: str = "response") -> None:
    """Demand that what a product reports holds at least these elements of the answer.

    Raises:
        ImplementationError: one is missing, or has another value.
    """
    for name, expected in wanted.items():
        found = value.get(name) if isinstance(value, Mapping) else None
        if isinstance(expected, Mapping):
            must_hold(found if isinstance(found, Mapping) else {}, expected, f"{where}/{name}")
        elif found != expected:
            raise ImplementationError(
                f"the response that the product reports has another {name} than the registry gave",
                subcode=Subcode.WRONG_VALUE,
                expected=excerpt(expected),
                found="nothing" if found is None else excerpt(found),
                where=f"{where}/{name}",
            )


def must_name_the_usi(value: Mapping[str, Any], scenario: "Scenario", operation: str) -> str:
    """Demand that the USI which is reported is the one in the registry's answer, and return it.

    Raises:
        ImplementationError: there is none, it is another one, or its check character is wrong.
    """
    given = usi_in(exchanges_of(scenario, operation)[-1].facts.answer or {})
    found = usi_in(value["response"] if isinstance(value["response"], dict) else {})
    if not given or found != given or checksum.reasons(given):
        raise ImplementationError(
            "the product reports another USI than the registry gave",
            subcode=Subcode.WRONG_VALUE,
            expected=given or "none",
            found=found or "none",
            where="response/USI",
        )
    return given


def usi_in(answer: Mapping[str, Any]) -> str:
    """Return the USI of an answer, or of the application in it; empty when there is none."""
    application = answer.get("Application")
    holder = application if isinstance(application, Mapping) else answer
    return str(holder.get("USI") or "")


def _result_in(answer: Mapping[str, Any]) -> str:
    application = answer.get("Application")
    holder = application if isinstance(application, Mapping) else answer
    return str(holder.get("Result") or "")


def must_show_all(scenario: "Scenario", *texts: str) -> None:
    """Demand that these texts of an answer are in what the user is shown.

    Raises:
        ImplementationError: one is not.
    """
    answer = scenario.reply.answer
    records = answer.value.get("records", "") if isinstance(answer.value, dict) else ""
    shown = f"{shown_by(answer)} {records}"
    if missing := [text for text in texts if text not in shown]:
        raise ImplementationError(
            "what the registry says of its refusal does not reach the user",
            subcode=Subcode.WRONG_VALUE,
            expected=" and ".join(missing),
            found=excerpt(shown.strip()) or "no message",
            advice="show code and message of every Error as they came",
        )


def errors_in(answer: Mapping[str, Any]) -> list[str]:
    """Return code and message of every Error in an answer, or in the one application of it."""
    application = answer.get("Application")
    holder = application if isinstance(application, Mapping) else answer
    errors = (holder.get("Errors") or {}).get("Error") or []
    return [text for error in errors for text in (error["Code"], error["Message"])]
