"""What stacks do besides sending a request, over real TLS: WSDLs, bare addresses, odd transfers."""

import http.client
import shutil
import socket
import ssl
import subprocess
from datetime import UTC, datetime

import pytest
import requests
import zeep
from lxml import etree

from conformance.protocol import soap, trust
from conformance.simulators.authority import Authority
from conformance.simulators.http import Response, Server

USI_PATH = "/service/v5/usiservice.svc"
STS_PATH = "/R3.0/S007v1.3/service.svc"
STS_12 = "/R3.0/S007v1.2/service.svc"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
STS_NAMESPACE = "http://schemas.microsoft.com/ws/2008/06/identity/securitytokenservice"
POLICY = {
    "wsp": "http://schemas.xmlsoap.org/ws/2004/09/policy",
    "sp": "http://docs.oasis-open.org/ws-sx/ws-securitypolicy/200702",
    "wsdl": WSDL,
    "soap12": "http://schemas.xmlsoap.org/wsdl/soap12/",
    "u": "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd",
}


class Site:
    """Both services behind one TLS server, as a client with a hosts file would meet them."""

    def __init__(self, services, server, ca_file):
        self.services, self.ca_file = services, ca_file
        self.port = int(server.address.rpartition(":")[2])
        self.base = f"https://localhost:{self.port}"

    def context(self, version=None):
        """Trusts the site; one TLS version only, if asked."""
        context = ssl.create_default_context(cafile=self.ca_file)
        if version is not None:
            context.minimum_version = context.maximum_version = version
        return context

    def connection(self, version=None):
        """An HTTPS connection of the standard library."""
        return http.client.HTTPSConnection("localhost", self.port, context=self.context(version), timeout=10)

    def session(self):
        """A session of requests that trusts the site."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.ca_file)
        return session


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    """Certificate, key and CA file."""
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(datetime.now(UTC))
    certificate, key = authority.tls_server()
    for name, data in {"server.pem": certificate, "key.pem": key, "ca.pem": authority.tls_ca_pem}.items():
        (folder / name).write_bytes(data)
    return folder


@pytest.fixture
def site(services, tls):
    """The site, running."""

    def handle(request):
        if request.path.lower().startswith("/service/"):
            return services.registry.handle(request)
        if request.path.lower().startswith("/r3.0/"):
            return services.sts.handle(request)
        return Response(404)

    server = Server(handle, certificate=tls / "server.pem", key=tls / "key.pem")
    server.start()
    yield Site(services, server, tls / "ca.pem")
    server.stop()


# --- transfers ------------------------------------------------------------------------------------------


def issued(data):
    """Whether these bytes are an answer with a token."""
    return bool(trust.read_response(soap.read(data), entropy=bytes(range(32))).proof_key)


@pytest.mark.parametrize("path", [STS_PATH, STS_PATH.lower(), STS_PATH.upper(), "/r3.0/S007V1.3/Service.SVC"])
def test_a_path_is_matched_in_any_case(site, path):
    """Samples spell it in several ways; To is held to the spelling that was posted to."""
    posted = site.services.made("metro", to=site.base + path, path=path)
    connection = site.connection()
    connection.request("POST", path, posted.body, {"Content-Type": posted.media_type})
    response = connection.getresponse()
    assert (response.status, issued(response.read())) == (200, True)
    connection.close()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_tls_are_spoken(site, version):
    """And the record says which."""
    posted = site.services.made("php-1", to=site.base + STS_PATH)
    connection = site.connection(version)
    connection.request("POST", STS_PATH, posted.body, {"Content-Type": posted.media_type})
    response = connection.getresponse()
    assert (response.status, issued(response.read())) == (200, True)
    connection.close()
    spoken = site.services.sts.exchanges[-1].request.tls_version
    assert spoken == version.name.replace("_", ".")


def test_a_request_may_come_in_chunks(site):
    """Java's streaming and .NET's chunked transfer."""
    posted = site.services.made("wcf", to=site.base + STS_PATH)
    pieces = [posted.body[start : start + 1000] for start in range(0, len(posted.body), 1000)]
    connection = site.connection()
    connection.request(
        "POST", STS_PATH, iter(pieces), {"Content-Type": posted.media_type}, encode_chunked=True
    )
    response = connection.getresponse()
    assert (response.status, issued(response.read())) == (200, True)
    connection.close()


def test_a_client_may_wait_for_100_continue(site):
    """.NET Framework and curl do, with anything longer than a kilobyte."""
    posted = site.services.made("php-2", to=site.base + STS_PATH)
    plain = socket.create_connection(("localhost", site.port), timeout=10)
    with site.context().wrap_socket(plain, server_hostname="localhost") as connection:
        head = (
            f"POST {STS_PATH} HTTP/1.1\r\nHost: localhost:{site.port}\r\nConnection: close\r\n"
            f"Content-Type: {posted.media_type}\r\nContent-Length: {len(posted.body)}\r\n"
            f'SOAPAction: ""\r\nExpect: 100-continue\r\n\r\n'
        )
        connection.sendall(head.encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")
        connection.sendall(posted.body)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert issued(body)


def test_metro_finds_its_way(site):
    """It gets the bare address, then `?wsdl`, and would ask MEX if neither helped; MEX is refused."""
    connection = site.connection()
    for method, path, status in (
        ("GET", STS_PATH, 200),
        ("GET", f"{STS_PATH}?wsdl", 200),
        ("POST", f"{STS_PATH}/mex", 404),
        ("GET", f"{STS_PATH}/mex", 404),
        ("POST", f"{STS_PATH.lower()}/MEX", 404),
    ):
        connection.request(method, path, b"<mex/>" if method == "POST" else None)
        response = connection.getresponse()
        body = response.read()
        assert response.status == status, (method, path)
        assert (b"EndorsingSupportingTokens" in body) == (status == 200)
    connection.close()
    assert [exchange.summary for exchange in site.services.sts.exchanges] == [
        "GET WSDL",
        "GET WSDL",
        "POST MEX",
        "GET MEX",
        "POST MEX",
    ]


# --- WSDLs ----------------------------------------------------------------------------------------------


def read(site, path, query="?wsdl"):
    """A WSDL as it is served."""
    connection = site.connection()
    connection.request("GET", path + query)
    response = connection.getresponse()
    assert response.status == 200
    assert response.getheader("Content-Type").startswith("text/xml")
    root = etree.fromstring(response.read())
    connection.close()
    return root


def found(root, path):
    """Elements of a path in the policy's prefixes."""
    return root.xpath(path, namespaces=POLICY)


