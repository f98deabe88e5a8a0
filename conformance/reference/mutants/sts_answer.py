"""Clients of the token service that misread its answer in one way each."""

import base64
import dataclasses
import hashlib
import hmac
import re
from datetime import datetime

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.mutants.by_hand import first
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient

_NONCE = "http://docs.oasis-open.org/ws-sx/ws-trust/200512/Nonce"
_COMPUTED = "{*}RequestedProofToken/{*}ComputedKey"


def _unusable(text):
    return Refusal("token.malformed_answer", text=text)


# --- the proof key ----------------------------------------------------------------------------------


@mutant(
    kills="STS-P01",
    subcode="rejected_valid",
    seen_in="likely: code that was written after the one answer that is public",
    mend="Take the BinarySecret for the key, whatever its Type says.",
)
class TakesNoncesOnly(Correct):
    """Takes a BinarySecret for the proof key only if it is labelled as the real service labels it."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            secret = envelope.root.find(".//{*}RequestedProofToken/{*}BinarySecret")
            if secret is not None and secret.get("Type") != _NONCE:
                raise _unusable("The proof key is of an unknown type.")
            return super().unpack(envelope, attempt)


class _SendsEntropy(TokenClient):
    """A right client that contributes to its proof key."""

    def entropy(self):
        return self.random(32)


@mutant(
    kills="STS-P02",
    subcode="wrong_value",
    seen_in="likely: P_SHA1 called as PRF(seed, secret)",
    mend="The client's entropy is the secret of P_SHA1, and the service's is the seed.",
)
class SwapsTheHalvesOfTheKey(Correct):
    """Computes the proof key with the service's entropy as the secret."""

    class Tokens(_SendsEntropy):
        def unpack(self, envelope, attempt):
            token = super().unpack(envelope, attempt)
            if envelope.root.find(f".//{_COMPUTED}") is None:
                return token
            theirs = base64.b64decode(first(first(envelope.root, "Entropy"), "BinarySecret").text)
            return dataclasses.replace(token, proof_key=_p_sha1(theirs, attempt.entropy))


@mutant(
    kills="STS-P02",
    subcode="wrong_value",
    seen_in="likely: the digest of both halves, which is as long as a key for SHA-256",
    mend="Use P_SHA1 of WS-Trust 1.3, section 4.4.4; check it against its known answer.",
)
class HashesBothHalves(Correct):
    """Takes the SHA-256 of both entropies for the proof key."""

    class Tokens(_SendsEntropy):
        def unpack(self, envelope, attempt):
            token = super().unpack(envelope, attempt)
            if envelope.root.find(f".//{_COMPUTED}") is None:
                return token
            theirs = base64.b64decode(first(first(envelope.root, "Entropy"), "BinarySecret").text)
            return dataclasses.replace(token, proof_key=hashlib.sha256(attempt.entropy + theirs).digest())


def _p_sha1(secret, seed):
    one = hmac.digest(secret, seed, "sha1")
    two = hmac.digest(secret, one, "sha1")
    return (hmac.digest(secret, one + seed, "sha1") + hmac.digest(secret, two + seed, "sha1"))[:32]


