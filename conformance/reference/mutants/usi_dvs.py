"""Clients of the registry that send identity documents in a wrong way each."""

from lxml import etree

from conformance.reference.correct import Correct, mutant
from conformance.reference.usi_client import UsiClient

_V5 = "http://usi.gov.au/2022/ws"
_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"


def _documents(envelope, kind):
    """Yield each document of that kind in a message."""
    for document in envelope.iter(f"{{{_V5}}}DVSDocument"):
        if document.get(_TYPE, "").endswith(kind):
            yield document


def _drop(document, name):
    for element in document.findall(f"{{{_V5}}}{name}"):
        document.remove(element)


@mutant(
    kills="USI-DVS-01",
    subcode="wrong_value",
    seen_in="clients generated from version 4, which has no number of the card",
    mend="Generate the client from version 5, and send CardNumber.",
    also=("USI-CRE-01C",),
)
class SendsNoCardNumber(Correct):
    """Leaves CardNumber out."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in _documents(envelope, "DriversLicenceDocumentType"):
                _drop(document, "CardNumber")
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-01B",
    subcode="wrong_value",
    seen_in="screens on which the whole licence is optional",
    mend="Ask for number, state and card of a licence, and check their lengths.",
)
class ChecksNoLicence(Correct):
    """Sends a licence as it is handed over."""

    class Registry(UsiClient):
        def fill(self, structure, values, where):
            unchecked = where == "DVSDocument" and "LicenceNumber" in values
            return dict(values) if unchecked else super().fill(structure, values, where)

        def check_licence(self, document):
            pass


@mutant(
    kills="USI-DVS-02",
    subcode="wrong_value",
    seen_in="forms without a field for the date of printing",
    mend="Send DatePrinted for ACT and SA.",
)
class SendsNoDatePrinted(Correct):
    """Leaves DatePrinted out."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in _documents(envelope, "BirthCertificateDocumentType"):
                _drop(document, "DatePrinted")
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-02B",
    subcode="wrong_value",
    seen_in="screens on which the whole certificate is optional",
    mend="Ask for what the state's certificates have, and check the lengths.",
    also=("USI-WIRE-10",),
)
class ChecksNoBirthCertificate(Correct):
    """Sends a birth certificate as it is handed over."""

    class Registry(UsiClient):
        def fill(self, structure, values, where):
            unchecked = where == "DVSDocument" and "BirthCertificate" in str(values.get("xsi:type"))
            return dict(values) if unchecked else super().fill(structure, values, where)

        def check_birth_certificate(self, document):
            pass


@mutant(
    kills="USI-DVS-02C",
    subcode="wrong_value",
    seen_in="public samples of version 3, which had the element",
    mend="Leave RegistrationYear out; version 4 removed it.",
    also=("USI-CRE-01C", "USI-DVS-02"),
)
class WritesTheYearOfRegistration(Correct):
    """Adds RegistrationYear to birth certificates."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in _documents(envelope, "BirthCertificateDocumentType"):
                etree.SubElement(document, f"{{{_V5}}}RegistrationYear").text = "1994"
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-03",
    subcode="wrong_value",
    seen_in="date types that have a day always",
    mend="Keep the month of a green card as yyyy-mm.",
    also=("USI-CRE-01C",),
)
class AddsADayToMonths(Correct):
    """Makes the first day of the month of an expiry date without a day."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in _documents(envelope, "MedicareDocumentType"):
                expiry = document.find(f"{{{_V5}}}ExpiryDate")
                if len(expiry.text) == len("yyyy-mm"):
                    expiry.text += "-01"
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-03B",
    subcode="accepted_invalid",
    seen_in="databases whose columns cut what is too long",
    mend="Refuse a line that is too long; half of a name does not verify.",
)
class CutsNameLines(Correct):
    """Cuts the name lines of a Medicare card."""

    class Registry(UsiClient):
        def text(self, name, form, typed):
            if name.startswith("NameLine"):
                typed = typed[: form.max_length]
            return super().text(name, form, typed)


@mutant(
    kills="USI-DVS-04",
    subcode="wrong_value",
    seen_in="clients that make the name of the type from the name of the document",
    mend="Take the names of types from the WSDL: CentrelinkCardType.",
    also=("USI-CRE-01C", "USI-WIRE-05"),
)
class CallsTheCentrelinkCardLikeTheOthers(Correct):
    """Writes CentrelinkCardDocumentType."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for document in _documents(envelope, "CentrelinkCardType"):
                document.set(_TYPE, document.get(_TYPE).replace("CardType", "CardDocumentType"))
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-04B",
    subcode="accepted_invalid",
    seen_in="clients that treat Centrelink cards like Medicare cards",
    mend="Refuse an expiry date without a day, which the card always has.",
)
class InventsTheDayOfExpiry(Correct):
    """Makes the first day of the month of a Centrelink card's expiry date without a day."""

    class Registry(UsiClient):
        def date(self, typed):
            return super().date(f"{typed}-01" if isinstance(typed, str) and len(typed) == 7 else typed)


@mutant(
    kills="USI-DVS-05",
    subcode="wrong_value",
    seen_in="public samples in which DVSCheckRequired is a constant",
    mend="Decide DVSCheckRequired by what was handed over.",
    also=("USI-CRE-01C", "USI-DVS-07", "USI-WIRE-07"),
)
class DemandsACheckAlways(Correct):
    """Sends DVSCheckRequired true with every application."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for application in envelope.iter(f"{{{_V5}}}Application"):
                application.find(f"{{{_V5}}}DVSCheckRequired").text = "true"
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-05B",
    subcode="wrong_value",
    seen_in="clients that leave it to the registry whether document and check fit each other",
    mend="Refuse a check without a document, and an application without either.",
    also=("USI-DVS-06B",),
)
class SendsChecksOfNothing(Correct):
    """Looks at a document where there is one, and never asks for one."""

    class Registry(UsiClient):
        def check_documents(self, request):
            if "DVSDocument" in request and "NonDvsDocumentTypeId" not in request:
                super().check_documents({**request, "DVSCheckRequired": True})
            elif "DVSDocument" in request:
                super().check_documents(request)


@mutant(
    kills="USI-DVS-06",
    subcode="wrong_value",
    seen_in="likely: searches that ignore case, and store what they search by",
    mend="Send a number with the letters as they were recorded.",
    also=("USI-CRE-01C",),
)
class PutsStockNumbersInLowerCase(Correct):
    """Writes the letters of a stock number small."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for number in envelope.iter(f"{{{_V5}}}StockNumber"):
                number.text = number.text.lower()
            super().seal(envelope, token)


@mutant(
    kills="USI-DVS-06B",
    subcode="wrong_value",
    seen_in="clients that check the length of numbers and not their form",
    mend="Check each kind of document by its own rule.",
)
class ChecksNoPassportNumber(Correct):
    """Sends whatever is handed over as the number of a passport."""

    class Registry(UsiClient):
        def text(self, name, form, typed):
            return typed if name == "DocumentNumber" else super().text(name, form, typed)


@mutant(
    kills="USI-DVS-07",
    subcode="wrong_value",
    seen_in="forms that keep the id of a document when another one is entered after all",
    mend="Refuse both together, or send the one that DVSCheckRequired asks for.",
    also=("USI-DVS-05B",),
)
class SendsBothKindsOfDocument(Correct):
    """Sends a document that is checked and the id of one that was seen together."""

    class Registry(UsiClient):
        def check_documents(self, request):
            if "DVSDocument" in request:
                self.check_document(request["DVSDocument"])
            else:
                super().check_documents(request)
