"""The types that the operations share: simple ones, persons, contact details, identity documents, errors."""

from typing import Final

from conformance.protocol.operations.shapes import Choice, Element, Simple, Structure

# --- simple types ---------------------------------------------------------------------------------

USI: Final = Simple(name="USIType", length=10, pattern="[A-HJ-NP-Z2-9]*")
ORG_CODE: Final = Simple(name="OrgCodeType", min_length=1, max_length=8, pattern="[A-Za-z0-9]*")
REQUEST_ID: Final = Simple(name="RequestIDType", max_length=20)  # may be empty, says the schema
APPLICATION_ID: Final = Simple(name="ApplicationIDType", max_length=20)
USER_REFERENCE: Final = Simple(name="UserReferenceType", min_length=1, max_length=40)
RECEIPT_NUMBER: Final = Simple(name="BulkReceiptNumberType", length=36)
NON_DVS_OTHER: Final = Simple(name="NonDvsDocumentTypeOtherType", min_length=1, max_length=50)
NAME: Final = Simple(max_length=40)  # no least length: the schema lets an empty name through
MIDDLE_NAME: Final = Simple(max_length=80)
TOWN: Final = Simple(max_length=50)
COUNTRY: Final = Simple(max_length=4)
DATE: Final = Simple(base="date")
DATE_TIME: Final = Simple(base="dateTime")
INT: Final = Simple(base="int")
BOOLEAN: Final = Simple(base="boolean")
TEXT: Final = Simple()
GENDER: Final = Simple(values=("M", "F", "X"))
STATE: Final = Simple(name="StateListType", values=("NSW", "VIC", "QLD", "SA", "WA", "TAS", "NT", "ACT"))
USI_STATUS: Final = Simple(values=("Valid", "Invalid", "Deactivated"))
MATCH_RESULT: Final = Simple(name="MatchResultType", values=("Match", "NoMatch"))
CREATE_RESULT: Final = Simple(values=("Success", "Failure", "MatchFound"))
UPDATE_RESULT: Final = Simple(values=("Success", "Failure"))
DOCUMENT_VERIFIED: Final = Simple(values=("True", "False", "NotRequired"))
"""Text, not a boolean: capitalised, and with a third value."""
LOCATE_RESULT: Final = Simple(
    name="LocateResultType",
    values=(
        "Exact",
        "MultipleExact",
        "SingleNoContactMatch",
        "MultipleNoContactMatch",
        "NoMatch",
        "NoIdenticalStrongPartial",
    ),
)
MODIFIER: Final = Simple(
    values=(
        "FirstName",
        "MiddleName",
        "FamilyName",
        "SingleName",
        "DateOfBirth",
        "CountryOfBirth",
        "TownCityOfBirth",
        "Gender",
        "PreferredFirstName",
        "PreferredFamilyName",
        "PreferredSingleName",
    )
)
"""What an update changes.  CountryOfBirth goes with the element CountryOfBirthCode."""

MOST_RECORDS: Final = 500
"""The most records of a bulk message."""
COUNT: Final = Simple(base="int", max_inclusive=MOST_RECORDS)  # no least value: zero and less pass

# --- persons --------------------------------------------------------------------------------------

ASKED_NAMES: Final = Choice(
    ((Element("FirstName", NAME), Element("FamilyName", NAME)), (Element("SingleName", NAME),))
)
"""A person has two names or a single one."""

MATCHED_NAMES: Final = Choice(
    (
        (
            Element("FirstName", MATCH_RESULT, optional=True),
            Element("FamilyName", MATCH_RESULT, optional=True),
        ),
        (Element("SingleName", MATCH_RESULT, optional=True),),
    )
)

_PREFERRED: Final = tuple(
    Element(name, NAME, optional=True)
    for name in ("PreferredFirstName", "PreferredFamilyName", "PreferredSingleName")
)

PERSONAL_DETAILS: Final = Structure(
    "PersonalDetailsType",
    (
        Element("Gender", GENDER),
        Choice(
            (
                (
                    Element("FirstName", NAME),
                    Element("MiddleName", MIDDLE_NAME, optional=True),
                    Element("FamilyName", NAME),
                ),
                (Element("SingleName", NAME),),
            )
        ),
        Element("DateOfBirth", DATE),
        Element("CountryOfBirthCode", COUNTRY),
        Element("TownCityOfBirth", TOWN),
        Element("IsPreferredName", BOOLEAN),
        *_PREFERRED,
    ),
)

