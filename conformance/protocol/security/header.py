"""Judging what a Security header holds besides its Signature: Timestamp, certificate, issued token, order."""

import contextlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from conformance.protocol import certificates, instants, markup, names
from conformance.protocol.judging import Notes
from conformance.protocol.security.records import MAX_TIMESTAMP_LIFE, TIMESTAMP_LIFE
from conformance.protocol.security.references import ISSUED, SECURITY
from conformance.protocol.soap import Envelope

_PLAIN: Final = (names.tag("saml2:Assertion"), names.tag("saml:Assertion"))


def only_header(notes: Notes, envelope: Envelope) -> etree._Element | None:
    """Return the Security header, the first of several; None when there is none."""
    headers = markup.children(envelope.header, "o:Security")
    elsewhere = next(envelope.root.iter(names.tag("o:Security")), None) if not headers else None
    if not notes.hold(
        "security.header_missing",
        bool(headers),
        "there is no Security header",
        expected=f"Security in {names.SECURITY}",
        actual=lambda: markup.where(elsewhere),
        where="s:Envelope/s:Header",
        hint="it lies where nobody looks for it" if elsewhere is not None else "",
    ):
        return None
    notes.hold(
        "security.header_repeated",
        len(headers) == 1,
        expected="1 Security header",
        actual=f"{len(headers)} Security headers",
        where="s:Envelope/s:Header",
    )
    marked = headers[0].get(names.tag("s:mustUnderstand"), "")
    notes.hold(
        "security.must_understand",
        marked in ("1", "true"),
        "the Security header is not marked mustUnderstand",
        expected='mustUnderstand="1"',
        actual=f'mustUnderstand="{marked}"' if marked else "no such attribute",
        where=SECURITY,
    )
    return headers[0]


def judge_timestamp(
    notes: Notes, security: etree._Element, now: datetime, skew: timedelta
) -> tuple[etree._Element | None, datetime | None, datetime | None]:
    """Return the Timestamp with Created and Expires, as far as they are there and can be read."""
    place = f"{SECURITY}/u:Timestamp"
    found = markup.children(security, "u:Timestamp")
    timestamp = found[0] if found else None
    parts = [markup.child(timestamp, f"u:{name}") for name in ("Created", "Expires")]
    if not notes.hold(
        "security.timestamp_missing",
        None not in parts,
        "the Timestamp lacks Created or Expires" if found else "there is no Timestamp",
        expected="Timestamp with Created and Expires",
        where=place,
    ):
        return timestamp, None, None
    notes.hold(
        "security.timestamp_repeated",
        len(found) == 1,
        expected="1 Timestamp",
        actual=f"{len(found)} Timestamps",
        where=place,
    )
    moments = []
    wrong = []
    for part in parts:
        try:
            moments.append(instants.read(markup.text(part)))
        except instants.InstantError as error:
            wrong.append(str(error))
    if not notes.hold(
        "security.timestamp_form",
        not wrong,
        "; ".join(wrong),
        expected="2026-11-21T10:42:00.000Z",
        where=place,
        hint="write the moment in UTC, with Z",
    ):
        return timestamp, None, None
    created, expires = moments
    _judge_moments(notes, created, expires, now, skew, place)
    return timestamp, created, expires


def _judge_moments(
    notes: Notes, created: datetime, expires: datetime, now: datetime, skew: timedelta, place: str
) -> None:
    off = created - now
    notes.hold(
        "security.timestamp_window",
        abs(off) <= skew and expires > now - skew,
        lambda: _window_breach(off) if abs(off) > skew else "Expires has passed already",
        expected=lambda: f"Created within {skew.total_seconds():.0f} s of {instants.write(now)}",
        actual=lambda: f"Created {instants.write(created)}, Expires {instants.write(expires)}",
        where=place,
        hint=lambda: _window_cause(off),
    )
    span = expires - created
    within = notes.hold(
        "security.timestamp_span",
        timedelta() < span <= MAX_TIMESTAMP_LIFE,
        lambda: f"the Timestamp is {span.total_seconds():.0f} s long",
        expected="more than 0 s and at most 600 s; 300 s is usual",
        actual=lambda: f"{span.total_seconds():.0f} s",
        where=place,
        hint="the life of the Timestamp is not that of the token" if span > MAX_TIMESTAMP_LIFE else "",
    )
    if within and abs(span - TIMESTAMP_LIFE) > timedelta(seconds=10):
        notes.remark("security.timestamp_unusual", actual=f"{span.total_seconds():.0f} s", where=place)


def _window_breach(off: timedelta) -> str:
    direction = "in the future" if off > timedelta() else "in the past"
    return f"Created is {abs(off).total_seconds():.0f} s {direction}"


def _window_cause(off: timedelta) -> str:
    hours = off.total_seconds() / 3600
    if abs(hours) >= 0.75 and abs(hours * 2 - round(hours * 2)) < 0.1:
        return f"it is off by {hours:+.1f} h, as when local time is written with Z"
    return "the clock is off, or the Timestamp was made long before the message was sent"


