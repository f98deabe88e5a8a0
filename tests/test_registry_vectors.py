"""The vectors for the registry's operations are true: by the kit's schema and by the judge of requests."""

import pytest
from lxml import etree

from conformance import vectors
from conformance.model import Severity
from conformance.protocol.operations import OPERATIONS, FormError, request_element
from conformance.protocol.request_rules import judge_request

CREATE, LOCATE = "CreateUSI", "LocateUSI"
PERSONAL, CONTACT = "UpdateUSIPersonalDetails", "UpdateUSIContactDetails"

FILES = [name for name in vectors.files() if name.startswith("usi/")]

MODIFIERS = {"CountryOfBirthCode": "CountryOfBirth"}


def cases(*statuses):
    """Every case of one of the operations above that expects one of these."""
    return [
        pytest.param(case, id=f"{name.removeprefix('usi/').removesuffix('.json')}-{case.id}")
        for name in FILES
        for case in vectors.load(name).cases
        if case.expect.status in statuses
        and case.input.get("operation") in (CREATE, LOCATE, PERSONAL, CONTACT)
    ]


def completed(operation, request):
    """The request with what a product adds."""
    if operation == CREATE:
        application = {"ApplicationId": "A1", "UserReference": "tests", **request["Application"]}
        return {"RequestId": "R1", "OrgCode": "VA1803", "Application": application}
    more = {"OrgCode": "VA1803", "UserReference": "tests"}
    if operation == LOCATE:
        return {"ContactDetails": {}, **more, **request}
    if operation == PERSONAL:
        change = next(iter(request["PersonalDetailsUpdate"]), "")
        more["PersonalDetailsModifier"] = MODIFIERS.get(change, change)
    return {**more, **request}


def breaches(case):
    """Codes of the rules that the case breaks when it is sent as it is; None when it cannot be written."""
    operation = case.input["operation"]
    try:
        element = request_element(OPERATIONS[operation], completed(operation, case.input["request"]))
    except FormError:
        return None
    judgement, _ = judge_request(etree.fromstring(etree.tostring(element)))
    return {finding.code for finding in judgement.findings if finding.severity is Severity.ERROR}


@pytest.mark.parametrize("case", cases("ok"))
def test_a_healthy_case_breaks_no_rule(case):
    """Sent as it stands, with what a product adds, it is valid and keeps every rule."""
    assert breaches(case) == set()


@pytest.mark.parametrize("case", cases("rejected"))
def test_a_refused_case_has_no_place_in_the_contract(case):
    """Sent as it stands it is not valid, or breaks a rule that is sure; or it cannot be written at all."""
    found = breaches(case)
    assert found is None or found & {
        "usi.schema",
        "usi.empty_name",
        "usi.name_branch",
        "usi.check_character",
        "usi.document_type",
    }


@pytest.mark.parametrize("case", cases("either"))
def test_an_open_case_breaks_a_rule(case):
    """It breaks a rule, of the schema or beyond it; but for ages, which the registry alone looks at."""
    assert breaches(case) != set() or case.id in ("born-in-the-future", "born-in-1800")


def test_there_are_enough():
    """More than a hundred and fifty cases of the four operations, negative ones among them."""
    assert len(cases("ok")) >= 80
    assert len(cases("rejected", "either")) >= 70
