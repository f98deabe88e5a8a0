"""A run as a form and as a table, and its report read in place."""

import importlib.util
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from conformance import runner
from conformance.errors import OperatorError
from conformance.model import Readiness, Result, Status, StoredRun
from conformance.notebooks import readiness
from conformance.notebooks.readiness import Job, Reading, drawn_trend, job, read

SAMPLE = Path(__file__).parents[1] / "report" / "sample.py"


@pytest.fixture(scope="module")
def sample():
    """The module that makes sample reports."""
    spec = importlib.util.spec_from_file_location("evte_reports_to_read", SAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answers(reading):
    """The verdict sheet by question."""
    return dict(reading.sheet().rows)


def ends(monkeypatch, report, failure=None):
    """Have every run end with this report; return what was ordered."""
    orders = []

    def run(order, listener=None):
        orders.append(order)
        if listener is not None:
            listener.planned(2)
            listener.begins("USI-CHK-01", "a")
            listener.ends(result(Status.PASS))
            listener.ends(result(Status.SKIP))
            listener.ends(result(Status.FAIL))
        return SimpleNamespace(report=report, failure=failure)

    monkeypatch.setattr(runner, "run", run)
    return orders


def result(status):
    return Result(requirement="USI-CHK-01", case="a", status=status, level="MUST")


# --- reading --------------------------------------------------------------------------------------


def test_the_sheet_answers_page_one(sample):
    """Which product, ready or not, what is missing, until when: the sheet says it in words."""
    told = answers(Reading(sample.ready()))
    assert told["is it ready?"] == "READY: All 21 requirements of the profile hold."
    assert told["which product?"] == "EVTE reference implementation 1.0.0"
    assert told["for what?"] == "USI services, cloud software (usi-cloud 2026.1)"
    assert told["what is missing?"] == "nothing"
    assert told["how long is it valid?"] == "180 days, or until the build changes"


def test_what_is_not_ready_is_not_valid(sample):
    """No date of validity goes with a verdict that is none; conditions are listed, three in full."""
    told = answers(Reading(sample.failing()))
    assert told["is it ready?"].startswith("NOT READY: ")
    assert told["how long is it valid?"] == "not at all"


def test_the_gravest_is_mended_first(sample):
    """The table begins with what the report begins with, and says how many more there are."""
    table = Reading(sample.failing()).mend_first(2)
    assert len(table.rows) == 2
    assert table.caption.endswith("more are in the report")
    assert table.rows[0][0] == "STS-P06"


def test_nothing_to_mend_is_said(sample):
    """A table of a report without misses has no rows and says so."""
    table = Reading(sample.ready()).mend_first()
    assert (table.caption, table.rows) == ("Nothing is to be mended.", ())


def test_figures_are_those_that_can_be_counted(sample):
    """Spans differ from run to run and are left to the report; tokens and repetitions are told."""
    rows = Reading(sample.ready()).figures().rows
    assert rows == (
        ("product", "one for each call", "none"),
        ("reference", "one for all calls", "1 request"),
    )


def test_changes_are_told_by_kind_and_requirement(sample):
    """What stands otherwise than before has a row per kind and requirement, with the number of cases."""
    before, after = Reading(sample.ready()), Reading(sample.failing())
    table = after.changes_since(before)
    assert table.caption == "What changed"
    assert {row[1] for row in table.rows} >= {"STS-P06"}
    assert after.changes_since(after).caption == "Nothing stands otherwise than before."


def test_text_of_a_stranger_stays_text(sample):
    """Whatever a report says, nothing of it becomes markup in a notebook."""
    reading = Reading(sample.hostile(), "<b>trouble</b>")
    assert "<script>" not in reading._repr_html_()
    assert "&lt;b&gt;trouble" in reading._repr_html_()
    assert "<script>" not in reading.mend_first()._repr_html_()


def test_a_stored_report_can_be_read(sample, tmp_path):
    """A folder that `evte run` wrote is read; one that is none says so instead of raising."""
    (tmp_path / "report.json").write_bytes(msgspec.json.encode(sample.ready()))
    assert read(tmp_path).readiness == "READY"
    lost = read(tmp_path / "nowhere")
    assert lost.report is None
    assert '<pre role="alert">' in lost._repr_html_()
    assert lost.sheet().caption == lost.mend_first().caption == "There is no report."


# --- the trend ------------------------------------------------------------------------------------


def stored(verdict, **counts):
    return StoredRun(
        started="2026-11-21T10:42:07Z",
        product="",
        version="",
        build="",
        profile="smoke",
        kit_version="",
        readiness=verdict,
        counts=counts,
    )


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (
            [stored(Readiness.NOT_READY, **{"pass": 9, "fail": 3}), stored(Readiness.READY, **{"pass": 12})],
            "1. NOT READY, 3 cases: fails; 2. READY, nothing misses.",
        ),
        (
            [stored(Readiness.INCOMPLETE, skip=2, inconclusive=1, not_testable=1)],
            "1. INCOMPLETE, 1 case: cannot be tested, 3 cases: is not settled.",
        ),
        ([stored(Readiness.READY, **{"pass": 12})], "1. READY, nothing misses."),
        ([], "there is none yet."),
    ],
)
def test_a_trend_is_told_in_words(runs, words):
    """The text alternative says of every run, in order, its verdict and what misses."""
    pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")
    picture = drawn_trend(runs)
    assert picture.alt == f"Stored runs, the oldest first: {words}"
    assert picture.png().startswith(b"\x89PNG")


