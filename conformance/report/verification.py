"""Looks a written report over, years later if need be, without trusting whoever wrote it.

The verdict is computed again from the raw results, every form is drawn again and compared byte for byte,
every digest of the manifest and its signature are checked.  Nothing here looks at a clock or a network: the
moment to judge by is an argument.

What cannot be found this way is a report that was forged as a whole: results that no product ever gave, with
every form drawn from them.  Against that there is only the signature, and the word of whoever signed.
"""

import hashlib
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from conformance import __version__, catalogue, model
from conformance.errors import OperatorError
from conformance.protocol import certificates, instants
from conformance.report import data, forms, kill_score, manifest, signing
from conformance.report.manifest import Entry, Manifest
from conformance.report.signing import Signed
from conformance.report.text import one_line
from conformance.verdict import decide, label

EXIT_CODE: Final = 8
"""Of `evte verify` when there is any difference."""

MAX_BYTES: Final = 1 << 28
"""Of the longest `report.json` that is read; a run of the largest profile has about 10 million."""

NOT_PROVEN: Final = (
    "That the run took place at the time that the report states, or at all.",
    "That the product that was run is the one that is shipped: the harness says who it is.",
    "That every case of the profile was planned: which ones were is taken from report.json.",
    "That the government's services accept the product: the kit has its own stand-ins for them.",
    "That anybody certified anything: READY means ready to apply.",
)
"""What neither digests nor a signature say."""

_ONLY_SIGNED: Final = (
    "Nobody signed it: whoever can write the files can also write a manifest that fits them, "
    "and other results with it."
)
_RAW: Final = "results.ndjson"
_WHOLE: Final = "report.json"
_FOLDERS: Final = ("evidence/", "replay/")
"""Folders that hold nothing but forms of the report."""
_SHOWN: Final = 120
"""Characters of a line that a difference shows."""
_NAMED: Final = 3
"""Points that a difference names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that is not as it was written, or not as it should have been."""

    file: str
    """From the directory on; the directory itself is `.`."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What looking over a directory came to."""

    differences: tuple[Difference, ...]
    remarks: tuple[str, ...]
    """What was not looked at, and why."""
    report: model.Report | None
    """None when it cannot be read."""
    manifest: Manifest | None
    drawn: int
    """Forms that were drawn again."""
    signed: Signed | None
    """None when nobody signed."""
    trusted: bool
    """Whether the signature holds and its certificate leads to one that was given as trusted."""
    validity: str
    """Whether the verdict still holds at the moment asked for, in one sentence; empty without a report."""

    @property
    def holds(self) -> bool:
        """Whether everything is as it was written."""
        return not self.differences


def verify(directory: Path, *, at: datetime, anchors: Sequence[x509.Certificate] = ()) -> Verification:
    """Look a directory over that `evte run` or `evte merge` wrote.

    Args:
        directory: the output directory.
        at: the moment for which validity is told; aware.
        anchors: trusted certificates; if there are any, the manifest must be signed by somebody they vouch
            for.

    Raises:
        OperatorError: there is no such directory, or nothing of a report in it.
    """
    try:
        there = any((directory / name).exists() for name in (manifest.FILE, _WHOLE, _RAW))
    except OSError:  # a folder that may not be entered
        there = False
    if not there:
        raise OperatorError(
            "there is no report to verify",
            expected=f"a folder that `evte run` has written, with {manifest.FILE} and {_WHOLE}",
            found="a folder without them, or one that may not be read"
            if directory.is_dir()
            else "no such folder",
            where=str(directory),
            advice="name the folder that was given as --out",
        )
    return _Look(directory, at, tuple(anchors)).outcome()


