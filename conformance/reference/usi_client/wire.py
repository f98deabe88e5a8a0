"""Where zeep meets the wire: a plug-in that seals messages, and a transport that only posts."""

import functools
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

import zeep
import zeep.wsdl
from lxml import etree

from conformance.protocol import interface, markup, names
from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal

Post = Callable[[str, bytes, dict[str, str]], Answer]
"""Sends a message to an address, with headers."""

HEADER: Final = names.tag("s:Header")


class IssuedTokenSecurity:
    """zeep's plug-in for security, of one call: seals the finished request, and looks at the answer."""

    def __init__(self, seal: Callable[[etree._Element], None]) -> None:
        self._seal = seal
        self._message_id = ""

    def apply(
        self, envelope: etree._Element, headers: dict[str, str]
    ) -> tuple[etree._Element, dict[str, str]]:
        """Add what the message still lacks."""
        self._seal(envelope)
        self._message_id = envelope.findtext(f"{HEADER}/{names.tag('a:MessageID')}") or ""
        return envelope, headers

    def verify(self, envelope: etree._Element) -> None:
        """Refuse the answer to another request.  Answers carry no signature: TLS protects them.

        Raises:
            Refusal: `service.malformed_answer`.
        """
        related = envelope.findtext(f"{HEADER}/{names.tag('a:RelatesTo')}") or ""
        if related.strip() not in ("", self._message_id):
            raise Refusal("service.malformed_answer", text="The answer belongs to another request.")


@dataclass(frozen=True)
class Reply:
    """An answer as zeep reads it."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str = "utf-8"


class Wire:
    """zeep's transport: one way to post, and no way to fetch."""

    def __init__(self, post: Post, serialize: Callable[[etree._Element], bytes]) -> None:
        self._post = post
        self._serialize = serialize
        self.status = 0
        """HTTP status of the last answer."""
        self.body = b""
        """Body of the last answer."""

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> Reply:
        """Send a message and return the answer in the form that zeep reads."""
        # zeep adds a SOAPAction, which SOAP 1.2 has not; the action is in the Content-Type.
        kept = {name: value for name, value in headers.items() if name.lower() != "soapaction"}
        answer = self._post(address, self._serialize(envelope), kept)
        self.status, self.body = answer.status, answer.body
        return Reply(answer.status, answer.body, {"Content-Type": answer.content_type or "text/xml"})

    def load(self, url: str) -> bytes:
        """Refuse: the WSDL imports nothing."""
        raise Refusal("service.malformed_answer", text=f"Nothing is fetched from {url}.")


@functools.cache
def document() -> zeep.wsdl.Document:
    """Return the kit's own WSDL of the registry as zeep understands it; read once per process."""
    # Both addresses are given per call; those in the WSDL are never used.
    wsdl = interface.wsdl("https://service.invalid", issuer="https://issuer.invalid")
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_external=True)
    return zeep.wsdl.Document(io.BytesIO(wsdl), cast(Any, Wire(_never, markup.serialize)), settings=settings)


def _never(address: str, message: bytes, headers: dict[str, str]) -> Answer:
    raise Refusal("transport.failed", text="A WSDL is read from memory.")
