"""How much does a whole token exchange cost, against the RSA operations that it cannot do without?

    python benchmarks/exchange.py [ROUNDS]

One exchange is: sign a request for a token, verify it, issue the token, use it in a request to the registry,
verify that.  It is carried out by the protocol layer and the simulators in one thread, without HTTP, TLS and
zeep.  The floor is three RSA-2048 private operations, measured between the exchanges; the target is at most
three times that.  An exchange has four of them: the signature of the request, that of the assertion, and the
relying party's decryption of the token and of the proof key in it.

What comes on top is printed for information: the registry's own business (schema, rules, looking the person
up, the answer), and the same over HTTPS with the reference implementation as client.
"""

import secrets
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from conformance.protocol import markup, names, operations, security, soap, trust
from conformance.protocol.operations import OPERATIONS, V5
from conformance.reference.correct import Correct
from conformance.simulators.authority import Authority
from conformance.simulators.bench import LOCAL, PUBLISHED_ADDRESS, STS_PATH, Bench
from conformance.simulators.http import Request
from conformance.simulators.registry import Registry
from conformance.simulators.sts import TokenService

TARGET = 3.0
FLOOR = 3
"""Private operations that the target counts."""
OWN = 4
"""Private operations of an exchange."""
PER_ROUND = 20
HOST = "localhost:8443"
MEDIA_TYPE = "application/soap+xml; charset=utf-8"
ASKED = {
    "USI": "BNGH7C75FN",
    "FirstName": "Maryam",
    "FamilyName": "Fredrick",
    "DateOfBirth": "1966-05-25",
}
VERIFY = OPERATIONS["VerifyUSI"]


def now() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)


class Pair:
    """Both services in this process, and a credential whose exchanges they answer."""

    def __init__(self) -> None:
        authority = Authority(now())
        self.credential = authority.machine_credential(abn=LOCAL.abn, name=LOCAL.name)
        self.token_service = TokenService(
            authority, clock=now, random=secrets.token_bytes, relying_parties=(PUBLISHED_ADDRESS,)
        )
        self.registry = Registry(
            key=authority.service("registry")[1],
            issuer=self.token_service.signing_certificate,
            audiences=(PUBLISHED_ADDRESS,),
            clock=now,
            issued=self.token_service.issued.get,
        )

    def exchange(self) -> None:
        """Carry out one exchange, from the request for a token to the registry's verification of its use."""
        judgement, facts = self.registry.verify(self.use(), now())
        assert facts.token.claims, judgement
        assert facts.endorser is not None, judgement
        assert facts.endorser.verified, judgement

    def call(self) -> None:
        """Carry out one exchange and what the registry is there for."""
        assert b"Valid" in self.registry.handle(self.use()).body
        self.registry.exchanges.clear()

    def use(self) -> Request:
        """Obtain a token and return the request to the registry that uses it."""
        begin = now()
        asked = soap.build(
            trust.build_request(
                applies_to=PUBLISHED_ADDRESS, created=begin, expires=begin + timedelta(minutes=30)
            ),
            action=names.ISSUE_ACTION,
            message_id=uuid.uuid4().urn,
            to=f"https://{HOST}{STS_PATH}",
            reply_to=True,
        )
        security.sign_request(
            asked, key=self.credential.key, certificate=self.credential.certificate, now=begin
        )
        answer = self.token_service.handle(posted(STS_PATH, markup.serialize(asked)))
        # As the bench does: what was recorded does not pile up.
        self.token_service.exchanges.clear()
        token = trust.read_response(soap.read(answer.body))
        used = soap.build(
            operations.request_element(VERIFY, {"OrgCode": LOCAL.org_code, **ASKED}),
            action=V5.action(VERIFY),
            message_id=uuid.uuid4().urn,
            to=f"https://{HOST}{V5.path}",
            reply_to=True,
        )
        security.endorse(
            used, token=token.encrypted_data, reference=token.attached, proof_key=token.proof_key, now=now()
        )
        return posted(V5.path, markup.serialize(used))

    def private_operation(self) -> None:
        """Sign, which is one RSA-2048 private operation and next to nothing besides."""
        self.credential.key.sign(b"", padding.PKCS1v15(), hashes.SHA256())


def posted(path: str, body: bytes) -> Request:
    """Return a message as an HTTP server hands it to a service."""
    return Request(
        method="POST",
        path=path,
        query="",
        headers=(("host", HOST), ("content-type", MEDIA_TYPE)),
        body=body,
        tls_version="TLSv1.3",
        client_certificate=False,
        received=now(),
    )


def milliseconds(act: Callable[[], object], times: int) -> float:
    """Return what one of so many costs, in processor time."""
    began = time.process_time()
    for _ in range(times):
        act()
    return (time.process_time() - began) * 1000 / times


def over_https(times: int) -> float:
    """Return the time that one call of the reference takes over HTTPS with a new token each, in ms."""
    with tempfile.TemporaryDirectory() as folder, Bench(now(), 1, Path(folder)) as bench:
        product = Correct()
        call = {**bench.parameters(), "operation": "VerifyUSI", "request": ASKED}

        def act() -> None:
            product.tokens.forget()
            assert product.handle("usi.call", call)["status"] == "ok"

        act()
        began = time.perf_counter()
        for _ in range(times):
            act()
        return (time.perf_counter() - began) * 1000 / times


def main() -> None:
    """Measure in rounds, floor and exchange in turn, and print the best of each and their ratio."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 25
    pair = Pair()
    pair.exchange()
    pair.private_operation()
    floors, wholes, calls = [], [], []
    # A busy moment of the machine meets both.
    for _ in range(rounds):
        floors.append(milliseconds(pair.private_operation, PER_ROUND * FLOOR) * FLOOR)
        wholes.append(milliseconds(pair.exchange, PER_ROUND))
        calls.append(milliseconds(pair.call, PER_ROUND))
    # The best rounds: what else the machine does only ever adds.
    floor, whole, call = min(floors), min(wholes), min(calls)
    print(f"{FLOOR} RSA-2048 private operations  {floor:7.2f} ms")
    print(f"a whole exchange               {whole:7.2f} ms   {whole / floor:.2f} times the floor")
    own = floor / FLOOR * OWN
    print(f"{OWN} of those are its own         {own:7.2f} ms   the exchange is {whole / own:.2f} times that")
    print(
        f"with the registry's business   {call:7.2f} ms   {call / floor:.2f} times the floor, for information"
    )
    print(f"the same over HTTPS            {over_https(PER_ROUND):7.2f} ms   for information")
    print(f"target, at most {TARGET:g} times the floor: {'met' if whole <= TARGET * floor else 'MISSED'}")


if __name__ == "__main__":
    main()
