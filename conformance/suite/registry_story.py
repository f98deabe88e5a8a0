"""A model of the registry: who is known by which name, date and address, and what a user must be told of it.

Rules create people, create them again, verify them under right and wrong particulars, change their names and
addresses, and look them up; in between the product forgets what it remembers.  The model says what is so, and
each conclusion of the product is held against it.

A rule whose simplest case fails is the finding of another requirement, and no story uses it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from conformance.adapters.contract import FURTHER_OPERATIONS
from conformance.errors import ImplementationError, Inconclusive, NotTestable
from conformance.model import Subcode
from conformance.protocol import checksum
from conformance.suite import Budget
from conformance.suite.drawn import TryOut
from conformance.suite.examples import replayed
from conformance.suite.flows import Flow
from conformance.suite.iut import Iut

_FORGOTTEN: Final = "everything was forgotten"

STEPS: Final = 8
"""Steps of one story at most."""

_EXAMPLES_PER_STORY: Final = 10
"""So many fewer stories are told than pure calls would be made: each begins with a new token."""

_SHRINKING: Final = 6
"""Once a failure is found, this many times the usual calls may be spent on a smaller one."""

_ALL: Final = 1_000_000
"""Calls that a stored story may make: as many as it takes."""

Names = dict[str, str]
"""FirstName and FamilyName, or SingleName."""

APPLICANTS: Final[tuple[tuple[Names, str], ...]] = (
    ({"FirstName": "Ada", "FamilyName": "Testperson"}, "1990-02-28"),
    ({"FirstName": "Ada", "FamilyName": "Testperson"}, "1990-03-01"),
    ({"FirstName": "Ada", "FamilyName": "Test-Person"}, "1990-02-28"),
    ({"SingleName": "Testperson"}, "1990-02-28"),
)
"""Four people who are easily taken for each other, with their dates of birth."""

MARYAM: Final = ("BNGH7C75FN", {"FirstName": "Maryam", "FamilyName": "Fredrick"}, "1966-05-25")
"""A published person, whom the registry knows before any story begins."""

NOBODY: Final = ({"FirstName": "Nobody", "FamilyName": "Unheardof"}, "1977-07-07")

DOCUMENT: Final = {
    "DVSCheckRequired": True,
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
}
"""A published mock document, which is verified whoever shows it."""


def contact(number: int) -> dict[str, Any]:
    """Return contact details that have nothing in common with those of another number."""
    return {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": f"learner{number}@example.org",
        "Phone": {"Mobile": f"0491570{number:03}"},
        "NationalAddress": {
            "Address1": f"{number} Test Street",
            "SuburbTownCity": "Dubbo",
            "State": "NSW",
            "PostCode": "2830",
        },
    }


@dataclass
class Known:
    """Somebody whom the registry knows, as the model has it."""

    usi: str
    names: Names
    born: str
    gender: str = "F"
    former: Names | None = None
    """What the names were before the last change."""
    contact: dict[str, Any] | None = None
    """None where the model does not know it."""

    @property
    def title(self) -> str:
        """The names as one text."""
        return " ".join(self.names.values())


@dataclass
class Story:
    """People, and what has happened to them, in one conversation."""

    flow: Flow
    iut: Iut
    known: list[Known] = field(default_factory=lambda: [Known(MARYAM[0], dict(MARYAM[1]), MARYAM[2])])
    told: list[str] = field(default_factory=list)
    """What happened, in words."""
    calls: int = 0
    _numbers: int = 0

    def matching(self, applicant: int) -> list[Known]:
        """Return those who have the names and the date of birth of an applicant: nobody, or one."""
        return [each for each in self.known if (each.names, each.born) == APPLICANTS[applicant]]

    @property
    def at_home(self) -> list[Known]:
        """Those whose contact details the model knows."""
        return [each for each in self.known if each.contact is not None]

    # --- deeds --------------------------------------------------------------------------------

    def forget(self) -> None:
        """Have the product forget what it remembers; nothing that is so changes by it."""
        self.iut.session_reset()
        if self.told[-1:] != [_FORGOTTEN]:
            self.told.append(_FORGOTTEN)

    def create(self, applicant: int) -> None:
        """Have somebody created: a new USI for who is not known, else the one that the person has."""
        names, born = APPLICANTS[applicant]
        known = self.matching(applicant)
        self._numbers += 1
        home = contact(self._numbers)
        self.told.append(f"create {' '.join(names.values())} of {born}")
        value = self._ask(
            "CreateUSI",
            {
                "Application": {
                    **DOCUMENT,
                    "ContactDetails": home,
                    "PersonalDetails": {**self._personal(names, born), "IsPreferredName": False},
                }
            },
        )
        self._must_conclude(value, "existing" if known else "created")
        answer = value["response"].get("Application") if isinstance(value["response"], dict) else None
        usi = str(answer.get("USI", "")) if isinstance(answer, dict) else ""
        if known and usi != known[0].usi:
            raise self._wrong("the USI of somebody else is told", known[0].usi, usi or "none", "response")
        if known:
            return
        if not checksum.is_valid(usi) or usi in {each.usi for each in self.known}:
            raise self._wrong("no new USI is told", "a new USI", usi or "none", "response")
        self.known.append(Known(usi, dict(names), born, contact=home))

    def verify(self, place: int, particulars: str = "right") -> None:
        """Have somebody verified.

        Args:
            place: of the person.
            particulars: `right`, or what is wrong in them: `date`, `USI`, or `name`, which is the former one
                where there is one.
        """
        person = self.known[place % len(self.known)]
        names, born, usi = person.names, person.born, person.usi
        if particulars == "date":
            born = "1931-03-31"
        elif particulars == "USI":
            usi = self.known[(place + 1) % len(self.known)].usi
            particulars = "USI" if usi != person.usi else "right"
        elif particulars == "name":
            names = person.former or dict.fromkeys(names, "Somebodyelse")
        self.told.append(f"verify {person.title}" + (f", wrong {particulars}" * (particulars != "right")))
        value = self._ask("VerifyUSI", {"USI": usi, **names, "DateOfBirth": born})
        self._must_conclude(value, "verified" if particulars == "right" else "not_verified")

    def rename(self, place: int) -> None:
        """Have the family or single name of somebody changed to one that nobody has."""
        person = self.known[place % len(self.known)]
        self._numbers += 1
        name = "SingleName" if "SingleName" in person.names else "FamilyName"
        new = f"Newname{'abcdefghij'[self._numbers % 10]}{'abcdefghij'[self._numbers // 10 % 10]}"
        self.told.append(f"rename {person.title} to {new}")
        value = self._ask(
            "UpdateUSIPersonalDetails",
            {"USI": person.usi, **DOCUMENT, "PersonalDetailsUpdate": {name: new}},
        )
        self._must_conclude(value, "updated")
        person.former, person.names = person.names, {**person.names, name: new}

    def move(self, place: int) -> None:
        """Have the contact details of somebody changed, all of them."""
        person = self.known[place % len(self.known)]
        self._numbers += 1
        home = contact(self._numbers)
        self.told.append(f"move {person.title}")
        value = self._ask("UpdateUSIContactDetails", {"USI": person.usi, "ContactDetailsUpdate": home})
        self._must_conclude(value, "updated")
        person.contact = home

    def locate(self, place: int, *, at_home: bool) -> None:
        """Have somebody looked up whose contact details are known, with them or with those of nobody."""
        person = self.at_home[place % len(self.at_home)]
        self.told.append(f"look up {person.title} {'at home' if at_home else 'elsewhere'}")
        value = self._ask(
            "LocateUSI",
            {
                "PersonalDetails": self._sought(person.names, person.born),
                "ContactDetails": person.contact if at_home else contact(999),
            },
        )
        if not at_home:
            self._must_not_be_located(value)
            return
        self._must_conclude(value, "located")
        usi = value["response"].get("USI") if isinstance(value["response"], dict) else None
        if usi != person.usi:
            raise self._wrong("the USI of somebody else is told", person.usi, str(usi), "response")

    def locate_nobody(self) -> None:
        """Have somebody looked up whom the registry does not know."""
        names, born = NOBODY
        self.told.append("look up somebody unknown")
        value = self._ask(
            "LocateUSI",
            {"PersonalDetails": self._sought(names, born), "ContactDetails": contact(999)},
        )
        self._must_not_be_located(value)

    # --- asking and judging -------------------------------------------------------------------

    def _ask(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        self.calls += 1
        scenario = self.flow.ask(operation, request)
        faults = [each.facts.fault for each in scenario.registry_requests if each.facts is not None]
        if faults[-1:] not in ([], [""]):
            raise NotTestable(
                f"the registry refused a request with {faults[-1]}, so that nothing was concluded from it",
                where=self._so_far(),
                advice="mend the failures on the request first",
            )
        try:
            value: dict[str, Any] = scenario.reply.must_be_ok()
        except ImplementationError as miss:
            miss.where = "; ".join(filter(None, (miss.where, self._so_far())))
            raise
        return value

    def _personal(self, names: Names, born: str) -> dict[str, Any]:
        birth = {"CountryOfBirthCode": "1101", "TownCityOfBirth": "Dubbo"}
        return {"Gender": "F", **names, "DateOfBirth": born, **birth}

    def _sought(self, names: Names, born: str) -> dict[str, Any]:
        return {"Gender": "F", **names, "DateOfBirth": born}

    def _so_far(self) -> str:
        return f"after: {'; '.join(self.told)}"

    def _wrong(self, text: str, expected: str, found: str, where: str) -> ImplementationError:
        return ImplementationError(
            text,
            subcode=Subcode.WRONG_VALUE,
            expected=expected,
            found=found,
            where=f"{where}; {self._so_far()}",
            advice="conclude from the answer to this very request, and from nothing that was answered before",
        )

    def _must_conclude(self, value: dict[str, Any], conclusion: str) -> None:
        if value["conclusion"] != conclusion:
            raise self._wrong(
                "the user is told something else than is so",
                conclusion,
                str(value["conclusion"]),
                "conclusion",
            )

    def _must_not_be_located(self, value: dict[str, Any]) -> None:
        if value["conclusion"] not in ("not_located", "unclear"):
            raise self._wrong(
                "a USI is told as found though contact details or person are not the right ones",
                "not_located or unclear",
                str(value["conclusion"]),
                "conclusion",
            )


# --- what is used of it ---------------------------------------------------------------------------


Deed = Callable[[Story], None]


def _in_turn(*deeds: Deed, apart: bool = False) -> Deed:
    """Return deeds as one.

    Args:
        *deeds: in their order.
        apart: whether everything is forgotten after each: what is remembered wrongly is for stories to show.
    """

    def one(story: Story) -> None:
        for deed in deeds:
            deed(story)
            if apart:
                story.forget()

    return one


def _create(applicant: int) -> Deed:
    return lambda story: story.create(applicant)


PLAIN: Final[dict[str, Deed]] = {
    "create": _create(0),
    "create again": _in_turn(_create(0), _create(0), apart=True),
    "verify": _in_turn(lambda story: story.verify(0), lambda story: story.verify(0, "date"), apart=True),
    "rename": lambda story: story.rename(0),
    "move": lambda story: story.move(0),
    "locate": _in_turn(_create(1), lambda story: story.locate(0, at_home=True)),
    "locate elsewhere": _in_turn(_create(2), lambda story: story.locate(0, at_home=False)),
    "locate nobody": lambda story: story.locate_nobody(),
}
"""Every rule in its simplest case."""

NEEDS: Final = {
    "rename": "UpdateUSIPersonalDetails",
    "move": "UpdateUSIContactDetails",
    "locate": "LocateUSI",
    "locate elsewhere": "LocateUSI",
    "locate nobody": "LocateUSI",
}
"""Rule -> the operation that it needs besides VerifyUSI and CreateUSI."""


def usable(iut: Iut, try_out: TryOut) -> set[str]:
    """Return the rules whose operation the product offers and whose simplest case it gets right.

    Raises:
        NotTestable: it creates nobody.
    """
    found: set[str] = set()
    for name, plainly in PLAIN.items():
        if name in NEEDS and not iut.session.supports(FURTHER_OPERATIONS[NEEDS[name]]):
            continue
        try:
            with try_out("plain-story", fresh=not found) as flow:
                plainly(Story(flow, iut))
        except (ImplementationError, NotTestable, Inconclusive):
            continue
        found.add(name)
    if "create" not in found:
        raise NotTestable(
            "an ordinary person is not created, so that no story can be told",
            advice="mend the failures on CreateUSI first",
        )
    return found


Miss = ImplementationError | NotTestable


class Purse:
    """Calls that the stories of one check may still make, and the first failure, for when they are spent."""

    def __init__(self, budget: Budget) -> None:
        self.left = max(budget.examples, STEPS)
        self.more = self.left * _SHRINKING
        self.failure: Miss | None = None

    def fail(self, failure: Miss) -> None:
        """Note a failure; the first one pays for the search for a smaller story."""
        if self.failure is None:
            self.left = self.more
            self.failure = failure


def must_agree_with_the_registry(iut: Iut, try_out: TryOut, seed: int) -> None:
    """Have the product live through stories, and demand that its user is always told what is so.

    Args:
        iut: the implementation; each example of its budget pays for one call.
        try_out: begins a conversation.
        seed: of the stories.

    Raises:
        ImplementationError: the failure of the smallest story that could be afforded.
        NotTestable: nobody can be created; or the registry refused a request in the middle of a story.
    """
    rules = usable(iut, try_out)
    purse = Purse(iut.budget)
    places = st.integers(0, 3)

    def uses(name: str) -> Callable[[Any], bool]:
        return lambda self: name in rules

    class Telling(RuleBasedStateMachine):
        """One conversation, which begins with nothing remembered."""

        def __init__(self) -> None:
            super().__init__()
            iut.ledger.begin_example()
            self.begun = try_out("any-story", fresh=True)
            self.story = Story(self.begun.__enter__(), iut)
            self.failure: Miss | None = None

        def teardown(self) -> None:
            purse.left -= self.story.calls
            kind = None if self.failure is None else type(self.failure)
            self.begun.__exit__(kind, self.failure, None)

        def does(self, deed: Callable[[], None]) -> None:
            if purse.left - self.story.calls <= 0:
                if purse.failure is not None:
                    # Nothing smaller can be afforded: every further story ends as the first one did.
                    raise purse.failure
                return
            try:
                deed()
            except (ImplementationError, NotTestable) as failure:
                self.failure = failure
                iut.ledger.remember(failure)
                purse.fail(failure)
                raise

        @rule(applicant=st.integers(0, len(APPLICANTS) - 1))
        def create(self, applicant: int) -> None:
            if "create again" in rules or not self.story.matching(applicant):
                self.does(lambda: self.story.create(applicant))

        @precondition(uses("verify"))
        @rule(place=places, particulars=st.sampled_from(("right", "name", "date", "USI")))
        def verify(self, place: int, particulars: str) -> None:
            self.does(lambda: self.story.verify(place, particulars))

        @precondition(uses("rename"))
        @rule(place=places)
        def rename(self, place: int) -> None:
            self.does(lambda: self.story.rename(place))

        @precondition(uses("move"))
        @rule(place=places)
        def move(self, place: int) -> None:
            self.does(lambda: self.story.move(place))

        # Which rules there are must not depend on what happened: once the purse is empty, nothing happens.
        @precondition(uses("locate"))
        @rule(place=places)
        def locate(self, place: int) -> None:
            if self.story.at_home:
                self.does(lambda: self.story.locate(place, at_home=True))

        @precondition(uses("locate elsewhere"))
        @rule(place=places)
        def locate_elsewhere(self, place: int) -> None:
            if self.story.at_home:
                self.does(lambda: self.story.locate(place, at_home=False))

        @precondition(uses("locate nobody"))
        @rule()
        def locate_nobody(self) -> None:
            self.does(self.story.locate_nobody)

        @rule()
        def forget(self) -> None:
            if self.story.told:
                self.story.forget()

    settings = hypothesis.settings(
        max_examples=max(iut.budget.examples // _EXAMPLES_PER_STORY, 2),
        stateful_step_count=STEPS,
        database=None,
        deadline=None,
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    tell = partial(run_state_machine_as_test, settings=settings)
    if iut.budget.replaying is not None:
        purse.left = _ALL
        replayed(Telling, iut.budget.replaying, carry_out=tell)
    else:
        tell(hypothesis.seed(seed)(Telling))
