"""The table: ten operations, in the order of a USI's life."""

from typing import Final

from lxml import etree

from conformance.protocol.operations.rules import ALWAYS, UNVERIFIED_IDENTITY, rules
from conformance.protocol.operations.shapes import V5, Choice, Element, Key, Operation, Structure, Version
from conformance.protocol.operations.types import (
    APPLICATION,
    APPLICATION_RESPONSE,
    ASKED_NAMES,
    BOOLEAN,
    CONTACT_DETAILS_LOCATE,
    CONTACT_DETAILS_UPDATE,
    COUNT,
    DATE,
    DOCUMENT_VERIFIED,
    DVS_DOCUMENT,
    ERRORS,
    INT,
    LOCATE_RESULT,
    MATCH_RESULT,
    MATCHED_NAMES,
    MODIFIER,
    MOST_RECORDS,
    NON_DVS_OTHER,
    ORG_CODE,
    PERSONAL_DETAILS_LOCATE,
    PERSONAL_DETAILS_UPDATE,
    RECEIPT_NUMBER,
    REQUEST_ID,
    TEXT,
    UPDATE_RESULT,
    USER_REFERENCE,
    USI,
    USI_STATUS,
)

_ORGANISATION: Final = Element("OrgCode", ORG_CODE)
_MATCHES: Final = (
    Element("USIStatus", USI_STATUS),
    MATCHED_NAMES,
    Element("DateOfBirth", MATCH_RESULT, optional=True),
)
_APPLICATION_RULES: Final = (
    "date_form",
    "one_name_form",
    "empty_name",
    "name_characters",
    "request_id_unused",
    "request_id_present",
    "match_found",
    "document_or_none",
    "document_type_named",
    "birth_certificate",
    "date_printed",
    "card_number",
    "medicare_expiry",
    "contact_means",
    "phone",
    "country_of_residence",
    "nothing_empty",
    "age",
)


def _type(name: str, *content: Element | Choice) -> Structure:
    return Structure(name, content)


def _list(name: str, item: str, of: Structure, *, most: int | None, key: Key | None = None) -> Element:
    """Return an element that holds a list; in a reference list nothing need stand."""
    return Element(name, Structure("", (Element(item, of, optional=most is None, most=most),)), key=key)


