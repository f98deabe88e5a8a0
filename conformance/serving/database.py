"""The file that keeps the registry's state over restarts: whether it can be one, before SQLite tries."""

import errno
import os
from pathlib import Path

from conformance.errors import OperatorError


def examine(path: Path) -> bool:
    """Tell whether there is something in the file to go on with.

    SQLite's own words for what is found here are the same for all of it: unable to open database file.

    Args:
        path: as the operator named it.

    Raises:
        OperatorError: it is a folder, or in no folder, or a file that this user may not read and write.
    """
    if path.is_dir():
        raise _unusable(path, "a folder")
    if not path.parent.is_dir():
        raise _unusable(path, f"there is no folder {path.parent}")
    try:
        with path.open("r+b") as file:
            return bool(file.read(1))
    except FileNotFoundError:
        if not os.access(path.parent, os.W_OK):
            raise _unusable(path, os.strerror(errno.EACCES)) from None
        return False
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, found: str) -> OperatorError:
    return OperatorError(
        "The registry's database cannot be used.",
        expected="a file that an earlier run wrote, or none yet, in a folder that this user may write",
        found=found,
        where=f"--database {path}",
    )
