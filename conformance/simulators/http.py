"""The HTTPS server that every simulator stands behind: h11, `ssl` and one thread per connection.

It speaks what vendors' stacks send (keep-alive, chunked bodies, `Expect: 100-continue`) and answers each
request with one write, without Nagle's delay, so that an idle round trip takes about a millisecond.  It
listens on the loopback interface unless told otherwise, bounds every size, and stops at once.

A handler turns a `Request` into a `Response` and knows nothing of sockets.  A response may carry a
`delivery`, which breaks the bytes of the answer on purpose: pauses, cuts, resets.
"""

import contextlib
import errno
import ipaddress
import selectors
import socket
import ssl
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from enum import Enum
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import h11

from conformance.errors import KitError, OperatorError

BODY_LIMIT: Final = 16 * 1024 * 1024
"""Bytes of the longest request body that is read; a longer one is answered with 413."""
HEADER_LIMIT: Final = 64 * 1024
"""Bytes of the longest request line and header block."""
CONNECTION_LIMIT: Final = 128
"""Connections open at once; one more is closed unanswered."""
IDLE_SECONDS: Final = 30.0
"""How long a connection may be silent before it is closed."""
LONGEST_SILENCE: Final = 600.0
"""Seconds after which even a silent delivery closes: a peer may vanish without a word."""
_READ: Final = 64 * 1024
_STOP_SECONDS: Final = 0.04
_KEPT: Final = 100
_DRAIN_SECONDS: Final = 0.5
_DRAIN_BYTES: Final = 64 * 1024 * 1024

Headers = tuple[tuple[str, str], ...]


def header(headers: Headers, name: str) -> str:
    """Return the value of the first header of that name, whatever its case; empty when there is none."""
    wanted = name.lower()
    return next((value for key, value in headers if key.lower() == wanted), "")


@dataclass(frozen=True, slots=True)
class Request:
    """One request, as it came off the wire."""

    method: str
    path: str
    """Without the query; as sent, not decoded."""
    query: str
    headers: Headers
    """Names in lower case, values without surrounding blanks, in the order sent."""
    body: bytes
    """After removal of the transfer coding."""
    tls_version: str
    """`TLSv1.2` or `TLSv1.3`."""
    client_certificate: bool
    """Whether the client presented a TLS certificate; only ever true when the server asks for one."""
    received: datetime
    """When the last byte had arrived; UTC."""

    def header(self, name: str) -> str:
        """Return the first header of that name, whatever its case; empty when there is none."""
        return header(self.headers, name)


class Cut(Enum):
    """How a delivery may end before its time."""

    CLOSE = "close"
    """Close the connection in an orderly way."""
    RESET = "reset"
    """Reset the connection, so that the peer's read fails."""
    SILENCE = "silence"
    """Send nothing, and close when the peer has given up or the server stops."""


Step = bytes | float | Cut
"""One step of a broken delivery: bytes to send, seconds to wait, or an end."""
Delivery = Callable[[bytes], Iterable[Step]]
"""Turns the bytes of the whole answer, head and body, into the steps by which they are sent."""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.  `Content-Length`, `Date` and `Connection` are the server's business unless given."""

    status: int
    """Of HTTP; 0, in a transcript only, when no answer left."""
    headers: Headers = ()
    body: bytes = b""
    delivery: Delivery | None = None
    """A deliberately broken delivery; the connection is closed after its last step."""

    def header(self, name: str) -> str:
        """Return the first header of that name, whatever its case; empty when there is none."""
        return header(self.headers, name)


def plain(status: int, text: str, *more: tuple[str, str]) -> Response:
    """Return an answer in words for people; `more` are further headers."""
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"), *more), text.encode())


Handler = Callable[[Request], Response]


def _utc_now() -> datetime:
    return datetime.now(UTC)


