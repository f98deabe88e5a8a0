# %% [markdown]
# # 1. From EVTE registration to production: the road and the actors
# *Fifteen minutes. You need nothing but this page: run it cell by cell with Shift-Enter.*
#
# Your product shall verify a student's USI with the government's registry. Whom do you have to convince, in
# which order, and what can each of them refuse? This page draws the road, then carries out one real call on this
# machine and looks at every message of it.
#
# ## Who is who
# Six parties take part.

# %%
from conformance.notebooks import Table

Table(
    "The actors",
    ("actor", "what it is", "what it holds or gives"),
    [
        (
            "You",
            "digital service provider (DSP): you make the software",
            "the product; for cloud software a credential of your own",
        ),
        (
            "Training organisation",
            "your client, an education or training provider",
            "its ABN and organisation code; the student's consent",
        ),
        (
            "DPO",
            "Digital Partnership Office of the tax office (ATO)",
            "registration of your product, entry to EVTE",
        ),
        (
            "RAM",
            "Relationship Authorisation Manager; you log in with myID, your Digital ID",
            "machine credentials, notifications of cloud software",
        ),
        (
            "MAS-ST",
            "the ATO's Machine Authentication Service, security token service",
            "a token, for a request signed with a machine credential",
        ),
        (
            "USI Registry",
            "the registry of the Student Identifiers Registrar; run by the USI office",
            "answers to VerifyUSI and nine other operations, for a token",
        ),
    ],
)

# %% [markdown]
# *Sources: the ATO's page on machine credentials for software developers, RAM's page for business software users and
# providers, the System Developers FAQ of the USI office, the published WSDL of the USI service.*
#
# Three more words. **EVTE**, external vendor testing environment, is where software meets the ATO's services
# before production; the USI office calls its own **3PT**, third-party testing. A **machine credential** identifies a business
# rather than a person: a key and a certificate in a keystore file, opened with a password, valid for two years.
#
# ## The road
# Write the steps down as a table first; the picture is drawn from it. Row 0 is the road that everybody takes. Then it
# parts: software that runs at the training organisation uses the *organisation's* credential, software that runs on
# your server uses *yours*.

# %%
from conformance.pictures import Station, road

common = [
    Station("1", "You", "ABN, myID of standard strength, link to the business in RAM, account in "
            "Online services for DSPs.", column=0),
    Station("2", "DPO (ATO)", "Registers your product and lets it enter EVTE: welcome pack, kit for "
            "machine credentials.", column=1),
    Station("3", "USI office", "Developer kit: service contract, check character, test credentials, "
            "organisation codes, mock data.", column=2),
    Station("?", "This kit", "Not a station of the official road. On your own machine: is the product "
            "ready to apply?", column=3, dashed=True),
    Station("4", "You", "Test in 3PT: authentication, connectivity, functionality. Test data "
            "only.", column=4),
]  # fmt: skip
both = [
    Station("6", "Organisation", "System Access Request to the USI office: initial access, web services, "
            "organisation details. About five business days.\n\nThe organisation must stand on the "
            "national register (TGA or TEQSA) with the same ABN.", row=1, rows=2, column=1),
    Station("9", "Production", "Every call: a token from MAS-ST, then the registry.\n\nWithin two years: "
            "renew the credential, or create one of the same name.\n\nWhen the registry retires a "
            "version: upgrade. It says so with code 3458.", row=1, rows=2, column=4),
]  # fmt: skip
local = [
    Station("7", "Organisation", "Creates a machine credential in RAM: the principal authority, or a "
            "machine credential administrator.", row=1, column=2),
    Station("8", "Organisation", "Installs the keystore where your software runs and gives it the "
            "password.", row=1, column=3),
]  # fmt: skip
cloud = [
    Station("5", "You", "DSP application in RAM, once MAS-ST works: your ABN and a software ID of ten "
            "digits.", row=2, column=0),
    Station("7", "You", "Create your own machine credential in RAM and install it on your "
            "server.", row=2, column=2),
    Station("8", "Organisation", "Adds a My Cloud software notification in RAM: your ABN, a software ID "
            "for this client alone.", row=2, column=3),
]  # fmt: skip

