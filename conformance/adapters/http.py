"""The carrier for a harness that the vendor runs: one POST per message over a persistent connection.

`http://` reaches the loopback address only, because passwords of test stores travel in the messages;
anything else takes `https://`.
"""

import contextlib
import ipaddress
import select
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from conformance.adapters.carrier import Crash, Hang, Reply, Stray, read_line
from conformance.adapters.contract import MAX_LINE
from conformance.adapters.worker import Worker
from conformance.errors import HarnessError, OperatorError

_EXCERPT: Final = 300
_CHUNK: Final = 64 * 1024


class Http:
    """Speaks with a harness that listens."""

    kind = "http"
    owned = False

    def __init__(self, url: str, *, ca_file: Path | None = None) -> None:
        """Set the carrier up; nothing is sent yet.

        Args:
            url: address that takes the POSTs.
            ca_file: PEM file with the authorities to trust for `https://`; the system's if not given.

        Raises:
            OperatorError: the address is not one that passwords may travel to, or no address at all.
        """
        self.url = url
        self._ca_file = ca_file
        self._connect, self._path = _connector(url, ca_file)
        self._connection: HTTPConnection | None = None
        self._worker = Worker("evte http")
        self.stray = Stray()
        self.clock_ahead_s: float | None = None
        """Seconds by which the harness's `Date` was ahead of this machine's clock; None if it sends none."""

    def open(self) -> None:
        """Begin with a new connection, which the first message makes."""
        self.break_off()

    def exchange(self, line: bytes, *, deadline_s: float) -> Reply:
        """Post a message, return the answer; see `Carrier.exchange`.

        Connecting, sending and reading happen on a thread that can be given up, since a socket's own time
        limit starts again with every byte.
        """
        try:
            return self._worker.run(lambda: self._post(line, deadline_s), deadline_s=deadline_s)
        except Hang as problem:
            self.break_off()
            raise Hang(f"{problem.message}; the connection was closed, the harness itself goes on") from None
        except BaseException:
            self.break_off()
            raise

    def beside(self) -> "Http":
        """Return a carrier with a connection of its own."""
        made = Http(self.url, ca_file=self._ca_file)
        made.stray = self.stray
        return made

    def break_off(self) -> None:
        """Close the connection."""
        connection, self._connection = self._connection, None
        if connection is not None:
            sock = connection.sock
            if sock is not None:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # wakes a thread that still reads from it
            connection.close()

    def close(self, *, grace_s: float) -> str:
        """Close the connection; the harness belongs to the vendor and goes on."""
        self.break_off()
        self._worker.close()
        return ""

    def last_words(self) -> str:
        """Return nothing: the standard error of this harness is elsewhere."""
        return ""

    def _post(self, line: bytes, deadline_s: float) -> Reply:
        connection = self._connection
        if connection is None or connection.sock is None or _closed_by_peer(connection.sock):
            connection = self._connected(connection, deadline_s)
        try:
            connection.request("POST", self._path, line, {"Content-Type": "application/json"})
            response = connection.getresponse()
            body = _read_body(response)
        except TimeoutError as problem:
            raise Hang(f"no answer within {deadline_s:g} s") from problem
        except (OSError, HTTPException) as problem:
            raise Crash(f"the connection ended before the answer: {_describe(problem)}") from problem
        self._compare_clocks(response)
        if response.status != 200:
            raise HarnessError(
                f"the harness answered with HTTP status {response.status}",
                expected="status 200 with a JSON-RPC answer, errors of the product included",
                found=(
                    f"a redirection to {response.headers.get('Location', 'nowhere')}"
                    if 300 <= response.status < 400
                    else _excerpt(body)
                ),
                where=self.url,
                advice="give the address that answers; the kit takes no passwords along a redirection",
            )
        # A pretty-printed answer is one all the same: a POST needs no line ends to tell messages apart.
        reply = read_line(body, self.stray)
        if reply is None:
            raise HarnessError(
                "the harness answered with something that is no JSON-RPC answer",
                expected="a JSON-RPC 2.0 object with jsonrpc, id, and result or error",
                found=_excerpt(body),
                where=self.url,
            )
        return reply

    def _connected(self, old: HTTPConnection | None, deadline_s: float) -> HTTPConnection:
        if old is not None:
            old.close()
        connection = self._connection = self._connect(deadline_s)
        try:
            connection.connect()
        except TimeoutError as problem:
            raise Hang(f"no connection within {deadline_s:g} s") from problem
        except ssl.SSLError as problem:
            raise HarnessError(
                "the harness's TLS certificate or settings were not accepted",
                expected="a certificate for this name, of an authority that this machine trusts",
                found=_describe(problem),
                where=self.url,
                advice="name the PEM file of its authority in the environment variable SSL_CERT_FILE",
            ) from problem
        except OSError as problem:
            raise Crash(f"nothing listens at {self.url}: {_describe(problem)}") from problem
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _compare_clocks(self, response: HTTPResponse) -> None:
        if self.clock_ahead_s is None and (date := response.headers.get("Date")):
            with contextlib.suppress(ValueError):
                self.clock_ahead_s = (parsedate_to_datetime(date) - datetime.now(UTC)).total_seconds()


def _connector(url: str, ca_file: Path | None) -> tuple[Callable[[float], HTTPConnection], str]:
    """Return what makes a connection with a time limit in seconds, and the path to post to."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as problem:
        raise OperatorError(
            "the address of the harness cannot be read", found=f"{url}: {problem}"
        ) from problem
    if not host or parts.scheme not in ("http", "https"):
        raise OperatorError(
            "the address of the harness is incomplete", expected="http://127.0.0.1:PORT/", found=url
        )
    if parts.username or parts.password:
        raise OperatorError(
            "the address of the harness holds a user name or password",
            expected="an address without one, since it goes into the report",
            where=f"{parts.scheme}://…@{host}",
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme == "http":
        if not _is_loopback(host):
            raise OperatorError(
                "http:// reaches this machine only",
                expected="a loopback address such as 127.0.0.1, or https://",
                found=host,
                advice="passwords of test stores travel in the messages; forward a port, or serve HTTPS",
            )
        return lambda limit: HTTPConnection(host, port, timeout=limit), path
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as problem:
        raise OperatorError(
            "the CA file for the harness cannot be used", found=_describe(problem), where=str(ca_file)
        ) from problem
    return lambda limit: HTTPSConnection(host, port, timeout=limit, context=context), path


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _closed_by_peer(sock: socket.socket) -> bool:
    """Tell whether an idle connection has been closed: nothing else makes it readable before a request."""
    try:
        return bool(select.select([sock], [], [], 0)[0])
    except (OSError, ValueError):
        return True


def _read_body(response: HTTPResponse) -> bytes:
    chunks, size = [], 0
    while chunk := response.read(_CHUNK):
        chunks.append(chunk)
        size += len(chunk)
        if size > MAX_LINE:
            raise HarnessError(
                "the harness sent an answer that is too long",
                expected=f"at most {MAX_LINE} bytes",
                found="more",
            )
    return b"".join(chunks)


def _excerpt(body: bytes) -> str:
    return repr(body[:_EXCERPT].decode("utf-8", "backslashreplace")) if body else "an empty body"


def _describe(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
