"""The command `evte`: parse, call, print.

Nothing is decided here.  Every import beyond click stands inside the command that needs it, so that
`evte --help` answers at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeVar

import click

from conformance.errors import EvteError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from conformance.model import Requirement, Result
    from conformance.runner import Outcome

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}

_SHOWN: Final = 10
"""Lines of each kind that are printed; the report has them all."""

_IUT_HELP: Final = (
    'Implementation under test: reference, mutant:NAME, "cmd:COMMAND LINE", http://…, '
    "or python:module:attribute."
)


class _Commands(click.Group):
    """Prints the errors of the kit's families in one piece and leaves with their exit code."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's own type
        try:
            return super().invoke(ctx)
        except EvteError as error:
            _fail(error)
        except (click.exceptions.Exit, click.ClickException, click.Abort, BrokenPipeError):
            raise
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            sys.exit(130)
        except Exception as error:  # whatever it is, it is ours, and no verdict
            _fail(_unforeseen(error))


def _unforeseen(error: Exception) -> EvteError:
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


def _fail(error: EvteError) -> NoReturn:
    click.echo(f"evte: {error}", err=True)
    sys.exit(error.exit_code)


@click.group(cls=_Commands, context_settings=_CONTEXT)
@click.version_option(package_name="evte-conformance", prog_name="evte")
def main() -> None:
    """Check software that talks to MAS-ST and the USI Registry, before EVTE does.

    Start with `evte run --iut reference --profile smoke`, then put your own harness in its place.
    """


# --- options that more than one command takes -------------------------------------------------------

_Command = TypeVar("_Command", bound=Callable[..., Any])

_deadline = click.option(
    "--deadline", metavar="SECONDS", type=float, help="Per call, instead of the contract's own."
)


_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


def _own_credential(command: _Command) -> _Command:
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


# --- run ------------------------------------------------------------------------------------------


@main.command()
@click.option("--iut", metavar="SPEC", default="", help=_IUT_HELP)
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
@_deadline
@_own_credential
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
            _fail(outcome.failure)
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


# --- doctor ---------------------------------------------------------------------------------------


@main.command()
@click.option("--iut", metavar="SPEC", default="reference", show_default=True, help=_IUT_HELP)
@_deadline
@_own_credential
def doctor(*, iut: str, deadline: float | None, keystore: Path | None, alias: str, password_env: str) -> None:
    """Find out in a second whether a run can work: harness, framing, clock, files, certificates.

    Exit: 0 all well, 4 something is wrong with the harness, 2 with the configuration or this machine.
    """
    from conformance import doctor as examination
    from conformance.model import Blame
    from conformance.reference import resolve
    from conformance.simulators.bench import password_of

    store = None
    if keystore is not None:
        store = examination.CredentialStore(keystore, alias, password_of(password_env))
    findings = examination.examine(iut, resolve=resolve, deadline_s=deadline, keystore=store)
    for finding in findings:
        bad = ("WRONG", "red") if finding.fatal else ("note ", "yellow")
        word, colour = ("ok   ", "green") if finding.ok else bad
        click.secho(word, fg=colour, nl=False)
        click.echo(
            f" {finding.check}: {finding.sentence}" + ("" if finding.ok else f"  [{finding.owner.value}]")
        )
        if not finding.ok and finding.advice:
            click.echo(f"        try: {finding.advice}")
    wrong = {finding.owner for finding in findings if not finding.ok and finding.fatal}
    if Blame.KIT in wrong:
        sys.exit(5)
    if wrong & {Blame.HARNESS, Blame.IMPLEMENTATION}:
        sys.exit(4)
    sys.exit(2 if wrong else 0)


# --- serve ----------------------------------------------------------------------------------------


@main.command()
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--beyond-loopback", is_flag=True, help="Allow a --host that other machines can reach.")
@click.option(
    "--port",
    metavar="N",
    type=click.IntRange(0, 65535),
    default=8443,
    show_default=True,
    help="Of both services; 443 for clients with fixed addresses, 0 for any free one.",
)
@click.option("--certificate", metavar="PEM", type=_FILE, help="Of your own, with its chain, for TLS.")
@click.option("--key", metavar="PEM", type=_FILE, help="Its private key, if not in the same file.")
@click.option("--ca-file", metavar="PEM", type=_FILE, help="Write here what your product must trust.")
@click.option(
    "--trust", metavar="PEM", multiple=True, type=_FILE, help="Further trust anchors of the token service."
)
@_own_credential
@click.option("--write-keystore", metavar="DIR", type=_FOLDER, help="Write a keystore to begin with.")
@click.option(
    "--clock-offset", metavar="±TIME", default="0", help="Have the services' clock wrong: +6m, -4m."
)
@click.option("--seed", metavar="N", type=int, default=0, show_default=True, help="Of everything random.")
@click.option("--fault", "faults", metavar="NAME", multiple=True, help="Misbehave so; NAME@2: twice only.")
@click.option("--list-faults", is_flag=True, help="List the faults, and serve nothing.")
@click.option("--setting", "settings", metavar="NAME=VALUE", multiple=True, help="Where sources disagree.")
@click.option("--list-settings", is_flag=True, help="List the settings, and serve nothing.")
@click.option(
    "--relying-party",
    "relying_parties",
    metavar="URL",
    multiple=True,
    help="Issue tokens for this address too.",
)
@click.option(
    "--organisation",
    "organisations",
    metavar="CODE=ABN[:TYPE]",
    multiple=True,
    help="Organisation that the registry knows; an RTO where no type is given.",
)
@click.option(
    "--notification",
    "notifications",
    metavar="ABN=SSID",
    multiple=True,
    help="Client that has notified of your hosted software.",
)
@click.option(
    "--database",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Keep the registry's people, RequestIds and receipts here, over restarts; made if not there.",
)
@click.option("--transcripts", metavar="DIR", type=_FOLDER, help="Write what crossed the wire, redacted.")
def serve(
    *,
    list_faults: bool,
    list_settings: bool,
    trust: tuple[Path, ...],
    **choices: Any,  # noqa: ANN401 - click's values
) -> None:
    """Run token service and registry alone, for a product that you drive by hand.

    Every exchange is judged and told in a line, with all that is wrong with the request beneath it.

    Exit: 0 after Ctrl-C or SIGTERM; 2 something given cannot be used.
    """
    from conformance import serving

    if list_faults:
        for name, sentence in serving.faults():
            click.echo(f"{name:<32} {sentence}")
        return
    if list_settings:
        for setting in serving.settings():
            of = f"{setting.name:<28} {setting.service:<13}"
            click.echo(f"{of}  {setting.default}{_bracketed(setting.choices)}")
        return
    serving.serve(serving.Order(trust=tuple(trust), **choices), click.echo)


