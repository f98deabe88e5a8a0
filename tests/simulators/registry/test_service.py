"""The simulated registry, asked without a network."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from conformance.errors import OperatorError
from conformance.protocol import markup, names, operations, security, soap
from conformance.protocol.interface import fault_validator, validator
from conformance.protocol.operations import OPERATIONS, read_answer, read_errors, request_element
from conformance.simulators.authority import Authority
from conformance.simulators.population import State, bundled
from conformance.simulators.registry import Registry

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
PATH = "/service/v5/usiservice.svc"
ADDRESS = f"https://127.0.0.1:8443{PATH}"
PROOF_KEY = bytes(range(32))
VERIFY = OPERATIONS["VerifyUSI"]
MARYAM = {
    "OrgCode": "VA1803",
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
SEEN_ACTION = "http://usi.gov.au/2022/ws/VerifyUSI"


def verify(registry, client, **changes):
    """Ask VerifyUSI and return the answer in JSON form, which must be valid; None leaves a value out."""
    values = {name: value for name, value in {**MARYAM, **changes}.items() if value is not None}
    response = registry.handle(client.request(request_element(VERIFY, values)))
    assert response.status == 200, response.body
    envelope = soap.read(response.body)
    assert validator().errors(envelope.payload) == ()
    return read_answer(envelope.payload, VERIFY)


def errors_of(registry):
    """Return the codes of the rules that the last request broke."""
    return {
        finding.code for finding in registry.exchanges[-1].judgement.findings if finding.severity == "error"
    }


# --- answers --------------------------------------------------------------------------------------


def test_a_known_person_matches(registry, client):
    """USI, names and date of birth of a published person: Valid, and Match for each field."""
    assert verify(registry, client) == {
        "USIStatus": "Valid",
        "FirstName": "Match",
        "FamilyName": "Match",
        "DateOfBirth": "Match",
    }
    exchange = registry.exchanges[-1]
    assert errors_of(registry) == set()
    assert (exchange.summary, exchange.outcome) == ("VerifyUSI", "Valid")
    assert exchange.facts.request.values == MARYAM
    assert exchange.facts.token.claims[names.CLAIM_ABN] == "27809366375"


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({"FamilyName": "Frederick"}, {"USIStatus": "Valid", "FamilyName": "NoMatch"}),
        ({"DateOfBirth": "1966-05-26"}, {"USIStatus": "Valid", "DateOfBirth": "NoMatch"}),
        ({"FamilyName": "FREDRICK"}, {"USIStatus": "Valid"}),
        ({"FamilyName": "Fred-rick"}, {"USIStatus": "Valid", "FamilyName": "NoMatch"}),
        (
            {"USI": "2222222222"},
            {
                "USIStatus": "Invalid",
                "FirstName": "NoMatch",
                "FamilyName": "NoMatch",
                "DateOfBirth": "NoMatch",
            },
        ),
        (
            {"USI": "DG6K5YHPP3", "FirstName": "Asfaha", "FamilyName": "Loflin", "DateOfBirth": "1982-12-23"},
            {"USIStatus": "Deactivated"},
        ),
    ],
)
def test_each_departure_is_answered_in_its_field(registry, client, changes, answer):
    """One wrong particular gives NoMatch there and Match elsewhere; state and matches are independent."""
    matches = {"FirstName": "Match", "FamilyName": "Match", "DateOfBirth": "Match"}
    assert verify(registry, client, **changes) == {**matches, **answer}


@pytest.mark.parametrize("person", bundled().people.values(), ids=lambda person: person.usi)
def test_everybody_answers_as_recorded(registry, client, person):
    """Each person of the population is found by exactly the recorded names, odd characters and all."""
    named = (
        {"FirstName": None, "FamilyName": None, "SingleName": person.single}
        if person.single
        else {"FirstName": person.first, "FamilyName": person.family}
    )
    answer = verify(registry, client, USI=person.usi, DateOfBirth=str(person.born), **named)
    assert answer.pop("USIStatus") == ("Deactivated" if person.state is State.DEACTIVATED else "Valid")
    assert set(answer.values()) == {"Match"}
    assert set(answer) == {name for name in named if named[name]} | {"DateOfBirth"}


def test_the_form_of_accents_does_not_count(registry, client):
    """An accent as a code point of its own is the same name."""
    renee = {
        "USI": "SYNTHET23J",
        "FirstName": "Rene\u0301e",
        "FamilyName": "Le\u0301ve\u0302que",
        "DateOfBirth": "1988-03-01",
    }
    assert set(verify(registry, client, **renee).values()) == {"Valid", "Match"}


def test_a_person_of_two_names_has_no_single_name(registry, client):
    """Asked by single name, the field that was asked for does not match."""
    answer = verify(registry, client, FirstName=None, FamilyName=None, SingleName="Maryam")
    assert answer == {"USIStatus": "Valid", "SingleName": "NoMatch", "DateOfBirth": "Match"}


def test_an_unknown_usi_may_be_answered_without_fields(registry, client):
    """The other legal form of Invalid, on demand."""
    registry.faults = ("registry.invalid_without_fields",)
    assert verify(registry, client, USI="2222222222") == {"USIStatus": "Invalid"}


def test_an_unlisted_status_is_sent_on_demand(registry, client):
    """The answer is invalid on purpose, and everything matches, to tempt the client."""
    registry.faults = ("registry.unknown_status",)
    response = registry.handle(client.request(request_element(VERIFY, MARYAM)))
    answer = read_answer(soap.read(response.body).payload, VERIFY)
    assert answer == {
        "USIStatus": "Suspended",
        "FirstName": "Match",
        "FamilyName": "Match",
        "DateOfBirth": "Match",
    }


def test_a_reply_has_a_timestamp_and_relates_to_the_request(registry, client):
    """Clients hide replies without them."""
    response = registry.handle(client.request(request_element(VERIFY, MARYAM), message_id="urn:uuid:7"))
    reply = soap.read(response.body)
    assert reply.relates_to == "urn:uuid:7"
    assert reply.action == "http://usi.gov.au/2022/ws/VerifyUSIResponse"
    assert markup.text(markup.child(reply.security, "u:Timestamp", "u:Created")).startswith(
        "2026-11-21T10:42:00"
    )
    assert response.header("content-type") == "application/soap+xml; charset=utf-8"


# --- refusals -------------------------------------------------------------------------------------


def refused(registry, request):
    """Send a request that must be refused; return HTTP status, fault, and ErrorInfo codes."""
    response = registry.handle(request)
    reply = soap.read(response.body)
    assert reply.security is not None
    fault = soap.read_fault(reply)
    detail = next(iter(fault.detail), None) if fault.detail is not None else None
    assert detail is None or fault_validator().errors(detail) == ()
    return response.status, fault, [error["Code"] for error in read_errors(fault.detail)]


@pytest.mark.parametrize(
    ("name", "code", "party"),
    [
        ("registry.1001", 1001, "Receiver"),
        ("registry.1002", 1002, "Sender"),
        ("registry.3458", 3458, "Sender"),
    ],
)
def test_a_fault_is_given_on_demand(registry, client, name, code, party):
    """A single ErrorInfo in the namespace of version 4, with HTTP 500."""
    registry.faults = (name, "sts.E2003")
    status, fault, codes = refused(registry, client.request(request_element(VERIFY, MARYAM)))
    assert (status, fault.code, codes) == (500, party, [code])
    assert markup.children(fault.detail)[0].tag == "{http://usi.gov.au/2020/ws}ErrorInfo"
    assert registry.exchanges[-1].outcome == f"fault {code}"
    assert errors_of(registry) == set()


def test_several_errors_are_told_in_one_array(registry, client):
    """Two codes at once make an ArrayOfErrorInfo, in the order asked for."""
    registry.faults = ("registry.1002", "registry.2004")
    status, fault, codes = refused(registry, client.request(request_element(VERIFY, MARYAM)))
    assert (status, codes) == (500, [1002, 2004])
    assert markup.children(fault.detail)[0].tag == "{http://usi.gov.au/2020/ws}ArrayOfErrorInfo"


def test_a_fault_may_have_no_detail(registry, client):
    """The framework's own fault has a subcode and a reason, and no more."""
    registry.faults = ("registry.no_detail",)
    status, fault, codes = refused(registry, client.request(request_element(VERIFY, MARYAM)))
    assert (status, fault.code, fault.detail, codes) == (500, "Receiver", None, [])
    assert fault.subcodes[0].endswith("}InternalServiceFault")


