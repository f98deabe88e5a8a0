"""The two state machines of RAM as tables, one row per step, each with the sentence it comes from.

What no row allows, RAM refuses.  Rows whose source is not published are marked `assumed`.
"""

from dataclasses import dataclass
from typing import Final

from conformance.model import Confidence
from conformance.simulators.ram.guards import GUARDS
from conformance.simulators.ram.records import CredentialState as C
from conformance.simulators.ram.records import Event, State
from conformance.simulators.ram.records import NotificationState as N

_RAM = "RAM, page for users and providers of business software"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One row: in this state, on this event, if every guard holds, that state."""

    before: State
    event: Event
    guards: tuple[str, ...] = ()
    """Names in `guards.GUARDS`; examined in this order."""
    after: State
    source: str
    """The sentence that the row rests on, in the words of the page where it has them."""
    confidence: Confidence = Confidence.DOCUMENTED


@dataclass(frozen=True, slots=True)
class Table:
    """A state machine.  `print` shows it whole."""

    title: str
    rows: tuple[Transition, ...]

    def __str__(self) -> str:
        return "\n".join((self.title, "", *self._lines()))

    def _lines(self) -> list[str]:
        lines = []
        for row in self.rows:
            mark = "" if row.confidence is Confidence.DOCUMENTED else f" [{row.confidence.value}]"
            lines.append(f"{row.before.value} → {row.after.value}: {row.event.value}{mark}")
            lines += [f"    if {GUARDS[name].sentence}" for name in row.guards]
            lines.append(f"    {row.source}")
        return lines


CREDENTIAL: Final = Table(
    "machine credential",
    (
        Transition(
            before=C.NONE,
            event=Event.CREATE,
            guards=("creator", "extension", "terms", "named", "password"),
            after=C.ACTIVE,
            source="“You can create a machine credential if you are a: principal authority; machine "
            "credential administrator (MCA)”; it has all permissions by default.",
        ),
        Transition(
            before=C.ACTIVE,
            event=Event.FIRST_USE,
            after=C.ACTIVE,
            source="“After the first use, it will be visible in the ATO's Access Manager and include all "
            "permissions by default.”",
        ),
        Transition(
            before=C.UNASSIGNED,
            event=Event.FIRST_USE,
            after=C.UNASSIGNED,
            source="It remains active for 60 days, and a first use may fall into them.",
            confidence=Confidence.INFERRED,
        ),
        Transition(
            before=C.ACTIVE,
            event=Event.RENEW,
            guards=("longer_valid",),
            after=C.ACTIVE,
            source="The certificate manager of the machine authentication service renews before expiry; "
            "id and name stay.",
        ),
        *(
            Transition(
                before=state,
                event=Event.REPLACE,
                after=state,
                source="A new credential of exactly the same name has the same permissions; the old one "
                "stays until it is revoked or expires.",
                confidence=Confidence.DOCUMENTED if state in (C.ACTIVE, C.EXPIRED) else Confidence.INFERRED,
            )
            for state in (C.ACTIVE, C.UNASSIGNED, C.LAPSED, C.EXPIRED, C.REVOKED)
        ),
        Transition(
            before=C.ACTIVE,
            event=Event.REMOVE_HOLDER,
            guards=("remover", "holder"),
            after=C.UNASSIGNED,
            source="“If a principal authority or authorisation administrator removes the role or "
            "authorisation of an MCA, the machine credential becomes 'unassigned'.”",
        ),
        Transition(
            before=C.UNASSIGNED,
            event=Event.REMIND,
            guards=("day_30",),
            after=C.UNASSIGNED,
            source="A reminder goes to the other MCAs, or to the principal authority when there is none.",
        ),
        Transition(
            before=C.UNASSIGNED,
            event=Event.REMIND,
            guards=("day_53",),
            after=C.UNASSIGNED,
            source="The second reminder, to the same people.",
        ),
        Transition(
            before=C.UNASSIGNED,
            event=Event.CLAIM,
            guards=("claimant", "another", "within_60_days"),
            after=C.ACTIVE,
            source="“During this period, another MCA can claim the unassigned machine credential and "
            "continue using it.”",
        ),
        Transition(
            before=C.UNASSIGNED,
            event=Event.LAPSE,
            guards=("past_60_days",),
            after=C.LAPSED,
            source="It will “remain active for 60 days from the date of removal”; what follows has no name.",
            confidence=Confidence.INFERRED,
        ),
        *(
            Transition(
                before=state,
                event=Event.EXPIRE,
                guards=("certificate_over",),
                after=C.EXPIRED,
                source="A machine credential lasts two years; that certificate never works again.",
            )
            for state in (C.ACTIVE, C.UNASSIGNED)
        ),
        *(
            Transition(
                before=state,
                event=Event.REVOKE,
                guards=("revoker", "confirmed"),
                after=C.REVOKED,
                source="“Once revoked, you will not be able to use or reinstate the machine credential.”",
            )
            for state in (C.ACTIVE, C.UNASSIGNED)
        ),
    ),
)
"""The life of a machine credential."""

_DATES = ("software_ids", "not_back_dated", "ends_after_start", "agency")

NOTIFICATION: Final = Table(
    "My cloud software notification",
    (
        Transition(
            before=N.NONE,
            event=Event.ADD,
            guards=("notifier", "client_abn", "provider_abn", "other_business", *_DATES, "declaration"),
            after=N.ACTIVE,
            source="“How to add a notification”: provider, unique software ID (10 digit number), a start "
            "date that “can't be back dated”, an end date if required, the agency, the declaration.",
        ),
        Transition(
            before=N.NONE,
            event=Event.REQUEST,
            guards=("requester", "client_abn", "provider_abn", "other_business", *_DATES),
            after=N.PENDING,
            source="“The requested notification will appear as pending until it is accepted by the user.”",
        ),
        Transition(
            before=N.PENDING,
            event=Event.ACCEPT,
            guards=("notifier", "software_ids", "ends_after_start", "declaration"),
            after=N.ACTIVE,
            source="“How to accept a notification”: check what is pre-filled, add software IDs, accept the "
            "declaration.",
        ),
        Transition(
            before=N.ACTIVE,
            event=Event.EDIT,
            guards=("notifier", *_DATES, "declaration"),
            after=N.ACTIVE,
            source="“How to edit a notification”: software ID, start and end dates, then the declaration.",
        ),
        *(
            Transition(
                before=state,
                event=Event.REMOVE,
                guards=("notifier",),
                after=N.REMOVED,
                source="“Locate the notification you'd like to remove and select Edit; select Remove.”",
            )
            for state in (N.PENDING, N.ACTIVE)
        ),
        *(
            Transition(
                before=state,
                event=Event.END,
                guards=("end_passed",),
                after=N.ENDED,
                source="An end date may be set; after it the notification counts no more.",
                confidence=Confidence.INFERRED,
            )
            for state in (N.PENDING, N.ACTIVE)
        ),
    ),
)
"""The life of a My cloud software notification."""
