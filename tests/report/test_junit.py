"""`junit.xml` says the same as the report, in a form that no CI server misreads."""

import msgspec
import pytest
from lxml import etree

from conformance.model import Attestation, Attested, Blame, Change, ChangeKind, Changes, Level, Status
from conformance.report import comparison, junit


@pytest.fixture
def cases(sample):
    def of(report):
        root = etree.fromstring(junit.render(report))
        return {(case.get("classname"), case.get("name")): case for case in root.iter("testcase")}

    return of


def test_is_well_formed(report):
    """The document parses, whatever the implementation said, and its counts are right."""
    root = etree.fromstring(junit.render(report))
    assert root.tag == "testsuites"
    for kind, path in (
        ("tests", "testcase"),
        ("failures", "testcase/failure"),
        ("errors", "testcase/error"),
        ("skipped", "testcase/skipped"),
    ):
        for suite in root:
            assert int(suite.get(kind)) == len(suite.findall(path))
        assert int(root.get(kind)) == sum(int(suite.get(kind)) for suite in root)


def test_is_drawn_alike(report):
    """The same report gives the same bytes."""
    assert junit.render(report) == junit.render(report)


def test_ready_has_no_failure(sample):
    """All is green, and what does not apply is skipped."""
    root = etree.fromstring(junit.render(sample.ready()))
    assert (root.get("failures"), root.get("errors"), root.get("skipped")) == ("0", "0", "1")
    assert int(root.get("tests")) == len(sample.ready().run.results)


def test_incomplete_is_never_green(sample):
    """Points without a result and a broken harness are errors."""
    for report in (sample.incomplete(), sample.empty()):
        root = etree.fromstring(junit.render(report))
        assert int(root.get("errors")) > len(report.verdict.missing) - 1
        assert root[0].get("name") == "harness"


def test_failure_tells_all(sample, cases):
    """A failure has its kind, message, both answers and command, and its requirement as a property."""
    case = cases(sample.failing())["evte.sts.STS-R11", "signs_with_sha256"]
    failure = case.find("failure")
    assert failure.get("type") == "wrong_value"
    assert failure.get("message") == "the signature method is not the one of version 1.3"
    assert "we expected: http://www.w3.org/2001/04/xmldsig-more#rsa-sha256" in failure.text
    assert "see it again: evte run" in failure.text
    properties = {each.get("name"): each.get("value") for each in case.iter("property")}
    assert properties["requirement"] == "STS-R11"
    assert properties["level"] == "MUST"


def test_waived_is_skipped_with_its_reason(sample, cases):
    """What a valid waiver admits does not turn CI red, and says why."""
    case = cases(sample.failing())["evte.keystore.KS-K12", "refuses_tampered[abn]"]
    assert case.find("failure") is None
    assert case.find("skipped").get("message").startswith("waived until 2027-01-30: The store's reader")


@pytest.mark.parametrize(
    ("status", "level", "tag"),
    [
        (Status.PASS, Level.MUST, None),
        (Status.FAIL, Level.MUST, "failure"),
        (Status.WARN, Level.MUST, "system-out"),
        (Status.NOT_TESTABLE, Level.MUST, "failure"),
        (Status.NOT_TESTABLE, Level.SHOULD, "skipped"),
        (Status.INCONCLUSIVE, Level.MUST, "error"),
        (Status.KIT_ERROR, Level.MUST, "error"),
        (Status.SKIP, Level.MUST, "skipped"),
        (Status.NOT_APPLICABLE, Level.MUST, "skipped"),
    ],
)
def test_maps_each_status(sample, cases, status, level, tag):
    """Each status has its place in the form."""
    report = sample.ready()
    one = msgspec.structs.replace(report.run.results[0], status=status, level=level, message="because")
    run = msgspec.structs.replace(report.run, results=(one,), planned=())
    (case,) = cases(msgspec.structs.replace(report, run=run)).values()
    assert [child.tag for child in case if child.tag != "properties"] == ([tag] if tag else [])


def test_fault_of_the_machine_is_an_error(sample, cases):
    """A miss that the verdict does not hold against the product is no failure of it."""
    report = sample.ready()
    one = msgspec.structs.replace(report.run.results[0], status=Status.FAIL, blame=Blame.ENVIRONMENT)
    run = msgspec.structs.replace(report.run, results=(one,), planned=())
    verdict = msgspec.structs.replace(report.verdict, missing=(f"{one.requirement}[{one.case}]",))
    (case,) = cases(msgspec.structs.replace(report, run=run, verdict=verdict)).values()
    assert case.find("error") is not None


def test_open_attestation_is_skipped(sample, cases):
    """A question that is open turns nothing red, since it is a condition; an answered one is a pass."""
    report = sample.ready()
    answer = Attestation(question="ATT-A", answer=Attested.YES, name="Jo Citizen", date="2026-11-20")
    refusal = Attestation(
        question="ATT-B", answer=Attested.NO, name="Jo Citizen", date="2026-11-20", note="not yet"
    )
    run = msgspec.structs.replace(
        report.run,
        profile=msgspec.structs.replace(report.run.profile, questions=("ATT-A", "ATT-B", "ATT-C")),
        attestations=(answer, refusal),
    )
    verdict = msgspec.structs.replace(report.verdict, open_questions=("ATT-B", "ATT-C"))
    found = cases(msgspec.structs.replace(report, run=run, verdict=verdict))
    assert found["evte.attestations", "ATT-A"].findtext("system-out").strip() == "yes, Jo Citizen, 2026-11-20"
    assert found["evte.attestations", "ATT-B"].find("skipped").get("message") == (
        "open (no, Jo Citizen, 2026-11-20 not yet):"
    )
    assert found["evte.attestations", "ATT-C"].find("skipped").get("message") == "open (no answer):"


def test_waiver_that_admits_nothing_fails(sample, cases):
    """Like the exit code, the form turns red for a waiver that is stale, and not for one that soon ends."""
    report = sample.ready()
    verdict = msgspec.structs.replace(
        report.verdict,
        waiver_errors=("waiver for KS-K12: expired on 2026-11-01", "waiver for KS-K12: stale"),
        waiver_notices=("waiver for KS-K15: expires today, on 2026-11-21",),
    )
    found = cases(msgspec.structs.replace(report, verdict=verdict))
    assert found["evte.waivers", "waiver for KS-K12"].find("failure").get("message").endswith("2026-11-01")
    assert found["evte.waivers", "waiver for KS-K12 (2)"].find("failure").get("message").endswith("stale")
    assert found["evte.waivers", "waiver for KS-K15"].find("failure") is None


def test_case_says_what_changed(sample, cases):
    """A case that stands otherwise than in the baseline says how."""
    report = sample.failing()
    change = Change(requirement="STS-R11", case="signs_with_sha256", kind=ChangeKind.NEWLY_FAILING)
    changes = Changes(baseline=comparison.stored(sample.ready()), changes=(change,))
    case = cases(msgspec.structs.replace(report, changes=changes))["evte.sts.STS-R11", "signs_with_sha256"]
    properties = {each.get("name"): each.get("value") for each in case.find("properties")}
    assert properties["since the baseline"] == "newly failing"
