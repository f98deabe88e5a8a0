"""What a CI job lets pass, and what no gate ever does."""

from datetime import date

import pytest

from conformance.model import (
    Blame,
    Change,
    ChangeKind,
    Changes,
    Level,
    Point,
    Profile,
    Readiness,
    Result,
    Run,
    Status,
    StoredRun,
    Subcode,
    Waiver,
)
from conformance.verdict import Gate, decide, exit_code, new_conditions, new_failures

TODAY = date(2026, 11, 21)
BASELINE = StoredRun(
    started="2026-11-01T00:00:00Z",
    product="p",
    version="1",
    build="",
    profile="p",
    kit_version="0",
    readiness=Readiness.NOT_READY,
)


def result(requirement, status, **fields):
    level = fields.pop("level", Level.MUST)
    if status in {Status.FAIL, Status.WARN, Status.NOT_TESTABLE}:
        fields = {"subcode": Subcode.WRONG_VALUE, "blame": Blame.IMPLEMENTATION, "message": "no", **fields}
    return Result(requirement=requirement, case="c", status=status, level=level, **fields)


def run(*results, **fields):
    ids = tuple(each.requirement for each in results)
    return Run(
        **{
            "kit_version": "0",
            "profile": Profile(name="p", edition="1", title="t", purpose="u", requirements=ids),
            "catalogue_digest": "",
            "vectors_digest": "",
            "started": "2026-11-21T00:00:00Z",
            "finished": "2026-11-21T00:00:01Z",
            "seed": 0,
            "carrier": "in-process",
            "target": "reference",
            "planned": tuple(Point(requirement=name, case="c") for name in ids),
            "results": results,
            **fields,
        }
    )


def changes(*rows):
    return Changes(
        baseline=BASELINE,
        changes=tuple(
            Change(requirement=name, case="c", kind=ChangeKind.KIT, before=before, after=after)
            for name, before, after in rows
        ),
    )


def code(made, against, **options):
    options = {"gate": Gate.NO_NEW_FAILURES, **options}
    return exit_code(decide(made, today=TODAY), made, changes=against, **options)


FAILS = run(result("A", Status.PASS), result("B", Status.FAIL))


def test_a_failure_that_the_baseline_had_passes_only_this_gate():
    """NOT READY stays NOT READY; the gate `ready` says 1, `no-new-failures` says 0."""
    assert decide(FAILS, today=TODAY).readiness is Readiness.NOT_READY
    assert code(FAILS, changes()) == 0
    assert code(FAILS, changes(), gate=Gate.READY) == 1


@pytest.mark.parametrize(
    "before", [Status.PASS, Status.WARN, Status.INCONCLUSIVE, Status.NOT_APPLICABLE, None]
)
def test_a_failure_that_the_baseline_did_not_have_stops(before):
    """Whatever the point was before, and whatever explains it: also what nobody asked then is new."""
    assert code(FAILS, changes(("B", before, Status.FAIL))) == 1


def test_a_failure_in_another_way_is_new():
    """One failure must not hide behind another at the same point."""
    assert code(FAILS, changes(("B", Status.FAIL, Status.FAIL))) == 1


def test_a_failure_that_cannot_be_tested_any_more_is_not_new():
    """It is not known to be another one."""
    untestable = run(result("A", Status.PASS), result("B", Status.NOT_TESTABLE))
    assert code(untestable, changes(("B", Status.FAIL, Status.NOT_TESTABLE))) == 0
    assert code(untestable, changes(("B", Status.PASS, Status.NOT_TESTABLE))) == 1


def test_without_a_baseline_everything_is_new():
    """A gate that has nothing to compare with is as strict as the other."""
    assert new_failures(decide(FAILS, today=TODAY), None) == ("B[c]",)
    assert code(FAILS, None) == 1


def test_a_waived_failure_is_none():
    """What is admitted blocks nothing, new or not."""
    waiver = Waiver(
        requirement="B",
        status=Status.FAIL,
        subcode=Subcode.WRONG_VALUE,
        message_prefix="no",
        owner="o",
        reason="r",
        issue="i",
        added="2026-11-20",
        expires="2026-12-20",
    )
    waived = run(*FAILS.results, waivers=(waiver,))
    assert code(waived, changes(("B", Status.PASS, Status.FAIL))) == 0


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (run(result("A", Status.INCONCLUSIVE), *FAILS.results[1:]), 3),
        (run(result("A", Status.KIT_ERROR), *FAILS.results[1:]), 5),
        (run(*FAILS.results, harness_failure="gone"), 4),
        (run(*FAILS.results, interrupted=True), 130),
    ],
    ids=["incomplete", "kit error", "harness", "interrupted"],
)
def test_no_gate_lets_a_run_pass_that_has_no_verdict(made, expected):
    """What was not tested may fail newly."""
    assert code(made, changes()) == expected


def test_a_stale_waiver_is_told_behind_a_passed_gate():
    """Exit 6 comes after 1 and before 7."""
    waiver = Waiver(
        requirement="A",
        status=Status.FAIL,
        subcode=Subcode.WRONG_VALUE,
        message_prefix="no",
        owner="o",
        reason="r",
        issue="i",
        added="2026-11-20",
        expires="2026-12-20",
    )
    stale = run(*FAILS.results, waivers=(waiver,))
    assert code(stale, changes()) == 6
    assert code(stale, changes(("B", Status.PASS, Status.FAIL))) == 1


def test_strict_asks_for_no_new_condition():
    """A warning that the baseline had passes, a new one is exit 7."""
    warns = run(result("A", Status.PASS), result("B", Status.WARN, level=Level.SHOULD))
    new = changes(("B", Status.PASS, Status.WARN))
    assert new_conditions(new) == ("B[c]",)
    assert (code(warns, new), code(warns, new, strict=True)) == (0, 7)
    assert code(warns, changes(), strict=True) == 0
    assert code(warns, changes(("B", Status.FAIL, Status.WARN)), strict=True) == 0
    assert code(warns, new, strict=True, gate=Gate.READY) == 7


def test_a_part_says_that_it_is_one():
    """What other parts run is open; the sentence says so, and what has failed already."""
    plan = (Point(requirement="A", case="c"), Point(requirement="B", case="c"))
    profile = Profile(name="p", edition="1", title="t", purpose="u", requirements=("A", "B"))
    part = run(result("B", Status.FAIL), planned=plan, profile=profile, shard="2/2")
    verdict = decide(part, today=TODAY)
    assert (verdict.readiness, verdict.missing) == (Readiness.INCOMPLETE, ("A[c]",))
    assert verdict.sentence == (
        "This is part 2/2 of the profile; no part has a verdict of its own. "
        "Already 1 of 2 requirements fails."
    )
    assert exit_code(verdict, part) == 3


def test_a_waiver_is_not_stale_while_its_requirement_is_open():
    """A part, or a selection, does not say that a failure elsewhere is gone."""
    waiver = Waiver(
        requirement="A",
        status=Status.FAIL,
        subcode=Subcode.WRONG_VALUE,
        message_prefix="no",
        owner="o",
        reason="r",
        issue="i",
        added="2026-11-20",
        expires="2026-12-20",
    )
    for settled, told in ((Status.SKIP, 0), (Status.PASS, 1)):
        made = run(result("A", settled), result("B", Status.PASS), waivers=(waiver,))
        assert len(decide(made, today=TODAY).waiver_errors) == told
