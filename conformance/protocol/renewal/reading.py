"""The answer of the renewal service, read: one credential, or an error of its own class."""

import re
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.certificates import CertificateError, read_bundle
from conformance.protocol.renewal.records import MAX_BYTES, NAMESPACE, AnswerError, RefusedError, Renewed

_SHOWN: Final = 500
"""Characters of an error's text that are kept."""
_POSITIVE: Final = re.compile(r"0*[1-9]\d{0,9}", re.ASCII)


def read_response(data: bytes) -> Renewed:
    """Return what the service issued.  Nothing is believed of it yet: see what the caller must compare.

    Args:
        data: the body of the HTTP answer.

    Raises:
        RefusedError: an `error` element.
        AnswerError: not such an answer, or something in it cannot be read.
    """
    try:
        root = markup.parse(data, limit=MAX_BYTES)
    except markup.MarkupError as error:
        raise AnswerError(
            "the answer of the renewal service is not usable XML", found=error.found or error.message
        ) from error
    if root.tag != f"{{{NAMESPACE}}}responses":
        raise AnswerError(
            "the answer is not one of the renewal service",
            expected=f"{{{NAMESPACE}}}responses",
            found=str(root.tag)[:200],
        )
    response = _only(root, "response")
    errors = list(response.iterchildren("error"))
    if errors:
        raise _refused(errors[0])
    parts = _only(response, "data")
    bundle = markup.binary(_only(parts, "p7cB64"))
    fingerprint = markup.binary(_only(parts, "fingerprint"))
    if not bundle or not fingerprint:
        raise AnswerError("certificate or fingerprint is not base64", where="responses/response/data")
    try:
        certificates = read_bundle(bundle)
    except CertificateError as error:
        raise AnswerError(
            f"the certificates cannot be read: {error.message}",
            found=error.found,
            where="responses/response/data/p7cB64",
        ) from error
    return Renewed(
        alias=response.get("id", ""),
        bundle=bundle,
        certificates=certificates,
        legal_name=markup.text(_only(parts, "legalName")),
        fingerprint=fingerprint,
    )


def _only(parent: etree._Element, name: str) -> etree._Element:
    """Return the one child of a name, which is in no namespace."""
    found = list(parent.iterchildren(name))
    if len(found) != 1:
        raise AnswerError(
            f"the answer has no usable {name}",
            expected="exactly one, in no namespace",
            found=str(len(found)),
            where=markup.where(parent),
        )
    return found[0]


def _refused(error: etree._Element) -> RefusedError:
    number = markup.text(next(error.iterchildren("errorId"), None))
    message = markup.text(next(error.iterchildren("errorMessage"), None))[:_SHOWN]
    return RefusedError(int(number) if _POSITIVE.fullmatch(number) else 0, message)
