"""Both services on one port: laid out from an order, started, told about, stopped."""

import contextlib
import signal
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

from cryptography import x509

from conformance.errors import KitError, OperatorError
from conformance.model import Judgement
from conformance.protocol.operations import V5
from conformance.serving import database, known, options
from conformance.serving.folder import Folder
from conformance.serving.telling import Log
from conformance.simulators.authority import Authority
from conformance.simulators.bench import CLOUD, KIT_PASSWORD, LOCAL, PUBLISHED_ADDRESS, STS_PATH
from conformance.simulators.faults import FAULTS, fault, named
from conformance.simulators.http import Request, Response, Server, plain
from conformance.simulators.listeners import ELSEWHERE, Listeners
from conformance.simulators.network import elsewhere
from conformance.simulators.own_credential import certificates_of, password_of
from conformance.simulators.ram import Ram
from conformance.simulators.registry import RegistrySettings
from conformance.simulators.services import Services
from conformance.simulators.sts import Settings
from conformance.simulators.transcript import Exchange

OFFICIAL_STS: Final = "softwareauthorisations.evte.ato.gov.au"
OFFICIAL_NAMES: Final = (
    OFFICIAL_STS,
    "softwareauthorisations.acc.ato.gov.au",  # its name until 2023, which old clients still have
    "3pt.portal.usi.gov.au",
)
"""Host names of the test environments, for clients whose addresses are fixed."""

OWN_NAMES: Final = ("localhost", "127.0.0.1", "::1", *OFFICIAL_NAMES)
"""What the kit's certificate is for."""

SBR_TEST: Final = "https://test.sbr.gov.au/services"
"""Relying party of the SBR test platform; the registry is not it."""

PORT: Final = 8443
SERVED: Final = ("sts", "registry", "tls")
"""Whose faults are obeyed here."""
_HTTPS: Final = 443
_WILDCARDS: Final = ("0.0.0.0", "[::]")  # noqa: S104 - only where the operator allows it
_WAIT: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be served."""

    host: str = "127.0.0.1"
    beyond_loopback: bool = False
    """Whether `host` may be an address that other machines reach."""
    port: int = PORT
    """0 for any free one."""
    certificate: Path | None = None
    """PEM; the kit's own, for the official test host names and this machine, when None."""
    key: Path | None = None
    """PEM; in the file of the certificate when None."""
    ca_file: Path | None = None
    """Where the certificate that clients must trust is written."""
    trust: tuple[Path, ...] = ()
    """PEM files with further trust anchors of the token service."""
    keystore: Path | None = None
    """Its credentials are known."""
    alias: str = ""
    """One credential of it; all when empty."""
    password_env: str = ""
    """Name of the environment variable with its password; certificates can be read without one."""
    write_keystore: Path | None = None
    """Folder into which a keystore with the kit's own credentials is written."""
    clock_offset: str = "0"
    """How far the services' clock is off, `+6m`."""
    seed: int = 0
    faults: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()
    """`NAME=VALUE`, of token service or registry."""
    database: Path | None = None
    """File with the registry's state, which outlives the process; in memory when None."""
    relying_parties: tuple[str, ...] = ()
    """Besides the published test registry and the SBR test platform; the registry takes them for its own."""
    organisations: tuple[str, ...] = ()
    """`CODE=ABN` or `CODE=ABN:TYPE`."""
    notifications: tuple[str, ...] = ()
    """`ABN=SSID`."""
    transcripts: Path | None = None
    """Folder for transcripts."""


