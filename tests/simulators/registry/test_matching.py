"""When two names are the same to the registry."""

import pytest

from conformance.simulators.registry import RegistrySettings, matching


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Fredrick", "Fredrick", True),
        ("Fredrick", "FREDRICK", True),
        ("Renée", "Rene\u0301e", True),
        ("RENÉE", "rene\u0301e", True),
        ("Weiß", "WEISS", True),
        ("O'Brien", "O\u2019Brien", False),
        ("Smith-Jones", "Smith Jones", False),
        ("Renée", "Renee", False),
        ("Mary  Anne", "Mary Anne", False),
        ("Amy", "Amy ", False),
    ],
)
def test_names_are_compared_exactly_but_for_case_and_composition(one, other, same):
    """Hyphens, apostrophes of another kind, accents and blanks count."""
    assert matching.same(one, other, RegistrySettings()) is same


@pytest.mark.parametrize(
    ("settings", "one", "other", "same"),
    [
        ({"case_folded": False}, "Fredrick", "FREDRICK", False),
        ({"case_folded": False}, "Renée", "Rene\u0301e", True),
        ({"accents_folded": True}, "Renée", "Renee", True),
        ({"accents_folded": True}, "Þórunn", "Thorunn", False),
        ({"accents_folded": True, "case_folded": False}, "Renée", "RENEE", False),
    ],
)
def test_settings_choose_what_counts(settings, one, other, same):
    """Case and accents are each a switch; a letter of its own is never an accented one."""
    assert matching.same(one, other, RegistrySettings(**settings)) is same


@pytest.mark.parametrize("case", [True, False])
@pytest.mark.parametrize("accents", [True, False])
def test_a_key_is_coarser_than_every_setting(case, accents):
    """Whoever is the same under some settings is found by one key."""
    settings = RegistrySettings(case_folded=case, accents_folded=accents)
    for one, other in (("Lévêque", "LE\u0301VE\u0302QUE"), ("Weiß", "weiss"), ("吉", "吉"), ("İ", "i")):
        if matching.same(one, other, settings):
            assert matching.key(one) == matching.key(other)
    assert matching.key("Lévêque") == "leveque"
