"""The kit's own WSDL and schema, and the published WSDL beside them."""

import io
from pathlib import Path

import pytest
import zeep
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from conformance.protocol import interface, operations
from conformance.protocol.interface import fault_validator, validator, wsdl
from conformance.protocol.operations import OPERATIONS, V5, error_detail

PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "data" / "usi" / "UsiService-v5-3pt.wsdl"
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


def test_the_schema_can_be_more_than_verify_needs(monkeypatch):
    """Arrays, nil, optional choices and abstract types are written so that a validator obeys them."""
    document = operations.Structure("DocumentType", (), abstract=True)
    licence = operations.Structure(
        "LicenceType", (operations.Element("Number", operations.Simple(length=2)),), extends=document
    )
    batch = operations.Structure(
        "BatchType",
        (
            operations.Element("When", operations.Simple(union=("date", "gYearMonth"))),
            operations.Element("Other", operations.INT, optional=True, nillable=True),
            operations.Element("Many", operations.TEXT, most=2),
            operations.Choice(
                ((operations.Element("L", operations.TEXT),), (operations.Element("R", operations.TEXT),)),
                optional=True,
            ),
            operations.Element("Document", document, optional=True),
        ),
    )
    batching = operations.Operation("Batch", "", batch, operations.Structure("BatchResponseType", ()))
    monkeypatch.setattr(interface, "OPERATIONS", {"Batch": batching})
    monkeypatch.setattr(interface, "EXTENSIONS", (licence,))
    monkeypatch.setattr(operations, "EXTENSIONS", (licence,))
    own = interface.Validator(interface.schema())

    def errors(**values):
        return own.errors(operations.request_element(batching, {"When": "2023-04", "Many": ["a"], **values}))

    assert errors() == ()
    assert errors(When="2023-04-01", Many=["a", "b"], Other=None, L="x") == ()
    assert errors(Document={"xsi:type": "LicenceType", "Number": "12"}) == ()
    assert errors(Document={})
    assert errors(Document={"xsi:type": "LicenceType", "Number": "123"})
    assert errors(Many=["a", "b", "c"])
    assert errors(L="x", R="y")
    assert errors(When="2023")


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


# --- the published WSDL ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    """Schema of the published WSDL, for messages; skipped where that file is absent."""
    if not PUBLISHED.is_file():
        pytest.skip(f"the published WSDL is not at {PUBLISHED}")
    document = etree.parse(PUBLISHED)
    (messages,) = (
        schema for schema in document.iter(f"{{{XSD}}}schema") if schema.get("targetNamespace") == NAMESPACE
    )
    return etree.XMLSchema(messages)


TEXTS = {
    "OrgCode": st.sampled_from(["VA1803", "", "VA18030000", "VA-1", "é"]) | st.text("ABab09 ", max_size=9),
    "USI": st.sampled_from(["BNGH7C75FN", "bngh7c75fn", "BNGH7C75F0", "BNGH7C75F", " BNGH7C75FN"])
    | st.text("ABIO0129Z", min_size=9, max_size=11),
    "DateOfBirth": st.dates().map(str)
    | st.sampled_from(
        ["1966-02-30", "1966-5-25", "1966-05-25Z", "1966-05-25T00:00:00", " 1966-05-25 ", "Match", ""]
    ),
    **{
        name: st.sampled_from(["Match", "NoMatch", "", "x" * 40, "x" * 41, "é" * 40])
        | st.text("aé'-", max_size=42)
        for name in ("FirstName", "FamilyName", "SingleName", "MiddleName")
    },
    "USIStatus": st.sampled_from(["Valid", "Invalid", "Deactivated", "Suspended", "", "valid"]),
}
IN_ORDER = {
    "VerifyUSI": [(ORG, USI, FIRST, FAMILY, BORN), (ORG, USI, SINGLE, BORN)],
    "VerifyUSIResponse": [
        (("USIStatus", "Valid"), ("FirstName", "Match"), ("FamilyName", "NoMatch"), ("DateOfBirth", "Match")),
        (("USIStatus", "Valid"), ("SingleName", "Match"), ("DateOfBirth", "Match")),
        (("USIStatus", "Invalid"),),
    ],
}


@st.composite
def messages(draw):
    """A message that is right, or wrong in up to three places."""
    root = draw(st.sampled_from(sorted(IN_ORDER)))
    children = list(draw(st.sampled_from(IN_ORDER[root])))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(children)))
        match draw(st.sampled_from(["text", "drop", "add", "swap"])):
            case "text" if place < len(children):
                name = children[place][0]
                children[place] = (name, draw(TEXTS[name]))
            case "drop" if place < len(children):
                del children[place]
            case "add":
                name = draw(st.sampled_from(sorted(TEXTS)))
                children.insert(place, (name, draw(TEXTS[name])))
            case "swap" if place + 1 < len(children):
                children[place : place + 2] = reversed(children[place : place + 2])
    return verify(*children, root=root)


@settings(max_examples=100, deadline=None)
@given(message=messages())
def test_our_schema_and_the_published_one_agree(published, message):
    """Whatever is changed in a VerifyUSI message, both accept it or both refuse it."""
    assert (validator().errors(message) == ()) == published.validate(message)


def test_the_published_wsdl_has_the_same_interface(published):
    """Binding, action, faults and port of VerifyUSI are those of the published WSDL, as zeep sees both."""

    def seen(document):
        binding = next(iter(client(document).wsdl.bindings.values()))
        operation = binding.get("VerifyUSI")
        return binding.name.text, operation.soapaction, operation.style, sorted(operation.faults)

    own = wsdl("https://localhost:1/x", issuer="https://localhost:2/sts")
    assert seen(own) == seen(PUBLISHED.read_bytes())
