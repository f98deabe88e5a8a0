"""The kit's own WSDL and schema of the USI service, made from the table of operations.

The WSDL is what a client's generator reads: SOAP 1.2, document/literal, WS-Addressing actions, two declared
faults per operation, and the policy that makes a client send an issued token with an endorsing signature.
The schema also judges messages, with lxml.
"""

import re
import threading
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from lxml import etree

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
from conformance.protocol.operations import (
    EXTENSIONS,
    FAULT_DETAILS,
    OPERATIONS,
    V5,
    Choice,
    Element,
    Operation,
    Simple,
    Structure,
    Version,
)

XSD: Final = "http://www.w3.org/2001/XMLSchema"
_HTTP: Final = "http://schemas.xmlsoap.org/soap/http"
_BINDING: Final = "WS2007FederationHttpBinding_IUSIService"
_POLICY_ID: Final = f"{_BINDING}_policy"
_FAULTS: Final = ("ArrayOfErrorInfoFault", "ErrorInfoFault")


def _add(parent: etree._Element, namespace: str, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{namespace}}}{tag}", attributes)


# --- schema ---------------------------------------------------------------------------------------


def schema(version: Version = V5) -> etree._Element:
    """Return the XML Schema of every request and answer of one version."""
    root = _schema_root(version.namespace, "usi")
    structures = _Structures(root, "usi")
    for operation in OPERATIONS.values():
        structures.declare(operation.name, operation.request)
        structures.declare(operation.answer, operation.response)
    for extension in EXTENSIONS:
        structures.define(extension)
    return root


def fault_schema(version: Version = V5) -> etree._Element:
    """Return the XML Schema of the details of faults of one version."""
    root = _schema_root(version.faults, "flt")
    structures = _Structures(root, "flt")
    for structure in FAULT_DETAILS:
        structures.declare(structure.name, structure)
    return root


def _schema_root(namespace: str, prefix: str) -> etree._Element:
    # The prefixes are those of the WSDL around it: lxml drops a declaration that it finds outside under
    # another prefix, and does not see that attribute values such as type="usi:…" need it.
    return etree.Element(
        f"{{{XSD}}}schema",
        {"targetNamespace": namespace, "elementFormDefault": "qualified"},
        nsmap={"xs": XSD, prefix: namespace},
    )


class _Structures:
    """Writes structures into a schema, each named one once."""

    def __init__(self, root: etree._Element, prefix: str) -> None:
        self._root = root
        self._prefix = prefix
        self._defined: set[str] = set()

    def declare(self, name: str, structure: Structure) -> None:
        """Write a global element."""
        _add(self._root, XSD, "element", name=name, type=f"{self._prefix}:{structure.name}")
        self.define(structure)

    def define(self, form: Simple | Structure) -> None:
        """Write a named type, unless it stands there already."""
        if form.name in self._defined:
            return
        self._defined.add(form.name)
        if isinstance(form, Structure):
            self._structure(self._root, form, name=form.name)
        else:
            _simple(self._root, form, name=form.name)

    def _structure(self, parent: etree._Element, structure: Structure, **attributes: str) -> None:
        if structure.abstract:
            attributes["abstract"] = "true"
        node = _add(parent, XSD, "complexType", **attributes)
        if structure.extends is not None:
            self.define(structure.extends)
            content = _add(node, XSD, "complexContent")
            node = _add(content, XSD, "extension", base=f"{self._prefix}:{structure.extends.name}")
        sequence = _add(node, XSD, "sequence")
        for part in structure.content:
            if isinstance(part, Element):
                self._element(sequence, part)
            else:
                self._choice(sequence, part)

    def _choice(self, parent: etree._Element, choice: Choice) -> None:
        node = _add(parent, XSD, "choice", **({"minOccurs": "0"} if choice.optional else {}))
        for branch in choice.branches:
            place = node if len(branch) == 1 else _add(node, XSD, "sequence")
            for element in branch:
                self._element(place, element)

    def _element(self, parent: etree._Element, element: Element) -> None:
        attributes = {"name": element.name}
        if element.optional:
            attributes["minOccurs"] = "0"
        if element.most != 1:
            attributes["maxOccurs"] = "unbounded" if element.most is None else str(element.most)
        if element.nillable:
            attributes["nillable"] = "true"
        form = element.type
        if form.name:
            self.define(form)
            attributes["type"] = f"{self._prefix}:{form.name}"
        elif isinstance(form, Simple) and not form.restricted:
            attributes["type"] = f"xs:{form.base}"
        node = _add(parent, XSD, "element", **attributes)
        if "type" in attributes:
            return
        if isinstance(form, Structure):
            self._structure(node, form)
        else:
            _simple(node, form)


