"""The two hops as a client of our own walks them, for whoever judges their messages."""

from datetime import UTC, datetime, timedelta

import pytest

from conformance.protocol import markup, names, security, soap, token, trust
from conformance.simulators.authority import Authority

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
STS = "https://localhost:8443/R3.0/S007v1.3/service.svc"
REGISTRY = "https://localhost:8444/service/v5/usiservice.svc"
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
ASSERTION_ID = "_0f1e2d3c4b5a69788796a5b4c3d2e1f0"
PROOF_KEY = bytes(range(32))


class Hops:
    """Messages of both hops at one moment, and what is needed to judge them."""

    moment = MOMENT
    sts = STS
    registry = REGISTRY
    audience = AUDIENCE
    assertion_id = ASSERTION_ID
    proof_key = PROOF_KEY

    def __init__(self):
        self.authority = Authority(MOMENT)
        self.credential = self.authority.machine_credential(
            abn="11000002568", name="KITTEST1", key="machine-2"
        )
        self.other = self.authority.machine_credential(abn="27809366375", name="KITTEST2", key="machine-1")
        self.signing_certificate, self.signing_key = self.authority.service("sts-signing")
        self.registry_certificate, self.registry_key = self.authority.service("registry")

    def unsigned(self, **asked):
        """An envelope with a request for a token and no security."""
        asked = {
            "applies_to": AUDIENCE,
            "created": MOMENT,
            "expires": MOMENT + timedelta(minutes=30),
            **asked,
        }
        return soap.build(
            trust.build_request(**asked),
            action=names.ISSUE_ACTION,
            message_id="urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-0d9f0a6b7c11",
            to=STS,
            reply_to=True,
        )

    def sign(self, envelope, **options):
        """Sign as the credential's holder does, in place."""
        options = {
            "key": self.credential.key,
            "certificate": self.credential.certificate,
            "now": MOMENT,
            **options,
        }
        security.sign_request(envelope, **options)
        return envelope

    def request(self, **asked):
        """A healthy signed request for a token: bytes."""
        return markup.serialize(self.sign(self.unsigned(**asked)))

    def token(self, **options):
        """A token: EncryptedAssertion."""
        options = {
            "assertion_id": ASSERTION_ID,
            "issuer": "urn:test:token-service",
            "key": self.signing_key,
            "certificate": self.signing_certificate,
            "recipient": self.registry_certificate,
            "audience": AUDIENCE,
            "proof_key": PROOF_KEY,
            "claims": {names.CLAIM_ABN: "11000002568", names.CLAIM_CREDENTIAL_TYPE: names.DEVICE_CREDENTIAL},
            "subject": "KITTEST1",
            "now": MOMENT,
            "not_before": MOMENT,
            "not_on_or_after": MOMENT + timedelta(minutes=30),
            **options,
        }
        return token.issue(**options)

    def answer(self, encrypted=None, **options):
        """The envelope of an answer that hands a token over."""
        options = {
            "token": self.token() if encrypted is None else encrypted,
            "assertion_id": ASSERTION_ID,
            "token_type": names.SAML_2_TOKEN,
            "applies_to": AUDIENCE,
            "proof_mode": trust.ProofMode.BINARY_SECRET,
            "secret": PROOF_KEY,
            "created": MOMENT,
            "expires": MOMENT + timedelta(minutes=30),
            **options,
        }
        body = trust.build_response(**options)
        return soap.build(body, action=names.ISSUE_FINAL_ACTION, relates_to="urn:uuid:1", prefix="soap")

    def call(self):
        """An envelope for the registry without security."""
        return soap.build(
            markup.element("sim:Anything"),
            action="http://usi.gov.au/2022/ws/VerifyUSI",
            message_id="urn:uuid:7c1e4b1c-94b5-4f0e-8f4e-2f5a0e6d8c22",
            to=REGISTRY,
        )

    def endorse(self, envelope, encrypted=None, **options):
        """Endorse as the token's holder does, in place."""
        data = self.token()[0] if encrypted is None else encrypted
        reference = security.key_identifier(ASSERTION_ID)
        options = {"token": data, "reference": reference, "proof_key": PROOF_KEY, "now": MOMENT, **options}
        security.endorse(envelope, **options)
        return envelope

    def endorsed(self, **options):
        """A healthy request to the registry: bytes."""
        return markup.serialize(self.endorse(self.call(), **options))

    def judge_signed(self, data, **options):
        """Judge the security of a request for a token."""
        return security.judge_signed(soap.read(data), **{"now": MOMENT, **options})

    def judge_endorsed(self, data, **options):
        """Judge the security of a request to the registry, by the proof key."""
        options = {"proof_key": PROOF_KEY, "assertion_id": ASSERTION_ID, "now": MOMENT, **options}
        return security.judge_endorsed(soap.read(data), **options)

    def open(self, element, **options):
        """Open a token as the registry does."""
        options = {
            "key": self.registry_key,
            "issuer": self.signing_certificate,
            "audience": AUDIENCE,
            "now": MOMENT,
            **options,
        }
        return token.open_token(element, **options)


@pytest.fixture(scope="session")
def hops():
    """The two hops of one client."""
    return Hops()
