"""Settings of the simulated registry: what the real one leaves open, or a scenario changes.

Each field carries a note of where its default comes from; a report calls what rests on it assumed.  Fields
may be set from outside by their names.
"""

from dataclasses import dataclass
from enum import StrEnum


class PendingAnswer(StrEnum):
    """What BulkUploadRetrieve answers before the results are there."""

    FAULT = "fault"
    EMPTY_LIST = "empty list"
    """No application at all, which the schema does not allow."""


class NoMatchAnswer(StrEnum):
    """What stands for the USI in an answer of LocateUSI that has none to tell."""

    EMPTY = "empty"
    """An empty element, which the schema does not allow."""
    OMITTED = "omitted"
    """No element, which it does not allow either."""


class RepeatedRequest(StrEnum):
    """What becomes of a RequestId that the organisation has used before."""

    REFUSED = "refused"
    STORED_ANSWER = "stored answer"


class UnverifiedAnswer(StrEnum):
    """How CreateUSI and UpdateUSIPersonalDetails answer when the document cannot be verified."""

    FAULT = "fault"
    """ErrorInfo 2004, Unverified Identity."""
    RESULT = "result"
    """Failure, with IdentityDocumentVerified False and an error of the record."""


class FunctionMatrix(StrEnum):
    """Which type of organisation may call what."""

    CURRENT = "current"
    """As the registry's current page for organisations says."""
    BETA = "beta"
    """As its beta page says, which contradicts the other one."""
    OPEN = "open"
    """Everybody may call everything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrySettings:
    """One registry; to change it, assign a changed copy."""

    # --- answers ------------------------------------------------------------------------------------

    invalid_with_fields: bool = True
    """Whether an unknown USI is answered with NoMatch for every field rather than with no fields.  The
    portal shows NoMatch for all; the schema allows both."""
    pending_answer: PendingAnswer = PendingAnswer.FAULT
    """Inferred: the schema has no answer for a batch that is still being processed."""
    pending_code: int = 1002
    """Code of that fault.  Not public; assumed."""
    pending_polls: int = 1
    """How often BulkUploadRetrieve is answered so before the results are there.  The real registry takes
    a time that is not public."""
    no_match_answer: NoMatchAnswer = NoMatchAnswer.EMPTY
    """Assumed: the schema demands a USI of ten characters, and there is none to tell."""
    unverified_answer: UnverifiedAnswer = UnverifiedAnswer.FAULT
    """A vendor's help page lists 2004 as a fault; the schema has room for both.  A bulk upload always
    answers record by record."""

    # --- requests -----------------------------------------------------------------------------------

    repeated_request: RepeatedRequest = RepeatedRequest.REFUSED
    """A RequestId may never be used again by an organisation, says a student management system's
    documentation; what a repetition is answered with is not public."""
    repeated_request_code: int = 1002
    """Not public; assumed: the general code for a request that is not acceptable."""
    unknown_receipt_code: int = 1002
    """Likewise assumed."""
    case_folded: bool = True
    """Whether names that differ in case only match.  Inferred: official data is sent in upper case for
    records that others hold in mixed case."""
    accents_folded: bool = False
    """Whether letters with and without accents match.  Not public."""
    least_age: int = 10
    """Years, of whom a USI is created for.  Release notes of one system say 10, help of another one 11."""
    most_age: int = 110
    """Years likewise, from the same release notes."""
    contact_means: int = 2
    """How many means of contact an application needs, of e-mail, mobile, home telephone and postal address.
    The registry's page for organisations asks for two; whether the service refuses less is not known."""
    phone_digits: int = 8
    """Least number of digits of a telephone number.  A least length was added in an edition of the contract
    whose figure is not public; assumed."""
    area_codes_checked: bool = False
    """Whether an Australian telephone number must begin with an area code that exists.  Inferred from a
    change of a test number in the official sample."""
    card_number_required: bool = True
    """Whether a driver's licence needs its card number where the state's has one.  A DVS gateway's
    documentation; the schema leaves it optional, and who refuses is not known."""
    birth_certificate_complete: bool = True
    """Whether a birth certificate needs the particulars of its state: number or date of registration, or
    certificate number; a DVS gateway's documentation.  ACT and SA: DatePrinted, by the WSDL's comment."""

    # --- authorisation ------------------------------------------------------------------------------

    function_matrix: FunctionMatrix = FunctionMatrix.CURRENT
    """Two pages of the registry contradict each other; training organisations may call everything in both."""
    hmac_sha256_accepted: bool = True
    """Whether an endorsing signature with hmac-sha256 is accepted beside hmac-sha1.  The policy names
    hmac-sha1 to sign with, and its suite hmac-sha256; which of them the real registry takes is not known."""
