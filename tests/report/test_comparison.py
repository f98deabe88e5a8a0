"""Every point that differs between two runs is in one kind, and the kind is the nearest explanation."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.errors import OperatorError
from conformance.model import (
    Blame,
    ChangeKind,
    Implementation,
    Level,
    Point,
    Status,
    Subcode,
)
from conformance.report.comparison import compare, reasons, stored, tally

replace = msgspec.structs.replace
SOUND = ("USI-CHK-01", "accepts_a_right_usi[published-01]")
OTHER = Implementation(name="Example SMS", version="7.3.0", build="sha256:" + "0" * 64)


@pytest.fixture
def same(sample):
    """A report, and a function that returns it with one result and fields of the run changed."""
    report = sample.ready()

    def changed(status=None, *, subcode=None, blame=Blame.IMPLEMENTATION, point=SOUND, gone=False, **fields):
        results = []
        for each in report.run.results:
            if (each.requirement, each.case) == point:
                if gone:
                    continue
                if status is not None:
                    guilty = blame if status not in {Status.PASS, Status.SKIP} else None
                    each = replace(each, status=status, subcode=subcode, blame=guilty, message="told")
            results.append(each)
        return replace(report, run=replace(report.run, results=tuple(results), **fields))

    return changed


def kinds(before, after):
    return [(each.kind, each.before, each.after) for each in compare(before, after).changes]


BUILD = {"implementation": OTHER}


@pytest.mark.parametrize(
    ("then", "now", "kind"),
    [
        ((Status.PASS,), (Status.FAIL,), ChangeKind.NEWLY_FAILING),
        ((Status.PASS,), (Status.WARN,), ChangeKind.NEWLY_FAILING),
        ((Status.WARN,), (Status.FAIL,), ChangeKind.NEWLY_FAILING),
        ((Status.FAIL,), (Status.NOT_TESTABLE,), ChangeKind.NEWLY_FAILING),
        ((Status.FAIL,), (Status.PASS,), ChangeKind.MENDED),
        ((Status.FAIL,), (Status.WARN,), ChangeKind.MENDED),
        ((Status.NOT_TESTABLE,), (Status.PASS,), ChangeKind.MENDED),
        ((Status.SKIP,), (Status.PASS,), ChangeKind.NEWLY_EXECUTED),
        ((Status.SKIP,), (Status.FAIL,), ChangeKind.NEWLY_EXECUTED),
        ((Status.INCONCLUSIVE,), (Status.PASS,), ChangeKind.NEWLY_EXECUTED),
        ((Status.NOT_APPLICABLE,), (Status.PASS,), ChangeKind.NEWLY_EXECUTED),
        ((Status.SKIP,), (Status.NOT_APPLICABLE,), ChangeKind.NEWLY_EXECUTED),
        ((Status.PASS,), (Status.SKIP,), ChangeKind.NO_LONGER_EXECUTED),
        ((Status.FAIL,), (Status.NOT_APPLICABLE,), ChangeKind.NO_LONGER_EXECUTED),
        ((Status.PASS,), (Status.INCONCLUSIVE,), ChangeKind.NO_LONGER_EXECUTED),
        ((Status.NOT_APPLICABLE,), (Status.KIT_ERROR,), ChangeKind.NO_LONGER_EXECUTED),
    ],
)
def test_of_another_build_the_nature_of_the_change_is_told(same, then, now, kind):
    """Kit and configuration are the same, so that the product is what changed."""
    assert kinds(same(*then), same(*now, **BUILD)) == [(kind, then[0], now[0])]


def test_a_failure_in_another_way_is_newly_failing(same):
    """The point failed then and fails now, but what was seen is another thing."""
    before = same(Status.FAIL, subcode=Subcode.WRONG_REASON)
    after = same(Status.FAIL, subcode=Subcode.ACCEPTED_INVALID, **BUILD)
    assert kinds(before, after) == [(ChangeKind.NEWLY_FAILING, Status.FAIL, Status.FAIL)]


def test_another_message_alone_is_no_change(same):
    """Messages hold times and drawn values."""
    before = same(Status.FAIL, subcode=Subcode.WRONG_VALUE)
    after = same(Status.FAIL, subcode=Subcode.WRONG_VALUE, **BUILD)
    results = tuple(replace(each, message=f"{each.message}!") for each in after.run.results)
    assert compare(before, replace(after, run=replace(after.run, results=results))).changes == ()


def test_what_both_left_open_is_no_change(same):
    """Deselected then, inconclusive now: nothing is known either time."""
    assert kinds(same(Status.SKIP), same(Status.INCONCLUSIVE, **BUILD)) == []


def test_a_miss_that_the_product_does_not_answer_for_is_open(same):
    """A failure blamed on the environment says nothing of the product."""
    after = same(Status.FAIL, blame=Blame.ENVIRONMENT, **BUILD)
    assert kinds(same(), after) == [(ChangeKind.NO_LONGER_EXECUTED, Status.PASS, Status.FAIL)]


def test_the_same_build_kit_and_configuration_with_another_outcome_is_flaky(same):
    """Nothing else is left to explain it."""
    assert kinds(same(), same(Status.FAIL)) == [(ChangeKind.FLAKY, Status.PASS, Status.FAIL)]
    assert kinds(same(Status.FAIL), same()) == [(ChangeKind.FLAKY, Status.FAIL, Status.PASS)]
    assert kinds(same(), same(Status.INCONCLUSIVE)) == [(ChangeKind.FLAKY, Status.PASS, Status.INCONCLUSIVE)]


def test_a_build_without_a_digest_is_not_called_flaky(same):
    """Nobody can say that it is the same one."""
    unstated = Implementation(name="Example SMS", version="7.3.0")
    before, after = same(implementation=unstated), same(Status.FAIL, implementation=unstated)
    assert kinds(before, after) == [(ChangeKind.NEWLY_FAILING, Status.PASS, Status.FAIL)]
    assert next(reasons(compare(before, after), after.run)) == (
        "Whether the product is the same build cannot be told: its digest is not stated."
    )


def test_two_answers_to_one_question_are_flaky_whatever_else_differs(same):
    """The product said so itself, in one run."""
    after = same(Status.INCONCLUSIVE, subcode=Subcode.NONDETERMINISTIC, kit_version="2.0.0", **BUILD)
    assert kinds(same(), after) == [(ChangeKind.FLAKY, Status.PASS, Status.INCONCLUSIVE)]


def test_of_the_same_build_another_kit_explains_the_change(same):
    """The kit asks otherwise, or asks better."""
    after = same(Status.FAIL, kit_version="2.0.0", seed=9)
    changes = compare(same(), after)
    assert [each.kind for each in changes.changes] == [ChangeKind.KIT]
    assert changes.kit_differs
    assert "The kit is 2.0.0 and was 1.0.0." in list(reasons(changes, after.run))


def test_of_another_build_another_kit_explains_only_what_it_asks_otherwise(same):
    """What fails a requirement that stands as before is the product's doing; a reworded one is the kit's."""
    after = same(Status.FAIL, kit_version="2.0.0", **BUILD)
    assert kinds(same(), after) == [(ChangeKind.NEWLY_FAILING, Status.PASS, Status.FAIL)]
    raised = tuple(replace(each, level=Level.INFO) for each in after.requirements)
    assert [kind for kind, *_ in kinds(same(), replace(after, requirements=raised))] == [ChangeKind.KIT]


def test_a_point_that_the_new_kit_adds_is_the_kits(same):
    """It was not in the plan of the baseline."""
    plan = tuple(point for point in same().run.planned if (point.requirement, point.case) != SOUND)
    before, after = same(gone=True, planned=plan), same(vectors_digest="sha256:1", **BUILD)
    assert kinds(before, after) == [(ChangeKind.KIT, None, Status.PASS)]
    assert kinds(replace(after, run=replace(after.run, vectors_digest="")), before) == [
        (ChangeKind.KIT, Status.PASS, None)
    ]


def test_of_the_same_build_another_configuration_explains_the_change(same):
    """Another seed draws other examples."""
    changes = compare(same(), same(Status.FAIL, seed=7, carrier="process"))
    assert [each.kind for each in changes.changes] == [ChangeKind.CONFIGURATION]
    assert changes.configuration_differs == ("seed: 0 then, 7 now", "carrier: in-process then, process now")


def test_capabilities_and_machine_are_configuration(same, sample):
    """What the harness declares, and what it all runs on, is told in words."""
    fewer = replace(sample.REFERENCE, capabilities=sample.REFERENCE.capabilities[1:])
    machine = sample.ENVIRONMENT | {"hypothesis": "6.171.0"}
    changes = compare(same(), same(implementation=fewer, environment=machine))
    assert changes.configuration_differs == (
        "capabilities gone: keystore.list",
        "hypothesis: 6.170.1 then, 6.171.0 now",
    )


def test_a_credential_of_the_kit_is_the_same_every_time(same, sample):
    """It is made anew for each run; the operator's own is told by its certificate."""
    made = replace(sample.CREDENTIAL, sha256="0" * 64, serial="1")
    assert compare(same(), same(credential=made)).configuration_differs == ()
    own = replace(made, origin="operator")
    assert compare(same(), same(credential=own)).configuration_differs == (
        "credential: the kit's own then, ABRD:11000002568_ExampleMachine, certificate 0000000000000000 now",
    )


