"""The HTTPS addresses of a bench: each listens from the first time that it is asked for.

A run needs two of them at once and the odd ones rarely, and none should pay for what it does not use.
"""

import contextlib
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from conformance.errors import KitError
from conformance.simulators.authority import Authority
from conformance.simulators.http import Handler, Server

ELSEWHERE: Final = "somewhere-else.invalid"
"""The only name in a certificate that is misnamed; no name server ever answers it."""

Certificate = Literal["right", "untrusted", "misnamed"]
"""For loopback from the trusted authority, the same from another authority, or for `ELSEWHERE` only."""


class Listeners:
    """HTTPS servers on the loopback interface, by name.  May be used from several threads.

    Args:
        authority: issues their certificates.
        directory: where the files of certificates and key are written.
        clock: now, UTC.
        sleep: as of `Server`.
        handshake_failed: told of every TLS connection that failed, in OpenSSL's words.
    """

    def __init__(
        self,
        authority: Authority,
        directory: Path,
        *,
        clock: Callable[[], datetime],
        sleep: Callable[[float], object] | None = None,
        handshake_failed: Callable[[str], object] | None = None,
    ) -> None:
        self._authority = authority
        self._directory = directory
        self._clock = clock
        self._sleep = sleep
        self._handshake_failed = handshake_failed
        self._lock = threading.Lock()
        self._servers: dict[str, Server] = {}
        self._files: dict[Certificate, tuple[Path, Path]] = {}
        self._stopped = False

    def start(
        self,
        name: str,
        handler: Handler,
        *,
        port: int = 0,
        certificate: Certificate = "right",
        host: str = "127.0.0.1",
    ) -> str:
        """Return the address, without path, of the server of that name, and start it if it is not running.

        Args:
            name: of the server.
            handler: answers its requests.
            port: 0 for any free one.
            certificate: that it shows.
            host: by which clients are to call it; always a name of this machine.

        Raises:
            OperatorError: the port is in use.
            KitError: all servers were stopped.
        """
        with self._lock:
            if self._stopped:
                raise KitError("an address was asked for after the bench had ended", found=name)
            if name not in self._servers:
                files = self._made(certificate)
                server = Server(
                    handler,
                    certificate=files[0],
                    key=files[1],
                    port=port,
                    clock=self._clock,
                    sleep=self._sleep,
                    handshake_failed=self._handshake_failed,
                )
                server.start()
                self._servers[name] = server
            bound = self._servers[name].address
        return f"https://{host}:{bound.rpartition(':')[2]}"

    def stop(self) -> None:
        """Stop all servers."""
        with self._lock:
            self._stopped = True
            servers = list(self._servers.values())
        with contextlib.ExitStack() as stopping:
            for server in servers:
                stopping.callback(server.stop)

    @property
    def errors(self) -> list[KitError]:
        """What went wrong inside handlers so far; each is a defect of the kit."""
        with self._lock:
            servers = list(self._servers.values())
        return [error for server in servers for error in server.errors]

    def _made(self, kind: Certificate) -> tuple[Path, Path]:
        """Return the files of a certificate and its key."""
        if kind not in self._files:
            # Whatever moment the run is set to, a client's TLS goes by the clock of the machine.
            today = datetime.now(UTC)
            if kind == "misnamed":
                certificate, key = self._authority.tls_server((ELSEWHERE,), moment=today)
            else:
                certificate, key = self._authority.tls_server(moment=today, trusted=kind == "right")
            self._files[kind] = (
                self._write(f"tls-{kind}.pem", certificate),
                self._write("tls-key.pem", key),
            )
        return self._files[kind]

    def _write(self, name: str, data: bytes) -> Path:
        path = (self._directory / name).resolve()
        path.write_bytes(data)
        return path
