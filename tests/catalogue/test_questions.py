"""What no machine sees is asked of a person, and every question says where it comes from."""

import pytest

from conformance import catalogue
from conformance.errors import OperatorError
from conformance.model import Confidence

ROAD = {
    "registered": "ATT-REG-01",
    "developer kit and test credentials": "ATT-REG-02",
    "contact and phone": "ATT-REG-03",
    "RAM": "ATT-RAM-01",
    "machine credential administrator": "ATT-RAM-02",
    "renewal before two years": "ATT-RNW-01",
    "clock": "ATT-CLK-01",
}


@pytest.mark.parametrize("question", catalogue.questions().values(), ids=lambda question: question.id)
def test_a_question_is_complete(question):
    """A question is one sentence that ends as a question, with a reason, a way to a yes and a source."""
    assert question.id.startswith("ATT-")
    assert question.text.endswith("?")
    assert question.text.count("?") == 1
    assert question.why.endswith(".")
    assert question.how.endswith(".")
    assert question.source.document
    assert question.source.clause
    assert question.confidence is not Confidence.ASSUMED


def test_smoke_asks_nothing():
    """A first run in seconds is no application."""
    assert catalogue.profile("smoke").questions == ()


@pytest.mark.parametrize("name", ["usi-local", "usi-cloud", "sbr-token"])
def test_every_road_asks_for_registration_ram_renewal_and_clock(name):
    """Whoever applies needs these, whatever the product does; no question stands twice."""
    asked = catalogue.profile(name).questions
    assert set(ROAD.values()) <= set(asked)
    assert len(set(asked)) == len(asked)


def test_only_a_product_of_the_registry_is_asked_for_students():
    """Consent, identity documents and mock data are the registry's; a token alone knows no student."""
    students = {"ATT-CON-01", "ATT-DOC-01", "ATT-TST-01"}
    assert students <= set(catalogue.profile("usi-local").questions)
    assert students <= set(catalogue.profile("usi-cloud").questions)
    assert not students & set(catalogue.profile("sbr-token").questions)


def test_only_a_cloud_product_is_asked_for_notifications():
    """`usi-cloud` asks for My cloud software and software IDs, and all that `usi-local` asks."""
    local, cloud = (catalogue.profile(name).questions for name in ("usi-local", "usi-cloud"))
    assert set(cloud) - set(local) == {"ATT-CLD-01", "ATT-CLD-02"}
    assert set(local) <= set(cloud)


def test_every_question_is_asked_by_a_profile():
    """No question stands in the catalogue without being asked."""
    asked = {name for profile in catalogue.profiles().values() for name in profile.questions}
    assert asked == set(catalogue.questions())


def test_what_not_everybody_does_may_not_apply():
    """Who only verifies creates nobody; everything else applies to everybody."""
    optional = {question.id for question in catalogue.questions().values() if question.may_not_apply}
    assert optional == {"ATT-CON-01", "ATT-DOC-01", "ATT-OSF-01"}


def test_a_misspelt_question_is_answered_with_the_nearest():
    """An unknown id is the operator's error and names what was probably meant."""
    with pytest.raises(OperatorError, match="ATT-RNW-01"):
        catalogue.question("ATT-RNW-1")
