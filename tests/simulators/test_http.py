"""The HTTPS server of the simulators."""

import http.client
import socket
import ssl
import sys
import threading
import time
from datetime import UTC, datetime

import pytest

from conformance.errors import OperatorError
from conformance.simulators.authority import Authority
from conformance.simulators.http import Cut, Request, Response, Server

MOMENT = datetime.now(UTC)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Certificate, key and CA file of a loopback server."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(MOMENT)
    certificate, key = authority.tls_server()
    for name, data in {"server.pem": certificate, "key.pem": key, "ca.pem": authority.tls_ca_pem}.items():
        (folder / name).write_bytes(data)
    return folder


def echo(request: Request) -> Response:
    """Answer with the body that came; the header `x-seen` tells how it was asked for."""
    seen = f"{request.method} {request.path}?{request.query}"
    return Response(200, (("Content-Type", "text/plain"), ("X-Seen", seen)), request.body)


@pytest.fixture
def serve(files):
    """Start servers that stop with the test."""
    running = []

    def start(handler=echo, **settings):
        server = Server(handler, certificate=files / "server.pem", key=files / "key.pem", **settings)
        server.start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.stop()


def trusting(files):
    """Return a client context that trusts the test CA."""
    return ssl.create_default_context(cafile=files / "ca.pem")


def connect(server, files, timeout=5):
    """Return an HTTPS connection of the standard library."""
    port = int(server.address.rpartition(":")[2])
    return http.client.HTTPSConnection("127.0.0.1", port, context=trusting(files), timeout=timeout)


def raw(server, files):
    """Return a bare TLS socket."""
    port = int(server.address.rpartition(":")[2])
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    return trusting(files).wrap_socket(plain, server_hostname="127.0.0.1")


def read_all(connection) -> bytes:
    """Read until the server closes."""
    pieces = []
    while piece := connection.recv(65536):
        pieces.append(piece)
    return b"".join(pieces)


def test_a_request_reaches_the_handler_as_it_was_sent(serve, files):
    """Method, path, query, headers and body arrive, with the TLS version and the moment."""
    seen = []

    def keep(request):
        seen.append(request)
        return Response(200)

    connection = connect(serve(keep), files)
    connection.request("POST", "/Service/v5?wsdl=1", b"body", {"X-Odd": " blank "})
    assert connection.getresponse().status == 200
    connection.close()
    (request,) = seen
    assert (request.method, request.path, request.query, request.body) == (
        "POST",
        "/Service/v5",
        "wsdl=1",
        b"body",
    )
    assert request.header("x-ODD") == "blank"
    assert request.tls_version in ("TLSv1.2", "TLSv1.3")
    assert not request.client_certificate
    assert request.received.tzinfo is UTC


def test_a_connection_carries_many_requests(serve, files):
    """Keep-alive: the second request uses the socket of the first."""
    connection = connect(serve(), files)
    connection.connect()
    used = connection.sock
    for number in range(5):
        connection.request("POST", "/", str(number).encode())
        assert connection.getresponse().read() == str(number).encode()
    assert connection.sock is used
    connection.close()


def test_a_chunked_body_is_put_together(serve, files):
    """Transfer-Encoding: chunked, which vendors' stacks send, arrives as one body."""
    connection = connect(serve(), files)
    connection.request("POST", "/", iter([b"one ", b"two ", b"three"]), encode_chunked=True)
    assert connection.getresponse().read() == b"one two three"
    connection.close()


def test_expect_100_continue_is_answered_before_the_body(serve, files):
    """A client that waits for 100 gets it at once, sends its body, and gets its answer."""
    with raw(serve(), files) as connection:
        connection.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
            b"Connection: close\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(b"late")
        assert read_all(connection).endswith(b"\r\n\r\nlate")


