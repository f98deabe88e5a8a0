"""The plan of a run, as `evte.toml` and the options of a command line state it."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from conformance.model import Registration
from conformance.verdict import Gate


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKeystore:
    """The operator's own credential: a store, an alias, and the name of the variable with the password."""

    file: Path
    alias: str
    password_env: str
    trust: tuple[Path, ...] = ()
    """PEM files with further trust anchors for the simulated token service."""
    org_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """Whose key signs the manifest of the report."""

    key: Path | None = None
    """PEM file of a private key; None for the credential of `[keystore]`."""
    certificate: Path | None = None
    """PEM file of the key's certificate and its issuers; None if the key's file has them too."""
    password_env: str = ""
    """Name of the variable with the password of the key's file; empty if it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a run is asked for.  Paths are absolute or start from the working directory; None is unstated."""

    path: Path = Path()
    """The plan file itself; `where` tells whether there is one."""
    iut: str = ""
    profile: str = ""
    out: Path | None = None
    seed: int | None = None
    examples: int | None = None
    deadline_s: float | None = None
    strict: bool | None = None
    plain: bool | None = None
    pdf: bool | None = None
    capabilities: tuple[str, ...] | None = None
    """What the harness must declare, exactly."""
    waivers: Path | None = None
    attestations: Path | None = None
    baseline: Path | None = None
    """`report.json` of an earlier run, or the folder that has it."""
    history: Path | None = None
    """Folder of the folders of earlier runs."""
    gate: Gate | None = None
    keystore: OwnKeystore | None = None
    signing: Signing | None = None
    registration: Registration | None = None
    where: Callable[..., str] = field(default=lambda *place: "", repr=False, compare=False)
    """Returns `FILE, line N` of a key, `where("keystore", "file")`; empty where no file states it."""

    def under(self, **given: Any) -> "Plan":  # noqa: ANN401 - of the fields' types
        """Return the plan with what somebody gave besides, which wins; None gives nothing.

        Args:
            given: fields of the plan, by their names.
        """
        won = {name: value for name, value in given.items() if value is not None}
        kept = self.where

        def where(*place: str) -> str:
            return "" if place and place[0] in won else kept(*place)

        return replace(self, **won, where=where)
