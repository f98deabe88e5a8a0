"""RAM under any sequence of deeds and days keeps its promises."""

import itertools
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from conformance.simulators.ram import (
    HISTORY_LIMIT,
    UNASSIGNED_LIFE,
    Clock,
    CredentialState,
    NotificationState,
    Ram,
    RamError,
    Role,
)

PROVIDER, CLIENT, SOFTWARE = "11000002568", "96312011219", "0000123400"
MCA = Role.CREDENTIAL_ADMINISTRATOR
PEOPLE = ("Ben", "Cai", "Eve")
FINAL = {
    CredentialState.REVOKED,
    CredentialState.EXPIRED,
    CredentialState.LAPSED,
    NotificationState.REMOVED,
    NotificationState.ENDED,
}


class Ramifications(RuleBasedStateMachine):
    """Deeds in any order; what RAM refuses changes nothing."""

    def __init__(self):
        super().__init__()
        self.ram = Ram(Clock(datetime(2026, 11, 21, 2, 0, tzinfo=UTC)))
        self.ram.register(PROVIDER, principal_authority="Ada")
        self.ram.register(CLIENT, principal_authority="Dee")
        self.seen = {}
        self.reminded = 0

    def attempt(self, act, *arguments, **named):
        """Do it; when RAM refuses, nothing has changed."""
        before = (self.ram.states(), self.ram.history, self.ram.messages)
        try:
            act(*arguments, **named)
        except RamError:
            assert (self.ram.states(), self.ram.history, self.ram.messages) == before

    def some(self, pick, among):
        """One of what there is."""
        return among[pick % len(among)].id

    @rule(person=st.sampled_from(PEOPLE))
    def appoint(self, person):
        self.attempt(self.ram.appoint, PROVIDER, person, MCA, by="Ada")

    @rule(person=st.sampled_from(PEOPLE))
    def dismiss(self, person):
        self.attempt(self.ram.dismiss, PROVIDER, person, MCA, by="Ada")

    @rule(person=st.sampled_from((*PEOPLE, "Ada")), name=st.sampled_from(("PAYROLL", "SUPER")))
    def create(self, person, name):
        self.attempt(self.ram.create, PROVIDER, name, by=person)

    @precondition(lambda self: self.ram.credentials)
    @rule(pick=st.integers(0, 9), deed=st.sampled_from(("use", "renew")))
    def software_acts(self, pick, deed):
        self.attempt(getattr(self.ram, deed), self.some(pick, self.ram.credentials))

    @precondition(lambda self: self.ram.credentials)
    @rule(
        pick=st.integers(0, 9),
        deed=st.sampled_from(("claim", "revoke")),
        by=st.sampled_from((*PEOPLE, "Ada")),
    )
    def people_act(self, pick, deed, by):
        self.attempt(getattr(self.ram, deed), self.some(pick, self.ram.credentials), by=by)

    @rule(begins=st.integers(-1, 2), lasts=st.none() | st.integers(-1, 5), requested=st.booleans())
    def notify(self, begins, lasts, requested):
        start = self.ram.today() + timedelta(days=begins)
        act, by = (self.ram.request_notification, "Ada") if requested else (self.ram.add_notification, "Dee")
        end = None if lasts is None else start + timedelta(days=lasts)
        self.attempt(act, CLIENT, by=by, provider=PROVIDER, software_ids=(SOFTWARE,), start=start, end=end)

    @precondition(lambda self: self.ram.notifications)
    @rule(
        pick=st.integers(0, 9),
        deed=st.sampled_from(("accept_notification", "edit_notification", "remove_notification")),
    )
    def client_acts(self, pick, deed):
        self.attempt(getattr(self.ram, deed), self.some(pick, self.ram.notifications), by="Dee")

    @rule(days=st.sampled_from((0.5, 1, 7, 29, 30, 31, 59, 60, 61, 729, 731)))
    def wait(self, days):
        before = self.ram.clock()
        happened = self.ram.advance(days=days)
        assert all(before <= record.at <= self.ram.clock() for record in happened)
        assert all(record.actor == "RAM" for record in happened)

    @invariant()
    def what_is_final_stays(self):
        states = self.ram.states()
        for identifier, state in self.seen.items():
            if state in FINAL:
                assert states[identifier] is state
        self.seen = dict(states)

    @invariant()
    def nobody_is_without_a_holder_for_60_days(self):
        for each in self.ram.credentials:
            if each.state is CredentialState.UNASSIGNED:
                assert self.ram.clock() - each.unassigned_since < UNASSIGNED_LIFE
            if each.state is CredentialState.ACTIVE:
                assert each.unassigned_since is None
            if each.state.usable:
                assert self.ram.clock() <= each.certificate.not_after + timedelta(seconds=1)

    @invariant()
    def there_are_two_reminders_at_most(self):
        assert all(each.reminders <= 2 for each in self.ram.credentials)
        assert len(self.ram.messages) >= self.reminded
        self.reminded = len(self.ram.messages)

    @invariant()
    def a_notification_counts_exactly_when_one_is_in_force(self):
        today = self.ram.today()
        in_force = any(
            each.state is NotificationState.ACTIVE
            and each.start <= today
            and (each.end is None or today <= each.end)
            for each in self.ram.notifications
        )
        assert self.ram.notified(CLIENT, PROVIDER, SOFTWARE) is in_force

    @invariant()
    def the_log_is_in_order(self):
        history = self.ram.history
        assert [record.number for record in history] == sorted({record.number for record in history})
        assert all(a.at <= b.at for a, b in itertools.pairwise(history))
        assert len(history) <= 2 * HISTORY_LIMIT


TestRam = Ramifications.TestCase
TestRam.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
