"""The page that documents the operations, as Markdown: made from the table, for people of any language."""

import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.adapters.contract import CONCLUSIONS
from conformance.adapters.product_form.examples import example_answer, example_request
from conformance.adapters.product_form.forms import (
    ALWAYS_POSSIBLE,
    CONCLUSIONS_OF,
    MADE_BY_PRODUCT,
    MAY_BE_LEFT_OUT,
    RECORDS_OF,
)
from conformance.protocol.operations import (
    ERROR_INFO,
    EXTENSIONS,
    OPERATIONS,
    RULES,
    TYPE_KEY,
    V4,
    V5,
    Element,
    Operation,
    Simple,
    Structure,
)

_INTRODUCTION: Final = """# The operations of the USI Registry

What the registry's contract, version 5, asks and answers; what of it the kit hands to a product by \
`usi.call`; what a product may conclude of it.
This page is made from the table `conformance.protocol.operations` by `python vectors/generate.py`; \
change the table, not the page.

## How to read it

The JSON form has the names of elements as keys.
Numbers and booleans are JSON's; everything else is text as it stands on the wire, dates too.
An element that may stand several times is an array, always.
An element that is left out is left out; only where *null* is allowed does null stand for `xsi:nil`.
A value of a type that has kinds names its kind under the key `xsi:type`, without a prefix.
Elements go onto the wire in the order of the tables, whatever the order of the keys.

| column | says |
|---|---|
| element | its name; indented below the element that it stands in |
| content | its type, with the limits of the schema; a link leads to a type that several operations share |
| stands | *once*: it must be there · *may*: it may be left out · *1 to 500*, *any number*: in an array · \
*either*, *or*: of these branches exactly one, and nothing of the other |
| from | who fills it in: the *kit* hands it over, or the *product* makes it by itself |

An answer is `value` of an `ok`: `response` holds the answer's elements by name, `conclusion` what the \
product tells its user.
The two bulk operations that bring results have `records` besides: an object with `conclusion` and \
`response` for each record that was handed over, in that order.
Lists that are handed over may be longer than a message can be, and may be empty.
JSON Schemas of all this, one for each direction: `schemas/operations/` beside the contract with a harness.

The namespace of requests and answers is `{namespace}`, that of the details of faults is still that of \
version 4, `{faults}`.
The action of a request is the namespace, a slash and the operation; of an answer `Response` is added, of a \
fault `ResponseErrorInfoFault`.
"""


def page() -> str:
    """Return the page, with a final line feed."""
    shared = _shared()
    lines: list[str] = [_INTRODUCTION.format(namespace=V5.namespace, faults=V5.faults)]
    lines += ["## What the product makes by itself", "", "| element | holds |", "|---|---|"]
    lines += [f"| `{name}` | {sentence} |" for name, sentence in MADE_BY_PRODUCT.items()]
    lines += ["", "## What may be concluded", "", "| conclusion | says | of |", "|---|---|---|"]
    for name, sentence in CONCLUSIONS.items():
        lines.append(f"| `{name}` | {sentence} | {_concluded_of(name)} |")
    lines += ["", "## The ten operations", ""]
    for operation in OPERATIONS.values():
        lines += _operation(operation, shared)
    lines += ["## Types that operations share", ""]
    for structure in shared.values():
        lines += _type(structure, shared)
    lines += _rules()
    lines += _refusals(shared)
    return "\n".join(lines).rstrip("\n") + "\n"


def _concluded_of(conclusion: str) -> str:
    if conclusion in ALWAYS_POSSIBLE:
        return "any operation, any record"
    whole = [f"`{name}`" for name, possible in CONCLUSIONS_OF.items() if conclusion in possible]
    single = [
        f"a record of `{name}`" for name, records in RECORDS_OF.items() if conclusion in records.conclusions
    ]
    return ", ".join((*whole, *single))


# --- one operation --------------------------------------------------------------------------------


def _operation(operation: Operation, shared: dict[str, Structure]) -> Iterator[str]:
    yield f"### {operation.name}"
    yield ""
    yield operation.purpose
    yield ""
    yield "Request:"
    yield ""
    yield from _table(operation.request, shared, handed=True)
    yield ""
    for (name, element), sentence in MAY_BE_LEFT_OUT.items():
        if name == operation.name:
            yield f"The kit may leave `{element}` out, though the contract demands it. {_capital(sentence)}."
            yield ""
    yield "Answer:"
    yield ""
    yield from _table(operation.response, shared, handed=False)
    yield ""
    yield "[Beyond the schema](#beyond-the-schema):"
    yield ""
    yield from (f"- {_escaped(rule.text)}" for rule in operation.rules)
    yield ""
    codes = ", ".join(str(fault.code) for fault in sorted(operation.faults, key=lambda fault: fault.code))
    yield f"[Refused with](#codes-of-refusals): {codes}."
    yield ""
    yield "A request as the kit hands it over, and a right answer:"
    yield ""
    yield "```json"
    yield from _json({"operation": operation.name, "request": example_request(operation)})
    yield "```"
    yield ""
    yield "```json"
    yield from _json(example_answer(operation))
    yield "```"
    yield ""


