"""Evidence: what crossed the wire in each scenario, as a chart, as a list, and word for word."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from conformance.model import Evidence, Finding, Message, Severity
from conformance.report import figures, sequence, transcript
from conformance.report.data import anchor, evidence_names
from conformance.report.ledger import Entry, Ledger
from conformance.report.octets import Dump, dump
from conformance.report.section import Section
from conformance.report.text import one_line, shown

ROOM: Final = 1_200_000
"""Characters of all messages on the page together; what is beyond is in the evidence files alone."""
MESSAGES_SHOWN: Final = 120
"""Messages of one scenario that are listed."""
FINDINGS_SHOWN: Final = 40
"""Findings of one message that are listed."""
HEADERS_SHOWN: Final = 40
"""Header lines of one message that are shown."""
OPEN: Final = 4
"""Scenarios that are unfolded from the start, those with errors first."""


@dataclass(frozen=True)
class Noted:
    """One finding of a message."""

    finding: Finding
    error: bool
    octets: Dump | None
    """The bytes that were digested, where the finding has them."""


@dataclass(frozen=True)
class Line:
    """One message of the list."""

    message: Message
    number: int
    at: str
    size: str
    findings: tuple[Noted, ...]
    """At most `FINDINGS_SHOWN`."""
    unlisted: int
    headers: Markup
    """A line per header; empty when there is none, or no room left."""
    body: transcript.Body | None
    """Nothing when there is no body, or no room left for it."""


@dataclass(frozen=True)
class Scenario:
    """One scenario in which messages crossed the wire."""

    evidence: Evidence
    anchor: str
    file: str
    chart: sequence.Chart | None
    drawing: str
    """Name of the drawing that the chart shares with others of its shape."""
    described: str
    """The chart in words."""
    lines: tuple[Line, ...]
    unlisted: int
    errors: int
    remarks: int
    open: bool
    cited: tuple[Entry, ...]
    """Requirements with a miss that rests on it."""


@dataclass(frozen=True)
class Silent:
    """One scenario in which nothing crossed the wire."""

    evidence: Evidence
    anchor: str
    cited: tuple[Entry, ...]


@dataclass(frozen=True)
class View:
    """What the section shows."""

    scenarios: tuple[Scenario, ...]
    drawings: tuple[tuple[str, sequence.Shape], ...]
    """The lines of the charts, each shape once."""
    silent: tuple[Silent, ...]
    cited: int
    """Scenarios on which a miss rests."""
    faulty: int
    """Scenarios with an error."""


def _view(ledger: Ledger) -> View:
    names = evidence_names(ledger.evidence)
    cited: dict[str, dict[str, Entry]] = {}
    for entry in ledger.entries:
        for case in entry.misses:
            for identifier in case.result.evidence if case.result else ():
                cited.setdefault(identifier, {})[entry.requirement.id] = entry
    # Room for messages goes to the scenarios with misses first; on the page they keep their order.
    by_need = sorted(ledger.evidence.values(), key=lambda each: (each.id not in cited, not _errors(each)))
    unfolded = {each.id for each in by_need[:OPEN] if each.id in cited}
    drawings: dict[sequence.Shape, str] = {}
    room = ROOM
    made: dict[str, Scenario] = {}
    silent: dict[str, Silent] = {}
    for evidence in by_need:
        place = f"evidence-{anchor(evidence.id)}"
        misses = tuple(cited.get(evidence.id, {}).values())
        if not evidence.messages:
            silent[evidence.id] = Silent(evidence, place, misses)
            continue
        lines: list[Line] = []
        for number, message in enumerate(evidence.messages[:MESSAGES_SHOWN], start=1):
            line = _line(number, message, has_room=room > 0)
            room -= len(line.headers) + (len(line.body.text) if line.body else 0)
            room -= sum(len(noted.octets.text) for noted in line.findings if noted.octets)
            lines.append(line)
        chart = sequence.lay_out(evidence.messages)
        errors = _errors(evidence)
        made[evidence.id] = Scenario(
            evidence=evidence,
            anchor=place,
            file=f"evidence/{names[evidence.id]}",
            chart=chart,
            drawing=drawings.setdefault(chart.shape, f"chart-{len(drawings) + 1}") if chart else "",
            described=_described(evidence),
            lines=tuple(lines),
            unlisted=max(0, len(evidence.messages) - MESSAGES_SHOWN),
            errors=errors,
            remarks=sum(len(message.findings) for message in evidence.messages) - errors,
            open=evidence.id in unfolded,
            cited=misses,
        )
    return View(
        scenarios=tuple(made[identifier] for identifier in ledger.evidence if identifier in made),
        drawings=tuple((name, shape) for shape, name in drawings.items()),
        silent=tuple(silent[identifier] for identifier in ledger.evidence if identifier in silent),
        cited=sum(bool(each.cited) for each in made.values()),
        faulty=sum(bool(each.errors) for each in made.values()),
    )


def _line(number: int, message: Message, *, has_room: bool) -> Line:
    return Line(
        message=message,
        number=number,
        at=f"+{figures.milliseconds(message.at_ms)}",
        size=figures.size(message.size),
        findings=tuple(
            Noted(
                finding,
                finding.severity is Severity.ERROR,
                dump(finding.octets) if finding.octets and has_room else None,
            )
            for finding in message.findings[:FINDINGS_SHOWN]
        ),
        unlisted=max(0, len(message.findings) - FINDINGS_SHOWN),
        headers=_headers(message.headers[:HEADERS_SHOWN]) if has_room else Markup(),
        body=transcript.show(message.body, message.findings) if message.body and has_room else None,
    )


def _headers(headers: Sequence[tuple[str, str]]) -> Markup:
    lines = "\n".join(f"{one_line(name, 80)}: {one_line(value, 300)}" for name, value in headers)
    return shown(lines, len(lines))


def _errors(evidence: Evidence) -> int:
    return sum(
        finding.severity is Severity.ERROR for message in evidence.messages for finding in message.findings
    )


def _described(evidence: Evidence) -> str:
    """Return the chart in words; the list below it says the rest."""
    told = [_told(message) for message in evidence.messages[:6]]
    more = len(evidence.messages) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _told(message: Message) -> str:
    sender, receiver = one_line(message.sender, 60), one_line(message.receiver, 60)
    return f"{sender} to {receiver}: {one_line(message.summary, 80)}"


def _tally(view: View) -> str:
    return str(len(view.scenarios) + len(view.silent) or "")


SECTION: Final = Section(
    anchor="evidence", title="Evidence", template="evidence.html", view=_view, tally=_tally
)
