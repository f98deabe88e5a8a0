"""SOAP 1.2 envelopes with WS-Addressing 1.0 headers: read, built and judged; faults; media types.

Sources: SOAP 1.2 part 1, WS-Addressing 1.0 core and SOAP binding, and what clients of these services were
recorded to send.  Order of headers, prefixes, and the `action` parameter of the media type mean nothing.
Security headers are `conformance.protocol.security`'s business.
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from conformance.errors import ImplementationError
from conformance.model import Judgement, Subcode
from conformance.protocol import markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.markup import MarkupError

RULES: Final = {
    "soap.unreadable": "The message is well-formed XML of a bounded size.",
    "soap.document_type": "The message has no document type declaration.",
    "soap.not_an_envelope": "The message is a SOAP 1.2 envelope: a Header, then a Body with one element.",
    "soap.media_type": "The Content-Type is application/soap+xml, in UTF-8.",
    "soap.header_not_understood": "A header that must be understood is one that the service knows.",
    "addressing.header_repeated": "No addressing header occurs twice.",
    "addressing.action_wrong": "The Action header is exactly the action of the operation.",
    "addressing.to_wrong": "The To header is exactly the address that the message was posted to.",
    "addressing.message_id_missing": "The message has a MessageID.",
    "addressing.message_id_reused": "Every message has a MessageID of its own.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "soap.header_ignored": "A header of another namespace is ignored.",
    "soap.soapaction": "SOAP 1.2 has no SOAPAction header.",
    "soap.media_type_action_empty": "The action parameter of the media type is empty.",
    "addressing.message_id_form": "The MessageID is not a urn:uuid.",
    "addressing.fault_to": "A FaultTo header is present; faults are answered on the same connection anyhow.",
}
"""Code -> what is remarked on and never refused."""

_ADDRESSING_HEADERS: Final = ("Action", "To", "MessageID", "ReplyTo", "FaultTo", "From", "RelatesTo")
_KNOWN: Final = frozenset({names.ADDRESSING, names.SECURITY})
_URN_UUID: Final = re.compile(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_PARAMETER: Final = re.compile(r';\s*([^\s;=]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)')

_TAG_ENVELOPE: Final = names.tag("s:Envelope")
_TAG_HEADER: Final = names.tag("s:Header")
_TAG_BODY: Final = names.tag("s:Body")


class SoapError(ImplementationError, ValueError):
    """XML that is not a SOAP 1.2 envelope."""

    def __init__(self, message: str, *, expected: str = "", found: str = "", where: str = "") -> None:
        super().__init__(message, subcode=Subcode.PROTOCOL_ERROR, expected=expected, found=found, where=where)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Envelope:
    """A SOAP 1.2 envelope as it came, with what is asked of it most often."""

    root: etree._Element
    header: etree._Element | None
    body: etree._Element
    payload: etree._Element | None
    """The first element of the Body."""
    security: etree._Element | None
    """The first wsse:Security header."""
    action: str = ""
    to: str = ""
    message_id: str = ""
    relates_to: str = ""

    @property
    def is_fault(self) -> bool:
        """Whether the Body holds a SOAP fault."""
        return self.payload is not None and self.payload.tag == names.tag("s:Fault")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A SOAP 1.2 fault."""

    code: str
    """`Sender`, `Receiver`, `MustUnderstand`, …, without namespace."""
    subcodes: tuple[str, ...]
    """Clark names, the outermost first; a name whose prefix is not declared stays as it was written."""
    reason: str
    detail: etree._Element | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaType:
    """A Content-Type header, taken apart."""

    essence: str
    """`type/subtype`, in lower case."""
    parameters: dict[str, str]
    """Names in lower case; quotes removed from the values."""

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        """Take a Content-Type header apart; whatever is not a parameter is passed over (RFC 9110, 8.3)."""
        essence, separator, rest = text.partition(";")
        parameters: dict[str, str] = {}
        for match in _PARAMETER.finditer(separator + rest):
            value = match[2].strip()
            if value[:1] == '"' and value[-1:] == '"':
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            parameters.setdefault(match[1].lower(), value)
        return cls(essence=essence.strip().lower(), parameters=parameters)


