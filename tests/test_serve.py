"""`evte serve`: both services on one port, told in lines, for products that are driven by hand."""

import dataclasses
import http.client
import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest
from click.testing import CliRunner
from lxml import etree

from conformance.adapters import product_form
from conformance.cli import main
from conformance.errors import OperatorError
from conformance.model import Evidence, Finding, Judgement, Severity
from conformance.protocol.operations import OPERATIONS
from conformance.protocol.trust import ProofMode
from conformance.reference.correct import Correct
from conformance.serving import Order, Station, options, serve
from conformance.serving.telling import Log
from conformance.simulators.authority import Authority
from conformance.simulators.http import Request, Response
from conformance.simulators.office import NotificationCheck
from conformance.simulators.registry.settings import FunctionMatrix, PendingAnswer, RegistrySettings
from conformance.simulators.stores import make_store
from conformance.simulators.sts import Settings
from conformance.simulators.transcript import Exchange

PASSWORD = "Password1!"
AT_3PT = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
STS_NAME = "softwareauthorisations.evte.ato.gov.au"
VERIFY = {
    "operation": "VerifyUSI",
    "request": {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    },
}


class Served:
    """A station in this process, and everything it said."""

    def __init__(self, folder, **choices):
        self.said = []
        self.folder = folder
        self.transcripts = folder / "transcripts"
        order = Order(
            port=0,
            ca_file=folder / "ca.pem",
            write_keystore=folder / "store",
            transcripts=self.transcripts,
            **choices,
        )
        self.station = Station(order, self.said.append)

    def __enter__(self):
        self.station.__enter__()
        return self

    def __exit__(self, *error):
        self.station.__exit__(*error)

    def call(self, alias="ABRD:27809366375_EVTEKitMachine", org_code="VA1803", **changes):
        """Have the reference implementation call VerifyUSI."""
        parameters = {
            "sts_address": self.station.sts_address,
            "usi_address": self.station.usi_address,
            "ca_file": str(self.folder / "ca.pem"),
            "keystore": str(self.folder / "store" / "keystore.xml"),
            "alias": alias,
            "password": PASSWORD,
            "applies_to": AT_3PT,
            "org_code": org_code,
            **VERIFY,
            **changes,
        }
        return Correct().handle("usi.call", parameters)

    def get(self, target, host="", method="GET", body=None):
        """Ask as a client that knows the place by a certain host name; return status and body."""
        port = urlsplit(self.station.address).port
        context = ssl.create_default_context(cafile=self.folder / "ca.pem")
        with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
            connection = http.client.HTTPConnection(host or "localhost", port)
            connection.sock = context.wrap_socket(plain, server_hostname=host or "localhost")
            connection.request(method, target, body)
            answer = connection.getresponse()
            found = answer.status, answer.read()
            connection.close()
            return found

    @property
    def lines(self):
        """What was said, line by line."""
        return "\n".join(self.said).splitlines()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A healthy station."""
    with Served(tmp_path_factory.mktemp("served")) as served:
        yield served


# --- as a product sees it -------------------------------------------------------------------------


def test_a_product_gets_token_and_answer(served):
    """One port, one CA file, a keystore that was written: the whole exchange works."""
    assert served.call()["value"]["conclusion"] == "verified"


def test_a_provider_acts_for_a_client(served):
    """The second credential of the store is a provider's, whose test client has notified."""
    result = served.call(
        "ABRD:11000002568_EVTEKitHosting",
        "VA1802",
        act_as={"second_party": "96312011219", "ssid": "0000123400"},
    )
    assert result["value"]["conclusion"] == "verified"


