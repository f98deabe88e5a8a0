"""How sharp the kit is, from the file that the measurement leaves; nothing where it was never measured."""

from pathlib import Path
from typing import Final

import msgspec

from conformance.errors import KitError
from conformance.model import KillScore

FILE: Final = Path(__file__).parent / "kill-score.json"


def read(path: Path = FILE) -> KillScore | None:
    """Return the committed kill score, or None while there is none.

    Raises:
        KitError: the file is there and is no kill score.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=KillScore)
    except FileNotFoundError:
        return None
    except (OSError, msgspec.DecodeError) as error:
        raise KitError(f"the kill score cannot be read: {error}", where=path.name) from error
