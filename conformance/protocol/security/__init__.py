"""WS-Security of the two hops: signing, endorsing, and a verifier that explains.

First hop, to the token service: Timestamp, BinarySecurityToken and an RSA signature over Timestamp and To
(X.509 token profile 1.0).  Second hop, to the registry: Timestamp, the issued token and an endorsing HMAC
with the token's proof key over the Timestamp (SAML token profile 1.1, WS-SecurityPolicy 1.2).

The verifier collects every finding of a message instead of stopping at the first one, keeps the canonical
bytes behind each digest, and names the likely cause.  It accepts what real clients were recorded to send:
InclusiveNamespaces lists, white space inside SignedInfo, references without a value type, any prefix.
The Basic Security Profile's stricter rules are not applied.  Chains of certificates are judged elsewhere.
"""

from conformance.protocol.security.building import add_timestamp, endorse, graft, sign_request
from conformance.protocol.security.records import (
    ENDORSING,
    MAX_TIMESTAMP_LIFE,
    S007_V12,
    S007_V13,
    SKEW,
    TIMESTAMP_LIFE,
    AlgorithmSuite,
    EndorserFacts,
    Ids,
    ReferenceFacts,
    SignerFacts,
    TokenReference,
    first_difference,
)
from conformance.protocol.security.references import issued_token, key_identifier, read_reference
from conformance.protocol.security.rules import REMARKS, RULES
from conformance.protocol.security.signature import masked, octets
from conformance.protocol.security.verifying import judge_endorsed, judge_signed

__all__ = [
    "ENDORSING",
    "MAX_TIMESTAMP_LIFE",
    "REMARKS",
    "RULES",
    "S007_V12",
    "S007_V13",
    "SKEW",
    "TIMESTAMP_LIFE",
    "AlgorithmSuite",
    "EndorserFacts",
    "Ids",
    "ReferenceFacts",
    "SignerFacts",
    "TokenReference",
    "add_timestamp",
    "endorse",
    "first_difference",
    "graft",
    "issued_token",
    "judge_endorsed",
    "judge_signed",
    "key_identifier",
    "masked",
    "octets",
    "read_reference",
    "sign_request",
]
