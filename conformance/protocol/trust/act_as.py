"""ActAs: how hosted software says on whose behalf it asks.

Published clients agree on the RelationshipToken and on its attributes being in its namespace, but not on the
namespace of its ID; both forms are accepted.
"""

import re
from typing import Final

from lxml import etree

from conformance.protocol import abn, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.trust.records import ActAs

_SSID: Final = re.compile(r"[0-9]{10}", re.ASCII)
_PLACE: Final = "s:Envelope/s:Body/t:RequestSecurityToken/t14:ActAs"


def add_act_as(request: etree._Element, act_as: ActAs) -> None:
    """Append ActAs to a request, with a namespace-qualified ID as the current clients write it."""
    token = markup.add(markup.add(request, "t14:ActAs"), "v13:RelationshipToken", None, {"v13:ID": act_as.id})
    relationship = markup.add(token, "v13:Relationship", None, {"v13:Type": names.OSP_FOR})
    markup.add(relationship, "v13:Attribute", None, {"v13:Name": names.SSID, "v13:Value": act_as.ssid})
    for name, value in (("FirstParty", act_as.first_party), ("SecondParty", act_as.second_party)):
        markup.add(token, f"v13:{name}", None, {"v13:Scheme": names.ABN_SCHEME, "v13:Value": value})


def judge_act_as(
    notes: Notes, element: etree._Element | None, certificate_abn: str, expected: bool | None
) -> ActAs | None:
    """Judge ActAs, and return on whose behalf is asked as far as it can be read.

    Args:
        notes: of the judge of the request.
        element: the ActAs element, in whatever namespace; None when there is none.
        certificate_abn: ABN of the certificate that signed; empty when it is not known.
        expected: whether there must be one; None when that is not known.
    """
    if expected is True:
        present = element is not None
        wanted = "ActAs with a RelationshipToken"
        notes.hold("trust.act_as_missing", present, "there is no ActAs", expected=wanted, where=_PLACE)
    if expected is False:
        notes.hold("trust.act_as_unexpected", element is None, expected="no ActAs", where=_PLACE)
    if element is None:
        return None
    token = markup.child(element, "v13:RelationshipToken")
    relationship = markup.child(token, "v13:Relationship")
    attribute = markup.child(relationship, "v13:Attribute")
    first, second = markup.child(token, "v13:FirstParty"), markup.child(token, "v13:SecondParty")
    wrong = [
        f"{what}: {found or 'missing'} instead of {right}"
        for what, found, right in (
            ("namespace of ActAs", etree.QName(element).namespace, names.TRUST_14),
            ("Type of Relationship", _attribute(relationship, "Type"), names.OSP_FOR),
            ("Name of Attribute", _attribute(attribute, "Name"), names.SSID),
            ("Scheme of FirstParty", _attribute(first, "Scheme"), names.ABN_SCHEME),
            ("Scheme of SecondParty", _attribute(second, "Scheme"), names.ABN_SCHEME),
        )
        if found != right
    ]
    notes.hold(
        "trust.act_as_form",
        token is not None and not wrong,
        "there is no RelationshipToken in ActAs" if token is None else "; ".join(wrong),
        expected=f"RelationshipToken in {names.RELATIONSHIP}, its attributes in the same namespace",
        where=_PLACE,
    )
    if token is None:
        return None
    if token.get(names.tag("v13:ID")) is None:
        notes.remark("trust.act_as_id", where=f"{_PLACE}/v13:RelationshipToken")
    found = ActAs(
        ssid=_attribute(attribute, "Value"),
        first_party=_attribute(first, "Value"),
        second_party=_attribute(second, "Value"),
        id=token.get(names.tag("v13:ID"), token.get("ID", "")),
    )
    _judge_parties(notes, found, certificate_abn, f"{_PLACE}/v13:RelationshipToken")
    return found


def _attribute(element: etree._Element | None, name: str) -> str:
    return "" if element is None else element.get(names.tag(f"v13:{name}"), "")


def _judge_parties(notes: Notes, found: ActAs, certificate_abn: str, place: str) -> None:
    notes.hold(
        "trust.act_as_ssid",
        _SSID.fullmatch(found.ssid) is not None,
        expected="ten digits, leading zeros included",
        actual=found.ssid,
        where=f"{place}/v13:Relationship/v13:Attribute",
    )
    if certificate_abn:
        notes.hold(
            "trust.act_as_first_party",
            found.first_party == certificate_abn,
            "the first party is not the holder of the certificate",
            expected=certificate_abn,
            actual=found.first_party,
            where=f"{place}/v13:FirstParty",
            hint="the two parties are swapped" if found.second_party == certificate_abn else "",
        )
    notes.hold(
        "trust.act_as_second_party",
        abn.is_valid(found.second_party) and found.second_party != found.first_party,
        "the second party is the first"
        if found.second_party == found.first_party
        else "it is not a right ABN",
        expected="the ABN of the client, eleven digits",
        actual=found.second_party,
        where=f"{place}/v13:SecondParty",
    )
