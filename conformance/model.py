"""The records of the kit: what it reads, what it learns and what it writes.

All are frozen and typed; their JSON Schemas are generated from these classes (`evte catalogue --schema`),
so a field that is not here is in no file.  Times are RFC 3339 texts in UTC (`2026-11-21T10:42:00Z`)
unless a field says otherwise.  Nothing here computes a verdict; see `conformance.verdict`.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

REPORT_SCHEMA: Final = "report/1"
VECTORS_SCHEMA: Final = "vectors/1"


class Level(StrEnum):
    """How much a requirement counts."""

    MUST = "MUST"
    """A miss blocks readiness."""
    SHOULD = "SHOULD"
    """A miss is a condition."""
    INFO = "INFO"
    """Reported, never counted."""


class Confidence(StrEnum):
    """How sure the kit is that the real services ask for this."""

    DOCUMENTED = "documented"
    """A published document says so."""
    OBSERVED = "observed"
    """Measured on published artefacts or recorded from working clients."""
    INFERRED = "inferred"
    """Concluded from framework behaviour or several indirect hints."""
    ASSUMED = "assumed"
    """A stand-in of ours where nothing is public."""


class Capability(StrEnum):
    """The four things an implementation must get right."""

    CHECKSUM = "checksum"
    KEYSTORE = "keystore"
    STS = "sts"
    USI = "usi"


class Status(StrEnum):
    """The outcome of one check on one case."""

    PASS = "pass"
    FAIL = "fail"
    WARN = "warn"
    NOT_APPLICABLE = "not_applicable"
    NOT_TESTABLE = "not_testable"
    INCONCLUSIVE = "inconclusive"
    SKIP = "skip"
    KIT_ERROR = "kit_error"


EXECUTED: Final = frozenset(
    {Status.PASS, Status.FAIL, Status.WARN, Status.NOT_TESTABLE, Status.NOT_APPLICABLE}
)
"""Statuses that settle a point.  Every other status leaves it missing."""


class Subcode(StrEnum):
    """What kind of miss a failure is."""

    WRONG_VALUE = "wrong_value"
    WRONG_REASON = "wrong_reason"
    REASON_UNSTATED = "reason_unstated"
    ACCEPTED_INVALID = "accepted_invalid"
    REJECTED_VALID = "rejected_valid"
    CRASH = "crash"
    HANG = "hang"
    PROTOCOL_ERROR = "protocol_error"
    STATE_LEAK = "state_leak"
    SECRET_LEAK = "secret_leak"
    NONDETERMINISTIC = "nondeterministic"
    OVER_STRICT = "over_strict"
    SLOW = "slow"


class Blame(StrEnum):
    """Whose fault a miss is.  Only the first two count against the product."""

    IMPLEMENTATION = "implementation"
    HARNESS = "harness"
    CONFIGURATION = "configuration"
    ENVIRONMENT = "environment"
    KIT = "kit"


class Readiness(StrEnum):
    """The verdict of a profile.  Always "ready to apply", never "certified"."""

    READY = "READY"
    CONDITIONS = "READY WITH CONDITIONS"
    NOT_READY = "NOT READY"
    INCOMPLETE = "INCOMPLETE"


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False, kw_only=True):
    """A frozen record that refuses fields it does not know."""


# --- what must hold -------------------------------------------------------------------------------


class Source(Record, frozen=True, kw_only=True):
    """Where a requirement comes from."""

    document: str
    clause: str = ""
    seed: str = ""
    """File name of the seed document that says so, when one does."""


class Requirement(Record, frozen=True, kw_only=True):
    """One sentence that must, or should, hold of an implementation."""

    id: str
    text: str
    level: Level
    confidence: Confidence
    source: Source
    capability: Capability
    method: str
    """The contract method through which the requirement is seen, for instance `usi.validate`."""
    why: str
    trap: str
    mend: dict[str, str]
    """Remediation per language; the key `any` is always there."""
    security: bool = False
    """An accepted invalid signature, token or credential here cannot be waived."""
    checked_by: str = ""
    """How it is checked, in words; empty exactly when `excluded` is filled."""
    excluded: str = ""
    """Why the kit does not check it."""


class Profile(Record, frozen=True, kw_only=True):
    """A frozen set of requirement ids that count for one goal."""

    name: str
    edition: str
    title: str
    purpose: str
    requirements: tuple[str, ...]
    may_be_absent: tuple[str, ...] = ()
    """Contract methods that a product may declare absent; a probe must agree."""
    applies_to: str = ""
    """The relying party that the profile's token is for."""
    act_as: bool = False
    """Whether tokens are asked for on behalf of a second party (cloud)."""
    questions: tuple[str, ...] = ()
    """Ids of the questions that somebody must attest; an open one is a condition."""