class Server:
    """An HTTPS server on one address.  Use it as a context manager, or call `start` and `stop`."""

    def __init__(
        self,
        handler: Handler,
        *,
        certificate: Path,
        key: Path,
        host: str = "127.0.0.1",
        port: int = 0,
        beyond_loopback: bool = False,
        client_ca: Path | None = None,
        clock: Callable[[], datetime] = _utc_now,
        body_limit: int = BODY_LIMIT,
        connection_limit: int = CONNECTION_LIMIT,
        idle_seconds: float = IDLE_SECONDS,
        sleep: Callable[[float], object] | None = None,
        handshake_failed: Callable[[str], object] | None = None,
    ) -> None:
        """Prepare a server; nothing is bound before `start`.

        Args:
            handler: called in the connection's thread; must be safe to call from several at once.
            certificate: PEM file with the server's certificate and whatever else of its chain is to be sent.
            key: PEM file with its private key, not encrypted.
            host: numeric address, or `localhost`.
            port: 0 for any free one.
            beyond_loopback: must be true for an address that other machines can reach.
            client_ca: when given, clients are asked, but not made, to show a certificate of this CA (PEM).
            clock: gives `received` and the `Date` header.
            body_limit: bytes of the longest body that is read.
            connection_limit: connections, and so threads, at once.
            idle_seconds: how long a connection may be silent.
            sleep: called with the seconds of each pause in a delivery; a pause that ends when the server
                stops, when left out.
            handshake_failed: told of every TLS connection that failed, in OpenSSL's words, in the
                connection's thread.

        Raises:
            OperatorError: the host is no numeric address, or not a loopback address, or the certificate
                cannot be used.
        """
        self._handler = handler
        self._ip = _numeric(host)
        if not (self._ip.is_loopback or beyond_loopback):
            raise OperatorError(
                f"The simulator does not listen on {host} unless it is told to.",
                expected="a loopback address such as 127.0.0.1",
                found=host,
                advice="Whoever reaches that address can use the simulator; allow it if you mean it.",
            )
        self._port = port
        self._clock = clock
        self._body_limit = body_limit
        self._idle_seconds = idle_seconds
        self._sleep = sleep
        self._handshake_failed = handshake_failed
        self._room = threading.Semaphore(connection_limit)
        self._context = _context(certificate, key, client_ca)
        self._lock = threading.Lock()
        self._connections: dict[socket.socket, threading.Thread] = {}
        self._stopping = threading.Event()
        self._listener: socket.socket | None = None
        self._waker: socket.socket | None = None
        self._accepting: threading.Thread | None = None
        self.errors: list[KitError] = []
        """What handlers raised; each is a defect of the kit, and its client got a 500."""
        self.handshake_failures: list[str] = []
        """Why TLS connections failed, in OpenSSL's words; a client that does not trust us shows here."""
        self.refused_connections = 0
        """How many connections were closed unanswered because there were too many."""

    @property
    def address(self) -> str:
        """`https://HOST:PORT`, without a slash at the end; known after `start`."""
        host = f"[{self._ip}]" if self._ip.version == 6 else str(self._ip)
        return f"https://{host}:{self._port}"

    def start(self) -> None:
        """Bind and accept; return when connections are accepted.

        Raises:
            OperatorError: the port is in use or may not be used.
        """
        self._stopping.clear()
        listener = socket.socket(
            socket.AF_INET6 if self._ip.version == 6 else socket.AF_INET,
            socket.SOCK_STREAM,
            socket.IPPROTO_TCP,
        )
        try:
            _claim_address(listener)
            listener.bind((str(self._ip), self._port))
            listener.listen(128)
        except OSError as error:
            listener.close()
            raise _cannot_bind(str(self._ip), self._port, error) from error
        listener.setblocking(False)
        self._port = listener.getsockname()[1]
        self._listener = listener
        woken, self._waker = socket.socketpair()
        self._accepting = threading.Thread(
            target=self._accept, args=(listener, woken), name=f"accept:{self._port}", daemon=True
        )
        self._accepting.start()

    def stop(self) -> None:
        """Close every connection and return, within about 50 ms, even while clients are connected.

        Stopping a server that does not run does nothing.
        """
        self._stopping.set()
        if self._waker is None or self._accepting is None:
            return
        # Whoever stops at once may find that the thread has seen it before it ever waited.
        with contextlib.suppress(OSError):
            self._waker.send(b"x")
        deadline = time.monotonic() + _STOP_SECONDS
        self._accepting.join(_STOP_SECONDS)
        with self._lock:
            open_connections = dict(self._connections)
        for connection in open_connections:
            # Not `SSLSocket.shutdown`: that takes the TLS object from under the thread that reads.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
        for thread in open_connections.values():
            thread.join(max(0.0, deadline - time.monotonic()))
        self._waker.close()
        self._listener = self._waker = self._accepting = None

    def __enter__(self) -> Self:
        """Start."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop."""
        self.stop()

    # --- threads ------------------------------------------------------------------------------

    def _accept(self, listener: socket.socket, woken: socket.socket) -> None:
        with selectors.DefaultSelector() as selector, listener, woken:
            selector.register(listener, selectors.EVENT_READ)
            selector.register(woken, selectors.EVENT_READ)
            while not self._stopping.is_set():
                selector.select()
                if self._stopping.is_set():
                    return
                try:
                    raw, _ = listener.accept()
                except OSError:
                    continue  # the client had gone again
                if not self._room.acquire(blocking=False):
                    self.refused_connections += 1
                    raw.close()
                    continue
                self._begin(raw)

    def _begin(self, raw: socket.socket) -> None:
        raw.setblocking(True)
        raw.settimeout(self._idle_seconds)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            connection = self._context.wrap_socket(raw, server_side=True, do_handshake_on_connect=False)
        except OSError:
            raw.close()
            self._room.release()
            return
        thread = threading.Thread(
            target=self._run, args=(connection,), name=f"serve:{self._port}", daemon=True
        )
        with self._lock:
            self._connections[connection] = thread
        thread.start()

    def _run(self, connection: ssl.SSLSocket) -> None:
        try:
            try:
                connection.do_handshake()
            except OSError as error:
                why = str(error) or type(error).__name__
                with self._lock:
                    self.handshake_failures = [*self.handshake_failures, why][-_KEPT:]
                if self._handshake_failed is not None:
                    self._handshake_failed(why)
                return
            _Conversation(self, connection).run()
        except OSError:
            pass  # the client left, or we are stopping; nobody is there to be told
        except Exception as error:  # an answer that cannot be sent is our defect, kept and shown
            self._keep_error(error, "while answering")
        finally:
            _close(connection)
            with self._lock:
                self._connections.pop(connection, None)
            self._room.release()

    def _keep_error(self, error: Exception, where: str) -> None:
        kept = KitError(
            f"A simulator failed: {type(error).__name__}: {error}",
            found=traceback.format_exc(limit=-6),
            where=where,
            advice="Please report this to the makers of the kit.",
        )
        with self._lock:
            self.errors = [*self.errors, kept][-_KEPT:]

    def _answer(self, request: Request) -> Response:
        try:
            return self._handler(request)
        except Exception as error:  # whatever a handler does wrong is kept and shown as ours
            self._keep_error(error, f"{request.method} {request.path}")
            return Response(
                500,
                (("Content-Type", "text/plain; charset=utf-8"),),
                b"The simulator itself failed; this says nothing about your request.\n",
            )


