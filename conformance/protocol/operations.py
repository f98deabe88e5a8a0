"""The operations of the USI service as one table, and their form in XML and in JSON.

Everything that the kit knows of the interface's shape comes from this table: its WSDL and schema
(`conformance.protocol.interface`), the JSON form of requests and answers in the contract with a harness,
the registry's routing, and the documentation.  The table follows the published WSDL of contract version 5
in substance and not in expression.

The JSON form has element names as keys.  Numbers and booleans are JSON's; everything else, dates too, is
text as it stands on the wire.  An element that may stand several times is a list, a nil element is null, and
a value of an abstract type names its type under the key `xsi:type`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lxml import etree

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol import markup
from conformance.protocol.names import SCHEMA_INSTANCE

# --- what the table is made of --------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """The type of an element that holds one text."""

    name: str = ""
    """Name of the type in the schema; empty for one that stands inside its element."""
    base: str = "string"
    """Type of XML Schema part 2 that is restricted: `string`, `int`, `boolean`, `date`, `dateTime`."""
    length: int | None = None
    """Exact number of characters."""
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    """Regular expression of XML Schema, which always stands for the whole text."""
    values: tuple[str, ...] = ()
    """The only texts allowed; any when empty."""
    max_inclusive: int | None = None
    union: tuple[str, ...] = ()
    """Several base types of which one must fit, instead of `base`."""

    @property
    def restricted(self) -> bool:
        """Whether there is more to say than the base type."""
        return any((self.values, self.pattern, self.union)) or any(
            facet is not None for facet in (self.length, self.min_length, self.max_length, self.max_inclusive)
        )


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a structure."""

    name: str
    type: "Simple | Structure"
    optional: bool = False
    most: int | None = 1
    """How often it may stand; None for any number.  Anything but 1 makes it a list in JSON."""
    nillable: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one of several branches, each a sequence of elements."""

    branches: tuple[tuple[Element, ...], ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """The type of an element that holds elements, in this order."""

    name: str
    """Name of the type in the schema; empty for one that stands inside its element."""
    content: tuple[Element | Choice, ...]
    abstract: bool = False
    """Whether an element of this type must say, by `xsi:type`, which extension of it it holds."""
    extends: "Structure | None" = None

    def elements(self) -> Iterator[Element]:
        """Yield every element in schema order, through all branches of choices."""
        if self.extends is not None:
            yield from self.extends.elements()
        for part in self.content:
            if isinstance(part, Element):
                yield part
            else:
                for branch in part.branches:
                    yield from branch

    def element(self, name: str) -> Element | None:
        """Return the element of that name, or None."""
        return next((element for element in self.elements() if element.name == name), None)


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what is asked and what is answered."""

    name: str
    """Name of the request's element; the answer's is the same with `Response` behind it."""
    purpose: str
    request: Structure
    response: Structure

    @property
    def answer(self) -> str:
        """Name of the answer's element."""
        return f"{self.name}Response"


@dataclass(frozen=True, slots=True)
class Version:
    """One edition of the contract: where its names live."""

    number: str
    namespace: str
    """Of requests and answers; the actions begin with it too."""
    faults: str
    """Of the detail of faults.  Version 5 kept that of version 4, which clients overlook."""
    services: str
    """Target namespace of the WSDL."""
    path: str
    """Path of the published end points, in lower case."""

    def action(self, operation: Operation) -> str:
        """Return the action of a request."""
        return f"{self.namespace}/{operation.name}"

    def answer_action(self, operation: Operation) -> str:
        """Return the action of an answer."""
        return f"{self.namespace}/{operation.answer}"

    def fault_action(self, operation: Operation) -> str:
        """Return the action that both declared faults of an operation share."""
        return f"{self.namespace}/{operation.answer}ErrorInfoFault"


V5: Final = Version(
    number="5.0",
    namespace="http://usi.gov.au/2022/ws",
    faults="http://usi.gov.au/2020/ws",
    services="http://usi.gov.au/2022/ws/servicepolicy",
    path="/service/v5/usiservice.svc",
)

EARLIER_NAMESPACES: Final = {
    "http://usi.gov.au/2020/ws": "4",
    "http://usi.gov.au/2018/ws": "3",
    "http://usi.gov.au/2013/ws": "1",
}
"""Namespace -> number of the contract versions that are no longer served."""

# --- types that operations share ------------------------------------------------------------------

USI: Final = Simple(name="USIType", length=10, pattern="[A-HJ-NP-Z2-9]*")
ORG_CODE: Final = Simple(name="OrgCodeType", min_length=1, max_length=8, pattern="[A-Za-z0-9]*")
NAME: Final = Simple(max_length=40)  # no least length: the schema lets an empty name through
DATE: Final = Simple(base="date")
INT: Final = Simple(base="int")
TEXT: Final = Simple()
USI_STATUS: Final = Simple(values=("Valid", "Invalid", "Deactivated"))
MATCH_RESULT: Final = Simple(name="MatchResultType", values=("Match", "NoMatch"))

ASKED_NAMES: Final = Choice(
    ((Element("FirstName", NAME), Element("FamilyName", NAME)), (Element("SingleName", NAME),))
)
"""A person has two names or a single one."""

