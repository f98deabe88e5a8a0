"""What an entry says of itself is believed as far as its certificate says the same, and no further."""

import re

import pytest

from conformance.protocol import keystore
from conformance.protocol.certificates import read_bundle

NAMES = {
    "legal-name-accented": "Universit\u00e9 d'\u00c9t\u00e9 \u00d8rsted",
    "legal-name-combining": "Universite\u0301 d'E\u0301te\u0301",
    "legal-name-chinese": "\u5927\u5b66 \u6559\u80b2",
    "legal-name-beyond-16-bits": "\U00020bb7\u91ce \U0001f393 Training",
    "legal-name-by-references": "Universit\u00e9 d'\u00c9t\u00e9",
    "legal-name-with-markup": "Smith & Daughters <\"Training\"> 'Tas'",
}


def opened(made, **recipe):
    """Open the usual credential of a recipe's store at the usual moment."""
    return keystore.open_credential(made.store(**recipe), made.alias, made.password, now=made.moment)


@pytest.mark.parametrize(("deviation", "name"), NAMES.items(), ids=NAMES)
def test_a_legal_name_is_read_exactly_and_covered_as_utf_8(made, deviation, name):
    """Whatever the script, nothing is composed, decomposed or lost, and the integrity value is right."""
    assert opened(made, deviation=deviation).credential.legal_name == name


@pytest.mark.parametrize(
    ("deviation", "fields"),
    [
        ("serial-digits-in-person-id", ("serial_number", "person_id")),
        ("serial-digit-in-person-id", ("serial_number", "person_id")),
        ("abn-digit-in-legal-name", ("abn", "legal_name")),
        ("name1-letter-in-name2", ("name1", "name2")),
    ],
)
def test_a_moved_border_keeps_the_integrity_value_and_is_refused(made, deviation, fields):
    """The value is that of the healthy entry to the bit; only the certificate tells."""
    healthy, moved = (made.store(**recipe).credentials[0] for recipe in ({}, {"deviation": deviation}))
    assert moved.integrity_value == healthy.integrity_value
    assert all(getattr(moved, name) != getattr(healthy, name) for name in fields)
    with pytest.raises(keystore.Damaged):
        opened(made, deviation=deviation)


@pytest.mark.parametrize(
    ("deviation", "error"),
    [
        ("integrity-value-absent", keystore.Damaged),
        ("integrity-value-empty", keystore.Damaged),
        ("abn-of-another", keystore.Damaged),
        ("certificate-of-another-abn", keystore.Damaged),
        ("name-shortened", keystore.Damaged),
        ("certificate-of-another-name", keystore.Damaged),
        ("serial-of-the-next", keystore.Damaged),
        ("serial-rounded", keystore.Damaged),
        ("serial-of-the-issuer", keystore.Damaged),
        ("fingerprint-other-by-a-bit", keystore.Damaged),
        ("fingerprint-of-the-issuer", keystore.Damaged),
        ("type-of-a-person", keystore.Unsuitable),
        ("type-in-small", keystore.Unsuitable),
        ("type-empty", keystore.Unsuitable),
    ],
)
def test_a_contradiction_is_refused(made, deviation, error):
    """Under a right integrity value too, where there is one."""
    with pytest.raises(error):
        opened(made, deviation=deviation)


@pytest.mark.parametrize(
    ("deviation", "number"),
    [
        ("serial-of-ones", 2**159 - 1),
        ("serial-with-a-zero-octet", 2**152 - 1),
        ("serial-of-64-bits", 18446744073709551615),
        ("serial-after-2-to-the-53", 9007199254740993),
        ("serial-power-of-ten", 10**46),
        ("serial-that-reads-as-hex", 0x1234567890123456789012345678901234567890),
        ("serial-with-a-small-first-octet", 0x0A0B0C0D0E0F00000000000000000000000001),
    ],
)
def test_a_serial_number_is_an_integer_of_any_size(made, deviation, number):
    """The certificate has it, the store says it in decimal, and the credential opens."""
    found = opened(made, deviation=deviation)
    assert found.certificate.serial_number == number
    assert found.credential.serial_number == str(number)


def test_a_credential_without_a_salt_is_under_that_of_the_store(made):
    """Its key and its integrity value are; the other credential of the store keeps its own salt."""
    store = made.store(base="pair", deviation="salt-of-the-store")
    first, second = store.credentials
    assert (first.salt, len(second.salt)) == (None, 20)
    assert first.integrity_value == keystore.integrity_value(first, store.salt)
    assert second.integrity_value == keystore.integrity_value(second, b"any")
    for credential in (first, second):
        assert keystore.open_credential(store, credential.id, made.password, now=made.moment)
    with pytest.raises(keystore.Damaged):
        opened(made, deviation="store-salt-exchanged")


