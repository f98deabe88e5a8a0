"""The correct implementation, and the register of those that are wrong in one way each.

`Correct` speaks the contract in the same process: `handle(method, params)` returns the result object
that a harness would put on its line.  A mutant is a subclass that overrides one small step and is
declared with `mutant`; a legal variant is a subclass that is right too.

Imports of protocol, XML and HTTP libraries sit inside the methods that need them, so that a harness
that is only asked for check characters starts in a moment.
"""

import base64
import functools
import hashlib
import platform
import re
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from conformance.adapters.contract import (
    CLOCK,
    CONCURRENT,
    DEADLINE,
    FIRST_OPERATION,
    FURTHER_OPERATIONS,
    METHODS,
    PROTOCOL_VERSION,
)
from conformance.errors import KitError
from conformance.model import Subcode
from conformance.protocol import checksum
from conformance.protocol.names import RSA_SHA256
from conformance.reference.refusal import Refusal, sentence

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.x509 import Certificate

    from conformance.protocol.keystore import OpenCredential, Store
    from conformance.reference.renewal_client import RenewalClient
    from conformance.reference.sts_client import Order, TokenClient
    from conformance.reference.usi_client import UsiClient

Result = dict[str, Any]
"""The result object of one answer: `status` and what belongs to it."""

C = TypeVar("C", bound="Correct")

STATE_FILE: Final = "reference-state.json"
"""Name of the file that keeps what must survive a restart: batches that were uploaded, and their receipts."""


@dataclass(frozen=True)
class Declaration:
    """What a mutant does wrong, and how the suite must show it."""

    name: str
    """The class name in kebab case, as in `mutant:NAME`."""
    mistake: str
    """What it does wrong, in words."""
    kills: str
    """The requirement that must fail with it."""
    subcode: Subcode
    """The kind of failure it must show."""
    seen_in: str
    """Where the mistake was met."""
    mend: str
    """How to put it right."""
    also: tuple[str, ...] = ()
    """Other requirements that necessarily fail with it; no further one may."""


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


