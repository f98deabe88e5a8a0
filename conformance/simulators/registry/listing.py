"""GetCountries and GetNonDvsDocumentTypes: the reference lists, as data in `lists.toml`."""

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final

from conformance.simulators.registry.asking import Asked

FILE: Final = Path(__file__).with_name("lists.toml")


@cache
def _lists() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def current_countries() -> frozenset[str]:
    """Return the codes of the countries that are current."""
    return frozenset(row["code"] for row in _lists()["country"] if row.get("current", True))


def document_type_ids() -> frozenset[int]:
    """Return the ids of the documents that the Document Verification Service cannot check."""
    return frozenset(row["id"] for row in _lists()["document"])


def countries(asked: Asked) -> dict[str, Any]:
    """Answer GetCountries: all of them, former ones too."""
    return {
        "Countries": {
            "CountryDetails": [
                {"CountryCode": row["code"], "Name": row["name"], "IsCurrent": row.get("current", True)}
                for row in _lists()["country"]
            ]
        }
    }


def document_types(asked: Asked) -> dict[str, Any]:
    """Answer GetNonDvsDocumentTypes: all of them, by id; SortOrder is for the reader to apply."""
    return {
        "NonDvsDocumentTypes": {
            "NonDvsDocumentType": [
                {"Id": row["id"], "DocumentType": row["type"], "SortOrder": row["order"]}
                for row in sorted(_lists()["document"], key=lambda row: row["id"])
            ]
        }
    }
