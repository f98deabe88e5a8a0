"""A token service with somebody in front of it who asks."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conformance.protocol import markup, names, security, soap, token, trust
from conformance.simulators.authority import Authority
from conformance.simulators.http import Request
from conformance.simulators.ram import Ram, Role, Validity
from conformance.simulators.sts import TokenService

MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
HOST = "localhost:8443"
PATH = "/R3.0/S007v1.3/service.svc"
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
HOSTED = trust.ActAs(ssid="0000123400", first_party="11000002568", second_party="96312011219", id="r1")


class Desk:
    """A token service with a credential beside it, and a counter for what is random."""

    def __init__(self):
        self.authority = Authority(MOMENT)
        self.credential = self.authority.machine_credential(abn="11000002568", name="KITTEST1")
        self.count = 0
        self.ram = Ram(lambda: MOMENT)
        for abn in (HOSTED.first_party, HOSTED.second_party):
            self.ram.register(abn, principal_authority="Ada")
        self.ram.appoint("11000002568", "Ben", Role.CREDENTIAL_ADMINISTRATOR, by="Ada")
        self.ram.create(
            "11000002568", "KITTEST1", by="Ben", certificate=Validity.of(self.credential.certificate)
        )
        self.notify()
        self.service = TokenService(
            self.authority,
            clock=lambda: MOMENT,
            random=self.random,
            relying_parties=(AUDIENCE,),
            ram=self.ram,
        )

    def notify(self):
        """The client of `HOSTED` notifies; returns the id of the notification."""
        return self.ram.add_notification(
            HOSTED.second_party, by="Ada", provider=HOSTED.first_party, software_ids=(HOSTED.ssid,)
        ).id

    def random(self, size):
        self.count += 1
        return self.count.to_bytes(4, "big") * (size // 4) + bytes(size % 4)

    def set(self, **settings):
        self.service.settings = replace(self.service.settings, **settings)

    def message(
        self, *, credential=None, path=PATH, suite=security.S007_V13, now=MOMENT, change=None, **asked
    ):
        credential = credential or self.credential
        self.count += 1
        body = trust.build_request(
            **{"applies_to": AUDIENCE, "created": MOMENT, "expires": MOMENT + timedelta(minutes=20), **asked}
        )
        if change is not None:
            change(body)
        envelope = soap.build(
            body,
            action=names.ISSUE_ACTION,
            message_id=f"urn:uuid:0b7a6c1e-5d1f-4f0a-9c55-{self.count:012d}",
            to=f"https://{HOST}{path}",
        )
        security.sign_request(
            envelope, key=credential.key, certificate=credential.certificate, now=now, suite=suite
        )
        return markup.serialize(envelope)

    def send(
        self,
        body=b"",
        *,
        method="POST",
        path=PATH,
        query="",
        media_type="application/soap+xml; charset=utf-8",
    ):
        headers = (("host", HOST), ("content-type", media_type)) if method == "POST" else (("host", HOST),)
        return self.service.handle(
            Request(
                method=method,
                path=path,
                query=query,
                headers=headers,
                body=body,
                tls_version="TLSv1.3",
                client_certificate=False,
                received=MOMENT,
            )
        )

    def ask(self, **options):
        """Ask for a token; return status, envelope and the recorded exchange."""
        path = options.get("path", PATH)
        response = self.send(self.message(**options), path=path)
        return response.status, soap.read(response.body), self.service.exchanges[-1]

    def refused(self, **options):
        """Ask, and return the event code of the refusal, or the local name of its subcode."""
        status, envelope, exchange = self.ask(**options)
        fault = soap.read_fault(envelope)
        assert status == 500
        event = trust.read_event(fault)
        assert exchange.facts.event_code == (event.code if event else "")
        return event.code if event else fault.subcodes[0].rpartition("}")[2]

    def open(self, envelope, audience=AUDIENCE, **options):
        """Open the token of an answer as the registry does."""
        issued = trust.read_response(envelope, **options)
        judgement, facts = token.open_token(
            issued.encrypted_data,
            key=self.authority.service("registry")[1],
            issuer=self.service.signing_certificate,
            audience=audience,
            now=MOMENT,
            issued=self.service.issued.get,
        )
        assert judgement.findings == ()
        return issued, facts


@pytest.fixture
def desk():
    """A fresh token service."""
    return Desk()


@pytest.fixture(scope="session")
def make_desk():
    """Makes fresh token services, for tests that need more than one."""
    return Desk
