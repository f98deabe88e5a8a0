"""Does the product keep apart what one process does for several clients, services and credentials?"""

import itertools
import zlib

import pytest

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol.names import CLAIM_ABN
from conformance.protocol.secrets import Search
from conformance.suite import requirement
from conformance.suite.confidential import secrets_of
from conformance.suite.surroundings import Surroundings
from conformance.suite.tenancy import Ask
from conformance.suite.token_cache import must_keep_apart

ANOTHER_CLIENT = {
    "act_as": {"second_party": "27809366375", "ssid": "0000567800"},
    "org_code": "VA1803",
}
"""Another organisation that the same provider serves."""

AT_ONCE = 4
"""Calls that are made at the same time, half of them for either client."""

ROUNDS = 3

OF_TOKEN = "proof key of the"
"""What tells the secrets of a token from those of the credential, by their names."""


@pytest.fixture(scope="session")
def for_two_clients(healthy, carry_out):
    """A call for one client, and straight after it, with everything remembered, one for another client."""
    healthy.registry_request()
    first = carry_out("for-one-client")
    second = carry_out("for-another-client", fresh=False, **ANOTHER_CLIENT)
    return first, second


@pytest.fixture(scope="session")
def ask_for_tenants(iut, bench, calls_the_registry, keep_evidence, healthy, tmp_path_factory):
    """How calls for several tenants are made; one call for the ordinary tenant came first."""
    healthy.token_request()
    return Ask(iut, bench, calls_the_registry, keep_evidence, tmp_path_factory.mktemp("tenants"))


@requirement("STS-T01")
def test_keeps_the_tokens_of_clients_apart(bench, for_two_clients):
    """What is asked for one client is never asked with the token of another."""
    first, second = (
        call.registry_request().facts.token.claims.get(CLAIM_ABN, "") for call in for_two_clients
    )
    one, another = bench.act_as["second_party"], ANOTHER_CLIENT["act_as"]["second_party"]
    if first != one or not second:
        raise NotTestable(
            "the two calls do not both have a token for a client, so that none can be crossed",
            expected=f"tokens for ABN {one} and ABN {another}",
            found=f"tokens for ABN {first or 'unknown'} and ABN {second or 'unknown'}",
        )
    if second != another:
        raise ImplementationError(
            "the token of one client was used for another one",
            subcode=Subcode.STATE_LEAK if second == one else Subcode.WRONG_VALUE,
            expected=f"a token for ABN {another}",
            found=f"a token for ABN {second}",
            advice="keep tokens apart by credential, relying party, client and software id",
        )


@requirement("STS-T01")
def test_keeps_clients_apart_in_turn(ask_for_tenants):
    """One client, the other, and both again: each call has the token and the proof key of its own client."""
    with ask_for_tenants.begin("clients-in-turn") as tenancy:
        one, another = tenancy.ordinary(), tenancy.other_client()
        tenancy.must_work_alone(one, another)
        tenancy.must_keep_apart(one, another, one, another)


@requirement("STS-T01")
def test_keeps_clients_apart_at_once(ask_for_tenants):
    """Calls for two clients at the same time, where the harness takes them so, change nothing of that."""
    with ask_for_tenants.begin("clients-at-once") as tenancy:
        one, another = tenancy.ordinary(), tenancy.other_client()
        tenancy.must_work_alone(one, another)
        for _ in range(ROUNDS):
            tenancy.must_keep_apart(*itertools.islice(itertools.cycle((one, another)), AT_ONCE), at_once=True)


@requirement("STS-T01")
def test_keeps_clients_apart_in_any_order(iut, ask_for_tenants):
    """Whoever is called for, whatever is refused or forgotten in between, nothing crosses."""

    def tenants(tenancy):
        return [
            tenancy.ordinary(),
            tenancy.other_client(),
            tenancy.other_relying_party(),
            tenancy.other_credential(alike=True),
        ]

    with ask_for_tenants.begin("any-order-alone") as tenancy:
        tenancy.must_work_alone(*tenants(tenancy))
    seed = iut.budget.seed ^ zlib.crc32(b"clients in any order")
    must_keep_apart(ask_for_tenants, tenants, iut.budget, seed)


@requirement("STS-T02")
def test_keeps_relying_parties_apart(ask_for_tenants):
    """A token for one relying party never serves another, although client and credential are the same."""
    with ask_for_tenants.begin("relying-parties") as tenancy:
        one, another = tenancy.ordinary(), tenancy.other_relying_party()
        tenancy.must_work_alone(one, another)
        tenancy.must_keep_apart(one, another, one)


@requirement("STS-T03")
@pytest.mark.parametrize("alike", [False, True], ids=["another-id", "the-same-id"])
def test_keeps_credentials_apart(ask_for_tenants, alike):
    """A token of one credential never serves another one of the same ABN, even of the same id."""
    with ask_for_tenants.begin("credentials-alike" if alike else "credentials") as tenancy:
        one, another = tenancy.ordinary(), tenancy.other_credential(alike=alike)
        tenancy.must_work_alone(one, another)
        tenancy.must_keep_apart(one, another, one)


@requirement("STS-T04")
def test_leaves_no_proof_key_in_a_file(iut, bench, healthy, carry_out):
    """What an exchange leaves on the disk holds no proof key as it came."""
    healthy.token_request()
    around = Surroundings(iut.session, bench.keystore_path)
    scenario = carry_out("what-is-left-in-files").cite()
    scenario.token_request()
    secrets = {what: secret for what, secret in secrets_of(bench, scenario).items() if OF_TOKEN in what}
    search = Search(secrets)
    for path, data in around.files():
        found = search.first(data)
        if found is not None:
            raise ImplementationError(
                f"after an exchange {found.what} was found in a file",
                subcode=Subcode.SECRET_LEAK,
                expected="tokens in memory, or in the protected storage of the platform",
                found=f"{found.what} ({found.form})",
                where=str(path),
                advice="ask for a new token after a restart instead",
            )
