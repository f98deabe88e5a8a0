"""Recipes: the data from which the store of a test vector is made.

A recipe names a base (who is in the store), the generation of its writer, and at most one deviation from
health, all by name.  Dates are relative to the moment that is passed in, because many implementations have
no clock that could be set.  The same recipe, authority and moment give the same bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar

from conformance.errors import KitError
from conformance.protocol.certificates import BundleForm, DigestAlgorithms
from conformance.protocol.keystore import Credential, Store, write
from conformance.simulators.authority import Authority, MachineCredential
from conformance.simulators.recipes import credential, dates, entry, file, key
from conformance.simulators.recipes.holders import BASES, MACHINE_1, MACHINE_2, Holder
from conformance.simulators.recipes.steps import Deviation, Making
from conformance.simulators.stores import GENERATIONS, PASSWORD, derived_salt, make_entry, seal

__all__ = [
    "BASES",
    "BUNDLES",
    "DEVIATIONS",
    "MACHINE_1",
    "MACHINE_2",
    "Deviation",
    "Holder",
    "Prepared",
    "materialise",
    "prepare",
]

T = TypeVar("T")

DEVIATIONS: Final[Mapping[str, Deviation]] = {
    **credential.DEVIATIONS,
    **dates.DEVIATIONS,
    **entry.DEVIATIONS,
    **file.DEVIATIONS,
    **key.DEVIATIONS,
}
"""Every deviation by name.  All but those of dates and labels can be met at any moment."""

BUNDLES: Final[Mapping[str, Mapping[str, Any]]] = {
    "ber-unsigned": {"form": BundleForm.BER, "signed": False},
    "ber-null": {"form": BundleForm.BER, "digest_algorithms": DigestAlgorithms.SHA256_NULL},
    "der": {"form": BundleForm.DER},
    "der-unsigned": {"form": BundleForm.DER, "signed": False},
    "ber-no-digest": {"form": BundleForm.BER, "digest_algorithms": DigestAlgorithms.NONE},
    "der-null": {"form": BundleForm.DER, "digest_algorithms": DigestAlgorithms.SHA256_NULL},
    "der-no-digest": {"form": BundleForm.DER, "digest_algorithms": DigestAlgorithms.NONE, "signed": False},
}
"""Forms of the certificate bundle, instead of the generation's own."""


_DATES: Final = frozenset({"moment", "not_before", "not_after"})
"""Arguments of `Authority.machine_credential` that a deviation gives as seconds from the moment."""

_RECIPE: Final = frozenset({"base", "generation", "bundle", "deviation", "password"})


def materialise(recipe: Mapping[str, Any], authority: Authority, moment: datetime) -> bytes:
    """Return the store of a recipe.

    Args:
        recipe: names: `base` (`single` if left out), `generation` (`2025`), `bundle` (the generation's own),
            `deviation` (none); and `password` (`PASSWORD`).
        authority: issues the certificates; its own moment dates the CAs.
        moment: aware; dates of credentials are relative to it, fractions of a second dropped.

    Raises:
        KitError: the recipe names something that does not exist.
    """
    return prepare(recipe, authority, moment).data


@dataclass(frozen=True)
class Prepared:
    """A store that was made from a recipe, and what is known of it."""

    data: bytes
    credentials: Mapping[str, MachineCredential]
    """What was issued, by alias."""


def prepare(recipe: Mapping[str, Any], authority: Authority, moment: datetime) -> Prepared:
    """Return the store of a recipe with the credentials in it; arguments and errors as of `materialise`."""
    if unknown := recipe.keys() - _RECIPE:
        raise KitError("a recipe has fields that mean nothing", found=", ".join(sorted(unknown)))
    moment = moment.replace(microsecond=0)
    holders = _named(BASES, recipe.get("base", "single"), "base")
    writer = _named(GENERATIONS, recipe.get("generation", "2025"), "generation")
    if "bundle" in recipe:
        writer = replace(writer, **_named(BUNDLES, recipe["bundle"], "bundle"))
    deviation = _named(DEVIATIONS, recipe["deviation"], "deviation") if "deviation" in recipe else Deviation()
    password = recipe.get("password", PASSWORD)
    entries, issued = [], {}
    for holder in holders:
        arguments = _dated(deviation.issue, moment) if holder == MACHINE_1 else {}
        credential = authority.machine_credential(
            **{
                "abn": holder.abn,
                "name": holder.name,
                "key": holder.key,
                "profile": writer.profile,
                **arguments,
            }
        )
        entry = make_entry(credential, password=password, generation=writer)
        if holder == MACHINE_1:
            entry = _deviant(entry, deviation, Making(authority, moment, writer, credential, password))
        entries.append(entry)
        issued[entry.id] = credential
    store = Store(salt=derived_salt("store", 20), credentials=tuple(entries))
    if deviation.arrange is not None:
        store = deviation.arrange(store)
    data = write(store, writer.style)
    return Prepared(deviation.spell(data) if deviation.spell else data, issued)


def _deviant(entry: Credential, deviation: Deviation, making: Making) -> Credential:
    if deviation.enter is not None:
        entry = seal(deviation.enter(entry, making))
    if deviation.tamper is not None:
        entry = deviation.tamper(entry, making)
    return entry


def _dated(arguments: Mapping[str, Any], moment: datetime) -> dict[str, Any]:
    """Return the arguments with seconds from the moment made into moments."""
    return {
        name: moment + timedelta(seconds=value) if name in _DATES else value
        for name, value in arguments.items()
    }


def _named(table: Mapping[str, T], name: str, kind: str) -> T:
    if name not in table:
        raise KitError(
            f"there is no {kind} {name!r} of stores", expected=f"one of {', '.join(table)}", found=name
        )
    return table[name]
