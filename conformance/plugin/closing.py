"""From the state of a run to its report."""

import platform
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from conformance.plugin.conductor import Choices, Conductor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.model import (
        LookAlike,
        Remark,
        Report,
        Result,
    )


def report_of(conductor: Conductor) -> "Report":
    """Return the report of what the run has learned, verdict included."""
    from conformance import __version__, catalogue, vectors
    from conformance.model import REPORT_SCHEMA, Report, Run
    from conformance.report import comparison, history, kill_score
    from conformance.verdict import decide

    choices, background = conductor.choices, conductor.background
    finished = datetime.now(UTC)
    session = conductor.session
    run = Run(
        kit_version=__version__,
        profile=conductor.profile,
        catalogue_digest=catalogue.digest(),
        vectors_digest=vectors.digest(),
        started=_stamp(conductor.started),
        finished=_stamp(finished),
        seed=choices.seed,
        carrier=session.carrier if session is not None else "",
        target=choices.iut,
        implementation=(
            session.initialized.implementation if session is not None and session.initialized else None
        ),
        credential=conductor.credential,
        environment=_environment(choices),
        planned=tuple(conductor.planned),
        results=tuple(conductor.results),
        remarks=(*background.remarks, *conductor.remarks, *_ended_early(conductor)),
        harness_failure=conductor.harness_failure,
        interrupted=conductor.interrupted,
        waivers=background.waivers,
        registration=background.registration,
        attestations=background.attestations,
        doctor=background.doctor,
        performance=conductor.performance,
        shard=background.shard,
    )
    security = frozenset(name for name, requirement in conductor.known.items() if requirement.security)
    named = dict.fromkeys((*conductor.profile.requirements, *(result.requirement for result in run.results)))
    questions = catalogue.questions()
    report = Report(
        schema=REPORT_SCHEMA,
        run=run,
        verdict=decide(run, security=security, today=finished.date()),
        requirements=tuple(conductor.known[name] for name in named),
        evidence=tuple(conductor.evidence.values()),
        trend=history.of_product(background.trend, run.implementation.name if run.implementation else ""),
        look_alikes=resembling(conductor.results),
        kill_score=kill_score.read(),
        counter_examples=tuple(conductor.counter_examples),
        questions=tuple(questions[name] for name in conductor.profile.questions),
    )
    if background.baseline is None:
        return report
    import msgspec

    return msgspec.structs.replace(report, changes=comparison.compare(background.baseline, report))


def resembling(results: "Sequence[Result]") -> "tuple[LookAlike, ...]":
    """Say which of the kit's own wrong implementations the product resembles; read only where it fails."""
    from conformance.model import Status
    from conformance.report.look_alikes import Declared, look_alikes

    if not any(result.status in {Status.FAIL, Status.WARN, Status.NOT_TESTABLE} for result in results):
        return ()
    from conformance import vectors
    from conformance.reference import load_mutants

    exposing = vectors.exposing()
    declared = {
        name: Declared(
            mutant=name,
            sentence=(kind.__doc__ or "").strip().splitlines()[0],
            mend=kind.declaration.mend,
            kills=kind.declaration.kills,
            also=tuple(kind.declaration.also),
            subcode=kind.declaration.subcode,
            cases=exposing.get(name, frozenset()),
        )
        for name, kind in load_mutants().items()
        if kind.declaration is not None
    }
    return look_alikes(results, declared)


def _ended_early(conductor: Conductor) -> "Iterator[Remark]":
    """Say in the report what ended the run, when it was neither the product nor its harness."""
    from conformance.errors import EvteError, OperatorError
    from conformance.model import Blame, Remark

    failure = conductor.failure
    if failure is not None:
        blame = Blame.CONFIGURATION if isinstance(failure, OperatorError) else Blame.KIT
        text = str(failure) if isinstance(failure, EvteError) else f"{type(failure).__name__}: {failure}"
        yield Remark(blame=blame, text=f"The run was ended early. {text}")


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _environment(choices: Choices) -> dict[str, str]:
    from importlib.metadata import version

    found = {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "examples per property": str(choices.examples),
    }
    for name in ("hypothesis", "pytest", "lxml", "cryptography", "signxml", "zeep"):
        found[name] = version(name)
    return found
