"""A registry with somebody in front of it who asks, and one operation by itself."""

from datetime import UTC, datetime, timedelta

import pytest

from conformance.protocol import markup, names, security, soap, token
from conformance.protocol.operations import OPERATIONS, V5, read_answer, read_errors, request_element
from conformance.simulators.authority import Authority
from conformance.simulators.http import Request
from conformance.simulators.population import bundled
from conformance.simulators.registry import Registry, RegistrySettings
from conformance.simulators.registry.asking import Asked
from conformance.simulators.registry.store import Store
from conformance.simulators.services import stream

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
PATH = "/service/v5/usiservice.svc"
ADDRESS = f"https://127.0.0.1:8443{PATH}"
PROOF_KEY = bytes(range(32))
SEEN_ACTION = "http://usi.gov.au/2022/ws/VerifyUSI"


@pytest.fixture(scope="module")
def authority():
    """The authority of all these tests."""
    return Authority(MOMENT)


@pytest.fixture
def registry(authority):
    """A registry at a fixed moment."""
    return Registry(
        key=authority.service("registry")[1],
        issuer=authority.service("sts-signing")[0],
        audiences=(AUDIENCE, ADDRESS),
        clock=lambda: MOMENT,
    )


class Client:
    """A client of the test's own: it holds a token and asks."""

    def __init__(self, authority, *, abn="27809366375", audience=AUDIENCE, life=timedelta(minutes=30)):
        self.authority, self.moment = authority, MOMENT
        certificate, key = authority.service("sts-signing")
        wrapped = token.issue(
            assertion_id="_assertion",
            issuer="https://test/sts",
            key=key,
            certificate=certificate,
            recipient=authority.service("registry")[0],
            audience=audience,
            proof_key=PROOF_KEY,
            claims={names.CLAIM_ABN: abn, names.CLAIM_CREDENTIAL_TYPE: "ABR_Device"},
            subject=abn,
            now=MOMENT,
            not_before=MOMENT - timedelta(minutes=1),
            not_on_or_after=MOMENT + life,
        )
        self.token = markup.child(wrapped, "xenc:EncryptedData")
        self.reference = markup.element("o:SecurityTokenReference")
        self.reference.set(f"{{{names.SECURITY_11}}}TokenType", names.SAML_2_TOKEN)
        markup.add(self.reference, "o:KeyIdentifier", "_assertion", {"ValueType": names.SAML_2_ID})

    def request(self, body, *, action=SEEN_ACTION, to=ADDRESS, key=PROOF_KEY, now=MOMENT, message_id="urn:1"):
        """Return the HTTP request for a body."""
        envelope = soap.build(body, action=action, message_id=message_id, to=to)
        security.endorse(envelope, token=self.token, reference=self.reference, proof_key=key, now=now)
        return self.post(markup.serialize(envelope))

    def ask(self, registry, name, values):
        """Send a request; return the JSON form of the answer, or the codes of the fault."""
        operation = OPERATIONS[name]
        body = request_element(operation, values)
        response = registry.handle(self.request(body, action=V5.action(operation)))
        reply = soap.read(response.body)
        if response.status == 200:
            return read_answer(reply.payload, operation)
        fault = soap.read_fault(reply)
        return [error["Code"] for error in read_errors(fault.detail)] or list(fault.subcodes)

    def another(self, **options):
        """Return a client with another token."""
        return Client(self.authority, **options)

    @staticmethod
    def post(
        body,
        *,
        content_type='application/soap+xml; charset=utf-8; action="x"',
        method="POST",
        path=PATH,
        query="",
    ):
        """Return an HTTP request."""
        return Request(
            method=method,
            path=path,
            query=query,
            headers=(("host", "127.0.0.1:8443"), ("content-type", content_type)),
            body=body,
            tls_version="TLSv1.3",
            client_certificate=False,
            received=MOMENT,
        )


@pytest.fixture
def client(authority):
    """A client whose token is for VA1803."""
    return Client(authority)


@pytest.fixture
def store():
    """A store of the bundled population, in memory."""
    return Store(bundled(), random=stream(1))


@pytest.fixture
def carry_out(store):
    """Carry out one operation by itself for VA1803, with faults and settings by name."""

    def perform(handler, name, values, *, faults=(), now=MOMENT, **settings):
        asked = Asked(
            operation=OPERATIONS[name],
            values=values,
            organisation=store.organisation("VA1803"),
            now=now,
            store=store,
            settings=RegistrySettings(**settings),
            faults=frozenset(faults),
        )
        return handler(asked)

    return perform
