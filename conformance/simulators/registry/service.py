"""The simulated USI Registry: it judges each request completely, and answers as contract version 5 says.

This module has the routing (a WSDL for GET, operations for POST) and the wire (SOAP in, judgement, SOAP out).
What the registry knows is `store`'s, and what it concludes is that of the operations' own modules.
Refusals come in the order of a service on the same framework: transport, envelope, security, addressing,
version, content, authorisation.  Every rule is judged all the same, so that one exchange tells everything.
"""

import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import escape
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from conformance.errors import KitError
from conformance.model import Finding, Judgement, Severity
from conformance.protocol import markup, names, operations, request_rules, security, soap, token
from conformance.protocol.interface import fault_validator, validator, wsdl
from conformance.protocol.judging import Notes, together
from conformance.protocol.operations import EARLIER_NAMESPACES, OPERATIONS, V5
from conformance.protocol.request_rules import Limits, RequestFacts
from conformance.simulators import population as people
from conformance.simulators.faults import FAULTS, Fault, Script
from conformance.simulators.http import Request, Response, plain
from conformance.simulators.registry import (
    altering,
    applying,
    authorisation,
    listing,
    locating,
    updating,
    verifying,
    writing,
)
from conformance.simulators.registry.asking import Asked, Handler, Refused
from conformance.simulators.registry.settings import RegistrySettings
from conformance.simulators.registry.store import Store
from conformance.simulators.transcript import Exchange

ALGORITHM: Final = "usi.endorsing_algorithm"

RULES: Final = {
    ALGORITHM: "The endorsing signature is made by an algorithm that the registry is set to accept.",
    **authorisation.RULES,
}
"""Code -> what must hold; besides the rules of the judges in `conformance.protocol`."""

MEDIA_TYPE: Final = "application/soap+xml; charset=utf-8"

TOLERATED: Final = frozenset(
    {
        "addressing.message_id_missing",
        "addressing.message_id_reused",
        "security.must_understand",
        "security.timestamp_span",
        "token.reformatted",
        "usi.untrimmed_name",
        "usi.foreign_name",
        "usi.check_character",
        "usi.empty_optional",
        "usi.boolean_form",
        "usi.one_change",
        "usi.medicare_expiry",
    }
)
"""Codes of rules whose breach is found but not refused: the real registry is not known to look at them."""

_HANDLERS: Final[Mapping[str, Handler]] = {
    "VerifyUSI": verifying.verify,
    "BulkVerifyUSI": verifying.bulk_verify,
    "CreateUSI": applying.create,
    "BulkUpload": applying.upload,
    "BulkUploadRetrieve": applying.retrieve,
    "LocateUSI": locating.locate,
    "UpdateUSIContactDetails": updating.update_contact_details,
    "UpdateUSIPersonalDetails": updating.update_personal_details,
    "GetCountries": listing.countries,
    "GetNonDvsDocumentTypes": listing.document_types,
}
"""What carries out each operation of the contract."""

