"""`badge.svg` and `badge.json`: the verdict on one line, for a README or a wiki page.

A badge outlives the run that it speaks of, so it says until when it holds, and "ready to apply" rather
than a word that could pass for a certificate.
"""

import json
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from markupsafe import escape

from conformance.model import Readiness, Report
from conformance.report import figures
from conformance.report.text import headline, one_line

_HEIGHT: Final = 20
_MARGIN: Final = 7
_LABEL_COLOUR: Final = "#24303b"

_COLOUR: Final[dict[Readiness, str]] = {
    Readiness.READY: "#0f6238",
    Readiness.CONDITIONS: "#704900",
    Readiness.NOT_READY: "#9d1a27",
    Readiness.INCOMPLETE: "#42505d",
}
"""The colours of `report.html`; white text has a contrast of more than 7 to 1 on each."""

_WORD: Final[dict[Readiness, str]] = {
    Readiness.READY: "ready to apply",
    Readiness.CONDITIONS: "ready to apply, with conditions",
    Readiness.NOT_READY: "not ready",
    Readiness.INCOMPLETE: "incomplete",
}

_NARROW: Final = frozenset("fijlrt.,:;'|!()[] -")
_WIDE: Final = frozenset("mwMW%@")


@dataclass(frozen=True)
class Badge:
    """What a badge says."""

    label: str
    message: str
    colour: str
    title: str
    """All of it and what it does not mean, for a reader who points at it or hears it."""
    failed: bool


def read(report: Report) -> Badge:
    """Return what the badge of ``report`` says."""
    told = report.verdict
    message = _WORD[told.readiness]
    if told.valid_until:
        message += f" until {headline(figures.moment(told.valid_until), 24)}"
    label = f"EVTE {headline(report.run.profile.name, 40)}"
    product = headline(figures.product(report.run), 80)
    return Badge(
        label=label,
        message=message,
        colour=_COLOUR[told.readiness],
        title=f"{product}: {message}, profile {one_line(report.run.profile.name, 40)}; "
        "by the EVTE conformance kit, which certifies nothing",
        failed=told.readiness in {Readiness.NOT_READY, Readiness.INCOMPLETE},
    )


def render(report: Report) -> bytes:
    """Return `badge.svg`, UTF-8: one image without script, font or address to load."""
    badge = read(report)
    left, right = (_width(text) + 2 * _MARGIN for text in (badge.label, badge.message))
    title = quoteattr(badge.title)
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="{_HEIGHT}" role="img" '
        f"aria-label={title}>",
        f"<title>{escape(badge.title)}</title>",
        f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="3"/></clipPath>',
        '<g clip-path="url(#r)">',
        f'<rect width="{left}" height="{_HEIGHT}" fill="{_LABEL_COLOUR}"/>',
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{badge.colour}"/>',
        "</g>",
        '<g fill="#fff" font-family="Verdana,DejaVu Sans,Geneva,sans-serif" font-size="11">',
        _words(badge.label, _MARGIN),
        _words(badge.message, left + _MARGIN),
        "</g>",
        "</svg>",
    )
    return ("\n".join(lines) + "\n").encode()


def render_endpoint(report: Report) -> bytes:
    """Return `badge.json`, UTF-8: what shields.io asks of an endpoint (schemaVersion 1)."""
    badge = read(report)
    endpoint = {
        "schemaVersion": 1,
        "label": badge.label,
        "message": badge.message,
        "color": badge.colour,
        "labelColor": _LABEL_COLOUR,
        # Whoever shows the badge may choose another colour, but not for this.
        "isError": badge.failed,
    }
    return json.dumps(endpoint, indent=2, ensure_ascii=False).encode() + b"\n"


def _words(text: str, x: int) -> str:
    """Return a text that is as wide as was reckoned, whatever font draws it."""
    return f'<text x="{x}" y="14" textLength="{_width(text)}">{escape(text)}</text>'


def _width(text: str) -> int:
    """Return about how wide ``text`` is in Verdana at 11 pixels."""
    return round(sum(3.9 if c in _NARROW else 9.8 if c in _WIDE else 6.75 for c in text))
