"""`evte init`: a plan to fill in."""

from pathlib import Path

import click

from conformance.cli.frame import IUT_HELP


@click.command()
@click.option(
    "--plan",
    metavar="FILE",
    type=click.Path(path_type=Path),
    default=Path("evte.toml"),
    show_default=True,
    help="The file to write.",
)
@click.option("--iut", metavar="SPEC", default="reference", show_default=True, help=IUT_HELP)
@click.option("--profile", metavar="NAME", default="usi-local", show_default=True, help="What must hold.")
def init(*, plan: Path, iut: str, profile: str) -> None:
    """Write a plan file with every key explained; a file that is there already is left alone.

    Exit: 0 written, 2 the file exists or cannot be written.
    """
    from conformance import catalogue
    from conformance.adapters.session import attach
    from conformance.errors import OperatorError
    from conformance.plan import secret
    from conformance.plan.template import template
    from conformance.reference import resolve

    catalogue.profile(profile)
    attach(iut, resolve=resolve)
    if list(secret.find({"iut": iut})):
        raise OperatorError(
            "the plan would hold what looks like a secret",
            expected="a SPEC without it; the harness takes it from a variable or a file of its own",
            where="--iut",
        )
    text = template(iut=iut, profile=profile)
    try:
        with plan.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise OperatorError(
            "the plan is not written over what is there",
            expected="a name that is free",
            found="a file of that name",
            where=str(plan),
            advice="name another file with --plan, or remove this one yourself",
        ) from error
    except (OSError, ValueError) as error:
        raise OperatorError(
            "the plan cannot be written",
            expected="a folder that is there and may be written to",
            found=getattr(error, "strerror", "") or str(error),
            where=str(plan),
            advice="name another file with --plan",
        ) from error
    click.echo(f"written: {plan}")
    click.echo(f"next: fill in `iut` and [registration], then  evte run --plan {plan}")
