"""The simulated token service: what it decides, what it answers, where it listens."""

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.model import Severity
from conformance.protocol import markup, names, security, soap, trust
from conformance.simulators.authority import NO_SIGNING, PERSONAL
from conformance.simulators.faults import FAULTS
from conformance.simulators.office import NotificationCheck
from conformance.simulators.ram import Role

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
HOST = "localhost:8443"
PATH = "/R3.0/S007v1.3/service.svc"
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
HOSTED = trust.ActAs(ssid="0000123400", first_party="11000002568", second_party="96312011219", id="r1")


def errors(exchange):
    return {finding.code for finding in exchange.judgement.findings if finding.severity is Severity.ERROR}


# --- what is granted --------------------------------------------------------------------------------------


def test_a_token_is_issued(desk):
    """Its proof key is inside the token too, its life is the asked one, its claims are the credential's."""
    status, envelope, exchange = desk.ask()
    issued, facts = desk.open(envelope)
    assert status == 200
    assert facts.proof_key == issued.proof_key
    assert len(issued.proof_key) == 32
    assert (issued.created, issued.expires) == (MOMENT, MOMENT + timedelta(minutes=20))
    assert facts.claims == {names.CLAIM_ABN: "11000002568", names.CLAIM_CREDENTIAL_TYPE: "ABR_Device"}
    assert exchange.judgement.findings == ()
    assert (exchange.summary, exchange.outcome) == ("RequestSecurityToken", "token issued")
    assert exchange.facts.assertion_id == facts.assertion_id
    assert exchange.facts.expires == issued.expires


def test_the_answer_relates_to_the_request_and_has_a_timestamp(desk):
    """Some stacks hide an answer without either."""
    _, envelope, exchange = desk.ask()
    assert envelope.action == names.ISSUE_FINAL_ACTION
    assert envelope.relates_to == exchange.facts.envelope.message_id
    assert (
        markup.text(markup.child(envelope.security, "u:Timestamp", "u:Created")) == "2026-11-21T10:42:00.000Z"
    )


def test_without_a_lifetime_the_service_chooses_one(desk):
    """Half an hour."""
    _, envelope, _ = desk.ask(created=None, expires=None)
    assert trust.read_response(envelope).expires == MOMENT + timedelta(minutes=30)


def test_a_shorter_life_may_be_granted(desk):
    """Clients must look at the answer, not at their request."""
    desk.set(granted_life=timedelta(minutes=2))
    _, envelope, _ = desk.ask()
    issued, facts = desk.open(envelope)
    assert issued.expires == facts.not_on_or_after == MOMENT + timedelta(minutes=2)


def test_the_second_party_is_the_abn_of_the_token(desk):
    """In ActAs the claim abn is the client's."""
    _, envelope, exchange = desk.ask(act_as=HOSTED)
    _, facts = desk.open(envelope)
    assert facts.claims[names.CLAIM_ABN] == "96312011219"
    assert exchange.judgement.findings == ()


def test_only_asked_claims_are_given(desk):
    """SBR asks for five, the registry for two."""
    _, envelope, _ = desk.ask(claims=names.SBR_CLAIMS)
    _, facts = desk.open(envelope)
    assert set(facts.claims) == set(names.SBR_CLAIMS)


def test_the_key_has_the_asked_size(desk):
    """512 bits are 64 bytes."""
    _, envelope, _ = desk.ask(key_size=512)
    issued, facts = desk.open(envelope)
    assert len(issued.proof_key) == len(facts.proof_key) == 64


@pytest.mark.parametrize("mode", [trust.ProofMode.COMPUTED, trust.ProofMode.CLIENT_ENTROPY])
def test_the_proof_key_comes_in_other_ways_too(desk, mode):
    """What the client works out is what the registry finds in the token."""
    desk.set(proof_mode=mode)
    entropy = bytes(range(32))
    _, envelope, _ = desk.ask(entropy=entropy)
    issued, facts = desk.open(envelope, entropy=entropy)
    assert facts.proof_key == issued.proof_key
    assert (issued.proof_key == entropy) == (mode is trust.ProofMode.CLIENT_ENTROPY)


