"""Who the simulated registry knows, and what it answers."""

from datetime import date

import pytest

from conformance import vectors
from conformance.errors import KitError
from conformance.simulators.population import Organisation, Person, Population, bundled, same_text, verify

FILES = [name for name in vectors.files() if name.startswith("usi/")]
CASES = [case for name in FILES for case in vectors.load(name).cases if case.expect.value]


def test_the_published_people_and_organisations_are_there():
    """Sixteen people and two organisations of the third-party test environment."""
    population = bundled()
    published = [person for person in population.people.values() if person.origin == "published"]
    assert len(published) == 16
    assert population.people["BNGH7C75FN"].family == "Fredrick"
    assert population.people["R5HQLSWS9Y"] == Person(
        usi="R5HQLSWS9Y",
        single="Testdeactivated",
        born=date(1963, 12, 10),
        deactivated=True,
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


@pytest.mark.parametrize("case", CASES, ids=[case.id for case in CASES])
def test_every_vector_agrees_with_the_population(case):
    """What a vector expects of the registry is what the population answers."""
    assert verify(bundled(), case.input["request"]) == case.expect.value["response"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Fredrick", "FREDRICK", True),
        ("Renée", "Rene\u0301e", True),
        ("O'Brien", "O\u2019Brien", False),
        ("Smith-Jones", "Smith Jones", False),
        ("Renée", "Renee", False),
        ("Mary  Anne", "Mary Anne", False),
        ("Amy", "Amy ", False),
    ],
)
def test_names_are_compared_exactly_but_for_case_and_composition(one, other, same):
    """Hyphens, apostrophes of another kind, accents and blanks count."""
    assert same_text(one, other) is same


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
        Person(born=date(2000, 1, 1), **wrong)


def test_a_usi_and_a_code_belong_to_one():
    """Doubles are a mistake in our data."""
    amy = Person(usi="XNY5NV9WG9", single="Amy", born=date(2022, 6, 7))
    with pytest.raises(KitError, match="XNY5NV9WG9"):
        Population.of([amy, Person(usi="XNY5NV9WG9", single="Ann", born=date(2022, 6, 7))], [])
    with pytest.raises(KitError, match="va1803"):
        Population.of(
            [], [Organisation(code="VA1803", abn="27809366375"), Organisation(code="va1803", abn="1")]
        )


def test_an_organisation_can_take_the_place_of_another():
    """A code that the operator gives stands for the operator's ABN from then on."""
    changed = bundled().with_organisation(Organisation(code="va1803", abn="11000002568"))
    assert changed.organisations["VA1803"].abn == "11000002568"
    assert bundled().organisations["VA1803"].abn == "27809366375"
