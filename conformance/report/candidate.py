"""A stored example as a candidate for the test vectors: input, right answer, twin, and what is left to say.

Only methods whose input is whole in itself can become vectors so: what the checksum is asked.  A call of a
service or of a credential store needs the population, or a recipe of a store, that no line tells.
"""

import base64
import hashlib
from typing import Any, Final

import msgspec

from conformance.errors import OperatorError
from conformance.model import (
    VECTORS_SCHEMA,
    CounterExample,
    Expectation,
    Flag,
    Subcode,
    Vector,
    VectorFile,
)
from conformance.protocol import checksum

METHODS: Final = ("usi.validate", "usi.check_character")
"""Methods whose input is whole in itself."""

TO_NAME: Final = "name-me"
"""Stands where a person has to find a name: of a flag, and of a mutant that the vector kills."""

_TO_SAY: Final = "to be said"
_USI: Final = "DG6K5YHPP3"
"""A published USI, the twin of what resembles none."""
_LENGTH_REASONS: Final = (checksum.LENGTH_REASON, "usi.format")
_ALPHABET_REASONS: Final = (checksum.ALPHABET_REASON, "usi.format")


def candidate(example: CounterExample) -> bytes:
    """Return a file of vectors with the input of a stored example, and the healthy twin that it takes.

    The right answer is the kit's own, whatever the product answered.  What only a person can say is marked:
    the flag, the mutant, and the mutation where it is more than the check character.

    Returns:
        JSON in the form of `model.VectorFile`, ASCII, indented by two blanks, with a line feed at the end.

    Raises:
        OperatorError: the input is not whole in itself, or is half a surrogate pair.
    """
    method, given = _asked(example)
    expect, twin, mutation = _of_usi(given) if method == METHODS[0] else _of_stem(given)
    name = "usi" if method == METHODS[0] else "stem"
    subcode = example.subcode or Subcode.WRONG_VALUE
    mark = hashlib.sha256(msgspec.json.encode((method, given))).digest()
    letters = base64.b32encode(mark).decode("ascii")[:6].lower()
    own = Vector(
        id=f"found-{subcode.replace('_', '-')}-{letters}",
        method=method,
        input={name: given},
        expect=expect,
        twin="" if expect.status == "ok" else f"healthy-{letters}",
        mutation="" if expect.status == "ok" else mutation,
        flags=(TO_NAME,) if expect.status == "rejected" else (),
        kills=(TO_NAME,) if expect.status == "rejected" else (),
        note=f"found by {example.requirement}, {example.case}; name the id for the mistake",
    )
    healthy = Vector(
        id=f"healthy-{letters}",
        method=method,
        input={name: twin},
        expect=Expectation(
            status="ok", value=checksum.check_character(twin) if method == METHODS[1] else None
        ),
    )
    flag = Flag(kind=_TO_SAY, text=_TO_SAY, effect=_TO_SAY, mend=_TO_SAY)
    file = VectorFile(
        schema=VECTORS_SCHEMA,
        purpose=_TO_SAY,
        source=f"made for this file; first seen by {example.requirement}",
        cases=(own,) if expect.status == "ok" else (healthy, own),
        flags={TO_NAME: flag} if own.flags else {},
    )
    return _ascii(msgspec.json.format(msgspec.json.encode(_without_defaults(file)), indent=2)) + b"\n"


def _asked(example: CounterExample) -> tuple[str, Any]:
    """Return method and input of the last request of an example."""
    try:
        body = msgspec.json.decode(example.lines[-1])
        method, params = body["method"], body["params"]
        if method in METHODS:
            given = params["usi" if method == METHODS[0] else "stem"]
            msgspec.json.encode(given)
            return method, given
    except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise _unfit(example, f"a line that vectors cannot hold: {error}") from error
    raise _unfit(example, f"a call of {method}")


def _unfit(example: CounterExample, found: str) -> OperatorError:
    return OperatorError(
        "this example cannot be told as a test vector",
        expected=f"a call of {' or '.join(METHODS)}, whose input is whole in itself",
        found=found,
        where=example.name,
        advice="what needs a credential store or the services is asked by `evte replay` only",
    )


def _of_usi(given: Any) -> tuple[Expectation, Any, str]:  # noqa: ANN401 - any JSON value
    """Return the right answer to a candidate for a USI, its healthy twin, and the change between them."""
    reasons = checksum.reasons(given)
    if not reasons:
        return Expectation(status="ok"), given, ""
    if reasons == (checksum.CHECK_CHARACTER_REASON,):
        twin = checksum.complete(given[: checksum.STEM_LENGTH])
        mutation = f"the check character {twin[-1]} becomes {given[-1]}"
        return Expectation(status="rejected", reasons=reasons), twin, mutation
    # A product that tests the form at once says so.
    told = tuple(dict.fromkeys((*reasons, *(["usi.format"] if isinstance(given, str) else []))))
    if isinstance(given, str) and checksum.is_valid(typed := checksum.fold(given)):
        return Expectation(status="either", reasons=told), typed, "it is typed in another way"
    return Expectation(status="rejected", reasons=told), _USI, _TO_SAY


def _of_stem(given: Any) -> tuple[Expectation, str, str]:  # noqa: ANN401 - any JSON value
    """Return the right answer to a candidate for a stem, its healthy twin, and the change between them."""
    twin = _USI[: checksum.STEM_LENGTH]
    if not isinstance(given, str):
        return Expectation(status="rejected", reasons=(checksum.TYPE_REASON,)), twin, _TO_SAY
    long = len(given) != checksum.STEM_LENGTH
    strange = any(character not in checksum.ALPHABET for character in given)
    if not (long or strange):
        return Expectation(status="ok", value=checksum.check_character(given)), given, ""
    reasons = (*(_ALPHABET_REASONS if strange else ()), *(_LENGTH_REASONS if long else ()))
    return Expectation(status="rejected", reasons=tuple(dict.fromkeys(reasons))), twin, _TO_SAY


def _without_defaults(file: VectorFile) -> dict[str, Any]:
    """Return a file without the fields that say nothing, as people write it."""
    found: dict[str, Any] = msgspec.to_builtins(file)
    found["cases"] = [_said(case) for case in found["cases"]]
    return _said(found)


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    kept = {
        name: value
        for name, value in fields.items()
        if name == "input" or value not in ("", None, (), [], {})
    }
    if "expect" in kept:
        kept["expect"] = _said(kept["expect"])
    return kept


def _ascii(text: bytes) -> bytes:
    """Return JSON with every character beyond ASCII as an escape."""
    units = text.decode("utf-8").encode("utf-16-be")
    codes = (int.from_bytes(units[at : at + 2], "big") for at in range(0, len(units), 2))
    return b"".join(bytes([code]) if code < 0x80 else b"\\u%04x" % code for code in codes)
