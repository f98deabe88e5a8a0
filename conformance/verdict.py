"""From results to a verdict: a pure function, recomputable offline from a report.

The verdict is computed by set equality against what the profile demands.  Zero executed checks is
INCOMPLETE whatever a test runner's exit status says; adding a failure or taking an executed check away
never improves it; a waiver never makes READY.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from conformance.model import (
    EXECUTED,
    Attested,
    Blame,
    Changes,
    Level,
    Point,
    Readiness,
    Result,
    Run,
    Status,
    Subcode,
    Verdict,
    Waiver,
)

LONGEST_VALIDITY: Final = timedelta(days=180)
"""How long READY can be relied upon, at most."""

LONGEST_WAIVER: Final = timedelta(days=180)

NOTICE: Final = timedelta(days=14)
"""How long before its end a waiver is spoken of."""

_COUNTED: Final = frozenset({Blame.IMPLEMENTATION, Blame.HARNESS, None})

EXIT_CODES: Final = {
    Readiness.READY: 0,
    Readiness.CONDITIONS: 0,
    Readiness.NOT_READY: 1,
    Readiness.INCOMPLETE: 3,
}


class Gate(StrEnum):
    """What a CI job lets pass."""

    READY = "ready"
    """Ready, with or without conditions."""
    NO_NEW_FAILURES = "no-new-failures"
    """Whatever blocks today blocked in the baseline too; the verdict stays what it is."""


class OfPoint(Protocol):
    """Whatever is about one point: the point, a result, a change, a stored example."""

    @property
    def requirement(self) -> str:
        """The requirement's id."""

    @property
    def case(self) -> str:
        """The case, which may be empty."""


def label(point: OfPoint) -> str:
    """Name a point as reports name it: `ID`, or `ID[case]`."""
    return f"{point.requirement}[{point.case}]" if point.case else point.requirement


def _point(result: Result) -> Point:
    return Point(requirement=result.requirement, case=result.case)


def _missed(result: Result) -> bool:
    return result.status in {Status.FAIL, Status.NOT_TESTABLE}


def settles(result: Result) -> bool:
    """Whether a result settles its point.

    A miss that is blamed on the configuration, the environment or the kit says nothing of the
    product: the point stays open rather than turning green or red by accident.
    """
    return result.status in EXECUTED and not (_missed(result) and result.blame not in _COUNTED)


def _blocks(result: Result) -> bool:
    """Whether a result is a miss of a MUST for which the product answers."""
    return result.level is Level.MUST and _missed(result) and result.blame in _COUNTED


def admits(waiver: Waiver, result: Result) -> bool:
    """Whether a waiver admits exactly this failure."""
    return (
        waiver.requirement == result.requirement
        and waiver.status == result.status
        and waiver.subcode == result.subcode
        and result.message.startswith(waiver.message_prefix)
    )


def open_questions(run: Run) -> tuple[str, ...]:
    """Return the ids of the profile's questions that are not answered with yes, or as not applying."""
    settled = {each.question for each in run.attestations if each.answer is not Attested.NO}
    return tuple(question for question in run.profile.questions if question not in settled)


def _defect(waiver: Waiver, today: date) -> str:
    """Say why a waiver admits nothing, whatever fails; empty when it could."""
    added, expires = date.fromisoformat(waiver.added), date.fromisoformat(waiver.expires)
    # A morning in Australia has a date that UTC reaches later that day.
    if added > today + timedelta(days=1):
        return f"added on {waiver.added}, which is still to come; nobody can admit a failure ahead of time"
    if expires - added > LONGEST_WAIVER:
        return f"expires {(expires - added).days} days after it was added; 180 is the most"
    if expires < today:
        return f"expired on {waiver.expires}; mend the failure or have it admitted anew"
    return ""


