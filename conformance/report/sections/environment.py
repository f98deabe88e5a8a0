"""Environment and remarks: everything that is needed to tell this run from another one."""

from dataclasses import dataclass
from typing import Final

from conformance.model import DoctorFinding, Remark
from conformance.report import figures
from conformance.report.ledger import Ledger
from conformance.report.section import Section
from conformance.report.sections.verdict import Fact, origin
from conformance.report.standing import Tone


@dataclass(frozen=True)
class Examined:
    """One finding of the doctor's, with its colour and word."""

    finding: DoctorFinding
    tone: Tone
    word: str


@dataclass(frozen=True)
class View:
    """What the section shows."""

    remarks: tuple[Remark, ...]
    doctor: tuple[Examined, ...]
    """What the pre-flight examination found, what is not well first; empty when it was not held."""
    ailing: int
    """Findings that are not well."""
    groups: tuple[tuple[str, tuple[Fact, ...]], ...]
    """Headings, each with its facts."""


def _view(ledger: Ledger) -> View:
    run, who, owner = ledger.run, ledger.run.implementation, ledger.run.credential
    groups = [
        (
            "Run",
            (
                Fact("Started", run.started, code=True),
                Fact("Finished", run.finished, code=True),
                Fact("Seed", str(run.seed), code=True),
                Fact("Carrier", run.carrier or "none was opened"),
                Fact("Implementation under test", run.target, code=True, wide=True),
                Fact("Interrupted", "yes" if run.interrupted else "no"),
                Fact("Points planned", figures.count(len(run.planned), "point")),
                Fact("Results recorded", figures.count(len(run.results), "result")),
            ),
        ),
        (
            "Profile",
            (
                Fact("Name and edition", f"{run.profile.name} {run.profile.edition}", code=True),
                Fact("Requirements", str(len(run.profile.requirements))),
                Fact("Purpose", run.profile.purpose, wide=True),
                Fact("Tokens are for", run.profile.applies_to or "no relying party", code=True, wide=True),
                Fact("On behalf of another", "yes, cloud" if run.profile.act_as else "no"),
                Fact("May be absent", ", ".join(run.profile.may_be_absent) or "nothing"),
            ),
        ),
        (
            "Kit",
            (
                Fact("Version", run.kit_version, code=True),
                Fact("Catalogue", run.catalogue_digest, code=True, wide=True),
                Fact("Vectors", run.vectors_digest, code=True, wide=True),
            ),
        ),
    ]
    if who is not None:
        facts = (
            Fact("Name", who.name),
            Fact("Version", who.version),
            Fact("Language", who.language or "not stated"),
            Fact("Runtime", who.runtime or "not stated"),
            Fact("Build", who.build or "not stated", code=True, wide=True),
            Fact("Offers", ", ".join(who.capabilities) or "nothing", code=True, wide=True),
        )
        groups.insert(0, ("Implementation, in its own words", facts))
    if owner is not None:
        facts = (
            Fact("Alias", owner.alias, code=True),
            Fact("Organisation", f"{owner.name}, ABN {owner.abn}"),
            Fact("Serial number", owner.serial, code=True),
            Fact("Valid", f"{figures.moment(owner.not_before)} to {figures.moment(owner.not_after)}"),
            Fact("Origin", origin(owner)),
            Fact("SHA-256 of the certificate", owner.sha256, code=True, wide=True),
        )
        groups.append(("Machine credential", facts))
    if run.environment:
        machine = tuple(Fact(name, text) for name, text in sorted(run.environment.items()))
        groups.append(("Machine", machine))
    doctor = tuple(
        sorted(map(_examined, run.doctor), key=lambda each: (each.finding.ok, not each.finding.fatal))
    )
    return View(run.remarks, doctor, sum(not each.ok for each in run.doctor), tuple(groups))


def _examined(finding: DoctorFinding) -> Examined:
    if finding.ok:
        return Examined(finding, Tone.OK, "ok")
    return Examined(finding, Tone.BAD, "wrong") if finding.fatal else Examined(finding, Tone.WARN, "note")


SECTION: Final = Section(
    anchor="environment", title="Environment and remarks", template="environment.html", view=_view
)
