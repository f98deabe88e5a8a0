"""`junit.xml`: the results in the form that every CI server reads.

One `testcase` per result, and one per point without a result, so that an incomplete run is never
green.  What a valid waiver admits is skipped, with the waiver's reason.  Waivers that admit nothing are
failures, as in the exit code; questions that nobody has answered are skipped: they are conditions.  The form
has no standard; this is the part on which Jenkins, GitLab, GitHub actions and Azure agree.
"""

import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Final

from conformance.model import Capability, ChangeKind, Level, Report, Result, Status
from conformance.report import standing
from conformance.report.ledger import Case, Entry, Ledger, open_ledger
from conformance.report.text import one_line, visible

_TEXT: Final = 8_000
"""Characters of one text; CI servers cut or choke far above."""


def render(report: Report) -> bytes:
    """Return the document, UTF-8 with an XML declaration and a line feed at the end."""
    ledger = open_ledger(report)
    root = ET.Element("testsuites", name=f"evte {report.run.profile.name}")
    if report.run.harness_failure:
        _add_harness(root, report.run.harness_failure)
    for capability in Capability:
        entries = [entry for entry in ledger.entries if entry.requirement.capability is capability]
        if any(entry.cases for entry in entries):
            _add_suite(root, capability, entries, ledger)
    _add_attestations(root, ledger)
    _add_waivers(root, ledger)
    for kind in ("tests", "failures", "errors", "skipped"):
        root.set(kind, str(sum(int(suite.get(kind, "0")) for suite in root)))
    ET.indent(root)
    text = ET.tostring(root, encoding="unicode")
    return b"<?xml version='1.0' encoding='UTF-8'?>\n" + text.encode() + b"\n"


