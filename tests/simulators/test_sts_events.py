"""What the simulated token service refuses, with which code, and what of that is a setting."""

import ast
import itertools
from base64 import b64encode
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol import markup, names, security, soap, trust
from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Credential, Order, TokenClient
from conformance.simulators import settings as settings_module
from conformance.simulators.authority import NO_SIGNING, PERSONAL
from conformance.simulators.faults import FAULTS
from conformance.simulators.settings import BeyondMaximum, Settings

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
HOST = "localhost:8443"
PATH = "/R3.0/S007v1.3/service.svc"
OLDER = "/R3.0/S007v1.2/service.svc"
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
HOSTED = trust.ActAs(ssid="0000123400", first_party="11000002568", second_party="96312011219", id="r1")
HOLDER = {"abn": "11000002568", "name": "KITTEST1"}
TABLE = {
    *("E1001", "E1003", "E1004", "E2003", "E2014", "E2015", "E2017"),
    *("E2020", "E2029", "E2169", "E2180", "E2182", "E2183", "E2190"),
}
"""Every code of the published table."""


def credential(desk, **options):
    return {"credential": desk.authority.machine_credential(**HOLDER, **options)}


def fault_of(desk, data=None, **options):
    """Send a message, by default a healthy one; return the response and its fault."""
    path = options.get("path", PATH)
    response = desk.send(desk.message(**options) if data is None else data, path=path)
    return response, soap.read_fault(soap.read(response.body))


def changed(desk, change, **options):
    """A message that is changed after it was signed."""
    root = markup.parse(desk.message(**options))
    change(root)
    return markup.serialize(root)


def subcodes(fault):
    return [name.rpartition("}")[2] for name in fault.subcodes]


# --- the table of codes, out of the state of the service --------------------------------------------------


def revoked(desk):
    desk.ram.revoke("C1", by="Ada")
    return {}


def unreadable(holder):
    """A message whose token is something else than a certificate."""

    def arrange(desk):
        def change(root):
            next(root.iter(names.tag("o:BinarySecurityToken"))).text = b64encode(holder).decode()

        return {"data": changed(desk, change)}

    return arrange


STATES = {
    "another relying party": ("E2003", lambda desk: {"applies_to": "https://portal.usi.gov.au/"}),
    "another spelling of it": (
        "E2003",
        lambda desk: {"applies_to": AUDIENCE.replace("service/v5", "Service/v5")},
    ),
    "revoked in RAM": ("E2014", revoked),
    "life over": (
        "E2015",
        lambda desk: credential(
            desk, not_before=MOMENT - timedelta(days=800), not_after=MOMENT - timedelta(days=1)
        ),
    ),
    "life not begun": ("E2017", lambda desk: credential(desk, not_before=MOMENT + timedelta(days=1))),
    "another authority": ("E2020", lambda desk: credential(desk, trusted=False)),
    "no certificate": ("E2029", unreadable(b"not a certificate")),
    "a person's credential": ("E2180", lambda desk: credential(desk, profile=PERSONAL)),
    "a key for other uses": ("E2180", lambda desk: credential(desk, profile=NO_SIGNING)),
    "a claim that a device has not": (
        "E2182",
        lambda desk: {"claims": (*names.USI_CLAIMS, f"{names.IDENTITY}/claims/surname")},
    ),
    "a claim that nobody knows": ("E2183", lambda desk: {"claims": (*names.USI_CLAIMS, "urn:unknown")}),
}


@pytest.mark.parametrize("state", STATES)
def test_a_code_follows_from_the_state(desk, state):
    """No fault has to be asked for; code, description and advice are those of the table."""
    code, arrange = STATES[state]
    response, fault = fault_of(desk, **arrange(desk))
    event, listed = trust.read_event(fault), FAULTS[f"sts.{code}"]
    assert response.status == 500
    assert (event.code, event.description, event.advice) == (code, listed.title, listed.text)
    assert desk.service.exchanges[-1].outcome == f"fault {code}"


def test_the_rest_of_the_table_has_no_state_behind_it():
    """Internal errors are named faults only; E2169 stands for others by a setting; every code has a fault."""
    from_state = {code for code, _ in STATES.values()}
    assert TABLE - from_state == {"E1001", "E1003", "E1004", "E2190", "E2169"}
    assert {name for name in FAULTS if name.startswith("sts.E")} == {
        f"sts.{code}" for code in (*TABLE, "E9999")
    }


