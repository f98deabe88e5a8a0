"""The value of `initialize`: who the implementation is, what it offers, and what its errors mean."""

from typing import Any, Final

from conformance.adapters.answers import ErrorMap, Note, check_value, nearest
from conformance.adapters.contract import (
    CLOCK,
    CONCURRENT,
    DEADLINE,
    MARKERS,
    METHODS,
    PROTOCOL_VERSION,
    REASONS,
    Initialized,
)
from conformance.adapters.messages import describe_value
from conformance.errors import HarnessError
from conformance.model import Implementation

_KEYS: Final = frozenset({*METHODS["initialize"].value, "error_map"})
_IDENTITY: Final = tuple(name for name in Implementation.__struct_fields__ if name != "capabilities")

_CATCH_ALLS: Final = frozenset({"", "*", "**", ".", ".*", ".+", "%", "?", "default", "else", "any", "other"})
"""Entries that can only be meant to match every error."""


def read_initialized(value: dict[str, Any], note: Note) -> Initialized:
    """Return the value of `initialize` after checking it.

    Raises:
        HarnessError: a part is missing or malformed, the protocol version is not the kit's, a capability
            or a reason is unknown, or the error map gives everything one reason.
    """
    check_value(value, METHODS["initialize"])
    if unknown := value.keys() - _KEYS:
        note(f"initialize: unknown keys, passed over: {_quoted(unknown)}; known: {', '.join(sorted(_KEYS))}.")
    if value["protocol"] != PROTOCOL_VERSION:
        raise HarnessError(
            "harness and kit speak different versions of the contract",
            expected=f"protocol {PROTOCOL_VERSION}",
            found=f"protocol {value['protocol']}",
            advice="choose one of `protocol_versions`, or the kit that the harness was written for",
        )
    capabilities = _read_capabilities(value["capabilities"])
    return Initialized(
        protocol=value["protocol"],
        implementation=_read_identity(value["implementation"], capabilities, note),
        error_map=read_error_map(value.get("error_map")),
    )


def read_error_map(given: object) -> ErrorMap:
    """Return an error map as pairs of the product's own code or text and the kit's reason.

    Args:
        given: a list of pairs, an object, or None for no map.

    Raises:
        HarnessError: it has another form, names an unknown reason, gives one entry two reasons, or has an
            entry that matches every error.
    """
    if given is None:
        return ()
    pairs = list(given.items()) if isinstance(given, dict) else given
    if not isinstance(pairs, list):
        raise _malformed(given)
    found: dict[str, str] = {}
    for pair in pairs:
        if (
            not isinstance(pair, list | tuple)
            or len(pair) != 2
            or not all(isinstance(part, str) for part in pair)
        ):
            raise _malformed(pair)
        own, reason = pair
        if own.strip().lower() in _CATCH_ALLS:
            raise HarnessError(
                "the error map has an entry for everything",
                expected="for each reason the code, or part of the text, that stands for it alone",
                found=describe_value(list(pair)),
                advice="leave out what has no reason of its own; such a refusal is a warning, not a failure",
            )
        if reason not in REASONS:
            raise HarnessError(
                "the error map names a reason that the contract does not know",
                expected="one of the contract's reasons",
                found=describe_value(list(pair)),
                advice=nearest(reason, list(REASONS)),
            )
        if found.setdefault(own, reason) != reason:
            raise HarnessError(
                "the error map gives one entry two reasons",
                expected="one reason for each code or text",
                found=f"{own!r}: {found[own]} and {reason}",
            )
    return tuple(found.items())


def _read_capabilities(names: list[object]) -> tuple[str, ...]:
    known = [*METHODS, *MARKERS]
    for name in names:
        if name not in known:
            group = [
                method.name for method in METHODS.values() if method.capability and method.capability == name
            ]
            raise HarnessError(
                "the harness declares a capability that the contract does not know",
                expected=f"names of methods, `{CLOCK}`, `{CONCURRENT}`, `{DEADLINE}`, and `usi.call.` with "
                "an operation",
                found=describe_value(name),
                advice=f"list the methods: {', '.join(group)}" if group else nearest(str(name), known),
            )
    return tuple(dict.fromkeys(map(str, names)))


def _read_identity(given: dict[str, Any], capabilities: tuple[str, ...], note: Note) -> Implementation:
    if unknown := given.keys() - set(_IDENTITY):
        note(
            f"initialize: unknown keys in `implementation`: {_quoted(unknown)}. Known: {', '.join(_IDENTITY)}"
        )
    fields = {}
    for name in _IDENTITY:
        text = given.get(name)
        if text is None and name not in ("name", "version"):
            text = ""
        if not isinstance(text, str) or (not text.strip() and name in ("name", "version")):
            raise HarnessError(
                f"the harness does not say the {name} of the implementation",
                expected=f"a text in `implementation.{name}`",
                found=describe_value(text),
                advice="the report names the product that it is about",
            )
        fields[name] = text
    return Implementation(**fields, capabilities=capabilities)


def _quoted(names: set[str]) -> str:
    return ", ".join(sorted(map(repr, names)))


def _malformed(given: object) -> HarnessError:
    return HarnessError(
        "the error map has the wrong form",
        expected='[["own code or part of the text", "kit.reason"], …] or {"own code": "kit.reason", …}',
        found=describe_value(given),
    )
