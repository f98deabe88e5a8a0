"""Faults of the registry that change how an answer is written: its detail, its status, its document type.

What is refused, and for which code, the registry decides; here is only what is done to the message after.
"""

import re
from typing import Final

from conformance.protocol.operations import V5

NO_DETAIL: Final = "registry.no_detail"
FAULT_2022: Final = "registry.fault_2022"
FAULT_200: Final = "registry.fault_200"
INTERNAL_ENTITY: Final = "registry.internal_entity"
EXTERNAL_ENTITY: Final = "registry.external_entity"

INTERNAL_FAULT: Final = (
    "{http://schemas.microsoft.com/net/2005/12/windowscommunicationfoundation/dispatcher}InternalServiceFault"
)
"""Subcode of the fault that the real framework sends when its service fails: it has no detail."""

OUTDATED_PATHS: Final = ("/service/usiservice.svc", "/service/v3/usicreateservice.svc")
"""Paths of versions 4 and 3, in lower case: what is asked there is answered with 3458."""

ENTITY_TEXT: Final = "Valid"
"""What the entity of a document type declaration stands for: whoever expands it reads a good status."""

_STATUS: Final = re.compile(rb"(?<=USIStatus>)[^<]*(?=</)")
_DECLARATION: Final = re.compile(rb"\A<\?xml[^>]*\?>\s*")


def respelt(detail: bytes) -> bytes:
    """Return a message with the detail of its fault moved from the namespace of 2020 to that of 2022.

    Args:
        detail: the whole message.
    """
    return detail.replace(V5.faults.encode(), V5.namespace.encode())


def with_entity(message: bytes, *, external: str = "") -> bytes:
    """Return an answer with a document type declaration, and its USIStatus replaced by an entity of it.

    Args:
        message: the whole message, in UTF-8.
        external: URL that the entity is at; when empty it is declared on the spot and is `ENTITY_TEXT`.
    """
    value = f'SYSTEM "{external}"' if external else f'"{ENTITY_TEXT}"'
    declared = f"<!DOCTYPE kit [<!ENTITY status {value}>]>\n".encode()
    return declared + _STATUS.sub(b"&status;", _DECLARATION.sub(b"", message))


def is_outdated(path: str) -> bool:
    """Tell whether a path is that of an earlier version of the service."""
    return path.lower() in OUTDATED_PATHS
