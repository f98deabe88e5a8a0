"""Who the simulated registry knows: people by USI, organisations by code, as data in `population.toml`."""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.errors import KitError
from conformance.protocol import checksum

FILE: Final = Path(__file__).with_name("population.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One account of the registry."""

    usi: str
    first: str = ""
    family: str = ""
    single: str = ""
    """For a person of one name, who then has neither of the others."""
    born: date
    deactivated: bool = False
    origin: str = "synthetic"
    """`published` for the people of the third-party testing environment, else `synthetic`."""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what the registry could not hold.

        Raises:
            KitError: a wrong check character, or names that are not one of the two forms.
        """
        if not checksum.is_valid(self.usi):
            raise KitError(f"{self.usi} has a wrong check character", where=FILE.name)
        if bool(self.single) == bool(self.first and self.family) or (
            self.single and self.first + self.family
        ):
            raise KitError(f"{self.usi} needs first and family name, or a single name", where=FILE.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation that may call the registry."""

    code: str
    """Its organisation code, as it stands in OrgCode."""
    abn: str
    """The ABN that its token must be for."""
    name: str = ""


@dataclass(frozen=True, slots=True)
class Population:
    """People and organisations, ready for look-up."""

    people: Mapping[str, Person] = field(default_factory=dict)
    """By USI."""
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    """By code, in upper case."""

    @classmethod
    def of(cls, people: Iterable[Person], organisations: Iterable[Organisation]) -> "Population":
        """Return a population of these people and organisations.

        Raises:
            KitError: a USI or a code stands twice.
        """
        by_usi: dict[str, Person] = {}
        for person in people:
            if by_usi.setdefault(person.usi, person) is not person:
                raise KitError(f"two people have the USI {person.usi}")
        by_code: dict[str, Organisation] = {}
        for organisation in organisations:
            if by_code.setdefault(organisation.code.upper(), organisation) is not organisation:
                raise KitError(f"two organisations have the code {organisation.code}")
        return cls(by_usi, by_code)

    def with_organisation(self, organisation: Organisation) -> "Population":
        """Return a population in which this organisation takes the place of any of the same code."""
        return Population(self.people, {**self.organisations, organisation.code.upper(): organisation})


@cache
def bundled() -> Population:
    """Return the population of `population.toml`."""
    table = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return Population.of(
        (Person(**row) for row in table["person"]), (Organisation(**row) for row in table["organisation"])
    )


def same_text(one: str, other: str) -> bool:
    """Tell whether the registry takes two names for the same.

    Hyphens, apostrophes, blanks and accents count.  Case does not: official data is sent in upper case for
    records that others hold in mixed case, so the real registry is inferred to fold it.  Nor does it count
    whether an accent is a code point of its own, about which nothing is known and which a product cannot
    always choose.
    """
    return _folded(one) == _folded(other)


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def verify(
    population: Population, asked: Mapping[str, Any], *, invalid_with_fields: bool = True
) -> dict[str, Any]:
    """Answer VerifyUSI: the state of the USI, and for each field whether it is that of the account.

    A suspended account, and one that was never activated, is reported as Valid by the real registry, which
    is why the population has no such states.

    Args:
        population: whom the registry knows.
        asked: JSON form of a valid request.
        invalid_with_fields: whether an unknown USI is answered with NoMatch for every field rather than with
            no fields; sources differ, and the schema allows both.
    """
    person = population.people.get(str(asked.get("USI", "")))
    fields = [name for name in ("FirstName", "FamilyName", "SingleName", "DateOfBirth") if name in asked]
    if person is None:
        return {"USIStatus": "Invalid", **dict.fromkeys(fields if invalid_with_fields else (), "NoMatch")}
    held = {
        "FirstName": person.first,
        "FamilyName": person.family,
        "SingleName": person.single,
        "DateOfBirth": person.born.isoformat(),
    }
    return {
        "USIStatus": "Deactivated" if person.deactivated else "Valid",
        **{name: "Match" if same_text(str(asked[name]), held[name]) else "NoMatch" for name in fields},
    }
