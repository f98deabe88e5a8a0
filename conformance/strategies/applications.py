"""What a product is asked for: applications, look-ups and changes, in the form of the harness contract.

A drawn request holds what a product's user knows, and leaves out what a product makes up by itself: numbers,
references, counts, and which modifier goes with a change.  `product_requests` are right; `typed_requests` are
as people type them, so that a product has to tidy them up or to refuse them.
"""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol.operations import TYPE_KEY
from conformance.protocol.operations.types import STATE
from conformance.strategies.identifiers import usis
from conformance.strategies.people import (
    contact_details,
    people,
    person_names,
    personal_details,
    towns,
)

MOST_DRAWN: Final = 6
"""Records of a drawn bulk request at most.  Full ones are slow to shrink; make them by hand."""

# --- documents ------------------------------------------------------------------------------------

_BORN: Final = "1990-02-28"

MOCK_DOCUMENTS: Final[tuple[Mapping[str, str], ...]] = (
    {TYPE_KEY: "PassportDocumentType", "DocumentNumber": "X1111111"},
    {TYPE_KEY: "VisaDocumentType", "PassportNumber": "111111"},
    {TYPE_KEY: "ImmiCardDocumentType", "ImmiCardNumber": "ABC111111"},
    {
        TYPE_KEY: "CitizenshipCertificateDocumentType",
        "StockNumber": "ACC111111",
        "AcquisitionDate": "2010-01-01",
    },
    {TYPE_KEY: "CertificateOfRegistrationByDescentDocumentType", "AcquisitionDate": "2013-01-01"},
    {
        TYPE_KEY: "BirthCertificateDocumentType",
        "RegistrationNumber": "1111111",
        "RegistrationState": "NSW",
        "CertificateNumber": "1111111",
    },
    {
        TYPE_KEY: "BirthCertificateDocumentType",
        "RegistrationNumber": "1111111",
        "RegistrationState": "ACT",
        "RegistrationDate": "2001-01-01",
        "DatePrinted": "2011-01-01",
        "CertificateNumber": "1111111",
    },
    {
        TYPE_KEY: "DriversLicenceDocumentType",
        "LicenceNumber": "111111",
        "State": "NSW",
        "CardNumber": "1111111111",
    },
    {
        TYPE_KEY: "CentrelinkCardType",
        "CRN": "111111111X",
        "Name": "A HOLDER",
        "ExpiryDate": "2035-01-31",
        "Type": "SHC",
    },
)
"""Documents of every kind but Medicare with the published values that the test environment verifies."""

OTHER_DOCUMENTS: Final = (5, 6)
"""Ids of documents that the Document Verification Service cannot check, as samples use them."""


@cache
def medicare_cards() -> SearchStrategy[dict[str, str]]:
    """Medicare cards with the published numbers: each colour has its own form of expiry."""

    def made(colour: str, lines: list[str], reference: str) -> dict[str, str]:
        card = {
            TYPE_KEY: "MedicareDocumentType",
            "MedicareCardNumber": "1111111111",
            "IndividualRefNumber": reference,
            "ExpiryDate": "2035-01" if colour == "Green" else "2035-01-31",
            "CardColour": colour,
        }
        return card | {f"NameLine{place}": line for place, line in enumerate(lines, 1)}

    lines = st.tuples(*(person_names(longest=longest) for longest in (27, 25, 23, 21)))
    return st.builds(
        lambda colour, drawn, count, reference: made(colour, list(drawn[:count]), reference),
        st.sampled_from(("Green", "Blue", "Yellow")),
        lines,
        st.integers(1, 4),
        st.sampled_from(("1", "3")),
    )


@cache
def licences() -> SearchStrategy[dict[str, str]]:
    """Drivers' licences of any state, with card numbers as long as the state has them."""
    lengths = {"ACT": 10, "NSW": 10, "NT": 8, "QLD": 10, "SA": 9, "TAS": 9, "VIC": 8, "WA": 10}
    numbers = {"QLD": 8, "WA": 7}
    return st.sampled_from(STATE.values).map(
        lambda state: {
            TYPE_KEY: "DriversLicenceDocumentType",
            "LicenceNumber": "1" * numbers.get(state, 6),
            "State": state,
            "CardNumber": "1" * lengths[state],
        }
    )


