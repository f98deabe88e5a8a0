"""A simulated certification authority in the shape of the real one.

Root, sub CA, and under it machine credentials with the real subject order, key usages, policy, back-dating
and length of life.  Names say that nothing here is real, and the addresses inside end in `.invalid`, which no
name server ever answers.

The credentials that nobody should use are issued here as well: profiles say what is odd about a leaf
(`profiles`), `trusted` has it come from an authority that nobody knows.

Keys are fixed, published test keys (`keys/`); serial numbers and key identifiers are derived.  The same
moment, seed and arguments therefore give the same bytes, always.  TLS has a CA of its own, because a product
trusts the two for different things.
"""

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conformance.protocol.certificates import BundleSigner
from conformance.simulators.authority import parts, revocation
from conformance.simulators.authority.parts import NOTICE
from conformance.simulators.authority.profiles import (
    MACHINE,
    NO_EXTENDED_KEY_USAGE,
    NO_KEY_USAGE,
    NO_SIGNING,
    OFFLINE,
    OFFLINE_ISSUED,
    PERSONAL,
    PERSONAL_POLICY,
    SELF_SIGNED,
    SIGNED_WITH_MD5,
    SIGNED_WITH_SHA1,
    LeafProfile,
)
from conformance.simulators.authority.published import KEYS, KeyName, published_key

__all__ = [
    "BACK_DATED",
    "KEYS",
    "LIFE",
    "MACHINE",
    "NOTICE",
    "NO_EXTENDED_KEY_USAGE",
    "NO_KEY_USAGE",
    "NO_SIGNING",
    "OFFLINE",
    "OFFLINE_ISSUED",
    "ORGANISATION",
    "PERSONAL",
    "PERSONAL_POLICY",
    "REVOCATION_LIST",
    "ROOT_POLICY",
    "SELF_SIGNED",
    "SIGNED_WITH_MD5",
    "SIGNED_WITH_SHA1",
    "SUB_POLICY",
    "Authority",
    "Issuer",
    "KeyName",
    "LeafProfile",
    "MachineCredential",
    "published_key",
]

ORGANISATION: Final = "EVTE Conformance Kit (simulated)"
REVOCATION_LIST: Final = "http://pki.evte-conformance.invalid/crls/sub.crl"
"""Where leaf certificates say that the revocation list is."""

ROOT_POLICY: Final = "1.2.36.1.9001.101.1.1"
SUB_POLICY: Final = "1.2.36.1.9001.101.1.1.1"

BACK_DATED: Final = timedelta(minutes=10)
"""How long before its issue a credential becomes valid."""
LIFE: Final = timedelta(days=730, seconds=-1)
"""Time from notBefore to notAfter.  A 29 February in between leaves two calendar years unfilled."""


@dataclass(frozen=True)
class MachineCredential:
    """A machine credential as the authority hands it out: certificate, its chain, key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Leaf, sub CA, root: the order of the real stores.  A self-signed leaf is alone."""
    key: RSAPrivateKey
    abn: str
    """Eleven digits; the certificate's organisation (O)."""
    name: str
    """Name of the credential; the certificate's common name (CN)."""
    issued: datetime
    """When it was made, UTC; `BACK_DATED` after its notBefore unless asked otherwise."""
    signer: BundleSigner
    """The issuer, which signs the bundle of certificates in a store."""

    @property
    def alias(self) -> str:
        """The id of the credential in a store, for instance `ABRD:11000002568_INGLETON153`."""
        return f"ABRD:{self.abn}_{self.name}"


@dataclass(frozen=True)
class Issuer:
    """A CA with the name of the key that it signs with."""

    certificate: x509.Certificate
    key: KeyName