def test_the_documented_examples_come_to_what_they_are_documented_to(tmp_path):
    """Each request of the page on the operations, in turn, with its conclusion; pending is asked again."""
    found = {}
    with Served(tmp_path) as served:
        for name, operation in OPERATIONS.items():
            request = product_form.example_request(operation)
            result = served.call(operation=name, request=request)
            found[name] = result["value"]["conclusion"]
    assert found == {
        name: product_form.example_answer(operation)["conclusion"] for name, operation in OPERATIONS.items()
    }
    told = [line.partition("registry       ")[2] for line in served.lines if "  registry  " in line]
    assert "BulkVerifyUSI: 1 Valid" in told
    assert "CreateUSI: Success" in told
    assert "BulkUploadRetrieve: fault 1002" in told
    assert "BulkUploadRetrieve: 1 MatchFound" in told
    assert "LocateUSI: Exact" in told


def test_the_registrys_page_names_its_operations(served):
    """For a person who opens the address in a browser."""
    page = served.get("/Service/v5/UsiService.svc")[1].decode()
    assert all(f"<dt>{name}</dt>" in page for name in OPERATIONS)
    assert "<code>http://usi.gov.au/2022/ws/BulkUploadRetrieve</code>" in page


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/R3.0/S007v1.3/service.svc?wsdl", 200),
        ("/R3.0/S007v1.3/Service.svc", 200),
        ("/r3.0/s007v1.2/SERVICE.SVC?wsdl", 200),
        ("/Service/v5/UsiService.svc?WSDL", 200),
        ("/R3.0/S007v1.3/service.svc/mex", 404),
        ("/", 404),
    ],
)
def test_paths_of_both_services(served, target, status):
    """The official paths lead to their service in any case; everything else is told to be nothing."""
    assert served.get(target)[0] == status


@pytest.mark.parametrize("name", [STS_NAME, "softwareauthorisations.acc.ato.gov.au", "3pt.portal.usi.gov.au"])
def test_official_names_are_in_the_certificate(served, name):
    """A client with fixed addresses finds the name that it asks for, and the WSDL leads back to it."""
    port = urlsplit(served.station.address).port
    status, body = served.get("/Service/v5/UsiService.svc?wsdl", host=name)
    addresses = {text for text in etree.fromstring(body).itertext() if "/R3.0/" in text}
    assert status == 200
    assert {text.strip() for text in addresses} == {
        f"https://{name if name.startswith('softw') and 'acc' not in name else STS_NAME}:{port}"
        "/R3.0/S007v1.3/service.svc"
    }


# --- what is told ---------------------------------------------------------------------------------


def test_a_line_for_each_exchange(served):
    """Time, service, what was asked, what was answered, and the first error; findings beneath it."""
    served.said.clear()
    served.call(org_code="VA1802")
    told = [line for line in served.lines if not line.startswith(" ")]
    assert re.fullmatch(r"\d\d:\d\d:\d\d  token service  RequestSecurityToken: token issued.*", told[0])
    assert re.fullmatch(
        r"\d\d:\d\d:\d\d  registry       VerifyUSI: fault 2002  \[usi.org_code_abn\]", told[1]
    )
    assert any(line.startswith("    error usi.org_code_abn: ") for line in served.lines)
    assert "        found: ABN 27809366375" in served.lines


def test_a_client_that_does_not_trust_is_told_of(served):
    """The commonest trouble of a first try shows at once, with what to do."""
    served.said.clear()
    target = urlsplit(served.station.address)
    connection = http.client.HTTPSConnection(
        target.hostname, target.port, context=ssl.create_default_context(), timeout=5
    )
    with pytest.raises(ssl.SSLCertVerificationError):
        connection.request("GET", "/")
    connection.close()
    deadline = time.monotonic() + 5
    while not served.said and time.monotonic() < deadline:
        time.sleep(0.005)  # the refusal is on its way
    assert "does not trust the certificate" in "\n".join(served.said)


def test_hostile_text_is_made_visible(served):
    """What a client writes into a path or a header moves no cursor and makes no line."""
    served.said.clear()
    served.get("/%1b[2J", method="P\x7fOST".replace("\x7f", ""), body=b"\x1b[2J")
    served.get(
        "/Service/v5/UsiService.svc",
        method="POST",
        body=b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        b"<x>&#x202e;</x><y\n/></s:Body></s:Envelope>",
    )
    assert not any(character in "\n".join(served.said) for character in "\x1b\u202e")


