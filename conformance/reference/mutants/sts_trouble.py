"""Clients of the token service that lose their head in one way each when something goes wrong."""

import contextlib
from dataclasses import replace
from datetime import timedelta

import requests

from conformance.reference.connection import Connection
from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import first
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient

# --- events -----------------------------------------------------------------------------------------


@mutant(
    kills="STS-N01",
    subcode="wrong_reason",
    seen_in="vendors' help pages that know one cause of a refusal",
    mend="Let a table of codes say what each means, and let its default say nothing but the code.",
    also=("STS-N09", "STS-P12"),
)
class TakesAnyUnknownEventForAnExpiry(Correct):
    """Tells of every event that is not in its table that the credential has expired."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            if refusal.reason == "token.fault" and refusal.code.startswith("E"):
                refusal.reason, refusal.text = "token.expired", "The credential has expired."
            return refusal


@mutant(
    kills="STS-N01B",
    subcode="wrong_value",
    seen_in="retry policies whose pause is left at zero",
    mend="Pause before you ask again, and longer each time.",
)
class AsksAgainAtOnce(Correct):
    """Asks again after what can pass by itself without a pause."""

    class Tokens(TokenClient):
        pauses = (0.0, 0.0, 0.0, 0.0)


@mutant(
    kills="STS-N01B",
    subcode="wrong_value",
    seen_in="likely: loops with one constant for the pause",
    mend="Double the pause each time.",
)
class PausesTheSameEachTime(Correct):
    """Makes the second pause no longer than the first."""

    class Tokens(TokenClient):
        pauses = (0.4, 0.1)


@mutant(
    kills="STS-N01B",
    subcode="wrong_value",
    seen_in="loops that run until the call succeeds",
    mend="Give up after a few attempts and tell the user to try later.",
)
class AsksAgainUntilItWorks(Correct):
    """Asks seven times in one call, and would go on."""

    class Tokens(TokenClient):
        pauses = (0.1, 0.11, 0.12, 0.13, 0.14, 0.15)


# --- the network ------------------------------------------------------------------------------------


@mutant(
    kills="STS-N02",
    subcode="crash",
    seen_in="clients that parse whatever comes with status 200",
    mend="Catch what the parser raises where it is called, and refuse the answer.",
)
class StumblesOverAPageForPeople(Correct):
    """Lets the parser's own error out when the answer is no XML."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            if b"</" not in answer.body[-40:] or b"<html" in answer.body[:200]:
                raise ValueError(f"no XML: {answer.body[:20]!r}")
            return super().read(order, answer, attempt)


@mutant(
    kills="STS-N02",
    subcode="wrong_value",
    seen_in="retry policies around every call",
    mend="Give up when the answer is not that of the service; it will not be next time.",
)
class AsksAgainWhenItGetsAPage(Correct):
    """Posts its request nine times where the answer is empty or a page for people."""

    class Tokens(TokenClient):
        def post(self, order, message):
            for _ in range(9):
                answer = super().post(order, message)
                if answer.body and "html" not in answer.content_type:
                    break
            return answer


@mutant(
    kills="STS-N03",
    subcode="crash",
    seen_in="clients that handle faults and forget that there is a network",
    mend="Catch what the HTTP library raises where it is called, and say what was called.",
    also=("STS-N02",),
)
class StumblesOverABrokenConnection(Correct):
    """Lets the HTTP library's own error out when the connection to the token service breaks."""

    class Tokens(TokenClient):
        def post(self, order, message):
            try:
                return super().post(order, message)
            except Refusal as refusal:
                if refusal.reason == "transport.failed" and refusal.__cause__ is not None:
                    raise refusal.__cause__ from None
                raise


@mutant(
    kills="STS-N03",
    subcode="wrong_value",
    seen_in="HTTP libraries that are told to repeat a request whatever it is",
    mend="Repeat nothing below the level at which events are understood.",
    also=("STS-N02",),
)
class AsksOnAndOnWhenTheConnectionBreaks(Correct):
    """Posts its request ten times where the connection to the token service breaks."""

    class Tokens(TokenClient):
        def post(self, order, message):
            for _ in range(9):
                try:
                    return super().post(order, message)
                except Refusal as refusal:
                    if refusal.reason != "transport.failed" or refusal.__cause__ is None:
                        raise
            return super().post(order, message)


@mutant(
    kills="STS-N03B",
    subcode="wrong_value",
    seen_in="retry policies that know their own pauses only",
    mend="Take the longer one of your own pause and Retry-After.",
)
class AsksAgainBeforeItIsTold(Correct):
    """Asks again after 503 with its usual pauses, whatever Retry-After says."""

    class Tokens(TokenClient):
        def worth_another_try(self, refusal):
            return refusal.code == "HTTP 503" or super().worth_another_try(refusal)

        def wait(self, refusal, pause):
            return pause


class _Impatient(requests.Session):
    """Waits for as long as a healthy answer takes on a busy machine, and no longer."""

    def post(self, url, **arguments):
        return super().post(url, **{**arguments, "timeout": 0.55})


@mutant(
    kills="STS-N03C",
    subcode="rejected_valid",
    seen_in="likely: time-outs in milliseconds that were meant as seconds",
    mend="Wait for an answer for 60 seconds at least.",
)
class GivesUpAfterAMoment(Correct):
    """Does not wait for an answer of the token service that takes its time."""

    class Tokens(TokenClient):
        def post(self, order, message):
            return _with_session(_Impatient(), self, order, message)


