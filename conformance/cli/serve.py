"""`evte serve`: the simulators alone."""

from pathlib import Path
from typing import Any

import click

from conformance.cli.frame import FILE, FOLDER, own_credential


@click.command()
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
@click.option("--certificate", metavar="PEM", type=FILE, help="Of your own, with its chain, for TLS.")
@click.option("--key", metavar="PEM", type=FILE, help="Its private key, if not in the same file.")
@click.option("--ca-file", metavar="PEM", type=FILE, help="Write here what your product must trust.")
@click.option(
    "--trust", metavar="PEM", multiple=True, type=FILE, help="Further trust anchors of the token service."
)
@own_credential
@click.option("--write-keystore", metavar="DIR", type=FOLDER, help="Write a keystore to begin with.")
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
@click.option("--transcripts", metavar="DIR", type=FOLDER, help="Write what crossed the wire, redacted.")
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
