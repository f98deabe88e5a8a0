"""The kit's own WSDL and schema, and what zeep makes of them."""

import io

import pytest
import zeep
from lxml import etree
from zeep.helpers import serialize_object

from conformance.protocol.interface import fault_validator, schema, validator, wsdl
from conformance.protocol.operations import (
    OPERATIONS,
    V4,
    V5,
    answer_element,
    error_detail,
    read_errors,
    read_request,
    request_element,
)

NAMESPACE = "http://usi.gov.au/2022/ws"
XSD = "http://www.w3.org/2001/XMLSchema"
VERIFY = OPERATIONS["VerifyUSI"]


def verify(*children, root="VerifyUSI"):
    """Return a message with these (name, text) children."""
    element = etree.Element(f"{{{NAMESPACE}}}{root}")
    for name, text in children:
        etree.SubElement(element, f"{{{NAMESPACE}}}{name}").text = text
    return element


ORG, USI, BORN = ("OrgCode", "VA1803"), ("USI", "BNGH7C75FN"), ("DateOfBirth", "1966-05-25")
FIRST, FAMILY, SINGLE = ("FirstName", "Maryam"), ("FamilyName", "Fredrick"), ("SingleName", "Amy")


@pytest.mark.parametrize(
    "message",
    [
        verify(ORG, USI, FIRST, FAMILY, BORN),
        verify(ORG, USI, SINGLE, BORN),
        verify(ORG, USI, ("FirstName", ""), ("FamilyName", "x" * 40), BORN),
        verify(ORG, ("USI", "2222222222"), SINGLE, ("DateOfBirth", "1966-05-25+10:00")),
        verify(("USIStatus", "Invalid"), root="VerifyUSIResponse"),
        verify(
            ("USIStatus", "Valid"),
            ("FirstName", "Match"),
            ("DateOfBirth", "NoMatch"),
            root="VerifyUSIResponse",
        ),
        verify(("USIStatus", "Deactivated"), ("SingleName", "Match"), root="VerifyUSIResponse"),
    ],
)
def test_valid_messages_are_valid(message):
    """Empty names, zones and absent match fields are things that the schema does not mind."""
    assert validator().errors(message) == ()


@pytest.mark.parametrize(
    ("message", "where"),
    [
        (verify(ORG, USI, FIRST, BORN), "/VerifyUSI/DateOfBirth"),
        (verify(ORG, USI, FAMILY, FIRST, BORN), "/VerifyUSI/FamilyName"),
        (verify(ORG, USI, FIRST, FAMILY, SINGLE, BORN), "/VerifyUSI/SingleName"),
        (verify(ORG, USI, BORN), "/VerifyUSI/DateOfBirth"),
        (verify(USI, ORG, SINGLE, BORN), "/VerifyUSI/USI"),
        (verify(ORG, ("USI", "bngh7c75fn"), SINGLE, BORN), "/VerifyUSI/USI"),
        (verify(ORG, ("USI", "BNGH7C75F0"), SINGLE, BORN), "/VerifyUSI/USI"),
        (verify(ORG, USI, ("SingleName", "x" * 41), BORN), "/VerifyUSI/SingleName"),
        (verify(("OrgCode", "VA1803000"), USI, SINGLE, BORN), "/VerifyUSI/OrgCode"),
        (verify(("OrgCode", ""), USI, SINGLE, BORN), "/VerifyUSI/OrgCode"),
        (verify(ORG, USI, SINGLE, ("DateOfBirth", "1966-05-25T00:00:00")), "/VerifyUSI/DateOfBirth"),
        (verify(ORG, USI, SINGLE, ("DateOfBirth", "25/05/1966")), "/VerifyUSI/DateOfBirth"),
        (verify(("USIStatus", "Suspended"), root="VerifyUSIResponse"), "/VerifyUSIResponse/USIStatus"),
        (verify(root="VerifyYou"), "/VerifyYou"),
    ],
)
def test_invalid_messages_are_refused_at_the_right_place(message, where):
    """The first error names the element, by its path without namespaces."""
    first = validator().errors(message)[0]
    assert first.where == where
    assert "{" not in first.message


