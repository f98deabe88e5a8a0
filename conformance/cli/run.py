"""`evte run`: the main job."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli.frame import FILE, FOLDER, GATES, IUT_HELP, deadline_option, fail, own_credential
from conformance.errors import EvteError, OperatorError

if TYPE_CHECKING:
    from conformance.plan import OwnKeystore, Plan, Signing
    from conformance.runner import Order

_OUT: Final = Path("evte-report")

_PLANNED: Final = (
    "iut", "profile", "out", "seed", "examples", "strict", "plain", "pdf", "waivers", "attestations",
    "baseline", "history",
)  # fmt: skip
"""Options that are called as the keys of the plan over which they win."""


# A default is told and not set: an option that nobody gave must not win over the plan.
@click.command()
@click.option("--plan", metavar="FILE", type=FILE, help="What to run, as `evte init` writes it; options win.")
@click.option("--iut", metavar="SPEC", help=IUT_HELP)
@click.option("--profile", metavar="NAME", help="What must hold.  [default: usi-local]")
@click.option("--out", metavar="DIR", type=FOLDER, help=f"Where the report goes.  [default: {_OUT}]")
@click.option("--only", metavar="ID", multiple=True, help="Only these requirements; `ID[case]` is one point.")
@click.option("--seed", metavar="N", type=int, help="Seed of everything random.  [default: 0]")
@click.option("--examples", metavar="N", type=click.IntRange(1), help="Per property.  [default: 60]")
@deadline_option
@own_credential
@click.option(
    "--trust",
    metavar="PEM",
    multiple=True,
    type=FILE,
    help="Further trust anchors of the simulated token service.",
)
@click.option("--org-code", metavar="CODE", default="", help="Organisation code to use with your credential.")
@click.option("--waivers", metavar="FILE", type=FILE, help="Failures that you admit.")
@click.option("--attestations", metavar="FILE", type=FILE, help="What `evte attest` wrote.")
@click.option(
    "--baseline", metavar="DIR", type=click.Path(path_type=Path), help="Earlier report to compare with."
)
@click.option("--history", metavar="DIR", type=FOLDER, help="Folder of the reports of earlier runs.")
@click.option(
    "--gate",
    type=click.Choice(GATES),
    help="What exit code 0 takes; `no-new-failures` is against the baseline.  [default: ready]",
)
@click.option("--shard", metavar="I/N", default="", help="Only this part; `evte merge` joins them.")
@click.option(
    "--sign-key", metavar="KEY", help='Sign the manifest: "credential", or the PEM file of a private key.'
)
@click.option("--sign-certificate", metavar="PEM", type=FILE, help="Its certificate, if the file has none.")
@click.option(
    "--sign-password-env", metavar="NAME", help="NAME of the variable that holds the password of the key."
)
@click.option("--pdf/--no-pdf", default=None, help="Also write report.pdf; takes the extra report-pdf.")
@click.option("--strict/--no-strict", default=None, help="Exit 7 instead of 0 when conditions remain.")
@click.option("--plain/--no-plain", default=None, help="Plain lines instead of the live display.")
def run(*, plan: Path | None, only: tuple[str, ...], shard: str, **given: Any) -> None:  # noqa: ANN401 - click's values
    """Run the suite against an implementation and write a readiness report.

    Exit: 0 ready, 1 not ready, 2 usage, 3 incomplete, 4 harness, 5 kit, 6 waiver, 7 conditions with --strict.
    """
    from conformance import progress, runner
    from conformance.cli.outcome import print_doctor, print_outcome
    from conformance.verdict import Gate, exit_code

    asked = _plan(plan, given)
    order = runner.prepare(asked, only=only, shard=shard, measure=True)
    if not only:
        order = _examined(order)
        print_doctor(order.background.doctor)
    with progress.choose(plain=bool(asked.plain)) as listener:
        outcome = runner.run(order, listener)
    gate = asked.gate or Gate.READY
    code = exit_code(
        outcome.report.verdict,
        outcome.report.run,
        strict=bool(asked.strict),
        gate=gate,
        changes=outcome.report.changes,
    )
    print_outcome(outcome, asked.out or _OUT, gate=gate, code=code)
    if outcome.failure is not None:
        if isinstance(outcome.failure, EvteError):
            fail(outcome.failure)
        sys.exit(outcome.exit_code)
    sys.exit(code)


def _plan(path: Path | None, given: dict[str, Any]) -> "Plan":
    """Return the plan of a file, if one was given, under the options."""
    from conformance.plan import Plan, read
    from conformance.verdict import Gate

    plan = read(path) if path is not None else Plan()
    return plan.under(
        **{name: given[name] for name in _PLANNED},
        deadline_s=given["deadline"],
        gate=Gate(given["gate"]) if given["gate"] else None,
        keystore=_keystore(plan, given),
        signing=_signing(plan, given),
    ).under(out=None if plan.out or given["out"] else _OUT)


def _keystore(plan: "Plan", given: dict[str, Any]) -> "OwnKeystore | None":
    """Return the operator's keystore where an option has a say in it; a named one replaces the plan's."""
    from dataclasses import replace

    from conformance.plan import OwnKeystore

    names = ("alias", "password_env", "trust", "org_code")
    said = {name: given[name] for name in names if given[name]}
    if given["keystore"] is not None:
        said = {name: given[name] for name in names}
        return OwnKeystore(file=given["keystore"], **said)
    if said and plan.keystore is None:
        option = f"--{next(iter(said)).replace('_', '-')}"
        raise OperatorError(
            f"{option} was given without --keystore and would change nothing",
            expected="the credential that it belongs to",
            advice=f"name your keystore with --keystore, or leave {option} out",
        )
    return replace(plan.keystore, **said) if said and plan.keystore is not None else None


def _signing(plan: "Plan", given: dict[str, Any]) -> "Signing | None":
    """Return who signs where an option has a say in it."""
    from dataclasses import replace

    from conformance.plan import Signing
    from conformance.plan.reading import OWN_CREDENTIAL

    key, certificate, variable = (given[f"sign_{name}"] for name in ("key", "certificate", "password_env"))
    named = {"certificate": certificate, "password_env": variable}
    said = {name: value for name, value in named.items() if value}
    base = plan.signing
    if key is not None:
        base = Signing(key=None if key == OWN_CREDENTIAL else Path(key))
    if said and (base is None or base.key is None):
        option = f"--sign-{next(iter(said)).replace('_', '-')}"
        raise OperatorError(
            f"{option} was given without the PEM file of a key and would change nothing",
            expected="--sign-key FILE",
            advice=f"name the key with --sign-key, or leave {option} out",
        )
    return replace(base, **said) if base is not None and (said or key is not None) else None


def _examined(order: "Order") -> "Order":
    """Hold the pre-flight examination, so that the report has what it found."""
    from dataclasses import replace

    from conformance import doctor
    from conformance.reference import resolve
    from conformance.simulators.bench import password_of

    store = None
    if order.keystore is not None:
        store = doctor.CredentialStore(order.keystore, order.alias, password_of(order.password_env))
    findings = doctor.examine(
        order.iut, resolve=resolve, deadline_s=order.deadline_s, keystore=store, folder=order.folder
    )
    return replace(order, background=replace(order.background, doctor=tuple(findings)))