def test_no_secret_is_told_or_kept(served):
    """Neither password nor proof key nor ciphertext of a token is in log or transcripts."""
    served.said.clear()
    assert served.call()["status"] == "ok"
    kept = "".join(path.read_text() for path in served.transcripts.glob("*.json"))
    for text in (kept, "\n".join(served.said)):
        assert PASSWORD not in text
        assert not re.search(r"<[^<>]*(?:BinarySecret|CipherValue)[^<>]*>(?!\[removed)[^<]", text)
    assert "[removed: 32 bytes]" in kept


def test_a_transcript_is_what_a_report_holds(served):
    """One file for each exchange, numbered, whole, with the findings at the request that they are about."""
    before = set(served.transcripts.iterdir())
    served.call(org_code="VA1802")
    token, answer = sorted(set(served.transcripts.iterdir()) - before)
    assert token.name.endswith("-token-service-RequestSecurityToken.json")
    assert answer.name.endswith("-registry-VerifyUSI.json")
    evidence = msgspec.json.decode(answer.read_bytes(), type=Evidence)
    request, reply = evidence.messages
    assert "usi.org_code_abn" in [finding.code for finding in request.findings]
    assert (request.receiver, reply.summary) == ("registry", "fault 2002")
    assert not list(served.transcripts.glob("*.part"))


def test_transcripts_are_numbered_on(tmp_path):
    """A folder that has some is added to, and nothing in it is overwritten."""
    folder = tmp_path / "transcripts"
    folder.mkdir()
    (folder / "00041-registry-VerifyUSI.json").write_text("kept")
    with Served(tmp_path) as served:
        served.get("/")
    assert (folder / "00041-registry-VerifyUSI.json").read_text() == "kept"
    assert json.loads((folder / "00042-no-service-GET.json").read_text())["id"] == "00042-no-service-GET"


def test_a_folder_that_goes_away_stops_nothing(tmp_path):
    """Exchanges go on and are told; the loss is told too."""
    with Served(tmp_path) as served:
        served.transcripts.rmdir()
        assert served.get("/")[0] == 404
    assert served.lines[0].startswith("no transcript was written")
    assert "404" in served.lines[1]


def test_the_summary_counts(tmp_path):
    """By service, with how many were refused, and findings by code."""
    with Served(tmp_path) as served:
        served.call(org_code="VA1802")
        served.get("/")
    lines = served.station.log.summary().splitlines()
    assert lines[0] == "stopped; 3 exchanges"
    assert "  token service  1, of which 0 without success" in lines
    assert "  registry       1, of which 1 without success" in lines
    assert "      1 x usi.org_code_abn" in lines


def exchange(*findings):
    """Return an exchange of which these things were found."""
    request = Request("POST", "/", "", (), b"", "TLSv1.3", False, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC))
    return Exchange(
        service="sts",
        request=request,
        response=Response(500),
        received=request.received,
        judgement=Judgement(findings=findings),
        summary="RequestSecurityToken",
        outcome="fault",
    )


def test_errors_come_before_remarks():
    """What refuses a request is what its line names."""
    said = []
    remark = Finding(code="a.remark", message="It is odd.", severity=Severity.REMARK)
    Log(said.append).exchange(exchange(remark, Finding(code="an.error", message="It is wrong.")))
    assert said[0].splitlines() == [
        "03:04:05  token service  RequestSecurityToken: fault  [an.error]",
        "    error an.error: It is wrong.",
        "    remark a.remark: It is odd.",
    ]


def test_a_log_says_no_secret():
    """A password that a product put where it does not belong is not repeated."""
    said = []
    log = Log(said.append, ("hunter2hunter2",))
    log.exchange(exchange(Finding(code="x.y", message="wrong", actual="it was hunter2hunter2")))
    assert "hunter2" not in said[0]
    assert "[removed: 14 characters]" in said[0]