class Correct:
    """The reference implementation: everything that the contract asks for, done right.

    Time, randomness and waiting come from outside, so that a scenario can be carried out again to
    the byte.  One object serves one conversation; it keeps issued tokens until `session_reset`.
    """

    capabilities: tuple[str, ...] = (
        *(name for name, method in METHODS.items() if method.capability),
        "session.reset",
        CLOCK,
        CONCURRENT,
        DEADLINE,
    )
    """What `initialize` offers: the methods, that `now` is obeyed, that calls need not take turns, and that
    each ends in time."""

    deadline_s: float = METHODS["usi.call"].deadline_s
    """Seconds that the kit waits for the answer to a call; as it said last."""

    name: str = "EVTE reference implementation"

    operations: tuple[str, ...] = (FIRST_OPERATION, *FURTHER_OPERATIONS)
    """Operations of the registry that this product uses."""

    declaration: ClassVar[Declaration | None] = None
    """What is wrong with it; None unless it is a mutant."""

    Tokens: ClassVar["type[TokenClient] | None"] = None
    """Another client of the token service, for a subclass that differs there; a nested class will do."""

    Registry: ClassVar["type[UsiClient] | None"] = None
    """Another client of the registry, likewise."""

    Renewals: ClassVar["type[RenewalClient] | None"] = None
    """Another way to renew credentials, likewise."""

    def __init__(
        self,
        *,
        clock: Callable[[], datetime] = utc_now,
        random: Callable[[int], bytes] = secrets.token_bytes,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.clock = clock
        self.random = random
        self.sleep = sleep

    # --- the frame ----------------------------------------------------------------------------------

    def handle(self, method: str, params: Mapping[str, Any]) -> Result:
        """Carry out one call of the contract and return its result object.

        Args:
            method: name of the contract, for instance `usi.validate`.
            params: its parameters; `deadline_ms` says how long a silent server may be waited for.
        """
        if method not in METHODS or (METHODS[method].capability and method not in self.capabilities):
            return self.unsupported(f"{method} is not offered")
        arguments = {name: value for name, value in params.items() if name != "deadline_ms"}
        self.deadline_s = params.get("deadline_ms", METHODS["usi.call"].deadline_s * 1000) / 1000
        result: Result = getattr(self, method.replace(".", "_"))(**arguments)
        return result

    def ok(self, value: Any = None) -> Result:  # noqa: ANN401 - JSON
        """Return the answer that the call succeeded with `value`."""
        return {"status": "ok", "value": value}

    def refused(self, reason: str, *, code: str = "", text: str = "") -> Result:
        """Return the answer that the call was refused.

        Args:
            reason: one of the contract's reasons; empty when none is stated.
            code: the implementation's own code; the reason when left out.
            text: what the implementation tells its user.
        """
        result: Result = {"status": "rejected", "native": {"code": code or reason, "text": text}}
        return {**result, "reason": reason} if reason else result

    def refusal(self, refusal: Refusal) -> Result:
        """Return the answer for a step that gave up."""
        return self.refused(refusal.reason, code=refusal.code, text=refusal.text)

    def unsupported(self, message: str) -> Result:
        """Return the answer that this implementation lacks the capability."""
        return {"status": "unsupported", "message": message}

    def initialize(self, protocol_versions: list[int], kit_version: str = "") -> Result:
        """Say who this is and what it offers."""
        return self.ok(
            {
                "protocol": PROTOCOL_VERSION,
                "implementation": {
                    "name": self.name,
                    "version": kit_version or "0",
                    "language": "Python",
                    "runtime": f"{platform.python_implementation()} {platform.python_version()}",
                    "build": _build_digest(type(self)),
                },
                "capabilities": [*self.capabilities, *self.offered_operations()],
                "error_map": [],
            }
        )

    def offered_operations(self) -> list[str]:
        """Return the markers of the registry's operations that this product uses besides the first one."""
        if "usi.call" not in self.capabilities:
            return []
        return [marker for name, marker in FURTHER_OPERATIONS.items() if name in self.operations]

    def session_reset(self) -> Result:
        """Forget every issued token and every list, and close every connection; receipts are kept."""
        for name in ("tokens", "registry"):
            self.__dict__.pop(name, None)
        return self.ok()

    def shutdown(self) -> Result:
        """Say goodbye; the carrier ends the process."""
        return self.ok()

    # --- the check character ------------------------------------------------------------------------

    def usi_validate(self, usi: object) -> Result:
        """Tell whether `usi` may be sent to the registry exactly as it stands."""
        for reason in checksum.reasons(usi):
            return self.refused(reason, text=sentence(reason))
        return self.ok()

    def usi_check_character(self, stem: object) -> Result:
        """Return the tenth character of a USI whose first nine are `stem`."""
        if not isinstance(stem, str):
            return self.refused("usi.type", text=sentence("usi.type"))
        if not set(stem) <= set(checksum.ALPHABET):
            return self.refused("usi.alphabet", text=sentence("usi.alphabet"))
        if len(stem) != checksum.STEM_LENGTH:
            return self.refused("usi.length", text="There are nine characters before the check character.")
        return self.ok(checksum.check_character(stem))

    # --- the credential store -----------------------------------------------------------------------

    def keystore_list(self, path: str) -> Result:
        """Return the aliases of a store, with what is known of each without the password."""
        try:
            store = self.read_store(path)
        except Refusal as refusal:
            return self.refusal(refusal)
        return self.ok(
            {
                "aliases": [
                    {"alias": credential.id, "abn": credential.abn, "name": credential.name1}
                    for credential in store.credentials
                ]
            }
        )

    def keystore_open(self, path: str, alias: str, password: str, now: str | None = None) -> Result:
        """Open one credential: certificate, owner, end of validity, whether renewal is due."""
        moment = self.moment(now)
        try:
            opened = self.open_credential(path, alias, password, moment)
        except Refusal as refusal:
            return self.refusal(refusal)
        certificate = opened.certificate
        return self.ok(
            {
                "certificate": base64.b64encode(_der(certificate)).decode(),
                "abn": opened.abn,
                "name": opened.name,
                "not_after": _rfc3339(certificate.not_valid_after_utc),
                "renewal_due": opened.renewal_due(moment),
            }
        )

    def keystore_sign(
        self, path: str, alias: str, password: str, data: str, algorithm: str, now: str | None = None
    ) -> Result:
        """Sign base64 `data` with the credential's key."""
        try:
            opened = self.open_credential(path, alias, password, self.moment(now))
            signature = self.sign(opened.key, data, algorithm)
        except Refusal as refusal:
            return self.refusal(refusal)
        return self.ok({"signature": base64.b64encode(signature).decode()})

    def keystore_renew(
        self, path: str, alias: str, password: str, renewal_address: str, ca_file: str
    ) -> Result:
        """Renew one credential: new key pair, new certificate, the store replaced in one step."""
        from conformance.reference.renewal_client import Renewal, RenewalClient

        client = (self.Renewals or RenewalClient)(
            opener=lambda file, name, secret: self.open_credential(file, name, secret, self.clock()),
            clock=self.clock,
            random=self.random,
        )
        try:
            certificate = client.renew(Renewal(path, alias, password, renewal_address, ca_file))
        except Refusal as refusal:
            return self.refusal(refusal)
        return self.ok({"certificate": base64.b64encode(_der(certificate)).decode()})

    def read_file(self, path: str) -> bytes:
        """Return the bytes of a credential store, at most one more than a store may have."""
        from conformance.protocol.keystore.records import MAX_BYTES

        try:
            with Path(path).open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as problem:
            raise Refusal("keystore.missing_file", text=f"There is no readable file {path!r}.") from problem

    def read_store(self, path: str) -> "Store":
        """Return a credential store.

        Raises:
            Refusal: `keystore.…`.
        """
        from conformance.protocol import keystore

        try:
            return keystore.read(self.read_file(path))
        except keystore.KeystoreError as problem:
            raise Refusal(problem.reason, text=problem.message) from problem

    def open_credential(self, path: str, alias: str, password: str, now: datetime) -> "OpenCredential":
        """Return a credential that may sign at a moment, with its key.

        Raises:
            Refusal: `keystore.…`.
        """
        from conformance.protocol import keystore

        store = self.read_store(path)
        try:
            return keystore.open_credential(store, alias, password, now=now)
        except keystore.KeystoreError as problem:
            # What is stated as expected is what the user can act on, the certificate's own date for one.
            text = f"{problem.message}: {problem.expected}" if problem.expected else problem.message
            raise Refusal(problem.reason, text=text) from problem

    def sign(self, key: "RSAPrivateKey", data: str, algorithm: str) -> bytes:
        """Return the RSA PKCS#1 v1.5 signature with SHA-256 over base64 `data`.

        Raises:
            Refusal: `request.invalid`.
        """
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        if algorithm != RSA_SHA256:
            raise Refusal("request.invalid", text=f"This product signs with {RSA_SHA256} only.")
        try:
            message = base64.b64decode(data, validate=True)
        except ValueError as problem:
            raise Refusal("request.invalid", text="The data to sign is not base64.") from problem
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())

    def moment(self, now: str | None) -> datetime:
        """Return the moment to act at: the one that was given (RFC 3339), or the present one."""
        return self.clock() if now is None else datetime.fromisoformat(now).astimezone(UTC)

    # --- the exchange -------------------------------------------------------------------------------

    def token_obtain(self, **exchange: Any) -> Result:  # noqa: ANN401 - JSON
        """Exchange the credential for a token of the relying party."""
        try:
            token = self.tokens.token(self.order(**exchange))
        except Refusal as refusal:
            return self.refusal(refusal)
        return self.ok({"expires": _rfc3339(token.expires) if token.expires else None})

    def usi_call(
        self,
        *,
        usi_address: str,
        org_code: str,
        operation: str,
        request: dict[str, Any],
        **exchange: Any,  # noqa: ANN401 - JSON
    ) -> Result:
        """Carry out one operation of the registry and conclude from its answer."""
        from conformance.reference.connection import READ_SECONDS
        from conformance.reference.usi_client import Call

        if operation not in self.operations:
            return self.unsupported(f"this product does not use the operation {operation}")
        call = Call(
            usi_address=usi_address,
            org_code=org_code,
            operation=operation,
            request=request,
            state_file=self.state_file(**exchange),
        )
        # A call may take a look-up besides, so that no answer of the registry has the whole time.
        self.registry.patience = min(READ_SECONDS, self.deadline_s / 3)
        try:
            concluded = self.registry.call(lambda: self.order(**exchange), call)
        except Refusal as refusal:
            return self.refusal(refusal)
        value: dict[str, Any] = {"response": concluded.response, "conclusion": concluded.conclusion}
        if concluded.records is not None:
            value["records"] = [record._asdict() for record in concluded.records]
        return self.ok(value)

    def state_file(self, *, ca_file: str = "", **_: Any) -> Path | None:  # noqa: ANN401 - JSON
        """Return where outstanding batches are kept: beside the CA file; None without one."""
        return Path(ca_file).with_name(STATE_FILE) if ca_file else None

    def order(
        self,
        *,
        sts_address: str,
        ca_file: str,
        keystore: str,
        alias: str,
        password: str,
        applies_to: str,
        act_as: dict[str, str] | None = None,
        lifetime_s: int | None = None,
    ) -> "Order":
        """Return what a token is to be asked for; opens the credential.

        Raises:
            Refusal: `keystore.…`.
        """
        from conformance.reference.sts_client import TOKEN_LIFE, ActAs, Credential, Order

        opened = self.open_credential(keystore, alias, password, self.clock())
        return Order(
            sts_address=sts_address,
            ca_file=ca_file,
            credential=Credential(opened.certificate, opened.chain, opened.key, opened.abn),
            applies_to=applies_to,
            act_as=None if act_as is None else ActAs(**act_as),
            lifetime=TOKEN_LIFE if lifetime_s is None else timedelta(seconds=lifetime_s),
        )

    @functools.cached_property
    def tokens(self) -> "TokenClient":
        """The client of the token service, which keeps the tokens of this conversation."""
        from conformance.reference.sts_client import TokenClient

        return (self.Tokens or TokenClient)(clock=self.clock, random=self.random, sleep=self.sleep)

    @functools.cached_property
    def registry(self) -> "UsiClient":
        """The client of the USI Registry."""
        from conformance.reference.usi_client import UsiClient

        return (self.Registry or UsiClient)(
            tokens=self.tokens, clock=self.clock, random=self.random, sleep=self.sleep
        )


