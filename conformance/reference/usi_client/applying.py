"""CreateUSI: a USI for a person, or the one that the person has."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from conformance.protocol import checksum
from conformance.protocol.operations import OPERATIONS
from conformance.protocol.operations.types import APPLICATION
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.calls import Call, Concluded, Record
from conformance.reference.usi_client.documents import Documents
from conformance.reference.usi_client.listing import Listing
from conformance.reference.usi_client.verifying import FLAGGED, Verifying

ID_STEM: Final = 15
"""Characters of an ApplicationId that are drawn; the other five count the applications of a call."""

CONCLUSION_OF_RESULT: Final = {"Success": "created", "MatchFound": "existing", "Failure": "failed"}


class Applying(Documents, Listing, Verifying):
    """Applies for USIs."""

    user_reference: str = "EVTE reference implementation"
    """Who asks, as the registry's records show it: up to 40 characters."""

    def create(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Apply for one USI.

        When the answer is lost the registry may have made the USI; another request might make a second one.
        So none is sent: a person has to look, by LocateUSI with the applicant's consent, or by the same
        application once more, which is then answered MatchFound.
        """
        request = self.prepare(call)
        application = request["Application"]
        opened = order()
        try:
            response = self.carry_out(opened, call, request)
        except Refusal as refusal:
            if not self.outcome_unknown(refusal):
                raise
            return self.lost(request, refusal)
        finally:
            self.purge(application)
        return Concluded(response, self.conclude_creation(application["ApplicationId"], response))

    def lost(self, request: Mapping[str, Any], refusal: Refusal) -> Concluded:
        """Return what the user is told when nobody knows whether a request was carried out.

        Args:
            request: as it was sent last.
            refusal: what happened in place of an answer.
        """
        known = {name: request[name] for name in ("RequestId", "ReceiptNumber") if request.get(name)}
        return Concluded({**known, "Unknown": f"{refusal.code}: {refusal.text}"}, FLAGGED)

    def prepare_creation(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the elements of an application by itself."""
        filled = self.fill(OPERATIONS["CreateUSI"].request, request, "CreateUSI")
        stem = self.application_stem()
        return {
            "RequestId": self.request_id(),
            "Application": self.complete_application(filled["Application"], stem, 0),
        }

    def prepare_application(self, typed: object, stem: str, place: int) -> dict[str, Any]:
        """Return one application of a batch.

        Args:
            typed: what was handed over.
            stem: what the ApplicationIds of this call begin with.
            place: among all applications of the call, from 0.
        """
        return self.complete_application(self.fill(APPLICATION, typed, "Application"), stem, place)

    def complete_application(self, application: dict[str, Any], stem: str, place: int) -> dict[str, Any]:
        """Return an application with what the client adds, after a look at the whole of it."""
        self.check_person(application["PersonalDetails"])
        self.check_contact(application["ContactDetails"])
        self.check_means(application["ContactDetails"])
        self.check_country(application["ContactDetails"]["CountryOfResidenceCode"])
        self.check_documents(application)
        self.check_document_type(application.get("NonDvsDocumentTypeId"))
        return {
            "ApplicationId": self.application_id(stem, place),
            "UserReference": self.user_reference,
            **application,
        }

    def check_person(self, person: Mapping[str, Any]) -> None:
        """Refuse particulars of which no record is made."""
        self.check_names(person)
        self.check_birth(person["DateOfBirth"])
        self.check_country_of_birth(person["CountryOfBirthCode"])

    def application_stem(self) -> str:
        """Return what the ApplicationIds of one call begin with, and no others: 75 bits."""
        return self.request_id()[:ID_STEM]

    def application_id(self, stem: str, place: int) -> str:
        """Return an ApplicationId: 20 characters, different for each application of a call."""
        return f"{stem}{place:05}"

    # --- understanding ------------------------------------------------------------------------------

    def conclude_creation(self, identifier: str, response: Mapping[str, Any]) -> str:
        """Return what the answer to an application by itself comes to; it must name the ApplicationId."""
        answer = response.get("Application")
        if not isinstance(answer, Mapping) or answer.get("ApplicationId") != identifier:
            return FLAGGED
        return self.conclude_application(answer)

    def conclude_application(self, answer: Mapping[str, Any]) -> str:
        """Return what one application comes to.

        A USI is believed when its check character is right; one that comes with a failure is not, nor is a
        new one whose document the DVS could not verify: a person has to look at these.
        """
        result = answer.get("Result")
        conclusion = CONCLUSION_OF_RESULT.get(str(result), FLAGGED)
        usi = answer.get("USI")
        if conclusion == "failed":
            return FLAGGED if usi else conclusion
        if not self.believable(usi) or self.unverified(answer):
            return FLAGGED
        return conclusion

    def believable(self, usi: object) -> bool:
        """Tell whether a USI that the registry gave can be one."""
        return isinstance(usi, str) and checksum.is_valid(usi)

    def unverified(self, answer: Mapping[str, Any]) -> bool:
        """Tell whether the person's document was checked and could not be verified."""
        return answer.get("IdentityDocumentVerified") == "False"

    def conclude_applications(self, identifiers: list[str], answers: list[dict[str, Any]]) -> list[Record]:
        """Return what each application of a batch comes to, in the order of the upload.

        Args:
            identifiers: the ApplicationIds as they were sent.
            answers: all that was answered, in whatever order.
        """
        return [
            Record(FLAGGED, {}) if answer is None else Record(self.conclude_application(answer), answer)
            for answer in self.match_applications(identifiers, answers)
        ]

    def match_applications(
        self, identifiers: list[str], answers: list[dict[str, Any]]
    ) -> list[dict[str, Any] | None]:
        """Return the answer to each application: the only one with its ApplicationId, or None."""
        return self.matched(identifiers, answers, "ApplicationId")
