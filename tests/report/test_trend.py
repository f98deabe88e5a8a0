"""The trend is drawn to scale, and said in words."""

from itertools import pairwise

import pytest

from conformance.model import Readiness, StoredRun
from conformance.report import trend


def run(day, version="1.0", *, kit="1.0.0", readiness=Readiness.NOT_READY, **counts):
    return StoredRun(
        started=f"2026-10-{day:02}T09:00:00Z",
        product="p",
        version=version,
        build="",
        profile="usi-local",
        kit_version=kit,
        readiness=readiness,
        counts=counts,
    )


def test_one_run_is_no_trend():
    """Nothing is drawn of less than two."""
    assert trend.lay_out([]) is None
    assert trend.lay_out([run(1, fail=3)]) is None


def test_columns_are_to_scale():
    """A point that fails is as high as one that warns; what cannot be tested fails; no pass is drawn."""
    chart = trend.lay_out([run(1, fail=2, not_testable=1, warn=3), run(2, fail=3, **{"pass": 900})])
    first, second = chart.columns
    assert first.fail_height == first.warn_height == second.fail_height > 0
    assert (first.misses, second.misses, second.warn_height) == (6, 3, 0)
    assert first.fail_y + first.fail_height == chart.base
    assert first.top == first.warn_y == first.fail_y - first.warn_height


@pytest.mark.parametrize(
    ("most", "steps"),
    [
        (0, [0, 1]),
        (1, [0, 1]),
        (4, [0, 1, 2, 3, 4]),
        (5, [0, 2, 4, 6]),
        (14, [0, 5, 10, 15]),
        (100, [0, 50, 100]),
        (2001, [0, 1000, 2000, 3000]),
    ],
)
def test_the_scale_has_even_numbers(most, steps):
    """From nothing to at least the highest column, in few steps."""
    chart = trend.lay_out([run(1, fail=most), run(2)])
    assert [number for _, number in chart.scale] == steps
    assert chart.columns[0].top >= chart.scale[-1][0]


def test_a_run_without_misses_stands_on_the_line():
    """There is no column, only the sign of its verdict."""
    column = trend.lay_out([run(1, fail=1), run(2, readiness=Readiness.READY)]).columns[1]
    assert (column.fail_height, column.warn_height, column.tone.value) == (0, 0, "ok")
    assert column.told == "2 Oct 2026, 09:00 UTC, 1.0: READY, 0 fail, 0 warn"


def test_another_kit_is_marked():
    """A fall or a rise may be the kit's doing."""
    chart = trend.lay_out([run(1), run(2), run(3, kit="1.1.0"), run(4, kit="1.1.0")])
    assert [column.kit for column in chart.columns] == ["", "", "1.1.0", ""]


def test_many_runs_fit():
    """The latest 24 are drawn, no two columns touch, and at most eleven carry a date."""
    chart = trend.lay_out([run(1 + number % 28, fail=number) for number in range(40)])
    assert (len(chart.columns), chart.undrawn) == (24, 16)
    edges = [(column.x - column.width / 2, column.x + column.width / 2) for column in chart.columns]
    assert all(right < left for (_, right), (left, _) in pairwise(edges))
    assert edges[0][0] > chart.left
    assert edges[-1][1] < trend.WIDTH
    dated = [column.day for column in chart.columns if column.day]
    assert len(dated) <= 11
    assert chart.columns[-1].day


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        (
            [run(1, fail=14, warn=2), run(9, fail=1, warn=2)],
            "2 runs, 1 Oct 2026 to 9 Oct 2026. Points that fail: from 14 to 1. "
            "2 points warn, as at the beginning. The verdict is NOT READY, as in each of them.",
        ),
        (
            [run(1, fail=1), run(5, readiness=Readiness.INCOMPLETE), run(9, fail=1, warn=1)],
            "3 runs, 1 Oct 2026 to 9 Oct 2026. 1 point fails, as at the beginning. "
            "Points that warn: from 0 to 1. The verdict is NOT READY, as in the first.",
        ),
        (
            [run(1, fail=1), run(2, readiness=Readiness.READY)],
            "2 runs, 1 Oct 2026 to 2 Oct 2026. Points that fail: from 1 to 0. "
            "0 points warn, as at the beginning. The verdict went from NOT READY to READY.",
        ),
    ],
)
def test_the_chart_is_said_in_words(runs, told):
    """Whoever does not see it knows as much."""
    assert trend.lay_out(runs).told == told


def test_a_number_below_nothing_is_nothing():
    """A stored file may say anything; no column hangs below the line."""
    columns = trend.lay_out([run(1, fail=-7, warn=2), run(2)]).columns
    assert (columns[0].fail_height, columns[0].misses) == (0, 2)


def test_an_incomplete_run_says_that_it_is():
    """Few misses may mean that few points were tested."""
    chart = trend.lay_out([run(1), run(2, fail=1, readiness=Readiness.INCOMPLETE)])
    assert chart.columns[1].told.endswith("INCOMPLETE, 1 fail, 0 warn, not all was tested")
