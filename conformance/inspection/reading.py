"""From a file to messages: XML alone, an HTTP capture, or a transcript of the kit; all bounded."""

import re
import zlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec
from cryptography import x509

from conformance.errors import OperatorError
from conformance.model import Evidence
from conformance.protocol import certificates, markup

MAX_FILE: Final = 64 * 1024 * 1024
"""Bytes of the largest file that is read; a transcript holds several messages."""
MAX_HEAD: Final = 64 * 1024
"""Bytes of the longest HTTP header block."""
MAX_MESSAGES: Final = 200
"""Messages of a transcript that are judged."""
MAX_KEY: Final = 1024
"""Bytes of the longest proof key."""

_HEADER: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+:")
_REQUEST_LINE: Final = re.compile(rb"[A-Z]{3,10} (\S+) HTTP/[0-9.]+")
_STATUS_LINE: Final = re.compile(rb"HTTP/[0-9.]+ ([0-9]{3})")
_BLANK_LINE: Final = re.compile(rb"\r?\n\r?\n")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,8})[^\r\n]*\r?\n")
_REMOVED: Final = re.compile(r"\[removed: ([0-9]{1,6}) bytes\]")


class NotAMessage(OperatorError, ValueError):  # noqa: N818 - what the file is, rather than an error in it
    """A file that holds no request and no answer of either hop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """One message as it was captured."""

    body: bytes
    name: str = ""
    """Of a message in a transcript: who sent it to whom."""
    media_type: str | None = None
    """Content-Type; empty when the headers have none, None when no headers were captured."""
    address: str = ""
    """URL that it was posted to; empty when the capture does not say."""
    soapaction: str | None = None
    status: str = ""
    """HTTP status of an answer."""
    redacted: bool = False
    """Whether secrets were taken out when it was written."""


def content(path: Path, what: str) -> bytes:
    """Return the bytes of a file.

    Args:
        path: the file.
        what: what it should hold, for the error.

    Raises:
        OperatorError: it cannot be read, or is larger than `MAX_FILE`.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE + 1)
    except OSError as error:
        raise OperatorError(
            f"The file {path} cannot be read.",
            expected=what,
            found=error.strerror or str(error),
            where=str(path),
            advice="check the path and your permission to read it",
        ) from error
    if len(data) > MAX_FILE:
        raise OperatorError(
            f"The file {path} is too long.", expected=f"at most {MAX_FILE} bytes", where=str(path)
        )
    return data


def certificates_in(data: bytes, *, where: str = "") -> tuple[x509.Certificate, ...]:
    """Return the certificates of a file: PEM, one DER certificate, or a PKCS#7 bundle.

    Raises:
        OperatorError: it holds none.
    """
    try:
        if b"-----BEGIN" in data:
            return tuple(x509.load_pem_x509_certificates(data))
        if found := certificates.read_bundle(data):
            return found
    except (certificates.CertificateError, ValueError):
        try:
            return (certificates.read_certificate(data),)
        except certificates.CertificateError:
            pass  # told below, for all forms at once
    raise OperatorError("the file holds no certificates", expected="PEM, DER or PKCS#7", where=where)


def key_of(text: str) -> bytes:
    """Return a proof key from base64; the text is not repeated by the error.

    Raises:
        OperatorError: it is not base64, or empty, or far too long.
    """
    key = markup.decode(text) or b""
    if not 0 < len(key) <= MAX_KEY:
        raise OperatorError(
            "the proof key is not base64, or has no length that a key has",
            expected="the text of BinarySecret, as the answer has it",
            found=f"{len(text)} characters",
            where="--proof-key",
        )
    return key


def captures(data: bytes) -> tuple[Capture, ...]:
    """Return the messages of a file: several for a transcript, else one.

    Raises:
        NotAMessage: it is empty, a broken HTTP capture, or JSON that is no transcript of the kit.
    """
    start = data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if not start:
        raise NotAMessage("the file is empty", expected="a request or an answer")
    if start == b"{":
        return _transcript(data)
    first_line = data.lstrip()[:MAX_HEAD].split(b"\n", 1)[0].strip()
    if start != b"<" and any(form.match(first_line) for form in (_REQUEST_LINE, _STATUS_LINE, _HEADER)):
        return (_from_http(data.lstrip()),)
    return (Capture(body=data),)


def _transcript(data: bytes) -> tuple[Capture, ...]:
    try:
        evidence = msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=Evidence)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise NotAMessage(
            "the file is JSON, but not a transcript of this kit",
            expected="a file of the folder evidence that a run wrote, or of the transcripts of a service",
            found=str(error)[:200],
        ) from error
    found = []
    for number, message in enumerate(evidence.messages[:MAX_MESSAGES], 1):
        headers = {name.lower(): value for name, value in message.headers}
        # A secret is not needed to judge what signatures cover; one of the same length stands in for it.
        text = _REMOVED.sub(lambda mark: b64encode(bytes(int(mark[1]))).decode(), message.body)
        found.append(
            Capture(
                body=text.encode("utf-8", "replace"),
                name=f"message {number}, {message.sender} to {message.receiver}: {message.summary}",
                media_type=headers.get("content-type", "") if headers else None,
                soapaction=headers.get("soapaction") or None,
                redacted="[removed: " in message.body,
            )
        )
    return tuple(found)


def _from_http(data: bytes) -> Capture:
    blank = _BLANK_LINE.search(data, 0, MAX_HEAD)
    if blank is None:
        raise NotAMessage(
            "the HTTP capture has no body",
            expected=f"headers of at most {MAX_HEAD} bytes, a blank line, the body",
        )
    lines = data[: blank.start()].decode("latin-1").splitlines()
    body = data[blank.end() :]
    target = status = ""
    if match := _REQUEST_LINE.fullmatch(lines[0].encode("latin-1")):
        target = match[1].decode("latin-1")
    elif match := _STATUS_LINE.match(lines[0].encode("latin-1")):
        status = match[1].decode("latin-1")
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if colon and " " not in name:
            headers.setdefault(name.lower(), value.strip())
    address = target if target.lower().startswith(("http://", "https://")) else ""
    if target.startswith("/") and headers.get("host"):
        address = f"https://{headers['host']}{target}"
    return Capture(
        body=_unpacked(_unchunked(body, headers), headers.get("content-encoding", "")),
        media_type=headers.get("content-type", ""),
        address=address.partition("?")[0],
        soapaction=headers.get("soapaction") or None,
        status=status,
    )


def _unchunked(body: bytes, headers: dict[str, str]) -> bytes:
    """Return the body that the transfer coding carries; tools often save it without the coding."""
    length = headers.get("content-length", "")
    if headers.get("transfer-encoding", "").lower() == "chunked" and _CHUNK.match(body):
        pieces, at = [], 0
        while (match := _CHUNK.match(body, at)) and (size := int(match[1], 16)):
            pieces.append(body[match.end() : match.end() + size])
            at = match.end() + size
            at += 2 if body[at : at + 2] == b"\r\n" else 1
        return b"".join(pieces)
    if length.isascii() and length.isdigit() and len(length) < 10:
        return body[: int(length)]
    return body


def _unpacked(body: bytes, coding: str) -> bytes:
    if coding.lower() not in ("gzip", "x-gzip", "deflate") or body.lstrip()[:1] == b"<":
        return body
    # 32 added: zlib finds out by itself whether it is gzip or deflate.
    unpacking = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        plain = unpacking.decompress(body, markup.MAX_BYTES + 1)
    except zlib.error as error:
        raise NotAMessage("the body is damaged", expected=f"Content-Encoding {coding}") from error
    return plain
