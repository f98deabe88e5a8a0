"""What faults do to an answer that the registry would have given, before it is written.

Only the answer changes: what the registry did and remembers is what it would be without the fault, as when a
service errs in telling.  A fault is passed over by operations that its change does not fit; with records, it
changes the first one unless it says otherwise.
"""

import unicodedata
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from lxml import etree

from conformance.protocol import names
from conformance.protocol.operations import V5
from conformance.simulators.registry.asking import Asked, errors

OTHER_USI: Final = "SYNTHET99X"
"""A right USI that belongs to nobody."""
WRONG_USI: Final = "SYNTHET992"
"""The same with a wrong check character."""
OTHER_ID: Final = "NOT-WHAT-WAS-SENT"
"""Stands for a RequestId or ApplicationId that the client has not sent."""
UNKNOWN_STATUS: Final = "Suspended"
UNKNOWN_RESULT: Final = "Deferred"
FAILED: Final = "The kit was asked to answer with a failure."
UNKNOWN_ELEMENT: Final = "registry.unknown_element"
DECOMPOSED: Final = "registry.decomposed"

Answer = dict[str, Any]
Record = dict[str, Any]


def altered(answer: Answer, asked: Asked) -> Answer:
    """Return the answer as `asked.faults` want it; the same one when none of them fits the operation.

    Args:
        answer: JSON form of what the registry would answer; it is not changed itself.
        asked: the request, with the names of faults.
    """
    for name in sorted(asked.faults & _CHANGES.keys()):
        answer = _CHANGES[name](answer, asked)
    return answer


def rewritten(body: etree._Element, faults: Collection[str]) -> etree._Element:
    """Return an answer's element as faults want it that no JSON form can hold; it is changed itself.

    Args:
        body: the element.
        faults: their names, as they are asked for.
    """
    if UNKNOWN_ELEMENT in faults:
        for element in list(body.iter(etree.Element)):
            if len(element) or element is body:
                etree.SubElement(element, f"{{{V5.namespace}}}AddedLater").text = "something new"
        stranger = etree.SubElement(body, names.tag("sim:Extension"), nsmap={"sim": names.SIMULATED})
        etree.SubElement(stranger, names.tag("sim:USIStatus")).text = "Valid"
    if DECOMPOSED in faults:
        for element in body.iter(etree.Element):
            if element.text:
                element.text = unicodedata.normalize("NFD", element.text)
    return body


# --- records --------------------------------------------------------------------------------------

_RECORDS: Final = {
    "BulkVerifyUSI": ("VerificationResponses", "VerificationResponse"),
    "BulkUploadRetrieve": ("Applications", "Application"),
}
"""Operation -> the two elements that hold the records of its answer."""


def _records(answer: Answer, asked: Asked) -> list[Record]:
    """Return the records of an answer in bulk; none where it has none."""
    if asked.operation.name not in _RECORDS:
        return []
    holder, name = _RECORDS[asked.operation.name]
    return list(answer[holder][name])


def _with(answer: Answer, asked: Asked, records: list[Record]) -> Answer:
    holder, name = _RECORDS[asked.operation.name]
    return {**answer, holder: {name: records}}


def _in_bulk(change: Callable[[list[Record], Asked], list[Record]]) -> Callable[[Answer, Asked], Answer]:
    """Make a change of records into one of answers, which leaves answers without any alone."""

    def changed(answer: Answer, asked: Asked) -> Answer:
        records = _records(answer, asked)
        return _with(answer, asked, change(records, asked)) if records else answer

    return changed


def _shuffled(records: list[Record], asked: Asked) -> list[Record]:
    return [*records[1:], records[0]]  # none of two or more stays in its place


def _without_first(records: list[Record], asked: Asked) -> list[Record]:
    return records[1:]