def test_the_detail_of_faults_has_a_schema_of_its_own():
    """Both declared forms are valid there; a code that is no number is not."""
    error = {"Code": 1001, "Title": "t", "Message": "m"}
    assert fault_validator().errors(error_detail([error])) == ()
    assert fault_validator().errors(error_detail([error, error])) == ()
    assert fault_validator().errors(error_detail([{**error, "Code": "E001"}]))


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
def test_the_keys_of_the_schema_select_nothing(version):
    """Both have names without a prefix, as the published ones: repeated ids are valid."""
    keys = {
        key.get("name"): (key[0].get("xpath"), key[1].get("xpath"))
        for key in schema(version).iter(f"{{{XSD}}}key")
    }
    assert keys == {
        "VerificationKey": ("Verification", "RecordId"),
        "ApplicationKey": ("Application", "ApplicationId"),
    }


# --- WSDL -----------------------------------------------------------------------------------------


class NoTransport(zeep.Transport):
    """A transport that fails when anything is fetched."""

    def load(self, url):
        """Refuse."""
        raise AssertionError(f"zeep fetched {url}")


def client(document: bytes) -> zeep.Client:
    """Return zeep's idea of a WSDL, made without a network."""
    transport = NoTransport()
    return zeep.Client(
        zeep.wsdl.Document(io.BytesIO(document), transport, settings=zeep.Settings()), transport=transport
    )


def test_the_wsdl_is_the_same_each_time():
    """Same arguments, same bytes."""
    arguments = {
        "address": "https://localhost:1/service/v5/usiservice.svc",
        "issuer": "https://localhost:2/sts",
    }
    assert wsdl(**arguments) == wsdl(**arguments)


def test_zeep_loads_the_wsdl_without_a_network():
    """Service, port, binding and every operation of the table are there."""
    loaded = client(
        wsdl("https://localhost:1/service/v5/usiservice.svc", issuer="https://localhost:2/sts")
    ).wsdl
    port = loaded.services["USIService"].ports["WS2007FederationHttpBinding_IUSIService"]
    assert set(port.binding.all()) == set(OPERATIONS)
    assert port.binding_options["address"] == "https://localhost:1/service/v5/usiservice.svc"


def test_what_zeep_builds_is_valid_and_addressed():
    """A request that zeep builds from our WSDL is valid against our schema and has the right action."""
    service = client(wsdl("https://localhost:1/x", issuer="https://localhost:2/sts"))
    envelope = service.create_message(service.service, "VerifyUSI", **dict((ORG, USI, FIRST, FAMILY, BORN)))
    (body,) = envelope.find("{http://www.w3.org/2003/05/soap-envelope}Body")
    assert validator().errors(body) == ()
    action = envelope.find(".//{http://www.w3.org/2005/08/addressing}Action")
    assert action.text == V5.action(VERIFY)


def test_the_policy_names_the_token_service():
    """A generated client finds the address at which it gets its token."""
    root = etree.fromstring(wsdl("https://localhost:1/x", issuer="https://localhost:2/sts"))
    issuer = root.find(".//{http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702}Issuer")
    assert "".join(issuer.itertext()).strip() == "https://localhost:2/sts"
    (policy,) = root.findall("{http://schemas.xmlsoap.org/ws/2004/09/policy}Policy")
    (reference,) = root.iter("{http://schemas.xmlsoap.org/ws/2004/09/policy}PolicyReference")
    assert reference.get("URI") == "#" + policy.get(
        "{http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd}Id"
    )


# --- ten operations through zeep -----------------------------------------------------------------

