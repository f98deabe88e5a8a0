"""The geometry of the sequence chart."""

from conformance.model import Message
from conformance.report.sequence import GUTTER, MOST_MESSAGES, WIDTH, lay_out


def message(sender, receiver, at_ms=0.0, summary="VerifyUSI"):
    return Message(at_ms=at_ms, sender=sender, receiver=receiver, summary=summary, size=10)


def test_answer_is_told_from_call():
    """The first message the other way answers, and its sender was busy in between."""
    chart = lay_out([message("product", "registry"), message("registry", "product", 11.6)])
    assert [wire.answer for wire in chart.shape.wires] == [False, True]
    assert [wire.points for wire in chart.shape.wires] == [1, -1]
    assert [label.at for label in chart.labels] == ["+0.0 ms", "+12 ms"]
    (busy,) = chart.shape.busy
    assert busy.x == chart.shape.lanes[1]
    assert busy.y == chart.shape.wires[0].y


def test_charts_that_differ_in_words_alone_share_their_lines():
    """Who speaks and what is said is written on a chart; its lines are those of every such talk."""
    one = lay_out([message("product", "registry"), message("registry", "product", 11.6)])
    other = lay_out([message("client", "service", 3.0, "GetCountries"), message("service", "client", 9.0)])
    assert one.shape == other.shape
    assert one.labels != other.labels


def test_everything_is_inside():
    """No party and no arrow leaves the chart."""
    chart = lay_out([message("a", "b"), message("b", "c"), message("c", "d"), message("d", "d")])
    for lane in chart.shape.lanes:
        assert lane - chart.shape.box / 2 >= GUTTER
        assert lane + chart.shape.box / 2 <= WIDTH
    assert all(0 < wire.end < WIDTH and wire.y < chart.shape.height for wire in chart.shape.wires)


def test_long_names_are_cut():
    """A name that does not fit ends in an ellipsis."""
    chart = lay_out([message("p" * 500, "registry", summary="s" * 500)])
    (_, name), _ = chart.parties
    assert name.endswith("p…")
    assert len(name) < 30
    assert len(chart.labels[0].text) < 80


def test_no_chart_where_it_would_not_help():
    """No message, one party alone, or a crowd: no chart."""
    assert lay_out([]) is None
    assert lay_out([message("a", "a")]) is None
    assert lay_out([message(f"party {number}", "kit") for number in range(9)]) is None


def test_long_conversations_are_cut():
    """Only the first messages are drawn, and the number of the others is told."""
    chart = lay_out([message("a", "b")] * (MOST_MESSAGES + 7))
    assert len(chart.labels) == MOST_MESSAGES
    assert chart.undrawn == 7
