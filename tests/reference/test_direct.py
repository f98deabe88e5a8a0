"""The reference implementation without a wire: what it obtains is what the token service decides."""

from datetime import UTC, datetime
from random import Random

import pytest

from conformance.reference.direct import Direct
from conformance.simulators.authority import Authority
from conformance.simulators.ram import Clock, Ram, Validity
from conformance.simulators.stores import PASSWORD, make_store
from conformance.simulators.sts import TokenService

ADDRESS = "https://relying.party.invalid/service"
MOMENT = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
ABN, CLIENT, SSID = "11000002568", "96312011219", "0000123400"


class Scene:
    """A product, the service that it asks, and RAM behind it."""

    def __init__(self):
        self.clock = Clock(MOMENT)
        self.ram = Ram(self.clock)
        self.ram.register(ABN, principal_authority="Ada")
        self.ram.register(CLIENT, principal_authority="Dee")
        authority = Authority(MOMENT)
        self.machine = authority.machine_credential(abn=ABN, name="Reception", moment=MOMENT)
        self.ram.create(ABN, "Reception", by="Ada", certificate=Validity.of(self.machine.certificate))
        self.service = TokenService(
            authority,
            clock=self.clock,
            random=Random(1).randbytes,
            relying_parties=[ADDRESS],
            ram=self.ram,
        )
        self.product = Direct(
            self.service,
            clock=self.clock,
            random=Random(2).randbytes,
            applies_to=ADDRESS,
            password=PASSWORD,
        )
        self.product.stores["keystore.xml"] = make_store([self.machine])

    def obtain(self, **asked):
        return self.product.obtain(self.machine.alias, **asked)


@pytest.fixture
def scene():
    return Scene()


def test_a_token_is_obtained_without_a_wire(scene):
    """The service judged a whole message and found nothing wrong with it."""
    assert scene.obtain() == {"status": "ok", "value": {"expires": "2026-11-21T11:12:00Z"}}
    (exchange,) = scene.service.exchanges
    assert exchange.judgement.findings == ()
    assert exchange.facts.signer.certificate == scene.machine.certificate


def test_no_token_is_kept(scene):
    """Every call asks anew, so that what it tells is how things stand now."""
    scene.obtain()
    scene.ram.revoke("C1", by="Ada")
    answer = scene.obtain()
    assert (answer["reason"], answer["native"]["code"]) == ("token.revoked", "E2014")


def test_a_credential_that_ended_is_not_asked_with(scene):
    """The product looks at the certificate first, by the same clock."""
    scene.clock.advance(days=730)
    assert scene.obtain()["reason"] == "keystore.expired"
    assert scene.service.exchanges == []


def test_a_client_is_acted_for(scene):
    """With a client's notification there is a token for it, and without one there is none."""
    assert scene.obtain(client=CLIENT, ssid=SSID)["reason"] == "token.fault"
    scene.ram.add_notification(CLIENT, by="Dee", provider=ABN, software_ids=(SSID,))
    assert scene.obtain(client=CLIENT, ssid=SSID)["status"] == "ok"


def test_a_keystore_that_is_not_there_is_missing(scene):
    """Paths are names of bytes in memory; another one is no file."""
    assert scene.obtain(path="elsewhere.xml")["reason"] == "keystore.missing_file"
