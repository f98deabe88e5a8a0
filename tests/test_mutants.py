"""Every implementation of ours that is wrong in one way fails in exactly that way."""

import os
import re
from datetime import date

import msgspec
import pytest

from conformance import catalogue
from conformance.model import Attestation, Attested, Level, Readiness, Status, Subcode
from conformance.reference import MUTANTS, VARIANTS, Correct, load_mutants
from conformance.runner import Order, run
from conformance.suite import test_keystore_properties, test_usi_properties
from conformance.verdict import decide

load_mutants()

MISSES = {Status.FAIL, Status.WARN}

OPERATIONS = ("USI-BLV", "USI-CRE", "USI-BLK", "USI-LOC", "USI-UPD", "USI-REF", "USI-DVS")
VERIFICATIONS = ("USI-VER-", "USI-SEC", "USI-FLT-07")
CALLS = ("USI-WIRE", "USI-VER", "USI-LIM", "USI-SEC", "USI-FLT", "STS-U", *OPERATIONS)
WIRE = ("STS-", *CALLS)
FILE = ("KS-P", "KS-C", "KS-I")
CREDENTIAL = ("KS-T", "KS-D", "KS-S", "KS-K0", "KS-K10", "KS-K11", "KS-K12", "KS-K13")
AREAS = {
    "checksum": ("USI-CHK",),
    "keystore_file": FILE,
    "keystore_credential": CREDENTIAL,
    "keystore_key": CREDENTIAL,
    "keystore_handling": ("KS-X", "KS-F", "KS-G"),
    "keystore_renewal": ("KS-R", "KS-K14"),
    "keystore_life": ("KS-L", "KS-A"),
    "keystore_properties": (*FILE, *CREDENTIAL),
    "sts_request": WIRE,
    "sts_answer": WIRE,
    "sts_connection": WIRE,
    "sts_use": WIRE,
    "sts_trouble": WIRE,
    "sts_tenancy": WIRE,
    "usi_wire": WIRE,
    "usi_verify": WIRE,
    "usi_faults": WIRE,
    "usi_security": WIRE,
    "usi_limits": WIRE,
    "usi_bulk_verify": WIRE,
    "usi_create": WIRE,
    "usi_locate": WIRE,
    "usi_dvs": WIRE,
    "usi_properties": WIRE,
}
"""By module of mutants: the requirements that are likely to see one of them."""

PROPERTIES = {
    mark.args[0]
    for module in (test_keystore_properties, test_usi_properties)
    for check in vars(module).values()
    for mark in getattr(check, "pytestmark", ())
    if mark.name == "requirement"
}
"""What a mutant may also miss by a property: the few examples of an everyday run need not show it."""

WIDTH = os.environ.get("EVTE_MUTANTS", "day")
"""What is run for each mutant besides what it declares, on a quiet machine of two cores:

`day`: as `group`, but of calls to the registry only the variants of one requirement; some minutes.
`group`: the requirements that begin as the one it must miss does, USI-CRE for instance.
`area`: what is likely to see it; before a landing that touches checks or mutants, about a quarter of an hour.
`profile`: everything, and the verdict too; before a release, about an hour.
"""

GROUP = r"[A-Z]+-[A-Z]+"
EVERY_DAY = rf"USI-(?!CHK)[A-Z0-9]+-[0-9]+|{GROUP}"

MAY_NOT_APPLY = {"STS-P02", "STS-P03"}
"""What only a product that sends entropy can be asked."""

ALL_EXAMPLES = 60
NEED_EXAMPLES = ("checksum", "keystore_properties", "usi_properties")
"""Modules of mutants that only a property catches, or catches best."""

WHOLE = ("accepts-everything", "factors-begin-with-one", "signs-with-sha1")


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


def selection(declared, module):
    """What is run for a mutant, as `--only` takes it; empty for everything."""
    if WIDTH == "profile":
        return ()
    group = re.match(GROUP if WIDTH == "group" else EVERY_DAY, declared.kills)[0]
    return (*(AREAS[module] if WIDTH == "area" else (group,)), declared.kills, *declared.also)


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_mutant_is_caught_for_its_declared_reason(name):
    """The declared requirement fails, and no other but those declared to fail with it."""
    declared = MUTANTS[name].declaration
    module = MUTANTS[name].__module__.rpartition(".")[2]
    only = selection(declared, module)
    examples = ALL_EXAMPLES if WIDTH == "profile" or module in NEED_EXAMPLES else 10
    outcome = run(
        Order(iut=f"mutant:{name}", profile=profile_for(declared.kills), only=only, examples=examples)
    )
    demanded = {i for i in outcome.report.run.profile.requirements if not only or i.startswith(only)}
    missed = misses(outcome)
    untestable = {r.requirement for r in outcome.report.run.results if r.status is Status.NOT_TESTABLE}
    hidden = set() if examples == ALL_EXAMPLES else PROPERTIES
    told = {identifier: results[0].message for identifier, results in missed.items()}
    assert declared.kills in missed, told
    assert set(missed) - {declared.kills} <= set(declared.also), told
    assert set(declared.also) & demanded <= set(missed) | untestable | hidden, told
    assert Subcode(declared.subcode) in {result.subcode for result in missed[declared.kills]}


