"""`evte run`: the main job."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.frame import IUT_HELP, deadline_option, fail, own_credential
from conformance.errors import EvteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.model import Result
    from conformance.runner import Outcome

_SHOWN: Final = 10
"""Lines of each kind that are printed; the report has them all."""


@click.command()
@click.option("--iut", metavar="SPEC", default="", help=IUT_HELP)
@click.option("--profile", metavar="NAME", default="usi-local", show_default=True, help="What must hold.")
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("evte-report"),
    show_default=True,
    help="Where the report goes.",
)
@click.option("--only", metavar="ID", multiple=True, help="Only these requirements; `ID[case]` is one point.")
@click.option(
    "--seed", metavar="N", type=int, default=0, show_default=True, help="Seed of everything random."
)
@click.option(
    "--examples", metavar="N", type=click.IntRange(1), default=60, show_default=True, help="Per property."
)
@deadline_option
@own_credential
@click.option(
    "--trust",
    metavar="PEM",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Further trust anchors of the simulated token service.",
)
@click.option("--org-code", metavar="CODE", default="", help="Organisation code to use with your credential.")
@click.option("--strict", is_flag=True, help="Exit 7 instead of 0 when conditions remain.")
@click.option("--plain", is_flag=True, help="Plain lines instead of the live display.")
def run(*, strict: bool, plain: bool, iut: str, out: Path, **choices: Any) -> None:  # noqa: ANN401 - click's values
    """Run the suite against an implementation and write a readiness report.

    Exit: 0 ready, 1 not ready, 2 usage, 3 incomplete, 4 harness, 5 kit, 6 waiver, 7 conditions with --strict.
    """
    from conformance import progress, runner
    from conformance.errors import OperatorError
    from conformance.verdict import exit_code

    if not iut:
        raise OperatorError(
            "no implementation under test was given",
            expected="--iut SPEC",
            advice=(
                "evte run --iut reference, or for your own: "
                '--iut "cmd:COMMAND LINE OF YOUR HARNESS", --iut http://127.0.0.1:PORT/, '
                "--iut python:module:attribute"
            ),
        )
    order = runner.Order(
        iut=iut,
        out=out,
        deadline_s=choices.pop("deadline"),
        only=tuple(choices.pop("only")),
        trust=tuple(choices.pop("trust")),
        **choices,
    )
    with progress.choose(plain=plain) as listener:
        outcome = runner.run(order, listener)
    _print_outcome(outcome, out)
    if outcome.failure is not None:
        if isinstance(outcome.failure, EvteError):
            fail(outcome.failure)
        sys.exit(outcome.exit_code)
    sys.exit(exit_code(outcome.report.verdict, outcome.report.run, strict=strict))


def _first_of_each(results: "Iterable[Result]", status: str) -> "Iterator[tuple[str, Result]]":
    """Yield the first result of that status of every requirement, as the verdict names it."""
    seen = set()
    for result in results:
        if result.status.value == status and result.requirement not in seen:
            seen.add(result.requirement)
            yield f"{result.requirement}[{result.case}]", result


def _print_outcome(outcome: "Outcome", out: Path) -> None:
    from conformance.report.text import one_line

    verdict = outcome.report.verdict
    colour = {"READY": "green", "READY WITH CONDITIONS": "yellow"}.get(verdict.readiness, "red")
    click.secho(verdict.readiness, fg=colour, bold=True)
    click.echo(verdict.sentence)
    if outcome.report.run.harness_failure:
        click.echo(outcome.report.run.harness_failure)
    results = outcome.report.run.results
    click.echo(", ".join(f"{count} {status.replace('_', ' ')}" for status, count in verdict.counts.items()))
    blocking = frozenset(verdict.blocking)
    # What was left out on purpose is counted above; what stayed open otherwise is named.
    left_out = {f"{r.requirement}[{r.case}]" for r in results if r.status.value == "skip"}
    still_open = [name for name in verdict.missing if name not in left_out]
    if outcome.report.run.harness_failure or outcome.report.run.interrupted:
        still_open = [f"{len(still_open)} points that the run did not come to"]
    fails, untestable = (
        [f"{name}: {found.message}" for name, found in _first_of_each(results, status) if name in blocking]
        for status in ("fail", "not_testable")
    )
    for title, lines in (
        ("fails", fails),
        ("not testable", untestable),
        ("open", still_open),
        ("condition", verdict.conditions),
    ):
        for line in lines[:_SHOWN]:
            click.echo(f"  {title}: {one_line(line)}")
        if len(lines) > _SHOWN:
            click.echo(f"  {title}: {len(lines) - _SHOWN} more in the report")
    click.echo(f"report: {(out / 'report.html').resolve()}")
