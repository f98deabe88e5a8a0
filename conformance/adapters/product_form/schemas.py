"""JSON Schema (draft 2020-12) of each operation's request in product form, and of the value answered.

Written out under `schemas/operations/` for harness authors; `python -m conformance.adapters.product_form`
writes them again.
"""

from pathlib import Path
from typing import Any, Final

from conformance.adapters.messages import DIRECTORY as MESSAGES
from conformance.adapters.messages import write_all
from conformance.adapters.product_form.forms import (
    ALWAYS_POSSIBLE,
    CONCLUSIONS_OF,
    MAY_BE_LEFT_OUT,
    RECORDS_OF,
    made_by_product,
    record_structure,
    request_form,
)
from conformance.protocol.operations import (
    EXTENSIONS,
    OPERATIONS,
    TYPE_KEY,
    Choice,
    Element,
    Operation,
    Simple,
    Structure,
)

Schema = dict[str, Any]

DIRECTORY: Final = MESSAGES / "operations"

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ON_PURPOSE: Final = (
    "This is what the parameter `request` of `usi.call` holds. The kit also hands over texts that break "
    "a length, a pattern or a list of values, on purpose: pass them on, the product must refuse them."
)
_AS_READ: Final = (
    "This is what `value` of an `ok` answer holds. `response` has what the product read, by element name; "
    "elements that it does not keep may be left out. Values that the contract knows are given as examples, "
    "because the kit's registry also answers with others, on purpose."
)

_BASES: Final[dict[str, Schema]] = {
    "string": {"type": "string"},
    "int": {"type": "integer", "minimum": -(2**31), "maximum": 2**31 - 1},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "dateTime": {"type": "string", "format": "date-time"},
    "gYearMonth": {"type": "string", "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$"},
}
"""Type of XML Schema -> JSON Schema."""


def schemas() -> dict[str, Schema]:
    """Return every schema by file name without suffix, such as `VerifyUSI.request`."""
    found = {}
    for operation in OPERATIONS.values():
        found[f"{operation.name}.request"] = request_schema(operation)
        found[f"{operation.name}.answer"] = answer_schema(operation)
    return found


def write(directory: Path = DIRECTORY) -> None:
    """Write every schema into `directory`, one file each, and remove what is no longer one."""
    write_all(schemas(), directory)


# --- requests -------------------------------------------------------------------------------------


def request_schema(operation: Operation) -> Schema:
    """Return the schema of what the kit hands over for an operation."""
    types = _Types(strict=True)
    body = types.structure(request_form(operation))
    for (name, element), sentence in MAY_BE_LEFT_OUT.items():
        if name == operation.name:
            body["properties"][element] = {**body["properties"][element], "description": sentence}
    made = made_by_product(operation)
    return {
        "$schema": _DIALECT,
        "title": f"{operation.name}: what the kit hands over",
        "description": " ".join(
            (
                operation.purpose,
                _ON_PURPOSE,
                *([f"The product makes by itself: {', '.join(made)}."] if made else ()),
            )
        ),
        **body,
        **types.defs(),
    }


# --- answers --------------------------------------------------------------------------------------


def answer_schema(operation: Operation) -> Schema:
    """Return the schema of the `value` that a harness answers for an operation."""
    types = _Types(strict=False)
    properties: Schema = {
        "response": {"anyOf": [types.structure(operation.response), {"type": "null"}]},
        "conclusion": {"enum": [*CONCLUSIONS_OF[operation.name], *ALWAYS_POSSIBLE]},
    }
    required = ["response", "conclusion"]
    structure = record_structure(operation)
    if structure is not None:
        properties["records"] = {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "conclusion": {"enum": [*RECORDS_OF[operation.name].conclusions, *ALWAYS_POSSIBLE]},
                    "response": {"anyOf": [types.reference(structure), {"type": "null"}]},
                },
                "required": ["conclusion", "response"],
            },
            "description": "one for each record that was handed over, in that order",
        }
    return {
        "$schema": _DIALECT,
        "title": f"{operation.name}: what the harness answers",
        "description": _AS_READ,
        "type": "object",
        "properties": properties,
        "required": required,
        **types.defs(),
    }


