"""The rules of a single text: dates, booleans, names, numbers, and what should not be empty.

A bulk message has thousands of texts, nearly all of them right.  Each element of the table therefore has one
quick test that tells whether all is well; only where it fails are its rules looked at one by one.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from conformance.protocol import checksum
from conformance.protocol.names import SCHEMA_INSTANCE
from conformance.protocol.operations import Element, Operation, Simple, Structure
from conformance.protocol.request_rules.noting import RequestNotes

LEGAL_NAMES: Final = ("FirstName", "FamilyName", "SingleName")
RECORDING: Final = ("CreateUSI", "BulkUpload", "UpdateUSIPersonalDetails")
"""Operations that write names into a record, and so mind their characters."""

_NIL: Final = f"{{{SCHEMA_INSTANCE}}}nil"
_DATE: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")
_NAME: Final = re.compile(r"[^\s`~?/\\](?:[^`~?/\\]*[^\s`~?/\\])?")
"""A name that breaks no rule of names, whatever the operation."""
_REFUSED: Final = frozenset("`~?/\\")
_OTHER_NAME: Final = re.compile(r"MiddleName|Preferred\w*Name")

Test = Callable[[str], object]
Say = Callable[[RequestNotes, etree._Element, str], None]


@dataclass(frozen=True, slots=True, eq=False)
class TextRules:
    """What is looked at in one element of the table."""

    codes: tuple[str, ...]
    fine: Test
    """Whether a text breaks none of them; it may doubt a text that is fine, never the other way round."""
    say: tuple[Say, ...]
    """Note what a doubted text breaks, if anything."""


def rules_of(operation: Operation, structure: Structure, element: Element) -> TextRules | None:
    """Return the rules of an element in a structure, or None when there are none.

    Args:
        operation: that the message asks for.
        structure: that the element is part of.
        element: one of the structure's.
    """
    if not isinstance(element.type, Simple):
        return None
    rules = [rule for rule in _applicable(operation, structure, element, element.type) if rule]
    if not rules:
        return None
    codes = tuple(dict.fromkeys(code for rule in rules for code in rule.codes))
    tests = [rule.fine for rule in rules]
    fine = tests[0] if len(tests) == 1 else lambda text: all(test(text) for test in tests)
    return TextRules(codes, fine, tuple(say for rule in rules for say in rule.say))


def _applicable(
    operation: Operation, structure: Structure, element: Element, form: Simple
) -> tuple[TextRules | None, ...]:
    name = element.name
    if name in LEGAL_NAMES:
        return (_RECORDED_NAME if operation.name in RECORDING else _PLAIN_NAME,)
    return (
        _OPTIONAL if element.optional else None,
        _CHARACTERS if _OTHER_NAME.fullmatch(name) and operation.name in RECORDING else None,
        _DATES if form.base == "date" and not form.union else None,
        _USIS if form.name == "USIType" else None,
        _BOOLEANS if form.base == "boolean" else None,
        _PHONES if structure.name == "PhoneType" else None,
        _REQUEST_ID if name == "RequestId" else None,
        _APPLICATION_ID if name == "ApplicationId" else None,
        _COUNTRY if name == "CountryOfResidenceCode" and not element.optional else None,
    )


# --- one by one -----------------------------------------------------------------------------------


def _say_name(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if not text.strip():
        notes.breach("usi.empty_name", element)
    if text != text.strip():
        notes.breach("usi.untrimmed_name", element, actual=repr(text))


def _say_characters(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if found := sorted(_REFUSED & set(text)):
        notes.breach("usi.name_characters", element, actual=f"{' '.join(found)} in {text!r}")


def _say_date(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if _DATE.fullmatch(text) is None:
        notes.breach(
            "usi.date_form",
            element,
            expected="yyyy-mm-dd",
            actual=repr(text),
            hint="Write the date only; a time or a zone makes the whole message refused."
            if "T" in text
            else "",
        )


def _say_usi(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if not checksum.is_valid(text):
        notes.breach(
            "usi.check_character",
            element,
            expected="a USI whose tenth character fits the first nine",
            actual=repr(text),
            hint="Check a USI before it is sent; the registry cannot tell a slip from a stranger.",
        )


def _say_boolean(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if text not in _BOOLEAN:
        notes.breach("usi.boolean_form", element, expected="true or false", actual=repr(text))


def _say_optional(notes: RequestNotes, element: etree._Element, text: str) -> None:
    if not text.strip() and not _is_nil(element) and not _is_cleared(element):
        notes.breach("usi.empty_optional", element, expected="no such element, or a value", actual=repr(text))


def _say_phone(notes: RequestNotes, element: etree._Element, text: str) -> None:
    digits = _digits(text)
    if text.strip() and digits < notes.limits.phone_digits:
        notes.breach(
            "usi.phone",
            element,
            expected=f"{notes.limits.phone_digits} digits or more",
            actual=f"{digits} digits in {text!r}",
        )


def _say_blank(code: str) -> Say:
    def say(notes: RequestNotes, element: etree._Element, text: str) -> None:
        if not text.strip():
            notes.breach(code, element, actual=repr(text))

    return say


def _is_nil(element: etree._Element) -> bool:
    return element.get(_NIL, "").strip() in ("true", "1")


def _is_cleared(element: etree._Element) -> bool:
    """Tell whether an update names this element as what it changes: then nothing may be its new value."""
    details = element.getparent()
    request = None if details is None else details.getparent()
    if request is None:
        return False
    return any(
        modifier.text == etree.QName(element).localname
        for modifier in request.iterchildren("{*}PersonalDetailsModifier")
    )


def _digits(text: str) -> int:
    return sum("0" <= character <= "9" for character in text)


def _doubted(text: str) -> bool:
    return False  # how many digits are enough, only the notes know


_BOOLEAN: Final = frozenset({"true", "false"})

_PLAIN_NAME: Final = TextRules(("usi.empty_name", "usi.untrimmed_name"), _NAME.fullmatch, (_say_name,))
_RECORDED_NAME: Final = TextRules(
    (*_PLAIN_NAME.codes, "usi.name_characters"), _NAME.fullmatch, (_say_name, _say_characters)
)
_CHARACTERS: Final = TextRules(("usi.name_characters",), _REFUSED.isdisjoint, (_say_characters,))
_DATES: Final = TextRules(("usi.date_form",), _DATE.fullmatch, (_say_date,))
_USIS: Final = TextRules(("usi.check_character",), checksum.is_valid, (_say_usi,))
_BOOLEANS: Final = TextRules(("usi.boolean_form",), _BOOLEAN.__contains__, (_say_boolean,))
_OPTIONAL: Final = TextRules(("usi.empty_optional",), str.strip, (_say_optional,))
_PHONES: Final = TextRules(("usi.phone",), _doubted, (_say_phone,))
_REQUEST_ID: Final = TextRules(("usi.request_id_empty",), str.strip, (_say_blank("usi.request_id_empty"),))
_APPLICATION_ID: Final = TextRules(
    ("usi.application_id_empty",), str.strip, (_say_blank("usi.application_id_empty"),)
)
_COUNTRY: Final = TextRules(
    ("usi.country_of_residence",), str.strip, (_say_blank("usi.country_of_residence"),)
)