def _simple(parent: etree._Element, simple: Simple, **attributes: str) -> None:
    node = _add(parent, XSD, "simpleType", **attributes)
    if simple.union:
        _add(node, XSD, "union", memberTypes=" ".join(f"xs:{member}" for member in simple.union))
        return
    restriction = _add(node, XSD, "restriction", base=f"xs:{simple.base}")
    facets: dict[str, Any] = {
        "length": simple.length,
        "minLength": simple.min_length,
        "maxLength": simple.max_length,
        "pattern": simple.pattern or None,
        "maxInclusive": simple.max_inclusive,
    }
    for facet, value in facets.items():
        if value is not None:
            _add(restriction, XSD, facet, value=str(value))
    for value in simple.values:
        _add(restriction, XSD, "enumeration", value=value)


# --- judging --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SchemaError:
    """One place where a message departs from the schema."""

    message: str
    """In the validator's words, without namespaces."""
    where: str
    """Path of the element, by local names."""


class Validator:
    """A compiled schema; may be used from several threads."""

    def __init__(self, document: etree._Element) -> None:
        self._schema = etree.XMLSchema(document)
        # libxml2 keeps the errors of the last run with the schema, so that runs must take turns.
        self._turn = threading.Lock()

    def errors(self, element: etree._Element) -> tuple[SchemaError, ...]:
        """Return every departure of an element and what it holds; empty when it is valid."""
        with self._turn:
            if self._schema.validate(element):
                return ()
            return tuple(
                SchemaError(_NAMESPACE.sub("", entry.message or ""), _local_path(entry.path or ""))
                for entry in self._schema.error_log  # type: ignore[attr-defined]  # it is a list in truth
            )


_NAMESPACE: Final = re.compile(r"\{[^{}]*\}")
_STEP: Final = re.compile(r"(?:[^/:\[\]*]+:)?([^/:\[\]]+)")


def _local_path(path: str) -> str:
    return _STEP.sub(r"\1", path)


@cache
def validator(version: Version = V5) -> Validator:
    """Return the validator of requests and answers."""
    return Validator(schema(version))


@cache
def fault_validator(version: Version = V5) -> Validator:
    """Return the validator of fault details."""
    return Validator(fault_schema(version))


# --- WSDL -----------------------------------------------------------------------------------------


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
    for name in _FAULTS:
        message = _add(root, WSDL, "message", name=name)
        _add(message, WSDL, "part", name="detail", element=f"flt:{name.removesuffix('Fault')}")


def _abstract_operation(port_type: etree._Element, operation: Operation, version: Version) -> None:
    def part(kind: str, message: str, action: str, **attributes: str) -> None:
        node = _add(parent, WSDL, kind, message=f"tns:{message}", **attributes)
        node.set(f"{{{WSDL_ADDRESSING}}}Action", action)

    parent = _add(port_type, WSDL, "operation", name=operation.name)
    _add(parent, WSDL, "documentation").text = operation.purpose
    part("input", f"{operation.name}Request", version.action(operation))
    part("output", f"{operation.name}Answer", version.answer_action(operation))
    for name in _FAULTS:
        part("fault", name, version.fault_action(operation), name=name)


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
