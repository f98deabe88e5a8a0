"""The readiness report: what a run learned, written for people, for machines and for CI.

One `model.Report` goes in; every file is a function of it alone.  Nothing here looks at a clock, at the
network or at pytest, so that the same report always gives the same bytes, and a report can be drawn
again years later from its `report.json`.
"""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from conformance import model
from conformance.errors import KitError
from conformance.report import (
    badge,
    data,
    junit,
    manifest,
    page,
    replays,
    sarif,
    signing,
    summary,
    table,
)
from conformance.report import pdf as pdf_form
from conformance.report.canary import Guard
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
    secrets: Guard | None = None,
    pdf: bool = False,
) -> list[Path]:
    """Write every form of ``report`` into ``directory`` and return the paths, most important first.

    Each file is complete or absent: it is written beside its place and then moved there.  The raw
    results come first, so that they are safe whatever happens to the drawing of the page.  A file that
    something else holds open, for instance a `results.ndjson` still being appended to, cannot be replaced
    on Windows; close it before.  Files of other names are left alone, but the manifest takes them in: it is
    about the directory.

    Args:
        report: what to write.
        directory: made, with its parents, when it is not there.
        signer: signs the manifest; it is left unsigned without one.
        secrets: what no file may hold; nothing is looked for without it.
        pdf: also write `report.pdf`, which takes the extra `report-pdf`.

    Raises:
        OSError: the directory or a file in it cannot be written.
        OperatorError: the extra that a PDF takes is not there, or the directory is not the report's own.
        KitError: a form holds a secret.  It is not written, what stood in its place is removed, and there is
            no manifest; every other form is there.
    """
    written: list[Path] = []
    leaks: list[str] = []
    report = data.decode(data.encode(report))  # so that whoever reads it again draws the same
    for name in (manifest.FILE, signing.FILE):  # what they say of an earlier report holds no more
        (directory / name).unlink(missing_ok=True)
    for path, content in itertools.chain(drawn(report), _printed(report, pdf=pdf)):
        found = secrets.find(content) if secrets is not None else None
        if found is None:
            written.append(_place(directory / path, content))
        else:
            (directory / path).unlink(missing_ok=True)
            leaks.append(f"{path}: {found.what}, {found.form}")
    if leaks:
        raise KitError(
            "a part of the report held a secret and was not written",
            expected="no password, key or name of a person in any file",
            found="; ".join(leaks),
            where=str(directory),
            advice="please report this to us; if it is your password, it may also be a word that the report "
            "needs, and a longer one helps",
        )
    listed = manifest.encode(manifest.make(report, directory, signer))
    written.append(_place(directory / manifest.FILE, listed))
    if signer is not None:
        written.append(_place(directory / signing.FILE, signing.sign(listed, signer)))
    return written


def _printed(report: model.Report, *, pdf: bool) -> Iterator[tuple[str, bytes]]:
    if pdf:
        yield "report.pdf", pdf_form.render(report, SECTIONS)


def drawn(report: model.Report) -> Iterator[tuple[str, bytes]]:
    """Draw every form that is a function of the report alone, one after another, the raw results first.

    `report.pdf`, the manifest and its signature are none of them: the first depends on the fonts of the
    machine, the others on what stands in the directory.

    Yields:
        The path in the output directory, with `/` between its parts, and the content.
    """
    yield "report.json", data.encode(report)
    yield "results.ndjson", data.encode_results(report.run.results)
    for name, content in data.encode_evidence(report).items():
        yield f"evidence/{name}", content
    yield from replays.files(report).items()
    yield "junit.xml", junit.render(report)
    yield "report.sarif", sarif.render(report)
    yield "summary.md", summary.render(report)
    yield "requirements.csv", table.render(report)
    yield "badge.svg", badge.render(report)
    yield "badge.json", badge.render_endpoint(report)
    yield "report.html", page.render(report, SECTIONS)


def forms(report: model.Report) -> dict[str, bytes]:
    """Return every form that `drawn` draws: path in the output directory to content."""
    return dict(drawn(report))


def _place(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    draft.write_bytes(content)
    return draft.replace(path)


__all__ = ["SECTIONS", "Section", "drawn", "forms", "write"]
