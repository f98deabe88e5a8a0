"""The loader of the test vectors: finds, reads, expands, checks and digests them.

The data lives in `vectors/` at the top of a checkout and in `conformance/_data/vectors` of an installed
wheel; `vectors/README.md` describes the format for users of any language.  A file of vectors is a JSON
file of the form `conformance.model.VectorFile`, named by its path below that folder with `/` between the
parts, for instance `checksum/valid.json`.  A wrong file is the kit's own fault, so it raises `KitError`.
"""

import hashlib
import re
from collections.abc import Collection, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from conformance.errors import KitError
from conformance.model import VECTORS_SCHEMA, Vector, VectorFile

SCHEMA_FILE: Final = "schema/vectors-1.json"
"""The JSON Schema of a file of vectors, below `directory()`."""

STATUSES: Final = ("ok", "rejected", "either")
"""What a vector may expect."""

LONGEST_TEXT: Final = 8 * 1024 * 1024
"""Characters that an input form may expand to; a line to a harness may have 16 MiB."""

_NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_NOT_DATA: Final = frozenset({".md", ".py", ".pyc"})


def directory() -> Path:
    """Return the folder of the vectors.

    Raises:
        KitError: neither the package nor the checkout around it has one.
    """
    package = Path(__file__).resolve().parent
    for folder in (package / "_data" / "vectors", package.parent / "vectors"):
        if (folder / SCHEMA_FILE).is_file():
            return folder
    raise KitError(
        "the test vectors are not there",
        expected="vectors/ beside the package, or _data/vectors inside it",
        where=str(package),
        advice="install the kit anew; the wheel carries its vectors",
    )


def files() -> tuple[str, ...]:
    """Return the names of all files of vectors, in alphabetical order."""
    return _files(directory())


@cache
def load(name: str) -> VectorFile:
    """Return the vectors of one file, input forms expanded.

    Args:
        name: path below `directory()` with `/` between the parts, as `files` gives it.

    Raises:
        KitError: there is no such file, it does not have the form of `VectorFile`, it is of another
            version of the format, or it uses an input form that does not exist.
    """
    if name not in files():
        raise KitError(f"there is no file of vectors {name!r}", expected=f"one of {', '.join(files())}")
    return _read(directory(), name)


