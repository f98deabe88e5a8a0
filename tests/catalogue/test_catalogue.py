"""What must hold is traceable: to a source, to a check, to a profile."""

import ast
from pathlib import Path

import pytest

from conformance import catalogue
from conformance.adapters.contract import METHODS
from conformance.errors import OperatorError

SUITE = Path(catalogue.__file__).parent.parent / "suite"


def cited():
    """The ids that checks of the suite cite, read from their source."""
    found = []
    for path in sorted(SUITE.glob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "requirement":
                found.append(node.args[0].value)
    return found


def test_a_requirement_is_cited_by_a_check_or_excluded():
    """Checked by something or excluded because of something; there is no third state."""
    checked = {name for name, row in catalogue.requirements().items() if row.checked_by}
    assert checked == set(cited())


def test_every_checked_requirement_is_demanded_by_a_profile():
    """No requirement stands in the catalogue without counting for anybody."""
    demanded = {name for profile in catalogue.profiles().values() for name in profile.requirements}
    checked = {name for name, row in catalogue.requirements().items() if row.checked_by}
    assert checked - demanded == set()


@pytest.mark.parametrize("row", catalogue.requirements().values(), ids=lambda row: row.id)
def test_a_requirement_is_complete(row):
    """A requirement is one sentence with a source, a reason and a method of the contract."""
    assert row.text.endswith(".")
    assert row.method in METHODS
    assert row.source.document
    assert row.why.endswith(".")


@pytest.mark.parametrize("name", ["smoke", "usi-local", "usi-cloud", "sbr-token"])
def test_the_profiles_exist(name):
    """The four profiles are there, each with an edition and no id twice."""
    profile = catalogue.profile(name)
    assert profile.edition
    assert len(set(profile.requirements)) == len(profile.requirements) > 0


def test_a_misspelt_id_is_answered_with_the_nearest():
    """An unknown id is the operator's error and names what was probably meant."""
    with pytest.raises(OperatorError, match="USI-CHK-03"):
        catalogue.requirement("USI-CHK-3")


def test_an_unknown_profile_names_them_all():
    """There are few profiles, so all are named."""
    with pytest.raises(OperatorError, match="smoke, usi-local, usi-cloud, sbr-token"):
        catalogue.profile("usi-locale")
