"""Moments on the wire."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import instants


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2026-11-21T10:42:07Z", 0),
        ("2026-11-21T10:42:07.5Z", 500000),
        ("2026-11-21T10:42:07.123Z", 123000),
        ("2026-11-21T10:42:07.123456Z", 123456),
        ("2026-11-21T10:42:07.1234567Z", 123456),
    ],
)
def test_none_to_seven_digits_of_a_fraction_are_read(text, microsecond):
    """Metro writes none and .NET seven."""
    assert instants.read(text) == datetime(2026, 11, 21, 10, 42, 7, microsecond, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2026-11-21T20:42:07+10:00", "the offset +10:00 instead of Z"),
        ("2026-11-21T10:42:07+00:00", "the offset +00:00 instead of Z"),
        ("2026-11-21T10:42:07", "names no time zone"),
        ("2026-11-21T10:42:07.12345678Z", "is not a date and time"),
        ("2026-11-21 10:42:07Z", "is not a date and time"),
        ("2026-02-30T10:42:07Z", "of the calendar"),
        ("2026-11-21T10:42:61Z", "of the calendar"),
        ("\uff12\uff1026-11-21T10:42:07Z", "is not a date and time"),
        ("", "is not a date and time"),
    ],
)
def test_everything_else_is_refused_and_told_apart(text, says):
    """A right moment in another zone is another mistake than no moment at all."""
    with pytest.raises(instants.InstantError) as caught:
        instants.read(text)
    assert says in str(caught.value)


def test_milliseconds_and_z_are_written():
    """Written form is what every recorded client uses."""
    brisbane = datetime(2026, 11, 21, 20, 42, 7, 123999, tzinfo=timezone(timedelta(hours=10)))
    assert instants.write(brisbane) == "2026-11-21T10:42:07.123Z"


def test_a_moment_without_zone_cannot_be_written():
    """Guessing a zone would shift the message by hours."""
    with pytest.raises(ValueError, match="without a zone"):
        instants.write(datetime(2026, 11, 21))  # noqa: DTZ001 - the point of the test


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - zone is given beside it
def test_what_is_written_is_read_back(moment):
    """Milliseconds survive; what is finer does not."""
    assert instants.read(instants.write(moment)) == moment.replace(
        microsecond=moment.microsecond // 1000 * 1000
    )