class _Look:
    """One look at one directory; what is found is gathered by file."""

    def __init__(self, directory: Path, at: datetime, anchors: tuple[x509.Certificate, ...]) -> None:
        self._directory = directory
        self._at = at
        self._anchors = anchors
        self._found: list[Difference] = []
        self._remarks: list[str] = []
        self._forms: dict[str, bytes] = {}
        self._right: set[str] = set()
        """Files that are what the kit draws."""

    def outcome(self) -> Verification:
        """Look at everything, and say what was found."""
        listed = self._read(manifest.FILE)
        stated = self._manifest(listed)
        report = self._report()
        there = self._files()
        if report is not None:
            self._compare_identity(stated, report)
            self._compare_catalogue(report)
            results = self._results(report)
            self._compare_verdict(report, results)
            self._draw(report, there)
            self._compare_forms(stated, there)
        self._compare_files(stated, there)
        signed = self._signature(listed, stated)
        trusted = self._trust(signed, report)
        return Verification(
            differences=tuple(dict.fromkeys(self._found)),
            remarks=tuple(self._remarks),
            report=report,
            manifest=stated,
            drawn=len(self._forms),
            signed=signed,
            trusted=trusted,
            validity=validity(report, self._at) if report is not None else "",
        )

    def _differs(self, file: str, sentence: str) -> None:
        self._found.append(Difference(file=one_line(file, 300), sentence=one_line(sentence, 600)))

    def _read(self, name: str) -> bytes | None:
        """Return the content of a file; None, and a difference, when that cannot be had."""
        path = self._directory / name
        try:
            if not stat.S_ISREG(path.stat().st_mode):
                self._differs(name, "is no file")
                return None
            if path.stat().st_size > MAX_BYTES:
                self._differs(name, f"is larger than {MAX_BYTES} bytes and was not read")
                return None
            return path.read_bytes()
        except FileNotFoundError:
            self._differs(name, "is missing")
        except OSError as error:
            self._differs(name, f"cannot be read: {error.strerror or error}")
        return None

    # --- the manifest and the files ---------------------------------------------------------------

    def _manifest(self, content: bytes | None) -> Manifest | None:
        if content is None:
            return None
        try:
            stated = manifest.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._differs(manifest.FILE, f"is no manifest: {error}")
            return None
        if stated.schema != manifest.SCHEMA:
            self._differs(manifest.FILE, f"is of the form {stated.schema}, and not {manifest.SCHEMA}")
        if manifest.encode(stated) != content:
            self._differs(manifest.FILE, "is not written as the kit writes it")
        paths = [entry.path for entry in stated.files]
        if paths != sorted(set(paths)):
            self._differs(manifest.FILE, "does not name the files in their order, each once")
        return stated

    def _files(self) -> dict[str, Entry]:
        there = {}
        try:
            for entry in manifest.files(self._directory):
                there[entry.path] = entry
            for path in manifest.odd(self._directory):
                self._differs(path, "is a link or a device; what it leads to is not part of the report")
        except OSError as error:
            self._differs(Path(error.filename or ".").name, f"cannot be read: {error.strerror or error}")
        return there

    def _compare_files(self, stated: Manifest | None, there: dict[str, Entry]) -> None:
        if stated is None:
            return
        named = {entry.path: entry for entry in stated.files}
        for path, entry in named.items():
            found = there.get(path)
            if found is None:
                self._differs(path, f"is named in {manifest.FILE} and missing")
            elif found != entry and path in self._right:
                self._differs(
                    manifest.FILE, f"has another size or digest of {path}, which is as it was drawn"
                )
            elif found.size != entry.size:
                self._differs(path, f"has {found.size} bytes, and {entry.size} by {manifest.FILE}")
            elif found.sha256 != entry.sha256:
                self._differs(path, f"was changed: its digest is not the one in {manifest.FILE}")
        for path in there.keys() - named.keys():
            if path in self._right:
                self._differs(manifest.FILE, f"does not name {path}, which belongs to the report")
            else:
                self._differs(path, f"is not named in {manifest.FILE}: it was put there afterwards")

    def _compare_identity(self, stated: Manifest | None, report: model.Report) -> None:
        if stated is None:
            return
        for ours, theirs, of in (
            (stated.run, manifest.identity(report.run), "run"),
            (stated.verdict, manifest.stated(report.verdict), "verdict"),
        ):
            for name in _different(ours, theirs):
                self._differs(
                    manifest.FILE, f"states another {of} than {_WHOLE}: {_other(ours, theirs, name)}"
                )

    # --- the report and its forms -----------------------------------------------------------------

    def _report(self) -> model.Report | None:
        content = self._read(_WHOLE)
        if content is None:
            return None
        try:
            return data.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            other = _kit_version(content)
            made = f"; it was written by kit {other}, this is {__version__}" if other else ""
            self._differs(_WHOLE, f"cannot be read as a report of this kit: {error}{made}")
            return None

    def _results(self, report: model.Report) -> tuple[model.Result, ...]:
        """Return the raw results, and say where the report has others."""
        content = self._read(_RAW)
        if content is None:
            return report.run.results
        try:
            lines = content.removesuffix(b"\n").split(b"\n") if content else []
            results = tuple(msgspec.json.decode(line, type=model.Result) for line in lines)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            self._differs(_RAW, f"cannot be read: {error}")
            return report.run.results
        if results == report.run.results:
            return results
        ours, theirs = (
            {(each.requirement, each.case): each for each in some} for some in (results, report.run.results)
        )
        lacking = [point for point in theirs if point not in ours]
        further = [point for point in ours if point not in theirs]
        other = [point for point in ours if point in theirs and ours[point] != theirs[point]]
        for points, sentence in (
            (lacking, f"lacks results that {_WHOLE} has"),
            (further, f"has results that {_WHOLE} has not"),
            (other, f"has other results than {_WHOLE}"),
        ):
            if points:
                self._differs(_RAW, f"{sentence}: {_points(points)}")
        if not (lacking or further or other):
            self._differs(_RAW, f"has the results of {_WHOLE} in another order or number")
        return results

    def _compare_verdict(self, report: model.Report, results: tuple[model.Result, ...]) -> None:
        run = msgspec.structs.replace(report.run, results=results)
        computed = _decided(run, report)
        if computed is None:
            self._differs(_WHOLE, "the verdict cannot be computed again: a date in it is none")
            return
        names = _different(report.verdict, computed)
        if report.run.kit_version != __version__:
            # Words may change from one version to the next; what they say may not.
            names = [name for name in names if name in ("readiness", "missing", "blocking")]
        for name in names:
            told = _other(report.verdict, computed, name)
            self._differs(_WHOLE, f"states another verdict than the raw results come to: {told}")

    def _compare_catalogue(self, report: model.Report) -> None:
        if report.run.catalogue_digest != catalogue.digest():
            self._remarks.append(
                "The requirements were not compared with a catalogue: the report was made with another one "
                f"than this kit's ({report.run.catalogue_digest})."
            )
            return
        known = catalogue.requirements()
        profile = catalogue.profiles().get(report.run.profile.name)
        if profile != report.run.profile:
            self._differs(_WHOLE, f"has another profile {report.run.profile.name} than the catalogue")
        for requirement in report.requirements:
            if known.get(requirement.id) != requirement:
                self._differs(_WHOLE, f"has another requirement {requirement.id} than the catalogue")
        questions = catalogue.questions()
        for question in report.questions:
            if questions.get(question.id) != question:
                self._differs(_WHOLE, f"has another question {question.id} than the catalogue")

    def _draw(self, report: model.Report, there: dict[str, Entry]) -> None:
        """Draw the forms again, and note which files are as they were drawn."""
        if report.run.kit_version != __version__:
            self._remarks.append(
                f"No form was drawn again: kit {report.run.kit_version} wrote the report, and this is "
                f"{__version__}.  Install that version to compare them."
            )
            return
        if report.kill_score != kill_score.read():
            self._differs(_WHOLE, "states another kill score than this kit has")
        try:
            self._forms = forms(report)
        except Exception as error:  # what somebody changed may be anything
            self._differs(_WHOLE, f"cannot be drawn: {type(error).__name__}: {error}")
            return
        for path, expected in self._forms.items():
            if path in there and there[path] == _entry(path, expected):
                self._right.add(path)
        if any(path in there and path not in self._right for path in self._forms):
            # It is the origin of all the others, so only they can say that it is right.
            self._right.discard(_WHOLE)

    def _compare_forms(self, stated: Manifest | None, there: dict[str, Entry]) -> None:
        if not self._forms:
            return
        if stated is not None and _WHOLE not in self._right and there.get(_WHOLE) not in stated.files:
            self._remarks.append(
                f"No form was compared, because {_WHOLE} was changed and they follow from it."
            )
            return
        for path, expected in self._forms.items():
            if path not in there:
                self._differs(path, f"is missing: the kit draws it from {_WHOLE}")
            elif there[path] != _entry(path, expected) and (content := self._read(path)) is not None:
                self._differs(path, _first_other_line(content, expected))
        foreign = sorted(there.keys() - self._forms.keys() - {"report.pdf"})
        for path in foreign:
            if path.startswith(_FOLDERS):
                self._differs(path, "belongs to no transcript or stored example of this report")
        others = [path for path in foreign if not path.startswith(_FOLDERS)]
        if others:
            named = one_line(", ".join(others), 300)
            self._remarks.append(f"Not of the kit's making, and only compared with {manifest.FILE}: {named}.")
        if "report.pdf" in there:
            self._remarks.append(
                f"report.pdf was only compared with {manifest.FILE}: fonts make its bytes differ."
            )

    # --- the signature ----------------------------------------------------------------------------

    def _signature(self, listed: bytes | None, stated: Manifest | None) -> Signed | None:
        name = signing.FILE
        by = stated.signed_by if stated is not None else None
        if not (self._directory / name).exists():
            if by is not None:
                self._differs(name, f"is missing, and manifest.json says that {by.subject} signed")
            elif self._anchors:
                self._differs(name, "is missing: nobody signed, so nobody can be trusted for it")
            else:
                self._remarks.append(_ONLY_SIGNED)
            return None
        content = self._read(name)
        if content is None or listed is None:
            return None
        signed = signing.examine(content, listed)
        if signed.problem:
            self._differs(name, f"does not hold: {signed.problem}")
        if signed.other_manifest:
            self._differs(manifest.FILE, f"is not the one that {name} was made for")
        if signed.certificate is not None and stated is not None:
            fingerprint = signed.certificate.fingerprint(hashes.SHA256()).hex()
            if by is None or by.certificate_sha256 != fingerprint:
                self._differs(name, "is by another certificate than the one that manifest.json names")
        return signed

    def _trust(self, signed: Signed | None, report: model.Report | None) -> bool:
        if signed is None or signed.problem or signed.certificate is None:
            return False
        moment = _moment(report.run.finished) if report is not None else None
        if moment is None:
            return False
        state = certificates.validity(signed.certificate, moment)
        if state is not certificates.Validity.CURRENT:
            self._differs(signing.FILE, f"the certificate was {state} when the run ended")
        if not self._anchors:
            self._remarks.append(
                "The signature holds, and nobody was asked whose key it is: name the authority, or the "
                "signer's own certificate, with --trust."
            )
            return False
        problem = signing.distrusted(signed, self._anchors, moment)
        if problem:
            self._differs(signing.FILE, f"is by nobody whom the given certificates vouch for: {problem}")
        return not problem


