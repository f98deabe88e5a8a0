"""The committed sample reports are what the kit makes: every form byte for byte, and every result."""

import importlib.util
import re
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from conformance.model import Level, Readiness, Status
from conformance.report import history

FOLDER = Path(__file__).parents[1] / "reports" / "example"
MOST_BYTES = 2_000_000


@pytest.fixture(scope="module")
def example():
    """The script that makes the samples; it lies beside them and not in the package."""
    spec = importlib.util.spec_from_file_location("evte_sample_generator", FOLDER / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.modules.pop("evte_sample_generator", None)


@pytest.fixture
def copied(tmp_path):
    """The samples in a folder of the test's own."""
    shutil.copytree(FOLDER, tmp_path / "example", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "example"


def files(name):
    return [path for path in sorted((FOLDER / name).rglob("*")) if path.is_file()]


# --- they are what the kit makes ------------------------------------------------------------------


def test_every_form_is_drawn_again_byte_for_byte(example):
    """From the committed report.json come all other files as they are; digests and signature hold."""
    assert example.written() == []


def test_a_new_run_ends_as_the_samples_do(example):
    """Every case ends as in the sample, and so does the verdict on the sample's day."""
    assert example.run_again() == []


def test_a_changed_file_is_noticed(example, copied):
    """A byte that was changed is found, with the name of its file; one that is gone or new likewise."""
    page = copied / "mutant" / "report.html"
    page.write_bytes(page.read_bytes().replace(b"Not ready", b"Now ready", 1))
    (copied / "mutant" / "summary.md").unlink()
    (copied / "reference" / "note.txt").write_text("mine", encoding="utf-8")
    named = {problem.partition(":")[0] for problem in example.written(copied)}
    assert {"mutant/report.html", "mutant/summary.md", "reference/note.txt"} <= named


def test_samples_can_be_drawn_anew(example, copied):
    """From report.json alone all forms come back, and what the kit does not draw is gone."""
    (copied / "mutant" / "summary.md").unlink()
    (copied / "mutant" / "manifest.json").write_text("{}", encoding="utf-8")
    (copied / "mutant" / "replay" / "old.jsonl").write_text("", encoding="utf-8")
    (copied / "reference" / "report.html").write_text("another look", encoding="utf-8")
    example.redraw(copied)
    assert example.written(copied) == []


def test_another_ending_is_noticed(example):
    """A case that ends otherwise, one that is gone, and the verdict that comes of it are told apart."""
    kept = history.load(FOLDER / "reference")
    first, second, *rest = kept.run.results
    wrong = msgspec.structs.replace(first, status=Status.FAIL, level=Level.MUST)
    made = msgspec.structs.replace(kept, run=msgspec.structs.replace(kept.run, results=(wrong, *rest)))
    problems = example.differences(kept, made)
    assert f"{first.requirement}[{first.case}]: pass in the sample, fail in a new run" in problems
    assert f"{second.requirement}[{second.case}]: pass in the sample, no result in a new run" in problems
    assert any(problem.startswith("the verdict's readiness: ") for problem in problems)
    assert example.differences(kept, kept) == []


# --- what they show -------------------------------------------------------------------------------


def test_the_reference_is_ready():
    """The sample of the reference: READY, with what it does not offer declared absent and probed."""
    made = history.load(FOLDER / "reference")
    assert made.verdict.readiness is Readiness.READY
    assert any(result.status is Status.NOT_APPLICABLE for result in made.run.results)


def test_the_mutant_is_not_ready():
    """The sample of a mistake: one miss is admitted, one blocks, and the root cause is named."""
    made = history.load(FOLDER / "mutant")
    assert made.verdict.readiness is Readiness.NOT_READY
    assert (made.verdict.waiver_errors, len(made.run.waivers)) == ((), 1)
    assert {result.requirement for result in made.run.results if result.status is Status.FAIL} == {
        "STS-R07",
        "STS-R09",
    }
    assert made.look_alikes[0].mutant == "sends-the-root-certificate"


@pytest.mark.parametrize("name", ["reference", "mutant"])
def test_a_sample_shows_what_a_report_can_have(name):
    """Registration, answers, figures, doctor and signature; the second is compared with the first."""
    made = history.load(FOLDER / name)
    assert made.run.registration.organisation == "Example Training Software Pty Ltd"
    assert len(made.run.attestations) == 4
    assert [each.subject for each in made.run.performance] == ["product", "reference"]
    assert made.run.doctor
    assert (FOLDER / name / "manifest.sig.xml").is_file()
    assert (made.changes is not None) == (name == "mutant")
    assert bool(made.counter_examples) == (name == "mutant")


@pytest.mark.parametrize("name", ["reference", "mutant"])
def test_a_sample_is_small(name):
    """A checkout stays small: each folder has less than two million bytes."""
    assert sum(path.stat().st_size for path in files(name)) < MOST_BYTES


@pytest.mark.parametrize("name", ["reference", "mutant"])
def test_no_machine_shows(name):
    """No folder of the machine that made a sample stands in it, but for temporary ones that are gone."""
    for path in files(name):
        shown = path.read_bytes().decode("utf-8")
        assert not re.search(r"/root/|/home/|/Users/|\\Users\\|site-packages", shown), path
