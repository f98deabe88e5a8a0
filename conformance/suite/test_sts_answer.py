"""Does the product make the right thing of what the token service answers?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol.secrets import Search
from conformance.simulators.faults import FAULTS
from conformance.suite import requirement
from conformance.suite.answers import (
    KEY_IN_USE,
    VARIED_ANSWERS,
    must_have_known_the_end,
    must_have_sent_entropy,
    must_have_succeeded,
    must_keep_as_twin,
    must_make_use,
    variation_of,
)
from conformance.suite.confidential import secrets_of
from conformance.suite.stores import must_not_tell
from conformance.suite.surroundings import must_not_have_said

FINAL_EVENTS = (
    *("E2003", "E2014", "E2015", "E2017", "E2020", "E2029", "E2169", "E2180", "E2182", "E2183"),
    "E9999",
)
"""The events that do not pass by themselves, and one that no table has."""

REFUSED = ("token.relying_party", "token.fault")
"""What a refusal with E2003 may be called."""

MOST_REQUESTS = 5
"""How often a product may ask within one call while the registry verifies nothing."""


# --- the proof key ----------------------------------------------------------------------------------


@requirement("STS-P01")
@pytest.mark.parametrize("labelled", ["nonce", "symmetric_key", "untyped"])
def test_uses_the_key_of_the_answer(healthy, carry_out, labelled):
    """The key in a BinarySecret is used, decoded, whatever Type the element has or none."""
    scenario = carry_out(f"proof-key-{labelled.replace('_', '-')}", faults=(f"sts.secret_{labelled}",))
    must_make_use(healthy, scenario, KEY_IN_USE)


@requirement("STS-P02")
def test_computes_the_key(healthy, carry_out):
    """The key is P_SHA1 of the client's entropy and the service's, where the answer says so."""
    scenario = carry_out("proof-key-to-be-computed", faults=("sts.computed_key",)).cite()
    must_have_sent_entropy(scenario)
    must_make_use(healthy, scenario, KEY_IN_USE)


@requirement("STS-P03")
def test_uses_its_own_entropy(healthy, carry_out):
    """The client's entropy is the key, where the answer brings neither key nor recipe."""
    scenario = carry_out("proof-key-of-the-client", faults=("sts.client_entropy",)).cite()
    must_have_sent_entropy(scenario)
    must_make_use(healthy, scenario, KEY_IN_USE)


@pytest.fixture(scope="session")
def contradicted(carry_out):
    """The token service answers with a proof key and with a recipe for one."""
    return carry_out("proof-key-and-a-recipe-for-one", faults=("sts.secret_and_computed",))


@requirement("STS-P04")
def test_refuses_a_contradiction(healthy, contradicted):
    """A proof key and a recipe for one in the same answer: there is no telling which is right."""
    must_have_succeeded(healthy)
    contradicted.token_request()
    contradicted.cite().reply.must_be_refused("token.malformed_answer")


# --- the token --------------------------------------------------------------------------------------


@requirement("STS-P05")
def test_passes_the_token_on_unchanged(registry_request):
    """The registry receives the token that was issued, byte by byte."""
    registry_request.must_satisfy(
        "token.unreadable",
        "token.algorithm",
        "token.not_for_us",
        "token.damaged",
        "token.signature",
        "token.proof_key",
        "token.changed",
        "token.reformatted",
    )


@requirement("STS-P06")
def test_passes_the_reference_on_unchanged(registry_request):
    """The signature refers to the token by the attached reference as it was received."""
    registry_request.must_satisfy("security.reference_altered")


@requirement("STS-P06")
@pytest.mark.parametrize("number", range(VARIED_ANSWERS))
def test_passes_an_unusual_reference_on(registry_request, varied_answers, number):
    """Ids with dots, dashes and letters of other languages stay what they are, under any prefix."""
    must_keep_as_twin(registry_request, ("security.reference_altered", "security.key_reference"))
    varied = varied_answers[number].registry_request()
    varied.must_satisfy("security.reference_altered", "security.key_reference")


# --- the form of the answer ---------------------------------------------------------------------------


@requirement("STS-P07")
@pytest.mark.parametrize("shape", ["saml_1", "saml_2"])
def test_uses_a_token_of_either_shape(healthy, carry_out, shape):
    """EncryptedAssertion or EncryptedData, and a key identifier of either profile."""
    must_make_use(healthy, carry_out(f"token-of-{shape.replace('_', '-')}", faults=(f"sts.{shape}",)))


@requirement("STS-P08")
@pytest.mark.parametrize("number", range(VARIED_ANSWERS))
def test_reads_an_answer_in_other_words(healthy, varied_answers, number):
    """Other prefixes, ids, optional children, order of attributes and digits mean the same."""
    scenario = varied_answers[number]
    try:
        must_make_use(healthy, scenario)
    except ImplementationError as miss:
        miss.where = "; ".join(filter(None, (miss.where, variation_of(scenario))))
        raise