def test_without_entropy_the_key_is_given_plainly(desk):
    """A client that sends none cannot compute anything."""
    desk.set(proof_mode=trust.ProofMode.COMPUTED)
    _, envelope, _ = desk.ask()
    desk.open(envelope)


def test_the_older_endpoint_has_its_own_algorithms(desk):
    """v1.2 takes SHA-1 and refuses what v1.3 wants."""
    older = PATH.replace("v1.3", "v1.2")
    assert desk.ask(path=older, suite=security.S007_V12)[0] == 200
    assert desk.refused(path=older) == "InvalidSecurity"
    assert desk.refused(suite=security.S007_V12) == "InvalidSecurity"


# --- what is refused --------------------------------------------------------------------------------------


def test_each_kind_of_credential_has_its_code(desk):
    """The code tells the user what to do about it."""
    make = desk.authority.machine_credential
    life = {"abn": "11000002568", "name": "KITTEST1"}
    expired = make(**life, not_before=MOMENT - timedelta(days=800), not_after=MOMENT - timedelta(days=1))
    early = make(**life, not_before=MOMENT + timedelta(days=1))
    assert desk.refused(credential=expired) == "E2015"
    assert desk.refused(credential=early) == "E2017"
    assert desk.refused(credential=make(**life, trusted=False)) == "E2020"
    assert desk.refused(credential=make(**life, profile=PERSONAL)) == "E2180"
    assert desk.refused(credential=make(**life, profile=NO_SIGNING)) == "E2180"
    desk.ram.revoke("C1", by="Ada")
    assert desk.refused() == "E2014"


def test_ram_says_how_the_credential_stands(desk):
    """For 60 days it works without a holder, then no more; the codes are switches."""
    desk.ram.dismiss("11000002568", "Ben", Role.CREDENTIAL_ADMINISTRATOR, by="Ada")
    desk.ram.advance(days=59)
    assert desk.ask()[0] == 200
    with desk.ram.restored():
        desk.ram.advance(days=2)
        assert desk.refused() == "E2014"
        assert errors(desk.service.exchanges[-1]) == {"sts.credential_lapsed"}
        desk.set(lapsed_code="E2169")
        assert desk.refused() == "E2169"
    assert desk.ask()[0] == 200
    desk.set(unassigned_refused=True)
    assert desk.refused() == "E2169"


def test_ram_knows_when_a_credential_ends(desk):
    """A clock of RAM's that is ahead makes a credential that looks valid an expired one."""
    desk.ram.advance(days=800)
    assert desk.refused() == "E2015"
    assert errors(desk.service.exchanges[-1]) == {"sts.credential_over"}


def test_a_revoked_credential_has_the_code_that_is_set(desk):
    """The code is known from tables of the time before RAM only."""
    desk.ram.revoke("C1", by="Ada")
    desk.set(revoked_code="E2169")
    assert desk.refused() == "E2169"


def test_the_first_token_is_the_first_use(desk):
    """From then on Access Manager shows the credential; a refused request is no use of it."""
    desk.refused(applies_to="https://portal.usi.gov.au/")
    assert desk.ram.permissions("11000002568", "KITTEST1") is None
    desk.ask()
    assert desk.ram.permissions("11000002568", "KITTEST1") == {"every permission"}


def test_a_credential_that_ram_does_not_know_is_let_pass(desk):
    """RAM says nothing against it; whether the real service would is unknown."""
    other = desk.authority.machine_credential(abn="11000002568", name="OTHER", key="machine-2")
    assert desk.ask(credential=other)[0] == 200


