"""The carrier for a program: started once, spoken to over standard input and output, ended with its children.

Reading has a thread of its own because Windows cannot wait for a pipe with a time limit.  It recognises
answers and hands them over; so a program that chatters, floods or falls silent can neither fill the
memory nor block the kit.
"""

import atexit
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO, Final, cast

from conformance.adapters.carrier import Crash, Hang, Reply, Stray, read_line
from conformance.adapters.contract import MAX_LINE
from conformance.errors import HarnessError

STDERR_LIMIT: Final = 64 * 1024
"""Bytes of standard error that are kept, the last ones."""

_CHUNK: Final = 64 * 1024
_PIPE_ROOM: Final = 4096
"""Bytes that an empty pipe takes at once on every platform; more may block until the reader reads."""
_UNREAD_ANSWERS: Final = 16
_EXIT_GRACE_S: Final = 0.5
"""How long a program that has closed its output may take to end, so that its exit status becomes known."""
_DRAIN_S: Final = 1.0
"""How long the last output of an ended program may take to arrive."""

_TEMPORARY: Final = ("TMPDIR", "TEMP", "TMP")
"""Variables by which programs find the folder for temporary files: of POSIX, and both of Windows."""

_KILLED: Final = "did not end and was killed"
_CLOSED_OUTPUT: Final = "closed its standard output, "

if sys.platform == "win32":
    # A group of its own, so that Ctrl-C in the kit's console does not reach the harness first.
    _FLAGS: Final = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
else:
    _FLAGS: Final = 0


