"""The reference client of the token service: credential in, token and proof key out.

Each step is one small method, so that a mutant can get exactly one of them wrong.  The order is that of
`issue`: envelope, signature, post, answer.  Tokens are kept per credential, service, relying party and
second party, and never used beyond the end that the service gave them.
"""

import contextlib
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from conformance.errors import EvteError
from conformance.protocol import abn, instants, markup, names, security, soap, trust
from conformance.reference.connection import Answer, Connection
from conformance.reference.refusal import Refusal

RETRIED_EVENTS: Final = frozenset({"E1001", "E1003", "E1004", "E2190"})
"""Events that can pass by themselves.  Asking again after any other one only repeats the answer."""

FINAL_EVENTS: Final = frozenset(
    {"E2003", "E2014", "E2015", "E2017", "E2020", "E2029", "E2169", "E2180", "E2182", "E2183"}
)
"""Events that say what has to be mended first.  Behind a refusal that is neither of these nor of those
above may be a missing notification, whose code is not public."""

REASON_OF_EVENT: Final = {
    **dict.fromkeys(RETRIED_EVENTS, "token.unavailable"),
    "E2003": "token.relying_party",
    "E2014": "token.revoked",
    "E2015": "token.expired",
}
"""The contract's reason for an event code; `token.fault` for every other one."""

BACK_OFF: Final = (0.1, 0.4)
"""Seconds to wait before the second and the third attempt; there is no fourth."""

LONGEST_PAUSE: Final = 0.5
"""Seconds that are waited at most when a server says after how many to ask again; who would have to wait
longer is told so instead, for a person waits in front of it."""

TOKEN_LIFE: Final = timedelta(minutes=30)
"""The lifetime that is asked for when the caller names none."""

MARGIN: Final = timedelta(seconds=30)
"""A kept token is not used any more this long before it expires, so that it lasts until it arrives."""

SSID_LENGTH: Final = 10
UNAVAILABLE: Final = frozenset({502, 503, 504})
"""HTTP statuses of a service that is not there, whatever the body says."""


@dataclass(frozen=True)
class Credential:
    """An opened machine credential."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """The certificate and its issuers, as the store has them."""
    key: RSAPrivateKey = field(repr=False)
    abn: str
    """ABN of its owner, eleven digits."""

    @property
    def fingerprint(self) -> bytes:
        """SHA-256 of the certificate: two credentials of one ABN are two credentials."""
        return self.certificate.fingerprint(hashes.SHA256())


@dataclass(frozen=True)
class ActAs:
    """On whose behalf a provider of hosted software asks."""

    second_party: str
    """ABN of the client, eleven digits."""
    ssid: str
    """Software id of the client's notification: ten digits, leading zeros included."""


@dataclass(frozen=True)
class Order:
    """Everything that one token depends on."""

    sts_address: str
    ca_file: str
    """Path of the PEM file with the CA of the service's HTTPS certificate."""
    credential: Credential
    applies_to: str
    """Address of the relying party, exactly as it is registered."""
    act_as: ActAs | None = None
    lifetime: timedelta = TOKEN_LIFE


@dataclass(frozen=True)
class Attempt:
    """What is made anew for every request."""

    message_id: str
    entropy: bytes | None = field(default=None, repr=False)
    """The client's half of a computed proof key; None leaves the key to the service."""