def test_the_code_of_an_expired_credential_is_a_switch(desk):
    """The real service was seen to answer E2169 in 2026."""
    desk.set(expired_code="E2169")
    expired = desk.authority.machine_credential(
        abn="11000002568",
        name="KITTEST1",
        not_before=MOMENT - timedelta(days=800),
        not_after=MOMENT - timedelta(days=1),
    )
    assert desk.refused(credential=expired) == "E2169"


def test_an_operators_authority_can_be_trusted(desk):
    """With the chain out of the operator's own store."""
    foreign = desk.authority.machine_credential(abn="11000002568", name="KITTEST1", trusted=False)
    desk.set(extra_anchors=foreign.chain[1:])
    assert desk.ask(credential=foreign)[0] == 200


@pytest.mark.parametrize(
    "address",
    ["https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc", f"{AUDIENCE}/", "https://portal.usi.gov.au/"],
)
def test_relying_parties_are_matched_by_the_letter(desk, address):
    """Case and a slash at the end make another one."""
    assert desk.refused(applies_to=address) == "E2003"
    assert errors(desk.service.exchanges[-1]) == {"sts.relying_party_unknown"}


def test_case_of_the_relying_party_is_named_as_the_cause(desk):
    """The address of the WSDL is the commonest wrong one."""
    desk.ask(applies_to="https://3pt.portal.usi.gov.au/Service/v5/UsiService.svc")
    assert (
        desk.service.exchanges[-1]
        .judgement.findings[0]
        .hint.startswith("it differs from a registered one in case")
    )


def test_claims_have_their_codes(desk):
    """Unknown, and known but not to be had."""
    assert desk.refused(claims=(*names.USI_CLAIMS, "urn:unknown")) == "E2183"
    assert desk.refused(claims=(*names.USI_CLAIMS, f"{names.IDENTITY}/claims/surname")) == "E2182"


def test_what_is_asked_wrongly_is_an_invalid_request(desk):
    """WS-Trust's own subcode, where no event code is known."""

    def bearer(body):
        body.find(names.tag("t:KeyType")).text = names.BEARER

    assert desk.refused(change=bearer) == "InvalidRequest"


def test_an_unknown_relationship_has_the_code_that_is_set(desk):
    """The real one is not public, so that by default there is none."""
    desk.ram.remove_notification("N1", by="Ada")
    assert desk.refused(act_as=HOSTED) == "InvalidRequest"
    desk.set(relationship_code="E9999")
    assert desk.refused(act_as=HOSTED) == "E9999"
    desk.notify()
    assert desk.ask(act_as=HOSTED)[0] == 200


@pytest.mark.parametrize(
    ("checked_by", "unnotified"), [(NotificationCheck.REGISTRY, 1), (NotificationCheck.NOBODY, 0)]
)
def test_who_looks_for_the_notification_is_a_switch(desk, checked_by, unnotified):
    """Where the token service does not look, it issues the token; a registry that does is told."""
    desk.ram.remove_notification("N1", by="Ada")
    desk.set(notification_checked_by=checked_by)
    assert desk.ask(act_as=HOSTED)[0] == 200
    assert len(desk.service.unnotified) == unnotified


@pytest.mark.parametrize(
    "changed",
    [{"ssid": "0000123401"}, {"second_party": "27809366375"}],
    ids=["another software id", "another client"],
)
def test_a_notification_is_for_one_client_and_one_software(desk, changed):
    """Nobody else's is good enough."""
    assert desk.refused(act_as=replace(HOSTED, **changed)) == "InvalidRequest"
    assert errors(desk.service.exchanges[-1]) == {"sts.relationship_unknown"}


def test_a_bad_signature_learns_no_more_than_that(desk):
    """The finding says why; the fault does not."""
    other = desk.authority.machine_credential(abn="11000002568", name="OTHER", key="machine-2")
    mixed = replace(desk.credential, key=other.key)
    assert desk.refused(credential=mixed) == "InvalidSecurity"
    assert errors(desk.service.exchanges[-1]) == {"security.signature_wrong"}


