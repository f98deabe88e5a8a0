"""Judging a request for renewal, as the service does: everything is looked at, and nothing raises."""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509.oid import NameOID
from lxml import etree

from conformance.model import Judgement
from conformance.protocol import der, markup
from conformance.protocol.certificates import (
    CertificateError,
    Validity,
    chain_of,
    leaf_facts,
    read_certificate,
    validity,
)
from conformance.protocol.judging import Notes
from conformance.protocol.renewal.records import (
    ABN_EXTENSION,
    LEAST_RSA_BITS,
    MAX_BYTES,
    NAMESPACE,
    STRONG_DIGESTS,
    RequestFacts,
)
from conformance.protocol.renewal.rules import REMARKS, RULES

SKEW: Final = timedelta(minutes=5)
"""How far the signing time may be from now before it is remarked on."""

_IA5_STRING: Final = 0x16
_MAX_CERTIFICATES: Final = 32
_HASHES: Final[dict[str, Callable[[], hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
_PKCS1: Final = {
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
}
"""Signature algorithms of RFC 8017, appendix A.2.4, and the digest of each."""
_UNREADABLE: Final = (
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    RecursionError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
)
"""What the ASN.1 libraries raise over what they cannot make sense of."""


def judge_request(
    data: bytes, *, now: datetime, authorities: Sequence[x509.Certificate]
) -> tuple[Judgement, RequestFacts]:
    """Judge a request for renewal.

    Args:
        data: the body of the HTTP request, whatever it is.
        now: the judge's clock, aware.
        authorities: those whose certificates are renewed: the issuer of the old one must be among them.

    Returns:
        The judgement, and what could be read.
    """
    notes = Notes(RULES, REMARKS)
    request = _request(notes, data)
    if request is None:
        return notes.judgement(), RequestFacts()
    alias, kind = request.get("id", ""), request.get("credentialType", "")
    notes.hold("renewal.credential_type", kind == "D", expected="D", actual=kind[:40])
    envelope = _Envelope.read(markup.binary(_child(request, "cmsB64")) or b"")
    if not notes.hold(
        "renewal.not_signed",
        envelope is not None,
        expected="SignedData with a content and one signer, in base64",
        where="requests/request/cmsB64",
    ):
        return notes.judgement(), RequestFacts(alias=alias, credential_type=kind)
    assert envelope is not None  # noqa: S101 - for the type checker
    _judge_signature(notes, envelope, now)
    old = envelope.leaf
    if old is not None:
        _judge_signer(notes, old, envelope.certificates, authorities, alias, now)
    request_for = _loaded(envelope.content)
    key = None if request_for is None else _key(request_for)
    if notes.hold("renewal.not_a_csr", request_for is not None, where="content of the SignedData"):
        assert request_for is not None  # noqa: S101 - for the type checker
        _judge_certification_request(notes, request_for, key, old)
    return notes.judgement(), RequestFacts(
        alias=alias,
        credential_type=kind,
        signer=old,
        chain=envelope.certificates,
        request=request_for,
        public_key=key,
    )


# --- the XML ----------------------------------------------------------------------------------------


def _request(notes: Notes, data: bytes) -> etree._Element | None:
    """Return the one `request`, in whatever namespace it stands."""
    try:
        root = markup.parse(data, limit=MAX_BYTES)
    except markup.MarkupError as error:
        notes.hold("renewal.not_a_request", False, actual=error.found or error.message)
        return None
    expected = f"{{{NAMESPACE}}}requests"
    requests = [child for child in markup.children(root) if markup.local_name(child) == "request"]
    if not notes.hold(
        "renewal.not_a_request",
        root.tag == expected and len(requests) == 1,
        expected=f"{expected} with one request",
        actual=f"{str(root.tag)[:200]} with {len(requests)}",
    ):
        return None
    inside = [element for element in root.iter(etree.Element) if element is not root]
    qualified = [str(element.tag) for element in inside if str(element.tag).startswith("{")]
    notes.hold("renewal.qualified", not qualified, expected="no namespace", actual=", ".join(qualified)[:200])
    for element in inside:
        if markup.local_name(element) not in ("request", "cmsB64"):
            notes.remark("renewal.element_unknown", actual=str(element.tag)[:200])
    return requests[0]


def _child(parent: etree._Element, name: str) -> etree._Element | None:
    return next((child for child in markup.children(parent) if markup.local_name(child) == name), None)


# --- the signature ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Envelope:
    """SignedData with one signer, taken apart."""

    content: bytes
    certificates: tuple[x509.Certificate, ...]
    leaf: x509.Certificate | None
    """The certificate that the signer names, if it came along."""
    digest: str
    scheme: str
    """`rsassa_pkcs1v15`, `rsassa_pss` or something that is not supported."""
    signature: bytes
    signed: tuple[bytes, ...]
    """The bytes under the signature, in every encoding that is taken for right."""
    kinds: tuple[str, ...]
    """Names of the signed attributes."""
    message_digest: bytes
    signing_time: datetime | None

    @classmethod
    def read(cls, data: bytes) -> "_Envelope | None":
        """Return SignedData taken apart; None when it is something else."""
        try:
            info = cms.ContentInfo.load(data, strict=True)
            if info["content_type"].native != "signed_data":
                return None
            return cls._taken_apart(info["content"])
        except _UNREADABLE:
            return None

    @classmethod
    def _taken_apart(cls, signed_data: Any) -> "_Envelope | None":  # noqa: ANN401 - asn1crypto has no types
        content = signed_data["encap_content_info"]["content"].native
        signers = list(signed_data["signer_infos"])
        if not isinstance(content, bytes) or len(signers) != 1:
            return None
        signer = signers[0]
        certificates = _certificates(signed_data)
        attributes = {str(each["type"].native): list(each["values"]) for each in signer["signed_attrs"]}
        signed: tuple[bytes, ...] = (content,)
        if attributes:
            # Signed as a SET OF in DER (RFC 5652, 5.4); some writers sign it in the order in which it stands.
            raw = signer["signed_attrs"].untag()
            standing = raw.dump()
            signed = (standing, der.element(der.SET, *sorted(each.dump() for each in raw)))
        digests = attributes.get("message_digest") or [None]
        times = attributes.get("signing_time") or [None]
        return cls(
            content=content,
            certificates=certificates,
            leaf=_named(signer["sid"], certificates),
            digest=str(signer["digest_algorithm"]["algorithm"].native),
            scheme=str(signer["signature_algorithm"].signature_algo),
            signature=bytes(signer["signature"].native),
            signed=signed,
            kinds=tuple(attributes),
            message_digest=b"" if digests[0] is None else bytes(digests[0].native),
            signing_time=None if times[0] is None else times[0].native,
        )

    def verifies(self, key: RSAPublicKey) -> bool:
        """Tell whether the signature is this key's."""
        algorithm = _HASHES.get(self.digest)
        if algorithm is None or self.scheme not in ("rsassa_pkcs1v15", "rsassa_pss"):
            return False
        used = algorithm()
        padded: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.scheme == "rsassa_pss":
            padded = padding.PSS(padding.MGF1(used), padding.PSS.AUTO)
        return any(_holds(key, self.signature, data, padded, used) for data in self.signed)


def _holds(
    key: RSAPublicKey,
    signature: bytes,
    data: bytes,
    padded: padding.AsymmetricPadding,
    used: hashes.HashAlgorithm,
) -> bool:
    try:
        key.verify(signature, data, padded, used)
    except (InvalidSignature, *_UNREADABLE):
        return False
    return True


def _certificates(signed_data: Any) -> tuple[x509.Certificate, ...]:  # noqa: ANN401 - as above
    found = []
    for choice in list(signed_data["certificates"])[:_MAX_CERTIFICATES]:
        if choice.name == "certificate":
            try:
                found.append(read_certificate(bytes(choice.chosen.dump())))
            except CertificateError:
                continue
    return tuple(found)


def _named(identifier: Any, certificates: Sequence[x509.Certificate]) -> x509.Certificate | None:  # noqa: ANN401
    """Return the certificate that a signer's identifier means."""
    if identifier.name != "issuer_and_serial_number":
        wanted = bytes(identifier.chosen.native)
        return next((each for each in certificates if _key_identifier(each) == wanted), None)
    issuer = identifier.chosen["issuer"].dump()
    number = identifier.chosen["serial_number"].native
    return next(
        (
            each
            for each in certificates
            if each.serial_number == number and each.issuer.public_bytes() == issuer
        ),
        None,
    )


def _key_identifier(certificate: x509.Certificate) -> bytes:
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    except x509.ExtensionNotFound:
        return b""


def _judge_signature(notes: Notes, envelope: _Envelope, now: datetime) -> None:
    notes.hold(
        "renewal.digest",
        envelope.digest in STRONG_DIGESTS,
        expected=" or ".join(STRONG_DIGESTS),
        actual=envelope.digest,
        where="SignerInfo",
    )
    wanted = {"content_type", "signing_time", "message_digest"}
    notes.hold(
        "renewal.attributes",
        wanted <= set(envelope.kinds),
        expected=", ".join(sorted(wanted)),
        actual=", ".join(envelope.kinds) or "no signed attributes",
        where="SignerInfo",
    )
    if envelope.kinds and envelope.digest in _HASHES:
        right = hashlib.new(envelope.digest, envelope.content, usedforsecurity=False).digest()
        notes.hold(
            "renewal.message_digest",
            envelope.message_digest == right,
            expected=b64encode(right).decode(),
            actual=b64encode(envelope.message_digest).decode(),
        )
    key = None if envelope.leaf is None else envelope.leaf.public_key()
    notes.hold(
        "renewal.signature",
        isinstance(key, RSAPublicKey) and envelope.verifies(key),
        actual="the signer's certificate did not come along" if key is None else "",
        hint="the old key signs the envelope, and the new one only the request for certification inside",
    )
    signing_time = envelope.signing_time
    if isinstance(signing_time, datetime) and abs(signing_time.astimezone(UTC) - now) > SKEW:
        notes.remark("renewal.signing_time", actual=signing_time.isoformat())


def _judge_signer(
    notes: Notes,
    old: x509.Certificate,
    certificates: Sequence[x509.Certificate],
    authorities: Sequence[x509.Certificate],
    alias: str,
    now: datetime,
) -> None:
    facts = leaf_facts(old)
    expected = f"ABRD:{facts.abn}_{facts.name}"
    notes.hold("renewal.id", alias == expected, expected=expected, actual=alias[:200])
    try:
        chain = chain_of(old, certificates)
    except CertificateError:
        chain = (old,)
    whole = chain[-1].issuer == chain[-1].subject
    notes.hold(
        "renewal.chain",
        whole,
        expected="every certificate up to the root",
        actual=", ".join(each.subject.rfc4514_string() for each in certificates),
    )
    notes.hold(
        "renewal.signer_unknown",
        any(_issued(authority, old) for authority in authorities),
        actual=old.issuer.rfc4514_string(),
    )
    match = validity(old, now)
    notes.hold("renewal.signer_expired", match is Validity.CURRENT, expected="current", actual=match.value)


def _issued(authority: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


# --- the request for certification ------------------------------------------------------------------


def _loaded(content: bytes) -> x509.CertificateSigningRequest | None:
    try:
        request = x509.load_der_x509_csr(content)
        # These are decoded only when asked for.
        _ = request.subject, request.public_key()
    except _UNREADABLE:
        return None
    return request


def _key(request: x509.CertificateSigningRequest) -> RSAPublicKey | None:
    key = request.public_key()
    return key if isinstance(key, RSAPublicKey) else None


def _judge_certification_request(
    notes: Notes,
    request: x509.CertificateSigningRequest,
    key: RSAPublicKey | None,
    old: x509.Certificate | None,
) -> None:
    where = "the request for certification"
    notes.hold("renewal.proof", _is_signed(request), where=where)
    digest = _digest(request)
    notes.hold(
        "renewal.csr_digest",
        digest in STRONG_DIGESTS,
        expected=" or ".join(STRONG_DIGESTS),
        actual=digest or "none that is known",
        where=where,
    )
    notes.hold(
        "renewal.key_size",
        key is not None and key.key_size >= LEAST_RSA_BITS,
        expected=f"RSA, {LEAST_RSA_BITS} bits or more",
        actual=f"RSA, {key.key_size} bits" if key else type(request.public_key()).__name__,
        where=where,
    )
    if old is None:
        return
    facts = leaf_facts(old)
    notes.hold("renewal.key_reused", key != old.public_key(), where=where)
    wanted = {
        NameOID.COMMON_NAME: facts.name,
        NameOID.ORGANIZATION_NAME: facts.abn,
        NameOID.COUNTRY_NAME: "AU",
    }
    asked = {attribute.oid: attribute.value for attribute in request.subject}
    notes.hold(
        "renewal.subject",
        asked == wanted and len(list(request.subject)) == len(wanted),
        expected=f"CN={facts.name}, O={facts.abn}, C=AU, and nothing else",
        actual=request.subject.rfc4514_string()[:200],
        where=where,
    )
    abn = _asked_abn(request)
    notes.hold(
        "renewal.abn",
        abn == der.element(_IA5_STRING, facts.abn.encode()),
        expected=f"IA5String {facts.abn}",
        actual=abn.hex()[:80] or "no such extension",
        where=where,
    )


def _is_signed(request: x509.CertificateSigningRequest) -> bool:
    """Tell whether the request is signed with its own key, by whatever digest: that one is judged apart."""
    algorithm = _HASHES.get(_digest(request))
    try:
        key = request.public_key()
        if isinstance(key, RSAPublicKey) and algorithm is not None and _is_pkcs1(request):
            # The library's own verdict leaves out the digests that it has given up.
            signed, signature = request.tbs_certrequest_bytes, request.signature
            return _holds(key, signature, signed, padding.PKCS1v15(), algorithm())
        return request.is_signature_valid
    except _UNREADABLE:
        return False


def _is_pkcs1(request: x509.CertificateSigningRequest) -> bool:
    return request.signature_algorithm_oid.dotted_string in _PKCS1


def _digest(request: x509.CertificateSigningRequest) -> str:
    if _is_pkcs1(request):
        return _PKCS1[request.signature_algorithm_oid.dotted_string]
    try:
        algorithm = request.signature_hash_algorithm
    except _UNREADABLE:
        return ""
    return algorithm.name if algorithm else ""


def _asked_abn(request: x509.CertificateSigningRequest) -> bytes:
    """Return the value of the extension with the ABN, DER; empty when there is none."""
    try:
        extensions = request.extensions
        value = extensions.get_extension_for_oid(x509.ObjectIdentifier(ABN_EXTENSION)).value
    except _UNREADABLE:
        return b""
    return value.value if isinstance(value, x509.UnrecognizedExtension) else b""
