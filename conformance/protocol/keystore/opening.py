"""Opening a credential: everything that must hold before its key may sign."""

import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm as CryptographyUnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_der_private_key

from conformance.protocol import abn
from conformance.protocol.certificates import (
    MACHINE_POLICY,
    MACHINE_QUALIFIER,
    CertificateError,
    LeafFacts,
    Validity,
    chain_of,
    leaf_facts,
    read_bundle,
    renewal_opens,
    validity,
)
from conformance.protocol.keystore.errors import (
    Damaged,
    Expired,
    KeyMismatch,
    NotYetValid,
    Unsuitable,
    UnsupportedAlgorithm,
)
from conformance.protocol.keystore.protection import decrypt_private_key, integrity_value
from conformance.protocol.keystore.records import DEVICE, Credential, Store

LEAST_RSA_BITS: Final = 2048


@dataclass(frozen=True)
class OpenCredential:
    """A credential whose key is at hand and was found to fit."""

    key: RSAPrivateKey = field(repr=False)
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """The leaf and its issuers as far as the store has them, each signature verified; no word on trust."""
    credential: Credential

    @property
    def abn(self) -> str:
        """Eleven digits, from the certificate."""
        return leaf_facts(self.certificate).abn

    @property
    def name(self) -> str:
        """Name of the credential, from the certificate."""
        return leaf_facts(self.certificate).name

    def renewal_due(self, now: datetime) -> bool:
        """Whether the window for renewal has opened, see `certificates.renewal_opens`."""
        return now >= renewal_opens(self.certificate)


def open_credential(store: Store, alias: str, password: str, *, now: datetime) -> OpenCredential:
    """Open one credential of a store.

    What can be seen without the password is looked at first, so that no key is decrypted for a credential
    that cannot be used.  Whether to keep the key for another time is the caller's business.

    Args:
        store: as `read` returned it.
        alias: the id, exact to the case.
        password: exact.
        now: aware.

    Raises:
        UnknownAlias: no credential has this id.
        Damaged: the integrity value is absent or wrong, or entry, certificates and key contradict each other.
        Unsuitable: not a usable machine credential.
        Expired: the certificate's validity has ended.
        NotYetValid: it has not begun.
        UnsupportedAlgorithm: the key is protected in another way, or is not an RSA key.
        WrongPassword: the password does not open the key.
        KeyMismatch: the key is not that of the certificate.
    """
    credential = store.credential(alias)
    _refuse_bad_integrity(credential, store.salt)
    try:
        bundle = read_bundle(credential.public_certificate)
        leaf = _leaf(credential, bundle)
        facts = leaf_facts(leaf)
        _refuse_contradictions(credential, facts)
        # Before the chain, in which a signature of another kind cannot be verified.
        _refuse_unsuitable(credential, facts)
        chain = chain_of(leaf, bundle)
    except CertificateError as error:
        raise Damaged(
            error.message, expected=error.expected, found=error.found, where=error.where or repr(alias)
        ) from error
    _refuse_out_of_time(leaf, now)
    key = _private_key(decrypt_private_key(credential.protected_private_key, password))
    if key.public_key() != leaf.public_key():
        raise KeyMismatch("private key and certificate do not belong together", where=repr(alias))
    return OpenCredential(key=key, certificate=leaf, chain=chain, credential=credential)


def _refuse_bad_integrity(credential: Credential, store_salt: bytes) -> None:
    where = repr(credential.id)
    if credential.integrity_value is None:
        raise Damaged(
            "the credential has no integrity value", expected="the attribute integrityValue", where=where
        )
    if not hmac.compare_digest(credential.integrity_value, integrity_value(credential, store_salt)):
        raise Damaged(
            "the credential's integrity value is wrong: something in the credential was changed",
            where=where,
            advice="fetch the store again from where it was made; do not edit it",
        )


def _leaf(credential: Credential, bundle: tuple[x509.Certificate, ...]) -> x509.Certificate:
    """Return the certificate that the credential's serial number and fingerprint name, wherever it stands."""
    serial_number = int(credential.serial_number)
    for certificate in bundle:
        facts = leaf_facts(certificate)
        if certificate.serial_number == serial_number and facts.sha1 == credential.sha1_fingerprint:
            return certificate
    raise CertificateError(
        "no certificate has the serial number and the fingerprint that the credential names",
        expected=credential.serial_number,
        found=", ".join(str(certificate.serial_number) for certificate in bundle),
    )


