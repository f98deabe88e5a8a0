"""`evte replay`: a stored example again."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.frame import FILE, IUT_HELP, deadline_option, own_credential

if TYPE_CHECKING:
    from conformance import replaying
    from conformance.model import CounterExample
    from conformance.runner import Order


@click.command()
@click.argument("file", metavar="FILE", type=FILE)
@click.option("--iut", metavar="SPEC", default="", help=IUT_HELP)
@click.option("--plan", metavar="FILE", type=FILE, help="Names implementation and keystore; options win.")
@click.option(
    "--as-vector", is_flag=True, help="Print the example as a candidate for the test vectors; run nothing."
)
@deadline_option
@own_credential
@click.option("--trust", metavar="PEM", multiple=True, type=FILE, help="Further trust anchors.")
@click.option("--org-code", metavar="CODE", default="", help="Organisation code to use with your credential.")
def replay(
    *,
    file: Path,
    iut: str,
    plan: Path | None,
    as_vector: bool,
    deadline: float | None,
    **credential: Any,  # noqa: ANN401 - click's values
) -> None:
    """Try a stored example again: FILE is one of the folder replay/ of a report.

    FIXED is only said if the stored request has reached the harness and its check passes.  The lines for a
    trial by hand are in the file of the same name that ends in .jsonl: YOUR-HARNESS < FILE.jsonl

    Exit: 0 FIXED, 1 STILL FAILS, 3 CANNOT RUN, 2 usage.
    """
    from conformance import replaying

    example = replaying.read(file)
    if as_vector:
        from conformance.report.candidate import candidate

        click.echo(candidate(example).decode("ascii"), nl=False)
        return
    found = replaying.replay(example, _order(file, iut, plan, deadline_s=deadline, **credential))
    _print(example, found)
    sys.exit(replaying.EXIT_CODES[found.answer])


def _order(file: Path, iut: str, plan: Path | None, **given: Any) -> "Order":  # noqa: ANN401 - fields of Order
    """Return how the implementation is reached: by the options, the plan, or as in the stored run."""
    from conformance import runner
    from conformance.plan import Plan, read

    stated = read(plan) if plan is not None else Plan()
    reached = Plan(
        path=stated.path,
        iut=stated.iut,
        keystore=stated.keystore,
        deadline_s=stated.deadline_s,
        where=stated.where,
    )
    order = runner.prepare(reached.under(iut=iut or (None if stated.iut else _own_target(file))))
    return replace(order, **{name: value for name, value in given.items() if value})


def _own_target(file: Path) -> str:
    """Return the implementation of the stored run where it is the kit's own; a command has to be given anew.

    Raises:
        OperatorError: it is not, or not known.
    """
    from conformance import replaying
    from conformance.adapters.session import OWN
    from conformance.errors import OperatorError

    target = replaying.target_beside(file)
    if target.startswith(OWN):
        return target
    raise OperatorError(
        "no implementation under test was given",
        expected="--iut SPEC",
        where=str(file),
        advice=(
            f"the stored run was made with {target!r}: if that is what you want to start, name it with --iut"
            if target
            else 'evte replay FILE --iut "cmd:COMMAND LINE OF YOUR HARNESS"'
        ),
    )


def _print(example: "CounterExample", found: "replaying.Replay") -> None:
    from conformance.report.text import one_line

    colour = {"FIXED": "green", "STILL FAILS": "red"}.get(found.answer, "yellow")
    click.secho(found.answer, fg=colour, bold=True, nl=False)
    click.echo(f" {one_line(f'{example.requirement}[{example.case}]')}: {one_line(found.reason)}")
    result = found.result
    if result is None or found.answer == "FIXED":
        return
    for title, text in (
        ("now", result.message if found.answer == "STILL FAILS" else ""),
        ("we expected", result.expected),
        ("your implementation answered" if found.answer == "STILL FAILS" else "found", result.actual),
        ("where", result.where),
    ):
        if text:
            click.echo(f"  {title}: {one_line(text)}")
    if found.answer == "STILL FAILS" and result.message != example.message:
        click.echo(f"  then: {one_line(example.message)}")
