"""A failing example is recorded as it was, and trying it again proves nothing unless it was really tried."""

import dataclasses
import json
from types import SimpleNamespace

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance.errors import ImplementationError, Inconclusive
from conformance.model import CounterExample, Status, Subcode
from conformance.suite import Budget, for_all
from conformance.suite.examples import LONGEST_DRAWN, choices_so_far, replayed, unsent
from conformance.suite.iut import Ledger


def line(method, identifier=1, **params):
    """A request line."""
    return json.dumps({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params})


def call(operation, identifier=1, **request):
    """A call of the registry."""
    return line("usi.call", identifier, operation=operation, request=request)


def iut(replaying=None):
    """An implementation with a budget and a ledger, and nothing else."""
    return SimpleNamespace(
        budget=Budget(replaying=replaying), session=SimpleNamespace(fallen=False), ledger=Ledger()
    )


def stored(tried):
    """The stored example of what was tried."""
    return CounterExample(
        name="one",
        requirement="USI-CHK-01",
        case="one",
        profile="smoke",
        seed=0,
        status=Status.FAIL,
        subcode=Subcode.WRONG_VALUE,
        message="",
        expected="",
        actual="",
        lines=tried.lines,
        choices=tried.choices,
        hypothesis=tried.hypothesis,
        drawn=tried.drawn,
    )


def wrong(text="wrong"):
    """A miss."""
    return ImplementationError(text, subcode=Subcode.WRONG_VALUE)


# --- what was sent ----------------------------------------------------------------------------------


def test_what_is_of_the_run_makes_no_difference():
    """Ids, deadlines, paths, addresses, moments and masked passwords are other ones in every run."""
    then = line("keystore.open", 7, path="/tmp/a", alias="x", password="(password removed)", deadline_ms=1)
    now = line("keystore.open", 2, path="C:\\b", alias="x", password="p", deadline_ms=9, now="2026")
    assert unsent([then], [now]) == ""
    assert unsent([then], [now.replace('"x"', '"y"')]) == then
    assert unsent([then], [now.replace("keystore.open", "keystore.sign")]) == then


def test_requests_come_in_their_turn():
    """Others may stand between them; none may be left out, and their order counts."""
    one, two, other = (line("usi.validate", usi=usi) for usi in ("1", "2", "3"))
    assert unsent([one, two], [other, one, other, two]) == ""
    assert unsent([one, two], [two, one]) == two
    assert unsent([one, one], [one]) == one
    assert unsent([one], []) == one


def test_a_number_is_no_truth_and_no_text():
    """JSON values of other types are other requests."""
    assert unsent([line("usi.validate", usi=1)], [line("usi.validate", usi=True)]) != ""
    assert unsent([line("usi.validate", usi=1)], [line("usi.validate", usi="1")]) != ""


def test_a_line_that_is_none_is_only_itself():
    """A record that somebody has spoilt is never taken as sent."""
    assert unsent(["{"], [line("usi.validate", usi="1")]) == "{"
    assert unsent(['{"method": "usi.validate"}'], [line("usi.validate")]) != ""
    assert unsent(["[" * 100_000], [line("usi.validate")]) == "[" * 100_000


def test_who_was_created_may_have_another_usi():
    """From a creation on a story may call the USIs by other names, each by one of its own."""
    create = call("CreateUSI", Application={"PersonalDetails": {"FirstName": "Ada"}})
    then = [create, call("VerifyUSI", USI="A"), call("VerifyUSI", USI="B"), call("VerifyUSI", USI="A")]
    assert unsent(then, [create, *(call("VerifyUSI", USI=usi) for usi in "XYX")]) == ""
    assert unsent(then, [create, *(call("VerifyUSI", USI=usi) for usi in "XYZ")]) == then[3]
    assert unsent(then, [create, *(call("VerifyUSI", USI=usi) for usi in "XXX")]) == then[2]
    assert unsent(then[1:], [call("VerifyUSI", USI=usi) for usi in "XYX"]) == then[1]
    batch = [
        create,
        call("BulkVerifyUSI", Verifications={"Verification": [{"USI": "A", "FirstName": "Ada"}]}),
    ]
    assert unsent(batch, [batch[0], batch[1].replace('"A"', '"X"')]) == ""
    assert unsent(batch, [batch[0], batch[1].replace("Ada", "Eve")]) == batch[1]


# --- what was drawn ---------------------------------------------------------------------------------


def found(check, error=ImplementationError):
    """What the search finds, and the miss."""
    product = iut()
    with pytest.raises(error) as miss:
        check(iut=product)
    return product.ledger.tried(miss.value), miss.value


def test_the_smallest_example_is_recorded_and_tried_again():
    """By the choices of Hypothesis; of a whole search nothing but this example is tried."""
    seen = []

    @for_all(number=st.integers())
    def check(iut, number):
        iut.ledger.send(line("usi.validate", usi=number))
        seen.append(number)
        if number > 41:
            raise wrong()

    tried, _ = found(check)
    assert (tried.lines, tried.drawn) == ((line("usi.validate", usi=42),), "{'number': 42}")
    assert tried.hypothesis == hypothesis.__version__
    seen.clear()
    with pytest.raises(ImplementationError):
        check(iut=iut(stored(tried)))
    assert seen == [42]


