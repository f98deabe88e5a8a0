# %% [markdown]
# # 8. When things fail
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# A student waits at the desk, and the registry does not say what you asked for. It says *1001*, or sends a web page, or nothing at all. May your product ask again? Whom does it send to mend what? And what
# may it say about the student?
#
# Three words first. A **fault** is the answer of a service that refuses: a SOAP message with `Fault` in its body. A **code** is the number in it. A **conclusion** is what your product tells its user
# about the student, and after a failure there is only one that is true: *nothing was learned*.
#
# Token service, registry, clock and credential are the kit's own. `product` is the reference; it notes its pauses instead of making them.

# %%
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from conformance.reference import Correct
from conformance.simulators.bench import Bench

begin = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
pauses = []
product = Correct(clock=lambda: begin, random=Random(8).randbytes, sleep=pauses.append)
until_the_end = ExitStack()
folder = Path(until_the_end.enter_context(TemporaryDirectory()))
bench = until_the_end.enter_context(Bench(begin, 8, folder, clock=lambda: begin))

# %% [markdown]
# One call, and what crossed the wire. A *fault*, if one is named, is a rule that the registry breaks on purpose.

# %%
person = {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}


def call(*faults, operation="VerifyUSI", request=person):
    pauses.clear()
    with bench.scenario("a call", faults) as recording:
        order = {**bench.parameters(), "operation": operation, "request": request}
        return product.handle("usi.call", order), recording.registry


answer, wire = call()
assert answer["value"]["conclusion"] == "verified"
answer["value"]["response"]

# %% [markdown]
# So it looks when nothing fails. From now on something does.
#
# ## The first channel: a fault
# The registry refuses the whole message.

# %%
import copy

from lxml import etree

from conformance.protocol import soap


def show(element):
    shown = copy.deepcopy(element)
    etree.indent(shown)
    print(etree.tostring(shown, encoding="unicode"))


answer, wire = call("registry.1002")
envelope = soap.read(wire[0].response.body)
print("HTTP", wire[0].response.status)
show(envelope.payload)

# %% [markdown]
# Three things to see. The HTTP status is 500, so **read the body of a 500**: a client that raises at the status never sees the code. The `Reason` says nothing; what matters is in the `Detail`. And the detail
# has a namespace that surprises:

# %%
from conformance.protocol.operations import V5

detail = soap.read_fault(envelope).detail
found = {name: len(detail.findall(f"{{{name}}}ErrorInfo")) for name in (V5.namespace, V5.faults)}
assert found == {"http://usi.gov.au/2022/ws": 0, "http://usi.gov.au/2020/ws": 1}
found

# %% [markdown]
# Requests and answers moved to 2022 with version 5 of the contract. The faults stayed in 2020. **Who replaces 2020 by 2022 throughout finds no code, and no error either.** Look in both, lest they move one day.
#
# There is a second form. Several errors come in an array, one level deeper:

# %%
answer, wire = call("registry.1002", "registry.2004")
detail = soap.read_fault(soap.read(wire[0].response.body)).detail
assert len(detail.findall(f"{{{V5.faults}}}ErrorInfo")) == 0
assert len(list(detail.iter(f"{{{V5.faults}}}ErrorInfo"))) == 2
show(detail)

# %% [markdown]
# `findall` looks at children only, and finds none; `iter` looks at every depth, and finds both. What your user should read is title, code and message of each:

# %%
assert answer["status"] == "rejected"
print(*answer["native"]["text"].split("; "), sep="\n")

# %% [markdown]
# *Sources: both forms and their namespace are in the published WSDL, version 5; that faults come with status 500 is SOAP 1.2, part 2; the form* Title [Code]: Message *is that of vendors' help pages. The texts of the messages are the kit's.*
#
# ## The second channel: errors in an answer
# `CreateUSI`, `BulkUploadRetrieve`, `LocateUSI` and the two updates can also fail inside a perfectly healthy answer with status 200: the result is *Failure*, and below it stand `Errors`.

# %%
from conformance.protocol.operations import OPERATIONS, answer_element

