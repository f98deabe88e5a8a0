"""A thread that runs one function at a time and is given up when the function outlives its deadline."""

import ctypes
import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from conformance.adapters.carrier import Hang

T = TypeVar("T")


class _Abandoned(BaseException):
    """Raised inside a thread that nobody waits for any more; no `except Exception` may keep it alive."""


class _Lane(Generic[T]):
    """One thread and its two queues."""

    def __init__(self, name: str) -> None:
        self.work: SimpleQueue[Callable[[], T] | None] = SimpleQueue()
        self.outcome: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def _run(self) -> None:
        try:
            while (function := self.work.get()) is not None:
                try:
                    self.outcome.put((function(), None))
                except _Abandoned:
                    return
                except BaseException as problem:  # whatever it is belongs to the caller, SystemExit too
                    self.outcome.put((None, problem))
        except _Abandoned:
            return

    def abandon(self) -> None:
        """Ask the thread to end.  One that waits inside the system does so only after that."""
        if self.thread.ident is not None:
            # Without this a busy loop would go on taking its share of the processor from every later check.
            # It comes before the order to end: an ended thread's identifier may already be another's.
            ctypes.pythonapi.PyThreadState_SetAsyncExc(
                ctypes.c_ulong(self.thread.ident), ctypes.py_object(_Abandoned)
            )
        self.work.put(None)


class Worker:
    """Runs functions on one thread, which is replaced when it had to be given up."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lane: _Lane[Any] | None = None

    def run(self, function: Callable[[], T], *, deadline_s: float) -> T:
        """Return what `function` returns, or raise what it raises.

        Raises:
            Hang: `deadline_s` seconds have passed; the function may still be running.
        """
        if self._lane is None:
            self._lane = _Lane(self.name)
        lane: _Lane[T] = self._lane
        lane.work.put(function)
        try:
            value, problem = lane.outcome.get(timeout=deadline_s)
        except Empty:
            self.abandon()
            raise Hang(f"no answer within {deadline_s:g} s") from None
        except BaseException:  # an interrupted wait: the outcome would be taken for that of the next call
            self.abandon()
            raise
        if problem is not None:
            raise problem
        return value  # type: ignore[return-value]

    def abandon(self) -> None:
        """Give the thread up; the next call gets a new one."""
        if self._lane is not None:
            self._lane.abandon()
            self._lane = None

    def close(self) -> None:
        """Let the thread end."""
        if self._lane is not None:
            self._lane.work.put(None)
            self._lane = None
