"""Recognising a captured message and judging it as its receiver would, as far as a capture allows."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.inspection import answers
from conformance.inspection.reading import Capture, NotAMessage, captures
from conformance.inspection.records import SCHEMA, Compared, Inspected, Inspection
from conformance.model import Finding, Judgement, Severity
from conformance.protocol import (
    certificates,
    instants,
    markup,
    names,
    operations,
    request_rules,
    security,
    soap,
    trust,
)
from conformance.protocol.judging import Notes, together
from conformance.protocol.keystore import Store
from conformance.protocol.operations import EARLIER_NAMESPACES, OPERATIONS, V5
from conformance.protocol.security import AlgorithmSuite, EndorserFacts, SignerFacts
from conformance.protocol.soap import Envelope

RULES: Final = {
    "inspect.untrusted": "The certificate leads to one of those that were given as trusted.",
    "inspect.credential": "The certificate is that of a credential in the keystore that was given.",
    "inspect.relying_party": "AppliesTo is a published address by the letter, when it is one at all.",
}
"""Code -> what must hold; besides the rules of the judges in `conformance.protocol`."""

RELYING_PARTIES: Final = (
    "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc",
    "https://portal.usi.gov.au/service/v5/usiservice.svc",
    "https://test.sbr.gov.au/services",
    "https://sbr.gov.au/services",
)
"""Published addresses for which tokens are issued; of any other a capture cannot say whether it is known."""

ENDPOINTS: Final = {suite.name: suite for suite in (security.S007_V13, security.S007_V12)}

_AROUND: Final = 24
"""Bytes on either side of the first difference that are shown."""
_SHOWN: Final = 4000
"""Characters of canonical bytes that a finding shows; twice as many make the longest text of all."""
_MOST_FINDINGS: Final = 200
_LEAST_SECRET: Final = 8
"""Characters of the shortest secret that is looked for; shorter texts are everywhere."""


@dataclass(slots=True)
class Known:
    """What the inspector knows, from the operator and from earlier messages of the same transcript."""

    now: datetime
    suite: AlgorithmSuite | None = None
    trusted: tuple[x509.Certificate, ...] = ()
    store: Store | None = None
    proof_key: bytes | None = field(default=None, repr=False)
    message_ids: set[str] = field(default_factory=set)
    assertion_ids: dict[str, str] = field(default_factory=dict)
    """Of the tokens that were answered with -> their types."""


@dataclass(slots=True)
class _Told:
    """What a judge of ours tells of one message."""

    kind: str
    judgement: Judgement
    facts: dict[str, str]
    compared: tuple[Compared, ...] = ()
    not_examined: list[str] = field(default_factory=list)


def inspect(
    data: bytes,
    *,
    now: datetime,
    name: str = "",
    endpoint: str = "",
    trusted: tuple[x509.Certificate, ...] = (),
    store: Store | None = None,
    proof_key: bytes | None = None,
) -> Inspection:
    """Judge every message of a capture.

    Args:
        data: XML, an HTTP capture or a transcript; see `reading.captures`.
        now: the moment as of which is judged; aware.
        name: of the file, for the output.
        endpoint: a key of `ENDPOINTS`; found out by address or algorithms when empty.
        trusted: certificates that the signer's must lead to; without them the chain is not examined.
        store: a credential store that should hold the signer's certificate.
        proof_key: of the token, decoded; without it the value of an endorsing signature is not examined.

    Raises:
        NotAMessage: nothing in it is a request or an answer of either hop.
    """
    known = Known(now, ENDPOINTS.get(endpoint), trusted, store, proof_key)
    found = captures(data)
    if len(found) == 1 and not found[0].name:
        judged = [_inspected(found[0], known, name)]
    else:
        judged = [_or_nothing(capture, known) for capture in found]
    if not any(message.kind for message in judged):
        raise NotAMessage(
            "the transcript holds no request and no answer of either hop",
            expected="SOAP messages to or from the token service or the registry",
            found=f"{len(judged)} other messages",
        )
    made = Inspection(schema=SCHEMA, at=instants.write(now), messages=tuple(judged))
    return _without_secrets(made, (proof_key,) if proof_key else (), found)


def _or_nothing(capture: Capture, known: Known) -> Inspected:
    try:
        return _inspected(capture, known, capture.name)
    except NotAMessage as error:
        return Inspected(name=capture.name, kind="", accepted=True, facts={}, not_examined=(error.message,))


def _inspected(capture: Capture, known: Known, name: str) -> Inspected:
    try:
        envelope = soap.read(capture.body)
    except (markup.MarkupError, soap.SoapError) as error:
        raise NotAMessage(
            f"this is no message of either hop: {error.message}",
            expected=error.expected or "a SOAP 1.2 envelope",
            found=error.found[:200],
            where=error.where or name,
        ) from error
    told = _judge_of(envelope)(envelope, capture, known)
    if capture.media_type is None:
        told.not_examined.append("HTTP headers: the capture has none")
    if capture.redacted:
        told.not_examined.append(
            "secrets: they were taken out when the transcript was written, and zeros stand in for them"
        )
    # What refuses comes first, so that masses of remarks push nothing out.
    findings = sorted(told.judgement.findings, key=lambda found: found.severity is Severity.REMARK)
    if len(findings) > _MOST_FINDINGS:
        told.not_examined.append(f"{len(findings) - _MOST_FINDINGS} more findings, which are left out here")
    return Inspected(
        name=name,
        kind=told.kind,
        accepted=told.judgement.accepted,
        facts={label: _cut(text) for label, text in told.facts.items() if text},
        findings=tuple(_bounded(finding) for finding in findings[:_MOST_FINDINGS]),
        compared=told.compared,
        not_examined=tuple(told.not_examined),
    )


def _bounded(finding: Finding) -> Finding:
    """Return a finding whose texts, some of them the message's own, are not too long to be read."""
    texts = {
        name: _cut(getattr(finding, name)) for name in ("message", "expected", "actual", "where", "hint")
    }
    return msgspec.structs.replace(finding, **texts)


