"""UpdateUSIPersonalDetails and UpdateUSIContactDetails: changing what the registry holds of a person."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.protocol.operations import OPERATIONS
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.applying import Applying
from conformance.reference.usi_client.calls import Call, Concluded
from conformance.reference.usi_client.documents import DOCUMENTS
from conformance.reference.usi_client.elements import invalid
from conformance.reference.usi_client.verifying import FLAGGED

MODIFIER_OF: Final = {
    "Gender": "Gender",
    "FirstName": "FirstName",
    "MiddleName": "MiddleName",
    "FamilyName": "FamilyName",
    "SingleName": "SingleName",
    "DateOfBirth": "DateOfBirth",
    "CountryOfBirthCode": "CountryOfBirth",
    "TownCityOfBirth": "TownCityOfBirth",
    "PreferredFirstName": "PreferredFirstName",
    "PreferredFamilyName": "PreferredFamilyName",
    "PreferredSingleName": "PreferredSingleName",
}
"""Element -> the value of PersonalDetailsModifier that names it; they differ in one case."""

PROVED: Final = frozenset({"FirstName", "FamilyName", "SingleName", "DateOfBirth"})
"""What is changed only with a document, which the DVS verifies or the organisation has seen."""

CONCLUSION_OF_RESULT: Final = {"Success": "updated", "Failure": "failed"}


class Updating(Applying):
    """Changes records."""

    def update_personal(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Change personal details: one message for each change.

        The first change that is not made ends it.  Those before it are made; that is told as unclear, for
        the record is then neither the old nor the new one.
        """
        request = self.prepare(call)
        messages = self.change_messages(request)
        opened = order()
        response: dict[str, Any] = {}
        try:
            for done, message in enumerate(messages):
                try:
                    response = self.carry_out(opened, call, message)
                except Refusal as refusal:
                    if not done and not self.outcome_unknown(refusal):
                        raise
                    return self.lost(message, refusal)
                conclusion = self.conclude_update(response)
                if conclusion != "updated":
                    return Concluded(response, conclusion if not done else FLAGGED)
        finally:
            for message in messages:
                self.purge(message)
            self.purge(request)
        return Concluded(response, "updated")

    def update_contact(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Change contact details."""
        request = self.prepare(call)
        opened = order()
        try:
            response = self.carry_out(opened, call, request)
        except Refusal as refusal:
            if not self.outcome_unknown(refusal):
                raise
            return self.lost(request, refusal)
        return Concluded(response, self.conclude_update(response))

    # --- before anything is sent --------------------------------------------------------------------

    def prepare_personal_update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return all changes with their document; `change_messages` makes messages of them."""
        filled = self.fill(OPERATIONS["UpdateUSIPersonalDetails"].request, request, "The change")
        changes = filled["PersonalDetailsUpdate"]
        if not changes:
            raise invalid("Nothing is to be changed.")
        self.check_names(changes)
        self.check_birth(changes.get("DateOfBirth"))
        if "CountryOfBirthCode" in changes:
            self.check_country_of_birth(changes["CountryOfBirthCode"])
        self.check_proof(filled)
        self.check_document_type(filled.get("NonDvsDocumentTypeId"))
        return {"UserReference": self.user_reference, **filled}

    def check_proof(self, request: Mapping[str, Any]) -> None:
        """Refuse a change of name or birthday without a document, and any document that makes no sense."""
        needed = PROVED & set(request["PersonalDetailsUpdate"])
        if needed or request["DVSCheckRequired"] or any(name in request for name in DOCUMENTS):
            self.check_documents(request)

    def change_messages(self, request: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Return one message for each change: its modifier, its element and nothing else."""
        return [
            {
                "USI": request["USI"],
                "UserReference": request["UserReference"],
                "PersonalDetailsModifier": self.modifier(name),
                "PersonalDetailsUpdate": {name: value},
                **self.proof(request, name),
            }
            for name, value in request["PersonalDetailsUpdate"].items()
        ]

    def modifier(self, name: str) -> str:
        """Return the modifier that goes with an element."""
        return MODIFIER_OF[name]

    def proof(self, request: Mapping[str, Any], name: str) -> dict[str, Any]:
        """Return the document that goes with one change, as it was handed over for all of them."""
        found = {"DVSCheckRequired": request["DVSCheckRequired"]}
        return {**found, **{part: request[part] for part in DOCUMENTS if part in request}}

    def prepare_contact_update(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the elements of a change of contact details."""
        filled = self.fill(OPERATIONS["UpdateUSIContactDetails"].request, request, "The change")
        contact = filled["ContactDetailsUpdate"]
        if not contact:
            raise invalid("Nothing is to be changed.")
        self.check_contact(contact)
        if "CountryOfResidenceCode" in contact:
            self.check_country(contact["CountryOfResidenceCode"])
        return {"UserReference": self.user_reference, **filled}

    # --- understanding ------------------------------------------------------------------------------

    def conclude_update(self, response: Mapping[str, Any]) -> str:
        """Return what a change comes to."""
        conclusion = CONCLUSION_OF_RESULT.get(str(response.get("Result")), FLAGGED)
        return FLAGGED if conclusion == "updated" and self.unverified(response) else conclusion
