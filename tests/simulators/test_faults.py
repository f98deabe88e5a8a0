"""The table of faults."""

import pytest

from conformance.errors import OperatorError
from conformance.simulators.faults import FAULTS, named


def test_every_fault_names_its_simulator_and_says_what_it_does():
    """A name begins with the simulator's; the sentence ends with a full stop."""
    for name, fault in FAULTS.items():
        assert name == fault.name
        assert fault.simulator in ("sts", "registry", "renewal")
        assert fault.sentence.endswith(".")


def test_what_may_be_retried_is_what_passes_by_itself():
    """Only internal errors and outages are worth another try."""
    retried = {name for name, fault in FAULTS.items() if fault.retry}
    assert retried == {"sts.E1001", "sts.E2190", "registry.1001"}


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
