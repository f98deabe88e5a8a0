"""The schemas of the messages: as committed, and in agreement with what the kit sends and takes."""

import json

import pytest

from conformance.adapters import messages
from conformance.adapters.answers import read_answer
from conformance.adapters.contract import METHODS, encode_request
from conformance.adapters.handshake import read_initialized
from conformance.errors import HarnessError

jsonschema = pytest.importorskip("jsonschema", reason="the second opinion on schemas is not installed")

SAMPLES = {
    "protocol_versions": [1],
    "act_as": {"second_party": "11000002568", "ssid": "1234567890"},
    "lifetime_s": 1800,
    "request": {"USI": "BNGH7C75FN"},
    "usi": ["any", {"json": None}],
}

VALUES = {
    "protocol": 1,
    "implementation": {"name": "n", "version": "v", "build": ""},
    "capabilities": ["usi.validate", "clock"],
    "aliases": ["a", {"alias": "b", "name": "c"}],
    "renewal_due": False,
    "response": {"Result": "Valid"},
    "conclusion": "verified",
}


def is_valid(name, message):
    """Tell whether a message is valid by its schema."""
    return jsonschema.Draft202012Validator(messages.schemas()[name]).is_valid(message)


def healthy(method):
    """Return a healthy `ok` result of a method."""
    if method.value_type == "any":
        return {"status": "ok"}
    if method.value_type == "string":
        return {"status": "ok", "value": "N"}
    return {"status": "ok", "value": {key: VALUES.get(key, "text") for key in method.value}}


def is_taken(method, body):
    """Tell whether the kit takes an answer with the id 1."""
    try:
        found = read_answer(body, identifier=1, method=method, error_map=(), note=lambda text: None)
        if method.name == "initialize" and found["outcome"] == "ok":
            read_initialized(found["value"], lambda text: None)
    except HarnessError:
        return False
    return True


def test_committed_schemas_are_the_generated_ones():
    """`schemas/` holds one file per message and no other, each as it is generated now."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in messages.DIRECTORY.glob("*.json")}
    generated = {f"{name}.json": messages.render(schema) for name, schema in messages.schemas().items()}
    assert committed == generated
    assert len(committed) == 22


def test_written_schemas_replace_old_ones(tmp_path):
    """Writing the schemas removes those of methods that are no more."""
    (tmp_path / "usi.gone.request.json").write_text("{}")
    messages.write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(
        path.name for path in messages.DIRECTORY.glob("*.json")
    )


@pytest.mark.parametrize("name", sorted(messages.schemas()))
def test_schema_is_a_schema(name):
    """Every schema is legal draft 2020-12."""
    jsonschema.Draft202012Validator.check_schema(messages.schemas()[name])


def test_every_name_has_a_schema():
    """Parameters and values of all methods are described, and nothing else is."""
    parameters = {name for m in METHODS.values() for name in (*m.parameters, *m.optional_parameters)}
    assert messages.PARAMETERS.keys() == parameters
    values = {name for m in METHODS.values() for name in (*m.value, *m.optional_value)}
    assert messages.VALUES.keys() == values


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_requests_of_the_kit_are_valid(method):
    """What the kit sends is valid, with and without the optional parameters."""
    name = f"{method.name}.request"
    required = {key: SAMPLES.get(key, "text") for key in method.parameters}
    optional = {key: SAMPLES.get(key, "text") for key in method.optional_parameters}
    for params in (required, required | optional):
        assert is_valid(name, json.loads(encode_request(1, method.name, params, deadline_ms=5)))
    if method.parameters:
        assert not is_valid(name, json.loads(encode_request(1, method.name, {}, deadline_ms=5)))


@pytest.mark.parametrize("method", METHODS.values(), ids=lambda method: method.name)
def test_schema_and_kit_take_the_same_answers(method):
    """Whatever the schema of an answer allows the kit takes, and whatever it forbids the kit refuses."""
    ok = healthy(method)
    results = [
        ok,
        {"status": "rejected"},
        {"status": "rejected", "native": {"code": "E", "text": "t"}, "reason": "usi.type"},
        {"status": "rejected", "native": {"code": 7}},
        {"status": "rejected", "native": {"code": 7.5}},
        {"status": "rejected", "native": "E"},
        {"status": "rejected", "reason": "because"},
        {"status": "unsupported", "message": "no"},
        {"status": "error", "message": 7},
        {"status": "error"},
        {"status": "maybe"},
        {},
        [],
        "ok",
        7,
    ]
    if method.value:
        results += [{"status": "ok"}, {"status": "ok", "value": {}}, {"status": "ok", "value": []}]
        for key in method.value:
            for other in (None, 7, "text", True, [], {}, ["text"]):
                if key == "aliases" and other == ["text"]:
                    continue  # what is inside lists is the checks' business, apart from the handshake
                results.append({"status": "ok", "value": {**ok["value"], key: other}})
    bodies = [{"jsonrpc": "2.0", "id": 1, "result": result} for result in results]
    bodies += [
        {"jsonrpc": "2.0", "id": 1, "error": {"code": -32601, "message": "no"}},
        {"jsonrpc": "2.0", "id": None, "error": {"code": -32700, "message": "unreadable"}},
        {"jsonrpc": "2.0", "id": 1, "error": {"code": "-32601", "message": "no"}},
        {"jsonrpc": "2.0", "id": 1, "error": "no"},
        {"jsonrpc": "2.0", "id": 1},
        {"jsonrpc": "2.0", "id": 1, "result": ok, "error": None},
        {"jsonrpc": "2.0", "id": 1, "result": ok, "error": {"code": 1, "message": "both"}},
        {"jsonrpc": "2.0", "id": None, "result": ok},
        {"jsonrpc": "1.0", "id": 1, "result": ok},
        {"id": 1, "result": ok},
        {"jsonrpc": "2.0", "result": ok},
    ]
    for body in bodies:
        taken = is_taken(method, body)
        if (
            method.name == "initialize"
            and body.get("result") is not ok
            and body.get("result") in results[1:9]
        ):
            continue  # a refusal of the handshake is a legal message; the session makes an error of it
        assert is_valid(f"{method.name}.answer", body) == taken, body


@pytest.mark.parametrize(
    ("error_map", "right"),
    [
        ([], True),
        ([["E1", "usi.type"]], True),
        ({"E1": "usi.type"}, True),
        ({"E1": "why"}, False),
        ([["E1"]], False),
        ([["E1", "usi.type", "x"]], False),
        ("E1", False),
        ({"": "usi.type"}, False),
    ],
)
def test_schema_and_kit_take_the_same_error_maps(error_map, right):
    """The schema of the error map says what the kit takes."""
    result = healthy(METHODS["initialize"])
    result["value"]["error_map"] = error_map
    body = {"jsonrpc": "2.0", "id": 1, "result": result}
    assert is_taken(METHODS["initialize"], body) is right
    assert is_valid("initialize.answer", body) is right