def _bracketed(choices: tuple[str, ...]) -> str:
    return f"  ({', '.join(choices)})" if choices else ""


# --- inspect --------------------------------------------------------------------------------------


@main.command()
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--at", metavar="TIME", required=True, help="As of when: 2026-11-21T10:42:00Z.")
@click.option(
    "--endpoint",
    type=click.Choice(["S007v1.3", "S007v1.2"]),
    default=None,
    help="Version of the token service, where neither address nor algorithms tell it.",
)
@click.option(
    "--trust",
    metavar="CERTIFICATES",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Certificates that the signer's must lead to: PEM, DER or PKCS#7.",
)
@click.option(
    "--keystore",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Keystore that should hold the signer's certificate; no password is needed.",
)
@click.option("--proof-key", metavar="BASE64", default="", help="Of the token; never printed.")
@click.option("--json", "as_json", is_flag=True, help="The same content for programs.")
def inspect(
    *,
    file: Path,
    at: str,
    endpoint: str | None,
    trust: tuple[Path, ...],
    keystore: Path | None,
    proof_key: str,
    as_json: bool,
) -> None:
    """Judge a captured request, answer or fault of either hop offline, and say why it is refused.

    FILE holds the XML, or HTTP headers, a blank line and the XML, or is a transcript that the kit wrote.

    Exit: 0 accepted, remarks allowed; 1 refused; 2 no such message, or a wrong option.
    """
    from conformance import inspection
    from conformance.errors import OperatorError
    from conformance.protocol import instants
    from conformance.protocol import keystore as stores

    try:
        now = instants.read(at)
    except instants.InstantError as error:
        raise OperatorError(str(error), expected="a moment in UTC, with Z", where="--at") from error
    anchors = [
        certificate
        for path in trust
        for certificate in inspection.certificates_in(
            inspection.content(path, "certificates"), where=str(path)
        )
    ]
    found = inspection.inspect(
        inspection.content(file, "a captured message"),
        now=now,
        name=file.name,
        endpoint=endpoint or "",
        trusted=tuple(anchors),
        store=stores.read(inspection.content(keystore, "a credential store")) if keystore else None,
        proof_key=inspection.key_of(proof_key) if proof_key else None,
    )
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(found), indent=2).decode())
    else:
        click.echo(inspection.tell(found))
    sys.exit(found.exit_code)


# --- what must hold -------------------------------------------------------------------------------


@main.command()
@click.argument("identifier", metavar="ID")
@click.option("--language", metavar="NAME", default="", help="Remediation for python, java, csharp, php, …")
def explain(*, identifier: str, language: str) -> None:
    """Explain a requirement: what must hold, why, the trap, how it is checked, how to mend it."""
    from conformance import catalogue

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


@main.command("catalogue")
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


@main.command()
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


# --- the notebooks --------------------------------------------------------------------------------


@main.command()
@click.option(
    "--dir",
    "folder",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Where your copy of the notebooks lies or goes.",
)
@click.option("--copy-only", is_flag=True, help="Copy the notebooks and do not start JupyterLab.")
@click.argument("jupyter", nargs=-1, type=click.UNPROCESSED)
def lab(*, folder: Path | None, copy_only: bool, jupyter: tuple[str, ...]) -> None:
    """Open JupyterLab on the guided notebooks.

    In a checkout the notebooks of the tree are opened; from an installed kit a copy is made first.
    What stands behind -- goes to JupyterLab, for instance `evte lab -- --no-browser --allow-root`.
    """
    from conformance import notebooks

    place = notebooks.place(folder)
    click.echo(f"notebooks: {place}")
    if not copy_only:
        sys.exit(notebooks.start(place, jupyter))


if __name__ == "__main__":
    main()
