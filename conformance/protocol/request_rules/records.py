"""The rules of bulk messages: the number that is announced, and keys that the schema means to be unique."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.request_rules.noting import RequestNotes

_COUNTS: Final = {"NoOfVerifications": "Verifications", "NoOfApplications": "Applications"}
"""Element with a number -> element with the records that are counted."""
_REPEATED: Final = {"RecordId": "usi.record_id_repeated", "ApplicationId": "usi.application_id_repeated"}
"""Key of a record -> code of the rule that it stands once."""


def judge_count(notes: RequestNotes, children: Mapping[str, etree._Element]) -> None:
    """Compare the announced number of a bulk message with its records.

    Args:
        notes: to write to.
        children: the request's elements by local name.
    """
    for name, records in _COUNTS.items():
        if name in children:
            notes.examined(("usi.count",))
            found = len(markup.children(children.get(records)))
            text = markup.content(children[name]).strip()
            if (text.lstrip("+0") or "0") != str(found):
                notes.breach(
                    "usi.count", children[name], expected=f"{found}, the records there are", actual=text
                )


def judge_keys(
    notes: RequestNotes, element: etree._Element, records: Sequence[Mapping[str, Any]], key: str
) -> None:
    """Look for keys that stand twice.

    Args:
        notes: to write to.
        element: that holds the records.
        records: JSON form of each.
        key: name of what should be unique in each; as text or, where it is one, as a number.
    """
    code = _REPEATED[key]
    notes.examined((code,))
    first: dict[object, int] = {}
    for number, record in enumerate(records, 1):
        value = record.get(key)
        if value is not None and (earlier := first.setdefault(value, number)) != number:
            repeated = markup.children(element)[number - 1]
            where = next(repeated.iterchildren(f"{{*}}{key}"), repeated)
            notes.breach(code, where, f"{key} {value} stood in record {earlier} already.", actual=str(value))
