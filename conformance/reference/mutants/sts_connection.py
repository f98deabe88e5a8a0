"""Clients of the token service that connect in a wrong way, or ask it for what it does not have."""

import contextlib

import urllib3
from requests.adapters import HTTPAdapter

from conformance.reference.connection import Connection
from conformance.reference.correct import Correct, mutant
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient


class _AnyName(HTTPAdapter):
    """HTTPS to whoever has a certificate of the right authority."""

    def init_poolmanager(self, *arguments, **keywords):
        super().init_poolmanager(*arguments, **keywords, assert_hostname=False)


@mutant(
    kills="STS-R27",
    subcode="accepted_invalid",
    seen_in="samples with a HostnameVerifier that returns true",
    mend="Leave the check of the host name on: any server of the same authority passes without it.",
)
class ChecksNoHostName(Correct):
    """Asks only for a certificate of the right authority, whomever it is for, of the token service."""

    class Tokens(TokenClient):
        def post(self, order, message):
            connection = Connection(order.ca_file)
            connection.session.mount("https://", _AnyName())
            with contextlib.closing(connection):
                return connection.post(order.sts_address, message, self.headers())


@mutant(
    kills="STS-R27",
    subcode="accepted_invalid",
    seen_in="a sample whose token request has trust-all code of its own",
    mend="Verify the token service's certificate as well as the registry's.",
    also=("USI-SEC-01",),
)
class TrustsEveryTokenService(Correct):
    """Checks the certificate of the registry, and not that of the token service."""

    class Tokens(TokenClient):
        def post(self, order, message):
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
            connection = Connection(order.ca_file)
            connection.session.verify = False
            with contextlib.closing(connection):
                return connection.post(order.sts_address, message, self.headers())


@mutant(
    kills="STS-R28",
    subcode="wrong_value",
    seen_in="stacks that follow the metadata address in the registry's WSDL",
    mend="Take IssuerMetadata out of the WSDL, and configure the token service yourself.",
)
class AsksForMetadataFirst(Correct):
    """Asks the token service for its metadata, and does without when there is none."""

    class Tokens(TokenClient):
        def post(self, order, message):
            connection = self.connection(order.ca_file)
            with contextlib.suppress(Refusal):
                connection.post(f"{order.sts_address}/mex", b"<mex/>", self.headers())
            return super().post(order, message)
