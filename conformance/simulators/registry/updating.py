"""UpdateUSIPersonalDetails and UpdateUSIContactDetails.

Whether the real registry refuses a message or answers Failure where there is no such record is not public;
here it is Failure with an error, as the answers have room for it.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from conformance.protocol.request_rules import MODIFIED
from conformance.simulators.population import Account, State
from conformance.simulators.registry import documents
from conformance.simulators.registry.applying import UNVERIFIED, refusal_of_document
from conformance.simulators.registry.asking import Asked, errors

FIELDS: Final = {
    "FirstName": "first",
    "MiddleName": "middle",
    "FamilyName": "family",
    "SingleName": "single",
    "DateOfBirth": "born",
    "CountryOfBirth": "country_of_birth",
    "TownCityOfBirth": "town_of_birth",
    "Gender": "gender",
    "PreferredFirstName": "preferred_first",
    "PreferredFamilyName": "preferred_family",
    "PreferredSingleName": "preferred_single",
}
"""Modifier -> field of Account."""

_LEGAL_NAMES: Final = ("first", "middle", "family", "single")
_ADDRESSES: Final = ("InternationalAddress", "NationalAddress")

NO_RECORD: Final = "There is no active record with this USI."
OTHER_FORM: Final = (
    "A person has first and family name or a single name; one change cannot make the one the other."
)
NOT_BORN: Final = "The date of birth is in the future."


def update_personal_details(asked: Asked) -> dict[str, Any]:
    """Answer UpdateUSIPersonalDetails: change what the modifier names, and nothing else that was sent.

    Raises:
        Refused: the document cannot be verified, and that is to be answered with a fault.
    """
    values = asked.values
    verified = documents.verified(values)
    if verified == "False" and (refusal := refusal_of_document(asked)) is not None:
        raise refusal
    account = _active(asked)
    modifier = values["PersonalDetailsModifier"]
    text = values["PersonalDetailsUpdate"][MODIFIED[modifier]]
    if verified == "False":
        wrong = UNVERIFIED
    elif account is None:
        wrong = NO_RECORD
    else:
        wrong = _change(asked, account, FIELDS[modifier], text)
    return {**_result(wrong), "IdentityDocumentVerified": verified, **_errors(wrong)}


def _change(asked: Asked, account: Account, field: str, text: str) -> str:
    """Change one field and return why it cannot be; empty when it was."""
    if field == "born":
        born = date.fromisoformat(text)
        if born > asked.now.date():
            return NOT_BORN
        asked.store.change(account.usi, born=born)
        return ""
    if field in _LEGAL_NAMES and (field == "single") != bool(account.single):
        return OTHER_FORM
    asked.store.change(account.usi, **{field: text})
    return ""


def update_contact_details(asked: Asked) -> dict[str, Any]:
    """Answer UpdateUSIContactDetails: what is sent replaces what was there, and all else stays."""
    account = _active(asked)
    if account is None:
        return {**_result(NO_RECORD), **_errors(NO_RECORD)}
    asked.store.change(account.usi, contact=_merged(account.contact, asked.values["ContactDetailsUpdate"]))
    return _result("")


def _merged(held: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """Return contact details after a change: of two addresses the new one stands, whichever kind it is."""
    replaced = _ADDRESSES if any(name in sent for name in _ADDRESSES) else ()
    merged = {name: value for name, value in held.items() if name not in replaced} | dict(sent)
    if "Phone" in held and "Phone" in sent:
        merged["Phone"] = {**held["Phone"], **sent["Phone"]}
    return merged


def _active(asked: Asked) -> Account | None:
    account = asked.store.person(asked.values["USI"])
    return None if account is None or account.state is State.DEACTIVATED else account


def _result(wrong: str) -> dict[str, Any]:
    return {"Result": "Failure" if wrong else "Success"}


def _errors(wrong: str) -> dict[str, Any]:
    return {"Errors": errors(wrong)} if wrong else {}
