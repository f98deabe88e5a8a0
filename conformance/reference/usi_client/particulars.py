"""Persons and how to reach them, as far as the schema says less than the registry wants."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from conformance.reference.usi_client.elements import Elements, invalid

FORBIDDEN: Final = frozenset("`~?/\\")
"""Characters that names on the registry must not have; others may join them."""

LEAST_DIGITS: Final = 8
"""Of a telephone number; that there is a least number is known, which one is not."""

MEANS: Final = 2
"""How many means of contact an application needs."""

AHEAD: Final = timedelta(hours=14)
"""How far the day anywhere is ahead of UTC at most."""

_PHONE: Final = re.compile(r"\+?[0-9 ()-]+", re.ASCII)
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*")


class Particulars(Elements):
    """Looks at what is about to be recorded of a person."""

    def check_names(self, person: Mapping[str, Any]) -> None:
        """Refuse names that the registry does not record; it may hold older ones that are verified as is."""
        for name, text in person.items():
            if name.endswith("Name") and isinstance(text, str) and FORBIDDEN & set(text):
                raise invalid(f"{name} has one of the characters {' '.join(sorted(FORBIDDEN))}.")

    def check_birth(self, born: object) -> None:
        """Refuse a date of birth that is yet to come.  Which ages may have a USI, sources disagree on."""
        if isinstance(born, str) and born > (self.clock() + AHEAD).date().isoformat():
            raise invalid("The date of birth lies in the future.")

    def check_contact(self, contact: Mapping[str, Any]) -> None:
        """Refuse an address or a number that nobody can be reached with."""
        email = contact.get("EmailAddress")
        if email is not None and not _EMAIL.fullmatch(email):
            raise invalid("EmailAddress is not an address.")
        for number in contact.get("Phone", {}).values():
            self.check_phone(number)

    def check_phone(self, number: str) -> None:
        """Refuse what is no telephone number."""
        digits = sum(character.isdigit() for character in number)
        if not _PHONE.fullmatch(number) or digits < LEAST_DIGITS:
            raise invalid(f"A telephone number has at least {LEAST_DIGITS} digits, blanks, + ( ) and -.")

    def check_means(self, contact: Mapping[str, Any]) -> None:
        """Refuse an application with too few ways to reach the person."""
        if self.means_of_contact(contact) < MEANS:
            raise invalid("Two means of contact are needed: e-mail, mobile, home telephone, address.")

    def means_of_contact(self, contact: Mapping[str, Any]) -> int:
        """Return how many ways to reach the person there are."""
        addresses = ("EmailAddress", "NationalAddress", "InternationalAddress")
        return sum(name in contact for name in addresses) + len(contact.get("Phone", {}))
