"""Several threads share one reference implementation, and nothing of one tenant serves another."""

import importlib.util
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.reference import resolve
from conformance.simulators.bench import Bench

PATH = Path(__file__).parent.parent / "benchmarks" / "tenants.py"
EXCHANGES = 64
THREADS = 8


@pytest.fixture(scope="module")
def tenants():
    """The benchmark as a module."""
    specification = importlib.util.spec_from_file_location("tenants", PATH)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def interleaved(tenants, tmp_path_factory):
    """A short run; `python benchmarks/tenants.py` is the long one."""
    with Bench(datetime.now(UTC), 1, tmp_path_factory.mktemp("tenants"), act_as=True) as bench:
        return tenants.interleave(bench, EXCHANGES, THREADS, every=6)


def test_every_call_is_answered(interleaved):
    """No call of any thread fails."""
    recording, answers = interleaved
    assert answers == {"verified": EXCHANGES}
    assert len(recording.registry) == EXCHANGES


def test_nothing_crosses(tenants, interleaved):
    """Every request has the token, the proof key and the organisation of the client that it was made for."""
    assert tenants.crossings(interleaved[0]) == []


def test_tokens_were_shared_and_forgotten(interleaved):
    """There were fewer tokens than calls and more than tenants, so that something could have crossed."""
    used = {each.facts.token.assertion_id for each in interleaved[0].registry}
    assert 2 < len(used) < EXCHANGES


def test_a_crossing_is_noticed(tenants, tmp_path, monkeypatch):
    """A client that keeps one token for everybody is found out."""
    product = resolve("mutant:shares-tokens-between-clients")
    monkeypatch.setattr(tenants, "Correct", lambda: product)
    with Bench(datetime.now(UTC), 1, tmp_path, act_as=True) as bench:
        recording, _ = tenants.interleave(bench, 4, 2, every=5)
    crossings = set(tenants.crossings(recording))
    assert crossings & {"a token for 96312011219 served VA1803", "a token for 27809366375 served VA1802"}