def test_a_reader_who_has_gone_stops_nothing():
    """`evte serve | head` closes the pipe; what is served goes on in silence."""

    def say(_):
        raise BrokenPipeError

    log = Log(say)
    log.exchange(exchange())
    log.exchange(exchange())
    assert log.seen["sts"] == 2


def test_a_defect_of_the_kit_is_told_as_one(tmp_path, monkeypatch):
    """Who watches must not look for it in their product."""
    with Served(tmp_path) as served:
        monkeypatch.setattr(served.station._services.sts, "handle", lambda _: 1 / 0)
        assert served.get("/R3.0/S007v1.3/service.svc")[0] == 500
    assert served.lines[0].startswith("the kit itself failed at GET '/R3.0/S007v1.3/service.svc'")
    assert "  the kit itself failed 1 times" in served.station.log.summary().splitlines()


# --- options --------------------------------------------------------------------------------------


def test_faults_settings_and_clock_are_obeyed(tmp_path):
    """A clock six minutes off refuses for the time, a counted fault passes, a setting changes the answer."""
    with Served(tmp_path, faults=("registry.html@1",), settings=("default_life=5m",)) as served:
        assert served.call()["status"] == "rejected"
        assert served.call()["status"] == "ok"
        assert served.station.settings.default_life == timedelta(minutes=5)
        note = json.loads(max(served.transcripts.iterdir()).read_text())["note"]
        assert note.startswith("For the first answer only: The registry answers with a page")
    with Served(tmp_path, clock_offset="+6m") as served:
        assert served.call()["status"] == "rejected"
        assert "[security.timestamp_window]" in served.said[0]


UNKNOWN_USI = {"request": {**VERIFY["request"], "USI": "EXAMPLE22M"}}
CONTACT = {
    "operation": "UpdateUSIContactDetails",
    "request": {"USI": "SYNTHET2B2", "ContactDetailsUpdate": {"EmailAddress": "ada@example.org"}},
}


@pytest.mark.parametrize(
    ("texts", "fields"),
    [((), {"FirstName", "FamilyName", "DateOfBirth"}), (("invalid_with_fields=no",), set())],
)
def test_a_setting_of_the_registry_is_obeyed(texts, fields, tmp_path):
    """Both forms of an answer that sources disagree about can be tried."""
    with Served(tmp_path, settings=texts) as served:
        response = served.call(**UNKNOWN_USI)["value"]["response"]
    assert (response.pop("USIStatus"), set(response)) == ("Invalid", fields)


@pytest.mark.parametrize(
    ("kind", "texts", "status"),
    [
        ("", (), "ok"),
        (":RTO", (), "ok"),
        (":HEP", (), "rejected"),
        (":HEP", ("function_matrix=beta",), "ok"),
        (":VRB", ("function_matrix=beta",), "rejected"),
        (":VRB", ("function_matrix=open",), "ok"),
    ],
)
def test_what_an_organisation_may_do_depends_on_its_type(kind, texts, status, tmp_path):
    """A provider of higher education may update by one page of the registry and not by the other."""
    client = "51824753556"
    with Served(
        tmp_path,
        organisations=(f"OWN1={client}{kind}",),
        notifications=(f"{client}=0000999900",),
        settings=texts,
    ) as served:
        act_as = {"second_party": client, "ssid": "0000999900"}
        result = served.call("ABRD:11000002568_EVTEKitHosting", "OWN1", act_as=act_as, **CONTACT)
    assert result["status"] == status
    assert result.get("reason", "service.not_authorised") == "service.not_authorised"


