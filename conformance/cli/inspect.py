"""`evte inspect`: judge one captured message."""

import sys
from pathlib import Path

import click


@click.command()
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
