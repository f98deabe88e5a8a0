"""What the simulated token service refuses a request for, and with which code: the order of its reasons.

Addressing comes first, then what the certificate cannot be read for, then security, then the credential, then
what is asked for.  Codes that are not public are fields of `Settings`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from conformance.model import Finding
from conformance.protocol import names
from conformance.protocol.security import SignerFacts
from conformance.protocol.trust import Event
from conformance.simulators.faults import FAULTS, Fault
from conformance.simulators.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """The decision not to issue a token."""

    reason: str = ""
    """Text of a fault without an event; one with an event tells that."""
    subcode: str = ""
    """Clark name; none when empty."""
    event: Event | None = None
    code: Literal["Sender", "Receiver", "MustUnderstand"] = "Sender"
    """Code of the SOAP fault."""

    @property
    def label(self) -> str:
        """What the refusal is called in transcripts."""
        return self.event.code if self.event else self.subcode.rpartition("}")[2] or self.code


_EVENT_OF: Final = {
    "security.certificate_authority": "E2180",
    "sts.credential_unsuitable": "E2180",
    "sts.relying_party_unknown": "E2003",
    "sts.relying_party_outdated": "E2003",
    "trust.claim_unknown": "E2183",
    "sts.claim_unavailable": "E2182",
}
"""What is answered with an event code that the published table settles; the others are in `_credential`."""

_UNREADABLE: Final = ("security.token_unreadable", "security.token_chain")

_CREDENTIAL_FIRST: Final = (
    "sts.credential_untrusted",
    "security.certificate_dates",
    "sts.credential_over",
    "sts.credential_revoked",
    "sts.credential_lapsed",
    "security.certificate_authority",
    "sts.credential_unsuitable",
)
_RELATIONSHIP: Final = ("trust.act_as_", "sts.relationship_unknown")
_ADDRESSING_SUBCODES: Final = {
    "addressing.header_repeated": names.INVALID_ADDRESSING_HEADER,
    "addressing.action_wrong": names.ACTION_NOT_SUPPORTED,
    "addressing.to_wrong": names.DESTINATION_UNREACHABLE,
    "addressing.message_id_missing": names.ADDRESSING_HEADER_REQUIRED,
    "addressing.message_id_reused": names.INVALID_ADDRESSING_HEADER,
}

_UNVERIFIED: Final = "The security of the message could not be verified."
"""The real service says no more than this; the finding says which bytes and why."""


def refusal(errors: Mapping[str, Finding], signer: SignerFacts, settings: Settings, now: datetime) -> Refused:
    """Return the refusal for the first breach, in the order of a service on the same framework.

    Args:
        errors: the breaches that are not tolerated, by their codes; at least one.
        signer: whose certificate it is about.
        settings: what the service gives for what.
        now: the service's clock; UTC.
    """
    if "soap.header_not_understood" in errors:
        return Refused(reason=errors["soap.header_not_understood"].message, code="MustUnderstand")
    for code, subcode in _ADDRESSING_SUBCODES.items():
        if code in errors:
            return Refused(reason=errors[code].message, subcode=subcode)
    if any(code in errors for code in _UNREADABLE):
        return event_refusal("E2029")
    credential = [code for code in _CREDENTIAL_FIRST if code in errors]
    for code, finding in errors.items():
        if code.startswith("soap."):
            return Refused(reason=finding.message)
        if code.startswith("security.") and code not in credential:
            return _insecure(code, settings)
    if credential:
        return _credential(credential[0], signer, settings, now)
    for code, finding in errors.items():
        if code in _EVENT_OF:
            return event_refusal(_EVENT_OF[code])
        if code.startswith("trust.lifetime_"):
            return lifetime_refusal(finding.message, settings)
        if code.startswith(_RELATIONSHIP) and settings.relationship_code:
            return event_refusal(settings.relationship_code)
    return Refused(reason=next(iter(errors.values())).message, subcode=names.INVALID_REQUEST)


def _insecure(code: str, settings: Settings) -> Refused:
    if code == "security.timestamp_window":
        event, subcode = settings.skew_code, settings.skew_subcode
    elif code in ("security.algorithm_signature", "security.algorithm_digest"):
        event, subcode = settings.algorithm_code, settings.algorithm_subcode
    else:
        event, subcode = settings.signature_code, settings.signature_subcode
    return event_refusal(event) if event else Refused(reason=_UNVERIFIED, subcode=subcode)


def _credential(code: str, signer: SignerFacts, settings: Settings, now: datetime) -> Refused:
    certificate = signer.certificate
    early = certificate is not None and now < certificate.not_valid_before_utc
    chosen = {
        "sts.credential_untrusted": settings.untrusted_code,
        "security.certificate_dates": "E2017" if early else settings.expired_code,
        "sts.credential_over": settings.expired_code,
        "sts.credential_revoked": settings.revoked_code,
        "sts.credential_lapsed": settings.lapsed_code,
    }
    return event_refusal(chosen.get(code) or _EVENT_OF[code])


def lifetime_refusal(reason: str, settings: Settings) -> Refused:
    """Return the refusal of a life that cannot be granted."""
    if settings.lifetime_code:
        return event_refusal(settings.lifetime_code)
    return Refused(reason=reason, subcode=settings.lifetime_subcode)


def event_refusal(code: str) -> Refused:
    """Return the refusal with an event code; a code that is not in the table is given without a text."""
    fault = FAULTS.get(f"sts.{code}", Fault(name=f"sts.{code}", sentence="", code=code))
    return Refused(
        subcode=names.REQUEST_FAILED if fault.retry else names.INVALID_REQUEST,
        event=Event(code=fault.code, description=fault.title, advice=fault.text),
        code="Receiver" if fault.retry else "Sender",
    )