def _cut(text: str) -> str:
    return text if len(text) <= 2 * _SHOWN else f"{text[: 2 * _SHOWN]}…"


def _judge_of(envelope: Envelope) -> Callable[[Envelope, Capture, Known], _Told]:
    """Return the judge of what the Body holds.

    Raises:
        NotAMessage: it holds nothing that either hop knows.
    """
    payload = envelope.payload
    if payload is None:
        raise NotAMessage("the Body of the envelope is empty", expected="a request, an answer or a fault")
    namespace, _, local = str(payload.tag).rpartition("}")
    if envelope.is_fault or local in (
        "RequestSecurityTokenResponseCollection",
        "RequestSecurityTokenResponse",
    ):
        return _judge_answer
    if local == "RequestSecurityToken":
        return _judge_token_request
    if local.removesuffix("Response") in OPERATIONS or namespace[1:] in (V5.namespace, *EARLIER_NAMESPACES):
        return _judge_answer if local.endswith("Response") else _judge_call
    raise NotAMessage(
        "the envelope holds nothing that either hop knows",
        expected="a RequestSecurityToken, its answer, an operation of the registry, its answer, or a fault",
        found=str(payload.tag)[:200],
        where=markup.where(payload),
    )


# --- the first hop --------------------------------------------------------------------------------