def _waiver_notices(waivers: Iterable[Waiver], today: date) -> tuple[str, ...]:
    notices = []
    for waiver in waivers:
        left = date.fromisoformat(waiver.expires) - today
        if timedelta(0) <= left <= NOTICE:
            days = "today" if not left.days else f"in {left.days} day{'s' if left.days != 1 else ''}"
            notices.append(f"waiver for {waiver.requirement}: expires {days}, on {waiver.expires}")
    return tuple(notices)


def _waiver_errors(
    waivers: Iterable[Waiver], results: Iterable[Result], undecided: frozenset[str], today: date
) -> tuple[str, ...]:
    results = tuple(results)
    errors = []
    for waiver in waivers:
        name = f"waiver for {waiver.requirement}"
        if defect := _defect(waiver, today):
            errors.append(f"{name}: {defect}")
        elif waiver.requirement in undecided:
            continue  # what it admits may be among the points that nobody has looked at yet
        elif not any(admits(waiver, result) for result in results):
            others = [each for each in results if each.requirement == waiver.requirement and _miss(each)]
            if others:
                errors.append(
                    f"{name}: made for another failure; the requirement fails now with "
                    f"{_kind(others[0])}: {others[0].message}"
                )
            else:
                errors.append(f"{name}: stale, nothing fails in this way any more; remove it")
    return tuple(errors)


def decide(
    run: Run, *, security: frozenset[str] = frozenset(), today: date, build_limit: date | None = None
) -> Verdict:
    """Return the verdict of a run.

    Args:
        run: profile, planned points and results; nothing else of it is read except waivers, attestations,
            harness failure, interruption and the credential's end.
        security: ids of requirements where an accepted invalid input cannot be waived.
        today: the date (UTC) on which the verdict is asked for; waivers expire by it.
        build_limit: an earlier end of validity, when the caller knows one.

    Rules, in this order (the first that applies decides):
        1. a scoring point without a settled result, no executed point at all, a kit error, a broken
           harness or an interruption: INCOMPLETE, with the list;
        2. a MUST failed or not testable without a valid waiver, or something that no waiver covers
           (an accepted invalid signature, token or credential; a leaked secret): NOT READY;
        3. waived MUSTs, SHOULDs missed, reasons unstated, open questions: READY WITH CONDITIONS;
        4. else READY, until the earliest of the credential's expiry, 180 days and `build_limit`.

    With conditions the end is the same, or that of the first waiver to end of those that admit something.
    """
    wanted = frozenset(run.profile.requirements)
    planned = {point for point in run.planned if point.requirement in wanted}
    scoring = tuple(result for result in run.results if result.requirement in wanted)
    # A point can have more than one result only when shards overlap; the worst of them counts.
    settled = {_point(result) for result in scoring if settles(result)}
    unsettled = {_point(result) for result in scoring if not settles(result)}
    named = {point.requirement for point in planned | settled | unsettled}

    # A requirement without any point at all is missing by its bare id.
    still_open = (planned - settled) | unsettled
    missing = sorted({label(point) for point in still_open} | (wanted - named))
    undecided = frozenset(point.requirement for point in still_open) | (wanted - named)
    executed = [r for r in scoring if settles(r) and r.status is not Status.NOT_APPLICABLE]

    unwaivable = [
        result
        for result in scoring
        if result.status is Status.FAIL
        and result.blame in _COUNTED
        and (
            result.subcode is Subcode.SECRET_LEAK
            or (result.subcode is Subcode.ACCEPTED_INVALID and result.requirement in security)
        )
    ]
    valid_waivers = [waiver for waiver in run.waivers if not _defect(waiver, today)]
    blocking, waived = [], []
    for result in scoring:
        if not _blocks(result):
            continue
        if result not in unwaivable and any(admits(waiver, result) for waiver in valid_waivers):
            waived.append(result)
        else:
            blocking.append(result)
    blocking += [result for result in unwaivable if result not in blocking]
    softened = [
        result
        for result in scoring
        if result.level is not Level.INFO
        and result not in blocking
        and result not in waived
        and (result.status is Status.WARN or _missed(result))
    ]
    excluded = tuple(sorted({label(r) for r in scoring if r.status is Status.NOT_APPLICABLE}))
    kit_errors = [result for result in run.results if result.status is Status.KIT_ERROR]
    counts = dict(sorted(Counter(result.status.value for result in scoring).items()))
    conditions = tuple(
        [f"{label(result)}: waived, {result.message}" for result in waived]
        + [f"{label(result)}: {result.message}" for result in softened]
    )
    unanswered = open_questions(run)
    ends = [
        date.fromisoformat(waiver.expires)
        for waiver in valid_waivers
        if any(admits(waiver, result) for result in waived)
    ]
    build_limit = min([*ends, *([] if build_limit is None else [build_limit])], default=None)

    readiness, sentence, valid_until = _conclude(
        run,
        missing,
        executed,
        kit_errors,
        blocking,
        unwaivable,
        waived,
        conditions,
        unanswered,
        today,
        build_limit,
    )
    return Verdict(
        readiness=readiness,
        sentence=sentence,
        missing=tuple(missing),
        blocking=tuple(dict.fromkeys(label(result) for result in blocking)),
        unwaivable=tuple(dict.fromkeys(label(result) for result in unwaivable)),
        conditions=conditions,
        excluded=excluded,
        counts=counts,
        valid_until=valid_until,
        waiver_errors=_waiver_errors(run.waivers, run.results, undecided, today),
        waiver_notices=_waiver_notices(run.waivers, today),
        open_questions=unanswered,
    )


