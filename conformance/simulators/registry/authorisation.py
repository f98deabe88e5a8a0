"""Who may ask what: the organisation of a request, the ABN of the token, and the organisation's type."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final

from conformance.model import Judgement
from conformance.protocol import names
from conformance.protocol.judging import Notes
from conformance.protocol.request_rules import RequestFacts
from conformance.protocol.token import TokenFacts
from conformance.simulators.population import Organisation, OrganisationType
from conformance.simulators.registry.settings import FunctionMatrix
from conformance.simulators.registry.store import Store

RULES: Final = {
    "usi.org_code_unknown": "OrgCode is the code of an organisation that the registry knows.",
    "usi.org_code_abn": "The ABN of the token is that of the organisation with this OrgCode.",
    "usi.abn_unknown": "Without OrgCode, the ABN of the token is that of an organisation that is known.",
    "usi.function": "The type of the organisation may call this operation.",
    "usi.notification_missing": "The client has notified of the software whose token this is.",
}
"""Code -> what must hold."""

REFUSED: Final = tuple(code for code in RULES if code != "usi.org_code_unknown")
"""Codes that are answered with ErrorInfo 2002.  An unknown OrgCode is a validation error, 1002: that is how
vendors' help pages quote it."""

_ALL: Final = frozenset(OrganisationType)
_NOT_BODIES: Final = _ALL - {OrganisationType.VRB}
_FINDERS: Final = frozenset({OrganisationType.RTO, OrganisationType.HEP, OrganisationType.TAC})
_RTO: Final = frozenset({OrganisationType.RTO})

_CREATE: Final = ("CreateUSI", "BulkUpload", "BulkUploadRetrieve")
_UPDATE: Final = ("UpdateUSIContactDetails", "UpdateUSIPersonalDetails")

OTHER_DOCUMENTS: Final = "documents that the Document Verification Service cannot check"
"""Stands in a matrix for an application or update with NonDvsDocumentTypeId, a function of its own."""

MATRICES: Final[Mapping[FunctionMatrix, Mapping[str, Collection[OrganisationType]]]] = {
    FunctionMatrix.CURRENT: {
        # The page as it is now was not checked for create; the other one's row stands in.
        **dict.fromkeys(_CREATE, _NOT_BODIES),
        OTHER_DOCUMENTS: _RTO,
        "LocateUSI": _FINDERS,
        **dict.fromkeys(_UPDATE, _RTO),
    },
    FunctionMatrix.BETA: {
        **dict.fromkeys(_CREATE, _NOT_BODIES),
        OTHER_DOCUMENTS: _NOT_BODIES,
        "LocateUSI": _ALL,
        **dict.fromkeys(_UPDATE, _FINDERS),
    },
    FunctionMatrix.OPEN: {},
}
"""Which types of organisation may call an operation, by usi.gov.au; whoever is in no row may be anybody."""


def judge_organisation(
    token: TokenFacts,
    request: RequestFacts,
    *,
    store: Store,
    matrix: FunctionMatrix,
    unnotified: Collection[str] = (),
) -> tuple[Judgement, Organisation | None]:
    """Judge whether the organisation of a request may ask for it with this token.

    Args:
        token: what the token says; without a known ABN nothing is compared with it.
        request: what is asked for.
        store: knows the organisations.
        matrix: which type may call what.
        unnotified: ids of assertions for which no notification is in force.

    Returns:
        The judgement over `RULES`, and the organisation where it is known: the one of the OrgCode or, where
        the operation has none, of the token.
    """
    notes = Notes(RULES, {})
    abn = token.claims.get(names.CLAIM_ABN, "")
    code = request.values.get("OrgCode")
    organisation = None
    if isinstance(code, str):
        organisation = _by_code(notes, code, abn, request, store)
    elif _has_no_code(request) and token.assertion_id:
        organisation = store.organisation_of(abn)
        notes.hold(
            "usi.abn_unknown",
            organisation is not None,
            expected=lambda: _one_of(known.abn for known in store.organisations()),
            actual=f"ABN {abn}" if abn else "no ABN",
            where=f"s:Envelope/s:Body/{request.name}",
        )
    if organisation is not None:
        _judge_function(notes, organisation, request, matrix)
    if token.assertion_id:
        known = token.assertion_id not in unnotified
        notes.hold("usi.notification_missing", known, expected="a notification in force", actual="none")
    return notes.judgement(), organisation


def _has_no_code(request: RequestFacts) -> bool:
    return request.operation is not None and request.operation.request.element("OrgCode") is None


def _by_code(notes: Notes, code: str, abn: str, request: RequestFacts, store: Store) -> Organisation | None:
    organisation = store.organisation(code)
    where = f"s:Envelope/s:Body/{request.name}/OrgCode"
    notes.hold(
        "usi.org_code_unknown",
        organisation is not None,
        expected=lambda: _one_of(known.code for known in store.organisations()),
        actual=code,
        where=where,
    )
    if organisation is not None and abn:
        notes.hold(
            "usi.org_code_abn",
            abn == organisation.abn,
            expected=f"ABN {organisation.abn}, that of {organisation.code}",
            actual=f"ABN {abn}",
            where=where,
            hint="Each organisation needs a token of its own; do not share tokens between clients.",
        )
    return organisation


def _judge_function(
    notes: Notes, organisation: Organisation, request: RequestFacts, matrix: FunctionMatrix
) -> None:
    for function in _functions(request):
        allowed = MATRICES[matrix].get(function, _ALL)
        notes.hold(
            "usi.function",
            organisation.type in allowed,
            expected=_one_of(sorted(allowed)),
            actual=f"{organisation.code} is of the type {organisation.type}",
            where=f"s:Envelope/s:Body/{request.name}",
            hint=f"Which types may use {function} is said differently by two pages of the registry; "
            "a setting chooses.",
        )


def _functions(request: RequestFacts) -> list[str]:
    """Return what a request makes use of, as the matrices name it."""
    found = [request.name] if request.name else []
    values = request.values
    holders = [values, values.get("Application")]
    applications = values.get("Applications")
    if isinstance(applications, Mapping):
        holders += applications.get("Application") or ()
    if any(isinstance(each, Mapping) and each.get("NonDvsDocumentTypeId") is not None for each in holders):
        found.append(OTHER_DOCUMENTS)
    return found


def _one_of(known: Iterable[str]) -> str:
    return " or ".join(known)
