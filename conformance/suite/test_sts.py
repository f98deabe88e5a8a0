"""Does the product ask the token service in the right form, and use what it is given?

Nearly every check reads one of a few recorded exchanges.  What the product sent has been judged completely by
then; a check demands that certain rules were looked at and held.
"""

import time
from datetime import UTC, datetime

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol.names import CLAIM_ABN
from conformance.simulators.faults import FAULTS
from conformance.suite import requirement

REFUSAL = FAULTS["sts.E2003"]
"""What the token service says in the refused exchange."""

FINAL_EVENTS = ("E2003", "E2014", "E2169")
"""Refusals for the relying party, for the credential, and for either."""

ANOTHER_CLIENT = {
    "act_as": {"second_party": "27809366375", "ssid": "0000567800"},
    "org_code": "VA1803",
}
"""Another organisation that the same provider serves."""

LONGEST_WAIT_S = 3.0
"""Seconds that a check waits at most for the end of a token, whatever end it was told."""


# --- the message ------------------------------------------------------------------------------------


@requirement("STS-R01")
def test_sends_a_soap_12_envelope(token_request):
    """The request is a SOAP 1.2 envelope under the media type of SOAP 1.2."""
    token_request.must_satisfy(
        "soap.unreadable", "soap.document_type", "soap.not_an_envelope", "soap.media_type"
    )


@requirement("STS-R02")
def test_names_the_issue_action(token_request):
    """The Action header names the Issue operation of WS-Trust 1.3, once."""
    token_request.must_satisfy("addressing.action_wrong", "addressing.header_repeated")


@requirement("STS-R03")
def test_addresses_what_it_posts_to(token_request):
    """The To header is the address that the request was posted to, letter by letter."""
    token_request.must_satisfy("addressing.to_wrong")


@requirement("STS-R04")
def test_sends_a_message_id(token_request):
    """The request has a MessageID."""
    token_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-R04")
def test_sends_another_message_id_next_time(second_token_request):
    """The next request has another MessageID."""
    second_token_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-R05")
def test_marks_security_as_mandatory(token_request):
    """The one Security header is marked mustUnderstand, and no unknown header is."""
    token_request.must_satisfy(
        "security.header_missing",
        "security.header_repeated",
        "security.must_understand",
        "soap.header_not_understood",
    )


# --- Timestamp, certificate, signature ----------------------------------------------------------------


@requirement("STS-R06")
def test_sends_a_fresh_timestamp(token_request):
    """The one Timestamp is in UTC, begins now and ends within ten minutes."""
    token_request.must_satisfy(
        "security.timestamp_missing",
        "security.timestamp_repeated",
        "security.timestamp_form",
        "security.timestamp_window",
        "security.timestamp_span",
    )


@requirement("STS-R07")
def test_sends_its_certificate(token_request):
    """The BinarySecurityToken is the certificate of the credential that was given, and valid."""
    token_request.must_satisfy(
        "security.token_missing",
        "security.token_repeated",
        "security.token_type",
        "security.token_unreadable",
        "security.certificate_authority",
        "security.certificate_dates",
        "security.certificate_other",
        "sts.credential_untrusted",
        "sts.credential_unsuitable",
        "sts.credential_revoked",
        "sts.credential_lapsed",
        "sts.credential_over",
    )


@requirement("STS-R08")
def test_sends_the_certificate_alone(token_request):
    """The BinarySecurityToken holds neither a chain nor the lines of a PEM file."""
    token_request.must_satisfy("security.token_chain")


@requirement("STS-R09")
def test_signs_verifiably(token_request):
    """The one Signature verifies with the certificate's key, and every digest is right."""
    token_request.must_satisfy(
        "security.signature_missing",
        "security.signature_repeated",
        "security.signature_wrong",
        "security.digest_mismatch",
    )


@requirement("STS-R10")
def test_signs_with_the_algorithms_of_the_endpoint(token_request):
    """Endpoint v1.3: rsa-sha256, sha256 and exclusive canonicalisation, everywhere."""
    token_request.must_satisfy(
        "security.algorithm_signature",
        "security.algorithm_digest",
        "security.algorithm_canonicalization",
        "security.algorithm_transform",
    )


