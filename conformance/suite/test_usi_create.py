"""Does the product apply for USIs in the right form, and tell what became of each application?"""

import copy

import pytest

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.suite import operation, requirement, vectors
from conformance.suite.calls import wrong_conclusion
from conformance.suite.flows import APPLICATION, REQUESTS
from conformance.suite.operations import (
    NO_ANSWER,
    REFUSED,
    errors_in,
    exchanges_of,
    expecting,
    kept_back,
    must_be_told,
    must_be_told_failed,
    must_carry,
    must_go_well,
    must_have_asked_well,
    must_hold,
    must_keep_to,
    must_name_the_usi,
    must_not_be_told,
    must_send_it_all,
    must_show_all,
    requests_of,
    usi_in,
)

CREATE = "CreateUSI"

HAS_A_USI = ("created", "existing")

UNVERIFIABLE = {
    "Application": {
        **APPLICATION,
        "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X2222222"},
    }
}
"""An application with a document that no mock value of the verification service fits."""

LOST = ("registry.reset_before", "registry.reset_after", "registry.truncated")
"""What may become of an answer after the registry has created the person."""


@pytest.fixture
def created_one(right_call):
    """Make sure that the product can create a USI at all, before anything is asked about odd answers."""

    def demand():
        must_go_well(right_call(CREATE), CREATE, "created")

    return demand


@requirement("USI-CRE-01")
@vectors("usi/created.json")
def test_tells_a_new_usi(call_of, case):
    """Success is told as created, with the USI in the answer."""
    _must_tell_the_usi(call_of(case), case, "the registry answered Success")


def _must_tell_the_usi(scenario, case, because):
    """Demand the conclusion and the response that a vector expects, and the USI in the answer."""
    expected = case.expect.value
    value = must_be_told(scenario, CREATE, expected["conclusion"], because=because)
    must_hold(value["response"], expected["response"])
    must_name_the_usi(value, scenario, CREATE)


@requirement("USI-CRE-01B")
@operation(CREATE)
def test_believes_no_damaged_usi(created_one, call_under):
    """A new USI whose check character is wrong is told neither as created nor as existing."""
    created_one()
    must_not_be_told(
        call_under(CREATE, "registry.wrong_usi"), CREATE, *HAS_A_USI, because="its check character is wrong"
    )


@requirement("USI-CRE-01C")
@vectors("usi/created.json")
def test_sends_the_whole_application(call_of, case):
    """The request is valid, and everything that was recorded is in it."""
    must_send_it_all(call_of(case), case, "usi.name_branch", "usi.empty_name", "usi.date_form")


@requirement("USI-CRE-01D")
@expecting("usi/applications_refused.json", "either", "rejected")
def test_sends_no_impossible_application(iut, call_of, case):
    """What the contract has no room for is refused and not sent."""
    must_keep_to(iut, call_of, case, "usi.name_branch", "usi.empty_name", "usi.date_form")


@requirement("USI-CRE-01E")
@operation(CREATE)
def test_passes_over_unknown_elements(created_one, call_under):
    """Elements that no schema lists do not keep the USI from the user."""
    created_one()
    scenario = call_under(CREATE, "registry.unknown_element")
    value = must_be_told(scenario, CREATE, "created", because="Success, with elements that nobody knows")
    must_name_the_usi(value, scenario, CREATE)


@requirement("USI-CRE-02")
@vectors("usi/existing.json")
def test_tells_an_existing_usi(call_of, case):
    """MatchFound is told as existing, with that USI."""
    _must_tell_the_usi(call_of(case), case, "the registry answered MatchFound")


@requirement("USI-CRE-03")
@operation(CREATE)
def test_shows_why_an_application_failed(created_one, call_under):
    """Failure is told as failed, with code and message of its error."""
    created_one()
    scenario = call_under(CREATE, "registry.create_failure")
    must_be_told_failed(scenario, CREATE, "the registry answered Failure")
    must_show_all(scenario, *errors_in(exchanges_of(scenario, CREATE)[-1].facts.answer))


@requirement("USI-CRE-03B")
@expecting("usi/application_rules.json", "either")
def test_tells_what_rules_forbid(iut, call_of, case):
    """What breaks a rule beyond the schema is refused by the product, or by the registry and told."""
    must_keep_to(iut, call_of, case)


