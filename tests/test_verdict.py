"""The verdict is computed by set equality, and nothing makes it better by accident."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.model import (
    Attestation,
    Attested,
    Blame,
    Level,
    Point,
    Profile,
    Readiness,
    Result,
    Run,
    Status,
    Subcode,
    Waiver,
)
from conformance.verdict import decide, exit_code

TODAY = date(2026, 11, 21)
IDS = ("A-1", "A-2", "B-1")
ORDER = [Readiness.INCOMPLETE, Readiness.NOT_READY, Readiness.CONDITIONS, Readiness.READY]


def result(requirement="A-1", status=Status.PASS, *, level=Level.MUST, **fields):
    if status in {Status.FAIL, Status.WARN}:
        fields = {"subcode": Subcode.WRONG_VALUE, "blame": Blame.IMPLEMENTATION, "message": "no", **fields}
    return Result(requirement=requirement, case="c", status=status, level=level, **fields)


def run_of(*results, ids=IDS, planned=None, **fields):
    points = [Point(requirement=name, case="c") for name in ids] if planned is None else planned
    return Run(
        kit_version="0",
        profile=Profile(name="p", edition="1", title="t", purpose="u", requirements=ids),
        catalogue_digest="sha256:0",
        vectors_digest="sha256:0",
        started="2026-11-21T00:00:00Z",
        finished="2026-11-21T00:00:01Z",
        seed=0,
        carrier="in-process",
        target="reference",
        planned=tuple(points),
        results=tuple(results),
        **fields,
    )


def verdict_of(*results, security=frozenset(), **fields):
    return decide(run_of(*results, **fields), security=security, today=TODAY)


ALL_PASS = tuple(result(name) for name in IDS)


def test_everything_passed_is_ready_for_180_days():
    """All points pass: READY, for 180 days at most."""
    verdict = verdict_of(*ALL_PASS)
    assert (verdict.readiness, verdict.valid_until) == (Readiness.READY, "2027-05-20")


def test_nothing_executed_is_incomplete():
    """No result at all is INCOMPLETE, whatever a test runner says."""
    verdict = verdict_of()
    assert verdict.readiness is Readiness.INCOMPLETE
    assert verdict.missing == ("A-1[c]", "A-2[c]", "B-1[c]")


def test_a_requirement_without_any_planned_check_is_missing():
    """The profile, not the collection, says what must be there."""
    points = [Point(requirement=name, case="c") for name in IDS[:2]]
    verdict = verdict_of(*ALL_PASS[:2], planned=points)
    assert (verdict.readiness, verdict.missing) == (Readiness.INCOMPLETE, ("B-1",))


def test_a_planned_point_without_result_is_missing():
    """One case of a requirement that passed on another case is still missed."""
    points = [Point(requirement=name, case="c") for name in IDS] + [Point(requirement="A-1", case="d")]
    verdict = verdict_of(*ALL_PASS, planned=points)
    assert (verdict.readiness, verdict.missing) == (Readiness.INCOMPLETE, ("A-1[d]",))


@pytest.mark.parametrize("status", [Status.INCONCLUSIVE, Status.SKIP, Status.KIT_ERROR])
def test_a_point_that_is_not_settled_is_missing(status):
    """Inconclusive, skipped, kit error and unanswered attestation leave the run INCOMPLETE."""
    verdict = verdict_of(result("A-1", status), *ALL_PASS[1:])
    assert verdict.readiness is Readiness.INCOMPLETE
    assert verdict.missing == ("A-1[c]",)


@pytest.mark.parametrize("blame", [Blame.CONFIGURATION, Blame.ENVIRONMENT, Blame.KIT])
def test_a_miss_that_is_not_the_products_fault_settles_nothing(blame):
    """A failure blamed elsewhere neither blocks nor passes."""
    verdict = verdict_of(result("A-1", Status.FAIL, blame=blame), *ALL_PASS[1:])
    assert (verdict.readiness, verdict.blocking) == (Readiness.INCOMPLETE, ())


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(Status.FAIL, "1 of 3 requirements fails."), (Status.NOT_TESTABLE, "1 could not be tested.")],
)
def test_a_missed_must_blocks(status, sentence):
    """A MUST that failed or could not be tested is NOT READY."""
    verdict = verdict_of(result("A-1", status), *ALL_PASS[1:])
    assert (verdict.readiness, verdict.blocking) == (Readiness.NOT_READY, ("A-1[c]",))
    assert verdict.sentence == sentence


def test_what_could_not_be_tested_is_told_apart_from_what_failed():
    """The sentence counts failures and what they kept from being tested."""
    verdict = verdict_of(result("A-1", Status.FAIL), result("A-2", Status.NOT_TESTABLE), ALL_PASS[2])
    assert verdict.sentence == "1 of 3 requirements fails, 1 more could not be tested."


def test_a_missed_should_is_a_condition():
    """A SHOULD missed is READY WITH CONDITIONS."""
    verdict = verdict_of(result("A-1", Status.WARN, level=Level.SHOULD), *ALL_PASS[1:])
    assert (verdict.readiness, verdict.conditions) == (Readiness.CONDITIONS, ("A-1[c]: no",))


def test_an_information_is_neither():
    """An INFO requirement never counts."""
    assert (
        verdict_of(result("A-1", Status.WARN, level=Level.INFO), *ALL_PASS[1:]).readiness is Readiness.READY
    )


WAIVER = Waiver(
    requirement="A-1",
    status=Status.FAIL,
    subcode=Subcode.WRONG_VALUE,
    message_prefix="no",
    owner="Jo Example",
    reason="release in March",
    issue="https://issues.example/1",
    added="2026-11-01",
    expires="2027-01-30",
)


def test_a_waiver_may_bear_the_date_of_an_australian_morning():
    """A waiver of the day that has begun in Sydney and not yet in UTC is in force."""
    waiver = msgspec.structs.replace(WAIVER, added="2026-11-22")
    verdict = verdict_of(result("A-1", Status.FAIL), *ALL_PASS[1:], waivers=(waiver,))
    assert (verdict.readiness, verdict.waiver_errors) == (Readiness.CONDITIONS, ())


def test_a_waiver_makes_conditions_and_never_ready():
    """A failure that is admitted exactly is a condition."""
    verdict = verdict_of(result("A-1", Status.FAIL), *ALL_PASS[1:], waivers=(WAIVER,))
    assert (verdict.readiness, verdict.waiver_errors) == (Readiness.CONDITIONS, ())


def test_readiness_ends_with_the_first_waiver_that_it_rests_on():
    """A verdict is not relied upon beyond a waiver without which it would be another one."""
    late = msgspec.structs.replace(WAIVER, requirement="A-2", expires="2027-03-01")
    idle = msgspec.structs.replace(WAIVER, requirement="B-1", expires="2026-12-01")
    failing = (result("A-1", Status.FAIL), result("A-2", Status.FAIL), result("B-1"))
    verdict = verdict_of(*failing, waivers=(late, WAIVER, idle))
    assert verdict.valid_until == "2027-01-30"


def test_what_could_not_be_tested_can_be_waived_without_a_subcode():
    """Such a result has none, and a waiver with one is made for another failure."""
    untested = result("A-1", Status.NOT_TESTABLE, message="no request at all")
    waiver = msgspec.structs.replace(WAIVER, status=Status.NOT_TESTABLE, subcode=None)
    verdict = verdict_of(untested, *ALL_PASS[1:], waivers=(waiver,))
    assert (verdict.readiness, verdict.waiver_errors) == (Readiness.CONDITIONS, ())
    other = msgspec.structs.replace(waiver, subcode=Subcode.CRASH)
    verdict = verdict_of(untested, *ALL_PASS[1:], waivers=(other,))
    assert verdict.readiness is Readiness.NOT_READY
    assert "made for another failure" in verdict.waiver_errors[0]


@pytest.mark.parametrize(
    ("expires", "notice"),
    [
        ("2026-12-06", ()),
        ("2026-12-05", ("waiver for A-1: expires in 14 days, on 2026-12-05",)),
        ("2026-11-22", ("waiver for A-1: expires in 1 day, on 2026-11-22",)),
        ("2026-11-21", ("waiver for A-1: expires today, on 2026-11-21",)),
        ("2026-11-20", ()),
    ],
)
def test_a_waiver_is_spoken_of_before_it_ends(expires, notice):
    """From fourteen days before its end on there is a notice, which is no error."""
    waiver = msgspec.structs.replace(WAIVER, expires=expires)
    assert verdict_of(result("A-1", Status.FAIL), *ALL_PASS[1:], waivers=(waiver,)).waiver_notices == notice


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (
            {"expires": "2026-11-20"},
            "waiver for A-1: expired on 2026-11-20; mend the failure or have it admitted anew",
        ),
        (
            {"message_prefix": "yes"},
            "waiver for A-1: made for another failure; the requirement fails now with fail, wrong_value: no",
        ),
        (
            {"subcode": Subcode.CRASH},
            "waiver for A-1: made for another failure; the requirement fails now with fail, wrong_value: no",
        ),
        ({"requirement": "A-2"}, "waiver for A-2: stale, nothing fails in this way any more; remove it"),
        (
            {"added": "2026-11-23"},
            "waiver for A-1: added on 2026-11-23, which is still to come; "
            "nobody can admit a failure ahead of time",
        ),
        ({"expires": "2027-05-01"}, "waiver for A-1: expires 181 days after it was added; 180 is the most"),
    ],
)
def test_a_waiver_that_does_not_hold_is_an_error(change, error):
    """Expired, stale, of another failure, too long: each has its own message."""
    waiver = msgspec.structs.replace(WAIVER, **change)
    verdict = verdict_of(result("A-1", Status.FAIL), *ALL_PASS[1:], waivers=(waiver,))
    assert verdict.waiver_errors == (error,)
    assert verdict.readiness is Readiness.NOT_READY


@pytest.mark.parametrize(
    ("subcode", "security"),
    [(Subcode.SECRET_LEAK, frozenset()), (Subcode.ACCEPTED_INVALID, frozenset({"A-1"}))],
)
def test_what_breaks_security_cannot_be_waived(subcode, security):
    """A leaked secret or an accepted forgery blocks in spite of a waiver."""
    waiver = msgspec.structs.replace(WAIVER, subcode=subcode)
    verdict = verdict_of(
        result("A-1", Status.FAIL, subcode=subcode), *ALL_PASS[1:], waivers=(waiver,), security=security
    )
    assert (verdict.readiness, verdict.unwaivable) == (Readiness.NOT_READY, ("A-1[c]",))


def test_what_does_not_apply_is_listed_and_does_not_block():
    """Not applicable is excluded from the verdict and named in it."""
    verdict = verdict_of(result("A-1", Status.NOT_APPLICABLE), *ALL_PASS[1:])
    assert (verdict.readiness, verdict.excluded) == (Readiness.READY, ("A-1[c]",))
    assert verdict.sentence == "All 2 requirements that apply hold; 1 of 3 do not apply."


ASKED = Profile(
    name="p", edition="1", title="t", purpose="u", requirements=IDS, questions=("ATT-CONTACT", "ATT-RAM")
)


def attested(question, answer=Attested.YES):
    return Attestation(question=question, answer=answer, name="Jo Example", date="2026-11-20")


@pytest.mark.parametrize(
    ("answers", "still_open", "readiness", "sentence"),
    [
        (
            (),
            ("ATT-CONTACT", "ATT-RAM"),
            Readiness.CONDITIONS,
            "Every MUST of 3 requirements holds; 2 attestations are open.",
        ),
        (
            (attested("ATT-RAM"), attested("ATT-CONTACT", Attested.NO)),
            ("ATT-CONTACT",),
            Readiness.CONDITIONS,
            "Every MUST of 3 requirements holds; 1 attestation is open.",
        ),
        (
            (attested("ATT-RAM"), attested("ATT-CONTACT", Attested.DOES_NOT_APPLY)),
            (),
            Readiness.READY,
            "All 3 requirements of the profile hold.",
        ),
        (
            (attested("ATT-OTHER"),),
            ("ATT-CONTACT", "ATT-RAM"),
            Readiness.CONDITIONS,
            "Every MUST of 3 requirements holds; 2 attestations are open.",
        ),
    ],
)
def test_what_nobody_answers_for_is_a_condition(answers, still_open, readiness, sentence):
    """The profile says what is asked; an open question and a no are conditions, whatever else is attested."""
    run = msgspec.structs.replace(run_of(*ALL_PASS, attestations=answers), profile=ASKED)
    verdict = decide(run, today=TODAY)
    assert (verdict.open_questions, verdict.readiness, verdict.sentence) == (still_open, readiness, sentence)
    assert exit_code(verdict, run) == 0
    assert exit_code(verdict, run, strict=True) == (7 if still_open else 0)


def test_attestations_make_up_for_no_failure():
    """Whatever somebody attests, a failed MUST blocks."""
    answers = (attested("ATT-RAM"), attested("ATT-CONTACT"))
    run = run_of(result("A-1", Status.FAIL), *ALL_PASS[1:], attestations=answers)
    assert decide(msgspec.structs.replace(run, profile=ASKED), today=TODAY).readiness is Readiness.NOT_READY


def test_nothing_but_what_does_not_apply_is_incomplete():
    """A run in which nothing applied has shown nothing."""
    assert (
        verdict_of(*(result(name, Status.NOT_APPLICABLE) for name in IDS)).readiness is Readiness.INCOMPLETE
    )


def test_a_result_outside_the_profile_counts_for_nobody():
    """A check written later fails no one retroactively."""
    points = [Point(requirement=name, case="c") for name in (*IDS, "Z-9")]
    assert verdict_of(*ALL_PASS, result("Z-9", Status.FAIL), planned=points).readiness is Readiness.READY


def test_a_broken_harness_is_incomplete_with_what_was_learned():
    """The sentence says why the run stopped and how many failures were seen before."""
    verdict = verdict_of(result("A-1", Status.FAIL), harness_failure="the answer had id 7\n  expected: 1")
    assert verdict.readiness is Readiness.INCOMPLETE
    assert (
        verdict.sentence
        == "The harness stopped the run: the answer had id 7. Already 1 of 3 requirements fails."
    )
    assert verdict.blocking == ("A-1[c]",)


@pytest.mark.parametrize(
    ("results", "fields", "strict", "code"),
    [
        (ALL_PASS, {}, False, 0),
        ((result("A-1", Status.FAIL), *ALL_PASS[1:]), {}, False, 1),
        (ALL_PASS[1:], {}, False, 3),
        (ALL_PASS, {"harness_failure": "gone"}, False, 4),
        ((result("A-1", Status.KIT_ERROR), *ALL_PASS[1:]), {"harness_failure": "gone"}, False, 5),
        (ALL_PASS, {"waivers": (WAIVER,)}, False, 6),
        ((result("A-1", Status.WARN, level=Level.SHOULD), *ALL_PASS[1:]), {}, False, 0),
        ((result("A-1", Status.WARN, level=Level.SHOULD), *ALL_PASS[1:]), {}, True, 7),
        (ALL_PASS[1:], {"interrupted": True}, False, 130),
    ],
)
def test_exit_codes(results, fields, strict, code):
    """Each verdict has its exit code; the graver one wins."""
    run = run_of(*results, **fields)
    assert exit_code(decide(run, today=TODAY), run, strict=strict) == code


statuses = st.sampled_from(
    [Status.PASS, Status.FAIL, Status.WARN, Status.NOT_TESTABLE, Status.SKIP, Status.NOT_APPLICABLE]
)


@given(st.lists(st.tuples(st.sampled_from(IDS), statuses), max_size=6), st.sampled_from(IDS))
def test_adding_a_failure_never_improves(pairs, failing):
    """One more failed check leaves the verdict where it is or makes it worse, missing points aside."""
    results = [result(name, status) for name, status in pairs]
    before = verdict_of(*results)
    after = verdict_of(*results, result(failing, Status.FAIL))
    if before.readiness is not Readiness.INCOMPLETE:
        assert ORDER.index(after.readiness) <= ORDER.index(before.readiness)
    assert after.readiness not in {Readiness.READY, Readiness.CONDITIONS}


@given(st.lists(statuses, min_size=3, max_size=3), st.integers(0, 2))
def test_taking_a_result_away_never_improves(drawn, index):
    """Removing any executed check makes the run INCOMPLETE."""
    results = [result(name, status) for name, status in zip(IDS, drawn, strict=True)]
    del results[index]
    assert verdict_of(*results).readiness is Readiness.INCOMPLETE


@given(st.lists(statuses, min_size=3, max_size=3))
def test_a_waiver_never_makes_ready(drawn):
    """With a waiver that admits something, the best verdict is READY WITH CONDITIONS."""
    results = [result(name, status) for name, status in zip(IDS, drawn, strict=True)]
    verdict = verdict_of(*results, waivers=(WAIVER,))
    if drawn[0] is Status.FAIL:
        assert verdict.readiness is not Readiness.READY
