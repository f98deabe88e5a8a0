"""The mutants of the check character answer wrongly where the vectors say that they do."""

import pytest

import conformance.reference.mutants.checksum as module
from conformance import vectors
from conformance.catalogue import requirement
from conformance.model import Level
from conformance.reference import MUTANTS
from conformance.reference.correct import Correct

OWN = {name: kind for name, kind in MUTANTS.items() if kind.__module__ == module.__name__}
ON_THE_WIRE = {
    "sends-reporting-codes",
    "leaves-the-check-to-the-registry",
    "sends-lower-case-unchecked",
    "sends-what-was-typed",
}
CASES = [
    pytest.param(case, id=f"{name.removesuffix('.json')}-{case.id}")
    for name in vectors.files()
    if name.startswith("checksum/")
    for case in vectors.load(name).cases
]


def answers_right(implementation, case):
    """Whether an implementation gives one of the right answers to a case."""
    try:
        result = implementation.handle(case.method, case.input)
    except Exception:  # the mistake of some mutants is that they fall over
        return False
    expect = case.expect
    if result["status"] == "ok":
        return expect.status in {"ok", "either"} and expect.value in {None, result["value"]}
    return expect.status in {"rejected", "either"} and result["reason"] in expect.reasons


@pytest.mark.parametrize("case", CASES)
def test_the_correct_implementation_answers_right(case):
    """The reference gives a right answer to every case."""
    assert answers_right(Correct(), case)


@pytest.mark.parametrize("case", [param for param in CASES if param.values[0].kills])
def test_a_case_kills_the_mutants_that_it_names(case):
    """`kills` is true: each mutant named by a case gives a wrong answer to it."""
    assert [name for name in case.kills if answers_right(OWN[name](), case)] == []


def test_every_mutant_is_killed_by_a_case():
    """No mutant of `usi.validate` or `usi.check_character` lives on; the others are caught on the wire."""
    killed = {name for param in CASES for name in param.values[0].kills}
    assert set(OWN) - killed == ON_THE_WIRE


def test_a_mutant_is_wrong_in_one_method_only():
    """A mutant of one method leaves the other as it is."""
    small = [param.values[0] for param in CASES if "a-million" not in param.values[0].id]
    for name, kind in OWN.items():
        wrong = {case.method for case in small if not answers_right(kind(), case)}
        assert len(wrong) == (0 if name in ON_THE_WIRE else 1), name


def test_each_checked_requirement_has_its_mutant():
    """Every requirement of the area is seen to fail, and most mutants break what must hold."""
    killed = [kind.declaration.kills for kind in OWN.values()]
    assert set(killed) == {f"USI-CHK-{number:02}" for number in range(1, 15)}
    assert len([name for name in killed if requirement(name).level is Level.MUST]) >= 12
