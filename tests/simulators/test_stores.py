"""The kit's own stores look like the published ones of their generation."""

import re
from datetime import UTC, datetime

import pytest

from conformance.protocol import keystore
from conformance.protocol.certificates import read_bundle
from conformance.simulators.authority import Authority
from conformance.simulators.stores import GENERATIONS, make_entry, make_store

MOMENT = datetime(2026, 1, 15, 1, 2, 3, tzinfo=UTC)


@pytest.fixture(scope="module")
def credential():
    """A machine credential that was made at MOMENT."""
    return Authority(MOMENT).machine_credential(abn="11000002568", name="EVTECampus153", moment=MOMENT)


@pytest.mark.parametrize(
    ("generation", "creation", "ends", "salt", "bundle"),
    [
        ("2019", "2026-01-15T01:02:03", "2028-01-15T00:52:02+10:00", 20, "BER"),
        ("2020", "2026-01-15T01:02:03+00:00", "2028-01-15T00:52:02+00:00", 8, "DER"),
        ("2021", "2026-01-15T01:02:03", "2028-01-15T00:52:02+10:00", 20, "BER"),
        ("2022", "2026-01-15T01:02:03", "2028-01-15T00:52:02+10:00", 20, "BER"),
        ("2023", "2026-01-15T11:02:03", "2028-01-15T00:52:02+10:00", 20, "BER"),
        ("2025", "2026-01-15T11:02:03", "2028-01-15T00:52:02+10:00", 20, "BER"),
        ("rewritten", "2026-01-15T01:02:03.000Z", "2028-01-15T00:52:02.000Z", 20, "BER"),
    ],
)
def test_a_generation_has_its_marks(credential, generation, creation, ends, salt, bundle):
    """Dates as it labels them, salts as long as it makes them, certificates as it encodes them."""
    entry = make_entry(credential, generation=generation)
    assert (entry.creation_date, entry.not_after, len(entry.salt)) == (creation, ends, salt)
    assert entry.public_certificate[1] == (0x80 if bundle == "BER" else 0x82)
    assert set(GENERATIONS) == {"2019", "2020", "2021", "2022", "2023", "2025", "rewritten"}


def test_an_entry_has_the_marks_of_every_generation(credential):
    """Id, decimal serial number, three certificates with the leaf first, the key under the same salt."""
    entry = make_entry(credential)
    assert entry.id == "ABRD:11000002568_EVTECampus153"
    assert entry.serial_number == str(credential.certificate.serial_number)
    assert read_bundle(entry.public_certificate) == credential.chain
    assert entry.salt in entry.protected_private_key
    assert entry.integrity_value == keystore.integrity_value(entry, b"")


def test_a_store_holds_credentials_in_the_order_given(credential):
    """And each opens."""
    other = Authority(MOMENT).machine_credential(abn="27809366375", name="EVTEMachine", key="machine-2")
    store = keystore.read(make_store([other, credential], password="Another-Password9"))
    assert [each.name1 for each in store.credentials] == ["EVTEMachine", "EVTECampus153"]
    for each in store.credentials:
        keystore.open_credential(store, each.id, "Another-Password9", now=MOMENT)


def test_the_same_credentials_give_the_same_bytes(credential):
    """Salts are derived, keys are fixed, nothing is drawn."""
    assert make_store([credential]) == make_store([credential])


def test_the_moment_of_entry_may_be_another(credential):
    """The creation date tells when the credential came into the store."""
    data = make_store([credential], moment=datetime(2026, 2, 1, tzinfo=UTC))
    assert re.search(rb"<creationDate>2026-02-01T10:00:00</creationDate>", data)
