"""The pytest plugin: options, the fixtures `iut` and `bench`, and the record of every check.

It turns what pytest observes into `model.Result` records, and those into a report when the session
ends.  It judges nothing itself: checks demand, `conformance.verdict` concludes.

Without `--iut` the plugin does nothing at all, so that it is harmless where the kit merely happens to be
installed; collecting a check of the suite then is a usage error rather than a green run of skips.
"""

import platform
import shlex
import subprocess
import sys
import traceback
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import pytest

if TYPE_CHECKING:  # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.adapters.session import Session
    from conformance.errors import OperatorError
    from conformance.model import (
        Attestation,
        CounterExample,
        DoctorFinding,
        Evidence,
        LookAlike,
        Measurement,
        Profile,
        Registration,
        Remark,
        Report,
        Requirement,
        Result,
        StoredRun,
        Waiver,
    )
    from conformance.report.signing import Signer
    from conformance.simulators.bench import Bench
    from conformance.suite.iut import Iut

SUITE: Final = "conformance.suite"
LISTENER: Final = "evte-listener"
"""Name under which a `Listener` may be registered with pytest's plugin manager."""
BACKGROUND: Final = "evte-background"
"""Name under which a `Background` may be registered there."""

_NO_IUT: Final = """no implementation under test was given, so the suite would test nothing.
  expected: --iut SPEC
  try: --iut reference
       --iut "cmd:COMMAND LINE OF YOUR HARNESS"
       --iut http://127.0.0.1:PORT/
       --iut python:module:attribute"""


class Listener(Protocol):
    """Somebody who watches a run, for instance a progress display."""

    def planned(self, total: int) -> None:
        """Collection is over; this many checks will run."""

    def begins(self, requirement: str, case: str) -> None:
        """A check begins."""

    def ends(self, result: "Result") -> None:
        """A check has its outcome."""