def validity(report: model.Report, at: datetime) -> str:
    """Say whether a verdict still holds at a moment, in one sentence.

    Args:
        report: as it was written.
        at: aware.
    """
    verdict, day = report.verdict, at.astimezone(UTC).date()
    finished = _moment(report.run.finished)
    if finished is not None and day < finished.date():
        return f"On {day} the run had not taken place yet; it ended on {finished.date()}."
    if not verdict.valid_until:
        return f"There is nothing to be valid: the verdict is {verdict.readiness}."
    if day.isoformat() > verdict.valid_until:
        told = f"No longer valid on {day}: it was until {verdict.valid_until}"
        later = _decided(report.run, report, at=at)
        if later is not None and later.readiness is not verdict.readiness:
            return (
                f"{told}. A waiver has ended, and by then the verdict is {later.readiness}: mend the "
                "failure, or have it admitted anew, and run the kit again."
            )
        return f"{told}. Run the kit again."
    return f"Valid on {day}, and until {verdict.valid_until}, as long as the product's build stays the same."


def _decided(run: model.Run, report: model.Report, *, at: datetime | None = None) -> model.Verdict | None:
    moment = at or _moment(run.finished)
    security = frozenset(each.id for each in report.requirements if each.security)
    try:
        return None if moment is None else decide(run, security=security, today=moment.astimezone(UTC).date())
    except ValueError:  # a date that is none, in a report that somebody changed
        return None


