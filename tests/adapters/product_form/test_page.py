"""The page on the operations, and the skeletons of vectors."""

import re

import msgspec
import pytest

from conformance.adapters.product_form import page, skeleton
from conformance.model import Vector
from conformance.protocol.operations import OPERATIONS, RULES, Structure
from conformance.vectors import directory

PAGE = page()


def test_the_committed_page_is_the_generated_one():
    """`vectors/usi/OPERATIONS.md` says what the table says now."""
    assert (directory() / "usi" / "OPERATIONS.md").read_text(encoding="utf-8") == PAGE


def test_every_operation_rule_and_code_is_on_the_page():
    """Nothing of the table is kept back."""
    for operation in OPERATIONS.values():
        assert f"### {operation.name}\n" in PAGE
        assert operation.purpose in PAGE
        assert all(f"| {fault.code} | {fault.title} |" in PAGE for fault in operation.faults)
    assert all(rule.source.replace("~", "\\~") in PAGE for rule in RULES.values())


def test_every_element_is_on_the_page():
    """In its operation or in its type."""

    def names(structure):
        for element in structure.elements():
            yield element.name
            if isinstance(element.type, Structure):
                yield from names(element.type)

    wanted = {
        name for each in OPERATIONS.values() for part in (each.request, each.response) for name in names(part)
    }
    assert {name for name in wanted if f"`{name}` |" not in PAGE} == set()


def test_links_lead_somewhere():
    """Each link within the page has its heading."""
    headings = {
        re.sub(r"[^a-z0-9-]", "", line.lstrip("# ").lower().replace(" ", "-"))
        for line in PAGE.splitlines()
        if line.startswith("#")
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE)) <= headings


def test_tables_have_as_many_cells_as_their_heads():
    """A bar in a text would break a row in two."""
    rows = re.findall(r"(?:^\|.*\n)+", PAGE, re.M)
    assert len(rows) > 30
    for table in rows:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_one_table_written_out():
    """The order is the wire's; what the product makes by itself is told from what it is handed."""
    assert (
        """\
| element | content | stands | from |
|---|---|---|---|
| `OrgCode` | text of 1 to 8 characters, `[A-Za-z0-9]*` | once | product |
| `USI` | text of 10 characters, `[A-HJ-NP-Z2-9]*` | once | kit |
| `FirstName` | text of at most 40 characters | either | kit |
| `FamilyName` | text of at most 40 characters | either | kit |
| `SingleName` | text of at most 40 characters | or | kit |
| `DateOfBirth` | date, yyyy-mm-dd | once | kit |
"""
        in PAGE
    )


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_skeleton_is_a_healthy_case(name):
    """It has the form of a vector, so that it can be put into a file and changed there."""
    case = msgspec.convert(skeleton(OPERATIONS[name]), Vector)
    assert (case.method, case.input["operation"], case.expect.status) == ("usi.call", name, "ok")


def test_one_skeleton_written_out():
    """The published test person, verified."""
    assert skeleton(OPERATIONS["VerifyUSI"]) == {
        "id": "verifyusi-plain",
        "method": "usi.call",
        "input": {
            "operation": "VerifyUSI",
            "request": {
                "USI": "BNGH7C75FN",
                "FirstName": "Maryam",
                "FamilyName": "Fredrick",
                "DateOfBirth": "1966-05-25",
            },
        },
        "expect": {
            "status": "ok",
            "value": {
                "conclusion": "verified",
                "response": {
                    "USIStatus": "Valid",
                    "FirstName": "Match",
                    "FamilyName": "Match",
                    "DateOfBirth": "Match",
                },
            },
        },
        "source": "say where this case comes from",
    }
