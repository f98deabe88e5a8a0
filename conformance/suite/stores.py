"""Credential stores as files for one implementation, and what may be demanded of how it treats them."""

import base64
import functools
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from conformance.errors import ImplementationError
from conformance.model import Subcode
from conformance.protocol.secrets import Search, Secret, of_key
from conformance.simulators.authority import Authority, MachineCredential
from conformance.simulators.recipes import Prepared, prepare
from conformance.suite import Case
from conformance.suite.iut import Iut, Reply, excerpt


@dataclass(frozen=True)
class StoreFile:
    """A store as a file."""

    path: Path
    """Alone in its folder, under a name that tells nothing of what is in it."""
    prepared: Prepared

    def must_be_untouched(self, before: "Traces") -> None:
        """Demand that the file is as it was and that nothing has come to lie beside it.

        Raises:
            ImplementationError: content, time, mode or folder changed.
        """
        after = Traces.of(self.path)
        for what, was, found in zip(
            ("content", "time", "mode", "folder"), before.told(), after.told(), strict=True
        ):
            if was != found:
                raise ImplementationError(
                    f"opening a credential changed the {what} of the store",
                    subcode=Subcode.STATE_LEAK,
                    expected=was,
                    found=found,
                    advice="open the file for reading only, and leave no copy beside it",
                )


@dataclass(frozen=True)
class Traces:
    """What a file and its folder look like at a moment."""

    sha256: str
    modified_ns: int
    mode: int
    beside: tuple[str, ...]

    @classmethod
    def of(cls, path: Path) -> "Traces":
        """Look at a file; one that is gone has no content."""
        beside = tuple(sorted(each.name for each in path.parent.iterdir()))
        if not path.is_file():
            return cls("", 0, 0, beside)
        status = path.stat()
        return cls(hashlib.sha256(path.read_bytes()).hexdigest(), status.st_mtime_ns, status.st_mode, beside)

    def told(self) -> tuple[str, ...]:
        """Return content, time, mode and folder as words."""
        return self.sha256, f"{self.modified_ns} ns", oct(self.mode), ", ".join(self.beside)


# A process that runs the suite many times asks for the same stores at the same moment again and again.
@functools.lru_cache(maxsize=2)
def _authority(moment: datetime) -> Authority:
    return Authority(moment)


@functools.lru_cache(maxsize=1024)
def _prepared(recipe: bytes, authority: Authority, moment: datetime) -> Prepared:
    return prepare(msgspec.json.decode(recipe), authority, moment)


class Stores:
    """The stores of a run: made from the recipes of the vectors, relative to the run's moment."""

    def __init__(self, iut: Iut, folder: Path, moment: datetime) -> None:
        """Make none yet.

        Args:
            iut: asked to open them.
            folder: the files go below it, each into a folder of its own.
            moment: the run's moment, aware; an implementation that takes a clock is told it.
        """
        self.iut = iut
        self.moment = moment.astimezone(UTC).replace(microsecond=0)
        self._folder = folder
        self._authority = _authority(self.moment)
        self._files: dict[str, StoreFile] = {}

    @property
    def authority(self) -> Authority:
        """The authority that issues the credentials of the run."""
        return self._authority

    @property
    def now(self) -> str:
        """The run's moment as the contract wants it."""
        return f"{self.moment:%Y-%m-%dT%H:%M:%SZ}"

    def file(self, recipe: Mapping[str, Any], *, slack_s: int = 0) -> StoreFile:
        """Return the store of a recipe, made when it is first asked for.

        Args:
            recipe: see `simulators.recipes`.
            slack_s: seconds by which dates move into the future for an implementation without a clock, so
                that a second more or less until it looks does not matter.
        """
        slack = 0 if self.iut.has_clock else slack_s
        name = hashlib.sha256(msgspec.json.encode((recipe, slack), order="sorted")).hexdigest()[:12]
        if name not in self._files:
            moment = self.moment if not slack else datetime.now(UTC) + timedelta(seconds=slack)
            prepared = _prepared(msgspec.json.encode(recipe, order="sorted"), self._authority, moment)
            path = self._folder / name / "keystore.xml"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(prepared.data)
            self._files[name] = StoreFile(path, prepared)
        return self._files[name]

    def written(self, data: bytes) -> Path:
        """Return a file with these bytes, alone in a folder of its own; the same bytes have one file."""
        path = self._folder / hashlib.sha256(data).hexdigest()[:20] / "keystore.xml"
        if not path.is_file():
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
        return path

    def copy(self, recipe: Mapping[str, Any], name: str) -> StoreFile:
        """Return a fresh copy of a recipe's store, alone in the folder `name`."""
        original = self.file(recipe)
        path = self._folder / name / "keystore.xml"
        path.parent.mkdir()
        shutil.copyfile(original.path, path)
        return StoreFile(path, original.prepared)

    def place(self, name: str, pieces: Iterable[bytes], beside: Mapping[str, bytes] | None = None) -> Path:
        """Return a new file of these bytes, in a folder whose name tells nothing.

        Args:
            name: unique within the run.
            pieces: of the file, in order; a large one need not be held at once.
            beside: other files for the folder, by name.
        """
        path = self._folder / hashlib.sha256(name.encode()).hexdigest()[:12] / "keystore.xml"
        path.parent.mkdir()
        for neighbour, content in (beside or {}).items():
            (path.parent / neighbour).write_bytes(content)
        with path.open("wb") as file:
            file.writelines(pieces)
        return path

    def file_of(self, case: Case) -> StoreFile:
        """Return the store of a vector."""
        return self.file(case.input["recipe"], slack_s=case.input.get("slack_s", 0))

    def ask(self, case: Case) -> Reply:
        """Have the call of a vector made: the credential opened, or something signed with it."""
        if case.method != "keystore.sign":
            return self.open(case)
        given = case.input
        return self.iut.keystore_sign(
            str(self.file_of(case).path),
            given["alias"],
            given["password"],
            given["data"],
            given["algorithm"],
            self.now,
        )

    def open(self, case: Case) -> Reply:
        """Have the credential of a vector opened."""
        return self.open_at(self.file_of(case).path, case)

    def open_at(self, path: Path, case: Case) -> Reply:
        """Have the credential of a vector opened from a file."""
        return self.iut.keystore_open(str(path), case.input["alias"], case.input["password"], self.now)

    def must_meet(self, case: Case) -> Reply:
        """Demand what a vector expects, its healthy twin first.

        What opens must be the right credential; what is signed must verify under it.  Returns the answer.
        """
        self.iut.twin(case, self.ask)
        reply = self.ask(case)
        if case.expect.status == "ok" or (case.expect.status == "either" and reply.answer.outcome == "ok"):
            credential = self.file_of(case).prepared.credentials[case.input["alias"]]
            if case.method == "keystore.sign":
                must_be_signature(reply, credential, base64.b64decode(case.input["data"]))
            else:
                must_be_credential(reply, credential)
        else:
            reply.must_meet(case.expect)
        return reply


