"""Implementations that we own: the correct one, legal variants of it, and the mutants.

`resolve` turns the SPEC of `--iut` into an object to call in the same process.
"""

from difflib import get_close_matches
from typing import Any

from conformance.errors import OperatorError
from conformance.reference.correct import MUTANTS, Correct, Declaration, mutant

__all__ = ["MUTANTS", "VARIANTS", "Correct", "Declaration", "load_mutants", "mutant", "resolve"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the protocol of module attributes
    # The variants need the clients, hence XML and cryptography: they are imported when asked for.
    if name == "VARIANTS":
        return _variants()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_mutants() -> dict[str, type[Correct]]:
    """Import every module of mutants, so that `MUTANTS` is complete, and return it."""
    from conformance.reference.mutants import load

    load()
    return MUTANTS


def _variants() -> dict[str, type[Correct]]:
    from conformance.reference.variants import VARIANTS

    return VARIANTS


def resolve(spec: str) -> Correct:
    """Return a fresh implementation for `reference`, `mutant:NAME` or `variant:NAME`.

    Raises:
        OperatorError: the kind or the name is unknown; the message has the nearest names.
    """
    if spec == "reference":
        return Correct()
    kind, _, name = spec.partition(":")
    if kind not in ("mutant", "variant"):
        raise OperatorError(
            f"{spec!r} is not an implementation that the kit brings",
            expected="reference, mutant:NAME or variant:NAME",
            found=spec,
        )
    known = load_mutants() if kind == "mutant" else _variants()
    if name in known:
        return known[name]()
    near = get_close_matches(name, known, n=3, cutoff=0.4)
    raise OperatorError(
        f"there is no {kind} named {name!r}",
        expected=f"one of {len(known)} names",
        found=spec,
        advice=f"did you mean {' or '.join(near)}?" if near else f"one of {', '.join(sorted(known))}",
    )