# --- what no machine sees -------------------------------------------------------------------------


class Question(Record, frozen=True, kw_only=True):
    """Something that the goal of a profile takes and that only a person can answer for."""

    id: str
    text: str
    """The question, to be answered with yes, no or does not apply."""
    why: str
    how: str
    """What to do for a yes."""
    source: Source
    confidence: Confidence
    may_not_apply: bool = False
    """Whether "does not apply" is an answer, with a reason."""


class Attested(StrEnum):
    """What was answered to a question."""

    YES = "yes"
    NO = "no"
    DOES_NOT_APPLY = "does not apply"


class Attestation(Record, frozen=True, kw_only=True):
    """An answer that somebody gave and stands for with a name."""

    question: str
    """Id of the question."""
    answer: Attested
    name: str
    """Who answered."""
    date: str
    """Date, `2026-11-21`."""
    note: str = ""
    """In the words of whoever answered; a reason where the answer is not yes."""
    attachment: str = ""
    """File name of what supports the answer; the file itself stays with the vendor."""
    attachment_sha256: str = ""
    """Digest of that file, `sha256:…`."""


class Deployment(StrEnum):
    """Where a product runs."""

    DESKTOP = "desktop"
    ON_PREMISES = "on premises"
    CLOUD = "cloud"


class Environment(StrEnum):
    """Test environments that can be applied for."""

    USI_3PT = "USI 3PT"
    SBR1 = "SBR1"
    SBR2 = "SBR2"


class Registration(Record, frozen=True, kw_only=True):
    """What an application for EVTE asks for, as the plan file states it; what is empty is missing."""

    organisation: str = ""
    """Legal name."""
    abn: str = ""
    """Eleven digits."""
    product: str = ""
    version: str = ""
    deployment: Deployment | None = None
    environments: tuple[Environment, ...] = ()
    software_id: str = ""
    """Ten digits; of cloud products."""
    organisation_types: tuple[str, ...] = ()
    """Of the training organisations that the product serves."""
    operations: tuple[str, ...] = ()
    """Of the registry, by their names in the Technical Services Contract."""
    contact: str = ""
    """The main contact's name."""
    phone: str = ""
    email: str = ""


# --- vectors --------------------------------------------------------------------------------------


class Flag(Record, frozen=True, kw_only=True):
    """A kind of mistake, explained once for a whole vector file."""

    kind: str
    text: str
    effect: str
    mend: str


class Expectation(Record, frozen=True, kw_only=True):
    """The right answer to a vector."""

    status: str
    """`ok`, `rejected`, or `either` where the sources leave the choice."""
    reasons: tuple[str, ...] = ()
    """For a refusal: the reasons that are right."""
    value: Any = None
    """For `ok`: the value, where the method returns one."""


class Vector(Record, frozen=True, kw_only=True):
    """Input, expected answer, flags and source; one deviation from its healthy twin."""

    id: str
    method: str
    input: dict[str, Any]
    expect: Expectation
    twin: str = ""
    mutation: str = ""
    """The one change that was made to the twin, in words."""
    flags: tuple[str, ...] = ()
    kills: tuple[str, ...] = ()
    """Mutants that this vector exposes."""
    source: str = ""
    note: str = ""


