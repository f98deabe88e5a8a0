"""Does the product live with its credential, revoked, unassigned or replaced, and with its clients' notices?

RAM's part is played by the simulator; its clock may run ahead of that of the messages.  RAM's own rules,
which no product can break, are not checked here.
"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.strategies import LifeEvent, credential_lives
from conformance.suite import for_all, requirement
from conformance.suite.life import NOT_NOTIFIED, UNUSABLE, Lives

UNUSABLE_CODES = ("E2014", "E2169", "E2199")
"""What may be said of a credential that lapsed: revoked, not recognised, or what no list has."""

A_WHOLE_LIFE = (
    LifeEvent("remove the holder"),
    LifeEvent("remove the notification", days=59),
    LifeEvent("claim"),
    LifeEvent("request a notification"),
    LifeEvent("accept the notification"),
    LifeEvent(days=2),
    LifeEvent("revoke"),
    LifeEvent(days=61),
    LifeEvent("replace"),
)
"""Two refusals in a row on the way, and a good end."""

WRONG_CLIENT = "96312011218"
"""One digit beside the ABN of a published client: its check digits are wrong."""

ORDERLY = ("request.invalid", *NOT_NOTIFIED, "service.validation")
"""Reasons for refusing what is wrong in a configuration."""


@pytest.fixture(scope="session")
def lives(healthy, bench, carry_out, tmp_path_factory):
    """The lives of credentials of this run; a credential that nothing happened to came first."""
    healthy.token_request()
    found = Lives(bench, carry_out, tmp_path_factory.mktemp("lives"))
    with found.begin("nothing-happened") as life:
        life.must_work(as_twin=True)
    return found


# --- the credential ---------------------------------------------------------------------------------


@requirement("KS-L01")
def test_takes_a_revocation_for_final(lives):
    """A revoked credential is refused as revoked, and asked with once."""
    with lives.begin("revoked") as life:
        life.must_work(as_twin=True)
        life.revoke()
        life.must_be_refused_once("token.revoked")


@requirement("KS-L02")
def test_works_while_unassigned(lives):
    """Day 59 without anybody responsible is a day like any other."""
    with lives.begin("unassigned-day-59") as life:
        life.remove_holder()
        life.wait(59)
        life.must_work()


@requirement("KS-L02")
@pytest.mark.parametrize("code", UNUSABLE_CODES)
def test_is_refused_when_nobody_claimed(lives, code):
    """Day 61 is one too many; whatever the event code, the refusal is told."""
    with lives.begin(f"unassigned-day-61-{code}") as life:
        life.must_work(as_twin=True)
        life.remove_holder()
        life.wait(61)
        life.set(lapsed_code=code)
        life.must_be_refused(*UNUSABLE)


@requirement("KS-L03")
def test_works_again_when_claimed(lives):
    """Refused while nobody is responsible, the product works again as soon as somebody is."""
    with lives.begin("claimed") as life:
        life.set(unassigned_refused=True)
        life.remove_holder()
        life.must_be_refused(*UNUSABLE)
        life.claim()
        life.must_work(fresh=False)


@requirement("KS-L10")
def test_tells_expired_from_revoked(lives):
    """What its user reads of an expired credential is not what he reads of a revoked one."""
    with lives.begin("expired-by-the-service") as life:
        life.wait(731)
        expired = life.must_be_refused(*UNUSABLE).reply
    with lives.begin("revoked-by-the-service") as life:
        life.revoke()
        revoked = life.must_be_refused(*UNUSABLE).reply
    natives = [reply.answer.native for reply in (expired, revoked)]
    shown = [(native.code, native.text) if native is not None else ("", "") for native in natives]
    if shown[0] == shown[1]:
        raise ImplementationError(
            "the product says the same of an expired credential as of a revoked one",
            subcode=Subcode.WRONG_VALUE,
            expected="expired: renew or replace it; revoked: ask who revoked it, and create a new one",
            found=f"{shown[0][0]} {shown[0][1]}".strip() or "no words at all",
            advice="show the event code and the advice of the token service",
        )


@requirement("KS-L11")
def test_uses_the_replacement(lives):
    """A new credential under the name of a revoked one works where that one was refused."""
    with lives.begin("replaced") as life:
        life.revoke()
        life.must_be_refused(*UNUSABLE)
        life.replace()
        life.must_work(fresh=False)


@requirement("KS-L12")
def test_lives_a_whole_life(lives):
    """From creation over claim, acceptance and revocation to the replacement, it works when RAM lets it."""
    with lives.begin("a-whole-life") as life:
        for event in A_WHOLE_LIFE:
            life.happen(event)
            life.must_be_as_ram_says()


@requirement("KS-L12")
@for_all(events=credential_lives())
def test_lives_any_life(iut, lives, events):
    """Whatever happens in RAM, in whatever order, it works exactly when RAM lets it."""
    lives.follow("any-life", events, iut.budget)


# --- the client's notification ----------------------------------------------------------------------


@requirement("KS-L07")
def test_works_once_the_client_accepts(lives):
    """A pending notification is none; an accepted one counts at once."""
    with lives.begin("accepted") as life:
        life.must_work(as_twin=True)
        life.remove_notification()
        life.request_notification()
        life.must_be_refused(*NOT_NOTIFIED)
        life.accept_notification()
        life.must_work(fresh=False)


@requirement("KS-L07")
def test_works_once_the_day_has_come(lives):
    """A notification from tomorrow on does not count today, and does tomorrow."""
    with lives.begin("from-tomorrow") as life:
        life.remove_notification()
        life.notify(in_days=1)
        life.must_be_refused(*NOT_NOTIFIED)
        life.wait(1)
        life.must_work(fresh=False)


@requirement("KS-L08")
def test_is_refused_once_the_client_removes(lives):
    """A removed notification counts no more."""
    with lives.begin("removed") as life:
        life.must_work(as_twin=True)
        life.remove_notification()
        life.must_be_refused_once(*NOT_NOTIFIED)


@requirement("KS-L08")
def test_is_refused_after_the_last_day(lives):
    """A notification counts on its last day, and not on the next."""
    with lives.begin("last-day") as life:
        life.remove_notification()
        life.notify(for_days=2)
        life.wait(1)
        life.must_work(as_twin=True)
        life.wait(1)
        life.must_be_refused_once(*NOT_NOTIFIED)


# --- on whose behalf --------------------------------------------------------------------------------


@requirement("KS-L09")
@pytest.mark.parametrize("written", ["123400", "00123400", "1"])
def test_repairs_no_software_id(healthy, carry_out, bench, written):
    """A software id that lost its zeros is refused, or sent as it stands: never made into another one."""
    healthy.token_request()
    wrong = {**bench.act_as, "ssid": written}
    _must_not_repair(carry_out(f"software-id-{written}", act_as=wrong), wrong)


@requirement("KS-A02")
def test_asks_for_the_client_it_was_told(token_request, bench):
    """The second party of the request is the client that the product was given."""
    token_request.must_satisfy("trust.act_as_second_party")
    _must_ask_for(token_request.facts.request, bench.act_as)


@requirement("KS-A02")
def test_repairs_no_client(healthy, carry_out, bench):
    """A client's ABN with a typing mistake is refused, or sent as it stands: never made into another one."""
    healthy.token_request()
    wrong = {**bench.act_as, "second_party": WRONG_CLIENT}
    _must_not_repair(carry_out("client-with-a-typing-mistake", act_as=wrong), wrong)


