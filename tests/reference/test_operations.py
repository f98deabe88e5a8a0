"""The reference before the simulated registry: every operation, from request to conclusion."""

from datetime import UTC, datetime

import pytest

from conformance.adapters.contract import CONCLUSIONS, FURTHER_OPERATIONS
from conformance.protocol.operations import OPERATIONS
from conformance.reference import VARIANTS, Correct
from conformance.reference.correct import STATE_FILE
from conformance.simulators.bench import Bench

APPLICATION = {
    "DVSCheckRequired": True,
    "ContactDetails": {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": "learner@example.com",
        "Phone": {"Mobile": "0491570006"},
    },
    "PersonalDetails": {
        "Gender": "F",
        "FirstName": "Quilla",
        "FamilyName": "Testapplicant",
        "DateOfBirth": "1994-06-07",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Dubbo",
        "IsPreferredName": False,
    },
    "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
}
SECOND = {
    **APPLICATION,
    "PersonalDetails": {**APPLICATION["PersonalDetails"], "FirstName": "Rilla"},
}
MARYAM = {"FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
STRANGER = {"Gender": "X", "SingleName": "Nobody", "DateOfBirth": "1931-01-02"}
KNOWN = {
    "DVSCheckRequired": True,
    "ContactDetails": APPLICATION["ContactDetails"],
    "PersonalDetails": {**APPLICATION["PersonalDetails"], **MARYAM},
    "DVSDocument": APPLICATION["DVSDocument"],
}
UPLOAD = {"Applications": {"Application": [APPLICATION, KNOWN, SECOND]}}


@pytest.fixture(scope="module", params=[False, True], ids=["local", "cloud"])
def bench(request, tmp_path_factory):
    """Both services, with a credential of either kind."""
    with Bench(datetime.now(UTC), 7, tmp_path_factory.mktemp("bench"), act_as=request.param) as laid_out:
        yield laid_out


def product(kind=Correct):
    """An implementation that does not wait."""
    return kind(sleep=lambda seconds: None)


def carry_out(bench, name, *steps, kind=Correct, faults=()):
    """What becomes of operations and requests, one after the other, and what was recorded of them."""
    one = product(kind)
    with bench.scenario(name, faults=faults) as recording:
        answers = [one.usi_call(**bench.parameters(), operation=step, request=asked) for step, asked in steps]
    assert [
        finding.message
        for exchange in recording.exchanges
        for finding in exchange.judgement.findings
        if finding.severity == "error"
    ] == []
    return [answer["value"] for answer in answers], recording


@pytest.mark.parametrize(
    ("operation", "request_", "conclusion"),
    [
        ("VerifyUSI", {"USI": "BNGH7C75FN", **MARYAM}, "verified"),
        ("CreateUSI", {"Application": APPLICATION}, "created"),
        ("CreateUSI", {"Application": KNOWN}, "existing"),
        ("BulkUpload", UPLOAD, "pending"),
        ("LocateUSI", {"PersonalDetails": STRANGER}, "not_located"),
        (
            "UpdateUSIPersonalDetails",
            {
                "USI": "BNGH7C75FN",
                "DVSCheckRequired": False,
                "PersonalDetailsUpdate": {"PreferredFirstName": "Mary", "TownCityOfBirth": "Dubbo"},
            },
            "updated",
        ),
        (
            "UpdateUSIContactDetails",
            {"USI": "BNGH7C75FN", "ContactDetailsUpdate": {"EmailAddress": "changed@example.com"}},
            "updated",
        ),
        ("GetCountries", {}, "listed"),
        ("GetNonDvsDocumentTypes", {}, "listed"),
    ],
)
def test_comes_to_its_conclusion(bench, operation, request_, conclusion):
    """No judge has an error to report of what was sent."""
    (value,), _ = carry_out(bench, f"{operation}-{conclusion}", (operation, request_))
    assert value["conclusion"] == conclusion
    assert "records" not in value


def test_verifies_many(bench):
    """Each record is told in its place."""
    asked = [
        {"USI": "BNGH7C75FN", **MARYAM},
        {"USI": "BNGH7C75FN", **MARYAM, "FamilyName": "Frederick"},
        {"USI": "R5HQLSWS9Y", "SingleName": "Testdeactivated", "DateOfBirth": "1963-12-10"},
    ]
    (value,), _ = carry_out(bench, "bulk", ("BulkVerifyUSI", {"Verifications": {"Verification": asked}}))
    assert value["conclusion"] == "completed"
    assert [record["conclusion"] for record in value["records"]] == [
        "verified",
        "not_verified",
        "not_verified",
    ]
    assert value["records"][2]["response"]["USIStatus"] == "Deactivated"


def test_fetches_what_another_process_uploaded(bench):
    """The receipt is beside the CA file, with nothing in it of the persons."""
    with bench.scenario("restart"):
        product().usi_call(**bench.parameters(), operation="BulkUpload", request=UPLOAD)
        answer = product().usi_call(**bench.parameters(), operation="BulkUploadRetrieve", request={})
    assert [record["conclusion"] for record in answer["value"]["records"]] == [
        "created",
        "existing",
        "created",
    ]
    assert answer["value"]["records"][1]["response"]["USI"] == "BNGH7C75FN"
    kept = bench.ca_file.with_name(STATE_FILE).read_text("utf-8")
    assert not any(word in kept for word in ("Quilla", "Maryam", "X1111111", "BNGH7C75FN", "0491570006"))


def test_a_lost_answer_is_not_followed_by_a_second_creation(bench):
    """The registry has done it; asked once more, it tells the USI that there is."""
    step = ("CreateUSI", {"Application": APPLICATION})
    (first, second), recording = carry_out(bench, "lost", step, step, faults=("registry.truncated@1",))
    assert (first["conclusion"], second["conclusion"]) == ("unclear", "existing")
    sent = [exchange.facts.request.values["RequestId"] for exchange in recording.registry]
    assert len(sent) == len(set(sent)) == 2


def test_looks_up_after_a_lost_answer_where_that_was_agreed(bench):
    """The variant creates nobody twice either."""
    (value,), recording = carry_out(
        bench,
        "looked-up",
        ("CreateUSI", {"Application": APPLICATION}),
        kind=VARIANTS["looks-up-whom-it-may-have-created"],
        faults=("registry.truncated@1",),
    )
    assert value["conclusion"] == "existing"
    names = [exchange.facts.request.name for exchange in recording.registry]
    assert names == ["CreateUSI", "LocateUSI"]


@pytest.mark.parametrize("kind", [Correct, *VARIANTS.values()], ids=lambda kind: kind.__name__)
def test_offers_what_it_declares(bench, kind):
    """`initialize` names the further operations; any other one is unsupported."""
    offered = product(kind).initialize([1])["value"]["capabilities"]
    for name, marker in FURTHER_OPERATIONS.items():
        answer = product(kind).usi_call(
            **{**bench.parameters(), "org_code": "not a code"}, operation=name, request={}
        )
        assert answer["status"] == ("rejected" if marker in offered else "unsupported")
    assert (kind.__name__ == "OffersVerificationOnly") == (
        not set(offered) & set(FURTHER_OPERATIONS.values())
    )


@pytest.mark.parametrize("name", sorted(set(VARIANTS) - {"offers-verification-only"}))
def test_variants_carry_out_every_operation(bench, name):
    """No judge has an error to report, and each comes to a conclusion of the contract."""
    steps = [
        ("CreateUSI", {"Application": APPLICATION}),
        ("BulkUpload", {"Applications": {"Application": [SECOND]}}),
        ("BulkUploadRetrieve", {}),
        ("BulkUploadRetrieve", {}),
        ("BulkVerifyUSI", {"Verifications": {"Verification": [{"USI": "BNGH7C75FN", **MARYAM}]}}),
        ("GetCountries", {}),
    ]
    if name != "chooses-otherwise-with-the-registry":
        del steps[3]
    values, _ = carry_out(bench, f"variant-{name}", *steps, kind=VARIANTS[name])
    conclusions = [value["conclusion"] for value in values]
    if name == "chooses-otherwise-with-the-registry":
        assert conclusions.pop(2) == "pending"
    assert conclusions == ["created", "pending", "completed", "completed", "listed"]
    assert set(conclusions) <= set(CONCLUSIONS)


def test_every_operation_is_offered():
    """All ten."""
    assert set(Correct.operations) == set(OPERATIONS)
