"""What no output of a product may tell of an exchange: proof keys, entropy, private key, password."""

from typing import TYPE_CHECKING

from conformance.protocol import keystore, markup
from conformance.protocol.secrets import Secret, of_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.simulators.bench import Bench
    from conformance.suite.conftest import Scenario


def secrets_of(bench: "Bench", *scenarios: "Scenario") -> dict[str, Secret]:
    """Return the secrets of some scenarios, found in what crossed the wire, and those of the credential.

    Returns:
        What each secret is in words, and the secret.

    Raises:
        KeystoreError: the run's own credential cannot be opened; its key would have been used otherwise.
    """
    found: dict[str, Secret] = {"the password": bench.password}
    for scenario in scenarios:
        for exchange in scenario.recording.sts:
            found |= _numbered("the client's entropy", exchange.request.body, len(found))
            found |= _numbered("the proof key of the answer", exchange.response.body, len(found))
        for exchange in scenario.recording.registry:
            token = getattr(exchange.facts, "token", None)
            if token is not None and token.proof_key:
                found[f"the proof key of the token {token.assertion_id}"] = token.proof_key
    received = next((exchange.received for each in scenarios for exchange in each.recording.sts), None)
    if received is not None:
        store = keystore.read(bench.keystore_path.read_bytes())
        found |= of_key(keystore.open_credential(store, bench.alias, bench.password, now=received).key)
    return found


def _numbered(what: str, body: bytes, first: int) -> dict[str, Secret]:
    return {f"{what} ({number})": secret for number, secret in enumerate(_binary_secrets(body), first)}


def _binary_secrets(body: bytes) -> "Iterator[bytes]":
    """Give the content of every BinarySecret of a message."""
    try:
        root = markup.parse(body)
    except markup.MarkupError:
        return
    for element in root.iter("{*}BinarySecret"):
        if secret := markup.binary(element):
            yield secret
