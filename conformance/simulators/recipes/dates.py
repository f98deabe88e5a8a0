"""Deviations of dates: how the XML spells them, what they say, and how near the end of a credential is."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

from conformance.protocol.keystore import Credential
from conformance.simulators.recipes.steps import DAY, FUTURE, HOUR, PAST, Deviation, Making, changed

_BRISBANE: Final = timezone(timedelta(hours=10))

Spelling = Callable[[datetime], str]
"""Writes a moment in UTC as a date text."""


def _spelt(spelling: Spelling) -> Deviation:
    """Return the deviation that all three dates are right and spelt in another way."""

    def enter(entry: Credential, making: Making) -> Credential:
        leaf = making.issued.certificate
        return replace(
            entry,
            creation_date=spelling(making.issued.issued.astimezone(UTC)),
            not_before=spelling(leaf.not_valid_before_utc),
            not_after=spelling(leaf.not_valid_after_utc),
        )

    return Deviation(enter=enter)


def _created(after: int) -> Deviation:
    """Return the deviation that the credential came into the store some seconds after the moment."""

    def enter(entry: Credential, making: Making) -> Credential:
        created = making.moment.astimezone(UTC) + timedelta(seconds=after)
        return replace(entry, creation_date=f"{created:%Y-%m-%dT%H:%M:%S}")

    return Deviation(enter=enter)


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # Spellings of right dates (XML Schema part 2, 3.2.7).
    "dates-with-z": _spelt(lambda utc: f"{utc:%Y-%m-%dT%H:%M:%S}Z"),
    "dates-with-zero-offset": _spelt(lambda utc: f"{utc:%Y-%m-%dT%H:%M:%S}+00:00"),
    "dates-with-ten-hours": _spelt(lambda utc: f"{utc.astimezone(_BRISBANE):%Y-%m-%dT%H:%M:%S}+10:00"),
    "dates-with-milliseconds": _spelt(lambda utc: f"{utc:%Y-%m-%dT%H:%M:%S}.000Z"),
    "dates-with-seven-digits": _spelt(lambda utc: f"{utc:%Y-%m-%dT%H:%M:%S}.0000000Z"),
    "dates-without-a-zone": _spelt(lambda utc: f"{utc:%Y-%m-%dT%H:%M:%S}"),
    # Texts that are no date.
    "date-in-words": Deviation(enter=changed(not_after="in two years")),
    "date-left-empty": Deviation(enter=changed(not_after="")),
    "date-of-no-month": Deviation(enter=changed(not_after="2027-13-01T00:00:00Z")),
    "date-of-no-day": Deviation(enter=changed(not_after="2027-02-30T00:00:00Z")),
    "date-without-a-time": Deviation(enter=changed(not_after="2027-02-01")),
    "date-of-the-day-first": Deviation(enter=changed(not_after="31/12/2027 10:00:00 AM")),
    "date-of-creation-in-words": Deviation(enter=changed(creation_date="yesterday")),
    # When it came into the store, which nobody may rely on.
    "created-this-minute-in-brisbane": _created(10 * HOUR),
    "created-in-a-year": _created(365 * DAY),
    "created-long-ago": Deviation(enter=changed(creation_date="1970-01-01T00:00:00")),
    # How near the end is.
    "made-today": Deviation(issue={"moment": 0}),
    "made-three-months-ago": Deviation(issue={"moment": -90 * DAY}),
    "ends-in-59-days": Deviation(issue={"moment": -671 * DAY}),
    "ends-in-a-week": Deviation(issue={"moment": -723 * DAY}),
    "ends-tomorrow": Deviation(issue={"moment": -729 * DAY}),
    "ends-early": Deviation(issue={"moment": -640 * DAY, "not_after": 59 * DAY}),
    "ends-in-a-week-labelled-for-ever": Deviation(
        issue={"moment": -723 * DAY}, enter=changed(not_after=FUTURE)
    ),
    "made-today-labelled-expired": Deviation(issue={"moment": 0}, enter=changed(not_after=PAST)),
}
"""Made with a right integrity value, which does not cover dates."""
