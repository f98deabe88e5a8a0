"""`report.html`: one file that needs no network and no script.

Whatever a template writes out is escaped by Jinja and, before that, passed through `text.visible`, so
that nobody can forget to treat a stranger's text; a template asks for more (`shown`) but never for less.
"""

from collections.abc import Sequence
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from conformance.model import Report
from conformance.report import data, figures, standing, text
from conformance.report.ledger import Ledger, open_ledger
from conformance.report.section import Section

_TEMPLATES: Final = "templates"


def render(report: Report, sections: Sequence[Section], template: str = "page.html") -> bytes:
    """Return the page, UTF-8.

    Args:
        report: what to show.
        sections: in their order on the page.
        template: what holds the sections together.
    """
    ledger = open_ledger(report)
    parts = []
    for section in sections:
        view = section.view(ledger)
        parts.append({"section": section, "view": view, "tally": section.tally(view)})
    page = _environment().get_template(template).render(ledger=ledger, parts=parts)
    return page.encode("utf-8", "backslashreplace")


def render_section(section: Section, ledger: Ledger) -> bytes:
    """Return one section alone, without its heading, UTF-8: what it adds to the page."""
    template = _environment().get_template(section.template)
    return template.render(view=section.view(ledger), ledger=ledger).encode("utf-8", "backslashreplace")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("conformance.report", _TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalized,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        auto_reload=False,
    )
    environment.filters.update(
        anchor=data.anchor,
        shown=text.shown,
        worded=text.worded,
        visible=text.visible,
        headline=text.headline,
        one_line=text.one_line,
        moment=figures.moment,
        milliseconds=figures.milliseconds,
        counted=figures.count,
    )
    environment.globals.update(standing=standing)
    return environment


def _finalized(value: Any) -> Any:  # noqa: ANN401 - whatever a template writes out
    """Make plain text visible and bounded; markup was made by the kit and passes."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return text.visible(str(value))
    return value