def test_a_redirect_leads_to_another_host_here(tmp_path):
    """The other host listens only now, has a trusted certificate, and tells who came."""
    with Served(tmp_path, faults=("sts.redirect",)) as served:
        port = urlsplit(served.station.address).port
        context = ssl.create_default_context(cafile=tmp_path / "ca.pem")
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=5)
        connection.request("POST", "/R3.0/S007v1.3/service.svc", b"<x/>")
        target = urlsplit(connection.getresponse().getheader("location"))
        connection.close()
        assert (target.hostname, target.port != port) == ("localhost", True)
        elsewhere = http.client.HTTPSConnection("localhost", target.port, context=context, timeout=5)
        elsewhere.request("POST", target.path, b"<x/>")
        assert elsewhere.getresponse().status == 404
        elsewhere.close()
    assert any("another host  " in line for line in served.lines)


def test_a_keystore_of_the_operators_is_known(tmp_path):
    """Its authority is trusted, its holder has a code, and no password was needed for that."""
    issued = Authority(datetime.now(UTC), seed=99).machine_credential(
        abn="51824753556", name="Own", trusted=False
    )
    path = tmp_path / "own.xml"
    path.write_bytes(make_store([issued], password="another one"))
    with Served(tmp_path, keystore=path) as served:
        told = "\n".join(served.station.welcome())
        assert f"{issued.alias}, until" in told
        assert "organisation code KIT00001" in told
        result = served.call(issued.alias, "KIT00001", keystore=str(path), password="another one")
    assert result["value"]["conclusion"] == "verified"


def test_organisations_and_notifications_can_be_given(tmp_path):
    """A provider's own client, with a software id of its own."""
    client = "51824753556"
    with Served(
        tmp_path, organisations=(f"OWN1={client}",), notifications=(f"{client}=0000999900",)
    ) as served:
        act_as = {"second_party": client, "ssid": "0000999900"}
        result = served.call("ABRD:11000002568_EVTEKitHosting", "OWN1", act_as=act_as)
    assert result["value"]["conclusion"] == "verified"


def test_a_relying_party_can_be_given(tmp_path):
    """Tokens are issued for it, and the registry takes it for its own; SBR's it does not."""
    with Served(tmp_path, relying_parties=("https://here/x",)) as served:
        assert served.call(applies_to="https://here/x")["status"] == "ok"
        assert served.call(applies_to="https://test.sbr.gov.au/services")["status"] == "rejected"
    registry = [line for line in served.lines if "  registry  " in line]
    assert "token.audience" in registry[1]


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("proof_mode=computed", "proof_mode", ProofMode.COMPUTED),
        ("proof-mode=CLIENT_ENTROPY", "proof_mode", ProofMode.CLIENT_ENTROPY),
        ("notification_checked_by=token_service", "notification_checked_by", NotificationCheck.TOKEN_SERVICE),
        ("notification_checked_by=registry", "notification_checked_by", NotificationCheck.REGISTRY),
        ("act_as=yes", "act_as", True),
        ("act_as=none", "act_as", None),
        ("granted_life=90s", "granted_life", timedelta(seconds=90)),
        ("granted_life=none", "granted_life", None),
        ("fault_status=400", "fault_status", 400),
        ("fault_prefix=s", "fault_prefix", "s"),
        ("expired_code=E2169", "expired_code", "E2169"),
        ("secret_type=urn:x", "secret_type", "urn:x"),
    ],
)
def test_settings_are_read(text, field, value):
    """Names as of the table, with - or _; values by their type."""
    assert getattr(options.settings_of((text,), Settings()), field) == value


def test_rules_are_tolerated_or_not():
    """Codes are added and taken away; the later text goes on top of the earlier."""
    before = Settings().tolerated
    texts = (
        "tolerated=-security.timestamp_span,+sts.credential_revoked",
        "tolerated=+security.timestamp_span",
    )
    assert options.settings_of(texts, Settings()).tolerated == before | {"sts.credential_revoked"}


def test_every_setting_is_listed_with_a_default_that_can_be_set():
    """What is listed can be typed back, but for the set of rules, of which changes are typed."""
    healthy = {"token service": Settings(), "registry": RegistrySettings()}
    for each in options.settings():
        if each.name != "tolerated":
            text = "" if each.default == "(empty)" else each.default
            known = healthy[each.service]
            assert options.settings_of((f"{each.name}={text}",), known) == known, each.name
            assert not each.choices or each.default in each.choices


