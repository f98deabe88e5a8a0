"""Renewals of stores by one implementation, and what may be demanded of them.

The service is the kit's stand-in (`conformance.simulators.renewal`).  Every renewal has a store of its own,
in a folder of its own; while it runs, the store is looked at from outside.
"""

import base64
import functools
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Evidence, Subcode
from conformance.protocol import keystore
from conformance.protocol.keystore import Credential, Store
from conformance.simulators.authority import MachineCredential
from conformance.simulators.recipes import MACHINE_1, MACHINE_2
from conformance.simulators.stores import PASSWORD, make_entry, make_store
from conformance.suite.iut import Iut, Observed, Reply

if TYPE_CHECKING:
    from conformance.adapters.session import Session
    from conformance.simulators.bench import Bench
    from conformance.simulators.renewal import Issued
    from conformance.simulators.transcript import Recording

ALIAS: Final = f"ABRD:{MACHINE_1.abn}_{MACHINE_1.name}"
OTHER_ALIAS: Final = f"ABRD:{MACHINE_2.abn}_{MACHINE_2.name}"

UNUSABLE: Final = (
    "renewal.malformed_answer",
    "renewal.refused",
    "renewal.not_stored",
    "renewal.busy",
    "transport.failed",
    "keystore.damaged",
    "keystore.expired",
    "keystore.key_mismatch",
    "keystore.unsuitable",
)
"""Reasons for which a renewal may be given up; which of them is left to the product."""

HOLD_S: Final = 1.0
"""Longest time that the service holds the first of two answers back until the second request is there."""
PAUSES_S: Final = (0.0, 0.01, 0.04)
"""Seconds from the answer to the moment at which the product is killed."""


@dataclass(frozen=True)
class Seen:
    """What was seen of a store from outside while it was being renewed."""

    when_asked: bytes | None = None
    """Content when the service had been asked and had not yet answered; None if there was no file."""
    contents: frozenset[bytes] = frozenset()
    """Every content that was read."""
    missing: int = 0
    """How often there was no file."""
    linked: bytes | None = None
    """What a second name of the old file holds afterwards; None where there can be no such name."""


@dataclass(frozen=True)
class Renewed:
    """One attempt to renew: the answer, the file before and after, and what crossed the wire."""

    path: Path
    before: bytes
    after: bytes
    """Empty if there is no file any more."""
    mode: tuple[int, int]
    """Access rights of the file, before and after."""
    beside: dict[str, bytes]
    """Every other file in the folder, by name."""
    modes: dict[str, int]
    """Their access rights."""
    reply: Reply
    recording: "Recording"
    evidence: str
    issued: tuple["Issued", ...]
    """What the service issued meanwhile."""
    seen: Seen = field(default_factory=Seen)

    def must_have_worked(self) -> None:
        """Demand, as the healthy twin of what is looked at, that the renewal succeeded.

        Raises:
            NotTestable: it did not.
            Inconclusive: the implementation crashed or hung.
        """
        self.cite().reply.must_be_ok(as_twin=True)

    def cite(self) -> "Renewed":
        """Note the transcript as evidence of the running check."""
        self.reply.iut.ledger.cite(self.evidence)
        return self

    def request(self) -> Observed:
        """Return the request as the service's judge saw it.

        Raises:
            NotTestable: there was none.
        """
        asked = [exchange for exchange in self.recording.renewal if exchange.facts is not None]
        if not asked:
            raise NotTestable(
                "the implementation sent no request to the renewal service",
                expected="one POST",
                found=self.cite().reply.described(),
            )
        return Observed(asked[0].judgement, asked[0].facts, asked[0], self.evidence, self.reply.iut)

    @property
    def certificate(self) -> x509.Certificate:
        """The certificate that the service issued last."""
        if not self.issued:
            raise NotTestable("the renewal service was asked for no certificate", expected="one request")
        return self.issued[-1].certificate

    def store(self) -> Store:
        """Return the renewed store as the kit reads it.

        Raises:
            ImplementationError: it cannot be read.
        """
        return readable(self.after)

    def entry(self) -> Credential:
        """Return the renewed entry; errors as of `store`."""
        with _as_finding("the renewed store has lost the credential"):
            return self.store().credential(ALIAS)

    def must_be_untouched(self) -> None:
        """Demand that the store is what it was.

        Raises:
            ImplementationError: it changed, or is gone.
        """
        if self.after != self.before:
            raise ImplementationError(
                "a renewal that failed has changed the store",
                subcode=Subcode.STATE_LEAK,
                expected=f"the {len(self.before)} bytes that were there",
                found=f"{len(self.after)} others" if self.after else "no file",
                advice="verify the answer completely before anything is written",
            )


def readable(data: bytes) -> Store:
    """Return a store as the kit reads it.

    Raises:
        ImplementationError: it cannot be read.
    """
    with _as_finding("the store that was left behind cannot be read"):
        return keystore.read(data)


