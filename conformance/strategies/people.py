"""People as a training organisation records them: legal names in any script, dates of birth, addresses.

Every value is one that a person can have, so that a product which refuses it turns somebody away; what
clients stumble over comes up often.  Values are in the form in which a product is asked: texts under the
element names of the contract.
"""

import re
import unicodedata
from datetime import date
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.protocol.operations.types import GENDER

COUNTRIES: Final = ("1101", "1201", "2102", "7103")
"""Codes of the Standard Australian Classification of Countries: Australia, New Zealand, England, India."""

AUSTRALIA: Final = COUNTRIES[0]

NAME_LENGTH: Final = 40
"""Most characters of a first, family or single name."""

_SPECIAL_NAMES: Final = (
    "Ng",
    "O'Brien",
    "D\u2019Arcy",  # the apostrophe that word processors make of it
    "\u02bbOkina",  # a letter, though it looks like one
    "Jean-Luc",
    "McDonald",
    "de la Cruz",
    "van  der Berg",  # two blanks, as recorded
    "St. John",
    "O",
    "Null",
    "True",
    "Ngu\u1ec5n",
    "Jose\u0301",  # an accent of its own
    "M\u0101ori",
    "Gro\u00df",  # longer in upper case
    "I\u015f\u0131k",
    "\u0130pek",  # longer in lower case
    "\u0141ukasz",  # an l that no normalisation makes plain
    "\u00de\u00f3runn",
    "\u041e\u043b\u0435\u043d\u0430",
    "\u0623\u062d\u0645\u062f",
    "\u5409",
    "\U00020bb7\u91ce",  # two units of UTF-16
    "\u0e19\u0e49\u0e33",
    "A" * NAME_LENGTH,
    "\u00e9" * (NAME_LENGTH // 2),
)

_SCRIPTS: Final = (
    (0x0041, 0x024F),  # Latin
    (0x0388, 0x03CE),
    (0x0400, 0x04FF),
    (0x0531, 0x0556),
    (0x05D0, 0x05EA),
    (0x0620, 0x064A),
    (0x0904, 0x0939),
    (0x0E01, 0x0E2E),
    (0x1E00, 0x1EFF),  # Latin of Vietnam
    (0x3041, 0x3096),
    (0x30A1, 0x30FA),
    (0x4E00, 0x9FA5),
    (0xAC00, 0xD7A3),
)
"""First and last code points of scripts that platforms have known for long; nobody is refused for being drawn
from the newest edition of Unicode."""

_LETTERS: Final = [
    st.characters(min_codepoint=first, max_codepoint=last, categories=("Lu", "Ll", "Lo"))
    for first, last in _SCRIPTS
]
_PLAIN: Final = st.text("abcdefghijklmnopqrstuvwxyz\u00e0\u00eb\u00f4\u0169", min_size=1, max_size=10)
_WORD: Final = st.one_of(_PLAIN.map(str.title), *(st.text(of, min_size=1, max_size=10) for of in _LETTERS))
_BETWEEN: Final = st.sampled_from((" ", "-", "'", "\u2019", "  ", ". "))

_SPECIAL_DATES: Final = (
    "1966-05-25",
    "1970-01-01",
    "1969-12-31",
    "2000-02-29",
    "2000-01-01",
    "1999-12-31",
    "1925-01-01",
    "1929-12-31",  # where .NET by default begins to take two digits for the other century
    "1968-12-31",  # and the C library
    "1952-02-29",
    "1987-10-25",  # summer time began in Sydney, at two o'clock
    "1990-03-04",  # and ended
    "2001-09-11",  # the same with day and month exchanged is another date
    "2010-12-31",
)
_EARLIEST: Final = date(1925, 1, 1)
_LATEST: Final = date(2012, 12, 31)
"""Fixed, so that the same seed draws the same people in another year: all old enough, none too old."""


def _shortened(text: str, most: int) -> str:
    """Return a text cut to so many characters however they are counted, and with a letter at its end."""
    while len(unicodedata.normalize("NFD", text).encode("utf-16-le")) > 2 * most:
        text = text[:-1]
    return re.sub(r"[ '\u2019-]+\Z", "", text)


@cache
def person_names(*, longest: int = NAME_LENGTH) -> SearchStrategy[str]:
    """Legal names, each one element of the contract: words of any script, hyphens, apostrophes, blanks.

    Args:
        longest: most characters, whether accents are counted by themselves and in units of UTF-16 or not;
            at least 1.

    Raises:
        ValueError: `longest` is less than 1.
    """
    if longest < 1:
        raise ValueError(f"a name has at least one character, so longest cannot be {longest}")

    def joined(first: str, rest: list[tuple[str, str]]) -> str:
        return _shortened(first + "".join(mark + word for mark, word in rest), longest)

    drawn = st.builds(joined, _WORD, st.lists(st.tuples(_BETWEEN, _WORD), max_size=2)).filter(bool)
    fitting = [name for name in _SPECIAL_NAMES if _shortened(name, longest) == name]
    return st.sampled_from(fitting) | drawn if fitting else drawn


@cache
def birth_dates() -> SearchStrategy[str]:
    """Dates of birth as yyyy-mm-dd, of people who are neither too young for a USI nor too old."""
    return st.sampled_from(_SPECIAL_DATES) | st.dates(_EARLIEST, _LATEST).map(str)


@cache
def people() -> SearchStrategy[dict[str, str]]:
    """People as a verification names them: FirstName and FamilyName, or SingleName; DateOfBirth."""
    two = st.fixed_dictionaries({"FirstName": person_names(), "FamilyName": person_names()})
    one = st.fixed_dictionaries({"SingleName": person_names()})
    return st.builds(
        lambda named, born: {**named, "DateOfBirth": born}, st.one_of(two, two, one), birth_dates()
    )


@cache
def personal_details() -> SearchStrategy[dict[str, Any]]:
    """The PersonalDetails of applications: a person, gender, birthplace, at times preferred names."""
    return st.builds(
        _detailed,
        people(),
        st.sampled_from(GENDER.values),
        st.none() | person_names(longest=80),
        st.sampled_from(COUNTRIES),
        towns(),
        st.none() | st.tuples(person_names(), person_names()),
    )


def _detailed(
    person: dict[str, str],
    gender: str,
    middle: str | None,
    country: str,
    town: str,
    preferred: tuple[str, str] | None,
) -> dict[str, Any]:
    details: dict[str, Any] = {"Gender": gender, **person}
    single = "SingleName" in person
    if middle is not None and not single:
        details["MiddleName"] = middle
    details |= {"CountryOfBirthCode": country, "TownCityOfBirth": town, "IsPreferredName": bool(preferred)}
    if preferred is not None and single:
        details["PreferredSingleName"] = preferred[0]
    elif preferred is not None:
        details |= {"PreferredFirstName": preferred[0], "PreferredFamilyName": preferred[1]}
    return details


# --- where people live ----------------------------------------------------------------------------

_POST_CODES: Final = (
    ("NSW", "2000"),
    ("NSW", "1001"),
    ("VIC", "3000"),
    ("VIC", "8001"),
    ("QLD", "4870"),
    ("SA", "5000"),
    ("WA", "6000"),
    ("TAS", "7250"),
    ("ACT", "2600"),
)
"""States and post codes of theirs."""

_WITH_ZERO: Final = (("NT", "0800"), ("NT", "0870"), ("ACT", "0200"), ("SA", "0872"), ("WA", "0872"))
"""Likewise, whose post codes no number keeps; the post office of Alice Springs serves three states."""

_TOWNS: Final = (
    "Dubbo",
    "Kangaroo Point",
    "O'Connor",
    "Mary's & Son's Creek",
    "Woolloomooloo-by-the-Sea",
    "K\u00f6ln",
    "\u6771\u4eac",
    "L" + "o" * 48 + "g",
)

_LINES: Final = (
    "1 Test Street",
    "Unit 3/12 O'Connell St",
    "Flat 2 & 3, \u201cThe Gums\u201d",
    "Lot 7 <rear>",
    "c/- #12 Example Road",
    "PO Box 1",
    "x",
    "9" * 50,
)

_MOBILES: Final = ("0491570006", "0491570156", "0491570737", "0491571266")
"""Numbers that the regulator sets aside for fiction."""

_AREAS: Final = ("02", "03", "07", "08")


@cache
def towns() -> SearchStrategy[str]:
    """Towns of birth and of addresses, 1 to 50 characters."""
    return st.sampled_from(_TOWNS) | person_names()


@cache
def address_lines() -> SearchStrategy[str]:
    """Lines of a postal address, 1 to 50 characters."""
    drawn = st.builds(lambda number, street: f"{number} {street}", st.integers(1, 99_999), person_names())
    return st.sampled_from(_LINES) | drawn


@cache
def national_addresses() -> SearchStrategy[dict[str, str]]:
    """Addresses in Australia, whose post codes are of their states."""

    def made(where: tuple[str, str], first: str, second: str | None, town: str) -> dict[str, str]:
        lines = {"Address1": first} if second is None else {"Address1": first, "Address2": second}
        return {**lines, "SuburbTownCity": town, "State": where[0], "PostCode": where[1]}

    where = st.sampled_from(_POST_CODES) | st.sampled_from(_WITH_ZERO)
    return st.builds(made, where, address_lines(), st.none() | address_lines(), towns())


@cache
def international_addresses() -> SearchStrategy[str]:
    """Addresses elsewhere, in one text of up to 250 characters."""
    return st.lists(address_lines(), min_size=1, max_size=4).map(", ".join)


@cache
def email_addresses() -> SearchStrategy[str]:
    """E-mail addresses in domains that are set aside for examples."""
    drawn = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)
    special = st.sampled_from(("o'brien", "first.last+usi", "A_B", "x" * 64))
    return (special | drawn).map(lambda local: f"{local}@example.org")


