"""USIs, their parts and their near misses, and ABNs."""

from typing import Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol import abn, checksum

# --- USIs -----------------------------------------------------------------------------------------

# Sums that 32 divides, values at both ends of the alphabet, and both sides of every mistake that the
# method cannot see: here an implementation that is nearly right differs from one that is right.
_SPECIAL_STEMS: Final = (
    "222222222",
    "ZZZZZZZZZ",
    "2Z2Z2Z2Z2",
    "Z2Z2Z2Z2Z",
    "23456789A",
    "ZYXWVUTSR",
    "22PP33QQ4",
    "AAXXBBYYC",
    "ABCCBAABC",
)

# What people, fonts, databases and input methods make of a character of the alphabet, and what has
# upset implementations: no member of the alphabet, and none that upper-casing may turn into one.
_STRANGERS: Final = tuple(
    "01IO"
    "-_ .,/*?"
    "\0\t\n\x7f\x85\u00a0\u00ad"  # NUL, tab, line feed, DEL, next line, no-break blank, soft hyphen
    "\u200b\u200d\u2060\ufeff"  # zero width: blank, joiner, word joiner, byte-order mark
    "\u0301\u20e3"  # combining: acute accent, keycap
    "\u00df\u0131\u017f\u212a"  # sharp s, dotless i, long s, the sign for kelvin
    "\u0391\u0392\u0410\u0412\u0421\u0415"  # Greek and Cyrillic letters that look like A, B, C, E
    "\u0662\u0968\uff12\uff21\u2461\u00b2\u2164"  # digits and letters of other scripts and shapes
    "\U0001d400\U0001d7d0\U0001f600"  # beyond the first plane: bold A, bold 2, a face
)


def characters(*, but: str = "") -> SearchStrategy[str]:
    """Single characters of the USI alphabet.

    Args:
        but: characters that are not wanted.

    Raises:
        ValueError: `but` has a character outside the alphabet, or leaves none over.
    """
    if strangers := sorted(set(but) - set(checksum.ALPHABET)):
        raise ValueError(f"but must hold characters of the USI alphabet, which {strangers[0]!r} is not")
    wanted = [character for character in checksum.ALPHABET if character not in but]
    if not wanted:
        raise ValueError("but leaves no character of the USI alphabet over")
    return st.sampled_from(wanted)


def stems() -> SearchStrategy[str]:
    """The first nine characters of USIs."""
    length = checksum.STEM_LENGTH
    return st.text(checksum.ALPHABET, min_size=length, max_size=length) | st.sampled_from(_SPECIAL_STEMS)


def usis() -> SearchStrategy[str]:
    """Valid USIs, upper case, ten characters.  None of them need ever have been issued."""
    return stems().map(checksum.complete)


def positions(length: int = checksum.LENGTH) -> SearchStrategy[int]:
    """Places in a text of `length` characters, counted from 0.

    Raises:
        ValueError: `length` is less than 1, so that there is no place.
    """
    if length < 1:
        raise ValueError(f"a text of {length} characters has no positions")
    return st.integers(0, length - 1)


def strangers() -> SearchStrategy[str]:
    """Single characters that are no part of a USI and that no case folding may make one.

    The letters a to z are left out, since a product may take them for A to Z.
    """
    accepted = checksum.ALPHABET + checksum.ALPHABET.lower()
    return st.sampled_from(_STRANGERS) | st.characters(codec="utf-8", exclude_characters=accepted)


def wrong_lengths(*, longest: int = 40) -> SearchStrategy[str]:
    """Texts of the USI alphabet that do not have ten characters; the sum of most of them comes out.

    Args:
        longest: most characters, at least 11.

    Raises:
        ValueError: `longest` is less than 11.
    """
    length = checksum.LENGTH
    if longest <= length:
        raise ValueError(f"longest must be at least {length + 1}, not {longest}")
    # A 2 counts 0 wherever it stands, so a USI keeps its sum when some are put in front or taken away.
    too_long = st.builds(str.rjust, usis(), st.integers(length + 1, longest), st.just("2"))
    too_short = st.integers(0, length - 1).flatmap(
        lambda size: st.text(checksum.ALPHABET, min_size=max(size - 1, 0), max_size=max(size - 1, 0)).map(
            lambda rest: checksum.complete(rest.rjust(checksum.STEM_LENGTH, "2"))[length - size :]
        )
    )
    any_sum = st.text(checksum.ALPHABET, max_size=longest).filter(lambda text: len(text) != length)
    return st.one_of(too_short, too_long, any_sum)


def strange_texts() -> SearchStrategy[str]:
    """Texts that hold a character which is no part of a USI, even after the folding that a product may do.

    Among them are right USIs with one stranger in the place of a character, before, behind or between
    them, and any Unicode text at all.  There are no lone surrogates, which have no form in UTF-8.
    """
    length = checksum.LENGTH
    return st.one_of(
        st.builds(_replaced, usis(), positions(length), strangers()),
        st.builds(_inserted, usis(), positions(length + 1), strangers()),
        st.text(checksum.ALPHABET + "".join(_STRANGERS), min_size=length, max_size=length),
        st.text(max_size=2 * length),
    ).filter(lambda text: not set(checksum.fold(text)) <= set(checksum.ALPHABET))


def _replaced(text: str, position: int, character: str) -> str:
    return text[:position] + character + text[position + 1 :]


def _inserted(text: str, position: int, character: str) -> str:
    return text[:position] + character + text[position:]


# --- businesses -----------------------------------------------------------------------------------


def abns() -> SearchStrategy[str]:
    """Valid Australian Business Numbers: eleven digits, without blanks.  None need be registered."""
    length = abn.BODY_LENGTH
    special = st.sampled_from(("000000000", "999999999"))
    return (st.text("0123456789", min_size=length, max_size=length) | special).map(abn.complete)
