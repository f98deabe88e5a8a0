"""Every machine comes to the same division of a profile, and every requirement is in one part of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance import shards
from conformance.errors import OperatorError
from conformance.model import Point
from conformance.shards import Shard


def points(**sizes):
    return [
        Point(requirement=name, case=f"case-{number}")
        for name, size in sizes.items()
        for number in range(size)
    ]


def test_the_largest_requirements_are_dealt_out_first():
    """Of 5, 4, 3, 3 and 1 points two parts get 8 each."""
    plan = points(A=5, B=4, C=3, D=3, E=1)
    assert shards.share(Shard(1, 2), plan) == {"A", "D"}
    assert shards.share(Shard(2, 2), plan) == {"B", "C", "E"}


def test_neither_order_nor_case_names_matter():
    """The plan turned round is divided in the same way."""
    plan = points(A=2, B=2, C=1, D=7)
    assert shards.share(Shard(2, 3), plan) == shards.share(Shard(2, 3), plan[::-1]) == {"A", "C"}


@given(
    st.dictionaries(st.text("ABC-0123", min_size=1, max_size=6), st.integers(1, 40), min_size=1, max_size=30),
    st.data(),
)
def test_each_requirement_is_in_exactly_one_part_and_no_part_is_empty(sizes, data):
    """The parts cover the plan without overlapping, and none is heavier by more than its heaviest."""
    plan = points(**sizes)
    of = data.draw(st.integers(1, len(sizes)))
    parts = [shards.share(Shard(number, of), plan) for number in range(1, of + 1)]
    assert sorted(name for part in parts for name in part) == sorted(sizes)
    assert all(parts)
    loads = [sum(sizes[name] for name in part) for part in parts]
    assert max(loads) - min(loads) <= max(sizes.values())


def test_a_part_is_read_as_it_is_written():
    """`2/4` is the second of four."""
    assert shards.read("2/4") == Shard(2, 4)
    assert str(shards.read("02/4")) == "2/4"


@pytest.mark.parametrize(
    "text", ["", "2", "0/4", "5/4", "2/0", "-1/4", "2/4/6", "a/b", "2 / 4", "1/257", "\u0662/4", "1/99999"]
)
def test_what_names_no_part_is_refused(text):
    """The error says how a part is written."""
    with pytest.raises(OperatorError, match="no such part") as refused:
        shards.read(text)
    assert "--shard 2/4" in refused.value.advice


def test_more_parts_than_requirements_are_refused():
    """An empty part would be no evidence of anything."""
    with pytest.raises(OperatorError, match="divided into so many"):
        shards.share(Shard(1, 3), points(A=5, B=5))
