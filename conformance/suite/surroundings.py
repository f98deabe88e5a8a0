"""What an implementation leaves behind around its answers: files, and lines beside the contract.

`Surroundings` is made before a call and asked after it.  Folders that belong to the kit are looked at whole;
of folders that are everybody's (the machine's temporary folder, the working folder) only what is new, and
never more than a bounded part of it.
"""

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)

from conformance.adapters.session import Session
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.secrets import Find, Search
from conformance.suite.iut import Iut

MAX_FILES: Final = 400
"""Files of a folder that are looked at."""
MAX_DEPTH: Final = 4
"""Levels of folders below one that is looked at."""
MAX_BYTES: Final = 8 * 1024 * 1024
"""Bytes of one file that are read."""

_QUIET_S: Final = 0.01
"""Standard error comes by another way than the answer; after so long a silence nothing is on its way."""
_PATIENCE_S: Final = 0.5
_KIT: Final = "evte-"
"""Beginning of the kit's own folders among the temporary ones: those of other runs are not looked into."""

_State = dict[Path, tuple[int, int]]
"""Time (ns) and size of each file or folder."""


class Surroundings:
    """The folders in which a product could leave something, as they are at the moment of making."""

    def __init__(self, session: Session, store: Path, *, bait: Path | None = None) -> None:
        """Look around.

        Args:
            session: of the implementation.
            store: the file that it is about to open, in a folder of its own.
            bait: another folder in which nothing may come to be.
        """
        self._store = store
        self._ours = [store.parent, *([bait] if bait is not None else [])]
        self._private = list(self._ours)
        if session.temporary is not None:
            self._private.append(session.temporary)
        self._shared = list(dict.fromkeys((Path(tempfile.gettempdir()).resolve(), Path.cwd())))
        self._above = [store.parent.parent, store.parent.parent.parent]
        self._before = self._states()

    def left(self) -> list[Path]:
        """Return the files and folders that are new or other than before, in a stable order."""
        now = self._states()
        return sorted(path for path, state in now.items() if self._before.get(path) != state)

    def files(self) -> Iterator[tuple[Path, bytes]]:
        """Give every new or changed file and its content, its first `MAX_BYTES`."""
        count = 0
        for path in self.left():
            if any(path == folder or (path.is_dir() and folder in path.parents) for folder in self._private):
                continue  # its files are among what is left themselves
            for file in _new_files(path, self._before):
                count += 1
                if count > MAX_FILES:
                    return
                try:
                    with file.open("rb") as stream:
                        yield file, stream.read(MAX_BYTES)
                except OSError:
                    continue  # gone again, or not ours to read

    def must_hold_no_secret(self, search: Search, key: RSAPrivateKey, passwords: tuple[str, ...]) -> None:
        """Demand that nothing that was left is, or holds, a secret.

        Args:
            search: for the secrets.
            key: that must not lie about, not even under a password.
            passwords: under which the product could have put it there.

        Raises:
            ImplementationError: a file holds one.
        """
        for path, data in self.files():
            if path == self._store:
                continue  # a store that was written again holds its own protected key, and is KS-F01's affair
            found = search.first(data) or search.first(path.name)
            if found is None and _opens(data, key, passwords):
                found = Find("the private key", "in a key file under a password")
            if found is not None:
                raise ImplementationError(
                    f"after a call {found.what} was found in a file",
                    subcode=Subcode.SECRET_LEAK,
                    expected="nothing secret in any file",
                    found=f"{found.what} ({found.form})",
                    where=str(path),
                    advice="keep the key in memory; hand it to libraries as an object, not as a file",
                )

    def must_show_no(self, token: str) -> None:
        """Demand that nothing new has this token in its name, and that nothing came to lie beside the store.

        Raises:
            ImplementationError: something does.
        """
        for path in self.left():
            if path == self._store:
                continue
            if token in path.name or any(folder in path.parents for folder in self._ours):
                raise ImplementationError(
                    "what stands in an id found its way into the name of a file",
                    subcode=Subcode.STATE_LEAK,
                    expected="no file or folder that comes of an id",
                    found=repr(path.name),
                    where=str(path.parent),
                    advice="never make file names from what a store says; use a digest where one is needed",
                )

    def _states(self) -> _State:
        found: _State = {}
        for folder in self._private:
            found |= _whole(folder, MAX_DEPTH)
        for folder in (*self._above, *self._shared):
            found |= {path: state for path, state in _whole(folder, 0).items() if path not in found}
        return found


def asides(iut: Iut) -> str:
    """Return what the implementation said beside the contract, once nothing more comes."""
    session = iut.session
    said = session.asides
    if session.temporary is None:
        return said
    end = time.monotonic() + _PATIENCE_S
    while time.monotonic() < end:
        time.sleep(_QUIET_S)
        before, said = said, session.asides
        if said == before:
            break
    return said


def must_not_have_said(iut: Iut, search: Search) -> None:
    """Demand that standard error and stray lines of output hold no secret.

    Raises:
        ImplementationError: one is there.
    """
    found = search.first(asides(iut))
    if found is not None:
        raise ImplementationError(
            f"standard error, or a line of output beside the contract, tells {found.what}",
            subcode=Subcode.SECRET_LEAK,
            expected="lines without it",
            found=f"{found.what} ({found.form})",
            advice="log what failed and for which id, never what was typed or decrypted",
        )


def _whole(folder: Path, depth: int) -> _State:
    """Return what is in a folder, down to a depth, and never more than `MAX_FILES` per folder."""
    found: _State = {}
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return found
    for path in entries[: MAX_FILES * (10 if depth == 0 else 1)]:
        state = _state(path)
        if state is None:
            continue
        found[path] = state
        if depth and path.is_dir() and not path.is_symlink():
            found |= _whole(path, depth - 1)
    return found


def _state(path: Path) -> tuple[int, int] | None:
    try:
        status = path.lstat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


def _new_files(path: Path, before: _State) -> Iterator[Path]:
    """Give a file, or the files of a folder: all of a new one, the outermost of one that was there before."""
    if path.is_symlink():
        return
    if path.is_file():
        yield path
    elif path.is_dir() and not path.name.startswith(_KIT):
        since = before[path][0] if path in before else 0
        for inner, (changed, _) in _whole(path, 0 if path in before else 2).items():
            if changed >= since and inner.is_file() and not inner.is_symlink():
                yield inner


def _opens(data: bytes, key: RSAPrivateKey, passwords: tuple[str, ...]) -> bool:
    """Tell whether a file is this private key under one of the passwords or none: PKCS#12, PEM, DER."""
    begins_as_der = data[:2] == b"\x30\x82"
    if not begins_as_der and b"PRIVATE KEY-----" not in data:
        return False
    for password in (None, b"", *(each.encode() for each in passwords)):
        for load in (_from_pfx, load_der_private_key) if begins_as_der else (load_pem_private_key,):
            try:
                found = load(data, password)
            except (ValueError, TypeError, UnsupportedAlgorithm):
                continue
            if isinstance(found, RSAPrivateKey) and found.public_key() == key.public_key():
                return True
    return False


def _from_pfx(data: bytes, password: bytes | None) -> object:
    return pkcs12.load_key_and_certificates(data, password)[0]