def usable(data: bytes, alias: str) -> x509.Certificate:
    """Return the certificate of a credential after opening it with its password.

    Raises:
        ImplementationError: the store cannot be read, or the credential cannot be opened.
    """
    store = readable(data)
    with _as_finding("the credential that was left behind cannot be used"):
        return keystore.open_credential(store, alias, PASSWORD, now=datetime.now(UTC)).certificate


@contextmanager
def _as_finding(message: str) -> Iterator[None]:
    try:
        yield
    except keystore.KeystoreError as error:
        raise ImplementationError(
            message,
            subcode=Subcode.WRONG_VALUE,
            expected="a store in which the credential opens with its password",
            found=error.message,
            where=error.where,
        ) from error


class Renewals:
    """The renewals of a run."""

    def __init__(
        self,
        iut: Iut,
        bench: "Bench",
        folder: Path,
        keep_evidence: Callable[[Evidence], str],
    ) -> None:
        """Carry out none yet.

        Args:
            iut: asked to renew.
            bench: with the service.
            folder: the stores go below it.
            keep_evidence: keeps a transcript and returns its id.
        """
        self.iut = iut
        self.bench = bench
        self.service = bench.renewal_service
        self.authority = self.service.authority
        self._folder = folder
        self._keep_evidence = keep_evidence

    # --- stores -------------------------------------------------------------------------------------

    @functools.cached_property
    def credential(self) -> MachineCredential:
        """The credential that is renewed: a month old."""
        return self.authority.machine_credential(abn=MACHINE_1.abn, name=MACHINE_1.name, key=MACHINE_1.key)

    @functools.cached_property
    def neighbour(self) -> MachineCredential:
        """The other one in the store."""
        return self.authority.machine_credential(abn=MACHINE_2.abn, name=MACHINE_2.name, key=MACHINE_2.key)

    @functools.cached_property
    def plain(self) -> bytes:
        """A healthy store with two credentials, of which the second is renewed."""
        return make_store([self.neighbour, self.credential])

    def with_extensions(self) -> bytes:
        """Return a healthy store with elements that only their makers understand."""
        space = keystore.NAMESPACE
        inside = '<m:origin xmlns:m="urn:example:maker" version="7">kept &amp; <m:b>nested</m:b></m:origin>'

        def element(name: str) -> bytes:
            return f'<{name} xmlns="{space}">{inside}</{name}>'.encode()

        # The integrity value does not cover extensions.
        entry = replace(make_entry(self.credential), extensions=element("credentialExtensions"))
        plain = keystore.read(self.plain)
        entries = (plain.credentials[0], entry)
        return keystore.write(
            Store(salt=plain.salt, credentials=entries, extensions=element("storeExtensions"))
        )

    def place(self, name: str, data: bytes, *, file: str = "keystore.xml") -> Path:
        """Write a store into a folder of its own and return its path."""
        path = self._folder / name / file
        path.parent.mkdir()
        path.write_bytes(data)
        path.chmod(0o600)
        return path

    # --- renewing -----------------------------------------------------------------------------------

    def parameters(self, path: Path, alias: str = ALIAS) -> dict[str, Any]:
        """Return the parameters of `keystore.renew`."""
        return {
            "path": str(path),
            "alias": alias,
            "password": PASSWORD,
            "renewal_address": self.bench.renewal_address,
            "ca_file": str(self.bench.ca_file),
        }

    def carry_out(
        self, name: str, data: bytes | None = None, *, faults: tuple[str, ...] = (), watched: bool = False
    ) -> Renewed:
        """Have the credential of a store renewed, once.

        Args:
            name: of scenario and folder.
            data: the store; `plain` if not given.
            faults: what the service does wrong.
            watched: whether the store is looked at meanwhile.
        """
        path = self.place(name, self.plain if data is None else data)
        before, mode, issued = path.read_bytes(), path.stat().st_mode, len(self.service.issued)
        watch = _Watch(path, self._folder) if watched else None
        with self.bench.scenario(name, faults=faults) as recording, self._observed(watch):
            reply = self.iut.keystore_renew(**self.parameters(path))
        beside = {each.name: each for each in path.parent.iterdir() if each != path and each.is_file()}
        return Renewed(
            path=path,
            before=before,
            after=path.read_bytes() if path.is_file() else b"",
            mode=(mode, path.stat().st_mode if path.is_file() else 0),
            beside={each: found.read_bytes() for each, found in beside.items()},
            modes={each: found.stat().st_mode for each, found in beside.items()},
            reply=reply,
            recording=recording,
            evidence=self._keep_evidence(recording.evidence()),
            issued=tuple(self.service.issued[issued:]),
            seen=Seen() if watch is None else watch.seen(),
        )

    @contextmanager
    def _observed(self, watch: "_Watch | None") -> Iterator[None]:
        if watch is None:
            yield
            return
        self.service.before_answer = watch.note_the_request
        try:
            with watch:
                yield
        finally:
            self.service.before_answer = None

    # --- two at once --------------------------------------------------------------------------------

    @property
    def can_be_two(self) -> bool:
        """Whether the kit can run the implementation twice at once.

        A harness over HTTP, or an object of somebody's own, may serve one call at a time.
        """
        session = self.iut.session
        return session.carrier == "process" or (
            session.carrier == "in-process" and not session.target.startswith("python:")
        )

    @functools.cached_property
    def second(self) -> "Session":
        """Another conversation with the implementation."""
        return self.iut.session.another()

    def close(self) -> None:
        """End the other conversation, if there is one."""
        if "second" in self.__dict__:
            self.second.close()

    def race(self, name: str, aliases: Sequence[str]) -> tuple[Path, list[Reply], tuple["Issued", ...]]:
        """Have credentials of one store renewed at once, or one after the other where it cannot be both.

        The service answers the first request only when the second one has come, or cannot come any more.

        Args:
            name: of scenario and folder.
            aliases: of the two; may be the same one twice.

        Returns:
            The store, the two answers and what was issued.
        """
        path, issued = self.place(name, self.plain), len(self.service.issued)
        orders = [self.parameters(path, alias) for alias in aliases]
        with self.bench.scenario(name) as recording:
            if self.can_be_two:
                replies = self._at_once(orders)
            else:
                replies = [self.iut.keystore_renew(**order) for order in orders]
        self.iut.ledger.cite(self._keep_evidence(recording.evidence()))
        return path, replies, tuple(self.service.issued[issued:])

    def _at_once(self, orders: list[dict[str, Any]]) -> list[Reply]:
        go, asked = threading.Event(), threading.Semaphore(1)

        def hold() -> None:
            if asked.acquire(blocking=False):
                go.wait(HOLD_S)
            else:
                go.set()

        def renew(session: "Session", order: dict[str, Any]) -> Reply:
            try:
                answer = session.call("keystore.renew", order)
            finally:
                go.set()
            return Reply(answer, "keystore.renew", f"the renewal of {order['alias']}", self.iut)

        self.second.start()
        self.service.before_answer = hold
        try:
            with ThreadPoolExecutor(2) as threads:
                return list(threads.map(renew, (self.iut.session, self.second), orders))
        finally:
            self.service.before_answer = None

    # --- a sudden end -------------------------------------------------------------------------------

    def kill(self, name: str, pause_s: float | None) -> tuple[bytes, "Session"]:
        """Kill the implementation in the middle of a renewal, and return what is left of the store.

        Args:
            name: of scenario and folder.
            pause_s: seconds from the answer to the end; None ends it before the answer.

        Returns:
            The content of the file (empty if there is none), and the conversation, which starts the
            implementation anew when it is asked something.
        """
        path, session, done = self.place(name, self.plain), self.second, threading.Event()

        def end() -> None:
            done.wait(pause_s or 0.0)  # nobody sets it: a pause
            session.kill()
            done.set()

        session.start()
        if pause_s is None:
            self.service.before_answer = end
        else:
            self.service.after_answer = end
        try:
            with self.bench.scenario(name):
                answer = session.call("keystore.renew", self.parameters(path))
                if answer.outcome in ("ok", "crash"):
                    done.wait(2.0)
        finally:
            self.service.before_answer = self.service.after_answer = None
        return (path.read_bytes() if path.is_file() else b""), session


