"""A request line of the contract, taken apart so that a person can read what was asked."""

from dataclasses import dataclass
from typing import Final

import msgspec

_FRAME: Final = frozenset({"deadline_ms"})
"""Parameters of the frame, which say nothing about the example."""


@dataclass(frozen=True)
class Asked:
    """What a request line asks."""

    method: str
    parameters: tuple[tuple[str, str], ...]
    """Names and values, the values as JSON with its letters unescaped."""


def read(line: str) -> Asked | None:
    """Return what a JSON-RPC request line asks, or nothing when the text is not such a line."""
    try:
        request = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeEncodeError):
        return None
    if not isinstance(request, dict):
        return None
    method, parameters = request.get("method"), request.get("params")
    if not isinstance(method, str) or not isinstance(parameters, dict):
        return None
    return Asked(
        method,
        tuple(
            (name, msgspec.json.encode(value).decode())
            for name, value in parameters.items()
            if name not in _FRAME
        ),
    )
