"""The vendor-facing checks: does this implementation conform?

A check is one short function that cites one requirement.  Four decorators carry the frame:
`requirement` names what it settles, `operation` what it calls, `vectors` gives it a case per vector,
`for_all` a Hypothesis property.
Everything else comes by fixture: `iut`, the implementation, and the scenarios of `conftest.py`.

    @requirement("USI-CHK-01")
    @vectors("checksum/valid.json")
    def test_accepts_a_right_usi(iut, case):
        iut.answer_to(case).must_meet(case.expect)
"""

import functools
import inspect
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import hypothesis
import pytest
from hypothesis.strategies import SearchStrategy

from conformance import vectors as vector_files
from conformance.errors import ImplementationError, KitError
from conformance.model import CounterExample, Expectation, Vector
from conformance.suite.examples import choices_so_far, must_be_drawn, replayed

Check = Callable[..., Any]

# No explain phase: with a child process or a server in the loop it costs twenty times the run.
_PHASES: Final = (hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.shrink)

EXCHANGE: Final = 5
"""What an example costs that exchanges messages with a service: about as much as this many pure calls."""


@dataclass(frozen=True, slots=True)
class Case:
    """One vector as a check sees it, with its healthy twin at hand."""

    file: str
    vector: Vector
    twin: "Case | None" = None

    @property
    def id(self) -> str:
        """The vector's id, unique within its file."""
        return self.vector.id

    @property
    def method(self) -> str:
        """The contract method that the vector is for."""
        return self.vector.method

    @property
    def input(self) -> dict[str, Any]:
        """The parameters of the call, or the recipe from which they are made."""
        return self.vector.input

    @property
    def expect(self) -> Expectation:
        """The right answer."""
        return self.vector.expect

    @property
    def mutation(self) -> str:
        """What was changed against the twin, in words."""
        return self.vector.mutation


@dataclass(frozen=True, slots=True)
class Budget:
    """How much a property may try, from which seed, and how long a call may take."""

    seed: int = 0
    examples: int = 60
    deadline_s: float | None = None
    """Seconds per call instead of the contract's own deadlines."""
    replaying: CounterExample | None = None
    """The stored example that a property tries instead of searching."""


def requirement(identifier: str) -> pytest.MarkDecorator:
    """Say which requirement a check settles; the plugin refuses an id that the catalogue does not know."""
    return pytest.mark.requirement(identifier)


def operation(name: str) -> pytest.MarkDecorator:
    """Say which operation of the registry a check, or one of its parameters, calls besides VerifyUSI.

    Where the profile allows a product to lack the operation and the product declares that it does, the check
    does not apply.  A vector that names an operation in its input needs no such mark.
    """
    return pytest.mark.operation(name)


def cases(*names: str) -> list[Case]:
    """Return the vectors of the named files, for instance `checksum/valid.json`, each with its twin.

    Raises:
        KitError: a vector names a twin that its file does not hold.
    """
    found = []
    for name in names:
        by_id = {vector.id: vector for vector in vector_files.load(name).cases}
        for vector in by_id.values():
            twin = by_id.get(vector.twin)
            if vector.twin and twin is None:
                raise KitError(
                    f"vector {vector.id} names the twin {vector.twin}, which does not exist", where=name
                )
            found.append(Case(name, vector, Case(name, twin) if twin else None))
    return found


def vectors(*names: str, method: str = "") -> pytest.MarkDecorator:
    """Give a check one case, the argument `case`, per vector of the named files.

    Args:
        names: paths below `vectors/`.
        method: only the vectors for this contract method; all when empty.
    """
    chosen = [case for case in cases(*names) if method in {"", case.method}]
    if not chosen:
        raise KitError(f"no vector for {method or 'any method'} in {', '.join(names)}")
    ids = [case.id for case in chosen]
    if len(set(ids)) != len(ids):
        ids = [f"{case.file.rpartition('/')[2].removesuffix('.json')}-{case.id}" for case in chosen]
    return pytest.mark.parametrize("case", chosen, ids=ids)


_SHRINKING: Final = 6
"""Once a failure is found, this many times the usual examples may be spent on a smaller one."""


