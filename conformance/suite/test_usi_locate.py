"""Does the product look people up, change records and fetch lists rightly, and tell what came of it?"""

import copy
import unicodedata

import pytest

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.suite import cases, operation, requirement, vectors
from conformance.suite.flows import APPLICATION
from conformance.suite.operations import (
    errors_in,
    exchanges_of,
    expecting,
    kept_back,
    must_be_told,
    must_be_told_failed,
    must_go_well,
    must_hold,
    must_keep_to,
    must_name_the_usi,
    must_not_be_told,
    must_not_break,
    must_send_it_all,
    must_show_all,
    requests_of,
)

LOCATE, PERSONAL, CONTACT = "LocateUSI", "UpdateUSIPersonalDetails", "UpdateUSIContactDetails"
COUNTRIES, DOCUMENTS, CREATE = "GetCountries", "GetNonDvsDocumentTypes", "CreateUSI"

UNSURE = (
    "locate_multiple_exact",
    "locate_single_no_contact_match",
    "locate_multiple_no_contact_match",
    "locate_no_identical_strong_partial",
)
"""Faults that make the registry answer with a result that names nobody for certain."""

NOBODY = {
    "PersonalDetails": {
        "Gender": "M",
        "FirstName": "Quentin",
        "FamilyName": "Notontheregister",
        "DateOfBirth": "1979-10-11",
    }
}
"""A look-up of somebody whom the registry does not know."""

UNVERIFIABLE = {
    "USI": "BNGH7C75FN",
    "DVSCheckRequired": True,
    "PersonalDetailsUpdate": {"FamilyName": "Testmarried"},
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X2222222"},
}
"""A change with a document that no mock value of the verification service fits."""

TWO_CHANGES = {
    "USI": "BNGH7C75FN",
    "DVSCheckRequired": False,
    "PersonalDetailsUpdate": {"PreferredFirstName": "Mary", "PreferredFamilyName": "Fred"},
}

UNKNOWN_ID = 987654
"""Of no document in any list."""

RULES_OF_UPDATES = (
    "usi.modifier",
    "usi.one_change",
    "usi.change_document",
    "usi.date_form",
    "usi.name_branch",
)


# --- look-ups -------------------------------------------------------------------------------------


@pytest.fixture
def located_one(call_under):
    """Make sure that the product can find a USI at all, before anything is asked about odd answers."""

    def demand():
        must_go_well(call_under(LOCATE, "registry.locate_exact"), LOCATE, "located")

    return demand


@requirement("USI-LOC-01")
@vectors("usi/lookups.json")
def test_sends_contact_details_always(call_of, case):
    """ContactDetails is there, even where nothing is in it."""
    sent = requests_of(call_of(case), LOCATE)[0].facts.request.values
    if "ContactDetails" not in sent:
        raise ImplementationError(
            "ContactDetails is missing",
            subcode=Subcode.WRONG_VALUE,
            expected="ContactDetails, be it empty",
            found=", ".join(sent),
            where=LOCATE,
        )


@requirement("USI-LOC-01B")
@vectors("usi/lookups.json")
def test_sends_the_whole_look_up(call_of, case):
    """The request is valid, and everything that was handed over is in it."""
    must_send_it_all(call_of(case), case, "usi.name_branch", "usi.locate_name", "usi.date_form")


@requirement("USI-LOC-01C")
@expecting("usi/lookups_refused.json", "either", "rejected")
def test_sends_no_impossible_look_up(iut, call_of, case):
    """A look-up without a name, or with what the contract has no room for, is not sent as it is."""
    must_keep_to(iut, call_of, case, "usi.name_branch", "usi.locate_name", "usi.date_form")


@requirement("USI-LOC-02")
@operation(LOCATE)
def test_takes_an_exact_match(call_under):
    """Exact is told as located, with the USI."""
    scenario = call_under(LOCATE, "registry.locate_exact")
    value = must_be_told(scenario, LOCATE, "located", because="the registry answered Exact")
    must_name_the_usi(value, scenario, LOCATE)


