"""Opening a token as the relying party does: decrypt, verify, judge."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from lxml import etree

from conformance.model import Judgement
from conformance.protocol import certificates, instants, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.security import SKEW
from conformance.protocol.security.algorithms import hash_of
from conformance.protocol.security.references import SECURITY
from conformance.protocol.token.encryption import cipher_value, decrypted, unwrapped
from conformance.protocol.token.rules import REMARKS, RULES


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFacts:
    """What the relying party learned of a token; empty where it could not."""

    assertion_id: str = ""
    proof_key: bytes | None = field(default=None, repr=False)
    claims: Mapping[str, str] = field(default_factory=dict)
    """Value of each claim by its URI."""
    audience: str = ""
    not_before: datetime | None = None
    not_on_or_after: datetime | None = None
    token_type: str = ""
    wrapped: bool = False
    """Whether it came as EncryptedAssertion instead of its EncryptedData."""


def open_token(
    element: etree._Element | None,
    *,
    key: RSAPrivateKey,
    issuer: x509.Certificate,
    audience: str,
    now: datetime,
    skew: timedelta = SKEW,
    issued: Callable[[str], bytes | None] | None = None,
) -> tuple[Judgement, TokenFacts]:
    """Decrypt, verify and judge a token.

    Args:
        element: EncryptedData or EncryptedAssertion as `security.issued_token` found it; for None nothing
            is examined.
        key: the relying party's key.
        issuer: certificate of the token service.
        audience: address of the relying party, exactly.
        now: the judge's clock; UTC.
        skew: how far NotBefore may lie ahead.  The end of the life has no such grace.
        issued: assertion id -> canonical form of the EncryptedData that was issued under it, or None if
            none was.  Without it nobody can say whether the token is unchanged.
    """
    notes = Notes(RULES, REMARKS)
    if element is None:
        return notes.judgement(), TokenFacts()
    wrapped = element.tag == names.tag("saml2:EncryptedAssertion")
    data = markup.child(element, "xenc:EncryptedData") if wrapped else element
    content = decrypted(notes, data, key)
    assertion = None if content is None else _read_assertion(notes, content)
    if data is None or assertion is None:
        return notes.judgement(), TokenFacts(wrapped=wrapped)
    shape = _SHAPES[str(assertion.tag)]
    assertion_id = assertion.get(shape.identifier, "")
    _judge_signature(notes, assertion, issuer)
    not_before, not_on_or_after = _judge_life(notes, assertion, now, skew)
    found = _judge_audience(notes, assertion, shape, audience)
    proof_key = _judge_proof_key(notes, assertion, shape, key)
    original = issued(assertion_id) if issued is not None else None
    if original is not None:
        _judge_unchanged(notes, data, original)
    return notes.judgement(), TokenFacts(
        assertion_id=assertion_id,
        proof_key=proof_key,
        claims=_claims(assertion, shape),
        audience=found,
        not_before=not_before,
        not_on_or_after=not_on_or_after,
        token_type=shape.token_type,
        wrapped=wrapped,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """Where an assertion of one version of SAML has what is asked of it."""

    token_type: str
    prefix: str
    identifier: str
    """Attribute with the assertion's id."""
    audience: tuple[str, str]
    """Path from Conditions."""
    subject: tuple[str, ...]
    """Path from the assertion."""
    key: tuple[str, ...]
    """Path from SubjectConfirmation to the EncryptedKey."""

    def path(self, *local: str) -> str:
        """Return a path of this version's elements, as findings name it."""
        return "/".join(f"{self.prefix}:{name}" for name in ("Assertion", *local))


_SHAPES: Final = {
    names.tag(f"{shape.prefix}:Assertion"): shape
    for shape in (
        _Shape(
            token_type=names.SAML_2_TOKEN,
            prefix="saml2",
            identifier="ID",
            audience=("saml2:AudienceRestriction", "saml2:Audience"),
            subject=("saml2:Subject",),
            key=("saml2:SubjectConfirmationData", "ds:KeyInfo", "xenc:EncryptedKey"),
        ),
        _Shape(
            token_type=names.SAML_1_TOKEN,
            prefix="saml",
            identifier="AssertionID",
            audience=("saml:AudienceRestrictionCondition", "saml:Audience"),
            subject=("saml:AttributeStatement", "saml:Subject"),
            key=("ds:KeyInfo", "xenc:EncryptedKey"),
        ),
    )
}
"""Name of the element -> version."""


