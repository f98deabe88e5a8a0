"""Calls for several tenants in one process, and the demand that nothing of one serves another.

A tenant is everything that a kept token depends on: credential, relying party, client and software id.  At
the token service its calls are known by what is asked for, at the registry by the person that they ask about.
"""

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives import hashes

from conformance.errors import ImplementationError, NotTestable
from conformance.model import Evidence, Severity, Subcode
from conformance.protocol import keystore, security
from conformance.simulators.bench import OTHER_CLIENT, Bench
from conformance.suite.iut import Iut, Reply

if TYPE_CHECKING:
    from conformance.simulators.transcript import Exchange, Recording

PEOPLE: Final = (
    {"USI": "BNGH7C75FN", "FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"},
    {"USI": "BP6LKB3C7X", "FirstName": "Csenge", "FamilyName": "Gumarsson", "DateOfBirth": "1988-12-26"},
    {"USI": "HQ9HHNJC3J", "FirstName": "BERT", "FamilyName": "ZYWIEC", "DateOfBirth": "1986-04-22"},
    {"USI": "C2P5P4UBHP", "FirstName": "Nicholas", "FamilyName": "Koke", "DateOfBirth": "1990-07-02"},
    {"USI": "QS5Q8XWSUJ", "FirstName": "Annie", "FamilyName": "Angle", "DateOfBirth": "1981-09-02"},
)
"""Published people of the third-party testing environment: the calls of each tenant ask about one of them."""

OTHER_RELYING_PARTIES: Final = {
    False: "https://portal.usi.gov.au/service/v5/usiservice.svc",
    True: "https://test.sbr.gov.au/services/list.02.service",
}
"""A second relying party as samples write it, by whether the run is about SBR."""

ADVICE: Final = "key every kept token and proof key by credential, relying party, client and software id"

_PARTS: Final = ("client", "software id", "relying party", "credential")

_FORGOTTEN: Final = "everything was forgotten"

Key = tuple[str, str, str, str]
"""Client, software id, relying party, and SHA-256 of the certificate in hex."""


@dataclass(frozen=True, eq=False)
class Tenant:
    """Whom a call is for, and as whom and at which service it is made."""

    name: str
    """In words."""
    key: Key
    overrides: dict[str, Any]
    """Parameters of the contract that differ from the bench's."""
    person: dict[str, str]
    """Whom its calls ask about."""
    org_code: str


@dataclass(frozen=True)
class Ask:
    """How calls are made, and of what."""

    iut: Iut
    bench: Bench
    registry: bool
    """Whether the profile has the registry called; otherwise only tokens are obtained."""
    keep_evidence: Callable[[Evidence], str]
    folder: Path
    number: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    @contextlib.contextmanager
    def begin(self, title: str) -> Iterator["Tenancy"]:
        """Let several tenants exist while the block runs; nothing is remembered of what came before.

        Args:
            title: of the exchanges in the evidence.
        """
        with self.bench.ram.restored(), contextlib.ExitStack() as stack:
            self.iut.session_reset()
            yield Tenancy(self, title, stack)