@pytest.mark.parametrize("name", sorted(MUTANTS) if WIDTH == "profile" else WHOLE)
def test_a_mutant_is_not_ready(name):
    """Over a whole profile a mutant is NOT READY, exit 1; one that only misses a SHOULD has conditions."""
    declared = MUTANTS[name].declaration
    profile = profile_for(declared.kills) if WIDTH == "profile" else "smoke"
    outcome = run(Order(iut=f"mutant:{name}", profile=profile))
    failed = any(result.status is Status.FAIL for results in misses(outcome).values() for result in results)
    verdict = (outcome.report.verdict.readiness, outcome.exit_code)
    if failed or catalogue.requirement(declared.kills).level is Level.MUST:
        assert verdict == (Readiness.NOT_READY, 1)
    else:
        assert verdict == (Readiness.CONDITIONS, 0)


@pytest.mark.parametrize("profile", ["smoke", "usi-local", "usi-cloud", "sbr-token"])
def test_the_reference_is_ready(profile):
    """The correct implementation raises no alarm in any profile: what is open is for a person to answer."""
    examples = ALL_EXAMPLES if WIDTH == "profile" or profile == "usi-local" else 10
    outcome = run(Order(iut="reference", profile=profile, examples=examples))
    asked = catalogue.profile(profile).questions
    verdict = outcome.report.verdict
    ready = Readiness.CONDITIONS if asked else Readiness.READY
    assert (verdict.readiness, verdict.conditions, outcome.exit_code) == (ready, (), 0), verdict
    assert verdict.open_questions == asked
    answered = tuple(
        Attestation(question=name, answer=Attested.YES, name="Jo Citizen", date="2026-11-22")
        for name in asked
    )
    attested = msgspec.structs.replace(outcome.report.run, attestations=answered)
    today = date.fromisoformat(attested.finished[:10])
    assert decide(attested, today=today).readiness is Readiness.READY


def calls_otherwise(variant):
    """Whether a variant asks the registry something else, or in another order, than the reference."""
    changed = {name for name in vars(variant.Registry or object) if not name.startswith("_")}
    return bool(changed - {"endorse"} - set(vars(object))) or variant.operations != Correct.operations


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_legal_variant_raises_no_alarm(name):
    """An implementation that is right in another way is not failed for it."""
    whole = WIDTH == "profile"
    day = CALLS if calls_otherwise(VARIANTS[name]) else ("USI-CHK", "STS-", *VERIFICATIONS)
    only = () if whole else ("USI-CHK", *WIRE) if WIDTH == "area" else day
    outcome = run(Order(iut=f"variant:{name}", only=only, examples=ALL_EXAMPLES if whole else 10))
    counted = [result for result in outcome.report.run.results if result.level is not Level.INFO]
    assert [result.message for result in counted if result.status in MISSES] == []
    kept = [result for result in counted if result.requirement not in MAY_NOT_APPLY]
    expected = {Status.PASS, Status.SKIP}
    if VARIANTS[name].operations != Correct.operations:
        # What is not offered is not applicable, and is seen to be.
        assert Status.NOT_APPLICABLE in {result.status for result in kept}
        expected |= {Status.NOT_APPLICABLE}
    assert {result.status for result in kept} <= expected
    assert {result.status for result in counted} <= {Status.PASS, Status.SKIP, Status.NOT_APPLICABLE}


@pytest.mark.parametrize("name", sorted(VARIANTS))
def test_a_legal_variant_is_ready(name):
    """Over a whole profile a legal variant is READY."""
    outcome = run(Order(iut=f"variant:{name}", profile="smoke", examples=10))
    assert outcome.report.verdict.readiness is Readiness.READY, outcome.report.verdict


def test_every_checked_requirement_has_a_mutant():
    """No check is green that was never seen to fail."""
    covered = {kind.declaration.kills for kind in MUTANTS.values()}
    checked = {name for name, row in catalogue.requirements().items() if row.checked_by}
    assert checked - covered == set()


def test_the_verdict_does_not_hang_on_the_seed():
    """Other examples, same verdict."""
    assert run(Order(iut="reference", profile="sbr-token", seed=20261121, examples=10)).exit_code == 0
