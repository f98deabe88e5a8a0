"""The faults that a simulator can be asked for: rules that it breaks, or refusals that it gives, on purpose.

A fault is asked for by name, for one scenario.  A name begins with the simulator that it concerns.  It may
end in a count: `sts.E1001@1` holds for the first answer only, and the answers after it are healthy.
Codes and their meanings are those seen in public help pages and clients; texts are the kit's own.
"""

import threading
from dataclasses import dataclass, replace
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
    times: int | None = None
    """For how many answers of the simulator, from the first on; None for all of them."""

    @property
    def simulator(self) -> str:
        """`sts`, `registry` or `renewal`; `tls` for what concerns the connection of whichever it is."""
        return self.name.partition(".")[0]

    @property
    def asked(self) -> str:
        """The name with its count, as it is asked for."""
        return self.name if self.times is None else f"{self.name}@{self.times}"

    @property
    def told(self) -> str:
        """What the simulator does and for how many answers, in one sentence."""
        if self.times is None:
            return self.sentence
        answers = "answer" if self.times == 1 else f"{self.times} answers"
        return f"For the first {answers} only: {self.sentence}"


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
        sentence=f"The registry answers with the ErrorInfo fault {code}, {title}; of several, in one array.",
        code=str(code),
        title=title,
        text=text,
        retry=retry,
    )


def _renewal(name: str, sentence: str) -> Fault:
    return Fault(name=f"renewal.{name}", sentence=f"The renewal service {sentence}.")


def _token(name: str, does: str) -> Fault:
    return Fault(name=f"sts.{name}", sentence=f"The token service {does}.")


_TOKENS: Final = {
    "short_life": "grants a token for one second, whatever life was asked for",
    "two_minutes": "grants a token for two minutes, whatever life was asked for",
    "saml_1": "issues a SAML 1.1 token, whatever was asked for",
    "saml_2": "issues a SAML 2.0 token, whatever was asked for",
    "secret_untyped": "hands the proof key over in a BinarySecret without Type",
    "secret_symmetric_key": "hands the proof key over in a BinarySecret of the Type SymmetricKey",
    "secret_nonce": "hands the proof key over in a BinarySecret of the Type Nonce",
    "computed_key": "has the proof key computed by P_SHA1 from the entropy of both sides; a request without "
    "entropy is answered with a BinarySecret",
    "client_entropy": "takes the client's entropy for the proof key and hands none over; a request without "
    "entropy is answered with a BinarySecret",
    "secret_and_computed": "answers with a BinarySecret and a recipe for a computed key, a contradiction",
    "no_proof_token": "answers with neither RequestedProofToken nor Entropy, whether or not the client sent "
    "entropy",
    "no_token": "answers with an empty RequestedSecurityToken",
    "two_tokens": "answers with two RequestSecurityTokenResponses, each with a token of its own",
    "pretty": "indents its answers, except beside the token",
    "varied": "writes every answer with other prefixes, ids, optional children, orders of attributes and "
    "digits of a second's fraction",
    "wrong_relates_to": "answers with a RelatesTo that is not the MessageID of the request",
    "no_relates_to": "answers without RelatesTo",
    "stale_timestamp": "answers with a Timestamp of its message that ended six minutes ago",
    "future_timestamp": "answers with a Timestamp of its message that begins in six minutes",
    "other_applies_to": "issues the token for another relying party than was asked for, and says so",
    "fast_4": "judges and answers by a clock that is four minutes ahead",
    "fast_6": "judges and answers by a clock that is six minutes ahead",
    "slow_4": "judges and answers by a clock that is four minutes behind",
    "slow_6": "judges and answers by a clock that is six minutes behind",
    "fault_400": "sends its faults with HTTP status 400",
    "fault_prefix_s": "writes the SOAP namespace with the prefix s in all its answers",
    "fault_bare": "tells an event in the reason of a fault only, without a detail",
    "fault_detail_only": "tells an event in the detail of a fault only; the reason names none",
}
"""Answers of the token service that are healthy and unusual, or that no client may accept."""

_WRITING: Final = {
    "no_detail": "answers with the fault InternalServiceFault, which has no detail",
    "fault_2022": "writes the detail of its faults in the namespace of 2022",
    "fault_200": "sends its faults with HTTP status 200",
    "internal_entity": "answers with a document type declaration and with USIStatus as an entity that it "
    "declares as Valid",
    "external_entity": "answers with a document type declaration and with USIStatus as an external entity",
}
"""How the registry writes what it answers, whatever that is; `simulators.registry.writing` does it."""

