"""The check digits of an Australian Business Number (ABN).

An ABN is eleven digits: two check digits and nine that identify.  Subtract 1 from the first digit,
multiply each digit by its weight, add: the sum must be divisible by 89.  Source: Australian Business
Register, format of the ABN; confirmed on the published ABNs of the third-party test environment.

A right ABN is not a registered one.  Groups and blanks (`27 809 366 375`) are for readers: on the wire
and in a certificate an ABN is eleven digits and nothing else.
"""

from typing import Final

LENGTH: Final = 11
"""Digits of an ABN."""

BODY_LENGTH: Final = 9
"""Digits behind the two check digits."""

WEIGHTS: Final = (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)
"""What each digit counts, from the left."""

MODULUS: Final = 89

_DIGITS: Final = frozenset("0123456789")  # str.isdigit would let the digits of every other script pass


def is_valid(abn: str) -> bool:
    """Tell whether `abn` is eleven digits, without blanks, whose weighted sum comes out.

    Check digits from 00 to 10 pass too where the rule, which speaks of the sum only, lets them: nobody
    computes them, but nothing published forbids them.
    """
    if len(abn) != LENGTH or not _DIGITS.issuperset(abn):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, abn, strict=True))
    return (total - WEIGHTS[0]) % MODULUS == 0


def check_digits(body: str) -> str:
    """Return the two check digits, 11 to 99, of the nine digits that identify a business.

    Args:
        body: nine digits.  For a company they are its Australian Company Number.

    Raises:
        ValueError: there are not nine characters, or one of them is not a digit.
    """
    if len(body) != BODY_LENGTH or not _DIGITS.issuperset(body):
        raise ValueError(f"an ABN has {BODY_LENGTH} digits behind its check digits, not {body!r}")
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS[2:], body, strict=True))
    # The 10 undoes the 1 that is taken from the first digit.  Where 89 divides the sum, 10 and 99 would both
    # be right; this is the usual one.
    return str(10 + MODULUS - total % MODULUS)


def complete(body: str) -> str:
    """Return the ABN that ends in these nine digits; arguments and errors as of `check_digits`."""
    return check_digits(body) + body
