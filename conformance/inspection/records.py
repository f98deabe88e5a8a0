"""What an inspection tells: records that `--json` writes as they are."""

from conformance.model import Finding, Record

SCHEMA = "inspection/1"


class Compared(Record, frozen=True, kw_only=True):
    """The bytes behind one digest, or behind the signature value.  Secrets in them are asterisks."""

    what: str
    """Place of the element that was canonicalised."""
    holds: bool | None
    """Whether the digest or the signature fits; None when that could not be examined."""
    length: int
    """Bytes of our canonical form of what arrived."""
    canonical: str
    """That form as text, cut to a size."""
    digest_expected: str = ""
    """Hexadecimal, of our canonical form; empty for a signature value."""
    digest_stated: str = ""
    """Hexadecimal, as the message has it."""
    cause: str = ""
    hashed_length: int | None = None
    """Bytes that the sender hashed instead, when they came to light."""
    differs_at: int | None = None
    """Offset of the first byte in which the two differ."""
    expected_text: str = ""
    """Ours around that byte."""
    expected_hex: str = ""
    hashed_text: str = ""
    """The sender's around that byte."""
    hashed_hex: str = ""


class Inspected(Record, frozen=True, kw_only=True):
    """One message: what it is, and all that was found."""

    name: str
    """Where it comes from: a file, or a message of a transcript."""
    kind: str
    """What it was recognised as; empty for no message of these services."""
    accepted: bool
    facts: dict[str, str]
    """What the message says of itself, by label."""
    findings: tuple[Finding, ...] = ()
    compared: tuple[Compared, ...] = ()
    not_examined: tuple[str, ...] = ()
    """What could not be judged, and what it would take."""


class Inspection(Record, frozen=True, kw_only=True):
    """All messages of one capture."""

    schema: str
    at: str
    """The moment as of which they were judged."""
    messages: tuple[Inspected, ...]

    @property
    def exit_code(self) -> int:
        """0 when every message is accepted, 1 when one is refused."""
        return int(any(message.kind and not message.accepted for message in self.messages))
