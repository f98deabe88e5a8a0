"""The bench: token service, registry, renewal service and credential of one run, ready to be pointed at.

The services listen on the loopback interface over HTTPS with certificates of the kit's own TLS authority.
The credential is a synthetic one that the kit issues for a published test ABN, or the operator's own.
One scenario is active at a time; whatever the services exchange belongs to the scenario that was active when
the request came in.
"""

import contextlib
import hashlib
import itertools
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.errors import KitError, OperatorError
from conformance.model import Blame, Credential, Remark
from conformance.protocol import keystore
from conformance.protocol.keystore import OpenCredential
from conformance.protocol.operations import V5
from conformance.simulators import population
from conformance.simulators.authority import LIFE, Authority, MachineCredential
from conformance.simulators.faults import named
from conformance.simulators.http import Handler, Request, Response, Server
from conformance.simulators.population import Organisation
from conformance.simulators.ram import Ram, Role, Validity
from conformance.simulators.registry import Registry
from conformance.simulators.renewal import PATH as RENEWAL_PATH
from conformance.simulators.renewal import RenewalService
from conformance.simulators.stores import make_store
from conformance.simulators.sts import Settings, TokenService
from conformance.simulators.transcript import Exchange, Recording

PUBLISHED_ADDRESS: Final = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
"""Address of the registry for third-party testing, as samples write it: what a token is asked for."""

STS_PATH: Final = "/R3.0/S007v1.3/service.svc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who calls: the holder of the credential, and the organisation that the call is for."""

    abn: str
    """Of the credential's holder."""
    name: str
    """Of the credential."""
    org_code: str
    """Of the organisation that the call is for."""
    second_party: str = ""
    """ABN of that organisation when it is not the holder (hosted software)."""
    ssid: str = ""
    """Ten digits: the software's id in the client's notification."""


LOCAL: Final = Identity(abn="27809366375", name="EVTEKitMachine", org_code="VA1803")
"""Published test organisation that signs with its own credential."""
CLOUD: Final = Identity(
    abn="11000002568",
    name="EVTEKitHosting",
    org_code="VA1802",
    second_party="96312011219",
    ssid="0000123400",
)
"""Published test pair: a provider that acts for an organisation."""

OTHER_CLIENT: Final = Identity(abn="27809366375", name="", org_code="VA1803", ssid="0000567800")
"""Another organisation that the provider of `CLOUD` acts for, and the software id of its notification."""

PRINCIPAL, ADMINISTRATOR, SECOND_ADMINISTRATOR = "Ada Principal", "Ben Administrator", "Cai Administrator"
"""The people in RAM of the business that has the run's credential; `ADMINISTRATOR` holds it."""
CLIENTS_PRINCIPAL: Final = "Dee Principal"
"""The principal authority, in RAM, of each client."""

KIT_PASSWORD: Final = "Password1!"  # of the kit's own store, and published for the test stores
_INVENTED_CODE: Final = "KIT00001"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCredential:
    """A credential that the operator brought, opened."""

    path: Path
    alias: str
    password: str = field(repr=False)
    opened: OpenCredential
    trust: tuple[x509.Certificate, ...] = ()
    """Trust anchors given along with it."""
    org_code: str = ""
    """Organisation code to use; found by ABN, or invented, when empty."""

    @classmethod
    def from_environment(
        cls,
        *,
        keystore: Path,
        alias: str,
        password_env: str,
        trust: tuple[Path, ...] = (),
        org_code: str = "",
        now: datetime,
    ) -> "OperatorCredential":
        """Open a credential whose password is in an environment variable.

        Args:
            keystore: the store's file.
            alias: id of the credential.
            password_env: name of the variable; the password itself is never given on a command line.
            trust: PEM files of certificates that its chain may end in.
            org_code: organisation code to use; empty to find one.
            now: the moment at which it must be valid; aware.

        Raises:
            OperatorError: a file cannot be read, the variable is not set, or the credential cannot be
                opened: unknown alias, wrong password, damaged, expired.
        """
        _file(keystore, "a credential store")  # a wrong path is told before a missing variable
        password = password_of(password_env)
        return cls.open(keystore, alias, password, trust=_certificates(trust), org_code=org_code, now=now)

    @classmethod
    def open(
        cls,
        path: Path,
        alias: str,
        password: str,
        *,
        trust: tuple[x509.Certificate, ...] = (),
        org_code: str = "",
        now: datetime,
    ) -> "OperatorCredential":
        """Open a credential of a store; arguments and errors as of `from_environment`."""
        try:
            store = keystore.read(_file(path, "a credential store"))
            opened = keystore.open_credential(store, alias, password, now=now)
        except keystore.KeystoreError as error:
            error.where = ", ".join(filter(None, (str(path), error.where)))
            raise
        return cls(
            path=path.resolve(),
            alias=alias,
            password=password,
            opened=opened,
            trust=trust,
            org_code=org_code,
        )