class TokenClient:
    """A client of S007v1.3 for one conversation."""

    pauses: tuple[float, ...] = BACK_OFF
    """Seconds to wait before each further attempt."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        sleep: Callable[[float], None],
    ) -> None:
        self.clock = clock
        self.random = random
        self.sleep = sleep
        self._kept: dict[tuple[object, ...], trust.IssuedToken] = {}
        self._connections: dict[str, Connection] = {}
        self._lock = threading.Lock()

    # --- keeping ------------------------------------------------------------------------------------

    def token(self, order: Order) -> trust.IssuedToken:
        """Return a token that can still be used, kept or new.

        Raises:
            Refusal: the order makes no sense, or the service gives no token.
        """
        key = self.key(order)
        with self._lock:
            kept = self._kept.get(key)
        if kept is not None and self.usable(kept):
            return kept
        self.check(order)
        token = self.obtain(order)
        with self._lock:
            self._kept[key] = token
        return token

    def key(self, order: Order) -> tuple[object, ...]:
        """Return what tells kept tokens apart: a token of one client must never serve another one."""
        return (order.credential.fingerprint, order.sts_address, order.applies_to, order.act_as)

    def usable(self, token: trust.IssuedToken) -> bool:
        """Tell whether a kept token lasts long enough for another request."""
        return token.expires is not None and self.clock() + MARGIN < token.expires

    def forget(self, order: Order | None = None) -> None:
        """Forget the token of an order, or every token."""
        with self._lock:
            if order is None:
                self._kept.clear()
            else:
                self._kept.pop(self.key(order), None)

    # --- asking -------------------------------------------------------------------------------------

    def check(self, order: Order) -> None:
        """Refuse an order that could only fail.

        Raises:
            Refusal: `request.invalid`.
        """
        if order.act_as is None:
            return
        second, ssid = order.act_as.second_party, order.act_as.ssid
        if not abn.is_valid(second):
            raise Refusal("request.invalid", text="The client's ABN has a typing mistake.")
        if second == order.credential.abn:
            raise Refusal("request.invalid", text="A business does not act on its own behalf.")
        if len(ssid) != SSID_LENGTH or not (ssid.isascii() and ssid.isdigit()):
            raise Refusal("request.invalid", text="A software id has ten digits, leading zeros included.")

    def obtain(self, order: Order) -> trust.IssuedToken:
        """Ask for a token; ask again, with pauses, only after what can pass by itself."""
        for pause in self.pauses:
            try:
                return self.issue(order)
            except Refusal as refusal:
                if not self.worth_another_try(refusal):
                    raise
                wanted = self.wait(refusal, pause)
            self.sleep(wanted)
        return self.issue(order)

    def worth_another_try(self, refusal: Refusal) -> bool:
        """Tell whether the same request may succeed a moment later."""
        if refusal.after is not None:
            return refusal.after <= LONGEST_PAUSE
        return refusal.code in RETRIED_EVENTS

    def wait(self, refusal: Refusal, pause: float) -> float:
        """Return the seconds to wait before the next attempt: never fewer than the server asks for."""
        return max(pause, refusal.after or 0)

    def issue(self, order: Order) -> trust.IssuedToken:
        """Ask for a token once."""
        attempt = Attempt(self.message_id(), self.entropy())
        envelope = self.envelope(order, attempt)
        self.sign(envelope, order)
        answer = self.post(order, markup.serialize(envelope))
        return self.read(order, answer, attempt)

    def message_id(self) -> str:
        """Return an identifier that no message has had before."""
        return uuid.UUID(bytes=self.random(16), version=4).urn

    def entropy(self) -> bytes | None:
        """Return the client's half of a computed key; None: the service makes the whole key."""
        return None

    def envelope(self, order: Order, attempt: Attempt) -> etree._Element:
        """Return the message without its Security header."""
        return soap.build(
            self.request(order, attempt),
            action=names.ISSUE_ACTION,
            message_id=attempt.message_id,
            to=order.sts_address,
            reply_to=True,
        )

    def request(self, order: Order, attempt: Attempt) -> etree._Element:
        """Return the RequestSecurityToken element."""
        created, expires = self.lifetime(order)
        return trust.build_request(
            applies_to=order.applies_to,
            created=created,
            expires=expires,
            claims=self.claims(order.applies_to),
            act_as=self.relationship(order),
            entropy=attempt.entropy,
        )

    def lifetime(self, order: Order) -> tuple[datetime, datetime]:
        """Return from when to when the token shall be valid; UTC."""
        now = self.clock()
        return now, now + order.lifetime

    def claims(self, applies_to: str) -> tuple[str, ...]:
        """Return the claims that the relying party asks for."""
        return names.SBR_CLAIMS if "sbr.gov.au" in applies_to else names.USI_CLAIMS

    def relationship(self, order: Order) -> trust.ActAs | None:
        """Return the RelationshipToken's content for hosted software, with an id of its own per request."""
        if order.act_as is None:
            return None
        return trust.ActAs(
            ssid=order.act_as.ssid,
            first_party=order.credential.abn,
            second_party=order.act_as.second_party,
            id=str(uuid.UUID(bytes=self.random(16), version=4)),
        )

    def sign(self, envelope: etree._Element, order: Order) -> None:
        """Add the Security header: Timestamp, certificate, signature over Timestamp and To."""
        security.sign_request(
            envelope, key=order.credential.key, certificate=order.credential.certificate, now=self.clock()
        )

    def post(self, order: Order, message: bytes) -> Answer:
        """Send the message and return the answer, whatever its status."""
        return self.connection(order.ca_file).post(order.sts_address, message, self.headers())

    def connection(self, ca_file: str) -> Connection:
        """Return the connection that trusts a CA file; the registry's client uses it too."""
        with self._lock:
            if ca_file not in self._connections:
                self._connections[ca_file] = self.connect(ca_file)
            return self._connections[ca_file]

    def connect(self, ca_file: str) -> Connection:
        """Return a new connection."""
        return Connection(ca_file)

    def headers(self) -> dict[str, str]:
        """Return the HTTP headers that matter."""
        return {"Content-Type": "application/soap+xml; charset=utf-8"}

    # --- understanding ------------------------------------------------------------------------------

    def read(self, order: Order, answer: Answer, attempt: Attempt) -> trust.IssuedToken:
        """Return the token of an answer.

        Raises:
            Refusal: the answer is a fault, is for another request, or cannot be used.
        """
        try:
            envelope = soap.read(answer.body)
            fault = soap.read_fault(envelope)
            if fault is not None:
                raise self.advise(order, fault, envelope)
            self.match(envelope, order, attempt)
            token = self.unpack(envelope, attempt)
        except EvteError as problem:
            if answer.status in UNAVAILABLE:
                raise self.absent(answer) from problem
            text = f"The answer cannot be used: {problem.message}"
            raise Refusal("token.malformed_answer", text=text) from problem
        if token.applies_to not in ("", order.applies_to):
            raise Refusal("token.malformed_answer", text="The token is for another relying party.")
        return token

    def absent(self, answer: Answer) -> Refusal:
        """Return what is told where something in front of the service answers that it is not there."""
        text = "The token service is not there at the moment."
        if answer.retry_after is not None:
            text += f" Try again after {answer.retry_after:g} seconds."
        return Refusal("token.unavailable", code=f"HTTP {answer.status}", text=text, after=answer.retry_after)

    def match(self, envelope: soap.Envelope, order: Order, attempt: Attempt) -> None:
        """Refuse an answer to another request, or of another time.

        Raises:
            Refusal: `token.malformed_answer`.
        """
        if envelope.relates_to not in ("", attempt.message_id):
            raise Refusal("token.malformed_answer", text="The answer belongs to another request.")
        try:
            timely = self.timely(envelope)
        except instants.InstantError as problem:
            text = f"The answer has a Timestamp that cannot be read: {problem}"
            raise Refusal("token.malformed_answer", text=text) from problem
        if not timely:
            text = f"The answer is not of this time. {self.clocks(envelope)}"
            raise Refusal("token.malformed_answer", code="MessageExpired", text=text)

    def timely(self, envelope: soap.Envelope) -> bool:
        """Tell whether the Timestamp of an answer, if it has one, holds now, give or take five minutes."""
        now = self.clock()
        begin, end = (self.moment(envelope, name) for name in ("u:Created", "u:Expires"))
        return (begin is None or begin <= now + security.SKEW) and (end is None or now - security.SKEW < end)

    def moment(self, envelope: soap.Envelope, name: str) -> datetime | None:
        """Return a moment of an answer's Timestamp.

        Raises:
            InstantError: there is one that cannot be read.
        """
        found = markup.child(envelope.security, "u:Timestamp", name)
        return None if found is None else instants.read(markup.text(found))

    def clocks(self, envelope: soap.Envelope) -> str:
        """Say what to look at where two clocks do not agree."""
        ours = f"The clock of this computer shows {self.clock():%Y-%m-%d %H:%M:%S} UTC"
        with contextlib.suppress(instants.InstantError):
            theirs = self.moment(envelope, "u:Created")
            if theirs is not None:
                return f"{ours}, that of the service {theirs:%H:%M:%S}: set it, and its time zone, right."
        return f"{ours}: check it, and its time zone."

    def advise(self, order: Order, fault: soap.Fault, envelope: soap.Envelope) -> Refusal:
        """Return what a fault means to the user, with what the service cannot know: our clock, our client."""
        refusal = self.explain(fault)
        if names.MESSAGE_EXPIRED in fault.subcodes:
            refusal.text += f" {self.clocks(envelope)}"
        elif order.act_as is not None and refusal.code not in RETRIED_EVENTS | FINAL_EVENTS:
            refusal.text += (
                f" Check that ABN {order.act_as.second_party} has a notification of software id "
                f"{order.act_as.ssid} in RAM (My cloud software services) that has not ended."
            )
        return refusal

    def unpack(self, envelope: soap.Envelope, attempt: Attempt) -> trust.IssuedToken:
        """Return the token of an answer that is no fault."""
        return trust.read_response(envelope, entropy=attempt.entropy)

    def explain(self, fault: soap.Fault) -> Refusal:
        """Return what a fault of the service means to the user: its code, what happened, what to do."""
        event = trust.read_event(fault)
        if event is None:
            code = fault.subcodes[-1].rpartition("}")[2] if fault.subcodes else fault.code
            return Refusal("token.fault", code=code, text=fault.reason)
        reason = REASON_OF_EVENT.get(event.code, "token.fault")
        return Refusal(reason, code=event.code, text=f"{event.description} {event.advice}".strip())
