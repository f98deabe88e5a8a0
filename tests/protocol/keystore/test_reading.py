"""A store is read in every spelling that means the same, and refused with its reason in every other."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.protocol import keystore
from conformance.protocol.keystore import records
from conformance.simulators.recipes import DEVIATIONS

SAME = [
    "blank-lines",
    "one-line",
    "single-quotes",
    "no-declaration",
    "unused-namespaces",
    "prefixes",
    "byte-order-mark",
    "utf-16",
    "cdata",
    "comments",
    "wrapped-base64",
]


@pytest.mark.parametrize("spelling", SAME)
def test_a_spelling_changes_nothing(made, spelling):
    """The same records come out."""
    assert made.store(deviation=spelling) == made.store()


def test_the_order_of_children_changes_nothing(made):
    """The schema wants a sequence; nobody gains from insisting."""
    data = made.data()
    moved = re.sub(rb"( *<abn>.*\n)( *<legalName>.*\n)", rb"\2\1", data)
    assert moved != data
    assert keystore.read(moved) == made.store()


def test_foreign_elements_and_attributes_are_nobodys_business(made):
    """What is in another namespace is passed over."""
    data = made.data().replace(b"<abn>", b'<x:y xmlns:x="urn:other">1</x:y><abn>', 1)
    data = data.replace(b"<credential ", b'<credential xmlns:x="urn:other" x:id="other" ', 1)
    assert keystore.read(data) == made.store()


def test_extensions_are_kept(made):
    """Both kinds of extension survive reading and writing."""
    space = f'xmlns="{keystore.NAMESPACE}"'.encode()
    own = b'<credentialExtensions %s><n xmlns="urn:other" a="1">x</n></credentialExtensions>' % space
    whole = b"<storeExtensions %s><m></m></storeExtensions>" % space
    store = made.store()
    extended = replace(store, credentials=(replace(store.credentials[0], extensions=own),), extensions=whole)
    for style in keystore.STYLES:
        assert keystore.read(keystore.write(extended, style)) == extended


def test_an_empty_store_is_a_store(made):
    """No credential, no error; asking for one is another matter."""
    empty = keystore.read(keystore.write(replace(made.store(), credentials=())))
    assert empty.credentials == ()
    with pytest.raises(keystore.UnknownAlias, match="empty"):
        keystore.open_credential(empty, made.alias, made.password, now=made.moment)


def test_salt_and_integrity_value_may_be_absent(made):
    """Reading tells that they are; what that means is decided when the credential is opened."""
    data = re.sub(rb' (credentialSalt|integrityValue)="[^"]*"', b"", made.data())
    credential = keystore.read(data).credentials[0]
    assert (credential.salt, credential.integrity_value) == (None, None)


def test_a_check_value_is_read(made):
    """It may stand between salt and credentials."""
    data = made.data().replace(b"</salt>", b"</salt><checkValue>AQI=</checkValue>")
    store = keystore.read(data)
    assert store.check_value == b"\x01\x02"
    assert keystore.read(keystore.write(store)) == store


@pytest.mark.parametrize(
    ("deviation", "error"),
    [
        ("empty", keystore.NotAKeystore),
        ("plain-text", keystore.NotAKeystore),
        ("pem", keystore.NotAKeystore),
        ("pkcs12", keystore.NotAKeystore),
        ("other-xml", keystore.NotAKeystore),
        ("doctype", keystore.NotAKeystore),
        ("doctype-entity", keystore.NotAKeystore),
        ("truncated", keystore.Damaged),
        ("legal-name-missing", keystore.Damaged),
        ("person-id-missing", keystore.Damaged),
        ("not-after-missing", keystore.Damaged),
        ("fingerprint-missing", keystore.Damaged),
        ("certificate-empty", keystore.Damaged),
        ("key-empty", keystore.Damaged),
        ("foreign-character", keystore.Damaged),
        ("padding-left-out", keystore.Damaged),
        ("id-twice", keystore.DuplicateAlias),
    ],
)
def test_a_broken_store_is_refused_for_its_reason(made, deviation, error):
    """Each kind of break has its class."""
    with pytest.raises(error):
        made.store(deviation=deviation)


NAMESPACE = keystore.NAMESPACE.encode()


@pytest.mark.parametrize(
    ("old", "new", "error"),
    [
        (b' xmlns="' + NAMESPACE + b'"', b"", keystore.NotAKeystore),
        (NAMESPACE, b"urn:other", keystore.NotAKeystore),
        (b"credentialStore", b"credentialShop", keystore.NotAKeystore),
        (rb"<salt>.*</salt>", b"", keystore.Damaged),
        (rb"<salt>", b"<salt>AAAA</salt><salt>", keystore.Damaged),
        (rb"(?s)<credentials>.*</credentials>", b"", keystore.Damaged),
        (rb' id="[^"]*"', b"", keystore.Damaged),
        (rb' id="[^"]*"', b' id=""', keystore.Damaged),
        (rb' credentialType="D"', b"", keystore.Damaged),
        (rb'credentialSalt="[^"]*"', b'credentialSalt="!"', keystore.Damaged),
        (rb'credentialSalt="[^"]*"', b'credentialSalt="' + b"AAAA" * 400 + b'"', keystore.Damaged),
        (rb"<abn>", b"<abn>1</abn><abn>", keystore.Damaged),
        (rb"<abn>", b"<abn><b/>", keystore.Damaged),
        (rb"<notAfter>[^<]*", b"<notAfter>soon", keystore.Damaged),
        (rb"<notAfter>[^<]*", b"<notAfter>", keystore.Damaged),
        (rb"<serialNumber>[^<]*", b"<serialNumber>0x1F", keystore.Damaged),
        (rb"<serialNumber>[^<]*", b"<serialNumber>-1", keystore.Damaged),
        (rb"<serialNumber>[^<]*", b"<serialNumber>0", keystore.Damaged),
        (rb"<serialNumber>[^<]*", b"<serialNumber>" + b"9" * 5000, keystore.Damaged),
        (rb"<serialNumber>[^<]*", "<serialNumber>١٢".encode(), keystore.Damaged),
        (
            rb"<sha1fingerprint>[^<]*",
            b"<sha1fingerprint>AB==",
            keystore.Damaged,
        ),  # AA== is the canonical form
        (rb"<sha1fingerprint>[^<]*", b"<sha1fingerprint>AAAA=AAA", keystore.Damaged),
        (rb"<sha1fingerprint>[^<]*", b"<sha1fingerprint>" + b"A" * (2 << 20), keystore.Damaged),
    ],
)
def test_a_changed_part_is_refused_for_its_reason(made, old, new, error):
    """Namespace, structure, types and sizes are strict."""
    changed = re.sub(old, new, made.data())
    assert changed != made.data()
    with pytest.raises(error):
        keystore.read(changed)


@pytest.mark.parametrize(
    "stamp", ["2027-07-25T00:07:14Z", "2027-07-25T00:07:14.000+10:00", "2027-07-25T00:07:14"]
)
def test_dates_come_in_many_forms(made, stamp):
    """Zone or none, fraction or none; the text is kept."""
    data = re.sub(rb"<notAfter>[^<]*", b"<notAfter>" + stamp.encode(), made.data())
    assert keystore.read(data).credentials[0].not_after == stamp


def test_sizes_are_bounded(made, monkeypatch):
    """Neither file nor number of credentials may be as large as it likes."""
    with pytest.raises(keystore.NotAKeystore):
        keystore.read(b" " * records.MAX_BYTES + made.data())
    monkeypatch.setattr("conformance.protocol.keystore.reading.MAX_CREDENTIALS", 1)
    with pytest.raises(keystore.Damaged, match="too many"):
        made.store(base="pair")


def test_no_record_shows_its_secrets(made):
    """A record that lands in a log or a failing test holds neither key nor certificate."""
    shown = repr(made.store())
    assert "protected_private_key" not in shown
    assert "public_certificate" not in shown


@given(st.binary(max_size=200))
def test_any_bytes_end_in_the_error(data):
    """Bytes that are no store raise the package's own error."""
    with pytest.raises(keystore.KeystoreError):
        keystore.read(data)


@given(st.data())
def test_any_change_ends_in_a_store_or_in_the_error(made, data):
    """A store with some bytes changed is read or refused, and raises nothing else."""
    content = bytearray(made.data())
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, 1200) | st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
    try:
        store = keystore.read(bytes(content))
        keystore.open_credential(store, made.alias, made.password, now=made.moment)
    except keystore.KeystoreError as error:
        reason = error.reason
    else:
        reason = "keystore.none"
    assert reason.startswith("keystore.")


def test_every_deviation_is_met_somewhere():
    """No recipe is there that nobody tests: each is in a vector, or too large for one and made by a check."""
    from conformance import vectors

    used = {
        case.input["recipe"].get("deviation")
        for name in vectors.files()
        if name.startswith("keystore/")
        for case in vectors.load(name).cases
    }
    assert set(DEVIATIONS) - used == {"key-salt-huge", "both-salts-huge"}
