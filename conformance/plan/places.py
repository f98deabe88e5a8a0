"""Where everything stands in a TOML document: the line of each table, key and element.

Python's reader of TOML keeps no positions, and "the value of `seed` is wrong" is of little use in a file of
a hundred lines.  This walks over a document that the reader has already found right, so it recognises
and never judges.  Source of the grammar: TOML 1.0.0.
"""

import re
from bisect import bisect_right
from typing import Final

Place = tuple[str | int, ...]
"""Keys and indices from the root: `("waiver", 0, "owner")`."""

_BLANK: Final = re.compile(r"(?:[ \t\n]+|#[^\n]*)*")
_KEY: Final = re.compile(r"[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|'([^']*)'|([A-Za-z0-9_-]+))[ \t]*")
_STRING: Final = re.compile(
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_BARE: Final = re.compile(r"[^,\]}\n#]+")


def find(text: str) -> dict[Place, int]:
    """Return the line, from 1, of every table, key and element of an array.

    A key that is only part of a dotted one (`a` of `a.b = 1`) stands where it is first used.

    Args:
        text: a document that `tomllib` reads, line ends as line feeds.

    Raises:
        RecursionError: arrays are nested more deeply than Python calls; `tomllib` raises it too.
    """
    return _Walk(text).walk()


class _Walk:
    """One walk over one document."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(found.end() for found in re.finditer("\n", text))]
        self.lines: dict[Place, int] = {}
        self.members: dict[Place, int] = {}
        """Array of tables -> how many it has so far."""

    def walk(self) -> dict[Place, int]:
        table: Place = ()
        while self._skip():
            line = self._line()
            if self._takes("[["):
                table = self._new_member(self._keys())
                self._takes("]]")
                self._note(table, line)
            elif self._takes("["):
                table = self._resolve(self._keys())
                self._takes("]")
                self._note(table, line)
            else:
                self._pair(table)
        return self.lines

    def _skip(self) -> bool:
        """Pass blanks, line ends and comments; tell whether anything follows."""
        found = _BLANK.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return self.at < len(self.text)

    def _takes(self, token: str) -> bool:
        if self.text.startswith(token, self.at):
            self.at += len(token)
            return True
        return False

    def _line(self) -> int:
        return bisect_right(self.starts, self.at)

    def _note(self, place: Place, line: int) -> None:
        for length in range(1, len(place) + 1):
            self.lines.setdefault(place[:length], line)

    def _keys(self) -> list[str]:
        """Read a key, dotted or not."""
        keys = []
        while found := _KEY.match(self.text, self.at):
            self.at = found.end()
            basic, literal, bare = found.groups()
            keys.append(_unescaped(basic) if basic is not None else literal if literal is not None else bare)
            if not self._takes("."):
                break
        return keys

    def _resolve(self, keys: list[str]) -> Place:
        """Return the place that a header names: below an array of tables it is in the last member."""
        place: Place = ()
        for key in keys:
            place = (*place, key)
            if place in self.members:
                place = (*place, self.members[place] - 1)
        return place

    def _new_member(self, keys: list[str]) -> Place:
        array = (*self._resolve(keys[:-1]), keys[-1])
        self.members[array] = self.members.get(array, 0) + 1
        return (*array, self.members[array] - 1)

    def _pair(self, table: Place) -> None:
        line = self._line()
        place = (*table, *self._keys())
        self._takes("=")
        self._note(place, line)
        self._value(place)

    def _value(self, place: Place) -> None:
        self._skip()
        if self._takes("["):
            self._array(place)
        elif self._takes("{"):
            self._inline_table(place)
        elif found := _STRING.match(self.text, self.at) or _BARE.match(self.text, self.at):
            self.at = found.end()
        else:  # cannot be in a right document; never stand still
            self.at += 1

    def _array(self, place: Place) -> None:
        index = 0
        while self._skip() and not self._takes("]"):
            self._note((*place, index), self._line())
            self._value((*place, index))
            self._skip()
            self._takes(",")
            index += 1

    def _inline_table(self, place: Place) -> None:
        while self._skip() and not self._takes("}"):
            self._pair(place)
            self._skip()
            self._takes(",")


def _unescaped(key: str) -> str:
    """Return a quoted key as the reader knows it."""
    import tomllib

    return next(iter(tomllib.loads(f'"{key}" = 0'))) if "\\" in key else key
