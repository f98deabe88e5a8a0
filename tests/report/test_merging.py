"""Parts become the report that one machine would have written, or one error says why they do not fit."""

import msgspec
import pytest

from conformance import shards
from conformance.errors import OperatorError
from conformance.model import (
    Blame,
    CounterExample,
    Implementation,
    LookAlike,
    Measurement,
    Point,
    Readiness,
    Remark,
    Status,
    Waiver,
)
from conformance.report import data
from conformance.report.comparison import compare
from conformance.report.merging import UNSTATED, merge
from conformance.verdict import decide

replace = msgspec.structs.replace


def part_of(report, number, of=3, **fields):
    """The part of a whole report that one machine would have written."""
    mine = shards.share(shards.Shard(number, of), report.run.planned)
    results = tuple(each for each in report.run.results if each.requirement in mine)
    cited = {name for each in results for name in each.evidence}
    return replace(
        report,
        run=replace(report.run, **{"results": results, "shard": f"{number}/{of}", **fields}),
        evidence=tuple(each for each in report.evidence if each.id in cited),
    )


def parts_of(report, of=3):
    return [part_of(report, number, of) for number in range(1, of + 1)]


@pytest.mark.parametrize("name", ["ready", "failing", "conditional"])
@pytest.mark.parametrize("of", [1, 2, 5])
def test_the_whole_is_what_one_machine_would_have_found(sample, name, of):
    """Results in the order of the plan, and the verdict of all of them, in whatever order the parts come."""
    whole = sample.ALL[name]()
    merged = merge(parts_of(whole, of)[::-1])
    assert merged.run.results == whole.run.results
    assert merged.run.shard == ""
    assert merged.requirements == whole.requirements
    security = frozenset(each.id for each in whole.requirements if each.security)
    from datetime import date

    assert merged.verdict == decide(whole.run, security=security, today=date(2026, 11, 21))
    assert merged.verdict.readiness is whole.verdict.readiness
    cited = {name for each in whole.run.results for name in each.evidence}
    assert {each.id for each in merged.evidence} == cited


def test_the_merged_report_says_that_it_was_joined(sample):
    """A reader can tell it from a run of one machine, and when each part began."""
    first, second = parts_of(sample.ready(), 2)
    second = replace(
        second,
        run=replace(second.run, started="2026-11-21T10:43:00Z", finished="2026-11-21T10:50:00Z"),
    )
    run = merge([first, second]).run
    assert (run.started, run.finished) == ("2026-11-21T10:42:07Z", "2026-11-21T10:50:00Z")
    assert run.remarks == (
        Remark(
            blame=Blame.ENVIRONMENT,
            text="Joined from 2 parts, which began at 2026-11-21T10:42:07Z, 2026-11-21T10:43:00Z.",
        ),
    )


def refused(parts, match):
    with pytest.raises(OperatorError, match=match) as error:
        merge(parts)
    return error.value


DIFFERENCES = {
    "kit": {"kit_version": "1.0.1"},
    "catalogue": {"catalogue_digest": "sha256:1"},
    "vectors": {"vectors_digest": "sha256:1"},
    "build": {"implementation": Implementation(name="Example SMS", version="7.2.0", build="sha256:1")},
    "seed": {"seed": 1},
    "implementation under test": {"target": "cmd:other"},
    "carrier": {"carrier": "http"},
    "waivers": {"waivers": ()},
    "examples per property": {"environment": {"examples per property": "10", "python": "3.11.7"}},
}


@pytest.mark.parametrize("name", DIFFERENCES)
def test_parts_of_different_runs_are_refused_by_what_differs(sample, name):
    """One error, which names the fact and what each part has of it."""
    whole = sample.failing()
    environment = {"examples per property": "60", "python": "3.11.7"}
    whole = replace(whole, run=replace(whole.run, environment=environment))
    parts = parts_of(whole)
    parts[1] = part_of(whole, 2, **DIFFERENCES[name])
    error = refused(parts, f"(?m)they differ in {name}$")
    assert error.found.startswith("1/3: ")
    assert "2/3: " in error.found
    assert error.exit_code == 2