@pytest.mark.parametrize("code", sorted(TABLE | {"E9999"}))
def test_every_code_can_be_asked_for_with_either_status_and_prefix(desk, code):
    """Only internal errors are the receiver's; an unlisted code is given like a listed one."""
    internal = code in ("E1001", "E1003", "E1004", "E2190")
    for faults, status, prefix in (
        ((), 500, b"<soap:Fault"),
        (("sts.fault_400", "sts.fault_prefix_s"), 400, b"<s:Fault"),
    ):
        desk.service.faults = (f"sts.{code}", *faults)
        response, fault = fault_of(desk)
        assert (response.status, prefix in response.body) == (status, True)
        assert fault.code == ("Receiver" if internal else "Sender")
        assert trust.read_event(fault).code == code
        assert soap.read(response.body).security is not None


@pytest.mark.parametrize(
    ("field", "state"),
    [
        ("expired_code", "life over"),
        ("revoked_code", "revoked in RAM"),
        ("untrusted_code", "another authority"),
    ],
)
def test_a_credential_that_is_not_recognised_may_have_another_code(desk, field, state):
    """The real service was seen to answer E2169 where the table lists another one."""
    desk.set(**{field: "E2169"})
    assert trust.read_event(fault_of(desk, **STATES[state][1](desk))[1]).code == "E2169"


def test_a_credential_that_ram_has_never_heard_of_may_have_a_code(desk):
    """By default it is let pass; the known one always is."""
    stranger = desk.authority.machine_credential(abn="27809366375", name="STRANGER", key="machine-2")
    assert desk.ask(credential=stranger)[0] == 200
    desk.set(unrecorded_code="E2169")
    assert desk.refused(credential=stranger) == "E2169"
    assert desk.ask()[0] == 200


# --- codes that are not public ----------------------------------------------------------------------------


def wrong_key(desk):
    other = desk.authority.machine_credential(abn="11000002568", name="OTHER", key="machine-2")
    return {"credential": replace(desk.credential, key=other.key)}


