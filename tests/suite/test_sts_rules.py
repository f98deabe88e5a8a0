"""Every rule that a judge of the token exchange can find broken is demanded by a check, and vice versa."""

import ast
from pathlib import Path

from conformance import catalogue
from conformance.protocol import security, soap, token, trust
from conformance.simulators import sts

SUITE = Path(sts.__file__).parent.parent / "suite"

RULES = {**soap.RULES, **security.RULES, **trust.RULES, **token.RULES, **sts.RULES}
REMARKS = {**soap.REMARKS, **security.REMARKS, **trust.REMARKS, **token.REMARKS}


def demanded():
    """The codes that the checks of the token exchange name, by requirement."""
    found = {}
    modules = [ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SUITE.glob("test_sts_*.py"))]
    for function in (node for module in modules for node in module.body):
        if not isinstance(function, ast.FunctionDef):
            continue
        cited = [
            decorator.args[0].value
            for decorator in function.decorator_list
            if isinstance(decorator, ast.Call) and getattr(decorator.func, "id", "") == "requirement"
        ]
        calls = [
            node
            for node in ast.walk(function)
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "must_satisfy"
        ]
        for identifier in cited:
            codes = found.setdefault(identifier, set())
            codes.update(argument.value for call in calls for argument in call.args)
    return found


def test_every_rule_is_demanded():
    """A judge that finds what nobody asks for would find in vain."""
    assert set(RULES) - set().union(*demanded().values()) == set()


def test_every_demanded_code_is_a_rule():
    """A check that names a code which nobody examines would never be testable."""
    assert set().union(*demanded().values()) - set(RULES) == set()


def test_every_requirement_has_a_check():
    """Requirement and check come in pairs."""
    checked = {
        name for name, row in catalogue.requirements().items() if name.startswith("STS-") and row.checked_by
    }
    assert set(demanded()) == checked


def test_rules_and_remarks_are_apart():
    """What is only remarked on refuses nothing, so that no check may demand it."""
    assert set(RULES) & set(REMARKS) == set()


def test_rules_are_sentences():
    """A report prints them as they are."""
    assert [
        text
        for text in (*RULES.values(), *REMARKS.values())
        if not (text[0].isupper() and text.endswith("."))
    ] == []


def test_every_tolerated_code_is_a_rule():
    """Tolerating what does not exist would hide a renamed rule."""
    assert sts.Settings().tolerated - set(RULES) == set()
