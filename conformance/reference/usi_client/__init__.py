"""The reference client of the USI Registry: zeep for the contract, our own security for the token.

zeep reads the WSDL, marshals the request, adds the addressing headers and parses the answer; it knows
nothing of issued tokens.  `wire.IssuedTokenSecurity` adds Timestamp, token and endorsing signature where zeep
lets a plug-in sign.  Each further step is one small method, so that a mutant can get exactly one wrong.

`exchange` carries one request and understands faults; `elements`, `particulars` and `documents` look at what
is handed over; `verifying`, `applying`, `uploading`, `locating`, `updating` and `listing` know one family of
operations each; `state` keeps what must outlive a conversation.
"""

from collections.abc import Callable
from typing import Any, Final

from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.calls import LEFT_OUT, MOST_RECORDS, REPEATABLE, Call, Concluded, Record
from conformance.reference.usi_client.exchange import (
    FAULT_NAMESPACES,
    REASON_OF_CODE,
    RETRIED_CODES,
    ErrorInfo,
)
from conformance.reference.usi_client.locating import Locating
from conformance.reference.usi_client.state import Batch, State
from conformance.reference.usi_client.updating import MODIFIER_OF, Updating
from conformance.reference.usi_client.uploading import Uploading
from conformance.reference.usi_client.verifying import NAME_ELEMENTS, REQUEST_FORMS

__all__ = [
    "FAULT_NAMESPACES",
    "LEFT_OUT",
    "MODIFIER_OF",
    "MOST_RECORDS",
    "NAME_ELEMENTS",
    "REASON_OF_CODE",
    "REPEATABLE",
    "REQUEST_FORMS",
    "RETRIED_CODES",
    "Batch",
    "Call",
    "Concluded",
    "ErrorInfo",
    "Record",
    "State",
    "UsiClient",
]

STEPS: Final = {
    "VerifyUSI": ("prepare_verification", "verify"),
    "BulkVerifyUSI": ("prepare_bulk_verification", "bulk_verify"),
    "CreateUSI": ("prepare_creation", "create"),
    "BulkUpload": ("prepare_upload", "upload"),
    "BulkUploadRetrieve": ("prepare_retrieval", "retrieve"),
    "LocateUSI": ("prepare_location", "locate"),
    "UpdateUSIPersonalDetails": ("prepare_personal_update", "update_personal"),
    "UpdateUSIContactDetails": ("prepare_contact_update", "update_contact"),
    "GetCountries": ("prepare_list", "list_countries"),
    "GetNonDvsDocumentTypes": ("prepare_list", "list_document_types"),
}
"""Operation -> the methods of `UsiClient` that make its request, and that carry it out."""


class UsiClient(Uploading, Locating, Updating):
    """A client of the registry's v5 services for one conversation."""

    def call(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Carry out an operation.

        Args:
            order: opens the credential; called only when the request is fit to be sent.
            call: what to ask for.

        Returns:
            The response's elements by name, and the conclusion: a word of the contract; for a bulk operation
            also what is concluded of each record.

        Raises:
            Refusal: the request is not fit to be sent, no token was given, or the registry refused.
        """
        _, carry_out = STEPS[call.operation]
        concluded: Concluded = getattr(self, carry_out)(order, call)
        return concluded

    def prepare(self, call: Call) -> dict[str, Any]:
        """Return the elements to send but OrgCode: trimmed, complete, one form of the name.

        Those of a bulk operation hold all records, whatever their number, and those of a change all changes:
        `verification_messages`, `upload_messages` and `change_messages` make messages of them.

        Raises:
            Refusal: `usi.…` or `request.invalid`; nothing has been sent.
        """
        self.organisation(call.org_code)
        prepare, _ = STEPS[call.operation]
        if not isinstance(call.request, dict):
            raise Refusal("request.invalid", text="A request holds elements by name.")
        prepared: dict[str, Any] = getattr(self, prepare)(call.request)
        return prepared
