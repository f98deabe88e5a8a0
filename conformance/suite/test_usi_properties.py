"""What holds of every person, every request and every batch, not only of those written down.

Each check draws its examples through the run's budget; a counter-example is shrunk to the smallest request
that shows it, and told in the finding.
"""

import zlib
from datetime import date

import pytest
from hypothesis import assume
from hypothesis import strategies as st

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Severity, Subcode
from conformance.protocol import checksum
from conformance.simulators.population import Account, State, bundled
from conformance.strategies import (
    Verification,
    applications,
    people,
    typed_requests,
    usis,
    verification_batches,
)
from conformance.strategies.applications import WITH_INPUT
from conformance.suite import EXCHANGE, for_all, operation, requirement
from conformance.suite.calls import kept_back, must_have_verified
from conformance.suite.drawn import Likenesses, is_well
from conformance.suite.flows import REQUESTS
from conformance.suite.operations import must_carry
from conformance.suite.records import messages
from conformance.suite.registry_story import must_agree_with_the_registry

SCHEMA = "usi.schema"
OF_EVERY_OPERATION = 2 * EXCHANGE
"""Cost of an example that is tried with each operation: so much fewer are tried of one."""
OPERATIONS = [
    name if name == "VerifyUSI" else pytest.param(name, marks=operation(name)) for name in WITH_INPUT
]


@pytest.fixture(scope="module")
def plain(try_out):
    """The plain cases that examples have something in common with."""
    return Likenesses(try_out)


# --- any person -----------------------------------------------------------------------------------


def must_be_sent(scenario, name, wanted):
    """Demand acceptance, and that what was entered arrives as it is.

    Returns:
        The exchange; None where the product answers from memory, so that what it tells is all there is.
    """
    if not (sent := messages(scenario, name)):
        scenario.reply.must_be_ok()
        return None
    if is_invalid(sent[-1]):
        raise NotTestable("the request is not valid", advice="mend the failure of USI-WIRE-15 first")
    must_carry(sent[-1].facts.request.values, wanted, name)
    return sent[-1]


def must_conclude(scenario, conclusion, because):
    """Demand one conclusion."""
    found = scenario.reply.must_be_ok()["conclusion"]
    if found != conclusion:
        raise ImplementationError(
            f"the user is told something else than is so: {because}",
            subcode=Subcode.WRONG_VALUE,
            expected=conclusion,
            found=str(found),
            where="conclusion",
        )


def new_usi(exchange):
    """The USI that the registry gave in an exchange."""
    answer = (exchange.facts.answer if exchange is not None else None) or {}
    if not (usi := answer.get("Application", {}).get("USI")):
        raise ImplementationError(
            "a person is told as created whom the registry has not created",
            subcode=Subcode.WRONG_VALUE,
            expected="anything but created",
            found="created",
            where="conclusion",
        )
    return usi


def account_of(usi, person):
    """The account of a person in the registry."""
    return Account(
        usi=usi,
        first=person.get("FirstName", ""),
        family=person.get("FamilyName", ""),
        single=person.get("SingleName", ""),
        born=date.fromisoformat(person["DateOfBirth"]),
    )


@requirement("USI-WIRE-14")
@for_all(EXCHANGE, usi=usis(), person=people())
def test_verifies_any_person(iut, bench, healthy, try_out, plain, usi, person):
    """Whoever the registry knows is verified: any legal name, in any script, any date of birth, any USI."""
    must_have_verified(healthy)
    asked = {"USI": usi, **person}
    store = bench.registry.store
    try:
        with try_out("any-person-is-verified", asked) as flow:
            assume(store.person(usi) is None)
            store.add(account_of(usi, person))
            scenario = flow.ask("VerifyUSI", asked)
            must_be_sent(scenario, "VerifyUSI", asked)
            must_conclude(scenario, "verified", "the registry knows exactly this person")
    except ImplementationError:
        if plain.are_well("VerifyUSI", asked):
            raise