def _miss(result: Result) -> bool:
    return _missed(result) or result.status is Status.WARN


def _kind(result: Result) -> str:
    return f"{result.status}, {result.subcode}" if result.subcode else result.status.value


def _conclude(
    run: Run,
    missing: list[str],
    executed: list[Result],
    kit_errors: list[Result],
    blocking: list[Result],
    unwaivable: list[Result],
    waived: list[Result],
    conditions: tuple[str, ...],
    unanswered: tuple[str, ...],
    today: date,
    build_limit: date | None,
) -> tuple[Readiness, str, str]:
    """Apply the rules of `decide` in their order; return readiness, the sentence and the end of validity."""
    total = len(run.profile.requirements)
    failing = {result.requirement for result in blocking if result.status is Status.FAIL}
    untestable = {result.requirement for result in blocking} - failing
    told = f"{len(failing)} of {total} requirements {_agreeing(len(failing), 'fails', 'fail')}"
    told = told if failing or not untestable else ""
    if untestable:
        told += f"{', ' if told else ''}{len(untestable)} {'more ' if told else ''}could not be tested"
    aside = f" Already {told}." if blocking else ""
    if run.harness_failure:
        first = run.harness_failure.splitlines()[0].rstrip(".")
        return Readiness.INCOMPLETE, f"The harness stopped the run: {first}.{aside}", ""
    if kit_errors:
        return (
            Readiness.INCOMPLETE,
            f"The kit itself failed in {_counted(len(kit_errors), 'check')}; please report it to us.{aside}",
            "",
        )
    if run.interrupted:
        told = f"The run was interrupted with {_counted(len(missing), 'point')} open.{aside}"
        return Readiness.INCOMPLETE, told, ""
    if not executed:
        return Readiness.INCOMPLETE, "No check of the profile was executed, so nothing is known.", ""
    if missing and run.shard:
        told = f"This is part {run.shard} of the profile; no part has a verdict of its own.{aside}"
        return Readiness.INCOMPLETE, told, ""
    if missing:
        return (
            Readiness.INCOMPLETE,
            f"{_counted(len(missing), 'point')} of the profile {_agreeing(len(missing), 'has', 'have')} no "
            f"settled result{', the first is' if len(missing) > 1 else ':'} {missing[0]}.{aside}",
            "",
        )
    if blocking:
        security = " At least one failure cannot be waived." if unwaivable else ""
        return Readiness.NOT_READY, f"{told}.{security}", ""
    limits = [today + LONGEST_VALIDITY]
    if run.credential is not None and run.credential.origin == "operator":
        limits.append(datetime.fromisoformat(run.credential.not_after).astimezone(UTC).date())
    if build_limit is not None:
        limits.append(build_limit)
    until = min(limits).isoformat()
    if conditions or unanswered:
        remain = f"{_counted(len(conditions), 'condition')} {_agreeing(len(conditions), 'remains', 'remain')}"
        asked = f"{_counted(len(unanswered), 'attestation')} {_agreeing(len(unanswered), 'is', 'are')} open"
        told = " and ".join([*([remain] if conditions else ()), *([asked] if unanswered else ())])
        holds = "holds or is waived" if waived else "holds"
        return Readiness.CONDITIONS, f"Every MUST of {total} requirements {holds}; {told}.", until
    applying = len({result.requirement for result in executed})
    if applying < total:
        told = f"All {applying} requirements that apply hold; {total - applying} of {total} do not apply."
        return Readiness.READY, told, until
    return Readiness.READY, f"All {total} requirements of the profile hold.", until


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _agreeing(number: int, one: str, many: str) -> str:
    return one if number == 1 else many