def test_another_profile_is_refused(sample):
    """Also one of the same name that demands something else."""
    whole = sample.ready()
    other = replace(whole.run.profile, may_be_absent=())
    parts = [part_of(whole, 1, 2), part_of(whole, 2, 2, profile=other)]
    refused(parts, "differ in profile")


def test_another_plan_is_refused(sample):
    """The same profile, but one machine collected a point less."""
    whole = sample.ready()
    shorter = tuple(point for point in whole.run.planned if point.case != "refuses_look_alikes[i-for-j]")
    error = refused([part_of(whole, 1, 2), part_of(whole, 2, 2, planned=shorter)], "differ in plan")
    assert "USI-CHK-02[refuses_look_alikes[i-for-j]]" in error.found


def test_another_credential_of_the_operators_is_refused(sample):
    """The kit makes its own anew for each part; those of an operator must be one."""
    whole = sample.ready()
    other = replace(sample.CREDENTIAL, sha256="0" * 64, serial="9")
    assert merge([part_of(whole, 1, 2), part_of(whole, 2, 2, credential=other)])
    own = [replace(each, origin="operator") for each in (sample.CREDENTIAL, other)]
    parts = [part_of(whole, number, 2, credential=own[number - 1]) for number in (1, 2)]
    refused(parts, "differ in credential")


def test_another_baseline_is_refused(sample):
    """The changes of the parts could not be put into one table."""
    first, second = parts_of(sample.failing(), 2)
    before = sample.ready()
    earlier = replace(before, run=replace(before.run, started="2026-11-01T00:00:00Z"))
    parts = [
        replace(first, changes=compare(before, first)),
        replace(second, changes=compare(earlier, second)),
    ]
    refused(parts, "differ in baseline")
    refused([parts[0], second], "differ in baseline")


def test_a_missing_part_is_named(sample):
    """Three of four are no profile."""
    parts = parts_of(sample.ready(), 4)
    error = refused([parts[0], parts[3]], "parts of the profile are missing")
    assert error.found == "no part 2/4, 3/4"


def test_a_part_that_is_there_twice_is_named(sample):
    """Which of the two counts is the operator's to say."""
    parts = parts_of(sample.ready(), 2)
    assert refused([*parts, parts[1]], "more than once").found == "2/2"


def test_parts_of_different_divisions_are_refused(sample):
    """A half and a third overlap."""
    whole = sample.ready()
    error = refused([part_of(whole, 1, 2), part_of(whole, 2, 3)], "differ in number of parts")
    assert error.found == "1/2; 2/3"


def test_a_whole_run_is_no_part(sample):
    """It was made without --shard."""
    refused([sample.ready()], "whole run is no part")
    refused([], "nothing to join")


def test_a_result_taken_away_is_noticed(sample):
    """The union must be the profile; the first point without a result is named."""
    parts = parts_of(sample.ready(), 2)
    kept = tuple(each for each in parts[0].run.results if each != parts[0].run.results[0])
    parts[0] = replace(parts[0], run=replace(parts[0].run, results=kept))
    error = refused(parts, "not the whole profile")
    assert "none of 1 points, the first is USI-CHK-01[accepts_a_right_usi[published-01]]" in error.found


def test_a_result_of_another_part_is_noticed(sample):
    """It was put there."""
    parts = parts_of(sample.ready(), 2)
    foreign = (*parts[0].run.results, parts[1].run.results[0])
    parts[0] = replace(parts[0], run=replace(parts[0].run, results=foreign))
    refused(parts, "belongs to another part")


def test_a_part_that_was_stopped_makes_the_whole_incomplete(sample):
    """What it did not come to is open; its harness is named with the part."""
    whole = sample.ready()
    parts = parts_of(whole)
    stopped = replace(
        parts[1].run, results=(), implementation=None, carrier="", harness_failure="it did not start"
    )
    merged = merge([parts[0], replace(parts[1], run=stopped), parts[2]])
    assert merged.verdict.readiness is Readiness.INCOMPLETE
    assert merged.run.harness_failure == "Part 2/3: it did not start"
    assert merged.run.implementation == whole.run.implementation
    interrupted = replace(parts[1].run, results=parts[1].run.results[:1], interrupted=True)
    merged = merge([parts[0], replace(parts[1], run=interrupted), parts[2]])
    assert (merged.verdict.readiness, merged.run.interrupted) == (Readiness.INCOMPLETE, True)


