"""What crossed the wire: records of exchanges, and their redacted form for reports.

Nothing secret leaves this module by way of `evidence`: passwords, proof keys, token contents, cipher values
and identity documents are replaced by marks that tell only how long they were.  The rest stays as it was
sent, to the blank, because it is evidence.  The certificate of a request stays too: it is public, and a
reader needs it to see who asked.
"""

import base64
import binascii
import re
import threading
import xml.parsers.expat as expat  # refuses to read on at a document type declaration, see _Spans
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import msgspec

from conformance.model import Evidence, Finding, Judgement, Message
from conformance.protocol import markup
from conformance.protocol.secrets import SECRET_LEAVES, SECRET_TREES
from conformance.simulators.faults import fault
from conformance.simulators.http import Headers, Request, Response

SECRET_HEADERS: Final = ("authorization", "proxy-authorization", "cookie", "set-cookie")
"""HTTP headers whose value is removed."""
SHOWN: Final = 256 * 1024
"""Characters of a body that evidence holds at most."""

KEPT: Final = 5000
"""Exchanges that a recording keeps; of more, the oldest are forgotten."""
LEAST_SECRET: Final = 6
"""Characters of the shortest text that is removed wherever it stands; shorter ones are everywhere."""

_SECRET: Final = {name.lower() for name in (*SECRET_LEAVES, *SECRET_TREES)}
_SECRET_ATTRIBUTE: Final = re.compile(rb"(?i)([\w:.-]*(?:password|secret)[\w.-]*\s*=\s*)(\"[^\"]*\"|'[^']*')")
_TAG: Final = re.compile(rb"<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>")
PEERS: Final = {
    "sts": "token service",
    "registry": "registry",
    "renewal": "renewal service",
    "elsewhere": "another host",
    "nobody": "no service",
}
"""What a service is called in transcripts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to a simulator and its answer."""

    service: str
    """`sts`, `registry`, `renewal`, `elsewhere` for a host that a redirect pointed to, or `nobody`."""
    request: Request
    response: Response
    received: datetime
    """When the simulator took the request up, by its own clock; UTC."""
    judgement: Judgement
    """What the judges say of the request."""
    facts: Any = None
    """What the simulator learned of the request, for checks: a record of its own."""
    summary: str = ""
    """What was asked, in a few words: `RequestSecurityToken`, `VerifyUSI`."""
    outcome: str = ""
    """What was answered, in a few words: `token issued`, `fault E2003`, `Valid`."""
    at_ms: float = 0.0
    """Milliseconds from the beginning of the scenario to the request; set by the bench."""
    took_ms: float = 0.0
    """Milliseconds from the request to the answer; set by the bench."""


@dataclass(slots=True)
class Recording:
    """The exchanges of one scenario, in the order of their answers."""

    name: str
    started: datetime
    faults: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    """Texts that must not appear in evidence wherever they stand, for instance the store's password."""
    exchanges: list[Exchange] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What else was seen: TLS connections that failed, in OpenSSL's words."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def add(self, exchange: Exchange) -> None:
        """Append one exchange; safe from any thread."""
        with self._lock:
            self.exchanges.append(exchange)
            del self.exchanges[:-KEPT]

    @property
    def sts(self) -> list[Exchange]:
        """The exchanges with the token service."""
        return [exchange for exchange in self.exchanges if exchange.service == "sts"]

    @property
    def registry(self) -> list[Exchange]:
        """The exchanges with the registry."""
        return [exchange for exchange in self.exchanges if exchange.service == "registry"]

    @property
    def renewal(self) -> list[Exchange]:
        """The exchanges with the renewal service."""
        return [exchange for exchange in self.exchanges if exchange.service == "renewal"]

    @property
    def elsewhere(self) -> list[Exchange]:
        """What was sent to the host that a redirect pointed to."""
        return [exchange for exchange in self.exchanges if exchange.service == "elsewhere"]

    def evidence(self) -> Evidence:
        """Return the redacted transcript of this scenario; its id is the scenario's name."""
        notes = [fault(name).told for name in self.faults]
        notes += [f"A TLS connection failed: {remark}" for remark in dict.fromkeys(self.remarks)]
        return Evidence(
            id=self.name,
            title=self.name.replace("-", " "),
            messages=tuple(
                message for exchange in self.exchanges for message in _messages(exchange, self.secrets)
            ),
            note="\n".join(notes),
        )


