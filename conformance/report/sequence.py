"""The geometry of a sequence chart: who stands where, and which arrow is drawn at which height.

Pure arithmetic on `model.Message`; `templates/evidence.html` turns it into SVG.  Lengths are the units
of the chart's own view box.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from conformance.model import Message, Severity
from conformance.report import figures
from conformance.report.text import one_line

WIDTH: Final = 820
GUTTER: Final = 96
"""Room at the left for the times."""
TOP: Final = 64
"""Height of the first message."""
ROW: Final = 46
MOST_MESSAGES: Final = 40
"""Messages that are drawn; the list below the chart has all."""
MOST_PARTIES: Final = 5

_LETTER: Final = 6.5
"""Width of an average letter of the labels."""


@dataclass(frozen=True)
class Party:
    """One who sends or receives."""

    name: str
    x: float
    width: float
    """Of the box around the name."""


@dataclass(frozen=True)
class Arrow:
    """One message on the chart."""

    number: int
    """From 1; the list below the chart has the same numbers."""
    y: float
    start: float
    end: float
    at: str
    label: str
    size: str
    answer: bool
    """Whether it answers an earlier message the other way, and is drawn with dashes."""
    errors: int

    @property
    def middle(self) -> float:
        """Where the label stands."""
        return (self.start + self.end) / 2

    @property
    def badge(self) -> float:
        """Where the number of errors stands, near the beginning."""
        return self.start + 24 * self.points

    @property
    def points(self) -> int:
        """1 for an arrow to the right, -1 for one to the left."""
        return 1 if self.end >= self.start else -1


@dataclass(frozen=True)
class Busy:
    """A party at work between a message and its answer."""

    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn."""

    height: float
    parties: tuple[Party, ...]
    arrows: tuple[Arrow, ...]
    busy: tuple[Busy, ...]
    undrawn: int
    """Messages beyond `MOST_MESSAGES`."""


def lay_out(messages: Sequence[Message]) -> Chart | None:
    """Return the chart of ``messages``, which are in the order in which they crossed the wire.

    Nothing is returned where a chart would not help: no message, one party, or more than `MOST_PARTIES`.
    """
    drawn = messages[:MOST_MESSAGES]
    names = list(dict.fromkeys(name for sent in drawn for name in (sent.sender, sent.receiver)))
    if not 2 <= len(names) <= MOST_PARTIES:
        return None
    lane = (WIDTH - GUTTER) / len(names)
    place = {name: GUTTER + lane * (index + 0.5) for index, name in enumerate(names)}
    open_calls: dict[tuple[str, str], list[float]] = {}
    arrows, busy = [], []
    for number, sent in enumerate(drawn, start=1):
        y = TOP + ROW * (number - 0.4)
        calls = open_calls.get((sent.receiver, sent.sender), [])
        answer = bool(calls)
        if answer:
            began = calls.pop()
            busy.append(Busy(place[sent.sender], began, y - began))
        else:
            open_calls.setdefault((sent.sender, sent.receiver), []).append(y)
        start, end = place[sent.sender], place[sent.receiver]
        if sent.sender == sent.receiver:
            end = start + lane * 0.3
        room = int(max(abs(end - start), lane) / _LETTER) - 2
        arrows.append(
            Arrow(
                number=number,
                y=y,
                start=start,
                end=end,
                at=f"+{figures.milliseconds(sent.at_ms)}",
                label=_fitted(sent.summary, room),
                size=figures.size(sent.size),
                answer=answer,
                errors=sum(finding.severity is Severity.ERROR for finding in sent.findings),
            )
        )
    width = min(lane - 12, 190)
    parties = tuple(Party(_fitted(name, int(width / 7.4) - 1), place[name], width) for name in names)
    return Chart(
        height=TOP + ROW * len(drawn) + 22,
        parties=parties,
        arrows=tuple(arrows),
        busy=tuple(busy),
        undrawn=len(messages) - len(drawn),
    )


def _fitted(text: str, letters: int) -> str:
    text = one_line(text, 200)
    letters = max(letters, 4)
    return text if len(text) <= letters else text[: letters - 1] + "…"