def _judge_token_request(envelope: Envelope, capture: Capture, known: Known) -> _Told:
    not_examined: list[str] = []
    suite = known.suite or _suite_of(envelope, capture, not_examined)
    message = _judge_message(envelope, capture, known, names.ISSUE_ACTION, not_examined)
    leaves = _leaves(known.store)
    suspects = {
        f"the key of {alias} signed, and the certificate is another one's": key
        for alias, leaf in leaves.items()
        if isinstance(key := leaf.public_key(), RSAPublicKey)
    }
    signed, signer = security.judge_signed(envelope, now=known.now, suite=suite, suspects=suspects)
    leaf = signer.certificate
    facts = certificates.leaf_facts(leaf) if leaf is not None else None
    asked, request = trust.judge_request(envelope, now=known.now, certificate_abn=facts.abn if facts else "")
    own, alias = _judge_certificate(leaf, known, leaves, not_examined)
    party = _judge_relying_party(request.applies_to if request else "")
    told = {
        "endpoint": suite.name,
        **_addressing(envelope),
        "certificate": leaf.subject.rfc4514_string() if leaf is not None else "",
        "ABN of the certificate": facts.abn if facts else "",
        "credential in the keystore": alias,
        **_timestamp(signer),
        "AppliesTo": request.applies_to if request else "",
        "ActAs": f"first party {act.first_party}, second party {act.second_party}, SSID {act.ssid}"
        if request and (act := request.act_as)
        else "",
    }
    return _Told(
        "request for a token",
        together((message, signed, asked, own, party)),
        told,
        _compared(signer, signed),
        not_examined,
    )


def _judge_relying_party(applies_to: str) -> Judgement:
    """Judge the spelling of a published address: the service matches the letters, case included."""
    notes = Notes(RULES, {})
    spelt = {address.lower(): address for address in RELYING_PARTIES}
    meant = spelt.get(applies_to.rstrip("/").lower())
    if meant is not None:
        in_case = applies_to.rstrip("/") != meant
        notes.hold(
            "inspect.relying_party",
            applies_to == meant,
            "the relying party is not recognised (E2003)",
            expected=meant,
            actual=applies_to,
            where="s:Envelope/s:Body/t:RequestSecurityToken/wsp:AppliesTo",
            hint="it differs from the registered one in case only; do not take it from a WSDL"
            if in_case
            else "a slash at the end makes another address",
        )
    return notes.judgement()


def _suite_of(envelope: Envelope, capture: Capture, not_examined: list[str]) -> AlgorithmSuite:
    """Return the algorithms that the request is to be judged by: those of its address, else its own."""
    for address in (capture.address, envelope.to):
        for name, suite in ENDPOINTS.items():
            if name.lower() in _path(address):
                return suite
    methods = {
        element.get("Algorithm", "")
        for name in ("ds:SignatureMethod", "ds:DigestMethod")
        for element in envelope.root.iter(names.tag(name))
    }
    for suite in ENDPOINTS.values():
        if methods == {suite.signature, suite.digest}:
            return suite
    not_examined.append("endpoint: neither address nor algorithms tell it; --endpoint does")
    return security.S007_V13


def _path(address: str) -> str:
    try:
        return urlsplit(address).path.lower()
    except ValueError:
        return ""


def _leaves(store: Store | None) -> dict[str, x509.Certificate]:
    """Return the certificate of each credential by its alias; unreadable ones are passed over."""
    leaves = {}
    for credential in store.credentials if store is not None else ():
        try:
            bundle = certificates.read_bundle(credential.public_certificate)
        except certificates.CertificateError:
            continue
        ends = [found for found in bundle if not certificates.leaf_facts(found).is_authority]
        if ends:
            leaves[credential.id] = ends[0]
    return leaves


