"""A stored example tried again: FIXED, STILL FAILS, CANNOT RUN.

The check that found it is carried out once more, on this example alone, by the main job, so that the answer
is that of a run.  FIXED takes that the check passes and that every stored request has reached the harness;
a check that passes without them has not looked, and the answer is CANNOT RUN.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import hypothesis
import msgspec

from conformance import catalogue, runner
from conformance.errors import EmptySelectionError, OperatorError
from conformance.model import CounterExample, Result, Status
from conformance.plugin import Background
from conformance.report import replays

REPORT: Final = "report.json"


class Answer(StrEnum):
    """What came of trying an example again."""

    FIXED = "FIXED"
    STILL_FAILS = "STILL FAILS"
    CANNOT_RUN = "CANNOT RUN"


EXIT_CODES: Final = {Answer.FIXED: 0, Answer.STILL_FAILS: 1, Answer.CANNOT_RUN: 3}


@dataclass(frozen=True, slots=True)
class Replay:
    """An example that was tried again, or could not be."""

    answer: Answer
    reason: str
    """In one sentence."""
    result: Result | None = None
    """Of the check; None where it was not carried out."""


def read(path: Path) -> CounterExample:
    """Return the stored example of a file of the folder `replay/`; its lines' file may be named as well.

    Raises:
        OperatorError: there is no such file, or it is none.
    """
    if path.suffix == ".jsonl":
        path = path.with_suffix(".json")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise OperatorError(
            "the stored example cannot be read",
            expected=f"a file {replays.FOLDER}/NAME.json in the folder of a report",
            found=error.strerror or str(error),
            where=str(path),
        ) from error
    return replays.decode(content, str(path))


def target_beside(path: Path) -> str:
    """Return the SPEC that the report beside the folder of a stored example was made with; empty if unknown.

    The text is a stranger's as long as nobody has looked at it: a command in it must not be run unasked.
    """
    try:
        report = msgspec.json.decode((path.resolve().parent.parent / REPORT).read_bytes())
        target = report["run"]["target"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""
    return target if isinstance(target, str) else ""


def replay(example: CounterExample, order: runner.Order) -> Replay:
    """Try a stored example again and say what came of it.

    Args:
        example: as `read` gives it.
        order: the implementation, and how it is reached; profile, selection and seed are the example's.

    Raises:
        OperatorError: the order cannot be carried out: no such implementation, no such credential.
    """
    if obstacle := _obstacle(example):
        return Replay(Answer.CANNOT_RUN, obstacle)
    name = f"{example.requirement}[{example.case}]"
    told = replace(
        order,
        profile=example.profile,
        only=(name,),
        seed=example.seed,
        out=None,
        background=Background(replaying=example),
    )
    try:
        outcome = runner.run(told)
    except EmptySelectionError:
        return Replay(Answer.CANNOT_RUN, f"this kit has no such check as {name}")
    run = outcome.report.run
    if run.harness_failure:
        return Replay(Answer.CANNOT_RUN, f"the harness failed: {run.harness_failure}")
    point = (example.requirement, example.case)
    result = next((each for each in run.results if (each.requirement, each.case) == point), None)
    return _concluded(example, result, outcome.failure)


def _concluded(example: CounterExample, result: Result | None, failure: Exception | None) -> Replay:
    """Conclude from the result of the check."""
    if result is None or result.status is Status.SKIP:
        why = failure or "the run ended early"
        return Replay(Answer.CANNOT_RUN, f"the check was not carried out: {why}", result)
    if result.status is Status.PASS:
        return Replay(Answer.FIXED, "the stored example was sent again, and its check passes", result)
    if result.status in {Status.FAIL, Status.WARN}:
        same = (result.subcode, result.message) == (example.subcode, example.message)
        return Replay(
            Answer.STILL_FAILS, "the same failure" if same else "the failure is another one now", result
        )
    if result.status is Status.NOT_APPLICABLE:
        return Replay(Answer.CANNOT_RUN, f"the check does not apply: {result.message}", result)
    return Replay(Answer.CANNOT_RUN, result.message, result)


def _obstacle(example: CounterExample) -> str:
    """Say why an example cannot be tried by this kit at all; the empty text if it can."""
    if example.profile not in catalogue.profiles():
        return f"this kit has no profile {example.profile!r}"
    if example.requirement not in catalogue.profile(example.profile).requirements:
        return f"the profile {example.profile} of this kit does not ask about {example.requirement!r}"
    if example.choices and example.hypothesis != hypothesis.__version__:
        told = example.hypothesis or "of a version that is not told"
        return (
            f"what was drawn was recorded by Hypothesis {told}, and only that version can read it; "
            f"here is {hypothesis.__version__}"
        )
    return ""
