"""The geometry of the sequence chart."""

from conformance.model import Message
from conformance.report.sequence import GUTTER, MOST_MESSAGES, WIDTH, lay_out


def message(sender, receiver, at_ms=0.0, summary="VerifyUSI"):
    return Message(at_ms=at_ms, sender=sender, receiver=receiver, summary=summary, size=10)


def test_answer_is_told_from_call():
    """The first message the other way answers, and its sender was busy in between."""
    chart = lay_out([message("product", "registry"), message("registry", "product", 11.6)])
    assert [arrow.answer for arrow in chart.arrows] == [False, True]
    assert [arrow.points for arrow in chart.arrows] == [1, -1]
    assert [arrow.at for arrow in chart.arrows] == ["+0.0 ms", "+12 ms"]
    (busy,) = chart.busy
    assert busy.x == chart.parties[1].x
    assert busy.y == chart.arrows[0].y


def test_everything_is_inside():
    """No party and no arrow leaves the chart."""
    chart = lay_out([message("a", "b"), message("b", "c"), message("c", "d"), message("d", "d")])
    for party in chart.parties:
        assert party.x - party.width / 2 >= GUTTER
        assert party.x + party.width / 2 <= WIDTH
    assert all(0 < arrow.end < WIDTH and arrow.y < chart.height for arrow in chart.arrows)


def test_long_names_are_cut():
    """A name that does not fit ends in an ellipsis."""
    chart = lay_out([message("p" * 500, "registry", summary="s" * 500)])
    assert chart.parties[0].name.endswith("p…")
    assert len(chart.parties[0].name) < 30
    assert len(chart.arrows[0].label) < 80


def test_no_chart_where_it_would_not_help():
    """No message, one party alone, or a crowd: no chart."""
    assert lay_out([]) is None
    assert lay_out([message("a", "a")]) is None
    assert lay_out([message(f"party {number}", "kit") for number in range(9)]) is None


def test_long_conversations_are_cut():
    """Only the first messages are drawn, and the number of the others is told."""
    chart = lay_out([message("a", "b")] * (MOST_MESSAGES + 7))
    assert len(chart.arrows) == MOST_MESSAGES
    assert chart.undrawn == 7
