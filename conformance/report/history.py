"""Reads reports that were written before: a baseline, the parts of a run, and the runs of a folder.

A stored run is read for its trend only where it is of the same profile, and of the same product as far
as the reader knows it; a part of a run, and what is no report, is left out and named.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from conformance.errors import OperatorError
from conformance.model import REPORT_SCHEMA, Readiness, Report, StoredRun
from conformance.report import data
from conformance.report.text import one_line

FILE: Final = "report.json"

MOST: Final = 60
"""Stored runs that a report keeps, the latest ones."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a folder of runs holds."""

    runs: tuple[StoredRun, ...]
    """Oldest first, at most `MOST`."""
    left_out: tuple[str, ...] = ()
    """Folders that could not be read as runs, each with the reason in words."""


def load(path: Path) -> Report:
    """Return the report of a folder that `evte run` wrote, or of its `report.json`.

    Raises:
        OperatorError: there is none, it cannot be read, or it is no report of this kit's schema.
    """
    file = path / FILE if path.is_dir() else path
    content = _content(file)
    try:
        schema = msgspec.json.decode(content, type=_Schema).schema
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_report(file, str(error)) from error
    if schema != REPORT_SCHEMA:
        raise _no_report(file, f"the schema {one_line(schema, 60) or 'of nothing'}")
    try:
        return data.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _no_report(file, str(error)) from error


def baseline(path: Path) -> Report:
    """Return a report that another can be compared with.

    Raises:
        OperatorError: as `load`, or it is a part of a run only.
    """
    report = load(path)
    if report.run.shard:
        raise OperatorError(
            "a part of a run is no baseline",
            expected="the report of a whole run",
            found=f"part {report.run.shard}",
            where=str(path),
            advice="join the parts with `evte merge`, and name the result",
        )
    return report


def read(folder: Path, *, profile: str) -> Stored:
    """Return the runs of a profile whose folders lie in ``folder``.

    Args:
        folder: holds one folder per run, of any name, each with its `report.json`.
        profile: name of the profile; runs of others are passed over without a word.

    Raises:
        OperatorError: the folder is not there, or cannot be read.
    """
    try:
        files = sorted(place / FILE for place in folder.iterdir() if (place / FILE).is_file())
    except OSError as error:
        raise OperatorError(
            "the folder of stored runs cannot be read",
            expected="a folder that holds a folder per run, each with its report.json",
            found=error.strerror or str(error),
            where=str(folder),
            advice="name the folder with --history, or make it before the first run",
        ) from error
    runs, left_out = [], []
    for file in files:
        try:
            kept = msgspec.json.decode(_content(file), type=_Kept)
            if not kept.schema.startswith("report/"):
                raise _no_report(file, f"the schema {kept.schema}")
            datetime.fromisoformat(kept.run.started)
        except (OperatorError, msgspec.DecodeError, ValueError, RecursionError) as error:
            told = error.found if isinstance(error, OperatorError) else str(error)
            left_out.append(f"the stored run {file.parent.name} cannot be read: {one_line(told, 200)}")
            continue
        if kept.run.profile.name == profile and not kept.run.shard:
            runs.append(_stored(kept))
    runs.sort(key=lambda each: each.started)
    return Stored(tuple(runs[-MOST:]), tuple(left_out))


def of_product(runs: Iterable[StoredRun], product: str) -> tuple[StoredRun, ...]:
    """Return the runs of one product, by the name that it gives itself."""
    return tuple(each for each in runs if each.product == product)


# --- the part of a report that a trend needs; all else of it is passed over --------------------------


class _Schema(msgspec.Struct, frozen=True):
    schema: str


class _Named(msgspec.Struct, frozen=True):
    name: str
    version: str = ""
    build: str = ""


class _Run(msgspec.Struct, frozen=True):
    started: str
    kit_version: str
    profile: _Named
    implementation: _Named | None = None
    shard: str = ""


class _Verdict(msgspec.Struct, frozen=True):
    readiness: Readiness
    counts: dict[str, int] = {}


class _Kept(msgspec.Struct, frozen=True):
    schema: str
    run: _Run
    verdict: _Verdict


def _stored(kept: _Kept) -> StoredRun:
    who = kept.run.implementation or _Named(name="")
    return StoredRun(
        started=kept.run.started,
        product=who.name,
        version=who.version,
        build=who.build,
        profile=kept.run.profile.name,
        kit_version=kept.run.kit_version,
        readiness=kept.verdict.readiness,
        counts=kept.verdict.counts,
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise _no_report(file, error.strerror or str(error)) from error


def _no_report(file: Path, found: str) -> OperatorError:
    return OperatorError(
        "there is no report that could be read",
        expected=f"a folder that evte run wrote, or its report.json, of the schema {REPORT_SCHEMA}",
        found=one_line(found, 300),
        where=str(file),
    )
