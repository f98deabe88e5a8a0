"""`report.sarif`: what has to be mended, in the form that code hosts and editors show as alerts.

SARIF 2.1.0, OASIS Standard (27 March 2020).  Requirements are its rules.  Every miss is a result, and so
is every requirement with points that are not settled: whoever shows this file alone must not take an
incomplete run for a clean one.  What passed is not in it, since most programs that read SARIF show all
results as alerts.

The kit does not see the product's sources.  A result therefore points at its line in `results.ndjson`
beside this file; its fingerprints are made of requirement and case alone, so that an alert keeps its
identity whatever line, wording or kit version it comes with.
"""

import hashlib
import json
import re
from datetime import datetime
from typing import Any, Final

from conformance.model import (
    Blame,
    Change,
    ChangeKind,
    Confidence,
    Level,
    Readiness,
    Report,
    Requirement,
    Status,
)
from conformance.report import data, figures, standing
from conformance.report.ledger import Case, Entry, Ledger, open_ledger
from conformance.report.markdown import code, prose
from conformance.report.remedy import remedy
from conformance.report.sections import mend, verdict
from conformance.report.standing import Tone
from conformance.report.text import one_line, visible

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
VERSION: Final = "2.1.0"
TOOL: Final = "evte-conformance"

_RESULTS: Final = "results.ndjson"
_FINGERPRINT: Final = "evtePoint/v1"
_GITHUB: Final = "primaryLocationLineHash"
"""The one fingerprint that GitHub reads; else it makes one of the source file, which is not there."""
_SHORT: Final = 1_000
"""Characters of a rule's text; GitHub takes 1 024."""
_NAMED: Final = 12
"""Open cases that a message names."""

_PRECISION: Final[dict[Confidence, str]] = {
    Confidence.DOCUMENTED: "very-high",
    Confidence.OBSERVED: "high",
    Confidence.INFERRED: "medium",
    Confidence.ASSUMED: "low",
}
"""How often an alert of a rule is right, in GitHub's words: as sure as the kit is of the requirement."""

_LEVEL: Final[dict[Level, str]] = {Level.MUST: "error", Level.SHOULD: "warning", Level.INFO: "note"}

_REMARK: Final[dict[Blame, str]] = {Blame.KIT: "warning", Blame.CONFIGURATION: "warning"}
"""Level of a remark by whose matter it is; any other is a note, and none is an error."""

_MISSES: Final = frozenset({Status.FAIL, Status.NOT_TESTABLE, Status.WARN})


def render(report: Report) -> bytes:
    """Return the log, JSON in UTF-8, indented by two blanks, with a line feed at the end."""
    ledger = open_ledger(report)
    log = {"$schema": SCHEMA, "version": VERSION, "runs": [_run(ledger)]}
    # Whatever a stranger wrote was made visible before, so that there is no half of a surrogate pair here.
    return json.dumps(log, indent=2, ensure_ascii=False).encode() + b"\n"


def _run(ledger: Ledger) -> dict[str, Any]:
    run, told = ledger.run, ledger.verdict
    rules = {entry.requirement.id: index for index, entry in enumerate(ledger.entries)}
    return {
        "tool": {
            "driver": {
                "name": TOOL,
                "version": one_line(run.kit_version, 80),
                "rules": [_rule(entry.requirement, ledger) for entry in ledger.entries],
            }
        },
        # Runs of one profile replace each other; GitHub takes all before the last stroke for the category.
        "automationDetails": {"id": f"evte/{one_line(run.profile.name, 80)}/"},
        "invocations": [_invocation(ledger)],
        "results": [*_misses(ledger, rules), *_open(ledger, rules)],
        "columnKind": "unicodeCodePoints",
        "properties": {
            "readiness": told.readiness.value,
            "sentence": visible(told.sentence),
            "validUntil": one_line(told.valid_until, 40),
            "product": one_line(ledger.product, 200),
            "profile": one_line(f"{run.profile.name} {run.profile.edition}", 200),
            "catalogue": one_line(run.catalogue_digest, 100),
            "vectors": one_line(run.vectors_digest, 100),
        },
    }


# --- rules ----------------------------------------------------------------------------------------


