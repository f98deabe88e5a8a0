"""The reference client of the USI Registry: zeep for the contract, our own security for the token.

zeep reads the WSDL, marshals the request, adds the addressing headers and parses the answer; it knows
nothing of issued tokens.  `IssuedTokenSecurity` adds Timestamp, token and endorsing signature where zeep
lets a plug-in sign.  Each further step is one small method, so that a mutant can get exactly one wrong.

zeep never checks lengths, patterns or enumerations, so that what is sent is checked here first.
"""

import functools
import io
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

import zeep
import zeep.wsdl
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError
from zeep.helpers import serialize_object

from conformance.protocol import checksum, interface, markup, names, operations, security
from conformance.protocol.trust import IssuedToken
from conformance.reference.connection import Answer
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import BACK_OFF, UNAVAILABLE, Order, TokenClient

FAULT_NAMESPACES: Final = (operations.V5.faults, operations.V5.namespace)
"""Where ErrorInfo may live: the current WSDL still has its fault types in the namespace of 2020."""

REASON_OF_CODE: Final = {
    "1001": "service.unavailable",
    "1002": "service.validation",
    "2002": "service.not_authorised",
    "2004": "service.validation",
    "3458": "service.outdated_version",
}
"""The contract's reason for a code of the registry; `service.fault` for every other one."""

RETRIED_CODES: Final = frozenset({"1001"})
"""Codes that can pass by themselves."""

Post = Callable[[str, bytes, dict[str, str]], Answer]
"""Sends a message to an address, with headers."""

_HEADER: Final = names.tag("s:Header")

NAME_LENGTH: Final = 40
_ORG_CODE: Final = re.compile(r"[A-Za-z0-9]{1,8}", re.ASCII)
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


NAME_ELEMENTS: Final = ("FirstName", "FamilyName", "SingleName")
REQUEST_FORMS: Final = (
    {"USI", "FirstName", "FamilyName", "DateOfBirth"},
    {"USI", "SingleName", "DateOfBirth"},
)
"""What a verification may be asked with.  Who has one name only has neither first nor family name."""


@dataclass(frozen=True)
class ErrorInfo:
    """One error of a fault."""

    code: str
    title: str
    message: str

    def __str__(self) -> str:
        return f"{self.title} [{self.code}]: {self.message}"


@dataclass(frozen=True)
class Call:
    """One operation of the registry."""

    usi_address: str
    org_code: str
    operation: str
    request: Mapping[str, Any]
    """Element names of the operation and their values."""


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
        self._message_id = envelope.findtext(f"{_HEADER}/{names.tag('a:MessageID')}") or ""
        return envelope, headers

    def verify(self, envelope: etree._Element) -> None:
        """Refuse the answer to another request.  Answers carry no signature: TLS protects them.

        Raises:
            Refusal: `service.malformed_answer`.
        """
        related = envelope.findtext(f"{_HEADER}/{names.tag('a:RelatesTo')}") or ""
        if related.strip() not in ("", self._message_id):
            raise Refusal("service.malformed_answer", text="The answer belongs to another request.")


class Wire:
    """zeep's transport: one way to post, and no way to fetch."""

    def __init__(self, post: Post, serialize: Callable[[etree._Element], bytes]) -> None:
        self._post = post
        self._serialize = serialize
        self.status = 0
        """HTTP status of the last answer."""

    def post_xml(self, address: str, envelope: etree._Element, headers: dict[str, str]) -> "Reply":
        """Send a message and return the answer in the form that zeep reads."""
        # zeep adds a SOAPAction, which SOAP 1.2 has not; the action is in the Content-Type.
        kept = {name: value for name, value in headers.items() if name.lower() != "soapaction"}
        answer = self._post(address, self._serialize(envelope), kept)
        self.status = answer.status
        return Reply(answer.status, answer.body, {"Content-Type": answer.content_type or "text/xml"})

    def load(self, url: str) -> bytes:
        """Refuse: the WSDL imports nothing."""
        raise Refusal("service.malformed_answer", text=f"Nothing is fetched from {url}.")


@dataclass(frozen=True)
class Reply:
    """An answer as zeep reads it."""

    status_code: int
    content: bytes
    headers: dict[str, str]
    encoding: str = "utf-8"