@requirement("USI-CRE-04")
@operation(CREATE)
def test_survives_a_bare_failure(created_one, call_under):
    """Failure with neither errors nor USI is a failure, and nothing falls over."""
    created_one()
    scenario = call_under(CREATE, "registry.create_failure_bare")
    must_not_be_told(
        scenario, CREATE, *HAS_A_USI, "pending", because="the registry answered Failure", reasons=REFUSED
    )


@requirement("USI-CRE-04B")
@operation(CREATE)
def test_takes_no_unknown_result_for_success(created_one, call_under):
    """A Result that no contract lists is told neither as created nor as existing."""
    created_one()
    must_not_be_told(
        call_under(CREATE, "registry.unknown_result"),
        CREATE,
        *HAS_A_USI,
        because="the contract lists no such Result",
    )


@requirement("USI-CRE-05")
@operation(CREATE)
def test_creates_nobody_without_a_usi(created_one, call_under):
    """Success without USI is told neither as created nor as existing, and nothing falls over."""
    created_one()
    must_not_be_told(call_under(CREATE, "registry.no_usi"), CREATE, *HAS_A_USI, because="there is no USI")


@requirement("USI-CRE-06")
@operation(CREATE)
def test_keeps_the_usi_of_an_unverified_document(created_one, call_under):
    """Success with IdentityDocumentVerified False: USI and value reach the user."""
    created_one()
    scenario = call_under(CREATE, "registry.document_unverified")
    value = must_be_told(
        scenario, CREATE, "created", "unclear", because="Success, with a document that was not verified"
    )
    must_name_the_usi(value, scenario, CREATE)
    must_hold(value["response"], {"Application": {"IdentityDocumentVerified": "False"}})


@requirement("USI-CRE-06B")
@operation(CREATE)
@pytest.mark.parametrize("form", ["fault", "result"])
def test_tells_that_a_document_does_not_verify(created_one, call_under, form):
    """A document that does not verify is told as a failure, with what the registry says of it."""
    created_one()
    faults = ("registry.unverified_result",) if form == "result" else ()
    scenario = call_under(CREATE, *faults, request=UNVERIFIABLE, title="with-a-document-that-does-not-verify")
    must_be_told_failed(scenario, CREATE, "the document was not verified, and nothing was created")
    answer = exchanges_of(scenario, CREATE)[-1].facts.answer
    must_show_all(scenario, *(errors_in(answer) if answer else ["2004"]))


@requirement("USI-CRE-07")
@operation(CREATE)
@pytest.mark.parametrize("fault", LOST)
def test_creates_nobody_twice(created_one, call_under, fault):
    """After an answer was lost no request goes out that repeats a RequestId or alters the details."""
    created_one()
    scenario = call_under(CREATE, fault)
    must_have_asked_well(scenario, CREATE)
    sent = [request.facts.request.values for request in requests_of(scenario, CREATE)]
    if len({values["RequestId"] for values in sent}) < len(sent):
        raise ImplementationError(
            "the request was repeated with the same RequestId after its answer was lost",
            subcode=Subcode.WRONG_VALUE,
            expected="a new RequestId, or no further request",
            found=f"{len(sent)} requests",
            advice="do not repeat CreateUSI blindly; look the person up, or leave it to the user",
        )
    for again in sent[1:]:
        must_carry(again["Application"]["PersonalDetails"], sent[0]["Application"]["PersonalDetails"], CREATE)
    answer = scenario.reply.answer
    if answer.outcome is not Outcome.OK:
        scenario.reply.must_be_refused(*NO_ANSWER)
    elif answer.value["conclusion"] in (*HAS_A_USI, "located"):
        _must_be_the_first_usi(answer.value, scenario)
    elif answer.value["conclusion"] not in ("unclear", "failed"):
        raise wrong_conclusion("unclear, or a refusal", answer.value["conclusion"], "its answer was lost")


