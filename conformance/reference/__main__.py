"""The Python harness: the reference implementation, a mutant or a variant, in a process of its own.

`python -m conformance.reference` speaks the contract over standard input and output, one JSON-RPC
object per line; `--http PORT` speaks it over HTTP on the loopback address, one object per POST.

Standard output belongs to the conversation; everything else goes to standard error.  No line ends the
process but `shutdown`.
"""

import argparse
import inspect
import json
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import IO, Any, Final

from conformance.adapters.contract import MAX_LINE, METHODS
from conformance.errors import OperatorError
from conformance.reference import resolve
from conformance.reference.correct import Correct

BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

PARSE_ERROR: Final = -32700
INVALID_REQUEST: Final = -32600
UNKNOWN_METHOD: Final = -32601
INVALID_PARAMETERS: Final = -32602


def answer(implementation: Correct, line: bytes) -> tuple[bytes, bool]:
    """Carry out one request.

    Args:
        implementation: what the calls are made on.
        line: one JSON-RPC 2.0 request, UTF-8, without its line end; any bytes at all are survived.

    Returns:
        The response, UTF-8 and without a line end, and whether the conversation is over.
    """
    identifier: Any = None
    try:
        request = json.loads(line.removeprefix(BYTE_ORDER_MARK).decode("utf-8"), parse_int=_number)
    except (ValueError, RecursionError) as problem:
        return _error(None, PARSE_ERROR, f"not a JSON object in UTF-8: {problem}"), False
    if isinstance(request, dict) and isinstance(request.get("id"), int | str):
        identifier = request["id"]
    if identifier is None or request.get("jsonrpc") != "2.0" or not isinstance(request.get("method"), str):
        return _error(identifier, INVALID_REQUEST, "not a JSON-RPC 2.0 request with id and method"), False
    method, params = request["method"], request.get("params", {})
    if method not in METHODS:
        return _error(identifier, UNKNOWN_METHOD, f"no method {method!r}"), False
    if not isinstance(params, dict):
        return _error(identifier, INVALID_PARAMETERS, "parameters are given by name"), False
    if misfit := _misfit(implementation, method, params):
        return _error(identifier, INVALID_PARAMETERS, misfit), False
    try:
        result = implementation.handle(method, params)
    except Exception as problem:
        # What the implementation did not foresee is told to the kit and never taken for a refusal.
        traceback.print_exc(file=sys.stderr)
        result = {"status": "error", "message": f"{type(problem).__name__}: {problem}"}
    return _response(identifier, "result", result), method == "shutdown"


def serve_pipe(implementation: Correct, source: IO[bytes], target: IO[bytes]) -> None:
    """Answer line by line until the source ends or `shutdown` comes."""
    over = False
    while not over and (line := source.readline(MAX_LINE + 2)):
        text = line.rstrip(b"\r\n")
        if len(text) > MAX_LINE:
            while line and not line.endswith(b"\n"):
                line = source.readline(MAX_LINE)
            response = _error(None, INVALID_REQUEST, f"a line is longer than {MAX_LINE} bytes")
        elif text:
            response, over = answer(implementation, text)
        else:
            continue
        target.write(response + b"\n")
        target.flush()


def http_server(implementation: Correct, port: int) -> ThreadingHTTPServer:
    """Return a server on the loopback address that answers one request per POST, one at a time.

    Raises:
        OperatorError: the port is in use.
    """
    turn = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if not length.isascii() or not length.isdigit() or int(length) > MAX_LINE:
                self.close_connection = True
                self.send_error(413 if length.isdigit() else 411)
                return
            with turn:
                response, over = answer(implementation, self.rfile.read(int(length)))
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)
            if over:
                threading.Thread(target=self.server.shutdown).start()

        def log_message(self, format: str, *args: object) -> None:
            """Stay quiet: parameters hold passwords of test stores."""

    try:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    except OSError as problem:
        raise OperatorError(
            f"cannot listen on port {port}",
            found=str(problem),
            advice="give another --http PORT, or 0 for a free one",
        ) from problem
    server.daemon_threads = True
    return server


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, choose the implementation and serve it.  Returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m conformance.reference", description=__doc__)
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--mutant", metavar="NAME", help="serve an implementation that is wrong in one way")
    choice.add_argument("--variant", metavar="NAME", help="serve another right implementation")
    parser.add_argument("--http", metavar="PORT", type=int, help="serve on 127.0.0.1; 0: any free port")
    options = parser.parse_args(arguments)
    # Standard output belongs to the conversation: whatever a library prints goes to standard error.
    channel, sys.stdout = sys.stdout.buffer, sys.stderr
    try:
        implementation = resolve(
            f"mutant:{options.mutant}"
            if options.mutant
            else f"variant:{options.variant}"
            if options.variant
            else "reference"
        )
        if options.http is None:
            serve_pipe(implementation, sys.stdin.buffer, channel)
        else:
            with http_server(implementation, options.http) as server:
                channel.write(f"http://127.0.0.1:{server.server_port}/\n".encode())
                channel.flush()
                server.serve_forever()
    except OperatorError as problem:
        print(problem, file=sys.stderr)
        return problem.exit_code
    except (BrokenPipeError, KeyboardInterrupt):
        return 0
    return 0


def _misfit(implementation: Correct, method: str, params: dict[str, Any]) -> str:
    """Say what is wrong with the parameters of a call; empty when they fit or the method is not there."""
    called = getattr(implementation, method.replace(".", "_"), None)
    if called is None:
        return ""
    try:
        inspect.signature(called).bind(**{k: v for k, v in params.items() if k != "deadline_ms"})
    except TypeError as problem:
        return f"{method}: {problem}"
    return ""


def _number(text: str) -> int | float:
    """Read a JSON integer; one beyond the interpreter's limit of digits becomes a float."""
    return int(text) if len(text) < 4000 else float(text)


def _response(identifier: object, key: str, content: dict[str, Any]) -> bytes:
    """Return one response line; pure ASCII, hence the same in every locale."""
    line = json.dumps({"jsonrpc": "2.0", "id": identifier, key: content}, separators=(",", ":"))
    return line.encode("ascii")


def _error(identifier: object, code: int, message: str) -> bytes:
    return _response(identifier, "error", {"code": code, "message": message})


if __name__ == "__main__":
    sys.exit(main())
