"""How the product performs: spans, reuse of tokens and repetitions, beside the reference in the same run.

Figures and never a verdict: nothing here is good or bad, and no colour says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import isfinite
from typing import Final

from conformance.model import Latency, Measurement
from conformance.report import figures
from conformance.report.ledger import Ledger
from conformance.report.section import Section

SUBJECTS: Final = {"product": "Product", "reference": "Reference"}
"""Whom figures are of, as the section calls them; the order is that of the rows."""

_KINDS: Final = {
    "token, first": ("A new token", "asked for with nothing remembered; the token service is called"),
    "token, held": ("A token that is held", "asked for again; the token service is not called"),
    "VerifyUSI": ("VerifyUSI", "a right call, with what is remembered from the call before"),
}
"""Heading of each kind of call and what it is, in the order of the table; other kinds follow."""

_CARRIERS: Final = {
    "process": "through standard input and output",
    "http": "through HTTP",
    "in-process": "in the kit's own process",
}
_ALIKE: Final = 1.25
"""Medians whose quotient is below this are about the same: they differ as much from run to run."""
_LEAST_MS: Final = 0.05
"""Milliseconds below which a median is not compared."""
_MOST: Final = 20
"""Kinds of calls that are shown."""
_WIDTH: Final = 100.0
"""Of a bar's view box."""


@dataclass(frozen=True)
class Row:
    """One kind of call of one subject."""

    subject: str
    calls: str
    median: str
    p95: str
    bar: float
    """Length to the median, of 100; the longest span of the kind is the whole."""
    reach: float
    """Length to the 95th percentile."""


@dataclass(frozen=True)
class Kind:
    """One kind of call."""

    name: str
    what: str
    rows: tuple[Row, ...]
    compared: str
    """The two medians beside each other, in a sentence; empty where there is but one."""


@dataclass(frozen=True)
class Tale:
    """What was counted rather than timed, of each subject."""

    term: str
    told: tuple[tuple[str, str], ...]
    """Subject and what is so of it."""


@dataclass(frozen=True)
class View:
    """What the section shows."""

    kinds: tuple[Kind, ...]
    tales: tuple[Tale, ...]
    notes: tuple[tuple[str, str], ...]
    """Subject, and what its figures lack."""
    carrier: str
    """How both were reached, as the end of a sentence; empty where the run does not say."""
    measured: bool


def compared(product: float, reference: float) -> str:
    """Say in a sentence how two medians stand to each other; empty where they are too short to tell.

    Args:
        product: milliseconds.
        reference: milliseconds.
    """
    if min(product, reference) < _LEAST_MS or not isfinite(product / reference):
        return ""
    if max(product / reference, reference / product) < _ALIKE:
        return "The product takes about as long as the reference."
    if product > reference:
        return f"The product takes {_times(product / reference)} as long as the reference."
    return f"The reference takes {_times(reference / product)} as long as the product."


def _times(quotient: float) -> str:
    return f"{quotient:.1f} times" if quotient < 10 else f"{quotient:.0f} times"


def _view(ledger: Ledger) -> View:
    found = {each.subject: each for each in ledger.run.performance if each.subject in SUBJECTS}
    measurements = [(title, found[name]) for name, title in SUBJECTS.items() if name in found]
    return View(
        kinds=tuple(_kinds(measurements)),
        tales=tuple(_tales(measurements)),
        notes=tuple((title, each.note) for title, each in measurements if each.note),
        carrier=_CARRIERS.get(ledger.run.carrier, ""),
        measured=bool(measurements),
    )


def _kinds(measurements: list[tuple[str, Measurement]]) -> Iterable[Kind]:
    names = dict.fromkeys((*_KINDS, *(each.name for _, found in measurements for each in found.latencies)))
    shown = 0
    for name in names:
        spans = [
            (title, each) for title, found in measurements for each in found.latencies if each.name == name
        ]
        if not spans or shown == _MOST:
            continue
        shown += 1
        longest = max(max(each.p95_ms, each.median_ms) for _, each in spans)
        heading, what = _KINDS.get(name, (name, ""))
        medians = [each.median_ms for _, each in spans]
        yield Kind(
            name=heading,
            what=what,
            rows=tuple(_row(title, each, longest) for title, each in spans),
            compared=compared(*medians) if len(medians) == 2 else "",
        )


def _row(title: str, latency: Latency, longest: float) -> Row:
    return Row(
        subject=title,
        calls=str(latency.calls),
        median=_shown(latency.median_ms),
        p95=_shown(latency.p95_ms),
        bar=_length(latency.median_ms, longest),
        reach=_length(latency.p95_ms, longest),
    )


def _shown(span: float) -> str:
    """Return a span with two digits that differ: the reference holds a token for a few milliseconds."""
    return f"{span:.1f} ms" if 0 <= span < 9.95 else figures.milliseconds(span)


def _length(span: float, longest: float) -> float:
    return round(min(max(span / longest, 0.0), 1.0) * _WIDTH, 2) if longest > 0 else 0.0


def _tales(measurements: list[tuple[str, Measurement]]) -> Iterable[Tale]:
    if any(found.calls for _, found in measurements):
        yield Tale(
            "Tokens that calls in a row took", tuple((title, reuse(each)) for title, each in measurements)
        )
    if measurements:
        yield Tale(
            "Requests repeated when a service was out of order once",
            tuple((title, repeated(each)) for title, each in measurements),
        )


def reuse(measurement: Measurement) -> str:
    """Say in words how many calls a token served."""
    calls, tokens = measurement.calls, measurement.token_requests
    if not calls:
        return "not measured"
    if not tokens:
        return f"none for {figures.count(calls, 'call')}: one was held from before"
    if tokens == calls and calls > 1:
        return f"one for each of {figures.count(calls, 'call')}"
    return f"{tokens} for {figures.count(calls, 'call')}"


def repeated(measurement: Measurement) -> str:
    """Say in words what was repeated after a passing outage."""
    if measurement.retries is None:
        return "not measured"
    return "none" if measurement.retries <= 0 else figures.count(measurement.retries, "request")


SECTION: Final = Section(anchor="performance", title="Performance", template="performance.html", view=_view)
