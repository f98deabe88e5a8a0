"""The bench: both services over HTTPS, one credential, and scenarios that keep their exchanges apart."""

import http.client
import ssl
import threading
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
import zeep
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.errors import KitError, OperatorError
from conformance.protocol import keystore
from conformance.reference.correct import Correct
from conformance.simulators.authority import Authority
from conformance.simulators.bench import CLIENTS_PRINCIPAL, PRINCIPAL, Bench, OperatorCredential
from conformance.simulators.office import NotificationCheck
from conformance.simulators.ram import Role
from conformance.simulators.stores import make_store

PUBLISHED = Path(__file__).parents[2] / ".." / "shared" / "data" / "keystore"
MARYAM = {
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A local bench."""
    with Bench(NOW, 7, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


def call(bench, **changes):
    """Have the reference implementation call VerifyUSI."""
    parameters = {**bench.parameters(), "operation": "VerifyUSI", "request": MARYAM, **changes}
    return Correct().handle("usi.call", parameters)


def test_the_reference_gets_an_answer(bench):
    """Token, call, answer: the whole exchange runs over HTTPS and nothing is found wrong."""
    with bench.scenario("healthy") as recording:
        result = call(bench)
    assert result["value"]["conclusion"] == "verified"
    assert [len(recording.sts), len(recording.registry)] == [1, 1]
    for exchange in recording.exchanges:
        assert exchange.judgement.accepted, exchange.judgement.findings
    assert recording.registry[0].facts.answer["USIStatus"] == "Valid"
    assert bench.errors == []


def test_the_evidence_has_no_secret(bench):
    """Neither password nor proof key nor ciphertext is in the transcript; the certificate is."""
    with bench.scenario("secrets") as recording:
        call(bench)
    text = repr(recording.evidence())
    assert bench.password not in text
    assert "[removed: 32 bytes]" in text
    assert "BinarySecurityToken" in text
    assert len(recording.evidence().messages) == 4


def test_faults_last_as_long_as_their_scenario(bench):
    """A fault asked for in one scenario is gone in the next."""
    with bench.scenario("refused", faults=("registry.1002",)) as recording:
        assert call(bench)["status"] == "rejected"
    assert recording.registry[0].facts.fault == "1002"
    with bench.scenario("healed") as recording:
        assert call(bench)["status"] == "ok"
    assert recording.registry[0].facts.fault == ""


def test_a_fault_of_the_token_service_stays_with_it(bench):
    """Named for the token service, a fault does not reach the registry."""
    with bench.scenario("no-token", faults=("sts.E2003",)) as recording:
        assert call(bench)["reason"] == "token.relying_party"
    assert recording.registry == []


def test_the_registry_forgets_at_the_end_of_a_scenario(bench):
    """Whoever is changed in one scenario is as before in the next, and so after one that failed."""
    store = bench.registry.store
    for name in ("changed", "changed-again"):
        with suppress(ZeroDivisionError), bench.scenario(name):
            assert store.person("BNGH7C75FN").family == "Fredrick"
            store.change("BNGH7C75FN", family="Other")
            store.remember_request("VA1803", "R1", "CreateUSI", {})
            assert call(bench)["value"]["response"]["FamilyName"] == "NoMatch"
            raise ZeroDivisionError
    assert store.person("BNGH7C75FN").family == "Fredrick"
    assert store.answer_to_request("VA1803", "R1") is None


def test_an_unknown_fault_begins_no_scenario(bench):
    """The name is refused before anything changes."""
    with pytest.raises(OperatorError, match=r"sts\.E0000"), bench.scenario("x", faults=("sts.E0000",)):
        pass
    with bench.scenario("after-an-unknown-fault"):
        pass


def test_scenarios_do_not_nest(bench):
    """A scenario inside another one would mix their exchanges, so it is refused."""
    with bench.scenario("outer"), pytest.raises(KitError, match="inside another"), bench.scenario("inner"):
        pass


def test_scenarios_of_two_threads_take_turns(bench):
    """Each recording holds its own exchanges and no others."""
    found = {}

    def carry_out(name, usi):
        with bench.scenario(name) as recording:
            call(bench, request={**MARYAM, "USI": usi})
        found[name] = [exchange.facts.request.values["USI"] for exchange in recording.registry]

    threads = [
        threading.Thread(target=carry_out, args=(f"t-{usi}", usi))
        for usi in ("BNGH7C75FN", "BP6LKB3C7X", "C2P5P4UBHP", "QS5Q8XWSUJ")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {f"t-{usi}": [usi] for usi in ("BNGH7C75FN", "BP6LKB3C7X", "C2P5P4UBHP", "QS5Q8XWSUJ")}


def test_what_comes_outside_a_scenario_is_kept_apart(bench):
    """An exchange without a scenario belongs to none."""
    before = len(bench.outside.exchanges)
    call(bench)
    assert len(bench.outside.exchanges) == before + 2
    with bench.scenario("later") as recording:
        pass
    assert recording.exchanges == []


def test_an_untrusting_client_is_remarked_on(bench):
    """A client that refuses our certificate leaves a remark in the scenario."""
    address = urlsplit(bench.usi_address)
    with bench.scenario("untrusted") as recording:
        connection = http.client.HTTPSConnection(
            address.hostname, address.port, context=ssl.create_default_context(), timeout=5
        )
        with pytest.raises(ssl.SSLCertVerificationError):
            connection.request("GET", "/")
        connection.close()
        # The server learns of the refusal a moment later; the next request comes after that.
        call(bench)
    assert "TLS connection failed" in recording.evidence().note


def test_the_kit_credential_is_what_it_says(bench):
    """Alias, ABN and organisation are published test data; nothing secret is told."""
    facts = bench.credential_facts
    assert (facts.abn, facts.alias, facts.origin) == (
        "27809366375",
        "ABRD:27809366375_EVTEKitMachine",
        "kit",
    )
    assert (bench.org_code, bench.act_as) == ("VA1803", None)
    assert bench.parameters()["applies_to"] == "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
    assert "act_as" not in bench.parameters()
    store = keystore.read(bench.keystore_path.read_bytes())
    opened = keystore.open_credential(store, bench.alias, bench.password, now=NOW)
    assert str(opened.certificate.serial_number) == facts.serial


def test_a_provider_acts_for_its_client(tmp_path):
    """In cloud mode the token is for the second party, whose organisation code is sent."""
    with Bench(NOW, 1, tmp_path, act_as=True) as bench:
        assert bench.act_as == {"second_party": "96312011219", "ssid": "0000123400"}
        with bench.scenario("cloud") as recording:
            result = call(bench)
        assert result["value"]["conclusion"] == "verified"
        assert recording.sts[0].judgement.accepted
        assert recording.registry[0].facts.request.values["OrgCode"] == "VA1802"


# --- RAM ------------------------------------------------------------------------------------------


def test_the_runs_credential_is_in_ram(bench):
    """Held by an administrator, active, known by its serial number; there is no notification to make."""
    record = bench.ram.credential(bench.credential_id)
    assert (record.abn, record.name, record.state.value) == ("27809366375", "EVTEKitMachine", "active")
    assert str(record.certificate.serial) == bench.credential_facts.serial
    assert (bench.ram.notifications, bench.notification_id) == ((), "")


def test_a_providers_clients_have_notified(tmp_path):
    """Both of them, each for a software id of its own."""
    bench = Bench(NOW, 1, tmp_path, act_as=True)
    assert bench.ram.notified("96312011219", "11000002568", "0000123400")
    assert bench.ram.notified("27809366375", "11000002568", "0000567800")
    assert not bench.ram.notified("96312011219", "11000002568", "0000567800")
    assert bench.ram.notification(bench.notification_id).client == "96312011219"


@pytest.mark.parametrize(("days", "reason"), [(59, None), (61, "token.revoked")])
def test_rams_clock_runs_ahead_of_the_messages(bench, days, reason):
    """Sixty days pass for RAM, and the messages are as fresh as ever."""
    with bench.ram.restored() as ram, bench.scenario(f"unassigned-{days}"):
        holder = ram.credential(bench.credential_id).holder
        ram.dismiss("27809366375", holder, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        ram.advance(days=days)
        assert call(bench).get("reason") == reason
    assert bench.ram.credential(bench.credential_id).state.value == "active"


def test_a_credential_is_issued_again(bench, tmp_path):
    """Same id, same password, another certificate, which RAM and the token service know."""
    path = tmp_path / "again.xml"
    with bench.ram.restored() as ram, bench.scenario("issued-again") as recording:
        serials = set()
        for _ in range(3):
            identifier = bench.issue(path)
            serials.add(ram.credential(identifier).certificate.serial)
            assert call(bench, keystore=str(path), alias=bench.issued_alias)["status"] == "ok"
        assert ram.credential(identifier).used
    assert len(serials) == 3
    assert [exchange.facts.signer.certificate.serial_number in serials for exchange in recording.sts] == [
        True
    ] * 3


def test_the_registry_may_be_the_one_who_looks(tmp_path):
    """Where the token service does not look for the notification, the registry refuses with 2002."""
    with Bench(NOW, 1, tmp_path, act_as=True) as bench, bench.scenario("removed") as recording:
        service = bench.token_service
        service.settings = replace(service.settings, notification_checked_by=NotificationCheck.REGISTRY)
        bench.ram.remove_notification(bench.notification_id, by=CLIENTS_PRINCIPAL)
        result = call(bench)
    assert (result["reason"], result["native"]["code"]) == ("service.not_authorised", "2002")
    codes = {finding.code for finding in recording.registry[0].judgement.findings}
    assert codes == {"usi.notification_missing"}


# --- the operator's own credential ----------------------------------------------------------------


@pytest.fixture
def own(tmp_path):
    """A store of somebody else's: another authority, another ABN."""
    issued = Authority(NOW, seed=99).machine_credential(abn="11000002568", name="Own", trusted=False)
    path = tmp_path / "own.xml"
    path.write_bytes(make_store([issued], password="another one"))
    return path, issued


def test_an_own_credential_is_used(own, tmp_path, monkeypatch):
    """The token service trusts the chain in the operator's file, and the run says so."""
    path, issued = own
    monkeypatch.setenv("EVTE_TEST_PASSWORD", "another one")
    credential = OperatorCredential.from_environment(
        keystore=path, alias=issued.alias, password_env="EVTE_TEST_PASSWORD", now=NOW
    )
    assert "another one" not in repr(credential)
    with Bench(NOW, 1, tmp_path, credential=credential) as bench:
        with bench.scenario("own") as recording:
            assert call(bench)["value"]["conclusion"] == "verified"
        assert recording.sts[0].facts.signer.certificate == issued.certificate
        assert bench.credential_facts.origin == "operator"
        assert (
            bench.credential_facts.sha256
            == issued.certificate.fingerprint(issued.certificate.signature_hash_algorithm).hex()
        )
        texts = " ".join(remark.text for remark in bench.remarks)
        assert "trusts the chain inside the given keystore" in texts
        assert "No organisation code was given for ABN 11000002568" in texts


def test_an_organisation_code_can_be_given(own, tmp_path):
    """The code stands for the credential's ABN from then on."""
    path, issued = own
    credential = OperatorCredential.open(path, issued.alias, "another one", org_code="ABCD1234", now=NOW)
    with Bench(NOW, 1, tmp_path, credential=credential) as bench, bench.scenario("own-code") as recording:
        assert call(bench)["value"]["conclusion"] == "verified"
    assert recording.registry[0].facts.request.values["OrgCode"] == "ABCD1234"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"password_env": "EVTE_TEST_UNSET"}, "EVTE_TEST_UNSET is not set"),
        ({"keystore": Path("nowhere.xml")}, "nowhere.xml cannot be read"),
        ({"alias": "ABRD:1_x"}, "no credential"),
        ({"password_env": "EVTE_TEST_WRONG"}, "password"),
        ({"now": NOW + timedelta(days=1000)}, "expired|ended"),
        ({"trust": (Path("nowhere.pem"),)}, "nowhere.pem cannot be read"),
    ],
)
def test_what_is_wrong_with_an_own_credential_is_the_operators(own, monkeypatch, changes, says):
    """Each mistake has its sentence and exit code 2."""
    path, issued = own
    monkeypatch.setenv("EVTE_TEST_PASSWORD", "another one")
    monkeypatch.setenv("EVTE_TEST_WRONG", "not this one")
    monkeypatch.delenv("EVTE_TEST_UNSET", raising=False)
    arguments = {"keystore": path, "alias": issued.alias, "password_env": "EVTE_TEST_PASSWORD", "now": NOW}
    with pytest.raises(OperatorError, match=rf"(?i){says}") as caught:
        OperatorCredential.from_environment(**{**arguments, **changes})
    assert caught.value.exit_code == 2


