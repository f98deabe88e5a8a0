"""The conditions that the tables name: a sentence each, and what is said when it does not hold."""

from datetime import date, timedelta
from typing import Final

from conformance.protocol import abn
from conformance.simulators.ram.engine import Guard, Objection, Step
from conformance.simulators.ram.records import (
    AGENCY,
    REMINDER_DAYS,
    UNASSIGNED_LIFE,
    Credential,
    Notification,
    Role,
)

SOFTWARE_ID_LENGTH: Final = 10
_DIGITS: Final = frozenset("0123456789")  # str.isdigit would let the digits of every other script pass
_PASSWORD_LENGTH: Final = 10

PA, AA, MCA = Role.PRINCIPAL_AUTHORITY, Role.AUTHORISATION_ADMINISTRATOR, Role.CREDENTIAL_ADMINISTRATOR


def _actor(place: str, *wanted: Role, advice: str) -> Guard:
    """Return the guard that the actor has one of these roles.

    Args:
        place: the entered field with the business's ABN.
        wanted: the roles.
        advice: what to do otherwise.
    """
    named = " or ".join(role.value for role in wanted)
    whose = {"abn": "the business", "client": "the client", "provider": "the provider"}[place]

    def objection(step: Step) -> Objection | None:
        roles = step.roles(str(step.entered[place]))
        if roles & set(wanted):
            return None
        held = ", ".join(sorted(role.value for role in roles)) or "no role there"
        return Objection(f"{step.actor}, who has {held}", advice)

    return Guard(f"the actor is {named} of {whose}", objection)


def _entered(field: str, sentence: str, advice: str) -> Guard:
    """Return the guard that a box is ticked, or a thing at hand."""
    return Guard(
        sentence, lambda step: None if step.entered.get(field) else Objection(f"it is not: {field}", advice)
    )


def _right_abn(field: str, whose: str) -> Guard:
    def objection(step: Step) -> Objection | None:
        found = str(step.entered[field])
        return None if abn.is_valid(found) else Objection(repr(found), "check the ABN for a typing mistake")

    return Guard(f"the ABN of {whose} is eleven digits with right check digits", objection)


def _other_business(step: Step) -> Objection | None:
    if step.entered["client"] != step.entered["provider"]:
        return None
    return Objection("the same ABN twice", "notify of a provider's software, not of your own business")


def _password(step: Step) -> Objection | None:
    password = str(step.entered["password"])
    missing = [
        what
        for what, there in (
            (f"{_PASSWORD_LENGTH} characters", len(password) >= _PASSWORD_LENGTH),
            ("no blanks", not any(character.isspace() for character in password)),
            ("an upper-case letter", any(character.isupper() for character in password)),
            ("a lower-case letter", any(character.islower() for character in password)),
            ("a digit", any(character in _DIGITS for character in password)),
            ("a special character", any(not character.isalnum() for character in password)),
        )
        if not there
    ]
    # What was typed is told nowhere.
    return Objection(f"a password that lacks {', '.join(missing)}", "choose another one") if missing else None


def _named(step: Step) -> Objection | None:
    return None if str(step.entered["name"]).strip() else Objection("no name", "give the credential a name")


def _holder_is_actor(step: Step) -> Objection | None:
    assert isinstance(step.subject, Credential)  # noqa: S101 - the table's own
    if step.subject.holder == step.entered["dismissed"]:
        return None
    return Objection(f"it is {step.subject.holder}'s", "remove the role of the one who holds it")


def _another_holder(step: Step) -> Objection | None:
    assert isinstance(step.subject, Credential)  # noqa: S101
    if step.subject.holder != step.actor:
        return None
    return Objection(f"{step.actor}, who held it before", "have another administrator claim it")


def _days_without_holder(step: Step) -> timedelta:
    assert isinstance(step.subject, Credential)  # noqa: S101
    assert step.subject.unassigned_since is not None  # noqa: S101
    return step.now - step.subject.unassigned_since


def _within_60_days(step: Step) -> Objection | None:
    if _days_without_holder(step) < UNASSIGNED_LIFE:
        return None
    return Objection(
        f"{_days_without_holder(step).days} days", "create a new credential of exactly the same name"
    )


def _past_60_days(step: Step) -> Objection | None:
    if _days_without_holder(step) >= UNASSIGNED_LIFE:
        return None
    return Objection(f"{_days_without_holder(step).days} days", "wait")


def _reminder(number: int) -> Guard:
    day = REMINDER_DAYS[number]

    def objection(step: Step) -> Objection | None:
        assert isinstance(step.subject, Credential)  # noqa: S101
        reached = _days_without_holder(step) >= timedelta(days=day)
        if reached and step.subject.reminders == number:
            return None
        return Objection(
            f"{_days_without_holder(step).days} days and {step.subject.reminders} reminders", "wait"
        )

    return Guard(f"it is day {day} without a holder, and {number} reminders were sent", objection)