PERSONAL_DETAILS_LOCATE: Final = Structure(
    "PersonalDetailsLocateType",
    (
        Element("Gender", GENDER),
        # A sequence and not a choice: no name at all passes, and so do all four.
        Element("FirstName", NAME, optional=True),
        Element("MiddleName", MIDDLE_NAME, optional=True),
        Element("FamilyName", NAME, optional=True),
        Element("SingleName", NAME, optional=True),
        Element("DateOfBirth", DATE),
        Element("TownCityOfBirth", TOWN, optional=True),
    ),
)

PERSONAL_DETAILS_UPDATE: Final = Structure(
    "PersonalDetailsUpdateType",
    (
        Element("Gender", GENDER, optional=True),
        Choice(
            (
                (
                    Element("FirstName", NAME, optional=True),
                    Element("MiddleName", MIDDLE_NAME, optional=True),
                    Element("FamilyName", NAME, optional=True),
                ),
                (Element("SingleName", NAME, optional=True),),
            )
        ),
        Element("DateOfBirth", DATE, optional=True),
        Element("CountryOfBirthCode", COUNTRY, optional=True),
        Element("TownCityOfBirth", TOWN, optional=True),
        *_PREFERRED,
    ),
)

# --- contact details ------------------------------------------------------------------------------

PHONE: Final = Structure(
    "PhoneType",
    (
        Element("Home", Simple(max_length=20), optional=True),
        Element("Mobile", Simple(max_length=20), optional=True),
    ),
)

_ADDRESS_LINE: Final = Simple(min_length=1, max_length=50)

NATIONAL_ADDRESS: Final = Structure(
    "NationalAddressType",
    (
        Element("Address1", _ADDRESS_LINE),
        Element("Address2", _ADDRESS_LINE, optional=True),
        Element("SuburbTownCity", _ADDRESS_LINE),
        Element("State", STATE),
        Element("PostCode", Simple(length=4, pattern="[0-9]*")),
    ),
)


def _contact_details(name: str, *, country_optional: bool) -> Structure:
    return Structure(
        name,
        (
            Element("CountryOfResidenceCode", COUNTRY, optional=country_optional),
            Element("EmailAddress", Simple(max_length=254), optional=True),
            Element("Phone", PHONE, optional=True),
            Choice(
                (
                    (Element("InternationalAddress", Simple(max_length=250)),),
                    (Element("NationalAddress", NATIONAL_ADDRESS),),
                ),
                optional=True,
            ),
        ),
    )


CONTACT_DETAILS: Final = _contact_details("ContactDetailsType", country_optional=False)
CONTACT_DETAILS_LOCATE: Final = _contact_details("ContactDetailsLocateType", country_optional=True)
CONTACT_DETAILS_UPDATE: Final = _contact_details("ContactDetailsUpdateType", country_optional=True)

# --- identity documents ---------------------------------------------------------------------------

DVS_DOCUMENT: Final = Structure("DVSDocumentType", (), abstract=True)
"""A document that the Document Verification Service can check; `xsi:type` says of which kind."""


def _document(name: str, *content: Element) -> Structure:
    return Structure(name, content, extends=DVS_DOCUMENT)


_ALPHANUMERIC: Final = "[A-Za-z0-9]*"

