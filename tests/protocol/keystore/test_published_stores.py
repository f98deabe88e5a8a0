"""The two published third-party-test stores are read whole, opened, and written again without a difference.

They are not part of the kit; the tests are skipped, and say so, where they are not beside the checkout.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.protocol import certificates, keystore

PASSWORD = "Password1!"  # published with the stores
TEXTS = {
    "name1": "name1",
    "name2": "name2",
    "abn": "abn",
    "legalName": "legal_name",
    "personId": "person_id",
    "serialNumber": "serial_number",
    "creationDate": "creation_date",
    "notBefore": "not_before",
    "notAfter": "not_after",
}
BINARIES = {
    "sha1fingerprint": "sha1_fingerprint",
    "publicCertificate": "public_certificate",
    "protectedPrivateKey": "protected_private_key",
}


def test_every_field_of_the_first_credential_is_read(published_of):
    """Written out from the file of 2022."""
    first = keystore.read(published_of(2022)).credentials[0]
    assert (first.id, first.credential_type) == ("ABRD:11000002568_INGLETON153", "D")
    assert (first.name1, first.name2, first.person_id) == ("INGLETON153", "", "")
    assert (first.abn, first.legal_name) == ("11000002568", "INGLETON153")
    assert first.serial_number == "571451443599145771493974786782510258828333038440"
    assert first.creation_date == "2022-09-13T06:20:22"
    assert (first.not_before, first.not_after) == ("2022-09-13T06:10:22+10:00", "2024-09-12T06:10:21+10:00")
    assert first.sha1_fingerprint.hex() == "c3cfdeb8d3ed5b76adaf209442bd1de21091b2eb"
    assert (len(first.salt), len(first.integrity_value)) == (20, 20)
    assert first.extensions == b""


def test_every_field_of_every_credential_is_what_stands_in_the_file(published):
    """Read a second time by the standard library: texts as they stand, binary values decoded."""
    root = ElementTree.fromstring(published)
    space = root.tag.partition("}")[0] + "}"
    store = keystore.read(published)
    elements = root.findall(f"{space}credentials/{space}credential")
    assert base64.b64encode(store.salt).decode() == root.findtext(f"{space}salt")
    assert len(store.credentials) == len(elements) == 2
    for credential, element in zip(store.credentials, elements, strict=True):
        for name, field in TEXTS.items():
            assert getattr(credential, field) == (element.findtext(space + name) or ""), name
        for name, field in BINARIES.items():
            assert base64.b64encode(getattr(credential, field)).decode() == element.findtext(space + name), (
                name
            )
        attributes = {
            "id": credential.id,
            "credentialType": credential.credential_type,
            "credentialSalt": base64.b64encode(credential.salt).decode(),
            "integrityValue": base64.b64encode(credential.integrity_value).decode(),
        }
        assert attributes == element.attrib
        assert {child.tag.removeprefix(space) for child in element} == set(TEXTS) | set(BINARIES)


def test_every_link_of_each_chain_was_signed_by_the_next(published):
    """Leaf, sub CA, root, in this order; fingerprint and serial number are the leaf's."""
    for credential in keystore.read(published).credentials:
        leaf, sub, root = certificates.read_bundle(credential.public_certificate)
        leaf.verify_directly_issued_by(sub)
        sub.verify_directly_issued_by(root)
        root.verify_directly_issued_by(root)
        assert str(leaf.serial_number) == credential.serial_number
        assert hashlib.sha1(leaf.public_bytes(Encoding.DER)).digest() == credential.sha1_fingerprint
        facts = certificates.leaf_facts(leaf)
        assert (facts.abn, facts.name, facts.dn_qualifier) == (credential.abn, credential.name1, "ABR")


def test_both_credentials_of_each_store_are_there(published):
    """One is an organisation's own, the other a provider's."""
    store = keystore.read(published)
    ids = {"ABRD:11000002568_INGLETON153", "ABRD:27809366375_USIMachine"}
    assert {credential.id for credential in store.credentials} == ids
    assert (len(store.salt), store.check_value, store.extensions) == (20, None, b"")