@cache
def documents() -> SearchStrategy[dict[str, str]]:
    """Identity documents of all nine kinds."""
    return st.one_of(st.sampled_from(MOCK_DOCUMENTS).map(dict), licences(), medicare_cards())


# --- requests -------------------------------------------------------------------------------------


@cache
def proofs(*, verifiable: bool = False) -> SearchStrategy[dict[str, Any]]:
    """What an application shows of an identity: a document to be verified, or the id of one that was seen.

    Args:
        verifiable: only documents that are verified whoever the person is.
    """
    shown = st.sampled_from(MOCK_DOCUMENTS[:5]).map(dict) if verifiable else documents()
    return st.one_of(
        shown.map(lambda document: {"DVSCheckRequired": True, "DVSDocument": document}),
        st.sampled_from(OTHER_DOCUMENTS).map(
            lambda kind: {"DVSCheckRequired": False, "NonDvsDocumentTypeId": kind}
        ),
    )


@cache
def applications(*, verifiable: bool = False) -> SearchStrategy[dict[str, Any]]:
    """Applications for a USI: contact details, personal details and proof of identity.

    Args:
        verifiable: as of `proofs`.
    """
    return st.builds(
        lambda contact, details, proof: {
            **proof,
            "ContactDetails": contact,
            "PersonalDetails": details,
        },
        contact_details(),
        personal_details(),
        proofs(verifiable=verifiable),
    )


@cache
def look_ups() -> SearchStrategy[dict[str, Any]]:
    """Requests of LocateUSI, with contact details or without."""

    def made(details: dict[str, Any], contact: dict[str, Any] | None) -> dict[str, Any]:
        kept = {
            name: value
            for name, value in details.items()
            if not name.startswith("Preferred") and name not in ("CountryOfBirthCode", "IsPreferredName")
        }
        return {"PersonalDetails": kept} | ({} if contact is None else {"ContactDetails": contact})

    return st.builds(made, personal_details(), st.none() | contact_details())


@cache
def changes() -> SearchStrategy[dict[str, Any]]:
    """The PersonalDetailsUpdate of a request, with one change in it."""
    one = {
        "FirstName": person_names(),
        "FamilyName": person_names(),
        "MiddleName": person_names(longest=80),
        "DateOfBirth": people().map(lambda person: person["DateOfBirth"]),
        "Gender": st.sampled_from(("M", "F", "X")),
        "TownCityOfBirth": towns(),
        "CountryOfBirthCode": st.sampled_from(("1101", "1201")),
        "PreferredFirstName": person_names(),
        "PreferredFamilyName": person_names(),
    }
    return st.one_of([st.fixed_dictionaries({name: value}) for name, value in one.items()])


_KNOWN: Final = "BNGH7C75FN"
"""A published USI, that of whose person changes are drawn."""


def _verification() -> SearchStrategy[dict[str, Any]]:
    return st.builds(lambda usi, person: {"USI": usi, **person}, usis(), people())


def _several(name: str, item: str, of: SearchStrategy[dict[str, Any]]) -> SearchStrategy[dict[str, Any]]:
    return st.lists(of, min_size=1, max_size=MOST_DRAWN).map(lambda drawn: {name: {item: drawn}})


_REQUESTS: Final[dict[str, Callable[[], SearchStrategy[dict[str, Any]]]]] = {
    "VerifyUSI": _verification,
    "BulkVerifyUSI": lambda: _several("Verifications", "Verification", _verification()),
    "CreateUSI": lambda: applications().map(lambda drawn: {"Application": drawn}),
    "BulkUpload": lambda: _several("Applications", "Application", applications()),
    "LocateUSI": look_ups,
    "UpdateUSIContactDetails": lambda: contact_details().map(
        lambda drawn: {"USI": _KNOWN, "ContactDetailsUpdate": drawn}
    ),
    "UpdateUSIPersonalDetails": lambda: st.builds(
        lambda changed, proof: {"USI": _KNOWN, **proof, "PersonalDetailsUpdate": changed}, changes(), proofs()
    ),
}

