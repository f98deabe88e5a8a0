"""The file of waivers: failures that the vendor admits, each bound to exactly one kind of failure.

TOML, UTF-8, one table per waiver::

    [[waiver]]
    requirement = "USI-CHK-03"
    status = "fail"
    subcode = "accepted_invalid"
    message_prefix = "an invalid USI was accepted"
    owner = "Jo Citizen"
    reason = "mended in 4.2, which ships in March"
    issue = "https://issues.example.com/417"
    added = "2026-11-22"
    expires = "2027-02-20"

`entry` writes such a table for a failure, ready but for owner, reason and issue, which `read` refuses until
somebody has filled them in.  What a valid waiver is worth is for `conformance.verdict`: here a file is right
or wrong, there a waiver is in time or late.
"""

import re
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from conformance import catalogue
from conformance.errors import OperatorError
from conformance.model import Result, Status, Subcode, Verdict, Waiver
from conformance.plan.document import Table, shown
from conformance.plan.document import read as read_document
from conformance.plan.writing import quoted
from conformance.verdict import label

KEYS: Final = Waiver.__struct_fields__

WAIVABLE: Final = (Status.FAIL, Status.NOT_TESTABLE)
"""What a waiver can admit: everything else blocks nothing, or is missing rather than wrong."""

SHORTEST_PREFIX: Final = 10
"""Characters of the message that a waiver must quote, so that it does not admit whatever else fails."""

LONGEST_PREFIX: Final = 200
"""Characters of the message that a ready-made entry quotes."""

VALIDITY: Final = timedelta(days=90)
"""How long a ready-made entry holds; 180 days are the most."""

_PLACEHOLDER: Final = re.compile(
    r"[\W_]*(fill[ _-]?(me[ _-]?)?in|to ?do|fix ?me|tb[acd]|to be (done|decided|determined|filled in)|x{2,}|"
    r"n/?a|none|null|nobody|somebody|someone|owner|name|your name|reason|issue|link|url|why|\?+)?[\W_]*",
    re.IGNORECASE,
)
_TO_FILL: Final = {
    "owner": "who answers for it, a name",
    "reason": "why it may stay for now",
    "issue": "where it is being mended: a link or a number",
}
_HALF: Final = re.compile("[\ud800-\udfff]")


def read(path: Path) -> tuple[Waiver, ...]:
    """Return the waivers of a file, in their order; none if the file has none.

    Raises:
        OperatorError: the file is not there, or something in it is wrong: an unknown key or requirement, a
            placeholder, a failure that cannot be waived, a date, the same waiver twice; with file and line.
    """
    root = read_document(path, "the file of waivers").root
    root.refuse_unknown(("waiver",))
    found: dict[Waiver, Table] = {}
    for table in root.tables("waiver"):
        waiver = _waiver(table)
        for other, where in found.items():
            if _failure(other) == _failure(waiver):
                raise table.wrong(
                    None,
                    f"the same failure of {waiver.requirement} is waived twice",
                    found=f"also {where.where()}",
                    advice="remove one of them",
                )
        found[waiver] = table
    return tuple(found)


def entry(result: Result, *, today: date) -> str:
    """Return the table of a waiver for a failure, ready but for owner, reason and issue.

    Args:
        result: a failure that can be waived, see `waivable`.
        today: the date on which the waiver is added.
    """
    lines = [
        "[[waiver]]",
        f"requirement = {quoted(result.requirement)}",
        f"status = {quoted(result.status.value)}",
        *([f"subcode = {quoted(result.subcode.value)}"] if result.subcode else []),
        f"message_prefix = {quoted(prefix(result.message))}",
        *(f'{name} = "" # {what}' for name, what in _TO_FILL.items()),
        f'added = "{today.isoformat()}"',
        f'expires = "{(today + VALIDITY).isoformat()}" # 180 days after `added` at the latest',
    ]
    return "\n".join(lines) + "\n"


