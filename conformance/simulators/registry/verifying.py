"""VerifyUSI and BulkVerifyUSI: the state of a USI, and which of the fields are those of its account.

Preferred and middle names play no part: a person is verified by the legal first and family name, or by the
single one, and by the date of birth.
"""

from collections.abc import Mapping
from typing import Any, Final

from conformance.simulators.population import State
from conformance.simulators.registry import matching
from conformance.simulators.registry.asking import Asked
from conformance.simulators.registry.settings import RegistrySettings
from conformance.simulators.registry.store import Identity

WITH_FIELDS: Final = "invalid_with_fields"
WITHOUT_FIELDS: Final = "invalid_without_fields"
"""Names of the faults that override `RegistrySettings.invalid_with_fields`."""

_STATUSES: Final[Mapping[str, str]] = {
    State.ACTIVE: "Valid",
    State.DEACTIVATED: "Deactivated",
    # No client can tell these two from an active one: only the portal shows them.
    State.SUSPENDED: "Valid",
    State.NOT_ACTIVATED: "Valid",
}

_NAMES: Final = {"FirstName": "first", "FamilyName": "family", "SingleName": "single"}
"""Element -> field of Identity."""


def verify(asked: Asked) -> dict[str, Any]:
    """Answer VerifyUSI: the state of the USI, and for each field that was sent whether it matches."""
    usi = asked.values["USI"]
    known = asked.store.identities([usi]).get(usi)
    return _verified(asked.values, known, asked.settings, with_fields=_with_fields(asked))


def bulk_verify(asked: Asked) -> dict[str, Any]:
    """Answer BulkVerifyUSI: the same of each record, in the order of the request, with RecordId and USI."""
    records = asked.values["Verifications"]["Verification"]
    known = asked.store.identities({record["USI"] for record in records})
    with_fields = _with_fields(asked)
    answers = []
    for record in records:
        usi = record["USI"]
        answer = _verified(record, known.get(usi), asked.settings, with_fields=with_fields)
        answer["USI"], answer["RecordId"] = usi, record["RecordId"]
        answers.append(answer)
    return {"VerificationResponses": {"VerificationResponse": answers}}


def _with_fields(asked: Asked) -> bool:
    if WITHOUT_FIELDS in asked.faults:
        return False
    return WITH_FIELDS in asked.faults or asked.settings.invalid_with_fields


def _verified(
    values: Mapping[str, Any], known: Identity | None, settings: RegistrySettings, *, with_fields: bool
) -> dict[str, Any]:
    if known is None:
        fields = [name for name in (*_NAMES, "DateOfBirth") if name in values] if with_fields else []
        return {"USIStatus": "Invalid", **dict.fromkeys(fields, "NoMatch")}
    answer = {"USIStatus": _STATUSES[known.state]}
    for name, field in _NAMES.items():
        if name in values:
            same = matching.same(values[name], getattr(known, field), settings)
            answer[name] = "Match" if same else "NoMatch"
    born = values["DateOfBirth"] == known.born
    answer["DateOfBirth"] = "Match" if born else "NoMatch"
    return answer