@requirement("STS-R11")
def test_signs_timestamp_and_to(token_request):
    """The signature covers the Timestamp and the To header."""
    token_request.must_satisfy("security.timestamp_unsigned", "security.to_unsigned")


@requirement("STS-R12")
def test_signs_what_it_sends(token_request):
    """Every reference points at one element, and at the header itself, not at a copy of it."""
    token_request.must_satisfy(
        "security.reference_unresolved", "security.reference_ambiguous", "security.relocated"
    )


@requirement("STS-R13")
def test_refers_to_its_certificate(token_request):
    """The KeyInfo points at the BinarySecurityToken."""
    token_request.must_satisfy("security.key_reference")


@requirement("STS-R14")
def test_orders_the_security_header(token_request):
    """Timestamp, certificate and Signature follow each other."""
    token_request.must_satisfy("security.layout")


# --- what is asked for ----------------------------------------------------------------------------------


@requirement("STS-R15")
def test_asks_for_a_new_token(token_request):
    """The request is a RequestSecurityToken whose type is Issue."""
    token_request.must_satisfy("trust.not_a_request", "trust.request_type")


@requirement("STS-R16")
def test_names_a_registered_relying_party(token_request):
    """AppliesTo names one relying party exactly as it is registered."""
    token_request.must_satisfy(
        "trust.applies_to_missing", "trust.applies_to_ambiguous", "sts.relying_party_unknown"
    )


@requirement("STS-R17")
def test_asks_for_a_symmetric_key(token_request):
    """The KeyType is SymmetricKey."""
    token_request.must_satisfy("trust.key_type")


@requirement("STS-R18")
def test_asks_for_a_saml_token(token_request):
    """The TokenType, where there is one, is SAML 2.0 or SAML 1.1."""
    token_request.must_satisfy("trust.token_type")


@requirement("STS-R19")
def test_asks_for_a_usual_key_size(token_request):
    """The KeySize, where there is one, is 256 or 512 bits."""
    token_request.must_satisfy("trust.key_size")


@requirement("STS-R20")
def test_demands_the_claims_of_the_policy(token_request):
    """The claims abn and credentialtype are asked for as mandatory ones."""
    token_request.must_satisfy("trust.claims_missing")


@requirement("STS-R21")
def test_demands_no_unknown_claim(token_request):
    """Every mandatory claim is known and can be provided for the credential."""
    token_request.must_satisfy("trust.claim_unknown", "sts.claim_unavailable")


@requirement("STS-R22")
def test_asks_for_a_sensible_lifetime(token_request):
    """The Lifetime, where there is one, begins now and lasts 24 hours at most."""
    token_request.must_satisfy("trust.lifetime_form", "trust.lifetime_span", "trust.lifetime_start")


@requirement("STS-R23")
def test_sends_entropy_of_the_right_length(token_request):
    """Entropy, where there is some, is as long as the key and to be combined by P_SHA1."""
    token_request.must_satisfy("trust.entropy")


@requirement("STS-R24")
def test_says_for_whom_it_acts(token_request):
    """Hosted software names provider, client and software id in the published form."""
    token_request.must_satisfy(
        "trust.act_as_missing",
        "trust.act_as_form",
        "trust.act_as_ssid",
        "trust.act_as_first_party",
        "trust.act_as_second_party",
        "sts.relationship_unknown",
    )


@requirement("STS-R24B")
def test_names_each_relationship_anew(second_token_request):
    """The RelationshipToken of the next request has another ID."""
    second_token_request.must_satisfy("sts.relationship_id_reused")


@requirement("STS-R25")
def test_acts_for_nobody_else(token_request):
    """Locally installed software sends no ActAs."""
    token_request.must_satisfy("trust.act_as_unexpected")


# --- what is done with the answer -----------------------------------------------------------------------


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


