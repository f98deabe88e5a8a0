"""The JSON Schemas of the operations: as committed, and of one mind with the XML schema."""

import copy

import pytest

from conformance.adapters.messages import render
from conformance.adapters.product_form import (
    example_answer,
    example_request,
    schemas,
    whole_request,
    write,
)
from conformance.adapters.product_form.schemas import DIRECTORY
from conformance.protocol.interface import validator
from conformance.protocol.operations import EXTENSIONS, OPERATIONS, answer_element, request_element
from conformance.vectors import files, load

jsonschema = pytest.importorskip("jsonschema", reason="the second opinion on schemas is not installed")

ALL = schemas()


def accepts(name, value):
    """Return what a schema of ours says, by an implementation that is not ours."""
    return jsonschema.Draft202012Validator(ALL[name]).is_valid(value)


def test_committed_schemas_are_the_generated_ones():
    """One file per operation and direction and nothing else, each as it is generated now."""
    committed = {path.name: path.read_text(encoding="utf-8") for path in DIRECTORY.iterdir()}
    assert committed == {f"{name}.json": render(schema) for name, schema in ALL.items()}
    assert len(committed) == 20


def test_written_schemas_replace_old_ones(tmp_path):
    """Writing the schemas removes those of operations that are no more."""
    (tmp_path / "Gone.request.json").write_text("{}")
    write(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(f"{name}.json" for name in ALL)


@pytest.mark.parametrize("name", sorted(ALL))
def test_every_schema_is_one(name):
    """Each is valid against the dialect that it names."""
    jsonschema.Draft202012Validator.check_schema(ALL[name])


@pytest.mark.parametrize("name", OPERATIONS)
def test_examples_fit_both_schemas(name):
    """What is handed over fits ours; with what a product adds, the contract's; so does the answer."""
    operation = OPERATIONS[name]
    assert accepts(f"{name}.request", example_request(operation))
    assert accepts(f"{name}.answer", example_answer(operation))
    assert validator().errors(request_element(operation, whole_request(operation))) == ()
    assert validator().errors(answer_element(operation, example_answer(operation)["response"])) == ()


PERSON = {"FirstName": "Tessa", "FamilyName": "Example"}
BORN = {"DateOfBirth": "1999-02-28"}


@pytest.mark.parametrize(
    ("request_", "right"),
    [
        ({"USI": "BNGH7C75FN", **PERSON, **BORN}, True),
        ({"USI": "BNGH7C75FN", "SingleName": "Tessa", **BORN}, True),
        ({"USI": "BNGH7C75FN", "SingleName": "Tessa", **PERSON, **BORN}, False),
        ({"USI": "BNGH7C75FN", "SingleName": "Tessa", "FirstName": "Tessa", **BORN}, False),
        ({"USI": "BNGH7C75FN", "FirstName": "Tessa", **BORN}, False),
        ({"USI": "BNGH7C75FN", **BORN}, False),
        ({"USI": "BNGH7C75FN", **PERSON}, False),
        ({"USI": "bngh7c75fn", **PERSON, **BORN}, False),
        ({"USI": "BNGH7C75F", **PERSON, **BORN}, False),
        ({"USI": "BNGH7C75FN\n", **PERSON, **BORN}, False),
        ({"USI": "BNGH7C75FN", "FirstName": "T" * 41, "FamilyName": "Example", **BORN}, False),
        ({"USI": "BNGH7C75FN", "FirstName": "", "FamilyName": "Example", **BORN}, True),
        ({"USI": "BNGH7C75FN", **PERSON, **BORN, "MiddleName": "Ann"}, False),
        ({"USI": "BNGH7C75FN", **PERSON, **BORN, "OrgCode": "VA1803"}, False),
        ({"USI": 1234567890, **PERSON, **BORN}, False),
    ],
)
def test_verifications_are_told_apart(request_, right):
    """One form of names, all the elements and no other; lengths and alphabets count."""
    assert accepts("VerifyUSI.request", request_) is right


def changed(name, *path, value):
    """Return an example with one member changed; `...` for the value takes it away."""
    request = copy.deepcopy(example_request(OPERATIONS[name]))
    *way, last = path
    place = request
    for step in way:
        place = place[step]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return request


NATIONAL = {"Address1": "1 Example Street", "SuburbTownCity": "Sydney", "State": "NSW", "PostCode": "2000"}
CONTACT = ("Application", "ContactDetails")
DOCUMENT = ("Application", "DVSDocument")


@pytest.mark.parametrize(
    ("name", "path", "value", "right"),
    [
        ("CreateUSI", DOCUMENT, ..., True),
        ("CreateUSI", DOCUMENT, {"DocumentNumber": "X1111111"}, False),
        ("CreateUSI", DOCUMENT, {"xsi:type": "DVSDocumentType"}, False),
        ("CreateUSI", DOCUMENT, {"xsi:type": "VisaDocumentType", "PassportNumber": "111111"}, True),
        ("CreateUSI", DOCUMENT, {"xsi:type": "VisaDocumentType", "DocumentNumber": "X1111111"}, False),
        ("CreateUSI", ("Application", "NonDvsDocumentTypeId"), None, True),
        ("UpdateUSIPersonalDetails", ("NonDvsDocumentTypeId",), None, False),
        ("UpdateUSIPersonalDetails", ("NonDvsDocumentTypeId",), 5, True),
        ("UpdateUSIPersonalDetails", ("PersonalDetailsUpdate",), {}, True),
        (
            "UpdateUSIPersonalDetails",
            ("PersonalDetailsUpdate",),
            {"FirstName": "A", "SingleName": "A"},
            False,
        ),
        ("UpdateUSIPersonalDetails", ("PersonalDetailsModifier",), "FirstName", False),
        ("CreateUSI", (*CONTACT, "NationalAddress"), NATIONAL, True),
        ("CreateUSI", (*CONTACT, "InternationalAddress"), "1 Example Street, Oslo", True),
        ("CreateUSI", (*CONTACT, "NationalAddress"), {**NATIONAL, "PostCode": "200"}, False),
        ("CreateUSI", (*CONTACT, "NationalAddress"), {**NATIONAL, "State": "NZ"}, False),
        ("CreateUSI", (*CONTACT, "CountryOfResidenceCode"), ..., False),
        ("CreateUSI", ("Application", "ApplicationId"), "A-1", False),
        ("CreateUSI", ("Application", "PersonalDetails", "IsPreferredName"), "true", False),
        ("LocateUSI", ("ContactDetails",), ..., True),
        ("LocateUSI", ("ContactDetails",), {}, True),
        ("LocateUSI", ("PersonalDetails", "FamilyName"), ..., True),
        ("BulkVerifyUSI", ("Verifications", "Verification"), [], True),
        ("BulkVerifyUSI", ("Verifications", "Verification"), {}, False),
        ("BulkVerifyUSI", ("Verifications",), ..., False),
        ("BulkUploadRetrieve", ("ReceiptNumber",), "0" * 36, True),
        ("BulkUploadRetrieve", ("ReceiptNumber",), "0" * 35, False),
        ("GetCountries", ("CountryCode",), "1101", False),
    ],
)
def test_other_requests_are_told_apart(name, path, value, right):
    """Kinds of documents, choices of addresses, null, lists, and what is the product's to fill in."""
    assert accepts(f"{name}.request", changed(name, *path, value=value)) is right


def test_both_addresses_at_once_are_none():
    """Of a choice that may be left out at most one branch stands."""
    request = changed("CreateUSI", *CONTACT, "NationalAddress", value=NATIONAL)
    request["Application"]["ContactDetails"]["InternationalAddress"] = "1 Example Street, Oslo"
    assert not accepts("CreateUSI.request", request)


def test_five_hundred_and_one_records_are_one_request():
    """How many messages they become is the product's business."""
    one = example_request(OPERATIONS["BulkVerifyUSI"])["Verifications"]["Verification"][0]
    assert accepts("BulkVerifyUSI.request", {"Verifications": {"Verification": [one] * 501}})


def test_every_kind_of_document_can_be_handed_over():
    """The schema of an application refers to each of the concrete types, and to no other document."""
    kinds = ALL["CreateUSI.request"]["$defs"]["DVSDocumentType"]["oneOf"]
    assert [kind["$ref"] for kind in kinds] == [f"#/$defs/{kind.name}" for kind in EXTENSIONS]


@pytest.mark.parametrize(
    ("name", "answer", "right"),
    [
        ("VerifyUSI", {"conclusion": "verified", "response": {"USIStatus": "Valid"}}, True),
        ("VerifyUSI", {"conclusion": "failed", "response": None}, True),
        ("VerifyUSI", {"conclusion": "not_verified", "response": {"USIStatus": "Odd", "More": 1}}, True),
        ("VerifyUSI", {"conclusion": "created", "response": {}}, False),
        ("VerifyUSI", {"conclusion": "verified"}, False),
        ("CreateUSI", {"conclusion": "existing", "response": {}}, True),
        ("BulkVerifyUSI", {"conclusion": "completed", "response": {}, "records": []}, True),
        (
            "BulkVerifyUSI",
            {
                "conclusion": "completed",
                "response": {},
                "records": [{"conclusion": "unclear", "response": None}],
            },
            True,
        ),
        (
            "BulkVerifyUSI",
            {"conclusion": "completed", "response": {}, "records": [{"conclusion": "verified"}]},
            False,
        ),
        ("GetCountries", {"conclusion": "listed", "response": {"Countries": {"CountryDetails": {}}}}, False),
    ],
)
def test_answers_are_told_apart(name, answer, right):
    """The conclusion is one of the operation's; of the response only the form counts."""
    assert accepts(f"{name}.answer", answer) is right


def test_healthy_vectors_fit_the_schemas():
    """What a vector calls healthy is handed over in the form that is documented."""
    wrong = []
    for file in files():
        for case in load(file).cases:
            if case.method == "usi.call" and case.expect.status == "ok":
                name, value = case.input["operation"], case.input["request"]
                found = jsonschema.Draft202012Validator(ALL[f"{name}.request"]).iter_errors(value)
                wrong += [f"{case.id}: {error.message}" for error in found]
    assert wrong == []
