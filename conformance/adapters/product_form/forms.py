"""What of each operation the kit hands to a product, what the product makes by itself, what it may conclude.

A person at a product's screen knows names, dates and documents.  Identifiers, counts and references are the
product's own business, so that the kit must not hand them over: it would then test itself.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from conformance.protocol.operations import OPERATIONS, Choice, Element, Operation, Structure

MADE_BY_PRODUCT: Final[Mapping[str, str]] = {
    "OrgCode": "the parameter `org_code`",
    "RequestId": "one that the organisation has never used, on no other day and after no restart",
    "ApplicationId": "one that stands once in the message; answers are matched by it",
    "RecordId": "one that stands once in the message; answers are matched by it",
    "UserReference": "who asks, in words of the product's own",
    "NoOfVerifications": "the number of records in the message",
    "NoOfApplications": "the number of applications in the message",
    "PersonalDetailsModifier": "the name of the one change; CountryOfBirth for CountryOfBirthCode",
}
"""Element of a request -> what the product puts there."""

MAY_BE_LEFT_OUT: Final[Mapping[tuple[str, str], str]] = {
    ("BulkUploadRetrieve", "ReceiptNumber"): "left out: whatever is outstanding for the organisation",
    ("LocateUSI", "ContactDetails"): "left out: the product sends an empty one",
}
"""Operation and element that the contract demands and the kit may leave out -> what the product does then."""

CONCLUSIONS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "VerifyUSI": ("verified", "not_verified"),
    "BulkVerifyUSI": ("completed",),
    "CreateUSI": ("created", "existing"),
    "BulkUpload": ("pending",),
    "BulkUploadRetrieve": ("pending", "completed"),
    "LocateUSI": ("located", "not_located"),
    "UpdateUSIContactDetails": ("updated",),
    "UpdateUSIPersonalDetails": ("updated",),
    "GetCountries": ("listed",),
    "GetNonDvsDocumentTypes": ("listed",),
}
"""Operation -> what a product may conclude of it, besides `ALWAYS_POSSIBLE`."""

ALWAYS_POSSIBLE: Final = ("unclear", "failed")
"""Conclusions of any operation and of any record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The records of a bulk operation's answer."""

    path: tuple[str, str]
    """Names of the list and of one record in it."""
    conclusions: tuple[str, ...]
    """Of one record, besides `ALWAYS_POSSIBLE`."""


RECORDS_OF: Final[Mapping[str, Records]] = {
    "BulkVerifyUSI": Records(
        path=("VerificationResponses", "VerificationResponse"), conclusions=("verified", "not_verified")
    ),
    "BulkUploadRetrieve": Records(path=("Applications", "Application"), conclusions=("created", "existing")),
}
"""Operation -> what `records` of its answer holds."""


@cache
def _form(name: str) -> Structure:
    operation = OPERATIONS[name]
    made = _without(operation.request)
    content = tuple(
        replace(part, optional=True)
        if isinstance(part, Element) and (name, part.name) in MAY_BE_LEFT_OUT
        else part
        for part in made.content
    )
    return replace(made, content=content)


def request_form(operation: Operation) -> Structure:
    """Return the request of an operation without what the product makes by itself.

    Lists have no greatest length here: more records than a message holds are several messages, and how the
    product divides them is its own business.  An empty list is possible too.
    """
    return _form(operation.name)


def made_by_product(operation: Operation) -> tuple[str, ...]:
    """Return the elements of a request, however deep, that the product makes by itself."""

    def walk(structure: Structure) -> Iterator[str]:
        for element in structure.elements():
            if element.name in MADE_BY_PRODUCT:
                yield element.name
            elif isinstance(element.type, Structure):
                yield from walk(element.type)

    return tuple(dict.fromkeys(walk(operation.request)))


def record_structure(operation: Operation) -> Structure | None:
    """Return the type of one record in the answer of a bulk operation; None where there are no records."""
    if operation.name not in RECORDS_OF:
        return None
    found: Structure = operation.response
    for name in RECORDS_OF[operation.name].path:
        element = found.by_name[name]
        assert isinstance(element.type, Structure)  # noqa: S101 - the table says so, for the type checker
        found = element.type
    return found


def _without(structure: Structure) -> Structure:
    """Return a type without what a product makes; the type itself where that changes nothing."""
    content: list[Element | Choice] = []
    for part in structure.content:
        if isinstance(part, Choice):
            content.append(part)  # no choice of the contract holds anything that a product makes
        elif part.name not in MADE_BY_PRODUCT:
            content.append(_handed(part))
    return structure if tuple(content) == structure.content else replace(structure, content=tuple(content))


def _handed(element: Element) -> Element:
    if not isinstance(element.type, Structure):
        return element
    return replace(
        element,
        type=_without(element.type),
        most=element.most if element.most == 1 else None,
        optional=element.optional or element.most != 1,
        key=None,
    )
