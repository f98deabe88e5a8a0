"""How each outcome is worded, coloured and ranked, in every form of the report."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from conformance.model import Confidence, Level, Readiness, Status, Subcode


class Tone(StrEnum):
    """The four colours; a word and a sign always say the same."""

    OK = "ok"
    BAD = "bad"
    WARN = "warn"
    NONE = "none"


@dataclass(frozen=True)
class Standing:
    """How one point, or one requirement, stands."""

    word: str
    """What the reader sees."""
    tone: Tone
    rank: int
    """The worst standing of its cases, the lowest rank, is the standing of a requirement."""
    column: str
    """The column of the capability matrix in which it is counted."""


PASS: Final = Standing("pass", Tone.OK, 90, "pass")
FAIL: Final = Standing("fail", Tone.BAD, 0, "fail")
NOT_TESTABLE: Final = Standing("not testable", Tone.BAD, 10, "fail")
UNSETTLED: Final = Standing("not the product's fault", Tone.NONE, 15, "missing")
KIT_ERROR: Final = Standing("kit error", Tone.NONE, 20, "missing")
INCONCLUSIVE: Final = Standing("inconclusive", Tone.NONE, 30, "missing")
NO_RESULT: Final = Standing("no result", Tone.NONE, 40, "missing")
SKIPPED: Final = Standing("deselected", Tone.NONE, 50, "missing")
WAIVED: Final = Standing("waived", Tone.WARN, 60, "warn")
MISSED: Final = Standing("missed", Tone.WARN, 65, "warn")
WARN: Final = Standing("warn", Tone.WARN, 70, "warn")
NOT_APPLICABLE: Final = Standing("does not apply", Tone.NONE, 95, "absent")
EXCLUDED: Final = Standing("not checked by the kit", Tone.NONE, 96, "absent")

OF_STATUS: Final[dict[Status, Standing]] = {
    Status.PASS: PASS,
    Status.FAIL: FAIL,
    Status.WARN: WARN,
    Status.NOT_APPLICABLE: NOT_APPLICABLE,
    Status.NOT_TESTABLE: NOT_TESTABLE,
    Status.INCONCLUSIVE: INCONCLUSIVE,
    Status.SKIP: SKIPPED,
    Status.KIT_ERROR: KIT_ERROR,
}

COLUMNS: Final[dict[str, tuple[str, Tone]]] = {
    "pass": ("pass", Tone.OK),
    "fail": ("fail", Tone.BAD),
    "warn": ("warn", Tone.WARN),
    "missing": ("not tested", Tone.NONE),
    "absent": ("does not apply", Tone.NONE),
}
"""The columns of the capability matrix: heading and colour."""

OF_READINESS: Final[dict[Readiness, Tone]] = {
    Readiness.READY: Tone.OK,
    Readiness.CONDITIONS: Tone.WARN,
    Readiness.NOT_READY: Tone.BAD,
    Readiness.INCOMPLETE: Tone.NONE,
}

SUBCODE: Final[dict[Subcode, str]] = {
    Subcode.WRONG_VALUE: "wrong value",
    Subcode.WRONG_REASON: "refused for the wrong reason",
    Subcode.REASON_UNSTATED: "refused without a reason",
    Subcode.ACCEPTED_INVALID: "accepted what is invalid",
    Subcode.REJECTED_VALID: "refused what is valid",
    Subcode.CRASH: "crash",
    Subcode.HANG: "no answer in time",
    Subcode.PROTOCOL_ERROR: "protocol error",
    Subcode.STATE_LEAK: "state leaked between calls",
    Subcode.SECRET_LEAK: "a secret leaked",
    Subcode.NONDETERMINISTIC: "different answers to the same question",
    Subcode.OVER_STRICT: "stricter than the rule",
    Subcode.SLOW: "too slow",
}

GRAVE: Final = (
    Subcode.SECRET_LEAK,
    Subcode.ACCEPTED_INVALID,
    Subcode.STATE_LEAK,
    Subcode.CRASH,
    Subcode.HANG,
    Subcode.REJECTED_VALID,
    Subcode.WRONG_VALUE,
)
"""Kinds of miss, the gravest first; kinds that are not named come after them."""

CAPABILITY: Final[dict[str, str]] = {
    "checksum": "USI check character",
    "keystore": "Keystore and credential",
    "sts": "Token exchange with MAS-ST",
    "usi": "USI web services",
}
"""The capabilities in the words of a heading, in the order of the report."""

LEVEL_RANK: Final[dict[Level, int]] = {Level.MUST: 0, Level.SHOULD: 1, Level.INFO: 2}

CONFIDENCE: Final[dict[Confidence, str]] = {
    Confidence.DOCUMENTED: "a published document says so",
    Confidence.OBSERVED: "measured on published artefacts or recorded from working clients",
    Confidence.INFERRED: "concluded from framework behaviour or several indirect hints",
    Confidence.ASSUMED: "a stand-in of ours where nothing is public",
}

UNSURE: Final = frozenset({Confidence.INFERRED, Confidence.ASSUMED})
"""Confidences that the report calls assumed about the real services."""
