"""`evte explain`, `evte catalogue` and `evte vectors`: what must hold, and the data that shows it."""

from typing import TYPE_CHECKING

import click

from conformance.cli.attest import print_question

if TYPE_CHECKING:
    from conformance.model import Requirement


@click.command()
@click.argument("identifier", metavar="ID")
@click.option("--language", metavar="NAME", default="", help="Remediation for python, java, csharp, php, …")
def explain(*, identifier: str, language: str) -> None:
    """Explain a requirement: what must hold, why, the trap, how it is checked, how to mend it.

    Also explains the questions that a person answers for; see `evte attest`.
    """
    from conformance import catalogue

    if identifier in catalogue.questions():
        print_question(catalogue.question(identifier))
        return
    _print_requirement(catalogue.requirement(identifier), language)


def _print_requirement(requirement: "Requirement", language: str) -> None:
    source = requirement.source
    click.secho(f"{requirement.id}  {requirement.level}", bold=True)
    click.echo(f"{requirement.text}\n")
    rows = [
        ("why", requirement.why),
        ("trap", requirement.trap),
        ("checked", requirement.checked_by or f"not checked: {requirement.excluded}"),
        ("source", ", ".join(filter(None, (source.document, source.clause, source.seed)))),
        ("confidence", requirement.confidence.value),
    ]
    mend = requirement.mend
    chosen = {language: mend[language]} if language in mend else mend
    rows += [("mend" if name == "any" else f"mend, {name}", text) for name, text in chosen.items()]
    for name, text in rows:
        click.echo(click.wrap_text(text, 100, f"{name + ':':<12}", " " * 12))
    examples = _examples(requirement.id)
    for title, lines in examples:
        click.echo(f"\n{title}:")
        for line in lines:
            click.echo(f"  {line}")


def _examples(identifier: str) -> list[tuple[str, list[str]]]:
    """Return the implementations of ours that miss a requirement, each with what it does."""
    from conformance.reference import load_mutants

    named = [
        f"{name}: {(kind.__doc__ or '').splitlines()[0]}"
        for name, kind in load_mutants().items()
        if kind.declaration is not None and kind.declaration.kills == identifier
    ]
    return (
        [("implementations of ours that miss it (try `evte run --iut mutant:NAME`)", named)] if named else []
    )


@click.command("catalogue")
@click.option("--profile", metavar="NAME", default="", help="Only what this profile demands.")
@click.option("--profiles", is_flag=True, help="List the profiles instead.")
@click.option(
    "--schema", metavar="RECORD", default="", help="Print the JSON Schema of a record, for instance Report."
)
def catalogue_(*, profile: str, profiles: bool, schema: str) -> None:
    """List what must hold."""
    from conformance import catalogue

    if schema:
        click.echo(_schema(schema))
        return
    if profiles:
        for goal in catalogue.profiles().values():
            click.echo(f"{goal.name:<10} {goal.edition:<8} {len(goal.requirements):>4}  {goal.title}")
        return
    known = catalogue.requirements()
    ids = catalogue.profile(profile).requirements if profile else tuple(known)
    for identifier in ids:
        row = known[identifier]
        state = "" if row.checked_by else "  (excluded)"
        click.echo(f"{row.id:<13} {row.level:<6} {row.confidence:<10} {row.text}{state}")


def _schema(name: str) -> str:
    import msgspec

    from conformance import model
    from conformance.errors import OperatorError

    records = {
        key: value
        for key, value in vars(model).items()
        if isinstance(value, type) and issubclass(value, model.Record) and value is not model.Record
    }
    if name not in records:
        raise OperatorError(f"there is no record {name!r}", expected=f"one of {', '.join(records)}")
    return msgspec.json.format(msgspec.json.encode(msgspec.json.schema(records[name])), indent=2).decode()


@click.command()
@click.option("--check", is_flag=True, help="Check every file: schema, twins, reasons, flags, mutants.")
@click.option(
    "--skeleton", metavar="OPERATION", default="", help="Print a case of this operation to begin with."
)
def vectors(*, check: bool, skeleton: str) -> None:
    """List the test vectors and where they lie; they are data and usable without Python."""
    from conformance import vectors as files
    from conformance.errors import KitError

    if skeleton:
        click.echo(_skeleton(skeleton))
        return
    if check:
        from conformance.adapters.contract import METHODS, REASONS
        from conformance.reference import load_mutants

        if problems := files.check(methods=METHODS, reasons=REASONS, mutants=load_mutants()):
            raise KitError("the vectors have problems", found="\n         ".join(problems))
    total = 0
    for name in files.files():
        group = files.load(name)
        total += len(group.cases)
        click.echo(f"{name:<40} {len(group.cases):>4}  {group.purpose}")
    click.echo(f"{total} vectors in {files.directory()}, {files.digest()}")


def _skeleton(name: str) -> str:
    import json

    from conformance.adapters import product_form
    from conformance.errors import OperatorError
    from conformance.protocol.operations import OPERATIONS

    if name not in OPERATIONS:
        raise OperatorError(
            f"there is no operation {name!r}", expected=f"one of {', '.join(OPERATIONS)}", where="--skeleton"
        )
    return json.dumps(product_form.skeleton(OPERATIONS[name]), indent=2)