# --- reading --------------------------------------------------------------------------------------


def read(data: bytes) -> Envelope:
    """Return the envelope of a message.

    Raises:
        MarkupError: not acceptable XML.
        SoapError: XML, but not a SOAP 1.2 envelope.
    """
    return of(markup.parse(data))


def of(root: etree._Element) -> Envelope:
    """Return a parsed or built envelope with its headers read.

    Raises:
        SoapError: the root is not a SOAP 1.2 Envelope, or has not exactly one Body.
    """
    if root.tag != _TAG_ENVELOPE:
        raise SoapError(
            "not a SOAP 1.2 envelope",
            expected=f"Envelope in {names.SOAP}",
            found="a SOAP 1.1 envelope" if root.tag == f"{{{names.SOAP_11}}}Envelope" else str(root.tag),
        )
    bodies = markup.children(root, "s:Body")
    headers = markup.children(root, "s:Header")
    if len(bodies) != 1 or len(headers) > 1:
        raise SoapError(
            "the envelope has not one Header and one Body",
            expected="at most one Header and exactly one Body",
            found=f"{len(headers)} Header, {len(bodies)} Body",
            where="s:Envelope",
        )
    header = headers[0] if headers else None
    # Of several headers of one name the first one counts.
    first = {part.tag: part for part in reversed(markup.children(header))}

    def value(name: str) -> str:
        return markup.text(first.get(names.tag(name)))

    return Envelope(
        root=root,
        header=header,
        body=bodies[0],
        payload=next(iter(markup.children(bodies[0])), None),
        security=first.get(names.tag("o:Security")),
        action=value("a:Action"),
        to=value("a:To"),
        message_id=value("a:MessageID"),
        relates_to=value("a:RelatesTo"),
    )


def read_fault(envelope: Envelope) -> Fault | None:
    """Return the fault of an envelope, whatever its prefixes, or None when its Body holds none."""
    if not envelope.is_fault:
        return None
    code = markup.child(envelope.payload, "s:Code")
    subcodes = []
    subcode = markup.child(code, "s:Subcode")
    while subcode is not None:
        subcodes.append(_qualified(markup.child(subcode, "s:Value")))
        subcode = markup.child(subcode, "s:Subcode")
    reasons = markup.children(markup.child(envelope.payload, "s:Reason"), "s:Text")
    return Fault(
        code=_qualified(markup.child(code, "s:Value")).rpartition("}")[2],
        subcodes=tuple(subcodes),
        reason=markup.text(reasons[0]) if reasons else "",
        detail=markup.child(envelope.payload, "s:Detail"),
    )


def _qualified(element: etree._Element | None) -> str:
    """Return the Clark name that an element's text names in its own namespace context."""
    written = markup.text(element)
    prefix, separator, local = written.rpartition(":")
    if element is None or (separator and prefix not in element.nsmap):
        return written
    namespace = element.nsmap.get(prefix or None)
    return f"{{{namespace}}}{local}" if namespace else written


# --- building -------------------------------------------------------------------------------------


def build(
    body: etree._Element | None,
    *,
    action: str,
    message_id: str = "",
    to: str = "",
    relates_to: str = "",
    reply_to: bool = False,
    prefix: str = "s",
) -> etree._Element:
    """Return an Envelope element with addressing headers; security is added to it afterwards.

    Args:
        body: goes into the Body; it is moved, not copied.
        action: the Action header, marked as to be understood.
        message_id: for instance `urn:uuid:…`; no header when empty.
        to: the To header, marked as to be understood; no header when empty.
        relates_to: MessageID of the request that this answers; no header when empty.
        reply_to: whether to ask for the answer on the same connection by a ReplyTo header.
        prefix: prefix of the SOAP namespace, which means nothing and which some clients look for.
    """
    root = etree.Element(_TAG_ENVELOPE, nsmap={prefix: names.SOAP, "a": names.ADDRESSING, "u": names.UTILITY})
    header = etree.SubElement(root, _TAG_HEADER)
    must = {"s:mustUnderstand": "1"}
    markup.add(header, "a:Action", action, must)
    if message_id:
        markup.add(header, "a:MessageID", message_id)
    if relates_to:
        markup.add(header, "a:RelatesTo", relates_to)
    if reply_to:
        markup.add(markup.add(header, "a:ReplyTo"), "a:Address", names.ANONYMOUS)
    if to:
        markup.add(header, "a:To", to, must)
    made = etree.SubElement(root, _TAG_BODY)
    if body is not None:
        made.append(body)
    return root


