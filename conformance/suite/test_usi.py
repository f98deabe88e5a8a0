"""Does the product ask the registry in the right form, and tell its user the right thing?"""

import unicodedata

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.suite import requirement, vectors

NAMES = ("FirstName", "FamilyName", "SingleName")
NOT_RETRIED = ("registry.1002", "registry.2002", "registry.3458")
TYPED_NAMES = {
    "two-names": {
        "USI": "BNGH7C75FN",
        "FirstName": " Maryam ",
        "FamilyName": "Fredrick ",
        "DateOfBirth": "1966-05-25",
    },
    "one-name": {"USI": "QFJEGFSBC4", "SingleName": " Testsinglename ", "DateOfBirth": "1985-01-01"},
}
"""People as somebody typed them, with blanks where none belong."""

MOST_ATTEMPTS = 5
"""How often a product may ask while the registry says that it is not available, within one call."""


# --- the request: form ----------------------------------------------------------------------------


@requirement("USI-WIRE-01")
def test_sends_a_valid_request(registry_request):
    """The request is valid against the schema of the contract."""
    registry_request.must_satisfy("usi.schema")


@requirement("USI-WIRE-02")
def test_sends_soap_12_with_the_action(registry_request):
    """The request is a SOAP 1.2 envelope under its media type, and its action is that of the operation."""
    registry_request.must_satisfy("soap.media_type", "soap.not_an_envelope", "addressing.action_wrong")


@requirement("USI-WIRE-04")
def test_sends_one_form_of_the_name(registry_request):
    """A person of two names is asked for by first and family name alone."""
    registry_request.must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-04")
@vectors("usi/single_names.json")
def test_sends_a_single_name_alone(carry_out, case):
    """A person of one name is asked for by SingleName, without first and family name."""
    _asked(carry_out, case).registry_request().must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-06")
def test_sends_a_plain_date(registry_request):
    """The date of birth is yyyy-mm-dd, without time and zone."""
    registry_request.must_satisfy("usi.date_form")


@requirement("USI-WIRE-08")
@vectors("usi/escaping.json")
def test_escapes_names(carry_out, case):
    """Ampersands, apostrophes, angle brackets and quotation marks reach the registry as they are."""
    _must_send_the_names(_asked(carry_out, case), case)


@requirement("USI-WIRE-09")
@vectors("usi/unicode_names.json")
def test_keeps_every_character(carry_out, case):
    """Accents, precomposed or combining, and characters of every plane reach the registry."""
    _must_send_the_names(_asked(carry_out, case), case)


@requirement("USI-WIRE-11")
def test_sends_no_other_names(registry_request):
    """A verification carries neither middle name nor preferred name."""
    registry_request.must_satisfy("usi.foreign_name")


@requirement("USI-WIRE-13")
@pytest.mark.parametrize("form", TYPED_NAMES)
def test_trims_names(healthy, carry_out, form):
    """Blanks at the ends of a name are taken off before it is sent, or the name is refused."""
    healthy.registry_request()
    scenario = carry_out(f"verify-{form}-with-blanks-at-the-ends", request=TYPED_NAMES[form])
    if _kept_back(scenario):
        scenario.reply.must_be_refused("request.invalid")
    else:
        scenario.registry_request().must_satisfy("usi.untrimmed_name")


@requirement("USI-WIRE-13")
def test_keeps_blanks_inside_names(healthy, carry_out):
    """Two blanks inside a name stay two."""
    healthy.registry_request()
    person = {
        "USI": "SYNTHET27A",
        "FirstName": "Mary  Anne",
        "FamilyName": "van  der Berg",
        "DateOfBirth": "1994-06-07",
    }
    scenario = carry_out("verify-names-with-blanks-inside", request=person)
    _must_have_sent(scenario.registry_request(), _names_of(person))


# --- the request: version, limits, organisation ---------------------------------------------------


@requirement("USI-VER5-01")
def test_speaks_version_5(registry_request):
    """The request is in the namespace of contract version 5."""
    registry_request.must_satisfy("usi.outdated_namespace")


@requirement("USI-LIM-07")
def test_sends_the_configured_org_code(bench, registry_request):
    """The organisation code is the one that was configured."""
    _must_have_sent(registry_request, {"OrgCode": bench.org_code})


@requirement("USI-LIM-07")
@pytest.mark.parametrize("code", ["KIT4EVTE", "00012345"])
def test_sends_an_org_code_of_eight(healthy, carry_out, code):
    """An organisation code may have eight characters, leading zeros among them; it is sent as it is."""
    healthy.registry_request()
    scenario = carry_out(f"verify-with-the-org-code-{code}", org_code=code)
    _must_have_sent(scenario.registry_request(), {"OrgCode": code})


