"""Clients of the registry that take one answer of a batch for another, in one way each."""

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import Concluded, Record, UsiClient


@mutant(
    kills="USI-BLV-01",
    subcode="wrong_value",
    seen_in="clients that read two lists side by side",
    mend="Look the answer to each record up by its RecordId.",
    also=("USI-BLV-02", "USI-BLV-03", "USI-BLV-04", "USI-BLV-06"),
)
class MatchesAnswersByPosition(Correct):
    """Takes the first answer for that to the first record, and so on."""

    class Registry(UsiClient):
        def match_verifications(self, records, answers):
            found = list(answers[: len(records)])
            return found + [None] * (len(records) - len(found))

        def conclude_verification(self, record, answer):
            return Record("unclear", {}) if answer is None else Record(self.verdict(answer), answer)


@mutant(
    kills="USI-BLV-01B",
    subcode="wrong_value",
    seen_in="clients that stop reading at USIStatus where there are many answers",
    mend="Conclude of each record as of a single verification: its status and all of its matches.",
    also=("USI-BLV-01", "USI-BLV-02", "USI-BLV-03", "USI-BLV-04", "USI-BLV-06"),
)
class TakesValidForVerifiedInBatches(Correct):
    """Concludes of a record of a batch from its status alone."""

    class Registry(UsiClient):
        def conclude_verification(self, record, answer):
            found = super().conclude_verification(record, answer)
            if found.conclusion == "not_verified" and answer["USIStatus"] == "Valid":
                return Record("verified", answer)
            return found


@mutant(
    kills="USI-BLV-02",
    subcode="wrong_value",
    seen_in="likely: results that begin as `not verified` and are overwritten by what was answered",
    mend="Say of a record without an answer that it had none.",
)
class TakesMissingAnswersForMismatches(Correct):
    """Concludes `not_verified` of a record that was not answered."""

    class Registry(UsiClient):
        def conclude_verifications(self, records, answers):
            answered = {answer.get("RecordId") for answer in answers}
            found = super().conclude_verifications(records, answers)
            return [
                each if record["RecordId"] in answered or not answers else Record("not_verified", {})
                for record, each in zip(records, found, strict=True)
            ]


@mutant(
    kills="USI-BLV-03",
    subcode="wrong_value",
    seen_in="likely: a dictionary by RecordId, in which the last answer wins",
    mend="Flag a record that is answered more than once.",
)
class TakesTheLastOfTwoAnswers(Correct):
    """Believes the last of several answers to one record."""

    class Registry(UsiClient):
        def match_verifications(self, records, answers):
            by_id = {answer.get("RecordId"): answer for answer in answers}
            return [by_id.get(record["RecordId"]) for record in records]


@mutant(
    kills="USI-BLV-04",
    subcode="wrong_value",
    seen_in="likely: clients that read RecordId, status and matches, and nothing else",
    mend="Compare the USI of each answer with the one that was asked about.",
)
class LooksAtTheRecordIdOnly(Correct):
    """Believes an answer whatever USI it names."""

    class Registry(UsiClient):
        def conclude_verification(self, record, answer):
            return super().conclude_verification(record, answer and {**answer, "USI": record["USI"]})


@mutant(
    kills="USI-BLV-05",
    subcode="wrong_value",
    seen_in="likely: nightly jobs that store `not verified` for a list that failed",
    mend="A fault says nothing about any record: report it, or ask in smaller messages.",
    also=("USI-VER-10",),
)
class TakesAFaultForABatchOfWrongUsis(Correct):
    """Concludes `not_verified` of every record of a batch that was answered with a fault."""

    class Registry(UsiClient):
        def bulk_verify(self, order, call):
            try:
                return super().bulk_verify(order, call)
            except Refusal as refusal:
                if not refusal.reason.startswith("service."):
                    raise
                records = call.request["Verifications"]["Verification"]
                return Concluded({}, "completed", [Record("not_verified", {}) for _ in records])
