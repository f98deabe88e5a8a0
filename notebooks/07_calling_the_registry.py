# %% [markdown]
# # 7. Calling the registry
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# You hold a token and a proof key. What do you send to the USI Registry, which bytes of it are signed, and what may your product conclude from what comes back?
#
# Three words first. The **endorsing signature** is made with the proof key; it shows that the token in your message was given to you. **OrgCode** says for which organisation you ask. And a **conclusion** is what your product
# tells its user: *verified*, *created*, *pending*. The registry never says it in so many words.
#
# Token service, registry, clock and credential are the kit's own, and `product` is the reference.

# %%
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from conformance.reference import Correct
from conformance.simulators.bench import Bench

begin = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
product = Correct(clock=lambda: begin, random=Random(7).randbytes, sleep=lambda seconds: None)
until_the_end = ExitStack()
folder = Path(until_the_end.enter_context(TemporaryDirectory()))
bench = until_the_end.enter_context(Bench(begin, 7, folder, clock=lambda: begin))

# %% [markdown]
# One call after the other, in a registry that is as new; and what crossed the wire. *Faults* are rules that the registry breaks on purpose.

# %%
def calls(*asked, faults=()):
    with bench.scenario("calls", faults) as recording:
        answers = [ask(operation, request) for operation, request in asked]
    return answers, recording.registry


def ask(operation, request):
    return product.handle("usi.call", {**bench.parameters(), "operation": operation, "request": request})


