"""Clients that keep a token wrongly, or act wrongly upon its refusal, in one way each."""

import dataclasses
from datetime import timedelta

from conformance.protocol import names, security
from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient
from conformance.reference.usi_client import UsiClient

# --- lifetime ---------------------------------------------------------------------------------------


@mutant(
    kills="STS-P09",
    subcode="wrong_value",
    seen_in="caches with a fixed time, and clients that go by what they asked for",
    mend="Keep the Expires of the answer with the token.",
    also=("STS-U07", "STS-P10"),
)
class CountsFromWhatItAskedFor(Correct):
    """Takes every token to last as long as it asked for."""

    class Tokens(TokenClient):
        def obtain(self, order):
            return dataclasses.replace(super().obtain(order), expires=self.clock() + order.lifetime)


@mutant(
    kills="STS-P10",
    subcode="wrong_value",
    seen_in="likely: the tolerance for unequal clocks, added on the wrong side",
    mend="Replace a token some seconds before its end: tolerance is the receiver's to give.",
    also=("STS-U07",),
)
class AddsToleranceToTheEnd(Correct):
    """Uses a token until five minutes after its end, since clocks may differ by so much."""

    class Tokens(TokenClient):
        def usable(self, token):
            return token.expires is not None and self.clock() < token.expires + timedelta(minutes=5)


@mutant(
    kills="STS-U10",
    subcode="wrong_value",
    seen_in="a token in a singleton, which lives as long as the process",
    mend="Forget a token when its life is over, or when it was refused.",
    also=("STS-U07", "STS-P10", "STS-P11B"),
)
class ForgetsNoToken(Correct):
    """Asks for one token and never for another one, whatever becomes of it."""

    class Tokens(TokenClient):
        def usable(self, token):
            return True

        def forget(self, order=None):
            """Keep it."""


# --- refusals of the registry -------------------------------------------------------------------------


@mutant(
    kills="STS-P11",
    subcode="wrong_value",
    seen_in="likely: a loop around request and token that ends with success only",
    mend="One new token and one more request per call; then tell the user.",
)
class AsksUntilItIsVerified(Correct):
    """Gets a new token and asks again each time that the registry verifies nothing."""

    class Registry(UsiClient):
        def ask(self, order, call, request, token):
            for _ in range(5):
                try:
                    return super().ask(order, call, request, token)
                except Refusal as refusal:
                    if refusal.code != "InvalidSecurity":
                        raise
                self.tokens.forget(order)
                token = self.tokens.token(order)
            return super().ask(order, call, request, token)


@mutant(
    kills="STS-P11B",
    subcode="wrong_value",
    seen_in="likely: a second attempt that takes the token from the same cache",
    mend="Forget the token that was refused before you ask again.",
)
class RepeatsWithTheRefusedToken(Correct):
    """Sends the request again with the token that the registry has just refused."""

    class Tokens(TokenClient):
        def forget(self, order=None):
            if order is None:
                super().forget()


# --- the endorsing signature --------------------------------------------------------------------------


@mutant(
    kills="STS-U04",
    subcode="wrong_value",
    seen_in="clients generated from the published policy by WCF's tools",
    mend="Choose a suite that yields hmac-sha1, or find out whether the real registry takes hmac-sha256.",
)
class EndorsesByThePublishedPolicy(Correct):
    """Endorses by hmac-sha256, which is one way to read the policy's suite."""

    class Registry(UsiClient):
        def endorse(self, envelope, token):
            security.endorse(
                envelope,
                token=token.encrypted_data,
                reference=token.attached,
                proof_key=token.proof_key,
                now=self.clock(),
                algorithm=names.HMAC_SHA256,
            )
