"""How a judge of messages keeps its notes: every rule examined, every finding, nothing raised.

A rule has a code, named for the mistake (`security.to_unsigned`), and a sentence that must hold.
A judge notes that it examined a rule whether or not the rule held, so that a later reader can tell
"held" from "was never looked at".
"""

from collections.abc import Iterable, Mapping

from conformance.errors import KitError
from conformance.model import Finding, Judgement, Severity


class Notes:
    """The notes of one judge on one message.

    Args:
        rules: code -> sentence that must hold.  A code outside `rules` and `remarks` is a mistake of ours.
        remarks: code -> sentence, of what is only ever remarked on and never refused.
    """

    def __init__(self, rules: Mapping[str, str], remarks: Mapping[str, str]) -> None:
        self._rules = rules
        self._remarks = remarks
        self._findings: list[Finding] = []
        self._examined: dict[str, None] = {}

    def hold(
        self,
        code: str,
        holds: bool,
        message: str = "",
        *,
        expected: str = "",
        actual: str = "",
        where: str = "",
        hint: str = "",
    ) -> bool:
        """Note that the rule `code` was examined and, unless it `holds`, an error; return `holds`.

        Args:
            code: a key of the rules.
            holds: whether the message keeps the rule.
            message: one sentence about this message; the rule's own sentence when empty.
            expected: what the rule asks for.
            actual: what the message has.
            where: element path.
            hint: the likely cause.
        """
        if code not in self._rules:
            raise KitError(f"the judge uses a rule that is not in its table: {code}")
        self._examined[code] = None
        if not holds:
            self._findings.append(
                Finding(
                    code=code,
                    message=message or self._rules[code],
                    expected=expected,
                    actual=actual,
                    where=where,
                    hint=hint,
                )
            )
        return holds

    def remark(
        self, code: str, message: str = "", *, expected: str = "", actual: str = "", where: str = ""
    ) -> None:
        """Note an oddity that refuses nothing."""
        if code not in self._remarks:
            raise KitError(f"the judge makes a remark that is not in its table: {code}")
        self._examined[code] = None
        self._findings.append(
            Finding(
                code=code,
                message=message or self._remarks[code],
                severity=Severity.REMARK,
                expected=expected,
                actual=actual,
                where=where,
            )
        )

    def judgement(self) -> Judgement:
        """Return what was noted so far."""
        return Judgement(findings=tuple(self._findings), examined=tuple(self._examined))


def together(judgements: Iterable[Judgement]) -> Judgement:
    """Return one judgement with the findings and the examined rules of all, in order."""
    findings: list[Finding] = []
    examined: dict[str, None] = {}
    for judgement in judgements:
        findings.extend(judgement.findings)
        examined.update(dict.fromkeys(judgement.examined))
    return Judgement(findings=tuple(findings), examined=tuple(examined))
