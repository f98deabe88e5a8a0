"""What a person sees while a run goes on: a live display in a terminal, plain lines in CI.

Both show what runs, how many are done, failures as they come and the time that is left.
"""

import sys
import time
from typing import TYPE_CHECKING, Final, TextIO

from conformance.model import Result, Status
from conformance.plugin import Listener
from conformance.report.text import one_line

if TYPE_CHECKING:
    from rich.progress import TaskID

_BAD: Final = frozenset({Status.FAIL, Status.NOT_TESTABLE, Status.INCONCLUSIVE, Status.KIT_ERROR})
_MESSAGE: Final = 200
"""Characters of a message that a line shows."""
_MARKS: Final = {Status.FAIL: "x", Status.WARN: "!", Status.NOT_TESTABLE: "x", Status.KIT_ERROR: "?"}


def _line(result: Result) -> str:
    mark = _MARKS.get(result.status, "o")
    said = one_line(result.message, _MESSAGE)
    return f"{mark} {result.requirement} {result.case}: {result.status.value}, {said}"


class Plain:
    """Plain lines: a heading, every failure as it comes, and a count each tenth of the way."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._total = self._done = 0
        self._began = time.monotonic()

    def __enter__(self) -> Listener:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""

    def planned(self, total: int) -> None:
        """Say how many checks there are."""
        self._total = total
        self._say(f"{total} checks")

    def begins(self, requirement: str, case: str) -> None:
        """Say nothing: a line per check would hide the failures."""

    def ends(self, result: Result) -> None:
        """Say what failed, and now and then how far the run is."""
        if result.status is Status.SKIP:
            return
        self._done += 1
        if result.status in _BAD or result.status is Status.WARN:
            self._say(_line(result))
        step = max(1, self._total // 10)
        if self._done % step == 0 or self._done == self._total:
            elapsed = time.monotonic() - self._began
            left = elapsed / self._done * (self._total - self._done)
            self._say(f"{self._done}/{self._total} done, {elapsed:.0f} s, about {left:.0f} s left")

    def _say(self, text: str) -> None:
        print(text, file=self._stream, flush=True)


class Live:
    """A progress bar with the running check below it; failures scroll above."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._progress: Progress = Progress(
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("{task.fields[failed]}"),
            TimeRemainingColumn(),
            TextColumn("{task.description}"),
            console=Console(file=stream),
            transient=True,
        )
        self._task: TaskID | None = None
        self._failed = 0

    def __enter__(self) -> Listener:
        """Begin the display."""
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the display; what failed stays on the screen."""
        self._progress.stop()

    def planned(self, total: int) -> None:
        """Set the length of the bar."""
        self._task = self._progress.add_task("", total=total, failed="")

    def begins(self, requirement: str, case: str) -> None:
        """Show the running check."""
        if self._task is not None:
            self._progress.update(self._task, description=f"{requirement} {case}"[:48])

    def ends(self, result: Result) -> None:
        """Move on; print what failed."""
        if result.status is Status.SKIP or self._task is None:
            return
        if result.status in _BAD or result.status is Status.WARN:
            self._failed += result.status in _BAD
            style = "red" if result.status in _BAD else "yellow"
            self._progress.console.print(_line(result), style=style, markup=False, highlight=False)
        self._progress.update(self._task, advance=1, failed=f"{self._failed} failed" if self._failed else "")


def choose(stream: TextIO | None = None, *, plain: bool = False) -> Plain | Live:
    """Return the display that fits where the run is watched from; standard error unless told otherwise."""
    import os

    target = stream if stream is not None else sys.stderr
    if plain or os.environ.get("CI") or os.environ.get("TERM") == "dumb" or not target.isatty():
        return Plain(target)
    return Live(target)