@requirement("USI-WIRE-14")
@operation("CreateUSI")
@for_all(EXCHANGE, application=applications(verifiable=True))
def test_creates_any_person(iut, right_call, try_out, plain, application):
    """Whatever an application holds arrives as it was entered, and who was created so is verified so."""
    if not is_well(right_call("CreateUSI"), "created"):
        raise NotTestable(
            "an ordinary person is not created, so that nothing can be learned of others",
            advice="mend the failures on CreateUSI first",
        )
    asked = {"Application": application}
    details = application["PersonalDetails"]
    named = ("FirstName", "FamilyName", "SingleName", "DateOfBirth")
    try:
        with try_out("any-person-is-created", asked) as flow:
            created = flow.ask("CreateUSI", asked)
            exchange = must_be_sent(created, "CreateUSI", asked)
            must_conclude(created, "created", "the registry knew nobody like that")
            usi = new_usi(exchange)
            person = {name: details[name] for name in named if name in details}
            verified = flow.ask("VerifyUSI", {"USI": usi, **person})
            must_conclude(verified, "verified", "the person was created with just these names and this date")
    except ImplementationError:
        if plain.are_well("CreateUSI", asked):
            raise


# --- any request ----------------------------------------------------------------------------------


@requirement("USI-WIRE-15")
@pytest.mark.parametrize("name", OPERATIONS)
@for_all(OF_EVERY_OPERATION, typed=lambda name: typed_requests(name))
def test_sends_nothing_invalid(iut, healthy, try_out, plain, name, typed):
    """Whatever is entered, every request that is sent is valid; what cannot be sent well is refused."""
    if is_invalid(healthy.registry_request().exchange):
        raise NotTestable(
            "not even the plainest request is valid, so that nothing can be learned of others",
            advice="mend the failure of USI-WIRE-01 first",
        )
    try:
        with try_out(f"any-request-of-{name}", typed) as flow:
            scenario = flow.ask(name, typed.request)
            for exchange in scenario.registry_requests:
                must_be_valid(exchange)
            scenario.reply.must_be_answered()
    except ImplementationError:
        if plain.are_well(name, typed.request):
            raise


def is_invalid(exchange):
    """The findings against the schema, if there are any."""
    return [f for f in exchange.judgement.findings if f.code == SCHEMA and f.severity is Severity.ERROR]


def must_be_valid(exchange):
    """Demand that a request is valid against the schema."""
    if broken := is_invalid(exchange):
        raise ImplementationError(
            f"a request was sent that is not valid: {broken[0].message}",
            subcode=Subcode.WRONG_VALUE,
            expected="a valid request, or a refusal to send one",
            found="; ".join(dict.fromkeys(finding.message for finding in broken)),
            where=broken[0].where,
            advice="look at every field before anything is sent, and tell the user which one is wrong",
        )


# --- any batch ------------------------------------------------------------------------------------


def _particulars(account):
    names = {"FirstName": account.first, "FamilyName": account.family, "SingleName": account.single}
    return {
        "USI": account.usi,
        **{name: text for name, text in names.items() if text},
        "DateOfBirth": account.born.isoformat(),
    }


# Names are plain: whether odd ones arrive is asked by other requirements.
_PUBLISHED = [each for each in bundled().people.values() if each.origin == "published"]
KNOWN = [_particulars(each) for each in _PUBLISHED if each.state is not State.DEACTIVATED]
GONE = [_particulars(each) for each in _PUBLISHED if each.state is State.DEACTIVATED]
SHUFFLED = ("registry.shuffled",)
FULL = 500


def full_batch(seed):
    """Five hundred people of one first name, and as many questions, of which every third is wrong."""
    letters = checksum.ALPHABET
    usis_of_the_kit = [checksum.complete(f"EVTEKYT{one}{two}") for one in letters for two in letters][:FULL]
    people_known = [
        {"USI": usi, "FirstName": "Learner", "FamilyName": f"Number{usi[7:9]}", "DateOfBirth": "1999-01-31"}
        for usi in usis_of_the_kit
    ]
    wrong = "1999-01-13"
    questions = [
        Verification(person, True, "")
        if place % 3
        else Verification({**person, "DateOfBirth": wrong}, False, "another date")
        for place, person in enumerate(people_known)
    ]
    questions.sort(key=lambda question: zlib.crc32(f"{seed} {question.request['USI']}".encode()))
    return people_known, questions


