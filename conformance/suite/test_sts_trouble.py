"""Does the product keep its head when the token service, the network or a clock does not?

Every scenario is the healthy one with one fault, and proves nothing unless the healthy one ended with a
token.  A crash or a hang is no refusal, and neither is a token that was kept from before.
"""

import contextlib
import re
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.simulators.settings import NotificationCheck
from conformance.simulators.stores import PASSWORD
from conformance.suite import requirement
from conformance.suite.life import NOT_NOTIFIED
from conformance.suite.stores import Stores

FEW = 5
"""Requests of one call at most, whatever the trouble."""

AT_ONCE_MS = 90
"""Milliseconds: who asks again sooner has not paused.  To make and sign a request takes some ten of them."""

GROWTH = 1.1
"""The last pause is longer than the first one by this factor at least; the product's own work blurs both."""

UNAVAILABLE = ("token.unavailable", "token.fault")
OTHER = ("token.fault",)
EVENTS = {
    "E1001": UNAVAILABLE,
    "E1003": UNAVAILABLE,
    "E1004": UNAVAILABLE,
    "E2190": UNAVAILABLE,
    "E2003": ("token.relying_party", *OTHER),
    "E2014": ("token.revoked", *OTHER),
    "E2015": ("token.expired", *OTHER),
    "E2017": OTHER,
    "E2020": OTHER,
    "E2029": OTHER,
    # Seen as the answer to a credential that had expired.
    "E2169": ("token.expired", *OTHER),
    "E2180": OTHER,
    "E2182": OTHER,
    "E2183": OTHER,
    "E9999": OTHER,
}
"""Every published event code, and one that is not: the reasons that are right for it."""

PASSING = ("E1003", "E1004", "E2190")
"""Events that pass after the first answer here, so that pauses do not add up; E1001 stays."""

UNUSABLE = ("token.malformed_answer", "transport.failed")
"""Reasons for refusing what is no answer of a token service, or not the answer to this request."""

ABSENT = (*UNUSABLE, "token.unavailable")
"""Reasons where it cannot be told whether the service or the way to it is at fault."""

CLOCKS = ("token.fault", "token.expired", "token.malformed_answer", "request.invalid")
"""Reasons where clocks do not agree; the contract has none of its own."""

SPEAKS_OF_TIME = re.compile(
    r"\b(clocks?|time ?stamps?|date|dates|time ?zone|minutes|skew|synchroni[sz]\w*|future|past)\b|expire"
    r"|\b(current|system|local|creat\w+) time\b|\btoo (early|late)\b",
    re.IGNORECASE,
)

SPEAKS_OF_NOTIFICATION = re.compile(
    r"notif|relationship|\bRAM\b|software ?id|\bSSID\b|second ?party|my cloud software|on behalf",
    re.IGNORECASE,
)

NO_CLIENT_OF_OURS = "51824753556"
"""The ABN of a business that notified nobody here; its check digits are right."""

NOBODYS_SOFTWARE = "0000999999"
"""A software id of the right form that no client notified of."""

NO_PUBLISHED_CODE = "E2199"
"""Stands for whatever code the service may give; its text is empty."""


# --- what the service says --------------------------------------------------------------------------


@requirement("STS-N01")
@pytest.mark.parametrize("code", EVENTS)
def test_tells_what_the_event_means(in_trouble, code):
    """The refusal has the meaning of its code, and the code is in what the user sees."""
    scenario = in_trouble(f"sts.{code}@1" if code in PASSING else f"sts.{code}")
    _must_have_asked(scenario)
    if code in PASSING and len(scenario.token_requests) > 1:
        if not scenario.registry_requests:
            scenario.reply.must_be_ok_or_refused(*EVENTS[code])
        return
    scenario.reply.must_be_refused(*EVENTS[code])
    _must_not_have_gone_on(scenario)
    shown = scenario.reply.shown
    if code.lower() not in shown.lower():
        raise ImplementationError(
            f"the user does not learn that it was {code}",
            subcode=Subcode.WRONG_VALUE,
            expected=f"the code {code} in what the product shows",
            found=shown or "neither code nor text",
            advice="show the code of any event, known or not",
        )


@requirement("STS-N01B")
def test_asks_a_few_times_at_most(in_trouble):
    """Trouble that does not pass ends in a refusal after a few requests."""
    scenario = in_trouble("sts.E1001")
    _must_have_asked(scenario)
    _must_have_asked_a_few_times(scenario)


