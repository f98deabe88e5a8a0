"""The reference implementation's renewal of a machine credential.

The exchange is a stand-in, see `conformance.protocol.renewal`.  Nothing that the service answers is believed
before it was compared with what was asked for, and the store is touched only when all is well.
"""

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from lxml import etree

from conformance.protocol import instants, keystore, markup, renewal
from conformance.protocol.certificates import (
    MACHINE_POLICY,
    MACHINE_QUALIFIER,
    BundleForm,
    CertificateError,
    Validity,
    chain_of,
    leaf_facts,
    validity,
    write_bundle,
)
from conformance.protocol.keystore import OpenCredential
from conformance.protocol.keystore.records import BINARIES, NAMESPACE, TEXTS
from conformance.protocol.renewal import Renewed
from conformance.reference.connection import Connection
from conformance.reference.refusal import Refusal
from conformance.reference.store_file import Files, StoreFile

ADVICE: Final = (
    "Create a new credential with the same name in RAM (Relationship Authorisation Manager), "
    "so that its permissions carry over."
)
"""What helps when a credential cannot be renewed any more."""

UNTOUCHED: Final = "The old credential is still in use; nothing was changed."

KEY_BITS: Final = 2048


@dataclass(frozen=True)
class Renewal:
    """What is to be renewed, and where."""

    path: str
    """Of the store."""
    alias: str
    password: str = field(repr=False)
    address: str
    """Of the renewal service."""
    ca_file: str
    """Path of the PEM file with the CA of the service's HTTPS certificate."""


Opener = Callable[[str, str, str], OpenCredential]
"""Opens a credential for use now: path, alias, password."""


def new_key() -> RSAPrivateKey:
    """Return a fresh key pair."""
    return rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)


