"""The pre-flight examination: can a run work at all, and if not, whose is the fault?

Looks at this machine, at the kit itself, at the credential store that was given, and at the harness, in
this order and within about a second.  Every finding has an owner, so that a vendor does not search the
product for what is a full disk.  Nothing here judges conformance: it asks one right and one wrong USI and
opens one store, to see that questions and answers arrive.
"""

import platform
import socket
import ssl
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from conformance import vectors
from conformance.adapters.contract import CLOCK, MARKERS, Answer, Outcome
from conformance.adapters.session import Resolve, Session, attach
from conformance.errors import EvteError, HarnessError, OperatorError
from conformance.model import Blame, DoctorFinding
from conformance.protocol import keystore as store_format
from conformance.simulators.authority import Authority, MachineCredential
from conformance.simulators.stores import make_store

PYTHONS: Final = ((3, 11), (3, 14))
"""The first Python that the kit supports, and the first after it that it does not."""

CLOCK_RANGE: Final = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2046, 1, 1, tzinfo=UTC))
"""A clock outside has lost its battery rather than being right."""

CLOCKS_APART_S: Final = 5.0
"""Seconds by which two clocks may differ; the token service tolerates no more either way."""

SLOW_MS: Final = 250.0
"""Milliseconds per call from which a run takes so long that nobody waits for it."""

RIGHT_USI: Final = "BNGH7C75FN"  # published with the algorithm of the check character
WRONG_USI: Final = "BNGH7C75FM"  # the same with another last character

_CALLS: Final = 20
_PASSWORD: Final = "Pre-flight-1"  # of a store that the examination makes and throws away


@dataclass(frozen=True)
class CredentialStore:
    """A store that the run is to be made with."""

    path: Path
    alias: str
    password: str = field(repr=False)


Findings = Iterator[DoctorFinding]


def examine(
    spec: str,
    *,
    resolve: Resolve | None = None,
    deadline_s: float | None = None,
    keystore: CredentialStore | None = None,
    ca_file: Path | None = None,
    folder: Path | None = None,
    now: datetime | None = None,
) -> list[DoctorFinding]:
    """Return what was found, in the order in which it was looked at.

    Args:
        spec: the implementation under test, as for `attach`.
        resolve: as for `attach`.
        deadline_s: seconds per call instead of the contract's own.
        keystore: the operator's own credential store; a synthetic one is made if none is given.
        ca_file: as for `attach`.
        folder: working directory of a harness that is started; the kit's own if not given.
        now: aware; the machine's clock if not given.
    """
    moment = now or datetime.now(UTC)
    findings = [
        *_examine_machine(moment),
        *_examine_kit(moment),
        *(_examine_keystore(keystore, moment) if keystore else ()),
    ]
    try:
        session = attach(spec, resolve=resolve, cwd=folder, deadline_s=deadline_s, ca_file=ca_file)
    except EvteError as problem:
        return [*findings, _wrong("harness", _owner(problem), problem)]
    try:
        # A store of the operator's that is no good says nothing of the product; a synthetic one then does.
        good = all(finding.ok for finding in findings if finding.check == "keystore")
        findings += _examine_harness(session, keystore if good else None, moment)
    finally:
        session.close()
    remarks = session.remarks
    if session.initialized is not None and not remarks:
        findings.append(
            _well("framing", Blame.HARNESS, "nothing but answers on standard output, and a tidy end")
        )
    findings += [
        DoctorFinding(
            check="framing",
            ok=False,
            owner=remark.blame,
            sentence=remark.text,
            advice="the run works all the same; mend it so that the report does not mention it",
            fatal=False,
        )
        for remark in remarks
    ]
    return findings


# --- this machine -----------------------------------------------------------------------------------


def _examine_machine(now: datetime) -> Findings:
    python = platform.python_version()
    if PYTHONS[0] <= sys.version_info[:2] < PYTHONS[1]:
        yield _well("python", Blame.ENVIRONMENT, f"Python {python}")
    else:
        yield DoctorFinding(
            check="python",
            ok=False,
            owner=Blame.ENVIRONMENT,
            sentence=f"Python {python} is not supported",
            advice="use Python 3.11, 3.12 or 3.13",
        )
    if CLOCK_RANGE[0] <= now < CLOCK_RANGE[1]:
        yield _well("clock", Blame.ENVIRONMENT, f"{now:%Y-%m-%dT%H:%M:%SZ}")
    else:
        yield DoctorFinding(
            check="clock",
            ok=False,
            owner=Blame.ENVIRONMENT,
            sentence=f"this machine's clock says {now:%Y-%m-%dT%H:%M:%SZ}",
            advice="set the clock; certificates and tokens are judged by it",
        )
    try:
        with tempfile.TemporaryDirectory(prefix="evte-") as folder:
            path = Path(folder) / "Ümlaut and blank.txt"
            path.write_text("written", encoding="utf-8")
            path.read_text(encoding="utf-8")
        yield _well("temporary files", Blame.ENVIRONMENT, f"can be written in {tempfile.gettempdir()}")
    except OSError as problem:
        yield DoctorFinding(
            check="temporary files",
            ok=False,
            owner=Blame.ENVIRONMENT,
            sentence=f"no temporary file can be written: {problem}",
            advice="free some space, or name a writable folder in the variable TMPDIR (TEMP on Windows)",
        )
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=2).close()
        yield _well("loopback", Blame.ENVIRONMENT, "a port of 127.0.0.1 can be opened and reached")
    except OSError as problem:
        yield DoctorFinding(
            check="loopback",
            ok=False,
            owner=Blame.ENVIRONMENT,
            sentence=f"no port of 127.0.0.1 can be opened and reached: {problem}",
            advice="look for a firewall or a sandbox; the services are simulated on this machine",
        )