@requirement("USI-SEC-02")
def test_uses_the_token_of_the_organisation(token_request, registry_request):
    """The token's ABN is that of the organisation whose code is sent."""
    if any(finding.code.startswith("trust.act_as") for finding in token_request.judgement.findings):
        raise NotTestable(
            "the token was asked for on behalf of somebody else, or of nobody, where it should not",
            advice="mend the failure on the token request first",
        )
    registry_request.must_satisfy("usi.org_code_abn")


@requirement("USI-SEC-01")
def test_refuses_an_untrusted_server(bench, healthy, carry_out):
    """A server whose certificate does not come from the given authority learns nothing."""
    healthy.registry_request()
    scenario = carry_out("server-of-an-untrusted-authority", ca_file=str(bench.wrong_ca_file))
    _must_have_kept_away(scenario, scenario.recording.exchanges, "server")


@requirement("USI-SEC-01")
def test_refuses_an_untrusted_registry(bench, healthy, carry_out):
    """The same of the registry alone: the token service is trusted, who answers for the registry is not."""
    healthy.registry_request()
    scenario = carry_out("registry-of-an-untrusted-authority", usi_address=bench.impostor_address)
    _must_have_kept_away(scenario, scenario.recording.registry, "registry")


def _must_have_kept_away(scenario, exchanges, peer):
    """Demand that nothing was sent to a peer whose certificate cannot be trusted, and that this is told."""
    scenario.cite()
    if exchanges:
        raise ImplementationError(
            f"the product talked to a {peer} whose certificate it cannot trust",
            subcode=Subcode.ACCEPTED_INVALID,
            expected=f"no request to the {peer}",
            found=f"{len(exchanges)} requests",
            advice="verify certificate and host name of every server; never switch the check off",
        )
    scenario.reply.must_be_refused("transport.untrusted", "transport.failed")


# --- the answer -----------------------------------------------------------------------------------


@requirement("USI-VER-01")
@vectors("usi/verified.json")
def test_verifies_when_all_matches(carry_out, case):
    """Valid, and Match for every field, is verified."""
    _must_conclude(_asked(carry_out, case), case)


@requirement("USI-VER-02")
@vectors("usi/no_match.json")
def test_does_not_verify_a_mismatch(healthy, carry_out, case):
    """Valid with any NoMatch is not verified, and the field is named."""
    _must_have_verified(healthy)
    _must_conclude(_asked(carry_out, case), case)


@requirement("USI-VER-03")
@vectors("usi/deactivated.json")
def test_does_not_verify_a_deactivated_usi(healthy, carry_out, case):
    """Deactivated is not verified, though everything matches."""
    _must_have_verified(healthy)
    _must_conclude(_asked(carry_out, case), case)


@requirement("USI-VER-04")
@vectors("usi/unknown_usis.json")
def test_does_not_verify_an_unknown_usi(healthy, carry_out, case):
    """Invalid with NoMatch for every field is not verified."""
    _must_have_verified(healthy)
    _must_conclude(_asked(carry_out, case, faults=("registry.invalid_with_fields",)), case)


@requirement("USI-VER-05")
def test_survives_invalid_without_fields(healthy, carry_out):
    """Invalid with no fields at all is not verified, and nothing falls over."""
    _must_have_verified(healthy)
    scenario = carry_out(
        "verify-an-unknown-usi-answered-without-fields",
        request={
            "USI": "2222222222",
            "FirstName": "Maryam",
            "FamilyName": "Fredrick",
            "DateOfBirth": "1966-05-25",
        },
        faults=("registry.invalid_without_fields",),
    )
    _must_be_concluded(_answered(scenario), "not_verified", {"USIStatus": "Invalid"})


@requirement("USI-VER-06")
def test_does_not_verify_an_unknown_status(healthy, carry_out):
    """A status that no contract lists is not verified, though everything matches."""
    _must_have_verified(healthy)
    scenario = carry_out("verify-answered-with-an-unknown-status", faults=("registry.unknown_status",))
    _sent_well(scenario)
    if scenario.reply.answer.outcome is Outcome.REJECTED:
        # A strict reader may take the answer for one that it cannot use.
        scenario.reply.must_be_refused("service.malformed_answer")
    elif (found := scenario.reply.must_be_ok()["conclusion"]) == "verified":
        raise _wrong_conclusion(
            "not_verified or failed", found, "the status is one that the contract does not list"
        )


