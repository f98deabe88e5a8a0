"""Does the kit's own reader withstand damaged stores, and how much memory may a store cost it?

    python benchmarks/fuzz_keystore.py [NUMBER] [SEED]

Damages generated stores NUMBER times (100 000 if not given): bytes flipped, left out, doubled and spliced;
elements renamed, swapped, emptied and nested; base64 and the ASN.1 inside it changed, with the integrity
value left as it was and computed anew.  Each is read and opened.  Ends with status 1 if one raised an error
that is not the reader's own, took more than a second, or opened as another credential than the one that was
there.  The same number and seed make the same stores on every machine.
"""

import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers

from conformance.protocol import keystore
from conformance.protocol.keystore import records
from conformance.simulators.authority import Authority
from conformance.simulators.recipes import MACHINE_1, MACHINE_2, prepare
from conformance.simulators.stores import GENERATIONS, PASSWORD, seal
from conformance.strategies import mutate_bytes, mutate_store

NUMBER = 100_000
LONGEST_S = 1.0
MOMENT = datetime(2026, 1, 15, tzinfo=UTC)
ALIASES = tuple(f"ABRD:{holder.abn}_{holder.name}" for holder in (MACHINE_1, MACHINE_2))
OPENED = "opened, as it was"


@dataclass
class Findings:
    """What a run has shown."""

    outcomes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    """What must not happen, with the number of the case."""
    slowest_s: float = 0.0
    duration_s: float = 0.0

    def told(self) -> str:
        """Return the figures as lines."""
        number = sum(self.outcomes.values())
        lines = [
            f"{number} damaged stores in {self.duration_s:.1f} s; "
            f"the slowest took {self.slowest_s * 1000:.0f} ms"
        ]
        lines += [f"{count:>9}  {outcome}" for outcome, count in self.outcomes.most_common()]
        lines += [f"WRONG: {each}" for each in self.wrong[:20]]
        lines.append(
            f"{len(self.wrong)} wrong" if self.wrong else "no untyped error, no hang, no other credential"
        )
        return "\n".join(lines)


def fuzz(number: int, seed: int = 0) -> Findings:
    """Damage stores and read them; the same arguments make the same stores."""
    pick = random.Random(seed).randrange  # noqa: S311 - to be repeatable is the point
    authority = Authority(MOMENT)
    healthy = [prepare({"base": "pair", "generation": name}, authority, MOMENT).data for name in GENERATIONS]
    stores = [keystore.read(data) for data in healthy]
    known = {
        alias: _facts(keystore.open_credential(stores[0], alias, PASSWORD, now=MOMENT)) for alias in ALIASES
    }
    # The leaf differs between profiles of generations.
    leaves = {
        (place, alias): keystore.open_credential(store, alias, PASSWORD, now=MOMENT).certificate
        for place, store in enumerate(stores)
        for alias in ALIASES
    }
    findings = Findings()
    began = time.perf_counter()
    for case in range(number):
        place = pick(len(healthy))
        alias = ALIASES[pick(2)]
        data = _damaged(healthy[place], stores[place], alias, pick)
        start = time.perf_counter()
        try:
            opened = keystore.open_credential(keystore.read(data), alias, PASSWORD, now=MOMENT)
        except keystore.KeystoreError as refusal:
            outcome = refusal.reason
        except Exception as problem:  # what else comes out is what is looked for
            outcome = f"UNTYPED {type(problem).__name__}"
            findings.wrong.append(f"case {case}: {type(problem).__name__}: {problem}"[:300])
        else:
            outcome = OPENED
            if opened.certificate != leaves[place, alias] or _facts(opened) != known[alias]:
                outcome = "ANOTHER CREDENTIAL"
                findings.wrong.append(f"case {case}: another credential was opened as {alias}")
        took = time.perf_counter() - start
        if took > LONGEST_S:
            findings.wrong.append(f"case {case}: {took:.1f} s")
        findings.slowest_s = max(findings.slowest_s, took)
        findings.outcomes[outcome] += 1
    findings.duration_s = time.perf_counter() - began
    return findings


def _facts(opened: keystore.OpenCredential) -> RSAPrivateNumbers:
    return opened.key.private_numbers()