@requirement("STS-P12")
def test_shows_code_and_advice(refused_exchange):
    """The user of the product sees the event code and the advice of the token service."""
    reply = refused_exchange.cite().reply
    if reply.answer.outcome is not Outcome.REJECTED:
        reply.must_be_refused("token.relying_party", "token.fault")
    native = reply.answer.native
    shown = " ".join(f"{native.code} {native.text}".split()) if native is not None else ""
    missing = [text for text in (REFUSAL.code, REFUSAL.text) if text.lower() not in shown.lower()]
    if missing:
        raise ImplementationError(
            "the product does not tell its user what the token service said",
            subcode=Subcode.WRONG_VALUE,
            expected=f"the code {REFUSAL.code} and the advice {REFUSAL.text!r}",
            found=shown or "neither code nor text",
            advice="show the fields of the fault; support can do nothing without the code",
        )


@requirement("STS-P13")
@pytest.mark.parametrize("code", FINAL_EVENTS)
def test_does_not_repeat_a_final_refusal(healthy, carry_out, code):
    """What is wrong with the request or the credential does not pass by itself; the product asks once."""
    healthy.token_request()
    refused = carry_out(f"token-service-answers-{code}", faults=(f"sts.{code}",)).cite()
    posts = [exchange for exchange in refused.recording.sts if exchange.request.method == "POST"]
    if not posts:
        raise NotTestable("the product sent no request to the token service", expected="one request")
    if len(posts) > 1:
        raise ImplementationError(
            f"the product asked {len(posts)} times although {code} is final",
            subcode=Subcode.WRONG_VALUE,
            expected="1 request",
            found=f"{len(posts)} requests",
            advice="ask again only after E1001, E1003, E1004 and E2190",
        )


@requirement("STS-P14")
def test_reads_the_fault_behind_http_500(refused_exchange):
    """A fault comes with HTTP 500, and is read all the same."""
    refused_exchange.cite().reply.must_be_refused("token.relying_party", "token.fault")


# --- use at the registry --------------------------------------------------------------------------------


@requirement("STS-U01")
def test_orders_the_security_header_at_the_registry(registry_request):
    """Timestamp, issued token and Signature follow each other in the one Security header."""
    registry_request.must_satisfy("security.header_missing", "security.header_repeated", "security.layout")


@requirement("STS-U02")
def test_sends_the_registry_a_fresh_timestamp(registry_request):
    """The request to the registry has a Timestamp of its own, made for it."""
    registry_request.must_satisfy(
        "security.timestamp_missing",
        "security.timestamp_repeated",
        "security.timestamp_form",
        "security.timestamp_window",
        "security.timestamp_span",
    )


@requirement("STS-U02")
def test_makes_each_timestamp_anew(token_request, registry_request):
    """The Timestamp sent to the registry is not the one that was sent to the token service."""
    _must_have_own_timestamps(
        (token_request.facts.signer, registry_request.facts.endorser),
        "the Timestamp of the token request was used again",
        advice="make Created and Expires where the message is sent, not where the client is made",
    )


@requirement("STS-U02")
def test_keeps_no_timestamp(in_a_row):
    """The next request has a Timestamp of its own, though the token may be the same."""
    in_a_row[1].must_satisfy("security.timestamp_form")
    _must_have_own_timestamps(
        [observed.facts.endorser for observed in in_a_row],
        "the Timestamp of an earlier request to the registry was used again",
        advice="keep the token and its proof key, and make the rest of the Security header anew",
    )


def _must_have_own_timestamps(signatures, message, *, advice):
    """Demand that two messages, given by the facts of their signatures, were not created at one moment."""
    before, after = (facts.created if facts is not None else None for facts in signatures)
    if before is None or after is None:
        raise NotTestable("the two messages do not both have a Timestamp that can be read")
    # Two messages within one second may share a whole second, which some stacks write; never a millisecond.
    if before == after and after.microsecond:
        raise ImplementationError(
            message,
            subcode=Subcode.WRONG_VALUE,
            expected="a Timestamp made when the request is sent",
            found=f"Created {after.isoformat()} in both messages",
            advice=advice,
        )


