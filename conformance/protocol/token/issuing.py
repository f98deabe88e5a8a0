"""Issuing: the assertion, its signature, and its encryption for the relying party.

An assertion of SAML 2.0 travels in an EncryptedAssertion; one of SAML 1.1, which knows no such wrapper, as
bare EncryptedData, as the published answer of the real service shows.
"""

import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from conformance.protocol import certificates, instants, markup, names
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
    token_type: str = names.SAML_2_TOKEN,
) -> etree._Element:
    """Return a saml2:EncryptedAssertion, or for SAML 1.1 an xenc:EncryptedData.

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
        token_type: `names.SAML_2_TOKEN` or `names.SAML_1_TOKEN`.
    """
    older = token_type == names.SAML_1_TOKEN
    assertion = (_assertion_1 if older else _assertion)(
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
    encrypted = encrypt(markup.canonical(assertion), recipient=recipient, random=random)
    if older:
        return encrypted
    wrapper = markup.element("saml2:EncryptedAssertion")
    wrapper.append(encrypted)
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


def _assertion_1(
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
    """Return an unsigned assertion of SAML 1.1 (SAML 1.1 core, section 2.3).

    A claim's URI becomes a namespace and a name, divided at the last slash, as the framework does that the
    service resembles.
    """
    declared = {"saml": names.SAML_1, "ds": names.SIGNATURE, "xenc": names.ENCRYPTION}
    head = {
        "MajorVersion": "1",
        "MinorVersion": "1",
        "AssertionID": assertion_id,
        "Issuer": issuer,
        "IssueInstant": instants.write(now),
    }
    assertion = markup.element("saml:Assertion", None, head, prefixes=declared)
    life = {"NotBefore": instants.write(not_before), "NotOnOrAfter": instants.write(not_on_or_after)}
    conditions = markup.add(assertion, "saml:Conditions", None, life)
    markup.add(markup.add(conditions, "saml:AudienceRestrictionCondition"), "saml:Audience", audience)
    statement = markup.add(assertion, "saml:AttributeStatement")
    about = markup.add(statement, "saml:Subject")
    markup.add(about, "saml:NameIdentifier", subject)
    confirmed = markup.add(about, "saml:SubjectConfirmation")
    markup.add(confirmed, "saml:ConfirmationMethod", names.HOLDER_OF_KEY_1)
    markup.add(confirmed, "ds:KeyInfo").append(confirmation)
    for uri, value in claims.items():
        namespace, _, name = uri.rpartition("/")
        named = {"AttributeName": name, "AttributeNamespace": namespace}
        markup.add(markup.add(statement, "saml:Attribute", None, named), "saml:AttributeValue", value)
    return assertion


def sign_assertion(assertion: etree._Element, *, key: RSAPrivateKey, certificate: x509.Certificate) -> None:
    """Put an enveloped rsa-sha256 signature into an assertion, in place.

    It follows the Issuer (SAML 2.0 core, section 2.3.3), or everything else (SAML 1.1 core, section 2.3.2).

    Args:
        assertion: root of its document, with an id, complete and unsigned.
        key: the signing key.
        certificate: goes into the KeyInfo.
    """
    digest = hash_of("sha256", markup.canonical(assertion))
    signature = markup.element("ds:Signature")
    older = assertion.tag == names.tag("saml:Assertion")
    assertion.insert(len(assertion) if older else 1, signature)
    identifier = assertion.get("AssertionID" if older else "ID")
    signed_info = markup.add(signature, "ds:SignedInfo")
    markup.add(signed_info, "ds:CanonicalizationMethod", None, {"Algorithm": names.EXCLUSIVE_C14N})
    markup.add(signed_info, "ds:SignatureMethod", None, {"Algorithm": names.RSA_SHA256})
    reference = markup.add(signed_info, "ds:Reference", None, {"URI": f"#{identifier}"})
    transforms = markup.add(reference, "ds:Transforms")
    for algorithm in (names.ENVELOPED, names.EXCLUSIVE_C14N):
        markup.add(transforms, "ds:Transform", None, {"Algorithm": algorithm})
    markup.add(reference, "ds:DigestMethod", None, {"Algorithm": names.SHA256})
    markup.add(reference, "ds:DigestValue", b64encode(digest).decode())
    value = key.sign(markup.canonical(signed_info), padding.PKCS1v15(), hashes.SHA256())
    markup.add(signature, "ds:SignatureValue", b64encode(value).decode())
    encoded = certificates.base64_of(certificate)
    markup.add(markup.add(markup.add(signature, "ds:KeyInfo"), "ds:X509Data"), "ds:X509Certificate", encoded)
