"""Four families of error, named by whose fault they are.

A message always answers four questions: what was expected, what was found, where, and what to try.
No error of these families reaches a user as a traceback; the command line prints `str(error)` and
leaves with the exit code of the family.
"""

from typing import ClassVar


class EvteError(Exception):
    """The base of everything the kit raises on purpose; never raised itself."""

    exit_code: ClassVar[int] = 5

    def __init__(
        self, message: str, *, expected: str = "", found: str = "", where: str = "", advice: str = ""
    ) -> None:
        super().__init__(message)
        self.message = message
        self.expected = expected
        self.found = found
        self.where = where
        self.advice = advice

    def __str__(self) -> str:
        lines = [self.message]
        for label, text in (
            ("expected", self.expected),
            ("found", self.found),
            ("where", self.where),
            ("try", self.advice),
        ):
            if text:
                lines.append(f"  {label}: {text}")
        return "\n".join(lines)


class OperatorError(EvteError):
    """Whoever started the kit gave it something that cannot work: a path, a name, a password variable."""

    exit_code: ClassVar[int] = 2


class EmptySelectionError(OperatorError):
    """The checks that were asked for are none of the profile's."""


class HarnessError(EvteError):
    """The vendor's harness did not start, or broke the contract of messages."""

    exit_code: ClassVar[int] = 4


class KitError(EvteError):
    """The kit itself is at fault: an evaluator, a vector, a simulator.  Asks to be reported to us."""

    exit_code: ClassVar[int] = 5


class ImplementationError(EvteError):
    """The implementation under test is wrong.  This is a finding of a check, never the end of a run."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        message: str,
        *,
        subcode: str,
        expected: str = "",
        found: str = "",
        where: str = "",
        advice: str = "",
    ) -> None:
        super().__init__(message, expected=expected, found=found, where=where, advice=advice)
        self.subcode = subcode


class Inconclusive(EvteError):  # noqa: N818 - an outcome rather than an error, and named as the report names it
    """A check could not come to a verdict: its healthy twin failed, or its capability was stopped."""

    exit_code: ClassVar[int] = 3


class OutOfReach(EvteError):  # noqa: N818 - as above
    """What a check is about lies with the operator, and the kit can neither bring it about nor look at it.

    Counts neither for nor against the implementation; the message says what the operator can do.
    """

    exit_code: ClassVar[int] = 0


class NotTestable(EvteError):  # noqa: N818 - as above
    """The implementation gave a required check nothing to look at, for instance no request at all."""

    exit_code: ClassVar[int] = 1
