"""Stored examples as files: `replay/NAME.jsonl` for the harness, `replay/NAME.json` for `evte replay`.

The first holds nothing but lines of the contract, so that it can be piped into a harness by hand:

    YOUR-HARNESS < replay/NAME.jsonl

Credential stores that the lines name lie beside them, as `replay/NAME.store-1.xml`; the lines that are piped
name these copies, so that they are to be piped in the folder of the report.

The second holds the whole `model.CounterExample`, from which the kit itself tries the example again.
"""

import base64
from typing import Final

import msgspec

from conformance import model
from conformance.errors import OperatorError
from conformance.report import data

FOLDER: Final = "replay"

LARGEST: Final = 16 * 1024 * 1024
"""Bytes of a file that `decode` takes; what the kit writes is far smaller."""


def files(report: model.Report) -> dict[str, bytes]:
    """Return the content of each file of stored examples, by its path in the output directory."""
    found: dict[str, bytes] = {}
    for example in report.counter_examples:
        stem = f"{FOLDER}/{data.anchor(example.name)}"
        copies = {each.path: f"{stem}.store-{number}.xml" for number, each in enumerate(example.files, 1)}
        found[f"{stem}.jsonl"] = _lines(example, copies)
        found[f"{stem}.json"] = data.encode_record(example)
        for each in example.files:
            found[copies[each.path]] = _content(each)
    return found


def _content(file: model.StoredFile) -> bytes:
    try:
        return base64.b64decode(file.content, validate=True)
    except ValueError:  # out of a forged report
        return b""


def path_of(name: str) -> str:
    """Return the path in the output directory under which `evte replay` finds a stored example."""
    return f"{FOLDER}/{data.anchor(name)}.json"


def decode(content: bytes, where: str) -> model.CounterExample:
    """Return the stored example of a file that `files` made.

    Args:
        content: of the file.
        where: the file, for messages.

    Raises:
        OperatorError: it is no such file, or one of another version of the kit.
    """
    try:
        if len(content) > LARGEST:
            raise ValueError(f"more than {LARGEST} bytes")
        return msgspec.json.decode(content, type=model.CounterExample)
    except (ValueError, RecursionError) as error:
        raise OperatorError(
            "this is no stored example",
            expected=f"a file {FOLDER}/NAME.json as `evte run` writes it",
            found=str(error),
            where=where,
            advice=f"name a file of the folder {FOLDER} in a report's folder, the one that ends in .json",
        ) from error


def _lines(example: model.CounterExample, copies: dict[str, str]) -> bytes:
    """Return the lines, each path of a store replaced by that of its copy."""
    # A line of the contract has no line feed inside; one out of a forged report must not become two.
    lines = [" ".join(line.splitlines()) for line in example.lines]
    for path, copy in copies.items():
        named = data.quoted(path)
        lines = [line.replace(named, f'"{copy}"') for line in lines]
    return "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
