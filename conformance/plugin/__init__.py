"""The pytest plugin: options, the fixtures `iut` and `bench`, and the record of every check.

It turns what pytest observes into `model.Result` records, and those into a report when the session
ends.  It judges nothing itself: checks demand, `conformance.verdict` concludes.

Without `--iut` the plugin does nothing at all, so that it is harmless where the kit merely happens to be
installed; collecting a check of the suite then is a usage error rather than a green run of skips.
"""

from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.plugin.closing import report_of
from conformance.plugin.conductor import CONDUCTOR, Background, Choices, Conductor, Listener
from conformance.plugin.declared import compare
from conformance.plugin.figures import is_due, measured
from conformance.plugin.outcome import DoesNotApply, judge, point_of, result_of

if TYPE_CHECKING:  # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.errors import OperatorError
    from conformance.model import Evidence, Profile, Requirement
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
    group.addoption("--evte-folder", metavar="DIR", default="", help="where a harness is started")


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
        folder=Path(folder) if (folder := config.getoption("--evte-folder")) else None,
    )
    try:
        profile = catalogue.profile(choices.profile)
        known = catalogue.requirements()
        for wanted in choices.only:
            check_selection(wanted, known)
    except EvteError as error:
        raise pytest.UsageError(str(error)) from error
    if choices.out is not None:
        try:
            clear(choices.out)
        except EvteError as error:
            raise pytest.UsageError(str(error)) from error
    listener = config.pluginmanager.get_plugin(LISTENER)
    background = config.pluginmanager.get_plugin(BACKGROUND) or Background()
    config.stash[CONDUCTOR] = Conductor(choices, profile, known, datetime.now(UTC), background, listener)


_WRITTEN: Final = (
    *("report.html", "report.json", "report.sarif", "report.pdf", "junit.xml", "summary.md"),
    *("requirements.csv", "badge.svg", "badge.json", "manifest.json", "manifest.sig.xml"),
    *("evidence/*.json", "replay/*.json", "replay/*.jsonl", "replay/*.store-*.xml"),
)
"""What a report consists of, besides the raw results; in the folder nothing else is touched."""


def clear(out: Path) -> None:
    """Make the folder and clear away an earlier run's report: it must not pass for this run's.

    Raises:
        OperatorError: the folder cannot be written.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        for pattern in _WRITTEN:
            for path in out.glob(pattern):
                path.unlink()
        (out / "results.ndjson").write_bytes(b"")
    except OSError as error:
        raise unwritable(out, error) from error


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
    from conformance import shards
    from conformance.errors import EmptySelectionError, KitError
    from conformance.model import Status

    wanted = frozenset(conductor.profile.requirements)
    points = [(item, point_of(item, conductor)) for item in checks]
    conductor.planned += [point for _, point in points if point.requirement in wanted]
    # The plan is the whole profile's on every machine; what another part runs has no result here at all.
    shard = conductor.background.shard
    mine = shards.share(shards.read(shard), conductor.planned) if shard else wanted
    only = conductor.choices.only
    selected = {item for item, point in points if point.requirement in wanted and _selected(point, only)}
    run, outside = [], []
    for item, point in points:
        if point.requirement not in wanted or point.requirement not in mine:
            outside.append(item)
        elif item in selected:
            run.append(item)
        else:
            outside.append(item)
            conductor.record(result_of(conductor, point, Status.SKIP, message="deselected by the operator"))
    if len(set(conductor.planned)) != len(conductor.planned):
        twice = [point.case for point, count in Counter(conductor.planned).items() if count > 1]
        raise KitError(f"two checks of one requirement have the same name: {', '.join(twice)}")
    if only and not selected:
        raise EmptySelectionError(
            "the selection takes in no check of the profile",
            expected=f"ids of the profile {conductor.profile.name}, beginnings of ids, or ID[case] in full",
            found=", ".join(only),
            advice="`evte catalogue --profile NAME` lists the ids; a case is named in report.html",
        )
    left_out = frozenset(outside)
    items[:] = [item for item in items if item not in left_out]
    if outside:
        config.hook.pytest_deselected(items=outside)
    if conductor.listener is not None:
        conductor.listener.planned(len(run))


def _selected(point: Any, only: tuple[str, ...]) -> bool:  # noqa: ANN401 - as above
    """Whether `--only` takes a point in: by id, by the beginning of an id, or by `ID[case]`."""
    if not only:
        return True
    from conformance.verdict import label

    full = label(point)
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
            choices.iut,
            resolve=resolve,
            cwd=choices.folder,
            kit_version=__version__,
            deadline_s=choices.deadline_s,
        )
        started = conductor.session.start()
        conductor.remarks += compare(conductor.background.capabilities, started.implementation.capabilities)
    except HarnessError as error:
        conductor.harness_failure = str(error)
        return True
    except EvteError as error:
        conductor.failure = error
        return True
    replaying = conductor.background.replaying
    budget = Budget(choices.seed, choices.examples, choices.deadline_s, replaying)
    conductor.iut = Iut(conductor.session, budget)
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
        conductor.confided = bench.confided
        conductor.remarks.extend(bench.remarks)
        yield bench
        if is_due(conductor) and request.session.exitstatus is not pytest.ExitCode.INTERRUPTED:
            conductor.performance = measured(conductor, bench)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Give the check a fresh ledger, and leave out what does not apply."""
    conductor = item.config.stash.get(CONDUCTOR, None)
    if conductor is None or conductor.iut is None or item.get_closest_marker("requirement") is None:
        return
    from conformance.suite.iut import Ledger

    conductor.iut.ledger = Ledger()
    point = point_of(item, conductor)
    if conductor.listener is not None:
        conductor.listener.begins(point.requirement, point.case)
    for name in (conductor.known[point.requirement].method, *_operations(item)):
        if name in conductor.profile.may_be_absent and not conductor.iut.session.supports(name):
            if name not in conductor.absent:
                _probe_absence(conductor.iut, name)
                conductor.absent.add(name)
            raise DoesNotApply(f"{name} is declared absent, and a call of it was answered so")


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
        result = judge(conductor, item, error, (call.stop - call.start) * 1000)
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
    conductor.report = conductor.cleaned(report_of(conductor))
    from conformance.verdict import exit_code

    conductor.exit_code = exit_code(conductor.report.verdict, conductor.report.run)
    if conductor.failure is not None:
        conductor.exit_code = getattr(conductor.failure, "exit_code", 5)
    if conductor.choices.out is not None:
        from conformance import report
        from conformance.errors import EvteError

        try:
            report.write(
                conductor.report,
                conductor.choices.out,
                signer=conductor.background.signer,
                secrets=conductor.guard,
                pdf=conductor.background.pdf,
            )
        except (OSError, EvteError) as error:  # a verdict without its report is none
            told = error if isinstance(error, EvteError) else unwritable(conductor.choices.out, error)
            conductor.failure = told
            conductor.exit_code, conductor.report = told.exit_code, None
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


__all__ = ["BACKGROUND", "CONDUCTOR", "LISTENER", "SUITE", "Background", "Choices", "Conductor", "Listener"]
