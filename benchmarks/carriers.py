"""How many examples per second does a property reach over each carrier?

    python benchmarks/carriers.py [EXAMPLES]

Runs one Hypothesis property (`usi.validate` accepts a right USI and refuses a wrong one) against the
reference implementation: in the same process, in a process of its own, and over HTTP.  The target is that
the process reaches at least a third of the rate in the same process.  Absolute rates are one machine's.
"""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from conformance.adapters.contract import Outcome
from conformance.adapters.session import Session, attach
from conformance.protocol.checksum import ALPHABET, check_character
from conformance.reference import resolve

TARGET = 1 / 3
ROUNDS = 3
HARNESS = [sys.executable, "-m", "conformance.reference"]


def examples_per_second(session: Session, examples: int) -> float:
    """Return the rate of the property, generation of the examples included."""
    asked = 0

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(stem=st.text(ALPHABET, min_size=9, max_size=9), last=st.sampled_from(ALPHABET))
    def accepts_right_and_refuses_wrong(stem: str, last: str) -> None:
        nonlocal asked
        asked += 1
        answer = session.call("usi.validate", {"usi": stem + last})
        assert (answer.outcome is Outcome.OK) == (last == check_character(stem))

    began = time.perf_counter()
    accepts_right_and_refuses_wrong()
    return asked / (time.perf_counter() - began)


@contextmanager
def http_harness() -> Iterator[str]:
    """Start the reference's HTTP harness and yield its address."""
    with subprocess.Popen([*HARNESS, "--http", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def main() -> None:
    """Measure every carrier, the best of some rounds each, and print rates and ratios."""
    examples = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with http_harness() as address:
        specs = {
            "in-process": "reference",
            "process": "cmd:" + " ".join(f'"{word}"' for word in HARNESS),
            "http": address,
        }
        sessions = {name: attach(spec, resolve=resolve) for name, spec in specs.items()}
        rates = dict.fromkeys(specs, 0.0)
        # Rounds go around the carriers, so that a busy moment of the machine meets all of them.
        for _ in range(ROUNDS):
            for name, session in sessions.items():
                session.start()
                rates[name] = max(rates[name], examples_per_second(session, examples))
        for session in sessions.values():
            session.close()
    base = rates["in-process"]
    print(f"{'carrier':<12}{'examples/s':>12}{'ratio':>8}")
    for name, rate in rates.items():
        print(f"{name:<12}{rate:>12.0f}{rate / base:>8.2f}")
    kept = rates["process"] / base >= TARGET
    print(f"target, process at least {TARGET:.2f} of in-process: {'met' if kept else 'MISSED'}")


if __name__ == "__main__":
    main()