class VectorFile(Record, frozen=True, kw_only=True):
    """A group of vectors with a shared purpose."""

    schema: str
    purpose: str
    source: str
    cases: tuple[Vector, ...]
    flags: dict[str, Flag] = {}


# --- what a judge says of a message ---------------------------------------------------------------


class Severity(StrEnum):
    """Whether a finding refuses a message or merely remarks on it."""

    ERROR = "error"
    REMARK = "remark"


class Finding(Record, frozen=True, kw_only=True):
    """One thing that a judge has to say of one message."""

    code: str
    """Dotted name, for instance `security.to_unsigned`."""
    message: str
    severity: Severity = Severity.ERROR
    expected: str = ""
    actual: str = ""
    where: str = ""
    """Element path or byte range."""
    hint: str = ""
    """The likely cause, when one can be known."""
    octets: str = ""
    """Where a digest differs: the bytes after canonicalisation, base64, bounded, nothing secret."""


class Judgement(Record, frozen=True, kw_only=True):
    """Every finding of a message, and every rule that could be examined at all.

    A rule that is in neither place was not reached, for instance because there was no signature to
    look at.  A check must treat that as not testable and never as a pass.
    """

    findings: tuple[Finding, ...] = ()
    examined: tuple[str, ...] = ()
    """Codes of the rules that were examined, whether or not they held."""

    @property
    def accepted(self) -> bool:
        """Whether nothing but remarks was found."""
        return all(finding.severity is not Severity.ERROR for finding in self.findings)


# --- evidence -------------------------------------------------------------------------------------


class Message(Record, frozen=True, kw_only=True):
    """One message of a transcript, redacted."""

    at_ms: float
    """Milliseconds since the scenario began."""
    sender: str
    receiver: str
    summary: str
    size: int
    """Bytes on the wire, before redaction."""
    body: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


class Evidence(Record, frozen=True, kw_only=True):
    """What crossed the wire, or the harness's pipe, in one scenario."""

    id: str
    title: str
    messages: tuple[Message, ...]
    note: str = ""


# --- what a run learns ----------------------------------------------------------------------------


class Point(Record, frozen=True, kw_only=True):
    """One thing to be settled: a requirement on one case."""

    requirement: str
    case: str


class Result(Record, frozen=True, kw_only=True):
    """The outcome of one check on one case."""

    requirement: str
    case: str
    """The vector, property or scenario, unique within the requirement."""
    status: Status
    level: Level
    message: str = ""
    subcode: Subcode | None = None
    blame: Blame | None = None
    expected: str = ""
    actual: str = ""
    where: str = ""
    example: str = ""
    """The smallest input that shows it."""
    remediation: str = ""
    evidence: tuple[str, ...] = ()
    duration_ms: float = 0.0
    replay: str = ""
    """The command that runs this case again."""
    counter_example: str = ""
    """Name in `replay/` of the stored example that `evte replay` tries again; empty where there is none."""


class Waiver(Record, frozen=True, kw_only=True):
    """A vendor's admitted failure, bound to the exact failure it admits."""

    requirement: str
    status: Status
    subcode: Subcode | None = None
    """None exactly where the failure has none: something that could not be tested."""
    message_prefix: str
    owner: str
    reason: str
    issue: str
    added: str
    """Date, `2026-11-21`."""
    expires: str
    """Date; at most 180 days after `added`."""


class Implementation(Record, frozen=True, kw_only=True):
    """Who the implementation says it is."""

    name: str
    version: str
    language: str = ""
    runtime: str = ""
    build: str = ""
    """Digest of the build, `sha256:…`."""
    capabilities: tuple[str, ...] = ()
    """Contract methods that it offers, and the markers `clock` and the like."""


