"""What kit and harness have said, for evidence: bounded, and without passwords."""

from collections import deque
from collections.abc import Mapping
from typing import Any, Final

from conformance.adapters.carrier import encode
from conformance.model import Evidence, Message

MASK: Final = "(password removed)"

SECRET_PARAMETERS: Final = frozenset({"password"})

_SHORTEST: Final = 4
"""Characters below which a password is not looked for in free text; one of three letters is in many words."""
_MESSAGES: Final = 200
_BODY: Final = 4096
"""Characters of a message that are kept."""


class Secrets:
    """The passwords that have been sent, for removing them wherever the harness repeats them."""

    def __init__(self) -> None:
        self._forms: dict[str, None] = {}

    def masked(self, params: dict[str, Any]) -> dict[str, Any] | None:
        """Return the parameters with every secret replaced, or None if there is none; learns the secret."""
        if SECRET_PARAMETERS.isdisjoint(params):
            return None
        for name in SECRET_PARAMETERS & params.keys():
            self._learn(params[name])
        return {name: MASK if name in SECRET_PARAMETERS else value for name, value in params.items()}

    def _learn(self, secret: object) -> None:
        if isinstance(secret, str) and len(secret) >= _SHORTEST:
            # As it is, and as it stands inside JSON with and without ASCII only.
            for form in (secret, encode(secret).decode()[1:-1], ascii(secret)[1:-1]):
                self._forms[form] = None

    def remove(self, text: str) -> str:
        """Return `text` without the passwords."""
        for form in sorted(self._forms, key=len, reverse=True):
            text = text.replace(form, MASK)
        return text


class Conversation:
    """The last messages between kit and harness."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._said: deque[tuple[float, bool, str, int, str]] = deque(maxlen=_MESSAGES)
        self.forgotten = 0

    def add(self, at_ms: float, *, by_kit: bool, summary: str, size: int, body: str) -> None:
        """Note a message.  `body` of the kit is masked already; that of the harness is masked here."""
        if len(self._said) == _MESSAGES:
            self.forgotten += 1
        if not by_kit:
            body = self._secrets.remove(body)
        self._said.append((at_ms, by_kit, summary, size, body[:_BODY]))

    def messages(self) -> list[Message]:
        """Return the messages, oldest first."""
        return [
            Message(
                at_ms=at_ms,
                sender="kit" if by_kit else "harness",
                receiver="harness" if by_kit else "kit",
                summary=summary,
                size=size,
                body=body,
            )
            for at_ms, by_kit, summary, size, body in self._said
        ]

    def evidence(self, identifier: str, title: str) -> Evidence:
        """Return the conversation as evidence of a report."""
        note = f"The first {self.forgotten} messages were not kept." if self.forgotten else ""
        return Evidence(id=identifier, title=title, messages=tuple(self.messages()), note=note)


def masked_line(identifier: int, method: str, params: Mapping[str, Any]) -> str:
    """Return a request line whose parameters are masked, as it is stored."""
    return encode({"jsonrpc": "2.0", "id": identifier, "method": method, "params": params}).decode()