@dataclass(slots=True)
class Choices:
    """What the operator asked for."""

    iut: str
    profile: str
    out: Path | None
    only: tuple[str, ...]
    seed: int
    examples: int
    deadline_s: float | None
    keystore: Path | None
    alias: str
    password_env: str
    trust: tuple[Path, ...]
    org_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a run is judged and told against, besides what it learns."""

    waivers: "tuple[Waiver, ...]" = ()
    registration: "Registration | None" = None
    attestations: "tuple[Attestation, ...]" = ()
    doctor: "tuple[DoctorFinding, ...]" = ()
    baseline: "Report | None" = None
    """An earlier report to compare with."""
    trend: "tuple[StoredRun, ...]" = ()
    """Earlier runs of the same profile, oldest first."""
    shard: str = ""
    """`2/4`: only the second of four parts of the profile is run."""
    measure: bool = False
    """Whether the performance is measured when the checks are over."""
    replaying: "CounterExample | None" = None
    """The stored example that a property tries instead of searching."""
    signer: "Signer | None" = None
    pdf: bool = False


@dataclass(slots=True)
class Conductor:
    """The state of one run; lives in the pytest configuration, never in a module."""

    choices: Choices
    profile: "Profile"
    known: "Mapping[str, Requirement]"
    started: datetime
    background: Background = field(default_factory=Background)
    listener: Listener | None = None
    session: "Session | None" = None
    iut: "Iut | None" = None
    planned: list[Any] = field(default_factory=list)
    results: list["Result"] = field(default_factory=list)
    evidence: dict[str, "Evidence"] = field(default_factory=dict)
    remarks: list[Any] = field(default_factory=list)
    counter_examples: list["CounterExample"] = field(default_factory=list)
    performance: tuple["Measurement", ...] = ()
    secrets: dict[str, str | bytes | int] = field(default_factory=dict)
    """What no file of the report may hold: the name of each secret, and the secret."""
    absent: set[str] = field(default_factory=set)
    """Methods and operations that a probe found as absent as they are declared."""
    credential: Any = None
    harness_failure: str = ""
    failure: Exception | None = None
    """An operator's or the kit's error that ended the run early."""
    interrupted: bool = False
    report: "Report | None" = None
    exit_code: int = 0

    def keep(self, evidence: "Evidence") -> str:
        """Keep a transcript for the report and return its id."""
        self.evidence[evidence.id] = evidence
        return evidence.id

    def record(self, result: "Result") -> None:
        """Keep a result, write it down at once, and tell whoever watches."""
        import msgspec

        self.results.append(result)
        if self.choices.out is not None:
            with (self.choices.out / "results.ndjson").open("ab") as lines:
                lines.write(msgspec.json.encode(result) + b"\n")
        if self.listener is not None:
            self.listener.ends(result)


CONDUCTOR: Final = pytest.StashKey[Conductor]()


class _DoesNotApply(Exception):  # noqa: N818 - an outcome
    """The profile allows the capability to be absent, the vendor declared it so, and a probe agreed."""


# --- options and start ----------------------------------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the options; all but `--iut` carry the kit's name so that they collide with nobody's."""
    group = parser.getgroup("evte", "EVTE conformance kit")
    group.addoption("--iut", metavar="SPEC", default="", help="implementation under test")
    group.addoption("--evte-profile", metavar="NAME", default="usi-local", help="frozen set of requirements")
    group.addoption("--evte-out", metavar="DIR", default="", help="where the report goes")
    group.addoption("--evte-only", metavar="ID", action="append", default=[], help="only these requirements")
    group.addoption("--evte-seed", metavar="N", type=int, default=0, help="seed of everything random")
    group.addoption("--evte-examples", metavar="N", type=int, default=60, help="examples per property")
    group.addoption("--evte-deadline", metavar="SECONDS", type=float, default=None, help="per call")
    group.addoption("--evte-keystore", metavar="FILE", default="", help="your own keystore")
    group.addoption("--evte-alias", metavar="ID", default="", help="credential in it")
    group.addoption("--evte-password-env", metavar="NAME", default="", help="variable with its password")
    group.addoption("--evte-trust", metavar="PEM", action="append", default=[], help="extra trust anchors")
    group.addoption("--evte-org-code", metavar="CODE", default="", help="organisation code to use")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run when an implementation was given."""
    config.addinivalue_line("markers", "requirement(id): the requirement that a check settles")
    config.addinivalue_line("markers", "operation(name): an operation of the registry that a check calls")
    if not config.getoption("--iut"):
        return
    from conformance import catalogue
    from conformance.errors import EvteError

    choices = Choices(
        iut=config.getoption("--iut"),
        profile=config.getoption("--evte-profile"),
        out=Path(out) if (out := config.getoption("--evte-out")) else None,
        only=tuple(config.getoption("--evte-only")),
        seed=config.getoption("--evte-seed"),
        examples=config.getoption("--evte-examples"),
        deadline_s=config.getoption("--evte-deadline"),
        keystore=Path(keystore) if (keystore := config.getoption("--evte-keystore")) else None,
        alias=config.getoption("--evte-alias"),
        password_env=config.getoption("--evte-password-env"),
        trust=tuple(Path(path) for path in config.getoption("--evte-trust")),
        org_code=config.getoption("--evte-org-code"),
    )
    try:
        profile = catalogue.profile(choices.profile)
        known = catalogue.requirements()
        for wanted in choices.only:
            check_selection(wanted, known)
    except EvteError as error:
        raise pytest.UsageError(str(error)) from error
    if choices.out is not None:
        _prepare(choices.out)
    listener = config.pluginmanager.get_plugin(LISTENER)
    background = config.pluginmanager.get_plugin(BACKGROUND) or Background()
    config.stash[CONDUCTOR] = Conductor(choices, profile, known, datetime.now(UTC), background, listener)


def _prepare(out: Path) -> None:
    """Make the folder and clear away an earlier run's report: it must not pass for this run's.

    Raises:
        pytest.UsageError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name in ("report.html", "report.json", "junit.xml", "summary.md"):
            (out / name).unlink(missing_ok=True)
        for transcript in out.glob("evidence/*.json"):
            transcript.unlink()
        (out / "results.ndjson").write_bytes(b"")
    except OSError as error:
        raise pytest.UsageError(str(unwritable(out, error))) from error


