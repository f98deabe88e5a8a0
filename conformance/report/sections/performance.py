"""How the product performs: figures beside those of the reference, and no verdict."""

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
    anchor="performance", title="How the product performs", template="performance.html", view=_view
)