def _rule(requirement: Requirement, ledger: Ledger) -> dict[str, Any]:
    who = ledger.run.implementation
    advice, _ = remedy(requirement, who.language if who else "")
    source = ", ".join(filter(None, (requirement.source.document, requirement.source.clause)))
    told = (
        ("Why", requirement.why),
        ("The trap", requirement.trap),
        ("To mend it", advice),
        ("Source", source),
        ("Look it up", f"evte explain {requirement.id}"),
    )
    kept = [(label, text) for label, text in told if text]
    tags = ["evte", requirement.capability.value, requirement.level.value]
    return {
        "id": one_line(requirement.id, 200),
        "shortDescription": {"text": _text(one_line(requirement.text, _SHORT))},
        "fullDescription": {"text": _text(one_line(f"{requirement.text} {requirement.why}".strip(), _SHORT))},
        "help": {
            "text": _text("\n".join(f"{label}: {one_line(text)}" for label, text in kept)),
            "markdown": _braced("\n\n".join(f"**{label}**: {_marked(label, text)}" for label, text in kept)),
        },
        "defaultConfiguration": {"level": _LEVEL[requirement.level]},
        "properties": {
            "tags": [*tags, "security"] if requirement.security else tags,
            "precision": _PRECISION[requirement.confidence],
            "problem.severity": "recommendation"
            if requirement.level is Level.INFO
            else _LEVEL[requirement.level],
            "confidence": requirement.confidence.value,
        },
    }


def _marked(label: str, text: str) -> str:
    return code(text, 300, in_table=False) if label == "Look it up" else prose(text, 2_000)


# --- results --------------------------------------------------------------------------------------


def _misses(ledger: Ledger, rules: dict[str, int]) -> list[dict[str, Any]]:
    """Return a result for each miss that says something of the product, the gravest requirement first."""
    lines = {id(result): number for number, result in enumerate(ledger.run.results, start=1)}
    names = data.evidence_names(ledger.evidence)
    changes = _changes(ledger)
    return [
        _miss(entry, case, ledger, rules, lines, names, changes)
        for entry in sorted(ledger.entries, key=lambda each: each.gravity)
        for case in entry.misses
        if case.standing is not standing.UNSETTLED
    ]


def _miss(
    entry: Entry,
    case: Case,
    ledger: Ledger,
    rules: dict[str, int],
    lines: dict[int, int],
    names: dict[str, str],
    changes: dict[tuple[str, str], Change] | None,
) -> dict[str, Any]:
    result = case.result
    assert result is not None  # noqa: S101 - a miss has a result by definition; said for the type checker
    message = [one_line(result.message) or case.standing.word]
    for label, text in (
        ("we expected", result.expected),
        ("your implementation answered", result.actual),
        ("where", result.where),
        ("to mend it", result.remediation),
    ):
        if text:
            message.append(f"{label}: {one_line(text)}")
    properties = {
        "status": result.status.value,
        "subcode": result.subcode.value if result.subcode else "",
        "counts": entry.scoring,
        "cannotBeWaived": case.label in ledger.verdict.unwaivable,
        "weExpected": visible(result.expected),
        "yourImplementationAnswered": visible(result.actual),
        "example": visible(result.example),
        "replay": one_line(result.replay),
    }
    made: dict[str, Any] = {
        "ruleId": one_line(entry.requirement.id, 200),
        "ruleIndex": rules[entry.requirement.id],
        "kind": "fail",
        "level": _level(entry, case),
        "message": {"text": _text("\n".join(message))},
        "locations": [_location(case.label, lines[id(result)])],
        "partialFingerprints": _fingerprints(case.requirement, case.name),
        "properties": {name: value for name, value in properties.items() if value not in ("", False)},
    }
    related = [_transcript(ledger, each, names[each]) for each in result.evidence if each in names]
    if related:
        made["relatedLocations"] = related
    if case.waiver is not None:
        admitted = f"waived until {case.waiver.expires}: {case.waiver.reason} ({case.waiver.owner})"
        made["suppressions"] = [
            {"kind": "external", "status": "accepted", "justification": one_line(admitted, 600)}
        ]
    if changes is not None:
        made["baselineState"] = _baseline_state(changes.get((case.requirement, case.name)))
    return made


def _level(entry: Entry, case: Case) -> str:
    """Return how grave a miss is: an error stands between the product and readiness."""
    if not entry.scoring:
        return "note"
    return "error" if case.standing.tone is Tone.BAD else "warning"


