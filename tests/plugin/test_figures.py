"""When the performance of a run is measured, and what becomes of the figures."""

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from conformance import catalogue
from conformance.adapters.session import attach
from conformance.errors import HarnessError, KitError
from conformance.model import CounterExample, Status
from conformance.plugin.conductor import Background, Choices, Conductor
from conformance.plugin.figures import is_due, measured
from conformance.reference.correct import Correct
from conformance.simulators.bench import Bench

EXAMPLE = CounterExample(
    name="example",
    requirement="USI-CHK-03",
    case="a case",
    profile="smoke",
    seed=0,
    status=Status.FAIL,
    subcode=None,
    message="",
    expected="",
    actual="",
    lines=(),
)


class Brisk(Correct):
    """The reference, which does not really pause."""

    def __init__(self):
        super().__init__(sleep=lambda seconds: None)


@pytest.fixture
def conductor():
    """The state of a run whose checks are over; its product is in this process."""
    choices = Choices(
        iut="reference",
        profile="smoke",
        out=None,
        only=(),
        seed=0,
        examples=1,
        deadline_s=None,
        keystore=None,
        alias="",
        password_env="",
        trust=(),
        org_code="",
    )
    profile, known = catalogue.profile("smoke"), catalogue.requirements()
    session = attach("reference", resolve=lambda _: Brisk())
    background = Background(measure=True)
    yield Conductor(choices, profile, known, datetime.now(UTC), background, session=session)
    session.close()


def test_a_whole_run_is_measured(conductor):
    """A run of a profile that went well has its performance measured if that was asked for."""
    assert is_due(conductor)
    conductor.background = Background()
    assert not is_due(conductor)


@pytest.mark.parametrize(
    "background",
    [Background(measure=True, shard="2/4"), Background(measure=True, replaying=EXAMPLE)],
    ids=["shard", "replay"],
)
def test_a_part_of_a_run_is_not_measured(conductor, background):
    """Of shards the first measures for all; whoever replays an example is not kept waiting."""
    conductor.background = background
    assert not is_due(conductor)
    conductor.background = Background(measure=True, shard="1/4")
    assert is_due(conductor)


@pytest.mark.parametrize(
    ("field", "value"),
    [("session", None), ("harness_failure", "it broke off"), ("failure", KitError("ours"))],
)
def test_a_run_that_ended_early_is_not_measured(conductor, field, value):
    """What could not be run to its end has no figures."""
    setattr(conductor, field, value)
    assert not is_due(conductor)


def test_chosen_checks_are_not_measured(conductor):
    """`--only` is there to see one thing soon."""
    conductor.choices.only = ("USI-CHK-03",)
    assert not is_due(conductor)


def test_the_reference_stands_beside_the_product(conductor, tmp_path: Path):
    """Both are measured, the product first, over carriers of the same kind; whoever watches is told."""
    told = []
    conductor.listener = SimpleNamespace(begins=lambda *what: told.append(what))
    with Bench(conductor.started, 0, tmp_path) as bench:
        product, reference = measured(conductor, bench)
    assert told == [("performance", "is measured")]
    assert (product.subject, reference.subject) == ("product", "reference")
    assert product.carrier == reference.carrier == "in-process"
    assert [each.name for each in product.latencies] == [each.name for each in reference.latencies]
    assert (product.note, reference.note) == ("", "")


def test_a_reference_that_does_not_start_is_a_note(conductor, tmp_path: Path, monkeypatch):
    """The product's figures stand alone then, and the report says why."""

    def refuse(*_, **__):
        raise HarnessError("no second process today")

    monkeypatch.setattr("conformance.reference.beside.attach", refuse)
    with Bench(conductor.started, 0, tmp_path) as bench:
        product, reference = measured(conductor, bench)
    assert product.calls == 20
    assert (reference.latencies, reference.calls) == ((), 0)
    assert reference.note == "The reference was not measured: no second process today."