@requirement("STS-P08")
def test_reads_an_indented_answer(healthy, carry_out):
    """White space between elements means nothing."""
    must_make_use(healthy, carry_out("indented-answer", faults=("sts.pretty",)))


@requirement("STS-P08")
def test_reads_a_fault_under_any_prefix(refused_exchange, carry_out):
    """A fault is one whatever the prefix of its namespace."""
    _must_have_read_a_fault(refused_exchange)
    scenario = carry_out("fault-under-another-prefix", faults=("sts.E2003", "sts.fault_prefix_s"))
    _must_have_been_told(scenario, "E2003")
    scenario.cite().reply.must_be_refused(*REFUSED)


# --- its lifetime -------------------------------------------------------------------------------------


@requirement("STS-P09")
def test_knows_when_its_token_ends(healthy, carry_out):
    """A token granted for two minutes ends after two minutes, whatever was asked for."""
    healthy.token_request()
    scenario = carry_out("token-of-two-minutes", faults=("sts.two_minutes",), only_token=True)
    must_have_known_the_end(scenario.cite())


@requirement("STS-P10")
def test_replaces_a_token_in_time(after_the_token_ended):
    """After the end of a token the first thing asked for is a new one."""
    later = after_the_token_ended.cite()
    asked = [each for each in later.recording.exchanges if each.request.method == "POST"]
    if later.reply.method == "token.obtain" and not asked:
        raise ImplementationError(
            "a token was given out although its life was over",
            subcode=Subcode.WRONG_VALUE,
            expected="a request for a new token",
            found=later.reply.described(),
        )
    if not asked:
        raise NotTestable("nothing was sent after the token had ended", found=later.reply.described())
    if asked[0].service != "sts":
        raise ImplementationError(
            "the product presented a token whose life was over, before it asked for a new one",
            subcode=Subcode.WRONG_VALUE,
            expected="a request to the token service first",
            found=f"first {asked[0].summary} to the {asked[0].service}, answered with {asked[0].outcome}",
            advice="compare the end of the token with the present moment before each use",
        )


@pytest.fixture(scope="session")
def refused_once(healthy, carry_out):
    """The registry verifies a kept token no more, and answers everything after that."""
    healthy.registry_request()
    before = carry_out("before-a-kept-token-is-refused")
    before.registry_request()
    return carry_out("kept-token-refused-once", faults=("registry.invalid_security@1",), fresh=False)


@requirement("STS-P11")
def test_gives_up_on_a_registry_that_refuses_all(healthy, carry_out):
    """A registry that verifies nothing, and the token service, are asked a few times at most."""
    must_have_succeeded(healthy)
    scenario = carry_out("registry-verifies-nothing", faults=("registry.invalid_security",)).cite()
    scenario.registry_request()
    for peer, found in (
        ("the registry", len(scenario.registry_requests)),
        ("the token service", len(scenario.token_requests)),
    ):
        if found > MOST_REQUESTS:
            raise ImplementationError(
                f"while the registry verified nothing, {peer} was asked again and again",
                subcode=Subcode.WRONG_VALUE,
                expected=f"at most {MOST_REQUESTS} requests in one call",
                found=f"{found} requests",
                advice="count: one new token and one more request, then tell the user",
            )
    scenario.reply.must_be_answered()


@requirement("STS-P11B")
def test_replaces_a_refused_token_once(healthy, refused_once):
    """A kept token that is refused is replaced, and the request is repeated with the new one."""
    must_have_succeeded(healthy)
    asked = refused_once.cite().registry_requests
    if not asked:
        raise NotTestable("the registry was not asked", found=refused_once.reply.described())
    tokens = [exchange.facts.token.assertion_id for exchange in asked]
    if len(asked) != 2 or tokens[0] == tokens[1] or len(refused_once.token_requests) > 2:
        raise ImplementationError(
            "a kept token that was refused was not replaced, once, and the request repeated",
            subcode=Subcode.WRONG_VALUE,
            expected="the request, one new token, and the request again with it",
            found=f"{len(asked)} requests to the registry with {len(set(tokens))} tokens, "
            f"{len(refused_once.token_requests)} to the token service",
            advice="on InvalidSecurity forget the kept token, get one new one, and repeat once",
        )
    refused_once.reply.must_be_ok()


# --- refusals -----------------------------------------------------------------------------------------


@requirement("STS-P12")
def test_shows_code_and_advice(refused_exchange):
    """The user of the product sees the event code and the advice of the token service."""
    _must_have_been_told(refused_exchange.cite(), "E2003")
    if refused_exchange.reply.answer.outcome is not Outcome.REJECTED:
        refused_exchange.reply.must_be_refused(*REFUSED)
    _must_show(refused_exchange.reply, FAULTS["sts.E2003"])


