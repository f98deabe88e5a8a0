"""How long does a large report take to draw, and how large does it get?

    python benchmarks/report.py [REPORT.json] [RESULTS] [TRANSCRIPTS]

Draws `report.html` of a made-up run of 5 000 results with 700 transcripts, one result in ten a failure, and
says what each section takes.  A report that is named is drawn instead, its results and its transcripts
repeated until there are that many.  The targets are less than one second and less than five megabytes.
Times are of the processor, so that what else the machine does is left out; they are one machine's.
"""

import sys
import time
from importlib import util
from itertools import count, cycle
from pathlib import Path

import msgspec

from conformance.model import Report
from conformance.report import SECTIONS, data, page
from conformance.report.ledger import open_ledger

SECONDS = 1.0
BYTES = 5_000_000
ROUNDS = 5
SAMPLE = Path(__file__).parent.parent / "tests" / "report" / "sample.py"


def made_up(results: int, transcripts: int) -> Report:
    """Return the large report of the self-tests."""
    spec = util.spec_from_file_location("sample", SAMPLE)
    assert spec is not None
    assert spec.loader is not None
    sample = sys.modules["sample"] = util.module_from_spec(spec)
    spec.loader.exec_module(sample)
    return sample.large(results, transcripts)


def repeated(report: Report, results: int, transcripts: int) -> Report:
    """Return ``report`` with its results and transcripts repeated under other names."""
    numbers = count()
    cases, evidence = list(report.run.results), list(report.evidence)
    for result in cycle(report.run.results):
        if len(cases) >= results:
            break
        cases.append(msgspec.structs.replace(result, case=f"{result.case}-{next(numbers)}"))
    for each in cycle(report.evidence):
        if len(evidence) >= transcripts:
            break
        evidence.append(msgspec.structs.replace(each, id=f"{each.id}-{next(numbers)}"))
    run = msgspec.structs.replace(report.run, results=tuple(cases))
    return msgspec.structs.replace(report, run=run, evidence=tuple(evidence))


def main() -> None:
    """Draw, and print what it took."""
    files = [argument for argument in sys.argv[1:] if not argument.isdigit()]
    numbers = [int(argument) for argument in sys.argv[1:] if argument.isdigit()]
    results, transcripts = (numbers + [5_000, 700][len(numbers) :])[:2]
    if files:
        report = repeated(data.decode(Path(files[0]).read_bytes()), results, transcripts)
    else:
        report = made_up(results, transcripts)
    page.render(report, SECTIONS)  # templates are compiled once per process
    took, drawn = [], b""
    for _ in range(ROUNDS):
        began = time.process_time()
        drawn = page.render(report, SECTIONS)
        took.append(time.process_time() - began)
    ledger = open_ledger(report)
    print(f"{len(report.run.results)} results, {len(report.evidence)} transcripts")
    for section in SECTIONS:
        began = time.process_time()
        content = page.render_section(section, ledger)
        print(f"  {section.anchor:14}{time.process_time() - began:8.3f} s{len(content):12,} bytes")
    print(f"whole page: {min(took):.2f} s (at most {SECONDS}), {len(drawn):,} bytes (at most {BYTES:,})")


if __name__ == "__main__":
    main()