def judge_certificate(
    notes: Notes, security: etree._Element, now: datetime, credential: bytes | None
) -> tuple[etree._Element | None, x509.Certificate | None]:
    """Return the BinarySecurityToken and the certificate in it, as far as it can be read."""
    found = markup.children(security, "o:BinarySecurityToken")
    place = f"{SECURITY}/o:BinarySecurityToken"
    if not notes.hold(
        "security.token_missing",
        bool(found),
        "there is no BinarySecurityToken",
        expected="BinarySecurityToken with the credential's certificate",
        where=place,
    ):
        return None, None
    token = found[0]
    notes.hold(
        "security.token_repeated",
        len(found) == 1,
        expected="1 BinarySecurityToken",
        actual=f"{len(found)} BinarySecurityTokens",
        where=place,
    )
    encoding, kind = token.get("EncodingType", ""), token.get("ValueType", "")
    # Without EncodingType, base64 is the default (WS-Security 1.0, section 6.3).
    notes.hold(
        "security.token_type",
        encoding in ("", names.BASE64) and kind == names.X509_V3,
        expected=f"EncodingType {names.BASE64}, ValueType {names.X509_V3}",
        actual=f"EncodingType {encoding or 'missing'}, ValueType {kind or 'missing'}",
        where=place,
    )
    certificate = _read_certificate(notes, markup.text(token), place)
    if certificate is not None:
        _judge_leaf(notes, certificate, now, credential, place)
    return token, certificate


def _read_certificate(notes: Notes, text: str, place: str) -> x509.Certificate | None:
    armoured = "-----BEGIN" in text
    data = markup.decode(
        text.replace("-----BEGIN CERTIFICATE-----", "").replace("-----END CERTIFICATE-----", "")
    )
    bundle: tuple[x509.Certificate, ...] = ()
    single, why = True, ""
    try:
        bundle = (certificates.read_certificate(data or b""),)
    except certificates.CertificateError as error:
        single, why = False, error.found or error.message
        with contextlib.suppress(certificates.CertificateError):
            bundle = certificates.read_bundle(data or b"")
    if not notes.hold(
        "security.token_unreadable",
        bool(bundle),
        "the BinarySecurityToken is not base64" if data is None else "the token is not a certificate",
        expected="base64 of one DER certificate",
        actual=why,
        where=place,
    ):
        return None
    notes.hold(
        "security.token_chain",
        single and not armoured,
        "the BinarySecurityToken holds more than the certificate's DER",
        expected="the DER of the credential's certificate and nothing else",
        actual="lines of PEM" if armoured else f"a PKCS#7 bundle of {len(bundle)} certificates",
        where=place,
        hint="leave out the BEGIN and END lines"
        if armoured
        else "take the first certificate out of the store's bundle",
    )
    return bundle[0]


def _judge_leaf(
    notes: Notes, certificate: x509.Certificate, now: datetime, credential: bytes | None, place: str
) -> None:
    facts = certificates.leaf_facts(certificate)
    notes.hold(
        "security.certificate_authority",
        not facts.is_authority,
        expected="the certificate of the credential",
        actual=lambda: certificates.subject_of(certificate),
        where=place,
        hint="the wrong certificate of the store's chain was taken" if facts.is_authority else "",
    )
    notes.hold(
        "security.certificate_dates",
        certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc,
        "the certificate is not valid now",
        expected=lambda: f"valid at {instants.write(now)}",
        actual=lambda: (
            f"valid from {instants.write(certificate.not_valid_before_utc)} "
            f"to {instants.write(certificate.not_valid_after_utc)}"
        ),
        where=place,
    )
    if credential is not None:
        notes.hold(
            "security.certificate_other",
            certificate.public_bytes(Encoding.DER) == credential,
            actual=lambda: certificates.subject_of(certificate),
            where=place,
        )


def only_issued_token(notes: Notes, security: etree._Element) -> etree._Element | None:
    """Return the issued token, the first of several; None when there is none."""
    found = [part for part in markup.children(security) if part.tag in ISSUED]
    place = f"{SECURITY}/xenc:EncryptedData"
    if not notes.hold(
        "security.issued_token_missing",
        bool(found),
        "there is no encrypted token",
        expected="the issued EncryptedData as a child of Security",
        actual=lambda: "an assertion in plain text" if any(part.tag in _PLAIN for part in security) else "",
        where=place,
    ):
        return None
    notes.hold(
        "security.issued_token_repeated",
        len(found) == 1,
        expected="1 token",
        actual=f"{len(found)} tokens",
        where=place,
    )
    if found[0].tag == names.tag("saml2:EncryptedAssertion"):
        notes.remark("security.token_wrapped", where=found[0])
    return found[0]


def only_signature(notes: Notes, envelope: Envelope, security: etree._Element) -> etree._Element | None:
    """Return the Signature, the first of several; None when there is none."""
    found = markup.children(security, "ds:Signature")
    # Counted in the whole message: a second Signature elsewhere serves nobody but an attacker.
    everywhere = sum(1 for _ in envelope.root.iter(names.tag("ds:Signature")))
    place = f"{SECURITY}/ds:Signature"
    if not notes.hold(
        "security.signature_missing",
        bool(found),
        "there is no Signature" if not everywhere else "the Signature is not a child of the Security header",
        expected="Signature as a child of Security",
        where=place,
        hint="a token alone proves nothing here; the request must be signed" if not everywhere else "",
    ):
        return None
    notes.hold(
        "security.signature_repeated",
        everywhere == 1,
        expected="1 Signature",
        actual=f"{everywhere} Signatures",
        where=place,
    )
    return found[0]


def judge_layout(notes: Notes, security: etree._Element, wanted: Sequence[etree._Element | None]) -> None:
    """Judge the order of those parts that are there."""
    present = [part for part in wanted if part is not None]
    if len(present) < 2:
        return
    order = markup.children(security)
    places = [order.index(part) for part in present]
    notes.hold(
        "security.layout",
        places == sorted(places),
        expected=lambda: ", ".join(markup.local_name(part) for part in present),
        actual=lambda: ", ".join(markup.local_name(order[place]) for place in sorted(places)),
        where=SECURITY,
    )
