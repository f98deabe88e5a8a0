"""What an operation of the simulated registry is given, and how it refuses."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from conformance.protocol.operations import Operation
from conformance.simulators.population import Organisation
from conformance.simulators.registry.settings import RegistrySettings
from conformance.simulators.registry.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request that is valid, endorsed and authorised."""

    operation: Operation
    values: Mapping[str, Any]
    """JSON form of the request."""
    organisation: Organisation
    """Whose OrgCode it is; BulkUploadRetrieve has none, and there it is the one with the token's ABN."""
    now: datetime
    """UTC."""
    store: Store
    settings: RegistrySettings
    faults: frozenset[str] = frozenset()
    """Names of faults to obey, without `registry.`; most change the answer only, which is done elsewhere."""


class Refused(Exception):  # noqa: N818 - an answer, not an error
    """The operation is answered with a fault.

    Args:
        code: of the ErrorInfo; its title is the one in the table of faults.
        text: for the Message.
    """

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


Handler = Callable[[Asked], dict[str, Any]]
"""Carries out one operation and returns the JSON form of its answer.

It runs inside `Store.at_once`.  What it did before it refuses stays done; what it did before any other
exception does not.

Raises:
    Refused: it is answered with a fault.
"""

ERROR_CODE: Final = "E999"
"""Code of every error inside an answer.  The list of the real ones is not public, so that the kit has one of
its own, which stands for any."""


def errors(*texts: str) -> dict[str, Any]:
    """Return the JSON form of `Errors` with these texts."""
    return {"Error": [{"Code": ERROR_CODE, "Message": text} for text in texts]}
