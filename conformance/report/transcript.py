"""A message body for reading: laid out in lines, with what the judges object to marked in it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from conformance.model import Finding, Severity
from conformance.report.text import bounded, shown

BODY_LIMIT: Final = 24_000
"""Characters of one body that are shown; the evidence file has it whole."""

_RUN: Final = re.compile(r"[A-Za-z0-9+/]{160,}={0,2}")
"""Base64 that is too long to be read: certificates, ciphertexts, signatures."""
_HEAD: Final = 32
_TAIL: Final = 16
"""Letters of such a run that are kept, so that it can be told from another one."""

_TAG: Final = re.compile(r"<[^<>]*>")
_LEAST_MARKED: Final = 4
"""Letters of the shortest text that is marked: a shorter one stands anywhere."""
_PLACES: Final = 3
"""Places at which one and the same text is marked."""


@dataclass(frozen=True)
class Body:
    """A body as it is shown."""

    text: Markup
    laid_out: bool
    """Whether line breaks were put between elements."""
    shortened: bool
    """Whether long runs of base64 were cut."""
    whole: bool
    """Whether nothing else was cut."""


def show(body: str, findings: Sequence[Finding]) -> Body:
    """Return ``body`` for HTML, findings marked by their number, which counts from 1.

    Long base64 is shortened, unless a finding speaks of it.
    """
    wanted = [actual for finding in findings if len(actual := finding.actual.strip()) >= _LEAST_MARKED]
    short = _RUN.sub(lambda found: _shortened(found[0], wanted), body)
    kept = bounded(short, BODY_LIMIT)
    text = lay_out(kept)
    return Body(
        _marked(text, findings),
        laid_out=text != kept,
        shortened=short != body,
        whole=kept == short,
    )


def _shortened(run: str, wanted: Sequence[str]) -> str:
    if any(each in run or run in each for each in wanted):
        return run
    dropped = f"{len(run) - _HEAD - _TAIL:,}".replace(",", " ")
    return f"{run[:_HEAD]} … {dropped} more … {run[-_TAIL:]}"


def lay_out(text: str) -> str:
    """Return XML that stands in one line with a line break and two blanks of indent per level.

    It is cut at its tags and not parsed, so that what is not well formed is shown too, as it is.
    Anything that has line breaks already, or is no XML at all, comes back unchanged.
    """
    if not text.startswith("<") or text.count("\n") > 2:
        return text
    lines = [""]
    depth, position, opened = 0, 0, False
    for found in _TAG.finditer(text):
        tag, between = found[0], text[position : found.start()]
        position = found.end()
        worded = bool(between.strip())
        if worded:
            lines[-1] += between
        closes = tag.startswith("</")
        if closes:
            depth = max(0, depth - 1)
        if closes and (worded or opened):
            # Text stays between its tags, and an element without content in one line.
            lines[-1] += tag
        else:
            lines.append("  " * depth + tag)
        opened = not closes and not tag.startswith(("<?", "<!")) and not tag.endswith("/>")
        if opened:
            depth += 1
    lines[-1] += text[position:].rstrip()
    return "\n".join(line for line in lines if line)


def _marked(text: str, findings: Sequence[Finding]) -> Markup:
    spans: list[tuple[int, int, int, str]] = []
    for number, finding in enumerate(findings, start=1):
        wanted = finding.actual.strip()
        if len(wanted) < _LEAST_MARKED:
            continue
        position = -1
        for _ in range(_PLACES):
            position = text.find(wanted, position + 1)
            if position < 0:
                break
            tone = "bad" if finding.severity is Severity.ERROR else "warn"
            spans.append((position, position + len(wanted), number, tone))
    parts, end = [], 0
    for start, stop, number, tone in sorted(spans):
        if start < end:
            continue
        parts.append(shown(text[end:start], len(text)))
        mark = '<mark class="{}">{}<sup>{}</sup></mark>'
        parts.append(Markup(mark).format(tone, shown(text[start:stop]), number))  # noqa: S704 - a constant
        end = stop
    parts.append(shown(text[end:], len(text)))
    return Markup("").join(parts)
