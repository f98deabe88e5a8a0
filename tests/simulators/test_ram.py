"""The simulated RAM: who may do what when, what time brings about, and what is told when RAM refuses."""

import contextlib
from datetime import UTC, date, datetime, timedelta

import pytest

from conformance.model import Confidence
from conformance.simulators.ram import (
    CREDENTIAL,
    HISTORY_LIMIT,
    NOTIFICATION,
    Clock,
    CredentialState,
    Event,
    NotificationState,
    Ram,
    RamError,
    Role,
    Validity,
)
from conformance.simulators.ram.guards import GUARDS

NOON = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
"""Noon in RAM's zone."""
TODAY = date(2026, 11, 21)
PROVIDER, CLIENT = "11000002568", "96312011219"
PA, AA, MCA = Role.PRINCIPAL_AUTHORITY, Role.AUTHORISATION_ADMINISTRATOR, Role.CREDENTIAL_ADMINISTRATOR


@pytest.fixture
def ram():
    """Two businesses: a provider with Ada, Ben and Cai, and its client with Dee."""
    made = Ram(Clock(NOON))
    made.register(PROVIDER, principal_authority="Ada")
    made.register(CLIENT, principal_authority="Dee")
    made.appoint(PROVIDER, "Ben", MCA, by="Ada")
    made.appoint(PROVIDER, "Cai", AA, by="Ada")
    return made


def refused(rule, act, *arguments, **named):
    """RAM refuses for that rule, and its message answers the four questions."""
    with pytest.raises(RamError) as caught:
        act(*arguments, **named)
    error = caught.value
    assert (error.rule, error.where) == (rule, "RAM")
    assert error.message
    assert error.expected
    assert error.found
    assert error.advice
    return error


def notify(ram, **changed):
    """The client's notification, changed."""
    return ram.add_notification(
        **{"client": CLIENT, "by": "Dee", "provider": PROVIDER, "software_ids": ("0000123400",), **changed}
    )


def unassigned(ram):
    """A credential whose holder has just lost his role."""
    made = ram.create(PROVIDER, "PAYROLL", by="Ben")
    ram.dismiss(PROVIDER, "Ben", MCA, by="Ada")
    return made.id


# --- the tables -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("table", [CREDENTIAL, NOTIFICATION], ids=["credential", "notification"])
def test_a_table_is_whole(table):
    """Every row has a source and known guards; the first state is `none`, and everything can be reached."""
    reached = {row.after for row in table.rows}
    kind = type(table.rows[0].before)
    assert all(row.source and set(row.guards) <= set(GUARDS) for row in table.rows)
    assert {row.before.value for row in table.rows} - {state.value for state in reached} == {"none"}
    assert reached | {kind.NONE} == set(kind)


def test_every_guard_guards_something():
    """A condition that no row names would be no condition."""
    assert {name for table in (CREDENTIAL, NOTIFICATION) for row in table.rows for name in row.guards} == set(
        GUARDS
    )


@pytest.mark.parametrize(
    ("table", "final"),
    [
        (CREDENTIAL, {"revoked", "expired", "lapsed"}),
        (NOTIFICATION, {"removed", "ended"}),
    ],
    ids=["credential", "notification"],
)
def test_final_states_are_left_by_nothing(table, final):
    """What is revoked, expired, lapsed, removed or ended stays so."""
    left = {row.before.value for row in table.rows if row.after is not row.before}
    kind = type(table.rows[0].before)
    assert {state.value for state in kind} - left == final


def test_a_table_prints_itself():
    """State, event, conditions, and the sentence behind the row; what is no document's word is marked."""
    text = str(CREDENTIAL)
    assert text.startswith("machine credential\n\nnone → active: create\n    if the actor is principal")
    assert "unassigned → lapsed: day 60 passes [inferred]" in text
    assert text.count("→") == len(CREDENTIAL.rows)


def test_nothing_claims_more_than_its_source():
    """The rows that no published sentence covers are the ones that are known not to be."""
    doubtful = {
        (row.before.value, row.event)
        for table in (CREDENTIAL, NOTIFICATION)
        for row in table.rows
        if row.confidence is not Confidence.DOCUMENTED
    }
    assert doubtful == {
        ("unassigned", Event.FIRST_USE),
        *((state, Event.REPLACE) for state in ("unassigned", "lapsed", "revoked")),
        ("unassigned", Event.LAPSE),
        ("pending", Event.END),
        ("active", Event.END),
    }


