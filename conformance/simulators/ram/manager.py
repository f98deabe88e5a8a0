"""RAM itself: businesses and their people, credentials, notifications, messages and the history log.

Time passes by itself: whatever it brought about since the last look (reminders, the end of the 60 days, the
end of a certificate, an end date) is made up for, in order and under its own moment, before anything is done
or told.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal, Self, TypeVar

from conformance.protocol import abn as abns
from conformance.simulators.ram.clock import Clock
from conformance.simulators.ram.engine import Step, take
from conformance.simulators.ram.guards import GUARDS
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
from conformance.simulators.ram.tables import CREDENTIAL, NOTIFICATION

K = TypeVar("K")

HISTORY_LIMIT: Final = 1000
"""Records of a business's history log; older ones fall out."""

EVERYTHING: Final = frozenset({"every permission"})
"""What a credential may do in Access Manager by default."""

TIME: Final = "RAM"
"""The actor of what time alone brings about."""

SOFTWARE: Final = "the software"
"""The actor of what a product does with a credential: use it, renew it."""

LIFE: Final = timedelta(days=730, seconds=-1)
"""Of a certificate for which none is given, as the authority issues them."""


@dataclass(slots=True)
class _Records:
    """Everything that changes; the values are frozen, so that a shallow copy is a whole one."""

    roles: dict[tuple[str, str], frozenset[Role]] = field(default_factory=dict)
    credentials: dict[str, Credential] = field(default_factory=dict)
    notifications: dict[str, Notification] = field(default_factory=dict)
    permissions: dict[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    messages: tuple[Message, ...] = ()
    logs: dict[str, deque[HistoryRecord]] = field(default_factory=dict)
    counted: int = 0

    def copy(self) -> "_Records":
        return _Records(
            roles=dict(self.roles),
            credentials=dict(self.credentials),
            notifications=dict(self.notifications),
            permissions=dict(self.permissions),
            messages=self.messages,
            logs={abn: deque(log, HISTORY_LIMIT) for abn, log in self.logs.items()},
            counted=self.counted,
        )


class Ram:
    """Relationship Authorisation Manager.  May be used from several threads.

    Args:
        clock: now, UTC; a `Clock` may be moved on, any other one is wrapped into one.
    """

    def __init__(self, clock: Clock | Callable[[], datetime]) -> None:
        self.clock = clock if isinstance(clock, Clock) else Clock(clock)
        self._records = _Records()
        self._lock = threading.RLock()

    # --- people -------------------------------------------------------------------------------

    def register(self, abn: str, *, principal_authority: str) -> None:
        """Take in a business with the person who answers for it.

        Raises:
            RamError: the ABN has a typing mistake.
        """
        if not abns.is_valid(abn):
            raise RamError(
                "client_abn",
                f"{principal_authority} wants to register a business whose ABN is wrong",
                expected="eleven digits with right check digits",
                found=repr(abn),
                advice="check the ABN for a typing mistake",
            )
        with self._lock:
            self._records.roles[abn, principal_authority] = frozenset({Role.PRINCIPAL_AUTHORITY})

    def appoint(self, abn: str, person: str, role: Role, *, by: str) -> None:
        """Give a person a role for a business.

        Raises:
            RamError: `by` is neither its principal authority nor an authorisation administrator.
        """
        with self._settled() as now:
            self._must_manage(abn, by, f"make {person} {role.value}")
            held = self._roles(person, abn)
            self._records.roles[abn, person] = held | {role}
            self._note(now, abn, by, person, "appoint", _told(held), _told(held | {role}))

    def dismiss(self, abn: str, person: str, role: Role, *, by: str) -> None:
        """Take a role away.  What a dismissed machine credential administrator held becomes unassigned.

        Raises:
            RamError: the person does not have the role, or `by` may not remove it.
        """
        with self._settled() as now:
            self._must_manage(abn, by, f"remove {person} as {role.value}")
            held = self._roles(person, abn)
            if role not in held:
                raise RamError(
                    "holder",
                    f"{by} wants to remove {person} as {role.value}",
                    expected=f"a person with the role {role.value}",
                    found=f"{person}, who has {_told(held)}",
                    advice="look at the authorisations of the business",
                )
            self._records.roles[abn, person] = held - {role}
            self._note(now, abn, by, person, "dismiss", _told(held), _told(held - {role}))
            if role is not Role.CREDENTIAL_ADMINISTRATOR or Role.PRINCIPAL_AUTHORITY in held:
                return
            for each in [*self._records.credentials.values()]:
                if (each.abn, each.holder, each.state) == (abn, person, CredentialState.ACTIVE):
                    entered = {"abn": abn, "dismissed": person}
                    self._move(each, Event.REMOVE_HOLDER, by, now, entered, unassigned_since=now, reminders=0)

    # --- credentials --------------------------------------------------------------------------

    def create(
        self,
        abn: str,
        name: str,
        *,
        by: str,
        password: str = "Password1!",  # noqa: S107 - of no real credential
        terms: bool = True,
        extension: bool = True,
        certificate: Validity | None = None,
    ) -> Credential:
        """Create a credential.  One of exactly the same name shares the permissions of the older one.

        Args:
            abn: the business, eleven digits.
            name: of the credential.
            by: the person who creates it and is responsible for it from now on.
            password: looked at, never kept.
            terms: whether the terms of use are accepted.
            extension: whether the browser extension is installed.
            certificate: what was issued; one of 730 days from now when left out.

        Raises:
            RamError: a condition of the table is not met.
        """
        with self._settled() as now:
            entered = {
                "abn": abn,
                "name": name,
                "password": password,
                "terms": terms,
                "extension": extension,
            }
            step = self._step(by, now, entered)
            row = take(CREDENTIAL, GUARDS, CredentialState.NONE, Event.CREATE, step)
            assert isinstance(row.after, CredentialState)  # noqa: S101 - the table's own
            older = [one for one in self._records.credentials.values() if (one.abn, one.name) == (abn, name)]
            made = Credential(
                id=f"C{len(self._records.credentials) + 1}",
                abn=abn,
                name=name,
                holder=by,
                state=row.after,
                certificates=(certificate or self._issued(now),),
                created=now,
            )
            self._records.credentials[made.id] = made
            self._note(now, abn, by, made.id, Event.CREATE.value, row.before.value, row.after.value)
            # Access Manager knows the name, not the credential: what the older one may do, this one may.
            self._records.permissions.setdefault((abn, name), EVERYTHING)
            for each in older:
                self._move(each, Event.REPLACE, by, now, entered)
            return made

    def use(self, identifier: str) -> Credential:
        """Note that a credential was used; from its first use on, Access Manager shows it.

        Raises:
            RamError: it cannot be used any more.
        """
        with self._settled() as now:
            found = self.credential(identifier)
            if found.used and found.state.usable:
                return found
            return self._move(found, Event.FIRST_USE, SOFTWARE, now, {}, used=True)

    def used(self, serial: int) -> None:
        """Note that the credential with this certificate was used, if RAM knows one."""
        with self._settled():
            found = self._by_serial(serial)
            if found is not None and found.state.usable:
                self.use(found.id)

    def renew(self, identifier: str, certificate: Validity | None = None) -> Credential:
        """Give a credential a new certificate: id and name stay.  The former one goes on until it ends.

        Raises:
            RamError: it is not active, or the new certificate does not last longer.
        """
        with self._settled() as now:
            found = self.credential(identifier)
            new = certificate or self._issued(now)
            certificates = (*found.certificates, new)
            entered = {"not_after": new.not_after}
            return self._move(found, Event.RENEW, SOFTWARE, now, entered, certificates=certificates)

    def claim(self, identifier: str, *, by: str) -> Credential:
        """Make another administrator responsible for an unassigned credential.

        Raises:
            RamError: it is not unassigned (any more), or `by` may not claim it.
        """
        with self._settled() as now:
            found = self.credential(identifier)
            return self._move(
                found,
                Event.CLAIM,
                by,
                now,
                {"abn": found.abn},
                holder=by,
                unassigned_since=None,
                reminders=0,
            )

    def revoke(self, identifier: str, *, by: str, confirmed: bool = True) -> Credential:
        """Revoke a credential, for ever.

        Raises:
            RamError: it cannot be revoked any more, or `by` may not, or did not confirm.
        """
        with self._settled() as now:
            found = self.credential(identifier)
            entered = {"abn": found.abn, "confirmed": confirmed}
            return self._move(found, Event.REVOKE, by, now, entered)

    # --- notifications ------------------------------------------------------------------------

    def add_notification(
        self,
        client: str,
        *,
        by: str,
        provider: str,
        software_ids: tuple[str, ...],
        start: date | None = None,
        end: date | None = None,
        agency: str = AGENCY,
        declaration: bool = True,
    ) -> Notification:
        """Have a client notify of a provider's software.

        Args:
            client: ABN of the business that notifies.
            by: the person who does it.
            provider: ABN of the digital service provider.
            software_ids: ten digits each, as texts.
            start: first day, in RAM's zone; today when left out.
            end: last day; None for no end date.
            agency: whom to notify.
            declaration: whether it is accepted.

        Raises:
            RamError: a condition of the table is not met.
        """
        entered = _form(client, provider, software_ids, start or self.today(), end, agency, declaration)
        return self._make_notification(Event.ADD, by, entered)

    def request_notification(
        self,
        client: str,
        *,
        by: str,
        provider: str,
        software_ids: tuple[str, ...],
        start: date | None = None,
        end: date | None = None,
        agency: str = AGENCY,
    ) -> Notification:
        """Have a provider ask a client for a notification; it is pending until the client accepts.

        Arguments and errors as of `add_notification`; `by` is a person of the provider.
        """
        entered = _form(client, provider, software_ids, start or self.today(), end, agency, False)
        return self._make_notification(Event.REQUEST, by, entered)

    def accept_notification(
        self,
        identifier: str,
        *,
        by: str,
        software_ids: tuple[str, ...] = (),
        declaration: bool = True,
    ) -> Notification:
        """Accept a pending notification; `software_ids` are added to those requested.

        Raises:
            RamError: it is not pending, or a condition is not met.
        """
        with self._settled() as now:
            found = self.notification(identifier)
            together = tuple(dict.fromkeys((*found.software_ids, *software_ids)))
            entered = _form(
                found.client,
                found.provider,
                together,
                found.start,
                found.end,
                found.agency,
                declaration,
            )
            return self._move_notification(found, Event.ACCEPT, by, now, entered)

    def edit_notification(
        self,
        identifier: str,
        *,
        by: str,
        software_ids: tuple[str, ...] | None = None,
        start: date | None = None,
        end: date | Literal["unchanged"] | None = "unchanged",
        declaration: bool = True,
    ) -> Notification:
        """Change software ids or dates of an active notification; what is left out stays.

        Raises:
            RamError: it is not active, or a condition is not met.
        """
        with self._settled() as now:
            found = self.notification(identifier)
            entered = _form(
                found.client,
                found.provider,
                found.software_ids if software_ids is None else software_ids,
                start or found.start,
                found.end if end == "unchanged" else end,
                found.agency,
                declaration,
            )
            return self._move_notification(found, Event.EDIT, by, now, entered)

    def remove_notification(self, identifier: str, *, by: str) -> Notification:
        """Remove a notification, pending or active.

        Raises:
            RamError: it is neither, or `by` may not.
        """
        with self._settled() as now:
            found = self.notification(identifier)
            entered = _form(
                found.client, found.provider, found.software_ids, found.start, found.end, found.agency, False
            )
            return self._move_notification(found, Event.REMOVE, by, now, entered)

    # --- time ---------------------------------------------------------------------------------

    def today(self) -> date:
        """Return the day in RAM's zone."""
        return self.clock().astimezone(ZONE).date()

    def advance(self, *, days: float = 0, hours: float = 0) -> tuple[HistoryRecord, ...]:
        """Move the clock on and return what time brought about meanwhile, oldest first."""
        with self._lock:
            with self._settled():
                known = self._records.counted
            self.clock.advance(days=days, hours=hours)
            with self._settled():
                return tuple(record for record in self.history if record.number > known)

    @contextmanager
    def at(self, moment: datetime) -> Iterator[Self]:
        """Let it be that moment, aware, while the block runs: for what happened earlier."""
        with self._lock, self.clock.at(moment):
            yield self

    @contextmanager
    def restored(self) -> Iterator[Self]:
        """Put everything back as it is now, the clock included, when the block ends."""
        with self._lock:
            before, shift = self._records.copy(), self.clock.shift
        try:
            yield self
        finally:
            with self._lock:
                self._records, self.clock.shift = before, shift

    # --- what can be seen ---------------------------------------------------------------------

    def states(self) -> Mapping[str, State]:
        """Return where every credential and notification stands now, by id."""
        with self._settled():
            states: dict[str, State] = {one.id: one.state for one in self._records.credentials.values()}
            return {**states, **{one.id: one.state for one in self._records.notifications.values()}}

    def credential(self, identifier: str) -> Credential:
        """Return a credential as it is now, by id (`C1`).

        Raises:
            RamError: there is none.
        """
        with self._settled():
            return _known(self._records.credentials, identifier, "credential")

    def notification(self, identifier: str) -> Notification:
        """Return a notification as it is now, by id (`N1`).

        Raises:
            RamError: there is none.
        """
        with self._settled():
            return _known(self._records.notifications, identifier, "notification")

    @property
    def credentials(self) -> tuple[Credential, ...]:
        """Every credential as it is now, in the order of creation."""
        with self._settled():
            return tuple(self._records.credentials.values())

    @property
    def notifications(self) -> tuple[Notification, ...]:
        """Every notification as it is now, in the order in which they were made."""
        with self._settled():
            return tuple(self._records.notifications.values())

    def standing(self, serial: int) -> CredentialState | None:
        """Return where the credential with this certificate stands; None when RAM has never heard of it."""
        with self._settled():
            found = self._by_serial(serial)
            return found.state if found is not None else None

    def notified(self, client: str, provider: str, software_id: str) -> bool:
        """Tell whether a notification of the client for this provider's software is in force today."""
        with self._settled():
            return any(
                (each.client, each.provider) == (client, provider)
                and software_id in each.software_ids
                and each.in_force(self.today())
                for each in self._records.notifications.values()
            )

    def permissions(self, abn: str, name: str) -> frozenset[str] | None:
        """Return what Access Manager shows for credentials of this name; None before the first use."""
        with self._settled():
            same = [one for one in self._records.credentials.values() if (one.abn, one.name) == (abn, name)]
            return self._records.permissions[abn, name] if any(each.used for each in same) else None

    def amend(self, abn: str, name: str, permissions: frozenset[str], *, by: str) -> None:
        """Change, in Access Manager, what credentials of this name may do.

        Raises:
            RamError: Access Manager does not show it yet, or `by` may not.
        """
        with self._settled() as now:
            self._must_manage(abn, by, f"change what {name} may do")
            before = self.permissions(abn, name)
            if before is None:
                raise RamError(
                    "unknown",
                    f"{by} wants to change what {name} may do",
                    expected="a credential that has been used once",
                    found=f"none of the name {name!r}",
                    advice="use the credential first: Access Manager shows it from then on",
                )
            self._records.permissions[abn, name] = permissions
            self._note(now, abn, by, name, "amend permissions", _listed(before), _listed(permissions))

    @property
    def messages(self) -> tuple[Message, ...]:
        """Every e-mail sent so far."""
        with self._settled():
            return self._records.messages

    @property
    def history(self) -> tuple[HistoryRecord, ...]:
        """Every record that the logs of all businesses still hold, oldest first."""
        with self._settled():
            every = (record for log in self._records.logs.values() for record in log)
            return tuple(sorted(every, key=lambda record: record.number))

    def export_history(self, abn: str, *, by: str) -> tuple[HistoryRecord, ...]:
        """Return the log of one business, at most `HISTORY_LIMIT` records.

        Raises:
            RamError: `by` has no role for the business.
        """
        with self._settled():
            if not self._roles(by, abn):
                raise RamError(
                    "viewer",
                    f"{by} wants to see the history of {abn}",
                    expected="the principal authority or an administrator of the business",
                    found=f"{by}, who has no role there",
                    advice="ask the principal authority",
                )
            return tuple(self._records.logs.get(abn, ()))

    # --- inside -------------------------------------------------------------------------------

    @contextmanager
    def _settled(self) -> Iterator[datetime]:
        """Hold the lock, with all done that time has brought about; gives now."""
        with self._lock:
            now = self.clock()
            while True:
                due = min(self._due(), key=lambda each: each[0], default=None)
                if due is None or due[0] > now:
                    break
                moment, subject, event = due
                self._pass_time(moment, subject, event)
            yield now

    def _due(self) -> Iterator[tuple[datetime, Credential | Notification, Event]]:
        """Give what time will bring about, and when; of one thing at most the nearest of each kind."""
        for credential in self._records.credentials.values():
            if not credential.state.usable:
                continue
            # The last second still belongs to the certificate.
            yield credential.certificate.not_after + timedelta(seconds=1), credential, Event.EXPIRE
            if credential.unassigned_since is not None:
                if credential.reminders < len(REMINDER_DAYS):
                    day = timedelta(days=REMINDER_DAYS[credential.reminders])
                    yield credential.unassigned_since + day, credential, Event.REMIND
                yield credential.unassigned_since + UNASSIGNED_LIFE, credential, Event.LAPSE
        for notification in self._records.notifications.values():
            open_ = notification.state in (NotificationState.PENDING, NotificationState.ACTIVE)
            if open_ and notification.end is not None:
                over = datetime.combine(notification.end + timedelta(days=1), time(), ZONE)
                yield over, notification, Event.END

    def _pass_time(self, moment: datetime, subject: Credential | Notification, event: Event) -> None:
        if isinstance(subject, Notification):
            self._move_notification(subject, event, TIME, moment, {})
        elif event is Event.REMIND:
            self._move(subject, event, TIME, moment, {}, reminders=subject.reminders + 1)
            self._remind(moment, subject)
        else:
            self._move(subject, event, TIME, moment, {})

    def _remind(self, moment: datetime, credential: Credential) -> None:
        others = self._people(credential.abn, Role.CREDENTIAL_ADMINISTRATOR)
        last = (credential.unassigned_since or moment) + UNASSIGNED_LIFE
        for person in others or self._people(credential.abn, Role.PRINCIPAL_AUTHORITY):
            self._records.messages += (
                Message(
                    at=moment,
                    to=person,
                    subject=f"The machine credential {credential.name} is unassigned",
                    text=f"Nobody is responsible for {credential.name} of ABN {credential.abn}. "
                    f"Unless an administrator claims it, it stops working at {last:%Y-%m-%dT%H:%M:%SZ}.",
                    about=credential.id,
                ),
            )

    def _people(self, abn: str, role: Role) -> list[str]:
        held = self._records.roles.items()
        return sorted(person for (business, person), roles in held if business == abn and role in roles)

    def _roles(self, person: str, abn: str) -> frozenset[Role]:
        return self._records.roles.get((abn, person), frozenset())

    def _must_manage(self, abn: str, person: str, what: str) -> None:
        wanted = {Role.PRINCIPAL_AUTHORITY, Role.AUTHORISATION_ADMINISTRATOR}
        held = self._roles(person, abn)
        if not held & wanted:
            raise RamError(
                "remover",
                f"{person} wants to {what}",
                expected=" or ".join(sorted(role.value for role in wanted)),
                found=f"{person}, who has {_told(held)}",
                advice="ask the principal authority",
            )

    def _step(
        self,
        actor: str,
        now: datetime,
        entered: Mapping[str, object],
        subject: Credential | Notification | None = None,
    ) -> Step:
        return Step(
            now=now,
            actor=actor,
            roles=lambda abn: self._roles(actor, abn),
            subject=subject,
            entered=entered,
        )

    def _move(
        self,
        credential: Credential,
        event: Event,
        actor: str,
        now: datetime,
        entered: Mapping[str, object],
        **changes: Any,  # noqa: ANN401 - fields of the record
    ) -> Credential:
        step = self._step(actor, now, entered, credential)
        row = take(CREDENTIAL, GUARDS, credential.state, event, step)
        assert isinstance(row.after, CredentialState)  # noqa: S101 - the table's own
        changed = replace(credential, state=row.after, **changes)
        self._records.credentials[credential.id] = changed
        self._note(now, credential.abn, actor, credential.id, event.value, row.before.value, row.after.value)
        return changed

    def _make_notification(self, event: Event, by: str, entered: dict[str, Any]) -> Notification:
        with self._settled() as now:
            row = take(NOTIFICATION, GUARDS, NotificationState.NONE, event, self._step(by, now, entered))
            assert isinstance(row.after, NotificationState)  # noqa: S101 - the table's own
            identifier = f"N{len(self._records.notifications) + 1}"
            made = Notification(id=identifier, state=row.after, **_fields(entered))
            self._records.notifications[identifier] = made
            self._note(now, made.client, by, identifier, event.value, row.before.value, row.after.value)
            return made

    def _move_notification(
        self, notification: Notification, event: Event, by: str, now: datetime, entered: dict[str, Any]
    ) -> Notification:
        step = self._step(by, now, entered, notification)
        row = take(NOTIFICATION, GUARDS, notification.state, event, step)
        assert isinstance(row.after, NotificationState)  # noqa: S101 - the table's own
        changed = replace(notification, state=row.after, **_fields(entered))
        self._records.notifications[notification.id] = changed
        self._note(now, changed.client, by, changed.id, event.value, row.before.value, row.after.value)
        return changed

    def _by_serial(self, serial: int) -> Credential | None:
        every = self._records.credentials.values()
        return next((one for one in every if any(each.serial == serial for each in one.certificates)), None)

    def _issued(self, now: datetime) -> Validity:
        """Return a certificate with a serial number that no other one has."""
        known = [each.serial for one in self._records.credentials.values() for each in one.certificates]
        return Validity(max(known, default=0) + 1, now, now + LIFE)

    def _note(
        self, at: datetime, abn: str, actor: str, subject: str, event: str, before: str, after: str
    ) -> None:
        self._records.counted += 1
        log = self._records.logs.setdefault(abn, deque(maxlen=HISTORY_LIMIT))
        log.append(HistoryRecord(self._records.counted, at, abn, actor, subject, event, before, after))


def _form(
    client: str,
    provider: str,
    software_ids: tuple[str, ...],
    start: date,
    end: date | None,
    agency: str,
    declaration: bool,
) -> dict[str, Any]:
    return {
        "client": client,
        "provider": provider,
        "software_ids": tuple(software_ids),
        "start": start,
        "end": end,
        "agency": agency,
        "declaration": declaration,
    }


def _fields(entered: Mapping[str, Any]) -> dict[str, Any]:
    """Return what of a form a notification keeps."""
    return {name: value for name, value in entered.items() if name != "declaration"}


def _known(among: Mapping[str, K], identifier: str, kind: str) -> K:
    if identifier not in among:
        raise RamError(
            "unknown",
            f"there is no {kind} {identifier!r}",
            expected=", ".join(among) or f"a {kind}, and there is none yet",
            found=repr(identifier),
            advice="take the id that creating it returned",
        )
    return among[identifier]


def _told(roles: frozenset[Role]) -> str:
    return ", ".join(sorted(role.value for role in roles)) or "no role"


def _listed(permissions: frozenset[str]) -> str:
    return ", ".join(sorted(permissions)) or "nothing"
