"""What changed since the baseline, and how the stored runs went."""

from dataclasses import dataclass
from typing import Final

from conformance.report.ledger import Ledger
from conformance.report.section import Section


@dataclass(frozen=True)
class View:
    """What the section shows."""


def _view(ledger: Ledger) -> View:
    return View()


SECTION: Final = Section(anchor="changes", title="Changes and trend", template="changes.html", view=_view)