_ANSWERS: Final = {
    # Bulk verification and retrieval.
    "shuffled": "answers BulkVerifyUSI and BulkUploadRetrieve with the records in another order",
    "missing_record": "leaves the first record out of its answer to BulkVerifyUSI and BulkUploadRetrieve",
    "extra_record": "puts a good record that was not asked for before those of BulkVerifyUSI and "
    "BulkUploadRetrieve",
    "duplicate_record": "answers the first record of BulkVerifyUSI and BulkUploadRetrieve a second time at "
    "the end, with the opposite result",
    "other_usi": "names another USI in the first record of its answer to BulkVerifyUSI",
    "unknown_status": "answers VerifyUSI, and the first record of BulkVerifyUSI, with an unlisted status and "
    "Match for all",
    # Retrieval.
    "other_request_id": "answers BulkUploadRetrieve with a RequestId that is not the batch's",
    "fewer_records": "answers BulkUploadRetrieve with the first half of the records that it announces",
    "failed_records": "answers BulkUploadRetrieve with a failure of the first record",
    "pending": "answers BulkUploadRetrieve each time that the batch is still being processed, in the form "
    "that is set",
    "pending_empty": "answers BulkUploadRetrieve each time that the batch is still being processed, as a "
    "list without records",
    # Creation, and the first record of retrieval.
    "other_application_id": "answers CreateUSI, and the first record of BulkUploadRetrieve, with another "
    "ApplicationId",
    "no_usi": "answers CreateUSI, and the first record of BulkUploadRetrieve, with Success and no USI",
    "wrong_usi": "answers CreateUSI, and the first record of BulkUploadRetrieve, with a USI whose check "
    "character is wrong",
    "match_found": "answers CreateUSI, and the first record of BulkUploadRetrieve, with MatchFound and a USI",
    "create_failure": "answers CreateUSI, and the first record of BulkUploadRetrieve, with Failure and "
    "an error",
    "create_failure_bare": "answers CreateUSI, and the first record of BulkUploadRetrieve, with Failure, "
    "without an error and without USI",
    "document_unverified": "answers CreateUSI, and the first record of BulkUploadRetrieve, with Success and "
    "IdentityDocumentVerified False",
    "unknown_result": "answers CreateUSI, LocateUSI, updates, and the first record of BulkUploadRetrieve "
    "with an unlisted result",
    "stored_answer": "answers a request whose RequestId was used before as it answered then",
    "unverified_result": "answers a document that cannot be verified with Failure and not with fault 2004",
    # Look-ups.
    "locate_exact": "answers LocateUSI with Exact and a USI",
    "locate_multiple_exact": "answers LocateUSI with MultipleExact and an empty USI",
    "locate_single_no_contact_match": "answers LocateUSI with SingleNoContactMatch and a USI",
    "locate_multiple_no_contact_match": "answers LocateUSI with MultipleNoContactMatch and an empty USI",
    "locate_no_match": "answers LocateUSI with NoMatch and an empty USI",
    "locate_no_identical_strong_partial": "answers LocateUSI with NoIdenticalStrongPartial and an empty USI",
    "locate_usi_empty": "answers LocateUSI with NoMatch and an empty USI",
    "locate_usi_missing": "answers LocateUSI with NoMatch and without the element USI",
    "locate_errors": "answers LocateUSI with NoMatch, an empty USI and an error",
    # Updates, and everything.
    "update_failure": "answers the two updates with Failure and an error",
    "unknown_element": "puts elements that no schema knows at the end of every answer and of its records",
    "decomposed": "writes the texts of its answers with accents as code points of their own (NFD)",
}
"""Changes of an answer, whatever the registry has done; `simulators.registry.altering` makes them.  Those
about pending batches, stored answers and unverified documents override a setting."""

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

NETWORK: Final = {
    "delay": "answers correctly, but only after 0.6 seconds",
    "reset_before": "takes the request, and the connection is reset before any byte of the answer",
    "reset_after": "answers, and the connection is reset after 200 bytes of the body",
    "truncated": "promises the whole length of its answer, sends half of the body and ends the connection",
    "html": "answers with a page for people, status 200",
    "html_500": "answers with a page for people, status 500",
    "empty": "answers without a body, status 200",
    "content_type": "labels its correct answer text/html",
    "redirect": "answers 307 and points to another host, whose certificate is trusted",
    "unavailable": "answers 503, retry after a second, in plain text",
    "never": "takes the request and does not answer until the client gives up",
}
"""What a network, or something in between, does to the answer of a service that is itself healthy: name
after the dot -> what is seen.  `conformance.simulators.network` carries them out, for `sts` and
`registry`."""