def new_failures(verdict: Verdict, changes: Changes | None) -> tuple[str, ...]:
    """Return the blocking points, as the verdict names them, that did not fail so in the baseline.

    What the kit or the configuration explains is a new failure too, and so is a failure in another way at
    the same point: whoever knows the reason moves the baseline.  A point that failed then and cannot be
    tested now is none, for it is not known to be another failure.  Without a baseline everything is new.
    """
    if changes is None:
        return verdict.blocking
    other = {
        label(Point(requirement=change.requirement, case=change.case))
        for change in changes.changes
        if not (change.before is Status.FAIL and change.after is Status.NOT_TESTABLE)
    }
    return tuple(point for point in verdict.blocking if point in other)


def new_conditions(changes: Changes | None) -> tuple[str, ...]:
    """Return the points that warn and stood better, or did not stand at all, in the baseline."""
    return tuple(
        label(Point(requirement=change.requirement, case=change.case))
        for change in (changes.changes if changes is not None else ())
        if change.after is Status.WARN
        and change.before not in {Status.WARN, Status.FAIL, Status.NOT_TESTABLE}
    )


def exit_code(
    verdict: Verdict,
    run: Run,
    *,
    strict: bool = False,
    gate: Gate = Gate.READY,
    changes: Changes | None = None,
) -> int:
    """Return the process exit code; when several apply, 5, 4, 2, 3, 1, 6, 7 in this order of precedence.

    Args:
        verdict: of the run.
        run: that the verdict is about.
        strict: whether conditions do not pass; under `Gate.NO_NEW_FAILURES`, whether new ones do not.
        gate: what passes although the verdict is NOT READY.  It never lets an INCOMPLETE run pass.
        changes: against the baseline; without them every failure is new.
    """
    if any(result.status is Status.KIT_ERROR for result in run.results):
        return 5
    if run.harness_failure:
        return 4
    if run.interrupted:
        return 130
    tolerant = gate is Gate.NO_NEW_FAILURES
    if verdict.readiness is Readiness.INCOMPLETE:
        return EXIT_CODES[verdict.readiness]
    if verdict.readiness is Readiness.NOT_READY and not (tolerant and not new_failures(verdict, changes)):
        return EXIT_CODES[verdict.readiness]
    if verdict.waiver_errors:
        return 6
    if strict and tolerant and changes is not None:
        return 7 if new_conditions(changes) else 0
    if verdict.readiness is Readiness.CONDITIONS and strict:
        return 7
    return 0