WITH_INPUT: Final = tuple(_REQUESTS)
"""Operations for which a user has anything to enter."""


@cache
def product_requests(operation: str) -> SearchStrategy[dict[str, Any]]:
    """Right requests of one operation, as a product is given them.

    Args:
        operation: one of `WITH_INPUT`.

    Raises:
        ValueError: it is none of these.
    """
    if operation not in _REQUESTS:
        raise ValueError(f"{operation!r} takes no input; these do: {', '.join(_REQUESTS)}")
    return _REQUESTS[operation]()


# --- as people type them --------------------------------------------------------------------------

_SLIPS: Final[dict[str, Callable[[str], str]]] = {
    "blanks at its ends": lambda text: f"  {text}\t",
    "nothing": lambda text: "",
    "a blank": lambda text: " ",
    "a line feed inside": lambda text: f"{text[:1]}\n{text[1:]}",
    "a vertical tab inside, as pasted from a text": lambda text: f"{text[:1]}\v{text[1:]}",
    "lower case": str.lower,
    "one character more": lambda text: f"{text}x",
    "fifty characters more": lambda text: text + "x" * 50,
    "three hundred times": lambda text: (text or "x") * 300,
    "a time behind it": lambda text: f"{text}T00:00:00",
    "a zone behind it": lambda text: f"{text}+10:00",
    "full-width digits": lambda text: text.translate({ord("0") + n: 0xFF10 + n for n in range(10)}),
    "markup": lambda text: f"<b>{text}</b>",
}
"""What becomes of a field of a form: in words, and as a function of what was right."""

_CHOSEN: Final = ("xsi:type", "Gender", "State", "CardColour", "Type", "RegistrationState")
"""Fields that no form lets anybody type."""


@dataclass(frozen=True, slots=True)
class Typed:
    """A request in which somebody made slips."""

    request: dict[str, Any]
    slips: tuple[str, ...]
    """Each field with what it has, in words; nothing when all is right."""

    def __repr__(self) -> str:
        return f"{self.request!r}" + (f" with {', '.join(self.slips)}" if self.slips else "")


def typed_requests(operation: str, *, most: int = 2) -> SearchStrategy[Typed]:
    """Requests as people type them: right ones, and ones with slips in their fields.

    Args:
        operation: as of `product_requests`.
        most: how many slips there are at most, 1 or more.

    Raises:
        ValueError: as of `product_requests`; or `most` is less than 1.
    """
    if most < 1:
        raise ValueError(f"there are {most} slips at most, so that nothing is left to be typed wrongly")
    right = product_requests(operation)
    slips = st.lists(
        st.tuples(st.integers(0, 99), st.sampled_from(list(_SLIPS))),
        min_size=1,
        max_size=most,
        unique_by=lambda slip: slip[0],
    )
    return right.map(lambda request: Typed(request, ())) | st.builds(_slipped, right, slips)


def _slipped(request: dict[str, Any], slips: Sequence[tuple[int, str]]) -> Typed:
    changed = copy.deepcopy(request)
    fields = list(_fields(changed))
    told = []
    for place, slip in slips:
        holder, name = fields[place % len(fields)]
        before = holder[name]
        holder[name] = _SLIPS[slip](before)
        if holder[name] != before:
            told.append(f"{name}: {slip}")
    return Typed(changed, tuple(told))


def _fields(values: dict[str, Any]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield every text that somebody may have typed, as the object that holds it and its name there."""
    for name, value in values.items():
        if isinstance(value, str) and name not in _CHOSEN:
            yield values, name
        elif isinstance(value, dict):
            yield from _fields(value)
        elif isinstance(value, list):
            for item in value:
                yield from _fields(item)