@cache
def phones() -> SearchStrategy[dict[str, str]]:
    """Home and mobile telephone numbers, one or both, set aside for fiction."""
    home = st.builds(lambda area, last: f"{area}5550{last:04}", st.sampled_from(_AREAS), st.integers(0, 9999))
    mobile = st.sampled_from(_MOBILES)
    return st.one_of(
        st.fixed_dictionaries({"Home": home, "Mobile": mobile}),
        st.fixed_dictionaries({"Mobile": mobile}),
        st.fixed_dictionaries({"Home": home}),
    )


@cache
def contact_details() -> SearchStrategy[dict[str, Any]]:
    """Contact details with at least two means of contact, of residents of Australia and of elsewhere."""

    def of(country: str, address: SearchStrategy[Any], kind: str) -> SearchStrategy[dict[str, Any]]:
        where, mail, phone = ({kind: address}, {"EmailAddress": email_addresses()}, {"Phone": phones()})
        code = {"CountryOfResidenceCode": st.just(country)}
        return st.one_of(
            st.fixed_dictionaries({**code, **where, **mail}),
            st.fixed_dictionaries({**code, **where, **phone}),
            st.fixed_dictionaries({**code, **where, **mail, **phone}),
            st.fixed_dictionaries({**code, **mail, **phone}),
        )

    here = of(AUSTRALIA, national_addresses(), "NationalAddress")
    return st.one_of(here, here, of(COUNTRIES[1], international_addresses(), "InternationalAddress"))