# --- the kit ----------------------------------------------------------------------------------------


def _examine_kit(now: datetime) -> Findings:
    try:
        yield _well("vectors", Blame.KIT, f"{len(vectors.files())} files, {vectors.digest()[:14]}…")
    except EvteError as problem:
        yield _wrong("vectors", Blame.KIT, problem)
    try:
        authority = Authority(now)
        credential = _synthetic_credential(authority)
        pem, key = authority.tls_server()
        certificates = (*credential.chain, authority.tls_ca, x509.load_pem_x509_certificate(pem))
        expired = [c for c in certificates if not c.not_valid_before_utc <= now <= c.not_valid_after_utc]
        _load_into_tls(pem + key)
    except (EvteError, ssl.SSLError, ValueError) as problem:
        yield _wrong("certificates", Blame.KIT, problem)
        return
    except OSError as problem:  # no temporary file could be written
        yield _wrong("certificates", Blame.ENVIRONMENT, problem)
        return
    if expired:
        yield DoctorFinding(
            check="certificates",
            ok=False,
            owner=Blame.KIT,
            sentence=f"the kit's own certificate {expired[0].subject.rfc4514_string()} is not valid now",
            advice="please report this to us",
        )
    else:
        yield _well("certificates", Blame.KIT, f"the kit's own {len(certificates)} are valid now")


def _load_into_tls(pem: bytes) -> None:
    """Make sure that the TLS library here takes certificate and key; it only takes them from a file."""
    with tempfile.TemporaryDirectory(prefix="evte-") as folder:
        path = Path(folder) / "server.pem"
        path.write_bytes(pem)
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(path)


def _synthetic_credential(authority: Authority) -> MachineCredential:
    return authority.machine_credential(abn="11000002568", name="PREFLIGHT")


# --- the store that was given -----------------------------------------------------------------------


def _examine_keystore(keystore: CredentialStore, now: datetime) -> Findings:
    try:
        data = keystore.path.read_bytes()
    except OSError as problem:
        yield DoctorFinding(
            check="keystore",
            ok=False,
            owner=Blame.CONFIGURATION,
            sentence=f"the credential store cannot be read: {problem.strerror or problem}, {keystore.path}",
            advice="compare the path, and whether this user may read the file",
        )
        return
    try:
        opened = store_format.open_credential(
            store_format.read(data), keystore.alias, keystore.password, now=now
        )
    except EvteError as problem:
        yield _wrong("keystore", Blame.CONFIGURATION, problem)
        return
    ends = opened.certificate.not_valid_after_utc
    soon = ends - now < timedelta(days=30)
    yield DoctorFinding(
        check="keystore",
        ok=True,
        owner=Blame.CONFIGURATION,
        sentence=f"{keystore.alias} opens; its certificate ends {ends:%Y-%m-%d}" + (", soon" if soon else ""),
    )


# --- the harness ------------------------------------------------------------------------------------


def _examine_harness(session: Session, keystore: CredentialStore | None, now: datetime) -> Findings:
    try:
        started = session.start()
    except EvteError as problem:
        yield _wrong("harness", _owner(problem), problem)
        if session.stderr.strip():
            lines = session.stderr.strip().splitlines()[-5:]
            yield DoctorFinding(
                check="standard error",
                ok=False,
                owner=Blame.HARNESS,
                sentence=f"the harness's last lines: {' | '.join(line.strip() for line in lines)}",
            )
        return
    who = started.implementation
    offered = [name for name in who.capabilities if name not in MARKERS]
    yield _well(
        "harness", Blame.HARNESS, f"{who.name} {who.version}, {who.language or 'language not stated'}"
    )
    yield DoctorFinding(
        check="capabilities",
        ok=bool(offered),
        owner=Blame.HARNESS,
        sentence=f"offers {', '.join(offered)}" if offered else "offers nothing",
        advice="" if offered else "list the methods that the harness answers in `capabilities`",
    )
    if session.clock_ahead_s is not None:
        apart = session.clock_ahead_s
        yield DoctorFinding(
            check="harness clock",
            ok=abs(apart) <= CLOCKS_APART_S,
            owner=Blame.ENVIRONMENT,
            sentence=f"the harness's clock is {abs(apart):.0f} s {'ahead' if apart > 0 else 'behind'}",
            advice="" if abs(apart) <= CLOCKS_APART_S else "synchronise both machines' clocks",
        )
    try:
        if "usi.validate" in offered:
            yield from _ask_usis(session)
        if "keystore.open" in offered:
            yield _open_store(session, keystore, now)
    except HarnessError as problem:
        yield _wrong("contract", Blame.HARNESS, problem)
    except OSError as problem:  # no store could be written
        yield _wrong("healthy store", Blame.ENVIRONMENT, problem)


