"""Does the product use the token at the registry as WS-Security and the registry's policy say?"""

import time
from datetime import UTC, datetime

import pytest

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.suite import requirement

LONGEST_WAIT_S = 3.0
"""Seconds that a check waits at most for the end of a token, whatever end it was told."""


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