BIRTH_CERTIFICATE: Final = _document(
    "BirthCertificateDocumentType",
    Element("RegistrationNumber", Simple(min_length=1, max_length=10), optional=True),
    Element("RegistrationState", STATE),
    Element("RegistrationDate", DATE, optional=True),
    Element("DatePrinted", DATE, optional=True),
    Element("CertificateNumber", Simple(min_length=1, max_length=11, pattern=_ALPHANUMERIC), optional=True),
)
DRIVERS_LICENCE: Final = _document(
    "DriversLicenceDocumentType",
    Element("LicenceNumber", Simple(min_length=1, max_length=10)),
    Element("State", STATE),
    # The only element that version 5 has more than version 4.
    Element("CardNumber", Simple(min_length=1, max_length=10), optional=True, since=5),
)
IMMI_CARD: Final = _document("ImmiCardDocumentType", Element("ImmiCardNumber", Simple(length=9)))
MEDICARE: Final = _document(
    "MedicareDocumentType",
    Element("MedicareCardNumber", Simple(length=10, pattern="[0-9]*")),
    Element("IndividualRefNumber", Simple(pattern="[1-9]")),
    Element("ExpiryDate", Simple(union=("date", "gYearMonth"))),
    Element("CardColour", Simple(values=("Green", "Blue", "Yellow"))),
    Element("NameLine1", Simple(max_length=27)),
    Element("NameLine2", Simple(max_length=25), optional=True),
    Element("NameLine3", Simple(max_length=23), optional=True),
    Element("NameLine4", Simple(max_length=21), optional=True),
)
CENTRELINK_CARD: Final = _document(
    "CentrelinkCardType",  # and not …DocumentType, as all others are called
    Element("CRN", Simple(pattern="[0-9]{9}[a-zA-Z]")),
    Element("Name", Simple(max_length=32)),
    Element("ExpiryDate", DATE),
    Element("Type", Simple(values=("PCC", "HCC", "SHC"))),
)
PASSPORT: Final = _document(
    "PassportDocumentType", Element("DocumentNumber", Simple(pattern="[a-zA-Z]{1,2}[0-9]{7}"))
)
VISA: Final = _document(
    "VisaDocumentType",
    Element("PassportNumber", Simple(min_length=1, max_length=14, pattern=_ALPHANUMERIC)),
)
CITIZENSHIP_CERTIFICATE: Final = _document(
    "CitizenshipCertificateDocumentType",
    Element("StockNumber", Simple(min_length=4, max_length=11, pattern="[-A-Za-z0-9/]*")),
    Element("AcquisitionDate", DATE),
)
DESCENT_CERTIFICATE: Final = _document(
    "CertificateOfRegistrationByDescentDocumentType", Element("AcquisitionDate", DATE)
)

EXTENSIONS: Final[tuple[Structure, ...]] = (
    BIRTH_CERTIFICATE,
    DRIVERS_LICENCE,
    IMMI_CARD,
    MEDICARE,
    CENTRELINK_CARD,
    PASSPORT,
    VISA,
    CITIZENSHIP_CERTIFICATE,
    DESCENT_CERTIFICATE,
)
"""The concrete types behind the abstract one; the schema must name them though no element does."""

# --- errors ---------------------------------------------------------------------------------------

ERRORS: Final = Structure(
    "",
    (
        Element(
            "Error",
            Structure(
                "ErrorType",
                (
                    Element("Code", Simple(pattern="E[0-9]{3}")),
                    Element("Message", Simple(max_length=255)),
                ),
            ),
            most=None,
        ),
    ),
)
"""Errors of one record, inside an answer.  The codes of faults are numbers and cannot stand here."""

ERROR_INFO: Final = Structure(
    "ErrorInfo", (Element("Code", INT), Element("Title", TEXT), Element("Message", TEXT))
)
ARRAY_OF_ERROR_INFO: Final = Structure("ArrayOfErrorInfo", (Element("ErrorInfo", ERROR_INFO, most=None),))
FAULT_DETAILS: Final = (ERROR_INFO, ARRAY_OF_ERROR_INFO)
"""The two declared forms of fault detail; every operation may answer with either."""

# --- applications ---------------------------------------------------------------------------------

APPLICATION: Final = Structure(
    "ApplicationType",
    (
        Element("ApplicationId", APPLICATION_ID),
        Element("DVSCheckRequired", BOOLEAN),
        Element("UserReference", USER_REFERENCE),
        Element("ContactDetails", CONTACT_DETAILS),
        Element("PersonalDetails", PERSONAL_DETAILS),
        Element("DVSDocument", DVS_DOCUMENT, optional=True),
        Element("NonDvsDocumentTypeId", INT, optional=True, nillable=True),
        Element("NonDvsDocumentTypeOther", NON_DVS_OTHER, optional=True, nillable=True),
    ),
)

APPLICATION_RESPONSE: Final = Structure(
    "ApplicationResponseType",
    (
        Element("ProcessedDate", DATE_TIME),
        Element("ApplicationId", APPLICATION_ID),
        Element("Result", CREATE_RESULT),
        Element("IdentityDocumentVerified", DOCUMENT_VERIFIED),
        Element("USI", USI, optional=True),
        Element("Errors", ERRORS, optional=True),
    ),
)
