"""Does the product keep to the contract's numbers, and make up what it has to make up?"""

from collections import Counter

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol import checksum
from conformance.protocol.operations import OPERATIONS
from conformance.suite import operation, requirement, vectors
from conformance.suite.calls import asked, must_have_sent
from conformance.suite.flows import (
    APPLICATION,
    CONTACT_DETAILS,
    PERSON,
    PERSONAL_DETAILS,
    each_operation,
)
from conformance.suite.operations import kept_back, must_have_asked_well, must_keep_to
from conformance.suite.records import (
    LISTS,
    MOST_RECORDS,
    bulk_messages,
    messages,
    must_be_read,
    sent_in,
    told_of,
)

WITH_ORG_CODE = tuple(name for name in OPERATIONS if name not in ("VerifyUSI", "BulkUploadRetrieve"))
"""Operations besides VerifyUSI that say for which organisation they are."""

OWN_IDS = {
    "UserReference": (
        "CreateUSI",
        "BulkUpload",
        "LocateUSI",
        "UpdateUSIContactDetails",
        "UpdateUSIPersonalDetails",
    ),
    "ApplicationId": ("CreateUSI", "BulkUpload"),
}
"""What a product makes up -> operations in which it does."""

LONGEST = {"UserReference": 40, "ApplicationId": 20, "RequestId": 20}
"""Characters of what a product makes up; the published WSDL says so."""

STARTS = 2
CALLS = 6
"""How often a product is started, and how many requests it makes in all, to see its RequestIds."""

NARROW_DIGITS = 6
"""Digits of a number that two requests of a year are likely to draw at random alike."""


@requirement("USI-LIM-07")
def test_sends_the_configured_org_code(bench, registry_request):
    """The organisation code is the one that was configured."""
    must_have_sent(registry_request, {"OrgCode": bench.org_code})


@requirement("USI-LIM-07")
@each_operation(*WITH_ORG_CODE)
def test_sends_the_configured_org_code_everywhere(bench, right_call, name):
    """So it is in every other operation that has it."""
    must_have_sent(right_call(name).request_of(name), {"OrgCode": bench.org_code})


@requirement("USI-LIM-07")
@pytest.mark.parametrize("code", ["KIT4EVTE", "00012345"])
def test_sends_an_org_code_of_eight(healthy, carry_out, code):
    """An organisation code may have eight characters, leading zeros among them; it is sent as it is."""
    healthy.registry_request()
    scenario = carry_out(f"verify-with-the-org-code-{code}", org_code=code)
    must_have_sent(scenario.registry_request(), {"OrgCode": code})


@requirement("USI-LIM-07B")
@vectors("usi/org_codes.json")
def test_sends_no_impossible_org_code(iut, call_of, case):
    """What is no organisation code is refused and not sent."""
    must_keep_to(iut, call_of, case)


@requirement("USI-LIM-02")
@each_operation(*LISTS)
def test_counts_the_records(right_call, name):
    """The number that is announced is the number of records."""
    right_call(name).request_of(name).must_satisfy("usi.count")


@requirement("USI-LIM-03")
@each_operation("BulkVerifyUSI")
def test_gives_each_record_an_id(right_call, name):
    """Every RecordId stands once in a message."""
    right_call(name).request_of(name).must_satisfy("usi.record_id_repeated")


@requirement("USI-LIM-04")
@each_operation(*OWN_IDS["ApplicationId"])
def test_gives_each_application_an_id(right_call, name):
    """Every ApplicationId stands once in a message, and has 1 to 20 characters."""
    observed = right_call(name).request_of(name)
    observed.must_satisfy("usi.application_id_empty")
    if name in LISTS:
        observed.must_satisfy("usi.application_id_repeated")
    _must_be_short(observed, "ApplicationId")


@requirement("USI-LIM-04")
@operation("BulkUpload")
def test_gives_the_same_person_two_application_ids(healthy, carry_out):
    """Two applications for one person are two applications."""
    healthy.registry_request()
    twice = {"Applications": {"Application": [APPLICATION, APPLICATION]}}
    scenario = carry_out("upload-of-one-person-twice", operation="BulkUpload", request=twice)
    if kept_back(scenario, "BulkUpload"):
        scenario.reply.must_be_refused("request.invalid")
    else:
        scenario.request_of("BulkUpload").must_satisfy("usi.application_id_repeated")


