"""Clients that mix up tokens, of clients or of times, in one way each."""

from conformance.reference.correct import Correct, mutant
from conformance.reference.sts_client import TokenClient


@mutant(
    kills="STS-U07",
    subcode="wrong_value",
    seen_in="likely: tokens that are kept for a fixed time, or for as long as the program runs",
    mend="Keep the end that the answer states, and ask for a new token before it.",
)
class KeepsTokensForEver(Correct):
    """Presents a kept token however long ago its life was over."""

    class Tokens(TokenClient):
        def usable(self, token):
            return True


@mutant(
    kills="STS-T01",
    subcode="state_leak",
    seen_in="the token sharing of Metro, which compares the service's address only",
    mend="Keep tokens apart by credential, relying party, client and software id.",
    also=("KS-A06",),
)
class SharesTokensBetweenClients(Correct):
    """Uses a kept token for whomever it comes to act."""

    class Tokens(TokenClient):
        def key(self, order):
            return (order.sts_address,)