def test_a_trend_is_of_one_profile(sample, tmp_path):
    """Runs of other profiles in the folder are left out."""
    pytest.importorskip("matplotlib", reason="needs the extra `notebooks`")
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "report.json").write_bytes(msgspec.json.encode(sample.ready()))
    assert readiness.trend(tmp_path, "usi-cloud").alt.endswith("1. READY, nothing misses.")
    assert readiness.trend(tmp_path, "smoke").alt.endswith("there is none yet.")


# --- making a run ---------------------------------------------------------------------------------


def test_a_run_is_made_when_its_reading_is_wanted(sample, monkeypatch):
    """Nothing runs before, and nothing twice; the performance is measured."""
    orders = ends(monkeypatch, sample.ready())
    made = job("smoke", iut="reference", examples=5)
    assert orders == []
    assert made.reading is made.reading
    ((order),) = orders
    assert (order.iut, order.profile, order.examples, order.background.measure) == (
        "reference",
        "smoke",
        5,
        True,
    )


def test_the_readers_own_implementation_is_run(monkeypatch):
    """Without a name it is what EVTE_IUT says, and the reference where it says nothing."""
    monkeypatch.setenv("EVTE_IUT", "cmd:java -jar harness.jar")
    assert job().iut == "cmd:java -jar harness.jar"
    monkeypatch.delenv("EVTE_IUT")
    assert job().iut == "reference"


def test_what_the_operator_got_wrong_is_read(monkeypatch):
    """An error of the operator is the reading, in the words of `evte run`."""

    def refuse(order, listener=None):
        raise OperatorError("there is no such thing")

    monkeypatch.setattr(runner, "run", refuse)
    reading = job("smoke", iut="mutant:nothing").reading
    assert (reading.report, reading.readiness) == (None, "")
    assert "there is no such thing" in reading.trouble


def test_a_harness_that_broke_off_is_told(sample, monkeypatch):
    """The report of such a run is there, and above it why it is incomplete."""
    ends(monkeypatch, sample.incomplete())
    reading = job("smoke", iut="reference").reading
    assert reading.trouble == sample.incomplete().run.harness_failure
    assert reading._repr_html_().startswith('<pre role="alert">')


def test_a_still_form_says_what_is_run(monkeypatch):
    """Where nobody can press a button there is a table: what is run, and the command that runs it."""
    monkeypatch.delenv("EVTE_LAB", raising=False)
    shown = Job("reference", "smoke")._repr_mimebundle_()
    assert set(shown) == {"text/plain", "text/html"}
    assert 'evte run --iut "reference" --profile smoke --out report' in shown["text/plain"]


def test_a_form_for_an_unknown_profile_says_so():
    """The table names the profiles that there are instead of raising."""
    assert "smoke" in repr(Job("reference", "smok"))


def test_a_form_runs_what_was_filled_in(sample, monkeypatch):
    """In `evte lab` the button runs what was named, and shows the progress and then the sheet."""
    pytest.importorskip("ipywidgets", reason="needs the extra `notebooks`")
    monkeypatch.setenv("EVTE_LAB", "1")
    orders = ends(monkeypatch, sample.ready())
    made = job("smoke", iut="reference")
    assert "application/vnd.jupyter.widget-view+json" in made._repr_mimebundle_()
    iut, profile, button, bar, words, sheet = made.widget().children
    assert set(profile.options) >= {"smoke", "usi-local", "usi-cloud", "sbr-token"}
    iut.value, profile.value = " mutant:forgets-the-minus ", "usi-local"
    seen = []
    words.observe(lambda change: seen.append(change.new), names="value")
    button.click()
    assert (orders[0].iut, orders[0].profile) == ("mutant:forgets-the-minus", "usi-local")
    assert seen == ["1 of 2 done, 0 missed", "2 of 2 done, 1 missed", "READY"]
    assert (bar.value, bar.max, button.disabled) == (2, 2, False)
    assert "All 21 requirements of the profile hold." in sheet.value
    assert made.reading.readiness == "READY"


def test_a_form_tells_what_went_wrong(monkeypatch):
    """The button can be pressed again after an error of the operator, which stands where the sheet would."""
    pytest.importorskip("ipywidgets", reason="needs the extra `notebooks`")

    def refuse(order, listener=None):
        raise OperatorError("there is no such thing")

    monkeypatch.setattr(runner, "run", refuse)
    *_, button, _, words, sheet = job("smoke", iut="reference").widget().children
    button.click()
    assert "there is no such thing" in sheet.value
    assert (words.value, button.disabled) == ("the run did not come to an end", False)
