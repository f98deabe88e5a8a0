"""Which of the kit's own wrong implementations a product resembles, by what both miss."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from conformance.model import LookAlike, Result


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


def look_alikes(results: Iterable[Result], declared: Mapping[str, Declared]) -> tuple[LookAlike, ...]:
    """Return the wrong implementations that explain misses, the most similar first."""
    return ()