def test_every_setting_of_the_registry_can_be_set():
    """All that the real one leaves open can be tried, and no name stands for two settings."""
    names = options.names(RegistrySettings)
    assert set(names) == {field.name for field in dataclasses.fields(RegistrySettings)}
    assert not set(names) & set(options.names(Settings))


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("pending_answer=empty list", "pending_answer", PendingAnswer.EMPTY_LIST),
        ("pending-answer=empty_list", "pending_answer", PendingAnswer.EMPTY_LIST),
        ("pending_polls=3", "pending_polls", 3),
        ("function_matrix=BETA", "function_matrix", FunctionMatrix.BETA),
        ("invalid_with_fields=no", "invalid_with_fields", False),
    ],
)
def test_settings_of_the_registry_are_read(text, field, value):
    """In the same way as those of the token service."""
    assert getattr(options.settings_of((text,), RegistrySettings()), field) == value


def test_settings_go_to_their_service():
    """One option for both; each service is told only what is its own."""
    station = Station(Order(settings=("pending_polls=3", "proof_mode=computed")), print)
    assert station.registry_settings == RegistrySettings(pending_polls=3)
    assert station.settings.proof_mode is ProofMode.COMPUTED


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("+6m", timedelta(minutes=6)),
        ("-4m", timedelta(minutes=-4)),
        ("+90s", timedelta(seconds=90)),
        ("-2h", timedelta(hours=-2)),
        ("+1d", timedelta(days=1)),
        ("0", timedelta()),
    ],
)
def test_offsets_are_read(text, offset):
    """A sign, a number, a unit."""
    assert options.offset_of(text) == offset


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"clock_offset": "6m"}, "offset of the clock"),
        ({"clock_offset": "+-6m"}, "offset of the clock"),
        ({"clock_offset": ""}, "offset of the clock"),
        ({"faults": ("sts.nothing",)}, "no fault named"),
        ({"faults": ("renewal.empty",)}, "not served here"),
        ({"settings": ("nothing=1",)}, "no setting 'nothing'"),
        ({"settings": ("extra_anchors=x",)}, "no setting 'extra_anchors'"),
        ({"settings": ("proof_mode",)}, "a name and a value"),
        ({"settings": ("proof_mode=odd",)}, "'computed'"),
        ({"settings": ("fault_status=200",)}, "400 to 599"),
        ({"settings": ("fault_prefix=1:",)}, "a prefix of XML"),
        ({"settings": ("expired_code=",)}, "an event code"),
        ({"settings": ("default_life=0s",)}, "from 1 on"),
        ({"settings": ("unassigned_refused=maybe",)}, "yes or no"),
        ({"settings": ("tolerated=-nothing.known",)}, "as findings have it"),
        ({"settings": ("pending_answer=soon",)}, "'fault' or 'empty list'"),
        ({"settings": ("pending_polls=-1",)}, "a whole number"),
        ({"organisations": ("VA1",)}, "CODE=ABN"),
        ({"organisations": ("VA1=51824753556:SCHOOL",)}, "RTO, VRB"),
        ({"notifications": ("51824753556=12",)}, "ABN=SSID"),
        ({"key": Path("k.pem")}, "without --certificate"),
        ({"certificate": Path("c.pem"), "ca_file": Path("ca.pem")}, "one of --ca-file and --certificate"),
        (
            {"certificate": Path("c.pem"), "faults": ("tls.untrusted",)},
            "one of --certificate and --fault tls",
        ),
        ({"alias": "ABRD:1_x"}, "without --keystore"),
        ({"keystore": Path("nowhere.xml")}, "nowhere.xml cannot be read"),
        ({"trust": (Path("nowhere.pem"),)}, "nowhere.pem cannot be read"),
    ],
)
def test_what_cannot_work_is_refused_in_one_piece(choices, says):
    """Each mistake has its own sentence, before anything listens."""
    with pytest.raises(OperatorError) as caught:
        Station(Order(**choices), print)
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("choices", "says"),
    [
        ({"host": "example.com"}, "numeric address"),
        ({"host": "0.0.0.0"}, "unless it is told to"),
        ({"certificate": Path("nowhere.pem")}, "cannot use its TLS certificate"),
        ({"ca_file": Path("nowhere") / "ca.pem"}, "cannot be written"),
        ({"write_keystore": Path(__file__)}, "cannot be written"),
    ],
)
def test_what_cannot_be_begun_leaves_nothing_behind(choices, says):
    """The error is told, and nothing listens."""
    before = threading.active_count()
    with pytest.raises(OperatorError, match=says), Station(Order(port=0, **choices), print):
        pass
    assert threading.active_count() == before