UNKNOWN = {
    "signature": (wrong_key, "InvalidSecurity"),
    "algorithm": (lambda desk: {"suite": security.S007_V12}, "InvalidSecurity"),
    "skew": (lambda desk: {"now": MOMENT - timedelta(minutes=6)}, "MessageExpired"),
    "lifetime": (lambda desk: {"expires": MOMENT + timedelta(hours=25)}, "InvalidTimeRange"),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_code_that_is_not_public_is_a_setting(desk, what):
    """By default there is none, and a subcode that is a setting too."""
    arrange, subcode = UNKNOWN[what]
    options = arrange(desk)
    assert desk.refused(**options) == subcode
    desk.set(**{f"{what}_subcode": names.FAILED_AUTHENTICATION})
    assert desk.refused(**options) == "FailedAuthentication"
    desk.set(**{f"{what}_code": "E9999"})
    assert desk.refused(**options) == "E9999"
    assert desk.ask()[0] == 200


def test_the_skew_is_a_setting(desk):
    """Whatever the frameworks' defaults are."""
    desk.set(skew=timedelta(minutes=1))
    assert desk.refused(now=MOMENT - timedelta(minutes=2)) == "MessageExpired"
    assert desk.ask(now=MOMENT - timedelta(seconds=50))[0] == 200


# --- layout of faults -------------------------------------------------------------------------------------


def test_an_event_is_in_the_reason_and_in_the_detail(desk):
    """Labelled fields as users were shown them; elements as a client of 2016 looks for them."""
    desk.service.faults = ("sts.E2015",)
    _, fault = fault_of(desk)
    assert fault.reason == (
        "Event Code: [E2015]. Event Description: [The credential has expired.]. "
        "User Advice: [Renew the credential.]."
    )
    assert [(markup.local_name(part), part.text) for part in fault.detail[0]] == [
        ("EventCode", "E2015"),
        ("EventDescription", "The credential has expired."),
        ("UserAdvice", "Renew the credential."),
    ]


@pytest.mark.parametrize(
    ("layout", "reason", "detail"),
    [
        (
            {"reason_fields": ("User Advice", "Event Code")},
            "User Advice: [Renew the credential.]. Event Code: [E2015].",
            3,
        ),
        ({"reason_fields": ()}, "The request was refused; the detail says why.", 3),
        ({"event_in_detail": False, "reason_fields": ("Event Code",)}, "Event Code: [E2015].", None),
        (
            {"detail_names": ("Failure", "sbrEventCode", "theEventDescription", "someUserAdvice")},
            None,
            ["sbrEventCode", "theEventDescription", "someUserAdvice"],
        ),
    ],
)
def test_the_layout_of_an_event_is_a_setting(desk, layout, reason, detail):
    """Neither the order of the fields nor the names of the elements are public; the code is always found."""
    desk.set(**layout)
    desk.service.faults = ("sts.E2015",)
    _, fault = fault_of(desk)
    assert reason in (None, fault.reason)
    if detail is None:
        assert fault.detail is None
    elif detail == 3:
        assert len(fault.detail[0]) == 3
    else:
        assert [markup.local_name(part) for part in fault.detail[0]] == detail
    assert trust.read_event(fault).code == "E2015"


@pytest.mark.parametrize(
    ("name", "in_reason", "in_detail"),
    [("sts.fault_bare", True, False), ("sts.fault_detail_only", False, True)],
)
def test_an_event_may_be_in_one_place_only(desk, name, in_reason, in_detail):
    """Clients have to look into both."""
    desk.service.faults = ("sts.E2015", name)
    _, fault = fault_of(desk)
    assert ("E2015" in fault.reason, fault.detail is not None) == (in_reason, in_detail)
    assert trust.read_event(fault) == trust.Event(
        code="E2015", description="The credential has expired.", advice="Renew the credential."
    )


# --- faults without an event ------------------------------------------------------------------------------


def set_action(root):
    next(root.iter(names.tag("a:Action"))).text = f"{names.TRUST}/RST/Renew"


def set_to(root):
    next(root.iter(names.tag("a:To"))).text = "https://elsewhere.invalid/service.svc"


def repeat_action(root):
    action = next(root.iter(names.tag("a:Action")))
    markup.add(action.getparent(), "a:Action", action.text)


def add_header(root):
    markup.add(root.find(names.tag("s:Header")), "sim:Unheard", "of", {"s:mustUnderstand": "1"})


@pytest.mark.parametrize(
    ("change", "code", "expected", "action"),
    [
        (set_action, "Sender", ["ActionNotSupported"], names.ADDRESSING_FAULT),
        (set_to, "Sender", ["DestinationUnreachable"], names.ADDRESSING_FAULT),
        (repeat_action, "Sender", ["InvalidAddressingHeader"], names.ADDRESSING_FAULT),
        (add_header, "MustUnderstand", [], names.SOAP_FAULT),
    ],
)
def test_the_framework_has_faults_of_its_own(desk, change, code, expected, action):
    """They come before all business, with the action of faults."""
    response, fault = fault_of(desk, changed(desk, change))
    assert (fault.code, subcodes(fault)) == (code, expected)
    assert soap.read(response.body).action == action
    assert desk.service.exchanges[-1].outcome == f"fault {(expected or [code])[0]}"


def test_a_body_with_two_requests_is_the_senders_fault(desk):
    """No subcode is known for it."""

    def twice(root):
        markup.add(root.find(names.tag("s:Body")), "sim:Second")

    _, fault = fault_of(desk, changed(desk, twice))
    assert (fault.code, fault.subcodes) == ("Sender", ())


def test_an_unsigned_request_is_insecure(desk):
    """A certificate alone proves nothing."""

    def bare(root):
        signature = next(root.iter(names.tag("ds:Signature")))
        signature.getparent().remove(signature)

    assert subcodes(fault_of(desk, changed(desk, bare))[1]) == ["InvalidSecurity"]


def test_case_of_to_is_a_setting(desk):
    """The letters must be the same in any case."""
    data = desk.message()
    _, fault = fault_of(desk, data, path=PATH.lower())
    assert subcodes(fault) == ["DestinationUnreachable"]
    desk.set(to_case_matters=False)
    assert desk.send(desk.message(), path=PATH.lower()).status == 200
    assert fault_of(desk, path=PATH, data=changed(desk, set_to))[0].status == 500


# --- lifetime ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("beyond", "hours"),
    [(BeyondMaximum.CLAMPED, 1), (BeyondMaximum.GRANTED, 30), (BeyondMaximum.REFUSED, None)],
)
def test_what_is_beyond_the_maximum_is_a_setting(desk, beyond, hours):
    """Clamped, granted or refused; up to the maximum everything is granted."""
    desk.set(maximum_life=timedelta(hours=1), beyond_maximum=beyond)
    assert desk.ask(expires=MOMENT + timedelta(hours=1))[0] == 200
    if hours is None:
        assert desk.refused(expires=MOMENT + timedelta(hours=30)) == "InvalidTimeRange"
    else:
        issued, facts = desk.open(desk.ask(expires=MOMENT + timedelta(hours=30))[1])
        assert issued.expires == facts.not_on_or_after == MOMENT + timedelta(hours=hours)


@pytest.mark.parametrize("beyond", BeyondMaximum)
def test_a_life_that_ends_before_it_begins_is_always_refused(desk, beyond):
    """Nobody could grant it."""
    desk.set(beyond_maximum=beyond)
    assert desk.refused(expires=MOMENT - timedelta(seconds=1)) == "InvalidTimeRange"


# --- claims -----------------------------------------------------------------------------------------------


def test_values_of_claims_are_a_setting(desk):
    """Whether credentialtype is ABR_Device or D is not known for certain."""
    desk.set(claim_values={names.CLAIM_CREDENTIAL_TYPE: "D"})
    assert desk.open(desk.ask()[1])[1].claims == {
        names.CLAIM_ABN: "11000002568",
        names.CLAIM_CREDENTIAL_TYPE: "D",
    }


