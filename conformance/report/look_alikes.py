"""Which of the kit's own wrong implementations a product resembles, by what both miss.

A wrong implementation of the kit's has one mistake and declares what it misses for it.  Where a product
misses the same, the same mistake is a likely cause of it: a root cause for several findings, with a remedy.
It is a likeness and no proof; the findings themselves are what counts.

Only what is declared is compared; nothing is run.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from conformance.model import LookAlike, Result, Status, Subcode

MOST: Final = 12
"""Look-alikes that are named."""
ALIKE_MOST: Final = 3
"""Of those that cannot be told apart; where there are more, the likeness says nothing and none is named."""
LEAST_SHOWN: Final = 2 / 3
"""Share of what a look-alike misses that the product must miss too."""

LEAST_SIMILAR: Final = 0.05
"""Of a product that misses nearly everything, no single mistake is the cause."""

_MISSES: Final = frozenset({Status.FAIL, Status.WARN})
_LOOKED_AT: Final = frozenset({Status.PASS, Status.FAIL, Status.WARN, Status.NOT_TESTABLE})


@dataclass(frozen=True, slots=True)
class Declared:
    """What a wrong implementation of the kit's own says of itself."""

    mutant: str
    sentence: str
    mend: str
    kills: str
    """The requirement that it is made to miss."""
    also: tuple[str, ...] = ()
    """Further requirements that its mistake misses."""
    subcode: Subcode | None = None
    """How it misses the requirement that it is made to miss; None if that does not matter."""
    cases: frozenset[str] = frozenset()
    """Ids of the vectors that say of themselves that they expose it."""


@dataclass(frozen=True, slots=True)
class _Candidate:
    declared: Declared
    explained: frozenset[str]
    similarity: float
    of_cases: float
    """As the similarity, but of vectors: tells apart what misses the same requirements."""


def look_alikes(results: Iterable[Result], declared: Mapping[str, Declared]) -> tuple[LookAlike, ...]:
    """Return the wrong implementations that explain misses, the most similar first.

    Each explains a miss that none before it does, unless they cannot be told apart.  One is only named if
    the product misses the very requirement that it is made to miss, in the same way, and most of what it
    misses besides, as far as the run has looked at that.

    Args:
        results: of a run.
        declared: the wrong implementations, by their names.
    """
    found = tuple(results)
    missed = {each.requirement for each in found if each.status in _MISSES}
    untestable = {each.requirement for each in found if each.status is Status.NOT_TESTABLE} - missed
    seen = {each.requirement for each in found if each.status in _LOOKED_AT}
    ways = {(each.requirement, each.subcode) for each in found if each.status in _MISSES}
    cases = _cases(found)
    candidates = [
        candidate
        for each in declared.values()
        if each.kills in missed and (each.subcode is None or (each.kills, each.subcode) in ways)
        if (candidate := _candidate(each, missed, untestable, seen, cases)) is not None
    ]
    candidates.sort(key=lambda each: (-each.similarity, -each.of_cases, each.declared.mutant))
    return tuple(_told(each) for each in _chosen(candidates))[:MOST]


def _cases(results: Iterable[Result]) -> dict[str, set[str]]:
    """Return the ids of the vectors that the product gets wrong, by requirement."""
    found: dict[str, set[str]] = {}
    for each in results:
        if each.status in _MISSES and each.case.endswith("]"):
            found.setdefault(each.requirement, set()).add(each.case.partition("[")[2][:-1])
    return found


def _candidate(
    declared: Declared,
    missed: set[str],
    untestable: set[str],
    seen: set[str],
    cases: Mapping[str, set[str]],
) -> _Candidate | None:
    own = {declared.kills, *declared.also} & seen
    # What comes after a miss may no longer be looked at; then it is as good as missed.
    both = own & (missed | untestable)
    if len(both) < LEAST_SHOWN * len(own):
        return None
    similarity = len(both) / len(own | missed)
    if similarity < LEAST_SIMILAR:
        return None
    wrong = cases.get(declared.kills, set())
    either = wrong | declared.cases
    return _Candidate(
        declared,
        frozenset(both),
        similarity=similarity,
        of_cases=len(wrong & declared.cases) / len(either) if declared.cases else 0.0,
    )


def _chosen(candidates: list[_Candidate]) -> Iterable[_Candidate]:
    """Yield those that explain something new; candidates are in the order of their likeness."""
    explained: set[str] = set()
    for candidate in candidates:
        if candidate.declared.kills in explained:
            continue
        explained |= candidate.explained
        alike = [each for each in candidates if _cannot_be_told_apart(each, candidate)]
        if len(alike) <= ALIKE_MOST:
            yield from alike


def _cannot_be_told_apart(one: _Candidate, other: _Candidate) -> bool:
    return (one.declared.kills, one.explained, one.similarity, one.of_cases) == (
        other.declared.kills,
        other.explained,
        other.similarity,
        other.of_cases,
    )


def _told(candidate: _Candidate) -> LookAlike:
    declared = candidate.declared
    others = [name for name in dict.fromkeys(declared.also) if name in candidate.explained]
    return LookAlike(
        mutant=declared.mutant,
        sentence=declared.sentence,
        mend=declared.mend,
        requirements=(declared.kills, *(name for name in others if name != declared.kills)),
        similarity=round(candidate.similarity, 3),
    )