def test_a_stale_message_has_expired(desk):
    """Six minutes are too many, four are not."""
    assert desk.refused(now=MOMENT - timedelta(minutes=6)) == "MessageExpired"
    assert desk.ask(now=MOMENT - timedelta(minutes=4))[0] == 200


def test_an_unsigned_to_is_found_but_let_pass(desk):
    """Whether the real service refuses it is not known."""
    root = markup.parse(desk.message())
    header = root.find(f".//{names.tag('o:Security')}")
    signed_info = header.find(f".//{names.tag('ds:SignedInfo')}")
    signed_info.remove(signed_info[-1])
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric import padding
    from cryptography.hazmat.primitives.hashes import SHA256

    value = desk.credential.key.sign(markup.canonical(signed_info), padding.PKCS1v15(), SHA256())
    signed_info.getnext().text = b64encode(value).decode()
    data = markup.serialize(root)
    assert desk.send(data).status == 200
    assert errors(desk.service.exchanges[-1]) == {"security.to_unsigned"}
    desk.set(unsigned_to_refused=True)
    assert desk.send(data).status == 500


def test_wrong_addressing_has_addressing_faults(desk):
    """The subcodes of WS-Addressing."""
    data = desk.message()
    response = desk.send(data, path=PATH.lower())
    fault = soap.read_fault(soap.read(response.body))
    assert fault.subcodes == (names.DESTINATION_UNREACHABLE,)
    assert errors(desk.service.exchanges[-1]) == {"addressing.to_wrong"}


def test_a_reused_message_id_is_found(desk):
    """And let pass: services are not known to look at it."""
    data = desk.message()
    assert [desk.send(data).status, desk.send(data).status] == [200, 200]
    assert errors(desk.service.exchanges[-1]) == {"addressing.message_id_reused"}


def test_a_reused_relationship_id_is_found(desk):
    """And let pass: the official sample does it."""
    assert [desk.ask(act_as=HOSTED)[0], desk.ask(act_as=HOSTED)[0]] == [200, 200]
    assert errors(desk.service.exchanges[-1]) == {"sts.relationship_id_reused"}


@pytest.mark.parametrize(
    ("act_as", "asked", "codes"),
    [
        (True, None, {"trust.act_as_missing"}),
        (False, HOSTED, {"trust.act_as_unexpected"}),
        (None, HOSTED, set()),
        (None, None, set()),
    ],
)
def test_acting_for_another_is_judged_by_the_profile(desk, act_as, asked, codes):
    """A token is issued all the same, as the real service would."""
    desk.set(act_as=act_as)
    status, _, exchange = desk.ask(act_as=asked)
    assert (status, errors(exchange)) == (200, codes)


def test_another_credential_than_the_given_one_is_found(desk):
    """The service itself does not mind."""
    other = desk.authority.machine_credential(abn="27809366375", name="OTHER", key="machine-2")
    desk.set(credential=other.certificate.public_bytes(Encoding.DER))
    status, _, exchange = desk.ask()
    assert (status, errors(exchange)) == (200, {"security.certificate_other"})


# --- faults that are asked for ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", sorted(name for name, fault in FAULTS.items() if fault.simulator == "sts" and fault.code)
)
def test_every_event_of_the_table_can_be_asked_for(desk, name):
    """Its code and advice are in the detail and in the reason, and internal troubles are the receiver's."""
    desk.service.faults = (name,)
    status, envelope, exchange = desk.ask()
    fault = soap.read_fault(envelope)
    event = trust.read_event(fault)
    assert (status, event.code, event.advice) == (500, FAULTS[name].code, FAULTS[name].text)
    assert trust.read_event(replace(fault, detail=None)) == event
    assert fault.code == ("Receiver" if FAULTS[name].retry else "Sender")
    assert envelope.security is not None
    assert exchange.judgement.findings == ()
    assert exchange.outcome == f"fault {event.code}"