@pytest.mark.parametrize(
    ("place", "key", "length", "value"),
    [
        (0, "24c36d4b6419c431f0d37aafd5ef4165c69839e8", 7342, "e6224c1c0b582344e836ea48df265f895ddb2e60"),
        (1, "c73d547a5867e93f1d7b1fded12ce272d2d9c842", 7346, "dfc3ca566ed941f5eec2fb182e85d91fe6e4dbfc"),
    ],
)
def test_the_integrity_value_is_the_known_answer(published_of, place, key, length, value):
    """Derived key, length of the data and value are known for the store of 2022."""
    credential = keystore.read(published_of(2022)).credentials[place]
    assert keystore.derive("", credential.salt, purpose=keystore.Purpose.MAC, length=20).hex() == key
    texts = ("credential_type", "id", "name1", "name2", "abn", "legal_name", "person_id", "serial_number")
    binaries = ("sha1_fingerprint", "public_certificate", "protected_private_key")
    assert sum(len(getattr(credential, name)) for name in (*texts, *binaries)) == length
    assert keystore.integrity_value(credential, b"").hex() == value


def test_every_integrity_value_is_right(published):
    """Also without the value in the file, and whatever the salt of the store."""
    for credential in keystore.read(published).credentials:
        bare = replace(credential, integrity_value=None)
        assert keystore.integrity_value(bare, b"any") == credential.integrity_value


def test_every_credential_opens_within_its_validity(published):
    """The published password opens the key; the key is the leaf's; the chain is leaf, sub CA, root."""
    store = keystore.read(published)
    for credential in store.credentials:
        leaf = certificates.read_bundle(credential.public_certificate)[0]
        opened = keystore.open_credential(store, credential.id, PASSWORD, now=leaf.not_valid_after_utc)
        assert opened.certificate == leaf
        assert opened.key.public_key() == leaf.public_key()
        assert (opened.abn, opened.name) == (credential.abn, credential.name1)
        assert len(opened.chain) == 3
        assert opened.chain[2].issuer == opened.chain[2].subject


def test_the_store_of_2022_has_expired_by_its_certificate(published_of):
    """The certificate's date is told; the file's is ten hours earlier."""
    store = keystore.read(published_of(2022))
    now = datetime(2026, 11, 21, tzinfo=UTC)
    with pytest.raises(keystore.Expired) as caught:
        keystore.open_credential(store, "ABRD:27809366375_USIMachine", PASSWORD, now=now)
    assert "2024-09-12T06:13:02Z" in caught.value.expected


def test_a_wrong_password_is_one(published):
    """The password is case sensitive."""
    store = keystore.read(published)
    for credential in store.credentials:
        now = certificates.read_bundle(credential.public_certificate)[0].not_valid_before_utc
        for password in ("Password2!", "password1!", ""):
            with pytest.raises(keystore.WrongPassword):
                keystore.open_credential(store, credential.id, password, now=now)


@pytest.mark.parametrize(("year", "style"), [(2022, "jaxb-2021"), (2025, "dom-2025")])
def test_the_writer_of_its_generation_writes_the_same_bytes(published_of, year, style):
    """Declaration, order of attributes, indentation, line ends, base64: all as published."""
    data = published_of(year)
    assert keystore.write(keystore.read(data), style).strip() == data.strip()


@pytest.mark.parametrize("style", keystore.STYLES)
def test_writing_in_any_style_loses_nothing(published, style):
    """What is read back is what was read."""
    store = keystore.read(published)
    assert keystore.read(keystore.write(store, style)) == store


def test_a_bundle_written_again_is_the_same_to_the_byte(published):
    """Given the authority's own signature; everything around it is as the authority writes it."""
    for credential in keystore.read(published).credentials:
        bundle = certificates.read_bundle(credential.public_certificate)
        signed = cms.ContentInfo.load(credential.public_certificate)["content"]["signer_infos"][0]
        moment = signed["signed_attrs"][1]["values"][0].native
        signer = certificates.BundleSigner(
            bundle[1], moment, lambda _, signed=signed: signed["signature"].native
        )
        assert certificates.write_bundle(bundle, signer=signer) == credential.public_certificate
