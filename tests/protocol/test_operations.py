"""The table of operations, and the JSON form made from it."""

import pytest
from lxml import etree

from conformance.protocol import operations
from conformance.protocol.operations import (
    OPERATIONS,
    V5,
    Choice,
    Element,
    FormError,
    Simple,
    Structure,
    error_detail,
    operation_of,
    read_answer,
    read_errors,
    read_request,
    read_values,
    request_element,
)

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

DOCUMENT = Structure("DocumentType", (), abstract=True)
LICENCE = Structure("LicenceType", (Element("Number", Simple(max_length=10)),), extends=DOCUMENT)
BATCH = Structure(
    "BatchType",
    (
        Element("Count", Simple(base="int", max_inclusive=500)),
        Element("Sure", Simple(base="boolean")),
        Element("Other", Simple(base="int"), optional=True, nillable=True),
        Element("Record", Structure("", (Element("Id", Simple(base="int")),)), most=500),
        Choice(((Element("Left", Simple()),), (Element("Right", Simple()),)), optional=True),
        Element("Document", DOCUMENT, optional=True),
    ),
)


@pytest.fixture
def with_documents(monkeypatch):
    """Have the table know a concrete type behind an abstract one."""
    monkeypatch.setattr(operations, "EXTENSIONS", (LICENCE,))


@pytest.mark.usefixtures("with_documents")
def test_numbers_lists_nil_and_abstract_types_have_a_json_form():
    """Every form that an operation of the contract uses goes to XML and back."""
    values = {
        "Count": 2,
        "Sure": True,
        "Other": None,
        "Record": [{"Id": 1}, {"Id": -2}],
        "Right": "r",
        "Document": {"xsi:type": "LicenceType", "Number": "1"},
    }
    element = operations._element("Batch", BATCH, values, V5.namespace)
    assert 'xsi:nil="true"' in written(element)
    assert 'xsi:type="usi:LicenceType"' in written(element)
    assert read_values(etree.fromstring(written(element)), BATCH) == values


@pytest.mark.usefixtures("with_documents")
def test_a_prefix_of_another_name_names_the_same_type():
    """`xsi:type` is read by its local name, whatever the prefix."""
    element = etree.fromstring(
        '<d xmlns:q="http://usi.gov.au/2022/ws" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        ' xsi:type="q:LicenceType"><Number>7</Number></d>'
    )
    assert read_values(element, DOCUMENT) == {"xsi:type": "LicenceType", "Number": "7"}


def test_a_number_that_is_none_stays_text():
    """Reading never fails on a wrong number."""
    assert read_values(etree.fromstring("<b><Count>many</Count></b>"), BATCH) == {"Count": "many"}
