"""Judging answers of either hop as a client must: Timestamp, addressing, token, life, schema, fault."""

import itertools
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from conformance.model import Judgement
from conformance.protocol import instants, markup, names, operations, security, soap, trust
from conformance.protocol.interface import fault_validator, validator
from conformance.protocol.judging import Notes, together
from conformance.protocol.operations import OPERATIONS, V5
from conformance.protocol.security.header import judge_timestamp
from conformance.protocol.soap import Envelope, MediaType

RULES: Final = {
    "answer.media_type": "The Content-Type is application/soap+xml.",
    "answer.action": "The Action header is that of the answer.",
    "answer.relates_to": "RelatesTo names the request that is answered.",
    "answer.token": "The answer holds one token, its attached reference and a proof key.",
    "answer.lifetime": "The token is valid at the moment of the judgement.",
    "answer.schema": "The content is valid against the schema of the operation.",
    "answer.fault": "A fault has a code and a reason.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "answer.saml_1": "The token is of SAML 1.1.",
    "answer.no_proof_key": "There is no proof key: right only if the request carried Entropy.",
    "answer.lifetime_missing": "The answer does not say how long the token lives.",
    "answer.event_missing": "The fault carries no event code.",
}
"""Code -> what is remarked on and never refused."""

_UNKNOWN_ENTROPY: Final = bytes(32)
"""Stands in for the client's half, which a capture of the answer does not hold."""
_MOST_ERRORS: Final = 20
_MOST_SECRETS: Final = 64
"""Secrets of one message that are looked for in the output; real ones have two."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found of one answer."""

    kind: str
    judgement: Judgement
    facts: dict[str, str]
    assertion_id: str = ""
    """By which the answer refers to its token."""
    token_type: str = names.SAML_2_TOKEN
    """As which the answer refers to it."""
    not_examined: tuple[str, ...] = ()


def judge_answer(
    envelope: Envelope,
    *,
    now: datetime,
    media_type: str | None = None,
    asked: Collection[str] = (),
    entropy: bytes | None = None,
) -> Answer:
    """Judge an answer or a fault.

    Args:
        envelope: the message.
        now: the client's clock; UTC.
        media_type: Content-Type; None when no headers were captured.
        asked: MessageIDs of requests that were seen before; none are known when empty.
        entropy: what the client's request carried as entropy, if known.
    """
    notes = Notes(RULES, REMARKS)
    if media_type is not None:
        essence = MediaType.parse(media_type).essence
        notes.hold("answer.media_type", essence == "application/soap+xml", actual=essence or "none")
    _judge_relation(notes, envelope, asked)
    timed = _judge_timestamp(envelope, now)
    local = markup.local_name(envelope.payload) if envelope.payload is not None else ""
    if envelope.is_fault:
        kind, facts = _judge_fault(notes, envelope)
        return Answer(kind=kind, judgement=together((timed, notes.judgement())), facts=facts)
    if local.startswith("RequestSecurityToken"):
        facts, reference = _judge_token(notes, envelope, now, entropy)
        return Answer(
            kind="answer of the token service",
            judgement=together((timed, notes.judgement())),
            facts=facts,
            assertion_id=reference.value if reference else "",
            token_type=(reference.token_type if reference else "") or names.SAML_2_TOKEN,
            not_examined=("what the token holds: only the registry can open it",),
        )
    facts = _judge_operation(notes, envelope, local)
    judgement = together((timed, notes.judgement()))
    return Answer(kind="answer of the registry", judgement=judgement, facts=facts)


def _judge_timestamp(envelope: Envelope, now: datetime) -> Judgement:
    notes = Notes(security.RULES, security.REMARKS)
    if envelope.security is None:
        notes.hold(
            "security.header_missing",
            False,
            "there is no Security header; some clients hide an answer without one",
            expected="Security with a Timestamp",
            where="s:Envelope/s:Header",
        )
    else:
        judge_timestamp(notes, envelope.security, now, security.SKEW)
    return notes.judgement()


def _judge_relation(notes: Notes, envelope: Envelope, asked: Collection[str]) -> None:
    known = envelope.relates_to in asked if asked else bool(envelope.relates_to)
    notes.hold(
        "answer.relates_to",
        known,
        "there is no RelatesTo" if not envelope.relates_to else "RelatesTo names none of the requests",
        expected="the MessageID of the request",
        actual=envelope.relates_to,
        where="s:Envelope/s:Header/a:RelatesTo",
    )


def _judge_action(notes: Notes, envelope: Envelope, wanted: str) -> None:
    notes.hold(
        "answer.action",
        envelope.action == wanted,
        expected=wanted,
        actual=envelope.action or "none",
        where="s:Envelope/s:Header/a:Action",
    )


