"""Evidence: what crossed the wire in each scenario, as a chart, as a list, and word for word."""

from dataclasses import dataclass
from typing import Final

from conformance.model import Evidence, Message, Severity
from conformance.report import figures, sequence, transcript
from conformance.report.data import anchor, evidence_names
from conformance.report.ledger import Entry, Ledger
from conformance.report.section import Section
from conformance.report.text import one_line

BODIES: Final = 1_500_000
"""Characters of all bodies on the page together; what is beyond is in the evidence files alone."""
MESSAGES_SHOWN: Final = 120
"""Messages of one scenario that are listed."""
OPEN: Final = 4
"""Scenarios that are unfolded from the start, those with errors first."""


@dataclass(frozen=True)
class Line:
    """One message of the list."""

    message: Message
    number: int
    at: str
    size: str
    errors: int
    body: transcript.Body | None
    """Nothing when there is no body, or no room left for it."""


@dataclass(frozen=True)
class Scenario:
    """One scenario."""

    evidence: Evidence
    anchor: str
    file: str
    chart: sequence.Chart | None
    described: str
    """The chart in words."""
    lines: tuple[Line, ...]
    unlisted: int
    errors: int
    remarks: int
    open: bool
    cited: tuple[Entry, ...]
    """Requirements with a miss that rests on it."""


def _view(ledger: Ledger) -> tuple[Scenario, ...]:
    names = evidence_names(ledger.evidence)
    cited: dict[str, dict[str, Entry]] = {}
    for entry in ledger.entries:
        for case in entry.misses:
            for identifier in case.result.evidence if case.result else ():
                cited.setdefault(identifier, {})[entry.requirement.id] = entry
    # Room for bodies goes to the scenarios with misses first; on the page they keep their order.
    by_need = sorted(ledger.evidence.values(), key=lambda each: (each.id not in cited, not _errors(each)))
    unfolded = {each.id for each in by_need[:OPEN] if each.id in cited}
    room = BODIES
    made: dict[str, Scenario] = {}
    for evidence in by_need:
        lines: list[Line] = []
        for number, message in enumerate(evidence.messages[:MESSAGES_SHOWN], start=1):
            body = transcript.show(message.body, message.findings) if message.body and room > 0 else None
            room -= len(body.text) if body else 0
            lines.append(_line(number, message, body))
        made[evidence.id] = Scenario(
            evidence=evidence,
            anchor=f"evidence-{anchor(evidence.id)}",
            file=f"evidence/{names[evidence.id]}",
            chart=sequence.lay_out(evidence.messages),
            described=_described(evidence),
            lines=tuple(lines),
            unlisted=max(0, len(evidence.messages) - MESSAGES_SHOWN),
            errors=_errors(evidence),
            remarks=sum(len(message.findings) for message in evidence.messages) - _errors(evidence),
            open=evidence.id in unfolded,
            cited=tuple(cited.get(evidence.id, {}).values()),
        )
    return tuple(made[identifier] for identifier in ledger.evidence)


def _line(number: int, message: Message, body: transcript.Body | None) -> Line:
    return Line(
        message=message,
        number=number,
        at=f"+{figures.milliseconds(message.at_ms)}",
        size=figures.size(message.size),
        errors=sum(finding.severity is Severity.ERROR for finding in message.findings),
        body=body,
    )


def _errors(evidence: Evidence) -> int:
    return sum(
        finding.severity is Severity.ERROR for message in evidence.messages for finding in message.findings
    )


def _described(evidence: Evidence) -> str:
    """Return the chart in words; the list below it says the rest."""
    told = [
        f"{one_line(message.sender, 60)} to {one_line(message.receiver, 60)}: {one_line(message.summary, 80)}"
        for message in evidence.messages[:6]
    ]
    more = len(evidence.messages) - len(told)
    return "; ".join(told) + (f"; and {more} more" if more else "")


def _tally(view: tuple[Scenario, ...]) -> str:
    return str(len(view)) if view else ""


SECTION: Final = Section(
    anchor="evidence", title="Evidence", template="evidence.html", view=_view, tally=_tally
)
