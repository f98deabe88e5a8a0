"""What a product leaves behind is noticed, and nobody is accused of what was there before."""

import sys
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from conformance.adapters.session import attach
from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.secrets import Search, of_key
from conformance.simulators.authority import published_key
from conformance.simulators.recipes.hostile import ESCAPE, LINE
from conformance.suite.surroundings import Surroundings, asides, must_not_have_said
from conformance.suite.wording import must_all_differ, must_not_be_forged

KEY = published_key("machine-1")
PASSWORD = "Kq7+vRz2/LmX9_tB4wYd"
SEARCH = Search({"the password": PASSWORD, **of_key(KEY)})


def pem():
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def locked_pem():
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(PASSWORD.encode()))


def pfx():
    lock = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(None, KEY, None, None, lock)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A store in its folder, a harness's folder for temporary files, and a machine's."""
    for name in ("run/stores/one", "harness", "machine", "work"):
        (tmp_path / name).mkdir(parents=True)
    store = tmp_path / "run" / "stores" / "one" / "keystore.xml"
    store.write_bytes(b"<store/>")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "machine"))
    monkeypatch.chdir(tmp_path / "work")
    session = SimpleNamespace(temporary=tmp_path / "harness")
    return SimpleNamespace(root=tmp_path, store=store, session=session)


@pytest.mark.parametrize(
    "folder", ["run/stores/one", "harness", "harness/deep/er", "machine", "machine/new", "work"]
)
@pytest.mark.parametrize("content", [pem, locked_pem, pfx, lambda: PASSWORD.encode("utf-16-le")])
def test_a_secret_in_a_new_file_is_found(place, folder, content):
    """Beside the store, among temporary files, in the working folder; in the open and under a password."""
    around = Surroundings(place.session, place.store)
    (place.root / folder).mkdir(parents=True, exist_ok=True)
    (place.root / folder / "left.tmp").write_bytes(content())
    with pytest.raises(ImplementationError) as caught:
        around.must_hold_no_secret(SEARCH, KEY, (PASSWORD,))
    assert caught.value.subcode is Subcode.SECRET_LEAK
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize("folder", ["run/stores/one", "harness", "machine"])
def test_what_was_there_before_accuses_nobody(place, folder):
    """Only what is new or changed counts; and other runs' folders are other runs'."""
    (place.root / folder / "old.pem").write_bytes(pem())
    around = Surroundings(place.session, place.store)
    (place.root / "machine" / "evte-another").mkdir()
    (place.root / "machine" / "evte-another" / "key.pem").write_bytes(pem())
    (place.root / folder / "new.txt").write_bytes(b"nothing to see")
    around.must_hold_no_secret(SEARCH, KEY, (PASSWORD,))


def test_a_changed_file_is_looked_at(place):
    """A log that was there before may have grown."""
    log = place.root / "harness" / "product.log"
    log.write_bytes(b"start\n")
    around = Surroundings(place.session, place.store)
    log.write_bytes(b"start\n" + PASSWORD.encode())
    with pytest.raises(ImplementationError):
        around.must_hold_no_secret(SEARCH, KEY, (PASSWORD,))


def test_another_key_is_not_the_key(place):
    """A key file that belongs to somebody else is left alone."""
    around = Surroundings(place.session, place.store)
    other = published_key("machine-2")
    lock = BestAvailableEncryption(PASSWORD.encode())
    (place.root / "machine" / "other.pem").write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)
    )
    around.must_hold_no_secret(SEARCH, KEY, (PASSWORD,))


@pytest.mark.parametrize(
    "where", ["run/TOKEN.lock", "run/stores/TOKEN", "machine/TOKEN.tmp", "run/stores/one/x.lock"]
)
def test_a_file_that_comes_of_an_id_is_noticed(place, where):
    """By its name, or because it lies beside the store."""
    around = Surroundings(place.session, place.store)
    around.must_show_no("TOKEN")
    (place.root / where).touch()
    with pytest.raises(ImplementationError):
        around.must_show_no("TOKEN")


HARNESS = """
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    if asked["method"] == "initialize":
        value = {"protocol": 1, "capabilities": ["keystore.list"]}
        value["implementation"] = {"name": "n", "version": "1"}
    else:
        print("opening with", asked["params"].get("path"), file=sys.stderr, flush=True)
        value = {"aliases": []}
    result = {"status": "ok", "value": value}
    print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": result}), flush=True)
"""


def test_standard_error_of_a_program_is_searched(tmp_path):
    """As it was written, passwords included; the report gets it without them."""
    program = tmp_path / "harness.py"
    program.write_text(HARNESS, encoding="utf-8")
    session = attach(f'cmd:"{sys.executable}" -S "{program}"')
    iut = SimpleNamespace(session=session)
    try:
        session.call("keystore.list", {"path": "an ordinary path"})
        must_not_have_said(iut, SEARCH)
        session.call("keystore.list", {"path": PASSWORD})
        assert PASSWORD in asides(iut)
        with pytest.raises(ImplementationError) as caught:
            must_not_have_said(iut, SEARCH)
    finally:
        session.close()
    assert caught.value.subcode is Subcode.SECRET_LEAK


@pytest.mark.parametrize("control", ["\n", "\r\n", "\r", "\x9b", ESCAPE])
def test_a_forged_line_is_noticed(control):
    """The control character stands as it is, with the forged line behind it."""
    with pytest.raises(ImplementationError):
        must_not_be_forged(f"no credential ABRD:1{control}{LINE}", "a text")
    must_not_be_forged(repr(f"no credential ABRD:1{control}{LINE}"), "a text")
    must_not_be_forged(f"two lines\nof its own, and {LINE}", "a text")


def test_situations_differ_by_code_or_by_words():
    """Numbers and punctuation make no difference, a code does."""
    must_all_differ({"a": ("1", "wrong"), "b": ("2", "wrong"), "c": ("1", "damaged")})
    with pytest.raises(ImplementationError, match="a = c"):
        must_all_differ({"a": ("1", "wrong"), "b": ("2", "wrong"), "c": ("1", "wrong")})
