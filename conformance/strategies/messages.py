"""Messages of the USI service, made from the table of operations: right ones, and ones that are nearly right.

A drawn message is the element of a SOAP body.  `requests` and `answers` are valid under the schema of their
version, whatever that is worth: check characters, counts and dates in the future are left to chance, as the
schema leaves them.  `near_messages` have up to three things done to them that a schema may or may not mind.
"""

import copy
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from lxml import etree

from conformance.protocol.names import SCHEMA_INSTANCE
from conformance.protocol.operations import (
    EXTENSIONS,
    OPERATIONS,
    TYPE_KEY,
    V5,
    Choice,
    Element,
    Operation,
    Simple,
    Structure,
    Version,
    answer_element,
    request_element,
    structure_of,
)

_TYPE: Final = f"{{{SCHEMA_INSTANCE}}}type"
_NIL: Final = f"{{{SCHEMA_INSTANCE}}}nil"
_FEW: Final = 3
"""How often an element stands at most that may stand often."""

# Letters of names, what XML must escape, blanks, both forms of an accent, a letter beyond the first plane.
_LETTERS: Final = "aBz09 -'.&<>\"\u00e9e\u0301\u00df\u4e2d\U00020bb7"
_ASCII: Final = tuple(map(chr, range(33, 127)))


# --- values ---------------------------------------------------------------------------------------


@cache
def texts_of(simple: Simple) -> SearchStrategy[Any]:
    """Values of one simple type, in the JSON form.

    Args:
        simple: a type of the table.
    """
    if simple.values:
        return st.sampled_from(simple.values)
    if simple.union:
        return st.one_of([_of_base(base, simple) for base in simple.union])
    if simple.base != "string":
        return _of_base(simple.base, simple)
    least = simple.length if simple.length is not None else simple.min_length or 0
    most = simple.length if simple.length is not None else simple.max_length
    if alphabet := _alphabet(simple):
        return st.text(alphabet, min_size=least, max_size=most)
    return st.from_regex(simple.pattern, fullmatch=True)


def _of_base(base: str, simple: Simple) -> SearchStrategy[Any]:
    match base:
        case "int":
            most = 2**31 - 1 if simple.max_inclusive is None else simple.max_inclusive
            return st.integers(-(2**31), most)
        case "boolean":
            return st.booleans()
        case "date":
            return st.dates().map(str)
        case "dateTime":
            return st.datetimes(timezones=st.none()).map(lambda moment: moment.isoformat())
        case "gYearMonth":
            return st.dates().map(lambda day: str(day)[:7])
        case "string":
            return st.text(_LETTERS)
        case _:
            raise ValueError(f"no values are known for the base type {base}")


def _alphabet(simple: Simple) -> str:
    """Return the characters that a text may be made of in any order; empty when the pattern wants more."""
    if not simple.pattern:
        return _LETTERS
    if not re.fullmatch(r"\[[^\]]*\]\*", simple.pattern):
        return ""
    return "".join(character for character in _ASCII if re.fullmatch(simple.pattern, character))


@cache
def message_values(structure: Structure, *, version: Version = V5) -> SearchStrategy[dict[str, Any]]:
    """Values of a structure in the JSON form, such that the schema accepts them.

    An abstract structure gives values of one of its extensions, which they name.

    Args:
        structure: a type of the table, for instance `OPERATIONS["CreateUSI"].request`.
        version: edition of the contract; elements that it has not are left out.
    """
    if structure.abstract:
        kinds = [extension for extension in EXTENSIONS if extension.extends is structure]
        return st.one_of([_named(kind, version) for kind in kinds])
    parts = [part for part in structure.content if isinstance(part, Choice) or version.has(part)]
    return st.tuples(*(_part(part, version) for part in parts)).map(_merged)


def _named(kind: Structure, version: Version) -> SearchStrategy[dict[str, Any]]:
    return message_values(kind, version=version).map(lambda values: {TYPE_KEY: kind.name, **values})