def fault(
    *, code: str, reason: str, subcode: str = "", detail: etree._Element | None = None, prefix: str = "s"
) -> etree._Element:
    """Return a Fault element for the Body.

    Args:
        code: `Sender`, `Receiver` or another fault code of SOAP 1.2, without prefix.
        reason: the text, in English.
        subcode: Clark name of the subcode; none when empty.
        detail: the element to put into the Detail.
        prefix: prefix of the SOAP namespace; give the envelope's.
    """
    made = etree.Element(names.tag("s:Fault"), nsmap={prefix: names.SOAP})
    coded = markup.add(made, "s:Code")
    markup.add(coded, "s:Value", f"{prefix}:{code}")
    if subcode:
        namespace, _, local = subcode.rpartition("}")
        # The namespace's usual prefix: lxml drops a declaration that a parent makes under another one, and
        # the name in the text would be left without its namespace.
        usual = names.PREFIX_OF.get(namespace[1:], "sub")
        declared = {usual: namespace[1:]} if namespace else None
        value = etree.SubElement(markup.add(coded, "s:Subcode"), names.tag("s:Value"), nsmap=declared)
        value.text = f"{usual}:{local}" if namespace else local
    reasons = markup.add(made, "s:Reason")
    markup.add(reasons, "s:Text", reason).set(f"{{{names.XML}}}lang", "en-AU")
    if detail is not None:
        markup.add(made, "s:Detail").append(detail)
    return made


# --- judging --------------------------------------------------------------------------------------


def judge_message(
    data: bytes,
    *,
    media_type: str,
    address: str,
    action: str | Callable[[Envelope], str],
    seen: Collection[str] = (),
    soapaction: str | None = None,
) -> tuple[Judgement, Envelope | None]:
    """Judge envelope, media type and addressing of a request.

    Args:
        data: the HTTP body.
        media_type: the Content-Type header; empty when there was none.
        address: the URL that the message was posted to, as the sender wrote it.
        action: the action of the operation, or what tells it by the envelope; several actions, separated by
            blanks, when any will do.
        seen: MessageIDs of earlier messages of the same sender, on either hop.
        soapaction: the SOAPAction header, if there was one.

    Returns:
        The judgement, and the envelope unless the message is none.
    """
    notes = Notes(RULES, REMARKS)
    _judge_media_type(notes, MediaType.parse(media_type), soapaction)
    envelope = _judge_envelope(notes, data)
    if envelope is not None:
        actions = (action if isinstance(action, str) else action(envelope)).split()
        _judge_addressing(notes, envelope, address=address, actions=actions, seen=seen)
    return notes.judgement(), envelope


def _judge_media_type(notes: Notes, media_type: MediaType, soapaction: str | None) -> None:
    charset = media_type.parameters.get("charset", "utf-8")
    notes.hold(
        "soap.media_type",
        media_type.essence == "application/soap+xml" and charset.lower() == "utf-8",
        "the Content-Type is not that of SOAP 1.2",
        expected="application/soap+xml; charset=utf-8",
        actual=f"{media_type.essence}; charset={charset}" if media_type.essence else "no Content-Type",
        where="HTTP header Content-Type",
        hint="text/xml belongs to SOAP 1.1" if media_type.essence == "text/xml" else "",
    )
    if media_type.parameters.get("action") == "":
        notes.remark("soap.media_type_action_empty", where="HTTP header Content-Type")
    if soapaction is not None:
        notes.remark("soap.soapaction", actual=soapaction, where="HTTP header SOAPAction")