def _damaged(data: bytes, store: keystore.Store, alias: str, pick: Callable[[int], int]) -> bytes:
    kind = pick(10)
    if kind < 6:
        return mutate_bytes(data, pick)
    entries = [
        _changed(each, pick, sealed=kind > 7) if each.id == alias else each for each in store.credentials
    ]
    return keystore.write(replace(store, credentials=tuple(entries)))


def _changed(
    credential: keystore.Credential, pick: Callable[[int], int], *, sealed: bool
) -> keystore.Credential:
    changed = mutate_store(credential, pick)
    return seal(changed) if sealed else changed


# --- memory ---------------------------------------------------------------------------------------


LARGEST = (
    "a healthy one",
    "as many credentials as fit",
    "as many elements as pass",
    "a million elements",
    "one attribute",
    "one text",
    "one comment",
    "nested elements",
)


def largest(name: str) -> bytes:
    """Return the store that costs most in one way of what the reader's bounds let pass."""
    data = prepare({}, Authority(MOMENT), MOMENT).data
    head, _, rest = data.partition(b"    <credential ")
    entry, _, tail = (b"    <credential " + rest).partition(b"  </credentials>")
    room = records.MAX_BYTES - len(data)
    alias = ALIASES[0].encode()
    count = (
        min(room // (len(entry) + 8), records.MAX_CREDENTIALS) if name == "as many credentials as fit" else 0
    )
    many = [entry.replace(alias, b"%s%d" % (alias, n)) for n in range(count)]
    end = b"</credentials>"
    text = 9_900_000  # the parser's own bound on one text is ten million bytes
    match name:
        case "as many credentials as fit":
            return head + b"".join(many) + b"  " + end + tail
        case "as many elements as pass":
            return data.replace(end, b"<x/>" * (records.MAX_TAGS - data.count(b"<")) + end, 1)
        case "a million elements":
            return data.replace(end, b"<x/>" * 1_000_000 + end, 1)
        case "one attribute":
            return data.replace(b"<credential ", b'<credential x="' + b"x" * text + b'" ', 1)
        case "one text":
            return data.replace(b"<legalName>", b"<legalName>" + b"x" * text, 1)
        case "one comment":
            return data.replace(b"<salt>", b"<!--" + b"x" * text + b"--><salt>", 1)
        case "nested elements":
            return data.replace(b"<salt>", b"<x>" * 100_000 + b"<salt>", 1)
    return data


def _read_one(name: str) -> str:
    """Read a store from standard input and tell what became of it and what it took."""
    data = sys.stdin.buffer.read()
    before = _peak()
    start = time.perf_counter()
    try:
        outcome = f"{len(keystore.read(data).credentials)} credentials read"
    except keystore.KeystoreError as refusal:
        outcome = f"refused: {refusal.message}"
    took = time.perf_counter() - start
    more = _peak() - before
    figures = f"{len(data) / 1e6:>7.1f} MB{took * 1000:>8.0f} ms{more / 1e6:>8.0f} MB more"
    return f"{name:<28}{figures}  {outcome}"


def _peak() -> int:
    """Return the most memory that this process has had so far, in bytes."""
    status = Path("/proc/self/status")
    if status.is_file():  # Linux; what `getrusage` tells there begins with the peak of the parent
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def memory() -> str:
    """Return what the largest stores cost, each measured in a process of its own."""
    try:
        import resource  # noqa: F401 - Windows has none
    except ImportError:
        return "memory: this platform does not tell the peak"
    words = [sys.executable, __file__, "--largest"]
    return "\n".join(
        subprocess.run([*words, name], input=largest(name), capture_output=True, check=True)
        .stdout.decode()
        .strip()
        for name in LARGEST
    )


def main() -> int:
    """Run, print the figures, and return 1 if anything was wrong."""
    if sys.argv[1:2] == ["--largest"]:
        print(_read_one(sys.argv[2]))
        return 0
    numbers = [int(word) for word in sys.argv[1:3]]
    findings = fuzz(*(numbers or [NUMBER]))
    print(findings.told())
    print(memory())
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
