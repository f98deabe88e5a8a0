"""A recipe names what it makes, and makes it again to the byte."""

from datetime import UTC, datetime

import pytest

from conformance.errors import KitError
from conformance.protocol import keystore
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import BASES, BUNDLES, DEVIATIONS, materialise, prepare

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def authority():
    """The authority of one moment."""
    return Authority(MOMENT)


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_a_deviation_changes_something_and_always_the_same(authority, deviation):
    """Not the healthy store, and the same bytes from another authority of the same moment."""
    made = materialise({"deviation": deviation}, authority, MOMENT)
    assert made != materialise({}, authority, MOMENT)
    assert made == materialise({"deviation": deviation}, Authority(MOMENT), MOMENT)


@pytest.mark.parametrize("bundle", BUNDLES)
def test_every_form_of_bundle_opens(authority, bundle):
    """None of them is a deviation."""
    store = keystore.read(materialise({"bundle": bundle}, authority, MOMENT))
    keystore.open_credential(store, "ABRD:11000002568_EVTECampus153", "Password1!", now=MOMENT)


@pytest.mark.parametrize(
    ("base", "count"),
    [("single", 1), ("pair", 2), ("pair-other-way-round", 2), ("namesakes", 2), ("keys", 4), ("sixty", 60)],
)
def test_a_base_holds_what_it_says(authority, base, count):
    """Every credential of it is known by its alias, and the store can be read."""
    prepared = prepare({"base": base}, authority, MOMENT)
    store = keystore.read(prepared.data)
    assert {each.id for each in store.credentials} == set(prepared.credentials)
    assert len(store.credentials) == count
    assert len(BASES) == 6


def test_dates_follow_the_moment(authority):
    """An expired credential has expired at whatever moment the run has."""
    for moment in (MOMENT, datetime(2031, 7, 1, 12, tzinfo=UTC)):
        store = keystore.read(materialise({"deviation": "expired"}, Authority(moment), moment))
        with pytest.raises(keystore.Expired):
            keystore.open_credential(store, "ABRD:11000002568_EVTECampus153", "Password1!", now=moment)


def test_a_password_may_be_named(authority):
    """The key is under it and under no other."""
    store = keystore.read(materialise({"password": "Another-Password9"}, authority, MOMENT))
    alias = "ABRD:11000002568_EVTECampus153"
    keystore.open_credential(store, alias, "Another-Password9", now=MOMENT)
    with pytest.raises(keystore.WrongPassword):
        keystore.open_credential(store, alias, "Password1!", now=MOMENT)


@pytest.mark.parametrize(
    "recipe",
    [{"base": "none"}, {"generation": "1999"}, {"bundle": "none"}, {"deviation": "none"}, {"other": 1}],
)
def test_a_recipe_that_means_nothing_is_the_kits_own_fault(authority, recipe):
    """The error names what there is."""
    with pytest.raises(KitError):
        materialise(recipe, authority, MOMENT)