def _messages(exchange: Exchange, secrets: tuple[str, ...]) -> tuple[Message, Message]:
    peer = PEERS.get(exchange.service, exchange.service)
    request, response = exchange.request, exchange.response
    return (
        Message(
            at_ms=round(exchange.at_ms, 3),
            sender="implementation",
            receiver=peer,
            summary=exchange.summary or f"{request.method} {request.path}",
            size=len(request.body),
            body=_shown(redact(request.body, secrets)),
            headers=_redacted_headers(request.headers, secrets),
            findings=tuple(_clean(finding, secrets) for finding in exchange.judgement.findings),
        ),
        Message(
            at_ms=round(exchange.at_ms + exchange.took_ms, 3),
            sender=peer,
            receiver="implementation",
            summary=exchange.outcome or f"HTTP {response.status}",
            size=len(response.body),
            body=_shown(redact(response.body, secrets)),
            headers=_redacted_headers(response.headers, secrets),
        ),
    )


def _clean(finding: Finding, secrets: tuple[str, ...]) -> Finding:
    texts = {name: getattr(finding, name) for name in ("message", "expected", "actual", "where", "hint")}
    changed = {name: _without(text, secrets) for name, text in texts.items()}
    changed["octets"] = _overwritten(finding.octets, secrets)
    if changed == {**texts, "octets": finding.octets}:
        return finding
    return msgspec.structs.replace(finding, **changed)


def _overwritten(octets: str, secrets: tuple[str, ...]) -> str:
    """Return base64 of the same bytes, those of a secret overwritten by asterisks."""
    found = [each.encode() for each in secrets if len(each) >= LEAST_SECRET] if octets else []
    content = base64.b64decode(octets)
    for secret in found:
        content = content.replace(secret, b"*" * len(secret))
    return base64.b64encode(content).decode()


def _shown(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}\n[cut: {len(text) - SHOWN} more characters]"


def _redacted_headers(headers: Headers, secrets: tuple[str, ...]) -> Headers:
    return tuple(
        (name, _removed(value) if name.lower() in SECRET_HEADERS else _without(value, secrets))
        for name, value in headers
    )


# --- redaction ------------------------------------------------------------------------------------


def redact(body: bytes, secrets: Iterable[str] = ()) -> str:
    """Return a message body as text without anything secret.

    Secret content is replaced by a mark such as `[removed: 32 bytes]`, in which base64 is counted as
    the bytes that it stands for.  Everything else stays as it was sent.  What is not well-formed XML is
    treated by patterns, and from an element that is never closed everything is removed to the end.

    Args:
        body: bytes of an HTTP body, well-formed XML or not.
        secrets: texts of `LEAST_SECRET` characters or more that are removed wherever they stand.
    """
    try:
        text = _redact_markup(body)
    except (markup.MarkupError, expat.ExpatError, UnicodeError):
        text = _redact_text(body.decode("utf-8", "replace"))
    return _without(_redact_escaped(text), secrets)


def _redact_markup(body: bytes) -> str:
    root = markup.parse(body)
    encoding = (root.getroottree().docinfo.encoding or "UTF-8").upper()
    if encoding not in ("UTF-8", "ASCII", "US-ASCII"):
        # Offsets are counted in bytes, so a rare encoding is read and written again first.
        body = body.decode(encoding.lower()).partition("?>")[2].encode()
    pieces, end = [], 0
    for start, stop, mark in _Spans(body).found:
        pieces += [body[end:start], mark]
        end = stop
    return b"".join((*pieces, body[end:])).decode("utf-8")


