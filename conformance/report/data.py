"""The forms for programs: `report.json`, `results.ndjson` and `evidence/*.json`; see also `schema`."""

import hashlib
import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from conformance import model

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices, whatever follows the first dot."""
_HALVES: Final = re.compile("[\ud800-\udfff]")


def encode(report: model.Report) -> bytes:
    """Return `report.json`: the report whole, UTF-8, indented by two blanks, with a line feed at the end."""
    return msgspec.json.format(_json(report), indent=2) + b"\n"


def decode(content: bytes) -> model.Report:
    """Return the report that `encode` wrote.

    Raises:
        msgspec.ValidationError: the content is JSON but not a report of this schema.
        msgspec.DecodeError: the content is not JSON.
    """
    return msgspec.json.decode(content, type=model.Report)


def encode_results(results: tuple[model.Result, ...]) -> bytes:
    """Return `results.ndjson`: one `model.Result` per line, UTF-8, each line ended by a line feed."""
    return b"".join(_json(result) + b"\n" for result in results)


def encode_evidence(report: model.Report) -> dict[str, bytes]:
    """Return the content of each evidence file by its name, as `evidence_names` gives it."""
    names = evidence_names(evidence.id for evidence in report.evidence)
    return {names[evidence.id]: encode_record(evidence) for evidence in report.evidence}


def encode_record(record: model.Record) -> bytes:
    """Return a record as a file: JSON, UTF-8, indented by two blanks, with a line feed at the end."""
    return msgspec.json.format(_json(record), indent=2) + b"\n"


def quoted(text: str) -> str:
    """Return ``text`` as a text of JSON, in the way in which the lines of the contract are encoded."""
    try:
        return msgspec.json.encode(text).decode()
    except UnicodeEncodeError:
        return msgspec.json.encode(_mended(text)).decode()


def evidence_names(identifiers: Iterable[str]) -> dict[str, str]:
    """Return a file name for each evidence id: `ID.json` if every file system can hold it, else a safe one.

    No two ids share a name, even where the case of letters does not count.
    """
    names: dict[str, str] = {}
    taken: set[str] = set()
    for identifier in dict.fromkeys(identifiers):
        stem = anchor(identifier)
        if stem.casefold() in taken:
            stem = _marked(identifier)
        taken.add(stem.casefold())
        names[identifier] = stem + ".json"
    return names


def anchor(identifier: str) -> str:
    """Return ``identifier`` if it can name a file and a place in a page, else a name made of it.

    A made one ends in the head of the identifier's SHA-256 digest, so that two never meet.
    """
    if _PLAIN.fullmatch(identifier) and not _RESERVED.fullmatch(identifier) and identifier[-1] != ".":
        return identifier
    return _marked(identifier)


def _marked(identifier: str) -> str:
    mark = hashlib.sha256(identifier.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", identifier[:60]).strip("-")
    return f"{stem or 'unnamed'}-{mark}"


def _json(record: model.Record) -> bytes:
    try:
        return msgspec.json.encode(record)
    except UnicodeEncodeError:
        # Half of a surrogate pair, which no UTF-8 holds, out of a harness's own escapes.
        return msgspec.json.encode(_mended(msgspec.to_builtins(record)))


def _mended(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return _HALVES.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    if isinstance(value, dict):
        return {_mended(key): _mended(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_mended(each) for each in value]
    return value