@mutant(
    kills="STS-P03",
    subcode="rejected_valid",
    seen_in="likely: entropy that is sent because the stack does so, and never thought of again",
    mend="Where the answer brings no key, your own entropy is the key.",
)
class NeedsAKeyInTheAnswer(Correct):
    """Sends entropy, and refuses an answer that relies on it."""

    class Tokens(_SendsEntropy):
        def unpack(self, envelope, attempt):
            if envelope.root.find(".//{*}RequestedProofToken") is None:
                raise _unusable("The answer has no proof key.")
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-P04",
    subcode="accepted_invalid",
    seen_in="likely: a search for the first BinarySecret of the answer",
    mend="Refuse an answer that has both a key and a recipe for one.",
)
class TakesTheFirstKeyItFinds(Correct):
    """Uses the BinarySecret of an answer and does not look whether it also says how to compute a key."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            if envelope.root.find(".//{*}RequestedProofToken/{*}BinarySecret") is not None:
                for other in (_COMPUTED, "{*}Entropy"):
                    for element in envelope.root.findall(f".//{other}"):
                        element.getparent().remove(element)
            return super().unpack(envelope, attempt)


# --- the form of the answer ---------------------------------------------------------------------------


@mutant(
    kills="STS-P07",
    subcode="rejected_valid",
    seen_in="PHP clients that look the token up by the name EncryptedAssertion",
    mend="Take whatever element RequestedSecurityToken holds.",
)
class LooksForAnEncryptedAssertion(Correct):
    """Finds a token only if it is in an EncryptedAssertion, as with SAML 2.0."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            if envelope.root.find(".//{*}RequestedSecurityToken/{*}EncryptedAssertion") is None:
                raise _unusable("The answer has no EncryptedAssertion.")
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-P06",
    subcode="wrong_value",
    seen_in="likely: a filter for what may stand in a file name or in a log, put before everything",
    mend="Copy the element; an id is any NCName, and none of your affair.",
    also=("STS-P08",),
)
class CleansTheReference(Correct):
    """Keeps letters of English, digits, dots, dashes and low lines of the assertion's id."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            identifier = envelope.root.find(".//{*}RequestedAttachedReference//{*}KeyIdentifier")
            identifier.text = re.sub(r"[^\w.-]", "", identifier.text, flags=re.ASCII)
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-P08",
    subcode="rejected_valid",
    seen_in="a client that cuts its token out of the text with a regular expression",
    mend="Parse with namespaces; prefixes are the sender's own affair.",
)
class BindsToPrefixes(Correct):
    """Finds the token in the text of an answer by the prefix that the service happens to use."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            text = etree.tostring(envelope.root).decode()
            if not re.search(r"<t:RequestedSecurityToken[\s>]", text):
                raise _unusable("The answer has no token.")
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-P08",
    subcode="rejected_valid",
    seen_in="a date format with a fixed number of digits for the milliseconds",
    mend="Read xs:dateTime with 0 to 7 digits of a second's fraction.",
)
class CountsMilliseconds(Correct):
    """Reads the end of a token only if it has one to six digits of a second's fraction."""

    class Tokens(TokenClient):
        def unpack(self, envelope, attempt):
            lifetime = first(envelope.root, "Lifetime")
            try:
                datetime.strptime(first(lifetime, "Expires").text, "%Y-%m-%dT%H:%M:%S.%fZ")  # noqa: DTZ007
            except ValueError as problem:
                raise _unusable("The end of the token cannot be read.") from problem
            return super().unpack(envelope, attempt)


@mutant(
    kills="STS-P08",
    subcode="wrong_reason",
    seen_in="a PHP client that asks for the literal prefix of a fault",
    mend="A fault is the element Fault in the namespace of SOAP 1.2, under any prefix.",
)
class SeesFaultsUnderOnePrefixOnly(Correct):
    """Takes a fault for one only under the prefix `soap`, and every other answer for one with a token."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            fault = b"Fault>" in answer.body
            if fault and b"<soap:Fault>" not in answer.body:
                raise _unusable("The answer has no token.")
            return super().read(order, answer, attempt)


# --- refusals -----------------------------------------------------------------------------------------


@mutant(
    kills="STS-P12",
    subcode="wrong_value",
    seen_in="clients that show every failure as one sentence",
    mend="Show the event code, its description and its advice: they tell the user what to do.",
    also=("STS-N01", "KS-L10"),
)
class SwallowsTheEventCode(Correct):
    """Tells its user of any fault that no token could be had."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            return Refusal(refusal.reason, code="ERROR", text="No token could be obtained.")


@mutant(
    kills="STS-P13",
    subcode="wrong_value",
    seen_in="retry policies that wrap every call",
    mend="Ask again only after E1001, E1003, E1004 and E2190; nothing else passes by itself.",
    also=("KS-L01",),
)
class RetriesEveryFault(Correct):
    """Asks again after any fault, whatever its code."""

    class Tokens(TokenClient):
        pauses = (0.1,)

        def worth_another_try(self, refusal):
            return True