class _Following(requests.Session):
    """Goes wherever it is sent."""

    def post(self, url, **arguments):
        return super().post(url, **{**arguments, "allow_redirects": True})


@mutant(
    kills="STS-N03D",
    subcode="wrong_value",
    seen_in="HTTP libraries whose default it is to follow 307 and 308, body and all",
    mend="Switch redirects off: the request is signed for one address.",
)
class FollowsRedirects(Correct):
    """Posts its signed request to whatever address the answer names."""

    class Tokens(TokenClient):
        def post(self, order, message):
            return _with_session(_Following(), self, order, message)


def _with_session(session, client, order, message):
    """Post to the token service in another way than the reference does."""
    connection = Connection(order.ca_file)
    session.trust_env, session.verify = connection.session.trust_env, connection.session.verify
    connection.session.close()
    connection.session = session
    with contextlib.closing(connection):
        return connection.post(order.sts_address, message, client.headers())


# --- answers that are wrong -------------------------------------------------------------------------


@mutant(
    kills="STS-N04",
    subcode="crash",
    seen_in="clients that take the first child without looking whether there is one",
    mend="Check that there is a token, and say that the answer had none.",
)
class StumblesOverAMissingToken(Correct):
    """Takes the token before it knows that there is one."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            first(envelope.root, "EncryptedData")
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-N04B",
    subcode="accepted_invalid",
    seen_in="likely: buffers for a key that nothing was written into",
    mend="Refuse an answer without any key where it is read.",
)
class EndorsesWithNothing(Correct):
    """Takes a key of zeros where none came."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            return super().unpack(envelope, replace(attempt, entropy=attempt.entropy or bytes(32)))


@mutant(
    kills="STS-N04C",
    subcode="accepted_invalid",
    seen_in="clients that look for elements anywhere in the answer and take the first",
    mend="Count the responses; one was asked for.",
)
class TakesTheFirstOfTwo(Correct):
    """Reads the first response and does not see that there is another."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            for further in list(envelope.payload)[1:]:
                envelope.payload.remove(further)
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-N05",
    subcode="accepted_invalid",
    seen_in="likely: clients written by hand, which take what comes back on the connection",
    mend="Compare RelatesTo with the MessageID that was sent.",
)
class TakesTheAnswerToAnyRequest(Correct):
    """Does not look which request the answer belongs to."""

    class Tokens(TokenClient):
        def match(self, envelope, order, attempt):
            super().match(replace(envelope, relates_to=""), order, attempt)


@mutant(
    kills="STS-N06",
    subcode="accepted_invalid",
    seen_in="likely: clients written by hand, which read the life of the token and not that of the message",
    mend="Compare the Timestamp with the clock, give or take five minutes.",
    also=("STS-N06B",),
)
class TakesAnAnswerOfAnyTime(Correct):
    """Does not look at the Timestamp of an answer."""

    class Tokens(TokenClient):
        def timely(self, envelope):
            return True


@mutant(
    kills="STS-N06B",
    subcode="accepted_invalid",
    seen_in="likely: checks against what has expired, and nothing else",
    mend="Compare Created with the clock as well.",
)
class LooksAtTheEndOnly(Correct):
    """Refuses an answer that has expired and takes one that has not begun."""

    class Tokens(TokenClient):
        def timely(self, envelope):
            end = self.moment(envelope, "u:Expires")
            return end is None or self.clock() < end + timedelta(minutes=5)


@mutant(
    kills="STS-N07",
    subcode="accepted_invalid",
    seen_in="clients that keep a token under the address that they asked for",
    mend="Compare the AppliesTo of the answer with the one that was asked for.",
)
class TakesATokenForAnybody(Correct):
    """Does not look whom the token is for."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            return replace(super().unpack(envelope, attempt), applies_to="")


# --- credentials, clients, clocks -------------------------------------------------------------------


@mutant(
    kills="STS-N09",
    subcode="accepted_invalid",
    seen_in="likely: a credential that stays loaded when another one was configured and cannot be opened",
    mend="Use the credential that was named, and no other.",
)
class FallsBackOnTheLastCredential(Correct):
    """Asks with the credential that worked last where the one that was named cannot be used."""

    last = None

    def order(self, **exchange):
        try:
            self.last = super().order(**exchange)
        except Refusal:
            if self.last is None:
                raise
        return self.last


@mutant(
    kills="STS-N13",
    subcode="wrong_value",
    seen_in="products that show one sentence for whatever the token service refuses",
    mend="Show what the service said, and that the client has to notify in RAM.",
)
class SaysThatAccessIsDenied(Correct):
    """Tells its user of a request that was refused without an event code that access is denied."""

    class Tokens(TokenClient):
        def advise(self, order, fault, envelope):
            refusal = super().advise(order, fault, envelope)
            if refusal.code == "InvalidRequest":
                return Refusal("token.fault", code="DENIED", text="Access denied.")
            return refusal


@mutant(
    kills="STS-T05",
    subcode="wrong_value",
    seen_in="products that show the sentence of a fault and leave out its subcode",
    mend="Name the subcode MessageExpired, and show both clocks.",
)
class SaysNothingOfTheClock(Correct):
    """Tells its user that security could not be verified when it is the clock."""

    class Tokens(TokenClient):
        def advise(self, order, fault, envelope):
            refusal = super().advise(order, fault, envelope)
            if "MessageExpired" in refusal.code:
                return Refusal("token.fault", code="SECURITY", text=fault.reason)
            return refusal
