"""Does the product make the right thing of what the token service answers?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.simulators.faults import FAULTS
from conformance.suite import requirement

REFUSAL = FAULTS["sts.E2003"]
"""What the token service says in the refused exchange."""

FINAL_EVENTS = ("E2003", "E2014", "E2169")
"""Refusals for the relying party, for the credential, and for either."""


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