# %%
road(
    [*common, *both, *local, *cloud],
    rows=[
        ("Everybody", "whatever the product is"),
        ("Local", "your software runs at the training organisation"),
        ("Cloud", "your software runs on your server"),
    ],
    alt="The road in nine steps: four in common, then local and cloud apart, together again in production.",
)

# %% [markdown]
# *Picture: the common road leads from your own accounts (1) past the DPO (2) and the USI office (3) to the test in 3PT (4); this
# kit stands before that test, on your own machine. Then both branches pass the System Access Request of each training
# organisation (6). Local: the organisation creates a credential (7) and installs it (8). Cloud: you apply in RAM (5),
# create your own credential (7), and the organisation notifies RAM of you (8). Both end in production (9).*
#
# *Sources: the order of the steps is that of the USI office's page for system developers and of the ATO's page on machine
# credentials; credentials and notifications are described on RAM's page. A notification does not let you act online for
# the organisation: RAM's page says so in as many words.*
#
# ## One call
# Now leave the paperwork and look at the wire. The kit brings a token service and a registry of its own; both run on
# this machine, and nothing leaves it. The bench starts them, and the reference implementation plays your product. The
# student is a published test person of 3PT.

# %%
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from conformance.reference import Correct
from conformance.simulators.bench import Bench

maryam = {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
moment = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)


def clock():
    return moment


def verify(person, *faults, **roads):
    product = Correct(clock=clock, sleep=lambda seconds: None)
    with TemporaryDirectory() as folder, Bench(clock(), 1, Path(folder), clock=clock, **roads) as bench:
        call = {**bench.parameters(), "operation": "VerifyUSI", "request": person}
        with bench.scenario("verify", faults) as recording:
            return product.handle("usi.call", call), recording


answer, recording = verify(maryam)
assert answer["value"]["conclusion"] == "verified"
answer["value"]

# %% [markdown]
# Verified: the status is `Valid` **and** every field that came back is a `Match`. What crossed the wire meanwhile was
# recorded, both ways: two requests and two answers.

# %%
def parts(facts):
    return ", ".join(reference.where.rpartition(":")[2] for reference in facts.references)


token_call, usi_call = recording.exchanges
signer, endorser = token_call.facts.signer, usi_call.facts.endorser
Table(
    "The two requests",
    ("request", "key that signs", "algorithm", "signed parts"),
    [
        (token_call.summary, "the machine credential's", signer.signature_algorithm, parts(signer)),
        (usi_call.summary, "the token's proof key", endorser.signature_algorithm, parts(endorser)),
    ],
)

# %% [markdown]
# Two signatures with two different keys, over different parts, by different algorithms. To the token service you prove that you
# hold the credential; to the registry you prove that the token was issued to you and not to somebody who found it.
#
# You cannot look into the token: it is encrypted for the registry. The registry of this kit can, and reads who is asking.

# %%
{claim.rpartition("/")[2]: value for claim, value in usi_call.facts.token.claims.items()}

# %%
from conformance.pictures import Passing, sequence

names = {"implementation": "Your product", "token service": "MAS-ST", "registry": "USI Registry"}
fields = [f"{name} {value}" for name, value in answer["value"]["response"].items() if name != "USIStatus"]
details = [
    "signed with the credential: Timestamp and To",
    "an encrypted token, and a proof key for you",
    "with the token, signed with the proof key: Timestamp",
    ", ".join(fields),
]
messages = [
    Passing(names[m.sender], names[m.receiver], m.summary, detail, answer=m.receiver == "implementation")
    for m, detail in zip(recording.evidence().messages, details, strict=True)
]
sequence(
    [
        Passing("Organisation", "Your product", "Is this her USI?", maryam["USI"]),
        Passing("Your product", "Your product", "checks the check character", "and opens the keystore"),
        *messages,
        Passing("Your product", "Organisation", answer["value"]["conclusion"], answer=True),
    ],
    actors={
        "Organisation": "a clerk with a student",
        "Your product": "has the credential",
        "MAS-ST": "the ATO's token service",
        "USI Registry": "the Registrar's service",
    },
    alt="What passes on one VerifyUSI call: a token from MAS-ST, then the question to the registry with it.",
)

