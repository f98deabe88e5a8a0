"""The table of faults."""

import pytest

from conformance.errors import OperatorError
from conformance.simulators import faults
from conformance.simulators.faults import FAULTS, Script, named


def test_every_fault_names_its_simulator_and_says_what_it_does():
    """A name begins with the simulator's; the sentence ends with a full stop."""
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert fault.simulator in ("sts", "registry", "renewal", "tls")
        assert fault.sentence.endswith(".")


def test_what_may_be_retried_is_what_passes_by_itself():
    """Only internal errors and outages are worth another try."""
    retried = {name for name, fault in FAULTS.items() if fault.retry}
    assert retried == {"sts.E1001", "sts.E1003", "sts.E1004", "sts.E2190", "registry.1001"}


def test_faults_go_to_the_simulator_they_are_named_for():
    """Of several faults each simulator gets its own, in the order asked for."""
    asked = ("registry.1002", "sts.E2003", "registry.1001")
    assert [fault.code for fault in named(asked, "registry")] == ["1002", "1001"]
    assert [fault.code for fault in named(asked, "sts")] == ["E2003"]


def test_an_unknown_fault_is_refused_with_the_known_ones():
    """The operator is told what there is."""
    with pytest.raises(OperatorError) as caught:
        named(("registry.404",), "registry")
    assert "registry.1001" in caught.value.expected


@pytest.mark.parametrize("count", ["0", "-1", "", "x", "1.5", "\N{SUPERSCRIPT TWO}", "1000000", "1@1"])
def test_a_count_that_makes_no_sense_is_refused(count):
    """The operator is told how a count is written."""
    with pytest.raises(OperatorError) as caught:
        faults.fault(f"sts.E1001@{count}")
    assert "sts.E1001@1 for the first answer" in caught.value.expected


def test_a_count_is_part_of_what_is_asked_for_and_told():
    """Evidence says for how many answers a fault held."""
    once, twice = faults.fault("sts.E1001@1"), faults.fault("sts.E1001@2")
    assert (once.name, once.asked, once.times) == ("sts.E1001", "sts.E1001@1", 1)
    assert once.told.startswith("For the first answer only: The token service answers with the fault E1001")
    assert twice.told.startswith("For the first 2 answers only: ")
    assert faults.fault("sts.E1001").told == FAULTS["sts.E1001"].sentence


def test_counted_faults_end_and_others_stay():
    """Each fault holds for as many answers as it says; those of other simulators never do."""
    script = Script("sts", ("sts.E1001@2", "sts.pretty", "registry.1001@1", "sts.fault_400@1"))
    assert [[found.name for found in script.next()] for _ in range(3)] == [
        ["sts.E1001", "sts.pretty", "sts.fault_400"],
        ["sts.E1001", "sts.pretty"],
        ["sts.pretty"],
    ]


def test_answers_are_counted_anew_when_faults_are_told_anew():
    """The same names told once more begin from the first answer."""
    script = Script("sts", ("sts.E1001@1",))
    assert (len(script.next()), len(script.next())) == (1, 0)
    script.tell(("sts.E1001@1",))
    assert len(script.next()) == 1


def test_a_wrong_certificate_has_no_count():
    """A connection that was accepted once is used on; there would be no second answer to mend it."""
    with pytest.raises(OperatorError, match="takes no count"):
        faults.fault("tls.untrusted@1")
