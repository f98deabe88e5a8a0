"""A flow is one scenario of several calls; each step has its own share of it."""

from datetime import UTC, datetime

import pytest

from conformance.adapters.contract import FURTHER_OPERATIONS, Outcome
from conformance.adapters.session import attach
from conformance.errors import ImplementationError
from conformance.protocol.operations import OPERATIONS
from conformance.reference.correct import Correct
from conformance.simulators.bench import Bench
from conformance.suite import Budget
from conformance.suite.conftest import Scenario
from conformance.suite.flows import COMES_FIRST, REQUESTS, Step, begun, carried_out, each_operation
from conformance.suite.iut import Iut


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """The services of a run."""
    with Bench(datetime.now(UTC), 7, tmp_path_factory.mktemp("bench")) as bench:
        yield bench


@pytest.fixture
def iut():
    """The reference implementation."""
    session = attach("reference", resolve=lambda _: Correct())
    session.start()
    yield Iut(session, Budget())
    session.close()


@pytest.fixture
def begin(iut, bench):
    """Begins flows, and keeps their recordings in `begin.kept`."""

    def perform(name, **asked):
        return begun(name, iut, bench, Scenario, perform.kept.append, **asked)

    perform.kept = []
    return perform


def test_there_is_a_right_request_of_every_operation():
    """The ten operations of the contract, in its order."""
    assert list(REQUESTS) == list(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_right_requests_are_right(begin, name):
    """The reference sends them, and the registry finds nothing wrong with what it sends."""
    steps = [Step(step) for step in (COMES_FIRST.get(name), name) if step]
    scenario = carried_out(begin, f"right-{name}", steps, ())[-1]
    assert scenario.reply.answer.outcome is Outcome.OK
    observed = scenario.request_of(name)
    assert [finding.message for finding in observed.judgement.findings if finding.severity == "error"] == []


def test_a_step_has_its_own_share_of_the_exchanges(begin):
    """The second step of a flow shows what crossed in it; the flow shows everything."""
    with begin("two-steps") as flow:
        first, second = flow.ask("VerifyUSI"), flow.ask("GetCountries")
    assert [each.facts.request.name for each in first.registry_requests] == ["VerifyUSI"]
    assert [each.facts.request.name for each in second.registry_requests] == ["GetCountries"]
    assert (len(first.token_requests), len(second.token_requests)) == (1, 0)
    assert [each.facts.request.name for each in flow.recording.registry] == ["VerifyUSI", "GetCountries"]


def test_what_a_step_did_is_there_in_the_next_one_and_gone_after_the_flow(begin, bench):
    """A changed name no longer matches within the flow; afterwards the registry holds the old one."""
    changed = {
        "USI": "BNGH7C75FN",
        "DVSCheckRequired": True,
        "PersonalDetailsUpdate": {"FamilyName": "Fredrick-Kit"},
        "DVSDocument": {"xsi:type": "PassportDocumentType", "DocumentNumber": "X1111111"},
    }
    with begin("a-change") as flow:
        assert flow.ask("UpdateUSIPersonalDetails", changed).reply.must_be_ok()["conclusion"] == "updated"
        assert flow.ask("VerifyUSI").reply.must_be_ok()["conclusion"] == "not_verified"
    assert bench.registry.store.person("BNGH7C75FN").family == "Fredrick"


def test_evidence_is_kept_however_a_flow_ends(begin):
    """A check that fails in the middle of a flow has the transcript of it all the same."""
    with pytest.raises(ImplementationError, match="wrong, but it was accepted"), begin("broken-off") as flow:
        flow.ask("VerifyUSI").reply.must_be_refused("request.invalid")
    assert [(kept.name, len(kept.registry)) for kept in begin.kept] == [("broken-off", 1)]


def test_a_product_is_started_again_within_a_flow(begin, iut):
    """What the first process had in memory, its token, is not there in the second one."""
    with begin("started-again") as flow:
        flow.ask("VerifyUSI")
        flow.start_again()
        again = flow.ask("VerifyUSI")
    assert len(again.token_requests) == 1
    assert again.reply.iut is not iut


def test_a_flow_may_give_its_calls_a_deadline(begin, iut):
    """The deadline is that of the flow's own calls; the implementation's others keep theirs."""
    with begin("in-haste", faults=("registry.never",), deadline_s=0.9) as flow:
        answer = flow.ask("VerifyUSI").reply.answer
    assert (answer.outcome, answer.reason) == (Outcome.REJECTED, "transport.failed")
    assert iut.budget.deadline_s is None


def test_a_request_is_found_by_its_operation(begin):
    """What a product asks besides does not hide the request; where there is none, the last one is shown."""
    with begin("found-by-name") as flow:
        flow.ask("GetCountries")
        flow.ask("VerifyUSI")
    whole = Scenario(flow.ask, flow.recording, "", None)
    assert whole.request_of("GetCountries").facts.request.name == "GetCountries"
    assert whole.request_of("CreateUSI").facts.request.name == "VerifyUSI"


def test_every_point_names_the_operation_that_it_calls():
    """Each parameter carries the mark of its operation, so that a product which lacks it is not asked."""
    names, points = each_operation().mark.args
    assert names == "name"
    assert [point.values for point in points] == [(name,) for name in OPERATIONS]
    assert [point.marks[0].args for point in points] == [(name,) for name in OPERATIONS]
    assert set(FURTHER_OPERATIONS) < set(OPERATIONS)
