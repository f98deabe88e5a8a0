"""Implementations that are right in another way: no check may fail with one.

Each does something that the sources leave open, so that a check that demands the reference's own way of
doing it is found out.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from lxml import etree

from conformance.adapters.contract import FIRST_OPERATION
from conformance.protocol import checksum, names, security, soap
from conformance.protocol.trust import IssuedToken
from conformance.reference.correct import Correct, Result, kebab_case
from conformance.reference.mutants import by_hand
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Attempt, Order, TokenClient
from conformance.reference.usi_client import MOST_RECORDS, Batch, Call, Concluded, UsiClient


class FoldsWhatPeopleType(Correct):
    """Takes lower case and blanks at the ends of what a person typed for what the person meant."""

    def usi_validate(self, usi: object) -> Result:
        """Fold, then judge."""
        return super().usi_validate(checksum.fold(usi) if isinstance(usi, str) else usi)


class ArrangesTheRequestDifferently(Correct):
    """Other prefixes and ids, `true` for `1`, no KeySize and no TokenType, everything in another order."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def envelope(self, order: Order, attempt: Attempt) -> etree._Element:
            """Turn the order of headers and children round and leave out what has a default."""
            request = self.request(order, attempt)
            for name in ("t:KeySize", "t:TokenType"):
                for part in list(request.iterchildren(names.tag(name))):
                    request.remove(part)
            _turn_round(request)
            envelope = soap.build(
                request,
                action=names.ISSUE_ACTION,
                message_id=attempt.message_id,
                to=order.sts_address,
                prefix="env",
            )
            _turn_round(envelope[0])
            return envelope

        def sign(self, envelope: etree._Element, order: Order) -> None:
            """Sign with telling ids, then mark the header in the other lexical form."""
            credential = order.credential
            security.sign_request(
                envelope,
                key=credential.key,
                certificate=credential.certificate,
                now=self.clock(),
                ids=security.Ids(timestamp="TS-7", to="id-8", token="X509-9"),
            )
            for header in envelope.iter(names.tag("o:Security")):
                header.set(names.tag("s:mustUnderstand"), "true")


class AsksWithEntropy(Correct):
    """Contributes half of the proof key, as Metro does, and asks for a day."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def entropy(self) -> bytes | None:
            """Return 256 random bits."""
            return self.random(32)

        def lifetime(self, order: Order) -> tuple[datetime, datetime]:
            """Ask for the longest life that the service's framework grants."""
            created, _ = super().lifetime(order)
            return created, created + timedelta(hours=24)


class AsksForSaml1(Correct):
    """Asks for a token of SAML 1.1, as a good part of the recorded clients does."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def request(self, order: Order, attempt: Attempt) -> etree._Element:
            """Name the other TokenType."""
            request = super().request(order, attempt)
            for kind in request.iterchildren(names.tag("t:TokenType")):
                kind.text = names.SAML_1_TOKEN
            return request


class CountsWholeSeconds(Correct):
    """Writes every moment without a fraction of a second, as the official Java sample does."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def request(self, order: Order, attempt: Attempt) -> etree._Element:
            """Cut the fractions of the Lifetime."""
            request = super().request(order, attempt)
            _cut_fractions(request)
            return request

        def sign(self, envelope: etree._Element, order: Order) -> None:
            """Cut the fractions of the Timestamp, and sign once more."""
            super().sign(envelope, order)
            _cut_fractions(envelope)
            by_hand.sign_again(envelope, order.credential.key)

    class Registry(UsiClient):
        """As the class around it says."""

        def endorse(self, envelope: etree._Element, token: IssuedToken) -> None:
            """Cut the fractions of the Timestamp, and endorse once more."""
            super().endorse(envelope, token)
            _cut_fractions(envelope)
            by_hand.endorse_again(envelope, token.proof_key)


class EndorsesWithSha256(Correct):
    """Reads the registry's suite as WCF does: hmac-sha256, and the token in its EncryptedAssertion."""

    class Registry(UsiClient):
        """As the class around it says."""

        def endorse(self, envelope: etree._Element, token: IssuedToken) -> None:
            """Put the token in as it was wrapped and sign with SHA-256."""
            security.endorse(
                envelope,
                token=token.token,
                reference=token.attached,
                proof_key=token.proof_key,
                now=self.clock(),
                algorithm=names.HMAC_SHA256,
            )


