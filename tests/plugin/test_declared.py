"""What a harness declares is held against what the plan says that it must."""

import pytest

from conformance.errors import OperatorError
from conformance.model import Blame
from conformance.plugin.declared import compare


def test_a_plan_that_says_nothing_is_content_with_everything():
    """And so is one that says just what is declared, in whatever order."""
    assert compare(None, ["usi.validate"]) == []
    assert compare(("clock", "usi.validate"), ("usi.validate", "clock")) == []


def test_a_lost_capability_ends_the_run_before_it_begins():
    """Otherwise its checks would no longer apply, and the run be green."""
    with pytest.raises(OperatorError) as error:
        compare(("usi.validate", "usi.call", "clock"), ("usi.validate",))
    assert (
        error.value.message
        == "the harness does not declare usi.call, clock, which the plan says that it must"
    )
    assert (error.value.expected, error.value.found) == ("usi.validate, usi.call, clock", "usi.validate")


def test_a_further_capability_is_remarked_on():
    """It is tested all the same; the plan is to be brought up to date."""
    (remark,) = compare(("usi.validate",), ("usi.validate", "usi.call"))
    assert remark.blame is Blame.CONFIGURATION
    assert remark.text == "The harness declares more than the plan says: usi.call."