def _first_half(records: list[Record], asked: Asked) -> list[Record]:
    return records[: len(records) // 2]


def _with_extra(records: list[Record], asked: Asked) -> list[Record]:
    if asked.operation.name == "BulkVerifyUSI":
        unused = max(int(record["RecordId"]) for record in records) + 1
        return [{**_agreeing(records[0]), "USI": OTHER_USI, "RecordId": unused}, *records]
    return [{**_succeeded(records[0]), "ApplicationId": OTHER_ID}, *records]


def _with_contradiction(records: list[Record], asked: Asked) -> list[Record]:
    first = records[0]
    if asked.operation.name == "BulkVerifyUSI":
        return [*records, _denied(first) if _agrees(first) else _agreeing(first)]
    return [*records, _succeeded(first) if first["Result"] == "Failure" else _failed(first)]


def _agrees(record: Record) -> bool:
    return record["USIStatus"] == "Valid" and "NoMatch" not in record.values()


def _agreeing(record: Record) -> Record:
    return {**_every_field(record, "Match"), "USIStatus": "Valid"}


def _denied(record: Record) -> Record:
    return {**_every_field(record, "NoMatch"), "USIStatus": "Invalid"}


def _every_field(record: Record, word: str) -> Record:
    return {name: word if value in ("Match", "NoMatch") else value for name, value in record.items()}


def _with_other_usi(answer: Answer, asked: Asked) -> Answer:
    records = _records(answer, asked) if asked.operation.name == "BulkVerifyUSI" else []
    return _with(answer, asked, [{**records[0], "USI": OTHER_USI}, *records[1:]]) if records else answer


def _with_unknown_status(answer: Answer, asked: Asked) -> Answer:
    if asked.operation.name == "VerifyUSI":
        return {**_agreeing(answer), "USIStatus": UNKNOWN_STATUS}
    records = _records(answer, asked) if asked.operation.name == "BulkVerifyUSI" else []
    if not records:
        return answer
    return _with(answer, asked, [{**_agreeing(records[0]), "USIStatus": UNKNOWN_STATUS}, *records[1:]])


# --- applications ---------------------------------------------------------------------------------


def _first_application(change: Callable[[Record], Record]) -> Callable[[Answer, Asked], Answer]:
    """Make a change of an application's answer into one of CreateUSI's, or of the first one of a batch."""

    def changed(answer: Answer, asked: Asked) -> Answer:
        if asked.operation.name == "CreateUSI":
            return {**answer, "Application": change(answer["Application"])}
        records = _records(answer, asked) if asked.operation.name == "BulkUploadRetrieve" else []
        return _counted(_with(answer, asked, [change(records[0]), *records[1:]])) if records else answer

    return changed


def _counted(answer: Answer) -> Answer:
    failed = sum(record["Result"] == "Failure" for record in answer["Applications"]["Application"])
    return {**answer, "NoOfApplicationsFailed": failed}


def _plain(application: Record, result: str, **further: object) -> Record:
    """Return an application's answer with another result, and with neither USI nor Errors but those given."""
    kept = {name: value for name, value in application.items() if name not in ("USI", "Errors")}
    return {**kept, "Result": result, **further}


def _succeeded(application: Record) -> Record:
    return _plain(application, "Success", USI=application.get("USI", OTHER_USI))


def _failed(application: Record) -> Record:
    return _plain(application, "Failure", Errors=errors(FAILED))


_APPLICATION_CHANGES: Final[Mapping[str, Callable[[Record], Record]]] = {
    "other_application_id": lambda application: {**application, "ApplicationId": OTHER_ID},
    "no_usi": lambda application: _plain(application, "Success"),
    "wrong_usi": lambda application: _plain(application, "Success", USI=WRONG_USI),
    "match_found": lambda application: _plain(
        application, "MatchFound", USI=application.get("USI", OTHER_USI)
    ),
    "create_failure": _failed,
    "create_failure_bare": lambda application: _plain(application, "Failure"),
    "document_unverified": lambda application: {
        **_succeeded(application),
        "IdentityDocumentVerified": "False",
    },
}


def _of_a_batch(change: Callable[[Answer, Asked], Answer]) -> Callable[[Answer, Asked], Answer]:
    """Keep a change to the answers of BulkUploadRetrieve."""

    def changed(answer: Answer, asked: Asked) -> Answer:
        return change(answer, asked) if asked.operation.name == "BulkUploadRetrieve" else answer

    return changed


def _with_other_request_id(answer: Answer, asked: Asked) -> Answer:
    return {**answer, "RequestId": OTHER_ID}


def _with_unknown_result(answer: Answer, asked: Asked) -> Answer:
    if asked.operation.name in ("CreateUSI", "BulkUploadRetrieve"):
        return _first_application(lambda application: {**application, "Result": UNKNOWN_RESULT})(
            answer, asked
        )
    return {**answer, "Result": UNKNOWN_RESULT} if "Result" in answer else answer


# --- look-ups and updates -------------------------------------------------------------------------


def _locate(result: str, *, usi: bool = False, **further: object) -> Callable[[Answer, Asked], Answer]:
    """Return a change to another result of LocateUSI.

    Args:
        result: one of the six.
        usi: whether there is one record whose USI can be told: the one that was found, or else `OTHER_USI`.
        further: other elements.
    """

    def changed(answer: Answer, asked: Asked) -> Answer:
        if asked.operation.name != "LocateUSI":
            return answer
        told = {**answer, "Result": result, **further}
        if usi:
            told["USI"] = answer.get("USI") or OTHER_USI
        elif "USI" not in further:
            told["USI"] = ""
        return told

    return changed


def _locate_without_usi(answer: Answer, asked: Asked) -> Answer:
    if asked.operation.name != "LocateUSI":
        return answer
    return {name: value for name, value in {**answer, "Result": "NoMatch"}.items() if name != "USI"}


def _with_update_failure(answer: Answer, asked: Asked) -> Answer:
    if asked.operation.name not in ("UpdateUSIPersonalDetails", "UpdateUSIContactDetails"):
        return answer
    return {**answer, "Result": "Failure", "Errors": errors(FAILED)}


_CHANGES: Final[Mapping[str, Callable[[Answer, Asked], Answer]]] = {
    "shuffled": _in_bulk(_shuffled),
    "missing_record": _in_bulk(_without_first),
    "extra_record": _in_bulk(_with_extra),
    "duplicate_record": _in_bulk(_with_contradiction),
    "other_usi": _with_other_usi,
    "unknown_status": _with_unknown_status,
    "other_request_id": _of_a_batch(_with_other_request_id),
    "fewer_records": _of_a_batch(_in_bulk(_first_half)),
    "failed_records": _of_a_batch(_first_application(_failed)),
    **{name: _first_application(change) for name, change in _APPLICATION_CHANGES.items()},
    "unknown_result": _with_unknown_result,
    "locate_exact": _locate("Exact", usi=True),
    "locate_multiple_exact": _locate("MultipleExact"),
    "locate_single_no_contact_match": _locate("SingleNoContactMatch", usi=True),
    "locate_multiple_no_contact_match": _locate("MultipleNoContactMatch"),
    "locate_no_match": _locate("NoMatch"),
    "locate_no_identical_strong_partial": _locate("NoIdenticalStrongPartial"),
    "locate_usi_empty": _locate("NoMatch", USI=""),
    "locate_usi_missing": _locate_without_usi,
    "locate_errors": _locate("NoMatch", Errors=errors(FAILED)),
    "update_failure": _with_update_failure,
}
"""Name of a fault -> what it makes of an answer."""

CHANGES: Final = frozenset(_CHANGES)
"""Names of the faults that `altered` obeys, without `registry.`."""