def unwritable(out: Path, error: OSError) -> "OperatorError":
    """Return the error of a folder that cannot take the report."""
    from conformance.errors import OperatorError

    return OperatorError(
        "the report cannot be written",
        expected="a folder that may be written to, with room in it",
        found=error.strerror or str(error),
        where=str(out),
        advice="name another folder with --out",
    )


def check_selection(wanted: str, known: "Mapping[str, Requirement]") -> None:
    """Refuse a selection that matches no requirement, and name the nearest."""
    from conformance import catalogue

    identifier = wanted.partition("[")[0]
    if not identifier or not any(name.startswith(identifier) for name in known):
        catalogue.requirement(identifier)


# --- collection -----------------------------------------------------------------------------------


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Plan the run: which checks count for the profile, which of them run."""
    checks = [item for item in items if item.get_closest_marker("requirement")]
    if not checks:
        return
    conductor = config.stash.get(CONDUCTOR, None)
    if conductor is None:
        raise pytest.UsageError(_NO_IUT)
    from conformance.errors import EvteError

    try:
        _plan(config, conductor, items, checks)
    except EvteError as error:  # told at the end, once
        conductor.failure = error
        conductor.planned.clear()
        items.clear()


def _plan(
    config: pytest.Config, conductor: Conductor, items: list[pytest.Item], checks: list[pytest.Item]
) -> None:
    from conformance.errors import KitError, OperatorError
    from conformance.model import Status

    wanted = frozenset(conductor.profile.requirements)
    run, outside = [], []
    for item in checks:
        point = _point(item, conductor)
        if point.requirement not in wanted:
            outside.append(item)
            continue
        conductor.planned.append(point)
        if _selected(point, conductor.choices.only):
            run.append(item)
        else:
            outside.append(item)
            conductor.record(_result(conductor, point, Status.SKIP, message="deselected by the operator"))
    if len(set(conductor.planned)) != len(conductor.planned):
        twice = [point.case for point, count in Counter(conductor.planned).items() if count > 1]
        raise KitError(f"two checks of one requirement have the same name: {', '.join(twice)}")
    if conductor.choices.only and not run:
        raise OperatorError(
            "the selection takes in no check of the profile",
            expected=f"ids of the profile {conductor.profile.name}, beginnings of ids, or ID[case] in full",
            found=", ".join(conductor.choices.only),
            advice="`evte catalogue --profile NAME` lists the ids; a case is named in report.html",
        )
    left_out = frozenset(outside)
    items[:] = [item for item in items if item not in left_out]
    if outside:
        config.hook.pytest_deselected(items=outside)
    if conductor.listener is not None:
        conductor.listener.planned(len(run))


def _point(item: pytest.Item, conductor: Conductor) -> Any:  # noqa: ANN401 - model.Point, imported late
    from conformance.errors import KitError
    from conformance.model import Point

    markers = list(item.iter_markers("requirement"))
    identifier = markers[0].args[0]
    if len(markers) != 1 or identifier not in conductor.known or conductor.known[identifier].excluded:
        raise KitError(
            f"the check {item.name} must cite one requirement that the catalogue knows and checks",
            found=", ".join(marker.args[0] for marker in markers),
        )
    return Point(requirement=identifier, case=item.name.removeprefix("test_"))


def _selected(point: Any, only: tuple[str, ...]) -> bool:  # noqa: ANN401 - as above
    """Whether `--only` takes a point in: by id, by the beginning of an id, or by `ID[case]`."""
    if not only:
        return True
    full = f"{point.requirement}[{point.case}]"
    return any(full == wanted or ("[" not in wanted and full.startswith(wanted)) for wanted in only)


# --- the run --------------------------------------------------------------------------------------


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Start the implementation before the first check; without it there is nothing to run."""
    conductor = session.config.stash.get(CONDUCTOR, None)
    if conductor is None or not conductor.planned or session.config.option.collectonly:
        return None
    from conformance import __version__
    from conformance.adapters.session import attach
    from conformance.errors import EvteError, HarnessError
    from conformance.reference import resolve
    from conformance.suite import Budget
    from conformance.suite.iut import Iut

    choices = conductor.choices
    try:
        conductor.session = attach(
            choices.iut, resolve=resolve, kit_version=__version__, deadline_s=choices.deadline_s
        )
        conductor.session.start()
    except HarnessError as error:
        conductor.harness_failure = str(error)
        return True
    except EvteError as error:
        conductor.failure = error
        return True
    conductor.iut = Iut(conductor.session, Budget(choices.seed, choices.examples, choices.deadline_s))
    return None


