"""A run leaves a directory that `evte verify` finds as it was written, and without the operator's secrets."""

import json
import re
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.cli import main
from conformance.errors import KitError
from conformance.plugin import Background
from conformance.protocol.secrets import Search, of_key
from conformance.report import summary
from conformance.report.signing import Signer
from conformance.runner import Order, run
from conformance.simulators.authority import Authority
from conformance.simulators.stores import make_store

PASSWORD = "Kq7+vRz2/LmX9_tB4wYd"
AUTHORITY = Authority(datetime.now(UTC), 0)
CREDENTIAL = AUTHORITY.machine_credential(abn="27809366375", name="Operator", key="machine-4")
SIGNER = Signer(
    CREDENTIAL.key, CREDENTIAL.certificate, tuple(CREDENTIAL.chain[1:]), "the credential Operator"
)


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """The authority above the signer, in PEM."""
    path = tmp_path_factory.mktemp("trust") / "root.pem"
    path.write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    return path


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The directory of a signed run of the reference."""
    out = tmp_path_factory.mktemp("signed")
    run(Order(iut="reference", profile="smoke", out=out, background=Background(signer=SIGNER)))
    return out


@pytest.fixture
def out(written, tmp_path):
    """A copy of it."""
    return shutil.copytree(written, tmp_path / "out")


def verify(*arguments):
    return CliRunner().invoke(main, ["verify", *map(str, arguments)])


def test_a_run_is_as_it_was_written(written, root):
    """Exit 0, with who signed, how long it is valid, and what all of this does not prove."""
    done = verify(written, "--trust", root)
    assert done.exit_code == 0, done.output
    assert done.output.startswith("AS WRITTEN\n")
    assert "CN=Operator" in done.output
    assert "whom a trusted certificate vouches for" in done.output
    assert re.search(r"validity: Valid on .*, and until ", done.output)
    assert "not proven: That anybody certified anything" in done.output


def test_every_file_of_a_run_is_named_when_a_byte_of_it_turns(written, tmp_path):
    """One byte of each file at once; none goes unnamed."""
    out = shutil.copytree(written, tmp_path / "out")
    files = [path for path in out.rglob("*") if path.is_file() and path.name != "manifest.json"]
    assert len(files) > 20
    for path in files:
        content = bytearray(path.read_bytes())
        content[len(content) // 3] ^= 1
        path.write_bytes(content)
    done = verify(out, "--json")
    assert done.exit_code == 8
    named = {each["file"] for each in json.loads(done.output)["differences"]}
    assert {path.relative_to(out).as_posix() for path in files} <= named


@pytest.mark.parametrize("name", ["report.html", "manifest.json", "evidence/verify-a-known-person.json"])
def test_one_byte_makes_it_exit_8_and_name_the_file(out, name):
    """A gate needs nothing but the exit code; a person reads the line."""
    content = bytearray((out / name).read_bytes())
    content[len(content) // 2] ^= 1
    (out / name).write_bytes(content)
    done = verify(out)
    assert done.exit_code == 8
    assert done.output.startswith("DIFFERS\n")
    assert f"  {name}: " in done.output


def test_it_can_be_asked_as_of_a_day(written):
    """READY does not last; that is told and is no difference."""
    late = (datetime.now(UTC) + timedelta(days=400)).strftime("%Y-%m-%dT00:00:00Z")
    done = verify(written, "--at", late)
    assert done.exit_code == 0
    assert "validity: No longer valid on" in done.output


def test_programs_get_the_same(written):
    """JSON, with every part that is printed."""
    content = json.loads(verify(written, "--json").output)
    assert content["as_written"] is True
    assert content["verdict"].startswith("READY")
    assert set(content) == {
        *("as_written", "report", "verdict", "files", "signature", "validity"),
        *("differences", "not_looked_at", "not_proven"),
    }


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "there is no report to verify"),
        ([".", "--at", "yesterday"], "is not a date and time"),
        ([".", "--trust", "nowhere.pem"], "cannot be read"),
    ],
)
def test_wrong_arguments_are_usage_errors(arguments, said, tmp_path, monkeypatch):
    """Exit 2, and nothing was verified."""
    monkeypatch.chdir(tmp_path)
    done = verify(*arguments)
    assert done.exit_code == 2
    assert said in done.output


LEAKY = """
import base64
from conformance.reference.correct import Correct

class Leaky(Correct):
    def usi_call(self, **settings):
        super().usi_call(**settings)
        password = settings["password"]
        hidden = base64.b64encode(b":" + password.encode()).decode()
        return {"status": "rejected", "native": {"code": password, "text": f"open({password!r}), {hidden}"}}
"""


def test_a_product_that_tells_the_password_leaves_none_in_the_report(tmp_path, monkeypatch, root):
    """Its error texts are quoted, and the operator's password and key are in no file, in no form."""
    (tmp_path / "leaky.py").write_text(LEAKY, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    credential = AUTHORITY.machine_credential(abn="27809366375", name="Machine", key="machine-3")
    store = tmp_path / "keystore.xml"
    store.write_bytes(make_store([credential], password=PASSWORD))
    monkeypatch.setenv("EVTE_TEST_PASSWORD", PASSWORD)
    out = tmp_path / "out"
    outcome = run(
        Order(
            iut="python:leaky:Leaky",
            profile="smoke",
            out=out,
            keystore=store,
            alias=credential.alias,
            password_env="EVTE_TEST_PASSWORD",
            trust=(root,),
        )
    )
    assert outcome.failure is None
    assert b"[removed, for it held the password of the keystore" in (out / "report.json").read_bytes()
    search = Search({"the password": PASSWORD, **of_key(credential.key)})
    for path in out.rglob("*"):
        if path.is_file():
            assert search.first(path.read_bytes()) is None, path.name
    assert verify(out).exit_code == 0


def test_a_leak_of_the_kits_own_ends_the_run_as_an_error_of_the_kit(tmp_path, monkeypatch):
    """Exit 5: the form is named, and there is no manifest that would pass for a report's."""
    secret = CREDENTIAL.key.private_numbers().d
    monkeypatch.setattr(summary, "render", lambda _: f"d = {secret:x}".encode())
    order = Order(
        iut="reference",
        profile="smoke",
        only=("USI-CHK-01",),
        out=tmp_path,
        background=Background(signer=SIGNER),
    )
    with pytest.raises(KitError) as caught:
        run(order)
    assert caught.value.exit_code == 5
    assert "summary.md: the private key" in caught.value.found
    assert (tmp_path / "report.json").is_file()
    assert not (tmp_path / "summary.md").exists()
    assert not (tmp_path / "manifest.json").exists()
