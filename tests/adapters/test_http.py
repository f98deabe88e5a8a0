"""The carrier for a harness that the vendor runs: HTTP, one POST per message."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from conformance.adapters.contract import MAX_LINE, Outcome
from conformance.adapters.session import attach
from conformance.errors import HarnessError, OperatorError

SHORT = 0.3

INITIALIZED = {
    "status": "ok",
    "value": {
        "protocol": 1,
        "implementation": {"name": "fake", "version": "1"},
        "capabilities": ["usi.validate"],
    },
}


class Fake(BaseHTTPRequestHandler):
    """Answers `initialize`; what happens to a call is `self.server.answer(self, request)`."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self):
        self.server.connections.add(self.client_address)
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if request["method"] == "initialize":
            self.reply(200, {"jsonrpc": "2.0", "id": request["id"], "result": INITIALIZED})
        else:
            self.server.answer(self, request)

    def reply(self, status, body, **headers):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format, *arguments):
        pass


def ok(handler, request):
    """Answer a call with `ok`."""
    handler.reply(200, {"jsonrpc": "2.0", "id": request["id"], "result": {"status": "ok"}})


@contextmanager
def serving(answer):
    """Run a fake harness; yields the server and its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Fake)
    server.daemon_threads = True
    server.answer = answer
    server.connections = set()
    server.done = threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server, f"http://127.0.0.1:{server.server_port}/evte"
    finally:
        server.done.set()
        server.shutdown()
        server.server_close()
        thread.join()


def call(url, **choices):
    """Make one call in a session of its own."""
    with attach(url) as session:
        return session.call("usi.validate", {"usi": "BNGH7C75FN"}, **choices)


def test_healthy_harness_is_understood_over_one_connection():
    """Messages are posted over one connection that is kept."""
    with serving(ok) as (server, url), attach(url) as session:
        assert session.carrier == "http"
        assert session.implementation.name == "fake"
        for _ in range(20):
            assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
        assert len(server.connections) == 1
        assert abs(session.clock_ahead_s) < 3


def test_closed_connection_is_opened_again():
    """A server that closes after each answer is as good as one that does not."""

    def answer(handler, request):
        handler.close_connection = True
        handler.reply(
            200, {"jsonrpc": "2.0", "id": request["id"], "result": {"status": "ok"}}, Connection="close"
        )

    with serving(answer) as (server, url), attach(url) as session:
        for _ in range(3):
            assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
        assert len(server.connections) == 3


def test_connection_that_was_closed_while_idle_is_opened_again():
    """A server that closes an idle connection has not crashed."""

    def answer(handler, request):
        ok(handler, request)
        handler.wfile.flush()
        handler.close_connection = True
        handler.connection.shutdown(socket.SHUT_WR)

    with serving(answer) as (_, url), attach(url) as session:
        for _ in range(3):
            assert session.call("usi.validate", {"usi": "BNGH7C75FN"}).outcome is Outcome.OK
            end = time.monotonic() + 5
            while session._carrier._connection.sock.recv(1, socket.MSG_PEEK) != b"":
                assert time.monotonic() < end


def test_nothing_listening_is_said_so():
    """A port where nobody listens is the harness's error and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(HarnessError) as caught:
        attach(f"http://127.0.0.1:{port}/").start()
    assert caught.value.message == "there is no harness at the address"
    assert caught.value.advice == "start the harness first, and compare host and port"


def test_silence_is_a_hang():
    """Past the deadline the outcome is a hang."""
    with serving(lambda handler, request: handler.server.done.wait(5)) as (_, url):
        answer = call(url, deadline_s=SHORT)
    assert answer.outcome is Outcome.HANG
    assert "the harness itself goes on" in answer.message


def test_dripping_is_a_hang():
    """The deadline is that of the whole answer, not of the next byte."""

    def answer(handler, request):
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        while not handler.server.done.wait(0.05):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    with serving(answer) as (server, url):
        assert call(url, deadline_s=SHORT).outcome is Outcome.HANG
        server.done.set()


def test_broken_connection_is_a_crash():
    """A connection that ends before the answer is a crash, and the next call makes a new one."""

    def answer(handler, request):
        if request["params"]["usi"] == "B":
            ok(handler, request)
        handler.close_connection = True

    with serving(answer) as (_, url), attach(url) as session:
        crash = session.call("usi.validate", {"usi": "C"})
        assert crash.outcome is Outcome.CRASH
        assert "the connection ended before the answer" in crash.message
        assert session.call("usi.validate", {"usi": "B"}).outcome is Outcome.OK


