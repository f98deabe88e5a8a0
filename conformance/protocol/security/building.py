"""Signing and endorsing: the Security headers that our own clients and simulators write."""

import copy
import hmac
from base64 import b64encode
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from lxml import etree

from conformance.errors import KitError
from conformance.protocol import certificates, instants, markup, names
from conformance.protocol.security.algorithms import SIGNATURE_HASHES, digest, rsa_hash
from conformance.protocol.security.records import S007_V13, TIMESTAMP_LIFE, AlgorithmSuite, Ids

_DEFAULT_IDS: Final = Ids()


def add_timestamp(
    envelope: etree._Element, *, now: datetime, life: timedelta = TIMESTAMP_LIFE, identifier: str = "_0"
) -> etree._Element:
    """Give an envelope a Security header with a Timestamp, as every reply has, and return that header.

    Args:
        envelope: an Envelope element with a Header; changed in place.
        now: Created; UTC.
        life: time from Created to Expires.
        identifier: wsu:Id of the Timestamp.
    """
    header = markup.child(envelope, "s:Header")
    if header is None:
        raise KitError("security needs an envelope with a Header")
    declared = {"o": names.SECURITY, "u": names.UTILITY}
    security = etree.SubElement(header, names.tag("o:Security"), nsmap=declared)
    security.set(names.tag("s:mustUnderstand"), "1")
    timestamp = markup.add(security, "u:Timestamp", None, {"u:Id": identifier})
    markup.add(timestamp, "u:Created", instants.write(now))
    markup.add(timestamp, "u:Expires", instants.write(now + life))
    return security


def sign_request(
    envelope: etree._Element,
    *,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    now: datetime,
    suite: AlgorithmSuite = S007_V13,
    ids: Ids = _DEFAULT_IDS,
) -> None:
    """Add Timestamp, BinarySecurityToken and a Signature over Timestamp and To, in place.

    Args:
        envelope: an Envelope element with a To header and without security; complete otherwise.
        key: the credential's private key.
        certificate: the credential's certificate, the leaf.
        now: Created of the Timestamp; UTC.
        suite: the endpoint's algorithms.
        ids: the ids of the three parts.

    Raises:
        KitError: the envelope has no To header, or the suite does not sign with RSA.
    """
    security = add_timestamp(envelope, now=now, identifier=ids.timestamp)
    to = markup.child(envelope, "s:Header", "a:To")
    if to is None:
        raise KitError("a request cannot be signed without a To header")
    to.set(names.tag("u:Id"), ids.to)
    typed = {"u:Id": ids.token, "EncodingType": names.BASE64, "ValueType": names.X509_V3}
    markup.add(security, "o:BinarySecurityToken", certificates.base64_of(certificate), typed)
    signature, signed_info = _signature(
        security, suite.signature, suite.digest, ((ids.timestamp, security[0]), (ids.to, to))
    )
    algorithm = rsa_hash(suite.signature)
    if algorithm is None:
        raise KitError(f"{suite.signature} is not an RSA signature")
    value = key.sign(markup.canonical(signed_info), padding.PKCS1v15(), algorithm)
    markup.add(signature, "ds:SignatureValue", b64encode(value).decode())
    reference = markup.add(markup.add(signature, "ds:KeyInfo"), "o:SecurityTokenReference")
    markup.add(reference, "o:Reference", None, {"URI": f"#{ids.token}", "ValueType": names.X509_V3})


def endorse(
    envelope: etree._Element,
    *,
    token: etree._Element,
    reference: etree._Element,
    proof_key: bytes,
    now: datetime,
    ids: Ids = _DEFAULT_IDS,
    algorithm: str = names.HMAC_SHA1,
) -> None:
    """Add Timestamp, issued token and an HMAC Signature over the Timestamp, in place.

    Args:
        envelope: an Envelope element without security.
        token: EncryptedData or EncryptedAssertion as it was issued; a copy is put in.
        reference: the SecurityTokenReference that came with it (RequestedAttachedReference); likewise.
        proof_key: the key, decoded.
        now: Created of the Timestamp; UTC.
        ids: only the Timestamp's is used.
        algorithm: `names.HMAC_SHA1` or `names.HMAC_SHA256`; the digest follows it.
    """
    security = add_timestamp(envelope, now=now, identifier=ids.timestamp)
    graft(security, token)
    method = names.SHA1 if algorithm == names.HMAC_SHA1 else names.SHA256
    signature, signed_info = _signature(security, algorithm, method, ((ids.timestamp, security[0]),))
    value = hmac.digest(proof_key, markup.canonical(signed_info), SIGNATURE_HASHES[algorithm])
    markup.add(signature, "ds:SignatureValue", b64encode(value).decode())
    graft(markup.add(signature, "ds:KeyInfo"), reference)


def graft(parent: etree._Element, element: etree._Element) -> etree._Element:
    """Append a copy of an element of another document and return the copy; the original stays as it is.

    Where the parent declares one of its namespaces under another prefix, lxml takes that prefix; nothing
    that these messages sign is affected.
    """
    copied = copy.deepcopy(element)
    parent.append(copied)
    return copied


def _signature(
    security: etree._Element,
    algorithm: str,
    digest_method: str,
    parts: Sequence[tuple[str, etree._Element]],
) -> tuple[etree._Element, etree._Element]:
    """Append a Signature with its SignedInfo; return both.  What the parts hold must not change any more."""
    signature = markup.add(security, "ds:Signature")
    signed_info = markup.add(signature, "ds:SignedInfo")
    markup.add(signed_info, "ds:CanonicalizationMethod", None, {"Algorithm": names.EXCLUSIVE_C14N})
    markup.add(signed_info, "ds:SignatureMethod", None, {"Algorithm": algorithm})
    for identifier, part in parts:
        reference = markup.add(signed_info, "ds:Reference", None, {"URI": f"#{identifier}"})
        transforms = markup.add(reference, "ds:Transforms")
        markup.add(transforms, "ds:Transform", None, {"Algorithm": names.EXCLUSIVE_C14N})
        markup.add(reference, "ds:DigestMethod", None, {"Algorithm": digest_method})
        value = digest(digest_method, markup.canonical(part))
        markup.add(reference, "ds:DigestValue", b64encode(value).decode())
    return signature, signed_info