def test_a_trust_file_must_hold_certificates(own, tmp_path, monkeypatch):
    """A file without PEM certificates is refused; one with them is taken."""
    path, issued = own
    monkeypatch.setenv("EVTE_TEST_PASSWORD", "another one")
    file = tmp_path / "trust.pem"
    arguments = {"keystore": path, "alias": issued.alias, "password_env": "EVTE_TEST_PASSWORD", "now": NOW}
    file.write_text("nothing")
    with pytest.raises(OperatorError, match="no certificates"):
        OperatorCredential.from_environment(**arguments, trust=(file,))
    file.write_bytes(issued.chain[-1].public_bytes(Encoding.PEM))
    assert OperatorCredential.from_environment(**arguments, trust=(file,)).trust == (issued.chain[-1],)


def test_a_published_credential_works(tmp_path):
    """The published test store that is valid to 2027 gets a token and an answer."""
    path = PUBLISHED / "keystore-3pt-2025.xml"
    if not path.is_file():
        pytest.skip(f"the published keystore is not at {path}")
    moment = datetime(2026, 11, 21, 10, 42, tzinfo=UTC)
    credential = OperatorCredential.open(path, "ABRD:27809366375_USIMachine", "Password1!", now=moment)

    with Bench(datetime.now(UTC), 1, tmp_path, credential=credential) as bench:
        assert (bench.org_code, bench.credential_facts.abn) == ("VA1803", "27809366375")
        if bench.credential_facts.not_after > datetime.now(UTC).isoformat():
            with bench.scenario("published") as recording:
                assert call(bench)["value"]["conclusion"] == "verified"
            assert recording.sts[0].facts.signer.certificate == credential.opened.certificate


