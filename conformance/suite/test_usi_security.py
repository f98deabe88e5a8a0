"""Does the product trust nobody without reason, and does it keep secrets out of its words?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol import markup
from conformance.protocol.names import CLAIM_ABN
from conformance.protocol.secrets import Search
from conformance.suite import requirement
from conformance.suite.calls import (
    must_have_failed,
    must_have_sent_well,
    must_have_verified,
    shown_by,
)
from conformance.suite.confidential import secrets_of
from conformance.suite.flows import APPLICATION, COMES_FIRST, each_operation
from conformance.suite.operations import exchanges_of, must_go_well
from conformance.suite.surroundings import Surroundings, must_not_have_said

OTHER_ABN = "27809366375"

TWO_CLIENTS = (
    {},
    {"act_as": {"second_party": OTHER_ABN, "ssid": "0000567800"}, "org_code": "VA1803"},
)
"""Parameters of the contract for the ordinary client and for another one of the same provider."""

DOCUMENT_NUMBER = "11111111111111"
"""A number of fourteen characters that the registry can verify: no other text of an exchange holds it."""

_DOCUMENT = {"xsi:type": "VisaDocumentType", "PassportNumber": DOCUMENT_NUMBER}

WITH_DOCUMENT = {
    "CreateUSI": {"Application": {**APPLICATION, "DVSDocument": _DOCUMENT}},
    "BulkUpload": {"Applications": {"Application": [{**APPLICATION, "DVSDocument": _DOCUMENT}]}},
    "UpdateUSIPersonalDetails": {
        "USI": "BNGH7C75FN",
        "DVSCheckRequired": True,
        "PersonalDetailsUpdate": {"FamilyName": "Fredrick-Kit"},
        "DVSDocument": _DOCUMENT,
    },
}
"""Operation -> a request with that document."""

QUOTED_AFTER = ("1002", "html", "reset_after")
"""What may tempt a product to write the whole message down."""


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


@requirement("USI-SEC-01")
def test_refuses_a_registry_of_another_name(bench, healthy, carry_out):
    """A registry whose certificate is for another host learns nothing, whoever issued it."""
    healthy.registry_request()
    scenario = carry_out("registry-of-another-name", usi_address=bench.misnamed_address)
    _must_have_kept_away(scenario, scenario.recording.registry, "registry")


@requirement("USI-SEC-01B")
def test_follows_no_redirect(healthy, refused_call):
    """The request and its token go to the address that is configured, and nowhere else."""
    must_have_verified(healthy)
    scenario = refused_call("registry.redirect")
    must_have_sent_well(scenario)
    if elsewhere := scenario.recording.elsewhere:
        raise ImplementationError(
            "the product followed a redirect to another host",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="no request at any other host",
            found="; ".join(f"{each.request.method} of {len(each.request.body)} bytes" for each in elsewhere),
            advice="switch redirects off for requests to the registry",
        )
    must_have_failed(
        scenario,
        "transport.failed",
        "transport.untrusted",
        "service.malformed_answer",
        "service.unavailable",
        "service.fault",
    )


@requirement("USI-SEC-02B")
@each_operation()
def test_keeps_organisations_apart(right_call, begin, name):
    """Calls for two organisations in turn: each has the code, the token and the receipt of its own."""
    right_call(name).request_of(name)
    with begin(f"two-organisations-in-turn-{name}") as flow:
        if name in COMES_FIRST:
            uploads = [flow.ask(COMES_FIRST[name], **client) for client in TWO_CLIENTS]
            receipts = [(upload.request_of(COMES_FIRST[name]).facts.answer or {}) for upload in uploads]
            receipts = [answer.get("ReceiptNumber", "") for answer in receipts]
        # What the first organisation is asked about comes last, so that it is not simply the newest.
        turns = [flow.ask(name, **client) for client in (*TWO_CLIENTS, TWO_CLIENTS[0])]
    for number, scenario in enumerate(turns):
        scenario.cite()
        own = number % len(TWO_CLIENTS)
        for exchange in exchanges_of(scenario, name):
            _must_be_of(TWO_CLIENTS[own], exchange)
            if name in COMES_FIRST:
                _must_retrieve(receipts, own, exchange)


@requirement("USI-SEC-04")
@each_operation("CreateUSI", "UpdateUSIPersonalDetails", "BulkUpload")
@pytest.mark.parametrize("fault", ["", *QUOTED_AFTER], ids=["plain", *QUOTED_AFTER])
def test_tells_no_document_number(healthy, right_call, begin, name, fault):
    """Nor is the number of an identity document in anything that a call writes out, however it ends."""
    right_call(name).request_of(name)
    with begin(
        f"{name}-with-a-document-{fault or 'plain'}", faults=(f"registry.{fault}",) * bool(fault)
    ) as flow:
        scenario = flow.ask(name, WITH_DOCUMENT[name])
    scenario.cite().reply.must_be_answered()
    if DOCUMENT_NUMBER.encode() not in scenario.request_of(name).exchange.request.body:
        raise NotTestable("the document was not sent, so that its number cannot have been told")
    search = Search({"the number of a document": DOCUMENT_NUMBER})
    answer = scenario.reply.answer
    records = answer.value.get("records", "") if isinstance(answer.value, dict) else ""
    if (found := search.first(f"{shown_by(answer)} {records} {answer.message}")) is not None:
        raise ImplementationError(
            f"{found.what} was found in what the product answers",
            subcode=Subcode.SECRET_LEAK,
            expected="no numbers of documents",
            found=f"{found.what} ({found.form})",
            advice="tell the ApplicationId or UserReference; never whole messages, which hold the document",
        )
    must_not_have_said(healthy.iut, search)


@requirement("USI-SEC-05")
@each_operation("CreateUSI", "BulkUpload")
def test_keeps_no_document(bench, healthy, right_call, begin, name):
    """Once the answer is there, no file of the product holds the number of the document."""
    right_call(name).request_of(name)
    around = Surroundings(healthy.iut.session, bench.keystore_path)
    with begin(f"{name}-with-a-document-to-forget") as flow:
        scenario = flow.ask(name, WITH_DOCUMENT[name])
        if name == "BulkUpload":
            flow.ask("BulkUploadRetrieve")
            flow.ask("BulkUploadRetrieve")
    must_go_well(scenario.cite(), name, "pending" if name == "BulkUpload" else "created")
    search = Search({"the number of a document": DOCUMENT_NUMBER})
    for path, data in around.files():
        if (found := search.first(data)) is not None:
            raise ImplementationError(
                f"{found.what} is still in a file after the registry has answered",
                subcode=Subcode.SECRET_LEAK,
                expected="no document in any file once the USI is there",
                found=f"{found.what} ({found.form})",
                where=str(path),
                advice="delete the data of documents as soon as the answer is there; keep the receipt only",
            )


@requirement("USI-SEC-06")
def test_reads_no_external_entity(bench, healthy, carry_out, tmp_path):
    """An answer that points to a file has no part of it read; it is refused, or its status stays empty."""
    bait = tmp_path / "bait.txt"
    bait.write_text("Valid", encoding="ascii")
    before, bench.registry.external_entity = bench.registry.external_entity, bait.as_uri()
    try:
        _must_not_expand(healthy, carry_out, "registry.external_entity")
    finally:
        bench.registry.external_entity = before


@requirement("USI-SEC-06B")
def test_refuses_a_document_type_declaration(healthy, carry_out):
    """What an answer declares in a document type is not expanded: no SOAP message has one."""
    _must_not_expand(healthy, carry_out, "registry.internal_entity")


@requirement("USI-SEC-04")
def test_tells_no_token(bench, healthy, carry_out, refused_call):
    """Neither token nor key is in anything that calls write out, whether they go well or not."""
    healthy.registry_request()
    scenarios = (healthy, refused_call("registry.2002"), refused_call("registry.html"))
    search = Search(secrets_of(bench, *scenarios) | _tokens_of(*scenarios))
    for scenario in scenarios:
        scenario.reply.must_be_answered()
        answer = scenario.reply.answer
        if (found := search.first(f"{shown_by(answer)} {answer.message}")) is not None:
            raise ImplementationError(
                f"{found.what} was found in what the product answers",
                subcode=Subcode.SECRET_LEAK,
                expected="neither tokens nor keys",
                found=f"{found.what} ({found.form})",
                advice="tell MessageIDs and codes; never whole messages, which hold the token",
            )
    must_not_have_said(healthy.iut, search)


def _must_be_of(client, exchange):
    """Demand that token and organisation code of a request are those of the client that it was made for."""
    wanted = client.get("act_as", {}).get("second_party", "")
    found = exchange.facts.token.claims.get(CLAIM_ABN, "")
    broken = [each for each in exchange.judgement.findings if each.code == "usi.org_code_abn"]
    if broken or (wanted and found != wanted) or (not wanted and found == OTHER_ABN):
        raise ImplementationError(
            "a call for one organisation was made with the token or the code of another one",
            subcode=Subcode.STATE_LEAK,
            expected=f"a token for ABN {wanted or 'of the ordinary client'}",
            found=f"ABN {found or 'unknown'}, {exchange.facts.request.values.get('OrgCode', 'no OrgCode')}",
            where=exchange.facts.request.name,
            advice="keep code, token and receipts together, by organisation",
        )


def _must_retrieve(receipts, own, exchange):
    """Demand that the batch which is asked about is not that of the other organisation."""
    asked = exchange.facts.request.values.get("ReceiptNumber", "")
    if asked == receipts[1 - own]:
        raise ImplementationError(
            "the receipt of one organisation was used for another one",
            subcode=Subcode.STATE_LEAK,
            expected="the receipt of its own upload",
            found="the receipt of the other organisation's upload",
            where="BulkUploadRetrieve/ReceiptNumber",
            advice="keep each receipt with the organisation that it belongs to",
        )


def _tokens_of(*scenarios):
    """Return the encrypted text of every token that was sent to the registry, by name."""
    found = {}
    for scenario in scenarios:
        for exchange in scenario.registry_requests:
            for value in exchange.facts.envelope.root.iter("{*}CipherValue"):
                found[f"the token (part {len(found)})"] = markup.binary(value)
    return found


def _must_not_expand(healthy, carry_out, fault):
    """Demand that an entity which stands for Valid is not taken for the status."""
    must_have_verified(healthy)
    scenario = carry_out(
        f"answered-with-{fault.rpartition('.')[2].replace('_', '-')}", faults=(fault,)
    ).cite()
    must_have_sent_well(scenario)
    answer = scenario.reply.answer
    if answer.outcome is Outcome.OK and (
        answer.value["conclusion"] == "verified" or "Valid" in str(answer.value["response"])
    ):
        raise ImplementationError(
            "the answer was read with what its document type declares",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="a refusal, or a status that stays empty",
            found=scenario.reply.described(),
            advice="forbid document type declarations in the parser; no SOAP message may have one",
        )
    scenario.reply.must_be_ok_or_refused("service.malformed_answer", "service.fault", "transport.failed")


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
