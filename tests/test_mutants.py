"""Every implementation of ours that is wrong in one way fails in exactly that way."""

import os

import pytest

from conformance import catalogue
from conformance.model import Level, Readiness, Status, Subcode
from conformance.reference import MUTANTS, VARIANTS, load_mutants
from conformance.runner import Order, run

load_mutants()

MISSES = {Status.FAIL, Status.WARN}

WIRE = ("STS-", "USI-WIRE", "USI-VER", "USI-LIM", "USI-SEC", "USI-FLT")
SLICES = {"checksum": ("USI-CHK",), "keystore": ("KS-",), "sts": WIRE, "usi": WIRE}
"""What is run for a mutant of each area in everyday runs; the rest of the profile cannot see it."""

THOROUGH = os.environ.get("EVTE_THOROUGH") == "1"
"""Run the whole profile for every mutant instead: about ten minutes more."""

WHOLE = ("accepts-everything", "factors-begin-with-one", "signs-with-sha1")


def area_of(kind):
    """The area of a mutant: the first word of its module's name."""
    return kind.__module__.rpartition(".")[2].partition("_")[0]


def profile_for(requirement):
    """The first full profile that demands the requirement."""
    return next(
        name
        for name in ("usi-local", "usi-cloud", "sbr-token")
        if requirement in catalogue.profile(name).requirements
    )


def misses(outcome):
    """The results of each requirement that the implementation missed."""
    found = {}
    for result in outcome.report.run.results:
        if result.status in MISSES:
            found.setdefault(result.requirement, []).append(result)
    return found


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mutant_is_caught_for_its_declared_reason(name):
    """The declared requirement fails, and no other but those declared to fail with it."""
    declared = MUTANTS[name].declaration
    only = () if THOROUGH else SLICES[area_of(MUTANTS[name])]
    outcome = run(Order(iut=f"mutant:{name}", profile=profile_for(declared.kills), only=only))
    demanded = {i for i in outcome.report.run.profile.requirements if not only or i.startswith(only)}
    missed = misses(outcome)
    untestable = {r.requirement for r in outcome.report.run.results if r.status is Status.NOT_TESTABLE}
    told = {identifier: results[0].message for identifier, results in missed.items()}
    assert declared.kills in missed, told
    assert set(missed) - {declared.kills} <= set(declared.also), told
    assert set(declared.also) & demanded <= set(missed) | untestable, told
    assert Subcode(declared.subcode) in {result.subcode for result in missed[declared.kills]}


@pytest.mark.parametrize("name", sorted(MUTANTS) if THOROUGH else WHOLE)
def test_a_mutant_is_not_ready(name):
    """Over the whole profile a mutant is NOT READY, exit 1; one that only misses a SHOULD has conditions."""
    declared = MUTANTS[name].declaration
    outcome = run(Order(iut=f"mutant:{name}", profile=profile_for(declared.kills)))
    failed = any(result.status is Status.FAIL for results in misses(outcome).values() for result in results)
    verdict = (outcome.report.verdict.readiness, outcome.exit_code)
    if failed or catalogue.requirement(declared.kills).level is Level.MUST:
        assert verdict == (Readiness.NOT_READY, 1)
    else:
        assert verdict == (Readiness.CONDITIONS, 0)


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
    outcome = run(Order(iut=f"variant:{name}", only=() if THOROUGH else ("USI-CHK", *WIRE)))
    assert misses(outcome) == {}
    assert {result.status for result in outcome.report.run.results} <= {Status.PASS, Status.SKIP}


@pytest.mark.parametrize("name", sorted(VARIANTS)[:1])
def test_a_legal_variant_is_ready(name):
    """Over the whole profile a legal variant is READY."""
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
