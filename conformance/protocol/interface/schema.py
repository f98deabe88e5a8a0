"""The kit's own XML Schema of requests, answers and fault details, written from the table of operations."""

from typing import Any, Final

from lxml import etree

from conformance.protocol.operations import (
    EXTENSIONS,
    FAULT_DETAILS,
    OPERATIONS,
    V5,
    Choice,
    Element,
    Simple,
    Structure,
    Version,
)

XSD: Final = "http://www.w3.org/2001/XMLSchema"


def _add(parent: etree._Element, tag: str, /, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{XSD}}}{tag}", attributes)


def schema(version: Version = V5) -> etree._Element:
    """Return the XML Schema of every request and answer of one version.

    In version 4 the details of faults are in the same namespace and therefore in the same schema.
    """
    root = _schema_root(version.namespace, "usi")
    structures = _Structures(root, "usi", version)
    for operation in OPERATIONS.values():
        structures.declare(operation.name, operation.request)
        structures.declare(operation.answer, operation.response)
    for extension in EXTENSIONS:
        structures.define(extension)
    if version.faults == version.namespace:
        _declare_faults(structures)
    return root


def fault_schema(version: Version = V5) -> etree._Element:
    """Return the XML Schema of the details of faults of one version."""
    root = _schema_root(version.faults, "flt")
    _declare_faults(_Structures(root, "flt", version))
    return root


def _declare_faults(structures: "_Structures") -> None:
    for structure in FAULT_DETAILS:
        structures.declare(structure.name, structure)


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

    def __init__(self, root: etree._Element, prefix: str, version: Version) -> None:
        self._root = root
        self._prefix = prefix
        self._version = version
        self._defined: set[str] = set()

    def declare(self, name: str, structure: Structure) -> None:
        """Write a global element."""
        _add(self._root, "element", name=name, type=f"{self._prefix}:{structure.name}")
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
        node = _add(parent, "complexType", **attributes)
        if structure.extends is not None:
            self.define(structure.extends)
            content = _add(node, "complexContent")
            node = _add(content, "extension", base=f"{self._prefix}:{structure.extends.name}")
        sequence = _add(node, "sequence")
        for part in structure.content:
            if isinstance(part, Element):
                if self._version.has(part):
                    self._element(sequence, part)
            else:
                self._choice(sequence, part)

    def _choice(self, parent: etree._Element, choice: Choice) -> None:
        node = _add(parent, "choice", **({"minOccurs": "0"} if choice.optional else {}))
        for branch in choice.branches:
            place = node if len(branch) == 1 else _add(node, "sequence")
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
        node = _add(parent, "element", **attributes)
        if "type" not in attributes:
            if isinstance(form, Structure):
                self._structure(node, form)
            else:
                _simple(node, form)
        if element.key is not None:
            # The names should have the prefix of the namespace.  As they stand they are names in no
            # namespace, which no message has, so that nothing is ever compared.
            key = _add(node, "key", name=element.key.name)
            _add(key, "selector", xpath=element.key.selector)
            _add(key, "field", xpath=element.key.field)


def _simple(parent: etree._Element, simple: Simple, **attributes: str) -> None:
    node = _add(parent, "simpleType", **attributes)
    if simple.union:
        _add(node, "union", memberTypes=" ".join(f"xs:{member}" for member in simple.union))
        return
    restriction = _add(node, "restriction", base=f"xs:{simple.base}")
    facets: dict[str, Any] = {
        "length": simple.length,
        "minLength": simple.min_length,
        "maxLength": simple.max_length,
        "pattern": simple.pattern or None,
        "maxInclusive": simple.max_inclusive,
    }
    for facet, value in facets.items():
        if value is not None:
            _add(restriction, facet, value=str(value))
    for value in simple.values:
        _add(restriction, "enumeration", value=value)
