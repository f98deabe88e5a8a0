"""Every rule that the judge of requests for renewal can find broken is demanded by a check."""

import ast
from pathlib import Path

from conformance import suite
from conformance.protocol import renewal
from conformance.simulators.renewal import TOLERATED

CHECKS = Path(suite.__file__).parent / "test_keystore_renewal.py"


def demanded():
    """The codes that the checks name."""
    calls = [
        node
        for node in ast.walk(ast.parse(CHECKS.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "must_satisfy"
    ]
    return {argument.value for call in calls for argument in call.args}


def test_every_rule_is_demanded():
    """A judge that finds what nobody asks for would find in vain."""
    assert demanded() == set(renewal.RULES)


def test_rules_and_remarks_are_apart():
    """What is only remarked on refuses nothing."""
    assert set(renewal.RULES) & set(renewal.REMARKS) == set()


def test_every_tolerated_code_is_a_rule():
    """Tolerating what does not exist would hide a renamed rule."""
    assert set(renewal.RULES) >= TOLERATED