def test_whose_abn_the_token_has_is_a_setting(desk):
    """The second party's, unless it is set otherwise; without ActAs the credential's."""
    assert desk.open(desk.ask(act_as=HOSTED)[1])[1].claims[names.CLAIM_ABN] == "96312011219"
    desk.set(act_as_abn_is_first=True, ssid_claim="urn:ssid")
    facts = desk.open(desk.ask(act_as=HOSTED)[1])[1]
    assert (facts.claims[names.CLAIM_ABN], facts.claims["urn:ssid"]) == ("11000002568", "0000123400")
    assert "urn:ssid" not in desk.open(desk.ask()[1])[1].claims


def test_values_in_a_request_are_evaluated_only_if_that_is_set(desk):
    """A client sent placeholders for years; another one sends the second party's ABN."""

    def placeholders(request):
        for claim in request.iter(names.tag("i:ClaimType")):
            claim.text = "abn" if claim.get("Uri") == names.CLAIM_ABN else "ABR_Device"

    def right(request):
        for claim in request.iter(names.tag("i:ClaimType")):
            claim.text = "96312011219" if claim.get("Uri") == names.CLAIM_ABN else "ABR_Device"

    assert desk.ask(change=placeholders)[0] == 200
    desk.set(claim_values_evaluated=True)
    assert desk.refused(change=placeholders) == "E2182"
    assert desk.ask(change=right, act_as=HOSTED)[0] == 200
    assert desk.ask()[0] == 200


# --- the two endpoints ------------------------------------------------------------------------------------


def client(desk, suite, path):
    """The kit's own client, signing by a suite and handing its messages to the service."""

    class Client(TokenClient):
        def sign(self, envelope, order):
            holder = order.credential
            security.sign_request(
                envelope, key=holder.key, certificate=holder.certificate, now=self.clock(), suite=suite
            )

        def post(self, order, message):
            response = desk.send(message, path=path)
            return Answer(response.status, "application/soap+xml", response.body)

    made = desk.credential
    order = Order(
        f"https://{HOST}{path}",
        "",
        Credential(made.certificate, made.chain, made.key, made.abn),
        AUDIENCE,
    )
    return Client(clock=lambda: MOMENT, random=desk.random, sleep=lambda _: None), order


@pytest.mark.parametrize(
    ("path", "suite", "healthy"),
    [
        (PATH, security.S007_V13, True),
        (OLDER, security.S007_V12, True),
        (PATH, security.S007_V12, False),
        (OLDER, security.S007_V13, False),
        # Patched in one place only: right signature, wrong digests, and the other way round.
        (PATH, replace(security.S007_V13, digest=names.SHA1), False),
        (PATH, replace(security.S007_V13, signature=names.RSA_SHA1), False),
        (OLDER, replace(security.S007_V12, digest=names.SHA256), False),
        (OLDER, replace(security.S007_V12, signature=names.RSA_SHA256), False),
    ],
)
def test_each_endpoint_takes_its_own_algorithms_only(desk, path, suite, healthy):
    """As the framework does, to the letter; the kit's own client is understood at both."""
    product, order = client(desk, suite, path)
    if healthy:
        issued = product.token(order)
        assert issued.expires == MOMENT + timedelta(minutes=30)
        assert desk.service.exchanges[-1].judgement.findings == ()
        return
    with pytest.raises(Refusal) as refused:
        product.token(order)
    assert refused.value.code == "InvalidSecurity"
    codes = {finding.code for finding in desk.service.exchanges[-1].judgement.findings}
    assert codes <= {"security.algorithm_signature", "security.algorithm_digest"}


def test_the_older_endpoint_may_be_gone(desk):
    """When it ends is not public."""
    desk.set(older_endpoint=False)
    assert desk.send(desk.message(path=OLDER, suite=security.S007_V12), path=OLDER).status == 404
    assert desk.send(method="GET", path=OLDER, query="wsdl").status == 404
    assert desk.ask()[0] == 200


# --- settings ---------------------------------------------------------------------------------------------


def test_every_setting_says_what_it_is():
    """A field without a note would be a guess that nobody can see."""
    tree = ast.parse(Path(settings_module.__file__).read_text(encoding="utf-8"))
    body = next(node for node in tree.body if getattr(node, "name", "") == "Settings").body
    noted = [
        node.target.id
        for node, after in itertools.pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    ]
    assert noted == [field.name for field in fields(Settings)]


def test_the_certificate_that_the_client_was_given_is_compared_by_its_bytes(desk):
    """A setting of the bench's; the healthy request has it."""
    desk.set(credential=desk.credential.certificate.public_bytes(Encoding.DER))
    assert desk.ask()[2].judgement.findings == ()
