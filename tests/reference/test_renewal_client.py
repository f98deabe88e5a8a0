"""The reference's renewal: what it writes, and what is left when it is killed at any step."""

import os
import threading
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from conformance.protocol import keystore, markup, renewal
from conformance.reference.correct import Correct
from conformance.reference.refusal import Refusal
from conformance.reference.renewal_client import Renewal, RenewalClient
from conformance.reference.store_file import Files, StoreFile
from conformance.simulators.authority import Authority, published_key
from conformance.simulators.http import Request
from conformance.simulators.renewal import PATH, RenewalService
from conformance.simulators.stores import PASSWORD, make_store

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
AUTHORITY = Authority(NOW)
OLD = AUTHORITY.machine_credential(abn="11000002568", name="EVTECampus153")
OTHER = AUTHORITY.machine_credential(abn="27809366375", name="EVTEMachine", key="machine-2")
STORE = make_store([OTHER, OLD])


class Killed(BaseException):
    """The power has failed."""


class Power(Files):
    """Operations on files until the power fails before, or after, the n-th; then nothing works any more."""

    def __init__(self, fails_at=None, *, after=False):
        self.fails_at, self.after, self.done = fails_at, after, 0

    def _spend(self, operation, *given):
        number, self.done = self.done, self.done + 1
        if self.fails_at is not None and (
            number > self.fails_at or (number == self.fails_at and not self.after)
        ):
            raise Killed
        operation(*given)
        if number == self.fails_at:
            raise Killed

    def create(self, path, data):
        self._spend(super().create, path, data)

    def grant(self, path, like):
        self._spend(super().grant, path, like)

    def replace(self, source, target):
        self._spend(super().replace, source, target)

    def remove(self, path):
        self._spend(super().remove, path)


class Direct(RenewalClient):
    """Asks the simulated service without a network, with a published key for a fresh one."""

    service = RenewalService(AUTHORITY, clock=lambda: NOW)

    def __init__(self, **given):
        numbers = count(1)
        super().__init__(
            opener=lambda *named: Correct().open_credential(*named, NOW),
            **{
                "clock": lambda: NOW,
                "random": lambda size: next(numbers).to_bytes(size),
                "make_key": lambda: published_key("machine-3"),
                **given,
            },
        )

    def ask(self, order, message):
        request = Request("POST", PATH, "", (), message, "TLSv1.3", False, NOW)
        return self.read(self.service.handle(request).body)


def order(path):
    """Return what is to be renewed."""
    return Renewal(str(path), OLD.alias, PASSWORD, "https://127.0.0.1:1/", "none.pem")


@pytest.fixture
def path(tmp_path):
    """A store to renew."""
    path = tmp_path / "keystore.xml"
    path.write_bytes(STORE)
    path.chmod(0o600)
    return path


def serial(path):
    """Open the credential that is in a store, and return its serial number."""
    store = keystore.read(path.read_bytes())
    return keystore.open_credential(store, OLD.alias, PASSWORD, now=NOW).certificate.serial_number


def test_renews_and_keeps_a_copy(path):
    """The new credential opens, the old store is beside it, and nothing else is."""
    certificate = Direct().renew(order(path))
    assert serial(path) == certificate.serial_number != OLD.certificate.serial_number
    assert sorted(each.name for each in path.parent.iterdir()) == ["keystore-old.xml", "keystore.xml"]
    assert (path.parent / "keystore-old.xml").read_bytes() == STORE
    before, after = keystore.read(STORE), keystore.read(path.read_bytes())
    assert (before.salt, before.credentials[0]) == (after.salt, after.credentials[0])


def steps():
    """Return how many operations on files a renewal takes: four per file, two for the lock."""
    return 10


def test_the_number_of_steps_is_known(path):
    """The parameters below reach every operation."""
    power = Power()
    Direct(files=power).renew(order(path))
    assert power.done == steps()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", range(steps()))
def test_a_kill_at_any_step_leaves_old_or_new(path, step, after):
    """Before or after each operation: the store opens, and a copy that is there is whole."""
    with pytest.raises(Killed):
        Direct(files=Power(step, after=after)).renew(order(path))
    issued = {each.certificate.serial_number for each in Direct.service.issued}
    assert serial(path) in {OLD.certificate.serial_number, *issued}
    copy = path.with_name("keystore-old.xml")
    assert not copy.exists() or copy.read_bytes() == STORE
    if path.with_name(".keystore.xml.lock").exists():
        with pytest.raises(Refusal, match=r"renewal\.busy"):
            Direct().renew(order(path))
        os.utime(path.with_name(".keystore.xml.lock"), (0, 0))
    if serial(path) == OLD.certificate.serial_number:
        # What was left behind does not stand in the way for ever.
        certificate = Direct(random=os.urandom).renew(order(path))
        assert serial(path) == certificate.serial_number


@pytest.mark.parametrize("name", ["keystore.xml", "keystore-new.xml"])
def test_the_copy_has_the_name_that_set_up_pages_give_it(tmp_path, name):
    """`keystore-old.xml` beside either name."""
    file = StoreFile(str(tmp_path / name), files=Files(), clock=lambda: NOW, random=bytes)
    assert file.backup.name == "keystore-old.xml"


