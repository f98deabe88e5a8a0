"""Hostile stores are what they are said to be, and the kit's own reader takes none of their bait."""

from datetime import UTC, datetime
from itertools import islice

import pytest

from conformance.protocol import keystore
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import hostile

MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
CREDENTIAL = Authority(MOMENT).machine_credential(abn="11000002568", name="EVTECampus153")
FOLDER, ADDRESS = "file:///nowhere", "http://127.0.0.1:9"


def test_the_store_they_are_made_from_is_healthy():
    """The one thing written otherwise is what is wrong with them."""
    store = keystore.read(hostile.store_of(CREDENTIAL))
    assert keystore.open_credential(store, CREDENTIAL.alias, "Password1!", now=MOMENT).name == "EVTECampus153"


@pytest.mark.parametrize("way", hostile.FILE_ENTITIES)
def test_every_entity_store_declares_a_document_type(way):
    """And has its bait, none of which is in the store itself."""
    trap = hostile.file_entity(way, CREDENTIAL, FOLDER)
    assert b"<!DOCTYPE" in trap.data
    assert not any(content in trap.data for content in trap.files.values())
    with pytest.raises(keystore.KeystoreError):
        keystore.read(trap.data)


@pytest.mark.parametrize("way", hostile.CALLED_ADDRESSES)
def test_every_calling_store_names_the_address(way):
    """Once."""
    assert hostile.called_address(way, CREDENTIAL, ADDRESS).count(ADDRESS.encode()) == 1


@pytest.mark.parametrize("way", hostile.INSTRUCTIONS)
def test_instructions_leave_the_store_healthy(way):
    """A reader that passes over them opens it."""
    keystore.read(hostile.instruction(way, CREDENTIAL, ADDRESS))


@pytest.mark.parametrize("way", hostile.INCLUSIONS)
def test_inclusions_are_no_text(way):
    """An element stands where a text belongs."""
    with pytest.raises(keystore.Damaged):
        keystore.read(hostile.inclusion(way, CREDENTIAL, FOLDER, ADDRESS).data)


@pytest.mark.parametrize("size", hostile.ENTITY_BOMBS)
def test_a_bomb_is_small(size):
    """A few kilobytes more than the store, and refused at once."""
    data = hostile.entity_bomb(size, CREDENTIAL)
    assert len(data) < 20_000
    with pytest.raises(keystore.NotAKeystore):
        keystore.read(data)


def test_swollen_stores_come_in_pieces():
    """No piece is larger than a few megabytes."""
    for shape in hostile.SWOLLEN:
        assert all(len(piece) < 8_000_000 for piece in islice(hostile.swollen(shape, CREDENTIAL), 3))


def test_a_fresh_credential_has_a_key_of_its_own():
    """The same holder, another key and serial number; its store opens."""
    fresh = hostile.fresh_credential(CREDENTIAL)
    assert fresh.alias == CREDENTIAL.alias
    assert fresh.key.public_key() != CREDENTIAL.key.public_key()
    store = keystore.read(hostile.store_of(fresh))
    assert (
        keystore.open_credential(store, fresh.alias, "Password1!", now=MOMENT).certificate
        == fresh.certificate
    )


@pytest.mark.parametrize("kind", hostile.PATHS)
def test_every_path_has_the_token(kind):
    """Whatever comes of it is recognised by its name."""
    alias = hostile.path_like_id(kind, "TOKEN", "/folder")
    assert "TOKEN" in alias
    assert keystore.read(hostile.store_of(CREDENTIAL, id=alias)).credentials[0].id == alias


@pytest.mark.parametrize(("place", "control"), hostile.FORGERIES)
def test_every_forgery_has_its_line(place, control):
    """In the store or in the id that is asked for."""
    data, alias = hostile.forgery(place, control, CREDENTIAL)
    assert hostile.LINE in alias or hostile.LINE.encode() in data