# --- a credential ---------------------------------------------------------------------------------------


def test_the_principal_authority_and_her_administrator_create(ram):
    """An authorisation administrator does not, and neither does a stranger."""
    assert ram.create(PROVIDER, "ONE", by="Ada").state is CredentialState.ACTIVE
    assert ram.create(PROVIDER, "TWO", by="Ben").holder == "Ben"
    refused("creator", ram.create, PROVIDER, "THREE", by="Cai")
    refused("creator", ram.create, CLIENT, "FOUR", by="Ben")


@pytest.mark.parametrize(
    ("missing", "rule"),
    [
        ({"extension": False}, "extension"),
        ({"terms": False}, "terms"),
        ({"name": " "}, "named"),
        ({"password": "Password1"}, "password"),
        ({"password": "Pass word 1!"}, "password"),
        ({"password": "password1!"}, "password"),
        ({"password": "PASSWORD1!"}, "password"),
        ({"password": "Password!!"}, "password"),
        ({"password": "Password11"}, "password"),
    ],
)
def test_creating_has_conditions(ram, missing, rule):
    """Extension, terms, a name, and a password by RAM's own policy, which is told nowhere."""
    error = refused(rule, ram.create, **{"abn": PROVIDER, "name": "X", "by": "Ben", **missing})
    assert missing.get("password", "?") not in str(error)
    assert ram.credentials == ()


def test_access_manager_shows_a_credential_after_its_first_use(ram):
    """With every permission, until somebody who may amends them."""
    made = ram.create(PROVIDER, "PAYROLL", by="Ben")
    assert ram.permissions(PROVIDER, "PAYROLL") is None
    refused("unknown", ram.amend, PROVIDER, "PAYROLL", frozenset({"lodge"}), by="Cai")
    ram.use(made.id)
    ram.use(made.id)
    assert ram.permissions(PROVIDER, "PAYROLL") == {"every permission"}
    ram.amend(PROVIDER, "PAYROLL", frozenset({"lodge"}), by="Cai")
    refused("remover", ram.amend, PROVIDER, "PAYROLL", frozenset(), by="Ben")
    assert ram.permissions(PROVIDER, "PAYROLL") == {"lodge"}
    assert [record.event for record in ram.history if record.subject == made.id] == ["create", "first use"]


def test_permissions_follow_the_name(ram):
    """A new credential of exactly the same name has them; one of nearly the same name has all."""
    ram.use(ram.create(PROVIDER, "PAYROLL", by="Ben").id)
    ram.amend(PROVIDER, "PAYROLL", frozenset({"lodge"}), by="Ada")
    ram.revoke("C1", by="Ben")
    second, third = (ram.create(PROVIDER, name, by="Ben") for name in ("PAYROLL", "Payroll"))
    for made in (second, third):
        ram.use(made.id)
    assert ram.permissions(PROVIDER, "PAYROLL") == {"lodge"}
    assert ram.permissions(PROVIDER, "Payroll") == {"every permission"}
    assert [state.value for state in ram.states().values()] == ["revoked", "active", "active"]


def test_a_credential_expires_with_the_second_after_its_last(ram):
    """730 days less a second after it was made, and for ever."""
    made = ram.create(PROVIDER, "PAYROLL", by="Ben")
    with ram.at(NOON + timedelta(days=730, seconds=-1)):
        assert ram.states()[made.id] is CredentialState.ACTIVE
    [record] = ram.advance(days=730)
    assert (record.before, record.after, record.actor) == ("active", "expired", "RAM")
    assert record.at == NOON + timedelta(days=730)
    refused("no_step", ram.renew, made.id)
    refused("no_step", ram.use, made.id)
    refused("no_step", ram.revoke, made.id, by="Ada")


def test_a_renewal_keeps_name_and_id(ram):
    """The certificate is another one, and both are the credential's."""
    old = ram.create(PROVIDER, "PAYROLL", by="Ben")
    ram.advance(days=400)
    new = ram.renew(old.id)
    assert (new.id, new.name, new.state) == (old.id, old.name, CredentialState.ACTIVE)
    assert new.certificate.not_after - old.certificate.not_after == timedelta(days=400)
    assert {ram.standing(each.serial) for each in new.certificates} == {CredentialState.ACTIVE}
    ram.advance(days=400)
    assert ram.states()[old.id] is CredentialState.ACTIVE
    refused("longer_valid", ram.renew, old.id, Validity(7, NOON, NOON))