@pytest.mark.parametrize(("path", "suite"), [(STS_PATH, "Basic256Sha256"), (STS_12, "Basic256")])
def test_the_policy_says_how_a_request_is_signed(site, path, suite):
    """Read as a policy, from the binding on: TLS, suite, endorsing certificate in the message, To signed."""
    root = read(site, path)
    assert root.get("targetNamespace") == STS_NAMESPACE
    (service,) = found(root, "wsdl:service[@name='SecurityTokenService']")
    (port,) = found(service, "wsdl:port[@name='S007SecurityTokenServiceEndpoint']")
    assert found(port, "string(soap12:address/@location)") == site.base + path
    prefix, _, name = port.get("binding").partition(":")
    assert port.nsmap[prefix] == STS_NAMESPACE
    (binding,) = found(root, f"wsdl:binding[@name='{name}']")
    (uri,) = found(binding, "wsp:PolicyReference/@URI")
    (policy,) = found(root, f"wsp:Policy[@u:Id='{uri[1:]}']/wsp:ExactlyOne/wsp:All")
    transport = "sp:TransportBinding/wsp:Policy"
    assert found(policy, f"{transport}/sp:TransportToken/wsp:Policy/sp:HttpsToken")
    (algorithms,) = found(policy, f"{transport}/sp:AlgorithmSuite/wsp:Policy")
    assert [etree.QName(child).localname for child in algorithms] == [suite]
    assert found(policy, f"{transport}/sp:IncludeTimestamp")
    endorsing = "sp:EndorsingSupportingTokens/wsp:Policy"
    (token,) = found(policy, f"{endorsing}/sp:X509Token")
    assert token.get(f"{{{POLICY['sp']}}}IncludeToken") == f"{POLICY['sp']}/IncludeToken/AlwaysToRecipient"
    (header,) = found(policy, f"{endorsing}/sp:SignedParts/sp:Header")
    assert (header.get("Name"), header.get("Namespace")) == ("To", "http://www.w3.org/2005/08/addressing")
    assert found(policy, "sp:Trust13/wsp:Policy/sp:MustSupportIssuedTokens")
    assert not found(root, "//*[local-name()='Issuer' or local-name()='Metadata']")


def test_the_policy_of_the_registry_asks_for_an_issued_token(site):
    """Endorsing, with the address of the token service and the two claims."""
    root = read(site, USI_PATH)
    (token,) = found(root, "//sp:EndorsingSupportingTokens/wsp:Policy/sp:IssuedToken")
    assert token.get(f"{{{POLICY['sp']}}}IncludeToken").endswith("/IncludeToken/AlwaysToRecipient")
    asked = found(token, ".//*[local-name()='ClaimType']/@Uri")
    assert [uri.rpartition("/")[2] for uri in asked] == ["abn", "credentialtype"]
    assert found(root, "//sp:TransportBinding/wsp:Policy/sp:TransportToken/wsp:Policy/sp:HttpsToken")


def test_zeep_loads_both_wsdls(site):
    """Services, ports and operations are those that clients name."""
    with site.session() as session:
        transport = zeep.Transport(session=session)
        sts = zeep.Client(f"{site.base}{STS_PATH}?wsdl", transport=transport)
        registry = zeep.Client(f"{site.base}{USI_PATH}?wsdl", transport=transport)
    (service,) = sts.wsdl.services.values()
    (port,) = service.ports.values()
    assert (service.name, port.name) == ("SecurityTokenService", "S007SecurityTokenServiceEndpoint")
    assert port.binding.name.namespace == STS_NAMESPACE
    assert list(port.binding._operations) == ["Issue"]
    assert port.binding_options["address"] == site.base + STS_PATH
    (service,) = registry.wsdl.services.values()
    (port,) = service.ports.values()
    assert "VerifyUSI" in port.binding._operations


PHP = r"""
foreach (array_slice($argv, 1) as $address) {
    $client = new SoapClient("$address?wsdl", ['soap_version' => SOAP_1_2, 'cache_wsdl' => WSDL_CACHE_NONE]);
    foreach ($client->__getFunctions() as $function) {
        echo $address, ' ', $function, "\n";
    }
}
"""


def test_php_loads_both_wsdls(site, tmp_path):
    """SoapClient gets them before anything else, from whatever `openssl.cafile` lets it trust."""
    if (php := shutil.which("php")) is None:
        pytest.skip("php is not installed")
    script = tmp_path / "load.php"
    script.write_text(f"<?php{PHP}", encoding="utf-8")
    done = subprocess.run(
        [php, "-d", f"openssl.cafile={site.ca_file}", script, site.base + STS_PATH, site.base + USI_PATH],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if 'Class "SoapClient" not found' in done.stdout + done.stderr:
        pytest.skip("php has no SOAP extension")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert any(STS_PATH in line and " Issue(" in line for line in lines), done.stdout
    assert any(USI_PATH in line and " VerifyUSI(" in line for line in lines), done.stdout