maryam = {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
(answer,), (exchange,) = calls(("VerifyUSI", maryam))
answer["value"]

# %% [markdown]
# *Source: Maryam Fredrick is a published test person of third-party testing. Nobody on this page is real.*
#
# ## What was sent
# A SOAP 1.2 message, and its `Body` is small. The order of the elements is fixed, and the date has neither time nor zone.

# %%
import copy

from lxml import etree

from conformance.protocol import markup, names, soap


def show(element):
    shown = copy.deepcopy(element)  # white space is added to a copy, never to a message
    for node in shown.iter("{*}DigestValue", "{*}SignatureValue", "{*}KeyIdentifier"):
        node.text = "…"
    etree.indent(shown)
    print(etree.tostring(shown, encoding="unicode"))


request = soap.read(exchange.request.body)
print(exchange.request.header("content-type"))
show(request.payload)

# %% [markdown]
# Around it goes what you know from [notebook 5](05_asking_for_a_token.ipynb): addressing headers, and a `Security` header. But that one differs:

# %%
from conformance.pictures import Box, message

message(
    [
        Box("s:Envelope"),
        Box("s:Header", depth=1),
        Box("a:Action, a:MessageID, a:To", depth=2),
        Box("o:Security", depth=2),
        Box("u:Timestamp", "when it was made", 3, "signed"),
        Box("xenc:EncryptedData", "the token, as it came from MAS-ST", 3),
        Box("ds:Signature", depth=3),
        Box("ds:SignedInfo", "a list of one digest", 4, "signed, as the list"),
        Box("ds:Reference to #_0", "digest of the Timestamp", 5, points_to=("u:Timestamp",)),
        Box("ds:SignatureValue", "made over SignedInfo, with the proof key", 4),
        Box("ds:KeyInfo", "which key: by the id inside the token", 4, points_to=("xenc:EncryptedData",)),
        Box("s:Body", "VerifyUSI", 1),
    ],
    alt="Map of a call: only the Timestamp is signed, with the proof key; KeyInfo refers to the token.",
)

# %% [markdown]
# *Picture: boxes in boxes. Marked as signed are the Timestamp and the list SignedInfo with its one digest. Arrows lead from the reference to the Timestamp and from KeyInfo to the token. To and Body have no mark.*

# %%
order = product.order(**bench.token_parameters())
issued = product.tokens.token(order)  # the one that was used above: it is kept
header = [markup.local_name(part) for part in markup.children(request.security)]
assert header == ["Timestamp", "EncryptedData", "Signature"]
assert len(list(request.security.iter(names.tag("ds:Reference")))) == 1
show(markup.child(request.security, "ds:Signature", "ds:SignedInfo"))

# %% [markdown]
# *Sources: the policy in the published WSDL, version 5, for token, endorsing signature and layout; working public clients for what exactly is signed.*
#
# ## The signature by hand
# There is no certificate in it. An **HMAC** is a digest in which a secret takes part; who has the same secret computes the same. The registry has it from inside the token.

# %%
import hmac

signed_info = markup.child(request.security, "ds:Signature", "ds:SignedInfo")
by_hand = hmac.digest(issued.proof_key, markup.canonical(signed_info), "sha1")
value = markup.binary(markup.child(request.security, "ds:Signature", "ds:SignatureValue"))
assert by_hand == value
len(issued.proof_key), len(value)

# %% [markdown]
# 32 bytes of key, 20 bytes of signature. **Break it**: sign with `base64.b64encode(issued.proof_key)` and see the assertion fail. The key is the bytes and not the text for them; [notebook 6](06_the_answer.ipynb) shows where they come from.
#
# How does the registry know which key? By the assertion's id, which is inside the closed token, so that you can only copy it from the reference that came with it:

# %%
show(markup.child(request.security, "ds:Signature", "ds:KeyInfo"))
identifier = next(request.security.iter(names.tag("o:KeyIdentifier")))
assert identifier.text == markup.text(issued.attached[0])

# %% [markdown]
# ## One byte
# Now build a call by hand, change one thing after it was signed, and ask the registry. What a real service tells you is in the middle column, and it is always the same; the right one is what the kit's registry found.

# %%
from conformance.protocol import security
from conformance.protocol.operations import OPERATIONS, V5, request_element

action = V5.action(OPERATIONS["VerifyUSI"])
media_type = f'application/soap+xml; charset=utf-8; action="{action}"'
token = {"token": issued.encrypted_data, "reference": issued.attached, "proof_key": issued.proof_key}


def endorsed(algorithm=names.HMAC_SHA1):
    body = request_element(OPERATIONS["VerifyUSI"], {"OrgCode": bench.org_code, **maryam})
    head = {"action": action, "to": bench.usi_address, "message_id": product.tokens.message_id()}
    made = soap.build(body, **head)
    security.endorse(made, now=begin, algorithm=algorithm, **token)
    return made


def sent(element):
    connection = product.tokens.connection(str(bench.ca_file))
    with bench.scenario("by hand") as recording:
        connection.post(bench.usi_address, markup.serialize(element), {"Content-Type": media_type})
    return recording.registry[0]


# %% [markdown]
# Six messages, of which five are changed:

# %%
def changed(path, old, new):
    made = endorsed()
    node = next(made.iter(path))
    assert old in node.text
    node.text = node.text.replace(old, new, 1)
    return made


def other(path):
    first = next(endorsed().iter(path)).text[0]
    return changed(path, first, "A" if first != "A" else "B")


cases = {
    "nothing": endorsed(),
    "a second in the Timestamp": changed("{*}Created", ":00", ":01"),
    "a character of the digest": other(names.tag("ds:DigestValue")),
    "a character of the signature": other(names.tag("ds:SignatureValue")),
    "a character of the id in KeyInfo": other(names.tag("o:KeyIdentifier")),
    "a letter of the name in the Body": changed("{*}FamilyName", "Fred", "Frad"),
}
found = {case: sent(element) for case, element in cases.items()}

# %%
from conformance.notebooks import Table


def finding(exchange):
    return next((found.message for found in exchange.judgement.findings if found.severity == "error"), "-")


rows = [(case, exchange.outcome, finding(exchange)) for case, exchange in found.items()]
Table("One thing changed after signing", ("changed", "answered", "what the kit's registry found"), rows)

# %%
outcomes = [outcome for _, outcome, _ in rows]
assert outcomes == ["Valid", *["fault InvalidSecurity"] * 4, "Valid"]
dict(found["a letter of the name in the Body"].facts.answer)

# %% [markdown]
# The last line is the one to remember. **The Body is not signed**, so that whoever can change it on the way gets an answer to another question. Only TLS protects it: check the server's certificate and its name, always. Samples that
# switch this check off are not to be copied.
#
# And an answer *InvalidSecurity* never says which of the four it was. Ask your own log, or `evte inspect`.
#
# ## SHA-1 or SHA-256?
# The policy names `hmac-sha1` to sign with, and beside it an algorithm suite that a widespread framework takes to mean `hmac-sha256`.

# %%
newer = sent(endorsed(names.HMAC_SHA256))
remarks = [found.message for found in newer.judgement.findings if found.code == "security.endorsed_sha256"]
assert newer.outcome == "Valid"
print(*remarks, sep="\n")

# %% [markdown]
# The kit takes both and says which one it saw. HMAC-SHA1 is what working clients send. It still holds: what broke SHA-1 are collisions, and an HMAC does not depend on them. *Sources: the published WSDL; public clients. Whether the real registry takes SHA-256 is not public.*
#
# ## VerifyUSI: what the answer means
# A status for the USI, and a match for each thing that you told of the person. **Both count.** Ask for eight people:

# %%
def changed_to(**other):
    return {name: text for name, text in (maryam | other).items() if text}


single = {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"}
former = {"USI": "DG6K5YHPP3", "FirstName": "Asfaha", "FamilyName": "Loflin", "DateOfBirth": "1982-12-23"}
people = {
    "everything right": maryam,
    "Frederick": changed_to(FamilyName="Frederick"),
    "born a day later": changed_to(DateOfBirth="1966-05-26"),
    "in capital letters": changed_to(FirstName="MARYAM", FamilyName="FREDRICK"),
    "with a middle name": changed_to(FirstName="Maryam Ann"),
    "a USI that nobody has": changed_to(USI="2222222222"),
    "one name only": single,
    "a deactivated USI": former,
}

# %%
def verified(person):
    (answer,), _ = calls(("VerifyUSI", person))
    response = answer["value"]["response"]
    matches = ", ".join(f"{name} {text}" for name, text in response.items() if text == "NoMatch")
    return response["USIStatus"], matches or "all Match", answer["value"]["conclusion"]


rows = [(case, *verified(person)) for case, person in people.items()]
Table("What the registry says, and what it means", ("person", "status", "matches", "conclusion"), rows)

# %%
concluded = {case: conclusion for case, *_, conclusion in rows}
right = {"everything right", "in capital letters", "one name only"}
assert {case for case, conclusion in concluded.items() if conclusion == "verified"} == right

# %% [markdown]
# - **Valid alone is not verified**: it says that the USI exists and is active. Fredrick is not Frederick, and the USI may be somebody else's.
# - **Match alone is not verified** either: a USI that was compromised or replaced is *Deactivated*, and everything matches. The one that replaced it is not told.
# - **Who has one name** is asked for with `SingleName`, and with neither of the others. Do not write the name twice, and do not put it in the first name, as one help page advises.
# - Legal names only: no preferred ones, no middle names. Hyphens and apostrophes count.
# - *Valid* does not mean *activated*: suspended USIs and those that were never activated are reported Valid too.
#
# *Sources: pages of the registry and of student management systems for the meaning; a public client for the published people. That capitals do not matter is inferred, and whether an unknown USI has match elements at all is open; the kit can answer in both ways.*
#
# And before you ask: a USI with a wrong check character never leaves the building.

# %%
(answer,), wire = calls(("VerifyUSI", changed_to(USI="ZZZZ9999ZZ")))
assert wire == []
answer["native"]["text"]

# %% [markdown]
# **Exercise 1.** The status is *Valid*, `FirstName` and `FamilyName` match, and there is *no* `DateOfBirth` in the answer, which the schema allows. What does the reference conclude? And if there is nothing but the status?

# %%
with_names, status_only = "verified", "not_verified"

two = {"USIStatus": "Valid", "FirstName": "Match", "FamilyName": "Match"}
assert product.registry.conclude(two) == with_names
assert product.registry.conclude({"USIStatus": "Valid"}) == status_only
print("right:", with_names, status_only)

# %% [markdown]
# ## BulkVerifyUSI: many at once
# The same question for up to 500 people. Two things are new: the number of records, and a `RecordId` of your own for each.

# %%
two_people = [changed_to(FamilyName="Frederick"), maryam]
bulk = {"Verifications": {"Verification": two_people}}
(answer,), (exchange,) = calls(("BulkVerifyUSI", bulk))
show(soap.read(exchange.request.body).payload)

# %% [markdown]
# Answers come with the `RecordId`, and nobody promises an order. Here the registry shuffles them:

# %%
(answer,), _ = calls(("BulkVerifyUSI", bulk), faults=("registry.shuffled",))
responses = answer["value"]["response"]["VerificationResponses"]["VerificationResponse"]
rows = [
    (person["FamilyName"], in_place["RecordId"], in_place["FamilyName"], record["conclusion"])
    for person, in_place, record in zip(two_people, responses, answer["value"]["records"], strict=True)
]
columns = ("asked", "RecordId of the answer in its place", "FamilyName in its place", "by RecordId")
Table("Two people, shuffled", columns, rows)

# %%
assert [row[1:] for row in rows] == [(2, "Match", "not_verified"), (1, "NoMatch", "verified")]

# %% [markdown]
# Who goes by position verifies Frederick and turns Fredrick away. Go by `RecordId`, compare the USI that comes with it, and let a record that is missing or stands twice be *unclear*: a person has to look.
#
# **Exercise 2.** You have 1200 students to verify. How many messages does the reference send, and what does each announce as `NoOfVerifications`?

# %%
announced = [500, 500, 200]

_, wire = calls(("BulkVerifyUSI", {"Verifications": {"Verification": [maryam] * 1200}}))
assert [exchange.facts.request.values["NoOfVerifications"] for exchange in wire] == announced
print("right:", *announced)

# %% [markdown]
# *Sources: the published WSDL, version 5, for limit, elements and order; that the announced number is that of the records, and that the order is open, is inferred.*
#
# ## What the schema lets pass
# A message that is valid against the schema is not yet right. Its two keys mean that no `RecordId` and no `ApplicationId` stands twice, but their paths lack a prefix, so that they select nothing.

# %%
from conformance.protocol.interface import validator
from conformance.protocol.request_rules import judge_request


def many(numbers, **other):
    records = [maryam | other | {"RecordId": number} for number in numbers]
    values = {"NoOfVerifications": len(records), "Verifications": {"Verification": records}}
    return {"OrgCode": "VA1803", **values}


def judged(values, operation="BulkVerifyUSI"):
    element = request_element(OPERATIONS[operation], values)
    errors = [found.code for found in judge_request(element)[0].findings if found.severity == "error"]
    return "refuses" if validator().errors(element) else "passes", ", ".join(dict.fromkeys(errors)) or "-"


# %%
gaps = {
    "two records, all well": many([1, 2]),
    "the same RecordId twice": many([1, 1]),
    "announced three, sent two": many([1, 2]) | {"NoOfVerifications": 3},
    "501 records": many(range(501)),
    "a time zone behind the date": many([1], DateOfBirth="1966-05-25Z"),
    "an empty name": many([1], FirstName=""),
    "first name only": many([1]) | {"Verifications": {"Verification": [changed_to(FamilyName="")]}},
}
rows = [(case, *judged(values)) for case, values in gaps.items()]
Table("Schema and rules", ("message", "the schema", "rules broken"), rows)

# %%
passed = {case for case, schema, rules in rows if schema == "passes" and rules != "-"}
assert len(passed) == 4
assert "the same RecordId twice" in passed

# %% [markdown]
# So validate against the schema, and look after these yourself. *Source: the kit's own experiments with the published schema.*
#
# ## CreateUSI: a new number, or the old one
# Now something is made. A `RequestId` comes first here and second in `BulkUpload`; whoever writes XML from a list of names gets one of them wrong.

# %%
for name in ("CreateUSI", "BulkUpload", "BulkUploadRetrieve"):
    print(f"{name:20}", *OPERATIONS[name].request.by_name)

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
answers, wire = calls(*[("CreateUSI", {"Application": ada})] * 2)
show(next(soap.read(wire[0].request.body).payload.iter("{*}DVSDocument")))

# %% [markdown]
# Which document it is, `xsi:type` says: the element has the same name for all nine kinds, and its own type is abstract. Any prefix is right, if it stands for the namespace of 2022.
#
# Ada was sent twice, with two RequestIds. This is what came, and what comes otherwise:

# %%
unknown = ada | {"DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X7654321"}}
(unverified,), _ = calls(("CreateUSI", {"Application": unknown}))
(failed,), _ = calls(("CreateUSI", {"Application": ada}), faults=("registry.create_failure",))


def came(answer):
    if answer["status"] != "ok":
        return f"fault {answer['native']['code']}", "no", "refused"
    told = answer["value"]["response"]["Application"]
    return told["Result"], "yes" if "USI" in told else "no", answer["value"]["conclusion"]


cases = {"the first time": answers[0], "again": answers[1]}
cases |= {"a passport that cannot be verified": unverified, "a failure": failed}
rows = [(case, *came(answer)) for case, answer in cases.items()]
Table("CreateUSI", ("application", "answer", "a USI in it", "conclusion"), rows)

# %%
assert [row[3] for row in rows] == ["created", "existing", "refused", "failed"]
usis = {answer["value"]["response"]["Application"]["USI"] for answer in answers}
assert len(usis) == 1

# %% [markdown]
# *MatchFound* is a success: the person has a USI, and this is it. Use it, tell the user that it existed, and do not apply again with other details. Check the check character of what comes, compare the `ApplicationId` with the one that you sent, and
# look at `IdentityDocumentVerified` too. *Failure* has errors and no USI; [notebook 8](08_when_things_fail.ipynb) is about it.
#
# *Sources: public sample code of the service and release notes of a student management system for the three results; documentation of another one for the RequestId, which is used once per organisation and never again. The passport X1111111 is a published
# value that passes in third-party testing. Which way a document that fails is answered is not public; the kit can do both.*
#
# ## BulkUpload: come back later
# Up to 500 applications in one message, and the answer is a receipt, 36 characters long. The results are fetched with it, and until they are there the registry says so, again and again.

# %%
bob = ada | {"PersonalDetails": ada["PersonalDetails"] | {"FirstName": "Bob", "Gender": "M"}}
upload = ("BulkUpload", {"Applications": {"Application": [ada, bob]}})
fetch = ("BulkUploadRetrieve", {})
answers, wire = calls(upload, fetch, fetch, faults=("registry.pending@4",))
concluded = [answer["value"]["conclusion"] for answer in answers]
rows = list(zip(("BulkUpload", "BulkUploadRetrieve", "the same, later"), concluded, strict=True))
Table("Three calls of the product", ("call", "conclusion"), rows)

# %%
assert concluded == ["pending", "pending", "completed"]
assert [record["conclusion"] for record in answers[-1]["value"]["records"]] == ["created", "created"]
asked = [exchange.summary for exchange in wire]
assert asked == ["BulkUpload"] + ["BulkUploadRetrieve"] * 4

# %%
from conformance.pictures import Passing, sequence

registry, ours = "USI Registry", "your product"
sequence(
    [
        Passing(ours, registry, "BulkUpload", "OrgCode, RequestId, 2 applications"),
        Passing(registry, ours, "ReceiptNumber", answer=True),
        Passing(ours, ours, "keeps the receipt", "with the organisation, before anything else"),
        Passing(ours, registry, "BulkUploadRetrieve", "ReceiptNumber, and nothing else"),
        Passing(registry, ours, "fault: not yet", "three times", answer=True),
        Passing(ours, ours, "says: pending", "and comes back later"),
        Passing(ours, registry, "BulkUploadRetrieve", "the same receipt"),
        Passing(registry, ours, "2 results", "RequestId, and an ApplicationId for each", answer=True),
        Passing(ours, ours, "finds each application", "by its ApplicationId"),
    ],
    actors={ours: "for one organisation", registry: "works in between"},
    alt="BulkUpload: a receipt, then retrievals that are refused as not yet done, then the results.",
)

# %% [markdown]
# *Picture: two actors, time runs down. The product uploads two applications, and the registry answers with a receipt, which the product keeps. It asks for the results with the receipt alone and hears three times that they are not there. Later it asks once more, gets
# two results, and finds each application by its ApplicationId.*
#
# Three traps.
#
# - `BulkUploadRetrieve` has no `OrgCode`: whose receipt it is, only the token tells. **Keep the receipt with its organisation**, in a file or a database, before you do anything else. Who loses it has 500 students to ask for one by one.
# - The schema has no word for *not yet*. The kit answers with a fault or with an empty list; be ready for both, and stop asking at some time.
# - The answer names *your* RequestId. Compare it, match by `ApplicationId`, and fetch as often as you like: the same receipt has the same results.
#
# *Sources: the published WSDL, version 5, for elements, order and the 36 characters; help pages of three vendors for the scheduled job. How long the registry takes, and how it says* not yet, *is not public.*
#
# ## What this settles
# Each of these is a requirement of the kit, with its source and with how sure it is.

# %%
until_the_end.close()
settled = {
    "the endorsing signature": "STS-U01 STS-U02 STS-U03 STS-U05 STS-U06",
    "the message": "USI-WIRE-01 USI-WIRE-02 USI-WIRE-03 USI-WIRE-04 USI-WIRE-05 USI-WIRE-06",
    "limits and numbers": "USI-LIM-01 USI-LIM-02 USI-LIM-03 USI-LIM-04 USI-LIM-05",
    "verifying": "USI-VER-01 USI-VER-02 USI-VER-03 USI-VER-06 USI-VER-07",
    "verifying in bulk": "USI-BLV-01 USI-BLV-02 USI-BLV-03 USI-BLV-04",
    "creating": "USI-CRE-01 USI-CRE-02 USI-CRE-05 USI-CRE-09",
    "uploading": "USI-BLK-01 USI-BLK-02 USI-BLK-04 USI-BLK-05",
}
for topic, ids in settled.items():
    print(f"{topic:24} {ids}")

# %% [markdown]
# There are more of each kind. `LocateUSI`, the two updates and the two lists have `USI-LOC`, `USI-UPD` and `USI-REF`, documents `USI-DVS`; their form has nothing new. An operation that your product does not offer it leaves out of its answer to `initialize`,
# and then the requirements of that operation do not apply.
#
# Run one, or all whose ids begin alike; and ask what is behind one:
#
#     evte run --iut "cmd:java -jar harness.jar" --profile usi-local --only USI-BLV --out report
#     evte explain USI-VER-01
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.
#
# Above the verdicts stands the first request that your implementation sent to the registry, judged as `evte inspect` does it.

# %%
from conformance.notebooks import check, implementation, inspected

iut = implementation()
verdicts = check(iut, *" ".join(settled.values()).split())
print(inspected(verdicts, "registry"))
verdicts
