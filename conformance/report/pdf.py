"""`report.pdf`: the report to be printed, signed and filed.  It takes the extra `report-pdf` and Pango.

The sections are those of `report.html`, without the transcripts and without what passed case by case, in a
layout of its own: blocks and tables, which a renderer of pages draws in seconds where the page's own would
take minutes.  It is not drawn from the page in a browser, so that no browser is needed on a build machine.

Nothing is loaded while it is drawn, neither from the network nor from the disk, but for the fonts of the
machine.  The bytes therefore depend on these and on the versions of the libraries, unlike those of every
other form: on one machine the same report gives the same bytes, elsewhere only the same words.
"""

import gc
from collections.abc import Sequence
from typing import Any, Final, cast

from lxml import html

from conformance.errors import KitError, OperatorError
from conformance.model import Report
from conformance.report import page
from conformance.report.section import Section

TEMPLATE: Final = "pdf.html"

_LEFT_OUT: Final = frozenset({"evidence"})
"""Anchors of sections that a printed report does not have: hundreds of pages of XML."""

_SHARE: Final = "contains(concat(' ', @class, ' '), ' share ')"
_UNSEEN: Final = (
    "//section[not(@id='changes')]//details | //fieldset | //figure | //svg"
    " | //*[contains(concat(' ', @class, ' '), ' screen ')]"
    " | //ul[contains(concat(' ', @class, ' '), ' assumed ')]"
    f" | //td[{_SHARE}] | //table[.//td[{_SHARE}]]/thead/tr/th[last()]"
)
"""What is folded away or only for a screen, and drawings, whose figures stand beside them: the style of
the page does not reach into them here.  The table of stored runs stands in for its chart, and the column of
confidences for the list of what is assumed."""


def require() -> Any:  # noqa: ANN401 - the module of a library without types
    """Return WeasyPrint, once it and the Pango that it draws text with can be loaded.

    To be called before a run that shall end with a PDF, so that nobody waits for what cannot be made.

    Raises:
        OperatorError: the extra `report-pdf` is not installed, or this machine has no Pango.
    """
    try:
        import weasyprint
    except ImportError as error:
        raise OperatorError(
            "report.pdf cannot be drawn: WeasyPrint is not installed",
            expected="the extra report-pdf of this kit",
            found=str(error),
            advice='pip install "evte-conformance[report-pdf]", or leave --pdf out',
        ) from error
    except OSError as error:
        raise OperatorError(
            "report.pdf cannot be drawn: WeasyPrint cannot load the libraries that it draws text with",
            expected="Pango 1.44 or later on this machine",
            found=str(error).strip().splitlines()[0],
            advice="Debian and Ubuntu: apt-get install libpango-1.0-0 libpangoft2-1.0-0; macOS: brew install "
            "pango; Windows: the GTK runtime; or leave --pdf out",
        ) from error
    return weasyprint


def render(report: Report, sections: Sequence[Section]) -> bytes:
    """Return the document: PDF 1.7, A4, tagged for screen readers, with bookmarks.

    Args:
        report: what to show.
        sections: in their order; those that nobody prints are left out.

    Raises:
        OperatorError: see `require`.
        KitError: the document could not be laid out.
    """
    weasyprint = require()
    kept = [section for section in sections if section.anchor not in _LEFT_OUT]
    text = _printable(page.render(report, kept, TEMPLATE).decode())
    collecting = gc.isenabled()
    # Millions of boxes that all live to the end: looking for garbage among them is a sixth of the time.
    gc.disable()
    try:
        document = weasyprint.HTML(string=text, base_url=None, url_fetcher=_refusing(weasyprint))
        drawn: bytes = document.write_pdf(pdf_tags=True, pdf_version="1.7")
    except Exception as error:  # whatever a renderer of that size raises, it is no verdict on the product
        raise KitError(
            "report.pdf could not be laid out; every other form of the report is there",
            found=f"{type(error).__name__}: {error}".rstrip(": "),
            advice="print report.html from a browser, and report this to us with report.json",
        ) from error
    finally:
        if collecting:
            gc.enable()
    return drawn


def _printable(text: str) -> str:
    """Return the page without what a printed one does not show, and without links to that.

    It would take its time to be laid out all the same.
    """
    tree = html.document_fromstring(text)
    for element in cast("list[html.HtmlElement]", tree.xpath(_UNSEEN)):
        element.drop_tree()
    places = frozenset(cast("list[str]", tree.xpath("//@id")))
    for link in cast("list[html.HtmlElement]", tree.xpath("//a[starts-with(@href, '#')]")):
        if link.get("href", "")[1:] not in places:
            link.drop_tag()
    printable: str = html.tostring(tree, encoding="unicode", doctype="<!doctype html>")
    return printable


def _refusing(weasyprint: Any) -> Any:  # noqa: ANN401 - as above
    """Return what WeasyPrint is to ask for every address: it gets nothing, whatever the address."""

    class Refusing(weasyprint.urls.URLFetcher):  # type: ignore[misc] # a base of a library without types
        def fetch(self, url: str, headers: dict[str, str] | None = None) -> Any:  # noqa: ANN401
            raise ValueError(f"a report loads nothing: {url[:80]}")

    return Refusing()
