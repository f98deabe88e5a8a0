"""The register of mutants and variants, and how a name becomes an implementation."""

import pytest

from conformance import catalogue
from conformance.errors import KitError, OperatorError
from conformance.reference import MUTANTS, VARIANTS, Correct, load_mutants, mutant, resolve
from conformance.reference.correct import kebab_case

load_mutants()


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("UsesSha1", "uses-sha1"),
        ("StampsForHalfAnHour", "stamps-for-half-an-hour"),
        ("SendsTheCertificateAsPEM", "sends-the-certificate-as-pem"),
        ("ReadsXMLTwice", "reads-xml-twice"),
    ],
)
def test_class_names_become_command_line_names(name, written):
    """The name on the command line is the class name, word by word."""
    assert kebab_case(name) == written


def test_resolves_the_three_kinds():
    """Each resolution gives a fresh object, so that no run inherits tokens of another one."""
    assert type(resolve("reference")) is Correct
    assert resolve("reference") is not resolve("reference")
    assert type(resolve("mutant:signs-with-sha1")) is MUTANTS["signs-with-sha1"]
    assert type(resolve("variant:endorses-with-sha256")) is VARIANTS["endorses-with-sha256"]


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("mutant:sign-with-sha1", "signs-with-sha1"),
        ("mutant:", "one of"),
        ("variant:endorse-with-sha256", "endorses-with-sha256"),
        ("correct", "reference, mutant:NAME or variant:NAME"),
    ],
)
def test_an_unknown_name_is_the_operators_mistake(spec, text):
    """The message has the nearest names, or what names there are."""
    with pytest.raises(OperatorError) as caught:
        resolve(spec)
    assert text in str(caught.value)


def test_two_mutants_cannot_have_one_name():
    """A second mutant of a name would hide the first one from the self-test."""
    with pytest.raises(KitError, match="one name"):

        @mutant(kills="STS-R10", subcode="wrong_value", seen_in="here", mend="there")
        class SignsWithSha1(Correct):
            """A namesake."""


def test_a_mutant_says_what_it_does_wrong():
    """Without a docstring nobody could tell the mistake."""
    with pytest.raises(KitError, match="does wrong"):

        @mutant(kills="STS-R10", subcode="wrong_value", seen_in="here", mend="there")
        class Speechless(Correct):
            pass


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_declares_requirements_that_exist(name):
    """What it kills and what fails along with it are requirements of the catalogue."""
    declaration = MUTANTS[name].declaration
    assert {declaration.kills, *declaration.also} <= set(catalogue.requirements())


@pytest.mark.parametrize("kind", [*VARIANTS.values(), *MUTANTS.values()], ids=lambda kind: kind.__name__)
def test_mutants_and_variants_offer_what_the_reference_offers(kind):
    """None is let off a check for want of a capability."""
    assert kind.capabilities == Correct.capabilities


def test_each_implementation_is_a_build_of_its_own():
    """The digest of the build tells mutants and variants from the reference: they are other products."""
    specs = ("reference", "mutant:forgets-the-minus", "variant:offers-verification-only")
    builds = {resolve(spec).initialize([1])["value"]["implementation"]["build"] for spec in specs}
    assert len(builds) == 3
    assert resolve("reference").initialize([1])["value"]["implementation"]["build"] in builds
