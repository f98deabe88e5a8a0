"""Messages drawn from the table of operations."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.protocol.interface import validator
from conformance.protocol.operations import (
    OPERATIONS,
    V4,
    V5,
    Simple,
    answer_element,
    read_answer,
    read_request,
    request_element,
)
from conformance.strategies import answers, message_values, near_messages, near_texts, requests, texts_of


@pytest.mark.parametrize("version", [V5, V4], ids=["v5", "v4"])
@settings(max_examples=30)
@given(data=st.data())
def test_drawn_messages_are_valid(version, data):
    """Whatever the operation, the schema of the version accepts request and answer."""
    name = data.draw(st.sampled_from(sorted(OPERATIONS)))
    for message in (
        data.draw(requests(name, version=version)),
        data.draw(answers(name, version=version)),
        data.draw(near_messages(name, version=version, most=0)).element,
    ):
        assert validator(version).errors(message) == ()


@settings(max_examples=30)
@given(data=st.data())
def test_values_go_to_xml_and_back(data):
    """The JSON form of a message is what it was made from."""
    row = data.draw(st.sampled_from(list(OPERATIONS.values())))
    asked = data.draw(message_values(row.request))
    answered = data.draw(message_values(row.response))
    assert read_request(request_element(row, asked), row) == asked
    assert read_answer(answer_element(row, answered), row) == answered


@settings(max_examples=20)
@given(near=near_messages(most=2))
def test_a_near_message_says_what_was_done_to_it(near):
    """Every change is named, beside the message itself."""
    assert len(near.changes) <= 2
    assert all(change in repr(near) for change in near.changes)


def test_texts_lie_at_both_sides_of_a_limit():
    """One less, exact, one more, and the same number of wider characters."""
    texts = near_texts(Simple(max_length=3))
    assert {"aa", "aaa", "aaaa", "\u00e9\u00e9\u00e9"} <= set(texts)
    assert {"500", "501"} <= set(near_texts(Simple(base="int", max_inclusive=500)))


def test_a_wrong_argument_raises_at_once():
    """Neither an unknown operation nor an unknown base type waits for the first example."""
    with pytest.raises(ValueError, match="VerifyYou"):
        requests("VerifyYou")
    with pytest.raises(ValueError, match="anyURI"):
        texts_of(Simple(base="anyURI"))