def _network(name: str, sentence: str) -> tuple[Fault, Fault]:
    return (
        Fault(name=f"sts.{name}", sentence=f"The token service {sentence}."),
        Fault(name=f"registry.{name}", sentence=f"The registry {sentence}."),
    )


TLS: Final = {
    "untrusted": "The certificate of the HTTPS server is of an authority that clients do not trust.",
    "misnamed": "The certificate of the HTTPS server is for another host name only.",
}
"""What is wrong with the connection itself.  It holds for a whole address, whatever is asked there: `evte
serve` obeys it; a bench has addresses of its own for it."""


FAULTS: Final = {
    fault.name: fault
    for fault in (
        _event("E1001", "An internal error occurred.", "Try again later.", retry=True),
        _event("E1003", "An internal error occurred in processing.", "Try again later.", retry=True),
        _event("E1004", "An internal error occurred in a system behind.", "Try again later.", retry=True),
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
        _event("E9999", "Something that no published table of codes mentions.", "Contact the help desk."),
        *(_token(name, does) for name, does in _TOKENS.items()),
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
            2004,
            "Unverified Identity",
            "The identity document could not be verified against the personal details.",
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
        Fault(
            name="registry.invalid_security",
            sentence="The registry refuses every request with the fault InvalidSecurity.",
        ),
        *(
            Fault(name=f"registry.{name}", sentence=f"The registry {does}.")
            for name, does in {**_WRITING, **_ANSWERS}.items()
        ),
        *(_renewal(name, sentence) for name, sentence in _RENEWALS.items()),
        *(fault for name, sentence in NETWORK.items() for fault in _network(name, sentence)),
        *(Fault(name=f"tls.{name}", sentence=sentence) for name, sentence in TLS.items()),
    )
}
"""Every fault by name."""


def fault(name: str) -> Fault:
    """Return a fault by its name, which may end in a count: `sts.E1001` or `sts.E1001@1`.

    Raises:
        OperatorError: the name is not in `FAULTS`, or the count is no whole number from 1 on.
    """
    plain, separator, count = name.partition("@")
    if plain not in FAULTS:
        raise OperatorError(
            f"There is no fault named {plain!r}.",
            expected=f"one of {', '.join(sorted(FAULTS))}",
            found=name,
        )
    if not separator:
        return FAULTS[plain]
    if plain.startswith("tls."):
        raise OperatorError(
            f"The fault {plain} takes no count.",
            expected=f"{plain}; whoever accepts the connection has no further one to wait for",
            found=name,
        )
    if not (count.isascii() and count.isdigit() and int(count[:_DIGITS]) >= 1 and len(count) <= _DIGITS):
        raise OperatorError(
            f"The fault {name!r} has a count that makes no sense.",
            expected=f"{plain}@1 for the first answer, {plain}@2 for the first two, and so on; "
            f"{plain} for all of them",
            found=name,
        )
    return replace(FAULTS[plain], times=int(count))


_DIGITS: Final = 6


def named(names: tuple[str, ...], simulator: str) -> tuple[Fault, ...]:
    """Return those of the named faults that concern one simulator, in the order asked for.

    Raises:
        OperatorError: as of `fault`.
    """
    return tuple(found for found in map(fault, names) if found.simulator == simulator)


class Script:
    """The faults that one simulator was told to obey, and how often it has answered since.

    It may be used from several threads: every answer is counted once.

    Args:
        simulator: `sts`, `registry` or `renewal`.
        names: as of `named`; those of other simulators are passed over.
    """

    def __init__(self, simulator: str, names: tuple[str, ...] = ()) -> None:
        self._simulator = simulator
        self._lock = threading.Lock()
        self.tell(names)

    def tell(self, names: tuple[str, ...]) -> None:
        """Begin anew with other faults.

        Raises:
            OperatorError: as of `fault`.
        """
        faults = named(names, self._simulator)
        with self._lock:
            self.names, self._faults, self._answers = names, faults, 0

    def next(self) -> tuple[Fault, ...]:
        """Count one more answer, and return the faults that hold for it."""
        with self._lock:
            before = self._answers
            self._answers += 1
            return tuple(found for found in self._faults if found.times is None or before < found.times)
