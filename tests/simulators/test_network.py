"""What the network does to the answers of a healthy service, and the hosts that are not the right ones."""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest
import requests

from conformance.errors import OperatorError
from conformance.model import Judgement
from conformance.reference.correct import Correct
from conformance.simulators.bench import Bench
from conformance.simulators.faults import NETWORK
from conformance.simulators.http import Cut, Request, Response
from conformance.simulators.network import Network, elsewhere
from conformance.simulators.transcript import Exchange

NOW = datetime.now(UTC)
ANSWER = b"<answer>" + b"x" * 1000 + b"</answer>"
SOAP = (("Content-Type", "application/soap+xml; charset=utf-8"),)
VERIFY = {
    "operation": "VerifyUSI",
    "request": {
        "USI": "BNGH7C75FN",
        "FirstName": "Maryam",
        "FamilyName": "Fredrick",
        "DateOfBirth": "1966-05-25",
    },
}


class Healthy:
    """A service that always answers the same."""

    def __init__(self, status=200):
        self.exchanges = []
        self.status = status

    def handle(self, request):
        """Answer and record."""
        response = Response(self.status, SOAP, ANSWER)
        self.exchanges.append(
            Exchange(
                service="sts",
                request=request,
                response=response,
                received=NOW,
                judgement=Judgement(),
                outcome="token issued",
            )
        )
        return response


def request(method="POST", path="/R3.0/S007v1.3/service.svc"):
    """Return a request as the server makes it."""
    return Request(method, path, "", (), b"", "TLSv1.3", False, NOW)


def broken(kind, service=None):
    """Return what one fault makes of the healthy answer, and its record."""
    network = Network(service or Healthy(), "sts", elsewhere=lambda: "https://localhost:1")
    network.faults = (f"sts.{kind}",)
    return network.handle(request())


def test_without_a_fault_an_answer_arrives_as_it_was():
    """The very response is sent and recorded, and the service keeps no record."""
    service = Healthy()
    response, exchange = Network(service, "sts", elsewhere=str).handle(request())
    assert response is exchange.response
    assert (response.body, response.delivery, exchange.outcome) == (ANSWER, None, "token issued")
    assert service.exchanges == []


@pytest.mark.parametrize(
    ("kind", "status", "size", "told"),
    [
        ("delay", 200, 1017, "token issued, 0.6 s late"),
        ("reset_before", 0, 0, "connection reset before any byte of: token issued"),
        ("reset_after", 200, 200, "connection reset after 200 bytes of: token issued"),
        ("truncated", 200, 508, "connection ended after 508 of 1017 bytes of: token issued"),
        ("html", 200, None, "200 with an HTML page, in place of: token issued"),
        ("html_500", 500, None, "500 with an HTML page, in place of: token issued"),
        ("empty", 200, 0, "200 without a body, in place of: token issued"),
        ("content_type", 200, 1017, "token issued, labelled text/html"),
        ("redirect", 307, 0, "307 to another host, in place of: token issued"),
        ("unavailable", 503, None, "503, retry after 1 s, in place of: token issued"),
        ("never", 0, 0, "no answer, in place of: token issued"),
    ],
)
def test_the_record_shows_what_left(kind, status, size, told):
    """Status, bytes and words of the record are of what the client can have seen."""
    _, exchange = broken(kind)
    assert (exchange.response.status, exchange.outcome) == (status, told)
    assert size is None or len(exchange.response.body) == size


def test_every_network_fault_is_carried_out():
    """No name of the table leaves the answer as it was."""
    for kind in NETWORK:
        assert broken(kind)[1].outcome != "token issued", kind


@pytest.mark.parametrize(
    ("kind", "steps"),
    [
        ("delay", [0.6, b"HEAD" + ANSWER]),
        ("reset_before", [Cut.RESET]),
        ("reset_after", [b"HEAD" + ANSWER[:200], Cut.RESET]),
        ("truncated", [b"HEAD" + ANSWER[:508], Cut.CLOSE]),
        ("never", [Cut.SILENCE]),
    ],
)
def test_the_steps_of_a_broken_delivery(kind, steps):
    """The head is the server's; the fault decides on what follows."""
    response, _ = broken(kind)
    assert list(response.delivery(b"HEAD" + ANSWER)) == steps


