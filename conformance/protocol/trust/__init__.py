"""WS-Trust 1.3 as the token service speaks it: the request, the answer, proof keys, faults with event codes.

An answer hands the proof key over in one of three ways (WS-Trust 1.3, section 4.4).  What ActAs means here
comes from published clients of hosted software.  Whether a relying party or a credential is known is the
token service's business, not this package's.
"""

from conformance.protocol.trust.events import (
    DETAIL_NAMES,
    REASON_FIELDS,
    event_detail,
    event_reason,
    read_event,
)
from conformance.protocol.trust.judging import judge_request
from conformance.protocol.trust.records import (
    DEFAULT_KEY_SIZE,
    KEY_SIZES,
    MAX_LIFE,
    ActAs,
    Event,
    IssuedToken,
    ProofMode,
    RequestFacts,
    TrustError,
)
from conformance.protocol.trust.request import build_request
from conformance.protocol.trust.response import (
    FRAMEWORK_PARTS,
    OBSERVED_PARTS,
    build_response,
    p_sha1,
    read_response,
)
from conformance.protocol.trust.rules import REMARKS, RULES

__all__ = [
    "DEFAULT_KEY_SIZE",
    "DETAIL_NAMES",
    "FRAMEWORK_PARTS",
    "KEY_SIZES",
    "MAX_LIFE",
    "OBSERVED_PARTS",
    "REASON_FIELDS",
    "REMARKS",
    "RULES",
    "ActAs",
    "Event",
    "IssuedToken",
    "ProofMode",
    "RequestFacts",
    "TrustError",
    "build_request",
    "build_response",
    "event_detail",
    "event_reason",
    "judge_request",
    "p_sha1",
    "read_event",
    "read_response",
]