@requirement("USI-LIM-05")
@each_operation("CreateUSI", "BulkUpload")
def test_sends_a_request_id(right_call, name):
    """The RequestId has 1 to 20 characters."""
    observed = right_call(name).request_of(name)
    observed.must_satisfy("usi.request_id_empty")
    _must_be_short(observed, "RequestId")


@requirement("USI-LIM-05")
@each_operation("CreateUSI", "BulkUpload")
def test_never_repeats_a_request_id(request_ids, name):
    """Each request has a RequestId of its own, also after the product was started again."""
    found = request_ids(name)
    if repeated := sorted({each for each in found if found.count(each) > 1}):
        raise ImplementationError(
            "a RequestId was used twice by the same organisation",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{len(found)} different ones in {len(found)} requests",
            found=f"{', '.join(map(repr, repeated))} again",
            where=f"{name}/RequestId",
            advice="take it from a counter that is kept on disk, or draw it from at least 60 random bits",
        )


@requirement("USI-LIM-05B")
@each_operation("CreateUSI", "BulkUpload")
def test_draws_request_ids_from_many(request_ids, name):
    """A RequestId is counted up, or drawn from so many that none comes twice."""
    found = request_ids(name)
    numbers = [int(each) for each in found if each.isascii() and each.isdigit()]
    narrow = len(numbers) == len(found) and all(number < 10**NARROW_DIGITS for number in numbers)
    if narrow and numbers != sorted(numbers):
        raise ImplementationError(
            "RequestIds are small numbers drawn at random, which will come twice before long",
            subcode=Subcode.WRONG_VALUE,
            expected=f"more than {NARROW_DIGITS} digits, or numbers that only rise",
            found=", ".join(found),
            where=f"{name}/RequestId",
            advice="take it from a counter that is kept on disk, or draw it from at least 60 random bits",
        )


@requirement("USI-LIM-06")
@each_operation(*OWN_IDS["UserReference"])
def test_sends_a_user_reference(right_call, name):
    """The UserReference has 1 to 40 characters and is not blank."""
    _must_be_short(right_call(name).request_of(name), "UserReference")


@requirement("USI-LIM-06")
@vectors("usi/references.json")
def test_keeps_references_short(healthy, carry_out, case):
    """So it has where the person's own particulars are longer than that."""
    healthy.registry_request()
    _must_be_short(asked(carry_out, case).request_of(case.input["operation"]), "UserReference")


@requirement("USI-LIM-01")
@each_operation(*LISTS)
@pytest.mark.parametrize("count", [MOST_RECORDS, MOST_RECORDS + 1])
def test_sends_no_more_than_fit(many_records, name, count):
    """No message holds more than 500 records; of 501 there are two messages, or the product refuses them."""
    scenario = many_records(name, count)
    if count > MOST_RECORDS and kept_back(scenario, name):
        scenario.reply.must_be_refused("request.invalid")
        return
    for exchange in bulk_messages(scenario, name):
        if (found := len(sent_in(exchange))) > MOST_RECORDS:
            raise ImplementationError(
                f"a message of {name} holds more records than the contract allows",
                subcode=Subcode.WRONG_VALUE,
                expected=f"at most {MOST_RECORDS} in each message",
                found=f"{found} in one of {len(scenario.registry_requests)}",
                where=f"{name}/{LISTS[name][0]}",
                advice="send the records in several messages of 500 each, and one of what is left",
            )


@requirement("USI-LIM-01B")
@each_operation(*LISTS)
def test_loses_none_of_many(many_records, name):
    """All of 501 records reach the registry, each once; or none does, and the user is told."""
    scenario = many_records(name, MOST_RECORDS + 1)
    if kept_back(scenario, name):
        scenario.reply.must_be_refused("request.invalid")
        return
    must_have_asked_well(scenario, name)
    arrived = Counter(_known_by(record) for each in bulk_messages(scenario, name) for record in sent_in(each))
    handed = Counter(_known_by(record) for record in _many(name, MOST_RECORDS + 1))
    if arrived != handed:
        raise ImplementationError(
            f"of {handed.total()} records not every one reached the registry once",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{handed.total()} records",
            found=f"{arrived.total()}; {(handed - arrived).total()} are missing, "
            f"{(arrived - handed).total()} are there too often",
            advice="send what is over in a further message",
        )