def test_headers_of_broken_answers():
    """A redirect keeps the path, an outage says when to come back, a wrong label is the only label."""
    assert broken("redirect")[0].header("location") == "https://localhost:1/R3.0/S007v1.3/service.svc"
    assert broken("unavailable")[0].header("retry-after") == "1"
    label = broken("content_type")[0]
    assert [value for name, value in label.headers if name == "Content-Type"] == ["text/html; charset=utf-8"]
    assert broken("truncated")[1].response.header("content-length") == "1017"


def test_a_count_ends_the_fault():
    """With @2 the third answer is healthy; whoever reads the WSDL in between has not used one up."""
    network = Network(Healthy(), "sts", elsewhere=str)
    network.faults = ("sts.html@2", "registry.empty", "sts.E1001")
    statuses = [network.handle(request(method))[1].outcome for method in ("POST", "GET", "POST", "POST")]
    page = "200 with an HTML page, in place of: token issued"
    assert statuses == [page, "token issued", page, "token issued"]


def test_what_is_not_the_service_is_not_broken():
    """A wrong path is told as what it is, and uses up no count."""
    response, exchange = broken("html", Healthy(404))
    assert (response.status, exchange.outcome) == (404, "token issued")


def test_an_unknown_fault_is_refused():
    """The operator is told, before anything is asked."""
    network = Network(Healthy(), "sts", elsewhere=str)
    with pytest.raises(OperatorError, match=r"sts\.nothing"):
        network.faults = ("sts.nothing",)


def test_the_other_host_records_its_visitors():
    """Whatever comes is answered with 404 and on record as `elsewhere`."""
    response, exchange = elsewhere(request(path="/x"))
    assert (response.status, exchange.service, exchange.summary) == (404, "elsewhere", "POST /x")


# --- on the wire ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pauses():
    """The pauses that the bench was to make."""
    return []


@pytest.fixture(scope="module")
def bench(tmp_path_factory, pauses):
    """A bench that makes no real pause."""
    with Bench(NOW, 7, tmp_path_factory.mktemp("bench"), sleep=pauses.append) as bench:
        yield bench


def ask(bench, address="", timeout=5, method="POST"):
    """Send a request that is no envelope; the service would answer 400."""
    target = urlsplit(address or bench.sts_address)
    context = ssl.create_default_context(cafile=bench.ca_file)
    connection = http.client.HTTPSConnection(target.hostname, target.port, context=context, timeout=timeout)
    with contextlib.closing(connection):
        connection.request(method, target.path or "/", b"<x/>", dict(SOAP))
        answer = connection.getresponse()
        return answer, answer.read()


@pytest.mark.parametrize("peer", ["sts", "registry"])
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("reset_before", (ConnectionResetError, http.client.RemoteDisconnected)),
        ("reset_after", (ConnectionResetError, http.client.IncompleteRead)),
        ("truncated", http.client.IncompleteRead),
    ],
)
def test_a_client_sees_the_connection_break(bench, peer, kind, error):
    """Each break reaches the client as one, of either service."""
    address = bench.sts_address if peer == "sts" else bench.usi_address
    with bench.scenario(f"{peer}-{kind}", faults=(f"{peer}.{kind}",)), pytest.raises(error):
        ask(bench, address)


def test_a_delay_goes_through_the_bench_s_sleep(bench, pauses):
    """0.6 s are asked for, the healthy answer follows, and the record counts them."""
    pauses.clear()
    with bench.scenario("delay", faults=("sts.delay",)) as recording:
        answer, body = ask(bench)
    assert (pauses, answer.status, answer.will_close) == ([0.6], 400, True)
    assert body.startswith(b"The message")
    assert recording.sts[0].took_ms > 400


def test_no_answer_is_waited_for_by_nobody_but_the_client(bench):
    """The client times out; the scenario ends, its record says so, and the server has let go."""
    with bench.scenario("never", faults=("sts.never@1",)) as recording:
        with pytest.raises(TimeoutError):
            ask(bench, timeout=0.05)
        assert ask(bench)[0].status == 400
    assert [exchange.outcome for exchange in recording.sts] == ["no answer, in place of: 400", "400"]


