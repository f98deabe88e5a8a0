"""What an answer may look like, and what breaks the contract."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.adapters.answers import find_reason, read_answer
from conformance.adapters.carrier import Stray, read_line
from conformance.adapters.contract import METHODS, REASONS, Native, Outcome
from conformance.adapters.handshake import read_initialized
from conformance.errors import HarnessError

OPENED = {
    "certificate": "AA==",
    "abn": "1",
    "name": "n",
    "not_after": "2027-01-01T00:00:00Z",
    "renewal_due": False,
}


def read(method, body, error_map=()):
    """Read an answer with the id 5; `notes` is what was remarked."""
    notes = []
    fields = read_answer(
        {"jsonrpc": "2.0", "id": 5, **body},
        identifier=5,
        method=METHODS[method],
        error_map=error_map,
        note=notes.append,
    )
    return {**fields, "notes": notes}


@pytest.mark.parametrize(
    ("method", "result", "outcome"),
    [
        ("usi.validate", {"status": "ok"}, Outcome.OK),
        ("usi.validate", {"status": "ok", "value": {"any": "thing"}}, Outcome.OK),
        ("usi.check_character", {"status": "ok", "value": "N"}, Outcome.OK),
        ("keystore.open", {"status": "ok", "value": OPENED}, Outcome.OK),
        ("keystore.open", {"status": "ok", "value": {**OPENED, "abn": None, "more": 1}}, Outcome.OK),
        ("keystore.open", {"status": "rejected", "native": {"code": "E", "text": "t"}}, Outcome.REJECTED),
        ("keystore.open", {"status": "rejected", "native": {"code": -7}}, Outcome.REJECTED),
        ("keystore.open", {"status": "rejected"}, Outcome.REJECTED),
        ("keystore.open", {"status": "rejected", "reason": "keystore.expired"}, Outcome.REJECTED),
        ("keystore.open", {"status": "unsupported", "message": "no"}, Outcome.UNSUPPORTED),
        ("keystore.open", {"status": "error", "message": "NullPointerException"}, Outcome.ERROR),
    ],
)
def test_legal_answer_is_read(method, result, outcome):
    """The four answers of the contract are read without a remark."""
    found = read(method, {"result": result})
    assert found["outcome"] is outcome
    assert found["notes"] == []


@pytest.mark.parametrize(
    ("method", "result", "message"),
    [
        ("usi.validate", [], "a result that is not an object"),
        ("usi.validate", "ok", "a result that is not an object"),
        ("usi.validate", {}, "an unknown status"),
        ("usi.validate", {"status": "invalid"}, "an unknown status"),
        ("usi.validate", {"status": True}, "an unknown status"),
        ("usi.check_character", {"status": "ok"}, "a value of the wrong type"),
        ("usi.check_character", {"status": "ok", "value": 7}, "a value of the wrong type"),
        ("keystore.open", {"status": "ok", "value": "AA=="}, "a value of the wrong type"),
        ("keystore.open", {"status": "ok", "value": {"certificate": "AA=="}}, "a value without abn, name, "),
        (
            "keystore.open",
            {"status": "ok", "value": {**OPENED, "certificate": None}},
            "a wrong `certificate`",
        ),
        ("keystore.open", {"status": "ok", "value": {**OPENED, "renewal_due": 0}}, "a wrong `renewal_due`"),
        (
            "usi.call",
            {"status": "ok", "value": {"response": {}, "conclusion": "maybe"}},
            "a wrong `conclusion`",
        ),
        (
            "usi.call",
            {"status": "ok", "value": {"response": {}, "conclusion": ["failed"]}},
            "a wrong `conclusion`",
        ),
        ("keystore.open", {"status": "rejected", "native": "E7"}, "a `native` that is not an object"),
        ("keystore.open", {"status": "rejected", "native": {"code": [7]}}, "a native code of the wrong type"),
        (
            "keystore.open",
            {"status": "rejected", "native": {"code": True}},
            "a native code of the wrong type",
        ),
        ("keystore.open", {"status": "rejected", "native": {"text": 7}}, "a native text of the wrong type"),
        ("keystore.open", {"status": "error", "message": 7}, "a message that is not a text"),
    ],
)
def test_malformed_result_breaks_the_contract(method, result, message):
    """A result that is none of the four answers is the harness's error and names the method."""
    with pytest.raises(HarnessError) as caught:
        read(method, {"result": result})
    assert caught.value.message.startswith(f"the harness answered {method} with {message}")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"result": None},
        {"result": {"status": "ok"}, "error": {"code": 1, "message": "x"}},
        {"error": "x"},
        {"error": {"code": "1", "message": "x"}},
        {"error": {"code": 1}},
        {"jsonrpc": "1.0", "result": {"status": "ok"}},
        {"id": 5.0, "result": {"status": "ok"}},
        {"id": "5", "result": {"status": "ok"}},
        {"id": None, "result": {"status": "ok"}},
        {"id": True, "result": {"status": "ok"}},
    ],
)
def test_malformed_envelope_breaks_the_contract(body):
    """JSON-RPC's own rules hold: version, id, and one of result and error."""
    with pytest.raises(HarnessError):
        read("usi.validate", body)


def test_null_beside_the_result_is_tolerated():
    """Libraries that write both members, one of them null, are understood."""
    found = read("usi.validate", {"result": {"status": "ok"}, "error": None})
    assert found["outcome"] is Outcome.OK


def test_json_rpc_method_not_found_is_unsupported():
    """JSON-RPC error -32601 says the same as `unsupported`."""
    found = read("keystore.renew", {"error": {"code": -32601, "message": "no such method"}})
    assert found["outcome"] is Outcome.UNSUPPORTED
    assert found["message"] == "no such method"