def _judge_certificate(
    leaf: x509.Certificate | None,
    known: Known,
    leaves: dict[str, x509.Certificate],
    not_examined: list[str],
) -> tuple[Judgement, str]:
    """Judge whose certificate it is, by what the operator gave; return the alias of its credential."""
    notes = Notes(RULES, {})
    if not known.trusted:
        not_examined.append("who issued the certificate: --trust would say who may")
    if leaf is None:
        return notes.judgement(), ""
    place = "s:Envelope/s:Header/o:Security/o:BinarySecurityToken"
    data = leaf.public_bytes(Encoding.DER)
    alias = next((a for a, c in leaves.items() if c.public_bytes(Encoding.DER) == data), "")
    if known.store is not None:
        notes.hold(
            "inspect.credential",
            bool(alias),
            expected=" or ".join(leaves) or "a credential with a certificate that can be read",
            actual=leaf.subject.rfc4514_string(),
            where=place,
        )
    if known.trusted:
        notes.hold(
            "inspect.untrusted",
            _leads_to(leaf, known),
            expected=" or ".join(found.subject.rfc4514_string() for found in known.trusted[:5]),
            actual=f"issued by {leaf.issuer.rfc4514_string()}",
            where=place,
            hint="the message carries one certificate only: give those between it and the root as well",
        )
    return notes.judgement(), alias


def _leads_to(leaf: x509.Certificate, known: Known) -> bool:
    between: list[x509.Certificate] = []
    for credential in known.store.credentials if known.store is not None else ():
        try:
            between += certificates.read_bundle(credential.public_certificate)
        except certificates.CertificateError:
            continue
    try:
        chain = certificates.chain_of(leaf, (*known.trusted, *between))
    except certificates.CertificateError:
        return False
    trusted = {found.public_bytes(Encoding.DER) for found in known.trusted}
    return any(found.public_bytes(Encoding.DER) in trusted for found in chain) and all(
        certificates.leaf_facts(issuer).is_authority for issuer in chain[1:]
    )


# --- the second hop -------------------------------------------------------------------------------


def _judge_call(envelope: Envelope, capture: Capture, known: Known) -> _Told:
    not_examined: list[str] = []
    message = _judge_message(envelope, capture, known, _call_actions(envelope), not_examined)
    assertion_id = next(iter(known.assertion_ids)) if len(known.assertion_ids) == 1 else ""
    endorsed, endorser = security.judge_endorsed(
        envelope,
        proof_key=known.proof_key,
        assertion_id=assertion_id,
        now=known.now,
        token_type=known.assertion_ids.get(assertion_id, names.SAML_2_TOKEN),
    )
    asked, request = request_rules.judge_request(envelope.payload)
    if known.proof_key is None:
        not_examined.append("the value of the endorsing signature: it takes the token's --proof-key")
    if not assertion_id:
        not_examined.append("whether the KeyInfo names the token: only the registry can open it")
    not_examined.append("what the token holds: only the registry can open it")
    facts = {
        **_addressing(envelope),
        "operation": request.name,
        "asked": operations.summary_of_request(request.values),
        **_timestamp(endorser),
        "token": "EncryptedAssertion" if endorser.wrapped else "",
        "token reference": endorser.token_reference.value if endorser.token_reference else "",
    }
    return _Told(
        "request to the registry",
        together((message, endorsed, asked)),
        facts,
        _compared(endorser, endorsed),
        not_examined,
    )


def _call_actions(envelope: Envelope) -> str:
    namespace, _, local = str(envelope.payload.tag if envelope.payload is not None else "").rpartition("}")
    if local in OPERATIONS and namespace[1:] in (V5.namespace, *EARLIER_NAMESPACES):
        return f"{namespace[1:]}/{local}"
    return " ".join(V5.action(operation) for operation in OPERATIONS.values())


# --- answers --------------------------------------------------------------------------------------


def _judge_answer(envelope: Envelope, capture: Capture, known: Known) -> _Told:
    answer = answers.judge_answer(
        envelope,
        now=known.now,
        media_type=capture.media_type,
        asked=known.message_ids,
        entropy=known.proof_key,
    )
    if answer.assertion_id:
        known.assertion_ids[answer.assertion_id] = answer.token_type
    facts = {**_addressing(envelope), "RelatesTo": envelope.relates_to, "HTTP status": capture.status}
    return _Told(answer.kind, answer.judgement, {**facts, **answer.facts}, (), list(answer.not_examined))


