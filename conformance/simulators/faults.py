"""The faults that a simulator can be asked for: rules that it breaks, or refusals that it gives, on purpose.

A fault is asked for by name, for one scenario.  A name begins with the simulator that it concerns.
Codes and their meanings are those seen in public help pages and clients; texts are the kit's own.
"""

from dataclasses import dataclass
from typing import Final

from conformance.errors import OperatorError


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One named departure from a plain, healthy answer."""

    name: str
    sentence: str
    """What the simulator does, in one sentence."""
    code: str = ""
    """The code that the answer carries: an event code of the token service, or a number of the registry."""
    title: str = ""
    """The short text that goes with the code."""
    text: str = ""
    """The long text that goes with the code."""
    retry: bool = False
    """Whether asking again later can help."""

    @property
    def simulator(self) -> str:
        """`sts`, `registry` or `renewal`."""
        return self.name.partition(".")[0]


def _event(code: str, description: str, advice: str, *, retry: bool = False) -> Fault:
    return Fault(
        name=f"sts.{code}",
        sentence=f"The token service answers with the fault {code}: {description}",
        code=code,
        title=description,
        text=advice,
        retry=retry,
    )


def _error_info(code: int, title: str, text: str, *, retry: bool = False) -> Fault:
    return Fault(
        name=f"registry.{code}",
        sentence=f"The registry answers with a single ErrorInfo fault {code}, {title}.",
        code=str(code),
        title=title,
        text=text,
        retry=retry,
    )


def _renewal(name: str, sentence: str) -> Fault:
    return Fault(name=f"renewal.{name}", sentence=f"The renewal service {sentence}.")


_RENEWALS: Final = {
    "other_key": "issues a certificate for another key than it was asked for",
    "other_abn": "issues a certificate for another ABN",
    "other_name": "issues a certificate for a credential of another name",
    "personal": "issues a person's certificate",
    "expired": "issues a certificate whose life has ended",
    "shorter": "issues a certificate that ends when the old one does",
    "wrong_chain": "issues a certificate of an authority with the right name and another key",
    "wrong_fingerprint": "sends a fingerprint that is not that of the certificate",
    "other_id": "answers for another credential than it was asked for",
    "error_element": "answers that it cannot renew this credential",
    "revoked": "answers that the credential has been revoked",
    "empty": "answers without a response in its answer",
    "not_xml": "answers with a page for people, status 200",
    "http_500": "answers with HTTP status 500 and no message of its own",
    "half": "breaks the connection off in the middle of its answer",
    "never": "ends the connection without an answer",
}
"""Answers of the renewal service that no product may take for a renewal."""


FAULTS: Final = {
    fault.name: fault
    for fault in (
        _event("E1001", "An internal error occurred.", "Try again later.", retry=True),
        _event("E2003", "The relying party is not recognised.", "Check the address in AppliesTo."),
        _event("E2014", "The credential has been revoked.", "Obtain a new credential."),
        _event("E2015", "The credential has expired.", "Renew the credential."),
        _event("E2017", "The credential is not valid yet.", "Check the clock of this machine."),
        _event(
            "E2020",
            "The credential was issued by an authority that is not recognised.",
            "Use a credential of this environment.",
        ),
        _event("E2029", "The credential cannot be read.", "Obtain a new credential."),
        _event(
            "E2169",
            "The credential is not recognised.",
            "Check that it is the right credential and still valid.",
        ),
        _event("E2180", "No usage policy allows this type of credential.", "Use a machine credential."),
        _event(
            "E2182", "A mandatory claim cannot be provided.", "Ask for claims that this credential supports."
        ),
        _event("E2183", "A mandatory claim is unknown.", "Check the URIs of the claims."),
        _event("E2190", "Claim data is not available now.", "Try again later.", retry=True),
        Fault(
            name="sts.short_life",
            sentence="The token service grants a token for one second, whatever life was asked for.",
        ),
        _error_info(
            1001,
            "Service Unavailable",
            "The USI Registry System is not available. Try again later.",
            retry=True,
        ),
        _error_info(1002, "Generic Validation", "The request did not pass validation."),
        _error_info(
            2002,
            "Organisation Failed Authorisation",
            "Organisation code and ABN of the credential do not identify one authorised organisation.",
        ),
        _error_info(
            3458, "Outdated Version", "This version of the web service is no longer supported. Upgrade."
        ),
        _error_info(7777, "Reserved For Later", "Something that no published list of codes mentions."),
        Fault(
            name="registry.invalid_with_fields",
            sentence="An unknown USI is answered with Invalid and NoMatch for every field.",
        ),
        Fault(
            name="registry.invalid_without_fields",
            sentence="An unknown USI is answered with Invalid and no fields at all.",
        ),
        *(_renewal(name, sentence) for name, sentence in _RENEWALS.items()),
        Fault(
            name="registry.unknown_status",
            sentence="The registry answers VerifyUSI with an unlisted status and Match for all.",
            code="Suspended",
        ),
    )
}
"""Every fault by name."""


def named(names: tuple[str, ...], simulator: str) -> tuple[Fault, ...]:
    """Return those of the named faults that concern one simulator, in the order asked for.

    Raises:
        OperatorError: a name is not in `FAULTS`.
    """
    for name in names:
        if name not in FAULTS:
            raise OperatorError(
                f"There is no fault named {name!r}.",
                expected=f"one of {', '.join(sorted(FAULTS))}",
                found=name,
            )
    return tuple(FAULTS[name] for name in names if FAULTS[name].simulator == simulator)
