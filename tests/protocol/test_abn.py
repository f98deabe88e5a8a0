"""The check digits of an ABN: known answers, a second opinion, and what they notice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import abn
from conformance.strategies import abns, positions


@pytest.mark.parametrize("number", ["27809366375", "11000002568", "96312011219", "12300000059"])
def test_a_published_abn_is_valid(number):
    """The ABNs of the third-party test environment are right, and their check digits can be computed."""
    assert abn.is_valid(number)
    assert abn.complete(number[2:]) == number


@pytest.mark.parametrize(
    "number",
    [
        "99999999990",  # a placeholder in published sample code
        "27809366376",
        "",
        "2780936637",
        "278093663750",
        "27 809 366 375",
        "27809366375 ",
        "2780936637X",
        "-7809366375",
        "\u0662\u0667\u0668\u0660\u0669\u0663\u0666\u0666\u0663\u0667\u0665",  # Arabic-Indic digits
    ],
)
def test_a_wrong_abn_is_not_valid(number):
    """Another length, another digit, blanks and the digits of other scripts are refused."""
    assert not abn.is_valid(number)


def test_the_weights_are_those_of_the_register():
    """10 for the first digit, then the odd numbers; 89 must divide the sum."""
    assert abn.WEIGHTS == (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
    assert abn.MODULUS == 89


@pytest.mark.parametrize(
    ("body", "digits"), [("809366375", "27"), ("000002568", "11"), ("000000000", "99"), ("300000059", "12")]
)
def test_check_digits_are_computed(body, digits):
    """The two digits make the weighted sum divisible by 89; where 10 and 99 both would, they are 99."""
    assert abn.check_digits(body) == digits


@pytest.mark.parametrize("body", ["", "12345678", "1234567890", "12345678X", "1234 5678"])
def test_a_wrong_body_has_no_check_digits(body):
    """Nine digits, no more, no fewer and nothing else."""
    with pytest.raises(ValueError, match="9 digits behind its check digits"):
        abn.check_digits(body)


@given(number=abns(), position=positions(11), digit=st.sampled_from("0123456789"))
def test_every_single_wrong_digit_is_noticed(number, position, digit):
    """Replacing any one digit of a right ABN makes it wrong."""
    wrong = number[:position] + digit + number[position + 1 :]
    assert abn.is_valid(wrong) == (digit == number[position])


@given(abns())
def test_python_stdnum_agrees(number):
    """An implementation that is not ours accepts the same numbers and computes the same digits."""
    stdnum = pytest.importorskip("stdnum.au.abn")
    assert stdnum.is_valid(number)
    assert stdnum.calc_check_digits(number[2:]) == number[:2]


@given(st.text("0123456789", min_size=11, max_size=11))
def test_python_stdnum_refuses_the_same(number):
    """The two agree on any eleven digits, but for check digits from 00 to 10, which the sum lets pass."""
    stdnum = pytest.importorskip("stdnum.au.abn")
    assert stdnum.is_valid(number) == (abn.is_valid(number) and int(number[:2]) > 10)


def test_check_digits_that_are_never_computed_pass_the_sum():
    """10 and 99 leave the same remainder; the rule speaks of the sum only, so both are right."""
    assert abn.is_valid("99000000000")
    assert abn.is_valid("10000000000")