def test_a_fault_may_come_under_200_or_in_another_namespace(registry, client):
    """The status and the namespace of the detail can be altered; the code stays."""
    registry.faults = ("registry.1002", "registry.fault_200", "registry.fault_2022")
    response = registry.handle(client.request(request_element(VERIFY, MARYAM)))
    fault = soap.read_fault(soap.read(response.body))
    detail = markup.children(fault.detail)[0]
    assert (response.status, detail.tag) == (200, "{http://usi.gov.au/2022/ws}ErrorInfo")
    assert detail.findtext("{http://usi.gov.au/2022/ws}Code") == "1002"


@pytest.mark.parametrize(
    ("name", "declared"),
    [
        ("registry.internal_entity", b'<!ENTITY status "Valid">'),
        ("registry.external_entity", b'<!ENTITY status SYSTEM "https://service.invalid/entity">'),
    ],
)
def test_an_answer_may_declare_an_entity(registry, client, name, declared):
    """The status is the entity, and our own parser refuses the document."""
    registry.faults = (name,)
    body = registry.handle(client.request(request_element(VERIFY, MARYAM))).body
    assert body.startswith(b"<!DOCTYPE kit [" + declared + b"]>")
    assert body.count(b"USIStatus>&status;</") == 1
    with pytest.raises(markup.DocumentTypeError):
        soap.read(body)


