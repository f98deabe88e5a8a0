"""The state of one run, what the operator chose, and what the run is judged against.

The plugin is loaded by every pytest where the kit is installed; so what this module needs of the kit it
imports late, or for the type checker only.
"""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

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
        Registration,
        Report,
        Requirement,
        Result,
        StoredRun,
        Waiver,
    )
    from conformance.report.signing import Signer
    from conformance.suite.iut import Iut


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
    remarks: list[Any] = field(default_factory=list)
    counter_examples: list["CounterExample"] = field(default_factory=list)
    performance: tuple["Measurement", ...] = ()
    secrets: dict[str, str | bytes | int] = field(default_factory=dict)
    """What no file of the report may hold: the name of each secret, and the secret."""
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
        return evidence.id

    def record(self, result: "Result") -> None:
        """Keep a result, write it down at once, and tell whoever watches."""
        import msgspec

        self.results.append(result)
        if self.choices.out is not None:
            with (self.choices.out / "results.ndjson").open("ab") as lines:
                lines.write(msgspec.json.encode(result) + b"\n")
        if self.listener is not None:
            self.listener.ends(result)


CONDUCTOR: Final = pytest.StashKey[Conductor]()