def _merged(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


def _part(part: Element | Choice, version: Version) -> SearchStrategy[dict[str, Any]]:
    if isinstance(part, Choice):
        branches = [
            st.tuples(*(_part(element, version) for element in branch)).map(_merged)
            for branch in part.branches
        ]
        return st.one_of([st.just({}), *branches] if part.optional else branches)
    if isinstance(part.type, Simple):
        value: SearchStrategy[Any] = texts_of(part.type)
    else:
        value = message_values(part.type, version=version)
    if part.nillable:
        value = st.none() | value
    if part.most != 1:
        value = st.lists(value, min_size=0 if part.optional else 1, max_size=min(_FEW, part.most or _FEW))
    present = value.map(lambda drawn: {part.name: drawn})
    return st.just({}) | present if part.optional else present


# --- messages -------------------------------------------------------------------------------------


def _operations(operation: str | None) -> SearchStrategy[Operation]:
    if operation is not None and operation not in OPERATIONS:
        raise ValueError(f"operation must be one of {', '.join(OPERATIONS)}, which {operation!r} is not")
    return st.sampled_from(list(OPERATIONS.values()) if operation is None else [OPERATIONS[operation]])


def requests(operation: str | None = None, *, version: Version = V5) -> SearchStrategy[etree._Element]:
    """Requests that the schema accepts.

    Args:
        operation: name of the only one wanted; all ten when None.
        version: edition of the contract.

    Raises:
        ValueError: there is no operation of that name.
    """
    return _operations(operation).flatmap(
        lambda row: message_values(row.request, version=version).map(
            lambda values: request_element(row, values, version)
        )
    )


def answers(operation: str | None = None, *, version: Version = V5) -> SearchStrategy[etree._Element]:
    """Answers that the schema accepts; as `requests`."""
    return _operations(operation).flatmap(
        lambda row: message_values(row.response, version=version).map(
            lambda values: answer_element(row, values, version)
        )
    )


# --- nearly right messages ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NearMessage:
    """A message to which something was done."""

    element: etree._Element
    changes: tuple[str, ...]
    """What was done, in order; nothing when the message is as drawn."""

    def __repr__(self) -> str:
        """Return the changes and the XML, for counter-examples."""
        written = etree.tostring(self.element, encoding="unicode")
        return f"NearMessage({', '.join(self.changes) or 'unchanged'}: {written})"


@st.composite
def near_messages(
    draw: st.DrawFn, operation: str | None = None, *, version: Version = V5, most: int = 3
) -> NearMessage:
    """Requests and answers with up to `most` changes, each of which a schema may or may not mind.

    Elements are moved, left out, repeated, renamed, put into another namespace, made nil, or filled with
    text; texts go one beyond what is allowed, or exactly to it; types of documents are left out or wrong.

    Args:
        draw: given by Hypothesis.
        operation: name of the only one wanted; all ten when None.
        version: edition of the contract.
        most: how many changes at most.

    Raises:
        ValueError: there is no operation of that name.
    """
    row = draw(_operations(operation))
    asked = draw(st.booleans())
    structure = row.request if asked else row.response
    element = draw((requests if asked else answers)(row.name, version=version))
    changes = []
    for _ in range(draw(st.integers(0, most))):
        places = list(_places(element, structure, None))
        place = draw(st.sampled_from(places))
        kind = draw(st.sampled_from(_kinds(place, version)))
        changes.append(f"{kind} {etree.QName(place.element).localname}")
        _CHANGES[kind](draw, place)
    return NearMessage(element, tuple(changes))


@dataclass(frozen=True, slots=True)
class _Place:
    element: etree._Element
    type: Simple | Structure
    parent: etree._Element | None


def _places(
    element: etree._Element, of: Simple | Structure, parent: etree._Element | None
) -> Iterator[_Place]:
    yield _Place(element, of, parent)
    if isinstance(of, Structure):
        concrete = structure_of(element, of)
        for child in element.iterchildren(tag=etree.Element):
            row = concrete.element(etree.QName(child).localname)
            if row is not None:
                yield from _places(child, row.type, element)


def _kinds(place: _Place, version: Version) -> list[str]:
    kinds = ["nil", "attribute"]
    if place.parent is not None:
        kinds += ["drop", "repeat", "move", "rename", "foreign"]
    if isinstance(place.type, Simple):
        kinds += ["text"] * 6 + ["nest"]  # texts are where most of the rules are
    else:
        kinds += ["mix", "blank", "add"]
        if place.type.abstract:
            kinds += ["type"] * 4
    return kinds


def _drop(draw: st.DrawFn, place: _Place) -> None:
    if place.parent is not None:
        place.parent.remove(place.element)


def _repeat(draw: st.DrawFn, place: _Place) -> None:
    place.element.addnext(copy.deepcopy(place.element))


def _move(draw: st.DrawFn, place: _Place) -> None:
    if place.parent is not None:
        place.parent.remove(place.element)
        place.parent.insert(draw(st.integers(0, len(place.parent))), place.element)


def _rename(draw: st.DrawFn, place: _Place) -> None:
    name = etree.QName(place.element)
    local = draw(st.sampled_from([name.localname.lower(), name.localname + "s", *_FOREIGN]))
    place.element.tag = f"{{{name.namespace}}}{local}"


_FOREIGN: Final = ("OrgCode", "USI", "SingleName", "MiddleName", "CardNumber", "RegistrationYear", "Errors")


def _foreign(draw: st.DrawFn, place: _Place) -> None:
    namespace = draw(st.sampled_from(["", "{urn:other}", "{http://usi.gov.au/2018/ws}"]))
    place.element.tag = f"{namespace}{etree.QName(place.element).localname}"


def _add(draw: st.DrawFn, place: _Place) -> None:
    namespace = etree.QName(place.element).namespace
    child = etree.Element(f"{{{namespace}}}{draw(st.sampled_from(_FOREIGN))}")
    child.text = draw(st.sampled_from(["", "x", "BNGH7C75FN"]))
    place.element.insert(draw(st.integers(0, len(place.element))), child)


def _nil(draw: st.DrawFn, place: _Place) -> None:
    place.element.set(_NIL, draw(st.sampled_from(["true", "1", "false", "yes"])))
    if draw(st.booleans()):
        place.element.text = None
        del place.element[:]


def _attribute(draw: st.DrawFn, place: _Place) -> None:
    place.element.set(draw(st.sampled_from(["id", "{urn:other}id"])), "1")


def _mix(draw: st.DrawFn, place: _Place) -> None:
    place.element.text = "text"


def _blank(draw: st.DrawFn, place: _Place) -> None:
    place.element.text = draw(st.sampled_from([" ", "\n  ", "\t"]))
    if draw(st.booleans()):
        place.element.append(etree.Comment("a comment"))


def _nest(draw: st.DrawFn, place: _Place) -> None:
    etree.SubElement(place.element, place.element.tag).text = place.element.text


def _type(draw: st.DrawFn, place: _Place) -> None:
    named = place.element.get(_TYPE, "")
    place.element.attrib.pop(_TYPE, "")
    local = named.rpartition(":")[2]
    kinds = [kind.name for kind in EXTENSIONS]
    wanted = draw(
        st.sampled_from(
            ["", local, f"no:{local}", "usi:DVSDocumentType", "usi:NoDocumentType", f" usi:{local} "]
        )
        | st.sampled_from(kinds).map(lambda kind: f"usi:{kind}")
    )
    if wanted:
        place.element.set(_TYPE, wanted)


def _text(draw: st.DrawFn, place: _Place) -> None:
    if isinstance(place.type, Simple):
        place.element.text = draw(st.sampled_from(near_texts(place.type)))


_CHANGES: Final[dict[str, Callable[[st.DrawFn, _Place], None]]] = {
    "add": _add,
    "attribute": _attribute,
    "blank": _blank,
    "drop": _drop,
    "foreign": _foreign,
    "mix": _mix,
    "move": _move,
    "nest": _nest,
    "nil": _nil,
    "rename": _rename,
    "repeat": _repeat,
    "text": _text,
    "type": _type,
}

_NUMBERS: Final = ("0", "-1", "1", "+1", " 1 ", "500", "501", "1.0", "", "x", "2147483647", "2147483648")
_BOOLEANS: Final = ("true", "false", "1", "0", "True", "FALSE", " true ", "yes", "")
_DATES: Final = (
    "1966-05-25",
    "1966-05-25Z",
    "1966-05-25+10:00",
    "1966-05-25+15:00",
    "1966-05-25T00:00:00",
    "2026-11-22T10:00:00.5Z",
    " 1966-05-25 ",
    "1966-02-29",
    "1968-02-29",
    "1966-13-01",
    "1966-5-25",
    "25/05/1966",
    "19660525",
    "0000-01-01",
    "-0001-01-01",
    "10000-01-01",
    "2023-04",
    "2023-04Z",
    "2023-13",
    "2023",
    "04-2023",
    "",
)
_OTHERS: Final = (
    "Suspended",
    "Match",
    "BNGH7C75FN",
    "bngh7c75fn",
    "BNGH7C75F0",
    "E001",
    "e001",
    "E01",
    "1001",
)
_DOCUMENTS: Final = ("X111111", "12345678", "PA1234567", "ABC1234567", "1", "0", "123456789A", "1234567890")


@cache
def near_texts(simple: Simple) -> tuple[str, ...]:
    """Return texts at both sides of every limit of a simple type.

    Args:
        simple: a type of the table.
    """
    if simple.base == "int":
        return _NUMBERS
    if simple.base == "boolean":
        return _BOOLEANS
    if simple.union or simple.base in ("date", "dateTime"):
        return _DATES
    found = ["", " ", *simple.values, *_OTHERS]
    for value in simple.values:
        found += [value.swapcase(), f"{value} ", f" {value}", value[:-1]]
    filler = (_alphabet(simple) or "A")[0]
    for length in (simple.length, simple.min_length, simple.max_length):
        if length is not None:
            found += [filler * count for count in range(max(0, length - 1), length + 2)]
            # Characters are counted, not bytes nor UTF-16 units.
            found += ["\u00e9" * length, "\U00020bb7" * length, f"{filler * max(0, length - 1)}\n"]
    if simple.pattern:
        found += [*_DOCUMENTS, "-/-/", "\uff11" * (simple.length or 1)]
    return tuple(dict.fromkeys(found))