failure = {
    "ProcessedDate": "2026-11-21T10:42:00",
    "ApplicationId": "A-1",
    "Result": "Failure",
    "IdentityDocumentVerified": "NotRequired",
    "Errors": {"Error": [{"Code": "E999", "Message": "Several records match."}]},
}
show(answer_element(OPERATIONS["CreateUSI"], {"Application": failure}))

# %% [markdown]
# Can the codes of the two channels be mixed up? Ask the schema.

# %%
from conformance.notebooks import Table
from conformance.protocol.interface import fault_validator, validator
from conformance.protocol.operations import error_detail


def in_fault(code):
    info = {"Code": code, "Title": "A title", "Message": "A message."}
    return not fault_validator().errors(error_detail([info]))


def in_answer(code):
    errors = {"Error": [{"Code": code, "Message": "A message."}]}
    element = answer_element(OPERATIONS["CreateUSI"], {"Application": failure | {"Errors": errors}})
    return not validator().errors(element)


def fits(code):
    return ["yes" if may_stand(code) else "no" for may_stand in (in_fault, in_answer)]


rows = [(code, *fits(code)) for code in ("1002", "7777", "E999", "E12")]
Table("Where a code may stand", ("code", "in a fault", "in an answer"), rows)

# %%
assert [row[1:] for row in rows] == [("yes", "no"), ("yes", "no"), ("no", "yes"), ("no", "no")]

# %% [markdown]
# They cannot: numbers here, an E with three digits there. And `VerifyUSI` has no `Errors` at all; it can only say *Invalid*, *NoMatch*, or refuse the message.
#
# *Sources: the published WSDL, version 5, for both types. No list of the E codes is public, so* E999 *is invented; show what comes.*
#
# ## The third channel: what no contract mentions
# Faults of the framework, pages of a gateway, and silence.

# %%
strange = {
    "the framework's own fault": "registry.no_detail",
    "the signature was refused": "registry.invalid_security",
    "a page of the gateway": "registry.html",
    "the same as an error": "registry.html_500",
    "no body": "registry.empty",
    "half of an answer": "registry.truncated",
    "a reset connection": "registry.reset_before",
    "503 in plain text": "registry.unavailable",
}


def arrived(fault):
    answer, wire = call(fault)
    response = wire[-1].response
    kind = dict(response.headers).get("Content-Type", "none").partition(";")[0]
    body = "yes" if response.body else "no"
    return response.status or "none", kind, body, answer["reason"]


rows = [(title, *arrived(fault)) for title, fault in strange.items()]
columns = ("what comes", "HTTP status", "media type", "has a body", "the reference tells")
Table("Answers that are none", columns, rows)

# %% [markdown]
# Nothing here can be known beforehand, so turn it round: an answer is what has a SOAP envelope with *the element that you expect* in its body, with *your* message's id in `RelatesTo`. All else is a failure of the call, and must neither crash the product
# nor be taken for *no such student*.

# %%
assert {row[-1] for row in rows} == {
    "service.fault",
    "service.malformed_answer",
    "service.unavailable",
    "transport.failed",
}

# %% [markdown]
# After *InvalidSecurity* ask for a new token, once: [notebook 6](06_the_answer.ipynb) shows why.
#
# One channel is missing in the table: *never*. Give every call a time-out, for the connection and for the answer. Public clients wait from half a minute to two minutes; a vendor says that verification takes seconds, or up to a minute.
#
# ## Who must mend what
# Of the registry's own codes, five are public.

# %%
acts = {
    "1001": "nobody: it passes, or the registry's operator mends it",
    "1002": "whoever typed the data, or who set up the organisation's code",
    "2002": "who looks after the organisation's access and its credential or notification in RAM",
    "2004": "the student with the document at hand; tries are limited",
    "3458": "you: the product has to be upgraded",
    "7777": "support, who needs to see code and message as they came",
}


def played(code):
    answer, wire = call(f"registry.{code}")
    assert code in answer["native"]["text"]
    return len(wire), answer["reason"]