class _Spans:
    """Byte ranges of a well-formed document that are secret, and what stands in for each."""

    def __init__(self, body: bytes) -> None:
        self.found: list[tuple[int, int, bytes]] = []
        self._body = body
        self._depth = 0
        self._inside = 0
        self._content = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CommentHandler = self._comment
        self._parser.StartDoctypeDeclHandler = _refuse_doctype
        self._parser.Parse(body, True)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._inside:
            return
        begin = self._parser.CurrentByteIndex
        end = self._tag_end(begin)
        for match in _SECRET_ATTRIBUTE.finditer(self._body, begin, end):
            value = match.group(2)
            quote = value[:1]
            self.found.append((match.start(2), match.end(2), quote + _mark(value[1:-1]) + quote))
        if name.rpartition(":")[2].lower() in _SECRET:
            self._inside = self._depth
            self._content = end

    def _end(self, name: str) -> None:
        if self._inside == self._depth:
            self._inside = 0
            stop = self._parser.CurrentByteIndex
            # In an empty-element tag the end is reported at its beginning: there is nothing to remove.
            if content := self._body[self._content : stop]:
                self.found.append((self._content, stop, _mark(content)))
        self._depth -= 1

    def _comment(self, text: str) -> None:
        if not self._inside:
            begin = self._parser.CurrentByteIndex
            stop = self._body.index(b"-->", begin + 4) + 3
            self.found.append((begin, stop, b"<!--" + _mark(self._body[begin + 4 : stop - 3]) + b"-->"))

    def _tag_end(self, begin: int) -> int:
        """Return the offset behind the `>` of the tag that begins at `begin`; quotes may hide others."""
        match = _TAG.match(self._body, begin)
        return match.end() if match else len(self._body)


def _refuse_doctype(*_: object) -> None:
    raise expat.ExpatError("a document type declaration")


def _names(names: Iterable[str]) -> str:
    return "|".join(names)


# In text that is not XML as a whole: a leaf's text ends at the next tag, a tree at its end tag or nowhere.
_LEAF: Final = re.compile(
    rf"(?i)(<(?:[^\s<>:/]{{1,64}}:)?(?:{_names(SECRET_LEAVES)})\b[^<>]{{0,4096}}>)([^<]+)"
)
_TREE: Final = re.compile(
    rf"(?is)(<(?:[^\s<>:/]{{1,64}}:)?({_names(SECRET_TREES)})\b[^<>]{{0,4096}}>)(.+?)"
    r"(?=</(?:[^\s<>:/]{1,64}:)?\2\s{0,16}>|\Z)"
)
_ESCAPED: Final = re.compile(
    rf"(?i)(&lt;(?:[^\s<>&:/]{{1,64}}:)?(?:{_names((*SECRET_LEAVES, *SECRET_TREES))})\b[^<>&]{{0,4096}}&gt;)"
    r"((?:(?!&lt;/)[^<])+)"
)
_ASSIGNED: Final = re.compile(
    rf"(?i)(\b(?:{_names(SECRET_LEAVES)}|passwd|secret)[\"']?\s{{0,8}}[:=]\s{{0,8}})(\"[^\"]*\"|'[^']*'|[^\s\"'<>&]+)"
)


def _redact_text(text: str) -> str:
    text = _TREE.sub(lambda match: match.group(1) + _removed(match.group(3)), text)
    text = _LEAF.sub(lambda match: match.group(1) + _removed(match.group(2)), text)
    return _ASSIGNED.sub(lambda match: match.group(1) + _removed(match.group(2)), text)


def _redact_escaped(text: str) -> str:
    """Treat a message that stands, escaped, inside another one, as in an error page."""
    return _ESCAPED.sub(lambda match: match.group(1) + _removed(match.group(2)), text)


def _without(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, _removed(secret))
    return text


def _mark(content: bytes) -> bytes:
    return _removed(content.decode("utf-8", "replace")).encode()


_BASE64: Final = re.compile(r"[A-Za-z0-9+/\s]+={0,2}\s*")


def _removed(content: str) -> str:
    if _BASE64.fullmatch(content) and len("".join(content.split())) >= _LEAST_BASE64:
        try:
            return f"[removed: {len(base64.b64decode(content, validate=False))} bytes]"
        except binascii.Error:
            pass  # it only looked like base64
    return f"[removed: {len(content)} characters]"


_LEAST_BASE64: Final = 16
"""Characters below which a text is not taken for base64: `Password1` would be."""
