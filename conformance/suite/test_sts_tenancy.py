"""Does the product keep apart what one process does for several clients?"""

import pytest

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol.names import CLAIM_ABN
from conformance.suite import requirement

ANOTHER_CLIENT = {
    "act_as": {"second_party": "27809366375", "ssid": "0000567800"},
    "org_code": "VA1803",
}
"""Another organisation that the same provider serves."""


@pytest.fixture(scope="session")
def for_two_clients(healthy, carry_out):
    """A call for one client, and straight after it, with everything remembered, one for another client."""
    healthy.registry_request()
    first = carry_out("for-one-client")
    second = carry_out("for-another-client", fresh=False, **ANOTHER_CLIENT)
    return first, second


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