@requirement("STS-P12")
def test_shows_an_unknown_code(refused_exchange, carry_out):
    """A code that no published table has is shown as it came, with its advice."""
    refused_exchange.token_request()
    scenario = carry_out("token-service-answers-E9999", faults=("sts.E9999",)).cite()
    _must_have_been_told(scenario, "E9999")
    if scenario.reply.answer.outcome is not Outcome.REJECTED:
        scenario.reply.must_be_refused("token.fault")
    _must_show(scenario.reply, FAULTS["sts.E9999"])


@requirement("STS-P12B")
@pytest.mark.parametrize("place", ["reason", "detail"])
def test_finds_code_and_advice_in_one_place(refused_exchange, carry_out, place):
    """Code and advice in the reason alone, or in the detail alone, reach the user."""
    _must_show(refused_exchange.reply, FAULTS["sts.E2003"], as_twin=True)
    fault = {"reason": "sts.fault_bare", "detail": "sts.fault_detail_only"}[place]
    scenario = carry_out(f"event-in-the-{place}-only", faults=("sts.E2003", fault)).cite()
    _must_have_been_told(scenario, "E2003")
    if scenario.reply.answer.outcome is not Outcome.REJECTED:
        scenario.reply.must_be_refused(*REFUSED)
    _must_show(scenario.reply, FAULTS["sts.E2003"])


def _must_have_been_told(refused, code):
    """Make sure that the token service answered with an event: it cannot read every request."""
    facts = refused.token_request().facts
    if facts is None or facts.event_code != code:
        raise NotTestable(
            f"the request was none that the token service could answer with {code}",
            expected=f"the fault {code}",
            found=refused.token_request().exchange.outcome,
            advice="mend the failures on the form of the request first",
        )


def _must_have_read_a_fault(refused):
    """Make sure that the healthy twin, a fault as usual, is read: what is never read tells nothing."""
    _must_have_been_told(refused, "E2003")
    try:
        refused.cite().reply.must_be_refused(*REFUSED)
    except ImplementationError as miss:
        raise NotTestable(
            "the product does not read a plain fault, so that an unusual one would tell nothing",
            expected=" or ".join(REFUSED),
            found=refused.reply.described(),
            advice="mend the failure on HTTP 500 first",
        ) from miss


def _must_show(reply, event, *, as_twin=False):
    """Demand that the user sees code and advice of an event.

    Args:
        reply: a refusal.
        event: the fault that was asked of the simulator.
        as_twin: this is the healthy twin; where it shows them not, nothing can be learned of another form.
    """
    shown = reply.shown
    missing = [text for text in (event.code, event.text) if text.lower() not in shown.lower()]
    if missing and as_twin:
        raise NotTestable(
            "code and advice are not shown even when the fault has them in both places",
            found=shown or "neither code nor text",
            advice="mend the failure of STS-P12 first",
        )
    if missing:
        raise ImplementationError(
            "the product does not tell its user what the token service said",
            subcode=Subcode.WRONG_VALUE,
            expected=f"the code {event.code} and the advice {event.text!r}",
            found=shown or "neither code nor text",
            advice="show the fields of the fault; support can do nothing without the code",
        )


@requirement("STS-P13")
@pytest.mark.parametrize("code", FINAL_EVENTS)
def test_does_not_repeat_a_final_refusal(in_trouble, code):
    """What is wrong with the request or the credential does not pass by itself; the product asks once."""
    refused = in_trouble(f"sts.{code}")
    refused.token_request()
    if (asked := len(refused.token_requests)) > 1:
        raise ImplementationError(
            f"the product asked {asked} times although {code} is final",
            subcode=Subcode.WRONG_VALUE,
            expected="1 request",
            found=f"{asked} requests",
            advice="ask again only after E1001, E1003, E1004 and E2190",
        )


@requirement("STS-P14")
def test_reads_the_fault_behind_http_500(refused_exchange):
    """A fault comes with HTTP 500, and is read all the same."""
    _must_have_been_told(refused_exchange, "E2003")
    refused_exchange.cite().reply.must_be_refused(*REFUSED)


@requirement("STS-P14")
def test_reads_the_fault_behind_http_400(refused_exchange, carry_out):
    """A fault that the sender is to blame for comes with HTTP 400, and is read all the same."""
    _must_have_read_a_fault(refused_exchange)
    scenario = carry_out("fault-behind-http-400", faults=("sts.E2003", "sts.fault_400"))
    _must_have_been_told(scenario, "E2003")
    scenario.cite().reply.must_be_refused(*REFUSED)


# --- secrets ------------------------------------------------------------------------------------------


@requirement("STS-P15")
def test_tells_no_secret_of_an_exchange(bench, healthy, refused_exchange, contradicted):
    """Neither answers nor standard error hold proof key, entropy, private key or password."""
    scenarios = (healthy, refused_exchange, contradicted)
    for scenario in scenarios:
        scenario.token_request()
    secrets = secrets_of(bench, *scenarios)
    for scenario in scenarios:
        must_not_tell(scenario.cite().reply, secrets)
    must_not_have_said(healthy.iut, Search(secrets))
