"""A simulated certification authority in the shape of the real one.

Root, sub CA, and under it machine credentials with the real subject order, key usages, policy, back-dating
and length of life.  Names say that nothing here is real, and the addresses inside end in `.invalid`, which no
name server ever answers.

Keys are fixed, published test keys (`keys/`); serial numbers and key identifiers are derived.  The same
moment, seed and arguments therefore give the same bytes, always.  TLS has a CA of its own, because a product
trusts the two for different things.
"""

import functools
import hashlib
import ipaddress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conformance.errors import KitError
from conformance.protocol.certificates import MACHINE_POLICY, BundleSigner

KEYS: Final = Path(__file__).parent / "keys"

ORGANISATION: Final = "EVTE Conformance Kit (simulated)"
NOTICE: Final = (
    "Test certificate of the EVTE conformance kit. Not issued by, and worthless to, any real authority."
)
REVOCATION_LIST: Final = "http://pki.evte-conformance.invalid/crls/sub.crl"

PERSONAL_POLICY: Final = "1.2.36.1.9001.101.1.7.1"  # stand-in: the real number is not public
ROOT_POLICY: Final = "1.2.36.1.9001.101.1.1"
SUB_POLICY: Final = "1.2.36.1.9001.101.1.1.1"

BACK_DATED: Final = timedelta(minutes=10)
"""How long before its issue a credential becomes valid."""
LIFE: Final = timedelta(days=730, seconds=-1)
"""Time from notBefore to notAfter.  A 29 February in between leaves two calendar years unfilled."""

_KEY_USAGES: Final = (
    "digital_signature",
    "content_commitment",  # called nonRepudiation before
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)

KeyName = Literal[
    "root",
    "sub",
    "other-root",
    "other-sub",
    "machine-1",
    "machine-2",
    "machine-3",
    "machine-4",
    "sts-signing",
    "registry",
    "tls-ca",
    "tls-server",
]


@functools.cache
def published_key(name: KeyName) -> RSAPrivateKey:
    """Return one of the published test keys.

    Raises:
        KitError: the file is missing from the installation or is not an RSA key.
    """
    path = KEYS / f"{name}.pem"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(f"the test key {name} is missing from the kit", where=str(path)) from error
    # The check of a known key would cost 33 ms for each of them.
    key = load_pem_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise KitError(f"the test key {name} is not an RSA key", where=str(path))
    return key


@dataclass(frozen=True)
class LeafProfile:
    """What a leaf certificate carries besides name, key and dates."""

    dn_qualifier: str | None = "ABR"
    """The last part of the subject; the real authority marks machine credentials with `ABR`."""
    dn_qualifier_first: bool = False
    policy: str | None = MACHINE_POLICY
    key_usages: tuple[str, ...] = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
    )
    extended_key_usage: bool = True
    """Client authentication and e-mail protection."""


MACHINE: Final = LeafProfile()
OFFLINE: Final = LeafProfile(dn_qualifier_first=True, extended_key_usage=False)
"""As written by an older test set-up: dnQualifier first, no extended key usage."""
PERSONAL: Final = LeafProfile(dn_qualifier="3f1c9c1e-5d0e-4f8b-9a59-6f3a2f0d7c11", policy=PERSONAL_POLICY)
"""A person's certificate, issued by the same sub CA."""
NO_SIGNING: Final = replace(MACHINE, key_usages=("key_encipherment", "data_encipherment"))


@dataclass(frozen=True)
class MachineCredential:
    """A machine credential as the authority hands it out: certificate, its chain, key."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    """Leaf, sub CA, root: the order of the real stores."""
    key: RSAPrivateKey
    abn: str
    """Eleven digits; the certificate's organisation (O)."""
    name: str
    """Name of the credential; the certificate's common name (CN)."""
    issued: datetime
    """When it was made, UTC; `BACK_DATED` after its notBefore unless asked otherwise."""
    signer: BundleSigner
    """The sub CA, which signs the bundle of certificates in a store."""

    @property
    def alias(self) -> str:
        """The id of the credential in a store, for instance `ABRD:11000002568_INGLETON153`."""
        return f"ABRD:{self.abn}_{self.name}"


