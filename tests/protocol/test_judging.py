"""The notes of a judge."""

import pytest

from conformance.errors import KitError
from conformance.model import Severity
from conformance.protocol import markup
from conformance.protocol.judging import Notes, together

RULES = {"a.one": "One holds.", "a.two": "Two holds."}
REMARKS = {"a.odd": "Something is odd."}


def test_a_rule_that_holds_is_examined_and_says_nothing():
    """Held and never looked at are two things."""
    notes = Notes(RULES, REMARKS)
    assert notes.hold("a.one", True)
    judgement = notes.judgement()
    assert (judgement.findings, judgement.examined) == ((), ("a.one",))
    assert judgement.accepted


def test_a_broken_rule_says_its_sentence():
    """Without a message of its own a finding carries the rule's sentence."""
    notes = Notes(RULES, REMARKS)
    assert not notes.hold("a.two", False, actual="not so")
    (finding,) = notes.judgement().findings
    assert (finding.code, finding.message, finding.severity) == ("a.two", "Two holds.", Severity.ERROR)
    assert not notes.judgement().accepted


def test_what_a_finding_says_is_made_for_a_broken_rule_only():
    """A text may be given as what makes it, which nobody calls while the rule holds."""
    made = []

    def told():
        made.append("told")
        return "not so"

    notes = Notes(RULES, REMARKS)
    notes.hold("a.one", True, told, expected=told, actual=told, hint=told)
    assert made == []
    notes.hold("a.two", False, told, expected=lambda: "so", actual=told, hint=lambda: "")
    (finding,) = notes.judgement().findings
    assert (finding.message, finding.expected, finding.actual, finding.hint) == ("not so", "so", "not so", "")


def test_a_place_may_be_given_as_the_element():
    """The finding and the remark have its path."""
    body = markup.add(markup.element("s:Envelope"), "s:Body")
    notes = Notes(RULES, REMARKS)
    notes.hold("a.two", False, where=body)
    notes.remark("a.odd", where=body)
    assert [finding.where for finding in notes.judgement().findings] == ["s:Envelope/s:Body"] * 2


def test_a_remark_refuses_nothing():
    """An oddity is told, and the message stays accepted."""
    notes = Notes(RULES, REMARKS)
    notes.remark("a.odd")
    assert [finding.code for finding in notes.judgement().findings] == ["a.odd"]
    assert notes.judgement().accepted


def test_a_code_outside_the_tables_is_our_mistake():
    """Every code that can be emitted stands in a table."""
    notes = Notes(RULES, REMARKS)
    with pytest.raises(KitError, match=r"a\.three"):
        notes.hold("a.three", True)
    with pytest.raises(KitError, match=r"a\.one"):
        notes.remark("a.one")


def test_judgements_join_in_order():
    """Findings add up, examined rules count once."""
    first, second = Notes(RULES, REMARKS), Notes(RULES, REMARKS)
    first.hold("a.two", False)
    second.hold("a.two", True)
    second.hold("a.one", False)
    joined = together((first.judgement(), second.judgement()))
    assert [finding.code for finding in joined.findings] == ["a.two", "a.one"]
    assert joined.examined == ("a.two", "a.one")
