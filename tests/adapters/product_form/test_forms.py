"""What of each operation is handed to a product, and what it may conclude."""

from conformance.adapters.contract import CONCLUSIONS
from conformance.adapters.product_form import (
    ALWAYS_POSSIBLE,
    CONCLUSIONS_OF,
    MADE_BY_PRODUCT,
    MAY_BE_LEFT_OUT,
    RECORDS_OF,
    made_by_product,
    request_form,
)
from conformance.protocol.operations import OPERATIONS, Structure


def elements(structure, depth=0):
    """Yield the name of every element, however deep."""
    for element in structure.elements():
        yield element.name
        if isinstance(element.type, Structure):
            yield from elements(element.type)


def handed(name):
    """Return the names of the elements on top of what is handed over."""
    return [element.name for element in request_form(OPERATIONS[name]).elements()]


def test_what_is_handed_over():
    """A product is told what its user knows, and nothing that it makes up."""
    assert {name: handed(name) for name in OPERATIONS} == {
        "VerifyUSI": ["USI", "FirstName", "FamilyName", "SingleName", "DateOfBirth"],
        "BulkVerifyUSI": ["Verifications"],
        "CreateUSI": ["Application"],
        "BulkUpload": ["Applications"],
        "BulkUploadRetrieve": ["ReceiptNumber"],
        "LocateUSI": ["PersonalDetails", "ContactDetails"],
        "UpdateUSIContactDetails": ["USI", "ContactDetailsUpdate"],
        "UpdateUSIPersonalDetails": [
            "USI",
            "DVSCheckRequired",
            "PersonalDetailsUpdate",
            "DVSDocument",
            "NonDvsDocumentTypeId",
            "NonDvsDocumentTypeOther",
        ],
        "GetCountries": [],
        "GetNonDvsDocumentTypes": [],
    }


def test_nothing_that_a_product_makes_is_handed_over_however_deep():
    """Identifiers of records inside bulk messages are the product's too."""
    for operation in OPERATIONS.values():
        assert not set(elements(request_form(operation))) & set(MADE_BY_PRODUCT), operation.name


def test_everything_else_is_handed_over():
    """What a product does not make by itself it must be told."""
    for operation in OPERATIONS.values():
        missing = set(elements(operation.request)) - set(elements(request_form(operation)))
        assert missing <= set(MADE_BY_PRODUCT), operation.name


def test_everything_that_a_product_makes_is_in_some_request():
    """The table holds no element that the contract has not."""
    known = {name for operation in OPERATIONS.values() for name in elements(operation.request)}
    assert set(MADE_BY_PRODUCT) <= known
    assert all(OPERATIONS[name].request.element(element) for name, element in MAY_BE_LEFT_OUT)


def test_what_the_contract_demands_and_the_kit_may_leave_out():
    """A receipt that the product has kept; contact details of a person of whom none are known."""
    for name, element in (("BulkUploadRetrieve", "ReceiptNumber"), ("LocateUSI", "ContactDetails")):
        assert not OPERATIONS[name].request.by_name[element].optional
        assert request_form(OPERATIONS[name]).by_name[element].optional


def test_what_is_made_however_deep():
    """In the order in which it goes onto the wire."""
    assert made_by_product(OPERATIONS["BulkUpload"]) == (
        "OrgCode",
        "RequestId",
        "NoOfApplications",
        "ApplicationId",
        "UserReference",
    )
    assert made_by_product(OPERATIONS["BulkUploadRetrieve"]) == ()


def test_lists_have_no_greatest_length():
    """501 records are handed over as one list; the messages are the product's to divide."""
    records = request_form(OPERATIONS["BulkVerifyUSI"]).by_name["Verifications"].type.by_name["Verification"]
    assert (records.most, records.optional) == (None, True)
    assert (
        OPERATIONS["BulkVerifyUSI"].request.by_name["Verifications"].type.by_name["Verification"].most == 500
    )


def test_every_conclusion_is_one_of_the_contracts_and_has_its_operation():
    """No operation has a word of its own, and none of the words is left over."""
    assert set(CONCLUSIONS_OF) == set(OPERATIONS)
    used = {word for words in CONCLUSIONS_OF.values() for word in words}
    used |= {word for records in RECORDS_OF.values() for word in records.conclusions}
    assert used | set(ALWAYS_POSSIBLE) == set(CONCLUSIONS)
