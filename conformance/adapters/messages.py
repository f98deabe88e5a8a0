"""The form of every message, as JSON Schema (draft 2020-12), for both directions.

Written out under `schemas/` for harness authors; `python -m conformance.adapters.messages` writes them
again.  The tables below are also what the session checks answers by, so schema and kit cannot differ.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from conformance.adapters.contract import (
    CLOCK,
    CONCLUSIONS,
    CONCURRENT,
    DEADLINE,
    FIRST_OPERATION,
    MARKERS,
    METHODS,
    PROTOCOL_VERSION,
    REASONS,
    Method,
)
from conformance.model import Implementation

Schema = dict[str, Any]

DIRECTORY: Final = Path(__file__).parent / "schemas"

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_TEXT: Final[Schema] = {"type": "string"}
_OBJECT: Final[Schema] = {"type": "object"}


def _may_be_unknown(schema: Schema) -> Schema:
    """Allow null, for what the implementation does not know or does not tell."""
    return {**schema, "type": [schema["type"], "null"]}


PARAMETERS: Final[dict[str, Schema]] = {
    "protocol_versions": {
        "type": "array",
        "items": {"type": "integer"},
        "description": "versions that the kit speaks",
    },
    "kit_version": _TEXT,
    "path": {**_TEXT, "description": "absolute path of a credential store"},
    "keystore": {**_TEXT, "description": "absolute path of a credential store"},
    "alias": _TEXT,
    "password": {**_TEXT, "description": "opens the private key; never to be logged"},
    "now": {
        **_TEXT,
        "format": "date-time",
        "description": f"the present moment, RFC 3339 in UTC; sent only to those that declare `{CLOCK}`",
    },
    "data": {**_TEXT, "contentEncoding": "base64"},
    "algorithm": {**_TEXT, "description": "URI of an XML signature method"},
    "renewal_address": {**_TEXT, "format": "uri"},
    "ca_file": {**_TEXT, "description": "absolute path of a PEM file; the only authorities to trust for TLS"},
    "usi": {"description": "any JSON value"},
    "stem": {**_TEXT, "description": "the nine characters before the check character"},
    "sts_address": {**_TEXT, "format": "uri"},
    "usi_address": {**_TEXT, "format": "uri"},
    "applies_to": {**_TEXT, "description": "address of the relying party that the token is for"},
    "act_as": {
        "type": "object",
        "properties": {"second_party": {**_TEXT, "description": "ABN"}, "ssid": _TEXT},
        "required": ["second_party", "ssid"],
        "additionalProperties": False,
    },
    "lifetime_s": {"type": "integer", "description": "seconds"},
    "org_code": _TEXT,
    "operation": {**_TEXT, "description": "name of the registry's operation, such as VerifyUSI"},
    "request": {
        **_OBJECT,
        "description": "content of the request; keys are the element names of the contract, "
        "as operations/ has it for each operation",
    },
}
"""Every parameter by name; one name means the same in every method."""

VALUES: Final[dict[str, Schema]] = {
    "protocol": {
        "type": "integer",
        "const": PROTOCOL_VERSION,
        "description": "the one version of those offered that the harness speaks",
    },
    "implementation": {
        "type": "object",
        "properties": {
            name: {**_TEXT, **({"minLength": 1} if name in ("name", "version") else {})}
            for name in Implementation.__struct_fields__
            if name != "capabilities"
        },
        "required": ["name", "version"],
    },
    "capabilities": {
        "type": "array",
        "items": {"enum": [*METHODS, *MARKERS]},
        "description": f"methods that are offered, `{CLOCK}` if the parameter `now` is obeyed, "
        f"`{CONCURRENT}` if calls may be made while others are under way, `{DEADLINE}` if each ends before "
        f"its `deadline_ms` whoever does not answer, and for each operation of the registry that is offered "
        f"besides {FIRST_OPERATION} `usi.call.` with its name",
    },
    "aliases": {
        "type": "array",
        "items": {
            "anyOf": [
                _TEXT,
                {"type": "object", "properties": {"alias": _TEXT}, "required": ["alias"]},
            ]
        },
        "description": "one entry per credential: its alias, or an object with it and whatever else is known",
    },
    "certificate": {
        **_TEXT,
        "contentEncoding": "base64",
        "description": "DER of the credential's own certificate",
    },
    "abn": _may_be_unknown(_TEXT),
    "name": _may_be_unknown(_TEXT),
    "not_after": _may_be_unknown({**_TEXT, "description": "RFC 3339 in UTC"}),
    "renewal_due": _may_be_unknown({"type": "boolean"}),
    "signature": {**_TEXT, "contentEncoding": "base64"},
    "expires": _may_be_unknown({**_TEXT, "description": "end of the token, RFC 3339 in UTC"}),
    "response": _may_be_unknown({**_OBJECT, "description": "keys are the element names of the contract"}),
    "conclusion": {"enum": list(CONCLUSIONS), "description": "what the product tells its user"},
    "records": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "conclusion": {"enum": list(CONCLUSIONS)},
                "response": {"anyOf": [_OBJECT, {"type": "null"}]},
            },
            "required": ["conclusion", "response"],
        },
        "description": "of a bulk operation: one for each record that was handed over, in that order",
    },
}
"""Every key of an `ok` value by name; one name means the same in every method."""

ERROR_MAP: Final[Schema] = {
    "anyOf": [
        {
            "type": "array",
            "items": {
                "type": "array",
                "prefixItems": [{**_TEXT, "minLength": 1}, {"enum": list(REASONS)}],
                "items": False,
                "minItems": 2,
            },
        },
        {
            "type": "object",
            "propertyNames": {"minLength": 1},
            "additionalProperties": {"enum": list(REASONS)},
        },
    ],
    "description": "the product's own code, or a part of its text, and the kit's reason",
}


def schemas() -> dict[str, Schema]:
    """Return the schema of every message by file name without suffix, such as `usi.validate.request`."""
    found = {}
    for method in METHODS.values():
        found[f"{method.name}.request"] = _request(method)
        found[f"{method.name}.answer"] = _answer(method)
    return found


def _request(method: Method) -> Schema:
    names = (*method.parameters, *method.optional_parameters)
    params = {name: PARAMETERS[name] for name in names}
    params["deadline_ms"] = {"type": "integer", "minimum": 1, "description": "the kit waits no longer"}
    return {
        "$schema": _DIALECT,
        "title": f"{method.name}: what the kit sends",
        "type": "object",
        "properties": {
            "jsonrpc": {"const": "2.0"},
            "id": {"type": "integer"},
            "method": {"const": method.name},
            "params": {
                "type": "object",
                "properties": params,
                "required": [*method.parameters, "deadline_ms"],
                "additionalProperties": False,
            },
        },
        "required": ["jsonrpc", "id", "method", "params"],
        "additionalProperties": False,
    }


def _answer(method: Method) -> Schema:
    return {
        "$schema": _DIALECT,
        "title": f"{method.name}: what the harness answers",
        "description": "Keys that are not named here are passed over, and reported.",
        "type": "object",
        "properties": {"jsonrpc": {"const": "2.0"}, "id": {"type": ["integer", "null"]}},
        "required": ["jsonrpc", "id"],
        "oneOf": [
            {
                "properties": {
                    "id": {"type": "integer"},
                    "result": {"oneOf": _results(method)},
                    "error": {"type": "null"},
                },
                "required": ["result"],
            },
            {
                "properties": {
                    "error": {
                        "type": "object",
                        "properties": {
                            "code": {
                                "type": "integer",
                                "description": "-32601 means unsupported",
                            },
                            "message": _TEXT,
                        },
                        "required": ["code", "message"],
                    },
                    "result": {"type": "null"},
                },
                "required": ["error"],
            },
        ],
    }


def _results(method: Method) -> list[Schema]:
    native = {
        "type": "object",
        "properties": {
            "code": {"type": ["string", "integer"], "description": "the product's own code"},
            "text": {**_TEXT, "description": "what the product tells its user"},
        },
    }
    return [
        {
            "title": "ok",
            "properties": {"status": {"const": "ok"}, "value": _value(method)},
            "required": ["status", "value"] if method.value_type != "any" else ["status"],
        },
        {
            "title": "rejected",
            "properties": {
                "status": {"const": "rejected"},
                "native": native,
                "reason": {"enum": list(REASONS), "description": "if the harness knows it; else left out"},
            },
            "required": ["status"],
        },
        {
            "title": "unsupported or error",
            "properties": {"status": {"enum": ["unsupported", "error"]}, "message": _TEXT},
            "required": ["status"],
        },
    ]


def _value(method: Method) -> Schema:
    if method.value_type == "any":
        return {"description": "not looked at"}
    if method.value_type == "string":
        return _TEXT
    value: Schema = {
        "type": "object",
        "properties": {name: VALUES[name] for name in (*method.value, *method.optional_value)},
        "required": list(method.value),
    }
    if method.name == "initialize":
        value["properties"]["error_map"] = ERROR_MAP
    return value


def write(directory: Path = DIRECTORY) -> None:
    """Write the schema of every message into `directory`; as `write_all`."""
    write_all(schemas(), directory)


def write_all(schemas: Mapping[str, Schema], directory: Path) -> None:
    """Write schemas by their names into `directory`, one file each, and remove what is no longer one."""
    directory.mkdir(parents=True, exist_ok=True)
    wanted = {f"{name}.json": render(schema) for name, schema in schemas.items()}
    for path in directory.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (directory / name).write_text(text, encoding="utf-8", newline="\n")


def render(schema: Schema) -> str:
    """Return a schema as it stands in its file."""
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


_JSON_TYPES: Final = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "array": list,
    "object": dict,
    "null": type(None),
}


def has_type(value: object, schema: Schema) -> bool:
    """Tell whether `value` has the type, or is one of the values, that a schema of `VALUES` asks for.

    What is inside lists and objects is not looked at.
    """
    if "enum" in schema:
        return value in schema["enum"]
    types = schema.get("type", [])
    names = [types] if isinstance(types, str) else types
    # In Python a boolean is an integer, in JSON it is not.
    return any(type(value) is _JSON_TYPES[name] for name in names)


def describe_type(schema: Schema) -> str:
    """Return the type that a schema asks for, in words."""
    if "enum" in schema:
        return " or ".join(schema["enum"])
    types = schema["type"]
    return types if isinstance(types, str) else " or ".join(types)


def describe_value(value: object) -> str:
    """Return a JSON value cut to what a message can show."""
    text = json.dumps(value, default=repr)
    return text if len(text) <= 120 else f"{text[:120]}… ({len(text)} characters)"


if __name__ == "__main__":
    write()