@requirement("USI-CRE-07B")
@operation(CREATE)
def test_finds_the_lost_usi_again(created_one, begin):
    """The same application once more, after an answer was lost, ends with the USI that was created first."""
    created_one()
    with begin("create-again-after-a-lost-answer", faults=("registry.reset_before@1",)) as flow:
        first = flow.ask(CREATE)
        again = flow.ask(CREATE)
    must_have_asked_well(first, CREATE)
    if exchanges_of(again, CREATE):
        must_have_asked_well(again, CREATE)
    value = again.reply.must_be_ok()
    if value["conclusion"] != "existing":
        raise wrong_conclusion("existing", value["conclusion"], "the first request had created the person")
    _must_be_the_first_usi(value, first)


def _must_be_the_first_usi(value, scenario):
    """Demand the USI that the first request brought into being."""
    given = usi_in(exchanges_of(scenario, CREATE)[0].facts.answer or {})
    found = usi_in(value["response"])
    if found != given:
        raise ImplementationError(
            "the product tells another USI than the one that was created",
            subcode=Subcode.WRONG_VALUE,
            expected=given,
            found=found or "none",
            where="response/USI",
        )


@requirement("USI-CRE-08")
@operation(CREATE)
def test_does_not_try_a_document_again(created_one, call_under):
    """After 2004 the application is not sent again."""
    created_one()
    scenario = call_under(CREATE, request=UNVERIFIABLE, title="with-a-document-that-does-not-verify")
    must_have_asked_well(scenario, CREATE)
    if (found := len(exchanges_of(scenario, CREATE))) > 1:
        raise ImplementationError(
            "after 2004 the application was sent again",
            subcode=Subcode.WRONG_VALUE,
            expected="one request",
            found=f"{found} requests",
            advice="the same document does not verify a moment later; ask for the data to be corrected",
        )


@requirement("USI-CRE-09")
@operation(CREATE)
def test_takes_nobody_elses_answer(created_one, call_under):
    """An answer with another ApplicationId is told neither as created nor as existing."""
    created_one()
    must_not_be_told(
        call_under(CREATE, "registry.other_application_id"),
        CREATE,
        *HAS_A_USI,
        because="it is the answer to another application",
    )


# --- batches --------------------------------------------------------------------------------------

UPLOAD, RETRIEVE = "BulkUpload", "BulkUploadRetrieve"

MOST_POLLS = 5
"""How often a product may ask for results within one call."""

MOST_CALLS = 6
"""How many calls are made for results that are pending at first."""

PENDING_ANSWERS = 6
"""Answers of the registry, that to the upload among them, before results are there that stay away long."""

UNKNOWN_RECEIPT = "5d2c1f0e-7a64-4b39-9c18-0e6f4b7d2a53"
"""A text of the form of a receipt, which the registry has given to nobody."""

OTHER_CLIENT = {
    "act_as": {"second_party": "27809366375", "ssid": "0000567800"},
    "org_code": "VA1803",
}
OTHER_ORGANISATION = {"org_code": "VA1802"}
"""Whom the results of an upload are not for: in the cloud another client, else another organisation."""