def test_redirection_is_not_followed():
    """A redirection breaks the contract: passwords would go along."""

    def answer(handler, request):
        handler.reply(307, b"", Location="http://127.0.0.1:1/elsewhere")

    with serving(answer) as (_, url), pytest.raises(HarnessError) as caught:
        call(url)
    assert caught.value.message == "the harness answered with HTTP status 307"
    assert caught.value.found == "a redirection to http://127.0.0.1:1/elsewhere"


def test_error_page_is_quoted():
    """An HTTP error breaks the contract, and the message has the beginning of the page."""
    with (
        serving(lambda handler, request: handler.reply(500, b"<h1>Oops</h1>")) as (_, url),
        pytest.raises(HarnessError) as caught,
    ):
        call(url)
    assert caught.value.found == "'<h1>Oops</h1>'"


def test_answer_that_is_no_answer_is_quoted():
    """A body that is no JSON-RPC answer breaks the contract."""
    with (
        serving(lambda handler, request: handler.reply(200, b"hello")) as (_, url),
        pytest.raises(HarnessError, match="something that is no JSON-RPC answer"),
    ):
        call(url)


def test_pretty_printed_answer_is_read():
    """Line breaks between the parts of a posted answer do not matter."""

    def answer(handler, request):
        body = {"jsonrpc": "2.0", "id": request["id"], "result": {"status": "ok"}}
        handler.reply(200, json.dumps(body, indent=2).replace("\n", "\r\n").encode())

    with serving(answer) as (_, url):
        assert call(url).outcome is Outcome.OK


def test_endless_body_is_cut_off():
    """A body of more than 16 MiB breaks the contract before it has been read to its end."""

    def answer(handler, request):
        handler.send_response(200)
        handler.send_header("Content-Length", str(MAX_LINE * 100))
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b"x" * 1_000_000)
        except OSError:
            handler.close_connection = True

    with serving(answer) as (_, url), pytest.raises(HarnessError, match="an answer that is too long"):
        call(url, deadline_s=20)


def test_harness_is_not_shut_down():
    """The process is the vendor's: closing the session sends no `shutdown`."""
    asked = []

    def answer(handler, request):
        asked.append(request["method"])
        ok(handler, request)

    with serving(answer) as (_, url):
        assert call(url).outcome is Outcome.OK
    assert asked == ["usi.validate"]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://192.0.2.1:8000/", "http:// reaches this machine only"),
        ("http://example.invalid/", "http:// reaches this machine only"),
        ("http://127.0.0.1.example.invalid/", "http:// reaches this machine only"),
        ("http://", "the address of the harness is incomplete"),
        ("http://127.0.0.1:port/", "the address of the harness cannot be read"),
        ("http://me:sesame@127.0.0.1/", "the address of the harness holds a user name or password"),
    ],
)
def test_unfit_address_is_refused(url, message):
    """An address that passwords may not travel to is the operator's error."""
    with pytest.raises(OperatorError) as caught:
        attach(url)
    assert caught.value.message == message
    assert "sesame" not in str(caught.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]", "LOCALHOST"])
def test_loopback_is_taken(host):
    """Every form of the loopback address is taken."""
    assert attach(f"http://{host}:1/").carrier == "http"


def test_untrusted_certificate_is_refused(tmp_path):
    """A harness behind HTTPS must have a certificate of a trusted authority, and `ca_file` names one."""
    import ssl
    from datetime import UTC, datetime

    from conformance.simulators.authority import Authority

    authority = Authority(datetime.now(UTC))
    pem, key = authority.tls_server()
    files = {"server.pem": pem + key, "ca.pem": authority.tls_ca_pem}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    with serving(ok) as (server, url):
        server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        server.handle_error = lambda *_: None
        url = url.replace("http:", "https:")
        with pytest.raises(HarnessError) as caught:
            attach(url).start()
        assert caught.value.message == "the harness's TLS certificate or settings were not accepted"
        with attach(url, ca_file=tmp_path / "ca.pem") as session:
            assert session.call("usi.validate", {"usi": "B"}).outcome is Outcome.OK
