"""VerifyUSI and BulkVerifyUSI: does this USI belong to this person?"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.calls import MOST_RECORDS, Call, Concluded, Record
from conformance.reference.usi_client.elements import Elements, invalid

NAME_ELEMENTS: Final = ("FirstName", "FamilyName", "SingleName")
REQUEST_FORMS: Final = (
    {"USI", "FirstName", "FamilyName", "DateOfBirth"},
    {"USI", "SingleName", "DateOfBirth"},
)
"""What a verification may be asked with.  Who has one name only has neither first nor family name."""

FLAGGED: Final = "unclear"
"""What is concluded of a record whose answer did not come, or does not fit."""


class Verifying(Elements):
    """Asks whether USIs belong to persons."""

    def verify(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Verify one USI."""
        request = self.prepare(call)
        response = self.carry_out(order(), call, request)
        return Concluded(response, self.conclude(response))

    def prepare(self, call: Call) -> dict[str, Any]:
        """Return the elements to send; see `UsiClient.prepare`."""
        raise NotImplementedError

    def prepare_verification(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the elements of one verification: trimmed, complete, one form of the name."""
        if not isinstance(request, Mapping) or set(request) not in REQUEST_FORMS:
            raise invalid(
                "A verification takes USI, DateOfBirth, and FirstName with FamilyName or SingleName."
            )
        verification = {"USI": self.usi(request["USI"])}
        for name in NAME_ELEMENTS:
            if name in request:
                verification[name] = self.person_name(request[name])
        verification["DateOfBirth"] = self.date(request["DateOfBirth"])
        return verification

    def conclude(self, response: dict[str, Any]) -> str:
        """Return what the user is told of a verification."""
        return self.verdict(response)

    def verdict(self, answer: Mapping[str, Any]) -> str:
        """Return what one verification comes to, alone or in a batch.

        Valid alone says that the USI exists and is active; whose it is, only the matches tell.
        """
        matches = [answer[name] for name in (*NAME_ELEMENTS, "DateOfBirth") if name in answer]
        verified = answer.get("USIStatus") == "Valid" and matches and all(m == "Match" for m in matches)
        return "verified" if verified else "not_verified"

    # --- many at once -------------------------------------------------------------------------------

    def bulk_verify(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Verify many USIs, in as many messages as they need.

        A message that is refused, or whose answer is lost, leaves its own records unclear and those of the
        other messages alone; only when no message was answered is the call refused.
        """
        records = self.prepare(call)["Verifications"]["Verification"]
        opened = order()
        answers: list[dict[str, Any]] = []
        refusals: list[Refusal] = []
        messages = self.verification_messages(records)
        concluded: list[Record] = []
        for message in messages:
            try:
                response = self.carry_out(opened, call, message)
            except Refusal as refusal:
                refusals.append(refusal)
                response = {}
            answered = self.listed(response, "VerificationResponses", "VerificationResponse")
            answers += answered
            concluded += self.conclude_verifications(message["Verifications"]["Verification"], answered)
        if len(refusals) == len(messages):
            raise refusals[0]
        whole = {"VerificationResponses": {"VerificationResponse": answers}}
        return Concluded(whole, "completed", concluded)

    def prepare_bulk_verification(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return all verifications, each with its RecordId."""
        given = self.records(request, "Verifications", "Verification")
        return {
            "Verifications": {
                "Verification": [
                    {"RecordId": self.record_id(place), **self.prepare_verification(record)}
                    for place, record in enumerate(given)
                ]
            }
        }

    def record_id(self, place: int) -> int:
        """Return what tells a record from all others of the call.

        Args:
            place: among all that was handed over, from 0.
        """
        return place + 1

    def verification_messages(self, records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return the messages for all records: their number is announced, and is 500 at most."""
        return [
            {"NoOfVerifications": len(part), "Verifications": {"Verification": part}}
            for part in self.parts(records)
        ]

    def conclude_verifications(
        self, records: Sequence[Mapping[str, Any]], answers: Sequence[dict[str, Any]]
    ) -> list[Record]:
        """Return what each record comes to, in the order of the records.

        Args:
            records: as they were sent in one message.
            answers: all that its answer holds, in whatever order.
        """
        found = self.match_verifications(records, answers)
        return [
            self.conclude_verification(record, answer) for record, answer in zip(records, found, strict=True)
        ]

    def match_verifications(
        self, records: Sequence[Mapping[str, Any]], answers: Sequence[dict[str, Any]]
    ) -> list[dict[str, Any] | None]:
        """Return the answer to each record: the only one with its RecordId, or None."""
        return self.matched([record["RecordId"] for record in records], answers, "RecordId")

    def conclude_verification(self, record: Mapping[str, Any], answer: dict[str, Any] | None) -> Record:
        """Return what one record comes to; the answer must speak of the USI that was asked for."""
        if answer is None:
            return Record(FLAGGED, {})
        if answer.get("USI") != record["USI"] or not answer.get("USIStatus"):
            return Record(FLAGGED, answer)
        return Record(self.verdict(answer), answer)

    # --- what all bulk operations share -------------------------------------------------------------

    def records(self, request: Mapping[str, Any], name: str, item: str) -> list[Any]:
        """Return the records that were handed over, at least one.

        Raises:
            Refusal: `request.invalid`.  Without records nothing is sent.
        """
        whole = request.get(name) if set(request) == {name} else None
        records = whole.get(item) if isinstance(whole, Mapping) and set(whole) == {item} else None
        if not isinstance(records, list) or not records:
            raise invalid(f"{name} holds a list of at least one {item}.")
        return records

    def parts(self, records: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
        """Return the records of each message: as many as a message may hold."""
        return [list(records[begin : begin + MOST_RECORDS]) for begin in range(0, len(records), MOST_RECORDS)]

    def listed(self, response: Mapping[str, Any], name: str, item: str) -> list[dict[str, Any]]:
        """Return the records of an answer, those that can be read."""
        whole = response.get(name)
        records = whole.get(item) if isinstance(whole, Mapping) else None
        return [record for record in records or () if isinstance(record, dict)]

    def matched(
        self, keys: Sequence[object], answers: Sequence[dict[str, Any]], name: str
    ) -> list[dict[str, Any] | None]:
        """Return the answer that bears each key; None where there is none, or more than one."""
        by_key: dict[object, list[dict[str, Any]]] = {}
        for answer in answers:
            by_key.setdefault(answer.get(name), []).append(answer)
        found = (by_key.get(key, ()) for key in keys)
        return [answers[0] if len(answers) == 1 else None for answers in found]
