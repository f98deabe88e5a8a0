"""How the judge of requests keeps its notes: few of each kind, and with the place in a list of records."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.judging import Notes
from conformance.protocol.request_rules.rules import RULES

MOST_FINDINGS: Final = 20
"""How many findings of one code are noted of one message: a hostile one has no end of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Figures that no public source states, so that whoever judges may choose them."""

    contact_means: int = 2
    """How many means of contact an application has at least."""
    phone_digits: int = 8
    """How many digits a telephone number has at least."""


class RequestNotes(Notes):
    """The notes on one request."""

    def __init__(self, limits: Limits) -> None:
        super().__init__(RULES, {})
        self.limits = limits
        self._breaches: Counter[str] = Counter()

    def examined(self, codes: Iterable[str]) -> None:
        """Note that rules were looked at; what broke them, `breach` says."""
        for code in codes:
            self.hold(code, True)

    def breach(
        self,
        code: str,
        where: etree._Element,
        message: str = "",
        *,
        expected: str = "",
        actual: str = "",
        hint: str = "",
    ) -> None:
        """Note that a rule was broken, unless that was noted often enough; arguments as of `Notes.hold`."""
        self._breaches[code] += 1
        if self._breaches[code] <= MOST_FINDINGS:
            self.hold(code, False, message, expected=expected, actual=actual, where=path(where), hint=hint)


def path(element: etree._Element) -> str:
    """Return the path of an element as `markup.where`, with the number of a record from 1 on.

    Only what stands several times beside itself is numbered: `Verifications/Verification[2]/USI`.
    """
    numbers = []
    step: etree._Element | None = element
    while step is not None:
        before = sum(1 for _ in step.itersiblings(step.tag, preceding=True))
        alone = before == 0 and next(step.itersiblings(step.tag), None) is None
        numbers.append("" if alone else f"[{before + 1}]")
        step = step.getparent()
    steps = markup.where(element).split("/")
    return "/".join(f"{name}{number}" for name, number in zip(steps, reversed(numbers), strict=True))
