"""A stored example as a candidate for the test vectors."""

import json

import msgspec
import pytest

from conformance import vectors
from conformance.errors import OperatorError
from conformance.model import Subcode, VectorFile
from conformance.report.candidate import candidate


@pytest.fixture
def example(sample):
    """Makes the stored example of a call."""
    (one,) = sample.failing().counter_examples

    def make(method, subcode=Subcode.ACCEPTED_INVALID, **params):
        asked = json.dumps({"jsonrpc": "2.0", "id": 2, "method": method, "params": params})
        return msgspec.structs.replace(one, lines=(one.lines[0], asked), method=method, subcode=subcode)

    return make


@pytest.fixture
def problems(tmp_path):
    """What the kit's own examination of vectors says of a candidate."""

    def examine(content):
        (tmp_path / "checksum").mkdir(exist_ok=True)
        (tmp_path / "checksum" / "found.json").write_bytes(content)
        return vectors.check(tmp_path)

    return examine


@pytest.mark.parametrize(
    ("method", "params", "expect", "twin", "mutation"),
    [
        (
            "usi.validate",
            {"usi": "BNGH7C75FM"},
            {"status": "rejected", "reasons": ["usi.check_character"]},
            {"usi": "BNGH7C75FN"},
            "the check character N becomes M",
        ),
        (
            "usi.validate",
            {"usi": "BNGH7C75F\u041d"},
            {"status": "rejected", "reasons": ["usi.alphabet", "usi.format"]},
            {"usi": "DG6K5YHPP3"},
            "to be said",
        ),
        (
            "usi.validate",
            {"usi": "bngh7c75fn"},
            {"status": "either", "reasons": ["usi.alphabet", "usi.format"]},
            {"usi": "BNGH7C75FN"},
            "it is typed in another way",
        ),
        (
            "usi.validate",
            {"usi": None},
            {"status": "rejected", "reasons": ["usi.type"]},
            {"usi": "DG6K5YHPP3"},
            "to be said",
        ),
        (
            "usi.check_character",
            {"stem": "2NGH7C75"},
            {"status": "rejected", "reasons": ["usi.length", "usi.format"]},
            {"stem": "DG6K5YHPP"},
            "to be said",
        ),
        (
            "usi.check_character",
            {"stem": "2NGH7C7O"},
            {"status": "rejected", "reasons": ["usi.alphabet", "usi.format", "usi.length"]},
            {"stem": "DG6K5YHPP"},
            "to be said",
        ),
    ],
)
def test_what_must_be_refused_has_reasons_and_a_healthy_twin(
    example, problems, method, params, expect, twin, mutation
):
    """The right answer is the kit's own; what a person has to say is marked; the form is that of vectors."""
    content = candidate(example(method, **params))
    assert content.isascii()
    healthy, found = json.loads(content)["cases"]
    assert (found["method"], found["input"], found["expect"]) == (method, params, expect)
    assert (found["twin"], healthy["input"], found["mutation"]) == (healthy["id"], twin, mutation)
    assert healthy["expect"]["status"] == "ok"
    assert problems(content) == []
    assert msgspec.json.decode(content, type=VectorFile).schema == "vectors/1"


@pytest.mark.parametrize(
    ("method", "params", "expect"),
    [
        ("usi.validate", {"usi": "BNGH7C75FN"}, {"status": "ok"}),
        ("usi.check_character", {"stem": "2NGH7C75F"}, {"status": "ok", "value": "8"}),
    ],
)
def test_what_is_right_stands_alone(example, problems, method, params, expect):
    """It needs no twin, no flag and no mutant."""
    content = candidate(example(method, Subcode.REJECTED_VALID, **params))
    (found,) = json.loads(content)["cases"]
    assert found["expect"] == expect
    assert found["id"].startswith("found-rejected-valid-")
    assert not {"twin", "mutation", "flags", "kills"} & found.keys()
    assert problems(content) == []


def test_the_mutant_has_to_be_named(example, tmp_path):
    """A candidate that nobody has finished is no vector yet."""
    (tmp_path / "found.json").write_bytes(candidate(example("usi.validate", usi="BNGH7C75FM")))
    (problem,) = vectors.check(tmp_path, mutants=["borrows-another-alphabet"])
    assert "name-me is not a mutant" in problem


@pytest.mark.parametrize(
    ("method", "params"),
    [
        ("usi.call", {"operation": "VerifyUSI", "request": {}}),
        ("keystore.open", {"path": "x", "alias": "y", "password": "z"}),
        ("usi.validate", {"usi": "\ud800"}),
        ("usi.validate", {}),
    ],
    ids=["a service", "a store", "half a pair", "nothing"],
)
def test_what_is_not_whole_in_itself_is_refused(example, method, params):
    """It would be a vector that nobody can use without the kit."""
    with pytest.raises(OperatorError, match="cannot be told as a test vector"):
        candidate(example(method, **params))
