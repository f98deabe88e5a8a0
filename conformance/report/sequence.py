"""The geometry of a sequence chart: who stands where, and which arrow is drawn at which height.

Pure arithmetic on `model.Message`; `templates/evidence.html` turns it into SVG.  Lengths are the units
of the chart's own view box.  What is drawn is kept apart from what is written on it: hundreds of scenarios
have the same lines, which a page needs but once.
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
class Wire:
    """The line of one message."""

    y: int
    start: int
    end: int
    answer: bool
    """Whether it answers an earlier message the other way, and is drawn with dashes."""
    errors: int

    @property
    def points(self) -> int:
        """1 for an arrow to the right, -1 for one to the left."""
        return 1 if self.end >= self.start else -1

    @property
    def middle(self) -> int:
        """Where the label stands."""
        return (self.start + self.end) // 2

    @property
    def tail(self) -> int:
        """Where the line begins, clear of the sender's own line."""
        return self.start + 6 * self.points

    @property
    def tip(self) -> int:
        """Where the arrow ends, clear of the receiver's own line."""
        return self.end - 6 * self.points

    @property
    def badge(self) -> int:
        """Where the number of errors stands, near the beginning."""
        return self.start + 24 * self.points


@dataclass(frozen=True)
class Busy:
    """A party at work between a message and its answer."""

    x: int
    y: int
    height: int


@dataclass(frozen=True)
class Shape:
    """Every line of a chart, and nothing that is written; charts of one shape share a drawing."""

    height: int
    lanes: tuple[int, ...]
    """Where each party stands."""
    box: int
    """Width of the box around a party's name."""
    wires: tuple[Wire, ...]
    busy: tuple[Busy, ...]


@dataclass(frozen=True)
class Label:
    """What is written at one message."""

    number: int
    """From 1; the list below the chart has the same numbers."""
    wire: Wire
    at: str
    text: str
    size: str


@dataclass(frozen=True)
class Chart:
    """Everything that is drawn and written."""

    shape: Shape
    parties: tuple[tuple[int, str], ...]
    """Where each party stands, and its name."""
    labels: tuple[Label, ...]
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
    place = {name: round(GUTTER + lane * (index + 0.5)) for index, name in enumerate(names)}
    open_calls: dict[tuple[str, str], list[int]] = {}
    labels, busy = [], []
    for number, sent in enumerate(drawn, start=1):
        y = round(TOP + ROW * (number - 0.4))
        calls = open_calls.get((sent.receiver, sent.sender), [])
        answer = bool(calls)
        if answer:
            began = calls.pop()
            busy.append(Busy(place[sent.sender], began, y - began))
        else:
            open_calls.setdefault((sent.sender, sent.receiver), []).append(y)
        start, end = place[sent.sender], place[sent.receiver]
        if sent.sender == sent.receiver:
            end = round(start + lane * 0.3)
        errors = sum(finding.severity is Severity.ERROR for finding in sent.findings)
        labels.append(
            Label(
                number=number,
                wire=Wire(y, start, end, answer, errors),
                at=f"+{figures.milliseconds(sent.at_ms)}",
                text=_fitted(sent.summary, int(max(abs(end - start), lane) / _LETTER) - 2),
                size=figures.size(sent.size),
            )
        )
    box = int(min(lane - 12, 190))
    shape = Shape(
        height=TOP + ROW * len(drawn) + 22,
        lanes=tuple(place.values()),
        box=box,
        wires=tuple(label.wire for label in labels),
        busy=tuple(busy),
    )
    return Chart(
        shape=shape,
        parties=tuple((x, _fitted(name, int(box / 7.4) - 1)) for name, x in place.items()),
        labels=tuple(labels),
        undrawn=len(messages) - len(drawn),
    )


def _fitted(text: str, letters: int) -> str:
    text = one_line(text, 200)
    letters = max(letters, 4)
    return text if len(text) <= letters else text[: letters - 1] + "…"