def _ask_usis(session: Session) -> Findings:
    right = session.call("usi.validate", {"usi": RIGHT_USI})
    yield DoctorFinding(
        check="right USI",
        ok=right.outcome is Outcome.OK,
        owner=Blame.IMPLEMENTATION,
        sentence=f"{RIGHT_USI} is {_say(right)}",
        advice=""
        if right.outcome is Outcome.OK
        else "`ok` means valid; see how the harness calls the product",
    )
    wrong = session.call("usi.validate", {"usi": WRONG_USI})
    yield DoctorFinding(
        check="wrong USI",
        ok=wrong.outcome is Outcome.REJECTED,
        owner=Blame.IMPLEMENTATION,
        sentence=f"{WRONG_USI} is {_say(wrong)}",
        advice=(
            ""
            if wrong.outcome is Outcome.REJECTED
            else "`rejected` means invalid; `error` is for what nobody foresaw"
        ),
    )
    times = [session.call("usi.validate", {"usi": RIGHT_USI}).duration_ms for _ in range(_CALLS)]
    median = statistics.median(times)
    yield DoctorFinding(
        check="round trip",
        ok=median < SLOW_MS,
        owner=Blame.HARNESS,
        sentence=f"{median:.2f} ms per call, the middle of {_CALLS}",
        advice="" if median < SLOW_MS else "keep the process and the product's objects alive between calls",
    )


def _open_store(session: Session, keystore: CredentialStore | None, now: datetime) -> DoctorFinding:
    with tempfile.TemporaryDirectory(prefix="evte-", ignore_cleanup_errors=True) as folder:
        if keystore is None:
            authority = Authority(now)
            credential = _synthetic_credential(authority)
            path = Path(folder) / "keystore.xml"
            path.write_bytes(make_store([credential], password=_PASSWORD, moment=now))
            keystore = CredentialStore(path=path, alias=credential.alias, password=_PASSWORD)
        params: dict[str, Any] = {
            "path": str(keystore.path.resolve()),
            "alias": keystore.alias,
            "password": keystore.password,
        }
        if session.supports(CLOCK):
            params["now"] = f"{now.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        answer = session.call("keystore.open", params)
    opened = answer.outcome is Outcome.OK
    return DoctorFinding(
        check="healthy store",
        ok=opened,
        owner=Blame.IMPLEMENTATION,
        sentence=f"a healthy credential store is {_say(answer)}",
        advice="" if opened else "see how the harness passes path, alias and password to the product",
    )


def _say(answer: Answer) -> str:
    """Say in words how a call ended."""
    if answer.outcome is Outcome.OK:
        return "accepted"
    if answer.outcome is Outcome.REJECTED:
        own = f"{answer.native.code} {answer.native.text}".strip() if answer.native else ""
        reason = answer.reason or "reason not stated"
        return f"refused ({reason})" + (f": {own}" if own else "")
    return f"not answered ({answer.outcome}): {answer.message}"


def _well(check: str, owner: Blame, sentence: str) -> DoctorFinding:
    return DoctorFinding(check=check, ok=True, owner=owner, sentence=sentence)


def _owner(problem: EvteError) -> Blame:
    """Return whose fault an error is, by its family."""
    if isinstance(problem, OperatorError):
        return Blame.CONFIGURATION
    return Blame.HARNESS if isinstance(problem, HarnessError) else Blame.KIT


def _wrong(check: str, owner: Blame, problem: Exception) -> DoctorFinding:
    """Return an error as a finding, on one line."""
    if not isinstance(problem, EvteError):
        return DoctorFinding(
            check=check,
            ok=False,
            owner=owner,
            sentence=f"{type(problem).__name__}: {problem}",
            advice="please report this to us" if owner is Blame.KIT else "",
        )
    parts = [problem.message, *(f"{label}: {text}" for label, text in _details(problem) if text)]
    return DoctorFinding(check=check, ok=False, owner=owner, sentence="; ".join(parts), advice=problem.advice)


def _details(problem: EvteError) -> tuple[tuple[str, str], ...]:
    return (("expected", problem.expected), ("found", problem.found), ("where", problem.where))