@pytest.mark.parametrize(
    "sent",
    [b"\x16\x03\x01 garbage\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"A" * 70_000],
    ids=["no-method", "no-target", "no-host", "endless-line"],
)
def test_garbage_is_answered_with_4xx(serve, files, sent):
    """Bytes that are not HTTP get a 4xx and an end, and the server goes on."""
    server = serve()
    with raw(server, files) as connection:
        connection.sendall(sent)
        assert read_all(connection).startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 431 "))
    connection = connect(server, files)
    connection.request("POST", "/", b"still here")
    assert connection.getresponse().read() == b"still here"
    connection.close()
    assert server.errors == []


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_a_body_beyond_the_limit_is_answered_with_413(serve, files, chunked):
    """The limit holds whether the length is declared or only felt."""
    connection = connect(serve(body_limit=1000), files)
    connection.request(
        "POST", "/", iter([b"x" * 600] * 4) if chunked else b"x" * 1001, encode_chunked=chunked
    )
    assert connection.getresponse().status == 413
    connection.close()


def test_head_has_no_body(serve, files):
    """An answer to HEAD is the head alone."""
    connection = connect(serve(lambda _: Response(200, (), b"body")), files)
    connection.request("HEAD", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read(), answer.headers["Content-Length"]) == (200, b"", "4")
    connection.close()


def test_a_plain_http_client_is_told_nothing(serve):
    """A client that speaks HTTP without TLS is dropped, and the server remembers why."""
    server = serve()
    with socket.create_connection(("127.0.0.1", int(server.address.rpartition(":")[2])), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with _allowing_reset():
            while plain.recv(1000):
                pass
    assert len(server.handshake_failures) == 1


class _allowing_reset:  # noqa: N801 - reads as a statement
    """A drop may be an end or a reset; which one is the platform's business."""

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        return kind is not None and issubclass(kind, ConnectionError)


def test_a_client_with_another_ca_refuses_the_server(serve):
    """Whoever does not trust the test CA gets no connection, and the server remembers the refusal."""
    server = serve()
    port = int(server.address.rpartition(":")[2])
    connection = http.client.HTTPSConnection(
        "127.0.0.1", port, context=ssl.create_default_context(), timeout=5
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()
    server.stop()
    assert any("unknown ca" in failure for failure in server.handshake_failures)


def test_tls_1_1_is_refused(serve, files):
    """Nothing older than TLS 1.2 is spoken."""
    context = trusting(files)
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    port = int(serve().address.rpartition(":")[2])
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        pytest.raises((ssl.SSLError, ConnectionError)),
    ):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_a_port_in_use_is_the_operators_error(serve):
    """The error names the port."""
    port = serve().address.rpartition(":")[2]
    with pytest.raises(OperatorError, match=port) as caught:
        serve(port=int(port))
    assert "in use" in caught.value.message
    assert caught.value.exit_code == 2


def test_a_public_address_must_be_asked_for(serve):
    """Without being told, the simulator listens on the loopback interface only."""
    with pytest.raises(OperatorError, match=r"0\.0\.0\.0"):
        serve(host="0.0.0.0")
    assert serve(host="0.0.0.0", beyond_loopback=True).address.startswith("https://0.0.0.0:")


def test_a_failing_handler_is_a_kit_error(serve, files):
    """The client gets a 500 that blames the simulator, and the error is kept with its place."""

    def broken(request):
        raise ZeroDivisionError("by nothing")

    server = serve(broken)
    connection = connect(server, files)
    connection.request("POST", "/somewhere", b"")
    answer = connection.getresponse()
    assert (answer.status, b"simulator" in answer.read()) == (500, True)
    connection.close()
    (error,) = server.errors
    assert error.exit_code == 5
    assert error.where == "POST /somewhere"
    assert "ZeroDivisionError: by nothing" in error.message


def test_stop_does_not_wait_for_clients(serve, files):
    """With an idle client and one in the middle of a request, stop takes well under a tenth of a second."""
    server = serve()
    with raw(server, files) as idle, raw(server, files) as busy:
        busy.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf")
        idle.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(20).startswith(b"HTTP/1.1 200")
        began = time.monotonic()
        server.stop()
        assert time.monotonic() - began < 0.1
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("serve:")]


def test_start_is_quick_and_an_idle_round_trip_too(serve, files):
    """No Nagle delay: fifty round trips on one connection take far less than fifty times 40 ms."""
    connection = connect(serve(), files)
    connection.connect()
    began = time.monotonic()
    for _ in range(50):
        connection.request("POST", "/", b"x" * 6000)
        assert len(connection.getresponse().read()) == 6000
    assert time.monotonic() - began < 50 * 0.02
    connection.close()


def test_one_connection_too_many_is_closed(serve, files):
    """Beyond the limit a connection is closed unanswered, and counted."""
    server = serve(connection_limit=1)
    with raw(server, files) as first:
        first.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert first.recv(20).startswith(b"HTTP/1.1 200")
        with pytest.raises((OSError, ssl.SSLError)):
            raw(server, files)
    assert server.refused_connections == 1


def test_a_silent_connection_is_closed(serve, files):
    """A client that says nothing is dropped after the idle time."""
    with raw(serve(idle_seconds=0.05), files) as connection:
        assert connection.recv(10) == b""


@pytest.mark.parametrize(
    ("steps", "arrives"),
    [
        (lambda whole: [whole[:20], Cut.CLOSE], 20),
        (lambda whole: [whole[:10], 0.01, whole[10:]], None),
        (lambda whole: [Cut.CLOSE], 0),
    ],
    ids=["cut-in-the-headers", "pause", "nothing"],
)
def test_a_delivery_breaks_the_answer_as_told(serve, files, steps, arrives):
    """The bytes of an answer can be cut and delayed; then the connection ends."""
    whole = []

    def remember(answer):
        whole.append(answer)
        return steps(answer)

    server = serve(lambda _: Response(200, (), b"body", delivery=remember))
    with raw(server, files) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_all(connection) == whole[0][:arrives]


def test_a_delivery_may_end_in_a_reset(serve, files):
    """After a reset the client sees a transport error or an abrupt end, never a whole answer."""
    server = serve(lambda _: Response(200, (), b"body", delivery=lambda whole: [whole[:5], Cut.RESET]))
    with raw(server, files) as connection, _allowing_reset():
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_all(connection) in (b"", b"HTTP/")


def test_clients_are_served_at_the_same_time(serve, files):
    """Two requests meet in the handler, so that neither waits for the other."""
    meeting = threading.Barrier(2, timeout=5)

    def meet(request):
        meeting.wait()
        return Response(200)

    server = serve(meet)
    statuses = []

    def ask():
        connection = connect(server, files)
        connection.request("GET", "/")
        statuses.append(connection.getresponse().status)
        connection.close()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200, 200]