class _Watch:
    """Looks at a file from outside, as often as it can, while something goes on.

    On Windows an open file cannot be replaced, so there it is only asked whether the file is there.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.path = path
        self._link: Path | None = folder / f"{path.parent.name}-linked.xml"
        try:
            os.link(path, self._link)
        except (OSError, NotImplementedError):
            self._link = None  # not every file system has second names
        self._when_asked: bytes | None = None
        self._contents: set[bytes] = set()
        self._missing = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="evte watch", daemon=True)

    def note_the_request(self) -> None:
        """Read the file: the service has been asked and has not answered."""
        with suppress(OSError):
            self._when_asked = self.path.read_bytes()

    def __enter__(self) -> "_Watch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            try:
                if os.name == "nt":
                    self.path.stat()
                else:
                    self._contents.add(self.path.read_bytes())
            except FileNotFoundError:
                self._missing += 1
            except OSError:
                pass
            self._over.wait(0.0005)

    def seen(self) -> Seen:
        """Return what was seen."""
        linked = None
        if self._link is not None:
            linked = self._link.read_bytes()
            self._link.unlink()
        return Seen(self._when_asked, frozenset(self._contents), self._missing, linked)


def leads_to(certificate: x509.Certificate, issued: Sequence["Issued"], found: x509.Certificate) -> bool:
    """Tell whether a certificate is the one that was found, or was renewed by one that leads there."""
    if certificate == found:
        return True
    fingerprint = certificate.fingerprint(hashes.SHA256())
    return any(
        each.replaces == fingerprint and leads_to(each.certificate, issued, found)
        for each in issued
        if each.certificate != certificate
    )


def decoded(text: object) -> x509.Certificate | None:
    """Return the certificate that an answer holds, base64 DER; None if it is none."""
    try:
        return x509.load_der_x509_certificate(base64.b64decode(str(text), validate=True))
    except ValueError:
        return None


def encoded(certificate: x509.Certificate) -> str:
    """Return a certificate as answers hold it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()