@pytest.fixture(scope="session")
def iut(request: pytest.FixtureRequest) -> "Iut":
    """The implementation under test."""
    conductor = request.config.stash.get(CONDUCTOR, None)
    if conductor is None or conductor.iut is None:
        raise pytest.UsageError(_NO_IUT)
    return conductor.iut


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest) -> "Profile":
    """The profile of the run."""
    return request.config.stash[CONDUCTOR].profile


@pytest.fixture(scope="session")
def keep_evidence(request: pytest.FixtureRequest) -> "Callable[[Evidence], str]":
    """Keep a redacted transcript for the report; returns its id."""
    return request.config.stash[CONDUCTOR].keep


@pytest.fixture(scope="session")
def bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> "Iterator[Bench]":
    """The simulated services and the credential of the run."""
    from conformance.simulators.bench import Bench, OperatorCredential

    conductor = request.config.stash[CONDUCTOR]
    choices = conductor.choices
    own = None
    if choices.keystore is not None:
        own = OperatorCredential.from_environment(
            keystore=choices.keystore,
            alias=choices.alias,
            password_env=choices.password_env,
            trust=choices.trust,
            org_code=choices.org_code,
            now=conductor.started,
        )
    with Bench(
        conductor.started,
        choices.seed,
        tmp_path_factory.mktemp("bench"),
        credential=own,
        act_as=conductor.profile.act_as,
        applies_to=conductor.profile.applies_to,
    ) as bench:
        conductor.credential = bench.credential_facts
        conductor.remarks.extend(bench.remarks)
        yield bench


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the check a fresh ledger, and leave out what does not apply."""
    conductor = item.config.stash.get(CONDUCTOR, None)
    if conductor is None or conductor.iut is None or item.get_closest_marker("requirement") is None:
        return
    from conformance.suite.iut import Ledger

    conductor.iut.ledger = Ledger()
    point = _point(item, conductor)
    if conductor.listener is not None:
        conductor.listener.begins(point.requirement, point.case)
    for name in (conductor.known[point.requirement].method, *_operations(item)):
        if name in conductor.profile.may_be_absent and not conductor.iut.session.supports(name):
            if name not in conductor.absent:
                _probe_absence(conductor.iut, name)
                conductor.absent.add(name)
            raise _DoesNotApply(f"{name} is declared absent, and a call of it was answered so")


def _operations(item: pytest.Item) -> Iterator[str]:
    """Yield the operations that a check calls, as they are declared among the capabilities."""
    from conformance.adapters.contract import FURTHER_OPERATIONS

    named = [marker.args[0] for marker in item.iter_markers("operation")]
    case = getattr(item, "callspec", None) and item.callspec.params.get("case")  # type: ignore[attr-defined]
    if case is not None and getattr(case, "method", "") == "usi.call":
        named.append(case.input.get("operation", ""))
    yield from (FURTHER_OPERATIONS[name] for name in named if name in FURTHER_OPERATIONS)


def _probe_absence(iut: "Iut", name: str) -> None:
    """Make sure that what is declared absent, a method or an operation, is absent.

    Raises:
        ImplementationError: the declaration is not true.
    """
    from conformance.adapters.contract import FURTHER_OPERATIONS, METHODS, Outcome
    from conformance.errors import ImplementationError
    from conformance.model import Subcode

    operation = next((known for known, marker in FURTHER_OPERATIONS.items() if marker == name), "")
    method = "usi.call" if operation else name
    parameters: dict[str, Any] = dict.fromkeys(METHODS[method].parameters, "222222222")
    if operation:
        parameters |= {"operation": operation, "request": {}}
    answer = iut.session.call(method, parameters)
    if answer.outcome is not Outcome.UNSUPPORTED:
        raise ImplementationError(
            f"{name} is declared absent but was answered as {answer.outcome}",
            subcode=Subcode.PROTOCOL_ERROR,
            expected="unsupported",
            found=answer.outcome.value,
            advice=f"declare {name} among the capabilities, or answer it as unsupported",
        )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn the outcome of a check into a result, once per check."""
    report = yield
    conductor = item.config.stash.get(CONDUCTOR, None)
    if conductor is None or item.get_closest_marker("requirement") is None:
        return report
    settled = call.when == "call" or (call.when == "setup" and call.excinfo is not None)
    if settled and not (call.excinfo is not None and call.excinfo.errisinstance(KeyboardInterrupt)):
        error = call.excinfo.value if call.excinfo is not None else None
        result = _judge(conductor, item, error, (call.stop - call.start) * 1000)
        conductor.record(result)
        if report.outcome == "failed" and result.status.value in {"warn", "not_applicable"}:
            report.outcome, report.wasxfail = "skipped", f"{result.status}: {result.message}"
    elif call.when == "teardown" and call.excinfo is not None:
        conductor.failure = conductor.failure or _as_exception(call.excinfo.value)
    if conductor.harness_failure or conductor.failure is not None:
        item.session.shouldstop = "the run cannot go on"
    return report


