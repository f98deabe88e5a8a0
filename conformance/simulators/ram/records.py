"""What Relationship Authorisation Manager (RAM) keeps: people's roles, credentials, notifications, its log.

All records are frozen; `conformance.simulators.ram.manager` replaces them.  Moments are aware and in UTC,
dates are calendar days in `ZONE`.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum, StrEnum
from typing import Final

from cryptography import x509

from conformance.errors import OperatorError

ZONE: Final = timezone(timedelta(hours=10), "AEST")
"""Where a day begins and ends for RAM: eastern standard time without daylight saving, as the authority labels
the dates in its own files.  Assumed: nothing published says in which zone a date is entered."""

UNASSIGNED_LIFE: Final = timedelta(days=60)
"""How long a credential works for which nobody is responsible, from the moment its holder's role was removed.
Assumed: to the second; the page speaks of days."""

REMINDER_DAYS: Final = (30, 53)
"""Days after that moment on which somebody is reminded."""

AGENCY: Final = "Office of the Student Identifiers Registrar"
"""The one agency that a My cloud software notification can be for."""


class Role(StrEnum):
    """What a person may be for a business."""

    PRINCIPAL_AUTHORITY = "principal authority"
    AUTHORISATION_ADMINISTRATOR = "authorisation administrator"
    CREDENTIAL_ADMINISTRATOR = "machine credential administrator"


class _State(Enum):
    """A state; unlike two texts, `active` of a credential and of a notification are not equal."""

    def __str__(self) -> str:
        return str(self.value)


class CredentialState(_State):
    """Where a machine credential stands in RAM."""

    NONE = "none"
    """It has not been created."""
    ACTIVE = "active"
    UNASSIGNED = "unassigned"
    """Nobody is responsible for it.  RAM shows it as suspended, and it works all the same."""
    LAPSED = "lapsed"
    """Nobody claimed it in time; it works no more.  The sources do not name this state: the name is ours."""
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def usable(self) -> bool:
        """Whether a credential in this state works."""
        return self in (CredentialState.ACTIVE, CredentialState.UNASSIGNED)


class NotificationState(_State):
    """Where a My cloud software notification stands."""

    NONE = "none"
    """It has not been made."""
    PENDING = "pending"
    """The provider asked for it; the client has not accepted yet."""
    ACTIVE = "active"
    """In force from its start date on, which may lie ahead."""
    ENDED = "ended"
    REMOVED = "removed"


State = CredentialState | NotificationState


class Event(StrEnum):
    """What moves a credential or a notification, or is noted of it."""

    CREATE = "create"
    FIRST_USE = "first use"
    RENEW = "renew"
    REPLACE = "create another of the same name"
    REMOVE_HOLDER = "remove the holder's role"
    REMIND = "remind"
    CLAIM = "claim"
    LAPSE = "day 60 passes"
    EXPIRE = "the certificate ends"
    REVOKE = "revoke"
    ADD = "add"
    REQUEST = "request"
    ACCEPT = "accept"
    EDIT = "edit"
    REMOVE = "remove"
    END = "the end date passes"


class RamError(OperatorError):
    """RAM does not do what it was asked for.  `rule` says which condition was not met.

    The message says who asked for what; `expected`, `found` and `advice` say what the condition is, what
    there was instead, and what to do.
    """

    def __init__(self, rule: str, message: str, *, expected: str, found: str, advice: str) -> None:
        super().__init__(message, expected=expected, found=found, where="RAM", advice=advice)
        self.rule = rule
        """Name of the guard of the table, `no_step` when the table has no such step, or `unknown`."""


@dataclass(frozen=True, slots=True)
class Validity:
    """What RAM knows of one certificate."""

    serial: int
    """Serial number of the certificate."""
    not_before: datetime
    not_after: datetime
    """The last second of its validity, UTC."""

    @classmethod
    def of(cls, certificate: x509.Certificate) -> "Validity":
        """Return what RAM would know of this certificate."""
        return cls(
            certificate.serial_number, certificate.not_valid_before_utc, certificate.not_valid_after_utc
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One machine credential."""

    id: str
    """`C1`, `C2`, … in the order of creation."""
    abn: str
    name: str
    holder: str
    """The person who is, or was last, responsible for it."""
    state: CredentialState
    certificates: tuple[Validity, ...]
    """Its certificates, the newest last: a renewal adds one."""
    created: datetime
    used: bool = False
    """Whether it has been used at all; only then does Access Manager show it."""
    unassigned_since: datetime | None = None
    """When its holder's role was removed; None while somebody is responsible."""
    reminders: int = 0
    """Reminders sent since then."""

    @property
    def certificate(self) -> Validity:
        """Its newest certificate."""
        return self.certificates[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One My cloud software notification: a client tells an agency whose software acts for it."""

    id: str
    """`N1`, `N2`, … in the order in which they were made."""
    client: str
    """ABN of the business that notifies."""
    provider: str
    """ABN of the digital service provider."""
    software_ids: tuple[str, ...]
    """Ten digits each; texts, since leading zeros count."""
    start: date
    end: date | None
    """The last day; None for no end date."""
    agency: str
    state: NotificationState

    def in_force(self, day: date) -> bool:
        """Tell whether it counts on a day."""
        return (
            self.state is NotificationState.ACTIVE
            and self.start <= day
            and (self.end is None or day <= self.end)
        )


@dataclass(frozen=True, slots=True)
class Message:
    """An e-mail that RAM sent."""

    at: datetime
    to: str
    """The person; addresses are no part of the model."""
    subject: str
    text: str
    about: str
    """Id of the credential."""


@dataclass(frozen=True, slots=True)
class HistoryRecord:
    """One line of a business's history log."""

    number: int
    """Counts through every business, so that records of several can be put in order."""
    at: datetime
    abn: str
    """The business in whose log it is."""
    actor: str
    """The person who did it; `RAM` for what time alone brought about."""
    subject: str
    """Id of the credential or notification; a person's name for a role."""
    event: str
    before: str
    after: str

    def __str__(self) -> str:
        return (
            f"{self.at:%Y-%m-%d %H:%M}  {self.subject}: {self.before} → {self.after}"
            f"  ({self.event}, by {self.actor})"
        )