@requirement("STS-N01B")
def test_pauses_before_it_asks_again(in_trouble):
    """Between two requests there is a pause, and the last one is longer than the first."""
    scenario = in_trouble("sts.E1001")
    _must_have_asked(scenario)
    pauses = _pauses_ms(scenario)
    if not pauses:
        return
    if min(pauses) < AT_ONCE_MS:
        raise _paused_wrongly("the product asks again without a pause", pauses)
    if len(pauses) > 1 and pauses[-1] < pauses[0] * GROWTH:
        raise _paused_wrongly("the product's pauses do not grow", pauses)


# --- what the network does --------------------------------------------------------------------------


@requirement("STS-N02")
@pytest.mark.parametrize("fault", ["html", "html_500", "empty", "truncated"])
def test_refuses_what_is_no_answer(in_trouble, fault):
    """A page for people, nothing, and half of an answer are refused as what they are."""
    _must_have_been_refused(in_trouble(f"sts.{fault}"), *ABSENT)


@requirement("STS-N02")
def test_copes_with_another_media_type(in_trouble):
    """A right answer under a wrong label is used or refused; nothing else happens."""
    scenario = in_trouble("sts.content_type")
    _must_have_asked(scenario)
    _must_have_asked_a_few_times(scenario)
    if not scenario.registry_requests:
        scenario.reply.must_be_ok_or_refused(*UNUSABLE)


@requirement("STS-N03")
@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "unavailable"])
def test_refuses_when_the_connection_breaks(in_trouble, fault):
    """Reset before or within the answer, or 503: no token, and no storm of requests."""
    _must_have_been_refused(in_trouble(f"sts.{fault}"), *ABSENT)


@requirement("STS-N03B")
def test_waits_as_long_as_it_is_told(in_trouble):
    """After 503 with Retry-After: 1 nothing is asked for within the second."""
    scenario = in_trouble("sts.unavailable")
    _must_have_asked(scenario)
    told_s = max(float(each.response.header("retry-after") or 0) for each in scenario.token_requests)
    pauses = _pauses_ms(scenario)
    # A tenth less: the clock of the product ran before ours.
    if pauses and min(pauses) < told_s * 900:
        raise _paused_wrongly(f"the product asks again earlier than after {told_s:g} s", pauses)


@requirement("STS-N03C")
def test_waits_for_a_slow_answer(in_trouble):
    """An answer that comes late is used like any other."""
    scenario = in_trouble("sts.delay")
    _must_have_asked(scenario)
    if not scenario.registry_requests:
        scenario.reply.must_be_ok()
    if any(pause < 0 for pause in _pauses_ms(scenario)):
        raise ImplementationError(
            "the product asked again while the answer was on its way",
            subcode=Subcode.WRONG_VALUE,
            expected="1 request, until it is answered",
            found=f"{len(scenario.token_requests)} requests",
            advice="wait 60 seconds at least for an answer",
        )


@requirement("STS-N03D")
def test_follows_no_redirect(in_trouble):
    """The signed request goes to the address that is configured, and nowhere else."""
    scenario = in_trouble("sts.redirect")
    _must_have_asked(scenario)
    elsewhere = [each for each in scenario.recording.exchanges if each.service == "elsewhere"]
    if elsewhere:
        raise ImplementationError(
            "the product followed a redirect to another host",
            subcode=Subcode.WRONG_VALUE,
            expected="no request at any other host",
            found="; ".join(f"{each.request.method} of {len(each.request.body)} bytes" for each in elsewhere),
            advice="switch redirects off for requests to the token service",
        )
    _must_have_been_refused(scenario, *ABSENT, "transport.untrusted")


# --- answers that are wrong -------------------------------------------------------------------------


@requirement("STS-N04")
def test_refuses_an_answer_without_token(in_trouble):
    """Where no token came, none is kept and none is sent."""
    _must_have_been_refused(in_trouble("sts.no_token"), *UNUSABLE)


@requirement("STS-N04B")
def test_refuses_a_token_without_key(in_trouble):
    """Where neither key nor recipe came, the token is of no use, unless the request held the key."""
    scenario = in_trouble("sts.no_proof_token")
    _must_have_asked(scenario)
    request = scenario.token_requests[0].facts.request
    if request is not None and request.entropy is not None:
        # Its own entropy is the key then (WS-Trust 1.3, section 4.4.3).
        if not scenario.registry_requests:
            scenario.reply.must_be_ok_or_refused(*UNUSABLE)
        return
    _must_have_been_refused(scenario, *UNUSABLE)


