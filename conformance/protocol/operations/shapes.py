"""What the table of operations is made of: types, elements, operations, and editions of the contract."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Simple:
    """The type of an element that holds one text."""

    name: str = ""
    """Name of the type in the schema; empty for one that stands inside its element."""
    base: str = "string"
    """Type of XML Schema part 2 that is restricted: `string`, `int`, `boolean`, `date`, `dateTime`."""
    length: int | None = None
    """Exact number of characters."""
    min_length: int | None = None
    max_length: int | None = None
    pattern: str = ""
    """Regular expression of XML Schema, which always stands for the whole text."""
    values: tuple[str, ...] = ()
    """The only texts allowed; any when empty."""
    max_inclusive: int | None = None
    union: tuple[str, ...] = ()
    """Several base types of which one must fit, instead of `base`."""

    @property
    def restricted(self) -> bool:
        """Whether there is more to say than the base type."""
        return any((self.values, self.pattern, self.union)) or any(
            facet is not None for facet in (self.length, self.min_length, self.max_length, self.max_inclusive)
        )


@dataclass(frozen=True, slots=True)
class Key:
    """A uniqueness that the schema means to demand of the children of an element.

    In the published schema the two names have no prefix, so that they select nothing and every message
    passes.  The kit's schema keeps that; the demand itself is one of the rules beyond the schema.
    """

    name: str
    selector: str
    """Name of the child."""
    field: str
    """Name of the child's child that should be unique."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a structure."""

    name: str
    type: "Simple | Structure"
    optional: bool = False
    most: int | None = 1
    """How often it may stand; None for any number.  Anything but 1 makes it a list in JSON."""
    nillable: bool = False
    since: int = 4
    """The first version of the contract that has it; the table goes back to version 4."""
    key: Key | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Exactly one of several branches, each a sequence of elements."""

    branches: tuple[tuple[Element, ...], ...]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Structure:
    """The type of an element that holds elements, in this order."""

    name: str
    """Name of the type in the schema; empty for one that stands inside its element."""
    content: tuple[Element | Choice, ...]
    abstract: bool = False
    """Whether an element of this type must say, by `xsi:type`, which extension of it it holds."""
    extends: "Structure | None" = None
    by_name: Mapping[str, Element] = field(init=False, repr=False, compare=False)
    """Every element by its name, in schema order, through all branches of choices."""

    def __post_init__(self) -> None:
        """Keep the elements by name: bulk messages look them up thousands of times."""
        object.__setattr__(self, "by_name", {element.name: element for element in self._walk()})

    def _walk(self) -> Iterator[Element]:
        if self.extends is not None:
            yield from self.extends.elements()
        for part in self.content:
            if isinstance(part, Element):
                yield part
            else:
                for branch in part.branches:
                    yield from branch

    def elements(self) -> Iterator[Element]:
        """Yield every element in schema order, through all branches of choices."""
        yield from self.by_name.values()

    def element(self, name: str) -> Element | None:
        """Return the element of that name, or None."""
        return self.by_name.get(name)


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that a request must be, or that an answer means, and that the schema does not say."""

    name: str
    text: str
    """What must hold, as a sentence."""
    source: str
    """Where that comes from, in words."""
    confidence: str = "documented"
    """`documented`, `observed`, `inferred` or `assumed`, as in the catalogue."""


@dataclass(frozen=True, slots=True)
class FaultCode:
    """A code that ErrorInfo carries, as far as codes are publicly known."""

    code: int
    title: str
    when: str
    """In which circumstance, as a sentence."""
    passes: bool = False
    """Whether it can pass by itself, so that the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: what is asked and what is answered."""

    name: str
    """Name of the request's element; the answer's is the same with `Response` behind it."""
    purpose: str
    request: Structure
    response: Structure
    rules: tuple[Rule, ...] = ()
    """What holds beyond the schema."""
    faults: tuple[FaultCode, ...] = ()
    """The codes that it may be refused with; the list of the real service is not public."""

    @property
    def answer(self) -> str:
        """Name of the answer's element."""
        return f"{self.name}Response"


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One edition of the contract: where its names live."""

    number: str
    namespace: str
    """Of requests and answers; the actions begin with it too."""
    faults: str
    """Of the detail of faults.  Version 5 kept that of version 4, which clients overlook."""
    services: str
    """Target namespace of the WSDL."""
    path: str
    """Path of the published end points, in lower case."""

    @property
    def major(self) -> int:
        """Number of the edition that `Element.since` is compared with."""
        return int(self.number.partition(".")[0])

    def has(self, element: Element) -> bool:
        """Tell whether this edition knows an element of the table."""
        return element.since <= self.major

    def action(self, operation: Operation) -> str:
        """Return the action of a request."""
        return f"{self.namespace}/{operation.name}"

    def answer_action(self, operation: Operation) -> str:
        """Return the action of an answer."""
        return f"{self.namespace}/{operation.answer}"

    def fault_action(self, operation: Operation) -> str:
        """Return the action that both declared faults of an operation share."""
        return f"{self.namespace}/{operation.answer}ErrorInfoFault"


V5: Final = Version(
    number="5.0",
    namespace="http://usi.gov.au/2022/ws",
    faults="http://usi.gov.au/2020/ws",
    services="http://usi.gov.au/2022/ws/servicepolicy",
    path="/service/v5/usiservice.svc",
)

V4: Final = Version(
    number="4.0",
    namespace="http://usi.gov.au/2020/ws",
    faults="http://usi.gov.au/2020/ws",
    services="http://usi.gov.au/2020/ws/servicepolicy",
    path="/service/usiservice.svc",
)
"""No longer served; known so that a client which still speaks it can be told so."""

EARLIER_NAMESPACES: Final = {
    V4.namespace: "4",
    "http://usi.gov.au/2018/ws": "3",
    "http://usi.gov.au/2013/ws": "1",
}
"""Namespace -> number of the contract versions that are no longer served."""
