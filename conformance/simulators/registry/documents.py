"""A stand-in for the Document Verification Service: it knows the published test documents, and nothing else.

The test values that the official samples name pass because their numbers are made of ones; that rule is seen
in them and not stated anywhere.  Nobody has published a value that fails, so everything else does here.
Names and dates of birth are not compared: the published documents go with any person.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from conformance.protocol.operations import TYPE_KEY

PASSING: Final[tuple[Mapping[str, str], ...]] = (
    {TYPE_KEY: "BirthCertificateDocumentType", "RegistrationNumber": "1111111", "RegistrationState": "NSW"},
    {TYPE_KEY: "BirthCertificateDocumentType", "RegistrationNumber": "11111111", "RegistrationState": "NSW"},
    {
        TYPE_KEY: "BirthCertificateDocumentType",
        "RegistrationNumber": "1111111",
        "RegistrationState": "ACT",
        "DatePrinted": "2010-01-01",
        "CertificateNumber": "1111111",
    },
    {
        TYPE_KEY: "DriversLicenceDocumentType",
        "LicenceNumber": "111111",
        "State": "NSW",
        "CardNumber": "A001234567",
    },
    {
        TYPE_KEY: "DriversLicenceDocumentType",
        "LicenceNumber": "111111",
        "State": "ACT",
        "CardNumber": "A001234567",
    },
    {TYPE_KEY: "ImmiCardDocumentType", "ImmiCardNumber": "ABC111111"},
    {
        TYPE_KEY: "MedicareDocumentType",
        "MedicareCardNumber": "1111111111",
        "IndividualRefNumber": "1",
        "ExpiryDate": "2030-12",
        "CardColour": "Green",
        "NameLine1": "Test Person",
    },
    {
        TYPE_KEY: "CentrelinkCardType",
        "CRN": "111111111X",
        "Name": "Test Person",
        "ExpiryDate": "2030-12-31",
        "Type": "SHC",
    },
    {TYPE_KEY: "PassportDocumentType", "DocumentNumber": "X1111111"},
    {TYPE_KEY: "VisaDocumentType", "PassportNumber": "111111"},
    {
        TYPE_KEY: "CitizenshipCertificateDocumentType",
        "StockNumber": "ACC111111",
        "AcquisitionDate": "2010-01-01",
    },
    {
        TYPE_KEY: "CitizenshipCertificateDocumentType",
        "StockNumber": "ACC111111",
        "AcquisitionDate": "1988-05-30",
    },
    {TYPE_KEY: "CertificateOfRegistrationByDescentDocumentType", "AcquisitionDate": "2013-01-01"},
)
"""The published test documents in JSON form.  Numbers, states, licence card and dates of acquisition are as
in comments of the official samples; what the schema asks for besides, the kit has filled in."""

_ONES: Final = re.compile(r"[A-Za-z]*1+[A-Za-z]?")
_CARDS: Final = frozenset({"A001234567"})
_DESCENT_DATES: Final = frozenset({"2013-01-01"})

_NUMBERS: Final = {
    "BirthCertificateDocumentType": ("RegistrationNumber", "CertificateNumber"),
    "DriversLicenceDocumentType": ("LicenceNumber",),
    "ImmiCardDocumentType": ("ImmiCardNumber",),
    "MedicareDocumentType": ("MedicareCardNumber",),
    "CentrelinkCardType": ("CRN",),
    "PassportDocumentType": ("DocumentNumber",),
    "VisaDocumentType": ("PassportNumber",),
    "CitizenshipCertificateDocumentType": ("StockNumber",),
}
"""Concrete type -> its numbers.  There must be one, and all there are must be made of ones."""


def verified(values: Mapping[str, Any]) -> str:
    """Return IdentityDocumentVerified of an application or an update.

    Args:
        values: JSON form of either, or of anything with `DVSCheckRequired` and `DVSDocument`.

    Returns:
        `NotRequired` where no check was asked for, else `True` or `False`.
    """
    if not values["DVSCheckRequired"]:
        return "NotRequired"
    document = values.get("DVSDocument")
    return "True" if isinstance(document, Mapping) and passes(document) else "False"


def passes(document: Mapping[str, Any]) -> bool:
    """Tell whether the stand-in verifies a document.

    Args:
        document: JSON form of a DVSDocument, with its type.
    """
    kind = document.get(TYPE_KEY, "")
    if kind == "CertificateOfRegistrationByDescentDocumentType":  # it has no number
        return document.get("AcquisitionDate") in _DESCENT_DATES
    given = [document[name] for name in _NUMBERS.get(kind, ()) if document.get(name)]
    card = document.get("CardNumber")
    return (
        bool(given)
        and all(_ONES.fullmatch(number) for number in given)
        and (not card or card in _CARDS or _ONES.fullmatch(card) is not None)
    )
