"""The published test keys: every private key that the kit signs with."""

import functools
from pathlib import Path
from typing import Final, Literal

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from conformance.errors import KitError

KEYS: Final = Path(__file__).parent.parent / "keys"

KeyName = Literal[
    "root",
    "sub",
    "other-root",
    "other-sub",
    "offline-root",
    "offline-sub",
    "machine-1",
    "machine-2",
    "machine-3",
    "machine-4",
    "machine-short",
    "sts-signing",
    "registry",
    "tls-ca",
    "tls-server",
]


@functools.cache
def published_key(name: KeyName) -> RSAPrivateKey:
    """Return one of the published test keys.

    Raises:
        KitError: the file is missing from the installation or is not an RSA key.
    """
    path = KEYS / f"{name}.pem"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise KitError(f"the test key {name} is missing from the kit", where=str(path)) from error
    # The check of a known key would cost 33 ms for each of them.
    key = load_pem_private_key(data, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise KitError(f"the test key {name} is not an RSA key", where=str(path))
    return key