def pytest_keyboard_interrupt(excinfo: pytest.ExceptionInfo[BaseException]) -> None:
    """Nothing to do here: the session's end sees the interruption in its exit status."""


def _as_exception(error: BaseException) -> Exception:
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def _judge(
    conductor: Conductor, item: pytest.Item, error: BaseException | None, duration_ms: float
) -> "Result":
    """Say what a check's outcome is, by the family of its error."""
    from hypothesis.errors import Flaky

    from conformance.errors import (
        EvteError,
        HarnessError,
        ImplementationError,
        Inconclusive,
        NotTestable,
        OperatorError,
        OutOfReach,
    )
    from conformance.model import Blame, Level, Status, Subcode

    point = _point(item, conductor)
    requirement = conductor.known[point.requirement]
    ledger = conductor.iut.ledger if conductor.iut is not None else None
    status, subcode, blame = Status.PASS, None, None
    if error is None and ledger is not None and ledger.warnings:
        error, status = ledger.warnings[0], Status.WARN
        subcode, blame = Subcode.REASON_UNSTATED, Blame.IMPLEMENTATION
    elif isinstance(error, _DoesNotApply):
        status = Status.NOT_APPLICABLE
    elif isinstance(error, OutOfReach):
        status, blame = Status.NOT_APPLICABLE, Blame.ENVIRONMENT
        conductor.remarks.append(_out_of_reach(point, error))
    elif isinstance(error, ImplementationError):
        status, subcode, blame = Status.FAIL, Subcode(error.subcode), Blame.IMPLEMENTATION
        unwaivable = subcode is Subcode.SECRET_LEAK or (
            subcode is Subcode.ACCEPTED_INVALID and requirement.security
        )
        if requirement.level is not Level.MUST and not unwaivable:
            status = Status.WARN
    elif isinstance(error, NotTestable):
        status, blame = Status.NOT_TESTABLE, Blame.IMPLEMENTATION
    elif isinstance(error, Inconclusive):
        status, blame = Status.INCONCLUSIVE, Blame.IMPLEMENTATION
    elif isinstance(error, Flaky):
        status, subcode, blame = Status.INCONCLUSIVE, Subcode.NONDETERMINISTIC, Blame.IMPLEMENTATION
        error = Inconclusive("the same input was answered differently when it was asked again")
    elif isinstance(error, HarnessError):
        status, subcode, blame = Status.INCONCLUSIVE, Subcode.PROTOCOL_ERROR, Blame.HARNESS
        conductor.harness_failure = str(error)
    elif isinstance(error, OperatorError):
        status, blame = Status.INCONCLUSIVE, Blame.CONFIGURATION
        conductor.failure = error
    elif error is not None:
        status, blame = Status.KIT_ERROR, Blame.KIT
    details = error if isinstance(error, EvteError) else None
    return _result(
        conductor,
        point,
        status,
        subcode=subcode,
        blame=blame,
        message=details.message if details else _told(error),
        expected=details.expected if details else "",
        actual=details.found if details else _traced(error),
        where=details.where if details else "",
        hint=details.advice if details else "",
        example=ledger.last_request if ledger is not None and status is not Status.PASS else "",
        evidence=tuple(ledger.evidence) if ledger is not None else (),
        duration_ms=round(duration_ms, 3),
    )


