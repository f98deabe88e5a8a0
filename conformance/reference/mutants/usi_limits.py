"""Clients of the registry that get one of the contract's numbers, or one of their own, wrong."""

import copy
import itertools
import zlib

from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import UsiClient


@mutant(
    kills="USI-LIM-01",
    subcode="wrong_value",
    seen_in="likely: products whose selections were small when they were tried",
    mend="Send at most 500 records in one message.",
)
class SendsAnySelectionInOneMessage(Correct):
    """Puts every verification into one message, however many there are."""

    class Registry(UsiClient):
        over = ()

        def verification_messages(self, records):
            self.over = records[500:]
            return super().verification_messages(records[:500])

        def seal(self, envelope, token):
            # zeep itself counts, so that what is over is added to its finished message.
            for records in envelope.iter("{*}Verifications"):
                for over in self.over:
                    added = copy.deepcopy(records[0])
                    for name, value in over.items():
                        for element in added.iter(f"{{*}}{name}"):
                            element.text = str(value)
                    records.append(added)
                records.getprevious().text = str(len(records))
            super().seal(envelope, token)


@mutant(
    kills="USI-LIM-01B",
    subcode="wrong_value",
    seen_in="likely: lists that are cut to the limit where the message is made",
    mend="Send what is over in a further message.",
)
class CutsSelectionsAtFiveHundred(Correct):
    """Sends the first 500 records, and leaves the others out."""

    class Registry(UsiClient):
        def parts(self, records):
            return super().parts(records)[:1]


@mutant(
    kills="USI-LIM-02",
    subcode="wrong_value",
    seen_in="likely: products that learned to send several messages after they could count",
    mend="Announce the number of records of this very message.",
)
class AnnouncesTheWholeSelection(Correct):
    """Announces in each of several messages the number of all records, as far as the schema lets it."""

    class Registry(UsiClient):
        def verification_messages(self, records):
            messages = super().verification_messages(records)
            return [{**each, "NoOfVerifications": min(len(records), 500)} for each in messages]


@mutant(
    kills="USI-LIM-03",
    subcode="wrong_value",
    seen_in="likely: the row of a student in one of several lists, each of which begins at 1",
    mend="Count the records of the message from 1.",
)
class NumbersRecordsByPage(Correct):
    """Begins the RecordIds at 1 again after every second record."""

    class Registry(UsiClient):
        def record_id(self, place):
            return place % 2 + 1


@mutant(
    kills="USI-LIM-04",
    subcode="wrong_value",
    seen_in="likely: the student's number, which stands twice where a student is selected twice",
    mend="Make an ApplicationId up for each application of a message.",
)
class TakesTheStudentForTheApplication(Correct):
    """Makes the ApplicationId of the person's particulars."""

    class Registry(UsiClient):
        def complete_application(self, application, stem, place):
            person = application["PersonalDetails"]
            name = person.get("FirstName") or person["SingleName"]
            number = f"{person['DateOfBirth'].replace('-', '')}-{zlib.crc32(name.encode()):010}"
            return {**super().complete_application(application, stem, place), "ApplicationId": number}


@mutant(
    kills="USI-LIM-05",
    subcode="wrong_value",
    seen_in="likely: counters that are a field of the client class",
    mend="Keep the counter on disk, or draw the RequestId from 100 random bits.",
)
class CountsRequestsSinceItsStart(Correct):
    """Counts RequestIds from 1 whenever it is started."""

    def __init__(self, **given):
        super().__init__(**given)
        self.numbers = itertools.count(1)

    @property
    def registry(self):
        client = super().registry
        client.request_id = lambda: f"REQUEST{next(self.numbers):013}"
        return client


@mutant(
    kills="USI-LIM-05B",
    subcode="wrong_value",
    seen_in="published samples, which draw their numbers from a thousand",
    mend="Draw 100 random bits.",
)
class DrawsShortRequestIds(Correct):
    """Draws RequestIds of at most six digits."""

    class Registry(UsiClient):
        def request_id(self):
            return str(int.from_bytes(self.random(8)) % 1_000_000)

        def application_stem(self):
            return super().request_id()[:15]


@mutant(
    kills="USI-LIM-06",
    subcode="wrong_value",
    seen_in="likely: references made of the person's names, for which forty characters were enough in tests",
    mend="Refer by the id of the user or of the student's record.",
    also=("USI-CRE-01C",),
)
class RefersByNames(Correct):
    """Makes the UserReference of an application of the applicant's names, however long they are."""

    class Registry(UsiClient):
        def complete_application(self, application, stem, place):
            person = application["PersonalDetails"]
            names = [person.get(name, "") for name in ("FirstName", "FamilyName", "SingleName")]
            whole = " ".join(filter(None, names))
            return {**super().complete_application(application, stem, place), "UserReference": whole}


@mutant(
    kills="USI-LIM-08",
    subcode="wrong_value",
    seen_in="likely: nightly jobs that send what they find, also nothing",
    mend="Ask whether there is a record before a message is made.",
)
class SendsEmptySelections(Correct):
    """Sends a message without records where nobody is selected."""

    class Registry(UsiClient):
        def records(self, request, name, item):
            return request[name][item] and super().records(request, name, item)

        def parts(self, records):
            return super().parts(records) or [[]]


@mutant(
    kills="USI-LIM-09",
    subcode="rejected_valid",
    seen_in="the default of a widely used framework, which few raise before a long answer came",
    mend="Allow answers of at least a megabyte.",
    also=("USI-BLV-06",),
)
class ReadsSixtyFourKilobytes(Correct):
    """Refuses answers of more than 65 536 bytes."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            answer = super().post(order, address, message, headers)
            if len(answer.body) > 65536:
                raise Refusal("transport.failed", text="The maximum message size quota has been exceeded.")
            return answer


@mutant(
    kills="USI-LIM-07B",
    subcode="wrong_value",
    seen_in="settings that nobody checks",
    mend="Check the organisation code where it is configured: one to eight letters and digits.",
)
class SendsAnyOrganisationCode(Correct):
    """Sends as OrgCode whatever is configured."""

    class Registry(UsiClient):
        def organisation(self, code):
            return code
