"""The public strategies give what they promise, refuse what they cannot give, and find the special values."""

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st

from conformance import strategies
from conformance.protocol import abn, checksum

ALPHABET = set("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


@given(strategies.usis())
def test_usis_are_valid(usi):
    """Every drawn USI has ten characters of the alphabet and the right check character."""
    assert len(usi) == 10
    assert set(usi) <= ALPHABET
    assert checksum.is_valid(usi)


@given(strategies.stems())
def test_stems_are_nine_characters_of_the_alphabet(stem):
    """Every drawn stem can begin a USI."""
    assert len(stem) == 9
    assert set(stem) <= ALPHABET


@given(strategies.abns())
def test_abns_are_valid(number):
    """Every drawn ABN has right check digits."""
    assert abn.is_valid(number)


@given(st.data())
def test_characters_leave_out_what_is_not_wanted(data):
    """`but` takes characters away and nothing else."""
    assert data.draw(strategies.characters(but="23456789")) in set("ABCDEFGHJKLMNPQRSTUVWXYZ")


@given(st.data(), st.integers(1, 20))
def test_positions_are_inside(data, length):
    """A drawn position is a place in a text of that length."""
    assert 0 <= data.draw(strategies.positions(length)) < length


@given(strategies.wrong_lengths(longest=14))
def test_wrong_lengths_are_wrong_in_their_length_only(text):
    """They are made of the alphabet and are at most as long as wanted."""
    assert set(text) <= ALPHABET
    assert len(text) != 10
    assert len(text) <= 14
    assert checksum.reasons(text) == ("usi.length",)


@given(strategies.strange_texts())
def test_strange_texts_are_wrong_however_they_are_folded(text):
    """A stranger stays a stranger, and the text can be written as UTF-8."""
    assert text.encode()
    assert "usi.alphabet" in checksum.reasons(text)
    assert "usi.alphabet" in checksum.reasons(checksum.fold(text))


@given(strategies.strangers())
def test_strangers_are_single_characters_outside_the_alphabet(character):
    """Neither a stranger nor its upper case by a to z is in the alphabet."""
    assert len(character) == 1
    assert character not in ALPHABET
    assert checksum.fold(character) not in ALPHABET


SEARCH = settings(database=None, phases=(Phase.generate, Phase.shrink), max_examples=2000)


def simplest(strategy, condition=lambda value: True):
    """The smallest example that Hypothesis finds."""
    return find(strategy, condition, settings=SEARCH)


def test_the_simplest_examples_read_well():
    """A counter-example shrinks towards short and plain values."""
    assert simplest(strategies.usis()) == "2222222222"
    assert simplest(strategies.stems()) == "222222222"
    assert simplest(strategies.characters()) == "2"
    assert simplest(strategies.positions()) == 0
    assert simplest(strategies.wrong_lengths()) == ""


@pytest.mark.parametrize(
    "condition",
    [
        lambda usi: usi.endswith("2"),
        lambda usi: "2Z" in usi or "Z2" in usi,
        lambda usi: any(x + x in usi or y + y in usi for x, y in checksum.TWIN_ERRORS),
        lambda usi: set(usi) == {"Z"} or usi.startswith("ZZZ"),
    ],
    ids=["sum-that-32-divides", "unseen-swap", "twin", "highest-values"],
)
def test_special_usis_come_up(condition):
    """Values at which implementations differ are found within the usual number of examples."""
    assert condition(simplest(strategies.usis(), condition))


@pytest.mark.parametrize("size", [0, 1, 9, 11, 40])
def test_short_and_long_texts_may_have_a_sum_that_comes_out(size):
    """Texts that only their length betrays are among the wrong lengths."""

    def sum_comes_out(text):
        total = 0
        for place, character in enumerate(reversed(text)):
            total += sum(divmod("23456789ABCDEFGHJKLMNPQRSTUVWXYZ".index(character) * (1 + place % 2), 32))
        return total % 32 == 0

    found = simplest(strategies.wrong_lengths(), lambda text: len(text) == size and sum_comes_out(text))
    assert len(found) == size


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: strategies.characters(but="0"), "'0' is not"),
        (lambda: strategies.characters(but="23456789ABCDEFGHJKLMNPQRSTUVWXYZ"), "leaves no character"),
        (lambda: strategies.positions(0), "0 characters has no positions"),
        (lambda: strategies.wrong_lengths(longest=10), "at least 11, not 10"),
    ],
)
def test_a_wrong_argument_raises_at_once(make, message):
    """An argument that cannot be met raises when the strategy is made, not when it is drawn from."""
    with pytest.raises(ValueError, match=message):
        make()
