"""Every implementation of ours that is wrong in one way fails in exactly that way."""

import pytest

from conformance import catalogue
from conformance.model import Level, Readiness, Status, Subcode
from conformance.reference import MUTANTS, VARIANTS, load_mutants
from conformance.runner import Order, run

load_mutants()

MISSES = {Status.FAIL, Status.WARN}


def profile_for(requirement):
    """The first full profile that demands the requirement."""
    return next(
        name
        for name in ("usi-local", "usi-cloud", "sbr-token")
        if requirement in catalogue.profile(name).requirements
    )


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mutant_is_caught_for_its_declared_reason(name):
    """The failing requirements are the declared ones, no fewer and no more."""
    declared = MUTANTS[name].declaration
    outcome = run(Order(iut=f"mutant:{name}", profile=profile_for(declared.kills)))
    missed = {}
    for result in outcome.report.run.results:
        if result.status in MISSES:
            missed.setdefault(result.requirement, []).append(result)
    expected = {declared.kills, *declared.also} & set(outcome.report.run.profile.requirements)
    assert set(missed) == expected, {key: value[0].message for key, value in missed.items()}
    assert Subcode(declared.subcode) in {result.subcode for result in missed[declared.kills]}
    must = any(catalogue.requirement(identifier).level is Level.MUST for identifier in expected) or any(
        result.status is Status.FAIL for results in missed.values() for result in results
    )
    if must:
        assert (outcome.report.verdict.readiness, outcome.exit_code) == (Readiness.NOT_READY, 1)
    else:
        assert (outcome.report.verdict.readiness, outcome.exit_code) == (Readiness.CONDITIONS, 0)


@pytest.mark.parametrize("profile", ["smoke", "usi-local", "usi-cloud", "sbr-token"])
def test_the_reference_is_ready(profile):
    """The correct implementation raises no alarm in any profile."""
    outcome = run(Order(iut="reference", profile=profile))
    assert (outcome.report.verdict.readiness, outcome.exit_code) == (Readiness.READY, 0), (
        outcome.report.verdict
    )


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_legal_variant_raises_no_alarm(name):
    """An implementation that is right in another way is not failed for it."""
    outcome = run(Order(iut=f"variant:{name}"))
    assert outcome.report.verdict.readiness is Readiness.READY, outcome.report.verdict


def test_every_checked_requirement_has_a_mutant():
    """No check is green that was never seen to fail."""
    covered = {kind.declaration.kills for kind in MUTANTS.values()}
    checked = {name for name, row in catalogue.requirements().items() if row.checked_by}
    assert checked - covered == set()


@pytest.mark.parametrize("seed", [1, 20261121])
def test_the_verdict_does_not_hang_on_the_seed(seed):
    """Other examples, same verdict."""
    assert run(Order(iut="reference", profile="usi-local", seed=seed)).exit_code == 0