def must_be_credential(reply: Reply, credential: MachineCredential) -> dict[str, Any]:
    """Demand that a credential was opened and is this one; return the value.

    Raises:
        ImplementationError: refused, or another certificate, ABN or name.
    """
    value: dict[str, Any] = reply.must_be_ok()
    leaf = credential.certificate.public_bytes(Encoding.DER)
    given = _decoded(value["certificate"])
    if given != leaf:
        raise ImplementationError(
            f"{reply.asked} was opened, and its certificate is not the leaf of that credential",
            subcode=Subcode.WRONG_VALUE,
            expected=f"{len(leaf)} bytes of DER: {credential.certificate.subject.rfc4514_string()}",
            found=_described(given),
            advice="hand out the leaf's own DER, neither the bundle nor the certificate of an authority",
        )
    for member, expected in (("abn", credential.abn), ("name", credential.name)):
        if value[member] != expected:
            raise ImplementationError(
                f"{reply.asked} was opened with a wrong {member}",
                subcode=Subcode.WRONG_VALUE,
                expected=expected,
                found=excerpt(value[member]),
            )
    return value


def must_be_signature(reply: Reply, credential: MachineCredential, data: bytes) -> None:
    """Demand that a signature was given and verifies under the credential's certificate.

    Args:
        reply: to `keystore.sign` with rsa-sha256.
        credential: that was to sign.
        data: that was to be signed, decoded.

    Raises:
        ImplementationError: refused, not base64, or made otherwise or by another key.
    """
    value = reply.must_be_ok()
    try:
        signature = base64.b64decode(value["signature"], validate=True)
        credential.key.public_key().verify(signature, data, PKCS1v15(), hashes.SHA256())
    except (InvalidSignature, ValueError, TypeError) as error:
        raise ImplementationError(
            "the signature does not verify under the credential's certificate",
            subcode=Subcode.WRONG_VALUE,
            expected=f"RSA PKCS#1 v1.5 with SHA-256 over the {len(data)} decoded bytes, as base64",
            found=str(value["signature"])[:80],
            advice="decode `data` before signing; sign with SHA-256 and PKCS#1 v1.5 padding",
        ) from error


def must_not_tell(reply: Reply, secrets: Mapping[str, Secret]) -> None:
    """Demand that none of these secrets is anywhere in an answer, in any of the forms in which it could be.

    Args:
        reply: of any outcome.
        secrets: what each is, and the secret.

    Raises:
        ImplementationError: one is there.
    """
    answer = reply.answer
    told = "\n".join(
        _texts(msgspec.to_builtins((answer.value, answer.native, answer.reason, answer.message)))
    )
    found = Search(secrets).first(told)
    if found is not None:
        raise ImplementationError(
            f"the answer to {reply.asked} tells {found.what}",
            subcode=Subcode.SECRET_LEAK,
            expected="an answer without it",
            # The secret itself goes into no report.
            found=f"{found.what} ({found.form})",
            advice="say what failed and for which id, never what was typed or decrypted",
        )


def key_samples(credential: MachineCredential) -> dict[str, Secret]:
    """Return what appears only where the private key of a credential was told."""
    return of_key(credential.key)


def _texts(value: object) -> Iterator[str]:
    """Give every text in a JSON value, keys and numbers included."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield str(key)
            yield from _texts(member)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from _texts(member)
    elif value is not None:
        yield str(value)


def _decoded(text: object) -> bytes:
    try:
        return base64.b64decode("".join(str(text).split()), validate=True)
    except ValueError:
        return b""


def _described(data: bytes) -> str:
    try:
        return f"{len(data)} bytes of DER: {x509.load_der_x509_certificate(data).subject.rfc4514_string()}"
    except ValueError:
        return f"{len(data)} bytes that are no X.509 certificate in DER"
