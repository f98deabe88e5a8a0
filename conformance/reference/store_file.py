"""Replacing a credential store on disk, so that at every moment either the old one or the new one is there.

The new store is written beside the old one under another name, forced to the disk and put in its place by one
rename.  A copy of the old one is kept first.  A lock file keeps a second process away; one that a killed
process left behind counts for `STALE` only.
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from conformance.reference.refusal import Refusal

STALE: Final = timedelta(minutes=2)
"""Age from which a lock is taken to be left over: an exchange takes 40 seconds at most."""

OWNER_ONLY: Final = 0o600


class Files:
    """The operations on files, each of which a test can have fail."""

    def create(self, path: Path, data: bytes) -> None:
        """Write a new file that only its owner may read, through to the disk.

        Raises:
            FileExistsError: there is one of that name.
        """
        with os.fdopen(
            os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, OWNER_ONLY), "wb"
        ) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())

    def grant(self, path: Path, like: Path) -> None:
        """Give a file owner and mode of another one.  On Windows it has the folder's rights already."""
        if hasattr(os, "chown"):
            status = like.stat()
            # Only root may give files away; the mode must come last, for chown may narrow it.
            with contextlib.suppress(PermissionError):
                os.chown(path, status.st_uid, status.st_gid)
        shutil.copymode(like, path)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another's name in one step, and force the folder to the disk where that can be done."""
        source.replace(target)
        if os.name == "posix":
            folder = os.open(target.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def remove(self, path: Path) -> None:
        """Remove a file, if it is there."""
        path.unlink(missing_ok=True)


_BINARY: Final = getattr(os, "O_BINARY", 0)


class StoreFile:
    """A credential store that is about to be replaced.

    Args:
        path: of the store; a symbolic link is followed, so that the link itself stays.
        files: the operations on files.
        clock: now, aware.
        random: n -> n bytes, for names that nobody else uses.
    """

    def __init__(
        self,
        path: str,
        *,
        files: Files,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
    ) -> None:
        self.path = Path(path).resolve()
        self.files = files
        self.clock = clock
        self.random = random

    @property
    def backup(self) -> Path:
        """Where the old store is kept: `keystore-old.xml` beside `keystore.xml` or `keystore-new.xml`."""
        return self.path.with_name(f"{self.path.stem.removesuffix('-new')}-old{self.path.suffix}")

    @property
    def lock(self) -> Path:
        """The file that says that somebody is at work."""
        return self.path.with_name(f".{self.path.name}.lock")

    # --- one at a time ------------------------------------------------------------------------------

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep every other process away from the store while the block runs.

        Raises:
            Refusal: `renewal.busy`; `renewal.not_stored` if nothing can be written in the folder.
        """
        token = self.random(16).hex().encode()
        try:
            self._claim(token)
        except OSError as problem:
            text = (
                f"Nothing can be written beside {str(self.path)!r}: {problem.strerror}. Nothing was changed."
            )
            raise Refusal("renewal.not_stored", text=text) from problem
        try:
            yield
        finally:
            self.files.remove(self.lock)

    def _claim(self, token: bytes) -> None:
        for _ in range(2):
            try:
                return self.files.create(self.lock, token)
            except FileExistsError:
                self._clear_stale()
        raise self._busy()

    def _clear_stale(self) -> None:
        """Remove a lock that a killed process left behind.

        Raises:
            Refusal: it is not old enough.
        """
        try:
            token, changed = self.lock.read_bytes(), self.lock.stat().st_mtime
        except OSError:
            return  # it has just been given up
        if self.clock().timestamp() - changed < STALE.total_seconds():
            raise self._busy()
        aside = self._temporary()
        with contextlib.suppress(FileNotFoundError):
            self.files.replace(self.lock, aside)
            taken = aside.read_bytes()
            if taken != token:
                # Another process was faster, and this is the lock that it has just made: give it back.
                self.files.replace(aside, self.lock)
                raise self._busy()
            self.files.remove(aside)

    def _busy(self) -> Refusal:
        return Refusal(
            "renewal.busy",
            text="Another process is renewing this store; nothing was changed. Try again later.",
        )

    # --- the replacement ----------------------------------------------------------------------------

    def read(self) -> bytes:
        """Return the bytes of the store."""
        return self.path.read_bytes()

    def replace(self, old: bytes, new: bytes) -> None:
        """Put a new store in the place of the old one, of which a copy is kept.

        Args:
            old: what is there now.
            new: what is to be there.

        Raises:
            Refusal: `renewal.not_stored`; the old one is still there.
        """
        try:
            self.keep(old)
            self.put(new, self.path)
        except OSError as problem:
            text = f"The new store could not be written: {problem.strerror}. The old one is as it was."
            raise Refusal("renewal.not_stored", text=text) from problem

    def keep(self, old: bytes) -> None:
        """Keep a copy of the old store."""
        self.put(old, self.backup)

    def put(self, data: bytes, target: Path) -> None:
        """Write a file completely, with the rights of the store, before it gets its name."""
        temporary = self._temporary()
        try:
            self.files.create(temporary, data)
            self.files.grant(temporary, self.path)
            self.files.replace(temporary, target)
        finally:
            self.files.remove(temporary)

    def _temporary(self) -> Path:
        """Return a name in the same folder, so that renaming is one step; nobody else uses it."""
        return self.path.with_name(f".{self.path.name}.{self.random(8).hex()}.tmp")
