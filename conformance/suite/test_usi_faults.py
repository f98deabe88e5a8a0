"""Does the product keep its head when the registry, or the network before it, gives no answer?

Every scenario is the healthy one with one fault, and proves nothing unless the healthy one verified a person.
A crash or a hang is no refusal.
"""

import re
from itertools import pairwise

import pytest

from conformance.adapters.contract import DEADLINE, Outcome
from conformance.errors import ImplementationError, KitError, NotTestable
from conformance.model import Subcode
from conformance.protocol.operations import V5
from conformance.suite import operation, requirement
from conformance.suite.calls import (
    kept_back,
    must_have_failed,
    must_have_sent_well,
    must_have_verified,
    must_not_ask_more_than,
    must_report,
    must_show,
    not_understood,
    shown_by,
    wrong_conclusion,
)
from conformance.suite.flows import COMES_FIRST, REQUESTS, each_operation
from conformance.suite.operations import exchanges_of, must_have_asked_well, must_show_all

MOST_ATTEMPTS = 5
"""How often a product may ask while the registry says that it is not available, within one call."""

NOT_RETRIED = ("registry.1002", "registry.2002", "registry.2004", "registry.3458")

AT_ONCE_MS = 90
"""Milliseconds: who asks again sooner has not paused.  To seal and send a request takes some ten of them."""

GROWTH = 1.1
"""The last pause is longer than the first one by this factor at least; the product's own work blurs both."""

NO_ANSWER = ("service.malformed_answer", "service.unavailable", "service.fault", "transport.failed")
"""Reasons where what came is no answer of the registry; whose fault that is cannot be told from it."""

OUTDATED_PATHS = {"version-4": "/service/usiservice.svc", "version-3": "/Service/v3/UsiCreateService.svc"}
"""Where the registry used to be."""

WITH_ERRORS = {
    "CreateUSI": "registry.create_failure",
    "UpdateUSIContactDetails": "registry.update_failure",
    "LocateUSI": "registry.locate_errors",
}
"""Operation -> the fault that puts Errors into its answer."""

SAYS_NOTHING_WAS_LEARNED = ("failed", "unclear")
"""Conclusions of a call whose outcome is not known."""

READING = ("BulkVerifyUSI", "BulkUploadRetrieve", "LocateUSI", "GetCountries", "GetNonDvsDocumentTypes")
"""Operations besides VerifyUSI that change no record: of what is no answer to them nothing is left open."""

MOST_AFTER_INVALID_SECURITY = 2
"""How often either service may be asked for one call that is refused for its security every time."""

NOTHING_TO_ASK_FOR = ("request.invalid",)
"""Where the upload was not answered either, there may be no receipt to retrieve by."""

ENOUGH_S = 6.0
"""Seconds that a product is given which ends a call in time for its deadline."""

LONGEST_TIME_OUT_S = 130.0
"""Seconds that every other one is given; the time-outs of public clients are 30 to 120 seconds."""

SPEAKS_OF_VERSIONS = re.compile(r"3458|version|upgrade|update|outdated|no longer", re.IGNORECASE)


@requirement("USI-FLT-03")
def test_reads_the_body_of_http_500(healthy, refused_call):
    """A fault that comes with HTTP 500 is recognised as one, not taken for an outage of the server."""
    must_have_verified(healthy)
    must_report(refused_call("registry.1002"), "service.validation", "service.fault")


@requirement("USI-VER5-03")
def test_finds_error_info_in_the_namespace_of_2020(healthy, refused_call):
    """The code in the fault's detail is found, though its namespace is that of version 4."""
    must_have_verified(healthy)
    scenario = refused_call("registry.1002")
    if scenario.reply.answer.reason in ("", "service.validation", "service.fault"):
        must_report(scenario, "service.validation")
    else:
        raise not_understood(scenario)


