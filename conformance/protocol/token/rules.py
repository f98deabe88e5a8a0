"""Every code that the judge of tokens can emit, and the sentence behind it."""

from typing import Final

RULES: Final = {
    "token.unreadable": "The token is EncryptedData with an EncryptedKey, as it was issued.",
    "token.algorithm": "The token is encrypted by aes256-cbc and rsa-oaep-mgf1p, as it was issued.",
    "token.not_for_us": "The token was issued for this relying party: its key opens it.",
    "token.damaged": "The token decrypts to an assertion.",
    "token.signature": "The assertion carries the token service's signature.",
    "token.expired": "The token is used within its life.",
    "token.audience": "The token is for the service that it is presented to.",
    "token.proof_key": "The assertion confirms its subject as the holder of a key.",
    "token.changed": "The token is the one that was issued, unchanged.",
    "token.reformatted": "The token has no other white space than it was issued with.",
}
"""Code -> what must hold."""

REMARKS: Final = {
    "token.rewritten": "The token has other namespace prefixes than it was issued with.",
}
"""Code -> what is remarked on and never refused."""