class _Conversation:
    """The requests and answers of one connection."""

    def __init__(self, server: Server, connection: ssl.SSLSocket) -> None:
        self.server = server
        self.connection = connection
        self.state = h11.Connection(h11.SERVER, max_incomplete_event_size=HEADER_LIMIT)

    def run(self) -> None:
        """Answer requests until either side has had enough."""
        while not self.server._stopping.is_set():
            try:
                request = self._read()
            except h11.RemoteProtocolError as error:
                self._refuse(error.error_status_hint, str(error))
                return
            if request is None or not self._send(
                self.server._answer(request), request.received, request.method
            ):
                return
            if self.state.our_state is not h11.DONE or self.state.their_state is not h11.DONE:
                return
            self.state.start_next_cycle()

    def _event(self) -> h11.Event | type[h11.PAUSED]:
        while True:
            event = self.state.next_event()
            if event is h11.PAUSED or not isinstance(event, type):
                return event
            if self.state.they_are_waiting_for_100_continue:
                self._write(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue"))
            self.state.receive_data(self.connection.recv(_READ))

    def _read(self) -> Request | None:
        """Return the next whole request, or None when the client is done."""
        head = self._event()
        if not isinstance(head, h11.Request):
            return None
        declared = next((value for name, value in head.headers if name == b"content-length"), b"0")
        body = bytearray()
        too_long = int(declared) > self.server._body_limit
        while not too_long:
            event = self._event()
            if isinstance(event, h11.EndOfMessage):
                break
            if not isinstance(event, h11.Data):
                return None
            body += event.data
            too_long = len(body) > self.server._body_limit
        if too_long:
            raise h11.RemoteProtocolError(
                f"the body is longer than {self.server._body_limit} bytes", error_status_hint=413
            )
        path, _, query = head.target.decode("ascii", "replace").partition("?")
        return Request(
            method=head.method.decode("ascii"),
            path=path,
            query=query,
            headers=tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in head.headers),
            body=bytes(body),
            tls_version=self.connection.version() or "",
            client_certificate=bool(self.connection.getpeercert(binary_form=True)),
            received=self.server._clock(),
        )

    def _write(self, *events: h11.Event) -> None:
        self.connection.sendall(b"".join(self.state.send(event) or b"" for event in events))

    def _refuse(self, status: int, why: str) -> None:
        if self.state.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return
        text = f"{why}\n".encode()
        headers = (("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"))
        self._send(Response(status, headers, text), self.server._clock())
        self._drain()

    def _drain(self) -> None:
        """Say goodbye and read on for a moment.

        Closing over unread bytes would reset the connection and lose the answer on its way.  What is read
        here is still encrypted, and thrown away.
        """
        _say_goodbye(self.connection)
        socket.socket.shutdown(self.connection, socket.SHUT_WR)
        self.connection.settimeout(_DRAIN_SECONDS)
        left = _DRAIN_BYTES
        while left > 0 and (piece := socket.socket.recv(self.connection, _READ)):
            left -= len(piece)

    def _send(self, response: Response, moment: datetime, method: str = "") -> bool:
        """Send one answer; tell whether the connection may be used again."""
        given = {name.lower() for name, _ in response.headers}
        headers = list(response.headers)
        if "content-length" not in given:
            headers.append(("Content-Length", str(len(response.body))))
        if "date" not in given:
            headers.append(("Date", format_datetime(moment.astimezone(UTC), usegmt=True)))
        whole = b"".join(
            self.state.send(event) or b""
            for event in (
                h11.Response(status_code=response.status, headers=headers, reason=_phrase(response.status)),
                h11.Data(data=b"" if method == "HEAD" else response.body),
                h11.EndOfMessage(),
            )
        )
        if response.delivery is None:
            self.connection.sendall(whole)
            return True
        self._deliver(response.delivery(whole))
        return False

    def _deliver(self, steps: Iterable[Step]) -> None:
        for step in steps:
            if step is Cut.CLOSE:
                return
            if step is Cut.RESET:
                _reset_on_close(self.connection)
                # At once: a word of goodbye before it would make an orderly end of it.
                self.connection.close()
                return
            if step is Cut.SILENCE:
                self._outlast()
                return
            if isinstance(step, bytes):
                self.connection.sendall(step)
            elif isinstance(step, int | float):
                if self.server._sleep is not None:
                    self.server._sleep(step)
                elif self.server._stopping.wait(step):
                    return

    def _outlast(self) -> None:
        """Wait until the peer has gone.  A server that stops ends its side, which ends this as well."""
        self.connection.settimeout(LONGEST_SILENCE)
        while self.connection.recv(_READ):
            pass


