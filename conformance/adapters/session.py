"""One conversation with an implementation under test, over whichever carrier its SPEC names.

The session begins with `initialize`, checks every answer, counts crashes and hangs, starts the harness
again after each of them, and keeps what was said as evidence.  No check can tell the carriers apart.
"""

import importlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from difflib import get_close_matches
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from conformance import __version__
from conformance.adapters.answers import read_answer
from conformance.adapters.carrier import Carrier, Crash, Hang, encode
from conformance.adapters.command import split_words
from conformance.adapters.contract import (
    CONCURRENT,
    MAX_LINE,
    METHODS,
    PROTOCOL_VERSION,
    Answer,
    Initialized,
    Method,
    Outcome,
    encode_request,
)
from conformance.adapters.conversation import Conversation, Secrets, masked_line
from conformance.adapters.handshake import read_initialized
from conformance.adapters.http import Http
from conformance.adapters.inprocess import InProcess
from conformance.adapters.process import STDERR_LIMIT, Process
from conformance.errors import EvteError, HarnessError, KitError, OperatorError
from conformance.model import Blame, Evidence, Implementation, Message, Remark

Resolve = Callable[[str], object]

STRIKES: Final = 3
"""Crashes or hangs in a row after which a capability is left alone."""

LEAST_START_S: Final = 5.0
"""Seconds that a program gets for its start, however short the deadline of a call is."""

OWN: Final = ("reference", "mutant:", "variant:")
"""Beginnings of the SPECs that `resolve` turns into an implementation of the kit's own."""

FORMS: Final = "reference, mutant:NAME, cmd:COMMAND LINE, http://…, https://… or python:module:attribute"

_REMARKS: Final = 50
"""Different sentences that are kept about a harness; what it does in each answer is said once."""
_LAST_WORDS: Final = 200
"""Characters of the last line of standard error that a message quotes."""
_FRAME: Final = ("initialize", "shutdown")
"""Methods that the session calls itself."""


