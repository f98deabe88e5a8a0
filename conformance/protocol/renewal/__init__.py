"""The renewal of a machine credential: the AutoRenew exchange, as a stand-in.

The tax office names a certificate manager (MAS-CM) that renews machine credentials.  ITS OWN PROTOCOL IS NOT
PUBLIC.  What is here is ASSUMED in its place: the exchange by which the same family of credentials was
renewed before, known from its published schema and from a published library that still speaks it.  A product
that passes here has shown that it asks for, checks and stores a new credential with care, and nothing about
the messages of MAS-CM.

The client sends `requests` with CMS SignedData (RFC 5652): a PKCS#10 request (RFC 2986) for a new key pair,
signed with the old key, the old chain beside it.  The service answers with `responses`: the new chain as
PKCS#7, legal name and fingerprint, or an error.  All functions are pure: the time and the keys come in.
"""

from conformance.protocol.renewal.building import build_error, build_request, build_response
from conformance.protocol.renewal.judging import judge_request
from conformance.protocol.renewal.reading import read_response
from conformance.protocol.renewal.records import (
    ABN_EXTENSION,
    MAX_BYTES,
    MEDIA_TYPE,
    NAMESPACE,
    AnswerError,
    RefusedError,
    Renewed,
    RequestFacts,
    is_expired,
    is_stale,
)
from conformance.protocol.renewal.rules import REMARKS, RULES
from conformance.protocol.renewal.signing import certification_request, sign

__all__ = [
    "ABN_EXTENSION",
    "MAX_BYTES",
    "MEDIA_TYPE",
    "NAMESPACE",
    "REMARKS",
    "RULES",
    "AnswerError",
    "RefusedError",
    "Renewed",
    "RequestFacts",
    "build_error",
    "build_request",
    "build_response",
    "certification_request",
    "is_expired",
    "is_stale",
    "judge_request",
    "read_response",
    "sign",
]
