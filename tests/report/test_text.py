"""Text from strangers is bounded, and nothing in it stays unseen."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.report import text

ANYTHING = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("given_text", "seen"),
    [
        ("plain", "plain"),
        ("\x1b[31mred", "⟨ESC⟩[31mred"),
        ("a\x00b", "a⟨NUL⟩b"),
        ("\x00\x00\x00", "⟨NUL⟩*3"),
        ("a\u202eb", "a⟨U+202E⟩b"),
        ("\ufeffBOM", "⟨U+FEFF⟩BOM"),
        ("no\u00a0break", "no⟨U+00A0⟩break"),
        ("\ud800", "⟨U+D800⟩"),
        ("line\r\nline\tcolumn", "line\nline\tcolumn"),
        ("lone\rreturn", "lone⟨CR⟩return"),
        ("René Müller", "René Müller"),
    ],
)
def test_names_what_cannot_be_seen(given_text, seen):
    """An unseen character becomes its name, a run of it is counted, and everything else stays."""
    assert text.visible(given_text) == seen


def test_bounds_a_megabyte():
    """A long text keeps its head and its tail and says how much is missing."""
    shown = text.visible("A" * 700 + "B" * 1_000_000 + "C" * 200, 800)
    assert shown.startswith("A" * 600 + " … 1 000 100 more characters … ")
    assert shown.endswith("C" * 200)


def test_explains_look_alikes_for_a_person():
    """A Cyrillic letter is followed by its code point, and its name is at hand."""
    assert text.shown("BNGH7C75F\u041d") == (
        'BNGH7C75F<span class="u" title="U+041D CYRILLIC CAPITAL LETTER EN">\u041d⟨U+041D⟩</span>'
    )


def test_escapes_for_html():
    """Markup in a text stays text."""
    assert text.shown("<b>\x00&") == ('&lt;b&gt;<span class="u" title="U+0000 NUL">⟨NUL⟩</span>&amp;')


def test_worded_shows_code():
    """Back-quotes in the catalogue's sentences become code, and nothing in them becomes markup."""
    assert text.worded("Use `IndexOf` not `<b>`.") == "Use <code>IndexOf</code> not <code>&lt;b&gt;</code>."


def test_headline_is_cut_between_words():
    """A headline ends at a word, with the sign that it was cut."""
    assert text.headline("one two three four", 12) == "one two…"
    assert text.headline("one two", 12) == "one two"


def test_one_line_has_no_line_feed():
    """Line feeds are shown as such on one line."""
    assert text.one_line("a\n  b\tc") == "a ⏎ b c"


@given(ANYTHING)
@settings(max_examples=100, deadline=None)
def test_visible_text_can_be_written_anywhere(anything):
    """Whatever comes in, what goes out is printable but for tabs and line feeds, and is valid UTF-8."""
    seen = text.visible(anything)
    assert seen.encode("utf-8").decode("utf-8") == seen
    assert all(c in "\t\n" or c >= " " for c in seen)
    assert text.visible(seen) == seen