def attach(
    spec: str,
    *,
    resolve: Resolve | None = None,
    cwd: Path | None = None,
    ca_file: Path | None = None,
    stderr_limit: int = STDERR_LIMIT,
    deadline_s: float | None = None,
    start_deadline_s: float | None = None,
    kit_version: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> "Session":
    """Return a session with the implementation that a SPEC names; nothing is started yet.

    Args:
        spec: `cmd:COMMAND LINE`, `http://…` (loopback), `https://…`, `python:module:attribute`, or a name
            that `resolve` knows.
        resolve: turns `reference`, `mutant:NAME` and `variant:NAME` into an object with `handle`.
        cwd: working directory of a `cmd:` harness.
        ca_file: PEM file of the authorities to trust for an `https://` harness.
        stderr_limit: bytes of a `cmd:` harness's standard error to keep.
        deadline_s: seconds that every call may take, instead of the method's own.
        start_deadline_s: seconds that `initialize` may take, the start of the program included.  If not
            given it is `deadline_s`, but never less than `LEAST_START_S`; without either, the method's own.
        kit_version: what the harness is told; the version of this kit if not given.
        environment: variables that the implementation finds besides the kit's own, or instead of them; a
            harness that the kit does not start never sees them.

    Raises:
        OperatorError: the SPEC is malformed, or names nothing that exists.
    """

    def again(environment: Mapping[str, str]) -> Session:
        return attach(
            spec,
            resolve=resolve,
            cwd=cwd,
            ca_file=ca_file,
            stderr_limit=stderr_limit,
            deadline_s=deadline_s,
            start_deadline_s=start_deadline_s,
            kit_version=kit_version,
            environment=environment,
        )

    return Session(
        _carrier(spec, resolve, cwd, ca_file, stderr_limit, environment or {}),
        again=again,
        target=spec,
        deadline_s=deadline_s,
        start_deadline_s=_start_deadline(deadline_s) if start_deadline_s is None else start_deadline_s,
        kit_version=__version__ if kit_version is None else kit_version,
    )


class Session:
    """A conversation.  Calls from several threads take turns; made by `attach`."""

    def __init__(
        self,
        carrier: Carrier,
        *,
        again: Callable[[Mapping[str, str]], "Session"],
        target: str,
        deadline_s: float | None,
        start_deadline_s: float,
        kit_version: str,
    ) -> None:
        self._carrier = carrier
        self._again = again
        self.target = target
        """The SPEC; a SPEC with a password in it is refused."""
        self._deadline_s = deadline_s
        self._start_deadline_s = start_deadline_s
        self._kit_version = kit_version
        self._lock = threading.RLock()
        self._began = time.perf_counter()
        self._identifiers = itertools.count(1)
        self._initialized: Initialized | None = None
        self.opening = ""
        """The request line of the last `initialize`; empty before `start`."""
        self._running = False
        self._failure: HarnessError | None = None
        self._strikes: dict[str, int] = {}
        self._notes: dict[Remark, None] = {}
        self._secrets = Secrets()
        self._conversation = Conversation(self._secrets)

    # --- what is known ------------------------------------------------------------------------------

    @property
    def carrier(self) -> str:
        """`process`, `http` or `in-process`."""
        return self._carrier.kind

    @property
    def initialized(self) -> Initialized | None:
        """What the implementation said of itself; None before `start`."""
        return self._initialized

    @property
    def implementation(self) -> Implementation | None:
        """Who the implementation says it is; None before `start`."""
        return self._initialized.implementation if self._initialized else None

    @property
    def remarks(self) -> list[Remark]:
        """What the report must say of the harness: stray output, unknown keys, an untidy end."""
        stray = [
            Remark(blame=r.blame, text=self._secrets.remove(r.text)) for r in self._carrier.stray.remarks()
        ]
        return [*stray, *self._notes]

    @property
    def conversation(self) -> list[Message]:
        """The last messages both ways, oldest first, without passwords."""
        return self._conversation.messages()

    def evidence(self, identifier: str, title: str) -> Evidence:
        """Return the conversation as evidence of a report."""
        return self._conversation.evidence(identifier, title)

    @property
    def stderr(self) -> str:
        """The end of standard error, or the last traceback in the same process, without passwords."""
        return self._secrets.remove(self._carrier.last_words())

    @property
    def asides(self) -> str:
        """What was said beside the contract, passwords included: standard error, and stray lines of output.

        For those who look for secrets and for forged lines in it; it goes into no report as it is.
        """
        return "\n".join((self._carrier.last_words(), *self._carrier.stray.excerpts))

    @property
    def temporary(self) -> Path | None:
        """The folder for temporary files that the kit gave a program it started; None for other carriers."""
        return getattr(self._carrier, "temporary", None)

    @property
    def pid(self) -> int | None:
        """The process in which the implementation runs, where the kit can know: a program's, or its own."""
        if self._carrier.kind == InProcess.kind:
            return os.getpid()
        return getattr(self._carrier, "pid", None)

    @property
    def clock_ahead_s(self) -> float | None:
        """Seconds by which the harness's clock is ahead of the kit's, where the carrier tells."""
        return getattr(self._carrier, "clock_ahead_s", None)

    def supports(self, name: str) -> bool:
        """Tell whether the implementation declared a method, or a marker such as `clock`."""
        return name in self.start().implementation.capabilities

    @property
    def fallen(self) -> bool:
        """Whether the last call crashed or hung, so that the next one starts the harness again."""
        return self._initialized is not None and not self._running

    def another(self) -> "Session":
        """Return another session with the same implementation, not started, as a second process of it."""
        return self._again({})

    def with_environment(self, environment: Mapping[str, str]) -> "Session | None":
        """Return another session with the same implementation, not started, that finds these variables.

        Returns:
            None where the implementation runs on its own and the kit has no say in its environment.
        """
        return None if self._carrier.kind == Http.kind else self._again(environment)

    def is_stopped(self, capability: str) -> bool:
        """Tell whether calls of a capability are no longer made, after too many crashes and hangs."""
        return self._strikes.get(capability, 0) >= STRIKES

    # --- the conversation ---------------------------------------------------------------------------

    def start(self) -> Initialized:
        """Start the harness and shake hands, unless that has been done.

        Raises:
            HarnessError: it cannot be started or reached, does not answer `initialize` in time, or answers
                against the contract.  The same error comes again from every later call.
        """
        with self._lock:
            if self._failure is not None:
                raise _again(self._failure)
            if self._initialized is None:
                self._initialized = self._begin()
            return self._initialized

    def call(self, method: str, params: dict[str, Any], deadline_s: float | None = None) -> Answer:
        """Make one call and return how it ended.

        A crash or a hang is an outcome, and the harness is started again for the next call.  After
        `STRIKES` of them in a row a capability is stopped.

        Args:
            method: name of the contract.
            params: its parameters, JSON values; `deadline_ms` is added.
            deadline_s: seconds to wait; those of the session, or else of the method, if not given.

        Raises:
            HarnessError: the answer breaks the contract, or the harness could not be started again.
            KitError: there is no such method, or the parameters are not the method's.
        """
        described = METHODS.get(method)
        if described is None or method in _FRAME:
            raise KitError("the kit called a method that checks cannot call", found=method)
        _check_parameters(described, params)
        with self._lock:
            if not self._is_ready(described):
                return _stopped(described)
            answer = self._ask(described, params, deadline_s or self._deadline_s or described.deadline_s)
            self._count(described, answer)
            return answer

    def call_at_once(
        self, method: str, several: Sequence[dict[str, Any]], deadline_s: float | None = None
    ) -> list[Answer]:
        """Make calls of one method at the same time, and return how each ended, in their order.

        They are made one after the other where the implementation does not declare `CONCURRENT`, and where
        the carrier has them take turns.  Arguments and errors are those of `call`.
        """
        if not self.supports(CONCURRENT):
            return [self.call(method, params, deadline_s) for params in several]
        described = METHODS[method]
        for params in several:
            _check_parameters(described, params)
        limit_s = deadline_s or self._deadline_s or described.deadline_s
        with self._lock, ThreadPoolExecutor(len(several), "evte call") as threads:
            if not self._is_ready(described):
                return [_stopped(described) for _ in several]
            carriers = [self._carrier.beside() for _ in several]
            if None in carriers:
                return [self.call(method, params, deadline_s) for params in several]
            asked = [
                threads.submit(self._ask, described, params, limit_s, carrier)
                for params, carrier in zip(several, carriers, strict=True)
            ]
            try:
                answers = [each.result() for each in asked]
            finally:
                for carrier in carriers:
                    if carrier is not None:
                        carrier.close(grace_s=0)
            for answer in answers:
                self._count(described, answer)
            return answers

    def _is_ready(self, method: Method) -> bool:
        """Start the harness again if it fell, and tell whether its capability is not stopped."""
        started = self.start()
        if self.is_stopped(method.capability or method.name):
            return False
        if not self._running:
            self._begin_again(started)
        return True

    def _count(self, method: Method, answer: Answer) -> None:
        """Count crashes and hangs in a row."""
        capability = method.capability or method.name
        fell = answer.outcome in (Outcome.CRASH, Outcome.HANG)
        self._strikes[capability] = self._strikes.get(capability, 0) + 1 if fell else 0

    def kill(self) -> None:
        """End a program that the kit started at once, as a power failure would; safe from any thread.

        A call that waits for it ends as a crash, and the next one starts the program again.  An
        implementation that the kit did not start is left alone.
        """
        if self._carrier.owned:
            self._carrier.break_off()
            self._running = False  # no call may be under way that would notice

    def close(self) -> None:
        """Say goodbye to a harness that the kit started, and end it with its children.

        A harness reached over HTTP belongs to the vendor and is left running.
        """
        with self._lock:
            running, self._running = self._running, False
            grace_s = METHODS["shutdown"].deadline_s
            ending = ""
            if running and self._carrier.owned:
                try:
                    answer = self._ask(METHODS["shutdown"], {}, grace_s)
                    if answer.outcome in (Outcome.CRASH, Outcome.HANG):
                        ending = f"`shutdown` was not answered: {answer.message}."
                except HarnessError as problem:
                    ending = f"`shutdown` was answered wrongly: {problem.message}; found: {problem.found}."
                self._running = False
            ending = self._carrier.close(grace_s=grace_s) or ending
            if ending:
                self._note(ending)
            if self._failure is None:
                self._failure = HarnessError("the session with the harness has been closed")

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- how ----------------------------------------------------------------------------------------

    def _begin(self) -> Initialized:
        """Open the carrier and shake hands."""
        try:
            self._carrier.open()
            self._running = True
            answer = self._ask(
                METHODS["initialize"],
                {"protocol_versions": [PROTOCOL_VERSION], "kit_version": self._kit_version},
                self._start_deadline_s,
            )
            self.opening = answer.request
            if answer.outcome is not Outcome.OK:
                raise _no_handshake(answer)
            return read_initialized(answer.value, self._note)
        except HarnessError as problem:
            self._running = False
            self._carrier.break_off()
            self._failure = problem
            raise

    def _begin_again(self, before: Initialized) -> None:
        """Start the harness after a crash or a hang, and make sure that it is the same one."""
        try:
            now = self._begin()
        except HarnessError as problem:
            problem.message = f"after a crash or hang, {problem.message}"
            raise
        if now != before:
            self._running = False
            self._carrier.break_off()
            self._failure = HarnessError(
                "the harness answers `initialize` differently after it was started again",
                expected=_identity(before),
                found=_identity(now),
                advice="answer with what is built in, so that one report is about one product",
            )
            raise self._failure

    def _ask(
        self, method: Method, params: dict[str, Any], deadline_s: float, carrier: Carrier | None = None
    ) -> Answer:
        """Send one request and read the answer to it, by another carrier than the session's if given."""
        identifier = next(self._identifiers)
        deadline_ms = max(1, round(deadline_s * 1000))
        line = _request_line(identifier, method.name, params, deadline_ms)
        masked = self._secrets.masked(params)
        if masked is None:
            request = line.decode()
        else:
            request = masked_line(identifier, method.name, {**masked, "deadline_ms": deadline_ms})
        sent = time.perf_counter()
        at_ms = (sent - self._began) * 1000
        self._conversation.add(at_ms, by_kit=True, summary=method.name, size=len(line), body=request)
        try:
            reply = (carrier or self._carrier).exchange(line, deadline_s=deadline_s)
        except (Crash, Hang) as miss:
            self._running = False
            outcome = Outcome.HANG if isinstance(miss, Hang) else Outcome.CRASH
            message = self._secrets.remove(miss.message + self._last_words(miss.message))
            took_ms = (time.perf_counter() - sent) * 1000
            self._conversation.add(
                at_ms + took_ms, by_kit=False, summary=f"{method.name}: {outcome}", size=0, body=message
            )
            return Answer(outcome=outcome, message=message, duration_ms=took_ms, request=request)
        except HarnessError as problem:
            self._running = False
            raise self._masked(problem)  # noqa: B904 - the same error
        except BaseException:  # an interrupted wait: the answer, when it comes, must not meet the next call
            self._running = False
            self._carrier.break_off()
            raise
        took_ms = (time.perf_counter() - sent) * 1000
        size = len(reply.raw)
        text = reply.raw.decode("utf-8", "backslashreplace")
        self._conversation.add(at_ms + took_ms, by_kit=False, summary=method.name, size=size, body=text)
        error_map = self._initialized.error_map if self._initialized else ()
        try:
            fields = read_answer(
                reply.body, identifier=identifier, method=method, error_map=error_map, note=self._note
            )
        except HarnessError as problem:
            # What else comes from a harness that has lost its place cannot be told apart either.
            self._running = False
            self._carrier.break_off()
            raise self._masked(problem)  # noqa: B904 - the same error
        return Answer(**fields, duration_ms=took_ms, request=request)

    def _last_words(self, said: str) -> str:
        """Return the last line of standard error as the end of a sentence."""
        lines = [line.strip() for line in self._carrier.last_words().splitlines() if line.strip()]
        if not lines or lines[-1] in said:
            return ""
        last = lines[-1]
        return f"; its last words: {last[:_LAST_WORDS]!r}"

    def _masked(self, problem: HarnessError) -> HarnessError:
        """Remove passwords from an error that quotes the harness."""
        for part in ("message", "expected", "found", "where", "advice"):
            setattr(problem, part, self._secrets.remove(getattr(problem, part)))
        return problem

    def _note(self, text: str) -> None:
        """Note a sentence for the report, once."""
        if len(self._notes) < _REMARKS:
            self._notes[Remark(blame=Blame.HARNESS, text=self._secrets.remove(text))] = None


def _request_line(identifier: int, method: str, params: dict[str, Any], deadline_ms: int) -> bytes:
    try:
        line = encode_request(identifier, method, params, deadline_ms=deadline_ms)
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape
        line = encode(
            {
                "jsonrpc": "2.0",
                "id": identifier,
                "method": method,
                "params": {**params, "deadline_ms": deadline_ms},
            }
        )
    if len(line) > MAX_LINE:
        raise KitError(
            f"a request of {method} is too long", expected=f"at most {MAX_LINE} bytes", found=f"{len(line)}"
        )
    return line


def _stopped(method: Method) -> Answer:
    capability = method.capability or method.name
    return Answer(
        outcome=Outcome.STOPPED, message=f"{STRIKES} calls of {capability} in a row had crashed or hung"
    )


def _check_parameters(method: Method, params: dict[str, Any]) -> None:
    missing = [name for name in method.parameters if name not in params]
    unknown = [
        name for name in params if name not in method.parameters and name not in method.optional_parameters
    ]
    if missing or unknown:
        raise KitError(
            f"the kit called {method.name} with the wrong parameters",
            expected=", ".join(method.parameters),
            found="; ".join(
                f"{what}: {', '.join(names)}"
                for what, names in (("missing", missing), ("unknown", unknown))
                if names
            ),
        )


def _no_handshake(answer: Answer) -> HarnessError:
    """Return the error for an `initialize` that was not answered with `ok`."""
    said = answer.message or (f"{answer.native.code} {answer.native.text}".strip() if answer.native else "")
    if answer.outcome is Outcome.CRASH and "nothing listens" in said:
        return HarnessError(
            "there is no harness at the address",
            expected="a harness that takes POSTs there",
            found=said,
            advice="start the harness first, and compare host and port",
        )
    if answer.outcome is Outcome.CRASH:
        return HarnessError(
            "the harness ended before it answered `initialize`",
            expected="an answer that says who the implementation is",
            found=said,
            advice="start the same command by hand and type the request",
            where=answer.request,
        )
    if answer.outcome is Outcome.HANG:
        return HarnessError(
            "the harness did not answer `initialize`",
            expected="one line of JSON-RPC on standard output, flushed",
            found=said,
            advice="start the same command by hand and type the request",
            where=answer.request,
        )
    return HarnessError(
        "the harness refused `initialize`",
        expected="status ok, and a value that says who the implementation is",
        found=f"{answer.outcome}: {said}" if said else answer.outcome.value,
        advice="`initialize` must work without any set-up of the product",
    )


def _again(failure: HarnessError) -> HarnessError:
    return HarnessError(
        failure.message,
        expected=failure.expected,
        found=failure.found,
        where=failure.where,
        advice=failure.advice,
    )


def _identity(initialized: Initialized) -> str:
    who = initialized.implementation
    return (
        f"{who.name} {who.version}, build {who.build or 'not stated'}, {len(who.capabilities)} capabilities"
    )


def _start_deadline(deadline_s: float | None) -> float:
    return METHODS["initialize"].deadline_s if deadline_s is None else max(deadline_s, LEAST_START_S)


# --- the SPEC ---------------------------------------------------------------------------------------


def _carrier(
    spec: str,
    resolve: Resolve | None,
    cwd: Path | None,
    ca_file: Path | None,
    stderr_limit: int,
    environment: Mapping[str, str],
) -> Carrier:
    kind, _, rest = spec.partition(":")
    if kind == "cmd":
        return Process(split_words(rest), cwd=cwd, stderr_limit=stderr_limit, environment=environment)
    if kind.lower() in ("http", "https"):
        return Http(spec, ca_file=ca_file)
    if kind == "python":
        return InProcess(_importer(spec, rest), environment=environment)
    if resolve is not None and spec.startswith(OWN):
        return InProcess(lambda: _own(spec, resolve), environment=environment)
    near = get_close_matches(kind, ["reference", "mutant", "cmd", "http", "https", "python"], n=1)
    raise OperatorError(
        f"{spec!r} names no implementation",
        expected=FORMS,
        found=spec,
        advice=f"did you mean {near[0]}?" if near else f"a program is given as cmd:{spec}",
    )


def _own(spec: str, resolve: Resolve) -> object:
    try:
        return resolve(spec)
    except EvteError:
        raise
    except Exception as problem:
        raise KitError(
            "the kit could not make an implementation of its own",
            found=f"{type(problem).__name__}: {problem}",
            where=spec,
            advice="please report this to us",
        ) from problem


def _importer(spec: str, rest: str) -> Callable[[], object]:
    """Return what makes the implementation of `python:module:attribute`, after importing the module."""
    module_name, _, attribute = rest.partition(":")
    if not module_name or not attribute:
        raise OperatorError("the SPEC is incomplete", expected="python:module:attribute", found=spec)
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as problem:
        raise OperatorError(
            f"the module {module_name} cannot be imported",
            found=str(problem),
            advice="install it beside the kit, or name its folder in the environment variable PYTHONPATH",
        ) from problem
    except (Exception, SystemExit) as problem:
        raise HarnessError(
            f"the module {module_name} failed while it was imported",
            expected="a module that can be imported without running your product",
            found=f"{type(problem).__name__}: {problem}",
            where=spec,
            advice=f'run `python -c "import {module_name}"` to see where',
        ) from problem
    for part in attribute.split("."):
        if not hasattr(found, part):
            near = get_close_matches(part, dir(found), n=1)
            raise OperatorError(
                f"{module_name} has no {attribute}",
                found=spec,
                advice=f"did you mean {near[0]}?" if near else "",
            )
        found = getattr(found, part)
    made: object = found
    if isinstance(made, type) or (callable(made) and not hasattr(made, "handle")):
        return made
    return lambda: made