@pytest.mark.parametrize("path", ["/service/usiservice.svc", "/Service/v3/UsiCreateService.svc"])
def test_the_addresses_of_earlier_versions_say_that_they_are_outdated(registry, client, path):
    """Versions 4 and 3 are answered 3458, whatever is asked there; there is no WSDL any more."""
    request = client.request(request_element(VERIFY, MARYAM), to=f"https://127.0.0.1:8443{path}")
    status, _, codes = refused(registry, replace(request, path=path))
    assert (status, codes) == (500, [3458])
    assert errors_of(registry) == set()
    assert registry.handle(client.post(b"", method="GET", path=path, query="wsdl")).status == 404


def test_an_unknown_fault_is_the_operators_error(registry):
    """A fault that is not in the table cannot be asked for."""
    with pytest.raises(OperatorError, match="9999"):
        registry.faults = ("registry.9999",)


@pytest.mark.parametrize(
    ("changes", "code", "rule"),
    [
        ({"DateOfBirth": "1966-05-25Z"}, 1002, "usi.date_form"),
        ({"DateOfBirth": "1966-05-25T00:00:00"}, 1002, "usi.date_form"),
        ({"SingleName": "Amy"}, 1002, "usi.name_branch"),
        ({"FirstName": " "}, 1002, "usi.empty_name"),
        ({"USI": "bngh7c75fn"}, 1002, "usi.schema"),
        ({"OrgCode": "VA9999"}, 1002, "usi.org_code_unknown"),
        ({"OrgCode": "VA1802"}, 2002, "usi.org_code_abn"),
    ],
)
def test_wrong_content_is_refused_with_an_error_info(registry, client, changes, code, rule):
    """Validation gives 1002, an organisation that is not the token's 2002."""
    values = {**MARYAM, **changes}
    status, _, codes = refused(registry, client.request(request_element(VERIFY, values)))
    assert (status, codes) == (500, [code])
    assert rule in errors_of(registry)


def test_an_unknown_usi_with_a_wrong_check_character_is_answered(registry, client):
    """The check character is not the registry's business; the finding is there all the same."""
    assert verify(registry, client, USI="ZZZZ9999ZZ")["USIStatus"] == "Invalid"
    assert errors_of(registry) == {"usi.check_character"}


@pytest.mark.parametrize(
    ("build", "rule"),
    [
        (lambda c: c.request(request_element(VERIFY, MARYAM), key=bytes(32)), "security.signature_wrong"),
        (
            lambda c: c.request(request_element(VERIFY, MARYAM), now=MOMENT - timedelta(hours=1)),
            "security.timestamp_window",
        ),
        (
            lambda c: c.another(life=timedelta(seconds=-1)).request(request_element(VERIFY, MARYAM)),
            "token.expired",
        ),
        (
            lambda c: c.another(audience="https://other").request(request_element(VERIFY, MARYAM)),
            "token.audience",
        ),
    ],
)
def test_wrong_security_is_refused_without_an_explanation(registry, client, build, rule):
    """All that the client learns is InvalidSecurity; the judgement knows the rule."""
    status, fault, codes = refused(registry, build(client))
    assert (status, fault.subcodes, codes) == (500, (names.INVALID_SECURITY,), [])
    assert rule in errors_of(registry)


def test_another_token_service_is_not_believed(client):
    """A token signed by somebody else is refused, though it is encrypted for us."""
    stranger = Registry(
        key=Authority(MOMENT).service("registry")[1],
        issuer=Authority(MOMENT).service("registry")[0],
        audiences=(AUDIENCE,),
        clock=lambda: MOMENT,
    )
    refused(stranger, client.request(request_element(VERIFY, MARYAM)))
    assert "token.signature" in errors_of(stranger)


def test_a_request_without_security_is_refused(registry, client):
    """No Security header at all: InvalidSecurity."""
    envelope = soap.build(request_element(VERIFY, MARYAM), action=SEEN_ACTION, message_id="urn:1", to=ADDRESS)
    _, fault, _ = refused(registry, client.post(markup.serialize(envelope)))
    assert fault.subcodes == (names.INVALID_SECURITY,)
    assert "security.header_missing" in errors_of(registry)