# --- types ----------------------------------------------------------------------------------------


class _Types:
    """Turns types of the table into schemas, and collects the named ones.

    Args:
        strict: whether what the contract demands is demanded, rather than told.
    """

    def __init__(self, *, strict: bool) -> None:
        self._strict = strict
        self._named: dict[str, Schema] = {}

    def defs(self) -> Schema:
        """Return the named types that were referred to, as the member `$defs`; nothing if there are none."""
        return {"$defs": dict(sorted(self._named.items()))} if self._named else {}

    def reference(self, structure: Structure) -> Schema:
        """Return a reference to a named type, or an unnamed type itself."""
        if not structure.name:
            return self.structure(structure)
        if structure.name not in self._named:
            self._named[structure.name] = {}  # holds the place; no type holds itself, but order stays plain
            self._named[structure.name] = self.structure(structure)
        return {"$ref": f"#/$defs/{structure.name}"}

    def structure(self, structure: Structure) -> Schema:
        """Return the schema of an object."""
        if structure.abstract:
            kinds = [kind for kind in EXTENSIONS if kind.extends == structure]
            return {"oneOf": [self.reference(kind) for kind in kinds]}
        properties: Schema = {}
        required: list[str] = []
        choices: list[Schema] = []
        if structure.extends is not None:
            properties[TYPE_KEY] = {"const": structure.name}
            required.append(TYPE_KEY)
        for part in structure.content:
            if isinstance(part, Choice):
                properties |= {
                    element.name: self.element(element) for branch in part.branches for element in branch
                }
                choices.append(_choice(part))
                continue
            properties[part.name] = self.element(part)
            if not part.optional:
                required.append(part.name)
        if not self._strict:
            return {"type": "object", "properties": properties}
        found: Schema = {"type": "object", "properties": properties, "required": required}
        found["additionalProperties"] = False
        if len(choices) == 1:
            found |= choices[0]
        elif choices:
            found["allOf"] = choices
        return found

    def element(self, element: Element) -> Schema:
        """Return the schema of an element's value."""
        one = self.simple(element.type) if isinstance(element.type, Simple) else self.reference(element.type)
        if element.most != 1:
            return {"type": "array", "items": one}
        if element.nillable:
            return {"anyOf": [one, {"type": "null"}]}
        return one

    def simple(self, simple: Simple) -> Schema:
        """Return the schema of a text, number or boolean."""
        if simple.union:
            return {"anyOf": [dict(_BASES[base]) for base in simple.union]}
        found = dict(_BASES[simple.base])
        if not self._strict:
            return {"type": found["type"], **({"examples": list(simple.values)} if simple.values else {})}
        if simple.values:
            return {"enum": list(simple.values)}
        if simple.max_inclusive is not None:
            found["maximum"] = simple.max_inclusive
        least = simple.length if simple.length is not None else simple.min_length
        most = simple.length if simple.length is not None else simple.max_length
        if least is not None:
            found["minLength"] = least
        if most is not None:
            found["maxLength"] = most
        if simple.pattern:
            found["pattern"] = f"^{simple.pattern}$"  # none of them has an alternative
        return found


def _choice(choice: Choice) -> Schema:
    """Return what says that the elements of one branch stand, and none of the others.

    `anyOf`, and each branch forbids the others: of two branches that may both be empty, both fit nothing.
    """
    branches: list[Schema] = []
    for branch in choice.branches:
        others = [element.name for other in choice.branches if other is not branch for element in other]
        needed = [element.name for element in branch if not element.optional]
        branches.append({"required": needed, "properties": dict.fromkeys(others, False)})
    if choice.optional:
        every = [element.name for branch in choice.branches for element in branch]
        branches.append({"properties": dict.fromkeys(every, False)})
    return {"anyOf": branches}
