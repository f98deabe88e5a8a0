"""GetCountries and GetNonDvsDocumentTypes: the registry's lists, and what they are good for."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from conformance.reference.sts_client import Order
from conformance.reference.usi_client.calls import Call, Concluded
from conformance.reference.usi_client.elements import Elements, invalid

KEPT: Final = timedelta(hours=24)
"""How long a list is used before it is fetched again."""


class Listing(Elements):
    """Fetches lists, keeps them, and compares with them what is handed over.

    A list that was never fetched refuses nothing: to ask for it is the user's decision.
    """

    def list_countries(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Return the countries, fetched or kept."""
        return self.list_of(order, call)

    def list_document_types(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Return the types of documents that the DVS cannot check, fetched or kept."""
        return self.list_of(order, call)

    def list_of(self, order: Callable[[], Order], call: Call) -> Concluded:
        """Return a list, fetched or kept."""
        request = self.prepare(call)
        kept = self.kept_list(call)
        if kept is None:
            kept = self.carry_out(order(), call, request)
            self.keep_list(call, kept)
        return Concluded(kept, "listed")

    def prepare(self, call: Call) -> dict[str, Any]:
        """Return the elements to send; see `UsiClient.prepare`."""
        raise NotImplementedError

    def prepare_list(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Return nothing: a list is asked for without particulars."""
        if request:
            raise invalid("A list is asked for without particulars.")
        return {}

    # --- keeping ------------------------------------------------------------------------------------

    @property
    def lists(self) -> dict[str, tuple[datetime, str, dict[str, Any]]]:
        """Operation -> when a list was fetched, from which address, and the list; of this conversation."""
        found: dict[str, tuple[datetime, str, dict[str, Any]]] = self.__dict__.setdefault("_lists", {})
        return found

    def kept_list(self, call: Call) -> dict[str, Any] | None:
        """Return a list that was fetched from the same address not long ago, or None."""
        fetched, address, found = self.lists.get(call.operation, (None, "", {}))
        fresh = fetched is not None and self.clock() - fetched < KEPT and address == call.usi_address
        return found if fresh else None

    def keep_list(self, call: Call, found: dict[str, Any]) -> None:
        """Keep a list."""
        self.lists[call.operation] = (self.clock(), call.usi_address, found)

    def entries(self, operation: str, name: str, item: str) -> list[dict[str, Any]]:
        """Return the entries of a kept list; none where it was not fetched."""
        whole = self.lists[operation][2].get(name) if operation in self.lists else None
        entries = whole.get(item) if isinstance(whole, Mapping) else None
        return [entry for entry in entries or () if isinstance(entry, dict)]

    # --- using --------------------------------------------------------------------------------------

    def check_country(self, code: str) -> None:
        """Refuse a country to live in that is unknown, or is no more."""
        known = self.countries()
        if known and not known.get(code):
            raise invalid("This country is not, or no longer, in the registry's list.")

    def check_country_of_birth(self, code: str) -> None:
        """Refuse an unknown country.  A person may well be born in one that is no more."""
        known = self.countries()
        if known and code not in known:
            raise invalid("This country is not in the registry's list.")

    def countries(self) -> dict[str, bool]:
        """Return the code of each country that is known, and whether it is current."""
        entries = self.entries("GetCountries", "Countries", "CountryDetails")
        return {str(entry.get("CountryCode")): entry.get("IsCurrent") is True for entry in entries}

    def check_document_type(self, identifier: int | None) -> None:
        """Refuse an unknown type of document."""
        entries = self.entries("GetNonDvsDocumentTypes", "NonDvsDocumentTypes", "NonDvsDocumentType")
        if identifier is not None and entries and identifier not in {entry.get("Id") for entry in entries}:
            raise invalid("This type of document is not in the registry's list.")
