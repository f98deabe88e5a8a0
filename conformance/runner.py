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
from pathlib import Path
from typing import Final

import pytest

from conformance import plugin
from conformance.errors import KitError, OperatorError
from conformance.model import Readiness, Report, Result
from conformance.plugin import BACKGROUND, CONDUCTOR, LISTENER, Background, Conductor, Listener

_SUITE: Final = Path(__file__).parent / "suite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be run."""

    iut: str
    """`reference`, `mutant:NAME`, `cmd:COMMAND LINE`, `http://…` or `python:module:attribute`."""
    profile: str = "usi-local"
    out: Path | None = None
    """Where the report goes; nothing is written when None."""
    only: tuple[str, ...] = ()
    """Requirement ids, beginnings of ids, or `ID[case]`; everything else is reported as skipped."""
    seed: int = 0
    examples: int = 60
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
    from conformance import catalogue
    from conformance.adapters.session import OWN, attach
    from conformance.reference import resolve

    catalogue.profile(order.profile)
    for wanted in order.only:
        plugin.check_selection(wanted, catalogue.requirements())
    attach(order.iut, resolve=resolve)
    if order.iut.startswith(OWN):
        resolve(order.iut)
    if order.out is not None:
        _refuse_unwritable(order.out)
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
        from datetime import UTC, datetime

        from conformance.simulators.bench import OperatorCredential

        OperatorCredential.from_environment(
            keystore=order.keystore,
            alias=order.alias,
            password_env=order.password_env,
            trust=order.trust,
            org_code=order.org_code,
            now=datetime.now(UTC),
        )


def _refuse_unwritable(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
        probe = out / ".evte-probe"
        probe.write_bytes(b"")
        probe.unlink()
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