@requirement("USI-FLT-01")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("registry.2002", "service.not_authorised"), ("registry.3458", "service.outdated_version")],
    ids=["2002", "3458"],
)
def test_tells_faults_apart(understood, refused_call, fault, reason):
    """The code of a single ErrorInfo decides what the user is told."""
    understood()
    must_report(refused_call(fault), reason)


@requirement("USI-FLT-04")
def test_gives_up_on_an_outage_in_the_end(understood, refused_call):
    """While the registry is not available it is asked again a few times at most, and the user is told so."""
    understood()
    scenario = refused_call("registry.1001")
    must_report(scenario, "service.unavailable")
    must_not_ask_more_than(scenario, MOST_ATTEMPTS, "registry.1001")


@requirement("USI-FLT-05")
@pytest.mark.parametrize("fault", NOT_RETRIED)
def test_does_not_repeat_what_cannot_succeed(healthy, refused_call, fault):
    """After 1002, 2002, 2004 and 3458 the same request is not sent again."""
    must_have_verified(healthy)
    scenario = refused_call(fault)
    must_have_sent_well(scenario)
    must_not_ask_more_than(scenario, 1, fault)


@requirement("USI-FLT-09")
def test_shows_an_unknown_code(understood, refused_call):
    """A code that the product does not know is shown to the user as it came."""
    understood()
    scenario = refused_call("registry.7777")
    must_report(scenario, "service.fault", "service.validation")
    must_show(scenario, "7777")


@requirement("USI-FLT-02")
def test_reads_a_fault_of_several_errors(understood, refused_call):
    """An array of ErrorInfo is a fault like any other: one of its codes at least reaches the user."""
    understood()
    scenario = refused_call("registry.1002", "registry.2004")
    must_report(scenario, "service.validation", "service.fault")
    shown = shown_by(scenario.reply.answer)
    if "1002" not in shown and "2004" not in shown:
        must_show(scenario, "1002", "2004")


@requirement("USI-FLT-02B")
def test_shows_every_error_of_a_fault(understood, refused_call):
    """Of several errors each one reaches the user, so that all can be mended at once."""
    understood()
    scenario = refused_call("registry.1002", "registry.2004")
    must_report(scenario, "service.validation", "service.fault")
    must_show(scenario, "1002", "2004")


@requirement("USI-FLT-03B")
def test_reads_a_fault_under_http_200(understood, refused_call):
    """A fault that comes with HTTP 200 is one all the same."""
    understood()
    must_report(refused_call("registry.1002", "registry.fault_200"), "service.validation", "service.fault")


@requirement("USI-VER5-04")
def test_finds_error_info_in_the_namespace_of_2022(understood, refused_call):
    """Should ErrorInfo ever move to the namespace of the rest, its code is found there too."""
    understood()
    must_report(refused_call("registry.1002", "registry.fault_2022"), "service.validation")


@requirement("USI-FLT-06")
def test_copes_with_a_fault_without_detail(healthy, refused_call):
    """A fault may have no detail at all: it is a failure of the call, and nothing falls over."""
    must_have_verified(healthy)
    must_have_failed(refused_call("registry.no_detail"), "service.fault", "service.unavailable")


@requirement("USI-FLT-08")
@pytest.mark.parametrize(
    "fault", ["html", "html_500", "empty", "truncated", "reset_before", "reset_after", "unavailable"]
)
def test_refuses_what_is_no_answer(healthy, refused_call, fault):
    """A page for people, nothing, or half of an answer says nothing about the USI: the call has failed."""
    must_have_verified(healthy)
    scenario = refused_call(f"registry.{fault}")
    must_have_failed(scenario, *NO_ANSWER)
    must_not_ask_more_than(scenario, MOST_ATTEMPTS, f"registry.{fault}")