def prefix(message: str) -> str:
    """Return the beginning of a message that a waiver quotes: bounded, and without what TOML cannot hold."""
    return _HALF.split(message[:LONGEST_PREFIX], maxsplit=1)[0]


def waivable(results: Iterable[Result], verdict: Verdict) -> tuple[Result, ...]:
    """Return the blocking failures that a waiver could admit, one for each waiver that it would take.

    What no waiver covers is left out, and so is what one admits already: the verdict does not list it as
    blocking.
    """
    open_failures = frozenset(verdict.blocking) - frozenset(verdict.unwaivable)
    found: dict[tuple[object, ...], Result] = {}
    for result in results:
        if result.status in WAIVABLE and _name(result) in open_failures and _quotable(result.message):
            key = (result.requirement, result.status, result.subcode, prefix(result.message))
            found.setdefault(key, result)
    return tuple(found.values())


def _name(result: Result) -> str:
    from conformance.model import Point

    return label(Point(requirement=result.requirement, case=result.case))


def _quotable(message: str) -> bool:
    return len(prefix(message).strip()) >= SHORTEST_PREFIX


def _failure(waiver: Waiver) -> tuple[object, ...]:
    return waiver.requirement, waiver.status, waiver.subcode, waiver.message_prefix


def _waiver(table: Table) -> Waiver:
    table.refuse_unknown(KEYS)
    requirement = table.text("requirement", default=None)
    try:
        security = catalogue.requirement(requirement).security
    except OperatorError as error:
        error.where = table.where("requirement")
        raise
    status = table.choice("status", Status)
    if status not in WAIVABLE:
        raise table.wrong(
            "status" if "status" in table else None,
            f"a waiver cannot admit the status {shown(table.text('status'))}",
            expected=" or ".join(WAIVABLE),
            advice="only failures that block are waived; what is missed of a SHOULD remains a condition",
        )
    subcode = table.choice("subcode", Subcode)
    if status is Status.FAIL and subcode is None:
        raise table.wrong(
            None,
            "subcode is missing: a waiver admits one kind of failure",
            expected=f"one of {', '.join(Subcode)}",
            advice="`evte waivers DIR` prints the entry of each failure of a report",
        )
    if subcode is Subcode.SECRET_LEAK or (subcode is Subcode.ACCEPTED_INVALID and security):
        raise table.wrong(
            "subcode",
            f"{subcode} of {requirement} cannot be waived",
            expected="a failure by which nobody is deceived and no secret is lost",
            advice="remove the waiver and mend the failure",
        )
    added, expires = table.day("added"), table.day("expires")
    if expires < added:
        raise table.wrong(
            "expires", "the waiver expires before it is added", expected=f"{added} or later", found=expires
        )
    return Waiver(
        requirement=requirement,
        status=status,
        subcode=subcode,
        message_prefix=_message_prefix(table),
        owner=_filled(table, "owner"),
        reason=_filled(table, "reason"),
        issue=_filled(table, "issue"),
        added=added,
        expires=expires,
    )


def _message_prefix(table: Table) -> str:
    """Return the quoted beginning as it stands, blanks included: it is compared and never shown alone."""
    table.text("message_prefix", default=None, lines=True)
    text: str = table.content["message_prefix"]
    if not _quotable(text):
        raise table.wrong(
            "message_prefix",
            "message_prefix is too short to admit one failure only",
            expected=f"{SHORTEST_PREFIX} characters of the failure's message, or more",
            found=shown(text),
            advice="`evte waivers DIR` prints the entry of each failure of a report",
        )
    return text


def _filled(table: Table, name: str) -> str:
    text = table.text(name, lines=name == "reason")
    if _PLACEHOLDER.fullmatch(text):
        raise table.wrong(
            name if name in table else None,
            f"{name} of the waiver is not filled in",
            expected=_TO_FILL[name],
            found=shown(text),
            advice="a waiver without owner, reason and issue admits nothing; fill it in or remove it",
        )
    return text