@dataclass(frozen=True)
class Issuer:
    """A CA with the name of the key that it signs with."""

    certificate: x509.Certificate
    key: KeyName


Extension = tuple[x509.ExtensionType, bool]
"""An extension, and whether it is critical."""


class Authority:
    """The certification authority of one run."""

    def __init__(self, moment: datetime, seed: int = 0) -> None:
        """Set the authority up.

        Args:
            moment: the run's moment, aware; certificates are dated relative to it.  Fractions of a second
                are dropped, since certificates have none.
            seed: enters every serial number.
        """
        self.moment = _whole_seconds(moment)
        self.seed = seed

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
    ) -> MachineCredential:
        """Issue a machine credential.

        Args:
            abn: the holder's ABN, eleven digits, not checked.
            name: name of the credential.
            moment: when it is made, aware; 30 days before the run's moment if not given.
            key: which test key it gets.
            not_before: instead of `BACK_DATED` before `moment`.
            not_after: instead of `LIFE` after `not_before`.
            profile: what the certificate carries; the odd ones are constants of this module.
            trusted: False has it issued by `other_sub`, under the issuer name of `sub`.
        """
        issued = self.moment - timedelta(days=30) if moment is None else _whole_seconds(moment)
        begins = issued - BACK_DATED if not_before is None else _whole_seconds(not_before)
        ends = begins + LIFE if not_after is None else _whole_seconds(not_after)
        issuer = Issuer(self.sub, "sub") if trusted else Issuer(self.other_sub, "other-sub")
        subject = [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "AU"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, abn),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
        if profile.dn_qualifier is not None:
            place = 0 if profile.dn_qualifier_first else len(subject)
            subject.insert(place, x509.NameAttribute(NameOID.DN_QUALIFIER, profile.dn_qualifier))
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_identifier_of(issuer.certificate), False),
        ]
        if profile.policy is not None:
            extensions.append((_policies(profile.policy), False))
        if profile.extended_key_usage:
            usages = [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.EMAIL_PROTECTION]
            extensions.append((x509.ExtendedKeyUsage(usages), False))
        extensions += [
            (_distribution_point(), False),
            (_identifier(key), False),
            (_key_usage(*profile.key_usages), True),
        ]
        certificate = self._certificate(x509.Name(subject), key, (begins, ends), extensions, issuer=issuer)
        root = self.root if trusted else self.other_root
        return MachineCredential(
            certificate=certificate,
            chain=(certificate, issuer.certificate, root),
            key=published_key(key),
            abn=abn,
            name=name,
            issued=issued,
            signer=BundleSigner(
                issuer.certificate, issued, functools.partial(_sign, published_key(issuer.key))
            ),
        )

    def service(self, name: Literal["sts-signing", "registry"]) -> tuple[x509.Certificate, RSAPrivateKey]:
        """Return certificate and key of a simulated service.

        `sts-signing` signs assertions; tokens for the relying party are encrypted for `registry`.
        Both are issued by the sub CA and valid from a year before the run's moment to two years after it.
        """
        issuer = Issuer(self.sub, "sub")
        subject = _name(country="AU", organisation=ORGANISATION, common_name=name)
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_identifier_of(issuer.certificate), False),
            (_identifier(name), False),
            (_key_usage("digital_signature", "key_encipherment"), True),
        ]
        dates = (self.moment - timedelta(days=365), self.moment + timedelta(days=730))
        return self._certificate(subject, name, dates, extensions, issuer=issuer), published_key(name)

    # TLS, on its own.

    @functools.cached_property
    def tls_ca(self) -> x509.Certificate:
        """The CA of the HTTPS simulators; it issues nothing else."""
        return self._certification_authority("Loopback TLS", "tls-ca", None)

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
        subject = _name(organisation=ORGANISATION, common_name=names[0])
        begins = (self.moment if moment is None else _whole_seconds(moment)) - timedelta(days=1)
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_identifier_of(issuer.certificate), False),
            (x509.SubjectAlternativeName([_general_name(name) for name in names]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (_identifier("tls-server"), False),
            (_key_usage("digital_signature", "key_encipherment"), True),
        ]
        dates = (begins, begins + timedelta(days=397))
        certificate = self._certificate(subject, "tls-server", dates, extensions, issuer=issuer)
        key = published_key("tls-server").private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return certificate.public_bytes(Encoding.PEM), key

    def _certification_authority(
        self, common_name: str, key: KeyName, policy: str | None, issuer: Issuer | None = None
    ) -> x509.Certificate:
        """Return a CA certificate, self-signed without `issuer`; one that signs leaves has path length 0."""
        subject = _name(
            country="AU",
            organisation=ORGANISATION,
            unit="Certification Authority",
            common_name=f"Simulated {common_name}",
        )
        # Roots live twenty years and the sub CA ten; all are six years old, about as the real ones are.
        begins = self.moment - timedelta(days=6 * 365)
        ends = begins + timedelta(days=(20 if issuer is None else 10) * 365)
        signs_leaves = issuer is not None or policy is None
        extensions: list[Extension] = [
            (x509.BasicConstraints(ca=True, path_length=0 if signs_leaves else None), True),
            (_identifier(key), False),
            (_key_usage("key_cert_sign", "crl_sign"), True),
        ]
        if issuer is not None:
            extensions.append((_identifier_of(issuer.certificate), False))
        if policy is not None:
            extensions.append((_policies(policy), False))
        return self._certificate(subject, key, (begins, ends), extensions, issuer=issuer)

    def _certificate(
        self,
        subject: x509.Name,
        key: KeyName,
        dates: tuple[datetime, datetime],
        extensions: list[Extension],
        *,
        issuer: Issuer | None,
    ) -> x509.Certificate:
        issuer_name = subject if issuer is None else issuer.certificate.subject
        builder = x509.CertificateBuilder(
            issuer_name=issuer_name,
            subject_name=subject,
            public_key=published_key(key).public_key(),
            serial_number=self._serial_number(subject, issuer_name, dates, key),
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
        parts = (str(self.seed), *names, *(date.isoformat() for date in dates), key)
        digest = hashlib.sha256("\n".join(parts).encode()).digest()
        return int.from_bytes(digest[:20]) >> 2 | 1 << 158


def _sign(key: RSAPrivateKey, data: bytes) -> bytes:
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def _whole_seconds(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _name(
    *, common_name: str, organisation: str, country: str | None = None, unit: str | None = None
) -> x509.Name:
    parts = (
        (NameOID.COUNTRY_NAME, country),
        (NameOID.ORGANIZATION_NAME, organisation),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, unit),
        (NameOID.COMMON_NAME, common_name),
    )
    return x509.Name([x509.NameAttribute(kind, text) for kind, text in parts if text is not None])


def _key_usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _KEY_USAGES})


def _policies(policy: str) -> x509.CertificatePolicies:
    notice = x509.UserNotice(notice_reference=None, explicit_text=NOTICE)
    return x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), [notice])])


def _distribution_point() -> x509.CRLDistributionPoints:
    return x509.CRLDistributionPoints(
        [
            x509.DistributionPoint(
                full_name=[x509.UniformResourceIdentifier(REVOCATION_LIST)],
                relative_name=None,
                reasons=None,
                crl_issuer=None,
            )
        ]
    )


def _identifier(key: KeyName) -> x509.SubjectKeyIdentifier:
    return x509.SubjectKeyIdentifier.from_public_key(published_key(key).public_key())


def _identifier_of(issuer: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    identifier = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