def _moment(text: str) -> datetime | None:
    try:
        return instants.read(text)
    except instants.InstantError:
        return None


def _kit_version(content: bytes) -> str:
    """Return the version that a report of whatever form states; empty when it states none."""
    try:
        found: Any = msgspec.json.decode(content)
        version = found["run"]["kit_version"]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError, KeyError, TypeError, IndexError):
        return ""
    return version if isinstance(version, str) and version != __version__ else ""


def _different(ours: model.Record, theirs: model.Record) -> list[str]:
    """Return the names of the fields in which two records of one kind differ."""
    return [name for name in ours.__struct_fields__ if getattr(ours, name) != getattr(theirs, name)]


def _other(ours: model.Record, theirs: model.Record, name: str) -> str:
    """Say in what a field of two records differs; of a list, what only one of the two has."""
    value, other = (msgspec.to_builtins(getattr(record, name)) for record in (ours, theirs))
    words = name.replace("_", " ")
    if isinstance(value, tuple) and isinstance(other, tuple) and set(value) != set(other):
        more, less = (
            [each for each in one if each not in two] for one, two in ((value, other), (other, value))
        )
        told = ("with", more), ("without", less)
        return f"{words} " + " and ".join(f"{how} {_shown(some)}" for how, some in told if some)
    return f"{words} {_shown(value)} instead of {_shown(other)}"


