"""What the three carriers have in common: one line out, one answer back, before a deadline.

A carrier moves bytes and recognises what is an answer at all.  Whether the answer is a right one is
the session's business (`conformance.adapters.answers`).
"""

import json
from typing import Any, Final, NamedTuple, NoReturn, Protocol

import msgspec

from conformance.errors import HarnessError
from conformance.model import Blame, Remark

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

_QUOTED_LINES: Final = 5
"""Stray lines that a remark quotes; the others are counted."""
_QUOTED_BYTES: Final = 200
"""Bytes of a stray line that a remark quotes."""

_decode = msgspec.json.Decoder().decode


class Crash(HarnessError):  # noqa: N818 - an outcome, and named as the contract names it
    """The pipe closed, the process ended or the connection broke before the answer."""


class Hang(HarnessError):  # noqa: N818 - as above
    """The deadline passed without an answer."""


class Reply(NamedTuple):
    """One answer as it came."""

    body: dict[str, Any]
    raw: bytes
    """The bytes it was read from, without line end."""


class Carrier(Protocol):
    """One way to reach a harness.  Not for several threads at once; the session sees to that."""

    kind: str
    """`process`, `http` or `in-process`, as the report names it."""
    owned: bool
    """Whether the kit started the harness and therefore ends it."""
    stray: "Stray"

    def open(self) -> None:
        """Reach the harness, afresh if it was reached before.

        Raises:
            HarnessError: it cannot be started, or nobody listens.
        """

    def exchange(self, line: bytes, *, deadline_s: float) -> Reply:
        """Send one request, without its line end, and return the answer.

        Raises:
            Crash: there will be no answer.
            Hang: there was none in time; the harness has been ended if the kit owns it.
            HarnessError: what came back breaks the contract.
        """

    def beside(self) -> "Carrier | None":
        """Return an opened carrier that reaches the same harness while this one waits for its answer.

        Returns:
            None where messages take turns.
        """

    def break_off(self) -> None:
        """End the conversation at once, and with it a harness that the kit owns; `open` begins anew."""

    def close(self, *, grace_s: float) -> str:
        """Let the harness end by itself within `grace_s` seconds, then end it.

        Returns:
            What was wrong with its ending, in one sentence; empty if nothing was.
        """

    def last_words(self) -> str:
        """Return the end of what the harness wrote to standard error, or its last traceback."""


class Stray:
    """What stood where only answers belong: counted, and kept in excerpts of bounded size."""

    def __init__(self) -> None:
        self.lines = 0
        self.excerpts: list[str] = []
        self.marks = 0
        self.wide = False

    def add(self, line: bytes) -> None:
        """Note a line that is no answer."""
        self.lines += 1
        self.wide = self.wide or line.count(0) * 3 > len(line) > 0
        if len(self.excerpts) < _QUOTED_LINES:
            excerpt = line[:_QUOTED_BYTES].decode("utf-8", "backslashreplace")
            self.excerpts.append(excerpt + "…" if len(line) > _QUOTED_BYTES else excerpt)

    def add_mark(self) -> None:
        """Note a byte-order mark."""
        self.marks += 1

    def describe(self) -> str:
        """Say in one sentence what was found; empty if nothing was."""
        if not self.lines:
            return ""
        quoted = ", ".join(repr(excerpt) for excerpt in self.excerpts)
        if self.lines == 1:
            text = f"1 line on standard output is no answer: {quoted}"
        elif self.lines <= _QUOTED_LINES:
            text = f"{self.lines} lines on standard output are no answers: {quoted}"
        else:
            text = (
                f"{self.lines} lines on standard output are no answers; the first {_QUOTED_LINES}: {quoted}"
            )
        return text + (". They look like UTF-16; the contract asks for UTF-8" if self.wide else "")

    def remarks(self) -> list[Remark]:
        """Return what the report must say of it."""
        found = []
        if self.marks:
            found.append(
                "The harness begins its output with a byte-order mark. It was passed over; "
                "write UTF-8 without one."
            )
        if self.lines:
            found.append(
                f"{self.describe()}. Passed over; standard output belongs to the contract, "
                "so send banners and logs to standard error."
            )
        return [Remark(blame=Blame.HARNESS, text=text) for text in found]


def read_line(line: bytes, stray: Stray) -> Reply | None:
    """Return the answer that a line holds, or None if the line is not one, which `stray` then notes.

    Args:
        line: the bytes between two line feeds; a carriage return at the end and a byte-order mark at the
            beginning are passed over.
        stray: collects what is no answer.

    Raises:
        HarnessError: the line is plainly meant as an answer, but is not JSON in UTF-8.
    """
    text = line.removesuffix(b"\r")
    if text.startswith(BYTE_ORDER_MARK):
        stray.add_mark()
        text = text.removeprefix(BYTE_ORDER_MARK)
    text = text.strip()
    if not text.startswith(b"{"):
        stray.add(text)
        return None
    try:
        body = decode(text)
    except ValueError as problem:
        if b'"jsonrpc"' in text:
            _unreadable(text, problem)
        stray.add(text)
        return None
    # A product may well log JSON objects; only what names JSON-RPC, or has the parts of an answer, is one.
    if "jsonrpc" in body or ("id" in body and ("result" in body or "error" in body)):
        return Reply(body, text)
    stray.add(text)
    return None


def decode(text: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """Return the value of a JSON text in UTF-8.

    Raises:
        ValueError: it is not JSON, not UTF-8, or nested too deeply to be read.
    """
    try:
        return _decode(text)
    except (ValueError, RecursionError):
        # The fast decoder refuses lone surrogates and very long numbers, which are JSON nevertheless.
        try:
            return json.loads(text.decode("utf-8"), parse_constant=_no_constant)
        except RecursionError as problem:
            raise ValueError("nested too deeply") from problem


def encode(value: object) -> bytes:
    """Return a value as JSON text on one line, in UTF-8.

    Raises:
        TypeError: JSON has no such type.
        ValueError: JSON has no such number.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        # A lone surrogate has no UTF-8, but JSON can escape it, and a product may be asked about one.
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode("ascii")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unreadable(text: bytes, problem: ValueError) -> NoReturn:
    encoding = isinstance(problem, UnicodeDecodeError)
    raise HarnessError(
        "the harness sent an answer that is not UTF-8"
        if encoding
        else "the harness sent an answer that is not JSON",
        expected="one JSON-RPC 2.0 object per line, in UTF-8, without line breaks inside",
        found=f"{text[:_QUOTED_BYTES].decode('utf-8', 'backslashreplace')!r}, {problem}",
        advice=(
            "set the encoding of standard output to UTF-8 before the first line"
            if encoding
            else "write the whole answer with a JSON library, on one line, and flush it"
        ),
    ) from problem