class _Failures:
    """The examples of one search that failed, for when nothing more can be spent on a smaller one.

    Args:
        most: how many examples may be tried after the first failure; None for any number.
    """

    def __init__(self, most: int | None) -> None:
        self._left = most
        self._known: dict[str, ImplementationError] = {}
        self._over = False

    def end(self) -> None:
        """Let no further example be tried."""
        self._over = True

    @property
    def spent(self) -> bool:
        """Whether no further example may be tried; counts the one that is about to be."""
        if self._over:
            return True
        if self._known and self._left is not None:
            self._left -= 1
            return self._left < 0
        return False

    def note(self, values: dict[str, Any], miss: ImplementationError) -> None:
        """Remember that an example failed."""
        for name in _names_of(values):
            self._known[name] = miss

    def raise_known(self, values: dict[str, Any]) -> None:
        """Fail as before with an example that has failed; any other one passes untried."""
        for name in _names_of(values):
            if miss := self._known.get(name):
                raise miss


def _names_of(values: dict[str, Any]) -> tuple[str, ...]:
    """Return what an example is known by: its values, and the choices that they were drawn by."""
    return tuple(filter(None, (repr(values), choices_so_far()[0])))


def _made(
    strategy: SearchStrategy[Any] | Callable[..., SearchStrategy[Any]], given: dict[str, Any]
) -> SearchStrategy[Any]:
    """Return a strategy, made of parameters where it depends on them."""
    if isinstance(strategy, SearchStrategy):
        return strategy
    return strategy(**{name: given[name] for name in inspect.signature(strategy).parameters})


def for_all(
    cost: int = 1, /, **strategies: SearchStrategy[Any] | Callable[..., SearchStrategy[Any]]
) -> Callable[[Check], Check]:
    """Make a check a property over the given strategies; its fixtures, `iut` among them, come as ever.

    The seed is the run's seed mixed with the check's name and its parameters, so that neither order nor
    selection of checks changes what one of them tries.  No example database: same seed, same examples.

    Args:
        cost: of one example, counted in pure calls; so much fewer are tried, and never less than two.  What
            costs more than a pure call also has an end to the search for a smaller counter-example.
        **strategies: what is drawn, by the name of the check's argument; or a function that makes a strategy
            of parameters of the check, which it takes by their names.
    """

    def decorate(check: Check) -> Check:
        fixtures = [name for name in inspect.signature(check).parameters if name not in strategies]
        if "iut" not in fixtures:
            raise KitError(f"the property {check.__name__} must take the fixture iut")

        @functools.wraps(check)
        def run(**given: Any) -> None:  # noqa: ANN401 - fixtures of any kind
            budget: Budget = given["iut"].budget
            examples = max(budget.examples // cost, min(budget.examples, 2))
            failures = _Failures(examples * _SHRINKING if cost > 1 else None)
            named = [check.__name__, *(value for value in given.values() if isinstance(value, str))]

            @hypothesis.seed(budget.seed ^ zlib.crc32(" ".join(named).encode()))
            @hypothesis.settings(
                max_examples=examples,
                database=None,
                deadline=None,
                phases=_PHASES,
                print_blob=False,
                report_multiple_bugs=False,
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(**{name: _made(strategy, given) for name, strategy in strategies.items()})
            def example(**values: Any) -> None:  # noqa: ANN401 - whatever the strategies draw
                if failures.spent:
                    failures.raise_known(values)
                    return
                ledger = given["iut"].ledger
                ledger.begin_example(repr(values))
                if budget.replaying is not None:
                    must_be_drawn(budget.replaying, repr(values))
                try:
                    check(**given, **values)
                except ImplementationError as miss:
                    ledger.remember(miss)
                    if given["iut"].session.fallen:
                        # Each crash or hang costs a start, and the third in a row ends the capability: the
                        # first example that showed one has to do, however large it is.
                        failures.end()
                    failures.note(values, miss)
                    raise
                if budget.replaying is not None and ledger.missed:
                    # The search would go on: it is what another requirement asks about.
                    raise ledger.missed[-1]

            if budget.replaying is None:
                example()
            else:
                replayed(example, budget.replaying)

        # pytest asks for the fixtures that this signature names.
        run.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
            [inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in fixtures]
        )
        del run.__wrapped__
        return run

    return decorate
