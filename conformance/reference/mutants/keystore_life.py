"""Products that come to grief over the life of a credential, in one way each."""

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient


def _unknown_relationship(refusal):
    """Tell whether the token service refused without an event code, as it does for an unknown client."""
    return refusal.reason == "token.fault" and not refusal.code.startswith("E")


# --- the credential ---------------------------------------------------------------------------------


@mutant(
    kills="KS-L01",
    subcode="wrong_reason",
    seen_in="likely: one branch for every code that begins with E201",
    mend="E2014 is revoked, E2015 is expired: give each its own message.",
    also=("STS-N01",),
)
class TakesRevokedForExpired(Correct):
    """Reports a revoked credential as an expired one, with the right code beside it."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            if refusal.reason != "token.revoked":
                return refusal
            return Refusal("token.expired", code=refusal.code, text=refusal.text)


@mutant(
    kills="KS-L01",
    subcode="wrong_value",
    seen_in="retry policies around every call that is about the credential",
    mend="Ask again only after E1001, E1003, E1004 and E2190.",
    also=("STS-P13",),
)
class AsksAgainWhenRevoked(Correct):
    """Asks three times with a revoked credential, in case it was a slip."""

    class Tokens(TokenClient):
        def worth_another_try(self, refusal):
            return super().worth_another_try(refusal) or refusal.code == "E2014"


@mutant(
    kills="KS-L02",
    subcode="crash",
    seen_in="tables of event codes that have no default",
    mend="Show code, description and advice of any fault, whether or not you know the code.",
    also=("STS-N01",),
)
class KnowsEveryCodeItWillMeet(Correct):
    """Looks the event code up in a table, and fails where the table ends."""

    class Tokens(TokenClient):
        TITLES = {  # noqa: RUF012 - a constant
            **dict.fromkeys(("E1001", "E1003", "E1004", "E2190"), "Try later"),
            "E2003": "Relying party",
            **dict.fromkeys(("E2014", "E2015", "E2017", "E2020", "E2029", "E2169"), "Credential"),
            **dict.fromkeys(("E2180", "E2182", "E2183"), "Request"),
        }

        def explain(self, fault):
            refusal = super().explain(fault)
            title = self.TITLES[refusal.code] if refusal.code.startswith("E") else "Fault"
            return Refusal(refusal.reason, code=refusal.code, text=f"{title}: {refusal.text}")


@mutant(
    kills="KS-L03",
    subcode="rejected_valid",
    seen_in="likely: E2014 taken for final, since a revoked credential never comes back",
    mend="Remember tokens, never refusals: E2014 was seen for a credential whose holder had changed.",
)
class RemembersARevokedCertificate(Correct):
    """Never asks again with a certificate that was once called revoked, until it is restarted."""

    class Tokens(TokenClient):
        def obtain(self, order):
            refused = self.__dict__.setdefault("refused", {})
            if order.credential.fingerprint in refused:
                raise refused[order.credential.fingerprint]
            try:
                return super().obtain(order)
            except Refusal as refusal:
                if refusal.reason == "token.revoked":
                    refused[order.credential.fingerprint] = refusal
                raise


@mutant(
    kills="KS-L10",
    subcode="wrong_value",
    seen_in="products that have one sentence for whatever is wrong with a credential",
    mend="Show the event code and the advice of the token service.",
    also=("STS-N01",),
)
class SaysTheSameOfEveryCredential(Correct):
    """Tells its user of an expired and of a revoked credential that it cannot be used."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            if refusal.reason not in ("token.revoked", "token.expired"):
                return refusal
            return Refusal(refusal.reason, code="CREDENTIAL", text="Your credential cannot be used.")


@mutant(
    kills="KS-L11",
    subcode="rejected_valid",
    seen_in="likely: accounts that are locked by the id of their credential",
    mend="Let whatever you remember hang on the certificate, not on its name.",
    also=("KS-L03", "KS-L12"),
)
class LocksTheNameOfARevokedCredential(Correct):
    """Never asks again under the ABN and name of a credential that was called revoked."""

    class Tokens(TokenClient):
        def obtain(self, order):
            locked = self.__dict__.setdefault("locked", {})
            name = order.credential.certificate.subject
            if name in locked:
                raise locked[name]
            try:
                return super().obtain(order)
            except Refusal as refusal:
                if refusal.reason == "token.revoked":
                    locked[name] = refusal
                raise