@requirement("USI-FLT-08")
def test_copes_with_another_media_type(healthy, refused_call):
    """A right answer under a wrong label is used or refused; nothing else happens."""
    must_have_verified(healthy)
    scenario = refused_call("registry.content_type")
    must_have_sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is Outcome.OK and answer.value["conclusion"] not in ("verified", "failed"):
        raise wrong_conclusion(
            "verified, or a refusal", answer.value["conclusion"], "everything matches, under another label"
        )
    scenario.reply.must_be_ok_or_refused(*NO_ANSWER)


@requirement("USI-FLT-04")
def test_recovers_from_a_short_outage(understood, refused_call):
    """Where the registry is back at once, the person is verified in the end, or the outage is told."""
    understood()
    scenario = refused_call("registry.1001@1")
    must_have_sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is Outcome.OK and answer.value["conclusion"] not in ("verified", "failed"):
        raise wrong_conclusion(
            "verified, or a refusal", answer.value["conclusion"], "1001 once, then Valid and every Match"
        )
    scenario.reply.must_be_ok_or_refused("service.unavailable")


@requirement("USI-FLT-04B")
def test_pauses_before_it_asks_again(understood, refused_call):
    """Between two requests there is a pause, and the last one is longer than the first."""
    understood()
    scenario = refused_call("registry.1001")
    must_have_sent_well(scenario)
    pauses = [
        later.at_ms - (earlier.at_ms + earlier.took_ms)
        for earlier, later in pairwise(scenario.registry_requests)
    ]
    if pauses and (min(pauses) < AT_ONCE_MS or (len(pauses) > 1 and pauses[-1] < pauses[0] * GROWTH)):
        raise ImplementationError(
            "the product asks again without pauses that grow",
            subcode=Subcode.WRONG_VALUE,
            expected=f"no pause under {AT_ONCE_MS} ms, and the last one longer than the first",
            found=", ".join(f"{pause / 1000:.2f} s" for pause in pauses),
            advice="double the pause each time, and give up after a few",
        )


@requirement("USI-VER5-02")
@pytest.mark.parametrize("version", OUTDATED_PATHS)
def test_tells_that_its_version_is_outdated(understood, carry_out, bench, version):
    """Configured for the address of an earlier version, the product says so, and does not ask again."""
    understood()
    address = bench.usi_address[: -len(V5.path)] + OUTDATED_PATHS[version]
    scenario = carry_out(f"registry-of-{version}", usi_address=address).cite()
    if kept_back(scenario):
        scenario.reply.must_be_refused("request.invalid", "service.outdated_version")
        return
    must_have_failed(scenario, "service.outdated_version", "service.fault")
    must_not_ask_more_than(scenario, 1, "registry.3458")
    shown = shown_by(scenario.reply.answer)
    if not SPEAKS_OF_VERSIONS.search(shown):
        raise ImplementationError(
            "the user does not learn that the version is outdated",
            subcode=Subcode.WRONG_VALUE,
            expected="the code 3458, or words about version or upgrade",
            found=shown.strip() or "no message",
            advice="say that the product has to be upgraded to the current version of the service",
        )


@requirement("USI-FLT-07")
@each_operation(*(name for name in REQUESTS if name != "VerifyUSI"))
def test_renews_the_token_once_for_each_operation(healthy, begin, name):
    """After InvalidSecurity the token is renewed once at most, and so is the call made once more at most."""
    must_have_verified(healthy)
    with begin(f"every-{name}-has-invalid-security", faults=("registry.invalid_security",)) as flow:
        if name in COMES_FIRST:
            flow.ask(COMES_FIRST[name])
        scenario = flow.ask(name, fresh=True)
    scenario.cite()
    for peer, found in (
        ("the registry", len(exchanges_of(scenario, name))),
        ("the token service", len(scenario.token_requests)),
    ):
        if found > MOST_AFTER_INVALID_SECURITY:
            raise ImplementationError(
                f"while the registry verified nothing, {peer} was asked again and again",
                subcode=Subcode.WRONG_VALUE,
                expected=f"at most {MOST_AFTER_INVALID_SECURITY} requests in one call",
                found=f"{found} requests",
                advice="renew the token once, call once more, and tell the user then",
            )
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_answered()
    elif answer.value["conclusion"] not in (*SAYS_NOTHING_WAS_LEARNED, "pending"):
        raise wrong_conclusion("a refusal, or failed", answer.value["conclusion"], "nothing was carried out")