def test_a_port_in_use_is_told(served):
    """With what to do about it."""
    port = urlsplit(served.station.address).port
    with pytest.raises(OperatorError, match="in use") as caught, Station(Order(port=port), print):
        pass
    assert "0 for any free one" in caught.value.advice


def test_the_written_ca_vouches_for_nothing_else(served):
    """Its key is published; for a host that is none of the test's it must be worth nothing."""
    authority = served.station._authority
    made = {}
    for name in ("www.example.org", "3pt.portal.usi.gov.au"):
        certificate, key = authority.tls_server((name,))
        (served.folder / f"{name}.pem").write_bytes(certificate + key)
        with Station(Order(port=0, certificate=served.folder / f"{name}.pem"), print) as other:
            port = urlsplit(other.address).port
            context = ssl.create_default_context(cafile=served.folder / "ca.pem")
            with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
                try:
                    context.wrap_socket(plain, server_hostname=name).close()
                    made[name] = "trusted"
                except ssl.SSLCertVerificationError as error:
                    made[name] = error.verify_message
    assert made == {"www.example.org": "permitted subtree violation", "3pt.portal.usi.gov.au": "trusted"}


def test_a_key_with_a_password_is_refused(tmp_path):
    """Rather than that OpenSSL asks the terminal for it."""
    certificate, key = Authority(datetime.now(UTC)).tls_server()
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        PrivateFormat,
        load_pem_private_key,
    )

    sealed = load_pem_private_key(key, None).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    path = tmp_path / "both.pem"
    path.write_bytes(certificate + sealed)
    with (
        pytest.raises(OperatorError, match="is encrypted"),
        Station(Order(port=0, certificate=path), print),
    ):
        pass


def test_an_own_certificate_is_shown(tmp_path):
    """Certificate and key may be in one file; there is no CA of ours to write then."""
    certificate, key = Authority(datetime.now(UTC), seed=3).tls_server(("localhost",))
    path = tmp_path / "both.pem"
    path.write_bytes(certificate + key)
    with Station(Order(port=0, certificate=path), print) as station:
        target = urlsplit(station.address)
        shown = ssl.get_server_certificate((target.hostname, target.port))
        told = "\n".join(station.welcome())
    assert shown.split() == certificate.decode().split()
    assert f"certificate      {path}" in told
    assert "hosts file" not in told


@pytest.mark.parametrize("name", ["tls.untrusted", "tls.misnamed"])
def test_a_wrong_certificate_can_be_shown(name, tmp_path):
    """To clients that trust what was written and go by the name they called; without it they connect."""
    failed = []
    for faults in ((), (name,)):
        ca_file = tmp_path / "ca.pem"
        with Station(Order(port=0, ca_file=ca_file, faults=faults), print) as station:
            target = urlsplit(station.address)
            context = ssl.create_default_context(cafile=ca_file)
            connection = http.client.HTTPSConnection(target.hostname, target.port, context=context, timeout=5)
            try:
                connection.connect()
            except ssl.SSLCertVerificationError as error:
                failed.append(error.verify_message)
            finally:
                connection.close()
    assert len(failed) == 1
    assert ("IP address mismatch" in failed[0]) is (name == "tls.misnamed")