def test_revoked_is_final(ram):
    """It needs a confirmation and the right person, and nothing undoes it."""
    made = ram.create(PROVIDER, "PAYROLL", by="Ben")
    refused("confirmed", ram.revoke, made.id, by="Ben", confirmed=False)
    refused("revoker", ram.revoke, made.id, by="Cai")
    assert ram.revoke(made.id, by="Ada").state is CredentialState.REVOKED
    for act in (ram.revoke, ram.claim):
        assert "nothing: the state is final" not in str(refused("no_step", act, made.id, by="Ben"))
    refused("no_step", ram.use, made.id)
    assert ram.standing(made.certificate.serial) is CredentialState.REVOKED


# --- without a holder -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "state"),
    [(0, "unassigned"), (59, "unassigned"), (59.999, "unassigned"), (60, "lapsed"), (61, "lapsed")],
)
def test_an_unassigned_credential_has_60_days(ram, days, state):
    """It works on day 59 and no more on day 61."""
    identifier = unassigned(ram)
    ram.advance(days=days)
    found = ram.credential(identifier)
    assert found.state.value == state
    assert found.state.usable == (state == "unassigned")


def test_only_what_he_held_becomes_unassigned(ram):
    """Another administrator's credential stays, as does that of one who is principal authority besides."""
    ram.appoint(PROVIDER, "Eve", MCA, by="Cai")
    ram.appoint(PROVIDER, "Ada", MCA, by="Ada")
    for person in ("Ben", "Eve", "Ada"):
        ram.create(PROVIDER, f"OF {person}", by=person)
    ram.revoke(ram.create(PROVIDER, "OLD", by="Ben").id, by="Ben")
    ram.dismiss(PROVIDER, "Ben", MCA, by="Cai")
    ram.dismiss(PROVIDER, "Ada", MCA, by="Ada")
    assert [state.value for state in ram.states().values()] == ["unassigned", "active", "active", "revoked"]
    refused("remover", ram.dismiss, PROVIDER, "Eve", MCA, by="Ben")
    refused("holder", ram.dismiss, PROVIDER, "Ben", MCA, by="Ada")
    refused("remover", ram.appoint, PROVIDER, "Ben", MCA, by="Ben")


def test_another_administrator_claims(ram):
    """Within the 60 days, and not the one who held it; then it is as before."""
    identifier = unassigned(ram)
    ram.advance(days=59)
    refused("claimant", ram.claim, identifier, by="Ada")
    ram.appoint(PROVIDER, "Eve", MCA, by="Ada")
    ram.appoint(PROVIDER, "Ben", MCA, by="Ada")
    refused("another", ram.claim, identifier, by="Ben")
    assert ram.claim(identifier, by="Eve").holder == "Eve"
    ram.advance(days=61)
    assert ram.states()[identifier] is CredentialState.ACTIVE
    ram.dismiss(PROVIDER, "Eve", MCA, by="Ada")
    ram.advance(days=59)
    assert ram.states()[identifier] is CredentialState.UNASSIGNED
    assert len(ram.messages) == 2 + 2


def test_it_is_too_late_to_claim_on_day_60(ram):
    """The step is gone with the state."""
    identifier = unassigned(ram)
    ram.appoint(PROVIDER, "Eve", MCA, by="Ada")
    ram.advance(days=60)
    refused("no_step", ram.claim, identifier, by="Eve")


def test_the_principal_authority_is_reminded(ram):
    """On day 30 and on day 53, when there is no other administrator."""
    identifier = unassigned(ram)
    assert ram.advance(days=29.9) == ()
    ram.advance(days=40)
    assert [(message.at - NOON, message.to, message.about) for message in ram.messages] == [
        (timedelta(days=30), "Ada", identifier),
        (timedelta(days=53), "Ada", identifier),
    ]
    assert "2027-01-20T02:00:00Z" in ram.messages[0].text


def test_the_other_administrators_are_reminded(ram):
    """Those that there are on the day."""
    ram.create(PROVIDER, "PAYROLL", by="Ben")
    ram.appoint(PROVIDER, "Eve", MCA, by="Ada")
    ram.dismiss(PROVIDER, "Ben", MCA, by="Ada")
    ram.advance(days=31)
    ram.appoint(PROVIDER, "Fay", MCA, by="Ada")
    ram.advance(days=30)
    assert [message.to for message in ram.messages] == ["Eve", "Eve", "Fay"]


