"""The rules of applications and updates: documents to go with them, means of contact, one change a call."""

from collections.abc import Mapping
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.names import SCHEMA_INSTANCE
from conformance.protocol.operations.types import MODIFIER
from conformance.protocol.request_rules.noting import RequestNotes

Children = Mapping[str, etree._Element]
"""The elements of an element by local name."""

CONTACT_MEANS: Final = (
    "EmailAddress",
    "Phone/Mobile",
    "Phone/Home",
    "NationalAddress or InternationalAddress",
)
"""What counts as a means of contact."""

MODIFIED: Final = {
    name: "CountryOfBirthCode" if name == "CountryOfBirth" else name for name in MODIFIER.values
}
"""Value of PersonalDetailsModifier -> name of the element that holds the new value."""

NEEDS_DOCUMENT: Final = frozenset({"FirstName", "FamilyName", "SingleName", "DateOfBirth"})
"""Values of PersonalDetailsModifier for whose change a document is needed; the registry's page for people."""

_NIL: Final = f"{{{SCHEMA_INSTANCE}}}nil"
_OTHER_DOCUMENT: Final = ("NonDvsDocumentTypeId", "NonDvsDocumentTypeOther")
_CHECKED: Final = {"true": True, "1": True, "false": False, "0": False}


def judge_documents(notes: RequestNotes, asked: etree._Element, children: Children, *, new: bool) -> None:
    """Judge which documents go with an application or an update.

    Args:
        notes: to write to.
        asked: the application, or the request for an update.
        children: its elements by local name.
        new: whether it is an application: that cannot do without any document.
    """
    document = "DVSDocument" in children
    others = [name for name in _OTHER_DOCUMENT if _given(children.get(name))]
    checked = _CHECKED.get(markup.text(children.get("DVSCheckRequired")))
    notes.examined(("usi.document_both",))
    if document and others:
        notes.breach(
            "usi.document_both", asked, expected="one of them", actual=f"DVSDocument, {', '.join(others)}"
        )
    if checked:
        notes.examined(("usi.document_needed",))
        if not document:
            notes.breach(
                "usi.document_needed", asked, expected="DVSDocument", actual=", ".join(others) or "none"
            )
    elif checked is False and new:
        notes.examined(("usi.document_alternative",))
        if not _given(children.get("NonDvsDocumentTypeId")):
            notes.breach("usi.document_alternative", asked, expected="NonDvsDocumentTypeId", actual="none")


def judge_contact(notes: RequestNotes, contact: etree._Element, children: Children) -> None:
    """Count the means of contact of an application.

    Args:
        notes: to write to.
        contact: its ContactDetails.
        children: the elements of that by local name.
    """
    notes.examined(("usi.contact_means",))
    phone = {markup.local_name(child): child for child in markup.children(children.get("Phone"))}
    means = [
        name
        for name, there in (
            ("EmailAddress", markup.text(children.get("EmailAddress"))),
            ("Mobile", markup.text(phone.get("Mobile"))),
            ("Home", markup.text(phone.get("Home"))),
            ("NationalAddress", "NationalAddress" in children),
            ("InternationalAddress", markup.text(children.get("InternationalAddress"))),
        )
        if there
    ]
    if len(means) < notes.limits.contact_means:
        notes.breach(
            "usi.contact_means",
            contact,
            expected=f"{notes.limits.contact_means} of {', '.join(CONTACT_MEANS)}",
            actual=", ".join(means) or "none",
        )


def judge_change(notes: RequestNotes, request: etree._Element, children: Children) -> None:
    """Judge whether an update changes what its modifier names, that alone, and with what it takes.

    Args:
        notes: to write to.
        request: of UpdateUSIPersonalDetails.
        children: its elements by local name.
    """
    modifier = (
        markup.content(children["PersonalDetailsModifier"]) if "PersonalDetailsModifier" in children else ""
    )
    details = children.get("PersonalDetailsUpdate")
    if modifier not in MODIFIED or details is None:
        return  # the schema has its say
    given = [markup.local_name(child) for child in markup.children(details)]
    notes.examined(("usi.modifier", "usi.one_change"))
    if MODIFIED[modifier] not in given:
        notes.breach(
            "usi.modifier",
            details,
            expected=f"{MODIFIED[modifier]}, as the modifier is {modifier}",
            actual=", ".join(given) or "nothing",
        )
    if further := [name for name in given if name != MODIFIED[modifier]]:
        notes.breach(
            "usi.one_change",
            details,
            expected=f"{MODIFIED[modifier]} only",
            actual=f"also {', '.join(further)}",
            hint="Make one call for each change.",
        )
    if modifier in NEEDS_DOCUMENT:
        notes.examined(("usi.change_document",))
        checked = _CHECKED.get(markup.text(children.get("DVSCheckRequired")))
        needed = "DVSDocument" if checked else "NonDvsDocumentTypeId"
        if not _given(children.get(needed)):
            notes.breach(
                "usi.change_document",
                request,
                expected="DVSCheckRequired with DVSDocument, or NonDvsDocumentTypeId",
                actual=f"DVSCheckRequired {'true' if checked else 'false'}, no {needed}",
            )


def _given(element: etree._Element | None) -> bool:
    return element is not None and element.get(_NIL, "").strip() not in ("true", "1")
