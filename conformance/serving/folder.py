"""A folder of transcripts: one file for each exchange, in the form that reports use."""

import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from conformance.errors import OperatorError
from conformance.simulators.transcript import PEERS, Exchange, Recording

_NUMBERED: Final = re.compile(r"([0-9]{5,9})-.*\.json")
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9]+")


class Folder:
    """Writes transcripts, numbered on from those that are there.  Safe from several threads.

    A transcript is complete or absent: it is written beside its place and then moved there.

    Args:
        path: made, with its parents, when it is not there.
        faults: names of the faults in force, for the note.
        secrets: texts that must not appear.

    Raises:
        OperatorError: the folder cannot be written.
    """

    def __init__(self, path: Path, *, faults: tuple[str, ...] = (), secrets: tuple[str, ...] = ()) -> None:
        self.path = path
        self._faults = faults
        self._secrets = secrets
        self._lock = threading.Lock()
        try:
            path.mkdir(parents=True, exist_ok=True)
            probe = path / ".evte-probe"
            probe.write_bytes(b"")
            probe.unlink()
            found = [_NUMBERED.fullmatch(each.name) for each in path.iterdir()]
        except OSError as error:
            raise OperatorError(
                f"No transcripts can be written into {path}.",
                expected="a folder that this user may write, or a place to make one",
                found=error.strerror or str(error),
                where="--transcripts",
            ) from error
        self._last = max((int(match[1]) for match in found if match), default=0)

    def keep(self, exchange: Exchange) -> Path:
        """Write the redacted transcript of one exchange.

        Raises:
            OSError: the folder cannot be written any more.
        """
        with self._lock:
            self._last += 1
            number = self._last
        peer = PEERS.get(exchange.service, exchange.service)
        what = _UNSAFE.sub("-", f"{peer} {exchange.summary}").strip("-")[:60]
        recording = Recording(
            f"{number:05}-{what}", exchange.received, faults=self._faults, secrets=self._secrets
        )
        recording.add(replace(exchange, at_ms=0.0))
        evidence = recording.evidence()
        path = self.path / f"{evidence.id}.json"
        half = path.with_name(f"{path.name}.part")
        half.write_bytes(msgspec.json.format(msgspec.json.encode(evidence), indent=2) + b"\n")
        return half.replace(path)