def _judge_token(
    notes: Notes, envelope: Envelope, now: datetime, entropy: bytes | None
) -> tuple[dict[str, str], security.TokenReference | None]:
    _judge_action(notes, envelope, names.ISSUE_FINAL_ACTION)
    try:
        issued = trust.read_response(envelope, entropy=entropy or _UNKNOWN_ENTROPY)
    except trust.TrustError as error:
        found = {"expected": error.expected, "actual": error.found, "where": error.where}
        notes.hold("answer.token", False, error.message, **found)
        return {}, None
    notes.hold("answer.token", True)
    if issued.token_type == names.SAML_1_TOKEN:
        notes.remark("answer.saml_1")
    given = {
        element.tag: element
        for name in ("t:BinarySecret", "t:ComputedKey")
        for element in envelope.body.iter(names.tag(name))
    }
    key = "the client's own entropy"
    if names.tag("t:ComputedKey") in given:
        key = "computed from both sides' entropy"
    elif names.tag("t:BinarySecret") in given:
        key = f"{len(issued.proof_key)} bytes in the answer"
    else:
        notes.remark("answer.no_proof_key")
    _judge_life(notes, issued, now)
    reference = security.read_reference(issued.attached)
    facts = {
        "token type": issued.token_type,
        "token": markup.local_name(issued.token),
        "token reference": reference.value if reference else "",
        "proof key": key,
        "AppliesTo": issued.applies_to,
    }
    if issued.created and issued.expires:
        facts["life"] = f"{instants.write(issued.created)} to {instants.write(issued.expires)}"
    return facts, reference


def _judge_life(notes: Notes, issued: trust.IssuedToken, now: datetime) -> None:
    if issued.created is None or issued.expires is None:
        notes.remark("answer.lifetime_missing")
        return
    notes.hold(
        "answer.lifetime",
        issued.created - security.SKEW <= now < issued.expires,
        "the token has expired" if now >= issued.expires else "the token is not valid yet",
        expected=f"valid at {instants.write(now)}",
        actual=f"{instants.write(issued.created)} to {instants.write(issued.expires)}",
        where="s:Envelope/s:Body//t:Lifetime",
    )


def _judge_operation(notes: Notes, envelope: Envelope, local: str) -> dict[str, str]:
    operation = OPERATIONS.get(local.removesuffix("Response"))
    payload = envelope.payload
    if operation is None or payload is None:
        notes.hold("answer.schema", False, "the operation is unknown", actual=local)
        return {}
    _judge_action(notes, envelope, V5.answer_action(operation))
    errors = validator().errors(payload)
    notes.hold("answer.schema", True)
    for error in errors[:_MOST_ERRORS]:
        notes.hold("answer.schema", False, error.message, where=error.where)
    values = operations.read_answer(payload, operation)
    return {"operation": operation.name, "answered": operations.summary_of_answer(values)}


def _judge_fault(notes: Notes, envelope: Envelope) -> tuple[str, dict[str, str]]:
    fault = soap.read_fault(envelope) or soap.Fault(code="", subcodes=(), reason="")
    notes.hold(
        "answer.fault",
        bool(fault.code and fault.reason),
        expected="Code and Reason",
        actual=f"code {fault.code or 'missing'}, reason {'there' if fault.reason else 'missing'}",
        where="s:Envelope/s:Body/s:Fault",
    )
    facts = {
        "fault code": fault.code,
        "fault subcode": ", ".join(fault.subcodes),
        "reason": fault.reason,
    }
    informed = operations.read_errors(fault.detail)
    if informed:
        detail = markup.children(fault.detail)[0]
        notes.hold("answer.schema", True)
        for error in fault_validator().errors(detail)[:_MOST_ERRORS]:
            notes.hold("answer.schema", False, error.message, where=error.where)
        for info in informed[:_MOST_ERRORS]:
            facts[f"error {info.get('Code', '')}"] = f"{info.get('Title', '')}: {info.get('Message', '')}"
        return "fault of the registry", facts
    event = trust.read_event(fault)
    if event is None:
        notes.remark("answer.event_missing", where="s:Envelope/s:Body/s:Fault")
        return "fault", facts
    facts |= {
        "event code": event.code,
        "event description": event.description,
        "user advice": event.advice,
    }
    return "fault of the token service", facts


def spellings(key: bytes) -> set[str]:
    """Return the texts by which a key could get into an output."""
    encoded = b64encode(key).decode()
    return {encoded, encoded.rstrip("="), key.hex(), key.hex().upper(), key.hex(" ")}


def secrets_of(body: bytes) -> set[str]:
    """Return the texts of every secret that a message carries; empty for what is no XML."""
    try:
        root = markup.parse(body)
    except markup.MarkupError:
        return set()
    found: set[str] = set()
    for element in itertools.islice(root.iter(names.tag("t:BinarySecret")), _MOST_SECRETS):
        text = markup.text(element)
        found.add(text)
        if key := markup.decode(text):
            found |= spellings(key)
    return found
