"""What every fake harness is made of: the healthy parts."""

import json
import sys

INITIALIZED = {
    "status": "ok",
    "value": {
        "protocol": 1,
        "implementation": {"name": "fake", "version": "1"},
        "capabilities": ["usi.validate", "usi.check_character", "keystore.open"],
        "error_map": {"E7": "usi.alphabet"},
    },
}


def requests():
    """Yield what the kit sends."""
    for line in sys.stdin.buffer:
        yield json.loads(line)


def result(request):
    """Answer as a healthy harness would; a USI is valid when it begins with a B."""
    if request["method"] == "initialize":
        return INITIALIZED
    if request["method"] == "usi.validate" and not str(request["params"]["usi"]).startswith("B"):
        return {"status": "rejected", "native": {"code": "E7", "text": "no"}}
    return {"status": "ok", "value": None}


def line(request, *, given=None, identifier=None):
    """Return the line of a healthy answer, or of one with another result or id."""
    return json.dumps(
        {
            "jsonrpc": "2.0",
            "id": request["id"] if identifier is None else identifier,
            "result": result(request) if given is None else given,
        }
    ).encode()


def write(data):
    """Write bytes at once."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def asked(request):
    """Tell whether the request is the one that the test is about."""
    return request["method"] == "usi.validate"


def serve(answer):
    """Pass each request to `answer`, which writes, until `shutdown` has been answered."""
    for request in requests():
        answer(request)
        if request["method"] == "shutdown":
            break