@requirement("USI-LOC-02")
@operation(LOCATE)
@pytest.mark.parametrize("fault", UNSURE)
def test_takes_no_unsure_match(located_one, call_under, fault):
    """Any other result is not told as located, though a USI may be there."""
    located_one()
    scenario = call_under(LOCATE, f"registry.{fault}")
    must_be_told(
        scenario,
        LOCATE,
        "unclear",
        "not_located",
        "failed",
        because="the result is none that names one person",
    )


@requirement("USI-LOC-02B")
@operation(LOCATE)
def test_takes_no_unknown_result_for_a_match(located_one, call_under):
    """A Result that no contract lists is not told as located, though there is a USI."""
    located_one()
    scenario = call_under(LOCATE, "registry.locate_exact", "registry.unknown_result")
    must_not_be_told(scenario, LOCATE, "located", because="the contract lists no such Result")


@requirement("USI-LOC-02B")
@pytest.mark.parametrize("name", [pytest.param(name, marks=operation(name)) for name in (PERSONAL, CONTACT)])
def test_takes_no_unknown_result_for_a_change(right_call, call_under, name):
    """A Result that no contract lists is not told as updated."""
    must_go_well(right_call(name), name, "updated")
    scenario = call_under(name, "registry.unknown_result")
    must_not_be_told(scenario, name, "updated", because="the contract lists no such Result")


@requirement("USI-LOC-03")
@operation(LOCATE)
@pytest.mark.parametrize("form", ["empty", "missing"])
def test_tells_that_nobody_was_found(located_one, call_under, form):
    """NoMatch is told as such, whether the element USI is empty or missing."""
    located_one()
    scenario = call_under(LOCATE, f"registry.locate_usi_{form}", request=NOBODY, title="of-nobody")
    must_be_told(scenario, LOCATE, "not_located", because="the registry answered NoMatch")


@requirement("USI-LOC-03B")
@operation(LOCATE)
def test_shows_errors_of_a_look_up(located_one, call_under):
    """Code and message of each error reach the user."""
    located_one()
    scenario = call_under(LOCATE, "registry.locate_errors")
    must_not_be_told(
        scenario, LOCATE, "located", because="the answer holds errors", reasons=("service.validation",)
    )
    must_show_all(scenario, *errors_in(exchanges_of(scenario, LOCATE)[-1].facts.answer))


@requirement("USI-LOC-04")
def test_looks_nobody_up_unasked(healthy, call_of, refused_call):
    """A verification that goes well, one that finds no match and an outage: LocateUSI is never called."""
    healthy.registry_request()
    no_match = next(case for case in cases("usi/no_match.json") if case.twin)
    for scenario in (healthy, call_of(no_match), refused_call("registry.1001")):
        if found := exchanges_of(scenario.cite(), LOCATE):
            raise ImplementationError(
                "LocateUSI was called though nobody asked for a look-up",
                subcode=Subcode.WRONG_VALUE,
                expected="no request LocateUSI",
                found=f"{len(found)} of them",
                advice="each look-up sends the account holder a message; use GetCountries as a health check",
            )


# --- updates --------------------------------------------------------------------------------------


@requirement("USI-UPD-01")
@vectors("usi/updates.json")
def test_names_one_change(call_of, case):
    """The modifier is the right one, its element is there and no other; the change is told as made."""
    _must_be_updated(call_of(case), case)


