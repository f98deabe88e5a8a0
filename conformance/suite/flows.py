"""Calls that belong together: one story of several operations, and a right request for each operation.

The registry forgets at the end of a scenario whatever happened in it, so that a person who is created and
then verified, or a batch that is uploaded and then fetched, needs one scenario for both.  A flow is such a
scenario: one recording, and of each step the answer of the product with what crossed the wire in that step.

    def test_finds_whom_it_created(begin):
        with begin("create-and-verify") as flow:
            created = flow.ask("CreateUSI", APPLICANT)
            usi = created.reply.must_be_ok()["response"]["Application"]["USI"]
            verified = flow.ask("VerifyUSI", {"USI": usi, ...})

`carry_out_together` does the same where no step needs the answer of an earlier one.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import pytest

from conformance.protocol.operations import OPERATIONS
from conformance.suite import operation
from conformance.suite.iut import Iut, Reply

if TYPE_CHECKING:
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Recording
    from conformance.suite.conftest import Scenario

# --- right requests -------------------------------------------------------------------------------

PERSON: Final = {
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
"""A published person of the third-party testing environment, and what is right for her."""

CONTACT_DETAILS: Final = {
    "CountryOfResidenceCode": "1101",
    "EmailAddress": "learner@example.com",
    "Phone": {"Mobile": "0491570006"},
    "NationalAddress": {
        "Address1": "1 Test Street",
        "SuburbTownCity": "Dubbo",
        "State": "NSW",
        "PostCode": "2830",
    },
}
"""Four means of contact of nobody: the domain and the number are set aside for examples."""

PERSONAL_DETAILS: Final = {
    "Gender": "F",
    "FirstName": "Quilla",
    "MiddleName": "June",
    "FamilyName": "Testapplicant",
    "DateOfBirth": "1994-06-07",
    "CountryOfBirthCode": "1101",
    "TownCityOfBirth": "Dubbo",
    "IsPreferredName": False,
}
"""A person whom the registry does not know."""

APPLICATION: Final = {
    "DVSCheckRequired": True,
    "ContactDetails": CONTACT_DETAILS,
    "PersonalDetails": PERSONAL_DETAILS,
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
}
"""An application for that person, with a published mock document that the registry can verify."""

REQUESTS: Final[dict[str, dict[str, Any]]] = {
    "VerifyUSI": PERSON,
    "BulkVerifyUSI": {
        "Verifications": {
            "Verification": [
                PERSON,
                {
                    "USI": "BP6LKB3C7X",
                    "FirstName": "Csenge",
                    "FamilyName": "Gumarsson",
                    "DateOfBirth": "1988-12-26",
                },
                {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
            ]
        }
    },
    "CreateUSI": {"Application": APPLICATION},
    "BulkUpload": {
        "Applications": {
            "Application": [
                APPLICATION,
                {
                    **APPLICATION,
                    "PersonalDetails": {
                        **PERSONAL_DETAILS,
                        "FirstName": "Rilla",
                        "DateOfBirth": "1995-07-08",
                    },
                    "ContactDetails": {**CONTACT_DETAILS, "EmailAddress": "another-learner@example.com"},
                },
            ]
        }
    },
    "BulkUploadRetrieve": {},
    "LocateUSI": {
        "PersonalDetails": {
            "Gender": "F",
            "FirstName": "Maryam",
            "FamilyName": "Fredrick",
            "DateOfBirth": "1966-05-25",
        }
    },
    "UpdateUSIContactDetails": {
        "USI": "BNGH7C75FN",
        "ContactDetailsUpdate": {"EmailAddress": "changed@example.com"},
    },
    "UpdateUSIPersonalDetails": {
        "USI": "BNGH7C75FN",
        "DVSCheckRequired": False,
        "PersonalDetailsUpdate": {"PreferredFirstName": "Mary"},
    },
    "GetCountries": {},
    "GetNonDvsDocumentTypes": {},
}
"""A right request of each operation, in the form in which a product is asked for it."""

COMES_FIRST: Final = {"BulkUploadRetrieve": "BulkUpload"}
"""What has to be asked before an operation, in the same flow, so that there is something to ask about."""


def each_operation(*names: str) -> pytest.MarkDecorator:
    """Parametrise a check with operations, as its argument `name`; one that a product lacks does not apply.

    Args:
        names: of operations; all of them when none is given.
    """
    marked = [pytest.param(name, marks=operation(name)) for name in names or OPERATIONS]
    return pytest.mark.parametrize("name", marked)


# --- flows ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One call of a flow."""

    operation: str = "VerifyUSI"
    request: dict[str, Any] | None = None
    """As a product is given it; that of `REQUESTS` when None."""
    fresh: bool = False
    """Whether the product's caches are forgotten first."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Parameters of the contract that differ from the bench's: `org_code`, `act_as`, `usi_address`."""


