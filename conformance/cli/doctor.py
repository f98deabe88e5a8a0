"""`evte doctor`: can a run work at all?"""

import sys
from pathlib import Path

import click

from conformance.cli.frame import IUT_HELP, deadline_option, own_credential


@click.command()
@click.option("--iut", metavar="SPEC", default="reference", show_default=True, help=IUT_HELP)
@deadline_option
@own_credential
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
