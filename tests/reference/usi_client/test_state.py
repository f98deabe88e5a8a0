"""What outlives a conversation is either the old or the new state, and never half of it."""

from datetime import UTC, datetime, timedelta

import pytest

from conformance.reference.refusal import Refusal
from conformance.reference.usi_client import Batch, State

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def batch(number=1, taken=NOW, **changes):
    """An upload of two applications."""
    whole = {
        "upload": f"upload-{number}",
        "usi_address": "https://127.0.0.1:1/",
        "org_code": "VA1802",
        "abn": "11000002568",
        "request_id": f"request-{number}",
        "applications": ("a", "b"),
        "taken": taken.isoformat(),
    }
    return Batch(**{**whole, **changes})


def state(path, now=NOW):
    """The state in a file, or in memory."""
    return State(path, clock=lambda: now, random=lambda size: b"\1" * size)


@pytest.mark.parametrize("kept", [True, False])
def test_a_batch_is_remembered_and_changed(tmp_path, kept):
    """In a file, for whoever comes later; in memory for one conversation."""
    path = tmp_path / "state.json" if kept else None
    first = state(path)
    assert first.batches() == []
    first.add(batch(1))
    first.add(batch(2))
    changed = first.change(batch(1), receipt="r", done=True)
    assert changed == batch(1, receipt="r", done=True)
    found = [batch(1, receipt="r", done=True), batch(2)]
    assert first.batches() == found
    assert state(path).batches() == (found if kept else [])


def test_nothing_is_left_beside_the_file(tmp_path):
    """The new state takes the place of the old one in one step, also when that fails."""
    first = state(tmp_path / "state.json")
    first.add(batch(1))
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]

    def fails(source, target):
        raise OSError("the disk is full")

    first.files.replace = fails
    with pytest.raises(Refusal, match="cannot be stored"):
        first.add(batch(2))
    assert [path.name for path in tmp_path.iterdir()] == ["state.json"]
    assert first.batches() == [batch(1)]


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"version": 2, "batches": []}', b'{"version": 1, "batches": [{}]}', b"\xff"],
)
def test_a_file_that_cannot_be_read_is_left_as_it_is(tmp_path, content):
    """To begin anew would lose the receipts in it."""
    path = tmp_path / "state.json"
    path.write_bytes(content)
    with pytest.raises(Refusal, match=r"state\.json"):
        state(path).add(batch())
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("changes", "forgotten"),
    [({"receipt": "r"}, False), ({"receipt": "r", "done": True}, True), ({}, True)],
)
def test_what_is_over_is_forgotten_after_three_months(tmp_path, changes, forgotten):
    """A receipt whose results were never fetched is kept."""
    path = tmp_path / "state.json"
    state(path).add(batch(1, **changes))
    later = state(path, NOW + timedelta(days=91))
    later.add(batch(2, NOW + timedelta(days=91)))
    assert [found.upload for found in later.batches()] == (
        ["upload-2"] if forgotten else ["upload-1", "upload-2"]
    )
