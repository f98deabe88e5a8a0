"""The kit's schemas and the published ones accept and refuse the same messages.

The published WSDLs are not part of the kit: where they are absent, the tests that need them are skipped.
`EVTE_HYPOTHESIS_PROFILE=thorough` compares many times as many; with `-s` the number is printed.
"""

import io
from collections import Counter
from pathlib import Path

import pytest
import zeep
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol.interface import fault_validator, validator, wsdl
from conformance.protocol.operations import (
    OPERATIONS,
    V4,
    V5,
    answer_element,
    error_detail,
    request_element,
)
from conformance.strategies import near_messages

DATA = Path(__file__).parents[2] / ".." / "shared" / "data" / "usi"
PUBLISHED = {V5: DATA / "UsiService-v5-3pt.wsdl", V4: DATA / "UsiService-v4-3pt.wsdl"}
XSD = "http://www.w3.org/2001/XMLSchema"
WSA_ACTION = "{http://www.w3.org/2006/05/addressing/wsdl}Action"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
VERSIONS = pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])


@pytest.fixture(scope="module")
def published():
    """Return version and namespace -> the published schema."""
    found = {}
    for version, path in PUBLISHED.items():
        if not path.is_file():
            pytest.skip(f"the published WSDL is not at {path}")
        for schema in etree.parse(path).iter(f"{{{XSD}}}schema"):
            found[version, schema.get("targetNamespace")] = etree.XMLSchema(schema)
    return found


@pytest.fixture(scope="module")
def compared():
    """Count the verdicts, and print them at the end."""
    counts = Counter()
    yield counts
    print(f"\ncompared with the published schemas: {counts.total()} messages: {dict(counts)}")


