"""Reports that were written before are read whole, or for their trend, and bad ones are named."""

import msgspec
import pytest

from conformance import report as forms
from conformance.errors import OperatorError
from conformance.model import Readiness
from conformance.report import data, history

replace = msgspec.structs.replace


def keep(folder, report, **fields):
    folder.mkdir(parents=True)
    made = replace(report, run=replace(report.run, **fields))
    (folder / "report.json").write_bytes(data.encode(made))
    return made


def test_a_report_is_read_from_its_folder_or_file(sample, tmp_path):
    """Both name the same report."""
    made = keep(tmp_path / "run", sample.failing())
    assert history.load(tmp_path / "run") == history.load(tmp_path / "run" / "report.json") == made


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", "truncated"),
        (b"\xff\xfe", "malformed"),
        (b"[]", "Expected `object`"),
        (b"{}", "missing required field `schema`"),
        (b'{"schema": 7}', "Expected `str`"),
        (b'{"schema": "report/99"}', "the schema report/99"),
        (b'{"schema": "\\u001b[31m"}', "the schema \N{MATHEMATICAL LEFT ANGLE BRACKET}ESC"),
        (b'{"schema": "report/1", "run": {}}', "missing required field"),
        (b'{"x":' + b"[" * 100_000, "recursion"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path, content, found):
    """The error names the file and what is in it."""
    file = tmp_path / "report.json"
    file.write_bytes(content)
    with pytest.raises(OperatorError, match="no report that could be read") as refused:
        history.load(tmp_path)
    assert found.casefold() in refused.value.found.casefold()
    assert refused.value.where == str(file)


def test_a_report_that_is_not_there_is_refused(tmp_path):
    """The file that was looked for is named."""
    with pytest.raises(OperatorError) as refused:
        history.load(tmp_path)
    assert refused.value.where == str(tmp_path / "report.json")


def test_a_part_is_no_baseline(sample, tmp_path):
    """All that other parts ran would seem to be gone."""
    keep(tmp_path / "part", sample.ready(), shard="1/4")
    with pytest.raises(OperatorError, match="no baseline"):
        history.baseline(tmp_path / "part")
    whole = keep(tmp_path / "whole", sample.ready())
    assert history.baseline(tmp_path / "whole") == whole


def test_stored_runs_stand_in_the_order_of_time(sample, tmp_path):
    """Whatever their folders are called; other profiles and parts are passed over."""
    keep(tmp_path / "a", sample.failing(), started="2026-11-20T00:00:00Z")
    keep(tmp_path / "b", sample.ready(), started="2026-11-10T00:00:00Z")
    keep(tmp_path / "c", sample.ready(), shard="1/2")
    other = replace(sample.profile(), name="usi-local")
    keep(tmp_path / "d", sample.ready(), profile=other)
    found = history.read(tmp_path, profile="usi-cloud")
    assert [(each.started, each.readiness) for each in found.runs] == [
        ("2026-11-10T00:00:00Z", Readiness.READY),
        ("2026-11-20T00:00:00Z", Readiness.NOT_READY),
    ]
    assert found.left_out == ()
    assert [each.version for each in history.of_product(found.runs, "Example SMS")] == ["7.2.0"]


def test_what_cannot_be_read_is_left_out_and_named(sample, tmp_path):
    """One damaged file must not cost the trend, nor vanish."""
    keep(tmp_path / "good", sample.ready())
    keep(tmp_path / "undated", sample.ready(), started="yesterday")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "report.json").write_bytes(b"{")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "report.json").write_bytes(
        data.encode(sample.ready()).replace(b'"report/1"', b'"other/1"')
    )
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("not a run", encoding="utf-8")
    found = history.read(tmp_path, profile="usi-cloud")
    assert len(found.runs) == 1
    assert [told.split(" cannot")[0] for told in found.left_out] == [
        "the stored run bad",
        "the stored run foreign",
        "the stored run undated",
    ]


def test_a_report_of_a_later_kit_has_a_trend_too(sample, tmp_path):
    """Fields that this kit does not know are passed over; a baseline must be of this schema."""
    (tmp_path / "new").mkdir()
    content = data.encode(sample.ready()).replace(b'"report/1"', b'"report/2", "more": {"x": [1]}', 1)
    (tmp_path / "new" / "report.json").write_bytes(content)
    assert len(history.read(tmp_path, profile="usi-cloud").runs) == 1
    with pytest.raises(OperatorError):
        history.baseline(tmp_path / "new")


def test_the_latest_sixty_are_kept(sample, tmp_path):
    """Years of nightly runs stay readable."""
    report = sample.empty()
    for number in range(62):
        keep(tmp_path / f"{number:03}", report, started=f"2026-01-01T00:{number % 60:02}:{number // 60:02}Z")
    runs = history.read(tmp_path, profile="usi-cloud").runs
    assert (len(runs), runs[0].started) == (60, "2026-01-01T00:01:00Z")


def test_a_folder_that_is_not_there_is_refused(tmp_path):
    """The option is named."""
    with pytest.raises(OperatorError, match="stored runs cannot be read") as refused:
        history.read(tmp_path / "none", profile="usi-cloud")
    assert "--history" in refused.value.advice


def test_a_written_report_is_read_back(sample, tmp_path):
    """What `write` leaves is what `load` takes."""
    forms.write(sample.failing(), tmp_path)
    assert history.load(tmp_path).verdict == sample.failing().verdict