def _of_three():
    """Return an upload of a new person, of one who has a USI, and of one whose document does not verify."""
    new, known, unverified = (copy.deepcopy(APPLICATION) for _ in range(3))
    known["PersonalDetails"] |= {"FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
    del known["PersonalDetails"]["MiddleName"]
    unverified["PersonalDetails"] |= {"FirstName": "Rilla", "DateOfBirth": "1995-07-08"}
    unverified["DVSDocument"]["DocumentNumber"] = "X2222222"
    return {"Applications": {"Application": [new, known, unverified]}}


THREE = _of_three()
CONCLUSIONS_OF_THREE = ["created", "existing", "failed"]


def _uploaded(flow, request=None):
    """Upload a batch, which must be taken, and return the scenario and the receipt that the registry gave."""
    scenario = flow.ask(UPLOAD, request)
    must_go_well(scenario, UPLOAD, "pending")
    return scenario, exchanges_of(scenario, UPLOAD)[-1].facts.answer["ReceiptNumber"]


def _fetched(flow, receipt, most=MOST_CALLS):
    """Ask for results until they are there, and return the last call.

    How the registry says that results are pending is not public, so that a product may call it a refusal.
    """
    for _ in range(most):
        scenario = flow.ask(RETRIEVE, {"ReceiptNumber": receipt})
        answer = scenario.reply.answer
        if answer.outcome is Outcome.OK and answer.value["conclusion"] != "pending":
            break
    return scenario


def _records(scenario):
    """Return the records of results that were told, which must be as many as were uploaded."""
    value = must_be_told(scenario, RETRIEVE, "completed", because="the results are there")
    return value.get("records") or []


def _must_agree(records, uploaded, answers):
    """Demand of every application what its own result says, and that one without a result is flagged."""
    sent = exchanges_of(uploaded, UPLOAD)[-1].facts.request.values["Applications"]["Application"]
    if len(records) != len(sent):
        raise ImplementationError(
            "there are not as many records as applications were handed over",
            subcode=Subcode.WRONG_VALUE,
            expected=str(len(sent)),
            found=str(len(records)),
            where="records",
        )
    for number, (application, record) in enumerate(zip(sent, records, strict=True), 1):
        mine = [answer for answer in answers if answer["ApplicationId"] == application["ApplicationId"]]
        result = mine[0]["Result"] if len(mine) == 1 else ""
        allowed = {"Success": ("created",), "MatchFound": ("existing",), "Failure": ("failed",)}.get(
            result, ("unclear", "failed")
        )
        if record["conclusion"] not in allowed:
            raise wrong_conclusion(
                " or ".join(allowed),
                record["conclusion"],
                f"application {number} has {f'the result {result}' if result else 'no result of its own'}",
            )
        if result in ("Success", "MatchFound") and usi_in(record["response"]) != mine[0]["USI"]:
            raise ImplementationError(
                f"application {number} is told another USI than its result holds",
                subcode=Subcode.WRONG_VALUE,
                expected=mine[0]["USI"],
                found=usi_in(record["response"]) or "none",
                where=f"records[{number}]/USI",
            )


def _results(scenario):
    """Return the results that the registry gave last."""
    return exchanges_of(scenario, RETRIEVE)[-1].facts.answer["Applications"]["Application"]


@pytest.fixture(scope="session")
def batch_of_three(begin):
    """The upload of three and its results, under faults; each set of faults once."""
    done = {}

    def perform(*faults):
        if faults not in done:
            name = "-".join(("batch-of-three", *(fault.partition(".")[2] for fault in faults)))
            with begin(name.replace("_", "-"), faults=faults) as flow:
                uploaded, receipt = _uploaded(flow, THREE)
                done[faults] = uploaded, _fetched(flow, receipt)
        uploaded, fetched = done[faults]
        return uploaded.cite(), fetched.cite()

    return perform


@requirement("USI-BLK-01")
@operation(UPLOAD)
@operation(RETRIEVE)
def test_keeps_receipts_over_a_restart(begin):
    """A new process of the product has the receipt, and fetches the results with it."""
    with begin("upload-restart-retrieve") as flow:
        uploaded = flow.ask(UPLOAD)
        value = must_be_told(uploaded, UPLOAD, "pending", because="the registry gave a receipt")
        receipt = exchanges_of(uploaded, UPLOAD)[-1].facts.answer["ReceiptNumber"]
        must_hold(value["response"], {"ReceiptNumber": receipt})
        flow.start_again()
        fetched = flow.ask(RETRIEVE, {})
        used = [
            exchange.facts.request.values.get("ReceiptNumber") for exchange in exchanges_of(fetched, RETRIEVE)
        ]
        if receipt not in used:
            raise ImplementationError(
                "after a restart the product does not know the receipt of an upload any more",
                subcode=Subcode.WRONG_VALUE,
                expected=f"a request {RETRIEVE} with the receipt",
                found=fetched.reply.described(),
                advice="store receipt and organisation durably before anything else is done",
            )
        fetched = _fetched(flow, receipt)
    _must_agree(_records(fetched), uploaded, _results(fetched))


@requirement("USI-BLK-01B")
@operation(UPLOAD)
def test_sends_every_application_of_a_batch(right_call):
    """The request is valid, and holds every application as it was recorded."""
    observed = requests_of(right_call(UPLOAD), UPLOAD)[0]
    observed.must_satisfy("usi.schema", "usi.name_branch", "usi.date_form")
    must_carry(observed.facts.request.values, REQUESTS[UPLOAD], UPLOAD)


@requirement("USI-BLK-02")
@operation(UPLOAD)
@operation(RETRIEVE)
@pytest.mark.parametrize("form", ["pending", "pending_empty"])
def test_asks_for_pending_results_a_few_times(pending_batch, form):
    """While results are pending, one call asks a few times at most and tells nothing as done."""
    _, first, _ = pending_batch(form)
    if (found := len(exchanges_of(first, RETRIEVE))) > MOST_POLLS:
        raise ImplementationError(
            "the product asks for pending results without an end",
            subcode=Subcode.WRONG_VALUE,
            expected=f"at most {MOST_POLLS} requests in one call",
            found=f"{found} requests",
            advice="tell `pending`, keep the receipt, and ask again later by schedule",
        )
    must_not_be_told(
        first, RETRIEVE, "completed", because="the results are pending", reasons=(*REFUSED, *NO_ANSWER)
    )


@requirement("USI-BLK-02B")
@operation(UPLOAD)
@operation(RETRIEVE)
@pytest.mark.parametrize("form", ["pending", "pending_empty"])
def test_fetches_pending_results_later(pending_batch, form):
    """Results that were pending are fetched by a later call with the same receipt."""
    uploaded, _, last = pending_batch(form)
    _must_agree(_records(last), uploaded, _results(last))


@pytest.fixture(scope="session")
def pending_batch(begin):
    """An upload that stays pending for a while: the upload, the first call for results, and the last one."""
    done = {}

    def perform(form):
        if form not in done:
            faults = (f"registry.{form}@{PENDING_ANSWERS}",)
            with begin(f"batch-that-is-{form.replace('_', '-')}", faults=faults) as flow:
                uploaded, receipt = _uploaded(flow)
                first = flow.ask(RETRIEVE, {"ReceiptNumber": receipt})
                done[form] = uploaded, first, _fetched(flow, receipt)
        return tuple(scenario.cite() for scenario in done[form])

    return perform


@requirement("USI-BLK-03")
@operation(UPLOAD)
@operation(RETRIEVE)
@pytest.mark.parametrize("faults", [(), ("registry.shuffled",)], ids=["in-order", "shuffled"])
def test_tells_every_application_its_own_result(batch_of_three, faults):
    """One is new, one existed, one failed, in the order in which they were handed over."""
    uploaded, fetched = batch_of_three(*faults)
    records = _records(fetched)
    _must_agree(records, uploaded, _results(fetched))
    found = [record["conclusion"] for record in records]
    if found != CONCLUSIONS_OF_THREE:
        raise wrong_conclusion(", ".join(CONCLUSIONS_OF_THREE), ", ".join(found), "of a batch of three")


@requirement("USI-BLK-03B")
@operation(UPLOAD)
@operation(RETRIEVE)
@pytest.mark.parametrize("fault", ["registry.fewer_records", "registry.failed_records"])
def test_tells_what_has_no_result(batch_of_three, fault):
    """An application without a result is flagged, and one that failed is told so with its errors."""
    _must_have_fetched(*batch_of_three())
    uploaded, fetched = batch_of_three(fault)
    _must_agree(_records(fetched), uploaded, _results(fetched))
    must_show_all(fetched, *(text for result in _results(fetched) for text in errors_in(result)))


@requirement("USI-BLK-03C")
@operation(UPLOAD)
@operation(RETRIEVE)
@pytest.mark.parametrize("fault", ["registry.extra_record", "registry.duplicate_record"])
def test_gives_nobody_a_strangers_result(batch_of_three, fault):
    """A result of nobody becomes no record, and of two results of one application none is taken."""
    _must_have_fetched(*batch_of_three())
    uploaded, fetched = batch_of_three(fault)
    if fetched.reply.answer.outcome is Outcome.OK and fetched.reply.answer.value["conclusion"] != "completed":
        must_be_told(fetched, RETRIEVE, "unclear", "failed", because="the results do not fit the upload")
    else:
        _must_agree(_records(fetched), uploaded, _results(fetched))


def _must_have_fetched(uploaded, fetched):
    """Make sure that plain results are told rightly before anything is asked about odd ones."""
    must_go_well(uploaded, UPLOAD, "pending")
    must_go_well(fetched, RETRIEVE, "completed")
    found = [record["conclusion"] for record in fetched.reply.answer.value.get("records") or ()]
    if found != CONCLUSIONS_OF_THREE:
        raise NotTestable(
            "plain results are told wrongly, so that nothing can be learned from odd ones",
            expected=", ".join(CONCLUSIONS_OF_THREE),
            found=", ".join(found),
            advice="mend the failures of USI-BLK-03 first",
        )


@requirement("USI-BLK-04")
@operation(UPLOAD)
@operation(RETRIEVE)
def test_fetches_the_same_twice(begin):
    """Asked twice with the same receipt, the product tells the same records, or that they were fetched."""
    with begin("retrieve-twice") as flow:
        _, receipt = _uploaded(flow)
        first = _fetched(flow, receipt)
        again = flow.ask(RETRIEVE, {"ReceiptNumber": receipt})
    once = _records(first)
    if again.reply.answer.outcome is Outcome.REJECTED and kept_back(again, RETRIEVE):
        again.reply.must_be_refused("request.invalid")
        return
    value = again.reply.must_be_ok()
    twice = value.get("records") or []
    if [_told(record) for record in twice] != [_told(record) for record in once]:
        raise ImplementationError(
            "results that were fetched twice are not the same",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{len(once)} records as before",
            found=f"{len(twice)} records",
            where="records",
        )


def _told(record):
    return record["conclusion"], usi_in(record["response"])


@requirement("USI-BLK-05")
@operation(UPLOAD)
@operation(RETRIEVE)
def test_takes_no_results_of_another_upload(batch_of_three):
    """Results with another RequestId give nobody a USI."""
    _must_have_fetched(*batch_of_three())
    _, fetched = batch_of_three("registry.other_request_id")
    must_have_asked_well(fetched, RETRIEVE)
    answer = fetched.reply.answer
    if answer.outcome is not Outcome.OK:
        fetched.reply.must_be_refused(*NO_ANSWER)
        return
    told = {answer.value["conclusion"], *(each["conclusion"] for each in answer.value.get("records") or ())}
    if answer.value["conclusion"] == "completed" and told & {*HAS_A_USI}:
        raise wrong_conclusion("unclear", "completed", "these are the results of another upload")


@requirement("USI-BLK-06")
@operation(UPLOAD)
@operation(RETRIEVE)
def test_uses_receipts_for_their_organisation(bench, begin):
    """A receipt is not used in the name of another organisation, and still good for its own."""
    other = OTHER_CLIENT if bench.act_as else OTHER_ORGANISATION
    with begin("receipt-of-another-organisation") as flow:
        uploaded, receipt = _uploaded(flow)
        crossed = [flow.ask(RETRIEVE, request, **other) for request in ({}, {"ReceiptNumber": receipt})]
        fetched = _fetched(flow, receipt)
    for scenario in crossed:
        used = [each.facts.request.values.get("ReceiptNumber") for each in exchanges_of(scenario, RETRIEVE)]
        if receipt in used:
            raise ImplementationError(
                "the receipt of one organisation was used in the name of another one",
                subcode=Subcode.STATE_LEAK,
                expected=f"no request {RETRIEVE} with this receipt",
                found=f"{used.count(receipt)} of them",
                advice="store the organisation with each receipt, and look at it before the receipt is used",
            )
    _must_agree(_records(fetched), uploaded, _results(fetched))


@requirement("USI-BLK-07")
@operation(UPLOAD)
@operation(RETRIEVE)
def test_does_not_wait_for_an_unknown_receipt(begin):
    """With a receipt that the registry did not give, the call has failed: nothing is pending or done."""
    with begin("retrieve-with-an-unknown-receipt") as flow:
        _uploaded(flow)
        scenario = flow.ask(RETRIEVE, {"ReceiptNumber": UNKNOWN_RECEIPT})
    must_not_be_told(
        scenario,
        RETRIEVE,
        "pending",
        "completed",
        because="there is no upload of this receipt",
        reasons=("request.invalid", *REFUSED),
    )
