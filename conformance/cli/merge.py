"""`evte merge`: one report from those of the parts that several machines ran."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli.frame import FILE, FOLDER, GATES
from conformance.errors import OperatorError

if TYPE_CHECKING:
    from conformance.report.signing import Signer


@click.command()
@click.argument("parts", metavar="DIR...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", metavar="DIR", type=FOLDER, required=True, help="Where the report of the whole goes.")
@click.option(
    "--gate",
    type=click.Choice(GATES),
    default=GATES[0],
    show_default=True,
    help="What exit code 0 takes; `no-new-failures` is against the baseline of the parts.",
)
@click.option("--strict", is_flag=True, help="Exit 7 instead of 0 when conditions remain.")
@click.option("--pdf", is_flag=True, help="Also write report.pdf; takes the extra report-pdf.")
@click.option("--sign-key", metavar="PEM", type=FILE, help="Sign the manifest with this private key.")
@click.option(
    "--sign-certificate", metavar="PEM", type=FILE, help="Its certificate, if not in the same file."
)
@click.option(
    "--sign-password-env", metavar="NAME", help="NAME of the variable that holds the password of the key."
)
def merge(
    *,
    parts: tuple[Path, ...],
    out: Path,
    gate: str,
    strict: bool,
    pdf: bool,
    sign_key: Path | None,
    sign_certificate: Path | None,
    sign_password_env: str | None,
) -> None:
    """Join the parts of a profile, run with `evte run --shard 1/4` and so on, into one report.

    They are joined only if kit, catalogue, vectors, profile, build, seed and configuration agree and every
    point of the profile is accounted for.  A part alone is incomplete (exit 3); the verdict is given here.

    Exit: as `evte run`; 2 the parts do not fit together, and why.
    """
    from conformance import plugin, runner
    from conformance import report as forms
    from conformance.cli.outcome import print_outcome
    from conformance.plugin.closing import resembling
    from conformance.report import history, merging
    from conformance.verdict import Gate, exit_code

    _refuse_overwriting(parts, out)
    signer = _signer(sign_key, sign_certificate, sign_password_env)
    whole = merging.merge([history.load(part) for part in parts], resembling=resembling)
    passing = Gate(gate)
    if passing is Gate.NO_NEW_FAILURES and whole.changes is None:
        raise OperatorError(
            f"the gate {gate} needs a baseline",
            expected="parts that were run with --baseline",
            found="none of them was compared with anything",
            advice="run the parts with --baseline DIR, or leave the gate out",
        )
    plugin.clear(out)
    try:
        forms.write(whole, out, signer=signer, pdf=pdf)
    except OSError as error:
        raise plugin.unwritable(out, error) from error
    code = exit_code(whole.verdict, whole.run, strict=strict, gate=passing, changes=whole.changes)
    print_outcome(runner.Outcome(whole, code), out, gate=passing, code=code)
    sys.exit(code)


def _refuse_overwriting(parts: tuple[Path, ...], out: Path) -> None:
    folders = [part.resolve() if part.is_dir() else part.resolve().parent for part in parts]
    if out.resolve() in folders:
        raise OperatorError(
            "the report would overwrite one of its parts",
            expected="a folder of its own",
            found=str(out),
            where="--out",
            advice="name another folder",
        )


def _signer(key: Path | None, certificate: Path | None, password_env: str | None) -> "Signer | None":
    from datetime import UTC, datetime

    from conformance import signer
    from conformance.plan import Signing

    if key is None:
        for option, value in (("--sign-certificate", certificate), ("--sign-password-env", password_env)):
            if value:
                raise OperatorError(
                    f"{option} was given without --sign-key and would change nothing",
                    expected="--sign-key FILE",
                    advice=f"name the key with --sign-key, or leave {option} out",
                )
        return None
    signing = Signing(key=key, certificate=certificate, password_env=password_env or "")
    return signer.load(signing, None, now=datetime.now(UTC))
