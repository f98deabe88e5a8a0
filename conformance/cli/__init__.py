"""The command `evte`: parse, call, print.

Nothing is decided here.  Every import beyond click stands inside the command that needs it, so that
`evte --help` answers at once.
"""

from typing import Final

import click

from conformance.cli.attest import attest
from conformance.cli.catalogue import catalogue_, explain, vectors
from conformance.cli.diff import diff
from conformance.cli.doctor import doctor
from conformance.cli.frame import Commands
from conformance.cli.init import init
from conformance.cli.inspect import inspect
from conformance.cli.lab import lab
from conformance.cli.merge import merge
from conformance.cli.replay import replay
from conformance.cli.run import run
from conformance.cli.serve import serve
from conformance.cli.verify import verify
from conformance.cli.waivers import waivers

_CONTEXT: Final = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, context_settings=_CONTEXT)
@click.version_option(package_name="evte-conformance", prog_name="evte")
def main() -> None:
    """Check software that talks to MAS-ST and the USI Registry, before EVTE does.

    Start with `evte run --iut reference --profile smoke`, then put your own harness in its place.
    """


for _command in (
    run,
    replay,
    init,
    attest,
    doctor,
    serve,
    inspect,
    verify,
    explain,
    catalogue_,
    vectors,
    lab,
    waivers,
    diff,
    merge,
):
    main.add_command(_command)

__all__ = ["main"]