@requirement("STS-N04C")
def test_refuses_two_tokens(in_trouble):
    """One was asked for; which of two is meant cannot be known."""
    _must_have_been_refused(in_trouble("sts.two_tokens"), *UNUSABLE)


@requirement("STS-N05")
def test_refuses_the_answer_to_another_request(in_trouble):
    """RelatesTo names a message that the product never sent."""
    _must_have_been_refused(in_trouble("sts.wrong_relates_to"), *UNUSABLE)


@requirement("STS-N05")
def test_copes_with_an_answer_to_no_request(in_trouble):
    """Without RelatesTo an answer is used or refused; nothing else happens."""
    scenario = in_trouble("sts.no_relates_to")
    _must_have_asked(scenario)
    if not scenario.registry_requests:
        scenario.reply.must_be_ok_or_refused(*UNUSABLE)


@requirement("STS-N06")
def test_refuses_an_answer_of_the_past(in_trouble):
    """The Timestamp of the message ended six minutes ago."""
    _must_have_been_refused(in_trouble("sts.stale_timestamp"), *UNUSABLE)


@requirement("STS-N06B")
def test_refuses_an_answer_of_the_future(in_trouble):
    """The Timestamp of the message begins in six minutes."""
    _must_have_been_refused(in_trouble("sts.future_timestamp"), *UNUSABLE)


@requirement("STS-N07")
def test_refuses_a_token_for_another_service(in_trouble):
    """The answer says that its token is for another relying party than was asked for."""
    _must_have_been_refused(in_trouble("sts.other_applies_to"), *UNUSABLE, "token.relying_party")


# --- credentials and clients that the service does not take -----------------------------------------

REFUSED_CREDENTIALS = {
    # What the service says of one that expired may be that it does not recognise it.
    "expired": ("keystore.expired", "token.expired", "token.fault"),
    "not-yet-valid": ("keystore.not_yet_valid", "token.fault"),
    "personal": ("keystore.unsuitable", "token.fault"),
    "issued-by-another-authority": ("keystore.unsuitable", "keystore.damaged", "token.fault"),
}
"""What is wrong with a credential, and the reasons that are right: the product's and the service's."""


@pytest.fixture(scope="session")
def with_credential(iut, in_trouble, carry_out, bench, tmp_path_factory):
    """Carries out the healthy scenario with the credential of a recipe, whose authority is recognised."""
    in_trouble()
    service = bench.token_service
    # Whoever asks for a token goes by the clock, so that these stores are of this very moment.
    stores = Stores(iut, tmp_path_factory.mktemp("credentials"), datetime.now(UTC))

    def perform(name, **recipe):
        store = stores.file({"generation": "rewritten", **recipe})
        authority = stores.authority
        anchors = (*service.settings.extra_anchors, authority.sub, authority.root)
        with _settings(service, extra_anchors=anchors):
            return carry_out(
                f"with-a-credential-{name}",
                keystore=str(store.path),
                alias=next(iter(store.prepared.credentials)),
                password=PASSWORD,
            ).cite()

    return perform


@pytest.fixture(scope="session")
def sound_credential(with_credential):
    """With a sound credential from where the others are, the product gets a token."""
    sound = with_credential("sound")
    sound.token_request()
    if not sound.registry_requests:
        sound.reply.must_be_ok(as_twin=True)
    return sound


@requirement("STS-N09")
@pytest.mark.usefixtures("sound_credential")
@pytest.mark.parametrize("deviation", REFUSED_CREDENTIALS)
def test_gets_no_token_with_a_bad_credential(with_credential, deviation):
    """Whoever looks first, product or service: no token, and the reason is the credential."""
    scenario = with_credential(deviation, deviation=deviation)
    _must_not_have_gone_on(scenario)
    scenario.reply.must_be_refused(*REFUSED_CREDENTIALS[deviation])
    _must_have_asked_a_few_times(scenario)


