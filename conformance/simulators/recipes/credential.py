"""Deviations of a credential: its dates, its holder, its certificates, its key."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol.certificates import read_bundle
from conformance.protocol.keystore import Credential, encrypt_private_key
from conformance.simulators.authority import published_key
from conformance.simulators.recipes.steps import DAY, FUTURE, HOUR, PAST, Deviation, Making, changed
from conformance.simulators.stores import certified, private_key_info


def _other_key(entry: Credential, making: Making) -> Credential:
    """Put the private key of another credential into the entry."""
    salt = entry.salt or b""
    return replace(
        entry,
        protected_private_key=encrypt_private_key(
            private_key_info(published_key("machine-3")), making.password, salt
        ),
    )


def _other_certificate(entry: Credential, making: Making) -> Credential:
    """Put a certificate of the same subject but another key into the entry, and all that follows from it."""
    other = making.authority.machine_credential(
        abn=making.issued.abn, name=making.issued.name, key="machine-3", profile=making.writer.profile
    )
    return replace(entry, **certified(other.chain, making.writer, other.signer))


def _other_bundle(entry: Credential, making: Making) -> Credential:
    """As `_other_certificate`, but serial number, fingerprint and dates stay."""
    return replace(entry, public_certificate=_other_certificate(entry, making).public_certificate)


def _forged_leaf(entry: Credential, making: Making) -> Credential:
    """Change one bit of the issuer's signature on the leaf; everything that names the leaf follows."""
    leaf, *issuers = read_bundle(entry.public_certificate)
    encoded = bytearray(leaf.public_bytes(Encoding.DER))
    encoded[-1] ^= 1
    forged = x509.load_der_x509_certificate(bytes(encoded))
    return replace(entry, **certified((forged, *issuers), making.writer, making.issued.signer))


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # The certificate's dates.
    "expired": Deviation(issue={"not_before": -732 * DAY, "not_after": -2 * DAY}),
    "expired-labelled-valid": Deviation(
        issue={"not_before": -732 * DAY, "not_after": -2 * DAY}, enter=changed(not_after=FUTURE)
    ),
    "not-yet-valid": Deviation(issue={"not_before": HOUR}),
    "ends-now": Deviation(issue={"not_before": -600 * DAY, "not_after": 0}),
    "ended-a-second-ago": Deviation(issue={"not_before": -600 * DAY, "not_after": -1}),
    "begins-now": Deviation(issue={"not_before": 0}),
    "begins-in-a-second": Deviation(issue={"not_before": 1}),
    # The dates in the XML.
    "ends-in-five-hours": Deviation(issue={"not_before": -600 * DAY, "not_after": 5 * HOUR}),
    "labelled-expired": Deviation(enter=changed(not_after=PAST)),
    "labelled-for-ever": Deviation(enter=changed(not_after=FUTURE)),
    # Who the credential is.
    "wrong-abn-digits": Deviation(issue={"abn": "11000002569"}),
    # Changes that the integrity value shows.
    "leaf-forged": Deviation(tamper=_forged_leaf),
    "bundle-exchanged": Deviation(tamper=_other_bundle),
    "certificate-exchanged": Deviation(tamper=_other_certificate),
    # Changes that it does not show, because it was computed anew.
    "key-of-another": Deviation(enter=_other_key),
    "certificate-of-another-key": Deviation(enter=_other_certificate),
}