class Tenancy:
    """Tenants, and what happened to them in the order in which it happened."""

    def __init__(self, ask: Ask, title: str, stack: contextlib.ExitStack) -> None:
        self._ask = ask
        self._bench = ask.bench
        self._title = title
        self._stack = stack
        self._tenants: list[Tenant] = []
        self._issued: dict[str, tuple[Key, int]] = {}
        """Assertion id -> for what the token was issued, and in which round."""
        self._proof_keys: dict[str, bytes] = {}
        """Assertion id -> proof key, of tokens that the registry has seen."""
        self._asked_since_reset: set[Key] = set()
        self._round = 0
        self.told: list[str] = []
        """What happened, in words."""
        self.exchanges = 0

    # --- tenants ------------------------------------------------------------------------------

    def ordinary(self) -> Tenant:
        """Return the tenant of every other scenario."""
        return self._tenant("the ordinary tenant", {})

    def other_client(self) -> Tenant:
        """Return the same provider at the same service, for another client."""
        act_as = {"second_party": OTHER_CLIENT.abn, "ssid": OTHER_CLIENT.ssid}
        return self._tenant(
            f"client {OTHER_CLIENT.abn}", {"act_as": act_as, "org_code": OTHER_CLIENT.org_code}
        )

    def other_relying_party(self) -> Tenant:
        """Return the same client and credential, at another relying party."""
        address = OTHER_RELYING_PARTIES["sbr.gov.au" in self._bench.applies_to]
        self._stack.enter_context(self._bench.also_serving(address))
        return self._tenant(f"relying party {address}", {"applies_to": address})

    def other_credential(self, *, alike: bool) -> Tenant:
        """Return the same client and relying party, with another credential of the same ABN.

        Args:
            alike: whether it has the id of the run's own credential, in another store, or an id of its own.
        """
        bench = self._bench
        name = "" if alike else f"{bench.identity.name}B"
        path = self._ask.folder / f"{self._title}-{next(self._ask.number)}" / "keystore.xml"
        path.parent.mkdir()
        bench.issue(path, name=name)
        given = {"keystore": str(path), "alias": f"{bench.issued_alias}{'B' if name else ''}"}
        told = "the same id in another store" if alike else f"id {given['alias']}"
        return self._tenant(f"credential with {told}", given)

    def _tenant(self, name: str, overrides: dict[str, Any]) -> Tenant:
        bench = self._bench
        given = {**bench.token_parameters(), **overrides}
        client = given.get("act_as") or {}
        store = keystore.read(Path(given["keystore"]).read_bytes())
        leaf = keystore.open_credential(
            store, given["alias"], given["password"], now=datetime.now(UTC)
        ).certificate
        key = (
            client.get("second_party", ""),
            client.get("ssid", ""),
            given["applies_to"],
            leaf.fingerprint(hashes.SHA256()).hex(),
        )
        made = Tenant(
            name, key, overrides, PEOPLE[len(self._tenants)], overrides.get("org_code", bench.org_code)
        )
        self._tenants.append(made)
        return made

    # --- what happens -------------------------------------------------------------------------

    def forget(self) -> None:
        """Have the product forget everything."""
        self._ask.iut.session_reset()
        self._asked_since_reset.clear()
        if self.told[-1:] != [_FORGOTTEN]:
            self.told.append(_FORGOTTEN)

    def must_work_alone(self, *tenants: Tenant) -> None:
        """Make sure that each tenant is served when nothing is remembered of another one.

        Raises:
            NotTestable: one is not, so that its failure among others would prove nothing.
            Inconclusive: the product crashed or hung.
        """
        for tenant in tenants:
            self.forget()
            recording, replies = self._carry_out([tenant], (), at_once=False)
            replies[0].must_be_ok(as_twin=True)
            asked = [_asked(exchange) for exchange in _messages(recording, "sts")]
            if asked != [tenant.key]:
                raise NotTestable(
                    f"alone, the product did not ask for one token of {tenant.name}, so none can be crossed",
                    expected="one request for a token, with the parameters of the call",
                    found="; ".join(_differences(tenant.key, each) for each in asked) or "no request",
                    advice="hand the parameters of every call on to the product as they are",
                )
            self._remember(recording)
        self.forget()

    def must_keep_apart(self, *tenants: Tenant, at_once: bool = False) -> None:
        """Have calls made for tenants, and demand that nothing of one of them serves another.

        Args:
            *tenants: one per call, in the order of the calls; one may come again.
            at_once: make the calls at the same time where the harness takes them so.
        """
        self.told.append(" and ".join(tenant.name for tenant in tenants) + (" at once" if at_once else ""))
        recording, replies = self._carry_out(tenants, (), at_once=at_once)
        self._must_not_cross(recording, tenants)
        for reply in replies:
            reply.must_be_ok()

    def must_not_help_itself(self, tenant: Tenant, fault: str) -> None:
        """Have a call made under a fault, and demand that a refusal leads to nobody else's token."""
        self.told.append(f"{tenant.name} under {fault}")
        recording, replies = self._carry_out([tenant], (fault,), at_once=False)
        self._must_not_cross(recording, [tenant])
        replies[0].must_be_answered()

    def _carry_out(
        self, tenants: Sequence[Tenant], faults: tuple[str, ...], *, at_once: bool
    ) -> "tuple[Recording, list[Reply]]":
        ask, bench = self._ask, self._bench
        self._round += 1
        self.exchanges += len(tenants)
        method = "usi.call" if ask.registry else "token.obtain"
        several = []
        for tenant in tenants:
            given = {**(bench.parameters() if ask.registry else bench.token_parameters()), **tenant.overrides}
            if ask.registry:
                given |= {"operation": "VerifyUSI", "request": tenant.person}
            else:
                given.pop("org_code", None)
            several.append((f"{method} for {tenant.name}", given))
        with bench.scenario(f"{self._title}-{next(ask.number)}", faults=faults) as recording:
            if at_once:
                replies = ask.iut.calls_at_once(method, several)
            else:
                replies = [ask.iut.call(method, asked, **given) for asked, given in several]
        return recording, replies

    # --- what is demanded ---------------------------------------------------------------------

    def _must_not_cross(self, recording: "Recording", tenants: Sequence[Tenant]) -> None:
        """Demand that every request of a round has token, proof key and organisation of its tenant."""
        try:
            for exchange in _messages(recording, "sts"):
                self._must_be_asked_for(exchange, tenants)
            self._remember(recording)
            for exchange in _messages(recording, "registry"):
                self._must_have_own(exchange)
            if not self._ask.registry:
                self._must_have_been_asked_for(tenants)
        except (ImplementationError, NotTestable) as problem:
            self._ask.iut.ledger.cite(self._ask.keep_evidence(recording.evidence()))
            problem.where = f"after: {'; '.join(self.told)}"
            raise

    def _remember(self, recording: "Recording") -> None:
        for exchange in _messages(recording, "sts"):
            self._asked_since_reset.add(_asked(exchange))
            if exchange.facts.assertion_id:
                self._issued[exchange.facts.assertion_id] = (_asked(exchange), self._round)
        for exchange in _messages(recording, "registry"):
            if exchange.facts.token.proof_key:
                self._proof_keys[exchange.facts.token.assertion_id] = exchange.facts.token.proof_key

    def _must_be_asked_for(self, exchange: "Exchange", tenants: Sequence[Tenant]) -> None:
        """Demand that a token is asked for one of the tenants of the round."""
        asked = _asked(exchange)
        if asked in {tenant.key for tenant in tenants}:
            return
        closest = min(tenants, key=lambda tenant: sum(a != b for a, b in zip(tenant.key, asked, strict=True)))
        others = {part for tenant in self._tenants for part in tenant.key} - {""}
        wrong = {part for part, right in zip(asked, closest.key, strict=True) if part != right}
        raise ImplementationError(
            f"a token was asked for that is none of {closest.name}",
            subcode=Subcode.STATE_LEAK if wrong & others else Subcode.WRONG_VALUE,
            expected=_told(closest.key),
            found=_differences(closest.key, asked),
            advice="pass what a call is for along with the call; keep no current client that calls share",
        )

    def _must_have_been_asked_for(self, tenants: Sequence[Tenant]) -> None:
        """Demand, where no registry shows the token, that one was asked for each tenant at least once."""
        for tenant in tenants:
            if tenant.key not in self._asked_since_reset:
                raise ImplementationError(
                    f"no token was ever asked for {tenant.name}: one of another tenant was given out",
                    subcode=Subcode.STATE_LEAK,
                    expected=_told(tenant.key),
                    found="no such request",
                    advice=ADVICE,
                )

    def _must_have_own(self, exchange: "Exchange") -> None:
        facts = exchange.facts
        asked_about = facts.request.values.get("USI")
        tenant = next((each for each in self._tenants if each.person["USI"] == asked_about), None)
        token = facts.token
        if tenant is None or token.assertion_id not in self._issued:
            raise NotTestable(
                "a request to the registry cannot be told to be anybody's",
                expected="a token that was issued since everything was forgotten, and a person of a tenant",
                found=f"token {token.assertion_id or 'that cannot be opened'}, USI {asked_about!r}",
                advice="offer session.reset in the harness; mend the failures on single requests first",
            )
        owner, issued_in = self._issued[token.assertion_id]
        if owner != tenant.key:
            raise ImplementationError(
                f"a token of another tenant was used in a call for {tenant.name}",
                subcode=Subcode.STATE_LEAK,
                expected=_told(tenant.key),
                found=_differences(tenant.key, owner),
                advice=ADVICE,
            )
        if facts.endorser is None or not facts.endorser.verified:
            self._must_be_own_key(exchange, tenant)
        if facts.request.values.get("OrgCode") in {each.org_code for each in self._tenants} - {
            tenant.org_code
        }:
            raise ImplementationError(
                f"the organisation of another tenant was named in a call for {tenant.name}",
                subcode=Subcode.STATE_LEAK,
                expected=tenant.org_code,
                found=str(facts.request.values.get("OrgCode")),
                advice="pass what a call is for along with the call",
            )
        broken = {f.code for f in exchange.judgement.findings if f.severity is Severity.ERROR}
        if "token.expired" in broken and issued_in < self._round:
            raise ImplementationError(
                f"a kept token of {tenant.name} was used after its end",
                subcode=Subcode.WRONG_VALUE,
                expected=f"another one from {token.not_on_or_after} on",
                found=f"the old one at {exchange.received}",
                advice="go by Lifetime/Expires of the answer",
            )

    def _must_be_own_key(self, exchange: "Exchange", tenant: Tenant) -> None:
        """Find out whose proof key signed, when it was not that of the token."""
        facts = exchange.facts
        for identifier, key in self._proof_keys.items():
            if identifier == facts.token.assertion_id:
                continue
            _, endorser = security.judge_endorsed(
                facts.envelope, proof_key=key, assertion_id=identifier, now=exchange.received
            )
            if endorser.verified:
                owner, _ = self._issued.get(identifier, (tenant.key, 0))
                raise ImplementationError(
                    f"the proof key of another token signed a call for {tenant.name}",
                    subcode=Subcode.STATE_LEAK,
                    expected="the proof key that came with the token in the message",
                    found="the key that came with "
                    + (_differences(tenant.key, owner) if owner != tenant.key else "an earlier one"),
                    advice="keep token and proof key together, in one record that is never changed",
                )
        raise ImplementationError(
            f"the signature of a call for {tenant.name} does not fit its token, although it does alone",
            subcode=Subcode.WRONG_VALUE,
            expected="a signature with the proof key that came with the token in the message",
            found="one with a key that no token of this conversation brought",
            advice="keep token and proof key together, in one record that is never changed",
        )


def _messages(recording: "Recording", service: str) -> "list[Exchange]":
    """Return the exchanges with a service whose request could be read."""
    return [
        each
        for each in recording.exchanges
        if each.service == service and each.facts is not None and each.facts.request is not None
    ]


def _asked(exchange: "Exchange") -> Key:
    """Return what a token was asked for."""
    request, signer = exchange.facts.request, exchange.facts.signer
    act_as = request.act_as
    certificate = signer.certificate if signer is not None else None
    return (
        act_as.second_party if act_as is not None else "",
        act_as.ssid if act_as is not None else "",
        request.applies_to,
        certificate.fingerprint(hashes.SHA256()).hex() if certificate is not None else "",
    )


def _told(key: Key) -> str:
    return ", ".join(f"{name} {_short(part)}" for name, part in zip(_PARTS, key, strict=True) if part)


def _differences(right: Key, found: Key) -> str:
    return ", ".join(
        f"{name} {_short(part) or 'none'}"
        for name, part, wanted in zip(_PARTS, found, right, strict=True)
        if part != wanted
    )


def _short(part: str) -> str:
    return f"{part[:12]}…" if len(part) == 64 else part