def test_a_bench_stops_while_a_client_waits(tmp_path):
    """A client that waits for ever is let go when the bench ends, at once."""
    seen = []

    def wait(bench):
        try:
            ask(bench)
        except (OSError, http.client.HTTPException) as error:
            seen.append(type(error).__name__)

    with Bench(NOW, 7, tmp_path) as bench, bench.scenario("never", faults=("sts.never",)) as recording:
        client = threading.Thread(target=wait, args=(bench,))
        client.start()
        while not recording.exchanges:
            time.sleep(0.005)
        began = time.monotonic()
    client.join(1)
    assert time.monotonic() - began < 0.5
    assert len(seen) == 1


def test_a_redirect_leads_to_another_host_that_is_trusted(bench):
    """Who follows it arrives, certificate and all, and is on record there, to the body."""
    with bench.scenario("redirect", faults=("sts.redirect",)) as recording:
        session = requests.Session()
        session.trust_env = False
        with session:
            followed = session.post(bench.sts_address, b"<x/>", verify=str(bench.ca_file))
    assert urlsplit(bench.sts_address).hostname == "127.0.0.1"
    assert followed.url == f"{bench.elsewhere_address}/R3.0/S007v1.3/service.svc"
    assert urlsplit(bench.elsewhere_address).hostname == "localhost"
    assert [len(recording.sts), len(recording.elsewhere), followed.status_code] == [1, 1, 404]
    assert recording.elsewhere[0].request.body == b"<x/>"
    assert recording.evidence().messages[2].receiver == "another host"


@pytest.mark.parametrize(
    ("attribute", "path", "why"),
    [
        ("impostor_address", "/service/v5/usiservice.svc", "unable to get local issuer|self.signed"),
        ("sts_impostor_address", "/R3.0/S007v1.3/service.svc", "unable to get local issuer|self.signed"),
        ("misnamed_address", "/service/v5/usiservice.svc", "IP address mismatch|not valid for"),
        ("sts_misnamed_address", "/R3.0/S007v1.3/service.svc", "IP address mismatch|not valid for"),
    ],
)
def test_hosts_that_are_not_right(bench, attribute, path, why):
    """Each has a certificate that a client must refuse, for one reason."""
    address = getattr(bench, attribute)
    assert (urlsplit(address).path, address) == (path, getattr(bench, attribute))
    with bench.scenario(attribute), pytest.raises(ssl.SSLCertVerificationError, match=why):
        ask(bench, address)


@pytest.mark.parametrize("attribute", ["impostor_address", "sts_misnamed_address"])
def test_who_does_not_look_is_served_there(bench, attribute):
    """The service behind it is healthy, so that a client that checks nothing shows itself."""
    target = urlsplit(getattr(bench, attribute))
    context = ssl._create_unverified_context()
    with bench.scenario(attribute) as recording:
        connection = http.client.HTTPSConnection(target.hostname, target.port, context=context, timeout=5)
        connection.request("GET", f"{target.path}?wsdl")
        assert connection.getresponse().status == 200
        connection.close()
    assert len(recording.exchanges) == 1


def test_nothing_odd_listens_until_it_is_asked_for(tmp_path):
    """A bench that nobody asks for more has two addresses, and a port that is given is used for its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    before = set(threading.enumerate())
    with Bench(NOW, 7, tmp_path, sts_port=port) as bench:
        assert len(set(threading.enumerate()) - before) == 2
        assert urlsplit(bench.sts_address).port == port
        assert bench.elsewhere_address == bench.elsewhere_address
        assert len(set(threading.enumerate()) - before) == 3


@pytest.mark.parametrize("kind", ["html", "empty", "truncated", "unavailable", "content_type"])
def test_the_evidence_tells_the_fault(bench, kind):
    """The note has the fault's sentence, and the answer's summary what became of it."""
    with bench.scenario(f"told-{kind}", faults=(f"registry.{kind}",)) as recording:
        Correct().handle("usi.call", {**bench.parameters(), **VERIFY})
    evidence = recording.evidence()
    assert "The registry" in evidence.note
    assert recording.registry[0].outcome in [message.summary for message in evidence.messages]
    assert "Valid" in recording.registry[0].outcome
