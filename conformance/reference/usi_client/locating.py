"""LocateUSI: which USI has this person?"""

from collections.abc import Callable, Mapping
from typing import Any

from conformance.protocol.operations import OPERATIONS
from conformance.reference.sts_client import Order
from conformance.reference.usi_client.applying import Applying
from conformance.reference.usi_client.calls import Call, Concluded
from conformance.reference.usi_client.elements import invalid
from conformance.reference.usi_client.verifying import FLAGGED


class Locating(Applying):
    """Looks up USIs.  The person has agreed and is told of it each time, so that nothing is asked twice."""

    def locate(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Look up one person's USI."""
        request = self.prepare(call)
        response = self.carry_out(order(), call, request)
        return Concluded(response, self.conclude_location(response))

    def prepare_location(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return the elements of a look-up; ContactDetails stands there even when it is empty."""
        given = {"ContactDetails": {}, **request}
        filled = self.fill(OPERATIONS["LocateUSI"].request, given, "LocateUSI")
        self.check_located(filled["PersonalDetails"])
        self.check_contact(filled["ContactDetails"])
        return {"UserReference": self.user_reference, **filled}

    def check_located(self, person: Mapping[str, Any]) -> None:
        """Refuse a look-up by no name, or by both forms of it."""
        several = {"FirstName", "MiddleName", "FamilyName"} & set(person)
        if "SingleName" in person and several:
            raise invalid("A person has a single name, or first and family name, and not both.")
        if "SingleName" not in person and "FamilyName" not in person:
            raise invalid("A person is looked up by family name or single name.")

    def conclude_location(self, response: Mapping[str, Any]) -> str:
        """Return what a look-up comes to: only one exact match is the person's USI.

        A match of the personal details alone may be another person of the same name and birthday; and
        beside an error nothing is sure, not even that there is no match.
        """
        result = response.get("Result")
        if response.get("Errors"):
            return FLAGGED
        if result == "NoMatch":
            return "not_located"
        return "located" if result == "Exact" and self.believable(response.get("USI")) else FLAGGED
