"""The way through a request: its name, its schema, and then every element with the rules that it has."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from conformance.model import Judgement
from conformance.protocol import markup
from conformance.protocol.interface import validator
from conformance.protocol.operations import (
    EARLIER_NAMESPACES,
    OPERATIONS,
    V5,
    Element,
    Operation,
    Structure,
    Version,
    operation_of,
    structure_of,
    values_element,
)
from conformance.protocol.operations.forms import is_nil, read_any, read_text, read_type
from conformance.protocol.operations.types import APPLICATION, CONTACT_DETAILS, DVS_DOCUMENT, TEXT
from conformance.protocol.request_rules import applications, documents, people, records
from conformance.protocol.request_rules.noting import Limits, RequestNotes
from conformance.protocol.request_rules.texts import TextRules, rules_of

_MOST_ERRORS: Final = 20
"""How many departures from the schema are noted of one message."""
_UPDATE: Final = "UpdateUSIPersonalDetails"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFacts:
    """What was asked."""

    operation: Operation | None = None
    namespace: str = ""
    """Of the request's element."""
    values: dict[str, Any] = field(default_factory=dict)
    """JSON form of the request, taken as it stands even where it is invalid."""

    @property
    def name(self) -> str:
        """Name of the operation; empty when it is none of the contract's."""
        return self.operation.name if self.operation else ""


def judge_request(
    payload: etree._Element | None, version: Version = V5, *, limits: Limits | None = None
) -> tuple[Judgement, RequestFacts]:
    """Judge what the Body of a request holds.

    Args:
        payload: the first element of the Body, or None.
        version: edition of the contract that is served.
        limits: figures that are not public.

    Returns:
        The judgement over `RULES`, and what was asked.  A rule counts as examined where the request has
        something that it is about.
    """
    notes = RequestNotes(limits or Limits())
    if payload is None:
        notes.hold("usi.unknown_operation", False, "The Body is empty.", expected=_expected_operations())
        return notes.judgement(), RequestFacts()
    name = etree.QName(payload)
    namespace = name.namespace or ""
    operation = operation_of(payload, version)
    edition = EARLIER_NAMESPACES.get(namespace, "")
    notes.hold(
        "usi.outdated_namespace",
        namespace == version.namespace,
        expected=version.namespace,
        actual=namespace or "no namespace",
        where=payload,
        hint=f"That is the namespace of version {edition}; use the client classes of version 5."
        if edition
        else "",
    )
    notes.hold(
        "usi.unknown_operation",
        name.localname in OPERATIONS,
        expected=_expected_operations,
        actual=name.localname,
        where=payload,
    )
    if operation is None:
        return notes.judgement(), RequestFacts(namespace=namespace)
    _judge_schema(notes, payload, version)
    values = _Walk(notes, operation, version).through(payload, operation.request)
    return notes.judgement(), RequestFacts(operation=operation, namespace=namespace, values=values)


def judge_application(values: Mapping[str, Any], *, limits: Limits | None = None) -> Judgement:
    """Judge one application by itself, as if it were CreateUSI's; its schema is not looked at.

    Args:
        values: JSON form of an Application that the schema passes.
        limits: figures that are not public.
    """
    notes = RequestNotes(limits or Limits())
    element = values_element("Application", APPLICATION, values, V5.namespace)
    _Walk(notes, OPERATIONS["CreateUSI"], V5).through(element, APPLICATION)
    return notes.judgement()


def _expected_operations() -> str:
    return f"one of {', '.join(OPERATIONS)}"


def _judge_schema(notes: RequestNotes, payload: etree._Element, version: Version) -> None:
    errors = validator(version).errors(payload)
    if not errors:
        notes.hold("usi.schema", True)
    for error in errors[:_MOST_ERRORS]:
        notes.hold("usi.schema", False, error.message, where=error.where)


_Looked = dict[str, tuple[Element, Structure | None, TextRules | None]]
_LOOKED: Final[dict[tuple[str, str, int], _Looked]] = {}
"""Operation, namespace and identity of a structure in the table -> what is looked at in each element, by tag.

Records come by the hundred, and to hash a structure is to walk through all that it holds."""