@pytest.mark.parametrize("prefix", ["soap", "s"])
@pytest.mark.parametrize("status", [500, 400])
def test_prefix_and_status_of_faults_are_switches(desk, prefix, status):
    """Clients have been seen that need the one or the other."""
    desk.set(fault_prefix=prefix, fault_status=status)
    desk.service.faults = ("sts.E2003",)
    response = desk.send(desk.message())
    assert response.status == status
    assert f"<{prefix}:Fault".encode() in response.body


# --- routes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [PATH, PATH.lower(), "/r3.0/S007V1.3/Service.svc"])
def test_paths_have_no_case(desk, path):
    """Samples spell them in several ways; the To header must be spelt likewise."""
    assert desk.ask(path=path)[0] == 200


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "singleWsdl", ""])
def test_a_wsdl_is_served(desk, query):
    """Stacks fetch it before anything else, some from the bare address."""
    response = desk.send(method="GET", query=query)
    root = markup.parse(response.body)
    assert response.status == 200
    assert (
        root.get("targetNamespace") == "http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice"
    )
    service = root.find(f"{{{names.WSDL}}}service")
    assert (service.get("name"), service[0].get("name")) == (
        "SecurityTokenService",
        "S007SecurityTokenServiceEndpoint",
    )
    assert service[0][0].get("location") == f"https://{HOST}{PATH}"
    assert desk.service.exchanges[-1].facts is None


@pytest.mark.parametrize(("version", "suite"), [("v1.3", "Basic256Sha256"), ("v1.2", "Basic256")])
def test_the_wsdl_carries_the_policy(desk, version, suite):
    """Without it Metro sends an unsigned request, with the wrong suite it digests with SHA-1."""
    root = markup.parse(desk.send(method="GET", path=PATH.replace("v1.3", version), query="wsdl").body)
    found = [etree.QName(element).localname for element in root.iter(f"{{{names.SECURITY_POLICY}}}*")]
    assert suite in found
    assert {"HttpsToken", "EndorsingSupportingTokens", "X509Token", "SignedParts", "Trust13"} <= set(found)
    token_assertion = next(root.iter(f"{{{names.SECURITY_POLICY}}}X509Token"))
    assert token_assertion.get(f"{{{names.SECURITY_POLICY}}}IncludeToken").endswith("/AlwaysToRecipient")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"{PATH}/mex", 404),
        ("GET", f"{PATH}/mex", 404),
        ("POST", "/", 404),
        ("PUT", PATH, 405),
    ],
)
def test_nothing_else_is_served(desk, method, path, status):
    """Metadata exchange least of all; what was asked is on record."""
    assert desk.send(b"<a/>", method=method, path=path).status == status
    assert desk.service.exchanges[-1].facts is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"<!DOCTYPE a><a/>", b"<a/>"])
def test_what_is_no_envelope_gets_a_400(desk, body):
    """There is no fault below SOAP."""
    assert desk.send(body).status == 400
    assert len(errors(desk.service.exchanges[-1])) == 1


def test_a_wrong_media_type_is_refused(desk):
    """SOAP 1.1's is the usual one."""
    response = desk.send(desk.message(), media_type="text/xml; charset=utf-8")
    assert response.status == 415
    assert errors(desk.service.exchanges[-1]) == {"soap.media_type"}


def test_several_threads_may_ask_at_once(desk):
    """Every answer belongs to its request, and every token is its own."""
    messages = [desk.message() for _ in range(24)]
    answers = {}

    def ask(index):
        answers[index] = desk.send(messages[index])

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, response in answers.items():
        envelope = soap.read(response.body)
        assert envelope.relates_to == soap.read(messages[index]).message_id
        desk.open(envelope)
    assert len(desk.service.issued) == len(desk.service.exchanges) == 24
