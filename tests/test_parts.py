"""Parts of a profile, run apart, amount to what one run finds; merge and diff say so or say why not."""

import json
import shutil
from datetime import date

import msgspec
import pytest
from click.testing import CliRunner

from conformance import report as forms
from conformance import runner, shards
from conformance.cli import main
from conformance.errors import OperatorError
from conformance.model import Readiness, Status
from conformance.plugin import Background
from conformance.report import data, history
from conformance.verdict import decide

replace = msgspec.structs.replace
MUTANT = "mutant:factors-begin-with-one"


def evte(*arguments):
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def run(out, iut, shard="", baseline=None):
    background = Background(shard=shard, baseline=baseline)
    return runner.run(runner.Order(iut=iut, profile="smoke", out=out, examples=3, background=background))


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Folders of a wrong implementation's whole run, of its two parts against that, and of a right one's."""
    root = tmp_path_factory.mktemp("runs")
    whole = run(root / "whole", MUTANT).report
    forms.write(_righted(whole), root / "right")
    for number in (1, 2):
        run(root / f"part-{number}", MUTANT, f"{number}/2", baseline=whole)
    return root


def _righted(report):
    """The report of a build in which every point passes, drawn up rather than run."""
    results = tuple(
        replace(each, status=Status.PASS, subcode=None, blame=None, message="") for each in report.run.results
    )
    right = replace(
        report.run, results=results, implementation=replace(report.run.implementation, version="9")
    )
    return replace(report, run=right, verdict=decide(right, today=date(2026, 11, 21)))


def test_a_part_runs_its_own_requirements_and_plans_all(runs):
    """It is incomplete, exit 3; what others run has no result, not even a skip."""
    part = history.load(runs / "part-1")
    mine = shards.share(shards.Shard(1, 2), part.run.planned)
    assert part.run.shard == "1/2"
    assert {each.requirement for each in part.run.results} == mine
    assert not any(each.status is Status.SKIP for each in part.run.results)
    assert set(part.run.planned) == set(history.load(runs / "part-2").run.planned)
    assert part.verdict.readiness is Readiness.INCOMPLETE
    assert part.verdict.sentence.startswith("This is part 1/2 of the profile")
    assert part.changes.changes == ()


def test_parts_are_of_about_the_same_size(runs):
    """Neither machine waits long for the other."""
    sizes = [len(history.load(runs / f"part-{number}").run.results) for number in (1, 2)]
    assert sum(sizes) == len(history.load(runs / "whole").run.results)
    assert abs(sizes[0] - sizes[1]) <= 10


def test_merging_gives_what_one_run_gives(runs, tmp_path):
    """The same verdict and exit code, the same results, and every form of the report."""
    result = evte("merge", runs / "part-2", runs / "part-1", "--out", tmp_path / "merged")
    assert result.exit_code == 1, result.output
    assert "NOT READY" in result.output
    merged, whole = history.load(tmp_path / "merged"), history.load(runs / "whole")
    assert merged.verdict == whole.verdict
    assert [(r.requirement, r.case, r.status, r.message) for r in merged.run.results] == [
        (r.requirement, r.case, r.status, r.message) for r in whole.run.results
    ]
    written = {path.name for path in (tmp_path / "merged").iterdir()}
    assert written == {path.name for path in (runs / "whole").iterdir()}


def test_merged_parts_pass_a_gate_that_only_new_failures_stop(runs, tmp_path):
    """The baseline of the parts failed in the same way."""
    parts = (runs / "part-1", runs / "part-2", "--out", tmp_path)
    result = evte("merge", *parts, "--gate", "no-new-failures")
    assert result.exit_code == 0, result.output
    assert "NOT READY" in result.output


def test_a_gate_without_a_baseline_is_refused_before_anything_is_written(runs, tmp_path):
    """Nothing could be new or old."""
    for number in (1, 2):
        report = history.load(runs / f"part-{number}")
        bare = json.loads(data.encode(report)) | {"changes": None}
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}" / "report.json").write_text(json.dumps(bare), encoding="utf-8")
    result = evte(
        *("merge", tmp_path / "1", tmp_path / "2", "--out", tmp_path / "out", "--gate", "no-new-failures")
    )
    assert result.exit_code == 2, result.output
    assert "needs a baseline" in result.output
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (("part-1",), "no part 2/2"),
        (("part-1", "part-1"), "more than once"),
        (("part-1", "whole"), "whole run is no part"),
        (("part-1", "nowhere"), "nowhere"),
    ],
)
def test_what_does_not_fit_together_is_refused(runs, tmp_path, names, told):
    """Exit 2, one message, and no report."""
    result = evte("merge", *(runs / name for name in names), "--out", tmp_path / "out")
    assert result.exit_code == 2, result.output
    assert told in result.output
    assert "Traceback" not in result.output
    assert not (tmp_path / "out").exists()


def test_the_report_does_not_overwrite_a_part(runs):
    """--out must be a folder of its own."""
    result = evte("merge", runs / "part-1", runs / "part-2", "--out", runs / "part-2" / ".." / "part-1")
    assert result.exit_code == 2, result.output
    assert "overwrite" in result.output
    assert history.load(runs / "part-1").run.shard == "1/2"


@pytest.mark.parametrize("option", ["--sign-certificate", "--sign-password-env"])
def test_an_option_of_a_signature_needs_the_key(runs, tmp_path, option):
    """Alone it would change nothing."""
    result = evte("merge", runs / "part-1", runs / "part-2", "--out", tmp_path / "out", option, "x")
    assert result.exit_code == 2, result.output
    assert "--sign-key" in result.output


def test_an_earlier_report_in_the_folder_is_cleared_away(runs, tmp_path):
    """A transcript of another run must not pass for one of this."""
    shutil.copytree(runs / "right", tmp_path / "out")
    (tmp_path / "out" / "evidence" / "old.json").write_text("{}", encoding="utf-8")
    evte("merge", runs / "part-1", runs / "part-2", "--out", tmp_path / "out")
    assert not (tmp_path / "out" / "evidence" / "old.json").exists()


def test_a_part_that_cannot_be_is_refused_before_anything_starts(tmp_path):
    """The harness is not started and nothing is written."""
    for shard in ("3/2", "first"):
        with pytest.raises(OperatorError, match="no such part"):
            run(tmp_path / "out", MUTANT, shard)
    assert not (tmp_path / "out").exists()
    with pytest.raises(OperatorError, match="divided into so many"):
        run(None, MUTANT, "1/200")


def test_diff_of_a_run_with_itself_finds_nothing(runs):
    """Exit 0, also for a run that is not ready."""
    result = evte("diff", runs / "whole", runs / "whole")
    assert result.exit_code == 0, result.output
    assert "no point stands otherwise" in result.output
    assert "The product is the same build." in result.output


def test_diff_names_new_failures(runs):
    """Exit 1; ten of each kind are shown, and all of them if one asks."""
    result = evte("diff", runs / "right", runs / "whole")
    assert result.exit_code == 1, result.output
    assert "newly failing: 1" in result.output
    assert "pass -> fail: " in result.output
    assert "[new failure]" in result.output
    assert "more, see --all" in result.output
    assert result.output.count("[new failure]") == 10
    whole = evte("diff", "--all", runs / "right", runs / "whole").output
    assert "see --all" not in whole
    number = int(whole.split("newly failing: ")[1].split()[0])
    assert whole.count(" -> ") == number > 10


def test_diff_of_what_was_mended_is_green(runs):
    """Turned round, nothing fails newly."""
    result = evte("diff", runs / "whole", runs / "right")
    assert result.exit_code == 0, result.output
    assert "mended: " in result.output
    assert "fail -> pass" in result.output


def test_diff_for_programs_is_the_record(runs):
    """The content of `changes` in report.json."""
    result = evte("diff", "--json", runs / "right", runs / "whole")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert found["build_differs"] is True
    assert found["baseline"]["readiness"] == "READY"
    assert {each["kind"] for each in found["changes"]} == {"newly failing"}


@pytest.mark.parametrize("names", [("nowhere", "whole"), ("whole", "nowhere"), ("part-1", "whole")])
def test_diff_of_what_is_no_report_is_refused(runs, names):
    """Exit 2; a part is no baseline."""
    result = evte("diff", *(runs / name for name in names))
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
