"""CreateUSI, BulkUpload and BulkUploadRetrieve: from an application to a USI.

An application is carried out in this order: what is wrong with it by itself, the identity document, and who
is there already.  A person is known who has the same legal names and the same date of birth; with one of them
there is a match, with several nobody can say who is meant.

Batches are carried out as they come in and told later: whoever loses a receipt finds that the people exist.
Where the real registry takes a time that is not public, here it takes a number of questions.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from conformance.protocol.request_rules import RECORD_RULES, Limits, judge_application
from conformance.simulators.population import Account, State
from conformance.simulators.registry import documents, matching
from conformance.simulators.registry.asking import Asked, Refused, errors
from conformance.simulators.registry.listing import document_type_ids
from conformance.simulators.registry.settings import (
    PendingAnswer,
    RegistrySettings,
    RepeatedRequest,
    UnverifiedAnswer,
)

PENDING: Final = "pending"
PENDING_EMPTY: Final = "pending_empty"
STORED_ANSWER: Final = "stored_answer"
UNVERIFIED_RESULT: Final = "unverified_result"
"""Names of the faults that override a setting."""

UNVERIFIED: Final = "The identity document could not be verified against the personal details."
SEVERAL: Final = "Several records match these personal details. The person has to contact the registry."
REPEATED: Final = "This RequestId has been used before by this organisation."
NO_RECEIPT: Final = "There is no batch with this ReceiptNumber for this organisation."
NOT_READY: Final = "The batch is still being processed. Ask again later."

_UNVERIFIED_IDENTITY: Final = 2004
_LONGEST_MESSAGE: Final = 255
_AREA_CODES: Final = ("02", "03", "04", "05", "07", "08")
"""How Australian telephone numbers begin, 04 and 05 being mobile ones; numbering plan of 2015."""
_MEANT: Final = (State.ACTIVE, State.SUSPENDED, State.NOT_ACTIVATED)
"""States of the accounts that an application can match.  Assumed: a deactivated one was given up."""

Application = Mapping[str, Any]
"""JSON form of an Application."""


def create(asked: Asked) -> dict[str, Any]:
    """Answer CreateUSI.

    Raises:
        Refused: the RequestId was used before, or the document cannot be verified; the settings choose how.
    """
    request_id = asked.values["RequestId"]
    if (stored := _stored(asked, request_id)) is not None:
        return stored
    application = asked.values["Application"]
    answer = {"Application": _carried_out(asked, application)}
    # Errors tell that it failed for its document and for nothing else.
    unverified = answer["Application"].get("Errors") == errors(UNVERIFIED)
    refusal = refusal_of_document(asked) if unverified else None
    asked.store.remember_request(
        asked.organisation.code, request_id, asked.operation.name, {} if refusal else answer
    )
    if refusal is not None:
        raise refusal
    return answer


def refusal_of_document(asked: Asked) -> Refused | None:
    """Return the fault for a document that cannot be verified; None where the result is to tell it."""
    as_result = UNVERIFIED_RESULT in asked.faults or (
        asked.settings.unverified_answer is UnverifiedAnswer.RESULT
    )
    return None if as_result else Refused(_UNVERIFIED_IDENTITY, UNVERIFIED)


def upload(asked: Asked) -> dict[str, Any]:
    """Answer BulkUpload: take the batch, carry it out, and tell no more than its receipt.

    Raises:
        Refused: the RequestId was used before.
    """
    request_id = asked.values["RequestId"]
    if (stored := _stored(asked, request_id)) is not None:
        return stored
    applications = asked.values["Applications"]["Application"]
    code = asked.organisation.code
    batch = asked.store.take_batch(code, request_id, applications, asked.now)
    asked.store.settle_batch(batch.receipt, [_carried_out(asked, each) for each in applications])
    answer = {"ReceiptNumber": batch.receipt}
    asked.store.remember_request(code, request_id, asked.operation.name, answer)
    return answer


def retrieve(asked: Asked) -> dict[str, Any]:
    """Answer BulkUploadRetrieve: the same results each time, once they are there.

    Raises:
        Refused: there is no such receipt for this organisation, or its results are not there yet.
    """
    receipt = asked.values["ReceiptNumber"]
    batch = asked.store.batch(receipt)
    owner = None if batch is None else asked.store.organisation(batch.code)
    if batch is None or owner is None or owner.abn != asked.organisation.abn:
        # A receipt of somebody else's is answered as one that nobody has: it may be a guess.
        raise Refused(asked.settings.unknown_receipt_code, NO_RECEIPT)
    polls = asked.store.polled(receipt)
    told = {"RequestId": batch.request_id, "NoOfApplications": len(batch.applications)}
    forced = {PENDING, PENDING_EMPTY} & asked.faults
    if forced or polls <= asked.settings.pending_polls or batch.results is None:
        if PENDING_EMPTY in forced or asked.settings.pending_answer is PendingAnswer.EMPTY_LIST:
            return {**told, "NoOfApplicationsFailed": 0, "Applications": {"Application": []}}
        raise Refused(asked.settings.pending_code, NOT_READY)
    failed = sum(result["Result"] == "Failure" for result in batch.results)
    results = [dict(result) for result in batch.results]
    return {**told, "NoOfApplicationsFailed": failed, "Applications": {"Application": results}}


def excused(settings: RegistrySettings) -> frozenset[str]:
    """Return the codes of rules of applications that these settings do without."""
    codes: set[str] = {"usi.medicare_expiry"}  # how the colours differ is inferred
    if not settings.card_number_required:
        codes.add("usi.card_number")
    if not settings.birth_certificate_complete:
        codes |= {"usi.birth_certificate", "usi.date_printed"}
    return frozenset(codes)


# --- requests used before -------------------------------------------------------------------------


def _stored(asked: Asked, request_id: str) -> dict[str, Any] | None:
    """Return the answer that a repeated request is given again, or None for a new one.

    Raises:
        Refused: it is a repeated one, and that is refused, or there was no answer.
    """
    used = asked.store.answer_to_request(asked.organisation.code, request_id)
    if used is None:
        return None
    again = STORED_ANSWER in asked.faults or asked.settings.repeated_request is RepeatedRequest.STORED_ANSWER
    if again and used.answer and used.operation == asked.operation.name:
        return used.answer
    raise Refused(asked.settings.repeated_request_code, REPEATED)


# --- one application ------------------------------------------------------------------------------


def _carried_out(asked: Asked, application: Application) -> dict[str, Any]:
    """Carry out one application and return its answer."""
    if wrong := _mistakes(asked, application):
        checked = "False" if application["DVSCheckRequired"] else "NotRequired"
        return _answer(asked, application, "Failure", checked, wrong=wrong)
    verified = documents.verified(application)
    if verified == "False":
        return _answer(asked, application, "Failure", verified, wrong=[UNVERIFIED])
    known = _known(asked, application["PersonalDetails"])
    if len(known) > 1:
        return _answer(asked, application, "Failure", verified, wrong=[SEVERAL])
    if known:
        return _answer(asked, application, "MatchFound", verified, usi=known[0].usi)
    account = _account(asked.store.new_usi(), application)
    asked.store.add(account)
    return _answer(asked, application, "Success", verified, usi=account.usi)


def _answer(
    asked: Asked,
    application: Application,
    result: str,
    verified: str,
    *,
    usi: str = "",
    wrong: list[str] | None = None,
) -> dict[str, Any]:
    return {
        "ProcessedDate": _date_time(asked.now),
        "ApplicationId": application["ApplicationId"],
        "Result": result,
        "IdentityDocumentVerified": verified,
        **({"USI": usi} if usi else {}),
        **({"Errors": errors(*(text[:_LONGEST_MESSAGE] for text in wrong))} if wrong else {}),
    }


def _date_time(now: datetime) -> str:
    return now.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"


def _mistakes(asked: Asked, application: Application) -> list[str]:
    """Return what is wrong with an application by itself, a sentence each."""
    settings = asked.settings
    limits = Limits(contact_means=settings.contact_means, phone_digits=settings.phone_digits)
    minded = RECORD_RULES - excused(settings)
    judgement = judge_application(application, limits=limits)
    found = [f"{each.message} {each.where}".strip() for each in judgement.findings if each.code in minded]
    if (other := application.get("NonDvsDocumentTypeId")) is not None and other not in document_type_ids():
        found.append(f"There is no NonDvsDocumentTypeId {other} in the list of GetNonDvsDocumentTypes.")
    found += _age_mistakes(application["PersonalDetails"]["DateOfBirth"], asked.now, settings)
    if settings.area_codes_checked:
        found += _phone_mistakes(application["ContactDetails"].get("Phone") or {})
    return found


def _age_mistakes(date_of_birth: str, now: datetime, settings: RegistrySettings) -> list[str]:
    born, today = date.fromisoformat(date_of_birth), now.astimezone(UTC).date()
    if born > today:
        return ["The date of birth is in the future."]
    age = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    if settings.least_age <= age <= settings.most_age:
        return []
    return [f"A person is between {settings.least_age} and {settings.most_age} years old, and not {age}."]


def _phone_mistakes(phone: Mapping[str, str]) -> list[str]:
    found = []
    for name, number in phone.items():
        digits = "".join(character for character in number if "0" <= character <= "9")
        # Only what is written in full and without a country can be told to have no area code that exists.
        if not number.strip().startswith("+") and len(digits) == 10 and not digits.startswith(_AREA_CODES):
            found.append(f"{name} begins with an area code that does not exist.")
    return found


def _known(asked: Asked, details: Mapping[str, Any]) -> list[Account]:
    """Return the accounts with the same legal names, first, family or single, and the same date of birth."""
    named = {
        field: str(details[name])
        for field, name in (("first", "FirstName"), ("family", "FamilyName"), ("single", "SingleName"))
        if name in details
    }
    found = asked.store.namesakes(born=date.fromisoformat(details["DateOfBirth"]), **named)
    return [
        account
        for account in found
        if account.state in _MEANT
        and all(matching.same(text, getattr(account, field), asked.settings) for field, text in named.items())
    ]


def _account(usi: str, application: Application) -> Account:
    """Return the account of a new person, who has yet to activate it."""
    details = application["PersonalDetails"]
    return Account(
        usi=usi,
        first=details.get("FirstName", ""),
        middle=details.get("MiddleName", ""),
        family=details.get("FamilyName", ""),
        single=details.get("SingleName", ""),
        born=date.fromisoformat(details["DateOfBirth"]),
        gender=details["Gender"],
        country_of_birth=details["CountryOfBirthCode"],
        town_of_birth=details["TownCityOfBirth"],
        preferred_first=details.get("PreferredFirstName", ""),
        preferred_family=details.get("PreferredFamilyName", ""),
        preferred_single=details.get("PreferredSingleName", ""),
        contact=application["ContactDetails"],
        state=State.NOT_ACTIVATED,
        origin="created",
    )