class Flow:
    """A scenario that is going on.

    Args:
        name: of the scenario, and id of its evidence.
        iut: the implementation.
        bench: whose scenario it is.
        recording: of the scenario.
        make: makes a `Scenario` of a reply, its share of the recording, the id of the evidence and the
            implementation.
        stack: ends with the flow.
    """

    def __init__(
        self,
        name: str,
        iut: Iut,
        bench: "Bench",
        recording: "Recording",
        make: "Callable[[Reply, Recording, str, Iut], Scenario]",
        stack: ExitStack,
    ) -> None:
        self.name = name
        self.recording = recording
        """Of everything so far."""
        self._iut = iut
        self._bench = bench
        self._make = make
        self._stack = stack

    def ask(
        self,
        operation: str = "VerifyUSI",
        request: dict[str, Any] | None = None,
        *,
        fresh: bool = False,
        **overrides: Any,  # noqa: ANN401 - parameters of the contract
    ) -> "Scenario":
        """Have the product make one call, and return it with what crossed the wire in it.

        Args:
            operation: of the registry.
            request: as a product is given it; that of `REQUESTS` when left out.
            fresh: whether the product's caches are forgotten first.
            **overrides: parameters of the contract that differ from the bench's.
        """
        if fresh:
            self._iut.session_reset()
        before = len(self.recording.exchanges)
        asked = REQUESTS[operation] if request is None else request
        reply = self._iut.usi_call(
            **{**self._bench.parameters(), **overrides}, operation=operation, request=asked
        )
        share = replace(self.recording, exchanges=self.recording.exchanges[before:])
        return self._make(reply, share, self.name, self._iut)

    def start_again(self) -> None:
        """Have every further call made by a new process of the product, which remembers what is on disk.

        The first process is left running and idle, as the run's other checks need it.
        """
        session = self._iut.session.another()
        self._stack.callback(session.close)
        ledger, self._iut = self._iut.ledger, Iut(session, self._iut.budget)
        self._iut.ledger = ledger


Begin = Callable[..., AbstractContextManager[Flow]]
"""`begin(name, *, faults=(), fresh=True, deadline_s=None)`: lets a flow go on while the block runs; a fixture
whose parameters are those of `begun`."""

CarryOutTogether = Callable[..., "list[Scenario]"]
"""`carry_out_together(name, steps, *, faults=())`: the steps one after the other in one flow; a fixture."""


@contextmanager
def begun(
    name: str,
    iut: Iut,
    bench: "Bench",
    make: "Callable[[Reply, Recording, str, Iut], Scenario]",
    keep: "Callable[[Recording], object]",
    *,
    faults: tuple[str, ...] = (),
    fresh: bool = True,
    deadline_s: float | None = None,
) -> Iterator[Flow]:
    """Let a flow go on while the block runs.

    Args:
        name: of the scenario, unique within the run.
        iut: the implementation.
        bench: whose scenario it is.
        make: as of `Flow`.
        keep: keeps the evidence of the recording, however the block ends.
        faults: of the simulators, for the whole flow; a count, as in `registry.1001@1`, counts its answers.
        fresh: whether the product's caches are forgotten first.
        deadline_s: seconds that each call is given, instead of those of the run or of the contract.
    """
    if fresh:
        iut.session_reset()
    if deadline_s is not None:
        ledger, iut = iut.ledger, Iut(iut.session, replace(iut.budget, deadline_s=deadline_s))
        iut.ledger = ledger
    with ExitStack() as stack, bench.scenario(name, faults=faults) as recording:
        try:
            yield Flow(name, iut, bench, recording, make, stack)
        finally:
            keep(recording)


def carried_out(begin: Begin, name: str, steps: Sequence[Step], faults: tuple[str, ...]) -> "list[Scenario]":
    """Carry out steps one after the other in one flow, and return what came of each."""
    with begin(name, faults=faults) as flow:
        return [flow.ask(step.operation, step.request, fresh=step.fresh, **step.overrides) for step in steps]