def _build_digest(kind: type[Correct]) -> str:
    """Return a digest over the sources that make up this implementation, and which of them it is."""
    package = Path(__file__).parent.parent
    sources = [*package.glob("reference/**/*.py"), *package.glob("protocol/**/*.py")]
    digest = hashlib.sha256(kind.__qualname__.encode())
    for source in sorted(sources, key=lambda path: path.relative_to(package).as_posix()):
        digest.update(hashlib.sha256(source.read_bytes()).digest())
    return f"sha256:{digest.hexdigest()}"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _der(certificate: "Certificate") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return certificate.public_bytes(Encoding.DER)


# --- the register of mutants ------------------------------------------------------------------------

MUTANTS: Final[dict[str, type[Correct]]] = {}
"""Every mutant of the modules imported so far, by name; `conformance.reference.load_mutants` imports all."""


def mutant(
    *, kills: str, subcode: str, seen_in: str, mend: str, also: tuple[str, ...] = ()
) -> Callable[[type[C]], type[C]]:
    """Enter a subclass of `Correct` in the register as wrong in exactly one way.

    Args:
        kills: id of the requirement whose check must fail with it.
        subcode: the `model.Subcode` of that failure.
        seen_in: where the mistake was met, in words.
        mend: how to put it right.
        also: ids of other requirements that necessarily fail with it.

    Raises:
        KitError: two mutants have one name, or the class has no docstring.
    """

    def register(cls: type[C]) -> type[C]:
        name = kebab_case(cls.__name__)
        if name in MUTANTS:
            raise KitError("two mutants have one name", found=name, where=cls.__module__)
        if not cls.__doc__:
            raise KitError("a mutant must say what it does wrong", found=name, where=cls.__module__)
        cls.declaration = Declaration(name, cls.__doc__, kills, Subcode(subcode), seen_in, mend, tuple(also))
        MUTANTS[name] = cls
        return cls

    return register


def kebab_case(name: str) -> str:
    """Return a class name as it stands on a command line: `UsesSha1` becomes `uses-sha1`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", name).lower()