codes = [(code, *played(code), who) for code, who in acts.items()]
Table("Codes", ("code", "requests", "the reference tells", "who acts"), codes)

# %%
assert [requests for _, requests, *_ in codes] == [3, 1, 1, 1, 1, 1]

# %% [markdown]
# *Sources: help pages of student management systems for 1001, 1002, 2002 and 2004, the registry's questions and answers for 3458. The last line stands for every code that no list has: do not repeat it, do not hide it.*
#
# One sentence for all would send the student away with the passport in hand when an authorisation is missing. Four different people act on these codes.
#
# **And not one of them says anything about the USI.** Do not store *invalid* after a fault. The conclusion of every call above was the same:

# %%
def concluded(*faults):
    answer, _ = call(*faults)
    return answer["value"]["conclusion"] if "value" in answer else "nothing"


everything = [f"registry.{code}" for code in acts] + list(strange.values())
assert {concluded(fault) for fault in everything} == {"nothing"}

# %% [markdown]
# **Exercise 1.** The registry answers `1001` to the first request only. What does the product conclude in the end, and how many requests were there?

# %%
conclusion, requests = "verified", 2

answer, wire = call("registry.1001@1")
assert (answer["value"]["conclusion"], len(wire)) == (conclusion, requests)
print("right:", conclusion, requests)

# %% [markdown]
# ## When to ask again
# A code refuses the whole message: nothing was done. So only one thing matters: can the same request succeed later? Of the five codes that is true of 1001 alone. And the pause grows, since a
# registry in trouble does not need all its clients at once:

# %%
call("registry.1001")
print("pauses in seconds:", pauses)
assert pauses[0] < pauses[1]

# %% [markdown]
# A person waits in front of the reference, so it gives up soon. A nightly job has more time. This picture is yours to drive: how long an outage lasts, and how long the first pause is.

# %%
from datetime import timedelta
from itertools import accumulate

from conformance.notebooks import Slider, drive
from conformance.pictures import Stretch, timeline

second = timedelta(seconds=1)


def asked(pauses, outage):
    moments = [0, *accumulate(pauses)]
    return moments[: 1 + sum(moment < outage for moment in moments)]


def marks(moments, wide):
    return [Stretch(begin + n * second, begin + (n + wide) * second, "", "request") for n in moments]


def jobs(minutes, first):
    pauses = {"same pause": [first] * minutes * 60, "twice the pause": [first * 2**n for n in range(12)]}
    return {title: asked(each, minutes * 60) for title, each in pauses.items()}


def draw(minutes, first):
    lanes = {f"{title}: {len(at)}": marks(at, minutes / 4) for title, at in jobs(minutes, first).items()}
    words = f"Requests in {minutes} minutes of 1001 after a first pause of {first} s; {'; '.join(lanes)}."
    lanes["the registry"] = [Stretch(begin, begin + minutes * 60 * second, "1001", "outage")]
    window = (begin - 30 * second, begin + 2 * minutes * 60 * second)
    return timeline(lanes, windows=[window], title="Requests while the registry answers 1001", alt=words)


drive(draw, minutes=Slider("minutes of outage", 1, 20, at=10), first=Slider("first pause", 1, 30, at=5))

# %% [markdown]
# *Picture: ten minutes of 1001. With a pause of five seconds throughout there are 121 requests, so many that they touch. With pauses that double there are eight; the last comes half a minute after the registry is back.*
#
# Give the pause a ceiling of some minutes, add some chance to it so that not all clients come back in the same second, and stop after a number of tries. *Sources: help pages say* try again later *of 1001, and no more; no rate limit is public. Doubling pauses are common
# practice. That nothing was done when a code comes is inferred.*
#
# ## When the answer is lost
# After silence you know less than after a code: **the registry may have done it.** Then it depends on what you asked for.