_SECURITY: Final = ("security.", "token.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryFacts:
    """`Exchange.facts` of a request to the registry."""

    envelope: soap.Envelope | None
    token: token.TokenFacts
    endorser: security.EndorserFacts | None
    request: RequestFacts
    organisation: people.Organisation | None = None
    """Whose request it is, where that is known."""
    answer: Mapping[str, Any] | None = None
    """JSON form of the answer; None when it was a fault."""
    fault: str = ""
    """What it was refused for: an ErrorInfo code, or the local name of a SOAP subcode."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A fault as the registry decides on it, before it is put into XML."""

    reason: str
    subcode: str = ""
    """Clark name."""
    errors: tuple[Mapping[str, Any], ...] = ()
    """ErrorInfo: `Code`, `Title`, `Message` of each."""
    sender: bool = True

    @property
    def label(self) -> str:
        """What the refusal is called in transcripts and facts."""
        return str(self.errors[0]["Code"]) if self.errors else self.subcode.rpartition("}")[2]


_UNVERIFIED: Final = _Refusal("The security of the message could not be verified.", names.INVALID_SECURITY)
_UNSUPPORTED: Final = _Refusal(
    "The message cannot be processed, because its action is not that of an operation.",
    names.ACTION_NOT_SUPPORTED,
)
_UNREAD: Final = _Refusal("The message is not one that can be read.", subcode="unreadable message")
"""Stands for what is answered below SOAP, with 400 or 415."""


def _bundled_store() -> Store:
    return Store(people.bundled(), random=secrets.token_bytes)


@dataclass(slots=True)
class Registry:
    """The simulated registry.  `handle` is its whole interface; it may be called from several threads."""

    key: RSAPrivateKey
    """The relying party's key, for which tokens are encrypted."""
    issuer: x509.Certificate
    """The certificate that the token service signs assertions with."""
    audiences: tuple[str, ...]
    """Addresses of which a token's audience must be one."""
    clock: Callable[[], datetime]
    """Now, in UTC."""
    settings: RegistrySettings = field(default_factory=RegistrySettings)
    """What the real registry leaves open; assign a changed copy for each scenario."""
    store: Store = field(default_factory=_bundled_store)
    """What the registry knows and remembers; the bundled population in memory, when left out."""
    issued: Callable[[str], bytes | None] | None = None
    """Assertion id -> canonical form of the token as issued, to tell a changed token from a foreign one."""
    unnotified: Collection[str] = ()
    """Ids of assertions for which no notification is in force; tokens with them are refused."""
    issuer_address: str = "https://localhost/R3.0/S007v1.3/service.svc"
    """Address of the token service, for the policy in the WSDL."""
    issuer_of: Callable[[Request], str] | None = None
    """Gives that address for each reader of the WSDL instead, where it has several names."""
    external_entity: str = "https://service.invalid/entity"
    """URL that the fault `registry.external_entity` points clients to."""
    message_ids: set[str] = field(default_factory=set)
    """MessageIDs seen so far; share the token service's to see reuse across both."""
    exchanges: list[Exchange] = field(default_factory=list)
    _script: Script = field(default_factory=lambda: Script("registry"), repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def faults(self) -> tuple[str, ...]:
        """Names of `simulators.faults` that the next answers obey; assign for each scenario.

        Answers are counted from the assignment on.
        """
        return self._script.names

    @faults.setter
    def faults(self, names: tuple[str, ...]) -> None:
        self._script.tell(names)

    # --- routing ------------------------------------------------------------------------------

    def handle(self, request: Request) -> Response:
        """Answer one HTTP request and record the exchange."""
        outdated = writing.is_outdated(request.path)
        if request.path.lower() != V5.path and not (outdated and request.method == "POST"):
            return self._record(request, plain(404, f"There is nothing here; the service is at {V5.path}.\n"))
        if request.method == "POST":
            return self._operate(request)
        if request.method not in ("GET", "HEAD"):
            return self._record(request, plain(405, "Send a GET for the WSDL, or a POST.\n"))
        if request.query.lower() in ("wsdl", "singlewsdl"):
            document = wsdl(
                _address(request), issuer=self.issuer_of(request) if self.issuer_of else self.issuer_address
            )
            return self._record(
                request, Response(200, (("Content-Type", "text/xml; charset=utf-8"),), document), "WSDL"
            )
        return self._record(request, _page(_address(request)), "service page")

    def _record(self, request: Request, response: Response, summary: str = "") -> Response:
        self.exchanges.append(
            Exchange(
                service="registry",
                request=request,
                response=response,
                received=request.received,
                judgement=Judgement(),
                summary=summary and f"GET {summary}",
            )
        )
        return response

    # --- one operation ------------------------------------------------------------------------

    def _operate(self, request: Request) -> Response:
        now = self.clock()
        faults = self._script.next()
        judgement, facts = self._judge(request, now)
        envelope = facts.envelope
        if writing.is_outdated(request.path):
            # Whatever is asked there: a service that was switched off reads no more than the envelope.
            faults = (FAULTS["registry.3458"],)
        refusal, answer = (
            self._decide(judgement, facts, now, faults) if envelope is not None else (_UNREAD, {})
        )
        asked = {fault.name for fault in faults}
        if envelope is None or refusal is _UNREAD:
            response = _unread(judgement)
        elif refusal is not None:
            response = self._refuse(refusal, facts, now, asked)
        else:
            response = self._declared(self._reply(answer, facts, now, asked), asked)
        facts = replace(facts, answer=None if refusal else answer, fault=refusal.label if refusal else "")
        self.exchanges.append(
            Exchange(
                service="registry",
                request=request,
                response=response,
                received=request.received,
                judgement=judgement,
                facts=facts,
                summary=facts.request.name or "unknown request",
                outcome=f"fault {facts.fault}" if facts.fault else operations.summary_of_answer(answer),
            )
        )
        return response

    def verify(self, request: Request, now: datetime) -> tuple[Judgement, RegistryFacts]:
        """Judge message, token and endorsing signature; what is asked for is not looked at.

        Args:
            request: a POST; its MessageID counts as seen from now on.
            now: UTC.
        """
        message, envelope = soap.judge_message(
            request.body,
            media_type=request.header("content-type"),
            address=_address(request),
            action=_expected_action,
            seen=self.message_ids,
            soapaction=request.header("soapaction") or None,
        )
        if envelope is None:
            return message, RegistryFacts(
                envelope=None, token=token.TokenFacts(), endorser=None, request=RequestFacts()
            )
        with self._lock:
            self.message_ids.add(envelope.message_id)
        opened, token_facts = self._open(security.issued_token(envelope), now)
        endorsed, endorser = security.judge_endorsed(
            envelope,
            proof_key=token_facts.proof_key,
            assertion_id=token_facts.assertion_id,
            now=now,
            token_type=token_facts.token_type or names.SAML_2_TOKEN,
        )
        facts = RegistryFacts(envelope=envelope, token=token_facts, endorser=endorser, request=RequestFacts())
        return together((message, opened, endorsed)), facts

    def _judge(self, request: Request, now: datetime) -> tuple[Judgement, RegistryFacts]:
        security_judgement, facts = self.verify(request, now)
        if facts.envelope is None:
            return security_judgement, facts
        limits = Limits(contact_means=self.settings.contact_means, phone_digits=self.settings.phone_digits)
        asked, request_facts = request_rules.judge_request(facts.envelope.payload, limits=limits)
        authorised, organisation = authorisation.judge_organisation(
            facts.token,
            request_facts,
            store=self.store,
            matrix=self.settings.function_matrix,
            unnotified=self.unnotified,
        )
        judgement = together((security_judgement, self._judge_algorithm(facts.endorser), asked, authorised))
        return judgement, replace(facts, request=request_facts, organisation=organisation)

    def _judge_algorithm(self, endorser: security.EndorserFacts | None) -> Judgement:
        notes = Notes(RULES, {})
        if endorser is not None and endorser.verified:
            accepted = self.settings.hmac_sha256_accepted or endorser.signature_algorithm == names.HMAC_SHA1
            notes.hold(ALGORITHM, accepted, expected=names.HMAC_SHA1, actual=endorser.signature_algorithm)
        return notes.judgement()

    def _open(self, element: etree._Element | None, now: datetime) -> tuple[Judgement, token.TokenFacts]:
        """Open the token against the first audience, or against another one of ours that it names."""

        def against(audience: str) -> tuple[Judgement, token.TokenFacts]:
            return token.open_token(
                element, key=self.key, issuer=self.issuer, audience=audience, now=now, issued=self.issued
            )

        judgement, facts = against(self.audiences[0])
        return against(facts.audience) if facts.audience in self.audiences[1:] else (judgement, facts)

    # --- decisions ----------------------------------------------------------------------------

    def _decide(
        self, judgement: Judgement, facts: RegistryFacts, now: datetime, faults: tuple[Fault, ...]
    ) -> tuple[_Refusal | None, dict[str, Any]]:
        tolerated = _tolerated(facts.request.name, self.settings)
        errors = {
            finding.code: finding
            for finding in reversed(judgement.findings)
            if finding.severity is Severity.ERROR and finding.code not in tolerated
        }
        if refusal := _refusal(errors):
            return refusal, {}
        if any(fault.name == "registry.invalid_security" for fault in faults):
            return _UNVERIFIED, {}
        if facts.endorser is None or not facts.endorser.verified:
            raise KitError("a judge found nothing wrong with a signature that it could not verify")
        if any(fault.name == writing.NO_DETAIL for fault in faults):
            return _Refusal(
                "The server was unable to process the request due to an internal error.",
                writing.INTERNAL_FAULT,
                sender=False,
            ), {}
        if told := [fault for fault in faults if fault.code.isdigit()]:
            several = tuple(error for fault in told for error in _error_info(fault, fault.text).errors)
            return replace(_error_info(told[0], told[0].text), errors=several), {}
        # Whatever is wrong with the content, the first found first, comes before who may ask.
        later = authorisation.REFUSED
        content = (code for code in reversed(errors) if code.startswith("usi.") and code not in later)
        if (first := next(content, None)) is not None:
            text = f"{errors[first].message} {errors[first].where}".strip()
            return _error_info(FAULTS["registry.1002"], text), {}
        if any(code in errors for code in authorisation.REFUSED):
            return _error_info(FAULTS["registry.2002"], FAULTS["registry.2002"].text), {}
        if unforeseen := next(iter(errors.values()), None):
            raise KitError(
                f"the registry has no answer to a breach of {unforeseen.code}", found=unforeseen.message
            )
        return self._carry_out(facts, now, faults)

    def _carry_out(
        self, facts: RegistryFacts, now: datetime, faults: tuple[Fault, ...]
    ) -> tuple[_Refusal | None, dict[str, Any]]:
        operation, organisation = facts.request.operation, facts.organisation
        if operation is None or organisation is None:
            raise KitError("a judge found nothing wrong with a request that nobody may make")
        asked = Asked(
            operation=operation,
            values=facts.request.values,
            organisation=organisation,
            now=now,
            store=self.store,
            settings=self.settings,
            faults=frozenset(_plain_name(fault.name) for fault in faults),
        )
        with self.store.at_once():
            try:
                answer = _HANDLERS[operation.name](asked)
            except Refused as refused:
                return _refused(refused.code, refused.text), {}
        return None, altering.altered(answer, asked)

    # --- wire ---------------------------------------------------------------------------------

    def _reply(
        self, answer: Mapping[str, Any], facts: RegistryFacts, now: datetime, asked: Collection[str]
    ) -> Response:
        operation = facts.request.operation
        if operation is None:
            raise KitError("the registry answers a request that it does not know")
        body = operations.answer_element(operation, answer)
        if not _is_gap(operation.name, answer) and altering.CHANGES.isdisjoint(map(_plain_name, asked)):
            _must_be_valid(body)
        body = altering.rewritten(body, asked)
        return _message(200, body, V5.answer_action(operation), facts, now)

    def _declared(self, response: Response, asked: Collection[str]) -> Response:
        """Give an answer the document type declaration that was asked for, if one was."""
        if writing.INTERNAL_ENTITY in asked:
            return replace(response, body=writing.with_entity(response.body))
        if writing.EXTERNAL_ENTITY in asked:
            return replace(response, body=writing.with_entity(response.body, external=self.external_entity))
        return response

    def _refuse(
        self, refusal: _Refusal, facts: RegistryFacts, now: datetime, asked: Collection[str]
    ) -> Response:
        detail = None
        action = names.SOAP_FAULT
        if refusal.errors:
            detail = operations.error_detail(list(refusal.errors))
            if errors := fault_validator().errors(detail):
                raise KitError(
                    "the registry's fault is not valid", found=errors[0].message, where=errors[0].where
                )
            operation = facts.request.operation or next(iter(OPERATIONS.values()))
            action = V5.fault_action(operation)
        elif refusal.subcode.startswith(f"{{{names.ADDRESSING}}}"):
            action = names.ADDRESSING_FAULT
        body = soap.fault(
            code="Sender" if refusal.sender else "Receiver",
            reason=refusal.reason,
            subcode=refusal.subcode,
            detail=detail,
        )
        response = _message(200 if writing.FAULT_200 in asked else 500, body, action, facts, now)
        if writing.FAULT_2022 in asked:
            return replace(response, body=writing.respelt(response.body))
        return response


# --- what is refused for what ---------------------------------------------------------------------


def _tolerated(operation: str, settings: RegistrySettings) -> frozenset[str]:
    """Return the codes whose breach does not refuse a message of this operation."""
    tolerated = TOLERATED | applying.excused(settings)
    if operation == "BulkUpload":
        # What is wrong with one application is told in its own answer, later.
        tolerated |= request_rules.RECORD_RULES
    return tolerated


def _refusal(errors: Mapping[str, Finding]) -> _Refusal | None:
    """Return what comes before all content: media type, security, addressing, version, operation."""
    if "soap.media_type" in errors:
        return _UNREAD
    if ALGORITHM in errors or any(code.startswith(_SECURITY) for code in errors):
        # A real service says no more than this, lest it teach an attacker; the judgement says all of it.
        return _UNVERIFIED
    if "soap.header_not_understood" in errors:
        return _Refusal(errors["soap.header_not_understood"].message)
    if "addressing.to_wrong" in errors:
        return _Refusal(
            "The message was sent here but is addressed to another service.", names.DESTINATION_UNREACHABLE
        )
    if "usi.outdated_namespace" in errors and errors["usi.outdated_namespace"].hint:
        outdated = FAULTS["registry.3458"]
        return _error_info(outdated, outdated.text)
    for code in (
        "addressing.header_repeated",
        "addressing.action_wrong",
        "usi.outdated_namespace",
        "usi.unknown_operation",
        "soap.not_an_envelope",
    ):
        if code in errors:
            return _UNSUPPORTED
    return None


def _refused(code: int, text: str) -> _Refusal:
    """Return the refusal of an operation; a setting may have chosen a code that no public list has."""
    unlisted = Fault(name=f"registry.{code}", sentence="", code=str(code), title="Not Acceptable")
    return _error_info(FAULTS.get(f"registry.{code}", unlisted), text)


def _plain_name(fault: str) -> str:
    return fault.removeprefix("registry.")


def _error_info(fault: Fault, text: str) -> _Refusal:
    error = {"Code": int(fault.code), "Title": fault.title, "Message": text}
    # The Reason tells no more than this: as with the real framework, a client has to read the detail.
    return _Refusal("The request was refused; the detail says why.", errors=(error,), sender=not fault.retry)


# --- answers --------------------------------------------------------------------------------------


def _is_gap(operation: str, answer: Mapping[str, Any]) -> bool:
    """Tell whether an answer is one of the two that are needed and that the schema has no place for."""
    if operation == "LocateUSI":
        return not answer.get("USI")
    return operation == "BulkUploadRetrieve" and not answer["Applications"]["Application"]


def _must_be_valid(body: etree._Element) -> None:
    if errors := validator().errors(body):
        raise KitError("the registry's answer is not valid", found=errors[0].message, where=errors[0].where)


# --- wire -----------------------------------------------------------------------------------------


def _address(request: Request) -> str:
    """Return the URL that a request was sent to, as its sender wrote it."""
    return f"https://{request.header('host')}{request.path}"


def _expected_action(envelope: soap.Envelope) -> str:
    """Return the action that fits the body, in any version; all of them when it holds no operation."""
    if envelope.payload is not None:
        name = etree.QName(envelope.payload)
        if name.localname in OPERATIONS and name.namespace in (V5.namespace, *EARLIER_NAMESPACES):
            return f"{name.namespace}/{name.localname}"
    return " ".join(V5.action(operation) for operation in OPERATIONS.values())


def _message(status: int, body: etree._Element, action: str, facts: RegistryFacts, now: datetime) -> Response:
    """Put a body into an envelope.  Clients hide replies without Timestamp, and faults without RelatesTo."""
    relates_to = facts.envelope.message_id if facts.envelope else ""
    envelope = soap.build(body, action=action, relates_to=relates_to)
    security.add_timestamp(envelope, now=now)
    return Response(status, (("Content-Type", MEDIA_TYPE),), markup.serialize(envelope))


def _unread(judgement: Judgement) -> Response:
    errors = [finding for finding in judgement.findings if finding.severity is Severity.ERROR]
    wrong_type = any(finding.code == "soap.media_type" for finding in errors)
    text = " ".join(finding.message for finding in errors)
    return plain(415 if wrong_type else 400, f"{text}\n")


_PAGE: Final = """<!DOCTYPE html>
<html lang="en-AU">
<title>USIService, simulated</title>
<h1>USIService</h1>
<p>This is the simulated USI Registry of the EVTE conformance kit.  It knows test data only.</p>
<p>WSDL: <a href="{address}?wsdl">{address}?wsdl</a></p>
<h2>Operations</h2>
<dl>
{operations}
</dl>
</html>
"""
_ENTRY: Final = "<dt>{name}</dt><dd>{purpose}<br><code>{action}</code></dd>"


def _page(address: str) -> Response:
    """Return what a person sees who opens the address in a browser."""
    told = "\n".join(
        _ENTRY.format(
            name=each.name, purpose=escape(each.purpose, quote=False), action=escape(V5.action(each))
        )
        for each in OPERATIONS.values()
    )
    page = _PAGE.format(address=escape(address), operations=told)
    return Response(200, (("Content-Type", "text/html; charset=utf-8"),), page.encode())