class Credential(Record, frozen=True, kw_only=True):
    """The machine credential that a run was made with; nothing secret."""

    alias: str
    abn: str
    name: str
    serial: str
    not_before: str
    not_after: str
    sha256: str
    """Fingerprint of the DER certificate, hex."""
    origin: str
    """`kit` for a synthetic one, `operator` for one that was given."""


class Remark(Record, frozen=True, kw_only=True):
    """Something the run wants its reader to know that is not the outcome of a check."""

    blame: Blame
    text: str


class DoctorFinding(Record, frozen=True, kw_only=True):
    """One thing that the pre-flight examination looked at."""

    check: str
    """What was looked at, in a word or two."""
    ok: bool
    owner: Blame
    """Who has to act if it is not."""
    sentence: str
    advice: str = ""
    """What to try; empty if all is well."""
    fatal: bool = True
    """Whether a run cannot be trusted to work as long as it is not ok."""


class Latency(Record, frozen=True, kw_only=True):
    """How long one kind of call took, from the question to the harness to its answer."""

    name: str
    """`token, first`, `token, held`, or the operation."""
    calls: int
    median_ms: float
    p95_ms: float


class Measurement(Record, frozen=True, kw_only=True):
    """How an implementation performed in the measuring conversation: figures, never a verdict."""

    subject: str
    """`product`, or `reference`."""
    carrier: str
    latencies: tuple[Latency, ...]
    calls: int
    """Calls that it was asked to make in a row, nothing forgotten in between: of the registry, or for a token
    where a profile demands nothing of the registry."""
    token_requests: int
    """Requests to the token service that it needed for them."""
    retries: int | None = None
    """Requests that it repeated when the service was out of order for a moment; None if not measured."""
    note: str = ""


