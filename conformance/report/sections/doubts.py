"""How this report can be wrong: what a reader should hold against it, in numbers where there are some."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Confidence, KillScore
from conformance.report import standing
from conformance.report.ledger import Ledger
from conformance.report.section import Section


@dataclass(frozen=True)
class View:
    """What the section shows."""

    confidences: tuple[tuple[str, str, int], ...]
    """Each confidence, what it means, and how many counting requirements have it."""
    unsure: int
    synthetic: bool
    """Whether the credential was the kit's own; also true when there was none."""
    remote: bool
    """Whether the implementation ran where the kit could not see it start."""
    kit_errors: int
    score: KillScore | None
    """How many known mistakes the kit catches; None while it is not measured."""
    attested: bool
    """Whether anybody attested anything."""


def _view(ledger: Ledger) -> View:
    confidences = [entry.requirement.confidence for entry in ledger.scoring]
    credential = ledger.run.credential
    return View(
        confidences=tuple(
            (each.value, standing.CONFIDENCE[each], confidences.count(each)) for each in Confidence
        ),
        unsure=sum(each in standing.UNSURE for each in confidences),
        synthetic=credential is None or credential.origin == "kit",
        remote=ledger.run.carrier == "http",
        kit_errors=sum(
            case.standing is standing.KIT_ERROR for entry in ledger.entries for case in entry.cases
        ),
        score=ledger.report.kill_score,
        attested=bool(ledger.run.attestations),
    )


SECTION: Final = Section(
    anchor="doubts", title="How this report can be wrong", template="doubts.html", view=_view
)