MATCHED_NAMES: Final = Choice(
    (
        (
            Element("FirstName", MATCH_RESULT, optional=True),
            Element("FamilyName", MATCH_RESULT, optional=True),
        ),
        (Element("SingleName", MATCH_RESULT, optional=True),),
    )
)

ERROR_INFO: Final = Structure(
    "ErrorInfo", (Element("Code", INT), Element("Title", TEXT), Element("Message", TEXT))
)
ARRAY_OF_ERROR_INFO: Final = Structure("ArrayOfErrorInfo", (Element("ErrorInfo", ERROR_INFO, most=None),))
FAULT_DETAILS: Final = (ERROR_INFO, ARRAY_OF_ERROR_INFO)
"""The two declared forms of fault detail; every operation may answer with either."""

EXTENSIONS: Final[tuple[Structure, ...]] = ()
"""The concrete types behind the abstract ones; the schema must name them though no element does."""

# --- the table ------------------------------------------------------------------------------------

OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        Operation(
            "VerifyUSI",
            "Does this USI exist, is it active, and does it belong to this name and date of birth?",
            Structure(
                "VerifyUSIType",
                (
                    Element("OrgCode", ORG_CODE),
                    Element("USI", USI),
                    ASKED_NAMES,
                    Element("DateOfBirth", DATE),
                ),
            ),
            Structure(
                "VerifyUSIResponseType",
                (
                    Element("USIStatus", USI_STATUS),
                    MATCHED_NAMES,
                    Element("DateOfBirth", MATCH_RESULT, optional=True),
                ),
            ),
        ),
    )
}
"""Every operation by name."""


def operation_of(element: etree._Element | None, version: Version = V5) -> Operation | None:
    """Return the operation that the content of a request's body asks for, or None."""
    if element is None or not isinstance(element.tag, str):
        return None
    name = etree.QName(element)
    return OPERATIONS.get(name.localname) if name.namespace == version.namespace else None


# --- JSON form to XML -----------------------------------------------------------------------------

TYPE_KEY: Final = "xsi:type"
"""Key of the JSON form that names the concrete type of a value."""


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
    return _element(operation.name, operation.request, values, version.namespace)


def answer_element(operation: Operation, values: Mapping[str, Any], version: Version = V5) -> etree._Element:
    """Return the element of an answer's body; as `request_element`."""
    return _element(operation.answer, operation.response, values, version.namespace)


def error_detail(errors: list[Mapping[str, Any]], version: Version = V5) -> etree._Element:
    """Return the detail of a fault: one ErrorInfo by itself, several in an array.

    Args:
        errors: `Code`, `Title` and `Message` of each.
        version: whose namespace of faults is used.
    """
    if len(errors) == 1:
        return _element("ErrorInfo", ERROR_INFO, errors[0], version.faults)
    return _element("ArrayOfErrorInfo", ARRAY_OF_ERROR_INFO, {"ErrorInfo": errors}, version.faults)


def _element(name: str, structure: Structure, values: Mapping[str, Any], namespace: str) -> etree._Element:
    element: etree._Element = etree.Element(f"{{{namespace}}}{name}", nsmap={"usi": namespace})
    _fill(element, structure, values, namespace)
    return element


def _fill(parent: etree._Element, structure: Structure, values: Any, namespace: str) -> None:  # noqa: ANN401 - JSON
    if not isinstance(values, Mapping):
        raise FormError(
            "an object was expected", expected=f"{structure.name} as an object", found=repr(values)
        )
    concrete = _concrete(parent, structure, values.get(TYPE_KEY), namespace)
    known = {element.name: element for element in concrete.elements()}
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
    for extension in EXTENSIONS:
        if extension.name == named and extension.extends is structure:
            parent.set(f"{{{SCHEMA_INSTANCE}}}type", f"usi:{extension.name}")
            return extension
    raise FormError(f"{named!r} is not a kind of {structure.name}", where=etree.QName(parent).localname)


def _append(parent: etree._Element, element: Element, value: Any, namespace: str) -> None:  # noqa: ANN401 - JSON
    child = etree.SubElement(parent, f"{{{namespace}}}{element.name}")
    if value is None:
        if not element.nillable:
            raise FormError(f"{element.name} cannot be null", where=etree.QName(parent).localname)
        child.set(f"{{{SCHEMA_INSTANCE}}}nil", "true")
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


def read_values(element: etree._Element, structure: Structure) -> dict[str, Any]:
    """Return the JSON form of what an element holds.

    Never fails: what does not fit the structure is taken as it stands, by local name, so that a caller can
    still show it.  Validity is a question for `conformance.protocol.interface`.

    Args:
        element: of type `structure`, or of an extension of it.
        structure: the type as the table has it.
    """
    concrete = structure
    values: dict[str, Any] = {}
    if named := element.get(f"{{{SCHEMA_INSTANCE}}}type"):
        local = named.rpartition(":")[2].strip()
        concrete = next((extension for extension in EXTENSIONS if extension.name == local), structure)
        values[TYPE_KEY] = local
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
    if element.get(f"{{{SCHEMA_INSTANCE}}}nil", "").strip() in ("true", "1"):
        return None
    if isinstance(form, Structure):
        return read_values(element, form)
    text = markup.content(element)
    if form.base == "int" and _INT.fullmatch(text.strip()):
        return int(text)
    if form.base == "boolean":
        return _BOOLEAN.get(text.strip(), text)
    return text