def test_what_a_run_left_out_is_not_put_down_to_the_kit(same):
    """Deselected, or not come to: the plan had it."""
    assert kinds(same(), same(Status.SKIP, kit_version="2")) == [
        (ChangeKind.NO_LONGER_EXECUTED, Status.PASS, Status.SKIP)
    ]
    assert kinds(same(), same(gone=True, interrupted=True)) == [
        (ChangeKind.NO_LONGER_EXECUTED, Status.PASS, None)
    ]


def test_of_a_part_only_its_own_points_are_compared(same):
    """What another part runs is neither gone nor changed; the parts together have what the whole has."""
    before = same(Status.FAIL)
    whole = compare(before, same(**BUILD)).changes
    parts = [_part(same(**BUILD), number) for number in (1, 2, 3)]
    found = [compare(before, part).changes for part in parts]
    assert sorted(map(len, found)) == [0, 0, 1]
    assert [change for each in found for change in each] == list(whole)


def _part(report, number, of=3):
    from conformance import shards

    mine = shards.share(shards.Shard(number, of), report.run.planned)
    results = tuple(each for each in report.run.results if each.requirement in mine)
    return replace(report, run=replace(report.run, results=results, shard=f"{number}/{of}"))


def test_of_several_results_of_a_point_the_worst_counts(same):
    """As in the verdict."""
    before = same()
    twice = replace(before.run, results=(*before.run.results, *same(Status.FAIL).run.results[:1]))
    assert kinds(before, replace(before, run=twice)) == [(ChangeKind.FLAKY, Status.PASS, Status.FAIL)]


