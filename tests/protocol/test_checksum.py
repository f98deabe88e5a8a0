"""The check character of a USI: known answers, a second opinion, and what the method can and cannot see."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import checksum
from conformance.strategies import positions, stems, usis

# The published test persons of the third-party test environment, and a test value of a public validator.
PUBLISHED = [
    "BNGH7C75FN",
    "BP6LKB3C7X",
    "DG6K5YHPP3",
    "QFJEGFSBC4",
    "R5HQLSWS9Y",
    "XNY5NV9WG9",
    "HQ9HHNJC3J",
    "C2P5P4UBHP",
    "QS5Q8XWSUJ",
    "9AKTUJMMAZ",
    "BJRVU7U59N",
    "VL8CYKH3ND",
    "6N69KBFUDZ",
    "N7UEE7FWKV",
    "A88H9D64CS",
    "GBYDD3ZLVN",
    "7QRP3KV395",
]

# Stems whose sums differ in parity, carry and remainder, so that a property over "every place" is not
# a property of one stem.
SAMPLE = ("BNGH7C75F", "222222222", "ZZZZZZZZZ", "2Z2Z2Z2Z2", "QFJEGFSBC", "9AKTUJMMA", "XNY5NV9WG")


@pytest.mark.parametrize("usi", PUBLISHED)
def test_a_published_usi_is_valid(usi):
    """Every published USI has the check character that the method gives."""
    assert checksum.check_character(usi[:9]) == usi[9]
    assert checksum.is_valid(usi)


@pytest.mark.parametrize("usi", ["XNY5NV9WG8", "ZZZZ9999ZZ", "BNGH7C75FM", "NBGH7C75FN"])
def test_a_published_wrong_usi_is_not_valid(usi):
    """The wrong USI of published sample code, the invented one of a client, and two typing mistakes."""
    assert checksum.reasons(usi) == ("usi.check_character",)


def test_a_sum_that_32_divides_needs_the_value_nought():
    """The check value is then 0 and never 32: the check character of nine 2 is 2."""
    assert checksum.complete("222222222") == "2222222222"


def test_the_alphabet_has_32_characters_without_the_look_alikes():
    """2 to 9, then A to Z without I and O; each stands at the place of its value."""
    assert checksum.ALPHABET == "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    assert set("01IO").isdisjoint(checksum.ALPHABET)
    assert (checksum.LENGTH, checksum.STEM_LENGTH) == (10, 9)


def test_the_steps_show_the_working_from_the_right():
    """The last character of the stem is doubled, the one before is not, and both digits are added."""
    steps = checksum.luhn_steps("BNGH7C75F")
    assert [
        (s.position, s.character, s.value, s.factor, s.product, s.quotient, s.remainder) for s in steps
    ] == [
        (9, "F", 13, 2, 26, 0, 26),
        (8, "5", 3, 1, 3, 0, 3),
        (7, "7", 5, 2, 10, 0, 10),
        (6, "C", 10, 1, 10, 0, 10),
        (5, "7", 5, 2, 10, 0, 10),
        (4, "H", 15, 1, 15, 0, 15),
        (3, "G", 14, 2, 28, 0, 28),
        (2, "N", 20, 1, 20, 0, 20),
        (1, "B", 9, 2, 18, 0, 18),
    ]
    assert [step.digit_sum for step in steps] == [26, 3, 10, 10, 10, 15, 28, 20, 18]
    assert sum(step.digit_sum for step in steps) == 140  # 140 + 20 = 5 * 32, and N has the value 20


def test_a_product_above_31_adds_its_two_digits():
    """Twice 31 is 62, in base 32 the digits 1 and 30."""
    assert [(s.quotient, s.remainder, s.digit_sum) for s in checksum.luhn_steps("ZZZZZZZZZ")][:2] == [
        (1, 30, 31),
        (0, 31, 31),
    ]


@pytest.mark.parametrize("stem", ["", "BNGH7C75", "BNGH7C75FN"])
def test_a_stem_of_another_length_has_no_check_character(stem):
    """Nine characters, no more and no fewer."""
    with pytest.raises(ValueError, match=f"9 characters before its check character, not {len(stem)}"):
        checksum.check_character(stem)


@pytest.mark.parametrize("character", ["0", "1", "I", "O", "f", "-", " ", "\u0412", "\0"])
def test_a_stem_with_a_stranger_has_no_check_character(character):
    """What is not in the alphabet has no value."""
    with pytest.raises(ValueError, match="character 9, is not in the USI alphabet"):
        checksum.check_character("BNGH7C75" + character)


@pytest.mark.parametrize(
    ("value", "reasons"),
    [
        ("BNGH7C75FN", ()),
        ("BNGH7C75FM", ("usi.check_character",)),
        ("bngh7c75fn", ("usi.alphabet",)),
        ("BNGH7C75F", ("usi.length",)),
        ("BNGH7C75FN ", ("usi.alphabet", "usi.length")),
        ("BNGH7C75FN\n", ("usi.alphabet", "usi.length")),
        ("", ("usi.length",)),
        ("2222-22222", ("usi.alphabet",)),
        ("________-2", ("usi.alphabet",)),
        ("INDIV", ("usi.not_a_usi", "usi.alphabet", "usi.length")),
        ("INTOFF", ("usi.not_a_usi", "usi.alphabet", "usi.length")),
        ("SHORT", ("usi.not_a_usi", "usi.alphabet", "usi.length")),
        (None, ("usi.type",)),
        (2222222222, ("usi.type",)),
        (True, ("usi.type",)),
        (["BNGH7C75FN"], ("usi.type",)),
        ({"usi": "BNGH7C75FN"}, ("usi.type",)),
        (b"BNGH7C75FN", ("usi.type",)),
    ],
)
def test_every_reason_is_named(value, reasons):
    """All reasons that hold are given, the most telling first; the check character only where it counts."""
    assert checksum.reasons(value) == reasons


def test_a_million_characters_are_refused_at_once():
    """A huge text is refused for its length without a sum over it."""
    assert checksum.reasons("2" * 1_048_576) == ("usi.length",)


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("bngh7c75fn", "BNGH7C75FN"),
        (" BNGH7C75FN\r\n", "BNGH7C75FN"),
        ("\ufeffBNGH7C75FN\0", "BNGH7C75FN"),
        ("\u00a0\u3000BNGH7C75FN\t", "BNGH7C75FN"),
        ("BNGH 7C75FN", "BNGH 7C75FN"),
        ("BNGH\u017fC75FN", "BNGH\u017fC75FN"),
        ("\u00df", "\u00df"),
        ("\uff22\uff4e", "\uff22\uff4e"),
        ("BNGH7C75FN\u200b", "BNGH7C75FN\u200b"),
    ],
)
def test_folding_goes_no_further_than_a_to_z_and_the_two_ends(typed, folded):
    """Blanks around go, a to z become A to Z, and nothing else changes."""
    assert checksum.fold(typed) == folded


@given(st.text())
def test_folding_takes_all_white_space_and_twice_is_once(text):
    """What Python calls white space is gone from both ends, and folding a folded text changes nothing."""
    folded = checksum.fold(text)
    assert folded == folded.strip()
    assert checksum.fold(folded) == folded


@given(stems())
def test_of_the_32_last_characters_one_is_right(stem):
    """The check character and no other makes a USI."""
    assert [c for c in checksum.ALPHABET if checksum.is_valid(stem + c)] == [checksum.check_character(stem)]


@given(st.text(max_size=12))
def test_a_right_usi_is_one_without_reasons(text):
    """`is_valid` and `reasons` never disagree, whatever the text."""
    assert checksum.is_valid(text) == (checksum.reasons(text) == ())


# --- what the method sees -------------------------------------------------------------------------


@pytest.mark.parametrize("stem", SAMPLE)
def test_no_single_wrong_character_is_missed(stem):
    """All 310 single mistakes in a USI are noticed."""
    usi = checksum.complete(stem)
    wrong = [
        usi[:place] + character + usi[place + 1 :]
        for place in range(10)
        for character in checksum.ALPHABET
        if character != usi[place]
    ]
    assert len(wrong) == 310
    assert [text for text in wrong if checksum.is_valid(text)] == []


@given(usi=usis(), position=positions(9))
def test_a_swap_of_neighbours_is_noticed_unless_it_is_two_and_z(usi, position):
    """Only {2, Z} may change places unnoticed."""
    pair = usi[position : position + 2]
    swapped = usi[:position] + pair[::-1] + usi[position + 2 :]
    assert checksum.is_valid(swapped) == (pair[0] == pair[1] or set(pair) == {"2", "Z"})


def test_exactly_one_pair_of_neighbours_can_be_swapped_unseen():
    """Of all 496 pairs, at a doubled and at a plain place, it is {2, Z} alone."""
    for place in (0, 1):
        unseen = set()
        for pair in itertools.combinations(checksum.ALPHABET, 2):
            stem = "7" * place + "".join(pair) + "7" * (7 - place)
            swapped = "7" * place + "".join(reversed(pair)) + "7" * (7 - place)
            if checksum.check_character(stem) == checksum.check_character(swapped):
                unseen.add("".join(pair))
        assert unseen == {"2Z"}


def test_exactly_eleven_twin_errors_are_missed():
    """Of all 496 changes from xx to yy, at both kinds of places, eleven are not seen."""
    for place in (0, 1):
        missed = []
        for x, y in itertools.combinations(checksum.ALPHABET, 2):
            one, other = (("7" * place + twin * 2 + "7" * (7 - place)) for twin in (x, y))
            if checksum.check_character(one) == checksum.check_character(other):
                missed.append(x + y)
        assert missed == ["2P", "3Q", "4R", "5S", "6T", "7U", "8V", "9W", "AX", "BY", "CZ"]
    assert checksum.TWIN_ERRORS == ("2P", "3Q", "4R", "5S", "6T", "7U", "8V", "9W", "AX", "BY", "CZ")


@given(usi=usis(), position=positions(8))
def test_three_characters_backwards_are_never_noticed(usi, position):
    """The first and the third of any three have the same factor."""
    backwards = usi[:position] + usi[position : position + 3][::-1] + usi[position + 3 :]
    assert checksum.is_valid(backwards)


# --- the second opinion ---------------------------------------------------------------------------


@given(stem=stems(), last=st.sampled_from(checksum.ALPHABET))
def test_python_stdnum_agrees(stem, last):
    """An implementation that is not ours gives the same check character and the same verdict."""
    luhn = pytest.importorskip("stdnum.luhn")
    assert luhn.calc_check_digit(stem, checksum.ALPHABET) == checksum.check_character(stem)
    assert luhn.is_valid(stem + last, checksum.ALPHABET) == checksum.is_valid(stem + last)
