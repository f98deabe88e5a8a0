"""Event codes in faults: code, description and advice, in the reason and in the detail."""

import re
from collections.abc import Iterable
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.soap import Fault
from conformance.protocol.trust.records import Event

_FIELD: Final = re.compile(
    r"Event\s+(Code|Description)\s*:\s*\[([^\]]*)\]|User\s+(Advice)\s*:\s*\[([^\]]*)\]", re.I
)

REASON_FIELDS: Final = ("Event Code", "Event Description", "User Advice")
"""Labels of the fields in a fault's reason, in the order in which they are written here.

The labels were seen by users and cut out by clients; the order of the real service is not public.
"""

DETAIL_NAMES: Final = ("EventInformation", "EventCode", "EventDescription", "UserAdvice")
"""Local names of the element in a fault's detail, and of its three children.

The real names are not public.  Clients look for names that contain EventCode and UserAdvice.
"""


def event_detail(event: Event, *, called: tuple[str, str, str, str] = DETAIL_NAMES) -> etree._Element:
    """Return the detail of a fault with an event code.

    Clients look for its elements whatever their namespace, so ours are in one that says where they come from.

    Args:
        event: what to tell.
        called: local names of the element and of its children: code, description, advice.
    """
    detail = markup.element(f"sim:{called[0]}")
    for name, text in zip(called[1:], (event.code, event.description, event.advice), strict=True):
        markup.add(detail, f"sim:{name}", text)
    return detail


def event_reason(event: Event, *, fields: Iterable[str] = REASON_FIELDS) -> str:
    """Return the reason of a fault with an event code: labelled fields in brackets, as users were shown.

    Args:
        event: what to tell.
        fields: labels of `REASON_FIELDS`, in the order wanted; what is left out is not told.
    """
    texts = dict(zip(REASON_FIELDS, (event.code, event.description, event.advice), strict=True))
    return " ".join(f"{label}: [{texts[label]}]." for label in fields)


def read_event(fault: Fault) -> Event | None:
    """Return the event that a fault tells of, from its detail or else from its reason, or None.

    Both are read without regard to namespace, prefix, depth or case, as the older official client does.
    """
    found: dict[str, str] = {}
    if fault.detail is not None:
        for element in fault.detail.iter(etree.Element):
            name = markup.local_name(element).lower()
            for key in ("eventcode", "eventdescription", "useradvice"):
                if key in name and len(element) == 0:
                    found.setdefault(key, markup.text(element))
    for code_or_description, value, advice, advised in _FIELD.findall(fault.reason):
        key = "useradvice" if advice else f"event{code_or_description.lower()}"
        if not found.get(key):
            found[key] = (advised or value).strip()
    if not found.get("eventcode"):
        return None
    return Event(
        code=found["eventcode"],
        description=found.get("eventdescription", ""),
        advice=found.get("useradvice", ""),
    )
