"""What the client of the registry is asked for, and what it makes of the answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from conformance.protocol.operations import OPERATIONS

REPEATABLE: Final = frozenset(
    {"VerifyUSI", "BulkVerifyUSI", "BulkUploadRetrieve", "GetCountries", "GetNonDvsDocumentTypes"}
)
"""Operations that may be carried out twice without harm.

After fault 1001 only these are asked again.  That the registry, or the DVS behind it, was not available
does not say that nothing was done, so that CreateUSI, BulkUpload and the updates are left to the user, who is
told; LocateUSI notifies the person each time.
"""

LEFT_OUT: Final = frozenset(
    {
        "OrgCode",
        "RequestId",
        "ApplicationId",
        "RecordId",
        "UserReference",
        "NoOfVerifications",
        "NoOfApplications",
        "PersonalDetailsModifier",
    }
)
"""Elements of requests that nobody hands over: the client fills them in."""

ESSENTIAL: Final = {
    "VerifyUSI": "USIStatus",
    "BulkVerifyUSI": "VerificationResponses",
    "CreateUSI": "Application",
    "BulkUpload": "ReceiptNumber",
    "BulkUploadRetrieve": "RequestId",
    "LocateUSI": "Result",
    "UpdateUSIContactDetails": "Result",
    "UpdateUSIPersonalDetails": "Result",
    "GetCountries": "Countries",
    "GetNonDvsDocumentTypes": "NonDvsDocumentTypes",
}
"""Operation -> the element without which its answer is none."""

MOST_RECORDS: Final = 500
"""The most records of one bulk message."""


@dataclass(frozen=True)
class Call:
    """One operation of the registry."""

    usi_address: str
    org_code: str
    operation: str
    request: Mapping[str, Any]
    """Element names of the operation and their values, without `LEFT_OUT`."""
    state_file: Path | None = None
    """Where outstanding batches are kept; None keeps them for this conversation only."""

    @property
    def names_organisation(self) -> bool:
        """Whether the request has an OrgCode; only BulkUploadRetrieve has none."""
        return OPERATIONS[self.operation].request.element("OrgCode") is not None


class Record(NamedTuple):
    """What was concluded of one record of a bulk operation."""

    conclusion: str
    response: dict[str, Any]
    """Its part of the answer; empty when there was none that belongs to it."""


class Concluded(NamedTuple):
    """What was answered, and what the user is told of it."""

    response: dict[str, Any]
    """The answer's elements by name."""
    conclusion: str
    """A word of the contract."""
    records: list[Record] | None = None
    """For a bulk operation that was answered: one for each record, in the order handed over."""
