"""The issued token: a signed SAML assertion, 2.0 or 1.1, with a proof key, encrypted for the relying party.

Only the relying party opens it; for the client it is opaque.  The layout around the ciphertext is that of the
one published answer of the real service, the recipient named by issuer and serial number.  What is inside is
concluded from policy and framework: holder-of-key, the proof key encrypted once more for the relying party,
audience, life, claims as attributes.
"""

from conformance.protocol.token.encryption import decrypt, encrypt
from conformance.protocol.token.issuing import issue, sign_assertion
from conformance.protocol.token.opening import TokenFacts, open_token
from conformance.protocol.token.rules import REMARKS, RULES

__all__ = [
    "REMARKS",
    "RULES",
    "TokenFacts",
    "decrypt",
    "encrypt",
    "issue",
    "open_token",
    "sign_assertion",
]
