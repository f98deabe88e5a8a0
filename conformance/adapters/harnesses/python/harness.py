"""A harness in Python, standard library only, to copy: evte run --iut "cmd:python harness.py".

It speaks the contract over standard input and output: one JSON-RPC 2.0 object per line, UTF-8.
Fill in the functions that your product has an answer for and take the comment sign off their
`@offers`; whatever has none is declared as absent.  Open your own classes, pass the parameters, hand the
answer back.  Keep logic out of here, or the report will be about the harness.
"""

import json
import platform
import sys
import traceback
from collections.abc import Callable
from typing import Any

NAME = "name of your product"
VERSION = "0"
BUILD = ""  # a digest of what you ship: "sha256:…"

# Your own error codes, or parts of your messages, and the kit's reasons for them.
ERROR_MAP: dict[str, str] = {
    # "E1042": "keystore.wrong_password",
}

# The operations of the registry that your product uses besides VerifyUSI.
OPERATIONS: list[str] = [
    # "BulkVerifyUSI",
    # "CreateUSI",
    # "BulkUpload",
    # "BulkUploadRetrieve",
    # "LocateUSI",
    # "UpdateUSIPersonalDetails",
    # "UpdateUSIContactDetails",
    # "GetCountries",
    # "GetNonDvsDocumentTypes",
]

Value = dict[str, Any]
Function = Callable[..., Any]

METHODS: dict[str, Function] = {}


class ProductError(Exception):
    """Stands for what your product raises when it refuses on purpose; put your own class in its place."""

    code = ""


def offers(method: str) -> Callable[[Function], Function]:
    """Declare the function below as the answer to `method`."""

    def register(function: Function) -> Function:
        METHODS[method] = function
        return function

    return register


# --- the product: one function per method, each a line or three -------------------------------------


# @offers("usi.validate")
def usi_validate(usi: object) -> None:
    """Raise `ProductError` unless `usi`, which may be any JSON value, is a USI."""
    raise NotImplementedError


# @offers("usi.check_character")
def usi_check_character(stem: str) -> str:
    """Return the check character that belongs to nine characters."""
    raise NotImplementedError


# @offers("keystore.list")
def keystore_list(path: str) -> Value:
    """Return {"aliases": [{"alias": …}, …]} of the credential store at `path`."""
    raise NotImplementedError


# @offers("keystore.open")
def keystore_open(path: str, alias: str, password: str, now: str | None = None) -> Value:
    """Return {"certificate": base64 DER, "abn", "name", "not_after": RFC 3339 UTC, "renewal_due": bool}."""
    raise NotImplementedError


# @offers("keystore.sign")
def keystore_sign(
    path: str, alias: str, password: str, data: str, algorithm: str, now: str | None = None
) -> Value:
    """Return {"signature": base64} over the base64 `data`; `algorithm` is an XML signature method URI."""
    raise NotImplementedError


# @offers("keystore.renew")
def keystore_renew(path: str, alias: str, password: str, renewal_address: str, ca_file: str) -> Value:
    """Renew the credential in its store; return {"certificate": base64 DER of the new leaf}."""
    raise NotImplementedError


# @offers("token.obtain")
def token_obtain(
    sts_address: str,
    ca_file: str,
    keystore: str,
    alias: str,
    password: str,
    applies_to: str,
    act_as: dict[str, str] | None = None,
    lifetime_s: int | None = None,
) -> Value:
    """Obtain a token from the service at `sts_address`; return {"expires": RFC 3339 UTC}."""
    raise NotImplementedError


# @offers("usi.call")
def usi_call(
    usi_address: str, org_code: str, operation: str, request: dict[str, Any], **exchange: object
) -> Value:
    """Call an operation; return {"response": …, "conclusion": what the product tells its user}.

    `exchange` has the parameters of `token_obtain`.  A bulk operation that brings results adds "records":
    {"conclusion", "response"} of each record, in the order in which they were handed over.
    """
    raise NotImplementedError


# @offers("session.reset")
def session_reset() -> None:
    """Forget every cached token and opened store."""


# --- the contract: leave as it is -------------------------------------------------------------------


def initialize(protocol_versions: list[int], kit_version: str) -> Value:
    """Say who this is and what it offers."""
    return {
        "protocol": 1,
        "implementation": {
            "name": NAME,
            "version": VERSION,
            "language": "Python",
            "runtime": f"{platform.python_implementation()} {platform.python_version()}",
            "build": BUILD,
        },
        "capabilities": [
            *(method for method in METHODS if method not in FRAME),
            *(f"usi.call.{operation}" for operation in OPERATIONS if "usi.call" in METHODS),
        ],
        "error_map": ERROR_MAP,
    }


FRAME: dict[str, Function] = {"initialize": initialize, "shutdown": lambda: None}


def answer(method: str, params: dict[str, Any]) -> Value:
    """Return the result object of one call."""
    params.pop("deadline_ms", None)
    if method == "usi.call" and params["operation"] not in ("VerifyUSI", *OPERATIONS):
        return {"status": "unsupported", "message": f"{params['operation']} is not used"}
    try:
        return {"status": "ok", "value": (FRAME.get(method) or METHODS[method])(**params)}
    except ProductError as refusal:
        return {"status": "rejected", "native": {"code": refusal.code, "text": str(refusal)}}
    except Exception as error:
        # What the product did not foresee is told to the kit, and is never a refusal.
        traceback.print_exc()
        return {"status": "error", "message": f"{type(error).__name__}: {error}"}


def main() -> None:
    """Answer line by line until `shutdown` comes or the input ends."""
    # Standard output belongs to the contract: whatever the product prints goes to standard error.
    wire, sys.stdout = sys.stdout.buffer, sys.stderr
    for line in sys.stdin.buffer:
        if not line.strip():
            continue
        request = json.loads(line)
        response = {"jsonrpc": "2.0", "id": request["id"]}
        if request["method"] in FRAME or request["method"] in METHODS:
            response["result"] = answer(request["method"], request["params"])
        else:
            response["error"] = {"code": -32601, "message": f"{request['method']} is not offered"}
        wire.write(json.dumps(response).encode("utf-8") + b"\n")
        wire.flush()
        if request["method"] == "shutdown":
            break


if __name__ == "__main__":
    main()