def batch_of(questions):
    """The request of a batch."""
    return {"Verifications": {"Verification": [dict(each.request) for each in questions]}}


def must_match_every_record(scenario, questions):
    """Demand of each record the conclusion that is right for it, in the order in which they were entered."""
    value = scenario.reply.must_be_ok()
    must_conclude(scenario, "completed", "every record was answered")
    records = value.get("records") or []
    found = [record.get("conclusion") if isinstance(record, dict) else record for record in records]
    if len(found) != len(questions):
        raise ImplementationError(
            "the product reports another number of records than it was given",
            subcode=Subcode.WRONG_VALUE,
            expected=str(len(questions)),
            found=str(len(found)),
            where="records",
        )
    for place, (question, conclusion) in enumerate(zip(questions, found, strict=True)):
        if conclusion != question.conclusion:
            raise ImplementationError(
                f"record {place + 1} of {len(questions)} has the conclusion of another one",
                subcode=Subcode.WRONG_VALUE,
                expected=f"{question.conclusion}: {question.because or 'everything is right'}",
                found=str(conclusion),
                where=f"records[{place}]",
                advice="find the answer to a record by its RecordId",
            )


def must_match_plainly(try_out):
    """Make sure that the plainest batches are matched, in the order of the request and in another one."""
    for faults in ((), SHUFFLED):
        with try_out("plain-batch", "three right records", faults=faults) as flow:
            scenario = flow.ask("BulkVerifyUSI", REQUESTS["BulkVerifyUSI"])
        records = is_well(scenario, "completed") and scenario.reply.answer.value.get("records")
        if [record["conclusion"] for record in records or ()] != ["verified"] * 3:
            raise NotTestable(
                "not even three right records are matched, so that nothing can be learned of others",
                advice="mend the failure of USI-BLV-01 first",
            )


@requirement("USI-BLV-06")
@operation("BulkVerifyUSI")
@for_all(
    EXCHANGE,
    questions=verification_batches(KNOWN, deactivated=GONE, repeated=True),
    faults=st.sampled_from([(), SHUFFLED]),
)
def test_matches_any_batch(iut, right_call, try_out, questions, faults):
    """Every record of a batch of any size gets its own answer, in whatever order they come back."""
    right_call("BulkVerifyUSI").reply.must_be_ok(as_twin=True)
    try:
        with try_out("any-batch-is-matched", questions, faults=faults) as flow:
            scenario = flow.ask("BulkVerifyUSI", batch_of(questions))
            if kept_back(scenario) and len({each.request["USI"] for each in questions}) < len(questions):
                return  # one USI for two students may well be told before it is sent
            must_match_every_record(scenario, questions)
    except ImplementationError:
        must_match_plainly(try_out)
        raise


@requirement("USI-BLV-06")
@operation("BulkVerifyUSI")
def test_matches_a_full_batch(iut, bench, right_call, try_out):
    """Five hundred records, answered in another order, each get their own answer."""
    right_call("BulkVerifyUSI").reply.must_be_ok(as_twin=True)
    seed = iut.budget.seed ^ zlib.crc32(b"a full batch")
    known, questions = full_batch(seed)
    try:
        with try_out("a-full-batch-is-matched", f"{FULL} records", faults=SHUFFLED) as flow:
            for person in known:
                bench.registry.store.add(account_of(person["USI"], person))
            must_match_every_record(flow.ask("BulkVerifyUSI", batch_of(questions)), questions)
    except ImplementationError:
        must_match_plainly(try_out)
        raise


# --- any story ------------------------------------------------------------------------------------


@requirement("USI-CRE-11")
@operation("CreateUSI")
def test_agrees_with_the_registry_in_any_order(iut, right_call, try_out):
    """Whoever is created, found, renamed, moved, verified and looked up, the user is told what is so."""
    right_call("CreateUSI").reply.must_be_ok(as_twin=True)
    seed = iut.budget.seed ^ zlib.crc32(b"the registry in any order")
    must_agree_with_the_registry(iut, try_out, seed)