class Process:
    """Speaks with a program that it starts itself."""

    kind = "process"
    owned = True

    def __init__(
        self,
        words: list[str],
        *,
        cwd: Path | None = None,
        stderr_limit: int = STDERR_LIMIT,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Set the carrier up; nothing is started yet.

        Args:
            words: program and arguments.
            cwd: the program's working directory; the kit's if not given.
            stderr_limit: bytes of standard error to keep.
            environment: variables that the program gets besides the kit's own, or instead of them.
        """
        self.words = words
        self.environment = dict(environment or {})
        self.cwd = cwd
        self.stderr_limit = stderr_limit
        self.stray = Stray()
        self.temporary: Path | None = None
        """The program's own folder for temporary files, once it was started: what is left in it is seen."""
        self._child: _Child | None = None
        self._last_words = ""

    @property
    def pid(self) -> int | None:
        """The program's process id, while it runs under the kit."""
        return self._child.process.pid if self._child else None

    def open(self) -> None:
        """Start the program, after ending one that still runs.

        Raises:
            HarnessError: it does not exist or may not be executed.
        """
        self.break_off()
        # The search is ours because on Windows only it finds `npm.cmd` and the like.
        program = self.found()
        if self.temporary is None:
            self.temporary = Path(tempfile.mkdtemp(prefix="evte-harness-")).resolve()
            # Silent, and at the latest when the kit ends: Windows keeps files that somebody still holds open.
            weakref.finalize(self, shutil.rmtree, self.temporary, ignore_errors=True)
        try:
            self._child = _Child(
                [program, *self.words[1:]],
                self.cwd,
                self.stderr_limit,
                self.stray,
                {**self.environment, **dict.fromkeys(_TEMPORARY, str(self.temporary))},
            )
        except OSError as problem:
            raise HarnessError(
                "the harness could not be started",
                expected="a program that can be executed",
                found=f"{self.words[0]}: {problem.strerror or problem}",
                where=str(self.cwd or Path.cwd()),
                advice="give the full path, in quotes if it has blanks; no shell is involved",
            ) from problem

    def found(self) -> str:
        """Return the program's path; one that is named with a folder starts from the working directory."""
        name = self.words[0]
        if self.cwd is not None and Path(name).name != name:
            name = str(self.cwd.resolve() / name)
        return shutil.which(name) or name

    def exchange(self, line: bytes, *, deadline_s: float) -> Reply:
        """Write a line, wait for an answer; see `Carrier.exchange`."""
        child = self._child
        if child is None:
            raise Crash("the harness is not running")
        try:
            child.refuse_unasked()
            child.write(line, deadline_s)
            outcome = child.outcomes.get(timeout=deadline_s)
        except Empty:
            silence = child.describe_silence()
            self.break_off()
            raise Hang(f"no answer within {deadline_s:g} s; {silence}") from None
        except BaseException:  # a broken contract, or an interrupted wait: whatever comes now answers nothing
            self.break_off()
            raise
        if isinstance(outcome, Reply):
            return outcome
        if outcome is None:
            ending = self._end(_EXIT_GRACE_S)
            raise Crash(f"the harness {_CLOSED_OUTPUT if ending.startswith(_KILLED) else ''}{ending}")
        self.break_off()
        raise outcome

    def beside(self) -> None:
        """Return None: on one pipe messages take turns."""

    def break_off(self) -> None:
        """Kill the program and its children."""
        self._end(0)

    def close(self, *, grace_s: float) -> str:
        """Close the program's input, wait for its end, then kill what is left of it and its children."""
        running = self._child is not None
        ending = self._end(grace_s)
        if self.temporary is not None:
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary = None
        tidy = not running or ending == _describe_exit(0)
        return "" if tidy else f"After `shutdown` the harness {ending}."

    def last_words(self) -> str:
        """Return the end of the program's standard error."""
        return self._child.errors.text() if self._child else self._last_words

    def _end(self, grace_s: float) -> str:
        """End the program and say how it ended."""
        child, self._child = self._child, None
        if child is None:
            return "was not running"
        ending = child.end(grace_s)
        self._last_words = child.errors.text()
        return ending


class _Child:
    """One started program with its threads."""

    def __init__(
        self,
        words: list[str],
        cwd: Path | None,
        stderr_limit: int,
        stray: Stray,
        environment: Mapping[str, str],
    ) -> None:
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            words,
            cwd=cwd,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            # POSIX: a group of its own can be ended as a whole.
            start_new_session=True,
            creationflags=_FLAGS,
        )
        _RUNNING.add(self)
        self.outcomes: SimpleQueue[Reply | HarnessError | None] = SimpleQueue()
        """Answers, what broke the contract, and None when the output has ended."""
        self.errors = _Ring(stderr_limit)
        self._stray = stray
        self._stray_before = stray.lines
        self._pending: list[bytes] = []
        self._writer: threading.Thread | None = None
        # All three are pipes, as asked for above; the library cannot say so in its types.
        streams = (self.process.stdin, self.process.stdout, self.process.stderr)
        self._input, output, errors = cast("tuple[IO[bytes], ...]", streams)
        self._threads = [
            (threading.Thread(target=target, args=(pipe,), name=f"evte {name}", daemon=True), pipe)
            for name, target, pipe in (
                ("answers", self._read_answers, output),
                ("standard error", self._read_errors, errors),
            )
        ]
        for thread, _ in self._threads:
            thread.start()

    # --- writing ------------------------------------------------------------------------------------

    def write(self, line: bytes, deadline_s: float) -> None:
        """Send one line.  A long one is written on the side: the program may stop reading in the middle."""
        data = line + b"\n"
        self._stray_before = self._stray.lines
        if self._writer is not None:
            self._writer.join(deadline_s)
            if self._writer.is_alive():
                raise HarnessError(
                    "the harness answered before it had read the whole request",
                    expected="each line read to its end",
                    found=f"no more than a part of the last line read within {deadline_s:g} s",
                )
            self._writer = None
        if len(data) <= _PIPE_ROOM:
            self._write(data)
        else:
            self._writer = threading.Thread(
                target=self._write, args=(data,), name="evte request", daemon=True
            )
            self._writer.start()

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._input.write(rest) :]
        except (OSError, ValueError):
            # A closed pipe.  The reading side notices the same, and knows how the program ended.
            return

    # --- reading ------------------------------------------------------------------------------------

    def refuse_unasked(self) -> None:
        """Make sure that nothing is waiting to be read while nothing has been asked.

        Raises:
            HarnessError: an answer is.
        """
        while True:
            try:
                outcome = self.outcomes.get_nowait()
            except Empty:
                return
            if outcome is None:
                self.outcomes.put(None)
                return
            if isinstance(outcome, HarnessError):
                raise outcome
            raise HarnessError(
                "the harness sent an answer that nobody had asked for",
                expected="exactly one answer to each request",
                found=f"another one, with id {outcome.body.get('id')!r}",
                advice="look for a request that is answered twice, or by a second thread after a time-out",
            )

    def describe_silence(self) -> str:
        """Say what there was instead of an answer."""
        # The second half of a line feed in UTF-16 is no beginning of anything.
        pending = b"".join(self._pending[:8]).strip(b" \t\r\0")[:80]
        if pending:
            return (
                f"it has written {sum(map(len, self._pending))} bytes without a line end, beginning with "
                f"{pending.decode('utf-8', 'backslashreplace')!r}; end each answer with a line feed and flush"
            )
        if self._stray.lines > self._stray_before:
            return f"instead, {self._stray.describe()}"
        return "nothing was written to standard output; flush it after each answer"

    def _read_answers(self, pipe: IO[bytes]) -> None:
        held = 0
        while chunk := _read(pipe):
            *ends, rest = chunk.split(b"\n")
            for end in ends:
                self._pending.append(end)
                held += len(end)
                if held <= MAX_LINE + 1:  # one more for a carriage return
                    self._take(b"".join(self._pending))
                else:
                    self.outcomes.put(_too_long())
                self._pending = []
                held = 0
            if self.outcomes.qsize() > _UNREAD_ANSWERS:
                break  # nobody asked so much; the next call says so, and the program is ended
            if rest:
                self._pending.append(rest)
                held += len(rest)
            if held > MAX_LINE + 1:
                self.outcomes.put(_too_long())
                break
        else:
            if self._pending:
                self._take(b"".join(self._pending))
        self.outcomes.put(None)

    def _take(self, line: bytes) -> None:
        try:
            reply = read_line(line, self._stray)
        except HarnessError as problem:
            self.outcomes.put(problem)
            return
        if reply is not None:
            self.outcomes.put(reply)

    def _read_errors(self, pipe: IO[bytes]) -> None:
        while chunk := _read(pipe):
            self.errors.add(chunk)

    # --- ending -------------------------------------------------------------------------------------

    def end(self, grace_s: float) -> str:
        """Close the input, wait `grace_s` seconds, kill program and children, and say how it ended."""
        _RUNNING.discard(self)
        if self._writer is None:
            # Else it may be blocked in this very pipe; the end of the program sets it free.
            self._input.close()
        try:
            status = self.process.wait(grace_s) if grace_s else self.process.poll()
        except subprocess.TimeoutExpired:
            status = None
        _kill_tree(self.process)
        self.process.wait()
        if self._writer is not None:
            self._writer.join(_DRAIN_S)
        held = False
        for thread, pipe in self._threads:
            thread.join(_DRAIN_S)
            # A descendant that has left the group may hold the pipe open; closing would wait for it for ever.
            if thread.is_alive():
                held = True
            else:
                pipe.close()
        if self._writer is None or not self._writer.is_alive():
            self._input.close()
        ending = _KILLED if status is None else _describe_exit(status)
        return f"{ending}, leaving a process behind that holds its output open" if held else ending


