"""`manifest.json`: what stands in the output directory, file by file, with size and SHA-256 digest.

It also says which run and which verdict the files belong to, and who signed it, so that a signature cannot be
taken away without a trace.  The form is canonical: one report in one directory has one manifest, byte for
byte, and anything else is refused by whoever reads it strictly.
"""

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives import hashes

from conformance import model
from conformance.errors import OperatorError
from conformance.model import Record
from conformance.protocol import certificates
from conformance.report import signing
from conformance.report.signing import Signer

FILE: Final = "manifest.json"
SCHEMA: Final = "manifest/1"

MOST_FILES: Final = 20_000
"""In an output directory; a run of the largest profile leaves about 1,000."""

MOST_FOREIGN: Final = 5_000
"""In a directory that a report is to be written to, those of an earlier report included."""

_OUTSIDE: Final = frozenset({FILE, signing.FILE})
"""Files that the manifest cannot name."""


class Entry(Record, frozen=True, kw_only=True):
    """One file."""

    path: str
    """From the output directory on, `/` between its parts."""
    size: int
    """In bytes."""
    sha256: str
    """Of the content, hexadecimal."""


class Identity(Record, frozen=True, kw_only=True):
    """Which run it was; as in `report.json`."""

    product: str
    version: str
    build: str
    profile: str
    edition: str
    started: str
    finished: str
    seed: int
    kit_version: str
    catalogue_digest: str
    vectors_digest: str
    shard: str = ""


class Stated(Record, frozen=True, kw_only=True):
    """The verdict; as in `report.json`."""

    readiness: model.Readiness
    sentence: str
    valid_until: str


class SignedBy(Record, frozen=True, kw_only=True):
    """Whose signature `manifest.sig.xml` holds."""

    subject: str
    """Of the certificate, as RFC 4514 writes names."""
    certificate_sha256: str
    """Fingerprint of the certificate, hexadecimal."""
    origin: str
    """Where the key is from, in the words of whoever signed."""


class Manifest(Record, frozen=True, kw_only=True):
    """The content of `manifest.json`."""

    schema: str
    run: Identity
    verdict: Stated
    signed_by: SignedBy | None
    files: tuple[Entry, ...]
    """Every file of the directory but the manifest itself and its signature, by path."""


def make(report: model.Report, directory: Path, signer: Signer | None = None) -> Manifest:
    """Return the manifest of a report and of whatever stands in its directory.

    Args:
        report: as `report.json` holds it.
        directory: where all forms have been written.
        signer: who will sign the manifest.

    Raises:
        OSError: a file cannot be read.
        OperatorError: there are too many files, as where the directory is not the report's own.
    """
    return Manifest(
        schema=SCHEMA,
        run=identity(report.run),
        verdict=stated(report.verdict),
        signed_by=signed_by(signer) if signer is not None else None,
        files=tuple(files(directory)),
    )


def identity(run: model.Run) -> Identity:
    """Return which run it was."""
    who = run.implementation
    return Identity(
        product=who.name if who else "",
        version=who.version if who else "",
        build=who.build if who else "",
        profile=run.profile.name,
        edition=run.profile.edition,
        started=run.started,
        finished=run.finished,
        seed=run.seed,
        kit_version=run.kit_version,
        catalogue_digest=run.catalogue_digest,
        vectors_digest=run.vectors_digest,
        shard=run.shard,
    )


def stated(verdict: model.Verdict) -> Stated:
    """Return what the manifest says of a verdict."""
    return Stated(readiness=verdict.readiness, sentence=verdict.sentence, valid_until=verdict.valid_until)


def signed_by(signer: Signer) -> SignedBy:
    """Return what the manifest says of its signer."""
    return SignedBy(
        subject=certificates.subject_of(signer.certificate),
        certificate_sha256=signer.certificate.fingerprint(hashes.SHA256()).hex(),
        origin=signer.origin,
    )


def files(directory: Path) -> Iterator[Entry]:
    """Yield every file of a directory and of those in it, sorted by path, but the manifest and its signature.

    Links are left out, because what they lead to can change while the directory stays as it is; see `odd`.

    Raises:
        OSError: a file or directory cannot be read.
        OperatorError: there are more than `MOST_FILES`.
    """
    for place in _regular(directory):
        with place.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
            size = content.tell()
        yield Entry(path=named(place, directory), size=size, sha256=digest)


def odd(directory: Path) -> list[str]:
    """Return the paths of links and of whatever else is neither a file nor a directory, sorted."""
    return sorted(named(place, directory) for place, mode in _walked(directory) if not stat.S_ISREG(mode))


def named(place: Path, directory: Path) -> str:
    """Return a path as manifests write it; what no UTF-8 can hold is written as an escape."""
    relative = place.relative_to(directory).as_posix()
    return relative.encode("utf-8", "backslashreplace").decode()


def encode(manifest: Manifest) -> bytes:
    """Return `manifest.json`: UTF-8, indented by two blanks, with a line feed at the end."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def decode(content: bytes) -> Manifest:
    """Return the manifest that `encode` wrote.

    Raises:
        msgspec.ValidationError: the content is JSON but not a manifest.
        msgspec.DecodeError: the content is not JSON.
    """
    return msgspec.json.decode(content, type=Manifest)


def _regular(directory: Path) -> list[Path]:
    found = {named(place, directory): place for place, mode in _walked(directory) if stat.S_ISREG(mode)}
    return [found[path] for path in sorted(found) if path not in _OUTSIDE]


def refuse_crowded(directory: Path) -> None:
    """Refuse a directory that holds so much else that nobody means all of it to be signed for.

    To be called before a run, so that nobody waits for a report that has no place.

    Raises:
        OSError: a directory cannot be read.
        OperatorError: there are more than `MOST_FOREIGN` files in it already.
    """
    for _ in _walked(directory, MOST_FOREIGN):
        pass


def _walked(directory: Path, most: int | None = None) -> Iterator[tuple[Path, int]]:
    """Yield every entry that is no directory, with its mode; links are not followed."""
    waiting, count, most = [directory], 0, most or MOST_FILES
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(Path(entry.path))
                    continue
                count += 1
                if count > most:
                    raise OperatorError(
                        "the output directory holds too many other files",
                        expected=f"a directory of the report's own; at most {most} files",
                        where=str(directory),
                        advice="name another folder with --out",
                    )
                yield Path(entry.path), entry.stat(follow_symlinks=False).st_mode
