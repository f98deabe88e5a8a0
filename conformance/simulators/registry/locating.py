"""LocateUSI: which record is that of a person, by personal details and, beside them, by contact details.

What the six results mean is inferred from their names, and so is that a USI is told for an exact match only.
Personal details are identical when everything that was sent and that the record has is the same.  Of contact
details one means that is the same is enough; who sends none, or whose record has none, has no contact match.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from conformance.simulators.population import Account, State
from conformance.simulators.registry import matching
from conformance.simulators.registry.asking import Asked
from conformance.simulators.registry.settings import NoMatchAnswer, RegistrySettings

_NAMES: Final = {
    "FirstName": "first",
    "MiddleName": "middle",
    "FamilyName": "family",
    "SingleName": "single",
    "TownCityOfBirth": "town_of_birth",
}
"""Element -> field of Account, compared as names are."""

_MAY_BE_UNKNOWN: Final = frozenset({"MiddleName", "TownCityOfBirth"})
"""Elements that are not compared where the record has none."""

MESSAGES: Final = {
    "Exact": "The contact details match those of the record.",
    "MultipleExact": "The contact details match those of several records.",
    "SingleNoContactMatch": "The contact details do not match those of the record.",
    "MultipleNoContactMatch": "The contact details do not match those of any of the records.",
    "NoIdenticalStrongPartial": "",
    "NoMatch": "",
}
"""Result -> ContactDetailsMessage.  The texts are the kit's own; the real ones are not public."""


def locate(asked: Asked) -> dict[str, Any]:
    """Answer LocateUSI."""
    personal, contact = asked.values["PersonalDetails"], asked.values["ContactDetails"]
    settings = asked.settings
    candidates = _candidates(asked, personal)
    identical = [account for account in candidates if _is_identical(account, personal, settings)]
    reached = [account for account in identical if have_contact(account.contact, contact)]
    if len(reached) == 1:
        return {"Result": "Exact", "USI": reached[0].usi, "ContactDetailsMessage": MESSAGES["Exact"]}
    if reached:
        result = "MultipleExact"
    elif identical:
        result = "SingleNoContactMatch" if len(identical) == 1 else "MultipleNoContactMatch"
    else:
        close = any(_is_close(account, personal, settings) for account in candidates)
        result = "NoIdenticalStrongPartial" if close else "NoMatch"
    return without_usi(result, settings)


def without_usi(result: str, settings: RegistrySettings) -> dict[str, Any]:
    """Return an answer with this result, which has no USI to tell."""
    empty = {"USI": ""} if settings.no_match_answer is NoMatchAnswer.EMPTY else {}
    return {"Result": result, **empty, "ContactDetailsMessage": MESSAGES[result]}


def _candidates(asked: Asked, personal: Mapping[str, Any]) -> list[Account]:
    """Return everybody whose date of birth or whose last name is that of the person, once each."""
    store = asked.store
    found = store.namesakes(born=date.fromisoformat(personal["DateOfBirth"]))
    if "SingleName" in personal:
        found += store.namesakes(single=personal["SingleName"])
    else:
        found += store.namesakes(family=personal["FamilyName"], first=personal.get("FirstName"))
    # Whoever uses a deactivated USI was given another one; that nobody is told of it is assumed.
    return list(
        {account.usi: account for account in found if account.state is not State.DEACTIVATED}.values()
    )


def _is_identical(account: Account, personal: Mapping[str, Any], settings: RegistrySettings) -> bool:
    for element, field in _NAMES.items():
        held = getattr(account, field)
        compared = element in personal and (held or element not in _MAY_BE_UNKNOWN)
        if compared and not matching.same(str(personal[element]), held, settings):
            return False
    return personal["DateOfBirth"] == account.born.isoformat() and account.gender in ("", personal["Gender"])


def _is_close(account: Account, personal: Mapping[str, Any], settings: RegistrySettings) -> bool:
    """Tell whether names are the same, or the date of birth and one of the names."""
    same = [
        matching.same(str(personal[element]), getattr(account, _NAMES[element]), settings)
        for element in ("FirstName", "FamilyName", "SingleName")
        if element in personal
    ]
    return all(same) or (personal["DateOfBirth"] == account.born.isoformat() and any(same))


def have_contact(held: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Tell whether two ContactDetails have a means of contact in common: e-mail, telephone or address."""
    return bool(_means(held) & _means(given))


def _means(contact: Mapping[str, Any]) -> set[object]:
    found: set[object] = set()
    if address := contact.get("EmailAddress"):
        found.add(("mail", str(address).strip().casefold()))
    # A number counts whether it was given as that of a mobile or of the home.
    for number in (contact.get("Phone") or {}).values():
        if digits := "".join(filter(str.isdecimal, str(number))):
            found.add(("telephone", digits))
    if international := contact.get("InternationalAddress"):
        found.add(("abroad", _plain(international)))
    if national := contact.get("NationalAddress"):
        found.add(
            (
                "address",
                *(_plain(national.get(part, "")) for part in ("Address1", "SuburbTownCity", "PostCode")),
            )
        )
    return found


def _plain(text: object) -> str:
    return " ".join(str(text).casefold().split())