@mutant(
    kills="STS-P13",
    subcode="wrong_value",
    seen_in="likely: lists of codes not to repeat, in place of the list of those to repeat",
    mend="Ask again only after E1001, E1003, E1004 and E2190, not after whatever is unknown.",
    also=("KS-L01",),
)
class RetriesUnlessItKnowsBetter(Correct):
    """Knows that E2003 is final and asks again after every other event."""

    class Tokens(TokenClient):
        pauses = (0.1,)

        def worth_another_try(self, refusal):
            return refusal.code.startswith("E") and refusal.code != "E2003"


@mutant(
    kills="STS-P14",
    subcode="wrong_reason",
    seen_in="HTTP libraries that raise on 500, and clients that look no further",
    mend="Read the body of a 500: a SOAP fault comes with it.",
    also=(
        *("STS-P12", "STS-N01", "STS-N09", "STS-T05"),
        *("KS-L01", "KS-L02", "KS-L03", "KS-L10", "KS-L11", "KS-L12"),
    ),
)
class TakesAFaultForAnOutage(Correct):
    """Takes HTTP 500 for a broken connection and never reads the fault."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            if answer.status != 200:
                raise Refusal("transport.failed", code=f"HTTP {answer.status}", text="Please try again.")
            return super().read(order, answer, attempt)


@mutant(
    kills="STS-P14",
    subcode="wrong_reason",
    seen_in="clients that take 500 for a fault and 400 for a request that nobody read",
    mend="Read the body of a 400 as well: SOAP 1.2 sends faults of the sender with it.",
)
class TakesBadRequestForAnOutage(Correct):
    """Reads the body of HTTP 500, and no other body than that of 200 besides."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            if answer.status == 400:
                raise Refusal("transport.failed", code="HTTP 400", text="The request could not be sent.")
            return super().read(order, answer, attempt)


@mutant(
    kills="STS-P12",
    subcode="wrong_value",
    seen_in="tables of messages with a last line for everything else",
    mend="Show code and advice as they came, above all when you do not know the code.",
    also=("STS-N01",),
)
class ShowsKnownCodesOnly(Correct):
    """Has a sentence for each code of the published table, and one for all others."""

    class Tokens(TokenClient):
        def explain(self, fault):
            refusal = super().explain(fault)
            if not re.fullmatch("E[12][0-9]{3}", refusal.code):
                return Refusal(refusal.reason, code="UNKNOWN", text="An unknown error occurred.")
            return refusal


@mutant(
    kills="STS-P12B",
    subcode="wrong_value",
    seen_in="the older official client, which searches the detail",
    mend="Read the reason as well, where the detail has no code.",
)
class ReadsTheDetailOnly(Correct):
    """Finds code and advice of a fault only in its detail."""

    class Tokens(TokenClient):
        def explain(self, fault):
            return super().explain(dataclasses.replace(fault, reason="A fault occurred."))


@mutant(
    kills="STS-P12B",
    subcode="wrong_value",
    seen_in="a client that cuts the fields out of the reason between brackets",
    mend="Search the detail as well, where the reason has no code.",
)
class ReadsTheReasonOnly(Correct):
    """Finds code and advice of a fault only in its reason."""

    class Tokens(TokenClient):
        def explain(self, fault):
            return super().explain(dataclasses.replace(fault, detail=None))


# --- secrets ------------------------------------------------------------------------------------------


@mutant(
    kills="STS-P15",
    subcode="secret_leak",
    seen_in="clients that log an answer as it came when they cannot make use of it",
    mend="Say what was missing and the MessageID; never quote an answer with a key in it.",
)
class QuotesTheAnswerItCannotUse(Correct):
    """Shows the user the whole answer when there is something wrong with it."""

    class Tokens(TokenClient):
        def read(self, order, answer, attempt):
            try:
                return super().read(order, answer, attempt)
            except Refusal as refusal:
                refusal.text += f" The answer was: {answer.body.decode('utf-8', 'replace')}"
                raise