class RenewalClient:
    """Renews credentials; one step after the other, each of which a subclass can get wrong.

    Args:
        opener: opens a credential that may sign now.
        clock: now, aware.
        random: n -> n bytes.
        make_key: gives a fresh key pair.
        files: the operations on files.
    """

    def __init__(
        self,
        *,
        opener: Opener,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        make_key: Callable[[], RSAPrivateKey] = new_key,
        files: Files | None = None,
    ) -> None:
        self.opener = opener
        self.clock = clock
        self.random = random
        self.make_key = make_key
        self.files = files or Files()

    def renew(self, order: Renewal) -> x509.Certificate:
        """Renew one credential and return its new certificate.

        Raises:
            Refusal: of whatever went wrong; the store then is as it was.
        """
        self.opened(order)  # what cannot be renewed needs no lock
        file = self.file(order.path)
        with file.locked():
            old = self.opened(order)
            key = self.key()
            renewed = self.ask(order, self.request(order, old, key))
            certificate = self.verified(order, renewed, old, key)
            before = file.read()
            file.replace(before, self.rewritten(before, order, old, key, renewed, certificate))
        return certificate

    def file(self, path: str) -> StoreFile:
        """Return the store as a file that can be replaced."""
        return StoreFile(path, files=self.files, clock=self.clock, random=self.random)

    # --- asking -------------------------------------------------------------------------------------

    def opened(self, order: Renewal) -> OpenCredential:
        """Return the old credential.

        Raises:
            Refusal: it cannot be used; the text says what to do about one that has expired.
        """
        try:
            return self.opener(order.path, order.alias, order.password)
        except Refusal as refusal:
            if refusal.reason != "keystore.expired":
                raise
            raise Refusal(refusal.reason, text=f"{refusal.text}. {self.advice()}") from refusal

    def advice(self) -> str:
        """Return what the user is told to do when a credential cannot be renewed."""
        return ADVICE

    def key(self) -> RSAPrivateKey:
        """Return a key pair that was never used before."""
        return self.make_key()

    def request(self, order: Renewal, old: OpenCredential, key: RSAPrivateKey) -> bytes:
        """Return the message that asks for a certificate for the new key."""
        signed = renewal.sign(
            self.certification_request(old, key), key=old.key, chain=old.chain, now=self.clock()
        )
        return renewal.build_request(alias=order.alias, signed=signed)

    def certification_request(self, old: OpenCredential, key: RSAPrivateKey) -> bytes:
        """Return the PKCS#10 request."""
        return renewal.certification_request(key, abn=old.abn, name=old.name)

    def ask(self, order: Renewal, message: bytes) -> Renewed:
        """Send the request and return what was issued.

        Raises:
            Refusal: `transport.…`, `renewal.refused`, `renewal.malformed_answer`.
        """
        connection = Connection(order.ca_file)
        try:
            answer = connection.post(order.address, message, {"Content-Type": renewal.MEDIA_TYPE})
        finally:
            connection.close()
        if answer.status != 200:
            text = f"The renewal service answered with HTTP status {answer.status}. {UNTOUCHED}"
            raise Refusal("renewal.refused", code=str(answer.status), text=text)
        return self.read(answer.body)

    def read(self, body: bytes) -> Renewed:
        """Return what was issued, read from the answer."""
        try:
            return renewal.read_response(body)
        except renewal.RefusedError as problem:
            text = (
                f"The renewal service does not renew this credential: {problem.error_message} "
                f"{UNTOUCHED} If it has expired or was revoked: {self.advice()}"
            )
            raise Refusal("renewal.refused", code=str(problem.error_id), text=text) from problem
        except renewal.AnswerError as problem:
            raise self.unusable(f"{problem.message[0].upper()}{problem.message[1:]}") from problem

    def unusable(self, why: str) -> Refusal:
        """Return the refusal of an answer."""
        return Refusal("renewal.malformed_answer", text=f"{why}. {UNTOUCHED}")

    # --- believing nothing --------------------------------------------------------------------------

    def verified(
        self, order: Renewal, renewed: Renewed, old: OpenCredential, key: RSAPrivateKey
    ) -> x509.Certificate:
        """Return the new certificate when it is what was asked for.

        Raises:
            Refusal: `renewal.malformed_answer`, from any of the steps below.
        """
        self.check_alias(order, renewed)
        certificate = self.chosen(renewed, key)
        self.check_holder(certificate, old)
        self.check_kind(certificate)
        self.check_life(certificate, old)
        self.check_chain(certificate, renewed, old)
        self.check_fingerprint(certificate, renewed)
        return certificate

    def check_alias(self, order: Renewal, renewed: Renewed) -> None:
        """Refuse the answer to somebody else's question."""
        if renewed.alias != order.alias:
            raise self.unusable("The answer is for another credential than it was asked for")

    def chosen(self, renewed: Renewed, key: RSAPrivateKey) -> x509.Certificate:
        """Return the certificate of the new key."""
        for certificate in renewed.certificates:
            if certificate.public_key() == key.public_key():
                return certificate
        raise self.unusable("None of the certificates is for the key that was sent")

    def check_holder(self, certificate: x509.Certificate, old: OpenCredential) -> None:
        """Refuse a certificate of another business or another credential."""
        facts = leaf_facts(certificate)
        if (facts.abn, facts.name) != (old.abn, old.name):
            raise self.unusable("The certificate is for another ABN or another name")

    def check_kind(self, certificate: x509.Certificate) -> None:
        """Refuse a certificate that is not one of a machine, or may not sign."""
        facts = leaf_facts(certificate)
        fit = facts.dn_qualifier == MACHINE_QUALIFIER and MACHINE_POLICY in facts.policies
        if not fit or not facts.may_sign or facts.is_authority or facts.signature_hash in ("", "md5", "sha1"):
            raise self.unusable("The certificate is not that of a usable machine credential")

    def check_life(self, certificate: x509.Certificate, old: OpenCredential) -> None:
        """Refuse a certificate that is not current, or ends no later than the old one."""
        if validity(certificate, self.clock()) is not Validity.CURRENT:
            raise self.unusable("The certificate is not valid now")
        if certificate.not_valid_after_utc <= old.certificate.not_valid_after_utc:
            raise self.unusable("The certificate ends no later than the old one")

    def check_chain(self, certificate: x509.Certificate, renewed: Renewed, old: OpenCredential) -> None:
        """Refuse a certificate that does not lead to the root of the old one."""
        try:
            chain = chain_of(certificate, [*renewed.certificates, *old.chain[1:]])
        except CertificateError as problem:
            raise self.unusable("The chain of the new certificate is broken") from problem
        if chain[-1] != old.chain[-1]:
            raise self.unusable("The new certificate was issued by another authority than the old one")

    def check_fingerprint(self, certificate: x509.Certificate, renewed: Renewed) -> None:
        """Refuse a fingerprint that is not the certificate's."""
        if renewed.fingerprint != leaf_facts(certificate).sha1:
            raise self.unusable("The fingerprint is not that of the certificate")

    # --- the new store ------------------------------------------------------------------------------

    def rewritten(
        self,
        data: bytes,
        order: Renewal,
        old: OpenCredential,
        key: RSAPrivateKey,
        renewed: Renewed,
        certificate: x509.Certificate,
    ) -> bytes:
        """Return the store with one credential renewed and everything else as it stood.

        Args:
            data: the store as it is now.
            order: whose credential is renewed.
            old: the credential as it was when the request was made.
            key: the new key pair.
            renewed: the answer.
            certificate: the leaf in it.

        Raises:
            Refusal: `renewal.not_stored`, the credential has changed since.
        """
        store = keystore.read(data)
        if store.credential(order.alias) != old.credential:
            text = "The credential was changed while it was being renewed. Nothing was written."
            raise Refusal("renewal.not_stored", text=text)
        salt = old.credential.salt if old.credential.salt is not None else store.salt
        credential = replace(
            old.credential,
            legal_name=renewed.legal_name or old.credential.legal_name,
            serial_number=str(certificate.serial_number),
            not_before=instants.write(certificate.not_valid_before_utc),
            not_after=instants.write(certificate.not_valid_after_utc),
            sha1_fingerprint=leaf_facts(certificate).sha1,
            public_certificate=self.bundle(renewed, certificate),
            protected_private_key=self.protected(key, order.password, salt),
        )
        sealed = replace(credential, integrity_value=self.seal(credential, store.salt))
        return self.written(data, sealed)

    def bundle(self, renewed: Renewed, certificate: x509.Certificate) -> bytes:
        """Return the bundle for the store, leaf first: the official reader takes no other order."""
        if renewed.certificates[0] == certificate:
            return renewed.bundle
        return write_bundle(chain_of(certificate, renewed.certificates), form=BundleForm.DER)

    def protected(self, key: RSAPrivateKey, password: str, salt: bytes) -> bytes:
        """Return the private key under the store's password, in the only form that every reader opens."""
        info = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        return keystore.encrypt_private_key(info, password, salt)

    def seal(self, credential: keystore.Credential, store_salt: bytes) -> bytes:
        """Return the integrity value of the renewed credential."""
        return keystore.integrity_value(credential, store_salt)

    def written(self, data: bytes, credential: keystore.Credential) -> bytes:
        """Return the store with one credential's element changed, and all else kept, known or not."""
        root = markup.parse(data)
        # Not anywhere in the document: an extension may hold what looks like a credential.
        found = root.iterfind(f"{{{NAMESPACE}}}credentials/{{{NAMESPACE}}}credential")
        element = next(each for each in found if each.get("id") == credential.id)
        texts = {name: getattr(credential, attribute) for name, attribute in TEXTS.items()}
        texts |= {name: _encoded(getattr(credential, attribute)) for name, attribute in BINARIES.items()}
        for name, text in texts.items():
            child = next(element.iterchildren(f"{{{NAMESPACE}}}{name}"))
            if markup.text(child) != text:
                for inside in list(child):
                    child.remove(inside)
                child.text = text
        if credential.integrity_value is not None:
            element.set("integrityValue", _encoded(credential.integrity_value))
        tree = root.getroottree()
        encoding, standalone = tree.docinfo.encoding or "UTF-8", tree.docinfo.standalone
        declared: dict[str, Any] = {} if standalone is None else {"standalone": standalone}
        written: str | bytes = etree.tostring(tree, encoding=encoding, xml_declaration=True, **declared)
        return written if isinstance(written, bytes) else written.encode(encoding)


def _encoded(value: bytes) -> str:
    return b64encode(value).decode()
