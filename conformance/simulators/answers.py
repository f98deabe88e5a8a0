"""The answers of the simulated token service, in the layout of the one published answer of the real service.

Every answer has a Timestamp, faults too, since some clients hide one without it behind an error of their own.
Named faults that are no more than other settings become settings here; the others break the answer.
"""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from conformance.protocol import markup, names, security, soap, token, trust
from conformance.protocol.security import SignerFacts
from conformance.protocol.soap import Envelope
from conformance.protocol.trust import ProofMode, RequestFacts
from conformance.simulators.faults import Fault
from conformance.simulators.http import Response
from conformance.simulators.office import Granted
from conformance.simulators.refusals import Refused
from conformance.simulators.settings import Settings
from conformance.simulators.variation import Variation, indent

ISSUER: Final = "urn:evte-conformance:simulated:token-service"
"""Name of the issuer in assertions."""

OTHER_RELYING_PARTY: Final = "https://other.relying-party.invalid/service.svc"
"""Whom a token is for under the fault `other_applies_to` when only one relying party is registered."""

STALE: Final = timedelta(minutes=6)
"""How long ago the Timestamp of an answer ended, or how far ahead it begins, under the faults for that."""

SHORT_LIFE: Final = timedelta(seconds=1)
"""Life of a token under the fault `sts.short_life`."""

MEDIA_TYPE: Final = "application/soap+xml; charset=utf-8"

_GIVEN: Final = {"proof_mode": ProofMode.BINARY_SECRET}

_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    "sts.short_life": {"granted_life": SHORT_LIFE},
    "sts.two_minutes": {"granted_life": timedelta(minutes=2)},
    "sts.saml_1": {"token_type": names.SAML_1_TOKEN},
    "sts.saml_2": {"token_type": names.SAML_2_TOKEN},
    "sts.secret_untyped": {**_GIVEN, "secret_type": ""},
    "sts.secret_symmetric_key": {**_GIVEN, "secret_type": names.SYMMETRIC_KEY},
    "sts.secret_nonce": {**_GIVEN, "secret_type": names.NONCE},
    "sts.computed_key": {"proof_mode": ProofMode.COMPUTED},
    "sts.client_entropy": {"proof_mode": ProofMode.CLIENT_ENTROPY},
    "sts.pretty": {"indented": True},
    "sts.varied": {"varied": True},
    "sts.fast_4": {"clock_offset": timedelta(minutes=4)},
    "sts.fast_6": {"clock_offset": timedelta(minutes=6)},
    "sts.slow_4": {"clock_offset": timedelta(minutes=-4)},
    "sts.slow_6": {"clock_offset": timedelta(minutes=-6)},
    "sts.fault_400": {"fault_status": 400},
    "sts.fault_prefix_s": {"fault_prefix": "s"},
    "sts.fault_bare": {"event_in_detail": False},
    "sts.fault_detail_only": {"reason_fields": ()},
}
"""Faults of a service that is healthy and set otherwise."""


def obeyed(settings: Settings, faults: tuple[Fault, ...]) -> Settings:
    """Return the settings under named faults; the later one prevails where two set the same field."""
    changes: dict[str, Any] = {}
    for fault in faults:
        changes |= _SETTINGS.get(fault.name, {})
    return replace(settings, **changes) if changes else settings


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """`Exchange.facts` of a request for a token; everything else that is asked has none."""

    envelope: Envelope | None = None
    signer: SignerFacts | None = None
    request: RequestFacts | None = None
    faults: tuple[str, ...] = ()
    """Names of the faults that held for this answer."""
    variation: Variation | None = None
    """The form of the answer, where it was varied."""
    event_code: str = ""
    """Of a refusal that carries one."""
    assertion_id: str = ""
    """Of the token that was issued; of the first one of several."""
    token_type: str = ""
    """Of the token that was issued."""
    applies_to: str = ""
    """Whom the token is for."""
    proof_mode: ProofMode | None = None
    """How the proof key was handed over."""
    secret_type: str = ""
    """Type of the BinarySecret that the proof key was handed over in; empty for none."""
    created: datetime | None = None
    expires: datetime | None = None
    """End of the life that was granted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for one answer."""

    settings: Settings
    now: datetime
    """By the service's own clock; UTC."""
    faults: frozenset[str] = frozenset()
    """Names of the faults that hold."""
    variation: Variation | None = None