def test_an_example_that_goes_well_ends_well():
    """Nothing is raised for it, and it was carried out."""
    broken = [True]

    @for_all(number=st.integers())
    def check(iut, number):
        iut.ledger.send(line("usi.validate", usi=number))
        if number > 41 and broken:
            raise wrong()

    tried, _ = found(check)
    broken.clear()
    product = iut(stored(tried))
    check(iut=product)
    assert unsent(tried.lines, product.ledger.requests) == ""


def test_no_smaller_example_is_made_of_a_crash():
    """The first one that crashed is the one that is recorded, as no other was asked after it."""
    product, seen = iut(), []

    @for_all(text=st.text(max_size=30), bulk=st.lists(st.integers(), max_size=5))
    def check(iut, text, bulk):
        seen.append((text, bulk))
        iut.ledger.send(line("usi.validate", usi=text))
        if len(text) > 3:
            iut.session.fallen = True
            raise wrong()

    with pytest.raises(ImplementationError) as miss:
        check(iut=product)
    tried = product.ledger.tried(miss.value)
    text, bulk = seen[-1]
    assert tried.drawn == repr({"text": text, "bulk": bulk})
    assert len(text) > 3
    seen.clear()
    with pytest.raises(ImplementationError):
        check(iut=iut(stored(tried)))
    assert seen == [(text, bulk)]


def test_what_the_search_would_pass_over_is_told_of_a_stored_example():
    """A miss that the check leaves to another requirement is still a miss of this example."""

    @for_all(number=st.integers())
    def check(iut, number):
        if iut.budget.replaying is None and number > 5:
            raise wrong()
        iut.ledger.missed.append(wrong("left to another requirement"))

    tried, _ = found(check)
    with pytest.raises(ImplementationError, match="left to another"):
        check(iut=iut(stored(tried)))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"hypothesis": "6.0.0"}, "another version of Hypothesis"),
        ({"hypothesis": ""}, "another version of Hypothesis"),
        ({"choices": "%%%"}, "cannot be read"),
        ({"choices": "AAAA"}, "another example|cannot be read"),
        ({"choices": "\u00e9"}, "cannot be read"),
        ({"drawn": "{'number': 41}"}, "another example"),
    ],
)
def test_a_record_that_no_longer_stands_for_the_example_is_refused(change, told):
    """Neither another example nor none passes for the one that was stored."""

    @for_all(number=st.integers())
    def check(iut, number):
        if number > 41:
            raise wrong()

    tried, _ = found(check)
    with pytest.raises(Inconclusive, match=told):
        check(iut=iut(stored(dataclasses.replace(tried, **change))))


def test_without_a_record_nothing_is_tried():
    """So that nothing has been sent, which the run then says."""
    seen = []

    @for_all(number=st.integers())
    def check(iut, number):
        seen.append(number)
        if number > 41:
            raise wrong()

    tried, _ = found(check)
    seen.clear()
    check(iut=iut(stored(dataclasses.replace(tried, choices=""))))
    assert seen == []


def test_a_long_example_is_cut():
    """What Python shows of it is bounded, here and there."""

    @for_all(text=st.booleans().map(lambda _: "x" * (LONGEST_DRAWN + 1)))
    def check(iut, text):
        raise wrong()

    tried, _ = found(check)
    assert len(tried.drawn) == LONGEST_DRAWN
    with pytest.raises(ImplementationError):
        check(iut=iut(stored(tried)))


def test_a_story_is_told_again_step_by_step():
    """Its choices up to the failure are recorded; once it goes well, it ends after the last of them."""
    product, broken = iut(), [True]

    class Story(RuleBasedStateMachine):
        def __init__(self):
            super().__init__()
            product.ledger.begin_example()
            self.total = 0

        @rule(number=st.integers(0, 9))
        def add(self, number):
            self.total += number
            product.ledger.send(line("usi.validate", usi=number))
            if self.total > 10 and broken:
                miss = wrong()
                product.ledger.remember(miss)
                raise miss

    def tell(story):
        run_state_machine_as_test(story, settings=hypothesis.settings(database=None, deadline=None))

    with pytest.raises(ImplementationError) as miss:
        tell(hypothesis.seed(1)(Story))
    tried = product.ledger.tried(miss.value)
    assert len(tried.lines) == 2
    with pytest.raises(ImplementationError):
        replayed(Story, stored(tried), carry_out=tell)
    assert tuple(product.ledger.requests) == tried.lines
    broken.clear()
    replayed(Story, stored(tried), carry_out=tell)
    assert tuple(product.ledger.requests) == tried.lines


def test_nothing_is_recorded_where_nothing_is_drawn():
    """Outside a property there are no choices."""
    assert choices_so_far() == ("", "")


def test_a_ledger_knows_what_belongs_to_a_transcript():
    """The requests since the transcript before it; the first memory of a miss counts."""
    ledger = Ledger()
    ledger.send("a")
    assert ledger.keep("one") == ("a",)
    ledger.send("b")
    ledger.send("")
    assert ledger.keep("two") == ("b",)
    miss = wrong()
    ledger.remember(miss)
    ledger.send("c")
    ledger.remember(miss)
    assert ledger.tried(miss).lines == ("a", "b")
    assert ledger.tried(wrong()) is None
    for number in range(500):
        ledger.send(str(number))
    assert ledger.requests[-1] == "499"
    assert len(ledger.requests) == 200
    assert len(ledger.keep("three")) == 200