# --- what all requests share ----------------------------------------------------------------------


def _judge_message(
    envelope: Envelope, capture: Capture, known: Known, action: str, not_examined: list[str]
) -> Judgement:
    if not capture.address:
        not_examined.append("whether To is the address posted to: the capture does not say where it went")
    judgement, _ = soap.judge_message(
        capture.body,
        media_type="application/soap+xml" if capture.media_type is None else capture.media_type,
        address=capture.address or envelope.to or "the address that the message was posted to",
        action=action,
        seen=known.message_ids,
        soapaction=capture.soapaction,
    )
    known.message_ids.add(envelope.message_id)
    return judgement


def _addressing(envelope: Envelope) -> dict[str, str]:
    return {"Action": envelope.action, "To": envelope.to, "MessageID": envelope.message_id}


def _timestamp(facts: SignerFacts | EndorserFacts) -> dict[str, str]:
    if facts.created is None or facts.expires is None:
        return {}
    return {"Timestamp": f"{instants.write(facts.created)} to {instants.write(facts.expires)}"}


def _compared(facts: SignerFacts | EndorserFacts, judgement: Judgement) -> tuple[Compared, ...]:
    """Return the bytes behind every digest and behind the signature value."""
    made = [
        _comparison(
            f"{reference.uri} at {reference.where}",
            reference.holds if reference.actual else None,
            reference.canonical,
            reference.hashed,
            cause=reference.cause,
            expected=reference.actual,
            stated=reference.stated,
        )
        for reference in facts.references
    ]
    if facts.signed_info:
        wrong = [found for found in judgement.findings if found.code == "security.signature_wrong"]
        looked = "security.signature_wrong" in judgement.examined
        made.append(
            _comparison(
                "SignedInfo",
                not wrong if looked else None,
                facts.signed_info,
                facts.signed_instead,
                cause=wrong[0].hint if wrong else "",
            )
        )
    return tuple(made)


def _comparison(
    what: str,
    holds: bool | None,
    ours: bytes,
    theirs: bytes,
    *,
    cause: str,
    expected: bytes = b"",
    stated: bytes = b"",
) -> Compared:
    at = security.first_difference(ours, theirs) if theirs else None
    ours, theirs = security.masked(ours), security.masked(theirs)
    around = slice(max(0, (at or 0) - _AROUND), (at or 0) + _AROUND)
    text = ours.decode("utf-8", "replace")
    made = Compared(
        what=what,
        holds=holds,
        length=len(ours),
        canonical=_cut(text),
        cause=cause,
        hashed_length=len(theirs) or None,
        digest_expected=expected.hex(),
        digest_stated=stated.hex(),
    )
    if at is None:
        return made
    return msgspec.structs.replace(
        made,
        differs_at=at,
        expected_text=ours[around].decode("utf-8", "replace"),
        expected_hex=ours[around].hex(" "),
        hashed_text=theirs[around].decode("utf-8", "replace"),
        hashed_hex=theirs[around].hex(" "),
    )


def _without_secrets(made: Inspection, keys: Sequence[bytes], found: Iterable[Capture]) -> Inspection:
    """Return the same without any secret, should one have got into a text on ways that nobody foresaw."""
    secrets = {text for key in keys for text in answers.spellings(key)}
    for capture in found:
        secrets |= answers.secrets_of(capture.body)
    longest_first = sorted((text for text in secrets if len(text) >= _LEAST_SECRET), key=len, reverse=True)
    if not longest_first:
        return made

    def cleaned(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, str):
            for secret in longest_first:
                value = value.replace(secret, "(hidden)")
        elif isinstance(value, list | tuple):
            value = [cleaned(each) for each in value]
        elif isinstance(value, dict):
            value = {key: cleaned(each) for key, each in value.items()}
        return value

    return msgspec.convert(cleaned(msgspec.to_builtins(made)), type=Inspection)
