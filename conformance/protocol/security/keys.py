"""Judging which key a Signature refers to, and whether its value was made with it."""

import hmac
from collections.abc import Mapping
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from conformance.protocol import certificates, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.security import diagnosis
from conformance.protocol.security.algorithms import SIGNATURE_HASHES, rsa_hash, short
from conformance.protocol.security.records import ENDORSING, TokenReference
from conformance.protocol.security.references import issued_token, read_reference
from conformance.protocol.security.signature import Signature, difference, octets, places, shown

_KINDS: Final = tuple(map(names.tag, ("o:Reference", "o:KeyIdentifier", "o:Embedded")))


def judge_direct_reference(
    notes: Notes, signed: Signature, security: etree._Element, token: etree._Element | None
) -> None:
    """Judge whether the KeyInfo points at the BinarySecurityToken (X.509 token profile 1.0, 3.2.1)."""
    reference = read_reference(signed.key_info)
    identifier = "" if token is None else token.get(names.tag("u:Id"), "")
    place = signed.where("ds:KeyInfo", "o:SecurityTokenReference")
    if not _is_only(notes, signed, place):
        return
    if reference is None or reference.kind != "Reference":
        actual = "no SecurityTokenReference" if reference is None else (reference.kind or "an empty one")
        message = "the KeyInfo does not refer to the BinarySecurityToken directly"
        notes.hold("security.key_reference", False, message, expected="Reference", actual=actual, where=place)
        return
    if token is None:
        return
    notes.hold(
        "security.key_reference",
        bool(identifier) and reference.value == f"#{identifier}",
        "the KeyInfo refers to something else than the BinarySecurityToken",
        expected=f"#{identifier}" if identifier else "a wsu:Id on the BinarySecurityToken",
        actual=reference.value,
        where=place,
        hint=lambda: _pointed_at(signed, reference.value),
    )
    named = signed.by_id.get(identifier, [])
    if len(named) > 1:
        notes.hold(
            "security.reference_ambiguous",
            False,
            f"the id {identifier!r} of the BinarySecurityToken occurs {len(named)} times",
            expected="an id that occurs once",
            actual=places(named),
            where=place,
            hint="two tokens with one id are how the certificate of a signature is replaced",
        )
    if not reference.value_type:
        notes.remark("security.reference_untyped", expected=names.X509_V3, where=place)


def _is_only(notes: Notes, signed: Signature, place: str) -> bool:
    """Judge whether the KeyInfo refers to one token only; a second reference lets two readers disagree."""
    references = markup.children(markup.child(signed.element, "ds:KeyInfo"), "o:SecurityTokenReference")
    count = sum(part.tag in _KINDS for each in references for part in markup.children(each))
    if len(references) < 2 and count < 2:
        return True
    return notes.hold(
        "security.key_reference",
        False,
        "the KeyInfo refers to more than one token",
        expected="1 reference",
        actual=f"{max(count, len(references))} references",
        where=place,
    )


def _pointed_at(signed: Signature, uri: str) -> str:
    """Return what a reference that should lead to the certificate leads to, as a cause."""
    found = signed.by_id.get(uri.removeprefix("#"), [])
    if found:
        return f"it points at {markup.where(found[0])}, which is not the token that the service reads first"
    return "nothing in the message has this id; the ids of token and reference were made separately"


def judge_key_identifier(
    notes: Notes, signed: Signature, assertion_id: str, token_type: str
) -> TokenReference | None:
    """Judge whether the KeyInfo names the issued token as it was issued; return the reference."""
    reference = read_reference(signed.key_info)
    place = signed.where("ds:KeyInfo", "o:SecurityTokenReference")
    if reference is None:
        message = "the KeyInfo has no SecurityTokenReference"
        expected = "the RequestedAttachedReference of the token"
        notes.hold("security.key_reference", False, message, expected=expected, where=place)
        return None
    if not _is_only(notes, signed, place):
        return reference
    if not assertion_id:
        return reference
    if reference.kind == "Reference" and _is_issued(signed, reference.value):
        # A recorded client does this; the token is found, whether or not the real registry looks this way.
        notes.hold("security.key_reference", True)
        notes.hold("security.reference_altered", True)
        notes.remark("security.reference_direct", actual=reference.value, where=place)
        if not reference.value_type:
            notes.remark("security.reference_untyped", where=place)
        return reference
    notes.hold(
        "security.key_reference",
        reference.kind == "KeyIdentifier" and reference.value == assertion_id,
        "the KeyInfo does not refer to the token that the Security header carries",
        expected=f"KeyIdentifier {assertion_id}",
        actual=f"{reference.kind or 'nothing'} {reference.value}",
        where=place,
        hint="copy the SecurityTokenReference out of RequestedAttachedReference as it is",
    )
    kinds = (
        (names.SAML_1_ID, names.SAML_1_TOKEN)
        if token_type == names.SAML_1_TOKEN
        else (
            names.SAML_2_ID,
            token_type,
        )
    )
    notes.hold(
        "security.reference_altered",
        (reference.value_type, reference.token_type) == kinds,
        "the reference to the token is not the one that came with it",
        expected=f"ValueType {kinds[0]}, TokenType {kinds[1]}",
        actual=f"ValueType {reference.value_type or 'none'}, TokenType {reference.token_type or 'none'}",
        where=place,
    )
    return reference


