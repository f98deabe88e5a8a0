"""Which of the kit's own wrong implementations a product resembles."""

from conformance import vectors
from conformance.model import Level, Result, Status, Subcode
from conformance.plugin.closing import resembling
from conformance.reference import load_mutants
from conformance.report.look_alikes import ALIKE_MOST, MOST, Declared, look_alikes

WRONG = Subcode.WRONG_VALUE


def result(requirement, status=Status.FAIL, case="check", subcode=None):
    """The result of a check."""
    if status in (Status.FAIL, Status.WARN):
        subcode = subcode or WRONG
    return Result(requirement=requirement, case=case, status=status, level=Level.MUST, subcode=subcode)


def declared(name, kills, *also, subcode=None, cases=()):
    """A wrong implementation."""
    return name, Declared(name, f"{name}.", "Mend it.", kills, also, subcode, frozenset(cases))


def named(results, *known):
    """Names, requirements and similarity of what is found."""
    found = look_alikes(results, dict(known))
    return [(each.mutant, each.requirements, each.similarity) for each in found]


def test_who_misses_the_same_is_entirely_alike():
    """And the requirement that it is made to miss comes first."""
    results = [result("A"), result("B"), result("C", Status.PASS)]
    assert named(results, declared("m", "B", "A")) == [("m", ("B", "A"), 1.0)]


def test_the_similarity_is_what_both_miss_of_what_either_misses():
    """Two of four."""
    results = [result("A"), result("B"), result("C"), result("D")]
    assert named(results, declared("m", "A", "B")) == [("m", ("A", "B"), 0.5)]


def test_what_was_not_looked_at_makes_no_difference():
    """What another profile asks is neither missed nor met; what is untestable is as good as missed."""
    results = [result("A"), result("B", Status.NOT_TESTABLE), result("D", Status.SKIP)]
    assert named(results, declared("m", "A", "B", "C", "D")) == [("m", ("A", "B"), 1.0)]


def test_whose_own_mistake_is_not_there_is_none():
    """The very requirement must be missed, and in the same way."""
    results = [result("A"), result("B", Status.PASS)]
    assert named(results, declared("m", "B", "A")) == []
    assert named(results, declared("m", "A", subcode=Subcode.CRASH)) == []
    assert named(results, declared("m", "A", subcode=WRONG)) == [("m", ("A",), 1.0)]
    assert named([result("A", Status.NOT_TESTABLE)], declared("m", "A")) == []


def test_who_must_miss_much_more_is_not_alike():
    """Two of three of its misses have to be there."""
    results = [result("A"), *(result(name, Status.PASS) for name in "BC")]
    assert named(results, declared("m", "A", "B", "C")) == []
    results[1] = result("B")
    assert named(results, declared("m", "A", "B", "C")) == [("m", ("A", "B"), 0.667)]


def test_each_explains_something_new():
    """A smaller mistake within a larger one is not told as well; an independent one is."""
    results = [result("A"), result("B"), result("C")]
    assert [
        name
        for name, _, _ in named(
            results, declared("large", "A", "B"), declared("small", "B"), declared("other", "C")
        )
    ] == ["large", "other"]


def test_vectors_tell_apart_what_misses_the_same_requirement():
    """By those that say of themselves that they expose it."""
    results = [result("A", case="refuses[nul]"), result("A", case="refuses[tab]")]
    assert named(
        results,
        declared("one", "A", cases=("nul",)),
        declared("two", "A", cases=("nul", "tab")),
        declared("three", "A", cases=("cr",)),
    ) == [("two", ("A",), 1.0)]


def test_many_that_cannot_be_told_apart_say_nothing():
    """A few are named together, more are not."""
    some = [declared(f"m{number}", "A") for number in range(ALIKE_MOST)]
    assert len(named([result("A")], *some)) == ALIKE_MOST
    assert named([result("A")], *some, declared("one-more", "A")) == []


def test_no_more_are_named_than_anybody_reads():
    """The most similar ones."""
    names = [f"R{number}" for number in range(MOST + 3)]
    found = named([result(name) for name in names], *(declared(f"m-{name}", name) for name in names))
    assert len(found) == MOST


def test_of_a_product_that_misses_nearly_everything_no_mistake_is_the_cause():
    """One miss of twenty-one has nothing to say; one of twenty has."""
    names = [f"R{number}" for number in range(21)]
    assert named([result(name) for name in names], declared("m", "R0")) == []
    assert named([result(name) for name in names[:20]], declared("m", "R0")) == [("m", ("R0",), 0.05)]


def test_nearly_each_of_them_is_found_by_what_it_declares():
    """Of what misses exactly what a wrong implementation declares, nine in ten times it is the one named."""
    exposing, found = vectors.exposing(), 0
    for name, kind in load_mutants().items():
        own = kind.declaration
        cases = [f"refuses[{case}]" for case in exposing.get(name, ())] or ["check"]
        results = [result(own.kills, case=case, subcode=own.subcode) for case in cases]
        alike = resembling([*results, *(result(also) for also in own.also)])
        assert all(set(each.requirements) <= {own.kills, *own.also} for each in alike)
        found += name in [each.mutant for each in alike]
    assert found > 0.9 * len(load_mutants())


def test_nothing_is_read_where_nothing_is_missed():
    """A product that passes resembles nothing."""
    assert resembling([result("A", Status.PASS), result("B", Status.SKIP)]) == ()