@requirement("KS-A06")
def test_keeps_the_tokens_of_two_softwares_apart(lives, bench):
    """For another software id of the same client another token is asked for."""
    other = {**bench.act_as, "ssid": "0000123401"}
    with lives.begin("two-softwares") as life:
        life.notify_also(other["ssid"])
        life.must_work(as_twin=True)
        second = life.must_work(fresh=False, act_as=other)
    asked = _requests(second)
    if not asked:
        raise ImplementationError(
            "the token of one software id was used for another one",
            subcode=Subcode.STATE_LEAK,
            expected=f"a request for a token with {other['ssid']}",
            found=f"none: the token for {bench.act_as['ssid']} was used again",
            advice="keep tokens apart by credential, relying party, client and software id",
        )
    _must_ask_for(asked[0].facts.request, other)


def _requests(scenario):
    """The requests for a token of a scenario."""
    return [each for each in scenario.recording.sts if each.request.method == "POST"]


def _must_ask_for(request, given):
    """Demand that a request names the client and the software that the product was given."""
    act_as = request.act_as if request is not None else None
    if act_as is None:
        raise NotTestable("the request does not say on whose behalf it asks", expected="ActAs")
    told = (act_as.second_party, act_as.ssid)
    if told != (given["second_party"], given["ssid"]):
        raise ImplementationError(
            "the product asked on behalf of another client, or of another software, than it was given",
            subcode=Subcode.STATE_LEAK,
            expected=f"client {given['second_party']} with software id {given['ssid']}",
            found=f"client {told[0]} with software id {told[1]}",
            advice="send what was configured, as text, or refuse it",
        )


def _must_not_repair(scenario, wrong):
    """Demand that a wrong tenant was refused, by the product or by the service, and never made another."""
    scenario.cite()
    for exchange in _requests(scenario):
        request = exchange.facts.request
        if request is not None and request.act_as is None:
            raise ImplementationError(
                "the product asked in its own name, because its client was wrong",
                subcode=Subcode.STATE_LEAK,
                expected="a refusal",
                found="a request without ActAs",
                advice="refuse a client that cannot be right",
            )
        _must_ask_for(request, wrong)
    if scenario.reply.answer.outcome is not Outcome.OK or _requests(scenario):
        scenario.reply.must_be_refused(*ORDERLY)
        return
    raise ImplementationError(
        "the product took a wrong client for another one and used a token that it had",
        subcode=Subcode.STATE_LEAK,
        expected="a refusal",
        found=scenario.reply.described(),
        advice="compare software ids and ABNs as texts",
    )