@requirement("USI-FLT-08")
@each_operation(*READING)
@pytest.mark.parametrize("fault", ["html", "empty", "truncated"])
def test_refuses_what_is_no_answer_of_any_operation(right_call, begin, name, fault):
    """So it is for every other operation that only reads."""
    must_have_asked_well(right_call(name), name)
    with begin(f"{name}-answered-with-{fault}", faults=(f"registry.{fault}",)) as flow:
        if name in COMES_FIRST:
            flow.ask(COMES_FIRST[name])
        scenario = flow.ask(name)
    scenario.cite()
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*NO_ANSWER, *NOTHING_TO_ASK_FOR)
    elif answer.value["conclusion"] not in (*SAYS_NOTHING_WAS_LEARNED, "pending", "completed"):
        raise wrong_conclusion("a refusal, or failed", answer.value["conclusion"], "there was no answer")
    else:
        _must_have_left_open(answer.value)


def _must_have_left_open(value):
    told = {record["conclusion"] for record in value.get("records", ())}
    if wrong := told - {*SAYS_NOTHING_WAS_LEARNED, "pending"}:
        raise wrong_conclusion("failed or unclear", ", ".join(sorted(wrong)), "there was no answer")


@requirement("USI-FLT-10")
@each_operation(*WITH_ERRORS)
def test_tells_errors_from_faults(right_call, carry_out, name):
    """An error in an answer is told with its own code, E and three digits, and nothing is asked again."""
    must_have_asked_well(right_call(name), name)
    scenario = carry_out(
        f"{name}-answered-with-errors",
        faults=(WITH_ERRORS[name],),
        operation=name,
        request=REQUESTS[name],
    ).cite()
    must_have_asked_well(scenario, name)
    asked = exchanges_of(scenario, name)
    codes = re.findall(rb"Code>(E[0-9]{3})<", asked[-1].response.body)
    if not codes:
        raise KitError("a fault of the registry had no effect: its answer has no error")
    if len(asked) > 1:
        raise ImplementationError(
            "an error in an answer was taken for a fault that passes: the request was repeated",
            subcode=Subcode.WRONG_VALUE,
            expected="one request",
            found=f"{len(asked)} requests",
        )
    if scenario.reply.answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused("service.validation", "service.fault")
    elif (found := scenario.reply.answer.value["conclusion"]) in (
        "created",
        "existing",
        "updated",
        "located",
    ):
        raise wrong_conclusion("failed, unclear or not_located", found, "the answer holds an error")
    must_show_all(scenario, *(code.decode() for code in codes))


@requirement("USI-FLT-11")
@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=operation(name)) for name in ("VerifyUSI", "CreateUSI")]
)
def test_ends_a_call_that_gets_no_answer(right_call, begin, iut, name):
    """Where the registry takes a request and never answers, the call ends by itself, and that is told."""
    must_have_asked_well(right_call(name), name)
    patience = ENOUGH_S if iut.session.supports(DEADLINE) else LONGEST_TIME_OUT_S
    with begin(f"{name}-is-never-answered", faults=("registry.never",), deadline_s=patience) as flow:
        scenario = flow.ask(name, fresh=False)
    scenario.cite()
    if not scenario.registry_requests:
        scenario.reply.must_be_answered()
        raise NotTestable("the registry was not asked", found=scenario.reply.described())
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*NO_ANSWER)
    elif answer.value["conclusion"] not in SAYS_NOTHING_WAS_LEARNED:
        raise wrong_conclusion("a refusal, failed or unclear", answer.value["conclusion"], "nothing came")
