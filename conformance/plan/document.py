"""A TOML file of the operator's, read strictly: every complaint names file and line, and what to try.

`read` gives a `Document`, whose `root` is a `Table`.  The methods of `Table` fetch one value each, in
the type that the reader of it wants, and raise `OperatorError` if it is something else.
"""

import math
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from conformance.errors import OperatorError
from conformance.plan import places, secret
from conformance.plan.places import Place

MOST_BYTES: Final = 256 * 1024
"""Bytes of the longest file that is read."""

_LONGEST_SHOWN: Final = 80

_AT_LINE: Final = re.compile(r" \(at line (\d+), column \d+\)")
_KINDS: Final = {
    bool: "true or false",
    str: "a text in quotes",
    int: "a whole number",
    float: "a number",
    list: "a list in brackets",
    dict: "a table",
}
_ADVICE_ON_PATHS: Final = r"write paths of Windows in single quotes, 'C:\keys\keystore.xml', or with /"

_Choice = TypeVar("_Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was read, and where everything stands in it."""

    path: Path
    content: Mapping[str, Any]
    lines: Mapping[Place, int]

    @property
    def root(self) -> "Table":
        """The whole document as a table."""
        return Table(self, (), self.content)

    def where(self, *place: str | int) -> str:
        """Return `FILE, line N` of a place, or of the nearest place around it that stands somewhere."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path}, line {self.lines[place]}" if place else str(self.path)


def read(path: Path, what: str) -> Document:
    """Read a file.

    Args:
        path: of the file: TOML 1.0, UTF-8, with or without a byte order mark.
        what: what the file should be, in words with an article, for instance `a plan`.

    Raises:
        OperatorError: it cannot be read, is no TOML, is too long, or holds what looks like a secret.
    """
    text = _text(path, what)
    try:
        content = tomllib.loads(text)
        lines = places.find(text)
        _refuse_secrets(path, text, content, lines)
    except RecursionError as error:
        raise OperatorError(
            "the file is nested too deeply", expected=what, found="brackets in brackets", where=str(path)
        ) from error
    except ValueError as error:  # tomllib's own, and Python's of numbers with thousands of digits
        raise _no_toml(path, what, error) from error
    return Document(path, content, lines)


def _text(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise OperatorError(
            f"{what} cannot be read",
            expected=f"{what} in TOML",
            found=error.strerror or str(error),
            where=str(path),
            advice="compare the path, and whether this user may read the file",
        ) from error
    except ValueError as error:  # a NUL in the path
        raise OperatorError(f"{what} cannot be read", found=str(error), where=repr(str(path))) from error
    if len(data) > MOST_BYTES:
        raise OperatorError(
            f"{what} is too long",
            expected=f"at most {MOST_BYTES} bytes",
            where=str(path),
            advice="is it the right file?",
        )
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise OperatorError(
            f"{what} is not written in UTF-8",
            expected="UTF-8",
            found=f"the byte 0x{data[error.start]:02x}",
            where=f"{path}, line {line}",
            advice="save the file as UTF-8; PowerShell's `>` writes UTF-16",
        ) from error


def _no_toml(path: Path, what: str, error: ValueError) -> OperatorError:
    found = _AT_LINE.search(str(error))
    complaint = _AT_LINE.sub("", str(error)) if isinstance(error, tomllib.TOMLDecodeError) else ""
    if "at end of document" in complaint:
        advice = "something that was opened is not closed, or a value is missing"
    elif "Unescaped '\\'" in complaint or "hex" in complaint.casefold():
        advice = _ADVICE_ON_PATHS
    else:
        advice = "texts stand in quotes, lists in brackets; https://toml.io shows the form"
    return OperatorError(
        f"{what} is no TOML",
        expected='lines such as `profile = "usi-local"`',
        found=complaint or "a number that is too long",
        where=f"{path}, line {found[1]}" if found else str(path),
        advice=advice,
    )


def _refuse_secrets(path: Path, text: str, content: dict[str, Any], lines: Mapping[Place, int]) -> None:
    suspects = [(lines.get(place, 0), looks_like) for place, looks_like in secret.find(content)]
    for line, looks_like in (*suspects, *secret.find_in_text(text)):
        raise OperatorError(
            "the file holds what looks like a secret",
            expected="no secret, but the name of the environment variable that holds it",
            found=f"{looks_like}; it is not repeated here",
            where=f"{path}, line {line}" if line else str(path),
            advice='write `password_env = "NAME"` and set that variable where the kit runs; '
            "if the file was shared, change the password",
        )


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a document."""

    document: Document
    place: Place
    content: Mapping[str, Any]

    def __contains__(self, name: str) -> bool:
        """Whether the table has the key."""
        return name in self.content

    @property
    def name(self) -> str:
        """How the table is headed in the file, `[keystore]`; empty for the whole document."""
        return (
            "[" + ".".join(each for each in self.place if isinstance(each, str)) + "]" if self.place else ""
        )

    def where(self, name: str | int | None = None, *further: int) -> str:
        """Return `FILE, line N` of the table, of a key, or of an element of the key's list."""
        return self.document.where(*self.place, *(() if name is None else (name,)), *further)

    def wrong(
        self,
        name: str | None,
        message: str,
        *,
        expected: str = "",
        found: str = "",
        advice: str = "",
        index: int | None = None,
    ) -> OperatorError:
        """Return the error of a key, or of the table if `name` is None."""
        place = self.where(name) if index is None else self.where(name, index)
        return OperatorError(message, expected=expected, found=found, where=place, advice=advice)

    def refuse_unknown(self, known: Iterable[str]) -> None:
        """Refuse the first key that is not among the known ones, and name the nearest.

        Raises:
            OperatorError: there is one.
        """
        known = tuple(known)
        for name in self.content:
            if name not in known:
                of = f" of {self.name}" if self.name else ""
                raise self.wrong(
                    name,
                    f"there is no key {shown(name)}{of}",
                    expected=f"one of {', '.join(known)}",
                    found=shown(name),
                    advice=_did_you_mean(name, known) or "leave it out",
                )

    def text(self, name: str, default: str | None = "", *, lines: bool = False) -> str:
        """Return a text without blanks around it.

        Args:
            name: of the key.
            default: what a missing key means; None if it may not be missing.
            lines: whether it may have more than one.

        Raises:
            OperatorError: it is missing, is no text, or has a character that nobody sees.
        """
        if name not in self.content and default is not None:
            return default
        return self._legible(name, self._value(name, str), None, lines).strip()

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, none of them empty or there twice; none if the key is missing.

        Raises:
            OperatorError: it is something else.
        """
        found: list[str] = []
        for index, each in enumerate(self._value(name, list) if name in self.content else ()):
            if not isinstance(each, str) or not each.strip():
                raise self.wrong(
                    name,
                    f"{name} must be a list of texts",
                    expected='["…", "…"]',
                    found=shown(each),
                    index=index,
                )
            text = self._legible(name, each, index, lines=False).strip()
            if text in found:
                raise self.wrong(
                    name, f"{name} has something twice", found=shown(text), advice="remove one", index=index
                )
            found.append(text)
        return tuple(found)

    def known_texts(self, name: str, known: Iterable[str], what: str) -> tuple[str, ...]:
        """Return a list of texts as `texts` does, each of them among the known ones.

        Args:
            name: of the key.
            known: what may stand there.
            what: what each text names, in words, for instance `operation`.
        """
        found, known = self.texts(name), tuple(known)
        for index, each in enumerate(found):
            if each not in known:
                raise self._unknown(name, each, known, what, index)
        return found

    def choice(self, name: str, kind: type[_Choice], default: _Choice | None = None) -> _Choice | None:
        """Return one of a few words; an empty text counts as a missing key.

        Raises:
            OperatorError: it is none of them.
        """
        text = self.text(name)
        if not text:
            return default
        known = [each.value for each in kind]
        if text not in known:
            raise self._unknown(name, text, known, name, None)
        return kind(text)

    def choices(self, name: str, kind: type[_Choice]) -> tuple[_Choice, ...]:
        """Return a list of such words; errors as of `choice`."""
        return tuple(
            kind(each)
            for each in self.known_texts(name, [each.value for each in kind], name.removesuffix("s"))
        )

    def whole(self, name: str, *, least: int, most: int = 2**63 - 1) -> int | None:
        """Return a whole number; None if the key is missing.

        Raises:
            OperatorError: it is something else, or out of bounds.
        """
        if name not in self.content:
            return None
        number: int = self._value(name, int)
        if not least <= number <= most:
            between = f"{least} to {most}" if most < 2**63 - 1 else f"{least} or more"
            raise self.wrong(name, f"{name} is out of bounds", expected=between, found=shown(number))
        return number

    def seconds(self, name: str) -> float | None:
        """Return a number of seconds above zero; None if the key is missing.

        Raises:
            OperatorError: it is something else.
        """
        if name not in self.content:
            return None
        value = self.content[name]
        numeric = isinstance(value, int | float) and not isinstance(value, bool)
        if not (numeric and math.isfinite(value) and value > 0):
            raise self.wrong(
                name, f"{name} must be a number of seconds", expected="more than 0", found=shown(value)
            )
        return float(value)

    def switch(self, name: str) -> bool | None:
        """Return true or false; None if the key is missing.

        Raises:
            OperatorError: it is something else.
        """
        return self._value(name, bool) if name in self.content else None

    def day(self, name: str) -> str:
        """Return a date, `2026-11-21`, written as TOML's date or as a text.

        Raises:
            OperatorError: it is missing, or no date.
        """
        value = self.content.get(name, "")
        if isinstance(value, date) and not isinstance(value, datetime):
            return value.isoformat()
        try:
            if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                return date.fromisoformat(value).isoformat()
        except ValueError:
            pass  # a day that no calendar has
        raise self.wrong(
            name if name in self.content else None,
            f"{name} must be a date" if name in self.content else f"{name} is missing",
            expected=f'{name} = "2026-11-21"',
            found=shown(value) if name in self.content else "",
        )

    def path(self, name: str) -> Path | None:
        """Return a path, relative ones against the folder of the document; None if missing or empty.

        Raises:
            OperatorError: it is no text, or no path.
        """
        text = self.text(name)
        return self._path(name, text, None) if text else None

    def paths(self, name: str) -> tuple[Path, ...]:
        """Return a list of such paths; none if the key is missing."""
        return tuple(self._path(name, text, index) for index, text in enumerate(self.texts(name)))

    def table(self, name: str) -> "Table | None":
        """Return a table below this one; None if the key is missing.

        Raises:
            OperatorError: it is something else.
        """
        if name not in self.content:
            return None
        return Table(self.document, (*self.place, name), self._value(name, dict))

    def tables(self, name: str) -> "tuple[Table, ...]":
        """Return an array of tables; none if the key is missing.

        Raises:
            OperatorError: it is something else.
        """
        found = self.content.get(name, [])
        if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
            raise self.wrong(
                name,
                f"{name} must be written as tables",
                expected=f"[[{name}]] above each",
                found=f"[{name}]" if isinstance(found, dict) else shown(found),
            )
        return tuple(
            Table(self.document, (*self.place, name, index), each) for index, each in enumerate(found)
        )

    def _value(self, name: str, kind: type) -> Any:  # noqa: ANN401 - of that kind
        if name not in self.content:
            of = f" in {self.name}" if self.name else ""
            raise self.wrong(None, f"{name} is missing{of}", expected=f"{name} = …, {_KINDS[kind]}")
        value = self.content[name]
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            raise self.wrong(
                name, f"{name} must be {_KINDS[kind]}", expected=_KINDS[kind], found=shown(value)
            )
        return value

    def _legible(self, name: str, text: str, index: int | None, lines: bool) -> str:
        for character in text:
            if not (character.isprintable() or (lines and character in "\n\t")):
                tab = character in "\t\b\f\r\n"
                raise self.wrong(
                    name,
                    f"{name} has a character that nobody sees",
                    expected="a text on one line" if not lines else "a text",
                    found=f"U+{ord(character):04X}",
                    advice=_ADVICE_ON_PATHS if tab and not lines else "type the text anew",
                    index=index,
                )
        return text

    def _path(self, name: str, text: str, index: int | None) -> Path:
        try:
            return self.document.path.parent / Path(text).expanduser()
        except RuntimeError as error:  # no home folder of that user
            raise self.wrong(name, f"{name} is no path", found=shown(text), index=index) from error

    def _unknown(
        self, name: str, value: str, known: Iterable[str], what: str, index: int | None
    ) -> OperatorError:
        known = tuple(known)
        return self.wrong(
            name,
            f"there is no {what} {shown(value)}",
            expected=f"one of {', '.join(known)}",
            found=shown(value),
            advice=_did_you_mean(value, known),
            index=index,
        )


def shown(value: Any) -> str:  # noqa: ANN401 - any TOML value
    """Return a value for a message: on one line, bounded, everything unseen made visible."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a table"
    if isinstance(value, list):
        return "a list"
    text = ascii(value) if isinstance(value, str) and not value.isprintable() else str(value)
    text = text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
    return repr(text) if isinstance(value, str) and value.isprintable() else text


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    by_case = {each.casefold(): each for each in known}
    near = get_close_matches(name.casefold().replace("-", "_"), by_case, n=2, cutoff=0.5)
    near = near or get_close_matches(name.casefold(), by_case, n=2, cutoff=0.5)
    return f"did you mean {' or '.join(by_case[each] for each in near)}?" if near else ""