def test_an_expired_published_credential_is_refused():
    """The refusal names the certificate's own date, which is not the one that the file states."""
    path = PUBLISHED / "keystore-3pt-2022.xml"
    if not path.is_file():
        pytest.skip(f"the published keystore is not at {path}")
    with pytest.raises(OperatorError) as caught:
        OperatorCredential.open(path, "ABRD:27809366375_USIMachine", "Password1!", now=NOW)
    assert "2024" in str(caught.value)


# --- the client that we did not write -------------------------------------------------------------


def test_zeep_loads_the_wsdl_from_the_server(bench):
    """Some clients GET the WSDL before anything else, over the same HTTPS and trust."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(bench.ca_file)
    with session:
        client = zeep.Client(f"{bench.usi_address}?wsdl", transport=zeep.Transport(session=session))
        assert client.service._binding_options["address"] == bench.usi_address


@pytest.mark.parametrize(
    ("changes", "faults", "conclusion"),
    [
        ({}, (), "verified"),
        ({"FamilyName": "Frederick"}, (), "not_verified"),
        ({"USI": "DG6K5YHPP3"}, (), "not_verified"),
        ({"USI": "2222222222"}, (), "not_verified"),
        ({"USI": "2222222222"}, ("registry.invalid_without_fields",), "not_verified"),
        ({}, ("registry.unknown_status",), "not_verified"),
    ],
)
def test_zeep_reads_every_answer(bench, changes, faults, conclusion):
    """Each form of answer passes zeep's strict reader, which the reference is built on."""
    with bench.scenario("zeep", faults=faults):
        result = call(bench, request={**MARYAM, **changes})
    assert result["value"]["conclusion"] == conclusion


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("registry.1002", "service.validation"),
        ("registry.2002", "service.not_authorised"),
        ("registry.3458", "service.outdated_version"),
        ("registry.7777", "service.fault"),
    ],
)
def test_zeep_reads_every_fault(bench, fault, reason):
    """The detail of a fault comes through zeep, code and all."""
    with bench.scenario("zeep-fault", faults=(fault,)):
        result = call(bench)
    assert (result["reason"], result["native"]["code"]) == (reason, fault.rpartition(".")[2])


