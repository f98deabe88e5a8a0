"""What a product tells its user of a refusal: that situations differ in it, and that no value forges it."""

import re
from collections.abc import Mapping
from typing import Final

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.simulators.recipes.hostile import CONTROLS, ESCAPE, LINE
from conformance.suite.iut import Reply, excerpt

_VARIABLE: Final = re.compile(r"[\d\W_]+")
"""What differs between two refusals for one and the same reason: dates, numbers, punctuation."""


def told_by(reply: Reply, *particulars: str) -> tuple[str, str]:
    """Return the product's own code and the words of its text, without what varies from call to call.

    Args:
        reply: a refusal.
        particulars: of this call, such as path and id, which are no part of the wording.
    """
    native = reply.answer.native
    if native is None:
        return "", ""
    text = native.text
    for particular in particulars:
        text = text.replace(particular, " ").replace(particular.encode("unicode_escape").decode(), " ")
    return native.code.strip(), _VARIABLE.sub(" ", text).strip().lower()


def must_all_differ(told: Mapping[str, tuple[str, str]]) -> None:
    """Demand that any two situations differ in code or in words.

    Args:
        told: what `told_by` gave for each situation.

    Raises:
        ImplementationError: two are told in the same way; every such group is in the message.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for situation, wording in told.items():
        groups.setdefault(wording, []).append(situation)
    same = [situations for situations in groups.values() if len(situations) > 1]
    if same:
        raise ImplementationError(
            "an operator is told the same of different situations: "
            + "; ".join(" = ".join(situations) for situations in same),
            subcode=Subcode.WRONG_VALUE,
            expected="a code or a sentence of its own for each",
            found=excerpt(" ".join(next(key for key, value in groups.items() if value == same[0])).strip()),
            advice="let each cause through to the message: path, id, password, date, damage, algorithm",
        )


def must_not_be_forged(told: str, where: str) -> None:
    """Demand that no control character of a hostile value stands in a text as it is.

    Args:
        told: what the product says to its user, or writes to standard error.
        where: which of the two, in words.

    Raises:
        ImplementationError: one does; what follows it looks like a line of the product's own.
    """
    lines = told.replace(f"\r\n{LINE}", f"\n{LINE}")  # as Windows writes a line feed
    for name, control in {**CONTROLS, "an-escape-sequence": ESCAPE}.items():
        at = lines.find(control + LINE)
        if at >= 0:
            raise ImplementationError(
                f"{name.replace('-', ' ')} out of a value stands in {where} as it is",
                subcode=Subcode.WRONG_VALUE,
                expected=f"{name.replace('-', ' ')} escaped or left out",
                found=repr(lines[max(0, at - 40) : at + 40]),
                advice="escape control characters in whatever is logged or shown",
            )
