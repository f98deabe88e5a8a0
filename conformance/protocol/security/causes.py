"""One mistake, one finding: what several rules say for one reason is put together.

A message that was indented after it was signed breaks every digest and the signature value too.  A sender who
reads three errors looks for three mistakes; here they become one, which says everything that the three said.
The rules stay examined, each by its own code.
"""

from collections.abc import Callable, Hashable
from typing import Final

import msgspec

from conformance.model import Finding, Judgement, Severity

_HASHED: Final = ("security.digest_mismatch", "security.signature_wrong")
_BETWEEN: Final = "; "


def by_cause(judgement: Judgement) -> Judgement:
    """Return a judgement in which findings with one cause are one finding.

    Two kinds are put together: equal findings about several places, and digests and a signature value that
    the same known mistake explains.  The first finding keeps its code.
    """
    findings = _together(list(judgement.findings), _said, ("where",))
    findings = _together(findings, _explained, ("message", "expected", "actual", "where"))
    return msgspec.structs.replace(judgement, findings=tuple(findings))


def _said(finding: Finding) -> Hashable:
    """Return all that a finding says, except where."""
    return (
        finding.code,
        finding.severity,
        finding.message,
        finding.expected,
        finding.actual,
        finding.hint,
    )


def _explained(finding: Finding) -> Hashable:
    """Return the known mistake behind a digest or a signature value that does not fit, or None."""
    known = finding.code in _HASHED and finding.severity is Severity.ERROR and finding.hint
    return finding.hint if known else None


def _together(
    findings: list[Finding], key: Callable[[Finding], Hashable], joined: tuple[str, ...]
) -> list[Finding]:
    groups: dict[Hashable, list[Finding]] = {}
    for place, finding in enumerate(findings):
        shared = key(finding)
        groups.setdefault(("alone", place) if shared is None else ("shared", shared), []).append(finding)
    return [
        group[0]
        if len(group) == 1
        else msgspec.structs.replace(
            group[0],
            **{name: _BETWEEN.join(dict.fromkeys(getattr(each, name) for each in group)) for name in joined},
        )
        for group in groups.values()
    ]