class AsksForATokenPerCall(Correct):
    """Keeps no token, as a product does that runs once per request."""

    class Tokens(TokenClient):
        """As the class around it says."""

        def usable(self, token: IssuedToken) -> bool:
            """Never."""
            return False


class OffersVerificationOnly(Correct):
    """Uses one operation of the registry, as a product does that leaves the creation of USIs to students."""

    operations = (FIRST_OPERATION,)


class ChoosesOtherwiseWithTheRegistry(Correct):
    """Splits nothing and repeats nothing: what takes several messages it refuses, what is lost it reports.

    Its RecordIds fall, it asks for results once per call, and keeps its ids short.
    """

    class Registry(UsiClient):
        """As the class around it says."""

        user_reference = "7"

        def parts(self, records: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
            """Refuse what one message cannot hold."""
            if len(records) > MOST_RECORDS:
                raise Refusal("request.invalid", text=f"Select at most {MOST_RECORDS} persons.")
            return [list(records)]

        def change_messages(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
            """Refuse several changes."""
            messages = super().change_messages(request)
            if len(messages) > 1:
                raise Refusal("request.invalid", text="Change one thing at a time.")
            return messages

        def lost(self, request: Mapping[str, Any], refusal: Refusal) -> Concluded:
            """Report what happened and conclude nothing."""
            raise refusal

        def record_id(self, place: int) -> int:
            """Count down."""
            return 1_000_000 - 7 * place

        def application_id(self, stem: str, place: int) -> str:
            """Return eleven characters."""
            return f"{place}-{stem[:8]}"

        def poll(self, order: Order, call: Call, receipt: str, batch: Batch | None) -> dict[str, Any] | None:
            """Ask once."""
            try:
                response = self.carry_out(order, call, {"ReceiptNumber": receipt})
            except Refusal as refusal:
                if not self.means_pending(refusal, batch):
                    raise
                return None
            return None if self.still_processing(response) else response


class LooksUpWhomItMayHaveCreated(Correct):
    """Looks the person up when the answer to CreateUSI was lost; the consent to that was asked for before."""

    class Registry(UsiClient):
        """As the class around it says."""

        def create(self, order: Callable[[], Order], call: Call) -> Concluded:
            """Apply, and after a lost answer locate; only one exact match says how it ended."""
            concluded = super().create(order, call)
            if concluded.conclusion != "unclear" or "Application" in concluded.response:
                return concluded
            application = call.request["Application"]
            person = {
                name: application["PersonalDetails"][name]
                for name in ("Gender", "FirstName", "MiddleName", "FamilyName", "SingleName", "DateOfBirth")
                if name in application["PersonalDetails"]
            }
            asked = {"PersonalDetails": person, "ContactDetails": application["ContactDetails"]}
            question = replace(call, operation="LocateUSI", request=asked)
            try:
                found = self.locate(order, question)
            except Refusal:
                return concluded
            return Concluded(found.response, "existing") if found.conclusion == "located" else concluded


def _cut_fractions(part: etree._Element) -> None:
    for moment in part.iter(names.tag("u:Created"), names.tag("u:Expires")):
        moment.text = f"{(moment.text or '').rstrip('Z').partition('.')[0]}Z"


def _turn_round(element: etree._Element) -> None:
    for child in list(element):
        element.insert(0, child)


VARIANTS: Final[dict[str, type[Correct]]] = {
    kebab_case(kind.__name__): kind
    for kind in (
        FoldsWhatPeopleType,
        ArrangesTheRequestDifferently,
        AsksWithEntropy,
        AsksForSaml1,
        CountsWholeSeconds,
        EndorsesWithSha256,
        AsksForATokenPerCall,
        OffersVerificationOnly,
        ChoosesOtherwiseWithTheRegistry,
        LooksUpWhomItMayHaveCreated,
    )
}
"""Every variant by name."""