def _out_of_reach(point: Any, error: Any) -> "Remark":  # noqa: ANN401 - model.Point and errors.OutOfReach
    from conformance.model import Blame, Remark

    advice = f" {error.advice[:1].upper()}{error.advice[1:].rstrip('.')}." if error.advice else ""
    text = f"{point.requirement} was not looked at: {error.message.rstrip('.')}.{advice}"
    return Remark(blame=Blame.ENVIRONMENT, text=text)


def _told(error: BaseException | None) -> str:
    return "" if error is None else str(error) or type(error).__name__


def _traced(error: BaseException | None) -> str:
    """Return the traceback of a kit error; it goes into the report that we ask for, not to the terminal."""
    if error is None or isinstance(error, _DoesNotApply):
        return ""
    return "".join(traceback.format_exception(error)[-6:])


def _result(
    conductor: Conductor,
    point: Any,  # noqa: ANN401 - model.Point, imported late
    status: Any,  # noqa: ANN401 - model.Status
    *,
    message: str,
    hint: str = "",
    **fields: Any,  # noqa: ANN401 - fields of model.Result
) -> "Result":
    from conformance.model import Result

    requirement = conductor.known[point.requirement]
    remedy = requirement.mend.get("any", "")
    passed = status.value in {"pass", "not_applicable", "skip"}
    return Result(
        requirement=point.requirement,
        case=point.case,
        status=status,
        level=requirement.level,
        message=message,
        remediation="" if passed else " ".join(filter(None, (hint and f"{hint.rstrip('.')}.", remedy))),
        replay="" if passed else replay_command(conductor.choices, point.requirement, point.case),
        **fields,
    )


def replay_command(choices: Choices, requirement: str, case: str) -> str:
    """Return the command line that runs one point again, quoted for this platform's shell."""
    words = ["evte", "run", "--iut", choices.iut, "--profile", choices.profile]
    if choices.seed:
        words += ["--seed", str(choices.seed)]
    if choices.keystore is not None:
        words += ["--keystore", str(choices.keystore), "--alias", choices.alias]
        words += ["--password-env", choices.password_env]
    words += ["--only", f"{requirement}[{case}]"]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)