def password_of(variable: str) -> str:
    """Return the password that an environment variable holds.

    Raises:
        OperatorError: it is not set.  What cannot be a variable's name is not repeated: it may be the
            password itself.
    """
    if variable in os.environ:
        return os.environ[variable]
    named = variable if variable.isidentifier() else "(none named)"
    raise OperatorError(
        f"The environment variable {named} is not set.",
        expected="the password of the keystore in an environment variable",
        found="no variable of that name" if named == variable else "no name of a variable",
        advice="set one and name it with --password-env; passwords do not go onto command lines",
    )


def _file(path: Path, what: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise OperatorError(
            f"The file {path} cannot be read.",
            expected=what,
            found=error.strerror or str(error),
            where=str(path),
            advice="check the path and your permission to read it",
        ) from error


def _certificates(paths: tuple[Path, ...]) -> tuple[x509.Certificate, ...]:
    found: list[x509.Certificate] = []
    for path in paths:
        try:
            found += x509.load_pem_x509_certificates(_file(path, "certificates in PEM"))
        except ValueError as error:
            raise OperatorError(
                f"The file {path} holds no certificates in PEM.",
                expected="-----BEGIN CERTIFICATE----- and what belongs to it, once or more",
                found=str(error).rpartition(". ")[2],
                where=str(path),
                advice="a certificate in DER becomes PEM with `openssl x509 -inform DER -in FILE`",
            ) from error
    return tuple(found)


class Bench:
    """Everything that an implementation is pointed at during one run.  Use it as a context manager."""

    def __init__(
        self,
        moment: datetime,
        seed: int,
        directory: Path,
        *,
        credential: OperatorCredential | None = None,
        act_as: bool = False,
        applies_to: str = "",
        clock: Callable[[], datetime] | None = None,
        sts_port: int = 0,
        usi_port: int = 0,
    ) -> None:
        """Lay out files and services; nothing listens before the bench is entered.

        Args:
            moment: the run's moment, aware; certificates are dated by it.
            seed: of every random byte that the simulators use.
            directory: where keystore, CA file and TLS files are written.
            credential: the operator's own, instead of one that the kit issues.
            act_as: whether tokens are asked for on behalf of a second party.
            applies_to: relying party that tokens are for; the published test registry when empty.
            clock: now, UTC; real time when left out.
            sts_port: port of the token service; 0 for any free one.
            usi_port: port of the registry; 0 for any free one.
        """
        self._directory = directory
        self._authority = Authority(moment, seed)
        self._clock = clock or _utc_now
        self._ports = (sts_port, usi_port)
        self.applies_to = applies_to or PUBLISHED_ADDRESS
        self.ca_file = self._write("tls-ca.pem", self._authority.tls_ca_pem)
        self.wrong_ca_file = self._write(
            "another-ca.pem", self._authority.other_root.public_bytes(Encoding.PEM)
        )
        """An authority that issued no certificate of these services: who trusts it must refuse them."""
        self.remarks: list[Remark] = []
        """What the run's reader should know of the credential."""
        self.identity = CLOUD if act_as else LOCAL
        self.ram = Ram(self._clock)
        """Where the run's credential and, for hosted software, its clients' notifications stand.  A scenario
        changes it inside `ram.restored()`; its clock may run ahead of that of the messages."""
        if credential is None:
            self._use_own()
        else:
            self._use_operators(credential)
        relying_parties = dict.fromkeys((self.applies_to, PUBLISHED_ADDRESS))
        self.token_service = TokenService(
            self._authority,
            clock=self._clock,
            random=_stream(seed),
            relying_parties=tuple(relying_parties),
            settings=Settings(
                extra_anchors=self._anchors,
                credential=self._leaf.public_bytes(Encoding.DER),
                act_as=act_as,
            ),
            ram=self.ram,
        )
        self._enter_in_ram()
        self.registry = Registry(
            key=self._authority.service("registry")[1],
            issuer=self.token_service.signing_certificate,
            audiences=tuple(relying_parties),
            clock=self._clock,
            population=self._population(),
            issued=self.token_service.issued.get,
            message_ids=self.token_service.message_ids,
            unnotified=self.token_service.unnotified,
        )
        self.renewal_service = RenewalService(self._authority, clock=self._clock)
        """A stand-in: the protocol of the real one is not public."""
        self.outside = Recording("outside-any-scenario", self._clock())
        """Exchanges that came while no scenario was active."""
        self._active = self.outside
        self._began = time.monotonic()
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._holder: int | None = None
        self._servers: tuple[Server, ...] = ()
        self.sts_address = self.usi_address = self.renewal_address = ""
        self.impostor_address = ""
        """A registry whose certificate is from another authority than that of `ca_file`."""

    # --- credential ---------------------------------------------------------------------------

    def _use_own(self) -> None:
        issued: MachineCredential = self._authority.machine_credential(
            abn=self.identity.abn,
            name=self.identity.name,
            key="machine-2" if self.identity.second_party else "machine-1",
        )
        self.alias, self.password = issued.alias, KIT_PASSWORD
        # Nobody gets the right credential by taking the first.
        another = self._authority.machine_credential(
            abn=self.identity.abn, name=f"{self.identity.name}2", key="machine-3"
        )
        store = make_store([another, issued], password=self.password)
        self.keystore_path = self._write("keystore.xml", store)
        self._leaf = issued.certificate
        self._anchors: tuple[x509.Certificate, ...] = ()
        self._origin = "kit"

    def _use_operators(self, credential: OperatorCredential) -> None:
        opened = credential.opened
        self.alias, self.password = credential.alias, credential.password
        self.keystore_path = credential.path
        self._leaf = opened.certificate
        own_chain = opened.chain[1:] or opened.chain
        self._anchors = (*credential.trust, *own_chain)
        self._origin = "operator"
        code = credential.org_code or self._code_of(self.identity.second_party or opened.abn)
        self.identity = replace(self.identity, abn=opened.abn, name=opened.name, org_code=code)
        last = own_chain[-1].subject.rfc4514_string()
        self.remarks.append(
            Remark(
                blame=Blame.CONFIGURATION,
                text=f"The simulated token service trusts the chain inside the given keystore, up to {last}; "
                "the real one decides that for itself.",
            )
        )
        if code == _INVENTED_CODE:
            self.remarks.append(
                Remark(
                    blame=Blame.CONFIGURATION,
                    text=f"No organisation code was given for ABN {opened.abn}; {code} stands in for it.",
                )
            )

    def _code_of(self, abn: str) -> str:
        known = population.bundled().organisations.values()
        return next((organisation.code for organisation in known if organisation.abn == abn), _INVENTED_CODE)

    def _population(self) -> population.Population:
        caller = self.identity.second_party or self.identity.abn
        return population.bundled().with_organisation(Organisation(code=self.identity.org_code, abn=caller))

    def _enter_in_ram(self) -> None:
        """Enter the run's credential, and the notifications of the clients that it acts for."""
        ram, abn = self.ram, self.identity.abn
        ram.register(abn, principal_authority=PRINCIPAL)
        ram.appoint(abn, ADMINISTRATOR, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        ram.appoint(abn, SECOND_ADMINISTRATOR, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        self.credential_id = ram.create(
            abn, self.identity.name, by=ADMINISTRATOR, certificate=Validity.of(self._leaf)
        ).id
        """Of the run's credential in `ram`."""
        self._issued = 0
        self.notification_id = ""
        """Of the notification of `act_as`'s second party in `ram`; empty for installed software."""
        for client, software_id in self._clients():
            # A provider may be the client of another one, but not its own.
            if client == abn:
                continue
            ram.register(client, principal_authority=CLIENTS_PRINCIPAL)
            made = ram.add_notification(
                client, by=CLIENTS_PRINCIPAL, provider=abn, software_ids=(software_id,)
            )
            self.notification_id = self.notification_id or made.id

    def _clients(self) -> tuple[tuple[str, str], ...]:
        if not self.identity.second_party:
            return ()
        return (self.identity.second_party, self.identity.ssid), (OTHER_CLIENT.abn, OTHER_CLIENT.ssid)

    @property
    def issued_alias(self) -> str:
        """The id, in its store, of what `issue` writes."""
        return f"ABRD:{self.identity.abn}_{self.identity.name}"

    def issue(self, path: Path) -> str:
        """Create one more credential of the run's holder and name in RAM, and write it into a store.

        Whoever replaces a credential does the same: id, name and password stay, certificate and key are new.

        Args:
            path: of the store, which then holds this credential only, under `issued_alias` and `password`.

        Returns:
            The credential's id in `ram`, whose records date it by RAM's own clock.
        """
        self._issued += 1
        made = self._authority.machine_credential(
            abn=self.identity.abn,
            name=self.identity.name,
            # A second later than the one before it: no two have one serial number, and none is of the future.
            moment=self._authority.moment - timedelta(days=1) + timedelta(seconds=self._issued),
            key="machine-3" if self._issued % 2 else "machine-4",
        )
        now = self.ram.clock()
        validity = Validity(made.certificate.serial_number, now, now + LIFE)
        self.ram.appoint(made.abn, ADMINISTRATOR, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        record = self.ram.create(made.abn, made.name, by=ADMINISTRATOR, certificate=validity)
        # Readers never see half a store.
        half = path.with_suffix(".new")
        half.write_bytes(make_store([made], password=self.password))
        half.replace(path)
        return record.id

    @property
    def credential_facts(self) -> Credential:
        """The credential of this run, without anything secret."""
        leaf = self._leaf
        return Credential(
            alias=self.alias,
            abn=self.identity.abn,
            name=self.identity.name,
            serial=str(leaf.serial_number),
            not_before=_stamp(leaf.not_valid_before_utc),
            not_after=_stamp(leaf.not_valid_after_utc),
            sha256=leaf.fingerprint(hashes.SHA256()).hex(),
            origin=self._origin,
        )

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Start all services.

        Raises:
            OperatorError: a port is in use.
        """
        # Whatever moment the run is set to, a client's TLS goes by the clock of the machine.
        today = _utc_now()
        certificate, key = self._authority.tls_server(moment=today)
        certificate_file = self._write("tls-server.pem", certificate)
        key_file = self._write("tls-server-key.pem", key)

        def server(service: TokenService | Registry | RenewalService, port: int = 0) -> Server:
            handler = self._recorded(service)
            return Server(handler, certificate=certificate_file, key=key_file, port=port, clock=self._clock)

        sts = server(self.token_service, self._ports[0])
        usi = server(self.registry, self._ports[1])
        impostor = Server(
            self._recorded(self.registry),
            certificate=self._write(
                "impostor.pem", self._authority.tls_server(moment=today, trusted=False)[0]
            ),
            key=key_file,
            clock=self._clock,
        )
        renewal = server(self.renewal_service)
        with contextlib.ExitStack() as undo:
            undo.enter_context(sts)
            undo.enter_context(usi)
            undo.enter_context(impostor)
            undo.enter_context(renewal)
            undo.pop_all()
        self._servers = (sts, usi, impostor, renewal)
        self.sts_address = f"{sts.address}{STS_PATH}"
        self.usi_address = f"{usi.address}{V5.path}"
        self.impostor_address = f"{impostor.address}{V5.path}"
        self.renewal_address = f"{renewal.address}{RENEWAL_PATH}"
        self.registry.issuer_address = self.sts_address
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all services."""
        for server in self._servers:
            server.stop()

    def parameters(self) -> dict[str, Any]:
        """Return the parameters of `usi.call` but for operation and request."""
        return {**self.token_parameters(), "usi_address": self.usi_address, "org_code": self.org_code}

    def token_parameters(self) -> dict[str, Any]:
        """Return the parameters of `token.obtain`, `act_as` only where a second party is acted for."""
        parameters: dict[str, Any] = {
            "sts_address": self.sts_address,
            "ca_file": str(self.ca_file),
            "keystore": str(self.keystore_path),
            "alias": self.alias,
            "password": self.password,
            "applies_to": self.applies_to,
        }
        if self.act_as is not None:
            parameters["act_as"] = self.act_as
        return parameters

    @property
    def org_code(self) -> str:
        """Code of the organisation that calls are for."""
        return self.identity.org_code

    @property
    def act_as(self) -> dict[str, str] | None:
        """The contract's parameter: the second party and the software's id; None when there is none."""
        if not self.identity.second_party:
            return None
        return {"second_party": self.identity.second_party, "ssid": self.identity.ssid}

    @property
    def errors(self) -> list[KitError]:
        """What went wrong inside the simulators so far; each is a defect of the kit."""
        return [error for server in self._servers for error in server.errors]

    # --- scenarios ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def scenario(self, name: str, faults: tuple[str, ...] = ()) -> Iterator[Recording]:
        """Carry out one scenario; the recording fills while the block runs.

        Another thread's scenario is waited for.

        Args:
            name: unique within the run; the id of its evidence.
            faults: names of `conformance.simulators.faults` that the services obey meanwhile.

        Raises:
            OperatorError: a fault has no such name.
            KitError: a scenario of this thread is still active, or a simulator failed during this one.
        """
        by_service = [
            tuple(fault.name for fault in named(faults, peer)) for peer in ("sts", "registry", "renewal")
        ]
        if self._holder == threading.get_ident():
            raise KitError("a scenario was begun inside another one", found=name, where=self._active.name)
        with self._turn:
            self._holder = threading.get_ident()
            recording = Recording(name, self._clock(), faults=faults, secrets=(self.password,))
            refused = [len(server.handshake_failures) for server in self._servers]
            failed = len(self.errors)
            self._began = time.monotonic()
            self.token_service.faults, self.registry.faults, self.renewal_service.faults = by_service
            self._active = recording
            try:
                yield recording
            finally:
                self._active = self.outside
                self.token_service.faults = self.registry.faults = self.renewal_service.faults = ()
                self._holder = None
                for server, before in zip(self._servers, refused, strict=True):
                    recording.remarks += server.handshake_failures[before:]
        if new := self.errors[failed:]:
            raise new[0]

    def _recorded(self, service: TokenService | Registry | RenewalService) -> Handler:
        """Return the handler of a service that hands each exchange to the scenario it belongs to."""

        def handle(request: Request) -> Response:
            recording, began = self._active, time.monotonic()
            response = service.handle(request)
            with self._lock:
                exchange = _taken(service.exchanges, request)
            if exchange is not None:
                at, took = began - self._began, time.monotonic() - began
                recording.add(replace(exchange, at_ms=max(at, 0) * 1000, took_ms=took * 1000))
            return response

        return handle

    def _write(self, name: str, data: bytes) -> Path:
        path = (self._directory / name).resolve()
        path.write_bytes(data)
        return path


def _taken(exchanges: list[Exchange], request: Request) -> Exchange | None:
    """Take the exchange of a request out of a service's list, to which other threads append meanwhile."""
    for index in reversed(range(len(exchanges))):
        if exchanges[index].request is request:
            return exchanges.pop(index)
    return None


def _stream(seed: int) -> Callable[[int], bytes]:
    """Return a source of bytes that look random and follow from the seed; safe from several threads."""
    counter = itertools.count()

    def draw(size: int) -> bytes:
        return hashlib.shake_256(f"evte {seed} {next(counter)}".encode()).digest(size)

    return draw


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