@pytest.mark.parametrize("identifier", [5, None])
def test_other_json_rpc_errors_are_errors(identifier):
    """Any other JSON-RPC error is an error, even without an id, and never a refusal."""
    found = read("usi.validate", {"id": identifier, "error": {"code": -32602, "message": "bad"}})
    assert found["outcome"] is Outcome.ERROR
    assert found["message"] == "JSON-RPC error -32602: bad"


def test_unknown_reason_is_refused_with_advice():
    """A reason that is not the contract's breaks the contract; a near one is suggested."""
    with pytest.raises(HarnessError) as caught:
        read("keystore.open", {"result": {"status": "rejected", "reason": "keystore.wrong_pasword"}})
    assert "did you mean keystore.wrong_password" in caught.value.advice


MAP = (
    ("E1", "keystore.damaged"),
    ("E12", "keystore.expired"),
    ("password", "keystore.wrong_password"),
    ("password expired", "keystore.unsuitable"),
)


@pytest.mark.parametrize(
    ("code", "text", "reason"),
    [
        ("E12", "password", "keystore.expired"),
        ("E1", "", "keystore.damaged"),
        ("E123", "", ""),
        ("", "the password is wrong", "keystore.wrong_password"),
        ("", "your password expired", "keystore.unsuitable"),
        ("", "error E1 happened", ""),
        ("password", "", "keystore.wrong_password"),
        ("", "Password", ""),
        ("", "", ""),
    ],
)
def test_reason_is_found_by_code_then_by_longest_text(code, text, reason):
    """Codes count first and whole, then the longest part of the text; short entries are codes only."""
    assert find_reason(Native(code=code, text=text), MAP) == reason


def test_stated_reason_counts_before_the_map():
    """A reason that the harness states is not looked up."""
    result = {"status": "rejected", "native": {"code": "E1"}, "reason": "keystore.expired"}
    assert read("keystore.open", {"result": result}, MAP)["reason"] == "keystore.expired"


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"hello",
        b"42",
        b"null",
        b'"text"',
        b"[]",
        b"{}",
        b"{",
        b'{"level": "info"}',
        b'{"id": 5}',
        b"\xff\xfe{",
        b'{"a": "\xff"}',
        b"{" * 100_000,
    ],
)
def test_line_that_is_no_answer_is_noted(line):
    """Whatever does not name JSON-RPC is no answer, and is counted."""
    stray = Stray()
    assert read_line(line, stray) is None
    assert stray.lines == 1


@pytest.mark.parametrize(
    "line",
    [
        b'{"jsonrpc":"2.0","id":5,"result":{"status":"ok"}}',
        b' \t{"jsonrpc":"2.0","id":5,"result":{"status":"ok"}} \r',
        b'\xef\xbb\xbf{"jsonrpc":"2.0","id":5,"result":{"status":"ok"}}',
        b'{"id":5,"result":{"status":"ok"}}',
        b'{"id":5,"error":"\\ud800"}',
        b'{"jsonrpc":"2.0","id":' + b"9" * 400 + b"}",
    ],
)
def test_line_that_is_meant_as_an_answer_is_taken(line):
    """An answer is taken for one before it is judged, be it right or wrong."""
    stray = Stray()
    assert read_line(line, stray).body["id"] in (5, int("9" * 400))
    assert stray.lines == 0


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_json_lacks_are_no_json(number):
    """Python's own extension of JSON is not the contract's."""
    with pytest.raises(HarnessError, match="that is not JSON"):
        read_line(json.dumps({"jsonrpc": "2.0", "id": float(number)}).encode(), Stray())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


def near(**known):
    """Return objects with some of the known members, each right or any JSON value."""
    return st.fixed_dictionaries({}, optional={name: right | JSON for name, right in known.items()})


RESULTS = near(
    status=st.sampled_from(["ok", "rejected", "unsupported", "error"]),
    value=near(certificate=st.just("AA=="), abn=st.none(), name=st.none(), renewal_due=st.booleans()),
    native=near(code=st.text() | st.integers(), text=st.text()),
    reason=st.sampled_from(sorted(REASONS)),
    message=st.text(),
)
ANSWERS = near(
    jsonrpc=st.just("2.0"), id=st.just(5), result=RESULTS, error=near(code=st.integers(), message=st.text())
)
HANDSHAKES = near(
    protocol=st.just(1),
    implementation=near(name=st.text(), version=st.text(), build=st.text()),
    capabilities=st.lists(st.sampled_from(sorted(METHODS)) | JSON),
    error_map=st.lists(st.tuples(st.text(), st.sampled_from(sorted(REASONS))).map(list))
    | st.dictionaries(st.text(), st.sampled_from(sorted(REASONS)))
    | JSON,
)


@given(st.binary() | st.binary().map(lambda tail: b'{"jsonrpc":' + tail))
def test_any_bytes_are_survived(line):
    """Whatever a harness prints is an answer, a stray line or a broken contract."""
    stray = Stray()
    try:
        reply = read_line(line, stray)
    except HarnessError:
        return
    assert (reply is None) == (stray.lines == 1)


@given(body=ANSWERS, method=st.sampled_from(sorted(METHODS)))
def test_any_answer_is_read_or_refused(body, method):
    """Whatever an answer holds, it is one of the four or a broken contract."""
    try:
        found = read_answer(
            body, identifier=5, method=METHODS[method], error_map=(("E", "usi.type"),), note=lambda text: None
        )
    except HarnessError:
        return
    assert found["outcome"] in ("ok", "rejected", "unsupported", "error")


@given(HANDSHAKES)
def test_any_handshake_is_read_or_refused(value):
    """Whatever `initialize` says, it is a handshake or a broken contract."""
    try:
        found = read_initialized(value, lambda text: None)
    except HarnessError:
        return
    assert found.protocol == 1
