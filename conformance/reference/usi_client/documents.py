"""Identity documents: which one goes with a request, and what each needs beyond the schema."""

from collections.abc import Mapping
from typing import Any, Final

from conformance.protocol.operations import TYPE_KEY
from conformance.reference.usi_client.elements import invalid
from conformance.reference.usi_client.particulars import Particulars

NUMBERED: Final = frozenset({"ACT", "NSW", "NT", "QLD", "SA", "TAS", "WA"})
"""States whose driver's licences need a card number; Victoria's only where the number was compromised."""

REGISTERED_BY_NUMBER: Final = frozenset({"ACT", "NSW", "NT", "SA", "VIC", "WA"})
"""States whose birth certificates are found by registration number; the others by date of registration."""

DATED_WHEN_PRINTED: Final = frozenset({"ACT", "SA"})
"""States whose birth certificates say when they were printed."""

BY_MONTH: Final = frozenset({"Green"})
"""Colours of Medicare cards that expire with a month; the others do on a day."""

DOCUMENTS: Final = ("DVSDocument", "NonDvsDocumentTypeId", "NonDvsDocumentTypeOther")


class Documents(Particulars):
    """Looks at identity documents."""

    def check_documents(self, request: Mapping[str, Any]) -> None:
        """Refuse an application without the document that it needs, or with both kinds of it."""
        checked, document = request["DVSCheckRequired"], request.get("DVSDocument")
        other = [name for name in DOCUMENTS[1:] if name in request]
        if document is not None and other:
            raise invalid("A document is checked by the DVS or it is not: DVSDocument goes with no other.")
        if checked and document is None:
            raise invalid("DVSCheckRequired needs a DVSDocument.")
        if not checked and document is not None:
            raise invalid("A DVSDocument is there to be checked: DVSCheckRequired is true with it.")
        if not checked and "NonDvsDocumentTypeId" not in request:
            raise invalid("Without a check by the DVS, NonDvsDocumentTypeId says which document was seen.")
        if document is not None:
            self.check_document(document)

    def check_document(self, document: Mapping[str, Any]) -> None:
        """Refuse a document that cannot be verified for want of a particular."""
        check = {
            "BirthCertificateDocumentType": self.check_birth_certificate,
            "DriversLicenceDocumentType": self.check_licence,
            "MedicareDocumentType": self.check_medicare,
        }.get(document[TYPE_KEY])
        if check is not None:
            check(document)

    def check_birth_certificate(self, document: Mapping[str, Any]) -> None:
        """Refuse a birth certificate without the particulars of its state."""
        state = document["RegistrationState"]
        found_by = "RegistrationNumber" if state in REGISTERED_BY_NUMBER else "RegistrationDate"
        if found_by not in document and "CertificateNumber" not in document:
            raise invalid(f"A birth certificate of {state} has a {found_by} or a CertificateNumber.")
        if state in DATED_WHEN_PRINTED and "DatePrinted" not in document:
            raise invalid(f"A birth certificate of {state} has a DatePrinted.")

    def check_licence(self, document: Mapping[str, Any]) -> None:
        """Refuse a driver's licence without the card number that its state demands."""
        if document["State"] in NUMBERED and "CardNumber" not in document:
            raise invalid(f"A driver's licence of {document['State']} has a CardNumber.")

    def check_medicare(self, document: Mapping[str, Any]) -> None:
        """Refuse an expiry date in the form of another colour."""
        by_month = document["CardColour"] in BY_MONTH
        if by_month != (len(document["ExpiryDate"]) == len("yyyy-mm")):
            form = "yyyy-mm" if by_month else "yyyy-mm-dd"
            raise invalid(f"A Medicare card of this colour expires by {form}.")

    def purge(self, request: dict[str, Any]) -> None:
        """Forget the documents of a request that has been sent: they serve that one purpose."""
        for name in DOCUMENTS:
            document = request.pop(name, None)
            if isinstance(document, dict):
                document.clear()
