"""The revocation list of the sub CA (RFC 5280, section 5)."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.simulators.authority.parts import identifier_of

LIFE: Final = timedelta(days=7)
"""Time from one list to the next."""


def revocation_list(
    issuer: x509.Certificate, key: RSAPrivateKey, revoked: Mapping[int, datetime], moment: datetime
) -> bytes:
    """Return a full list in DER, signed with SHA-256; the same arguments give the same bytes.

    Args:
        issuer: the CA whose certificates are on it.
        key: that CA's key.
        revoked: when each certificate was revoked, aware, by serial number; in any order.
        moment: when the list is made, aware, fractions of a second dropped; its number follows from it, so
            that a later list has a greater one.
    """
    made = moment.astimezone(UTC).replace(microsecond=0)
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.subject)
        .last_update(made)
        .next_update(made + LIFE)
        .add_extension(identifier_of(issuer), critical=False)
        .add_extension(x509.CRLNumber(int(made.timestamp())), critical=False)
    )
    for serial_number in sorted(revoked):
        entry = x509.RevokedCertificateBuilder().serial_number(serial_number)
        when = revoked[serial_number].astimezone(UTC).replace(microsecond=0)
        builder = builder.add_revoked_certificate(entry.revocation_date(when).build())
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)
