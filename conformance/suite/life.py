"""The life of a credential as a product goes through it: RAM changes, and the product is asked to call again.

RAM decides; the product is right when it works exactly while RAM lets it, says in an orderly way that it was
refused, and asks again the next time it is told to.
"""

import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.adapters.contract import Outcome
from conformance.errors import ImplementationError, NotTestable
from conformance.model import Subcode
from conformance.simulators.bench import (
    ADMINISTRATOR,
    CLIENTS_PRINCIPAL,
    PRINCIPAL,
    SECOND_ADMINISTRATOR,
    Bench,
)
from conformance.simulators.ram import NotificationState, RamError, Role
from conformance.strategies import LifeEvent
from conformance.suite import Budget

if TYPE_CHECKING:
    from conformance.suite.conftest import CarryOut, Scenario

NOT_NOTIFIED: Final = ("token.fault", "service.not_authorised")
"""Reasons for a refusal where no notification is in force; who refuses, and how, is not public."""

UNUSABLE: Final = ("token.revoked", "token.expired", "token.fault")
"""Reasons for a refusal of the credential, where the right one among them is not what is asked."""

_EXAMPLES_PER_EXCHANGE: Final = 5
"""A property of pure calls tries this many examples in the time of one exchange."""

_SHRINKING: Final = 10
"""Once a failure is found, this many times the usual exchanges may be spent on a smaller one."""


