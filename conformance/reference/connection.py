"""The one way in which the reference implementation speaks HTTPS.

Only the given CA file is trusted, whatever the environment says; redirects are not followed; time and
size are bounded; the body is read whatever the status is, since a fault comes with 500.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import requests
import urllib3.exceptions

from conformance.reference.refusal import Refusal

CONNECT_SECONDS: Final = 10
READ_SECONDS: Final = 30
MAX_DIGITS: Final = 6
"""Of a number of seconds; a longer one is no pause that anybody makes."""
MAX_ANSWER: Final = 4 * 1024 * 1024
"""Bytes of the longest answer that is read; 500 verification results are about 110 kB."""
NOT_CONNECTED: Final = "not connected"
"""Code of a refusal because nobody was there to connect to: whatever was to be sent has not been."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    content_type: str
    body: bytes
    retry_after: float | None = None
    """Seconds after which the server says to ask again; None when it does not say so in seconds."""


class Connection:
    """HTTPS to servers that a CA file vouches for; keeps connections open between calls."""

    def __init__(self, ca_file: str) -> None:
        """Trust the certificates in `ca_file` (PEM) and no others."""
        self.session = requests.Session()
        # Without this, requests lets REQUESTS_CA_BUNDLE override `verify`, and a proxy see the traffic.
        self.session.trust_env = False
        self.session.verify = ca_file

    def post(
        self, address: str, body: bytes, headers: Mapping[str, str], *, patience: float | None = READ_SECONDS
    ) -> Answer:
        """Send one request and return the answer, whatever its status is.

        Args:
            address: must be `https://`.
            body: the message.
            headers: in particular `Content-Type`.
            patience: seconds of silence after which the answer is no longer waited for; None for ever.

        Raises:
            Refusal: `transport.untrusted`; or `transport.failed` for whatever else goes wrong below HTTP, and
                for a redirect: the message is signed for one address, and is shown to no other.
        """
        if not address.lower().startswith("https://"):
            raise Refusal("request.invalid", text="A token or a request is only ever sent over https.")
        try:
            with self.session.post(
                address,
                data=body,
                headers=dict(headers),
                timeout=(CONNECT_SECONDS, patience),
                allow_redirects=False,
                stream=True,
            ) as response:
                if response.is_redirect:
                    text = "The server points to another address. Check the address that is configured."
                    raise Refusal("transport.failed", code=f"HTTP {response.status_code}", text=text)
                content = b""
                for chunk in response.iter_content(65536):
                    content += chunk
                    if len(content) > MAX_ANSWER:
                        text = f"The answer is longer than {MAX_ANSWER} bytes."
                        raise Refusal("transport.failed", text=text)
                return Answer(
                    response.status_code,
                    response.headers.get("Content-Type", ""),
                    content,
                    _seconds(response.headers.get("Retry-After", "")),
                )
        except requests.exceptions.SSLError as problem:
            if _was_cut(problem):
                raise Refusal("transport.failed", text=f"The connection broke: {problem}") from problem
            text = f"The server's certificate is not acceptable: {problem}"
            raise Refusal("transport.untrusted", text=text) from problem
        except (requests.exceptions.RequestException, OSError) as problem:
            code = NOT_CONNECTED if _never_connected(problem) else ""
            raise Refusal(
                "transport.failed", code=code, text=f"The connection failed: {problem}"
            ) from problem

    def close(self) -> None:
        """Close every open connection."""
        self.session.close()


def _never_connected(problem: Exception) -> bool:
    """Tell whether a connection failed before a byte of the message was sent."""
    cause = getattr(problem.args[0] if problem.args else None, "reason", None)
    return isinstance(problem, requests.exceptions.ConnectTimeout) or isinstance(
        cause, urllib3.exceptions.NewConnectionError
    )


def _was_cut(problem: Exception) -> bool:
    """Tell whether a connection ended in the middle, which says nothing of a certificate."""
    links: list[BaseException] = [problem]
    for link in links:
        if isinstance(link, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return True
        below = (*link.args, getattr(link, "reason", None), link.__context__)
        links += [each for each in below if isinstance(each, BaseException) and each not in links]
    return False


def _seconds(text: str) -> float | None:
    """Return what Retry-After says in seconds (RFC 9110, 10.2.3); its other form, a date, is left alone."""
    return float(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