def test_a_revoked_credential_needs_no_reminder(ram):
    """An unassigned credential can be revoked, and then it is nobody's business."""
    identifier = unassigned(ram)
    ram.revoke(identifier, by="Ada")
    assert ram.advance(days=100) == ()
    assert ram.messages == ()


# --- a notification -------------------------------------------------------------------------------------


def test_a_client_notifies(ram):
    """From today on, for ever, for one provider, one client and the ids as they were written."""
    made = notify(ram)
    assert (made.state, made.start, made.end) == (NotificationState.ACTIVE, TODAY, None)
    assert made.software_ids == ("0000123400",)
    assert ram.notified(CLIENT, PROVIDER, "0000123400")
    for others in (
        (PROVIDER, PROVIDER, "0000123400"),
        (CLIENT, CLIENT, "0000123400"),
        (CLIENT, PROVIDER, "123400"),
    ):
        assert not ram.notified(*others)


@pytest.mark.parametrize(
    ("changed", "rule"),
    [
        ({"by": "Ada"}, "notifier"),
        ({"provider": "11000002569"}, "provider_abn"),
        ({"provider": CLIENT}, "other_business"),
        ({"software_ids": ()}, "software_ids"),
        ({"software_ids": ("123400",)}, "software_ids"),
        ({"software_ids": ("00001234000",)}, "software_ids"),
        ({"software_ids": (123400,)}, "software_ids"),
        ({"software_ids": ("0000123400", "00001234O0")}, "software_ids"),
        ({"software_ids": ("٠٠٠٠١٢٣٤٠٠",)}, "software_ids"),
        ({"start": TODAY - timedelta(days=1)}, "not_back_dated"),
        ({"start": TODAY + timedelta(days=2), "end": TODAY + timedelta(days=1)}, "ends_after_start"),
        ({"agency": "Australian Taxation Office"}, "agency"),
        ({"declaration": False}, "declaration"),
    ],
)
def test_a_notification_has_conditions(ram, changed, rule):
    """Each of them, on its own, makes RAM refuse."""
    refused(rule, notify, ram, **changed)
    assert ram.notifications == ()


def test_an_unregistered_client_has_nobody_to_notify(ram):
    """The person must have a role for that very ABN, and the ABN must be one."""
    refused("notifier", notify, ram, client="27809366375")
    refused("client_abn", ram.register, "27809366376", principal_authority="Dee")
    refused(
        "client_abn", ram.request_notification, "27809366376", by="Ben", provider=PROVIDER,
        software_ids=("0000123400",),
    )  # fmt: skip


def test_an_authorisation_administrator_notifies(ram):
    """A machine credential administrator does not."""
    ram.appoint(CLIENT, "Fay", AA, by="Dee")
    ram.appoint(CLIENT, "Gus", MCA, by="Fay")
    assert notify(ram, by="Fay").state is NotificationState.ACTIVE
    refused("notifier", notify, ram, by="Gus")


def test_what_a_provider_requests_counts_once_it_is_accepted(ram):
    """Pending counts for nothing; the client may add software ids while it accepts."""
    asked = {"provider": PROVIDER, "software_ids": ("0000123400",)}
    refused("requester", ram.request_notification, CLIENT, by="Dee", **asked)
    pending = ram.request_notification(CLIENT, by="Ben", **asked)
    assert pending.state is NotificationState.PENDING
    assert not ram.notified(CLIENT, PROVIDER, "0000123400")
    refused("no_step", ram.edit_notification, pending.id, by="Dee")
    refused("notifier", ram.accept_notification, pending.id, by="Ben")
    refused("declaration", ram.accept_notification, pending.id, by="Dee", declaration=False)
    ram.advance(days=3)  # what was requested for an earlier day may still be accepted
    accepted = ram.accept_notification(pending.id, by="Dee", software_ids=("0000567800",))
    assert accepted.software_ids == ("0000123400", "0000567800")
    assert ram.notified(CLIENT, PROVIDER, "0000123400")
    assert ram.notified(CLIENT, PROVIDER, "0000567800")
    refused("no_step", ram.accept_notification, pending.id, by="Dee")


