"""The kit's own WSDL, written from the table of operations."""

from typing import Final

from lxml import etree

from conformance.protocol.interface.schema import XSD, fault_schema, schema
from conformance.protocol.names import (
    ADDRESSING,
    AES256_CBC,
    EXCLUSIVE_C14N,
    HMAC_SHA1,
    IDENTITY,
    POLICY,
    RSA_OAEP,
    SECURITY_POLICY,
    SYMMETRIC_KEY,
    TRUST,
    USI_CLAIMS,
    UTILITY,
    WSDL,
    WSDL_ADDRESSING,
    WSDL_SOAP12,
)
from conformance.protocol.operations import OPERATIONS, V5, Operation, Version

_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_BINDING: Final = "WS2007FederationHttpBinding_IUSIService"
_POLICY_ID: Final = f"{_BINDING}_policy"
_FAULTS: Final = {"ArrayOfErrorInfoFault": "ArrayOfErrorInfo", "ErrorInfoFault": "ErrorInfo"}
"""Name of a declared fault -> the element of its detail."""

# Two oddities of the published WSDL.  On the wire they change nothing, but a generator meets them.
_SWAPPED: Final = "CreateUSI"
"""The operation whose two fault messages have the part names of each other."""
_BORROWED: Final = {("BulkVerifyUSI", "ArrayOfErrorInfoFault"): "CreateUSI"}
"""Operation and fault -> the operation whose fault message it declares instead of its own."""


def _add(parent: etree._Element, namespace: str, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)


def wsdl(address: str, *, issuer: str, version: Version = V5) -> bytes:
    """Return the WSDL of the service in UTF-8, the same bytes for the same arguments.

    Args:
        address: where the service is, `https://…`.
        issuer: address of the token service that the policy names.
        version: edition of the contract.
    """
    root = etree.Element(
        f"{{{WSDL}}}definitions",
        {"name": "USIService", "targetNamespace": version.services},
        nsmap={
            "wsdl": WSDL,
            "soap12": WSDL_SOAP12,
            "wsaw": WSDL_ADDRESSING,
            "wsa": ADDRESSING,
            "wsp": POLICY,
            "xs": XSD,
            "sp": SECURITY_POLICY,
            "wsu": UTILITY,
            "tns": version.services,
            "usi": version.namespace,
            "flt": version.faults,
        },
    )
    _policy(root, issuer)
    types = _add(root, WSDL, "types")
    types.append(schema(version))
    if version.faults != version.namespace:
        types.append(fault_schema(version))
    _messages(root)
    port_type = _add(root, WSDL, "portType", name="IUSIService")
    binding = _add(root, WSDL, "binding", name=_BINDING, type="tns:IUSIService")
    _add(binding, POLICY, "PolicyReference", URI=f"#{_POLICY_ID}")
    _add(binding, WSDL_SOAP12, "binding", transport=_HTTP, style="document")
    for operation in OPERATIONS.values():
        _abstract_operation(port_type, operation, version)
        _bound_operation(binding, operation, version)
    service = _add(root, WSDL, "service", name="USIService")
    documentation = _add(service, WSDL, "documentation")
    documentation.text = f"Version: {version.number} Environment: EVTE conformance kit, a simulator"
    port = _add(service, WSDL, "port", name=_BINDING, binding=f"tns:{_BINDING}")
    _add(port, WSDL_SOAP12, "address", location=address)
    reference = _add(port, ADDRESSING, "EndpointReference")
    _add(reference, ADDRESSING, "Address").text = address
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _messages(root: etree._Element) -> None:
    for operation in OPERATIONS.values():
        for suffix, element in (("Request", operation.name), ("Answer", operation.answer)):
            message = _add(root, WSDL, "message", name=operation.name + suffix)
            _add(message, WSDL, "part", name="body", element=f"usi:{element}")
        parts = ("detail", "detailList") if operation.name == _SWAPPED else ("detailList", "detail")
        for (fault, element), part_name in zip(_FAULTS.items(), parts, strict=True):
            message = _add(root, WSDL, "message", name=operation.name + fault)
            _add(message, WSDL, "part", name=part_name, element=f"flt:{element}")


