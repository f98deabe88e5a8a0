"""Joins the reports of a profile's parts into the report that one machine would have written.

Parts are joined only when they are of one run: the same kit, catalogue, vectors and profile, the same
build, seed and configuration, and every point of the profile settled or accounted for by one of them.
The verdict is computed anew from all results; none of the parts had one.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from conformance import shards
from conformance.errors import OperatorError
from conformance.model import (
    Blame,
    Changes,
    CounterExample,
    Credential,
    Evidence,
    LookAlike,
    Point,
    Remark,
    Report,
    Result,
    Run,
    Status,
    StoredRun,
)
from conformance.report.comparison import in_order
from conformance.report.text import headline
from conformance.verdict import decide, label

UNSTATED: Final = (
    "The implementation states no digest of its build. That all parts were run against the same one is "
    "taken on trust."
)

_NEITHER: Final = frozenset({"platform"})
"""Facts of the machine on which the outcome of a check does not rest."""


def merge(
    parts: Sequence[Report], *, resembling: Callable[[Sequence[Result]], tuple[LookAlike, ...]] | None = None
) -> Report:
    """Return the report of the whole.

    Args:
        parts: in any order.
        resembling: says from all results which of the kit's own wrong implementations the product
            resembles; without it the report says nothing of them.

    Raises:
        OperatorError: a part is missing, there twice, or is no part; the parts are not of one run, and
            then it says in what they differ; or a point has no result and nothing says why.
    """
    parts = _in_order(parts)
    _refuse_differences(parts)
    _refuse_gaps(parts)
    first = parts[0]
    evidence, examples, results = _joined(parts)
    run = _run(parts, results)
    requirements = {each.id: each for part in parts for each in part.requirements}
    security = frozenset(each.id for each in requirements.values() if each.security)
    return Report(
        schema=first.schema,
        run=run,
        verdict=decide(run, security=security, today=_day(run.finished)),
        requirements=tuple(requirements.values()),
        evidence=evidence,
        changes=_changes(parts, run),
        trend=_trend(parts),
        look_alikes=resembling(results) if resembling is not None else (),
        kill_score=first.kill_score,
        counter_examples=examples,
        questions=first.questions,
    )


# --- what is refused --------------------------------------------------------------------------------


def _in_order(parts: Sequence[Report]) -> list[Report]:
    """Return the parts by their number."""
    if not parts:
        raise OperatorError("there is nothing to join", expected="the folders of the parts of one run")
    for part in parts:
        if not part.run.shard:
            raise OperatorError(
                "a whole run is no part of one",
                expected="reports of runs with --shard, for instance 1/4",
                found=f"a run of the whole profile {part.run.profile.name}, started {part.run.started}",
                advice="name only the folders of the parts",
            )
    numbered = sorted(
        ((shards.read(part.run.shard), part) for part in parts), key=lambda each: (each[0].of, each[0].number)
    )
    counts = Counter(shard.of for shard, _ in numbered)
    if len(counts) > 1:
        raise _differ("number of parts", [str(shard) for shard, _ in numbered])
    of = numbered[0][0].of
    given = Counter(shard.number for shard, _ in numbered)
    twice = [f"{number}/{of}" for number, count in given.items() if count > 1]
    if twice:
        raise OperatorError(
            "a part is there more than once",
            expected="every part once",
            found=", ".join(twice),
            advice="leave out the older folder of the two",
        )
    missing = [f"{number}/{of}" for number in range(1, of + 1) if number not in given]
    if missing:
        raise OperatorError(
            "parts of the profile are missing",
            expected=f"all {of} parts",
            found=f"no part {', '.join(missing)}",
            advice=f"run it with --shard {missing[0]}, and name its folder too",
        )
    return [part for _, part in numbered]


def _refuse_differences(parts: Sequence[Report]) -> None:
    """Refuse parts that are not of one run, and say in what they differ."""
    for name, told in _FACTS:
        values = [told(part.run) for part in parts]
        known = [value for value in values if value is not None]
        if any(value != known[0] for value in known):
            raise _differ(name, _told(parts, map(_short, values)))
    names = dict.fromkeys(name for part in parts for name in part.run.environment if name not in _NEITHER)
    for name in names:
        values = [part.run.environment.get(name, "") for part in parts]
        if len(set(values)) > 1:
            raise _differ(name, _told(parts, map(_short, values)))
    plan = frozenset(parts[0].run.planned)
    for part in parts[1:]:
        if frozenset(part.run.planned) != plan:
            other = min(plan ^ frozenset(part.run.planned), key=label)
            sizes = (f"{len(each.run.planned)} points" for each in parts)
            raise _differ("plan", [*_told(parts, sizes), f"{label(other)} is in one only"])
    baselines = [part.changes.baseline if part.changes else None for part in parts]
    if any(each != baselines[0] for each in baselines):
        raise _differ("baseline", _told(parts, [each.started if each else "none" for each in baselines]))


def _refuse_gaps(parts: Sequence[Report]) -> None:
    """Refuse a part that holds others' results, or lacks some of its own without having been stopped."""
    for part in parts:
        run = part.run
        mine = shards.share(shards.read(run.shard), run.planned)
        settled = {Point(requirement=each.requirement, case=each.case) for each in run.results}
        strange = [each for each in settled if each.requirement not in mine]
        if strange:
            raise OperatorError(
                f"the part {run.shard} holds a result that belongs to another part",
                found=label(min(strange, key=label)),
                advice="run the part again with this kit",
            )
        open_points = [each for each in run.planned if each.requirement in mine and each not in settled]
        stopped = run.harness_failure or run.interrupted
        stopped = stopped or any(each.status is Status.KIT_ERROR for each in run.results)
        if open_points and not stopped:
            raise OperatorError(
                "the parts together are not the whole profile",
                expected=f"a result of every point of part {run.shard}",
                found=f"none of {len(open_points)} points, the first is {label(open_points[0])}",
                advice=f"run it again: --shard {run.shard}",
            )


