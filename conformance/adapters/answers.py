"""What an answer says, and whether it keeps to the contract.

A wrong answer of the product is a finding of a check.  A malformed answer is the harness's fault and
raises `HarnessError`; a key that the contract does not know is passed over and noted.
"""

from collections.abc import Callable
from difflib import get_close_matches
from typing import Any, Final, NoReturn

from conformance.adapters.contract import METHODS, REASONS, Method, Native, Outcome
from conformance.adapters.messages import VALUES, describe_type, describe_value, has_type
from conformance.errors import HarnessError

Note = Callable[[str], None]
"""Takes a sentence for the report whose blame is the harness's."""

ErrorMap = tuple[tuple[str, str], ...]

METHOD_NOT_FOUND: Final = -32601
"""The JSON-RPC error code that means unsupported."""

SHORTEST_TEXT: Final = 4
"""Characters that an entry of the error map needs before it is looked for inside texts."""

_ENVELOPE: Final = frozenset({"jsonrpc", "id", "result", "error"})
_STATUSES: Final = ("ok", "rejected", "unsupported", "error")
_KEYS: Final = {
    "ok": frozenset({"status", "value"}),
    "rejected": frozenset({"status", "native", "reason"}),
    "unsupported": frozenset({"status", "message"}),
    "error": frozenset({"status", "message"}),
}


def read_answer(
    body: dict[str, Any], *, identifier: int, method: Method, error_map: ErrorMap, note: Note
) -> dict[str, Any]:
    """Return what an answer says, as fields of `contract.Answer`.

    Args:
        body: the JSON-RPC object.
        identifier: the id of the request.
        method: the method that was called.
        error_map: finds the reason of a refusal whose reason is not stated.
        note: is told of keys that the contract does not know.

    Raises:
        HarnessError: the answer breaks the contract.
    """
    result = _result(body, identifier, method.name, note)
    if isinstance(result, str):
        return {"outcome": Outcome.UNSUPPORTED, "message": result}
    status = result.get("status")
    if type(status) is not str or status not in _KEYS:
        _broken(method.name, "an unknown status", " or ".join(_STATUSES), describe_value(status))
    if not result.keys() <= _KEYS[status]:
        unknown = ", ".join(sorted(map(repr, result.keys() - _KEYS[status])))
        note(f"{method.name}: an answer with status {status!r} has unknown keys, passed over: {unknown}.")
    if status == "ok":
        value = result.get("value")
        if method.value_type != "any":
            check_value(value, method)
        return {"outcome": Outcome.OK, "value": value}
    if status == "rejected":
        native = _native(result.get("native"), method.name)
        return {
            "outcome": Outcome.REJECTED,
            "native": native,
            "reason": _reason(result.get("reason"), method.name) or find_reason(native, error_map),
        }
    message = result.get("message", "")
    if not isinstance(message, str):
        _broken(method.name, "a message that is not a text", "string", describe_value(message))
    return {"outcome": Outcome(status), "message": message}


def check_value(value: object, method: Method) -> None:
    """Make sure that the `ok` value of a method has its keys and their types.

    Raises:
        HarnessError: it does not.
    """
    if method.value_type == "string":
        if not isinstance(value, str):
            _broken(method.name, "a value of the wrong type", "a string", describe_value(value))
        return
    if not isinstance(value, dict):
        _broken(
            method.name,
            "a value of the wrong type",
            f"an object with {', '.join(method.value)}",
            describe_value(value),
        )
    if missing := [key for key in method.value if key not in value]:
        _broken(
            method.name,
            f"a value without {', '.join(missing)}",
            ", ".join(method.value),
            ", ".join(value) or "{}",
        )
    for key in (*method.value, *(name for name in method.optional_value if name in value)):
        if not has_type(value[key], VALUES[key]):
            _broken(method.name, f"a wrong `{key}`", describe_type(VALUES[key]), describe_value(value[key]))
    for index, record in enumerate(value.get("records", ()) if "records" in method.optional_value else ()):
        _check_record(record, f"records[{index}]", method.name)


def _check_record(record: object, where: str, method: str) -> None:
    """Make sure that one entry of `records` has its two keys and their types."""
    if not isinstance(record, dict) or not {"conclusion", "response"} <= record.keys():
        _broken(method, f"a wrong `{where}`", "an object with conclusion, response", describe_value(record))
    for key in ("conclusion", "response"):
        if not has_type(record[key], VALUES[key]):
            found = describe_value(record[key])
            _broken(method, f"a wrong `{where}.{key}`", describe_type(VALUES[key]), found)


