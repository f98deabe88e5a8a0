"""The bench: token service, registry, renewal service and credential of one run, ready to be pointed at.

The services listen on the loopback interface over HTTPS with certificates of the kit's own TLS authority.
The credential is a synthetic one that the kit issues for a published test ABN, or the operator's own.
One scenario is active at a time; whatever the services exchange belongs to the scenario that was active when
the request came in.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.errors import KitError
from conformance.model import Blame, Credential, Remark
from conformance.protocol.operations import V5
from conformance.simulators import population
from conformance.simulators.authority import LIFE, Authority, MachineCredential
from conformance.simulators.confided import Confided
from conformance.simulators.faults import named
from conformance.simulators.http import Handler, Request, Response
from conformance.simulators.listeners import Certificate, Listeners
from conformance.simulators.network import Network, elsewhere
from conformance.simulators.own_credential import OperatorCredential, password_of
from conformance.simulators.population import Organisation
from conformance.simulators.ram import Ram, Role, Validity
from conformance.simulators.renewal import PATH as RENEWAL_PATH
from conformance.simulators.renewal import RenewalService
from conformance.simulators.services import Services
from conformance.simulators.stores import make_store
from conformance.simulators.sts import Settings
from conformance.simulators.transcript import Exchange, Recording

__all__ = [
    "ADMINISTRATOR",
    "CLIENTS_PRINCIPAL",
    "CLOUD",
    "KIT_PASSWORD",
    "LOCAL",
    "OTHER_CLIENT",
    "PRINCIPAL",
    "PUBLISHED_ADDRESS",
    "SECOND_ADMINISTRATOR",
    "STS_PATH",
    "Bench",
    "Identity",
    "OperatorCredential",
    "password_of",
]

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
        sleep: Callable[[float], object] | None = None,
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
            sleep: called with the seconds of each pause that a fault makes; real pauses when left out.
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
        self.confided = Confided()
        """What nobody may find in the run's report."""
        self.identity = CLOUD if act_as else LOCAL
        self.ram = Ram(self._clock)
        """Where the run's credential and, for hosted software, its clients' notifications stand.  A scenario
        changes it inside `ram.restored()`; its clock may run ahead of that of the messages."""
        if credential is None:
            self._use_own()
        else:
            self._use_operators(credential)
        relying_parties = dict.fromkeys((self.applies_to, PUBLISHED_ADDRESS))
        self._services = Services(
            self._authority,
            seed=seed,
            clock=self._clock,
            relying_parties=tuple(relying_parties),
            settings=Settings(
                extra_anchors=self._anchors,
                credential=self._leaf.public_bytes(Encoding.DER),
                act_as=act_as,
            ),
            ram=self.ram,
            population=self._population(),
            elsewhere=lambda: self.elsewhere_address,
        )
        self.token_service = self._services.token_service
        self.registry = self._services.registry
        self._enter_in_ram()
        self.renewal_service = RenewalService(self._authority, clock=self._clock)
        """A stand-in: the protocol of the real one is not public."""
        self._renewal = Network(self.renewal_service, "renewal", elsewhere=lambda: self.elsewhere_address)
        self.outside = Recording("outside-any-scenario", self._clock())
        """Exchanges that came while no scenario was active."""
        self._active = self.outside
        self._began = time.monotonic()
        self._turn = threading.Lock()
        self._holder: int | None = None
        self._listeners = Listeners(
            self._authority,
            directory,
            clock=self._clock,
            sleep=sleep,
            handshake_failed=lambda why: self._active.remarks.append(why),
        )
        self.sts_address = self.usi_address = ""

    # --- credential ---------------------------------------------------------------------------

    def _use_own(self) -> None:
        issued: MachineCredential = self._authority.machine_credential(
            abn=self.identity.abn,
            name=self.identity.name,
            key="machine-2" if self.identity.second_party else "machine-1",
        )
        self.alias, self.password = issued.alias, KIT_PASSWORD
        self.confided.key(issued.key)
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
        self.confided.credential(credential)
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

    def issue(self, path: Path, *, name: str = "") -> str:
        """Create one more credential of the run's holder in RAM, and write it into a store.

        Whoever replaces a credential does the same: id, name and password stay, certificate and key are new.

        Args:
            path: of the store, which then holds this credential only, under `issued_alias` and `password`.
            name: of the credential, another one than the run's; its id then ends in it.

        Returns:
            The credential's id in `ram`, whose records date it by RAM's own clock.
        """
        self._issued += 1
        made = self._authority.machine_credential(
            abn=self.identity.abn,
            name=name or self.identity.name,
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
        """Start both services; every other address listens from the first time that it is asked for.

        Raises:
            OperatorError: a port is in use.
        """
        with contextlib.ExitStack() as undo:
            undo.callback(self._listeners.stop)
            sts = self._listeners.start("sts", self._recorded(self._services.sts.handle), port=self._ports[0])
            usi = self._listeners.start("usi", self._recorded(self._services.usi.handle), port=self._ports[1])
            undo.pop_all()
        self.sts_address = f"{sts}{STS_PATH}"
        self.usi_address = f"{usi}{V5.path}"
        self.registry.issuer_address = self.sts_address
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop all services."""
        self._listeners.stop()

    @property
    def renewal_address(self) -> str:
        """The renewal service."""
        return self._started("renewal", self._renewal, RENEWAL_PATH)

    @property
    def impostor_address(self) -> str:
        """A registry whose certificate is from another authority than that of `ca_file`."""
        return self._started("usi-impostor", self._services.usi, V5.path, certificate="untrusted")

    @property
    def sts_impostor_address(self) -> str:
        """A token service whose certificate is from another authority than that of `ca_file`."""
        return self._started("sts-impostor", self._services.sts, STS_PATH, certificate="untrusted")

    @property
    def misnamed_address(self) -> str:
        """A registry whose certificate is from the authority of `ca_file`, and for another host."""
        return self._started("usi-misnamed", self._services.usi, V5.path, certificate="misnamed")

    @property
    def sts_misnamed_address(self) -> str:
        """A token service whose certificate is from the authority of `ca_file`, and for another host."""
        return self._started("sts-misnamed", self._services.sts, STS_PATH, certificate="misnamed")

    @property
    def elsewhere_address(self) -> str:
        """Another host, without a path: it has another name, and a certificate that is trusted for it.

        The fault `redirect` points here.  It serves nothing; what is sent to it is in `Recording.elsewhere`.
        """
        return self._listeners.start("elsewhere", self._recorded(elsewhere), host="localhost")

    def _started(self, name: str, network: Network, path: str, certificate: Certificate = "right") -> str:
        handler = self._recorded(network.handle)
        return f"{self._listeners.start(name, handler, certificate=certificate)}{path}"

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
        return self._listeners.errors

    @contextlib.contextmanager
    def also_serving(self, relying_party: str) -> Iterator[None]:
        """Issue tokens for one more address while the block runs; the registry takes it for its own."""
        office, registry = self.token_service.office, self.registry
        before = office.relying_parties, registry.audiences
        office.relying_parties |= {relying_party}
        registry.audiences = (*registry.audiences, relying_party)
        try:
            yield
        finally:
            office.relying_parties, registry.audiences = before

    # --- scenarios ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def scenario(self, name: str, faults: tuple[str, ...] = ()) -> Iterator[Recording]:
        """Carry out one scenario; the recording fills while the block runs.

        Another thread's scenario is waited for.  At the end the registry forgets whatever it was told
        meanwhile: people, changes, RequestIds, receipts.

        Args:
            name: unique within the run; the id of its evidence.
            faults: names of `conformance.simulators.faults` that the services obey meanwhile.

        Raises:
            OperatorError: a fault has no such name.
            KitError: a scenario of this thread is still active, or a simulator failed during this one.
        """
        # A wrong name is told before anything changes.
        if connection := named(faults, "tls"):
            raise KitError(
                f"{connection[0].name} is no fault of a scenario",
                expected="the call made to one of the bench's addresses with such a certificate",
                found=connection[0].name,
            )
        if self._holder == threading.get_ident():
            raise KitError("a scenario was begun inside another one", found=name, where=self._active.name)
        with self._turn:
            self._holder = threading.get_ident()
            recording = Recording(name, self._clock(), faults=faults, secrets=(self.password,))
            failed = len(self.errors)
            self._began = time.monotonic()
            self._obey(faults)
            self._active = recording
            try:
                # Whoever is created or changed here is so for this scenario only.
                with self.registry.store.restored():
                    yield recording
            finally:
                self._active = self.outside
                self._obey(())
                self._holder = None
        if new := self.errors[failed:]:
            raise new[0]

    def _obey(self, faults: tuple[str, ...]) -> None:
        self._services.obey(faults)
        self.renewal_service.faults = tuple(fault.asked for fault in named(faults, "renewal"))

    def _recorded(self, handle: Callable[[Request], tuple[Response, Exchange | None]]) -> Handler:
        """Return a handler that hands each exchange to the scenario that its request came in."""

        def recorded(request: Request) -> Response:
            recording, at = self._active, time.monotonic() - self._began
            response, exchange = handle(request)
            if exchange is not None:
                self.confided.exchange(exchange)
                recording.add(replace(exchange, at_ms=max(at, 0) * 1000))
            return response

        return recorded

    def _write(self, name: str, data: bytes) -> Path:
        path = (self._directory / name).resolve()
        path.write_bytes(data)
        return path


def _utc_now() -> datetime:
    return datetime.now(UTC)


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