def _certificate_over(step: Step) -> Objection | None:
    assert isinstance(step.subject, Credential)  # noqa: S101
    ends = step.subject.certificate.not_after
    return None if step.now > ends else Objection(f"it is valid until {ends:%Y-%m-%dT%H:%M:%SZ}", "wait")


def _longer_valid(step: Step) -> Objection | None:
    assert isinstance(step.subject, Credential)  # noqa: S101
    old, new = step.subject.certificate.not_after, step.entered["not_after"]
    if isinstance(new, type(old)) and new > old:
        return None
    return Objection("a certificate that ends no later", "renew with a certificate that lasts longer")


def _software_ids(step: Step) -> Objection | None:
    found = step.entered["software_ids"]
    assert isinstance(found, tuple)  # noqa: S101
    if not found:
        return Objection("none", "ask the provider for the software id")
    for each in found:
        # A number is refused as well: it cannot have kept its leading zeros.
        if not isinstance(each, str) or len(each) != SOFTWARE_ID_LENGTH or not _DIGITS.issuperset(each):
            return Objection(repr(each), "enter all ten digits as text, leading zeros included")
    return None


def _day(value: object) -> date:
    assert isinstance(value, date)  # noqa: S101
    return value


def _not_back_dated(step: Step) -> Objection | None:
    start = _day(step.entered["start"])
    # Whoever edits a notification leaves the date on which it began as it is.
    unchanged = isinstance(step.subject, Notification) and step.subject.start == start
    if unchanged or start >= step.today:
        return None
    return Objection(f"{start}, and today is {step.today}", "let it begin today")


def _ends_after_start(step: Step) -> Objection | None:
    start, end = _day(step.entered["start"]), step.entered["end"]
    if end is None or _day(end) >= start:
        return None
    return Objection(f"from {start} to {end}", "choose a later end date, or none")


def _end_passed(step: Step) -> Objection | None:
    assert isinstance(step.subject, Notification)  # noqa: S101
    end = step.subject.end
    return None if end is not None and step.today > end else Objection(f"end date {end}", "wait")


def _agency(step: Step) -> Objection | None:
    found = step.entered["agency"]
    return None if found == AGENCY else Objection(str(found) or "none", "tick the registrar's box")


GUARDS: Final = {
    "creator": _actor("abn", PA, MCA, advice="have the principal authority assign you the role"),
    "revoker": _actor("abn", PA, MCA, advice="ask an administrator of the business"),
    "remover": _actor("abn", PA, AA, advice="ask the principal authority"),
    "claimant": _actor("abn", MCA, advice="have yourself made machine credential administrator first"),
    "notifier": _actor("client", PA, AA, advice="let the client do it in RAM"),
    "requester": _actor("provider", PA, AA, MCA, advice="request as the provider whose software it is"),
    "extension": _entered(
        "extension", "the browser extension is installed", "install it in Chrome or Firefox"
    ),
    "terms": _entered("terms", "the terms of use are accepted", "read and accept them"),
    "confirmed": _entered("confirmed", "the revocation is confirmed", "click Continue"),
    "declaration": _entered("declaration", "the declaration is accepted", "read and accept it"),
    "password": Guard(
        "the password has ten characters or more, no blanks, upper and lower case, a digit and a special "
        "character",
        _password,
    ),
    "named": Guard("the credential has a name", _named),
    "holder": Guard("the one whose role is removed is the credential's holder", _holder_is_actor),
    "another": Guard("the claimant is another one than the former holder", _another_holder),
    "within_60_days": Guard("fewer than 60 days have passed since the role was removed", _within_60_days),
    "past_60_days": Guard("60 days have passed since the role was removed", _past_60_days),
    "day_30": _reminder(0),
    "day_53": _reminder(1),
    "certificate_over": Guard("the certificate's notAfter has passed", _certificate_over),
    "longer_valid": Guard("the new certificate ends later than the old one", _longer_valid),
    "client_abn": _right_abn("client", "the client"),
    "provider_abn": _right_abn("provider", "the provider"),
    "other_business": Guard("client and provider are two businesses", _other_business),
    "software_ids": Guard("there is a software id, and each is ten digits", _software_ids),
    "not_back_dated": Guard("the start date is not in the past", _not_back_dated),
    "ends_after_start": Guard("the end date, if any, is not before the start date", _ends_after_start),
    "end_passed": Guard("the end date has passed", _end_passed),
    "agency": Guard(f"the agency is the {AGENCY}", _agency),
}
"""Name -> condition."""