def _told(parts: Sequence[Report], values: Iterable[str]) -> list[str]:
    return [f"{part.run.shard}: {value}" for part, value in zip(parts, values, strict=True)]


def _differ(name: str, found: Sequence[str]) -> OperatorError:
    return OperatorError(
        f"the parts are not of one run: they differ in {name}",
        expected="parts of the same kit, profile, build, seed and configuration",
        found="; ".join(found[:8]),
        advice="run all parts again, set up alike",
    )


def _short(value: Any) -> str:  # noqa: ANN401 - whatever a fact is
    if value is None:
        return "never started"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return headline(text, 120) or "none"


def _build(run: Run) -> Any:  # noqa: ANN401 - compared only
    """Return who the implementation says it is; a harness that never started said nothing."""
    return None if run.implementation is None else msgspec.to_builtins(run.implementation)


def _owner(run: Run) -> Any:  # noqa: ANN401 - compared only
    """Return whose credential it was; those of the kit are made anew by each part."""
    owner: Credential | None = run.credential
    if owner is None:
        return None
    return [owner.origin, owner.alias, owner.abn, owner.sha256 if owner.origin == "operator" else ""]


_FACTS: Final[tuple[tuple[str, Callable[[Run], Any]], ...]] = (
    ("kit", lambda run: run.kit_version),
    ("catalogue", lambda run: run.catalogue_digest),
    ("vectors", lambda run: run.vectors_digest),
    ("profile", lambda run: msgspec.to_builtins(run.profile)),
    ("build", _build),
    ("seed", lambda run: str(run.seed)),
    ("implementation under test", lambda run: run.target),
    ("carrier", lambda run: run.carrier if run.implementation is not None else None),
    ("credential", _owner),
    ("waivers", lambda run: msgspec.to_builtins(run.waivers)),
    ("attestations", lambda run: msgspec.to_builtins(run.attestations)),
    ("registration", lambda run: msgspec.to_builtins(run.registration) or {}),
)
"""What must agree, in the order in which a difference is told; None where a part cannot say."""


# --- what is joined ---------------------------------------------------------------------------------


