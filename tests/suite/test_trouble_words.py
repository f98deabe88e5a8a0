"""Which words tell a user that it is the clock, or the notification, and which do not."""

import pytest

from conformance.suite.test_sts_trouble import SPEAKS_OF_NOTIFICATION, SPEAKS_OF_TIME


@pytest.mark.parametrize(
    "text",
    [
        "MessageExpired The security of the message could not be verified.",
        "Creation time is ahead of the current time.",
        "The message's timestamp is too old.",
        "Check the clock of this computer.",
        "The security timestamp is stale because its creation time is in the future.",
        "Your computer is more than 5 minutes fast.",
    ],
)
def test_speaks_of_the_clock(text):
    """As frameworks and help pages put it."""
    assert SPEAKS_OF_TIME.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "InvalidSecurity An error occurred when verifying security for the message.",
        "The request timed out. Please try again another time.",
        "Please update this software.",
        "The credential cannot be validated.",
    ],
)
def test_does_not_speak_of_the_clock(text):
    """What sends everybody looking elsewhere."""
    assert not SPEAKS_OF_TIME.search(text)


@pytest.mark.parametrize(
    "text",
    [
        "The client has to notify in RAM.",
        "No relationship was found for the second party.",
        "SSID 0000123400 is not known.",
        "See My cloud software services.",
    ],
)
def test_speaks_of_the_notification(text):
    """The words of RAM and of the token service's own format."""
    assert SPEAKS_OF_NOTIFICATION.search(text)


@pytest.mark.parametrize("text", ["Access denied.", "The program failed.", "Not authorised: frame 3."])
def test_does_not_speak_of_the_notification(text):
    """What tells nobody that the client can mend it."""
    assert not SPEAKS_OF_NOTIFICATION.search(text)