@mutant(
    kills="KS-L12",
    subcode="rejected_valid",
    seen_in="circuit breakers that nothing closes again",
    mend="Let no earlier refusal decide for a later call.",
)
class GivesUpAfterTwoRefusals(Correct):
    """Asks no more after two refusals in a row, until it is restarted."""

    class Tokens(TokenClient):
        def obtain(self, order):
            last, count = self.__dict__.get("failures", (None, 0))
            if count == 2:
                raise last
            try:
                token = super().obtain(order)
            except Refusal as refusal:
                self.failures = (refusal, count + 1)
                raise
            self.failures = (None, 0)
            return token


# --- the client's notification ----------------------------------------------------------------------


@mutant(
    kills="KS-L07",
    subcode="rejected_valid",
    seen_in="likely: lists of clients that are read when the server starts",
    mend="Remember tokens, never refusals.",
    also=("KS-L12",),
)
class RemembersThatAClientIsUnknown(Correct):
    """Never asks again for a client whose notification was once missing, until it is restarted."""

    class Tokens(TokenClient):
        def obtain(self, order):
            unknown = self.__dict__.setdefault("unknown", {})
            if order.act_as in unknown:
                raise unknown[order.act_as]
            try:
                return super().obtain(order)
            except Refusal as refusal:
                if order.act_as is not None and _unknown_relationship(refusal):
                    unknown[order.act_as] = refusal
                raise


@mutant(
    kills="KS-L08",
    subcode="accepted_invalid",
    seen_in="likely: a copy of the last token, for bad times",
    mend="End the call with the refusal, and show it.",
    also=("KS-L07", "KS-L12"),
)
class GoesOnWithTheLastToken(Correct):
    """Presents the last token of a client again when the service refuses to give a new one."""

    def session_reset(self):
        # What it goes on with outlives a reset, as a file would.
        last = self.tokens.__dict__.get("last", {})
        answer = super().session_reset()
        self.tokens.last = last
        return answer

    class Tokens(TokenClient):
        def obtain(self, order):
            last = self.__dict__.setdefault("last", {})
            try:
                last[order.act_as] = super().obtain(order)
            except Refusal as refusal:
                if order.act_as not in last or not _unknown_relationship(refusal):
                    raise
            return last[order.act_as]


# --- on whose behalf --------------------------------------------------------------------------------


@mutant(
    kills="KS-L09",
    subcode="state_leak",
    seen_in="configurations that keep the software id as a number and format it with ten digits",
    mend="Keep software ids as texts, and refuse one that has not ten digits.",
)
class PadsTheSoftwareId(Correct):
    """Sends 0000123400 where it was given 123400."""

    def order(self, *, act_as=None, **exchange):
        if act_as is not None:
            act_as = {**act_as, "ssid": f"{int(act_as['ssid']):010}"}
        return super().order(act_as=act_as, **exchange)


@mutant(
    kills="KS-A02",
    subcode="state_leak",
    seen_in="likely: clients that are looked up, and left out when there is none",
    mend="Refuse a client whose ABN cannot be right.",
)
class LeavesAWrongClientOut(Correct):
    """Asks in the provider's own name where the client's ABN has a typing mistake."""

    class Tokens(TokenClient):
        def check(self, order):
            try:
                super().check(order)
            except Refusal:
                if len(order.act_as.ssid) != 10:
                    raise

        def relationship(self, order):
            act_as = super().relationship(order)
            weights = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
            if act_as is None:
                return None
            digits = [int(digit) for digit in act_as.second_party]
            digits[0] -= 1
            return act_as if sum(map(int.__mul__, weights, digits)) % 89 == 0 else None


@mutant(
    kills="KS-A06",
    subcode="state_leak",
    seen_in="caches of tokens that are keyed by the client's ABN",
    mend="Key kept tokens by credential, relying party, client and software id.",
)
class KeepsOneTokenPerClient(Correct):
    """Uses the token of one software id of a client for another one."""

    class Tokens(TokenClient):
        def key(self, order):
            client = order.act_as.second_party if order.act_as is not None else ""
            return (order.credential.fingerprint, order.sts_address, order.applies_to, client)