def _run(parts: Sequence[Report], results: tuple[Result, ...]) -> Run:
    runs = [part.run for part in parts]
    first = runs[0]
    who = next((run.implementation for run in runs if run.implementation is not None), None)
    remarks = [remark for run in runs for remark in run.remarks]
    if who is not None and not who.build and len(runs) > 1:
        remarks.append(Remark(blame=Blame.HARNESS, text=UNSTATED))
    remarks.append(
        Remark(
            blame=Blame.ENVIRONMENT,
            text=f"Joined from {len(runs)} parts, which began at {', '.join(run.started for run in runs)}.",
        )
    )
    return msgspec.structs.replace(
        first,
        started=min(run.started for run in runs),
        finished=max(run.finished for run in runs),
        carrier=next((run.carrier for run in runs if run.carrier), ""),
        implementation=who,
        credential=next((run.credential for run in runs if run.credential is not None), None),
        environment=_environment(runs),
        results=results,
        remarks=tuple(dict.fromkeys(remarks)),
        harness_failure="\n".join(
            f"Part {run.shard}: {run.harness_failure}" for run in runs if run.harness_failure
        ),
        interrupted=any(run.interrupted for run in runs),
        doctor=tuple(dict.fromkeys(finding for run in runs for finding in run.doctor)),
        performance=next((run.performance for run in runs if run.performance), ()),
        shard="",
    )


def _environment(runs: Sequence[Run]) -> dict[str, str]:
    """Return each fact once, or each of its values where the machines differ."""
    values: dict[str, dict[str, None]] = {}
    for run in runs:
        for name, value in run.environment.items():
            values.setdefault(name, {})[value] = None
    return {name: " | ".join(each) for name, each in values.items()}


def _day(moment: str) -> date:
    return datetime.fromisoformat(moment).astimezone(UTC).date()


def _joined(
    parts: Sequence[Report],
) -> tuple[tuple[Evidence, ...], tuple[CounterExample, ...], tuple[Result, ...]]:
    """Return transcripts, stored examples and results, the latter in the order of the plan.

    Two parts may have carried out the same scenario.  Each keeps its transcript: the one of a later part
    is named after the part, and its results cite it so.
    """
    evidence: dict[str, Evidence] = {}
    examples: dict[str, CounterExample] = {}
    results: list[Result] = []
    for part in parts:
        mark = f"-part-{shards.read(part.run.shard).number}"
        scenes = dict(_renamed(part.evidence, evidence, "id", mark))
        stored = dict(_renamed(part.counter_examples, examples, "name", mark))
        results += [
            msgspec.structs.replace(
                result,
                evidence=tuple(scenes.get(name, name) for name in result.evidence),
                counter_example=stored.get(result.counter_example, result.counter_example),
            )
            for result in part.run.results
        ]
    places = {point: place for place, point in enumerate(parts[0].run.planned)}
    results.sort(key=lambda each: places[Point(requirement=each.requirement, case=each.case)])
    return tuple(evidence.values()), tuple(examples.values()), tuple(results)


def _renamed(
    records: Iterable[Any], kept: dict[str, Any], field: str, mark: str
) -> Iterator[tuple[str, str]]:
    """Put records where all are kept, and yield each name with the name that it has there."""
    for record in records:
        name = new = getattr(record, field)
        if new in kept and kept[new] != record:
            new = f"{name}{mark}"
        kept[new] = msgspec.structs.replace(record, **{field: new})
        yield name, new


def _changes(parts: Sequence[Report], run: Run) -> Changes | None:
    """Return what changed in any part; each compared its own points with the same baseline."""
    compared = [part.changes for part in parts if part.changes is not None]
    if not compared:
        return None
    found = dict.fromkeys(change for each in compared for change in each.changes)
    differing = dict.fromkeys(told for each in compared for told in each.configuration_differs)
    return Changes(
        baseline=compared[0].baseline,
        changes=in_order(found, run.profile),
        kit_differs=any(each.kit_differs for each in compared),
        configuration_differs=tuple(differing),
        build_differs=any(each.build_differs for each in compared),
    )


def _trend(parts: Sequence[Report]) -> tuple[StoredRun, ...]:
    found: list[StoredRun] = []
    for part in parts:
        found += [each for each in part.trend if each not in found]
    return tuple(sorted(found, key=lambda each: each.started))