class Station:
    """Token service and registry behind one address.  Use it as a context manager.

    Args:
        order: what is to be served.
        say: prints one or more lines; called from any thread, by one at a time.

    Raises:
        OperatorError: something of the order cannot be used.
    """

    def __init__(self, order: Order, say: Callable[[str], object]) -> None:
        _refuse_contradictions(order)
        self.order = order
        self._offset = options.offset_of(order.clock_offset)
        _refuse_foreign_faults(order.faults)
        self._authority = Authority(datetime.now(UTC), order.seed, tls_names=OFFICIAL_NAMES)
        self.known: tuple[known.Known, ...] = ()
        """Credentials that are told; those that the kit issued are always recognised."""
        secrets: tuple[str, ...] = (KIT_PASSWORD,)
        if order.keystore is not None:
            self.known += known.of_a_keystore(
                order.keystore, order.alias, order.password_env, now=datetime.now(UTC)
            )
            if order.password_env:
                secrets += (password_of(order.password_env),)
        if order.keystore is None or order.write_keystore is not None:
            self.known += known.of_the_kit(self._authority)
        of_sts, of_registry = options.divided(order.settings)
        self.settings = options.settings_of(of_sts, replace(Settings(), extra_anchors=self._anchors()))
        """Of the token service."""
        self.registry_settings = options.settings_of(of_registry, RegistrySettings())
        self.relying_parties = tuple(dict.fromkeys((PUBLISHED_ADDRESS, SBR_TEST, *order.relying_parties)))
        holders = tuple(dict.fromkeys((*(one.abn for one in self.known), LOCAL.abn, CLOUD.abn)))
        clients = (*known.TEST_CLIENTS, *known.notifications_of(order.notifications))
        ram = Ram(self._now)
        known.enter(ram, holders, clients)
        self.population = known.people(
            (*holders, *(client for client, _ in clients)), known.organisations_of(order.organisations)
        )
        self._continued = order.database is not None and database.examine(order.database)
        self._services = Services(
            self._authority,
            seed=order.seed,
            clock=self._now,
            relying_parties=self.relying_parties,
            settings=self.settings,
            ram=ram,
            population=self.population,
            elsewhere=self._elsewhere,
            registry_settings=self.registry_settings,
            # Absolute, because SQLite takes some relative names for something else than files.
            database=order.database.absolute() if order.database is not None else None,
        )
        self._services.registry.audiences = tuple(
            address for address in self.relying_parties if address != SBR_TEST
        )
        self._services.registry.issuer_of = self._issuer
        self._services.obey(order.faults)
        self.log = Log(say, secrets)
        self._folder = (
            Folder(order.transcripts, faults=order.faults, secrets=secrets) if order.transcripts else None
        )
        self.keystore_written: Path | None = None
        self.address = ""
        """`https://HOST:PORT`; known while it is entered."""
        self._undo = contextlib.ExitStack()

    def _anchors(self) -> tuple[x509.Certificate, ...]:
        given = certificates_of(self.order.trust)
        return tuple(
            dict.fromkeys((*given, *(one for each in self.known for one in each.chain[1:] or each.chain)))
        )

    def _now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    # --- life ---------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        """Write what was ordered, and listen.

        Raises:
            OperatorError: the port, the certificate or a place for a file cannot be used.
        """
        order = self.order
        with contextlib.ExitStack() as undo:
            undo.callback(self._services.registry.store.close)  # last, when nobody asks any more
            folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="evte-")))
            self._listeners = Listeners(
                self._authority, folder, clock=self._now, handshake_failed=self._failed
            )
            undo.callback(self._listeners.stop)
            certificate, key = order.certificate, order.key or order.certificate
            if certificate is None or key is None:
                certificate, key = self._made(folder)
            server = Server(
                self._handle,
                certificate=certificate,
                key=key,
                host=order.host,
                port=order.port,
                beyond_loopback=order.beyond_loopback,
                clock=self._now,
                handshake_failed=self._failed,
            )
            undo.enter_context(server)
            self.address = server.address.removesuffix(f":{_HTTPS}")
            for wildcard in _WILDCARDS:
                self.address = self.address.replace(f"//{wildcard}", "//localhost")
            if order.ca_file is not None:
                _write(order.ca_file, self._authority.tls_ca_pem, "--ca-file")
            if order.write_keystore is not None:
                self.keystore_written = known.write_store(self._authority, order.write_keystore)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop, at once."""
        self._undo.close()

    def _made(self, folder: Path) -> tuple[Path, Path]:
        wrong = {each.name for each in named(self.order.faults, "tls")}
        names = (ELSEWHERE,) if "tls.misnamed" in wrong else OWN_NAMES
        # A client's TLS goes by the clock of its machine, whatever that of the services says.
        certificate, key = self._authority.tls_server(
            names, moment=datetime.now(UTC), trusted="tls.untrusted" not in wrong
        )
        paths = folder / "server.pem", folder / "server-key.pem"
        for path, content in zip(paths, (certificate, key), strict=True):
            path.write_bytes(content)
        return paths

    @property
    def sts_address(self) -> str:
        """Of the token service."""
        return f"{self.address}{STS_PATH}"

    @property
    def usi_address(self) -> str:
        """Of the registry."""
        return f"{self.address}{V5.path}"

    # --- exchanges ----------------------------------------------------------------------------

    def _handle(self, request: Request) -> Response:
        try:
            response, exchange = self._answered(request)
        except Exception as error:
            # The server keeps and answers it; who watches should know that it is not their product.
            told = error.message if isinstance(error, KitError) else f"{type(error).__name__}: {error}"
            self.log.failure(f"at {request.method} {request.path!r}: {told}")
            raise
        if exchange is not None:
            self._keep(exchange)
        return response

    def _answered(self, request: Request) -> tuple[Response, Exchange | None]:
        path = request.path.lower()
        if path.startswith("/service/"):
            return self._services.usi.handle(request)
        if path.startswith("/r3.0/"):
            return self._services.sts.handle(request)
        text = f"There is nothing here.  Token service: {STS_PATH}  Registry: {V5.path}\n"
        response = plain(404, text)
        return response, Exchange(
            service="nobody",
            request=request,
            response=response,
            received=request.received,
            judgement=Judgement(),
            summary=f"{request.method} {request.path}",
            outcome="404, no service has this path",
        )

    def _keep(self, exchange: Exchange) -> None:
        place = ""
        if self._folder is not None:
            try:
                place = str(self._folder.keep(exchange))
            except OSError as error:
                self.log.line(f"no transcript was written: {error.strerror or error}")
        self.log.exchange(exchange, place)

    def _failed(self, why: str) -> None:
        self.log.handshake(why, self._now())

    def _elsewhere(self) -> str:
        def handle(request: Request) -> Response:
            response, exchange = elsewhere(request)
            self._keep(exchange)
            return response

        return self._listeners.start("elsewhere", handle, host="localhost")

    def _issuer(self, request: Request) -> str:
        """Return where the registry's WSDL says that tokens are to be had, as its reader knows this place."""
        host = request.header("host").lower()
        for name in OFFICIAL_NAMES:
            if host.partition(":")[0] == name:
                host = host.replace(name, OFFICIAL_STS)
        return f"https://{host}{STS_PATH}"

    # --- what the operator is told ------------------------------------------------------------

    def welcome(self) -> Iterator[str]:
        """Yield what there is, line by line."""
        order = self.order
        yield f"token service    {self.sts_address}"
        yield f"                 {self.address}{STS_PATH.replace('v1.3', 'v1.2')}  (SHA-1)"
        yield f"registry         {self.usi_address}"
        if order.certificate is not None:
            yield f"certificate      {order.certificate}"
        elif order.ca_file is not None:
            yield f"CA file          {order.ca_file}"
            yield "                 Let your product trust it, not your browser: its key is published."
        else:
            yield "CA file          none written; --ca-file PATH writes what your product must trust"
        for one in self.known:
            code = next(
                (each.code for each in self.population.organisations.values() if each.abn == one.abn), ""
            )
            yield f"credential       {one.alias}, until {one.until:%Y-%m-%d}, organisation code {code}"
        if self.keystore_written is not None:
            yield f"keystore         {self.keystore_written}, password {KIT_PASSWORD}"
        elif order.keystore is None:
            yield "keystore         none given; --write-keystore DIR writes one with these credentials"
        for address in self.relying_parties:
            yield f"relying party    {address}"
        second, code = CLOUD.second_party, CLOUD.org_code
        yield f"acting for       {second}, software id {CLOUD.ssid}, organisation code {code}"
        if self._offset:
            yield f"clock            {order.clock_offset} off: {self._now():%Y-%m-%dT%H:%M:%SZ}"
        yield f"seed             {order.seed}"
        for name in order.faults:
            yield f"fault            {name}: {fault(name).told}"
        for text in order.settings:
            yield f"setting          {text}"
        if order.database is not None:
            yield f"database         {order.database}, {'as it was left' if self._continued else 'new'}"
        if self._folder is not None:
            yield f"transcripts      {self._folder.path}"
        yield from self._hosts()
        yield "Stop with Ctrl-C."

    def _hosts(self) -> Iterator[str]:
        if self.order.certificate is not None:
            return
        yield "For a client whose addresses are fixed, add to the hosts file of its machine:"
        where = urlsplit(self.address)
        reach = "ADDRESS-OF-THIS-MACHINE" if where.hostname == "localhost" else where.hostname
        for name in OFFICIAL_NAMES:
            yield f"    {reach}  {name}"
        if where.port is not None:
            yield "    and serve with --port 443: such a client knows no other port."