class Authority:
    """The certification authority of one run."""

    def __init__(self, moment: datetime, seed: int = 0, *, tls_names: tuple[str, ...] = ()) -> None:
        """Set the authority up.

        Args:
            moment: the run's moment, aware; certificates are dated relative to it.  Fractions of a second
                are dropped, since certificates have none.
            seed: enters every serial number.
            tls_names: when given, the only host names, besides loopback, that the TLS CA may vouch for.  Its
                key is published; whoever trusts it for more than a test should not trust it for everything.
        """
        self.moment = _whole_seconds(moment)
        self.seed = seed
        self._tls_names = tls_names

    # The hierarchy.  Ages and lengths of life are those of the real pre-production authority.

    @functools.cached_property
    def root(self) -> x509.Certificate:
        """The self-signed root that signs the sub CA."""
        return self._certification_authority("Root Certification Authority", "root", ROOT_POLICY)

    @functools.cached_property
    def sub(self) -> x509.Certificate:
        """The CA that issues machine credentials."""
        issuer = Issuer(self.root, "root")
        return self._certification_authority("Sub Certification Authority", "sub", SUB_POLICY, issuer)

    @functools.cached_property
    def other_root(self) -> x509.Certificate:
        """The root of an authority that nobody trusts."""
        return self._certification_authority("Other Root Certification Authority", "other-root", ROOT_POLICY)

    @functools.cached_property
    def other_sub(self) -> x509.Certificate:
        """A CA under `other_root` that carries the very name of `sub`."""
        issuer = Issuer(self.other_root, "other-root")
        return self._certification_authority("Sub Certification Authority", "other-sub", SUB_POLICY, issuer)

    @functools.cached_property
    def offline_root(self) -> x509.Certificate:
        """The root of the old offline test set-up; serial number 1."""
        return self._certification_authority(
            "Root Certification Authority Offline", "offline-root", ROOT_POLICY, serial_number=1
        )

    @functools.cached_property
    def offline_sub(self) -> x509.Certificate:
        """The CA under `offline_root`; serial number 2."""
        issuer = Issuer(self.offline_root, "offline-root")
        return self._certification_authority(
            "Sub Certification Authority Offline01", "offline-sub", SUB_POLICY, issuer, serial_number=2
        )

    @property
    def trust_anchors_pem(self) -> bytes:
        """Root and sub CA in PEM: what a simulated service trusts machine credentials by."""
        return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in (self.root, self.sub))

    def machine_credential(
        self,
        *,
        abn: str,
        name: str,
        moment: datetime | None = None,
        key: KeyName = "machine-1",
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        profile: LeafProfile = MACHINE,
        trusted: bool = True,
        serial_number: int | None = None,
        revocation_address: str = REVOCATION_LIST,
    ) -> MachineCredential:
        """Issue a machine credential.

        Args:
            abn: the holder's ABN, eleven digits, not checked.
            name: name of the credential.
            moment: when it is made, aware; 30 days before the run's moment if not given.
            key: which test key it gets.
            not_before: instead of `BACK_DATED` before `moment`.
            not_after: instead of `LIFE` after `not_before`.
            profile: what the certificate carries and who signs it; the odd ones are constants of `profiles`.
            trusted: False has it issued by `other_sub`, under the issuer name of `sub`, where the profile has
                it issued by `sub`.
            serial_number: of the certificate, positive and of at most 159 bits; a derived one if not given.
            revocation_address: where it says that the revocation list is.
        """
        issued = self.moment - timedelta(days=30) if moment is None else _whole_seconds(moment)
        begins = issued - BACK_DATED if not_before is None else _whole_seconds(not_before)
        ends = begins + LIFE if not_after is None else _whole_seconds(not_after)
        issuer, above = self._parent(profile, trusted=trusted)
        subject = [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AU"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, abn),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
        if profile.dn_qualifier is not None:
            place = 0 if profile.dn_qualifier_first else len(subject)
            subject.insert(place, x509.NameAttribute(NameOID.DN_QUALIFIER, profile.dn_qualifier))
        extensions: list[parts.Extension] = [(x509.BasicConstraints(ca=False, path_length=None), True)]
        if issuer is not None:
            extensions.append((parts.identifier_of(issuer.certificate), False))
        if profile.policy is not None:
            extensions.append((parts.policies(profile.policy), False))
        if profile.extended_key_usage:
            usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
            extensions.append((x509.ExtendedKeyUsage(usages), False))
        extensions += [
            (parts.distribution_point(revocation_address), False),
            (parts.identifier(key), False),
        ]
        if profile.key_usages is not None:
            extensions.append((parts.key_usage(*profile.key_usages), True))
        certificate = self._certificate(
            x509.Name(subject), key, (begins, ends), extensions, issuer=issuer, serial_number=serial_number
        )
        signing = published_key(key if issuer is None else issuer.key)
        if profile.digest != "sha256":
            certificate = parts.signed_with(certificate, profile.digest, signing)
        return MachineCredential(
            certificate=certificate,
            chain=(certificate, *above),
            key=published_key(key),
            abn=abn,
            name=name,
            issued=issued,
            signer=BundleSigner(
                certificate if issuer is None else issuer.certificate,
                issued,
                functools.partial(parts.sign, signing),
            ),
        )

    def _parent(
        self, profile: LeafProfile, *, trusted: bool
    ) -> tuple[Issuer | None, tuple[x509.Certificate, ...]]:
        """Return who issues a leaf, and the chain from there on; nobody and nothing if it does itself."""
        match profile.parent:
            case "itself":
                return None, ()
            case "offline-sub":
                return Issuer(self.offline_sub, "offline-sub"), (self.offline_sub, self.offline_root)
            case "sub" if trusted:
                return Issuer(self.sub, "sub"), (self.sub, self.root)
        return Issuer(self.other_sub, "other-sub"), (self.other_sub, self.other_root)

    def certify(self, like: MachineCredential, key: RSAPublicKey) -> tuple[x509.Certificate, ...]:
        """Return the chain of a certificate that says what another one says, for a key of somebody's own.

        Args:
            like: whose subject, dates, extensions and issuer it gets.
            key: the public key; its owner has the private one.
        """
        model, issuer = like.certificate, like.chain[1]
        encoded = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        digest = hashlib.sha256(f"{model.serial_number}\n".encode() + encoded).digest()
        builder = x509.CertificateBuilder(
            issuer_name=model.issuer,
            subject_name=model.subject,
            public_key=key,
            serial_number=int.from_bytes(digest[:20]) >> 2 | 1 << 158,
            not_valid_before=model.not_valid_before_utc,
            not_valid_after=model.not_valid_after_utc,
        )
        for extension in model.extensions:
            value = extension.value
            if isinstance(value, x509.SubjectKeyIdentifier):
                value = x509.SubjectKeyIdentifier.from_public_key(key)
            builder = builder.add_extension(value, critical=extension.critical)
        signing = published_key("sub" if issuer == self.sub else "other-sub")
        return builder.sign(signing, hashes.SHA256()), *like.chain[1:]

    def service(self, name: Literal["sts-signing", "registry"]) -> tuple[x509.Certificate, RSAPrivateKey]:
        """Return certificate and key of a simulated service.

        `sts-signing` signs assertions; tokens for the relying party are encrypted for `registry`.
        Both are issued by the sub CA and valid from a year before the run's moment to two years after it.
        """
        issuer = Issuer(self.sub, "sub")
        subject = parts.name(country="AU", organisation=ORGANISATION, common_name=name)
        extensions: list[parts.Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (parts.identifier_of(issuer.certificate), False),
            (parts.identifier(name), False),
            (parts.key_usage("digital_signature", "key_encipherment"), True),
        ]
        dates = (self.moment - timedelta(days=365), self.moment + timedelta(days=730))
        return self._certificate(subject, name, dates, extensions, issuer=issuer), published_key(name)

    def revocation_list(self, revoked: Mapping[int, datetime], *, moment: datetime | None = None) -> bytes:
        """Return the list of revoked certificates of `sub`, in DER.

        Args:
            revoked: when each was revoked, aware, by serial number.
            moment: when the list is made, aware; the run's moment if not given.
        """
        return revocation.revocation_list(self.sub, published_key("sub"), revoked, moment or self.moment)

    # TLS, on its own.

    @functools.cached_property
    def tls_ca(self) -> x509.Certificate:
        """The CA of the HTTPS simulators; it issues nothing else."""
        limits = (parts.only_for(self._tls_names),) if self._tls_names else ()
        return self._certification_authority("Loopback TLS", "tls-ca", None, more=limits)

    @property
    def tls_ca_pem(self) -> bytes:
        """`tls_ca` in PEM, as an implementation is given it (`ca_file`)."""
        return self.tls_ca.public_bytes(Encoding.PEM)

    def tls_server(
        self,
        names: tuple[str, ...] = ("localhost", "127.0.0.1", "::1"),
        *,
        moment: datetime | None = None,
        trusted: bool = True,
    ) -> tuple[bytes, bytes]:
        """Return certificate and private key (PEM, PKCS#8) of an HTTPS server.

        Args:
            names: DNS names and IP addresses, all as subject alternative names.
            moment: the certificate is valid from a day before it for 397 days, which is as long as the
                strictest stacks allow; the run's moment if not given.
            trusted: whether the authority that clients are told to trust issued it; else another one did.
        """
        issuer = Issuer(self.tls_ca, "tls-ca") if trusted else Issuer(self.other_root, "other-root")
        subject = parts.name(organisation=ORGANISATION, common_name=names[0])
        begins = (self.moment if moment is None else _whole_seconds(moment)) - timedelta(days=1)
        extensions: list[parts.Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (parts.identifier_of(issuer.certificate), False),
            (x509.SubjectAlternativeName([parts.general_name(name) for name in names]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (parts.identifier("tls-server"), False),
            (parts.key_usage("digital_signature", "key_encipherment"), True),
        ]
        dates = (begins, begins + timedelta(days=397))
        certificate = self._certificate(subject, "tls-server", dates, extensions, issuer=issuer)
        key = published_key("tls-server").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM), key

    def _certification_authority(
        self,
        common_name: str,
        key: KeyName,
        policy: str | None,
        issuer: Issuer | None = None,
        *,
        serial_number: int | None = None,
        more: tuple[parts.Extension, ...] = (),
    ) -> x509.Certificate:
        """Return a CA certificate, self-signed without `issuer`; one that signs leaves has path length 0."""
        subject = parts.name(
            country="AU",
            organisation=ORGANISATION,
            unit="Certification Authority",
            common_name=f"Simulated {common_name}",
        )
        # Roots live twenty years and the sub CA ten; all are six years old, about as the real ones are.
        begins = self.moment - timedelta(days=6 * 365)
        ends = begins + timedelta(days=(20 if issuer is None else 10) * 365)
        signs_leaves = issuer is not None or policy is None
        extensions: list[parts.Extension] = [
            (x509.BasicConstraints(ca=True, path_length=0 if signs_leaves else None), True),
            (parts.identifier(key), False),
            (parts.key_usage("key_cert_sign", "crl_sign"), True),
        ]
        if issuer is not None:
            extensions.append((parts.identifier_of(issuer.certificate), False))
        if policy is not None:
            extensions.append((parts.policies(policy), False))
        extensions += more
        return self._certificate(
            subject, key, (begins, ends), extensions, issuer=issuer, serial_number=serial_number
        )

    def _certificate(
        self,
        subject: x509.Name,
        key: KeyName,
        dates: tuple[datetime, datetime],
        extensions: list[parts.Extension],
        *,
        issuer: Issuer | None,
        serial_number: int | None = None,
    ) -> x509.Certificate:
        issuer_name = subject if issuer is None else issuer.certificate.subject
        builder = x509.CertificateBuilder(
            issuer_name=issuer_name,
            subject_name=subject,
            public_key=published_key(key).public_key(),
            serial_number=serial_number or self._serial_number(subject, issuer_name, dates, key),
            not_valid_before=dates[0],
            not_valid_after=dates[1],
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(published_key(key if issuer is None else issuer.key), hashes.SHA256())

    def _serial_number(
        self, subject: x509.Name, issuer: x509.Name, dates: tuple[datetime, datetime], key: KeyName
    ) -> int:
        """Return 159 bits that look random, as the real serial numbers do, and depend on every argument."""
        names = (subject.rfc4514_string(), issuer.rfc4514_string())
        seeds = (str(self.seed), *names, *(date.isoformat() for date in dates), key)
        digest = hashlib.sha256("\n".join(seeds).encode()).digest()
        return int.from_bytes(digest[:20]) >> 2 | 1 << 158


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)