def _json(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    yield from json.dumps(value, indent=2, ensure_ascii=True).splitlines()


# --- rules and refusals ---------------------------------------------------------------------------


def _rules() -> Iterator[str]:
    yield from (
        "## Beyond the schema",
        "",
        "What no schema says, how sure it is, where it comes from.",
        "",
    )
    yield "| rule | confidence | source |"
    yield "|---|---|---|"
    for rule in RULES.values():
        yield f"| {_escaped(rule.text)} | {rule.confidence} | {_escaped(rule.source)} |"
    yield ""


def _refusals(shared: dict[str, Structure]) -> Iterator[str]:
    yield from ("## Codes of refusals", "", "As far as they are public; the registry's own list is not.", "")
    yield "| code | title | when |"
    yield "|---|---|---|"
    faults = {fault.code: fault for operation in OPERATIONS.values() for fault in operation.faults}
    for code, fault in sorted(faults.items()):
        later = " The same request may succeed later." if fault.passes else ""
        yield f"| {code} | {fault.title} | {fault.when}{later} |"
    yield from ("", "The detail of a fault has one `ErrorInfo`, or several in an `ArrayOfErrorInfo`:", "")
    yield from _table(ERROR_INFO, shared, handed=False)


# --- types ----------------------------------------------------------------------------------------


def _shared() -> dict[str, Structure]:
    """Return the named types by name that are told apart from the operation they stand in.

    Those are the ones that stand in several places, and the kinds of an abstract type.
    """
    uses: dict[str, int] = {}
    types: dict[str, Structure] = {}

    def walk(structure: Structure) -> None:
        for element in structure.elements():
            if isinstance(element.type, Structure):
                if element.type.name:
                    uses[element.type.name] = uses.get(element.type.name, 0) + 1
                    types[element.type.name] = element.type
                walk(element.type)

    for operation in OPERATIONS.values():
        walk(operation.request)
        walk(operation.response)
    shared = {name: structure for name, structure in types.items() if uses[name] > 1}
    kinds = {kind.name: kind for kind in EXTENSIONS if kind.extends and kind.extends.name in shared}
    return {**dict(sorted(shared.items())), **kinds}


def _type(structure: Structure, shared: dict[str, Structure]) -> Iterator[str]:
    yield f"### {structure.name}"
    yield ""
    if structure.abstract:
        kinds = [kind.name for kind in EXTENSIONS if kind.extends == structure]
        yield f"It has kinds, one of which the key `{TYPE_KEY}` names:"
        yield ""
        yield from (f"- [{name}](#{name.lower()})" for name in kinds)
        yield ""
        return
    if structure.extends is not None:
        yield f"A kind of [{structure.extends.name}](#{structure.extends.name.lower()})."
        yield ""
    yield from _table(structure, shared, handed=structure.name == "ApplicationType")
    yield ""


def _table(structure: Structure, shared: dict[str, Structure], *, handed: bool) -> Iterator[str]:
    """Yield the rows of a type.

    Args:
        structure: the type.
        shared: types that have a place of their own on the page.
        handed: whether there is something to say of who fills an element in.
    """
    if not structure.content:
        yield "Nothing."
        return
    last = " | from |" if handed else " |"
    yield f"| element | content | stands{last}"
    yield "|---|---|---|" + ("---|" if handed else "")
    for depth, element, stands in _rows(structure, shared):
        name = f"{'&emsp;' * depth}`{element.name}`"
        who = f" {'product' if element.name in MADE_BY_PRODUCT else 'kit'} |" if handed else ""
        if handed and isinstance(element.type, Structure):
            who = " |"
        yield f"| {name} | {_content(element, shared)} | {stands} |{who}"


def _rows(
    structure: Structure, shared: dict[str, Structure], depth: int = 0
) -> Iterator[tuple[int, Element, str]]:
    for part in structure.content:
        if isinstance(part, Element):
            yield depth, part, _stands(part)
            yield from _below(part, shared, depth)
            continue
        for number, branch in enumerate(part.branches):
            for element in branch:
                way = "or" if number else "either"
                may = element.optional or part.optional
                yield depth, element, f"{way}, may" if may else way
                yield from _below(element, shared, depth)


def _below(element: Element, shared: dict[str, Structure], depth: int) -> Iterator[tuple[int, Element, str]]:
    if isinstance(element.type, Structure) and element.type.name not in shared:
        yield from _rows(element.type, shared, depth + 1)


def _stands(element: Element) -> str:
    if element.most is None:
        return "any number"
    if element.most != 1:
        return f"1 to {element.most}"
    return "may" if element.optional else "once"


def _content(element: Element, shared: dict[str, Structure]) -> str:
    if isinstance(element.type, Structure):
        name = element.type.name
        text = f"[{name}](#{name.lower()})" if name in shared else "elements"
    else:
        text = _simple(element.type)
    if element.nillable:
        text += ", or null"
    if element.key is not None:
        text += f"; every `{element.key.field}` once"
    if element.since > V4.major:
        text += f"; since version {element.since}"
    return text


_BASES: Final = {
    "string": "text",
    "int": "whole number",
    "boolean": "boolean",
    "date": "date, yyyy-mm-dd",
    "dateTime": "date and time",
    "gYearMonth": "month, yyyy-mm",
}


def _simple(simple: Simple) -> str:
    if simple.values:
        return ", ".join(f"`{value}`" for value in simple.values)
    if simple.union:
        return " or ".join(_BASES[base] for base in simple.union)
    text = _BASES[simple.base]
    if simple.max_inclusive is not None:
        text += f", at most {simple.max_inclusive}"
    if simple.length is not None:
        text += f" of {simple.length} characters"
    elif simple.min_length is not None:
        text += f" of {simple.min_length} to {simple.max_length} characters"
    elif simple.max_length is not None:
        text += f" of at most {simple.max_length} characters"
    if simple.pattern:
        text += f", `{_escaped(simple.pattern)}`"
    return text


def _escaped(text: str) -> str:
    """Return a text that Markdown shows as it stands, in a cell of a table too."""
    return text.replace("\\", "\\\\").replace("`", "\\`").replace("|", "\\|").replace("~", "\\~")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
