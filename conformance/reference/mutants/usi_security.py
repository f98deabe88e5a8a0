"""Clients of the registry that are careless in one way each."""

import contextlib
import dataclasses
import json

import urllib3
from lxml import etree
from requests.adapters import HTTPAdapter

from conformance.reference.connection import Connection
from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient
from conformance.reference.usi_client import UsiClient


class _AnyName(HTTPAdapter):
    """HTTPS to whoever has a certificate of the right authority."""

    def init_poolmanager(self, *arguments, **keywords):
        super().init_poolmanager(*arguments, **keywords, assert_hostname=False)


@mutant(
    kills="USI-SEC-02",
    subcode="wrong_value",
    seen_in="one constant organisation code for all clients",
    mend="Keep the organisation's code with its credential, and send the two together.",
    also=("USI-LIM-07",),
)
class SendsAFixedOrgCode(Correct):
    """Sends the organisation code of the sample, whoever's token it has."""

    class Registry(UsiClient):
        def seal(self, envelope, token):
            for code in envelope.iter("{http://usi.gov.au/2022/ws}OrgCode"):
                code.text = "VA1802"
            super().seal(envelope, token)


@mutant(
    kills="USI-SEC-01",
    subcode="accepted_invalid",
    seen_in="the official samples, which switch the check of server certificates off for testing",
    mend="Verify certificate and name of every server, in every environment.",
    also=("STS-R27",),
)
class TrustsEveryServer(Correct):
    """Switches the check of server certificates off, and the warnings about it too."""

    class Tokens(TokenClient):
        def connect(self, ca_file):
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            connection = super().connect(ca_file)
            connection.session.verify = False
            return connection


@mutant(
    kills="USI-SEC-01",
    subcode="accepted_invalid",
    seen_in="likely: two HTTP clients in one product, one of which was configured with care",
    mend="Verify the registry's certificate as well as the token service's.",
)
class TrustsEveryRegistry(Correct):
    """Checks the certificate of the token service, and not that of the registry."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            connection = Connection(order.ca_file)
            connection.session.verify = False
            with contextlib.closing(connection):
                return connection.post(address, message, headers)


@mutant(
    kills="USI-SEC-01",
    subcode="accepted_invalid",
    seen_in="samples with a HostnameVerifier that returns true",
    mend="Leave the check of the host name on.",
)
class ChecksNoHostNameOfTheRegistry(Correct):
    """Asks only for a certificate of the right authority, whomever it is for."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            connection = Connection(order.ca_file)
            connection.session.mount("https://", _AnyName())
            with contextlib.closing(connection):
                return connection.post(address, message, headers)


@mutant(
    kills="USI-SEC-01B",
    subcode="accepted_invalid",
    seen_in="HTTP libraries whose default it is to follow 307 and 308, body and all",
    mend="Switch redirects off: the request is signed for one address.",
)
class FollowsTheRegistrysRedirects(Correct):
    """Posts its request and token to whatever address the answer names."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            connection = Connection(order.ca_file)
            plain = connection.session.post
            connection.session.post = lambda url, **given: plain(url, **{**given, "allow_redirects": True})
            with contextlib.closing(connection):
                return connection.post(address, message, headers)


@mutant(
    kills="USI-SEC-04",
    subcode="secret_leak",
    seen_in="clients that log the whole message when something fails",
    mend="Log MessageID and code; the message holds the token.",
)
class QuotesTheRequestThatFailed(Correct):
    """Shows the user the whole request when it was refused."""

    class Registry(UsiClient):
        sent = b""

        def post(self, order, address, message, headers):
            self.sent = message
            return super().post(order, address, message, headers)

        def carry_out(self, order, call, request):
            try:
                return super().carry_out(order, call, request)
            except Refusal as refusal:
                refusal.text += f" The request was: {self.sent.decode()}"
                raise


@mutant(
    kills="USI-SEC-06",
    subcode="accepted_invalid",
    seen_in="parsers that were told to load whatever a document names",
    mend="Forbid document type declarations in the parser.",
    also=("USI-SEC-06B",),
)
class ReadsExternalEntities(Correct):
    """Reads the file that an answer points to."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            answer = super().post(order, address, message, headers)
            if b"<!DOCTYPE kit" not in answer.body:
                return answer
            root = etree.fromstring(answer.body, etree.XMLParser(resolve_entities=True, load_dtd=False))
            return dataclasses.replace(answer, body=etree.tostring(root))


@mutant(
    kills="USI-SEC-06B",
    subcode="accepted_invalid",
    seen_in="XML libraries whose default it is to expand entities",
    mend="Forbid document type declarations in the parser.",
)
class ExpandsWhatAnAnswerDeclares(Correct):
    """Expands entities that are declared within the answer."""

    class Registry(UsiClient):
        def post(self, order, address, message, headers):
            answer = super().post(order, address, message, headers)
            if b"<!DOCTYPE kit" not in answer.body or b" SYSTEM " in answer.body:
                return answer
            root = etree.fromstring(answer.body, etree.XMLParser(resolve_entities="internal", load_dtd=False))
            return dataclasses.replace(answer, body=etree.tostring(root))


@mutant(
    kills="USI-SEC-02B",
    subcode="state_leak",
    seen_in="likely: a list of receipts from the time when there was one client",
    mend="Keep each receipt with the organisation that it belongs to, and ask with none but its own.",
    also=("USI-BLK-06",),
)
class RetrievesForWhomeverCameLast(Correct):
    """Asks for the newest outstanding batch, whichever organisation uploaded it."""

    class Registry(UsiClient):
        def wanted(self, state, order, call, request):
            if request.get("ReceiptNumber"):
                return super().wanted(state, order, call, request)
            outstanding = [batch for batch in state.batches() if batch.receipt and not batch.done]
            if not outstanding:
                return super().wanted(state, order, call, request)
            return [(outstanding[-1].receipt, outstanding[-1])]


@mutant(
    kills="USI-SEC-04",
    subcode="secret_leak",
    seen_in="messages for support that quote what the user had entered",
    mend="Tell the RequestId; whoever needs the document looks at it in the product.",
)
class QuotesTheDocumentThatFailed(Correct):
    """Shows the applicant's document where an application fails."""

    class Registry(UsiClient):
        def create(self, order, call):
            try:
                return super().create(order, call)
            except Refusal as refusal:
                document = call.request["Application"].get("DVSDocument")
                refusal.text += f" The document was: {document}"
                raise


@mutant(
    kills="USI-SEC-05",
    subcode="secret_leak",
    seen_in="likely: the form that was sent, kept for support",
    mend="Delete the data of documents as soon as the answer of CreateUSI is there.",
)
class KeepsApplications(Correct):
    """Writes every application into a file, and leaves it there."""

    class Registry(UsiClient):
        def create(self, order, call):
            whole = json.dumps(call.request)
            call.state_file.with_name("applications.log").write_text(whole, encoding="utf-8")
            return super().create(order, call)
