"""The JSON form of requests and answers, to XML and back.

The JSON form has element names as keys.  Numbers and booleans are JSON's; everything else, dates too, is
text as it stands on the wire.  An element that may stand several times is a list, a nil element is null, and
a value of an abstract type names its type under the key `xsi:type`.
"""

import re
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
    element: etree._Element = etree.Element(f"{{{namespace}}}{name}", nsmap={"usi": namespace})
    _fill(element, structure, values, namespace)
    return element


def _fill(parent: etree._Element, structure: Structure, values: Any, namespace: str) -> None:  # noqa: ANN401 - JSON
    if not isinstance(values, Mapping):
        raise FormError(
            "an object was expected", expected=f"{structure.name} as an object", found=repr(values)
        )
    concrete = _concrete(parent, structure, values.get(TYPE_KEY), namespace)
    known = concrete.by_name
    if unknown := [key for key in values if key not in known and key != TYPE_KEY]:
        raise FormError(
            f"{concrete.name} has no element {', '.join(map(str, unknown))}",
            expected=", ".join(known),
            found=", ".join(map(str, unknown)),
            where=etree.QName(parent).localname,
        )
    for name, element in known.items():
        if name in values:
            items = values[name] if element.most != 1 else [values[name]]
            if not isinstance(items, list | tuple):
                raise FormError(f"{name} may stand several times", expected="an array", found=repr(items))
            for item in items:
                _append(parent, element, item, namespace)


def _concrete(parent: etree._Element, structure: Structure, named: object, namespace: str) -> Structure:
    if named is None:
        return structure
    if isinstance(named, str) and (extension := _KINDS.get((structure.name, named))):
        parent.set(_TYPE, f"usi:{extension.name}")
        return extension
    raise FormError(f"{named!r} is not a kind of {structure.name}", where=etree.QName(parent).localname)


def _append(parent: etree._Element, element: Element, value: Any, namespace: str) -> None:  # noqa: ANN401 - JSON
    child = etree.SubElement(parent, f"{{{namespace}}}{element.name}")
    if value is None:
        if not element.nillable:
            raise FormError(f"{element.name} cannot be null", where=etree.QName(parent).localname)
        child.set(_NIL, "true")
    elif isinstance(element.type, Structure):
        _fill(child, element.type, value, namespace)
    else:
        text = _text(value)
        try:
            child.text = text
        except ValueError as error:  # control characters, which XML cannot hold
            raise FormError(f"{element.name} cannot be written in XML", found=repr(value)) from error


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
    values: dict[str, Any] = {}
    if named := element.get(_TYPE):
        values[TYPE_KEY] = _local(named)
    for child in element.iterchildren(tag=etree.Element):
        name = etree.QName(child).localname
        known = concrete.element(name)
        value = _read(child, known.type if known else TEXT)
        if known is not None and known.most != 1:
            values.setdefault(name, []).append(value)
        else:
            values[name] = value
    return values


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


def _read(element: etree._Element, form: Simple | Structure) -> Any:  # noqa: ANN401 - JSON
    if element.get(_NIL, "").strip() in ("true", "1"):
        return None
    if isinstance(form, Structure):
        return read_values(element, form)
    text = markup.content(element)
    if form.base == "int" and _INT.fullmatch(text.strip()):
        return int(text)
    if form.base == "boolean":
        return _BOOLEAN.get(text.strip(), text)
    return text
