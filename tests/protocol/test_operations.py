"""The table of operations, and the JSON form made from it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol.operations import (
    EXTENSIONS,
    OPERATIONS,
    RULES,
    V4,
    V5,
    FormError,
    error_detail,
    operation_of,
    read_answer,
    read_errors,
    read_request,
    read_values,
    request_element,
)
from conformance.protocol.operations.types import DVS_DOCUMENT

VERIFY = OPERATIONS["VerifyUSI"]
MARYAM = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}


def written(element) -> str:
    """Return an element as text."""
    return etree.tostring(element, encoding="unicode")


def test_a_request_comes_in_schema_order():
    """The order of the keys does not matter; the elements stand as the contract has them."""
    element = request_element(VERIFY, dict(reversed(MARYAM.items())))
    assert written(element) == (
        '<usi:VerifyUSI xmlns:usi="http://usi.gov.au/2022/ws"><usi:OrgCode>VA1803</usi:OrgCode>'
        "<usi:USI>BNGH7C75FN</usi:USI><usi:FirstName>Maryam</usi:FirstName>"
        "<usi:FamilyName>Fredrick</usi:FamilyName><usi:DateOfBirth>1966-05-25</usi:DateOfBirth></usi:VerifyUSI>"
    )


def test_markup_in_a_name_is_escaped_and_comes_back():
    """Angle brackets, ampersand and the end of a CDATA section are text."""
    name = "<&>'\"]]> é é \U00020bb7"
    element = request_element(VERIFY, {**MARYAM, "FirstName": name})
    assert read_request(etree.fromstring(written(element)), VERIFY)["FirstName"] == name


@pytest.mark.parametrize("name", ["a\rb", "a\r\nb", "a\nb", "\ta ", "&amp;", "<![CDATA[a]]>", "", "\x85"])
def test_white_space_and_what_looks_like_markup_come_back(name):
    """A carriage return is written as a reference, for readers make a line feed of a bare one."""
    element = request_element(VERIFY, {**MARYAM, "FirstName": name})
    assert read_request(etree.fromstring(written(element)), VERIFY)["FirstName"] == name


@given(name=st.text(max_size=20))
def test_any_text_that_xml_can_hold_comes_back(name):
    """And no other is written."""
    try:
        single = etree.Element("a")
        single.text = name
    except ValueError:
        with pytest.raises(FormError, match="cannot be written in XML"):
            request_element(VERIFY, {**MARYAM, "FirstName": name})
    else:
        element = request_element(VERIFY, {**MARYAM, "FirstName": name})
        assert read_request(etree.fromstring(written(element)), VERIFY)["FirstName"] == name


def test_what_is_written_is_read_again():
    """Reading a request gives the values that it was made from."""
    assert read_request(request_element(VERIFY, MARYAM), VERIFY) == MARYAM


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"MiddleName": "x"}, "no element MiddleName"),
        ({"FirstName": None}, "cannot be null"),
        ({"FirstName": 1.5}, "text, number or boolean"),
        ({"FirstName": "\x00"}, "cannot be written in XML"),
        ({"FirstName": "a\x0bb"}, "cannot be written in XML"),
        ({"FirstName": "\ud800"}, "cannot be written in XML"),
        ({"FirstName": "\uffff"}, "cannot be written in XML"),
        ({"xsi:type": "Other"}, "not a kind of"),
    ],
)
def test_a_value_without_a_place_is_refused(values, says):
    """What the operation has no place for is an error and never dropped."""
    with pytest.raises(FormError, match=says):
        request_element(VERIFY, {**MARYAM, **values})


def test_an_operation_is_known_by_name_and_namespace():
    """The namespace of version 4 is not that of version 5."""
    assert operation_of(request_element(VERIFY, MARYAM)) is VERIFY
    assert operation_of(etree.Element("{http://usi.gov.au/2020/ws}VerifyUSI")) is None
    assert operation_of(etree.Element("{http://usi.gov.au/2022/ws}Verify")) is None
    assert operation_of(None) is None


def test_actions_are_namespace_and_name():
    """Request, answer and fault have the actions of the published contract."""
    assert V5.action(VERIFY) == "http://usi.gov.au/2022/ws/VerifyUSI"
    assert V5.answer_action(VERIFY) == "http://usi.gov.au/2022/ws/VerifyUSIResponse"
    assert V5.fault_action(VERIFY) == "http://usi.gov.au/2022/ws/VerifyUSIResponseErrorInfoFault"


def test_one_error_stands_alone_and_several_in_an_array():
    """Both forms live in the namespace of version 4, and both are read."""
    one = {"Code": 1001, "Title": "t", "Message": "m"}
    two = {"Code": 1002, "Title": "u", "Message": "n"}
    assert error_detail([one]).tag == "{http://usi.gov.au/2020/ws}ErrorInfo"
    assert error_detail([one, two]).tag == "{http://usi.gov.au/2020/ws}ArrayOfErrorInfo"
    assert read_errors(error_detail([one])) == [one]
    assert read_errors(error_detail([one, two])) == [one, two]
    assert read_errors(None) == []


def test_an_answer_is_read_though_it_is_not_valid():
    """Unknown elements and statuses are taken as they stand, since a reader must survive them."""
    answer = etree.fromstring(
        '<VerifyUSIResponse xmlns="http://usi.gov.au/2022/ws"><USIStatus>Suspended</USIStatus>'
        "<New><Deep>x</Deep></New></VerifyUSIResponse>"
    )
    assert read_answer(answer, VERIFY) == {"USIStatus": "Suspended", "New": "x"}


# --- the forms that other operations need ---------------------------------------------------------

APPLICATION = {
    "ApplicationId": "1",
    "DVSCheckRequired": True,
    "UserReference": "somebody",
    "ContactDetails": {"CountryOfResidenceCode": "1101", "InternationalAddress": "1 A St"},
    "PersonalDetails": {"Gender": "F", "SingleName": "Amy", "DateOfBirth": "1966-05-25"},
    "DVSDocument": {"xsi:type": "ImmiCardDocumentType", "ImmiCardNumber": "ABC123456"},
    "NonDvsDocumentTypeId": 1,
    "NonDvsDocumentTypeOther": None,
}


def test_numbers_lists_nil_and_abstract_types_have_a_json_form():
    """Every form that an operation of the contract uses goes to XML and back."""
    upload = OPERATIONS["BulkUpload"]
    values = {
        "OrgCode": "VA1803",
        "RequestId": "1",
        "NoOfApplications": 2,
        "Applications": {"Application": [APPLICATION, {**APPLICATION, "ApplicationId": "2"}]},
    }
    element = request_element(upload, values)
    assert 'xsi:nil="true"' in written(element)
    assert 'xsi:type="usi:ImmiCardDocumentType"' in written(element)
    assert read_request(etree.fromstring(written(element)), upload) == values


def test_what_may_be_nil_in_an_application_may_not_in_an_update():
    """The same element in two operations."""
    update = OPERATIONS["UpdateUSIPersonalDetails"]
    with pytest.raises(FormError, match="NonDvsDocumentTypeId cannot be null"):
        request_element(update, {"NonDvsDocumentTypeId": None})


def test_a_prefix_of_another_name_names_the_same_type():
    """`xsi:type` is read by its local name, whatever the prefix."""
    element = etree.fromstring(
        '<d xmlns:q="http://usi.gov.au/2022/ws" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:type="q:VisaDocumentType"><PassportNumber>7</PassportNumber></d>'
    )
    assert read_values(element, DVS_DOCUMENT) == {"xsi:type": "VisaDocumentType", "PassportNumber": "7"}


def test_a_number_that_is_none_stays_text():
    """Reading never fails on a wrong number."""
    bulk = OPERATIONS["BulkVerifyUSI"]
    request = etree.fromstring("<b><NoOfVerifications>many</NoOfVerifications></b>")
    assert read_request(request, bulk) == {"NoOfVerifications": "many"}


# --- the table ------------------------------------------------------------------------------------


def test_the_contract_has_ten_operations():
    """All of them are there, each with a purpose, rules, and the codes that it may be refused with."""
    assert set(OPERATIONS) == {
        "VerifyUSI",
        "BulkVerifyUSI",
        "CreateUSI",
        "BulkUpload",
        "BulkUploadRetrieve",
        "LocateUSI",
        "UpdateUSIContactDetails",
        "UpdateUSIPersonalDetails",
        "GetCountries",
        "GetNonDvsDocumentTypes",
    }
    for operation in OPERATIONS.values():
        assert operation.purpose
        assert operation.rules
        assert {1001, 1002, 2002, 3458} <= {fault.code for fault in operation.faults}


@pytest.mark.parametrize(
    ("operation", "elements"),
    [
        ("CreateUSI", ["RequestId", "OrgCode", "Application"]),
        ("BulkUpload", ["OrgCode", "RequestId", "NoOfApplications", "Applications"]),
        ("BulkUploadRetrieve", ["ReceiptNumber"]),
    ],
)
def test_the_order_of_request_id_and_org_code(operation, elements):
    """It differs between the two that have both, and one has neither."""
    assert [element.name for element in OPERATIONS[operation].request.elements()] == elements


def test_every_rule_is_named_has_a_source_and_belongs_to_an_operation():
    """No rule stands for itself, and none is without a reason."""
    used = {rule.name for operation in OPERATIONS.values() for rule in operation.rules}
    assert used == set(RULES)
    for rule in RULES.values():
        assert rule.text.endswith(".")
        assert rule.source
        assert rule.confidence in ("documented", "observed", "inferred", "assumed")


def test_only_one_element_came_with_version_5():
    """The number of a driver's licence's card."""
    assert [
        (kind.name, element.name) for kind in EXTENSIONS for element in kind.elements() if not V4.has(element)
    ] == [("DriversLicenceDocumentType", "CardNumber")]