@requirement("USI-VER-07")
@vectors("usi/single_names.json")
def test_verifies_a_single_name(carry_out, case):
    """A person of one name is verified by SingleName and date of birth."""
    _must_conclude(_asked(carry_out, case), case)


@requirement("USI-VER-10")
@pytest.mark.parametrize("fault", ["registry.1001", "registry.1002", "registry.2002"])
def test_takes_no_fault_for_an_answer(healthy, refused_call, fault):
    """A fault says nothing about the USI: it is reported as a failure, never as not verified."""
    _must_have_verified(healthy)
    scenario = refused_call(fault)
    _sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is Outcome.OK and answer.value["conclusion"] != "failed":
        raise _wrong_conclusion(
            "a refusal, or the conclusion failed",
            answer.value["conclusion"],
            f"the registry answered {fault}",
        )
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(
            "service.unavailable", "service.validation", "service.not_authorised", "service.fault"
        )


# --- faults ---------------------------------------------------------------------------------------


@requirement("USI-FLT-03")
def test_reads_the_body_of_http_500(healthy, refused_call):
    """A fault that comes with HTTP 500 is recognised as one, not taken for an outage of the server."""
    _must_have_verified(healthy)
    _must_report(refused_call("registry.1002"), "service.validation", "service.fault")


@requirement("USI-VER5-03")
def test_finds_error_info_in_the_namespace_of_2020(healthy, refused_call):
    """The code in the fault's detail is found, though its namespace is that of version 4."""
    _must_have_verified(healthy)
    scenario = refused_call("registry.1002")
    if scenario.reply.answer.reason in ("", "service.validation", "service.fault"):
        _must_report(scenario, "service.validation")
    else:
        raise _not_understood(scenario)


@requirement("USI-FLT-01")
@pytest.mark.parametrize(
    ("fault", "reason"),
    [("registry.2002", "service.not_authorised"), ("registry.3458", "service.outdated_version")],
    ids=["2002", "3458"],
)
def test_tells_faults_apart(understood, refused_call, fault, reason):
    """The code of a single ErrorInfo decides what the user is told."""
    understood()
    _must_report(refused_call(fault), reason)


@requirement("USI-FLT-04")
def test_gives_up_on_an_outage_in_the_end(understood, refused_call):
    """While the registry is not available it is asked again a few times at most, and the user is told so."""
    understood()
    scenario = refused_call("registry.1001")
    _must_report(scenario, "service.unavailable")
    _must_not_ask_more_than(scenario, MOST_ATTEMPTS, "registry.1001")


@requirement("USI-FLT-05")
@pytest.mark.parametrize("fault", NOT_RETRIED)
def test_does_not_repeat_what_cannot_succeed(healthy, refused_call, fault):
    """After 1002, 2002 and 3458 the same request is not sent again."""
    _must_have_verified(healthy)
    scenario = refused_call(fault)
    _sent_well(scenario)
    _must_not_ask_more_than(scenario, 1, fault)


@requirement("USI-FLT-09")
def test_shows_an_unknown_code(understood, refused_call):
    """A code that the product does not know is shown to the user as it came."""
    understood()
    scenario = refused_call("registry.7777")
    _must_report(scenario, "service.fault", "service.validation")
    shown = _shown(scenario.reply.answer)
    if "7777" not in shown:
        raise ImplementationError(
            "the code of a fault is not shown",
            subcode=Subcode.WRONG_VALUE,
            expected="a message with the code 7777",
            found=shown.strip() or "no message",
            advice="show title, code and message as they came; support can do nothing without them",
        )


# --- what the checks have in common ---------------------------------------------------------------


@pytest.fixture(scope="session")
def refused_call(carry_out):
    """Carry out a call that the registry answers with a fault; each fault once."""
    done = {}

    def perform(fault):
        if fault not in done:
            done[fault] = carry_out(f"registry-answers-{fault.rpartition('.')[2]}", faults=(fault,))
        return done[fault].cite()

    return perform


@pytest.fixture
def understood(healthy, refused_call):
    """Make sure that the product finds the code of a fault at all before anything is asked about codes."""

    def demand():
        _must_have_verified(healthy)
        scenario = refused_call("registry.1002")
        if scenario.reply.answer.reason not in ("", "service.validation"):
            raise _not_understood(scenario)

    return demand


def _asked(carry_out, case, faults=()):
    """Carry out the call of a vector."""
    file = case.file.rpartition("/")[2].removesuffix(".json").replace("_", "-")
    return carry_out(f"{file}-{case.id}", faults=faults, **case.input).cite()