class Run(Record, frozen=True, kw_only=True):
    """One run of the suite against one implementation: everything the verdict is computed from."""

    kit_version: str
    profile: Profile
    catalogue_digest: str
    vectors_digest: str
    started: str
    finished: str
    seed: int
    carrier: str
    """`process`, `http` or `in-process`."""
    target: str
    """The SPEC that was given, without secrets."""
    implementation: Implementation | None = None
    credential: Credential | None = None
    environment: dict[str, str] = {}
    planned: tuple[Point, ...] = ()
    """Every point that collection found for the profile."""
    results: tuple[Result, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    remarks: tuple[Remark, ...] = ()
    harness_failure: str = ""
    """Why the harness could not start or broke the contract; empty when it did neither."""
    interrupted: bool = False
    registration: Registration | None = None
    """Of the plan file, if there was one."""
    attestations: tuple[Attestation, ...] = ()
    doctor: tuple[DoctorFinding, ...] = ()
    """What the pre-flight examination found; empty when it was not held."""
    performance: tuple[Measurement, ...] = ()
    """Of the product, and of the reference in the same run; empty when it was not measured."""
    shard: str = ""
    """`2/4` when this is the second of four parts; `evte merge` joins them."""


class Verdict(Record, frozen=True, kw_only=True):
    """What the results of a run amount to."""

    readiness: Readiness
    sentence: str
    """Why, in one sentence."""
    missing: tuple[str, ...] = ()
    """Points without a settled result, `ID` or `ID[case]`."""
    blocking: tuple[str, ...] = ()
    unwaivable: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    """Points that do not apply, each declared and probed, or out of the kit's reach."""
    counts: dict[str, int] = {}
    """Number of points per status, scoring ones only."""
    valid_until: str = ""
    """Date; empty unless ready."""
    waiver_errors: tuple[str, ...] = ()
    """Waivers that admit nothing: expired, stale, for another failure, or for too long."""
    waiver_notices: tuple[str, ...] = ()
    """Waivers that will soon end."""
    open_questions: tuple[str, ...] = ()
    """Ids of the profile's questions that nobody has answered with yes, or as not applying."""


# --- what is said of a run besides its verdict ----------------------------------------------------


class ChangeKind(StrEnum):
    """How a point differs from the baseline, and why."""

    NEWLY_FAILING = "newly failing"
    MENDED = "mended"
    NEWLY_EXECUTED = "newly executed"
    NO_LONGER_EXECUTED = "no longer executed"
    KIT = "changed by kit upgrade"
    CONFIGURATION = "changed by configuration"
    FLAKY = "flaky"


class Change(Record, frozen=True, kw_only=True):
    """One point that stands otherwise than in the baseline."""

    requirement: str
    case: str
    kind: ChangeKind
    before: Status | None = None
    """None where the baseline had no result."""
    after: Status | None = None
    message: str = ""
    """Of the miss, now or then."""


class StoredRun(Record, frozen=True, kw_only=True):
    """What the trend keeps of an earlier run, or of a baseline."""

    started: str
    product: str
    version: str
    build: str
    profile: str
    kit_version: str
    readiness: Readiness
    counts: dict[str, int] = {}
    """Number of points per status, as in the verdict."""


class Changes(Record, frozen=True, kw_only=True):
    """What changed since the baseline, and why."""

    baseline: StoredRun
    changes: tuple[Change, ...]
    kit_differs: bool = False
    """Whether kit, catalogue, vectors or profile are others than then."""
    configuration_differs: tuple[str, ...] = ()
    """What of the configuration is other than then, in words."""
    build_differs: bool = False


class LookAlike(Record, frozen=True, kw_only=True):
    """An implementation of the kit's own whose declared mistake explains misses of the product."""

    mutant: str
    sentence: str
    """What is wrong with it, in one sentence."""
    mend: str
    requirements: tuple[str, ...]
    """Missed requirements of the product that it explains; the one that it is made for comes first."""
    similarity: float
    """Share of what either of the two misses that both miss, 0 to 1."""


class KillScore(Record, frozen=True, kw_only=True):
    """How sharp the kit is, as it was measured against its own wrong and right implementations."""

    measured: str
    """Date."""
    kit_version: str
    catalogue_digest: str
    mutants: int
    caught: int
    """Mutants that fail for their declared reason."""
    variants: int
    """Right implementations that differ in what the sources leave open."""
    false_alarms: int


class StoredFile(Record, frozen=True, kw_only=True):
    """A file that the lines of a stored example name."""

    path: str
    """As the lines have it; the file there is gone."""
    content: str
    """Base64."""


class CounterExample(Record, frozen=True, kw_only=True):
    """A failure that can be tried again exactly as it was."""

    name: str
    """File name in `replay/` without its ending."""
    requirement: str
    case: str
    profile: str
    seed: int
    status: Status
    subcode: Subcode | None
    message: str
    expected: str
    actual: str
    lines: tuple[str, ...]
    """The messages to the harness, one line of the contract each, as they were sent; no secret of the
    operator's."""
    method: str = ""
    needs: tuple[str, ...] = ()
    """What the lines need besides the harness, in words: a file, the simulated services."""
    choices: str = ""
    """Hypothesis's own record of what was drawn; empty where nothing was."""
    drawn: str = ""
    """What was drawn, as Python shows it, bounded; empty where nothing was, and for a story."""
    hypothesis: str = ""
    """Version that made the record."""
    files: tuple[StoredFile, ...] = ()
    """Credential stores that the lines name, if they are the kit's own and small."""


class Report(Record, frozen=True, kw_only=True):
    """The content of `report.json`."""

    schema: str
    run: Run
    verdict: Verdict
    requirements: tuple[Requirement, ...]
    """The requirements of the profile and every other one that has a result."""
    evidence: tuple[Evidence, ...] = ()
    changes: Changes | None = None
    """Against the baseline, if one was given."""
    trend: tuple[StoredRun, ...] = ()
    """Earlier runs of the same profile, oldest first, this one not among them."""
    look_alikes: tuple[LookAlike, ...] = ()
    """The most similar first."""
    kill_score: KillScore | None = None
    """None until it is measured."""
    counter_examples: tuple[CounterExample, ...] = ()
    questions: tuple[Question, ...] = ()
    """Those that the profile asks."""