@requirement("USI-LIM-02")
@each_operation(*LISTS)
@pytest.mark.parametrize("count", [MOST_RECORDS, MOST_RECORDS + 1])
def test_counts_the_records_of_each_message(many_records, name, count):
    """Also where they fill a message, or are sent in several, each message has its own number."""
    scenario = many_records(name, count)
    if count > MOST_RECORDS and kept_back(scenario, name):
        scenario.reply.must_be_refused("request.invalid")
        return
    for exchange in bulk_messages(scenario, name):
        announced, found = exchange.facts.request.values.get(LISTS[name][2]), len(sent_in(exchange))
        if announced != found:
            raise ImplementationError(
                "the number that is announced is not the number of records",
                subcode=Subcode.WRONG_VALUE,
                expected=str(found),
                found=str(announced),
                where=f"{name}/{LISTS[name][2]}",
            )


@requirement("USI-LIM-08")
@each_operation(*LISTS)
def test_sends_nothing_of_nothing(right_call, carry_out, name):
    """Where nobody was selected no message is sent; the user is told so, or that all is done."""
    right_call(name).request_of(name)
    outer, inner, _ = LISTS[name]
    scenario = carry_out(f"{name}-of-nobody", operation=name, request={outer: {inner: []}}).cite()
    if sent := messages(scenario, name):
        raise ImplementationError(
            f"a message of {name} was sent though there is no record to send",
            subcode=Subcode.WRONG_VALUE,
            expected="no request to the registry",
            found=f"{len(sent)} requests",
            advice="ask for a selection before anything is sent",
        )
    if scenario.reply.answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused("request.invalid")
    elif (found := scenario.reply.answer.value["conclusion"]) not in ("completed", "failed"):
        raise ImplementationError(
            "the user is told something of a request that was never sent",
            subcode=Subcode.WRONG_VALUE,
            expected="completed, failed, or a refusal",
            found=found,
            where="conclusion",
        )


@requirement("USI-LIM-09")
@operation("BulkVerifyUSI")
def test_reads_five_hundred_results(many_records):
    """An answer of 500 verifications, of some hundred kilobytes, is read to its end."""
    scenario = many_records("BulkVerifyUSI", MOST_RECORDS)
    must_have_asked_well(scenario, "BulkVerifyUSI")
    value = told_of(scenario, MOST_RECORDS)
    verified = [number for number, record in enumerate(value) if record["conclusion"] == "verified"]
    if verified != list(KNOWN_AMONG_MANY):
        raise ImplementationError(
            "of 500 verifications not every result was told",
            subcode=Subcode.WRONG_VALUE,
            expected=f"verified: {', '.join(map(str, KNOWN_AMONG_MANY))}, counted from 0",
            found=", ".join(map(str, verified[:20])) or "none",
            where="records",
        )


@requirement("USI-LIM-09")
@operation("BulkUpload")
@operation("BulkUploadRetrieve")
def test_reads_five_hundred_new_usis(many_results):
    """So is one of 500 applications that have been processed."""
    told = told_of(many_results, MOST_RECORDS)
    if wrong := {record["conclusion"] for record in told} - {"created"}:
        raise ImplementationError(
            "of 500 applications not every result was told",
            subcode=Subcode.WRONG_VALUE,
            expected="created, of each",
            found=", ".join(sorted(wrong)),
            where="records",
        )


# --- what these checks have in common ---------------------------------------------------------------

KNOWN_AMONG_MANY = (0, 123, 499)
"""Which of many records, counted from 0, is a person whom the registry knows."""

POLLS = 5
"""How often results are asked for at most before they must be there; the registry has them at the second."""


