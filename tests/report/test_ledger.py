"""The ledger says of each point how it stands, as the verdict sees it."""

import msgspec

from conformance.model import Blame, Level, Status, Subcode
from conformance.report import standing
from conformance.report.ledger import open_ledger, read_label


def entry_of(ledger, identifier):
    return next(entry for entry in ledger.entries if entry.requirement.id == identifier)


def test_reads_labels():
    """A label is taken apart at its first bracket, since cases have brackets too."""
    assert read_label("USI-CHK-02[refuses[nul]]") == ("USI-CHK-02", "refuses[nul]")
    assert read_label("USI-CHK-02") == ("USI-CHK-02", "")


def test_counts_every_point_once(sample):
    """The columns of the matrix add up to the points that were planned."""
    for name in ("ready", "failing", "incomplete", "conditional"):
        report = sample.ALL[name]()
        assert sum(open_ledger(report).tally().values()) == len(report.run.planned)


def test_planned_point_without_result_is_missing(sample):
    """A point without a result is a case that says so, never a pass."""
    ledger = open_ledger(sample.incomplete())
    assert entry_of(ledger, "STS-R11").standing is standing.NO_RESULT
    assert ledger.tally()["missing"] == 35


def test_admitted_failure_is_waived(sample):
    """A failure that a waiver admits, and that the verdict lets pass, is waived."""
    entry = entry_of(open_ledger(sample.failing()), "KS-K12")
    assert entry.standing is standing.WAIVED
    assert not entry.blocking


def test_waiver_does_not_cover_what_blocks(sample):
    """What the verdict lists as blocking is a failure, whatever a waiver says."""
    report = sample.failing()
    verdict = msgspec.structs.replace(report.verdict, blocking=("KS-K12[refuses_tampered[abn]]",))
    entry = entry_of(open_ledger(msgspec.structs.replace(report, verdict=verdict)), "KS-K12")
    assert entry.standing is standing.FAIL
    assert entry.blocking


def change(report, identifier, **changes):
    """Change the first result of a requirement."""
    results = list(report.run.results)
    place = next(index for index, result in enumerate(results) if result.requirement == identifier)
    results[place] = msgspec.structs.replace(results[place], **changes)
    run = msgspec.structs.replace(report.run, results=tuple(results))
    return msgspec.structs.replace(report, run=run)


def test_missed_should_is_a_condition(sample):
    """A SHOULD that fails counts as a warning."""
    report = change(
        sample.ready(), "STS-P12", status=Status.FAIL, level=Level.SHOULD, subcode=Subcode.WRONG_VALUE
    )
    assert entry_of(open_ledger(report), "STS-P12").standing is standing.MISSED


def test_miss_of_the_machine_is_open(sample):
    """A failure that the verdict calls missing says nothing of the product."""
    report = change(sample.ready(), "STS-R11", status=Status.FAIL, blame=Blame.ENVIRONMENT)
    verdict = msgspec.structs.replace(report.verdict, missing=("STS-R11[signs_with_sha256]",))
    entry = entry_of(open_ledger(msgspec.structs.replace(report, verdict=verdict)), "STS-R11")
    assert entry.standing is standing.UNSETTLED


def test_worse_of_two_results_counts(sample):
    """When shards overlap, the worse result of a point is kept, in either order."""
    report = sample.ready()
    good = report.run.results[0]
    bad = msgspec.structs.replace(good, status=Status.FAIL)
    for pair in ((good, bad), (bad, good)):
        run = msgspec.structs.replace(report.run, results=pair, planned=())
        ledger = open_ledger(msgspec.structs.replace(report, run=run))
        assert entry_of(ledger, good.requirement).standing is standing.FAIL


def test_unknown_requirement_is_entered(sample):
    """A result of a requirement that the report does not describe is shown all the same."""
    report = change(sample.ready(), "STS-R11", requirement="STS-X99")
    assert "does not describe" in entry_of(open_ledger(report), "STS-X99").requirement.text