def test_another_relying_party_is_served_for_a_while(bench):
    """Tokens for one more address are issued, and the registry takes them, while the block runs."""
    other = "https://portal.usi.gov.au/service/v5/usiservice.svc"
    with bench.also_serving(other), bench.scenario("two-relying-parties") as recording:
        assert call(bench, applies_to=other)["value"]["conclusion"] == "verified"
    assert recording.registry[0].facts.token.audience == other
    with bench.scenario("one-relying-party") as recording:
        assert call(bench, applies_to=other)["native"]["code"] == "E2003"
    assert recording.registry == []


def test_a_credential_of_another_name_is_issued(bench, tmp_path):
    """The holder's second credential has an id of its own, and is known and trusted."""
    with bench.ram.restored(), bench.scenario("second-credential") as recording:
        bench.issue(tmp_path / "keystore.xml", name="EVTEKitSecond")
        alias = f"ABRD:{bench.identity.abn}_EVTEKitSecond"
        result = call(bench, keystore=str(tmp_path / "keystore.xml"), alias=alias)
    assert result["value"]["conclusion"] == "verified"
    assert "EVTEKitSecond" in recording.sts[0].facts.signer.certificate.subject.rfc4514_string()


def test_a_wrong_certificate_is_no_fault_of_a_scenario(tmp_path):
    """It belongs to an address; a scenario that asked for it would be healthy and prove nothing."""
    bench = Bench(NOW, 1, tmp_path)
    with bench, pytest.raises(KitError, match="no fault of a scenario"):
        bench.scenario("x", faults=("tls.untrusted",)).__enter__()