def _abstract_operation(port_type: etree._Element, operation: Operation, version: Version) -> None:
    def part(kind: str, message: str, action: str, **attributes: str) -> None:
        node = _add(parent, WSDL, kind, message=f"tns:{message}", **attributes)
        node.set(f"{{{WSDL_ADDRESSING}}}Action", action)

    parent = _add(port_type, WSDL, "operation", name=operation.name)
    _add(parent, WSDL, "documentation").text = operation.purpose
    part("input", f"{operation.name}Request", version.action(operation))
    part("output", f"{operation.name}Answer", version.answer_action(operation))
    for name in _FAULTS:
        whose = _BORROWED.get((operation.name, name), operation.name)
        part("fault", whose + name, version.fault_action(operation), name=name)


def _bound_operation(binding: etree._Element, operation: Operation, version: Version) -> None:
    parent = _add(binding, WSDL, "operation", name=operation.name)
    _add(parent, WSDL_SOAP12, "operation", soapAction=version.action(operation), style="document")
    for kind in ("input", "output"):
        _add(_add(parent, WSDL, kind), WSDL_SOAP12, "body", use="literal")
    for name in _FAULTS:
        _add(_add(parent, WSDL, "fault", name=name), WSDL_SOAP12, "fault", name=name, use="literal")


def _policy(root: etree._Element, issuer: str) -> None:
    """Write what makes a generated client authenticate: HTTPS, timestamp, issued token that endorses it."""

    def nested(parent: etree._Element, name: str, *assertions: str) -> etree._Element:
        policy = _add(_add(parent, SECURITY_POLICY, name), POLICY, "Policy")
        for assertion in assertions:
            _add(policy, SECURITY_POLICY, assertion)
        return policy

    policy = _add(root, POLICY, "Policy")
    policy.set(f"{{{UTILITY}}}Id", _POLICY_ID)
    everything = _add(_add(policy, POLICY, "ExactlyOne"), POLICY, "All")
    transport = nested(everything, "TransportBinding")
    nested(transport, "TransportToken", "HttpsToken")
    nested(transport, "AlgorithmSuite", "Basic256Sha256Rsa15")
    nested(transport, "Layout", "Strict")
    _add(transport, SECURITY_POLICY, "IncludeTimestamp")
    endorsing = nested(everything, "EndorsingSupportingTokens")
    token = _add(endorsing, SECURITY_POLICY, "IssuedToken")
    token.set(f"{{{SECURITY_POLICY}}}IncludeToken", f"{SECURITY_POLICY}/IncludeToken/AlwaysToRecipient")
    _add(_add(token, SECURITY_POLICY, "Issuer"), ADDRESSING, "Address").text = issuer
    template = _add(token, SECURITY_POLICY, "RequestSecurityTokenTemplate")
    for name, value in (
        ("KeyType", SYMMETRIC_KEY),
        ("KeySize", "256"),
        ("KeyWrapAlgorithm", RSA_OAEP),
        ("EncryptWith", AES256_CBC),
        ("SignWith", HMAC_SHA1),
        ("CanonicalizationAlgorithm", EXCLUSIVE_C14N),
        ("EncryptionAlgorithm", AES256_CBC),
    ):
        _add(template, TRUST, name).text = value
    claims = _add(template, TRUST, "Claims", Dialect=IDENTITY)
    for claim in USI_CLAIMS:
        _add(claims, IDENTITY, "ClaimType", Uri=claim)
    _add(_add(token, POLICY, "Policy"), SECURITY_POLICY, "RequireInternalReference")
    nested(everything, "Wss11")
    nested(everything, "Trust13", "MustSupportIssuedTokens")
    _add(everything, WSDL_ADDRESSING, "UsingAddressing")