def test_a_second_renewal_is_told_to_wait(path):
    """While one asks, another one is refused and changes nothing."""
    asked, go = threading.Event(), threading.Event()

    class Slow(Direct):
        """Waits before it asks."""

        def ask(self, order, message):
            asked.set()
            go.wait(5)
            return super().ask(order, message)

    thread = threading.Thread(target=Slow().renew, args=(order(path),))
    thread.start()
    asked.wait(5)
    with pytest.raises(Refusal, match=r"renewal\.busy"):
        Direct().renew(order(path))
    assert path.read_bytes() == STORE
    go.set()
    thread.join()
    assert serial(path) != OLD.certificate.serial_number


def test_a_fresh_lock_is_given_back_to_its_owner(path, monkeypatch):
    """Two find a stale lock; the one that comes second finds the other's new one in its hands."""
    files, lock = Files(), path.with_name(".keystore.xml.lock")
    lock.write_bytes(b"stale")
    os.utime(lock, (0, 0))
    file = StoreFile(str(path), files=files, clock=lambda: NOW, random=os.urandom)
    replace = Files.replace

    def taken_over(self, source, target):
        if source == lock:
            lock.write_bytes(b"somebody else's")
        replace(self, source, target)

    monkeypatch.setattr(Files, "replace", taken_over)
    with pytest.raises(Refusal, match=r"renewal\.busy"), file.locked():
        pass
    assert lock.read_bytes() == b"somebody else's"


def test_what_was_changed_meanwhile_is_not_overwritten(path):
    """Somebody who knows no lock has written another credential of the same id."""
    new = AUTHORITY.machine_credential(abn=OLD.abn, name=OLD.name, key="machine-4")
    replaced = make_store([new])

    class Disturbed(Direct):
        """Is overtaken while it asks."""

        def ask(self, order, message):
            path.write_bytes(replaced)
            return super().ask(order, message)

    with pytest.raises(Refusal, match=r"renewal\.not_stored"):
        Disturbed().renew(order(path))
    assert path.read_bytes() == replaced


def test_everything_else_in_the_document_stays(path):
    """Comments, foreign elements, prefixes and encoding are those of before."""
    text = STORE.decode().replace("<credentials>", "<!-- by hand --><x xmlns='urn:x'>y</x><credentials>")
    path.write_bytes(text.replace('encoding="UTF-8"', 'encoding="UTF-16"').encode("utf-16"))
    Direct().renew(order(path))
    root = markup.parse(path.read_bytes())
    assert root.getroottree().docinfo.encoding == "UTF-16"
    assert b"<!-- by hand -->" in markup.serialize(root)
    assert root.findtext("{urn:x}x") == "y"
    assert serial(path) != OLD.certificate.serial_number


def test_a_link_to_the_store_stays_a_link(path):
    """The file that it leads to is replaced."""
    link = path.with_name("link.xml")
    try:
        link.symlink_to(path)
    except OSError:
        pytest.skip("no right to make links here")
    Direct().renew(order(link))
    assert link.is_symlink()
    assert serial(path) != OLD.certificate.serial_number


def test_what_has_expired_is_told_what_to_do(path):
    """No lock, no request, and a sentence that helps."""
    late = NOW + timedelta(days=800)

    class Late(Direct):
        """Is too late."""

        def __init__(self):
            super().__init__(clock=lambda: late)
            self.opener = lambda *named: Correct().open_credential(*named, late)

    with pytest.raises(Refusal, match="same name in RAM") as caught:
        Late().renew(order(path))
    assert caught.value.reason == "keystore.expired"
    assert [each.name for each in path.parent.iterdir()] == ["keystore.xml"]


def test_the_leaf_comes_first_in_the_store():
    """A bundle in another order is written anew, for the official reader takes the first certificate."""
    renewed = renewal.Renewed("a", b"as it came", tuple(reversed(OLD.chain)), "", b"")
    client = Direct()
    from conformance.protocol.certificates import read_bundle

    assert read_bundle(client.bundle(renewed, OLD.certificate)) == OLD.chain
    assert client.bundle(renewal.Renewed("a", b"kept", OLD.chain, "", b""), OLD.certificate) == b"kept"


def test_a_folder_that_cannot_be_written_is_told_before_anything_is_asked(path):
    """Nothing is issued that could not be stored."""

    class Full(Files):
        """Has no room."""

        def create(self, path, data):
            raise OSError(28, "No space left on device")

    issued = len(Direct.service.issued)
    with pytest.raises(Refusal, match="No space left"):
        Direct(files=Full()).renew(order(path))
    assert len(Direct.service.issued) == issued
    assert path.read_bytes() == STORE


def test_a_new_store_has_the_rights_of_the_old_one(path):
    """Neither store nor copy can be read by more people."""
    Direct().renew(order(path))
    modes = {each.stat().st_mode for each in Path(path.parent).iterdir()}
    assert len(modes) == 1
