"""What a section of the report is: a heading, a view of the ledger, and a template that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.report.ledger import Ledger


@dataclass(frozen=True)
class Section:
    """One section of `report.html`."""

    anchor: str
    """The id of the section, which links point at; never changed once published."""
    title: str
    """The heading, and the words in the table of contents."""
    template: str
    """File name in `templates/`; it is given `view` and the ledger."""
    view: Callable[[Ledger], Any]
    """Computes everything that the template shows; templates decide nothing."""
    tally: Callable[[Any], str] = lambda view: ""
    """A short figure for the table of contents, from the view; may be empty."""
