"""The two judges: of a request to the token service, and of one to the registry."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from lxml import etree

from conformance.model import Judgement
from conformance.protocol import markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.security.causes import by_cause
from conformance.protocol.security.header import (
    judge_certificate,
    judge_layout,
    judge_timestamp,
    only_header,
    only_issued_token,
    only_signature,
)
from conformance.protocol.security.keys import (
    judge_direct_reference,
    judge_hmac,
    judge_key_identifier,
    judge_rsa,
)
from conformance.protocol.security.records import (
    ENDORSING,
    S007_V13,
    SKEW,
    AlgorithmSuite,
    EndorserFacts,
    SignerFacts,
)
from conformance.protocol.security.rules import REMARKS, RULES
from conformance.protocol.security.signature import Signature, judge_algorithms, judge_coverage
from conformance.protocol.soap import Envelope, must_be_understood


def judge_signed(
    envelope: Envelope,
    *,
    now: datetime,
    suite: AlgorithmSuite = S007_V13,
    skew: timedelta = SKEW,
    credential: bytes | None = None,
    suspects: Mapping[str, RSAPublicKey] = {},
) -> tuple[Judgement, SignerFacts]:
    """Judge the security of a request to the token service.

    Args:
        envelope: the request.
        now: the judge's clock; UTC.
        suite: the endpoint's algorithms.
        skew: how far the sender's clock may be off.
        credential: DER of the certificate that the sender was given, if the judge knows it.
        suspects: keys that may have signed instead, by the sentence that would explain it.
    """
    notes = Notes(RULES, REMARKS)
    security = only_header(notes, envelope)
    if security is None:
        return notes.judgement(), SignerFacts()
    if not any(must_be_understood(header) for header in _addressed(envelope)):
        notes.remark("security.others_unmarked", where="s:Envelope/s:Header")
    timestamp, created, expires = judge_timestamp(notes, security, now, skew)
    token, certificate = judge_certificate(notes, security, now, credential)
    signature = only_signature(notes, envelope, security)
    judge_layout(notes, security, (timestamp, token, signature))
    if signature is None:
        return notes.judgement(), SignerFacts(certificate=certificate, created=created, expires=expires)
    signed = Signature(envelope, signature)
    judge_algorithms(notes, signed, (suite.signature,), {suite.signature: suite.digest}, suite.name)
    verified = judge_rsa(notes, signed, certificate, suspects)
    _remark_on_white_space(notes, signed, verified)
    signed.judge_references(notes, intact=verified)
    headers = {header for header in markup.children(envelope.header) if header.tag == names.tag("a:To")}
    covered = judge_coverage(notes, signed, timestamp, {"to": headers})
    judge_direct_reference(notes, signed, security, token)
    return by_cause(notes.judgement()), SignerFacts(
        certificate=certificate,
        created=created,
        expires=expires,
        signature_algorithm=signed.method,
        references=signed.references,
        signed_info=signed.canonical,
        signed_instead=signed.hashed,
        verified=verified and covered and signed.sound,
    )


def judge_endorsed(
    envelope: Envelope,
    *,
    proof_key: bytes | None,
    assertion_id: str,
    now: datetime,
    skew: timedelta = SKEW,
    token_type: str = names.SAML_2_TOKEN,
    suspects: Mapping[str, bytes] = {},
) -> tuple[Judgement, EndorserFacts]:
    """Judge the security of a request to the registry; the token itself is `token.open_token`'s business.

    Args:
        envelope: the request.
        proof_key: the key inside the token; None when the token could not be opened, and then neither
            signature nor reference is examined.
        assertion_id: the id of the assertion inside the token; empty when it could not be opened.
        now: the judge's clock; UTC.
        skew: how far the sender's clock may be off.
        token_type: the type as which the token was issued.
        suspects: keys that may have been used instead, by the sentence that would explain it.
    """
    notes = Notes(RULES, REMARKS)
    security = only_header(notes, envelope)
    if security is None:
        return notes.judgement(), EndorserFacts()
    timestamp, created, expires = judge_timestamp(notes, security, now, skew)
    token = only_issued_token(notes, security)
    wrapped = token is not None and token.tag == names.tag("saml2:EncryptedAssertion")
    signature = only_signature(notes, envelope, security)
    judge_layout(notes, security, (timestamp, token, signature))
    if signature is None:
        return notes.judgement(), EndorserFacts(created=created, expires=expires, wrapped=wrapped)
    signed = Signature(envelope, signature)
    digests = {names.HMAC_SHA1: names.SHA1, names.HMAC_SHA256: names.SHA256}
    judge_algorithms(notes, signed, ENDORSING, digests, "the registry")
    if signed.method == names.HMAC_SHA256:
        notes.remark("security.endorsed_sha256", where=signed.where("ds:SignedInfo", "ds:SignatureMethod"))
    verified = proof_key is not None and judge_hmac(notes, signed, proof_key, suspects)
    _remark_on_white_space(notes, signed, verified)
    signed.judge_references(notes, intact=verified)
    covered = judge_coverage(notes, signed, timestamp, {})
    reference = judge_key_identifier(notes, signed, assertion_id, token_type)
    return by_cause(notes.judgement()), EndorserFacts(
        created=created,
        expires=expires,
        signature_algorithm=signed.method,
        references=signed.references,
        signed_info=signed.canonical,
        signed_instead=signed.hashed,
        wrapped=wrapped,
        token_reference=reference,
        verified=verified and covered and signed.sound,
    )


def _addressed(envelope: Envelope) -> list[etree._Element]:
    return [header for name in ("a:To", "a:Action") for header in markup.children(envelope.header, name)]


def _remark_on_white_space(notes: Notes, signed: Signature, verified: bool) -> None:
    """Remark on white space that was signed; in a message that does not verify it may be the mistake."""
    if verified and signed.indented:
        notes.remark("security.signed_info_indented", where=signed.where("ds:SignedInfo"))
