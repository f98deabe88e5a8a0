"""The contract between kit and harness, version 1: methods, parameters, answers, reasons.

One JSON-RPC 2.0 object per line over a pipe, per POST over HTTP, or a call in the same process.
The three carriers live beside this module and share `Answer`, so that no check can tell them apart.
Parameters of a method never hold the expected answer.
"""

from enum import StrEnum
from typing import Any, Final

import msgspec

from conformance.model import Implementation, Record
from conformance.protocol.operations import OPERATIONS

PROTOCOL_VERSION: Final = 1
MAX_LINE: Final = 16 * 1024 * 1024
"""Bytes of the longest legal line, line end not counted."""


class Outcome(StrEnum):
    """How a call ended.  The first four are answers of the harness, the others are what happened instead."""

    OK = "ok"
    REJECTED = "rejected"
    UNSUPPORTED = "unsupported"
    ERROR = "error"
    """The implementation failed in a way that it did not foresee; never counts as a refusal."""
    CRASH = "crash"
    """The pipe closed or the process ended before the answer."""
    HANG = "hang"
    """The deadline passed; the process was killed and started again."""
    STOPPED = "stopped"
    """The kit did not make the call: three calls of this capability in a row had crashed or hung."""


class Native(Record, frozen=True, kw_only=True):
    """What the implementation itself says of a refusal."""

    code: str = ""
    text: str = ""


class Answer(Record, frozen=True, kw_only=True):
    """The outcome of one call."""

    outcome: Outcome
    value: Any = None
    """For `ok`: what the method returns."""
    native: Native | None = None
    """For `rejected`: the implementation's own code and text."""
    reason: str = ""
    """For `rejected`: the kit's reason, stated by the harness or found by the error map, else empty."""
    message: str = ""
    """For every other outcome: one sentence."""
    duration_ms: float = 0.0
    request: str = ""
    """The exact request line, so that a failure can be sent again by hand."""


class Method(Record, frozen=True, kw_only=True):
    """One method of the contract."""

    name: str
    capability: str
    """`checksum`, `keystore`, `sts`, `usi`, or empty for the frame itself."""
    parameters: tuple[str, ...]
    optional_parameters: tuple[str, ...] = ()
    value: tuple[str, ...] = ()
    """Keys that an `ok` value must have; empty when the value is not an object."""
    optional_value: tuple[str, ...] = ()
    """Keys that an `ok` value may have besides."""
    value_type: str = "object"
    """JSON type of the `ok` value: object, string, or any."""
    deadline_s: float = 20.0
    """Seconds; enforced by the kit."""
    optional: bool = False
    """Whether an implementation may lack it."""


_EXCHANGE: Final = ("sts_address", "ca_file", "keystore", "alias", "password", "applies_to")

METHODS: Final = {
    method.name: method
    for method in (
        Method(
            name="initialize",
            capability="",
            parameters=("protocol_versions", "kit_version"),
            value=("protocol", "implementation", "capabilities"),
            deadline_s=30.0,
        ),
        Method(name="keystore.list", capability="keystore", parameters=("path",), value=("aliases",)),
        Method(
            name="keystore.open",
            capability="keystore",
            parameters=("path", "alias", "password"),
            optional_parameters=("now",),
            value=("certificate", "abn", "name", "not_after", "renewal_due"),
        ),
        Method(
            name="keystore.sign",
            capability="keystore",
            parameters=("path", "alias", "password", "data", "algorithm"),
            optional_parameters=("now",),
            value=("signature",),
        ),
        Method(
            name="keystore.renew",
            capability="keystore",
            parameters=("path", "alias", "password", "renewal_address", "ca_file"),
            value=("certificate",),
            deadline_s=60.0,
            optional=True,
        ),
        Method(name="usi.validate", capability="checksum", parameters=("usi",), value_type="any"),
        Method(
            name="usi.check_character",
            capability="checksum",
            parameters=("stem",),
            value_type="string",
            optional=True,
        ),
        Method(
            name="token.obtain",
            capability="sts",
            parameters=_EXCHANGE,
            optional_parameters=("act_as", "lifetime_s"),
            value=("expires",),
            deadline_s=60.0,
        ),
        Method(
            name="usi.call",
            capability="usi",
            parameters=(*_EXCHANGE, "usi_address", "org_code", "operation", "request"),
            optional_parameters=("act_as", "lifetime_s"),
            value=("response", "conclusion"),
            optional_value=("records",),
            deadline_s=60.0,
        ),
        Method(name="session.reset", capability="", parameters=(), value_type="any"),
        Method(name="shutdown", capability="", parameters=(), value_type="any", deadline_s=5.0),
    )
}
"""Every method by name.

`path`, `keystore` and `ca_file` are absolute paths of files that the kit made (the CA file is PEM).
`certificate` is base64 DER of the leaf; `data` and `signature` are base64; `algorithm` is the URI of an
XML signature method (rsa-sha256).  `not_after`, `now` and `expires` are RFC 3339 in UTC.  `renewal_due` is a
boolean.  `act_as` is `{"second_party": ABN, "ssid": ten digits}`.  `request` and `response` hold the element
names of the operation as keys.  `conclusion` is what the product tells its user, one of `CONCLUSIONS`.

A `request` holds what a product's user knows.  What a product makes up by itself is left out, and is the
product's to fill in: RequestId, ApplicationId, RecordId, UserReference, the counts of bulk messages, and
which PersonalDetailsModifier goes with a change.  BulkUploadRetrieve with an empty request means whatever is
outstanding for the organisation.  `records` of a bulk operation holds one object with `conclusion` and
`response` for each record that was handed over, in that order; for BulkUploadRetrieve the records are those
of the upload.
"""

