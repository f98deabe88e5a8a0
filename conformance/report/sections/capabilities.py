"""Capabilities: how each of the four stands, and how much of it was looked at."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Capability
from conformance.report import standing
from conformance.report.ledger import Entry, Ledger
from conformance.report.section import Section
from conformance.report.standing import Tone


@dataclass(frozen=True)
class Row:
    """One capability."""

    anchor: str
    name: str
    tone: Tone
    word: str
    requirements: int
    counts: tuple[tuple[str, str, Tone, int], ...]
    """Column, heading, colour and number of points, one per column of the matrix."""

    @property
    def described(self) -> str:
        """The bar in words, for those who do not see it."""
        return ", ".join(f"{number} {word}" for _, word, _, number in self.counts if number)


def _row(capability: Capability, entries: tuple[Entry, ...], ledger: Ledger) -> Row:
    tally = ledger.tally(entries)
    tone, word = _standing(tally)
    return Row(
        anchor=f"requirements-{capability.value}",
        name=standing.CAPABILITY[capability],
        tone=tone,
        word=word,
        requirements=len(entries),
        counts=tuple(
            (column, heading, colour, tally[column]) for column, (heading, colour) in standing.COLUMNS.items()
        ),
    )


def _standing(tally: dict[str, int]) -> tuple[Tone, str]:
    """Return the colour and the word of a capability; a failure is said even where much is missing."""
    if not sum(tally.values()):
        return Tone.NONE, "not in this profile"
    if tally["fail"]:
        return Tone.BAD, "not ready"
    if tally["missing"]:
        return Tone.NONE, "incomplete"
    if tally["warn"]:
        return Tone.WARN, "with conditions"
    if not tally["pass"]:
        return Tone.NONE, "does not apply"
    return Tone.OK, "ready"


def _view(ledger: Ledger) -> tuple[Row, ...]:
    rows = (
        _row(
            capability,
            tuple(entry for entry in ledger.scoring if entry.requirement.capability is capability),
            ledger,
        )
        for capability in Capability
    )
    return tuple(rows)


SECTION: Final = Section(
    anchor="capabilities", title="Capabilities", template="capabilities.html", view=_view
)
