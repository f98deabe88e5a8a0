"""Clients that mix up tokens, of clients or of times, in one way each."""

import json
from base64 import b64encode
from dataclasses import replace
from pathlib import Path

from conformance.reference.correct import Correct, mutant
from conformance.reference.sts_client import TokenClient
from conformance.reference.usi_client import UsiClient


@mutant(
    kills="STS-U07",
    subcode="wrong_value",
    seen_in="likely: tokens that are kept for a fixed time, or for as long as the program runs",
    mend="Keep the end that the answer states, and ask for a new token before it.",
    also=("STS-P10",),
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
    also=("KS-A06", "KS-F09", "STS-T02", "STS-T03"),
)
class SharesTokensBetweenClients(Correct):
    """Uses a kept token for whomever it comes to act."""

    class Tokens(TokenClient):
        def key(self, order):
            return (order.sts_address,)


@mutant(
    kills="STS-T01",
    subcode="state_leak",
    seen_in="a published client whose cache is keyed by the ABN of the provider alone",
    mend="Keep tokens apart by client and software id as well, and by certificate instead of ABN.",
    also=("KS-A06", "KS-F09", "STS-T03"),
)
class SharesTokensOfTheProvider(Correct):
    """Keeps tokens by the ABN that owns the credential, whomever they are for."""

    class Tokens(TokenClient):
        def key(self, order):
            return (order.credential.abn, order.sts_address, order.applies_to)


@mutant(
    kills="STS-T02",
    subcode="state_leak",
    seen_in="likely: one token per process, from the time when there was one service to call",
    mend="Make the relying party part of the key under which a token is kept.",
)
class SharesTokensBetweenServices(Correct):
    """Uses a kept token at whatever relying party it comes to call."""

    class Tokens(TokenClient):
        def key(self, order):
            return (order.credential.fingerprint, order.sts_address, order.act_as)


@mutant(
    kills="STS-T03",
    subcode="state_leak",
    seen_in="likely: the id of a credential taken for the credential",
    mend="Key kept tokens by the certificate, for instance by its fingerprint.",
    also=("KS-F09",),
)
class KeepsTokensByIdOfTheCredential(Correct):
    """Takes a credential of the same id, from another store, for the one that it knows."""

    class Tokens(TokenClient):
        def key(self, order):
            # ABN and name of the subject make up the id in the store.
            subject = order.credential.certificate.subject.rfc4514_string()
            return (subject, order.sts_address, order.applies_to, order.act_as)


@mutant(
    kills="STS-T01",
    subcode="state_leak",
    seen_in="a published client with one port object, whose options are changed before every call",
    mend="Pass the token along with the call; keep nothing current that calls share.",
)
class HasOneCurrentToken(Correct):
    """Puts the token of a call where the next call, on another thread, puts its own."""

    class Registry(UsiClient):
        def ask(self, order, call, request, token):
            self.current = token
            # Whatever takes time between choosing the token and signing with it.
            self.sleep(0.02)
            return super().ask(order, call, request, token)

        def endorse(self, envelope, token):
            super().endorse(envelope, self.current)


@mutant(
    kills="STS-T01",
    subcode="state_leak",
    seen_in="likely: the key of the last answer kept in a field beside the cache of tokens",
    mend="Keep token and proof key together, in one record that is never changed.",
    also=("STS-T02", "STS-T03"),
)
class SignsWithTheLatestProofKey(Correct):
    """Signs with the proof key of the last answer, whatever token it presents."""

    class Tokens(TokenClient):
        def obtain(self, order):
            token = super().obtain(order)
            self.latest = token.proof_key
            return token

        def token(self, order):
            return replace(super().token(order), proof_key=self.latest)


@mutant(
    kills="STS-T04",
    subcode="secret_leak",
    seen_in="a published client that keeps the whole answer in a file for an hour",
    mend="Keep tokens in memory, or in the protected storage of the platform.",
)
class KeepsTokensInAFile(Correct):
    """Writes token and proof key into a file beside the store, so that they survive a restart."""

    class Tokens(TokenClient):
        def obtain(self, order):
            token = super().obtain(order)
            kept = {"expires": str(token.expires), "key": b64encode(token.proof_key).decode()}
            Path(order.ca_file).with_name("tokens.json").write_text(json.dumps(kept))
            return token
