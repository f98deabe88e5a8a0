"""Judging messages against the kit's own schema."""

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Final

from lxml import etree

from conformance.protocol.interface.schema import fault_schema, schema
from conformance.protocol.operations import V5, Version


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One place where a message departs from the schema."""

    message: str
    """In the validator's words, without namespaces."""
    where: str
    """Path of the element, by local names."""


class Validator:
    """A compiled schema; may be used from several threads."""

    def __init__(self, document: etree._Element) -> None:
        self._schema = etree.XMLSchema(document)
        # libxml2 keeps the errors of the last run with the schema, so that runs must take turns.
        self._turn = threading.Lock()

    def errors(self, element: etree._Element) -> tuple[SchemaError, ...]:
        """Return every departure of an element and what it holds; empty when it is valid."""
        with self._turn:
            if self._schema.validate(element):
                return ()
            return tuple(
                SchemaError(_NAMESPACE.sub("", entry.message or ""), _local_path(entry.path or ""))
                for entry in self._schema.error_log  # type: ignore[attr-defined]  # it is a list in truth
            )


_NAMESPACE: Final = re.compile(r"\{[^{}]*\}")
_STEP: Final = re.compile(r"(?:[^/:\[\]*]+:)?([^/:\[\]]+)")


def _local_path(path: str) -> str:
    return _STEP.sub(r"\1", path)


@cache
def validator(version: Version = V5) -> Validator:
    """Return the validator of requests and answers."""
    return Validator(schema(version))


@cache
def fault_validator(version: Version = V5) -> Validator:
    """Return the validator of fault details."""
    return Validator(fault_schema(version))