@requirement("USI-UPD-01B")
@operation(PERSONAL)
def test_makes_several_changes_one_by_one(right_call, call_under):
    """Two changes go out by one request each, or not at all."""
    must_go_well(right_call(PERSONAL), PERSONAL, "updated")
    scenario = call_under(PERSONAL, request=TWO_CHANGES, title="two-changes")
    if kept_back(scenario, PERSONAL):
        scenario.reply.must_be_refused("request.invalid")
        return
    sent = requests_of(scenario, PERSONAL)
    for observed in sent:
        observed.must_satisfy("usi.schema", "usi.modifier", "usi.one_change")
    found = {observed.facts.request.values["PersonalDetailsModifier"] for observed in sent}
    if missing := set(TWO_CHANGES["PersonalDetailsUpdate"]) - found:
        raise ImplementationError(
            "of two changes one was not made, and nobody is told",
            subcode=Subcode.WRONG_VALUE,
            expected="one request for each change, or a refusal",
            found=f"no request for {', '.join(missing)}",
        )
    must_be_told(scenario, PERSONAL, "updated", because="both changes were made")


@requirement("USI-UPD-01C")
@vectors("usi/contact_updates.json")
def test_sends_changed_contact_details(call_of, case):
    """The request is valid and holds what was handed over; the change is told as made."""
    _must_be_updated(call_of(case), case)


@requirement("USI-UPD-01D")
@expecting("usi/updates_refused.json", "either", "rejected")
def test_sends_no_impossible_update(iut, call_of, case):
    """What the contract has no room for is refused and not sent."""
    must_keep_to(iut, call_of, case, *RULES_OF_UPDATES, "usi.check_character")


@requirement("USI-UPD-02")
@vectors("usi/updates_with_document.json")
def test_proves_a_changed_identity(iut, call_of, case):
    """Another name or date of birth goes with a document; without one it is refused, by whomever."""
    if case.expect.status == "ok":
        _must_be_updated(call_of(case), case)
    else:
        must_keep_to(iut, call_of, case)


@requirement("USI-UPD-03")
@pytest.mark.parametrize("name", [pytest.param(name, marks=operation(name)) for name in (PERSONAL, CONTACT)])
def test_shows_why_an_update_failed(right_call, call_under, name):
    """Failure is told as failed, with code and message of its error."""
    must_go_well(right_call(name), name, "updated")
    scenario = call_under(name, "registry.update_failure")
    must_be_told_failed(scenario, name, "the registry answered Failure")
    must_show_all(scenario, *errors_in(exchanges_of(scenario, name)[-1].facts.answer))


@requirement("USI-UPD-03B")
@operation(PERSONAL)
@pytest.mark.parametrize("form", ["fault", "result"])
def test_tells_that_a_change_was_not_verified(right_call, call_under, form):
    """A document that does not verify is told as a failure, with what the registry says of it."""
    must_go_well(right_call(PERSONAL), PERSONAL, "updated")
    faults = ("registry.unverified_result",) if form == "result" else ()
    scenario = call_under(
        PERSONAL, *faults, request=UNVERIFIABLE, title="with-a-document-that-does-not-verify"
    )
    must_be_told_failed(scenario, PERSONAL, "the document was not verified, and nothing was changed")
    answer = exchanges_of(scenario, PERSONAL)[-1].facts.answer
    must_show_all(scenario, *(errors_in(answer) if answer else ["2004"]))


def _must_be_updated(scenario, case):
    must_send_it_all(scenario, case, *RULES_OF_UPDATES)
    expected = case.expect.value
    value = must_be_told(
        scenario, case.input["operation"], expected["conclusion"], because="the registry answered Success"
    )
    must_hold(value["response"], expected["response"])


# --- lists ----------------------------------------------------------------------------------------


@requirement("USI-REF-01")
@pytest.mark.parametrize(
    ("name", "element"),
    [
        pytest.param(COUNTRIES, "Countries", marks=operation(COUNTRIES), id="countries"),
        pytest.param(DOCUMENTS, "NonDvsDocumentTypes", marks=operation(DOCUMENTS), id="documents"),
    ],
)
def test_tells_the_whole_list(right_call, name, element):
    """What is told is the list that the registry gave, entry by entry."""
    scenario = right_call(name)
    value = must_be_told(scenario, name, "listed", because="the registry gave the list")
    must_not_break(requests_of(scenario, name)[0], "usi.schema")
    must_hold(value["response"], {element: exchanges_of(scenario, name)[-1].facts.answer[element]})