def _claims(assertion: etree._Element, shape: _Shape) -> dict[str, str]:
    claims: dict[str, str] = {}
    statement = markup.child(assertion, f"{shape.prefix}:AttributeStatement")
    for attribute in markup.children(statement, f"{shape.prefix}:Attribute"):
        value = markup.text(markup.child(attribute, f"{shape.prefix}:AttributeValue"))
        uri = attribute.get("Name", "")
        if shape.token_type == names.SAML_1_TOKEN:
            uri = f"{attribute.get('AttributeNamespace', '')}/{attribute.get('AttributeName', '')}"
        claims.setdefault(uri, value)
    return claims


def _read_assertion(notes: Notes, content: bytes) -> etree._Element | None:
    try:
        # Parsed on its own: what the signature covers must not depend on the message around it.
        assertion = markup.parse(content)
        found = str(assertion.tag)
    except markup.MarkupError as error:
        assertion, found = None, error.message
    right = assertion is not None and str(assertion.tag) in _SHAPES
    notes.hold(
        "token.damaged",
        right,
        expected="an Assertion of SAML 2.0 or 1.1",
        actual=found,
        where="the decrypted token",
    )
    return assertion if right else None


def _judge_signature(notes: Notes, assertion: etree._Element, issuer: x509.Certificate) -> None:
    wrong = _signature_fault(assertion, issuer)
    notes.hold(
        "token.signature",
        not wrong,
        wrong,
        expected=lambda: f"an rsa-sha256 signature by {certificates.subject_of(issuer)}",
        where=f"{_SHAPES[str(assertion.tag)].path()}/ds:Signature",
    )


def _signature_fault(assertion: etree._Element, issuer: x509.Certificate) -> str:
    """Return what is wrong with an assertion's signature, empty when nothing is; take a right one out."""
    signatures = markup.children(assertion, "ds:Signature")
    if len(signatures) != 1:
        return f"the assertion has {len(signatures)} signatures of its own"
    signed_info = markup.child(signatures[0], "ds:SignedInfo")
    references = markup.children(signed_info, "ds:Reference")
    key = issuer.public_key()
    if signed_info is None or len(references) != 1 or not isinstance(key, RSAPublicKey):
        return "the signature has not exactly one reference"
    if references[0].get("URI") != f"#{assertion.get(_SHAPES[str(assertion.tag)].identifier)}":
        return "the signature is not that of this assertion"
    transforms = markup.children(markup.child(references[0], "ds:Transforms"), "ds:Transform")
    named = [
        element.get("Algorithm")
        for element in (
            markup.child(signed_info, "ds:CanonicalizationMethod"),
            markup.child(signed_info, "ds:SignatureMethod"),
            *transforms,
            markup.child(references[0], "ds:DigestMethod"),
        )
        if element is not None
    ]
    if named != [names.EXCLUSIVE_C14N, names.RSA_SHA256, names.ENVELOPED, names.EXCLUSIVE_C14N, names.SHA256]:
        return "the signature uses other algorithms than rsa-sha256 with an enveloped reference"
    try:
        value = markup.binary(markup.child(signatures[0], "ds:SignatureValue")) or b""
        key.verify(value, markup.canonical(signed_info), padding.PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError):
        return "the signature does not verify with the key of the token service"
    stated = markup.text(markup.child(references[0], "ds:DigestValue"))
    # The enveloped transform: the assertion without its signature, which nobody asks for after this.
    assertion.remove(signatures[0])
    if stated != b64encode(hash_of("sha256", markup.canonical(assertion))).decode():
        return "the assertion was changed after it was signed"
    return ""


