"""Token service and registry as a pair: the registry reads what the token service issues.

Each is reached through a network of its own, which may break its answers.
"""

import hashlib
import itertools
from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

from conformance.simulators.authority import Authority
from conformance.simulators.faults import named
from conformance.simulators.network import Network
from conformance.simulators.population import Population
from conformance.simulators.ram import Ram
from conformance.simulators.registry import Registry, RegistrySettings
from conformance.simulators.registry.store import Store
from conformance.simulators.sts import Settings, TokenService


class Services:
    """The pair, not yet listening anywhere.

    Args:
        authority: gives the certificates of both.
        seed: of every random byte.
        clock: now, UTC.
        relying_parties: addresses that tokens are issued for, and that the registry takes for its own.
        settings: of the token service.
        ram: where credentials and notifications stand.
        population: whom the registry knows.
        elsewhere: gives the address, without path, that redirects point to.
        registry_settings: of the registry.
        database: file that holds the registry's state; in memory when left out.

    Raises:
        OperatorError: the database cannot be used.
    """

    def __init__(
        self,
        authority: Authority,
        *,
        seed: int,
        clock: Callable[[], datetime],
        relying_parties: Collection[str],
        settings: Settings,
        ram: Ram,
        population: Population,
        elsewhere: Callable[[], str],
        registry_settings: RegistrySettings | None = None,
        database: Path | None = None,
    ) -> None:
        self.token_service = TokenService(
            authority,
            clock=clock,
            random=stream(seed),
            relying_parties=tuple(relying_parties),
            settings=settings,
            ram=ram,
            seed=seed,
        )
        self.registry = Registry(
            key=authority.service("registry")[1],
            issuer=self.token_service.signing_certificate,
            audiences=tuple(relying_parties),
            clock=clock,
            settings=registry_settings or RegistrySettings(),
            store=Store(population, random=stream(seed, "registry"), database=database),
            issued=self.token_service.issued.get,
            message_ids=self.token_service.message_ids,
            unnotified=self.token_service.unnotified,
        )
        self.sts = Network(self.token_service, "sts", elsewhere=elsewhere)
        """The way to the token service."""
        self.usi = Network(self.registry, "registry", elsewhere=elsewhere)
        """The way to the registry."""

    def obey(self, names: tuple[str, ...]) -> None:
        """Have services and networks obey these faults from now on; answers are counted anew.

        Raises:
            OperatorError: a fault has no such name; then nothing has changed.
        """
        sts, registry = (tuple(fault.asked for fault in named(names, peer)) for peer in ("sts", "registry"))
        self.token_service.faults = self.sts.faults = sts
        self.registry.faults = self.usi.faults = registry


def stream(seed: int, name: str = "") -> Callable[[int], bytes]:
    """Return a source of bytes that look random and follow from seed and name; safe from several threads."""
    counter = itertools.count()

    def draw(size: int) -> bytes:
        return hashlib.shake_256(f"evte {seed} {name}{next(counter)}".encode()).digest(size)

    return draw
