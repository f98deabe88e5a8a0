"""A report turned round: from a list of results to one entry per requirement, each with its cases.

Every section, `junit.xml` and `summary.md` read this and agree with each other for that reason.  The
verdict itself is taken from the report and never computed here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from conformance.model import (
    Capability,
    Confidence,
    Evidence,
    Level,
    Report,
    Requirement,
    Result,
    Run,
    Source,
    Status,
    Verdict,
    Waiver,
)
from conformance.report import figures, standing
from conformance.report.standing import Standing, Tone
from conformance.verdict import admits, label

_ORDER = tuple(Capability)
_MISSES = frozenset({Status.FAIL, Status.NOT_TESTABLE, Status.WARN})


@dataclass(frozen=True)
class Case:
    """One point of a requirement: a vector, a property or a scenario, with its result if there is one."""

    requirement: str
    name: str
    standing: Standing
    result: Result | None
    waiver: Waiver | None

    @property
    def label(self) -> str:
        """The point as the verdict writes it, `ID` or `ID[case]`."""
        return f"{self.requirement}[{self.name}]" if self.name else self.requirement


@dataclass(frozen=True)
class Entry:
    """A requirement and everything that the run learned about it."""

    requirement: Requirement
    cases: tuple[Case, ...]
    scoring: bool
    """Whether the profile counts it."""
    blocking: bool
    """Whether the verdict says that it stands between the product and readiness."""
    unwaivable: bool
    """Whether the verdict says that its failure cannot be waived."""

    @cached_property
    def standing(self) -> Standing:
        """The worst standing among the cases."""
        if self.cases:
            return min((case.standing for case in self.cases), key=lambda each: each.rank)
        return standing.EXCLUDED if self.requirement.excluded else standing.NO_RESULT

    @cached_property
    def misses(self) -> tuple[Case, ...]:
        """The cases that ended with fail, not testable or warn, waived ones included."""
        return tuple(case for case in self.cases if case.result and case.result.status in _MISSES)

    @property
    def missing(self) -> tuple[Case, ...]:
        """The cases that are not settled."""
        return tuple(case for case in self.cases if case.standing.column == "missing")

    @property
    def assumed(self) -> bool:
        """Whether it rests on inferred or assumed behaviour of the real services."""
        return self.requirement.confidence in standing.UNSURE

    @property
    def gravity(self) -> tuple[bool, bool, bool, int, bool, bool, int]:
        """Sort key: what counts, what blocks, what could be seen, the level, security, the standing."""
        return (
            not self.scoring,
            not self.blocking,
            self.standing is standing.NOT_TESTABLE,
            standing.LEVEL_RANK[self.requirement.level],
            not self.unwaivable,
            not self.requirement.security,
            self.standing.rank,
        )

    def tally(self) -> dict[str, int]:
        """Return the number of cases per column of the capability matrix."""
        counts = dict.fromkeys(standing.COLUMNS, 0)
        for case in self.cases:
            counts[case.standing.column] += 1
        return counts


@dataclass(frozen=True)
class Ledger:
    """A report with one entry per requirement, in the order of capabilities and then of the catalogue."""

    report: Report
    entries: tuple[Entry, ...]
    evidence: dict[str, Evidence]

    @property
    def run(self) -> Run:
        """The run that the report is about."""
        return self.report.run

    @property
    def verdict(self) -> Verdict:
        """The verdict, as it was computed before."""
        return self.report.verdict

    @property
    def tone(self) -> Tone:
        """The colour of the verdict."""
        return standing.OF_READINESS[self.verdict.readiness]

    @property
    def product(self) -> str:
        """Name and version of the implementation, or that it did not say."""
        return figures.product(self.run)

    @property
    def scoring(self) -> tuple[Entry, ...]:
        """The entries that the profile counts."""
        return tuple(entry for entry in self.entries if entry.scoring)

    def tally(self, entries: Iterable[Entry] | None = None) -> dict[str, int]:
        """Return the number of points per column, over ``entries`` or over all that count."""
        counts = dict.fromkeys(standing.COLUMNS, 0)
        for entry in self.scoring if entries is None else entries:
            for column, number in entry.tally().items():
                counts[column] += number
        return counts


def open_ledger(report: Report) -> Ledger:
    """Return the ledger of ``report``.

    A point that was planned, or that the verdict misses, and has no result becomes a case without a
    result.  A requirement that the report does not describe is entered under its id alone: a report that
    hides what it does not know would be worse than an ugly one.
    """
    known = {requirement.id: requirement for requirement in report.requirements}
    results: dict[str, dict[str, Result]] = {}
    for result in report.run.results:
        had = results.setdefault(result.requirement, {})
        # Shards may overlap, and then the worse of two results counts, as in the verdict.
        other = had.get(result.case)
        if other is None or standing.OF_STATUS[result.status].rank < standing.OF_STATUS[other.status].rank:
            had[result.case] = result
    unsettled: dict[str, dict[str, None]] = {}
    for point in report.run.planned:
        unsettled.setdefault(point.requirement, {})[point.case] = None
    for name in report.verdict.missing:
        identifier, case = read_label(name)
        if case or not (results.get(identifier) or unsettled.get(identifier)):
            unsettled.setdefault(identifier, {})[case] = None
    ids = dict.fromkeys((*known, *results, *unsettled, *report.run.profile.requirements))
    missing = frozenset(report.verdict.missing)
    blocking = frozenset((*report.verdict.blocking, *report.verdict.unwaivable))
    stops = frozenset(read_label(label)[0] for label in blocking)
    unwaivable = frozenset(read_label(label)[0] for label in report.verdict.unwaivable)
    entries = []
    for identifier in ids:
        had = results.get(identifier, {})
        cases = [_settled(result, blocking, missing, report.run.waivers) for result in had.values()]
        cases += [
            Case(identifier, name, standing.NO_RESULT, None, None)
            for name in unsettled.get(identifier, {})
            if name not in had
        ]
        requirement = known.get(identifier) or _undescribed(identifier, had.values())
        entries.append(
            Entry(
                requirement=requirement,
                cases=tuple(cases),
                scoring=identifier in report.run.profile.requirements,
                blocking=identifier in stops,
                unwaivable=identifier in unwaivable,
            )
        )
    entries.sort(key=lambda entry: _ORDER.index(entry.requirement.capability))
    return Ledger(report, tuple(entries), {each.id: each for each in report.evidence})


def read_label(label: str) -> tuple[str, str]:
    """Return requirement and case of a point as the verdict writes it, `ID` or `ID[case]`."""
    identifier, bracket, rest = label.partition("[")
    return (identifier, rest[:-1]) if bracket and rest.endswith("]") else (label, "")


def _settled(
    result: Result, blocking: frozenset[str], missing: frozenset[str], waivers: tuple[Waiver, ...]
) -> Case:
    """Return the case of a result; whether a miss blocks, is open or is admitted is the verdict's to say."""
    name = label(result)
    how, waiver = standing.OF_STATUS[result.status], None
    if result.status not in _MISSES or name in blocking:
        return Case(result.requirement, result.case, how, result, None)
    if result.status is not Status.WARN and name in missing:
        how = standing.UNSETTLED
    elif waiver := next((each for each in waivers if admits(each, result)), None):
        how = standing.WAIVED
    elif result.status is not Status.WARN and result.level is not Level.MUST:
        how = standing.MISSED
    return Case(result.requirement, result.case, how, result, waiver)


def _undescribed(identifier: str, results: Iterable[Result]) -> Requirement:
    level = next((result.level for result in results), Level.MUST)
    return Requirement(
        id=identifier,
        text="This report does not describe the requirement; look it up with `evte explain`.",
        level=level,
        confidence=Confidence.ASSUMED,
        source=Source(document="not stated"),
        capability=_guess_capability(identifier),
        method="",
        why="",
        trap="",
        mend={"any": ""},
    )


def _guess_capability(identifier: str) -> Capability:
    area = identifier.casefold().partition("-")[0]
    return {"ks": Capability.KEYSTORE, "sts": Capability.STS}.get(area, Capability.USI)
