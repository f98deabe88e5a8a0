"""The readiness report: what a run learned, written for people, for machines and for CI.

One `model.Report` goes in; every file is a function of it alone.  Nothing here looks at a clock, at the
network or at pytest, so that the same report always gives the same bytes, and a report can be drawn
again years later from its `report.json`.
"""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from conformance import model
from conformance.report import data, junit, page, summary
from conformance.report.section import Section
from conformance.report.sections import (
    admissions,
    capabilities,
    changes,
    doubts,
    environment,
    evidence,
    gaps,
    mend,
    performance,
    registration,
    requirements,
    verdict,
)
from conformance.report.signing import Signer

SECTIONS: Final[tuple[Section, ...]] = (
    verdict.SECTION,
    mend.SECTION,
    capabilities.SECTION,
    requirements.SECTION,
    gaps.SECTION,
    performance.SECTION,
    evidence.SECTION,
    changes.SECTION,
    registration.SECTION,
    admissions.SECTION,
    environment.SECTION,
    doubts.SECTION,
)
"""The sections of `report.html`, in the order in which a reader needs them."""


def write(
    report: model.Report,
    directory: Path,
    *,
    signer: Signer | None = None,
    secrets: Mapping[str, str | bytes | int] = MappingProxyType({}),
    pdf: bool = False,
) -> list[Path]:
    """Write every form of ``report`` into ``directory`` and return the paths, most important first.

    Each file is complete or absent: it is written beside its place and then moved there.  The raw
    results come first, so that they are safe whatever happens to the drawing of the page.  A file that
    something else holds open, for instance a `results.ndjson` still being appended to, cannot be replaced
    on Windows; close it before.  Files of other names are left alone.

    Args:
        report: what to write.
        directory: made, with its parents, when it is not there.
        signer: signs the manifest; it is left unsigned without one.
        secrets: what no file may hold, by what it is in words.
        pdf: also write `report.pdf`, which takes the extra `report-pdf`.

    Raises:
        OSError: the directory or a file in it cannot be written.
    """
    written = [
        _place(directory / "report.json", data.encode(report)),
        _place(directory / "results.ndjson", data.encode_results(report.run.results)),
    ]
    for name, content in data.encode_evidence(report).items():
        written.append(_place(directory / "evidence" / name, content))
    written.append(_place(directory / "junit.xml", junit.render(report)))
    written.append(_place(directory / "summary.md", summary.render(report)))
    written.append(_place(directory / "report.html", page.render(report, SECTIONS)))
    return written


def _place(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    return draft.replace(path)


__all__ = ["SECTIONS", "Section", "write"]
