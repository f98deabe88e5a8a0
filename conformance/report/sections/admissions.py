"""Waivers and attestations: what the vendor admits, and what somebody answers for with a name."""

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
    anchor="admissions", title="Waivers and attestations", template="admissions.html", view=_view
)
