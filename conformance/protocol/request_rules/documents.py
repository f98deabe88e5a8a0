"""The rules of identity documents: which particulars the Document Verification Service searches them by.

The schema leaves most particulars optional.  What each state needs is from the documentation of gateways to
the service, and from comments in the WSDL; whether the registry or only the service behind it refuses what is
incomplete is not known.  The *form* of licence and card numbers of each state is not judged: one source gives
it, and published test values contradict it.
"""

import re
from collections.abc import Mapping
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.names import SCHEMA_INSTANCE
from conformance.protocol.operations import EXTENSIONS, Version
from conformance.protocol.request_rules.noting import RequestNotes

CARD_NUMBER_STATES: Final = frozenset({"ACT", "NSW", "NT", "QLD", "SA", "TAS", "WA"})
"""States of whose driver's licences the card number is needed.  In Victoria, since July 2023, only that of a
licence which was compromised, and that no request can tell."""

DATE_PRINTED_STATES: Final = frozenset({"ACT", "SA"})
"""States whose birth certificates need DatePrinted; comments in the WSDL."""

REGISTRATION_DATE_STATES: Final = frozenset({"QLD", "TAS"})
"""States that search births by the date of registration or the certificate's number; all others search by the
registration's number or the certificate's."""

_TYPE: Final = f"{{{SCHEMA_INSTANCE}}}type"
_CONCRETE: Final = frozenset(extension.name for extension in EXTENSIONS)
_MONTH: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAY: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])")

_PARTICULARS: Final = {
    "DriversLicenceDocumentType": ("usi.card_number",),
    "BirthCertificateDocumentType": ("usi.birth_certificate", "usi.date_printed"),
    "MedicareDocumentType": ("usi.medicare_expiry",),
}
"""Concrete type -> codes of the rules of its particulars."""


def judge_type(notes: RequestNotes, document: etree._Element, version: Version) -> None:
    """Judge whether a document says what it is, with whatever prefix.

    Args:
        notes: to write to.
        document: the DVSDocument element.
        version: whose namespace the type must be in.
    """
    notes.examined(("usi.document_type",))
    written = document.get(_TYPE)
    expected = f"one of {', '.join(sorted(_CONCRETE))}"
    if written is None:
        notes.breach("usi.document_type", document, expected=expected, actual="no xsi:type")
        return
    prefix, _, name = written.strip().rpartition(":")
    namespace = document.nsmap.get(prefix or None)
    if name not in _CONCRETE:
        notes.breach("usi.document_type", document, expected=expected, actual=repr(written))
    elif namespace != version.namespace:
        notes.breach(
            "usi.document_type",
            document,
            expected=f"{name} in the namespace {version.namespace}",
            actual=f"{written!r}, where {f'the prefix {prefix}' if prefix else 'no prefix'} is "
            f"{namespace or 'no namespace'}",
        )


def judge_particulars(
    notes: RequestNotes, document: etree._Element, children: Mapping[str, etree._Element], kind: str
) -> None:
    """Judge what is needed of a document beyond the schema.

    Args:
        notes: to write to.
        document: the DVSDocument element.
        children: its elements by local name.
        kind: name of its concrete type.
    """
    if kind not in _PARTICULARS:
        return
    notes.examined(_PARTICULARS[kind])
    told = {name: text for name, child in children.items() if (text := markup.text(child))}
    if kind == "DriversLicenceDocumentType":
        state = told.get("State", "")
        if state in CARD_NUMBER_STATES and "CardNumber" not in told:
            notes.breach(
                "usi.card_number", document, expected=f"CardNumber, which {state} has", actual="none"
            )
    elif kind == "BirthCertificateDocumentType":
        state = told.get("RegistrationState", "")
        searched = "RegistrationDate" if state in REGISTRATION_DATE_STATES else "RegistrationNumber"
        if searched not in told and "CertificateNumber" not in told:
            notes.breach(
                "usi.birth_certificate",
                document,
                expected=f"{searched} or CertificateNumber for {state}",
                actual=", ".join(told),
            )
        if state in DATE_PRINTED_STATES and "DatePrinted" not in told:
            notes.breach("usi.date_printed", document, expected=f"DatePrinted for {state}", actual="none")
    else:
        green = told.get("CardColour") == "Green"
        expiry = told.get("ExpiryDate", "")
        if not (_MONTH if green else _DAY).fullmatch(expiry):
            notes.breach(
                "usi.medicare_expiry",
                children.get("ExpiryDate", document),
                expected="yyyy-mm for a green card" if green else "yyyy-mm-dd for a blue or yellow card",
                actual=repr(expiry),
            )
