"""The main job as a function: run the suite against an implementation and return its report.

The command line, the notebooks and the self-tests all come through here, so that none of them can
see another verdict than the others.
"""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest

from conformance import catalogue, plugin, shards
from conformance.errors import KitError, OperatorError
from conformance.model import Attestation, Blame, Readiness, Remark, Report, Result, Waiver
from conformance.plan import Plan, attestations, waivers
from conformance.plugin import BACKGROUND, CONDUCTOR, LISTENER, Background, Conductor, Listener
from conformance.report import history, manifest, pdf
from conformance.report.signing import Signer
from conformance.verdict import Gate

PROFILE: Final = "usi-local"
"""The profile of whoever names none."""
EXAMPLES: Final = 60
"""Examples per property, if nobody says."""

_SUITE: Final = Path(__file__).parent / "suite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run."""

    iut: str
    """`reference`, `mutant:NAME`, `cmd:COMMAND LINE`, `http://…` or `python:module:attribute`."""
    profile: str = PROFILE
    out: Path | None = None
    """Where the report goes; nothing is written when None."""
    only: tuple[str, ...] = ()
    """Requirement ids, beginnings of ids, or `ID[case]`; everything else is reported as skipped."""
    seed: int = 0
    examples: int = EXAMPLES
    """Examples per property."""
    deadline_s: float | None = None
    """Seconds per call instead of the contract's own deadlines."""
    keystore: Path | None = None
    alias: str = ""
    password_env: str = ""
    """Name of the environment variable that holds the password; the password itself is never an argument."""
    trust: tuple[Path, ...] = ()
    """PEM files with further trust anchors for the simulated token service."""
    org_code: str = ""
    folder: Path | None = None
    """Working directory of a `cmd:` harness; the current one when None."""
    background: Background = field(default_factory=Background)
    """What the run is judged and told against."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    report: Report
    exit_code: int
    failure: Exception | None = None
    """An operator's or the kit's error that ended the run early; the report holds what was learned before."""

    @property
    def ready(self) -> bool:
        """Whether the verdict is READY, with or without conditions."""
        return self.report.verdict.readiness in {Readiness.READY, Readiness.CONDITIONS}

    def results(self, beginning: str = "") -> list[Result]:
        """Return the results of the requirements whose id begins so."""
        return [result for result in self.report.run.results if result.requirement.startswith(beginning)]


@dataclass(slots=True)
class _Watcher:
    """Hands the listener to the plugin, and the plugin's state back to us."""

    listener: Listener | None
    background: Background
    conductor: Conductor | None = None
    messages: list[str] = field(default_factory=list)
    interrupted: bool = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        # Nobody sees pytest's own drawing of a failure here, and it would cost more than the check.
        config.option.tbstyle = "value"
        config.pluginmanager.register(self.background, BACKGROUND)
        if self.listener is not None:
            config.pluginmanager.register(self.listener, LISTENER)

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        self.conductor = session.config.stash.get(CONDUCTOR, None)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.messages.append(str(report.longrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        self.interrupted = excinfo.errisinstance(KeyboardInterrupt)

    def pytest_internalerror(self, excinfo: pytest.ExceptionInfo[BaseException]) -> bool:
        last = excinfo.traceback[-1]
        self.messages.append(f"{excinfo.exconly()}, at {last.path}, line {last.lineno + 1}")
        if self.conductor is not None and self.conductor.failure is None:
            self.conductor.failure = KitError(
                "the test runner failed inside", found=self.messages[-1], advice="please report this to us"
            )
        return True  # told: pytest need not draw it


def prepare(
    plan: Plan,
    *,
    only: tuple[str, ...] = (),
    shard: str = "",
    measure: bool = False,
    now: datetime | None = None,
) -> Order:
    """Return the order that a plan amounts to; every file that it names is read, every name looked up.

    Args:
        plan: what is asked for, options of a command line included.
        only: as in `Order`.
        shard: `2/4` to run only the second of four parts.
        measure: whether the performance is measured when the checks are over.
        now: the moment at which a signing certificate must be valid; aware; the machine's clock if not given.

    Raises:
        OperatorError: no implementation is named, or a name or a file of the plan is no good; the error says
            on which line of the plan it stands.
    """
    from conformance import signer

    if not plan.iut:
        raise OperatorError(
            "no implementation under test was given",
            expected="--iut SPEC, or `iut` in a plan",
            where=plan.where(),
            advice=(
                "evte run --iut reference, or for your own: "
                '--iut "cmd:COMMAND LINE OF YOUR HARNESS", --iut http://127.0.0.1:PORT/, '
                "--iut python:module:attribute; `evte init` writes a plan"
            ),
        )
    profile = plan.profile or PROFILE
    moment = now or datetime.now(UTC)
    with _named(plan, "iut"):
        _look_up(plan.iut)
    with _named(plan, "profile"):
        catalogue.profile(profile)
    if plan.gate is Gate.NO_NEW_FAILURES and plan.baseline is None:
        raise OperatorError(
            f"the gate {plan.gate} needs a baseline",
            expected="the report that failures are new against",
            where=plan.where("gate"),
            advice="name it with --baseline or `baseline` in the plan, or leave the gate out",
        )
    if plan.pdf:
        with _named(plan, "pdf"):
            pdf.require()  # its absence is told now, and not at the end of a long run
    key = None
    if plan.signing is not None:
        with _named(plan, "signing", "key"):
            key = signer.load(plan.signing, plan.keystore, now=moment)
    own = plan.keystore
    order = Order(
        iut=plan.iut,
        profile=profile,
        out=plan.out,
        only=only,
        seed=plan.seed or 0,
        examples=EXAMPLES if plan.examples is None else plan.examples,
        deadline_s=plan.deadline_s,
        keystore=own.file if own else None,
        alias=own.alias if own else "",
        password_env=own.password_env if own else "",
        trust=own.trust if own else (),
        org_code=own.org_code if own else "",
        folder=_folder(plan),
        background=_background(plan, profile, shard=shard, measure=measure, signer=key),
    )
    _refuse_selection(order)
    with _named(plan, "keystore", "file"):
        _refuse_credential(order)
    return order


def _background(plan: Plan, profile: str, *, shard: str, measure: bool, signer: Signer | None) -> Background:
    waived: tuple[Waiver, ...] = ()
    attested: tuple[Attestation, ...] = ()
    before, trend = None, history.Stored(())
    if plan.waivers is not None:
        with _named(plan, "waivers"):
            waived = waivers.read(plan.waivers)
    if plan.attestations is not None:
        with _named(plan, "attestations"):
            attested = attestations.read(plan.attestations)
    if plan.baseline is not None:
        with _named(plan, "baseline"):
            before = history.baseline(plan.baseline)
    if plan.history is not None:
        with _named(plan, "history"):
            trend = history.read(plan.history, profile=profile)
    return Background(
        waivers=waived,
        registration=plan.registration,
        attestations=attested,
        baseline=before,
        trend=trend.runs,
        remarks=tuple(
            Remark(blame=Blame.CONFIGURATION, text=f"{each[:1].upper()}{each[1:].rstrip('.')}.")
            for each in trend.left_out
        ),
        shard=shard,
        measure=measure,
        signer=signer,
        pdf=bool(plan.pdf),
        capabilities=plan.capabilities,
    )


def _folder(plan: Plan) -> Path | None:
    """Return where a harness is started that the plan names: in the plan's folder, as its other paths."""
    if not plan.where("iut"):
        return None
    folder = plan.path.parent.resolve()
    return None if folder == Path.cwd() else folder


@contextmanager
def _named(plan: Plan, *key: str) -> Iterator[None]:
    """Have an error of the operator's say on which line of the plan stands what it complains of."""
    try:
        yield
    except OperatorError as error:
        if line := plan.where(*key):
            error.where = f"{error.where}, which {line} names" if error.where else line
        raise


def run(order: Order, listener: Listener | None = None) -> Outcome:
    """Run the suite and return the report, the verdict in it and the exit code.

    Args:
        order: what is to be run; see its fields.
        listener: is told of every check as it begins and ends.

    Raises:
        OperatorError: the profile, a selection or a file does not exist.
        KitError: the suite could not even be collected.
        KeyboardInterrupt: the run was interrupted before there was anything to report.
    """
    _refuse_early(order)
    watcher = _Watcher(listener, order.background)
    with tempfile.TemporaryDirectory(prefix="evte-", ignore_cleanup_errors=True) as folder, _undisturbed():
        status = pytest.main([*_arguments(order), f"--basetemp={folder}/run"], plugins=[plugin, watcher])
    conductor = watcher.conductor
    if conductor is not None and conductor.report is None and conductor.failure is not None:
        raise conductor.failure
    if watcher.interrupted and (conductor is None or conductor.report is None):
        raise KeyboardInterrupt
    if conductor is None or conductor.report is None:
        raise KitError(
            "the suite could not be collected",
            found=watcher.messages[0] if watcher.messages else f"pytest ended with {status!r}",
            advice="run `pytest --pyargs conformance.suite --iut reference` to see why, and report it to us",
        )
    if conductor.failure is not None and not hasattr(conductor.failure, "exit_code"):
        raise KitError("a fixture of the suite failed", found=str(conductor.failure)) from conductor.failure
    return Outcome(conductor.report, conductor.exit_code, conductor.failure)


def _refuse_early(order: Order) -> None:
    """Refuse what cannot work before anything is started or written."""
    catalogue.profile(order.profile)
    _refuse_selection(order)
    _look_up(order.iut)
    if order.out is not None:
        _refuse_unwritable(order.out)
    _refuse_credential(order)


def _refuse_selection(order: Order) -> None:
    """Refuse a part of the profile, or ids, that there are not."""
    if order.background.shard:
        shards.read(order.background.shard)
    for wanted in order.only:
        plugin.check_selection(wanted, catalogue.requirements())


def _refuse_credential(order: Order) -> None:
    """Refuse a keystore that does not open, and what belongs to one that was not given."""
    if order.keystore is None:
        for option, value in (
            ("--alias", order.alias),
            ("--password-env", order.password_env),
            ("--trust", order.trust),
            ("--org-code", order.org_code),
        ):
            if value:
                raise OperatorError(
                    f"{option} was given without --keystore and would change nothing",
                    expected="the credential that it belongs to",
                    advice=f"name your keystore with --keystore, or leave {option} out",
                )
    else:
        from conformance.simulators.bench import OperatorCredential

        OperatorCredential.from_environment(
            keystore=order.keystore,
            alias=order.alias,
            password_env=order.password_env,
            trust=order.trust,
            org_code=order.org_code,
            now=datetime.now(UTC),
        )


def _look_up(iut: str) -> None:
    """Refuse a SPEC that names nothing."""
    from conformance.adapters.session import OWN, attach
    from conformance.reference import resolve

    attach(iut, resolve=resolve)
    if iut.startswith(OWN):
        resolve(iut)


def _refuse_unwritable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".evte-probe"
        probe.write_bytes(b"")
        probe.unlink()
        manifest.refuse_crowded(out)
    except OSError as error:
        raise plugin.unwritable(out, error) from error


def _arguments(order: Order) -> list[str]:
    arguments = [
        # As a path: for the name of a package pytest would first read the conftest.py of the reader's folder.
        str(_SUITE),
        "-c",
        str(_SUITE / "pytest.ini"),
        "--import-mode=importlib",
        "--disable-plugin-autoload",
        "-p",
        "no:terminal",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:warnings",
        "-p",
        "no:logging",
        # `_undisturbed` stands in for these two, which collect all garbage twice per run.
        "-p",
        "no:unraisableexception",
        "-p",
        "no:threadexception",
        "--capture=sys",
        f"--iut={order.iut}",
        f"--evte-profile={order.profile}",
        f"--evte-seed={order.seed}",
        f"--evte-examples={order.examples}",
    ]
    for option, value in (
        ("out", order.out),
        ("deadline", order.deadline_s),
        ("keystore", order.keystore),
        ("alias", order.alias),
        ("password-env", order.password_env),
        ("org-code", order.org_code),
        ("folder", order.folder),
    ):
        if value is not None and value != "":
            arguments.append(f"--evte-{option}={value}")
    arguments += [f"--evte-only={identifier}" for identifier in order.only]
    arguments += [f"--evte-trust={path}" for path in order.trust]
    return arguments


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep the reader's own pytest settings out of the run, and Python's tracebacks off the terminal."""
    names = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_DEBUG")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    hooks = sys.unraisablehook, threading.excepthook
    try:
        # What ends a call that was given up may strike where nothing can catch it.
        sys.unraisablehook = threading.excepthook = _ignore
        yield
    finally:
        sys.unraisablehook, threading.excepthook = hooks
        os.environ.update(kept)


def _ignore(problem: object) -> None:
    """Say nothing of an exception that could not be raised."""
