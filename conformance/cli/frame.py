"""What every command shares: how errors are printed, and options that several take."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

import click

from conformance.errors import EvteError

IUT_HELP: Final = (
    'Implementation under test: reference, mutant:NAME, "cmd:COMMAND LINE", http://…, '
    "or python:module:attribute."
)

GATES: Final = ("ready", "no-new-failures")
"""The values of `verdict.Gate`, the default first."""

FILE: Final = click.Path(dir_okay=False, path_type=Path)
FOLDER: Final = click.Path(file_okay=False, path_type=Path)


class Commands(click.Group):
    """Prints the errors of the kit's families in one piece and leaves with their exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own type
        """Run the command; an error of whatever kind ends it with one clear message."""
        try:
            return super().invoke(ctx)
        except EvteError as error:
            fail(error)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(130)
        except Exception as error:  # whatever it is, it is ours, and no verdict
            fail(unforeseen(error))


def unforeseen(error: Exception) -> EvteError:
    """Return the kit's own error for an exception that nobody foresaw, with the place that raised it."""
    import traceback

    from conformance.errors import KitError

    frame = traceback.extract_tb(error.__traceback__)[-1]
    return KitError(
        "the kit failed in a way that it did not foresee",
        expected="a verdict, or an error that says what to try",
        found=f"{type(error).__name__}: {error}",
        where=f"{frame.filename}, line {frame.lineno}",
        advice="if it is not the disk or the memory of this machine, please report it to us",
    )


def fail(error: EvteError) -> NoReturn:
    """Print an error on standard error and leave with the exit code of its family."""
    click.echo(f"evte: {error}", err=True)
    sys.exit(error.exit_code)


_Command = TypeVar("_Command", bound=Callable[..., Any])

deadline_option = click.option(
    "--deadline", metavar="SECONDS", type=float, help="Per call, instead of the contract's own."
)


def own_credential(command: _Command) -> _Command:
    """Let a command take the operator's own credential."""
    options = (
        click.option(
            "--keystore",
            metavar="FILE",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Your own keystore, for instance of the developer kit.",
        ),
        click.option("--alias", metavar="ID", default="", help="Credential in it, for instance ABRD:…"),
        click.option(
            "--password-env", metavar="NAME", default="", help="NAME of the variable that holds its password."
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
