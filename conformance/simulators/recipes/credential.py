"""Deviations of a credential: its dates, its holder, its certificates, its key."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol.certificates import BundleForm, read_bundle, write_bundle
from conformance.protocol.keystore import Credential, encrypt_private_key
from conformance.simulators.authority import (
    MACHINE,
    NO_EXTENDED_KEY_USAGE,
    NO_KEY_USAGE,
    NO_SIGNING,
    OFFLINE_ISSUED,
    PERSONAL,
    PERSONAL_POLICY,
    SELF_SIGNED,
    SIGNED_WITH_MD5,
    SIGNED_WITH_SHA1,
    LeafProfile,
    published_key,
)
from conformance.simulators.authority.profiles import PERSON
from conformance.simulators.recipes.holders import MACHINE_2
from conformance.simulators.recipes.steps import DAY, FUTURE, HOUR, PAST, Deviation, Making, changed
from conformance.simulators.stores import certified, private_key_info

Chain = tuple[x509.Certificate, ...]


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


def _bundled(choose: Callable[[Chain, Making], Chain], form: BundleForm | None = None) -> Deviation:
    """Return the deviation that the bundle holds other certificates, or in another order.

    Args:
        choose: takes the chain, leaf first, and returns what the bundle is to hold.
        form: of the bundle, instead of the writer's own.
    """

    def enter(entry: Credential, making: Making) -> Credential:
        writer = making.writer
        bundle = write_bundle(
            choose(making.issued.chain, making),
            form=form or writer.form,
            digest_algorithms=writer.digest_algorithms,
            signer=making.issued.signer if writer.signed else None,
        )
        return replace(entry, public_certificate=bundle)

    return Deviation(enter=enter)


def _chain_of_another(_: Chain, making: Making) -> Chain:
    """Return the chain of somebody else's credential."""
    return making.authority.machine_credential(abn=MACHINE_2.abn, name=MACHINE_2.name, key="machine-2").chain


def _under_a_namesake(entry: Credential, making: Making) -> Credential:
    """Have another authority of the same name issue the leaf, and keep the issuers in the bundle."""
    issued = making.issued
    leaf = making.authority.machine_credential(abn=issued.abn, name=issued.name, trusted=False).certificate
    return replace(entry, **certified((leaf, *issued.chain[1:]), making.writer, issued.signer))


def _own_issuer(entry: Credential, making: Making) -> Credential:
    """Put a self-signed leaf before the issuers of the real one."""
    issued = making.issued
    leaf = making.authority.machine_credential(
        abn=issued.abn, name=issued.name, profile=SELF_SIGNED
    ).certificate
    return replace(entry, **certified((leaf, *issued.chain[1:]), making.writer, issued.signer))


def _forged_issuer(entry: Credential, making: Making) -> Credential:
    """Change one bit of the root's signature on the sub CA."""
    leaf, sub, root = making.issued.chain
    return replace(entry, **certified((leaf, _forged(sub), root), making.writer, making.issued.signer))


def _forged(certificate: x509.Certificate) -> x509.Certificate:
    encoded = bytearray(certificate.public_bytes(Encoding.DER))
    encoded[-1] ^= 1
    return x509.load_der_x509_certificate(bytes(encoded))


def _issued_as(profile: LeafProfile) -> Deviation:
    return Deviation(issue={"profile": profile})


def _forged_leaf(entry: Credential, making: Making) -> Credential:
    """Change one bit of the issuer's signature on the leaf; everything that names the leaf follows."""
    leaf, *issuers = read_bundle(entry.public_certificate)
    return replace(entry, **certified((_forged(leaf), *issuers), making.writer, making.issued.signer))


DEVIATIONS: Final[Mapping[str, Deviation]] = {
    # The certificate's dates.
    "expired": Deviation(issue={"not_before": -732 * DAY, "not_after": -2 * DAY}),
    "expired-labelled-valid": Deviation(
        issue={"not_before": -732 * DAY, "not_after": -2 * DAY}, enter=changed(not_after=FUTURE)
    ),
    "not-yet-valid": Deviation(issue={"not_before": HOUR}),
    "ends-now": Deviation(issue={"not_before": -600 * DAY, "not_after": 0}),
    "ended-a-second-ago": Deviation(issue={"not_before": -600 * DAY, "not_after": -1}),
    "ends-in-ten-hours": Deviation(issue={"not_before": -600 * DAY, "not_after": 10 * HOUR}),
    "ended-an-hour-ago": Deviation(issue={"not_before": -600 * DAY, "not_after": -HOUR}),
    "begins-now": Deviation(issue={"not_before": 0}),
    "begins-in-a-second": Deviation(issue={"not_before": 1}),
    # The dates in the XML.
    "ends-in-five-hours": Deviation(issue={"not_before": -600 * DAY, "not_after": 5 * HOUR}),
    "labelled-expired": Deviation(enter=changed(not_after=PAST)),
    "labelled-for-ever": Deviation(enter=changed(not_after=FUTURE)),
    # What the bundle holds.
    "root-first": _bundled(lambda chain, _: chain[::-1]),
    "leaf-between": _bundled(lambda chain, _: (chain[1], chain[0], chain[2])),
    "leaf-alone": _bundled(lambda chain, _: chain[:1]),
    "leaf-bare": _bundled(lambda chain, _: chain, BundleForm.BARE),
    "leaf-missing": _bundled(lambda chain, _: chain[1:]),
    "certificates-missing": _bundled(lambda chain, _: ()),
    "bundle-of-another": _bundled(_chain_of_another),
    # Who issued the leaf.
    "leaf-forged-and-sealed": Deviation(enter=_forged_leaf),
    "issuer-forged": Deviation(enter=_forged_issuer),
    "issued-by-a-namesake": Deviation(enter=_under_a_namesake),
    "self-signed": _issued_as(SELF_SIGNED),
    "self-signed-among-issuers": Deviation(enter=_own_issuer),
    "issued-offline": _issued_as(OFFLINE_ISSUED),
    "issued-by-another-authority": Deviation(issue={"trusted": False}),
    # What the leaf is for, and how strong it is.
    "personal": _issued_as(PERSONAL),
    "qualifier-of-a-person": _issued_as(replace(MACHINE, dn_qualifier=PERSON)),
    "qualifier-missing": _issued_as(replace(MACHINE, dn_qualifier=None)),
    "policy-of-a-person": _issued_as(replace(MACHINE, policy=PERSONAL_POLICY)),
    "policy-missing": _issued_as(replace(MACHINE, policy=None)),
    "key-of-1024-bits": Deviation(issue={"key": "machine-short"}),
    "signed-with-sha1": _issued_as(SIGNED_WITH_SHA1),
    "signed-with-md5": _issued_as(SIGNED_WITH_MD5),
    "not-for-signatures": _issued_as(NO_SIGNING),
    "key-usage-missing": _issued_as(NO_KEY_USAGE),
    "extended-key-usage-missing": _issued_as(NO_EXTENDED_KEY_USAGE),
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
