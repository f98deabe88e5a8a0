"""What a run has come to know that nobody may find in its report: passwords, keys, names of people.

The published password of the kit's own store is none of it.  What the two sides tell each other is collected
as it crosses the wire: the client's entropy, proof keys, and the tokens as they are encrypted.
"""

import re
import threading
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from conformance.protocol import keystore, trust
from conformance.protocol.keystore.records import DEVICE
from conformance.protocol.secrets import Secret, of_key

if TYPE_CHECKING:
    from conformance.simulators.own_credential import OperatorCredential
    from conformance.simulators.transcript import Exchange

SAMPLE: Final = slice(64, 112)
"""Bytes of an encrypted token that stand for all of it; whoever shows less shows nothing of use."""

A_PERSON: Final = "the name of a person in the keystore"
"""What such a secret's name begins with."""
MOST: Final = 50_000
"""Secrets that are kept: a run comes to know some thousands, and whoever serves for days needs none."""

_SECRET: Final = re.compile(rb"<(?:[\w.-]+:)?BinarySecret\b[^<>]*>([A-Za-z0-9+/=\s]+)<")
_CIPHER: Final = re.compile(rb"<(?:[\w.-]+:)?CipherValue\b[^<>]*>([A-Za-z0-9+/=\s]+)<")


class Confided:
    """Collects secrets; safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[Secret, str] = {}
        self.secrets: dict[str, Secret] = {}
        """What each is in words, and the secret, in the order in which they came to be known."""

    def key(self, key: RSAPrivateKey) -> None:
        """Take in a private key."""
        for what, number in of_key(key).items():
            self._keep(what, number)

    def credential(self, credential: "OperatorCredential") -> None:
        """Take in what the operator entrusted: password, private key, and the people in the store."""
        self._keep("the password of the keystore", credential.password)
        self.key(credential.opened.key)
        store = keystore.read(credential.path.read_bytes())
        for each in store.credentials:
            if each.credential_type != DEVICE:
                for name in (f"{each.name1} {each.name2}".strip(), each.person_id):
                    self._keep(A_PERSON, name)

    def exchange(self, exchange: "Exchange") -> None:
        """Take in what client and token service told each other."""
        if exchange.service != "sts":
            return
        asked = list(_decoded(_SECRET, exchange.request.body))
        answered = list(_decoded(_SECRET, exchange.response.body))
        for what, secrets in (("the client's entropy", asked), ("a secret of the token service", answered)):
            for secret in secrets:
                self._keep(what, secret)
        for entropy in asked[:1]:
            for secret in answered[:1]:
                self._keep("a proof key", trust.p_sha1(entropy, secret, len(secret)))
        for encrypted in _decoded(_CIPHER, exchange.response.body):
            self._keep("an issued token", encrypted[SAMPLE])

    def _keep(self, what: str, secret: Secret) -> None:
        with self._lock:
            if secret and secret not in self._names and len(self.secrets) < MOST:
                name = what if what not in self.secrets else f"{what} ({len(self.secrets)})"
                self._names[secret] = name
                self.secrets[name] = secret


def _decoded(pattern: re.Pattern[bytes], body: bytes) -> Iterator[bytes]:
    for encoded in pattern.findall(body):
        try:
            yield b64decode(b"".join(encoded.split()))
        except Base64Error:
            continue
