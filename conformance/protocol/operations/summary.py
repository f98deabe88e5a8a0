"""A request or an answer in a few words, for a line of a log: how many, of which result.

Nothing is checked: values of a captured message may be anything.  They are cut, and a caller still has to
make them harmless for where it shows them.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

_WORDS: Final = ("USIStatus", "Result")
"""Elements that tell most of an answer, or of one record of it."""
_NAMED: Final = ("RequestId", "ReceiptNumber", "PersonalDetailsModifier")
"""Elements of a request by which it is told from others, and which say nothing of a person."""
_LONGEST: Final = 60
"""Characters of one value."""
_LONGEST_ERROR: Final = 255
"""Characters of the message of an error, as the contract has it."""
_MOST: Final = 6
"""Different words that are counted, and errors that are told; the contract knows six results of LocateUSI."""


def summary_of_answer(values: Mapping[str, Any]) -> str:
    """Return what an answer comes to.

    That is `Valid`, `Success`, `Failure (E001: …)`, `receipt …`, `2 Success, 1 Failure` or `30 entries`.

    Args:
        values: JSON form of the answer.

    Returns:
        The words; empty when there is nothing to tell.
    """
    if word := _word(values):
        return word + _errors(values)
    if "ReceiptNumber" in values:
        return f"receipt {_cut(values['ReceiptNumber'])}"
    if isinstance(application := values.get("Application"), Mapping):
        return _word(application) + _errors(application)
    for items in _lists(values):
        words = Counter(filter(None, (_word(item) for item in items if isinstance(item, Mapping))))
        if words:
            return ", ".join(f"{count} {word}" for word, count in words.most_common(_MOST))
        return _count(len(items), "entry", "entries")
    return ""


def summary_of_request(values: Mapping[str, Any]) -> str:
    """Return what tells a request from others: `RequestId R-1, 3 records`, `ReceiptNumber …`.

    Args:
        values: JSON form of the request.

    Returns:
        The words, none of them about a person; empty when there is nothing to tell.
    """
    found = [f"{name} {_cut(values[name])}" for name in _NAMED if name in values]
    found += [_count(len(items), "record", "records") for items in _lists(values)]
    return ", ".join(found)


def _word(values: Mapping[str, Any]) -> str:
    return next((_cut(values[name]) for name in _WORDS if name in values), "")


def _errors(values: Mapping[str, Any]) -> str:
    """Return the errors inside an answer, in brackets, as far as they have the form of errors."""
    errors = values.get("Errors")
    items = errors.get("Error") if isinstance(errors, Mapping) else None
    found = [
        f"{_cut(each.get('Code'))}: {_cut(each.get('Message'), _LONGEST_ERROR)}"
        for each in (items if isinstance(items, list) else ())
        if isinstance(each, Mapping)
    ]
    return f" ({'; '.join(found[:_MOST])})" if found else ""


def _cut(value: object, longest: int = _LONGEST) -> str:
    text = str(value)
    return text if len(text) <= longest else f"{text[:longest]}…"


def _count(number: int, one: str, several: str) -> str:
    return f"{number} {one if number == 1 else several}"


def _lists(values: Mapping[str, Any]) -> Iterator[list[Any]]:
    """Yield each list that stands where the contract has one: one element down."""
    for value in values.values():
        if isinstance(value, Mapping):
            yield from (each for each in value.values() if isinstance(each, list))
