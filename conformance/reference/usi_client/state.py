"""What outlives a conversation: batches that were uploaded, and the receipts to fetch their results with.

One JSON file, replaced in one step, so that at every moment it holds the old or the new state.  It names no
person: RequestIds, ApplicationIds, receipts, and to whom they belong.  Conversations that share the file
within one process take turns; a second process is not kept away.
"""

import json
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from conformance.reference.refusal import Refusal
from conformance.reference.store_file import Files

VERSION: Final = 1
KEPT: Final = timedelta(days=90)
"""How long a batch is remembered that came to its end, or never had a receipt."""

_TURN: Final = threading.RLock()


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One message of an upload."""

    upload: str
    """What the messages of one upload have in common; a further one is made when there are more than 500."""
    usi_address: str
    org_code: str
    abn: str
    """ABN for which the token of the upload was issued."""
    request_id: str
    applications: tuple[str, ...]
    """ApplicationIds in the order in which the applications were handed over."""
    taken: str
    """When, RFC 3339."""
    receipt: str = ""
    """36 characters; empty while there is none, or when it was lost."""
    done: bool = False
    """Whether the results were fetched."""

    def belongs(self, usi_address: str, org_code: str, abn: str) -> bool:
        """Tell whether an organisation may fetch the results: who uploaded, where, and nobody else."""
        return (self.usi_address, self.org_code, self.abn) == (usi_address, org_code, abn)


class State:
    """The batches of one installation.

    Args:
        path: of the file; None keeps them in memory.
        clock: now, aware.
        random: n -> n bytes, for the name of the file that takes the place of the old one.
    """

    def __init__(
        self, path: Path | None, *, clock: Callable[[], datetime], random: Callable[[int], bytes]
    ) -> None:
        self.path = path
        self.clock = clock
        self.random = random
        self.files = Files()
        self._kept: list[Batch] = []

    def batches(self) -> list[Batch]:
        """Return every batch that is remembered, in the order of the uploads.

        Raises:
            Refusal: the file is there and cannot be read.
        """
        if self.path is None:
            return list(self._kept)
        try:
            found = json.loads(self.path.read_text("utf-8"))
            if found["version"] != VERSION:
                raise ValueError(f"version {found['version']}")
            return [
                Batch(**{**batch, "applications": tuple(batch["applications"])}) for batch in found["batches"]
            ]
        except FileNotFoundError:
            return []
        except (OSError, ValueError, LookupError, TypeError) as problem:
            # To go on with an empty list would lose every receipt with the next upload.
            text = f"The file {self.path.name} with the outstanding batches cannot be read."
            raise Refusal("request.invalid", text=text) from problem

    def add(self, *batches: Batch) -> None:
        """Remember the batches of an upload, before anything of it is sent.

        Raises:
            Refusal: they cannot be stored, so that nothing should be sent.
        """
        with _TURN:
            self.store([*self.batches(), *batches])

    def change(self, batch: Batch, **changed: Any) -> Batch:  # noqa: ANN401 - fields of Batch
        """Change what is remembered of a batch and return it as it is now.

        Raises:
            Refusal: it cannot be stored.
        """
        now = replace(batch, **changed)
        with _TURN:
            self.store([now if known == batch else known for known in self.batches()])
        return now

    def store(self, batches: list[Batch]) -> None:
        """Put the batches in place of what was stored, and forget the old ones that are over."""
        kept = [batch for batch in batches if not self.over(batch)]
        if self.path is None:
            self._kept = kept
            return
        whole = json.dumps({"version": VERSION, "batches": [asdict(batch) for batch in kept]}, indent=1)
        beside = self.path.with_name(f".{self.path.name}.{self.random(8).hex()}")
        try:
            try:
                self.files.create(beside, whole.encode())
                self.files.replace(beside, self.path)
            finally:
                self.files.remove(beside)
        except OSError as problem:
            text = f"The outstanding batches cannot be stored in {self.path.name}."
            raise Refusal("request.invalid", text=text) from problem

    def over(self, batch: Batch) -> bool:
        """Tell whether a batch can be forgotten."""
        ended = batch.done or not batch.receipt
        return ended and datetime.fromisoformat(batch.taken) < self.clock() - KEPT
