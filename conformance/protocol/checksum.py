"""The check character of a Unique Student Identifier (USI): Luhn's method in base 32.

A USI is nine characters and one check character.  All ten come from an alphabet of 32 that leaves out
0, 1, I and O, because people confuse them.  Source: check-character algorithm of the USI developer kit;
form of a USI: simple type `USI` of the registry's WSDL (length 10, pattern `[A-HJ-NP-Z2-9]*`).

`check_character`, `is_valid` and `reasons` are exact: they fold no case and trim no blanks, because the
registry's schema does not either.  `fold` is the one concession that a product may make to what a
person types, before it asks any of them.

A right check character does not mean that the USI was ever issued: one random text in 32 of the right
form has it.  Nor does the method see every mistake; see `TWIN_ERRORS` and `UNSEEN_SWAP`.
"""

from dataclasses import dataclass
from typing import Final

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""The 32 characters; the place of a character, counted from 0, is its value."""

LENGTH: Final = 10
"""Characters of a USI, the check character included."""

STEM_LENGTH: Final = LENGTH - 1
"""Characters in front of the check character."""

REPORTING_CODES: Final = ("INDIV", "INTOFF", "SHORT")
"""What AVETMISS statistics hold in place of a USI for students who are exempt.  Never sent as one."""

TWIN_ERRORS: Final = ("2P", "3Q", "4R", "5S", "6T", "7U", "8V", "9W", "AX", "BY", "CZ")
"""The pairs `xy` of which a doubled `xx` may turn into `yy`, side by side, without being noticed."""

UNSEEN_SWAP: Final = "2Z"
"""The only two characters that may change places, side by side, without being noticed."""

ALPHABET_REASON: Final = "usi.alphabet"
LENGTH_REASON: Final = "usi.length"
CHECK_CHARACTER_REASON: Final = "usi.check_character"
TYPE_REASON: Final = "usi.type"
NOT_A_USI_REASON: Final = "usi.not_a_usi"

_BASE: Final = len(ALPHABET)
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}

# What the trimming functions of common platforms take away at both ends: Java and PHP take NUL,
# JavaScript takes the byte-order mark, all of them take what Unicode calls white space.
_PADDING: Final = (
    "\0\ufeff \t\n\v\f\r\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2028\u2029\u202f\u205f\u3000"
    "\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
)
_TO_UPPER: Final = {ord("a") + offset: ord("A") + offset for offset in range(26)}


@dataclass(frozen=True, slots=True)
class Step:
    """What one character of the stem adds to the sum."""

    position: int
    """Place in the stem, counted from 1 at the left."""
    character: str
    value: int
    """Place of the character in `ALPHABET`, counted from 0."""
    factor: int
    """2 for the last character of the stem, then 1 and 2 in turn towards the left."""
    product: int
    """Value times factor, 0 to 62."""
    quotient: int
    """The product's first digit in base 32."""
    remainder: int
    """The product's second digit in base 32."""

    @property
    def digit_sum(self) -> int:
        """What is added to the sum: both base-32 digits of the product."""
        return self.quotient + self.remainder


def luhn_steps(stem: str) -> tuple[Step, ...]:
    """Return the working of the check character, one step per character, from the right to the left.

    Args:
        stem: the first nine characters of a USI, each one of `ALPHABET`.

    Raises:
        ValueError: there are not nine characters, or one of them is not in `ALPHABET`.
    """
    if len(stem) != STEM_LENGTH:
        raise ValueError(f"a USI has {STEM_LENGTH} characters before its check character, not {len(stem)}")
    return tuple(_step(stem, position) for position in range(STEM_LENGTH, 0, -1))


def _step(stem: str, position: int) -> Step:
    character = stem[position - 1]
    if character not in _VALUE:
        raise ValueError(f"{character!r}, character {position}, is not in the USI alphabet")
    value = _VALUE[character]
    # The stem's last character is doubled, the one before it is not, and so on towards the left.
    factor = 2 - (STEM_LENGTH - position) % 2
    quotient, remainder = divmod(value * factor, _BASE)
    return Step(position, character, value, factor, value * factor, quotient, remainder)


def check_character(stem: str) -> str:
    """Return the check character that belongs to the first nine characters of a USI.

    Args:
        stem: nine characters, each one of `ALPHABET`.

    Raises:
        ValueError: there are not nine characters, or one of them is not in `ALPHABET`.
    """
    total = sum(step.digit_sum for step in luhn_steps(stem))
    # Minus before the remainder: a sum that 32 divides needs the value 0, and never 32.
    return ALPHABET[-total % _BASE]


def complete(stem: str) -> str:
    """Return the USI that begins with `stem`; arguments and errors as of `check_character`."""
    return stem + check_character(stem)


def is_valid(usi: str) -> bool:
    """Tell whether `usi` has the form of a USI and the check character that belongs to it.

    As `not reasons(usi)`, without the working: bulk messages have hundreds of them to judge.
    """
    if len(usi) != LENGTH:
        return False
    try:
        return sum(map(dict.__getitem__, _SUMMANDS, usi)) % _BASE == 0
    except KeyError:  # a character that is not in the alphabet
        return False


# What each character adds at each place.  The check character adds its own value, so that the sum of all ten
# comes out as a multiple of 32.
_SUMMANDS: Final = (
    *(
        {character: _step(character * STEM_LENGTH, place).digit_sum for character in ALPHABET}
        for place in range(1, LENGTH)
    ),
    _VALUE,
)


def reasons(value: object) -> tuple[str, ...]:
    """Return every reason why `value` is not a USI, or nothing if it is one.

    Args:
        value: anything that JSON can hold.

    Returns:
        Reasons of the contract between kit and harness, the most telling first.  A value that is no
        text has `usi.type` alone.  The check character is judged only where length and alphabet are
        right, since it means nothing elsewhere.
    """
    if not isinstance(value, str):
        return (TYPE_REASON,)
    found = []
    if value in REPORTING_CODES:
        found.append(NOT_A_USI_REASON)
    if not _VALUE.keys() >= set(value):
        found.append(ALPHABET_REASON)
    if len(value) != LENGTH:
        found.append(LENGTH_REASON)
    if not found and check_character(value[:STEM_LENGTH]) != value[STEM_LENGTH]:
        found.append(CHECK_CHARACTER_REASON)
    return tuple(found)


def fold(typed: str) -> str:
    """Return `typed` with a to z in upper case and without white space around it; nothing else changes.

    This is as far as a product may go to meet what a person types.  White space is taken in the widest
    sense of the usual platforms, byte-order mark and NUL included, and only at the two ends: what stands
    between two characters is a mistake.  Letters outside a to z stay as they are; a general upper-casing
    would turn long s (U+017F) into S and sharp s (U+00DF) into SS, and make a USI of what is none.
    """
    return typed.strip(_PADDING).translate(_TO_UPPER)