def _read(folder: Path, name: str) -> VectorFile:
    try:
        found = msgspec.json.decode((folder / name).read_bytes(), type=VectorFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise KitError(f"a file of vectors has not the form of its schema: {error}", where=name) from error
    if found.schema != VECTORS_SCHEMA:
        raise KitError(
            "a file of vectors is of another version", expected=VECTORS_SCHEMA, found=found.schema, where=name
        )
    return msgspec.structs.replace(found, cases=tuple(_expanded(case, name) for case in found.cases))


def expand(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return a JSON value with the input forms in it replaced by what they stand for.

    `{"$repeat": [text, count]}` is the text so many times; `{"$join": [part, …]}` is the parts one after
    another, each a text or a form.  Everything else stays as it is, at any depth.

    Raises:
        ValueError: an object begins with `$` but is not such a form, or the text would be too long.
    """
    if isinstance(value, list):
        return [expand(member) for member in value]
    if not isinstance(value, dict):
        return value
    if not any(key.startswith("$") for key in value):
        return {key: expand(member) for key, member in value.items()}
    match value:
        case {"$repeat": [str(text), int(count)]} if len(value) == 1 and count >= 0:
            if len(text) * count > LONGEST_TEXT:
                raise ValueError(f"$repeat makes more than {LONGEST_TEXT} characters")
            return text * count
        case {"$join": [*parts]} if len(value) == 1:
            texts = [expand(part) for part in parts]
            if not all(isinstance(text, str) for text in texts):
                raise ValueError("$join takes texts, or forms that make texts")
            return "".join(texts)
    raise ValueError(f"there is no input form with the keys {', '.join(value)}")


def _expanded(case: Vector, file: str) -> Vector:
    try:
        return msgspec.structs.replace(case, input=expand(case.input))
    except ValueError as error:
        raise KitError(f"the input of {case.id} cannot be made: {error}", where=file) from error


@cache
def exposing() -> dict[str, frozenset[str]]:
    """Return, by mutant, the ids of the vectors that say of themselves that they expose it."""
    found: dict[str, set[str]] = {}
    for name in files():
        for case in load(name).cases:
            for mutant in case.kills:
                found.setdefault(mutant, set()).add(case.id)
    return {mutant: frozenset(ids) for mutant, ids in found.items()}


def digest() -> str:
    """Return `sha256:…` over every data file: names and contents, in alphabetical order.

    Files of vectors, their schema and the artefacts beside them count, documentation and generators do
    not.  Line ends of JSON files are taken as LF, so that a checkout on Windows has the same digest.
    """
    total = hashlib.sha256()
    for name, path in _data(directory()):
        content = path.read_bytes()
        if path.suffix == ".json":
            content = content.replace(b"\r\n", b"\n")
        # Lengths keep the border between name, content and next name from being moved unnoticed.
        total.update(f"{len(name.encode())}:{name}{len(content)}:".encode() + content)
    return f"sha256:{total.hexdigest()}"


def schema() -> bytes:
    """Return the JSON Schema of a file of vectors, made from `VectorFile`; UTF-8 with a final line feed."""
    made = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"A file of test vectors ({VECTORS_SCHEMA})",
        **msgspec.json.schema(VectorFile),
    }
    return msgspec.json.format(msgspec.json.encode(made, order="sorted"), indent=2) + b"\n"


def check(
    folder: Path | None = None,
    *,
    methods: Collection[str] | None = None,
    reasons: Collection[str] | None = None,
    mutants: Collection[str] | None = None,
) -> list[str]:
    """Return every problem of every file of vectors as one sentence each; nothing when all is well.

    A file must have the form of the schema.  Ids are unique within an area (the folder), because one
    requirement may be settled by several files of it.  Every case but a healthy one has a twin in the same
    file that is healthy and of the same method, a mutation in words, and reasons; every refused one also
    has flags and the mutants that it kills.  Every flag that is used is explained, and the other way round.

    Args:
        folder: where to look; `directory()` when left out.
        methods: the contract's methods, where the caller knows them.
        reasons: the contract's reasons for a refusal, where the caller knows them.
        mutants: the names of all mutants, where the caller knows them.
    """
    top = folder or directory()
    problems: list[str] = []
    seen: dict[tuple[str, str], str] = {}
    for name in _files(top):
        try:
            file = _read(top, name)
        except KitError as error:
            problems.append(f"{name}: {error.message}")
            continue
        problems.extend(f"{name}: {problem}" for problem in _problems_of_file(file))
        for case in file.cases:
            found = [*_problems_of_case(case, file), *_unknown(case, methods, reasons, mutants)]
            area = name.rpartition("/")[0]
            if (area, case.id) in seen:
                found.append(f"the id stands in {seen[area, case.id]} as well")
            seen[area, case.id] = name
            problems.extend(f"{name}: {case.id}: {problem}" for problem in found)
    return problems


def _problems_of_file(file: VectorFile) -> Iterator[str]:
    if not file.cases:
        yield "there is no case"
    if not (file.purpose and file.source):
        yield "purpose and source must say something"
    used = {flag for case in file.cases for flag in case.flags}
    for flag in sorted(used - file.flags.keys()):
        yield f"flag {flag} is not explained"
    for flag in sorted(file.flags.keys() - used):
        yield f"flag {flag} is explained but no case has it"
    for name, explained in file.flags.items():
        if not (explained.kind and explained.text and explained.effect and explained.mend):
            yield f"flag {name} must have kind, text, effect and mend"


def _problems_of_case(case: Vector, file: VectorFile) -> Iterator[str]:
    if not _NAME.fullmatch(case.id):
        yield "an id is made of small letters and digits with single hyphens between them"
    expect = case.expect
    if expect.status not in STATUSES:
        yield f"{expect.status} is not a status"
    if expect.status == "ok":
        if expect.reasons:
            yield "a healthy case has no reasons"
        return
    if expect.value is not None:
        yield "only an accepted case has a value"
    twin = next((other for other in file.cases if other.id == case.twin), None)
    if twin is None:
        yield f"its twin {case.twin!r} is not in the file"
    elif twin.expect.status != "ok" or twin.method != case.method:
        yield f"its twin {twin.id} is not a healthy case of the same method"
    elif twin.input == case.input:
        yield f"it is the same as its twin {twin.id}"
    if not case.mutation:
        yield "the change against the twin is not named"
    if not expect.reasons:
        yield "the right reasons are not named"
    if expect.status == "rejected" and not case.flags:
        yield "the kind of mistake is not flagged"
    if expect.status == "rejected" and not case.kills:
        yield "the mutants that it kills are not named"


def _unknown(
    case: Vector,
    methods: Collection[str] | None,
    reasons: Collection[str] | None,
    mutants: Collection[str] | None,
) -> Iterator[str]:
    for kind, names, known in (
        ("method", (case.method,), methods),
        ("reason", case.expect.reasons, reasons),
        ("mutant", case.kills, mutants),
    ):
        for name in names:
            if known is not None and name not in known:
                yield f"{name} is not a {kind} that exists"


def _files(folder: Path) -> tuple[str, ...]:
    return tuple(
        name for name, path in _data(folder) if path.suffix == ".json" and not name.startswith("schema/")
    )


@cache
def _data(folder: Path) -> tuple[tuple[str, Path], ...]:
    """Return every data file below a folder with its name, in alphabetical order of the names."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*"))
    return tuple(
        (name, path)
        for name, path in sorted(found)
        if path.is_file()
        and path.suffix not in _NOT_DATA
        and not any(part.startswith((".", "__")) for part in Path(name).parts)
    )