@pytest.mark.parametrize("deviation", ["salt-of-8-bytes", "salt-with-zero-bytes", "other-store-salt"])
def test_a_salt_is_taken_as_it_is(made, deviation):
    """Short, with zero bytes at its ends, or beside another one of the store."""
    assert opened(made, deviation=deviation).abn == "11000002568"


def test_an_id_is_a_label(made):
    """The holder is the certificate's, whatever the id says."""
    store = made.store(deviation="id-of-another-abn")
    found = keystore.open_credential(store, "ABRD:27809366375_EVTECampus153", made.password, now=made.moment)
    assert (found.abn, found.name) == ("11000002568", "EVTECampus153")


def test_a_credential_in_an_extension_is_none(made):
    """It is kept with the extension and cannot be opened."""
    store = made.store(deviation="extension-with-a-credential")
    assert [credential.id for credential in store.credentials] == [made.alias]
    assert b'id="ABRD:11000002568_EVTEFormerCampus"' in store.credentials[0].extensions
    with pytest.raises(keystore.UnknownAlias):
        keystore.open_credential(store, "ABRD:11000002568_EVTEFormerCampus", made.password, now=made.moment)


@pytest.mark.parametrize(
    "deviation", ["no-credentials", "no-credentials-spelt-out", "no-credentials-but-a-comment"]
)
def test_a_store_may_be_empty(made, deviation):
    """It is read, and asking it for a credential says so."""
    store = made.store(deviation=deviation)
    assert store.credentials == ()
    with pytest.raises(keystore.UnknownAlias, match="empty"):
        store.credential(made.alias)


@pytest.mark.parametrize(
    ("deviation", "error"),
    [
        ("namespace-of-another", keystore.NotAKeystore),
        ("namespace-in-small", keystore.NotAKeystore),
        ("namespace-with-a-slash", keystore.NotAKeystore),
        ("no-namespace", keystore.NotAKeystore),
        ("credentials-in-no-namespace", keystore.Damaged),
        ("no-store-salt", keystore.Damaged),
        ("web-page", keystore.NotAKeystore),
        ("two-roots", keystore.KeystoreError),
    ],
)
def test_another_structure_is_refused(made, deviation, error):
    """Other namespaces, parts that the schema requires, other documents."""
    with pytest.raises(error):
        made.store(deviation=deviation)


@pytest.mark.parametrize(
    ("deviation", "shape"),
    [
        ("dates-with-z", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("dates-with-zero-offset", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00"),
        ("dates-with-ten-hours", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\+10:00"),
        ("dates-with-milliseconds", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z"),
        ("dates-with-seven-digits", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.0000000Z"),
        ("dates-without-a-zone", r"20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d"),
    ],
)
def test_a_date_may_be_spelt_in_every_way(made, deviation, shape):
    """The texts are kept as they stand, and the credential opens."""
    credential = opened(made, deviation=deviation).credential
    for text in (credential.creation_date, credential.not_before, credential.not_after):
        assert re.fullmatch(shape, text)


@pytest.mark.parametrize("deviation", ["date-in-words", "date-left-empty", "date-of-creation-in-words"])
def test_what_is_no_date_is_damage(made, deviation):
    """The message names the field."""
    with pytest.raises(keystore.Damaged, match=r"notAfter|creationDate"):
        made.store(deviation=deviation)


@pytest.mark.parametrize(
    ("deviation", "due"),
    [
        ("made-today", False),
        ("made-three-months-ago", False),
        ("made-today-labelled-expired", False),
        ("ends-in-59-days", True),
        ("ends-tomorrow", True),
        ("ends-early", True),
        ("ends-in-a-week-labelled-for-ever", True),
    ],
)
def test_renewal_is_due_by_the_certificate(made, deviation, due):
    """Near the end and not near the beginning, whatever the XML says."""
    assert opened(made, deviation=deviation).renewal_due(made.moment) is due


@pytest.mark.parametrize("deviation", ["bundle-exchanged", "leaf-forged"])
def test_one_bad_credential_spoils_no_other(made, deviation):
    """The bad one is refused and the good one opens."""
    store = made.store(base="pair", deviation=deviation)
    assert keystore.open_credential(store, "ABRD:27809366375_EVTEMachine", made.password, now=made.moment)
    with pytest.raises(keystore.Damaged):
        keystore.open_credential(store, made.alias, made.password, now=made.moment)


def test_the_exchanged_bundle_holds_another_leaf(made):
    """Of the same subject, so that only key and number tell the two apart."""
    healthy, other = (
        read_bundle(made.store(**recipe).credentials[0].public_certificate)[0]
        for recipe in ({}, {"deviation": "bundle-exchanged"})
    )
    assert healthy.subject == other.subject
    assert healthy.public_key() != other.public_key()