def _looked_at(operation: Operation, structure: Structure, version: Version) -> _Looked:
    key = (operation.name, version.namespace, id(structure))
    found = _LOOKED.get(key)
    if found is None:
        found = _LOOKED[key] = {
            f"{{{version.namespace}}}{name}": (
                element,
                element.type if isinstance(element.type, Structure) else None,
                rules_of(operation, structure, element),
            )
            for name, element in structure.by_name.items()
        }
    return found


class _Walk:
    """One walk through a request, which judges and reads it at the same time.

    Args:
        notes: to write to.
        operation: that the request asks for.
        version: edition of the contract that is served.
    """

    def __init__(self, notes: RequestNotes, operation: Operation, version: Version) -> None:
        self._notes = notes
        self._operation = operation
        self._version = version
        self._met: set[object] = set()
        """Rules that were noted as examined, for a record has the same ones as the record before."""
        self._well_named: set[tuple[str, ...]] = set()
        """Names of the elements of verifications that turned out to be right."""

    def through(self, parent: etree._Element, structure: Structure) -> dict[str, Any]:
        """Judge an element and all that it holds, and return its JSON form, as `operations.read_values` does.

        Args:
            parent: the element; what its structure does not know is read only, as the schema told of it.
            structure: its type in the table.
        """
        children: dict[str, etree._Element] = {}
        values: dict[str, Any] = read_type(parent)
        looked = _looked_at(self._operation, structure, self._version)
        met = self._met
        for child in parent:
            tag = child.tag
            if tag not in looked:
                if isinstance(tag, str):
                    self._read_unknown(child, structure, children, values)
                continue
            element, inner, texts = looked[tag]
            name = element.name
            children.setdefault(name, child)
            value: Any
            if inner is not None:
                value = self._into(child, element, inner)
            else:
                text = (child.text or "") if not len(child) else markup.content(child)
                if texts is not None:
                    if not texts.fine(text):
                        for say in texts.say:
                            say(self._notes, child, text)
                    if texts not in met:
                        met.add(texts)
                        self._notes.examined(texts.codes)
                value = read_text(child, element.type, text)
            if element.most == 1:
                values[name] = value
            else:
                values.setdefault(name, []).append(value)
        self._judge_whole(parent, structure, children)
        return values

    def _read_unknown(
        self,
        child: etree._Element,
        structure: Structure,
        children: dict[str, etree._Element],
        values: dict[str, Any],
    ) -> None:
        """Take note of what the structure has not, or has in another namespace."""
        name = markup.local_name(child)
        children.setdefault(name, child)
        known = structure.element(name)
        if known is not None and known.most != 1:
            values.setdefault(name, []).append(read_any(child, known.type))
        else:
            values[name] = read_any(child, TEXT if known is None else known.type)

    def _into(self, child: etree._Element, element: Element, structure: Structure) -> Any:  # noqa: ANN401 - JSON
        if element.optional and structure is not DVS_DOCUMENT:
            self._notes.examined(("usi.empty_optional",))
            if not len(child):
                self._notes.breach(
                    "usi.empty_optional",
                    child,
                    expected="no such element, or a value",
                    actual="an empty element",
                )
        if structure is DVS_DOCUMENT:
            documents.judge_type(self._notes, child, self._version)
            structure = structure_of(child, structure)
        values = self.through(child, structure)
        if element.key is not None:
            records.judge_keys(self._notes, child, values.get(element.key.selector) or [], element.key.field)
        return None if is_nil(child) else values

    def _judge_whole(
        self, parent: etree._Element, structure: Structure, children: Mapping[str, etree._Element]
    ) -> None:
        """Judge what several elements of one structure are together."""
        notes, operation = self._notes, self._operation
        if "SingleName" in structure.by_name:
            if "people" not in self._met:
                self._met.add("people")
                notes.examined(people.codes_of(operation))
            given = tuple(children)
            if given not in self._well_named and people.judge_person(notes, parent, children, operation):
                self._well_named.add(given)
        if structure is operation.request:
            records.judge_count(notes, children)
            if operation.name == _UPDATE:
                applications.judge_documents(notes, parent, children, new=False)
                applications.judge_change(notes, parent, children)
        elif structure is APPLICATION:
            applications.judge_documents(notes, parent, children, new=True)
        elif structure is CONTACT_DETAILS:
            applications.judge_contact(notes, parent, children)
        elif structure.extends is DVS_DOCUMENT:
            documents.judge_particulars(notes, parent, children, structure.name)
