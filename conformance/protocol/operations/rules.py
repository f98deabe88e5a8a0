"""What holds beyond the schema, and the codes of refusals: the texts that the rows of the table point to.

A schema passes many a message that the registry refuses or that a client must not take at its word.  Each
such thing has a name here, its source, and how sure it is.
"""

from typing import Final

from conformance.protocol.operations.shapes import FaultCode, Rule

_WSDL: Final = "USI Technical Services Contract, published WSDL version 5"
_USI_GOV_AU: Final = "usi.gov.au"
_GATEWAY: Final = "documentation of gateways to the Document Verification Service"
_HELP: Final = "public help pages of vendors of student management systems"

RULES: Final = {
    rule.name: rule
    for rule in (
        # --- texts and names ---
        Rule(
            "date_form",
            "Every date is exactly yyyy-mm-dd, though the schema lets a zone pass.",
            "a public client reports that the registry refuses any other form",
            "observed",
        ),
        Rule(
            "check_character",
            "Every USI that is sent has a right check character.",
            f"{_USI_GOV_AU}, System developers: check digit algorithm",
        ),
        Rule(
            "one_name_form",
            "A person has a first and a family name, or a single name, and never both or neither.",
            f"{_WSDL}: choice of names",
        ),
        Rule(
            "nothing_empty",
            "An optional element with nothing to say is left out, and booleans are written true or false.",
            f"{_WSDL}: the schema passes empty texts, 0 and 1; inferred from what samples send",
            "inferred",
        ),
        Rule("empty_name", "No name is empty, though the schema lets it pass.", "inferred", "inferred"),
        Rule(
            "legal_names",
            "Names are the legal ones, without middle or preferred names; they match exactly, hyphens and"
            " apostrophes included.",
            f"{_USI_GOV_AU}, Verify a USI",
        ),
        Rule(
            "name_characters",
            "A new record's names hold none of the characters ` ~ ? / \\.",
            f"{_USI_GOV_AU}, Personal details",
        ),
        # --- verifications ---
        Rule(
            "verified",
            "A USI is verified when its status is Valid and every name and date that is returned is Match;"
            " Valid alone says only that it exists and is active.",
            f"{_USI_GOV_AU}, Verify a USI",
        ),
        Rule(
            "repeatable",
            "Asking again changes nothing, as there is no RequestId.",
            f"{_WSDL}: VerifyUSIType and BulkVerifyUSIType",
            "inferred",
        ),
        # --- bulk messages ---
        Rule(
            "count_of_records",
            "The number that is announced is the number of records, from 1 to 500.",
            f"{_WSDL}: maxInclusive and maxOccurs; equality inferred from the name",
            "inferred",
        ),
        Rule(
            "record_id_unique",
            "Every RecordId stands once in a message; the schema's key means it and selects nothing.",
            f"{_WSDL}: VerificationKey",
        ),
        Rule(
            "application_id_unique",
            "Every ApplicationId stands once in a message; the schema's key means it and selects nothing.",
            f"{_WSDL}: ApplicationKey",
        ),
        Rule(
            "matched_by_record_id",
            "Answers belong to records by RecordId and not by position.",
            f"{_WSDL}: VerificationResponseType",
            "inferred",
        ),
        Rule(
            "matched_by_application_id",
            "Answers belong to applications by ApplicationId and not by position.",
            f"{_WSDL}: ApplicationResponseType",
            "inferred",
        ),
        Rule(
            "asynchronous",
            "The answer is a receipt; the results are fetched later with it, and the receipt must be kept"
            " with the organisation that it belongs to.",
            f"{_WSDL}: BulkUploadResponseType; {_HELP}",
        ),
        Rule(
            "pending",
            "The schema has no answer for a batch that is still being processed: it demands an application.",
            f"{_WSDL}: BulkUploadRetrieveResponseType",
            "inferred",
        ),
        # --- applications ---
        Rule(
            "request_id_unused",
            "A RequestId is never used again by the same organisation.",
            "public documentation of a student management system",
        ),
        Rule(
            "request_id_present",
            "RequestId and ApplicationId are not empty, though the schema lets it pass.",
            "inferred from what they are for",
            "inferred",
        ),
        Rule(
            "match_found",
            "MatchFound carries the USI of an existing record, which is used and not created again; Failure"
            " carries errors and no USI.",
            "public sample code of the service; release notes of a student management system",
        ),
        Rule(
            "document_or_none",
            "DVSCheckRequired goes with a DVSDocument; without the check NonDvsDocumentTypeId says what was"
            " seen, and both together make no sense.",
            "public sample code of the service",
            "inferred",
        ),
        Rule(
            "document_type_named",
            "A DVSDocument says by xsi:type which document it is; the abstract type is no document.",
            f"{_WSDL}: DVSDocumentType",
        ),
        Rule(
            "date_printed",
            "A birth certificate of ACT or SA says when it was printed.",
            f"{_WSDL}: comments in BirthCertificateDocumentType",
        ),
        Rule(
            "birth_certificate",
            "A birth certificate has the number of its registration, or in QLD and TAS its date, or else the"
            " number of the certificate.",
            _GATEWAY,
            "inferred",
        ),
        Rule(
            "card_number",
            "A driver's licence has the number of its card, but for Victoria's.",
            _GATEWAY,
            "inferred",
        ),
        Rule(
            "medicare_expiry",
            "A green Medicare card expires in a month, yyyy-mm; a blue or yellow one on a day, yyyy-mm-dd.",
            f"{_WSDL}: both forms of ExpiryDate; which goes with which colour is inferred",
            "inferred",
        ),
        Rule(
            "contact_means",
            "There are two means of contact, of e-mail, mobile, home telephone and postal address.",
            f"{_USI_GOV_AU}, Create a USI",
        ),
        Rule(
            "phone",
            "A telephone number has a least number of digits, whose figure is not public.",
            "change log in an old edition of the Technical Services Contract",
            "assumed",
        ),
        Rule(
            "country_of_residence",
            "The country of residence is not empty.",
            f"{_USI_GOV_AU}, Create a USI",
        ),
        Rule("age", "The person is between 10 and 110 years old; another source says 11.", _HELP, "assumed"),
        # --- locate ---
        Rule(
            "locate_notifies",
            "The person is told of a look-up by message, so that it needs consent and is no health check.",
            f"{_USI_GOV_AU}, Find a student's USI",
        ),
        Rule(
            "locate_name",
            "A look-up has a family or single name, though the schema passes one with no name at all.",
            f"{_USI_GOV_AU}, Find a student's USI",
        ),
        Rule(
            "locate_without_usi",
            "An answer without one unambiguous match has no USI to tell, though the schema demands one.",
            f"{_WSDL}: LocateUSIResponseType",
            "inferred",
        ),
        # --- updates ---
        Rule(
            "one_change",
            "One call changes what the modifier names, and that element is present.",
            f"{_WSDL}: PersonalDetailsModifier",
            "inferred",
        ),
        Rule(
            "change_needs_document",
            "A change of first, family or single name or of the date of birth needs a document that can be"
            " verified.",
            f"{_USI_GOV_AU}, Personal details",
        ),
    )
}
"""Every rule by its name."""


def rules(*names: str) -> tuple[Rule, ...]:
    """Return the rules of these names."""
    return tuple(RULES[name] for name in names)


UNAVAILABLE: Final = FaultCode(
    1001, "Service Unavailable", "The registry, or a service that it needs, is not available.", passes=True
)
VALIDATION: Final = FaultCode(1002, "Generic Validation", "Something in the request is not acceptable.")
NOT_AUTHORISED: Final = FaultCode(
    2002,
    "Organisation Failed Authorisation",
    "OrgCode and the token's ABN are not one organisation that may use the service.",
)
UNVERIFIED_IDENTITY: Final = FaultCode(
    2004, "Unverified Identity", "The document could not be verified against the personal details."
)
OUTDATED: Final = FaultCode(
    3458, "Outdated Version", "The request is of a version of the contract that is no longer served."
)

ALWAYS: Final = (UNAVAILABLE, VALIDATION, NOT_AUTHORISED, OUTDATED)
"""The codes that every operation may be refused with."""