def _kept_back(scenario):
    """Tell whether the product itself refused to send the request, and did not fail for want of a token."""
    return (
        scenario.reply.answer.outcome is Outcome.REJECTED
        and scenario.reply.answer.reason in ("", "request.invalid")
        and all(exchange.response.status == 200 for exchange in scenario.recording.sts)
        and not _posts(scenario)
    )


def _posts(scenario):
    return [exchange for exchange in scenario.recording.registry if exchange.request.method == "POST"]


def _sent_well(scenario):
    """Make sure that a right request reached the registry, so that its answer is what is judged."""
    exchange = scenario.registry_request().exchange
    if exchange.response.status != 200 and not exchange.judgement.accepted:
        errors = [finding for finding in exchange.judgement.findings if finding.severity == "error"]
        raise NotTestable(
            "the registry refused the request, so that there was no answer to conclude from",
            expected="a right request",
            found="; ".join(dict.fromkeys(finding.message for finding in errors[:3])),
            advice="mend the failures on the request first",
        )


def _answered(scenario):
    """Return what the product concluded from an answer to a right request."""
    _sent_well(scenario)
    return scenario.reply.must_be_ok()


def _must_have_verified(healthy):
    """Make sure that the healthy twin was verified: a product that verifies nobody proves nothing."""
    _sent_well(healthy)
    value = healthy.cite().reply.must_be_ok(as_twin=True)
    if value["conclusion"] != "verified":
        raise NotTestable(
            "the healthy twin was not verified, so that nothing can be learned from this case",
            expected="verified",
            found=value["conclusion"],
            advice="mend the failure on the person whose particulars are all right first",
        )


def _must_conclude(scenario, case):
    value = case.expect.value
    _must_be_concluded(_answered(scenario), value["conclusion"], value["response"])


def _must_be_concluded(value, conclusion, response):
    """Demand a conclusion, and a response that holds at least these elements."""
    if value["conclusion"] != conclusion:
        told = ", ".join(f"{name} {text}" for name, text in response.items())
        raise _wrong_conclusion(conclusion, value["conclusion"], f"the registry answered {told}")
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


def _wrong_conclusion(expected, found, because):
    return ImplementationError(
        f"the user is told something else than the answer says: {because}",
        subcode=Subcode.WRONG_VALUE,
        expected=expected,
        found=str(found),
        where="conclusion",
    )


def _must_send_the_names(scenario, case):
    if case.expect.status == "either" and _kept_back(scenario):
        scenario.reply.must_be_refused(*case.expect.reasons)
        return
    observed = scenario.registry_request()
    observed.must_satisfy("soap.unreadable")
    _must_have_sent(observed, _names_of(case.input["request"]))


def _must_have_sent(observed, wanted):
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


def _names_of(person):
    return {name: text for name, text in person.items() if name in NAMES}


def _composed(text):
    return unicodedata.normalize("NFC", text)


def _must_report(scenario, *reasons):
    """Demand that a fault is reported as a failure for one of these reasons.

    The conclusion `failed` states no reason, so that the code has to be in what the product shows.
    """
    _sent_well(scenario)
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
    elif (code := scenario.recording.faults[0].rpartition(".")[2]) not in _shown(answer):
        raise ImplementationError(
            f"the user is told that the call failed, but not with which code: the registry answered {code}",
            subcode=Subcode.WRONG_VALUE,
            expected=f"a refusal: {' or '.join(reasons)}; or the code {code} in the response",
            found=scenario.reply.described(),
            advice="answer `rejected` with the reason, or show code and message as they came",
        )


def _shown(answer):
    """Return everything that an answer tells the user, as one text."""
    native = answer.native
    told = f"{native.code} {native.text}" if native is not None else ""
    return told if answer.outcome is not Outcome.OK else f"{told} {answer.value['response']}"


def _not_understood(scenario):
    return NotTestable(
        "the product does not find the code of a fault, so that nothing can be asked about codes",
        expected="service.validation for the code 1002",
        found=scenario.reply.described(),
        advice="mend the failures of USI-FLT-03 and USI-VER5-03 first",
    )


def _must_not_ask_more_than(scenario, most, fault):
    found = len(_posts(scenario))
    if found > most:
        raise ImplementationError(
            f"after {fault.rpartition('.')[2]} the request was repeated",
            subcode=Subcode.WRONG_VALUE,
            expected=f"at most {most} request{'s' if most > 1 else ''}",
            found=f"{found} requests",
        )
