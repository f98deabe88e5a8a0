"""The model of the registry: what it asks, what it takes for right, and what it finds wrong."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.simulators.registry.locating import have_contact
from conformance.suite import Budget
from conformance.suite.registry_story import APPLICANTS, PLAIN, Purse, Story, contact, usable

NEW = "2222222222"
ANOTHER = "ZZZZZZZZZB"


def created(usi=NEW, conclusion="created"):
    """What a product answers to CreateUSI."""
    return {"conclusion": conclusion, "response": {"Application": {"USI": usi}}}


class Product:
    """Answers calls with what it was told to answer, and remembers what it was asked."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []
        self.refusals = []

    def ask(self, operation, request):
        """As of a flow."""
        self.asked.append((operation, request))
        answer = self.answers.pop(0)
        value = {"conclusion": answer, "response": {}} if isinstance(answer, str) else answer
        return SimpleNamespace(
            reply=SimpleNamespace(must_be_ok=lambda: value), registry_requests=self.refusals
        )


def story_of(*answers):
    """A story with a product that gives these answers."""
    return Story(Product(*answers), SimpleNamespace(session_reset=lambda: None))


def test_who_is_created_is_known_from_then_on():
    """The new USI is that of the applicant, who is verified and looked up with it."""
    story = story_of(created(), "verified", {"conclusion": "located", "response": {"USI": NEW}})
    story.create(0)
    story.verify(1)
    story.locate(0, at_home=True)
    operations = [operation for operation, _ in story.flow.asked]
    assert operations == ["CreateUSI", "VerifyUSI", "LocateUSI"]
    _, asked = story.flow.asked[1]
    assert asked == {
        "USI": NEW,
        "FirstName": "Ada",
        "FamilyName": "Testperson",
        "DateOfBirth": "1990-02-28",
    }


def test_who_is_known_exists():
    """A second application of the same person has the USI of the first; a namesake has one of her own."""
    story = story_of(created(), created(conclusion="existing"), created(ANOTHER))
    for applicant in (0, 0, 1):
        story.create(applicant)
    assert [each.usi for each in story.known] == ["BNGH7C75FN", NEW, ANOTHER]


@pytest.mark.parametrize(
    ("applicants", "answers"),
    [
        ((0,), ["failed"]),
        ((0,), [created(conclusion="existing")]),
        ((0,), [created("2222222223")]),
        ((0,), [created("")]),
        ((0,), [{"conclusion": "created", "response": None}]),
        ((0, 0), [created(), created(ANOTHER)]),
        ((0, 0), [created(), created(ANOTHER, "existing")]),
        ((0, 1), [created(), created(NEW)]),
        ((0, 1), [created(), created(NEW, "existing")]),
    ],
    ids=[
        *("failed", "existing", "wrong-character", "no-usi", "no-response"),
        *("created-twice", "another-usi", "usi-of-a-namesake", "taken-for-a-namesake"),
    ],
)
def test_wrong_conclusions_of_a_creation_are_found(applicants, answers):
    """The last answer is the wrong one; the finding tells what happened before."""
    story = story_of(*answers)
    *before, last = applicants
    for applicant in before:
        story.create(applicant)
    with pytest.raises(ImplementationError) as found:
        story.create(last)
    assert found.value.subcode == Subcode.WRONG_VALUE
    assert found.value.where.count("create Ada Testperson of ") == len(applicants)


def test_a_former_name_is_a_wrong_one():
    """After a change, verification goes by the new name, and the wrong name that is tried is the old one."""
    story = story_of("updated", "verified", "not_verified")
    story.rename(0)
    story.verify(0)
    story.verify(0, "name")
    (_, change), (_, right), (_, wrong) = story.flow.asked
    assert change["PersonalDetailsUpdate"] == {"FamilyName": "Newnameba"}
    assert (right["FamilyName"], wrong["FamilyName"]) == ("Newnameba", "Fredrick")


def test_what_is_remembered_wrongly_is_found():
    """Verified under another date of birth, for instance."""
    story = story_of("verified", "verified")
    story.verify(0)
    with pytest.raises(ImplementationError, match="something else than is so") as found:
        story.verify(0, "date")
    assert (
        found.value.where == "conclusion; after: verify Maryam Fredrick; verify Maryam Fredrick, wrong date"
    )


@pytest.mark.parametrize("conclusion", ["not_located", "unclear"])
def test_elsewhere_nobody_is_located(conclusion):
    """Which of the two is right depends on how close the registry finds the match."""
    story = story_of("updated", conclusion, "located")
    story.move(0)
    story.locate(0, at_home=False)
    with pytest.raises(ImplementationError, match="found though"):
        story.locate(0, at_home=False)


def test_the_applicants_are_four_people():
    """Alike in names or date of birth, and in both with nobody."""
    assert len({(*names.items(), born) for names, born in APPLICANTS}) == 4
    assert not have_contact(contact(1), contact(2))
    assert have_contact(contact(1), contact(1))


@contextmanager
def no_call(name, *, fresh):
    """Begin no conversation: whatever is tried fails."""
    raise ImplementationError("refused", subcode=Subcode.REJECTED_VALID)
    yield


def test_without_creation_there_is_no_story():
    """A product whose simplest creation fails is told to mend that first."""
    iut = SimpleNamespace(session=SimpleNamespace(supports=lambda name: True))
    with pytest.raises(NotTestable, match="no story can be told"):
        usable(iut, no_call)


def test_rules_of_absent_operations_are_not_used():
    """A product that offers creation only has stories of creations and verifications."""
    product = Product(
        created(), created(), created(conclusion="existing"), "verified", "not_verified", "updated"
    )

    @contextmanager
    def conversation(name, *, fresh):
        yield product

    iut = SimpleNamespace(
        session=SimpleNamespace(supports=lambda name: name == "usi.call.CreateUSI"),
        session_reset=lambda: None,
    )
    assert usable(iut, conversation) == {"create", "create again", "verify"}
    assert len(PLAIN) == 8


def test_the_first_failure_pays_for_a_smaller_story():
    """Six times the usual calls, once."""
    purse = Purse(Budget(examples=60))
    assert purse.left == 60
    first = ImplementationError("first", subcode=Subcode.WRONG_VALUE)
    purse.fail(first)
    purse.left -= 10
    purse.fail(ImplementationError("second", subcode=Subcode.WRONG_VALUE))
    assert (purse.left, purse.failure) == (350, first)


def test_a_refusal_by_the_registry_is_not_the_storys_finding():
    """What is wrong with a request is another requirement's matter, a RequestId used twice, for instance."""
    story = story_of("verified")
    story.flow.refusals.append(SimpleNamespace(facts=SimpleNamespace(fault="1002")))
    with pytest.raises(NotTestable, match="1002"):
        story.verify(0)
