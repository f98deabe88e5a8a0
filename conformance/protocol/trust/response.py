"""The answer: built as the real service lays it out, and read as a client must."""

import copy
import hmac
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from lxml import etree

from conformance.protocol import instants, markup, names
from conformance.protocol.security import key_identifier
from conformance.protocol.soap import Envelope
from conformance.protocol.trust.records import DEFAULT_KEY_SIZE, IssuedToken, ProofMode, TrustError
from conformance.protocol.trust.request import add_applies_to, add_lifetime, add_secret

OBSERVED_PARTS: Final = (
    "t:TokenType",
    "t:RequestedSecurityToken",
    "t:RequestedAttachedReference",
    "t:RequestedUnattachedReference",
    "wsp:AppliesTo",
    "t:RequestedProofToken",
    "t:Entropy",
    "t:Lifetime",
    "t:KeySize",
)
"""Children of an answer in the order of the one published answer of the real service.

Entropy and KeySize were not in it; they are where a service on the same toolkit has them.
"""

LEAST_KEY_SIZE: Final = 128
"""Bits of the shortest proof key that is computed: an answer cannot talk a client into a guessable one."""

FRAMEWORK_PARTS: Final = (
    "t:Entropy",
    "t:KeySize",
    "t:Lifetime",
    "wsp:AppliesTo",
    "t:RequestedSecurityToken",
    "t:RequestedProofToken",
    "t:RequestedAttachedReference",
    "t:RequestedUnattachedReference",
    "t:TokenType",
    "t:RequestType",
    "t:KeyType",
)
"""The order of the framework that the service's WSDL points at, with the children that only it writes."""


def build_response(
    *,
    token: etree._Element | None,
    assertion_id: str,
    token_type: str,
    applies_to: str,
    proof_mode: ProofMode,
    secret: bytes,
    created: datetime,
    expires: datetime,
    secret_type: str = names.NONCE,
    key_size: int | None = None,
    context: str = "",
    parts: Iterable[str] = OBSERVED_PARTS,
) -> etree._Element:
    """Return a RequestSecurityTokenResponseCollection in the order of children that the real service uses.

    Args:
        token: EncryptedAssertion, or EncryptedData for SAML 1.1; it is moved, not copied.  None leaves
            RequestedSecurityToken empty.
        assertion_id: id of the assertion inside.
        token_type: `names.SAML_2_TOKEN` or `names.SAML_1_TOKEN`.
        applies_to: address of the relying party.
        proof_mode: how the proof key is handed over.
        secret: the key itself, or the service's half of a computed one; unused for `CLIENT_ENTROPY`.
        created: begin of the token's life; UTC.
        expires: its end; UTC.
        secret_type: Type of the BinarySecret; no such attribute when empty.
        key_size: bits of the key, named in the answer if given.
        context: the request's Context; none when empty.
        parts: prefixed names of the children in another order.  One that is left out is not in the answer;
            one that the proof mode or `key_size` gives no reason for is not there either.
    """
    declared = {"t": names.TRUST, "wsp": names.POLICY, "u": names.UTILITY}
    collection = markup.element("t:RequestSecurityTokenResponseCollection", prefixes=declared)
    response = markup.add(collection, "t:RequestSecurityTokenResponse")
    if context:
        response.set("Context", context)
    given = proof_mode in (ProofMode.BINARY_SECRET, ProofMode.CONTRADICTION)
    computed = proof_mode in (ProofMode.COMPUTED, ProofMode.CONTRADICTION)
    texts = {"t:TokenType": token_type, "t:RequestType": names.ISSUE, "t:KeyType": names.SYMMETRIC_KEY}
    for part in parts:
        if part in texts:
            markup.add(response, part, texts[part])
        elif part == "t:RequestedSecurityToken":
            # No white space beside the token: Metro takes the first child node for an element.
            markup.add(response, part).extend([token] if token is not None else [])
        elif part in ("t:RequestedAttachedReference", "t:RequestedUnattachedReference"):
            markup.add(response, part).append(key_identifier(assertion_id, token_type=token_type))
        elif part == "wsp:AppliesTo":
            add_applies_to(response, applies_to)
        elif part == "t:RequestedProofToken" and (given or computed):
            proof = markup.add(response, part)
            if given:
                add_secret(proof, secret, secret_type)
            if computed:
                markup.add(proof, "t:ComputedKey", names.P_SHA1)
        elif part == "t:Entropy" and computed:
            add_secret(markup.add(response, part), secret, names.NONCE)
        elif part == "t:Lifetime":
            add_lifetime(response, created, expires)
        elif part == "t:KeySize" and key_size is not None:
            markup.add(response, part, str(key_size))
    return collection