CONCLUSIONS: Final = {
    "verified": "the USI belongs to this person",
    "not_verified": "it does not, or it cannot be used",
    "created": "the person has a new USI",
    "existing": "the person had a USI already, and this is it",
    "pending": "the registry has taken the request and its result is not there yet",
    "located": "this is the person's USI",
    "not_located": "no USI was found for the person",
    "updated": "the change was made",
    "listed": "this is the list",
    "completed": "a bulk operation came to its end; each record has a conclusion of its own",
    "unclear": "a person has to look: several matches, an answer that does not fit, an outcome not known",
    "failed": "the operation did not succeed, and nothing was learned of the person",
}
"""What a product may conclude of an operation, or of one record of it, and what that says."""

FIRST_OPERATION: Final = "VerifyUSI"
"""The operation that every product offers which declares `usi.call`."""

FURTHER_OPERATIONS: Final = {name: f"usi.call.{name}" for name in OPERATIONS if name != FIRST_OPERATION}
"""Operation -> its marker among the capabilities; without it the operation is declared absent."""

CLOCK: Final = "clock"
"""Marker among the capabilities of `initialize`: the implementation obeys the parameter `now`."""

CONCURRENT: Final = "concurrent"
"""Marker likewise: the implementation takes calls while others are under way.  The kit makes some at the same
time then, over HTTP by several connections; over a pipe calls always take turns."""

DEADLINE: Final = "deadline"
"""Marker likewise: the implementation ends a call before its `deadline_ms`, even if a server never answers.
The kit need not wait for the product's own time-out then, which is a minute or two as a rule."""

MARKERS: Final = (CLOCK, CONCURRENT, DEADLINE, *FURTHER_OPERATIONS.values())
"""Capabilities that are no methods."""

REASONS: Final = {
    "usi.alphabet": "a character that is not one of the 32 of the USI alphabet",
    "usi.length": "not ten characters",
    "usi.format": "not of the form of a USI: length or alphabet, told by one test of the product",
    "usi.check_character": "the check character does not fit the first nine",
    "usi.type": "not a text at all",
    "usi.not_a_usi": "a reporting code that stands in for a USI, such as INDIV",
    "keystore.missing_file": "no file at that path",
    "keystore.not_a_keystore": "the file is not a credential store",
    "keystore.damaged": "the store or the credential is damaged or was tampered with",
    "keystore.unknown_alias": "no credential of that id in the store",
    "keystore.duplicate_alias": "two credentials of the same id in the store",
    "keystore.wrong_password": "the password does not open the private key",
    "keystore.expired": "the certificate's validity has ended",
    "keystore.not_yet_valid": "the certificate's validity has not begun",
    "keystore.key_mismatch": "private key and certificate do not belong together",
    "keystore.unsupported_algorithm": "the key is protected by an algorithm that is not supported",
    "keystore.unsuitable": "the certificate is not that of a usable machine credential",
    "renewal.refused": "the renewal service refused to renew the credential",
    "renewal.malformed_answer": "the answer of the renewal service could not be used",
    "renewal.busy": "the credential is being renewed already",
    "renewal.not_stored": "the renewed credential could not be stored",
    "token.fault": "the token service answered with a fault",
    "token.expired": "the token service says that the credential has expired",
    "token.revoked": "the token service says that the credential is revoked",
    "token.relying_party": "the token service does not know the relying party",
    "token.unavailable": "the token service could not do its work now",
    "token.malformed_answer": "the answer of the token service could not be used",
    "transport.failed": "the connection failed",
    "transport.untrusted": "the server's certificate is not trusted or has another name",
    "service.fault": "the registry answered with a fault",
    "service.unavailable": "the registry is not available now",
    "service.validation": "the registry refused the content of the request",
    "service.not_authorised": "the organisation is not authorised",
    "service.outdated_version": "the registry no longer serves this version",
    "service.malformed_answer": "the registry's answer could not be used",
    "request.invalid": "the product refuses to send such a request",
}
"""The kit's reasons, and what each says."""


class Initialized(Record, frozen=True, kw_only=True):
    """The value of `initialize`, after checking."""

    protocol: int
    implementation: Implementation
    error_map: tuple[tuple[str, str], ...] = ()
    """Pairs of the vendor's own code, or a part of its text, and the kit's reason."""


class Request(msgspec.Struct, frozen=True):
    """One JSON-RPC 2.0 request, as it goes onto the wire."""

    jsonrpc: str
    id: int
    method: str
    params: dict[str, Any]


def encode_request(identifier: int, method: str, params: dict[str, Any], *, deadline_ms: int) -> bytes:
    """Return the request line without its line end: UTF-8, one JSON object, no line breaks inside."""
    return msgspec.json.encode(
        Request(jsonrpc="2.0", id=identifier, method=method, params={**params, "deadline_ms": deadline_ms})
    )
