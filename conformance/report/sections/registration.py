"""The registration sheet: what an application for EVTE asks for, what is still missing, and its text."""

from dataclasses import dataclass
from typing import Final

from conformance.report.ledger import Ledger
from conformance.report.section import Section


@dataclass(frozen=True)
class View:
    """What the section shows."""


def _view(ledger: Ledger) -> View:
    return View()


SECTION: Final = Section(
    anchor="registration", title="Registration sheet", template="registration.html", view=_view
)