@requirement("STS-U03")
def test_endorses_with_the_proof_key(registry_request):
    """The Timestamp is signed with the key that came with the token."""
    registry_request.must_satisfy(
        "security.signature_missing",
        "security.signature_repeated",
        "security.algorithm_signature",
        "security.algorithm_digest",
        "security.algorithm_canonicalization",
        "security.algorithm_transform",
        "security.timestamp_unsigned",
        "security.digest_mismatch",
        "security.signature_wrong",
    )


@requirement("STS-U05")
def test_refers_to_the_token_it_sends(registry_request):
    """The signature's reference names the assertion inside the token."""
    registry_request.must_satisfy("security.key_reference")


@requirement("STS-U06")
def test_sends_the_token_once(registry_request):
    """The encrypted token is in the Security header, once."""
    registry_request.must_satisfy("security.issued_token_missing", "security.issued_token_repeated")


@requirement("STS-U07")
def test_presents_a_token_for_the_registry(registry_request):
    """The token is for this registry, and within its life."""
    registry_request.must_satisfy("token.audience", "token.expired")


@pytest.fixture(scope="session")
def after_the_token_ended(healthy, carry_out):
    """A call with a token of a short life, and one more with everything remembered once that is over."""
    healthy.registry_request()
    first = carry_out("with-a-token-of-a-short-life", faults=("sts.short_life",))
    ends = first.token_request().facts.expires
    if ends is None:
        raise NotTestable("no token was issued, so that none could be kept too long")
    time.sleep(min(max((ends - datetime.now(UTC)).total_seconds() + 0.01, 0), LONGEST_WAIT_S))
    return carry_out("after-the-token-has-ended", fresh=False)


@requirement("STS-U07")
def test_keeps_no_token_too_long(after_the_token_ended):
    """A token that was kept is not presented any more once its life is over."""
    after_the_token_ended.registry_request().must_satisfy("token.expired")


@requirement("STS-U08")
def test_sends_the_registry_a_new_message_id(registry_request):
    """The MessageID is not that of the request for the token."""
    registry_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-U08")
def test_sends_the_registry_another_message_id_next_time(second_registry_request):
    """The next request to the registry has another MessageID."""
    second_registry_request.must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-U08")
def test_keeps_no_message_id(in_a_row):
    """The next request has a MessageID of its own, though the token may be the same."""
    in_a_row[1].must_satisfy("addressing.message_id_missing", "addressing.message_id_reused")


@requirement("STS-U09")
def test_addresses_the_registry(registry_request):
    """Action and To are those of the operation and of the address posted to."""
    registry_request.must_satisfy("addressing.action_wrong", "addressing.to_wrong")


# --- several clients ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def for_two_clients(healthy, carry_out):
    """A call for one client, and straight after it, with everything remembered, one for another client."""
    healthy.registry_request()
    first = carry_out("for-one-client")
    second = carry_out("for-another-client", fresh=False, **ANOTHER_CLIENT)
    return first, second


@requirement("STS-T01")
def test_keeps_the_tokens_of_clients_apart(bench, for_two_clients):
    """What is asked for one client is never asked with the token of another."""
    first, second = (
        call.registry_request().facts.token.claims.get(CLAIM_ABN, "") for call in for_two_clients
    )
    one, another = bench.act_as["second_party"], ANOTHER_CLIENT["act_as"]["second_party"]
    if first != one or not second:
        raise NotTestable(
            "the two calls do not both have a token for a client, so that none can be crossed",
            expected=f"tokens for ABN {one} and ABN {another}",
            found=f"tokens for ABN {first or 'unknown'} and ABN {second or 'unknown'}",
        )
    if second != another:
        raise ImplementationError(
            "the token of one client was used for another one",
            subcode=Subcode.STATE_LEAK if second == one else Subcode.WRONG_VALUE,
            expected=f"a token for ABN {another}",
            found=f"a token for ABN {second}",
            advice="keep tokens apart by credential, relying party, client and software id",
        )