def _judge_life(
    notes: Notes, assertion: etree._Element, now: datetime, skew: timedelta
) -> tuple[datetime | None, datetime | None]:
    shape = _SHAPES[str(assertion.tag)]
    conditions = markup.child(assertion, f"{shape.prefix}:Conditions")
    place = shape.path("Conditions")
    try:
        begin, end = (
            instants.read("" if conditions is None else conditions.get(name, ""))
            for name in ("NotBefore", "NotOnOrAfter")
        )
    except instants.InstantError as error:
        notes.hold("token.expired", False, f"the life of the token cannot be read: {error}", where=place)
        return None, None
    early = now < begin - skew
    notes.hold(
        "token.expired",
        not early and now < end,
        "the token is not valid yet" if early else "the token has expired",
        expected=lambda: f"valid at {instants.write(now)}",
        actual=lambda: f"valid from {instants.write(begin)} until {instants.write(end)}",
        where=place,
        hint="" if early else "ask for a new token before the one at hand ends; its Lifetime says when",
    )
    return begin, end


def _judge_audience(notes: Notes, assertion: etree._Element, shape: _Shape, audience: str) -> str:
    found = markup.text(markup.child(assertion, f"{shape.prefix}:Conditions", *shape.audience))
    notes.hold(
        "token.audience",
        found == audience,
        "the token is for another service",
        expected=audience,
        actual=found,
        where=f"{shape.path('Conditions')}/{shape.audience[0]}",
        hint="AppliesTo of the request decides whom the token is for",
    )
    return found


def _judge_proof_key(
    notes: Notes, assertion: etree._Element, shape: _Shape, key: RSAPrivateKey
) -> bytes | None:
    confirmation = markup.child(assertion, *shape.subject, f"{shape.prefix}:SubjectConfirmation")
    if shape.token_type == names.SAML_2_TOKEN:
        held = confirmation is not None and confirmation.get("Method") == names.HOLDER_OF_KEY
    else:
        methods = markup.children(confirmation, "saml:ConfirmationMethod")
        held = [markup.text(method) for method in methods] == [names.HOLDER_OF_KEY_1]
    cipher = cipher_value(markup.child(confirmation, *shape.key))
    proof_key = unwrapped(cipher, key) if held and cipher is not None else None
    notes.hold(
        "token.proof_key",
        proof_key is not None,
        expected="holder-of-key, with an EncryptedKey for this relying party",
        where=f"{shape.prefix}:Assertion/{'/'.join(shape.subject)}/{shape.prefix}:SubjectConfirmation",
    )
    return proof_key


def _judge_unchanged(notes: Notes, data: etree._Element, original: bytes) -> None:
    received = markup.canonical(data)
    if received == original:
        notes.hold("token.changed", True)
        notes.hold("token.reformatted", True)
        return
    issued = markup.parse(original)
    place = f"{SECURITY}/xenc:EncryptedData"
    same = notes.hold(
        "token.changed",
        _content(data, blanks=False) == _content(issued, blanks=False),
        "the token is not the one that was issued",
        expected=f"the {len(original)} bytes that were issued",
        actual=f"{len(received)} bytes",
        where=place,
        hint="pass the element on as it was received; do not rebuild it",
    )
    unspaced = same and notes.hold(
        "token.reformatted",
        _content(data, blanks=True) == _content(issued, blanks=True),
        "white space was added to the token or taken out of it",
        expected=f"the {len(original)} bytes that were issued",
        actual=f"{len(received)} bytes",
        where=place,
        hint="switch indentation off where the message is written",
    )
    if unspaced:
        notes.remark("token.rewritten", where=place)


def _content(element: etree._Element, *, blanks: bool) -> tuple[object, ...]:
    """Return what an element says, without regard to prefixes and, unless `blanks` count, to white space."""

    def seen(text: str | None) -> str:
        return (text or "") if blanks else "".join((text or "").split())

    return (
        element.tag,
        tuple(sorted((str(name), str(value)) for name, value in element.attrib.items())),
        seen(element.text),
        tuple((_content(inner, blanks=blanks), seen(inner.tail)) for inner in markup.children(element)),
    )
