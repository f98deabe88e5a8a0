"""Messages of several records as they crossed the wire, and what each record's answer says.

Which records a product sends together, in which order and under which RecordId is its own affair.  So a
record is found in its messages by what it holds, and its answer by the RecordId under which it was sent.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from lxml import etree

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.protocol import markup
from conformance.protocol.operations import OPERATIONS, read_answer

if TYPE_CHECKING:
    from conformance.simulators.transcript import Exchange
    from conformance.suite.conftest import Scenario
    from conformance.suite.iut import Observed

MOST_RECORDS: Final = 500
"""The most records of one message; the published WSDL says so."""

LISTS: Final = {
    "BulkVerifyUSI": ("Verifications", "Verification", "NoOfVerifications"),
    "BulkUpload": ("Applications", "Application", "NoOfApplications"),
}
"""Operation -> the element that holds its records, a record, and the element that counts them."""

_ANSWERS: Final = {
    "BulkVerifyUSI": ("VerificationResponses", "VerificationResponse"),
    "BulkUploadRetrieve": ("Applications", "Application"),
}
_MATCHES: Final = ("FirstName", "FamilyName", "SingleName", "DateOfBirth")
_OPEN: Final = ("unclear", "failed")
"""What may be concluded of a record to whose question no usable answer came."""


# --- what was sent --------------------------------------------------------------------------------


def messages(scenario: "Scenario", operation: str) -> "list[Exchange]":
    """Return the requests of an operation, in their order; not what a product asks for besides."""
    return [each for each in scenario.registry_requests if each.facts.request.name == operation]


def sent_in(exchange: "Exchange") -> list[dict[str, Any]]:
    """Return the JSON form of each record of a bulk request, in the order of the message."""
    outer, inner, _ = LISTS[exchange.facts.request.name]
    return list(_list(exchange.facts.request.values, outer, inner))


def bulk_messages(scenario: "Scenario", operation: str) -> "list[Exchange]":
    """Return the requests of a bulk operation, of which there must be one at least.

    Raises:
        NotTestable: there is none.
    """
    if not (found := messages(scenario, operation)):
        scenario.cite()
        raise NotTestable(
            f"the implementation sent no request of {operation}",
            expected="one request or more",
            found=scenario.reply.described(),
            advice="see what the harness reports as the cause",
        )
    return found


def told_of(scenario: "Scenario", count: int) -> "Sequence[Mapping[str, Any]]":
    """Return what the product tells of each record that it was handed.

    Args:
        scenario: of a bulk operation.
        count: how many records that were.

    Raises:
        ImplementationError: it tells nothing of them, or of another number; it refused, crashed or hung.
    """
    value = scenario.reply.must_be_ok()
    records: list[dict[str, Any]] = value.get("records") or []
    if len(records) != count:
        raise ImplementationError(
            "the product does not tell of each record what became of it",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{count} records, one for each that was handed over, in that order",
            found=f"{len(records)} records",
            where="records",
        )
    return records


def must_be_read(observed: "Observed") -> "Observed":
    """Return a request after making sure that it could be read at all.

    Raises:
        NotTestable: it could not.
    """
    if not observed.facts.request.name:
        raise NotTestable(
            "the request is none that could be read",
            advice="mend the failures on the form of the request first",
        )
    return observed


# --- what was answered ----------------------------------------------------------------------------


def answers_in(exchange: "Exchange") -> list[dict[str, Any]]:
    """Return the JSON form of each record of a bulk answer as it left the registry; none of a fault."""
    name = exchange.facts.request.name
    if name not in _ANSWERS:
        return []
    try:
        body = markup.parse(exchange.response.body).find("{*}Body")
    except markup.MarkupError:
        return []
    payload = next(body.iterchildren(etree.Element), None) if body is not None else None
    if payload is None or etree.QName(payload).localname != OPERATIONS[name].answer:
        return []
    return list(_list(read_answer(payload, OPERATIONS[name]), *_ANSWERS[name]))


def right_conclusion(answer: Mapping[str, Any]) -> str:
    """Return what an answer to a verification says: Valid, and Match for every field, is verified."""
    fields = [answer[name] for name in _MATCHES if name in answer]
    valid = answer.get("USIStatus") == "Valid"
    return "verified" if valid and fields and set(fields) == {"Match"} else "not_verified"


class Answered:
    """A batch of verifications in one message, and its answer as it crossed the wire.

    Args:
        scenario: of BulkVerifyUSI.
        handed: what the product was handed, all different.

    Raises:
        NotTestable: what was handed over is not all in one message, so that it cannot be followed.
    """

    def __init__(self, scenario: "Scenario", handed: Sequence[Mapping[str, Any]]) -> None:
        self.scenario = scenario
        self.handed = handed
        exchange = bulk_messages(scenario, "BulkVerifyUSI")[-1]
        sent = sent_in(exchange)
        self.ids = [_id_of(record, sent) for record in handed]
        """RecordId under which each was sent, in the order in which they were handed over."""
        self.answers = answers_in(exchange)
        """Of each record that was answered, in the order of the answer."""

    @property
    def answered_ids(self) -> list[int]:
        """RecordIds of the answer, in its order."""
        return [answer.get("RecordId", 0) for answer in self.answers]

    def answers_to(self, record_id: int) -> list[dict[str, Any]]:
        """Return every answer to one record."""
        return [answer for answer in self.answers if answer.get("RecordId") == record_id]

    def must_be_told(self, trouble: Sequence[int] = (), *, may_be_right: bool = False) -> None:
        """Demand that each record is told by its own answer, and that those in trouble are left open.

        A product may also refuse the whole answer: then nothing of it is believed.

        Args:
            trouble: RecordIds whose answers cannot be used.
            may_be_right: whether these may also be told by their answer, which is unambiguous after all.

        Raises:
            ImplementationError: something else is told.
        """
        if self.scenario.reply.answer.outcome is not Outcome.OK:
            self.scenario.reply.must_be_refused("service.malformed_answer", "service.fault")
            return
        told = told_of(self.scenario, len(self.handed))
        for number, (identifier, record) in enumerate(zip(self.ids, told, strict=True), 1):
            right = {right_conclusion(answer) for answer in self.answers_to(identifier)}
            allowed = set(_OPEN) if identifier in trouble else right
            if may_be_right and identifier in trouble and len(right) == 1:
                allowed |= right
            if record["conclusion"] not in allowed:
                raise ImplementationError(
                    f"of record {number} of the batch the user is told what its answer does not say",
                    subcode=Subcode.WRONG_VALUE,
                    expected=" or ".join(sorted(allowed)),
                    found=str(record["conclusion"]),
                    where=f"records[{number - 1}].conclusion",
                    advice="find the answer to each record by its RecordId, and look at its USI",
                )


def _id_of(record: Mapping[str, Any], sent: list[dict[str, Any]]) -> int:
    wanted = {name: _composed(text) for name, text in record.items()}
    for each in sent:
        if {name: _composed(str(each.get(name))) for name in wanted} == wanted:
            return int(each.get("RecordId", 0))
    raise NotTestable(
        "a record that was handed over is not in the message, so that its answer cannot be followed",
        expected=", ".join(wanted.values()),
        found=f"{len(sent)} other records",
        advice="mend the failures on the records of the request first",
    )


def _list(values: Mapping[str, Any], outer: str, inner: str) -> list[dict[str, Any]]:
    holder = values.get(outer)
    found = holder.get(inner, []) if isinstance(holder, dict) else []
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _composed(text: str) -> str:
    """Return a text in the normal form in which texts are compared."""
    return unicodedata.normalize("NFC", text)
