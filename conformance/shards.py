"""Parts of a profile that several machines run side by side: `2/4` is the second of four.

Which part a requirement belongs to follows from the plan of the profile alone, so that every machine
comes to the same division without a word to the others.  A requirement is never split: its checks share
scenarios, and its points are judged together.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from conformance.errors import OperatorError
from conformance.model import Point

MOST: Final = 256
"""Parts; more than that starts more harnesses than it runs checks."""

_WRITTEN: Final = re.compile(r"([0-9]{1,4})/([0-9]{1,4})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of several."""

    number: int
    """From 1."""
    of: int

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def read(text: str) -> Shard:
    """Return the part that is written as `2/4`.

    Raises:
        OperatorError: it is not written so, or there is no such part.
    """
    found = _WRITTEN.fullmatch(text)
    shard = Shard(int(found[1]), int(found[2])) if found else None
    if shard is None or not 1 <= shard.number <= shard.of <= MOST:
        raise OperatorError(
            "there is no such part of a profile",
            expected=f"the number of the part, a slash and how many there are, from 1/1 to {MOST}/{MOST}",
            found=text or "nothing",
            where="--shard",
            advice="for the second of four machines: --shard 2/4",
        )
    return shard


def share(shard: Shard, planned: Iterable[Point]) -> frozenset[str]:
    """Return the ids of the requirements that belong to a part.

    The requirements with the most points are dealt out first, each to the part that has the fewest
    points by then; neither their order in ``planned`` nor the order of its cases matters.

    Args:
        shard: the part.
        planned: every point of the profile, whoever runs it.

    Raises:
        OperatorError: there are more parts than requirements, so that some would be empty.
    """
    sizes = Counter(point.requirement for point in planned)
    if shard.of > len(sizes):
        raise OperatorError(
            "the profile cannot be divided into so many parts",
            expected=f"at most {len(sizes)}, one for each requirement that has a check",
            found=str(shard),
            where="--shard",
            advice="name fewer parts",
        )
    loads = [0] * shard.of
    mine = set()
    for identifier, size in sorted(sizes.items(), key=lambda each: (-each[1], each[0])):
        lightest = loads.index(min(loads))
        loads[lightest] += size
        if lightest == shard.number - 1:
            mine.add(identifier)
    return frozenset(mine)
