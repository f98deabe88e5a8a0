"""The reference over the carrier of somebody else, to be measured beside it under the same conditions."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from conformance.adapters.command import join_words
from conformance.adapters.session import Session, attach
from conformance.errors import KitError
from conformance.reference import resolve

_MODULE: Final = ("-m", "conformance.reference")
_HOME: Final = Path(__file__).parents[2]
"""Where this kit is imported from, so that the program is of the same one."""


@contextmanager
def beside(carrier: str, *, kit_version: str | None = None) -> Iterator[Session]:
    """Give a session with the reference, started, and end it when the block does.

    Args:
        carrier: `process`, `http` or `in-process`, as the session of the product has it.
        kit_version: what the harness is told.

    Raises:
        HarnessError: it cannot be started.
        KitError: its HTTP harness does not say where it listens.
    """
    if carrier == "http":
        with _http_harness() as address, attach(address, kit_version=kit_version) as session:
            yield session
        return
    spec = f"cmd:{join_words([sys.executable, *_MODULE])}" if carrier == "process" else "reference"
    with attach(spec, resolve=resolve, cwd=_HOME, kit_version=kit_version) as session:
        yield session


@contextmanager
def _http_harness() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, *_MODULE, "--http", "0"],
        cwd=_HOME,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as program:
        try:
            address = program.stdout.readline().strip() if program.stdout is not None else ""
            if not address.startswith("http://"):
                raise KitError("the reference's HTTP harness did not start", found=address)
            yield address
        finally:
            program.kill()
