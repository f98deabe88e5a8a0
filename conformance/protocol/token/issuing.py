"""Issuing: the assertion, its signature, and its encryption for the relying party."""

import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.protocol import instants, markup, names
from conformance.protocol.security.algorithms import hash_of
from conformance.protocol.token.encryption import encrypt, encrypted_key


def issue(
    *,
    assertion_id: str,
    issuer: str,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    recipient: x509.Certificate,
    audience: str,
    proof_key: bytes,
    claims: Mapping[str, str],
    subject: str,
    now: datetime,
    not_before: datetime,
    not_on_or_after: datetime,
    random: Callable[[int], bytes] = os.urandom,
) -> etree._Element:
    """Return a saml2:EncryptedAssertion.

    Args:
        assertion_id: a new NCName.
        issuer: name of the token service.
        key: its signing key.
        certificate: the certificate of that key.
        recipient: certificate of the relying party.
        audience: address of the relying party.
        proof_key: the key that the subject holds.
        claims: value by URI.
        subject: name of the subject.
        now: IssueInstant; UTC.
        not_before: begin of the token's life; UTC.
        not_on_or_after: its end; UTC.
        random: n -> n random bytes, for the content key, initialisation vectors and padding.
    """
    assertion = _assertion(
        assertion_id=assertion_id,
        issuer=issuer,
        audience=audience,
        claims=claims,
        subject=subject,
        now=now,
        not_before=not_before,
        not_on_or_after=not_on_or_after,
        confirmation=encrypted_key(proof_key, recipient),
    )
    sign_assertion(assertion, key=key, certificate=certificate)
    wrapper = markup.element("saml2:EncryptedAssertion")
    wrapper.append(encrypt(markup.canonical(assertion), recipient=recipient, random=random))
    return wrapper


def _assertion(
    *,
    assertion_id: str,
    issuer: str,
    audience: str,
    claims: Mapping[str, str],
    subject: str,
    now: datetime,
    not_before: datetime,
    not_on_or_after: datetime,
    confirmation: etree._Element,
) -> etree._Element:
    declared = {
        "saml2": names.SAML_2,
        "ds": names.SIGNATURE,
        "xenc": names.ENCRYPTION,
        "xsi": names.SCHEMA_INSTANCE,
    }
    head = {"ID": assertion_id, "IssueInstant": instants.write(now), "Version": "2.0"}
    assertion = markup.element("saml2:Assertion", None, head, prefixes=declared)
    markup.add(assertion, "saml2:Issuer", issuer)
    about = markup.add(assertion, "saml2:Subject")
    markup.add(about, "saml2:NameID", subject)
    method = {"Method": names.HOLDER_OF_KEY}
    confirmed = markup.add(about, "saml2:SubjectConfirmation", None, method)
    data = markup.add(confirmed, "saml2:SubjectConfirmationData")
    data.set(f"{{{names.SCHEMA_INSTANCE}}}type", "saml2:KeyInfoConfirmationDataType")
    markup.add(data, "ds:KeyInfo").append(confirmation)
    life = {"NotBefore": instants.write(not_before), "NotOnOrAfter": instants.write(not_on_or_after)}
    conditions = markup.add(assertion, "saml2:Conditions", None, life)
    markup.add(markup.add(conditions, "saml2:AudienceRestriction"), "saml2:Audience", audience)
    statement = markup.add(assertion, "saml2:AttributeStatement")
    for uri, value in claims.items():
        attribute = markup.add(
            statement, "saml2:Attribute", None, {"Name": uri, "NameFormat": names.NAME_URI}
        )
        markup.add(attribute, "saml2:AttributeValue", value)
    return assertion


def sign_assertion(assertion: etree._Element, *, key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    """Put an enveloped rsa-sha256 signature behind the Issuer (SAML 2.0 core, section 5.4), in place.

    Args:
        assertion: root of its document, with an ID, complete and unsigned.
        key: the signing key.
        certificate: goes into the KeyInfo.
    """
    digest = hash_of("sha256", markup.canonical(assertion))
    signature = markup.element("ds:Signature")
    assertion.insert(1, signature)
    signed_info = markup.add(signature, "ds:SignedInfo")
    markup.add(signed_info, "ds:CanonicalizationMethod", None, {"Algorithm": names.EXCLUSIVE_C14N})
    markup.add(signed_info, "ds:SignatureMethod", None, {"Algorithm": names.RSA_SHA256})
    reference = markup.add(signed_info, "ds:Reference", None, {"URI": f"#{assertion.get('ID')}"})
    transforms = markup.add(reference, "ds:Transforms")
    for algorithm in (names.ENVELOPED, names.EXCLUSIVE_C14N):
        markup.add(transforms, "ds:Transform", None, {"Algorithm": algorithm})
    markup.add(reference, "ds:DigestMethod", None, {"Algorithm": names.SHA256})
    markup.add(reference, "ds:DigestValue", b64encode(digest).decode())
    value = key.sign(markup.canonical(signed_info), padding.PKCS1v15(), hashes.SHA256())
    markup.add(signature, "ds:SignatureValue", b64encode(value).decode())
    encoded = b64encode(certificate.public_bytes(Encoding.DER)).decode()
    markup.add(markup.add(markup.add(signature, "ds:KeyInfo"), "ds:X509Data"), "ds:X509Certificate", encoded)