# %%
after_silence = {
    "VerifyUSI": "ask again",
    "BulkVerifyUSI": "ask again",
    "CreateUSI": "find out what happened; never once more with other details",
    "BulkUpload": "the receipt is lost: find out, student by student",
    "BulkUploadRetrieve": "ask again: the same receipt has the same results",
    "LocateUSI": "ask again, once: the person is told of every look-up",
    "UpdateUSIContactDetails": "ask again with the same values",
    "UpdateUSIPersonalDetails": "ask again with the same values; a document may be checked twice",
    "GetCountries": "ask again",
    "GetNonDvsDocumentTypes": "ask again",
}


def has_number(operation):
    return "RequestId" in operation.request.by_name


rows = [(name, "yes" if has_number(OPERATIONS[name]) else "no", todo) for name, todo in after_silence.items()]
Table("After silence", ("operation", "has a RequestId", "what to do"), rows)

# %%
assert {name for name, number, _ in rows if number == "yes"} == {"CreateUSI", "BulkUpload"}

# %% [markdown]
# The two with a `RequestId` are the two that make something new. The number is used once per organisation and never again, so it does *not* make a repetition safe: what a second request with the same number is answered with is not public.
#
# *Sources: the published WSDL, version 5; documentation of a student management system for the number; a help page of the registry for the message to the person. The last column is inferred.*
#
# %% [markdown]
# Watch it happen. Ada has no USI and applies for one. The registry creates it, and the connection breaks before the answer:

# %%
ada = {
    "DVSCheckRequired": True,
    "ContactDetails": {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": "ada.example@training.example",
        "Phone": {"Mobile": "0491570156"},
    },
    "PersonalDetails": {
        "Gender": "F",
        "FirstName": "Ada",
        "FamilyName": "Example",
        "DateOfBirth": "2001-02-03",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Adelaide",
        "IsPreferredName": False,
    },
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
}


def order(**changes):
    request = {"Application": ada | {"PersonalDetails": ada["PersonalDetails"] | changes}}
    return {**bench.parameters(), "operation": "CreateUSI", "request": request}


def lost_then(**changes):
    with bench.scenario("a lost answer", ("registry.reset_before@1",)) as recording:
        answers = [product.handle("usi.call", order(**other)) for other in ({}, changes)]
    return [answer["value"]["conclusion"] for answer in answers], recording.registry


conclusions, wire = lost_then()
numbers = [exchange.facts.request.values["RequestId"] for exchange in wire]
assert len(wire) == 2
assert numbers[0] != numbers[1]
conclusions

# %% [markdown]
# The first call is *unclear*: there was **one** request and no second one by itself, and the user is told that nobody knows. Then somebody applies anew, with *identical* details and a new RequestId. The registry finds the person whom it has just created, and that is the answer that
# was lost.
#
# Now with *other* details. The user, who saw an error, corrects a letter and presses the button again:

# %%
conclusions, wire = lost_then(FirstName="Ava")
made = [exchange.facts.answer["Application"]["USI"] for exchange in wire]
assert conclusions == ["unclear", "created"]
print("different USIs for one person:", len(set(made)))

# %%
from conformance.pictures import Passing, sequence

user, ours, registry = "training organisation", "your product", "USI Registry"
sequence(
    [
        Passing(user, ours, "a USI for Ada"),
        Passing(ours, registry, "CreateUSI", "RequestId 1"),
        Passing(registry, registry, "creates a USI"),
        Passing(registry, ours, "lost", "nobody learns of it", answer=True),
        Passing(ours, user, "unclear", "it may have been done", answer=True),
        Passing(ours, registry, "CreateUSI", "RequestId 2, identical details"),
        Passing(registry, ours, "MatchFound", "the USI of the first request", answer=True),
        Passing(ours, user, "existing", answer=True),
    ],
    actors={user: "knows the person", ours: "remembers what it sent", registry: "has done it"},
    alt="A lost answer: the product says unclear, and a second request with identical details finds the USI.",
)