@dataclass
class Life:
    """One credential from its creation on, in a store of its own, and what happened to it."""

    bench: Bench
    carry_out: "CarryOut"
    path: Path
    title: str
    number: "itertools.count[int]"
    credential: str = ""
    """Id in RAM of the credential that the store holds now."""
    told: list[str] = field(default_factory=list)
    """What happened, in words."""
    exchanges: int = 0
    kept: bool = True
    """Whether the product may still have a token, of an earlier scenario for instance."""

    # --- what happens -------------------------------------------------------------------------

    def wait(self, days: float) -> None:
        """Let days pass for RAM; the clock of the messages stays."""
        self.bench.ram.advance(days=days)
        self.told.append(f"{days:g} days passed")

    def set(self, **settings: Any) -> None:  # noqa: ANN401 - fields of `office.Settings`
        """Turn switches of the token service for the rest of this life."""
        service = self.bench.token_service
        service.settings = replace(service.settings, **settings)

    def revoke(self) -> None:
        """Revoke the credential."""
        self.bench.ram.revoke(self.credential, by=PRINCIPAL)
        self.told.append("the credential was revoked")

    def replace(self) -> None:
        """Put a new credential of the same name into the same file."""
        self.credential = self.bench.issue(self.path)
        self.told.append("a credential of the same name took its place in the store")

    def remove_holder(self) -> None:
        """Take his role from the administrator who is responsible for the credential."""
        ram = self.bench.ram
        holder = ram.credential(self.credential).holder
        ram.dismiss(self.bench.identity.abn, holder, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        self.told.append("the role of the one responsible was removed")

    def claim(self) -> None:
        """Have another administrator claim the credential."""
        ram, abn = self.bench.ram, self.bench.identity.abn
        another = {ADMINISTRATOR: SECOND_ADMINISTRATOR, SECOND_ADMINISTRATOR: ADMINISTRATOR}
        claimant = another.get(ram.credential(self.credential).holder, SECOND_ADMINISTRATOR)
        ram.appoint(abn, claimant, Role.CREDENTIAL_ADMINISTRATOR, by=PRINCIPAL)
        ram.claim(self.credential, by=claimant)
        self.told.append("another administrator claimed the credential")

    def remove_notification(self) -> None:
        """Remove every notification of the client that is open."""
        ram, client = self.bench.ram, self.bench.identity.second_party
        for each in ram.notifications:
            if each.client == client and each.state in (NotificationState.ACTIVE, NotificationState.PENDING):
                ram.remove_notification(each.id, by=CLIENTS_PRINCIPAL)
        self.told.append("the client removed its notification")

    def notify(self, *, in_days: int = 0, for_days: int | None = None) -> str:
        """Have the client notify, and return the id; `for_days` counts from the first day, which is 1."""
        ram, identity = self.bench.ram, self.bench.identity
        start = ram.today() + timedelta(days=in_days)
        end = None if for_days is None else start + timedelta(days=for_days - 1)
        self.told.append(f"the client notified, from {start} to {end or 'no end date'}")
        return ram.add_notification(
            identity.second_party,
            by=CLIENTS_PRINCIPAL,
            provider=identity.abn,
            software_ids=(identity.ssid,),
            start=start,
            end=end,
        ).id

    def notify_also(self, software_id: str) -> None:
        """Have the client add a software id to its notification."""
        ram, identifier = self.bench.ram, self.bench.notification_id
        known = ram.notification(identifier).software_ids
        ram.edit_notification(identifier, by=CLIENTS_PRINCIPAL, software_ids=(*known, software_id))
        self.told.append(f"the client notified of {software_id} as well")

    def request_notification(self) -> None:
        """Have the provider ask the client for a notification."""
        identity = self.bench.identity
        self.bench.ram.request_notification(
            identity.second_party, by=PRINCIPAL, provider=identity.abn, software_ids=(identity.ssid,)
        )
        self.told.append("the provider requested a notification")

    def accept_notification(self) -> None:
        """Have the client accept what was requested."""
        ram = self.bench.ram
        for each in [one for one in ram.notifications if one.state is NotificationState.PENDING]:
            ram.accept_notification(each.id, by=CLIENTS_PRINCIPAL)
            self.told.append("the client accepted it")

    def happen(self, event: LifeEvent) -> None:
        """Let an event happen; what RAM does not allow does not happen."""
        deeds = {
            "revoke": self.revoke,
            "replace": self.replace,
            "remove the holder": self.remove_holder,
            "claim": self.claim,
            "remove the notification": self.remove_notification,
            "request a notification": self.request_notification,
            "accept the notification": self.accept_notification,
        }
        if event.days:
            self.wait(event.days)
        if event.deed and ("notification" not in event.deed or self.bench.act_as is not None):
            try:
                deeds[event.deed]()
            except RamError as refused:
                if refused.rule == "unknown":  # not RAM's word against the deed, but our mistake
                    raise
                self.told.append(f"RAM refused to {event.deed}")

    # --- what is demanded ---------------------------------------------------------------------

    def must_work(
        self,
        *,
        fresh: bool = True,
        as_twin: bool = False,
        **overrides: Any,  # noqa: ANN401 - parameters of the contract
    ) -> "Scenario":
        """Demand that the product works.

        Args:
            fresh: whether it forgets everything first; after a refusal it must not need that.
            as_twin: what the check is about comes later; without this it cannot be tested.
            **overrides: instead of the bench's parameters.
        """
        scenario = self._call(fresh=fresh, **overrides)
        self.kept = True
        with self._told():
            scenario.reply.must_be_ok(as_twin=as_twin)
        return scenario

    def must_be_refused(self, *reasons: str) -> "Scenario":
        """Demand that the product is refused in an orderly way, for one of these reasons.

        Raises:
            ImplementationError: it works, crashes, or states another reason.
            NotTestable: it did not ask, because it still had a token.
        """
        scenario = self._call(fresh=self.kept)
        self.kept = False
        if not _asked(scenario) and scenario.reply.answer.outcome is Outcome.OK:
            raise NotTestable(
                "the product still had a token and did not ask for another one",
                expected="a request for a token",
                found="none",
                advice="offer session.reset in the harness, so that what is kept can be forgotten",
            )
        with self._told():
            scenario.reply.must_be_refused(*reasons)
        return scenario

    def must_be_refused_once(self, *reasons: str) -> "Scenario":
        """Demand as well that the product asked for a token no more than once."""
        scenario = self.must_be_refused(*reasons)
        if (asked := len(_asked(scenario))) > 1:
            raise ImplementationError(
                f"the product asked {asked} times although the refusal is final",
                subcode=Subcode.WRONG_VALUE,
                expected="1 request",
                found=f"{asked} requests",
                advice="ask again only after E1001, E1003, E1004 and E2190, or when you are told to",
            )
        return scenario

    def must_be_as_ram_says(self) -> None:
        """Demand that the product works exactly if RAM lets it."""
        standing = self.bench.ram.credential(self.credential).state
        identity = self.bench.identity
        if not standing.usable:
            self.must_be_refused(*UNUSABLE)
        elif identity.second_party and not self.bench.ram.notified(
            identity.second_party, identity.abn, identity.ssid
        ):
            self.must_be_refused(*NOT_NOTIFIED)
        else:
            self.must_work(fresh=False)

    def _call(self, *, fresh: bool, **overrides: Any) -> "Scenario":  # noqa: ANN401
        self.exchanges += 1
        return self.carry_out(
            f"{self.title}-{next(self.number)}",
            fresh=fresh,
            keystore=str(self.path),
            alias=self.bench.issued_alias,
            **overrides,
        ).cite()

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        """Put what happened before into the message of a failure."""
        try:
            yield
        except ImplementationError as error:
            raise ImplementationError(
                f"{error.message}; before: {'; '.join(self.told) or 'nothing'}",
                subcode=error.subcode,
                expected=error.expected,
                found=error.found,
                where=error.where,
                advice=error.advice or "decide anew at each call, by what the service says then",
            ) from error


def _asked(scenario: "Scenario") -> list[Any]:
    """Return the requests for a token."""
    return [exchange for exchange in scenario.recording.sts if exchange.request.method == "POST"]


class Lives:
    """Lives of credentials, one after the other; each leaves RAM and the services as they were."""

    def __init__(self, bench: Bench, carry_out: "CarryOut", folder: Path) -> None:
        self._bench = bench
        self._carry_out = carry_out
        self._folder = folder
        self._number = itertools.count(1)
        self._spent = 0
        self._failing = False

    @contextlib.contextmanager
    def begin(self, title: str) -> Iterator[Life]:
        """Create a credential and let it live while the block runs.

        Args:
            title: of its exchanges in the evidence.
        """
        service = self._bench.token_service
        settings = service.settings
        path = self._folder / f"{title}-{next(self._number)}" / "keystore.xml"
        path.parent.mkdir()
        life = Life(self._bench, self._carry_out, path, title, self._number)
        with self._bench.ram.restored():
            try:
                life.credential = self._bench.issue(path)
                yield life
            finally:
                service.settings = settings

    def follow(self, title: str, events: list[LifeEvent], budget: Budget) -> None:
        """Have the product live through events; nothing is done once the run's exchanges are spent.

        Args:
            title: of the exchanges.
            events: what happens; the product is asked after each.
            budget: five of its examples pay for one exchange, and for more once a failure was found, so that
                a smaller one can be looked for.
        """
        most = max(budget.examples // _EXAMPLES_PER_EXCHANGE, 1) * (_SHRINKING if self._failing else 1)
        if self._spent >= most:
            return
        with self.begin(title) as life:
            try:
                for event in events:
                    life.happen(event)
                    life.must_be_as_ram_says()
            except ImplementationError:
                self._failing = True
                raise
            finally:
                self._spent += life.exchanges