def test_changes_stand_by_kind_and_then_as_the_profile_has_them(sample):
    """The failing product against the ready one."""
    changes = compare(sample.ready(), sample.failing()).changes
    assert [each.requirement for each in changes] == [
        *("USI-CHK-02", "USI-CHK-02", "KS-K12", "KS-K15", "STS-R11", "STS-P06", "STS-P06"),
        *("STS-P12", "STS-P12", "USI-WIRE-04", "USI-VER-02"),
    ]
    assert tally(changes) == {ChangeKind.NEWLY_FAILING: 11}


def test_nothing_differs_from_itself(report):
    """Of every sample: no change, no other kit, no other configuration, no other build."""
    changes = compare(report, report)
    assert changes.changes == ()
    assert (changes.kit_differs, changes.configuration_differs, changes.build_differs) == (False, (), False)


def test_what_is_stored_of_a_run_is_enough_for_a_trend(sample):
    """Who, when, what with, and what came of it."""
    kept = stored(sample.failing())
    assert (kept.product, kept.version, kept.profile, kept.started) == (
        "Example SMS",
        "7.2.0",
        "usi-cloud",
        "2026-11-21T10:42:07Z",
    )
    assert kept.counts["fail"] == 6
    nobody = stored(sample.empty())
    assert (nobody.product, nobody.counts) == ("", {})


OUTCOMES = st.one_of(
    st.none(),
    st.tuples(
        st.sampled_from(list(Status)),
        st.sampled_from([None, Subcode.WRONG_VALUE, Subcode.NONDETERMINISTIC]),
        st.sampled_from([None, Blame.IMPLEMENTATION, Blame.ENVIRONMENT]),
    ),
)
RUNS = st.fixed_dictionaries(
    {},
    optional={
        "kit_version": st.sampled_from(["1.0.0", "2.0.0"]),
        "seed": st.sampled_from([0, 1]),
        "implementation": st.sampled_from([None, OTHER, Implementation(name="Example SMS", version="7")]),
    },
)


@given(st.lists(st.tuples(OUTCOMES, OUTCOMES), max_size=8), RUNS, RUNS, st.booleans())
def test_each_point_that_differs_is_in_one_kind_and_no_other_is(sample, outcomes, then, now, planned):
    """Whatever the outcomes are: nothing differs from itself, and there and back the same points differ."""
    profile = sample.profile()
    points = [(profile.requirements[number], "c") for number in range(len(outcomes))]
    before = _report(sample, points, [first for first, _ in outcomes], then, planned=planned)
    after = _report(sample, points, [second for _, second in outcomes], now, planned=planned)
    assert compare(before, before).changes == compare(after, after).changes == ()
    forth, back = compare(before, after).changes, compare(after, before).changes
    named = [(change.requirement, change.case) for change in forth]
    assert len(named) == len(set(named))
    assert sorted(named) == sorted((change.requirement, change.case) for change in back)
    unchanged = {point for point, (first, second) in zip(points, outcomes, strict=True) if first == second}
    assert not unchanged & set(named)
    executed = {
        point
        for point, (first, second) in zip(points, outcomes, strict=True)
        if {first and first[0], second and second[0]} == {Status.PASS, Status.SKIP}
    }
    assert executed <= set(named)


def _report(sample, points, outcomes, fields, *, planned):
    base = sample.ready()
    results = tuple(
        replace(
            base.run.results[0], requirement=name, case=case, status=made[0], subcode=made[1], blame=made[2]
        )
        for (name, case), made in zip(points, outcomes, strict=True)
        if made is not None
    )
    plan = tuple(Point(requirement=name, case=case) for name, case in points) if planned else ()
    return replace(base, run=replace(base.run, results=results, planned=plan, **fields))


def test_comparing_a_part_that_is_written_wrongly_is_an_error_of_the_operators(sample):
    """A report is somebody's file; what it says of itself may be anything."""
    strange = replace(sample.ready(), run=replace(sample.ready().run, shard="nonsense"))
    with pytest.raises(OperatorError, match="no such part"):
        compare(sample.ready(), strange)