def faults() -> Iterator[tuple[str, str]]:
    """Yield name and sentence of every fault that can be ordered."""
    for each in FAULTS.values():
        if each.simulator in SERVED:
            yield each.name, each.sentence


def serve(order: Order, say: Callable[[str], object], stopping: threading.Event | None = None) -> Log:
    """Serve until Ctrl-C, SIGTERM or `stopping`; tell everything, and return what was told.

    Args:
        order: what is to be served.
        say: prints one or more lines.
        stopping: ends the serving when set.

    Raises:
        OperatorError: something of the order cannot be used.
    """
    end = stopping or threading.Event()
    with _ended_by_signals(), Station(order, say) as station:
        with contextlib.suppress(KeyboardInterrupt):
            station.log.line("\n".join(station.welcome()))
            # A wait without a limit could not be interrupted everywhere.
            while not end.wait(_WAIT):
                pass
        station.log.line(station.log.summary())
        return station.log


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Have SIGTERM and SIGINT end the serving; only the main thread may change that.

    SIGINT too, because whoever starts a program in the background of a script has it ignored there.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None: it was not set from Python, and cannot be given back by it.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


def _refuse_contradictions(order: Order) -> None:
    for wrong, message, expected in (
        (
            order.key is not None and order.certificate is None,
            "--key was given without --certificate.",
            "both, or neither for a certificate of the kit",
        ),
        (
            order.ca_file is not None and order.certificate is not None,
            "--ca-file writes the kit's own CA, which did not issue the certificate given.",
            "one of --ca-file and --certificate",
        ),
        (
            order.certificate is not None and bool(named(order.faults, "tls")),
            "A tls fault is a certificate of the kit's; with --certificate it changes nothing.",
            "one of --certificate and --fault tls.…",
        ),
        (
            order.keystore is None and bool(order.alias or order.password_env),
            "--alias and --password-env say nothing without --keystore.",
            "the keystore that they belong to",
        ),
    ):
        if wrong:
            raise OperatorError(message, expected=expected)


def _refuse_foreign_faults(names: tuple[str, ...]) -> None:
    for name in names:
        if fault(name).simulator not in SERVED:
            raise OperatorError(
                f"The fault {name} is of a service that is not served here.",
                expected="a fault of the token service, the registry or TLS; --list-faults names them",
                found=name,
                where="--fault",
            )


def _write(path: Path, content: bytes, option: str) -> None:
    half = path.with_name(f"{path.name}.part")
    try:
        half.write_bytes(content)
        half.replace(path)
    except OSError as error:
        raise known.unwritable(path, error, option) from error