OPERATIONS: Final = {
    operation.name: operation
    for operation in (
        Operation(
            "VerifyUSI",
            "Does this USI exist, is it active, and does it belong to this name and date of birth?",
            _type(
                "VerifyUSIType", _ORGANISATION, Element("USI", USI), ASKED_NAMES, Element("DateOfBirth", DATE)
            ),
            _type("VerifyUSIResponseType", *_MATCHES),
            rules(
                "date_form",
                "check_character",
                "one_name_form",
                "empty_name",
                "legal_names",
                "verified",
                "repeatable",
            ),
            ALWAYS,
        ),
        Operation(
            "BulkVerifyUSI",
            "The same question of up to 500 persons at once.",
            _type(
                "BulkVerifyUSIType",
                _ORGANISATION,
                Element("NoOfVerifications", COUNT),
                _list(
                    "Verifications",
                    "Verification",
                    _type(
                        "VerificationType",
                        Element("RecordId", INT),
                        Element("USI", USI),
                        ASKED_NAMES,
                        Element("DateOfBirth", DATE),
                    ),
                    most=MOST_RECORDS,
                    key=Key("VerificationKey", "Verification", "RecordId"),
                ),
            ),
            _type(
                "BulkVerifyUSIResponseType",
                _list(
                    "VerificationResponses",
                    "VerificationResponse",
                    _type(
                        "VerificationResponseType", *_MATCHES, Element("USI", USI), Element("RecordId", INT)
                    ),
                    most=MOST_RECORDS,
                ),
            ),
            rules(
                "date_form",
                "check_character",
                "one_name_form",
                "empty_name",
                "legal_names",
                "verified",
                "repeatable",
                "count_of_records",
                "record_id_unique",
                "matched_by_record_id",
            ),
            ALWAYS,
        ),
        Operation(
            "CreateUSI",
            "Give this person a USI, or tell the one that the person has.",
            # RequestId comes first here, and second in BulkUpload.
            _type(
                "CreateUSIType",
                Element("RequestId", REQUEST_ID),
                _ORGANISATION,
                Element("Application", APPLICATION),
            ),
            _type("CreateUSIResponseType", Element("Application", APPLICATION_RESPONSE)),
            rules(*_APPLICATION_RULES),
            (*ALWAYS, UNVERIFIED_IDENTITY),
        ),
        Operation(
            "BulkUpload",
            "Take up to 500 applications, to be processed later.",
            _type(
                "BulkUploadType",
                _ORGANISATION,
                Element("RequestId", REQUEST_ID),
                Element("NoOfApplications", COUNT),
                _list(
                    "Applications",
                    "Application",
                    APPLICATION,
                    most=MOST_RECORDS,
                    key=Key("ApplicationKey", "Application", "ApplicationId"),
                ),
            ),
            _type("BulkUploadResponseType", Element("ReceiptNumber", RECEIPT_NUMBER)),
            rules(*_APPLICATION_RULES, "count_of_records", "application_id_unique", "asynchronous"),
            ALWAYS,
        ),
        Operation(
            "BulkUploadRetrieve",
            "What has become of these applications?",
            # The only request without OrgCode.
            _type("BulkUploadRetrieveType", Element("ReceiptNumber", RECEIPT_NUMBER)),
            _type(
                "BulkUploadRetrieveResponseType",
                Element("RequestId", REQUEST_ID),
                Element("NoOfApplications", COUNT),
                Element("NoOfApplicationsFailed", COUNT),
                _list("Applications", "Application", APPLICATION_RESPONSE, most=MOST_RECORDS),
            ),
            rules("asynchronous", "pending", "match_found", "matched_by_application_id"),
            ALWAYS,
        ),
        Operation(
            "LocateUSI",
            "Which USI has this person, who has agreed to the question?",
            _type(
                "LocateUSIType",
                _ORGANISATION,
                Element("UserReference", USER_REFERENCE),
                Element("PersonalDetails", PERSONAL_DETAILS_LOCATE),
                Element("ContactDetails", CONTACT_DETAILS_LOCATE),
            ),
            _type(
                "LocateUSIResponseType",
                Element("Result", LOCATE_RESULT),
                Element("USI", USI),
                Element("ContactDetailsMessage", TEXT),
                Element("Errors", ERRORS, optional=True),
            ),
            rules(
                "date_form",
                "one_name_form",
                "empty_name",
                "nothing_empty",
                "locate_name",
                "locate_notifies",
                "locate_without_usi",
            ),
            ALWAYS,
        ),
        Operation(
            "UpdateUSIContactDetails",
            "Change the contact details of this record.",
            _type(
                "UpdateUSIContactDetailsType",
                _ORGANISATION,
                Element("USI", USI),
                Element("UserReference", USER_REFERENCE),
                Element("ContactDetailsUpdate", CONTACT_DETAILS_UPDATE),
            ),
            _type(
                "UpdateUSIContactDetailsResponseType",
                Element("Result", UPDATE_RESULT),
                Element("Errors", ERRORS, optional=True),
            ),
            rules("check_character", "phone", "nothing_empty"),
            ALWAYS,
        ),
        Operation(
            "UpdateUSIPersonalDetails",
            "Change one of the personal details of this record.",
            _type(
                "UpdateUSIPersonalDetailsType",
                _ORGANISATION,
                Element("USI", USI),
                Element("DVSCheckRequired", BOOLEAN),
                Element("UserReference", USER_REFERENCE),
                Element("PersonalDetailsModifier", MODIFIER),
                Element("PersonalDetailsUpdate", PERSONAL_DETAILS_UPDATE),
                Element("DVSDocument", DVS_DOCUMENT, optional=True),
                # In an application these two may be nil; here they may not.
                Element("NonDvsDocumentTypeId", INT, optional=True),
                Element("NonDvsDocumentTypeOther", NON_DVS_OTHER, optional=True),
            ),
            _type(
                "UpdateUSIPersonalDetailsResponseType",
                Element("Result", UPDATE_RESULT),
                Element("IdentityDocumentVerified", DOCUMENT_VERIFIED),
                Element("Errors", ERRORS, optional=True),
            ),
            rules(
                "date_form",
                "check_character",
                "one_name_form",
                "empty_name",
                "name_characters",
                "one_change",
                "change_needs_document",
                "document_or_none",
                "document_type_named",
                "birth_certificate",
                "date_printed",
                "card_number",
                "medicare_expiry",
                "nothing_empty",
            ),
            (*ALWAYS, UNVERIFIED_IDENTITY),
        ),
        Operation(
            "GetCountries",
            "Which countries are there, and which are current?",
            _type("GetCountriesType", _ORGANISATION),
            _type(
                "GetCountriesResponseType",
                _list(
                    "Countries",
                    "CountryDetails",
                    _type(
                        "CountryDetailsType",
                        Element("CountryCode", TEXT),
                        Element("Name", TEXT),
                        Element("IsCurrent", BOOLEAN),
                    ),
                    most=None,
                ),
            ),
            rules("repeatable"),
            ALWAYS,
        ),
        Operation(
            "GetNonDvsDocumentTypes",
            "Which documents count that the Document Verification Service cannot check?",
            _type("GetNonDvsDocumentTypesType", _ORGANISATION),
            _type(
                "GetNonDvsDocumentTypesResponseType",
                _list(
                    "NonDvsDocumentTypes",
                    "NonDvsDocumentType",
                    _type(
                        "NonDvsDocumentTypeType",
                        Element("Id", INT),
                        Element("DocumentType", TEXT),
                        Element("SortOrder", INT),
                    ),
                    most=None,
                ),
            ),
            rules("repeatable"),
            ALWAYS,
        ),
    )
}
"""Every operation by name."""


def operation_of(element: etree._Element | None, version: Version = V5) -> Operation | None:
    """Return the operation that the content of a request's body asks for, or None."""
    if element is None or not isinstance(element.tag, str):
        return None
    name = etree.QName(element)
    return OPERATIONS.get(name.localname) if name.namespace == version.namespace else None
