"""An inspection as text for people.  What a message says is made harmless for terminals first."""

from collections.abc import Iterator

from conformance.inspection.records import Compared, Inspected, Inspection
from conformance.model import Severity


def tell(inspection: Inspection) -> str:
    """Return an inspection as lines of text."""
    lines = [f"judged as of {inspection.at}"]
    for message in inspection.messages:
        lines.append("")
        lines += _message(message)
    return "\n".join(_harmless(line) for line in lines)


def _message(message: Inspected) -> Iterator[str]:
    errors = sum(finding.severity is Severity.ERROR for finding in message.findings)
    remarks = len(message.findings) - errors
    verdict = "accepted" if message.accepted else "REFUSED"
    if not message.kind:
        yield f"{message.name}: not judged"
    else:
        yield f"{message.name}: {message.kind}, {verdict} ({errors} errors, {remarks} remarks)"
    for label, text in message.facts.items():
        yield f"  {label}: {text}"
    for finding in message.findings:
        yield f"  {finding.severity.value} {finding.code}: {finding.message}"
        for label, text in (
            ("where", finding.where),
            ("expected", finding.expected),
            ("found", finding.actual),
            ("cause", finding.hint),
        ):
            if text:
                yield f"    {label}: {text}"
    for compared in message.compared:
        yield from _bytes(compared)
    for text in message.not_examined:
        yield f"  not examined: {text}"


def _bytes(compared: Compared) -> Iterator[str]:
    state = {True: "holds", False: "DIFFERS", None: "not examined"}[compared.holds]
    yield f"  bytes of {compared.what}: {compared.length}, {state}"
    if compared.holds is not False:
        return
    if compared.digest_expected:
        yield f"    digest expected: {compared.digest_expected}"
        yield f"    digest stated:   {compared.digest_stated}"
    if compared.cause:
        yield f"    cause: {compared.cause}"
    if compared.differs_at is None:
        yield f"    canonical: {compared.canonical}"
        return
    yield f"    first difference at byte {compared.differs_at} of {compared.hashed_length} that were hashed"
    for label, text, digits in (
        ("expected", compared.expected_text, compared.expected_hex),
        ("hashed  ", compared.hashed_text, compared.hashed_hex),
    ):
        yield f"    {label} text: {text}"
        yield f"    {label} hex:  {digits}"


def _harmless(text: str) -> str:
    """Return one line without anything that a terminal would obey."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
