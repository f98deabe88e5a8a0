"""Building a RequestSecurityToken, and the parts that the answer shares with it."""

from base64 import b64encode
from collections.abc import Iterable
from datetime import datetime

from lxml import etree

from conformance.protocol import instants, markup, names
from conformance.protocol.trust.act_as import add_act_as
from conformance.protocol.trust.records import DEFAULT_KEY_SIZE, ActAs


def build_request(
    *,
    applies_to: str,
    created: datetime | None = None,
    expires: datetime | None = None,
    claims: Iterable[str] = names.USI_CLAIMS,
    act_as: ActAs | None = None,
    token_type: str = names.SAML_2_TOKEN,
    key_size: int | None = DEFAULT_KEY_SIZE,
    entropy: bytes | None = None,
    context: str = "",
) -> etree._Element:
    """Return a RequestSecurityToken element.

    Args:
        applies_to: address of the relying party, exactly as it is registered.
        created: begin of the life asked for, UTC; no Lifetime without it.
        expires: its end, UTC.
        claims: URIs of the mandatory claims.
        act_as: on whose behalf, for hosted software.
        token_type: `names.SAML_2_TOKEN` or `names.SAML_1_TOKEN`.
        key_size: bits of the proof key; not named when None.
        entropy: the client's half of a computed key.
        context: an opaque mark that the answer returns; none when empty.
    """
    declared = {"t": names.TRUST, "wsp": names.POLICY, "i": names.IDENTITY}
    request = markup.element("t:RequestSecurityToken", prefixes=declared)
    if context:
        request.set("Context", context)
    markup.add(request, "t:RequestType", names.ISSUE)
    markup.add(request, "t:TokenType", token_type)
    markup.add(request, "t:KeyType", names.SYMMETRIC_KEY)
    if key_size is not None:
        markup.add(request, "t:KeySize", str(key_size))
    add_applies_to(request, applies_to)
    asked = markup.add(request, "t:Claims", None, {"Dialect": names.IDENTITY})
    for uri in claims:
        markup.add(asked, "i:ClaimType", None, {"Uri": uri, "Optional": "false"})
    if created is not None and expires is not None:
        add_lifetime(request, created, expires)
    if entropy is not None:
        add_secret(markup.add(request, "t:Entropy"), entropy, names.NONCE)
        markup.add(request, "t:ComputedKeyAlgorithm", names.P_SHA1)
    if act_as is not None:
        add_act_as(request, act_as)
    return request


def add_applies_to(parent: etree._Element, address: str) -> None:
    """Append AppliesTo with the address of a relying party."""
    reference = markup.add(markup.add(parent, "wsp:AppliesTo"), "a:EndpointReference")
    markup.add(reference, "a:Address", address)


def add_lifetime(parent: etree._Element, created: datetime, expires: datetime) -> None:
    """Append a Lifetime, its children in the utility namespace."""
    life = markup.add(parent, "t:Lifetime")
    markup.add(life, "u:Created", instants.write(created))
    markup.add(life, "u:Expires", instants.write(expires))


def add_secret(parent: etree._Element, secret: bytes, kind: str) -> None:
    """Append a BinarySecret; without Type when `kind` is empty."""
    markup.add(parent, "t:BinarySecret", b64encode(secret).decode(), {"Type": kind} if kind else None)
