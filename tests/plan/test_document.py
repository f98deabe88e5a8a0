"""A TOML file of the operator's is read strictly, and every complaint has its line."""

from enum import StrEnum
from pathlib import Path

import pytest

from conformance.errors import OperatorError
from conformance.plan import document


class Colour(StrEnum):
    RED = "red"
    DARK_BLUE = "dark blue"


@pytest.fixture
def read(tmp_path):
    """Reads a text, or bytes, as a file."""

    def read(content):
        path = tmp_path / "evte.toml"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return document.read(path, "the plan").root

    return read


@pytest.mark.parametrize(
    "content", [b'\xef\xbb\xbfx = "\xc3\xa4"\r\n', 'x = "ä"'.encode(), b"x='\xc3\xa4'\r\n\r\n"]
)
def test_editors_of_windows_are_welcome(read, content):
    """A byte order mark and line ends of two characters change nothing."""
    assert read(content).text("x") == "ä"


@pytest.mark.parametrize(
    ("content", "message", "told"),
    [
        (b"a = 1\nb = \xff\n", "the plan is not written in UTF-8", ["0xff", "line 2", "UTF-16"]),
        ('a = "1"\n'.encode("utf-16"), "the plan is not written in UTF-8", ["line 1"]),
        (b"a = 1\nb = x\n", "the plan is no TOML", ["line 2", "quotes"]),
        (b"a = 1\na = 2\n", "the plan is no TOML", ["Cannot overwrite a value", "line 2"]),
        (b'\na = "C:\\keys\\store.xml"\n', "the plan is no TOML", ["line 2", "single quotes"]),
        (b'a = "C:\\users"\n', "the plan is no TOML", ["line 1", "single quotes"]),
        (b"a = [1,", "the plan is no TOML", ["not closed"]),
        (b"a = " + b"9" * 5000, "the plan is no TOML", ["a number that is too long"]),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "the file is nested too deeply", []),
        (b".".join([b"a"] * 3000) + b" = 1", "the file is nested too deeply", []),
        (b"#" * (256 * 1024 + 1), "the plan is too long", ["262144"]),
        (b"a = 2026-02-30\n", "the plan is no TOML", ["line 1"]),
        (b"a = \x00\n", "the plan is no TOML", ["line 1"]),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(read, content, message, told):
    """Never a traceback, whatever the bytes are."""
    with pytest.raises(OperatorError) as error:
        read(content)
    assert error.value.message == message
    for words in told:
        assert words in str(error.value)


@pytest.mark.parametrize("name", ["missing.toml", "folder", "nul\0.toml"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, name):
    """Missing, a folder, or no path at all."""
    (tmp_path / "folder").mkdir()
    with pytest.raises(OperatorError, match="the plan cannot be read"):
        document.read(tmp_path / name, "the plan")


RIGHT = [
    ('x = " a b "', lambda t: t.text("x"), "a b"),
    ("", lambda t: t.text("x"), ""),
    ('x = "a\\nb"', lambda t: t.text("x", lines=True), "a\nb"),
    ('x = ["a", " b"]', lambda t: t.texts("x"), ("a", "b")),
    ("", lambda t: t.texts("x"), ()),
    ('x = ["b"]', lambda t: t.known_texts("x", ("a", "b"), "letter"), ("b",)),
    ('x = "dark blue"', lambda t: t.choice("x", Colour), Colour.DARK_BLUE),
    ('x = ""', lambda t: t.choice("x", Colour), None),
    ('x = ["red"]', lambda t: t.choices("x", Colour), (Colour.RED,)),
    ("x = 0", lambda t: t.whole("x", least=0), 0),
    ("", lambda t: t.whole("x", least=0), None),
    ("x = 3", lambda t: t.seconds("x"), 3.0),
    ("x = 0.5", lambda t: t.seconds("x"), 0.5),
    ("x = false", lambda t: t.switch("x"), False),
    ("x = 2026-11-21", lambda t: t.day("x"), "2026-11-21"),
    ('x = "2026-11-21"', lambda t: t.day("x"), "2026-11-21"),
    ("", lambda t: t.path("x"), None),
    ("[x]\ny = 1", lambda t: t.table("x").content, {"y": 1}),
    ("", lambda t: t.table("x"), None),
    ("[[x]]\ny = 1\n[[x]]\n", lambda t: [each.content for each in t.tables("x")], [{"y": 1}, {}]),
    ("", lambda t: t.tables("x"), ()),
]


@pytest.mark.parametrize(("content", "fetch", "value"), RIGHT, ids=range(len(RIGHT)))
def test_a_value_comes_in_the_type_that_is_wanted(read, content, fetch, value):
    """Texts without blanks around them, words as members, dates as texts; a missing key has its meaning."""
    assert fetch(read(content)) == value


WRONG = [
    ("x = 1", lambda t: t.text("x"), "x must be a text in quotes", "1"),
    ("", lambda t: t.text("x", default=None), "x is missing", ""),
    ('x = "a\\tb"', lambda t: t.text("x"), "x has a character that nobody sees", "U+0009"),
    ('x = "a\\nb"', lambda t: t.text("x"), "x has a character that nobody sees", "U+000A"),
    ('x = "a\\u202Eb"', lambda t: t.text("x", lines=True), "x has a character that nobody sees", "U+202E"),
    ('x = "a"', lambda t: t.texts("x"), "x must be a list in brackets", "'a'"),
    ('x = ["a", 1]', lambda t: t.texts("x"), "x must be a list of texts", "1"),
    ('x = ["a", " "]', lambda t: t.texts("x"), "x must be a list of texts", "' '"),
    ('x = ["a", "a"]', lambda t: t.texts("x"), "x has something twice", "'a'"),
    ('x = ["Bea"]', lambda t: t.known_texts("x", ("Beta",), "letter"), "there is no letter 'Bea'", "'Bea'"),
    ('x = "blue"', lambda t: t.choice("x", Colour), "there is no x 'blue'", "'blue'"),
    ('x = ["RED"]', lambda t: t.choices("x", Colour), "there is no x 'RED'", "'RED'"),
    ("x = 0", lambda t: t.whole("x", least=1), "x is out of bounds", "0"),
    ("x = 9223372036854775808", lambda t: t.whole("x", least=1), "x is out of bounds", "9223372036854775808"),
    ("x = true", lambda t: t.whole("x", least=1), "x must be a whole number", "true"),
    ("x = 1.0", lambda t: t.whole("x", least=1), "x must be a whole number", "1.0"),
    ("x = 0", lambda t: t.seconds("x"), "x must be a number of seconds", "0"),
    ("x = nan", lambda t: t.seconds("x"), "x must be a number of seconds", "nan"),
    ("x = inf", lambda t: t.seconds("x"), "x must be a number of seconds", "inf"),
    ("x = true", lambda t: t.seconds("x"), "x must be a number of seconds", "true"),
    ('x = "yes"', lambda t: t.switch("x"), "x must be true or false", "'yes'"),
    ("x = 1", lambda t: t.switch("x"), "x must be true or false", "1"),
    ("", lambda t: t.day("x"), "x is missing", ""),
    ('x = "21/11/2026"', lambda t: t.day("x"), "x must be a date", "'21/11/2026'"),
    ('x = "2026-02-30"', lambda t: t.day("x"), "x must be a date", "'2026-02-30'"),
    ('x = "20261121"', lambda t: t.day("x"), "x must be a date", "'20261121'"),
    ("x = 2026-11-21T10:00:00Z", lambda t: t.day("x"), "x must be a date", "2026-11-21 10:00:00+00:00"),
    ("x = 1", lambda t: t.table("x"), "x must be a table", "1"),
    ("[x]\ny = 1", lambda t: t.tables("x"), "x must be written as tables", "[x]"),
    ("x = [1]", lambda t: t.tables("x"), "x must be written as tables", "a list"),
    ("x = 1", lambda t: t.refuse_unknown(("y",)), "there is no key 'x'", "'x'"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "fetch", "message", "found"), WRONG, ids=range(len(WRONG)))
def test_a_wrong_value_is_refused(read, content, fetch, message, found):
    """The message has what was found."""
    with pytest.raises(OperatorError) as error:
        fetch(read(content))
    assert error.value.message == message
    assert error.value.found.strip("'") == found.strip("'")


def test_a_complaint_names_the_line_of_the_key_or_of_the_element(read):
    """In lists it is the line of the element, in arrays of tables that of the table's own key."""
    root = read('[table]\nlist = [\n  "a",\n  "a",\n]\n[[x]]\n[[x]]\ny = 1\n')
    with pytest.raises(OperatorError, match=r"evte\.toml, line 4"):
        root.table("table").texts("list")
    with pytest.raises(OperatorError, match=r"evte\.toml, line 8"):
        root.tables("x")[1].text("y")
    with pytest.raises(OperatorError, match=r"evte\.toml, line 6"):
        root.tables("x")[0].text("y", default=None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pasword_env", "password_env"),
        ("Password-Env", "password_env"),
        ("org-code", "org_code"),
        ("Alias", "alias"),
    ],
)
def test_the_nearest_key_is_named(read, written, meant):
    """A typing mistake, another case, a hyphen for an underline."""
    with pytest.raises(OperatorError) as error:
        read(f"[keystore]\n{written} = 1").table("keystore").refuse_unknown(
            ("alias", "password_env", "org_code")
        )
    assert error.value.message == f"there is no key '{written}' of [keystore]"
    assert error.value.advice == f"did you mean {meant}?"


def test_a_key_far_from_all_is_to_be_left_out(read):
    """Nothing is guessed where nothing is near."""
    with pytest.raises(OperatorError, match="leave it out"):
        read("zzz = 1").refuse_unknown(("alias",))


def test_paths_start_from_the_folder_of_the_file(read, tmp_path):
    """Absolute ones stay what they are, `~` is the home folder."""
    elsewhere = tmp_path.parent / "elsewhere.pem"
    root = read(f"a = 'keys/store.xml'\nb = ['{elsewhere}', '../x.pem']\nc = '~/x.pem'")
    assert root.path("a") == tmp_path / "keys" / "store.xml"
    assert root.paths("b") == (elsewhere, tmp_path / ".." / "x.pem")
    assert root.path("c") == Path.home() / "x.pem"


def test_a_tab_in_a_path_of_windows_is_explained(read):
    """A backslash before a letter may be an escape; the message says how to write it."""
    with pytest.raises(OperatorError, match="single quotes"):
        read('x = "C:\\temp\\keystore"'.replace("\\k", "k")).path("x")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a", "'a'"),
        ("it's", '"it\'s"'),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("a" * 100, "'" + "a" * 79 + "…'"),
        (True, "true"),
        ({}, "a table"),
        ([1], "a list"),
        (7, "7"),
    ],
)
def test_a_value_is_shown_so_that_a_terminal_survives_it(value, text):
    """On one line, bounded, with everything unseen made visible."""
    assert document.shown(value) == text
