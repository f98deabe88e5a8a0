"""How long does a printed report take to draw?

    python benchmarks/pdf.py [REPORT.json]

Draws `report.pdf` of a run in which all of the profile usi-local holds, which makes more than 300 rows, and
says how long a bare table of as many rows takes, which nobody can draw faster.  The target is less than five
seconds.  Times are of the processor; they are one machine's, the ratio says more.
"""

import sys
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path

import msgspec

from conformance import catalogue
from conformance.model import Report, Result, Status
from conformance.report import SECTIONS, data, pdf

SECONDS = 5.0
SAMPLE = Path(__file__).parent.parent / "tests" / "report" / "sample.py"


def made_up() -> Report:
    """Return the report of a product that passes all of usi-local."""
    spec = util.spec_from_file_location("sample", SAMPLE)
    assert spec is not None
    assert spec.loader is not None
    sample = sys.modules["sample"] = util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    profile, known = catalogue.profile("usi-local"), catalogue.requirements()
    requirements = tuple(known[name] for name in profile.requirements)
    results = tuple(
        Result(requirement=each.id, case="holds", status=Status.PASS, level=each.level)
        for each in requirements
    )
    report: Report = sample.ready()
    run = msgspec.structs.replace(report.run, profile=profile, results=results, planned=())
    return msgspec.structs.replace(report, run=run, requirements=requirements)


def timed(draw: Callable[[], bytes]) -> tuple[float, bytes]:
    """Return the time of the processor and the document."""
    began = time.process_time()
    document = draw()
    return time.process_time() - began, document


def main() -> None:
    """Draw, and print what it took."""
    report = data.decode(Path(sys.argv[1]).read_bytes()) if len(sys.argv) > 1 else made_up()
    weasyprint = pdf.require()
    rows = "".join(
        f"<tr><th>{each.id}<td>{each.text}<td>{each.level}<td>pass</tr>" for each in report.requirements
    )
    bare, _ = timed(lambda: weasyprint.HTML(string=f"<table>{rows}</table>").write_pdf())
    took, document = timed(lambda: pdf.render(report, SECTIONS))
    print(f"{len(report.requirements)} rows: {took:.2f} s (at most {SECONDS}), {len(document):,} bytes")
    print(f"a bare table of them: {bare:.2f} s; the report takes {took / bare:.1f} times as long")


if __name__ == "__main__":
    main()
