"""`evte lab`: the guided notebooks."""

import sys
from pathlib import Path

import click


@click.command()
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
