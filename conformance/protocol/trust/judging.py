"""Judging a RequestSecurityToken.

Its children may come in any order, at the top level or inside SecondaryParameters, and claims in either of
two namespaces: that is what real clients send.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from lxml import etree

from conformance.model import Judgement
from conformance.protocol import instants, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.security import SKEW
from conformance.protocol.soap import Envelope
from conformance.protocol.trust.act_as import judge_act_as
from conformance.protocol.trust.records import DEFAULT_KEY_SIZE, KEY_SIZES, MAX_LIFE, RequestFacts
from conformance.protocol.trust.rules import REMARKS, RULES

_KNOWN_PARTS: Final = frozenset(
    names.tag(name)
    for name in (
        "t:TokenType",
        "t:RequestType",
        "t:KeyType",
        "t:KeySize",
        "t:Claims",
        "t:Lifetime",
        "t:Entropy",
        "t:ComputedKeyAlgorithm",
        "t:SecondaryParameters",
        "t:KeyWrapAlgorithm",
        "t:EncryptWith",
        "t:EncryptionAlgorithm",
        "t:SignWith",
        "t:SignatureAlgorithm",
        "t:CanonicalizationAlgorithm",
        "t:OnBehalfOf",
        "t:Renewing",
        "t14:ActAs",
        "wsp:AppliesTo",
    )
)
_ALGORITHMS: Final = frozenset(
    names.tag(f"t:{name}")
    for name in (
        "KeyWrapAlgorithm",
        "EncryptWith",
        "EncryptionAlgorithm",
        "SignWith",
        "SignatureAlgorithm",
        "CanonicalizationAlgorithm",
    )
)
"""What a request wishes for; the service decides by itself."""
_CLAIM_TAGS: Final = (names.tag("i:ClaimType"), names.tag("auth:ClaimType"))
_TOKEN_TYPES: Final = (names.SAML_2_TOKEN, names.SAML_1_TOKEN)


def judge_request(
    envelope: Envelope,
    *,
    now: datetime,
    certificate_abn: str = "",
    act_as: bool | None = None,
    claims: Collection[str] = names.USI_CLAIMS,
    skew: timedelta = SKEW,
) -> tuple[Judgement, RequestFacts | None]:
    """Judge the content of a request.

    Args:
        envelope: the message.
        now: the judge's clock; UTC.
        certificate_abn: ABN of the certificate that signed the request; empty when it could not be read.
        act_as: whether the sender is hosted software; None when that is not known, and then the presence of
            ActAs is not judged.
        claims: those that must be asked for.
        skew: how far the begin of the life asked for may be from now.

    Returns:
        The judgement, and what is asked for; None when the Body holds no request at all.
    """
    notes = Notes(RULES, REMARKS)
    request = envelope.payload
    is_request = request is not None and request.tag == names.tag("t:RequestSecurityToken")
    if not notes.hold(
        "trust.not_a_request",
        is_request,
        expected=names.tag("t:RequestSecurityToken"),
        actual="an empty Body" if request is None else str(request.tag),
        where="s:Envelope/s:Body",
    ):
        return notes.judgement(), None
    asked = _Asked(request)
    if asked.secondary is not None:
        notes.remark("trust.secondary_parameters", where=asked.where("SecondaryParameters"))
    for part in asked.parts:
        if part.tag not in _KNOWN_PARTS:
            notes.remark("trust.element_unknown", actual=str(part.tag), where=part)
        elif part.tag in _ALGORITHMS and ":" not in markup.text(part):
            notes.remark("trust.algorithm_name", actual=markup.text(part), where=part)
    _judge_request_type(notes, asked)
    created, expires = _judge_lifetime(notes, asked, now, skew)
    key_size = _judge_key(notes, asked)
    facts = RequestFacts(
        applies_to=_judge_applies_to(notes, asked),
        token_type=_judge_token_type(notes, asked),
        key_type=asked.text("t:KeyType"),
        key_size=key_size,
        claims=_judge_claims(notes, asked, claims),
        claim_values=tuple(
            (claim.get("Uri", ""), markup.text(claim))
            for claim in markup.children(asked.find("t:Claims"))
            if claim.tag in _CLAIM_TAGS and markup.text(claim)
        ),
        created=created,
        expires=expires,
        entropy=_judge_entropy(notes, asked, key_size),
        act_as=judge_act_as(notes, asked.find_local("ActAs"), certificate_abn, act_as),
        context=asked.request.get("Context", ""),
    )
    return notes.judgement(), facts


class _Asked:
    """A RequestSecurityToken whose parts are looked up at the top level, then in SecondaryParameters."""

    def __init__(self, request: etree._Element | None) -> None:
        assert request is not None  # noqa: S101 - for the type checker; the caller has looked
        self.request = request
        self.secondary = markup.child(request, "t:SecondaryParameters")
        self.parts = [*markup.children(request), *markup.children(self.secondary)]
        self._first = {part.tag: part for part in reversed(self.parts)}

    def find(self, name: str) -> etree._Element | None:
        """Return the part of that prefixed name, or None."""
        return self._first.get(names.tag(name))

    def find_local(self, name: str) -> etree._Element | None:
        """Return the part of that local name in whatever namespace, or None."""
        return next((part for part in self.parts if markup.local_name(part) == name), None)

    def text(self, name: str) -> str:
        """Return the text of the part of that prefixed name; empty when there is none."""
        return markup.text(self.find(name))

    def where(self, name: str) -> str:
        """Return the path of a part, whether or not it is there."""
        return f"s:Envelope/s:Body/t:RequestSecurityToken/{name if ':' in name else f't:{name}'}"


def _judge_request_type(notes: Notes, asked: _Asked) -> None:
    found = asked.text("t:RequestType")
    notes.hold(
        "trust.request_type",
        found == names.ISSUE,
        "the RequestType is missing" if not found else "the RequestType is not Issue",
        expected=names.ISSUE,
        actual=found,
        where=asked.where("RequestType"),
    )


def _judge_applies_to(notes: Notes, asked: _Asked) -> str:
    found = [part for part in asked.parts if part.tag == names.tag("wsp:AppliesTo")]
    addresses = [markup.text(markup.child(part, "a:EndpointReference", "a:Address")) for part in found]
    place = asked.where("wsp:AppliesTo")
    if not notes.hold(
        "trust.applies_to_missing",
        bool(addresses) and all(addresses),
        "there is no AppliesTo" if not found else "AppliesTo has no EndpointReference with an Address",
        expected="wsp:AppliesTo / a:EndpointReference / a:Address",
        where=place,
    ):
        return ""
    notes.hold(
        "trust.applies_to_ambiguous",
        len(set(addresses)) == 1,
        "AppliesTo names more than one relying party",
        expected="one address",
        actual=", ".join(addresses),
        where=place,
    )
    if len(addresses) > 1 and len(set(addresses)) == 1:
        notes.remark("trust.applies_to_repeated", actual=f"{len(addresses)} times", where=place)
    return addresses[0]


def _judge_key(notes: Notes, asked: _Asked) -> int | None:
    kind = asked.text("t:KeyType")
    notes.hold(
        "trust.key_type",
        kind == names.SYMMETRIC_KEY,
        "the KeyType is missing" if not kind else "the KeyType is not SymmetricKey",
        expected=names.SYMMETRIC_KEY,
        actual=kind,
        where=asked.where("KeyType"),
        hint="a bearer token has no proof key, and the registry refuses it" if kind == names.BEARER else "",
    )
    text = asked.text("t:KeySize")
    size = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
    notes.hold(
        "trust.key_size",
        asked.find("t:KeySize") is None or size in KEY_SIZES,
        expected=lambda: " or ".join(map(str, KEY_SIZES)),
        actual=text,
        where=asked.where("KeySize"),
    )
    return size if size in KEY_SIZES else None


def _judge_token_type(notes: Notes, asked: _Asked) -> str:
    found = asked.text("t:TokenType")
    notes.hold(
        "trust.token_type",
        asked.find("t:TokenType") is None or found in _TOKEN_TYPES,
        expected=" or ".join(_TOKEN_TYPES),
        actual=found,
        where=asked.where("TokenType"),
    )
    if found == names.SAML_1_TOKEN:
        notes.remark("trust.saml_1_asked", where=asked.where("TokenType"))
    return found


def _judge_claims(notes: Notes, asked: _Asked, wanted: Collection[str]) -> tuple[tuple[str, bool], ...]:
    place = asked.where("Claims")
    elements = [
        claim
        for part in asked.parts
        if part.tag == names.tag("t:Claims")
        for claim in markup.children(part)
        if claim.tag in _CLAIM_TAGS
    ]
    claims = tuple(
        (claim.get("Uri", ""), claim.get("Optional", "false").strip() in ("true", "1")) for claim in elements
    )
    mandatory = {uri for uri, optional in claims if not optional}
    missing = [uri for uri in wanted if uri not in mandatory]
    optional = {uri for uri, is_optional in claims if is_optional}
    notes.hold(
        "trust.claims_missing",
        not missing,
        lambda: f"mandatory claims are not asked for: {', '.join(missing)}",
        expected=lambda: ", ".join(wanted),
        actual=lambda: ", ".join(uri for uri, _ in claims) or "no claims",
        where=place,
        hint="they are asked for as optional ones" if missing and optional.issuperset(missing) else "",
    )
    unknown = sorted(mandatory - names.KNOWN_CLAIMS)
    notes.hold(
        "trust.claim_unknown",
        not unknown,
        f"mandatory claims are unknown: {', '.join(unknown)}",
        expected="claims that the service knows",
        actual=", ".join(unknown),
        where=place,
    )
    if any(claim.tag == _CLAIM_TAGS[1] for claim in elements):
        notes.remark("trust.claim_namespace", where=place)
    if any(markup.text(claim) for claim in elements):
        notes.remark("trust.claim_value", where=place)
    return claims


def _judge_lifetime(
    notes: Notes, asked: _Asked, now: datetime, skew: timedelta
) -> tuple[datetime | None, datetime | None]:
    life = asked.find("t:Lifetime")
    place = asked.where("Lifetime")
    if life is None:
        for code in ("trust.lifetime_form", "trust.lifetime_span", "trust.lifetime_start"):
            notes.hold(code, True)
        return None, None
    try:
        created, expires = (
            instants.read(markup.text(markup.child(life, name))) for name in ("u:Created", "u:Expires")
        )
    except instants.InstantError as error:
        expected = "Created and Expires, such as 2026-11-21T10:42:00.000Z"
        notes.hold("trust.lifetime_form", False, str(error), expected=expected, where=place)
        return None, None
    notes.hold("trust.lifetime_form", True)
    span = expires - created
    notes.hold(
        "trust.lifetime_span",
        timedelta() < span <= MAX_LIFE,
        lambda: f"the life asked for is {span.total_seconds():.0f} s",
        expected=lambda: f"more than 0 s and at most {MAX_LIFE.total_seconds():.0f} s",
        actual=lambda: f"{span.total_seconds():.0f} s",
        where=place,
    )
    if span == MAX_LIFE:
        notes.remark("trust.lifetime_longest", actual=f"{span.total_seconds():.0f} s", where=place)
    notes.hold(
        "trust.lifetime_start",
        abs(created - now) <= skew,
        expected=lambda: f"within {skew.total_seconds():.0f} s of {instants.write(now)}",
        actual=lambda: instants.write(created),
        where=place,
    )
    return created, expires


def _judge_entropy(notes: Notes, asked: _Asked, key_size: int | None) -> bytes | None:
    entropy = asked.find("t:Entropy")
    algorithm = asked.text("t:ComputedKeyAlgorithm")
    if entropy is None:
        notes.hold("trust.entropy", True)
        if algorithm:
            where = asked.where("ComputedKeyAlgorithm")
            notes.remark("trust.computed_key_without_entropy", actual=algorithm, where=where)
        return None
    notes.remark("trust.entropy_sent", where=asked.where("Entropy"))
    secret = markup.binary(markup.child(entropy, "t:BinarySecret"))
    length = (key_size or DEFAULT_KEY_SIZE) // 8
    notes.hold(
        "trust.entropy",
        secret is not None and len(secret) == length and algorithm in ("", names.P_SHA1),
        expected=f"{length} bytes, ComputedKeyAlgorithm {names.P_SHA1}",
        actual=f"{'no' if secret is None else len(secret)} bytes, {algorithm or 'no ComputedKeyAlgorithm'}",
        where=asked.where("Entropy"),
    )
    return secret