@pytest.fixture(scope="session")
def request_ids(healthy, begin):
    """Give the RequestIds of some requests of an operation, half of them after the product's restart."""
    done = {}

    def perform(name):
        healthy.registry_request()
        if name not in done:
            with begin(f"request-ids-of-{name}") as flow:
                scenarios = []
                for start in range(STARTS):
                    # Each time: the run's own process has made more requests than these already.
                    flow.start_again()
                    scenarios += [
                        flow.ask(name, _for_another(name, start * CALLS + number))
                        for number in range(CALLS // STARTS)
                    ]
            done[name] = scenarios
        seen = [each.cite().request_of(name).facts.request.values.get("RequestId") for each in done[name]]
        if not all(isinstance(each, str) and each for each in seen):
            raise NotTestable("not every request has a RequestId", advice="mend that failure first")
        return seen

    return perform


def _for_another(name, number):
    """Return a request of CreateUSI or BulkUpload for a person of its own."""
    person = {**PERSONAL_DETAILS, "FirstName": f"Quilla{_letters(number)}"}
    contact = {**CONTACT_DETAILS, "EmailAddress": f"learner-{_letters(number).lower()}@example.com"}
    application = {**APPLICATION, "PersonalDetails": person, "ContactDetails": contact}
    if name == "CreateUSI":
        return {"Application": application}
    return {"Applications": {"Application": [application]}}


def _letters(number):
    return "".join(chr(ord("A") + number // 26**place % 26) for place in range(3))


@pytest.fixture(scope="session")
def many_records(right_call, carry_out):
    """Have the product send that many records by an operation; each number once."""
    done = {}

    def perform(name, count):
        right_call(name).request_of(name)
        if (name, count) not in done:
            outer, inner, _ = LISTS[name]
            request = {outer: {inner: _many(name, count)}}
            done[name, count] = carry_out(f"{name}-of-{count}", operation=name, request=request)
        return done[name, count].cite()

    return perform


@pytest.fixture(scope="session")
def many_results(right_call, begin):
    """Have the product upload 500 applications and ask for the results until they are there."""
    right_call("BulkUploadRetrieve").request_of("BulkUploadRetrieve")
    with begin("results-of-500-applications") as flow:
        request = {"Applications": {"Application": _many("BulkUpload", MOST_RECORDS)}}
        flow.ask("BulkUpload", request).reply.must_be_ok(as_twin=True)
        for _ in range(POLLS):
            result = flow.ask("BulkUploadRetrieve")
            answer = result.reply.answer
            if answer.outcome is not Outcome.OK or answer.value["conclusion"] != "pending":
                break
    return result.cite()


def _many(name, count):
    if name == "BulkVerifyUSI":
        return [PERSON if number in KNOWN_AMONG_MANY else _stranger(number) for number in range(count)]
    return [_for_another("CreateUSI", number)["Application"] for number in range(count)]


def _stranger(number):
    """Return somebody whom the registry does not know, with a USI of the right form."""
    stem = "SYNTHT" + "".join(checksum.ALPHABET[number // 32**place % 32] for place in (2, 1, 0))
    return {
        "USI": stem + checksum.check_character(stem),
        "FirstName": f"Stranger{_letters(number)}",
        "FamilyName": "Unknown",
        "DateOfBirth": "1990-01-01",
    }


def _known_by(record):
    """Return what tells the person of one record from most others."""
    return record.get("PersonalDetails", record).get("FirstName"), record.get("USI", "")


def _must_be_short(observed, name):
    """Demand that what a product makes up has at least one character and no more than it may have."""
    found = list(_every(must_be_read(observed).facts.request.values, name))
    if not found:
        raise ImplementationError(
            f"the request has no {name}",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{name} of 1 to {LONGEST[name]} characters",
            found="none",
            where=observed.facts.request.name,
        )
    for text in found:
        if not (isinstance(text, str) and text.strip() and len(text) <= LONGEST[name]):
            raise ImplementationError(
                f"{name} is empty or too long",
                subcode=Subcode.WRONG_VALUE,
                expected=f"1 to {LONGEST[name]} characters",
                found=repr(text),
                where=f"{observed.facts.request.name}/{name}",
            )


def _every(values, name):
    """Yield every value under this name in the JSON form of a request, at any depth."""
    if isinstance(values, dict):
        for key, value in values.items():
            if key == name:
                yield value
            else:
                yield from _every(value, name)
    elif isinstance(values, list):
        for value in values:
            yield from _every(value, name)