def _is_issued(signed: Signature, uri: str) -> bool:
    """Return whether an address within the message leads to the issued token and to nothing else."""
    found = signed.by_id.get(uri[1:], []) if uri.startswith("#") else []
    return len(found) == 1 and found[0] is issued_token(signed.envelope)


def judge_rsa(
    notes: Notes,
    signed: Signature,
    certificate: x509.Certificate | None,
    suspects: Mapping[str, RSAPublicKey] = {},
) -> bool:
    """Judge the signature value with the key of the certificate; tell whether it verifies."""
    algorithm = rsa_hash(signed.method)
    key = certificate.public_key() if certificate is not None else None
    if key is None or (algorithm is None and signed.method):
        # Nothing to verify with; the certificate or the method has been found wrong already.
        return False
    place = signed.where("ds:SignatureValue")
    if (
        not isinstance(key, RSAPublicKey)
        or algorithm is None
        or signed.signed_info is None
        or not signed.value
    ):
        message = "the signature cannot be verified: no RSA key, no SignedInfo, or no value in base64"
        return notes.hold("security.signature_wrong", False, message, where=place)
    try:
        key.verify(signed.value, signed.canonical, padding.PKCS1v15(), algorithm)
    except InvalidSignature:
        cause = diagnosis.signature_cause(
            signed.signed_info,
            signed.value,
            algorithm=signed.method,
            prefixes=signed.prefixes,
            key=key,
            suspects=suspects,
        )
        if certificate is not None and certificates.leaf_facts(certificate).is_authority:
            cause = diagnosis.Explanation(
                "this follows from the certificate, which is an authority's and not the signer's"
            )
        return _note_wrong_signature(notes, signed, place, cause)
    return notes.hold("security.signature_wrong", True)


def judge_hmac(notes: Notes, signed: Signature, proof_key: bytes, suspects: Mapping[str, bytes]) -> bool:
    """Judge the signature value with the proof key; tell whether it verifies."""
    place = signed.where("ds:SignatureValue")
    if signed.method not in ENDORSING or signed.signed_info is None or not signed.value:
        message = "the signature cannot be verified: not an HMAC, no SignedInfo, or no value in base64"
        follows = signed.method not in ENDORSING
        return notes.hold(
            "security.signature_wrong",
            False,
            message,
            actual=short(signed.method),
            where=place,
            hint="this follows from the signature method" if follows else "",
        )
    ours = hmac.digest(proof_key, signed.canonical, SIGNATURE_HASHES[signed.method])
    if hmac.compare_digest(ours, signed.value):
        return notes.hold("security.signature_wrong", True)
    cause = diagnosis.authentication_cause(
        signed.signed_info,
        signed.value,
        algorithm=signed.method,
        prefixes=signed.prefixes,
        key=proof_key,
        suspects=suspects,
    )
    return _note_wrong_signature(notes, signed, place, cause)


def _note_wrong_signature(
    notes: Notes, signed: Signature, place: str, explanation: diagnosis.Explanation
) -> bool:
    signed.hashed = explanation.hashed
    return notes.hold(
        "security.signature_wrong",
        False,
        "the signature does not verify",
        expected=f"a signature over these {len(signed.canonical)} bytes: {shown(signed.canonical)}",
        actual=f"{len(signed.value or b'')} bytes that do not fit"
        + difference(signed.canonical, explanation.hashed, "a signature"),
        where=place,
        hint=explanation.cause,
        octets=lambda: octets(signed.canonical),
    )
