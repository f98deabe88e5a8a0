"""The JSON form of requests and answers, to XML and back.

The JSON form has element names as keys.  Numbers and booleans are JSON's; everything else, dates too, is
text as it stands on the wire.  An element that may stand several times is a list, a nil element is null, and
a value of an abstract type names its type under the key `xsi:type`.
"""

import re
import sys
from collections.abc import Mapping
from typing import Any, Final

from lxml import etree

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol import markup
from conformance.protocol.names import SCHEMA_INSTANCE
from conformance.protocol.operations.shapes import V5, Element, Operation, Simple, Structure, Version
from conformance.protocol.operations.types import ARRAY_OF_ERROR_INFO, ERROR_INFO, EXTENSIONS, TEXT

# --- JSON form to XML -----------------------------------------------------------------------------

TYPE_KEY: Final = "xsi:type"
"""Key of the JSON form that names the concrete type of a value."""

_UNWRITABLE: Final = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\U00010000-\U0010ffff]")
"""What no XML document can hold (XML 1.0, 2.2): control characters, halves of surrogate pairs."""
_ESCAPED: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})
_TYPE: Final = f"{{{SCHEMA_INSTANCE}}}type"
_NIL: Final = f"{{{SCHEMA_INSTANCE}}}nil"
_KINDS: Final = {
    (extension.extends.name, extension.name): extension for extension in EXTENSIONS if extension.extends
}
"""Names of an abstract structure and of its extension -> the extension."""


class FormError(ImplementationError, ValueError):
    """A value that has no place in the form of an operation."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "") -> None:
        super().__init__(message, subcode=Subcode.PROTOCOL_ERROR, expected=expected, found=found, where=where)


def request_element(operation: Operation, values: Mapping[str, Any], version: Version = V5) -> etree._Element:
    """Return the element of a request's body.

    The elements come in schema order whatever the order of the keys.  Nothing is checked beyond what is
    needed to write them down: a missing or malformed value makes an invalid message, on purpose or not.

    Args:
        operation: which one.
        values: JSON form of the request.
        version: whose namespace is used.

    Raises:
        FormError: a key is not an element of the operation, or a value has not the form of its element.
    """
    return values_element(operation.name, operation.request, values, version.namespace)


def answer_element(operation: Operation, values: Mapping[str, Any], version: Version = V5) -> etree._Element:
    """Return the element of an answer's body; as `request_element`."""
    return values_element(operation.answer, operation.response, values, version.namespace)


def error_detail(errors: list[Mapping[str, Any]], version: Version = V5) -> etree._Element:
    """Return the detail of a fault: one ErrorInfo by itself, several in an array.

    Args:
        errors: `Code`, `Title` and `Message` of each.
        version: whose namespace of faults is used.
    """
    if len(errors) == 1:
        return values_element("ErrorInfo", ERROR_INFO, errors[0], version.faults)
    return values_element("ArrayOfErrorInfo", ARRAY_OF_ERROR_INFO, {"ErrorInfo": errors}, version.faults)


def values_element(
    name: str, structure: Structure, values: Mapping[str, Any], namespace: str
) -> etree._Element:
    """Return an element of any structure; as `request_element`."""
    # Bulk messages have thousands of elements: to write them down and parse that takes a quarter of the time
    # that it takes to put them together one by one.
    pieces: list[str] = []
    _write(pieces, name, structure, values, f' xmlns:usi="{namespace}"')
    return markup.parse("".join(pieces).encode(), limit=sys.maxsize)


def _write(pieces: list[str], name: str, structure: Structure, values: Any, declared: str = "") -> None:  # noqa: ANN401 - JSON
    if type(values) is not dict and not isinstance(values, Mapping):
        raise FormError(
            "an object was expected", expected=f"{structure.name} as an object", found=repr(values)
        )
    if values.get(TYPE_KEY) is not None:
        structure = _concrete(name, structure, values[TYPE_KEY])
        declared += f' xmlns:xsi="{SCHEMA_INSTANCE}" xsi:type="usi:{structure.name}"'
    known = structure.by_name
    if not known.keys() >= values.keys() and (
        unknown := [key for key in values if key not in known and key != TYPE_KEY]
    ):
        raise FormError(
            f"{structure.name} has no element {', '.join(map(str, unknown))}",
            expected=", ".join(known),
            found=", ".join(map(str, unknown)),
            where=name,
        )
    pieces.append(f"<usi:{name}{declared}>")
    for child, element in known.items():
        if child not in values:
            continue
        value = values[child]
        if type(value) is str and type(element.type) is Simple and element.most == 1 and value.isalnum():
            pieces.append(f"<usi:{child}>{value}</usi:{child}>")  # nearly all elements of a bulk message
        elif element.most == 1:
            _append(pieces, name, element, value)
        elif isinstance(value, list | tuple):
            for item in value:
                _append(pieces, name, element, item)
        else:
            raise FormError(f"{child} may stand several times", expected="an array", found=repr(value))
    pieces.append(f"</usi:{name}>")


