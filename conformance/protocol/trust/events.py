"""Event codes in faults: code, description and advice, in the reason and in the detail."""

import re
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.soap import Fault
from conformance.protocol.trust.records import Event

_FIELD: Final = re.compile(
    r"Event\s+(Code|Description)\s*:\s*\[([^\]]*)\]|User\s+(Advice)\s*:\s*\[([^\]]*)\]", re.I
)


def event_detail(event: Event) -> etree._Element:
    """Return the detail of a fault with an event code.

    The real names are not public.  Clients look for elements whose names contain EventCode and UserAdvice,
    whatever their namespace, so ours are in a namespace that says where they come from.
    """
    detail = markup.element("sim:EventInformation")
    markup.add(detail, "sim:EventCode", event.code)
    markup.add(detail, "sim:EventDescription", event.description)
    markup.add(detail, "sim:UserAdvice", event.advice)
    return detail


def event_reason(event: Event) -> str:
    """Return the reason of a fault with an event code: labelled fields in brackets, as users were shown."""
    fields = {"Event Code": event.code, "Event Description": event.description, "User Advice": event.advice}
    return " ".join(f"{label}: [{text}]." for label, text in fields.items())


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
