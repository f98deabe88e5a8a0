"""From a miss to a stored example that can be tried again, and whether a stored one has been."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.plugin.conductor import Conductor

if TYPE_CHECKING:  # the plugin is loaded by every pytest where the kit is installed: import late
    from collections.abc import Sequence

    from conformance.errors import Inconclusive
    from conformance.model import CounterExample, Result, StoredFile
    from conformance.suite.examples import Tried

LONGEST: Final = 512 * 1024
"""Characters of all the lines of one stored example; of longer conversations the last request is stored."""

_SERVICES: Final = (
    "The simulated services at the addresses of the lines, with their credential store and their file of "
    "authorities: `evte replay` brings its own, and so does `evte serve` for a trial by hand."
)
_STORE: Final = (
    "The credential store at the path of the lines, which the kit makes for this case: `evte replay` makes "
    "it again; the file of the run is gone."
)
_COPIES: Final = "The folder of the report as working directory: the lines name the copy of the store in it."

LARGEST_FILE: Final = 48 * 1024
"""Bytes of a credential store that is stored with an example."""
_FILES: Final = 3
"""Credential stores of one example that are stored."""
_PASSWORD: Final = "The password of the credential store, which is not stored."
_EARLIER: Final = "The requests before it, which are too long to be stored."


def stored(conductor: Conductor, result: "Result", error: BaseException | None) -> "CounterExample | None":
    """Return what is stored of a miss, to be tried again; None where nothing was sent to the harness.

    Args:
        conductor: of the run.
        result: the miss.
        error: that it was concluded from.
    """
    from conformance.model import CounterExample
    from conformance.report.data import anchor

    iut, session = conductor.iut, conductor.session
    if iut is None or session is None:
        return None
    tried = (iut.ledger.tried(error) if error is not None else None) or _of_check(conductor, result)
    needs: list[str] = []
    lines = tried.lines
    if sum(map(len, lines)) > LONGEST:
        lines = lines[-1:]
        needs.append(_EARLIER)
    if not lines or sum(map(len, lines)) > LONGEST:
        return None
    method = _method(lines[-1])
    taken = {each.name.casefold() for each in conductor.counter_examples}
    told = f"{result.requirement}-{result.case.replace('[', '-').removesuffix(']')}"
    name = anchor(told)
    if name.casefold() in taken:
        name = anchor(f"{told}[{result.case}")  # no plain name, so that it gets a mark of its own
    files = _files(conductor, lines)
    return CounterExample(
        name=name,
        requirement=result.requirement,
        case=result.case,
        profile=conductor.profile.name,
        seed=conductor.choices.seed,
        status=result.status,
        subcode=result.subcode,
        message=result.message,
        expected=result.expected,
        actual=result.actual,
        lines=tuple(filter(None, (session.opening, *lines))),
        method=method,
        needs=(*_needs(lines, copied=bool(files)), *needs),
        files=files,
        choices=tried.choices,
        hypothesis=tried.hypothesis,
        drawn=tried.drawn,
    )


def example_of(conductor: Conductor, error: BaseException | None) -> str:
    """Return the last request of the example that a miss is of; what was asked last where none is known.

    Without passwords, published ones included: a result is read by people who cannot tell which it is.
    """
    from conformance.adapters.conversation import MASK

    ledger = conductor.iut.ledger if conductor.iut is not None else None
    if ledger is None:
        return ""
    tried = ledger.tried(error) if error is not None else None
    last = tried.lines[-1] if tried is not None and tried.lines else ""
    shows_one = '"password"' in last and MASK not in last
    return ledger.last_request if not last or shows_one else last


def untried(conductor: Conductor) -> "Inconclusive | None":
    """Return why a check that has passed proves nothing of the stored example; None if it was tried.

    A stored example is tried if every request of it was sent again, in its turn.
    """
    from conformance.errors import Inconclusive
    from conformance.suite.examples import unsent

    example, iut = conductor.background.replaying, conductor.iut
    if example is None or iut is None:
        return None
    requests = [line for line in example.lines if _method(line) not in ("initialize", "")]
    if not requests:
        return Inconclusive(
            "the stored example holds no request, so that nothing can be learned from trying it",
            expected="at least one request after `initialize`",
            found=f"{len(example.lines)} lines",
        )
    if not (line := unsent(requests, iut.ledger.requests)):
        return None
    return Inconclusive(
        "the check passes, but the stored request was not sent, so that nothing is known of it",
        expected=line,
        found=f"{len(iut.ledger.requests)} other requests",
        advice="kit, vectors or credential are others than in the stored run; run the check anew",
    )


def _of_check(conductor: Conductor, result: "Result") -> "Tried":
    """Return what a check has sent, after what was sent in the transcripts of other checks that it reads."""
    from conformance.suite.examples import Tried

    assert conductor.iut is not None  # noqa: S101 - looked at before; said for the type checker
    ledger = conductor.iut.ledger
    before = [
        line
        for evidence in result.evidence
        if evidence not in ledger.transcripts
        for line in conductor.asked.get(evidence, ())
    ]
    return Tried((*before, *ledger.requests), drawn=ledger.drawn)


def _parameters(line: str) -> dict[str, Any]:
    """Return the parameters of a request line; nothing where it is no such line."""
    import msgspec

    try:
        found = msgspec.json.decode(line)["params"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _method(line: str) -> str:
    """Return the method of a request line; nothing where it is no such line."""
    import msgspec

    try:
        body: Any = msgspec.json.decode(line)
        return str(body["method"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _files(conductor: Conductor, lines: "Sequence[str]") -> "tuple[StoredFile, ...]":
    """Return the credential stores that lines name: the kit's own, as they are now, and small ones only.

    A run with an operator's credential has none, for a store of that run may hold it; and what is not in the
    folder for temporary files was made by nobody of the kit's.
    """
    import base64

    from conformance.model import StoredFile

    if conductor.choices.keystore is not None:
        return ()
    own = Path(tempfile.gettempdir()).resolve()
    found: dict[str, StoredFile] = {}
    for line in lines:
        path = _parameters(line).get("path") if _method(line).startswith("keystore.") else None
        if not isinstance(path, str) or path in found or len(found) == _FILES:
            continue
        try:
            place = Path(path)
            if place.resolve().is_relative_to(own) and place.stat().st_size <= LARGEST_FILE:
                content = base64.b64encode(place.read_bytes()).decode("ascii")
                found[path] = StoredFile(path=path, content=content)
        except (OSError, ValueError):
            continue  # there is no such file, and that may be the case in point
    return tuple(found.values())


def _needs(lines: "Sequence[str]", *, copied: bool) -> list[str]:
    from conformance.adapters.conversation import MASK

    methods = {_method(line) for line in lines}
    found = []
    if methods & {"token.obtain", "usi.call", "keystore.renew"}:
        found.append(_SERVICES)
    if methods & {"keystore.list", "keystore.open", "keystore.sign", "keystore.renew"}:
        found.append(_COPIES if copied else _STORE)
    if any(MASK in line for line in lines):
        found.append(_PASSWORD)
    return found
