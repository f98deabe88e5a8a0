"""VerifyUSI and BulkVerifyUSI by themselves."""

import pytest

from conformance import vectors
from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, answer_element
from conformance.simulators.population import State
from conformance.simulators.registry.verifying import bulk_verify, verify

MARYAM = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
ALL_MATCH = {"FirstName": "Match", "FamilyName": "Match", "DateOfBirth": "Match"}


@pytest.fixture
def ask(carry_out):
    """Ask VerifyUSI of Maryam with changes; None leaves a value out."""

    def asked(changes=None, **options):
        values = {name: value for name, value in {**MARYAM, **(changes or {})}.items() if value is not None}
        return carry_out(verify, "VerifyUSI", values, **options)

    return asked


def is_plain(case):
    """Whether a vector's answer of VerifyUSI is the registry's own, without a fault."""
    expected = case.expect.value or {}
    return case.input.get("operation", "VerifyUSI") == "VerifyUSI" and "USIStatus" in expected.get(
        "response", {}
    )


CASES = [
    case
    for name in vectors.files()
    if name.startswith("usi/")
    for case in vectors.load(name).cases
    if is_plain(case)
]


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_vector_agrees_with_the_registry(carry_out, case):
    """What a vector expects of the registry is what it answers."""
    answer = carry_out(verify, "VerifyUSI", case.input["request"])
    assert answer == case.expect.value["response"]


def test_there_are_such_vectors():
    """The test above is no empty promise."""
    assert len(CASES) >= 10


@pytest.mark.parametrize(
    ("state", "status"),
    [
        (State.ACTIVE, "Valid"),
        (State.DEACTIVATED, "Deactivated"),
        (State.SUSPENDED, "Valid"),
        (State.NOT_ACTIVATED, "Valid"),
    ],
)
def test_a_state_is_told_as_far_as_the_service_tells_it(ask, store, state, status):
    """Suspended and never activated records cannot be told from active ones."""
    store.change("BNGH7C75FN", state=state)
    assert ask() == {"USIStatus": status, **ALL_MATCH}


def test_middle_and_preferred_names_do_not_verify(ask, store):
    """Only the legal first and family name do."""
    store.change("BNGH7C75FN", middle="Ann", preferred_first="Mary")
    assert ask({"FirstName": "Mary"})["FirstName"] == "NoMatch"
    assert ask({"FirstName": "Maryam Ann"})["FirstName"] == "NoMatch"


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({}, dict.fromkeys(ALL_MATCH, "NoMatch")),
        ({"invalid_with_fields": False}, {}),
        ({"faults": ["invalid_without_fields"]}, {}),
        (
            {"invalid_with_fields": False, "faults": ["invalid_with_fields"]},
            dict.fromkeys(ALL_MATCH, "NoMatch"),
        ),
    ],
)
def test_an_unknown_usi_is_answered_in_the_form_of_the_setting(ask, options, answer):
    """With NoMatch for all, or without fields; a fault overrides the setting."""
    assert ask({"USI": "2222222222"}, **options) == {"USIStatus": "Invalid", **answer}


@pytest.mark.parametrize(
    ("settings", "name", "word"),
    [
        ({}, "FREDRICK", "Match"),
        ({"case_folded": False}, "FREDRICK", "NoMatch"),
        ({}, "Frédrick", "NoMatch"),
        ({"accents_folded": True}, "Frédrick", "Match"),
    ],
)
def test_settings_choose_what_counts_in_a_name(ask, settings, name, word):
    """Case and accents."""
    assert ask({"FamilyName": name}, **settings)["FamilyName"] == word


def test_a_single_name_is_asked_for_as_such(ask):
    """The answer has the fields of the request."""
    amy = {"USI": "XNY5NV9WG9", "FirstName": None, "FamilyName": None, "SingleName": "Amy"}
    assert ask({**amy, "DateOfBirth": "2022-06-07"}) == {
        "USIStatus": "Valid",
        "SingleName": "Match",
        "DateOfBirth": "Match",
    }


def test_a_batch_is_answered_record_by_record(carry_out):
    """In the order of the request, each with its RecordId and USI at the end, the same person twice too."""
    person = {name: value for name, value in MARYAM.items() if name != "OrgCode"}
    records = [
        {**person, "RecordId": 7},
        {**person, "RecordId": -1, "USI": "2222222222"},
        {**person, "RecordId": 3, "FirstName": "Miriam"},
        {"RecordId": 9, "USI": "R5HQLSWS9Y", "SingleName": "Testdeactivated", "DateOfBirth": "1963-12-10"},
    ]
    values = {
        "OrgCode": "VA1803",
        "NoOfVerifications": 4,
        "Verifications": {"Verification": records},
    }
    answer = carry_out(bulk_verify, "BulkVerifyUSI", values)
    assert answer["VerificationResponses"]["VerificationResponse"] == [
        {"USIStatus": "Valid", **ALL_MATCH, "USI": "BNGH7C75FN", "RecordId": 7},
        {
            "USIStatus": "Invalid",
            "FirstName": "NoMatch",
            "FamilyName": "NoMatch",
            "DateOfBirth": "NoMatch",
            "USI": "2222222222",
            "RecordId": -1,
        },
        {"USIStatus": "Valid", **ALL_MATCH, "FirstName": "NoMatch", "USI": "BNGH7C75FN", "RecordId": 3},
        {
            "USIStatus": "Deactivated",
            "SingleName": "Match",
            "DateOfBirth": "Match",
            "USI": "R5HQLSWS9Y",
            "RecordId": 9,
        },
    ]
    assert validator().errors(answer_element(OPERATIONS["BulkVerifyUSI"], answer)) == ()
