"""How a judge of messages keeps its notes: every rule examined, every finding, nothing raised.

A rule has a code, named for the mistake (`security.to_unsigned`), and a sentence that must hold.
A judge notes that it examined a rule whether or not the rule held, so that a later reader can tell
"held" from "was never looked at".

Nearly every rule holds, and then nobody reads what a finding would have said.  A text that costs something to
make is therefore given as the function that makes it, and a place as the element, not as its path.
"""

from collections.abc import Callable, Iterable, Mapping

from lxml import etree

from conformance.errors import KitError
from conformance.model import Finding, Judgement, Severity
from conformance.protocol import markup

Text = str | Callable[[], str]
"""What a finding says, or what makes it once there is a finding."""
Place = str | etree._Element
"""Where something is: a path, or the element whose path is meant."""


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
        message: Text = "",
        *,
        expected: Text = "",
        actual: Text = "",
        where: Place = "",
        hint: Text = "",
        octets: Text = "",
    ) -> bool:
        """Note that the rule `code` was examined and, unless it `holds`, an error; return `holds`.

        Args:
            code: a key of the rules.
            holds: whether the message keeps the rule.
            message: one sentence about this message; the rule's own sentence when empty.
            expected: what the rule asks for.
            actual: what the message has.
            where: the element, or the path of one that is not there.
            hint: the likely cause.
            octets: the bytes that were hashed, as of `model.Finding.octets`.
        """
        if code not in self._rules:
            raise KitError(f"the judge uses a rule that is not in its table: {code}")
        self._examined[code] = None
        if not holds:
            self._findings.append(
                Finding(
                    code=code,
                    message=_told(message) or self._rules[code],
                    expected=_told(expected),
                    actual=_told(actual),
                    where=_path(where),
                    hint=_told(hint),
                    octets=_told(octets),
                )
            )
        return holds

    def remark(
        self, code: str, message: str = "", *, expected: str = "", actual: str = "", where: Place = ""
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
                where=_path(where),
            )
        )

    def judgement(self) -> Judgement:
        """Return what was noted so far."""
        return Judgement(findings=tuple(self._findings), examined=tuple(self._examined))


def _told(text: Text) -> str:
    return text if isinstance(text, str) else text()


def _path(place: Place) -> str:
    return place if isinstance(place, str) else markup.where(place)


def together(judgements: Iterable[Judgement]) -> Judgement:
    """Return one judgement with the findings and the examined rules of all, in order."""
    findings: list[Finding] = []
    examined: dict[str, None] = {}
    for judgement in judgements:
        findings.extend(judgement.findings)
        examined.update(dict.fromkeys(judgement.examined))
    return Judgement(findings=tuple(findings), examined=tuple(examined))
