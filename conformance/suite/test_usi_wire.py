"""Does the product ask the registry in the right form, for the right organisation, in the right version?"""

import pytest

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.operations import OPERATIONS
from conformance.suite import requirement, vectors
from conformance.suite.calls import (
    asked,
    must_have_sent,
    must_have_verified,
    must_send_the_names,
    names_of,
)
from conformance.suite.flows import (
    APPLICATION,
    PERSON,
    PERSONAL_DETAILS,
    REQUESTS,
    each_operation,
)
from conformance.suite.operations import kept_back, must_carry, usi_in
from conformance.suite.records import must_be_read

NAMING = ("BulkVerifyUSI", "CreateUSI", "BulkUpload", "LocateUSI")
"""Operations besides VerifyUSI that name a person in full."""

TYPED_NAMES = {
    "two-names": {
        "USI": "BNGH7C75FN",
        "FirstName": " Maryam ",
        "FamilyName": "Fredrick ",
        "DateOfBirth": "1966-05-25",
    },
    "one-name": {"USI": "QFJEGFSBC4", "SingleName": " Testsinglename ", "DateOfBirth": "1985-01-01"},
}
"""People as somebody typed them, with blanks where none belong."""

_TYPED_DETAILS = {**PERSONAL_DETAILS, "FirstName": " Quilla", "FamilyName": "Testapplicant "}
_TYPED_APPLICATION = {**APPLICATION, "PersonalDetails": _TYPED_DETAILS}

TYPED_REQUESTS = {
    "BulkVerifyUSI": {"Verifications": {"Verification": [PERSON, TYPED_NAMES["one-name"]]}},
    "CreateUSI": {"Application": _TYPED_APPLICATION},
    "BulkUpload": {"Applications": {"Application": [APPLICATION, _TYPED_APPLICATION]}},
    "LocateUSI": {
        "PersonalDetails": {
            "Gender": "F",
            "FirstName": " Maryam",
            "FamilyName": "Fredrick ",
            "DateOfBirth": "1966-05-25",
        },
        "ContactDetails": {},
    },
}
"""Requests in which somebody typed blanks where none belong."""

PREFERRED = {
    "CreateUSI": {
        "Application": {
            **APPLICATION,
            "PersonalDetails": {
                **PERSONAL_DETAILS,
                "IsPreferredName": True,
                "PreferredFirstName": "Quill",
                "PreferredFamilyName": "Preferred",
            },
        }
    },
    "UpdateUSIPersonalDetails": REQUESTS["UpdateUSIPersonalDetails"],
}
"""Operation -> a request with a preferred name."""

LEGAL_NAMES = {
    "CreateUSI": {"FirstName": "Quilla", "FamilyName": "Testapplicant", "DateOfBirth": "1994-06-07"},
    "UpdateUSIPersonalDetails": PERSON,
}
"""By what the person of that request is verified."""


@requirement("USI-WIRE-01")
@each_operation()
def test_sends_a_valid_request(right_call, name):
    """The request of each operation is valid against the schema of the contract."""
    right_call(name).request_of(name).must_satisfy("usi.schema")


@requirement("USI-WIRE-02")
@each_operation()
def test_sends_soap_12_with_the_action(right_call, name):
    """Each request is a SOAP 1.2 envelope under its media type, and its action is that of the operation."""
    right_call(name).request_of(name).must_satisfy(
        "soap.media_type", "soap.not_an_envelope", "addressing.action_wrong"
    )


@requirement("USI-WIRE-03")
@each_operation("CreateUSI", "BulkUpload")
def test_orders_request_id_and_org_code(right_call, name):
    """CreateUSI has RequestId before OrgCode, and BulkUpload has OrgCode before RequestId."""
    observed = must_be_read(right_call(name).request_of(name))
    wanted = [each.name for each in OPERATIONS[name].request.elements()][:2]
    found = [each for each in observed.facts.request.values if each in wanted]
    if found != wanted:
        raise ImplementationError(
            f"the first elements of {name} are not in the order of the contract",
            subcode=Subcode.WRONG_VALUE,
            expected=" before ".join(wanted),
            found=", ".join(found) or "neither of them",
            where=name,
            advice="the two operations have them in opposite orders; neither is the pattern of the other",
        )


@requirement("USI-WIRE-04")
def test_sends_one_form_of_the_name(registry_request):
    """A person of two names is asked for by first and family name alone."""
    registry_request.must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-04")
@each_operation(*NAMING)
def test_sends_one_form_of_the_name_everywhere(right_call, name):
    """The same in every other operation that names a person."""
    right_call(name).request_of(name).must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-04")
@vectors("usi/single_names.json")
def test_sends_a_single_name_alone(carry_out, case):
    """A person of one name is asked for by SingleName, without first and family name."""
    asked(carry_out, case).registry_request().must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-05")
@vectors("usi/document_types.json")
def test_names_the_type_of_a_document(healthy, carry_out, case):
    """A DVSDocument says by xsi:type which document it is, under a prefix of the contract's namespace."""
    healthy.registry_request()
    _observed(carry_out, case).must_satisfy("usi.document_type")


@requirement("USI-WIRE-06")
def test_sends_a_plain_date(registry_request):
    """The date of birth is yyyy-mm-dd, without time and zone."""
    registry_request.must_satisfy("usi.date_form")


@requirement("USI-WIRE-06")
@vectors("usi/dates.json")
def test_sends_plain_dates_only(healthy, carry_out, case):
    """Dates of every kind are yyyy-mm-dd; what is no such date is put right or refused, and never sent."""
    must_have_verified(healthy)
    scenario = asked(carry_out, case)
    if case.expect.status == "either" and kept_back(scenario, case.input["operation"]):
        scenario.reply.must_be_refused(*case.expect.reasons)
        return
    observed = scenario.request_of(case.input["operation"])
    observed.must_satisfy("usi.date_form")
    if case.expect.status == "either":
        # A day that no calendar has is of the right form, and only the schema tells.
        observed.must_satisfy("usi.schema")