# %% [markdown]
# *Picture: three actors, time runs down. The registry creates a USI for Ada and its answer is lost; the product tells the organisation that the outcome is unclear. A second request with another RequestId and identical details is answered with MatchFound and the USI of the first.*
#
# `LocateUSI` is the other way to find out; it needs the person's consent and sends the person a message. Keep what you sent until you know what became of it.
#
# *Source: inferred from MatchFound and from the rule on RequestIds; how the real registry recovers from a lost answer is not public.*
#
# ## The fault matrix
# Now all of it at once: a call in which everything is right, and nineteen in which one thing fails. Rows are what fails, columns what the product did. It holds facts and no verdicts.

# %%
from conformance.notebooks import fault_matrix

reference = fault_matrix("reference")
reference

# %% [markdown]
# *Picture: a matrix with words in every cell. Nothing fails: one request, verified. Asked again is after 1001, up to three requests, and after InvalidSecurity, two; if that helps, the person is verified. After all else there is one request. Every failure that lasts
# ends as refused, with a reason, and with the code wherever the fault has one.*
#
# Read it by columns. *Requests*: more than one only where the same request can succeed later. *Reason* and *code*: never silent. *Conclusion*: only `refused` or `failed`, unless the person was verified in the end.
#
# And this is how a mistake looks. The product below was made wrong on purpose, in one line; framed is what it does otherwise than the reference.

# %%
from conformance.notebooks import FAILURES

few = {title: FAILURES[title] for title in [*list(FAILURES)[:4], "a page for people, HTTP 200"]}
wrong = fault_matrix("mutant:takes-a-fault-for-a-wrong-usi", beside=reference, failures=few)
wrong

# %% [markdown]
# *Picture: the same matrix, with five rows. After 1001 for good, 1002 and the page for people the product concludes not_verified, where the reference refuses; it tells no reason and shows no code. The other two rows are the reference's.*
#
# During an outage this product tells each student that the USI is not theirs, and stores it. Next month nobody will know which of these records were real.

# %%
assert wrong.differences == tuple(title for title in few if title not in ("nothing fails", "1001, once"))
assert {wrong[title].conclusion for title in wrong.differences} == {"not_verified"}

# %% [markdown]
# **Exercise 2.** A product asks three times after *every* fault and refuses then, with reason and code. In how many of the first eight rows does it differ from the reference?

# %%
answer_2 = 5

eight = {title: FAILURES[title] for title in list(FAILURES)[:8]}
repeats = fault_matrix("mutant:repeats-refused-requests", beside=reference, failures=eight)
assert len(repeats.differences) == answer_2
print("right:", *repeats.differences, sep="\n")

# %% [markdown]
# For `VerifyUSI` that is a nuisance. For `CreateUSI` with code 2004 each try counts, and tries are limited.
#
# ## What this settles
# Each of these is a requirement of the kit, with its source and with how sure it is.

# %%
until_the_end.close()
settled = {
    "reading a fault": "USI-FLT-01 USI-FLT-02 USI-FLT-02B USI-FLT-03 USI-FLT-03B USI-FLT-06 USI-FLT-09",
    "version and namespace": "USI-VER5-02 USI-VER5-03 USI-VER5-04",
    "asking again": "USI-FLT-04 USI-FLT-04B USI-FLT-05 USI-CRE-08",
    "errors in an answer": "USI-CRE-03",
    "what is no answer": "USI-FLT-08",
    "a lost answer": "USI-CRE-07",
    "concluding nothing": "USI-VER-10",
}
for topic, ids in settled.items():
    print(f"{topic:22} {ids}")

# %% [markdown]
# Run one, or all whose ids begin alike; and ask what is behind one:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --only USI-FLT --out report
#     evte explain USI-FLT-05
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.
#
# First your fault matrix. It takes some minutes if your product waits long before it gives up.

# %%
from conformance.notebooks import check, implementation

fault_matrix(implementation(), beside=reference)

# %% [markdown]
# *Picture: what your implementation does when things fail. Cells in a strong frame are those in which it differs from the reference, and say in words what that does. Not every difference is a mistake: who never asks again is right too.*
#
# Which of them are mistakes, the verdicts say:

# %%
check(implementation(), *" ".join(settled.values()).split())