def _open(ledger: Ledger, rules: dict[str, int]) -> list[dict[str, Any]]:
    """Return a result for each requirement that counts and has points that are not settled."""
    made = []
    lines = {(each.requirement, each.case): line for line, each in enumerate(ledger.run.results, start=1)}
    changes = _changes(ledger)
    for entry in ledger.scoring:
        if not entry.missing:
            continue
        names = [case.name for case in entry.missing if case.name]
        first = entry.missing[0]
        reason = first.result.message if first.result else "the run holds no result"
        message = f"{figures.count(len(entry.missing), 'point')} not settled: {one_line(reason)}"
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            message += f"\ncases: {', '.join(one_line(name, 120) for name in names[:_NAMED])}{more}"
        result: dict[str, Any] = {
            "ruleId": one_line(entry.requirement.id, 200),
            "ruleIndex": rules[entry.requirement.id],
            # 3.27.9: an evaluation for which there was not enough information; its level is always none.
            "kind": "open",
            "level": "none",
            "message": {"text": _text(message)},
            "locations": [_location(entry.requirement.id, lines.get((first.requirement, first.name), 0))],
            "partialFingerprints": _fingerprints(entry.requirement.id, "", "open"),
        }
        if changes is not None:
            kinds = {
                changes[point].kind
                for case in entry.missing
                if (point := (case.requirement, case.name)) in changes
            }
            result["baselineState"] = "new" if ChangeKind.NO_LONGER_EXECUTED in kinds else "unchanged"
        made.append(result)
    return made


def _location(label: str, line: int) -> dict[str, Any]:
    """Return the place of a result; a point without one has no line of its own and gets the first."""
    return {
        "physicalLocation": {"artifactLocation": {"uri": _RESULTS}, "region": {"startLine": max(line, 1)}},
        "logicalLocations": [{"fullyQualifiedName": one_line(label, 400), "kind": "requirement"}],
    }


def _transcript(ledger: Ledger, identifier: str, name: str) -> dict[str, Any]:
    title = one_line(ledger.evidence[identifier].title, 300)
    return {
        "physicalLocation": {"artifactLocation": {"uri": f"evidence/{name}"}},
        "message": {"text": _text(f"transcript: {title}")},
    }


def _fingerprints(*parts: str) -> dict[str, str]:
    mark = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return {_FINGERPRINT: mark, _GITHUB: f"{mark[:16]}:1"}


def _changes(ledger: Ledger) -> dict[tuple[str, str], Change] | None:
    """Return what changed since the baseline by point, or None where there is none to compare with."""
    if ledger.report.changes is None:
        return None
    return {(change.requirement, change.case): change for change in ledger.report.changes.changes}


def _baseline_state(change: Change | None) -> str:
    """Return how a miss stands to the baseline: new unless it was missed there too."""
    if change is None:
        return "unchanged"
    return "updated" if change.before in _MISSES else "new"


# --- the invocation -------------------------------------------------------------------------------


def _invocation(ledger: Ledger) -> dict[str, Any]:
    run, told = ledger.run, ledger.verdict
    invocation: dict[str, Any] = {
        "executionSuccessful": told.readiness is not Readiness.INCOMPLETE,
        "commandLine": visible(verdict.command(ledger)),
        "toolExecutionNotifications": [
            *([_notification("error", run.harness_failure)] if run.harness_failure else ()),
            *(_notification("error", _unsettled(group)) for group in mend.open_points(ledger)),
            *(_notification(_REMARK.get(remark.blame, "note"), remark.text) for remark in run.remarks),
        ],
        "toolConfigurationNotifications": [
            *(_notification("error", error) for error in told.waiver_errors),
            *(_notification("warning", notice) for notice in told.waiver_notices),
            *(_notification("warning", question) for question in _questions(ledger)),
        ],
    }
    for name, moment in (("startTimeUtc", run.started), ("endTimeUtc", run.finished)):
        if _is_utc(moment):
            invocation[name] = moment
    return invocation


def _unsettled(group: mend.Open) -> str:
    reason = f": {group.message}" if group.message else ""
    return f"{group.standing.word}, {figures.count(group.points, 'point')}{reason} ({', '.join(group.names)})"


def _questions(ledger: Ledger) -> list[str]:
    texts = {question.id: question.text for question in ledger.report.questions}
    return [
        f"open attestation {each}: {texts.get(each, '')}".rstrip(": ")
        for each in ledger.verdict.open_questions
    ]


def _notification(level: str, text: str) -> dict[str, Any]:
    return {"level": level, "message": {"text": _text(visible(text))}}


def _is_utc(text: str) -> bool:
    """Whether a text is a moment as 3.9 wants it: with a date, a time and the Z."""
    if not text.endswith("Z"):
        return False
    try:
        return datetime.fromisoformat(text) is not None and "T" in text
    except ValueError:
        return False


# --- texts ----------------------------------------------------------------------------------------

_LINK: Final = re.compile(r"\](?=\()")
"""The middle of an embedded link (3.11.6), which an implementation's answer must not be able to write."""


def _text(text: str) -> str:
    """Return a plain text message: no links in it, and its braces as the standard has them."""
    return _braced(_LINK.sub("] ", text))


def _braced(text: str) -> str:
    """Return ``text`` with every brace doubled: 3.11.5, a single one begins a placeholder."""
    return text.replace("{", "{{").replace("}", "}}")