class Writer:
    """Writes the answers of one token service; it may be used from several threads.

    Args:
        certificate: the service's certificate.
        key: its key, which signs assertions.
        recipient: certificate of the relying party that all tokens are encrypted for.
        relying_parties: addresses of those that are registered.
        random: n -> n bytes; safe from several threads.
    """

    def __init__(
        self,
        *,
        certificate: x509.Certificate,
        key: RSAPrivateKey,
        recipient: x509.Certificate,
        relying_parties: frozenset[str],
        random: Callable[[int], bytes],
    ) -> None:
        self.certificate = certificate
        self._key = key
        self._recipient = recipient
        self._relying_parties = relying_parties
        self._random = random

    def grant(
        self, granted: Granted, facts: TokenFacts, terms: Terms
    ) -> tuple[Response, TokenFacts, dict[str, bytes]]:
        """Answer with a token.

        Returns:
            The answer; the facts with what was issued; and, by the assertion's id, the canonical form of each
            EncryptedData as it stands in the answer.
        """
        request, envelope = facts.request, facts.envelope
        assert request is not None and envelope is not None  # noqa: S101, PT018 - nothing else is granted
        if terms.variation is not None:
            created, expires = map(terms.variation.moment, (granted.created, granted.expires))
            granted = replace(granted, created=created, expires=expires)
        facts = self._facts(granted, facts, request, terms)
        count = 0 if "sts.no_token" in terms.faults else 2 if "sts.two_tokens" in terms.faults else 1
        body, identifier = self._response(granted, facts, request, terms, empty=count == 0)
        identifiers = [identifier]
        for _ in range(count - 1):
            another, identifier = self._response(granted, facts, request, terms)
            body.extend(markup.children(another))
            identifiers.append(identifier)
        answer = self._message(body, names.ISSUE_FINAL_ACTION, envelope, terms)
        found = answer.iter(names.tag("xenc:EncryptedData"))
        issued = dict(zip(identifiers[:count], map(markup.canonical, found), strict=True))
        facts = replace(facts, assertion_id=identifiers[0] if count else "")
        return self._sent(200, answer, terms), facts, issued

    def _facts(self, granted: Granted, facts: TokenFacts, request: RequestFacts, terms: Terms) -> TokenFacts:
        settings = terms.settings
        if "sts.secret_and_computed" in terms.faults:
            mode = ProofMode.CONTRADICTION
        elif "sts.no_proof_token" in terms.faults:
            mode = ProofMode.CLIENT_ENTROPY
        else:
            mode = settings.proof_mode if request.entropy is not None else ProofMode.BINARY_SECRET
        applies_to = request.applies_to
        if "sts.other_applies_to" in terms.faults:
            others = sorted(self._relying_parties - {applies_to})
            applies_to = others[0] if others else OTHER_RELYING_PARTY
        given = mode in (ProofMode.BINARY_SECRET, ProofMode.CONTRADICTION)
        return replace(
            facts,
            token_type=settings.token_type or request.token_type or settings.default_token_type,
            applies_to=applies_to,
            proof_mode=mode,
            secret_type=settings.secret_type if given else "",
            created=granted.created,
            expires=granted.expires,
        )

    def _response(
        self,
        granted: Granted,
        facts: TokenFacts,
        request: RequestFacts,
        terms: Terms,
        *,
        empty: bool = False,
    ) -> tuple[etree._Element, str]:
        """Return an answer's body, and the id of the assertion in it."""
        variation, mode = terms.variation, facts.proof_mode or ProofMode.BINARY_SECRET
        size = (request.key_size or trust.DEFAULT_KEY_SIZE) // 8
        secret = proof_key = self._random(size)
        if mode is ProofMode.COMPUTED and request.entropy is not None:
            proof_key = trust.p_sha1(request.entropy, secret, size)
        elif mode is ProofMode.CLIENT_ENTROPY and request.entropy is not None:
            proof_key = request.entropy
        identifier = (variation.identifier if variation else "_{}").format(self._random(16).hex())
        encrypted = None
        if not empty:
            encrypted = token.issue(
                assertion_id=identifier,
                issuer=ISSUER,
                key=self._key,
                certificate=self.certificate,
                recipient=self._recipient,
                audience=facts.applies_to,
                proof_key=proof_key,
                claims=granted.claims,
                subject=granted.subject,
                now=terms.now,
                not_before=granted.created,
                not_on_or_after=granted.expires,
                random=self._random,
                token_type=facts.token_type,
            )
        named = request.key_size if mode is ProofMode.COMPUTED else None
        body = trust.build_response(
            token=encrypted,
            assertion_id=identifier,
            token_type=facts.token_type,
            applies_to=facts.applies_to,
            proof_mode=mode,
            secret=secret,
            secret_type=facts.secret_type,
            created=granted.created,
            expires=granted.expires,
            key_size=size * 8 if variation else named,
            context=request.context,
            parts=variation.parts if variation else terms.settings.parts,
        )
        return body, identifier

    def refuse(self, refused: Refused, envelope: Envelope, terms: Terms) -> Response:
        """Answer with a fault."""
        settings, event = terms.settings, refused.event
        reason, detail = refused.reason, None
        if event is not None:
            fields = settings.reason_fields
            told = trust.event_reason(event, fields=fields)
            reason = told or "The request was refused; the detail says why."
            if settings.event_in_detail:
                detail = trust.event_detail(event, called=settings.detail_names)
        body = soap.fault(
            code=refused.code,
            reason=reason,
            subcode=refused.subcode,
            detail=detail,
            prefix=settings.fault_prefix,
        )
        is_addressing = refused.subcode.startswith(f"{{{names.ADDRESSING}}}")
        action = names.ADDRESSING_FAULT if is_addressing else names.SOAP_FAULT
        return self._sent(settings.fault_status, self._message(body, action, envelope, terms), terms)

    def _message(self, body: etree._Element, action: str, envelope: Envelope, terms: Terms) -> etree._Element:
        settings, created = terms.settings, terms.now
        relates_to = envelope.message_id
        if "sts.no_relates_to" in terms.faults:
            relates_to = ""
        elif "sts.wrong_relates_to" in terms.faults:
            relates_to = uuid.UUID(bytes=self._random(16), version=4).urn
        if "sts.stale_timestamp" in terms.faults:
            created -= security.TIMESTAMP_LIFE + STALE
        elif "sts.future_timestamp" in terms.faults:
            created += STALE
        answer = soap.build(body, action=action, relates_to=relates_to, prefix=settings.fault_prefix)
        security.add_timestamp(answer, now=created)
        if terms.variation is not None:
            answer = terms.variation.applied(answer)
        if settings.indented:
            indent(answer)
        return answer

    @staticmethod
    def _sent(status: int, answer: etree._Element, terms: Terms) -> Response:
        declaration = terms.variation.declaration if terms.variation else True
        return Response(
            status, (("Content-Type", MEDIA_TYPE),), markup.serialize(answer, declaration=declaration)
        )
