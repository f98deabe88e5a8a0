"""Relationship Authorisation Manager (RAM), simulated: the life of credentials and cloud notifications.

Two state machines are tables, `CREDENTIAL` and `NOTIFICATION`; one small engine executes them.  Nothing here
knows a message format or listens anywhere: the simulated token service asks `Ram.standing` and
`Ram.notified`.

    clock = Clock(datetime(2026, 11, 21, tzinfo=UTC))
    ram = Ram(clock)
    ram.register("11000002568", principal_authority="Ada")
    ram.appoint("11000002568", "Ben", Role.CREDENTIAL_ADMINISTRATOR, by="Ada")
    credential = ram.create("11000002568", "PAYROLL", by="Ben")
    ram.dismiss("11000002568", "Ben", Role.CREDENTIAL_ADMINISTRATOR, by="Ada")
    ram.advance(days=31)  # what time brought about meanwhile
    ram.states()  # {"C1": CredentialState.UNASSIGNED}
    print(CREDENTIAL)
"""

from conformance.simulators.ram.clock import Clock
from conformance.simulators.ram.manager import HISTORY_LIMIT, Ram
from conformance.simulators.ram.records import (
    AGENCY,
    REMINDER_DAYS,
    UNASSIGNED_LIFE,
    ZONE,
    Credential,
    CredentialState,
    Event,
    HistoryRecord,
    Message,
    Notification,
    NotificationState,
    RamError,
    Role,
    State,
    Validity,
)
from conformance.simulators.ram.tables import CREDENTIAL, NOTIFICATION, Table, Transition

__all__ = [
    "AGENCY",
    "CREDENTIAL",
    "HISTORY_LIMIT",
    "NOTIFICATION",
    "REMINDER_DAYS",
    "UNASSIGNED_LIFE",
    "ZONE",
    "Clock",
    "Credential",
    "CredentialState",
    "Event",
    "HistoryRecord",
    "Message",
    "Notification",
    "NotificationState",
    "Ram",
    "RamError",
    "Role",
    "State",
    "Table",
    "Transition",
    "Validity",
]
