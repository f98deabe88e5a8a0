"""Do tenants stay apart when one process serves them from several threads?

    python benchmarks/tenants.py [EXCHANGES] [THREADS]

Threads share one reference implementation and, each in its own turn, call the simulated registry over HTTPS
for one client of a provider or the other.  Every token is forgotten before each call, so that most calls ask
for one of their own.  Afterwards every request is held against what it was for: client, software id,
organisation, and that the proof key is that of the token.
"""

import itertools
import sys
import tempfile
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from conformance.reference.correct import Correct
from conformance.simulators.bench import CLOUD, OTHER_CLIENT, Bench, Identity
from conformance.simulators.transcript import Recording

TENANTS: dict[str, tuple[Identity, dict[str, str]]] = {
    "BNGH7C75FN": (CLOUD, {"FirstName": "Maryam", "FamilyName": "Fredrick", "DateOfBirth": "1966-05-25"}),
    "BP6LKB3C7X": (
        OTHER_CLIENT,
        {"FirstName": "Csenge", "FamilyName": "Gumarsson", "DateOfBirth": "1988-12-26"},
    ),
}
"""USI -> for whom calls about it are made."""


def act_as(identity: Identity) -> dict[str, str]:
    """Return the contract's parameter for a client."""
    return {"second_party": identity.second_party or identity.abn, "ssid": identity.ssid}


def interleave(
    bench: Bench, exchanges: int, threads: int, *, every: int = 1
) -> tuple[Recording, Counter[str]]:
    """Carry out calls for the tenants in turn from several threads.

    Args:
        bench: of a provider.
        exchanges: how many calls in all.
        threads: that share them.
        every: after how many calls the tokens are forgotten.

    Returns:
        What crossed the wire, and how often each answer came.
    """
    product = Correct()
    given = bench.parameters()
    turn = itertools.count()
    started = threading.Barrier(threads)

    def work(share: int) -> Counter[str]:
        answers: Counter[str] = Counter()
        started.wait()
        for _ in range(share):
            number = next(turn)
            if number % every == 0:
                product.tokens.forget()
            usi = list(TENANTS)[number % len(TENANTS)]
            identity, person = TENANTS[usi]
            call: dict[str, Any] = {"act_as": act_as(identity), "org_code": identity.org_code}
            call |= {"operation": "VerifyUSI", "request": {"USI": usi, **person}}
            result = product.handle("usi.call", {**given, **call})
            answers[str(result.get("value", {}).get("conclusion") or result)] += 1
        return answers

    shares = [exchanges // threads + (place < exchanges % threads) for place in range(threads)]
    with bench.scenario("tenants") as recording, ThreadPoolExecutor(threads) as pool:
        answers = sum(pool.map(work, shares), Counter())
    return recording, answers


def crossings(recording: Recording) -> list[str]:
    """Return what is wrong with the requests of a recording, in words."""
    issued = {each.facts.assertion_id: each.facts.request.act_as for each in recording.sts}
    wrong = []
    for each in recording.exchanges:
        wrong += [f"{each.service}: {finding.message}" for finding in each.judgement.findings]
    for each in recording.registry:
        values, token = each.facts.request.values, each.facts.token
        identity, _ = TENANTS[values["USI"]]
        asked = issued[token.assertion_id]
        if {"second_party": asked.second_party, "ssid": asked.ssid} != act_as(identity):
            wrong.append(f"a token for {asked.second_party} served {identity.org_code}")
        if values["OrgCode"] != identity.org_code:
            wrong.append(f"{values['OrgCode']} was named in a call for {identity.org_code}")
        if not each.facts.endorser.verified:
            wrong.append(f"another proof key signed a call for {identity.org_code}")
    return wrong


def main() -> int:
    """Carry it out and print what came of it; returns the exit code."""
    exchanges = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    threads = int(sys.argv[2]) if len(sys.argv) > 2 else 8
    with (
        tempfile.TemporaryDirectory() as folder,
        Bench(datetime.now(UTC), 1, Path(folder), act_as=True) as bench,
    ):
        began = time.perf_counter()
        recording, answers = interleave(bench, exchanges, threads)
        took = time.perf_counter() - began
        wrong = crossings(recording)
    tokens = len({each.facts.token.assertion_id for each in recording.registry})
    print(f"{exchanges} exchanges of {len(TENANTS)} tenants from {threads} threads: {took:.1f} s")
    print(f"answers {dict(answers)}; {len(recording.registry)} requests with {tokens} tokens")
    print(f"crossings and other findings: {len(wrong)}")
    for finding, times in Counter(wrong).most_common(5):
        print(f"  {times} times: {finding}")
    return 1 if wrong or answers != {"verified": exchanges} else 0


if __name__ == "__main__":
    sys.exit(main())
