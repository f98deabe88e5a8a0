"""The two messages of the exchange, written."""

from base64 import b64encode
from typing import Final

from lxml import etree

from conformance.protocol import markup
from conformance.protocol.renewal.records import NAMESPACE

_PREFIXES: Final = {"ar": NAMESPACE}
"""A prefix, not the default namespace: the elements inside are in none."""


def build_request(*, alias: str, signed: bytes, credential_type: str = "D") -> bytes:
    """Return the message of the client: UTF-8 XML.

    Args:
        alias: id of the credential in the store.
        signed: CMS SignedData over the request for certification, see `sign`.
        credential_type: `D` for a machine.
    """
    root = etree.Element(f"{{{NAMESPACE}}}requests", nsmap=_PREFIXES)
    request = etree.SubElement(root, "request", {"id": alias, "credentialType": credential_type})
    etree.SubElement(request, "cmsB64").text = b64encode(signed).decode()
    return markup.serialize(root)


def build_response(*, alias: str, bundle: bytes, legal_name: str, fingerprint: bytes) -> bytes:
    """Return the answer of a service that has renewed: UTF-8 XML.

    Args:
        alias: as it was asked.
        bundle: the new chain as PKCS#7, see `certificates.write_bundle`.
        legal_name: of the holder, as the store is to show it.
        fingerprint: SHA-1 over the DER leaf.
    """
    root, response = _response(alias)
    data = etree.SubElement(response, "data")
    etree.SubElement(data, "p7cB64").text = b64encode(bundle).decode()
    etree.SubElement(data, "legalName").text = legal_name
    etree.SubElement(data, "fingerprint").text = b64encode(fingerprint).decode()
    return markup.serialize(root)


def build_error(*, alias: str, error_id: int, message: str) -> bytes:
    """Return the answer of a service that does not renew: UTF-8 XML.

    Args:
        alias: as it was asked.
        error_id: a positive number.
        message: for people.
    """
    root, response = _response(alias)
    error = etree.SubElement(response, "error")
    etree.SubElement(error, "errorId").text = str(error_id)
    etree.SubElement(error, "errorMessage").text = message
    return markup.serialize(root)


def _response(alias: str) -> tuple[etree._Element, etree._Element]:
    root = etree.Element(f"{{{NAMESPACE}}}responses", nsmap=_PREFIXES)
    return root, etree.SubElement(root, "response", {"id": alias})
