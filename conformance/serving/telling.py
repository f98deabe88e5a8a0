"""What the person who runs the simulators reads: a line for each exchange, its findings, and a summary.

Everything that clients wrote is bounded, made visible and freed of secrets before it is shown.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Final

from conformance.model import Finding, Severity
from conformance.report.text import one_line
from conformance.simulators.transcript import PEERS, Exchange, redact

_SHOWN: Final = 300
"""Characters of one text that are shown; a transcript has it whole."""
_MOST: Final = 20
"""Findings of one exchange that are shown."""
_WORDS: Final = {Severity.ERROR: "error", Severity.REMARK: "remark"}


class Log:
    """Tells exchanges as they come, and counts them.  Safe from several threads.

    Args:
        say: prints one or more lines.
        secrets: texts that are removed wherever they stand.
    """

    def __init__(self, say: Callable[[str], object], secrets: tuple[str, ...] = ()) -> None:
        self._say = say
        self._secrets = secrets
        self._lock = threading.Lock()
        self._muted = False
        self.seen: Counter[str] = Counter()
        """Exchanges by service."""
        self.refused: Counter[str] = Counter()
        """Those of them whose answer was no success, by service."""
        self.findings: Counter[str] = Counter()
        """Findings by code."""
        self.failed_handshakes = 0
        self.failures = 0
        """Defects of the kit."""

    def exchange(self, exchange: Exchange, place: str = "") -> None:
        """Tell one exchange, and where its transcript is."""
        # What refuses comes before what is merely remarked on.
        findings = sorted(exchange.judgement.findings, key=lambda found: found.severity is Severity.REMARK)
        with self._lock:
            self.seen[exchange.service] += 1
            self.refused[exchange.service] += not 200 <= exchange.response.status < 300
            self.findings.update(finding.code for finding in findings)
        first = f"  [{findings[0].code}]" if findings else ""
        peer = PEERS.get(exchange.service, exchange.service)
        summary = self._shown(exchange.summary or f"{exchange.request.method} {exchange.request.path}")
        outcome = self._shown(exchange.outcome or f"HTTP {exchange.response.status}")
        line = f"{_clock(exchange.received)}  {peer:<13}  {summary}: {outcome}{first}"
        lines = [line, *(f"    {text}" for text in self._told(findings))]
        if place and findings:
            lines.append(f"    see {place}")
        self.line("\n".join(lines))

    def handshake(self, why: str, now: datetime) -> None:
        """Tell of a TLS connection that failed."""
        with self._lock:
            self.failed_handshakes += 1
        hint = ""
        if "unknown ca" in why or "certificate" in why:
            hint = (
                "\n    the client does not trust the certificate: give it the CA file, or check its host name"
            )
        self.line(f"{_clock(now)}  {'TLS':<13}  no connection: {self._shown(why)}{hint}")

    def failure(self, what: str) -> None:
        """Tell of a defect of the kit, which says nothing about the request that showed it."""
        with self._lock:
            self.failures += 1
        self.line(f"the kit itself failed {self._shown(what)}\n    please report this to its makers")

    def line(self, text: str) -> None:
        """Print; when nobody can read any more, say nothing and go on."""
        with self._lock:
            if self._muted:
                return
            try:
                self._say(text)
            except (OSError, ValueError):
                self._muted = True

    def summary(self) -> str:
        """Return what was seen."""
        total = sum(self.seen.values())
        lines = [f"stopped; {total} exchange{'' if total == 1 else 's'}"]
        for service, count in self.seen.items():
            peer = PEERS.get(service, service)
            lines.append(f"  {peer:<13}  {count}, of which {self.refused[service]} without success")
        if self.failed_handshakes:
            lines.append(f"  {'TLS':<13}  {self.failed_handshakes} connections failed")
        if self.failures:
            lines.append(f"  the kit itself failed {self.failures} times")
        lines += [f"  {count:>5} x {code}" for code, count in self.findings.most_common()]
        return "\n".join(lines)

    def _told(self, findings: Sequence[Finding]) -> Iterator[str]:
        for finding in findings[:_MOST]:
            yield f"{_WORDS[finding.severity]} {finding.code}: {self._shown(finding.message)}"
            for label, text in (
                ("expected", finding.expected),
                ("found", finding.actual),
                ("where", finding.where),
                ("likely", finding.hint),
            ):
                if text:
                    yield f"    {label}: {self._shown(text)}"
        if len(findings) > _MOST:
            yield f"{len(findings) - _MOST} more"

    def _shown(self, text: str) -> str:
        return one_line(redact(text.encode("utf-8", "replace"), self._secrets), _SHOWN)


def _clock(moment: datetime) -> str:
    return moment.strftime("%H:%M:%S")