def _judge_envelope(notes: Notes, data: bytes) -> Envelope | None:
    try:
        root = markup.parse(data)
    except markup.DocumentTypeError as error:
        notes.hold("soap.unreadable", True)
        notes.hold("soap.document_type", False, error.message, expected=error.expected)
        return None
    except MarkupError as error:
        notes.hold("soap.unreadable", False, error.message, expected=error.expected, actual=error.found)
        return None
    notes.hold("soap.unreadable", True)
    notes.hold("soap.document_type", True)
    try:
        envelope = of(root)
    except SoapError as error:
        notes.hold(
            "soap.not_an_envelope",
            False,
            error.message,
            expected=error.expected,
            actual=error.found,
            where=error.where or markup.where(root),
        )
        return None
    count = len(markup.children(envelope.body))
    notes.hold(
        "soap.not_an_envelope",
        count == 1,
        "the Body does not hold exactly one element",
        expected="1 element",
        actual=f"{count} elements",
        where="s:Envelope/s:Body",
    )
    return envelope


def _judge_addressing(
    notes: Notes, envelope: Envelope, *, address: str, actions: list[str], seen: Collection[str]
) -> None:
    headers = markup.children(envelope.header)
    found = [
        markup.local_name(header)
        for header in headers
        if str(header.tag).startswith(f"{{{names.ADDRESSING}}}")
    ]
    repeated = [name for name in _ADDRESSING_HEADERS if found.count(name) > 1]
    notes.hold(
        "addressing.header_repeated",
        not repeated,
        f"addressing headers occur more than once: {', '.join(repeated)}",
        where="s:Envelope/s:Header",
    )
    # With several actions the judge cannot say which was meant; the operation's own judge does.
    notes.hold(
        "addressing.action_wrong",
        envelope.action in actions,
        "the Action header is missing"
        if "Action" not in found
        else "the Action header is not the operation's",
        expected=" or ".join(actions),
        actual=envelope.action,
        where="s:Envelope/s:Header/a:Action",
    )
    notes.hold(
        "addressing.to_wrong",
        envelope.to == address,
        "the To header is missing" if "To" not in found else "the To header is not the address posted to",
        expected=address,
        actual=envelope.to,
        where="s:Envelope/s:Header/a:To",
        hint=(
            "the two differ in case only; the services are to be addressed exactly"
            if envelope.to != address and envelope.to.lower() == address.lower()
            else ""
        ),
    )
    present = notes.hold(
        "addressing.message_id_missing",
        bool(envelope.message_id),
        "the MessageID header is missing or empty",
        expected="urn:uuid:…, new for every message",
        where="s:Envelope/s:Header/a:MessageID",
    )
    if present:
        notes.hold(
            "addressing.message_id_reused",
            envelope.message_id not in seen,
            "the MessageID was used for an earlier message already",
            expected="a MessageID that no earlier message had",
            actual=envelope.message_id,
            where="s:Envelope/s:Header/a:MessageID",
            hint="make the id when a message is sent, not when the client object is made",
        )
        if not _URN_UUID.fullmatch(envelope.message_id):
            notes.remark(
                "addressing.message_id_form",
                expected="urn:uuid: and a UUID",
                actual=envelope.message_id,
                where="s:Envelope/s:Header/a:MessageID",
            )
    if "FaultTo" in found:
        notes.remark("addressing.fault_to", where="s:Envelope/s:Header/a:FaultTo")
    _judge_other_headers(notes, headers)


def must_be_understood(header: etree._Element) -> bool:
    """Return whether a header is marked mustUnderstand, in either lexical form (SOAP 1.2 part 1, 5.2.3)."""
    return header.get(names.tag("s:mustUnderstand"), "").strip() in ("1", "true")


def _judge_other_headers(notes: Notes, headers: list[etree._Element]) -> None:
    unknown = [header for header in headers if str(header.tag).rpartition("}")[0][1:] not in _KNOWN]
    refused = [header for header in unknown if must_be_understood(header)]
    notes.hold(
        "soap.header_not_understood",
        not refused,
        f"headers are marked mustUnderstand but unknown here: {', '.join(str(h.tag) for h in refused)}",
        where="s:Envelope/s:Header",
    )
    for header in unknown:
        if header not in refused:
            notes.remark("soap.header_ignored", actual=str(header.tag), where="s:Envelope/s:Header")
