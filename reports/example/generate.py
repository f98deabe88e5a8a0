"""Make the sample reports, or look them over: the reference's, and that of a product with one mistake.

    python reports/example/generate.py              run both plans and write both reports anew
    python reports/example/generate.py --redraw     draw every form anew from the report.json that is there
    python reports/example/generate.py --check      write nothing; exit 1 if anything differs

`--redraw` is enough when only the look of a report has changed.  `--check` looks the folders over as
`evte verify` does, with every form drawn again byte for byte, then runs both plans once more and compares
what does not depend on the day: how every case ended, and the verdict on the day of the sample.

Both are signed with a test key of the kit, which everybody has: the signature shows the form, no more.
"""

import argparse
import sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.serialization import Encoding

from conformance import catalogue, doctor, plan, report, runner
from conformance.model import Report, Verdict
from conformance.reference import resolve
from conformance.report import history, manifest, signing, verification
from conformance.report.signing import Signer
from conformance.simulators.authority import Authority
from conformance.simulators.bench import LOCAL
from conformance.verdict import decide

FOLDER: Final = Path(__file__).parent
NAMES: Final = ("reference", "mutant")
"""Each has a plan `NAME.toml` and a report in `NAME/`; the first is the baseline of the second."""
TRUST: Final = "trust.pem"
"""Root of the authority that vouches for the signer."""

_AUTHORITY: Final = Authority(datetime(2026, 11, 1, tzinfo=UTC), seed=1)
"""Dated by a fixed day, so that its certificates are the same each time."""


def signer() -> Signer:
    """Return whose key signs the samples: a synthetic machine credential."""
    made = _AUTHORITY.machine_credential(abn=LOCAL.abn, name="EVTESampleReports", key="machine-2")
    return Signer(
        key=made.key,
        certificate=made.certificate,
        chain=made.chain[1:],
        origin=f"{made.alias}, a test key of the kit that everybody has",
    )


def run(name: str, out: Path | None, baseline: Path) -> Report:
    """Run one plan and return the report.

    Args:
        name: of the plan.
        out: where the report goes; nowhere when None.
        baseline: folder of the report that a plan with a baseline is compared with.
    """
    stated = plan.read(FOLDER / f"{name}.toml")
    order = runner.prepare(
        replace(stated, baseline=baseline if stated.baseline is not None else None), measure=out is not None
    )
    findings = tuple(doctor.examine(order.iut, resolve=resolve))
    background = replace(order.background, doctor=findings, signer=signer() if out is not None else None)
    return runner.run(replace(order, out=out, background=background)).report


def generate() -> None:
    """Run both plans and write both reports."""
    for name in NAMES:
        made = run(name, FOLDER / name, FOLDER / NAMES[0])
        print(f"{name}: {made.verdict.readiness}: {made.verdict.sentence}")
    (FOLDER / TRUST).write_bytes(_AUTHORITY.root.public_bytes(Encoding.PEM))


def redraw(folder: Path = FOLDER) -> None:
    """Draw every form anew from the reports that are there, and sign them anew."""
    for name in NAMES:
        kept = history.load(folder / name)
        drawn = set(report.forms(kept))
        for file in sorted((folder / name).rglob("*")):
            if file.is_file() and file.relative_to(folder / name).as_posix() not in drawn:
                file.unlink()  # a form that the kit no longer draws, or the manifest, which comes last
        report.write(kept, folder / name, signer=signer())


def check(folder: Path = FOLDER) -> list[str]:
    """Return what differs between the samples in a folder and what the kit makes of them now."""
    return [*written(folder), *run_again(folder)]


def written(folder: Path = FOLDER) -> list[str]:
    """Return what is not as it was written, or as the kit draws it now; nothing is run."""
    problems = []
    for name in NAMES:
        at = _day(history.load(folder / name))
        moment = datetime(at.year, at.month, at.day, tzinfo=UTC)
        found = verification.verify(folder / name, at=moment, anchors=[_AUTHORITY.root])
        problems += [f"{name}/{each.file}: {each.sentence}" for each in found.differences]
        there = {
            file.relative_to(folder / name).as_posix()
            for file in (folder / name).rglob("*")
            if file.is_file()
        }
        wanted = {*report.forms(history.load(folder / name)), manifest.FILE, signing.FILE}
        problems += [f"{name}/{file}: is missing" for file in sorted(wanted - there)]
        problems += [f"{name}/{file}: is no form of the report" for file in sorted(there - wanted)]
    if (folder / TRUST).read_bytes() != _AUTHORITY.root.public_bytes(Encoding.PEM):
        problems.append(f"{TRUST}: is not the root of the signer's authority")
    return problems


def run_again(folder: Path = FOLDER) -> list[str]:
    """Run both plans, and return where they end otherwise than in the samples."""
    problems = []
    for name in NAMES:
        kept, made = history.load(folder / name), run(name, None, folder / NAMES[0])
        problems += [f"{name}: {each}" for each in differences(kept, made)]
    return problems


def differences(kept: Report, made: Report) -> list[str]:
    """Return how two reports differ in what depends neither on the day nor on the machine."""
    then, now = normal(kept), normal(made)
    problems = [
        f"{requirement}[{case}]: {_ended(then.get((requirement, case)))} in the sample, "
        f"{_ended(now.get((requirement, case)))} in a new run"
        for requirement, case in sorted(then.keys() | now.keys())
        if then.get((requirement, case)) != now.get((requirement, case))
    ]
    judged = [verdict_on(each, _day(kept)) for each in (kept, made)]
    for field in Verdict.__struct_fields__:
        values = [getattr(each, field) for each in judged]
        if field != "valid_until" and values[0] != values[1]:
            problems.append(f"the verdict's {field}: {values[0]!r} in the sample, {values[1]!r} in a new run")
    return problems


def normal(kept: Report) -> dict[tuple[str, str], tuple[str, str]]:
    """Return how every case ended: status and subcode, by requirement and case."""
    return {
        (each.requirement, each.case): (each.status.value, each.subcode.value if each.subcode else "")
        for each in kept.run.results
    }


def verdict_on(kept: Report, day: date) -> Verdict:
    """Return the verdict of a run as it would have been on a day, with the waivers in time on that day."""
    security = frozenset(name for name, each in catalogue.requirements().items() if each.security)
    return decide(kept.run, security=security, today=day)


def _day(kept: Report) -> date:
    return datetime.fromisoformat(kept.run.finished).date()


def _ended(outcome: tuple[str, str] | None) -> str:
    return " ".join(filter(None, outcome)) if outcome is not None else "no result"


def main() -> int:
    """Make the samples or look them over; return the exit status."""
    parser = argparse.ArgumentParser(description="Make the sample reports, or look them over.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--redraw", action="store_true", help="draw the forms anew, run nothing")
    choice.add_argument("--check", action="store_true", help="compare, write nothing")
    options = parser.parse_args()
    if options.redraw:
        redraw()
    elif options.check:
        problems = check()
        print("\n".join(problems) or "the samples are as the kit makes them")
        return 1 if problems else 0
    else:
        generate()
    return 0


if __name__ == "__main__":
    sys.exit(main())
