"""The registration sheet: what an application for EVTE asks for, what is still missing, and its text."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Readiness
from conformance.report import application
from conformance.report.application import Field, Road, Step
from conformance.report.ledger import Ledger
from conformance.report.section import Section


@dataclass(frozen=True)
class View:
    """What the section shows."""

    stated: bool
    """Whether a plan file stated the registration at all."""
    early: bool
    """Whether the verdict says that it is too early to apply."""
    fields: tuple[Field, ...]
    missing: int
    """Fields without a value."""
    wrong: int
    """Fields with a value that cannot be right."""
    roads: tuple[Road, ...]
    steps: tuple[Step, ...]


def _view(ledger: Ledger) -> View:
    fields = application.fields(ledger.report)
    return View(
        stated=ledger.run.registration is not None,
        early=ledger.verdict.readiness in {Readiness.NOT_READY, Readiness.INCOMPLETE},
        fields=fields,
        missing=sum(field.missing for field in fields),
        wrong=sum(bool(field.problem) for field in fields),
        roads=application.roads(ledger.report),
        steps=application.steps(ledger.report),
    )


def _tally(view: View) -> str:
    short = view.missing + view.wrong
    return f"{short} to fill" if short else ""


SECTION: Final = Section(
    anchor="registration",
    title="Registration sheet",
    template="registration.html",
    view=_view,
    tally=_tally,
)