# %% [markdown]
# *Picture: four actors side by side, time runs down. The organisation asks your product; your product checks the check
# character and opens the keystore; it asks MAS-ST for a token and gets it with a proof key; it asks the registry with the
# token and gets Valid and three times Match; it answers the organisation: verified.*
#
# On the cloud road the same four messages pass. What differs is who signs, and for whom. The first request then carries
# an `ActAs` element with both ABNs and the software ID of RAM's notification.

# %%
_, hosted = verify(maryam, act_as=True)
assert b"ActAs" in hosted.sts[0].request.body
assert b"ActAs" not in token_call.request.body


def identities(exchanges):
    subject = exchanges.sts[0].facts.signer.certificate.subject.rfc4514_string()
    call = exchanges.registry[0].facts
    (abn,) = (value for claim, value in call.token.claims.items() if claim.endswith("/abn"))
    return subject, abn, call.request.values["OrgCode"]


Table(
    "Who signs, and for whom",
    ("road", "subject of the certificate", "ABN in the token", "organisation code"),
    [("local", *identities(recording)), ("cloud", *identities(hosted))],
)

# %% [markdown]
# The numbers are those of the two published test accounts. In the cloud the holder of the credential (you) and the
# organisation in the token (your client) are two businesses. That the token then names the client is concluded
# from the rule that organisation code and ABN must agree; no published document shows the inside of a token.
#
# *Sources: the published sample clients for Java and .NET; that MAS-ST wants `Timestamp` and `To` signed with RSA and
# SHA-256, and the registry the `Timestamp` alone with the proof key, is what working public clients send.*
#
# ## Who may refuse, and in which words
# Every station of that call can say no. The first is your own product, before anything leaves it: the keystore does
# not open, or the USI cannot be one. The kit has a name for each reason, and your harness maps your own error codes to them.

# %%
from conformance.adapters.contract import REASONS

Table(
    "Refusals that never reach the wire",
    ("reason", "what it says"),
    [(reason, text) for reason, text in REASONS.items() if reason.startswith(("usi.", "keystore."))],
)

# %% [markdown]
# MAS-ST and the registry answer with SOAP faults that carry a code. Let them: a *fault* is a rule that a simulator of this
# kit breaks, or a refusal that it gives, on purpose. For each one look at what the product made of it.

# %%
services = {"sts": "MAS-ST", "registry": "USI Registry"}


def refusal(name):
    answer, recording = verify(maryam, name)
    native = answer["native"]
    who = services[name.partition(".")[0]]
    return who, native["code"], native["text"], answer["reason"], len(recording.exchanges)


asked = ["sts.E2003", "sts.E2014", "sts.E2015", "sts.E1001"]
asked += ["registry.2002", "registry.3458", "registry.1001"]
Table(
    "Refusals on the wire",
    ("who", "code", "in words", "the product's reason", "requests"),
    [refusal(name) for name in asked],
)

# %% [markdown]
# Codes and meanings are those that public help pages and clients show; the sentences are the kit's own. Two
# of these may pass if you wait, `E1001` and `1001`: there the product asked again, a few times, and then gave up. The others
# stay until somebody acts, and asking again only makes a queue. None of them says anything about the *student*:
#
# - `E2015` and `E2014` are mended in RAM, by a new credential. `E2003` is a wrong address in your own `AppliesTo`.
# - `2002` belongs to steps 6 and 8 of the road: organisation code, ABN and notification do not fit together.
# - `3458` is step 9: your software speaks a version of the contract that is no longer served.
#
# Then there are answers that are no refusal at all, and still not a yes.

# %%
from conformance.protocol.checksum import complete

asfaha = {"USI": "DG6K5YHPP3", "FirstName": "Asfaha", "FamilyName": "Loflin", "DateOfBirth": "1982-12-23"}
misspelt = {**maryam, "FamilyName": "Frederick"}
nobody = {**maryam, "USI": complete("ZYXWVUTSR")}


def outcome(person):
    value = verify(person)[0]["value"]
    response = value["response"]
    wrong = ", ".join(name for name, match in response.items() if match == "NoMatch")
    return person["USI"], person["FamilyName"], response["USIStatus"], wrong or "-", value["conclusion"]


