"""Signs the manifest of a report, and judges such a signature.

`manifest.sig.xml` is an enveloping XML signature (RSA with SHA-256, exclusive canonicalisation) over a small
statement: size and digest of `manifest.json`, and the digest of every certificate that travels with the
signature.  Whatever verifies XML signatures verifies it; what it says of `manifest.json` any tool compares
that computes SHA-256.

The file is read strictly: it holds what `sign` writes, byte for byte, or it is refused.  Nothing in it can be
changed that way without being noticed, not even what a verifier of XML signatures passes over.
"""

import hashlib
import warnings
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature as WrongKey
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from conformance.errors import KitError, OperatorError
from conformance.protocol import certificates, markup, names

FILE: Final = "manifest.sig.xml"

NAMESPACE: Final = "urn:evte-conformance:manifest:1"

MAX_BYTES: Final = 1 << 20
"""Of the longest signature that is read; one with three certificates has about 8,000."""

LEAST_BITS: Final = 2048
"""Of the shortest RSA key whose signature is accepted."""


_OTHER_MANIFEST: Final = "it was made for another manifest.json than the one beside it"


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose key signs the manifest."""

    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    """Certificates of the authorities above it; they travel with the signature."""
    origin: str = ""
    """In words, for the reader: `the machine credential ABRD:…`, `signing.pem`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What became of looking at a signature."""

    certificate: x509.Certificate | None = None
    """Of the signer; None when it cannot be read."""
    chain: tuple[x509.Certificate, ...] = ()
    """The further certificates in the file, in its order."""
    problem: str = ""
    """Why the signature does not hold, in one sentence; empty when it holds."""
    other_manifest: bool = False
    """Whether that is because it was made for another manifest."""


def refuse_unusable(signer: Signer, now: datetime) -> None:
    """Refuse a signer whose signature would not hold.

    Args:
        signer: key and certificate.
        now: the moment of signing; aware.

    Raises:
        OperatorError: key and certificate do not belong together, the key is too short, or the certificate
            is not valid at that moment.
    """
    public, where = signer.certificate.public_key(), signer.origin
    if not isinstance(public, RSAPublicKey) or public.public_numbers() != _public_numbers(signer):
        raise OperatorError(
            "the manifest cannot be signed: the key does not belong to the certificate",
            expected="the private key of the certificate's own public key, RSA",
            found=f"a certificate of {certificates.subject_of(signer.certificate)} with another key",
            where=where,
            advice="give key and certificate of one and the same credential",
        )
    if public.key_size < LEAST_BITS:
        raise OperatorError(
            "the manifest cannot be signed: the key is too short",
            expected=f"RSA of {LEAST_BITS} bits or more",
            found=f"{public.key_size} bits",
            where=where,
        )
    if certificates.validity(signer.certificate, now) is not certificates.Validity.CURRENT:
        raise OperatorError(
            "the manifest cannot be signed: the certificate is not valid now",
            expected=f"a moment from {_day(signer.certificate.not_valid_before_utc)} "
            f"to {_day(signer.certificate.not_valid_after_utc)}",
            found=_day(now),
            where=where,
            advice="sign with a credential that is in force, or leave the manifest unsigned",
        )


def sign(manifest: bytes, signer: Signer) -> bytes:
    """Return the content of `manifest.sig.xml`; the same manifest and signer give the same bytes.

    Args:
        manifest: the content of `manifest.json`.
        signer: key and certificate; `refuse_unusable` says beforehand whether they will do.

    Raises:
        KitError: what was signed does not verify.
    """
    carried = (signer.certificate, *signer.chain)
    engine = XMLSigner(
        method=SignatureConstructionMethod.enveloping,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    made = engine.sign(etree.fromstring(_statement(manifest, carried)), key=signer.key, cert=list(carried))
    value = markup.binary(markup.child(made, "ds:SignatureValue")) or b""
    content = _drawn(manifest, carried, value)
    if problem := examine(content, manifest).problem:
        raise KitError(
            "the signature of the manifest does not verify", found=problem, advice="please report this to us"
        )
    return content


def examine(content: bytes, manifest: bytes) -> Signed:
    """Say whether a signature holds for a manifest.  Whether its signer is to be trusted is another question.

    Args:
        content: of `manifest.sig.xml`.
        manifest: of `manifest.json`.
    """
    try:
        root = markup.parse(content, limit=MAX_BYTES)
        carried = _carried(root)
    except (markup.MarkupError, certificates.CertificateError) as error:
        return Signed(problem=f"it cannot be read: {_sentence(error.message, error.found)}")
    if not carried:
        return Signed(problem="it carries no certificate, so nobody can be told to have signed")
    first, *further = carried
    problem = _problem(content, manifest, root, carried)
    return Signed(
        certificate=first,
        chain=tuple(further),
        problem=problem,
        other_manifest=problem == _OTHER_MANIFEST,
    )


def _problem(
    content: bytes, manifest: bytes, root: etree._Element, carried: Sequence[x509.Certificate]
) -> str:
    value = markup.binary(markup.child(root, "ds:SignatureValue")) or b""
    expected = _drawn(manifest, carried, value)
    if content != expected:
        stated = next(iter(root.iter(f"{{{NAMESPACE}}}Manifest")), None)
        digest = "" if stated is None else stated.get("sha256", "")
        if digest and digest != hashlib.sha256(manifest).hexdigest():
            return _OTHER_MANIFEST
        pairs = enumerate(zip(content, expected, strict=False))
        at = next((at for at, (ours, theirs) in pairs if ours != theirs), min(len(content), len(expected)))
        return f"it is not what the kit writes for this manifest and these certificates, from byte {at} on"
    key = carried[0].public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < LEAST_BITS:
        return f"its key is not an RSA key of {LEAST_BITS} bits or more"
    accepted = SignatureConfiguration(
        location="./",
        signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
        digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
        # Dates are the business of `leads_to`, which knows the moment that counts.
        verification_time=carried[0].not_valid_before_utc,
    )
    try:
        XMLVerifier().verify(root, x509_cert=carried[0], expect_config=accepted)
    except (SignXMLException, WrongKey, ValueError, etree.LxmlError) as error:
        return f"it does not verify with the key of its certificate: {_sentence(str(error))}"
    return ""


def distrusted(signed: Signed, anchors: Sequence[x509.Certificate], moment: datetime) -> str:
    """Say why a signer is not one of those whom the anchors vouch for; empty when he is.

    Every certificate on the way must be valid at the moment, and every one above the signer's an authority's.

    Args:
        signed: a signature that holds.
        anchors: trusted certificates: of authorities, or the signer's own.
        moment: as of when; aware.
    """
    if signed.certificate is None:
        return "there is no certificate"
    trusted = {anchor.fingerprint(hashes.SHA256()) for anchor in anchors}
    try:
        way = certificates.chain_of(signed.certificate, (*signed.chain, *anchors))
    except certificates.CertificateError as error:
        return _sentence(error.message, error.where)
    for place, certificate in enumerate(way):
        subject = certificates.subject_of(certificate)
        if place and not certificates.leaf_facts(certificate).is_authority:
            return f"{subject} is no authority, and issued a certificate"
        state = certificates.validity(certificate, moment)
        if state is not certificates.Validity.CURRENT:
            return f"the certificate of {subject} is {state} on {_day(moment)}"
        if certificate.fingerprint(hashes.SHA256()) in trusted:
            return ""
    return f"the certificates lead to {certificates.issuer_of(way[-1])}, which is not among the trusted ones"


# --- the file, drawn ------------------------------------------------------------------------------

# Every text here is in canonical form already, so that its digest is that of the element.

_OBJECT: Final = '<ds:Object{declared} Id="object">{statement}</ds:Object>'
_SIGNED_INFO: Final = (
    "<ds:SignedInfo>"
    f'<ds:CanonicalizationMethod Algorithm="{names.EXCLUSIVE_C14N}"></ds:CanonicalizationMethod>'
    f'<ds:SignatureMethod Algorithm="{names.RSA_SHA256}"></ds:SignatureMethod>'
    '<ds:Reference URI="#object">'
    f'<ds:Transforms><ds:Transform Algorithm="{names.EXCLUSIVE_C14N}"></ds:Transform></ds:Transforms>'
    f'<ds:DigestMethod Algorithm="{names.SHA256}"></ds:DigestMethod>'
    "<ds:DigestValue>{digest}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
)
_DECLARED: Final = f' xmlns:ds="{names.SIGNATURE}"'


def _statement(manifest: bytes, carried: Sequence[x509.Certificate]) -> str:
    """Return what is signed: the manifest by size and digest, the certificates by digest.

    The certificates are named because a signature does not cover those that travel with it.
    """
    digest = hashlib.sha256(manifest).hexdigest()
    named = "".join(
        f'<Certificate sha256="{certificate.fingerprint(hashes.SHA256()).hex()}"></Certificate>'
        for certificate in carried
    )
    return (
        f'<Manifest xmlns="{NAMESPACE}" bytes="{len(manifest)}" file="manifest.json" sha256="{digest}">'
        f"{named}</Manifest>"
    )


def _drawn(manifest: bytes, carried: Sequence[x509.Certificate], value: bytes) -> bytes:
    statement = _statement(manifest, carried)
    signed = _OBJECT.format(declared=_DECLARED, statement=statement)
    digest = b64encode(hashlib.sha256(signed.encode()).digest()).decode()
    travelling = "\n".join(
        f"<ds:X509Certificate>{certificates.base64_of(certificate)}</ds:X509Certificate>"
        for certificate in carried
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<ds:Signature{_DECLARED}>{_SIGNED_INFO.format(digest=digest)}\n"
        f"<ds:SignatureValue>{b64encode(value).decode()}</ds:SignatureValue>\n"
        f"<ds:KeyInfo><ds:X509Data>\n{travelling}\n</ds:X509Data></ds:KeyInfo>\n"
        f"{_OBJECT.format(declared='', statement=statement)}\n"
        "</ds:Signature>\n"
    ).encode()


def _carried(root: etree._Element) -> tuple[x509.Certificate, ...]:
    data = markup.child(root, "ds:KeyInfo", "ds:X509Data")
    encoded = markup.children(data, "ds:X509Certificate")[: certificates.MAX_CERTIFICATES]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a name in it that breaks the rules: it is no certificate then
        return tuple(certificates.read_certificate(markup.binary(each) or b"") for each in encoded)


def _public_numbers(signer: Signer) -> object:
    return signer.key.public_key().public_numbers()


def _sentence(*parts: str) -> str:
    return ", ".join(part.strip().rstrip(".") for part in parts if part.strip())


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