def _refuse_contradictions(credential: Credential, facts: LeafFacts) -> None:
    for name, stated, certified in (
        ("abn", credential.abn, facts.abn),
        ("name1", credential.name1, facts.name),
    ):
        if stated != certified:
            raise Damaged(
                f"{name} differs from the certificate's subject",
                expected=repr(certified),
                found=repr(stated[:200]),
                where=repr(credential.id),
            )


def _refuse_unsuitable(credential: Credential, facts: LeafFacts) -> None:
    rules = (
        (
            credential.credential_type == DEVICE,
            "it is not the credential of a machine",
            credential.credential_type,
        ),
        (not facts.is_authority, "its certificate is that of an authority", ""),
        (not facts.is_self_issued, "its certificate was issued by no authority but itself", ""),
        (
            facts.dn_qualifier == MACHINE_QUALIFIER,
            "its certificate is not that of a machine",
            facts.dn_qualifier,
        ),
        (MACHINE_POLICY in facts.policies, "its certificate has another policy", ", ".join(facts.policies)),
        (facts.may_sign, "its certificate does not allow signatures", ""),
        (facts.rsa_bits >= LEAST_RSA_BITS, "its key is too short or not RSA", f"{facts.rsa_bits} bits"),
        (
            facts.signature_hash not in ("", "md5", "sha1"),
            "its certificate is signed weakly",
            facts.signature_hash,
        ),
        (abn.is_valid(facts.abn), "its ABN has wrong check digits", facts.abn),
    )
    for holds, message, found in rules:
        if not holds:
            raise Unsuitable(
                f"the credential cannot be used: {message}", found=found, where=repr(credential.id)
            )


def _refuse_out_of_time(leaf: x509.Certificate, now: datetime) -> None:
    match validity(leaf, now):
        case Validity.EXPIRED:
            raise Expired(
                "the certificate has expired",
                expected=f"a moment up to {leaf.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}",
                found=f"{now:%Y-%m-%dT%H:%M:%S%z}",
                advice="make a new credential of the same name, so that permissions carry over",
            )
        case Validity.NOT_YET_VALID:
            raise NotYetValid(
                "the certificate is not yet valid",
                expected=f"a moment from {leaf.not_valid_before_utc:%Y-%m-%dT%H:%M:%SZ} on",
                found=f"{now:%Y-%m-%dT%H:%M:%S%z}",
                advice="check the clock of this machine",
            )


def _private_key(data: bytes) -> RSAPrivateKey:
    try:
        # Its own validation proves the primes anew, which costs fifty times the rest of an opening.
        # The certificate vouches for the modulus; `_is_consistent` makes sure of everything else.
        key = load_der_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    except CryptographyUnsupportedAlgorithm as error:
        raise UnsupportedAlgorithm("the private key is of an unsupported kind") from error
    except (ValueError, TypeError) as error:
        # Its text may quote numbers of the key, so it is not passed on.
        raise Damaged("the private key does not make sense") from error
    if not isinstance(key, RSAPrivateKey):
        raise UnsupportedAlgorithm("the private key is not an RSA key", found=type(key).__name__)
    if not _is_consistent(key):
        raise Damaged("the numbers of the private key contradict each other")
    return key


def _is_consistent(key: RSAPrivateKey) -> bool:
    """Tell whether the numbers of a key belong together (RFC 8017, section 3.2); primality is not proved."""
    numbers = key.private_numbers()
    public, p, q, d = numbers.public_numbers, numbers.p, numbers.q, numbers.d
    return (
        min(p, q) > 1
        and p != q
        and public.e > 1
        and public.e % 2 == 1
        and p * q == public.n
        and public.e * d % (p - 1) == 1
        and public.e * d % (q - 1) == 1
        and numbers.dmp1 == d % (p - 1)
        and numbers.dmq1 == d % (q - 1)
        and numbers.iqmp * q % p == 1
    )