@requirement("USI-REF-01")
@operation(DOCUMENTS)
@pytest.mark.parametrize("faults", [(), ("registry.decomposed",)], ids=["precomposed", "combining"])
def test_keeps_the_accents_of_a_list(call_under, faults):
    """Accents of an answer, each in one character with its letter or in one of its own, are not lost."""
    scenario = call_under(DOCUMENTS, *faults, title="accents")
    value = must_be_told(scenario, DOCUMENTS, "listed", because="the registry gave the list")
    told = [
        _texts_of(each) for each in (value["response"], exchanges_of(scenario, DOCUMENTS)[-1].facts.answer)
    ]
    if told[0] != told[1]:
        raise ImplementationError(
            "texts of the list have lost their accents",
            subcode=Subcode.WRONG_VALUE,
            expected="; ".join(told[1]),
            found="; ".join(told[0]) or "no texts",
            where=f"{DOCUMENTS}Response/NonDvsDocumentTypes",
            advice="read answers as UTF-8, and keep combining characters",
        )


def _texts_of(answer):
    """Return the names of the documents in a list, in the one normal form."""
    whole = answer.get("NonDvsDocumentTypes") if isinstance(answer, dict) else None
    entries = whole.get("NonDvsDocumentType") if isinstance(whole, dict) else None
    return [
        unicodedata.normalize("NFC", str(entry.get("DocumentType")))
        for entry in entries or ()
        if isinstance(entry, dict)
    ]


@requirement("USI-REF-01B")
@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=operation(each)) for each in (COUNTRIES, DOCUMENTS)]
)
def test_keeps_a_list(right_call, begin, name):
    """Asked for twice in a row, the list is fetched once."""
    must_go_well(right_call(name), name, "listed")
    with begin(f"{name}-twice") as flow:
        first, again = flow.ask(name), flow.ask(name)
    must_go_well(first, name, "listed")
    again.reply.must_be_ok()
    if exchanges_of(again, name):
        raise ImplementationError(
            "the list was fetched again straight after it had been fetched",
            subcode=Subcode.WRONG_VALUE,
            expected="one request for both",
            found="two requests",
            advice="keep each list for a day at least",
        )


@requirement("USI-REF-02")
@operation(CREATE)
@operation(DOCUMENTS)
def test_refuses_an_unknown_document(right_call, begin):
    """Once the list is known, an application with an id that is not in it is refused and not sent."""
    must_go_well(right_call(CREATE), CREATE, "created")
    application = {
        **copy.deepcopy(APPLICATION),
        "DVSCheckRequired": False,
        "NonDvsDocumentTypeId": UNKNOWN_ID,
    }
    del application["DVSDocument"]
    with begin("create-with-an-unknown-document") as flow:
        listed = flow.ask(DOCUMENTS)
        must_go_well(listed, DOCUMENTS, "listed")
        known = listed.reply.answer.value["response"]["NonDvsDocumentTypes"]["NonDvsDocumentType"][0]["Id"]
        twin = flow.ask(CREATE, {"Application": {**application, "NonDvsDocumentTypeId": known}})
        scenario = flow.ask(CREATE, {"Application": application})
    must_go_well(twin, CREATE, "created")
    if exchanges_of(scenario, CREATE):
        raise ImplementationError(
            "an application with an id of a document that is in no list was sent",
            subcode=Subcode.ACCEPTED_INVALID,
            expected="a refusal, as the list is known",
            found=f"NonDvsDocumentTypeId {UNKNOWN_ID}",
            advice="compare the id with the list that was fetched",
        )
    scenario.reply.must_be_refused("request.invalid")