def test_a_server_may_be_stopped_before_it_accepts(files, monkeypatch):
    """Stopped as soon as started: the accepting thread may be over before it ever waited."""
    begin = threading.Thread.start

    def begin_and_end(thread):
        server._stopping.set()
        begin(thread)
        thread.join(1)

    server = Server(echo, certificate=files / "server.pem", key=files / "key.pem")
    monkeypatch.setattr(threading.Thread, "start", begin_and_end)
    server.start()
    server.stop()
    assert server._accepting is None


def test_a_host_must_be_numeric(files):
    """A name could stand for several addresses; the operator is told what to give."""
    with pytest.raises(OperatorError, match=r"cannot listen on 'example\.com'"):
        Server(echo, certificate=files / "server.pem", key=files / "key.pem", host="example.com")


def test_who_wants_to_know_is_told_of_failed_handshakes(serve, files):
    """In the words that `handshake_failures` keeps."""
    told = []
    server = serve(handshake_failed=told.append)
    connection = connect(server, files)
    connection._context = ssl.create_default_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.connect()
    connection.close()
    deadline = time.monotonic() + 5
    while not told and time.monotonic() < deadline:
        time.sleep(0.005)  # the refusal is on its way
    assert told == server.handshake_failures
    assert "alert unknown ca" in told[0]


@pytest.mark.skipif(sys.platform == "win32", reason="what is left unread there hides the reset")
def test_a_reset_is_one_below_tls(serve, files):
    """No goodbye of TLS comes before it, which would make an orderly end of it for some stacks."""
    server = serve(lambda _: Response(200, (), b"body", delivery=lambda whole: [whole[:5], Cut.RESET]))
    with raw(server, files) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        with pytest.raises(ConnectionResetError):
            list(iter(lambda: socket.socket.recv(connection, 65536), b""))