@VERSIONS
@pytest.mark.parametrize("operation", sorted(OPERATIONS))
@settings(max_examples=settings().max_examples // 3)  # of the profile; there are twenty of these
@given(data=st.data())
def test_both_schemas_agree_on_whatever_is_drawn(published, compared, version, operation, data):
    """Right messages, and such with up to three changes, get the same verdict from both."""
    near = data.draw(near_messages(operation, version=version))
    theirs = published[version, version.namespace].validate(near.element)
    ours = validator(version).errors(near.element) == ()
    compared[f"{version.number} {'accepted' if theirs else 'refused'}"] += 1
    assert ours == theirs


# --- every known gap of the schema, by hand -------------------------------------------------------

ORG, USI, BORN, REFERENCE = "VA1803", "BNGH7C75FN", "1966-05-25", "somebody"
MARYAM = {"FirstName": "Maryam", "FamilyName": "Fredrick"}
RECORD = {"RecordId": 1, "USI": USI, **MARYAM, "DateOfBirth": BORN}
APPLICATION = {
    "ApplicationId": "1",
    "DVSCheckRequired": True,
    "UserReference": REFERENCE,
    "ContactDetails": {"CountryOfResidenceCode": "1101", "Phone": {"Mobile": "0400000000"}},
    "PersonalDetails": {
        "Gender": "F",
        **MARYAM,
        "DateOfBirth": BORN,
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Perth",
        "IsPreferredName": False,
    },
}
MEDICARE = {
    "xsi:type": "MedicareDocumentType",
    "MedicareCardNumber": "1234567890",
    "IndividualRefNumber": "1",
    "ExpiryDate": "2030-04",
    "CardColour": "Green",
    "NameLine1": "MARYAM FREDRICK",
}
CENTRELINK = {
    "xsi:type": "CentrelinkCardType",
    "CRN": "123456789A",
    "Name": "MARYAM FREDRICK",
    "ExpiryDate": "2030-04-01",
    "Type": "PCC",
}
DONE = {
    "ProcessedDate": "2026-11-22T10:00:00",
    "ApplicationId": "1",
    "Result": "Success",
    "IdentityDocumentVerified": "NotRequired",
}
PERSON = {"Gender": "F", "DateOfBirth": BORN}


def verify(**changes):
    values = {"OrgCode": ORG, "USI": USI, **MARYAM, "DateOfBirth": BORN, **changes}
    return "VerifyUSI", {name: value for name, value in values.items() if value is not None}


def bulk(records, count=None):
    return "BulkVerifyUSI", {
        "OrgCode": ORG,
        "NoOfVerifications": len(records) if count is None else count,
        "Verifications": {"Verification": records},
    }


def create(request_id="1", **changes):
    return "CreateUSI", {
        "RequestId": request_id,
        "OrgCode": ORG,
        "Application": {**APPLICATION, **changes},
    }


def upload(*applications, count=None):
    return "BulkUpload", {
        "OrgCode": ORG,
        "RequestId": "1",
        "NoOfApplications": len(applications) if count is None else count,
        "Applications": {"Application": applications},
    }


def document(of, **changes):
    return create(DVSDocument={**of, **changes})


def locate(**values):
    return "LocateUSI", {"OrgCode": ORG, "UserReference": REFERENCE, **values}


def update(**values):
    return "UpdateUSIPersonalDetails", {
        "OrgCode": ORG,
        "USI": USI,
        "DVSCheckRequired": False,
        "UserReference": REFERENCE,
        "PersonalDetailsModifier": "Gender",
        "PersonalDetailsUpdate": {"Gender": "X"},
        **values,
    }


def retrieved(*applications):
    return "BulkUploadRetrieve", {
        "RequestId": "1",
        "NoOfApplications": 1,
        "NoOfApplicationsFailed": 0,
        "Applications": {"Application": applications},
    }


PASSPORT = {"xsi:type": "PassportDocumentType"}
ASKED_AND_ACCEPTED = {
    "record ids repeated": bulk([RECORD, RECORD]),
    "application ids repeated": upload(APPLICATION, APPLICATION),
    "count too low": bulk([RECORD, RECORD], 1),
    "count of zero": bulk([RECORD], 0),
    "negative count": upload(APPLICATION, count=-1),
    "500 records": bulk([RECORD] * 500),
    "count of 500": bulk([RECORD], 500),
    "wrong check character": verify(USI="BNGH7C75FM"),
    "empty names": verify(FirstName="", FamilyName=""),
    "empty single name": verify(FirstName=None, FamilyName=None, SingleName=""),
    "empty request id": create(request_id=""),
    "empty application id": create(ApplicationId=""),
    "check without document": create(DVSCheckRequired=True),
    "both documents": create(DVSDocument=MEDICARE, NonDvsDocumentTypeId=1, NonDvsDocumentTypeOther="x"),
    "nil other documents": create(NonDvsDocumentTypeId=None, NonDvsDocumentTypeOther=None),
    "locate without a name": locate(PersonalDetails=PERSON, ContactDetails={}),
    "locate with every name": locate(
        PersonalDetails={**PERSON, **MARYAM, "MiddleName": "J", "SingleName": "S"}, ContactDetails={}
    ),
    "zone Z": verify(DateOfBirth="1966-05-25Z"),
    "zone +10:00": verify(DateOfBirth="1966-05-25+10:00"),
    "Medicare until a month": document(MEDICARE),
    "Medicare until a day": document(MEDICARE, ExpiryDate="2030-04-01"),
    "Centrelink": document(CENTRELINK),
    "passport of one letter": document(PASSPORT, DocumentNumber="X1111111"),
    "passport of two letters": document(PASSPORT, DocumentNumber="PA1111111"),
    "update of nothing": update(PersonalDetailsUpdate={}),
    "update of more than the modifier says": update(PersonalDetailsUpdate={**MARYAM, "Gender": "F"}),
    "receipt of 36 blanks": ("BulkUploadRetrieve", {"ReceiptNumber": " " * 36}),
}
ASKED_AND_REFUSED = {
    "501 records": bulk([RECORD] * 501, 500),
    "no records": bulk([]),
    "count of 501": bulk([RECORD], 501),
    "501 applications": upload(*[APPLICATION] * 501, count=500),
    "no applications": upload(),
    "time in a date": verify(DateOfBirth="1966-05-25T00:00:00"),
    "lower case": verify(USI="bngh7c75fn"),
    "0": verify(USI="BNGH7C75F0"),
    "1": verify(USI="BNGH7C75F1"),
    "I": verify(USI="BNGH7C75FI"),
    "O": verify(USI="BNGH7C75FO"),
    "first name only": verify(FamilyName=None),
    "all three names": verify(SingleName="Amy"),
    "no name": verify(FirstName=None, FamilyName=None),
    "locate without contact details": locate(PersonalDetails=PERSON),
    "document without type": create(DVSDocument={}),
    "Medicare until a year": document(MEDICARE, ExpiryDate="2023"),
    "Medicare month first": document(MEDICARE, ExpiryDate="04-2023"),
    "Centrelink until a month": document(CENTRELINK, ExpiryDate="2023-04"),
    "passport too short": document(PASSPORT, DocumentNumber="X111111"),
    "passport without letter": document(PASSPORT, DocumentNumber="12345678"),
    "OrgCode of nine": ("GetCountries", {"OrgCode": "VA1803000"}),
    "receipt of 35": ("BulkUploadRetrieve", {"ReceiptNumber": "x" * 35}),
    "modifier named as its element": update(PersonalDetailsModifier="CountryOfBirthCode"),
}
ANSWERED_AND_ACCEPTED = {
    "invalid and nothing more": ("VerifyUSI", {"USIStatus": "Invalid"}),
    "single name": ("VerifyUSI", {"USIStatus": "Valid", "SingleName": "Match"}),
    "created without USI": ("CreateUSI", {"Application": DONE}),
    "errors": (
        "UpdateUSIContactDetails",
        {"Result": "Failure", "Errors": {"Error": [{"Code": "E001", "Message": "m" * 255}]}},
    ),
    "empty list": ("GetCountries", {"Countries": {}}),
    "located": ("LocateUSI", {"Result": "NoMatch", "USI": USI, "ContactDetailsMessage": ""}),
    "retrieved": retrieved(DONE),
}
ANSWERED_AND_REFUSED = {
    "no match without USI": ("LocateUSI", {"Result": "NoMatch", "ContactDetailsMessage": ""}),
    "no match with an empty USI": (
        "LocateUSI",
        {"Result": "NoMatch", "USI": "", "ContactDetailsMessage": ""},
    ),
    "no match without message": ("LocateUSI", {"Result": "NoMatch", "USI": USI}),
    "nothing retrieved yet": retrieved(),
    "no applications element": (
        "BulkUploadRetrieve",
        {"RequestId": "1", "NoOfApplications": 0, "NoOfApplicationsFailed": 0},
    ),
    "suspended": ("VerifyUSI", {"USIStatus": "Suspended"}),
    "code of a fault": (
        "UpdateUSIContactDetails",
        {"Result": "Failure", "Errors": {"Error": [{"Code": "1002", "Message": ""}]}},
    ),
    "no error in errors": ("UpdateUSIContactDetails", {"Result": "Failure", "Errors": {}}),
    "verified as a boolean": ("CreateUSI", {"Application": {**DONE, "IdentityDocumentVerified": "true"}}),
    "errors of a verification": ("VerifyUSI", {"USIStatus": "Invalid", "DateOfBirth": "Maybe"}),
    "record without RecordId": (
        "BulkVerifyUSI",
        {"VerificationResponses": {"VerificationResponse": [{"USIStatus": "Valid", "USI": USI}]}},
    ),
}
CASES = [
    pytest.param(write, *case, accepted, id=f"{name}-{'accepted' if accepted else 'refused'}")
    for write, cases, accepted in (
        (request_element, ASKED_AND_ACCEPTED, True),
        (request_element, ASKED_AND_REFUSED, False),
        (answer_element, ANSWERED_AND_ACCEPTED, True),
        (answer_element, ANSWERED_AND_REFUSED, False),
    )
    for name, case in cases.items()
]


@VERSIONS
@pytest.mark.parametrize(("write", "operation", "values", "accepted"), CASES)
def test_what_the_kits_schema_lets_pass(version, write, operation, values, accepted):
    """Every gap and every limit, written out."""
    element = write(OPERATIONS[operation], values, version)
    assert (validator(version).errors(element) == ()) is accepted


@VERSIONS
@pytest.mark.parametrize(("write", "operation", "values", "accepted"), CASES)
def test_what_the_published_schema_lets_pass(published, version, write, operation, values, accepted):
    """The same of the published schema."""
    element = write(OPERATIONS[operation], values, version)
    assert published[version, version.namespace].validate(element) is accepted


def by_hand(version, document, *, named='xsi:type="usi:ImmiCardDocumentType"', content=None):
    """Return a CreateUSI with a document written by hand."""
    element = request_element(OPERATIONS["CreateUSI"], create()[1], version)
    written = content if content is not None else "<d:ImmiCardNumber>123456789</d:ImmiCardNumber>"
    namespace = version.namespace
    by_itself = (
        f'<d:{document} xmlns:d="{namespace}" xmlns:xsi="{XSI}" xmlns:no="urn:no" xmlns="{namespace}"'
        f" {named}>{written}</d:{document}>"
    )
    # As text: lxml would drop the declarations that a validator needs to understand the type's name.
    end = "</usi:Application>"
    return etree.fromstring(etree.tostring(element, encoding="unicode").replace(end, by_itself + end))


BY_HAND = [
    pytest.param({}, True, id="prefix"),
    pytest.param({"named": 'xsi:type="d:ImmiCardDocumentType"'}, True, id="another prefix"),
    pytest.param({"named": 'xsi:type="ImmiCardDocumentType"'}, True, id="default namespace"),
    pytest.param({"named": 'xsi:type="no:ImmiCardDocumentType"'}, False, id="wrong namespace"),
    pytest.param({"named": ""}, False, id="no type"),
    pytest.param({"named": 'xsi:type="usi:DVSDocumentType"', "content": ""}, False, id="abstract type"),
    pytest.param({"named": 'xsi:type="usi:VisaDocumentType"'}, False, id="another document"),
    pytest.param({"document": "DVSDocumentType"}, False, id="another element"),
    pytest.param(
        {
            "named": 'xsi:type="usi:BirthCertificateDocumentType"',
            "content": "<RegistrationState>ACT</RegistrationState><RegistrationYear>1966</RegistrationYear>",
        },
        False,
        id="year of registration",
    ),
    pytest.param(
        {
            "named": 'xsi:type="usi:BirthCertificateDocumentType"',
            "content": "<RegistrationState>ACT</RegistrationState>",
        },
        True,
        id="ACT without date printed",
    ),
]


@VERSIONS
@pytest.mark.parametrize(("document", "accepted"), BY_HAND)
def test_documents_say_what_they_are(published, version, document, accepted):
    """Any prefix will do, and only the name of a concrete type."""
    element = by_hand(version, **{"document": "DVSDocument", **document})
    assert (validator(version).errors(element) == ()) is accepted
    assert published[version, version.namespace].validate(element) is accepted


@VERSIONS
def test_only_version_5_has_the_number_of_a_licences_card(published, version):
    """It is the one element in which the two versions differ."""
    licence = {
        "xsi:type": "DriversLicenceDocumentType",
        "LicenceNumber": "1",
        "State": "WA",
        "CardNumber": "1",
    }
    element = request_element(OPERATIONS["CreateUSI"], document(licence)[1], version)
    assert (validator(version).errors(element) == ()) is (version is V5)
    assert published[version, version.namespace].validate(element) is (version is V5)


def test_a_request_of_version_4_is_valid_in_version_5_once_it_is_renamed(published):
    """Nothing but the namespace says of which version it is."""
    before = request_element(OPERATIONS["VerifyUSI"], verify()[1], V4)
    assert validator(V5).errors(before)
    assert not published[V5, V5.namespace].validate(before)
    renamed = etree.fromstring(etree.tostring(before).replace(V4.namespace.encode(), V5.namespace.encode()))
    assert validator(V5).errors(renamed) == ()


@VERSIONS
@pytest.mark.parametrize(
    ("error", "accepted"),
    [
        ({"Code": 1002, "Title": "t", "Message": "m"}, True),
        ({"Code": "E001", "Title": "t", "Message": "m"}, False),
        ({"Code": 1002, "Message": "m"}, False),
    ],
)
@pytest.mark.parametrize("count", [1, 2])
def test_fault_details_are_in_the_namespace_of_2020(published, version, error, accepted, count):
    """Single and in an array, in both versions."""
    detail = error_detail([error] * count, version)
    assert etree.QName(detail).namespace == "http://usi.gov.au/2020/ws"
    assert (fault_validator(version).errors(detail) == ()) is accepted
    assert published[version, version.faults].validate(detail) is accepted


# --- WSDL -----------------------------------------------------------------------------------------


class NoTransport(zeep.Transport):
    """A transport that fails when anything is fetched."""

    def load(self, url):
        """Refuse."""
        raise AssertionError(f"zeep fetched {url}")


@VERSIONS
@pytest.mark.usefixtures("published")
def test_the_published_wsdl_has_the_same_interface(version):
    """Binding, actions, faults and their parts, as zeep sees both."""

    def seen(document):
        loaded = zeep.wsdl.Document(io.BytesIO(document), NoTransport(), settings=zeep.Settings())
        (binding,) = loaded.bindings.values()
        (port,) = loaded.services["USIService"].ports
        found = {"binding": binding.name.text, "port": port}
        for name, operation in binding.all().items():
            abstract = binding.port_type.operations[name]
            found[name] = (
                operation.soapaction,
                operation.style,
                sorted(operation.faults),
                {
                    fault: [(part, shape.element.qname.text) for part, shape in message.parts.items()]
                    for fault, message in abstract.fault_messages.items()
                },
                operation.input.signature(as_output=False),
            )
        actions = {
            (
                part.getparent().get("name"),
                etree.QName(part).localname,
                part.get("name"),
                part.get(WSA_ACTION),
            )
            for part in etree.fromstring(document).iterfind("{*}portType/{*}operation/*")
            if part.get(WSA_ACTION)
        }
        return found, actions

    own = seen(wsdl("https://localhost:1/x", issuer="https://localhost:2/sts", version=version))
    theirs = seen(PUBLISHED[version].read_bytes())
    assert own == theirs
    operations, actions = own
    assert len(actions) == 40
    assert [part for part, _ in operations["CreateUSI"][3]["ErrorInfoFault"]] == ["detailList"]
    assert [part for part, _ in operations["VerifyUSI"][3]["ErrorInfoFault"]] == ["detail"]
