"""What does the registry's own work cost, for a batch of 500 and among 100 000 people?

    python benchmarks/registry.py [ROUNDS]

The own work on a BulkVerifyUSI of 500 records is: validate the request, look everybody up, answer, and
validate the answer.  Its median is to be under 15 ms.  The rules beyond the schema, and the whole call with
token and signatures, are printed for information.

VerifyUSI is to cost at most a fifth more among 100 000 people, in a database in a file, than among the few
that the registry knows by itself.  Both are asked in turn, so that a busy moment of the machine meets both.
"""

import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from conformance.protocol import checksum, markup, names, operations, request_rules, security, soap, token
from conformance.protocol.interface import validator
from conformance.protocol.operations import OPERATIONS, V5
from conformance.simulators.authority import Authority
from conformance.simulators.http import Request
from conformance.simulators.population import Account, Population, bundled
from conformance.simulators.registry import Registry, RegistrySettings, verifying
from conformance.simulators.registry.asking import Asked
from conformance.simulators.registry.store import Store

BATCH_TARGET = 15.0
"""Milliseconds."""
CROWD_TARGET = 1.2
"""Times the same without a crowd."""
RECORDS = 500
CROWD = 100_000
PER_ROUND = 20
AUDIENCE = "https://3pt.portal.usi.gov.au/service/v5/usiservice.svc"
HOST = "localhost:8443"
VERIFY, BULK_VERIFY = OPERATIONS["VerifyUSI"], OPERATIONS["BulkVerifyUSI"]


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


def crowd() -> Population:
    """Return the bundled population with so many people besides, all made up."""
    letters = checksum.ALPHABET
    found = dict(bundled().people)
    for number in range(CROWD):
        digits = "".join(letters[number >> shift & 31] for shift in (15, 10, 5, 0))
        usi = checksum.complete(f"CRWD2{digits}")
        found[usi] = Account(
            usi=usi,
            first=f"First{number % 997}",
            family=f"Family{number % 1009}",
            born=date(1950 + number % 60, 1 + number % 12, 1 + number % 28),
        )
    return Population(found, bundled().organisations)


@dataclass
class Caller:
    """A client that holds a token for one organisation."""

    authority: Authority

    def __post_init__(self) -> None:
        """Issue the token."""
        certificate, key = self.authority.service("sts-signing")
        self.proof_key = secrets.token_bytes(32)
        wrapped = token.issue(
            assertion_id="_assertion",
            issuer="https://localhost/sts",
            key=key,
            certificate=certificate,
            recipient=self.authority.service("registry")[0],
            audience=AUDIENCE,
            proof_key=self.proof_key,
            claims={names.CLAIM_ABN: "27809366375", names.CLAIM_CREDENTIAL_TYPE: "ABR_Device"},
            subject="27809366375",
            now=now(),
            not_before=now() - timedelta(minutes=1),
            not_on_or_after=now() + timedelta(hours=1),
        )
        self.token = markup.child(wrapped, "xenc:EncryptedData")
        self.reference = markup.element("o:SecurityTokenReference")
        self.reference.set(f"{{{names.SECURITY_11}}}TokenType", names.SAML_2_TOKEN)
        markup.add(self.reference, "o:KeyIdentifier", "_assertion", {"ValueType": names.SAML_2_ID})

    def request(self, operation: operations.Operation, values: dict[str, Any]) -> Request:
        """Return a signed request as an HTTP server hands it over."""
        envelope = soap.build(
            operations.request_element(operation, values),
            action=V5.action(operation),
            message_id=uuid.uuid4().urn,
            to=f"https://{HOST}{V5.path}",
        )
        security.endorse(
            envelope, token=self.token, reference=self.reference, proof_key=self.proof_key, now=now()
        )
        return Request(
            method="POST",
            path=V5.path,
            query="",
            headers=(("host", HOST), ("content-type", "application/soap+xml; charset=utf-8")),
            body=markup.serialize(envelope),
            tls_version="TLSv1.3",
            client_certificate=False,
            received=now(),
        )


def person(account: Account) -> dict[str, Any]:
    """Return the elements by which an account is verified."""
    named = (
        {"SingleName": account.single}
        if account.single
        else {"FirstName": account.first, "FamilyName": account.family}
    )
    return {"USI": account.usi, **named, "DateOfBirth": account.born.isoformat()}


def registry_of(authority: Authority, store: Store) -> Registry:
    """Return a registry with that state."""
    return Registry(
        key=authority.service("registry")[1],
        issuer=authority.service("sts-signing")[0],
        audiences=(AUDIENCE,),
        clock=now,
        store=store,
    )


def milliseconds(act: Callable[[], object]) -> float:
    """Return what doing it once costs, in processor time."""
    began = time.process_time()
    act()
    return (time.process_time() - began) * 1000