def find_reason(native: Native | None, error_map: ErrorMap) -> str:
    """Return the kit's reason for the product's own words, or nothing.

    An entry that equals the code counts first.  After that the longest entry that is a part of the text
    does, so that "password expired" is not taken for "password".  Entries of fewer than `SHORTEST_TEXT`
    characters are compared with codes only: as a part of a text they would be there by chance.
    """
    if native is None:
        return ""
    for own, reason in error_map:
        if own == native.code:
            return reason
    parts = [(own, reason) for own, reason in error_map if len(own) >= SHORTEST_TEXT and own in native.text]
    return max(parts, key=lambda part: len(part[0]))[1] if parts else ""


def nearest(name: str, names: list[str]) -> str:
    """Return advice that names what may have been meant."""
    near = get_close_matches(name, names, n=3, cutoff=0.4)
    return f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(names)}"


def _result(body: dict[str, Any], identifier: int, method: str, note: Note) -> dict[str, Any] | str:
    """Return the `result` object, or the message of a method that is not offered."""
    if body.get("jsonrpc") != "2.0":
        _broken(
            method,
            "an answer that is not JSON-RPC 2.0",
            '"jsonrpc": "2.0"',
            describe_value(body.get("jsonrpc")),
        )
    error = body.get("error")
    found = body.get("id")
    # JSON-RPC leaves the id null when a harness could not read the request at all.
    if not (type(found) is int and found == identifier) and not (found is None and error is not None):
        _wrong_id(found, identifier, method)
    if not body.keys() <= _ENVELOPE:
        unknown = ", ".join(sorted(map(repr, body.keys() - _ENVELOPE)))
        note(f"{method}: an answer has the unknown keys {unknown} beside `result`; they were passed over.")
    result = body.get("result")
    if (result is None) == (error is None):
        _broken(method, "an answer with both or neither of result and error", "one of them", ", ".join(body))
    if error is not None:
        return _json_rpc_error(error, method)
    if not isinstance(result, dict):
        _broken(method, "a result that is not an object", 'an object with "status"', describe_value(result))
    return result


def _json_rpc_error(error: object, method: str) -> dict[str, Any] | str:
    code = error.get("code") if isinstance(error, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    if type(code) is not int or not isinstance(message, str):
        _broken(
            method, "a malformed JSON-RPC error", "code (integer) and message (string)", describe_value(error)
        )
    if code == METHOD_NOT_FOUND:
        return message
    return {"status": "error", "message": f"JSON-RPC error {code}: {message}"}


def _wrong_id(found: object, identifier: int, method: str) -> NoReturn:
    if type(found) is int and 0 < found < identifier:
        what = f"{found}, the id of an earlier request: answered twice, or too late"
    elif isinstance(found, str) and found == str(identifier):
        what = f"the string {found!r}; ids are echoed unchanged, and this one is a number"
    else:
        what = describe_value(found)
    raise HarnessError(
        f"the harness answered {method} with the wrong id",
        expected=str(identifier),
        found=what,
        advice="copy the id of the request into its answer, and answer each request once and in turn",
    )


def _native(native: object, method: str) -> Native | None:
    if native is None:
        return None
    if not isinstance(native, dict):
        _broken(
            method, "a `native` that is not an object", "an object with code and text", describe_value(native)
        )
    code, text = native.get("code"), native.get("text")
    # Many products number their errors.
    if not (code is None or isinstance(code, str) or type(code) is int):
        _broken(method, "a native code of the wrong type", "a string or an integer", describe_value(code))
    if not (text is None or isinstance(text, str)):
        _broken(method, "a native text of the wrong type", "a string", describe_value(text))
    return Native(code="" if code is None else str(code), text=text or "")


def _reason(reason: object, method: str) -> str:
    if reason is None or reason == "":
        return ""
    if not isinstance(reason, str) or reason not in REASONS:
        raise HarnessError(
            f"the harness answered {method} with a reason that the contract does not know",
            expected="one of the contract's reasons, or none",
            found=describe_value(reason),
            advice=nearest(str(reason), list(REASONS)),
        )
    return reason


def _broken(method: str, what: str, expected: str, found: str) -> NoReturn:
    raise HarnessError(
        f"the harness answered {method} with {what}",
        expected=expected,
        found=found,
        advice=f"compare the answer with schemas/{method}.answer.json" if method in METHODS else "",
    )
