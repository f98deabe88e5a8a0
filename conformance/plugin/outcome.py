"""From the error of a check, by its family, to a `model.Result`."""

import traceback
from typing import TYPE_CHECKING, Any

import pytest

from conformance.plugin.conductor import Choices, Conductor
from conformance.plugin.counter_examples import example_of, stored, untried

if TYPE_CHECKING:  # the plugin is loaded by every pytest where the kit is installed: import late
    from conformance.model import (
        Remark,
        Result,
    )


class DoesNotApply(Exception):  # noqa: N818 - an outcome
    """The profile allows the capability to be absent, the vendor declared it so, and a probe agreed."""


def point_of(item: pytest.Item, conductor: Conductor) -> Any:  # noqa: ANN401 - model.Point, imported late
    """Return the point that a check settles.

    Raises:
        KitError: the check cites no requirement, several, or one that the catalogue does not check.
    """
    from conformance.errors import KitError
    from conformance.model import Point

    markers = list(item.iter_markers("requirement"))
    identifier = markers[0].args[0]
    if len(markers) != 1 or identifier not in conductor.known or conductor.known[identifier].excluded:
        raise KitError(
            f"the check {item.name} must cite one requirement that the catalogue knows and checks",
            found=", ".join(marker.args[0] for marker in markers),
        )
    return Point(requirement=identifier, case=item.name.removeprefix("test_"))


def judge(
    conductor: Conductor, item: pytest.Item, error: BaseException | None, duration_ms: float
) -> "Result":
    """Say what a check's outcome is, by the family of its error."""
    from hypothesis.errors import Flaky

    from conformance.errors import (
        EvteError,
        HarnessError,
        ImplementationError,
        Inconclusive,
        NotTestable,
        OperatorError,
        OutOfReach,
    )
    from conformance.model import Blame, Level, Status, Subcode

    point = point_of(item, conductor)
    requirement = conductor.known[point.requirement]
    ledger = conductor.iut.ledger if conductor.iut is not None else None
    status, subcode, blame = Status.PASS, None, None
    if error is None and not (ledger is not None and ledger.warnings):
        error = untried(conductor)
    if error is None and ledger is not None and ledger.warnings:
        error, status = ledger.warnings[0], Status.WARN
        subcode, blame = Subcode.REASON_UNSTATED, Blame.IMPLEMENTATION
    elif isinstance(error, DoesNotApply):
        status = Status.NOT_APPLICABLE
    elif isinstance(error, OutOfReach):
        status, blame = Status.NOT_APPLICABLE, Blame.ENVIRONMENT
        conductor.remarks.append(_out_of_reach(point, error))
    elif isinstance(error, ImplementationError):
        status, subcode, blame = Status.FAIL, Subcode(error.subcode), Blame.IMPLEMENTATION
        unwaivable = subcode is Subcode.SECRET_LEAK or (
            subcode is Subcode.ACCEPTED_INVALID and requirement.security
        )
        if requirement.level is not Level.MUST and not unwaivable:
            status = Status.WARN
    elif isinstance(error, NotTestable):
        status, blame = Status.NOT_TESTABLE, Blame.IMPLEMENTATION
    elif isinstance(error, Inconclusive):
        status, blame = Status.INCONCLUSIVE, Blame.IMPLEMENTATION
    elif isinstance(error, Flaky):
        status, subcode, blame = Status.INCONCLUSIVE, Subcode.NONDETERMINISTIC, Blame.IMPLEMENTATION
        error = Inconclusive("the same input was answered differently when it was asked again")
    elif isinstance(error, HarnessError):
        status, subcode, blame = Status.INCONCLUSIVE, Subcode.PROTOCOL_ERROR, Blame.HARNESS
        conductor.harness_failure = str(error)
    elif isinstance(error, OperatorError):
        status, blame = Status.INCONCLUSIVE, Blame.CONFIGURATION
        conductor.failure = error
    elif error is not None:
        status, blame = Status.KIT_ERROR, Blame.KIT
    details = error if isinstance(error, EvteError) else None
    result = result_of(
        conductor,
        point,
        status,
        subcode=subcode,
        blame=blame,
        message=details.message if details else _told(error),
        expected=details.expected if details else "",
        actual=details.found if details else _traced(error),
        where=details.where if details else "",
        hint=details.advice if details else "",
        example="" if status is Status.PASS else example_of(conductor, error),
        evidence=tuple(ledger.evidence) if ledger is not None else (),
        duration_ms=round(duration_ms, 3),
    )
    if status not in {Status.FAIL, Status.WARN} or (example := stored(conductor, result, error)) is None:
        return result
    import msgspec

    conductor.counter_examples.append(example)
    return msgspec.structs.replace(result, counter_example=example.name)


def _out_of_reach(point: Any, error: Any) -> "Remark":  # noqa: ANN401 - model.Point and errors.OutOfReach
    from conformance.model import Blame, Remark

    advice = f" {error.advice[:1].upper()}{error.advice[1:].rstrip('.')}." if error.advice else ""
    text = f"{point.requirement} was not looked at: {error.message.rstrip('.')}.{advice}"
    return Remark(blame=Blame.ENVIRONMENT, text=text)


def _told(error: BaseException | None) -> str:
    return "" if error is None else str(error) or type(error).__name__


def _traced(error: BaseException | None) -> str:
    """Return the traceback of a kit error; it goes into the report that we ask for, not to the terminal."""
    if error is None or isinstance(error, DoesNotApply):
        return ""
    return "".join(traceback.format_exception(error)[-6:])


def result_of(
    conductor: Conductor,
    point: Any,  # noqa: ANN401 - model.Point, imported late
    status: Any,  # noqa: ANN401 - model.Status
    *,
    message: str,
    hint: str = "",
    **fields: Any,  # noqa: ANN401 - fields of model.Result
) -> "Result":
    """Return a result with what the catalogue and the operator's choices add to it."""
    from conformance.model import Result

    requirement = conductor.known[point.requirement]
    remedy = requirement.mend.get("any", "")
    passed = status.value in {"pass", "not_applicable", "skip"}
    return Result(
        requirement=point.requirement,
        case=point.case,
        status=status,
        level=requirement.level,
        message=message,
        remediation="" if passed else " ".join(filter(None, (hint and f"{hint.rstrip('.')}.", remedy))),
        replay="" if passed else replay_command(conductor.choices, point.requirement, point.case),
        **fields,
    )


def replay_command(choices: Choices, requirement: str, case: str) -> str:
    """Return the command line that runs one point again, quoted for this platform's shell."""
    from conformance.adapters.command import join_words

    words = ["evte", "run", "--iut", choices.iut, "--profile", choices.profile]
    if choices.seed:
        words += ["--seed", str(choices.seed)]
    if choices.keystore is not None:
        words += ["--keystore", str(choices.keystore), "--alias", choices.alias]
        words += ["--password-env", choices.password_env]
    words += ["--only", f"{requirement}[{case}]"]
    return join_words(words)
