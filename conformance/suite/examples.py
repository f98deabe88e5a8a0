"""What a failing example consists of, so that it can be stored and tried again exactly as it was.

An example is what was sent to the harness, and, where it was drawn, Hypothesis's own record of the choices it
was drawn by.  Hypothesis promises nothing about such a record from one version to the next, so it is only
read by the version that made it.

Trying an example again proves nothing by itself: a check that is over before the stored request is sent has
passed without having looked.  `unsent` therefore compares what was sent with what was stored.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import hypothesis
from hypothesis.errors import DidNotReproduce, HypothesisException, InvalidArgument

from conformance.errors import Inconclusive
from conformance.model import CounterExample

LONGEST_DRAWN: Final = 20_000
"""Characters of a drawn example, as Python shows it, that are stored and compared."""

_OF_THE_RUN: Final = frozenset(
    {
        "ca_file",
        "deadline_ms",
        "keystore",
        "now",
        "password",
        "path",
        "renewal_address",
        "sts_address",
        "usi_address",
    }
)
"""Parameters that are other ones in every run: places of files and services, the moment, masked secrets."""

_CREATING: Final = frozenset({"CreateUSI", "BulkUpload"})
"""Operations after which a story may speak of USIs that the registry has made up."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One example that was tried."""

    lines: tuple[str, ...]
    """The requests to the harness, in their order."""
    choices: str = ""
    """Hypothesis's record of what was drawn; empty where nothing was, or none could be had."""
    hypothesis: str = ""
    """Version that made the record."""
    drawn: str = ""
    """What was drawn, as Python shows it, cut to `LONGEST_DRAWN`; empty for a story of several steps."""


def choices_so_far() -> tuple[str, str]:
    """Return Hypothesis's record of what the running example has drawn, and the version that made it.

    Returns:
        Two empty texts where nothing is being drawn.
    """
    try:
        from hypothesis.control import current_build_context
        from hypothesis.core import encode_failure

        return encode_failure(current_build_context().data.choices).decode("ascii"), hypothesis.__version__
    except (ImportError, AttributeError, InvalidArgument):
        return "", ""


def replayed(
    search: Callable[[], object],
    stored: CounterExample,
    *,
    carry_out: Callable[[Any], object] = lambda search: search(),
) -> None:
    """Try the stored example of a property, and nothing else; where nothing was drawn, do nothing.

    Args:
        search: what `hypothesis.given` made, or a state machine.
        stored: the example.
        carry_out: how a search of this kind is begun.

    Raises:
        Inconclusive: the record cannot be read here.
        Exception: whatever the example raises.
    """
    if not stored.choices:
        return
    if stored.hypothesis != hypothesis.__version__:
        raise Inconclusive(
            "the stored example was drawn by another version of Hypothesis, whose record cannot be read",
            expected=f"Hypothesis {stored.hypothesis or 'of a known version'}",
            found=f"Hypothesis {hypothesis.__version__}",
            advice=f"install hypothesis=={stored.hypothesis} beside the kit, or run the check anew",
        )
    again = hypothesis.reproduce_failure(stored.hypothesis, stored.choices.encode("utf-8"))(search)
    try:
        carry_out(again)
    except DidNotReproduce:
        # It went well, or what is drawn has changed its shape: what was sent tells which.
        return
    except HypothesisException as error:
        raise Inconclusive(
            "the record of what was drawn cannot be read",
            found=str(error),
            advice="compare the file with the one that the run has written",
        ) from error


def must_be_drawn(stored: CounterExample, drawn: str) -> None:
    """Make sure that a record still stands for the example that was stored.

    Args:
        stored: the example.
        drawn: what is drawn by its record today, as Python shows it.

    Raises:
        Inconclusive: it is something else.
    """
    if stored.drawn != drawn[:LONGEST_DRAWN]:
        raise Inconclusive(
            "the kit draws another example of the stored record today",
            expected=stored.drawn,
            found=drawn[:LONGEST_DRAWN],
            advice=f"use the kit and the Hypothesis {stored.hypothesis} that the record was made with",
        )


def unsent(stored: Sequence[str], sent: Sequence[str]) -> str:
    """Return the first stored request that was not sent again in its turn; the empty text if all were.

    Further requests in between are no difference.  Nor are ids, deadlines, the places of files and services,
    moments and passwords, which are other ones in every run; and a story may call the USIs that the registry
    has made up by other names, as long as it calls each by one.

    Args:
        stored: request lines.
        sent: request lines.
    """
    left = [_read(line) for line in sent]
    names: dict[str, str] = {}
    created = False
    for line in stored:
        method, wanted = _read(line)
        while left:
            other_method, found = left.pop(0)
            if method == other_method and _alike(wanted, found, names if created else None):
                break
        else:
            return line
        created = created or wanted.get("operation") in _CREATING
    return ""


def _read(line: str) -> tuple[str, dict[str, Any]]:
    """Return method and parameters of a request line, without what is of the run."""
    try:
        body = json.loads(line)
        params = body["params"]
        return str(body["method"]), {name: params[name] for name in params if name not in _OF_THE_RUN}
    except (ValueError, KeyError, TypeError, RecursionError):
        return "", {"": line}


def _alike(wanted: object, found: object, names: dict[str, str] | None) -> bool:
    """Tell whether two JSON values are the same.

    Args:
        wanted: one of them.
        found: the other.
        names: of USIs, by what they were called; more are learned on the way.  None where they are the same.
    """
    learned = None if names is None else dict(names)
    try:
        if not _matches(wanted, found, learned):
            return False
    except RecursionError:  # nested as deep as the check wanted it; nobody can tell
        return False
    if names is not None and learned is not None:
        names.update(learned)
    return True


def _matches(wanted: object, found: object, names: dict[str, str] | None) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return wanted.keys() == found.keys() and all(
            _is_same_usi(wanted[key], found[key], names)
            if key == "USI" and names is not None
            else _matches(wanted[key], found[key], names)
            for key in wanted
        )
    if isinstance(wanted, list) and isinstance(found, list):
        pairs = zip(wanted, found, strict=False)
        return len(wanted) == len(found) and all(_matches(one, other, names) for one, other in pairs)
    return type(wanted) is type(found) and wanted == found


def _is_same_usi(wanted: object, found: object, names: dict[str, str]) -> bool:
    if not (isinstance(wanted, str) and isinstance(found, str)):
        return _matches(wanted, found, names)
    if wanted not in names and found not in names.values():
        names[wanted] = found
    return names.get(wanted) == found
