"""The Python harness: the contract over a pipe and over HTTP, and whatever else a line may hold."""

import http.client
import io
import json
import subprocess
import sys
import threading

import pytest

from conformance.reference import Correct
from conformance.reference.__main__ import answer, http_server, serve_pipe


def request(method, identifier=1, **params):
    """One request line."""
    return json.dumps({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}).encode()


def result(line):
    """What a response line holds as result."""
    return json.loads(line)["result"]


def error(line):
    """The JSON-RPC error code that a line is answered with."""
    return json.loads(answer(Correct(), line)[0])["error"]["code"]


def test_answers_a_right_and_a_wrong_usi():
    """`ok` means valid; a refusal states the contract's reason and the product's own words."""
    assert answer(Correct(), request("usi.validate", usi="BNGH7C75FN")) == (
        b'{"jsonrpc":"2.0","id":1,"result":{"status":"ok","value":null}}',
        False,
    )
    refused = result(answer(Correct(), request("usi.validate", usi="BNGH7C75FM"))[0])
    assert (refused["status"], refused["reason"]) == ("rejected", "usi.check_character")
    assert refused["native"]["text"] == "The check character does not fit the first nine."


def test_passes_over_the_deadline():
    """The kit enforces deadlines; the harness need not know them."""
    line = request("usi.check_character", stem="BNGH7C75F", deadline_ms=20000)
    assert result(answer(Correct(), line)[0]) == {"status": "ok", "value": "N"}


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (b"Listening on port 80", -32700),
        (b"\xff\xfe{}", -32700),
        (b"[" * 100_000, -32700),
        (b'"text"', -32600),
        (b"[]", -32600),
        (b'{"jsonrpc":"2.0","method":"usi.validate"}', -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"usi.validate"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":7}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"usi.guess"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"__class__"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"usi.validate","params":["BNGH7C75FN"]}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"usi.validate","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"usi.validate","params":{"usi":"","expect":"ok"}}', -32602),
    ],
)
def test_survives_what_is_no_request(line, code):
    """Garbage is answered with a JSON-RPC error."""
    assert error(line) == code


def test_reads_a_byte_order_mark_and_a_number_of_any_length():
    """A mark before the object is passed over; a number beyond the interpreter's limit is no USI either."""
    line = (
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":1,"method":"usi.validate","params":{"usi":' + b"7" * 9000 + b"}}"
    )
    assert result(answer(Correct(), line)[0])["reason"] == "usi.type"


def test_says_that_it_cannot_renew():
    """A method of the contract that is not offered is unsupported, not an error."""

    class RenewsNothing(Correct):
        """Leaves renewal to its users."""

        capabilities = tuple(name for name in Correct.capabilities if name != "keystore.renew")

    parameters = dict.fromkeys(("path", "alias", "password", "renewal_address", "ca_file"), "x")
    asked = request("keystore.renew", **parameters)
    assert result(answer(RenewsNothing(), asked)[0])["status"] == "unsupported"


def test_tells_the_unforeseen_from_a_refusal(capsys):
    """An exception of the implementation is an error; where it came from goes to standard error."""

    class Stumbles(Correct):
        """Divides by zero."""

        def usi_validate(self, usi):
            return 1 // 0

    line, over = answer(Stumbles(), request("usi.validate", usi="x"))
    assert result(line) == {
        "status": "error",
        "message": "ZeroDivisionError: integer division or modulo by zero",
    }
    assert not over
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_ends_after_shutdown():
    """Lines after `shutdown` are not answered; CRLF and blank lines are no trouble."""
    source = io.BytesIO(
        b"\r\n".join(
            [request("usi.validate", 1, usi="x"), b"", request("shutdown", 2), request("shutdown", 3)]
        )
    )
    target = io.BytesIO()
    serve_pipe(Correct(), source, target)
    assert [json.loads(line)["id"] for line in target.getvalue().splitlines()] == [1, 2]


def test_goes_on_after_a_line_that_is_too_long(monkeypatch):
    """The rest of such a line is not taken for the next request."""
    monkeypatch.setattr("conformance.reference.__main__.MAX_LINE", 200)
    source = io.BytesIO(b"x" * 1000 + b"\n" + request("shutdown", 2) + b"\n")
    target = io.BytesIO()
    serve_pipe(Correct(), source, target)
    first, second = map(json.loads, target.getvalue().splitlines())
    assert (first["error"]["code"], second["id"]) == (-32600, 2)


def test_speaks_over_standard_input_and_output():
    """A process of its own answers line by line, in ASCII, and leaves with 0 when its input ends."""
    lines = [
        request("initialize", 1, protocol_versions=[1], kit_version="0"),
        request("usi.validate", 2, usi="ＢＮＧＨ７Ｃ７５ＦＮ"),  # noqa: RUF001 - full-width on purpose
    ]
    process = subprocess.run(
        [sys.executable, "-m", "conformance.reference"],
        input=b"\n".join(lines),
        capture_output=True,
        timeout=60,
        check=False,
    )
    first, second = process.stdout.splitlines()
    assert (process.returncode, process.stderr) == (0, b"")
    assert result(first)["value"]["protocol"] == 1
    assert "usi.validate" in result(first)["value"]["capabilities"]
    assert result(second)["reason"] == "usi.alphabet"
    assert process.stdout.isascii()


def test_names_the_nearest_mutants_when_there_is_none_of_that_name():
    """A mistyped name is a mistake of the operator: exit code 2 and what may have been meant."""
    process = subprocess.run(
        [sys.executable, "-m", "conformance.reference", "--mutant", "unknown-character-counts-zero"],
        input=b"",
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 2
    assert b"there is no mutant named 'unknown-character-counts-zero'" in process.stderr
    assert b"did you mean" in process.stderr
    assert b"Traceback" not in process.stderr


def test_speaks_over_http():
    """One request per POST on one connection; `shutdown` ends the server."""
    server = http_server(Correct(), 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)
    try:
        statuses = []
        for line in (request("usi.validate", 5, usi="BNGH7C75FN"), b"garbage", request("shutdown", 6)):
            connection.request("POST", "/", body=line, headers={"Content-Type": "application/json"})
            response = connection.getresponse()
            statuses.append((response.status, json.loads(response.read())["id"]))
        thread.join(timeout=10)
        assert statuses == [(200, 5), (200, None), (200, 6)]
        assert not thread.is_alive()
    finally:
        connection.close()
        server.shutdown()
        server.server_close()
