"""The fuzzing run over the kit's own reader finds nothing, can be repeated, and notices what it looks for."""

import importlib.util
import sys
from pathlib import Path

import pytest

from conformance.protocol import keystore

PATH = Path(__file__).parent.parent / "benchmarks" / "fuzz_keystore.py"


@pytest.fixture(scope="module")
def tool():
    """The fuzzing tool, which is no module of the kit."""
    spec = importlib.util.spec_from_file_location("fuzz_keystore", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_keystore"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    yield module
    del sys.modules["fuzz_keystore"]


def test_damaged_stores_end_in_typed_errors(tool):
    """A short run; `python benchmarks/fuzz_keystore.py` is the long one."""
    findings = tool.fuzz(600)
    assert findings.wrong == []
    assert sum(findings.outcomes.values()) == 600
    assert {"keystore.damaged", "keystore.not_a_keystore", tool.OPENED} <= set(findings.outcomes)
    assert "600 damaged stores" in findings.told()


def test_the_same_seed_makes_the_same_stores(tool):
    """A finding can be looked at again."""
    first, second = tool.fuzz(40, 7), tool.fuzz(40, 7)
    assert first.outcomes == second.outcomes
    assert tool.fuzz(40, 8).outcomes != first.outcomes


def test_an_untyped_error_is_noticed(tool, monkeypatch):
    """And ends the run with status 1."""

    def read(_):
        raise IndexError("list index out of range")

    monkeypatch.setattr(tool.keystore, "read", _once_healthy(tool.keystore.read, read))
    findings = tool.fuzz(3)
    assert len(findings.wrong) == 3
    assert "3 wrong" in findings.told()


def _once_healthy(healthy, broken):
    """Return what reads the healthy stores that a run begins with, and then breaks."""
    left = [7]

    def read(data):
        left[0] -= 1
        return healthy(data) if left[0] >= 0 else broken(data)

    return read


def test_a_store_with_too_many_elements_is_refused_before_it_is_parsed(tool):
    """Each element costs a hundred bytes, so their number is bounded, not only the size of the file."""
    data = tool.largest("a million elements")
    with pytest.raises(keystore.Damaged, match="too many elements"):
        keystore.read(data)