@pytest.mark.parametrize(
    ("host", "address", "line"),
    [
        ("0.0.0.0", "https://localhost:", "    ADDRESS-OF-THIS-MACHINE  3pt.portal.usi.gov.au"),
        ("127.0.0.2", "https://127.0.0.2:", "    127.0.0.2  3pt.portal.usi.gov.au"),
    ],
)
def test_the_hosts_lines_lead_to_where_it_listens(host, address, line):
    """For every address of the machine nobody but the operator knows which one clients reach."""
    with _listening(host) as station:
        assert station.address.startswith(address)
        assert line in station.welcome()


def _listening(host):
    with socket.socket() as probe:
        try:
            probe.bind((host, 0))
        except OSError:
            pytest.skip(f"this machine does not listen on {host}")
    return Station(Order(port=0, host=host, beyond_loopback=True), print)


def test_the_welcome_tells_what_there_is(served):
    """Addresses, credentials, seed, and the lines for a hosts file."""
    told = "\n".join(served.station.welcome())
    for text in (
        f"token service    {served.station.address}/R3.0/S007v1.3/service.svc",
        f"registry         {served.station.address}/service/v5/usiservice.svc",
        f"CA file          {served.folder / 'ca.pem'}",
        "ABRD:27809366375_EVTEKitMachine",
        "seed             0",
        f"    127.0.0.1  {STS_NAME}\n",
        "    127.0.0.1  3pt.portal.usi.gov.au\n",
        "--port 443",
    ):
        assert text in told
    assert "PRIVATE" not in (served.folder / "ca.pem").read_text()


# --- the command ----------------------------------------------------------------------------------


def test_serving_ends_when_told(tmp_path):
    """With a summary as its last word."""
    said = []
    stopping = threading.Event()
    stopping.set()
    log = serve(Order(port=0), said.append, stopping)
    assert said[-1] == log.summary() == "stopped; 0 exchanges"


@pytest.mark.parametrize(
    ("option", "line"),
    [
        ("--list-faults", "sts.never "),
        ("--list-faults", "registry.html_500 "),
        ("--list-faults", "tls.untrusted "),
        ("--list-settings", "proof_mode "),
        ("--list-settings", "pending_answer               registry       fault  (fault, empty list)"),
    ],
)
def test_faults_and_settings_are_listed(option, line):
    """Names and what they mean, and nothing is served."""
    result = CliRunner().invoke(main, ["serve", option])
    assert result.exit_code == 0
    assert any(each.startswith(line) for each in result.output.splitlines())
    assert "renewal." not in result.output


def test_options_reach_the_order():
    """A wrong one is told in the kit's own form, with its exit code."""
    result = CliRunner().invoke(main, ["serve", "--clock-offset", "-4x", "--port", "0"])
    assert (result.exit_code, "found: -4x" in result.output) == (2, True)


@pytest.mark.skipif(sys.platform == "win32", reason="a process cannot be sent SIGTERM there")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_process_stops_cleanly(how, tmp_path):
    """Exit code 0, a summary, nothing on standard error; even while a client waits for ever."""
    command = [sys.executable, "-m", "conformance", "serve", "--port", "0", "--fault", "sts.never"]
    ca_file = tmp_path / "ca.pem"
    with subprocess.Popen(
        [*command, "--ca-file", str(ca_file)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        port = 0
        while not (line := process.stdout.readline()).startswith("Stop"):
            if found := re.search(r"registry +https://127.0.0.1:(\d+)/", line):
                port = int(found[1])
        client = http.client.HTTPSConnection(
            "127.0.0.1", port, context=ssl.create_default_context(cafile=ca_file), timeout=5
        )
        client.request("POST", "/R3.0/S007v1.3/service.svc", b"<x/>")
        assert "no answer, in place of" in process.stdout.readline()
        process.send_signal(how)
        out, error = process.communicate(timeout=10)
        client.close()
    assert (process.returncode, error) == (0, "")
    assert "stopped; 1 exchange\n" in out
