"""Whatever an exchange has that is secret is looked for, in answers and on standard error."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance.model import Status, Subcode
from conformance.protocol.secrets import Search
from conformance.reference import VARIANTS, Correct
from conformance.runner import Order, run
from conformance.simulators.bench import Bench
from conformance.suite.confidential import secrets_of

HARNESS = Path(__file__).parents[1] / "adapters" / "harnesses" / "logs_keys.py"


@pytest.fixture(scope="module")
def exchanged(tmp_path_factory):
    """A bench, and an exchange of a product that sends entropy for a key that is to be computed."""
    now = datetime.now(UTC)
    kept = []

    class Keeps(VARIANTS["asks-with-entropy"].Tokens):
        def obtain(self, order):
            kept.append(super().obtain(order))
            return kept[-1]

    product = Correct()
    product.Tokens = Keeps
    with Bench(now, 7, tmp_path_factory.mktemp("bench")) as bench:
        with bench.scenario("one", faults=("sts.computed_key",)) as recording:
            request = {"USI": "BNGH7C75FN", "SingleName": "Maryam", "DateOfBirth": "1966-05-25"}
            product.handle("usi.call", {**bench.parameters(), "operation": "VerifyUSI", "request": request})
        yield SimpleNamespace(bench=bench, scenario=SimpleNamespace(recording=recording), token=kept[0])


def test_the_computed_key_is_a_secret(exchanged):
    """It never crosses the wire; the registry takes it out of the token."""
    secrets = secrets_of(exchanged.bench, exchanged.scenario)
    assert exchanged.token.proof_key in secrets.values()


def test_both_halves_are_secrets(exchanged):
    """Whoever has them can compute the key."""
    names = [name.partition(" (")[0] for name in secrets_of(exchanged.bench, exchanged.scenario)]
    assert "the client's entropy" in names
    assert "the proof key of the answer" in names


def test_the_credential_is_secret(exchanged):
    """Its password, and every number of its private key."""
    secrets = secrets_of(exchanged.bench, exchanged.scenario)
    assert secrets["the password"] == exchanged.bench.password
    assert any(name.startswith("the private key") for name in secrets)


def test_the_transcript_tells_none_of_them(exchanged):
    """What is demanded of products holds for the kit's own evidence."""
    secrets = secrets_of(exchanged.bench, exchanged.scenario)
    evidence = exchanged.scenario.recording.evidence()
    told = "\n".join(message.body for message in evidence.messages)
    assert Search(secrets).first(told) is None


def test_a_key_on_standard_error_fails():
    """The answers alone would not show it."""
    outcome = run(Order(iut=f'cmd:"{sys.executable}" "{HARNESS}"', profile="usi-local", only=("STS-P15",)))
    [result] = [result for result in outcome.report.run.results if result.requirement == "STS-P15"]
    assert (result.status, result.subcode) == (Status.FAIL, Subcode.SECRET_LEAK)
    assert "standard error" in result.message