APPLICATION = {
    "ApplicationId": "A-1",
    "DVSCheckRequired": True,
    "UserReference": "somebody",
    "ContactDetails": {
        "CountryOfResidenceCode": "1101",
        "EmailAddress": "m@example.org",
        "Phone": {"Home": "0891111111", "Mobile": "0400000000"},
        "NationalAddress": {
            "Address1": "1 A St",
            "SuburbTownCity": "Perth",
            "State": "WA",
            "PostCode": "6000",
        },
    },
    "PersonalDetails": {
        "Gender": "F",
        "FirstName": "Maryam",
        "MiddleName": "Jane",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
        "CountryOfBirthCode": "1101",
        "TownCityOfBirth": "Perth",
        "IsPreferredName": False,
    },
    "DVSDocument": {
        "xsi:type": "MedicareDocumentType",
        "MedicareCardNumber": "1234567890",
        "IndividualRefNumber": "1",
        "ExpiryDate": "2030-04",
        "CardColour": "Green",
        "NameLine1": "MARYAM FREDRICK",
    },
    "NonDvsDocumentTypeId": None,
    "NonDvsDocumentTypeOther": None,
}
PERSON = {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}
AMY = {"USI": "BNGH7C75FN", "SingleName": "Amy", "DateOfBirth": "1966-05-25"}
RECEIPT = "00000000-0000-4000-8000-000000000000"
REQUESTS = {
    "VerifyUSI": {"OrgCode": "VA1803", **PERSON},
    "BulkVerifyUSI": {
        "OrgCode": "VA1803",
        "NoOfVerifications": 2,
        "Verifications": {"Verification": [{"RecordId": 1, **PERSON}, {"RecordId": 2, **AMY}]},
    },
    "CreateUSI": {"RequestId": "R-1", "OrgCode": "VA1803", "Application": APPLICATION},
    "BulkUpload": {
        "OrgCode": "VA1803",
        "RequestId": "R-1",
        "NoOfApplications": 1,
        "Applications": {"Application": [APPLICATION]},
    },
    "BulkUploadRetrieve": {"ReceiptNumber": RECEIPT},
    "LocateUSI": {
        "OrgCode": "VA1803",
        "UserReference": "somebody",
        "PersonalDetails": {"Gender": "F", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"},
        "ContactDetails": {},
    },
    "UpdateUSIContactDetails": {
        "OrgCode": "VA1803",
        "USI": "BNGH7C75FN",
        "UserReference": "somebody",
        "ContactDetailsUpdate": {"Phone": {"Mobile": "0400000000"}, "InternationalAddress": "1 B St, Wien"},
    },
    "UpdateUSIPersonalDetails": {
        "OrgCode": "VA1803",
        "USI": "BNGH7C75FN",
        "DVSCheckRequired": True,
        "UserReference": "somebody",
        "PersonalDetailsModifier": "SingleName",
        "PersonalDetailsUpdate": {"SingleName": "Amy"},
        "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "PA1234567"},
    },
    "GetCountries": {"OrgCode": "VA1803"},
    "GetNonDvsDocumentTypes": {"OrgCode": "VA1803"},
}
FAILED = {"Result": "Failure", "Errors": {"Error": [{"Code": "E001", "Message": "One."}]}}
MATCHED = {"USIStatus": "Valid", "FirstName": "Match", "FamilyName": "NoMatch", "DateOfBirth": "Match"}
CREATED = {
    "ApplicationId": "A-1",
    "Result": "MatchFound",
    "IdentityDocumentVerified": "NotRequired",
    "USI": "BNGH7C75FN",
}
ANSWERS = {
    "VerifyUSI": MATCHED,
    "BulkVerifyUSI": {
        "VerificationResponses": {
            "VerificationResponse": [
                {**MATCHED, "USI": "BNGH7C75FN", "RecordId": 2},
                {"USIStatus": "Valid", "SingleName": "Match", "USI": "BNGH7C75FN", "RecordId": 1},
                {"USIStatus": "Invalid", "USI": "BNGH7C75FN", "RecordId": 3},
            ]
        }
    },
    "CreateUSI": {"Application": CREATED},
    "BulkUpload": {"ReceiptNumber": RECEIPT},
    "BulkUploadRetrieve": {
        "RequestId": "R-1",
        "NoOfApplications": 1,
        "NoOfApplicationsFailed": 0,
        "Applications": {"Application": [CREATED]},
    },
    "LocateUSI": {"Result": "Exact", "USI": "BNGH7C75FN", "ContactDetailsMessage": "Told."},
    "UpdateUSIContactDetails": FAILED,
    "UpdateUSIPersonalDetails": {"IdentityDocumentVerified": "False", **FAILED},
    "GetCountries": {
        "Countries": {"CountryDetails": [{"CountryCode": "1101", "Name": "Australia", "IsCurrent": True}]}
    },
    "GetNonDvsDocumentTypes": {
        "NonDvsDocumentTypes": {"NonDvsDocumentType": [{"Id": 1, "DocumentType": "Other", "SortOrder": 2}]}
    },
}


@pytest.fixture(scope="module")
def zeeps():
    """Return a zeep client that has read the kit's WSDL."""
    return client(wsdl("https://localhost:1/x", issuer="https://localhost:2/sts"))


def arguments(loaded, value):
    """Return a value of the JSON form as zeep takes it."""
    if isinstance(value, list):
        return [arguments(loaded, item) for item in value]
    if not isinstance(value, dict):
        return zeep.xsd.Nil if value is None else value
    values = {name: arguments(loaded, item) for name, item in value.items()}
    kind = values.pop("xsi:type", None)
    return loaded.get_type(f"{{{NAMESPACE}}}{kind}")(**values) if kind else values


def without_none(value):
    """Return what zeep has read, without the members that it adds for absent elements."""
    if isinstance(value, list):
        return [without_none(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: without_none(item) for name, item in value.items() if item is not None}


def built(loaded, operation, values):
    """Return the body that zeep builds."""
    envelope = loaded.create_message(loaded.service, operation, **arguments(loaded, values))
    (body,) = envelope.find("{http://www.w3.org/2003/05/soap-envelope}Body")
    return body


def read(loaded, operation, body):
    """Return what zeep reads in an answer."""
    envelope = etree.fromstring(
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        + etree.tostring(body)
        + b"</s:Body></s:Envelope>"
    )
    (binding,) = loaded.wsdl.bindings.values()
    return without_none(serialize_object(binding.get(operation).process_reply(envelope), dict))


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_zeep_builds_every_request(zeeps, operation):
    """What zeep makes of the JSON form is valid and has the same values."""
    body = built(zeeps, operation, REQUESTS[operation])
    assert validator().errors(body) == ()
    assert read_request(body, OPERATIONS[operation]) == REQUESTS[operation]


@pytest.mark.parametrize("operation", sorted(OPERATIONS))
def test_zeep_reads_every_answer(zeeps, operation):
    """Valid answers give zeep the values that they were made from."""
    body = answer_element(OPERATIONS[operation], with_moment(ANSWERS[operation]))
    assert validator().errors(body) == ()
    found = without_moment(read(zeeps, operation, body))
    whole = ANSWERS[operation]
    while isinstance(whole, dict) and len(whole) == 1:  # zeep unwraps what consists of one element
        (whole,) = whole.values()
    assert found == whole


def with_moment(values):
    """Give each application the moment at which it was processed."""
    if isinstance(values, list):
        return [with_moment(item) for item in values]
    if not isinstance(values, dict):
        return values
    moment = {"ProcessedDate": "2026-11-22T10:00:00"} if "ApplicationId" in values else {}
    return moment | {name: with_moment(item) for name, item in values.items()}


def without_moment(values):
    """Take it out again: zeep reads it as a moment, which has no JSON form."""
    if isinstance(values, list):
        return [without_moment(item) for item in values]
    if not isinstance(values, dict):
        return values
    return {name: without_moment(item) for name, item in values.items() if name != "ProcessedDate"}


@pytest.mark.parametrize("names", [{"SingleName": ""}, {"FirstName": "", "FamilyName": ""}])
def test_zeep_drops_a_branch_of_empty_names(zeeps, names):
    """The one request that zeep cannot build: it takes empty names for no branch, and leaves it out."""
    values = {"OrgCode": "VA1803", "USI": "BNGH7C75FN", **names, "DateOfBirth": "1966-05-25"}
    assert validator().errors(request_element(VERIFY, values)) == ()
    assert validator().errors(built(zeeps, "VerifyUSI", values))


def test_zeep_does_not_read_a_truthful_no_match(zeeps):
    """The schema demands a USI even then; strict clients stumble over an answer without one."""
    body = answer_element(OPERATIONS["LocateUSI"], {"Result": "NoMatch", "ContactDetailsMessage": ""})
    assert validator().errors(body)
    with pytest.raises(zeep.exceptions.XMLParseError, match="USI"):
        read(zeeps, "LocateUSI", body)


@pytest.mark.parametrize("count", [1, 2])
def test_zeep_hands_over_the_detail_of_faults_as_it_is(zeeps, count):
    """Both forms arrive as one exception; the namespace of 2020 has to be known."""
    errors = [{"Code": 1002, "Title": "Generic Validation", "Message": "m"}] * count
    envelope = etree.fromstring(
        b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body><s:Fault><s:Code><s:Value>'
        b's:Sender</s:Value></s:Code><s:Reason><s:Text xml:lang="en">no</s:Text></s:Reason><s:Detail>'
        + etree.tostring(error_detail(errors))
        + b"</s:Detail></s:Fault></s:Body></s:Envelope>"
    )
    (binding,) = zeeps.wsdl.bindings.values()
    with pytest.raises(zeep.exceptions.Fault) as raised:
        binding.process_error(envelope, binding.get("VerifyUSI"))
    assert read_errors(raised.value.detail) == errors