@requirement("USI-WIRE-07")
@vectors("usi/booleans.json")
def test_writes_booleans_as_words(healthy, carry_out, case):
    """DVSCheckRequired and IsPreferredName are true or false, and they are there where they must be."""
    healthy.registry_request()
    scenario = asked(carry_out, case)
    if case.expect.status == "either" and kept_back(scenario, case.input["operation"]):
        scenario.reply.must_be_refused(*case.expect.reasons)
        return
    observed = scenario.request_of(case.input["operation"])
    observed.must_satisfy("usi.boolean_form")
    must_carry(observed.facts.request.values, case.input["request"], case.input["operation"])
    if case.expect.status == "either":
        observed.must_satisfy("usi.schema")


@requirement("USI-WIRE-08")
@vectors("usi/escaping.json")
def test_escapes_names(carry_out, case):
    """Ampersands, apostrophes, angle brackets and quotation marks reach the registry as they are."""
    must_send_the_names(asked(carry_out, case), case)


@requirement("USI-WIRE-09")
@vectors("usi/unicode_names.json")
def test_keeps_every_character(carry_out, case):
    """Accents, precomposed or combining, and characters of every plane reach the registry."""
    must_send_the_names(asked(carry_out, case), case)


@requirement("USI-WIRE-09B")
@vectors("usi/texts.json")
def test_sends_every_text_as_recorded(healthy, carry_out, case):
    """Names, towns and addresses reach the registry as they are, each in its element, in every operation."""
    healthy.registry_request()
    observed = _observed(carry_out, case)
    observed.must_satisfy("soap.unreadable")
    must_carry(observed.facts.request.values, case.input["request"], case.input["operation"])


@requirement("USI-WIRE-10")
@vectors("usi/optional_elements.json")
def test_sends_no_empty_elements(healthy, carry_out, case):
    """What was left blank is left out, or the request is refused."""
    healthy.registry_request()
    scenario = asked(carry_out, case)
    if case.expect.status == "either" and kept_back(scenario, case.input["operation"]):
        scenario.reply.must_be_refused(*case.expect.reasons)
        return
    observed = must_be_read(scenario.request_of(case.input["operation"]))
    observed.must_not_break("usi.empty_optional")


@requirement("USI-WIRE-11")
def test_sends_no_other_names(registry_request):
    """A verification carries neither middle name nor preferred name."""
    registry_request.must_satisfy("usi.foreign_name")


@requirement("USI-WIRE-11")
@each_operation("BulkVerifyUSI")
def test_sends_no_other_names_in_a_batch(right_call, name):
    """Nor does any record of a batch of verifications."""
    right_call(name).request_of(name).must_satisfy("usi.foreign_name")


@requirement("USI-WIRE-12")
@each_operation("CreateUSI", "UpdateUSIPersonalDetails")
def test_verifies_by_legal_names(healthy, begin, name):
    """A preferred name that the product has just sent is not what it verifies the person by."""
    healthy.registry_request()
    with begin(f"verify-after-a-preferred-name-in-{name}") as flow:
        first = flow.ask(name, PREFERRED[name])
        first_request = must_be_read(first.request_of(name))
        usi = usi_in(first_request.facts.answer or {}) or PERSON["USI"]
        person = {"USI": usi, **LEGAL_NAMES[name]}
        second = flow.ask("VerifyUSI", person)
    must_carry(first_request.facts.request.values, PREFERRED[name], name)
    must_have_sent(second.request_of("VerifyUSI"), names_of(person))


@requirement("USI-WIRE-13")
@pytest.mark.parametrize("form", TYPED_NAMES)
def test_trims_names(healthy, carry_out, form):
    """Blanks at the ends of a name are taken off before it is sent, or the name is refused."""
    healthy.registry_request()
    scenario = carry_out(f"verify-{form}-with-blanks-at-the-ends", request=TYPED_NAMES[form])
    if kept_back(scenario, "VerifyUSI"):
        scenario.reply.must_be_refused("request.invalid")
    else:
        scenario.registry_request().must_satisfy("usi.untrimmed_name")


@requirement("USI-WIRE-13")
@each_operation(*NAMING)
def test_trims_names_everywhere(healthy, carry_out, name):
    """The same in every other operation that names a person."""
    healthy.registry_request()
    scenario = carry_out(f"blanks-around-names-in-{name}", operation=name, request=TYPED_REQUESTS[name])
    if kept_back(scenario, name):
        scenario.reply.must_be_refused("request.invalid")
    else:
        scenario.request_of(name).must_satisfy("usi.untrimmed_name")


@requirement("USI-WIRE-13")
def test_keeps_blanks_inside_names(healthy, carry_out):
    """Two blanks inside a name stay two."""
    healthy.registry_request()
    person = {
        "USI": "SYNTHET27A",
        "FirstName": "Mary  Anne",
        "FamilyName": "van  der Berg",
        "DateOfBirth": "1994-06-07",
    }
    scenario = carry_out("verify-names-with-blanks-inside", request=person)
    must_have_sent(scenario.registry_request(), names_of(person))


@requirement("USI-VER5-01")
@each_operation()
def test_speaks_version_5(right_call, name):
    """Each request is in the namespace of contract version 5."""
    right_call(name).request_of(name).must_satisfy("usi.outdated_namespace")


def _observed(carry_out, case):
    """Carry out the call of a vector, and return the request of its operation."""
    return must_be_read(asked(carry_out, case).request_of(case.input["operation"]))
