"""The rules of how a person is named."""

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.operations import Operation
from conformance.protocol.request_rules.noting import RequestNotes
from conformance.protocol.request_rules.texts import LEGAL_NAMES

_TWO: Final = ["FirstName", "FamilyName"]
_ONE: Final = ["SingleName"]
_FOREIGN: Final = re.compile(r"MiddleName|Preferred\w*Name")
_VERIFICATIONS: Final = ("VerifyUSI", "BulkVerifyUSI")
_PARTLY_NAMED: Final = ("LocateUSI", "UpdateUSIPersonalDetails")
"""Operations that need not name a person in full."""


def judge_person(
    notes: RequestNotes, person: etree._Element, children: Mapping[str, etree._Element], operation: Operation
) -> bool:
    """Judge which names a person has, and tell whether anybody of these elements is named rightly.

    A look-up is judged by what its names say too, so that one that is right tells nothing of another.

    Args:
        notes: to write to.
        person: the element that holds the names.
        children: its elements by local name, in their order.
        operation: that the message asks for.
    """
    # In which order they stand is the schema's affair.
    given = [name for name in LEGAL_NAMES if name in children]
    if operation.name in _PARTLY_NAMED:
        fits = "SingleName" not in given or len(given) == 1
        expected = "SingleName by itself, or without it"
    else:
        fits = given in (_TWO, _ONE)
        expected = "FirstName and FamilyName, or SingleName"
    if not fits:
        notes.breach("usi.name_branch", person, expected=expected, actual=", ".join(given) or "no name")
    if operation.name in _VERIFICATIONS:
        foreign = [name for name in children if _FOREIGN.fullmatch(name)]
        if foreign:
            notes.breach(
                "usi.foreign_name", person, expected=", ".join(LEGAL_NAMES), actual=", ".join(foreign)
            )
        return fits and not foreign
    if operation.name != "LocateUSI":
        return fits
    if not any(name in children and markup.text(children[name]) for name in ("FamilyName", "SingleName")):
        notes.breach(
            "usi.locate_name",
            person,
            expected="FamilyName or SingleName",
            actual=", ".join(given) or "no name",
        )
    return False


def codes_of(operation: Operation) -> tuple[str, ...]:
    """Return the codes of the rules that `judge_person` looks at in requests of an operation."""
    if operation.name in _VERIFICATIONS:
        return ("usi.name_branch", "usi.foreign_name")
    return ("usi.name_branch", "usi.locate_name") if operation.name == "LocateUSI" else ("usi.name_branch",)
