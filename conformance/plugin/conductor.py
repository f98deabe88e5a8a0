"""The state of one run, what the operator chose, and what the run is judged against.

The plugin is loaded by every pytest where the kit is installed; so what this module needs of the kit it
imports late, or for the type checker only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

    # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.adapters.session import Session
    from conformance.model import (
        Attestation,
        CounterExample,
        DoctorFinding,
        Evidence,
        Measurement,
        Profile,
        Record,
        Registration,
        Remark,
        Report,
        Requirement,
        Result,
        StoredRun,
        Waiver,
    )
    from conformance.protocol.secrets import Secret
    from conformance.report.canary import Guard
    from conformance.report.signing import Signer
    from conformance.simulators.confided import Confided
    from conformance.suite.iut import Iut

R = TypeVar("R", bound="Record")


class Listener(Protocol):
    """Somebody who watches a run, for instance a progress display."""

    def planned(self, total: int) -> None:
        """Collection is over; this many checks will run."""

    def begins(self, requirement: str, case: str) -> None:
        """A check begins."""

    def ends(self, result: "Result") -> None:
        """A check has its outcome."""


@dataclass(slots=True)
class Choices:
    """What the operator asked for."""

    iut: str
    profile: str
    out: Path | None
    only: tuple[str, ...]
    seed: int
    examples: int
    deadline_s: float | None
    keystore: Path | None
    alias: str
    password_env: str
    trust: tuple[Path, ...]
    org_code: str
    folder: Path | None = None
    """Working directory of a harness that the kit starts; the kit's own if None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What a run is judged and told against, besides what it learns."""

    waivers: "tuple[Waiver, ...]" = ()
    registration: "Registration | None" = None
    attestations: "tuple[Attestation, ...]" = ()
    doctor: "tuple[DoctorFinding, ...]" = ()
    baseline: "Report | None" = None
    """An earlier report to compare with."""
    trend: "tuple[StoredRun, ...]" = ()
    """Earlier runs of the same profile, oldest first."""
    shard: str = ""
    """`2/4`: only the second of four parts of the profile is run."""
    measure: bool = False
    """Whether the performance is measured when the checks are over."""
    replaying: "CounterExample | None" = None
    """The stored example that a property tries instead of searching."""
    signer: "Signer | None" = None
    pdf: bool = False
    capabilities: tuple[str, ...] | None = None
    """What the harness must declare, exactly; None if nobody said."""
    remarks: "tuple[Remark, ...]" = ()
    """What the run wants its reader to know before it begins."""


@dataclass(slots=True)
class Conductor:
    """The state of one run; lives in the pytest configuration, never in a module."""

    choices: Choices
    profile: "Profile"
    known: "Mapping[str, Requirement]"
    started: datetime
    background: Background = field(default_factory=Background)
    listener: Listener | None = None
    session: "Session | None" = None
    iut: "Iut | None" = None
    planned: list[Any] = field(default_factory=list)
    results: list["Result"] = field(default_factory=list)
    evidence: dict[str, "Evidence"] = field(default_factory=dict)
    asked: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """By transcript: the requests to the harness that belong to it."""
    remarks: list[Any] = field(default_factory=list)
    counter_examples: list["CounterExample"] = field(default_factory=list)
    performance: tuple["Measurement", ...] = ()
    confided: "Confided | None" = None
    """The secrets that the run has come to know so far."""
    guard: "Guard | None" = None
    """Keeps them out of the report; made when first needed."""
    absent: set[str] = field(default_factory=set)
    """Methods and operations that a probe found as absent as they are declared."""
    credential: Any = None
    harness_failure: str = ""
    failure: Exception | None = None
    """An operator's or the kit's error that ended the run early."""
    interrupted: bool = False
    report: "Report | None" = None
    exit_code: int = 0

    def keep(self, evidence: "Evidence") -> str:
        """Keep a transcript for the report and return its id."""
        self.evidence[evidence.id] = evidence
        if self.iut is not None:
            self.asked[evidence.id] = self.iut.ledger.keep(evidence.id)
        return evidence.id

    def cleaned(self, record: R) -> R:
        """Return a record without any of the run's secrets, as far as they are known by now."""
        if self.guard is None:
            from conformance.adapters.spec_secrets import secrets_in
            from conformance.protocol.secrets import of_key
            from conformance.report.canary import Guard

            signer = self.background.signer
            self.guard = Guard(of_key(signer.key) if signer is not None else {})
            self.guard.learn(secrets_in(self.choices.iut))
        if self.confided is not None:
            self.guard.learn(self._unstated(dict(self.confided.secrets)))
        return self.guard.cleaned(record)

    def _unstated(self, known: "dict[str, Secret]") -> "dict[str, Secret]":
        """Return the secrets without the names that the operator states in the report himself."""
        import msgspec

        from conformance.simulators.confided import A_PERSON

        background = self.background
        stated = msgspec.json.encode((background.registration, background.attestations, background.waivers))
        return {
            what: secret
            for what, secret in known.items()
            if not (what.startswith(A_PERSON) and str(secret) in stated.decode())
        }

    def record(self, result: "Result") -> None:
        """Keep a result, write it down at once, and tell whoever watches."""
        import msgspec

        result = self.cleaned(result)
        self.results.append(result)
        if self.choices.out is not None:
            with (self.choices.out / "results.ndjson").open("ab") as lines:
                lines.write(msgspec.json.encode(result) + b"\n")
        if self.listener is not None:
            self.listener.ends(result)


CONDUCTOR: Final = pytest.StashKey[Conductor]()
