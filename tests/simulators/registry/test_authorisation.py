"""Who may ask what."""

import pytest

from conformance.protocol import names
from conformance.protocol.operations import OPERATIONS
from conformance.protocol.request_rules import RequestFacts
from conformance.protocol.token import TokenFacts
from conformance.simulators.population import Organisation, OrganisationType, bundled
from conformance.simulators.registry.authorisation import (
    MATRICES,
    OTHER_DOCUMENTS,
    REFUSED,
    RULES,
    judge_organisation,
)
from conformance.simulators.registry.settings import FunctionMatrix
from conformance.simulators.registry.store import Store
from conformance.simulators.services import stream

ABN = "27809366375"
CODED = {"OrgCode": "VA1803"}


def judge(
    name, values=CODED, *, abn=ABN, kind=OrganisationType.RTO, matrix=FunctionMatrix.CURRENT, unnotified=()
):
    """Return the codes of what was broken and of what was examined, and the organisation's code."""
    known = bundled().with_organisation(Organisation(code="VA1803", abn=ABN, type=kind))
    claims = {names.CLAIM_ABN: abn} if abn else {}
    judgement, organisation = judge_organisation(
        TokenFacts(claims=claims, assertion_id="_a"),
        RequestFacts(operation=OPERATIONS[name], values=values),
        store=Store(known, random=stream(1)),
        matrix=matrix,
        unnotified=unnotified,
    )
    broken = {finding.code for finding in judgement.findings}
    return broken, set(judgement.examined), organisation and organisation.code


def test_the_organisation_of_the_code_is_that_of_the_token():
    """In any case of the code."""
    assert judge("VerifyUSI", {"OrgCode": "va1803"}) == (
        set(),
        {"usi.org_code_unknown", "usi.org_code_abn", "usi.function", "usi.notification_missing"},
        "VA1803",
    )


@pytest.mark.parametrize(
    ("values", "abn", "broken", "code"),
    [
        ({"OrgCode": "VA1802"}, ABN, {"usi.org_code_abn"}, "VA1802"),
        ({"OrgCode": "VA9999"}, ABN, {"usi.org_code_unknown"}, None),
        ({}, ABN, set(), None),
    ],
)
def test_another_organisation_is_found_out(values, abn, broken, code):
    """A code of somebody else's, and one of nobody's; a missing one is the schema's business."""
    found, _, organisation = judge("VerifyUSI", values, abn=abn)
    assert (found, organisation) == (broken, code)


def test_a_request_without_a_code_is_that_of_the_tokens_organisation():
    """BulkUploadRetrieve has a receipt only."""
    receipt = {"ReceiptNumber": "0" * 36}
    assert judge("BulkUploadRetrieve", receipt)[::2] == (set(), "VA1803")
    assert judge("BulkUploadRetrieve", receipt, abn="96312011219")[::2] == (set(), "VA1802")
    assert judge("BulkUploadRetrieve", receipt, abn="11000002568")[::2] == ({"usi.abn_unknown"}, None)
    assert judge("BulkUploadRetrieve", receipt, abn="")[::2] == ({"usi.abn_unknown"}, None)


def test_a_client_that_has_not_notified_is_found_out():
    """By the assertion that was issued all the same."""
    assert judge("VerifyUSI", unnotified=("_a",))[0] == {"usi.notification_missing"}


RTO, VRB, VAB, HEP, TAC = OrganisationType
ALL = {RTO, VRB, VAB, HEP, TAC}


@pytest.mark.parametrize(
    ("matrix", "name", "allowed"),
    [
        (FunctionMatrix.CURRENT, "VerifyUSI", ALL),
        (FunctionMatrix.CURRENT, "BulkVerifyUSI", ALL),
        (FunctionMatrix.CURRENT, "CreateUSI", {RTO, VAB, HEP, TAC}),
        (FunctionMatrix.CURRENT, "BulkUpload", {RTO, VAB, HEP, TAC}),
        (FunctionMatrix.CURRENT, "LocateUSI", {RTO, HEP, TAC}),
        (FunctionMatrix.CURRENT, "UpdateUSIPersonalDetails", {RTO}),
        (FunctionMatrix.CURRENT, "UpdateUSIContactDetails", {RTO}),
        (FunctionMatrix.CURRENT, "GetCountries", ALL),
        (FunctionMatrix.BETA, "CreateUSI", {RTO, VAB, HEP, TAC}),
        (FunctionMatrix.BETA, "LocateUSI", ALL),
        (FunctionMatrix.BETA, "UpdateUSIPersonalDetails", {RTO, HEP, TAC}),
        (FunctionMatrix.OPEN, "UpdateUSIPersonalDetails", ALL),
        (FunctionMatrix.OPEN, "CreateUSI", ALL),
    ],
)
def test_the_type_of_an_organisation_decides_what_it_may_call(matrix, name, allowed):
    """By each of the two published pages, or not at all."""
    for kind in OrganisationType:
        assert ("usi.function" not in judge(name, matrix=matrix, kind=kind)[0]) == (kind in allowed)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("CreateUSI", {"Application": {"NonDvsDocumentTypeId": 5}}),
        ("BulkUpload", {"Applications": {"Application": [{}, {"NonDvsDocumentTypeId": 5}]}}),
        ("UpdateUSIPersonalDetails", {"NonDvsDocumentTypeId": 5}),
    ],
)
def test_other_documents_are_a_function_of_their_own(name, values):
    """Higher education providers may use them by one page and not by the other."""
    broken = [
        judge(name, {**CODED, **values}, matrix=matrix, kind=HEP)[0]
        for matrix in (FunctionMatrix.CURRENT, FunctionMatrix.BETA)
    ]
    assert broken == [{"usi.function"}, set()]
    assert judge("CreateUSI", {**CODED, "Application": {"NonDvsDocumentTypeId": None}}, kind=HEP)[0] == set()


def test_matrices_name_operations():
    """A misspelt row would allow everybody."""
    for matrix in MATRICES.values():
        assert set(matrix) <= {*OPERATIONS, OTHER_DOCUMENTS}


def test_an_unknown_code_is_the_only_one_refused_otherwise():
    """Vendors quote an unknown OrgCode with 1002; all others are 2002."""
    assert set(RULES) - set(REFUSED) == {"usi.org_code_unknown"}
