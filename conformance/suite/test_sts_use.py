"""Does the product use the token at the registry as WS-Security and the registry's policy say?"""

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol.names import HMAC_SHA1, SHA1
from conformance.suite import requirement


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


@requirement("STS-U04")
def test_endorses_as_recorded_clients_do(registry_request):
    """The endorsing signature is hmac-sha1 over a sha1 digest; what else it is, is reported."""
    registry_request.must_satisfy("security.algorithm_signature", "security.algorithm_digest")
    endorser = registry_request.facts.endorser
    found = [endorser.signature_algorithm, *(reference.algorithm for reference in endorser.references)]
    if set(found) - {HMAC_SHA1, SHA1}:
        raise ImplementationError(
            "the endorsing signature is not the one of every recorded client",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{HMAC_SHA1} and {SHA1}",
            found=" and ".join(dict.fromkeys(found)),
            where="ds:Signature/ds:SignedInfo",
            advice="the simulated registry takes it; ask whether the real one does before you rely on it",
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


@requirement("STS-U10")
def test_gets_a_new_token_after_the_end(after_the_token_ended):
    """Once the life of a kept token is over, a call is made with a new one, sooner or later."""
    later = after_the_token_ended.cite()
    if not later.token_requests:
        raise ImplementationError(
            "no new token was asked for although the old one had ended",
            subcode=Subcode.WRONG_VALUE,
            expected="a request to the token service",
            found=later.reply.described(),
            advice="forget a token when its life is over, and ask for another one",
        )
    if later.reply.method == "token.obtain":
        later.reply.must_be_ok()
        return
    issued = {each.facts.assertion_id for each in later.token_requests if each.facts is not None}
    used = [each.facts.token.assertion_id for each in later.registry_requests if each.facts is not None]
    # One that cannot be opened has no id, and is another check's affair.
    if used and used[-1] and used[-1] not in issued:
        raise ImplementationError(
            "the call was made with the old token, although a new one had been asked for",
            subcode=Subcode.WRONG_VALUE,
            expected="the new token in the request",
            found="another one",
        )
