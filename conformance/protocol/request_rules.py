"""What a request to the registry must be besides well signed: valid, and by the rules that no schema holds.

The judge notes every rule that it could examine, and all findings.  Which of them make the registry refuse is
the registry's business; a suite may ask for more than the registry does.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from lxml import etree

from conformance.model import Judgement
from conformance.protocol import checksum, markup
from conformance.protocol.interface import validator
from conformance.protocol.judging import Notes
from conformance.protocol.operations import (
    EARLIER_NAMESPACES,
    OPERATIONS,
    V5,
    Operation,
    Simple,
    Structure,
    Version,
    operation_of,
    read_request,
    structure_of,
)

RULES: Final = {
    "usi.outdated_namespace": "The request is in the namespace of contract version 5.",
    "usi.unknown_operation": "The request is one of the operations of the contract.",
    "usi.schema": "The request is valid against the schema of its operation.",
    "usi.name_branch": "A person has a first and a family name, or a single name, and never both or neither.",
    "usi.empty_name": "No name is empty or blank.",
    "usi.untrimmed_name": "No name has white space at its ends.",
    "usi.foreign_name": "A verification carries no middle name and no preferred name.",
    "usi.date_form": "Every date is exactly yyyy-mm-dd, without time and without zone.",
    "usi.check_character": "Every USI that is sent has a right check character.",
}
"""Code -> what must hold."""

_NAMES: Final = ("FirstName", "FamilyName", "SingleName")
_DATE: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_OTHER_NAME: Final = re.compile(r"MiddleName|Preferred\w*Name")
_MOST_ERRORS: Final = 20
"""How many departures from the schema are noted of one message."""
_VERIFICATIONS: Final = ("VerifyUSI", "BulkVerifyUSI")
_PARTLY_NAMED: Final = ("LocateUSI", "UpdateUSIPersonalDetails")
"""Operations that need not name a person in full."""


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


def judge_request(payload: etree._Element | None, version: Version = V5) -> tuple[Judgement, RequestFacts]:
    """Judge what the Body of a request holds.

    Args:
        payload: the first element of the Body, or None.
        version: edition of the contract that is served.

    Returns:
        The judgement over `RULES`, and what was asked.
    """
    notes = Notes(RULES, {})
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
    _judge_names(notes, payload, operation)
    _judge_simple(notes, payload, operation)
    values = read_request(payload, operation)
    return notes.judgement(), RequestFacts(operation=operation, namespace=namespace, values=values)


def _expected_operations() -> str:
    return f"one of {', '.join(OPERATIONS)}"


def _judge_schema(notes: Notes, payload: etree._Element, version: Version) -> None:
    errors = validator(version).errors(payload)
    if not errors:
        notes.hold("usi.schema", True)
    for error in errors[:_MOST_ERRORS]:
        notes.hold("usi.schema", False, error.message, where=error.where)


def _judge_names(notes: Notes, payload: etree._Element, operation: Operation) -> None:
    for person in _people(payload):
        names = {markup.local_name(child): child for child in markup.children(person)}
        given = [name for name in _NAMES if name in names]
        partly = operation.name in _PARTLY_NAMED
        notes.hold(
            "usi.name_branch",
            "SingleName" not in given or len(given) == 1
            if partly
            else given in (["FirstName", "FamilyName"], ["SingleName"]),
            expected="SingleName by itself, or without it"
            if partly
            else "FirstName and FamilyName, or SingleName",
            actual=", ".join(given) or "no name",
            where=person,
        )
        for name in given:
            text = markup.content(names[name])
            notes.hold("usi.empty_name", bool(text.strip()), where=names[name])
            notes.hold("usi.untrimmed_name", text == text.strip(), actual=repr(text), where=names[name])
        if operation.name in _VERIFICATIONS:
            others = [name for name in names if _OTHER_NAME.fullmatch(name)]
            notes.hold(
                "usi.foreign_name",
                not others,
                expected=", ".join(_NAMES),
                actual=", ".join(others),
                where=person,
            )


def _people(payload: etree._Element) -> Iterator[etree._Element]:
    """Yield every element that names a person; the request itself when nothing does."""
    found = False
    for element in payload.iter(etree.Element):
        if any(markup.local_name(child) in _NAMES for child in markup.children(element)):
            found = True
            yield element
    if not found and any(name in _NAMES for name in _required_names(payload)):
        yield payload


def _required_names(payload: etree._Element) -> set[str]:
    operation = OPERATIONS.get(markup.local_name(payload))
    return {element.name for element in operation.request.elements()} if operation else set()


def _judge_simple(notes: Notes, payload: etree._Element, operation: Operation) -> None:
    for element, form in _simple_elements(payload, operation.request):
        text = markup.content(element)
        if form.base == "date" and not form.union:
            notes.hold(
                "usi.date_form",
                _DATE.fullmatch(text) is not None,
                expected="yyyy-mm-dd",
                actual=repr(text),
                where=element,
                hint="Write the date only; a time or a zone makes the whole message refused."
                if "T" in text
                else "",
            )
        elif form.name == "USIType":
            notes.hold(
                "usi.check_character",
                checksum.is_valid(text),
                expected="a USI whose tenth character fits the first nine",
                actual=repr(text),
                where=element,
                hint="Check a USI before it is sent; the registry cannot tell a slip from a stranger.",
            )


def _simple_elements(parent: etree._Element, structure: Structure) -> Iterator[tuple[etree._Element, Simple]]:
    concrete = structure_of(parent, structure)
    for child in markup.children(parent):
        element = concrete.element(markup.local_name(child))
        if element is None:
            continue
        if isinstance(element.type, Structure):
            yield from _simple_elements(child, element.type)
        else:
            yield child, element.type
