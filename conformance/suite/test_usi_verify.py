"""Does the product tell its user the right thing of a verification?"""

import pytest

from conformance.adapters.contract import Outcome
from conformance.suite import operation, requirement, vectors
from conformance.suite.calls import (
    answered,
    asked,
    must_be_concluded,
    must_conclude,
    must_have_failed,
    must_have_sent_well,
    must_have_verified,
    wrong_conclusion,
)
from conformance.suite.flows import PERSON
from conformance.suite.operations import must_carry, must_go_well

FAULT = ("service.unavailable", "service.validation", "service.not_authorised", "service.fault")
BROKEN = ("transport.failed", "service.unavailable", "service.malformed_answer", "service.fault")
TROUBLE = {"1001": FAULT, "1002": FAULT, "2002": FAULT, "reset_before": BROKEN, "unavailable": BROKEN}
"""What may happen instead of an answer, and the reasons that are right for it."""

CHANGED_NAME = {
    "USI": "BNGH7C75FN",
    "DVSCheckRequired": True,
    "PersonalDetailsUpdate": {"FamilyName": "Fredrick-Kit"},
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
}
"""Another family name for a published person, with a published mock document."""


@requirement("USI-VER-01")
@vectors("usi/verified.json")
def test_verifies_when_all_matches(carry_out, case):
    """Valid, and Match for every field, is verified."""
    must_conclude(asked(carry_out, case), case)


@requirement("USI-VER-02")
@vectors("usi/no_match.json")
def test_does_not_verify_a_mismatch(healthy, carry_out, case):
    """Valid with any NoMatch is not verified, and the field is named."""
    must_have_verified(healthy)
    must_conclude(asked(carry_out, case), case)


@requirement("USI-VER-03")
@vectors("usi/deactivated.json")
def test_does_not_verify_a_deactivated_usi(healthy, carry_out, case):
    """Deactivated is not verified, though everything matches."""
    must_have_verified(healthy)
    must_conclude(asked(carry_out, case), case)


@requirement("USI-VER-04")
@vectors("usi/unknown_usis.json")
def test_does_not_verify_an_unknown_usi(healthy, carry_out, case):
    """Invalid with NoMatch for every field is not verified."""
    must_have_verified(healthy)
    must_conclude(asked(carry_out, case, faults=("registry.invalid_with_fields",)), case)


@requirement("USI-VER-05")
def test_survives_invalid_without_fields(healthy, carry_out):
    """Invalid with no fields at all is not verified, and nothing falls over."""
    must_have_verified(healthy)
    scenario = carry_out(
        "verify-an-unknown-usi-answered-without-fields",
        request={
            "USI": "2222222222",
            "FirstName": "Maryam",
            "FamilyName": "Fredrick",
            "DateOfBirth": "1966-05-25",
        },
        faults=("registry.invalid_without_fields",),
    )
    must_be_concluded(answered(scenario), "not_verified", {"USIStatus": "Invalid"})


@requirement("USI-VER-06")
def test_does_not_verify_an_unknown_status(healthy, carry_out):
    """A status that no contract lists is not verified, though everything matches."""
    must_have_verified(healthy)
    scenario = carry_out("verify-answered-with-an-unknown-status", faults=("registry.unknown_status",))
    must_have_sent_well(scenario)
    if scenario.reply.answer.outcome is Outcome.REJECTED:
        # A strict reader may take the answer for one that it cannot use.
        scenario.reply.must_be_refused("service.malformed_answer")
    elif (found := scenario.reply.must_be_ok()["conclusion"]) == "verified":
        raise wrong_conclusion(
            "not_verified or failed", found, "the status is one that the contract does not list"
        )


@requirement("USI-VER-07")
@vectors("usi/single_names.json")
def test_verifies_a_single_name(carry_out, case):
    """A person of one name is verified by SingleName and date of birth."""
    must_conclude(asked(carry_out, case), case)


@requirement("USI-VER-08")
@vectors("usi/changed_particulars.json")
def test_verifies_what_was_changed_anew(begin, case):
    """A person who was just verified is verified anew when a particular has changed."""
    with begin(f"verify-again-{case.id}") as flow:
        first = flow.ask("VerifyUSI")
        second = flow.ask("VerifyUSI", case.input["request"])
    must_have_verified(first)
    if case.twin is not None:
        _must_have_asked_anew(second, case.input["request"])


@requirement("USI-VER-08")
@operation("UpdateUSIPersonalDetails")
def test_verifies_against_what_the_registry_holds_now(begin):
    """Nor is an old answer good for a person whose record at the registry was changed since."""
    with begin("verify-again-after-an-update") as flow:
        first = flow.ask("VerifyUSI")
        changed = flow.ask("UpdateUSIPersonalDetails", CHANGED_NAME)
        second = flow.ask("VerifyUSI")
    must_have_verified(first)
    must_go_well(changed, "UpdateUSIPersonalDetails", "updated")
    _must_have_asked_anew(second, PERSON)


def _must_have_asked_anew(scenario, person):
    """Demand that the registry was asked about a person as the person is now, whatever it says."""
    told = scenario.cite().reply.must_be_ok()["conclusion"]
    if not scenario.registry_requests and told == "verified":
        raise wrong_conclusion(
            "not_verified, after a request to the registry", told, "that was said of another record"
        )
    if scenario.registry_requests:
        must_carry(scenario.request_of("VerifyUSI").facts.request.values, person, "VerifyUSI")


@requirement("USI-VER-10")
@pytest.mark.parametrize("fault", TROUBLE)
def test_takes_no_fault_for_an_answer(healthy, refused_call, fault):
    """A fault, or no answer, says nothing about the USI: a failure is reported, never `not verified`."""
    must_have_verified(healthy)
    must_have_failed(refused_call(f"registry.{fault}"), *TROUBLE[fault])