def _read(pipe: IO[bytes]) -> bytes:
    try:
        return pipe.read(_CHUNK)
    except (OSError, ValueError):
        return b""  # Windows reports a pipe whose other end has died as an error rather than as its end


def _too_long() -> HarnessError:
    return HarnessError(
        "the harness wrote a line that is too long",
        expected=f"at most {MAX_LINE} bytes",
        found="more",
        advice="answer with less, and check that each answer ends with a line feed",
    )


def _describe_exit(status: int) -> str:
    if status < 0:
        try:
            return f"was ended by the signal {signal.Signals(-status).name}"
        except ValueError:
            return f"was ended by the signal {-status}"
    # Windows reports exceptions as statuses such as 0xC0000005, which nobody knows in decimal.
    return f"ended with exit status {status if status < 1 << 16 else hex(status)}"


def _kill_tree(process: subprocess.Popen[bytes]) -> None:
    """Kill a program and its children, which may have outlived it."""
    if sys.platform == "win32":
        if process.poll() is None:
            taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe"
            # Should it fail, the line after it ends the program at least.
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                words = [str(taskkill), "/PID", str(process.pid), "/T", "/F"]
                subprocess.run(words, capture_output=True, timeout=10, check=False)
            process.kill()
    else:
        # The group has the program's id and lasts as long as it has a member.  With none left there is
        # nothing to do; macOS reports a group of the dead as not permitted.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


class _Ring:
    """The last bytes of a stream."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._chunks: deque[bytes] = deque()
        self._size = 0
        self._cut = False
        self._lock = threading.Lock()

    def add(self, chunk: bytes) -> None:
        """Append, and forget from the beginning what exceeds the limit."""
        with self._lock:
            self._chunks.append(chunk[-self._limit :])
            self._size += len(self._chunks[-1])
            self._cut = self._cut or self._size > self._limit or len(chunk) > self._limit
            while self._size - len(self._chunks[0]) >= self._limit:
                self._size -= len(self._chunks.popleft())

    def text(self) -> str:
        """Return what is kept, as text; bytes that are no UTF-8 are shown escaped."""
        with self._lock:
            kept = b"".join(self._chunks)[-self._limit :]
        if self._cut:
            # Half a line may be half a password, which nobody would recognise and remove.
            kept = kept.partition(b"\n")[2] or kept
        return kept.decode("utf-8", "backslashreplace")


_RUNNING: "weakref.WeakSet[_Child]" = weakref.WeakSet()


@atexit.register
def _end_all() -> None:
    """Leave no child behind when the kit ends without closing its sessions."""
    for child in list(_RUNNING):
        child.end(0)
