"""Whom the simulated registry knows from the beginning."""

from datetime import date

import pytest

from conformance.errors import KitError
from conformance.simulators.population import (
    Account,
    Organisation,
    OrganisationType,
    Population,
    State,
    bundled,
)


def test_the_published_people_and_organisations_are_there():
    """Sixteen people and two organisations of the third-party test environment."""
    population = bundled()
    published = [person for person in population.people.values() if person.origin == "published"]
    assert len(published) == 16
    assert population.people["BNGH7C75FN"].family == "Fredrick"
    assert population.people["R5HQLSWS9Y"] == Account(
        usi="R5HQLSWS9Y",
        single="Testdeactivated",
        born=date(1963, 12, 10),
        state=State.DEACTIVATED,
        origin="published",
    )
    assert {code: known.abn for code, known in population.organisations.items()} == {
        "VA1803": "27809366375",
        "VA1802": "96312011219",
    }


def test_made_up_people_can_be_told_from_published_ones():
    """The kit's own USIs begin alike and belong to nobody."""
    for person in bundled().people.values():
        assert person.usi.startswith("SYNTHET") == (person.origin == "synthetic")


@pytest.mark.parametrize(
    "wrong",
    [
        {"usi": "BNGH7C75FM", "first": "A", "family": "B"},
        {"usi": "BNGH7C75FN", "first": "A"},
        {"usi": "BNGH7C75FN", "first": "A", "family": "B", "single": "C"},
        {"usi": "BNGH7C75FN"},
    ],
)
def test_a_person_that_cannot_be_is_refused(wrong):
    """A wrong check character or a half name is a mistake in our data."""
    with pytest.raises(KitError):
        Account(born=date(2000, 1, 1), **wrong)


def test_a_usi_and_a_code_belong_to_one():
    """Doubles are a mistake in our data."""
    amy = Account(usi="XNY5NV9WG9", single="Amy", born=date(2022, 6, 7))
    with pytest.raises(KitError, match="XNY5NV9WG9"):
        Population.of([amy, Account(usi="XNY5NV9WG9", single="Ann", born=date(2022, 6, 7))], [])
    with pytest.raises(KitError, match="va1803"):
        Population.of(
            [], [Organisation(code="VA1803", abn="27809366375"), Organisation(code="va1803", abn="1")]
        )


def test_an_organisation_can_take_the_place_of_another():
    """A code that the operator gives stands for the operator's ABN from then on."""
    changed = bundled().with_organisation(Organisation(code="va1803", abn="11000002568"))
    assert changed.organisations["VA1803"].abn == "11000002568"
    assert bundled().organisations["VA1803"].abn == "27809366375"


def test_what_no_source_tells_of_the_published_people_is_left_open():
    """Gender, place of birth and contact details are empty; the kit's own people have them."""
    for person in bundled().people.values():
        open_fields = (person.gender, person.country_of_birth, person.town_of_birth, person.contact)
        assert (open_fields == ("", "", "", {})) == (person.origin == "published")


def test_every_state_is_there():
    """Clients meet all four, two of which the service reports as Valid."""
    assert {person.state for person in bundled().people.values()} == set(State)


def test_the_published_organisations_may_call_everything():
    """Nothing tells what they are; training organisations are in every row of both published matrices."""
    assert {known.type for known in bundled().organisations.values()} == {OrganisationType.RTO}
