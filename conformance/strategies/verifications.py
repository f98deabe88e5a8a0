"""Questions whether a USI belongs to a person, each with the answer that is right for it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.strategies.identifiers import usis

Particulars = Mapping[str, str]
"""USI, FirstName with FamilyName or SingleName, and DateOfBirth, all of them right."""

_OTHER_DATE: Final = "1931-03-31"
_OTHER_NAME: Final = "Somebodyelse"


@dataclass(frozen=True, slots=True)
class Verification:
    """One question and what is right."""

    request: Mapping[str, str]
    verified: bool
    because: str
    """What is wrong in the request, in words; empty when nothing is."""

    @property
    def conclusion(self) -> str:
        """The word of the contract for it."""
        return "verified" if self.verified else "not_verified"

    def __repr__(self) -> str:
        return f"<{dict(self.request)}: {self.because or 'right'}>"


def verifications(
    known: Sequence[Particulars], *, deactivated: Sequence[Particulars] = ()
) -> SearchStrategy[Verification]:
    """Questions about people that the registry knows, and about USIs that it does not.

    Args:
        known: people with active USIs; no two are alike in names and date of birth, and nobody has the name
            or the date that stands in for a wrong one.
        deactivated: people whose USIs are no longer good, though everything matches.

    Raises:
        ValueError: nobody is known.
    """
    if not known:
        raise ValueError("somebody must be known, else there is nothing to verify")
    taken = {person["USI"] for person in (*known, *deactivated)}
    one = st.sampled_from([dict(person) for person in known])
    kinds: list[SearchStrategy[Verification]] = [
        one.map(lambda person: Verification(person, True, "")),
        one.map(lambda person: Verification(_renamed(person), False, "another name")),
        one.map(lambda person: Verification({**person, "DateOfBirth": _OTHER_DATE}, False, "another date")),
        st.builds(
            lambda person, usi: Verification({**person, "USI": usi}, False, "a USI that nobody has"),
            one,
            usis().filter(lambda usi: usi not in taken),
        ),
    ]
    if deactivated:
        gone = st.sampled_from([dict(person) for person in deactivated])
        kinds.append(gone.map(lambda person: Verification(person, False, "a deactivated USI")))
    return st.one_of(kinds)


def _renamed(person: dict[str, str]) -> dict[str, str]:
    name = "SingleName" if "SingleName" in person else "FamilyName"
    return {**person, name: _OTHER_NAME}


def verification_batches(
    known: Sequence[Particulars],
    *,
    deactivated: Sequence[Particulars] = (),
    most: int = 24,
    repeated: bool = False,
) -> SearchStrategy[list[Verification]]:
    """Batches of questions in any order, of one to `most`.

    Small batches have fewer than ten records; from ten on, numbers that are sorted as texts fall out of their
    order.

    Args:
        known: as of `verifications`.
        deactivated: likewise.
        most: records, at least 1.
        repeated: whether a USI may stand in a batch twice, as it does when two students give the same one.

    Raises:
        ValueError: nobody is known, or `most` is less than 1.
    """
    if most < 1:
        raise ValueError(f"a batch has at least one record, not {most}")
    unique: dict[str, Any] = {} if repeated else {"unique_by": lambda each: each.request["USI"]}
    one = verifications(known, deactivated=deactivated)
    # Every size as often as any other: lists by themselves are mostly short.
    return st.integers(1, most).flatmap(lambda size: st.lists(one, min_size=size, max_size=size, **unique))
