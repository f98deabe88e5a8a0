"""Realistic reports to draw: a product that is ready, one that fails, one whose harness broke.

Products, organisations and digests are made up.  `python tests/report/sample.py DIR` draws all of them.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import msgspec

from conformance import catalogue
from conformance.model import (
    REPORT_SCHEMA,
    Attestation,
    Attested,
    Blame,
    Capability,
    Change,
    ChangeKind,
    Changes,
    Confidence,
    CounterExample,
    Credential,
    Deployment,
    DoctorFinding,
    Environment,
    Evidence,
    Finding,
    Implementation,
    KillScore,
    Latency,
    Level,
    LookAlike,
    Measurement,
    Message,
    Point,
    Profile,
    Question,
    Readiness,
    Registration,
    Remark,
    Report,
    Requirement,
    Result,
    Run,
    Severity,
    Source,
    Status,
    StoredFile,
    StoredRun,
    Subcode,
    Verdict,
    Waiver,
)

KIT = "USI developer kit"
TRUST = "WS-Trust 1.3"
STS = "MAS-ST service definition"
SECURITY = "WS-Security 1.1"


@dataclass(frozen=True)
class Row:
    """A requirement and the cases that a run settles it on, in short."""

    id: str
    text: str
    cases: tuple[str, ...]
    source: tuple[str, str]
    level: Level = Level.MUST
    confidence: Confidence = Confidence.DOCUMENTED
    security: bool = False
    method: str = "usi.validate"
    why: str = ""
    trap: str = ""
    mend: str = "Compare your implementation with the clause above, then with the reference."
    csharp: str = ""


ROWS = {
    Capability.CHECKSUM: (
        Row(
            "USI-CHK-01",
            "A USI whose check character is right is accepted.",
            tuple(f"accepts_a_right_usi[published-{number:02}]" for number in range(1, 35)),
            (KIT, "check-character algorithm"),
        ),
        Row(
            "USI-CHK-02",
            "A character outside the alphabet of 32 is refused; 0, 1, I and O are aliases of nothing.",
            (
                *(
                    f"refuses_look_alikes[{name}]"
                    for name in ("zero-for-two", "one-for-l", "i-for-j", "o-for-q")
                ),
                *(
                    f"refuses_strangers[{name}]"
                    for name in ("cyrillic-en", "full-width-b", "nul", "lower-case")
                ),
            ),
            (KIT, "alphabet of the USI"),
            why="A misread USI must never reach the registry as somebody else's.",
            trap="Taking the index of an unknown character, -1 or 0, into the sum.",
            mend="Refuse what is not in the alphabet before you look up its value.",
            csharp="`IndexOf` answers -1 for a character that is not there: test for it before you add.",
        ),
        Row(
            "USI-CHK-03",
            "A USI with any one character replaced by another of the alphabet is refused.",
            ("notices_one_wrong_character", "refuses_wrong_check[one-off]", "refuses_wrong_check[swapped]"),
            (KIT, "check-character algorithm"),
            why="One mistyped character costs a failed verification and a support call.",
            trap="Starting the factors at 1 instead of 2 leaves half of the single mistakes unseen.",
            mend="Work from the right, begin with factor 2, and add the base-32 digits of each product.",
        ),
        Row(
            "USI-CHK-05",
            "Anything that is not a text of ten characters is refused.",
            tuple(f"refuses_wrong_shape[{name}]" for name in ("nine", "eleven", "empty", "number")),
            (KIT, "USIType"),
        ),
        Row(
            "USI-CHK-07",
            "A reporting code that stands in for a USI, such as INDIV, is told apart from a mistyped one.",
            ("tells_reporting_codes_apart[indiv]", "tells_reporting_codes_apart[sms]"),
            ("AVETMISS data element definitions", "Unique student identifier"),
            level=Level.SHOULD,
            confidence=Confidence.OBSERVED,
        ),
    ),
    Capability.KEYSTORE: (
        Row(
            "KS-K02",
            "The credential of the given id is found in a store that holds several.",
            ("opens_by_alias[first]", "opens_by_alias[second]", "opens_by_alias[accented]"),
            ("Machine credential keystore, as issued", "credential/@id"),
            confidence=Confidence.OBSERVED,
            method="keystore.open",
        ),
        Row(
            "KS-K05",
            "A wrong password is refused as such, and not as a damaged store.",
            ("refuses_wrong_password[2022-format]", "refuses_wrong_password[2025-format]"),
            ("Machine credential keystore, as issued", "protectedPrivateKey"),
            confidence=Confidence.OBSERVED,
            method="keystore.open",
        ),
        Row(
            "KS-K09",
            "A credential whose certificate has ended is refused, whatever the date of the file.",
            ("refuses_expired[by-a-day]", "refuses_expired[by-a-second]", "refuses_expired[file-is-new]"),
            ("RFC 5280", "4.1.2.5"),
            security=True,
            method="keystore.open",
        ),
        Row(
            "KS-K12",
            "A store whose integrity value does not fit is refused.",
            ("refuses_tampered[key]", "refuses_tampered[certificate]", "refuses_tampered[abn]"),
            ("Machine credential keystore, as issued", "integrityValue"),
            confidence=Confidence.INFERRED,
            security=True,
            method="keystore.open",
        ),
        Row(
            "KS-K15",
            "The user is told at least 30 days before the credential ends.",
            ("tells_renewal_due[29-days]", "tells_renewal_due[31-days]"),
            ("RAM user guide", "Renewing a machine credential"),
            level=Level.SHOULD,
            confidence=Confidence.INFERRED,
            method="keystore.open",
        ),
        Row(
            "KS-K21",
            "A renewed keystore replaces the old one in a single step.",
            ("replaces_in_one_step",),
            ("RAM user guide", "Renewing a machine credential"),
            confidence=Confidence.ASSUMED,
            method="keystore.renew",
        ),
    ),
    Capability.STS: (
        Row(
            "STS-R04",
            "The request asks for a symmetric key and for the claims abn and credentialtype.",
            ("asks_for_a_symmetric_key", "asks_for_the_claims"),
            (TRUST, "4.2"),
            method="token.obtain",
        ),
        Row(
            "STS-R11",
            "The request is signed with rsa-sha256 and its parts are digested with sha256.",
            ("signs_with_sha256",),
            (STS, "v1.3, algorithm suite"),
            confidence=Confidence.OBSERVED,
            method="token.obtain",
            why="Version 1.3 of the service refuses SHA-1; version 1.2, which took it, is going away.",
            trap="The suite name Basic256Sha256Rsa15 changes only the digest; its signature stays rsa-sha1.",
            mend="Configure the signature method by its URI rather than by the name of a suite.",
            csharp="Set `AlgorithmSuite = Basic256Sha256` on the binding of the token service too, not only "
            "on that of the registry.",
        ),
        Row(
            "STS-R12",
            "The signature covers the timestamp and the address To.",
            ("signs_timestamp", "signs_to"),
            (SECURITY, "7.5"),
            security=True,
            confidence=Confidence.OBSERVED,
            method="token.obtain",
        ),
        Row(
            "STS-R16",
            "AppliesTo is the relying party's registered address, letter for letter.",
            ("names_the_relying_party",),
            (STS, "AppliesTo"),
            confidence=Confidence.INFERRED,
            method="token.obtain",
        ),
        Row(
            "STS-P06",
            "A token is used for the organisation alone that it was issued for.",
            ("keeps_tenants_apart", "keeps_tenants_apart_under_load"),
            ("My cloud software services", "RelationshipToken"),
            security=True,
            confidence=Confidence.INFERRED,
            method="usi.call",
            why="A shared token attributes one organisation's records to another.",
            trap="A cache whose key is the provider's own ABN, which is the same for every client.",
            mend="Put second party, software id and AppliesTo into the key of the token cache.",
            csharp="Give the channel factory one cache entry per `(secondParty, ssid, appliesTo)`.",
        ),
        Row(
            "STS-P12",
            "A fault of the token service reaches the user with its event code.",
            tuple(f"shows_the_fault[{code.lower()}]" for code in ("E1008", "E2003", "E2169", "E2185")),
            (STS, "event codes"),
            level=Level.SHOULD,
            confidence=Confidence.OBSERVED,
            method="token.obtain",
        ),
    ),
    Capability.USI: (
        Row(
            "USI-WIRE-04",
            "The request carries the token and is endorsed with its proof key.",
            ("endorses_with_the_proof_key",),
            (SECURITY, "8.3"),
            security=True,
            method="usi.call",
        ),
        Row(
            "USI-VER-02",
            "Valid with all fields matching is told to the user as verified; anything else is not.",
            tuple(
                f"concludes_from_the_answer[{name}]"
                for name in ("match", "no-match", "deactivated", "invalid", "single-name", "birth-date")
            ),
            ("Technical Services Contract v5", "VerifyUSI"),
            method="usi.call",
        ),
        Row(
            "USI-VER-05",
            "A person with one name is sent as SingleName.",
            ("sends_single_names",),
            ("Technical Services Contract v5", "PersonalDetailsType"),
            method="usi.call",
        ),
        Row(
            "USI-ERR-01",
            "An ErrorInfo fault is shown as a refusal of the registry, with its code.",
            ("shows_error_info",),
            ("Technical Services Contract v5", "ErrorInfo"),
            method="usi.call",
        ),
    ),
}

PRODUCT = Implementation(
    name="Example SMS",
    version="7.2.0",
    language="C#",
    runtime=".NET 10.0.1",
    build="sha256:9c41d07b5a1e4f0c86e2b7d91f35aa027c64e9b8130fd2c5768f4a92b1d3e07b",
    capabilities=("keystore.list", "keystore.open", "usi.validate", "token.obtain", "usi.call", "clock"),
)
REFERENCE = Implementation(
    name="EVTE reference implementation",
    version="1.0.0",
    language="Python",
    runtime="CPython 3.11.7",
    build="sha256:1f7ee2b04c0a96d35b8a77f2d1c9e6043a5bd8f0e7216c94fb03d58a6e92c471",
    capabilities=("keystore.list", "keystore.open", "usi.validate", "usi.check_character", "token.obtain"),
)
CREDENTIAL = Credential(
    alias="ABRD:11000002568_ExampleMachine",
    abn="11000002568",
    name="Example Training Pty Ltd",
    serial="4f:2a:91:07",
    not_before="2026-06-01T00:00:00Z",
    not_after="2028-06-01T00:00:00Z",
    sha256="5b0cf2e1d4a3978862b1e07f4d9c5a3b8e61f20d7c94ab35e8d1f6702c4b9a58",
    origin="kit",
)
ENVIRONMENT = {
    "python": "3.11.7",
    "platform": "Linux-6.1-x86_64-with-glibc2.36",
    "examples per property": "60",
    "hypothesis": "6.170.1",
    "lxml": "6.1.3",
}


REGISTRATION = Registration(
    organisation="Example Software Pty Ltd",
    abn="96312011219",
    product="Example SMS",
    version="7.2.0",
    deployment=Deployment.CLOUD,
    environments=(Environment.USI_3PT, Environment.SBR1),
    software_id="0000123400",
    organisation_types=("RTO", "HEP"),
    operations=("VerifyUSI",),
    contact="Jo Citizen",
    phone="02 5550 0123",
    email="integration@example.com",
)
ATTESTATIONS = (
    Attestation(
        question="ATT-REG-01", answer=Attested.YES, name="Jo Citizen", date="2026-11-20", note="DSP 4711"
    ),
    Attestation(
        question="ATT-RNW-01",
        answer=Attested.YES,
        name="Sam Operator",
        date="2026-11-19",
        attachment="renewal-plan.pdf",
        attachment_sha256="sha256:3a7bd3e2360a3d29eea436fcfb7e44c735d117c42d1c1835420b6b9942dd4f1b",
    ),
    Attestation(
        question="ATT-CLK-01",
        answer=Attested.NO,
        name="Sam Operator",
        date="2026-11-19",
        note="NTP is switched off on two of the four machines.",
    ),
    Attestation(
        question="ATT-DOC-01",
        answer=Attested.DOES_NOT_APPLY,
        name="Jo Citizen",
        date="2026-11-20",
        note="The product only verifies and never sees an identity document.",
    ),
)
DOCTOR = (
    DoctorFinding(
        check="harness", ok=True, owner=Blame.HARNESS, sentence="it starts and introduces itself in 0.8 s"
    ),
    DoctorFinding(
        check="clock",
        ok=False,
        owner=Blame.ENVIRONMENT,
        sentence="this machine's time service is not running",
        advice="switch NTP on",
        fatal=False,
    ),
)


def questions() -> tuple[Question, ...]:
    """Return the questions of the profile for cloud software."""
    known = catalogue.questions()
    return tuple(known[name] for name in catalogue.profile("usi-cloud").questions)


def spans(first: float, held: float, call: float) -> tuple[Latency, ...]:
    """Return latencies with these medians; one call in twenty took three times as long."""
    return tuple(
        Latency(name=name, calls=calls, median_ms=median, p95_ms=3 * median)
        for name, calls, median in (
            ("token, first", 5, first),
            ("token, held", 10, held),
            ("VerifyUSI", 20, call),
        )
    )


PERFORMANCE = (
    Measurement(
        subject="product",
        carrier="process",
        latencies=spans(310.2, 4.1, 122.0),
        calls=20,
        token_requests=20,
        retries=0,
    ),
    Measurement(
        subject="reference",
        carrier="process",
        latencies=spans(22.0, 4.4, 15.1),
        calls=20,
        token_requests=1,
        retries=1,
    ),
)


def requirements() -> tuple[Requirement, ...]:
    """Return the catalogue of the samples."""
    return tuple(
        Requirement(
            id=row.id,
            text=row.text,
            level=row.level,
            confidence=row.confidence,
            source=Source(document=row.source[0], clause=row.source[1]),
            capability=capability,
            method=row.method,
            why=row.why,
            trap=row.trap,
            mend={"any": row.mend, **({"csharp": row.csharp} if row.csharp else {})},
            security=row.security,
            checked_by="vectors and properties",
        )
        for capability, rows in ROWS.items()
        for row in rows
    )


def profile() -> Profile:
    """Return the profile that demands all of them."""
    return Profile(
        name="usi-cloud",
        edition="2026.1",
        title="USI services, cloud software",
        purpose="A hosted product that calls the USI web services on behalf of training organisations.",
        requirements=tuple(requirement.id for requirement in requirements()),
        may_be_absent=("keystore.renew",),
        applies_to="https://3pt.portal.usi.gov.au/service/v5/usiservice.svc",
        act_as=True,
    )


def results() -> tuple[Result, ...]:
    """Return a pass for every case; renewal is declared absent."""
    found = []
    for rows in ROWS.values():
        for row in rows:
            for number, case in enumerate(row.cases):
                absent = row.method == "keystore.renew"
                found.append(
                    Result(
                        requirement=row.id,
                        case=case,
                        status=Status.NOT_APPLICABLE if absent else Status.PASS,
                        level=row.level,
                        message="keystore.renew is declared absent, and a call of it was answered so"
                        if absent
                        else "",
                        evidence=("token-cloud",) if row.method == "token.obtain" else (),
                        duration_ms=0.4 + 0.1 * number,
                    )
                )
    return tuple(found)


def replay(target: str, identifier: str, case: str) -> str:
    """Return the command that runs one case again."""
    return f"evte run --iut '{target}' --profile usi-cloud --only '{identifier}[{case}]'"


def run(**changes: object) -> Run:
    """Return a run in which all is well, with some fields changed."""
    fields = {
        "kit_version": "1.0.0",
        "profile": profile(),
        "catalogue_digest": "sha256:6bd1f08a2c7e43959f10ab58d3e6c2714fa09b83d5e7216c4b08fa97d2e1c350",
        "vectors_digest": "sha256:e07c2b94d15fa8360b7d92e4c8f1a35d60279be4f3c1d80a57e6b2943fd0817c",
        "started": "2026-11-21T10:42:07Z",
        "finished": "2026-11-21T10:42:55Z",
        "seed": 0,
        "carrier": "in-process",
        "target": "reference",
        "implementation": REFERENCE,
        "credential": CREDENTIAL,
        "environment": ENVIRONMENT,
        "planned": tuple(Point(requirement=r.requirement, case=r.case) for r in results()),
        "results": results(),
        "performance": PERFORMANCE,
    }
    return Run(**(fields | changes))


def counts(found: tuple[Result, ...]) -> dict[str, int]:
    """Return how often each status occurs."""
    return {
        status.value: number
        for status in Status
        if (number := sum(result.status is status for result in found))
    }


def ready() -> Report:
    """Return the report of a reference that passes everything."""
    made = run()
    return Report(
        schema=REPORT_SCHEMA,
        run=made,
        verdict=Verdict(
            readiness=Readiness.READY,
            sentence="All 21 requirements of the profile hold.",
            excluded=("KS-K21[replaces_in_one_step]",),
            counts=counts(made.results),
            valid_until="2027-05-20",
        ),
        requirements=requirements(),
        evidence=(token_exchange("Example Training", "rsa-sha256"), verification()),
    )


def failing() -> Report:
    """Return the report of a product with two grave faults, a condition, a waiver and their consequences."""
    target = "cmd:dotnet run --project harness"
    misses = {miss.requirement + miss.case: miss for miss in _misses(target)}
    found = tuple(misses.get(result.requirement + result.case, result) for result in results())
    blocking = tuple(
        f"{miss.requirement}[{miss.case}]"
        for miss in misses.values()
        if miss.level is Level.MUST and miss.status is not Status.WARN and miss.requirement != "KS-K12"
    )
    made = run(
        target=target,
        carrier="process",
        seed=7,
        implementation=PRODUCT,
        results=found,
        waivers=(
            Waiver(
                requirement="KS-K12",
                status=Status.FAIL,
                subcode=Subcode.WRONG_REASON,
                message_prefix="credential",
                owner="j.doe@example.com",
                reason="The store's reader says damaged for everything; a better one comes with 7.3.",
                issue="https://tracker.example.com/SMS-1432",
                added="2026-11-02",
                expires="2027-01-30",
            ),
        ),
        remarks=(
            Remark(
                blame=Blame.HARNESS,
                text="the harness printed a line that is no message: info: Microsoft.Hosting.Lifetime[0]",
            ),
            Remark(blame=Blame.ENVIRONMENT, text="the clock of this machine is 1.4 s behind its time server"),
        ),
        registration=Registration(
            organisation="Example Software Pty Ltd", product="Example SMS", version="7.1.9", contact="FILL IN"
        ),
        doctor=DOCTOR,
    )
    return Report(
        schema=REPORT_SCHEMA,
        run=made,
        verdict=Verdict(
            readiness=Readiness.NOT_READY,
            sentence="5 of 21 requirements fail. Some of it cannot be waived.",
            blocking=blocking,
            unwaivable=("STS-P06[keeps_tenants_apart]",),
            conditions=(
                "KS-K12[refuses_tampered[abn]]: waived, credential ABRD was refused for the wrong reason",
                "KS-K15[tells_renewal_due[29-days]]: renewal is not announced 29 days before the end",
                "STS-P12[shows_the_fault[e2003]]: a token was refused, but nobody says why",
                "STS-P12[shows_the_fault[e2169]]: a token was refused, but nobody says why",
            ),
            excluded=("KS-K21[replaces_in_one_step]",),
            counts=counts(found),
        ),
        requirements=requirements(),
        evidence=(token_exchange("Example SMS", "rsa-sha1"), two_tenants(), verification("Example SMS")),
        look_alikes=(
            LookAlike(
                mutant="folds-everything",
                sentence="Folds a text to ASCII before it looks at it.",
                mend="Judge the text as it was typed.",
                requirements=("USI-CHK-02", "USI-VER-02"),
                similarity=0.4,
            ),
            LookAlike(
                mutant="signs-with-sha1",
                sentence="Signs with SHA-1.",
                mend="Name the signature method by its URI.",
                requirements=("STS-R11",),
                similarity=0.2,
            ),
        ),
        counter_examples=(
            stored(next(each for each in found if each.case == "refuses_strangers[cyrillic-en]")),
        ),
    )


def stored(result: Result) -> CounterExample:
    """Return the stored example of a miss."""
    opening = '{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol_versions":[1]}}'
    return CounterExample(
        name=result.counter_example,
        requirement=result.requirement,
        case=result.case,
        profile="usi-cloud",
        seed=7,
        status=result.status,
        subcode=result.subcode,
        message=result.message,
        expected=result.expected,
        actual=result.actual,
        lines=(opening, result.example),
        method="usi.validate",
    )


def _misses(target: str) -> tuple[Result, ...]:
    look_alike = Result(
        requirement="USI-CHK-02",
        case="refuses_strangers[cyrillic-en]",
        status=Status.FAIL,
        level=Level.MUST,
        subcode=Subcode.ACCEPTED_INVALID,
        blame=Blame.IMPLEMENTATION,
        message="usi.validate on cyrillic-en is wrong, but it was accepted",
        expected="a refusal: a character that is not one of the 32 of the USI alphabet",
        actual="accepted",
        example='{"jsonrpc":"2.0","id":61,"method":"usi.validate",'
        '"params":{"usi":"BNGH7C75F\\u041d","deadline_ms":20000}}',
        remediation="Refuse what is not in the alphabet before you look up its value.",
        replay=replay(target, "USI-CHK-02", "refuses_strangers[cyrillic-en]"),
        counter_example="USI-CHK-02-refuses_strangers-cyrillic-en",
        duration_ms=0.6,
    )
    nul = _other(
        look_alike,
        "refuses_strangers[nul]",
        message="usi.validate on nul is wrong, but it was accepted",
        example='{"jsonrpc":"2.0","id":63,"method":"usi.validate",'
        '"params":{"usi":"BNGH7C75F\\u0000","deadline_ms":20000}}',
    )
    signed = Result(
        requirement="STS-R11",
        case="signs_with_sha256",
        status=Status.FAIL,
        level=Level.MUST,
        subcode=Subcode.WRONG_VALUE,
        blame=Blame.IMPLEMENTATION,
        message="the signature method is not the one of version 1.3",
        expected="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
        actual="http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        where="Envelope/Header/Security/Signature/SignedInfo/SignatureMethod/@Algorithm",
        remediation="The name of the suite was configured rather than the method. "
        "Configure the signature method by its URI rather than by the name of a suite.",
        evidence=("token-cloud",),
        replay=replay(target, "STS-R11", "signs_with_sha256"),
        duration_ms=14.2,
    )
    shared = Result(
        requirement="STS-P06",
        case="keeps_tenants_apart",
        status=Status.FAIL,
        level=Level.MUST,
        subcode=Subcode.ACCEPTED_INVALID,
        blame=Blame.IMPLEMENTATION,
        message="the call for ABN 27 809 366 375 carried the token of ABN 96 312 011 219",
        expected="a token whose abn claim is 27809366375",
        actual="a token whose abn claim is 96312011219, issued 0.8 s before",
        where="Envelope/Header/Security/EncryptedAssertion",
        evidence=("two-tenants",),
        replay=replay(target, "STS-P06", "keeps_tenants_apart"),
        duration_ms=63.0,
    )
    load = _other(
        shared,
        "keeps_tenants_apart_under_load",
        status=Status.NOT_TESTABLE,
        subcode=None,
        message=LOAD_MESSAGE,
    )
    wire = Result(
        requirement="USI-WIRE-04",
        case="endorses_with_the_proof_key",
        status=Status.NOT_TESTABLE,
        level=Level.MUST,
        blame=Blame.IMPLEMENTATION,
        message="the message gave nothing to examine for security.endorsement",
        expected="a message in which this can be looked at",
        actual="no such part",
        evidence=("two-tenants",),
        replay=replay(target, "USI-WIRE-04", "endorses_with_the_proof_key"),
    )
    birth = Result(
        requirement="USI-VER-02",
        case="concludes_from_the_answer[birth-date]",
        status=Status.FAIL,
        level=Level.MUST,
        subcode=Subcode.WRONG_VALUE,
        blame=Blame.IMPLEMENTATION,
        message="the registry said that the date of birth does not match, and the user was told verified",
        expected='{"conclusion":"not_verified"}',
        actual='{"conclusion":"verified"}',
        evidence=("verify",),
        replay=replay(target, "USI-VER-02", "concludes_from_the_answer[birth-date]"),
        duration_ms=21.0,
    )
    tampered = Result(
        requirement="KS-K12",
        case="refuses_tampered[abn]",
        status=Status.FAIL,
        level=Level.MUST,
        subcode=Subcode.WRONG_REASON,
        blame=Blame.IMPLEMENTATION,
        message="credential ABRD:11000002568_ExampleMachine was refused for the wrong reason",
        expected="keystore.damaged (the store or the credential is damaged or was tampered with)",
        actual="refused as keystore.wrong_password: 0x80070056 The specified password is not correct.",
        replay=replay(target, "KS-K12", "refuses_tampered[abn]"),
    )
    announced = Result(
        requirement="KS-K15",
        case="tells_renewal_due[29-days]",
        status=Status.WARN,
        level=Level.SHOULD,
        subcode=Subcode.WRONG_VALUE,
        blame=Blame.IMPLEMENTATION,
        message="renewal is not announced 29 days before the end",
        expected="renewal_due: true",
        actual="renewal_due: false",
        replay=replay(target, "KS-K15", "tells_renewal_due[29-days]"),
    )
    unstated = Result(
        requirement="STS-P12",
        case="shows_the_fault[e2003]",
        status=Status.WARN,
        level=Level.SHOULD,
        subcode=Subcode.REASON_UNSTATED,
        blame=Blame.IMPLEMENTATION,
        message="a token was refused, but nobody says why",
        expected="the reason token.relying_party",
        actual="refused as no stated reason: System.ServiceModel.FaultException: \x1b[31mE2003\x1b[0m",
        remediation="State the reason in the harness, or map the product's own code to it in the error map.",
        evidence=("token-cloud",),
        replay=replay(target, "STS-P12", "shows_the_fault[e2003]"),
    )
    unstated_too = _other(unstated, "shows_the_fault[e2169]", expected="the reason token.revoked")
    return (
        look_alike,
        nul,
        signed,
        shared,
        load,
        wire,
        birth,
        tampered,
        announced,
        unstated,
        unstated_too,
    )


LOAD_MESSAGE = "the tenants cannot be told apart, so there is nothing to try under load"


def _other(result: Result, case: str, **changes: object) -> Result:
    fields = {name: getattr(result, name) for name in result.__struct_fields__}
    again = result.replay.replace(f"[{result.case}]", f"[{case}]")
    return Result(**(fields | {"case": case, "replay": again, "counter_example": ""} | changes))


def incomplete() -> Report:
    """Return the report of a run whose harness broke the contract after the first capability."""
    done = tuple(result for result in results() if result.requirement.startswith("USI-CHK"))
    crashed = Result(
        requirement="KS-K02",
        case="opens_by_alias[first]",
        status=Status.INCONCLUSIVE,
        level=Level.MUST,
        subcode=Subcode.PROTOCOL_ERROR,
        blame=Blame.HARNESS,
        message="the harness answered a question that nobody asked",
        expected="the id 48",
        actual="the id 47",
        remediation="Echo the id of the request that you answer.",
        replay=replay("cmd:node harness.js", "KS-K02", "opens_by_alias[first]"),
    )
    open_points = [
        f"{result.requirement}[{result.case}]"
        for result in results()
        if not result.requirement.startswith("USI-CHK")
    ]
    made = run(
        target="cmd:node harness.js",
        carrier="process",
        implementation=Implementation(name="Example LMS", version="2.0-rc1", language="JavaScript"),
        credential=None,
        finished="2026-11-21T10:42:09Z",
        results=(*done, crashed),
        harness_failure="The harness answered with the id 47, which nobody is waiting for.\n"
        "  expected: an answer with the id 48\n"
        '  found: {"jsonrpc":"2.0","id":47,"result":{"status":"ok"}}\n'
        "  where: standard output, line 47\n"
        "  try: echo the id of the request, and answer each request once",
        remarks=(
            Remark(blame=Blame.HARNESS, text="the first line of standard output is no message: > start"),
        ),
    )
    return Report(
        schema=REPORT_SCHEMA,
        run=made,
        verdict=Verdict(
            readiness=Readiness.INCOMPLETE,
            sentence="The harness stopped the run: The harness answered with the id 47, "
            "which nobody is waiting for.",
            missing=tuple(open_points),
            counts=counts(made.results),
        ),
        requirements=requirements(),
    )


def conditional() -> Report:
    """Return the report of a product that is ready but for two conditions."""
    whole = failing()
    kept = {"KS-K15", "STS-P12"}
    worse = {r.requirement + r.case: r for r in whole.run.results if r.requirement in kept}
    found = tuple(worse.get(result.requirement + result.case, result) for result in results())
    asked = questions()
    closed = {each.question for each in ATTESTATIONS if each.answer is not Attested.NO}
    return Report(
        schema=REPORT_SCHEMA,
        run=run(
            target="http://127.0.0.1:8080/",
            carrier="http",
            implementation=PRODUCT,
            results=found,
            profile=msgspec.structs.replace(profile(), questions=tuple(each.id for each in asked)),
            registration=REGISTRATION,
            attestations=ATTESTATIONS,
            doctor=DOCTOR,
        ),
        questions=asked,
        verdict=Verdict(
            readiness=Readiness.CONDITIONS,
            sentence="Every MUST of 21 requirements holds or is waived; 3 conditions remain "
            "and 10 attestations are open.",
            open_questions=tuple(each.id for each in asked if each.id not in closed),
            conditions=whole.verdict.conditions[1:],
            excluded=whole.verdict.excluded,
            counts=counts(found),
            valid_until="2027-05-20",
        ),
        requirements=requirements(),
        evidence=whole.evidence,
    )


def earlier(day: str, version: str, readiness: Readiness, **numbers: int) -> StoredRun:
    """Return what is stored of an earlier run of the product."""
    return StoredRun(
        started=f"{day}T09:00:00Z",
        product="Example SMS",
        version=version,
        build=PRODUCT.build if version == PRODUCT.version else "",
        profile="usi-cloud",
        kit_version="0.9.0" if day < "2026-10-15" else "1.0.0",
        readiness=readiness,
        counts=numbers,
    )


def compared() -> Report:
    """Return the failing report against a baseline, with a change of each kind, and five earlier runs."""
    rows = (
        (ChangeKind.NEWLY_FAILING, "STS-R11", "signs_with_sha256", Status.PASS, Status.FAIL),
        (ChangeKind.NEWLY_FAILING, "KS-K12", "refuses_tampered[abn]", Status.WARN, Status.FAIL),
        (ChangeKind.MENDED, "USI-VER-05", "sends_single_names", Status.NOT_TESTABLE, Status.PASS),
        (ChangeKind.NEWLY_EXECUTED, "USI-ERR-01", "shows_error_info", Status.SKIP, Status.PASS),
        (ChangeKind.NO_LONGER_EXECUTED, "KS-K21", "replaces_in_one_step", Status.PASS, Status.NOT_APPLICABLE),
        (ChangeKind.KIT, "USI-CHK-02", "refuses_strangers[nul]", None, Status.FAIL),
        (ChangeKind.KIT, "USI-CHK-99", "is_no_longer_asked", Status.PASS, None),
        (ChangeKind.CONFIGURATION, "STS-R04", "asks_for_the_claims", Status.FAIL, Status.PASS),
        (ChangeKind.FLAKY, "STS-P06", "keeps_tenants_apart_under_load", Status.PASS, Status.NOT_TESTABLE),
    )
    told = {(miss.requirement, miss.case): miss.message for miss in failing().run.results}
    runs = (
        earlier("2026-10-03", "7.0.0", Readiness.NOT_READY, fail=14, warn=5),
        earlier("2026-10-12", "7.0.1", Readiness.INCOMPLETE, fail=2, inconclusive=160),
        earlier("2026-10-21", "7.0.1", Readiness.NOT_READY, fail=9, not_testable=2, warn=6),
        earlier("2026-11-02", "7.1.0", Readiness.CONDITIONS, warn=4),
        earlier("2026-11-14", "7.1.1", Readiness.READY),
    )
    changes = Changes(
        baseline=runs[-1],
        changes=tuple(
            Change(
                requirement=name,
                case=case,
                kind=kind,
                before=then,
                after=now,
                message=told.get((name, case), ""),
            )
            for kind, name, case, then, now in rows
        ),
        kit_differs=True,
        configuration_differs=("seed: 0 then, 7 now", "carrier: http then, process now"),
        build_differs=True,
    )
    return msgspec.structs.replace(failing(), changes=changes, trend=runs)


def empty() -> Report:
    """Return the report of a run that could not even begin."""
    return Report(
        schema=REPORT_SCHEMA,
        run=run(
            results=(),
            planned=(),
            implementation=None,
            credential=None,
            environment={},
            carrier="",
            target="cmd:./no-such-program",
            harness_failure="The program could not be started: ./no-such-program",
        ),
        verdict=Verdict(
            readiness=Readiness.INCOMPLETE,
            sentence="The harness stopped the run: The program could not be started: ./no-such-program.",
            missing=tuple(requirement.id for requirement in requirements()),
        ),
        requirements=requirements(),
    )


# --- evidence -------------------------------------------------------------------------------------


def token_exchange(client: str, method: str) -> Evidence:
    """Return a token exchange whose request is signed with the given method."""
    uri = {
        "rsa-sha1": "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
        "rsa-sha256": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    }[method]
    request = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Header><a:Action>'
        "http://docs.oasis-open.org/ws-sx/ws-trust/200512/RST/Issue</a:Action>"
        '<o:Security><u:Timestamp u:Id="_0">'
        "<u:Created>2026-11-21T10:42:31.114Z</u:Created><u:Expires>2026-11-21T10:47:31.114Z</u:Expires>"
        '</u:Timestamp><o:BinarySecurityToken u:Id="b1">[removed: 1184 bytes]</o:BinarySecurityToken>'
        '<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"><SignedInfo><CanonicalizationMethod '
        f'Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/><SignatureMethod Algorithm="{uri}"/>'
        '<Reference URI="#_0"/><Reference URI="#_1"/></SignedInfo></Signature></o:Security></s:Header>'
        "<s:Body><t:RequestSecurityToken><t:KeyType>http://docs.oasis-open.org/ws-sx/ws-trust/200512/SymmetricKey"
        "</t:KeyType></t:RequestSecurityToken></s:Body></s:Envelope>"
    )
    findings = (
        (
            Finding(
                code="security.signature_method",
                message="the signature method is not the one of version 1.3",
                expected="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
                actual=uri,
                where="Envelope/Header/Security/Signature/SignedInfo/SignatureMethod/@Algorithm",
                hint="An unpatched Metro, or a suite name such as Basic256Sha256Rsa15, signs in this way.",
            ),
            Finding(
                code="security.timestamp_order",
                message="the timestamp is not the first child of Security",
                severity=Severity.REMARK,
            ),
        )
        if method == "rsa-sha1"
        else ()
    )
    refused = bool(findings)
    return Evidence(
        id="token-cloud",
        title="A token on behalf of another organisation",
        messages=(
            Message(
                at_ms=0.0,
                sender=client,
                receiver="MAS-ST (simulated)",
                summary="RequestSecurityToken",
                size=4_131,
                headers=(("Content-Type", "application/soap+xml; charset=utf-8"), ("Host", "127.0.0.1")),
                body=request,
                findings=findings,
            ),
            Message(
                at_ms=14.2,
                sender="MAS-ST (simulated)",
                receiver=client,
                summary="Fault InvalidSecurity, E2029" if refused else "RequestSecurityTokenResponse",
                size=912 if refused else 6_480,
                body="<s:Envelope><s:Body><s:Fault/></s:Body></s:Envelope>"
                if refused
                else "<s:Envelope><s:Body><t:RequestSecurityTokenResponseCollection/></s:Body></s:Envelope>",
            ),
        ),
    )


def two_tenants() -> Evidence:
    """Return two calls for two organisations that share a token."""
    client, sts, registry = "Example SMS", "MAS-ST (simulated)", "USI Registry (simulated)"
    shared = Finding(
        code="token.other_organisation",
        message="the token was issued for another organisation than the one that the request names",
        expected="abn claim 27809366375",
        actual="96312011219",
        where="Envelope/Header/Security/EncryptedAssertion",
        hint="The key of the token cache is the provider's own ABN.",
    )
    return Evidence(
        id="two-tenants",
        title="Two organisations, one after the other",
        note="The second call follows at once; the first token is valid for another 29 minutes.",
        messages=(
            Message(
                at_ms=0.0,
                sender=client,
                receiver=sts,
                summary="RequestSecurityToken, ActAs 96312011219",
                size=4_290,
            ),
            Message(
                at_ms=16.8, sender=sts, receiver=client, summary="RequestSecurityTokenResponse", size=6_480
            ),
            Message(at_ms=24.1, sender=client, receiver=registry, summary="VerifyUSI, VA1802", size=9_204),
            Message(at_ms=40.7, sender=registry, receiver=client, summary="VerifyUSIResponse", size=1_310),
            Message(
                at_ms=812.0,
                sender=client,
                receiver=registry,
                summary="VerifyUSI, VA1803",
                size=9_204,
                findings=(shared,),
                body="<s:Envelope><OrgCode>VA1803</OrgCode><!-- 96312011219 --></s:Envelope>",
            ),
            Message(
                at_ms=823.4, sender=registry, receiver=client, summary="Fault, not authorised", size=1_020
            ),
        ),
    )


def verification(client: str = "Example Training") -> Evidence:
    """Return one VerifyUSI and its answer."""
    registry = "USI Registry (simulated)"
    return Evidence(
        id="verify",
        title="VerifyUSI: the date of birth does not match",
        messages=(
            Message(at_ms=0.0, sender=client, receiver=registry, summary="VerifyUSI", size=9_188),
            Message(
                at_ms=11.6,
                sender=registry,
                receiver=client,
                summary="VerifyUSIResponse",
                size=1_290,
                body="<VerifyUSIResponse>\n  <USIStatus>Valid</USIStatus>\n  <FirstName>Match</FirstName>\n"
                "  <DateOfBirth>NoMatch</DateOfBirth>\n</VerifyUSIResponse>",
            ),
        ),
    )


# --- hostile and large ----------------------------------------------------------------------------

HOSTILE = (
    "</script><script>alert(1)</script>\x1b[31mred\x00 \u202eesrever\u202c \ud800 "
    "]]> `|` @all \ufeff\u200b\x85"
)


def _miss_of(report: Report) -> Result:
    return next(result for result in report.run.results if result.status is Status.FAIL)


def _strange_run(told: str, **numbers: int) -> StoredRun:
    return StoredRun(
        started=told,
        product=told,
        version=told,
        build=told,
        profile=told,
        kit_version=told,
        readiness=Readiness.NOT_READY,
        counts=numbers,
    )


def hostile() -> Report:
    """Return a failing report in which every text that a stranger may write is an attack."""
    whole = failing()
    attack = HOSTILE + "A" * 1_000_000
    texts = {"message": attack, "expected": HOSTILE, "actual": attack, "where": HOSTILE, "example": attack}
    texts["counter_example"] = f"../../{HOSTILE}"
    bad = _other(_miss_of(whole), f"case {HOSTILE}", **texts, status=Status.FAIL, evidence=(HOSTILE,))
    finding = Finding(
        code=HOSTILE, message=attack, expected=HOSTILE, actual=HOSTILE, where=HOSTILE, hint=HOSTILE
    )
    message = Message(
        at_ms=0.0,
        sender=HOSTILE,
        receiver="kit",
        summary=attack,
        size=1,
        body=HOSTILE + attack,
        headers=((HOSTILE, attack),),
        findings=(finding,),
    )
    fields = {name: getattr(whole.run, name) for name in whole.run.__struct_fields__}
    product = Implementation(name=HOSTILE, version=attack, language=HOSTILE, runtime=attack, build=HOSTILE)
    made = Run(
        **fields
        | {
            "results": (bad,),
            "planned": (),
            "implementation": product,
            "harness_failure": attack,
            "target": HOSTILE,
            "environment": {HOSTILE: HOSTILE},
            "profile": msgspec.structs.replace(whole.run.profile, questions=(HOSTILE, "ATT-REG-01")),
            "registration": Registration(
                organisation=attack,
                abn=HOSTILE,
                product=HOSTILE,
                version=attack,
                software_id=HOSTILE,
                organisation_types=(HOSTILE, attack),
                operations=(HOSTILE,),
                contact=f"{HOSTILE}\nSubject: another",
                phone=HOSTILE,
                email=attack,
            ),
            "attestations": (
                Attestation(
                    question=HOSTILE,
                    answer=Attested.YES,
                    name=attack,
                    date=HOSTILE,
                    note=attack,
                    attachment=HOSTILE,
                    attachment_sha256=attack,
                ),
                Attestation(question="ATT-NOBODY", answer=Attested.NO, name="", date="", note=HOSTILE),
            ),
            "doctor": (
                DoctorFinding(check=HOSTILE, ok=False, owner=Blame.HARNESS, sentence=attack, advice=HOSTILE),
            ),
            "remarks": (Remark(blame=Blame.HARNESS, text=attack),),
            "performance": (
                Measurement(
                    subject="product",
                    carrier=HOSTILE,
                    latencies=(
                        Latency(name=HOSTILE, calls=-1, median_ms=-1.0, p95_ms=1e300),
                        Latency(name="VerifyUSI", calls=1, median_ms=0.0, p95_ms=0.0),
                    ),
                    calls=10**12,
                    token_requests=-5,
                    note=attack,
                ),
                Measurement(subject=HOSTILE, carrier="", latencies=(), calls=0, token_requests=0),
            ),
        }
    )
    return Report(
        schema=REPORT_SCHEMA,
        run=made,
        verdict=Verdict(
            readiness=Readiness.NOT_READY,
            sentence=f"It fails: {HOSTILE}",
            blocking=(f"{bad.requirement}[{bad.case}]",),
            conditions=(attack,),
            waiver_errors=(attack,),
            waiver_notices=(HOSTILE, f"waiver for KS-K12: {HOSTILE}"),
            open_questions=("ATT-REG-01", HOSTILE),
            missing=(HOSTILE,),
        ),
        requirements=requirements(),
        evidence=(Evidence(id=HOSTILE, title=attack, messages=(message,), note=attack),),
        look_alikes=(
            LookAlike(
                mutant=HOSTILE, sentence=attack, mend=HOSTILE, requirements=(bad.requirement,), similarity=1e9
            ),
        ),
        counter_examples=(
            msgspec.structs.replace(
                stored(bad),
                lines=(attack, HOSTILE + "\n" + attack),
                needs=(HOSTILE,),
                files=(StoredFile(path=attack, content=HOSTILE), StoredFile(path="", content="eA==")),
            ),
        ),
        changes=Changes(
            baseline=_strange_run(attack),
            changes=(
                Change(requirement=HOSTILE, case=attack, kind=ChangeKind.KIT, message=attack),
                Change(
                    requirement=bad.requirement,
                    case=bad.case,
                    kind=ChangeKind.NEWLY_FAILING,
                    before=Status.PASS,
                    after=Status.FAIL,
                    message=HOSTILE,
                ),
            ),
            kit_differs=True,
            configuration_differs=(HOSTILE, attack),
        ),
        trend=(_strange_run(attack), _strange_run(HOSTILE, fail=10**15), _strange_run("", warn=-3)),
    )


def crowded() -> Report:
    """Return a report whose every list and name is long: the sheet must still fit one page."""
    whole = failing()
    questions = tuple(
        Question(
            id=f"ATT-LNG-{number:02}",
            text=f"Is matter {number} settled, written down by whoever answers for it, known to everybody "
            "whom it concerns, and looked at again before the credential ends?",
            why="The office asks for it.",
            how="Settle it, write it down, and say who did.",
            source=Source(document="ATO, page for digital service providers", clause=f"matter {number}"),
            confidence=Confidence.DOCUMENTED,
            may_not_apply=number % 2 == 0,
        )
        for number in range(1, 15)
    )
    waivers = tuple(
        Waiver(
            requirement=identifier,
            status=Status.FAIL,
            subcode=Subcode.WRONG_VALUE,
            message_prefix="the answer",
            owner="responsible.person.with.a.long.name@a-long-name-of-an-organisation.example.com",
            reason="The part that does this is bought, and its maker promised a better one for spring.",
            issue="https://tracker.example.com/SMS-1432",
            added="2026-11-02",
            expires="2026-11-30" if identifier == "KS-K05" else "2027-01-30",
        )
        for identifier in ("KS-K02", "KS-K05", "KS-K09", "KS-K12", "STS-R04", "STS-R11", "STS-R12")
    )
    texts = {requirement.id: requirement.text for requirement in requirements()}
    reasons = ("the clock cannot be set", "the service was out of order", "the product offers no such call")
    found = tuple(
        _other(
            result,
            result.case,
            status=Status.INCONCLUSIVE if number % 3 else Status.NOT_APPLICABLE,
            message=f"{reasons[number % 3]}, as far as the {number}. attempt can tell whoever reads this",
        )
        if result.requirement in {"USI-CHK-01", "USI-CHK-05"}
        else result
        for number, result in enumerate(whole.run.results)
    )
    name = "Example Student Management and Compliance Suite for Registered Training Organisations"
    fields = {name: getattr(whole.run, name) for name in whole.run.__struct_fields__}
    asked = {each: getattr(profile(), each) for each in profile().__struct_fields__}
    operations = tuple(
        f"usi.call.{each}" for each in ("CreateUSI", "BulkUpload", "LocateUSI", "GetCountries")
    )
    product = Implementation(
        name=name,
        version="2026.11.0-rc.1+build.20261121.1042",
        language="C#",
        runtime="Microsoft Windows NT 10.0.20348.0, .NET Framework 4.8.1, x64",
        build=PRODUCT.build,
        capabilities=("usi.call", *operations[:2]),
    )
    made = Run(
        **fields
        | {
            "results": found,
            "waivers": waivers,
            "implementation": product,
            "profile": Profile(
                **asked
                | {"questions": tuple(each.id for each in questions)}
                | {"may_be_absent": (*profile().may_be_absent, *operations)}
            ),
            "target": "cmd:C:\\Program Files\\Example\\SMS\\harness\\Example.Conformance.Harness.exe --stdio",
            "registration": Registration(
                organisation="The Example Software and Educational Administration Company of Sydney Pty Ltd",
                abn="11000002568",
                product=name,
                version="2026.11.0",
                deployment=Deployment.CLOUD,
                environments=(Environment.USI_3PT, Environment.SBR1),
                contact="Maria-Magdalena Featherstonehaugh-Cholmondeley",
                phone="+61 2 5550 0123",
                email="maria-magdalena.featherstonehaugh@example-software.example.com",
            ),
            "attestations": (
                Attestation(
                    question="ATT-LNG-03",
                    answer=Attested.NO,
                    name="J. Doe",
                    date="2026-11-20",
                    note="Not yet.",
                ),
            ),
        }
    )
    return Report(
        schema=REPORT_SCHEMA,
        run=made,
        verdict=Verdict(
            readiness=Readiness.NOT_READY,
            sentence="17 of 21 requirements fail, 3 more could not be tested. "
            "At least one failure cannot be waived.",
            blocking=whole.verdict.blocking,
            unwaivable=whole.verdict.unwaivable,
            conditions=tuple(
                f"{identifier}: waived, the answer is not the one that was expected" for identifier in texts
            )
            + whole.verdict.conditions,
            counts=counts(found),
            waiver_errors=(
                "waiver for KS-K02: expired on 2026-11-20; mend the failure or have it admitted anew",
                "waiver for KS-K09: made for another failure; the requirement fails now with fail, "
                "accepted_invalid: a credential that ended yesterday was accepted and used for a signature",
            ),
            waiver_notices=("waiver for KS-K05: expires in 9 days, on 2026-11-30",),
            open_questions=tuple(each.id for each in questions),
        ),
        requirements=requirements(),
        evidence=whole.evidence,
        kill_score=KillScore(
            measured="2026-11-20",
            kit_version="1.0.0",
            catalogue_digest=made.catalogue_digest,
            mutants=114,
            caught=112,
            variants=4,
            false_alarms=0,
        ),
        questions=questions,
    )


def large(number: int = 5_000, transcripts: int = 3) -> Report:
    """Return a report of many results, one in ten of them a failure, each of them resting on a transcript."""
    whole = failing()
    miss = _miss_of(whole)
    ids = [requirement.id for requirement in requirements()]
    evidence = _exchanges(transcripts)
    found = []
    for index in range(number):
        case = f"some_property_of_the_answer[vector-{index:05}]"
        failed = index % 10 == 0
        found.append(
            _other(
                miss,
                case,
                requirement=ids[index % len(ids)],
                status=Status.FAIL if failed else Status.PASS,
                subcode=Subcode.WRONG_VALUE if failed else None,
                message=f"vector {index} was answered with a wrong value" if failed else "",
                evidence=(evidence[index % transcripts].id,),
            )
        )
    fields = {name: getattr(whole.run, name) for name in whole.run.__struct_fields__}
    made = Run(**(fields | {"results": tuple(found), "planned": ()}))
    verdict = Verdict(
        readiness=Readiness.NOT_READY,
        sentence="21 of 21 requirements fail.",
        blocking=tuple(f"{r.requirement}[{r.case}]" for r in found if r.status is Status.FAIL),
        counts=counts(tuple(found)),
    )
    return Report(
        schema=REPORT_SCHEMA, run=made, verdict=verdict, requirements=requirements(), evidence=evidence
    )


def _exchanges(number: int) -> tuple[Evidence, ...]:
    """Return transcripts of the size of real ones: a token, a call, and their answers, with certificates."""
    token, call = token_exchange("Example SMS", "rsa-sha256"), verification("Example SMS")
    blob = "MIIEuDCCA6CgAwIBAgIU+" * 76
    signed = token.messages[0].body.replace("[removed: 1184 bytes]", blob)
    headers = tuple((f"x-header-{index}", f"what this header says, {index}") for index in range(8))
    messages = [
        Message(
            at_ms=10.0 * index,
            sender=sent.sender,
            receiver=sent.receiver,
            summary=sent.summary,
            size=sent.size,
            headers=headers,
            body=signed + "".join(f"<Field{each}>a value of it, {each}</Field{each}>" for each in range(40)),
        )
        for index, sent in enumerate((*token.messages, *call.messages))
    ]
    return tuple(
        Evidence(id=f"scenario-{index}", title=f"the {index}. call of VerifyUSI", messages=tuple(messages))
        for index in range(number)
    )


ALL = {
    "ready": ready,
    "failing": failing,
    "incomplete": incomplete,
    "conditional": conditional,
    "compared": compared,
    "empty": empty,
    "hostile": hostile,
    "crowded": crowded,
    "large": lambda: large(1_000),
}

if __name__ == "__main__":
    from conformance.report import write

    for name, make in ALL.items():
        write(make(), Path(sys.argv[1]) / name)
