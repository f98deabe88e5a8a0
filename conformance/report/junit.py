"""`junit.xml`: the results in the form that every CI server reads.

One `testcase` per result, and one per point without a result, so that an incomplete run is never
green.  What a valid waiver admits is skipped, with the waiver's reason.  The form has no standard; this is
the part on which Jenkins, GitLab, GitHub actions and Azure agree.
"""

import xml.etree.ElementTree as ET
from datetime import datetime
from typing import Final

from conformance.model import Capability, Level, Report, Result, Status
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
    ):
        ET.SubElement(properties, "property", name=name, value=one_line(value, 300))
    counts = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    spent = 0.0
    for entry in entries:
        for case in entry.cases:
            element = _case(entry, case)
            suite.append(element)
            counts["tests"] += 1
            spent += case.result.duration_ms if case.result else 0.0
            for tag, kind in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
                counts[kind] += element.find(tag) is not None
    for kind, number in counts.items():
        suite.set(kind, str(number))
    suite.set("time", f"{spent / 1000:.3f}")
    if _is_moment(ledger.run.started):
        suite.set("timestamp", ledger.run.started.removesuffix("Z"))


def _is_moment(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _case(entry: Entry, case: Case) -> ET.Element:
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
