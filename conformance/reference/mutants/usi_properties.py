"""Mistakes in calls to the registry that only a search finds: no vector stands where they show."""

from conformance.protocol.operations import V5
from conformance.reference.correct import Correct, mutant
from conformance.reference.usi_client import UsiClient


@mutant(
    kills="USI-WIRE-14",
    subcode="wrong_value",
    seen_in="likely: dates that went through two digits for the year, whose century .NET guesses",
    mend="Keep dates of birth with four digits for the year, everywhere.",
)
class GuessesTheCentury(Correct):
    """Takes the years 00 to 29 for those of this century."""

    class Registry(UsiClient):
        def date(self, typed):
            text = super().date(typed)
            return f"20{text[2:]}" if "1900" <= text[:4] < "1930" else text


@mutant(
    kills="USI-WIRE-15",
    subcode="wrong_value",
    seen_in="likely: data bases and spreadsheets that keep post codes as numbers",
    mend="Keep post codes as texts of four digits: those of the Northern Territory begin with a zero.",
)
class KeepsPostCodesAsNumbers(Correct):
    """Sends 800 for 0800."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for code in envelope.iter(f"{{{V5.namespace}}}PostCode"):
                code.text = str(int(code.text))
            super().seal(envelope, token)


@mutant(
    kills="USI-BLV-06",
    subcode="wrong_value",
    seen_in="likely: answers that are sorted by a RecordId that was kept as a text",
    mend="Look the answer to each record up by its RecordId, and compare numbers as numbers.",
    also=("USI-LIM-09",),
)
class SortsRecordIdsAsTexts(Correct):
    """Puts the answers to a batch into the order of their RecordIds, in which 10 comes before 2."""

    class Registry(UsiClient):
        def match_verifications(self, records, answers):
            found = super().match_verifications(records, answers)
            if None in found or len(answers) != len(records):
                return found
            return sorted(found, key=lambda answer: str(answer["RecordId"]))


@mutant(
    kills="USI-CRE-11",
    subcode="wrong_value",
    seen_in="likely: a search for duplicates in the product's own records, by name alone",
    mend="Let the registry say who is there already; namesakes are two people.",
)
class TakesNamesakesForOnePerson(Correct):
    """Tells the USI of a namesake with another date of birth, whom it created before, and asks nobody."""

    class Registry(UsiClient):
        def create(self, order, call):
            created = self.__dict__.setdefault("created", {})
            details = self.prepare(call)["Application"]["PersonalDetails"]
            names = tuple(details.get(name) for name in ("FirstName", "FamilyName", "SingleName"))
            born, concluded = created.get(names, (details["DateOfBirth"], None))
            if born != details["DateOfBirth"]:
                return concluded._replace(conclusion="existing")
            concluded = super().create(order, call)
            if concluded.conclusion == "created":
                created[names] = (born, concluded)
            return concluded
