"""What changed between two runs, point by point, and why: the baseline's section, `evte diff`, the gate.

Every point that stands otherwise than before is put into exactly one kind.  What lies nearest explains
it: an answer that is not the same twice, then a point that one of the runs left out, then another kit or
configuration, and else the product.  Where the build is another one, kit and configuration explain only
what cannot have come from the product: a point that one of the two did not ask for, or asks otherwise.
Messages are not compared: they hold times and drawn values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from conformance import shards
from conformance.model import (
    EXECUTED,
    Change,
    ChangeKind,
    Changes,
    Credential,
    Implementation,
    Point,
    Profile,
    Report,
    Requirement,
    Result,
    Run,
    Status,
    StoredRun,
    Subcode,
)
from conformance.report import standing
from conformance.verdict import settles

ORDER: Final = tuple(ChangeKind)
"""The kinds in the order in which a reader needs them."""

_RANK: Final = {Status.PASS: 0, Status.WARN: 1, Status.NOT_TESTABLE: 2, Status.FAIL: 2}
"""How bad an executed point is."""

_Stand = tuple[int, str, str]
"""How far a point came (0 open, 1 does not apply, 2 executed), and its outcome if that matters."""


def stored(report: Report) -> StoredRun:
    """Return what is kept of a run for trends and comparisons."""
    run, who = report.run, report.run.implementation
    return StoredRun(
        started=run.started,
        product=who.name if who else "",
        version=who.version if who else "",
        build=who.build if who else "",
        profile=run.profile.name,
        kit_version=run.kit_version,
        readiness=report.verdict.readiness,
        counts=report.verdict.counts,
    )


def compare(before: Report, after: Report) -> Changes:
    """Return every point that stands otherwise in ``after`` than in ``before``, with the reason.

    Of a part of a profile (`Run.shard`), only the points of that part are compared, and those that the
    plan no longer has; all parts together therefore have what the whole would have.
    """
    differences = _Differences(
        kit=_kit_differs(before.run, after.run),
        configuration=tuple(_configuration(before.run, after.run)),
        build=_build_differs(before.run.implementation, after.run.implementation),
        same_build=_same_build(before.run.implementation, after.run.implementation),
        before=_side(before),
        after=_side(after),
    )
    changes = [
        _change(point, differences)
        for point in _points(before.run, after.run)
        if _stand(differences.before.results.get(point)) != _stand(differences.after.results.get(point))
    ]
    return Changes(
        baseline=stored(before),
        changes=in_order(changes, after.run.profile),
        kit_differs=differences.kit,
        configuration_differs=differences.configuration,
        build_differs=differences.build,
    )


# --- what differs between the runs ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Side:
    """What one of the two runs says of its points."""

    results: dict[Point, Result]
    """The worst where a point has several."""
    planned: frozenset[Point]
    requirements: dict[str, Requirement]


@dataclass(frozen=True, slots=True)
class _Differences:
    """What may explain a change."""

    kit: bool
    configuration: tuple[str, ...]
    build: bool
    same_build: bool
    """Whether both state the digest of their build, and the same."""
    before: _Side
    after: _Side


def _side(report: Report) -> _Side:
    results: dict[Point, Result] = {}
    for result in report.run.results:
        point = Point(requirement=result.requirement, case=result.case)
        other = results.get(point)
        if other is None or standing.OF_STATUS[result.status].rank < standing.OF_STATUS[other.status].rank:
            results[point] = result
    return _Side(
        results,
        frozenset(report.run.planned),
        {requirement.id: requirement for requirement in report.requirements},
    )


def _points(before: Run, after: Run) -> Iterator[Point]:
    """Yield every point that can be compared, once."""
    named = dict.fromkeys(
        Point(requirement=result.requirement, case=result.case)
        for result in (*after.results, *before.results)
    )
    if not after.shard:
        yield from named
        return
    mine = shards.share(shards.read(after.shard), after.planned)
    elsewhere = frozenset(point for point in after.planned if point.requirement not in mine)
    yield from (point for point in named if point not in elsewhere)


def _kit_differs(before: Run, after: Run) -> bool:
    def told(run: Run) -> tuple[object, ...]:
        goal = run.profile
        return (
            run.kit_version,
            run.catalogue_digest,
            run.vectors_digest,
            *(
                (goal.edition, goal.requirements, goal.may_be_absent)
                if before.profile.name == after.profile.name
                else ()
            ),
        )

    return told(before) != told(after)


def _build_differs(before: Implementation | None, after: Implementation | None) -> bool:
    if before is None or after is None:
        return False
    stated = bool(before.build and after.build)
    return (before.name, before.version) != (after.name, after.version) or (
        stated and before.build != after.build
    )


def _same_build(before: Implementation | None, after: Implementation | None) -> bool:
    if before is None or after is None or not before.build:
        return False
    return (before.name, before.version, before.build) == (after.name, after.version, after.build)


def _configuration(before: Run, after: Run) -> Iterator[str]:
    """Yield in words what of the configuration is another."""
    facts = [
        ("profile", before.profile.name, after.profile.name),
        ("seed", str(before.seed), str(after.seed)),
        ("credential", _owner(before.credential), _owner(after.credential)),
    ]
    # What was never started says nothing of how it would have been.
    if before.implementation is not None and after.implementation is not None:
        facts += [
            ("carrier", before.carrier, after.carrier),
            ("implementation under test", before.target, after.target),
            ("runtime", before.implementation.runtime, after.implementation.runtime),
        ]
        yield from _capabilities(before.implementation, after.implementation)
    facts += [
        (name, before.environment.get(name, ""), after.environment.get(name, ""))
        for name in dict.fromkeys((*before.environment, *after.environment))
    ]
    for name, then, now in facts:
        if then != now:
            yield f"{name}: {then or 'none'} then, {now or 'none'} now"


def _capabilities(before: Implementation, after: Implementation) -> Iterator[str]:
    for word, one, other in (("added", after, before), ("gone", before, after)):
        named = [name for name in one.capabilities if name not in other.capabilities]
        if named:
            yield f"capabilities {word}: {', '.join(named)}"


def _owner(credential: Credential | None) -> str:
    """Name the credential; those of the kit are made anew for every run and differ in nothing that counts."""
    if credential is None:
        return ""
    if credential.origin != "operator":
        return "the kit's own"
    return f"{credential.alias}, certificate {credential.sha256[:16]}"


# --- what differs about a point ---------------------------------------------------------------------


def _nondeterministic(result: Result | None) -> bool:
    return result is not None and result.subcode is Subcode.NONDETERMINISTIC


def _stand(result: Result | None) -> _Stand:
    if result is None or not settles(result):
        return (0, "nondeterministic" if _nondeterministic(result) else "", "")
    if result.status is Status.NOT_APPLICABLE:
        return (1, "", "")
    return (2, result.status.value, result.subcode.value if result.subcode else "")


def _left_out(point: Point, side: _Side) -> bool:
    """Whether a run had the point in its plan, and did not come to it or was told to leave it out."""
    result = side.results.get(point)
    return point in side.planned if result is None else result.status is Status.SKIP


def _change(point: Point, differences: _Differences) -> Change:
    then, now = differences.before.results.get(point), differences.after.results.get(point)
    told = next((each for each in (now, then) if each is not None and each.message), None)
    return Change(
        requirement=point.requirement,
        case=point.case,
        kind=_kind(point, then, now, differences),
        before=then.status if then else None,
        after=now.status if now else None,
        message=told.message if told else "",
    )


def _kind(point: Point, then: Result | None, now: Result | None, differences: _Differences) -> ChangeKind:
    """Return the one kind of a point that differs; see the head of this module for the order."""
    if _nondeterministic(now) or (_nondeterministic(then) and not differences.build):
        return ChangeKind.FLAKY
    if _left_out(point, differences.before) or _left_out(point, differences.after):
        return _by_nature(then, now)
    before, after = differences.before, differences.after
    asked_otherwise = before.requirements.get(point.requirement) != after.requirements.get(point.requirement)
    one_sided = (point in before.planned) != (point in after.planned)
    if differences.kit and (not differences.build or one_sided or asked_otherwise):
        return ChangeKind.KIT
    if differences.configuration and (not differences.build or one_sided):
        return ChangeKind.CONFIGURATION
    if differences.same_build and not differences.configuration and _tried(then) and _tried(now):
        return ChangeKind.FLAKY
    return _by_nature(then, now)


def _tried(result: Result | None) -> bool:
    """Whether the product was asked, and answers for what came of it."""
    if result is None or result.status is Status.KIT_ERROR:
        return False
    return settles(result) or result.status not in EXECUTED


def _by_nature(then: Result | None, now: Result | None) -> ChangeKind:
    came, comes = _stand(then)[0], _stand(now)[0]
    if then is not None and now is not None and came == comes == 2:
        better = _RANK[now.status] < _RANK[then.status]
        return ChangeKind.MENDED if better else ChangeKind.NEWLY_FAILING
    return ChangeKind.NEWLY_EXECUTED if comes > came else ChangeKind.NO_LONGER_EXECUTED


def in_order(changes: Iterable[Change], profile: Profile) -> tuple[Change, ...]:
    """Return changes by kind, and of one kind in the order of the profile."""
    places = {identifier: place for place, identifier in enumerate(profile.requirements)}
    last = len(places)
    return tuple(
        sorted(
            changes,
            key=lambda each: (
                ORDER.index(each.kind),
                places.get(each.requirement, last),
                each.requirement,
                each.case,
            ),
        )
    )


def reasons(changes: Changes, after: Run) -> Iterator[str]:
    """Yield what may explain the changes, a sentence each; what is the same is said too.

    Args:
        changes: as `compare` returned them.
        after: the later of the two runs.
    """
    then, build = changes.baseline, after.implementation.build if after.implementation else ""
    if changes.build_differs:
        yield "The product is another build."
    elif build and build == then.build:
        yield "The product is the same build."
    else:
        yield "Whether the product is the same build cannot be told: its digest is not stated."
    if not changes.kit_differs:
        yield "Kit, catalogue, vectors and profile are the same."
    elif then.kit_version != after.kit_version:
        yield f"The kit is {after.kit_version} and was {then.kit_version}."
    else:
        yield "Catalogue, vectors or profile of the kit are others than then."
    if not changes.configuration_differs:
        yield "The configuration is the same."
    for told in changes.configuration_differs:
        yield f"Configuration, {told}."


def tally(changes: Iterable[Change]) -> dict[ChangeKind, int]:
    """Return the number of changes of each kind that occurs, in the order of `ORDER`."""
    found = [change.kind for change in changes]
    return {kind: found.count(kind) for kind in ORDER if kind in found}