# --- the end --------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Close the implementation, compute the verdict, write the report, set the exit status."""
    conductor = session.config.stash.get(CONDUCTOR, None)
    if conductor is not None and conductor.failure is not None and not conductor.planned:
        session.exitstatus = getattr(conductor.failure, "exit_code", 5)
    if conductor is None or not conductor.planned or session.config.option.collectonly:
        return
    conductor.interrupted = exitstatus == pytest.ExitCode.INTERRUPTED and session.shouldstop is False
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR and conductor.failure is None:
        from conformance.errors import KitError

        conductor.failure = KitError("the test runner failed inside", advice="please report this to us")
    if conductor.session is not None:
        conductor.session.close()
        conductor.remarks.extend(conductor.session.remarks)
    conductor.report = _report(conductor)
    from conformance.verdict import exit_code

    conductor.exit_code = exit_code(conductor.report.verdict, conductor.report.run)
    if conductor.failure is not None:
        conductor.exit_code = getattr(conductor.failure, "exit_code", 5)
    if conductor.choices.out is not None:
        from conformance import report

        try:
            report.write(
                conductor.report,
                conductor.choices.out,
                signer=conductor.background.signer,
                secrets=conductor.secrets,
                pdf=conductor.background.pdf,
            )
        except OSError as error:  # a verdict without its report is none
            conductor.failure = unwritable(conductor.choices.out, error)
            conductor.exit_code, conductor.report = conductor.failure.exit_code, None
    session.exitstatus = conductor.exit_code


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Under plain pytest, end with the verdict."""
    conductor = config.stash.get(CONDUCTOR, None)
    if conductor is None:
        return
    if conductor.report is None:
        if conductor.failure is not None:
            terminalreporter.write_line(str(conductor.failure))
        return
    verdict = conductor.report.verdict
    terminalreporter.section(f"{verdict.readiness}: {conductor.profile.name}")
    terminalreporter.write_line(verdict.sentence)
    for line in (conductor.harness_failure, str(conductor.failure or "")):
        if line:
            terminalreporter.write_line(line)


def _report(conductor: Conductor) -> "Report":
    from conformance import __version__, catalogue, vectors
    from conformance.model import REPORT_SCHEMA, Report, Run
    from conformance.report import comparison, kill_score
    from conformance.verdict import decide

    choices, background = conductor.choices, conductor.background
    finished = datetime.now(UTC)
    session = conductor.session
    run = Run(
        kit_version=__version__,
        profile=conductor.profile,
        catalogue_digest=catalogue.digest(),
        vectors_digest=vectors.digest(),
        started=_stamp(conductor.started),
        finished=_stamp(finished),
        seed=choices.seed,
        carrier=session.carrier if session is not None else "",
        target=choices.iut,
        implementation=(
            session.initialized.implementation if session is not None and session.initialized else None
        ),
        credential=conductor.credential,
        environment=_environment(choices),
        planned=tuple(conductor.planned),
        results=tuple(conductor.results),
        remarks=(*conductor.remarks, *_ended_early(conductor)),
        harness_failure=conductor.harness_failure,
        interrupted=conductor.interrupted,
        waivers=background.waivers,
        registration=background.registration,
        attestations=background.attestations,
        doctor=background.doctor,
        performance=conductor.performance,
        shard=background.shard,
    )
    security = frozenset(name for name, requirement in conductor.known.items() if requirement.security)
    named = dict.fromkeys((*conductor.profile.requirements, *(result.requirement for result in run.results)))
    questions = catalogue.questions()
    report = Report(
        schema=REPORT_SCHEMA,
        run=run,
        verdict=decide(run, security=security, today=finished.date()),
        requirements=tuple(conductor.known[name] for name in named),
        evidence=tuple(conductor.evidence.values()),
        trend=background.trend,
        look_alikes=_look_alikes(conductor),
        kill_score=kill_score.read(),
        counter_examples=tuple(conductor.counter_examples),
        questions=tuple(questions[name] for name in conductor.profile.questions),
    )
    if background.baseline is None:
        return report
    import msgspec

    return msgspec.structs.replace(report, changes=comparison.compare(background.baseline, report))


def _look_alikes(conductor: Conductor) -> "tuple[LookAlike, ...]":
    """Say which of the kit's own wrong implementations the product resembles; read only where it fails."""
    from conformance.model import Status
    from conformance.report.look_alikes import Declared, look_alikes

    if not any(result.status in {Status.FAIL, Status.NOT_TESTABLE} for result in conductor.results):
        return ()
    from conformance.reference import load_mutants

    declared = {
        name: Declared(
            mutant=name,
            sentence=(kind.__doc__ or "").strip().splitlines()[0],
            mend=kind.declaration.mend,
            kills=kind.declaration.kills,
            also=tuple(kind.declaration.also),
        )
        for name, kind in load_mutants().items()
        if kind.declaration is not None
    }
    return look_alikes(conductor.results, declared)


def _ended_early(conductor: Conductor) -> "Iterator[Remark]":
    """Say in the report what ended the run, when it was neither the product nor its harness."""
    from conformance.errors import EvteError, OperatorError
    from conformance.model import Blame, Remark

    failure = conductor.failure
    if failure is not None:
        blame = Blame.CONFIGURATION if isinstance(failure, OperatorError) else Blame.KIT
        text = str(failure) if isinstance(failure, EvteError) else f"{type(failure).__name__}: {failure}"
        yield Remark(blame=blame, text=f"The run was ended early. {text}")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _environment(choices: Choices) -> dict[str, str]:
    from importlib.metadata import version

    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "examples per property": str(choices.examples),
    }
    for name in ("hypothesis", "pytest", "lxml", "cryptography", "signxml", "zeep"):
        found[name] = version(name)
    return found