def read_response(
    envelope: Envelope, *, entropy: bytes | None = None, key_size: int | None = None
) -> IssuedToken:
    """Return what a client keeps of an answer.

    Args:
        envelope: the answer, not a fault.
        entropy: what the client's request carried as entropy.
        key_size: bits that the client's request asked for.

    Raises:
        TrustError: there is not exactly one token, or its reference or proof key cannot be had.
    """
    response = _only_response(envelope)
    token = next(iter(markup.children(markup.child(response, "t:RequestedSecurityToken"))), None)
    data = _encrypted_data(token)
    if token is None or data is None:
        raise TrustError(
            "the answer has no encrypted token",
            expected="EncryptedAssertion or EncryptedData in RequestedSecurityToken",
            found="nothing" if token is None else str(token.tag),
            where=markup.where(response),
        )
    attached = markup.child(response, "t:RequestedAttachedReference", "o:SecurityTokenReference")
    if attached is None:
        raise TrustError("the answer has no attached reference", where=markup.where(response))
    life = markup.child(response, "t:Lifetime")
    return IssuedToken(
        token=_detached(token),
        encrypted_data=_detached(data),
        attached=_detached(attached),
        proof_key=_proof_key(response, entropy, key_size),
        token_type=markup.text(markup.child(response, "t:TokenType")),
        applies_to=markup.text(markup.child(response, "wsp:AppliesTo", "a:EndpointReference", "a:Address")),
        created=_moment(life, "u:Created"),
        expires=_moment(life, "u:Expires"),
    )


def _only_response(envelope: Envelope) -> etree._Element:
    payload = envelope.payload
    single = names.tag("t:RequestSecurityTokenResponse")
    if payload is not None and payload.tag == single:
        return payload
    found = (
        markup.children(payload, "t:RequestSecurityTokenResponse")
        if payload is not None and payload.tag == names.tag("t:RequestSecurityTokenResponseCollection")
        else []
    )
    if len(found) != 1:
        raise TrustError(
            "the answer does not hold one RequestSecurityTokenResponse",
            expected="1",
            found=str(len(found)),
            where="s:Envelope/s:Body",
        )
    return found[0]


def _encrypted_data(token: etree._Element | None) -> etree._Element | None:
    if token is not None and token.tag == names.tag("xenc:EncryptedData"):
        return token
    return markup.child(token, "xenc:EncryptedData")


def _detached(element: etree._Element) -> etree._Element:
    """Return an element as the root of a document of its own, which threads may read at the same time."""
    return copy.deepcopy(element)


def _moment(life: etree._Element | None, name: str) -> datetime | None:
    found = markup.child(life, name)
    if found is None:
        return None
    try:
        return instants.read(markup.text(found))
    except instants.InstantError as error:
        raise TrustError(
            "the Lifetime cannot be read", found=str(error), where=markup.where(found)
        ) from error


def _proof_key(response: etree._Element, entropy: bytes | None, asked: int | None) -> bytes:
    """Return the proof key; the order of the cases is that of WS-Trust 1.3, section 4.4.3."""
    proof = markup.child(response, "t:RequestedProofToken")
    given = markup.child(proof, "t:BinarySecret")
    computed = markup.child(proof, "t:ComputedKey")
    theirs = markup.child(response, "t:Entropy", "t:BinarySecret")
    if given is not None:
        if computed is not None or theirs is not None:
            raise TrustError(
                "the answer has a proof key and a recipe for one",
                expected="one of them",
                where=markup.where(response),
            )
        key = markup.binary(given)
        if not key:
            raise TrustError("the proof key is not base64, or empty", where=markup.where(given))
        return key
    if computed is not None:
        seed = markup.binary(theirs)
        if markup.text(computed) != names.P_SHA1 or entropy is None or not seed:
            raise TrustError(
                "the proof key cannot be computed",
                expected="P_SHA1 and entropy of both sides",
                found=f"{markup.text(computed)}; entropy of the client: {entropy is not None}; "
                f"of the service: {bool(seed)}",
                where=markup.where(response),
            )
        size = markup.text(markup.child(response, "t:KeySize"))
        bits = int(size) if size.isascii() and size.isdigit() and len(size) < 6 else asked or DEFAULT_KEY_SIZE
        if bits < LEAST_KEY_SIZE:
            raise TrustError(
                "the proof key would be too short",
                expected="128 bits at least",
                found=size,
                where=markup.where(response),
            )
        return p_sha1(entropy, seed, bits // 8)
    if proof is None and theirs is None and entropy is not None:
        return entropy
    raise TrustError("the answer has no proof key", where=markup.where(response))


def p_sha1(secret: bytes, seed: bytes, length: int) -> bytes:
    """Return `length` bytes of P_SHA1 (WS-Trust 1.3, section 4.4.4; P_hash of RFC 2246, section 5).

    Args:
        secret: the client's entropy.  Swapping the two is the commonest mistake with this function.
        seed: the service's entropy.
        length: bytes wanted.
    """
    made = b""
    link = seed
    while len(made) < length:
        link = hmac.digest(secret, link, "sha1")
        made += hmac.digest(secret, link + seed, "sha1")
    return made[:length]
