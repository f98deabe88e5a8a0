"""`evte verify`: look over a report that somebody handed in."""

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.frame import FILE, FOLDER

if TYPE_CHECKING:
    from conformance.report.verification import Verification


@click.command()
@click.argument("directory", metavar="DIR", type=FOLDER)
@click.option(
    "--trust",
    metavar="PEM",
    multiple=True,
    type=FILE,
    help="Certificates of an authority, or the signer's own: one of them must vouch for the signature.",
)
@click.option("--at", metavar="TIME", default="", help="As of when it must be valid: 2026-11-21T10:42:00Z.")
@click.option("--json", "as_json", is_flag=True, help="The same content for programs.")
def verify(*, directory: Path, trust: tuple[Path, ...], at: str, as_json: bool) -> None:
    """Compute the verdict of a report again, and check every form, digest and signature in its folder.

    Exit: 0 all as it was written, 2 usage, 8 any difference.
    """
    from conformance.report import verification
    from conformance.simulators.own_credential import certificates_of

    found = verification.verify(directory, at=_moment(at), anchors=certificates_of(trust))
    if as_json:
        import msgspec

        click.echo(msgspec.json.format(msgspec.json.encode(_content(found)), indent=2).decode())
    else:
        _tell(found)
    sys.exit(0 if found.holds else verification.EXIT_CODE)


def _moment(at: str) -> datetime:
    from datetime import UTC

    from conformance.errors import OperatorError
    from conformance.protocol import instants

    if not at:
        return datetime.now(UTC)
    try:
        return instants.read(at)
    except instants.InstantError as error:
        raise OperatorError(str(error), expected="a moment in UTC, with Z", where="--at") from error


def _tell(found: "Verification") -> None:
    from conformance.report import verification

    click.secho("AS WRITTEN" if found.holds else "DIFFERS", fg="green" if found.holds else "red", bold=True)
    for difference in found.differences:
        click.echo(f"  {difference.file}: {difference.sentence}")
    for name, told in _content(found).items():
        if name in ("report", "verdict", "files", "signature", "validity") and told:
            click.echo(f"{name}: {told}")
    for title, sentences in (("not looked at", found.remarks), ("not proven", verification.NOT_PROVEN)):
        for sentence in sentences:
            click.echo(f"{title}: {sentence}")


def _content(found: "Verification") -> dict[str, Any]:
    """Return what was found, by what it is about."""
    from conformance.report import figures, verification
    from conformance.report.text import one_line

    report, verdict = "", ""
    if found.report is not None:
        run = found.report.run
        product = figures.product(run, "a product that did not say its name")
        report = one_line(f"{product}, profile {run.profile.name}, run of {run.finished}", 300)
        stated = found.report.verdict
        verdict = one_line(f"{stated.readiness}. {stated.sentence}", 300)
    return {
        "as_written": found.holds,
        "report": report,
        "verdict": verdict,
        "files": _files(found),
        "signature": _signature(found),
        "validity": found.validity,
        "differences": [
            {"file": difference.file, "sentence": difference.sentence} for difference in found.differences
        ],
        "not_looked_at": list(found.remarks),
        "not_proven": list(verification.NOT_PROVEN),
    }


def _files(found: "Verification") -> str:
    if found.manifest is None:
        return ""
    drawn = f", {found.drawn} drawn again from report.json" if found.drawn else ""
    return f"{len(found.manifest.files)} in manifest.json{drawn}"


def _signature(found: "Verification") -> str:
    from conformance.protocol import certificates
    from conformance.report.text import one_line

    if found.signed is None:
        return "none"
    if found.signed.problem or found.signed.certificate is None:
        return "does not hold"
    subject = certificates.subject_of(found.signed.certificate)
    vouched = "whom a trusted certificate vouches for" if found.trusted else "whom nobody vouches for"
    return one_line(f"holds, by {subject}, {vouched}", 300)