@requirement("STS-N13")
@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"second_party": NO_CLIENT_OF_OURS}, ""),
        ({"ssid": NOBODYS_SOFTWARE}, ""),
        ({"ssid": NOBODYS_SOFTWARE}, NO_PUBLISHED_CODE),
    ],
    ids=["unknown-client", "unknown-software", "unknown-software-with-a-code"],
)
def test_tells_that_the_client_has_to_notify(request, in_trouble, carry_out, bench, wrong, code):
    """What the service said of the missing notification reaches the user."""
    in_trouble()
    name = f"not-notified-{request.node.callspec.id}"
    asked = NotificationCheck.TOKEN_SERVICE
    with _settings(bench.token_service, relationship_code=code, notification_checked_by=asked):
        scenario = carry_out(name, act_as={**bench.act_as, **wrong}).cite()
    _must_have_asked(scenario)
    found = {finding.code for finding in scenario.token_requests[0].judgement.findings}
    if "sts.relationship_unknown" not in found:
        raise NotTestable(
            "the product asked for another client or software than it was given, or for none",
            expected=f"a request for {wrong}",
            advice="mend the failures of STS-R24 and KS-A02 first",
        )
    _must_not_have_gone_on(scenario)
    scenario.reply.must_be_refused(*NOT_NOTIFIED)
    shown = scenario.reply.shown
    if not (SPEAKS_OF_NOTIFICATION.search(shown) or (code and code in shown)):
        raise ImplementationError(
            "the user does not learn that the client has not notified",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{f'the code {code}, or ' if code else ''}words about notification, RAM or software id",
            found=shown or "neither code nor text",
            advice="show code and words of the fault; for hosted software say that the client has to notify",
        )


# --- clocks -----------------------------------------------------------------------------------------


@requirement("STS-T05")
@pytest.mark.parametrize("fault", ["fast_4", "slow_4", "fast_6", "slow_6"])
def test_works_or_speaks_of_the_clock(in_trouble, fault):
    """Four or six minutes between the two clocks: it works, or the user reads that it is the time."""
    scenario = in_trouble(f"sts.{fault}")
    _must_have_asked(scenario)
    _must_have_asked_a_few_times(scenario)
    if scenario.registry_requests or scenario.reply.answer.outcome is Outcome.OK:
        return
    scenario.reply.must_be_refused(*CLOCKS)
    shown = scenario.reply.shown
    if not SPEAKS_OF_TIME.search(shown):
        raise ImplementationError(
            "the user does not learn that it is the clock",
            subcode=Subcode.WRONG_VALUE,
            expected="clock, time zone, Timestamp or expired in the text",
            found=shown or "neither code nor text",
            advice="name the subcode MessageExpired, and show both clocks",
        )


# --- what is demanded -------------------------------------------------------------------------------


def _must_have_asked(scenario):
    """Make sure that the fault could happen: the product asked for a token."""
    if not scenario.token_requests and scenario.reply.answer.outcome is Outcome.OK:
        raise NotTestable(
            "the product still had a token and did not ask for another one",
            expected="a request for a token",
            found="none",
            advice="offer session.reset in the harness, so that what is kept can be forgotten",
        )
    # A crash or a hang before the request is what the reply says.
    scenario.reply.must_be_answered()
    scenario.token_request()


def _must_have_been_refused(scenario, *reasons):
    """Demand that the trouble ended in a refusal for one of these reasons, and in nothing else."""
    _must_have_asked(scenario)
    _must_not_have_gone_on(scenario)
    scenario.reply.must_be_refused(*reasons)
    _must_have_asked_a_few_times(scenario)


def _must_not_have_gone_on(scenario):
    """Demand that the registry was not asked: there is no token that could have been used."""
    if scenario.registry_requests:
        raise ImplementationError(
            "the product went on to the registry although it had got no usable token",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="no request to the registry",
            found=scenario.registry_requests[0].outcome or "a request",
            advice="end the call where the answer of the token service is read",
        )


def _must_have_asked_a_few_times(scenario):
    """Demand that the product did not ask again and again."""
    if (asked := len(scenario.token_requests)) > FEW:
        raise ImplementationError(
            f"the product asked {asked} times in one call",
            subcode=Subcode.WRONG_VALUE,
            expected=f"at most {FEW} requests",
            found=f"{asked} requests",
            advice="give up after a few attempts, and let the user decide when to try again",
        )


def _pauses_ms(scenario):
    """Return the milliseconds from each answer to the next request."""
    asked = scenario.token_requests
    return [later.at_ms - (earlier.at_ms + earlier.took_ms) for earlier, later in pairwise(asked)]


def _paused_wrongly(message, pauses):
    return ImplementationError(
        message,
        subcode=Subcode.WRONG_VALUE,
        expected="pauses that grow, none shorter than the server asks for",
        found=", ".join(f"{pause / 1000:.2f} s" for pause in pauses),
        advice="double the pause each time; ask again only when the server's Retry-After is over",
    )


@contextlib.contextmanager
def _settings(service, **changed):
    """Turn switches of the token service for the time of a scenario."""
    before = service.settings
    service.settings = replace(before, **changed)
    try:
        yield
    finally:
        service.settings = before
