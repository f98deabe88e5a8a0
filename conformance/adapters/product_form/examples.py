"""An example of each request and of its answer, and from them the skeleton of a vector.

The values are those of a published test person of the third-party test environment, and made up where a
person must be new or have contact details.  An example holds what the contract demands, and of what it
leaves open only what shows the operation at work.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final

from conformance.adapters.product_form.forms import (
    CONCLUSIONS_OF,
    RECORDS_OF,
    request_form,
)
from conformance.protocol.operations import (
    TYPE_KEY,
    Choice,
    Element,
    Operation,
    Simple,
    Structure,
)

_DOCUMENT: Final = {TYPE_KEY: "PassportDocumentType", "DocumentNumber": "X1111111"}
"""Published as one that the mock of the Document Verification Service takes."""

_VALUES: Final[Mapping[str, Any]] = {
    "Address1": "1 Example Street",
    "ApplicationId": "A-000001",
    "ContactDetailsMessage": "",
    "CountryCode": "1101",
    "CountryOfBirthCode": "1101",
    "CountryOfResidenceCode": "1101",
    "DVSCheckRequired": True,
    "DVSDocument": _DOCUMENT,
    "DateOfBirth": "1966-05-25",
    "DocumentType": "a document that the list names",
    "EmailAddress": "student@example.org",
    "FamilyName": "Fredrick",
    "FirstName": "Maryam",
    "Gender": "F",
    "Id": 5,
    "IsCurrent": True,
    "IsPreferredName": False,
    "Mobile": "0400000000",
    "Name": "Australia",
    "NoOfApplications": 1,
    "NoOfApplicationsFailed": 0,
    "NoOfVerifications": 1,
    "OrgCode": "VA1803",
    "PersonalDetailsModifier": "FirstName",
    "PostCode": "2000",
    "ProcessedDate": "2026-01-15T00:00:00Z",
    "ReceiptNumber": "00000000-0000-4000-8000-000000000001",
    "RecordId": 1,
    "RequestId": "R-20260115-000001",
    "SortOrder": 1,
    "SuburbTownCity": "Sydney",
    "TownCityOfBirth": "Sydney",
    "USI": "BNGH7C75FN",
    "UserReference": "enrolments",
}
"""Element -> value, where its type does not name the values."""

_NEW_PERSON: Final = {
    "FirstName": "Tessa",
    "FamilyName": "Example",
    "DateOfBirth": "1999-02-28",
    "USI": "EXAMPLE22M",
}
_SOMEBODY: Final = {
    "FirstName": "Ada",
    "FamilyName": "Leapday",
    "DateOfBirth": "2000-02-29",
    "TownCityOfBirth": "Canberra",
    "EmailAddress": "synthet2b2@example.org",
    "USI": "SYNTHET2B2",
}
"""Of the people whom only the kit's registry knows, and knows with contact details."""
_OWN_VALUES: Final[Mapping[str, Mapping[str, Any]]] = {
    "CreateUSI": _NEW_PERSON,
    "BulkUpload": _NEW_PERSON,
    "BulkUploadRetrieve": _NEW_PERSON,
    "LocateUSI": _SOMEBODY,
    "UpdateUSIContactDetails": _SOMEBODY,
    "UpdateUSIPersonalDetails": {"FirstName": "Marian"},
}
"""Operation -> values of its own."""

_SHOWN: Final[Mapping[str, Collection[str]]] = {
    "VerifyUSI": ("FirstName", "FamilyName", "DateOfBirth"),
    "BulkVerifyUSI": ("Verification", "FirstName", "FamilyName", "DateOfBirth"),
    "CreateUSI": ("DVSDocument", "EmailAddress", "Phone", "Mobile", "USI"),
    "BulkUpload": ("Application", "DVSDocument", "EmailAddress", "Phone", "Mobile"),
    "BulkUploadRetrieve": ("USI",),
    "LocateUSI": ("FirstName", "FamilyName", "TownCityOfBirth", "ContactDetails", "EmailAddress"),
    "UpdateUSIContactDetails": ("EmailAddress",),
    "UpdateUSIPersonalDetails": ("FirstName", "DVSDocument"),
    "GetCountries": ("CountryDetails",),
    "GetNonDvsDocumentTypes": ("NonDvsDocumentType",),
}
"""Operation -> elements that may be left out and are shown all the same."""


def example_request(operation: Operation) -> dict[str, Any]:
    """Return a request in product form: what the kit would hand over."""
    return _object(operation.name, request_form(operation))


def whole_request(operation: Operation) -> dict[str, Any]:
    """Return the same request as it crosses the wire: with what a product makes by itself."""
    return _object(operation.name, operation.request)


def example_answer(operation: Operation) -> dict[str, Any]:
    """Return the `value` of an `ok` answer to that request."""
    response = _object(operation.name, operation.response)
    answer: dict[str, Any] = {"conclusion": CONCLUSIONS_OF[operation.name][-1], "response": response}
    if operation.name in ("VerifyUSI", "CreateUSI", "LocateUSI"):
        answer["conclusion"] = CONCLUSIONS_OF[operation.name][0]
    if operation.name in RECORDS_OF:
        records = RECORDS_OF[operation.name]
        items: Any = response
        for name in records.path:
            items = items[name]
        answer["records"] = [{"conclusion": records.conclusions[0], "response": item} for item in items]
    return answer


def skeleton(operation: Operation) -> dict[str, Any]:
    """Return a healthy case for a file of vectors, to be changed into the one that is wanted.

    Its `id`, `source` and values are examples.
    """
    return {
        "id": f"{operation.name.lower()}-plain",
        "method": "usi.call",
        "input": {"operation": operation.name, "request": example_request(operation)},
        "expect": {"status": "ok", "value": example_answer(operation)},
        "source": "say where this case comes from",
    }


def _object(operation: str, structure: Structure) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in structure.content:
        for element in _chosen(operation, part) if isinstance(part, Choice) else (part,):
            if not element.optional or element.name in _SHOWN[operation]:
                found[element.name] = _value(operation, element)
    return found


def _chosen(operation: str, choice: Choice) -> tuple[Element, ...]:
    """Return the first branch, of one that may be left out nothing: its elements are shown nowhere."""
    return () if choice.optional else choice.branches[0]


def _value(operation: str, element: Element) -> Any:  # noqa: ANN401 - JSON
    if isinstance(element.type, Structure):
        # An abstract type has no elements of its own; one of its kinds is given as a whole.
        one = _VALUES[element.name] if element.type.abstract else _object(operation, element.type)
    else:
        one = _simple(operation, element, element.type)
    return [one] if element.most != 1 else one


def _simple(operation: str, element: Element, simple: Simple) -> Any:  # noqa: ANN401 - JSON
    value = _OWN_VALUES.get(operation, {}).get(element.name, _VALUES.get(element.name))
    if simple.values and value not in simple.values:
        return simple.values[0]
    return value
