"""Does the product tell of each record of a batch what its own answer says, whatever order they come in?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, KitError
from conformance.model import Subcode
from conformance.suite import cases, operation, requirement, vectors
from conformance.suite.calls import asked, must_have_verified, wrong_conclusion
from conformance.suite.operations import must_have_asked_well, must_hold
from conformance.suite.records import Answered, told_of

BATCH = "BulkVerifyUSI"

HANDED = (
    {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"},
    {"USI": "DG6K5YHPP3", "FirstName": "Asfaha", "FamilyName": "Loflin", "DateOfBirth": "1982-12-23"},
    {"USI": "BP6LKB3C7X", "FirstName": "Csenge", "FamilyName": "Gumarsson", "DateOfBirth": "1988-12-27"},
    {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
    {"USI": "HQ9HHNJC3J", "FirstName": "BERT", "FamilyName": "ZYWIEC", "DateOfBirth": "1986-04-22"},
)
"""Published people: two who are verified, a deactivated one, one with a wrong date of birth, and one more who
is verified; so that whoever takes one answer for another is seen to."""

RIGHT = ("verified", "not_verified", "not_verified", "verified", "verified")

SHUFFLED = [
    case
    for case in cases("usi/batches.json")
    if len(case.input["request"]["Verifications"]["Verification"]) > 1
]
"""Batches whose records can change places."""

FAULT = ("service.validation", "service.fault")


@pytest.fixture(scope="session")
def batch(healthy, carry_out):
    """Have the batch of `HANDED` verified under faults; each set of faults once."""
    done = {}

    def perform(*faults):
        must_have_verified(healthy)
        if faults not in done:
            told = "-".join(fault.partition(".")[2].replace("_", "-").replace("@", "-") for fault in faults)
            request = {"Verifications": {"Verification": list(HANDED)}}
            done[faults] = carry_out(
                f"batch-of-verifications-{told or 'plain'}", faults=faults, operation=BATCH, request=request
            )
        return done[faults].cite()

    return perform


@pytest.fixture
def right_batch(batch):
    """The same with a plain answer, of which each record was told rightly: the twin of those with faults."""
    scenario = batch()
    must_have_asked_well(scenario, BATCH)
    scenario.reply.must_be_ok(as_twin=True)
    return scenario


@requirement("USI-BLV-01B")
@vectors("usi/batches.json")
def test_tells_each_record_by_its_own_answer(healthy, carry_out, case):
    """Each record of a batch is verified or not by its own status and matches."""
    must_have_verified(healthy)
    _must_tell(asked(carry_out, case), case)


@requirement("USI-BLV-01")
@pytest.mark.parametrize("case", SHUFFLED, ids=[case.id for case in SHUFFLED])
def test_finds_answers_by_record_id(healthy, carry_out, case):
    """So it is when the answers come in another order than the records were sent in."""
    must_have_verified(healthy)
    scenario = carry_out(f"shuffled-{case.id}", faults=("registry.shuffled",), **case.input).cite()
    must_have_asked_well(scenario, BATCH)
    _must_tell(scenario, case)


@requirement("USI-BLV-02")
@operation(BATCH)
def test_leaves_a_missing_record_open(right_batch, batch):
    """A record that is not answered is told as such; the others are told by their answers."""
    answered = Answered(_well(batch("registry.missing_record")), HANDED)
    missing = [each for each in answered.ids if each not in answered.answered_ids]
    _must_have_happened(missing, "no record is missing")
    answered.must_be_told(missing)


@requirement("USI-BLV-03")
@operation(BATCH)
def test_is_not_misled_by_an_extra_record(right_batch, batch):
    """An answer to a record that was never sent changes nothing of those that were."""
    answered = Answered(_well(batch("registry.extra_record")), HANDED)
    extra = [each for each in answered.answered_ids if each not in answered.ids]
    _must_have_happened(extra, "no record is there too many")
    # Who mistrusts the whole answer may leave all of it open.
    answered.must_be_told(answered.ids, may_be_right=True)


@requirement("USI-BLV-03")
@operation(BATCH)
def test_leaves_a_record_of_two_answers_open(right_batch, batch):
    """Of two answers to one record that contradict each other neither is believed."""
    answered = Answered(_well(batch("registry.duplicate_record")), HANDED)
    twice = [each for each in answered.ids if len(answered.answers_to(each)) > 1]
    _must_have_happened(twice, "no record is answered twice")
    answered.must_be_told(twice, may_be_right=True)


@requirement("USI-BLV-04")
@operation(BATCH)
def test_leaves_an_answer_for_another_usi_open(right_batch, batch):
    """An answer whose USI is not the one that was asked about is not the answer to that record."""
    answered = Answered(_well(batch("registry.other_usi")), HANDED)
    others = [
        identifier
        for identifier, person in zip(answered.ids, HANDED, strict=True)
        for answer in answered.answers_to(identifier)
        if answer.get("USI") != person["USI"]
    ]
    _must_have_happened(others, "no answer is for another USI")
    answered.must_be_told(others)


@requirement("USI-BLV-05")
@operation(BATCH)
@pytest.mark.parametrize("fault", ["registry.1002", "registry.1002@1"], ids=["always", "once"])
def test_takes_no_fault_for_an_answer_to_a_batch(right_batch, batch, fault):
    """A fault says nothing of any record: it is told, or the records are asked about in smaller messages."""
    scenario = _well(batch(fault))
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*FAULT)
        return
    if answer.value["conclusion"] == "failed":
        return
    for number, (record, right) in enumerate(zip(told_of(scenario, len(HANDED)), RIGHT, strict=True), 1):
        allowed = {"unclear", "failed"} | ({right} if fault.endswith("@1") else set())
        if record["conclusion"] not in allowed:
            raise wrong_conclusion(
                " or ".join(sorted(allowed)), record["conclusion"], f"record {number} met with a fault"
            )


@requirement("USI-VER-06")
@operation(BATCH)
def test_does_not_verify_an_unknown_status_in_a_batch(right_batch, batch):
    """A status that no contract lists is not verified in a batch either."""
    scenario = _well(batch("registry.unknown_status"))
    if scenario.reply.answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused("service.malformed_answer")
        return
    answered = Answered(scenario, HANDED)
    unknown = [
        identifier
        for identifier in answered.ids
        for answer in answered.answers_to(identifier)
        if answer.get("USIStatus") not in ("Valid", "Invalid", "Deactivated")
    ]
    _must_have_happened(unknown, "no status is unknown")
    for identifier, record in zip(answered.ids, told_of(scenario, len(HANDED)), strict=True):
        if identifier in unknown and record["conclusion"] == "verified":
            raise wrong_conclusion(
                "anything but verified", record["conclusion"], "the contract does not list that status"
            )


@requirement("USI-VER-10")
@operation(BATCH)
@pytest.mark.parametrize("fault", ["registry.1001", "registry.2002", "registry.html"])
def test_takes_no_failure_for_an_answer_to_a_batch(right_batch, batch, fault):
    """Where no answer comes at all, no record is told as not verified."""
    scenario = _well(batch(fault))
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_answered()
        return
    told = {answer.value["conclusion"], *(record["conclusion"] for record in answer.value.get("records", ()))}
    if wrong := told & {"verified", "not_verified"}:
        raise wrong_conclusion("a refusal, or failed", ", ".join(sorted(wrong)), f"the fault was {fault}")


def _well(scenario):
    """Return a scenario after making sure that right requests reached the registry."""
    must_have_asked_well(scenario, BATCH)
    return scenario


def _must_tell(scenario, case):
    """Demand the conclusion and the response of each record that a vector expects."""
    must_have_asked_well(scenario, BATCH)
    wanted = case.expect.value
    told = told_of(scenario, len(wanted["records"]))
    found = scenario.reply.answer.value["conclusion"]
    if found != wanted["conclusion"]:
        raise wrong_conclusion(wanted["conclusion"], found, "every record was answered")
    for number, (record, right) in enumerate(zip(told, wanted["records"], strict=True), 1):
        if record["conclusion"] != right["conclusion"]:
            answer = ", ".join(f"{name} {text}" for name, text in right["response"].items())
            raise ImplementationError(
                f"of record {number} the user is told what its answer does not say: {answer}",
                subcode=Subcode.WRONG_VALUE,
                expected=right["conclusion"],
                found=record["conclusion"],
                where=f"records[{number - 1}].conclusion",
                advice="find the answer to each record by its RecordId",
            )
        must_hold(record["response"], right["response"], f"records[{number - 1}].response")


def _must_have_happened(found, otherwise):
    """Make sure that the registry did what it was asked to do wrong.

    Raises:
        KitError: it did not.
    """
    if not found:
        raise KitError(f"a fault of the registry had no effect: {otherwise}")