class UsiClient:
    """A client of the registry's v5 services for one conversation."""

    pauses: tuple[float, ...] = BACK_OFF
    """Seconds to wait before each further attempt."""

    def __init__(
        self,
        *,
        tokens: TokenClient,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        sleep: Callable[[float], None],
    ) -> None:
        self.tokens = tokens
        self.clock = clock
        self.random = random
        self.sleep = sleep

    def call(self, order: Callable[[], Order], call: Call) -> tuple[dict[str, Any], str]:
        """Carry out an operation.

        Args:
            order: opens the credential; called only when the request is fit to be sent.
            call: what to ask for.

        Returns:
            The response's elements by name, and the conclusion: a word of the contract.

        Raises:
            Refusal: the request is not fit to be sent, no token was given, or the registry refused.
        """
        request = self.prepare(call)
        response = self.carry_out(order(), call, request)
        return response, self.conclude(response)

    # --- before anything is sent --------------------------------------------------------------------

    def prepare(self, call: Call) -> dict[str, str]:
        """Return the elements to send: trimmed, complete, one form of the name.

        Raises:
            Refusal: `usi.…` or `request.invalid`; nothing has been sent.
        """
        if not _ORG_CODE.fullmatch(call.org_code):
            raise Refusal("request.invalid", text="An organisation code has up to eight letters and digits.")
        if set(call.request) not in REQUEST_FORMS:
            raise Refusal(
                "request.invalid",
                text="A verification takes USI, DateOfBirth, and FirstName with FamilyName or SingleName.",
            )
        request = {"USI": self.usi(call.request["USI"])}
        for name in NAME_ELEMENTS:
            if name in call.request:
                request[name] = self.person_name(call.request[name])
        request["DateOfBirth"] = self.date(call.request["DateOfBirth"])
        return request

    def usi(self, typed: object) -> str:
        """Return a USI as it is sent; what a person typed in lower case or with blanks around is folded."""
        usi = checksum.fold(typed) if isinstance(typed, str) else typed
        for reason in checksum.reasons(usi):
            raise Refusal(reason)
        return str(usi)

    def person_name(self, typed: object) -> str:
        """Return a name without blanks at its ends; blanks inside are the person's own."""
        name = typed.strip() if isinstance(typed, str) else ""
        if not 0 < len(name) <= NAME_LENGTH or not all(character.isprintable() for character in name):
            raise Refusal("request.invalid", text=f"A name has 1 to {NAME_LENGTH} printable characters.")
        return name

    def date(self, typed: object) -> str:
        """Return a date as the registry wants it: yyyy-mm-dd, with neither time nor zone."""
        try:
            if isinstance(typed, str) and _DATE.fullmatch(typed):
                return date.fromisoformat(typed).isoformat()
        except ValueError:
            pass
        raise Refusal("request.invalid", text="A date of birth is a real date, written yyyy-mm-dd.")

    # --- the exchange -------------------------------------------------------------------------------

    def carry_out(self, order: Order, call: Call, request: dict[str, str]) -> dict[str, Any]:
        """Ask; again once with a new token if the old one is refused, and after what can pass by itself."""
        pauses = iter(self.pauses)
        renewed = False
        while True:
            token = self.tokens.token(order)
            try:
                return self.ask(order, call, request, token)
            except Refusal as refusal:
                if refusal.code == "InvalidSecurity" and not renewed:
                    renewed = True
                    self.tokens.forget(order)
                    continue
                pause = next(pauses, None) if self.worth_another_try(refusal) else None
                if pause is None:
                    raise
                self.sleep(pause)

    def worth_another_try(self, refusal: Refusal) -> bool:
        """Tell whether the same request may succeed a moment later."""
        return refusal.code in RETRIED_CODES

    def ask(self, order: Order, call: Call, request: dict[str, str], token: IssuedToken) -> dict[str, Any]:
        """Ask once.

        Raises:
            Refusal: the registry refused, or its answer cannot be used.
        """
        document = self.document()
        wire = Wire(
            lambda address, message, headers: self.post(order, address, message, headers), self.serialize
        )
        client: Any = zeep.Client(  # type: ignore[no-untyped-call]
            document,
            wsse=IssuedTokenSecurity(lambda envelope: self.seal(envelope, token)),
            transport=wire,
            settings=document.settings,
        )
        service = client.create_service(next(iter(document.bindings)), call.usi_address)
        try:
            response = service[call.operation](OrgCode=call.org_code, **request)
        except Fault as fault:
            # zeep calls everything a fault that comes with 500 or so; a real one has a code.
            raise (self.explain(fault) if fault.code else _no_answer(wire.status)) from fault
        except TransportError as problem:
            raise _no_answer(wire.status) from problem
        except (ZeepError, LookupError, TypeError, ValueError, AttributeError) as problem:
            # zeep meets odd answers with whatever its parser stumbles over.
            raise Refusal(
                "service.malformed_answer", text=f"The answer cannot be read: {problem}"
            ) from problem
        found: dict[str, Any] = serialize_object(response, dict) or {}  # type: ignore[no-untyped-call]
        if not found.get("USIStatus"):
            raise Refusal("service.malformed_answer", text="The answer has no status.")
        return {name: value for name, value in found.items() if value is not None}

    def document(self) -> zeep.wsdl.Document:
        """Return the kit's own WSDL of the registry as zeep understands it; read once per process."""
        return _document()

    def seal(self, envelope: etree._Element, token: IssuedToken) -> None:
        """Give the message its identifier and its Security header: Timestamp, token, endorsing signature."""
        identifier = envelope.find(f"{_HEADER}/{names.tag('a:MessageID')}")
        if identifier is not None:
            identifier.text = self.message_id()
        self.endorse(envelope, token)

    def message_id(self) -> str:
        """Return an identifier that no message has had before."""
        return uuid.UUID(bytes=self.random(16), version=4).urn

    def endorse(self, envelope: etree._Element, token: IssuedToken) -> None:
        """Add Timestamp, token as it was received, and the signature with the proof key."""
        security.endorse(
            envelope,
            token=token.encrypted_data,
            reference=token.attached,
            proof_key=token.proof_key,
            now=self.clock(),
        )

    def serialize(self, envelope: etree._Element) -> bytes:
        """Return the message as it goes onto the wire."""
        return markup.serialize(envelope)

    def post(self, order: Order, address: str, message: bytes, headers: dict[str, str]) -> Answer:
        """Send the message and return the answer, whatever its status."""
        return self.tokens.connection(order.ca_file).post(address, message, headers)

    # --- understanding ------------------------------------------------------------------------------

    def conclude(self, response: dict[str, Any]) -> str:
        """Return what the user is told of a verification.

        Valid alone says that the USI exists and is active; whose it is, only the matches tell.
        """
        matches = [response[name] for name in (*NAME_ELEMENTS, "DateOfBirth") if name in response]
        verified = response.get("USIStatus") == "Valid" and matches and all(m == "Match" for m in matches)
        return "verified" if verified else "not_verified"

    def explain(self, fault: Fault) -> Refusal:
        """Return what a fault means to the user.  It says nothing about the USI that was asked for."""
        errors = self.errors(fault.detail)
        if errors:
            reason = REASON_OF_CODE.get(errors[0].code, "service.fault")
            return Refusal(reason, code=errors[0].code, text="; ".join(map(str, errors)))
        subcodes = [subcode.localname for subcode in fault.subcodes or ()]
        return Refusal("service.fault", code=next(iter(subcodes), ""), text=str(fault.message))

    def errors(self, detail: etree._Element | None) -> list[ErrorInfo]:
        """Return every ErrorInfo of a fault's detail, one or several."""
        if detail is None:
            return []
        found = []
        for namespace in FAULT_NAMESPACES:
            for info in detail.iter(f"{{{namespace}}}ErrorInfo"):
                texts = (info.findtext(f"{{{namespace}}}{name}") for name in ("Code", "Title", "Message"))
                found.append(ErrorInfo(*((text or "").strip() for text in texts)))
        return found


def _no_answer(status: int) -> Refusal:
    reason = "service.unavailable" if status in UNAVAILABLE else "service.malformed_answer"
    return Refusal(reason, code=f"HTTP {status}", text="The registry gave no answer.")


@functools.cache
def _document() -> zeep.wsdl.Document:
    # Both addresses are given per call; those in the WSDL are never used.
    wsdl = interface.wsdl("https://service.invalid", issuer="https://issuer.invalid")
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_external=True)
    return zeep.wsdl.Document(io.BytesIO(wsdl), cast(Any, Wire(_never, markup.serialize)), settings=settings)


def _never(address: str, message: bytes, headers: dict[str, str]) -> Answer:
    raise Refusal("transport.failed", text="A WSDL is read from memory.")
