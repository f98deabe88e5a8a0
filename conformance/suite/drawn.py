"""Drawn examples: calls of a property, which leave a transcript only where they fail.

A search tries much that other requirements ask about by themselves.  What fails in the plainest case that an
example has something in common with, is that requirement's finding and not the search's: `Likenesses` knows
these plain cases and tries them, once per run, when an example has failed.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Evidence, Severity
from conformance.protocol.operations import TYPE_KEY
from conformance.strategies.applications import MOCK_DOCUMENTS
from conformance.suite.flows import (
    APPLICATION,
    COMES_FIRST,
    CONTACT_DETAILS,
    PERSONAL_DETAILS,
    REQUESTS,
    Flow,
    begun,
)
from conformance.suite.iut import Iut, Reply
from conformance.suite.operations import must_carry
from conformance.suite.records import messages

if TYPE_CHECKING:
    from conformance.simulators.bench import Bench
    from conformance.simulators.transcript import Recording
    from conformance.suite.conftest import Scenario

TryOut = Callable[..., AbstractContextManager[Flow]]
"""`try_out(name, example="", *, faults=(), fresh=False)`: lets a flow go on for one example; a fixture."""


@contextmanager
def tried_out(
    name: str,
    example: object,
    iut: Iut,
    bench: "Bench",
    make: "Callable[[Reply, Recording, str, Iut], Scenario]",
    keep_evidence: Callable[[Evidence], str],
    *,
    faults: tuple[str, ...] = (),
    fresh: bool = False,
) -> Iterator[Flow]:
    """Let a flow go on while the block runs; if it fails, keep its transcript and say which example it was.

    Args:
        name: of the property, and of the transcript: the example that failed last is the one that is kept,
            which is the smallest.
        example: what was drawn; told by its `repr`, unless it is the empty text.
        iut: the implementation.
        bench: whose scenario it is.
        make: as of `conformance.suite.flows.Flow`.
        keep_evidence: keeps a transcript for the report.
        faults: of the simulators.
        fresh: whether the product's caches are forgotten first.
    """
    recordings: list[Recording] = []
    try:
        with begun(name, iut, bench, make, recordings.append, faults=faults, fresh=fresh) as flow:
            yield flow
    except (ImplementationError, NotTestable) as miss:
        iut.ledger.remember(miss)
        if isinstance(miss, ImplementationError) and not name.startswith(_PLAIN):
            iut.ledger.missed.append(miss)
        iut.ledger.cite(keep_evidence(recordings[-1].evidence()))
        told = "" if example == "" else f"example: {example!r}"
        miss.where = "; ".join(filter(None, (miss.where, told)))
        raise


_PLAIN: Final = "plain-"
"""Beginning of the names of try-outs that are no drawn examples."""

# --- plain cases ----------------------------------------------------------------------------------

_PEOPLE: Final[dict[str, dict[str, str]]] = {
    "two names": {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    },
    "a single name": {"USI": "QFJEGFSBC4", "SingleName": "Testsinglename", "DateOfBirth": "1985-01-01"},
    "marks": {
        "USI": "SYNTHET22L",
        "FirstName": "Si\u00e2n",
        "FamilyName": "O'Connor-Jones",
        "DateOfBirth": "1990-02-28",
    },
    "accents": {
        "USI": "SYNTHET23J",
        "FirstName": "Ren\u00e9e",
        "FamilyName": "L\u00e9v\u00eaque",
        "DateOfBirth": "1988-03-01",
    },
    "accents of their own": {
        "USI": "SYNTHET23J",
        "FirstName": "Rene\u0301e",
        "FamilyName": "Le\u0301ve\u0302que",
        "DateOfBirth": "1988-03-01",
    },
    "an ampersand": {
        "USI": "SYNTHET24G",
        "FirstName": "Rock & Roll",
        "FamilyName": "Ampersand",
        "DateOfBirth": "1991-11-30",
    },
    "angle brackets": {
        "USI": "SYNTHET25E",
        "FirstName": "Less<Than",
        "FamilyName": "Greater>Than",
        "DateOfBirth": "1992-01-31",
    },
    "two blanks": {
        "USI": "SYNTHET27A",
        "FirstName": "Mary  Anne",
        "FamilyName": "van  der Berg",
        "DateOfBirth": "1994-06-07",
    },
    "characters beyond the first plane": {
        "USI": "SYNTHET288",
        "FirstName": "\u5409",
        "FamilyName": "\U00020bb7\u91ce",
        "DateOfBirth": "1995-08-09",
    },
    "long names": {
        "USI": "SYNTHET2A4",
        "FirstName": "A" * 40,
        "FamilyName": "Z" * 40,
        "DateOfBirth": "1997-12-13",
    },
    "a leap day": {
        "USI": "SYNTHET2B2",
        "FirstName": "Ada",
        "FamilyName": "Leapday",
        "DateOfBirth": "2000-02-29",
    },
}
"""People of the population whom vectors of other requirements are about, and what is special in them."""

_IN_TEXTS: Final[dict[str, Callable[[str], bool]]] = {
    "marks": lambda text: "'" in text or "-" in text.lstrip("0123456789-"),
    "accents": lambda text: not text.isascii(),
    "accents of their own": lambda text: not text.isascii(),
    "an ampersand": lambda text: "&" in text,
    "angle brackets": lambda text: "<" in text or ">" in text,
    "two blanks": lambda text: "  " in text,
    "characters beyond the first plane": lambda text: not text.isascii(),
    "long names": lambda text: len(text) >= 30,
    "a leap day": lambda text: text.endswith("-02-29"),
}
"""What is special -> whether a text has it too."""

_ELSEWHERE: Final = {
    "CountryOfResidenceCode": "1201",
    "EmailAddress": "learner@example.com",
    "InternationalAddress": "1 Test Street, Christchurch",
}
_TWO_LINES: Final = {
    "Address1": "1 Test Street",
    "Address2": "Rear",
    "SuburbTownCity": "Dubbo",
    "State": "NSW",
    "PostCode": "2830",
}
_PREFERRED: Final = {**PERSONAL_DETAILS, "IsPreferredName": True, "PreferredFirstName": "Quill"}
_SINGLE: Final = {
    name: value
    for name, value in {**PERSONAL_DETAILS, "SingleName": "Testapplicant"}.items()
    if name not in ("FirstName", "MiddleName", "FamilyName")
}

Likeness = tuple[str, str, dict[str, Any]]
"""What a plain case has in common, its operation, and its request."""

_WELL: Final = {"VerifyUSI": "verified", "CreateUSI": "created"}
"""What has to be concluded of the plain cases of an operation; of another one, nothing in particular."""


def likenesses(operation: str, request: Mapping[str, Any]) -> list[Likeness]:
    """Return the plain cases that a request has something in common with.

    Args:
        operation: of the registry.
        request: as a product is given it.
    """
    keys, texts = _content(request)
    found: list[Likeness] = [("the operation", operation, REQUESTS[operation])]
    found += [(name, "VerifyUSI", _PEOPLE[name]) for name, has in _IN_TEXTS.items() if any(map(has, texts))]
    if "SingleName" in keys:
        found.append(("a single name", "VerifyUSI", _PEOPLE["a single name"]))
    if operation in ("CreateUSI", "BulkUpload"):
        found += [(name, "CreateUSI", {"Application": plain}) for name, plain in _applications(keys, texts)]
    return found


def _applications(keys: set[str], texts: set[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    for document in MOCK_DOCUMENTS:
        if document[TYPE_KEY] in texts:
            yield document[TYPE_KEY], {**APPLICATION, "DVSDocument": dict(document)}
    if "NonDvsDocumentTypeId" in keys:
        without = {name: value for name, value in APPLICATION.items() if name != "DVSDocument"}
        yield "another document", {**without, "DVSCheckRequired": False, "NonDvsDocumentTypeId": 5}
    if "InternationalAddress" in keys:
        yield "an address elsewhere", {**APPLICATION, "ContactDetails": _ELSEWHERE}
    if "Address2" in keys:
        home = {**CONTACT_DETAILS, "NationalAddress": _TWO_LINES}
        yield "two lines", {**APPLICATION, "ContactDetails": home}
    if "Home" in keys:
        phones = {"Home": "0255501234", "Mobile": "0491570006"}
        yield "two telephones", {**APPLICATION, "ContactDetails": {**CONTACT_DETAILS, "Phone": phones}}
    if not keys & {"InternationalAddress", "NationalAddress"}:
        short = {name: value for name, value in CONTACT_DETAILS.items() if name != "NationalAddress"}
        yield "no address", {**APPLICATION, "ContactDetails": short}
    if any(key.startswith("Preferred") for key in keys):
        yield "a preferred name", {**APPLICATION, "PersonalDetails": _PREFERRED}
    if "SingleName" in keys:
        yield "an applicant of one name", {**APPLICATION, "PersonalDetails": _SINGLE}


def _content(value: object) -> tuple[set[str], set[str]]:
    """Return the names and the texts of a JSON value."""
    keys: set[str] = set()
    texts: set[str] = set()
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Mapping):
            keys.update(each)
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            texts.add(each)
    return keys, texts


@dataclass
class Likenesses:
    """Which plain cases the product gets right; each is tried once per run."""

    try_out: TryOut
    _known: dict[str, bool] = field(default_factory=dict)

    def are_well(self, operation: str, request: Mapping[str, Any]) -> bool:
        """Tell whether the product gets everything right that a request has in common with plain cases.

        Args:
            operation: of the registry.
            request: the one that failed.
        """
        return all(self._is_well(*likeness) for likeness in likenesses(operation, request))

    def _is_well(self, name: str, operation: str, request: dict[str, Any]) -> bool:
        key = f"{operation}: {name} {request.get('Application', {}).get('DVSDocument', '')}"
        if key not in self._known:
            with self.try_out("plain-case", key) as flow:
                if operation in COMES_FIRST:
                    flow.ask(COMES_FIRST[operation])
                scenario = flow.ask(operation, request)
                well = is_well(scenario, _WELL.get(operation, ""))
                self._known[key] = well and _carries(scenario, operation, request)
        return self._known[key]


def _carries(scenario: "Scenario", operation: str, request: dict[str, Any]) -> bool:
    """Tell whether what was handed over was sent as it is, as far as anything was sent."""
    try:
        for exchange in messages(scenario, operation)[-1:]:
            must_carry(exchange.facts.request.values, request, operation)
    except ImplementationError:
        return False
    return True


def is_well(scenario: "Scenario", conclusion: str = "") -> bool:
    """Tell whether a call was made with right requests, and ended with a conclusion.

    Args:
        scenario: of the call.
        conclusion: the only right one; any when empty.
    """
    answer = scenario.reply.answer
    return (
        answer.outcome is Outcome.OK
        and conclusion in ("", answer.value["conclusion"])
        and bool(scenario.registry_requests)
        and not any(
            finding.severity is Severity.ERROR
            for exchange in scenario.registry_requests
            for finding in exchange.judgement.findings
        )
    )
