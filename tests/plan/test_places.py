"""The line of every table, key and element of a TOML document is found."""

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.plan import places
from conformance.plan.writing import quoted

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "conformance" / "catalogue").glob("*.toml")), ROOT / "pyproject.toml"]

DOCUMENT = '''\
# a comment with [brackets] and key = "value"
first = 1
"quoted key" = "with # no comment and ] no bracket"
'literal' = 'C:\\folder\\'
a.b . "c.d" = 2

[table] # and its comment
list = [
  "one", # first
  [ 2,
    3 ], { x = 4, y = [5] },
]
long = """
first = 9
[nowhere]
quotes "" and ""\\" inside""""
raw = \'\'\'
it's = 1\'\'\'
after = 1979-05-27 07:32:00 # a bare value with a blank

[[array]]
name = "zero"
[[array]]
name = "one"
[array.below]
key = true
[[array.further]]
deep = 1
[[array.further]]
deep = 2
[table . inner]
last = inf
'''

LINES = {
    ("first",): 2,
    ("quoted key",): 3,
    ("literal",): 4,
    ("a",): 5,
    ("a", "b"): 5,
    ("a", "b", "c.d"): 5,
    ("table",): 7,
    ("table", "list"): 8,
    ("table", "list", 0): 9,
    ("table", "list", 1): 10,
    ("table", "list", 1, 0): 10,
    ("table", "list", 1, 1): 11,
    ("table", "list", 2): 11,
    ("table", "list", 2, "x"): 11,
    ("table", "list", 2, "y"): 11,
    ("table", "list", 2, "y", 0): 11,
    ("table", "long"): 13,
    ("table", "raw"): 17,
    ("table", "after"): 19,
    ("array",): 21,
    ("array", 0): 21,
    ("array", 0, "name"): 22,
    ("array", 1): 23,
    ("array", 1, "name"): 24,
    ("array", 1, "below"): 25,
    ("array", 1, "below", "key"): 26,
    ("array", 1, "further"): 27,
    ("array", 1, "further", 0): 27,
    ("array", 1, "further", 0, "deep"): 28,
    ("array", 1, "further", 1): 29,
    ("array", 1, "further", 1, "deep"): 30,
    ("table", "inner"): 31,
    ("table", "inner", "last"): 32,
}


def all_places(value, place=()):
    if place:
        yield place
    if isinstance(value, dict):
        for key, each in value.items():
            yield from all_places(each, (*place, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from all_places(each, (*place, index))


def test_every_form_of_the_grammar_has_its_line():
    """Comments, strings of all four kinds, dotted and quoted keys, lists, tables of every form."""
    assert places.find(DOCUMENT) == LINES
    assert set(all_places(tomllib.loads(DOCUMENT))) == set(LINES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_real_files_are_walked_without_losing_the_way(path):
    """In every TOML file of the kit each place is found, and the line of a key has the key in it."""
    text = path.read_text(encoding="utf-8")
    found = places.find(text)
    lines = text.split("\n")
    for place in all_places(tomllib.loads(text)):
        assert place in found, place
        if isinstance(place[-1], str):
            assert place[-1] in lines[found[place] - 1], place


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8, unique_by=lambda pair: pair[0]), st.integers(0, 3))
def test_whatever_stands_in_keys_and_texts_the_lines_are_right(pairs, blank):
    """One key per line: the n-th key is on the n-th line, however strange key and value are."""
    text = "\n" * blank + "".join(f"{quoted(key)} = [{quoted(value)}]\n" for key, value in pairs)
    wanted = {}
    for number, (key, _) in enumerate(pairs, blank + 1):
        wanted |= {(key,): number, (key, 0): number}
    assert places.find(text) == wanted


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "a = 1", "a = [", 'a = "', "= = ]", "["])
def test_no_text_makes_the_walk_stand_still(text):
    """The walk ends, also over what the reader would have refused."""
    assert isinstance(places.find(text), dict)
