"""The JSON Schemas and the XML schema are of one mind about what is handed over."""

from collections import Counter
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.adapters.product_form import request_form, schemas
from conformance.protocol.interface import validator
from conformance.protocol.operations import (
    EXTENSIONS,
    OPERATIONS,
    FormError,
    Simple,
    Structure,
    request_element,
)
from conformance.strategies import message_values, near_texts

jsonschema = pytest.importorskip("jsonschema", reason="the second opinion on schemas is not installed")

MADE = {
    "OrgCode": "VA1803",
    "RequestId": "R-1",
    "ApplicationId": "A-1",
    "RecordId": 1,
    "UserReference": "somebody",
    "NoOfVerifications": 1,
    "NoOfApplications": 1,
    "PersonalDetailsModifier": "FirstName",
    "ReceiptNumber": "0" * 36,
    "ContactDetails": {},
}
"""What a product adds, and what it puts where the kit left something out that the contract demands."""


@cache
def reader(name):
    """Return a reader of a schema of ours that is not ours."""
    return jsonschema.Draft202012Validator(schemas()[f"{name}.request"])


def kind_of(structure: Structure, values: Any) -> Structure:
    """Return the kind of an abstract type that values name, or the type itself."""
    return next((kind for kind in EXTENSIONS if kind.name == values.get("xsi:type")), structure)


def completed(structure: Structure, values: Any) -> Any:
    """Return values with what a product adds, however deep."""
    found = dict(values)
    for element in kind_of(structure, values).elements():
        if element.name in MADE and element.name not in found and not element.optional:
            found[element.name] = MADE[element.name]
        elif isinstance(element.type, Structure) and element.name in found:
            value = found[element.name]
            several = isinstance(value, list)
            made = [completed(element.type, each) for each in (value if several else [value])]
            found[element.name] = made if several else made[0]
    return found


def accepted_in_xml(name, values):
    """Tell whether the request that a product would make of it is valid."""
    operation = OPERATIONS[name]
    try:
        element = request_element(operation, completed(operation.request, values))
    except FormError:
        return False
    return not validator().errors(element)


def places(structure: Structure, values: Any):
    """Yield each object that holds texts, with the element of the text."""
    for element in kind_of(structure, values).elements():
        value = values.get(element.name)
        for each in value if isinstance(value, list) else [value]:
            if isinstance(element.type, Structure) and isinstance(each, dict):
                yield from places(element.type, each)
            elif isinstance(each, str):
                yield values, element


def lists_hold_something(name, values):
    """Tell whether no list is empty: the kit may hand one over, and there is no message of it."""
    for holder, item in (("Verifications", "Verification"), ("Applications", "Application")):
        if holder in values and not values[holder].get(item):
            return False
    return True


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_the_xml_schema_takes_ours_takes(name):
    """Drawn by the types of the table: every part, every branch, every kind of document."""

    @settings(max_examples=25, deadline=None)
    @given(values=message_values(request_form(OPERATIONS[name])))
    def holds(values):
        assert [error.message for error in reader(name).iter_errors(values)] == []
        assert accepted_in_xml(name, values) or not lists_hold_something(name, values)

    holds()


def test_at_the_limits_of_a_text_both_decide_alike():
    """One text becomes one at either side of a limit; of dates our schemas say only that they are texts."""
    seen: Counter[bool] = Counter()

    @settings(max_examples=100, deadline=None)
    @given(data=st.data(), name=st.sampled_from([*OPERATIONS][:8]))
    def holds(data, name):
        structure = request_form(OPERATIONS[name])
        values = data.draw(message_values(structure).filter(lambda drawn: lists_hold_something(name, drawn)))
        found = [
            (holder, element)
            for holder, element in places(structure, values)
            if isinstance(element.type, Simple) and element.type.base == "string" and not element.type.union
        ]
        if not found:
            return
        holder, element = data.draw(st.sampled_from(found))
        # Where the end of a text is, the dialect of Python's expressions is not quite that of JSON Schema.
        texts = [text for text in near_texts(element.type) if not text.endswith("\n")]
        holder[element.name] = data.draw(st.sampled_from(texts))
        ours = reader(name).is_valid(values)
        assert ours is accepted_in_xml(name, values), (element.name, holder[element.name])
        seen[ours] += 1

    holds()
    assert min(seen[True], seen[False]) > 5, seen


def test_what_is_missing_or_too_much_is_missed_by_both():
    """One element is taken away, or one is added that does not belong there."""
    seen: Counter[bool] = Counter()

    @settings(max_examples=80, deadline=None)
    @given(data=st.data(), name=st.sampled_from([*OPERATIONS][:8]))
    def holds(data, name):
        structure = request_form(OPERATIONS[name])
        values = data.draw(message_values(structure).filter(lambda drawn: lists_hold_something(name, drawn)))
        found = list(places(structure, values))
        if not found:
            return
        holder, element = data.draw(st.sampled_from(found))
        if data.draw(st.booleans()):
            del holder[element.name]
        else:
            holder[data.draw(st.sampled_from(["SingleName", "FirstName", "FamilyName", "Extra"]))] = "Tessa"
        ours = reader(name).is_valid(values)
        assert ours is accepted_in_xml(name, values), values
        seen[ours] += 1

    holds()
    assert min(seen[True], seen[False]) > 5, seen