def _concrete(name: str, structure: Structure, named: object) -> Structure:
    if isinstance(named, str) and (extension := _KINDS.get((structure.name, named))):
        return extension
    raise FormError(f"{named!r} is not a kind of {structure.name}", where=name)


def _append(pieces: list[str], parent: str, element: Element, value: Any) -> None:  # noqa: ANN401 - JSON
    name = element.name
    if value is None:
        if not element.nillable:
            raise FormError(f"{name} cannot be null", where=parent)
        pieces.append(f'<usi:{name} xmlns:xsi="{SCHEMA_INSTANCE}" xsi:nil="true"/>')
    elif isinstance(element.type, Structure):
        _write(pieces, name, element.type, value)
    else:
        text = value if type(value) is str else _text(value)
        if not text.isalnum():
            if _UNWRITABLE.search(text):
                raise FormError(f"{name} cannot be written in XML", found=repr(value))
            text = text.translate(_ESCAPED)
        pieces.append(f"<usi:{name}>{text}</usi:{name}>")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | str):
        return str(value)
    raise FormError("a text, number or boolean was expected", found=repr(value))


# --- XML to JSON form -----------------------------------------------------------------------------

_INT: Final = re.compile(r"[+-]?[0-9]{1,10}")
_BOOLEAN: Final = {"true": True, "1": True, "false": False, "0": False}


def structure_of(element: etree._Element, structure: Structure) -> Structure:
    """Return the structure of an element: the extension that its `xsi:type` names, or the structure itself.

    The prefix is not looked at, so that a type in a wrong namespace is still shown for what it means.
    """
    named = element.get(_TYPE)
    return _KINDS.get((structure.name, _local(named)), structure) if named else structure


def _local(name: str) -> str:
    return name.rpartition(":")[2].strip()


def read_values(element: etree._Element, structure: Structure) -> dict[str, Any]:
    """Return the JSON form of what an element holds.

    Never fails: what does not fit the structure is taken as it stands, by local name, so that a caller can
    still show it.  Validity is a question for `conformance.protocol.interface`.

    Args:
        element: of type `structure`, or of an extension of it.
        structure: the type as the table has it.
    """
    concrete = structure_of(element, structure)
    values: dict[str, Any] = read_type(element)
    by_name = concrete.by_name
    for child in element.iterchildren(etree.Element):
        name = child.tag.rpartition("}")[2]
        known = by_name.get(name)
        value = read_any(child, TEXT if known is None else known.type)
        if known is not None and known.most != 1:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


def read_type(element: etree._Element) -> dict[str, Any]:
    """Return the part of an element's JSON form that names its concrete type; nothing where it names none."""
    named = element.get(_TYPE)
    return {TYPE_KEY: _local(named)} if named else {}


def read_request(element: etree._Element, operation: Operation) -> dict[str, Any]:
    """Return the JSON form of a request's body; as `read_values`."""
    return read_values(element, operation.request)


def read_answer(element: etree._Element, operation: Operation) -> dict[str, Any]:
    """Return the JSON form of an answer's body; as `read_values`."""
    return read_values(element, operation.response)


def read_errors(detail: etree._Element | None, version: Version = V5) -> list[dict[str, Any]]:
    """Return `Code`, `Title` and `Message` of each ErrorInfo in a fault's detail, in either declared form.

    Args:
        detail: the Detail element of a fault, or the element in it, or None.
        version: whose namespace of faults counts.
    """
    if detail is None:
        return []
    return [read_values(info, ERROR_INFO) for info in detail.iter(f"{{{version.faults}}}ErrorInfo")]


def read_any(element: etree._Element, form: Simple | Structure) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON form of an element of any type: as `read_values` or as `read_text`."""
    if isinstance(form, Structure):
        return None if is_nil(element) else read_values(element, form)
    return read_text(element, form, markup.content(element))


def read_text(element: etree._Element, form: Simple | Structure, text: str) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON form of an element that holds a text: a text, a number, a boolean, or None.

    Args:
        element: that holds the text.
        form: its type.
        text: what it holds.
    """
    if not text and is_nil(element):
        return None
    base = form.base if isinstance(form, Simple) else "string"
    if base == "string":
        return text
    if base == "int" and _INT.fullmatch(text.strip()):
        return int(text)
    if base == "boolean":
        return _BOOLEAN.get(text.strip(), text)
    return text


def is_nil(element: etree._Element) -> bool:
    """Tell whether an element says that it is nil."""
    return element.get(_NIL, "").strip() in ("true", "1")
