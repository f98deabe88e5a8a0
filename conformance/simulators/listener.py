"""A loopback listener that nobody should call: it notes every connection, and lets nobody wait."""

import socket
import socketserver
import threading
from types import TracebackType
from typing import Any, Final, Self

_WAIT_S: Final = 2.0
"""Seconds that a caller gets for its request; it may never send one."""
_EXCERPT: Final = 200


class Listener:
    """Listens on a free port of the loopback interface while it is entered."""

    def __init__(self, content: bytes = b"") -> None:
        """Take what every request is answered with, over HTTP."""
        self._content = content
        self.calls: list[str] = []
        """The first line of each request; empty for a connection over which none came."""
        listener = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                listener._answer(self.request)

        self._server = socketserver.TCPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.02},
            name="evte listener",
            daemon=True,
        )

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`, without a path."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, after every connection that had been made until now was noted."""
        self._server.shutdown()
        self._thread.join()
        self._server.socket.setblocking(False)
        while True:
            try:
                connection, _ = self._server.socket.accept()
            except OSError:
                break
            with connection:
                self.calls.append("")
        self._server.server_close()

    def _answer(self, connection: Any) -> None:  # noqa: ANN401 - a socket, or what the server's base class says
        request = b""
        connection.settimeout(_WAIT_S)
        try:
            request = connection.recv(4096)
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(self._content)}\r\nConnection: close\r\n\r\n"
            connection.sendall(head.encode() + self._content)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # who calls and does not listen has called all the same
        finally:
            self.calls.append(request.partition(b"\r\n")[0][:_EXCERPT].decode("latin-1"))
