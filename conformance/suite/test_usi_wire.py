"""Does the product ask the registry in the right form, for the right organisation, in the right version?"""

import pytest

from conformance.suite import requirement, vectors
from conformance.suite.calls import (
    asked,
    kept_back,
    must_have_sent,
    must_send_the_names,
    names_of,
)

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


@requirement("USI-WIRE-01")
def test_sends_a_valid_request(registry_request):
    """The request is valid against the schema of the contract."""
    registry_request.must_satisfy("usi.schema")


@requirement("USI-WIRE-02")
def test_sends_soap_12_with_the_action(registry_request):
    """The request is a SOAP 1.2 envelope under its media type, and its action is that of the operation."""
    registry_request.must_satisfy("soap.media_type", "soap.not_an_envelope", "addressing.action_wrong")


@requirement("USI-WIRE-04")
def test_sends_one_form_of_the_name(registry_request):
    """A person of two names is asked for by first and family name alone."""
    registry_request.must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-04")
@vectors("usi/single_names.json")
def test_sends_a_single_name_alone(carry_out, case):
    """A person of one name is asked for by SingleName, without first and family name."""
    asked(carry_out, case).registry_request().must_satisfy("usi.name_branch", "usi.empty_name")


@requirement("USI-WIRE-06")
def test_sends_a_plain_date(registry_request):
    """The date of birth is yyyy-mm-dd, without time and zone."""
    registry_request.must_satisfy("usi.date_form")


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


@requirement("USI-WIRE-11")
def test_sends_no_other_names(registry_request):
    """A verification carries neither middle name nor preferred name."""
    registry_request.must_satisfy("usi.foreign_name")


@requirement("USI-WIRE-13")
@pytest.mark.parametrize("form", TYPED_NAMES)
def test_trims_names(healthy, carry_out, form):
    """Blanks at the ends of a name are taken off before it is sent, or the name is refused."""
    healthy.registry_request()
    scenario = carry_out(f"verify-{form}-with-blanks-at-the-ends", request=TYPED_NAMES[form])
    if kept_back(scenario):
        scenario.reply.must_be_refused("request.invalid")
    else:
        scenario.registry_request().must_satisfy("usi.untrimmed_name")


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
def test_speaks_version_5(registry_request):
    """The request is in the namespace of contract version 5."""
    registry_request.must_satisfy("usi.outdated_namespace")


@requirement("USI-LIM-07")
def test_sends_the_configured_org_code(bench, registry_request):
    """The organisation code is the one that was configured."""
    must_have_sent(registry_request, {"OrgCode": bench.org_code})


@requirement("USI-LIM-07")
@pytest.mark.parametrize("code", ["KIT4EVTE", "00012345"])
def test_sends_an_org_code_of_eight(healthy, carry_out, code):
    """An organisation code may have eight characters, leading zeros among them; it is sent as it is."""
    healthy.registry_request()
    scenario = carry_out(f"verify-with-the-org-code-{code}", org_code=code)
    must_have_sent(scenario.registry_request(), {"OrgCode": code})