def _numeric(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address("127.0.0.1" if host == "localhost" else host)
    except ValueError as error:
        raise OperatorError(
            f"The simulator cannot listen on {host!r}.",
            expected="a numeric address of this machine, such as 127.0.0.1, or localhost",
            found=host,
        ) from error


def _no_password() -> str:
    # Without this OpenSSL would stop and ask the terminal.
    raise OperatorError(
        "The key of the TLS certificate is encrypted.",
        expected="a private key without a password",
        advice="decrypt it with `openssl pkey -in KEY -out NEW`, and keep the new file to yourself",
    )


def _context(certificate: Path, key: Path, client_ca: Path | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(certificate, key, password=_no_password)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_OPTIONAL
    except OSError as error:
        raise OperatorError(
            "The simulator cannot use its TLS certificate.",
            expected="PEM files with a certificate and its private key",
            found=str(error),
            where=f"{certificate}, {key}",
        ) from error
    return context


def _claim_address(listener: socket.socket) -> None:
    # On Windows SO_REUSEADDR would let two servers share a port; elsewhere it skips the wait after a stop.
    if sys.platform == "win32":
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _cannot_bind(host: str, port: int, error: OSError) -> OperatorError:
    in_use = error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE))
    return OperatorError(
        f"Port {port} of {host} is in use by another program."
        if in_use
        else f"Cannot listen on {host}:{port}.",
        expected="a free port",
        found=error.strerror or str(error),
        where=f"{host}:{port}",
        advice=(
            "Ports below 1024 may need the rights of an administrator; or give another port."
            if error.errno == errno.EACCES
            else "Give another port, or 0 for any free one, or stop the program that holds it."
        ),
    )


def _phrase(status: int) -> bytes:
    try:
        return HTTPStatus(status).phrase.encode("ascii")
    except ValueError:
        return b""


def _reset_on_close(connection: socket.socket) -> None:
    # Lingering for zero seconds makes the close a reset instead of an orderly end.
    linger = struct.pack("hh", 1, 0) if sys.platform == "win32" else struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)


def _say_goodbye(connection: ssl.SSLSocket) -> None:
    # OpenSSL 3 clients expect TLS to be ended by a word; do not wait for the client to say it too.
    with contextlib.suppress(OSError, ValueError):
        connection.settimeout(0.0)
        connection.unwrap()


def _close(connection: ssl.SSLSocket) -> None:
    _say_goodbye(connection)
    with contextlib.suppress(OSError):
        connection.close()
