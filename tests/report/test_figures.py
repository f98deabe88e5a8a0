"""Dates, spans, sizes and digests as a report shows them."""

import pytest

from conformance.report import figures


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-11-21T10:42:07Z", "21 Nov 2026, 10:42 UTC"),
        ("2026-11-21T10:42:07+11:00", "21 Nov 2026, 10:42 +1100"),
        ("2026-11-21", "21 Nov 2026"),
        ("soon", "soon"),
        ("", ""),
    ],
)
def test_moment(text, shown):
    """A moment is shown with its zone, a date without, anything else as it is."""
    assert figures.moment(text) == shown


def test_span():
    """A span has one decimal below ten seconds, and nothing is made up where it cannot be told."""
    assert figures.span("2026-11-21T10:42:07Z", "2026-11-21T10:42:09Z") == "2.0 s"
    assert figures.span("2026-11-21T10:42:07Z", "2026-11-21T10:45:12Z") == "3 min 5 s"
    assert figures.span("2026-11-21T10:42:07Z", "") == ""
    assert figures.span("2026-11-21T10:42:07Z", "2026-11-21T10:42:06Z") == ""


def test_sizes_and_times():
    """Sizes are decimal, times have as many digits as matter."""
    assert [figures.size(number) for number in (812, 4_131, 1_200_000)] == ["812 B", "4.1 kB", "1.2 MB"]
    assert [figures.milliseconds(number) for number in (0.42, 14.2, 2_350.0, 80_000.0)] == [
        "0.4 ms",
        "14 ms",
        "2.35 s",
        "1 min 20 s",
    ]


def test_digest_and_count():
    """A digest keeps both ends; number and word agree."""
    assert figures.digest("sha256:" + "ab" * 32) == "sha256:abababab…abababab"
    assert figures.digest("not stated") == "not stated"
    assert [figures.count(number, "case") for number in (0, 1, 5_000)] == ["0 cases", "1 case", "5 000 cases"]
