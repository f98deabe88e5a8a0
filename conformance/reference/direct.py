"""The reference implementation with neither a wire nor a disk: for notebooks and examples.

Its token service is an object in the same process, and its keystores are bytes in memory.  Messages are
built, signed, judged and answered as ever; only HTTPS and files are left out.
"""

import functools
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

from conformance.reference.connection import Answer, Connection
from conformance.reference.correct import Correct, Result
from conformance.reference.refusal import Refusal
from conformance.reference.sts_client import TokenClient
from conformance.simulators.http import Request
from conformance.simulators.sts import TokenService

ADDRESS = "https://localhost/R3.0/S007v1.3/service.svc"
"""Of the token service, as messages to it say."""


class _Wireless(Connection):
    """Hands messages to a service instead of sending them."""

    def __init__(self, service: TokenService, clock: Callable[[], datetime]) -> None:
        self.service, self.clock = service, clock

    def post(
        self, address: str, body: bytes, headers: Mapping[str, str], *, patience: float | None = None
    ) -> Answer:
        """Return the service's answer to one message; there is nothing to wait for."""
        parts = urlsplit(address)
        lowered = tuple((name.lower(), value) for name, value in headers.items())
        response = self.service.handle(
            Request(
                method="POST",
                path=parts.path,
                query=parts.query,
                headers=(("host", parts.netloc), *lowered),
                body=body,
                tls_version="TLSv1.3",
                client_certificate=False,
                received=self.clock(),
            )
        )
        return Answer(response.status, dict(response.headers).get("Content-Type", ""), response.body)

    def close(self) -> None:
        """Nothing is open."""


class _Tokens(TokenClient):
    """The client of a token service in the same process."""

    service: TokenService

    def connect(self, ca_file: str) -> Connection:
        return _Wireless(self.service, self.clock)


class Direct(Correct):
    """The reference implementation before a token service in the same process.

    It offers what a credential's life needs: opening the credential and obtaining a token with it.
    """

    def __init__(
        self,
        service: TokenService,
        *,
        clock: Callable[[], datetime],
        random: Callable[[int], bytes],
        applies_to: str,
        password: str,
    ) -> None:
        """Set the product up.

        Args:
            service: whom it asks for tokens.
            clock: now, UTC; of the whole product.
            random: n -> n bytes.
            applies_to: address of the relying party that tokens are for.
            password: of every store.
        """
        super().__init__(clock=clock, random=random, sleep=lambda seconds: None)
        self.service = service
        self.applies_to = applies_to
        self.password = password
        self.stores: dict[str, bytes] = {}
        """The keystores that there are, by path."""

    @functools.cached_property
    def tokens(self) -> TokenClient:
        """The client of the token service."""
        client = _Tokens(clock=self.clock, random=self.random, sleep=self.sleep)
        client.service = self.service
        return client

    def read_file(self, path: str) -> bytes:
        """Return a keystore.

        Raises:
            Refusal: `keystore.missing_file`.
        """
        if path not in self.stores:
            raise Refusal("keystore.missing_file", text=f"There is no file {path}.")
        return self.stores[path]

    def obtain(self, alias: str, *, path: str = "keystore.xml", client: str = "", ssid: str = "") -> Result:
        """Obtain a new token and return the answer of `token.obtain`; no token is kept.

        Args:
            alias: id of the credential.
            path: of the keystore.
            client: ABN of the client that is acted for; empty for none.
            ssid: software id of the client's notification.
        """
        self.tokens.forget()
        asked = {"act_as": {"second_party": client, "ssid": ssid}} if client else {}
        return self.token_obtain(
            sts_address=ADDRESS,
            ca_file="",
            keystore=path,
            alias=alias,
            password=self.password,
            applies_to=self.applies_to,
            **asked,
        )