class Batch:
    """The parts of a BulkVerifyUSI of 500 people out of the crowd."""

    def __init__(self, caller: Caller, store: Store, people: list[Account]) -> None:
        self.values = {
            "OrgCode": "VA1803",
            "NoOfVerifications": len(people),
            "Verifications": {
                "Verification": [
                    {"RecordId": number, **person(account)} for number, account in enumerate(people, 1)
                ]
            },
        }
        self.message = caller.request(BULK_VERIFY, self.values)
        self.payload = soap.read(self.message.body).payload
        organisation = store.organisation("VA1803")
        assert organisation is not None
        self.asked = Asked(
            operation=BULK_VERIFY,
            values=self.values,
            organisation=organisation,
            now=now(),
            store=store,
            settings=RegistrySettings(),
        )
        self.caller, self.registry = caller, registry_of(caller.authority, store)

    def schema(self) -> None:
        """Validate the request."""
        assert self.payload is not None
        assert validator().errors(self.payload) == ()

    def lookup(self) -> None:
        """Look everybody up, and conclude."""
        self.answer = verifying.bulk_verify(self.asked)

    def answering(self) -> None:
        """Put the answer into XML and validate it."""
        element = operations.answer_element(BULK_VERIFY, self.answer)
        assert validator().errors(element) == ()
        markup.serialize(element)

    def own(self) -> None:
        """Do the work that the target is for."""
        self.schema()
        self.lookup()
        self.answering()

    def rules(self) -> None:
        """Judge the request by schema and rules, and read it."""
        judgement, _ = request_rules.judge_request(self.payload)
        assert not judgement.findings

    def whole(self) -> None:
        """Answer the message."""
        assert self.registry.handle(self.message).status == 200
        self.registry.exchanges.clear()
        self.registry.message_ids.clear()


def measure_batch(batch: Batch, rounds: int) -> None:
    """Print what the parts cost, and whether the target is met."""
    parts = (
        ("schema of the request", batch.schema),
        ("lookup and conclusions", batch.lookup),
        ("answer and its schema", batch.answering),
        ("the own work", batch.own),
        ("schema and all rules of the request", batch.rules),
        ("the whole call", batch.whole),
    )
    costs: dict[str, list[float]] = {name: [] for name, _ in parts}
    for _ in range(rounds):
        for name, act in parts:
            costs[name].append(milliseconds(act))
    print(f"BulkVerifyUSI of {RECORDS} records among {CROWD} people, median of {rounds}, in ms")
    for name, _ in parts:
        note = "" if name == "the own work" else "   for information"
        print(f"  {name:<36} {median(costs[name]):7.2f}{note}")
    own = median(costs["the own work"])
    verdict = "met" if own < BATCH_TARGET else "MISSED"
    print(f"  target, under {BATCH_TARGET:g} ms: {verdict}, {own / BATCH_TARGET:.2f} times it")


def measure_crowd(caller: Caller, few: Store, many: Store, someone: Account, rounds: int) -> None:
    """Print what VerifyUSI costs among few and among many, and whether the target is met."""
    registries = {"few": registry_of(caller.authority, few), "many": registry_of(caller.authority, many)}
    values = {"OrgCode": "VA1803", **person(bundled().people["BNGH7C75FN"])}
    asked = {
        "few": caller.request(VERIFY, values),
        "many": caller.request(VERIFY, {"OrgCode": "VA1803", **person(someone)}),
    }

    def call(which: str) -> None:
        assert b"Valid" in registries[which].handle(asked[which]).body
        registries[which].exchanges.clear()
        registries[which].message_ids.clear()

    costs: dict[str, list[float]] = {"few": [], "many": []}
    looks: dict[str, list[float]] = {"few": [], "many": []}
    for _ in range(rounds * PER_ROUND):
        for which, store, usi in (("few", few, "BNGH7C75FN"), ("many", many, someone.usi)):
            costs[which].append(milliseconds(lambda which=which: call(which)))
            looks[which].append(milliseconds(lambda store=store, usi=usi: store.identities([usi])))
    one, other = median(costs["few"]), median(costs["many"])
    print(f"VerifyUSI, median of {rounds * PER_ROUND}, in ms")
    print(f"  among {len(bundled().people)} people in memory        {one:7.3f}")
    print(f"  among {CROWD} people in a file    {other:7.3f}   {other / one:.2f} times that")
    print(
        f"  looking up only                  {median(looks['few']):7.3f} and {median(looks['many']):.3f}"
        "   for information"
    )
    verdict = "met" if other <= CROWD_TARGET * one else "MISSED"
    print(f"  target, at most {CROWD_TARGET:g} times: {verdict}")


def main() -> None:
    """Measure both, and print what was found."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    caller = Caller(Authority(now()))
    population = crowd()
    people = list(population.people.values())
    with tempfile.TemporaryDirectory() as folder:
        few = Store(bundled(), random=secrets.token_bytes)
        many = Store(population, random=secrets.token_bytes, database=Path(folder) / "registry.sqlite")
        try:
            batch = Batch(caller, many, people[-RECORDS * 7 :: 7])
            measure_batch(batch, rounds)
            measure_crowd(caller, few, many, people[len(people) // 2], rounds)
        finally:
            few.close()
            many.close()


if __name__ == "__main__":
    main()