def _add_harness(root: ET.Element, failure: str) -> None:
    counts = {"tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    suite = ET.SubElement(root, "testsuite", {"name": "harness", **counts})
    case = ET.SubElement(
        suite, "testcase", classname="evte.harness", name="speaks the contract", time="0.000"
    )
    _tell(case, "error", "harness", failure, visible(failure, _TEXT))


def _add_attestations(root: ET.Element, ledger: Ledger) -> None:
    """Add a case per question of the profile: answered, or skipped because it is open."""
    if not ledger.run.profile.questions:
        return
    suite = ET.SubElement(root, "testsuite", name="Attestations")
    texts = {question.id: question.text for question in ledger.report.questions}
    answers = {each.question: each for each in ledger.run.attestations}
    for identifier in dict.fromkeys(ledger.run.profile.questions):
        case = _plain_case(suite, "evte.attestations", identifier)
        asked, answer = texts.get(identifier, ""), answers.get(identifier)
        said = (
            f"{answer.answer}, {answer.name}, {answer.date} {answer.note}".rstrip() if answer else "no answer"
        )
        if identifier in ledger.verdict.open_questions:
            _tell(case, "skipped", "", f"open ({said}): {asked}", "")
        else:
            ET.SubElement(case, "system-out").text = visible(f"{asked}\n{said}", _TEXT)
    _count(suite)


def _add_waivers(root: ET.Element, ledger: Ledger) -> None:
    """Add a case per message on a waiver: a failure where it admits nothing, a note where it soon ends."""
    told = ledger.verdict
    if not told.waiver_errors and not told.waiver_notices:
        return
    suite = ET.SubElement(root, "testsuite", name="Waivers")
    names: dict[str, int] = {}
    for tag, messages in (("failure", told.waiver_errors), ("system-out", told.waiver_notices)):
        for message in messages:
            name = message.partition(":")[0]
            names[name] = names.get(name, 0) + 1
            number = f" ({names[name]})" if names[name] > 1 else ""
            case = _plain_case(suite, "evte.waivers", f"{one_line(name, 150)}{number}")
            if tag == "failure":
                _tell(case, tag, "waiver", message, visible(message, _TEXT))
            else:
                ET.SubElement(case, tag).text = visible(message, _TEXT)
    _count(suite)


def _plain_case(suite: ET.Element, classname: str, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", classname=classname, name=one_line(name, 200), time="0.000")


def _count(suite: ET.Element) -> None:
    suite.set("tests", str(len(suite.findall("testcase"))))
    for tag, kind in _KINDS:
        suite.set(kind, str(len(suite.findall(f"testcase/{tag}"))))


_KINDS: Final = (("failure", "failures"), ("error", "errors"), ("skipped", "skipped"))


def _add_suite(root: ET.Element, capability: Capability, entries: list[Entry], ledger: Ledger) -> None:
    suite = ET.SubElement(root, "testsuite", name=standing.CAPABILITY[capability])
    properties = ET.SubElement(suite, "properties")
    who = ledger.run.implementation
    for name, value in (
        ("verdict", ledger.verdict.readiness.value),
        ("product", ledger.product),
        ("build", who.build if who else ""),
        ("profile", f"{ledger.run.profile.name} {ledger.run.profile.edition}"),
        ("kit", ledger.run.kit_version),
        ("seed", str(ledger.run.seed)),
        ("shard", ledger.run.shard),
    ):
        if value:
            ET.SubElement(properties, "property", name=name, value=one_line(value, 300))
    changes = _changes(ledger)
    spent = 0.0
    for entry in entries:
        for case in entry.cases:
            suite.append(_case(entry, case, changes.get((case.requirement, case.name))))
            spent += case.result.duration_ms if case.result else 0.0
    _count(suite)
    suite.set("time", f"{spent / 1000:.3f}")
    if _is_moment(ledger.run.started):
        suite.set("timestamp", ledger.run.started.removesuffix("Z"))


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _changes(ledger: Ledger) -> dict[tuple[str, str], ChangeKind]:
    """Return how points differ from the baseline; empty where there is none."""
    changes = ledger.report.changes
    return {(each.requirement, each.case): each.kind for each in changes.changes} if changes else {}


def _case(entry: Entry, case: Case, change: ChangeKind | None) -> ET.Element:
    requirement = entry.requirement
    element = ET.Element(
        "testcase",
        classname=f"evte.{requirement.capability.value}.{one_line(requirement.id, 80)}",
        name=one_line(case.name or requirement.id, 200),
        time=f"{case.result.duration_ms / 1000 if case.result else 0.0:.3f}",
    )
    properties = ET.SubElement(element, "properties")
    for name, value in (
        ("requirement", requirement.id),
        ("level", requirement.level.value),
        ("status", case.result.status.value if case.result else "missing"),
        ("subcode", case.result.subcode.value if case.result and case.result.subcode else ""),
        ("counts", "yes" if entry.scoring else "no"),
        ("since the baseline", change.value if change else ""),
    ):
        if value:
            ET.SubElement(properties, "property", name=name, value=one_line(value, 200))
    _add_outcome(element, entry, case)
    return element


def _add_outcome(element: ET.Element, entry: Entry, case: Case) -> None:
    result = case.result
    if result is None:
        _tell(element, "error", "missing", "the point has no result", "")
        return
    if case.waiver is not None:
        admitted = f"waived until {case.waiver.expires}: {case.waiver.reason} ({case.waiver.owner})"
        _tell(element, "skipped", "", admitted, _told(entry, result))
        return
    if result.status is Status.WARN:
        ET.SubElement(element, "system-out").text = f"warning: {_told(entry, result)}"
        return
    tag = _TAGS.get(result.status, "")
    if result.status is Status.NOT_TESTABLE and result.level is not Level.MUST:
        tag = "skipped"
    if case.standing is standing.UNSETTLED:
        tag = "error"
    if tag:
        kind = result.subcode.value if result.subcode else result.status.value
        _tell(element, tag, "" if tag == "skipped" else kind, result.message, _told(entry, result))


_TAGS: Final[dict[Status, str]] = {
    Status.FAIL: "failure",
    Status.NOT_TESTABLE: "failure",
    Status.KIT_ERROR: "error",
    Status.INCONCLUSIVE: "error",
    Status.SKIP: "skipped",
    Status.NOT_APPLICABLE: "skipped",
}


def _tell(element: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    child = ET.SubElement(element, tag, {"type": kind} if kind else {})
    child.set("message", one_line(message, 300))
    if text:
        child.text = text


def _told(entry: Entry, result: Result) -> str:
    """Return all that is known of a miss, a line or block per matter."""
    lines = [visible(result.message, 2_000)]
    for label, text in (
        ("requirement", entry.requirement.text),
        ("we expected", result.expected),
        ("your implementation answered", result.actual),
        ("where", result.where),
        ("smallest example", result.example),
        ("to mend it", result.remediation),
        ("see it again", result.replay),
    ):
        if text:
            lines.append(f"{label}: {visible(text, 2_000)}")
    return "\n".join(lines)