def test_a_notification_counts_from_its_first_day_to_its_last(ram):
    """Both days included, in RAM's zone."""
    made = notify(ram, start=TODAY + timedelta(days=1), end=TODAY + timedelta(days=2))
    counted = []
    for _ in range(5):
        counted.append(ram.notified(CLIENT, PROVIDER, "0000123400"))
        ram.advance(days=1)
    assert counted == [False, True, True, False, False]
    assert ram.states()[made.id] is NotificationState.ENDED
    assert ram.history[-1].at == datetime(2026, 11, 23, 14, 0, tzinfo=UTC)  # midnight of RAM's zone
    refused("no_step", ram.remove_notification, made.id, by="Dee")


def test_a_notification_can_be_edited(ram):
    """Ids and dates; the day on which it began may stay, but not be put back."""
    made = notify(ram, end=TODAY + timedelta(days=9))
    ram.advance(days=5)
    edited = ram.edit_notification(made.id, by="Dee", software_ids=("0000567800",), end=None)
    assert (edited.start, edited.end, edited.software_ids) == (TODAY, None, ("0000567800",))
    assert not ram.notified(CLIENT, PROVIDER, "0000123400")
    early = TODAY + timedelta(days=4)
    refused("not_back_dated", ram.edit_notification, made.id, by="Dee", start=early)
    refused("ends_after_start", ram.edit_notification, made.id, by="Dee", end=TODAY - timedelta(days=1))
    refused("software_ids", ram.edit_notification, made.id, by="Dee", software_ids=("123400",))
    refused("notifier", ram.edit_notification, made.id, by="Ada")


def test_a_removed_notification_is_gone(ram):
    """Active or pending; for both the client's word counts only."""
    asked = {"provider": PROVIDER, "software_ids": ("0000123400",)}
    for made in (notify(ram), ram.request_notification(CLIENT, by="Ada", **asked)):
        refused("notifier", ram.remove_notification, made.id, by="Ada")
        assert ram.remove_notification(made.id, by="Dee").state is NotificationState.REMOVED
        refused("no_step", ram.remove_notification, made.id, by="Dee")
    assert not ram.notified(CLIENT, PROVIDER, "0000123400")


# --- log, clock and undoing -----------------------------------------------------------------------------


def test_the_log_holds_a_thousand_records(ram):
    """Of each business; the oldest fall out."""
    ram.use(ram.create(PROVIDER, "PAYROLL", by="Ben").id)
    for number in range(HISTORY_LIMIT + 5):
        ram.amend(PROVIDER, "PAYROLL", frozenset({f"form {number}"}), by="Ada")
    log = ram.export_history(PROVIDER, by="Cai")
    assert len(log) == 1000
    assert (log[0].after, log[-1].after) == ("form 5", f"form {HISTORY_LIMIT + 4}")
    refused("viewer", ram.export_history, PROVIDER, by="Dee")
    assert ram.export_history(CLIENT, by="Dee") == ()


def test_a_record_reads_as_a_line(ram):
    """When, what, from where to where, and who."""
    notify(ram)
    assert str(ram.history[-1]) == "2026-11-21 02:00  N1: none → active  (add, by Dee)"


def test_everything_can_be_undone(ram):
    """States, roles, messages, log and clock, also when the block fails."""
    identifier = unassigned(ram)
    before = (ram.states(), ram.history, ram.messages, ram.clock())
    with contextlib.suppress(RamError), ram.restored():
        ram.appoint(PROVIDER, "Eve", MCA, by="Ada")
        ram.advance(days=59)
        ram.claim(identifier, by="Eve")
        notify(ram)
        ram.credential("C9")
    assert (ram.states(), ram.history, ram.messages, ram.clock()) == before
    refused("claimant", ram.claim, identifier, by="Eve")


def test_the_clock_runs_ahead_of_another(ram):
    """By what was set; `at` lends it a moment."""
    times = [NOON]
    clock = Clock(lambda: times[-1])
    clock.advance(days=1, hours=2, seconds=3)
    times.append(NOON + timedelta(hours=1))
    assert clock() == NOON + timedelta(days=1, hours=3, seconds=3)
    with clock.at(NOON):
        assert clock() == NOON
    assert clock.shift == timedelta(days=1, hours=2, seconds=3)
    assert ram.today() == TODAY


def test_what_ram_does_not_know_it_says_nothing_of(ram):
    """Neither of a certificate nor of an id."""
    assert ram.standing(1) is None
    ram.used(1)
    refused("unknown", ram.credential, "C9")
    refused("unknown", ram.remove_notification, "N9", by="Dee")
    assert [record.event for record in ram.history] == ["appoint", "appoint"]
