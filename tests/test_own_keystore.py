"""The keystore of a vendor's developer kit takes the place of the synthetic one."""

import base64
import json
import re
from pathlib import Path

import pytest
from cryptography import x509

from conformance.doctor import CredentialStore, examine
from conformance.errors import OperatorError
from conformance.model import Blame, Readiness
from conformance.reference import resolve
from conformance.runner import Order, run

PUBLISHED = Path(__file__).parent.parent.parent / "shared" / "data" / "keystore"
ALIAS = "ABRD:27809366375_USIMachine"
PASSWORD = "Password1!"  # published for the third-party testing environment


def order(tmp_path, name, **choices):
    path = PUBLISHED / name
    if not path.is_file():
        pytest.skip(f"the published keystore {name} is not beside the project")
    return Order(
        iut="reference",
        keystore=path,
        out=tmp_path,
        **{"profile": "usi-local", "alias": ALIAS, "password_env": "EVTE_TEST_PASSWORD", **choices},
    )


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("EVTE_TEST_PASSWORD", PASSWORD)


def test_the_exchange_runs_with_the_given_credential(tmp_path):
    """The request for a token carries the published certificate, and the person is verified."""
    outcome = run(order(tmp_path, "keystore-3pt-2025.xml", profile="smoke"))
    assert outcome.report.verdict.readiness is Readiness.READY, outcome.report.verdict.sentence
    transcript = json.loads((tmp_path / "evidence" / "verify-a-known-person.json").read_bytes())
    token = re.search(r"BinarySecurityToken[^>]*>([^<]+)<", transcript["messages"][0]["body"])
    certificate = x509.load_der_x509_certificate(base64.b64decode(token.group(1)))
    assert certificate.serial_number == 282138245703063794741408030929546368224789997836
    assert [message["summary"] for message in transcript["messages"]] == [
        "RequestSecurityToken",
        "token issued",
        "VerifyUSI",
        "Valid",
    ]
    assert outcome.report.run.credential.not_after == "2027-07-25T00:07:14Z"


def test_no_file_of_the_report_holds_the_password(tmp_path):
    """The password stays out of everything that is written."""
    run(order(tmp_path, "keystore-3pt-2025.xml", only=("STS", "KS-K")))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert PASSWORD.encode() not in path.read_bytes(), path.name


def test_an_expired_credential_is_refused_by_the_date_of_the_certificate(tmp_path):
    """2024-09-12T06:13:02Z is the certificate's end; the file says ten hours less."""
    with pytest.raises(OperatorError, match="2024-09-12T06:13:02Z"):
        run(order(tmp_path, "keystore-3pt-2022.xml"))


def test_a_wrong_password_is_refused_before_anything_runs(tmp_path, monkeypatch):
    """The operator learns it at once, without the password in the message."""
    monkeypatch.setenv("EVTE_TEST_PASSWORD", "Password2!")
    with pytest.raises(OperatorError) as caught:
        run(order(tmp_path, "keystore-3pt-2025.xml"))
    assert "password" in str(caught.value)
    assert "Password2!" not in str(caught.value)


def test_an_unknown_alias_names_those_that_there_are(tmp_path):
    """The nearest help is the list of the file's own aliases."""
    with pytest.raises(OperatorError, match="ABRD:27809366375_USIMachine"):
        run(order(tmp_path, "keystore-3pt-2025.xml", alias="ABRD:27809366375_usimachine"))


def test_the_doctor_tells_an_expired_store_from_a_sick_product(tmp_path):
    """An expired store is the operator's to mend; the product is then asked with a synthetic one."""
    store = CredentialStore(order(tmp_path, "keystore-3pt-2022.xml").keystore, ALIAS, PASSWORD)
    findings = {finding.check: finding for finding in examine("reference", resolve=resolve, keystore=store)}
    assert not findings["keystore"].ok
    assert findings["keystore"].owner is Blame.CONFIGURATION
    assert findings["healthy store"].ok
