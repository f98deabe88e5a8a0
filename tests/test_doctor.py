"""The pre-flight examination finds what is wrong, and says whose it is."""

import socket
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.doctor import CredentialStore, examine
from conformance.model import Blame
from conformance.reference import resolve
from conformance.simulators.authority import Authority
from conformance.simulators.stores import make_store

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
FAKES = Path(__file__).parent / "adapters" / "harnesses"


def fake(name, *arguments):
    """Return the SPEC of a fake harness."""
    return "cmd:" + " ".join(f'"{word}"' for word in (sys.executable, "-S", FAKES / f"{name}.py", *arguments))


def wrong(*arguments, **choices):
    """Examine, and return the owner and sentence of what is wrong, by check."""
    findings = examine(*arguments, now=NOW, **choices)
    assert all(finding.sentence for finding in findings)
    return {finding.check: (finding.owner, finding.sentence) for finding in findings if not finding.ok}


def test_reference_is_well():
    """The reference implementation has nothing wrong, and everything was looked at."""
    findings = examine("reference", resolve=resolve, now=NOW)
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.check for finding in findings] == [
        "python",
        "clock",
        "temporary files",
        "loopback",
        "vectors",
        "certificates",
        "harness",
        "capabilities",
        "right USI",
        "wrong USI",
        "round trip",
        "healthy store",
        "framing",
    ]


@pytest.mark.parametrize(
    ("spec", "owner", "part"),
    [
        (fake("crashes_at_once"), Blame.HARNESS, "ended with exit status 3"),
        ("cmd:no-such-program-anywhere", Blame.HARNESS, "no-such-program-anywhere"),
        ("cmd:", Blame.CONFIGURATION, "no command line was given"),
        ("./harness.py", Blame.CONFIGURATION, "names no implementation"),
        ("mutant:no-such", Blame.CONFIGURATION, "no-such"),
        ("http://192.0.2.1/", Blame.CONFIGURATION, "reaches this machine only"),
    ],
)
def test_harness_that_does_not_start_has_an_owner(spec, owner, part):
    """A harness that does not start is the vendor's; a SPEC that names nothing is the operator's."""
    found = wrong(spec, resolve=resolve)["harness"]
    assert found[0] is owner
    assert part in found[1]


def test_last_lines_of_standard_error_are_shown():
    """What the harness said before it ended is part of the findings."""
    owner, sentence = wrong(fake("crashes_at_once"))["standard error"]
    assert owner is Blame.HARNESS
    assert sentence == "the harness's last lines: no configuration file"


def test_stray_output_is_the_harness_s():
    """A banner, logs and a byte-order mark are findings about the framing."""
    owner, sentence = wrong(fake("banner"))["framing"]
    assert owner is Blame.HARNESS
    assert "Enrol 4.2 starting" in sentence


def test_broken_contract_is_the_harness_s():
    """An answer with the wrong id is a finding, and the examination goes on to its end."""
    found = wrong(fake("wrong_id"))
    assert found["contract"][0] is Blame.HARNESS
    assert "with the wrong id" in found["contract"][1]


@pytest.mark.parametrize(
    ("result", "check", "part"),
    [
        ('{"status": "ok"}', "wrong USI", "BNGH7C75FM is accepted"),
        ('{"status": "rejected"}', "right USI", "BNGH7C75FN is refused (reason not stated)"),
        ('{"status": "error", "message": "null"}', "right USI", "BNGH7C75FN is not answered (error): null"),
    ],
)
def test_smoke_questions_show_what_the_product_gets_wrong(monkeypatch, result, check, part):
    """A product that accepts or refuses everything fails one of the two questions."""
    import json
    import types

    module = types.ModuleType("vendor_for_doctor")

    class Product:
        def handle(self, method, params):
            if method == "initialize":
                who = {"name": "p", "version": "1"}
                value = {"protocol": 1, "implementation": who, "capabilities": ["usi.validate"]}
                return {"status": "ok", "value": value}
            return json.loads(result)

    module.Product = Product
    monkeypatch.setitem(sys.modules, module.__name__, module)
    owner, sentence = wrong("python:vendor_for_doctor:Product")[check]
    assert owner is Blame.IMPLEMENTATION
    assert sentence == part


def test_harness_that_offers_nothing_is_named():
    """A harness without capabilities is of no use."""
    initialize = (
        '{"status":"ok","value":{"protocol":1,"implementation":{"name":"x","version":"1"},"capabilities":[]}}'
    )
    words = [word.replace('"', '\\"') for word in ("null", initialize)]
    if sys.platform == "win32":
        pytest.skip("the quotation of the argument is POSIX")
    assert wrong(fake("given", *words))["capabilities"] == (Blame.HARNESS, "offers nothing")


def test_stopped_clock_is_the_environment_s():
    """A clock that is years off is a finding about this machine."""
    findings = examine("cmd:", now=datetime(1999, 12, 31, tzinfo=UTC))
    (clock,) = [finding for finding in findings if finding.check == "clock"]
    assert (clock.ok, clock.owner) == (False, Blame.ENVIRONMENT)
    assert clock.sentence == "this machine's clock says 1999-12-31T00:00:00Z"


def test_unwritable_temporary_folder_is_the_environment_s(monkeypatch, tmp_path):
    """A temporary folder that is not there is a finding about this machine."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    found = wrong("cmd:")
    assert found["temporary files"][0] is Blame.ENVIRONMENT


def test_closed_loopback_is_the_environment_s(monkeypatch):
    """A sandbox without sockets is a finding about this machine."""

    def refuse(*arguments, **choices):
        raise PermissionError(13, "not permitted")

    monkeypatch.setattr(socket, "create_server", refuse)
    owner, sentence = wrong("cmd:")["loopback"]
    assert owner is Blame.ENVIRONMENT
    assert "not permitted" in sentence


@pytest.fixture
def store(tmp_path):
    """A healthy store in a file, as the operator gives it."""
    credential = Authority(NOW).machine_credential(abn="11000002568", name="INGLETON153")
    path = tmp_path / "keystore.xml"
    path.write_bytes(make_store([credential], password="Own-Password-1", moment=NOW))
    return CredentialStore(path=path, alias=credential.alias, password="Own-Password-1")


def test_own_store_is_opened_by_kit_and_product(store):
    """The operator's store is opened by the kit, with its end of validity, and by the product."""
    findings = {f.check: f for f in examine("reference", resolve=resolve, keystore=store, now=NOW)}
    assert findings["keystore"].ok
    assert (
        findings["keystore"].sentence == "ABRD:11000002568_INGLETON153 opens; its certificate ends 2028-10-21"
    )
    assert findings["healthy store"].ok


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"path": Path("no-such-file.xml")}, "cannot be read"),
        ({"alias": "ABRD:nobody"}, "ABRD:nobody"),
        ({"password": "Wrong-Password-1"}, "password"),
    ],
)
def test_wrong_store_is_the_operator_s(store, changes, part):
    """A path, alias or password that is wrong is the operator's, and the password is in no finding."""
    given = CredentialStore(
        **{"path": store.path, "alias": store.alias, "password": store.password, **changes}
    )
    findings = examine("reference", resolve=resolve, keystore=given, now=NOW)
    (finding,) = [f for f in findings if f.check == "keystore"]
    assert (finding.ok, finding.owner) == (False, Blame.CONFIGURATION)
    assert part in finding.sentence
    assert not any("-Password-1" in f.sentence + f.advice for f in findings)
    assert "-Password-1" not in repr(given)