def _shown(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return one_line(text, _SHOWN) or "nothing"


def _points(points: Sequence[tuple[str, str]]) -> str:
    named = [label(model.Point(requirement=requirement, case=case)) for requirement, case in points[:_NAMED]]
    more = f", and {len(points) - _NAMED} more" if len(points) > _NAMED else ""
    return ", ".join(named) + more


def _entry(path: str, content: bytes) -> Entry:
    return Entry(path=path, size=len(content), sha256=hashlib.sha256(content).hexdigest())


def _first_other_line(content: bytes, expected: bytes) -> str:
    """Say where a file leaves the form that the kit draws."""
    pairs = _lines(content, expected)
    number, found, wanted = next((n, a, b) for n, (a, b) in enumerate(pairs, 1) if a != b)
    at = next((i for i, (a, b) in enumerate(zip(found, wanted, strict=False)) if a != b), 0)
    begin = max(0, at - _SHOWN // 2)
    told = [
        one_line(line[begin : begin + _SHOWN].decode("utf-8", "replace"), _SHOWN) or "nothing"
        for line in (found, wanted)
    ]
    return f"is not what the kit draws from {_WHOLE}: line {number} has {told[0]} instead of {told[1]}"


def _lines(content: bytes, expected: bytes) -> Iterator[tuple[bytes, bytes]]:
    ours, theirs = content.split(b"\n"), expected.split(b"\n")
    for place in range(max(len(ours), len(theirs))):
        yield (
            ours[place] if place < len(ours) else b"",
            theirs[place] if place < len(theirs) else b"",
        )
