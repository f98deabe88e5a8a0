"""One request and its answer: tokens, security, repetition, faults.

Nothing here knows of a single operation.  Each step is one small method, so that a mutant can get exactly
one wrong.
"""

import base64
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import zeep
import zeep.wsdl
from lxml import etree
from zeep.exceptions import Error as ZeepError
from zeep.exceptions import Fault, TransportError

from conformance.errors import EvteError
from conformance.protocol import markup, names, operations, security, soap
from conformance.protocol.trust import IssuedToken
from conformance.reference.connection import NOT_CONNECTED, READ_SECONDS, Answer
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import BACK_OFF, UNAVAILABLE, Order, TokenClient
from conformance.reference.usi_client.calls import ESSENTIAL, REPEATABLE, Call
from conformance.reference.usi_client.wire import HEADER, IssuedTokenSecurity, Wire, document

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

ID_LENGTH: Final = 20
"""Characters of a RequestId, which is as long as it may be."""


@dataclass(frozen=True)
class ErrorInfo:
    """One error of a fault."""

    code: str
    title: str
    message: str

    def __str__(self) -> str:
        return f"{self.title} [{self.code}]: {self.message}"


class Exchange:
    """Carries requests to the registry's v5 services, for one conversation."""

    pauses: tuple[float, ...] = BACK_OFF
    """Seconds to wait before each further attempt."""

    patience: float | None = READ_SECONDS
    """Seconds of silence after which an answer is no longer waited for."""

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

    # --- attempts -----------------------------------------------------------------------------------

    def carry_out(self, order: Order, call: Call, request: dict[str, Any]) -> dict[str, Any]:
        """Ask; again once with a new token if the old one is refused, and after what can pass by itself.

        Args:
            order: what a token is asked for with.
            call: where to, and which operation.
            request: the elements of the message but OrgCode.  A RequestId in it is renewed with each
                attempt, so that it tells afterwards what was sent last.

        Returns:
            The answer's elements by name.

        Raises:
            Refusal: the registry refused, or its answer did not come or cannot be used.
        """
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
                else:
                    again = self.repeatable(call) and self.worth_another_try(refusal)
                    pause = next(pauses, None) if again else None
                    if pause is None:
                        raise
                    self.sleep(pause)
            if "RequestId" in request:
                request["RequestId"] = self.request_id()

    def repeatable(self, call: Call) -> bool:
        """Tell whether asking twice does no harm."""
        return call.operation in REPEATABLE

    def worth_another_try(self, refusal: Refusal) -> bool:
        """Tell whether the same request may succeed a moment later."""
        return refusal.code in RETRIED_CODES

    def outcome_unknown(self, refusal: Refusal) -> bool:
        """Tell whether the registry may have done what it was asked for, though no answer of it arrived.

        A fault says that it has not.  A connection that was never made, or not to the right server, has
        brought it nothing.
        """
        if refusal.reason == "service.unavailable":
            return refusal.code.startswith("HTTP ")
        if refusal.reason == "transport.failed":
            return refusal.code != NOT_CONNECTED
        return refusal.reason == "service.malformed_answer"

    # --- asking -------------------------------------------------------------------------------------

    def ask(self, order: Order, call: Call, request: dict[str, Any], token: IssuedToken) -> dict[str, Any]:
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
        organisation = {"OrgCode": call.org_code} if call.names_organisation else {}
        try:
            service[call.operation](**organisation, **self.arguments(document, request))
        except Fault as fault:
            # zeep calls everything a fault that comes with 500 or so; a real one has a code.
            raise (self.explain(fault) if fault.code else _no_answer(wire.status)) from fault
        except TransportError as problem:
            raise _no_answer(wire.status) from problem
        except (ZeepError, LookupError, TypeError, ValueError, AttributeError) as problem:
            # zeep meets odd answers with whatever its parser stumbles over.  What it misses or does not
            # know may be nothing that matters: an answer without the USI of nobody, an element too many.
            return self.read(call, wire.body, problem)
        return self.read(call, wire.body)

    def arguments(self, document: zeep.wsdl.Document, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the elements as zeep wants them: what has an `xsi:type` as an object of that type."""
        return {name: self.argument(document, value) for name, value in values.items()}

    def argument(self, document: zeep.wsdl.Document, value: Any) -> Any:  # noqa: ANN401 - JSON
        """Return one value as zeep wants it."""
        if isinstance(value, list):
            return [self.argument(document, item) for item in value]
        if not isinstance(value, dict):
            return value
        content = {name: self.argument(document, item) for name, item in value.items()}
        kind = content.pop(operations.TYPE_KEY, None)
        if kind is None:
            return content
        types: Any = document.types
        return types.get_type(f"{{{operations.V5.namespace}}}{kind}")(**content)

    def document(self) -> zeep.wsdl.Document:
        """Return the registry's WSDL as zeep understands it."""
        return document()

    def seal(self, envelope: etree._Element, token: IssuedToken) -> None:
        """Give the message its identifier and its Security header: Timestamp, token, endorsing signature."""
        identifier = envelope.find(f"{HEADER}/{names.tag('a:MessageID')}")
        if identifier is not None:
            identifier.text = self.message_id()
        self.endorse(envelope, token)

    def message_id(self) -> str:
        """Return an identifier that no message has had before."""
        return uuid.UUID(bytes=self.random(16), version=4).urn

    def request_id(self) -> str:
        """Return a RequestId that no request has had before, of this product or after a restart: 100 bits."""
        return base64.b32encode(self.random(13)).decode()[:ID_LENGTH]

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
        connection = self.tokens.connection(order.ca_file)
        return connection.post(address, message, headers, patience=self.patience)

    # --- understanding ------------------------------------------------------------------------------

    def read(self, call: Call, body: bytes, problem: Exception | None = None) -> dict[str, Any]:
        """Return the elements of an answer by name, as they stand on the wire.

        Args:
            call: what was asked for.
            body: the answer as it came; it holds no fault.
            problem: what zeep had to say against it.

        Raises:
            Refusal: `service.malformed_answer`: it is no answer of this operation.
        """
        operation = operations.OPERATIONS[call.operation]
        try:
            payload = soap.read(body).payload
        except EvteError as error:
            raise _unreadable(problem or error) from error
        if payload is None or payload.tag != f"{{{operations.V5.namespace}}}{operation.answer}":
            raise _unreadable(problem or "it is no answer of this operation") from problem
        found = operations.read_answer(payload, operation)
        if found.get(ESSENTIAL[call.operation]) in (None, ""):
            text = f"The answer has no {ESSENTIAL[call.operation]}."
            raise Refusal("service.malformed_answer", text=text) from problem
        return found

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


def _unreadable(problem: object) -> Refusal:
    return Refusal("service.malformed_answer", text=f"The answer cannot be read: {problem}")
