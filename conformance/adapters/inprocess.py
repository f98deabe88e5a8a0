"""The carrier for an implementation in the same process: an object with `handle(method, params)`.

Requests and answers pass through JSON all the same, so that an implementation sees and returns exactly
what it would over a pipe, and cannot change what the kit holds.
"""

import contextlib
import os
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol, runtime_checkable

from conformance.adapters.carrier import Crash, Reply, Stray, decode, encode
from conformance.adapters.worker import Worker
from conformance.errors import EvteError, HarnessError

_KEPT: Final = 8192
"""Characters of the last traceback that are kept."""


@runtime_checkable
class Handler(Protocol):
    """What an implementation in the same process must offer."""

    def handle(self, method: str, params: dict[str, Any]) -> Mapping[str, Any]:
        """Carry out one call and return the `result` object of the contract."""


class InProcess:
    """Calls an object, on a thread of its own so that a call can be given up."""

    kind = "in-process"
    owned = False

    def __init__(self, make: Callable[[], object], *, environment: Mapping[str, str] | None = None) -> None:
        """Set the carrier up.

        Args:
            make: returns the implementation; asked again after each crash or hang.
            environment: variables that are set for the time of a call and then as they were before.
        """
        self._make = make
        self._environment = dict(environment or {})
        self._handler: Handler | None = None
        self._worker = Worker("evte implementation")
        self._last_words = ""
        self.stray = Stray()

    def open(self) -> None:
        """Make the implementation.

        Raises:
            HarnessError: it cannot be made, or has no method `handle`.
        """
        self.break_off()
        try:
            made = self._make()
        except EvteError:  # an unknown mutant, for instance: that is the operator's
            raise
        except (Exception, SystemExit) as problem:
            self._last_words = traceback.format_exc()[-_KEPT:]
            raise HarnessError(
                "the implementation could not be made",
                expected="an object, or a class without required arguments",
                found=f"{type(problem).__name__}: {problem}",
            ) from problem
        if not isinstance(made, Handler):
            raise HarnessError(
                "the implementation has no method `handle`",
                expected="an object with handle(method, params) that returns a result object",
                found=type(made).__qualname__,
            )
        self._handler = made

    def exchange(self, line: bytes, *, deadline_s: float) -> Reply:
        """Call `handle`; see `Carrier.exchange`.  An exception is a crash, since it is no answer."""
        handler = self._handler
        if handler is None:
            raise Crash("the implementation has not been made")
        request = decode(line)

        def call() -> Mapping[str, Any]:
            try:
                return handler.handle(request["method"], request["params"])
            except BaseException as problem:
                self._last_words = traceback.format_exc()[-_KEPT:]
                raise Crash(
                    f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
                ) from None

        with _set(self._environment):
            result = self._worker.run(call, deadline_s=deadline_s)
        try:
            raw = encode({"jsonrpc": "2.0", "id": request["id"], "result": result})
        except (TypeError, ValueError, RecursionError) as problem:
            raise HarnessError(
                "the implementation returned what JSON cannot hold",
                expected="a dictionary of texts, numbers, booleans, None, lists and dictionaries",
                found=f"{type(result).__qualname__}: {problem}",
            ) from problem
        return Reply(decode(raw), raw)

    def beside(self) -> "InProcess | None":
        """Return a carrier to the same object; None where each call has an environment of its own."""
        if self._environment:
            return None
        made = InProcess(self._make)
        made._handler = self._handler
        return made

    def break_off(self) -> None:
        """Forget the implementation and give up a call that still runs."""
        self._worker.abandon()
        self._handler = None

    def close(self, *, grace_s: float) -> str:
        """Forget the implementation."""
        self._worker.close()
        self._handler = None
        return ""

    def last_words(self) -> str:
        """Return the traceback of the last exception out of `handle`."""
        return self._last_words


@contextlib.contextmanager
def _set(environment: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process for a while; a time zone among them takes effect where it can."""
    before = {name: os.environ.get(name) for name in environment}
    os.environ.update(environment)
    _notice_the_zone(environment)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        _notice_the_zone(environment)


def _notice_the_zone(environment: Mapping[str, str]) -> None:
    # Windows has no such call: there a running process keeps the zone that it began with.
    if "TZ" in environment and hasattr(time, "tzset"):
        time.tzset()