outcomes = [outcome(person) for person in (maryam, misspelt, asfaha, nobody)]
Table(
    "Four answers to VerifyUSI",
    ("USI", "family name", "status", "fields that do not match", "conclusion"),
    outcomes,
)

# %%
assert [conclusion for *_, conclusion in outcomes] == ["verified", *3 * ["not_verified"]]

# %% [markdown]
# **Break it.** Correct the family name in `misspelt`, run the two cells again and see the assertion fail.
#
# *Sources: statuses and fields from the WSDL of the USI service; that only Valid with every field matching counts as verified is
# said by the USI office's pages and by vendors' help pages; the persons are those of the public samples for 3PT.*
#
# ## Which part of the kit is for which road
# The kit sums up what must hold in *requirements*, and a *profile* is the frozen set of them that counts for one goal.

# %%
from conformance import catalogue

profiles = catalogue.profiles()
Table(
    "The profiles",
    ("profile", "for whom", "what the token is for", "acts for others"),
    [(p.name, p.purpose, p.applies_to, "yes" if p.act_as else "no") for p in profiles.values()],
)

# %% [markdown]
# `usi-local` and `usi-cloud` are the two branches of the road. `sbr-token` ends at the token service, for software
# that goes on to the ATO's own services. `smoke` is none of them; it is a first look in seconds.

# %%
from collections import Counter

from conformance.model import Confidence
from conformance.pictures import bars
from conformance.report.standing import CAPABILITY, CONFIDENCE

known = catalogue.requirements()


def counted(profile, kinds, kind_of):
    numbers = Counter(kind_of(known[identifier]) for identifier in profile.requirements)
    return {name: numbers[kind] for kind, name in kinds.items()}


bars(
    {name: counted(p, CAPABILITY, lambda r: r.capability) for name, p in profiles.items()},
    title="Requirements of each profile, by what the product must be able to do",
    alt="Requirements of each profile by capability: USI check character, keystore, token, web services.",
)

# %% [markdown]
# *Picture: one bar per profile, parted into the four capabilities: USI check character, keystore and credential, token
# exchange with MAS-ST, USI web services.*
#
# ## What the kit cannot know
# Every requirement says where it comes from and how sure the kit is that the real services ask for it.

# %%
Table(
    "How sure the kit is",
    ("word", "what it means"),
    [(kind.value, meaning) for kind, meaning in CONFIDENCE.items()],
)

# %%
words = {kind: kind.value for kind in Confidence}
bars(
    {name: counted(p, words, lambda r: r.confidence) for name, p in profiles.items()},
    title="Requirements of each profile, by how sure the kit is",
    alt="Requirements of each profile by confidence: documented, observed, inferred, assumed.",
)

# %% [markdown]
# *Picture: the same bars, parted into documented, observed, inferred and assumed.*
#
# What is inferred or assumed is marked in every report. And some things no kit on your machine can find out:
#
# - **Whether you will be let in.** No checklist, list of scenarios or sign-off form for the USI is public; all that is
#   published are the three heads of step 4. The kit's verdict is *ready to apply*, never *certified*.
# - **What stands only in the developer kit.** The Technical Services Contract is not public. The kit knows the WSDL, the test data
#   and the working clients that are; the list of the record errors `E###`, for one, is not among them.
# - **What happens before the wire.** Whether the organisation stands on the register, whether its System Access Request was
#   approved, whether a notification is active: RAM and the USI office know. You see it as `2002`.
# - **How the real services behave on the day.** Limits, outages, and whatever they changed since.
#
# So this kit stands *before* step 4 and does not replace it. What it can do is make step 4 short.
#
# ## Now your implementation
# Set the variable `EVTE_IUT` before you start `evte lab`, or write your harness in place of `implementation()`:
# `"cmd:java -jar harness.jar"`, `"http://127.0.0.1:8080/"` or `"python:module:attribute"`. The reference answers until you do.
#
# This is a smoke run: a few requirements of each capability, in seconds. `evte run --profile usi-local`, or `usi-cloud`, is
# the whole road.

# %%
from conformance.notebooks import check, implementation

iut = implementation()
check(iut, profile="smoke")