def test_every_audience_of_ours_is_accepted(registry, client):
    """A client may ask for a token for the published address or for the one that it calls."""
    assert verify(registry, client.another(audience=ADDRESS))["USIStatus"] == "Valid"


def test_hmac_sha256_is_accepted_and_remarked_on(registry, client):
    """Which digest the real registry wants is not known; both pass."""
    envelope = soap.build(request_element(VERIFY, MARYAM), action=SEEN_ACTION, message_id="urn:1", to=ADDRESS)
    security.endorse(
        envelope,
        token=client.token,
        reference=client.reference,
        proof_key=PROOF_KEY,
        now=MOMENT,
        algorithm=names.HMAC_SHA256,
    )
    assert registry.handle(client.post(markup.serialize(envelope))).status == 200
    assert registry.exchanges[-1].facts.endorser.signature_algorithm == names.HMAC_SHA256


@pytest.mark.parametrize(
    ("change", "subcode", "rule"),
    [
        ({"to": AUDIENCE}, names.DESTINATION_UNREACHABLE, "addressing.to_wrong"),
        (
            {"action": "http://usi.gov.au/2022/ws/CreateUSI"},
            names.ACTION_NOT_SUPPORTED,
            "addressing.action_wrong",
        ),
    ],
)
def test_wrong_addressing_is_refused(registry, client, change, subcode, rule):
    """A message for another service or another operation gets the fault of WS-Addressing."""
    _, fault, _ = refused(registry, client.request(request_element(VERIFY, MARYAM), **change))
    assert fault.subcodes == (subcode,)
    assert rule in errors_of(registry)


def test_an_earlier_version_is_told_to_upgrade(registry, client):
    """A request in the namespace of version 4 gets 3458."""
    body = etree.Element("{http://usi.gov.au/2020/ws}VerifyUSI")
    _, _, codes = refused(registry, client.request(body, action="http://usi.gov.au/2020/ws/VerifyUSI"))
    assert codes == [3458]


def test_an_unknown_operation_is_refused(registry, client):
    """An element that is no operation gets ActionNotSupported."""
    body = etree.Element("{http://usi.gov.au/2022/ws}DeleteUSI")
    _, fault, _ = refused(registry, client.request(body, action="http://usi.gov.au/2022/ws/DeleteUSI"))
    assert fault.subcodes == (names.ACTION_NOT_SUPPORTED,)


def test_a_message_id_is_remembered(registry, client):
    """The second message of the same id is answered, and the rule is broken."""
    verify(registry, client)
    verify(registry, client)
    assert errors_of(registry) == {"addressing.message_id_reused"}


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"", "application/soap+xml", 400),
        (b"<not xml", "application/soap+xml", 400),
        (b"<!DOCTYPE a><a/>", "application/soap+xml", 400),
        (b"<a/>", "application/soap+xml; charset=utf-8", 400),
        (b"<a/>", "text/xml", 415),
        (b"\x00\xff" * 100, "", 415),
    ],
)
def test_what_is_not_soap_is_refused_below_soap(registry, client, body, content_type, status):
    """A message that cannot be read gets 400, one of another type 415, and is recorded."""
    assert registry.handle(client.post(body, content_type=content_type)).status == status
    assert not registry.exchanges[-1].judgement.accepted


def test_soap_under_the_wrong_type_is_refused(registry, client):
    """text/xml belongs to SOAP 1.1; the envelope inside does not help."""
    good = client.request(request_element(VERIFY, MARYAM))
    assert registry.handle(client.post(good.body, content_type="text/xml")).status == 415
    assert errors_of(registry) == {"soap.media_type"}


# --- routing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("query", ["wsdl", "WSDL", "singleWsdl"])
def test_the_wsdl_is_served(registry, client, query):
    """GET ?wsdl gives a WSDL that names the address at which it was asked for, in any case of the path."""
    response = registry.handle(client.post(b"", method="GET", path="/Service/v5/UsiService.svc", query=query))
    assert response.status == 200
    assert b'location="https://127.0.0.1:8443/Service/v5/UsiService.svc"' in response.body
    assert operations.V5.services.encode() in response.body


def test_the_bare_address_explains_itself(registry, client):
    """Some stacks GET the bare address first, and people do."""
    response = registry.handle(client.post(b"", method="GET"))
    assert (response.status, b"simulated" in response.body) == (200, True)


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/", 404), ("POST", "/mex", 404), ("PUT", PATH, 405)]
)
def test_other_places_and_methods_are_refused(registry, client, method, path, status):
    """There is one address, and it takes GET and POST."""
    assert registry.handle(client.post(b"", method=method, path=path)).status == status
