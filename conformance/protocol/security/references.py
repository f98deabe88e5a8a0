"""References to a token: made, taken apart, and the token that a message carries."""

from typing import Final

from lxml import etree

from conformance.protocol import markup, names
from conformance.protocol.security.records import TokenReference
from conformance.protocol.soap import Envelope

SECURITY: Final = "s:Envelope/s:Header/o:Security"
"""Path of the header that everything here is about, as findings name it."""

ISSUED: Final = (names.tag("xenc:EncryptedData"), names.tag("saml2:EncryptedAssertion"))
"""Elements by which an issued token travels."""


def key_identifier(assertion_id: str, *, token_type: str = names.SAML_2_TOKEN) -> etree._Element:
    """Return the SecurityTokenReference that names a SAML token (SAML token profile 1.1, section 3.3)."""
    declared = {"o": names.SECURITY, "k": names.SECURITY_11}
    reference = markup.element(
        "o:SecurityTokenReference", None, {"k:TokenType": token_type}, prefixes=declared
    )
    value_type = names.SAML_1_ID if token_type == names.SAML_1_TOKEN else names.SAML_2_ID
    markup.add(reference, "o:KeyIdentifier", assertion_id, {"ValueType": value_type})
    return reference


def read_reference(element: etree._Element | None) -> TokenReference | None:
    """Return a SecurityTokenReference taken apart, or None for none."""
    if element is None:
        return None
    inner = next(iter(markup.children(element)), None)
    if inner is None:
        return TokenReference(kind="", value="", value_type="", token_type="")
    kind = markup.local_name(inner)
    return TokenReference(
        kind=kind,
        value=inner.get("URI", "") if kind == "Reference" else markup.text(inner),
        value_type=inner.get("ValueType", ""),
        token_type=element.get(names.tag("k:TokenType"), ""),
    )


def issued_token(envelope: Envelope) -> etree._Element | None:
    """Return the first EncryptedData or EncryptedAssertion of the Security header, or None."""
    return next((part for part in markup.children(envelope.security) if part.tag in ISSUED), None)
