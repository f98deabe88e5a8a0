"""Who the simulated registry knows: people by USI, organisations by code, as data in `population.toml`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.errors import KitError
from conformance.protocol import checksum

FILE: Final = Path(__file__).with_name("population.toml")


class State(StrEnum):
    """What has become of an account."""

    ACTIVE = "active"
    DEACTIVATED = "deactivated"
    """Compromised or replaced; the replacement is not told."""
    SUSPENDED = "suspended"
    NOT_ACTIVATED = "not activated"
    """This and the suspended one are reported Valid, so that no client can tell them from active ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Everything that the registry holds of one person."""

    usi: str
    first: str = ""
    middle: str = ""
    family: str = ""
    single: str = ""
    """For a person of one name, who then has none of the others."""
    born: date
    gender: str = ""
    """M, F or X; empty where it is not known, as of the published people."""
    country_of_birth: str = ""
    """Four digits of the list of countries; empty where it is not known."""
    town_of_birth: str = ""
    preferred_first: str = ""
    preferred_family: str = ""
    preferred_single: str = ""
    contact: Mapping[str, Any] = field(default_factory=dict)
    """JSON form of ContactDetails; empty where nothing is known."""
    state: State = State.ACTIVE
    origin: str = "synthetic"
    """`published` for the people of the third-party testing environment, `created` for those that clients
    created, else `synthetic`."""
    note: str = ""

    def __post_init__(self) -> None:
        """Refuse what the registry could not hold.

        Raises:
            KitError: a wrong check character, or names that are not one of the two forms.
        """
        if not checksum.is_valid(self.usi):
            raise KitError(f"{self.usi} has a wrong check character", where=FILE.name)
        if bool(self.single) == bool(self.first and self.family) or (
            self.single and self.first + self.middle + self.family
        ):
            raise KitError(f"{self.usi} needs first and family name, or a single name", where=FILE.name)


class OrganisationType(StrEnum):
    """What an organisation is to the registry; what it may call depends on it."""

    RTO = "RTO"
    """Registered training organisation."""
    VRB = "VRB"
    """VET regulatory body."""
    VAB = "VAB"
    """VET admission body."""
    HEP = "HEP"
    """Higher education provider."""
    TAC = "TAC"
    """Tertiary admission centre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """An organisation that may call the registry."""

    code: str
    """Its organisation code, as it stands in OrgCode."""
    abn: str
    """The ABN that its token must be for."""
    name: str = ""
    type: OrganisationType = OrganisationType.RTO
    """Assumed where no source tells it: training organisations may call everything."""


@dataclass(frozen=True, slots=True)
class Population:
    """People and organisations, ready for look-up."""

    people: Mapping[str, Account] = field(default_factory=dict)
    """By USI."""
    organisations: Mapping[str, Organisation] = field(default_factory=dict)
    """By code, in upper case."""

    @classmethod
    def of(cls, people: Iterable[Account], organisations: Iterable[Organisation]) -> "Population":
        """Return a population of these people and organisations.

        Raises:
            KitError: a USI or a code stands twice.
        """
        by_usi: dict[str, Account] = {}
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
    return Population.of(map(_account, table["person"]), map(_organisation, table["organisation"]))


def _account(row: Mapping[str, Any]) -> Account:
    return Account(**{**row, "state": State(row.get("state", State.ACTIVE))})


def _organisation(row: Mapping[str, Any]) -> Organisation:
    return Organisation(**{**row, "type": OrganisationType(row.get("type", OrganisationType.RTO))})