def test_a_build_without_a_digest_is_remarked(sample):
    """Nothing shows then that the parts were run against the same one."""
    whole = sample.ready()
    whole = replace(whole, run=replace(whole.run, implementation=Implementation(name="p", version="1")))
    assert [remark.text for remark in merge(parts_of(whole, 2)).run.remarks][:1] == [UNSTATED]
    assert UNSTATED not in [remark.text for remark in merge(parts_of(sample.ready(), 2)).run.remarks]


def test_two_transcripts_of_one_name_are_both_kept(sample):
    """Two parts carried out the same scenario; each result cites the transcript that it was judged by."""
    whole = sample.failing()
    parts = parts_of(whole, 4)
    citing = [part for part in parts if any("token-cloud" in each.evidence for each in part.run.results)]
    assert len(citing) > 1
    again = []
    for number, part in enumerate(parts):
        scenes = tuple(replace(each, note=f"on machine {number}") for each in part.evidence)
        again.append(replace(part, evidence=scenes))
    merged = merge(again)
    notes = {each.id: each.note for each in merged.evidence}
    assert len({name for name in notes if name.startswith("token-cloud")}) == len(citing)
    for number, part in enumerate(again):
        mine = {(each.requirement, each.case) for each in part.run.results}
        for each in merged.run.results:
            if (each.requirement, each.case) in mine:
                assert {notes[name] for name in each.evidence} <= {f"on machine {number}"}


def test_changes_of_the_parts_are_those_of_the_whole(sample):
    """Each part was compared with the same baseline."""
    before, whole = sample.conditional(), sample.failing()
    parts = [replace(each, changes=compare(before, each)) for each in parts_of(whole)]
    assert merge(parts).changes == compare(before, whole)


def test_stored_examples_figures_and_machines_are_kept(sample):
    """Examples of all parts, the first part's figures, and the names of all machines."""
    whole = sample.ready()
    first, second = parts_of(whole, 2)
    example = CounterExample(
        name="e",
        requirement="r",
        case="c",
        profile="p",
        seed=0,
        status=Status.FAIL,
        subcode=None,
        message="",
        expected="",
        actual="",
        lines=("{}",),
    )
    figures = tuple(
        Measurement(subject=name, carrier="process", latencies=(), calls=1, token_requests=1)
        for name in ("one", "two")
    )
    first = replace(
        first,
        run=replace(first.run, environment={"platform": "Linux"}, performance=figures[:1]),
        counter_examples=(example,),
    )
    second = replace(
        second,
        run=replace(second.run, environment={"platform": "Windows"}, performance=figures[1:]),
        counter_examples=(replace(example, name="f"),),
    )
    merged = merge([first, second])
    assert [each.name for each in merged.counter_examples] == ["e", "f"]
    assert merged.run.performance == figures[:1]
    assert merged.run.environment == {"platform": "Linux | Windows"}


def test_look_alikes_are_sought_in_all_results(sample):
    """A part sees too little to say what the product resembles."""
    whole = sample.failing()
    alike = LookAlike(mutant="m", sentence="s", mend="", requirements=(), similarity=1.0)
    seen = []
    merged = merge(parts_of(whole), resembling=lambda results: seen.append(len(results)) or (alike,))
    assert (seen, merged.look_alikes) == ([len(whole.run.results)], (alike,))


def test_waivers_are_judged_over_the_whole(sample):
    """What no part could call stale is called so when all is known."""
    stale = Waiver(
        requirement="USI-CHK-01",
        status=Status.FAIL,
        subcode="wrong_value",
        message_prefix="x",
        owner="o",
        reason="r",
        issue="i",
        added="2026-11-01",
        expires="2027-01-01",
    )
    whole = sample.ready()
    whole = replace(whole, run=replace(whole.run, waivers=(stale,)))
    (told,) = merge(parts_of(whole)).verdict.waiver_errors
    assert told.startswith("waiver for USI-CHK-01: stale")


def test_the_merged_report_is_read_back_as_it_was_written(sample):
    """It is a report like any other."""
    merged = merge(parts_of(sample.failing()))
    assert data.decode(data.encode(merged)) == merged
    assert Point(requirement="USI-CHK-01", case="x") not in merged.run.planned
