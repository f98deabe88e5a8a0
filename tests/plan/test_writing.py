"""Texts are written as TOML reads them back, and as a person can see them."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.plan.writing import quoted


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_is_written_is_read_back(text):
    """Every text survives, on one line of printable characters."""
    written = quoted(text)
    assert tomllib.loads(f"x = {written}") == {"x": text}
    assert written.isprintable()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("", '""'),
        ('say "no"', r'"say \"no\""'),
        ("C:\\keys", r'"C:\\keys"'),
        ("one\ntwo\tthree\r", r'"one\ntwo\tthree\r"'),
        ("\x1b[31m", r'"\u001B[31m"'),
        ("a\u202eb", r'"a\u202Eb"'),
        ("\U000e0041", r'"\U000E0041"'),
        ("half \ud800 pair", r'"half \uFFFD pair"'),
        ("Zoë 😀", '"Zoë 😀"'),
    ],
)
def test_what_nobody_sees_is_written_as_an_escape(text, written):
    """Controls, directions and halves of pairs become escapes; what can be read stays as it is."""
    assert quoted(text) == written
